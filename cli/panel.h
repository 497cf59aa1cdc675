/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_PANEL_H
#define CLI_PANEL_H

#include "cli.h"

/* What the operator sees of a line: a row per slot on a terminal, plain lines or JSON else. */
struct panel;

/* plain: no panel, also on a terminal. */
int panel_open(struct panel **out, const struct cli *cli, bool plain, struct signet_error *err);
struct signet_observer panel_observer(struct panel *panel);
bool panel_draws(const struct panel *panel); /* it will draw: standard error is a terminal */
void panel_begin(struct panel *panel, struct signet_run *run); /* the line starts */
void panel_end(struct panel *panel);                           /* the last picture stays */
void panel_close(struct panel **panel);                        /* likewise; sets *panel to NULL */

/* What a terminal has room for, and can show. */
struct panel_look {
    int width, height;
    bool colour; /* else reverse video and words alone */
    bool blocks; /* half blocks of Unicode, for large letters */
};

/* One frame (panel_rows.c), at most look->height lines, none as wide as the terminal. foot: the
 * line at the bottom; NULL: none. */
void panel_rows_draw(struct signet_status *status, FILE *to, const struct panel_look *look,
                     const char *foot);

/* panel_cells.c: text in columns of a terminal. Whatever is in it, nothing but printable text comes
 * out. */
int panel_width(const char *text); /* columns */
/* Cut behind its beginning, or before its end, when it is too long; filled with blanks. */
void panel_put(FILE *to, const char *text, int width);
void panel_put_end(FILE *to, const char *text, int width);
/* The part of text that fits, cut at a blank where there is one; *text moves on behind it. */
void panel_put_piece(FILE *to, const char **text, int width);
/* Line `line` of a word in large letters: 3 lines, or 5. */
int panel_letters_width(const char *word, int lines);
void panel_put_letters(FILE *to, const char *word, int lines, int line);

/* panel_screen.c: the terminal behind standard error, which may stand still. */
struct panel_screen;
struct panel_screen *panel_screen_open(void); /* NULL: no memory */
/* All that was put is there; false: the terminal does not take it now. */
bool panel_screen_ready(struct panel_screen *screen);
/* Takes a frame, with what was said above it; ready before. */
void panel_screen_put(struct panel_screen *screen, char *frame, size_t len);
/* Lines for above the next frame, and how many had no room. */
void panel_screen_say(struct panel_screen *screen, const char *text);
const char *panel_screen_said(const struct panel_screen *screen, unsigned *left_out);
/* Waits three seconds at most for what is left. */
void panel_screen_wait(struct panel_screen *screen);
void panel_screen_close(struct panel_screen **screen); /* likewise; NULL is none */

/* panel_keys.c: keys of the operator, while the line runs. */
struct panel_keys;
/* NULL: there is no keyboard. */
struct panel_keys *panel_keys_begin(struct signet_run *run);
void panel_keys_end(struct panel_keys **keys); /* the terminal is as before */
/* What can be pressed, or what is being typed. */
void panel_keys_text(struct panel_keys *keys, char out[static 400]);

#endif
