/* SPDX-License-Identifier: Apache-2.0 */
#include "authority/remote.h"

#include <stdio.h>
#include <stdlib.h>

enum { CERT_FILE_MAX = 64 * 1024, TIMEOUT_S = 60, REQUEST_MS = 20000 };

/* "https://HOST:PORT/PATH" */
static int split_url(struct remote *r, const char *url, const char *path, char **base,
                     struct signet_error *err)
{
    const char *host = strstr(url, "//"), *slash = host ? strchr(host + 2, '/') : NULL;
    size_t len = slash ? (size_t)(slash - url) : strlen(url);
    int rc;

    if (slash &&
        strspn(slash, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/%") !=
            strlen(slash))
        return error_set(err, SIGNET_E_MEANING, "the path of the authority's url is malformed");
    *base = strndup(url, len);
    rc = *base ? text_copy(&r->path, slash && slash[1] ? slash : path, err) : error_nomem(err);
    if (rc == SIGNET_OK && *path) /* operations follow it */
        for (len = strlen(r->path); len && r->path[len - 1] == '/';)
            r->path[--len] = '\0';
    return rc;
}

/* "user:password" in base64 (RFC 7617) */
static int basic_token(const struct remote *r, const char *user, struct secret *out,
                       struct signet_error *err)
{
    struct buf plain = {0}, token = {0};

    if (strchr(user, ':'))
        return error_set(err, SIGNET_E_MEANING, "a user's name has no colon");
    buf_text(&plain, user);
    buf_byte(&plain, ':');
    buf_append(&plain, r->secret.data, r->secret.len);
    buf_base64(&token, plain.data, plain.len);
    buf_fail_with(&token, &plain);
    buf_free(&plain);
    return secret_from_buf(out, &token, err);
}

/* What TLS or a signed message would fail with, before anything is sent. */
static int check_client_pair(const struct buf *cert, const struct secret *pem,
                             struct signet_error *err)
{
    struct signet_cert *chain[SIGNET_CHAIN_MAX] = {0};
    struct signet_key *key = NULL;
    size_t count = 0;
    int rc = signet_cert_load_chain(chain, &count, cert->data, cert->len, err);

    if (rc == SIGNET_OK)
        rc = signet_cert_check_dates(chain[0], NULL, err);
    if (rc == SIGNET_OK)
        rc = signet_key_load(&key, pem->data, pem->len, err);
    if (rc == SIGNET_OK)
        rc = signet_cert_check_key(chain[0], key, err);
    signet_key_free(&key);
    for (size_t i = 0; i < count; i++)
        signet_cert_free(&chain[i]);
    return rc;
}

int remote_client_pair(const struct signet_authority_info *info, struct buf *cert,
                       struct secret *key, struct signet_error *err)
{
    int rc = file_read(info->client_cert, CERT_FILE_MAX, cert, err);
    if (rc == SIGNET_OK)
        rc = file_read_secret(info->client_key, CERT_FILE_MAX, key, err);
    if (rc == SIGNET_OK)
        rc = error_pass(check_client_pair(cert, key, err), err, "'%s', '%s'", info->client_cert,
                        info->client_key);
    return error_pass(rc, err, "who we are at the authority");
}

static int remote_connect(struct remote *r, const struct signet_authority_info *info,
                          const char *base, bool allow_http, unsigned attempts,
                          struct signet_error *err)
{
    struct secret token = {0}, key = {0};
    struct buf cert = {0};
    struct http_options options = {.url = base,
                                   .ca_file = info->ca_file,
                                   .pin = info->pin,
                                   .stage = "authority",
                                   .allow_http = allow_http,
                                   .attempts = attempts,
                                   .total_ms = REQUEST_MS};
    int rc = info->user ? basic_token(r, info->user, &token, err) : SIGNET_OK;
    const struct http_auth auth = {
        .prefix = "Authorization: Basic ", .token = token.data, .token_len = token.len};

    if (rc == SIGNET_OK && info->client_cert)
        rc = remote_client_pair(info, &cert, &key, err);
    options.client_cert = cert.len ? &cert : NULL;
    options.client_key = cert.len ? &key : NULL;
    if (rc == SIGNET_OK)
        rc = http_open(&r->http, &options, token.len ? &auth : NULL, NULL, r->cancel, err);
    secret_wipe(&token);
    secret_wipe(&key);
    buf_free(&cert);
    return rc;
}

int remote_open(struct remote **out, const struct signet_authority_info *info,
                const struct signet_authority_options *options, const char *path, bool allow_http,
                struct signet_error *err)
{
    struct remote *r = calloc(1, sizeof(*r));
    char *base = NULL, what[200];

    if (!r)
        return error_nomem(err);
    pthread_mutex_init(&r->lock, NULL);
    r->cancel = options->cancel;
    r->timeout_ms = 1000 * (info->timeout_s ? info->timeout_s : TIMEOUT_S);
    int rc = split_url(r, info->url, path, &base, err);
    const char *who = info->user ? info->user : info->reference;
    snprintf(what, sizeof(what), "the %s of '%s'", info->user ? "password" : "secret",
             who ? text_shown(who, strlen(who), 40) : "");
    if (rc == SIGNET_OK && who)
        rc = authority_secret(options, info->passphrase_file, what, &r->secret, err);
    if (rc == SIGNET_OK)
        rc = remote_connect(r, info, base, allow_http, *path ? 0 : 1, err);
    free(base);
    if (rc != SIGNET_OK)
        remote_close(&r);
    else
        *out = r;
    return rc;
}

void remote_close(struct remote **remote)
{
    struct remote *r = *remote;

    if (!r)
        return;
    while (r->idle_count > 0)
        http_close(&r->idle[--r->idle_count]);
    http_close(&r->http);
    secret_wipe(&r->secret);
    pthread_mutex_destroy(&r->lock);
    free(r->path);
    free(r);
    *remote = NULL;
}

int remote_take(struct remote *r, struct http **out, struct signet_error *err)
{
    pthread_mutex_lock(&r->lock);
    *out = r->idle_count > 0 ? r->idle[--r->idle_count] : NULL;
    pthread_mutex_unlock(&r->lock);
    return *out ? SIGNET_OK : http_twin(out, r->http, err);
}

void remote_give_back(struct remote *r, struct http *http)
{
    pthread_mutex_lock(&r->lock);
    if (http && r->idle_count < REMOTE_CONNECTIONS) {
        r->idle[r->idle_count++] = http;
        http = NULL;
    }
    pthread_mutex_unlock(&r->lock);
    http_close(&http);
}

int64_t remote_deadline(const struct remote *r)
{
    return clock_ms() + r->timeout_ms;
}
