/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LABEL_LABEL_H
#define LABEL_LABEL_H

/* Labels: a template in ZPL becomes the label of a device; printers; QR codes as pictures. */

#include "base/base.h"
#include "order/order.h"
#include "template/template.h"

#include <signet/label.h>

/* template.c: a file with one label (^XA ... ^XZ). Placeholders stand in the data of a field (^FD),
 * and {qr:TEXT} stands in place of a field. What a placeholder gives is written in hex where it is
 * no plain letter, so that it is data for the printer and never a command. */
struct label_template;
struct label_names {
    struct placeholder_names known;
    const bool *secret;       /* which of the columns are; NULL: none is known to be */
    const char *const *print; /* secret columns that may be printed; ends with NULL; may be NULL */
};
/* SIGNET_E_MEANING: a placeholder that is none, or a secret; SIGNET_E_SYNTAX: no label. */
int label_template_load(struct label_template **out, const char *path,
                        const struct label_names *names, struct signet_error *err);
void label_template_free(struct label_template **label); /* sets *label to NULL */

/* render.c */
/* The label of a device. SIGNET_E_MEANING: a value cannot be printed; SIGNET_E_LIMIT. */
int label_zpl(const struct label_template *label, const struct placeholder_values *values,
              struct buf *out, struct signet_error *err);
/* What a person reads of it, or a scanner. */
struct label_visitor {
    int (*field)(void *ctx, enum signet_label_field field, const char *text, size_t len,
                 struct signet_error *err);
    /* A code of which it is known what a scanner makes of it; part: which one of the template. */
    int (*code)(void *ctx, size_t part, const char *text, size_t len, struct signet_error *err);
    void *ctx; /* of both, each of which may be NULL */
};
int label_fields(const struct label_template *label, const struct placeholder_values *values,
                 const struct label_visitor *visitor, struct signet_error *err);

/* label.c: the labels of an order, whose source outlives them. Several threads. */
struct label;
int label_open(struct label **out, const struct signet_order *order, struct source *source,
               struct signet_error *err);
void label_close(struct label **label); /* sets *label to NULL */
/* Every label that the names of the order give. SIGNET_E_MEANING, SIGNET_E_LIMIT: the first that
 * cannot be printed. */
int label_try_all(const struct label *label, int64_t count, struct signet_error *err);
/* As label_zpl() and label_fields(). SIGNET_E_NOT_FOUND: the order has no such device. */
int label_make(const struct label *label, const struct signet_label_device *device, struct buf *zpl,
               struct signet_error *err);
int label_look(const struct label *label, const struct signet_label_device *device,
               const struct label_visitor *visitor, struct signet_error *err);

/* codes.c: what is read back of a label. A code counts as a scanner gives it (scan_read()), when no
 * other device of the order has it, and when it is not the code that its board was scanned by. */
/* SIGNET_E_MEANING: the template has no such code. Before label_has_code(), and by one thread. */
int label_check_codes(struct label *label, int64_t count, struct signet_error *err);
int label_has_code(const struct label *label, const struct signet_label_device *device,
                   const char *code, bool *has, struct signet_error *err);

/* printer.c: "tcp://HOST:PORT"; "FOLDER/": a file a device; FILE: one label behind the other. */
struct label_printing {
    const char *printer;
    const char *endpoint; /* names the file in a folder */
    const struct buf *zpl;
    const struct signet_cancel *cancel;
    /* The printer is ready: this comes before the first byte of the label. Not SIGNET_OK: nothing
     * is sent. */
    int (*begin)(void *ctx, struct signet_error *err);
    /* What the printer waits for, with the label in it, such as paper; again and again. False: no
     * longer, which ends with that error. */
    bool (*wait)(void *ctx, const struct signet_error *why);
    void *ctx;
};
/* SIGNET_OK: the printer says that it is printed. *sent false: it was not sent; true with an error:
 * it may be printed, or not. */
int label_print(const struct label_printing *printing, bool *sent, struct signet_error *err);

#endif
