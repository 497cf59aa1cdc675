/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_DELIVERY_ROOM_H
#define TESTS_DELIVERY_ROOM_H

/* Verified devices d0, d1 ... of an order, on a ledger; whether each can be opened is scripted. The
 * test says
 *  * wrap: device_cache_take device_cache_give
 * in its first lines. */
#include "delivery/private.h"

#include <errno.h>
#include <setjmp.h>
#include <signet/server.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "unit/folder.h"

enum { DEVICES = 8 };

/* What is scripted for each device, in the order of the ledger. */
struct answer {
    enum signet_code code;
    int sys;
};

static struct {
    struct answer opened[DEVICES], answers[DEVICES]; /* of the cache; of the server, or the proof */
    int asked[DEVICES];
    unsigned calls, in_use;
} script;

/* Devices are called d0, d1 ... */
static inline size_t number_of(const char *endpoint)
{
    return (size_t)(endpoint[1] - '0');
}

static inline int say(const struct answer *answer, struct signet_error *err)
{
    *err = (struct signet_error){0};
    if (answer->code == SIGNET_OK)
        return SIGNET_OK;
    error_set(err, answer->code, "so it is");
    err->sys = answer->sys;
    return (int)answer->code;
}

int __wrap_device_cache_take(struct device_cache *cache, const struct signet_lease *lease,
                             struct device **out, struct signet_error *err);
int __wrap_device_cache_take(struct device_cache *cache, const struct signet_lease *lease,
                             struct device **out, struct signet_error *err)
{
    int rc = say(&script.opened[number_of(lease->endpoint)], err);

    (void)cache;
    if (rc != SIGNET_OK)
        return rc;
    struct device *device = calloc(1, sizeof(*device));
    assert_non_null(device);
    device->view.endpoint = lease->endpoint;
    *out = device;
    script.in_use++;
    return SIGNET_OK;
}

void __wrap_device_cache_give(struct device_cache *cache, struct device *device);
void __wrap_device_cache_give(struct device_cache *cache, struct device *device)
{
    (void)cache;
    free(device);
    script.in_use--;
}

struct fixture {
    struct job job;
    struct signet_order order;
    struct signet_server *servers[1];
    struct signet_server_report report;
    struct signet_delivery_report delivered;
    struct delivery_setup setup;
    struct round round;
    struct signet_error err;
};

static inline void good(const struct fixture *f, int rc)
{
    if (rc != SIGNET_OK)
        fail_msg("%s", f->err.msg);
}

static inline void make_devices(struct fixture *f, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct signet_lease lease;
        char name[8];

        snprintf(name, sizeof(name), "d%zu", i);
        good(f, signet_ledger_reserve(f->job.ledger, f->job.order, name, "1", &lease, &f->err));
        for (enum signet_device_state to = SIGNET_DEVICE_WRITING; to <= SIGNET_DEVICE_VERIFIED;
             to++)
            good(f, signet_ledger_advance(f->job.ledger, &lease, to, NULL, &f->err));
        good(f, signet_ledger_release(f->job.ledger, &lease, &f->err));
    }
}

static inline void set_up(struct fixture *f, size_t count)
{
    const struct signet_ledger_options station = {.station = "A"};
    char folder[FOLDER_SIZE], where[FOLDER_SIZE + 16];

    *f = (struct fixture){.order = {.name = "o", .quota = DEVICES, .stop_after_refusals = 3}};
    script.calls = script.in_use = 0;
    memset(script.asked, 0, sizeof(script.asked));
    assert_true(folder_make(folder));
    snprintf(where, sizeof(where), "%s/ledger.db", folder);
    f->job.quota = f->order.quota;
    good(f, job_open(&f->job, &f->err));
    good(f, signet_ledger_open(&f->job.ledger, where, &station, &f->err));
    good(f, signet_ledger_order(f->job.ledger, "o", "hash", DEVICES, &f->job.order, &f->err));
    make_devices(f, count);
    f->report.name = "s";
    f->delivered = (struct signet_delivery_report){.servers = &f->report, .server_count = 1};
    f->setup = (struct delivery_setup){
        .job = &f->job, .order = &f->order, .servers = f->servers, .report = &f->delivered};
}

static inline void tear_down(struct fixture *f)
{
    assert_int_equal(script.in_use, 0);
    signet_ledger_close(&f->job.ledger);
    job_close(&f->job);
    memset(&script, 0, sizeof(script));
}

static inline size_t asked(void)
{
    size_t count = 0;

    for (size_t i = 0; i < DEVICES; i++)
        count += script.asked[i] > 0;
    return count;
}

#endif
