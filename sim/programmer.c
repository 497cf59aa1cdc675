/* SPDX-License-Identifier: Apache-2.0 */
/* What each simulated tool does to a board, through the board's control socket. */
#include "base/base.h"
#include "flasher.h"
#include "flasher/flasher.h"
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/file.h>
#include <unistd.h>

const char *programmer_no_zeros(const char *s)
{
    while (s[0] == '0' && s[1])
        s++;
    return s;
}

const struct programmer_board *programmer_find(const struct programmer *s, const char *serial)
{
    if (!serial)
        return s->count == 1 ? &s->boards[0] : NULL;
    for (size_t i = 0; i < s->count; i++)
        if (strcmp(programmer_no_zeros(s->boards[i].serial), programmer_no_zeros(serial)) == 0)
            return &s->boards[i];
    return NULL;
}

/* Which firmware an image stands for: by the file's name. */
static const char *firmware_of(const char *image)
{
    const char *name = strrchr(image, '/');

    name = name ? name + 1 : image;
    return strncmp(name, "final", 5) == 0   ? "final"
           : strncmp(name, "smp", 3) == 0   ? "smp-file"
           : strncmp(name, "cred", 4) == 0  ? "zephyr-credentials"
           : strncmp(name, "nrf91", 5) == 0 ? "nrf91"
                                            : "initial";
}

bool programmer_image(const char *image)
{
    return signet_image_check(&(struct signet_image){0}, image, NULL, NULL) == SIGNET_OK;
}

static int ask(const struct programmer *s, const struct programmer_board *b, const char *request)
{
    char answer[512] = "";
    struct signet_error err = {0};

    if (s->lie)
        return 0;
    if (sim_control(b->control, request, answer, sizeof(answer), &err) != SIGNET_OK) {
        fprintf(s->out, "ERROR: %s\n", err.msg);
        return 1;
    }
    return strncmp(answer, "ok", 2) == 0 ? 0 : 1;
}

int programmer_reset(const struct programmer *s, const struct programmer_board *b)
{
    return ask(s, b, "reset");
}

bool programmer_busy(const struct programmer_board *b)
{
    char path[160];

    snprintf(path, sizeof(path), "%s.probe", b->control);
    int fd = open(path, O_RDWR | O_CLOEXEC);
    bool busy = fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) != 0;

    if (fd >= 0)
        close(fd);
    return busy;
}

static void unlocked_path(const struct programmer_board *b, char out[static 160])
{
    snprintf(out, 160, "%s.unlocked", b->control);
}

bool programmer_locked(const struct programmer *s, const struct programmer_board *b)
{
    char path[160];
    struct signet_error err = {0};

    unlocked_path(b, path);
    if (s->locked)
        return access(path, F_OK) != 0;
    return !s->lie && sim_control(b->control, "read", NULL, 0, &err) == SIGNET_E_FLASH &&
           strstr(err.msg, "the debug port is locked");
}

int programmer_lock(const struct programmer *s, const struct programmer_board *b)
{
    return ask(s, b, "lock");
}

int programmer_recover(const struct programmer *s, const struct programmer_board *b)
{
    char path[160];

    if (!s->locked)
        return programmer_locked(s, b) ? ask(s, b, "recover") : 0;
    unlocked_path(b, path);
    int fd = s->locked ? open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600) : -1;

    if (fd >= 0)
        close(fd);
    return s->locked && fd < 0;
}

int programmer_program(const struct programmer *s, const struct programmer_board *b,
                       const char *image, bool chip)
{
    char request[64];

    snprintf(request, sizeof(request), "program %s %s", firmware_of(image),
             chip ? "chip" : "sectors");
    return ask(s, b, request);
}
