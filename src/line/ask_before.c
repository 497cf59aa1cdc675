/* SPDX-License-Identifier: Apache-2.0 */
/* The command that is asked before a board: a manufacturing execution system that knows whether
 * this station may make it. Nothing was done to the board yet. */
#include "line/work.h"

#include <stdio.h>

/* Its exit status; any other is an error of its own. 75 is EX_TEMPFAIL of sysexits.h. */
enum { ANSWER_YES = 0, ANSWER_NO = 1, ANSWER_LATER = 75 };
enum { ASK_MS = 60000, PAUSE_MS = 1000, WORDS_MAX = 200 };

/* The first line that has more than blanks; *len: 0, there is none. */
static const char *first_line(const struct buf *output, size_t *len)
{
    const char *text = (const char *)output->data, *end = text + output->len;

    while (text < end && (unsigned char)*text <= ' ')
        text++;
    for (*len = 0; text + *len < end && !char_in(text[*len], "\r\n"); ++*len)
        ;
    return text;
}

static int ask_judge(const struct hook_call *call, struct signet_error *err)
{
    size_t len;
    const char *said = first_line(call->output, &len);
    const char *words = text_shown(said, len, WORDS_MAX), *colon = len ? ": " : "";

    if (call->status == ANSWER_YES)
        return SIGNET_OK;
    if (call->status == ANSWER_NO)
        return error_set_hint(err, SIGNET_E_REFUSED, "nothing was done to the board; take it out",
                              "ask_before said no%s%s", colon, words);
    if (call->status == ANSWER_LATER)
        return error_set_hint(err, SIGNET_E_TIMEOUT, "put the board in again later",
                              "ask_before gave no answer in %d s%s%s", ASK_MS / 1000, colon, words);
    return error_set_hint(err, SIGNET_E_FLASH,
                          "exit status 0 means yes, 1 no, 75 ask again; the board was not begun",
                          "ask_before: exit status %d%s%s", call->status, colon, words);
}

/* Asks until the answer is not "later". */
static int ask(struct work *w, struct hook_call *call, struct signet_error *err)
{
    int64_t end = clock_ms() + ASK_MS;
    int rc;

    do {
        buf_reset(call->output);
        rc = hook_call(w->slot, call, err);
        if (rc == SIGNET_E_TIMEOUT)
            error_hint(err, "the board was not begun; put it in again once the command answers");
        if (rc != SIGNET_OK)
            return error_pass(rc, err, "ask_before");
        if (call->status == ANSWER_LATER)
            rc = cancel_sleep_until(w->job->stop, clock_ms() + PAUSE_MS, err);
    } while (rc == SIGNET_OK && call->status == ANSWER_LATER && clock_ms() < end);
    return rc == SIGNET_OK ? ask_judge(call, err) : rc;
}

/* What is known of the board without touching it: its USB serial number, else its programmer's. */
static void name_board(const struct work *w, char out[static SIGNET_ENDPOINT_SIZE])
{
    struct signet_board_state state;

    signet_board_state(w->board, &state);
    snprintf(out, SIGNET_ENDPOINT_SIZE, "%s",
             w->slot->presence.serial[0] ? w->slot->presence.serial : state.serial);
}

int work_ask_before(struct work *w, struct signet_error *err)
{
    struct slot *slot = w->slot;
    struct buf output = {0};
    struct hook_call call = {.argv = w->setup->order->ask_before,
                             .timeout_ms = HOOK_MS,
                             .cancel = w->job->stop,
                             .output = &output};
    struct signet_event event = {.kind = SIGNET_EVENT_STAGE_BEGIN, .stage = "ask"};
    double begin = clock_seconds();

    if (!call.argv)
        return SIGNET_OK;
    event_send(&slot->observer, &event);
    slot->stage = event.stage;
    name_board(w, slot->hw_id);
    int rc = ask(w, &call, err);
    buf_free(&output);
    event.kind = SIGNET_EVENT_STAGE_END;
    event.seconds = clock_seconds() - begin;
    event.error = rc == SIGNET_OK ? NULL : err;
    event_send(&slot->observer, &event);
    if (rc != SIGNET_OK)
        snprintf(w->hw_id, sizeof(w->hw_id), "%s", slot->hw_id);
    return rc;
}
