/* SPDX-License-Identifier: Apache-2.0 */
/* A webhook, signed as the Standard Webhooks specification has it: HMAC-SHA256 over id, time and
 * body. Redirects are not followed: what is told is for one place. */
#include "http_client/http_client.h"
#include "notify/private.h"
#include "pki/pki.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum { KEY_MIN = 24, KEY_MAX = 64, KEY_FILE_MAX = 256, ANSWER_MS = 10000 };
static const char key_prefix[] = "whsec_";

struct webhook {
    struct http *http;
    char *base;       /* https://HOST:PORT */
    const char *path; /* behind it, from the slash on; "/" */
    struct secret key;
};

/* whsec_BASE64, as the specification writes keys. */
static int webhook_read_key(const char *path, struct secret *out, struct signet_error *err)
{
    size_t skip = sizeof(key_prefix) - 1;
    struct secret text = {0};
    uint8_t key[KEY_FILE_MAX];
    ssize_t len = -1;
    int rc = file_read_secret(path, KEY_FILE_MAX, &text, err);

    while (rc == SIGNET_OK && text.len > 0 && text.data[text.len - 1] <= ' ')
        text.len--;
    if (rc == SIGNET_OK && text.len > skip && memcmp(text.data, key_prefix, skip) == 0)
        len = base64_decode((const char *)text.data + skip, text.len - skip, key, sizeof(key));
    if (rc == SIGNET_OK && (len < KEY_MIN || len > KEY_MAX))
        rc = error_set_hint(
            err, SIGNET_E_USAGE, "(umask 077; echo \"whsec_$(openssl rand -base64 32)\" > FILE)",
            "'%s' is no key of a webhook: whsec_ and base64 of 24 to 64 bytes", path);
    if (rc == SIGNET_OK)
        rc = secret_set(out, key, (size_t)len, err);
    if (rc == SIGNET_OK)
        secret_live(out);
    wipe(key, sizeof(key));
    secret_wipe(&text);
    return rc;
}

static void webhook_close(void *state)
{
    struct webhook *w = state;

    if (!w)
        return;
    http_close(&w->http);
    secret_wipe(&w->key);
    free(w->base);
    free(w);
}

static int webhook_open(void **state, const struct signet_order_notify *target,
                        const struct signet_cancel *cancel, struct signet_error *err)
{
    static const struct http_auth nobody = {0};
    struct webhook *w = calloc(1, sizeof(*w));

    if (!w)
        return error_nomem(err);
    const char *host = strstr(target->url, "//") + 2, *path = strpbrk(host, "/?");
    w->path = path ? path : "/";
    int rc = *w->path == '/'
                 ? webhook_read_key(target->key_file, &w->key, err)
                 : error_set(err, SIGNET_E_USAGE, "%s: write / before the ?", target->url);
    if (rc == SIGNET_OK)
        rc = text_format(&w->base, err, "%.*s",
                         (int)strcspn(host, "/?") + (int)(host - target->url), target->url);
    const struct http_options options = {.url = w->base,
                                         .ca_file = target->ca_file,
                                         .pin = target->pin,
                                         .stage = "notify",
                                         .allow_http = target->allow_http,
                                         .connect_ms = ANSWER_MS,
                                         .total_ms = ANSWER_MS,
                                         .attempts = 1};
    if (rc == SIGNET_OK)
        rc = http_open(&w->http, &options, &nobody, NULL, cancel, err);
    if (rc == SIGNET_OK)
        *state = w;
    else
        webhook_close(w);
    return rc;
}

static int webhook_sign(const struct webhook *w, const struct notify_message *m, int64_t now,
                        char out[static 80], struct signet_error *err)
{
    struct buf text = {0};
    uint8_t mac[32];
    char encoded[48];

    buf_printf(&text, "%s.%" PRId64 ".", m->id, now);
    buf_append(&text, m->body.data, m->body.len);
    int rc = buf_check(&text, err);
    if (rc == SIGNET_OK)
        rc = hmac_sha256(w->key.data, w->key.len, text.data, text.len, mac, err);
    if (rc == SIGNET_OK) {
        base64_encode(mac, sizeof(mac), encoded);
        snprintf(out, 80, "webhook-signature: v1,%s", encoded);
    }
    buf_free(&text);
    return rc;
}

static int webhook_judge(struct webhook *w, long status, int64_t *wait_ms, struct signet_error *err)
{
    int64_t asked = http_asked_wait(w->http);

    if (status >= 200 && status < 300)
        return SIGNET_OK;
    *wait_ms = asked >= 0 ? asked : *wait_ms;
    if (status >= 300 && status < 400)
        error_set_hint(err, SIGNET_E_SERVER, "name the place itself in 'url'",
                       "%s answered %ld: redirects are not followed", w->base, status);
    else
        error_set_hint(err, SIGNET_E_SERVER,
                       status == 401 || status == 403 ? "does the receiver have the same key_file?"
                       : status == 404 || status == 405
                           ? "is the path of 'url' right, and does it take a POST?"
                           : "the receiver's log says why",
                       "%s answered %ld", w->base, status);
    err->sys = (int)status;
    return SIGNET_E_SERVER;
}

static int webhook_send(void *state, const struct notify_message *m, int64_t *wait_ms,
                        struct signet_error *err)
{
    struct webhook *w = state;
    int64_t now = clock_wall();
    char id[96], time[64], signature[80];
    const char *const headers[] = {id, time, signature, NULL};
    const struct http_request request = {.method = "POST",
                                         .path = w->path,
                                         .body = &m->body,
                                         .accept = "*/*",
                                         .anonymous = true,
                                         .any_answer = true,
                                         .headers = headers};
    struct http_answer answer = {0};

    snprintf(id, sizeof(id), "webhook-id: %s", m->id);
    snprintf(time, sizeof(time), "webhook-timestamp: %" PRId64, now);
    int rc = webhook_sign(w, m, now, signature, err);
    if (rc == SIGNET_OK)
        rc = http_send(w->http, &request, &answer, err);
    if (rc == SIGNET_OK)
        rc = webhook_judge(w, answer.status, wait_ms, err);
    secret_wipe(&answer.body);
    return rc;
}

const struct notify_ops notify_webhook = {
    .open = webhook_open, .send = webhook_send, .close = webhook_close};
