/* SPDX-License-Identifier: Apache-2.0 */
/* Files of rows: their bytes, what is refused, and what a crash leaves. */
#include "server/server.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

struct place {
    char folder[40], file[64];
    struct signet_server *server;
};

static int open_export(struct place *p, const char *format, const char *columns,
                       struct signet_error *err)
{
    char kind[] = "export";
    const struct signet_server_info info = {.kind = kind,
                                            .file = p->file,
                                            .format = (char *)(uintptr_t)format,
                                            .columns = (char *)(uintptr_t)columns};

    return signet_server_open(&p->server, &info, NULL, NULL, 0, NULL, NULL, err);
}

static void start(struct place *p, const char *format, const char *columns)
{
    struct signet_error err = {0};

    *p = (struct place){.folder = "/tmp/signet-export-XXXXXX"};
    assert_non_null(mkdtemp(p->folder));
    snprintf(p->file, sizeof p->file, "%s/out", p->folder);
    assert_int_equal(open_export(p, format, columns, &err), SIGNET_OK);
}

static void stop(struct place *p)
{
    signet_server_close(&p->server);
    unlink(p->file);
    rmdir(p->folder);
}

static struct signet_device psk(const char *name, const char *identity, const char *key)
{
    return (struct signet_device){.endpoint = name,
                                  .mode = SIGNET_MODE_PSK,
                                  .identity = (const uint8_t *)identity,
                                  .identity_len = strlen(identity),
                                  .psk = (const uint8_t *)key,
                                  .psk_len = strlen(key)};
}

static void expect_file(const struct place *p, const char *want)
{
    struct buf text = {0};

    assert_int_equal(file_read(p->file, 1 << 20, &text, NULL), SIGNET_OK);
    buf_byte(&text, 0);
    assert_string_equal((const char *)text.data, want);
    buf_free(&text);
}

static int add(struct place *p, struct signet_device device, bool *existed)
{
    return signet_server_add(p->server, &device, existed, NULL);
}

static void test_formats(void **state)
{
    static const struct {
        const char *format, *columns, *want;
    } cases[] = {
        {NULL, NULL, "endpoint,mode,identity,psk\nep-1,psk,\"a,\"\"b\",6b31\nep-2,nosec,,\n"},
        {"csv", "Name=endpoint, Key = key_base64", "Name,Key\nep-1,azE=\nep-2,\n"},
        {"ndjson", "ep=endpoint,id=identity",
         "{\"ep\": \"ep-1\", \"id\": \"a,\\\"b\"}\n{\"ep\": \"ep-2\", \"id\": \"\"}\n"},
        {"cumulocity", NULL,
         "endpoint id;securityMode;lwm2m psk_id;lwm2m psk_key\nep-1;PSK;\"a,\"\"b\";6b31\n"
         "ep-2;NO_SEC;;\n"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct stat st;
        struct place p;
        bool existed = true;

        start(&p, cases[i].format, cases[i].columns);
        assert_int_equal(add(&p, psk("ep-1", "a,\"b", "k1"), &existed), SIGNET_OK);
        assert_false(existed);
        assert_int_equal(
            add(&p, (struct signet_device){.endpoint = "ep-2", .mode = SIGNET_MODE_NOSEC}, NULL),
            SIGNET_OK);
        expect_file(&p, cases[i].want);
        assert_int_equal(stat(p.file, &st), 0);
        assert_int_equal(st.st_mode & 0777, 0600);
        assert_int_equal(signet_server_find(p.server, "ep-2", NULL), SIGNET_OK);
        assert_int_equal(signet_server_find(p.server, "ep", NULL), SIGNET_E_NOT_FOUND);
        stop(&p);
    }
}

static void test_emqx(void **state)
{
    struct place p;

    (void)state;
    start(&p, "emqx", NULL);
    assert_int_equal(add(&p, psk("ep-1", "id-1", "secret:1"), NULL), SIGNET_OK);
    expect_file(&p, "id-1:secret:1\n");
    assert_int_equal(add(&p, psk("ep-2", "id:2", "secret"), NULL), SIGNET_E_MEANING);
    assert_int_equal(add(&p, psk("ep-2", "id-2", "bad\x01key"), NULL), SIGNET_E_MEANING);
    assert_int_equal(add(&p, psk("ep-2", "id-1", "another"), NULL), SIGNET_E_EXISTS);
    expect_file(&p, "id-1:secret:1\n");
    stop(&p);
}

static void test_no_row_twice(void **state)
{
    struct place p;
    bool existed = false;

    (void)state;
    start(&p, NULL, "e=endpoint,k=key_hex");
    for (int i = 0; i < 3; i++)
        assert_int_equal(add(&p, psk("ep-1", "i", "k"), &existed), SIGNET_OK);
    assert_true(existed);
    assert_int_equal(add(&p, psk("ep-1", "i", "other"), NULL), SIGNET_E_EXISTS);
    assert_int_equal(add(&p, psk("ep", "i", "k"), NULL), SIGNET_OK); /* the start of another name */
    expect_file(&p, "e,k\nep-1,6b\nep,6b\n");
    stop(&p);
}

/* Power lost after any number of bytes: given again, the file is as if nothing had happened. */
static void test_crash_at_every_byte(void **state)
{
    static const char whole[] = "endpoint,mode,identity,psk\nep-1,psk,i1,6b31\nep-2,psk,i2,6b32\n";
    const struct signet_device devices[] = {psk("ep-1", "i1", "k1"), psk("ep-2", "i2", "k2")};
    struct place p;

    (void)state;
    start(&p, NULL, NULL);
    for (size_t len = 0; len < sizeof whole; len++) {
        assert_int_equal(file_write(p.file, whole, len, 0600, NULL), SIGNET_OK);
        for (int i = 0; i < 2; i++)
            assert_int_equal(signet_server_add(p.server, &devices[i], NULL, NULL), SIGNET_OK);
        expect_file(&p, whole);
    }
    stop(&p);
}

static void test_batch(void **state)
{
    struct signet_server_result results[2500];
    struct signet_device devices[2500];
    static char names[2500][16];
    struct place p;

    (void)state;
    start(&p, "ndjson", NULL);
    for (size_t i = 0; i < 2500; i++) {
        snprintf(names[i], sizeof names[i], "ep-%zu", i);
        devices[i] = psk(names[i], names[i], "key");
    }
    assert_int_equal(signet_server_add_batch(p.server, devices, 2500, results, NULL), SIGNET_OK);
    devices[3] = psk("ep-4", "ep-4", "another key");
    assert_int_equal(signet_server_add_batch(p.server, devices, 10, results, NULL),
                     SIGNET_E_EXISTS);
    for (size_t i = 0; i < 10; i++)
        assert_int_equal(results[i].error.code, i == 3 ? SIGNET_E_EXISTS : SIGNET_OK);
    assert_int_equal(signet_server_find(p.server, "ep-2499", NULL), SIGNET_OK);
    stop(&p);
}

static void test_refusals(void **state)
{
    static const char *const names[] = {"=cmd()", "+1", "@x", "-1", "a\nb", "a\tb", ""};
    static const char *const columns[] = {"a=key_hex", "a=endpoint,b=nothing", "endpoint",
                                          "a=endpoint,", "=mode"};
    struct signet_error err = {0};
    struct place p;

    (void)state;
    start(&p, NULL, NULL);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        assert_int_equal(add(&p, psk(names[i], "i", "k"), NULL), SIGNET_E_MEANING);
    assert_int_equal(add(&p, psk("ep", "=1", "k"), NULL), SIGNET_E_MEANING);
    assert_int_not_equal(access(p.file, F_OK), 0); /* nothing was made */
    signet_server_close(&p.server);
    for (size_t i = 0; i < sizeof columns / sizeof *columns; i++)
        assert_int_equal(open_export(&p, NULL, columns[i], &err), SIGNET_E_USAGE);
    assert_int_equal(open_export(&p, "xls", NULL, &err), SIGNET_E_USAGE);
    assert_int_equal(open_export(&p, "emqx", "a=endpoint", &err), SIGNET_E_USAGE);

    assert_int_equal(open_export(&p, NULL, NULL, &err), SIGNET_OK);
    assert_int_equal(file_write(p.file, "", 0, 0644, NULL), SIGNET_OK); /* open to others */
    assert_int_equal(add(&p, psk("ep", "i", "k"), NULL), SIGNET_E_IO);
    unlink(p.file);
    assert_int_equal(symlink("elsewhere", p.file), 0);
    assert_int_equal(add(&p, psk("ep", "i", "k"), NULL), SIGNET_E_IO);
    stop(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_formats),      cmocka_unit_test(test_emqx),
        cmocka_unit_test(test_no_row_twice), cmocka_unit_test(test_crash_at_every_byte),
        cmocka_unit_test(test_batch),        cmocka_unit_test(test_refusals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
