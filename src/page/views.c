/* SPDX-License-Identifier: Apache-2.0 */
/* What the ledger has to show: servers, stations, reports and their plots. */
#include "page/private.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { SERVERS_SECONDS = 3, REPORT_SECONDS = 20, DAYS_MAX = 366 };

void answer_records(struct request *r, const char *key, int seconds, records_make *make,
                    const void *ctx)
{
    struct signet_error err = {0};
    int rc = records_get(r->page->records, key, seconds, make, ctx, &r->answer, &err);

    if (rc != SIGNET_OK)
        answer_error(
            r, rc == SIGNET_E_NOT_FOUND ? MHD_HTTP_NOT_FOUND : MHD_HTTP_SERVICE_UNAVAILABLE, &err);
}

static int view_servers(struct signet_ledger *ledger, const void *ctx, struct buf *out,
                        struct signet_error *err)
{
    const struct signet_order_status *o = ctx;
    int rc = SIGNET_OK;

    buf_text(out, "{\"servers\": [");
    for (size_t i = 0; rc == SIGNET_OK && i < o->server_count; i++) {
        int64_t count = 0;
        rc = signet_ledger_at_server(ledger, o->name, o->servers[i], &count, err);
        buf_json_object(out, NULL, J_GIVEN("server", o->servers[i]), J_INT("waiting", count));
    }
    buf_text(out, "]}");
    return rc;
}

void answer_servers(struct request *r)
{
    struct signet_control_view view = {0};
    struct signet_error err = {0};
    char key[320];

    if (watch_ask(r->page->watch, "status", NULL, &view, &err) == SIGNET_OK) {
        snprintf(key, sizeof(key), "servers %.300s", view.order.name);
        answer_records(r, key, SERVERS_SECONDS, view_servers, &view.order);
    } else {
        answer_error(r, MHD_HTTP_NOT_FOUND, &err);
    }
    signet_control_view_free(&view);
}

/* reports */

/* Midnight, so many days ago; 0: of today. */
static int64_t midnight(int days)
{
    time_t now = (time_t)clock_wall();
    struct tm tm;

    if (!localtime_r(&now, &tm))
        return 0;
    tm.tm_mday -= days;
    tm.tm_hour = tm.tm_min = tm.tm_sec = 0;
    tm.tm_isdst = -1;
    return (int64_t)mktime(&tm);
}

static int add_report_row(void *ctx, const struct signet_report_row *row, struct signet_error *err)
{
    const struct view_report *report = ctx;
    struct signet_bytes json = {0};
    int rc = signet_report_row_json(report->options.by, row, &json, err);

    if (rc == SIGNET_OK && !char_in(report->out->data[report->out->len - 1], "["))
        buf_text(report->out, ", ");
    if (rc == SIGNET_OK)
        buf_append(report->out, json.data, json.len);
    signet_bytes_free(&json);
    return rc;
}

static int view_report(struct signet_ledger *ledger, const void *ctx, struct buf *out,
                       struct signet_error *err)
{
    struct view_report report = *(const struct view_report *)ctx;

    report.out = out;
    buf_text(out, "{\"rows\": [");
    int rc = signet_ledger_report(ledger, &report.options, add_report_row, &report, err);
    buf_text(out, "]}");
    return rc;
}

static int view_plot(struct signet_ledger *ledger, const void *ctx, struct buf *out,
                     struct signet_error *err)
{
    const struct view_report *report = ctx;
    struct signet_bytes svg = {0};
    int rc = signet_report_plot(ledger, &report->options, report->plot, &svg, err);

    buf_append(out, svg.data, svg.len);
    signet_bytes_free(&svg);
    return rc;
}

static bool read_plot(const char *word, enum signet_plot *out)
{
    static const char *const words[] = {"yield", "cycle", "errors"};

    for (int i = 0; word && i < 3; i++)
        if (strcmp(words[i], word) == 0) {
            *out = (enum signet_plot)i;
            return true;
        }
    return !word;
}

/* by, days and order behind the "?"; false: answered with what is wrong. What is kept as JSON and
 * what is kept as a picture have keys of their own. */
static bool read_report(struct request *r, struct view_report *report, char key[320])
{
    const char *by = request_argument(r, "by"), *days = request_argument(r, "days");
    const char *order = request_argument(r, "order"), *plot = request_argument(r, "plot");
    long count = days ? strtol(days, NULL, 10) : 1;
    int i = 0;

    while (by && i < SIGNET_REPORT_BYS &&
           strcmp(signet_report_by_name((enum signet_report_by)i), by) != 0)
        i++;
    if (i == SIGNET_REPORT_BYS || count < 1 || count > DAYS_MAX ||
        !read_plot(plot, &report->plot) || (order && strlen(order) > 250)) {
        answer_wrong(r, "there is no such report",
                     "by=day, shift, operator, station, slot, order or error; days=1 to 366");
        return false;
    }
    report->options = (struct signet_report_options){.size = sizeof(report->options),
                                                     .by = (enum signet_report_by)i,
                                                     .order = order && *order ? order : NULL,
                                                     .since = midnight((int)count - 1)};
    snprintf(key, 320, "%s %d %d %ld %.250s", r->path, (int)report->plot, i, count,
             order ? order : "");
    return true;
}

void answer_report(struct request *r)
{
    struct view_report report = {0};
    char key[320];

    if (read_report(r, &report, key))
        answer_records(r, key, REPORT_SECONDS, view_report, &report);
}

void answer_plot(struct request *r)
{
    struct view_report report = {0};
    char key[320];

    if (!read_report(r, &report, key))
        return;
    answer_records(r, key, REPORT_SECONDS, view_plot, &report);
    if (r->status == MHD_HTTP_OK)
        r->type = "image/svg+xml";
}

/* stations */

static int view_station(void *ctx, const struct signet_ledger_station *s, struct signet_error *err)
{
    struct buf *out = ctx;

    (void)err;
    buf_json_object(out, NULL, J_GIVEN("station", s->name), J_TIME("time", s->time),
                    J_INT("seconds", clock_wall() - s->time), J_GIVEN("kind", s->kind),
                    J_GIVEN("operator", s->operator_name), J_GIVEN("order", s->order));
    return SIGNET_OK;
}

static int view_stations(struct signet_ledger *ledger, const void *ctx, struct buf *out,
                         struct signet_error *err)
{
    struct view_report today = {.options = {.size = sizeof(today.options),
                                            .by = SIGNET_REPORT_BY_STATION,
                                            .since = midnight(0)},
                                .out = out};

    (void)ctx;
    buf_text(out, "{\"stations\": [");
    int rc = signet_ledger_stations(ledger, view_station, out, err);
    buf_text(out, "], \"today\": [");
    if (rc == SIGNET_OK)
        rc = signet_ledger_report(ledger, &today.options, add_report_row, &today, err);
    buf_text(out, "]}");
    return rc;
}

void answer_stations(struct request *r)
{
    answer_records(r, "stations", REPORT_SECONDS, view_stations, NULL);
}
