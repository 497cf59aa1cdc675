/* SPDX-License-Identifier: Apache-2.0 */
#include "ops.h"

#include <jansson.h>
#include <stdio.h>

/* A locked part is unlocked, and so erased, without a word unless pyOCD is told not to: by all
 * commands but `erase`, which is for recovering. */
static void pyocd_begin(const struct signet_flasher *f, struct args *args, const char *command)
{
    const char *target = flasher_option(f, "target"), *pack = flasher_option(f, "pack");
    bool unlock = strcmp(command, "erase") == 0;

    args_add(args, f->tool, command, "--no-wait", "-O",
             unlock ? "auto_unlock=true" : "auto_unlock=false", NULL);
    if (target)
        args_add(args, "--target", target, NULL);
    if (pack)
        args_add(args, "--pack", pack, NULL);
    if (f->serial)
        args_add(args, "--uid", f->serial, NULL);
}

static int pyocd_program(struct signet_flasher *f, const char *path,
                         const struct signet_image *image, enum signet_erase erase,
                         struct signet_error *err)
{
    const char *address = flasher_option(f, "address");
    struct args args = {0};

    pyocd_begin(f, &args, "flash");
    args_add(&args, "--erase", erase == SIGNET_ERASE_CHIP ? "chip" : "sector", "--no-reset",
             "--format",
             image->format == SIGNET_IMAGE_HEX   ? "hex"
             : image->format == SIGNET_IMAGE_ELF ? "elf"
                                                 : "bin",
             NULL);
    if (image->format == SIGNET_IMAGE_BIN) {
        int code = flasher_need(f, address, "an address for a raw image", err);
        if (code)
            return code;
        args_add(&args, "--base-address", address, NULL);
    }
    args_add(&args, path, NULL);
    return flasher_run(f, &args, flasher_percent_line, f, err);
}

static void keep_line(void *ctx, const char *line, size_t len)
{
    buf_append(ctx, line, len);
    buf_byte(ctx, '\n');
}

static void take_probe(struct signet_programmer *out, const json_t *probe)
{
    const char *serial = json_string_value(json_object_get(probe, "unique_id"));
    const char *about = json_string_value(json_object_get(probe, "info"));

    snprintf(out->serial, sizeof(out->serial), "%s", serial);
    snprintf(out->product, sizeof(out->product), "%s", about ? about : "");
}

static int pyocd_list(struct signet_flasher *f, struct signet_programmer *out, size_t cap,
                      size_t *count, struct signet_error *err)
{
    struct args args = {0};
    struct buf text = {0};
    size_t i;
    const json_t *probe;

    args_add(&args, f->tool, "json", "--probes", NULL);
    int code = flasher_run(f, &args, keep_line, &text, err);
    json_t *all = code || text.failed ? NULL : json_loadb((char *)text.data, text.len, 0, NULL);
    const json_t *probes = json_object_get(all, "boards");
    if (code == SIGNET_OK && !json_is_array(probes))
        code = error_set(err, SIGNET_E_FLASH, "the list of probes is not what pyOCD writes");
    *count = 0;
    json_array_foreach(probes, i, probe)
    {
        const char *serial = json_string_value(json_object_get(probe, "unique_id"));

        if (*count < cap && serial && flasher_serial_valid(serial))
            take_probe(&out[(*count)++], probe);
    }
    json_decref(all);
    buf_free(&text);
    return code;
}

static const struct signet_option_info options[] = {
    {"target", "the chip, such as nrf52840, where the board does not say it"},
    {"address", "where a raw image goes"},
    {"pack", "file of the CMSIS pack that knows the chip"},
    {RECOVER_YES},
    {0},
};

const struct flasher_ops pyocd_ops = {
    .name = "pyocd",
    .summary = "CMSIS-DAP, J-Link and ST-Link probes, by pyOCD",
    .tools = (const char *const[]){"pyocd", NULL},
    .install = "install the Python package pyocd",
    .formats = SIGNET_IMAGE_HEX | SIGNET_IMAGE_ELF | SIGNET_IMAGE_BIN,
    .options = options,
    .errors = (const char *const[]){"No connected debug probe", "pyocd: error: ", " E ", " C ",
                                    ":ERROR:", ":CRITICAL:", NULL},
    .check = flasher_check_recover,
    .program = pyocd_program,
    .begin = pyocd_begin,
    .recover = FLASHER_WORDS("erase", "--mass"),
    .reset = FLASHER_WORDS("reset", "--method", "hw"),
    .list = pyocd_list,
};
