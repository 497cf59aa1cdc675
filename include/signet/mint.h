/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_MINT_H
#define SIGNET_MINT_H

/* Devices without boards: packets are made by the hundred thousand and written to a folder or a
 * file, for whoever loads them into boards, and what servers must know of them into another file.
 *
 * Devices go in batches from reserved over writing to verified and done. Each state is on disk
 * before the effect that it announces: a run may end at any moment, by kill -9 or by the mains, and
 * the next one goes on where it was. Each device is in the output exactly once. */

#include <signet/cancel.h>
#include <signet/error.h>
#include <signet/event.h>
#include <signet/ledger.h>
#include <signet/server.h>
#include <signet/units.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* All is the caller's, and outlives the run. */
struct signet_mint {
    struct signet_ledger *ledger;
    int64_t order; /* of signet_ledger_order() */
    const char *name;
    int64_t quota;
    struct signet_units *units;
    /* A folder, ending in "/", which gets a file ENDPOINT.cbor for each device; or a file ending in
     * ".ndjson", a line for each: {"endpoint", "packet": base64 of the SenML CBOR,
     * "packet_sha256"}. Files are 0600. */
    const char *packets;
    /* What a server must know, no private key: a file ending in ".csv" or ".ndjson" with endpoint,
     * mode, identity, psk (hex), certificate (base64 of the DER). NULL: none. */
    const char *records;
    struct signet_server *const *servers; /* open; used on one thread */
    const char *const *server_names;      /* as the ledger knows them */
    size_t server_count;
    int sync_seconds; /* at the end, how long servers that are away are tried; 0: 10 */
    const struct signet_observer *observer; /* called by one thread at a time */
    const struct signet_cancel *cancel;
};

struct signet_mint_file {
    uint64_t bytes;  /* 0 with a folder */
    char sha256[65]; /* of them */
};

/* What came of it. */
struct signet_mint_report {
    double seconds;
    uint64_t made;       /* devices written in this run */
    uint64_t failed;     /* devices set aside in this run */
    uint64_t registered; /* devices that all servers have, in this run */
    uint64_t elsewhere;  /* half made, and what they were made with is at another station */
    struct signet_mint_file packets, records; /* whole, as they are now */
    /* Of the whole order, at the end: devices per state. */
    int64_t states[SIGNET_DEVICE_STATES];
    int64_t quota;
};

/* Could a run write its files? Changes nothing; needs no ledger where the order never ran.
 * SIGNET_E_IO, SIGNET_E_EXISTS: there is something of that name which this order did not write;
 * SIGNET_E_CONFLICT: the file is not as it was left. */
int signet_mint_check(const struct signet_mint *mint, struct signet_error *err);

/* Runs until the order is used up or cancel fires. Events:
 *   SIGNET_EVENT_TOTALS    as of a line (line.h)
 *   SIGNET_EVENT_PROGRESS  stage "mint": done of total devices of the order are written
 *   SIGNET_EVENT_WARNING   devices became void meanwhile, or another station took them over: the
 *                          others go on; or a server is away
 * SIGNET_OK also when devices were set aside or wait for their servers: the report says so. An
 * error is what stopped the run, such as a full disk; the report is complete then too. */
int signet_mint_run(const struct signet_mint *mint, struct signet_mint_report *report,
                    struct signet_error *err);

/* Brings the devices that wait as verified to their servers, and makes none. SIGNET_E_NET,
 * SIGNET_E_TIMEOUT, SIGNET_E_AUTH: a server is away; the others were tried, and the report is
 * complete. */
int signet_mint_sync(const struct signet_mint *mint, struct signet_mint_report *report,
                     struct signet_error *err);

#ifdef __cplusplus
}
#endif
#endif
