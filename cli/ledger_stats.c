/* SPDX-License-Identifier: Apache-2.0 */
/* signet ledger stats: orders, states, yield of each slot, errors. */
#include "ledger.h"

#include <inttypes.h>
#include <string.h>

/* Devices in work are neither good nor bad yet. */
static const char *first_pass(const struct signet_ledger_group *g, char out[static 16])
{
    if (g->ended == 0)
        return "-";
    snprintf(out, 16, "%.1f%%", 100.0 * (double)g->first_pass / (double)g->ended);
    return out;
}

struct stats {
    bool json;
    const char *order, *by;
    int64_t orders;
};

static void order_json(const struct signet_ledger_order_view *o)
{
    struct json j;

    json_event(&j, "order");
    json_put(&j, M_TEXT("order", o->name), M_INT("quota", o->quota), M_INT("issued", o->issued));
    json_states(&j, o->states);
    json_put(&j, M_TEXT("created", TIME(o->created)));
    json_end(&j);
}

static void order_text(const struct signet_ledger_order_view *o)
{
    int64_t wait = o->states[SIGNET_DEVICE_VERIFIED] + o->states[SIGNET_DEVICE_REGISTERED];

    printf("order %s, begun %s: %" PRId64 " of %" PRId64 " done", PLAIN(o->name), TIME(o->created),
           o->states[SIGNET_DEVICE_DONE], o->quota);
    if (wait)
        printf(", %s", COUNT(wait, "waits for its servers", "wait for their servers"));
    if (o->states[SIGNET_DEVICE_FAILED])
        printf(", %" PRId64 " set aside", o->states[SIGNET_DEVICE_FAILED]);
    if (o->states[SIGNET_DEVICE_VOID])
        printf(", %" PRId64 " void", o->states[SIGNET_DEVICE_VOID]);
    if (o->quota > o->issued)
        printf(", %" PRId64 " not begun", o->quota - o->issued);
    printf("\n");
}

static int count_order(void *ctx, const struct signet_ledger_order_view *o,
                       struct signet_error *err)
{
    struct stats *s = ctx;

    (void)err;
    if (s->order && strcmp(s->order, o->name) != 0)
        return SIGNET_OK;
    s->orders++;
    (s->json ? order_json : order_text)(o);
    return SIGNET_OK;
}

static void group_json(const struct signet_ledger_group *g)
{
    json_line("group", M_TEXT("by", g->by), M_TEXT("name", g->name), M_INT("devices", g->devices),
              M_INT("made", g->done), M_INT("failed", g->failed), M_INT("ended", g->ended),
              M_INT("first_pass", g->first_pass));
}

static int count_group(void *ctx, const struct signet_ledger_group *g, struct signet_error *err)
{
    struct stats *s = ctx;

    (void)err;
    if (s->json) {
        group_json(g);
        return SIGNET_OK;
    }
    if (!s->by || strcmp(s->by, g->by) != 0)
        printf("\n%-28s %8s %8s %10s %11s\n", g->by, "devices", "made", "set aside", "first pass");
    s->by = g->by;
    printf("%-28s %8" PRId64 " %8" PRId64 " %10" PRId64 " %11s\n", PLAIN(g->name), g->devices,
           g->done, g->failed, first_pass(g, (char[16]){0}));
    return SIGNET_OK;
}

static int print_stats(struct signet_ledger *ledger, void *ctx, struct signet_error *err)
{
    struct stats *s = ctx;
    int rc = signet_ledger_orders(ledger, count_order, s, err);

    if (rc == SIGNET_OK && s->order && !s->orders)
        return ledger_find_order(ledger, s->order, err);
    return rc == SIGNET_OK ? signet_ledger_stats(ledger, s->order, count_group, s, err) : rc;
}

int ledger_stats(int argc, char **argv)
{
    struct cli cli = {0};
    struct stats s = {0};
    const struct option_row rows[] = {TEXT(0, "order", "NAME", "Of this order", &s.order), {0}};

    if (!cli_parse(&cli, argc, argv, rows, "LEDGER",
                   "Counts: orders, states, what each slot made and set aside, errors.", 1, 1))
        return EXIT_USAGE;
    s.json = cli.json;
    return ledger_read(&cli, print_stats, &s);
}
