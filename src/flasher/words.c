/* SPDX-License-Identifier: Apache-2.0 */
/* Words of a person for the argument vector of a tool. They are split at blanks; no shell sees
 * them, so nothing in a file name or serial number can mean anything. */
#include "ops.h"

static const char *or_none(const char *text)
{
    return text ? text : "";
}

int words_expand(struct words *words, const char *p, unsigned which, const char *image,
                 const struct signet_flasher *f, struct signet_error *err)
{
    const char *const values[][2] = {{"{image}", image},
                                     {"{serial}", or_none(f->serial)},
                                     {"{port}", or_none(f->port)},
                                     {NULL, NULL}};
    unsigned now = 0;

    while (*p) {
        p += strspn(p, " \t\r\n");
        size_t len = strcspn(p, " \t\r\n");
        if (len == 1 && *p == ';') {
            now++;
        } else if (len && now == which) {
            text_expand(&words->text, p, len, values);
            buf_byte(&words->text, 0);
            words->count++;
        }
        p += len;
    }
    return buf_check(&words->text, err);
}

int words_add(const struct words *words, size_t from, struct args *args, struct signet_error *err)
{
    const char *word = (const char *)words->text.data;

    if (args->n + words->count - from > FLASHER_ARGS)
        return error_set(err, SIGNET_E_LIMIT, "more than %d words in the command", FLASHER_ARGS);
    for (size_t i = 0; i < words->count; i++, word += strlen(word) + 1)
        if (i >= from)
            args_add(args, word, NULL);
    return SIGNET_OK;
}

void words_free(struct words *words)
{
    buf_free(&words->text);
    words->count = 0;
}

static int words_lack(const struct signet_flasher *f, const char *option, const char *name,
                      const char *value, struct signet_error *err)
{
    const char *text = flasher_option(f, option);

    if (!text || !strstr(text, name) || value)
        return SIGNET_OK;
    return error_set(err, SIGNET_E_USAGE, "the option %s has %s, but none is known", option, name);
}

int words_need_serial(const struct signet_flasher *f, const char *option, struct signet_error *err)
{
    return words_lack(f, option, "{serial}", f->serial, err);
}

int words_need_port(const struct signet_flasher *f, const char *option, struct signet_error *err)
{
    return words_lack(f, option, "{port}", f->port, err);
}

bool words_use_port(const char *text, const struct signet_flasher *f)
{
    return text && (strstr(text, "{port}") || (f->port && strstr(text, f->port)));
}
