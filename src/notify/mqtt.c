/* SPDX-License-Identifier: Apache-2.0 */
/* A broker of MQTT 3.1.1: each event is published with QoS 1, and counts as told once the broker
 * says that it has it. After any failure the client is made anew: the outbox is ours. */
#include "notify/mqtt_api.h"
#include "notify/private.h"

#include <errno.h>
#include <linux/tcp.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    MQTT_ANSWER_MS = 10000,
    MQTT_LOOP_MS = 100,
    KEEPALIVE_S = 60,
    PASSWORD_MAX = 1024,
    STATE_CLOSED = 7, /* TCP_CLOSE; the headers do not go together */
};
enum { CA_MAX = 4 * 1024 * 1024, CLIENT_KEY_MAX = 65536 };
enum { HEARD_MAX = 256 * 1024, HEARD_EACH = 1024 };
enum { MQTT_PORT = 1883, MQTT_TLS_PORT = 8883 };

struct mqtt {
    const struct mqtt_api *api;
    const struct signet_order_notify *target;
    const struct signet_cancel *cancel;
    char *host;
    int port;
    bool tls;
    struct secret password;
    int key_fd;               /* the client_key as it was read, in memory; -1: none */
    struct mosquitto *client; /* NULL: none */
    int connack;              /* -1: no answer yet */
    int published, taken;     /* message numbers; 0: none */
    uint64_t sent;            /* events, over this connection */
};

static void mqtt_on_connect(struct mosquitto *client, void *ctx, int answer)
{
    (void)client;
    ((struct mqtt *)ctx)->connack = answer;
}

static void mqtt_on_publish(struct mosquitto *client, void *ctx, int message)
{
    (void)client;
    ((struct mqtt *)ctx)->taken = message;
}

/* An encrypted key asks nobody for its passphrase. */
static int mqtt_no_passphrase(char *to, int size, int rwflag, void *ctx)
{
    (void)to;
    (void)size;
    (void)rwflag;
    (void)ctx;
    return 0;
}

/* mqtts://HOST, mqtts://HOST:PORT; an address of IPv6 stands in brackets */
static int mqtt_read_url(struct mqtt *q, struct signet_error *err)
{
    const char *host = strstr(q->target->url, "//") + 2;
    bool six = host[0] == '[';
    size_t len = six ? strcspn(host + 1, "]") : strcspn(host, ":/");
    bool whole = !six || host[len + 1] == ']';
    const char *rest = host + len + (six ? 1 + whole : 0);
    char *end = (char *)rest;
    long port = *rest == ':' ? strtol(rest + 1, &end, 10) : q->tls ? MQTT_TLS_PORT : MQTT_PORT;

    if (strcmp(end, "/") == 0)
        end++;
    if (len && whole && !*end && (port < 1 || port > 65535))
        return error_set_hint(err, SIGNET_E_USAGE, "ports are 1 to 65535; that of mqtts is 8883",
                              "'%s' has the port %ld", q->target->url, port);
    if (len == 0 || !whole || *end)
        return error_set_hint(err, SIGNET_E_USAGE,
                              "such as mqtts://broker.example:8883; 'topic' says where events go",
                              "'%s': an MQTT broker is mqtts://HOST or mqtts://HOST:PORT",
                              q->target->url);
    q->port = (int)port;
    return text_format(&q->host, err, "%.*s", (int)len, host + six);
}

static int mqtt_read_password(struct mqtt *q, struct signet_error *err)
{
    if (!q->target->password_file)
        return SIGNET_OK;
    int rc = file_read_secret(q->target->password_file, PASSWORD_MAX, &q->password, err);
    while (rc == SIGNET_OK && q->password.len > 0 &&
           char_in(q->password.data[q->password.len - 1], "\r\n"))
        q->password.data[--q->password.len] = '\0';
    if (rc == SIGNET_OK)
        secret_live(&q->password);
    return rc;
}

/* The library reads certificates when it connects: a file that is wrong is told before. */
static int mqtt_check_cert(const char *path, struct signet_error *err)
{
    static const char mark[] = "CERTIFICATE-----";
    struct buf text = {0};
    int rc = path ? file_read(path, CA_MAX, &text, err) : SIGNET_OK;

    if (rc == SIGNET_OK && path && !memmem(text.data, text.len, mark, sizeof(mark) - 1))
        rc = error_set_hint(err, SIGNET_E_CERT, "a certificate in DER has to be converted to PEM",
                            "'%s' holds no certificate in PEM", path);
    if (path)
        rc = signet_file_explain(rc, SIGNET_FILE_CERT, path, err);
    buf_free(&text);
    return rc;
}

/* The library opens the key by a path, at each connection: it gets a copy of what was checked,
 * since the file may be another one by then. */
static int mqtt_keep_key(struct mqtt *q, const struct secret *key, struct signet_error *err)
{
    q->key_fd = memfd_create("client_key", MFD_CLOEXEC);
    if (q->key_fd >= 0 && fchmod(q->key_fd, 0600) == 0 &&
        write(q->key_fd, key->data, key->len) == (ssize_t)key->len)
        return SIGNET_OK;
    return error_sys(err, SIGNET_E_IO, errno, "cannot keep '%s' in memory", q->target->client_key);
}

static int mqtt_read_files(struct mqtt *q, struct signet_error *err)
{
    struct secret key = {0};
    int rc = mqtt_check_cert(q->target->ca_file, err);

    if (rc == SIGNET_OK)
        rc = mqtt_check_cert(q->target->client_cert, err);
    if (rc == SIGNET_OK && q->target->client_key) {
        rc = file_read_secret(q->target->client_key, CLIENT_KEY_MAX, &key, err);
        if (rc == SIGNET_OK)
            rc = mqtt_keep_key(q, &key, err);
    }
    secret_wipe(&key);
    return rc;
}

static void mqtt_drop(struct mqtt *q)
{
    if (q->client)
        q->api->destroy(q->client);
    q->client = NULL;
}

static void mqtt_close(void *state)
{
    struct mqtt *q = state;

    if (!q)
        return;
    if (q->client && q->connack == 0 && q->api->disconnect(q->client) == MOSQ_ERR_SUCCESS)
        q->api->loop(q->client, 0, 1);
    mqtt_drop(q);
    if (q->key_fd >= 0)
        close(q->key_fd);
    secret_wipe(&q->password);
    free(q->host);
    free(q);
}

/* A client that was never connected: files that are wrong are told before the line. */
static int mqtt_new(struct mqtt *q, struct signet_error *err)
{
    const struct signet_order_notify *t = q->target;
    int rc = MOSQ_ERR_SUCCESS;
    char key[32];

    snprintf(key, sizeof(key), "/proc/self/fd/%d", q->key_fd);
    q->connack = -1;
    q->published = q->taken = 0;
    q->sent = 0;
    q->client = q->api->new (NULL, true, q);
    if (!q->client)
        return error_nomem(err);
    q->api->connect_callback_set(q->client, mqtt_on_connect);
    q->api->publish_callback_set(q->client, mqtt_on_publish);
    if (t->user)
        rc = q->api->username_pw_set(q->client, t->user, (const char *)q->password.data);
    if (rc == MOSQ_ERR_SUCCESS && q->tls)
        rc = q->api->tls_set(q->client, t->ca_file, t->ca_file ? NULL : "/etc/ssl/certs",
                             t->client_cert, q->key_fd >= 0 ? key : NULL, mqtt_no_passphrase);
    return rc == MOSQ_ERR_SUCCESS
               ? SIGNET_OK
               : error_set_hint(err, SIGNET_E_IO,
                                "ca_file, client_cert and client_key are PEM files", "%s: %s",
                                t->url, q->api->strerror(rc));
}

static int mqtt_open(void **state, const struct signet_order_notify *target,
                     const struct signet_cancel *cancel, struct signet_error *err)
{
    struct mqtt *q = calloc(1, sizeof(*q));

    if (!q)
        return error_nomem(err);
    q->key_fd = -1;
    q->target = target;
    q->cancel = cancel;
    q->tls = strncasecmp(target->url, "mqtts:", 6) == 0;
    int rc = mqtt_load(&q->api, err);
    if (rc == SIGNET_OK)
        rc = mqtt_read_url(q, err);
    if (rc == SIGNET_OK)
        rc = mqtt_read_password(q, err);
    if (rc == SIGNET_OK)
        rc = mqtt_read_files(q, err);
    if (rc == SIGNET_OK)
        rc = mqtt_new(q, err);
    if (q->client)
        mqtt_drop(q);
    if (rc == SIGNET_OK)
        *state = q;
    else
        mqtt_close(q);
    return rc;
}

static int mqtt_fail(const struct mqtt *q, int answer, struct signet_error *err)
{
    const char *url = q->target->url;

    if (answer == MOSQ_ERR_ERRNO)
        return error_sys(err, SIGNET_E_NET, errno, "%s: no connection", url);
    if (answer == MOSQ_ERR_TLS) /* the library says no more */
        return error_set_hint(err, SIGNET_E_NET,
                              "is ca_file the authority of the broker's certificate, and the host "
                              "its name? Does the port speak TLS?",
                              "%s: the TLS handshake failed", url);
    if (answer == MOSQ_ERR_CONN_LOST)
        return error_set_hint(err, SIGNET_E_NET,
                              q->tls ? "the broker's log says why"
                                     : "the broker's log says why: does the port want TLS (mqtts)?",
                              "%s: the broker ended the connection", url);
    return error_set(err, SIGNET_E_NET, "%s: %s", url, q->api->strerror(answer));
}

static struct tcp_info mqtt_connection(const struct mqtt *q)
{
    struct tcp_info info = {0};
    socklen_t len = sizeof(info);

    getsockopt(q->api->socket(q->client), IPPROTO_TCP, TCP_INFO, &info, &len);
    return info;
}

/* A broker that is sent events has nothing to say but a few bytes for each. The library takes a
 * packet of 256 MiB into memory, and has no bound of its own; it returns when nothing is there to
 * be read for a moment. */
static bool mqtt_floods(const struct mqtt *q)
{
    return mqtt_connection(q).tcpi_bytes_received > HEARD_MAX + HEARD_EACH * q->sent;
}

/* Lets the library work until it has what is waited for. */
static int mqtt_await(struct mqtt *q, bool (*there)(const struct mqtt *), const char *what,
                      struct signet_error *err)
{
    int64_t end = clock_ms() + MQTT_ANSWER_MS;

    while (!there(q)) {
        int answer = q->api->loop(q->client, MQTT_LOOP_MS, 1);

        if (signet_cancel_fired(q->cancel))
            return error_set(err, SIGNET_E_CANCELLED, "stopped on request");
        if (mqtt_floods(q))
            return error_set(err, SIGNET_E_NET, "%s: the broker sends more than answers",
                             q->target->url);
        if (there(q))
            break;
        if (answer != MOSQ_ERR_SUCCESS)
            return mqtt_fail(q, answer, err);
        /* the library waits for one that was refused as for one that is to come */
        if (mqtt_connection(q).tcpi_state == STATE_CLOSED)
            return error_set_hint(err, SIGNET_E_NET,
                                  "does the broker run, and are host and port right?",
                                  "%s: the connection was refused", q->target->url);
        if (clock_ms() >= end)
            return error_set(err, SIGNET_E_TIMEOUT, "%s: %s in time", q->target->url, what);
    }
    return SIGNET_OK;
}

static bool mqtt_answered(const struct mqtt *q)
{
    return q->connack >= 0;
}

static bool mqtt_has_taken(const struct mqtt *q)
{
    return q->taken == q->published;
}

/* The library's own question to a name server cannot be stopped. */
static int mqtt_find_host(const struct mqtt *q, struct signet_error *err)
{
    struct addrinfo *list = NULL;
    int rc =
        host_find(&list, q->host, NULL, SOCK_STREAM, clock_ms() + MQTT_ANSWER_MS, q->cancel, err);

    if (list)
        freeaddrinfo(list);
    return error_pass(rc, err, "%s", q->target->url);
}

static int mqtt_connect(struct mqtt *q, struct signet_error *err)
{
    if (q->client)
        return SIGNET_OK;
    int rc = mqtt_find_host(q, err);
    if (rc == SIGNET_OK)
        rc = mqtt_new(q, err);
    if (rc != SIGNET_OK)
        return rc;
    int answer = q->api->connect_async(q->client, q->host, q->port, KEEPALIVE_S);
    if (answer != MOSQ_ERR_SUCCESS)
        return mqtt_fail(q, answer, err);
    rc = mqtt_await(q, mqtt_answered, "no connection", err);
    if (rc == SIGNET_OK && q->connack != 0)
        rc = error_set_hint(
            err, SIGNET_E_AUTH, "user, password_file and client_cert say who we are",
            "%s: the broker %s (%d)", q->target->url,
            q->connack == 4 || q->connack == 5 ? "does not let us in" : "refuses us", q->connack);
    return rc;
}

/* What is wrong with the event itself is the same at the next try. */
static int mqtt_publish(struct mqtt *q, const struct notify_message *m, struct signet_error *err)
{
    int answer = q->api->publish(q->client, &q->published, (const char *)m->topic.data,
                                 (int)m->body.len, m->body.data, 1, false);

    if (answer == MOSQ_ERR_SUCCESS)
        return SIGNET_OK;
    if (answer == MOSQ_ERR_INVAL || answer == MOSQ_ERR_MALFORMED_UTF8 ||
        answer == MOSQ_ERR_PAYLOAD_SIZE || answer == MOSQ_ERR_OVERSIZE_PACKET)
        return error_set(err, SIGNET_E_REFUSED, "%s: an event cannot be published: %s",
                         q->target->url, q->api->strerror(answer));
    return mqtt_fail(q, answer, err);
}

static int mqtt_send(void *state, const struct notify_message *m, int64_t *wait_ms,
                     struct signet_error *err)
{
    struct mqtt *q = state;
    int rc = mqtt_connect(q, err);

    (void)wait_ms;
    q->taken = 0;
    q->sent++;
    if (rc == SIGNET_OK)
        rc = mqtt_publish(q, m, err);
    if (rc == SIGNET_OK)
        rc = mqtt_await(q, mqtt_has_taken, "the broker did not confirm the event", err);
    if (rc != SIGNET_OK)
        mqtt_drop(q);
    return rc;
}

/* Keeps the connection, and notices that it is gone before the next event. */
static void mqtt_idle(void *state)
{
    struct mqtt *q = state;

    if (q->client && (q->api->loop(q->client, 0, 1) != MOSQ_ERR_SUCCESS || mqtt_floods(q)))
        mqtt_drop(q);
}

const struct notify_ops notify_mqtt = {
    .open = mqtt_open, .send = mqtt_send, .idle = mqtt_idle, .close = mqtt_close};
