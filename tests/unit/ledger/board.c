/* SPDX-License-Identifier: Apache-2.0 */
/* The end of a board: its event, and its device, in one transaction. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "place.h"

static const struct signet_error timeout = {.code = SIGNET_E_TIMEOUT, .msg = "no answer"};

static void last_detail(char out[1024])
{
    sql_text("SELECT detail FROM events WHERE kind = 'board' ORDER BY n DESC", out, 1024);
}

static int64_t count_of(const char *kind)
{
    char text[120];

    snprintf(text, sizeof(text), "SELECT count(*) FROM events WHERE kind = '%s'", kind);
    return sql_number(text);
}

static int64_t state_of(const struct signet_lease *lease)
{
    char text[120];

    snprintf(text, sizeof(text),
             "SELECT state * 10 + CASE WHEN lease_until > 0 THEN 1 ELSE 0 END"
             " FROM devices WHERE id = %d",
             (int)lease->device);
    return sql_number(text);
}

static void what_is_in_it(void **state)
{
    static const char *const stages[] = {"flash", "load"};
    static const double seconds[] = {1.25, 0.0004};
    struct signet_ledger_board board = {
        .slot = "a\"b", .verdict = "fail", .seconds = 12.3456, .retries = 2, .why = &timeout};
    char detail[1024];

    (void)state;
    begin(2);
    must(signet_ledger_board(ledger, order, &board, NULL, SIGNET_DEVICE_FAILED, NULL, &err));
    last_detail(detail);
    assert_string_equal(detail,
                        "{\"slot\": \"a\\\"b\", \"verdict\": \"fail\", \"seconds\": 12.346, "
                        "\"retries\": 2, \"first_pass\": false, \"code\": \"timeout\", "
                        "\"message\": \"no answer\"}");
    board = (struct signet_ledger_board){.slot = "1",
                                         .verdict = "pass",
                                         .endpoint = "one",
                                         .hw_id = "AB",
                                         .shift = "night",
                                         .stages = stages,
                                         .stage_seconds = seconds,
                                         .stage_count = 2};
    must(signet_ledger_board(ledger, order, &board, NULL, SIGNET_DEVICE_VERIFIED, NULL, &err));
    last_detail(detail);
    assert_string_equal(detail, "{\"slot\": \"1\", \"verdict\": \"pass\", \"endpoint\": \"one\", "
                                "\"hw_id\": \"AB\", \"seconds\": 0.0, \"retries\": 0, "
                                "\"first_pass\": true, \"shift\": \"night\", "
                                "\"stages\": {\"flash\": 1.25, \"load\": 0.0}}");
    assert_int_equal(sql_number("SELECT events FROM orders"), 3);
    verified();
}

/* 300 bytes, and no letter is cut in the middle. */
static void a_long_message(void **state)
{
    struct signet_error long_one = {.code = SIGNET_E_LINK};
    struct signet_ledger_board board = {.slot = "1", .verdict = "fail", .why = &long_one};
    char detail[1024];

    (void)state;
    begin(2);
    memset(long_one.msg, 'x', 299);
    strcpy(long_one.msg + 299, "\xc3\xa4 and more");
    must(signet_ledger_board(ledger, order, &board, NULL, SIGNET_DEVICE_FAILED, NULL, &err));
    last_detail(detail);
    const char *end = strchr(detail, '\0') - 5;
    assert_string_equal(end, "xxx\"}");
    assert_null(strstr(detail, "\\u"));
}

static void its_device(void **state)
{
    struct signet_ledger_board good = {.slot = "1", .verdict = "pass"};
    struct signet_ledger_board bad = {.slot = "1", .verdict = "fail", .why = &timeout};
    const struct signet_device_facts facts = {.image_sha256 = "aa", .note = "load 1.00 s"};

    (void)state;
    begin(9);
    struct signet_lease a = reserve("a", "1"), b = reserve("b", "1"), c = reserve("c", "1");
    bring(&a, SIGNET_DEVICE_WRITTEN, "HW");
    must(signet_ledger_board(ledger, order, &good, &a, SIGNET_DEVICE_VERIFIED, &facts, &err));
    assert_int_equal(state_of(&a), 40); /* verified, and free */
    assert_int_equal(a.state, SIGNET_DEVICE_VERIFIED);
    must(signet_ledger_board(ledger, order, &bad, &b, SIGNET_DEVICE_FAILED, NULL, &err));
    assert_int_equal(state_of(&b), 70);
    must(signet_ledger_board(ledger, order, &bad, &c, c.state, NULL, &err));
    assert_int_equal(state_of(&c), 0);
    assert_int_equal(count_of("board"), 3);
    assert_int_equal(sql_number("SELECT count(*) FROM events WHERE detail = 'load 1.00 s'"), 1);
    verified();
}

/* Whoever lost the device writes nothing, so that no board is told of twice. */
static void a_device_that_was_lost(void **state)
{
    struct signet_ledger_board good = {.slot = "1", .verdict = "pass"};
    struct signet_ledger_board bad = {.slot = "1", .verdict = "fail", .why = &timeout};

    (void)state;
    begin(9);
    struct signet_lease a = reserve("a", "1");
    bring(&a, SIGNET_DEVICE_WRITTEN, "HW");
    a.token += 7;
    refused(signet_ledger_board(ledger, order, &good, &a, SIGNET_DEVICE_VERIFIED, NULL, &err),
            SIGNET_E_BUSY, "no longer holds");
    refused(signet_ledger_board(ledger, order, &bad, &a, SIGNET_DEVICE_FAILED, NULL, &err),
            SIGNET_E_BUSY, "no longer holds");
    refused(signet_ledger_board(ledger, order, &bad, &a, a.state, NULL, &err), SIGNET_E_BUSY,
            "no longer holds");
    assert_int_equal(count_of("board"), 0);
    refused(signet_ledger_board(ledger, order + 1, &good, NULL, SIGNET_DEVICE_VERIFIED, NULL, &err),
            SIGNET_E_USAGE, "no such order");
    a.token -= 7;
    struct signet_ledger_board why = {.slot = "1", .verdict = "fail"};
    refused(signet_ledger_board(ledger, order, &why, &a, SIGNET_DEVICE_FAILED, NULL, &err),
            SIGNET_E_USAGE, "a reason");
    verified();
}

/* Found by its serial number, else by its name; only a finished device can be harmed. */
static void a_finished_board_that_was_erased(void **state)
{
    struct signet_lease lease;

    (void)state;
    begin(3);
    lease = reserve("one", "1");
    bring(&lease, SIGNET_DEVICE_WRITTEN, "AB");
    assert_int_equal(signet_ledger_erased(ledger, NULL, "AB", "in slot 7", &err),
                     SIGNET_E_NOT_FOUND);
    bring(&lease, SIGNET_DEVICE_VERIFIED, "AB");
    must(signet_ledger_erased(ledger, NULL, "AB", "in slot 7", &err));
    assert_int_equal(sql_number("SELECT count(*) FROM events WHERE detail = 'in slot 7'"), 1);
    must(signet_ledger_erased(ledger, "one", "CD", "in slot 8", &err));
    assert_int_equal(sql_number("SELECT count(*) FROM events WHERE kind = 'erased'"), 2);
    assert_int_equal(signet_ledger_erased(ledger, "two", "", "in slot 8", &err),
                     SIGNET_E_NOT_FOUND);
    must(signet_ledger_void(ledger, "one", "test", &err));
    assert_int_equal(signet_ledger_erased(ledger, "one", "AB", "", &err), SIGNET_E_NOT_FOUND);
    assert_int_equal(signet_ledger_erased(ledger, "\xff", NULL, "", &err), SIGNET_E_USAGE);
    verified();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_is_in_it, place_setup, place_teardown),
        cmocka_unit_test_setup_teardown(a_long_message, place_setup, place_teardown),
        cmocka_unit_test_setup_teardown(its_device, place_setup, place_teardown),
        cmocka_unit_test_setup_teardown(a_device_that_was_lost, place_setup, place_teardown),
        cmocka_unit_test_setup_teardown(a_finished_board_that_was_erased, place_setup,
                                        place_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
