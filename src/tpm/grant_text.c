/* SPDX-License-Identifier: Apache-2.0 */
/* What an owner sends back to a station. */
#include "tpm/private.h"

int grant_read(const void *text, size_t len, struct grant *out, struct signet_error *err)
{
    const struct line lines[] = {
        {"index", LINE_INDEX, &out->index, 0, NULL},
        {"uses", LINE_NUMBER, &out->uses, SIGNET_GRANT_MOST, NULL},
        {"nonce", LINE_HEX, out->nonce, NONCE_LEN, NULL},
        {"signature", LINE_HEX, out->signature, P256_POINT, NULL},
    };

    if (lines_read(text, len, GRANT_FIRST, lines, COUNT_OF(lines)))
        return SIGNET_OK;
    return error_set_hint(err, SIGNET_E_SYNTAX, "signet order grant makes one",
                          "this is no grant of uses");
}
