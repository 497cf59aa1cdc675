/* SPDX-License-Identifier: Apache-2.0 */
/* Some hundred devices: made together, sealed together, written together. */
#include "batch/private.h"

#include <signet/packet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What the ledger is told of each device. */
static const size_t fact_offsets[FACTS] = {
    offsetof(struct signet_device_facts, psk_identity),
    offsetof(struct signet_device_facts, psk_sha256),
    offsetof(struct signet_device_facts, spki_sha256),
    offsetof(struct signet_device_facts, cert_issuer),
    offsetof(struct signet_device_facts, cert_serial),
    offsetof(struct signet_device_facts, packet_sha256),
};

static const char **fact_of(struct signet_device_facts *facts, size_t i)
{
    return (const char **)(void *)((char *)facts + fact_offsets[i]);
}

int batch_init(struct batch *b, size_t max, struct signet_error *err)
{
    *b = (struct batch){.max = max};
    b->leases = calloc(max, sizeof(*b->leases));
    b->parts = calloc(max, sizeof(*b->parts));
    b->facts = calloc(max, sizeof(*b->facts));
    return b->leases && b->parts && b->facts ? SIGNET_OK : error_nomem(err);
}

void batch_free(struct batch *b)
{
    free(b->leases);
    free(b->parts);
    free(b->facts);
    buf_free(&b->text.plain);
    buf_free(&b->text.lines);
    buf_free(&b->text.rows);
    buf_free(&b->text.facts);
    *b = (struct batch){0};
}

void batch_reset(struct batch *b)
{
    b->count = 0;
    b->sealed = b->partial = false;
    buf_reset(&b->text.plain);
    buf_reset(&b->text.lines);
    buf_reset(&b->text.rows);
    buf_reset(&b->text.facts);
}

static void put_entry(struct batch *b, struct part *part, const struct signet_lease *lease,
                      const struct signet_bytes *packet)
{
    struct vault_entry entry = {.index = lease->index, .packet = packet->data, .len = packet->len};

    snprintf(entry.endpoint, sizeof(entry.endpoint), "%s", lease->endpoint);
    vault_entry_add(&b->text.plain, &entry);
    part->packet = b->text.plain.len - packet->len;
    part->packet_len = packet->len;
}

static void put_facts(struct batch *b, struct part *part, struct signet_device_facts facts)
{
    for (size_t i = 0; i < FACTS; i++) {
        const char *word = *fact_of(&facts, i);

        part->facts[i] = word ? b->text.facts.len : SIZE_MAX;
        if (word)
            buf_append(&b->text.facts, word, strlen(word) + 1);
    }
}

static void batch_facts(struct batch *b)
{
    for (size_t i = 0; i < b->count; i++) {
        b->facts[i] = (struct signet_device_facts){0};
        for (size_t k = 0; k < FACTS; k++)
            if (b->parts[i].facts[k] != SIZE_MAX)
                *fact_of(&b->facts[i], k) = (const char *)b->text.facts.data + b->parts[i].facts[k];
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
static int add(struct batch_run *l, struct batch *b, const struct signet_lease *lease,
               const struct device *unit, struct signet_error *err)
{
    const char *records = l->setup.order->records;
    struct part part = {.line = b->text.lines.len, .row = b->text.rows.len};
    int rc = SIGNET_OK;

    if (l->out.folder < 0)
        rc = row_packet(&b->text.lines, unit, err);
    if (rc == SIGNET_OK && records)
        rc = row_record(&b->text.rows, unit, l->out.records.header != NULL, l->out.state.form, err);
    if (rc != SIGNET_OK) {
        cut(&b->text.lines, part.line);
        cut(&b->text.rows, part.row);
        return rc;
    }
    part.line_len = b->text.lines.len - part.line;
    part.row_len = b->text.rows.len - part.row;
    put_entry(b, &part, lease, &unit->packet);
    put_facts(b, &part, unit->facts);
    rc = buf_check(&b->text.plain, err);
    if (rc == SIGNET_OK)
        rc = buf_check(&b->text.facts, err);
    if (rc == SIGNET_OK) {
        b->leases[b->count] = *lease;
        b->parts[b->count++] = part;
    }
    return rc;
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
    struct device unit = {0};
    struct signet_error why = {0};
    int rc = source_make(l->setup.source, lease.endpoint, lease.index, &unit, &why);

    if (rc == SIGNET_OK) {
        rc = add(l, b, &lease, &unit, &why);
        device_free(&unit);
    }
    if (rc == SIGNET_OK)
        return SIGNET_OK;
    error_prefix(&why, "%s cannot be made", lease.endpoint);
    if (signet_error_class(&why) == SIGNET_CLASS_DEVICE)
        return batch_fail(l, &lease, &why, err);
    if (err)
        *err = why;
    return rc;
}

static int give_back(struct batch_run *l, const struct signet_lease *leases, size_t count,
                     struct signet_error *err)
{
    if (!count)
        return SIGNET_OK;
    pthread_mutex_lock(&l->job->lock);
    struct again *again = &l->again;
    struct signet_lease *more =
        realloc(again->leases, (again->count + count) * sizeof(*more)); /* no secret */
    if (more) {
        memcpy(more + again->count, leases, count * sizeof(*more));
        again->leases = more;
        again->count += count;
    }
    pthread_mutex_unlock(&l->job->lock);
    return more ? SIGNET_OK : error_nomem(err);
}

int batch_make(struct batch_run *l, struct batch *b, struct signet_error *err)
{
    double begin = clock_seconds();
    size_t given = b->count, i = 0;
    int rc = SIGNET_OK;

    b->count = 0; /* add() comes behind the lease that it reads, or to it */
    for (; rc == SIGNET_OK && i < given && b->text.plain.len < BATCH_SIZE_MAX; i++)
        rc = job_failed(l->job) ? error_set(err, SIGNET_E_CANCELLED, "stopped")
                                : make_one(l, b, b->leases[i], err);
    if (rc == SIGNET_OK)
        rc = give_back(l, b->leases + i, given - i, err);
    if (rc == SIGNET_OK && i) {
        pthread_mutex_lock(&l->job->lock);
        l->pace = (clock_seconds() - begin) / (double)i;
        pthread_mutex_unlock(&l->job->lock);
    }
    batch_facts(b);
    return rc;
}

static int by_endpoint(const void *key, const void *lease)
{
    return strcmp(key, ((const struct signet_lease *)lease)->endpoint);
}

const struct signet_lease *lease_find(const struct signet_lease *leases, size_t count,
                                      const char *endpoint)
{
    return count ? bsearch(endpoint, leases, count, sizeof(*leases), by_endpoint) : NULL;
}

/* The device of an entry, as it was when it was sealed. */
static int read_one(struct batch_run *l, struct batch *b, const struct signet_lease *lease,
                    const struct vault_entry *entry, struct signet_error *err)
{
    const struct secret packet = {.data = (uint8_t *)(uintptr_t)entry->packet, .len = entry->len};
    struct device unit = {0};
    int rc = source_restore(l->setup.source, &packet, entry->endpoint, &unit, err);

    if (rc == SIGNET_OK)
        rc = add(l, b, lease, &unit, err);
    device_free(&unit);
    return rc;
}

int batch_read(struct batch_run *l, struct batch *b, uint64_t number,
               const struct signet_lease *leases, size_t count, struct signet_error *err)
{
    struct secret plain = {0};
    static const struct signet_lease any;
    struct vault_entry entry;
    bool broken = false;
    size_t at = 0;
    int rc = vault_batch_read(l->setup.vault, number, &plain, err);

    b->number = number;
    b->sealed = true;
    while (rc == SIGNET_OK && vault_entry_next(&plain, &at, &entry, &broken)) {
        const struct signet_lease *lease =
            leases ? lease_find(leases, count, entry.endpoint) : &any;

        if (lease && b->count == b->max)
            rc = error_set(err, SIGNET_E_LIMIT, "the sealed batch %llu is too large",
                           (unsigned long long)number);
        else if (lease)
            rc = read_one(l, b, lease, &entry, err);
        else
            b->partial = true;
    }
    if (rc == SIGNET_OK && broken)
        rc = error_set(err, SIGNET_E_SEAL, "the sealed batch %llu is no batch",
                       (unsigned long long)number);
    secret_wipe(&plain);
    batch_facts(b);
    return rc;
}

/* Moves what stays to the front; what goes is wiped. */
static size_t move(struct buf *text, size_t to, size_t from, size_t len)
{
    if (text->data && to != from)
        memmove(text->data + to, text->data + from, len);
    return to;
}

void batch_keep(struct batch *b, const bool *keep)
{
    size_t n = 0, plain = 0, lines = 0, rows = 0;

    for (size_t i = 0; i < b->count; i++) {
        struct part part = b->parts[i];
        size_t head = VAULT_ENTRY_HEAD + strlen(b->leases[i].endpoint);

        if (!keep[i]) {
            b->partial = true;
            continue;
        }
        part.packet =
            move(&b->text.plain, plain, part.packet - head, head + part.packet_len) + head;
        part.line = move(&b->text.lines, lines, part.line, part.line_len);
        part.row = move(&b->text.rows, rows, part.row, part.row_len);
        plain = part.packet + part.packet_len;
        lines += part.line_len;
        rows += part.row_len;
        b->leases[n] = b->leases[i];
        b->parts[n++] = part;
    }
    b->count = n;
    cut(&b->text.plain, plain);
    cut(&b->text.lines, lines);
    cut(&b->text.rows, rows);
    batch_facts(b);
}
