/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JOB_JOB_H
#define JOB_JOB_H

/* What all threads of one run share: the observer, the reason to stop, the progress of the order,
 * the figures of its stages. */

#include "base/base.h"

#include <pthread.h>
#include <signet/ledger_copy.h>
#include <signet/ledger_read.h>

/* The stages of a device, in the order in which it passes them. */
enum job_stage {
    STAGE_FLASH,
    STAGE_NAME,
    STAGE_CREDENTIALS,
    STAGE_LOAD,
    STAGE_RESULT,
    STAGE_FINAL,
    STAGE_LOCK,
    STAGE_MINT,
    STAGE_LABEL,
    STAGE_REGISTER,
    STAGE_PROVE,
    STAGES
};
const char *job_stage_name(enum job_stage stage);

/* Where a work folder is; inode 0: nobody knows. */
struct job_place {
    uint64_t inode;
    char host[65], path[4096]; /* absolute */
};

/* ledger_memory.c: what the work folder remembers of the ledger */
struct job_memory {
    char *path;                     /* NULL: nothing is remembered */
    char folder[17];                /* a number of this folder's own, in hex; a copy has its own */
    struct job_place was, here;     /* where it was when that was written, and is now */
    bool there;                     /* something was remembered */
    struct signet_ledger_head head; /* as it was last; names: the most that it ever was */
    pthread_mutex_t writing;        /* of what is in it, too */
    int64_t given;                  /* names below this number leave the host; under job's lock */
    uint64_t asked, covered;        /* calls of job_remember(), and how many a writing stands for */
};

enum { JOB_CODES = 32 };
struct job_figures {
    int64_t states[SIGNET_DEVICE_STATES]; /* devices of the order, as they were last counted */
    struct cycle_time cycles[STAGES];
    uint64_t errors[JOB_CODES]; /* failed attempts, by signet_code */
};

struct job {
    struct signet_ledger *ledger;
    int64_t order, quota;
    bool delivers; /* something follows after verified */
    const struct signet_observer *observer;
    const struct signet_cancel *cancel; /* the caller's */
    struct signet_cancel *stop;         /* of all threads of the run */
    pthread_mutex_t reporting;          /* the observer has one caller at a time */
    pthread_mutex_t counting;           /* counts are told in the order in which they were read */
    pthread_mutex_t lock;               /* of what follows, and of what the rooms of a run share */
    pthread_cond_t changed;
    char shift[PERSON_MAX + 1]; /* the one at work, "" */
    struct signet_error fatal;  /* the first reason to stop; SIGNET_OK: none */
    struct job_figures figures;
    struct job_memory memory;
    /* Called each time that the memory was written, by one thread at a time; may be NULL. */
    int (*remembered)(void *ctx, struct signet_error *err);
    void *remembered_ctx;
    bool clock_watched, clock_told;
    int64_t clock_ahead; /* of clock_boot(), when it was looked at last */
};

/* ledger, order, quota, observer and cancel are set; the rest is made. */
int job_open(struct job *job, struct signet_error *err);
void job_close(struct job *job);

/* Reads what is remembered of the order with this tag. SIGNET_E_CONFLICT: the file is damaged. */
int job_memory_open(struct job *job, const char *folder, const char *tag, struct signet_error *err);
/* What the folder remembers for its other orders, one after another; a file that is damaged is its
 * own order's matter. */
int job_memory_others(const struct job_memory *memory,
                      int (*each)(void *ctx, const struct signet_ledger_head *head,
                                  struct signet_error *err),
                      void *ctx, struct signet_error *err);
/* The folder is a copy of another one of this host, which is in use as well. */
bool job_memory_is_copy(const struct job_memory *memory);
/* What the ledger has recorded until now is on disk, beside it, when this returns. index: the
 * highest number of the names whose credentials leave the host now; -1: none does, or the order has
 * no names. */
int job_remember(struct job *job, int64_t index, struct signet_error *err);

/* clock.c: a clock that was set since the call before is told, once in a run. The first call is at
 * its begin. */
void job_watch_clock(struct job *job);

/* Events for the caller. */
void job_report(struct job *job, const struct signet_event *event);
/* A stage of a device that is in no slot. A failure is counted. */
void job_report_stage(struct job *job, enum signet_event_kind kind, enum job_stage stage,
                      double seconds, const char *endpoint, const struct signet_error *why);

/* The ledger cannot be written, or the like: all threads stop. The first reason counts. */
void job_fail(struct job *job, const struct signet_error *why);
bool job_failed(struct job *job);
/* By a failure, or because the caller asked for it. */
bool job_stopped(const struct job *job);
/* SIGNET_OK, or the failure that came first. */
int job_result(const struct job *job, struct signet_error *err);

/* Waits, with the lock held, for a change, or until clock_ms() is `until` (INT64_MAX: without
 * end). */
void job_wait(struct job *job, int64_t until);
/* Starts a thread, and counts it in *threads until it calls job_thread_ended(); 0, or an errno. */
int job_start_thread(struct job *job, pthread_t *thread, size_t *threads, void *(*run)(void *),
                     void *arg);
void job_thread_ended(struct job *job, size_t *threads);
/* Waits until *threads is 0, and passes the caller's cancel on meanwhile. */
void job_attend(struct job *job, const size_t *threads);

/* Asks the ledger how far the order is, and reports it. */
int job_count(struct job *job, struct signet_error *err);
/* The device that has the name, and did not give it back; order "": none has it. */
struct job_named {
    char order[121], hw_id[SIGNET_ENDPOINT_SIZE], packet_sha256[65];
};
int job_named_device(struct signet_ledger *ledger, const char *endpoint, struct job_named *out,
                     struct signet_error *err);
/* Is this packet that of an edition before? What is sealed under a name may be. */
int job_is_retired(struct job *job, const char *endpoint, const char *packet_sha256, bool *retired,
                   struct signet_error *err);
/* With the lock held: units of the quota that are not yet verified, nor at their end. */
int64_t job_units_left(const struct job *job);

/* One more duration of a stage. */
void job_cycle(struct job *job, enum job_stage stage, double seconds);
void job_count_error(struct job *job, enum signet_code code);

#endif
