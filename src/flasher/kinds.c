/* SPDX-License-Identifier: Apache-2.0 */
/* The kinds of programmers, one row each. */
#include "ops.h"

#include <stdlib.h>

enum { DEFAULT_TIMEOUT_MS = 180000 };

static const struct flasher_ops *const table[] = {
    &nrfutil_ops, &nrfjprog_ops, &openocd_ops, &probe_rs_ops, &pyocd_ops, &jlink_ops,
    &stm32_ops,   &esptool_ops,  &west_ops,    &exec_ops,     &none_ops,
};
#define ROWS COUNT_OF(table)

const char *signet_flasher_name(size_t i)
{
    return i < ROWS ? table[i]->name : NULL;
}

const char *signet_flasher_summary(size_t i)
{
    return i < ROWS ? table[i]->summary : NULL;
}

const struct signet_option_info *signet_flasher_options_of(size_t i)
{
    return i < ROWS ? table[i]->options : NULL;
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
    text_unknown(SIGNET_E_USAGE, "flasher", name, names, ROWS, err);
    return NULL;
}

static int copy_options(struct signet_flasher *f, const struct signet_flasher_options *o,
                        struct signet_error *err)
{
    if (o->serial && !flasher_serial_valid(o->serial))
        return error_set(err, SIGNET_E_USAGE,
                         "the programmer's serial number must be 1 to 63 letters and digits");
    int code = text_copy(&f->serial, o->serial, err);
    code = code ? code : text_copy(&f->port, o->port, err);
    code = code ? code
                : adapter_options_add(f->options, f->ops->name, f->ops->options, o->options, err);
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
    return given ? code : error_pass(code, err, "flasher %s", f->ops->name);
}

int signet_flasher_open(struct signet_flasher **out, const char *name,
                        const struct signet_flasher_options *given,
                        const struct signet_observer *observer, const struct signet_cancel *cancel,
                        struct signet_error *err)
{
    struct signet_flasher_options options;
    const struct flasher_ops *ops = find_ops(name, err);
    if (!ops)
        return SIGNET_E_USAGE;
    struct signet_flasher *f = calloc(1, sizeof(*f));
    if (!f)
        return error_nomem(err);
    options_take(&options, given);
    f->ops = ops;
    f->observer = observer;
    f->cancel = cancel;
    int code = copy_options(f, &options, err);
    if (code == SIGNET_OK)
        code = find_tool(f, options.tool, err);
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
    free(f->port);
    adapter_options_free(f->options);
    free(f);
    *flasher = NULL;
}
