/* SPDX-License-Identifier: Apache-2.0 */

/* Reports, from the events alone. A line writes one event for each board ("board", of its order);
 * what was made without boards, or before there were such events, is told by the devices' own. */
#include "ledger/report.h"

#include <jansson.h>
#include <stdlib.h>

enum { SHIFT_SIZE = 128 };

/* Since when an order's boards have events. */
struct board_order {
    int64_t order, since;
};

struct report {
    const struct signet_report_options *options;
    struct report_groups *groups;
    struct board_order *orders;
    size_t order_count;
    int64_t station;        /* whose events are walked over now */
    char shift[SHIFT_SIZE]; /* of that station, at that event */
};

static int64_t until_of(const struct signet_report_options *o)
{
    return o->until ? o->until : INT64_MAX;
}

static int find_board_order(void *ctx, const struct db_rows *row, struct signet_error *err)
{
    struct report *r = ctx;

    if (list_room(r->orders, r->order_count, err) != SIGNET_OK)
        return SIGNET_E_NOMEM;
    r->orders[r->order_count++] = (struct board_order){db_int(row, 0), db_int(row, 1)};
    return SIGNET_OK;
}

static bool has_board_events(const struct report *r, int64_t order, int64_t time)
{
    for (size_t i = 0; i < r->order_count; i++)
        if (r->orders[i].order == order)
            return time >= r->orders[i].since;
    return false;
}

enum {
    COL_STATION,
    COL_SEQ,
    COL_STATION_NAME,
    COL_TIME,
    COL_KIND,
    COL_DETAIL,
    COL_OPERATOR,
    COL_ORDER,
    COL_ORDER_NAME,
    COL_SLOT,
    COL_ERROR,
    COL_BEFORE, /* the state before, of a device's event */
    COL_AGAIN,  /* it was tried or reworked before */
};

/* 4 since, 5 until, 6 order, 7 station. Shifts are followed from the first event on. */
static const char outcomes[] =
    "SELECT e.station, e.seq, s.name, e.time, e.kind, e.detail, e.operator, o.id, o.name,"
    " COALESCE(d.slot, ''), d.error_code, (SELECT p.kind FROM events p WHERE p.device = d.id"
    " AND p.n < e.n AND p.kind IN ('reserved', 'keyed', 'writing', 'written', 'verified',"
    " 'registered', 'rework') ORDER BY p.n DESC LIMIT 1), CASE WHEN EXISTS(SELECT 1 FROM events p"
    " WHERE p.device = d.id AND p.n < e.n AND p.kind IN ('retry', 'failed', 'rework'))"
    " THEN 1 ELSE 0 END"
    " FROM events e JOIN stations s ON s.id = e.station LEFT JOIN devices d ON d.id = e.device"
    " AND e.device > 0 JOIN orders o ON o.id = CASE WHEN e.device < 0 THEN -e.device"
    " ELSE d.order_id END WHERE (e.station, e.seq) > ($2, $3) AND ((e.kind IN ('board',"
    " 'verified', 'failed', 'done') AND e.time >= $4 AND e.time < $5 AND ($6 = '' OR o.name = $6))"
    " OR (e.kind = 'shift' AND e.device < 0)) AND ($7 = '' OR s.name = $7)"
    " ORDER BY e.station, e.seq LIMIT $1";

static bool is_word(const char *word, enum signet_device_state state)
{
    return strcmp(word, signet_device_state_name(state)) == 0;
}

/* A device's own event. False: it tells of no unit. */
static bool read_device_event(const struct report *r, const struct db_rows *row, struct outcome *o)
{
    const char *kind = db_text(row, COL_KIND), *before = db_text(row, COL_BEFORE);
    bool verified =
        is_word(before, SIGNET_DEVICE_VERIFIED) || is_word(before, SIGNET_DEVICE_REGISTERED);
    bool by_board = has_board_events(r, db_int(row, COL_ORDER), o->time);

    o->first_pass = !db_int(row, COL_AGAIN);
    if (is_word(kind, SIGNET_DEVICE_VERIFIED))
        return !by_board; /* OUTCOME_PASSED */
    if (is_word(kind, SIGNET_DEVICE_DONE)) {
        o->kind = OUTCOME_DONE;
        return true;
    }
    o->kind = verified ? OUTCOME_REFUSED : OUTCOME_FAILED;
    o->code = signet_code_name((enum signet_code)db_int(row, COL_ERROR));
    o->message = db_text(row, COL_DETAIL);
    return verified || !by_board;
}

static const char *text_member(const json_t *board, const char *name, const char *otherwise)
{
    const char *text = json_string_value(json_object_get(board, name));

    return text ? text : otherwise;
}

static bool read_board_event(const json_t *board, struct outcome *o)
{
    const char *verdict = text_member(board, "verdict", "");

    o->slot = text_member(board, "slot", "");
    o->shift = text_member(board, "shift", o->shift);
    o->code = text_member(board, "code", "");
    o->message = text_member(board, "message", "");
    o->seconds = json_number_value(json_object_get(board, "seconds"));
    o->first_pass = json_is_true(json_object_get(board, "first_pass"));
    o->kind = strcmp(verdict, "pass") == 0   ? OUTCOME_PASSED
              : strcmp(verdict, "fail") == 0 ? OUTCOME_FAILED
                                             : OUTCOME_MADE_BEFORE;
    return *verdict;
}

static int count_board(struct report *r, const struct db_rows *row, struct outcome *o,
                       struct signet_error *err)
{
    json_t *board = json_loads(db_text(row, COL_DETAIL), 0, NULL);
    int rc = SIGNET_OK;

    if (read_board_event(board, o))
        rc = report_groups_add(r->groups, o, err);
    json_decref(board);
    return rc;
}

/* Without servers a device may go from writing to done at once: it was verified by then. */
static int count_made(struct report *r, const struct db_rows *row, const struct outcome *done,
                      struct signet_error *err)
{
    struct outcome passed = *done;

    passed.kind = OUTCOME_PASSED;
    if (done->kind != OUTCOME_DONE || has_board_events(r, db_int(row, COL_ORDER), done->time) ||
        !is_word(db_text(row, COL_BEFORE), SIGNET_DEVICE_WRITING))
        return SIGNET_OK;
    return report_groups_add(r->groups, &passed, err);
}

static int count_event(void *ctx, const struct db_rows *row, struct signet_error *err)
{
    struct report *r = ctx;
    const char *kind = db_text(row, COL_KIND);

    if (r->station != db_int(row, COL_STATION))
        r->shift[0] = '\0';
    r->station = db_int(row, COL_STATION);
    if (strcmp(kind, "shift") == 0) {
        snprintf(r->shift, sizeof(r->shift), "%s", db_text(row, COL_DETAIL));
        return SIGNET_OK;
    }
    struct outcome o = {.time = db_int(row, COL_TIME),
                        .order = db_text(row, COL_ORDER_NAME),
                        .station = db_text(row, COL_STATION_NAME),
                        .slot = db_text(row, COL_SLOT),
                        .operator_name = db_text(row, COL_OPERATOR),
                        .shift = r->shift,
                        .code = "",
                        .message = ""};
    if (strcmp(kind, "board") == 0)
        return count_board(r, row, &o, err);
    if (!read_device_event(r, row, &o))
        return SIGNET_OK;
    int rc = report_groups_add(r->groups, &o, err);
    return rc == SIGNET_OK ? count_made(r, row, &o, err) : rc;
}

static int walk_report(struct signet_ledger *l, void *arg, struct signet_error *err)
{
    struct report *r = arg;
    const struct signet_report_options *o = r->options;
    const struct db_walk boards = {
        .sql = "SELECT o.id, min(e.time) FROM orders o JOIN events e ON e.device = -o.id"
               " AND e.kind = 'board' GROUP BY o.id",
        .row = find_board_order,
        .ctx = r};
    const struct db_walk events = {.sql = outcomes, .keys = 2, .row = count_event, .ctx = r};
    int rc = db_walk(l->db, &boards, err, "");

    return rc == SIGNET_OK ? db_walk(l->db, &events, err, "iiss", o->since, until_of(o),
                                     o->order ? o->order : "", o->station ? o->station : "")
                           : rc;
}

int signet_ledger_report(struct signet_ledger *ledger, const struct signet_report_options *given,
                         signet_report_row_each *row, void *ctx, struct signet_error *err)
{
    struct signet_report_options options;
    struct report r = {.options = &options};

    options_take(&options, given);
    int rc = report_groups_new(&r.groups, options.by, err);
    if (rc == SIGNET_OK)
        rc = store_read_once(ledger, walk_report, &r, err);
    if (rc == SIGNET_OK)
        rc = report_groups_give(r.groups, row, ctx, err);
    report_groups_free(r.groups);
    free(r.orders);
    return rc;
}

/* The reports of runs */

struct runs {
    signet_run_record_each *row;
    void *ctx;
    const struct signet_report_options *options;
};

static void read_run(const json_t *json, struct signet_run_record *run)
{
    const json_t *made = json_object_get(json, "made");

    run->passed = json_integer_value(made ? made : json_object_get(json, "passed"));
    run->failed = json_integer_value(json_object_get(json, "failed"));
    run->made_before = json_integer_value(json_object_get(json, "made_before"));
    run->done = json_integer_value(json_object_get(json, "done"));
    run->quota = json_integer_value(json_object_get(json, "quota"));
    run->seconds = json_number_value(json_object_get(json, "seconds"));
}

static int give_run(void *ctx, const struct db_rows *row, struct signet_error *err)
{
    const struct runs *r = ctx;
    struct signet_run_record run = {.order = db_text(row, 2),
                                    .station = db_text(row, 3),
                                    .operator_name = db_text(row, 4),
                                    .time = db_int(row, 5),
                                    .json = db_text(row, 6)};
    json_t *json = json_loads(run.json, 0, NULL);

    read_run(json, &run);
    json_decref(json);
    return r->row(r->ctx, &run, err);
}

static int walk_runs(struct signet_ledger *l, void *arg, struct signet_error *err)
{
    const struct runs *r = arg;
    const struct signet_report_options *o = r->options;
    const struct db_walk walk = {
        .sql = "SELECT e.device, e.n, o.name, s.name, e.operator, e.time, e.detail FROM events e"
               " JOIN stations s ON s.id = e.station JOIN orders o ON o.id = -e.device"
               " WHERE e.device < 0 AND (e.device, e.n) > ($2, $3) AND e.kind = 'run'"
               " AND e.time >= $4 AND e.time < $5 AND ($6 = '' OR o.name = $6)"
               " AND ($7 = '' OR s.name = $7) ORDER BY e.device, e.n LIMIT $1",
        .keys = 2,
        .row = give_run,
        .ctx = arg};

    return db_walk(l->db, &walk, err, "iiss", o->since, until_of(o), o->order ? o->order : "",
                   o->station ? o->station : "");
}

int signet_ledger_runs(struct signet_ledger *ledger, const struct signet_report_options *given,
                       signet_run_record_each *row, void *ctx, struct signet_error *err)
{
    struct signet_report_options options;
    struct runs r = {.row = row, .ctx = ctx, .options = &options};

    options_take(&options, given);
    return store_read_once(ledger, walk_runs, &r, err);
}
