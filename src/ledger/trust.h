/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LEDGER_TRUST_H
#define LEDGER_TRUST_H

#include "ledger/store.h"

/* What was kept elsewhere, read. */
struct trust {
    struct signet_ledger_trust given;
    struct tlog_vkey *keys;
    size_t key_count;
    struct trust_known {
        struct tlog_checkpoint checkpoint;
        uint8_t id[TLOG_KEY_ID]; /* of the key that signed it */
        bool found;              /* its events are in the ledger */
    } * known;
    size_t known_count;
};
int trust_open(struct trust *trust, const struct signet_ledger_trust *given,
               struct signet_error *err);
void trust_close(struct trust *trust);
/* After all stations: all that was known is there. */
int trust_end(const struct trust *trust, struct signet_error *err);

/* One station, event by event. there: its name where its events were recorded; name: here. */
struct log_check {
    struct trust *trust; /* NULL: nothing is known */
    struct tlog_tree tree;
    char origin[TLOG_NAME_SIZE];
};
int log_check_event(struct log_check *check, const char *there, const char *name, const char *hash,
                    const uint8_t leaf[static TLOG_HASH], struct signet_error *err);
int log_check_end(const struct log_check *check, const char *name, const char *tree,
                  const char *checkpoint, struct signet_error *err);

/* site.c */

/* The head of a ledger, of all its stations' heads. */
void heads_add(struct buf *heads, int64_t station, int64_t last, const char *hash);
int heads_hash(const struct buf *heads, char out[static 65], struct signet_error *err);
/* The same of the stations that are here of one site, @SITE; an import records it. */
int site_head(struct signet_ledger *ledger, const char *site, char out[static 65],
              struct signet_error *err);
/* SIGNET_E_LEDGER: a site is not what its last import left. */
int sites_check(struct signet_ledger *ledger, struct signet_error *err);

/* rules.c: the columns that no hash covers. SIGNET_E_LEDGER: one is not what the events make it. */
int rules_check(struct signet_ledger *ledger, struct signet_error *err);

#endif
