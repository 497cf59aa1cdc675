/* SPDX-License-Identifier: Apache-2.0 */
/* `west flash` of a Zephyr build: what the board's runner needs is in the build's runners.yaml, so
 * that boards are flashed as their developer flashes them. The image is the order's. */
#include "ops.h"

static int west_check(struct signet_flasher *f, struct signet_error *err)
{
    const char *build = flasher_option(f, "build");
    int code = flasher_need(f, build, "the folder of a Zephyr build", err);

    if (!code && build[0] != '/')
        code = error_set(err, SIGNET_E_USAGE,
                         "the build folder is not an absolute path: west is run in it");
    code = code ? code : run_trusts(build, err);
    code = code ? code : words_need_serial(f, "arguments", err);
    return code ? code : flasher_check_recover(f, err);
}

static bool west_uses_port(const struct signet_flasher *f)
{
    return words_use_port(flasher_option(f, "arguments"), f);
}

static bool asks_recover(const struct signet_flasher *f, enum signet_erase erase)
{
    const char *how = flasher_option(f, "recover");

    return erase == SIGNET_ERASE_CHIP && how && strcmp(how, "yes") == 0;
}

/* The option of a runner is behind those of west. */
static void west_begin(const struct signet_flasher *f, struct args *args, const char *path,
                       const struct signet_image *image)
{
    const char *runner = flasher_option(f, "runner");

    args->folder = flasher_option(f, "build");
    args_add(args, f->tool, "flash", "--skip-rebuild", "--build-dir", args->folder, NULL);
    if (runner)
        args_add(args, "--runner", runner, NULL);
    args_add(args,
             image->format == SIGNET_IMAGE_HEX   ? "--hex-file"
             : image->format == SIGNET_IMAGE_ELF ? "--elf-file"
                                                 : "--bin-file",
             path, NULL);
    if (f->serial)
        args_add(args, "--dev-id", flasher_serial(f), NULL);
}

static int west_program(struct signet_flasher *f, const char *path,
                        const struct signet_image *image, enum signet_erase erase,
                        struct signet_error *err)
{
    const char *more = flasher_option(f, "arguments");
    struct words words = {0};
    struct args args = {0};

    int code = words_need_port(f, "arguments", err);
    if (code)
        return code;
    west_begin(f, &args, path, image);
    if (erase == SIGNET_ERASE_CHIP)
        args_add(&args, "--erase", NULL);
    if (asks_recover(f, erase))
        args_add(&args, "--recover", NULL);
    code = words_expand(&words, more ? more : "", 0, path, f, err);
    if (!code)
        code = words_add(&words, 0, &args, err);
    if (!code)
        code = flasher_run(f, &args, flasher_percent_line, f, err);
    words_free(&words);
    return code;
}

static const struct signet_option_info options[] = {
    {"build", "folder of the Zephyr build, absolute; must be given"},
    {"runner", "nrfutil, jlink, openocd ... (the board's own)"},
    {"arguments", "more words for the runner, with {image}, {serial} and {port}"},
    {RECOVER_YES},
    {0},
};

static const struct flasher_meaning meanings[] = {
    {"unknown command \"flash\"", SIGNET_E_FLASH,
     "the build folder has to be in a west workspace with Zephyr"},
    {0},
};

const struct flasher_ops west_ops = {
    .name = "west",
    .summary = "Zephyr's own: west flash, by the runner of a build folder",
    .tools = (const char *const[]){"west", NULL},
    .install = "install the Python package west",
    .formats = SIGNET_IMAGE_HEX | SIGNET_IMAGE_ELF | SIGNET_IMAGE_BIN,
    .options = options,
    .errors = (const char *const[]){"FATAL ERROR: ", "ERROR: ", "west: ", NULL},
    .meanings = meanings,
    .uses_port = west_uses_port,
    .check = west_check,
    .program = west_program,
};
