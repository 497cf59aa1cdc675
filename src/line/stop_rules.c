/* SPDX-License-Identifier: Apache-2.0 */
/* When a slot, or the whole line, stops by itself: stop_after_failures and min_yield. */
#include "line/private.h"

#include <stdio.h>

enum { YIELD_BOARDS = 20 };

struct rule {
    const char *name; /* of the key */
    int64_t failures; /* stop_after_failures; 0: none */
    int64_t percent;  /* min_yield; 0: none */
    size_t boards;
    const char *hint;
};

static void add_board(struct tally *t, size_t boards, bool passed)
{
    t->failed = passed ? 0 : t->failed + 1;
    t->passed[t->boards++ % boards] = passed;
}

/* Percent of the last boards; 100 while there are fewer. */
static int64_t yield_of(const struct tally *t, size_t boards)
{
    size_t good = 0;

    for (size_t i = 0; i < boards; i++)
        good += t->passed[i];
    return t->boards < boards ? 100 : (int64_t)(good * 100 / boards);
}

static bool breaks(const struct tally *t, struct rule *rule, const char *who,
                   struct signet_error *why)
{
    int64_t yield = yield_of(t, rule->boards);

    if (rule->failures && t->failed >= rule->failures) {
        rule->name = "stop_after_failures";
        error_set(why, SIGNET_E_RULE, "%s stops: %lld %s failed in a row (stop_after_failures)",
                  who, (long long)t->failed, t->failed == 1 ? "board" : "boards");
    } else if (rule->percent && yield < rule->percent) {
        rule->name = "min_yield";
        error_set(why, SIGNET_E_RULE,
                  "%s stops: %lld %% of the last %zu boards passed, and min_yield is %lld %%", who,
                  (long long)yield, rule->boards, (long long)rule->percent);
    } else {
        return false;
    }
    error_hint(why, "%s", rule->hint);
    return true;
}

static void put_stop(const struct slot *slot, const char *what, const struct rule *rule,
                     const struct signet_error *why, struct buf *out)
{
    buf_byte(out, '{');
    buf_json_put(out, J_GIVEN("what", what), J_GIVEN("slot", slot->order->name),
                 J_GIVEN("rule", rule->name), J_GIVEN("message", why->msg));
    buf_byte(out, '}');
}

static unsigned times_on(const struct slot *slot)
{
    return slot->line->setup->changes->on[slot_index(slot)];
}

void rules_resume(struct slot *slot)
{
    if (slot->halted.code == SIGNET_OK || slot->on == times_on(slot))
        return;
    slot->halted = (struct signet_error){0};
    slot->tally = (struct tally){0};
    slot->line->halted_slots--;
}

bool rules_count(struct slot *slot, bool passed, struct buf *event)
{
    const struct signet_order *o = slot->line->setup->order;
    struct line *line = slot->line;
    size_t boards = o->min_yield.boards ? (size_t)o->min_yield.boards : YIELD_BOARDS;
    struct rule mine = {NULL, o->stop_after_failures.slot, o->min_yield.slot, boards,
                        "find out why its boards fail, then put the slot in again"};
    struct rule all = {NULL, o->stop_after_failures.line, o->min_yield.line, boards,
                       "find out why the boards fail, then run the order again"};
    char who[64];
    bool stops = false;

    snprintf(who, sizeof(who), "slot %s", slot->order->name);
    pthread_mutex_lock(&line->job->lock);
    add_board(&slot->tally, boards, passed);
    add_board(&line->tally, boards, passed);
    if (!line->ended.code && breaks(&line->tally, &all, "the line", &line->ended)) {
        put_stop(slot, "line", &all, &line->ended, event);
        stops = true;
    } else if (!line->ended.code && breaks(&slot->tally, &mine, who, &slot->halted)) {
        put_stop(slot, "slot", &mine, &slot->halted, event);
        line->halted_slots++;
        slot->on = times_on(slot);
        stops = true;
    }
    pthread_cond_broadcast(&line->job->changed);
    pthread_mutex_unlock(&line->job->lock);
    return stops;
}

bool rules_stop(const struct slot *slot)
{
    return slot->line->ended.code || slot->halted.code;
}
