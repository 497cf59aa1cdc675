/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_BOARD_H
#define SIGNET_BOARD_H

/* Board recipes: how a kind of board goes from blank to provisioned. The stages are separate calls,
 * so that credentials can be made in the middle, when the endpoint name is known:
 *
 *     open -> prepare -> endpoint -> [request ->] load -> result -> finish -> close
 *
 * Units: times in milliseconds, sizes in bytes. Ownership: texts of the options are copied;
 * observer and cancel must outlive the handle, which signet_board_close() frees. Errors: see each
 * call; signet_board_state() is filled in after an error, too. Standard: LwM2M Core 1.2,
 * section 6.1.3.1 (Factory Bootstrap).
 *
 * Threads: one handle is for one thread at a time; each board of a line has a handle of its own. */

#include <signet/bytes.h>
#include <signet/flasher.h>
#include <signet/option.h>

#ifdef __cplusplus
extern "C" {
#endif

/* All texts are copied; NULL or 0 is the recipe's default. */
struct signet_board_options {
    size_t size; /* sizeof(struct signet_board_options): what a later version adds is then zero; 0:
                    this version */
    const char *flasher; /* name; NULL: "nrfutil", else "nrfjprog" for anjay-zephyr with an image;
                            "none" when there is no image */
    struct signet_flasher_options flash; /* serial below wins */
    const char *initial, *final;         /* images; with image_dir, names inside it */
    const char *image_dir; /* anjay-zephyr: initial.hex and final.hex in it when not named */
    const char *initial_sha256, *final_sha256; /* expected, hex */
    const char *serial;   /* of the programmer or USB port: letters and digits */
    unsigned vcom;        /* which serial port of the board, from 0 */
    const char *port;     /* address of the link; NULL: found by serial */
    unsigned baud;        /* 0: 115200 */
    const char *endpoint; /* what the board's name must be; NULL: any */
    const char *hw_id;    /* what the board's name must end with, upper or lower case; NULL: any */
    int smp_version;      /* 1 or 2; 0: 2 where the board knows it, else 1 */
    int smp_timeout_ms;   /* for one answer; 0: 2000 */
    const char *ready_text, *provisioned_text, *restored_text, *prompt; /* "": do not wait for it */
    const char *endpoint_path; /* "": the board has no name */
    const char *packet_path, *result_path;
    const char *success_text; /* whole content of the result file, "0" */
    int ready_timeout_ms;     /* 0: 60000 */
    int result_timeout_ms;    /* 0: 45000 */
    int restored_timeout_ms;  /* 0: 60000 */
    unsigned smp_line_length; /* longest line to the board, 16..127 characters; 0: 127 */
    unsigned smp_packet_size; /* header and CBOR of a request; 0: what the board says, less 4 */
    const char *port_options; /* of a serial port, as behind the ? of an address (link.h) */
    /* Options that this recipe has and others have not, up to the first without a name: those of
     * signet_recipe_options_of(). */
    struct signet_option recipe[SIGNET_OPTIONS_MAX];
};

struct signet_board;

/* The recipes: name and options of row i; NULL past the end, and for one without options. */
const char *signet_recipe_name(size_t i);
const struct signet_option_info *signet_recipe_options_of(size_t i);

/* recipe: "anjay-zephyr", "smp-file", "zephyr-credentials", "nrf91". Checks options, images and
 * tools; no board is touched. cancel must outlive the handle. Events: PROGRESS of stages "flash",
 * "load" and "final", RETRY; STAGE_BEGIN and STAGE_END are for the caller to send. */
int signet_board_open(struct signet_board **out, const char *recipe,
                      const struct signet_board_options *options,
                      const struct signet_observer *observer, const struct signet_cancel *cancel,
                      struct signet_error *err);
void signet_board_close(struct signet_board **board); /* sets *board to NULL */

/* Before prepare, which erases: resets the board and listens whether it is one that holds
 * credentials: SIGNET_E_PROVISIONED. At most 10 s; a board that is silent for 0.3 s is blank.
 * SIGNET_E_UNSUPPORTED: there is no way to find out, as signet_board_can_look() says before. */
bool signet_board_can_look(const struct signet_board *board);
/* False: nothing is set that would tell a board's name, so the caller gives it one. */
bool signet_board_tells_name(const struct signet_board *board);
int signet_board_look(struct signet_board *board, struct signet_error *err);
/* SIGNET_E_NOT_FOUND: its programmer is not plugged in; SIGNET_OK also: nobody can tell. */
int signet_board_plugged(const struct signet_board *board, struct signet_error *err);
/* Opens the port, flashes the initial image (where there is one) and waits until the board is
 * ready. May be called again after a failure: the board is flashed again. SIGNET_E_PROVISIONED: it
 * holds credentials; SIGNET_E_TIMEOUT: it never was ready. */
int signet_board_prepare(struct signet_board *board, struct signet_error *err);
/* The name that the board gave, or "". SIGNET_E_WRONG_BOARD: it is not the expected one, or another
 * than before; SIGNET_E_BOARD: not a name that may be used. */
int signet_board_endpoint(struct signet_board *board, char name[SIGNET_ENDPOINT_SIZE],
                          struct signet_error *err);
/* Does the board make its own key (option keygen of its recipe)? Then the packet has a certificate
 * for it and no private key. */
bool signet_board_makes_key(const struct signet_board *board);
/* The credentials that the board holds are of the device that it is about to get again, from an
 * attempt that was interrupted: they may be replaced. Until the next prepare. */
void signet_board_take_over(struct signet_board *board);
/* The board makes its key, unless it has one, and asks for a certificate for it in this name: csr
 * is PKCS#10 in DER, whose signature and name were verified; freed by the caller.
 * SIGNET_E_PROVISIONED: it holds a certificate, and was not taken over. SIGNET_E_CERT: it is no
 * such request. SIGNET_E_EXISTS: taken over, it has its key, and makes no request for it any more.
 * SIGNET_E_UNSUPPORTED: the board makes no key. */
int signet_board_request(struct signet_board *board, const char *endpoint, struct signet_bytes *csr,
                         struct signet_error *err);
/* Makes sure that the board is still the same one, then writes the packet and compares what the
 * board has, where the board supports that. SIGNET_E_WRONG_BOARD: not the same one, nothing was
 * sent. */
int signet_board_load(struct signet_board *board, const void *packet, size_t len,
                      struct signet_error *err);
/* Reads the result, once; only after load. SIGNET_E_BOARD: refused by the board. */
int signet_board_result(struct signet_board *board, struct signet_error *err);
/* Programs the final image and waits for the restored text; nothing to do without one. */
int signet_board_finish(struct signet_board *board, struct signet_error *err);

/* After finish: locks the debug port with the programmer, resets the board, and expects that a read
 * is refused. It is undone by the programmer's recover, which erases the board; an erase protection
 * is never set. SIGNET_E_FLASH: it is open all the same. SIGNET_E_UNSUPPORTED: the programmer
 * cannot, as signet_board_can_lock() says before. */
bool signet_board_can_lock(const struct signet_board *board);
int signet_board_lock(struct signet_board *board, struct signet_error *err);

/* What is known, also after an error. The hint of a cancelled call says in words in what state the
 * board is; the port is free again after close, and no file is ever written. */
struct signet_board_state {
    char port[128];                   /* the link's address, "" before it was found */
    char serial[128];                 /* programmer or USB serial number, "" when unknown */
    char hw_id[SIGNET_ENDPOINT_SIZE]; /* of the board itself: what follows the last '-' of the name
                         it gave when that is 8 or more hex digits, else the whole name; "" without
                         a name */
    char initial_sha256[65], final_sha256[65];
    bool bytes_sent; /* a byte of the packet may have left the host */
    bool loaded, applied, finished;
    /* prepare may be called and the same credentials tried again: the board can be flashed from
     * here, and Signet will know it again by its name or serial number. False: flash it by hand. */
    bool retry_safe;
};
void signet_board_state(const struct signet_board *board, struct signet_board_state *out);

#ifdef __cplusplus
}
#endif
#endif
