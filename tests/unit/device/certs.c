/* SPDX-License-Identifier: Apache-2.0 */
/* Certificates that are set are looked at when they are set, before any of them is in a packet.
 * wrap: clock_wall clock_check
 */
#include <fcntl.h>
#include <setjmp.h>
#include <signet/cert.h>
#include <signet/factory.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include <signet/config.h>

#include "base/base.h"
#include "unit/folder.h"

enum { DAY = 86400, VALID = 100 * DAY };
static const int64_t start = 1700000000;
static int64_t now;

int64_t __wrap_clock_wall(void);

int64_t __wrap_clock_wall(void)
{
    return now;
}

int __wrap_clock_check(struct signet_error *err);

/* It is 2023 here. */
int __wrap_clock_check(struct signet_error *err)
{
    (void)err;
    return SIGNET_OK;
}

static struct signet_tree *tree;
static struct signet_key *key;
static struct signet_bytes key_der, cert_der, other_der;
static char warned[512]; /* the last warning */

static void on_event(void *ctx, const struct signet_event *event)
{
    (void)ctx;
    if (event->kind == SIGNET_EVENT_WARNING)
        snprintf(warned, sizeof(warned), "%s", event->error->msg);
}
static const struct signet_observer observer = {on_event, NULL};

static void make(struct signet_key *of, struct signet_bytes *der)
{
    const struct signet_cert_info info = {.validity_offset_seconds = VALID};
    struct signet_cert *cert = NULL;

    now = start;
    assert_int_equal(signet_cert_make(&cert, of, &info, "ep", NULL, NULL), SIGNET_OK);
    assert_int_equal(signet_cert_der(cert, der, NULL), SIGNET_OK);
    signet_cert_free(&cert);
}

static int set_up(void **state)
{
    static const char text[] = "{OID.Security: {1: {0: 'coaps://a', 1: False, 2: 2, 10: 1}},"
                               " OID.Server: {1: {0: 1, 1: 60, 6: False, 7: 'U'}}}";
    struct signet_key *other = NULL;

    (void)state;
    assert_int_equal(signet_config_parse(text, strlen(text), "cfg", &tree, NULL), SIGNET_OK);
    assert_int_equal(signet_key_generate(&key, NULL, NULL, NULL), SIGNET_OK);
    assert_int_equal(signet_key_generate(&other, NULL, NULL, NULL), SIGNET_OK);
    assert_int_equal(signet_key_der(key, &key_der, NULL), SIGNET_OK);
    make(key, &cert_der);
    make(other, &other_der);
    signet_key_free(&other);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    signet_bytes_free(&key_der);
    signet_bytes_free(&cert_der);
    signet_bytes_free(&other_der);
    signet_key_free(&key);
    signet_tree_free(&tree);
    return 0;
}

static struct signet_factory *factory(unsigned flags)
{
    const struct signet_factory_args args = {.size = sizeof(args),
                                             .tree = tree,
                                             .endpoint_name = "ep",
                                             .flags = flags,
                                             .observer = &observer};
    struct signet_factory *f = NULL;

    warned[0] = '\0';
    assert_int_equal(signet_factory_new(&f, &args, NULL), SIGNET_OK);
    return f;
}

static int set_device(struct signet_factory *f, const struct signet_bytes *cert,
                      struct signet_error *err)
{
    return signet_factory_set_endpoint_cert_and_key_data(f, cert->data, cert->len, key_der.data,
                                                         key_der.len, err);
}

static void dates(void **state)
{
    static const struct {
        int64_t at;
        const char *words;
    } rows[] = {{-DAY, "not valid before"}, {VALID + DAY, "expired"}};
    struct signet_error err;

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct signet_factory *f = factory(0);

        now = start + rows[i].at;
        assert_int_equal(set_device(f, &cert_der, &err), SIGNET_E_CERT);
        assert_non_null(strstr(err.msg, "device certificate"));
        assert_non_null(strstr(err.msg, rows[i].words));
        assert_null(signet_factory_endpoint_cert(f));
        assert_int_equal(
            signet_factory_set_server_cert_data(f, other_der.data, other_der.len, &err),
            SIGNET_E_CERT);
        assert_non_null(strstr(err.msg, "server certificate"));
        assert_true(signet_factory_needs_server_cert(f));
        signet_factory_free(&f);

        f = factory(SIGNET_FACTORY_NO_CHECK);
        assert_int_equal(set_device(f, &cert_der, &err), SIGNET_OK);
        if (!strstr(warned, "device certificate") || !strstr(warned, rows[i].words))
            fail_msg("%s", warned);
        assert_non_null(signet_factory_endpoint_cert(f));
        assert_int_equal(
            signet_factory_set_server_cert_data(f, other_der.data, other_der.len, &err), SIGNET_OK);
        if (!strstr(warned, "server certificate") || !strstr(warned, rows[i].words))
            fail_msg("%s", warned);
        signet_factory_free(&f);
    }
    now = start;
}

static void a_key_of_another(void **state)
{
    struct signet_factory *f = factory(0);
    struct signet_error err;

    (void)state;
    now = start;
    assert_int_equal(set_device(f, &other_der, &err), SIGNET_E_CERT);
    assert_non_null(strstr(err.msg, "does not belong"));
    assert_null(signet_factory_endpoint_cert(f));
    assert_int_equal(set_device(f, &cert_der, &err), SIGNET_OK); /* the factory is as it was */
    assert_string_equal(warned, "");
    signet_factory_free(&f);
    f = factory(SIGNET_FACTORY_NO_CHECK);
    assert_int_equal(set_device(f, &other_der, &err), SIGNET_OK);
    assert_non_null(strstr(warned, "does not belong"));
    signet_factory_free(&f);
}

static void put_literal(struct buf *text, unsigned rid, const struct signet_bytes *data)
{
    buf_printf(text, ", %u: b'", rid);
    for (size_t i = 0; i < data->len; i++)
        buf_printf(text, "\\x%02x", data->data[i]);
    buf_text(text, "'");
}

/* A device whose own certificate is `own`, and whose server's is `server`, of that usage. */
static int check_config(const struct signet_bytes *own, const struct signet_bytes *server,
                        int usage, struct signet_error *err)
{
    struct signet_tree *device = NULL;
    struct buf text = {0};

    buf_text(&text, "{OID.Security: {1: {0: 'coaps://a', 1: False, 2: 2, 10: 1");
    put_literal(&text, 3, own);
    put_literal(&text, 4, server);
    put_literal(&text, 5, &key_der);
    buf_printf(&text, ", 15: %d}}, OID.Server: {1: {0: 1, 1: 60, 6: False, 7: 'U'}}}", usage);
    assert_int_equal(signet_config_parse((const char *)text.data, text.len, "cfg", &device, NULL),
                     SIGNET_OK);
    warned[0] = '\0';
    int rc = signet_device_check(device, 0, &observer, err);
    buf_free(&text);
    signet_tree_free(&device);
    return rc;
}

/* A device of a configuration is warned of as well, with the place of the certificate; what is
 * refused is told once. */
static void weak_ones_of_a_configuration(void **state)
{
    const struct signet_cert_info info = {.digest = (char *)"sha1",
                                          .validity_offset_seconds = 400 * 86400};
    struct signet_bytes weak_der = {0};
    struct signet_cert *weak = NULL;
    struct signet_error err = {0};

    (void)state;
    now = start;
    assert_int_equal(signet_cert_make(&weak, key, &info, "ep", NULL, NULL), SIGNET_OK);
    assert_int_equal(signet_cert_der(weak, &weak_der, NULL), SIGNET_OK);
    int rc = check_config(&weak_der, &other_der, 3, &err);
    if (rc != SIGNET_OK ||
        !strstr(warned, "/0/1/3: it is signed with sha1, which TLS stacks refuse"))
        fail_msg("%s%s", rc ? err.msg : "", warned);
    assert_int_equal(check_config(&cert_der, &weak_der, 3, &err), SIGNET_OK);
    assert_non_null(strstr(warned, "/0/1/4: it is signed with sha1, which TLS stacks refuse"));
    assert_int_equal(check_config(&cert_der, &weak_der, 2, &err), SIGNET_E_CERT);
    assert_non_null(strstr(err.msg, "/0/1/4: it is no authority's certificate"));
    assert_string_equal(warned, "");
    now = start + 401 * 86400; /* it expired */
    assert_int_equal(check_config(&cert_der, &weak_der, 3, &err), SIGNET_E_CERT);
    assert_non_null(strstr(err.msg, "/0/1/4: the certificate expired"));
    assert_string_equal(warned, "");
    now = start;
    signet_cert_free(&weak);
    signet_bytes_free(&weak_der);
}

static void put(const char *path, const struct signet_bytes *data, mode_t mode)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

    assert_int_equal(write(fd, data->data, data->len), (ssize_t)data->len);
    assert_int_equal(fchmod(fd, mode), 0);
    close(fd);
}

static void a_key_file_that_others_can_read(void **state)
{
    static const mode_t modes[] = {0600, 0640, 0604, 0620};
    char folder[FOLDER_SIZE], cert[FOLDER_SIZE + 8], keys[FOLDER_SIZE + 8];
    struct signet_error err;

    (void)state;
    now = start;
    assert_true(folder_make(folder));
    snprintf(cert, sizeof(cert), "%s/cert", folder);
    snprintf(keys, sizeof(keys), "%s/key", folder);
    put(cert, &cert_der, 0644);
    for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
        struct signet_factory *f = factory(0);

        put(keys, &key_der, modes[i]);
        assert_int_equal(signet_factory_set_endpoint_cert_and_key(f, cert, keys, &err), SIGNET_OK);
        assert_int_equal(strstr(warned, "other users can read the private key") != NULL,
                         (modes[i] & 0044) != 0);
        signet_factory_free(&f);
    }
    unlink(cert);
    unlink(keys);
    rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(dates),
        cmocka_unit_test(a_key_of_another),
        cmocka_unit_test(weak_ones_of_a_configuration),
        cmocka_unit_test(a_key_file_that_others_can_read),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
