/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes: what a file is by its first ones; as hex, base64 and UTF-8, which are the same again
 * when they were taken. */
#include "base/base.h"
#include "base/file_kind.h"
#include "fuzz.h"

#include <string.h>
#include <strings.h>

static void try_hex(const uint8_t *data, size_t size)
{
    uint8_t bytes[256];
    char again[2 * sizeof(bytes) + 1];
    ssize_t n = hex_decode((const char *)data, size, bytes, sizeof(bytes));

    if (n < 0)
        return;
    seen(bytes, (size_t)n);
    hex_encode(bytes, (size_t)n, again);
    require(strlen(again) == size && strncasecmp(again, (const char *)data, size) == 0);
}

static void try_base64(const uint8_t *data, size_t size)
{
    uint8_t bytes[300];
    char again[404];
    ssize_t n = base64_decode((const char *)data, size, bytes, sizeof(bytes));

    if (n < 0)
        return;
    seen(bytes, (size_t)n);
    base64_encode(bytes, (size_t)n, again);
    require(strlen(again) == size && memcmp(again, data, size) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    enum file_form form = file_form(data, size);
    uint32_t code;

    require(size || form == FORM_EMPTY);
    seen(&form, sizeof(form));
    try_hex(data, size);
    try_base64(data, size);
    if (utf8_valid(data, size))
        for (size_t at = 0; at < size; at += utf8_decode(data + at, size - at, &code))
            require(data[at] < 0x80 || data[at] >= 0xc2);
    return 0;
}
