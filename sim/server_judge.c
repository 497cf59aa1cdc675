/* SPDX-License-Identifier: Apache-2.0 */
/* Who is let in at a simulated server, and what is answered. */
#include "server_http.h"

#include <stdio.h>
#include <string.h>

static bool is(const char *text, size_t len, const char *word)
{
    return strncmp(text, word, len) == 0 && !word[len];
}

/* Is the token right? Also that of the last login, as long as it lives. */
static bool authorised(struct sim_server *s, const struct sim_request *request, const char *head)
{
    char now[40];
    size_t len = 0;

    if (!s->kind->prefixes || (s->kind->knows && s->kind->knows(request)))
        return true;
    snprintf(now, sizeof(now), "access-%zu", s->logins);
    for (size_t i = 0; s->kind->prefixes[i]; i += 2) {
        const char *value = sim_http_header(head, s->kind->prefixes[i], &len);
        const char *prefix = s->kind->prefixes[i + 1];
        size_t skip = strlen(prefix);

        if (!value || len < skip || !is(value, skip, prefix))
            continue;
        value += skip;
        len -= skip;
        if (is(value, len, s->token))
            return true;
        if (s->logins > s->revoked && clock_ms() < s->token_until && is(value, len, now))
            return true;
    }
    return false;
}

static void log_in(struct sim_server *s, const struct sim_request *request, struct sim_reply *reply)
{
    if (!strstr(request->body, s->token)) {
        sim_reply_error(reply, 401, "Invalid username or password");
        return;
    }
    s->logins++;
    s->token_until = clock_ms() + (int64_t)s->token_seconds * 1000;
    reply->status = s->kind->login_status;
    s->kind->put_login(&reply->body, s->logins, s->token_seconds);
}

static bool is_login(const struct sim_kind *kind, const char *path)
{
    for (size_t i = 0; kind->logins && kind->logins[i]; i++)
        if (strcmp(path, kind->logins[i]) == 0)
            return true;
    return false;
}

const char *sim_judge(struct sim_server *s, const struct sim_request *request, const char *head,
                      struct sim_reply *reply, char more[static 80])
{
    const char *fault;

    if (is_login(s->kind, request->path)) {
        log_in(s, request, reply);
        return "";
    }
    if (!authorised(s, request, head)) {
        sim_reply_error(reply, 401, "invalid or expired token");
        return "";
    }
    s->requests++;
    fault = sim_faults_next(&s->faults, request->method, s->kind->creates);
    if (!sim_faults_answer(fault, s->port, reply, more))
        s->kind->answer(&s->store, request, reply);
    return fault;
}
