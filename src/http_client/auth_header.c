/* SPDX-License-Identifier: Apache-2.0 */
#include "http_client/auth_header.h"

#include <pthread.h>
#include <stdlib.h>

enum { MARGIN_S = 60, LIFETIME_MAX_S = 30 * 86400 };

struct auth_header {
    pthread_mutex_t mutex; /* one login at a time: the others wait for its token */
    struct http_auth auth;
    struct secret header;
    struct live token; /* in the header */
    int64_t renew_ms;  /* on clock_ms(); 0: no end known */
    unsigned login;    /* counts from 1 */
};

static int make_header(struct auth_header *t, const char *token, size_t len,
                       struct signet_error *err)
{
    size_t prefix_len = strlen(t->auth.prefix);
    int rc;

    for (size_t i = 0; i < len; i++)
        if (token[i] <= ' ' || token[i] > '~')
            return error_set_hint(
                err, SIGNET_E_USAGE,
                "a token is one word, without the end of the line that it was read "
                "from",
                "the token has a blank or a character that no token has");
    live_end(&t->token);
    rc = secret_alloc(&t->header, prefix_len + len, err);
    if (rc)
        return rc;
    memcpy(t->header.data, t->auth.prefix, prefix_len);
    memcpy(t->header.data + prefix_len, token, len);
    live_begin(&t->token, t->header.data + prefix_len, len);
    return SIGNET_OK;
}

int auth_header_open(struct auth_header **out, const struct http_auth *auth,
                     struct signet_error *err)
{
    struct auth_header *t = calloc(1, sizeof(*t));
    int rc = SIGNET_OK;

    if (!t)
        return error_nomem(err);
    pthread_mutex_init(&t->mutex, NULL);
    if (auth)
        t->auth = *auth;
    if (!t->auth.prefix)
        t->auth.prefix = "Authorization: Bearer ";
    if (!t->auth.login && t->auth.token_len)
        rc = make_header(t, t->auth.token, t->auth.token_len, err);
    t->auth.token = NULL; /* the caller's; the header has a copy */
    if (rc)
        auth_header_close(&t);
    else
        *out = t;
    return rc;
}

void auth_header_close(struct auth_header **auth_header)
{
    struct auth_header *t = *auth_header;

    if (!t)
        return;
    pthread_mutex_destroy(&t->mutex);
    live_end(&t->token);
    secret_wipe(&t->header);
    free(t);
    *auth_header = NULL;
}

bool auth_header_renews(const struct auth_header *auth_header)
{
    return auth_header->auth.login != NULL;
}

static int renew_header(struct auth_header *t, struct http *http, struct signet_error *err)
{
    struct secret token = {0};
    int64_t seconds = 0, margin; /* of milliseconds */
    int rc = t->auth.login(t->auth.ctx, http, &token, &seconds, err);

    if (!rc && !token.len)
        rc = error_set(err, SIGNET_E_SERVER, "the server's login brought no token");
    if (!rc) {
        live_end(&t->token);
        secret_wipe(&t->header);
        rc = make_header(t, (const char *)token.data, token.len, err);
    }
    secret_wipe(&token);
    if (rc)
        return error_pass(rc, err, "logging in");
    seconds = seconds > LIFETIME_MAX_S ? LIFETIME_MAX_S : seconds;
    margin = seconds >= 2 * MARGIN_S ? MARGIN_S * 1000 : seconds * 500;
    t->renew_ms = seconds > 0 ? clock_ms() + seconds * 1000 - margin : 0;
    t->login++;
    return SIGNET_OK;
}

int auth_header_take(struct auth_header *t, struct http *http, unsigned *login,
                     struct secret *header, struct signet_error *err)
{
    int rc = SIGNET_OK;

    pthread_mutex_lock(&t->mutex);
    if (t->auth.login && (!t->header.len || (*login && *login == t->login) ||
                          (t->renew_ms && clock_ms() >= t->renew_ms)))
        rc = renew_header(t, http, err);
    secret_wipe(header);
    if (!rc && t->header.len)
        rc = secret_set(header, t->header.data, t->header.len, err);
    *login = t->login;
    pthread_mutex_unlock(&t->mutex);
    return rc;
}
