/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SCAN_SCAN_H
#define SCAN_SCAN_H

/* Codes that a scanner reads: what each is by the rules of an order (signet-order(5), `scan`), its
 * check digits, the set-up code, and scanners on serial ports.
 *
 * All codes go through signet_run_scan() (signet/run.h), whoever reads them: a scanner on a port,
 * the panel, the page, `signet line scan`. What a slot was given is in src/line/scan.c. */

#include "base/base.h"

#include <signet/order.h>

enum { SCAN_CODE_MAX = 128 };

enum scan_kind { SCAN_DEVICE, SCAN_SLOT, SCAN_OPERATOR, SCAN_CARRIER, SCAN_SET_UP };

struct scan_code {
    enum scan_kind kind;
    char text[SCAN_CODE_MAX + 1]; /* without the prefix that says what it is */
};

/* code.c. len: of text, which may be anything. SIGNET_E_SYNTAX: it is no code of this order.
 * SCAN_DEVICE: whatever is none of the others, as it is: a device's, or a label's. */
int scan_read(const struct signet_scan *rules, const char *text, size_t len, struct scan_code *out,
              struct signet_error *err);
/* A device's code: its rules are kept, and its prefix is taken off. SIGNET_E_SYNTAX. */
int scan_check_device(const struct signet_scan *rules, struct scan_code *code,
                      struct signet_error *err);

/* The code of a row of the manifest, which has no prefix. rules: struct signet_scan. */
int scan_check_row(const void *rules, const char *text, size_t len, struct signet_error *err);

/* check_digit.c: name is one of scan_checks. */
extern const char *const scan_checks[]; /* ends with NULL */
bool scan_check_digit(const char *name, const char *text);

/* set_up.c: the set-up code, and what its text says of the keyboard layout. SIGNET_OK: it came as
 * it is; SIGNET_E_CONFLICT: the layout is another one, which the message names. */
bool scan_is_set_up(const char *text, size_t len);
int scan_judge_set_up(const char *text, size_t len, struct signet_error *err);

/* What a computer with this layout, "German", gets of a scanner with the American one. False: no
 * such layout. */
bool scan_type(const char *layout, const char *text, struct buf *out);

/* port.c: reads a scanner on a serial port until cancel, again and again when it goes. A code ends
 * with CR, LF or TAB; the same code twice within a second is one. on_code: text may be anything;
 * on_trouble: the port cannot be opened (once until it can), or a code did not end. */
struct scan_port {
    const struct signet_scanner *scanner;
    const struct signet_cancel *cancel;
    void (*on_code)(void *ctx, const char *text, size_t len);
    void (*on_trouble)(void *ctx, const struct signet_error *why);
    void *ctx;
};
void scan_port_read(const struct scan_port *port);

#endif
