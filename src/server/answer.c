/* SPDX-License-Identifier: Apache-2.0 */
#include "server/answer.h"
#include "server/words.h"

#include <ctype.h>
#include <string.h>

bool answer_text(const struct http_answer *answer, struct buf *out)
{
    size_t at = 0;

    while (at < answer->body.len && isspace(answer->body.data[at]))
        at++;
    if (at == answer->body.len || answer->body.data[at] == '<')
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

static void add_hint(const struct server_form *form, long status, const char *words,
                     struct signet_error *err)
{
    const char *hint = form->hint ? form->hint(status, words) : NULL;

    if (hint)
        error_hint(err, "%s", hint);
    else if (status == 404)
        error_hint(err, "are url and port those of %s's API?", form->name);
    else if (status >= 300 && status < 400)
        error_hint(err, "a redirect is not followed: give the server's own url");
}

/* An answer that is not 2xx. */
static int refusal(const struct signet_server *server, const char *method,
                   const struct http_answer *answer, const struct signet_device *device,
                   struct signet_error *err)
{
    const struct server_form *form = &server->ops->form;
    char words[WORDS_MAX] = "";
    struct buf text = {0};
    bool own = form->words(answer, &text);

    if (own)
        words_show(server, text.data ? (const char *)text.data : "", text.len, device, words);
    buf_free(&text);
    enum signet_code code = code_of(form, own, method, answer->status, words);
    error_set(err, code, "%s server error: %ld %s", form->name, answer->status,
              own ? words : "(not an answer of its API)");
    if (err) {
        err->sys = (int)answer->status;
        if (!own && signet_error_class(err) == SIGNET_CLASS_DEVICE)
            err->sys = 0;
    }
    add_hint(form, answer->status, words, err);
    return (int)code;
}

int server_call(struct signet_server *server, const struct http_request *request,
                const struct signet_device *device, json_t **out, struct http_answer *answer,
                struct signet_error *err)
{
    int rc = http_send(server->http, request, answer, err);

    if (rc == SIGNET_OK && !http_good(answer))
        rc = refusal(server, request->method, answer, device, err);
    if (rc == SIGNET_OK && out) {
        *out = read_json(answer);
        if (!*out)
            rc =
                error_set(err, SIGNET_E_SERVER, "%s answered with no JSON", server->ops->form.name);
    }
    secret_wipe(&answer->body);
    return rc;
}
