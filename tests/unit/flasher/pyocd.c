/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/flasher/tool.h"

static void all_that_it_does(void **state)
{
    struct signet_flasher *f;

    (void)state;
    fake_file("a.hex", HEX, 0644);
    fake_file("a.bin", "raw", 0644);
    fake_file("a.elf", "\177ELF....", 0644);
    f = open_ok("pyocd", (struct signet_flasher_options){.serial = "0070",
                                                         .tool = fake_tool("pyocd", ""),
                                                         .options = {{"target", "nrf52840"},
                                                                     {"pack", "/p.pack"},
                                                                     {"address", "0x1000"},
                                                                     {"recover", "yes"}}});
    assert_int_equal(signet_flasher_program(f, "a.hex", NULL, SIGNET_ERASE_CHIP, NULL), 0);
    assert_string_equal(
        arguments("pyocd"),
        "erase\n--no-wait\n-O\nauto_unlock=true\n--target\nnrf52840\n--pack\n/p.pack\n--uid\n0070\n"
        "--mass\n"
        "flash\n--no-wait\n-O\nauto_unlock=false\n--target\nnrf52840\n--pack\n/"
        "p.pack\n--uid\n0070\n"
        "--erase\nchip\n--no-reset\n--format\nhex\na.hex\n");
    unlink("pyocd.args");
    assert_int_equal(signet_flasher_program(f, "a.bin", NULL, SIGNET_ERASE_SECTORS, NULL), 0);
    assert_int_equal(signet_flasher_program(f, "a.elf", NULL, SIGNET_ERASE_SECTORS, NULL), 0);
    assert_non_null(strstr(arguments("pyocd"), "--erase\nsector\n--no-reset\n--format\nbin\n"
                                               "--base-address\n0x1000\na.bin\n"));
    assert_non_null(strstr(arguments("pyocd"), "--format\nelf\na.elf\n"));
    unlink("pyocd.args");
    assert_int_equal(signet_flasher_reset(f, NULL), 0);
    assert_string_equal(arguments("pyocd"),
                        "reset\n--no-wait\n-O\nauto_unlock=false\n--target\nnrf52840\n--pack\n"
                        "/p.pack\n--uid\n0070\n--method\nhw\n");
    signet_flasher_close(&f);
}

/* Without a word about it nothing is unlocked, which would erase it. */
static void never_unlocks_by_itself(void **state)
{
    struct signet_flasher *f;
    struct signet_error err;

    (void)state;
    fake_file("a.hex", HEX, 0644);
    fake_file("a.bin", "raw", 0644);
    f = open_ok("pyocd",
                (struct signet_flasher_options){
                    .tool = fake_tool("pyocd", "echo '0000812 E APPROTECT enabled: not "
                                               "automatically unlocking [target_nRF52]'; exit 1")});
    assert_int_equal(signet_flasher_program(f, "a.hex", NULL, SIGNET_ERASE_CHIP, &err),
                     SIGNET_E_FLASH);
    assert_string_equal(err.msg, "pyocd: exit status 1: APPROTECT enabled: not automatically "
                                 "unlocking [target_nRF52]");
    assert_string_equal(err.hint, "if the part is locked, recover unlocks it and erases all of it");
    assert_null(strstr(arguments("pyocd"), "auto_unlock=true"));
    assert_int_equal(signet_flasher_program(f, "a.bin", NULL, SIGNET_ERASE_CHIP, &err),
                     SIGNET_E_USAGE);
    assert_non_null(strstr(err.msg, "an address for a raw image"));
    signet_flasher_close(&f);
}

static void probes_are_listed(void **state)
{
    static const struct {
        const char *says;
        int code;
        size_t count;
    } rows[] = {
        {"{\\n \"status\": 0,\\n \"boards\": [{\"unique_id\": \"0240AB\", \"info\": \"Arm "
         "DAPLink\"},"
         " {\"unique_id\": \"../x\"}, {\"info\": 3}]}",
         SIGNET_OK, 1},
        {"{\"boards\": []}", SIGNET_OK, 0},
        {"{\"boards\": 3}", SIGNET_E_FLASH, 0},
        {"no json", SIGNET_E_FLASH, 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct signet_programmer *list = NULL;
        char body[400];
        size_t count = 99;

        snprintf(body, sizeof body, "printf '%s\\n'", rows[i].says);
        struct signet_flasher *f =
            open_ok("pyocd", (struct signet_flasher_options){.tool = fake_tool("pyocd", body)});
        assert_int_equal(signet_flasher_list(f, &list, &count, NULL), rows[i].code);
        if (rows[i].code == SIGNET_OK)
            assert_int_equal(count, rows[i].count);
        if (count == 1) {
            assert_string_equal(list[0].serial, "0240AB");
            assert_string_equal(list[0].product, "Arm DAPLink");
        }
        free(list);
        signet_flasher_close(&f);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(all_that_it_does),
        TEST(never_unlocks_by_itself),
        TEST(probes_are_listed),
    };
    return cmocka_run_group_tests_name("flasher/pyocd", tests, NULL, NULL);
}
