/* SPDX-License-Identifier: Apache-2.0 */
#include "seal/seal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "unit/folder.h"

#define HASH "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
static const char good[] =
    "signet sealed batch 1\norder lot 7\nstation A\nbatch 3\ndevices 160\n"
    "previous " HASH "\nfile p.00000003.cms 17 " HASH "\nfile r.00000003.cms 18 " HASH "\nend\n";
static struct signet_error err;

static int parse(const char *text, struct manifest *m, size_t *end)
{
    return manifest_parse(text, strlen(text), m, end, &err);
}

static void is_read_as_it_was_written(void **state)
{
    struct manifest m;
    size_t end;
    struct buf text = {0};

    (void)state;
    assert_int_equal(parse(good, &m, &end), SIGNET_OK);
    assert_int_equal(end, sizeof(good) - 1);
    assert_string_equal(m.order, "lot 7");
    assert_int_equal(m.batch, 3);
    assert_int_equal(m.count, 2);
    assert_int_equal(m.files[1].bytes, 18);
    assert_int_equal(manifest_print(&m, &text, &err), SIGNET_OK);
    assert_string_equal((char *)text.data, good);
    buf_text(&text, "\n- a signature\n"); /* what stands behind it is not its text */
    assert_int_equal(parse((char *)text.data, &m, &end), SIGNET_OK);
    assert_int_equal(end, sizeof(good) - 1);
    buf_free(&text);
}

static void of_another_form_is_refused(void **state)
{
    static const char *const changes[][2] = {
        {"batch 1", "batch 2"},
        {"p.00000003.cms", "../0000003.cms"},
        {"p.00000003.cms", ".p0000003.cms"},
        {"p.00000003.cms", "p.00000003.txt"},
        {"p.00000003.cms", "-p0000003.cms"},
        {"p.00000003.cms", "p.\x1b[00003.cms"},
        {"p.00000003.cms", "p.\xff\xff"
                           "00003.cms"},
        {" 17 ", " 017 "},
        {" 17 ", " -1 "},
        {"previous 0", "previous G"},
        {"previous 0", "previous -"},
        {"devices 160", "devices  16"},
        {"lot 7", "lot\x1b[1"},
        {"\nend\n", "\nfin\n"},
        {"station A", "station\tA"},
    };
    struct manifest m;
    size_t end;

    (void)state;
    for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
        struct buf text = {0};
        const char *at = strstr(good, changes[i][0]);

        buf_append(&text, good, (size_t)(at - good));
        buf_text(&text, changes[i][1]);
        buf_text(&text, at + strlen(changes[i][0]));
        if (parse((char *)text.data, &m, &end) != SIGNET_E_SYNTAX)
            fail_msg("%s", changes[i][1]);
        buf_free(&text);
    }
    for (size_t len = 0; len < sizeof(good) - 1; len++)
        assert_int_equal(manifest_parse(good, len, &m, &end, &err), SIGNET_E_SYNTAX);
}

static void is_signed_by_its_station(void **state)
{
    struct tlog_key key = {0}, other = {0};
    char folder[FOLDER_SIZE], path[FOLDER_SIZE + 8], vkey[TLOG_VKEY_SIZE];
    struct buf text = {0};
    struct manifest m;
    size_t end;

    (void)state;
    assert_true(folder_make(folder));
    snprintf(path, sizeof(path), "%s/a", folder);
    assert_int_equal(tlog_key_open(&key, path, "A", &err), SIGNET_OK);
    snprintf(path, sizeof(path), "%s/b", folder);
    assert_int_equal(tlog_key_open(&other, path, "A", &err), SIGNET_OK);
    buf_text(&text, good);
    assert_int_equal(tlog_sign_note(&key, &key.public, &text, &err), SIGNET_OK);
    assert_int_equal(manifest_parse(text.data, text.len, &m, &end, &err), SIGNET_OK);
    tlog_vkey_print(&key.public, vkey);
    assert_int_equal(manifest_check(&m, text.data, text.len, vkey, &err), SIGNET_OK);
    text.data[30] ^= 1;
    assert_int_equal(manifest_check(&m, text.data, text.len, vkey, &err), SIGNET_E_AUTH);
    text.data[30] ^= 1;
    assert_int_equal(manifest_check(&m, text.data, end, vkey, &err), SIGNET_E_AUTH);
    tlog_vkey_print(&other.public, vkey);
    assert_int_equal(manifest_check(&m, text.data, text.len, vkey, &err), SIGNET_E_AUTH);
    assert_int_not_equal(manifest_check(&m, text.data, text.len, "A", &err), SIGNET_OK);
    buf_free(&text);
    tlog_key_free(&key);
    tlog_key_free(&other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(is_read_as_it_was_written),
        cmocka_unit_test(of_another_form_is_refused),
        cmocka_unit_test(is_signed_by_its_station),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
