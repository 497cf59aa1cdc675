/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_ORDER_H
#define SIGNET_ORDER_H

/* A work order: a YAML file that says which devices to make, how, and where. signet-order(5) has
 * its keys.
 *
 * Units: as each member says. Ownership: all texts belong to the order; signet_order_free() frees
 * them. Errors: SIGNET_E_SYNTAX and SIGNET_E_MEANING with file, line and column.
 *
 * Threads: an order is not changed after it was loaded, so several threads may read it. */

#include <signet/authority.h>
#include <signet/board.h>
#include <signet/error.h>
#include <signet/seal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define SIGNET_ORDER_SLOTS       256
#define SIGNET_ORDER_SERVERS     8
#define SIGNET_ORDER_SCANNERS    64
#define SIGNET_ORDER_NOTIFY      8
#define SIGNET_ORDER_OBJECTS     16
#define SIGNET_ORDER_RULE_BOARDS 256

enum signet_slot_kind {
    SIGNET_SLOT_PORT,   /* path of a serial port, or tcp:HOST:PORT */
    SIGNET_SLOT_SERIAL, /* serial number of a programmer or of a USB port */
    SIGNET_SLOT_HUB,    /* "1-4.2", a socket of a hub: whatever is plugged in there */
};

struct signet_slot {
    const char *name; /* what people call it, "1"; no two the same */
    enum signet_slot_kind kind;
    const char *where;
    const char *serial; /* of its programmer, with a port; NULL: none */
};

/* A scanner on a serial port. */
struct signet_scanner {
    const char *port; /* as of a slot */
    const char *slot; /* that it is for; NULL: one that is carried around */
    int64_t baud;     /* 9600 unless named */
};

/* What codes may be, signet-order(5). */
struct signet_scan {
    bool given;           /* the order has `scan`, */
    bool used;            /* with codes of devices: no board is begun without one */
    const char *column;   /* of the manifest, that a device's code stands in; or */
    const char *endpoint; /* the name of the device, with {scan} for its code */
    const char *prefix; /* of a device's code, which is taken off; the others NULL: no such code */
    const char *slot_prefix, *operator_prefix, *carrier_prefix;
    const char *pattern; /* of a device's code: # a digit, @ a capital, ? any of both; NULL: any */
    const char *check;   /* "luhn", "gtin", "mod11-2", "mod37-2", "mod97-10"; NULL: none */
    const char *when;    /* "before" or "after" the board is put in; NULL: as it comes */
    struct signet_scanner scanners[SIGNET_ORDER_SCANNERS];
    size_t scanner_count;
};

struct signet_order_server {
    const char *name; /* unique in the order; default: the file's base name without ".json" */
    const char *file; /* JSON, as signet_server_info_load() reads it */
    const char *token_file, *ca_file; /* token_file: for kinds that need a token */
    const char *pin;                  /* as in signet_server_options */
    const char *account;              /* as in signet_server_info; NULL: the file's own */
    bool allow_http;
};

enum signet_notify_kind { SIGNET_NOTIFY_WEBHOOK, SIGNET_NOTIFY_MQTT, SIGNET_NOTIFY_FILE };

/* Who hears of the events of an order, signet-order(5), "notify". */
struct signet_order_notify {
    const char *name; /* unique in the order */
    enum signet_notify_kind kind;
    const char *url, *file;                                      /* one of the two */
    const char *format;                                          /* "json", "cfx"; NULL: json */
    const char *topic;                                           /* of MQTT, with placeholders */
    const char *key_file;                                        /* of a webhook */
    const char *user, *password_file, *client_cert, *client_key; /* of MQTT */
    const char *ca_file;         /* NULL: the system's authorities */
    const char *pin;             /* of a webhook, as in signet_server_options */
    bool allow_http, allow_mqtt; /* without TLS */
    const char **events;         /* ends with NULL; NULL: the usual ones */
};

/* As signet_order_load() makes it; nothing else does the checks that a run relies on. Paths are
 * relative to the order file, or absolute; here they are ready for use. Texts belong to the order;
 * what was left out is NULL or 0 unless a default is named. signet-order(5) has the keys of the
 * file. */
struct signet_order {
    const char *path, *text; /* of the file, as it was read */
    size_t text_len;
    const char *name; /* of the order in the ledger */
    int64_t quota;    /* devices */
    const char *template_file;
    const char *device; /* what the firmware's client takes, as signet_profile_open(); NULL: any */
    const char *objects[SIGNET_ORDER_OBJECTS]; /* definitions of the template's objects: files and
                                                  folders, as signet_objects_load() reads them */
    size_t object_count;
    const char *ledger; /* a path, or postgresql://... or postgres://... as it was written */
    const char *work, *key_file;         /* work: "work", key_file: "station.key" */
    const char *key_passphrase_file;     /* of a key file that a passphrase opens */
    const char *station, *operator_name; /* station: the host's name */
    const char *shift;                   /* the shift that works now, such as "night" */
    const char *recipe;                  /* with the board's options; NULL: no board */
    struct signet_board_options board;
    const char *manifest; /* names.manifest: CSV file, RFC 4180 with a header row */
    char delimiter;       /* names.delimiter: an ASCII punctuation mark, space or "tab"; ',' */
    const char *pattern;  /* names.pattern; with a manifest and without a pattern, its column
                             "endpoint" has the names */
    int64_t first;        /* names.first, 1: {serial} of the first device */
    bool from_board;      /* names.from_board: the board's own name is looked up in the manifest */
    int64_t psk_len;      /* credentials.psk_bytes, 32 */
    bool psk_hex;         /* credentials.psk_hex: new keys are text, so many hex digits */
    const char *identity; /* credentials.identity: pattern of the PSK identity; "{endpoint}" */
    bool shared_secret;   /* credentials.shared_secret: the template's own secret goes into all
                             devices */
    const char *cert_info, *server_cert;
    /* Who signs the devices' certificates: a file with the keys of `authority`, or the keys
     * themselves; neither: they sign themselves. */
    const char *authority_file;
    struct signet_authority_info authority;
    bool prove;               /* prove: true, or a mapping of the three that follow */
    const char *prove_uri;    /* prove.uri: "coaps://HOST:PORT" instead of the account's own */
    const char *prove_follow; /* prove.follow: hosts with commas, or "any"; see prove.h */
    int64_t prove_timeout_s;  /* prove.timeout_s: 1 .. 3600; 20 */
    /* Without a board, and only then. packets: a folder, with a slash at its end, for one file a
     * device, or FILE.ndjson. records, for servers: FILE.csv or FILE.ndjson; NULL: none. */
    const char *packets, *records; /* output.packets, output.records */
    /* seal_to: files of certificates; the outputs are sealed to them, a batch at a time. */
    const char *seal_to[SIGNET_RECIPIENTS];
    size_t seal_to_count;
    bool no_clear_text; /* clear_text: forbidden; no file has a secret in clear */
    bool clear_text;    /* clear_text: allowed, in so many words: an export beside seal_to */
    struct signet_slot slots[SIGNET_ORDER_SLOTS];
    size_t slot_count;
    struct signet_order_server servers[SIGNET_ORDER_SERVERS];
    size_t server_count;
    struct signet_order_notify notify[SIGNET_ORDER_NOTIFY];
    size_t notify_count;
    /* end with NULL; a name, found on PATH, or an absolute path */
    const char **ask_before, **on_pass, **on_fail, **on_made_before;
    const char **on_refused_scan;
    struct signet_scan scan;
    bool lock;           /* the debug port of each board is locked, last of all */
    bool erase_finished; /* a board that holds credentials is erased like a blank one */
    int64_t retries;     /* 1 */
    /* When a slot or the whole line stops, by boards of this run; 0: never. stop_after_failures:
     * that many failed in a row; min_yield: percent of the last boards, min_yield.boards, 20. */
    struct {
        int64_t slot, line;
    } stop_after_failures;
    struct {
        int64_t slot, line, boards;
    } min_yield;
    /* A board that is kept for checking a station, signet_run_golden(); board: its hardware id or
     * serial number, endpoint: a name that no product gets. NULL: there is none. */
    struct {
        const char *slot, *board, *endpoint;
    } golden;
    /* A label for each device: a template in ZPL, and "tcp://HOST:PORT", a folder with a slash at
     * its end, or a file. print_secrets: columns that are secrets and may be printed, ends with
     * NULL. template NULL: there are no labels. */
    struct {
        const char *template_file, *printer;
        const char **print_secrets;
        bool scan_back; /* a device is done when its label was read */
    } label;
    int64_t stop_after_refusals; /* equal ones of a server, one after the other; 5; 0: never */
    void *owned;
};

/* SIGNET_E_SYNTAX, SIGNET_E_MEANING: "order.yaml:7:3: unknown key ...". */
int signet_order_load(struct signet_order **out, const char *path, struct signet_error *err);
void signet_order_free(struct signet_order **order); /* sets *order to NULL */
/* Is there an authority that signs the devices' certificates? */
bool signet_order_has_authority(const struct signet_order *order);

#ifdef __cplusplus
}
#endif
#endif
