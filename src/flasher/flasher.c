/* SPDX-License-Identifier: Apache-2.0 */
#include "ops.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>

bool flasher_serial_valid(const char *text)
{
    size_t len = strspn(text, "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ");
    return len >= 1 && len <= 63 && text[len] == '\0';
}

static bool can_act(const struct flasher_action *action)
{
    return action->words || action->own;
}

static int act(struct signet_flasher *f, const struct flasher_action *action,
               struct signet_error *err)
{
    const char *const *words = action->words;
    struct args args = {0};

    if (action->own)
        return action->own(f, err);
    f->ops->begin(f, &args, *words);
    while (*++words)
        args_add(&args, *words, NULL);
    return f->ops->run ? f->ops->run(f, &args, err) : flasher_run(f, &args, NULL, NULL, err);
}

bool flasher_has_reset(const struct signet_flasher *f)
{
    return f->ops->has_reset ? f->ops->has_reset(f) : can_act(&f->ops->reset);
}

bool flasher_uses_port(const struct signet_flasher *f)
{
    return f->ops->uses_port && f->ops->uses_port(f);
}

int flasher_take_port(struct signet_flasher *f, const char *port, struct signet_error *err)
{
    char *copy = NULL;
    int code = text_copy(&copy, port, err);

    if (code == SIGNET_OK) {
        free(f->port);
        f->port = copy;
    }
    return code;
}

/* Only when it was asked for, and where all is erased anyway. */
static int recover_first(struct signet_flasher *f, enum signet_erase erase,
                         struct signet_error *err)
{
    const char *how = can_act(&f->ops->recover) ? flasher_option(f, "recover") : NULL;

    if (!how || erase != SIGNET_ERASE_CHIP || strcmp(how, "no") == 0)
        return SIGNET_OK;
    return error_pass(act(f, &f->ops->recover, err), err, "recover");
}

int signet_flasher_program(struct signet_flasher *f, const char *image, const char *expected_sha256,
                           enum signet_erase erase, struct signet_error *err)
{
    struct signet_image info;
    int code = signet_image_check(&info, image, expected_sha256, err);
    if (code)
        return code;
    if (!(f->ops->formats & (unsigned)info.format))
        return error_set_hint(err, SIGNET_E_UNSUPPORTED,
                              "convert the image: objcopy -O ihex makes Intel HEX of ELF",
                              "%s: %s takes no %s images", image, f->ops->name,
                              info.format == SIGNET_IMAGE_HEX   ? "Intel HEX"
                              : info.format == SIGNET_IMAGE_ELF ? "ELF"
                                                                : "raw");
    char *path = realpath(image, NULL); /* absolute: it cannot be taken for an option */
    if (!path)
        return error_sys(err, SIGNET_E_IO, errno, "%s", image);
    flasher_progress(f, 0);
    code = recover_first(f, erase, err);
    if (code == SIGNET_OK && f->ops->program)
        code = f->ops->program(f, path, &info, erase, err);
    free(path);
    if (code == SIGNET_OK)
        flasher_progress(f, 100);
    return error_pass(code, err, "%s", f->ops->name);
}

int signet_flasher_reset(struct signet_flasher *f, struct signet_error *err)
{
    if (!flasher_has_reset(f))
        return error_set(err, SIGNET_E_UNSUPPORTED, "%s cannot reset a board", f->ops->name);
    return error_pass(act(f, &f->ops->reset, err), err, "%s: reset", f->ops->name);
}

/* Where a kind has no words of its own for it, its option "lock" says how. */
bool flasher_can_lock(const struct signet_flasher *f)
{
    return (f->ops->lock.words || (f->ops->lock.own && flasher_option(f, "lock"))) &&
           flasher_has_reset(f);
}

int flasher_lock(struct signet_flasher *f, struct signet_error *err)
{
    if (!flasher_can_lock(f))
        return error_set(err, SIGNET_E_UNSUPPORTED, "%s cannot lock a debug port", f->ops->name);
    return error_pass(act(f, &f->ops->lock, err), err, "%s: lock", f->ops->name);
}

/* A refusal in the tool's own words for it: a cable that is loose refuses as well. */
int flasher_check_locked(struct signet_flasher *f, struct signet_error *err)
{
    f->said_locked = false;
    int code = act(f, &f->ops->read, err);
    if (code == SIGNET_E_FLASH && f->said_locked)
        return SIGNET_OK;
    if (code == SIGNET_OK)
        code =
            error_set_hint(err, SIGNET_E_FLASH,
                           "some parts lock by another register, or with their firmware's help: "
                           "look at the part's manual",
                           "the debug port is open: a word of the flash was read after the lock");
    return error_pass(code, err, "%s: lock", f->ops->name);
}

int signet_flasher_port(struct signet_flasher *f, unsigned vcom, char port[128],
                        struct signet_error *err)
{
    if (!f->ops->port)
        return error_set(err, SIGNET_E_UNSUPPORTED, "%s does not know the ports of a board",
                         f->ops->name);
    char path[128];
    int code = flasher_need(f, f->serial, "the board's serial number to find its port", err);
    if (code == SIGNET_OK)
        code = f->ops->port(f, vcom, path, err);
    if (code == SIGNET_OK && path[0] != '/')
        code = error_set(err, SIGNET_E_FLASH, "the port is not an absolute path");
    if (code == SIGNET_OK)
        memcpy(port, path, sizeof(path));
    return error_pass(code, err, "%s: port of the board", f->ops->name);
}

int flasher_check_tool(const struct signet_flasher *f, struct signet_error *err)
{
    char *tool = NULL;
    int code = f->tool ? run_find(&tool, f->tool, f->tool, err) : SIGNET_OK;

    free(tool);
    return code;
}

int signet_flasher_list(struct signet_flasher *f, struct signet_programmer **list, size_t *count,
                        struct signet_error *err)
{
    if (!f->ops->list)
        return error_set(err, SIGNET_E_UNSUPPORTED, "%s has no list of boards", f->ops->name);
    struct signet_programmer *all = calloc(64, sizeof(*all));
    if (!all)
        return error_nomem(err);
    int code = f->ops->list(f, all, 64, count, err);
    if (code == SIGNET_OK)
        *list = all;
    else
        free(all);
    return error_pass(code, err, "%s: list of boards", f->ops->name);
}

/* what the kinds share */

void args_add(struct args *args, ...)
{
    va_list texts;

    va_start(texts, args);
    for (const char *text; args->n < FLASHER_ARGS && (text = va_arg(texts, const char *));)
        args->v[args->n++] = text;
    va_end(texts);
}

static const struct flasher_meaning common[] = {
    {"in use", SIGNET_E_BUSY, NULL},
    {"busy", SIGNET_E_BUSY, NULL},
    {"already open", SIGNET_E_BUSY, NULL},
    {"exclusively lock", SIGNET_E_BUSY, NULL},
    {0},
};

static const struct flasher_meaning *meaning_of(const struct flasher_meaning *table,
                                                const char *words)
{
    while (table && table->says && !strcasestr(words, table->says))
        table++;
    return table && table->says ? table : NULL;
}

static bool says_locked(const char *words)
{
    static const char *const says[] = {
        "readback protection",        "readout protect", "read out protect", "read-out protect",
        "AvailableBecauseProtection", "AP lock engaged", "APPROTECT",        "is locked"};
    bool locked = false;

    for (size_t i = 0; i < COUNT_OF(says); i++)
        locked = locked || strcasestr(words, says[i]);
    return locked;
}

int flasher_failed(struct signet_flasher *f, int status, const char *words, const char *all,
                   struct signet_error *err)
{
    const struct flasher_meaning *meaning = meaning_of(f->ops->meanings, words);

    f->said_locked = says_locked(words) || says_locked(all);

    if (!meaning)
        meaning = meaning_of(common, words);
    error_set(err, meaning ? meaning->code : SIGNET_E_FLASH,
              status > 128 ? "ended by signal %d%s%s" : "exit status %d%s%s",
              status > 128 ? status - 128 : status, words[0] ? ": " : "", words);
    if (meaning && meaning->hint)
        error_hint(err, "%s", meaning->hint);
    else if (!meaning && adapter_option_declared(f->ops->options, "recover") && says_locked(all))
        error_hint(err, "if the part is locked, recover unlocks it and erases all of it");
    if (err)
        err->sys = status;
    return meaning ? (int)meaning->code : SIGNET_E_FLASH;
}

int flasher_run(struct signet_flasher *f, const struct args *args,
                void (*on_line)(void *, const char *, size_t), void *ctx, struct signet_error *err)
{
    struct buf output = {0};
    int status = 0;
    struct run run = {.argv = args->v,
                      .timeout_ms = f->timeout_ms,
                      .cancel = f->cancel,
                      .input = args->input,
                      .folder = args->folder,
                      .on_line = on_line,
                      .ctx = ctx};
    int code = run_tool(&run, &output, &status, err);

    if (code == SIGNET_OK && status != 0) {
        char words[REASON_SIZE];

        run_reason(&output, f->ops->errors, words);
        buf_byte(&output, 0);
        code = flasher_failed(f, status, words, output.data ? (char *)output.data : "", err);
    }
    buf_free(&output);
    return code;
}

void flasher_progress(struct signet_flasher *f, unsigned percent)
{
    struct signet_event event = {.kind = SIGNET_EVENT_PROGRESS,
                                 .stage = "flash",
                                 .board = f->serial,
                                 .done = percent < 100 ? percent : 100,
                                 .total = 100};
    event_send(f->observer, &event);
}

void flasher_percent_line(void *ctx, const char *line, size_t len)
{
    const char *sign = memchr(line, '%', len);
    if (!sign)
        return;
    const char *p = sign;
    while (p > line && p[-1] == ' ')
        p--;
    const char *end = p;
    while (p > line && end - p < 8 && (isdigit((unsigned char)p[-1]) || p[-1] == '.'))
        p--;
    if (p < end && isdigit((unsigned char)*p))
        flasher_progress(ctx, (unsigned)strtoul(p, NULL, 10));
}

const char *flasher_serial(const struct signet_flasher *f)
{
    const char *s = f->serial;
    while (s && s[0] == '0' && s[1])
        s++;
    return s;
}

int flasher_need(const struct signet_flasher *f, const char *value, const char *option,
                 struct signet_error *err)
{
    if (value && value[0])
        return SIGNET_OK;
    return error_set(err, SIGNET_E_USAGE, "the flasher %s needs %s", f->ops->name, option);
}

int flasher_check_address(const struct signet_flasher *f, struct signet_error *err)
{
    const char *address = flasher_option(f, "address");

    if (address && address[strspn(address, "0123456789abcdefABCDEFx")] != '\0')
        return error_set(err, SIGNET_E_USAGE, "the address must be a number");
    return SIGNET_OK;
}

int flasher_check_recover(struct signet_flasher *f, struct signet_error *err)
{
    const char *how = flasher_option(f, "recover");

    if (!how || strcmp(how, "yes") == 0 || strcmp(how, "no") == 0)
        return SIGNET_OK;
    return error_set_hint(err, SIGNET_E_USAGE, "it unlocks a part and erases all of it",
                          "the option recover of %s is yes or no", f->ops->name);
}

int flasher_check_command(struct signet_flasher *f, const char *option, struct signet_error *err)
{
    const char *how = flasher_option(f, option);

    if (!how || (how[0] && strspn(how, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                       "0123456789_ ") == strlen(how)))
        return SIGNET_OK;
    return error_set(err, SIGNET_E_USAGE,
                     "the command to %s with has letters, digits, '_' and blanks only", option);
}
