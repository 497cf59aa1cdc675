/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_LEDGER_H
#define SIGNET_LEDGER_H

#include <signet/error.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What happened to which unit. Never holds a secret, only fingerprints. One handle may be used by
 * many threads, one file by many processes. What a function returned SIGNET_OK for is on disk. */
struct signet_ledger;

struct signet_ledger_options {
    const char *station;       /* required, stable over restarts */
    const char *operator_name; /* NULL: "" */
    int lease_seconds;         /* 0: 120 */
};

/* Creates the file on first use. SIGNET_E_LEDGER: damaged, unreadable, or of another version;
 * SIGNET_E_UNSUPPORTED: a postgresql:// address. */
int signet_ledger_open(struct signet_ledger **out, const char *path,
                       const struct signet_ledger_options *options, struct signet_error *err);
void signet_ledger_close(struct signet_ledger **ledger); /* sets *ledger to NULL */

/* Finds or makes an order. SIGNET_E_CONFLICT: the name stands for another hash; a higher quota is
 * taken over. */
int signet_ledger_order(struct signet_ledger *ledger, const char *name, const char *hash,
                        int64_t quota, int64_t *id, struct signet_error *err);

/* Stable numbers: the ledger stores them. */
enum signet_device_state {
    SIGNET_DEVICE_RESERVED = 0,
    SIGNET_DEVICE_KEYED = 1,
    SIGNET_DEVICE_WRITING = 2, /* from here on credentials may have left the host */
    SIGNET_DEVICE_WRITTEN = 3,
    SIGNET_DEVICE_VERIFIED = 4,
    SIGNET_DEVICE_REGISTERED = 5,
    SIGNET_DEVICE_DONE = 6,
    SIGNET_DEVICE_FAILED = 7,
    SIGNET_DEVICE_VOID = 8,
};
const char *signet_device_state_name(enum signet_device_state state); /* "reserved"; NULL */

/* The right to work on one device; token fences off a station that came back too late. */
struct signet_lease {
    int64_t device, token;
    int attempt; /* from 1 */
    enum signet_device_state state;
    char endpoint[152];
};

/* A new device. SIGNET_E_QUOTA, SIGNET_E_CONFLICT (endpoint in use). */
int signet_ledger_reserve(struct signet_ledger *ledger, int64_t order, const char *endpoint,
                          const char *slot, struct signet_lease *lease, struct signet_error *err);
/* An unfinished device of the order: this station's slot first, then any whose lease ran out.
 * SIGNET_E_NOT_FOUND when there is none. */
int signet_ledger_resume(struct signet_ledger *ledger, int64_t order, const char *slot,
                         struct signet_lease *lease, struct signet_error *err);

/* After a crash, when no other process of this station is at work: ends the leases that it held. */
int signet_ledger_recover(struct signet_ledger *ledger, int64_t order, struct signet_error *err);
/* For the board that is in the slot now: the order's unfinished device (not yet verified) that it
 * is. Looked for by endpoint, then by hw_id; with both NULL, any whose credentials never left the
 * host. SIGNET_E_CONFLICT: its credentials may be on another board, or it is void; SIGNET_E_EXISTS:
 * it is verified or done; SIGNET_E_BUSY: it was set aside, or its lease runs. SIGNET_E_NOT_FOUND:
 * the board is a new one. */
int signet_ledger_claim(struct signet_ledger *ledger, int64_t order, const char *endpoint,
                        const char *hw_id, const char *slot, struct signet_lease *lease,
                        struct signet_error *err);
/* Devices that are verified and not yet at their servers, at most max, in the order of their
 * numbers, from the one after the number *after (0 at first), which is moved on. Their leases are
 * taken, so that one station feeds the servers with a device. *count 0: that was all. */
int signet_ledger_waiting(struct signet_ledger *ledger, int64_t order, int64_t *after,
                          struct signet_lease *leases, size_t max, size_t *count,
                          struct signet_error *err);
/* How many devices of the order are in each state; names that were given back do not count. */
int signet_ledger_states(struct signet_ledger *ledger, int64_t order, int64_t states[9],
                         struct signet_error *err);
/* The device that was in this slot of this station last, of any order. SIGNET_E_NOT_FOUND. */
int signet_ledger_last(struct signet_ledger *ledger, const char *slot, char endpoint[152],
                       enum signet_device_state *state, struct signet_error *err);

/* What is learnt on the way; NULL leaves a column as it was. Hashes are lower-case hex. */
struct signet_device_facts {
    const char *hw_id, *psk_identity, *psk_sha256, *spki_sha256, *cert_issuer, *cert_serial;
    const char *packet_sha256, *image_sha256;
};

/* Moves to the next state (or stays in it). SIGNET_E_BUSY: the lease was lost; SIGNET_E_USAGE: no
 * such transition; SIGNET_E_CONFLICT: a fact belongs to another device, which is named. */
int signet_ledger_advance(struct signet_ledger *ledger, struct signet_lease *lease,
                          enum signet_device_state state, const struct signet_device_facts *facts,
                          struct signet_error *err);
/* Sets the device aside and ends the lease. */
int signet_ledger_fail(struct signet_ledger *ledger, struct signet_lease *lease,
                       const struct signet_error *why, struct signet_error *err);
int signet_ledger_renew(struct signet_ledger *ledger, const struct signet_lease *lease,
                        struct signet_error *err);
int signet_ledger_release(struct signet_ledger *ledger, const struct signet_lease *lease,
                          struct signet_error *err);

/* Ends a device for ever. Its identity and its unit of the quota come back only when its
 * credentials never left the host. A reason is required. */
int signet_ledger_void(struct signet_ledger *ledger, const char *endpoint, const char *reason,
                       struct signet_error *err);
/* A failed device gets another attempt: the same identity, and only on the same hardware once
 * its credentials may have left the host. */
int signet_ledger_rework(struct signet_ledger *ledger, const char *endpoint,
                         struct signet_error *err);

/* Checks the event chain; SIGNET_E_LEDGER names the first event that was changed, dropped or
 * reordered. *head is SHA-256 of the last event in hex: written down elsewhere, it shows later
 * that no tail was cut off and no old copy put back. */
int signet_ledger_verify(struct signet_ledger *ledger, int64_t *events, char head[65],
                         struct signet_error *err);

#ifdef __cplusplus
}
#endif
#endif
