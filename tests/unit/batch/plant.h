/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_BATCH_PLANT_H
#define TESTS_BATCH_PLANT_H

/* All that a batch needs: a ledger with an order, a template, a vault, a folder for the output. */
#include "batch/private.h"

#include <setjmp.h>
#include <signet/config.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "unit/folder.h"

struct plant {
    char folder[FOLDER_SIZE], work[FOLDER_SIZE + 32], key[FOLDER_SIZE + 32],
        where[FOLDER_SIZE + 32], sign[FOLDER_SIZE + 32], packets[FOLDER_SIZE + 32],
        records[FOLDER_SIZE + 32];
    struct job job;
    struct vault *vault;
    struct source *source;
    struct signet_order order;
    struct signet_observer observer;
    struct batch_run *run;
    struct delivery *delivery;
    struct signet_batch_report report;
    struct signet_delivery_report delivered;
    struct signet_error err;
    int warnings;
    char told[512]; /* the last warning, or the last device that was set aside */
};

static inline void good(const struct plant *p, int rc)
{
    if (rc != SIGNET_OK)
        fail_msg("%s (%s)", p->err.msg, p->err.hint);
}

static inline void refused(const struct plant *p, int rc, enum signet_code code, const char *words)
{
    if (rc != (int)code || !strstr(p->err.msg, words))
        fail_msg("%d: %s, not %d: %s", rc, p->err.msg, code, words);
}

static inline void plant_event(void *ctx, const struct signet_event *event)
{
    struct plant *p = ctx;

    p->warnings += event->kind == SIGNET_EVENT_WARNING;
    if (event->error)
        snprintf(p->told, sizeof(p->told), "%s", event->error->msg);
}

static inline void plant_source(struct plant *p)
{
    static const char model[] = "{OID.Security: {1: {RID.Security.ServerURI: 'coaps://localhost',"
                                " RID.Security.Bootstrap: False, RID.Security.Mode: 0,"
                                " RID.Security.ShortServerID: 1}},"
                                " OID.Server: {1: {RID.Server.ShortServerID: 1,"
                                " RID.Server.Lifetime: 60, RID.Server.NotificationStoring: False,"
                                " RID.Server.Binding: 'U'}}}";
    struct source_options options = {.model_name = "template",
                                     .psk_len = 32,
                                     .identity = "{endpoint}",
                                     .delimiter = ',',
                                     .pattern = "d-{serial:03}",
                                     .first = 1,
                                     .count = p->order.quota};
    struct signet_tree *tree = NULL;

    good(p, signet_config_parse(model, strlen(model), "template", &tree, &p->err));
    options.model = tree;
    good(p, source_open(&p->source, &options, &p->err));
    signet_tree_free(&tree);
}

/* A process begins: what the one before left is there. */
static inline void plant_begin(struct plant *p)
{
    const struct signet_ledger_options station = {.station = "A", .sign_file = p->sign};

    p->job = (struct job){.quota = p->order.quota, .observer = &p->observer};
    good(p, job_open(&p->job, &p->err));
    good(p, signet_ledger_open(&p->job.ledger, p->where, &station, &p->err));
    good(p,
         signet_ledger_order(p->job.ledger, "o", "hash", p->order.quota, &p->job.order, &p->err));
    good(p, signet_ledger_recover(p->job.ledger, p->job.order, &p->err));
    good(p, vault_open(&p->vault, p->work, &(struct vault_key){.file = p->key}, "o", &p->err));
}

static inline void set_up(struct plant *p, int64_t quota)
{
    *p = (struct plant){.order = {.name = "o", .station = "A", .quota = quota}};
    assert_true(folder_make(p->folder));
    snprintf(p->work, sizeof(p->work), "%s/work", p->folder);
    snprintf(p->key, sizeof(p->key), "%s/station.key", p->folder);
    snprintf(p->sign, sizeof(p->sign), "%s/station.key.sign", p->folder);
    snprintf(p->where, sizeof(p->where), "%s/ledger.db", p->folder);
    snprintf(p->packets, sizeof(p->packets), "%s/packets.ndjson", p->folder);
    snprintf(p->records, sizeof(p->records), "%s/records.csv", p->folder);
    p->observer = (struct signet_observer){.on_event = plant_event, .ctx = p};
    p->order.packets = p->packets;
    p->order.records = p->records;
    plant_source(p);
    plant_begin(p);
}

static inline int plant_open(struct plant *p, bool change)
{
    const struct batch_setup setup = {.job = &p->job,
                                      .order = &p->order,
                                      .source = p->source,
                                      .vault = p->vault,
                                      .sign_file = p->sign,
                                      .dry_run = !change};
    int rc = batch_open(&p->run, &setup, &p->err);

    if (rc != SIGNET_OK)
        return rc;
    p->run->report = &p->report;
    p->run->batch_max = 64;
    p->run->turns = (struct turns){1, 1, 1};
    return rc;
}

/* As a kill ends it: nothing is given back to the ledger. */
static inline void plant_end(struct plant *p)
{
    batch_close(&p->run);
    vault_close(&p->vault);
    signet_ledger_close(&p->job.ledger);
    job_close(&p->job);
    free(p->delivered.servers);
    p->delivered.servers = NULL;
}

static inline void tear_down(struct plant *p)
{
    plant_end(p);
    source_close(&p->source);
}

/* The whole order, as a run does it. */
static inline int plant_run(struct plant *p)
{
    const struct delivery_setup setup = {.job = &p->job,
                                         .vault = p->vault,
                                         .order = &p->order,
                                         .report = &p->delivered,
                                         .once = true};
    int rc = plant_open(p, true);

    if (rc != SIGNET_OK)
        return rc;
    free(p->delivered.servers); /* of a run before */
    good(p, delivery_begin(&p->delivery, &setup, &p->err));
    p->report = (struct signet_batch_report){0};
    struct signet_error err = {0};
    rc = batch_run(p->run, p->delivery, &p->report, &err);
    good(p, delivery_end(&p->delivery, &p->err));
    batch_close(&p->run);
    return rc == SIGNET_OK ? job_result(&p->job, &p->err) : error_copy(&p->err, &err);
}

/* So many new devices of the order, made as one batch. */
static inline void plant_make(struct plant *p, struct batch *b, size_t count)
{
    const struct signet_ledger_names names = {.name = source_name, .ctx = p->source};

    good(p, batch_init(b, count, &p->err));
    b->number = p->run->turns.next++;
    good(p, signet_ledger_reserve_next(p->job.ledger, p->job.order, BATCH_SLOT, &names, b->leases,
                                       count, &b->count, &p->err));
    assert_int_equal(b->count, count);
    good(p, batch_make(p->run, b, &p->err));
}

static inline int plant_state(void *ctx, const struct signet_ledger_device *device,
                              struct signet_error *err)
{
    (void)err;
    if (!device->freed)
        *(int *)ctx = (int)device->state;
    return SIGNET_OK;
}

/* -1: the ledger does not have it */
static inline int plant_state_of(struct plant *p, const char *endpoint)
{
    const struct signet_ledger_filter filter = {.endpoint = endpoint, .state = -1};
    int state = -1;

    good(p, signet_ledger_devices(p->job.ledger, &filter, plant_state, &state, &p->err));
    return state;
}

static inline size_t plant_seals(struct plant *p)
{
    uint64_t *numbers = NULL;
    size_t count = 0;

    good(p, vault_batch_list(p->vault, &numbers, &count, &p->err));
    free(numbers);
    return count;
}

/* How often a text stands in a file. */
static inline size_t plant_count(struct plant *p, const char *path, const char *text)
{
    struct buf found = {0};
    size_t count = 0;

    good(p, file_read(path, 1 << 22, &found, &p->err));
    for (const char *at = (const char *)found.data; at && (at = strstr(at, text)); at++)
        count++;
    buf_free(&found);
    return count;
}

#endif
