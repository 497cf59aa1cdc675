/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FLASHER_RUN_H
#define FLASHER_RUN_H

#include "base/base.h"

/* One run of a tool of somebody else: absolute path, argument vector, own process group, no
 * descriptors but 0, 1 and 2, a fixed environment, whose PATH begins with the tool's own folder. */

#define RUN_OUTPUT_MAX ((size_t)1024 * 1024)

struct run {
    const char *const *argv; /* argv[0] is the absolute path; ends with NULL */
    int timeout_ms;
    const struct signet_cancel *cancel;
    const char *input;  /* on its standard input, from a file in memory; NULL: nothing */
    const char *folder; /* it is run there; NULL: in ours, or, where others may change it, in / */
    /* Each line of both outputs as it comes ('\r' ends one too); may be NULL. Zero-terminated. */
    void (*on_line)(void *ctx, const char *line, size_t len);
    void *ctx;
};

/* output (may be NULL) gets what the tool wrote, at most RUN_OUTPUT_MAX bytes; the rest is read
 * and dropped. *status is the exit status, or 128 + N after signal N. SIGNET_E_TIMEOUT and
 * SIGNET_E_CANCELLED: the whole group was ended first. SIGNET_E_NOT_FOUND, SIGNET_E_FLASH: it
 * could not be started. */
int run_tool(const struct run *run, struct buf *output, int *status, struct signet_error *err);

/* "SIGNET_PARENT=...": by it a tool is known that outlived whoever started it (orphan.c). */
void orphan_mark(char *out, size_t size);

/* The absolute path of an executable file: given, or a name with a slash, must be one; any other
 * name is looked for on PATH. Folders that are relative, or that everybody can write to, are passed
 * over. The result is malloc'ed. */
int run_find(char **out, const char *name, const char *given, struct signet_error *err);
/* A script or folder that a tool takes commands from is ours alone, as a program is; a relative
 * path that is not there is looked for by the tool. */
int run_trusts(const char *script, struct signet_error *err);
/* Of a shell, Python and the like: the script that is its first word is there. SIGNET_E_NOT_FOUND.
 */
int run_check_script(const char *const *argv, struct signet_error *err);

/* Why a tool failed, in its own words (reason.c): the first and the last line that have one of its
 * marks of an error, from there on; a mark that begins with a blank is left out. Without such lines
 * those with a word of failure, else the last line with a letter. Escaped, long hex numbers masked.
 */
enum { REASON_SIZE = 260 };
void run_reason(const struct buf *output, const char *const *marks, char out[static REASON_SIZE]);

#endif
