/* SPDX-License-Identifier: Apache-2.0 */
/* Commands for lamps, label printers and whoever keeps books. */
#include "flasher/flasher.h"
#include "line/private.h"
#include "order/order.h"

#include <stdio.h>

enum { LAST_HOOK_MS = 2000 }; /* of a run that is being stopped */

struct values {
    const char *pairs[HOOK_VALUES + 1][2]; /* for text_expand() */
    char edition[16];
};

static void fill_values(const struct slot *slot, const struct signet_error *why, struct values *v)
{
    const struct signet_order *order = slot->line->setup->order;
    const char *const texts[HOOK_VALUES] = {
        [HOOK_RESULT] = slot->verdict,        [HOOK_ORDER] = order->name,
        [HOOK_STATION] = order->station,      [HOOK_OPERATOR] = order->operator_name,
        [HOOK_SLOT] = slot->order->name,      [HOOK_ENDPOINT] = slot->endpoint,
        [HOOK_EDITION] = v->edition,          [HOOK_HW_ID] = slot->hw_id,
        [HOOK_STAGE] = slot->stage,           [HOOK_ERROR] = why ? signet_code_name(why->code) : "",
        [HOOK_MESSAGE] = why ? why->msg : "",
    };

    snprintf(v->edition, sizeof(v->edition), slot->edition ? "%d" : "", slot->edition);
    for (size_t i = 0; i < HOOK_VALUES; i++) {
        v->pairs[i][0] = hook_values[i];
        v->pairs[i][1] = texts[i] ? texts[i] : "";
    }
    v->pairs[HOOK_VALUES][0] = NULL;
}

/* The same as one line of JSON: {result} is "result"; what is not known is left out. */
static void put_json(const struct slot *slot, const struct values *v, struct buf *out)
{
    buf_byte(out, '{');
    for (size_t i = 0; i < HOOK_VALUES; i++) {
        char name[32];

        snprintf(name, sizeof(name), "%.*s", (int)strlen(v->pairs[i][0]) - 2, v->pairs[i][0] + 1);
        if (i == HOOK_EDITION && slot->edition)
            buf_json_put(out, J_INT(name, slot->edition));
        else if (i != HOOK_EDITION)
            buf_json_put(out, J_GIVEN(name, v->pairs[i][1]));
    }
    if (slot->verdict) {
        buf_json_put(out, J_REAL("seconds", slot->seconds), J_INT("retries", slot->retries));
    }
    buf_text(out, "}\n");
}

/* A word that begins with a value gets its first letter from outside. */
static int check_option(const char *word, const char *became, struct signet_error *err)
{
    if (became[0] != '-' || word[0] == '-')
        return SIGNET_OK;
    return error_set_hint(
        err, SIGNET_E_BOARD, "write --name={value} as one word, or read the JSON on standard input",
        "not run: '%s' would become '%s', an option", word, text_shown(became, strlen(became), 60));
}

static int hook_words(struct hook_call *call, const struct values *v, struct buf *texts,
                      const char **words, struct signet_error *err)
{
    int rc = SIGNET_OK;

    for (size_t i = 0; rc == SIGNET_OK && call->argv[i] && i < FLASHER_COMMAND_WORDS; i++) {
        text_expand(&texts[i], call->argv[i], strlen(call->argv[i]), v->pairs);
        if (texts[i].data)
            secret_mask((char *)texts[i].data, texts[i].len);
        buf_byte(&texts[i], '\0');
        rc = buf_check(&texts[i], err);
        words[i] = (const char *)texts[i].data;
        if (rc == SIGNET_OK)
            rc = check_option(call->argv[i], words[i], err);
    }
    return rc;
}

int hook_call(struct slot *slot, struct hook_call *call, struct signet_error *err)
{
    struct buf texts[FLASHER_COMMAND_WORDS] = {0}, json = {0};
    const char *words[FLASHER_COMMAND_WORDS + 1] = {0};
    struct values values;

    fill_values(slot, call->why, &values);
    put_json(slot, &values, &json);
    int rc = buf_check(&json, err);
    if (json.data)
        secret_mask((char *)json.data, json.len);
    if (rc == SIGNET_OK)
        rc = hook_words(call, &values, texts, words, err);
    if (rc == SIGNET_OK)
        rc = flasher_command(words, (const char *)json.data, call->timeout_ms, call->cancel,
                             call->output, &call->status, err);
    for (size_t i = 0; i < FLASHER_COMMAND_WORDS; i++)
        buf_free(&texts[i]);
    buf_free(&json);
    return rc;
}

void hook_run(struct slot *slot, const struct signet_error *why)
{
    const struct signet_order *order = slot->line->setup->order;
    struct job *job = slot->line->job;
    bool last = job_stopped(job); /* a board that is finished gets its label all the same */
    struct hook_call call = {.argv = strcmp(slot->verdict, "pass") == 0   ? order->on_pass
                                     : strcmp(slot->verdict, "fail") == 0 ? order->on_fail
                                     : strcmp(slot->verdict, "made-before") == 0
                                         ? order->on_made_before
                                         : order->on_refused_scan,
                             .why = why,
                             .timeout_ms = last ? LAST_HOOK_MS : HOOK_MS,
                             .cancel = last ? NULL : job->stop};
    struct signet_error err = {0};
    const struct signet_event warning = {
        .kind = SIGNET_EVENT_WARNING, .stage = "hook", .board = slot->order->name, .error = &err};

    if (!call.argv)
        return;
    failpoint("before-hook");
    int rc = hook_call(slot, &call, &err);
    failpoint("after-hook");
    if (rc == SIGNET_OK && call.status != 0)
        rc = error_set(&err, SIGNET_E_FLASH, "exit status %d", call.status);
    if (rc != SIGNET_OK && rc != SIGNET_E_CANCELLED) {
        error_prefix(&err, "%s: the hook '%s'", slot->order->name, call.argv[0]);
        job_report(job, &warning);
    }
}
