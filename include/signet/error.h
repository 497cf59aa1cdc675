/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_ERROR_H
#define SIGNET_ERROR_H

/* Errors. The caller owns the struct signet_error, passes it as the last argument, and may pass
 * NULL, which the caller's own callbacks then get as theirs. A function that can fail returns
 * SIGNET_OK (0) or the code that it also stored in *err. Nothing is allocated: an error can be
 * reported when memory is gone. Outputs are written on success only. Texts are UTF-8 in the struct
 * itself; they hold no secret.
 *
 * Threads: the functions may be called on any thread; one struct is for one thread at a time. */

#ifdef __cplusplus
extern "C" {
#endif

/* Stable numbers, append only: the ledger stores them and docs/SPEC.md has what a run does about
 * each. */
enum signet_code {
    SIGNET_OK = 0,
    SIGNET_E_USAGE = 1,        /* the caller's arguments do not fit together */
    SIGNET_E_SYNTAX = 2,       /* malformed text or bytes */
    SIGNET_E_MEANING = 3,      /* well formed, but a device would refuse it */
    SIGNET_E_LIMIT = 4,        /* larger, deeper or longer than Signet takes */
    SIGNET_E_NOMEM = 5,        /* out of memory */
    SIGNET_E_IO = 6,           /* a file or the operating system; sys is errno */
    SIGNET_E_CRYPTO = 7,       /* the cryptographic library failed */
    SIGNET_E_CERT = 8,         /* a certificate or key is unusable; the message says why */
    SIGNET_E_NET = 9,          /* no connection, or TLS refused the peer */
    SIGNET_E_SERVER = 10,      /* the server answered with an error; sys is the HTTP status */
    SIGNET_E_AUTH = 11,        /* the server does not take the token; sys is the HTTP status */
    SIGNET_E_EXISTS = 12,      /* already there, and not the same */
    SIGNET_E_NOT_FOUND = 13,   /* no such thing */
    SIGNET_E_TIMEOUT = 14,     /* a deadline passed */
    SIGNET_E_CANCELLED = 15,   /* the caller requested a stop */
    SIGNET_E_LINK = 16,        /* the byte link to a board failed; sys is errno */
    SIGNET_E_SMP = 17,         /* an SMP server answered with an error; sys is its rc */
    SIGNET_E_FLASH = 18,       /* a programmer failed; sys is its exit status */
    SIGNET_E_BOARD = 19,       /* the board refused what it was given */
    SIGNET_E_PROVISIONED = 20, /* the board holds credentials already */
    SIGNET_E_WRONG_BOARD = 21, /* not the board that was meant */
    SIGNET_E_LEDGER = 22,      /* the ledger is unreadable, locked or was changed */
    SIGNET_E_CONFLICT = 23,    /* a name or credential is in use by another device */
    SIGNET_E_QUOTA = 24,       /* the order's quota is used up */
    SIGNET_E_UNSUPPORTED = 25, /* this build, board or server cannot do that */
    SIGNET_E_BUSY = 26,        /* in use by another process */
    SIGNET_E_PROOF = 27,       /* the device could not get in with its credentials */
    SIGNET_E_SEAL = 28,        /* the sealed file with a device's credentials is damaged */
    SIGNET_E_RULE = 29,        /* a rule of the order stopped a slot or the line */
    SIGNET_E_REFUSED = 30,     /* the command that is asked before a board said no */
};

struct signet_error {
    enum signet_code code;
    int sys;        /* errno, HTTP status, SMP rc or exit status, by code; 0 when there is none */
    char msg[384];  /* one line, from intent to cause: "endpoint_cfg:14:9: unknown name ..." */
    char hint[256]; /* what to do next; empty when there is nothing to say */
    char excerpt[320]; /* for text input: the line and a caret under the place; else empty */
};

/* A short stable word for a code ("syntax", "timeout"), for JSON output and logs. */
const char *signet_code_name(enum signet_code code);

/* The class of an error decides what a run does about it. */
enum signet_class {
    SIGNET_CLASS_NONE = 0,  /* SIGNET_OK */
    SIGNET_CLASS_DEVICE,    /* this device's or its board's: it is set aside, the others go on */
    SIGNET_CLASS_STATION,   /* disk, memory, ledger, cryptography: nothing can go on */
    SIGNET_CLASS_AWAY,      /* a server, a network or a lock that may come back: try again later */
    SIGNET_CLASS_CANCELLED, /* the caller requested a stop */
    SIGNET_CLASS_BUG,       /* the caller's arguments, or a code that is not known */
};
/* By code; for SIGNET_E_SERVER by the HTTP status in sys: 400, 409, 412 and 422 are about the
 * device, all others about the server or what stands before it. */
enum signet_class signet_error_class(const struct signet_error *err);

#ifdef __cplusplus
}
#endif
#endif
