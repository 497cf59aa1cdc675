/* SPDX-License-Identifier: Apache-2.0 */
/* Connections and tokens of the simulated server. */
#include "control.h"
#include "server_http.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { LOOK_MS = 50 };

static const struct sim_kind *kind_named(const char *name)
{
    static const struct sim_kind *const kinds[] = {
        &sim_coiote, &sim_est, &sim_leshan, &sim_leshan_bootstrap, &sim_thingsboard,
    };

    for (size_t i = 0; name && i < COUNT_OF(kinds); i++)
        if (strcmp(kinds[i]->name, name) == 0)
            return kinds[i];
    return NULL;
}

/* False: the connection ends. */
static bool answer(struct connection *c, const struct sim_request *request, const char *head)
{
    struct sim_server *s = c->server;
    struct sim_reply reply = {.kind = s->kind, .status = 200};
    const char *fault;
    char more[80] = "";
    bool good;

    if (s->faults.latency_ms)
        sim_nap(s->faults.latency_ms);
    pthread_mutex_lock(&s->mutex);
    fault = sim_judge(s, request, head, &reply, more);
    pthread_mutex_unlock(&s->mutex);
    if (s->faults.tells_date && !more[0]) {
        time_t now = time(NULL) + s->faults.date_ahead;
        struct tm utc;
        gmtime_r(&now, &utc);
        strftime(more, sizeof(more), "Date: %a, %d %b %Y %H:%M:%S GMT\r\n", &utc);
    }
    good = !strstr(fault, "drop") && sim_http_reply(c, &reply, more, strcmp(fault, "truncate") == 0,
                                                    strcmp(fault, "slow") == 0);
    buf_free(&reply.body);
    return good;
}

/* One request; false: the connection ends. */
static bool serve_one(struct connection *c)
{
    struct sim_request request = {0};
    char *head = sim_http_head(c);
    bool good = head && sim_http_receive(c, &request, head);

    if (good) {
        request.pkcs10 = strstr(head, "\r\nContent-Type: application/pkcs10\r\n") &&
                         strstr(head, "\r\nContent-Transfer-Encoding: base64\r\n");
        request.peer = SSL_get1_peer_certificate(c->ssl);
        request.json = json_loadb(request.body, request.body_len, 0, NULL);
        good = answer(c, &request, head);
        json_decref(request.json);
        X509_free(request.peer);
    }
    free(request.path);
    free(request.body);
    free(head);
    return good;
}

static void forget(struct connection *c)
{
    struct sim_server *s = c->server;

    pthread_mutex_lock(&s->mutex);
    for (size_t i = 0; i < CONNECTIONS_MAX; i++)
        if (s->fds[i] == c->fd)
            s->fds[i] = -1;
    close(c->fd);
    s->open--;
    pthread_cond_signal(&s->gone);
    pthread_mutex_unlock(&s->mutex);
    buf_free(&c->in);
    free(c);
}

static void *serve(void *ctx)
{
    struct connection *const c = ctx;
    sigset_t pipe;
    bool good;
    int on = 1;

    sigemptyset(&pipe);
    sigaddset(&pipe, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &pipe, NULL); /* a client may go away while it is answered */
    setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &on,
               sizeof(on)); /* else its tickets delay answers */
    c->ssl = SSL_new(c->server->tls);
    good = c->ssl && SSL_set_fd(c->ssl, c->fd) == 1 && SSL_accept(c->ssl) == 1;
    while (good && !atomic_load(&c->server->stop))
        good = serve_one(c);
    SSL_free(c->ssl);
    forget(c);
    return NULL;
}

/* A thread for the connection. False: there are too many, or nobody is let in. */
static bool begin_connection(struct sim_server *s, struct connection *c)
{
    pthread_attr_t attr;
    pthread_t thread;
    size_t i = 0;
    bool good;

    pthread_attr_init(&attr);
    pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
    pthread_mutex_lock(&s->mutex);
    while (i < CONNECTIONS_MAX && s->fds[i] >= 0)
        i++;
    good = !s->away && i < CONNECTIONS_MAX && pthread_create(&thread, &attr, serve, c) == 0;
    if (good) {
        s->fds[i] = c->fd;
        s->open++;
        s->connections++;
    }
    pthread_mutex_unlock(&s->mutex);
    pthread_attr_destroy(&attr);
    return good;
}

static void take(struct sim_server *s, int fd)
{
    struct connection *c = calloc(1, sizeof(*c));

    if (c)
        *c = (struct connection){.server = s, .fd = fd, .in.max = SIM_HTTP_MAX};
    if (!c || !begin_connection(s, c)) {
        free(c);
        close(fd);
    }
}

static void answer_state(const struct sim_server *s, char *answer, size_t cap)
{
    snprintf(answer, cap, "ok away=%d devices=%zu requests=%zu connections=%zu logins=%zu", s->away,
             s->store.count, s->requests, s->connections, s->logins);
}

/* Ends with the mutex held, as it was. */
static void go_away(struct sim_server *s)
{
    s->away = true;
    for (size_t i = 0; i < CONNECTIONS_MAX; i++)
        if (s->fds[i] >= 0)
            shutdown(s->fds[i], SHUT_RDWR);
}

/* What `signet sim tell` asks of it. */
static void obey(void *ctx, const char *request, char *answer, size_t cap)
{
    struct sim_server *s = ctx;
    struct signet_error err = {0};

    pthread_mutex_lock(&s->mutex);
    snprintf(answer, cap, "ok");
    if (strcmp(request, "state") == 0)
        answer_state(s, answer, cap);
    else if (strcmp(request, "away") == 0)
        go_away(s);
    else if (strcmp(request, "back") == 0)
        s->away = false;
    else if (strcmp(request, "revoke") == 0)
        s->revoked = s->logins;
    else if (strcmp(request, "stop") == 0)
        s->stopped = true;
    else if (strncmp(request, "misbehave ", 10) != 0)
        snprintf(answer, cap, "error no such request");
    else if (sim_faults_read(&s->faults, request + 10, &err) != SIGNET_OK)
        snprintf(answer, cap, "error %.400s", err.msg);
    pthread_mutex_unlock(&s->mutex);
}

static void *listen_on(void *ctx)
{
    struct sim_server *s = ctx;

    while (!atomic_load(&s->stop)) {
        struct pollfd in[2] = {{.fd = s->listener, .events = POLLIN},
                               {.fd = s->control_fd, .events = POLLIN}};

        if (poll(in, 2, LOOK_MS) <= 0)
            continue;
        int fd = in[0].revents ? accept4(s->listener, NULL, NULL, SOCK_CLOEXEC) : -1;
        if (fd >= 0)
            take(s, fd);
        if (in[1].revents)
            control_serve(s->control_fd, obey, s);
    }
    return NULL;
}

static int bind_port(struct sim_server *s, uint16_t port, struct signet_error *err)
{
    struct sockaddr_in at = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(at);
    int on = 1; /* connections of an earlier start may be dying yet */

    s->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (s->listener < 0 ||
        setsockopt(s->listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) != 0 ||
        bind(s->listener, (struct sockaddr *)&at, sizeof(at)) != 0 ||
        listen(s->listener, CONNECTIONS_MAX) != 0 ||
        getsockname(s->listener, (struct sockaddr *)&at, &len) != 0) {
        error_sys(err, SIGNET_E_IO, errno, "no port for the simulated server");
        error_hint(err, "another program has it: name another one, or none for any that is free");
        return SIGNET_E_IO;
    }
    s->port = ntohs(at.sin_port);
    return SIGNET_OK;
}

static int set_token(struct sim_server *s, const char *token, struct signet_error *err)
{
    struct buf text = {0};

    if (!s->kind->basic)
        return text_copy(&s->token, token, err);
    buf_base64(&text, (const uint8_t *)token, strlen(token));
    int rc = buf_check(&text, err);
    if (!rc)
        rc = text_copy(&s->token, (const char *)text.data, err);
    buf_free(&text);
    return rc;
}

/* Who it is is looked at later. */
static int take_any_peer(int good, X509_STORE_CTX *ctx)
{
    (void)good;
    (void)ctx;
    return 1;
}

static int set_up_files(struct sim_server *s, const struct sim_server_options *options,
                        struct signet_error *err)
{
    struct buf pair = {0};
    int rc = options->state ? sim_state_open(&s->store, options->state, err) : SIGNET_OK;

    if (options->state)
        buf_printf(&pair, "%s.pem", options->state);
    if (!rc)
        rc = sim_server_tls(s->faults.bad_tls, options->ca_file, (const char *)pair.data, &s->tls,
                            err);
    buf_free(&pair);
    if (!rc && s->kind->knows) {
        SSL_CTX_set_verify(s->tls, SSL_VERIFY_PEER, take_any_peer);
        SSL_CTX_set_session_cache_mode(s->tls, SSL_SESS_CACHE_OFF); /* each shows its own */
        SSL_CTX_set_options(s->tls, SSL_OP_NO_TICKET);
        SSL_CTX_set_num_tickets(s->tls, 0);
    }
    if (!rc)
        rc = text_copy(&s->control, options->control, err);
    if (!rc && s->control)
        rc = control_open(s->control, &s->control_fd, err);
    return rc;
}

static int set_up_server(struct sim_server *s, const struct sim_server_options *options,
                         struct signet_error *err)
{
    int rc;

    s->listener = s->control_fd = s->store.file = -1;
    pthread_mutex_init(&s->mutex, NULL);
    pthread_cond_init(&s->gone, NULL);
    for (size_t i = 0; i < CONNECTIONS_MAX; i++)
        s->fds[i] = -1;
    s->token_seconds = options->token_seconds ? options->token_seconds : 300;
    s->kind = kind_named(options->kind);
    if (!s->kind)
        return error_set_hint(err, SIGNET_E_USAGE, "name one of these kinds",
                              "the simulated server can be coiote, leshan, leshan-bootstrap, "
                              "thingsboard or est, not '%s'",
                              options->kind);
    rc = set_token(s,
                   options->token   ? options->token
                   : s->kind->basic ? "user:token"
                                    : "token",
                   err);
    if (rc)
        return rc;
    rc = sim_faults_read(&s->faults, options->misbehave, err);
    if (!rc)
        rc = bind_port(s, options->port, err);
    if (!rc)
        rc = set_up_files(s, options, err);
    if (!rc && pthread_create(&s->thread, NULL, listen_on, s) != 0)
        rc = error_nomem(err);
    s->running = !rc;
    return rc;
}

int sim_server_start(struct sim_server **out, const struct sim_server_options *options,
                     struct signet_error *err)
{
    struct sim_server *s = calloc(1, sizeof(*s));
    int rc = s ? set_up_server(s, options, err) : error_nomem(err);

    if (rc)
        sim_server_stop(&s);
    else
        *out = s;
    return rc;
}

static void end_connections(struct sim_server *s)
{
    pthread_mutex_lock(&s->mutex);
    for (size_t i = 0; i < CONNECTIONS_MAX; i++)
        if (s->fds[i] >= 0)
            shutdown(s->fds[i], SHUT_RDWR);
    while (s->open)
        pthread_cond_wait(&s->gone, &s->mutex);
    pthread_mutex_unlock(&s->mutex);
}

void sim_server_stop(struct sim_server **server)
{
    struct sim_server *s = *server;

    if (!s)
        return;
    atomic_store(&s->stop, true);
    if (s->running)
        pthread_join(s->thread, NULL);
    end_connections(s);
    if (s->listener >= 0)
        close(s->listener);
    if (s->control_fd >= 0) {
        close(s->control_fd);
        unlink(s->control);
    }
    sim_faults_free(&s->faults);
    sim_store_free(&s->store);
    SSL_CTX_free(s->tls);
    pthread_mutex_destroy(&s->mutex);
    pthread_cond_destroy(&s->gone);
    free(s->token);
    free(s->control);
    free(s);
    *server = NULL;
}

uint16_t sim_server_port(const struct sim_server *server)
{
    return server->port;
}

static size_t locked(struct sim_server *s, const size_t *value)
{
    size_t out;

    pthread_mutex_lock(&s->mutex);
    out = *value;
    pthread_mutex_unlock(&s->mutex);
    return out;
}

size_t sim_server_devices(struct sim_server *server)
{
    return locked(server, &server->store.count);
}

size_t sim_server_requests(struct sim_server *server)
{
    return locked(server, &server->requests);
}

size_t sim_server_connections(struct sim_server *server)
{
    return locked(server, &server->connections);
}

size_t sim_server_logins(struct sim_server *server)
{
    return locked(server, &server->logins);
}

bool sim_server_stopped(struct sim_server *server)
{
    bool stopped;

    pthread_mutex_lock(&server->mutex);
    stopped = server->stopped;
    pthread_mutex_unlock(&server->mutex);
    return stopped;
}

void sim_server_revoke(struct sim_server *server)
{
    pthread_mutex_lock(&server->mutex);
    server->revoked = server->logins;
    pthread_mutex_unlock(&server->mutex);
}

bool sim_server_key(struct sim_server *server, const char *identity, uint8_t *psk, size_t size,
                    size_t *len)
{
    const struct sim_device *device;
    ssize_t n = 0;

    pthread_mutex_lock(&server->mutex);
    device = sim_store_identified(&server->store, identity);
    if (device && device->key)
        n = hex_decode(device->key, strlen(device->key), psk, size);
    pthread_mutex_unlock(&server->mutex);
    *len = n > 0 ? (size_t)n : 0;
    return n > 0;
}

bool sim_server_register(struct sim_server *server, const char *identity, const char *name, bool in)
{
    struct sim_device *device;
    bool good;

    pthread_mutex_lock(&server->mutex);
    device = sim_store_identified(&server->store, identity);
    good = device && (!name || strcmp(device->endpoint, name) == 0);
    if (good)
        device->registered = in;
    pthread_mutex_unlock(&server->mutex);
    return good;
}
