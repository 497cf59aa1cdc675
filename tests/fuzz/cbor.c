/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes: the reader ends, within its limits; passing over an item and reading all of it end at
 * the same byte with the same verdict; and what was read is written and read again alike. */
#include "cbor/cbor.h"
#include "fuzz.h"

#include <string.h>

static int walk(struct cbor_reader *r, const struct cbor_item *item, struct signet_error *err);

static int walk_run(struct cbor_reader *r, struct cbor_run *run, bool map, struct signet_error *err)
{
    for (;;) {
        struct cbor_item item;
        int rc = cbor_run_next(r, run, &item, err);

        require(r->depth <= r->depth_max);
        if (rc != SIGNET_OK || item.kind == CBOR_BREAK)
            return rc;
        rc = walk(r, &item, err);
        if (rc == SIGNET_OK && map)
            rc = cbor_next(r, &item, err);
        if (rc == SIGNET_OK && map)
            rc = walk(r, &item, err);
        if (rc != SIGNET_OK)
            return rc;
    }
}

/* In its shortest form, and back. */
static void write_again(const struct cbor_item *item)
{
    struct buf out = {0};
    struct cbor_item back;

    if (item->kind == CBOR_UNSIGNED)
        cbor_put_uint(&out, item->number);
    else if (item->kind == CBOR_NEGATIVE && item->number <= INT64_MAX)
        cbor_put_int(&out, -1 - (int64_t)item->number);
    else if (item->kind == CBOR_FLOAT)
        cbor_put_double(&out, item->real);
    else if (item->kind == CBOR_BYTES)
        cbor_put_bytes(&out, item->bytes, item->len);
    else if (item->kind == CBOR_TEXT)
        cbor_put_text_n(&out, item->bytes, item->len);
    else if (item->kind == CBOR_BOOLEAN)
        cbor_put_bool(&out, item->boolean);
    if (out.len) {
        struct cbor_reader in = {.data = out.data, .len = out.len};

        require(cbor_next(&in, &back, NULL) == SIGNET_OK && cbor_end(&in, NULL) == SIGNET_OK);
        require(back.kind == item->kind && back.number == item->number && back.len == item->len);
        require(back.boolean == item->boolean);
        require(back.real == item->real || (back.real != back.real && item->real != item->real));
        require(!back.len || memcmp(back.bytes, item->bytes, back.len) == 0);
    }
    buf_free(&out);
}

static int walk_tagged(struct cbor_reader *r, const struct cbor_item *tag, struct signet_error *err)
{
    struct cbor_item inner;
    int rc = cbor_enter(r, tag->at, err);

    if (rc == SIGNET_OK)
        rc = cbor_next(r, &inner, err);
    if (rc == SIGNET_OK)
        rc = walk(r, &inner, err);
    if (rc == SIGNET_OK)
        cbor_leave(r);
    return rc;
}

static int walk(struct cbor_reader *r, const struct cbor_item *item, struct signet_error *err)
{
    struct cbor_run run;
    struct buf scratch = {0};
    const uint8_t *bytes;
    size_t len;
    int rc;

    write_again(item);
    seen(&item->kind, sizeof(item->kind));
    seen(&item->number, sizeof(item->number));
    if (item->len)
        require(item->bytes >= r->data && item->bytes + item->len <= r->data + r->at);
    if (cbor_run_begin(&run, item, false))
        return walk_run(r, &run, false, err);
    if (cbor_run_begin(&run, item, true))
        return walk_run(r, &run, true, err);
    if (item->kind == CBOR_TAG)
        return walk_tagged(r, item, err);
    if (item->kind < CBOR_BYTES || item->kind > CBOR_TEXT_START)
        return item->kind == CBOR_BREAK ? cbor_skip(r, item, err) : SIGNET_OK;
    rc = cbor_string(r, item, &scratch, &bytes, &len, err);
    require(rc != SIGNET_OK || len <= r->len);
    buf_free(&scratch);
    return rc;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const unsigned depths[] = {1, 6, CBOR_DEPTH_MAX};

    for (size_t i = 0; i < 3; i++) {
        struct cbor_reader in = {
            .data = data, .len = size, .depth_max = depths[i], .items_max = 1 + size / (i + 1)};
        int rc = SIGNET_OK;

        while (rc == SIGNET_OK && cbor_end(&in, NULL) != SIGNET_OK) {
            struct cbor_reader skip;
            struct signet_error err = {0};
            struct cbor_item item;

            rc = cbor_next(&in, &item, &err);
            if (rc != SIGNET_OK) {
                require_error(&err);
                break;
            }
            skip = in;
            rc = walk(&in, &item, &err);
            if (rc != SIGNET_OK)
                require_error(&err);
            require(cbor_skip(&skip, &item, NULL) == rc);
            require(skip.at == in.at && skip.items == in.items && in.items <= in.items_max);
            require(rc != SIGNET_OK || in.depth == 0);
        }
    }
    return 0;
}
