/* SPDX-License-Identifier: Apache-2.0 */
/* Who gets which answer: requests as libmicrohttpd hands them over, without it.
 * wrap: answer_session answer_login answer_status answer_metrics answer_line
 * wrap: events_open login_session login_basic
 * wrap: malloc calloc realloc reallocarray strdup strndup vasprintf locked_alloc
 */
#include "page/private.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "unit/starve.h"

/* What a client sends, and what came of it. */
static struct {
    const char *headers[4][2];
    bool session, basic; /* what the logins say */
    bool full;           /* there are too many viewers */
} client;
static struct {
    unsigned status; /* 0: none was sent */
    char body[400], headers[800];
    int responses; /* that are not destroyed */
    bool kept;     /* as a viewer's connection */
} came;

static struct signet_page page;
static struct connection connection;
static MHD_AccessHandlerCallback on_request;
static MHD_RequestCompletedCallback on_end;

/* libmicrohttpd */

static struct MHD_Daemon *start_daemon(unsigned flags, uint16_t port, MHD_AcceptPolicyCallback apc,
                                       void *apc_arg, MHD_AccessHandlerCallback handler,
                                       void *handler_arg, ...)
{
    va_list args;

    (void)flags, (void)port, (void)apc, (void)apc_arg;
    on_request = handler;
    va_start(args, handler_arg);
    assert_int_equal(va_arg(args, int), MHD_OPTION_ARRAY);
    for (const struct MHD_OptionItem *o = va_arg(args, const struct MHD_OptionItem *);
         o->option != MHD_OPTION_END; o++)
        if (o->option == MHD_OPTION_NOTIFY_COMPLETED)
            on_end = (MHD_RequestCompletedCallback)o->value; // NOLINT
    va_end(args);
    return handler_arg;
}

static const char *header(struct MHD_Connection *c, enum MHD_ValueKind kind, const char *name)
{
    (void)c;
    for (size_t i = 0; kind == MHD_HEADER_KIND && i < COUNT_OF(client.headers); i++)
        if (client.headers[i][0] && strcasecmp(client.headers[i][0], name) == 0)
            return client.headers[i][1];
    return NULL;
}

static int headers(struct MHD_Connection *c, enum MHD_ValueKind kind, MHD_KeyValueIterator each,
                   void *arg)
{
    (void)c;
    for (size_t i = 0; i < COUNT_OF(client.headers); i++)
        if (client.headers[i][0])
            each(arg, kind, client.headers[i][0], client.headers[i][1]);
    return 0;
}

static const union MHD_ConnectionInfo *info(struct MHD_Connection *c,
                                            enum MHD_ConnectionInfoType type, ...)
{
    static union MHD_ConnectionInfo out;

    (void)c;
    assert_int_equal(type, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    out.socket_context = &connection;
    return &out;
}

static struct MHD_Response *response(size_t len, void *data, enum MHD_ResponseMemoryMode mode)
{
    (void)mode;
    void *memory = calloc(1, 1);
    if (!memory)
        return NULL;
    snprintf(came.body, sizeof(came.body), "%.*s", (int)len, (const char *)data);
    came.responses++;
    return memory;
}

static enum MHD_Result add_header(struct MHD_Response *r, const char *name, const char *value)
{
    size_t used = strlen(came.headers);

    (void)r;
    snprintf(came.headers + used, sizeof(came.headers) - used, "%s: %s\n", name, value);
    return MHD_YES;
}

static enum MHD_Result queue(struct MHD_Connection *c, unsigned status, struct MHD_Response *r)
{
    (void)c, (void)r;
    came.status = status;
    return MHD_YES;
}

static void destroy(struct MHD_Response *r)
{
    came.responses--;
    free(r);
}

static const struct mhd mhd = {.start_daemon = start_daemon,
                               .queue_response = queue,
                               .add_response_header = add_header,
                               .destroy_response = destroy,
                               .create_response_from_buffer = response,
                               .lookup_connection_value = header,
                               .get_connection_info = info,
                               .get_connection_values = headers};

/* other files of the page */

#define ANSWERS(name)                                                                              \
    void __wrap_##name(struct request *r);                                                         \
    void __wrap_##name(struct request *r)                                                          \
    {                                                                                              \
        buf_text(&r->answer, #name);                                                               \
    }
ANSWERS(answer_session)
ANSWERS(answer_status)
ANSWERS(answer_metrics)
ANSWERS(answer_line)

void __wrap_answer_login(struct request *r);
void __wrap_answer_login(struct request *r)
{
    snprintf(r->cookie, sizeof(r->cookie), "signet=1");
    buf_append(&r->answer, r->body.data, r->body.len);
    buf_byte(&r->answer, '.');
}

struct MHD_Response *__wrap_events_open(struct request *r);
struct MHD_Response *__wrap_events_open(struct request *r)
{
    (void)r;
    return client.full ? NULL : response(6, (char[]){"events"}, MHD_RESPMEM_MUST_COPY);
}

bool __wrap_login_session(struct logins *l, const char *cookies, const char *token);
bool __wrap_login_session(struct logins *l, const char *cookies, const char *token)
{
    (void)l, (void)cookies;
    return client.session && (!token || strcmp(token, "right") == 0);
}

bool __wrap_login_basic(struct logins *l, const char *value);
bool __wrap_login_basic(struct logins *l, const char *value)
{
    (void)l;
    return value && client.basic;
}

/* A whole request; its body comes in parts of so many bytes. False: the connection is cut. */
static bool send_request(const char *method, const char *path, const char *version,
                         const char *body, size_t len, size_t part)
{
    void *state = NULL;
    size_t none = 0;
    bool good;

    memset(&came, 0, sizeof(came));
    connection = (struct connection){.number = 1};
    good = on_request(&page, NULL, path, method, version, NULL, &none, &state) == MHD_YES;
    for (size_t at = 0, n; good && at < len; at += n) {
        size_t left = n = len - at < part ? len - at : part;
        good = on_request(&page, NULL, path, method, version, body + at, &left, &state) == MHD_YES;
        assert_true(!good || left == 0);
    }
    assert_false(connection.answering);
    if (good) {
        good = on_request(&page, NULL, path, method, version, NULL, &none, &state) == MHD_YES;
        assert_true(connection.answering);
        came.kept = connection.viewer;
    }
    on_end(&page, NULL, &state, MHD_REQUEST_TERMINATED_COMPLETED_OK);
    assert_false(connection.answering);
    assert_null(state);
    assert_int_equal(came.responses, 0);
    return good;
}

static void set_up(void)
{
    static int logins;

    memset(&client, 0, sizeof(client));
    client.headers[0][0] = "Host";
    client.headers[0][1] = "localhost:8470";
    page = (struct signet_page){.mhd = &mhd, .logins = (struct logins *)(void *)&logins};
    pthread_mutex_init(&page.connections.lock, NULL);
    assert_int_equal(http_start(&page, NULL), SIGNET_OK);
}

static void which_answer(void **state)
{
    enum {
        METRICS = 1,
        ONLY = 2,
        CLOSED = 4,
        SESSION = 8,
        BASIC = 16,
        TOKEN = 32,
        WRONG = 64,
        FULL = 128
    };
    static const struct {
        const char *method, *path;
        int is;
        unsigned status;
        const char *has;
    } rows[] = {
        {"GET", "/", 0, 200, "<!DOCTYPE html>"},
        {"GET", "/page.js", CLOSED, 200, ""},
        {"POST", "/page.js", 0, 405, "files of the page are for GET"},
        {"GET", "/page.jsx", 0, 404, "the page begins at /"},
        {"GET", "/page.js", METRICS | ONLY, 404, "here is /metrics alone"},
        {"GET", "/api/status", 0, 200, "answer_status"},
        {"GET", "/api/status", ONLY | METRICS, 404, "here is /metrics alone"},
        {"GET", "/api/status", CLOSED, 401, "by the button"},
        {"GET", "/api/status", CLOSED | BASIC, 401, "by the button"},
        {"GET", "/api/status", CLOSED | SESSION, 200, "answer_status"},
        {"POST", "/api/status", 0, 405, "send a GET"},
        {"PUT", "/api/status", 0, 405, "send a GET"},
        {"GET", "/api/line", 0, 405, "send a POST"},
        {"POST", "/api/line", 0, 401, "log in first"},
        {"POST", "/api/line", SESSION, 401, "log in first"},
        {"POST", "/api/line", SESSION | TOKEN | WRONG, 401, "log in first"},
        {"POST", "/api/line", BASIC | TOKEN, 401, "log in first"},
        {"POST", "/api/line", SESSION | TOKEN, 200, "answer_line"},
        {"GET", "/api/session", CLOSED, 200, "answer_session"},
        {"POST", "/api/login", CLOSED, 403, "X-Signet-Token is missing"},
        {"POST", "/api/login", CLOSED | TOKEN, 200, "."},
        {"GET", "/metrics", 0, 404, "no such page"},
        {"GET", "/metrics", METRICS, 200, "answer_metrics"},
        {"GET", "/metrics", METRICS | ONLY, 200, "answer_metrics"},
        {"GET", "/metrics", METRICS | CLOSED, 401, "by HTTP Basic"},
        {"GET", "/metrics", METRICS | CLOSED | BASIC, 200, "answer_metrics"},
        {"GET", "/metrics", METRICS | CLOSED | SESSION, 200, "answer_metrics"},
        {"GET", "/events", 0, 200, "events"},
        {"GET", "/events", FULL, 503, "too many viewers"},
        {"GET", "/events", CLOSED, 401, "log in first"},
        {"GET", "/events", CLOSED | SESSION, 200, "events"},
        {"GET", "/events", METRICS | ONLY, 404, "no such page"},
        {"POST", "/events", 0, 404, "no such page"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        int is = rows[i].is;

        set_up();
        page.metrics = is & METRICS;
        page.only_metrics = is & ONLY;
        page.closed = is & CLOSED;
        client.session = is & SESSION;
        client.basic = is & BASIC;
        client.full = is & FULL;
        client.headers[1][0] = is & BASIC ? "Authorization" : NULL;
        client.headers[2][0] = is & TOKEN ? "X-Signet-Token" : NULL;
        client.headers[1][1] = "Basic x";
        client.headers[2][1] = is & WRONG ? "wrong" : "right";
        assert_true(send_request(rows[i].method, rows[i].path, "HTTP/1.1", NULL, 0, 1));
        if (came.status != rows[i].status || !strstr(came.body, rows[i].has))
            fail_msg("%zu: %u %s", i, came.status, came.body);
        assert_non_null(strstr(came.headers, "Content-Security-Policy: default-src 'none'"));
        assert_int_equal(strstr(came.headers, "WWW-Authenticate") != NULL,
                         rows[i].status == 401 && strcmp(rows[i].path, "/metrics") == 0);
        assert_int_equal(strstr(came.headers, "Set-Cookie: signet=1") != NULL,
                         strcmp(came.body, ".") == 0);
        assert_int_equal(came.kept, strcmp(came.body, "events") == 0);
    }
}

static void the_host_of_a_request(void **state)
{
    static const struct {
        const char *hosts[2], *version;
        bool tls;
        unsigned status;
    } rows[] = {
        {{"localhost", NULL}, "HTTP/1.1", false, 200},
        {{"evil.example", NULL}, "HTTP/1.1", false, 421},
        {{"evil.example", NULL}, "HTTP/1.1", true, 200}, /* the certificate is for that name */
        {{"localhost", "localhost"}, "HTTP/1.1", false, 400},
        {{"localhost", "evil.example"}, "HTTP/1.0", true, 400},
        {{NULL, NULL}, "HTTP/1.1", true, 400},
        {{NULL, NULL}, "HTTP/1.0", true, 200},
        {{NULL, NULL}, "HTTP/1.0", false, 421},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        set_up();
        page.tls = rows[i].tls;
        for (size_t k = 0; k < 2; k++) {
            client.headers[k][0] = rows[i].hosts[k] ? k ? "host" : "Host" : NULL;
            client.headers[k][1] = rows[i].hosts[k];
        }
        assert_true(send_request("GET", "/api/status", rows[i].version, NULL, 0, 1));
        if (came.status != rows[i].status)
            fail_msg("%zu: %u %s", i, came.status, came.body);
    }
}

/* As long as it may be, one byte more, and so long that nobody listens. */
static void the_body_of_a_request(void **state)
{
    static const struct {
        size_t len, part;
        unsigned status; /* 0: the connection is cut */
    } rows[] = {
        {0, 1, 200},        {REQUEST_BODY_MAX, 7, 200}, {REQUEST_BODY_MAX + 1, 7, 413},
        {65536, 1024, 413}, {65537, 1024, 0},           {65537, 65537, 0},
    };
    char *body = calloc(1, 65537);

    (void)state;
    assert_non_null(body);
    memset(body, 'x', 65537);
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        set_up();
        client.headers[1][0] = "X-Signet-Token";
        client.headers[1][1] = "right";
        bool good = send_request("POST", "/api/login", "HTTP/1.1", body, rows[i].len, rows[i].part);
        if (good != (rows[i].status != 0) || came.status != rows[i].status)
            fail_msg("%zu: %d %u", i, good, came.status);
        if (came.status == 200)
            assert_int_equal(came.body[0], rows[i].len ? 'x' : '.');
    }
    assert_true(send_request("POST", "/api/login", "HTTP/1.1", "a\nb", 3, 3));
    assert_int_equal(came.status, 200);
    assert_true(send_request("POST", "/api/login", "HTTP/1.1", "a\0b", 3, 3));
    assert_int_equal(came.status, 400);
    free(body);
}

/* Without memory a connection is cut, or what was sent is told to be too much: never is half of it
 * taken for the whole. */
static int log_in(struct signet_error *err)
{
    bool good = send_request("POST", "/api/login", "HTTP/1.1", "0123456789", 10, 4);

    if (good && came.status == 200)
        assert_string_equal(came.body, "0123456789.");
    return good && came.status == 200 ? SIGNET_OK : error_nomem(err);
}

static void without_memory(void **state)
{
    (void)state;
    set_up();
    client.headers[1][0] = "X-Signet-Token";
    client.headers[1][1] = "right";
    starve_each(log_in);
}

static struct MHD_Daemon *no_daemon(unsigned flags, uint16_t port, MHD_AcceptPolicyCallback apc,
                                    void *apc_arg, MHD_AccessHandlerCallback handler,
                                    void *handler_arg, ...)
{
    (void)flags, (void)port, (void)apc, (void)apc_arg, (void)handler, (void)handler_arg;
    return NULL;
}

static void it_does_not_start(void **state)
{
    static const struct mhd none = {.start_daemon = no_daemon};
    struct signet_error err;

    (void)state;
    set_up();
    page.mhd = &none;
    assert_int_equal(http_start(&page, &err), SIGNET_E_IO);
    page.tls = true;
    assert_int_equal(http_start(&page, &err), SIGNET_E_CERT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(which_answer), cmocka_unit_test(the_host_of_a_request),
        cmocka_unit_test(the_body_of_a_request), cmocka_unit_test(without_memory),
        cmocka_unit_test(it_does_not_start)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
