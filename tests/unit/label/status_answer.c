/* SPDX-License-Identifier: Apache-2.0 */
/* The answer to ~HS. */
#include "unit/label/room.h"

#define TWO                                                                                        \
    "\x02"                                                                                         \
    "001,0,0,0,1,2,6,0,00000000,1,000\x03\r\n"
#define THREE                                                                                      \
    "\x02"                                                                                         \
    "1234,0\x03\r\n"
#define REST TWO THREE

static const char good[] = "\x02"
                           "030,0,0,1245,000,0,0,0,000,0,0,0\x03\r\n" REST;

static void an_answer_is_complete_with_its_third_string(void **state)
{
    struct printer_status s;
    struct signet_error err = {0};

    (void)state;
    for (size_t len = 0; len < sizeof(good) - 3; len++)
        assert_int_equal(status_parse(good, len, &s), 0);
    assert_int_equal(status_parse(good, sizeof(good) - 1, &s), 1);
    assert_int_equal(status_ready(&s, &err), SIGNET_OK);
    assert_true(status_idle(&s));
}

static void each_fault_says_what_to_do(void **state)
{
    static const struct {
        const char *answer, *word;
    } rows[] = {
        {"\x02"
         "030,1,0,1245,000,0,0,0,000,0,0,0\x03" REST,
         "no paper"},
        {"\x02"
         "030,0,1,1245,000,0,0,0,000,0,0,0\x03" REST,
         "paused"},
        {"\x02"
         "030,0,0,1245,000,1,0,0,000,0,0,0\x03" REST,
         "buffer is full"},
        {"\x02"
         "030,0,0,1245,000,0,0,0,000,1,0,0\x03" REST,
         "memory was lost"},
        {"\x02"
         "030,0,0,1245,000,0,0,0,000,0,1,0\x03" REST,
         "too cold"},
        {"\x02"
         "030,0,0,1245,000,0,0,0,000,0,0,1\x03" REST,
         "too hot"},
        {"\x02"
         "030,0,0,1245,000,0,0,0,000,0,0,0\x03"
         "\x02"
         "001,0,1,0,1,2,6,0,0,1,000\x03" THREE,
         "head is up"},
        {"\x02"
         "030,0,0,1245,000,0,0,0,000,0,0,0\x03"
         "\x02"
         "001,0,0,1,1,2,6,0,0,1,000\x03" THREE,
         "no ribbon"},
        {"\x02"
         "030,0,0,1245,000,0,0,0,000,0,0,0\x03"
         "\x02"
         "001,0,0,0,1,2,6,1,0,1,000\x03" THREE,
         "is taken"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct printer_status s;
        struct signet_error err = {0};

        assert_int_equal(status_parse(rows[i].answer, strlen(rows[i].answer), &s), 1);
        assert_int_equal(status_ready(&s, &err), SIGNET_E_BUSY);
        assert_non_null(strstr(err.msg, rows[i].word));
        assert_true(err.hint[0]);
    }
}

static void what_is_in_the_printer_is_not_printed_yet(void **state)
{
    static const char *const rows[] = {
        "\x02"
        "030,0,0,1245,001,0,0,0,000,0,0,0\x03" REST,
        "\x02"
        "030,0,0,1245,000,0,0,1,000,0,0,0\x03" REST,
        "\x02"
        "030,0,0,1245,000,0,0,0,000,0,0,0\x03"
        "\x02"
        "001,0,0,0,1,2,6,0,00000002,1,000\x03" THREE,
    };

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct printer_status s;

        assert_int_equal(status_parse(rows[i], strlen(rows[i]), &s), 1);
        assert_false(status_idle(&s));
    }
}

static void anything_else_is_no_answer(void **state)
{
    static const char *const rows[] = {
        "HTTP/1.1 400 Bad Request\r\n",
        "\x02\x03",
        "\x02"
        "030,0,0\x03" REST,
        "\x02"
        "030,0,0,1245,000,0,0,0,000,0,0,x\x03" REST,
        "\x02"
        "030,0,0,123456789,000,0,0,0,000,0,0,0\x03" REST,
        "\x02"
        "030,,0,1245,000,0,0,0,000,0,0,0\x03" REST,
        "\x02"
        "030,-1,0,1245,000,0,0,0,000,0,0,0\x03" REST,
        "\x02"
        "030,0,0,1245,000,0,0,0,000,0,0,0\x03" THREE,
    };
    char endless[300];

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct printer_status s;
        assert_int_equal(status_parse(rows[i], strlen(rows[i]), &s), -1);
    }
    memset(endless, '0', sizeof(endless));
    endless[0] = 2;
    assert_int_equal(status_parse(endless, sizeof(endless), &(struct printer_status){0}), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_answer_is_complete_with_its_third_string),
        cmocka_unit_test(each_fault_says_what_to_do),
        cmocka_unit_test(what_is_in_the_printer_is_not_printed_yet),
        cmocka_unit_test(anything_else_is_no_answer),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
