/* SPDX-License-Identifier: Apache-2.0 */
#include "server/answer.h"

#include <stdio.h>
#include <stdlib.h>

bool answer_text(const struct http_answer *answer, struct buf *out)
{
    char first = http_first_byte(answer);

    if (first == '\0' || first == '<')
        return false;
    buf_append(out, answer->body.data, answer->body.len);
    return true;
}

static json_t *read_json(const struct http_answer *answer)
{
    return json_loadb(answer->body.data ? (const char *)answer->body.data : "", answer->body.len, 0,
                      NULL);
}

bool answer_member(const struct http_answer *answer, const char *name, struct buf *out)
{
    json_t *body = read_json(answer);
    const char *text = json_string_value(json_object_get(body, name));

    if (text)
        buf_text(out, text);
    json_decref(body);
    return text != NULL;
}

bool answer_has_number(const struct http_answer *answer, const char *name)
{
    json_t *body = read_json(answer);
    bool has = json_is_number(json_object_get(body, name));

    json_decref(body);
    return has;
}

void words_show(const char *text, size_t len, char out[static WORDS_MAX])
{
    snprintf(out, WORDS_MAX, "%s", text_shown(text, strnlen(text, len), WORDS_MAX));
    text_mask_hex(out, 16);
}

static enum signet_code code_of(const struct server_form *form, bool own, const char *method,
                                long status, const char *words)
{
    bool asks = strcmp(method, "GET") == 0 || strcmp(method, "DELETE") == 0;

    if (status == 401 || status == 403)
        return SIGNET_E_AUTH;
    if (own && status == 404 && asks)
        return SIGNET_E_NOT_FOUND;
    if (own && (status == 409 || (form->taken && strstr(words, form->taken))))
        return SIGNET_E_EXISTS;
    return SIGNET_E_SERVER;
}

static void add_hint(const struct server_form *form, bool own, long status, const char *words,
                     struct signet_error *err)
{
    const char *hint = form->hint ? form->hint(status, words) : NULL;

    if (hint)
        error_hint(err, "%s", hint);
    else if (!own && status >= 400 && status < 500 && status != 404 && status != 407 &&
             status != 429)
        error_hint(err,
                   "are url and port those of %s's API, and is the token right? A proxy or another "
                   "program may have answered",
                   form->name);
    else if (status == 404)
        error_hint(err, "are url and port those of %s's API?", form->name);
    else if (status >= 300 && status < 400)
        error_hint(err, "a redirect is not followed: give the server's own url");
    else if (status == 407)
        error_hint(err, "a proxy wants a login: ask who runs the network");
    else if (status == 429)
        error_hint(err, "the server has too many requests: wait a minute, then try again");
    else if (status >= 500)
        error_hint(err, "the fault is the server's: ask who runs it");
}

/* An answer that is not 2xx. */
static int refusal(const struct signet_server *server, const char *method,
                   const struct http_answer *answer, struct signet_error *err)
{
    const struct server_form *form = &server->ops->form;
    char words[WORDS_MAX] = "";
    struct buf text = {0};
    bool own = form->words(answer, &text);

    if (own)
        words_show(text.data ? (const char *)text.data : "", text.len, words);
    buf_free(&text);
    enum signet_code code = code_of(form, own, method, answer->status, words);
    error_set(err, code, "%s server error: %ld %s", form->name, answer->status,
              own ? words : "(not an answer of its API)");
    if (err) {
        err->sys = (int)answer->status;
        if (!own && signet_error_class(err) == SIGNET_CLASS_DEVICE)
            err->sys = 0;
    }
    add_hint(form, own, answer->status, words, err);
    return (int)code;
}

/* The caller wipes the body. */
static int send_and_judge(struct signet_server *server, const struct http_request *request,
                          struct http_answer *answer, struct signet_error *err)
{
    int rc = http_send(server->http, request, answer, err);

    return rc == SIGNET_OK && !http_good(answer) ? refusal(server, request->method, answer, err)
                                                 : rc;
}

int server_call(struct signet_server *server, const struct http_request *request, json_t **out,
                struct http_answer *answer, struct signet_error *err)
{
    int rc = send_and_judge(server, request, answer, err);

    if (rc == SIGNET_OK && out) {
        *out = read_json(answer);
        if (!*out)
            rc = error_set_hint(err, SIGNET_E_SERVER, HTTP_WEB_PAGE_HINT, "%s answered with %s",
                                server->ops->form.name,
                                http_first_byte(answer) == '<' ? "a web page" : "no JSON");
    }
    secret_wipe(&answer->body);
    return rc;
}

int server_get(struct signet_server *server, const char *path, const char *name, const char *rest,
               json_t **out, struct signet_error *err)
{
    const struct http_request request = {.method = "GET", .path = path, .name = name, .rest = rest};
    struct http_answer answer = {0};
    json_t *body = NULL;
    int rc = server_call(server, &request, &body, &answer, err);

    if (out && rc == SIGNET_OK)
        *out = body;
    else
        json_decref(body);
    return rc;
}

int server_always_has(int rc, struct signet_error *err)
{
    if (rc != SIGNET_E_NOT_FOUND)
        return rc;
    return err ? (int)(err->code = SIGNET_E_SERVER) : SIGNET_E_SERVER;
}

/* What a good answer to DELETE says. */
static int removal(const struct server_form *form, const struct http_answer *answer,
                   struct signet_error *err)
{
    const struct secret *body = &answer->body;
    struct buf unused = {0};
    bool page = http_first_byte(answer) == '<' && !form->words(answer, &unused);

    buf_free(&unused);
    if (page)
        return error_set_hint(err, SIGNET_E_SERVER, HTTP_WEB_PAGE_HINT,
                              "%s answered with a web page", form->name);
    if (form->absent && body->data &&
        memmem(body->data, body->len, form->absent, strlen(form->absent)))
        return error_set(err, SIGNET_E_NOT_FOUND, "%s has no such device", form->name);
    return SIGNET_OK;
}

int server_delete(struct signet_server *server, const char *path, const char *name,
                  struct signet_error *err)
{
    const struct http_request request = {.method = "DELETE", .path = path, .name = name};
    struct http_answer answer = {0};
    int rc = send_and_judge(server, &request, &answer, err);

    if (rc == SIGNET_OK)
        rc = removal(&server->ops->form, &answer, err);
    secret_wipe(&answer.body);
    return rc == SIGNET_E_NOT_FOUND && answer.maybe_done ? SIGNET_OK : rc;
}

int server_post_batch(struct signet_server *server, const char *path, struct buf *body,
                      json_t **out, struct signet_error *err)
{
    const struct http_request request = {.method = "POST", .path = path, .body = body};
    struct http_answer answer = {0};
    int rc = server_call(server, &request, out, &answer, err);

    buf_free(body);
    if (answer.status == 403 || answer.status == 404 || answer.status == 405)
        return error_set(err, SIGNET_E_UNSUPPORTED, "this account has no batches");
    return rc;
}

int server_login(const struct signet_server *server, struct http *http,
                 struct http_request *request, const char *member, struct secret *token,
                 int64_t *seconds, struct signet_error *err)
{
    struct signet_server with = *server; /* over the connection of the thread that logs in */
    struct http_answer answer = {0};
    const json_t *text, *life;
    json_t *reply = NULL;
    int rc;

    with.http = http;
    request->method = "POST";
    request->anonymous = true;
    request->retry_lost = true;
    rc = server_call(&with, request, &reply, &answer, err);
    if (rc != SIGNET_OK) {
        if (answer.status)
            error_hint(err,
                       "are \"user\" and its secret right? Accounts of single sign-on have none");
        return rc;
    }
    text = json_object_get(reply, member);
    life = json_object_get(reply, "expires_in"); /* a number, or one in quotes; or nothing */
    *seconds = json_is_string(life) ? strtoll(json_string_value(life), NULL, 10)
                                    : (int64_t)json_integer_value(life);
    rc = json_is_string(text)
             ? secret_set(token, json_string_value(text), json_string_length(text), err)
             : error_set(err, SIGNET_E_SERVER, "%s's login answered without a token",
                         server->ops->form.name);
    json_decref(reply);
    return rc;
}

const char *answer_mode(enum signet_mode mode)
{
    return mode == SIGNET_MODE_PSK ? "PSK" : mode == SIGNET_MODE_CERT ? "X509" : "NO_SEC";
}

void answer_put_psk(struct buf *out, const char *identity, const char *key,
                    const struct signet_device *device)
{
    buf_printf(out, "\"%s\": ", identity);
    buf_json(out, device->identity, device->identity_len);
    buf_printf(out, ", \"%s\": \"", key);
    buf_hex(out, device->psk, device->psk_len);
    buf_byte(out, '"');
}

bool answer_is_text(const json_t *value, const void *want, size_t len)
{
    return json_is_string(value) && json_string_length(value) == len &&
           memcmp(json_string_value(value), want, len) == 0;
}

bool answer_is_psk(const json_t *hex, const struct signet_device *device)
{
    uint8_t key[ANSWER_PSK_MAX];
    ssize_t n = json_is_string(hex)
                    ? hex_decode(json_string_value(hex), json_string_length(hex), key, sizeof(key))
                    : -1;
    bool same = n == (ssize_t)device->psk_len && memcmp(key, device->psk, device->psk_len) == 0;

    wipe(key, sizeof(key));
    return same;
}
