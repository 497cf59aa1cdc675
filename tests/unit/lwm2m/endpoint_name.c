/* SPDX-License-Identifier: Apache-2.0 */
/* Names of known URN schemes, and what is hardly meant to be one. */
#include "lwm2m/lwm2m.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void names(void **state)
{
    static const struct {
        const char *name, *refused, *doubt;
    } rows[] = {
        {"urn:imei:490154203237518", NULL, NULL},
        {"URN:IMEI:490154203237518", NULL, NULL},
        {"urn:imei:490154203237519", NULL, "check digit"},
        {"urn:imei:49015420323751", "stand 15 digits", NULL},
        {"urn:imei:4901542032375180", "stand 15 digits", NULL},
        {"urn:imei:490154203237518.0", "stand 15 digits", NULL},
        {"urn:imei:NULL", "stand 15 digits", NULL},
        {"urn:imei:", "stand 15 digits", NULL},
        {"urn:imsi:262011234567890", NULL, NULL},
        {"urn:imsi:2620112345678901", "6 to 15 digits", NULL},
        {"urn:imsi:26201", "6 to 15 digits", NULL},
        {"urn:imei-msisdn:490154203237518-491701234567", NULL, NULL},
        {"urn:imei-msisdn:490154203237518", "MSISDN", NULL},
        {"urn:imei-msisdn:490154203237518-4917012345678901", "MSISDN", NULL},
        {"urn:imei-imsi:490154203237518-262011234567890", NULL, NULL},
        {"urn:imei-imsi:490154203237518-26201123456789O", "IMSI", NULL},
        {"urn:imei-imsi:490154203237518", "IMSI", NULL},
        {"urn:gsma:imei:90420156-025763-0", NULL, NULL},
        {"urn:gsma:imei:90420156-025763", "8-6-1 digits (RFC 7254)", NULL},
        {"urn:gsma:imei:90420156-025763-00", "8-6-1 digits", NULL},
        {"urn:gsma:imei:90420156-02576a-0", "8-6-1 digits", NULL},
        {"urn:gsma:imei:904201560257630", "8-6-1 digits", NULL},
        {"urn:esn:1a2b3c4d", NULL, NULL},
        {"urn:esn:1a2b3c4", "8 hexadecimal", NULL},
        {"urn:meid:A0000012345678", NULL, NULL},
        {"urn:meid:A000001234567g", "14 hexadecimal", NULL},
        {"urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6", NULL, NULL},
        {"urn:uuid:f81d4fae7dec11d0a76500a0c91e6bf6", "8-4-4-4-12", NULL},
        {"urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bfg", "8-4-4-4-12", NULL},
        {"urn:dev:mac:0123456789abcdef", NULL, NULL},
        {"urn:dev:mac:0123456789ab", "16 hexadecimal", NULL},
        {"urn:dev:ow:10e2073a01080063", NULL, NULL},
        {"urn:dev:ow:10e2073a010800", "16 hexadecimal", NULL},
        {"urn:dev:ops:0023C7-A1-0001", NULL, NULL},
        {"urn:dev:ops:0023C7-0001", "OUI-PRODUCT-SERIAL", NULL},
        {"urn:dev:ops:0023C7--0001", "OUI-PRODUCT-SERIAL", NULL},
        {"urn:dev:ops:0023C7-A1-", "OUI-PRODUCT-SERIAL", NULL},
        {"urn:dev:os:0023C7-000001", NULL, NULL},
        {"urn:dev:os:1", NULL, NULL},
        {"urn:dev:os:0023G7-1", NULL, "an OUI that is not six hexadecimal digits"},
        {"urn:dev:ops:GHIJKL-A1-1", NULL, "an OUI that is not six hexadecimal digits"},
        {"urn:dev:os:324730-1", NULL, NULL}, /* a PEN (RFC 9039) */
        {"urn:dev:os:signet-1", NULL, NULL},
        {"urn:dev:ops:0023c7-A1-1", NULL, "an OUI that is not six hexadecimal digits in capitals"},
        {"urn:dev:os:GHIJKL", NULL, NULL},
        {"urn:dev:os:", "OUI-SERIAL", NULL},
        {"urn:dev:os:a:b", "OUI-SERIAL", NULL},
        {"urn:dev:os:NULL", NULL, "for no value"},
        {"urn:dev:os:1234.0", NULL, "for no value"},
        {"urn:other:1", NULL, NULL},
        {"urn:3gpp2:meid:A04B0D56-02A7E3", NULL, NULL},
        {"urn:3gpp2:meid:A04B0D5602A7E3", "8-6 hexadecimal digits (RFC 8464)", NULL},
        {"urn:imei-iccid:490154203237518-8949000000000000000", NULL, NULL},
        {"urn:imei-iccid:490154203237518-894900000000000000012", "the ICCID", NULL},
        {"urn:extid:meter7@example.com", NULL, NULL},
        {"urn:extid:meter7", "NAME@DOMAIN", NULL},
        {"urn:extid:a@b@c", "NAME@DOMAIN", NULL},
        {"urn:dev:org:32473-foo", NULL, NULL},
        {"urn:dev:org:foo-1", "the organization's number", NULL},
        {"urn:dev:org:032473-1", "the organization's number", NULL},
        {"urn:dev:org:32473-", "the organization's number", NULL},
        {"urn:dev:os:32473-", NULL, "one side of its hyphen"},
        {"urn:dev:os:-1", NULL, "one side of its hyphen"},
        {"urn:dev:mac:0123456789ABCDEF", NULL, "has capitals"},
        {"urn:dev:ow:10E2073A01080063", NULL, "has capitals"},
        {"urn:imei:000000000000000", NULL, "one digit"},
        {"urn:uuid:00000000-0000-0000-0000-000000000000", NULL, "one digit"},
        {"urn:uuid:ffffffff-ffff-ffff-ffff-ffffffffffff", NULL, "one digit"},
        {"imei:490154203237518", NULL, "lacks urn:"},
        {"dev:os:0023C7-1", NULL, "lacks urn:"},
        {"device:os:1", NULL, NULL},
        {"urn:imei490154203237518", NULL, "is no URN"},
        {"urn-imei-490154203237518", NULL, "is no URN"},
        {"urn::1", NULL, "is no URN"},
        {"urn:-a:1", NULL, "is no URN"},
        {"urn:a-:1", NULL, "is no URN"},
        {"urn:a_b:1", NULL, "is no URN"},
        {"urnes-7", NULL, NULL},
        {"4.90154E+14", NULL, "rounded"},
        {"urn:dev:os:4,9E+14", NULL, "rounded"},
        {"E+14", NULL, NULL},
        {"1E+1x", NULL, NULL},
        {"#REF!", NULL, "for no value"},
        {"urn:dev:os:N/A", NULL, "for no value"},
        {"TRUE", NULL, "for no value"},
        {"{imei}", NULL, "a placeholder"},
        {"<name>", NULL, "a placeholder"},
        {"meter-%d", NULL, "a placeholder"},
        {"meter$SERIAL", NULL, "a placeholder"},
        {"coaps://host:5684", NULL, "is a URI"},
        {"\"meter\"", NULL, "has quotes"},
        {"meter\xe2\x80\x8b", NULL, "not ASCII"},
        {"z\xc3\xa4hler", NULL, "not ASCII"},
        {"nan", NULL, "for no value"},
        {"urn:dev:os:Sum", NULL, "for a sum"},
        {"acme:02-Jan", NULL, "a date"},
        {"acme:Jan-24", NULL, "a date"},
        {"acme:2-JAN-2024", NULL, "a date"},
        {"2024-01-02", NULL, "a date"},
        {"2.1.2024", NULL, "a date"},
        {"1/31/2024", NULL, "a date"},
        {"31/1/2024", NULL, "a date"},
        {"31-1", NULL, NULL},
        {"2024-48", NULL, NULL},
        {"2024-13-02", NULL, NULL},
        {"2024-01-32", NULL, NULL},
        {"2024-01-02-3", NULL, NULL},
        {"0023C7-01-02", NULL, NULL},
        {"1.2.3", NULL, NULL},
        {"10.1.2.2024", NULL, NULL},
        {"1-2.2024", NULL, NULL},
        {"jane-1", NULL, NULL},
        {"jan-feb", NULL, NULL},
        {"jan", NULL, NULL},
        {"device-1.0", NULL, NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct signet_error err = {0};
        const char *doubt = NULL;
        int rc = endpoint_check(rows[i].name, &doubt, &err);

        if ((rc == SIGNET_OK) != !rows[i].refused ||
            (rows[i].refused && !strstr(err.msg, rows[i].refused)) ||
            (!rc && (!doubt != !rows[i].doubt || (doubt && !strstr(doubt, rows[i].doubt)))))
            fail_msg("%s: '%s' '%s'", rows[i].name, err.msg, doubt ? doubt : "");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(names)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
