/* SPDX-License-Identifier: Apache-2.0 */
/* Connections, tokens and faults of the simulated server. */
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

enum {
    FAULTS_MAX = 256,
    CONNECTIONS_MAX = 512,
    HUGE_LINES = 20000, /* more than a client takes */
    LOOK_MS = 50
};

struct faults {
    char *words[FAULTS_MAX];
    size_t count, next;
};

struct sim_server {
    const struct sim_kind *kind;
    SSL_CTX *tls;
    int listener;
    uint16_t port;
    char *token;
    unsigned token_seconds, latency_ms;
    char bad_tls[16];
    pthread_t thread;
    pthread_mutex_t mutex; /* all below */
    pthread_cond_t gone;   /* a connection ended */
    struct sim_store store;
    struct faults creating, looking; /* requests that make a device, and all others */
    size_t requests, connections, open, logins, revoked;
    int64_t token_until; /* clock_ms() of the last login's */
    int fds[CONNECTIONS_MAX];
    atomic_bool stop;
};

static bool is(const char *text, size_t len, const char *word)
{
    return strncmp(text, word, len) == 0 && !word[len];
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
        sim_reply_error(s->kind, reply, 401, "Invalid username or password");
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

static const char *next_fault(struct faults *faults)
{
    return faults->next < faults->count ? faults->words[faults->next++] : "";
}

static void put_page(struct sim_reply *reply, int status, const char *text)
{
    reply->status = status;
    buf_printf(&reply->body, "<html><body>%s</body></html>", text);
}

/* What the fault answers; more: headers. False: it changes nothing of the answer's content. */
static bool answer_fault(const struct sim_server *s, const char *fault, struct sim_reply *reply,
                         char more[static 80])
{
    int status = (int)strtol(fault, NULL, 10);
    const char *value = strchr(fault, '=');
    long number = value ? strtol(value + 1, NULL, 10) : 0;

    if (status) {
        if (value)
            snprintf(more, 80, "Retry-After: %ld\r\n", number);
        sim_reply_error(s->kind, reply, status, "so it was asked for");
    } else if (strcmp(fault, "html") == 0) {
        put_page(reply, 502, "Bad gateway");
    } else if (strncmp(fault, "page=", 5) == 0) {
        put_page(reply, (int)number, "A proxy has refused this request");
    } else if (strcmp(fault, "portal") == 0) {
        put_page(reply, 200, "Please log in to the network");
    } else if (strcmp(fault, "huge") == 0) {
        reply->status = 400;
        for (int i = 0; i < HUGE_LINES; i++)
            buf_text(&reply->body,
                     "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abc\n");
    } else if (strcmp(fault, "redirect") == 0) {
        reply->status = 307;
        snprintf(more, 80, "Location: https://localhost:%u/elsewhere\r\n", s->port);
    } else {
        return strcmp(fault, "drop") == 0;
    }
    return true;
}

/* The answer, with the fault that is due. false: the connection ends. */
static bool answer(struct connection *c, const struct sim_request *request, const char *head)
{
    struct sim_server *s = c->server;
    struct sim_reply reply = {.status = 200};
    const char *fault = "";
    char more[80] = "";
    bool good;

    if (s->latency_ms)
        sim_nap(s->latency_ms);
    pthread_mutex_lock(&s->mutex);
    if (is_login(s->kind, request->path)) {
        log_in(s, request, &reply);
    } else if (!authorised(s, head)) {
        sim_reply_error(s->kind, &reply, 401, "invalid or expired token");
    } else {
        s->requests++;
        fault = next_fault(s->kind->creates(request) ? &s->creating : &s->looking);
        if (!answer_fault(s, fault, &reply, more))
            s->kind->answer(&s->store, request, &reply);
    }
    pthread_mutex_unlock(&s->mutex);
    good = !strstr(fault, "drop") && sim_http_reply(c, &reply, more, strcmp(fault, "truncate") == 0,
                                                    strcmp(fault, "slow") == 0);
    buf_free(&reply.body);
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
    while (good && !atomic_load(&c->server->stop)) {
        struct sim_request request = {0};
        char *head = sim_http_head(c);

        good = head && sim_http_receive(c, &request, head) && answer(c, &request, head);
        free(request.path);
        free(request.body);
        free(head);
    }
    SSL_free(c->ssl);
    forget(c);
    return NULL;
}

static void take(struct sim_server *s, int fd)
{
    struct connection *c = calloc(1, sizeof *c);
    pthread_attr_t attr;
    pthread_t thread;
    size_t i = 0;

    if (!c) {
        close(fd);
        return;
    }
    pthread_attr_init(&attr);
    pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
    pthread_mutex_lock(&s->mutex);
    while (i < CONNECTIONS_MAX && s->fds[i] >= 0)
        i++;
    if (i < CONNECTIONS_MAX) {
        c->server = s;
        c->fd = fd;
        c->in.max = SIM_HTTP_MAX;
        if (pthread_create(&thread, &attr, serve, c) == 0) {
            s->fds[i] = fd;
            s->open++;
            s->connections++;
            c = NULL;
            fd = -1;
        }
    }
    pthread_mutex_unlock(&s->mutex);
    pthread_attr_destroy(&attr);
    free(c);
    if (fd >= 0)
        close(fd);
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

static bool known_fault(const char *word)
{
    static const char *const known[] = {"html", "page",     "huge",   "truncate",        "drop",
                                        "slow", "redirect", "portal", "commit-then-drop"};
    size_t len = strcspn(word, "=");
    long status = strtol(word, NULL, 10);

    if (status >= 300 && status < 600 && len == 3)
        return true;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (strlen(known[i]) == len && strncmp(word, known[i], len) == 0)
            return true;
    return false;
}

static int read_faults(struct sim_server *s, const char *list, struct signet_error *err)
{
    char *copy = strdup(list ? list : ""), *rest = NULL;
    int rc = copy ? SIGNET_OK : error_nomem(err);

    for (char *word = copy ? strtok_r(copy, ",", &rest) : NULL; word && !rc;
         word = strtok_r(NULL, ",", &rest)) {
        static const char look[] = "look-";
        bool looks = strncmp(word, look, sizeof look - 1) == 0;
        struct faults *faults = looks ? &s->looking : &s->creating;
        char *star = strchr(word, '*');
        long times = star ? strtol(star + 1, NULL, 10) : 1;

        word += looks ? sizeof look - 1 : 0;

        if (star)
            *star = '\0';
        if (strncmp(word, "latency=", 8) == 0)
            s->latency_ms = (unsigned)strtoul(word + 8, NULL, 10);
        else if (strncmp(word, "bad-tls=", 8) == 0)
            snprintf(s->bad_tls, sizeof s->bad_tls, "%s", word + 8);
        else if (!known_fault(word))
            rc = error_set(err, SIGNET_E_USAGE, "the simulated server has no fault '%s'", word);
        else
            while (times-- > 0 && faults->count < FAULTS_MAX)
                faults->words[faults->count++] = strdup(word);
    }
    free(copy);
    return rc;
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

int sim_server_start(struct sim_server **out, const struct sim_server_options *options,
                     struct signet_error *err)
{
    struct sim_server *s = calloc(1, sizeof *s);
    int rc;

    if (!s)
        return error_nomem(err);
    s->listener = -1;
    pthread_mutex_init(&s->mutex, NULL);
    pthread_cond_init(&s->gone, NULL);
    for (size_t i = 0; i < CONNECTIONS_MAX; i++)
        s->fds[i] = -1;
    s->kind = sim_kind_named(options->kind);
    s->token = strdup(options->token ? options->token : "token");
    s->token_seconds = options->token_seconds ? options->token_seconds : 300;
    rc = s->kind ? read_faults(s, options->misbehave, err)
                 : error_set(err, SIGNET_E_USAGE, "no such kind of simulated server");
    if (!rc)
        rc = bind_port(s, err);
    if (!rc)
        s->tls = sim_server_tls(s->bad_tls, options->ca_file, err);
    if (!rc && !s->tls)
        rc = SIGNET_E_CRYPTO;
    if (!rc && pthread_create(&s->thread, NULL, listen_on, s) != 0)
        rc = error_nomem(err);
    if (rc) {
        atomic_store(&s->stop, true);
        s->port = 0;
        sim_server_stop(&s);
        return rc;
    }
    *out = s;
    return SIGNET_OK;
}

void sim_server_stop(struct sim_server **server)
{
    struct sim_server *s = *server;

    if (!s)
        return;
    if (!atomic_exchange(&s->stop, true))
        pthread_join(s->thread, NULL);
    pthread_mutex_lock(&s->mutex);
    for (size_t i = 0; i < CONNECTIONS_MAX; i++)
        if (s->fds[i] >= 0)
            shutdown(s->fds[i], SHUT_RDWR);
    while (s->open)
        pthread_cond_wait(&s->gone, &s->mutex);
    pthread_mutex_unlock(&s->mutex);
    if (s->listener >= 0)
        close(s->listener);
    for (size_t i = 0; i < FAULTS_MAX; i++) {
        free(s->creating.words[i]);
        free(s->looking.words[i]);
    }
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
    char hex[130] = "";
    ssize_t n;

    pthread_mutex_lock(&server->mutex);
    device = sim_store_identified(&server->store, identity);
    if (device)
        sim_device_key(device, hex);
    pthread_mutex_unlock(&server->mutex);
    n = hex_decode(hex, strlen(hex), psk, size);
    wipe(hex, sizeof hex);
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
