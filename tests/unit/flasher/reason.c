/* SPDX-License-Identifier: Apache-2.0 */
/* What tools print when they fail, and what of it is shown. The outputs of OpenOCD
 * 0.12, pyOCD 0.46 and stlink 1.7, and esptool's about a port, are those of the real tools; those
 * of nrfutil, of esptool without a chip, and the tracebacks are written by hand. */
#include "flasher/run.h"

#include <setjmp.h>
#include <stdlib.h>

#include <cmocka.h>

static const char *reason(const char *output, const char *const *marks)
{
    static char words[REASON_SIZE];
    struct buf text = {0};

    buf_text(&text, output);
    run_reason(&text, marks, words);
    buf_free(&text);
    return words;
}

static const char *const openocd[] = {"Error: ", NULL};
static const char *const esptool[] = {"A fatal error occurred: ", "[Errno ", NULL};
static const char *const pyocd[] = {" E ", " C ", NULL};

static void real_outputs(void **state)
{
    static const struct {
        const char *const *marks;
        const char *output, *want;
    } rows[] = {
        {openocd,
         "Open On-Chip Debugger 0.12.0\nLicensed under GNU GPL v2\nFor bug reports, read\n"
         "\thttp://openocd.org/doc/doxygen/bugs.html\n"
         "embedded:startup.tcl:28: Error: Can't find target/nosuch.cfg\nin procedure 'script' \n"
         "at file \"embedded:startup.tcl\", line 28\n",
         "Error: Can't find target/nosuch.cfg"},
        {openocd,
         "Error: double-check your JTAG setup (interface, speed, ...)\nError: fx.cpu: IR capture "
         "error; saw 0x0f not 0x01\nauto erase enabled\nError: Target fx.cpu doesn't support "
         "checksum_memory\n",
         "Error: double-check your JTAG setup (interface, speed, ...); Error: Target fx.cpu "
         "doesn't support checksum_memory"},
        {esptool,
         " Usage: esptool write-flash [OPTIONS] <address> <filename>...\n\n"
         "╭─ Error ──────────╮\n│ No such option '--nosuch'.      │\n╰──────────────╯\n\n",
         "No such option '--nosuch'."},
        {openocd,
         "Open On-Chip Debugger 0.12.0\nInfo : auto-selecting first available session transport "
         "\"swd\". To override use 'transport select <transport>'.\n"
         "Error: unable to find a matching CMSIS-DAP device\n\n",
         "Error: unable to find a matching CMSIS-DAP device"},
        {esptool,
         "esptool.py v4.8.1\nSerial port /dev/ttyUSB0\nConnecting........_____....._____\n\n"
         "A fatal error occurred: Failed to connect to ESP32: No serial data received.\n"
         "For troubleshooting steps visit: https://docs.espressif.com/projects/esptool\n",
         "A fatal error occurred: Failed to connect to ESP32: No serial data received."},
        {esptool,
         "WARNING: DEPRECATED: 'esptool.py' is deprecated.\nERROR: A fatal error occurred: Could "
         "not open /dev/nope, the port is busy or doesn't exist.\n([Errno 2] could not open port "
         "/dev/nope: [Errno 2] No such file or directory: '/dev/nope')\n\nHint: Check if the port "
         "is correct and ESP connected\n",
         "A fatal error occurred: Could not open /dev/nope, the port is busy or doesn't exist.; "
         "[Errno 2] could not open port /dev/nope: [Errno 2] No such file or directory: "
         "'/dev/nope')"},
        {pyocd, "0000770 E No target device available [load_cmd]\n",
         "No target device available [load_cmd]"},
        {NULL,
         "st-flash 1.7.0\n2026-11-28T14:33:56 WARN usb.c: Couldn't find any ST-Link devices\n",
         "2026-11-28T14:33:56 WARN usb.c: Couldn't find any ST-Link devices"},
        {NULL,
         "Usage: nrfutil [OPTIONS] COMMAND [ARGS]...\nTry 'nrfutil --help' for help.\n\n"
         "Error: No such command 'device'.\n",
         "Error: No such command 'device'."},
        {NULL,
         "Traceback (most recent call last):\n  File \"/usr/bin/x\", line 5, in <module>\n"
         "ModuleNotFoundError: No module named 'esptool'\n",
         "ModuleNotFoundError: No module named 'esptool'"},
        {NULL,
         "Traceback (most recent call last):\n  File \"x\", line 5, in f\n"
         "serial.serialutil.PortNotOpenX: gone\n",
         "serial.serialutil.PortNotOpenX: gone"},
        {openocd, "Warn : it failed before\nError: no device\nthis failed as well\n",
         "Error: no device"},
        {esptool, "Compiled with 0 errors\nall is well\nthe end\n ---\n", "the end"},
        {esptool, "", ""},
        {esptool, "\n...\n---", ""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (strcmp(reason(rows[i].output, rows[i].marks), rows[i].want) != 0)
            fail_msg("row %zu: %s", i, reason(rows[i].output, rows[i].marks));
}

/* What went wrong, and what came of it. */
static void few_lines(void **state)
{
    (void)state;
    assert_string_equal(reason("Error: a\nx\nError: a\r\nError: b\nError: c\n", openocd),
                        "Error: a; Error: c");
    assert_string_equal(reason("Error: a\nError: a\nx\n", openocd), "Error: a");
}

/* Nothing of a tool reaches a terminal raw; colours go, and what may be a key is hidden. */
static void hostile_text(void **state)
{
    char text[2000] = "Error: ";
    struct buf zeros = {0};
    char words[REASON_SIZE];

    (void)state;
    assert_string_equal(reason("\033[1;31mError: \033[0mno\007 probe\033]0;x\n", openocd),
                        "Error: no\\x07 probe\\x1b]0;x");
    assert_string_equal(
        reason("Error: key 000102030405060708090a0b0c0d0e0f, serial 683123456\n", openocd),
        "Error: key ********************************, serial 683123456");
    memset(text + 7, 'x', sizeof text - 8);
    assert_in_range(strlen(reason(text, openocd)), 100, 160);
    memset(text + 7, 0x01, sizeof text - 8);
    assert_in_range(strlen(reason(text, openocd)), 100, REASON_SIZE - 1);
    buf_append(&zeros, "Error: a\0b\n", 11);
    run_reason(&zeros, openocd, words);
    assert_string_equal(words, "Error: a b");
    buf_free(&zeros);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(real_outputs),
        cmocka_unit_test(few_lines),
        cmocka_unit_test(hostile_text),
    };
    return cmocka_run_group_tests_name("flasher/reason", tests, NULL, NULL);
}
