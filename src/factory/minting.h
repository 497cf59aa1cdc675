/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FACTORY_MINTING_H
#define FACTORY_MINTING_H

/* Inside a run without boards.
 *
 * A batch is made, sealed into the work folder, announced to the ledger as writing, appended to the
 * output, marked in the state file, verified and done, and the seal is wiped: on one thread.
 * Several threads (lanes) have a batch each; they come to the output in the order of the batches'
 * numbers. */

#include "job/job.h"
#include "pki/pki.h"
#include "device/device.h"
#include "template/template.h"
#include "vault/vault.h"

#include <limits.h>
#include <pthread.h>
#include <signet/mint.h>

enum { MINT_LANES = 16, MINT_WORDS = 6, MINT_READ_MAX = 4096 };
#define MINT_SLOT       "mint" /* of all its devices, in the ledger */
#define MINT_BATCH_SIZE ((size_t)8 * 1024 * 1024)

/* What of a file is whole, and ours. */
struct mint_mark {
    uint64_t bytes;
    char sha256[65]; /* "-": a folder, or nothing */
};

/* Where one device stands in the parts of its batch. */
struct mint_part {
    size_t packet, packet_len; /* in plain */
    size_t line, line_len, row, row_len;
    size_t words[MINT_WORDS]; /* of the facts, in words; SIZE_MAX: none */
};

struct batch {
    uint64_t number;
    size_t count, max;
    struct signet_lease *leases; /* of count devices, like what follows */
    struct mint_part *parts;
    struct signet_device_facts *facts;
    struct buf plain; /* what is sealed */
    struct buf lines, rows, words;
    bool sealed, thin;                 /* thin: the seal holds devices that were left out since */
    struct mint_mark packets, records; /* of the files, once this batch is in them */
};

/* The state file: what the output holds for certain. */
struct mint_state {
    int64_t created;         /* the order's, in the ledger: it is the same ledger */
    uint64_t batch, devices; /* the last batch that is in the output; all devices in it */
    struct mint_mark packets, records;
    char packets_path[PATH_MAX], records_path[PATH_MAX]; /* absolute; "": none */
};

/* A file that grows by whole lines. */
struct mint_file {
    const char *path, *header; /* path NULL: none */
    int fd;
    uint64_t size, explained; /* when it was opened; up to where sealed batches explain it */
    uint64_t end;             /* of what is whole */
    struct sha256 hash;       /* of what is before end */
    bool gone;                /* it held something, and is not there now */
};

struct minting {
    const struct signet_mint *job;
    const struct signet_line_units *units;
    struct vault *vault;
    struct mint_state state;
    struct mint_file packets, records; /* packets: unless they go to a folder */
    int folder;                        /* -1: they do not */
    size_t batch_max;
    pthread_mutex_t telling; /* the observer has one caller at a time */
    pthread_mutex_t taking;  /* devices are taken from the ledger by one lane at a time */
    pthread_mutex_t lock;    /* of what follows */
    pthread_cond_t changed;
    struct signet_error fatal;  /* the first reason to stop */
    bool stop, closing;         /* closing: no lane will bring the outbox anything more */
    uint64_t next;              /* number of the next batch */
    uint64_t to_write, to_mark; /* whose turn it is to write, and to be marked */
    double pace;                /* seconds that the last devices took to make, each */
    struct signet_lease *spare; /* devices of a run before that are made anew */
    size_t spare_count;
    unsigned poked;
    int64_t issued; /* devices of the order that are written, in all runs and stations */
    struct signet_mint_report report;
};

/* mint.c */
bool mint_stopped(struct minting *m);
void mint_stop(struct minting *m, const struct signet_error *why);
void mint_tell(struct minting *m, const struct signet_event *event);
int mint_gone(const struct minting *m,
              struct signet_error *err); /* more would follow what is not there */

/* mint_batch.c */
int batch_init(struct batch *b, size_t max, struct signet_error *err);
void batch_free(struct batch *b);
void batch_reset(struct batch *b); /* wiped; the memory stays */
/* New credentials for the leases. A device that cannot be made is set aside. What does not fit goes
 * back to m->spare. */
int batch_make(struct minting *m, struct batch *b, struct signet_error *err);
/* The devices of a sealed batch that one of these leases is for; the others are dropped. leases is
 * sorted by endpoint; NULL: all devices. */
int batch_read(struct minting *m, struct batch *b, uint64_t number,
               const struct signet_lease *leases, size_t count, struct signet_error *err);
/* Leaves out the devices for which keep is false. */
void batch_keep(struct batch *b, const bool *keep);
const struct signet_lease *lease_find(const struct signet_lease *leases, size_t count,
                                      const char *endpoint);

/* mint_row.c: what the output says of one device */
int mint_line(struct buf *to, const struct signet_line_unit *unit, struct signet_error *err);
/* csv: else NDJSON */
int mint_row(struct buf *to, const struct signet_line_unit *unit, bool csv,
             struct signet_error *err);
extern const char mint_header[]; /* of the CSV file */

/* mint_story.c */
/* A batch whose devices are reserved or writing, to the end. */
int batch_story(struct minting *m, struct batch *b, struct signet_error *err);
/* One that is in the output and marked: from writing to the end. */
int batch_finish(struct minting *m, struct batch *b, struct signet_error *err);

/* mint_file.c */
/* mark: what it held and must hold. change: made when it is missing. */
int file_open(struct mint_file *f, const char *path, const char *header,
              const struct mint_mark *mark, bool change, struct signet_error *err);
/* Behind the mark, a run that was cut off may have left this text, whole or in part. */
int file_explain(struct mint_file *f, const struct buf *text, struct signet_error *err);
/* Nothing else may be there. change: it is cut off at the mark. */
int file_cut(struct mint_file *f, bool change, struct signet_error *err);
void file_close(struct mint_file *f);
/* At the end; *at (may be NULL) is where it stands. Not yet on disk. */
int file_append(struct mint_file *f, const struct buf *text, uint64_t *at,
                struct signet_error *err);
/* Now on disk, and there when read again. */
int file_settle(const struct mint_file *f, const struct buf *text, uint64_t at,
                struct signet_error *err);
int file_mark(const struct mint_file *f, struct mint_mark *mark, struct signet_error *err);

/* mint_folder.c: a file for each device */
int folder_open(int *fd, const char *path, bool change, struct signet_error *err);
/* again: files of a run before may be there, whole or in part */
int folder_write(int fd, const struct batch *b, bool again, struct signet_error *err);
int folder_check(int fd, const struct batch *b, struct signet_error *err);

/* mint_state.c */
int state_read(struct minting *m, bool *there, struct signet_error *err);
int state_write(struct minting *m, struct signet_error *err);
/* The path as the state has it; SIGNET_E_LIMIT. */
int state_path(const char *path, char out[PATH_MAX], struct signet_error *err);

/* mint_open.c: the output, which must be as it was left */
int mint_open(struct minting *m, bool change, struct signet_error *err);

/* mint_resume.c: goes on with what a run before left */
int mint_resume(struct minting *m, struct signet_error *err);

/* mint_outbox.c */
int waiting_add(struct minting *m, const struct batch *b, struct signet_error *err);
/* Wipes the seal of a batch of which no device needs it; else the batch waits. */
int waiting_look(struct minting *m, uint64_t number, struct signet_error *err);
int waiting_find(struct minting *m, struct signet_error *err); /* what runs before left */
void *mint_outbox(void *m);
/* One round over all that waits; *away: why a server could not be asked. */
int mint_round(struct minting *m, struct signet_error *away, struct signet_error *err);

#endif
