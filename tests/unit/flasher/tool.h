/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_FLASHER_TOOL_H
#define TESTS_FLASHER_TOOL_H

/* A flasher that is opened over a script, and the arguments that the script got. */
#include "base/base.h"
#include "flasher/flasher.h"
#include "unit/flasher/fake.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define HEX ":0400000001020304F2\n:00000001FF\n"

struct seen {
    unsigned last, count;
};
static struct seen seen;

static inline void on_event(void *ctx, const struct signet_event *event)
{
    struct seen *to = ctx;

    assert_int_equal(event->kind, SIGNET_EVENT_PROGRESS);
    assert_string_equal(event->stage, "flash");
    assert_int_equal(event->total, 100);
    to->last = (unsigned)event->done;
    to->count++;
}

static const struct signet_observer observer = {on_event, &seen};

static inline struct signet_flasher *open_ok(const char *name,
                                             struct signet_flasher_options options)
{
    struct signet_flasher *f = NULL;
    struct signet_error err = {0};

    seen = (struct seen){0};
    if (signet_flasher_open(&f, name, &options, &observer, NULL, &err) != SIGNET_OK)
        fail_msg("%s", err.msg);
    return f;
}

/* The arguments of all runs, one a line, with the folder's path taken out. */
static inline const char *arguments(const char *tool)
{
    static char out[8192];
    char name[64], folder[FOLDER_SIZE + 1];
    const char *text;
    size_t n = 0;

    snprintf(name, sizeof name, "%s.args", tool);
    snprintf(folder, sizeof folder, "%s/", fake_folder);
    text = fake_read(name);
    while (*text && n < sizeof out - 1) {
        if (strncmp(text, folder, strlen(folder)) == 0)
            text += strlen(folder);
        else
            out[n++] = *text++;
    }
    out[n] = '\0';
    return out;
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, fake_enter, fake_leave)

#endif
