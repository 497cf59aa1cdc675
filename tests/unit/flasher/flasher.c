/* SPDX-License-Identifier: Apache-2.0 */
/* Each flasher against a script that records its arguments and answers as the tool does; and
 * what there is no memory for.
 * wrap: malloc calloc realloc reallocarray strdup strndup vasprintf locked_alloc */
#include "unit/flasher/tool.h"
#include "unit/starve.h"

static void nrfjprog(void **state)
{
    struct signet_flasher *f;
    char port[128];

    (void)state;
    fake_file("initial.hex", HEX, 0644);
    f = open_ok("nrfjprog", (struct signet_flasher_options){
                                .serial = "000683123456",
                                .tool = fake_tool("nrfjprog", "[ \"$3\" = --com ] && printf "
                                                              "'683123456    /dev/ttyACM0    "
                                                              "VCOM0\\n683123456    /dev/ttyACM1   "
                                                              " VCOM1\\n'; echo '[ #### ]  57% x'; "
                                                              "exit 0")});
    assert_int_equal(signet_flasher_program(f, "initial.hex", NULL, SIGNET_ERASE_CHIP, NULL), 0);
    assert_int_equal(seen.count, 3); /* 0, 57, 100 */
    assert_int_equal(seen.last, 100);
    assert_int_equal(signet_flasher_program(f, "initial.hex", NULL, SIGNET_ERASE_SECTORS, NULL), 0);
    assert_int_equal(signet_flasher_reset(f, NULL), 0);
    assert_int_equal(signet_flasher_port(f, 1, port, NULL), 0);
    assert_string_equal(port, "/dev/ttyACM1");
    assert_int_equal(signet_flasher_port(f, 2, port, NULL), SIGNET_E_NOT_FOUND);
    assert_string_equal(arguments("nrfjprog"),
                        "-s\n683123456\n--program\ninitial.hex\n--chiperase\n"
                        "-s\n683123456\n--program\ninitial.hex\n--sectorerase\n"
                        "-s\n683123456\n--pinreset\n"
                        "-s\n683123456\n--com\n-s\n683123456\n--com\n");
    signet_flasher_close(&f);
    assert_null(f);
}

/* Where the tool cannot do it, or could not show it by a reset. */
static void a_tool_that_cannot_lock(void **state)
{
    static const char *const kinds[] = {"none", "pyocd", "openocd"};
    struct signet_error err;

    (void)state;
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        struct signet_flasher *f =
            open_ok(kinds[i],
                    (struct signet_flasher_options){.tool = fake_tool(kinds[i], "exit 0"),
                                                    .options = {{i == 2 ? "target" : NULL, "t"}}});

        assert_false(flasher_can_lock(f));
        assert_int_equal(flasher_lock(f, &err), SIGNET_E_UNSUPPORTED);
        assert_non_null(strstr(err.msg, " cannot lock a debug port"));
        assert_string_equal(arguments(kinds[i]), "");
        signet_flasher_close(&f);
    }
}

/* OpenOCD is told how by its option; a flash that is not read counts where the core was. */
static void openocd_locks(void **state)
{
    static const char *const address[] = {NULL, "0x08000000"};
    struct signet_error err;

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        char want[512];
        struct signet_flasher *f = open_ok(
            "openocd",
            (struct signet_flasher_options){
                .options = {{"target", "t"},
                            {"lock", "stm32f4x lock 0"},
                            {address[i] ? "address" : NULL, address[i]}},
                .tool = fake_tool("openocd", "case \"$*\" in *mdw*) echo 'readout protection: "
                                             "the flash is not read'; exit 1;; esac")});

        assert_true(flasher_can_lock(f));
        assert_int_equal(flasher_lock(f, NULL), 0);
        assert_int_equal(flasher_check_locked(f, NULL), 0);
        snprintf(want, sizeof want,
                 "-f\nt\n-c\ninit\n-c\nreset init\n-c\nstm32f4x lock 0\n-c\nshutdown\n"
                 "-f\nt\n-c\ninit\n-c\nmdw 0xe000ed00\n-c\nif {[catch {mdw %s}]} {error {readout "
                 "protection: the flash is not read}}\n-c\nshutdown\n",
                 address[i] ? address[i] : "0x0");
        assert_string_equal(fake_read("openocd.args"), want);
        unlink("openocd.args");
        fake_tool("openocd", "echo 'Error: Failed to read memory at 0xe000ed00'; exit 1");
        assert_int_equal(flasher_check_locked(f, &err), SIGNET_E_FLASH);
        assert_int_equal(flasher_lock(f, &err), SIGNET_E_FLASH);
        unlink("openocd.args");
        signet_flasher_close(&f);
    }
    struct signet_flasher *f = NULL;
    struct signet_flasher_options options = {.options = {{"target", "t"}, {"lock", "lock; exit"}},
                                             .tool = fake_tool("openocd", "")};
    assert_int_equal(signet_flasher_open(&f, "openocd", &options, NULL, NULL, &err),
                     SIGNET_E_USAGE);
    assert_string_equal(err.msg,
                        "the command to lock with has letters, digits, '_' and blanks only");
}

static void nrfjprog_two_ports_of_one_name(void **state)
{
    struct signet_flasher *f;
    char port[128];

    (void)state;
    f = open_ok("nrfjprog",
                (struct signet_flasher_options){.serial = "1",
                                                .tool = fake_tool("nrfjprog", "printf '1 /dev/a "
                                                                              "VCOM0\\n1 /dev/b "
                                                                              "VCOM0\\n'")});
    assert_int_equal(signet_flasher_port(f, 0, port, NULL), SIGNET_E_CONFLICT);
    signet_flasher_close(&f);
}

#define LIST                                                                                       \
    "{\"type\":\"task_end\",\"data\":{\"task\":{\"name\":\"list\"},\"result\":\"success\","        \
    "\"data\":"                                                                                    \
    "{\"devices\":[{\"serialNumber\":\"000683123456\",\"serialPorts\":[{\"path\":\"/dev/"          \
    "ttyACM7\","                                                                                   \
    "\"vcom\":0}]}]}}}"

static void nrfutil(void **state)
{
    struct signet_flasher *f;
    struct signet_programmer *list = NULL;
    size_t count = 0;
    char port[128];

    (void)state;
    fake_file("final.hex", HEX, 0644);
    f = open_ok(
        "nrfutil",
        (struct signet_flasher_options){
            .serial = "683123456",
            .tool = fake_tool("nrfutil", "[ $2 = list ] && echo '" LIST "'\n"
                                         "[ $2 = program ] && echo '{\"type\":\"task_progress\","
                                         "\"data\":{\"progress\":{\"progressPercentage\":33}}}'\n"
                                         "echo '{\"type\":\"task_end\",\"data\":{\"result\":"
                                         "\"success\"}}'")});
    assert_int_equal(signet_flasher_program(f, "final.hex", NULL, SIGNET_ERASE_SECTORS, NULL), 0);
    assert_int_equal(seen.count, 3);
    assert_int_equal(signet_flasher_reset(f, NULL), 0);
    assert_int_equal(signet_flasher_port(f, 0, port, NULL), 0);
    assert_string_equal(port, "/dev/ttyACM7");
    assert_int_equal(signet_flasher_list(f, &list, &count, NULL), 0);
    assert_int_equal(count, 1);
    assert_string_equal(list[0].serial, "000683123456");
    free(list);
    assert_string_equal(
        arguments("nrfutil"),
        "device\nprogram\n--serial-number\n683123456\n--firmware\nfinal.hex\n"
        "--options\nchip_erase_mode=ERASE_RANGES_TOUCHED_BY_FIRMWARE,"
        "reset=RESET_NONE,verify=VERIFY_READ\n--json\n"
        "device\nreset\n--serial-number\n683123456\n--reset-kind\nRESET_PIN\n--json\n"
        "device\nlist\n--json\ndevice\nlist\n--json\n");
    signet_flasher_close(&f);
}

/* nrfutil tells of a failed task on stdout; some versions exit with 0 all the same. */
static void nrfutil_failed_task(void **state)
{
    struct signet_flasher *f;
    struct signet_error err;

    (void)state;
    fake_file("a.hex", HEX, 0644);
    for (int status = 0; status < 2; status++) {
        char body[300];
        snprintf(body, sizeof body,
                 "echo '{\"type\":\"task_end\",\"data\":{\"result\":\"fail\",\"message\":\"no "
                 "probe\"}}'; exit %d",
                 status);
        f = open_ok("nrfutil", (struct signet_flasher_options){.tool = fake_tool("nrfutil", body)});
        assert_int_equal(signet_flasher_program(f, "a.hex", NULL, SIGNET_ERASE_CHIP, &err),
                         SIGNET_E_FLASH);
        assert_int_equal(err.sys, status);
        assert_non_null(strstr(err.msg, "no probe"));
        signet_flasher_close(&f);
    }
}

static void openocd(void **state)
{
    struct signet_flasher *f;
    struct signet_error err;

    (void)state;
    fake_file("a [exec rm].hex", HEX, 0644);
    fake_file("a{.hex", HEX, 0644);
    f = open_ok("openocd",
                (struct signet_flasher_options){
                    .serial = "ABC1",
                    .options = {{"config", "interface/jlink.cfg"}, {"target", "target/nrf52.cfg"}},
                    .tool = fake_tool("openocd", "")});
    assert_int_equal(signet_flasher_program(f, "a [exec rm].hex", NULL, SIGNET_ERASE_CHIP, NULL),
                     0);
    assert_int_equal(signet_flasher_reset(f, NULL), 0);
    char want[512];
    snprintf(want, sizeof want,
             "-f\ninterface/jlink.cfg\n-f\ntarget/nrf52.cfg\n-c\nadapter serial ABC1\n-c\ninit\n"
             "-c\nreset init\n-c\nflash erase_sector 0 0 last\n"
             "-c\nflash write_image erase {%s/a [exec rm].hex} \n"
             "-c\nverify_image {%s/a [exec rm].hex} \n-c\nshutdown\n"
             "-f\ninterface/jlink.cfg\n-f\ntarget/nrf52.cfg\n-c\nadapter serial ABC1\n-c\ninit\n"
             "-c\nreset run\n-c\nshutdown\n",
             fake_folder, fake_folder);
    assert_string_equal(fake_read("openocd.args"), want);
    unlink("openocd.args");
    assert_int_equal(signet_flasher_program(f, "a{.hex", NULL, SIGNET_ERASE_CHIP, &err),
                     SIGNET_E_USAGE);
    assert_string_equal(fake_read("openocd.args"), ""); /* it never ran */
    signet_flasher_close(&f);
    fake_file("open.cfg", "", 0666); /* commands of whoever likes */
    for (int i = 0; i < 2; i++) {
        const struct signet_flasher_options options = {
            .options = {{i ? "config" : "target", "open.cfg"},
                        {i ? "target" : "config", "interface/jlink.cfg"}},
            .tool = fake_tool("openocd", "")};

        assert_int_equal(signet_flasher_open(&f, "openocd", &options, NULL, NULL, &err),
                         SIGNET_E_NOT_FOUND);
        assert_non_null(strstr(err.msg, "others must not be able to change it"));
    }
}

static void probe_rs(void **state)
{
    struct signet_flasher *f = NULL;
    struct signet_flasher_options options = {.options = {{"target", "nRF52840_xxAA"}},
                                             .serial = "S1",
                                             .tool = fake_tool("probe-rs", "")};

    (void)state;
    fake_file("a.elf", "\177ELF....", 0644);
    assert_int_equal(signet_flasher_open(&f, "probe-rs", &options, NULL, NULL, NULL),
                     SIGNET_E_USAGE);
    options.options[1] = (struct signet_option){"config", "1366:1015"};
    f = open_ok("probe-rs", options);
    assert_int_equal(signet_flasher_program(f, "a.elf", NULL, SIGNET_ERASE_CHIP, NULL), 0);
    assert_int_equal(signet_flasher_reset(f, NULL), 0);
    assert_string_equal(arguments("probe-rs"),
                        "download\n--non-interactive\n--chip\nnRF52840_xxAA\n--probe\n"
                        "1366:1015:S1\n--binary-format\nelf\n--chip-erase\n--verify\na.elf\n"
                        "reset\n--non-interactive\n--chip\nnRF52840_xxAA\n--probe\n1366:1015:S1\n");
    signet_flasher_close(&f);
}

/* The version is asked for once; 5 spells the rest another way. */
static void esptool(void **state)
{
    static const struct {
        const char *says, *want;
    } rows[] = {{"esptool.py v4.8.1\n4.8.1",
                 "version\n--chip\nauto\n--port\n/dev/ttyUSB0\n--after\nno_reset\nwrite_flash\n"
                 "--erase-all\n0x10000\na.bin\n"
                 "--chip\nauto\n--port\n/dev/ttyUSB0\n--after\nhard_reset\nrun\n"},
                {"WARNING: deprecated\nesptool v5.0.dev1\n5.0.dev1",
                 "version\n--chip\nauto\n--port\n/dev/ttyUSB0\n--after\nno-reset\nwrite-flash\n"
                 "--erase-all\n0x10000\na.bin\n"
                 "--chip\nauto\n--port\n/dev/ttyUSB0\n--after\nhard-reset\nrun\n"}};
    struct signet_error err;

    (void)state;
    fake_file("a.bin", "\xe9raw", 0644);
    fake_file("a.hex", HEX, 0644);
    for (size_t i = 0; i < 2; i++) {
        char body[200];

        snprintf(body, sizeof body,
                 "[ $1 = version ] && echo '%s'; echo 'Writing at 0x00010000... (66 %%)'",
                 rows[i].says);
        struct signet_flasher *f =
            open_ok("esptool", (struct signet_flasher_options){.port = "/dev/ttyUSB0",
                                                               .options = {{"address", "0x10000"}},
                                                               .tool = fake_tool("esptool", body)});
        assert_int_equal(signet_flasher_program(f, "a.bin", NULL, SIGNET_ERASE_CHIP, NULL), 0);
        assert_int_equal(seen.count, 3);
        assert_int_equal(signet_flasher_reset(f, NULL), 0);
        assert_int_equal(signet_flasher_program(f, "a.hex", NULL, SIGNET_ERASE_CHIP, &err),
                         SIGNET_E_UNSUPPORTED);
        assert_string_equal(arguments("esptool"), rows[i].want);
        assert_true(flasher_uses_port(f));
        signet_flasher_close(&f);
        unlink("esptool.args");
    }
}

/* Its port may be found later, by a serial number. */
static void esptool_needs_a_port(void **state)
{
    struct signet_flasher_options options = {.tool = fake_tool("esptool", "echo 5.1.0")};
    struct signet_flasher *f = NULL;
    struct signet_error err;

    (void)state;
    fake_file("a.bin", "\xe9raw", 0644);
    assert_int_equal(signet_flasher_open(&f, "esptool", &options, NULL, NULL, &err),
                     SIGNET_E_USAGE);
    options.serial = "0001";
    f = open_ok("esptool", options);
    assert_int_equal(signet_flasher_program(f, "a.bin", NULL, SIGNET_ERASE_SECTORS, &err),
                     SIGNET_E_USAGE);
    assert_string_equal(err.msg, "esptool: the flasher esptool needs the serial port of the chip");
    assert_string_equal(fake_read("esptool.args"), "");
    assert_int_equal(flasher_take_port(f, "/dev/ttyACM3", NULL), SIGNET_OK);
    assert_int_equal(signet_flasher_program(f, "a.bin", NULL, SIGNET_ERASE_SECTORS, &err), 0);
    assert_non_null(strstr(fake_read("esptool.args"), "--port\n/dev/ttyACM3\n"));
    signet_flasher_close(&f);
    f = open_ok("esptool", (struct signet_flasher_options){
                               .port = "/dev/x", .tool = fake_tool("esptool", "echo hello")});
    assert_int_equal(signet_flasher_reset(f, &err), SIGNET_E_FLASH);
    assert_non_null(strstr(err.msg, "does not say which version it is"));
    signet_flasher_close(&f);
}

static void exec_replaces_and_never_asks_a_shell(void **state)
{
    static const char evil[] = "a;$(touch pwned)`touch pwned`|&>x '\"*.hex";
    struct signet_flasher *f;
    char command[512], want[512];

    (void)state;
    fake_file(evil, HEX, 0644);
    const char *tool = fake_tool("prog", "");
    snprintf(command, sizeof command, "%s --file={image} -s {serial}  $HOME;ls ; %s go", tool,
             tool);
    f = open_ok("exec",
                (struct signet_flasher_options){.serial = "X9", .options = {{"command", command}}});
    assert_true(flasher_has_reset(f));
    assert_int_equal(signet_flasher_program(f, evil, NULL, SIGNET_ERASE_CHIP, NULL), 0);
    assert_int_equal(signet_flasher_reset(f, NULL), 0);
    snprintf(want, sizeof want, "--file=%s/%s\n-s\nX9\n$HOME;ls\ngo\n", fake_folder, evil);
    assert_string_equal(fake_read("prog.args"), want);
    assert_int_not_equal(access("pwned", F_OK), 0);
    signet_flasher_close(&f);

    snprintf(command, sizeof command, "%s {image}", tool);
    f = open_ok("exec", (struct signet_flasher_options){.options = {{"command", command}}});
    assert_false(flasher_has_reset(f));
    assert_int_equal(signet_flasher_reset(f, NULL), SIGNET_E_UNSUPPORTED);
    signet_flasher_close(&f);
}

static void exec_with_a_port(void **state)
{
    struct signet_flasher *f;
    struct signet_error err;
    char command[512];

    (void)state;
    fake_file("a.hex", HEX, 0644);
    snprintf(command, sizeof command, "%s -P{port} {image}", fake_tool("prog", ""));
    f = open_ok("exec", (struct signet_flasher_options){.options = {{"command", command}}});
    assert_true(flasher_uses_port(f));
    assert_int_equal(signet_flasher_program(f, "a.hex", NULL, SIGNET_ERASE_CHIP, &err),
                     SIGNET_E_USAGE);
    assert_string_equal(err.msg, "exec: the option command has {port}, but none is known");
    assert_int_equal(flasher_take_port(f, "/dev/ttyS7", NULL), SIGNET_OK);
    assert_int_equal(signet_flasher_program(f, "a.hex", NULL, SIGNET_ERASE_CHIP, NULL), 0);
    assert_string_equal(arguments("prog"), "-P/dev/ttyS7\na.hex\n");
    signet_flasher_close(&f);

    snprintf(command, sizeof command, "%s /dev/ttyS7 {image}", fake_tool("prog", ""));
    for (int i = 0; i < 2; i++) { /* the port stands in the command as it is */
        f = open_ok("exec", (struct signet_flasher_options){.port = i ? "/dev/ttyS7" : "/dev/ttyS8",
                                                            .options = {{"command", command}}});
        assert_int_equal(flasher_uses_port(f), i);
        signet_flasher_close(&f);
    }
}

/* A tool that fails, what it says, and what is made of that. */
static void what_tools_say_has_a_meaning(void **state)
{
    static const struct {
        const char *name, *body;
        int code;
        const char *msg, *hint;
    } rows[] = {
        {"nrfutil", "echo \"Error: No such command 'device'.\"; exit 2", SIGNET_E_NOT_FOUND,
         "nrfutil: reset: exit status 2: Error: No such command 'device'.",
         "install Nordic's nrfutil, then: nrfutil install device"},
        {"nrfutil",
         "echo '{\"type\":\"task_end\",\"data\":{\"result\":\"fail\",\"message\":\"failed\","
         "\"error\":{\"code\":\"NotAvailableBecauseProtection\"}}}'; exit 1",
         SIGNET_E_FLASH, "nrfutil: reset: exit status 1: failed (NotAvailableBecauseProtection)",
         "if the part is locked, recover unlocks it and erases all of it"},
        {"nrfjprog",
         "echo 'ERROR: The operation attempted is unavailable due to readback protection in'; "
         "exit 16",
         SIGNET_E_FLASH,
         "nrfjprog: reset: exit status 16: ERROR: The operation attempted is unavailable due to "
         "readback protection in",
         "if the part is locked, recover unlocks it and erases all of it"},
        {"nrfjprog", "echo 'ERROR: J-Link is in use'; exit 3", SIGNET_E_BUSY,
         "nrfjprog: reset: exit status 3: ERROR: J-Link is in use", ""},
        {"openocd",
         "echo 'nRF52 device has AP lock engaged (see UICR APPROTECT register).'; echo 'Error: "
         "Could not find MEM-AP to control the core'; exit 1",
         SIGNET_E_FLASH,
         "openocd: reset: exit status 1: Error: Could not find MEM-AP to control the core",
         "if the part is locked, recover unlocks it and erases all of it"},
        {"esptool",
         "[ $1 = version ] && { echo 4.8.1; exit 0; }; echo 'A fatal error occurred: Failed to "
         "connect to ESP32: No serial data received.'; echo 'For troubleshooting steps visit: "
         "x'; exit 2",
         SIGNET_E_FLASH,
         "esptool: reset: exit status 2: A fatal error occurred: Failed to connect to ESP32: No "
         "serial data received.",
         "hold the chip's BOOT button, or look at how its reset is wired"},
        {"esptool",
         "[ $1 = version ] && { echo 4.8.1; exit 0; }; echo 'A fatal error occurred: Could not "
         "open p, the port is busy or doesn'\\''t exist.'; echo '[Errno 2] No such file or "
         "directory'; exit 2",
         SIGNET_E_FLASH,
         "esptool: reset: exit status 2: A fatal error occurred: Could not open p, the port is "
         "busy or doesn't exist.; [Errno 2] No such file or directory",
         "the list of boards shows the ports that are there"},
        {"esptool",
         "[ $1 = version ] && { echo 4.8.1; exit 0; }; echo 'A fatal error occurred: Could not "
         "open p, the port is busy or doesn'\\''t exist.'; exit 2",
         SIGNET_E_BUSY,
         "esptool: reset: exit status 2: A fatal error occurred: Could not open p, the port is "
         "busy or doesn't exist.",
         ""},
        {"probe-rs", "echo 'Error: the device is locked'; exit 1", SIGNET_E_FLASH,
         "probe-rs: reset: exit status 1: Error: the device is locked",
         "if the part is locked, recover unlocks it and erases all of it"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        bool target = !strcmp(rows[i].name, "openocd") || !strcmp(rows[i].name, "probe-rs");
        struct signet_flasher_options options = {.port = "p",
                                                 .options = {{target ? "target" : NULL, "t.cfg"}},
                                                 .tool = fake_tool(rows[i].name, rows[i].body)};
        struct signet_flasher *f = open_ok(rows[i].name, options);
        struct signet_error err = {0};

        if (signet_flasher_reset(f, &err) != rows[i].code || strcmp(err.msg, rows[i].msg) != 0 ||
            strcmp(err.hint, rows[i].hint) != 0)
            fail_msg("row %zu: %d, %s (%s)", i, err.code, err.msg, err.hint);
        signet_flasher_close(&f);
    }
}

static void recover_is_asked_for(void **state)
{
    static const struct {
        const char *name, *how, *want;
    } rows[] = {
        {"nrfutil", "yes", "device\nrecover\n--serial-number\n7\n--json\n"},
        {"nrfjprog", "yes", "-s\n7\n--recover\n"},
        {"openocd", "nrf52_recover",
         "-f\nT\n-c\nadapter serial 7\n-c\ninit\n-c\nnrf52_recover\n-c\nshutdown\n"},
        {"probe-rs", "yes",
         "erase\n--non-interactive\n--chip\nT\n--probe\nc:7\n--allow-erase-all\n"},
    };
    static const char *const not_now[] = {"no", NULL};

    (void)state;
    fake_file("a.hex", HEX, 0644);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        bool target = i >= 2;
        struct signet_flasher_options options = {.serial = "7",
                                                 .tool = fake_tool(rows[i].name, ""),
                                                 .options = {{"recover", rows[i].how}}};
        char args[32];
        size_t n = strlen(rows[i].want);

        if (target)
            options.options[1] = (struct signet_option){"target", "T"};
        if (target)
            options.options[2] = (struct signet_option){"config", "c"};
        snprintf(args, sizeof args, "%s.args", rows[i].name);
        struct signet_flasher *f = open_ok(rows[i].name, options);
        assert_int_equal(signet_flasher_program(f, "a.hex", NULL, SIGNET_ERASE_CHIP, NULL), 0);
        const char *all = fake_read(args);
        all += strncmp(all, "-f\nc\n", 5) == 0 ? 5 : 0;
        if (strncmp(all, rows[i].want, n) != 0 || !all[n])
            fail_msg("%s: %s", rows[i].name, all);
        unlink(args); /* what the image does not cover stays */
        assert_int_equal(signet_flasher_program(f, "a.hex", NULL, SIGNET_ERASE_SECTORS, NULL), 0);
        assert_null(strstr(fake_read(args), "recover"));
        assert_null(strstr(fake_read(args), "erase-all"));
        signet_flasher_close(&f);
        unlink(args);
        for (size_t k = 0; i != 2 && k < 2; k++) {
            options.options[0].value = not_now[k];
            f = open_ok(rows[i].name, options);
            assert_int_equal(signet_flasher_program(f, "a.hex", NULL, SIGNET_ERASE_CHIP, NULL), 0);
            assert_null(strstr(fake_read(args), "recover"));
            assert_null(strstr(fake_read(args), "erase-all"));
            signet_flasher_close(&f);
            unlink(args);
        }
    }
}

static void recover_is_refused(void **state)
{
    struct signet_flasher_options options = {.tool = fake_tool("nrfjprog", "exit 3"),
                                             .options = {{"recover", "true"}}};
    struct signet_flasher *f = NULL;
    struct signet_error err;

    (void)state;
    fake_file("a.hex", HEX, 0644);
    assert_int_equal(signet_flasher_open(&f, "nrfjprog", &options, NULL, NULL, &err),
                     SIGNET_E_USAGE);
    assert_string_equal(err.msg, "the option recover of nrfjprog is yes or no");
    options.options[0].value = "yes"; /* when it fails, nothing is programmed */
    f = open_ok("nrfjprog", options);
    assert_int_equal(signet_flasher_program(f, "a.hex", NULL, SIGNET_ERASE_CHIP, &err),
                     SIGNET_E_FLASH);
    assert_string_equal(err.msg, "nrfjprog: recover: exit status 3");
    assert_string_equal(fake_read("nrfjprog.args"), "--recover\n");
    signet_flasher_close(&f);
    options = (struct signet_flasher_options){
        .tool = fake_tool("openocd", ""),
        .options = {{"target", "t"}, {"recover", "nrf52_recover; exec rm"}}};
    assert_int_equal(signet_flasher_open(&f, "openocd", &options, NULL, NULL, &err),
                     SIGNET_E_USAGE);
    assert_non_null(strstr(err.msg, "letters, digits"));
}

static void none_runs_nothing(void **state)
{
    struct signet_flasher *f = open_ok("none", (struct signet_flasher_options){0});
    struct signet_error err;

    (void)state;
    fake_file("a.hex", HEX, 0644);
    fake_file("bad.hex", ":00", 0644);
    assert_int_equal(signet_flasher_program(f, "a.hex", NULL, SIGNET_ERASE_CHIP, NULL), 0);
    assert_int_equal(signet_flasher_program(f, "bad.hex", NULL, SIGNET_ERASE_CHIP, &err),
                     SIGNET_E_SYNTAX);
    signet_flasher_close(&f);
}

static void hostile_serial_numbers(void **state)
{
    static const char *const bad[] = {
        "",     "-s",       "--erase",
        "1 2",  "1;ls",     "$(id)",
        "a\nb", "../x",     "a/b",
        "1\t",  "\xc3\xa4", "0123456789012345678901234567890123456789012345678901234567890123"};
    struct signet_flasher *f = NULL;

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct signet_flasher_options options = {.serial = bad[i],
                                                 .tool = fake_tool("nrfjprog", "")};
        assert_int_equal(signet_flasher_open(&f, "nrfjprog", &options, NULL, NULL, NULL),
                         SIGNET_E_USAGE);
        assert_null(f);
    }
    assert_string_equal(fake_read("nrfjprog.args"), "");
}

static void errors_say_what_to_do(void **state)
{
    struct signet_flasher *f = NULL;
    struct signet_flasher_options options = {0};
    struct signet_error err = {0};

    (void)state;
    assert_int_equal(signet_flasher_open(&f, "nrfutils", &options, NULL, NULL, &err),
                     SIGNET_E_USAGE);
    assert_string_equal(err.hint, "did you mean 'nrfutil'?");
    options.options[0] = (struct signet_option){"comand", "x"};
    assert_int_equal(signet_flasher_open(&f, "exec", &options, NULL, NULL, &err), SIGNET_E_USAGE);
    assert_string_equal(err.msg, "exec: unknown option 'comand'");
    assert_string_equal(err.hint, "did you mean 'command'?");
    options.options[0].name = NULL;
    char *old = strdup(getenv("PATH"));
    setenv("PATH", fake_folder, 1);
    assert_int_equal(signet_flasher_open(&f, "nrfutil", &options, NULL, NULL, &err),
                     SIGNET_E_NOT_FOUND);
    assert_string_equal(err.msg, "flasher nrfutil: nrfutil is not installed");
    assert_non_null(strstr(err.hint, "nrfutil install device"));
    setenv("PATH", old, 1);
    free(old);

    fake_file("a.hex", HEX, 0644);
    options.tool = fake_tool("nrfjprog", "echo 'ERROR: \033[31mno debugger'; echo; exit 33");
    assert_int_equal(signet_flasher_open(&f, "nrfjprog", &options, NULL, NULL, &err), 0);
    assert_int_equal(signet_flasher_program(f, "a.hex", NULL, SIGNET_ERASE_CHIP, &err),
                     SIGNET_E_FLASH);
    assert_int_equal(err.sys, 33);
    assert_string_equal(err.msg, "nrfjprog: exit status 33: ERROR: no debugger");
    signet_flasher_close(&f);

    options.tool = fake_tool("nrfjprog", "kill -SEGV $$");
    assert_int_equal(signet_flasher_open(&f, "nrfjprog", &options, NULL, NULL, &err), 0);
    assert_int_equal(signet_flasher_program(f, "a.hex", NULL, SIGNET_ERASE_CHIP, &err),
                     SIGNET_E_FLASH);
    assert_string_equal(err.msg, "nrfjprog: ended by signal 11");
    signet_flasher_close(&f);

    options.tool = fake_tool("nrfjprog", "sleep 100");
    options.timeout_ms = 200;
    assert_int_equal(signet_flasher_open(&f, "nrfjprog", &options, NULL, NULL, &err), 0);
    assert_int_equal(signet_flasher_program(f, "a.hex", NULL, SIGNET_ERASE_CHIP, &err),
                     SIGNET_E_TIMEOUT);
    signet_flasher_close(&f);
}

/* The image of the order, or no flashing at all. */
static void a_wrong_image_never_reaches_the_tool(void **state)
{
    struct signet_flasher *f =
        open_ok("nrfjprog", (struct signet_flasher_options){.tool = fake_tool("nrfjprog", "")});
    char zeros[65];

    (void)state;
    memset(zeros, '0', 64);
    zeros[64] = '\0';
    fake_file("a.hex", HEX, 0644);
    fake_file("bad.hex", ":0400000001020304F3\n:00000001FF\n", 0644);
    assert_int_equal(signet_flasher_program(f, "a.hex", zeros, SIGNET_ERASE_CHIP, NULL),
                     SIGNET_E_MEANING);
    assert_int_equal(signet_flasher_program(f, "bad.hex", NULL, SIGNET_ERASE_CHIP, NULL),
                     SIGNET_E_SYNTAX);
    assert_int_equal(signet_flasher_program(f, "missing.hex", NULL, SIGNET_ERASE_CHIP, NULL),
                     SIGNET_E_IO);
    assert_string_equal(fake_read("nrfjprog.args"), "");
    signet_flasher_close(&f);
}

static void options_that_do_not_do(void **state)
{
    const char *tool = fake_tool("openocd", "");
    const struct {
        const char *name;
        struct signet_flasher_options options;
        int code;
        const char *words;
    } rows[] = {
        {"exec", {0}, SIGNET_E_USAGE, "the flasher exec needs a command"},
        {"exec", {.options = {{"command", " ; true"}}}, SIGNET_E_USAGE, "needs a command"},
        {"exec",
         {.options = {{"command", "true {serial}"}}},
         SIGNET_E_USAGE,
         "the option command has {serial}, but none is known"},
        {"exec",
         {.options = {{"command", "true 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 "
                                  "24 25 26 27 28 29 30 31 32 33"}}},
         SIGNET_E_LIMIT,
         "more than 32 words in the command"},
        {"exec",
         {.options = {{"command", "no-such-program-is-here"}}},
         SIGNET_E_NOT_FOUND,
         "no-such-program-is-here is not installed"},
        {"exec",
         {.options = {{"command", "true ; /no/such/program"}}},
         SIGNET_E_NOT_FOUND,
         "cannot find the program '/no/such/program'"},
        {"exec",
         {.options = {{"command", "bin/true"}}},
         SIGNET_E_NOT_FOUND,
         "bin/true: not the absolute path of a program"},
        {"openocd",
         {.tool = tool, .options = {{"target", "t.cfg"}, {"address", "0x10;shutdown"}}},
         SIGNET_E_USAGE,
         "the address must be a number"},
    };
    struct signet_flasher *f = NULL;
    struct signet_error err = {0};

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_int_equal(signet_flasher_open(&f, rows[i].name, &rows[i].options, NULL, NULL, &err),
                         rows[i].code);
        assert_non_null(strstr(err.msg, rows[i].words));
        assert_null(f);
    }
    f = open_ok("exec", (struct signet_flasher_options){
                            .options = {{"command", "true 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 "
                                                    "18 19 20 21 22 23 24 25 26 27 28 29 30 31 "
                                                    "32"}}});
    signet_flasher_close(&f);
}

static void a_raw_image_needs_its_address(void **state)
{
    static const char *const names[] = {"openocd", "probe-rs"};
    static const char *const wanted[] = {"flash write_image erase {a.bin} 0x8000\n",
                                         "--base-address\n0x8000\n"};
    struct signet_error err = {0};

    (void)state;
    fake_file("a.bin", "raw", 0644);
    for (size_t i = 0; i < 2; i++) {
        struct signet_flasher_options options = {.tool = fake_tool(names[i], ""),
                                                 .options = {{"target", "t"}}};
        struct signet_flasher *f = open_ok(names[i], options);

        assert_int_equal(signet_flasher_program(f, "a.bin", NULL, SIGNET_ERASE_CHIP, &err),
                         SIGNET_E_USAGE);
        assert_non_null(strstr(err.msg, "an address for a raw image"));
        assert_string_equal(arguments(names[i]), "");
        signet_flasher_close(&f);
        options.options[1] = (struct signet_option){"address", "0x8000"};
        f = open_ok(names[i], options);
        assert_int_equal(signet_flasher_program(f, "a.bin", NULL, SIGNET_ERASE_CHIP, &err), 0);
        assert_non_null(strstr(arguments(names[i]), wanted[i]));
        signet_flasher_close(&f);
    }
}

static void boards_are_listed(void **state)
{
    struct signet_programmer *list = NULL;
    struct signet_error err = {0};
    struct signet_flasher *f;
    size_t count = 7;

    (void)state;
    f = open_ok("nrfjprog", (struct signet_flasher_options){
                                .tool = fake_tool("nrfjprog", "[ -e list.fails ] && exit 3\n"
                                                              "printf '683123456\\n../evil\\n"
                                                              "000683000002\\n'")});
    fake_file("list.fails", "", 0644);
    assert_int_equal(signet_flasher_list(f, &list, &count, &err), SIGNET_E_FLASH);
    assert_string_equal(err.msg, "nrfjprog: list of boards: exit status 3");
    assert_true(!list && count == 7);
    unlink("list.fails");
    assert_int_equal(signet_flasher_list(f, &list, &count, &err), SIGNET_OK);
    assert_int_equal(count, 2); /* what is no serial number is passed over */
    assert_string_equal(list[0].serial, "683123456");
    assert_string_equal(list[1].serial, "000683000002");
    free(list);
    signet_flasher_close(&f);
    f = open_ok("none", (struct signet_flasher_options){0});
    assert_int_equal(signet_flasher_list(f, &list, &count, &err), SIGNET_E_UNSUPPORTED);
    assert_string_equal(err.msg, "none has no list of boards");
    signet_flasher_close(&f);
}

static void ports_that_are_not_known(void **state)
{
#define NRFUTIL_PORTS(ports)                                                                       \
    "echo '{\"type\":\"info\",\"data\":{\"devices\":[{\"serialNumber\":\"0001\",\"serialPorts\":"  \
    "[" ports "]},{\"serialNumber\":\"2\",\"serialPorts\":[{\"path\":\"/dev/b\",\"vcom\":0}]}]}}'"
    static const struct {
        const char *name, *serial, *body;
        int code;
        const char *words;
    } rows[] = {
        {"nrfjprog", NULL, "", SIGNET_E_USAGE, "the board's serial number to find its port"},
        {"nrfutil", NULL, "", SIGNET_E_USAGE, "the board's serial number to find its port"},
        {"nrfjprog", "1", "echo '1 dev/a VCOM0'", SIGNET_E_FLASH, "not an absolute path"},
        {"nrfjprog", "1", "exit 4", SIGNET_E_FLASH, "nrfjprog: port of the board: exit status 4"},
        {"nrfutil", "1", "exit 4", SIGNET_E_FLASH, "nrfutil: port of the board: exit status 4"},
        {"nrfutil", "1", NRFUTIL_PORTS("{\"path\":\"/dev/a\",\"vcom\":1}"), SIGNET_E_NOT_FOUND,
         "0 ports of the board are number 0; there must be one"},
        {"nrfutil", "1",
         NRFUTIL_PORTS("{\"path\":\"/dev/a\",\"vcom\":0},{\"path\":\"/dev/c\",\"vcom\":0}"),
         SIGNET_E_CONFLICT, "2 ports of the board are number 0; there must be one"},
        {"nrfutil", "1", NRFUTIL_PORTS("{\"path\":\"COM3\",\"vcom\":0}"), SIGNET_E_FLASH,
         "not an absolute path"},
        {"openocd", "1", "", SIGNET_E_UNSUPPORTED, "openocd does not know the ports of a board"},
    };
    char port[128] = "as it was";
    struct signet_error err = {0};

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct signet_flasher_options options = {.serial = rows[i].serial,
                                                 .tool = fake_tool(rows[i].name, rows[i].body)};
        struct signet_flasher *f;

        if (strcmp(rows[i].name, "openocd") == 0)
            options.options[0] = (struct signet_option){"target", "t.cfg"};
        f = open_ok(rows[i].name, options);
        assert_int_equal(signet_flasher_port(f, 0, port, &err), rows[i].code);
        if (!strstr(err.msg, rows[i].words))
            fail_msg("%zu: %s", i, err.msg);
        assert_string_equal(port, "as it was");
        signet_flasher_close(&f);
    }
}

static void a_reset_that_fails(void **state)
{
    struct signet_error err = {0};
    struct signet_flasher *f = open_ok(
        "nrfjprog", (struct signet_flasher_options){.tool = fake_tool("nrfjprog", "exit 5")});

    (void)state;
    assert_int_equal(signet_flasher_reset(f, &err), SIGNET_E_FLASH);
    assert_string_equal(err.msg, "nrfjprog: reset: exit status 5");
    signet_flasher_close(&f);
}

static void the_table(void **state)
{
    size_t i = 0;

    (void)state;
    for (; signet_flasher_name(i); i++)
        assert_true(strlen(signet_flasher_summary(i)) > 10);
    assert_int_equal(i, 11);
}

static const char *tool_path;

static int flash_once(struct signet_error *err)
{
    const struct signet_flasher_options options = {.tool = tool_path, .serial = "683123456"};
    struct signet_programmer *list = NULL;
    struct signet_flasher *f = NULL;
    size_t count = 0;
    char port[128];
    int rc = signet_flasher_open(&f, "nrfutil", &options, &observer, NULL, err);

    if (rc == SIGNET_OK)
        rc = signet_flasher_program(f, "a.hex", NULL, SIGNET_ERASE_CHIP, err);
    if (rc == SIGNET_OK)
        rc = signet_flasher_port(f, 0, port, err);
    if (rc == SIGNET_OK)
        rc = signet_flasher_list(f, &list, &count, err);
    free(list);
    if (f)
        signet_flasher_close(&f);
    return rc;
}

static void without_memory_nothing_is_flashed(void **state)
{
    (void)state;
    fake_file("a.hex", HEX, 0644);
    tool_path =
        fake_tool("nrfutil", "[ $2 = list ] && echo '" LIST "'\n"
                             "echo '{\"type\":\"task_end\",\"data\":{\"result\":\"success\"}}'");
    starve_each(flash_once);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(without_memory_nothing_is_flashed),
        TEST(nrfjprog),
        TEST(a_tool_that_cannot_lock),
        TEST(nrfjprog_two_ports_of_one_name),
        TEST(nrfutil),
        TEST(nrfutil_failed_task),
        TEST(openocd),
        TEST(openocd_locks),
        TEST(probe_rs),
        TEST(esptool),
        TEST(esptool_needs_a_port),
        TEST(exec_with_a_port),
        TEST(what_tools_say_has_a_meaning),
        TEST(recover_is_asked_for),
        TEST(recover_is_refused),
        TEST(exec_replaces_and_never_asks_a_shell),
        TEST(none_runs_nothing),
        TEST(hostile_serial_numbers),
        TEST(errors_say_what_to_do),
        TEST(a_wrong_image_never_reaches_the_tool),
        TEST(options_that_do_not_do),
        TEST(a_raw_image_needs_its_address),
        TEST(boards_are_listed),
        TEST(ports_that_are_not_known),
        TEST(a_reset_that_fails),
        TEST(the_table),
    };
    return cmocka_run_group_tests_name("flasher/flasher", tests, NULL, NULL);
}
