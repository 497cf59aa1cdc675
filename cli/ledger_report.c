/* SPDX-License-Identifier: Apache-2.0 */
/* signet report: what a day, a shift, an operator, a slot came to. */
#include "ledger.h"
#include "when.h"

#include <inttypes.h>
#include <string.h>

enum form { FORM_TEXT, FORM_CSV, FORM_JSON };

struct report {
    struct signet_report_options options;
    const char *by, *since, *until, *format, *plot;
    enum form form;
    enum signet_plot picture; /* of plot */
    bool runs;
    struct signet_report_row total;
    int64_t rows;
};

static double percent(int64_t part, int64_t whole)
{
    return whole ? 100.0 * (double)part / (double)whole : 0;
}

/* "97.5%", or "-" for a group in which nothing was judged. */
static const char *share(int64_t part, int64_t whole, char out[static 16])
{
    if (whole == 0)
        return "-";
    snprintf(out, 16, "%.1f%%", percent(part, whole));
    return out;
}
#define SHARE(part, whole) share((part), (whole), (char[16]){0})

static const char *cycle(double seconds, char out[static 16])
{
    if (seconds <= 0)
        return "-";
    snprintf(out, 16, "%.1f s", seconds);
    return out;
}
#define CYCLE(seconds) cycle((seconds), (char[16]){0})

static const char *report_row_name(const struct report *r, const struct signet_report_row *row)
{
    return row->name[0] ? row->name : r->form == FORM_TEXT ? "(none)" : "";
}

static void group_text(const struct report *r, const struct signet_report_row *g)
{
    if (r->options.by == SIGNET_REPORT_BY_ERROR)
        printf("%-24s %8" PRId64 " %8" PRId64 "   %s\n", PLAIN(report_row_name(r, g)), g->failed,
               g->refused, PLAIN(g->message));
    else
        printf("%-24s %8" PRId64 " %8" PRId64 " %8s %10s %11" PRId64 " %8" PRId64 " %8" PRId64
               " %8s %8s\n",
               PLAIN(report_row_name(r, g)), g->passed, g->failed,
               SHARE(g->passed, g->passed + g->failed), SHARE(g->first_pass, g->passed + g->failed),
               g->made_before, g->refused, g->done, CYCLE(g->median), CYCLE(g->p95));
}

static void head_text(const struct report *r)
{
    if (r->options.by == SIGNET_REPORT_BY_ERROR)
        printf("%-24s %8s %8s   %s\n", "error", "failed", "refused", "the last one");
    else
        printf("%-24s %8s %8s %8s %10s %11s %8s %8s %8s %8s\n", r->by, "passed", "failed", "yield",
               "first pass", "made before", "refused", "done", "cycle", "p95");
}

static void head_csv(const struct report *r)
{
    printf("%s,passed,first_pass,failed,made_before,refused,done,cycle_median_s,cycle_p95_s,"
           "message\r\n",
           r->by);
}

static int cell_csv(const char *text, struct signet_error *err)
{
    struct signet_bytes cell = {0};
    int rc = signet_text_csv(text, &cell, err);

    if (rc == SIGNET_OK)
        fwrite(cell.data, 1, cell.len, stdout);
    signet_bytes_free(&cell);
    return rc;
}

static int group_csv(const struct signet_report_row *g, struct signet_error *err)
{
    int rc = cell_csv(g->name, err);

    if (rc != SIGNET_OK)
        return rc;
    printf(",%" PRId64 ",%" PRId64 ",%" PRId64 ",%" PRId64 ",%" PRId64 ",%" PRId64 ",%.3f,%.3f,",
           g->passed, g->first_pass, g->failed, g->made_before, g->refused, g->done, g->median,
           g->p95);
    rc = cell_csv(g->message, err);
    printf("\r\n");
    return rc;
}

static int report_row_json(const struct report *r, const struct signet_report_row *g,
                           struct signet_error *err)
{
    struct signet_bytes json = {0};
    int rc = signet_report_row_json(r->options.by, g, &json, err);

    if (rc == SIGNET_OK)
        printf("%s\n", (const char *)json.data);
    signet_bytes_free(&json);
    return rc;
}

static int one_group(void *ctx, const struct signet_report_row *g, struct signet_error *err)
{
    struct report *r = ctx;
    struct signet_report_row *t = &r->total;

    if (r->rows++ == 0 && r->form == FORM_TEXT)
        head_text(r);
    t->passed += g->passed;
    t->first_pass += g->first_pass;
    t->failed += g->failed;
    t->made_before += g->made_before;
    t->refused += g->refused;
    t->done += g->done;
    switch (r->form) {
    case FORM_TEXT:
        group_text(r, g);
        return SIGNET_OK;
    case FORM_CSV:
        return group_csv(g, err);
    case FORM_JSON:
        return report_row_json(r, g, err);
    }
    return SIGNET_OK;
}

static int print_report(struct signet_ledger *ledger, struct report *r, struct signet_error *err)
{
    if (r->form == FORM_CSV)
        head_csv(r);
    int rc = signet_ledger_report(ledger, &r->options, one_group, r, err);
    if (rc != SIGNET_OK || r->form != FORM_TEXT)
        return rc;
    r->total.name = "total";
    r->total.message = "";
    if (r->rows > 1)
        group_text(r, &r->total);
    if (r->rows == 0)
        printf("%s in that time\n",
               r->options.by == SIGNET_REPORT_BY_ERROR ? "no unit failed" : "nothing was made");
    return rc;
}

/* the reports of single runs */

static void run_text(bool first, const struct signet_run_record *run)
{
    if (first)
        printf("%-20s  %-16s %-12s %-16s %8s %8s %11s %17s %11s\n", "ended", "order", "station",
               "operator", "passed", "failed", "made before", "done", "seconds");
    printf("%-20s  %-16s %-12s %-16s %8" PRId64 " %8" PRId64 " %11" PRId64 " %8" PRId64
           " of %5" PRId64 " %11.1f\n",
           TIME(run->time), PLAIN(run->order), PLAIN(run->station),
           run->operator_name[0] ? PLAIN(run->operator_name) : "(none)", run->passed, run->failed,
           run->made_before, run->done, run->quota, run->seconds);
}

static int one_run(void *ctx, const struct signet_run_record *run, struct signet_error *err)
{
    struct report *r = ctx;

    (void)err;
    if (r->form == FORM_TEXT) {
        run_text(r->rows++ == 0, run);
        return SIGNET_OK;
    }
    json_line("run", M_TEXT("time", TIME(run->time)), M_TEXT("order", run->order),
              M_TEXT("station", run->station), M_TEXT("operator", run->operator_name),
              M_TEXT("report", run->json));
    return SIGNET_OK;
}

static int print_runs(struct signet_ledger *ledger, struct report *r, struct signet_error *err)
{
    int rc = signet_ledger_runs(ledger, &r->options, one_run, r, err);

    if (rc == SIGNET_OK && r->rows == 0 && r->form == FORM_TEXT)
        printf("no run ended in that time\n");
    return rc;
}

static int print_plot(struct signet_ledger *ledger, const struct report *r,
                      struct signet_error *err)
{
    struct signet_bytes svg = {0};
    int rc = signet_report_plot(ledger, &r->options, r->picture, &svg, err);

    if (rc == SIGNET_OK)
        fwrite(svg.data, 1, svg.len, stdout);
    signet_bytes_free(&svg);
    return rc;
}

static int print_any(struct signet_ledger *ledger, void *ctx, struct signet_error *err)
{
    struct report *r = ctx;
    int rc = ledger_find_order(ledger, r->options.order, err);

    if (rc == SIGNET_OK)
        rc = ledger_find_station(ledger, r->options.station, err);
    return rc != SIGNET_OK ? rc
           : r->plot       ? print_plot(ledger, r, err)
           : r->runs       ? print_runs(ledger, r, err)
                           : print_report(ledger, r, err);
}

/* the command line; false: a mistake, told */

static bool know_by(const struct cli *cli, struct report *r)
{
    const char *names[SIGNET_REPORT_BYS];

    r->by = r->by ? r->by : "day";
    for (int i = 0; i < SIGNET_REPORT_BYS; i++) {
        names[i] = signet_report_by_name((enum signet_report_by)i);
        r->options.by = (enum signet_report_by)i;
        if (strcmp(names[i], r->by) == 0)
            return true;
    }
    const char *near = signet_word_nearest(r->by, names, SIGNET_REPORT_BYS);
    return cli_wrong(cli, "a report is not by '%s'%s%s%s", r->by, near ? "; did you mean " : "",
                     near ? near : ": day, shift, operator, station, slot, order, error",
                     near ? "?" : "");
}

static bool know_plot(const struct cli *cli, struct report *r)
{
    static const char *const words[] = {"yield", "cycle", "errors"};

    for (int i = 0; r->plot && i < 3; i++)
        if (strcmp(words[i], r->plot) == 0) {
            r->picture = (enum signet_plot)i;
            if (!r->runs && !r->format && !cli->json)
                return true;
            return cli_wrong(cli,
                             "--plot writes a picture (SVG): take --format, --json or --runs out");
        }
    if (r->plot)
        cli_usage(cli, "there is no plot '%s': yield, cycle, errors", r->plot);
    return !r->plot;
}

static bool know_form(const struct cli *cli, struct report *r)
{
    r->form = cli->json ? FORM_JSON : FORM_TEXT;
    if (!r->format || (strcmp(r->format, "text") == 0 && !cli->json))
        return true;
    if (strcmp(r->format, "csv") == 0 && !r->runs && !cli->json) {
        r->form = FORM_CSV;
        return true;
    }
    return cli_wrong(cli, "a report is not written as '%s': text or csv, or --json%s", r->format,
                     r->runs ? "; runs as text or --json" : "");
}

static bool know_times(const struct cli *cli, struct report *r)
{
    struct signet_report_options *o = &r->options;

    if (!when_parse(cli, "since", r->since, false, &o->since) ||
        !when_parse(cli, "until", r->until, true, &o->until))
        return false;
    if (!o->since || !o->until || o->since < o->until)
        return true;
    return cli_wrong(cli, "--until is not after --since");
}

static int report_ledger(int argc, char **argv)
{
    struct cli cli = {0};
    struct report r = {.options = {.size = sizeof(r.options)}};
    const struct option_row rows[] = {
        TEXT(0, "by", "WORD",
             "day (this is the default), shift, operator, station, slot, order, error", &r.by),
        TEXT(0, "since", "TIME", WHEN_HELP, &r.since),
        TEXT(0, "until", "TIME", "The same; a day is included", &r.until),
        TEXT(0, "order", "NAME", "Of this order", &r.options.order),
        TEXT(0, "station", "NAME", "Of this station", &r.options.station),
        TEXT('f', "format", "NAME", "text, or csv (RFC 4180)", &r.format),
        TEXT(0, "plot", "NAME", "A picture (SVG) of it: yield, cycle or errors", &r.plot),
        FLAG(0, "runs", "A row for each run that ended; with --json its whole report", &r.runs),
        {0}};

    if (!cli_parse(
            &cli, argc, argv, rows, "LEDGER",
            "What was made in a time, from the ledger alone: units passed and failed, yield, "
            "first-pass yield (of all that were judged), boards made before, devices "
            "refused later and done, cycle time (median and 95th percentile).",
            1, 1) ||
        !know_by(&cli, &r) || !know_plot(&cli, &r) || !know_form(&cli, &r) || !know_times(&cli, &r))
        return EXIT_USAGE;
    when_check_zone();
    return ledger_read(&cli, print_any, &r);
}

const struct verb report_verbs[] = {{"", "what was made, by day, shift, slot ...", report_ledger},
                                    {0}};
