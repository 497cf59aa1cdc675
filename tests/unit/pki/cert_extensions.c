/* SPDX-License-Identifier: Apache-2.0 */
/* Extensions as TLS stacks of devices read them: what each may hold, at its limits. */
#include "pki/private.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define BYTES(t) t, sizeof(t) - 1

/* A length of two octets where one does not do. */
static void put(struct buf *out, uint8_t tag, const void *data, size_t len)
{
    buf_byte(out, tag);
    if (len > 127)
        buf_byte(out, 0x81);
    buf_byte(out, (uint8_t)len);
    buf_append(out, data, len);
}

static void put_extension(struct buf *out, const char *oid, size_t oid_len, bool critical,
                          const char *value, size_t len)
{
    struct buf box = {0};

    put(&box, 0x06, oid, oid_len);
    if (critical)
        put(&box, 0x01, "\xff", 1);
    put(&box, 0x04, value, len);
    put(out, DER_SEQUENCE, box.data, box.len);
    buf_free(&box);
}

static bool reads(struct buf *b, char wrong[static 160])
{
    struct der list = {b->data, b->data + b->len};

    wrong[0] = '\0';
    bool good = extensions_read(&list, wrong);
    buf_free(b);
    return good;
}

#define BASIC    BYTES("\x55\x1d\x13")
#define USAGE    BYTES("\x55\x1d\x0f")
#define PURPOSES BYTES("\x55\x1d\x25")
#define NAMES    BYTES("\x55\x1d\x11")
#define POLICIES BYTES("\x55\x1d\x20")
#define NETSCAPE BYTES("\x60\x86\x48\x01\x86\xf8\x42\x01\x01")
#define LIMITS   BYTES("\x55\x1d\x1e") /* nameConstraints */
#define ANY      "\x30\x06\x06\x04\x55\x1d\x20\x00"
#define SOME     "\x30\x06\x06\x04\x55\x1d\x20\x01"
#define MODULE   "\x06\x08\x2b\x06\x01\x05\x05\x07\x08\x04"

static void what_each_may_hold(void **state)
{
    static const struct {
        const char *oid;
        size_t oid_len;
        const char *value;
        size_t len;
        bool critical, good;
    } rows[] = {
        {BASIC, BYTES("\x30\x00"), false, true},
        {BASIC, BYTES("\x30\x03\x01\x01\xff"), true, true},
        {BASIC, BYTES("\x30\x04\x01\x02\xff\xff"), true, false},
        {BASIC, BYTES("\x30\x06\x01\x01\xff\x02\x01\x00"), true, true},
        {BASIC, BYTES("\x30\x03\x02\x01\x7f"), true, true},
        {BASIC, BYTES("\x30\x05\x02\x03\x01\x00\x00"), true, true},
        {BASIC, BYTES("\x30\x06\x02\x04\x01\x00\x00\x00"), true, false},
        {BASIC, BYTES("\x30\x02\x02\x00"), true, false},
        {BASIC, BYTES("\x30\x03\x02\x01\x80"), true, false}, /* less than 0 */
        {BASIC, BYTES("\x30\x05\x02\x01\x00\x05\x00"), true, false},
        {BASIC, BYTES("\x30\x02\x05\x00"), true, false},
        {BASIC, BYTES("\x31\x00"), true, false},
        {BASIC, BYTES("\x30\x00\x05\x00"), true, false},
        {USAGE, BYTES("\x03\x02\x07\x80"), true, true},
        {USAGE, BYTES("\x03\x03\x07\x80\x80"), true, true},
        {USAGE, BYTES("\x03\x02\x08\x80"), true, false},
        {USAGE, BYTES("\x03\x01\x00"), true, false},
        {USAGE, BYTES("\x03\x00"), true, false},
        {USAGE, BYTES("\x04\x02\x07\x80"), true, false},
        {NETSCAPE, BYTES("\x03\x02\x00\x80"), true, true},
        {NETSCAPE, BYTES("\x03\x03\x00\x80\x80"), true, false},
        {NETSCAPE, BYTES("\x03\x01\x00"), true, false},
        {NETSCAPE, BYTES("\x03\x02\x08\x80"), true, false},
        {PURPOSES, BYTES("\x30\x04\x06\x02\x2a\x03"), false, true},
        {PURPOSES, BYTES("\x30\x00"), false, false},
        {PURPOSES, BYTES("\x30\x02\x05\x00"), false, false},
        {NAMES, BYTES("\x30\x00"), false, true},
        {NAMES, BYTES("\x30\x03\x82\x01\x68"), false, true},
        {NAMES, BYTES("\x30\x03\xa2\x01\x68"), false, false}, /* in pieces */
        {NAMES, BYTES("\x30\x05\xa6\x03\x16\x01\x68"), false, false},
        {NAMES, BYTES("\x30\x02\x05\x00"), false, false},
        {NAMES, BYTES("\x30\x02\xc2\x00"), false, false},
        {NAMES, BYTES("\x30\x00\x05\x00"), false, false},
        {NAMES, BYTES("\x30\x06\x87\x04\x7f\x00\x00\x01"), false, true},
        {NAMES,
         BYTES("\x30\x12\x87\x10"
               "0123456789abcdef"),
         false, true},
        {NAMES, BYTES("\x30\x07\x87\x05\x7f\x00\x00\x01\x01"), false, false},
        {NAMES, BYTES("\x30\x04\xa4\x02\x30\x00"), false, true},
        {NAMES, BYTES("\x30\x06\xa4\x04\x30\x00\x05\x00"), false, false},
        {NAMES, BYTES("\x30\x04\xa4\x02\x05\x00"), false, false},
        {NAMES, BYTES("\x30\x06\xa4\x04\x30\x02\x05\x00"), false, false},
        {NAMES, BYTES("\x30\x06\xa0\x04\x06\x02\x2a\x03"), false, true}, /* some other name */
        {NAMES, BYTES("\x30\x04\xa0\x02\x05\x00"), false, false},
        {NAMES, BYTES("\x30\x16\xa0\x14" MODULE "\xa0\x08\x30\x06\x06\x01\x2a\x04\x01\x31"), false,
         true},
        {NAMES, BYTES("\x30\x0c\xa0\x0a" MODULE), false, false},
        {NAMES, BYTES("\x30\x18\xa0\x16" MODULE "\xa0\x08\x30\x06\x06\x01\x2a\x04\x01\x31\x05\x00"),
         false, false},
        {NAMES, BYTES("\x30\x18\xa0\x16" MODULE "\xa0\x0a\x30\x06\x06\x01\x2a\x04\x01\x31\x05\x00"),
         false, false},
        {NAMES, BYTES("\x30\x18\xa0\x16" MODULE "\xa0\x0a\x30\x08\x06\x01\x2a\x04\x01\x31\x05\x00"),
         false, false},
        {NAMES, BYTES("\x30\x13\xa0\x11" MODULE "\xa0\x05\x30\x03\x06\x01\x2a"), false, false},
        {NAMES, BYTES("\x30\x13\xa0\x11" MODULE "\xa0\x05\x30\x03\x04\x01\x31"), false, false},
        {POLICIES, BYTES("\x30\x00"), false, false},
        {POLICIES, BYTES("\x30\x08" SOME), false, true},
        {POLICIES, BYTES("\x30\x08" SOME), true, false},
        {POLICIES, BYTES("\x30\x08" ANY), true, true},
        {POLICIES, BYTES("\x30\x10" ANY SOME), true, false},
        {POLICIES, BYTES("\x30\x05\x30\x03\x06\x01\x2a"), true, false},
        {POLICIES, BYTES("\x30\x05\x30\x03\x06\x01\x2a"), false, true},
        {POLICIES, BYTES("\x30\x07\x30\x05\x06\x01\x2a\x30\x00"), false, true},
        {POLICIES, BYTES("\x30\x07\x30\x05\x06\x01\x2a\x05\x00"), false, false},
        {POLICIES, BYTES("\x30\x09\x30\x07\x06\x01\x2a\x30\x00\x05\x00"), false, false},
        {POLICIES, BYTES("\x30\x02\x05\x00"), false, false},
        {POLICIES, BYTES("\x30\x02\x30\x00"), false, false},
        {LIMITS, BYTES("whatever"), false, true},
        {LIMITS, BYTES("whatever"), true, false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct buf b = {0};
        char wrong[160];

        put_extension(&b, rows[i].oid, rows[i].oid_len, rows[i].critical, rows[i].value,
                      rows[i].len);
        if (reads(&b, wrong) != rows[i].good)
            fail_msg("row %zu: '%s'", i, wrong);
        assert_int_equal(!wrong[0], rows[i].good);
    }
}

static void the_list_itself(void **state)
{
    static const struct {
        const char *list;
        size_t len;
        const char *words; /* NULL: good */
    } rows[] = {
        {BYTES(""), NULL},
        {BYTES("\x30\x06\x06\x02\x2a\x03\x04\x00"), NULL},
        {BYTES("\x30\x09\x06\x02\x2a\x03\x01\x01\x00\x04\x00"), NULL}, /* not critical, said so */
        {BYTES("\x30\x09\x06\x02\x2a\x03\x01\x01\xff\x04\x00"), "is critical"},
        {BYTES("\x30\x0a\x06\x02\x2a\x03\x01\x02\x00\x00\x04\x00"), "malformed"},
        {BYTES("\x30\x08\x06\x02\x2a\x03\x04\x00\x05\x00"), "malformed"},
        {BYTES("\x30\x04\x06\x02\x2a\x03"), "malformed"},
        {BYTES("\x30\x02\x04\x00"), "malformed"},
        {BYTES("\x31\x00"), "malformed"},
        {BYTES("\x30\x06\x06\x02\x2a\x03\x04\x00\x30\x06\x06\x02\x2a\x03\x04\x00"),
         "it has the extension 1.2.3 twice"},
        {BYTES("\x30\x06\x06\x02\x2a\x03\x04\x00\x30\x06\x06\x02\x2a\x04\x04\x00"), NULL},
        {BYTES("\x30\x09\x06\x03\x55\x1d\x0f\x04\x02\x03\x00"),
         "the extension keyUsage is malformed"},
        {BYTES("\x30\x0a\x06\x03\x55\x1d\x1e\x01\x01\xff\x04\x00"),
         "the extension nameConstraints is critical, and they do not know it"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct buf b = {0};
        char wrong[160];

        buf_append(&b, rows[i].list, rows[i].len);
        if (reads(&b, wrong) != !rows[i].words || (rows[i].words && !strstr(wrong, rows[i].words)))
            fail_msg("row %zu: '%s'", i, wrong);
    }
}

static void sixty_four_and_no_more(void **state)
{
    (void)state;
    for (uint8_t count = 64; count <= 65; count++) {
        struct buf b = {0};
        char wrong[160];

        for (uint8_t i = 0; i < count; i++)
            put_extension(&b, (const char[]){0x2a, (char)i}, 2, false, "", 0);
        assert_int_equal(reads(&b, wrong), count == 64);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(what_each_may_hold),
                                       cmocka_unit_test(the_list_itself),
                                       cmocka_unit_test(sixty_four_and_no_more)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
