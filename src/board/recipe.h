/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BOARD_RECIPE_H
#define BOARD_RECIPE_H

#include "flasher/flasher.h"
#include "link/link.h"
#include "smp/smp.h"

#include <signet/board.h>

/* A kind of board: one file, one row in board.c. */
struct recipe {
    const char *name;
    struct signet_board_options defaults; /* texts, paths, times */
    size_t chunk_limit;                   /* bytes that the board takes in one write; 0: any */
    bool stream;                          /* as in struct signet_smp_options */
    /* More than the options' own rules; runs nothing. */
    int (*check)(struct signet_board *b, struct signet_error *err);
};

extern const struct recipe anjay_zephyr_recipe, smp_file_recipe;

struct signet_board {
    const struct recipe *recipe;
    struct signet_board_options options; /* with defaults; texts are copies */
    struct signet_flasher *flasher;
    struct signet_observer observer;      /* ours, around the caller's */
    const struct signet_observer *caller; /* may be NULL */
    const struct signet_cancel *cancel;
    const char *stage; /* for events */

    struct signet_link *link;
    struct signet_smp *smp;
    char port[128];        /* the address in use */
    char usb_serial[128];  /* of the port's USB device when it was first opened; "" unknown */
    char name[152];        /* that the board gave */
    bool provisioned_seen; /* the text of a provisioned board came */
    bool ready_seen;       /* the ready text came */
    bool no_name;          /* it answers, and has no file with its name */
    bool in_hand;          /* from the first byte of the packet until its result */
    bool taken;            /* the board took a part of the packet */
    bool started_again;    /* meanwhile the board said that it starts */
    char last_boot[64];    /* with these words, escaped */
    char last_line[128];   /* what the board said last, escaped */

    struct signet_image initial, final;
    bool prepared, bytes_sent, loaded, applied, finished;
};

/* port.c: which port, and is it the one it was */

/* Opens the port (again): found by serial number where no address was given. */
int port_open(struct signet_board *b, struct signet_error *err);
void port_close(struct signet_board *b);
/* As port_open, but waits for whoever has it open, and tells who that is. */
int port_open_free(struct signet_board *b, struct signet_error *err);
/* For whatever somebody else may hold for a moment, {0} at first: whether to try again after *code,
 * which it waits for. False with SIGNET_E_CANCELLED in *code: stopped meanwhile. */
struct busy {
    int64_t deadline;
    char told[384];
};
bool board_waits(struct signet_board *b, struct busy *busy, int *code, struct signet_error *err);
/* A client of its own on the open port. timeout_ms and retries as in struct signet_smp_options. */
int port_smp_new(struct signet_board *b, int timeout_ms, int retries,
                 const struct signet_observer *observer, struct signet_smp **out,
                 struct signet_error *err);
/* As port_open, but waits for a port that is away until the deadline. */
int port_reopen(struct signet_board *b, int64_t deadline, struct signet_error *err);
/* The port as a programmer is told it: the path in its address. */
const char *port_for_tool(const char *address, char device[static 128]);
/* SIGNET_E_WRONG_BOARD when the port's serial number is another one by now. */
int port_check(struct signet_board *b, struct signet_error *err);

/* flash.c: as the flasher's, but they wait for whoever has the programmer, and give it the board's
 * port when it works through that: after programming the port is closed then, after a reset open */
int flash_when_free(struct signet_board *b, const char *image, const char *sha256,
                    enum signet_erase erase, struct signet_error *err);
int reset_when_free(struct signet_board *b, struct signet_error *err);
int flash_image(struct signet_board *b, const char *image, const char *sha256,
                enum signet_erase erase, struct signet_error *err);

/* ready.c */
int ready_wait(struct signet_board *b, bool flashed, struct signet_error *err);
/* For the final image. */
int ready_wait_restored(struct signet_board *b, struct signet_error *err);

/* stages.c */
int stage_prepare(struct signet_board *b, struct signet_error *err);
int stage_endpoint(struct signet_board *b, struct signet_error *err); /* into b->name */
int stage_load(struct signet_board *b, const void *packet, size_t len, struct signet_error *err);
int stage_result(struct signet_board *b, struct signet_error *err);
int stage_finish(struct signet_board *b, struct signet_error *err);
/* One try, with one attempt of timeout_ms a request when it is not 0. SIGNET_E_NOT_FOUND: there is
 * no such file (yet). */
int board_read_name(struct signet_board *b, int timeout_ms, char name[static 152],
                    struct signet_error *err);

#endif
