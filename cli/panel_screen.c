/* SPDX-License-Identifier: Apache-2.0 */
/* A terminal that stands still (Ctrl-S, a connection that hangs) holds up no board: what it does
 * not take at once waits here, and frames between are left out. */
#include "panel.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LATER_MAX = 64 * 1024, END_MS = 3000, STEP_MS = 20 };

struct panel_screen {
    int fd;
    char *rest; /* of the frame that was begun */
    size_t at, len;
    char *later; /* lines for above the next frame; NULL: none */
    size_t later_len;
    unsigned left_out;
};

/* Of its own: other programs on this terminal would find its mode changed. */
struct panel_screen *panel_screen_open(void)
{
    struct panel_screen *s = calloc(1, sizeof(*s));
    if (s)
        s->fd = open("/proc/self/fd/2", O_WRONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    if (s && s->fd < 0) /* another user's terminal */
        s->fd = STDERR_FILENO;
    return s;
}

bool panel_screen_ready(struct panel_screen *s)
{
    while (s->at < s->len) {
        ssize_t n = write(s->fd, s->rest + s->at, s->len - s->at);
        if (n < 0 && errno == EAGAIN)
            return false;
        if (n < 0 && errno != EINTR)
            s->at = s->len; /* the terminal went away; the line goes on */
        s->at += n > 0 ? (size_t)n : 0;
    }
    free(s->rest);
    s->rest = NULL;
    s->at = s->len = 0;
    return true;
}

void panel_screen_put(struct panel_screen *s, char *frame, size_t len)
{
    s->rest = frame;
    s->len = len;
    s->at = 0;
    free(s->later);
    s->later = NULL;
    s->later_len = 0;
    s->left_out = 0;
    panel_screen_ready(s);
}

void panel_screen_say(struct panel_screen *s, const char *text)
{
    size_t len = strlen(text);
    char *more = s->later_len + len < LATER_MAX ? realloc(s->later, s->later_len + len + 1) : NULL;
    if (!more) {
        s->left_out++;
        return;
    }
    s->later = more;
    memcpy(more + s->later_len, text, len + 1);
    s->later_len += len;
}

const char *panel_screen_said(const struct panel_screen *s, unsigned *left_out)
{
    *left_out = s->left_out;
    return s->later ? s->later : "";
}

void panel_screen_wait(struct panel_screen *s)
{
    for (int ms = 0; !panel_screen_ready(s) && ms < END_MS; ms += STEP_MS)
        usleep(STEP_MS * 1000);
}

void panel_screen_close(struct panel_screen **screen)
{
    struct panel_screen *s = *screen;
    if (!s)
        return;
    panel_screen_wait(s);
    if (s->fd != STDERR_FILENO)
        close(s->fd);
    free(s->rest);
    free(s->later);
    free(s);
    *screen = NULL;
}
