/* SPDX-License-Identifier: Apache-2.0 */
#include "ops.h"

#include <stdio.h>

/* Nordic's old tool, at the end of its life; kept for lines that have it. */

static void nrfjprog_begin(const struct signet_flasher *f, struct args *args, const char *command)
{
    args_add(args, f->tool, NULL);
    if (f->serial)
        args_add(args, "-s", flasher_serial(f), NULL);
    args_add(args, command, NULL);
}

static int nrfjprog_program(struct signet_flasher *f, const char *path,
                            const struct signet_image *image, enum signet_erase erase,
                            struct signet_error *err)
{
    (void)image;
    struct args args = {0};
    nrfjprog_begin(f, &args, "--program");
    args_add(&args, path, erase == SIGNET_ERASE_CHIP ? "--chiperase" : "--sectorerase", NULL);
    return flasher_run(f, &args, flasher_percent_line, f, err);
}

/* Lines of `--com`: "683123456    /dev/ttyACM0    VCOM0" */
struct com {
    char want[16];
    char port[128];
    size_t found;
};

static void com_line(void *ctx, const char *line, size_t len)
{
    struct com *com = ctx;
    char serial[64], port[128], vcom[32];
    (void)len;
    if (sscanf(line, "%63s %127s %31s", serial, port, vcom) != 3 || strcmp(vcom, com->want) != 0)
        return;
    com->found++;
    snprintf(com->port, sizeof(com->port), "%s", port);
}

static int nrfjprog_port(struct signet_flasher *f, unsigned vcom, char port[128],
                         struct signet_error *err)
{
    struct args args = {0};
    struct com com = {0};
    snprintf(com.want, sizeof(com.want), "VCOM%u", vcom);
    nrfjprog_begin(f, &args, "--com");
    int code = flasher_run(f, &args, com_line, &com, err);
    if (code)
        return code;
    if (com.found != 1)
        return error_set(err, com.found ? SIGNET_E_CONFLICT : SIGNET_E_NOT_FOUND,
                         "%zu ports are called %s; there must be one", com.found, com.want);
    memcpy(port, com.port, sizeof(com.port));
    return SIGNET_OK;
}

struct ids {
    struct signet_programmer *list;
    size_t cap, count;
};

static void id_line(void *ctx, const char *line, size_t len)
{
    struct ids *ids = ctx;
    if (ids->count < ids->cap && len < sizeof(ids->list->serial) && flasher_serial_valid(line))
        memcpy(ids->list[ids->count++].serial, line, len + 1);
}

static int nrfjprog_list(struct signet_flasher *f, struct signet_programmer *out, size_t cap,
                         size_t *count, struct signet_error *err)
{
    struct args args = {0};
    struct ids ids = {out, cap, 0};
    args_add(&args, f->tool, "--ids", NULL);
    int code = flasher_run(f, &args, id_line, &ids, err);
    if (code == SIGNET_OK)
        *count = ids.count;
    return code;
}

static const struct signet_option_info options[] = {{RECOVER_YES}, {0}};

const struct flasher_ops nrfjprog_ops = {
    .name = "nrfjprog",
    .summary = "Nordic boards, older nRF Command Line Tools",
    .tools = (const char *const[]){"nrfjprog", NULL},
    .install = "install Nordic's nRF Command Line Tools, or better nrfutil with its device command",
    .formats = SIGNET_IMAGE_HEX,
    .errors = (const char *const[]){"ERROR: ", NULL},
    .options = options,
    .check = flasher_check_recover,
    .program = nrfjprog_program,
    .begin = nrfjprog_begin,
    .recover = FLASHER_WORDS("--recover"),
    .reset = FLASHER_WORDS("--pinreset"),
    .lock = FLASHER_WORDS("--rbp", "ALL"),
    .read = FLASHER_WORDS("--memrd", "0x0", "--n", "4"),
    .port = nrfjprog_port,
    .list = nrfjprog_list,
};
