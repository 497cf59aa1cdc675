/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SEAL_SEAL_H
#define SEAL_SEAL_H

/* The hand-over: what is sealed to recipients, and the manifest of a batch. */

#include "base/base.h"
#include "tlog/tlog.h"

#include <signet/seal.h>

enum { MANIFEST_FILES = 2, MANIFEST_NAME = 128, MANIFEST_MAX = 64 * 1024 };

/* A text: "signet sealed batch 1", order, station, batch, devices, previous, file NAME BYTES SHA256
 * for each, end; it is signed as a C2SP note. */
struct manifest {
    char order[152], station[152], previous[65];
    uint64_t batch, devices;
    size_t count;
    struct manifest_file {
        char name[MANIFEST_NAME], sha256[65];
        uint64_t bytes;
    } files[MANIFEST_FILES];
};
int manifest_print(const struct manifest *m, struct buf *out, struct signet_error *err);
/* SIGNET_E_SYNTAX: it is none. *end: behind its text. */
int manifest_parse(const void *text, size_t len, struct manifest *out, size_t *end,
                   struct signet_error *err);
/* Of text, whose manifest is m: SIGNET_E_AUTH: the station's key, as NAME+ID+KEY, has not signed
 * it. */
int manifest_check(const struct manifest *m, const void *text, size_t len, const char *vkey,
                   struct signet_error *err);

#endif
