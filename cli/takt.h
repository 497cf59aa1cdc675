/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_TAKT_H
#define CLI_TAKT_H

#include "cli.h"

/* The report at the end of a line. Returns the exit code: EXIT_DONE only if every device of the
 * order is done. stopped: by Ctrl-C; whole: the line ended by itself. */
int takt_print(const struct cli *cli, const struct signet_line_report *report, bool stopped,
               bool whole);
/* Of it, what each server has and what it waits for. */
void takt_print_servers(const struct signet_line_report *report);
void takt_json_servers(struct json *j, const struct signet_line_report *report);

/* Devices that became void after their credentials may have left the host: they are made no more.
 */
void takt_print_void(int64_t count);

#endif
