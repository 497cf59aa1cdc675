/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SMP_CLIENT_H
#define SMP_CLIENT_H

#include "smp/smp.h"

#define CHUNK_LIMIT_DEFAULT 380 /* the default buf_size of Zephyr less 4 */
#define PATH_LEN_MAX        64

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

/* Asks for smp->packet_limit unless it is known. */
int smp_ask_packet_limit(struct signet_smp *smp, struct signet_error *err);

int smp_check_path(const char *path, struct signet_error *err);

#endif
