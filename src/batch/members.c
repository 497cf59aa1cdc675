/* SPDX-License-Identifier: Apache-2.0 */
/* Some hundred devices: made together, sealed together, written together. */
#include "batch/private.h"

#include <stdio.h>
#include <stdlib.h>

#define BATCH_SIZE_MAX ((size_t)8 * 1024 * 1024)

/* What the ledger is told of each device, as an array of texts. */
enum { FACT_COUNT = offsetof(struct signet_device_facts, note) / sizeof(char *) };

static const char **facts_of(struct signet_device_facts *facts)
{
    return (const char **)(void *)facts;
}

int batch_init(struct batch *b, size_t max, struct signet_error *err)
{
    *b = (struct batch){.max = max};
    b->leases = calloc(max, sizeof(*b->leases));
    b->parts = calloc(max, sizeof(*b->parts));
    b->facts = calloc(max, sizeof(*b->facts));
    b->keep = calloc(max, sizeof(*b->keep));
    return b->leases && b->parts && b->facts && b->keep ? SIGNET_OK : error_nomem(err);
}

void batch_free(struct batch *b)
{
    free(b->leases);
    free(b->parts);
    free(b->facts);
    free(b->keep);
    for (size_t t = 0; t < TEXTS; t++)
        buf_free(&b->texts[t]);
    *b = (struct batch){0};
}

void batch_reset(struct batch *b)
{
    b->count = 0;
    b->sealed = b->partial = false;
    for (size_t t = 0; t < TEXTS; t++)
        buf_reset(&b->texts[t]);
}

static void put_entry(struct buf *to, const struct signet_lease *lease,
                      const struct signet_bytes *packet)
{
    struct vault_entry entry = {.index = lease->index, .packet = packet->data, .len = packet->len};

    snprintf(entry.endpoint, sizeof(entry.endpoint), "%s", lease->endpoint);
    vault_entry_add(to, &entry);
}

/* For each fact a byte: is it there? Its text follows. */
static void put_facts(struct buf *to, struct signet_device_facts facts)
{
    for (size_t i = 0; i < FACT_COUNT; i++) {
        const char *text = facts_of(&facts)[i];

        buf_byte(to, text != NULL);
        if (text)
            buf_append(to, text, strlen(text) + 1);
    }
}

static void batch_facts(struct batch *b)
{
    for (size_t i = 0; i < b->count; i++) {
        const char *at = (const char *)b->texts[FACTS].data + b->parts[i].at[FACTS];

        for (size_t k = 0; k < FACT_COUNT; k++) {
            const char *text = *at++ ? at : NULL;

            facts_of(&b->facts[i])[k] = text;
            at += text ? strlen(text) + 1 : 0;
        }
    }
}

static void cut(struct buf *text, size_t len)
{
    if (text->len <= len)
        return;
    wipe(text->data + len, text->len - len);
    text->len = len;
}

/* One more device. On an error the batch is as before. */
static int batch_add(struct batch_run *l, struct batch *b, const struct signet_lease *lease,
                     const struct device *device, struct signet_error *err)
{
    const char *records = l->setup.order->records;
    struct part part;
    int rc = SIGNET_OK;

    for (size_t t = 0; t < TEXTS; t++)
        part.at[t] = b->texts[t].len;
    if (l->out.folder < 0)
        rc = row_packet(&b->texts[PACKETS], device, err);
    if (rc == SIGNET_OK && records)
        rc = row_record(&b->texts[RECORDS], device, text_ends_with(records, ".csv"),
                        l->out.state.form, err);
    put_entry(&b->texts[PLAIN], lease, &device->packet);
    put_facts(&b->texts[FACTS], device->facts);
    for (size_t t = 0; t < TEXTS; t++) {
        rc = rc == SIGNET_OK ? buf_check(&b->texts[t], err) : rc;
        part.len[t] = b->texts[t].len - part.at[t];
    }
    if (rc == SIGNET_OK) {
        b->leases[b->count] = *lease;
        b->parts[b->count++] = part;
    }
    for (size_t t = 0; rc != SIGNET_OK && t < TEXTS; t++)
        cut(&b->texts[t], part.at[t]);
    return rc;
}

const uint8_t *batch_packet(const struct batch *b, size_t i, size_t *len)
{
    size_t head = VAULT_ENTRY_HEAD + strlen(b->leases[i].endpoint);

    *len = b->parts[i].len[PLAIN] - head;
    return b->texts[PLAIN].data + b->parts[i].at[PLAIN] + head;
}

int batch_fail(struct batch_run *l, struct signet_lease *lease, const struct signet_error *why,
               struct signet_error *err)
{
    pthread_mutex_lock(&l->job->lock);
    l->report->failed++;
    pthread_mutex_unlock(&l->job->lock);
    job_report_stage(l->job, SIGNET_EVENT_STAGE_END, STAGE_MINT, 0, lease->endpoint, why);
    return signet_ledger_fail(l->job->ledger, lease, why, err);
}

static int make_one(struct batch_run *l, struct batch *b, struct signet_lease lease,
                    struct signet_error *err)
{
    struct device device = {0};
    struct signet_error why = {0};
    int rc = source_make(l->setup.source, lease.endpoint, lease.index, &device, &why);

    if (rc == SIGNET_OK)
        rc = batch_add(l, b, &lease, &device, &why);
    device_free(&device);
    if (rc == SIGNET_OK)
        return SIGNET_OK;
    error_prefix(&why, "%s cannot be made", lease.endpoint);
    if (signet_error_class(&why) == SIGNET_CLASS_DEVICE)
        return batch_fail(l, &lease, &why, err);
    return error_copy(err, &why);
}

int batch_make(struct batch_run *l, struct batch *b, struct signet_error *err)
{
    double begin = clock_seconds();
    size_t given = b->count, i = 0;
    int rc = SIGNET_OK;

    b->count = 0; /* batch_add() comes behind the lease that it reads, or to it */
    for (; rc == SIGNET_OK && i < given && b->texts[PLAIN].len < BATCH_SIZE_MAX; i++)
        rc = job_failed(l->job) ? error_set(err, SIGNET_E_CANCELLED, "stopped")
                                : make_one(l, b, b->leases[i], err);
    if (rc == SIGNET_OK) {
        pthread_mutex_lock(&l->job->lock);
        rc = leases_add(&l->again, b->leases + i, given - i, err);
        l->pace = (clock_seconds() - begin) / (double)i;
        pthread_mutex_unlock(&l->job->lock);
        batch_facts(b);
    }
    return rc;
}

int leases_add(struct leases *leases, const struct signet_lease *more, size_t count,
               struct signet_error *err)
{
    size_t all = leases->count + count;
    struct signet_lease *grown = realloc(leases->all, (all + 1) * sizeof(*grown)); /* no secret */

    if (!grown)
        return error_nomem(err);
    memcpy(grown + leases->count, more, count * sizeof(*more));
    *leases = (struct leases){.all = grown, .count = all};
    return SIGNET_OK;
}

static int by_endpoint(const void *a, const void *b)
{
    return strcmp(((const struct signet_lease *)a)->endpoint,
                  ((const struct signet_lease *)b)->endpoint);
}

void leases_sort(struct leases *leases)
{
    if (leases->count)
        qsort(leases->all, leases->count, sizeof(*leases->all), by_endpoint);
}

struct signet_lease *leases_find(const struct leases *leases, const char *endpoint)
{
    struct signet_lease key = {0};

    snprintf(key.endpoint, sizeof(key.endpoint), "%s", endpoint);
    return leases->count ? bsearch(&key, leases->all, leases->count, sizeof(key), by_endpoint)
                         : NULL;
}

/* The device of an entry, as it was when it was sealed. */
static int read_one(struct batch_run *l, struct batch *b, const struct signet_lease *lease,
                    const struct vault_entry *entry, struct signet_error *err)
{
    const struct secret packet = {.data = (uint8_t *)(uintptr_t)entry->packet, .len = entry->len};
    struct device device = {0};
    int rc = source_restore(l->setup.source, &packet, entry->endpoint, &device, err);

    if (rc == SIGNET_OK)
        rc = batch_add(l, b, lease, &device, err);
    device_free(&device);
    return rc;
}

int batch_read(struct batch_run *l, struct batch *b, uint64_t number, bool ours,
               struct signet_error *err)
{
    struct secret plain = {0};
    static const struct signet_lease any;
    struct vault_entry entry;
    size_t at = 0;
    int rc = vault_batch_read(l->setup.vault, number, &plain, err);

    b->number = number;
    b->sealed = true;
    while (rc == SIGNET_OK && vault_entry_next(&plain, &at, &entry)) {
        const struct signet_lease *lease = ours ? leases_find(&l->again, entry.endpoint) : &any;

        b->partial = b->partial || !lease;
        if (lease && b->count == b->max)
            rc = error_set(err, SIGNET_E_LIMIT, "the sealed batch %llu is too large",
                           (unsigned long long)number);
        else if (lease)
            rc = read_one(l, b, lease, &entry, err);
    }
    secret_wipe(&plain);
    if (rc == SIGNET_OK)
        batch_facts(b);
    return rc;
}

void batch_keep(struct batch *b)
{
    size_t n = 0, end[TEXTS] = {0};

    for (size_t i = 0; i < b->count; i++) {
        struct part part = b->parts[i];

        if (!b->keep[i]) {
            b->partial = true;
            continue;
        }
        for (size_t t = 0; t < TEXTS; t++) { /* what stays moves to the front */
            uint8_t *text = b->texts[t].data;

            if (part.len[t] && part.at[t] != end[t])
                memmove(text + end[t], text + part.at[t], part.len[t]);
            part.at[t] = end[t];
            end[t] += part.len[t];
        }
        b->leases[n] = b->leases[i];
        b->parts[n++] = part;
    }
    b->count = n;
    for (size_t t = 0; t < TEXTS; t++)
        cut(&b->texts[t], end[t]); /* what goes is wiped */
    batch_facts(b);
}
