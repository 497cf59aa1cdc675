/* SPDX-License-Identifier: Apache-2.0 */
#include "ops.h"

#include <stdlib.h>

/* Any command: its first word is the program. */

/* Runs command number which (0 programs, 1 resets); with run false, it only looks for the program.
 * *there: there is such a command. */
static int exec_command(struct signet_flasher *f, unsigned which, const char *image, bool run,
                        bool *there, struct signet_error *err)
{
    struct words words = {0};
    struct args args = {0};
    char *program = NULL;
    int code = words_expand(&words, flasher_option(f, "command"), which, image, f, err);

    *there = words.count > 0;
    if (!code && *there)
        code = run_find(&program, (const char *)words.text.data, NULL, err);
    if (!code && *there) {
        args_add(&args, program, NULL);
        code = words_add(&words, 1, &args, err);
        code = code || run ? code : run_check_script(args.v, err);
        if (!code && run)
            code = flasher_run(f, &args, which == 0 ? flasher_percent_line : NULL, f, err);
    }
    free(program);
    words_free(&words);
    return code;
}

static int exec_check(struct signet_flasher *f, struct signet_error *err)
{
    const char *command = flasher_option(f, "command");
    int code = flasher_need(f, command, "a command: flasher_command", err);
    code = code ? code : words_need_serial(f, "command", err);
    /* A missing program of the reset is told before flashing too. */
    for (unsigned which = 0; code == SIGNET_OK && which < 2; which++) {
        bool there;

        code = exec_command(f, which, "/", false, &there, err);
        if (code == SIGNET_OK && which == 0 && !there)
            code = flasher_need(f, NULL, "a command: flasher_command", err);
    }
    return code;
}

static int exec_run(struct signet_flasher *f, unsigned which, const char *image,
                    struct signet_error *err)
{
    bool there;
    int code = words_need_port(f, "command", err);

    return code ? code : exec_command(f, which, image, true, &there, err);
}

static int exec_program(struct signet_flasher *f, const char *path,
                        const struct signet_image *image, enum signet_erase erase,
                        struct signet_error *err)
{
    (void)image;
    (void)erase;
    return exec_run(f, 0, path, err);
}

static int exec_reset(struct signet_flasher *f, struct signet_error *err)
{
    return exec_run(f, 1, "", err);
}

static bool exec_has_reset(const struct signet_flasher *f)
{
    struct words words = {0};
    bool there = words_expand(&words, flasher_option(f, "command"), 1, "", f, NULL) == SIGNET_OK &&
                 words.count > 0;

    words_free(&words);
    return there;
}

static bool exec_uses_port(const struct signet_flasher *f)
{
    return words_use_port(flasher_option(f, "command"), f);
}

static const struct signet_option_info options[] = {
    {"command", "words split at blanks, with {image}, {serial}, {port}; behind a word ; the reset"},
    {0},
};

const struct flasher_ops exec_ops = {
    .name = "exec",
    .summary = "any command: {image}, {serial} and {port} are replaced",
    .formats = SIGNET_IMAGE_HEX | SIGNET_IMAGE_ELF | SIGNET_IMAGE_BIN,
    .options = options,
    .uses_port = exec_uses_port,
    .check = exec_check,
    .program = exec_program,
    .reset = {.own = exec_reset},
    .has_reset = exec_has_reset,
};
