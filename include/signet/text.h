/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_TEXT_H
#define SIGNET_TEXT_H

/* Text as the library itself writes it, for programs that write the same formats beside it.
 *
 * Ownership: the caller frees a struct signet_bytes that a call filled in. Errors: SIGNET_E_NOMEM.
 * Standards: RFC 8259 (JSON), RFC 4180 (CSV).
 *
 * Threads: the functions may be called on any thread. */

#include <signet/bytes.h>
#include <signet/error.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A JSON string with its quotes, in printable ASCII: everything else is \uXXXX, and what is not
 * UTF-8 is \ufffd. */
int signet_text_json(const void *text, size_t len, struct signet_bytes *out,
                     struct signet_error *err);

/* A cell of a comma-separated file (RFC 4180) for people: as signet_text_plain(), with an
 * apostrophe in front where a spreadsheet would take it for a formula. */
int signet_text_csv(const char *text, struct signet_bytes *out, struct signet_error *err);

/* Text for a terminal: control characters, marks that hide or reorder text and what is not UTF-8
 * become \xNN. Returns out, cut to size (at least 1). */
const char *signet_text_plain(const char *text, char *out, size_t size);

#define SIGNET_NUMBER_SIZE 32
/* The shortest decimal that reads back as the same number, always with a point or an exponent:
 * "30.0", "1e-05"; "nan", "inf", "-inf". */
void signet_text_number(double value, char out[SIGNET_NUMBER_SIZE]);

#ifdef __cplusplus
}
#endif
#endif
