/* SPDX-License-Identifier: Apache-2.0 */
#include "ops.h"

#include <stdlib.h>
#include <string.h>

/* Any command. Words are split at blanks; no shell sees them, so nothing in a file name or serial
 * number can mean anything. */

struct command {
    struct args args;
    struct buf text; /* the words, each with its terminating zero */
    char *program;   /* absolute path */
};

static void command_free(struct command *c)
{
    buf_free(&c->text);
    free(c->program);
}

/* Appends the words of command number which; returns how many. */
static size_t expand_words(struct buf *text, const char *p, unsigned which, const char *image,
                           const char *serial)
{
    const char *const values[][2] = {
        {"{image}", image}, {"{serial}", serial ? serial : ""}, {NULL, NULL}};
    unsigned now = 0;
    size_t count = 0;
    while (*p) {
        p += strspn(p, " \t\r\n");
        size_t len = strcspn(p, " \t\r\n");
        if (len == 1 && *p == ';') {
            now++;
        } else if (len && now == which) {
            text_expand(text, p, len, values);
            buf_byte(text, 0);
            count++;
        }
        p += len;
    }
    return count;
}

/* Command number which (0 programs, 1 resets); args.n is 0 when it is not there. */
static int command_build(struct command *c, const struct signet_flasher *f, unsigned which,
                         const char *image, struct signet_error *err)
{
    size_t count = expand_words(&c->text, flasher_option(f, "command"), which, image, f->serial);
    int code = buf_check(&c->text, err);
    if (code || count == 0)
        return code;
    if (count > FLASHER_ARGS)
        return error_set(err, SIGNET_E_LIMIT, "more than %d words in the command", FLASHER_ARGS);
    const char *word = (const char *)c->text.data;
    code = run_find(&c->program, word, NULL, err);
    if (code)
        return code;
    args_add(&c->args, c->program, NULL);
    while (--count) {
        word += strlen(word) + 1;
        args_add(&c->args, word, NULL);
    }
    return SIGNET_OK;
}

static int exec_check(struct signet_flasher *f, struct signet_error *err)
{
    const char *command = flasher_option(f, "command");
    int code = flasher_need(f, command, "a command", err);
    if (code)
        return code;
    if (strstr(command, "{serial}") && !f->serial)
        return error_set(err, SIGNET_E_USAGE, "the command has {serial}, but none was given");
    /* A missing program of the reset is told before flashing too. */
    for (unsigned which = 0; code == SIGNET_OK && which < 2; which++) {
        struct command c = {0};
        code = command_build(&c, f, which, "/", err);
        if (code == SIGNET_OK && which == 0 && c.args.n == 0)
            code = flasher_need(f, NULL, "a command", err);
        command_free(&c);
    }
    return code;
}

static int exec_run(struct signet_flasher *f, unsigned which, const char *image,
                    struct signet_error *err)
{
    struct command c = {0};
    int code = command_build(&c, f, which, image, err);
    if (code == SIGNET_OK)
        code = flasher_run(f, &c.args, which == 0 ? flasher_percent_line : NULL, f, err);
    command_free(&c);
    return code;
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
    struct buf text = {0};
    size_t count = expand_words(&text, flasher_option(f, "command"), 1, "", NULL);
    buf_free(&text);
    return count > 0;
}

static const struct signet_option_info options[] = {
    {"command", "words split at blanks, with {image} and {serial}; behind a word ; the reset"},
    {0},
};

const struct flasher_ops exec_ops = {
    .name = "exec",
    .summary = "any command: {image} and {serial} are replaced",
    .formats = SIGNET_IMAGE_HEX | SIGNET_IMAGE_ELF | SIGNET_IMAGE_BIN,
    .options = options,
    .check = exec_check,
    .program = exec_program,
    .reset = exec_reset,
    .has_reset = exec_has_reset,
};
