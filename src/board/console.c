/* SPDX-License-Identifier: Apache-2.0 */
/* A board that is spoken to in lines of text: a shell, or AT commands. An answer is over when a
 * line came that ends this command's answers, for prompts, log lines and the command itself, which
 * boards repeat, may stand anywhere between. */
#include "recipe.h"

#include <stdio.h>

enum {
    ANSWER_MAX = 64 * 1024, /* bytes of all its lines */
    LINE_MAX = 8 * 1024,
    WRITE_MS = 5000
};

struct listener {
    struct text_scan scan; /* takes the codes of a terminal out */
    struct buf line;
};

static void add_text(void *ctx, const char *line, size_t len)
{
    struct listener *l = ctx;

    if (l->line.len + len <= LINE_MAX)
        buf_append(&l->line, line, len);
}

void console_answer_free(struct console_answer *answer)
{
    buf_free(&answer->text);
    *answer = (struct console_answer){0};
}

static bool has_ending(const struct buf *line, const char *const *endings, size_t *which)
{
    for (*which = 0; endings[*which]; ++*which) {
        const char *ending = endings[*which];

        if (ending[0] == '=' ? text_is((const char *)line->data, line->len, ending + 1)
                             : memmem(line->data, line->len, ending, strlen(ending)) != NULL)
            return true;
    }
    return false;
}

/* True: the line that is complete now ends the answer. */
static bool console_line(struct listener *l, const char *const *endings, struct console_answer *out)
{
    if (l->line.failed) { /* what is lost may be the line that counts */
        buf_fail_with(&out->text, &l->line);
        return true;
    }
    bool ends = l->line.len && has_ending(&l->line, endings, &out->which);

    if (l->line.len && out->text.len + l->line.len < ANSWER_MAX) {
        buf_append(&out->text, l->line.data, l->line.len);
        buf_byte(&out->text, '\n');
    }
    if (ends && out->text.len > l->line.len)
        out->last = (const char *)out->text.data + out->text.len - l->line.len - 1;
    buf_reset(&l->line);
    return ends;
}

static void listener_free(struct listener *l)
{
    buf_free(&l->line);
    wipe(&l->scan, sizeof(l->scan));
}

static int listen(struct signet_board *b, struct listener *l, const char *const *endings,
                  int64_t deadline, struct console_answer *out, struct signet_error *err)
{
    for (;;) {
        uint8_t data[512];
        size_t got = 0;
        int code = link_read(b->link, data, sizeof(data), deadline, &got, err);

        for (size_t i = 0; code == SIGNET_OK && i < got; i++) {
            text_scan_feed(&l->scan, data + i, 1);
            if ((data[i] == '\n' || data[i] == '\r') && console_line(l, endings, out)) {
                wipe(data, sizeof(data));
                return buf_check(&out->text, err);
            }
        }
        wipe(data, sizeof(data));
        if (code == SIGNET_OK && clock_ms() >= deadline)
            code = SIGNET_E_TIMEOUT;
        if (code == SIGNET_E_TIMEOUT)
            return error_set(err, SIGNET_E_TIMEOUT, "%s: the board did not answer", b->port);
        if (code != SIGNET_OK)
            return code;
    }
}

/* The answer to a question that was given up may come yet, and would be taken for the next one's.
 */
static int let_pass(struct signet_board *b, struct signet_error *err)
{
    struct listener l = {.scan = {.on_line = add_text, .ctx = &l}};
    struct console_answer late = {0};
    const char *const *endings = b->unanswered;

    b->unanswered = NULL;
    int code =
        endings ? listen(b, &l, endings, clock_ms() + b->unanswered_ms, &late, err) : SIGNET_OK;
    console_answer_free(&late);
    listener_free(&l);
    return code == SIGNET_E_TIMEOUT ? SIGNET_OK : code;
}

int console_ask(struct signet_board *b, const char *line, const char *const *endings,
                int timeout_ms, struct console_answer *out, struct signet_error *err)
{
    struct listener l = {.scan = {.on_line = add_text, .ctx = &l}};
    struct buf request = {0};

    *out = (struct console_answer){0};
    if (!b->link)
        return error_set(err, SIGNET_E_LINK, "%s: the port is closed", b->port);
    buf_printf(&request, "%s%s", line, b->recipe->console->newline);
    int code = buf_check(&request, err);
    if (code == SIGNET_OK)
        code = let_pass(b, err);
    if (code == SIGNET_OK)
        code = link_flush_input(b->link, err);
    if (code == SIGNET_OK)
        code = link_write(b->link, request.data, request.len, clock_ms() + WRITE_MS, err);
    if (code == SIGNET_OK)
        code = listen(b, &l, endings, clock_ms() + timeout_ms, out, err);
    if (code == SIGNET_E_TIMEOUT) {
        b->unanswered = endings;
        b->unanswered_ms = timeout_ms < console_timeout(b) ? timeout_ms : console_timeout(b);
    }
    buf_free(&request);
    listener_free(&l);
    if (code != SIGNET_OK)
        console_answer_free(out);
    return code;
}

int console_timeout(const struct signet_board *b)
{
    return b->options.smp_timeout_ms > 0 ? b->options.smp_timeout_ms : 2000;
}

int console_ask_again(struct signet_board *b, const char *line, const char *const *endings,
                      struct console_answer *out, struct signet_error *err)
{
    int code = SIGNET_E_TIMEOUT;

    for (int tries = 0; tries < 3 && code == SIGNET_E_TIMEOUT; tries++)
        code = console_ask(b, line, endings, console_timeout(b), out, err);
    return code;
}

const char *console_find(const struct console_answer *answer, const char *words, size_t *len)
{
    const char *at = (const char *)answer->text.data, *end = at + answer->text.len;

    while (at < end) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        const char *found = memmem(at, (size_t)(newline - at), words, strlen(words));

        if (found && (found == at || found[-1] == ' ')) {
            found += strlen(words);
            *len = (size_t)(newline - found);
            return found;
        }
        at = newline + 1;
    }
    return NULL;
}

const char *console_said(const struct console_answer *answer, char out[static 200])
{
    size_t len = answer->last ? strcspn(answer->last, "\n") : 0;

    snprintf(out, 200, "%s", text_shown(answer->last, len, 48));
    return out;
}
