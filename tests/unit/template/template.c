/* SPDX-License-Identifier: Apache-2.0 */
/* Templates: secrets in them, their mistakes, and certificates.
 * wrap: malloc calloc realloc reallocarray strdup strndup vasprintf locked_alloc */
#include "unit/template/room.h"

#include "unit/starve.h"

static void secrets_of_the_template(void **state)
{
    struct room r;
    struct device a = {0}, b = {0};

    (void)state;
    set_up(&r);
    r.options.pattern = "urn:{serial}";
    r.options.count = 2;
    r.more = " RID.Security.SecretKey: b'0123456789abcdef',";
    refused(&r, open_source(&r), SIGNET_E_MEANING, "/0/1/5: the template holds a secret key");
    r.options.shared_secret = true;
    good(&r, open_source(&r));
    good(&r, source_make(r.source, "urn:0", 0, &a, &r.err));
    const struct secret packet = {.data = a.packet.data, .len = a.packet.len};
    good(&r, source_restore(r.source, &packet, "urn:0", &b, &r.err));
    assert_null(a.facts.psk_sha256); /* all devices have it: no fact of one */
    assert_null(b.facts.psk_sha256);
    assert_string_equal(b.facts.psk_identity, "urn:0");
    device_free(&a);
    device_free(&b);
    r.more = " RID.Security.SecretKey: b'3x@mpl3P5K53cr3tK3y',";
    refused(&r, open_source(&r), SIGNET_E_MEANING, "sample that everyone knows");
    r.more = " RID.Security.SecretKey: b'short',";
    refused(&r, open_source(&r), SIGNET_E_MEANING, "/0/1/5: the key has 5 bytes");
    r.more = " RID.Security.SecretKey: b'k' * 65,";
    refused(&r, open_source(&r), SIGNET_E_MEANING, "/0/1/5: the key has 65 bytes");
    r.more = " RID.Security.SecretKey: b'key4' * 16,";
    good(&r, open_source(&r));
    r.more = "";
    refused(&r, open_source(&r), SIGNET_E_MEANING, "the template holds none");
    r.options.shared_secret = false;
    r.more = " RID.Security.PKOrIdentity: b'me',";
    refused(&r, open_source(&r), SIGNET_E_MEANING, "/0/1/3: the template holds a PSK identity");
    r.options.count = 1; /* nobody to share with */
    r.more = " RID.Security.SecretKey: b'0123456789abcdef',";
    good(&r, open_source(&r));
    tear_down(&r);
}

static void a_misspelt_placeholder_has_its_place(void **state)
{
    struct room r;

    (void)state;
    set_up(&r);
    r.more = "\n RID.Security.SecretKey: b'{pks:hex}',";
    refused(&r, open_manifest(&r, "endpoint,psk\na,00112233445566778899aabbccddeeff\n"),
            SIGNET_E_MEANING, "template:2:2: /0/1/5 (SecretKey): {pks} names no column");
    assert_non_null(strstr(r.err.hint, "{psk}"));
    r.more = " RID.Security.SecretKey: b'{psk}',";
    refused(&r, open_source(&r), SIGNET_E_SYNTAX, "bytes need an encoding");
    tear_down(&r);
}

static void a_template_is_no_row_s_fault(void **state)
{
    struct room r;

    (void)state;
    set_up(&r);
    r.uri = "http://{host}";
    refused(&r, open_manifest(&r, "endpoint,host\na,x\nb,y\n"), SIGNET_E_MEANING,
            "has the scheme 'http'");
    assert_non_null(strstr(r.err.msg, "devices.csv:2"));
    r.uri = "coaps://{host}";
    refused(&r, open_manifest(&r, "endpoint,host\na,x\nb,\nc,y y\n"), SIGNET_E_MEANING,
            "2 rows are bad");
    assert_non_null(strstr(r.told, "devices.csv:3:3: host '': template:"));
    tear_down(&r);
}

/* A room whose devices have certificates; the server's is in its folder. */
static void set_up_certs(struct room *r, char server[static 96])
{
    struct signet_cert *cert = NULL;
    struct signet_key *key = NULL;
    struct signet_bytes der = {0};

    set_up(r);
    snprintf(server, 96, "%s/server.der", r->folder);
    assert_int_equal(signet_key_generate(&key, NULL, NULL, NULL), SIGNET_OK);
    assert_int_equal(signet_cert_make(&cert, key, NULL, "server", NULL, NULL), SIGNET_OK);
    assert_int_equal(signet_cert_der(cert, &der, NULL), SIGNET_OK);
    assert_int_equal(signet_bytes_write(server, der.data, der.len, NULL), SIGNET_OK);
    signet_bytes_free(&der);
    signet_cert_free(&cert);
    signet_key_free(&key);
    r->mode = SIGNET_MODE_CERT;
    r->options.server_cert = server;
}

static struct signet_key *key_of(struct room *r, const struct device *unit)
{
    const struct signet_value *v = value(unit, 0, 5);
    struct signet_key *key = NULL;

    good(r, signet_key_load(&key, v->as.bytes.data, v->as.bytes.len, &r->err));
    return key;
}

static void each_device_has_a_pair_of_its_own(void **state)
{
    struct room r;
    struct device a = {0}, b = {0};
    struct signet_cert *cert = NULL;
    struct signet_cert_view view;
    char server[96], hex[65];

    (void)state;
    set_up_certs(&r, server);
    good(&r, open_manifest(&r, "endpoint\na\nb\n"));
    good(&r, source_make(r.source, "a", 0, &a, &r.err));
    good(&r, source_make(r.source, "b", 1, &b, &r.err));
    assert_string_not_equal(a.facts.spki_sha256, b.facts.spki_sha256);
    assert_string_not_equal(a.facts.cert_serial, b.facts.cert_serial);
    const struct signet_value *v = value(&a, 0, 3);
    good(&r, signet_cert_load(&cert, v->as.bytes.data, v->as.bytes.len, &r.err));
    good(&r, signet_cert_describe(cert, &view, &r.err));
    assert_string_equal(view.subject, "CN=a");
    assert_string_equal(view.issuer, a.facts.cert_issuer);
    assert_string_equal(view.serial, a.facts.cert_serial);
    hex_encode(view.key_sha256, 32, hex);
    assert_string_equal(hex, a.facts.spki_sha256);
    struct signet_key *key = key_of(&r, &a);
    good(&r, signet_cert_check_key(cert, key, &r.err));
    signet_key_free(&key);
    signet_cert_free(&cert);
    device_free(&a);
    device_free(&b);
    tear_down(&r);
}

static void keys_are_on_the_curve_that_is_asked_for(void **state)
{
    const struct signet_cert_info info = {.elliptic_curve = "secp384r1"};
    struct room r;
    struct device unit = {0};
    uint8_t sha256[32];
    char server[96], text[4096];

    (void)state;
    set_up_certs(&r, server);
    r.options.cert = &info;
    good(&r, open_manifest(&r, "endpoint\na\nb\n"));
    good(&r, source_make(r.source, "b", 1, &unit, &r.err));
    struct signet_key *key = key_of(&r, &unit);
    good(&r, signet_key_describe(key, text, sha256, &r.err));
    assert_string_equal(text, "EC secp384r1");
    signet_key_free(&key);
    device_free(&unit);
    tear_down(&r);
}

static void put_base64(struct buf *csv, const void *data, size_t len)
{
    char text[4096];

    base64_encode(data, len, text);
    buf_printf(csv, ",%s", text);
}

/* What one run made is another one's manifest; then with the key of another device. */
static void pairs_come_from_a_manifest(void **state)
{
    struct room r;
    struct device a = {0}, b = {0};
    struct signet_key *key = NULL;
    struct signet_bytes der = {0};
    struct buf csv = {0};
    char server[96];

    (void)state;
    set_up_certs(&r, server);
    good(&r, open_manifest(&r, "endpoint\na\n"));
    good(&r, source_make(r.source, "a", 0, &a, &r.err));
    const struct signet_value *crt = value(&a, 0, 3), *own = value(&a, 0, 5);
    buf_text(&csv, "endpoint,crt,key\na");
    put_base64(&csv, crt->as.bytes.data, crt->as.bytes.len);
    put_base64(&csv, own->as.bytes.data, own->as.bytes.len);
    r.more =
        " RID.Security.PKOrIdentity: b'{crt:base64}', RID.Security.SecretKey: b'{key:base64}',";
    good(&r, open_manifest(&r, (const char *)csv.data));
    good(&r, source_make(r.source, "a", 0, &b, &r.err));
    assert_string_equal(b.facts.spki_sha256, a.facts.spki_sha256);
    device_free(&b);

    assert_int_equal(signet_key_generate(&key, NULL, NULL, NULL), SIGNET_OK);
    assert_int_equal(signet_key_der(key, &der, NULL), SIGNET_OK);
    buf_text(&csv, "\nc");
    put_base64(&csv, crt->as.bytes.data, crt->as.bytes.len);
    put_base64(&csv, der.data, der.len);
    device_free(&a);
    refused(&r, open_manifest(&r, (const char *)csv.data), SIGNET_E_CERT, "devices.csv:3:4");
    signet_bytes_free(&der);
    signet_key_free(&key);
    buf_free(&csv);
    tear_down(&r);
}

/* What a configuration has as PEM becomes DER; a manifest's bytes are the device's. */
static void pairs_in_pem_are_refused(void **state)
{
    struct room r;
    struct device a = {0};
    char server[96];

    (void)state;
    set_up_certs(&r, server);
    good(&r, open_manifest(&r, "endpoint\na\n"));
    good(&r, source_make(r.source, "a", 0, &a, &r.err));
    r.more =
        " RID.Security.PKOrIdentity: b'{crt:base64}', RID.Security.SecretKey: b'{key:base64}',";
    for (uint16_t half = 3; half <= 5; half += 2) {
        struct signet_key *key = key_of(&r, &a);
        struct signet_cert *cert = NULL;
        struct signet_bytes pem = {0};
        struct buf csv = {0};

        const struct signet_value *crt = value(&a, 0, 3), *own = value(&a, 0, 5);
        good(&r, signet_cert_load(&cert, crt->as.bytes.data, crt->as.bytes.len, &r.err));
        good(&r,
             half == 3 ? signet_cert_pem(cert, &pem, &r.err) : signet_key_pem(key, &pem, &r.err));
        buf_text(&csv, "endpoint,crt,key\na");
        put_base64(&csv, half == 3 ? pem.data : crt->as.bytes.data,
                   half == 3 ? pem.len : crt->as.bytes.len);
        put_base64(&csv, half == 5 ? pem.data : own->as.bytes.data,
                   half == 5 ? pem.len : own->as.bytes.len);
        refused(&r, open_manifest(&r, (const char *)csv.data), SIGNET_E_CERT,
                "it is PEM, and a device takes DER only");
        signet_bytes_free(&pem);
        signet_cert_free(&cert);
        signet_key_free(&key);
        buf_free(&csv);
    }
    device_free(&a);
    tear_down(&r);
}

static void put_literal(struct buf *more, unsigned rid, const struct signet_value *v)
{
    buf_printf(more, " %u: b'", rid);
    for (size_t i = 0; i < v->as.bytes.len; i++)
        buf_printf(more, "\\x%02x", v->as.bytes.data[i]);
    buf_text(more, "',");
}

/* The template has one half for all, the manifest the other. */
static void half_a_pair_belongs_to_the_other(void **state)
{
    struct room r;
    struct device a = {0}, b = {0};
    char server[96];

    (void)state;
    set_up_certs(&r, server);
    r.options.shared_secret = true;
    for (int half = 3; half <= 5; half += 2) {
        struct buf csv = {0}, more = {0};

        r.more = "";
        r.options.shared_secret = false;
        good(&r, open_manifest(&r, "endpoint\na\nb\n"));
        good(&r, source_make(r.source, "a", 0, &a, &r.err));
        good(&r, source_make(r.source, "b", 1, &b, &r.err));
        r.options.shared_secret = half == 5;
        put_literal(&more, (unsigned)half, value(&a, 0, (uint16_t)half));
        buf_printf(&more, " %d: b'{half:base64}',", 8 - half);
        r.more = (const char *)more.data;
        buf_text(&csv, "endpoint,half\na");
        const struct signet_value *other = value(&a, 0, (uint16_t)(8 - half));
        put_base64(&csv, other->as.bytes.data, other->as.bytes.len);
        good(&r, open_manifest(&r, (const char *)csv.data));
        other = value(&b, 0, (uint16_t)(8 - half));
        buf_text(&csv, "\nb");
        put_base64(&csv, other->as.bytes.data, other->as.bytes.len);
        refused(&r, open_manifest(&r, (const char *)csv.data), SIGNET_E_CERT, "devices.csv:3:3");
        device_free(&a);
        device_free(&b);
        buf_free(&csv);
        buf_free(&more);
    }
    tear_down(&r);
}

static void a_certificate_has_no_room_for_a_long_name(void **state)
{
    struct room r;
    char server[96], csv[128];

    (void)state;
    set_up_certs(&r, server);
    snprintf(csv, sizeof(csv), "endpoint\na\n%065d\n", 0);
    refused(&r, open_manifest(&r, csv), SIGNET_E_MEANING, "65 characters");
    snprintf(csv, sizeof(csv), "endpoint\na\n%064d\n", 0);
    good(&r, open_manifest(&r, csv));
    tear_down(&r);
}

static void columns_become_numbers_and_truths(void **state)
{
    struct room r;
    struct device a = {0};

    (void)state;
    set_up(&r);
    r.lifetime = "60, RID.Server.Trigger: '{trigger}'";
    r.objects = ", 3303: {1: {5700: '{value}'}}";
    good(&r, open_manifest(&r, "endpoint,trigger,value\na,true,-1.25\nb,false,7\n"));
    good(&r, source_make(r.source, "a", 0, &a, &r.err));
    assert_true(value(&a, 1, 21)->as.boolean);
    assert_true(value(&a, 3303, 5700)->as.number == -1.25);
    device_free(&a);
    good(&r, source_make(r.source, "b", 1, &a, &r.err));
    assert_false(value(&a, 1, 21)->as.boolean);
    device_free(&a);
    refused(&r, open_manifest(&r, "endpoint,trigger,value\na,yes,1\n"), SIGNET_E_MEANING,
            "devices.csv:2:3: trigger 'yes': is neither true nor false");
    refused(&r, open_manifest(&r, "endpoint,trigger,value\na,true,1.2.3\n"), SIGNET_E_MEANING,
            "devices.csv:2:8: value '1.2.3': is no number");
    refused(&r, open_manifest(&r, "endpoint,trigger,value\na,true,\n"), SIGNET_E_MEANING,
            "devices.csv:2:8: value '': is no number");
    refused(&r, open_manifest(&r, "endpoint,trigger,value\na,true,1e3\n"), SIGNET_E_MEANING,
            "devices.csv:2:8: value '1e3': is no number");
    r.objects =
        ", 33000: {1: {1: b'{trigger:hex}{value:hex}'}}"; /* of two, the one that is wrong */
    r.lifetime = "60";
    refused(&r, open_manifest(&r, "endpoint,trigger,value\na,0g,00\n"), SIGNET_E_SYNTAX,
            "devices.csv:2:3: trigger: is not pairs of hex digits");
    tear_down(&r);
}

static void a_row_is_at_fault_without_a_column(void **state)
{
    struct room r;
    char csv[256];

    (void)state;
    set_up(&r);
    r.options.pattern = "{serial}-{name}";
    r.options.identity = "{serial:018}{serial:018}{serial:018}{serial:018}{serial:018}{serial:018}"
                         "{serial:018}{serial:018}";
    snprintf(csv, sizeof(csv), "name\na\n");
    refused(&r, open_manifest(&r, csv), SIGNET_E_MEANING,
            "devices.csv:2:1: the PSK identity has 144 bytes: 1 to 128 are possible");
    r.options.identity = "{serial:018}{serial:018}{serial:018}{serial:018}{serial:018}{serial:018}"
                         "{serial:018}ab";
    good(&r, open_source(&r));
    tear_down(&r);
}

static void the_name_in_a_certificate_is_the_device_s_own(void **state)
{
    const struct signet_cert_info named = {.common_name = (char *)(uintptr_t) "me"},
                                  numbered = {.serial_number = (char *)(uintptr_t) "1"};
    struct room r;
    char server[96];

    (void)state;
    set_up_certs(&r, server);
    r.options.cert = &named;
    refused(&r, open_manifest(&r, "endpoint\na\n"), SIGNET_E_MEANING, "every device's own");
    r.options.cert = &numbered;
    refused(&r, open_manifest(&r, "endpoint\na\n"), SIGNET_E_MEANING, "every device's own");
    tear_down(&r);
}

static struct room *starved;

/* From a template to its first device: never is this a device that lacks something. */
static int make_one(struct signet_error *err)
{
    struct device unit = {0};
    int rc = source_open(&starved->source, &starved->options, err);

    if (rc == SIGNET_OK)
        rc = source_make(starved->source, "a", 0, &unit, err);
    if (rc == SIGNET_OK) {
        holds(&unit, 10250, 1, "a");
        assert_true(unit.facts.psk_sha256 || unit.facts.spki_sha256);
    }
    device_free(&unit);
    source_close(&starved->source);
    return rc;
}

static void starve_room(struct room *r, const char *csv)
{
    struct signet_tree *tree = NULL;
    char text[2048];
    int n = snprintf(text, sizeof(text), form, r->uri, r->mode, r->more, r->lifetime, r->objects);

    assert_int_equal(signet_config_parse(text, (size_t)n, "template", &tree, NULL), SIGNET_OK);
    assert_int_equal(signet_bytes_write(r->manifest, csv, strlen(csv), NULL), SIGNET_OK);
    r->options.manifest = r->manifest;
    r->options.model = tree;
    starved = r;
    starve_each(make_one);
    signet_tree_free(&tree);
    tear_down(r);
}

static void without_memory_no_device_is_made(void **state)
{
    struct room r;
    char server[96];

    (void)state;
    set_up(&r);
    r.more = " RID.Security.SecretKey: b'{psk:hex}',";
    r.objects = ", 10250: {1: {1: '{endpoint}', 2: b'{blob:base64}'}}";
    starve_room(&r, "endpoint,psk,blob\na,00112233445566778899aabbccddeeff,AAEC\n");
    set_up_certs(&r, server);
    r.objects = ", 10250: {1: {1: '{endpoint}'}}";
    starve_room(&r, "endpoint\na\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(secrets_of_the_template),
        cmocka_unit_test(a_misspelt_placeholder_has_its_place),
        cmocka_unit_test(a_template_is_no_row_s_fault),
        cmocka_unit_test(each_device_has_a_pair_of_its_own),
        cmocka_unit_test(keys_are_on_the_curve_that_is_asked_for),
        cmocka_unit_test(pairs_come_from_a_manifest),
        cmocka_unit_test(pairs_in_pem_are_refused),
        cmocka_unit_test(half_a_pair_belongs_to_the_other),
        cmocka_unit_test(columns_become_numbers_and_truths),
        cmocka_unit_test(a_row_is_at_fault_without_a_column),
        cmocka_unit_test(the_name_in_a_certificate_is_the_device_s_own),
        cmocka_unit_test(a_certificate_has_no_room_for_a_long_name),
        cmocka_unit_test(without_memory_no_device_is_made),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
