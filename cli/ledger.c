/* SPDX-License-Identifier: Apache-2.0 */
/* signet ledger: what was made, and what is to be done about it. */
#include "ledger.h"

const struct verb ledger_verbs[] = {
    {"list", "devices, one a line", ledger_list},
    {"show", "one device with its history", ledger_show},
    {"stats", "orders, states, yield, errors", ledger_stats},
    {"export", "devices or history, as CSV or JSON", ledger_export},
    {"verify", "check the chain of events", ledger_verify},
    {"checkpoint", "what a station signed last, and that it only grew", ledger_checkpoint},
    {"proof", "that a device's events are in the record", ledger_proof},
    {"witness", "sign what a station signed", ledger_witness},
    {"vkey", "the public key of a station's log", ledger_vkey},
    {"sync", "register what waits for its servers", ledger_sync},
    {"backup", "copy a ledger that is in use", ledger_backup},
    {"archive", "finished orders, in a file of their own", ledger_archive},
    {"import", "bring another site's ledger in", ledger_import},
    {"recover", "after an old copy was put back", ledger_recover},
    {"rework", "let devices be tried again, or be made again", ledger_rework},
    {"void", "end devices for ever", ledger_void},
    {0},
};
