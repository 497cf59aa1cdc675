/* SPDX-License-Identifier: Apache-2.0 */
/* What the ledger has to show: all of it, or an error; and which reports there are.
 * wrap: records_get watch_ask signet_ledger_at_server signet_ledger_report signet_ledger_stations
 * wrap: signet_report_plot
 */
#include "page/private.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static int calls, fails_at; /* of the ledger; 0: none */
static enum signet_code fails_with;
static struct signet_report_options asked;
static enum signet_plot plotted;

static int ledger_call(struct signet_error *err)
{
    return ++calls == fails_at ? error_set(err, fails_with, "the ledger went away") : SIGNET_OK;
}

int __wrap_records_get(struct records *records, const char *key, int seconds, records_make *make,
                       const void *ctx, struct buf *out, struct signet_error *err);
int __wrap_records_get(struct records *records, const char *key, int seconds, records_make *make,
                       const void *ctx, struct buf *out, struct signet_error *err)
{
    (void)records;
    assert_true(seconds > 0 && key[0]);
    return make(NULL, ctx, out, err);
}

int __wrap_watch_ask(struct watch *w, const char *command, const char *argument,
                     struct signet_control_view *view, struct signet_error *err);
int __wrap_watch_ask(struct watch *w, const char *command, const char *argument,
                     struct signet_control_view *view, struct signet_error *err)
{
    (void)w, (void)argument;
    assert_string_equal(command, "status");
    view->order =
        (struct signet_order_status){.name = "o", .servers = {"a", "\"b\""}, .server_count = 2};
    return ledger_call(err);
}

int __wrap_signet_ledger_at_server(struct signet_ledger *ledger, const char *order,
                                   const char *server, int64_t *count, struct signet_error *err);
int __wrap_signet_ledger_at_server(struct signet_ledger *ledger, const char *order,
                                   const char *server, int64_t *count, struct signet_error *err)
{
    (void)ledger;
    assert_string_equal(order, "o");
    *count = server[0] == 'a' ? 3 : 0;
    return ledger_call(err);
}

int __wrap_signet_ledger_report(struct signet_ledger *ledger,
                                const struct signet_report_options *options,
                                signet_report_row_each *each, void *ctx, struct signet_error *err);
int __wrap_signet_ledger_report(struct signet_ledger *ledger,
                                const struct signet_report_options *options,
                                signet_report_row_each *each, void *ctx, struct signet_error *err)
{
    const struct signet_report_row row = {.name = "A", .message = ""};

    (void)ledger;
    asked = *options;
    int rc = each(ctx, &row, err);
    return rc == SIGNET_OK && (rc = each(ctx, &row, err)) == SIGNET_OK ? ledger_call(err) : rc;
}

int __wrap_signet_ledger_stations(struct signet_ledger *ledger, signet_ledger_station_each *each,
                                  void *ctx, struct signet_error *err);
int __wrap_signet_ledger_stations(struct signet_ledger *ledger, signet_ledger_station_each *each,
                                  void *ctx, struct signet_error *err)
{
    (void)ledger, (void)each, (void)ctx;
    return ledger_call(err);
}

int __wrap_signet_report_plot(struct signet_ledger *ledger,
                              const struct signet_report_options *options, enum signet_plot plot,
                              struct signet_bytes *svg, struct signet_error *err);
int __wrap_signet_report_plot(struct signet_ledger *ledger,
                              const struct signet_report_options *options, enum signet_plot plot,
                              struct signet_bytes *svg, struct signet_error *err)
{
    (void)ledger;
    asked = *options;
    plotted = plot;
    int rc = ledger_call(err);
    struct buf picture = {0};

    if (rc != SIGNET_OK)
        return rc;
    buf_text(&picture, "<svg/>");
    return buf_take(&picture, svg, err);
}

/* What stands behind the "?" */
static const char *by, *days, *order, *plot;

static const char *argument(struct MHD_Connection *connection, enum MHD_ValueKind kind,
                            const char *name)
{
    (void)connection;
    assert_int_equal(kind, MHD_GET_ARGUMENT_KIND);
    return strcmp(name, "by") == 0      ? by
           : strcmp(name, "days") == 0  ? days
           : strcmp(name, "order") == 0 ? order
                                        : plot;
}

static const struct mhd mhd = {.lookup_connection_value = argument};

static struct request answered(void (*answer)(struct request *r), int fail, enum signet_code with)
{
    static struct signet_page page = {.mhd = &mhd};
    struct request r = {.page = &page, .path = "/api", .status = MHD_HTTP_OK};

    calls = 0;
    fails_at = fail;
    fails_with = with;
    answer(&r);
    buf_byte(&r.answer, 0);
    return r;
}

static void all_of_it_or_an_error(void **state)
{
    static const struct {
        void (*answer)(struct request *r);
        int calls;
        const char *text; /* begins with it */
    } rows[] = {
        {answer_servers, 3,
         "{\"servers\": [{\"server\": \"a\", \"waiting\": 3}, {\"server\": \"\\\"b\\\"\", "
         "\"waiting\": 0}]}"},
        {answer_report, 1, "{\"rows\": [{"},
        {answer_plot, 1, "<svg/>"},
        {answer_stations, 2, "{\"stations\": [], \"today\": [{"},
    };

    (void)state;
    by = days = order = plot = NULL;
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        for (int fail = 0; fail <= rows[i].calls; fail++) {
            struct request r = answered(rows[i].answer, fail, SIGNET_E_LEDGER);
            const char *text = (const char *)r.answer.data;
            bool asks_run = rows[i].answer == answer_servers && fail == 1;

            if (strncmp(text, fail ? "{\"error\": {\"code\": \"" : rows[i].text,
                        strlen(fail ? "{\"error\"" : rows[i].text)) != 0)
                fail_msg("row %zu, call %d fails: %s", i, fail, text);
            assert_int_equal(r.status, !fail      ? MHD_HTTP_OK
                                       : asks_run ? MHD_HTTP_NOT_FOUND
                                                  : MHD_HTTP_SERVICE_UNAVAILABLE);
            assert_true(fail || calls == rows[i].calls);
            if (rows[i].answer == answer_plot)
                assert_string_equal(r.type, fail ? "application/json" : "image/svg+xml");
            buf_free(&r.answer);
        }
    struct request r = answered(answer_stations, 1, SIGNET_E_NOT_FOUND);
    assert_int_equal(r.status, MHD_HTTP_NOT_FOUND);
    buf_free(&r.answer);
}

static void which_reports_there_are(void **state)
{
    static char long_name[252];
    static const struct {
        const char *by, *days, *order, *plot;
        bool good;
    } rows[] = {
        {.good = true},
        {.by = "station", .days = "366", .order = "o", .plot = "errors", .good = true},
        {.by = "stations"},
        {.days = "0"},
        {.days = "367"},
        {.days = "-1"},
        {.days = "x"},
        {.plot = "pie"},
        {.order = long_name},
        {.order = long_name + 1, .good = true},
        {.order = "", .good = true},
    };

    (void)state;
    memset(long_name, 'o', 251);
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        by = rows[i].by, days = rows[i].days, order = rows[i].order, plot = rows[i].plot;
        for (int picture = 0; picture < 2; picture++) {
            struct request r = answered(picture ? answer_plot : answer_report, 0, SIGNET_OK);

            if (r.status != (rows[i].good ? MHD_HTTP_OK : MHD_HTTP_BAD_REQUEST))
                fail_msg("row %zu: %u: %s", i, r.status, (char *)r.answer.data);
            if (!rows[i].good)
                assert_non_null(strstr((char *)r.answer.data, "there is no such report"));
            assert_int_equal(calls, rows[i].good);
            buf_free(&r.answer);
        }
    }
    assert_null(asked.order); /* "" is none */
    by = "shift", days = "2", order = "o", plot = "cycle";
    struct request r = answered(answer_plot, 0, SIGNET_OK);
    assert_string_equal(signet_report_by_name(asked.by), "shift");
    assert_string_equal(asked.order, "o");
    assert_int_equal(plotted, SIGNET_PLOT_CYCLE);
    int64_t ago = clock_wall() - asked.since;
    assert_in_range(ago, 23 * 3600, 49 * 3600); /* the midnight before the last */
    buf_free(&r.answer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_of_it_or_an_error),
        cmocka_unit_test(which_reports_there_are),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
