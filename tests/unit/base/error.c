/* SPDX-License-Identifier: Apache-2.0 */
#include "base/base.h"

#include <errno.h>
#include <setjmp.h>
#include <string.h>

#include <cmocka.h>

static void layers_add_phrases(void **state)
{
    struct signet_error err = {0};

    (void)state;
    assert_int_equal(error_sys(&err, SIGNET_E_IO, ENOENT, "cannot open '%s'", "x"), SIGNET_E_IO);
    error_prefix(&err, "reading the %s", "order");
    error_hint(&err, "make %s", "x");
    assert_string_equal(err.msg, "reading the order: cannot open 'x': No such file or directory");
    assert_string_equal(err.hint, "make x");
    assert_int_equal(err.sys, ENOENT);
    error_set(&err, SIGNET_E_LIMIT, "again: %.20s", err.msg); /* its own text as an argument */
    assert_string_equal(err.msg, "again: reading the order: c");
    assert_string_equal(err.hint, "");
}

static void long_phrases_leave_the_cause(void **state)
{
    struct signet_error err = {0};
    char phrase[1000];

    (void)state;
    memset(phrase, 'p', sizeof phrase - 1);
    phrase[sizeof phrase - 1] = '\0';
    error_set(&err, SIGNET_E_IO, "the cause");
    error_prefix(&err, "%s", phrase);
    assert_non_null(strstr(err.msg, ": the cause"));
    error_set(&err, SIGNET_E_IO, "%s", phrase);
    assert_int_equal(strlen(err.msg), sizeof err.msg - 1);
}

static void a_phrase_for_failures_only(void **state)
{
    struct signet_error err = {0};

    (void)state;
    error_sys(&err, SIGNET_E_LINK, 0, "gone"); /* without an errno no words of it */
    assert_int_equal(error_pass(SIGNET_OK, &err, "reading %s", "x"), SIGNET_OK);
    assert_string_equal(err.msg, "gone");
    assert_int_equal(error_pass(SIGNET_E_LINK, &err, "reading %s", "x"), SIGNET_E_LINK);
    assert_string_equal(err.msg, "reading x: gone");
}

static void null_is_fine(void **state)
{
    (void)state;
    assert_int_equal(error_set(NULL, SIGNET_E_IO, "x"), SIGNET_E_IO);
    assert_int_equal(error_sys(NULL, SIGNET_E_LINK, EIO, "x"), SIGNET_E_LINK);
    error_prefix(NULL, "x");
    error_hint(NULL, "x");
    assert_int_equal(error_pass(SIGNET_E_IO, NULL, "x"), SIGNET_E_IO);
}

static void every_code_has_a_name(void **state)
{
    (void)state;
    for (int code = SIGNET_OK; code <= SIGNET_E_REFUSED; code++)
        assert_string_not_equal(signet_code_name((enum signet_code)code), "unknown");
    assert_string_equal(signet_code_name((enum signet_code)9999), "unknown");
    assert_string_equal(signet_code_name((enum signet_code) - 1), "unknown");
}

static enum signet_class class_of(enum signet_code code, int sys)
{
    const struct signet_error err = {.code = code, .sys = sys};

    return signet_error_class(&err);
}

static void every_code_has_a_class(void **state)
{
    static const enum signet_class wanted[] = {
        [SIGNET_E_USAGE] = SIGNET_CLASS_BUG,
        [SIGNET_E_NOMEM] = SIGNET_CLASS_STATION,
        [SIGNET_E_IO] = SIGNET_CLASS_STATION,
        [SIGNET_E_CRYPTO] = SIGNET_CLASS_STATION,
        [SIGNET_E_NET] = SIGNET_CLASS_AWAY,
        [SIGNET_E_SERVER] = SIGNET_CLASS_AWAY,
        [SIGNET_E_AUTH] = SIGNET_CLASS_AWAY,
        [SIGNET_E_TIMEOUT] = SIGNET_CLASS_AWAY,
        [SIGNET_E_BUSY] = SIGNET_CLASS_AWAY,
        [SIGNET_E_LEDGER] = SIGNET_CLASS_STATION,
        [SIGNET_E_CANCELLED] = SIGNET_CLASS_CANCELLED,
        [SIGNET_E_SEAL] = SIGNET_CLASS_DEVICE,
        [SIGNET_E_RULE] = SIGNET_CLASS_STATION,
        [SIGNET_E_REFUSED] = SIGNET_CLASS_DEVICE,
        [SIGNET_E_PROOF] = SIGNET_CLASS_DEVICE,
    };

    (void)state;
    assert_int_equal(class_of(SIGNET_OK, 0), SIGNET_CLASS_NONE);
    for (int code = SIGNET_E_USAGE; code <= SIGNET_E_REFUSED; code++)
        assert_int_equal(class_of((enum signet_code)code, 0),
                         wanted[code] ? wanted[code] : SIGNET_CLASS_DEVICE);
    assert_int_equal(class_of((enum signet_code)9999, 0), SIGNET_CLASS_BUG);
}

static void a_hint_is_no_format(void **state)
{
    struct signet_error err = {0}, copy = {0};

    (void)state;
    assert_int_equal(error_set_hint(&err, SIGNET_E_IO, "100 %s", "%s", "what"), SIGNET_E_IO);
    assert_string_equal(err.msg, "what");
    assert_string_equal(err.hint, "100 %s");
    assert_int_equal(error_set_hint(NULL, SIGNET_E_IO, "hint", "what"), SIGNET_E_IO);
    assert_int_equal(error_copy(&copy, &err), SIGNET_E_IO);
    assert_memory_equal(&copy, &err, sizeof(err));
    assert_int_equal(error_copy(NULL, &err), SIGNET_E_IO);
}

static void a_status_says_whose_matter_it_is(void **state)
{
    static const int device[] = {400, 409, 412, 422};
    static const int away[] = {0,   200, 302, 401, 403, 404, 405, 407,
                               408, 413, 425, 426, 429, 451, 500, 503};

    (void)state;
    for (size_t i = 0; i < sizeof(device) / sizeof(device[0]); i++)
        assert_int_equal(class_of(SIGNET_E_SERVER, device[i]), SIGNET_CLASS_DEVICE);
    for (size_t i = 0; i < sizeof(away) / sizeof(away[0]); i++)
        assert_int_equal(class_of(SIGNET_E_SERVER, away[i]), SIGNET_CLASS_AWAY);
}

/* A terminal gets none of it, whoever said it. */
static void no_text_commands_a_terminal(void **state)
{
    struct signet_error err = {0};

    (void)state;
    error_set(&err, SIGNET_E_NET, "\033[2J %s\n\x80", "\xc2\x9b\xe2\x80\xae\xc3\xa4");
    assert_string_equal(err.msg, "?[2J ?????\xc3\xa4??");
    error_prefix(&err, "%s", "\a");
    assert_string_equal(err.msg, "?: ?[2J ?????\xc3\xa4??");
    error_hint(&err, "%s", "\r\xff");
    assert_string_equal(err.hint, "??");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(layers_add_phrases),
        cmocka_unit_test(long_phrases_leave_the_cause),
        cmocka_unit_test(null_is_fine),
        cmocka_unit_test(a_phrase_for_failures_only),
        cmocka_unit_test(every_code_has_a_name),
        cmocka_unit_test(every_code_has_a_class),
        cmocka_unit_test(no_text_commands_a_terminal),
        cmocka_unit_test(a_hint_is_no_format),
        cmocka_unit_test(a_status_says_whose_matter_it_is),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
