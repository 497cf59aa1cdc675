/* SPDX-License-Identifier: Apache-2.0 */
#include "ops.h"

#include <stdio.h>

/* OpenOCD's arguments are Tcl: what we did not write ourselves goes between braces, where only
 * braces and backslashes mean something. */
static bool tcl_safe(const char *text)
{
    for (; *text; text++)
        if ((unsigned char)*text < 0x20 || strchr("{}\\", *text))
            return false;
    return true;
}

static int openocd_check(struct signet_flasher *f, struct signet_error *err)
{
    const char *target = flasher_option(f, "target"), *config = flasher_option(f, "config");
    int code = flasher_need(f, target, "a target file, such as target/nrf52.cfg", err);

    if (code == SIGNET_OK)
        code = run_trusts(target, err);
    if (code == SIGNET_OK && config)
        code = run_trusts(config, err);
    if (code == SIGNET_OK)
        code = flasher_check_address(f, err);
    if (code == SIGNET_OK)
        code = flasher_check_command(f, "recover", err);
    return code ? code : flasher_check_command(f, "lock", err);
}

static void openocd_begin(const struct signet_flasher *f, struct args *args, const char *command)
{
    args_add(args, f->tool, NULL);
    if (flasher_option(f, "config"))
        args_add(args, "-f", flasher_option(f, "config"), NULL);
    args_add(args, "-f", flasher_option(f, "target"), NULL);
    if (f->serial) {
        snprintf(args->probe, sizeof(args->probe), "adapter serial %s", f->serial);
        args_add(args, "-c", args->probe, NULL);
    }
    args_add(args, "-c", "init", "-c", command, NULL);
}

static int openocd_program(struct signet_flasher *f, const char *path,
                           const struct signet_image *image, enum signet_erase erase,
                           struct signet_error *err)
{
    struct args args = {0};
    char write[4400], verify[4400];
    const char *where = "", *address = flasher_option(f, "address");
    if (!tcl_safe(path) || strlen(path) > 4096)
        return error_set(err, SIGNET_E_USAGE, "OpenOCD cannot take braces or '\\' in a file name");
    if (image->format == SIGNET_IMAGE_BIN) {
        int code = flasher_need(f, address, "an address for a raw image", err);
        if (code)
            return code;
        where = address;
    }
    openocd_begin(f, &args, "reset init");
    if (erase == SIGNET_ERASE_CHIP)
        args_add(&args, "-c", "flash erase_sector 0 0 last", NULL);
    snprintf(write, sizeof(write), "flash write_image erase {%s} %s", path, where);
    snprintf(verify, sizeof(verify), "verify_image {%s} %s", path, where);
    args_add(&args, "-c", write, "-c", verify, "-c", "shutdown", NULL);
    return flasher_run(f, &args, flasher_percent_line, f, err);
}

static int openocd_recover(struct signet_flasher *f, struct signet_error *err)
{
    struct args args = {0};

    openocd_begin(f, &args, flasher_option(f, "recover"));
    args_add(&args, "-c", "shutdown", NULL);
    return flasher_run(f, &args, NULL, NULL, err);
}

static int openocd_lock(struct signet_flasher *f, struct signet_error *err)
{
    struct args args = {0};

    openocd_begin(f, &args, "reset init");
    args_add(&args, "-c", flasher_option(f, "lock"), "-c", "shutdown", NULL);
    return flasher_run(f, &args, NULL, NULL, err);
}

/* A read of a locked flash fails as that of a loose cable does: only where the core's CPUID
 * (ARMv7-M Architecture Reference Manual, B3.2.3) was read just before is it the lock. */
static int openocd_read(struct signet_flasher *f, struct signet_error *err)
{
    const char *address = flasher_option(f, "address");
    struct args args = {0};
    char read[160];

    snprintf(read, sizeof(read),
             "if {[catch {mdw %.20s}]} {error {readout protection: the flash is not read}}",
             address ? address : "0x0");
    openocd_begin(f, &args, "mdw 0xe000ed00");
    args_add(&args, "-c", read, "-c", "shutdown", NULL);
    return flasher_run(f, &args, NULL, NULL, err);
}

static const struct signet_option_info options[] = {
    {"target", "target file, such as target/nrf52.cfg; must be given"},
    {"config", "interface file, such as interface/jlink.cfg"},
    {"address", "where a raw image goes"},
    {"recover", "the target's own command that unlocks and erases it, such as nrf52_recover"},
    {"lock",
     "the target's own command that locks it, such as stm32f4x lock 0, for orders with lock: true"
     " (Cortex-M)"},
    {0},
};

const struct flasher_ops openocd_ops = {
    .name = "openocd",
    .summary = "any board that OpenOCD knows; needs a target file",
    .tools = (const char *const[]){"openocd", NULL},
    .install = "install the package openocd",
    .formats = SIGNET_IMAGE_HEX | SIGNET_IMAGE_ELF | SIGNET_IMAGE_BIN,
    .options = options,
    .errors = (const char *const[]){"Error: ", "Error : ", NULL},
    .check = openocd_check,
    .program = openocd_program,
    .begin = openocd_begin,
    .recover = {.own = openocd_recover},
    .lock = {.own = openocd_lock},
    .read = {.own = openocd_read},
    .reset = FLASHER_WORDS("reset run", "-c", "shutdown"),
};
