/* SPDX-License-Identifier: Apache-2.0 */
/* A label counts as printed when the printer says so, and is known to have been sent or not. */
#include "sim.h"
#include "unit/label/room.h"

#include <sys/stat.h>
#include <unistd.h>

struct desk {
    char folder[FOLDER_SIZE], address[64], told[384];
    struct sim_printer *printer;
    struct signet_error err;
    struct buf zpl;
    int begin; /* what begin() returns */
    unsigned begun;
    bool sent;
    const char *mend; /* what becomes of the misbehaviour once it was told */
};

static int on_begin(void *ctx, struct signet_error *err)
{
    struct desk *d = ctx;

    d->begun++;
    return d->begin == SIGNET_OK ? SIGNET_OK : error_set(err, SIGNET_E_LEDGER, "not now");
}

static bool on_wait(void *ctx, const struct signet_error *why)
{
    struct desk *d = ctx;

    snprintf(d->told, sizeof(d->told), "%s", why->msg);
    if (d->mend)
        assert_int_equal(sim_printer_misbehave(d->printer, d->mend, NULL), SIGNET_OK);
    return d->mend;
}

static int print(struct desk *d, const char *misbehave)
{
    const struct sim_printer_options options = {.folder = d->folder, .misbehave = misbehave};

    assert_true(folder_make(d->folder));
    assert_int_equal(sim_printer_start(&d->printer, &options, &d->err), SIGNET_OK);
    snprintf(d->address, sizeof(d->address), "tcp://127.0.0.1:%u", sim_printer_port(d->printer));
    buf_text(&d->zpl, "^XA^FDx^FS^XZ");
    const struct label_printing p = {.printer = d->address,
                                     .endpoint = "urn:1",
                                     .zpl = &d->zpl,
                                     .begin = on_begin,
                                     .wait = on_wait,
                                     .ctx = d};
    return label_print(&p, &d->sent, &d->err);
}

static void desk_end(struct desk *d)
{
    sim_printer_stop(&d->printer);
    buf_free(&d->zpl);
}

static void a_label_is_printed_and_kept(void **state)
{
    struct desk d = {.begin = SIGNET_OK};
    struct buf label = {0};
    char path[FOLDER_SIZE + 20];

    (void)state;
    assert_int_equal(print(&d, "slow=300"), SIGNET_OK);
    assert_true(d.sent);
    assert_int_equal(sim_printer_labels(d.printer), 1);
    snprintf(path, sizeof(path), "%s/label-0001.zpl", d.folder);
    assert_int_equal(file_read(path, 1000, &label, &d.err), SIGNET_OK);
    assert_string_equal(label.data, "^XA^FDx^FS^XZ");
    assert_int_equal(signet_label_printer(d.address, NULL, &d.err), SIGNET_OK);
    buf_free(&label);
    desk_end(&d);
}

/* Nothing was sent: it may be printed later without a doubt. */
static void a_printer_that_is_not_ready_gets_nothing(void **state)
{
    static const struct {
        const char *misbehave;
        int code;
        const char *word;
    } rows[] = {
        {"paper=0", SIGNET_E_BUSY, "no paper"},  {"pause=0", SIGNET_E_BUSY, "paused"},
        {"head=0", SIGNET_E_BUSY, "head is up"}, {"ribbon=0", SIGNET_E_BUSY, "no ribbon"},
        {"full", SIGNET_E_BUSY, "buffer"},       {"garbage", SIGNET_E_SYNTAX, "none of a printer"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct desk d = {.begin = SIGNET_OK};

        assert_int_equal(print(&d, rows[i].misbehave), rows[i].code);
        assert_non_null(strstr(d.err.msg, rows[i].word));
        assert_false(d.sent);
        assert_int_equal(d.begun, 0);
        assert_int_equal(signet_label_printer(d.address, NULL, &d.err), rows[i].code);
        desk_end(&d);
    }
}

static void a_silent_printer_has_a_deadline(void **state)
{
    struct desk d = {.begin = SIGNET_OK};

    (void)state;
    assert_int_equal(print(&d, "silent"), SIGNET_E_TIMEOUT);
    assert_false(d.sent);
    desk_end(&d);
}

static void without_a_record_nothing_is_sent(void **state)
{
    struct desk d = {.begin = SIGNET_E_LEDGER};

    (void)state;
    assert_int_equal(print(&d, NULL), SIGNET_E_LEDGER);
    assert_false(d.sent);
    assert_int_equal(sim_printer_labels(d.printer), 0);
    desk_end(&d);
}

/* begin() takes the paper away: the printer has the label, and cannot print it. */
static int on_begin_take_paper(void *ctx, struct signet_error *err)
{
    struct desk *d = ctx;

    (void)err;
    return sim_printer_misbehave(d->printer, "paper=1", NULL);
}

static void a_fault_with_the_label_in_the_printer_is_waited_for(void **state)
{
    struct desk d = {.mend = ""};

    (void)state;
    assert_int_equal(print(&d, NULL), SIGNET_OK);
    const struct label_printing p = {.printer = d.address,
                                     .endpoint = "urn:1",
                                     .zpl = &d.zpl,
                                     .begin = on_begin_take_paper,
                                     .wait = on_wait,
                                     .ctx = &d};
    assert_int_equal(label_print(&p, &d.sent, &d.err), SIGNET_OK);
    assert_non_null(strstr(d.told, "no paper"));
    assert_int_equal(sim_printer_labels(d.printer), 2);
    d.mend = NULL; /* nobody waits any more: it may be printed later */
    assert_int_equal(sim_printer_misbehave(d.printer, "pause=3", NULL), SIGNET_OK);
    d.sent = false;
    assert_int_equal(label_print(&(struct label_printing){.printer = d.address,
                                                          .endpoint = "urn:1",
                                                          .zpl = &d.zpl,
                                                          .begin = on_begin,
                                                          .wait = on_wait,
                                                          .ctx = &d},
                                 &d.sent, &d.err),
                     SIGNET_E_BUSY);
    assert_true(d.sent);
    assert_non_null(strstr(d.err.msg, "paused"));
    desk_end(&d);
}

static void a_connection_that_ends_leaves_it_open_whether_it_is_printed(void **state)
{
    static const char *const rows[] = {"drop=1", "lose=1"};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct desk d = {0};

        assert_int_equal(print(&d, rows[i]), SIGNET_E_LINK);
        assert_true(d.sent);
        desk_end(&d);
    }
}

static void files_take_labels_too(void **state)
{
    struct buf zpl = {0}, read = {0};
    struct signet_error err = {0};
    char folder[FOLDER_SIZE], where[FOLDER_SIZE + 20], path[FOLDER_SIZE + 40];
    struct desk d = {0};
    struct label_printing p = {
        .printer = where, .endpoint = "urn:1", .zpl = &zpl, .begin = on_begin, .ctx = &d};
    bool sent;

    (void)state;
    assert_true(folder_make(folder));
    buf_text(&zpl, "^XA^XZ");
    snprintf(where, sizeof(where), "%s/labels/", folder);
    assert_int_equal(signet_label_printer(where, NULL, &err), SIGNET_OK);
    assert_int_equal(label_print(&p, &sent, &err), SIGNET_OK);
    snprintf(path, sizeof(path), "%surn:1.zpl", where);
    assert_int_equal(file_read(path, 100, &read, &err), SIGNET_OK);
    p.endpoint = "-1"; /* no file is taken for an option */
    assert_int_equal(label_print(&p, &sent, &err), SIGNET_OK);
    snprintf(path, sizeof(path), "%s_-1.zpl", where);
    assert_int_equal(access(path, F_OK), 0);
    snprintf(where, sizeof(where), "%s/all.zpl", folder);
    assert_int_equal(label_print(&p, &sent, &err), SIGNET_OK);
    assert_int_equal(label_print(&p, &sent, &err), SIGNET_OK);
    buf_reset(&read);
    assert_int_equal(file_read(where, 100, &read, &err), SIGNET_OK);
    assert_string_equal(read.data, "^XA^XZ^XA^XZ");
    assert_int_equal(chmod(where, 0644), 0); /* it may hold secrets */
    d.begun = 0;
    assert_int_equal(label_print(&p, &sent, &err), SIGNET_E_IO);
    assert_false(sent);
    assert_int_equal(d.begun, 0);
    snprintf(where, sizeof(where), "%s/labels", folder); /* without its slash */
    assert_int_equal(signet_label_printer(where, NULL, &err), SIGNET_E_IO);
    assert_non_null(strstr(err.hint, "a slash at its end"));
    memset(&err, 0, sizeof(err));
    assert_int_equal(label_print(&p, &sent, &err), SIGNET_E_IO);
    assert_non_null(strstr(err.hint, "a slash at its end"));
    assert_false(sent);
    snprintf(where, sizeof(where), "%s/none/all.zpl", folder);
    assert_int_equal(signet_label_printer(where, NULL, &err), SIGNET_E_IO);
    buf_free(&zpl);
    buf_free(&read);
}

static void an_address_has_an_end(void **state)
{
    char address[400] = "tcp://";
    struct signet_error err = {0};

    (void)state;
    memset(address + 6, 'x', 320);
    assert_int_equal(signet_label_printer(address, NULL, &err), SIGNET_E_USAGE);
    assert_non_null(strstr(err.msg, "a printer's address is that long"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_label_is_printed_and_kept),
        cmocka_unit_test(a_printer_that_is_not_ready_gets_nothing),
        cmocka_unit_test(a_silent_printer_has_a_deadline),
        cmocka_unit_test(without_a_record_nothing_is_sent),
        cmocka_unit_test(a_fault_with_the_label_in_the_printer_is_waited_for),
        cmocka_unit_test(a_connection_that_ends_leaves_it_open_whether_it_is_printed),
        cmocka_unit_test(files_take_labels_too),
        cmocka_unit_test(an_address_has_an_end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
