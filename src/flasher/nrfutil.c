/* SPDX-License-Identifier: Apache-2.0 */
#include "ops.h"

#include <stdlib.h>

/* `nrfutil device`: one JSON object a line on stdout (nrfutil_json.c). */

struct follow {
    struct signet_flasher *f; /* whose progress it is; NULL: nobody's */
    struct nrfutil_line *line;
};

static void on_line(void *ctx, const char *text, size_t len)
{
    struct follow *follow = ctx;
    nrfutil_line_parse(follow->line, text, len);
    if (follow->line->kind == NRFUTIL_PROGRESS && follow->f)
        flasher_progress(follow->f, follow->line->percent);
}

/* The tool may report a failed task and exit with 0: the task's own result counts. devices (may be
 * NULL) gets the list. */
static int nrfutil_follow(struct signet_flasher *f, const struct args *args,
                          struct nrfutil_line **devices, struct signet_error *err)
{
    struct nrfutil_line *line = calloc(1, sizeof(*line));
    if (!line)
        return error_nomem(err);
    int code = flasher_run(f, args, on_line, &(struct follow){devices ? NULL : f, line}, err);
    if ((code == SIGNET_OK || code == SIGNET_E_FLASH || code == SIGNET_E_BUSY) && line->message[0])
        code = flasher_failed(f, code && err ? err->sys : 0, line->message, line->message, err);
    if (code == SIGNET_OK && devices)
        *devices = line;
    else
        free(line);
    return code;
}

static int nrfutil_run(struct signet_flasher *f, const struct args *args, struct signet_error *err)
{
    return nrfutil_follow(f, args, NULL, err);
}

static void nrfutil_begin(const struct signet_flasher *f, struct args *args, const char *command)
{
    args_add(args, f->tool, "device", command, NULL);
    if (f->serial)
        args_add(args, "--serial-number", flasher_serial(f), NULL);
}

static int nrfutil_program(struct signet_flasher *f, const char *path,
                           const struct signet_image *image, enum signet_erase erase,
                           struct signet_error *err)
{
    (void)image;
    struct args args = {0};
    nrfutil_begin(f, &args, "program");
    args_add(&args, "--firmware", path, "--options",
             erase == SIGNET_ERASE_CHIP
                 ? "chip_erase_mode=ERASE_ALL,reset=RESET_NONE,verify=VERIFY_READ"
                 : "chip_erase_mode=ERASE_RANGES_TOUCHED_BY_FIRMWARE,reset=RESET_NONE,"
                   "verify=VERIFY_READ",
             "--json", NULL);
    return nrfutil_run(f, &args, err);
}

static int nrfutil_devices(struct signet_flasher *f, struct nrfutil_line **out,
                           struct signet_error *err)
{
    struct args args = {0};
    args_add(&args, f->tool, "device", "list", "--json", NULL);
    return nrfutil_follow(f, &args, out, err);
}

static int nrfutil_port(struct signet_flasher *f, unsigned vcom, char port[128],
                        struct signet_error *err)
{
    struct nrfutil_line *all = NULL;
    size_t found = 0;
    int code = nrfutil_devices(f, &all, err);
    if (code)
        return code;
    for (size_t i = 0; i < all->count; i++) {
        if (!text_same_serial(all->devices[i].about.serial, f->serial))
            continue;
        for (size_t k = 0; k < all->devices[i].port_count; k++) {
            if (all->devices[i].ports[k].vcom != vcom)
                continue;
            memcpy(port, all->devices[i].ports[k].path, 128);
            found++;
        }
    }
    free(all);
    if (found != 1)
        return error_set(err, found ? SIGNET_E_CONFLICT : SIGNET_E_NOT_FOUND,
                         "%zu ports of the board are number %u; there must be one", found, vcom);
    return SIGNET_OK;
}

static int nrfutil_list(struct signet_flasher *f, struct signet_programmer *out, size_t cap,
                        size_t *count, struct signet_error *err)
{
    struct nrfutil_line *all = NULL;
    int code = nrfutil_devices(f, &all, err);
    if (code)
        return code;
    for (*count = 0; *count < all->count && *count < cap; ++*count)
        out[*count] = all->devices[*count].about;
    free(all);
    return SIGNET_OK;
}

static const struct signet_option_info options[] = {{RECOVER_YES}, {0}};

#define INSTALL "install Nordic's nrfutil, then: nrfutil install device"

/* Packages of other people have a program of this name, and Nordic's own has this command only
 * when it was installed. */
static const struct flasher_meaning meanings[] = {
    {"No such command", SIGNET_E_NOT_FOUND, INSTALL},
    {"unrecognized subcommand", SIGNET_E_NOT_FOUND, INSTALL},
    {"Subcommand nrfutil-device not found", SIGNET_E_NOT_FOUND, INSTALL},
    {"invalid choice: 'device'", SIGNET_E_NOT_FOUND, INSTALL},
    {0},
};

const struct flasher_ops nrfutil_ops = {
    .name = "nrfutil",
    .summary = "Nordic boards, `nrfutil device`",
    .tools = (const char *const[]){"nrfutil", NULL},
    .install = INSTALL,
    .formats = SIGNET_IMAGE_HEX,
    .errors = (const char *const[]){"Error: ", "error: ", NULL},
    .meanings = meanings,
    .options = options,
    .check = flasher_check_recover,
    .program = nrfutil_program,
    .begin = nrfutil_begin,
    .run = nrfutil_run,
    .recover = FLASHER_WORDS("recover", "--json"),
    .reset = FLASHER_WORDS("reset", "--reset-kind", "RESET_PIN", "--json"),
    /* all of it, of the application core; a word of the flash is read as any debugger would */
    .lock = FLASHER_WORDS("protection-set", "All", "--json"),
    .read = FLASHER_WORDS("read", "--address", "0x0", "--bytes", "4", "--json"),
    .port = nrfutil_port,
    .list = nrfutil_list,
};
