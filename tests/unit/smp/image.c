/* SPDX-License-Identifier: Apache-2.0 */
/* Images for MCUboot and settings, on a simulated board. */
#include <setjmp.h>
#include <signet/smp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "bench.h"
#include "pki/pki.h"
#include "smp/client.h"

enum { CODE = 3000, IMAGE = 32 + CODE + 40 };

static void put_le(uint8_t *at, uint32_t value, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++)
        at[i] = (uint8_t)(value >> (8 * i));
}

static void make_image(uint8_t image[static IMAGE], uint8_t major, uint8_t minor, uint32_t build)
{
    uint8_t *tlv = image + 32 + CODE;

    memset(image, 0, IMAGE);
    put_le(image, 0x96f3b83d, 4);
    put_le(image + 8, 32, 2);
    put_le(image + 12, CODE, 4);
    image[20] = major;
    image[21] = minor;
    put_le(image + 24, build, 4);
    for (size_t i = 0; i < CODE; i++)
        image[32 + i] = (uint8_t)(i * major + i / 250);
    put_le(tlv, 0x6907, 2);
    put_le(tlv + 2, 40, 2);
    put_le(tlv + 4, 0x10, 2);
    put_le(tlv + 6, 32, 2);
    assert_int_equal(sha256(image, 32 + CODE, tlv + 8, NULL), SIGNET_OK);
}

static void what_an_image_says(void **state)
{
    static const struct {
        size_t at, len; /* one byte of it is another; it has so many bytes */
        const char *words;
    } rows[] = {{0, IMAGE, "does not begin as one"},
                {IMAGE, 31, "does not begin as one"},
                {8, IMAGE, "it was not signed"},
                {14, IMAGE, "shorter than its header"},
                {IMAGE, 32 + CODE, "shorter than its header"},
                {32 + CODE, IMAGE, "it was not signed"},
                {IMAGE, 32 + CODE + 39, "it was not signed"},
                {32 + CODE + 4, IMAGE, "it has no hash"},
                {32 + CODE + 6, IMAGE, "it has no hash"},
                {40, IMAGE, "the image is damaged"},
                {32 + CODE + 20, IMAGE, "the image is damaged"}};
    uint8_t image[IMAGE + 1];
    struct signet_smp_image out;
    struct signet_error err = {0};

    (void)state;
    make_image(image, 1, 2, 0);
    assert_int_equal(signet_smp_image_read(image, IMAGE, &out, &err), SIGNET_OK);
    assert_string_equal(out.version, "1.2.0");
    assert_int_equal(out.hash_len, 32);
    make_image(image, 1, 2, 77);
    assert_int_equal(signet_smp_image_read(image, IMAGE, &out, &err), SIGNET_OK);
    assert_string_equal(out.version, "1.2.0.77");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        make_image(image, 1, 2, 0);
        image[rows[i].at] ^= 0x0c;
        if (signet_smp_image_read(image, rows[i].len, &out, &err) != SIGNET_E_SYNTAX ||
            !strstr(err.msg, rows[i].words))
            fail_msg("row %zu: %s", i, err.msg);
    }
}

/* A hash has the length of its kind: another one would not fit where it is copied to. */
static void hashes_of_images(void **state)
{
    static const struct {
        uint8_t type;
        size_t len, hash_len; /* 0: it is none */
    } rows[] = {{0x10, 31, 0},  {0x10, 33, 0},  {0x10, 200, 0}, {0x11, 48, 48}, {0x11, 32, 0},
                {0x11, 200, 0}, {0x12, 64, 64}, {0x12, 48, 0},  {0x12, 200, 0}, {0x13, 32, 0}};
    static uint8_t image[IMAGE + 300];
    uint8_t *tlv = image + 32 + CODE;

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct signet_smp_image out = {0};
        struct signet_error err = {0};
        size_t len = rows[i].len;

        make_image(image, 1, 2, 0);
        memset(tlv + 8, 0x5a, len);
        put_le(tlv + 2, (uint32_t)len + 8, 2);
        tlv[4] = rows[i].type;
        put_le(tlv + 6, (uint32_t)len, 2);
        int rc = signet_smp_image_read(image, 32 + CODE + 8 + len, &out, &err);
        if (rc != (rows[i].hash_len ? SIGNET_OK : SIGNET_E_SYNTAX) ||
            out.hash_len != rows[i].hash_len || (rc && !strstr(err.msg, "it has no hash")))
            fail_msg("row %zu: %d: %s", i, rc, err.msg);
        if (rows[i].hash_len)
            assert_memory_equal(out.hash, tlv + 8, len);
    }
}

static size_t list(struct bench *b, struct signet_smp_image images[static 4])
{
    size_t count = 0;

    OK(b, signet_smp_image_list(b->smp, images, 4, &count, &b->err));
    return count;
}

/* From the upload to the new image that stays, or that goes back. */
static void an_image_is_tried(void **state)
{
    static const enum sim_generation generations[] = {SIM_ZEPHYR_32, SIM_ZEPHYR_33, SIM_ZEPHYR_44};
    uint8_t image[IMAGE];

    (void)state;
    make_image(image, 2, 0, 0);
    for (size_t i = 0; i < 6; i++) {
        const struct sim_board_options board = {.firmware = SIM_FIRMWARE_SMP_FILE,
                                                .generation = generations[i / 2],
                                                .misbehave = "drop-tx=7,drop-rx=23"};
        const struct signet_smp_options options = {.timeout_ms = 60};
        struct signet_smp_image m[4];
        bool keep = i % 2;
        struct bench b;

        set_up(&b, &board, &options);
        assert_int_equal(list(&b, m), 1);
        assert_string_equal(m[0].version, "1.0.0");
        assert_true(m[0].active && m[0].confirmed && m[0].bootable && !m[0].pending);
        OK(&b, signet_smp_image_upload(b.smp, image, IMAGE, NULL, &b.err));
        assert_int_equal(list(&b, m), 2);
        assert_string_equal(m[1].version, "2.0.0");
        assert_true(m[1].slot == 1 && !m[1].active && !m[1].pending);
        OK(&b, signet_smp_image_choose(b.smp, m[1].hash, m[1].hash_len, false, &b.err));
        assert_int_equal(signet_smp_image_erase(b.smp, -1, &b.err), SIGNET_E_SMP);
        OK(&b, sim_board_reset(b.board, &b.err)); /* a request for it may be one that is lost */
        list(&b, m);
        assert_string_equal(m[0].version, "2.0.0");
        assert_true(m[0].active && !m[0].confirmed && m[1].confirmed);
        if (keep)
            OK(&b, signet_smp_image_choose(b.smp, NULL, 0, true, &b.err));
        OK(&b, sim_board_reset(b.board, &b.err));
        list(&b, m);
        assert_string_equal(m[0].version, keep ? "2.0.0" : "1.0.0");
        assert_true(m[0].active && m[0].confirmed);
        OK(&b, signet_smp_image_erase(b.smp, 1, &b.err));
        assert_int_equal(list(&b, m), 1);
        tear_down(&b);
    }
}

static void what_a_board_refuses(void **state)
{
    const struct sim_board_options board = {.firmware = SIM_FIRMWARE_SMP_FILE,
                                            .generation = SIM_ZEPHYR_44};
    const struct signet_smp_image_options newer = {.newer_only = true}, second = {.image = 1};
    static const uint8_t none[32];
    uint8_t image[IMAGE];
    struct bench b;

    (void)state;
    make_image(image, 0, 9, 0);
    set_up(&b, &board, NULL);
    assert_int_equal(signet_smp_image_upload(b.smp, image, IMAGE, &newer, &b.err), SIGNET_E_SMP);
    assert_non_null(strstr(b.err.msg, "the image that runs is not older"));
    assert_int_equal(signet_smp_image_upload(b.smp, image, IMAGE, &second, &b.err), SIGNET_E_SMP);
    assert_non_null(strstr(b.err.msg, "no free slot"));
    assert_int_equal(signet_smp_image_upload(b.smp, "no image", 8, NULL, &b.err), SIGNET_E_SYNTAX);
    assert_int_equal(signet_smp_image_choose(b.smp, none, 32, false, &b.err), SIGNET_E_NOT_FOUND);
    assert_int_equal(signet_smp_image_choose(b.smp, NULL, 0, false, &b.err), SIGNET_E_USAGE);
    assert_int_equal(signet_smp_image_erase(b.smp, 0, &b.err), SIGNET_E_SMP);
    tear_down(&b);
}

/* Again, it is there already; over another one, it is written anew. */
static void an_upload_of_what_is_there(void **state)
{
    const struct sim_board_options board = {.firmware = SIM_FIRMWARE_SMP_FILE,
                                            .generation = SIM_ZEPHYR_44};
    const struct signet_smp_options small = {.chunk_limit = 64};
    uint8_t image[IMAGE];
    struct sim_board_state before, after;
    struct bench b;

    (void)state;
    set_up(&b, &board, &small);
    for (int i = 0; i < 3; i++) {
        bool again = i == 1;

        make_image(image, i == 2 ? 4 : 3, 0, 0);
        sim_board_state(b.board, &before);
        OK(&b, signet_smp_image_upload(b.smp, image, IMAGE, NULL, &b.err));
        sim_board_state(b.board, &after);
        assert_in_range(after.frames_in - before.frames_in, again ? 2 : IMAGE / 64,
                        again ? 4 : IMAGE / 64 + 4);
    }
    tear_down(&b);
}

static void settings_of_a_board(void **state)
{
    const struct sim_board_options board = {
        .firmware = SIM_FIRMWARE_SMP_FILE, .generation = SIM_ZEPHYR_44, .misbehave = "drop-tx=5"};
    const struct sim_board_options older = {.firmware = SIM_FIRMWARE_SMP_FILE,
                                            .generation = SIM_ZEPHYR_33};
    const struct signet_smp_options options = {.timeout_ms = 60};
    static const char name[] = "app/key";
    struct signet_bytes value = {0};
    char big[5000] = "", longer[40];
    struct bench b;

    (void)state;
    memset(longer, 'a', sizeof longer);
    longer[sizeof longer - 1] = '\0';
    set_up(&b, &board, &options);
    assert_int_equal(signet_smp_setting_read(b.smp, name, &value, &b.err), SIGNET_E_NOT_FOUND);
    OK(&b, signet_smp_setting_write(b.smp, name, "one", 3, &b.err));
    OK(&b, signet_smp_settings(b.smp, SIGNET_SMP_SETTINGS_SAVE, &b.err));
    assert_int_equal(signet_smp_settings(b.smp, SIGNET_SMP_SETTINGS_COMMIT + 1, &b.err),
                     SIGNET_E_USAGE);
    OK(&b, signet_smp_setting_write(b.smp, name, "three", 5, &b.err));
    OK(&b, signet_smp_settings(b.smp, SIGNET_SMP_SETTINGS_COMMIT, &b.err));
    OK(&b, signet_smp_setting_read(b.smp, name, &value, &b.err));
    assert_int_equal(value.len, 5);
    assert_memory_equal(value.data, "three", 5);
    signet_bytes_free(&value);
    assert_null(memmem(b.smp, sizeof(*b.smp), "three", 5)); /* it may be a secret */
    OK(&b, signet_smp_settings(b.smp, SIGNET_SMP_SETTINGS_LOAD, &b.err));
    OK(&b, signet_smp_setting_read(b.smp, name, &value, &b.err));
    assert_memory_equal(value.data, "one", 4);
    signet_bytes_free(&value);
    OK(&b, signet_smp_setting_delete(b.smp, name, &b.err));
    assert_int_equal(signet_smp_setting_delete(b.smp, name, &b.err), SIGNET_E_NOT_FOUND);
    assert_int_equal(signet_smp_setting_read(b.smp, longer, &value, &b.err), SIGNET_E_SMP);
    assert_non_null(strstr(b.err.msg, "the name is too long"));
    assert_int_equal(signet_smp_setting_read(b.smp, "", &value, &b.err), SIGNET_E_USAGE);
    assert_int_equal(signet_smp_setting_write(b.smp, name, big, sizeof big, &b.err),
                     SIGNET_E_LIMIT);
    assert_int_equal(signet_smp_setting_write(b.smp, name, big, 1000, &b.err), SIGNET_E_LIMIT);
    tear_down(&b);
    set_up(&b, &older, NULL);
    assert_int_equal(signet_smp_setting_read(b.smp, name, &value, &b.err), SIGNET_E_UNSUPPORTED);
    tear_down(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hashes_of_images),           cmocka_unit_test(what_an_image_says),
        cmocka_unit_test(an_image_is_tried),          cmocka_unit_test(what_a_board_refuses),
        cmocka_unit_test(an_upload_of_what_is_there), cmocka_unit_test(settings_of_a_board),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
