/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_LEDGER_OPEN_H
#define CLI_LEDGER_OPEN_H

#include "cli.h"

/* A ledger that is there; station and operator are this host's and this user's. */
int ledger_open_to_read(struct signet_ledger **out, const char *where, struct signet_error *err);
int ledger_open_to_change(struct signet_ledger **out, const char *where, struct signet_error *err);

/* "2026-11-24T15:04:05Z" */
const char *ledger_time(int64_t seconds, char out[static 24]);
/* A ledger may come from anywhere, and is looked at on terminals: no control character gets out. */
#define PLAIN(text) signet_text_plain((text), (char[2048]){0}, 2048)

#endif
