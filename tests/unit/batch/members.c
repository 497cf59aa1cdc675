/* SPDX-License-Identifier: Apache-2.0 */
/* What a batch holds of each device, and what is left of it when devices go. */
#include "unit/batch/plant.h"

static void open_plant(struct plant *p, int64_t quota)
{
    set_up(p, quota);
    good(p, plant_open(p, true));
}

/* The texts of the batch name these devices, each once, and its entries are theirs. */
static void has(struct plant *p, const struct batch *b, const char *const *endpoints, size_t count)
{
    size_t rows[2] = {0};

    assert_int_equal(b->count, count);
    for (size_t t = PACKETS; t <= RECORDS; t++)
        for (size_t i = 0; i < b->texts[t].len; i++)
            rows[t] += b->texts[t].data[i] == '\n';
    assert_int_equal(rows[PACKETS], count);
    assert_int_equal(rows[RECORDS], count);
    const struct secret plain = {.data = b->texts[PLAIN].data, .len = b->texts[PLAIN].len};
    struct vault_entry entry;
    size_t at = 0;
    for (size_t i = 0; i < count; i++) {
        const struct part *part = &b->parts[i];
        size_t len;
        const uint8_t *packet = batch_packet(b, i, &len);
        uint8_t digest[32];
        char sum[65];

        assert_string_equal(b->leases[i].endpoint, endpoints[i]);
        assert_true(vault_entry_next(&plain, &at, &entry));
        assert_string_equal(entry.endpoint, endpoints[i]);
        assert_int_equal(entry.index, b->leases[i].index);
        assert_ptr_equal(entry.packet, packet);
        assert_int_equal(entry.len, len);
        good(p, sha256(packet, len, digest, &p->err));
        hex_encode(digest, sizeof(digest), sum);
        assert_string_equal(b->facts[i].packet_sha256, sum);
        assert_string_equal(b->facts[i].psk_identity, endpoints[i]);
        assert_null(b->facts[i].hw_id);
        for (size_t t = PACKETS; t <= RECORDS; t++) {
            const char *row = (const char *)b->texts[t].data + part->at[t];

            assert_non_null(memmem(row, part->len[t], endpoints[i], strlen(endpoints[i])));
            assert_int_equal(row[part->len[t] - 1], '\n');
        }
    }
    assert_int_equal(at, plain.len);
}

static void each_device_is_in_all_texts(void **state)
{
    static const char *const all[] = {"d-001", "d-002", "d-003"};
    struct plant p;
    struct batch b;

    (void)state;
    open_plant(&p, 9);
    plant_make(&p, &b, 3);
    has(&p, &b, all, 3);
    assert_true(p.run->pace > 0);
    assert_int_equal(p.run->again.count, 0);
    batch_reset(&b);
    assert_int_equal(b.count, 0);
    for (size_t t = 0; t < TEXTS; t++)
        assert_int_equal(b.texts[t].len, 0);
    batch_free(&b);
    tear_down(&p);
}

static void some_of_a_batch(void **state)
{
    static const struct {
        const char *kept; /* + or - for each device */
        const char *left[4];
    } rows[] = {
        {"++++", {"d-001", "d-002", "d-003", "d-004"}},
        {"-+++", {"d-002", "d-003", "d-004"}},
        {"+-+-", {"d-001", "d-003"}},
        {"++--", {"d-001", "d-002"}},
        {"---+", {"d-004"}},
        {"----", {NULL}},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct plant p;
        struct batch b;
        size_t left = 0, whole;

        open_plant(&p, 9);
        plant_make(&p, &b, 4);
        whole = b.texts[PLAIN].len;
        for (size_t k = 0; k < 4; k++)
            left += b.keep[k] = rows[i].kept[k] == '+';
        batch_keep(&b);
        has(&p, &b, rows[i].left, left);
        assert_int_equal(b.partial, left < 4);
        for (size_t at = b.texts[PLAIN].len; at < whole; at++) /* what went is wiped */
            assert_int_equal(b.texts[PLAIN].data[at], 0);
        batch_free(&b);
        tear_down(&p);
    }
}

/* A name that the template does not make is that device's fault alone. */
static void one_that_cannot_be_made(void **state)
{
    static const char *const names[] = {"d-001", "x-002", "d-003"}, *const others[] = {"d-001",
                                                                                       "d-003"};
    struct plant p;
    struct batch b;

    (void)state;
    open_plant(&p, 9);
    good(&p, batch_init(&b, 3, &p.err));
    for (int i = 0; i < 3; i++) {
        good(&p, signet_ledger_reserve(p.job.ledger, p.job.order, names[i], BATCH_SLOT,
                                       &b.leases[i], &p.err));
        b.leases[i].index = i;
    }
    snprintf(b.leases[1].endpoint, sizeof(b.leases[1].endpoint), "x 002");
    b.count = 3;
    good(&p, batch_make(p.run, &b, &p.err));
    has(&p, &b, others, 2);
    assert_int_equal(p.report.failed, 1);
    assert_int_equal(plant_state_of(&p, "x-002"), SIGNET_DEVICE_FAILED);
    assert_non_null(strstr(p.told, "x 002 cannot be made"));
    batch_free(&b);
    tear_down(&p);
}

/* Whatever text it is that has no room for a device: the batch is as it was before that one. */
static void no_memory_for_a_text(void **state)
{
    (void)state;
    for (size_t t = 0; t < TEXTS; t++) {
        struct plant p;
        struct batch b;
        size_t len[TEXTS];

        open_plant(&p, 9);
        plant_make(&p, &b, 1);
        for (size_t k = 0; k < TEXTS; k++)
            len[k] = b.texts[k].len;
        buf_free(&b.texts[t]);
        b.texts[t].max = SIZE_MAX;
        b.texts[t].failed = true;
        good(&p, signet_ledger_reserve(p.job.ledger, p.job.order, "d-002", BATCH_SLOT, &b.leases[0],
                                       &p.err));
        b.count = 1;
        refused(&p, batch_make(p.run, &b, &p.err), SIGNET_E_NOMEM, "d-002 cannot be made");
        assert_int_equal(b.count, 0);
        for (size_t k = 0; k < TEXTS; k++)
            assert_int_equal(b.texts[k].len, k == t ? 0 : len[k]);
        assert_int_equal(p.report.failed, 0); /* it is not the device's fault */
        batch_free(&b);
        tear_down(&p);
    }
}

static void a_run_that_failed_makes_nothing(void **state)
{
    struct plant p;
    struct batch b;

    (void)state;
    open_plant(&p, 9);
    plant_make(&p, &b, 2);
    job_fail(&p.job, &(struct signet_error){.code = SIGNET_E_IO, .msg = "the disk"});
    b.count = 2;
    refused(&p, batch_make(p.run, &b, &p.err), SIGNET_E_CANCELLED, "stopped");
    batch_free(&b);
    tear_down(&p);
}

static void what_was_sealed_is_read_again(void **state)
{
    static const char *const all[] = {"d-001", "d-002", "d-003"}, *const two[] = {"d-001", "d-003"};
    struct plant p;
    struct batch made, again;

    (void)state;
    open_plant(&p, 9);
    plant_make(&p, &made, 3);
    good(&p, vault_batch_seal(p.vault, 1, &made.texts[PLAIN], &p.err));
    good(&p, batch_init(&again, 3, &p.err));
    good(&p, batch_read(p.run, &again, 1, false, &p.err)); /* of nobody's leases */
    assert_int_equal(again.count, 3);
    assert_true(again.sealed && !again.partial);
    for (size_t t = PACKETS; t <= RECORDS; t++) {
        assert_int_equal(again.texts[t].len, made.texts[t].len);
        assert_memory_equal(again.texts[t].data, made.texts[t].data, made.texts[t].len);
    }
    batch_reset(&again);
    good(&p, leases_add(&p.run->again, made.leases, 3, &p.err));
    leases_sort(&p.run->again);
    good(&p, batch_read(p.run, &again, 1, true, &p.err));
    has(&p, &again, all, 3);
    assert_false(again.partial);
    batch_reset(&again);
    p.run->again.count = 0; /* only two of them are ours */
    good(&p, leases_add(&p.run->again, &made.leases[2], 1, &p.err));
    good(&p, leases_add(&p.run->again, &made.leases[0], 1, &p.err));
    leases_sort(&p.run->again);
    good(&p, batch_read(p.run, &again, 1, true, &p.err));
    has(&p, &again, two, 2);
    assert_true(again.partial);
    batch_free(&again);
    batch_free(&made);
    tear_down(&p);
}

static void seals_that_cannot_be_read(void **state)
{
    struct plant p;
    struct batch made, again;
    struct buf bad = {0};

    (void)state;
    open_plant(&p, 9);
    plant_make(&p, &made, 3);
    good(&p, vault_batch_seal(p.vault, 1, &made.texts[PLAIN], &p.err));
    good(&p, batch_init(&again, 2, &p.err));
    refused(&p, batch_read(p.run, &again, 1, false, &p.err), SIGNET_E_LIMIT,
            "the sealed batch 1 is too large");
    batch_reset(&again);
    refused(&p, batch_read(p.run, &again, 2, false, &p.err), SIGNET_E_IO, "cannot open");
    batch_reset(&again);
    vault_entry_add(&bad, &(struct vault_entry){
                              .endpoint = "d-001", .packet = (const uint8_t *)"none", .len = 4});
    good(&p, vault_batch_seal(p.vault, 2, &bad, &p.err));
    assert_int_not_equal(batch_read(p.run, &again, 2, false, &p.err), SIGNET_OK);
    assert_int_equal(again.count, 0);
    buf_free(&bad);
    batch_free(&again);
    batch_free(&made);
    tear_down(&p);
}

static void leases_are_found_by_name(void **state)
{
    static const char *const names[] = {"b", "d", "a", "c"};
    struct leases leases = {0};
    struct signet_error err;

    (void)state;
    leases_sort(&leases);
    assert_null(leases_find(&leases, "a"));
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        struct signet_lease lease = {.device = (int64_t)i + 1};

        snprintf(lease.endpoint, sizeof(lease.endpoint), "%s", names[i]);
        assert_int_equal(leases_add(&leases, &lease, 1, &err), SIGNET_OK);
    }
    assert_int_equal(leases_add(&leases, NULL, 0, &err), SIGNET_OK);
    assert_int_equal(leases.count, 4);
    leases_sort(&leases);
    for (size_t i = 0; i < COUNT_OF(names); i++)
        assert_int_equal(leases_find(&leases, names[i])->device, i + 1);
    assert_null(leases_find(&leases, "e"));
    free(leases.all);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_device_is_in_all_texts),
        cmocka_unit_test(some_of_a_batch),
        cmocka_unit_test(one_that_cannot_be_made),
        cmocka_unit_test(no_memory_for_a_text),
        cmocka_unit_test(a_run_that_failed_makes_nothing),
        cmocka_unit_test(what_was_sealed_is_read_again),
        cmocka_unit_test(seals_that_cannot_be_read),
        cmocka_unit_test(leases_are_found_by_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
