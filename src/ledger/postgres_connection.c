/* SPDX-License-Identifier: Apache-2.0 */

/* The connection to PostgreSQL: what is said over it, what its errors mean for a ledger, and how it
 * is made again. */
#include "ledger/postgres_connection.h"

#include <linux/tcp.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

/* How long a connection may take to come; an answer, which is longer than a statement may take; and
 * an answer after the caller wants to end. When a silent server is told, and told again. */
enum {
    CONNECT_MS = 10000,
    ANSWER_MS = 130000,
    STOP_MS = 1000,
    LOOK_MS = 200,
    SILENT_MS = 10000,
    TELL_AGAIN_MS = 30000
};

/* A ledger's answers are pages: none is near that. */
enum { ANSWER_MAX = 256 * 1024 * 1024 };

int libpq_load(const struct libpq **out, struct signet_error *err)
{
#define LIBPQ_ROW(name) {"PQ" #name, offsetof(struct libpq, name)},
    static const struct library_function functions[] = {LIBPQ_FUNCTIONS(LIBPQ_ROW)};
    static struct libpq table;
    static struct library library = {.soname = "libpq.so.5",
                                     .functions = functions,
                                     .count = COUNT_OF(functions),
                                     .table = &table,
                                     .missing = "libpq.so.5 cannot be loaded",
                                     .install = "install Debian's package libpq5"};

    *out = &table;
    return library_load(&library, err);
}

/* The server's words on one line, without a trailing blank. */
enum { SAID_MAX = 256 + SECRET_BEHIND };

static void one_line(const char *from, char out[static SAID_MAX])
{
    size_t n = 0;

    for (; *from && n < SAID_MAX - 1; from++)
        out[n++] = *from == '\n' || *from == '\t' ? ' ' : *from;
    while (n > 0 && out[n - 1] == ' ')
        n--;
    out[n] = '\0';
}

/* Of a role in the database (packaging/postgresql/roles.sql), or of no role at all. */
static int refuse_right(struct station *s, const char *said, struct signet_error *err)
{
    const char *user = s->pq->user(s->conn);

    return error_set_hint(err, SIGNET_E_LEDGER,
                          "a supervisor may: the roles signet_auditor, signet_operator and "
                          "signet_supervisor are in roles.sql, and the database's owner gives them",
                          "the database user '%s' has no right to do this in the ledger (%s)",
                          user ? user : "", said);
}

/* result is NULL or bad. */
static int failed(struct station *s, PGresult *result, struct signet_error *err)
{
    const char *state = result ? s->pq->resultErrorField(result, PG_DIAG_SQLSTATE) : NULL;
    const char *said = result ? s->pq->resultErrorField(result, PG_DIAG_MESSAGE_PRIMARY) : NULL;
    char text[SAID_MAX];

    if (!state || s->pq->status(s->conn) != CONNECTION_OK || strncmp(state, "08", 2) == 0 ||
        strncmp(state, "57P", 3) == 0) { /* shut down, terminated, starting up */
        one_line(s->pq->errorMessage(s->conn), text);
        s->base.again = true;
        return error_set_hint(err, SIGNET_E_LEDGER,
                              "nothing is lost; start again when the server is there",
                              "the ledger's database server is away: %s", text);
    }
    one_line(said ? said : s->pq->errorMessage(s->conn), text);
    if (strcmp(state, "42501") == 0)
        return refuse_right(s, text, err);
    if (strcmp(state, "23505") == 0)
        return error_set(err, SIGNET_E_CONFLICT, "%s", text);
    if (strncmp(state, "40", 2) == 0 || strcmp(state, "55P03") == 0) {
        s->base.again = true; /* a deadlock, or a lock that did not come */
        return error_set(err, SIGNET_E_IO, "the ledger is locked: %s", text);
    }
    if (strncmp(state, "53", 2) == 0 || strncmp(state, "58", 2) == 0)
        return error_set_hint(
            err, SIGNET_E_IO,
            "free or repair the database server; what was recorded before is kept",
            "the ledger's disk: %s", text);
    return error_set(err, SIGNET_E_LEDGER, "the ledger: %s (SQLSTATE %s)", text, state);
}

/* A server that is there and says nothing is worse than one that is away: nobody would know. */
static void tell_silence(struct station *s)
{
    int64_t now = clock_ms();

    if (!s->silence.since)
        s->silence = (struct silence){.since = now, .tell_at = now + SILENT_MS};
    if (now < s->silence.tell_at)
        return;
    event_note(s->watch.observer,
               "nothing is lost; the run goes on when it answers, and Ctrl-C ends it",
               "the ledger's database server has not answered for %lld s: %s",
               (long long)(now - s->silence.since) / 1000, s->where);
    s->silence.tell_at = now + TELL_AGAIN_MS;
}

static int give_server_up(struct station *s, struct signet_error *err)
{
    s->given_up = true;
    s->base.again = false;
    return error_set(err, SIGNET_E_CANCELLED,
                     "stopped while the ledger's database server was silent");
}

/* Until the connection can be read or written. SIGNET_E_TIMEOUT, without a message: it was silent
 * until `end`; SIGNET_E_CANCELLED: it is silent, and the caller wants to end. */
static int wait_for_server(struct station *s, short events, int64_t end, struct signet_error *err)
{
    int64_t stop = INT64_MAX;

    for (;;) {
        bool fired = signet_cancel_fired(s->watch.cancel);
        struct pollfd fds[] = {{.fd = s->pq->socket(s->conn), .events = events},
                               {.fd = fired ? -1 : cancel_fd(s->watch.cancel), .events = POLLIN}};
        if (poll(fds, 2, LOOK_MS) > 0 && fds[0].revents)
            return clock_ms() < end ? SIGNET_OK : SIGNET_E_TIMEOUT; /* it may send without end */
        tell_silence(s);
        if (fired && stop == INT64_MAX)
            stop = clock_ms() + STOP_MS;
        if (clock_ms() >= stop)
            return give_server_up(s, err);
        if (clock_ms() >= end)
            return SIGNET_E_TIMEOUT;
    }
}

/* libpq would take what comes until memory is full. Over TCP it is counted; at a Unix socket is
 * this machine's own server. */
static uint64_t received(const struct station *s)
{
    struct tcp_info info = {0};
    socklen_t len = sizeof(info);

    return getsockopt(s->pq->socket(s->conn), IPPROTO_TCP, TCP_INFO, &info, &len) == 0
               ? info.tcpi_bytes_received
               : 0;
}

static int postgres_strange(const char *what, struct signet_error *err)
{
    return error_set_hint(err, SIGNET_E_LEDGER, "is the ledger's address right?",
                          "the ledger's database server gave an answer that none has: %s", what);
}

/* What is left to be sent goes out, and an answer comes in. */
static int await_server(struct station *s, uint64_t begun, int64_t end, struct signet_error *err)
{
    int rc = SIGNET_OK;

    while (rc == SIGNET_OK && s->pq->flush(s->conn) > 0) {
        rc = wait_for_server(s, POLLIN | POLLOUT, end, err);
        if (rc == SIGNET_OK && !s->pq->consumeInput(s->conn))
            return SIGNET_OK; /* it is lost: getResult() says so */
    }
    while (rc == SIGNET_OK && s->pq->isBusy(s->conn)) {
        rc = wait_for_server(s, POLLIN, end, err);
        if (rc == SIGNET_OK && !s->pq->consumeInput(s->conn))
            return SIGNET_OK;
        if (rc == SIGNET_OK && received(s) > begun + ANSWER_MAX)
            rc = postgres_strange("more than 256 MiB", err);
    }
    return rc;
}

/* The last of the answers to what was sent, which may be several statements. */
static int last_answer(struct station *s, PGresult **last, struct signet_error *err)
{
    int64_t end = clock_ms() + ANSWER_MS;
    uint64_t begun = received(s);

    for (;;) {
        int rc = await_server(s, begun, end, err);
        PGresult *next = rc == SIGNET_OK ? s->pq->getResult(s->conn) : NULL;

        if (!next)
            return rc;
        s->pq->clear(*last);
        *last = next;
        ExecStatusType status = s->pq->resultStatus(next);
        if (status == PGRES_COPY_OUT || status == PGRES_COPY_IN || status == PGRES_COPY_BOTH)
            return postgres_strange("a COPY", err); /* libpq gives it again and again */
    }
}

/* A connection over which no answer came is of no use any more. */
static int drop_connection(struct station *s, int rc, struct signet_error *err)
{
    s->pq->finish(s->conn);
    s->conn = NULL;
    if (rc != SIGNET_E_TIMEOUT)
        return rc;
    s->base.again = true;
    return error_set_hint(err, SIGNET_E_LEDGER,
                          "nothing is lost; start again when the server answers",
                          "the ledger's database server does not answer");
}

int postgres_answer(struct station *s, int sent, PGresult **out, struct signet_error *err)
{
    PGresult *result = NULL;
    int rc = sent ? last_answer(s, &result, err) : SIGNET_OK;

    if (rc != SIGNET_OK) {
        s->pq->clear(result);
        return drop_connection(s, rc, err);
    }
    ExecStatusType status = s->pq->resultStatus(result);
    bool good = status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK;
    rc = good ? SIGNET_OK : failed(s, result, err);
    if (good) /* a connection that is lost is silence, too */
        s->silence.since = 0;
    if (good && out)
        *out = result;
    else
        s->pq->clear(result);
    return rc;
}

int postgres_run(struct station *s, const char *sql, PGresult **out, struct signet_error *err)
{
    return postgres_answer(s, s->pq->sendQuery(s->conn, sql), out, err);
}

int postgres_number(struct station *s, const char *sql, int64_t *out, struct signet_error *err)
{
    PGresult *result = NULL;
    int rc = postgres_run(s, sql, &result, err);

    if (rc != SIGNET_OK)
        return rc;
    int rows = s->pq->ntuples(result);
    const char *value = rows ? s->pq->getvalue(result, 0, 0) : "0";

    if (value)
        *out = strtoll(value, NULL, 10);
    else
        rc = postgres_strange("a row without columns", err);
    s->pq->clear(result);
    return rc;
}

/* libpq would print them. */
static void ignore_notice(void *arg, const char *text)
{
    (void)arg;
    (void)text;
}

/* The part of a list with commas; the last one stands for those that are not there. An empty one
 * would leave the whole list in force. */
static const char *part_of(const char *list, size_t which, const char *empty, char out[256])
{
    while (list && which-- && strchr(list, ','))
        list = strchr(list, ',') + 1;
    size_t len = list ? strcspn(list, ",") : 0;
    snprintf(out, 256, "%.*s", (int)(len ? len : strlen(empty)), len ? list : empty);
    return list ? out : NULL;
}

static size_t count_hosts(const struct station *s)
{
    size_t count = 1;

    for (const char *at = s->hosts; at && (at = strchr(at, ',')); at++)
        count++;
    return count;
}

/* libpq, when it is not to block, would give the first host all of the time. */
static PGconn *start_connection(const struct station *s, size_t host)
{
    char name[256], port[256];
    /* What stands before dbname is for an address that does not say it. */
    const char *const keywords[] = {"sslmode",
                                    "dbname",
                                    "application_name",
                                    "client_encoding",
                                    "keepalives_idle",
                                    "keepalives_interval",
                                    "tcp_user_timeout",
                                    s->hosts ? "host" : NULL,
                                    s->ports ? "port" : NULL,
                                    NULL};
    const char *const values[] = {"verify-full",
                                  s->where,
                                  "signet",
                                  "UTF8",
                                  "10",
                                  "5",
                                  "20000",
                                  part_of(s->hosts, host, "", name),
                                  part_of(s->ports, host, "5432", port),
                                  NULL};

    return s->pq->connectStartParams(keywords, values, 1);
}

static int await_connection(struct station *s, struct signet_error *err)
{
    PostgresPollingStatusType next = PGRES_POLLING_WRITING;
    int64_t end = clock_ms() + CONNECT_MS;
    int rc = SIGNET_OK;

    while (rc == SIGNET_OK && s->pq->status(s->conn) != CONNECTION_BAD &&
           (next == PGRES_POLLING_READING || next == PGRES_POLLING_WRITING)) {
        rc = wait_for_server(s, next == PGRES_POLLING_READING ? POLLIN : POLLOUT, end, err);
        if (rc == SIGNET_OK)
            next = s->pq->connectPoll(s->conn);
    }
    return rc;
}

static const char tls_hint[] = "over TCP the server must prove who it is: ?sslrootcert=FILE in the "
                               "address, or ~/.postgresql/root.crt; ?sslmode=disable sends all in "
                               "clear";
static const char address_hint[] = "are host and port of the address right?";
static const char pgpass_hint[] =
    "~/.pgpass (mode 0600) has a line HOST:PORT:DATABASE:USER:PASSWORD";
static const char many_hint[] = "each station needs one connection: raise max_connections, or end "
                                "others";
/* What libpq says, what it means (NULL: the server's own words are shown), and what to do. */
static const struct {
    const char *said, *means, *hint;
} refusals[] = {
    {"Connection refused", "nobody listens at its address",
     "is it running, and are host and port of the address right?"},
    {"accepting connections on that socket", "nobody listens at its socket",
     "is it running here? Else the address has a host: postgresql://HOST/DATABASE"},
    {"not translate host name", "there is no such host", address_hint},
    {"invalid port", NULL, address_hint},
    {"invalid sslmode", NULL, "such as sslmode=verify-full, which is also what holds without it"},
    {"for connection option \"port\"", "the port in its address is no number", address_hint},
    {"does not support SSL", "it does not speak TLS", tls_hint},
    {"root certificate", NULL, tls_hint},
    {"certificate verify failed", "its certificate is of no authority that is trusted here",
     tls_hint},
    {"does not match host name", NULL, "write the host as the server's certificate has it"},
    {"no password supplied", "it asks for a password", pgpass_hint},
    {"password", NULL, pgpass_hint},
    {"pg_hba.conf", NULL, "whoever runs the server lets this user in from here: pg_hba.conf"},
    {"role \"", NULL, "USER@ in the address names the user; whoever runs the server makes one"},
    {"database \"", NULL, "the address ends with /DATABASE; whoever runs the server makes one"},
    {"too many", NULL, many_hint},
    {"remaining connection", NULL, many_hint},
    {"", NULL, "is it running, and does ~/.pgpass have the password?"},
};

static int refuse_connection(struct station *s, int rc, struct signet_error *err)
{
    char text[SAID_MAX] = "it does not answer";
    size_t i = 0;

    if (rc == SIGNET_E_CANCELLED)
        return rc;
    if (rc != SIGNET_E_TIMEOUT)
        one_line(s->pq->errorMessage(s->conn), text);
    s->base.again = true;
    while (!strstr(text, refusals[i].said))
        i++;
    const char *own = strstr(text, "FATAL: "), *failed = strstr(text, " failed: ");
    /* behind the address, which stands in front anyhow */
    own = own                                                    ? own + strlen("FATAL: ")
          : failed && !strncmp(text, "connection to server", 20) ? failed + strlen(" failed: ")
                                                                 : text;
    return error_set_hint(err, SIGNET_E_NET, refusals[i].hint,
                          "cannot reach the database server: %s",
                          refusals[i].means ? refusals[i].means : own + strspn(own, " "));
}

static int connect_host(struct station *s, size_t host, struct signet_error *err)
{
    static const char settings[] =
        "SET synchronous_commit = on; SET lock_timeout = '20s'; SET statement_timeout = '120s';"
        "SET idle_in_transaction_session_timeout = '60s'; SET client_min_messages = warning;"
        "SET default_transaction_isolation = 'read committed';"
        /* A change finds its few rows by an index in the order of that index. The planner, which
         * does not know how few are wanted, would read and sort all that wait. What is off costs so
         * much in its eyes that it would compile each statement to machine code. */
        "SET enable_seqscan = off; SET enable_sort = off; SET enable_bitmapscan = off;"
        "SET enable_hashjoin = off; SET enable_mergejoin = off; SET jit = off";

    if (s->conn)
        s->pq->finish(s->conn);
    s->base.count = 0;
    s->conn = start_connection(s, host);
    if (!s->conn)
        return error_nomem(err);
    int rc = await_connection(s, err);
    if (rc != SIGNET_OK || s->pq->status(s->conn) != CONNECTION_OK) {
        rc = refuse_connection(s, rc, err);
        s->pq->finish(s->conn);
        s->conn = NULL;
        return rc;
    }
    s->pq->setNoticeProcessor(s->conn, ignore_notice, NULL);
    s->pq->setnonblocking(s->conn, 1);
    return postgres_run(s, settings, NULL, err);
}

int postgres_connect(struct station *s, struct signet_error *err)
{
    int rc = SIGNET_E_NET;

    if (s->given_up)
        return give_server_up(s, err);
    for (size_t i = 0; rc != SIGNET_OK && rc != SIGNET_E_NOMEM && i < count_hosts(s); i++) {
        rc = connect_host(s, i, err);
        if (s->given_up)
            return rc;
    }
    return rc;
}

int postgres_reconnect(struct station *s, struct signet_error *err)
{
    int64_t end = clock_ms() + RECONNECT_MS;
    int rc = postgres_connect(s, err);

    while (rc != SIGNET_OK && rc != SIGNET_E_NOMEM && !s->given_up && clock_ms() < end) {
        tell_silence(s);
        if (signet_cancel_fired(s->watch.cancel))
            return give_server_up(s, err);
        cancel_sleep_until(s->watch.cancel, clock_ms() + PAUSE_MS, NULL);
        rc = postgres_connect(s, err);
    }
    s->base.again = rc != SIGNET_OK && !s->given_up;
    if (rc == SIGNET_E_NET)
        rc = error_set(err, SIGNET_E_LEDGER, "the ledger's database server stayed away for %d s",
                       RECONNECT_MS / 1000);
    return rc;
}
