/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BOARD_RECIPE_H
#define BOARD_RECIPE_H

#include "flasher/flasher.h"
#include "link/link.h"
#include "smp/smp.h"

#include <signet/board.h>

enum { HELD_MAX = 10 };

/* A kind of board: one file, one row in board.c. */
struct recipe {
    const char *name;
    struct signet_board_options defaults; /* texts and paths that differ from the usual ones */
    const struct signet_option_info *own; /* options of this kind alone; NULL: none */
    size_t chunk_limit;                   /* bytes that the board takes in one write; 0: any */
    bool stream;                          /* as in struct signet_smp_options */
    const struct console_stages *console; /* NULL: it speaks SMP, as stages.c does */
    /* More than the options' own rules; runs nothing. */
    int (*check)(struct signet_board *b, struct signet_error *err);
};

extern const struct recipe anjay_zephyr_recipe, smp_file_recipe, zephyr_credentials_recipe,
    nrf91_recipe;

/* What boards with a console do each in their own words; console_stages.c has what they have in
 * common. */
enum credential_kind {
    CREDENTIAL_CA,
    CREDENTIAL_CERT,
    CREDENTIAL_KEY,
    CREDENTIAL_PSK,
    CREDENTIAL_PSK_ID,
    CREDENTIAL_KINDS
};
struct credential {
    uint32_t tag;
    enum credential_kind kind;
    struct signet_bytes text; /* as it is given to the board */
    uint8_t sha256[32];       /* as the board tells it */
};
struct console_stages {
    const char *prefix;  /* of names, where name_prefix gives none */
    const char *newline; /* that ends a command */
    bool request_once;   /* a key's request comes with the key, and never again */
    /* One question that a board that is ready answers within timeout_ms. */
    int (*ping)(struct signet_board *b, int timeout_ms, struct signet_error *err);
    /* The board's own number, in hex or decimal digits. */
    int (*id)(struct signet_board *b, char id[static 80], struct signet_error *err);
    /* A request for a certificate by the key of this tag: DER. SIGNET_E_NOT_FOUND: it has none;
     * SIGNET_E_EXISTS: it has one, and makes no request for it any more. With request_once it makes
     * the key as well. */
    int (*request)(struct signet_board *b, uint32_t tag, const char *endpoint,
                   struct signet_bytes *csr, struct signet_error *err);
    /* A new key; one that is there already is as good. */
    int (*make_key)(struct signet_board *b, uint32_t tag, struct signet_error *err);
    int (*delete_key)(struct signet_board *b, uint32_t tag, struct signet_error *err);
    /* text and sha256 of a credential, of its bytes in the packet. */
    int (*form)(struct credential *c, const uint8_t *data, size_t len, struct signet_error *err);
    /* The SHA-256 of what is there. SIGNET_E_NOT_FOUND: nothing is. */
    int (*look)(struct signet_board *b, const struct credential *c, uint8_t sha256[static 32],
                struct signet_error *err);
    int (*write)(struct signet_board *b, const struct credential *c, struct signet_error *err);
    int (*remove)(struct signet_board *b, const struct credential *c, struct signet_error *err);
};
/* console_options.c: the value of an option of the recipe's own; NULL: not given. */
const char *recipe_option(const struct signet_board *b, const char *name);

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
    char last_line[100 + SECRET_BEHIND]; /* what the board said last, as it came */

    struct signet_image initial, final;
    bool prepared, bytes_sent, loaded, applied, finished;

    /* of boards with a console */
    const char *const
        *unanswered;   /* the endings of a question whose answer may come yet; or NULL */
    int unanswered_ms; /* how long it is waited for before the next question */
    bool taken_over;   /* what it holds of credentials is of the same device, from before */
    bool has_key;
    uint8_t key_sha256[32]; /* of the public half of its own key */
    char requested[152];    /* the name in its request */
    struct held {           /* what was written */
        uint32_t tag;
        int kind; /* enum credential_kind */
        uint8_t sha256[32];
    } held[HELD_MAX];
    size_t held_count;
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
int reset_when_free(struct signet_board *b, struct signet_error *err);
int lock_when_free(struct signet_board *b, struct signet_error *err);
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
/* Still the one whose name was read? Nothing secret has left the host before this says yes. */
int board_same(struct signet_board *b, struct signet_error *err);
/* One try, with one attempt of timeout_ms a request when it is not 0. SIGNET_E_NOT_FOUND: there is
 * no such file (yet). */
int board_read_name(struct signet_board *b, int timeout_ms, char name[static 152],
                    struct signet_error *err);

/* console.c: a board that is spoken to in lines of text */
/* An answer: its lines, each with its newline, without codes of a terminal. May hold secrets, since
 * boards repeat what they are told. */
struct console_answer {
    struct buf text;
    const char *last; /* the line that ended it, in text; escaped it may be shown */
    size_t which;     /* of the endings */
};
void console_answer_free(struct console_answer *answer);
/* Sends the line, and reads until a line has one of the endings in it (NULL after the last). A
 * command is told, and never a secret. SIGNET_E_TIMEOUT: none came. An ending that begins with '='
 * is the whole line. */
int console_ask(struct signet_board *b, const char *line, const char *const *endings,
                int timeout_ms, struct console_answer *out, struct signet_error *err);
/* The same for a question that may be asked again: three times, each as long as the board is given
 * for one answer. */
int console_ask_again(struct signet_board *b, const char *line, const char *const *endings,
                      struct console_answer *out, struct signet_error *err);
int console_timeout(const struct signet_board *b);
/* The rest of the first line of the answer that begins with these words, or has them behind a
 * prompt; NULL: there is none. *len is without the newline. */
const char *console_find(const struct console_answer *answer, const char *words, size_t *len);
/* For errors that quote the board: the line that ended the answer, without the secret parts. */
const char *console_said(const struct console_answer *answer, char out[static 200]);

/* attestation.c: what a modem attests of its key, or of its chip with what stands before the
 * attestation (body). SIGNET_E_SYNTAX: it is none. */
struct attestation {
    bool of_chip; /* without tag and sha256 */
    uint8_t uuid[16], nonce[16];
    uint8_t sha256[32]; /* of the body */
    uint32_t tag;
};
int attestation_read(struct attestation *out, const void *body, size_t body_len, const char *cose,
                     size_t cose_len, struct signet_error *err);

/* credentials.c: what of a packet goes into a board's store of credentials */
struct credentials {
    struct credential list[HELD_MAX];
    size_t count;
    uint8_t key_sha256[32]; /* of the public key in the client certificate, where it has one */
    bool has_cert;
};
/* Where they go: the options sec_tag and bootstrap_sec_tag. SIGNET_E_MEANING: what such a board
 * cannot hold. */
int credentials_open(struct credentials *out, const struct signet_board *b, const void *packet,
                     size_t len, struct signet_error *err);
void credentials_free(struct credentials *c);
const char *credential_name(enum credential_kind kind); /* "client certificate" */
uint32_t credential_tag(const struct signet_board *b, bool bootstrap);

/* console_options.c: of all such boards */
#define CONSOLE_OPTIONS                                                                            \
    {"keygen", "true: the board makes its key, and the order's authority signs for it"},           \
        {"sec_tag", "number under which the board keeps its credentials (35724861)"},              \
        {"bootstrap_sec_tag", "the same of a bootstrap account (35724862)"},                       \
        {"name_prefix", "what stands before the board's own number in its name"},                  \
    {                                                                                              \
        "replace", "true: credentials and a key that the board holds are replaced"                 \
    }
int console_check(struct signet_board *b, struct signet_error *err);
bool console_option_is_true(const struct signet_board *b, const char *name);
int console_check_flag(const struct signet_board *b, const char *name, struct signet_error *err);

/* console_ready.c */
int console_ready(struct signet_board *b, struct signet_error *err);
int console_name(struct signet_board *b, char name[static 152], struct signet_error *err);

/* console_stages.c */
int console_load(struct signet_board *b, const void *packet, size_t len, struct signet_error *err);
int console_result(struct signet_board *b, struct signet_error *err);
int console_request(struct signet_board *b, const char *endpoint, struct signet_bytes *csr,
                    struct signet_error *err);

#endif
