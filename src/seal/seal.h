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

/* handover.c */

/* Batches in a folder: of each its files, sealed, and their manifest. They are staged: written
 * under hidden names and synced; then whoever made the batch marks it as made, and then they get
 * their names. So what has been seen of a batch never changes: one that was not marked was never
 * seen, and is sealed anew; one that was marked gets its names at the next start at the latest. */
struct handover_setup {
    const char *const *to; /* files of certificates */
    size_t to_count;
    const char *order, *station, *sign_file;
    const char *paths[MANIFEST_FILES]; /* in one folder; the first names the manifest, too; NULL */
};
struct handover {
    struct handover_setup setup; /* not a copy of its texts */
    struct signet_sealer *sealer;
    int folder; /* -1: it is not there yet */
    struct tlog_key key;
    const char *names[MANIFEST_FILES];
    char head[65]; /* SHA-256 of the last manifest that was staged; "-": none was */
    uint64_t bytes[MANIFEST_FILES]; /* of all that was staged */
};
/* What goes into a file: a first line, and the text behind it. */
struct handover_text {
    const char *header;
    const struct buf *text;
};
/* change: folder and key are made when they are missing. */
int handover_open(struct handover *s, const struct handover_setup *setup, bool change,
                  const struct signet_observer *observer, struct signet_error *err);
void handover_close(struct handover *s);
/* What a run before left under hidden names: batches up to this one get their names, the others go.
 * fresh: none was made, and none of the names may be taken. */
int handover_settle(const struct handover *s, uint64_t marked, bool fresh, bool change,
                    struct signet_error *err);
int handover_stage(struct handover *s, uint64_t number, uint64_t devices,
                   const struct handover_text texts[static MANIFEST_FILES],
                   struct signet_error *err);
int handover_sync(const struct handover *s, uint64_t number, struct signet_error *err);
int handover_publish(const struct handover *s, uint64_t number, struct signet_error *err);

#endif
