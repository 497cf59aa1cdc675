/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LEDGER_REPORT_H
#define LEDGER_REPORT_H

#include "ledger/store.h"

/* What became of one unit, as its event has it. */
enum outcome_kind {
    OUTCOME_PASSED,
    OUTCOME_FAILED,
    OUTCOME_MADE_BEFORE,
    OUTCOME_REFUSED,
    OUTCOME_DONE
};
struct outcome {
    enum outcome_kind kind;
    bool first_pass;
    double seconds; /* 0: not known */
    int64_t time;
    const char *order, *station, *slot, *operator_name, *shift;
    const char *code, *message; /* why it failed, "" */
};

/* report_groups.c: outcomes by group */
struct report_groups;
int report_groups_new(struct report_groups **out, enum signet_report_by by,
                      struct signet_error *err);
void report_groups_free(struct report_groups *groups); /* NULL: nothing */
int report_groups_add(struct report_groups *groups, const struct outcome *outcome,
                      struct signet_error *err);
/* All of them, in order; what row() returns ends it. */
int report_groups_give(struct report_groups *groups, signet_report_row_each *row, void *ctx,
                       struct signet_error *err);

#endif
