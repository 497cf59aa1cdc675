/* SPDX-License-Identifier: Apache-2.0 */
/* STM32 chips by an ST-Link: ST's own tool, or the free one. */
#include "ops.h"

#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>

static bool is_cube(const struct signet_flasher *f)
{
    return text_ends_with(f->tool, "STM32_Programmer_CLI");
}

static bool under_reset(const struct signet_flasher *f)
{
    const char *connect = flasher_option(f, "connect");

    return connect && strcmp(connect, "under-reset") == 0;
}

static int stm32_check(struct signet_flasher *f, struct signet_error *err)
{
    const char *connect = flasher_option(f, "connect");

    if (connect && !under_reset(f) && strcmp(connect, "normal") != 0)
        return error_set(err, SIGNET_E_USAGE, "the option connect is normal or under-reset");
    return flasher_check_recover(f, err);
}

static void cube_begin(const struct signet_flasher *f, struct args *args)
{
    args_add(args, f->tool, "-c", "port=SWD", under_reset(f) ? "mode=UR" : "mode=NORMAL", NULL);
    if (f->serial) {
        snprintf(args->probe, sizeof(args->probe), "sn=%s", f->serial);
        args_add(args, args->probe, NULL);
    }
}

static void free_begin(const struct signet_flasher *f, struct args *args, bool connects)
{
    args_add(args, f->tool, NULL);
    if (connects && under_reset(f))
        args_add(args, "--connect-under-reset", NULL);
    if (f->serial)
        args_add(args, "--serial", f->serial, NULL);
}

static int cube_program(struct signet_flasher *f, const char *path, const char *address,
                        enum signet_erase erase, struct signet_error *err)
{
    struct args args = {0};

    cube_begin(f, &args);
    if (erase == SIGNET_ERASE_CHIP)
        args_add(&args, "-e", "all", NULL);
    args_add(&args, "-w", path, NULL);
    if (address)
        args_add(&args, address, NULL);
    args_add(&args, "-v", NULL);
    return flasher_run(f, &args, flasher_percent_line, f, err);
}

/* Its erase is a run of its own. */
static int free_program(struct signet_flasher *f, const char *path, const char *address,
                        enum signet_erase erase, struct signet_error *err)
{
    struct args args = {0};
    int code = SIGNET_OK;

    if (erase == SIGNET_ERASE_CHIP) {
        free_begin(f, &args, true);
        args_add(&args, "erase", NULL);
        code = error_pass(flasher_run(f, &args, NULL, NULL, err), err, "erase");
    }
    if (code)
        return code;
    args = (struct args){0};
    free_begin(f, &args, true);
    args_add(&args, "--format", address ? "binary" : "ihex", "write", path, NULL);
    if (address)
        args_add(&args, address, NULL);
    return flasher_run(f, &args, flasher_percent_line, f, err);
}

static int stm32_program(struct signet_flasher *f, const char *path,
                         const struct signet_image *image, enum signet_erase erase,
                         struct signet_error *err)
{
    const char *address = image->format == SIGNET_IMAGE_BIN ? flasher_option(f, "address") : NULL;
    int code = SIGNET_OK;

    if (image->format == SIGNET_IMAGE_BIN)
        code = flasher_need(f, address, "an address for a raw image, such as 0x08000000", err);
    if (image->format == SIGNET_IMAGE_ELF && !is_cube(f))
        code = error_set_hint(err, SIGNET_E_UNSUPPORTED, "name the Intel HEX of the same build",
                              "st-flash takes no ELF images");
    if (code)
        return code;
    return (is_cube(f) ? cube_program : free_program)(f, path, address, erase, err);
}

static int stm32_recover(struct signet_flasher *f, struct signet_error *err)
{
    struct args args = {0};

    if (!is_cube(f))
        return error_set_hint(err, SIGNET_E_UNSUPPORTED, "install ST's STM32CubeProgrammer",
                              "st-flash cannot unlock a part");
    cube_begin(f, &args);
    args_add(&args, "-rdu", NULL);
    return flasher_run(f, &args, NULL, NULL, err);
}

static int stm32_reset(struct signet_flasher *f, struct signet_error *err)
{
    struct args args = {0};

    if (is_cube(f))
        cube_begin(f, &args);
    else
        free_begin(f, &args, false);
    args_add(&args, is_cube(f) ? "-hardRst" : "reset", NULL);
    return flasher_run(f, &args, NULL, NULL, err);
}

struct probes {
    struct signet_programmer *list;
    size_t cap, count;
};

/* "     ST-LINK SN  : 066DFF48", or "  serial:     066DFF48" */
static void probe_line(void *ctx, const char *line, size_t len)
{
    struct probes *p = ctx;
    char serial[64];

    (void)len;
    if (p->count < p->cap &&
        (sscanf(line, " ST-LINK SN : %63s", serial) == 1 ||
         sscanf(line, " serial: %63s", serial) == 1) &&
        flasher_serial_valid(serial))
        memcpy(p->list[p->count++].serial, serial, sizeof(serial));
}

/* st-flash has no list; st-info beside it has. */
static int stm32_list(struct signet_flasher *f, struct signet_programmer *out, size_t cap,
                      size_t *count, struct signet_error *err)
{
    struct probes probes = {out, cap, 0};
    struct args args = {0};
    char *tool = NULL, *beside = NULL, *copy = strdup(f->tool);
    int code = copy ? SIGNET_OK : error_nomem(err);

    if (!code && !is_cube(f)) {
        code = text_format(&beside, err, "%s/st-info", dirname(copy));
        code = code ? code : run_find(&tool, beside, NULL, err);
    }
    if (!code) {
        args_add(&args, tool ? tool : f->tool, tool ? "--probe" : "-l", NULL);
        code = flasher_run(f, &args, probe_line, &probes, err);
    }
    *count = probes.count;
    free(tool);
    free(beside);
    free(copy);
    return code;
}

static const struct signet_option_info options[] = {
    {"address", "where a raw image goes"},
    {"connect", "normal, or under-reset: reset is held while it connects (normal)"},
    {RECOVER_YES},
    {0},
};

const struct flasher_ops stm32_ops = {
    .name = "stm32",
    .summary = "STM32 chips by an ST-Link: STM32_Programmer_CLI or st-flash",
    .tools = (const char *const[]){"STM32_Programmer_CLI", "st-flash", NULL},
    .install = "install ST's STM32CubeProgrammer, or the package stlink-tools",
    .formats = SIGNET_IMAGE_HEX | SIGNET_IMAGE_ELF | SIGNET_IMAGE_BIN,
    .options = options,
    .errors = (const char *const[]){"Error: ", " ERROR ", NULL},
    .check = stm32_check,
    .program = stm32_program,
    .recover = {.own = stm32_recover},
    .reset = {.own = stm32_reset},
    .list = stm32_list,
};
