/* SPDX-License-Identifier: Apache-2.0 */
/* What is legal in a configuration, and hardly meant: each is told, and what is near it is not. */
#include <setjmp.h>
#include <signet/config.h>
#include <signet/tree.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define KEY     "bytes.fromhex('8f1c4be27a90d3156ec8a2f4075bd9e1')"
#define OTHER   "bytes.fromhex('11c94be27a90d3156ec8a2f4075bd9e7')"
#define URI     "0: 'coaps://a.example.com'"
#define PSK     URI ", 1: False, 2: 0, 3: b'me', 5: " KEY ", 10: 1"
#define SERVER  "0: 1, 1: 86400, 6: False, 7: 'U'"
#define SECOND  "1: False, 2: 0, 3: b'me', 10: 2, "
#define SERVERS "1: {1: {" SERVER "}, 2: {0: 2, 1: 86400, 6: False, 7: 'U'}}"
#define WITH(s) "{0: {1: {" PSK s "}}, 1: {1: {" SERVER "}}}"
#define AND(s)  "{0: {1: {" PSK "}}, 1: {1: {" SERVER s "}}}"
#define MORE(s) "{0: {1: {" PSK "}}, 1: {1: {" SERVER "}}, " s "}"
#define TWO(s)  "{0: {1: {" PSK "}, 2: {" SECOND s "}}, " SERVERS "}"
#define SECRET(s)                                                                                  \
    "{0: {1: {" URI ", 1: False, 2: 0, 3: b'me', 5: " s ", 10: 1}}, 1: {1: {" SERVER "}}}"
#define NOSEC(s)                                                                                   \
    "{0: {1: {0: 'coap://a.example.com', 1: False, 2: 3, 10: 1" s "}}, 1: {1: {" SERVER "}}}"

static const struct row {
    const char *text, *words, *hint; /* words NULL: nothing is told; hint NULL: any */
} rows[] = {
    {WITH(""), NULL, NULL},
    /* names of another object, and of another kind */
    {AND(", RID.Server.DefaultMinPeriod: 5"), NULL, NULL},
    {AND(", RID.Security.Mode: 5"),
     "cfg:1:169: RID.Security.Mode is taken for RID.Server.DefaultMinPeriod, whose number it has",
     "write the name or number of the resource"},
    {WITH(", RID.Server.TlsDtlsAlertCode: 5"), "taken for RID.Security.ClientHoldOffTime", NULL},
    {"{0: {1: {RID.Server.ShortServerID: 'coaps://a.example.com', 1: False, 2: 0, 3: b'me', 5: " KEY
     ", 10: 1}}, 1: {1: {" SERVER "}}}",
     "RID.Server.ShortServerID is taken for RID.Security.ServerURI",
     "did you mean RID.Security.ShortServerID?"},
    {AND(", +RID.Security.Mode: 5"), NULL, NULL}, /* reckoned */
    {MORE("1000: {0: {RID.Server.Lifetime: 5}}"), "is taken for resource 1, whose", NULL},
    {MORE("RID.Security.PKOrIdentity: {0: {13: 5}}"),
     "RID.Security.PKOrIdentity is taken for OID.Device", NULL},
    {MORE("3: {OID.Security: {13: 5}}"), "OID.Security is taken for instance 0, whose",
     "write the number"},
    {MORE("2: {0: {0: OID.Server, 1: 1, 2: {RID.Server.Lifetime: 15}, 3: 1}}"),
     "RID.Server.Lifetime is taken for resource instance 1", NULL},
    /* dictionaries of nothing */
    {MORE("3: {}"), "this dictionary is empty: nothing of it goes into the packet", NULL},
    {MORE("3: {0: {}}"), "this dictionary is empty", NULL},
    {WITH(", 16: {}"), "this dictionary is empty", NULL},
    /* keys */
    {SECRET("b'jxxL4nqQ0xVuyKL0B1vZ4Q=='"), "(/0/1/5) is text in base64", NULL},
    {SECRET("b'jxxL4nqQ0xVuyKL0B1vZ4Q'"), "(/0/1/5) is text in base64", NULL},
    {SECRET("b'jxxLjnqQjxVuyKLjBjvZjQ'"), NULL, NULL},
    {SECRET("b'a word of 17 keys\\n'"), "is text that ends with a newline", NULL},
    {SECRET("b'a word of 17 keys\\r\\n'"), "is text that ends with a newline", NULL},
    {SECRET("b'a word of\\n17 keys\\n'"), NULL, NULL},
    {TWO("0: 'coaps://b.example.com', 5: " KEY), "(/0/2/5) is the key of /0/1 as well", NULL},
    {TWO("0: 'coaps://b.example.com', 5: " OTHER), NULL, NULL},
    {TWO("0: 'coaps://A.example.com:5684/', 5: " OTHER),
     "(/0/2/5) is another key than that of /0/1, which has the same identity", NULL},
    {TWO("0: 'coaps://a.example.com:5685', 5: " OTHER), NULL, NULL},
    {"{0: {1: {" PSK "}, 2: {0: 'coaps+tcp://a.example.com', 1: False, 2: 0, 3: b'me', 5: " KEY
     ", 10: 1}}, 1: {1: {0: 1, 1: 86400, 6: False, 7: 'UT'}}}",
     NULL, NULL}, /* one server */
    {NOSEC(""), NULL, NULL},
    {NOSEC(", 5: " KEY), "(/0/1/5) is of no use in mode nosec", "0 is psk"},
    {NOSEC(", 3: b'me', 5: b''"), "(/0/1/3) is of no use in mode nosec", NULL},
    /* cipher suites */
    {WITH(", 16: {0: 0xC0AE, 1: 0xC0A8}"), NULL, NULL},
    {WITH(", 16: {0: 0x1304}"), NULL, NULL},
    {WITH(", 16: {0: 0xC0AE, 1: 0xA8C0}"), "(/0/1/16/1) is no cipher suite of mode psk", NULL},
    /* the server's name */
    {WITH(", 14: 'b.example.com'"), NULL, NULL},
    {WITH(", 14: 'b.example.com.'"), "(/0/1/14) ends with a dot", NULL},
    {WITH(", 14: 'coaps://b.example.com'"), "(/0/1/14) is not the name of a host alone", NULL},
    {WITH(", 14: 'b.example.com:5684'"), "(/0/1/14) is not the name of a host alone", NULL},
    {WITH(", 14: 'b.example.com\\0'"), "(/0/1/14) is not the name of a host alone", NULL},
    {WITH(", 14: '192.0.2.1'"), "(/0/1/14) is an address", NULL},
    {WITH(", 14: '[2001:db8::1]'"), "(/0/1/14) is an address", NULL},
    {WITH(", 14: 'b example'"), "(/0/1/14) is not the name of a host alone", NULL},
    {WITH(", 14: '*.example.com'"), "(/0/1/14) has a host that is no DNS name", NULL},
    {WITH(", 14: 'b' * 254"), "(/0/1/14) has more than 253 bytes", NULL},
    /* of other objects */
    {AND(", 2: 60, 3: 10"), "(/1/1/3) is 10, less than DefaultMinPeriod (60)", NULL},
    {AND(", 2: 60, 3: 60"), NULL, NULL},
    {MORE("3: {0: {13: 1764518400}}"), NULL, NULL},
    {MORE("3: {0: {13: 1764518400000}}"), "(/3/0/13) is behind the year 9999", NULL},
    {MORE("2: {0: {0: 1, 1: 1, 2: {1: 15}}}"), "(/2/0/3) is missing, and mandatory", NULL},
};

struct told {
    const struct row *row;
    bool words, hint;
    char other[400];
};

static void keep(void *ctx, const struct signet_event *event)
{
    struct told *told = ctx;
    const struct row *row = told->row;

    if (row->words && strstr(event->error->msg, row->words)) {
        told->words = true;
        told->hint = !row->hint || strstr(event->error->hint, row->hint);
    } else {
        snprintf(told->other, sizeof told->other, "%s", event->error->msg);
    }
}

static void each_doubt_is_told(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct signet_tree *tree = NULL;
        struct signet_error err = {0};
        struct told told = {.row = &rows[i], .other = ""};
        const struct signet_observer observer = {keep, &told};

        if (signet_config_parse(rows[i].text, strlen(rows[i].text), "cfg", &tree, &err) ||
            signet_tree_check(tree, SIGNET_CHECK_WARN_ONLY, &observer, &err))
            fail_msg("%s: %s", rows[i].text, err.msg);
        if (rows[i].words && (!told.words || !told.hint))
            fail_msg("%s: wanted '%s', got '%s'", rows[i].text, rows[i].words, told.other);
        if (!rows[i].words && told.other[0])
            fail_msg("%s: %s", rows[i].text, told.other);
        signet_tree_free(&tree);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(each_doubt_is_told)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
