/* SPDX-License-Identifier: Apache-2.0 */
/* What a witness refuses of a log whose key it knows. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tlog/tlog.h"

#include <signet/witness.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define HASH "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="

/* A log's key may sign what is not of that log. */
static void checkpoint_of_another_log(void **state)
{
    static const char *const origins[] = {"log", "other"};
    char folder[] = "/tmp/signet-witness-XXXXXX", log_path[64], witness_path[64];
    char vkey[TLOG_VKEY_SIZE], text[100];
    struct signet_error err = {0};
    struct signet_bytes out = {0};
    struct tlog_key key = {0};
    (void)state;

    assert_non_null(mkdtemp(folder));
    snprintf(log_path, sizeof(log_path), "%s/log", folder);
    snprintf(witness_path, sizeof(witness_path), "%s/w", folder);
    assert_int_equal(tlog_key_open(&key, log_path, "log", NULL), SIGNET_OK);
    tlog_vkey_print(&key.public, vkey);
    assert_int_equal(signet_witness_key(witness_path, "w", &out, NULL), SIGNET_OK);
    signet_bytes_free(&out);
    for (int i = 1; i >= 0; i--) {
        struct buf line = {0}, all = {0};
        int len = snprintf(text, sizeof(text), "%s\n1\n" HASH "\n", origins[i]);

        assert_int_equal(tlog_sign(&key, &key.public, text, (size_t)len, 0, &line, NULL), 0);
        buf_printf(&all, "%s\n%s", text, (char *)line.data);
        int rc = signet_witness_sign(witness_path, vkey, all.data, all.len, 1700000000, &out, &err);
        assert_int_equal(rc, i ? SIGNET_E_CRYPTO : SIGNET_OK);
        if (i)
            assert_string_equal(err.msg, "the checkpoint is of other, and the key of log");
        buf_free(&line);
        buf_free(&all);
    }
    signet_bytes_free(&out);
    tlog_key_free(&key);
    snprintf(text, sizeof(text), "rm -r %s", folder);
    assert_int_equal(system(text), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(checkpoint_of_another_log)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
