/* SPDX-License-Identifier: Apache-2.0 */
/* Devices of a manifest and of a pattern: what they get, and which rows get none. */
#include "unit/template/room.h"

#include <pthread.h>

static void a_pattern_gives_keys_of_their_own(void **state)
{
    struct room r;
    struct device a = {0}, b = {0};
    char name[152];

    (void)state;
    set_up(&r);
    r.options.pattern = "urn:dev:{serial:04}9";
    r.options.first = 98;
    r.options.count = 3;
    r.options.identity = "id-{serial}-{endpoint}";
    good(&r, open_source(&r));
    assert_int_equal(source_name(r.source, 2, name, &r.err), SIGNET_OK);
    assert_string_equal(name, "urn:dev:01009");
    assert_int_equal(source_name(r.source, 3, name, &r.err), SIGNET_E_NOT_FOUND);
    good(&r, source_make(r.source, "urn:dev:00989", 0, &a, &r.err));
    good(&r, source_make(r.source, "urn:dev:01009", -1, &b, &r.err)); /* found by its name */
    holds(&a, 0, 3, "id-98-urn:dev:00989");
    holds(&b, 0, 3, "id-100-urn:dev:01009");
    assert_int_equal(b.view.psk_len, 32);
    assert_string_equal(b.facts.psk_identity, "id-100-urn:dev:01009");
    assert_string_not_equal(a.facts.psk_sha256, b.facts.psk_sha256);
    assert_string_not_equal(a.facts.packet_sha256, b.facts.packet_sha256);
    struct signet_tree *tree = NULL;
    good(&r, signet_packet_decode(b.packet.data, b.packet.len, &tree, &r.err));
    assert_int_equal(signet_tree_count(tree), signet_tree_count(b.view.tree));
    signet_tree_free(&tree);
    device_free(&a);
    device_free(&b);
    assert_int_equal(source_make(r.source, "urn:dev:01019", -1, &a, &r.err), SIGNET_E_NOT_FOUND);
    assert_int_equal(source_make(r.source, "urn:dev:1009", -1, &a, &r.err), SIGNET_E_NOT_FOUND);
    tear_down(&r);
}

static const char with_psk[] = " RID.Security.PKOrIdentity: b'{id:text}',"
                               " RID.Security.SecretKey: b'{psk:hex}',";

static void a_manifest_fills_the_template(void **state)
{
    struct room r;
    struct device unit = {0};
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
    assert_int_equal(source_name(r.source, 1, name, &r.err), SIGNET_OK);
    assert_string_equal(name, "urn:b-008");
    good(&r, source_make(r.source, "urn:a-007", 0, &unit, &r.err));
    holds(&unit, 0, 0, "coaps://h1.example:5684");
    holds(&unit, 0, 3, "id-a");
    assert_int_equal(value(&unit, 1, 1)->as.integer, 60);
    holds(&unit, 10250, 1, "lot {L\n1}");
    assert_int_equal(value(&unit, 10250, 2)->as.bytes.len, 2);
    assert_int_equal(unit.view.psk_len, 16);
    assert_int_equal(unit.view.psk[15], 15);
    assert_string_equal(unit.facts.psk_identity, "id-a");
    device_free(&unit);
    /* wherever the caller thinks that it is */
    good(&r, source_make(r.source, "urn:b-008", 0, &unit, &r.err));
    assert_int_equal(value(&unit, 1, 1)->as.integer, 90);
    device_free(&unit);
    assert_int_equal(source_make(r.source, "urn:c-009", -1, &unit, &r.err), SIGNET_E_NOT_FOUND);
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
                               "j,j,3378406d706c3350354b3533637233744b3379,60\n"
                               "k,k,00000000000000000000000000000000,60\n");
    refused(&r, rc, SIGNET_E_MEANING, "10 rows are bad; the first");
    assert_string_equal(r.told,
                        "devices.csv:3:5: psk: the key has 15 bytes: 16 to 64 are possible\n"
                        "devices.csv:4:5: psk: is not pairs of hex digits\n"
                        "devices.csv:5:1: endpoint 'd d': 'd d' is no endpoint name\n"
                        "devices.csv:6:3: id: the PSK identity has 0 bytes: 1 to 128 are possible\n"
                        "devices.csv:7:38: lifetime 'soon': is no whole number\n"
                        "devices.csv:8:37: 3 fields, the header has 4\n"
                        "devices.csv:9:5: psk: is not pairs of hex digits\n"
                        "devices.csv:10:5: psk: is not pairs of hex digits\n"
                        "devices.csv:11:5: psk: the key is the sample that everyone knows\n"
                        "devices.csv:12:5: psk: the key is one byte again and again, which anyone "
                        "guesses\n");
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
            "250 rows are bad, 150 more than were reported");
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
    assert_non_null(strstr(r.told, "devices.csv:4:1: a quote is opened"));
    refused(&r, open_manifest(&r, "endpoint\na\n\"c\nd\n"), SIGNET_E_SYNTAX, ":3:1: a quote is");
    tear_down(&r);
}

static void typed_keys_are_told_once(void **state)
{
    static const struct {
        const char *rows;
        int warnings;
    } files[] = {
        {"a,a,8f2c7a51d17b43e99a2e5d40c7b8136e\nb,b,17c0d84e2a9b6f3358e1f09c4d7ab265\n", 0},
        {"a,a,8f2c7a51d17b43e99a2e5d40c7b80001\nb,b,8f2c7a51d17b43e99a2e5d40c7b80002\n"
         "c,c,8f2c7a51d17b43e99a2e5d40c7b80003\n",
         1},
        {"a,a,12345678901234567890123456789012\nb,b,0123456789abcdef0123456789abcdef\n", 2},
        {"meter-0000000007,a,6d657465722d30303030303030303037\n", 1},
    };
    struct room r;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(files); i++) {
        char csv[400];

        set_up(&r);
        r.more = with_psk;
        snprintf(csv, sizeof(csv), "endpoint,id,psk\n%s", files[i].rows);
        r.warnings = 0;
        good(&r, open_manifest(&r, csv));
        if (r.warnings != files[i].warnings)
            fail_msg("file %zu: %d warnings", i, r.warnings);
        tear_down(&r);
    }
}

/* What spreadsheets make of the cells that a name is made of, and values that a device may refuse:
 * legal, and told. */
static void what_is_hardly_meant_is_told(void **state)
{
    static const struct {
        const char *pattern, *csv;
        int warnings;
        const char *words; /* of the last one */
    } rows[] = {
        {"acme-{sn}", "sn\n17\n18\n", 0, ""},
        {"acme-{sn}", "sn\n007\n018\n", 0, ""},
        {"acme-{sn}", "sn\n007\n8\n9\n", 1, "devices.csv:3:1: sn '8' has another number of digits"},
        {"acme-{sn}", "sn\n7\n008\n009\n", 1, "devices.csv:3:1: sn '008' has another number"},
        {"acme-{sn}", "sn\n007\n8a\n", 0, ""},
        {"acme-{sn}-{b}", "sn,b\n007,1\n,2\n", 1,
         "devices.csv:3:1: sn '' ends in what a table has"},
        {"acme-{sn}", "sn\nNULL\nnull2\n", 1, "sn 'NULL' ends in what a table has for no value"},
        {"acme-{sn}", "sn\n12.0\n13\n", 1, "sn '12.0' ends in"},
        {"acme-{sn}", "sn\n01-Jan\nJun-07\n", 2, "sn 'Jun-07' ends in a date"},
        {"{sn}", "sn\nurn:dev:os:-a\n", 1,
         "devices.csv:2:1: urn:dev:os:-a has nothing on one side"},
        {"{sn}", "sn\nmeter-1\nTotal\n", 1,
         "Total ends in what a table has for no value, for a sum"},
        {"a{sn}", "sn,PSK,p sk\n1,2,3\n", 1,
         "devices.csv:1: columns 2 and 3, 'PSK' and 'p sk', have one name but for capitals"},
        {"a{sn}", "sn,life\n1,60\n2,2147483648\n3,2147483648\n", 1,
         "devices.csv:3:3: life '2147483648': template:1:"},
        {"a{sn}", "sn,life\n1,2147483648\n2,60\n", 1, "template:1:"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct room r;

        set_up(&r);
        if (strstr(rows[i].csv, "life"))
            r.lifetime = "'{life}'";
        r.options.pattern = rows[i].pattern;
        good(&r, open_manifest(&r, rows[i].csv));
        if (r.warnings != rows[i].warnings || !strstr(r.warned.msg, rows[i].words))
            fail_msg("row %zu: %d warnings, the last: %s", i, r.warnings, r.warned.msg);
        tear_down(&r);
    }
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
    refused(&r, open_manifest(&r, "Endpoint,a\na,b\n"), SIGNET_E_MEANING, "no column 'endpoint'");
    assert_string_equal(r.err.hint,
                        "did you mean its column 'Endpoint'? names: {pattern: \"{Endpoint}\"}");
    refused(&r, open_manifest(&r, "a, endpoint\na,b\n"), SIGNET_E_MEANING, "no column 'endpoint'");
    assert_string_equal(r.err.hint, "its column ' endpoint' has a blank in its name: take it out");
    static const char *const fixed[] = {"urn:x", "urn:{serial}-{serial}"};
    r.options.manifest = NULL;
    for (size_t i = 0; i < COUNT_OF(fixed); i++) {
        r.options.pattern = fixed[i];
        refused(&r, open_source(&r), SIGNET_E_SYNTAX, "is not a pattern of names");
        assert_non_null(strstr(r.err.hint, "in it once"));
    }
    r.options.pattern = "urn:{nam}";
    refused(&r, open_manifest(&r, "name\na\n"), SIGNET_E_MEANING, "{nam} names no column");
    assert_non_null(strstr(r.err.hint, "{name}"));
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
            "devices.csv:4:1: c: no c here");
    assert_int_equal(r.asked, 4);
    tear_down(&r);
}

static void boards_names_are_looked_up(void **state)
{
    struct room r;
    struct device unit = {0};
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
    assert_false(source_has_names(r.source));
    for (int i = 0; i < 9000; i += 613) {
        snprintf(name, sizeof(name), "board-%d", i);
        good(&r, source_make(r.source, name, -1, &unit, &r.err));
        assert_int_equal(value(&unit, 1, 1)->as.integer, i + 1);
        device_free(&unit);
    }
    assert_int_equal(source_make(r.source, "board-9000", -1, &unit, &r.err), SIGNET_E_NOT_FOUND);
    tear_down(&r);
}

struct worker {
    struct room *room;
    int first, made;
};

static void *work(void *arg)
{
    struct worker *w = arg;
    struct source *source = w->room->source;

    for (int i = w->first; i < 3000; i += 4) {
        struct device unit = {0};
        char name[152];

        if (source_name(source, i, name, NULL) == SIGNET_OK &&
            source_make(source, name, i, &unit, NULL) == SIGNET_OK &&
            value(&unit, 1, 1)->as.integer == i + 1)
            w->made++;
        device_free(&unit);
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
        cmocka_unit_test(typed_keys_are_told_once),
        cmocka_unit_test(what_is_hardly_meant_is_told),
        cmocka_unit_test(rows_and_quota),
        cmocka_unit_test(servers_see_every_row),
        cmocka_unit_test(boards_names_are_looked_up),
        cmocka_unit_test(several_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
