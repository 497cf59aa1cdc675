/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/flasher/tool.h"

static struct signet_flasher *open_tool(const char *tool, const char *body, const char *connect)
{
    return open_ok(
        "stm32", (struct signet_flasher_options){.serial = "066DFF48",
                                                 .tool = fake_tool(tool, body),
                                                 .options = {{"address", "0x08000000"},
                                                             {connect ? "connect" : "address",
                                                              connect ? connect : "0x08000000"}}});
}

static void the_vendors_tool(void **state)
{
    static const char *const modes[][2] = {
        {NULL, "NORMAL"}, {"normal", "NORMAL"}, {"under-reset", "UR"}};
    struct signet_programmer *list = NULL;
    struct signet_flasher *f;
    size_t count = 0;

    (void)state;
    fake_file("a.hex", HEX, 0644);
    fake_file("a.bin", "raw", 0644);
    fake_file("a.elf", "\177ELF....", 0644);
    for (size_t i = 0; i < 3; i++) {
        char want[600];
        const char *m = modes[i][1];

        f = open_tool("STM32_Programmer_CLI",
                      "[ $1 = -l ] && printf '  ST-Link Probe 0 :\\n     ST-LINK SN  : 066DFF48\\n"
                      "     ST-LINK FW  : V2J45M30\\n'; echo '[====] 50%'",
                      modes[i][0]);
        assert_int_equal(signet_flasher_program(f, "a.hex", NULL, SIGNET_ERASE_CHIP, NULL), 0);
        assert_int_equal(signet_flasher_program(f, "a.bin", NULL, SIGNET_ERASE_SECTORS, NULL), 0);
        assert_int_equal(signet_flasher_program(f, "a.elf", NULL, SIGNET_ERASE_SECTORS, NULL), 0);
        assert_int_equal(signet_flasher_reset(f, NULL), 0);
        snprintf(want, sizeof want,
                 "-c\nport=SWD\nmode=%s\nsn=066DFF48\n-e\nall\n-w\na.hex\n-v\n"
                 "-c\nport=SWD\nmode=%s\nsn=066DFF48\n-w\na.bin\n0x08000000\n-v\n"
                 "-c\nport=SWD\nmode=%s\nsn=066DFF48\n-w\na.elf\n-v\n"
                 "-c\nport=SWD\nmode=%s\nsn=066DFF48\n-hardRst\n",
                 m, m, m, m);
        assert_string_equal(arguments("STM32_Programmer_CLI"), want);
        assert_int_equal(signet_flasher_list(f, &list, &count, NULL), 0);
        assert_int_equal(count, 1);
        assert_string_equal(list[0].serial, "066DFF48");
        free(list);
        unlink("STM32_Programmer_CLI.args");
        signet_flasher_close(&f);
    }
    f = open_ok("stm32",
                (struct signet_flasher_options){.tool = fake_tool("STM32_Programmer_CLI", ""),
                                                .options = {{"recover", "yes"}}});
    assert_int_equal(signet_flasher_program(f, "a.hex", NULL, SIGNET_ERASE_CHIP, NULL), 0);
    assert_string_equal(arguments("STM32_Programmer_CLI"),
                        "-c\nport=SWD\nmode=NORMAL\n-rdu\n"
                        "-c\nport=SWD\nmode=NORMAL\n-e\nall\n-w\na.hex\n-v\n");
    signet_flasher_close(&f);
}

static void the_free_tool(void **state)
{
    struct signet_programmer *list = NULL;
    struct signet_flasher *f;
    struct signet_error err;
    size_t count = 0;

    (void)state;
    fake_file("a.hex", HEX, 0644);
    fake_file("a.bin", "raw", 0644);
    fake_file("a.elf", "\177ELF....", 0644);
    f = open_tool("st-flash", "", "under-reset");
    assert_int_equal(signet_flasher_program(f, "a.hex", NULL, SIGNET_ERASE_CHIP, NULL), 0);
    assert_int_equal(signet_flasher_program(f, "a.bin", NULL, SIGNET_ERASE_SECTORS, NULL), 0);
    assert_int_equal(signet_flasher_reset(f, NULL), 0);
    assert_int_equal(signet_flasher_program(f, "a.elf", NULL, SIGNET_ERASE_CHIP, &err),
                     SIGNET_E_UNSUPPORTED);
    assert_string_equal(err.msg, "stm32: st-flash takes no ELF images");
    assert_string_equal(
        arguments("st-flash"),
        "--connect-under-reset\n--serial\n066DFF48\nerase\n"
        "--connect-under-reset\n--serial\n066DFF48\n--format\nihex\nwrite\na.hex\n"
        "--connect-under-reset\n--serial\n066DFF48\n--format\nbinary\nwrite\na.bin\n"
        "0x08000000\n"
        "--serial\n066DFF48\nreset\n");
    assert_int_equal(signet_flasher_list(f, &list, &count, &err), SIGNET_E_NOT_FOUND);
    fake_tool("st-info",
              "printf 'Found 1 stlink programmers\\n  version:    V2J37S7\\n  serial:     "
              "066DFF48\\n  flash:      1048576\\n'");
    assert_int_equal(signet_flasher_list(f, &list, &count, &err), SIGNET_OK);
    assert_int_equal(count, 1);
    assert_string_equal(list[0].serial, "066DFF48");
    assert_string_equal(fake_read("st-info.args"), "--probe\n");
    free(list);
    signet_flasher_close(&f);
}

static void refusals(void **state)
{
    struct signet_flasher_options options = {.tool = fake_tool("st-flash", "exit 1"),
                                             .options = {{"connect", "hotplug"}}};
    struct signet_flasher *f = NULL;
    struct signet_error err;

    (void)state;
    fake_file("a.hex", HEX, 0644);
    fake_file("a.bin", "raw", 0644);
    assert_int_equal(signet_flasher_open(&f, "stm32", &options, NULL, NULL, &err), SIGNET_E_USAGE);
    assert_string_equal(err.msg, "the option connect is normal or under-reset");
    options.options[0] = (struct signet_option){"recover", "yes"};
    f = open_ok("stm32", options);
    assert_int_equal(signet_flasher_program(f, "a.hex", NULL, SIGNET_ERASE_CHIP, &err),
                     SIGNET_E_UNSUPPORTED);
    assert_string_equal(err.msg, "stm32: recover: st-flash cannot unlock a part");
    assert_string_equal(fake_read("st-flash.args"), ""); /* and nothing was erased */
    assert_int_equal(signet_flasher_program(f, "a.bin", NULL, SIGNET_ERASE_SECTORS, &err),
                     SIGNET_E_USAGE);
    assert_non_null(strstr(err.msg, "an address for a raw image"));
    signet_flasher_close(&f);
    options.options[0].value = "no"; /* what an erase that failed means for the rest */
    f = open_ok("stm32", options);
    assert_int_equal(signet_flasher_program(f, "a.hex", NULL, SIGNET_ERASE_CHIP, &err),
                     SIGNET_E_FLASH);
    assert_string_equal(err.msg, "stm32: erase: exit status 1");
    assert_string_equal(fake_read("st-flash.args"), "erase\n");
    signet_flasher_close(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {TEST(the_vendors_tool), TEST(the_free_tool), TEST(refusals)};
    return cmocka_run_group_tests_name("flasher/stm32", tests, NULL, NULL);
}
