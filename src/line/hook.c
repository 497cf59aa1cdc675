/* SPDX-License-Identifier: Apache-2.0 */
/* Commands for lamps and label printers. */
#include "flasher/flasher.h"
#include "line/private.h"

#include <string.h>

#define HOOK_MS 10000

static int run_command(struct slot *slot, const char *const *argv, const char *const (*values)[2],
                       struct signet_error *err)
{
    struct buf texts[FLASHER_COMMAND_WORDS] = {0};
    const char *words[FLASHER_COMMAND_WORDS + 1] = {0};
    int status = 0, rc = SIGNET_OK;

    for (size_t i = 0; rc == SIGNET_OK && argv[i] && i < FLASHER_COMMAND_WORDS; i++) {
        text_expand(&texts[i], argv[i], strlen(argv[i]), values);
        buf_byte(&texts[i], '\0');
        rc = buf_check(&texts[i], err);
        words[i] = (const char *)texts[i].data;
    }
    failpoint("before-hook");
    if (rc == SIGNET_OK)
        rc = flasher_command(words, HOOK_MS, slot->line->job->stop, &status, err);
    failpoint("after-hook");
    for (size_t i = 0; i < FLASHER_COMMAND_WORDS; i++)
        buf_free(&texts[i]);
    return rc == SIGNET_OK && status != 0 ? error_set(err, SIGNET_E_FLASH, "exit status %d", status)
                                          : rc;
}

void hook_run(struct slot *slot, const char *result, const struct signet_error *why)
{
    const struct signet_order *order = slot->line->setup->order;
    const char *const *argv = strcmp(result, "pass") == 0   ? order->on_pass
                              : strcmp(result, "fail") == 0 ? order->on_fail
                                                            : order->on_made_before;
    const char *const values[][2] = {{"{slot}", slot->order->name},
                                     {"{endpoint}", slot->endpoint},
                                     {"{result}", result},
                                     {"{error}", why ? signet_code_name(why->code) : ""},
                                     {NULL, NULL}};
    struct signet_error err = {0};
    const struct signet_event warning = {
        .kind = SIGNET_EVENT_WARNING, .stage = "hook", .board = slot->order->name, .error = &err};
    int rc = argv ? run_command(slot, argv, values, &err) : SIGNET_OK;

    if (rc != SIGNET_OK && rc != SIGNET_E_CANCELLED) {
        error_prefix(&err, "%s: the hook '%s'", slot->order->name, argv[0]);
        job_report(slot->line->job, &warning);
    }
}
