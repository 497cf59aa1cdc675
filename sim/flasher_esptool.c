/* SPDX-License-Identifier: Apache-2.0 */
/* esptool, version 4 or 5 by the spelling that it is asked in; it holds the port as pyserial does.
 */
#include "flasher.h"

#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

/* The board is known by its port. */
static const struct programmer_board *board_at(const struct programmer *s, const char *port)
{
    for (size_t i = 0; port && i < s->count; i++)
        if (strcmp(s->boards[i].port, port) == 0)
            return &s->boards[i];
    return NULL;
}

static int cannot_connect(const struct programmer *s)
{
    fputs("A fatal error occurred: Failed to connect to ESP32: No serial data received.\n"
          "For troubleshooting steps visit: https://docs.espressif.com/\n",
          s->out);
    return 2;
}

static int esptool_work(const struct programmer *s, const struct programmer_board *b,
                        const char *command, const char *image, bool chip)
{
    if (s->fail)
        return cannot_connect(s);
    if (strcmp(command, "run") == 0)
        return fputs("Hard resetting via RTS pin...\n", s->out), programmer_reset(s, b);
    if (!image || !programmer_image(image))
        return fputs("esptool: error: argument <address> <filename>: No such file\n", s->out), 2;
    fputs("Writing at 0x00010000... (50 %)\nHash of data verified.\n", s->out);
    fflush(s->out);
    return programmer_program(s, b, image, chip);
}

/* esptool --chip C --port P --after A write_flash [--erase-all] ADDRESS FILE | run | version */
int as_esptool(const struct programmer *s, int argc, char **argv)
{
    const char *chip = NULL, *port = NULL, *after = "", *rest[8] = {NULL};
    bool erase = false;
    const struct argument table[] = {{"--chip", &chip, NULL},
                                     {"--port", &port, NULL},
                                     {"--after", &after, NULL},
                                     {"--erase-all", NULL, &erase},
                                     {0}};
    const char *unknown = take_arguments(table, argc, argv, rest);

    if (unknown || !rest[0])
        return fprintf(s->out, "esptool: error: unrecognized arguments: %s\n", unknown), 2;
    if (strcmp(rest[0], "version") == 0)
        return fputs("esptool.py v4.8.1\n4.8.1\n", s->out), 0;
    if (strchr(rest[0], '-') || strchr(after, '-'))
        return fprintf(s->out, "esptool: error: invalid choice: '%s'\n", rest[0]), 2;
    const struct programmer_board *b = board_at(s, port);
    int fd = b ? open(port, O_RDWR | O_NOCTTY | O_CLOEXEC) : -1;
    if (fd < 0 || flock(fd, LOCK_EX | LOCK_NB) != 0) {
        fprintf(s->out,
                "A fatal error occurred: Could not open %s, the port is busy or doesn't exist.\n"
                "(Could not exclusively lock port %s: [Errno 11] Resource temporarily "
                "unavailable)\n",
                port, port);
        if (fd >= 0)
            close(fd);
        return 2;
    }
    int code = esptool_work(s, b, rest[0], rest[2], erase);
    close(fd);
    return code;
}
