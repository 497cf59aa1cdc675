/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SMP_CHUNK_H
#define SMP_CHUNK_H

#include "smp/client.h"

/* One chunk of a file, and what the board says to it. */

struct upload {
    struct signet_smp *smp;
    const char *path;
    const uint8_t *data;
    size_t len, off; /* off: what the board has, or counts as having */
    size_t at;       /* where the board says it is, after ELSEWHERE */
    bool unsure;     /* the board did not say that it has what is before off */
    int rewinds;     /* times that the board wanted an earlier chunk */
    int restarts;    /* times that the file was begun again */
    unsigned boots;  /* smp->boots at the begin */
};

/* THERE: a plain "unknown error", which a board says of what it has already, and of what it cannot
 * write. NO_UPLOAD: it knows nothing of this file. ELSEWHERE: it named another offset. */
enum outcome { STORED, LOST, THERE, NO_UPLOAD, ELSEWHERE, FAILED };

/* Data that fits beside the rest of a packet of at most limit bytes, and at most what is left. */
size_t chunk_size(const struct upload *up, size_t off, size_t limit);
/* One attempt. When the answer is lost, err says why. STORED: up->off is behind it. */
enum outcome try_chunk(struct upload *up, size_t off, size_t n, bool again,
                       struct signet_error *err);

#endif
