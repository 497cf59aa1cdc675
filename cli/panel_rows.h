/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_PANEL_ROWS_H
#define CLI_PANEL_ROWS_H

#include "cli.h"

enum lamp { LAMP_EMPTY, LAMP_WORK, LAMP_PASS, LAMP_FAIL, LAMP_CLOSED };

struct panel_row {
    const char *name;
    enum lamp lamp;
    char endpoint[152], stage[16];
    double since; /* of this lamp; seconds, monotonic */
    double took;  /* of the last board */
    unsigned step;
    uint64_t done, total; /* of the stage */
    bool again;           /* the board had a second attempt */
};

struct panel_rows {
    const char *order;
    struct panel_row *rows;
    size_t count;
    double begin;
    uint64_t passed, failed, first_pass; /* in this run */
    uint64_t made, quota, waiting;       /* of the order */
    uint64_t before;                     /* made before this run; of an order without slots */
    bool counted;
};

bool panel_rows_init(struct panel_rows *p, const struct signet_order *order);
/* A board is tried again as a whole; frames and requests that are sent again are not worth a word.
 */
bool panel_again(const struct signet_event *event);
void panel_rows_free(struct panel_rows *p);
void panel_rows_take(struct panel_rows *p, const struct signet_event *event);
/* Returns the lines that were written, at most height, none wider than width. */
int panel_rows_draw(const struct panel_rows *p, FILE *to, int width, int height, bool colour);

#endif
