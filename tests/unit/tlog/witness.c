/* SPDX-License-Identifier: Apache-2.0 */
/* What a witness refuses of a log whose key it knows. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tlog/tlog.h"

#include <errno.h>
#include <signet/witness.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define HASH "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="

/* A log's key may sign what is not of that log. */
static void checkpoint_of_another_log(void **state)
{
    static const struct {
        const char *origin;
        bool by_another; /* of the same name */
        const char *words;
    } rows[] = {{"other", false, "the checkpoint is of other, and the key of log"},
                {"log", true, "the log did not sign this checkpoint"},
                {"log", false, NULL}};
    char folder[] = "/tmp/signet-witness-XXXXXX", log_path[64], other_path[64], witness_path[64];
    char vkey[TLOG_VKEY_SIZE], text[100];
    struct signet_error err = {0};
    struct signet_bytes out = {0};
    struct tlog_key key = {0}, another = {0};
    (void)state;

    assert_non_null(mkdtemp(folder));
    snprintf(log_path, sizeof(log_path), "%s/log", folder);
    snprintf(witness_path, sizeof(witness_path), "%s/w", folder);
    snprintf(other_path, sizeof(other_path), "%s/other", folder);
    assert_int_equal(tlog_key_open(&key, log_path, "log", NULL), SIGNET_OK);
    assert_int_equal(tlog_key_open(&another, other_path, "log", NULL), SIGNET_OK);
    tlog_vkey_print(&key.public, vkey);
    assert_int_equal(signet_witness_key(witness_path, "w", &out, NULL), SIGNET_OK);
    signet_bytes_free(&out);
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const struct tlog_key *by = rows[i].by_another ? &another : &key;
        struct buf line = {0}, all = {0};
        int len = snprintf(text, sizeof(text), "%s\n1\n" HASH "\n", rows[i].origin);

        assert_int_equal(tlog_sign(by, &by->public, text, (size_t)len, 0, &line, NULL), 0);
        buf_printf(&all, "%s\n%s", text, (char *)line.data);
        int rc = signet_witness_sign(witness_path, vkey, all.data, all.len, 1700000000, &out, &err);
        assert_int_equal(rc, rows[i].words ? SIGNET_E_CRYPTO : SIGNET_OK);
        if (rows[i].words)
            assert_string_equal(err.msg, rows[i].words);
        buf_free(&line);
        buf_free(&all);
    }
    signet_bytes_free(&out);
    errno = ENOENT; /* of whatever was before */
    assert_int_equal(signet_witness_seen(witness_path, vkey, &out, &err), SIGNET_OK);
    assert_non_null(strstr((const char *)out.data, "log\n1\n" HASH));
    signet_bytes_free(&out);
    tlog_key_free(&key);
    tlog_key_free(&another);
    snprintf(text, sizeof(text), "rm -r %s", folder);
    assert_int_equal(system(text), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(checkpoint_of_another_log)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
