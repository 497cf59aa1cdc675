/* SPDX-License-Identifier: Apache-2.0 */
/* Files of rows: their bytes, what is refused, and what a crash leaves.
 * wrap: mmap index_hash flock clock_ms
 */
#include "server/ops.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <signet/cert.h>
#include <signet/config.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "unit/folder.h"
#include "unit/server/certificate.h"

static int lock_sys; /* what flock() fails with; time goes fast then */
static int64_t ahead;

int __real_flock(int fd, int how);
int __wrap_flock(int fd, int how);
int __wrap_flock(int fd, int how)
{
    errno = lock_sys;
    return lock_sys ? -1 : __real_flock(fd, how);
}

int64_t __real_clock_ms(void);
int64_t __wrap_clock_ms(void);
int64_t __wrap_clock_ms(void)
{
    return __real_clock_ms() + (lock_sys ? ahead += 3000 : ahead);
}

struct place {
    char folder[FOLDER_SIZE], file[96];
    struct signet_server *server;
};

static const char *server_uri; /* the option of what is opened from now on */

static int open_export(struct place *p, const char *format, const char *columns,
                       struct signet_error *err)
{
    char kind[] = "export";
    const struct signet_server_info info = {.kind = kind,
                                            .options = {{"file", p->file},
                                                        {"format", format},
                                                        {"columns", columns},
                                                        {"server_uri", server_uri}}};

    return signet_server_open(&p->server, &info, NULL, NULL, 0, NULL, NULL, err);
}

static void start(struct place *p, const char *format, const char *columns)
{
    struct signet_error err = {0};

    *p = (struct place){0};
    assert_true(folder_make(p->folder));
    snprintf(p->file, sizeof p->file, "%s/out", p->folder);
    assert_int_equal(open_export(p, format, columns, &err), SIGNET_OK);
}

static void stop(struct place *p)
{
    signet_server_close(&p->server);
}

#define CUMULOCITY_BEFORE "endpoint id;securityMode;lwm2m psk_id;lwm2m psk_key"
#define CUMULOCITY_7      CUMULOCITY_BEFORE ";bootstrapSecurityMode;bootstrap psk_id;bootstrap psk_key"
#define CUMULOCITY        CUMULOCITY_7 ";lwm2m server uri"

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

static struct signet_tree *with_certificate(const char *name)
{
    return certificate_tree(
        "{OID.Security: {0: {RID.Security.Bootstrap: False, RID.Security.Mode: 2}}}", 0, name);
}

/* How often a whole file was looked at. */
static int mapped;
static bool map_fails;

void *__real_mmap(void *at, size_t len, int protection, int flags, int fd, off_t offset);
void *__wrap_mmap(void *at, size_t len, int protection, int flags, int fd, off_t offset);
void *__wrap_mmap(void *at, size_t len, int protection, int flags, int fd, off_t offset)
{
    mapped++;
    if (map_fails) {
        errno = ENOMEM;
        return MAP_FAILED;
    }
    return __real_mmap(at, len, protection, flags, fd, offset);
}

static bool one_hash; /* for all texts */

uint64_t __real_index_hash(const struct index *index, const void *data, size_t len);
uint64_t __wrap_index_hash(const struct index *index, const void *data, size_t len);
uint64_t __wrap_index_hash(const struct index *index, const void *data, size_t len)
{
    return one_hash ? 7 : __real_index_hash(index, data, len);
}

static void fill(struct place *p, int count)
{
    struct signet_device devices[1000];
    struct signet_server_result results[1000];
    static char names[1000][24];

    for (int i = 0; i < count; i += 1000) {
        for (int k = 0; k < 1000; k++) {
            snprintf(names[k], sizeof names[k], "row-%d", i + k);
            devices[k] = psk(names[k], names[k], "k");
        }
        assert_int_equal(signet_server_add_batch(p->server, devices, 1000, results, NULL),
                         SIGNET_OK);
    }
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
         CUMULOCITY "\nep-1;PSK;\"a,\"\"b\";6b31;NO_SEC;;;\nep-2;NO_SEC;;;NO_SEC;;;\n"},
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

#define ACCOUNT(iid, bootstrap, mode, more)                                                        \
#iid ": {0: 'coaps://h:" #iid "', 1: " bootstrap ", 2: " mode ", 3: b'id" #iid                 \
         "', 5: b'key" #iid "'" more "}"
#define BOTH                                                                                       \
    "{OID.Security: {" ACCOUNT(0, "True", "0", "") ", " ACCOUNT(1, "False", "0", ", 10: 7") "}}"
#define ONE "{OID.Security: {" ACCOUNT(0, "True", "0", "") "}}"

static struct signet_tree *parsed(const char *text)
{
    struct signet_tree *tree = NULL;

    assert_int_equal(signet_config_parse(text, strlen(text), "cfg", &tree, NULL), SIGNET_OK);
    return tree;
}

/* Every account of the device, in columns of its own. */
static void test_accounts_have_columns(void **state)
{
    static const struct {
        const char *config, *format, *columns, *want;
    } cases[] = {
        {BOTH, "csv",
         "e=endpoint, a=account, k=key_hex, b=bootstrap.key_text, i=management.identity",
         "e,a,k,b,i\nep,management,6b657931,key0,id1\n"},
        {ONE, "csv",
         "e=endpoint, a=account, k=key_hex, b=bootstrap.key_text, i=management.identity",
         "e,a,k,b,i\nep,bootstrap,6b657930,key0,\n"},
        {BOTH, "cumulocity", NULL,
         CUMULOCITY "\nep;PSK;id1;6b657931;PSK;id0;6b657930;coaps://h:1\n"},
        {ONE, "cumulocity", NULL,
         CUMULOCITY "\nep;PSK_GENERATED;;;PSK;id0;6b657930;coaps://c8y:5784\n"},
        {BOTH, "csv", "e=endpoint, u=uri, b=bootstrap.uri", "e,u,b\nep,coaps://h:1,coaps://h:0\n"},
        {BOTH, "csv", "e=endpoint, m=bootstrap.mode, u=management.account",
         "e,m,u\nep,psk,management\n"},
        {"{OID.Security: {" ACCOUNT(1, "False", "0", "") "}}", "csv",
         "e=endpoint, m=bootstrap.mode, u=bootstrap.account, M=bootstrap.MODE",
         "e,m,u,M\nep,,,NO_SEC\n"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct signet_tree *tree = parsed(cases[i].config);
        struct place p;

        server_uri = strcmp(cases[i].config, ONE) == 0 ? "coaps://c8y:5784" : NULL;
        start(&p, cases[i].format, cases[i].columns);
        assert_int_equal(add(&p, (struct signet_device){.endpoint = "ep", .tree = tree}, NULL),
                         SIGNET_OK);
        server_uri = NULL;
        expect_file(&p, cases[i].want);
        signet_tree_free(&tree);
        stop(&p);
    }
}

/* What a column shows of another account must be text there, too. */
static void test_other_account_is_looked_at(void **state)
{
    struct signet_tree *tree = parsed("{OID.Security: {0: {1: True, 2: 0, 3: b'=id', 5: b'k'}, "
                                      "1: {1: False, 2: 0, 3: b'i', 5: b'k'}}}");
    const struct signet_device device = {.endpoint = "ep", .tree = tree};
    struct signet_error err = {0};
    struct place p;

    (void)state;
    start(&p, "cumulocity", NULL);
    assert_int_equal(signet_server_add(p.server, &device, NULL, &err), SIGNET_E_MEANING);
    assert_non_null(strstr(err.msg, "formula"));
    signet_tree_free(&tree);
    stop(&p);
}

/* Cumulocity's documentation has these columns as mandatory, the last four for devices that
 * bootstrap there. */
static void test_mandatory_columns(void **state)
{
    static const char *const mandatory[] = {
        "endpoint id",           "securityMode",     "lwm2m psk_id",      "lwm2m psk_key",
        "bootstrapSecurityMode", "bootstrap psk_id", "bootstrap psk_key", "lwm2m server uri"};
    struct buf text = {0};
    struct place p;

    (void)state;
    start(&p, "cumulocity", NULL);
    assert_int_equal(add(&p, psk("ep", "i", "k"), NULL), SIGNET_OK);
    assert_int_equal(file_read(p.file, 1 << 20, &text, NULL), SIGNET_OK);
    text.data[strcspn((char *)text.data, "\n")] = '\0';
    for (size_t i = 0; i < sizeof mandatory / sizeof mandatory[0]; i++) {
        char cell[64];

        snprintf(cell, sizeof cell, ";%s;", mandatory[i]);
        char *line = NULL;
        assert_true(asprintf(&line, ";%s;", (char *)text.data) > 0);
        if (!strstr(line, cell))
            fail_msg("no column %s in %s", mandatory[i], line);
        free(line);
    }
    buf_free(&text);
    stop(&p);
}

/* A bootstrap server that does not know where to send the device is refused at once. */
static void test_bootstrap_needs_a_uri(void **state)
{
    struct signet_tree *tree = parsed(ONE);
    const struct signet_device device = {.endpoint = "ep", .tree = tree};
    struct signet_error err = {0};
    struct place p;

    (void)state;
    start(&p, "cumulocity", NULL);
    assert_int_equal(signet_server_validate(p.server, &device, &err), SIGNET_E_MEANING);
    assert_non_null(strstr(err.msg, "the URI of the LwM2M server"));
    assert_string_equal(err.hint, "\"server_uri\": \"coaps://HOST:5784\"");
    signet_server_close(&p.server);
    server_uri = "https://c8y:5784";
    assert_int_equal(open_export(&p, "cumulocity", NULL, &err), SIGNET_E_USAGE);
    assert_non_null(strstr(err.msg, "the export's server_uri "));
    assert_string_equal(err.hint, "\"server_uri\": \"coaps://HOST:5784\"");
    server_uri = NULL;
    signet_tree_free(&tree);
    tree = parsed("{OID.Security: {1: {0: 'coap://h\\x01', 1: False, 2: 3}}}");
    assert_int_equal(open_export(&p, "cumulocity", NULL, &err), SIGNET_OK);
    assert_int_equal(signet_server_validate(
                         p.server, &(struct signet_device){.endpoint = "ep", .tree = tree}, &err),
                     SIGNET_E_MEANING);
    assert_non_null(strstr(err.msg, "server URI"));
    signet_tree_free(&tree);
    stop(&p);
}

/* The URI is that of the account that is served, of several. */
static void test_uri_of_one_of_two(void **state)
{
    struct signet_tree *tree = parsed("{OID.Security: {" ACCOUNT(
        1, "False", "0", ", 10: 7") ", " ACCOUNT(2, "False", "0", ", 10: 8") "}}");
    const struct signet_device device = {.endpoint = "ep", .tree = tree};
    char kind[] = "export", account[] = "8";
    struct place p;

    (void)state;
    start(&p, NULL, NULL);
    signet_server_close(&p.server);
    const struct signet_server_info info = {
        .kind = kind,
        .account = account,
        .options = {{"file", p.file}, {"columns", "e=endpoint, u=uri, k=key_text"}}};
    assert_int_equal(signet_server_open(&p.server, &info, NULL, NULL, 0, NULL, NULL, NULL),
                     SIGNET_OK);
    assert_int_equal(signet_server_add(p.server, &device, NULL, NULL), SIGNET_OK);
    expect_file(&p, "e,u,k\nep,coaps://h:2,key2\n");
    signet_tree_free(&tree);
    stop(&p);
}

/* What it names is what it takes. */
static void test_capabilities(void **state)
{
    enum {
        PSK = 1u << SIGNET_MODE_PSK,
        CERT = 1u << SIGNET_MODE_CERT,
        NONE = 1u << SIGNET_MODE_NOSEC
    };
    static const struct {
        const char *format, *columns;
        unsigned modes;
        const char *charset;
    } rows[] = {
        {"csv", NULL, PSK | CERT | NONE, "formula"},
        {"csv", "i=identity, k=key_hex", PSK, "formula"},
        {"csv", "e=endpoint, c=cert_pem", CERT, "formula"},
        {"csv", "e=endpoint, k=key_hex, c=cert_pem", PSK | CERT | NONE, "formula"},
        {"ndjson", NULL, PSK | CERT | NONE, "control characters"},
        {"cumulocity", NULL, PSK | CERT | NONE, "formula"},
        {"emqx", NULL, PSK, "colons"},
        {"nrfcloud", NULL, CERT, "formula"},
    };
    static const enum signet_mode modes[] = {SIGNET_MODE_PSK, SIGNET_MODE_RPK, SIGNET_MODE_CERT,
                                             SIGNET_MODE_NOSEC, SIGNET_MODE_EST};

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct signet_server_capabilities can;
        struct place p;

        start(&p, rows[i].format, rows[i].columns);
        signet_server_capabilities(p.server, &can);
        assert_int_equal(can.modes, rows[i].modes);
        assert_non_null(strstr(can.identity_charset, rows[i].charset));
        for (size_t m = 0; m < sizeof modes / sizeof modes[0]; m++) {
            struct signet_device device = psk("ep", "i", "k");
            struct signet_error err = {0};

            device.mode = modes[m];
            int want = can.modes & 1u << modes[m] ? SIGNET_OK : SIGNET_E_MEANING;
            if (signet_server_validate(p.server, &device, &err) != want)
                fail_msg("%s, mode %d: %s", rows[i].format, modes[m], err.msg);
            if (want)
                assert_non_null(strstr(err.msg, "export takes no device of mode"));
        }
        stop(&p);
    }
}

/* A file that a version before began goes on with its columns. */
static void test_file_of_a_version_before(void **state)
{
    static const char *const rows[][3] = {
        {CUMULOCITY_BEFORE, "ep-0;PSK;i0;6b\n", "ep-1;PSK;i;6b\n"},
        {CUMULOCITY_7, "ep-0;PSK;i0;6b;NO_SEC;;\n", "ep-1;PSK;i;6b;NO_SEC;;\n"}};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        char before[200], after[300];
        struct place p;

        start(&p, "cumulocity", NULL);
        snprintf(before, sizeof before, "%s\n%s", rows[i][0], rows[i][1]);
        snprintf(after, sizeof after, "%s%s", before, rows[i][2]);
        assert_int_equal(file_write(p.file, before, strlen(before), 0600, NULL), SIGNET_OK);
        signet_server_close(&p.server);
        assert_int_equal(open_export(&p, "cumulocity", NULL, NULL), SIGNET_OK);
        assert_int_equal(add(&p, psk("ep-1", "i", "k"), NULL), SIGNET_OK);
        expect_file(&p, after);
        stop(&p);
    }
}

static void test_emqx(void **state)
{
    struct signet_device device;
    struct signet_error err = {0};
    struct place p;

    (void)state;
    start(&p, "emqx", NULL);
    assert_int_equal(add(&p, psk("ep-1", "id-1", "secret:1"), NULL), SIGNET_OK);
    expect_file(&p, "id-1:secret:1\n");
    device = psk("ep-2", "id:2", "secret");
    assert_int_equal(signet_server_add(p.server, &device, NULL, &err), SIGNET_E_MEANING);
    assert_string_equal(err.msg, "the PSK identity has a colon, which this export cannot hold");
    device.mode = SIGNET_MODE_NOSEC;
    assert_int_equal(signet_server_add(p.server, &device, NULL, &err), SIGNET_E_MEANING);
    assert_string_equal(err.msg, "export takes no device of mode nosec");
    assert_int_equal(signet_server_remove(p.server, "ep-1", NULL, &err), SIGNET_E_UNSUPPORTED);
    assert_string_equal(err.hint, "also at the system that the file was imported into");
    assert_non_null(strstr(err.msg, "take that of 'ep-1' out by hand"));
    device = psk("ep-2", "id-2", "bad\x01key"); /* EMQX takes what stands there, as it is */
    assert_int_equal(signet_server_add(p.server, &device, NULL, &err), SIGNET_E_MEANING);
    assert_string_equal(err.hint,
                        "keys that are text are made with psk_hex in the order's credentials");
    assert_int_equal(add(&p, psk("ep-2", "id-1", "another"), NULL), SIGNET_E_EXISTS);
    expect_file(&p, "id-1:secret:1\n");
    stop(&p);
}

/* What the importers of the formats would refuse, is refused before. */
static void test_limits_of_importers(void **state)
{
    static char longest[130];
    static const struct {
        const char *format, *name, *words; /* NULL: it is taken */
        bool another_name;                 /* in the certificate */
    } rows[] = {
        {"nrfcloud", "nrf-352656166666905", NULL, false},
        {"nrfcloud", "urn:imei:352656166666905", NULL, false},
        {"nrfcloud", "urn:dev.1", "a character at place 8 that the importer does not take", false},
        {"nrfcloud", "nrf 1", "a character at place 4", false},
        {"nrfcloud", "nrf\xc3\xa9", "a character at place 4", false},
        {"nrfcloud", longest, "the endpoint name has 129 bytes", false},
        {"nrfcloud", "ep", NULL, true},
        {"cumulocity", "urn:dev.1", NULL, false},
        {"cumulocity", "ep", "the common name of the certificate is 'another'", true},
        {"csv", longest, NULL, true},
    };

    (void)state;
    memset(longest, 'a', 129);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct signet_tree *tree = with_certificate(rows[i].another_name ? "another" : "urn:dev:1");
        struct signet_device device = {
            .endpoint = rows[i].name, .mode = SIGNET_MODE_CERT, .tree = tree};
        struct signet_error err = {0};
        struct place p;

        if (!rows[i].another_name && strcmp(rows[i].format, "cumulocity") == 0)
            device.tree = NULL; /* its certificate comes later */
        start(&p, rows[i].format,
              strcmp(rows[i].format, "csv") == 0 ? "e=endpoint, c=cert_pem" : NULL);
        int rc = signet_server_validate(p.server, &device, &err);
        if (rc != (rows[i].words ? SIGNET_E_MEANING : SIGNET_OK) ||
            (rows[i].words && !strstr(err.msg, rows[i].words)))
            fail_msg("row %zu: %d: %s", i, rc, err.msg);
        signet_tree_free(&tree);
        stop(&p);
    }
}

/* EMQX has no bootstrap server: the key of such an account lets nobody in there. */
static void test_no_bootstrap_server(void **state)
{
    static const char *const formats[] = {"emqx", "cumulocity"};
    struct signet_tree *one = parsed(ONE), *both = parsed(BOTH);
    struct signet_error err = {0};

    (void)state;
    for (int k = 0; k < 2; k++) {
        struct place p;

        server_uri = k ? "coaps://c8y:5784" : NULL;
        start(&p, formats[k], NULL);
        assert_int_equal(
            signet_server_validate(p.server, &(struct signet_device){.endpoint = "ep", .tree = one},
                                   &err),
            k ? SIGNET_OK : SIGNET_E_MEANING);
        assert_int_equal(add(&p, (struct signet_device){.endpoint = "ep", .tree = both}, NULL),
                         SIGNET_OK);
        if (!k)
            expect_file(&p, "id1:key1\n");
        stop(&p);
    }
    assert_non_null(strstr(err.msg, "serves no bootstrap account"));
    server_uri = "coap://c8y:5783";
    struct place p = {0};
    assert_true(folder_make(p.folder));
    snprintf(p.file, sizeof p.file, "%s/out", p.folder);
    assert_int_equal(open_export(&p, "cumulocity", NULL, &err), SIGNET_E_USAGE);
    assert_non_null(strstr(err.msg, "server_uri is without security"));
    assert_int_equal(open_export(&p, "csv", NULL, &err), SIGNET_OK);
    server_uri = NULL;
    stop(&p);
    signet_tree_free(&one);
    signet_tree_free(&both);
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
    signet_server_close(&p.server);
    assert_int_equal(open_export(&p, NULL, "e=endpoint,k=key_hex", NULL), SIGNET_OK);
    assert_int_equal(add(&p, psk("e", "i", "k"), NULL), SIGNET_OK); /* the header is no row */
    expect_file(&p, "e,k\nep-1,6b\nep,6b\ne,6b\n");
    stop(&p);
}

/* A server that reads the file knows a device by its identity; those of other columns, and rows
 * without one, are no matter. */
static void test_no_identity_twice(void **state)
{
    static const struct {
        const char *format, *columns;
    } forms[] = {{NULL, "e=endpoint,i=identity,k=key_hex"},
                 {NULL, "e=endpoint,k=key_hex,i=identity"},
                 {"ndjson", "e=endpoint,i=identity,k=key_hex"},
                 {"ndjson", "e=endpoint,k=key_hex,i=identity"},
                 {"cumulocity", NULL}};
    struct signet_error err = {0};

    (void)state;
    for (size_t f = 0; f < sizeof forms / sizeof forms[0]; f++) {
        struct place p;

        start(&p, forms[f].format, forms[f].columns);
        for (int again = 0; again < 2; again++) {
            struct signet_device same = psk("ep-3", "a \"b\"", "z9"),
                                 none = {.endpoint = again ? "none-2" : "none-1",
                                         .mode = SIGNET_MODE_NOSEC};

            assert_int_equal(add(&p, psk("ep-1", "a \"b\"", "k"), NULL), SIGNET_OK);
            assert_int_equal(add(&p, psk("ep-2", "a \"b", "k"), NULL), SIGNET_OK);
            assert_int_equal(add(&p, none, NULL), SIGNET_OK);
            assert_int_equal(signet_server_add(p.server, &same, NULL, &err), SIGNET_E_EXISTS);
            if (!strstr(err.msg, "/out': the row of another device has its PSK identity"))
                fail_msg("%s", err.msg);
            signet_server_close(&p.server); /* also by who did not write it */
            assert_int_equal(open_export(&p, forms[f].format, forms[f].columns, NULL), SIGNET_OK);
        }
        struct signet_device next = psk("ep-1", "a \"b\"", "new");
        next.replaces = true; /* its own, of a newer edition */
        assert_int_equal(add(&p, next, NULL), SIGNET_OK);
        stop(&p);
    }
}

static void keep_warning(void *ctx, const struct signet_event *event)
{
    snprintf(ctx, 400, "%s", event->error->msg);
}

/* What an importer takes at a time. */
static void test_more_than_is_imported(void **state)
{
    char kind[] = "export", said[400] = "";
    const struct signet_observer observer = {keep_warning, said};
    struct signet_device devices[1000] = {0}, last = {.endpoint = "last"};
    struct signet_server_result results[1000];
    static char names[1000][24];
    struct place p;

    (void)state;
    start(&p, "nrfcloud", NULL);
    signet_server_close(&p.server);
    const struct signet_server_info info = {.kind = kind,
                                            .options = {{"file", p.file}, {"format", "nrfcloud"}}};
    assert_int_equal(signet_server_open(&p.server, &info, NULL, NULL, 0, &observer, NULL, NULL), 0);
    for (int i = 0; i < 1000; i++) {
        snprintf(names[i], sizeof names[i], "row-%d", i);
        devices[i] = (struct signet_device){.endpoint = names[i],
                                            .mode = SIGNET_MODE_CERT,
                                            .cert = (const uint8_t *)"x",
                                            .cert_len = 1};
    }
    last = devices[0];
    last.endpoint = "last";
    assert_int_equal(signet_server_add_batch(p.server, devices, 1000, results, NULL), SIGNET_OK);
    assert_string_equal(said, "");
    assert_int_equal(signet_server_add(p.server, &last, NULL, NULL), SIGNET_OK);
    assert_non_null(strstr(said, "has more than 1000 rows, and nRF Cloud takes no more at a time"));
    stop(&p);
}

/* What a row begins with is found again by a handle that did not write it. */
static void test_names_with_quotes(void **state)
{
    static const char *const formats[][2] = {{"csv", NULL},
                                             {"ndjson", NULL},
                                             {"csv", "only=endpoint"},
                                             {"ndjson", "\"x\"=endpoint"},
                                             {"ndjson", "\"x\"=endpoint, k=key_text"},
                                             {"cumulocity", NULL}};
    static const char *const names[] = {"a,b",
                                        "a\"b",
                                        "a\\",
                                        "a\\\"",
                                        "\"",
                                        "\"\"",
                                        "a;b",
                                        "a:b",
                                        "a}b",
                                        "\xc3\xa9",
                                        "\xf0\x9f\x98\x80",
                                        "a"};

    (void)state;
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
        struct place p;

        start(&p, formats[i][0], formats[i][1]);
        for (int round = 0; round < 2; round++)
            for (size_t k = 0; k < sizeof names / sizeof *names; k++) {
                bool existed;

                assert_int_equal(add(&p, psk(names[k], names[k], "k"), &existed), SIGNET_OK);
                if (existed != (round == 1))
                    fail_msg("format %zu, round %d: %s", i, round, names[k]);
                signet_server_close(&p.server);
                assert_int_equal(open_export(&p, formats[i][0], formats[i][1], NULL), SIGNET_OK);
            }
        stop(&p);
    }
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
    devices[1] = psk("ep-0", "ep-0", "key"); /* twice in one batch, in rows that are not written */
    devices[0] = psk("new", "new", "key");
    devices[2] = devices[0];
    assert_int_equal(signet_server_add_batch(p.server, devices, 3, results, NULL), SIGNET_OK);
    assert_int_equal(signet_server_find(p.server, "new", NULL), SIGNET_OK);
    devices[0] = psk("newer", "newer", "key");
    devices[2] = psk("newer", "newer", "another key");
    assert_int_equal(signet_server_add_batch(p.server, devices, 3, results, NULL), SIGNET_E_EXISTS);
    assert_int_equal(results[0].error.code, SIGNET_OK);
    assert_int_equal(results[2].error.code, SIGNET_E_EXISTS);
    devices[0] = psk("ghost-1", "i1", "k"); /* rows that were not written leave nothing behind */
    devices[1] = psk("ghost-2", "i2", "k");
    assert_int_equal(p.server->ops->add_batch(p.server, devices, 3, NULL), SIGNET_E_EXISTS);
    assert_int_equal(signet_server_find(p.server, "ghost-2", NULL), SIGNET_E_NOT_FOUND);
    devices[0] = psk("ep-0", "ep-0", "key");
    devices[1] = psk("ep-1", "ep-1", "key");
    devices[2] = psk("ep-2", "ep-2", "key");
    devices[3] = psk("ep-4", "ep-4", "another key");
    assert_int_equal(signet_server_add_batch(p.server, devices, 10, results, NULL),
                     SIGNET_E_EXISTS);
    for (size_t i = 0; i < 10; i++)
        assert_int_equal(results[i].error.code, i == 3 ? SIGNET_E_EXISTS : SIGNET_OK);
    assert_int_equal(signet_server_find(p.server, "ep-2499", NULL), SIGNET_OK);
    stop(&p);
}

/* What has the same hash is compared in the file. */
static void test_one_hash(void **state)
{
    static const char *const names[] = {"ep-1", "ep-2", "ep", "ep-11"};
    struct place p;
    bool existed;

    (void)state;
    one_hash = true;
    start(&p, NULL, NULL);
    for (int round = 0; round < 2; round++) {
        for (size_t i = 0; i < 4; i++) {
            assert_int_equal(add(&p, psk(names[i], names[i], "k"), &existed), SIGNET_OK);
            assert_int_equal(existed, round == 1);
            assert_int_equal(add(&p, psk(names[i], names[i], "other"), NULL), SIGNET_E_EXISTS);
        }
        assert_int_equal(signet_server_find(p.server, "ep-3", NULL), SIGNET_E_NOT_FOUND);
        signet_server_close(&p.server); /* and once more, indexed from the file */
        assert_int_equal(open_export(&p, NULL, NULL, NULL), SIGNET_OK);
    }
    one_hash = false;
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
    assert_int_equal(signet_server_open(&p.server,
                                        &(struct signet_server_info){.kind = (char[]){"export"}},
                                        NULL, NULL, 0, NULL, NULL, &err),
                     SIGNET_E_USAGE);
    assert_string_equal(err.msg, "the export has no file");
    assert_non_null(strstr(err.hint, "devices.csv"));
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

/* A disk that is full in the middle of a row: the file is as before. */
static void test_full_disk(void **state)
{
    static const char whole[] = "endpoint,mode,identity,psk\nep-1,psk,i,6b\n";
    const struct signet_device device = psk("ep-2", "i2", "k");
    struct rlimit before, limit;
    struct signet_error err = {0};
    struct place p;

    (void)state;
    start(&p, NULL, NULL);
    assert_int_equal(add(&p, psk("ep-1", "i", "k"), NULL), SIGNET_OK);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    limit = before;
    limit.rlim_cur = sizeof whole + 4;
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
    int rc = signet_server_add(p.server, &device, NULL, &err);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_int_equal(rc, SIGNET_E_IO);
    assert_non_null(strstr(err.msg, "writing the export"));
    assert_int_equal(err.sys, EFBIG);
    expect_file(&p, whole);
    assert_int_equal(signet_server_add(p.server, &device, NULL, &err), SIGNET_OK);
    expect_file(&p, "endpoint,mode,identity,psk\nep-1,psk,i,6b\nep-2,psk,i2,6b\n");
    stop(&p);
}

/* A certificate in columns of its own choice. */
static void test_certificate_columns(void **state)
{
    struct signet_device device = {
        .endpoint = "ep-1", .mode = SIGNET_MODE_CERT, .tree = with_certificate("ep-1")};
    struct signet_tree *tree = (struct signet_tree *)(uintptr_t)device.tree;
    struct signet_account account;
    struct buf want = {0};
    struct place p;

    (void)state;
    start(&p, "csv", "e=endpoint, M=MODE, c=cert_base64");
    assert_int_equal(add(&p, device, NULL), SIGNET_OK);
    assert_true(signet_tree_account(tree, 0, &account));
    buf_text(&want, "e,M,c\nep-1,X509,");
    buf_base64(&want, account.identity->as.bytes.data, account.identity->as.bytes.len);
    buf_text(&want, "\n");
    expect_file(&p, (const char *)want.data);
    buf_free(&want);
    signet_tree_free(&tree);
    stop(&p);
}

/* Another process adds a row, a person takes one out: seen, though the handle stays open. */
static void test_changed_by_others(void **state)
{
    static const char edited[] = "endpoint,mode,identity,psk\nep-2,psk,i2,6b\n";
    struct place p, other;
    bool existed = false;
    FILE *file;

    (void)state;
    start(&p, NULL, NULL);
    other = p;
    assert_int_equal(open_export(&other, NULL, NULL, NULL), SIGNET_OK);
    assert_int_equal(add(&p, psk("ep-1", "i", "k"), NULL), SIGNET_OK);
    assert_int_equal(add(&other, psk("ep-2", "i2", "k"), NULL), SIGNET_OK);
    assert_int_equal(add(&p, psk("ep-2", "i2", "k"), &existed), SIGNET_OK);
    assert_true(existed);
    file = fopen(p.file, "w"); /* in place */
    assert_non_null(file);
    fputs(edited, file);
    fclose(file);
    assert_int_equal(signet_server_find(p.server, "ep-1", NULL), SIGNET_E_NOT_FOUND);
    assert_int_equal(add(&p, psk("ep-1", "i", "k"), &existed), SIGNET_OK);
    assert_false(existed);
    expect_file(&p, "endpoint,mode,identity,psk\nep-2,psk,i2,6b\nep-1,psk,i,6b\n");
    signet_server_close(&other.server);
    stop(&p);
}

/* A file that cannot be read is not written to: its rows might be this device's. */
static void test_a_file_that_cannot_be_read(void **state)
{
    const struct signet_device first = psk("ep-1", "i1", "k"), second = psk("ep-2", "i2", "k");
    struct signet_error err = {0};
    struct place p;

    (void)state;
    start(&p, NULL, "e=endpoint");
    assert_int_equal(signet_server_add(p.server, &first, NULL, &err), SIGNET_OK);
    /* another file than the one that was left */
    assert_int_equal(file_write(p.file, "e\nep-1\n", 7, 0600, NULL), SIGNET_OK);
    map_fails = true;
    assert_int_equal(signet_server_add(p.server, &second, NULL, &err), SIGNET_E_IO);
    map_fails = false;
    assert_non_null(strstr(err.msg, "reading the export"));
    expect_file(&p, "e\nep-1\n");
    assert_int_equal(signet_server_add(p.server, &second, NULL, &err), SIGNET_OK);
    expect_file(&p, "e\nep-1\nep-2\n");
    stop(&p);
}

/* Nobody waits for ever for who has it locked. */
static void test_a_file_that_is_locked(void **state)
{
    static const struct {
        int sys;
        enum signet_code code;
        const char *words;
    } rows[] = {{EWOULDBLOCK, SIGNET_E_BUSY, "another program has locked the export"},
                {ENOLCK, SIGNET_E_IO, "locking the export"}};
    const struct signet_device one = psk("ep-1", "i1", "k");
    struct signet_error err = {0};
    struct place p;

    (void)state;
    start(&p, NULL, "e=endpoint");
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        lock_sys = rows[i].sys;
        assert_int_equal(signet_server_add(p.server, &one, NULL, &err), rows[i].code);
        assert_non_null(strstr(err.msg, rows[i].words));
        lock_sys = 0;
    }
    assert_int_equal(signet_server_add(p.server, &one, NULL, &err), SIGNET_OK);
    stop(&p);
}

/* Under its name stands what another can read, or what has no end. */
static void test_a_file_that_is_not_ours(void **state)
{
    const struct signet_device device = psk("ep-1", "i1", "k");
    struct signet_error err = {0};
    struct place p;
    char other[sizeof p.file + 8];

    (void)state;
    start(&p, NULL, "e=endpoint");
    snprintf(other, sizeof other, "%s.other", p.file);
    assert_int_equal(file_write(p.file, "e\n", 2, 0600, NULL), SIGNET_OK);
    assert_int_equal(link(p.file, other), 0);
    assert_int_equal(signet_server_add(p.server, &device, NULL, &err), SIGNET_E_IO);
    assert_non_null(strstr(err.msg, "is not a plain file of mode 0600 and yours"));
    assert_int_equal(unlink(other), 0);
    if (geteuid() == 0) {
        assert_int_equal(chown(p.file, 4711, 4711), 0);
        assert_int_equal(signet_server_add(p.server, &device, NULL, &err), SIGNET_E_IO);
        assert_non_null(strstr(err.msg, "is not a plain file of mode 0600 and yours"));
    }
    assert_int_equal(unlink(p.file), 0);
    assert_int_equal(mkfifo(p.file, 0600), 0);
    assert_int_equal(signet_server_add(p.server, &device, NULL, &err), SIGNET_E_IO);
    assert_int_equal(signet_server_find(p.server, "ep-1", &err), SIGNET_E_IO); /* nobody writes */
    signet_server_close(&p.server);
    assert_int_equal(open_export(&p, NULL, "e=endpoint", &err), SIGNET_OK);
    assert_int_equal(signet_server_add(p.server, &device, NULL, &err), SIGNET_E_IO);
    assert_int_equal(unlink(p.file), 0);
    assert_int_equal(signet_server_add(p.server, &device, NULL, &err), SIGNET_OK);
    stop(&p);
}

/* The rows behind it are somebody's keys: they are not taken for the rest of a row. */
static void test_a_quote_that_was_left_open(void **state)
{
    static const char whole[] = "endpoint,mode,identity,psk\n\"ep-1,psk,i,6b\nep-2,psk,i2,6b\n";
    const struct signet_device device = psk("ep-3", "i3", "k");
    struct signet_error err = {0};
    struct place p;

    (void)state;
    start(&p, NULL, NULL);
    assert_int_equal(file_write(p.file, whole, sizeof whole - 1, 0600, NULL), SIGNET_OK);
    assert_int_equal(signet_server_add(p.server, &device, NULL, &err), SIGNET_E_IO);
    assert_non_null(strstr(err.msg, "a quote is not closed, in or behind byte 27"));
    assert_int_equal(signet_server_add(p.server, &device, NULL, &err), SIGNET_E_IO); /* still */
    expect_file(&p, whole);
    stop(&p);
}

/* Constants, and certificates of many lines in a cell: they are rows like others after a crash. */
static void test_nrfcloud(void **state)
{
    static const char start_1[] = "ep-1,,,,\"-----BEGIN CERTIFICATE-----\n";
    struct signet_device devices[2], bare = {.endpoint = "ep-3", .mode = SIGNET_MODE_CERT};
    struct signet_tree *trees[2];
    struct buf whole = {0}, text = {0};
    struct signet_error err = {0};
    struct place p;

    (void)state;
    start(&p, "nrfcloud", NULL);
    for (int i = 0; i < 2; i++) {
        trees[i] = with_certificate(i ? "ep-2" : "ep-1");
        devices[i] = (struct signet_device){
            .endpoint = i ? "ep-2" : "ep-1", .mode = SIGNET_MODE_CERT, .tree = trees[i]};
        assert_int_equal(signet_server_add(p.server, &devices[i], NULL, &err), SIGNET_OK);
    }
    assert_int_equal(file_read(p.file, 1 << 16, &whole, NULL), SIGNET_OK);
    assert_memory_equal(whole.data, start_1, sizeof start_1 - 1);
    assert_memory_equal(whole.data + whole.len - 28, "-----END CERTIFICATE-----\n\"\n", 28);
    for (size_t len = 0; len < whole.len; len += 37) {
        assert_int_equal(file_write(p.file, whole.data, len, 0600, NULL), SIGNET_OK);
        for (int i = 0; i < 2; i++)
            assert_int_equal(signet_server_add(p.server, &devices[i], NULL, &err), SIGNET_OK);
        buf_reset(&text);
        assert_int_equal(file_read(p.file, 1 << 16, &text, NULL), SIGNET_OK);
        assert_int_equal(text.len, whole.len);
        assert_memory_equal(text.data, whole.data, whole.len);
    }
    assert_int_equal(signet_server_validate(p.server, &bare, &err), SIGNET_OK); /* not made yet */
    assert_int_equal(signet_server_add(p.server, &bare, NULL, &err), SIGNET_E_MEANING);
    assert_int_equal(add(&p, psk("ep-4", "i", "k"), NULL), SIGNET_E_MEANING);
    buf_free(&whole);
    buf_free(&text);
    for (int i = 0; i < 2; i++)
        signet_tree_free(&trees[i]);
    stop(&p);
}

/* It is looked at whole once by each handle, then row by row. */
static void test_long_file_is_read_once(void **state)
{
    enum { ROWS = 20000 };
    char name[24];
    struct place p;
    bool existed;

    (void)state;
    start(&p, "csv", "e=endpoint,k=key_hex");
    mapped = 0;
    fill(&p, ROWS);
    assert_int_equal(mapped, 0); /* all of it is this handle's own */
    signet_server_close(&p.server);
    assert_int_equal(open_export(&p, "csv", "e=endpoint,k=key_hex", NULL), SIGNET_OK);
    for (int i = 0; i < 200; i++) {
        snprintf(name, sizeof name, "row-%d", i * (ROWS / 100)); /* half of them new */
        assert_int_equal(add(&p, psk(name, name, "k"), &existed), SIGNET_OK);
        assert_int_equal(existed, i < 100);
    }
    assert_int_equal(mapped, 1);
    stop(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_formats),
        cmocka_unit_test(test_accounts_have_columns),
        cmocka_unit_test(test_other_account_is_looked_at),
        cmocka_unit_test(test_file_of_a_version_before),
        cmocka_unit_test(test_emqx),
        cmocka_unit_test(test_mandatory_columns),
        cmocka_unit_test(test_bootstrap_needs_a_uri),
        cmocka_unit_test(test_capabilities),
        cmocka_unit_test(test_uri_of_one_of_two),
        cmocka_unit_test(test_limits_of_importers),
        cmocka_unit_test(test_no_bootstrap_server),
        cmocka_unit_test(test_no_row_twice),
        cmocka_unit_test(test_no_identity_twice),
        cmocka_unit_test(test_more_than_is_imported),
        cmocka_unit_test(test_crash_at_every_byte),
        cmocka_unit_test(test_names_with_quotes),
        cmocka_unit_test(test_batch),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_changed_by_others),
        cmocka_unit_test(test_a_file_that_is_not_ours),
        cmocka_unit_test(test_a_file_that_cannot_be_read),
        cmocka_unit_test(test_a_file_that_is_locked),
        cmocka_unit_test(test_a_quote_that_was_left_open),
        cmocka_unit_test(test_nrfcloud),
        cmocka_unit_test(test_long_file_is_read_once),
        cmocka_unit_test(test_one_hash),
        cmocka_unit_test(test_full_disk),
        cmocka_unit_test(test_certificate_columns),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
