/* SPDX-License-Identifier: Apache-2.0 */
/* SEGGER's J-Link Commander. It does what a script says, which it reads from its standard input. */
#include "ops.h"

#include <stdio.h>
#include <stdlib.h>

static int jlink_check(struct signet_flasher *f, struct signet_error *err)
{
    const char *interface = flasher_option(f, "interface");
    int code = flasher_need(f, flasher_option(f, "target"),
                            "the chip's name as target, such as nRF52840_xxAA", err);

    if (!code && interface && strcmp(interface, "SWD") != 0 && strcmp(interface, "JTAG") != 0)
        code = error_set(err, SIGNET_E_USAGE, "the option interface is SWD or JTAG");
    if (!code)
        code = flasher_check_address(f, err);
    return code ? code : flasher_check_command(f, "recover", err);
}

/* What is between quotes in a script. */
static int check_path(const char *path, struct signet_error *err)
{
    for (const char *p = path; *p; p++)
        if ((unsigned char)*p < 0x20 || *p == '"')
            return error_set(err, SIGNET_E_USAGE,
                             "J-Link Commander cannot take quotes or line ends in a file name");
    return SIGNET_OK;
}

/* Each command that fails ends the script, and the tool with a status of its own. */
static int jlink_run(struct signet_flasher *f, const char *commands,
                     void (*on_line)(void *, const char *, size_t), void *ctx,
                     struct signet_error *err)
{
    const char *interface = flasher_option(f, "interface");
    struct args args = {0};
    char *script = NULL;
    int code = text_format(&script, err, "ExitOnError 1\n%sq\n", commands);

    if (code)
        return code;
    args.input = script;
    args_add(&args, f->tool, "-NoGui", "1", NULL);
    if (f->serial)
        args_add(&args, "-USB", flasher_serial(f), NULL);
    args_add(&args, "-If", interface ? interface : "SWD", "-Speed", "auto", "-Device",
             flasher_option(f, "target"), "-CommanderScript", "/dev/stdin", NULL);
    code = flasher_run(f, &args, on_line, ctx, err);
    free(script);
    return code;
}

static int jlink_program(struct signet_flasher *f, const char *path,
                         const struct signet_image *image, enum signet_erase erase,
                         struct signet_error *err)
{
    const char *address = "", *given = flasher_option(f, "address");
    char *commands = NULL;
    int code = check_path(path, err);

    if (!code && image->format == SIGNET_IMAGE_BIN) {
        code = flasher_need(f, given, "an address for a raw image", err);
        address = given;
    }
    if (code)
        return code;
    code = text_format(&commands, err, "r\n%sloadfile \"%s\" %s\n",
                       erase == SIGNET_ERASE_CHIP ? "erase\n" : "", path, address);
    code = code ? code : jlink_run(f, commands, flasher_percent_line, f, err);
    free(commands);
    return code;
}

/* "unlock" belongs to some families; the script says which. */
static int jlink_recover(struct signet_flasher *f, struct signet_error *err)
{
    char *commands = NULL;
    int code = text_format(&commands, err, "%s\n", flasher_option(f, "recover"));

    code = code ? code : jlink_run(f, commands, NULL, NULL, err);
    free(commands);
    return code;
}

static int jlink_reset(struct signet_flasher *f, struct signet_error *err)
{
    return jlink_run(f, "r\ng\n", NULL, NULL, err);
}

struct emulators {
    struct signet_programmer *list;
    size_t cap, count;
};

/* "J-Link[0]: Connection: USB, Serial number: 683123456, ProductName: J-Link OB" */
static void emulator_line(void *ctx, const char *line, size_t len)
{
    struct emulators *e = ctx;
    const char *number = strstr(line, "Serial number: "), *name = strstr(line, "ProductName: ");
    char serial[64];

    (void)len;
    if (e->count == e->cap || !number || sscanf(number, "Serial number: %63[0-9]", serial) != 1)
        return;
    memcpy(e->list[e->count].serial, serial, sizeof(serial));
    snprintf(e->list[e->count++].product, sizeof(e->list->product), "%s",
             name ? name + strlen("ProductName: ") : "");
}

static int jlink_list(struct signet_flasher *f, struct signet_programmer *out, size_t cap,
                      size_t *count, struct signet_error *err)
{
    struct emulators emulators = {out, cap, 0};
    int code = jlink_run(f, "ShowEmuList\n", emulator_line, &emulators, err);

    *count = emulators.count;
    return code;
}

static const struct signet_option_info options[] = {
    {"target", "the chip, such as nRF52840_xxAA; must be given"},
    {"interface", "SWD or JTAG (SWD)"},
    {"address", "where a raw image goes"},
    {"recover", "the Commander's command that unlocks, such as unlock Kinetis"},
    {0},
};

const struct flasher_ops jlink_ops = {
    .name = "jlink",
    .summary = "J-Link probes, by SEGGER's J-Link Commander; needs the chip's name",
    .tools = (const char *const[]){"JLinkExe", NULL},
    .install = "install SEGGER's J-Link software",
    .formats = SIGNET_IMAGE_HEX | SIGNET_IMAGE_ELF | SIGNET_IMAGE_BIN,
    .options = options,
    .errors = (const char *const[]){"ERROR: ", "Error: ", "Cannot connect",
                                    "FAILED: ", "Failed to ", "Could not ", NULL},
    .check = jlink_check,
    .program = jlink_program,
    .recover = {.own = jlink_recover},
    .reset = {.own = jlink_reset},
    .list = jlink_list,
};
