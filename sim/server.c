/* SPDX-License-Identifier: Apache-2.0 */
/* Connections and tokens of the simulated server. */
#include "server_http.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { CONNECTIONS_MAX = 512, LOOK_MS = 50 };

struct sim_server {
    const struct sim_kind *kind;
    SSL_CTX *tls;
    int listener;
    uint16_t port;
    char *token;
    unsigned token_seconds;
    pthread_t thread;
    pthread_mutex_t mutex; /* all below */
    pthread_cond_t gone;   /* a connection ended */
    struct sim_store store;
    struct sim_server_faults faults;
    size_t requests, connections, open, logins, revoked;
    int64_t token_until; /* clock_ms() of the last login's */
    int fds[CONNECTIONS_MAX];
    atomic_bool stop;
    bool running; /* there is a thread */
};

static bool is(const char *text, size_t len, const char *word)
{
    return strncmp(text, word, len) == 0 && !word[len];
}

static const struct sim_kind *kind_named(const char *name)
{
    static const struct sim_kind *const kinds[] = {
        &sim_coiote,
        &sim_leshan,
        &sim_leshan_bootstrap,
        &sim_thingsboard,
    };

    for (size_t i = 0; name && i < sizeof(kinds) / sizeof(kinds[0]); i++)
        if (strcmp(kinds[i]->name, name) == 0)
            return kinds[i];
    return NULL;
}

/* Is the token right? Also that of the last login, as long as it lives. */
static bool authorised(struct sim_server *s, const char *head)
{
    char now[40];
    size_t len = 0;

    if (!s->kind->prefixes)
        return true;
    snprintf(now, sizeof now, "access-%zu", s->logins);
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

/* The answer to a request that is let in or not; the fault that is due, and further headers. */
static const char *judge(struct sim_server *s, const struct sim_request *request, const char *head,
                         struct sim_reply *reply, char more[static 80])
{
    const char *fault;

    if (is_login(s->kind, request->path)) {
        log_in(s, request, reply);
        return "";
    }
    if (!authorised(s, head)) {
        sim_reply_error(reply, 401, "invalid or expired token");
        return "";
    }
    s->requests++;
    fault = sim_faults_next(&s->faults, strcmp(request->method, s->kind->creates) == 0);
    if (!sim_faults_answer(fault, s->port, reply, more))
        s->kind->answer(&s->store, request, reply);
    return fault;
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
    fault = judge(s, request, head, &reply, more);
    pthread_mutex_unlock(&s->mutex);
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
        request.json = json_loadb(request.body, request.body_len, 0, NULL);
        good = answer(c, &request, head);
        json_decref(request.json);
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
               sizeof on); /* else its tickets delay answers */
    c->ssl = SSL_new(c->server->tls);
    good = c->ssl && SSL_set_fd(c->ssl, c->fd) == 1 && SSL_accept(c->ssl) == 1;
    while (good && !atomic_load(&c->server->stop))
        good = serve_one(c);
    SSL_free(c->ssl);
    forget(c);
    return NULL;
}

/* A thread for the connection. False: there are too many. */
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
    good = i < CONNECTIONS_MAX && pthread_create(&thread, &attr, serve, c) == 0;
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
    struct connection *c = calloc(1, sizeof *c);

    if (c)
        *c = (struct connection){.server = s, .fd = fd, .in.max = SIM_HTTP_MAX};
    if (!c || !begin_connection(s, c)) {
        free(c);
        close(fd);
    }
}

static void *listen_on(void *ctx)
{
    struct sim_server *s = ctx;

    while (!atomic_load(&s->stop)) {
        struct pollfd in = {.fd = s->listener, .events = POLLIN};
        int fd = poll(&in, 1, LOOK_MS) > 0 ? accept(s->listener, NULL, NULL) : -1;

        if (fd >= 0)
            take(s, fd);
    }
    return NULL;
}

static int bind_port(struct sim_server *s, struct signet_error *err)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof at;

    s->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (s->listener < 0 || bind(s->listener, (struct sockaddr *)&at, sizeof at) != 0 ||
        listen(s->listener, CONNECTIONS_MAX) != 0 ||
        getsockname(s->listener, (struct sockaddr *)&at, &len) != 0)
        return error_set(err, SIGNET_E_IO, "no port for the simulated server");
    s->port = ntohs(at.sin_port);
    return SIGNET_OK;
}

static int set_up_server(struct sim_server *s, const struct sim_server_options *options,
                         struct signet_error *err)
{
    int rc;

    s->listener = -1;
    pthread_mutex_init(&s->mutex, NULL);
    pthread_cond_init(&s->gone, NULL);
    for (size_t i = 0; i < CONNECTIONS_MAX; i++)
        s->fds[i] = -1;
    s->token = strdup(options->token ? options->token : "token");
    s->token_seconds = options->token_seconds ? options->token_seconds : 300;
    s->kind = kind_named(options->kind);
    if (!s->kind)
        return error_set(err, SIGNET_E_USAGE,
                         "the simulated server can be coiote, leshan, leshan-bootstrap or "
                         "thingsboard, not '%s'",
                         options->kind);
    rc = sim_faults_read(&s->faults, options->misbehave, err);
    if (!rc)
        rc = bind_port(s, err);
    if (!rc)
        rc = sim_server_tls(s->faults.bad_tls, options->ca_file, &s->tls, err);
    if (!rc && pthread_create(&s->thread, NULL, listen_on, s) != 0)
        rc = error_nomem(err);
    s->running = !rc;
    return rc;
}

int sim_server_start(struct sim_server **out, const struct sim_server_options *options,
                     struct signet_error *err)
{
    struct sim_server *s = calloc(1, sizeof *s);
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
    sim_faults_free(&s->faults);
    sim_store_free(&s->store);
    SSL_CTX_free(s->tls);
    pthread_mutex_destroy(&s->mutex);
    pthread_cond_destroy(&s->gone);
    free(s->token);
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
