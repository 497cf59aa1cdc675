/* SPDX-License-Identifier: Apache-2.0 */
/* Whose fault an answer is, for each kind of server: the device's only when the server itself says
 * so, in its own form.
 * wrap: http_send secret_wipe wipe
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <signet/config.h>

#include "server/answer.h"
#include "unit/server/script.h"

#define PAGE "<html><body>Bad request</body></html>"

static const char bootstrap_text[] =
    "{OID.Security: {0: {RID.Security.ServerURI: 'coaps://b:5684', RID.Security.Bootstrap: True,"
    " RID.Security.Mode: 0, RID.Security.PKOrIdentity: b'id-0', RID.Security.SecretKey: b'k'},"
    " 1: {RID.Security.ServerURI: 'coaps://h:5684', RID.Security.Bootstrap: False,"
    " RID.Security.Mode: 0, RID.Security.PKOrIdentity: b'id-1', RID.Security.SecretKey: b'k',"
    " RID.Security.ShortServerID: 1}}, OID.Server: {1: {RID.Server.ShortServerID: 1,"
    " RID.Server.Lifetime: 300, RID.Server.NotificationStoring: False, RID.Server.Binding: 'U'}}}";

static struct signet_server *server;
static struct signet_tree *tree;

static void open_kind(const char *kind)
{
    char text[24], url[] = "https://h";
    struct signet_server_info info = {.kind = text, .url = url};

    snprintf(text, sizeof(text), "%s", kind);
    info.options[0] =
        (struct signet_option){"domain", strcmp(kind, "coiote") == 0 ? "/acme/" : NULL};
    signet_server_close(&server);
    assert_int_equal(signet_server_open(&server, &info, NULL, "T0ken-T0ken", 11, NULL, NULL, NULL),
                     SIGNET_OK);
}

static int add(const char *kind, bool *existed, struct signet_error *err)
{
    struct signet_device device = script_device;

    *err = (struct signet_error){0};
    if (strcmp(kind, "leshan-bootstrap") == 0)
        device.tree = tree;
    int rc = signet_server_add(server, &device, existed, err);
    if (script_sent != script_len)
        fail_msg("%s: %zu of %zu requests were sent: %s", kind, script_sent, script_len, err->msg);
    assert_int_equal(err->code, rc);
    return rc;
}

#define COIOTE(text)      "{\"error\": \"" text "\", \"code\": 1}"
#define THINGSBOARD(text) "{\"message\": \"" text "\", \"status\": 400, \"errorCode\": 31}"
#define NONE                                                                                       \
    {                                                                                              \
        0                                                                                          \
    }
#define LIST "[\"77\"]"
#define ID   "{\"id\": {\"id\": \"00000000-0000-4000-8000-0000000000aa\"}}"

struct row {
    const char *kind;
    struct reply replies[4];
    int rc;
    enum signet_class class;
};

static void judge(const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct row *row = &rows[i];
        struct signet_error err;
        bool existed = false;
        size_t n = 0;

        while (n < 4 &&
               (row->replies[n].status || row->replies[n].rc || row->replies[n].maybe_done))
            n++;
        open_kind(row->kind);
        script_set(row->replies, n);
        int rc = add(row->kind, &existed, &err);
        if (rc != row->rc || (rc && signet_error_class(&err) != row->class))
            fail_msg("case %zu, %s, %ld: code %d, class %d: %s", i, row->kind,
                     row->replies[0].status, rc, (int)signet_error_class(&err), err.msg);
    }
}

#define JUDGE(rows) judge(rows, sizeof(rows) / sizeof(rows[0]))

static void the_first_answer(void **state)
{
    static const char *const kinds[] = {"coiote", "leshan", "leshan-bootstrap", "thingsboard"};
    static const long statuses[] = {300, 302, 307, 404, 405, 406, 407, 408, 410, 413, 414, 415,
                                    421, 425, 426, 429, 431, 451, 500, 501, 502, 503, 504, 511};
    static const struct row refusals[] = {
        {"coiote", {{422, COIOTE("bad")}}, SIGNET_E_SERVER, SIGNET_CLASS_DEVICE},
        {"coiote", {{412, COIOTE("bad")}}, SIGNET_E_SERVER, SIGNET_CLASS_DEVICE},
        {"coiote", {{422, PAGE}}, SIGNET_E_SERVER, SIGNET_CLASS_AWAY},
        {"coiote", {{422, "{\"message\": \"of a gateway\"}"}}, SIGNET_E_SERVER, SIGNET_CLASS_AWAY},
        {"coiote", {{422, "{\"error\": {}}"}}, SIGNET_E_SERVER, SIGNET_CLASS_AWAY},
        {"coiote", {{422, NULL}}, SIGNET_E_SERVER, SIGNET_CLASS_AWAY},
        {"thingsboard", {{422, THINGSBOARD("no")}}, SIGNET_E_SERVER, SIGNET_CLASS_DEVICE},
        {"thingsboard", {{422, PAGE}}, SIGNET_E_SERVER, SIGNET_CLASS_AWAY},
        {"thingsboard", {{422, "{\"error\": \"x\"}"}}, SIGNET_E_SERVER, SIGNET_CLASS_AWAY},
        {"thingsboard",
         {{422, "{\"message\": \"of a gateway\"}"}},
         SIGNET_E_SERVER,
         SIGNET_CLASS_AWAY},
        {"thingsboard",
         {{400, "{\"message\": \"already exists\"}"}, {404, THINGSBOARD("none")}},
         SIGNET_E_SERVER,
         SIGNET_CLASS_AWAY},
        {"thingsboard", {{200, ID}}, SIGNET_OK, SIGNET_CLASS_NONE},
        {"coiote", {{201, "{\"id\": \"7\"}"}}, SIGNET_OK, SIGNET_CLASS_NONE},
        /* a good status of whatever is in between: it is looked up */
        {"thingsboard", {{200, "ok"}, {404, PAGE}}, SIGNET_E_NET, SIGNET_CLASS_AWAY},
        {"coiote", {{204}, {500, COIOTE("oh")}}, SIGNET_E_NET, SIGNET_CLASS_AWAY},
        {"coiote", {{204}, {200, "[]"}, {201, "{}"}}, SIGNET_OK, SIGNET_CLASS_NONE},
        {"coiote",
         {{204}, {200, "[]"}, {409, PAGE}, {200, "[]"}},
         SIGNET_E_SERVER,
         SIGNET_CLASS_AWAY},
        {"leshan", {{422, "no"}}, SIGNET_E_SERVER, SIGNET_CLASS_DEVICE},
        {"leshan", {{422, NULL}, {422, NULL}}, SIGNET_E_SERVER, SIGNET_CLASS_AWAY},
        {"leshan", {{422, " \n"}, {422, " \n"}}, SIGNET_E_SERVER, SIGNET_CLASS_AWAY},
        {"leshan", {{422, PAGE}, {422, PAGE}}, SIGNET_E_SERVER, SIGNET_CLASS_AWAY},
        {"leshan", {{422, "\n" PAGE}, {422, "\n" PAGE}}, SIGNET_E_SERVER, SIGNET_CLASS_AWAY},
        {"leshan", {{422, "<h2>HTTP ERROR 422</h2>"}}, SIGNET_E_SERVER, SIGNET_CLASS_DEVICE},
        {"leshan", {{400, "PSK is already used"}}, SIGNET_E_EXISTS, SIGNET_CLASS_DEVICE},
        {"leshan", {{400, "<p>is already used"}}, SIGNET_E_EXISTS, SIGNET_CLASS_DEVICE},
        {"leshan", {{400, "no"}, {400, "no"}}, SIGNET_E_SERVER, SIGNET_CLASS_DEVICE},
        {"leshan", {{400, PAGE}, {400, PAGE}}, SIGNET_E_SERVER, SIGNET_CLASS_AWAY},
        {"leshan", {{400, PAGE}, {200, "{}"}}, SIGNET_OK, SIGNET_CLASS_NONE},
        {"leshan-bootstrap", {{200}, {422, "no"}}, SIGNET_E_SERVER, SIGNET_CLASS_DEVICE},
        {"leshan-bootstrap", {{200}, {400, PAGE}}, SIGNET_E_SERVER, SIGNET_CLASS_AWAY},
        {"leshan-bootstrap", {{200}, {404, "no"}}, SIGNET_E_SERVER, SIGNET_CLASS_AWAY},
        {"leshan-bootstrap", {{404}, {404, "no"}, {200}}, SIGNET_OK, SIGNET_CLASS_NONE}, /* 1.x */
        {"leshan-bootstrap", {{404, PAGE}, {404, PAGE}}, SIGNET_E_SERVER, SIGNET_CLASS_AWAY},
        {"leshan-bootstrap", {{404, "no"}, {200, "[]"}}, SIGNET_E_SERVER, SIGNET_CLASS_AWAY},
        {"leshan-bootstrap", {{400, PAGE}, {400, PAGE}}, SIGNET_E_SERVER, SIGNET_CLASS_AWAY},
    };

    (void)state;
    for (size_t kind = 0; kind < 4; kind++) {
        for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++) {
            bool twice = (kind == 1 || kind == 2) && statuses[i] == 500; /* and the older body */
            struct row row = {kinds[kind],
                              {{statuses[i], PAGE}, {twice ? 500 : 0, PAGE}},
                              SIGNET_E_SERVER,
                              SIGNET_CLASS_AWAY};

            if (kind == 2 && statuses[i] == 404)
                row.replies[1].status = 404;
            judge(&row, 1);
        }
        const struct row answers[] = {
            {kinds[kind], {{401, PAGE}}, SIGNET_E_AUTH, SIGNET_CLASS_AWAY},
            {kinds[kind], {{403, PAGE}}, SIGNET_E_AUTH, SIGNET_CLASS_AWAY},
            {kinds[kind], {{0, NULL, SIGNET_E_TIMEOUT}}, SIGNET_E_TIMEOUT, SIGNET_CLASS_AWAY},
            {kinds[kind], {{0, NULL, SIGNET_E_NET}}, SIGNET_E_NET, SIGNET_CLASS_AWAY},
            {kinds[kind],
             {{0, NULL, SIGNET_E_CANCELLED, true}},
             SIGNET_E_CANCELLED,
             SIGNET_CLASS_CANCELLED},
        };
        JUDGE(answers);
    }
    JUDGE(refusals);
}

/* "Exists already", and the look-up says nothing: the device waits. */
static void a_look_up_without_an_answer(void **state)
{
    static const struct {
        struct reply lookup;
        int rc;
        enum signet_class class;
    } lookups[] = {
        {{503, PAGE}, SIGNET_E_NET, SIGNET_CLASS_AWAY},
        {{500, COIOTE("oh")}, SIGNET_E_NET, SIGNET_CLASS_AWAY},
        {{429, THINGSBOARD("slow")}, SIGNET_E_NET, SIGNET_CLASS_AWAY},
        {{400, COIOTE("no")}, SIGNET_E_NET, SIGNET_CLASS_AWAY},
        {{400, THINGSBOARD("no")}, SIGNET_E_NET, SIGNET_CLASS_AWAY},
        {{404, PAGE}, SIGNET_E_NET, SIGNET_CLASS_AWAY},
        {{200, PAGE}, SIGNET_E_NET, SIGNET_CLASS_AWAY},
        {{401, PAGE}, SIGNET_E_AUTH, SIGNET_CLASS_AWAY},
        {{403, PAGE}, SIGNET_E_AUTH, SIGNET_CLASS_AWAY},
        {{0, NULL, SIGNET_E_NET}, SIGNET_E_NET, SIGNET_CLASS_AWAY},
        {{0, NULL, SIGNET_E_TIMEOUT}, SIGNET_E_TIMEOUT, SIGNET_CLASS_AWAY},
        {{0, NULL, SIGNET_E_SERVER}, SIGNET_E_NET, SIGNET_CLASS_AWAY},
        {{0, NULL, SIGNET_E_NOMEM}, SIGNET_E_NOMEM, SIGNET_CLASS_STATION},
        {{0, NULL, SIGNET_E_CANCELLED}, SIGNET_E_CANCELLED, SIGNET_CLASS_CANCELLED},
    };
    static const struct reply first[] = {
        {409, PAGE},
        {409, COIOTE("exists")},
        {400, THINGSBOARD("Device with such name already exists!")},
        {400, PAGE},
        {0, NULL, SIGNET_E_NET, true},
        {0, NULL, SIGNET_E_TIMEOUT, true},
    };

    (void)state;
    for (size_t f = 0; f < sizeof(first) / sizeof(first[0]); f++) {
        for (size_t i = 0; i < sizeof(lookups) / sizeof(lookups[0]); i++) {
            /* the first search of Coiote's two, the second, and its device */
            bool again = lookups[i].lookup.status == 403 || lookups[i].lookup.status == 404;
            const struct row rows[] = {
                {"coiote",
                 {first[f], lookups[i].lookup, again ? lookups[i].lookup : (struct reply)NONE},
                 lookups[i].rc,
                 lookups[i].class},
                {"coiote",
                 {first[f], {200, LIST}, lookups[i].lookup},
                 lookups[i].rc,
                 lookups[i].class},
                {"thingsboard", {first[f], lookups[i].lookup}, lookups[i].rc, lookups[i].class},
                {"thingsboard",
                 {first[f], {200, ID}, lookups[i].lookup},
                 lookups[i].rc,
                 lookups[i].class},
            };

            JUDGE(rows);
        }
    }
}

/* And it says that nothing is there. */
static void a_look_up_that_finds_nothing(void **state)
{
    static const struct reply lost = {0, NULL, SIGNET_E_NET, true};
    static const struct row rows[] = {
        /* the search lags behind the refusal */
        {"coiote", {{409, COIOTE("exists")}, {200, "[]"}}, SIGNET_E_NET, SIGNET_CLASS_AWAY},
        {"thingsboard",
         {{409, THINGSBOARD("x")}, {404, THINGSBOARD("none")}},
         SIGNET_E_NET,
         SIGNET_CLASS_AWAY},
        {"thingsboard",
         {{400, THINGSBOARD("Device with such name already exists!")}, {404, THINGSBOARD("none")}},
         SIGNET_E_NET,
         SIGNET_CLASS_AWAY},
        /* a refusal of its own */
        {"coiote",
         {{400, COIOTE("identity taken")}, {200, "[]"}},
         SIGNET_E_SERVER,
         SIGNET_CLASS_DEVICE},
        {"thingsboard",
         {{400, THINGSBOARD("Specified credentials are already registered!")},
          {404, THINGSBOARD("none")}},
         SIGNET_E_SERVER,
         SIGNET_CLASS_DEVICE},
        /* a proxy's */
        {"coiote", {{400, PAGE}, {200, "[]"}}, SIGNET_E_SERVER, SIGNET_CLASS_AWAY},
        {"coiote", {{409, PAGE}, {200, "[]"}}, SIGNET_E_SERVER, SIGNET_CLASS_AWAY},
        {"thingsboard",
         {{400, PAGE}, {404, THINGSBOARD("none")}},
         SIGNET_E_SERVER,
         SIGNET_CLASS_AWAY},
        {"coiote", {lost, {200, "[]"}, {201, "{}"}}, SIGNET_OK, SIGNET_CLASS_NONE},
        {"thingsboard",
         {lost, {404, THINGSBOARD("none")}, {200, "{}"}},
         SIGNET_OK,
         SIGNET_CLASS_NONE},
    };

    (void)state;
    JUDGE(rows);
}

/* However a server writes what it was given, nobody reads it. */
static void secrets_are_not_shown(void **state)
{
    static const char *const spellings[] = {
        "0123456789abcdef",
        SCRIPT_HEX,
        "30:31:32:33:34:35:36:37:38:39:61:62:63:64:65:66",
        "30 31 32 33 34 35 36 37 38 39 61 62 63 64 65 66",
        "[0x30, 0x31, 0x32, 0x33, 0x34, 0x35, 0x36, 0x37, 0x38, 0x39, 0x61, 0x62, 0x63, 0x64, "
        "0x65, 0x66]",
        "MDEyMzQ1Njc4OWFiY2RlZg==",
        "key MDEyMzQ1Njc4OWFiY2RlZg",
        "T0ken-T0ken",
        "Bearer T0ken-T0ken is wrong",
        "VDBrZW4tVDBrZW4=",
        "54 30 6b 65 6e 2d 54 30 6B 65 6E",
    };
    char words[WORDS_MAX];
    struct live psk;

    (void)state;
    open_kind("coiote"); /* its token is a live secret; a device's key is while it is added */
    live_begin(&psk, script_device.psk, script_device.psk_len);
    for (size_t i = 0; i < sizeof(spellings) / sizeof(spellings[0]); i++) {
        words_show(spellings[i], strlen(spellings[i]), words);
        if (!strstr(words, "*******"))
            fail_msg("%s was shown: %s", spellings[i], words);
    }
    live_end(&psk);
    words_show("0123456789abcde", 15, words);
    assert_string_equal(words, "0123456789abcde");
    words_show("T0ken", 5, words);
    assert_string_equal(words, "T0ken");
    words_show("a\x1b[31m", 6, words);
    assert_string_equal(words, "a\\x1b[31m");
    words_show("0123456789abcdef0", 17, words); /* whose key it may be, who knows */
    assert_string_equal(words, "*****************");
}

static void shown_as(const char *text, const char *want)
{
    char out[WORDS_MAX];

    words_show(text, strlen(text), out);
    if (strcmp(out, want) != 0)
        fail_msg("'%s' is shown as '%s'", text, out);
}

static void what_may_be_a_key_is_not_shown(void **state)
{
    (void)state;
    shown_as("key 0123456789abcdef.", "key ****************.");
    shown_as("key 0123456789ABCDEF0", "key *****************");
    shown_as("no 0123456789abcde", "no 0123456789abcde");
    shown_as("0123456789abcdef and 0123456789abcdef", "**************** and ****************");
}

/* A server that says the device's key, in its refusal. */
static void a_refusal_does_not_repeat_the_key(void **state)
{
    static const char *const spellings[] = {"0123456789abcdef",
                                            "MDEyMzQ1Njc4OWFiY2RlZg==", "fedcba9876543210",
                                            "30 31 32 33 34 35 36 37 38 39 61 62 63 64 65 66"};
    struct signet_error err;
    char body[200];

    (void)state;
    open_kind("leshan");
    for (size_t i = 0; i < sizeof(spellings) / sizeof(spellings[0]); i++) {
        snprintf(body, sizeof(body), "bad key %s", spellings[i]);
        SCRIPT({400, body}, {400, body}); /* in both dialects */
        assert_int_not_equal(add("leshan", NULL, &err), SIGNET_OK);
        if (strstr(err.msg, spellings[i]) || !strstr(err.msg, "****"))
            fail_msg("%s", err.msg);
    }
}

void __real_secret_wipe(struct secret *s);
void __wrap_secret_wipe(struct secret *s);
void __real_wipe(void *data, size_t len);
void __wrap_wipe(void *data, size_t len);

static size_t bodies_wiped, keys_wiped;

void __wrap_secret_wipe(struct secret *s)
{
    bodies_wiped += s->len && memmem(s->data, s->len, SCRIPT_HEX, strlen(SCRIPT_HEX));
    __real_secret_wipe(s);
}

void __wrap_wipe(void *data, size_t len)
{
    keys_wiped +=
        len >= script_device.psk_len && memcmp(data, script_device.psk, script_device.psk_len) == 0;
    __real_wipe(data, len);
}

/* Servers that hold a device tell its key when they are asked. */
static void a_key_that_a_server_tells_is_wiped(void **state)
{
    static const char body[] = "{\"key\": \"" SCRIPT_HEX "\"}";
    static const long statuses[] = {200, 500};
    struct signet_error err;
    json_t *told = NULL;

    (void)state;
    open_kind("leshan");
    for (size_t i = 0; i < 2; i++) {
        bodies_wiped = 0;
        SCRIPT({statuses[i], body});
        assert_int_equal(server_get(server, "/", NULL, NULL, i == 0 ? &told : NULL, &err),
                         i == 0 ? SIGNET_OK : SIGNET_E_SERVER);
        assert_int_equal(bodies_wiped, 1);
    }
    keys_wiped = 0;
    assert_true(answer_is_psk(json_object_get(told, "key"), &script_device));
    assert_int_equal(keys_wiped, 1);
    json_decref(told);
}

static void words_are_escaped_and_cut(void **state)
{
    char longer[WORDS_MAX * 2], out[WORDS_MAX];

    (void)state;
    shown_as("a\x1b[31m\r\n", "a\\x1b[31m\\x0d\\x0a");
    shown_as("", "");
    memset(longer, 'z', sizeof(longer) - 1);
    longer[sizeof(longer) - 1] = '\0';
    words_show(longer, strlen(longer), out);
    assert_int_equal(strlen(out), WORDS_MAX - 1);
    words_show("a\0b", 3, out);
    assert_string_equal(out, "a");
}

static int set_up(void **state)
{
    (void)state;
    return signet_config_parse(bootstrap_text, sizeof(bootstrap_text) - 1, "cfg", &tree, NULL);
}

static int tear_down(void **state)
{
    (void)state;
    signet_server_close(&server);
    signet_tree_free(&tree);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_answer),
        cmocka_unit_test(a_look_up_without_an_answer),
        cmocka_unit_test(a_look_up_that_finds_nothing),
        cmocka_unit_test(secrets_are_not_shown),
        cmocka_unit_test(what_may_be_a_key_is_not_shown),
        cmocka_unit_test(a_refusal_does_not_repeat_the_key),
        cmocka_unit_test(a_key_that_a_server_tells_is_wiped),
        cmocka_unit_test(words_are_escaped_and_cut),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
