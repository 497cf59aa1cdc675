/* SPDX-License-Identifier: Apache-2.0 */
#include "ops.h"

#include <stdlib.h>
#include <string.h>

/* Any command. Words are split at blanks; no shell sees them, so nothing in a file name or serial
 * number can mean anything. */

struct words {
    struct args args;
    char *owned[FLASHER_ARGS];
    char *first; /* absolute path of the program */
};

static void words_free(struct words *w)
{
    for (size_t i = 0; i < w->args.n; i++)
        free(w->owned[i]);
    free(w->first);
}

static int expand(char **out, const char *word, size_t len, const char *image, const char *serial,
                  struct signet_error *err)
{
    struct buf text = {0};
    for (size_t i = 0; i < len;) {
        if (len - i >= 7 && memcmp(word + i, "{image}", 7) == 0) {
            buf_text(&text, image);
            i += 7;
        } else if (len - i >= 8 && memcmp(word + i, "{serial}", 8) == 0) {
            buf_text(&text, serial);
            i += 8;
        } else {
            buf_byte(&text, (uint8_t)word[i++]);
        }
    }
    buf_byte(&text, 0);
    int code = buf_check(&text, err);
    if (code == SIGNET_OK) {
        *out = strdup((const char *)text.data);
        if (!*out)
            code = error_nomem(err);
    }
    buf_free(&text);
    return code;
}

/* Command number which (0 programs, 1 resets) of the text; args.n is 0 when it is not there. */
static int build(struct words *w, const struct signet_flasher *f, unsigned which, const char *image,
                 struct signet_error *err)
{
    unsigned now = 0;
    for (const char *p = flasher_option(f, "command"); *p;) {
        p += strspn(p, " \t\r\n");
        size_t len = strcspn(p, " \t\r\n");
        if (len == 1 && *p == ';') {
            now++;
        } else if (len && now == which) {
            if (w->args.n == FLASHER_ARGS)
                return error_set(err, SIGNET_E_LIMIT, "more than %d words in the command",
                                 FLASHER_ARGS);
            char *word = NULL;
            int code = expand(&word, p, len, image, f->serial ? f->serial : "", err);
            if (code)
                return code;
            w->owned[w->args.n] = word;
            args_add(&w->args, word, NULL);
        }
        p += len; /* NOLINT(clang-analyzer-unix.Malloc): word is in w->owned */
    }
    if (w->args.n == 0)
        return SIGNET_OK;
    const char *name = w->args.v[0];
    int code = run_find(&w->first, name, name[0] == '/' ? name : NULL, err);
    if (code == SIGNET_OK)
        w->args.v[0] = w->first;
    return code;
}

static int check(struct signet_flasher *f, struct signet_error *err)
{
    const char *command = flasher_option(f, "command");
    int code = flasher_need(f, command, "a command", err);
    if (code)
        return code;
    if (strstr(command, "{serial}") && !f->serial)
        return error_set(err, SIGNET_E_USAGE, "the command has {serial}, but none was given");
    struct words w = {0};
    code = build(&w, f, 0, "/", err);
    if (code == SIGNET_OK && w.args.n == 0)
        code = flasher_need(f, NULL, "a command", err);
    words_free(&w);
    struct words reset = {0}; /* a missing program of the reset is told before flashing too */
    if (code == SIGNET_OK)
        code = build(&reset, f, 1, "", err);
    words_free(&reset);
    return code;
}

static int program(struct signet_flasher *f, const char *path, const struct signet_image *image,
                   enum signet_erase erase, struct signet_error *err)
{
    (void)image;
    (void)erase;
    struct words w = {0};
    int code = build(&w, f, 0, path, err);
    if (code == SIGNET_OK)
        code = flasher_run(f, &w.args, flasher_percent_line, f, NULL, err);
    words_free(&w);
    return code;
}

static int reset(struct signet_flasher *f, struct signet_error *err)
{
    struct words w = {0};
    int code = build(&w, f, 1, "", err);
    if (code == SIGNET_OK)
        code = flasher_run(f, &w.args, NULL, NULL, NULL, err);
    words_free(&w);
    return code;
}

static bool has_reset(const struct signet_flasher *f)
{
    struct words w = {0};
    bool found = build(&w, f, 1, "", NULL) != SIGNET_OK || w.args.n > 0;
    words_free(&w);
    return found;
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
    .check = check,
    .program = program,
    .reset = reset,
    .has_reset = has_reset,
};
