/* SPDX-License-Identifier: Apache-2.0 */
#include "page/listen.h"
#include "page/private.h"
#include "pki/pki.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { PEM_MAX = 256 * 1024 };

static int check_page(const struct signet_page_options *o, const struct listen_address *at,
                      struct signet_error *err)
{
    if (!o->cert_file != !o->key_file)
        return error_set_hint(err, SIGNET_E_USAGE, "name both the certificate and its key",
                              "a certificate of the page needs its key, and a key "
                              "its certificate");
    if (at->loopback || (o->cert_file && o->logins_file))
        return SIGNET_OK;
    return error_set_hint(err, SIGNET_E_USAGE, "name a certificate, its key and a file of logins",
                          "a page that other computers can reach needs TLS and logins");
}

static int load_tls(struct signet_page *p, const struct signet_page_options *o,
                    struct signet_error *err)
{
    if (!o->cert_file)
        return SIGNET_OK;
    int rc = file_read(o->cert_file, PEM_MAX, &p->cert, err);
    if (rc != SIGNET_OK)
        return error_pass(rc, err, "certificate of the page");
    rc = error_pass(signet_file_explain(file_read_secret(o->key_file, PEM_MAX, &p->key, err),
                                        SIGNET_FILE_KEY, o->key_file, err),
                    err, "key of the page");
    p->tls = rc == SIGNET_OK;
    return rc;
}

/* The server that does not start has no words for it. It takes more than is read here. */
static int page_explain_tls(int rc, const struct signet_page *p,
                            const struct signet_page_options *o, struct signet_error *err)
{
    struct signet_cert *certs[SIGNET_CHAIN_MAX];
    struct signet_key *key = NULL;
    struct signet_error why = {0};
    size_t count = 0;
    int bad = signet_cert_load_chain(certs, &count, p->cert.data, p->cert.len, &why);

    if (signet_file_explain(bad, SIGNET_FILE_CERT, o->cert_file, &why) == SIGNET_OK) {
        bad = signet_key_load(&key, p->key.data, p->key.len, &why);
        if (signet_file_explain(bad, SIGNET_FILE_KEY, o->key_file, &why) == SIGNET_OK)
            bad = error_pass(signet_cert_check_key(certs[0], key, &why), &why, "%s, %s",
                             o->key_file, o->cert_file);
    }
    for (size_t i = 0; i < count; i++)
        signet_cert_free(&certs[i]);
    signet_key_free(&key);
    return bad == SIGNET_OK ? rc : error_copy(err, &why);
}

static int open_parts(struct signet_page *p, const struct signet_page_options *o,
                      const struct listen_address *at, struct signet_error *err)
{
    char name[LISTEN_NAME_SIZE];
    int rc = mhd_load(&p->mhd, err);

    if (rc == SIGNET_OK)
        rc = load_tls(p, o, err);
    if (rc == SIGNET_OK && o->logins_file)
        rc = logins_open(&p->logins, o->logins_file, err);
    if (rc == SIGNET_OK)
        rc = watch_open(&p->watch, err);
    if (rc == SIGNET_OK)
        rc = records_open(&p->records, err);
    if (rc == SIGNET_OK)
        rc = listen_open(at, &p->socket, err);
    if (rc == SIGNET_OK)
        rc = listen_name(p->socket, name, err);
    if (rc == SIGNET_OK) {
        snprintf(p->url, sizeof(p->url), "http%s://%s/%s", p->tls ? "s" : "", name,
                 p->only_metrics ? "metrics" : "");
        rc = http_start(p, err);
        if (rc == SIGNET_E_CERT)
            rc = page_explain_tls(rc, p, o, err);
    }
    return rc;
}

int signet_page_open(struct signet_page **out, const struct signet_page_options *options,
                     struct signet_error *err)
{
    struct signet_page_options o;
    struct listen_address at;
    options_take(&o, options);
    int rc = listen_parse(o.address ? o.address : "127.0.0.1", &at, err);

    if (rc == SIGNET_OK)
        rc = check_page(&o, &at, err);
    if (rc != SIGNET_OK)
        return rc;
    struct signet_page *p = calloc(1, sizeof(*p));
    if (!p)
        return error_nomem(err);
    p->socket = -1;
    pthread_mutex_init(&p->connections.lock, NULL);
    p->metrics = o.metrics || o.only_metrics;
    p->only_metrics = o.only_metrics;
    p->closed = !at.loopback;
    rc = open_parts(p, &o, &at, err);
    if (rc == SIGNET_OK)
        *out = p;
    else
        signet_page_close(&p);
    return rc;
}

void signet_page_close(struct signet_page **page)
{
    struct signet_page *p = page ? *page : NULL;

    if (!p)
        return;
    if (p->watch)
        watch_end(p->watch);
    if (p->daemon) {
        connections_finish(p);
        p->mhd->stop_daemon(p->daemon);
    } else if (p->socket >= 0) {
        close(p->socket);
    }
    watch_close(&p->watch);
    records_close(&p->records);
    logins_close(&p->logins);
    secret_wipe(&p->key);
    buf_free(&p->cert);
    pthread_mutex_destroy(&p->connections.lock);
    free(p);
    *page = NULL;
}

const char *signet_page_url(const struct signet_page *page)
{
    return page->url;
}

int signet_page_show(struct signet_page *p, const char *work, const char *order, const char *ledger,
                     struct signet_error *err)
{
    int rc = watch_show(p->watch, work, order, err);

    return rc == SIGNET_OK ? records_show(p->records, ledger, err) : rc;
}
