/* SPDX-License-Identifier: Apache-2.0 */
#include "ops.h"

#include <stdlib.h>

/* Version 5 spells commands and values with '-' where 4 has '_'; 5 still takes the old ones, with a
 * warning each. */
enum { DASHES = 5 };

static int esptool_check(struct signet_flasher *f, struct signet_error *err)
{
    return f->port || f->serial
               ? SIGNET_OK
               : flasher_need(f, NULL, "the serial port of the chip, or its USB serial number",
                              err);
}

static bool esptool_uses_port(const struct signet_flasher *f)
{
    (void)f;
    return true;
}

/* "4.8.1", in a line of its own; "esptool v5.0" and warnings may stand above. */
static void version_line(void *ctx, const char *line, size_t len)
{
    struct signet_flasher *f = ctx;
    char *end;
    long first = strtol(line, &end, 10);

    if (first > 0 && first < 100 && end > line && *end == '.' &&
        strspn(end, ".abdevr0123456789+") == len - (size_t)(end - line))
        f->version = (int)first;
}

static int ask_version(struct signet_flasher *f, struct signet_error *err)
{
    struct args args = {0};

    args_add(&args, f->tool, "version", NULL);
    int code = f->version ? SIGNET_OK : flasher_run(f, &args, version_line, f, err);
    if (code == SIGNET_OK && !f->version)
        code = error_set(err, SIGNET_E_FLASH, "%s does not say which version it is", f->tool);
    return code;
}

static const char *spelled(const struct signet_flasher *f, const char *dashes, const char *old)
{
    return f->version >= DASHES ? dashes : old;
}

static int esptool_begin(struct signet_flasher *f, struct args *args, struct signet_error *err)
{
    const char *target = flasher_option(f, "target");
    int code = flasher_need(f, f->port, "the serial port of the chip", err);

    if (code == SIGNET_OK)
        code = ask_version(f, err);
    if (code == SIGNET_OK)
        args_add(args, f->tool, "--chip", target ? target : "auto", "--port", f->port, "--after",
                 NULL);
    return code;
}

static int esptool_program(struct signet_flasher *f, const char *path,
                           const struct signet_image *image, enum signet_erase erase,
                           struct signet_error *err)
{
    const char *address = flasher_option(f, "address");
    struct args args = {0};
    int code = esptool_begin(f, &args, err);

    (void)image;
    if (code)
        return code;
    args_add(&args, spelled(f, "no-reset", "no_reset"), spelled(f, "write-flash", "write_flash"),
             NULL);
    if (erase == SIGNET_ERASE_CHIP)
        args_add(&args, "--erase-all", NULL);
    args_add(&args, address ? address : "0x0", path, NULL);
    return flasher_run(f, &args, flasher_percent_line, f, err);
}

static int esptool_reset(struct signet_flasher *f, struct signet_error *err)
{
    struct args args = {0};
    int code = esptool_begin(f, &args, err);

    if (code)
        return code;
    args_add(&args, spelled(f, "hard-reset", "hard_reset"), "run", NULL);
    return flasher_run(f, &args, NULL, NULL, err);
}

static const struct signet_option_info options[] = {
    {"target", "the chip (auto)"},
    {"address", "where the image goes (0x0)"},
    {0},
};

static const struct flasher_meaning meanings[] = {
    {"No such file or directory", SIGNET_E_FLASH,
     "the list of boards shows the ports that are there"},
    {"Failed to connect", SIGNET_E_FLASH,
     "hold the chip's BOOT button, or look at how its reset is wired"},
    {0},
};

const struct flasher_ops esptool_ops = {
    .name = "esptool",
    .summary = "Espressif chips by their serial port; raw images",
    .tools = (const char *const[]){"esptool", "esptool.py", NULL},
    .install = "install the package esptool",
    .formats = SIGNET_IMAGE_BIN,
    .options = options,
    .errors = (const char *const[]){"A fatal error occurred: ", "[Errno ",
                                    "esptool: error: ", "Error: ", NULL},
    .meanings = meanings,
    .uses_port = esptool_uses_port,
    .check = esptool_check,
    .program = esptool_program,
    .reset = {.own = esptool_reset},
};
