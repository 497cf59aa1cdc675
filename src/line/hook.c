/* SPDX-License-Identifier: Apache-2.0 */
/* Commands for lamps and label printers. */
#include "flasher/flasher.h"
#include "line/private.h"

#include <stdlib.h>
#include <string.h>

#define HOOK_MS 10000

/* word with its placeholders replaced; malloc'ed, NULL without memory. */
static char *expand(const char *word, const char *const (*values)[2])
{
    struct buf text = {.max = 64 * 1024};
    struct signet_bytes out;

    text_expand(&text, word, strlen(word), values);
    return buf_take(&text, &out, NULL) == SIGNET_OK ? (char *)out.data : NULL;
}

static void warn(struct slot *slot, const struct signet_error *why)
{
    const struct signet_event event = {
        .kind = SIGNET_EVENT_WARNING, .stage = "hook", .board = slot->order->name, .error = why};

    job_report(slot->line->job, &event);
}

void hook_run(struct slot *slot, const char *endpoint, const struct signet_error *why)
{
    const struct signet_order *order = slot->line->setup->order;
    const char *const *argv = why ? order->on_fail : order->on_pass;
    const char *const values[][2] = {{"{slot}", slot->order->name},
                                     {"{endpoint}", endpoint},
                                     {"{result}", why ? "fail" : "pass"},
                                     {"{error}", why ? signet_code_name(why->code) : ""},
                                     {NULL, NULL}};
    char *words[FLASHER_COMMAND_WORDS + 1] = {0};
    struct signet_error err = {0};
    int status = 0, rc = SIGNET_OK;

    if (!argv)
        return;
    for (size_t i = 0; rc == SIGNET_OK && argv[i] && i < FLASHER_COMMAND_WORDS; i++)
        if (!(words[i] = expand(argv[i], values)))
            rc = error_nomem(&err);
    failpoint("before-hook");
    if (rc == SIGNET_OK)
        rc = flasher_command((const char *const *)words, HOOK_MS, slot->line->job->stop, &status,
                             &err);
    failpoint("after-hook");
    if (rc == SIGNET_OK && status != 0)
        rc = error_set(&err, SIGNET_E_FLASH, "exit status %d", status);
    if (rc != SIGNET_OK && rc != SIGNET_E_CANCELLED) {
        error_prefix(&err, "%s: the hook '%s'", slot->order->name, argv[0]);
        warn(slot, &err);
    }
    for (size_t i = 0; words[i]; i++)
        free(words[i]);
}
