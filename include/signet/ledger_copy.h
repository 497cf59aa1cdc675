/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_LEDGER_COPY_H
#define SIGNET_LEDGER_COPY_H

/* Copies of a ledger: backups, archives, ledgers of other sites that are imported, and old copies
 * that were put back. Units, errors and threads are those of ledger.h. */

#include <signet/ledger.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A copy in a new SQLite file (0600), while others work on the ledger: all that was recorded before
 * the call, read in one transaction, and verified. A file that is copied while it is in use is no
 * ledger. *events, head: as of signet_ledger_verify(), of the copy. SIGNET_E_EXISTS: nothing is
 * overwritten; after any error nothing is left. */
int signet_ledger_backup(struct signet_ledger *ledger, const char *to,
                         const struct signet_cancel *cancel, int64_t *events, char head[65],
                         struct signet_error *err);

/* Finished orders, in a new SQLite file (0600) that is a ledger of its own: their rows and events,
 * with a chain of each station over those alone; it verifies by itself, and can be read as any
 * other. The ledger is verified before, and keeps all it has: names, keys and boards of these
 * orders stay taken; each of them gets an event, "archived", with the file's head. SIGNET_E_USAGE:
 * an order is not finished; the message says what is left. SIGNET_E_NOT_FOUND: there is no such
 * order. SIGNET_E_CONFLICT: it came with an import. SIGNET_E_EXISTS: nothing is overwritten. */
int signet_ledger_archive(struct signet_ledger *ledger, const char *const *orders, size_t count,
                          const char *to, const struct signet_cancel *cancel, int64_t *events,
                          char head[65], struct signet_error *err);

/* What an import brought. */
struct signet_ledger_imported {
    int64_t stations, orders, devices; /* that are the other ledger's own */
    int64_t events;                    /* that are new here */
    bool again;                        /* an older copy of it was imported before */
    int64_t passed_over; /* stations that came into the other ledger by imports: not brought */
    int64_t all_events;  /* of the other ledger; */
    char head[65];       /* both as of signet_ledger_verify() */
    char site[33];       /* that it is called by */
};
/* Brings another ledger's chains into this one, with its orders, devices and deliveries: of a site
 * that works without a network. They are read here and not changed; their names, keys and boards
 * count as taken. Orders and stations are called NAME@SITE here. site: at most 32 letters, digits
 * and . _ - (SIGNET_E_USAGE); NULL: 8 digits of the first hash, or as before.  The other one is
 * verified first, in the same view of it; all or nothing in one transaction, and an event,
 * "imported". Again with a newer copy: what is new there comes. A call that would change what was
 * imported returns SIGNET_E_CONFLICT. SIGNET_E_CONFLICT also: a device's name, key or board is in
 * both, which the message names; it is a copy of this ledger, or an older or forked one of one that
 * was imported. SIGNET_E_LEDGER: the other one does not verify, or has an older schema. */
int signet_ledger_import(struct signet_ledger *ledger, struct signet_ledger *from, const char *site,
                         const struct signet_cancel *cancel, struct signet_ledger_imported *out,
                         struct signet_error *err);

/* How far a ledger is, for whoever wants to know later whether an old copy was put back. */
struct signet_ledger_head {
    char ledger[65];   /* which one: the hash of its first event; "" without any */
    char station[121]; /* this handle's */
    int64_t seq;       /* number of the station's last event; 0: it has none */
    char hash[65];     /* of that event */
    int64_t time, now; /* of that event; of this call, by the same clock */
    int64_t issued;    /* units of the order's quota that are taken */
    int64_t names;     /* number of the order's first name that was not looked at yet */
    char checkpoint[SIGNET_LEDGER_CHECKPOINT_SIZE]; /* of that event; "": the station does not sign
                                                     */
};
/* order 0: none, and zero in the last two. */
int signet_ledger_head(struct signet_ledger *ledger, int64_t order, struct signet_ledger_head *head,
                       struct signet_error *err);
enum signet_ledger_age {
    SIGNET_LEDGER_SAME,   /* it is that ledger, as far or further */
    SIGNET_LEDGER_BEHIND, /* the event is not in it yet: it is an old copy */
    SIGNET_LEDGER_FORKED, /* another event stands in its place: an old copy that was worked on */
    SIGNET_LEDGER_OTHER   /* another ledger */
};
/* The ledger, against what was known of it before. */
int signet_ledger_compare(struct signet_ledger *ledger, const struct signet_ledger_head *known,
                          enum signet_ledger_age *age, struct signet_error *err);

/* A name that was given out, by its number in the order; -1: of a device that the ledger has. */
struct signet_ledger_lost {
    int64_t number;
    char endpoint[SIGNET_ENDPOINT_SIZE];
};
/* After an old copy of the ledger was put back: these names are never given again. A device that
 * the ledger does not have is reserved and void; one that has no end yet is void, or set aside
 * where it waited for its servers. All or none. SIGNET_E_QUOTA: the order has fewer units. */
int signet_ledger_expose(struct signet_ledger *ledger, int64_t order,
                         const struct signet_ledger_lost *lost, size_t count, const char *reason,
                         struct signet_error *err);

#ifdef __cplusplus
}
#endif
#endif
