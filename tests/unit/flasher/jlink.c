/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/flasher/tool.h"

/* It reads its script as the real one does: from the file that -CommanderScript names. */
#define READS                                                                                      \
    "for f; do :; done; cat \"$f\" >> script; echo \"J-Link[0]: Connection: USB, Serial number: "  \
    "683123456, ProductName: J-Link OB\"; echo 'J-Link[1]: nothing'"

static void scripts(void **state)
{
    struct signet_flasher *f;
    struct signet_programmer *list = NULL;
    size_t count = 0;
    char want[600];

    (void)state;
    fake_file("a b.hex", HEX, 0644);
    fake_file("a.bin", "raw", 0644);
    f = open_ok("jlink",
                (struct signet_flasher_options){.serial = "000683123456",
                                                .tool = fake_tool("JLinkExe", READS),
                                                .options = {{"target", "nRF52840_xxAA"},
                                                            {"address", "0x1000"},
                                                            {"recover", "unlock Kinetis"}}});
    assert_int_equal(signet_flasher_program(f, "a b.hex", NULL, SIGNET_ERASE_CHIP, NULL), 0);
    assert_int_equal(signet_flasher_program(f, "a.bin", NULL, SIGNET_ERASE_SECTORS, NULL), 0);
    assert_int_equal(signet_flasher_reset(f, NULL), 0);
    assert_int_equal(signet_flasher_list(f, &list, &count, NULL), 0);
    assert_int_equal(count, 1);
    assert_string_equal(list[0].serial, "683123456");
    assert_string_equal(list[0].product, "J-Link OB");
    free(list);
    snprintf(want, sizeof want,
             "ExitOnError 1\nunlock Kinetis\nq\n"
             "ExitOnError 1\nr\nerase\nloadfile \"%s/a b.hex\" \nq\n"
             "ExitOnError 1\nr\nloadfile \"%s/a.bin\" 0x1000\nq\n"
             "ExitOnError 1\nr\ng\nq\nExitOnError 1\nShowEmuList\nq\n",
             fake_folder, fake_folder);
    assert_string_equal(fake_read("script"), want);
    const char *args = "-NoGui\n1\n-USB\n683123456\n-If\nSWD\n-Speed\nauto\n-Device\n"
                       "nRF52840_xxAA\n-CommanderScript\n/dev/stdin\n";
    assert_memory_equal(arguments("JLinkExe"), args, strlen(args));
    signet_flasher_close(&f);
}

static void refusals(void **state)
{
    static const struct {
        struct signet_option options[2];
        const char *msg;
    } rows[] = {
        {{{0}}, "the flasher jlink needs the chip's name as target, such as nRF52840_xxAA"},
        {{{"target", "T"}, {"interface", "swim"}}, "the option interface is SWD or JTAG"},
        {{{"target", "T"}, {"address", "0;erase"}}, "the address must be a number"},
        {{{"target", "T"}, {"recover", "unlock\nerase"}},
         "the command to recover with has letters, digits, '_' and blanks only"},
        {{{"target", "T"}, {"recover", ""}},
         "the command to recover with has letters, digits, '_' and blanks only"},
    };
    struct signet_flasher *f = NULL;
    struct signet_error err;

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct signet_flasher_options options = {.tool = fake_tool("JLinkExe", "")};
        memcpy(options.options, rows[i].options, sizeof rows[i].options);
        assert_int_equal(signet_flasher_open(&f, "jlink", &options, NULL, NULL, &err),
                         SIGNET_E_USAGE);
        assert_string_equal(err.msg, rows[i].msg);
    }
    fake_file("a\"; erase.hex", HEX, 0644);
    fake_file("a.bin", "raw", 0644);
    f = open_ok("jlink", (struct signet_flasher_options){
                             .tool = fake_tool("JLinkExe", "echo 'ERROR: Could "
                                                           "not connect to "
                                                           "target.'; exit 1"),
                             .options = {{"target", "T"}, {"interface", "JTAG"}}});
    assert_int_equal(signet_flasher_program(f, "a\"; erase.hex", NULL, SIGNET_ERASE_CHIP, &err),
                     SIGNET_E_USAGE);
    assert_non_null(strstr(err.msg, "cannot take quotes"));
    assert_int_equal(signet_flasher_program(f, "a.bin", NULL, SIGNET_ERASE_CHIP, &err),
                     SIGNET_E_USAGE);
    assert_non_null(strstr(err.msg, "an address for a raw image"));
    assert_string_equal(fake_read("JLinkExe.args"), ""); /* it never ran */
    assert_int_equal(signet_flasher_reset(f, &err), SIGNET_E_FLASH);
    assert_string_equal(err.msg,
                        "jlink: reset: exit status 1: ERROR: Could not connect to target.");
    assert_non_null(strstr(fake_read("JLinkExe.args"), "-If\nJTAG\n"));
    signet_flasher_close(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {TEST(scripts), TEST(refusals)};
    return cmocka_run_group_tests_name("flasher/jlink", tests, NULL, NULL);
}
