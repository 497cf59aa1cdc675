/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DELIVERY_PRIVATE_H
#define DELIVERY_PRIVATE_H

#include "delivery/delivery.h"
#include "device/device.h"

/* What one walk over everything that waits came to. */
struct round {
    uint64_t moved;           /* devices that went a step on, or were set aside */
    struct signet_error away; /* why something still waits; SIGNET_OK: nothing does */
    bool there;               /* its server took or refused others: it is not away */
    bool stopped;             /* its server refuses every device: no round follows */
};

/* device_cache.c: devices that were opened: each is decoded once, for all servers and its proof. */
struct device_cache;
int device_cache_new(struct device_cache **out, struct vault *vault, struct signet_error *err);
void device_cache_free(struct device_cache *opened); /* NULL: nothing */
/* The device of the lease, until device_cache_give(). SIGNET_E_NOT_FOUND: nothing is sealed for it
 * here.
 */
int device_cache_take(struct device_cache *opened, const struct signet_lease *lease,
                      struct device **out, struct signet_error *err);
void device_cache_give(struct device_cache *opened, struct device *device);
void device_cache_drop(struct device_cache *opened,
                       const struct signet_lease *lease); /* it is at its end */
/* How a device that cannot be opened or proved is dealt with. SIGNET_OK: *why is the device's own,
 * and sets it aside; SIGNET_E_BUSY: it waits; another code stops the run. */
int judge_unopened(const struct signet_error *why);

/* seals.c: looks at what is sealed in batches, and wipes what no device needs */
int seals_wipe_batch(const struct delivery_setup *setup, uint64_t number, struct signet_error *err);
int seals_wipe_unneeded(const struct delivery_setup *setup, struct signet_error *err);
/* The same, and what void devices left. */
int seals_wipe_ended(const struct delivery_setup *setup, struct signet_error *err);
/* A device is set aside after it was verified. */
void report_refused(const struct delivery_setup *setup, enum job_stage stage, const char *endpoint,
                    const struct signet_error *why);

/* refusals.c: what the answers of one server, one after the other, say of it. NULL: no memory */
struct refusals *refusals_new(int64_t limit);
void refusals_took_one(struct refusals *refusals);
/* Before the first answer: what the server said last, the newest first; words NULL: it took that
 * device. So many are counted that one more equal refusal makes the server be left alone. False:
 * what was before that one does not matter. */
bool refusals_remember(struct refusals *refusals, const char *endpoint, const char *words);
/* A refusal of this device. True: so many equal ones came before it, one after the other, that it
 * is the server's: the device waits. Equal: code, status, and words without what is the device's.
 */
bool refusals_too_many(struct refusals *refusals, const char *endpoint,
                       const struct signet_error *why);
/* Was the last device refused? */
bool refusals_in_a_row(const struct refusals *refusals);
/* Is the server to be left alone? Then *err says why. */
bool refusals_stop(const struct refusals *refusals, const char *server, struct signet_error *err);
/* The server says that it has the device's name, and does not find it. */
bool refusals_not_found(const struct signet_error *why);
/* Such a device is not to be asked for yet; *why is what was said of the last one. */
bool refusals_rests(const struct refusals *refusals, int64_t device, int64_t now,
                    struct signet_error *why);
/* A device waits for this reason. True: it is such a device, as often and as long as no search
 * lags, while the server took others: *why is its refusal now. */
bool refusals_held(struct refusals *refusals, int64_t device, int64_t now,
                   struct signet_error *why);

/* server.c: one server, number i of the order. A round brings it what it does not have. */
struct server_worker;
int server_worker_new(struct server_worker **out, const struct delivery_setup *setup,
                      struct device_cache *opened, size_t i, struct signet_error *err);
void server_worker_free(struct server_worker *worker); /* NULL: nothing */
int server_round(struct server_worker *worker, struct round *round, struct signet_error *err);

/* label.c: the label printer, which is one more server to the ledger */
struct label_worker;
int label_worker_new(struct label_worker **out, const struct delivery_setup *setup,
                     struct signet_error *err);
void label_worker_free(struct label_worker *worker); /* NULL: nothing */
void label_worker_watch(struct label_worker *worker, struct label_wait *wait);
void label_worker_leave(struct label_worker *worker, struct label_wait *wait);
/* With the job's lock: no more devices come, and the printer is waited for until then. */
void label_worker_end(struct label_worker *worker, int64_t at);
int label_round(struct label_worker *worker, struct round *round, struct signet_error *err);

/* read_back.c: labels that are scanned back. Whoever reads one writes it down
 * (src/run/read_back.c); here it is only waited for. */
struct read_back;
int read_back_new(struct read_back **out, const struct delivery_setup *setup,
                  struct signet_error *err);
void read_back_free(struct read_back *reader); /* NULL: nothing */
int read_back_round(struct read_back *reader, struct round *round, struct signet_error *err);
/* By its worker: a label is printed, and not read. */
bool read_back_asks(const struct read_back *reader);
/* Likewise: until when the next label is waited for, clock_ms(); end_at: the same for servers.
 */
int64_t read_back_until(const struct read_back *reader, int64_t end_at);

/* remove.c: what server number i is to lose. */
int remove_round(const struct delivery_setup *setup, size_t i, struct round *round,
                 struct signet_error *err);
/* Counts what it still has, into the report. */
int remove_count(const struct delivery_setup *setup, size_t i, struct signet_error *err);

/* finish.c: what all servers have is proved, and done. */
int finish_round(const struct delivery_setup *setup, struct device_cache *opened,
                 struct round *round, struct signet_error *err);

#endif
