/* SPDX-License-Identifier: Apache-2.0 */
/* Requests and answers. Every answer says that nothing of another place may be loaded, and that it
 * is not kept. */
#include "page/listen.h"
#include "page/private.h"

#include <stdlib.h>

enum { IDLE_SECONDS = 20, STACK_SIZE = 1024 * 1024, POOL_SIZE = 16 * 1024 };

#define POLICY                                                                                     \
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self';" \
    " base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

/* Who may have it. */
enum need { NEED_NOTHING, NEED_READ, NEED_CHANGE };

static const struct route {
    const char *method, *path;
    enum need need;
    bool metrics; /* of /metrics alone */
    void (*answer)(struct request *r);
} routes[] = {
    {"GET", "/metrics", NEED_READ, true, answer_metrics},
    {"GET", "/api/session", NEED_NOTHING, false, answer_session},
    {"POST", "/api/login", NEED_NOTHING, false, answer_login},
    {"POST", "/api/logout", NEED_NOTHING, false, answer_logout},
    {"GET", "/api/status", NEED_READ, false, answer_status},
    {"GET", "/api/servers", NEED_READ, false, answer_servers},
    {"GET", "/api/stations", NEED_READ, false, answer_stations},
    {"GET", "/api/report", NEED_READ, false, answer_report},
    {"GET", "/api/device", NEED_READ, false, answer_device},
    {"GET", "/plot.svg", NEED_READ, false, answer_plot},
    {"POST", "/api/line", NEED_CHANGE, false, answer_line},
};

static void refuse(struct request *r, unsigned status, enum signet_code code, const char *what,
                   const char *hint)
{
    struct signet_error why = {0};

    error_set_hint(&why, code, hint, "%s", what);
    answer_error(r, status, &why);
}

static void refuse_stranger(struct request *r)
{
    refuse(r, MHD_HTTP_UNAUTHORIZED, SIGNET_E_AUTH, "log in first",
           strcmp(r->path, "/metrics") == 0
               ? "name and password of a login of the page, by HTTP Basic"
               : "by the button of the page; a program: POST /api/login");
}

/* who asks */

static enum MHD_Result count_host(void *count, enum MHD_ValueKind kind, const char *name,
                                  const char *value)
{
    (void)kind, (void)value;
    *(unsigned *)count += strcasecmp(name, "Host") == 0;
    return MHD_YES;
}

/* RFC 9112, 3.2: no host, or a second one, which somebody in between may have looked at. */
static bool has_one_host(const struct request *r, const char *version)
{
    unsigned count = 0;

    r->page->mhd->get_connection_values(r->connection, MHD_HEADER_KIND, count_host, &count);
    return count == 1 || (count == 0 && strcmp(version, MHD_HTTP_VERSION_1_1) != 0);
}

/* A name that leads here may belong to a foreign page (DNS rebinding); with TLS the browser has
 * compared it with the certificate. */
static bool host_is_right(const struct request *r)
{
    return r->page->tls || listen_host_is_local(request_header(r, "Host"));
}

/* A form of a foreign page cannot send this header. */
static bool may_change(const struct request *r)
{
    const char *token = request_header(r, "X-Signet-Token");

    return r->page->logins &&
           login_session(r->page->logins, request_header(r, "Cookie"), token ? token : "");
}

static bool may(const struct request *r, const struct route *route)
{
    switch (route->need) {
    case NEED_NOTHING:
        return true;
    case NEED_READ:
        return request_may_read(r) ||
               (route->metrics && login_basic(r->page->logins, request_header(r, "Authorization")));
    case NEED_CHANGE:
        return may_change(r);
    }
    return false;
}

/* answers */

static void add_headers(const struct request *r, struct MHD_Response *response)
{
    const struct mhd *mhd = r->page->mhd;
    const char *const headers[][2] = {
        {"Content-Type", r->type},           {"Cache-Control", "no-store"},
        {"Content-Security-Policy", POLICY}, {"X-Content-Type-Options", "nosniff"},
        {"Referrer-Policy", "no-referrer"},  {"Cross-Origin-Resource-Policy", "same-origin"},
        {"X-Frame-Options", "DENY"}};

    for (size_t i = 0; i < COUNT_OF(headers); i++)
        mhd->add_response_header(response, headers[i][0], headers[i][1]);
    if (r->cookie[0])
        mhd->add_response_header(response, "Set-Cookie", r->cookie);
    if (r->status == MHD_HTTP_UNAUTHORIZED && strcmp(r->path, "/metrics") == 0)
        mhd->add_response_header(response, "WWW-Authenticate", "Basic realm=\"signet\"");
}

static enum MHD_Result send_response(const struct request *r, struct MHD_Response *response)
{
    if (!response)
        return MHD_NO;
    add_headers(r, response);
    enum MHD_Result sent = r->page->mhd->queue_response(r->connection, r->status, response);
    r->page->mhd->destroy_response(response);
    return sent;
}

static enum MHD_Result send_file(struct request *r, const struct page_file *file)
{
    const char *dot = strrchr(file->name, '.');

    r->type = strcmp(dot, ".html") == 0  ? "text/html; charset=utf-8"
              : strcmp(dot, ".css") == 0 ? "text/css; charset=utf-8"
              : strcmp(dot, ".svg") == 0 ? "image/svg+xml"
                                         : "text/javascript; charset=utf-8";
    return send_response(r, r->page->mhd->create_response_from_buffer(file->len, (void *)file->data,
                                                                      MHD_RESPMEM_PERSISTENT));
}

static enum MHD_Result send_text(struct request *r)
{
    if (r->answer.failed || !r->answer.data)
        return MHD_NO;
    return send_response(r, r->page->mhd->create_response_from_buffer(r->answer.len, r->answer.data,
                                                                      MHD_RESPMEM_MUST_COPY));
}

static enum MHD_Result send_events(struct request *r)
{
    bool may_read = request_may_read(r);
    struct MHD_Response *response = may_read ? events_open(r) : NULL;

    r->type = "text/event-stream";
    if (response) {
        connections_keep(r->page, r->connection);
        return send_response(r, response);
    }
    if (may_read)
        refuse(r, MHD_HTTP_SERVICE_UNAVAILABLE, SIGNET_E_BUSY, "too many viewers",
               "close the page where nobody looks at it");
    else
        refuse_stranger(r);
    return send_text(r);
}

static const struct page_file *find_file(const char *path)
{
    const char *wanted = strcmp(path, "/") == 0 ? "/page.html" : path;

    for (const struct page_file *f = page_files; f->name; f++)
        if (strcmp(f->name, wanted) == 0)
            return f;
    return NULL;
}

/* NULL: none; *other: the path is there, with another method. */
static const struct route *find_route(const struct request *r, const char *method, bool *other)
{
    for (size_t i = 0; i < COUNT_OF(routes); i++) {
        bool served = routes[i].metrics ? r->page->metrics : !r->page->only_metrics;
        if (!served || strcmp(routes[i].path, r->path) != 0)
            continue;
        if (strcmp(routes[i].method, method) == 0)
            return &routes[i];
        *other = true;
    }
    return NULL;
}

static enum MHD_Result run_route(struct request *r, const struct route *route)
{
    if (!may(r, route))
        refuse_stranger(r);
    else if (strcmp(route->method, "POST") == 0 && !request_header(r, "X-Signet-Token"))
        refuse(r, MHD_HTTP_FORBIDDEN, SIGNET_E_AUTH, "the header X-Signet-Token is missing",
               "send the token of GET /api/session; before a login any text");
    else if (r->body.failed)
        refuse(r, MHD_HTTP_CONTENT_TOO_LARGE, SIGNET_E_LIMIT, "the request is too long",
               "its body has at most 1024 bytes");
    else if (r->body.len && memchr(r->body.data, 0, r->body.len)) /* lines of text are read below */
        refuse(r, MHD_HTTP_BAD_REQUEST, SIGNET_E_USAGE, "there is a zero byte in the request",
               "send lines of text");
    else
        route->answer(r);
    return send_text(r);
}

static enum MHD_Result serve(struct request *r, const char *method, const char *version)
{
    const struct page_file *file = r->page->only_metrics ? NULL : find_file(r->path);
    bool other = false, get = strcmp(method, "GET") == 0;
    const struct route *route = find_route(r, method, &other);

    r->status = MHD_HTTP_OK;
    r->type = "application/json";
    if (!has_one_host(r, version))
        refuse(r, MHD_HTTP_BAD_REQUEST, SIGNET_E_USAGE, "a request has one header Host",
               "with host and port of the page's address");
    else if (!host_is_right(r))
        refuse(r, MHD_HTTP_MISDIRECTED_REQUEST, SIGNET_E_AUTH,
               "the page is not called by that name", "use its address, or localhost");
    else if (route)
        return run_route(r, route);
    else if (get && file)
        return send_file(r, file);
    else if (get && strcmp(r->path, "/events") == 0 && !r->page->only_metrics)
        return send_events(r);
    else if (file || other)
        refuse(r, MHD_HTTP_METHOD_NOT_ALLOWED, SIGNET_E_USAGE, "not with this method",
               other ? get ? "send a POST" : "send a GET" : "files of the page are for GET");
    else
        refuse(r, MHD_HTTP_NOT_FOUND, SIGNET_E_NOT_FOUND, "there is no such page",
               r->page->only_metrics ? "here is /metrics alone" : "the page begins at /");
    return send_text(r);
}

/* for libmicrohttpd */

static enum MHD_Result http_on_request(void *arg, struct MHD_Connection *connection,
                                       const char *path, const char *method, const char *version,
                                       const char *data, size_t *len, void **state)
{
    struct request *r = *state;

    if (!r) {
        *state = r = calloc(1, sizeof(*r));
        if (!r)
            return MHD_NO;
        *r = (struct request){.page = arg, .connection = connection};
        r->body.max = REQUEST_BODY_MAX;
        return MHD_YES;
    }
    if (*len > 0) {
        r->received += *len;
        if (r->received > REQUEST_RECEIVED_MAX)
            return MHD_NO; /* no answer: who sends so much does not listen */
        buf_append(&r->body, data, *len);
        *len = 0;
        return MHD_YES;
    }
    r->path = path;
    connections_answer(r->page, connection, true);
    return serve(r, method, version);
}

static void on_completed(void *arg, struct MHD_Connection *connection, void **state,
                         enum MHD_RequestTerminationCode how)
{
    struct request *r = *state;

    (void)how;
    if (!r)
        return;
    connections_answer(arg, connection, false);
    buf_free(&r->body);
    buf_free(&r->answer);
    free(r);
    *state = NULL;
}

/* What a browser did wrong is nobody's business here. */
__attribute__((format(printf, 2, 0))) static void say_nothing(void *arg, const char *fmt,
                                                              va_list args)
{
    (void)arg, (void)fmt, (void)args;
}

int http_start(struct signet_page *p, struct signet_error *err)
{
    unsigned flags = MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_THREAD_PER_CONNECTION |
                     MHD_USE_POLL | MHD_USE_ERROR_LOG | MHD_USE_ITC | (p->tls ? MHD_USE_TLS : 0);
    struct MHD_OptionItem options[] = {
        {MHD_OPTION_EXTERNAL_LOGGER, (intptr_t)say_nothing, NULL},
        {MHD_OPTION_LISTEN_SOCKET, p->socket, NULL},
        {MHD_OPTION_CONNECTION_LIMIT, CONNECTIONS_MAX + CONNECTIONS_ENDING, NULL},
        {MHD_OPTION_NOTIFY_CONNECTION, (intptr_t)connections_notify, p},
        {MHD_OPTION_CONNECTION_TIMEOUT, IDLE_SECONDS, NULL},
        {MHD_OPTION_CONNECTION_MEMORY_LIMIT, POOL_SIZE, NULL},
        {MHD_OPTION_THREAD_STACK_SIZE, STACK_SIZE, NULL},
        {MHD_OPTION_NOTIFY_COMPLETED, (intptr_t)on_completed, p},
        {p->tls ? MHD_OPTION_HTTPS_MEM_CERT : MHD_OPTION_END, 0, p->cert.data},
        {MHD_OPTION_HTTPS_MEM_KEY, 0, p->key.data},
        {MHD_OPTION_HTTPS_PRIORITIES, 0, "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2"},
        {MHD_OPTION_END, 0, NULL}};

    p->daemon = p->mhd->start_daemon(flags, 0, NULL, NULL, http_on_request, p, MHD_OPTION_ARRAY,
                                     options, MHD_OPTION_END);
    if (p->daemon)
        return SIGNET_OK;
    return p->tls ? error_set_hint(err, SIGNET_E_CERT, "compare the fingerprints of both keys",
                                   "the page's key and certificate are not PEM, or do not belong "
                                   "together")
                  : error_set(err, SIGNET_E_IO, "the page's HTTP server does not start");
}
