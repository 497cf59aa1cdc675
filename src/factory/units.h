/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FACTORY_UNITS_H
#define FACTORY_UNITS_H

#include "config/config.h"
#include "factory/factory.h"

#include <signet/units.h>

/* names.c: which devices there are */
struct names {
    struct manifest *manifest; /* NULL: none */
    struct pieces pattern;     /* list NULL: the boards' own names, and no manifest */
    int64_t first, count;      /* count: of names; 0: not known */
    bool from_board;
    /* Which 64th of the rows may hold a name: a row's bit is set in two words that its name picks.
     */
    uint64_t *segments;
    int64_t segment_rows;
    uint64_t seed;
};
int names_open(struct names *n, const struct signet_units_options *options,
               struct signet_error *err);
void names_close(struct names *n);
/* row NULL: without a manifest */
int names_expand(const struct names *n, const struct manifest_row *row, int64_t index,
                 char endpoint[152], struct signet_error *err);
/* During the manifest's scan, for every row in order. */
void names_learn(struct names *n, int64_t index, const char *endpoint);
/* The device's number and row. index: where it should be, or -1. SIGNET_E_NOT_FOUND. */
int names_find(struct names *n, const char *endpoint, int64_t index, struct manifest_row *row,
               int64_t *found, struct signet_error *err);
/* With a seed of the process, so that nobody can choose two texts of one hash. */
uint64_t names_hash(uint64_t seed, const void *data, size_t len);

/* form.c: the template, prepared once for all devices */
struct form_place {
    struct signet_path path;
    struct pieces pieces;
    enum signet_type type; /* of the value that comes out */
};

struct form_account {
    uint16_t iid;
    enum signet_mode mode;
    bool mint;                               /* a new key */
    bool names;                              /* the identity comes from the pattern */
    bool loads;                              /* certificate and key come from the manifest */
    const struct form_place *key, *identity; /* from the manifest; NULL */
};

struct form {
    struct signet_tree *model; /* as it was written */
    struct signet_tree *base;  /* complete, with samples in the places that differ; NULL: not yet */
    struct form_place *places;
    size_t place_count;
    struct form_account *accounts;
    size_t account_count;
    struct pieces identity;
    bool mints_certs;
    struct signet_key *like;          /* has the curve of the devices' keys, and no other use */
    bool recheck;                     /* a place is in what the data model's rules go across */
    bool shares_key, shares_identity; /* of the main account */
    bool secret[MANIFEST_COLUMNS_MAX];
    size_t psk_len;
    const char *const *columns; /* the manifest's */
    const char *manifest;       /* its path */
};
int form_open(struct form *f, const struct signet_units_options *options, const struct names *names,
              struct signet_error *err);
void form_close(struct form *f);
/* Makes base from a first device. *of_row: it is the row's fault. */
int form_build(struct form *f, const struct signet_units *units,
               const struct placeholder_values *values, const struct signet_observer *observer,
               bool *of_row, struct signet_error *err);
/* trial: nothing is minted, samples stay. */
int form_make(const struct form *f, const struct signet_units *units,
              const struct placeholder_values *values, bool trial, struct signet_tree **out,
              struct signet_error *err);
/* "devices.csv:7: psk: " in front, with the value where it is no secret. column: the one that is
 * at fault, or NULL for the first of pieces. */
void form_blame(const struct form *f, const struct manifest_row *row, const struct pieces *pieces,
                const unsigned *column, struct signet_error *err);

struct signet_units {
    struct names names;
    struct form form;
    struct signet_cert_info cert;
    char *server_cert, *work;
    char manifest_sha256[65]; /* "": there is none */
    int lock_fd;
    struct secret key;
    struct signet_line_units calls;
};

/* trial.c: tries every device of the manifest, the first and last of a pattern */
int trial_run(struct signet_units *u, const struct signet_units_options *options,
              struct signet_error *err);

/* twins.c: no two rows with the same name, identity or key. on_twin gets each, as an error. */
int twins_find(struct signet_units *u, void (*on_twin)(void *ctx, const struct signet_error *why),
               void *ctx, struct signet_error *err);

/* work.c: the sealed folder */
int work_open(struct signet_units *units, const char *folder, const char *key_file,
              struct signet_error *err);
int work_seal(struct signet_units *units, const char *endpoint, const struct signet_bytes *packet,
              struct signet_error *err);
/* SIGNET_E_NOT_FOUND: nothing was sealed for it */
int work_read(struct signet_units *units, const char *endpoint, struct secret *packet,
              struct signet_error *err);
int work_wipe(struct signet_units *units, const char *endpoint, struct signet_error *err);
/* Many devices in one file. tag: of the order. */
int work_batch_seal(struct signet_units *units, const char *tag, uint64_t number,
                    const struct buf *plain, struct signet_error *err);
int work_batch_read(struct signet_units *units, const char *tag, uint64_t number,
                    struct secret *plain, struct signet_error *err);
int work_batch_wipe(struct signet_units *units, const char *tag, uint64_t number,
                    struct signet_error *err);
/* Those that are there, ascending; the caller frees them. */
int work_batch_list(struct signet_units *units, const char *tag, uint64_t **numbers, size_t *count,
                    struct signet_error *err);
void work_close(struct signet_units *units);

/* unit.c: one device from its tree. The tree goes over to the unit, whatever comes. */
int unit_from_tree(struct signet_line_unit *out, struct signet_tree *tree, const char *endpoint,
                   struct signet_error *err);
void unit_free(struct signet_line_unit *unit);
/* The device as its servers see it; pointers are into tree. */
int unit_device(struct signet_device *out, const struct signet_tree *tree, const char *endpoint,
                struct signet_error *err);

#endif
