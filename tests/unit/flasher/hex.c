/* SPDX-License-Identifier: Apache-2.0 */
#include "flasher/ops.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "unit/folder.h"

static int parse(const char *text, struct signet_image *image, struct signet_error *err)
{
    return hex_parse(image, "f.hex", (const uint8_t *)text, strlen(text), err);
}

static void good_files(void **state)
{
    struct signet_image image;

    (void)state;
    /* the specification's forms: 04 and 05 for 32 bits, 02 and 03 for segments */
    assert_int_equal(parse(":020000040800F2\n:10010000214601360121470136007EFE09D2190140\n"
                           ":040000050800010DE1\n:00000001FF\n",
                           &image, NULL),
                     0);
    assert_int_equal(image.low, 0x08000100);
    assert_int_equal(image.high, 0x0800010f);
    assert_int_equal(image.size, 16);
    assert_true(image.has_start);
    assert_int_equal(image.start, 0x0800010d);

    /* CRLF, lower case, no line end at the end, blanks after the record */
    assert_int_equal(parse(":0400000001020304f2 \t\r\n:00000001ff", &image, NULL), 0);
    assert_int_equal(image.size, 4);
    assert_false(image.has_start);

    assert_int_equal(parse(":020000021200EA\n:0400000300003800C1\n:0100100055"
                           "9A\n:00000001FF\n",
                           &image, NULL),
                     0);
    assert_int_equal(image.low, 0x12010);
    assert_int_equal(image.start, 0x3800);
}

static void segment_wraps(void **state)
{
    struct signet_image image;

    (void)state;
    assert_int_equal(parse(":020000021000EC\n:02FFFF000102FD\n:00000001FF\n", &image, NULL), 0);
    assert_int_equal(image.low, 0x10000);
    assert_int_equal(image.high, 0x1ffff);
    assert_int_equal(image.size, 2);
}

static void bad_files_name_their_place(void **state)
{
    static const struct {
        const char *text, *message;
    } bad[] = {
        {"", "f.hex:0: no end-of-file record: the file was cut off"},
        {":0400000001020304F2\n", "f.hex:1: no end-of-file record: the file was cut off"},
        {":00000001FF\n", "f.hex: an Intel HEX file without data"},
        {":0400000001020304F3\n", "f.hex:1:18: wrong checksum"},
        {":00000001FF\n:0400000001020304F2\n", "f.hex:2:1: something after the end-of-file record"},
        {"0400000001020304F2\n", "f.hex:1:1: a record starts with ':'"},
        {"\n\n:04000000010203\n", "f.hex:3:16: the record is shorter than its length says"},
        {":0400000001020304F200\n", "f.hex:1:20: more than the record's length"},
        {":04000000010203G4F2\n", "f.hex:1:16: not a hex digit"},
        {":0000000000\n:00000006FA\n", "f.hex:2:8: unknown record type; 00 to 05 are known"},
        {":0100000401FA\n", "f.hex:1:2: wrong length for this record type"},
        {":020000021200EA\n:0400000300003800C1\n:0400000300003900C0\n",
         "f.hex:3:1: a second, different start address"},
        {":02000004FFFFFC\n:02FFFF000102FD\n",
         "f.hex:2:1: data goes past the end of a 32-bit address space"},
        {":0400000001020304F2\n:0100030099"
         "63\n:00000001FF\n",
         "f.hex:2: address 0x00000003 has data already (records from line 1)"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct signet_image image = {.size = 77};
        struct signet_error err = {0};
        assert_int_equal(parse(bad[i].text, &image, &err), SIGNET_E_SYNTAX);
        assert_string_equal(err.msg, bad[i].message);
        assert_int_equal(image.size, 77); /* outputs are written on success only */
    }
}

/* Each single changed digit of a good file is found. */
static void every_changed_digit_is_found(void **state)
{
    static const char good[] = ":020000040001F9\n:0401000010203040"
                               "5B\n:00000001FF\n";
    struct signet_image image;

    (void)state;
    assert_int_equal(parse(good, &image, NULL), 0);
    for (size_t i = 0; i < sizeof good - 1; i++) {
        char bad[sizeof good];
        if (good[i] == '\n')
            continue;
        memcpy(bad, good, sizeof good);
        bad[i] = bad[i] == '0' ? '1' : '0';
        assert_int_equal(parse(bad, &image, NULL), SIGNET_E_SYNTAX);
    }
}

static void images_are_known_by_content(void **state)
{
    char folder[FOLDER_SIZE], path[96];
    int fd;
    struct signet_image image;
    struct signet_error err;
    static const char text[] = ":0400000001020304F2\n:00000001FF\n";

    (void)state;
    assert_true(folder_make(folder));
    snprintf(path, sizeof path, "%s/image.hex", folder);
    fd = open(path, O_RDWR | O_CREAT, 0600);
    assert_int_equal(write(fd, text, sizeof text - 1), sizeof text - 1);
    assert_int_equal(signet_image_check(&image, path, NULL, NULL), 0);
    assert_int_equal(image.format, SIGNET_IMAGE_HEX);
    char digest[65];
    memcpy(digest, image.sha256, 65);
    assert_int_equal(signet_image_check(&image, path, digest, NULL), 0);
    /* one bit of the file: the expected hash tells, whatever the checksum says */
    assert_int_equal(pwrite(fd, ":0400000001020304F2\n:00000001Ff\n", 32, 0), 32);
    assert_int_equal(signet_image_check(&image, path, digest, &err), SIGNET_E_MEANING);
    /* ELF inside a file called .hex is taken for what it is; other bytes are a mistake */
    assert_int_equal(ftruncate(fd, 0), 0);
    assert_int_equal(pwrite(fd, "\177ELF....", 8, 0), 8);
    assert_int_equal(signet_image_check(&image, path, NULL, NULL), 0);
    assert_int_equal(image.format, SIGNET_IMAGE_ELF);
    assert_int_equal(pwrite(fd, "rawbytes", 8, 0), 8);
    assert_int_equal(signet_image_check(&image, path, NULL, NULL), SIGNET_E_SYNTAX);
    assert_int_equal(ftruncate(fd, 0), 0);
    assert_int_equal(signet_image_check(&image, path, NULL, NULL), SIGNET_E_SYNTAX);
    close(fd);
    unlink(path);
    assert_int_equal(signet_image_check(&image, path, NULL, NULL), SIGNET_E_IO);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_files),
        cmocka_unit_test(segment_wraps),
        cmocka_unit_test(bad_files_name_their_place),
        cmocka_unit_test(every_changed_digit_is_found),
        cmocka_unit_test(images_are_known_by_content),
    };
    return cmocka_run_group_tests_name("flasher/hex", tests, NULL, NULL);
}
