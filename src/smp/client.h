/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SMP_CLIENT_H
#define SMP_CLIENT_H

#include "smp/smp.h"

#define CHUNK_LIMIT_DEFAULT 380 /* the default buf_size of Zephyr less 4 */
#define PATH_LEN_MAX        64

/* Codes of answers that decide what comes next: of the server itself, and of group fs. */
enum { RC_UNKNOWN = 1, RC_INVALID = 3, RC_NO_ENTRY = 5, RC_BUSY = 10, RC_TOO_OLD = 12, RC_TOO_NEW };
enum { FS_NOT_FOUND = 3, FS_OFFSET = 11 };

/* The error of an answer: {"rc": rc} has group -1, {"err": {...}} its group; rc 0 is none. */
struct smp_rc {
    int group, rc;
};

struct signet_smp {
    struct signet_link *link;
    struct signet_smp_options options;
    const struct signet_observer *observer;
    struct smp_frames frames;
    struct text_scan scan;
    struct buf packet, wire, text; /* reused; may hold secrets, wiped by buf_reset */
    struct smp_answer answer;      /* points into frames.packet */
    struct smp_rc last;
    size_t packet_limit; /* header and CBOR that the board takes; 0: not asked yet */
    uint8_t sequence;
    uint8_t answered; /* version of the last answer, as on the wire */
    bool any_version; /* the caller named none: what the board speaks is found out */
    unsigned boots;   /* times that the board said it starts */
};

struct smp_command {
    enum smp_op op;
    uint16_t group;
    uint8_t id;
};

/* A new request: room for the header and a map of so many pairs, which the caller appends. */
struct buf *smp_begin(struct signet_smp *smp, size_t pairs);
void smp_put_text(struct buf *packet, const char *key, const char *text);

/* Sends smp->packet once and waits for its answer. An answer with an error in it is SIGNET_OK here:
 * look at smp->last. again: the same request as the last one, whose late answer is as good. */
int smp_attempt(struct signet_smp *smp, struct smp_command command, bool again,
                struct signet_error *err);

/* No usable answer: the request may or may not have arrived. */
bool smp_lost(int rc);

/* Repeats smp_attempt while it is lost, at most times more: for what may be done twice. An error in
 * the answer is an error here. */
int smp_request(struct signet_smp *smp, struct smp_command command, int times,
                struct signet_error *err);

/* The error of the last answer in words; SIGNET_OK when it had none. */
int smp_answer_error(const struct signet_smp *smp, struct signet_error *err);

void smp_report_retry(const struct signet_smp *smp, const char *stage,
                      const struct signet_error *error);
void smp_report_progress(const struct signet_smp *smp, const char *stage, uint64_t done,
                         uint64_t total);

/* Asks for smp->packet_limit unless it is known, and so finds out about the version. */
int smp_ask_packet_limit(struct signet_smp *smp, struct signet_error *err);
/* A packet did not arrive: makes later ones smaller, in steps down to two lines, which is what a
 * board with few line buffers takes, but not below `least`, or what the caller asked for. */
void smp_shrink(struct signet_smp *smp, size_t least);
/* Header and CBOR that fit so many lines. */
size_t smp_lines_limit(const struct signet_smp *smp, size_t lines);

/* The link failed, or nobody wants an answer any more: there is no use in another request. */
bool smp_gone(int rc);

/* Closes the file that the board has open. *closed: it did so; false where it knows no such
 * command, as boards that keep no file open, or says nothing. SIGNET_OK unless smp_gone(). */
int smp_close_open_file(struct signet_smp *smp, bool *closed, struct signet_error *err);
/* Waits, and tells what the board says meanwhile. */
int smp_pause(struct signet_smp *smp, int ms, struct signet_error *err);

int smp_check_path(const char *path, struct signet_error *err);

#endif
