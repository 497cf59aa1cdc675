/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LINE_WORK_H
#define LINE_WORK_H

/* One board that is being worked on. */

#include "line/private.h"

struct work {
    struct slot *slot;
    struct signet_lease *lease; /* the slot's */
    struct signet_lease spare;  /* a unit for a board that is not known yet; device 0: none */
    const struct line_setup *setup;
    struct job *job;
    struct signet_board *board;
    struct device device; /* once it has a packet */
    bool ledger_refused;  /* the last error came from the ledger */
    bool golden;          /* the board is the golden one: no product */
    bool ledger_broken;   /* and it is the ledger's own: no device can go on */
    char name[152];       /* that the board gave; "" */
    char hw_id[152];
    char made[152];      /* the device that was made on this board before; "" */
    double began;        /* clock_seconds() */
    double took[STAGES]; /* seconds, in this attempt; below 0: not run */
    char not_noted[384]; /* why an attempt failed before it was known which device this is */
};

/* NULL: the board has not said. */
static inline const char *work_hw_id(const struct work *w)
{
    return w->hw_id[0] ? w->hw_id : NULL;
}
/* Of a call of the ledger: rc, and what it says of the ledger. */
int work_judged(struct work *w, int rc);
void work_failpoint(const char *when, const char *what);
int work_seal(struct work *w, struct signet_error *err); /* its packet, into the vault */
/* Puts the state into the ledger. A device that is further already, from before a crash, stays
 * where it is: the board is written once more. */
int work_record(struct work *w, enum signet_device_state state,
                const struct signet_device_facts *facts, struct signet_error *err);
/* made_before.c: the device that was made on this board, by the name that it gave or by its serial
 * number; either may be "". SIGNET_E_PROVISIONED: *err says which it is, when and where it was
 * made. */
int work_made(struct work *w, const char *endpoint, const char *hw_id, struct signet_error *err);
/* retry.c: a person said which device the board is, and it is not leased yet. again_claim(): before
 * the board is touched; the ledger lets it be made again, and it is leased. SIGNET_E_PROVISIONED:
 * the ledger does not; nothing is done to the board. */
bool again_is_known(const struct work *w);
int again_claim(struct work *w, struct signet_error *err);
/* board.c: for the board that is in the slot now, as the calls of the ledger. name NULL: the next
 * of the order's that no station has; SIGNET_E_QUOTA also when the names are used up. */
int work_claim(struct work *w, const char *endpoint, const char *hw_id, struct signet_lease *lease,
               struct signet_error *err);
int work_reserve(struct work *w, const char *name, struct signet_lease *lease,
                 struct signet_error *err);
bool work_erases(const struct signet_order *order);
/* quota_unit.c: before the erase. SIGNET_E_QUOTA: there is no unit for another board. */
int work_take_unit(struct work *w, struct signet_error *err);
int work_drop_spare(struct work *w, struct signet_error *err);
/* scan.c: the device whose code was scanned. work_take_scanned(): before the board is touched.
 * SIGNET_E_WRONG_BOARD: the board is another device's. */
static inline bool work_is_scanned(const struct work *w)
{
    return w->slot->scanned.endpoint[0];
}
int work_take_scanned(struct work *w, struct signet_error *err);
int work_identify_scanned(struct work *w, struct signet_error *err);
/* before_erase.c */
/* last: what the ledger says of the slot's last device, of a board that may still be there.
 * SIGNET_E_PROVISIONED: it holds credentials, and stays as it is. A board whose device is
 * interrupted holds no more than that device's credentials, which it gets again. */
int work_look(struct work *w, enum signet_device_state last, struct signet_error *err);
/* Between two attempts. SIGNET_E_NOT_FOUND: the board is gone. */
int work_look_again(struct work *w, struct signet_error *err);
/* The board took its packet, before which this was in the slot: if it still is, it is that board's
 * port, whatever was there when the board was begun. */
void work_keep_port(struct work *w, const struct presence *before);
bool work_is_interrupted(enum signet_device_state last);
/* SIGNET_E_PROVISIONED: the board of this serial number is the golden one. */
int work_refuse_golden(struct work *w, const char *serial, struct signet_error *err);
/* What went wrong and is tried again stays on record. */
int work_note_retry(struct work *w, const char *why, struct signet_error *err);
/* Tells of it, and waits a moment. */
int work_pause(struct work *w, const struct signet_error *why, struct signet_error *err);
/* reworked.c */
/* The board gave another name than that of the device that it was taken for. */
bool work_is_another(const struct work *w);
/* SIGNET_E_NOT_FOUND: what is sealed is the edition before; it is dropped, this one has none yet.
 */
int work_drop_retired(struct work *w, struct signet_error *err);
/* board_key.c: a board that makes its own key: it is asked for a request, which the order's
 * authority signs. The ledger has the key's fingerprint before anything is signed, so that an
 * identity has one key, whatever happens in between. SIGNET_E_CONFLICT: the board has another key
 * than the one whose certificate it may hold. */
int born_credentials(struct work *w, struct signet_error *err);
/* ask_before.c: before anything touches the board. SIGNET_E_REFUSED: the order's command said no,
 * in its own words; any other error: it gave no answer. */
int work_ask_before(struct work *w, struct signet_error *err);
/* work.c */
/* Writes what became of the board and its device; sets slot->verdict. Returns rc, or why the ledger
 * refused it. */
int work_end(struct work *w, int rc, struct signet_error *err);

#endif
