/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_TEXT_OUT_H
#define BASE_TEXT_OUT_H

/* Text for other programs (json_csv.c, json_out.c); numbers: <signet/text.h>. A part of base.h,
 * which includes it. */

#include "base/base.h"

/* A JSON string with its quotes, as Python's json module writes it: ASCII, the rest as \uXXXX. What
 * is not UTF-8 becomes \ufffd. */
void buf_json(struct buf *out, const void *text, size_t len);
/* Members of an object, or with key NULL of an array (json_out.c). */
struct buf_member {
    enum { J_IS_END, J_IS_TEXT, J_IS_INTEGER, J_IS_REAL, J_IS_BOOL, J_IS_TIME } kind;
    const char *key, *text;
    int64_t integer;
    double real;
    bool left_out; /* when it is 0 or false */
};
/* clang-format off */
#define J_GIVEN(k, value) {.kind = J_IS_TEXT, .key = (k), .text = (value)} /* NULL, "": nothing */
#define J_INT(k, value)   {.kind = J_IS_INTEGER, .key = (k), .integer = (int64_t)(value)}
#define J_COUNT(k, value)                                                                          \
    {.kind = J_IS_INTEGER, .key = (k), .integer = (int64_t)(value), .left_out = true}
#define J_REAL(k, value)  {.kind = J_IS_REAL, .key = (k), .real = (value)} /* not finite: null */
#define J_TIME(k, value)  {.kind = J_IS_TIME, .key = (k), .integer = (value)} /* clock_format() */
#define J_BOOL(k, value)  {.kind = J_IS_BOOL, .key = (k), .integer = (value)}
#define J_TRUE(k, value)  {.kind = J_IS_BOOL, .key = (k), .integer = (value), .left_out = true}
/* clang-format on */
#define buf_json_put(out, ...)                                                                     \
    buf_json_members(out, (const struct buf_member[]){__VA_ARGS__, {.kind = J_IS_END}})
/* A whole object. */
#define buf_json_object(out, key, ...)                                                             \
    (buf_json_open(out, key, '{'), buf_json_put(out, __VA_ARGS__), buf_byte(out, '}'))
void buf_json_open(struct buf *out, const char *key, char bracket);
void buf_json_members(struct buf *out, const struct buf_member *members);
/* A cell in quotes when it needs them (RFC 4180). It is not changed: what comes from outside is
 * looked at with csv_check() before. */
void csv_cell(struct buf *out, char delimiter, const void *text, size_t len);
/* A cell that another program imports: SIGNET_E_MEANING for control characters and formulas. To
 * change it, as signet_text_csv() does, would make it the name of another device. */
int csv_check(const char *what, const void *text, size_t len, struct signet_error *err);

#endif
