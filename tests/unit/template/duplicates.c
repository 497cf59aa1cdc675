/* SPDX-License-Identifier: Apache-2.0 */
/* Rows with the same name, identity or key; also when all texts have one hash.
 * wrap: index_hash
 */
#include "unit/template/room.h"

static bool one_hash; /* for all texts */

uint64_t __real_index_hash(const struct index *index, const void *data, size_t len);
uint64_t __wrap_index_hash(const struct index *index, const void *data, size_t len);
uint64_t __wrap_index_hash(const struct index *index, const void *data, size_t len)
{
    return one_hash ? 7 : __real_index_hash(index, data, len);
}

static const char with_psk[] = " RID.Security.PKOrIdentity: b'{id:text}',"
                               " RID.Security.SecretKey: b'{psk:hex}',";

static void rows(struct buf *csv, int count)
{
    buf_text(csv, "endpoint,id,psk\n");
    for (int i = 2; i < count; i++) {
        int name = i == 31 ? 7 : i, id = i == 40 ? 4 : i, psk = i == count - 1 ? 2 : i;
        buf_printf(csv, "urn:dev:%d,id-%d,%032x\n", name, id, psk);
    }
}

static void each_is_found(void **state)
{
    struct room r;
    struct buf csv = {0};

    (void)state;
    set_up(&r);
    r.more = with_psk;
    rows(&csv, 5000);
    refused(&r, open_manifest(&r, (const char *)csv.data), SIGNET_E_CONFLICT,
            "3 rows are bad; the first: ");
    assert_string_equal(r.told, "devices.csv:31:1: the endpoint 'urn:dev:7' is that of line 7 too\n"
                                "devices.csv:40:1: the PSK identity is that of line 4 too\n"
                                "devices.csv:4999:1: the key is that of line 2 too\n");
    buf_free(&csv);
    tear_down(&r);
}

/* What has the same hash is compared, and a name is found among others. */
static void a_hash_is_no_proof(void **state)
{
    struct room r;
    struct device unit = {0};
    struct buf csv = {0};

    (void)state;
    set_up(&r);
    r.more = with_psk;
    one_hash = true;
    rows(&csv, 60);
    refused(&r, open_manifest(&r, (const char *)csv.data), SIGNET_E_CONFLICT, "3 rows are bad");
    assert_string_equal(r.told, "devices.csv:31:1: the endpoint 'urn:dev:7' is that of line 7 too\n"
                                "devices.csv:40:1: the PSK identity is that of line 4 too\n"
                                "devices.csv:59:1: the key is that of line 2 too\n");
    buf_reset(&csv);
    rows(&csv, 30);
    csv.len -= strlen("urn:dev:29,id-29,") + 33;
    buf_byte(&csv, 0);
    good(&r, open_manifest(&r, (const char *)csv.data));
    good(&r, source_make(r.source, "urn:dev:17", -1, &unit, &r.err));
    holds(&unit, 0, 3, "id-17");
    device_free(&unit);
    refused(&r, source_make(r.source, "urn:dev:29", -1, &unit, &r.err), SIGNET_E_NOT_FOUND,
            "has no device 'urn:dev:29'");
    one_hash = false;
    buf_free(&csv);
    tear_down(&r);
}

/* A name may be another device's identity, and two accounts of a device may share a key. */
static void kinds_and_accounts(void **state)
{
    struct room r;

    (void)state;
    set_up(&r);
    r.more = with_psk;
    good(&r, open_manifest(&r, "endpoint,id,psk\n"
                               "a,b,000102030405060708090a0b0c0d0e0f\n"
                               "b,a,00112233445566778899aabbccddeeff\n"));
    r.more = " RID.Security.PKOrIdentity: b'{id:text}', RID.Security.SecretKey: b'{psk:hex}',"
             " RID.Security.ShortServerID: 2}, 2: {RID.Security.ServerURI: 'coaps://other',"
             " RID.Security.Bootstrap: False, RID.Security.Mode: 0,"
             " RID.Security.PKOrIdentity: b'{bid:text}', RID.Security.SecretKey: b'{bpsk:hex}',";
    r.lifetime = "60, RID.Server.NotificationStoring: False, RID.Server.Binding: 'U'},"
                 " 2: {RID.Server.ShortServerID: 2, RID.Server.Lifetime: 60";
    good(&r, open_manifest(&r, "endpoint,id,psk,bid,bpsk\n"
                               "a,a,000102030405060708090a0b0c0d0e0f,a,"
                               "000102030405060708090a0b0c0d0e0f\n"));
    refused(&r,
            open_manifest(&r, "endpoint,id,psk,bid,bpsk\n"
                              "a,a,000102030405060708090a0b0c0d0e0f,b,"
                              "00112233445566778899aabbccddeeff\n"
                              "b,c,00112233445566778899aabbccddee00,d,"
                              "000102030405060708090a0b0c0d0e0f\n"),
            SIGNET_E_CONFLICT, "devices.csv:3:1: the key is that of line 2 too");
    tear_down(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_is_found),
        cmocka_unit_test(a_hash_is_no_proof),
        cmocka_unit_test(kinds_and_accounts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
