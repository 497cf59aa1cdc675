/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SERVER_EXPORT_H
#define SERVER_EXPORT_H

/* How the rows of an export look. */

#include "seal/seal.h"
#include "server/ops.h"

enum { EXPORT_COLUMNS_MAX = 32 };

enum export_field {
    EXPORT_ENDPOINT,
    EXPORT_IDENTITY,
    EXPORT_MODE,       /* psk, cert, nosec */
    EXPORT_MODE_UPPER, /* PSK, X509, NO_SEC */
    EXPORT_KEY_HEX,
    EXPORT_KEY_BASE64,
    EXPORT_KEY_TEXT, /* the key is text itself */
    EXPORT_CERT_PEM, /* of the device, mode cert */
    EXPORT_CERT_BASE64,
    EXPORT_ROLE,     /* bootstrap, management */
    EXPORT_URI,      /* of the account's server */
    EXPORT_CONSTANT, /* 'text' */
    EXPORT_FIELDS
};

/* Whose field: of the account that the export serves, or of another one beside it. */
enum export_account { EXPORT_SERVED, EXPORT_MANAGEMENT, EXPORT_BOOTSTRAP, EXPORT_ACCOUNTS };

struct export_column {
    char *name, *constant; /* the latter: what stands in quotes, or else the field's name */
    enum export_account account;
    enum export_field field;
};

struct export_format {
    struct export_column columns[EXPORT_COLUMNS_MAX];
    size_t count;
    char delimiter; /* '{': NDJSON */
    bool header, quoted;
    const char *steps;      /* what a person does with the file */
    const char *server_uri; /* where the device has no account that names it; or NULL */
    bool needs_uri;         /* of a device with a bootstrap account */
    const struct export_limits *limits;
};

/* What the importer takes of a device, besides the columns. */
struct export_limits {
    unsigned name_most;     /* bytes of an endpoint name; 0: no limit known */
    const char *name_signs; /* in it besides letters and digits; NULL: any */
    bool common_name;       /* of a certificate: only the endpoint name */
    bool management_only;
    size_t rows_most, bytes_most; /* of a file; 0: no limit known */
    const char *importer;
};

/* name: "csv" when NULL. columns: "Name=field, ..." or NULL for all. A file that a version before
 * began, with this first line, goes on with the columns of then; len 0: there is no file yet. */
int export_format_read(struct export_format *format, const char *name, const char *columns,
                       const char *line, size_t len, struct signet_error *err);
void export_format_free(struct export_format *format);
/* What of a server's capabilities rows of this format can hold. */
void export_narrow(const struct export_format *format, struct signet_server_capabilities *can);

int export_validate(const struct export_format *format, const struct signet_device *device,
                    struct signet_error *err);
/* Bytes of the first row of text, with its line end; 0: it is not whole. */
size_t export_row_end(const struct export_format *format, const char *text, size_t len);
/* May this be the beginning of a row, of which a crash cut off the end? False: rows are in it,
 * behind a quote that somebody left open. */
bool export_cut_off(const struct export_format *format, const char *rest, size_t len);
/* Bytes of the row that export_start() would have written; 0: such a row was never written. */
size_t export_start_len(const struct export_format *format, const char *row, size_t len);
/* Where the cell of a column begins in a row, and its bytes, as they stand there; 0: it is empty,
 * or not whole. */
size_t export_cell(const struct export_format *format, const char *row, size_t len, size_t column,
                   size_t *from);

/* export_identity.c: rows of a file, and of what is to follow it */
struct export_rows {
    const struct index *identities;
    int fd;
    uint64_t written;       /* bytes of the file */
    const struct buf *next; /* behind them */
};
/* What is in the row at this place. */
int export_identities_add(const struct export_format *format, struct index *index, const char *row,
                          size_t len, uint64_t at, struct signet_error *err);
/* SIGNET_E_EXISTS: another device's row, which begins otherwise, has an identity of this row. */
int export_identities_check(const struct export_format *format, const struct export_rows *in,
                            const struct buf *start, const struct buf *row,
                            struct signet_error *err);
/* validate() is asked before a device has its certificate; this, when it is added. */
int export_complete(const struct export_format *format, const struct signet_device *device,
                    struct signet_error *err);
/* Is there a column for the credential of this account, when `chosen` is the one that is served? */
bool export_serves(const struct export_format *format, const struct signet_account *chosen,
                   const struct signet_account *account);
bool export_by_endpoint(const struct export_format *format);
/* Is there a column of these fields? */
bool export_has(const struct export_format *format, enum export_field from, enum export_field to);

void export_header(const struct export_format *format, struct buf *out);
/* What only a row of this device begins with: its first column and what follows it. */
void export_start(const struct export_format *format, const struct signet_device *device,
                  struct buf *out);
/* Rows of ours below the heading of somebody else would be read as what they are not. */
int export_check_heading(const struct export_format *format, const char *path, const char *text,
                         size_t len, struct signet_error *err);
/* A warning where a file of so many rows and bytes is more than its importer takes: was there one?
 */
bool export_tell_limits(const struct export_format *format, const char *path, size_t rows,
                        uint64_t bytes, const struct signet_observer *observer);
void export_row(const struct export_format *format, const struct signet_device *device,
                struct buf *out);

/* export_sealed.c: for whom its rows are sealed; setup.to_count 0: they are in clear */
struct export_seal {
    struct handover_setup setup;
    struct handover place;
    uint64_t batch; /* the last that is marked, */
    char head[65];  /* and its manifest */
};
int export_seal_open(struct export_seal *s, const struct server_seal *how, const char *path,
                     struct signet_error *err);
void export_seal_close(struct export_seal *s);
/* The first line of what is known, FILE.sealed. */
void export_seal_heading(struct buf *lines);
/* Where nothing is known, no batch is there. */
int export_seal_check(const struct export_seal *s, struct signet_error *err);
/* What is known; *end: behind the last batch. */
int export_seal_read(struct export_seal *s, const char *path, const char *text, size_t len,
                     struct index *rows, uint64_t *end, struct signet_error *err);
/* Before a batch: the last that is known has its names, what is not goes. */
int export_seal_settle(struct export_seal *s, struct signet_error *err);
/* What is known of a row, and what its line begins with, instead of both. */
int export_seal_digest_start(struct buf *start, struct signet_error *err);
int export_seal_digest(struct buf *start, struct buf *row, struct signet_error *err);
/* A batch, synced under hidden names; its line behind those of its rows marks it. */
int export_seal_stage(struct export_seal *s, const struct buf *rows, uint64_t devices,
                      struct buf *lines, struct signet_error *err);
int export_seal_publish(struct export_seal *s, struct signet_error *err);

/* export_lock.c: others hold the lock for as long as a row takes. SIGNET_E_BUSY: for 10 s somebody
 * has not given it back. */
int export_lock(int fd, bool write, const char *path, struct signet_error *err);

#endif
