/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIM_FLASHER_H
#define SIM_FLASHER_H

/* What the simulated programmers share. */
#include <stdbool.h>
#include <stdio.h>

#include "sim.h"

struct programmer_board {
    char serial[64], control[128], port[128];
    unsigned vcom;
};

struct programmer {
    FILE *out;
    struct programmer_board boards[64];
    size_t count;
    bool hang, fail, crash, garbage, huge, orphan, lie, locked;
    long delay_ms;
};

/* A tool: its exit status. */
int as_nrfjprog(const struct programmer *s, int argc, char **argv);
int as_nrfutil(const struct programmer *s, int argc, char **argv);
int as_esptool(const struct programmer *s, int argc, char **argv);
int as_exec(const struct programmer *s, int argc, char **argv);

/* Without a serial number there must be one board. */
const struct programmer_board *programmer_find(const struct programmer *s, const char *serial);
const char *programmer_no_zeros(const char *serial);
bool programmer_image(const char *path); /* can be read */
/* Another program has the board's programmer: it holds a lock on CONTROL.probe. */
bool programmer_busy(const struct programmer_board *b);
/* The part is locked (misbehave) and was not recovered yet. */
bool programmer_locked(const struct programmer *s, const struct programmer_board *b);
/* These give 0 or 1. */
int programmer_program(const struct programmer *s, const struct programmer_board *b,
                       const char *image, bool chip);
int programmer_reset(const struct programmer *s, const struct programmer_board *b);
int programmer_lock(const struct programmer *s, const struct programmer_board *b);
int programmer_recover(const struct programmer *s, const struct programmer_board *b);

/* What a tool's command line may have: a word (NULL: a flag) that is kept, or the fact. */
struct argument {
    const char *name, **value;
    bool *flag;
};
/* The word that is not in the table, of those that begin with '-' when rest is not NULL, which then
 * gets the others; NULL: all are. */
const char *take_arguments(const struct argument *table, int argc, char **argv,
                           const char *rest[8]);

#endif
