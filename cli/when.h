/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_WHEN_H
#define CLI_WHEN_H

#include "cli.h"

/* A time on the command line, in the time zone of the process. */
#define WHEN_HELP "2026-11-28, 2026-11-28T06:00, 06:00 (of today), today, yesterday: the local time"

/* Seconds since 1970. text NULL: 0. A day without a time begins it, or with end, ends it (the first
 * second of the next day). False: a mistake, told as one of the option. */
bool when_parse(const struct cli *cli, const char *option, const char *text, bool end,
                int64_t *seconds);
/* Warns of a TZ that is no time zone: the C library takes it for UTC without a word. */
void when_check_zone(void);

#endif
