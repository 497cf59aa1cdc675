/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_PANEL_ROWS_H
#define CLI_PANEL_ROWS_H

#include "cli.h"

/* Returns the lines that were written, at most height, none wider than width. */
int panel_rows_draw(struct signet_status *status, FILE *to, int width, int height, bool colour);

#endif
