/* SPDX-License-Identifier: Apache-2.0 */
/* The operator's view of a line. Events change the rows; on a terminal a thread draws them a few
 * times a second. The cursor stays visible, and of the terminal only the keyboard's mode is changed
 * (panel_keys.c). */
#include "panel.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

enum { FRAME_MS = 200 };

struct panel {
    const struct cli *cli;
    struct signet_observer plain; /* of the other verbs: JSON, warnings */
    struct signet_run *run;       /* NULL: none has begun */
    struct panel_keys *keys;
    struct panel_screen *screen;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    pthread_t thread;
    bool drawing, ending, terminal;
    char *last; /* the frame that is on the screen; NULL: none */
};

/* The terminal's size may change between any two frames. */
static void measure(int *width, int *height)
{
    struct winsize size = {0};
    bool known = ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col && size.ws_row;
    *width = known ? size.ws_col : 80;
    *height = known ? size.ws_row : 24;
}

/* How many lines of a terminal a frame takes; one that became narrower has wrapped it. */
static int lines_of(const char *frame, int width)
{
    int lines = 0, column = 0;
    for (; frame && *frame; frame++) {
        if (*frame == '\033') {
            while (*frame && *frame != 'm')
                frame++;
        } else if (*frame == '\n') {
            lines += column > width ? (column + width - 1) / width : 1;
            column = 0;
        } else {
            column += ((unsigned char)*frame & 0xc0) != 0x80; /* not inside a character */
        }
    }
    return lines;
}

/* Over what is there, line by line: nothing flickers, and a terminal that keeps what is cleared
 * keeps no frames. */
static void put_lines(FILE *to, const char *text)
{
    for (; *text; text++) {
        if (*text == '\n')
            fputs("\033[K", to);
        fputc(*text, to);
    }
}

static bool speaks_unicode(void)
{
    static const char *const names[] = {"LC_ALL", "LC_CTYPE", "LANG"};
    const char *value = NULL;
    for (size_t i = 0; !(value && *value) && i < sizeof(names) / sizeof(names[0]); i++)
        value = getenv(names[i]);
    return value && (strcasestr(value, "utf-8") || strcasestr(value, "utf8"));
}

/* What was said since the last frame scrolls away over the panel. */
static void put_said(FILE *to, const struct panel_screen *screen)
{
    unsigned left_out;
    put_lines(to, panel_screen_said(screen, &left_out));
    if (left_out)
        fprintf(to, "signet: %u more lines are left out here: the terminal stood still\033[K\n",
                left_out);
}

/* With the lock held. */
static void draw(struct panel *p)
{
    char *frame = NULL, *out = NULL, foot[400];
    size_t len = 0;
    int width, height;
    if (!panel_screen_ready(p->screen))
        return;
    if (p->keys)
        panel_keys_text(p->keys, foot);
    FILE *to = open_memstream(&frame, &len);
    if (!to)
        return;
    measure(&width, &height);
    const struct panel_look look = {.width = width,
                                    .height = height - 1,
                                    .colour = cli_colour(stderr),
                                    .blocks = speaks_unicode()};
    panel_rows_draw(signet_run_status(p->run), to, &look, p->keys ? foot : NULL);
    if (fclose(to) != 0 || !(to = open_memstream(&out, &len))) {
        free(frame);
        return;
    }
    if (p->last && *p->last) /* 0 lines up would be one */
        fprintf(to, "\r\033[%dA", lines_of(p->last, width));
    put_said(to, p->screen);
    put_lines(to, frame);
    fputs("\033[J", to);
    if (fclose(to) == 0)
        panel_screen_put(p->screen, out, len);
    else
        free(out);
    free(p->last);
    p->last = frame;
}

static void *paint(void *arg)
{
    struct panel *p = arg;
    pthread_mutex_lock(&p->lock);
    while (!p->ending) {
        struct timespec at;
        draw(p);
        clock_gettime(CLOCK_MONOTONIC, &at);
        at.tv_nsec += FRAME_MS * 1000000L;
        at.tv_sec += at.tv_nsec / 1000000000L;
        at.tv_nsec %= 1000000000L;
        pthread_cond_timedwait(&p->wake, &p->lock, &at);
    }
    panel_screen_wait(p->screen);
    draw(p);
    pthread_mutex_unlock(&p->lock);
    return NULL;
}

static int slot_line(char **text, const struct signet_event *event, const char *hint, bool lamps)
{
    const char *slot = event->board ? event->board : "";
    const char *name = event->endpoint ? event->endpoint : "", *blank = *name ? " " : "";
    const char *what = event->error ? event->error->msg : "";
    if (!strcmp(event->stage, "fail"))
        return asprintf(text, "slot %s: FAIL%s%s: %s%s\n", slot, blank, name, what, hint);
    if (!strcmp(event->stage, "made-before"))
        return asprintf(text, "slot %s: made before, and left as it is%s%s: %s\n", slot, blank,
                        name, what);
    if (lamps && !strcmp(event->stage, "pass"))
        return asprintf(text, "slot %s: PASS %s\n", slot, name);
    if (lamps && event->error)
        return asprintf(text, "slot %s: %s: %s\n", slot, event->stage, what);
    return 0;
}

/* What is said in a line of its own; NULL: nothing. lamps: also what the panel shows. */
static char *line_of(const struct signet_event *event, bool lamps)
{
    char *text = NULL, words[CLI_HINT_SIZE], hint[CLI_HINT_SIZE + 8] = "";
    const char *what = event->error ? event->error->msg : "";
    int n = 0;
    cli_hint(event->error ? event->error->hint : "", false, words);
    if (words[0])
        snprintf(hint, sizeof(hint), "; hint: %s", words);
    if (event->kind == SIGNET_EVENT_WARNING)
        n = asprintf(&text, "signet: warning: %s%s\n", what, hint);
    else if (event->kind == SIGNET_EVENT_ERROR)
        n = asprintf(&text, "signet: error: %s%s\n", what, hint);
    else if (event->kind == SIGNET_EVENT_SLOT)
        n = slot_line(&text, event, hint, lamps);
    else if (event->kind == SIGNET_EVENT_LINE && lamps)
        n = asprintf(&text, "%s%s: %s%s%s\n", event->board ? "slot " : "line",
                     event->board ? event->board : "", event->stage, event->name ? " " : "",
                     event->name ? event->name : "");
    else if (signet_event_is_retry(event))
        n = asprintf(&text, "slot %s: once more after: %s\n", event->board ? event->board : "",
                     what);
    else if (event->kind == SIGNET_EVENT_STAGE_END && !event->board && event->error)
        n = asprintf(&text, "signet: %s%s\n", what, hint);
    return n > 0 ? text : NULL;
}

static void panel_event(void *ctx, const struct signet_event *event)
{
    struct panel *p = ctx;
    if (p->cli->json) {
        p->plain.on_event(p->plain.ctx, event);
        return;
    }
    pthread_mutex_lock(&p->lock);
    char *text = line_of(event, !p->terminal);
    if (text && p->drawing) {
        panel_screen_say(p->screen, text);
        draw(p);
    } else if (text)
        fputs(text, stderr);
    free(text);
    pthread_mutex_unlock(&p->lock);
}

int panel_open(struct panel **out, const struct cli *cli, bool plain, struct signet_error *err)
{
    const char *term = getenv("TERM");
    struct panel *p = calloc(1, sizeof(*p));
    pthread_condattr_t attr;
    if (!p)
        return cli_error(err, SIGNET_E_NOMEM, "", "out of memory");
    p->cli = cli;
    p->plain = cli_observer(cli);
    p->terminal =
        !plain && !cli->json && isatty(STDERR_FILENO) && term && strcmp(term, "dumb") != 0;
    pthread_mutex_init(&p->lock, NULL);
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&p->wake, &attr);
    pthread_condattr_destroy(&attr);
    *out = p;
    return SIGNET_OK;
}

struct signet_observer panel_observer(struct panel *panel)
{
    return (struct signet_observer){.on_event = panel_event, .ctx = panel};
}

void panel_begin(struct panel *p, struct signet_run *run)
{
    pthread_mutex_lock(&p->lock);
    p->run = run;
    p->ending = false;
    p->keys = p->terminal ? panel_keys_begin(run) : NULL;
    p->screen = p->terminal ? panel_screen_open() : NULL;
    p->drawing = p->screen && pthread_create(&p->thread, NULL, paint, p) == 0;
    if (!p->drawing)
        panel_screen_close(&p->screen);
    pthread_mutex_unlock(&p->lock);
}

bool panel_draws(const struct panel *panel)
{
    return panel->terminal;
}

void panel_end(struct panel *p)
{
    struct panel_keys *keys = p->keys;
    pthread_mutex_lock(&p->lock);
    p->keys = NULL; /* the last picture has none */
    pthread_mutex_unlock(&p->lock);
    panel_keys_end(&keys);
    if (!p->drawing)
        return;
    pthread_mutex_lock(&p->lock);
    p->ending = true;
    pthread_cond_broadcast(&p->wake);
    pthread_mutex_unlock(&p->lock);
    pthread_join(p->thread, NULL);
    p->drawing = false;
    panel_screen_close(&p->screen);
    free(p->last); /* what comes next is written below it */
    p->last = NULL;
}

void panel_close(struct panel **panel)
{
    struct panel *p = *panel;
    panel_end(p);
    pthread_cond_destroy(&p->wake);
    pthread_mutex_destroy(&p->lock);
    free(p);
    *panel = NULL;
}
