/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIM_SIM_H
#define SIM_SIM_H

/* Boards and servers to rehearse with: the same parts that the tests use. */

#include <signet/bytes.h>
#include <signet/error.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* A board on a pty (board*.c). It runs on a thread of its own and behaves as a Zephyr board with
 * SMP over its shell does: docs/SPEC.md, "The simulated board". */

enum sim_firmware {
    SIM_FIRMWARE_NONE = 0, /* nothing is flashed: silence */
    SIM_FIRMWARE_INITIAL,  /* anjay-zephyr, waits for its packet under /factory */
    SIM_FIRMWARE_FINAL,    /* anjay-zephyr in the field */
    SIM_FIRMWARE_SMP_FILE, /* a file system that takes any path */
    SIM_FIRMWARE_CRED,     /* Zephyr's shell for credentials, and Nordic's for keys */
    SIM_FIRMWARE_AT,       /* an nRF91 modem, by AT commands */
};

/* Zephyr 3.2 and 3.3 speak version 1 and differ in a repeated chunk 0; later ones speak both
 * versions, keep a file open and name the expected offset. */
enum sim_generation {
    SIM_ZEPHYR_32 = 32,
    SIM_ZEPHYR_33 = 33,
    SIM_ZEPHYR_36 = 36,
    SIM_ZEPHYR_44 = 44,
};

struct sim_board_options {
    const char *link;    /* symbolic link to make to the pty; an old link there is replaced */
    const char *control; /* path of a UNIX socket for flashers (below); NULL: none */
    const char *save;    /* file that an applied packet is written to, 0600; "DIR/": a file of the
                            board's name there; NULL: none */
    unsigned baud;       /* pace of the line; 0: as fast as it goes */
    enum sim_generation generation; /* 0: SIM_ZEPHYR_33 */
    enum sim_firmware firmware;     /* what is flashed at the start */
    bool provisioned;               /* holds credentials at the start */
    const char *endpoint;           /* NULL: "anjay-zephyr-demo-351358811124772" */
    const char *misbehave;          /* "drop-tx=40,flip=1e-4": sim_board_faults() lists them */
    unsigned seed;                  /* of what happens at random */
    unsigned buf_size;              /* of its SMP server; 0: 384 */
    bool no_parameters;             /* does not know os parameters (rc 8) */
    unsigned line_buffers;          /* lines of one packet that it can hold at a time; 0: any */
    size_t fs_size;                 /* bytes that its files may have together; 0: any */
    bool udp;                       /* it also listens on 127.0.0.1 */
    uint16_t udp_port;              /* 0: any */
    /* How many boards take their turns: one that holds its packet and hears nothing for hold_ms
     * (0: 1000) is pulled, and a blank one with the next number in its name is put in. The link
     * goes away with the board. 0: one. */
    unsigned boards, hold_ms;
    /* A folder that keeps boards, a file each, SERIAL.board, 0600: a board's serial number is what
     * follows the last '-' of its first name. A board of this slot that is kept there is put in
     * again; else, and with fresh, a new one whose number nobody had. NULL: nothing is kept. */
    const char *state;
    bool fresh;
    unsigned slot;       /* which one of the rack this is */
    const char *journal; /* what happens to boards is added to this file, an object a line; NULL */
};

struct sim_board;

int sim_board_start(struct sim_board **out, const struct sim_board_options *options,
                    struct signet_error *err);
void sim_board_stop(struct sim_board **board); /* ends the thread, removes link and socket */

/* The pty, "/dev/pts/7". */
const char *sim_board_path(const struct sim_board *board);

uint16_t sim_board_udp(const struct sim_board *board);

/* What a flasher does: program (the board stands still until a reset) and pin reset. A chip erase
 * takes the credentials too. */
int sim_board_program(struct sim_board *board, enum sim_firmware firmware, bool chip_erase,
                      struct signet_error *err);
int sim_board_reset(struct sim_board *board, struct signet_error *err);

/* The same from another process, over the control socket of a board or a server: one request line,
 * one answer line ("ok", "ok ..." or "error ..."), then the connection ends. Requests: "program
 * initial|final|smp-file|zephyr-credentials|nrf91 chip|sectors", "reset", "lock" (of the debug
 * port, from the next reset on), "read" (refused when it is locked), "recover" (unlocks and erases
 * it), "state", "name TEXT"
 * (another endpoint name from the next boot on), "next" (pulls the board and puts the next one in),
 * "replug" (puts the same one in again), "pull" (the slot is empty then), "insert SERIAL" (pulls
 * the board, and puts in one that state keeps and that is in no slot), "stop". Of a server:
 * "misbehave LIST" (added to what is left of the list), "away" (connections are dropped) and
 * "back", "revoke" (tokens of logins), "state", "stop". */
int sim_control(const char *socket_path, const char *request, char *answer, size_t cap,
                struct signet_error *err);

struct sim_board_state {
    enum sim_firmware firmware;
    bool provisioned; /* holds credentials */
    bool halted;      /* programmed and not reset, asserted or unplugged */
    bool stopped;     /* asked to stop over the control socket */
    unsigned resets;
    unsigned changes;  /* boards that were pulled */
    unsigned uploads;  /* chunks 0 taken */
    unsigned chunks;   /* of uploads that came in, taken or not */
    unsigned repeated; /* chunks 0 that came again into an unfinished upload */
    unsigned keys;     /* that it made */
    bool locked;       /* its debug port */
    unsigned commands; /* lines that a console of it took */
    uint64_t frames_in, frames_out;
    uint64_t bytes_in, bytes_out;
};
void sim_board_state(struct sim_board *board, struct sim_board_state *out);

/* The packet that was applied with success; SIGNET_E_NOT_FOUND when there is none. Freed with
 * signet_bytes_free(). */
int sim_board_applied(struct sim_board *board, struct signet_bytes *out, struct signet_error *err);
/* A file of SIM_FIRMWARE_SMP_FILE. */
int sim_board_file(struct sim_board *board, const char *path, struct signet_bytes *out,
                   struct signet_error *err);

/* Of a board with a store of credentials: what it keeps under this tag, "CA", "CLIENT", "PK",
 * "PSK", "PSK_ID", or "key": its own private key, PKCS#8. SIGNET_E_NOT_FOUND: nothing. Freed with
 * signet_bytes_free(). */
int sim_board_credential(struct sim_board *board, unsigned tag, const char *type,
                         struct signet_bytes *out, struct signet_error *err);

/* Row i of the table of misbehaviours; NULL past the end. */
const char *sim_board_fault_name(size_t i);
const char *sim_board_fault_summary(size_t i);

/* A programmer (flasher.c) that takes the arguments of nrfjprog, nrfutil or a plain command, prints
 * what those print, and drives boards over their control sockets. An image whose file name begins
 * with "final", "smp", "cred" or "nrf91" stands for that firmware, any other for the initial one.
 * esptool holds the board's port as the real one does; a lock that somebody else holds on the file
 * CONTROL.probe means that the programmer is in use; a locked part is unlocked by recover, for as
 * long as CONTROL.unlocked is there. */
struct sim_flasher_options {
    const char *as;            /* "nrfjprog", "nrfutil", "esptool", "exec" */
    const char *const *boards; /* "SERIAL=CONTROL,PORT[,VCOM]" */
    size_t board_count;        /* at most 64 */
    const char
        *misbehave; /* "hang,fail,crash,garbage,huge,orphan,lie,locked,delay=MS"; NULL: none */
};
/* argv: the tool's arguments, without its name. *status is its exit status. */
int sim_flasher_run(const struct sim_flasher_options *options, int argc, char **argv, FILE *out,
                    int *status, struct signet_error *err);
/* Writes FOLDER/AS, a script that runs command (words, ends with NULL) with --as, --board and
 * --misbehave of the options, then "--" and the tool's arguments. */
int sim_flasher_install(const struct sim_flasher_options *options, const char *folder,
                        const char *const *command, struct signet_error *err);

/* An onboarding server (server*.c): HTTPS on 127.0.0.1, devices in memory, and the rules and faults
 * of the real ones. docs/SPEC.md, "The simulated server". */

struct sim_server_options {
    const char *kind;       /* "coiote", "thingsboard" or "leshan" */
    const char *misbehave;  /* sim_server_start() says what it takes; NULL: nothing */
    const char *token;      /* that it takes, also as a password; NULL: "token" */
    const char *ca_file;    /* where its certificate goes (PEM) for clients to trust */
    unsigned token_seconds; /* life of a token from a login; 0: 300 */
    uint16_t port;          /* 0: any */
    const char *state;      /* its devices are kept in this file, 0600, and its certificate in
                               STATE.pem; NULL: nothing is kept */
    const char *control;    /* path of a UNIX socket for sim_control(); NULL: none */
};

struct sim_server;

/* misbehave is a list with commas. "latency=MS" holds for every request,
 * "bad-tls=expired|not-yet-valid|wrong-host|untrusted" for every connection. The others are each
 * for one request that makes a device, in this order, "*N" for N of them: a status from 300 to 599
 * ("429=SECONDS": with Retry-After), page=STATUS (with a web page), html (502), portal (200), huge
 * (more than a client takes), truncate, drop, commit-then-drop, slow, redirect. With "look-" in
 * front, for one of the other requests. */
int sim_server_start(struct sim_server **out, const struct sim_server_options *options,
                     struct signet_error *err);
void sim_server_stop(struct sim_server **server);

uint16_t sim_server_port(const struct sim_server *server);
size_t sim_server_devices(struct sim_server *server);
size_t sim_server_requests(struct sim_server *server);    /* that had the right token */
size_t sim_server_connections(struct sim_server *server); /* ever taken */
size_t sim_server_logins(struct sim_server *server);
bool sim_server_stopped(struct sim_server *server); /* asked to, over the control socket */
void sim_server_revoke(struct sim_server *server); /* tokens of logins so far are 401 from now on */

/* A label printer for ZPL on 127.0.0.1 (printer.c): what it prints are files, label-0001.zpl and so
 * on, in a folder; ~HS is answered. misbehave is a list with commas: paper=N, ribbon=N, head=N,
 * pause=N (after N labels, 0 or more: it stops so until "misbehave" takes it away), full (its
 * buffer is), silent (~HS is not answered), garbage (another answer), slow=MS (for each label),
 * drop=N (it closes the connection in the middle of label N), lose=N (it has label N whole, closes
 * the connection, and prints it). On the control socket: "misbehave LIST" (instead of what was),
 * "state" ("ok printed=2 waiting=1"), "stop". */
struct sim_printer_options {
    const char *folder;    /* must be there */
    const char *misbehave; /* NULL: nothing */
    const char *control;   /* NULL: none */
    uint16_t port;         /* 0: any */
};
struct sim_printer;
int sim_printer_start(struct sim_printer **out, const struct sim_printer_options *options,
                      struct signet_error *err);
void sim_printer_stop(struct sim_printer **printer);
uint16_t sim_printer_port(const struct sim_printer *printer);
unsigned sim_printer_labels(struct sim_printer *printer); /* that it printed */
int sim_printer_misbehave(struct sim_printer *printer, const char *list, struct signet_error *err);
bool sim_printer_stopped(struct sim_printer *printer); /* asked to, over the control socket */

/* The LwM2M server behind it (lwm2m.c): coaps://127.0.0.1:PORT lets in the devices that keys knows,
 * in mode PSK (one cipher suite, PSK-AES128-CCM8), and no others: Register, Deregister. silent:
 * nothing is ever answered. port 0: any. keys must outlive it. */
struct sim_lwm2m;
int sim_lwm2m_start(struct sim_lwm2m **out, struct sim_server *keys, uint16_t port, bool silent,
                    struct signet_error *err);
void sim_lwm2m_stop(struct sim_lwm2m **server);
uint16_t sim_lwm2m_port(const struct sim_lwm2m *server);
size_t sim_lwm2m_registered(const struct sim_lwm2m *server); /* how often a device came in */

/* A scanner in USB-COM mode, on a pty (scanner.c). */

struct sim_scanner;
/* link: a symbolic link to make to the pty; an old link there is replaced. */
int sim_scanner_start(struct sim_scanner **out, const char *link, struct signet_error *err);
void sim_scanner_stop(struct sim_scanner **scanner);
/* How it reads a code; else it is the name of a keyboard layout, "german", that is the wrong one.
 * SIGNET_E_USAGE: no such way. */
#define SIM_SCANNER_WAYS "ok, double, no-end, cut, garbage, long"
int sim_scanner_check(const char *way, struct signet_error *err);
int sim_scanner_read(struct sim_scanner *scanner, const char *code, const char *way,
                     struct signet_error *err);
/* The first code on a label that the simulated printer printed in a folder, the first one being 1;
 * "": it has none (label_code.c). False: it is not printed yet. */
enum { SIM_LABEL_CODE_SIZE = 512 };
bool sim_label_read(const char *folder, unsigned number, char code[SIM_LABEL_CODE_SIZE]);

#endif
