/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/flasher/tool.h"

static void a_build_is_flashed(void **state)
{
    struct signet_flasher *f;
    char build[128], want[600];

    (void)state;
    fake_file("a.hex", HEX, 0644);
    fake_file("a.bin", "raw", 0644);
    fake_file("a.elf", "\177ELF....", 0644);
    snprintf(build, sizeof build, "%s/build", fake_folder);
    mkdir(build, 0755);
    f = open_ok("west", (struct signet_flasher_options){
                            .serial = "0123",
                            .port = "/dev/ttyUSB7",
                            .tool = fake_tool("west", "pwd >> where; cat where >> ../where"),
                            .options = {{"build", build},
                                        {"runner", "esp32"},
                                        {"arguments", "--esp-device {port} -- {serial}"},
                                        {"recover", "yes"}}});
    assert_true(flasher_uses_port(f));
    assert_false(flasher_has_reset(f));
    assert_int_equal(signet_flasher_program(f, "a.hex", NULL, SIGNET_ERASE_CHIP, NULL), 0);
    assert_int_equal(signet_flasher_program(f, "a.bin", NULL, SIGNET_ERASE_SECTORS, NULL), 0);
    signet_flasher_close(&f);
    snprintf(want, sizeof want, "%s\n", build); /* it finds its workspace from there */
    assert_memory_equal(fake_read("where"), want, strlen(want));
    assert_string_equal(arguments("west"),
                        "flash\n--skip-rebuild\n--build-dir\nbuild\n--runner\nesp32\n--hex-file\n"
                        "a.hex\n--dev-id\n123\n--erase\n--recover\n--esp-device\n/dev/ttyUSB7\n--\n"
                        "0123\n"
                        "flash\n--skip-rebuild\n--build-dir\nbuild\n--runner\nesp32\n--bin-file\n"
                        "a.bin\n--dev-id\n123\n--esp-device\n/dev/ttyUSB7\n--\n0123\n");
    f = open_ok("west", (struct signet_flasher_options){.tool = fake_tool("west", ""),
                                                        .options = {{"build", build}}});
    assert_false(flasher_uses_port(f));
    assert_int_equal(signet_flasher_program(f, "a.elf", NULL, SIGNET_ERASE_SECTORS, NULL), 0);
    signet_flasher_close(&f);
}

static void refusals(void **state)
{
    struct signet_flasher_options options = {
        .tool = fake_tool("west", "echo 'usage: west [-h]'; echo 'west: unknown command \"flash\"; "
                                  "do you need to run this inside a workspace?'; exit 1"),
        .options = {{"build", NULL}}};
    struct signet_flasher *f = NULL;
    struct signet_error err;
    char many[300] = "";

    (void)state;
    fake_file("a.hex", HEX, 0644);
    assert_int_equal(signet_flasher_open(&f, "west", &options, NULL, NULL, &err), SIGNET_E_USAGE);
    assert_string_equal(err.msg, "the flasher west needs the folder of a Zephyr build");
    options.options[0].value = "build";
    assert_int_equal(signet_flasher_open(&f, "west", &options, NULL, NULL, &err), SIGNET_E_USAGE);
    assert_non_null(strstr(err.msg, "not an absolute path"));
    options.options[0].value = "/";
    f = open_ok("west", options);
    assert_int_equal(signet_flasher_program(f, "a.hex", NULL, SIGNET_ERASE_CHIP, &err),
                     SIGNET_E_FLASH);
    assert_string_equal(err.msg,
                        "west: exit status 1: west: unknown command \"flash\"; do you need "
                        "to run this inside a workspace?");
    assert_string_equal(err.hint, "the build folder has to be in a west workspace with Zephyr");
    signet_flasher_close(&f);
    options.options[0].value = "/nowhere";
    assert_int_equal(signet_flasher_open(&f, "west", &options, NULL, NULL, &err),
                     SIGNET_E_NOT_FOUND);
    snprintf(many, sizeof many, "%s/open", fake_folder); /* west runs what its workspace has */
    mkdir(many, 0777);
    chmod(many, 0777);
    options.options[0].value = many;
    assert_int_equal(signet_flasher_open(&f, "west", &options, NULL, NULL, &err),
                     SIGNET_E_NOT_FOUND);
    assert_non_null(strstr(err.msg, "others must not be able to change it"));
    many[0] = '\0';
    options.options[0].value = "/";
    options.options[1] = (struct signet_option){"arguments", "--esp-device {port}"};
    f = open_ok("west", options);
    assert_int_equal(signet_flasher_program(f, "a.hex", NULL, SIGNET_ERASE_CHIP, &err),
                     SIGNET_E_USAGE);
    assert_string_equal(err.msg, "west: the option arguments has {port}, but none is known");
    signet_flasher_close(&f);
    options.options[1].value = "--board-id {serial}";
    assert_int_equal(signet_flasher_open(&f, "west", &options, NULL, NULL, &err), SIGNET_E_USAGE);
    assert_string_equal(err.msg, "the option arguments has {serial}, but none is known");
    for (int i = 0; i < 40; i++)
        strcat(many, "x ");
    options.options[1].value = many;
    f = open_ok("west", options);
    assert_int_equal(signet_flasher_program(f, "a.hex", NULL, SIGNET_ERASE_CHIP, &err),
                     SIGNET_E_LIMIT);
    signet_flasher_close(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {TEST(a_build_is_flashed), TEST(refusals)};
    return cmocka_run_group_tests_name("flasher/west", tests, NULL, NULL);
}
