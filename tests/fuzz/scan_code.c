/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a code of a scanner, by rules of each kind. The first byte chooses the rules. */
#include "fuzz.h"
#include "scan/scan.h"

#include <string.h>

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
    if (rc == SIGNET_OK && code.kind != SCAN_SET_UP)
        require(code.text[0] && strlen(code.text) <= SCAN_CODE_MAX);
    return 0;
}
