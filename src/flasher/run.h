/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FLASHER_RUN_H
#define FLASHER_RUN_H

#include "base/base.h"

/* One run of a tool of somebody else: absolute path, argument vector, own process group, no
 * descriptors but 0, 1 and 2, a fixed environment. */

#define RUN_OUTPUT_MAX ((size_t)1024 * 1024)

struct run {
    const char *const *argv; /* argv[0] is the absolute path; ends with NULL */
    int timeout_ms;
    const struct signet_cancel *cancel;
    const char *input; /* on its standard input, from a file in memory; NULL: nothing */
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

/* The last line with a letter in it, escaped, at most cap - 1 bytes. */
void run_last_words(const struct buf *output, char *out, size_t cap);

#endif
