/* SPDX-License-Identifier: Apache-2.0 */
/* Devices of a manifest and of a pattern: what they get, and which rows get none. */
#include "base/base.h"

#include <pthread.h>
#include <setjmp.h>
#include <signet/config.h>
#include <signet/packet.h>
#include <signet/units.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static const char form[] = "{OID.Security: {1: {RID.Security.ServerURI: '%s',"
                           " RID.Security.Bootstrap: False, RID.Security.Mode: %d,%s"
                           " RID.Security.ShortServerID: 1}},"
                           " OID.Server: {1: {RID.Server.ShortServerID: 1,"
                           " RID.Server.Lifetime: %s, RID.Server.NotificationStoring: False,"
                           " RID.Server.Binding: 'U'}}%s}";

struct room {
    char folder[64], manifest[96], work[96], key[96];
    const char *uri, *more, *lifetime, *objects; /* of the template */
    int mode;
    struct signet_units_options options;
    struct signet_units *units;
    const struct signet_line_units *line;
    struct signet_error err;
    char told[8192]; /* errors, one a line */
    int told_count, warnings, asked;
};

static void on_event(void *ctx, const struct signet_event *event)
{
    struct room *r = ctx;
    size_t len = strlen(r->told);

    r->warnings += event->kind == SIGNET_EVENT_WARNING;
    if (event->kind != SIGNET_EVENT_ERROR)
        return;
    r->told_count++;
    snprintf(r->told + len, sizeof(r->told) - len, "%s\n",
             event->error->msg + (strncmp(event->error->msg, r->folder, strlen(r->folder)) == 0
                                      ? strlen(r->folder) + 1
                                      : 0));
}

static void set_up(struct room *r)
{
    *r = (struct room){.folder = "/tmp/signet-units-XXXXXX",
                       .uri = "coaps://localhost",
                       .more = "",
                       .lifetime = "60",
                       .objects = ""};
    assert_non_null(mkdtemp(r->folder));
    snprintf(r->manifest, sizeof(r->manifest), "%s/devices.csv", r->folder);
    snprintf(r->work, sizeof(r->work), "%s/work", r->folder);
    snprintf(r->key, sizeof(r->key), "%s/station.key", r->folder);
    r->options.work = r->work;
    r->options.key_file = r->key;
}

static int open_units(struct room *r)
{
    const struct signet_observer observer = {.on_event = on_event, .ctx = r};
    struct signet_tree *tree = NULL;
    char text[2048];
    int n = snprintf(text, sizeof(text), form, r->uri, r->mode, r->more, r->lifetime, r->objects);

    signet_units_close(&r->units);
    r->told[0] = '\0';
    r->told_count = r->warnings = r->asked = 0;
    if (signet_config_parse(text, (size_t)n, "template", &tree, &r->err) != SIGNET_OK)
        fail_msg("%s", r->err.msg);
    r->options.model = tree;
    r->options.observer = &observer;
    int rc = signet_units_open(&r->units, &r->options, &r->err);
    signet_tree_free(&tree);
    r->line = rc == SIGNET_OK ? signet_units_line(r->units) : NULL;
    return rc;
}

static int open_manifest(struct room *r, const char *csv)
{
    FILE *to = fopen(r->manifest, "w");

    assert_non_null(to);
    fputs(csv, to);
    fclose(to);
    r->options.manifest = r->manifest;
    return open_units(r);
}

static void tear_down(struct room *r)
{
    char command[128];

    signet_units_close(&r->units);
    snprintf(command, sizeof(command), "rm -r %s", r->folder);
    assert_int_equal(system(command), 0);
}

static void good(struct room *r, int rc)
{
    if (rc != SIGNET_OK)
        fail_msg("%s (%s)\n%s", r->err.msg, r->err.hint, r->told);
}

static void refused(struct room *r, int rc, enum signet_code code, const char *words)
{
    if (rc != (int)code || !strstr(r->err.msg, words))
        fail_msg("%d: %s: not %d: %s", rc, r->err.msg, code, words);
}

static const struct signet_value *value(const struct signet_line_unit *unit, uint16_t oid,
                                        uint16_t rid)
{
    const struct signet_record *record =
        signet_tree_find(unit->device.tree, (struct signet_path){oid, 1, rid, SIGNET_NO_ID});

    assert_non_null(record);
    return &record->value;
}

static void holds(const struct signet_line_unit *unit, uint16_t oid, uint16_t rid, const char *text)
{
    const struct signet_value *v = value(unit, oid, rid);

    assert_int_equal(v->as.bytes.len, strlen(text));
    assert_memory_equal(v->as.bytes.data, text, strlen(text));
}

static void a_pattern_gives_keys_of_their_own(void **state)
{
    struct room r;
    struct signet_line_unit a = {0}, b = {0};
    char name[152];

    (void)state;
    set_up(&r);
    r.options.pattern = "urn:dev:{serial:04}9";
    r.options.first = 98;
    r.options.count = 3;
    r.options.identity = "id-{serial}-{endpoint}";
    good(&r, open_units(&r));
    assert_int_equal(r.line->name(r.line->ctx, 2, name, &r.err), SIGNET_OK);
    assert_string_equal(name, "urn:dev:01009");
    assert_int_equal(r.line->name(r.line->ctx, 3, name, &r.err), SIGNET_E_NOT_FOUND);
    good(&r, r.line->make(r.line->ctx, "urn:dev:00989", 0, &a, &r.err));
    good(&r, r.line->make(r.line->ctx, "urn:dev:01009", -1, &b, &r.err)); /* found by its name */
    holds(&a, 0, 3, "id-98-urn:dev:00989");
    holds(&b, 0, 3, "id-100-urn:dev:01009");
    assert_int_equal(b.device.psk_len, 32);
    assert_string_equal(b.facts.psk_identity, "id-100-urn:dev:01009");
    assert_string_not_equal(a.facts.psk_sha256, b.facts.psk_sha256);
    assert_string_not_equal(a.facts.packet_sha256, b.facts.packet_sha256);
    struct signet_tree *tree = NULL;
    good(&r, signet_packet_decode(b.packet.data, b.packet.len, &tree, &r.err));
    assert_int_equal(signet_tree_count(tree), signet_tree_count(b.device.tree));
    signet_tree_free(&tree);
    r.line->free(r.line->ctx, &a);
    r.line->free(r.line->ctx, &b);
    assert_int_equal(r.line->make(r.line->ctx, "urn:dev:01019", -1, &a, &r.err),
                     SIGNET_E_NOT_FOUND);
    assert_int_equal(r.line->make(r.line->ctx, "urn:dev:1009", -1, &a, &r.err), SIGNET_E_NOT_FOUND);
    tear_down(&r);
}

static const char with_psk[] = " RID.Security.PKOrIdentity: b'{id:text}',"
                               " RID.Security.SecretKey: b'{psk:hex}',";

static void a_manifest_fills_the_template(void **state)
{
    struct room r;
    struct signet_line_unit unit = {0};
    char name[152];

    (void)state;
    set_up(&r);
    r.more = with_psk;
    r.uri = "coaps://{host}:5684";
    r.lifetime = "'{lifetime}'";
    r.objects = ", 10250: {1: {1: 'lot {{{lot}}}', 2: b'{blob:base64}'}}";
    r.options.pattern = "urn:{endpoint}-{serial:03}";
    r.options.first = 7;
    good(&r,
         open_manifest(&r, "endpoint,id,psk,host,lifetime,lot,blob\n"
                           "a,id-a,000102030405060708090a0b0c0d0e0f,h1.example,60,\"L\n1\",AP8=\n"
                           "b,id-b,00112233445566778899aabbccddeeff,h2.example,90,L2,\n"));
    assert_int_equal(r.line->name(r.line->ctx, 1, name, &r.err), SIGNET_OK);
    assert_string_equal(name, "urn:b-008");
    good(&r, r.line->make(r.line->ctx, "urn:a-007", 0, &unit, &r.err));
    holds(&unit, 0, 0, "coaps://h1.example:5684");
    holds(&unit, 0, 3, "id-a");
    assert_int_equal(value(&unit, 1, 1)->as.integer, 60);
    holds(&unit, 10250, 1, "lot {L\n1}");
    assert_int_equal(value(&unit, 10250, 2)->as.bytes.len, 2);
    assert_int_equal(unit.device.psk_len, 16);
    assert_int_equal(unit.device.psk[15], 15);
    assert_string_equal(unit.facts.psk_identity, "id-a");
    r.line->free(r.line->ctx, &unit);
    /* wherever the caller thinks that it is */
    good(&r, r.line->make(r.line->ctx, "urn:b-008", 0, &unit, &r.err));
    assert_int_equal(value(&unit, 1, 1)->as.integer, 90);
    r.line->free(r.line->ctx, &unit);
    assert_int_equal(r.line->make(r.line->ctx, "urn:c-009", -1, &unit, &r.err), SIGNET_E_NOT_FOUND);
    tear_down(&r);
}

static void all_bad_rows_are_told(void **state)
{
    struct room r;

    (void)state;
    set_up(&r);
    r.more = with_psk;
    r.lifetime = "'{lifetime}'";
    int rc = open_manifest(&r, "endpoint,id,psk,lifetime\n"
                               "a,a,0102030405060708090a0b0c0d0e0f10,60\n"
                               "b,b,0102030405060708090a0b0c0d0e0f,60\n"
                               "c,c,zz02030405060708090a0b0c0d0e0f20,60\n"
                               "d d,d,0102030405060708090a0b0c0d0e0f30,60\n"
                               "e,,0102030405060708090a0b0c0d0e0f40,60\n"
                               "f,f,0102030405060708090a0b0c0d0e0f50,soon\n"
                               "g,g,0102030405060708090a0b0c0d0e0f60\n"
                               "h,h,337840 6d706c33503550353363723374 4b3379,60\n"
                               "i,i,3378406d706c3350354b353363723374 4b3379,60\n"
                               "j,j,3378406d706c3350354b3533637233744b3379,60\n");
    refused(&r, rc, SIGNET_E_MEANING, "9 rows are bad; the first");
    assert_string_equal(r.told,
                        "devices.csv:3: psk: the key has 15 bytes: 16 to 64 are possible\n"
                        "devices.csv:4: psk: is not pairs of hex digits\n"
                        "devices.csv:5: endpoint 'd d': 'd d' is no endpoint name\n"
                        "devices.csv:6: id: the PSK identity has 0 bytes: 1 to 128 are possible\n"
                        "devices.csv:7: lifetime 'soon': is no whole number\n"
                        "devices.csv:8: 3 fields, the header has 4\n"
                        "devices.csv:9: psk: is not pairs of hex digits\n"
                        "devices.csv:10: psk: is not pairs of hex digits\n"
                        "devices.csv:11: psk: the key is the sample that everyone knows\n");
    tear_down(&r);
}

static void many_bad_rows_are_counted(void **state)
{
    struct room r;
    struct buf csv = {0};

    (void)state;
    set_up(&r);
    buf_text(&csv, "endpoint\n");
    for (int i = 0; i < 250; i++)
        buf_printf(&csv, "bad name %d\n", i);
    refused(&r, open_manifest(&r, (const char *)csv.data), SIGNET_E_SYNTAX,
            "250 rows are bad, 150 more than were told");
    assert_int_equal(r.told_count, 100);
    buf_free(&csv);
    tear_down(&r);
}

static void a_broken_quote_ends_the_list(void **state)
{
    struct room r;

    (void)state;
    set_up(&r);
    refused(&r, open_manifest(&r, "endpoint\na\nb b\n\"c\nd\n"), SIGNET_E_SYNTAX, "2 rows are bad");
    assert_non_null(strstr(r.told, "devices.csv:4: a quote is opened"));
    refused(&r, open_manifest(&r, "endpoint\na\n\"c\nd\n"), SIGNET_E_SYNTAX, ":3: a quote is");
    tear_down(&r);
}

static void twins_are_found(void **state)
{
    struct room r;
    struct buf csv = {0};

    (void)state;
    set_up(&r);
    r.more = with_psk;
    buf_text(&csv, "endpoint,id,psk\n");
    for (int i = 2; i < 5000; i++) {
        int name = i == 31 ? 7 : i, id = i == 3000 ? 4 : i, psk = i == 4999 ? 2 : i;
        buf_printf(&csv, "urn:dev:%d,id-%d,%032x\n", name, id, psk);
    }
    refused(&r, open_manifest(&r, (const char *)csv.data), SIGNET_E_CONFLICT, "3 rows are bad");
    assert_string_equal(r.told, "devices.csv:31: the endpoint 'urn:dev:7' is that of line 7 too\n"
                                "devices.csv:3000: the PSK identity is that of line 4 too\n"
                                "devices.csv:4999: the key is that of line 2 too\n");
    buf_free(&csv);
    tear_down(&r);
}

static void rows_and_quota(void **state)
{
    struct room r;

    (void)state;
    set_up(&r);
    r.options.count = 3;
    refused(&r, open_manifest(&r, "endpoint\na\nb\n"), SIGNET_E_MEANING,
            "has 2 rows, the quota is 3");
    r.options.count = 1;
    good(&r, open_manifest(&r, "endpoint\na\nb\n"));
    assert_int_equal(r.warnings, 1);
    refused(&r, open_manifest(&r, "endpoint\n"), SIGNET_E_MEANING, "no rows");
    refused(&r, open_manifest(&r, "name\na\n"), SIGNET_E_MEANING, "no column 'endpoint'");
    assert_non_null(strstr(r.err.hint, "{name}"));
    refused(&r, open_manifest(&r, "endpoint;psk\na;b\n"), SIGNET_E_MEANING, "no column 'endpoint'");
    assert_non_null(strstr(r.err.hint, "delimiter: \";\""));
    r.options.pattern = "urn:{nam}";
    refused(&r, open_manifest(&r, "name\na\n"), SIGNET_E_MEANING, "{nam} names no column");
    assert_non_null(strstr(r.err.hint, "{name}"));
    tear_down(&r);
}

static void secrets_of_the_template(void **state)
{
    struct room r;
    struct signet_line_unit a = {0}, b = {0};

    (void)state;
    set_up(&r);
    r.options.pattern = "urn:{serial}";
    r.options.count = 2;
    r.more = " RID.Security.SecretKey: b'0123456789abcdef',";
    refused(&r, open_units(&r), SIGNET_E_MEANING, "/0/1/5: the template holds a secret key");
    r.options.shared_secret = true;
    good(&r, open_units(&r));
    good(&r, r.line->make(r.line->ctx, "urn:0", 0, &a, &r.err));
    good(&r, r.line->seal(r.line->ctx, &a, &r.err));
    good(&r, r.line->open(r.line->ctx, "urn:0", &b, &r.err));
    assert_null(a.facts.psk_sha256); /* all devices have it: no fact of one */
    assert_null(b.facts.psk_sha256);
    assert_string_equal(b.facts.psk_identity, "urn:0");
    r.line->free(r.line->ctx, &a);
    r.line->free(r.line->ctx, &b);
    r.more = " RID.Security.SecretKey: b'3x@mpl3P5K53cr3tK3y',";
    refused(&r, open_units(&r), SIGNET_E_MEANING, "sample that everyone knows");
    r.more = " RID.Security.SecretKey: b'short',";
    refused(&r, open_units(&r), SIGNET_E_MEANING, "/0/1/5: the key has 5 bytes");
    r.more = "";
    refused(&r, open_units(&r), SIGNET_E_MEANING, "the template holds none");
    r.options.shared_secret = false;
    r.more = " RID.Security.PKOrIdentity: b'me',";
    refused(&r, open_units(&r), SIGNET_E_MEANING, "/0/1/3: the template holds a PSK identity");
    r.options.count = 1; /* nobody to share with */
    r.more = " RID.Security.SecretKey: b'0123456789abcdef',";
    good(&r, open_units(&r));
    tear_down(&r);
}

static void a_misspelt_placeholder_has_its_place(void **state)
{
    struct room r;

    (void)state;
    set_up(&r);
    r.more = "\n RID.Security.SecretKey: b'{pks:hex}',";
    r.options.model_name = "endpoint_cfg";
    refused(&r, open_manifest(&r, "endpoint,psk\na,00112233445566778899aabbccddeeff\n"),
            SIGNET_E_MEANING, "endpoint_cfg:2:2: /0/1/5 (SecretKey): {pks} names no column");
    assert_non_null(strstr(r.err.hint, "{psk}"));
    r.more = " RID.Security.SecretKey: b'{psk}',";
    refused(&r, open_units(&r), SIGNET_E_SYNTAX, "bytes need an encoding");
    tear_down(&r);
}

static void a_template_is_no_row_s_fault(void **state)
{
    struct room r;

    (void)state;
    set_up(&r);
    r.uri = "http://{host}";
    refused(&r, open_manifest(&r, "endpoint,host\na,x\nb,y\n"), SIGNET_E_MEANING,
            "is not a CoAP URI");
    assert_non_null(strstr(r.err.msg, "devices.csv:2"));
    r.uri = "coaps://{host}";
    refused(&r, open_manifest(&r, "endpoint,host\na,x\nb,\nc,y y\n"), SIGNET_E_MEANING,
            "2 rows are bad");
    assert_non_null(strstr(r.told, "devices.csv:3: b: RID.Security.ServerURI"));
    tear_down(&r);
}

static int no_c(void *ctx, const struct signet_device *device, struct signet_error *err)
{
    struct room *r = ctx;

    r->asked++;
    assert_int_equal(device->mode, SIGNET_MODE_PSK);
    assert_int_equal(device->psk_len, 32);
    assert_non_null(device->tree);
    if (strcmp(device->endpoint, "c") != 0)
        return SIGNET_OK;
    return error_set(err, SIGNET_E_MEANING, "no c here");
}

static void servers_see_every_row(void **state)
{
    struct room r;

    (void)state;
    set_up(&r);
    r.options.accept = no_c;
    r.options.accept_ctx = &r;
    refused(&r, open_manifest(&r, "endpoint\na\nb\nc\nd\n"), SIGNET_E_MEANING,
            "devices.csv:4: c: no c here");
    assert_int_equal(r.asked, 4);
    tear_down(&r);
}

static void boards_names_are_looked_up(void **state)
{
    struct room r;
    struct signet_line_unit unit = {0};
    struct buf csv = {0};
    char name[32];

    (void)state;
    set_up(&r);
    r.lifetime = "'{lifetime}'";
    r.options.from_board = true;
    buf_text(&csv, "endpoint,lifetime\n");
    for (int i = 0; i < 9000; i++)
        buf_printf(&csv, "board-%d,%d\n", i, i + 1);
    good(&r, open_manifest(&r, (const char *)csv.data));
    buf_free(&csv);
    assert_null(r.line->name);
    for (int i = 0; i < 9000; i += 613) {
        snprintf(name, sizeof(name), "board-%d", i);
        good(&r, r.line->make(r.line->ctx, name, -1, &unit, &r.err));
        assert_int_equal(value(&unit, 1, 1)->as.integer, i + 1);
        r.line->free(r.line->ctx, &unit);
    }
    assert_int_equal(r.line->make(r.line->ctx, "board-9000", -1, &unit, &r.err),
                     SIGNET_E_NOT_FOUND);
    tear_down(&r);
}

/* Certificates: a pair for each device, or a pair from the manifest. */
static void certificates(void **state)
{
    struct room r;
    struct signet_cert *cert = NULL;
    struct signet_key *key = NULL;
    struct signet_bytes der = {0};
    struct signet_line_unit a = {0}, b = {0};
    struct signet_cert_view view;
    char server[96], text[4096];

    (void)state;
    set_up(&r);
    snprintf(server, sizeof(server), "%s/server.der", r.folder);
    assert_int_equal(signet_key_generate(&key, NULL, NULL, NULL), SIGNET_OK);
    assert_int_equal(signet_cert_make(&cert, key, NULL, "server", NULL, NULL), SIGNET_OK);
    assert_int_equal(signet_cert_der(cert, &der, NULL), SIGNET_OK);
    assert_int_equal(signet_bytes_write(server, der.data, der.len, NULL), SIGNET_OK);
    signet_bytes_free(&der);
    signet_cert_free(&cert);
    signet_key_free(&key);
    r.mode = SIGNET_MODE_CERT;
    r.options.server_cert = server;
    good(&r, open_manifest(&r, "endpoint\na\nb\n"));
    good(&r, r.line->make(r.line->ctx, "a", 0, &a, &r.err));
    good(&r, r.line->make(r.line->ctx, "b", 1, &b, &r.err));
    assert_string_not_equal(a.facts.spki_sha256, b.facts.spki_sha256);
    assert_string_not_equal(a.facts.cert_serial, b.facts.cert_serial);
    const struct signet_value *v = value(&a, 0, 3);
    good(&r, signet_cert_load(&cert, v->as.bytes.data, v->as.bytes.len, &r.err));
    good(&r, signet_cert_describe(cert, &view, &r.err));
    assert_string_equal(view.subject, "CN=a");
    assert_string_equal(view.issuer, a.facts.cert_issuer);
    assert_string_equal(view.serial, a.facts.cert_serial);
    char hex[65];
    hex_encode(view.key_sha256, 32, hex);
    assert_string_equal(hex, a.facts.spki_sha256);
    good(&r, signet_key_load(&key, value(&a, 0, 5)->as.bytes.data, value(&a, 0, 5)->as.bytes.len,
                             &r.err));
    good(&r, signet_cert_check_key(cert, key, &r.err));
    signet_key_free(&key);
    signet_cert_free(&cert);
    r.line->free(r.line->ctx, &b);
    struct signet_cert_info info = {.elliptic_curve = "secp384r1"};
    r.options.cert = &info;
    good(&r, open_units(&r));
    good(&r, r.line->make(r.line->ctx, "b", 1, &b, &r.err));
    good(&r, signet_key_load(&key, value(&b, 0, 5)->as.bytes.data, value(&b, 0, 5)->as.bytes.len,
                             &r.err));
    good(&r, signet_key_describe(key, text, view.key_sha256, &r.err));
    assert_string_equal(text, "EC secp384r1");
    signet_key_free(&key);
    r.line->free(r.line->ctx, &b);
    r.options.cert = NULL;

    /* what one run made is another one's manifest; then with the key of another device */
    struct buf csv = {0};
    buf_text(&csv, "endpoint,crt,key\na,");
    base64_encode(v->as.bytes.data, v->as.bytes.len, text);
    buf_text(&csv, text);
    v = value(&a, 0, 5);
    base64_encode(v->as.bytes.data, v->as.bytes.len, text);
    buf_printf(&csv, ",%s\n", text);
    r.more =
        " RID.Security.PKOrIdentity: b'{crt:base64}', RID.Security.SecretKey: b'{key:base64}',";
    good(&r, open_manifest(&r, (const char *)csv.data));
    good(&r, r.line->make(r.line->ctx, "a", 0, &b, &r.err));
    assert_string_equal(b.facts.spki_sha256, a.facts.spki_sha256);
    r.line->free(r.line->ctx, &a);
    r.line->free(r.line->ctx, &b);
    assert_int_equal(signet_key_generate(&key, NULL, NULL, NULL), SIGNET_OK);
    assert_int_equal(signet_key_der(key, &der, NULL), SIGNET_OK);
    base64_encode(der.data, der.len, text);
    buf_text(&csv, "c,");
    const char *crt = strchr((const char *)csv.data, ',');
    crt = strstr(crt, "\na,") + 3;
    struct buf whole = {0};
    buf_append(&whole, csv.data, csv.len);
    buf_append(&whole, crt, strcspn(crt, ","));
    buf_printf(&whole, ",%s\n", text);
    refused(&r, open_manifest(&r, (const char *)whole.data), SIGNET_E_CERT, "devices.csv:3: key: ");
    signet_bytes_free(&der);
    signet_key_free(&key);
    buf_free(&csv);
    buf_free(&whole);

    r.more = "";
    memset(text, 'n', 65);
    snprintf(text + 65, 8, "\n");
    char *long_name = NULL;
    assert_true(asprintf(&long_name, "endpoint\na\n%s", text) > 0);
    refused(&r, open_manifest(&r, long_name), SIGNET_E_MEANING, "65 characters");
    free(long_name);
    tear_down(&r);
}

struct worker {
    struct room *room;
    int first, made;
};

static void *work(void *arg)
{
    struct worker *w = arg;
    const struct signet_line_units *line = w->room->line;

    for (int i = w->first; i < 3000; i += 4) {
        struct signet_line_unit unit = {0};
        char name[152];

        if (line->name(line->ctx, i, name, NULL) == SIGNET_OK &&
            line->make(line->ctx, name, i, &unit, NULL) == SIGNET_OK &&
            value(&unit, 1, 1)->as.integer == i + 1)
            w->made++;
        line->free(line->ctx, &unit);
    }
    return NULL;
}

static void several_threads(void **state)
{
    struct room r;
    struct buf csv = {0};
    struct worker workers[4];
    pthread_t ids[4];

    (void)state;
    set_up(&r);
    r.lifetime = "'{lifetime}'";
    buf_text(&csv, "endpoint,lifetime\n");
    for (int i = 0; i < 3000; i++)
        buf_printf(&csv, "dev-%d,%d\n", i, i + 1);
    good(&r, open_manifest(&r, (const char *)csv.data));
    buf_free(&csv);
    for (int i = 0; i < 4; i++) {
        workers[i] = (struct worker){.room = &r, .first = i};
        assert_int_equal(pthread_create(&ids[i], NULL, work, &workers[i]), 0);
    }
    for (int i = 0; i < 4; i++) {
        pthread_join(ids[i], NULL);
        assert_int_equal(workers[i].made, 750);
    }
    tear_down(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_pattern_gives_keys_of_their_own),
        cmocka_unit_test(a_manifest_fills_the_template),
        cmocka_unit_test(all_bad_rows_are_told),
        cmocka_unit_test(many_bad_rows_are_counted),
        cmocka_unit_test(a_broken_quote_ends_the_list),
        cmocka_unit_test(twins_are_found),
        cmocka_unit_test(rows_and_quota),
        cmocka_unit_test(secrets_of_the_template),
        cmocka_unit_test(a_misspelt_placeholder_has_its_place),
        cmocka_unit_test(a_template_is_no_row_s_fault),
        cmocka_unit_test(servers_see_every_row),
        cmocka_unit_test(boards_names_are_looked_up),
        cmocka_unit_test(certificates),
        cmocka_unit_test(several_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
