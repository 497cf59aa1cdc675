/* SPDX-License-Identifier: Apache-2.0 */
/* What stands behind a simulated onboarding server: the LwM2M server that its devices go to. DTLS
 * 1.2 with the keys that were onboarded, Register and Deregister. Datagrams are told apart by
 * where they come from, so that a client which vanished is in nobody's way. */
#include "proof/coap.h"
#include "server.h"

#include <arpa/inet.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PEERS_MAX = 64, IDLE_MS = 20000, LOOK_MS = 100, DATAGRAM_MAX = 2048, MTU = 1200 };

struct peer {
    struct sockaddr_in at;
    SSL *ssl; /* NULL: the place is free */
    int64_t heard;
    char identity[256];
};

struct sim_lwm2m {
    struct sim_server *keys;
    SSL_CTX *ctx;
    int fd;
    uint16_t port;
    bool silent;
    pthread_t thread;
    bool running;
    atomic_bool stop;
    atomic_size_t registered;
    struct peer peers[PEERS_MAX];
};

static unsigned find_key(SSL *ssl, const char *identity, unsigned char *psk, unsigned size)
{
    struct peer *peer = SSL_get_app_data(ssl);
    const struct sim_lwm2m *s = SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));
    size_t len = 0;

    snprintf(peer->identity, sizeof(peer->identity), "%s", identity);
    return sim_server_key(s->keys, identity, psk, size, &len) ? (unsigned)len : 0;
}

static void forget(struct peer *peer)
{
    SSL_free(peer->ssl);
    *peer = (struct peer){0};
}

/* What OpenSSL wants sent; a few records may share a datagram. */
static void flush(struct sim_lwm2m *s, struct peer *peer)
{
    uint8_t data[DATAGRAM_MAX];
    int n;

    while ((n = BIO_read(SSL_get_wbio(peer->ssl), data, sizeof(data))) > 0)
        if (sendto(s->fd, data, (size_t)n, 0, (struct sockaddr *)&peer->at, sizeof(peer->at)) < 0)
            return; /* the client went away */
}

static bool query(const struct coap_message *request, const char *key, char *out, size_t size)
{
    size_t skip = strlen(key);

    for (size_t i = 0; i < request->option_count; i++) {
        const struct coap_option *o = &request->options[i];

        if (o->number == COAP_URI_QUERY && o->len > skip && !memcmp(o->data, key, skip)) {
            snprintf(out, size, "%.*s", (int)(o->len - skip), (const char *)o->data + skip);
            return true;
        }
    }
    return false;
}

/* A device registers under the name that its key was onboarded with, and no other. */
static void obey(struct sim_lwm2m *s, const struct peer *peer, const struct coap_message *request,
                 struct coap_message *answer)
{
    char path[64] = "", name[160];

    coap_path(request, COAP_URI_PATH, path, sizeof(path));
    answer->code = COAP_NOT_ALLOWED;
    if (request->code == COAP_POST && strcmp(path, "/rd") == 0) {
        answer->code = 403;
        if (query(request, "ep=", name, sizeof(name)) &&
            sim_server_register(s->keys, peer->identity, name, true)) {
            atomic_fetch_add(&s->registered, 1);
            answer->code = COAP_CREATED;
            coap_add_text(answer, COAP_LOCATION_PATH, "rd");
            coap_add_text(answer, COAP_LOCATION_PATH, "1");
        }
    } else if (request->code == COAP_DELETE && strncmp(path, "/rd/", 4) == 0) {
        sim_server_register(s->keys, peer->identity, NULL, false);
        answer->code = COAP_DELETED;
    }
}

static void serve(struct sim_lwm2m *s, struct peer *peer, const uint8_t *data, size_t len)
{
    uint8_t out[COAP_MESSAGE_MAX];
    struct coap_message request, answer = {.type = COAP_ACK};

    if (!coap_read(&request, data, len) || request.type != COAP_CON || !request.code)
        return;
    answer.id = request.id;
    answer.token_len = request.token_len;
    memcpy(answer.token, request.token, sizeof(answer.token));
    obey(s, peer, &request, &answer);
    len = coap_write(&answer, out, sizeof(out));
    if (len)
        SSL_write(peer->ssl, out, (int)len);
}

static struct peer *peer_at(struct sim_lwm2m *s, const struct sockaddr_in *at)
{
    struct peer *place = NULL;

    for (size_t i = 0; i < PEERS_MAX; i++) {
        struct peer *p = &s->peers[i];

        if (p->ssl && clock_ms() - p->heard > IDLE_MS)
            forget(p);
        if (p->ssl && p->at.sin_port == at->sin_port)
            return p;
        if (!p->ssl && !place)
            place = p;
    }
    if (!place || !(place->ssl = SSL_new(s->ctx)))
        return NULL;
    place->at = *at;
    SSL_set_app_data(place->ssl, place);
    SSL_set_bio(place->ssl, BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
    BIO_set_mem_eof_return(SSL_get_rbio(place->ssl), -1);
    SSL_set_options(place->ssl, SSL_OP_NO_QUERY_MTU);
    SSL_set_mtu(place->ssl, MTU);
    SSL_set_accept_state(place->ssl);
    return place;
}

static void take(struct sim_lwm2m *s)
{
    uint8_t data[DATAGRAM_MAX];
    struct sockaddr_in from = {0};
    socklen_t size = sizeof(from);
    ssize_t n = recvfrom(s->fd, data, sizeof(data), 0, (struct sockaddr *)&from, &size);
    struct peer *peer = n > 0 && !s->silent ? peer_at(s, &from) : NULL;

    if (!peer)
        return;
    peer->heard = clock_ms();
    BIO_write(SSL_get_rbio(peer->ssl), data, (int)n);
    int got = 0, rc = SSL_do_handshake(peer->ssl);
    while (rc == 1 && (got = SSL_read(peer->ssl, data, sizeof(data))) > 0)
        serve(s, peer, data, (size_t)got);
    int why = SSL_get_error(peer->ssl, rc == 1 ? got : rc);
    flush(s, peer);
    if (why != SSL_ERROR_WANT_READ)
        forget(peer);
}

static void *run(void *ctx)
{
    struct sim_lwm2m *s = ctx;

    while (!atomic_load(&s->stop)) {
        struct pollfd in = {.fd = s->fd, .events = POLLIN};

        if (poll(&in, 1, LOOK_MS) > 0)
            take(s);
    }
    return NULL;
}

static int open_port(struct sim_lwm2m *s, uint16_t port, struct signet_error *err)
{
    struct sockaddr_in at = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof(at);

    s->fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (s->fd < 0 || bind(s->fd, (struct sockaddr *)&at, sizeof(at)) != 0 ||
        getsockname(s->fd, (struct sockaddr *)&at, &size) != 0)
        return error_set(err, SIGNET_E_IO, "no port for the simulated LwM2M server");
    s->port = ntohs(at.sin_port);
    return SIGNET_OK;
}

static int open_dtls(struct sim_lwm2m *s, struct signet_error *err)
{
    s->ctx = SSL_CTX_new(DTLS_server_method());
    if (!s->ctx || SSL_CTX_set_min_proto_version(s->ctx, DTLS1_2_VERSION) != 1 ||
        SSL_CTX_set_cipher_list(s->ctx, "PSK-AES128-CCM8:@SECLEVEL=0") != 1)
        return error_set(err, SIGNET_E_CRYPTO, "OpenSSL has no DTLS for the simulated server");
    SSL_CTX_set_app_data(s->ctx, s);
    SSL_CTX_set_psk_server_callback(s->ctx, find_key);
    SSL_CTX_set_session_cache_mode(s->ctx, SSL_SESS_CACHE_OFF);
    return SIGNET_OK;
}

int sim_lwm2m_start(struct sim_lwm2m **out, struct sim_server *keys, uint16_t port, bool silent,
                    struct signet_error *err)
{
    struct sim_lwm2m *s = calloc(1, sizeof(*s));
    int rc;

    if (!s)
        return error_nomem(err);
    s->keys = keys;
    s->silent = silent;
    rc = open_port(s, port, err);
    if (!rc)
        rc = open_dtls(s, err);
    if (!rc && pthread_create(&s->thread, NULL, run, s) != 0)
        rc = error_nomem(err);
    s->running = !rc;
    if (rc)
        sim_lwm2m_stop(&s);
    else
        *out = s;
    return rc;
}

void sim_lwm2m_stop(struct sim_lwm2m **server)
{
    struct sim_lwm2m *s = *server;

    if (!s)
        return;
    atomic_store(&s->stop, true);
    if (s->running)
        pthread_join(s->thread, NULL);
    for (size_t i = 0; i < PEERS_MAX; i++)
        forget(&s->peers[i]);
    if (s->fd >= 0)
        close(s->fd);
    SSL_CTX_free(s->ctx);
    free(s);
    *server = NULL;
}

uint16_t sim_lwm2m_port(const struct sim_lwm2m *server)
{
    return server->port;
}

size_t sim_lwm2m_registered(const struct sim_lwm2m *server)
{
    return atomic_load(&server->registered);
}
