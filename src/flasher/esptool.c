/* SPDX-License-Identifier: Apache-2.0 */
#include "ops.h"

static int check(struct signet_flasher *f, struct signet_error *err)
{
    return flasher_need(f, f->port, "the serial port of the chip", err);
}

static void begin(const struct signet_flasher *f, struct args *args, const char *after)
{
    args_add(args, f->tool);
    args_add(args, "--chip");
    args_add(args, f->target ? f->target : "auto");
    args_add(args, "--port");
    args_add(args, f->port);
    args_add(args, "--after");
    args_add(args, after);
}

static int program(struct signet_flasher *f, const char *path, const struct signet_image *image,
                   enum signet_erase erase, struct signet_error *err)
{
    (void)image;
    struct args args = {0};
    begin(f, &args, "no_reset");
    args_add(&args, "write_flash");
    if (erase == SIGNET_ERASE_CHIP)
        args_add(&args, "--erase-all");
    args_add(&args, f->address ? f->address : "0x0");
    args_add(&args, path);
    return flasher_run(f, &args, flasher_percent_line, f, NULL, err);
}

static int reset(struct signet_flasher *f, struct signet_error *err)
{
    struct args args = {0};
    begin(f, &args, "hard_reset");
    args_add(&args, "run");
    return flasher_run(f, &args, NULL, NULL, NULL, err);
}

static const char *const tools[] = {"esptool", "esptool.py", NULL};

const struct flasher_ops esptool_ops = {
    .name = "esptool",
    .summary = "Espressif chips by their serial port; raw images",
    .tools = tools,
    .install = "install the package esptool",
    .formats = SIGNET_IMAGE_BIN,
    .uses_port = true,
    .check = check,
    .program = program,
    .reset = reset,
};
