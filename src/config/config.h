/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONFIG_CONFIG_H
#define CONFIG_CONFIG_H

/* Configurations and JSON files, as people write them: <signet/config.h>. */

#include "base/base.h"

#include <signet/config.h>

/* json.c: a file with one JSON object of at most 64 KiB, read by a table of its members */

enum json_type {
    MEMBER_TEXT,   /* char *: a string that is not empty */
    MEMBER_DIGITS, /* char *: a string or an integer, kept as text */
    MEMBER_COUNT,  /* unsigned: a positive integer */
    MEMBER_PORT,   /* uint16_t: 1 to 65535, as number or text */
    MEMBER_SECONDS /* int64_t: a positive integer */
};

struct json_member {
    const char *name;
    enum json_type type;
    size_t offset;
};

struct json_file {
    const struct json_member *members; /* at most 24 */
    size_t count;
    /* Which options the kind has that the members (filled in by then) name; they go to the array of
     * options at the offset. NULL: there are members only. */
    int (*options)(const void *out, const struct signet_option_info **table,
                   struct signet_error *err);
    size_t options_offset;
    /* Words that are no members ("token password"), and what is meant: text_hint_meant(). May be
     * NULL. */
    const char *const (*meant)[2];
};

/* out, zero before, is filled in; after an error it is of no use. SIGNET_E_SYNTAX: "PATH: what",
 * without a value of the file. */
int json_file_load(const char *path, const struct json_file *file, void *out,
                   struct signet_error *err);
void json_file_free(const struct json_file *file, void *out);

/* number.c: strtod() with a point, whatever the program's locale is. */
int decimal_parse(const char *text, double *out, char **end, struct signet_error *err);

#endif
