/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a code of a scanner, by rules of each kind, and as one of a table of codes. The
 * first byte chooses the rules; at the end stands what a keyboard of another layout makes of the
 * bytes. */
#include "fuzz.h"
#include "scan/scan.h"

#include <string.h>

/* The set-up code is what it came as, whatever the layout; of other text nothing is known. */
static void type_it(const struct signet_scan *rules, const uint8_t *data, size_t size)
{
    static const char *const layouts[] = {"German", "swiss german", "Latin"};
    struct buf text = {0}, typed = {0};
    struct scan_code code = {0};
    struct signet_error err = {0};

    buf_append(&text, data, size);
    buf_byte(&text, 0);
    for (size_t i = 0; i < COUNT_OF(layouts); i++) {
        buf_reset(&typed);
        if (!scan_type(layouts[i], (const char *)text.data, &typed))
            continue;
        require(typed.len >= strlen((const char *)text.data));
        if (scan_read(rules, (const char *)typed.data, typed.len, &code, &err) != SIGNET_OK)
            require_error(&err);
    }
    buf_free(&typed);
    buf_free(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const patterns[] = {NULL, "AB-##@?", "?????????????"};
    struct signet_error err = {0};
    struct scan_code code = {0};

    if (size == 0)
        return 0;
    const struct signet_scan rules = {.used = true,
                                      .prefix = data[0] & 1 ? "SN:" : NULL,
                                      .slot_prefix = "SLOT-",
                                      .operator_prefix = data[0] & 2 ? "OP" : NULL,
                                      .carrier_prefix = data[0] & 4 ? "C" : NULL,
                                      .pattern = patterns[(data[0] >> 3) % 3],
                                      .check = data[0] & 64 ? scan_checks[data[0] % 5] : NULL};
    int rc = scan_read(&rules, (const char *)data + 1, size - 1, &code, &err);
    if (rc == SIGNET_OK && code.kind == SCAN_DEVICE)
        rc = scan_check_device(&rules, &code, &err);
    if (rc != SIGNET_OK)
        require_error(&err);
    seen(code.text, strlen(code.text));
    if (scan_check_row(&rules, (const char *)data + 1, size - 1, &err) != SIGNET_OK)
        require_error(&err);
    type_it(&rules, data + 1, size - 1);
    if (rc == SIGNET_OK && code.kind != SCAN_SET_UP)
        require(code.text[0] && strlen(code.text) <= SCAN_CODE_MAX);
    return 0;
}
