/* SPDX-License-Identifier: Apache-2.0 */
#include "ledger/report.h"

int signet_report_row_json(enum signet_report_by by, const struct signet_report_row *row,
                           struct signet_bytes *out, struct signet_error *err)
{
    struct buf text = {0};

    buf_json_open(&text, NULL, '{');
    buf_json_put(&text, J_GIVEN("event", "report"), J_GIVEN("by", signet_report_by_name(by)));
    buf_text(&text, ", \"name\": ");
    buf_json(&text, row->name, strlen(row->name));
    buf_json_put(&text, J_INT("passed", row->passed), J_INT("first_pass", row->first_pass),
                 J_INT("failed", row->failed), J_INT("made_before", row->made_before),
                 J_INT("refused", row->refused), J_INT("done", row->done));
    if (row->median > 0) {
        buf_json_put(&text, J_REAL("cycle_median", row->median), J_REAL("cycle_p95", row->p95));
    }
    buf_json_put(&text, J_GIVEN("message", row->message));
    buf_byte(&text, '}');
    return buf_take(&text, out, err);
}
