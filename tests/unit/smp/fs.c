/* SPDX-License-Identifier: Apache-2.0 */
/* What a board says of its files: compared, downloaded, hashed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "device.h"

/* "123456789": CRC-32 is cbf43926 */
static const char file[] = "123456789";
static const uint8_t crc[4] = {0xcb, 0xf4, 0x39, 0x26};
static const uint8_t sha256[32] = {1, 2, 3}; /* any: the caller's */

/* How the board answers a hash of this type, and a status. */
struct answer {
    unsigned rc; /* not 0: an error of version 1; 99: a body without anything in it; 100: silence */
    uint64_t len;
    const uint8_t *output;
    size_t output_len;
    bool as_number;
};
struct board {
    struct answer sha256, crc32, status;
};

static bool closed; /* of an open file a board tells what it had before */

static bool put_answer(const struct answer *a, struct buf *body, bool hash)
{
    if (a->rc == 100)
        return false;
    if (a->rc == 99)
        return true;
    if (a->rc) {
        cbor_put_text(body, "rc");
        cbor_put_uint(body, a->rc);
        return true;
    }
    cbor_put_text(body, "len");
    cbor_put_uint(body, a->len);
    if (hash) {
        cbor_put_text(body, "output");
        if (a->as_number)
            cbor_put_uint(body, 0xcbf43926);
        else
            cbor_put_bytes(body, a->output, a->output_len);
    }
    return true;
}

static bool handle(struct device *device, const struct smp_header *header,
                   const struct smp_answer *request, struct buf *body)
{
    const struct board *board = device->ctx;
    const struct smp_item *type = smp_answer_want(request, "type", CBOR_TEXT);

    assert_int_equal(header->group, SMP_GROUP_FS);
    if (header->id == 4)
        return closed = true;
    assert_true(closed);
    if (header->id == 1)
        return put_answer(&board->status, body, false);
    assert_int_equal(header->id, 2);
    assert_non_null(type);
    return put_answer(type->len == 6 ? &board->sha256 : &board->crc32, body, true);
}

static int compare(const struct board *board, const uint8_t *sum, const char **how,
                   struct signet_error *err)
{
    const struct signet_smp_options options = {.retries = -1};
    struct device device = {.handle = handle, .ctx = (void *)(uintptr_t)board};
    struct signet_link *link = NULL;
    struct signet_smp *smp = NULL;

    *how = "";
    closed = false;
    device_open(&device, &link);
    assert_int_equal(signet_smp_new(&smp, link, &options, NULL, err), SIGNET_OK);
    int rc = signet_smp_compare(smp, "/f", file, 9, sum, how, err);
    signet_smp_free(&smp);
    device_close(&device, &link);
    return rc;
}

#define SHA(length)                                                                                \
    {                                                                                              \
        .len = (length), .output = sha256, .output_len = 32                                        \
    }
#define CRC(length)                                                                                \
    {                                                                                              \
        .len = (length), .output = crc, .output_len = 4                                            \
    }
#define REFUSED(number)                                                                            \
    {                                                                                              \
        .rc = (number)                                                                             \
    }

/* Same beginning is not same: each way of comparing goes by the length as well. */
static void compares(void **state)
{
    static const uint8_t other[32] = {1, 2, 4}, longer[33] = {1, 2, 3};
    static const struct {
        struct board board;
        int rc;
        const char *how, *words;
    } cases[] = {
        {{.sha256 = SHA(9)}, SIGNET_OK, "sha256", ""},
        {{.sha256 = SHA(10)}, SIGNET_E_BOARD, "", "has 10 of 9 bytes"},
        {{.sha256 = SHA(8)}, SIGNET_E_BOARD, "", "has 8 of 9 bytes"},
        {{.sha256 = {.len = 9, .output = other, .output_len = 32}},
         SIGNET_E_BOARD,
         "",
         "other bytes (by sha256)"},
        {{.sha256 = {.len = 9, .output = sha256, .output_len = 4}}, /* a part of it */
         SIGNET_E_BOARD,
         "",
         "other bytes (by sha256)"},
        {{.sha256 = {.len = 9, .output = sha256, .output_len = 0}},
         SIGNET_E_BOARD,
         "",
         "other bytes (by sha256)"},
        {{.sha256 = {.len = 9, .output = longer, .output_len = 33}},
         SIGNET_E_BOARD,
         "",
         "other bytes (by sha256)"},
        {{.sha256 = REFUSED(8), .crc32 = CRC(9)}, SIGNET_OK, "crc32", ""},
        {{.sha256 = REFUSED(1), .crc32 = CRC(9)}, SIGNET_OK, "crc32", ""},
        {{.sha256 = REFUSED(5), .crc32 = CRC(9)}, SIGNET_OK, "crc32", ""},
        {{.sha256 = REFUSED(99), .crc32 = CRC(9)}, SIGNET_OK, "crc32", ""},
        {{.sha256 = REFUSED(8), .crc32 = {.len = 9, .as_number = true}}, SIGNET_OK, "crc32", ""},
        {{.sha256 = REFUSED(8), .crc32 = CRC(10)}, SIGNET_E_BOARD, "", "has 10 of 9 bytes"},
        {{.sha256 = REFUSED(8), .crc32 = {.len = 9, .output = crc, .output_len = 3}},
         SIGNET_E_BOARD,
         "",
         "other bytes (by crc32)"},
        {{.sha256 = REFUSED(8), .crc32 = {.len = 9, .output = other, .output_len = 4}},
         SIGNET_E_BOARD,
         "",
         "other bytes (by crc32)"},
        {{.sha256 = REFUSED(8), .crc32 = REFUSED(8), .status = {.len = 9}},
         SIGNET_OK,
         "length",
         ""},
        {{.sha256 = REFUSED(8), .crc32 = REFUSED(8), .status = {.len = 10}},
         SIGNET_E_BOARD,
         "",
         "has 10 of 9 bytes"},
        {{.sha256 = REFUSED(8), .crc32 = REFUSED(8), .status = REFUSED(8)},
         SIGNET_E_UNSUPPORTED,
         "",
         "neither the hash nor the length"},
        {{.sha256 = REFUSED(100), .crc32 = CRC(9)}, SIGNET_E_TIMEOUT, "", "hash of /f"},
        {{.sha256 = REFUSED(8), .crc32 = REFUSED(100), .status = {.len = 9}},
         SIGNET_E_TIMEOUT,
         "",
         "hash of /f"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct signet_error err = {0};
        const char *how;
        int rc = compare(&cases[i].board, sha256, &how, &err);

        if (rc != cases[i].rc || strcmp(how, cases[i].how) != 0 ||
            (rc && !strstr(err.msg, cases[i].words)))
            fail_msg("case %zu: %d by '%s': %s", i, rc, how, err.msg);
    }
}

/* Without a SHA-256 of ours the board is not asked for its own. */
static void without_a_sum(void **state)
{
    static const struct board good = {.sha256 = REFUSED(100), .crc32 = CRC(9)};
    struct signet_error err;
    const char *how;

    (void)state;
    assert_int_equal(compare(&good, NULL, &how, &err), SIGNET_OK);
    assert_string_equal(how, "crc32");
}

/* One answer, raw, to each request. */
static bool raw(struct device *device, const struct smp_header *header,
                const struct smp_answer *request, struct buf *body)
{
    (void)header;
    (void)request;
    buf_append(body, ((struct buf *)device->ctx)->data, ((struct buf *)device->ctx)->len);
    return true;
}

static void hash_fits_its_room(void **state)
{
    static const struct {
        size_t type, output;
        int rc;
    } cases[] = {{15, 64, SIGNET_OK}, {16, 64, SIGNET_E_SYNTAX}, {15, 65, SIGNET_E_SYNTAX}};

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct buf body = {0};
        struct device device = {.handle = raw, .ctx = &body};
        struct signet_link *link = NULL;
        struct signet_smp *smp = NULL;
        struct signet_smp_hash hash = {0};
        char bytes[65];

        memset(bytes, 'a', sizeof(bytes));
        cbor_put_text(&body, "type");
        cbor_put_text_n(&body, bytes, cases[i].type);
        cbor_put_text(&body, "len");
        cbor_put_uint(&body, 9);
        cbor_put_text(&body, "output");
        cbor_put_bytes(&body, bytes, cases[i].output);
        device_open(&device, &link);
        assert_int_equal(signet_smp_new(&smp, link, NULL, NULL, NULL), SIGNET_OK);
        assert_int_equal(signet_smp_hash(smp, "/f", NULL, &hash, NULL), cases[i].rc);
        assert_int_equal(hash.output_len, cases[i].rc ? 0 : 64);
        assert_int_equal(strlen(hash.type), cases[i].rc ? 0 : 15);
        signet_smp_free(&smp);
        device_close(&device, &link);
        buf_free(&body);
    }
}

static void names_of_hashes_fit(void **state)
{
    struct buf body = {0};
    struct device device = {.handle = raw, .ctx = &body};
    struct signet_link *link = NULL;
    struct signet_smp *smp = NULL;
    struct signet_smp_hash_type types[3] = {{{0}, 7, 7}, {{0}, 7, 7}, {{0}, 7, 7}};
    size_t count = 0;

    (void)state;
    cbor_put_text(&body, "types");
    cbor_put_map(&body, 3);
    cbor_put_text(&body, "of sixteen chars"); /* no room for its end: left out */
    cbor_put_map(&body, 0);
    cbor_put_text(&body, "of fifteen char");
    cbor_put_map(&body, 1);
    cbor_put_text(&body, "size");
    cbor_put_uint(&body, 4);
    cbor_put_text(&body, "crc32");
    cbor_put_map(&body, 0);
    device_open(&device, &link);
    assert_int_equal(signet_smp_new(&smp, link, NULL, NULL, NULL), SIGNET_OK);
    assert_int_equal(signet_smp_hash_types(smp, types, 1, &count, NULL), SIGNET_OK);
    assert_int_equal(count, 2);
    assert_int_equal(types[1].size, 7); /* not touched */
    assert_int_equal(signet_smp_hash_types(smp, types, 3, &count, NULL), SIGNET_OK);
    assert_int_equal(count, 2);
    assert_string_equal(types[0].name, "of fifteen char");
    assert_int_equal(types[0].size, 4);
    assert_string_equal(types[1].name, "crc32");
    signet_smp_free(&smp);
    device_close(&device, &link);
    buf_free(&body);
}

/* A file by pieces: each case is what the board sends to an offset of 0, 2 and so on. */
struct pieces {
    const char *texts[4];
    uint64_t len; /* UINT64_MAX: not told */
};

static bool send_piece(struct device *device, const struct smp_header *header,
                       const struct smp_answer *request, struct buf *body)
{
    const struct pieces *p = device->ctx;
    const struct smp_item *off = smp_answer_want(request, "off", CBOR_UNSIGNED);

    (void)header;
    assert_true(off && off->value / 2 < 4);
    cbor_put_text(body, "off");
    cbor_put_uint(body, off->value);
    cbor_put_text(body, "data");
    cbor_put_bytes(body, p->texts[off->value / 2], strlen(p->texts[off->value / 2]));
    if (!off->value && p->len != UINT64_MAX) {
        cbor_put_text(body, "len");
        cbor_put_uint(body, p->len);
    }
    return true;
}

static void downloads_by_pieces(void **state)
{
    static const struct {
        struct pieces pieces;
        size_t max;
        int rc;
        const char *text; /* or words of the message */
    } cases[] = {
        {{{"ab", "cd", "e"}, 5}, 5, SIGNET_OK, "abcde"},
        {{{"ab", "cd", "e"}, 5}, 4, SIGNET_E_LIMIT, "the file is larger than 4 bytes"},
        {{{"ab", "cd", ""}, UINT64_MAX}, 4, SIGNET_OK, "abcd"}, /* ends with an empty piece */
        {{{"ab", "cd", "ef", ""}, 0}, 5, SIGNET_E_LIMIT, "the file is larger than 5 bytes"},
        {{{"ab", "cd", "ef"}, 5}, 100, SIGNET_E_BOARD, "sent more than the file's 5 bytes"},
        {{{"ab", "cd", ""}, 5}, 100, SIGNET_E_BOARD, "the file ends at 4 of 5 bytes"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct device device = {.handle = send_piece, .ctx = (void *)(uintptr_t)&cases[i].pieces};
        struct signet_link *link = NULL;
        struct signet_smp *smp = NULL;
        struct signet_bytes out = {0};
        struct signet_error err = {0};

        device_open(&device, &link);
        assert_int_equal(signet_smp_new(&smp, link, NULL, NULL, NULL), SIGNET_OK);
        int rc = signet_smp_download(smp, "/f", cases[i].max, &out, &err);
        if (rc != cases[i].rc ||
            (rc ? !strstr(err.msg, cases[i].text) : strcmp((char *)out.data, cases[i].text) != 0))
            fail_msg("case %zu: %d %s", i, rc, err.msg);
        if (rc)
            assert_null(out.data);
        signet_bytes_free(&out);
        signet_smp_free(&smp);
        device_close(&device, &link);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(compares),
        cmocka_unit_test(without_a_sum),
        cmocka_unit_test(hash_fits_its_room),
        cmocka_unit_test(names_of_hashes_fit),
        cmocka_unit_test(downloads_by_pieces),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
