/* SPDX-License-Identifier: Apache-2.0 */
#include "ops.h"

#include <stdio.h>

static int probe_rs_check(struct signet_flasher *f, struct signet_error *err)
{
    int code = flasher_need(f, flasher_option(f, "target"), "the chip's name as target", err);
    if (code == SIGNET_OK && f->serial)
        code = flasher_need(f, flasher_option(f, "config"),
                            "VID:PID of the probe as config beside a serial number", err);
    return code ? code : flasher_check_recover(f, err);
}

static void probe_rs_begin(const struct signet_flasher *f, struct args *args, const char *command)
{
    args_add(args, f->tool, command, "--non-interactive", "--chip", flasher_option(f, "target"),
             NULL);
    if (f->serial) { /* probe-rs names a probe VID:PID:SERIAL */
        snprintf(args->probe, sizeof(args->probe), "%.80s:%s", flasher_option(f, "config"),
                 f->serial);
        args_add(args, "--probe", args->probe, NULL);
    }
}

static int probe_rs_program(struct signet_flasher *f, const char *path,
                            const struct signet_image *image, enum signet_erase erase,
                            struct signet_error *err)
{
    struct args args = {0};
    probe_rs_begin(f, &args, "download");
    args_add(&args, "--binary-format",
             image->format == SIGNET_IMAGE_HEX   ? "hex"
             : image->format == SIGNET_IMAGE_ELF ? "elf"
                                                 : "bin",
             NULL);
    if (image->format == SIGNET_IMAGE_BIN) {
        int code = flasher_need(f, flasher_option(f, "address"), "an address for a raw image", err);
        if (code)
            return code;
        args_add(&args, "--base-address", flasher_option(f, "address"), NULL);
    }
    if (erase == SIGNET_ERASE_CHIP)
        args_add(&args, "--chip-erase", NULL);
    args_add(&args, "--verify", path, NULL);
    return flasher_run(f, &args, flasher_percent_line, f, err);
}

static const struct signet_option_info options[] = {
    {"target", "the chip, such as nRF52840_xxAA; must be given"},
    {"config", "VID:PID of the probe, needed beside a serial number"},
    {"address", "where a raw image goes"},
    {RECOVER_YES},
    {0},
};

const struct flasher_ops probe_rs_ops = {
    .name = "probe-rs",
    .summary = "CMSIS-DAP, J-Link and ST-Link probes; needs the chip's name",
    .tools = (const char *const[]){"probe-rs", NULL},
    .install = "install probe-rs (its own installer, or cargo)",
    .formats = SIGNET_IMAGE_HEX | SIGNET_IMAGE_ELF | SIGNET_IMAGE_BIN,
    .options = options,
    .errors = (const char *const[]){"Error: ", "error: ", NULL},
    .check = probe_rs_check,
    .program = probe_rs_program,
    .begin = probe_rs_begin,
    .recover = FLASHER_WORDS("erase", "--allow-erase-all"),
    .reset = FLASHER_WORDS("reset"),
};
