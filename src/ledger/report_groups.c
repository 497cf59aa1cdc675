/* SPDX-License-Identifier: Apache-2.0 */
#include "ledger/report.h"

#include <stdlib.h>
#include <time.h>

enum { GROUPS_MAX = 4096 };

struct group {
    char *name, *message;
    struct signet_report_row counts;
    struct cycle_time *cycles; /* of passed boards; NULL: none yet */
};

struct report_groups {
    enum signet_report_by by;
    struct group *list;
    size_t count, last; /* last: the one that was found last */
    struct buf name;
};

#define WORD(name, word) word,
static const char *const words[] = {SIGNET_REPORT_BY_TABLE(WORD)};
_Static_assert(COUNT_OF(words) == SIGNET_REPORT_BYS, "a group is not counted");

const char *signet_report_by_name(enum signet_report_by by)
{
    return (unsigned)by < SIGNET_REPORT_BYS ? words[by] : "?";
}

int report_groups_new(struct report_groups **out, enum signet_report_by by,
                      struct signet_error *err)
{
    struct report_groups *g;

    if ((unsigned)by >= SIGNET_REPORT_BYS)
        return error_set(err, SIGNET_E_USAGE, "a report has no such groups");
    g = calloc(1, sizeof(*g));
    if (!g)
        return error_nomem(err);
    g->by = by;
    *out = g;
    return SIGNET_OK;
}

void report_groups_free(struct report_groups *g)
{
    if (!g)
        return;
    for (size_t i = 0; i < g->count; i++) {
        free(g->list[i].name);
        free(g->list[i].message);
        free(g->list[i].cycles);
    }
    free(g->list);
    buf_free(&g->name);
    free(g);
}

/* Days are those of the people at the line. */
static void put_day(struct buf *out, int64_t seconds)
{
    time_t at = (time_t)seconds;
    struct tm tm;

    if (localtime_r(&at, &tm))
        buf_printf(out, "%04d-%02d-%02d", tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday);
}

static int name_group(struct report_groups *g, const struct outcome *o, struct signet_error *err)
{
    buf_reset(&g->name);
    switch (g->by) {
    case SIGNET_REPORT_BY_DAY:
        put_day(&g->name, o->time);
        break;
    case SIGNET_REPORT_BY_SHIFT:
        buf_text(&g->name, o->shift);
        break;
    case SIGNET_REPORT_BY_OPERATOR:
        buf_text(&g->name, o->operator_name);
        break;
    case SIGNET_REPORT_BY_STATION:
        buf_text(&g->name, o->station);
        break;
    case SIGNET_REPORT_BY_SLOT:
        buf_printf(&g->name, "%s/%s", o->station, o->slot);
        break;
    case SIGNET_REPORT_BY_ORDER:
        buf_text(&g->name, o->order);
        break;
    case SIGNET_REPORT_BY_ERROR:
        buf_text(&g->name, o->code);
        break;
    }
    buf_byte(&g->name, '\0');
    return buf_check(&g->name, err);
}

static int new_group(struct report_groups *g, const char *name, struct signet_error *err)
{
    if (g->count == GROUPS_MAX)
        return error_set_hint(err, SIGNET_E_LIMIT, "ask for a shorter time, or for one order",
                              "the report has more than %d groups", GROUPS_MAX);
    if (list_room(g->list, g->count, err) != SIGNET_OK)
        return SIGNET_E_NOMEM;
    g->list[g->count] = (struct group){.name = strdup(name)};
    if (!g->list[g->count].name)
        return error_nomem(err);
    g->last = g->count++;
    return SIGNET_OK;
}

static int find_report_group(struct report_groups *g, const char *name, struct signet_error *err)
{
    if (g->last < g->count && strcmp(g->list[g->last].name, name) == 0)
        return SIGNET_OK;
    for (g->last = 0; g->last < g->count; g->last++)
        if (strcmp(g->list[g->last].name, name) == 0)
            return SIGNET_OK;
    return new_group(g, name, err);
}

static int add_cycle(struct group *group, double seconds, struct signet_error *err)
{
    if (!group->cycles)
        group->cycles = calloc(1, sizeof(*group->cycles));
    if (!group->cycles)
        return error_nomem(err);
    cycle_time_add(group->cycles, seconds);
    return SIGNET_OK;
}

static int keep_message(struct group *group, const char *message, struct signet_error *err)
{
    free(group->message);
    group->message = strdup(message);
    return group->message ? SIGNET_OK : error_nomem(err);
}

static int count_outcome_in(struct report_groups *g, struct group *group, const struct outcome *o,
                            struct signet_error *err)
{
    struct signet_report_row *c = &group->counts;

    switch (o->kind) {
    case OUTCOME_PASSED:
        c->passed++;
        c->first_pass += o->first_pass;
        return o->seconds > 0 ? add_cycle(group, o->seconds, err) : SIGNET_OK;
    case OUTCOME_FAILED:
        c->failed++;
        break;
    case OUTCOME_MADE_BEFORE:
        c->made_before++;
        break;
    case OUTCOME_REFUSED:
        c->refused++;
        break;
    case OUTCOME_DONE:
        c->done++;
        break;
    }
    return g->by == SIGNET_REPORT_BY_ERROR ? keep_message(group, o->message, err) : SIGNET_OK;
}

int report_groups_add(struct report_groups *g, const struct outcome *o, struct signet_error *err)
{
    bool wrong = o->kind == OUTCOME_FAILED || o->kind == OUTCOME_REFUSED;
    int rc = SIGNET_OK;

    if (g->by == SIGNET_REPORT_BY_ERROR && !wrong)
        return SIGNET_OK;
    rc = name_group(g, o, err);
    if (rc == SIGNET_OK)
        rc = find_report_group(g, (const char *)g->name.data, err);
    return rc == SIGNET_OK ? count_outcome_in(g, &g->list[g->last], o, err) : rc;
}

static int compare_report_groups(const void *a, const void *b)
{
    return strverscmp(((const struct group *)a)->name, ((const struct group *)b)->name);
}

int report_groups_give(struct report_groups *g, signet_report_row_each *row, void *ctx,
                       struct signet_error *err)
{
    int rc = SIGNET_OK;

    if (g->count > 0)
        qsort(g->list, g->count, sizeof(*g->list), compare_report_groups);
    for (size_t i = 0; rc == SIGNET_OK && i < g->count; i++) {
        const struct group *group = &g->list[i];
        struct signet_report_row out = group->counts;

        out.name = group->name;
        out.message = group->message ? group->message : "";
        if (group->cycles) {
            out.median = cycle_time_quantile(group->cycles, 0.5);
            out.p95 = cycle_time_quantile(group->cycles, 0.95);
        }
        rc = row(ctx, &out, err);
    }
    return rc;
}
