/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_PANEL_H
#define CLI_PANEL_H

#include "cli.h"

/* What the operator sees of a line: a row per slot on a terminal, plain lines or JSON else. */
struct panel;

/* plain: no panel, also on a terminal. */
int panel_open(struct panel **out, const struct cli *cli, const struct signet_order *order,
               bool plain, struct signet_error *err);
struct signet_observer panel_observer(struct panel *panel);
bool panel_draws(const struct panel *panel); /* it will draw: standard error is a terminal */
void panel_begin(struct panel *panel);       /* the line starts */
void panel_end(struct panel *panel);         /* the last picture stays */
void panel_close(struct panel **panel);      /* likewise; sets *panel to NULL */

/* The rows of one frame (panel_rows.c): at most height lines, none wider than width. */
void panel_rows_draw(struct signet_status *status, FILE *to, int width, int height, bool colour);

#endif
