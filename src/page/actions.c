/* SPDX-License-Identifier: Apache-2.0 */
/* Logins, and what a person changes of the line. */
#include "page/private.h"

#include <stdio.h>

/* The next line of a body, which begins at *at; *at moves on. The body is changed. */
static const char *body_line(char **at)
{
    const char *line = strsep(at, "\n");

    return line ? line : "";
}

static void answer_code(struct request *r, int rc, const struct signet_error *err)
{
    answer_error(r,
                 rc == SIGNET_E_NOT_FOUND ? MHD_HTTP_NOT_FOUND
                 : rc == SIGNET_E_BUSY    ? MHD_HTTP_SERVICE_UNAVAILABLE
                 : rc == SIGNET_E_AUTH    ? MHD_HTTP_FORBIDDEN
                                          : MHD_HTTP_CONFLICT,
                 err);
}

static void put_session(struct request *r, const char *name, const char *token)
{
    struct signet_page *p = r->page;

    buf_json_object(&r->answer, NULL, J_BOOL("logins", p->logins != NULL),
                    J_BOOL("closed", p->closed), J_GIVEN("name", name), J_GIVEN("token", token));
}

void answer_session(struct request *r)
{
    char name[41] = "", token[LOGIN_TOKEN_SIZE] = "";

    if (r->page->logins)
        login_who(r->page->logins, request_header(r, "Cookie"), name, token);
    put_session(r, name, token);
    wipe(token, sizeof(token));
}

/* Body: the name, a line end, the password. */
void answer_login(struct request *r)
{
    struct signet_page *p = r->page;
    struct signet_error err = {0};
    char token[LOGIN_TOKEN_SIZE] = "", *at = (char *)r->body.data;
    int rc = p->logins
                 ? SIGNET_OK
                 : error_set_hint(&err, SIGNET_E_UNSUPPORTED, "start it with a file of logins",
                                  "nobody can log in at this page");

    if (rc == SIGNET_OK) {
        const char *name = body_line(&at), *password = body_line(&at);
        rc = login_begin(p->logins, name, password, p->tls, r->cookie, token, &err);
        if (rc == SIGNET_OK)
            put_session(r, name, token);
    }
    if (rc != SIGNET_OK)
        answer_code(r, rc, &err);
    wipe(token, sizeof(token));
}

void answer_logout(struct request *r)
{
    if (r->page->logins)
        login_end(r->page->logins, request_header(r, "Cookie"));
    snprintf(r->cookie, sizeof(r->cookie), "signet=; Path=/; Max-Age=0; HttpOnly; SameSite=Strict");
    put_session(r, "", "");
}

static void answer_view(struct request *r, const struct signet_control_view *view)
{
    struct signet_bytes json = {0};

    if (signet_control_view_json(view, &json, NULL) == SIGNET_OK)
        buf_append(&r->answer, json.data, json.len);
    signet_bytes_free(&json);
}

static void answer_ask(struct request *r, const char *command, const char *argument)
{
    struct signet_control_view view = {0};
    struct signet_error err = {0};
    int rc = watch_ask(r->page->watch, command, argument, &view, &err);

    if (rc == SIGNET_OK)
        answer_view(r, &view);
    else
        answer_code(r, rc, &err);
    signet_control_view_free(&view);
}

void answer_status(struct request *r)
{
    answer_ask(r, "status", NULL);
}

/* A rework is recorded with its reason: who asked for it here may be another one than the operator.
 * argument: "SLOT|REASON" */
static void add_person(const struct request *r, const char *argument, struct buf *out)
{
    const char *bar = argument ? strchr(argument, '|') : NULL;
    char name[41] = "", token[LOGIN_TOKEN_SIZE] = "";

    if (!bar || bar[1 + strspn(bar + 1, " ")] == '\0') /* the run says what is wrong with it */
        return;
    login_who(r->page->logins, request_header(r, "Cookie"), name, token);
    wipe(token, sizeof(token));
    buf_printf(out, "%s (%s, at the page)", argument, name);
}

/* Body: a command of the control socket, and in a second line its argument. */
void answer_line(struct request *r)
{
    char *at = (char *)r->body.data;
    const char *command = body_line(&at), *argument = at ? body_line(&at) : NULL;
    struct buf full = {0};

    if (strcmp(command, "rework") == 0)
        add_person(r, argument, &full);
    answer_ask(r, command, full.data ? (const char *)full.data : argument);
    buf_free(&full);
}
