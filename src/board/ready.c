/* SPDX-License-Identifier: Apache-2.0 */
#include "recipe.h"

/* How long to listen before asking the board itself. A board that was flashed just now has text to
 * say; one that runs already has said it before we came; after a prompt there is little to come. */
#define LISTEN_FLASHED_MS 10000
#define LISTEN_RUNNING_MS 1500
#define LISTEN_PROMPT_MS  300
#define LISTEN_AGAIN_MS   1000
#define PROBE_MS          1000
#define PROMPT_MS         3000

static int provisioned(struct signet_error *err)
{
    return error_set_hint(
        err, SIGNET_E_PROVISIONED,
        "put another board in; this one starts as a product with its final image, and is erased "
        "only where its credentials may be lost",
        "the board holds credentials already");
}

static int min_ms(int64_t a, int64_t b)
{
    int64_t m = a < b ? a : b;

    return m < 0 ? 0 : (int)m;
}

/* The text may be lost on a bad line, or may have come before us: a board that answers, and has its
 * file system, is ready. */
static int probe_board(struct signet_board *b, struct signet_error *err)
{
    struct signet_smp *smp = NULL;
    struct signet_bytes reply = {0};
    char name[152];
    int code;

    if (b->options.endpoint_path[0])
        return board_read_name(b, PROBE_MS, name, err);
    code = port_smp_new(b, PROBE_MS, -1, NULL, &smp, err);
    if (!code)
        code = signet_smp_echo(smp, "signet", &reply, err);
    if (code == SIGNET_E_UNSUPPORTED || code == SIGNET_E_SMP)
        code = SIGNET_OK; /* it answered */
    signet_bytes_free(&reply);
    signet_smp_free(&smp);
    return code;
}

static bool may_come_yet(int code)
{
    return code == SIGNET_E_TIMEOUT || code == SIGNET_E_SYNTAX || code == SIGNET_E_NOT_FOUND ||
           code == SIGNET_E_SMP || code == SIGNET_E_UNSUPPORTED;
}

enum heard { NOTHING, PROMPT, READY };

/* What the board says within ms. */
static int listen_for(struct signet_board *b, int ms, enum heard *heard, struct signet_error *err)
{
    const struct signet_board_options *o = &b->options;
    const char *given[] = {o->provisioned_text, o->ready_text, o->prompt}, *texts[3];
    size_t count = 0, which = 0;

    *heard = NOTHING;
    for (size_t i = 0; i < 3; i++)
        if (given[i][0])
            texts[count++] = given[i];
    if (!o->ready_text[0])
        return SIGNET_OK;
    int code = signet_smp_wait_text(b->smp, texts, count, ms, &which, err);
    if (!code && texts[which] == o->provisioned_text)
        b->provisioned_seen = true;
    else if (!code)
        *heard = texts[which] == o->ready_text ? READY : PROMPT;
    if (b->provisioned_seen)
        return provisioned(err);
    if (b->ready_seen)
        *heard = READY;
    return code == SIGNET_E_TIMEOUT ? SIGNET_OK : code;
}

/* Asks, and gives the board a moment when it does not answer yet. */
static int probe_ready(struct signet_board *b, bool *ready, struct signet_error *err)
{
    int code = probe_board(b, err);

    if (b->provisioned_seen)
        return provisioned(err);
    *ready = code == SIGNET_OK;
    b->no_name =
        b->options.endpoint_path[0] && (code == SIGNET_E_NOT_FOUND || code == SIGNET_E_SMP);
    if (code && !may_come_yet(code))
        return code;
    if (code && !b->options.ready_text[0])
        return cancel_sleep_until(b->cancel, clock_ms() + 200, err);
    return SIGNET_OK;
}

/* The prompt comes last. On a bad line it may be lost: that alone is no reason to give up. */
static int wait_prompt(struct signet_board *b, struct signet_error *err)
{
    const char *prompt = b->options.prompt;
    size_t which;

    if (!prompt[0])
        return SIGNET_OK;
    int code = signet_smp_wait_text(b->smp, &prompt, 1, PROMPT_MS, &which, err);
    return code == SIGNET_E_TIMEOUT ? SIGNET_OK : code;
}

static int never_ready(const struct signet_board *b, const char *text, int timeout_ms,
                       struct signet_error *err)
{
    const char *last = text_shown(b->last_line, strlen(b->last_line), 100);

    if (b->no_name)
        return error_set_hint(err, SIGNET_E_TIMEOUT,
                              "a board that holds credentials already has none, nor has another "
                              "firmware: flash the initial image",
                              "%s: the board answers, but has no %s", b->port,
                              b->options.endpoint_path);

    return error_set_hint(
        err, SIGNET_E_TIMEOUT,
        last[0] ? "is this the right image for the board?"
                : "check cable, power, baud rate, and which of the board's ports it is",
        "%s: the board did not say '%s' within %d s%s%s%s", b->port, text, timeout_ms / 1000,
        last[0] ? "; its last words: '" : " and said nothing at all", last, last[0] ? "'" : "");
}

int ready_wait(struct signet_board *b, bool flashed, struct signet_error *err)
{
    int64_t deadline = clock_ms() + b->options.ready_timeout_ms;
    bool all_text = flashed && !flasher_uses_port(b->flasher); /* else the tool had the port */
    int listen_ms = all_text ? LISTEN_FLASHED_MS : LISTEN_RUNNING_MS;
    enum heard heard = NOTHING;
    bool ready = false;

    do {
        int code = listen_for(b, min_ms(listen_ms, deadline - clock_ms()), &heard, err);
        if (!code && heard == READY) {
            code = wait_prompt(b, err);
            return !code && b->provisioned_seen ? provisioned(err) : code;
        }
        if (!code && heard == PROMPT && listen_ms > LISTEN_PROMPT_MS) {
            listen_ms = LISTEN_PROMPT_MS; /* the ready text may be right behind it */
            continue;
        }
        if (!code)
            code = probe_ready(b, &ready, err);
        if (code == SIGNET_E_LINK) /* it re-enumerates after a reset */
            code = port_reopen(b, deadline, err);
        if (code || ready)
            return code;
        listen_ms = LISTEN_AGAIN_MS;
    } while (clock_ms() < deadline);
    b->no_name = b->no_name && !flashed;
    return never_ready(b, b->options.ready_text[0] ? b->options.ready_text : "anything",
                       b->options.ready_timeout_ms, err);
}

/* What a board says once may be lost on a bad line. Half of the time gone, it is made to say it
 * again. */
int ready_wait_restored(struct signet_board *b, struct signet_error *err)
{
    int64_t deadline = clock_ms() + b->options.restored_timeout_ms;
    int64_t half = clock_ms() + b->options.restored_timeout_ms / 2;
    bool again = flasher_has_reset(b->flasher);
    const char *text = b->options.restored_text;
    size_t which;

    if (!text[0])
        return SIGNET_OK;
    for (;;) {
        int64_t until = again ? half : deadline;
        int code = signet_smp_wait_text(b->smp, &text, 1, min_ms(INT32_MAX, until - clock_ms()),
                                        &which, err);
        if (code == SIGNET_OK)
            return wait_prompt(b, err);
        if (code == SIGNET_E_LINK)
            code = port_reopen(b, deadline, err);
        if (code == SIGNET_E_TIMEOUT && again && clock_ms() < deadline) {
            again = false;
            code = reset_when_free(b, err);
        }
        if (code == SIGNET_E_TIMEOUT || (!code && clock_ms() >= deadline))
            return never_ready(b, text, b->options.restored_timeout_ms, err);
        if (code)
            return code;
    }
}
