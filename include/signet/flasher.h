/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_FLASHER_H
#define SIGNET_FLASHER_H

/* Programmers: the tools that put a firmware image into a board. Each is a program of somebody
 * else, run with an argument vector (never a shell), a small fixed environment, a time limit and an
 * output cap.
 *
 * Units: milliseconds, bytes; progress in percent. Ownership: texts of the options are copied;
 * observer and cancel must outlive the handle. Errors: SIGNET_E_FLASH (sys is the exit status of
 * the tool), see each call. Format: Intel HEX, ELF, raw images.
 *
 * Threads: one handle is for one thread at a time; several handles may program several boards at
 * the same time. */

#include <signet/cancel.h>
#include <signet/event.h>
#include <signet/option.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A firmware image, read and checked before any board is touched. */
enum signet_image_format { SIGNET_IMAGE_HEX = 1, SIGNET_IMAGE_ELF = 2, SIGNET_IMAGE_BIN = 4 };
struct signet_image {
    enum signet_image_format format; /* by content: Intel HEX, ELF, else BIN */
    char sha256[65];                 /* of the file, lower-case hex */
    uint64_t size;                   /* HEX: bytes of data; else bytes of the file */
    uint32_t low, high;              /* HEX: first and last address */
    bool has_start;                  /* HEX: a record 03 or 05 was there */
    uint32_t start;                  /* its CS:IP or EIP */
};
/* SIGNET_E_SYNTAX: broken Intel HEX ("initial.hex:12:5: ..."), or no image at all;
 * SIGNET_E_MEANING: the file's SHA-256 is not expected_sha256 (NULL: any); SIGNET_E_LIMIT: over
 * 64 MiB; SIGNET_E_IO. */
int signet_image_check(struct signet_image *out, const char *path, const char *expected_sha256,
                       struct signet_error *err);

/* All texts are copied; NULL: not given. */
struct signet_flasher_options {
    size_t size; /* sizeof(struct signet_flasher_options): what a later version adds is then zero;
                    0: this version */
    const char *serial; /* of the programmer: letters and digits only; NULL: the tool's choice */
    const char *tool;   /* absolute path of the tool; NULL: searched on PATH (absolute folders that
                           not everybody can write to) */
    const char *port;   /* the board's serial port, for tools that work through it */
    int timeout_ms;     /* for one run of the tool; 0: 180000 */
    /* What this flasher alone has, such as {{"command", "load {image}"}} for exec; see
     * signet_flasher_options_of(). */
    struct signet_option options[SIGNET_OPTIONS_MAX];
};

struct signet_flasher;

/* name: "nrfutil", "nrfjprog", "openocd", "probe-rs", "pyocd", "jlink", "stm32", "esptool", "west",
 * "exec", "none". cancel must
 * outlive the handle; the observer gets PROGRESS, stage "flash", percent. SIGNET_E_USAGE: unknown
 * name or an option is missing or malformed; SIGNET_E_NOT_FOUND: the tool is not installed, the
 * hint says what to install. Runs nothing. */
int signet_flasher_open(struct signet_flasher **out, const char *name,
                        const struct signet_flasher_options *options,
                        const struct signet_observer *observer, const struct signet_cancel *cancel,
                        struct signet_error *err);
void signet_flasher_close(struct signet_flasher **flasher); /* sets *flasher to NULL */

enum signet_erase {
    SIGNET_ERASE_CHIP,    /* everything first */
    SIGNET_ERASE_SECTORS, /* only what the image covers; what else is stored stays */
};
/* Checks the image again, then programs it. No reset. SIGNET_E_FLASH: the tool failed (sys is its
 * exit status, 128 + N for signal N), the message has its own words; SIGNET_E_BUSY: somebody else
 * has the programmer or the port; SIGNET_E_NOT_FOUND: a part of the tool is not there;
 * SIGNET_E_TIMEOUT; SIGNET_E_CANCELLED; SIGNET_E_UNSUPPORTED: the tool cannot take such an image.
 * After anything but SIGNET_OK and the image's own errors the flash of the board is undefined:
 * flash again. */
int signet_flasher_program(struct signet_flasher *flasher, const char *image,
                           const char *expected_sha256, enum signet_erase erase,
                           struct signet_error *err);
/* Pin reset where the tool has one. */
int signet_flasher_reset(struct signet_flasher *flasher, struct signet_error *err);
/* The serial port number vcom of the board with the flasher's serial number, as the tool knows it.
 * SIGNET_E_UNSUPPORTED: the tool does not know ports; SIGNET_E_NOT_FOUND; SIGNET_E_CONFLICT: not
 * exactly one. */
int signet_flasher_port(struct signet_flasher *flasher, unsigned vcom, char port[128],
                        struct signet_error *err);

/* Boards that a tool sees. Texts come from outside: escape before showing. */
struct signet_programmer {
    char serial[64];
    char product[96];
    char ports[256]; /* paths, with blanks between */
};
/* SIGNET_E_UNSUPPORTED: the tool has no list. At most 64. *list is freed with free(). */
int signet_flasher_list(struct signet_flasher *flasher, struct signet_programmer **list,
                        size_t *count, struct signet_error *err);

/* Row i of the table of flashers; NULL past the end. */
const char *signet_flasher_name(size_t i);
const char *signet_flasher_summary(size_t i);
const struct signet_option_info *signet_flasher_options_of(size_t i); /* NULL also: it has none */

#ifdef __cplusplus
}
#endif
#endif
