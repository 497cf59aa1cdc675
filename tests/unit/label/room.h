/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_UNIT_LABEL_ROOM_H
#define TESTS_UNIT_LABEL_ROOM_H

/* A template and the values of a device. */
#include "label/private.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "unit/folder.h"

static const char *const columns[] = {"imei", "wifi_password", "note", "pin"};
static const bool secret_columns[] = {false, false, false, true};

struct bench {
    struct label_template *t;
    struct manifest_row row;
    struct placeholder_values values;
    struct signet_error err;
    char path[96];
};

static inline int bench_load(struct bench *b, const char *text, const char *const *print)
{
    struct label_names names = {
        .known = {.columns = columns, .count = 4, .manifest = "devices.csv", .hardware = true},
        .secret = secret_columns,
        .print = print};
    char folder[FOLDER_SIZE];

    *b = (struct bench){0};
    assert_true(folder_make(folder));
    snprintf(b->path, sizeof(b->path), "%s/a.zpl", folder);
    assert_int_equal(file_write(b->path, text, strlen(text), 0600, NULL), SIGNET_OK);
    int rc = label_template_load(&b->t, b->path, &names, &b->err);

    if (rc != SIGNET_OK) /* nobody has to listen */
        assert_int_equal(label_template_load(&b->t, b->path, &names, NULL), rc);
    return rc;
}

static inline void bench_field(struct bench *b, const char *value)
{
    buf_append(&b->row.text, value, strlen(value) + 1);
    b->row.ends[b->row.count++] = (uint32_t)b->row.text.len - 1;
}

/* imei, wifi_password, note, pin */
static inline void bench_values(struct bench *b, const char *imei, const char *note)
{
    bench_field(b, imei);
    bench_field(b, "correct horse");
    bench_field(b, note);
    bench_field(b, "0000");
    b->values = (struct placeholder_values){
        .row = &b->row, .endpoint = "urn:dev:os:1", .serial = 7, .hardware = "683339521"};
}

static inline void bench_end(struct bench *b)
{
    label_template_free(&b->t);
    manifest_row_free(&b->row);
}

#endif
