/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_LABEL_H
#define SIGNET_LABEL_H

/* Labels for devices: the ZPL that an order's template gives for a device, its QR codes as
 * pictures, and the printer. docs/SPEC.md, "Labels".
 *
 * Units: bytes, milliseconds. Ownership: the caller frees bytes with signet_bytes_free(); order and
 * cancel outlive a label. Errors: SIGNET_E_SYNTAX and SIGNET_E_MEANING of a template, with file,
 * line and column; see each call.
 *
 * Threads: one handle is for one thread at a time. */

#include <signet/bytes.h>
#include <signet/cancel.h>
#include <signet/error.h>
#include <signet/event.h>
#include <signet/ledger.h>
#include <signet/order.h>
#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A QR code of text, error correction level Q. SVG: black on white with its quiet zone, as large as
 * its place; PNG: 8 pixels a module. libqrencode is loaded then. SIGNET_E_UNSUPPORTED: it is not
 * installed; SIGNET_E_LIMIT: more text than a code holds, or none. */
int signet_qr_svg(const void *text, size_t len, struct signet_bytes *out, struct signet_error *err);
int signet_qr_png(const void *text, size_t len, struct signet_bytes *out, struct signet_error *err);

/* The labels of an order's devices. Nothing is locked or written: a run may be at work. */
struct signet_label;
int signet_label_open(struct signet_label **out, const struct signet_order *order,
                      struct signet_error *err);
void signet_label_close(struct signet_label **label); /* sets *label to NULL */

struct signet_label_device {
    const char *endpoint;
    int64_t index;     /* of its name in the order, from 0; -1: not known */
    const char *hw_id; /* of its board; "" or NULL: not known */
};
/* Its ZPL. SIGNET_E_NOT_FOUND: the order has no such device; SIGNET_E_MEANING: a value cannot be
 * printed. */
int signet_label_zpl(struct signet_label *label, const struct signet_label_device *device,
                     struct signet_bytes *out, struct signet_error *err);
/* What stands on it, field by field: a text, or what a QR code or a bar code says. */
enum signet_label_field { SIGNET_LABEL_TEXT, SIGNET_LABEL_QR, SIGNET_LABEL_BAR };
int signet_label_fields(struct signet_label *label, const struct signet_label_device *device,
                        int (*field)(void *ctx, enum signet_label_field field, const char *text,
                                     size_t len, struct signet_error *err),
                        void *ctx, struct signet_error *err);
/* Prints it, once more when it was printed before: events "label-sent" and "labelled" of the
 * device in the ledger, whose detail has reason. SIGNET_E_CONFLICT: it may be printed, or not;
 * any other error: nothing was sent. */
int signet_label_print(struct signet_label *label, struct signet_ledger *ledger,
                       const struct signet_label_device *device, const char *reason,
                       const struct signet_observer *observer, const struct signet_cancel *cancel,
                       struct signet_error *err);

/* A person, or a program, read a code of a label of an order with `scan_back`: the device whose
 * label it is waits for it no more, and has the event "label-read" with reason ("": none). Labels
 * of boards are read at their slots (signet_run_scan()); here they need a reason.
 * SIGNET_E_UNSUPPORTED: the order reads no labels back; SIGNET_E_NOT_FOUND: it has no such label;
 * SIGNET_E_EXISTS: it was read; SIGNET_E_CONFLICT: it was not printed, or nobody knows;
 * SIGNET_E_USAGE. */
int signet_label_read(struct signet_label *label, struct signet_ledger *ledger, const char *code,
                      size_t len, const char *reason, char endpoint[SIGNET_ENDPOINT_SIZE],
                      struct signet_error *err);

/* Is the printer of an order there, and ready to print? "tcp://HOST:PORT" is asked (~HS); of a file
 * or a folder it is only looked whether it can be written. SIGNET_E_LINK, SIGNET_E_TIMEOUT,
 * SIGNET_E_SYNTAX (what answers is no printer for ZPL), SIGNET_E_BUSY (it is there, and does not
 * print: the message says why), SIGNET_E_IO. */
int signet_label_printer(const char *printer, const struct signet_cancel *cancel,
                         struct signet_error *err);

#ifdef __cplusplus
}
#endif
#endif
