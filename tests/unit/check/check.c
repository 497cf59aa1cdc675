/* SPDX-License-Identifier: Apache-2.0 */
/* What a device would refuse, what is suspicious, and what passes. Each row is a good device
 * with one thing changed. */
#include <setjmp.h>
#include <signet/config.h>
#include <signet/packet.h>
#include <signet/profile.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* A good device in PSK mode; %s: more of Security 1, of Server 1, and more objects. A key that a
 * row gives again wins, as it would in Python: written with ** merging. */
#define SECURITY                                                                                   \
    "0: 'coaps://lwm2m.example.com:5684', 1: False, 2: 0, 3: b'identity', "                        \
    "5: b'0123456789abcdef', 10: 1"
#define SERVER "0: 1, 1: 86400, 6: False, 7: 'U'"

struct row {
    const char *drop;     /* a member of SECURITY or SERVER, as written there; NULL: none */
    const char *security; /* what replaces it */
    const char *server;
    const char *objects;
    const char *what; /* in the message; NULL: a device takes it */
};

#define ROW(...)                                                                                   \
    {                                                                                              \
        __VA_ARGS__                                                                                \
    }

static const struct row refused[] = {
    ROW("0: 'coaps://lwm2m.example.com:5684', ", "", "", "", "ServerURI"),
    ROW("0: 'coaps://lwm2m.example.com:5684'", "0: 'coap://a'", "", "", "ServerURI"),
    ROW("0: 'coaps://lwm2m.example.com:5684'", "0: 'http://a'", "", "", "ServerURI"),
    ROW("0: 'coaps://lwm2m.example.com:5684'", "0: ''", "", "", "ServerURI"),
    ROW("0: 'coaps://lwm2m.example.com:5684'", "0: 'coaps://a\\x7f'", "", "", "ServerURI"),
    ROW("0: 'coaps://lwm2m.example.com:5684'", "0: 'coaps://'", "", "", "ServerURI"),
    ROW("7: 'U'", "", "7: 'U', 13: -1", "", "must be an unsigned integer, not an integer"),
    ROW("7: 'U'", "", "7: 'U', 12: 1.5", "", "must be a time in seconds, not a number"),
    ROW("7: 'U'", "", "7: 'U', 10: 1", "", "must be an object link, not an integer"),
    ROW("0: 'coaps://lwm2m.example.com:5684'", "0: 5", "", "", "string"),
    ROW("1: False", "1: 0", "", "", "True or False"),
    ROW("2: 0", "2: 1", "", "", "Mode"),
    ROW("2: 0", "2: 5", "", "", "Mode"),
    ROW("2: 0", "2: 'psk'", "", "", "integer"),
    ROW("2: 0", "2: 3", "", "", "ServerURI"), /* nosec over coaps */
    ROW("3: b'identity', ", "", "", "", "PKOrIdentity"),
    ROW("3: b'identity'", "3: b''", "", "", "PKOrIdentity"),
    ROW("3: b'identity'", "3: 'identity'", "", "", "bytes"),
    ROW("5: b'0123456789abcdef', ", "", "", "", "SecretKey"),
    ROW("5: b'0123456789abcdef'", "5: b''", "", "", "SecretKey"),
    ROW("10: 1", "10: 0", "", "", "ShortServerID"),
    ROW("10: 1", "10: 65535", "", "", "ShortServerID"),
    ROW(", 10: 1", "", "", "", "ShortServerID"),
    ROW("10: 1", "10: 1, 99: 1", "", "", "not a resource of OID.Security"),
    ROW("1: 86400, ", "", "", "", "Lifetime"),
    ROW("1: 86400", "", "1: {0: 86400}", "", "has one value, not a dictionary"),
    ROW("1: 86400", "", "1: -1", "", "Lifetime"),
    ROW("1: 86400", "", "1: 1.5", "", "integer"),
    ROW("6: False, ", "", "", "", "NotificationStoring"),
    ROW(", 7: 'U'", "", "", "", "Binding"),
    ROW("7: 'U'", "", "7: 'X'", "", "Binding"),
    ROW("7: 'U'", "", "7: 'Q'", "", "Binding"),
    ROW("7: 'U'", "", "7: b'U'", "", "string"),
    ROW("7: 'U'", "", "7: 'U', 4: 1", "", "executable"),
    ROW("0: 1, ", "", "", "", "ShortServerID"),
    ROW(NULL, "", "", "0: {1: {" SECURITY "}, 2: {" SECURITY "}}", "another instance"),
    ROW(NULL, "", "",
        "0: {1: {" SECURITY
        "}, 2: {0: 'coap://b', 1: True, 2: 3}, 3: {0: 'coap://c', 1: True, 2: 3}}",
        "ootstrap"),
    ROW(NULL, "", "", "3: {0: {0: 'vendor'}}", "read-only"),
    ROW(NULL, "", "", "12: {0: {9: 256}}", "must be 0 to 255, not 256"),
    ROW(NULL, "", "", "12: {0: {9: 256.0}}", "must be 0 to 255, not 256"), /* whole, too */
    ROW(NULL, "", "", "12: {0: {9: 9007199254740992.0}}", "must be an integer, not a number"),
    ROW("7: 'U'", "", "7: ''", "", "is not a binding"),
    ROW("7: 'U'", "", "7: 'QU'", "", "is not a binding"),
    ROW("7: 'U'", "", "7: 'UU'", "", "is not a binding"),
    ROW("7: 'U'", "", "7: 'UQT'", "", "is not a binding"),
    ROW("7: 'U'", "", "7: 'U\\x00'", "", "is not a binding"),
    ROW("7: 'U'", "", "7: 'U', 22: 'UT'", "", "is not one letter"),
    ROW("7: 'U'", "", "7: 'U', 22: ''", "", "is not one letter"),
    ROW("7: 'U'", "", "7: 'U', 10: '3'", "", "must be an object link"),
    ROW("7: 'U'", "", "7: 'U', 10: '3:0:1'", "", "must be an object link"),
    ROW("7: 'U'", "", "7: 'U', 10: '65536:0'", "", "must be an object link"),
    ROW(NULL, "", "", "2: {0: {1: 0, 3: 1}}", "TargetOID (/2/0/0) is missing"),
    ROW(NULL, "", "", "2: {0: {0: 3, 3: 1}}", "TargetIID (/2/0/1) is missing"),
    ROW(NULL, "", "", "2: {0: {0: 2, 1: 0, 3: 1}}", "is 2: access to Access Control"),
    ROW(NULL, "", "", "2: {0: {0: 3, 1: 0, 3: 1}, 1: {0: 3, 1: 0, 3: 1}}",
        "as in another instance"),
    ROW(NULL, "", "", "2: {0: {0: 3, 1: 0, 3: 1}, 1: {0: 1, 1: 1, 3: 1}, 2: {0: 3, 1: 0, 3: 1}}",
        "as in another instance"), /* not beside it */
    ROW(NULL, "", "", "2: {0: {0: 3, 1: 0, 2: {1: 32}, 3: 1}}", "must be 0 to 31"),
    ROW(NULL, "", "",
        "0: {1: {" SECURITY "}, 2: {0: 'coaps://a', 2: 0, 3: b'i', 5: b'0123456789abcdef', 10: 1}}",
        "is 1 in another instance too"),
};

static const struct row taken[] = {
    ROW(NULL, "", "", "", NULL),
    ROW("1: False, ", "", "", "", NULL),
    ROW("7: 'U'", "", "7: 'UQ'", "", NULL),
    ROW("1: 86400", "", "1: 60", "", NULL),
    ROW("1: 86400", "", "1: 2147483647", "", NULL),
    ROW(NULL, "", "",
        "0: {1: {" SECURITY "}, 2: {0: 'coaps://bs.example.com:5684', 1: True, 2: 0, 3: b'b', 5: "
        "b'fedcba9876543210'}}",
        NULL),
    ROW(NULL, "", "", "9999: {0: {0: 'text', 1: 5, 2: 1.5, 3: True, 4: b'x', 5: Objlink(1, 1)}}",
        NULL),
    ROW(NULL, "", "", "5: {0: {1: 'coap://a/b'}}", NULL),
};

static char *replace(char *in, const char *old, const char *now)
{
    const char *at = strstr(in, old);
    char *out = malloc(strlen(in) + strlen(now) + 1);

    assert_non_null(at);
    sprintf(out, "%.*s%s%s", (int)(at - in), in, now, at + strlen(old));
    free(in);
    return out;
}

static struct signet_tree *build(const struct row *row)
{
    char *security = strdup(SECURITY), *server = strdup(SERVER), text[2000];
    struct signet_tree *tree = NULL;
    struct signet_error err = {0};

    if (row->drop && row->server[0])
        server = replace(server, row->drop, row->server);
    else if (row->drop && strstr(security, row->drop) && !strstr(server, row->drop))
        security = replace(security, row->drop, row->security);
    else if (row->drop && row->security[0])
        security = replace(security, row->drop, row->security);
    else if (row->drop)
        server = replace(server, row->drop, "");
    snprintf(text, sizeof text, "{%s%s%s1: {1: {%s}}%s%s}",
             strncmp(row->objects, "0:", 2) ? "0: {1: {" : "",
             strncmp(row->objects, "0:", 2) ? security : "",
             strncmp(row->objects, "0:", 2) ? "}}, " : "", server, row->objects[0] ? ", " : "",
             row->objects);
    free(security);
    free(server);
    if (signet_config_parse(text, strlen(text), "cfg", &tree, &err))
        fail_msg("%s: %s", text, err.msg);
    return tree;
}

static void count_warning(void *ctx, const struct signet_event *event)
{
    if (event->kind == SIGNET_EVENT_WARNING) {
        ++*(int *)ctx;
        assert_true(event->error->msg[0] != '\0');
    }
}

static void a_device_refuses(void **state)
{
    bool good = true;

    (void)state;
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        struct signet_tree *tree = build(&refused[i]);
        struct signet_error err = {0};
        int warnings = 0;
        const struct signet_observer observer = {count_warning, &warnings};

        int code = signet_tree_check(tree, 0, NULL, &err);
        bool fits = code == SIGNET_E_MEANING && strstr(err.msg, refused[i].what) &&
                    (strstr(err.msg, "(LwM2M ") || strstr(err.msg, "RFC ") ||
                     strstr(err.msg, "reader does not take")); /* no standard refuses mode 1 */
        if (!fits)
            print_message("row %zu: %d '%s', wanted '%s'\n", i, code, err.msg, refused[i].what);
        good = good && fits;
        assert_int_equal(signet_tree_check(tree, SIGNET_CHECK_WARN_ONLY, &observer, &err), 0);
        assert_true(warnings > 0);
        signet_tree_free(&tree);
    }
    assert_true(good);
}

static void a_device_takes(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof taken / sizeof taken[0]; i++) {
        struct signet_tree *tree = build(&taken[i]);
        struct signet_error err = {0};

        if (signet_tree_check(tree, 0, NULL, &err))
            fail_msg("row %zu: %s", i, err.msg);
        signet_tree_free(&tree);
    }
}

static void suspicious(void **state)
{
    static const struct row rows[] = {
        ROW("1: 86400", "", "1: 0", "", NULL),
        ROW("1: 86400", "", "1: 59", "", NULL),
        ROW("1: 86400", "", "1: 2147483648", "", NULL),
        ROW("7: 'U'", "", "7: 'UN'", "0: {1: {" SECURITY "}, 3: {0: 'coap+tcp://a', 2: 3, 10: 1}}",
            NULL),
        ROW("5: b'0123456789abcdef'", "5: b'short'", "", "", NULL),
        ROW("5: b'0123456789abcdef'", "5: b'x' * 65", "", "", NULL),
        ROW("5: b'0123456789abcdef'", "5: b'xyz' * 11", "", "", NULL), /* Mbed TLS takes 32 */
        ROW("5: b'0123456789abcdef'", "5: b'0123456789abcdef' * 2", "", "", NULL), /* hex as text */
        ROW("3: b'identity'", "3: b'i\\x00d'", "", "", NULL),
        ROW("3: b'identity'", "3: b'\\xe4'", "", "", NULL),
        ROW("3: b'identity'", "3: b'identity '", "", "", NULL),
        ROW("3: b'identity'", "3: b' identity'", "", "", NULL),
        ROW("3: b'identity'", "3: b'0123456789abcdef'", "", "", NULL), /* the key */
        ROW("3: b'identity'", "3: b'30313233343536373839616263646566'", "", "", NULL),
        ROW("5: b'0123456789abcdef'", "5: b'3x@mpl3P5K53cr3tK3y'", "", "", NULL),
        ROW("5: b'0123456789abcdef'", "5: b'\\x00' * 16", "", "", NULL),
        ROW("5: b'0123456789abcdef'", "5: bytes.fromhex('00112233445566778899aabbccddeeff')", "",
            "", NULL),
        ROW("10: 1", "10: 2", "", "", NULL), /* no Server instance of that id */
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct signet_tree *tree = build(&rows[i]);
        int warnings = 0;
        const struct signet_observer observer = {count_warning, &warnings};
        struct signet_error err = {0};

        if (signet_tree_check(tree, 0, &observer, &err))
            fail_msg("row %zu: %s", i, err.msg);
        if (!warnings)
            fail_msg("row %zu: no warning", i);
        signet_tree_free(&tree);
    }
    struct signet_tree *tree = build(&taken[0]);
    int warnings = 0;
    const struct signet_observer observer = {count_warning, &warnings};
    assert_int_equal(signet_tree_check(tree, 0, &observer, NULL), 0);
    assert_int_equal(warnings, 0); /* a good device gets none */
    signet_tree_free(&tree);
}

/* What one client refuses: an error where it is named, a warning for any. */
static const struct row client_refuses[] = {
    ROW("10: 1", "10: 1, 11: 2147483648", "", "", "takes -2147483648 to 2147483647"),
    ROW("10: 1", "10: 1, 12: -2147483649", "", "", "takes -2147483648 to 2147483647"),
    ROW("10: 1", "10: 1, 13: 2", "", "", "is 2, which anjay-3 does not take"),
    ROW("10: 1", "10: 1, 16: {0: 0}", "", "", "takes 1 to 65535"),
    ROW("10: 1", "10: 1, 16: {0: 65536}", "", "", "takes 1 to 65535"),
    ROW("1: 86400", "", "1: 2147483648", "", "takes 0 to 2147483647"),
    ROW("7: 'U'", "", "7: 'U', 2: -1", "", "takes 0 to 2147483647"),
    ROW("7: 'U'", "", "7: 'U', 3: 0", "", "takes 1 to 2147483647"),
    ROW("7: 'U'", "", "7: 'U', 17: 0", "", "takes 1 to 4294967295"),
    ROW("7: 'U'", "", "7: 'U', 18: 18446744073709551615", "", "is 18446744073709551615"),
    ROW("7: 'U'", "", "7: 'M'", "", "has 'M', which anjay-3 does not take"),
    ROW("7: 'U'", "", "7: 'U', 22: 'H'", "", "is 'H', which anjay-3 does not take"),
    ROW(NULL, "", "", "3: {0: {14: '+01:00 or so: CET'}}", "has 17 bytes, and anjay-3 takes 15"),
    ROW(NULL, "", "", "2: {0: {0: 3, 1: 1, 3: 65535}}", "/3/1, which anjay-3 does not have then"),
    ROW(NULL, "", "", "2: {0: {0: 1, 1: 9, 3: 65535}}", "/1/9, which anjay-3 does not have then"),
    ROW(NULL, "", "", "2: {0: {0: 4000, 1: 0, 3: 65535}}", "/4000/0, which anjay-3"),
    ROW(NULL, "", "", "2: {0: {0: 3, 1: 0, 3: 7}}", "is 7, and no Server instance has that number"),
    ROW(NULL, "", "", "2: {0: {0: 3, 1: 0, 2: {9: 1}, 3: 1}}", "is for server 9"),
    ROW(NULL, "", "", "2: {0: {0: 3, 1: 0, 3: 0}}", "takes 1 to 65535"),
    ROW(NULL, "", "", "16: {0: {0: {4: 'x'}}}", "is resource instance 4, and anjay-3 has 0 to 3"),
    ROW(NULL, "", "", "10: {0: {8: b''}}", "has 0 bytes, and anjay-3 takes no fewer than 1"),
    ROW(NULL, "", "", "33608: {0: {0: 90.5, 1: 0.0, 2: 1.0}}",
        "is 90.5, and anjay-3 takes -90 to 90"),
    ROW(NULL, "", "", "33608: {0: {0: 90.0, 1: -181, 2: 1.0}}", "is -181, and anjay-3 takes -180"),
};

/* What a client does not have is a warning for all. */
static const struct row client_lacks[] = {
    ROW("10: 1", "10: 1, 6: 3", "", "", "SMSSecurityMode (/0/1/6) is a resource that anjay-3 does"),
    ROW("7: 'U'", "", "7: 'U', 13: 1", "", "is a resource that anjay-3 does not take"),
    ROW(NULL, "", "", "9999: {0: {0: 'd'}}", "is of an object that anjay-3 does not have"),
    ROW(NULL, "", "", "5: {0: {1: 'http://h/x'}}", "is no CoAP URI, and anjay-3 takes no other"),
    ROW(NULL, "", "", "5: {0: {1: 'coap:/h'}}", "is no CoAP URI, and anjay-3 takes no other"),
    ROW(NULL, "", "", "5: {0: {1: 'coap://[h'}}", "(/5/0/1) "),
    ROW(NULL, "", "", "5: {0: {1: 'coap://h', 0: b'x'}}", "stands beside a Package URI (/5/0/1)"),
};

/* What Zephyr's client and Wakaama have no place for: a warning. */
static const struct {
    const char *profile;
    struct row row;
} others_lack[] = {
    {"zephyr",
     ROW("10: 1", "10: 1, 11: 5", "", "", "(/0/1/11) is a resource that zephyr does not")},
    {"zephyr", ROW("10: 1", "10: 1, 14: 'h'", "", "", "is a resource that zephyr does not have")},
    {"zephyr", ROW("7: 'U'", "", "7: 'U', 22: 'U'", "", "is a resource that zephyr does not have")},
    {"wakaama", ROW("10: 1", "10: 1, 15: 3", "", "", "is a resource that wakaama does not have")},
    {"wakaama", ROW("7: 'U'", "", "7: 'U', 21: True", "", "a resource that wakaama does not have")},
};

/* What all take. */
static const struct row client_takes[] = {
    ROW("7: 'U'", "", "7: 'UQS'", "", NULL),
    ROW("7: 'U'", "", "7: 'NTSU', 22: 'T'", "", NULL),
    ROW(NULL, "", "", "16: {0: {0: {0: 'a', 3: 'b'}}}", NULL),
    ROW(NULL, "", "", "2: {0: {0: 3, 1: 0, 2: {0: 1, 1: 31}, 3: 1}}", NULL),
    ROW(NULL, "", "", "2: {0: {0: 3, 1: 65535, 3: 65535}, 1: {0: 1, 1: 1, 3: 65535}}", NULL),
    ROW(NULL, "", "",
        "16: {5: {0: {0: 'a'}}, 3: {0: {0: 'a'}}, 1: {0: {0: 'a'}}}, "
        "2: {0: {0: 16, 1: 1, 3: 65535}, 1: {0: 16, 1: 5, 3: 65535}, 2: {0: 1, 1: 1, 3: 65535}}",
        NULL), /* instances in no order */
    ROW(NULL, "", "", "33605: {0: {16: '3:0', 14: 5, 18: 18446744073709551615}}", NULL),
    ROW(NULL, "", "", "33605: {0: {16: '65535:65535'}}", NULL),
    ROW("7: 'U'", "", "7: 'UT'",
        "0: {1: {" SECURITY "}, 2: {0: 'coap://a', 1: True, 2: 3, 10: 65535}, "
        "3: {0: 'coap+tcp://a', 2: 3, 10: 1}}",
        NULL),
    ROW("7: 'U'", "", "7: 'U', 22: 'T'",
        "0: {1: {" SECURITY "}, 3: {0: 'coap+tcp://a', 2: 3, 10: 1}}", NULL),
};

struct findings {
    unsigned warnings;
    char first[400];
};

static void keep_finding(void *ctx, const struct signet_event *event)
{
    struct findings *f = ctx;

    if (event->kind == SIGNET_EVENT_WARNING && f->warnings++ == 0)
        snprintf(f->first, sizeof f->first, "%s", event->error->msg);
}

/* Under a profile: what was warned of, and the refusal. */
static int check_as(const struct row *row, const char *name, struct findings *found,
                    struct signet_error *err)
{
    const struct signet_observer observer = {keep_finding, found};
    const struct signet_profile *profile = NULL;
    struct signet_tree *tree = build(row);

    *found = (struct findings){0};
    *err = (struct signet_error){0};
    assert_int_equal(signet_profile_open(&profile, name, NULL), 0);
    signet_tree_set_profile(tree, profile);
    int rc = signet_tree_check(tree, 0, &observer, err);
    signet_tree_free(&tree);
    signet_profile_close(&profile);
    return rc;
}

#define FIND(row, text, got)                                                                       \
    do {                                                                                           \
        if (!strstr(got, text))                                                                    \
            fail_msg("'%s' '%s' '%s': '%s', wanted '%s'", (row)->security, (row)->server,          \
                     (row)->objects, got, text);                                                   \
    } while (0)

static void a_profile_s_client_decides(void **state)
{
    struct findings found;
    struct signet_error err;

    (void)state;
    for (size_t i = 0; i < sizeof client_refuses / sizeof client_refuses[0]; i++) {
        const struct row *row = &client_refuses[i];

        assert_int_equal(check_as(row, "anjay-3", &found, &err), SIGNET_E_MEANING);
        FIND(row, row->what, err.msg);
        if (check_as(row, "any", &found, &err))
            fail_msg("row %zu: %s", i, err.msg);
        FIND(row, row->what, found.first);
    }
    for (size_t i = 0; i < sizeof client_lacks / sizeof client_lacks[0]; i++) {
        const struct row *row = &client_lacks[i];

        assert_int_equal(check_as(row, "anjay-3", &found, &err), 0);
        FIND(row, row->what, found.first);
        assert_int_equal(check_as(row, "any", &found, &err), 0);
        FIND(row, row->what, found.first);
    }
    for (size_t i = 0; i < sizeof others_lack / sizeof others_lack[0]; i++) {
        assert_int_equal(check_as(&others_lack[i].row, others_lack[i].profile, &found, &err), 0);
        FIND(&others_lack[i].row, others_lack[i].row.what, found.first);
    }
    for (size_t i = 0; i < sizeof client_takes / sizeof client_takes[0]; i++)
        if (check_as(&client_takes[i], "anjay-3", &found, &err) || found.warnings)
            fail_msg("row %zu: '%s' '%s'", i, err.msg, found.first);
}

/* What stands behind the last record's value, in a map that is so much greater, or the array
 * without its length. */
struct form {
    const char *more, *what;
    uint8_t len, pairs;
    bool indefinite;
};

static int check_form(const struct signet_bytes *packet, const struct form *form,
                      const char *profile, struct findings *found, struct signet_error *err)
{
    const struct signet_observer observer = {keep_finding, found};
    const struct signet_profile *client = NULL;
    struct signet_tree *tree = NULL;
    uint8_t data[400];
    size_t len = packet->len;

    *found = (struct findings){0};
    memcpy(data, packet->data, len);
    data[len - 12] = (uint8_t)(data[len - 12] + form->pairs); /* the map of /1/1/7 'U' */
    memcpy(data + len, form->more, form->len);
    len += form->len;
    data[0] = form->indefinite ? 0x9f : (uint8_t)(data[0] + (form->len && !form->pairs));
    data[len] = 0xff;
    len += form->indefinite;
    if (signet_packet_decode(data, len, &tree, err))
        fail_msg("'%s': %s", form->what, err->msg);
    assert_int_equal(signet_profile_open(&client, profile, NULL), 0);
    signet_tree_set_profile(tree, client);
    int rc = signet_tree_check(tree, 0, &observer, err);
    signet_tree_free(&tree);
    return rc;
}

/* A packet of one account, in another form. */
static void a_packet_s_form(void **state)
{
    static const struct form forms[] = {
        {"", NULL, 0, 0, false},
        {"", "is an array of indefinite length, which anjay-3 does not take", 0, 0, true},
        {"\x06\x01", "has times or base times", 2, 1, false},
        {"\x22\x01", "has times or base times", 2, 1, false},
        {"\x20\x0a", "has labels that are neither names nor values", 2, 1, false},
        {"\x24\x00", "has labels that are neither names nor values", 2, 1, false},
        {"\x18\x32\x01", "has labels that are neither names nor values", 3, 1, false},
        {"\x63"
         "foo\x01",
         "has labels that are neither names nor values", 5, 1, false},
        {"\xa1\x21\x60", "has a record of base values alone", 3, 0, false},
        /* what Anjay reads behind a decimal fraction it reads wrongly */
        {"\xa2\x02\xc4\x82\x01\x01\x00\x66/1/1/2", "has a decimal fraction before its last value",
         14, 0, false},
        {"\xa2\x00\x66/1/1/2\x02\xc4\x82\x01\x01", NULL, 14, 0, false},
        {"\xa2\x00\x66/1/1/2\x02\xc0\x74"
         "1970-01-01T00:00:05Z",
         "has a time as text (tag 0), which anjay-3 does not take", 32, 0, false},
    };
    static const struct form twice = {"\xa2\x00\x66/1/1/1\x02\x18\x3c",
                                      "the packet has a resource twice", 12, 0, false};
    struct signet_tree *tree = build(&taken[0]);
    struct signet_bytes packet = {0};
    struct signet_error err = {0};
    struct findings found;

    (void)state;
    assert_int_equal(signet_packet_encode(tree, &packet, NULL), 0);
    signet_tree_free(&tree);
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        int rc = check_form(&packet, &forms[i], "anjay-3", &found, &err);

        if ((rc == SIGNET_OK) != !forms[i].what ||
            (forms[i].what && !strstr(err.msg, forms[i].what)))
            fail_msg("form %zu: '%s'", i, err.msg);
        assert_int_equal(check_form(&packet, &forms[i], "any", &found, &err), 0);
    }
    assert_int_equal(check_form(&packet, &twice, "anjay-3", &found, &err), 0);
    assert_non_null(strstr(found.first, twice.what));
    assert_int_equal(check_form(&packet, &twice, "wakaama", &found, &err), 0);
    assert_non_null(strstr(found.first, twice.what));
    signet_bytes_free(&packet);
}

/* Of one refusal all that is said. */
static void what_a_refusal_says(void **state)
{
    static const char text[] = "{1: {1: {\n0: '1', 1: 60, 6: True, 7: 'U'}}}";
    struct signet_tree *tree = NULL;
    struct signet_error err = {0};

    (void)state;
    assert_int_equal(signet_config_parse(text, sizeof text - 1, "test", &tree, &err), 0);
    assert_int_equal(signet_tree_check(tree, 0, NULL, &err), SIGNET_E_MEANING);
    assert_string_equal(
        err.msg, "test:2:1: RID.Server.ShortServerID (/1/1/0) must be an integer, not a string "
                 "(LwM2M Core 1.2, Appendix C)");
    assert_string_equal(err.hint, "write a whole number, without quotes");
    assert_string_equal(err.excerpt, "0: '.', 1: 60, 6: True, 7: '.'}}}\n^");
    signet_tree_free(&tree);
}

/* What to write in place of a value of another type. */
static void what_a_type_hints(void **state)
{
    static const char hex[] = "these look like hex digits", modes[] = "0 is psk, 1 rpk",
                      point[] = "without a decimal point";
    static const struct {
        const char *text, *hint;
        bool given;
    } rows[] = {
        {"0: {1: {5: '0123456789abcdef'}}", hex, true},
        {"0: {1: {5: '0123456789ABCDEF01'}}", hex, true},
        {"0: {1: {5: '0123456789abcde'}}", hex, false},
        {"0: {1: {5: '0123456789abcdeg'}}", hex, false},
        {"0: {1: {0: b'0123456789abcdef'}}", hex, false},
        {"0: {1: {2: '0123456789abcdef'}}", modes, true},
        {"0: {1: {3: 2}}", modes, false},
        {"1: {2: {1: '2'}}", modes, false},
        {"1: {1: {1: 60.0}}", point, true},
        {"1: {1: {1: 60.5}}", point, false},
        {"1: {1: {1: 9007199254740992.0}}", point, false},
        {"1: {1: {6: 1.0}}", point, false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct signet_tree *tree = NULL;
        struct signet_error err = {0};
        char text[80];
        int len = snprintf(text, sizeof(text), "{%s}", rows[i].text);

        assert_int_equal(signet_config_parse(text, (size_t)len, "test", &tree, &err), 0);
        assert_int_equal(signet_tree_check(tree, 0, NULL, &err), SIGNET_E_MEANING);
        if (!strstr(err.msg, " must be ") ||
            (strstr(err.hint, rows[i].hint) != NULL) != rows[i].given)
            fail_msg("%s: %s: %s", text, err.msg, err.hint);
        signet_tree_free(&tree);
    }
}

/* What a standard forbids and Anjay takes is a warning for a proof: such a device is in. */
static void for_a_proof(void **state)
{
    static const struct {
        const char *device, *text;
        bool taken;
    } rows[] = {
        {"anjay-3", "1: {1: {0: 1, 1: 60, 6: False, 7: ''}}", true},
        {"any", "1: {1: {0: 1, 1: 60, 6: False, 7: ''}}", false},
        {"zephyr", "1: {1: {0: 1, 1: 60, 6: False, 7: ''}}", false},
        {"anjay-3", "1: {1: {0: 1, 1: 60, 6: False, 7: 'X'}}", false},
        {"anjay-3", "1: {1: {0: 0, 1: 60, 6: False, 7: 'U'}}", false},
        {"anjay-3", "2: {0: {0: 3, 1: 0, 2: {1: 32}, 3: 1}}", true},
        {"any", "2: {0: {0: 3, 1: 0, 2: {1: 32}, 3: 1}}", false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char text[400];
        const struct signet_profile *profile = NULL;
        struct signet_tree *tree = NULL;
        unsigned warnings = 0;
        const struct signet_observer observer = {count_warning, &warnings};

        snprintf(text, sizeof(text), "{0: {1: {0: 'coap://m', 1: False, 2: 3, 10: 1}}, %s%s}",
                 rows[i].text[0] == '1' ? "" : "1: {1: {0: 1, 1: 60, 6: False, 7: 'U'}}, ",
                 rows[i].text);
        assert_int_equal(signet_config_parse(text, strlen(text), "t", &tree, NULL), SIGNET_OK);
        assert_int_equal(signet_profile_open(&profile, rows[i].device, NULL), SIGNET_OK);
        signet_tree_set_profile(tree, profile);
        if ((signet_tree_check(tree, SIGNET_CHECK_CERTS_LATER, &observer, NULL) == SIGNET_OK) !=
            rows[i].taken)
            fail_msg("row %zu", i);
        assert_true(warnings > 0 || !rows[i].taken);
        assert_int_equal(signet_tree_check(tree, 0, NULL, NULL), SIGNET_E_MEANING);
        signet_tree_free(&tree);
        signet_profile_close(&profile);
    }
}

static void tree_put_find_remove(void **state)
{
    struct signet_tree *tree = NULL, *copy = NULL;
    const struct signet_value one = {SIGNET_TYPE_INTEGER, {.integer = 1}};
    const struct signet_value text = {SIGNET_TYPE_STRING, {.bytes = {(const uint8_t *)"abc", 3}}};
    unsigned seed = 1, present = 0;
    bool have[64] = {false};

    (void)state;
    assert_int_equal(signet_tree_new(&tree, NULL), 0);
    assert_int_equal(
        signet_tree_put(tree, (struct signet_path){65535, 0, 0, SIGNET_NO_ID}, &one, NULL),
        SIGNET_E_SYNTAX);
    for (int i = 0; i < 4000; i++) { /* against a plain table */
        seed = seed * 1103515245u + 12345u;
        uint16_t id = (uint16_t)((seed >> 16) % 64);
        struct signet_path path = {(uint16_t)(id / 16), (uint16_t)(id / 4 % 4), (uint16_t)(id % 4),
                                   SIGNET_NO_ID};
        if ((seed >> 24) % 3) {
            assert_int_equal(signet_tree_put(tree, path, i % 2 ? &one : &text, NULL), 0);
            present += !have[id];
            have[id] = true;
            assert_int_equal(signet_tree_find(tree, path)->value.type,
                             i % 2 ? SIGNET_TYPE_INTEGER : SIGNET_TYPE_STRING);
        } else {
            signet_tree_remove(tree, path);
            present -= have[id];
            have[id] = false;
            assert_null(signet_tree_find(tree, path));
        }
        assert_int_equal(signet_tree_count(tree), present);
    }
    /* the records of an instance stay together */
    for (size_t i = 1; i < signet_tree_count(tree); i++) {
        struct signet_path a = signet_tree_at(tree, i - 1)->path, b = signet_tree_at(tree, i)->path;
        if (a.oid == b.oid && a.iid == b.iid)
            continue;
        for (size_t k = i; k < signet_tree_count(tree); k++) {
            struct signet_path later = signet_tree_at(tree, k)->path;
            assert_false(later.oid == a.oid && later.iid == a.iid);
        }
    }
    assert_int_equal(signet_tree_copy(&copy, tree, NULL), 0);
    signet_tree_free(&tree);
    assert_int_equal(signet_tree_count(copy), present);
    signet_tree_free(&copy);
    assert_null(copy);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_device_refuses),
        cmocka_unit_test(a_device_takes),
        cmocka_unit_test(suspicious),
        cmocka_unit_test(tree_put_find_remove),
        cmocka_unit_test(what_a_refusal_says),
        cmocka_unit_test(what_a_type_hints),
        cmocka_unit_test(a_profile_s_client_decides),
        cmocka_unit_test(a_packet_s_form),
        cmocka_unit_test(for_a_proof),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
