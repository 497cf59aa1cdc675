/* SPDX-License-Identifier: Apache-2.0 */
#include "flasher.h"

#include <string.h>

/* A plain command for the exec flasher: SERIAL IMAGE [sectors], or SERIAL reset. */
int as_exec(const struct programmer *s, int argc, char **argv)
{
    const struct programmer_board *b = argc >= 2 ? programmer_find(s, argv[0]) : NULL;

    if (!b)
        return fputs("no such board\n", s->out), 1;
    if (programmer_locked(s, b))
        return fputs("Error: the device is locked\n", s->out), 1;
    if (s->fail)
        return fputs("target not responding\n", s->out), 1;
    if (!strcmp(argv[1], "reset"))
        return programmer_reset(s, b);
    if (!programmer_image(argv[1]))
        return fputs("no image\n", s->out), 1;
    return programmer_program(s, b, argv[1], argc < 3 || strcmp(argv[2], "sectors") != 0);
}
