/* SPDX-License-Identifier: Apache-2.0 */
/* Whose label is asked for at a slot: a board of before, whose label nobody read. */
#include "line/private.h"

#include <setjmp.h>
#include <signet/ledger.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "unit/folder.h"

struct bench {
    char folder[FOLDER_SIZE], where[FOLDER_SIZE + 16], port[FOLDER_SIZE + 16],
        work[FOLDER_SIZE + 16], key[FOLDER_SIZE + 16];
    struct job job;
    struct vault *vault;
    struct signet_order order;
    struct signet_observer observer;
    struct line_scans scans;
    struct line_changes changes;
    struct line_setup setup;
    struct line line;
    struct slot slot;
    struct signet_delivery_report report;
    struct signet_error err;
    int asked;
    void (*when_asked)(struct bench *b);
};

static void good(const struct bench *b, int rc)
{
    if (rc != SIGNET_OK)
        fail_msg("%s", b->err.msg);
}

static void on_event(void *ctx, const struct signet_event *event)
{
    struct bench *b = ctx;

    if (event->kind != SIGNET_EVENT_SLOT || strcmp(event->stage, "waiting") != 0)
        return;
    b->asked++;
    assert_non_null(strstr(event->error->msg, "scan the label of d"));
    assert_string_equal(b->scans.slots[1].label, "d");
    if (b->when_asked)
        b->when_asked(b);
}

static void open_delivery(struct bench *b, const struct label *label)
{
    const struct delivery_setup setup = {.job = &b->job,
                                         .vault = b->vault,
                                         .order = &b->order,
                                         .label = label,
                                         .report = &b->report,
                                         .once = true};

    good(b, delivery_begin(&b->setup.delivery, &setup, &b->err));
}

static void close_delivery(struct bench *b)
{
    good(b, delivery_end(&b->setup.delivery, &b->err));
    free(b->report.servers);
}

static void set_up(struct bench *b)
{
    const struct signet_ledger_options station = {.station = "A"};

    *b = (struct bench){.order = {.name = "o", .quota = 9, .slot_count = 2}};
    assert_true(folder_make(b->folder));
    snprintf(b->where, sizeof(b->where), "%s/ledger.db", b->folder);
    snprintf(b->port, sizeof(b->port), "%s/port", b->folder);
    snprintf(b->work, sizeof(b->work), "%s/work", b->folder);
    snprintf(b->key, sizeof(b->key), "%s/key", b->folder);
    b->order.label.scan_back = true;
    b->order.slots[1] =
        (struct signet_slot){.name = "2", .kind = SIGNET_SLOT_PORT, .where = b->port};
    b->observer = (struct signet_observer){.on_event = on_event, .ctx = b};
    b->job = (struct job){.quota = 9, .observer = &b->observer};
    good(b, job_open(&b->job, &b->err));
    good(b, signet_ledger_open(&b->job.ledger, b->where, &station, &b->err));
    good(b, signet_ledger_order(b->job.ledger, "o", "hash", 9, &b->job.order, &b->err));
    good(b, vault_open(&b->vault, b->work, &(struct vault_key){.file = b->key}, "o", &b->err));
    b->setup = (struct line_setup){
        .job = &b->job, .order = &b->order, .changes = &b->changes, .scans = &b->scans};
    open_delivery(b, NULL);
    b->line = (struct line){.setup = &b->setup, .job = &b->job};
    b->slot = (struct slot){
        .line = &b->line, .order = &b->order.slots[1], .endpoint = "d", .verdict = "made-before"};
}

static void tear_down(struct bench *b)
{
    close_delivery(b);
    vault_close(&b->vault);
    signet_ledger_close(&b->job.ledger);
    job_close(&b->job);
}

static void make(struct bench *b, int64_t order, enum signet_device_state state,
                 enum signet_ledger_label label)
{
    static const enum signet_device_state ways[] = {SIGNET_DEVICE_WRITING, SIGNET_DEVICE_VERIFIED,
                                                    SIGNET_DEVICE_DONE};
    struct signet_lease lease;

    good(b, signet_ledger_reserve(b->job.ledger, order, "d", "2", &lease, &b->err));
    for (size_t i = 0; i < COUNT_OF(ways) && ways[i] <= state; i++)
        good(b, signet_ledger_advance(b->job.ledger, &lease, ways[i], NULL, &b->err));
    if (state != SIGNET_DEVICE_DONE) /* that ends its lease */
        good(b, signet_ledger_release(b->job.ledger, &lease, &b->err));
    if (label != SIGNET_LABEL_NONE && label != SIGNET_LABEL_SENT)
        good(b, signet_ledger_label(b->job.ledger, "d", SIGNET_LABEL_PRINTED, "", &b->err));
    if (label != SIGNET_LABEL_NONE && label != SIGNET_LABEL_PRINTED)
        good(b, signet_ledger_label(b->job.ledger, "d", label, "", &b->err));
}

static void one_whose_label_was_not_read(void **state)
{
    struct bench b;

    (void)state;
    set_up(&b);
    make(&b, b.job.order, SIGNET_DEVICE_VERIFIED, SIGNET_LABEL_PRINTED);
    assert_int_equal(slot_label(&b.slot, &b.err), SIGNET_E_BUSY);
    assert_string_equal(b.err.msg, "the label of d was not read");
    assert_int_equal(b.asked, 1);
    assert_string_equal(b.scans.slots[1].label, ""); /* nobody waits any more */
    tear_down(&b);
}

static void read_at_the_slot(struct bench *b)
{
    b->scans.slots[1].label_read = true;
}

static void read_elsewhere(struct bench *b)
{
    good(b, signet_ledger_label(b->job.ledger, "d", SIGNET_LABEL_READ, "by hand", &b->err));
}

static void it_is_read(void **state)
{
    static void (*const ways[])(struct bench *) = {read_at_the_slot, read_elsewhere};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(ways); i++) {
        struct bench b;

        set_up(&b);
        b.when_asked = ways[i];
        make(&b, b.job.order, SIGNET_DEVICE_VERIFIED, SIGNET_LABEL_PRINTED);
        good(&b, slot_label(&b.slot, &b.err));
        assert_int_equal(b.asked, 1);
        tear_down(&b);
    }
}

/* It is taken out before the printer is there. */
static void one_whose_label_is_not_printed(void **state)
{
    struct bench b;

    (void)state;
    set_up(&b);
    close_delivery(&b);
    b.order.label.scan_back = false;
    b.order.label.printer = "127.0.0.1:9";
    open_delivery(&b, (const struct label *)&b); /* nothing is printed: it is not looked at */
    b.slot.verdict = "pass";
    b.slot.gone = true;
    assert_int_equal(slot_label(&b.slot, &b.err), SIGNET_E_BUSY);
    assert_string_equal(b.err.msg, "label not printed");
    b.slot.verdict = "fail";
    good(&b, slot_label(&b.slot, &b.err));
    /* before anybody looked */
    make(&b, b.job.order, SIGNET_DEVICE_VERIFIED, SIGNET_LABEL_PRINTED);
    b.slot.verdict = "pass";
    good(&b, slot_label(&b.slot, &b.err));
    assert_int_equal(b.asked, 0);
    tear_down(&b);
}

/* One thing is otherwise, and nobody is asked. */
static void all_others_go(void **state)
{
    static const struct {
        const char *endpoint, *verdict;
        enum signet_device_state state;
        enum signet_ledger_label label;
    } rows[] = {
        {"d", "made-before", SIGNET_DEVICE_VERIFIED, SIGNET_LABEL_PRINTED}, /* not read back */
        {"d", "made-before", SIGNET_DEVICE_VERIFIED, SIGNET_LABEL_PRINTED}, /* of another order */
        {"e", "made-before", SIGNET_DEVICE_VERIFIED, SIGNET_LABEL_PRINTED},
        {"", "made-before", SIGNET_DEVICE_VERIFIED, SIGNET_LABEL_PRINTED},
        {"d", "fail", SIGNET_DEVICE_VERIFIED, SIGNET_LABEL_PRINTED},
        {"d", "pass", SIGNET_DEVICE_VERIFIED, SIGNET_LABEL_PRINTED},
        {"d", "made-before", SIGNET_DEVICE_VERIFIED, SIGNET_LABEL_NONE},
        {"d", "made-before", SIGNET_DEVICE_VERIFIED, SIGNET_LABEL_SENT},
        {"d", "made-before", SIGNET_DEVICE_VERIFIED, SIGNET_LABEL_READ},
        /* printed once more: it may be read, and need not */
        {"d", "made-before", SIGNET_DEVICE_DONE, SIGNET_LABEL_PRINTED},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct bench b;
        int64_t order;

        set_up(&b);
        good(&b, signet_ledger_order(b.job.ledger, "other", "hash", 9, &order, &b.err));
        make(&b, i == 1 ? order : b.job.order, rows[i].state, rows[i].label);
        b.order.label.scan_back = i != 0;
        snprintf(b.slot.endpoint, sizeof(b.slot.endpoint), "%s", rows[i].endpoint);
        b.slot.verdict = rows[i].verdict;
        if (slot_label(&b.slot, &b.err) != SIGNET_OK || b.asked)
            fail_msg("row %zu: %s", i, b.err.msg);
        tear_down(&b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_whose_label_was_not_read),
        cmocka_unit_test(it_is_read),
        cmocka_unit_test(one_whose_label_is_not_printed),
        cmocka_unit_test(all_others_go),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
