/* SPDX-License-Identifier: Apache-2.0 */
/* Groups image and settings: what a hostile or broken board can answer. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <cmocka.h>

#include "device.h"
#include "pki/pki.h"

enum { CODE = 1000, IMAGE = 32 + CODE + 40 };
enum { STATE = 0, UPLOAD = 1 };

/* A board with these entries in its list, of so many images; NULL: it has no list. It answers a
 * chunk with the offset behind it, or always with this one. */
struct board {
    void (*entry)(struct buf *body, const struct board *board, size_t i);
    size_t entries;
    int64_t offset; /* -1: the one behind */
    uint8_t hash[32];
    bool active;
};

static bool answer(struct device *device, const struct smp_header *header,
                   const struct smp_answer *request, struct buf *body)
{
    const struct board *board = device->ctx;

    if (header->group == SMP_GROUP_IMAGE && header->id == UPLOAD) {
        uint64_t end = smp_answer_want(request, "off", CBOR_UNSIGNED)->value +
                       smp_answer_want(request, "data", CBOR_BYTES)->len;
        cbor_put_text(body, "off");
        cbor_put_uint(body, board->offset < 0 ? end : (uint64_t)board->offset);
    } else if (header->group == SMP_GROUP_IMAGE && board->entry) {
        cbor_put_text(body, "images");
        cbor_put_array(body, board->entries);
        for (size_t i = 0; i < board->entries; i++)
            board->entry(body, board, i);
    } else {
        cbor_put_text(body, "rc");
        cbor_put_uint(body, header->group == SMP_GROUP_SETTINGS ? 0 : 8);
    }
    return true;
}

struct bench {
    struct device device;
    struct signet_link *link;
    struct signet_smp *smp;
    struct signet_error err;
};

static void set_up(struct bench *b, const struct board *board)
{
    *b = (struct bench){.device = {.handle = answer, .ctx = (void *)board}};
    device_open(&b->device, &b->link);
    assert_int_equal(signet_smp_new(&b->smp, b->link, NULL, NULL, &b->err), SIGNET_OK);
}

static void tear_down(struct bench *b)
{
    signet_smp_free(&b->smp);
    device_close(&b->device, &b->link);
}

/* As Zephyr lists it: all that it can say, whatever it is. */
static void whole(struct buf *body, const struct board *board, size_t i)
{
    static const char *const flags[] = {"bootable", "pending", "confirmed", "permanent"};

    cbor_put_map(body, 9);
    cbor_put_text(body, "image");
    cbor_put_uint(body, i / 2);
    cbor_put_text(body, "slot");
    cbor_put_uint(body, i % 2);
    cbor_put_text(body, "version");
    cbor_put_text(body, "1.2.3");
    cbor_put_text(body, "hash");
    cbor_put_bytes(body, board->hash, sizeof board->hash);
    for (size_t k = 0; k < 4; k++) {
        cbor_put_text(body, flags[k]);
        cbor_put_bool(body, k == 0);
    }
    cbor_put_text(body, "active");
    cbor_put_bool(body, board->active);
}

static void many_images(void **state)
{
    const struct board board = {.entry = whole, .entries = 8};
    struct signet_smp_image images[8];
    struct bench b;
    size_t count = 0;

    (void)state;
    set_up(&b, &board);
    if (signet_smp_image_list(b.smp, images, 8, &count, &b.err) != SIGNET_OK)
        fail_msg("%s", b.err.msg);
    assert_int_equal(count, 8);
    assert_int_equal(images[7].image, 3);
    assert_int_equal(images[7].slot, 1);
    assert_int_equal(signet_smp_image_list(b.smp, images, 3, &count, &b.err), SIGNET_OK);
    assert_int_equal(count, 3);
    tear_down(&b);
}

static void one_pair(struct buf *body, const char *key)
{
    cbor_put_map(body, 2);
    cbor_put_text(body, key);
}

static void not_a_map(struct buf *body, const struct board *board, size_t i)
{
    (void)board;
    cbor_put_uint(body, i);
}

static void no_slot(struct buf *body, const struct board *board, size_t i)
{
    (void)board;
    (void)i;
    one_pair(body, "version");
    cbor_put_text(body, "1.0.0");
    cbor_put_text(body, "image");
    cbor_put_uint(body, 0);
}

static void slot_256(struct buf *body, const struct board *board, size_t i)
{
    (void)board;
    (void)i;
    one_pair(body, "slot");
    cbor_put_uint(body, 256);
    cbor_put_text(body, "image");
    cbor_put_uint(body, 0);
}

static void image_256(struct buf *body, const struct board *board, size_t i)
{
    (void)board;
    (void)i;
    one_pair(body, "image");
    cbor_put_uint(body, 256);
    cbor_put_text(body, "slot");
    cbor_put_uint(body, 0);
}

static void long_version(struct buf *body, const struct board *board, size_t i)
{
    char text[sizeof((struct signet_smp_image *)0)->version + 1] = "";

    (void)board;
    (void)i;
    memset(text, '1', sizeof text - 1);
    one_pair(body, "version");
    cbor_put_text(body, text);
    cbor_put_text(body, "slot");
    cbor_put_uint(body, 0);
}

static void long_hash(struct buf *body, const struct board *board, size_t i)
{
    static const uint8_t hash[65];

    (void)board;
    (void)i;
    one_pair(body, "hash");
    cbor_put_bytes(body, hash, sizeof hash);
    cbor_put_text(body, "slot");
    cbor_put_uint(body, 0);
}

static void lists_that_are_refused(void **state)
{
    void (*const entries[])(struct buf *, const struct board *, size_t) = {
        not_a_map, no_slot, slot_256, image_256, long_version, long_hash};

    (void)state;
    for (size_t i = 0; i < sizeof entries / sizeof *entries; i++) {
        const struct board board = {.entry = entries[i], .entries = 1};
        struct signet_smp_image images[4];
        struct bench b;
        size_t count;

        set_up(&b, &board);
        assert_int_equal(signet_smp_image_list(b.smp, images, 4, &count, &b.err), SIGNET_E_SYNTAX);
        assert_string_equal(b.err.msg, "images: the answer has an image without a usable slot");
        tear_down(&b);
    }
}

static void make_image(uint8_t image[static IMAGE])
{
    uint8_t *tlv = image + 32 + CODE;

    memset(image, 0, IMAGE);
    memcpy(image, "\x3d\xb8\xf3\x96", 4);
    image[8] = 32;
    image[12] = CODE & 0xff;
    image[13] = CODE >> 8;
    memcpy(tlv, "\x07\x69\x28\x00\x10\x00\x20\x00", 8);
    assert_int_equal(sha256(image, 32 + CODE, tlv + 8, NULL), SIGNET_OK);
}

/* What the board says it took is in only when its list has it, in a slot that does not run. */
static void an_upload_is_looked_for(void **state)
{
    static const struct {
        bool lists, other, active; /* it has a list, with another hash, of what runs */
        int64_t offset;
        int rc;
        const char *words;
    } rows[] = {{true, false, false, -1, SIGNET_OK, ""},
                {true, true, false, -1, SIGNET_E_BOARD, "does not list it"},
                {true, false, true, -1, SIGNET_E_BOARD, "does not list it"},
                {true, true, false, IMAGE, SIGNET_E_BOARD, "does not list it"},
                {false, false, false, -1, SIGNET_OK, ""},
                {true, true, false, 32, SIGNET_E_BOARD, "does not get past offset 32"},
                {true, true, false, 0, SIGNET_E_BOARD, "does not get past offset 0"},
                {true, false, false, IMAGE + 1, SIGNET_E_SYNTAX, "no usable \"off\""}};
    uint8_t image[IMAGE];

    (void)state;
    make_image(image);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct board board = {.entry = rows[i].lists ? whole : NULL,
                              .entries = 1,
                              .offset = rows[i].offset,
                              .active = rows[i].active};
        struct bench b;

        memcpy(board.hash, image + IMAGE - 32, 32);
        board.hash[31] ^= rows[i].other;
        set_up(&b, &board);
        if (signet_smp_image_upload(b.smp, image, IMAGE, NULL, &b.err) != rows[i].rc ||
            !strstr(b.err.msg, rows[i].words))
            fail_msg("row %zu: %s", i, b.err.msg);
        tear_down(&b);
    }
}

static bool answer_with_nothing(struct device *device, const struct smp_header *header,
                                const struct smp_answer *request, struct buf *body)
{
    (void)device, (void)header, (void)request, (void)body;
    return true;
}

static void a_list_that_is_none(void **state)
{
    const struct board board = {.offset = -1};
    struct signet_smp_image images[2];
    size_t count = 7;
    struct bench b;

    (void)state;
    set_up(&b, &board);
    b.device.handle = answer_with_nothing;
    assert_int_equal(signet_smp_image_list(b.smp, images, 2, &count, &b.err), SIGNET_E_SYNTAX);
    assert_non_null(strstr(b.err.msg, "has no \"images\""));
    assert_int_equal(count, 7);
    tear_down(&b);
}

static void answers_that_lack_something(void **state)
{
    const struct board board = {.offset = -1};
    const struct signet_smp_options small = {.packet_limit = 64};
    struct signet_bytes value = {0};
    uint8_t image[IMAGE];
    struct bench b;

    (void)state;
    make_image(image);
    set_up(&b, &board);
    assert_int_equal(signet_smp_setting_read(b.smp, "a/b", &value, &b.err), SIGNET_E_SYNTAX);
    assert_string_equal(b.err.msg, "setting a/b: the answer has no \"val\"");
    assert_null(value.data);
    signet_smp_free(&b.smp);
    assert_int_equal(signet_smp_new(&b.smp, b.link, &small, NULL, &b.err), SIGNET_OK);
    assert_int_equal(signet_smp_image_upload(b.smp, image, IMAGE, NULL, &b.err), SIGNET_E_LIMIT);
    assert_non_null(strstr(b.err.msg, "packets of 64 bytes have no room for an image's header"));
    tear_down(&b);
}

struct progress {
    uint64_t done, total;
    int count;
};

static void on_event(void *ctx, const struct signet_event *event)
{
    struct progress *p = ctx;

    if (event->kind != SIGNET_EVENT_PROGRESS)
        return;
    assert_true(event->done >= p->done);
    *p = (struct progress){event->done, event->total, p->count + 1};
}

/* From the first byte to the last. */
static void an_upload_tells_how_far_it_is(void **state)
{
    struct board board = {.entry = whole, .entries = 1, .offset = -1};
    struct progress seen = {0};
    const struct signet_observer observer = {.on_event = on_event, .ctx = &seen};
    uint8_t image[IMAGE];
    struct bench b;

    (void)state;
    make_image(image);
    memcpy(board.hash, image + IMAGE - 32, 32);
    set_up(&b, &board);
    signet_smp_free(&b.smp);
    assert_int_equal(signet_smp_new(&b.smp, b.link, NULL, &observer, &b.err), SIGNET_OK);
    assert_int_equal(signet_smp_image_upload(b.smp, image, IMAGE, NULL, &b.err), SIGNET_OK);
    assert_int_equal(seen.done, IMAGE);
    assert_int_equal(seen.total, IMAGE);
    assert_true(seen.count > 2);
    tear_down(&b);
}

/* An offset of SMP has 32 bits. */
static void an_image_of_4_gib(void **state)
{
    const struct board board = {.offset = -1};
    const size_t len = (size_t)UINT32_MAX + 1;
    struct bench b;
    uint8_t *image =
        mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

    (void)state;
    if (image == MAP_FAILED)
        skip();
    make_image(image);
    set_up(&b, &board);
    assert_int_equal(signet_smp_image_upload(b.smp, image, len, NULL, &b.err), SIGNET_E_LIMIT);
    assert_non_null(strstr(b.err.msg, "larger than SMP takes"));
    tear_down(&b);
    munmap(image, len);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_upload_tells_how_far_it_is), cmocka_unit_test(an_image_of_4_gib),
        cmocka_unit_test(a_list_that_is_none),           cmocka_unit_test(many_images),
        cmocka_unit_test(lists_that_are_refused),        cmocka_unit_test(an_upload_is_looked_for),
        cmocka_unit_test(answers_that_lack_something),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
