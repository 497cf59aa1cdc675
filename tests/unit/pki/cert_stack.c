/* SPDX-License-Identifier: Apache-2.0 */
/* The form of a certificate that TLS stacks of devices read: each field, as it should be and wrong.
 */
#include "pki/private.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { FRAME, VERSION, SERIAL, INNER, ISSUER, DATES, SUBJECT, KEY, REST, OUTER, SIGNATURE, FIELDS };

#define ECDSA "30{06{2a8648ce3d040302}}"
#define EC    "06{2a8648ce3d0201}06{2a8648ce3d030107}"
#define POINT                                                                                      \
    "046b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"                           \
    "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5"
#define DATE      "17{3235303130313030303030305a}"
#define RSA       "06{2a864886f70d010101}"
#define NUMBERS   "02{00c3}02{03}"
#define NAME(oid) "30{31{30{" oid "0c{61}}}}"

static const char *const usual[FIELDS] = {
    "30 30",
    "a0{02{02}}",
    "02{01}",
    ECDSA,
    NAME("06{550403}"),
    "30{" DATE DATE "}",
    NAME("06{550403}"),
    "30{30{" EC "}03{00" POINT "}}",
    "",
    ECDSA,
    "03{00 30{02{01}02{01}}}",
};

/* "30{02{01}}": bytes, and values whose lengths are counted. */
static void put_der(struct buf *out, const char **text)
{
    while (**text && **text != '}') {
        char pair[3] = {(*text)[0], (*text)[1], '\0'};
        uint8_t byte = (uint8_t)strtoul(pair, NULL, 16);

        if (**text == ' ') {
            ++*text;
            continue;
        }
        *text += 2;
        if (**text != '{') {
            buf_byte(out, byte);
            continue;
        }
        size_t start = out->len;

        ++*text;
        put_der(out, text);
        assert_int_equal(*(*text)++, '}');
        der_wrap(out, start, byte);
    }
}

/* The usual one with another field. FRAME: the tags of the whole and of what is signed. */
static int fits(int field, const char *text, struct signet_error *err)
{
    struct buf out = {0};
    const char *part[FIELDS];

    memcpy(part, usual, sizeof(part));
    part[field] = text;
    size_t frame[2] = {strtoul(part[FRAME], NULL, 16), strtoul(part[FRAME] + 3, NULL, 16)};
    for (int i = VERSION; i < FIELDS; i++) {
        const char *at = part[i == OUTER && field == INNER ? INNER : i];

        put_der(&out, &at);
        if (i == REST)
            der_wrap(&out, 0, (uint8_t)frame[1]);
    }
    der_wrap(&out, 0, (uint8_t)frame[0]);
    const struct signet_cert cert = {.der = {.data = out.data, .len = out.len}};
    int rc = cert_fits_stacks(&cert, err);

    buf_free(&out);
    return rc;
}

static void each_field(void **state)
{
    static const char version[] = "its version is none", algorithm[] = "its signature algorithm",
                      name[] = "a name in it is malformed", date[] = "a date in it is malformed",
                      key[] = "its public key is malformed", rsa[] = "its RSA key is malformed",
                      key_kind[] = "the algorithm of its public key",
                      extensions[] = "its extensions are malformed",
                      more[] = "its version does not", two[] = "two different signature algorithms",
                      signature[] = "its signature is malformed";
    static const struct {
        int field;
        const char *text, *why; /* NULL: it is taken */
    } rows[] = {
        {FRAME, "30 30", NULL},
        {FRAME, "31 30", "it is malformed"},
        {FRAME, "30 31", "it is malformed"},
        {VERSION, "", NULL},
        {VERSION, "a0{02{01}}", NULL},
        {VERSION, "a0{02{03}}", version},
        {VERSION, "a0{02{0002}}", version},
        {VERSION, "a0{02{}}", version},
        {VERSION, "a0{04{02}}", version},
        {VERSION, "a0{02{02}0500}", version},
        {SERIAL, "", "it has no serial number"},
        {SERIAL, "82{01}", "it has no serial number"},
        {INNER, "30{06{2a8648ce3d040302}0500}", NULL},
        {INNER, "31{06{2a8648ce3d040302}}", algorithm},
        {INNER, "30{04{2a8648ce3d040302}}", algorithm},
        {INNER, "30{06{2a8648ce3d040302}05000500}", algorithm},
        {INNER, "30{06{2a8648ce3d040302}05}", algorithm},
        {ISSUER, "30{}", "it has no issuer's name"},
        {ISSUER, "31{31{}}", "it has no issuer's name"},
        {ISSUER, "30{31{}}", name},
        {ISSUER, "30{30{30{06{550403}0c{61}}}}", name},
        {ISSUER, "30{31{31{06{550403}0c{61}}}}", name},
        {ISSUER, NAME("04{550403}"), name},
        {ISSUER, "30{31{30{06{550403}}}}", name},
        {ISSUER, "30{31{30{06{550403}0c{61}0c{61}}}}", name},
        {ISSUER, "30{31{30{06{550403}13{61}}30{06{55040a}16{61}}}31{30{06{550406}13{4445}}}}",
         NULL},
        {ISSUER, "30{31{30{06{550403}04{61}}}}", "a name in it is of a type"},
        {DATES, "31{" DATE DATE "}", "it has no dates"},
        {DATES, "30{" DATE "}", date},
        {DATES, "30{" DATE "16{3235303130313030303030305a}}", date},
        {DATES, "30{" DATE DATE DATE "}", "its dates are malformed"},
        {SUBJECT, "30{}", NULL},
        {SUBJECT, "31{}", "it has no subject's name"},
        {SUBJECT, "30{31{}}", name},
        {KEY, "", key},
        {KEY, "31{30{" EC "}03{00" POINT "}}", key},
        {KEY, "30{31{" EC "}03{00" POINT "}}", key},
        {KEY, "30{30{04{2a8648ce3d0201}}03{00" POINT "}}", key},
        {KEY, "30{30{" EC "0500}03{00" POINT "}}", key_kind},
        {KEY, "30{30{06{2a8648ce3d0201}05}03{00" POINT "}}", key_kind},
        {KEY, "30{30{" EC "}04{00" POINT "}}", key},
        {KEY, "30{30{" EC "}03{}}", key},
        {KEY, "30{30{" EC "}03{01" POINT "}}", key},
        {KEY, "30{30{" EC "}03{00" POINT "}0500}", key},
        {KEY, "30{30{" RSA "0500}03{00 30{" NUMBERS "}}}", "its RSA key is no key"},
        {KEY, "30{30{" RSA "}03{00 30{" NUMBERS "}}}", "its RSA key is no key"},
        {KEY, "30{30{" RSA "05{00}}03{00 30{" NUMBERS "}}}", rsa},
        {KEY, "30{30{" RSA "04{}}03{00 30{" NUMBERS "}}}", rsa},
        {KEY, "30{30{" RSA "0500}03{00 31{" NUMBERS "}}}", rsa},
        {KEY, "30{30{" RSA "0500}03{00 30{" NUMBERS "}0500}}", rsa},
        {KEY, "30{30{" RSA "0500}03{00 30{02{00c3}}}}", rsa},
        {KEY, "30{30{" RSA "0500}03{00 30{04{00c3}02{03}}}}", rsa},
        {KEY, "30{30{" RSA "0500}03{00 30{" NUMBERS "02{03}}}}", rsa},
        {REST, "81{00}", extensions}, /* unique identifiers, as they are written */
        {REST, "a3{30{30{06{551d13}04{30{}}}}}", NULL},
        {REST, "a3{}", extensions},
        {REST, "a3{31{30{06{551d13}04{30{}}}}}", extensions},
        {REST, "a3{30{30{06{551d13}04{30{}}}}0500}", extensions},
        {REST, "a3{30{30{06{551d13}04{05}}}}", "basicConstraints is malformed"},
        {REST, "a3{30{30{06{551d13}04{30{}}}}}0500", more},
        {OUTER, "30{06{2a8648ce3d040303}}", two},
        {OUTER, "30{06{2a8648ce3d040302}0500}", two},
        {OUTER, "31{06{2a8648ce3d040302}}", two},
        {SIGNATURE, "", signature},
        {SIGNATURE, "04{00 30{02{01}02{01}}}", signature},
        {SIGNATURE, "03{}", signature},
        {SIGNATURE, "03{01 30{02{01}02{02}}}", signature},
        {SIGNATURE, "03{00 30{02{01}02{01}}}0500", signature},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct signet_error err = {0};
        int rc = fits(rows[i].field, rows[i].text, &err);

        if ((rc == SIGNET_OK) != !rows[i].why || (rows[i].why && !strstr(err.msg, rows[i].why)))
            fail_msg("row %zu, %s: %s", i, rows[i].text, err.msg);
    }
}

/* UTCTime and GeneralizedTime; the Z may be missing. */
static void each_date(void **state)
{
    static const char *const good[] = {
        "17 250101000000Z",   "17 250101000000",    "17 251231235959Z",   "17 240229000000Z",
        "17 000229000000Z",   "17 250430000000Z",   "18 20240229000000Z", "18 20000229000000Z",
        "18 24000229000000Z", "18 20250101000000Z", "18 20250101000000",  "17 250131000000Z"};
    static const char *const bad[] = {"17 2501010000Z",
                                      "17 250101000000z",
                                      "17 2501010000000Z",
                                      "17 250101000000+0000",
                                      "17 250001000000Z",
                                      "17 251301000000Z",
                                      "17 250100000000Z",
                                      "17 250132000000Z",
                                      "17 250431000000Z",
                                      "17 250229000000Z",
                                      "17 250230000000Z",
                                      "17 240230000000Z",
                                      "17 250101240000Z",
                                      "17 250101006000Z",
                                      "17 250101000060Z",
                                      "17 x50101000000Z",
                                      "17 250x01000000Z",
                                      "17 25010x000000Z",
                                      "17 2501010x0000Z",
                                      "17 250101000x00Z",
                                      "17 25010100000:Z",
                                      "17 20250101000000Z",
                                      "18 250101000000Z",
                                      "18 19000229000000Z",
                                      "18 21000229000000Z",
                                      "18 /0250101000000Z",
                                      "17 ",
                                      "18 2025"};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(good) + COUNT_OF(bad); i++) {
        const char *text = i < COUNT_OF(good) ? good[i] : bad[i - COUNT_OF(good)];
        struct signet_error err = {0};
        struct buf dates = {0};

        buf_printf(&dates, "30{" DATE "%.2s{", text);
        for (const char *c = text + 3; *c; c++)
            buf_printf(&dates, "%02x", (unsigned)*c);
        buf_text(&dates, "}}");
        buf_byte(&dates, '\0');
        int rc = fits(DATES, (const char *)dates.data, &err);

        if ((rc == SIGNET_OK) != (i < COUNT_OF(good)) ||
            (rc && !strstr(err.msg, "a date in it is malformed")))
            fail_msg("%s: %d: %s", text, rc, err.msg);
        buf_free(&dates);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_field),
        cmocka_unit_test(each_date),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
