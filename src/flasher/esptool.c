/* SPDX-License-Identifier: Apache-2.0 */
#include "ops.h"

static int esptool_check(struct signet_flasher *f, struct signet_error *err)
{
    return flasher_need(f, f->port, "the serial port of the chip", err);
}

static void esptool_begin(const struct signet_flasher *f, struct args *args, const char *after)
{
    const char *target = flasher_option(f, "target");
    args_add(args, f->tool, "--chip", target ? target : "auto", "--port", f->port, "--after", after,
             NULL);
}

static int esptool_program(struct signet_flasher *f, const char *path,
                           const struct signet_image *image, enum signet_erase erase,
                           struct signet_error *err)
{
    (void)image;
    const char *address = flasher_option(f, "address");
    struct args args = {0};
    esptool_begin(f, &args, "no_reset");
    args_add(&args, "write_flash", NULL);
    if (erase == SIGNET_ERASE_CHIP)
        args_add(&args, "--erase-all", NULL);
    args_add(&args, address ? address : "0x0", path, NULL);
    return flasher_run(f, &args, flasher_percent_line, f, err);
}

static int esptool_reset(struct signet_flasher *f, struct signet_error *err)
{
    struct args args = {0};
    esptool_begin(f, &args, "hard_reset");
    args_add(&args, "run", NULL);
    return flasher_run(f, &args, NULL, NULL, err);
}

static const struct signet_option_info options[] = {
    {"target", "the chip (auto)"},
    {"address", "where the image goes (0x0)"},
    {0},
};

const struct flasher_ops esptool_ops = {
    .name = "esptool",
    .summary = "Espressif chips by their serial port; raw images",
    .tools = (const char *const[]){"esptool", "esptool.py", NULL},
    .install = "install the package esptool",
    .formats = SIGNET_IMAGE_BIN,
    .uses_port = true,
    .options = options,
    .check = esptool_check,
    .program = esptool_program,
    .reset = esptool_reset,
};
