/* SPDX-License-Identifier: Apache-2.0 */
/* What of a work order does not fit together. */
#include "order/private.h"

/* What is missing, and what does not fit together: boards in slots, or files. */
int reader_check_parts(const struct reader *r)
{
    static const char no_hook[] = "it is about boards; who hears of packets is in 'notify'",
                      no_effect[] = "take it out: it is about boards, and says nothing of packets";
    const struct signet_order *o = r->root;
    const struct {
        bool wrong;
        const char *what, *hint;
    } rules[] = {
        {!o->name, "the order has no 'name'", "'name: batch-2026-48' names it in the ledger"},
        {!o->template_file, "the order has no 'template'",
         "'template: FILE' names the configuration of its devices"},
        {!o->ledger, "the order has no 'ledger'",
         "'ledger: ledger.db' is where it is written what was made"},
        {!o->quota, "the order has no 'quota'", "'quota: 100' says how many devices to make"},
        {!o->recipe && !o->packets, "the order has no 'board' and no 'output'",
         "board: with slots: for boards, or output: {packets: packets/} for packets alone"},
        {o->recipe && o->packets, "the order has a 'board' and an 'output': one of the two",
         "a board in each slot, or files for another programming house"},
        {!o->recipe && o->lock, "'lock' needs a 'board'",
         "whoever programs the packets locks the boards"},
        {!o->recipe && o->ask_before, "'ask_before' needs a 'board'",
         "it is asked before each board; without boards nobody would be asked"},
        {!o->recipe && o->on_pass, "'on_pass' needs a 'board'", no_hook},
        {!o->recipe && o->on_fail, "'on_fail' needs a 'board'", no_hook},
        {!o->recipe && o->on_made_before, "'on_made_before' needs a 'board'", no_hook},
        {!o->recipe && o->erase_finished, "'erase_finished' needs a 'board'", no_effect},
        {!o->recipe && o->golden.slot, "'golden' needs a 'board'", no_effect},
        {!o->recipe && (o->min_yield.slot || o->min_yield.line), "'min_yield' needs a 'board'",
         no_effect},
        {!o->recipe && (o->stop_after_failures.slot || o->stop_after_failures.line),
         "'stop_after_failures' needs a 'board'", no_effect},
        {o->recipe && !o->slot_count, "'slots' has none, and there is a board",
         "such as 'slots: [{port: /dev/ttyACM0}]'"},
        {!o->recipe && o->slot_count, "'slots' needs a 'board'",
         "such as 'board: {recipe: anjay-zephyr}'"},
        {!o->recipe && o->from_board, "'from_board' needs a 'board'",
         "take 'from_board' out: without boards, a column has the names"},
        {!o->recipe && !o->manifest && !o->pattern,
         "without boards, names come from a manifest or a pattern: 'names'",
         "such as 'names: {manifest: devices.csv}'"},
    };

    for (size_t i = 0; i < COUNT_OF(rules); i++)
        if (rules[i].wrong)
            return error_set_hint(r->err, SIGNET_E_MEANING, rules[i].hint, "%s: %s", r->path,
                                  rules[i].what);
    int rc = reader_check_output(r);
    if (rc == SIGNET_OK)
        rc = reader_check_label(r);
    if (rc == SIGNET_OK)
        rc = reader_check_golden(r);
    return rc == SIGNET_OK ? reader_check_scan(r) : rc;
}
