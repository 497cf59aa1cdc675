/* SPDX-License-Identifier: Apache-2.0 */
#include "ledger/report.h"

int signet_report_row_json(enum signet_report_by by, const struct signet_report_row *row,
                           struct signet_bytes *out, struct signet_error *err)
{
    struct buf text = {0};

    buf_json_open(&text, NULL, '{');
    buf_json_text(&text, "event", "report");
    buf_json_text(&text, "by", signet_report_by_name(by));
    buf_text(&text, ", \"name\": ");
    buf_json(&text, row->name, strlen(row->name));
    buf_json_integer(&text, "passed", row->passed);
    buf_json_integer(&text, "first_pass", row->first_pass);
    buf_json_integer(&text, "failed", row->failed);
    buf_json_integer(&text, "made_before", row->made_before);
    buf_json_integer(&text, "refused", row->refused);
    buf_json_integer(&text, "done", row->done);
    if (row->median > 0) {
        buf_json_real(&text, "cycle_median", row->median);
        buf_json_real(&text, "cycle_p95", row->p95);
    }
    buf_json_text(&text, "message", row->message);
    buf_byte(&text, '}');
    return buf_take(&text, out, err);
}
