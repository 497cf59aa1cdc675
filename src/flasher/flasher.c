/* SPDX-License-Identifier: Apache-2.0 */
#include "image.h"
#include "ops.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const struct flasher_ops *const table[] = {
    &nrfutil_ops, &nrfjprog_ops, &openocd_ops, &probe_rs_ops, &esptool_ops, &exec_ops, &none_ops,
};
#define ROWS               (sizeof(table) / sizeof(table[0]))
#define DEFAULT_TIMEOUT_MS 180000

const char *signet_flasher_name(size_t i)
{
    return i < ROWS ? table[i]->name : NULL;
}

const char *signet_flasher_summary(size_t i)
{
    return i < ROWS ? table[i]->summary : NULL;
}

bool flasher_serial_valid(const char *text)
{
    size_t len = strlen(text);
    for (size_t i = 0; i < len; i++)
        if (!((text[i] >= '0' && text[i] <= '9') || (text[i] >= 'a' && text[i] <= 'z') ||
              (text[i] >= 'A' && text[i] <= 'Z')))
            return false;
    return len >= 1 && len <= 63;
}

bool flasher_has_reset(const struct signet_flasher *f)
{
    return f->ops->has_reset ? f->ops->has_reset(f) : f->ops->reset != NULL;
}

bool flasher_uses_port(const struct signet_flasher *f)
{
    return f->ops->uses_port;
}

bool flasher_is_none(const struct signet_flasher *f)
{
    return f->ops == &none_ops;
}

static const struct flasher_ops *find_ops(const char *name, struct signet_error *err)
{
    const char *names[ROWS];
    for (size_t i = 0; i < ROWS; i++) {
        if (strcmp(table[i]->name, name) == 0)
            return table[i];
        names[i] = table[i]->name;
    }
    struct buf shown = {0};
    text_escape(&shown, (const uint8_t *)name, strlen(name));
    error_set(err, SIGNET_E_USAGE, "unknown flasher '%.60s'",
              shown.failed || !shown.data ? "" : (const char *)shown.data);
    buf_free(&shown);
    const char *near = text_nearest(name, names, ROWS);
    if (near)
        error_hint(err, "did you mean %s?", near);
    return NULL;
}

static int copy_text(char **out, const char *text, struct signet_error *err)
{
    if (!text)
        return SIGNET_OK;
    *out = strdup(text);
    return *out ? SIGNET_OK : error_nomem(err);
}

static int copy_options(struct signet_flasher *f, const struct signet_flasher_options *o,
                        struct signet_error *err)
{
    if (o->serial && !flasher_serial_valid(o->serial))
        return error_set(err, SIGNET_E_USAGE,
                         "the programmer's serial number must be 1 to 63 letters and digits");
    int code = copy_text(&f->serial, o->serial, err);
    code = code ? code : copy_text(&f->target, o->target, err);
    code = code ? code : copy_text(&f->config, o->config, err);
    code = code ? code : copy_text(&f->port, o->port, err);
    code = code ? code : copy_text(&f->address, o->address, err);
    code = code ? code : copy_text(&f->command, o->command, err);
    f->timeout_ms = o->timeout_ms > 0 ? o->timeout_ms : DEFAULT_TIMEOUT_MS;
    return code;
}

static int find_tool(struct signet_flasher *f, const char *given, struct signet_error *err)
{
    if (!f->ops->tools)
        return SIGNET_OK;
    int code = SIGNET_E_NOT_FOUND;
    for (size_t i = 0; f->ops->tools[i] && code == SIGNET_E_NOT_FOUND; i++)
        code = run_find(&f->tool, f->ops->tools[i], given, err);
    if (code == SIGNET_E_NOT_FOUND)
        error_hint(err, "%s", f->ops->install);
    return code;
}

int signet_flasher_open(struct signet_flasher **out, const char *name,
                        const struct signet_flasher_options *options,
                        const struct signet_observer *observer, const struct signet_cancel *cancel,
                        struct signet_error *err)
{
    static const struct signet_flasher_options defaults;
    const struct flasher_ops *ops = find_ops(name, err);
    if (!ops)
        return SIGNET_E_USAGE;
    struct signet_flasher *f = calloc(1, sizeof(*f));
    if (!f)
        return error_nomem(err);
    if (!options)
        options = &defaults;
    f->ops = ops;
    f->observer = observer;
    f->cancel = cancel;
    int code = copy_options(f, options, err);
    if (code == SIGNET_OK)
        code = find_tool(f, options->tool, err);
    if (code == SIGNET_OK && ops->check)
        code = ops->check(f, err);
    if (code) {
        signet_flasher_close(&f);
        return code;
    }
    *out = f;
    return SIGNET_OK;
}

void signet_flasher_close(struct signet_flasher **flasher)
{
    struct signet_flasher *f = *flasher;
    if (!f)
        return;
    free(f->tool);
    free(f->serial);
    free(f->target);
    free(f->config);
    free(f->port);
    free(f->address);
    free(f->command);
    free(f);
    *flasher = NULL;
}

int signet_flasher_program(struct signet_flasher *f, const char *image, const char *expected_sha256,
                           enum signet_erase erase, struct signet_error *err)
{
    struct signet_image info;
    int code = signet_image_check(&info, image, expected_sha256, err);
    if (code)
        return code;
    if (!(f->ops->formats & (unsigned)info.format))
        return error_set(err, SIGNET_E_UNSUPPORTED, "%s: %s takes no %s images", image,
                         f->ops->name,
                         info.format == SIGNET_IMAGE_HEX   ? "Intel HEX"
                         : info.format == SIGNET_IMAGE_ELF ? "ELF"
                                                           : "raw");
    char *path = realpath(image, NULL); /* absolute: it cannot be taken for an option */
    if (!path)
        return error_sys(err, SIGNET_E_IO, errno, "%s", image);
    flasher_progress(f, 0);
    code = f->ops->program(f, path, &info, erase, err);
    free(path);
    if (code)
        error_prefix(err, "%s", f->ops->name);
    else
        flasher_progress(f, 100);
    return code;
}

int signet_flasher_reset(struct signet_flasher *f, struct signet_error *err)
{
    if (!flasher_has_reset(f))
        return error_set(err, SIGNET_E_UNSUPPORTED, "%s cannot reset a board", f->ops->name);
    int code = f->ops->reset(f, err);
    if (code)
        error_prefix(err, "%s: reset", f->ops->name);
    return code;
}

int signet_flasher_port(struct signet_flasher *f, unsigned vcom, char port[128],
                        struct signet_error *err)
{
    if (!f->ops->port)
        return error_set(err, SIGNET_E_UNSUPPORTED, "%s does not know the ports of a board",
                         f->ops->name);
    int code = f->ops->port(f, vcom, port, err);
    if (code)
        error_prefix(err, "%s: port of the board", f->ops->name);
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
    size_t n = 0;
    int code = f->ops->list(f, all, 64, &n, err);
    if (code) {
        free(all);
        error_prefix(err, "%s: list of boards", f->ops->name);
        return code;
    }
    *list = all;
    *count = n;
    return SIGNET_OK;
}

/* what the kinds share */

void args_add(struct args *args, const char *text)
{
    if (args->n < FLASHER_ARGS)
        args->v[args->n++] = text;
}

int flasher_run(struct signet_flasher *f, const struct args *args,
                void (*on_line)(void *, const char *, size_t), void *ctx, struct buf *output,
                struct signet_error *err)
{
    struct buf own = {0};
    struct buf *all = output ? output : &own;
    int status = 0;
    struct run run = {.argv = args->v,
                      .timeout_ms = f->timeout_ms,
                      .cancel = f->cancel,
                      .on_line = on_line,
                      .ctx = ctx};
    int code = run_tool(&run, all, &status, err);
    if (code == SIGNET_OK && status != 0) {
        char words[220];
        run_last_words(all, words, sizeof(words));
        if (status > 128)
            code = error_set(err, SIGNET_E_FLASH, "ended by signal %d%s%s", status - 128,
                             words[0] ? ": " : "", words);
        else
            code = error_set(err, SIGNET_E_FLASH, "exit status %d%s%s", status,
                             words[0] ? ": " : "", words);
        if (err)
            err->sys = status;
    }
    buf_free(&own);
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
