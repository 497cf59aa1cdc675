/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TEMPLATE_PRIVATE_H
#define TEMPLATE_PRIVATE_H

#include "config/config.h"
#include "device/device.h"
#include "order/order.h"
#include "template/template.h"

#include <signet/cert.h>

/* device_names.c: which devices there are */
struct names {
    struct manifest *manifest; /* NULL: none */
    struct pieces pattern;     /* list NULL: the boards' own names, and no manifest */
    int64_t first, count;      /* count: of names; 0: not known */
    bool from_board;
    const char *code;   /* column of the codes that are scanned; NULL: none */
    struct index index; /* of the manifest's values that are there once: the rows */
};
/* What no two devices may share. */
enum names_value { NAMES_ENDPOINT, NAMES_IDENTITY, NAMES_KEY, NAMES_CODE, NAMES_VALUES };
int names_open(struct names *n, const struct source_options *options, struct signet_error *err);
void names_close(struct names *n);
/* What a pattern or a template may name. */
struct placeholder_names names_known(const struct names *n, bool no_endpoint, bool no_serial);
/* row NULL: without a manifest */
int names_expand(const struct names *n, const struct manifest_row *row, int64_t index,
                 char endpoint[SIGNET_ENDPOINT_SIZE], struct signet_error *err);
/* The code of a row; NULL: it has none. */
const char *names_code(const struct names *n, const struct manifest_row *row, size_t *len);
/* The name of the device that has this code. SIGNET_E_NOT_FOUND. */
int names_of_code(struct names *n, const char *code, char endpoint[SIGNET_ENDPOINT_SIZE],
                  struct signet_error *err);
/* In the index. */
uint64_t names_hash(const struct names *n, enum names_value kind, const void *value, size_t len);
/* The device's number and row. index: where it should be, or -1. SIGNET_E_NOT_FOUND. */
int names_find(struct names *n, const char *endpoint, int64_t index, struct manifest_row *row,
               int64_t *found, struct signet_error *err);

/* template.c: the template, prepared once for all devices */
struct template_place {
    struct signet_path path;
    struct pieces pieces;
    enum signet_type type; /* of the value that comes out */
};

struct template_account {
    uint16_t iid;
    enum signet_mode mode;
    bool mint;                                   /* a new key */
    bool names;                                  /* the identity comes from the pattern */
    bool loads;                                  /* certificate and key come from the manifest */
    const struct template_place *key, *identity; /* from the manifest; NULL */
};

struct template
{
    struct signet_tree *model; /* as it was written */
    struct signet_tree *base;  /* complete, with samples in the places that differ; NULL: not yet */
    struct template_place *places;
    size_t place_count;
    struct template_account *accounts;
    size_t account_count;
    struct pieces identity;
    bool mints_certs;
    struct signet_key *like;          /* has the curve of the devices' keys, and no other use */
    bool recheck;                     /* a place is in what the data model's rules go across */
    bool shares_key, shares_identity; /* of the main account */
    bool secret[MANIFEST_COLUMNS_MAX];
    size_t psk_len;
    bool psk_hex;
    const char *const *columns; /* the manifest's */
    const char *manifest;       /* its path */
};
int template_open(struct template *t, const struct source_options *options,
                  const struct names *names, struct signet_error *err);
void template_close(struct template *t);
/* The name of its file in front, unless a place in it is there. */
void template_name(const char *name, struct signet_error *err);

/* Whether a value of this type may have placeholders. */
static inline bool type_differs(enum signet_type type)
{
    return type == SIGNET_TYPE_STRING || type == SIGNET_TYPE_OPAQUE;
}

/* fill.c: one device, made of it */
/* SIGNET_E_MEANING: its length, or the sample that everyone knows. */
int template_check_psk(const void *key, size_t len, struct signet_error *err);
/* Makes base from a first device. *of_row: it is the row's fault. */
int template_build(struct template *t, const struct source *s,
                   const struct placeholder_values *values, const struct signet_observer *observer,
                   bool *of_row, struct signet_error *err);
/* trial: nothing is minted, samples stay. cert (may be NULL): for the accounts whose certificate
 * and key would be made; its key is on the board. observer (may be NULL) gets what is suspicious.
 */
int template_make(const struct template *t, const struct source *s,
                  const struct placeholder_values *values, bool trial,
                  const struct signet_bytes *cert, const struct signet_observer *observer,
                  struct signet_tree **out, struct signet_error *err);
/* A column whose values are secrets, by where it goes or by its name. */
bool template_hides(const struct template *t, size_t column);
/* "devices.csv:7: psk: " in front, with the value where it is no secret. column: the one that is
 * at fault, or -1 for the first of pieces. */
void template_blame(const struct template *t, const struct manifest_row *row,
                    const struct pieces *pieces, int column, struct signet_error *err);
/* What is written into the place that a message names, "(/0/1/0)"; NULL: no column is. */
const struct pieces *template_pieces_of(const struct template *t, const char *msg);
/* The row in front, with the value that is at fault, or its name. */
void template_blame_row(const struct template *t, const struct placeholder_values *values,
                        struct signet_error *err);

struct source {
    struct names names;
    struct template template;
    struct signet_cert_info cert;
    struct signet_authority *authority;
    const struct signet_cancel *cancel;
    char *server_cert;
    char manifest_sha256[65]; /* "": there is none */
};

/* preflight.c: tries every device of the manifest, the first and last of a pattern */
int preflight_run(struct source *s, const struct source_options *options, struct signet_error *err);

/* row_doubts.c: what is legal in a row, and hardly meant */
enum { REPORTED_MAX = 100, TOLD_MAX = 8 };
/* Of a column's values that are digits alone: how many. */
struct widths {
    size_t with_zero, least; /* of one with a zero in front; of any. 0: none yet */
    bool told;
};
struct row_doubts {
    const struct source *s;
    const struct signet_observer *observer;
    uint64_t count;  /* of those that were told, or would have been */
    uint8_t key[64]; /* of the row before this one, in the first account that has one */
    size_t key_len;
    const void *of_keys[TOLD_MAX], *of_values[TOLD_MAX]; /* told once, since many rows have it */
    struct widths widths[TOLD_MAX];                      /* of the pieces of a name */
    const struct placeholder_values *values;             /* of the row that is looked at */
    bool first; /* it completes the template: the check of the whole device tells of its key */
};
void row_doubts_tell(struct row_doubts *d, struct signet_error *note);
void row_doubts_name(struct row_doubts *d, const struct manifest_row *row, const char *endpoint);
void row_doubts_key(struct row_doubts *d, const struct signet_tree *tree);
/* An observer of template_make(); ctx: the row_doubts. */
void row_doubts_take(void *ctx, const struct signet_event *event);

/* duplicates.c: no two rows with the same name, identity or key. Takes the rows in their order into
 * the index of names; on_duplicate gets each value that is there already, as an error. */
int duplicates_check(struct source *s, const struct manifest_row *row,
                     void (*on_duplicate)(void *ctx, const struct signet_error *why), void *ctx,
                     struct signet_error *err);

#endif
