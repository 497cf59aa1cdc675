/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BATCH_PRIVATE_H
#define BATCH_PRIVATE_H

/* A batch is made, sealed in the vault, announced to the ledger as writing, appended to the output,
 * marked in the state file, and verified or done, on one thread. Several threads (lanes) have a
 * batch each; they come to the output in the order of the batches' numbers. */

#include "batch/batch.h"
#include "pki/pki.h"
#include "seal/seal.h"

#include <limits.h>
#include <pthread.h>

#define BATCH_SLOT "mint" /* of all its devices, in the ledger */
enum { BATCH_READ_MAX = 4096 };

/* What the order writes, and what else a batch has of each device. */
enum { PACKETS, RECORDS, OUTPUTS, PLAIN = OUTPUTS, FACTS, TEXTS };

/* How much of an output is complete and written by this order. */
struct mark {
    uint64_t bytes;
    char sha256[65]; /* "-": a folder, or nothing */
};

/* Where one device stands in the texts of its batch. */
struct part {
    size_t at[TEXTS], len[TEXTS];
};

struct batch {
    uint64_t number;
    size_t count, max;
    struct signet_lease *leases; /* of count devices, like what follows */
    struct part *parts;
    struct signet_device_facts *facts; /* which point into texts[FACTS] */
    bool *keep;                        /* for batch_keep() */
    struct buf texts[TEXTS];           /* PLAIN: what is sealed */
    bool sealed, partial;       /* partial: the seal holds devices that were left out since */
    struct mark marks[OUTPUTS]; /* of the files, once this batch is in them */
};

/* Version 0.1 wrote the account that stands for the device; its files go on like that. */
enum records_form { RECORDS_ONE_ROW = 1, RECORDS_ROW_PER_ACCOUNT = 2 };

/* The state file: what the output holds for certain. */
struct state {
    int64_t created;         /* as version 0.1 wrote it; nothing asks for it */
    uint64_t batch, devices; /* the last batch that is in the output; all devices in it */
    enum records_form form;
    struct mark marks[OUTPUTS];
    char paths[OUTPUTS][PATH_MAX]; /* absolute; "": none */
};

/* A file that grows by whole lines. */
struct file {
    const char *path, *header; /* path NULL: none */
    int fd;
    uint64_t size, explained; /* when it was opened; up to where sealed batches explain it */
    uint64_t end;             /* of what is complete */
    struct sha256 hash;       /* of what is before end */
    bool gone;                /* it held something, and is not there now */
};

struct output {
    struct state state;
    struct handover sealed;     /* sealer NULL: they are not */
    struct file files[OUTPUTS]; /* PACKETS: unless they go to a folder */
    int folder;                 /* -1: they do not */
};

struct leases {
    struct signet_lease *all;
    size_t count;
};

/* Numbers of batches. */
struct turns {
    uint64_t next;              /* of the next batch */
    uint64_t to_write, to_mark; /* whose turn it is to write, and to be marked */
};

struct batch_run {
    struct batch_setup setup;
    struct delivery *delivery;
    struct job *job; /* its lock is for what follows */
    struct output out;
    size_t batch_max;
    pthread_mutex_t taking; /* devices are taken from the ledger by one lane at a time */
    size_t open;            /* lanes */
    struct turns turns;
    double pace;         /* seconds that the last devices took to make, each */
    struct leases again; /* devices of a run before: those that are left are made anew */
    int64_t written;     /* devices of the order that are written, in all runs and stations */
    struct signet_batch_report *report;
};

/* members.c */
int batch_init(struct batch *b, size_t max, struct signet_error *err);
void batch_free(struct batch *b);
void batch_reset(struct batch *b); /* wiped; the memory stays */
/* New credentials for the leases. A device that cannot be made is set aside. What does not fit goes
 * back to l->again. */
int batch_make(struct batch_run *l, struct batch *b, struct signet_error *err);
/* A sealed batch; ours: only its devices that have a lease in l->again, which is sorted. */
int batch_read(struct batch_run *l, struct batch *b, uint64_t number, bool ours,
               struct signet_error *err);
/* Leaves out the devices for which b->keep is false. */
void batch_keep(struct batch *b);
/* The packet of a device, which ends its entry in the seal. */
const uint8_t *batch_packet(const struct batch *b, size_t i, size_t *len);
int leases_add(struct leases *leases, const struct signet_lease *more, size_t count,
               struct signet_error *err);
void leases_sort(struct leases *leases);
struct signet_lease *leases_find(const struct leases *leases, const char *endpoint);
/* Sets a device aside: event, report, ledger. */
int batch_fail(struct batch_run *l, struct signet_lease *lease, const struct signet_error *why,
               struct signet_error *err);

/* output_row.c: what the output says of one device */
int row_packet(struct buf *to, const struct device *device, struct signet_error *err);
/* csv: else NDJSON */
int row_record(struct buf *to, const struct device *device, bool csv, enum records_form form,
               struct signet_error *err);
const char *row_header(enum records_form form); /* of the CSV file */

/* write.c */
/* A batch whose devices are reserved or writing, to the end. */
int batch_write(struct batch_run *l, struct batch *b, struct signet_error *err);
/* One that is in the output and marked: from writing to the end. */
int batch_finish(struct batch_run *l, struct batch *b, struct signet_error *err);

/* file.c */
/* mark: what it held and must hold. change: made when it is missing. */
int file_open(struct file *f, const char *path, const char *header, const struct mark *mark,
              bool change, struct signet_error *err);
/* Behind the mark, an interrupted run may have left this text, whole or in part. */
int file_explain(struct file *f, const struct buf *text, struct signet_error *err);
/* Nothing else may be there. change: it is cut off at the mark. */
int file_cut(struct file *f, bool change, struct signet_error *err);
void file_close(struct file *f);
/* At the end, not yet on disk; *mark is then where the file ends. */
int file_append(struct file *f, const struct buf *text, struct mark *mark,
                struct signet_error *err);
/* The text that ends at the mark is on disk now, and there when read again. */
int file_settle(const struct file *f, const struct buf *text, const struct mark *mark,
                struct signet_error *err);
/* Does the file hold these bytes there? torn: as a crash leaves them, any of them zero or missing.
 * -1: it cannot be read; errno. */
int file_holds(int fd, uint64_t at, const void *data, size_t len, bool torn);

/* folder.c: a file for each device */
/* again: files of a run before may be there, whole or in part */
int folder_write(int fd, const struct batch *b, bool again, struct signet_error *err);
int folder_check(int fd, const struct batch *b, struct signet_error *err);

/* sealed.c */
int sealed_open(struct batch_run *l, bool change, struct signet_error *err);
/* In the order of the batches: not seen yet, not yet on disk. */
int sealed_append(struct batch_run *l, struct batch *b, struct signet_error *err);

/* state.c */
extern const char *const output_names[OUTPUTS];
int state_read(struct state *s, const struct vault *vault, bool *there, struct signet_error *err);
int state_write(const struct state *s, const struct vault *vault, struct signet_error *err);
/* The path as the state has it; SIGNET_E_LIMIT. */
int state_path(const char *path, char out[PATH_MAX], struct signet_error *err);

/* output.c: the output, which must be as it was left */
int output_open(struct batch_run *l, bool change, struct signet_error *err);
void output_close(struct output *out);
/* SIGNET_E_NOT_FOUND: a file is gone that held something; more would follow what is not there. */
int output_check_there(const struct output *out, struct signet_error *err);

/* resume.c: continues what a run before left */
int batch_resume(struct batch_run *l, struct signet_error *err);

#endif
