/* SPDX-License-Identifier: Apache-2.0 */
/* Any answers of a PostgreSQL server to whoever reads a ledger, and to whoever works with it. An
 * answer is a byte: rows (3 bits), columns (4 bits, 15: all), and whether it is good; a bad one has
 * its SQLSTATE and words behind it. What has no rows takes a bad answer only, and is good
 * otherwise; so is the time. A value is its length and its bytes, 255 is NULL. libpq is
 * replaced, and each look at the clock takes a tenth of a second.
 * wrap: library_load clock_ms cancel_sleep_until
 */
#include "base/base.h"
#include "clock.h"
#include "fuzz.h"

#include <libpq-fe.h>
#include <signet/ledger_read.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

extern int files_left;
int files_left = 2; /* the pair of the connection */

int __wrap_library_load(struct library *library, struct signet_error *err);

enum { COLUMNS = 15, ROWS = 7, VALUE_MAX = 254 };
struct pg_conn {
    int pair[2]; /* readable and writable at any time */
    bool bad, asked;
    const char *sql; /* NULL: to be prepared */
};
struct pg_result {
    bool good;
    char state[6], said[VALUE_MAX + 1];
    int rows;
    char values[ROWS][COLUMNS][VALUE_MAX + 1];
    bool nulls[ROWS][COLUMNS];
};
static struct pg_conn connection;
static const uint8_t *input;
static size_t left;

static uint8_t take_byte(void)
{
    if (!left)
        return 0;
    left--;
    return *input++;
}

/* Without zeros: libpq's texts end there. False: NULL. */
static bool take_text(char *out, size_t size)
{
    size_t len = take_byte();
    bool null = len > VALUE_MAX;

    for (size_t i = 0, n = 0; !null && i < len; i++) {
        uint8_t c = take_byte();

        if (c && n + 1 < size)
            out[n++] = (char)c;
    }
    return !null;
}

static PGresult *take_result(void)
{
    PGresult *r = calloc(1, sizeof(*r));
    uint8_t head = take_byte();
    int columns = head >> 3 & 15;

    require(r);
    r->good = !(head & 128);
    if (!r->good) {
        take_text(r->state, sizeof(r->state));
        take_text(r->said, sizeof(r->said));
        connection.bad = head & 1;
    }
    r->rows = r->good ? head & 7 : 0;
    for (int i = 0; i < r->rows; i++)
        for (int k = 0; k < COLUMNS; k++)
            r->nulls[i][k] = k >= columns || !take_text(r->values[i][k], VALUE_MAX + 1);
    return r;
}

static bool has_no_rows(const char *sql)
{
    return !sql || strncmp(sql, "SET", 3) == 0 || strcmp(sql, "COMMIT") == 0 ||
           strcmp(sql, "ROLLBACK") == 0;
}

static PGresult *answer(const char *sql)
{
    bool clock = sql && strstr(sql, "clock_timestamp()");
    PGresult *r;

    if ((!clock && !has_no_rows(sql)) || (left && *input & 128))
        return take_result();
    r = calloc(1, sizeof(*r));
    require(r);
    r->good = true;
    r->rows = clock;
    snprintf(r->values[0][0], VALUE_MAX + 1, "%lld", (long long)clock_wall());
    return r;
}

static PGconn *connect_start(const char *const *keywords, const char *const *values, int expand)
{
    (void)keywords, (void)values, (void)expand;
    connection.bad = connection.asked = false;
    return &connection;
}

static PostgresPollingStatusType connect_poll(PGconn *c)
{
    c->bad = left && *input == 'x'; /* it refuses */
    return c->bad ? PGRES_POLLING_FAILED : PGRES_POLLING_OK;
}

static void finish(PGconn *c)
{
    (void)c;
}

static ConnStatusType status(const PGconn *c)
{
    return c && !c->bad ? CONNECTION_OK : CONNECTION_BAD;
}

static char *error_message(const PGconn *c)
{
    (void)c;
    return (char *)(uintptr_t) "the connection\x1b[2J\tis lost\n";
}

static PQnoticeProcessor set_notice(PGconn *c, PQnoticeProcessor processor, void *arg)
{
    (void)c, (void)processor, (void)arg;
    return NULL;
}

static int get_socket(const PGconn *c)
{
    return c ? c->pair[0] : -1;
}

static int zero(PGconn *c)
{
    (void)c;
    return 0;
}

static int set_nonblocking(PGconn *c, int on)
{
    (void)c;
    return on - 1;
}

static int consume(PGconn *c)
{
    return !c->bad;
}

static int send_query(PGconn *c, const char *sql)
{
    if (!c)
        return 0;
    c->asked = true;
    c->sql = sql;
    return 1;
}

static int send_prepare(PGconn *c, const char *name, const char *sql, int count, const Oid *types)
{
    (void)name, (void)sql, (void)count, (void)types;
    return send_query(c, NULL);
}

static int send_prepared(PGconn *c, const char *name, int count, const char *const *values,
                         const int *lengths, const int *formats, int format)
{
    (void)count, (void)values, (void)lengths, (void)formats, (void)format;
    return send_query(c, name);
}

static PGresult *get_result(PGconn *c)
{
    if (!c->asked)
        return NULL;
    c->asked = false;
    return answer(c->sql);
}

static PQconninfoOption *parse_address(const char *where, char **said)
{
    static char dbname[] = "dbname", mode[] = "verify-full";
    static PQconninfoOption options[] = {{.keyword = dbname, .val = mode}, {.keyword = NULL}};

    (void)where, (void)said;
    return options;
}

static void free_address(PQconninfoOption *options)
{
    (void)options;
}

static ExecStatusType result_status(const PGresult *r)
{
    return !r ? PGRES_FATAL_ERROR : r->good ? PGRES_TUPLES_OK : PGRES_FATAL_ERROR;
}

static char *error_field(const PGresult *r, int field)
{
    return (char *)(uintptr_t)(field == PG_DIAG_SQLSTATE ? r->state : r->said);
}

/* As libpq: NULL past the columns, no value is an empty text. */
static char *value(const PGresult *r, int row, int column)
{
    require(row >= 0 && row < r->rows && column >= 0);
    return column < COLUMNS ? (char *)(uintptr_t)r->values[row][column] : NULL;
}

static int is_null(const PGresult *r, int row, int column)
{
    require(row >= 0 && row < r->rows && column >= 0);
    return column >= COLUMNS || r->nulls[row][column];
}

static int count_rows(const PGresult *r)
{
    return r->rows;
}

static char *count_changed(PGresult *r)
{
    static char text[2];

    text[0] = (char)('0' + r->rows);
    return text;
}

static void clear(PGresult *r)
{
    free(r);
}

static char *user(const PGconn *c)
{
    (void)c;
    return (char *)(uintptr_t) "anna";
}

#define FUNCTION(name, made)                                                                       \
    {                                                                                              \
        "PQ" #name, (void (*)(void))(made)                                                         \
    }
static const struct {
    const char *name;
    void (*made)(void);
} libpq[] = {
    FUNCTION(connectStartParams, connect_start),
    FUNCTION(connectPoll, connect_poll),
    FUNCTION(finish, finish),
    FUNCTION(status, status),
    FUNCTION(errorMessage, error_message),
    FUNCTION(setNoticeProcessor, set_notice),
    FUNCTION(socket, get_socket),
    FUNCTION(setnonblocking, set_nonblocking),
    FUNCTION(flush, zero),
    FUNCTION(isBusy, zero),
    FUNCTION(consumeInput, consume),
    FUNCTION(sendQuery, send_query),
    FUNCTION(sendPrepare, send_prepare),
    FUNCTION(sendQueryPrepared, send_prepared),
    FUNCTION(getResult, get_result),
    FUNCTION(conninfoParse, parse_address),
    FUNCTION(conninfoFree, free_address),
    FUNCTION(resultStatus, result_status),
    FUNCTION(resultErrorField, error_field),
    FUNCTION(getvalue, value),
    FUNCTION(getisnull, is_null),
    FUNCTION(ntuples, count_rows),
    FUNCTION(cmdTuples, count_changed),
    FUNCTION(clear, clear),
    FUNCTION(user, user),
};

int __wrap_library_load(struct library *library, struct signet_error *err)
{
    (void)err;
    require(strcmp(library->soname, "libpq.so.5") == 0);
    for (size_t i = 0; i < library->count; i++)
        for (size_t k = 0; k < sizeof(libpq) / sizeof(*libpq); k++)
            if (strcmp(library->functions[i].name, libpq[k].name) == 0)
                memcpy((char *)library->table + library->functions[i].offset, &libpq[k].made,
                       sizeof(void (*)(void)));
    return SIGNET_OK;
}

static int on_device(void *ctx, const struct signet_ledger_device *d, struct signet_error *err)
{
    (void)ctx, (void)err;
    require(d->order && d->endpoint && d->hw_id);
    return SIGNET_OK;
}

static int on_event(void *ctx, const struct signet_ledger_event *e, struct signet_error *err)
{
    (void)ctx, (void)err, (void)e;
    return SIGNET_OK;
}

static int on_delivery(void *ctx, const struct signet_ledger_delivery *d, struct signet_error *err)
{
    (void)ctx, (void)err;
    require(d->server && d->error);
    return SIGNET_OK;
}

static int on_order(void *ctx, const struct signet_ledger_order_view *o, struct signet_error *err)
{
    (void)ctx, (void)err, (void)o;
    return SIGNET_OK;
}

static int on_row(void *ctx, const struct signet_report_row *row, struct signet_error *err)
{
    struct signet_bytes json = {0};

    (void)ctx;
    int rc = signet_report_row_json(SIGNET_REPORT_BY_SHIFT, row, &json, err);
    signet_bytes_free(&json);
    return rc;
}

static int on_run(void *ctx, const struct signet_run_record *run, struct signet_error *err)
{
    (void)ctx, (void)err;
    require(run->json && run->order);
    return SIGNET_OK;
}

static void ended(int rc, struct signet_error *err)
{
    if (rc != SIGNET_OK && err->msg[0])
        require_error(err);
    *err = (struct signet_error){0};
}

static void read_ledger(struct signet_ledger *l, uint8_t which)
{
    const struct signet_report_options report = {.by = SIGNET_REPORT_BY_SHIFT};
    struct signet_error err = {0};
    int64_t events = 0;
    char head[65];

    switch (which % 7) {
    case 0:
        ended(signet_ledger_verify(l, &events, head, &err), &err);
        break;
    case 1:
        ended(signet_ledger_devices(l, &(struct signet_ledger_filter){.state = -1}, on_device, NULL,
                                    &err),
              &err);
        break;
    case 2:
        ended(signet_ledger_events(l, NULL, on_event, NULL, &err), &err);
        break;
    case 3:
        ended(signet_ledger_orders(l, on_order, NULL, &err), &err);
        break;
    case 4:
        ended(signet_ledger_report(l, &report, on_row, NULL, &err), &err);
        break;
    case 5:
        ended(signet_ledger_runs(l, &report, on_run, NULL, &err), &err);
        break;
    case 6:
        ended(signet_ledger_deliveries(l, "d1", on_delivery, NULL, &err), &err);
        break;
    }
}

/* What a station asks for a device. */
static void work(struct signet_ledger *l)
{
    struct signet_error err = {0};
    struct signet_lease lease;
    int64_t order = 0;

    ended(signet_ledger_order(l, "o", "h", 9, &order, &err), &err);
    int rc = signet_ledger_reserve(l, order, "d1", "1", &lease, &err);
    ended(rc, &err);
    if (rc != SIGNET_OK)
        return;
    ended(signet_ledger_advance(l, &lease, SIGNET_DEVICE_KEYED, NULL, &err), &err);
    ended(signet_ledger_release(l, &lease, &err), &err);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct signet_error err = {0};
    struct signet_ledger *l = NULL;

    if (size < 1)
        return 0;
    if (!connection.pair[1])
        require(socketpair(AF_UNIX, SOCK_STREAM, 0, connection.pair) == 0 &&
                write(connection.pair[1], "", 1) == 1);
    input = data + 1, left = size - 1, now = 0;
    const struct signet_ledger_options options = {.station = "A", .read_only = data[0] < 128};
    ended(signet_ledger_open(&l, "postgresql://h/x", &options, &err), &err);
    if (l && options.read_only)
        read_ledger(l, data[0]);
    else if (l)
        work(l);
    signet_ledger_close(&l);
    return 0;
}
