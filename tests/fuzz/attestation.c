/* SPDX-License-Identifier: Apache-2.0 */
/* Any text as a modem's attestation, and any bytes as its COSE_Sign1. */
#include "board/recipe.h"
#include "fuzz.h"

static void try_text(const char *text, size_t len)
{
    struct attestation out = {.kind = 77};
    struct signet_error err = {0};

    if (attestation_read(&out, text, len, &err) != SIGNET_OK) {
        require_error(&err);
        require(out.kind == 77);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct buf text = {0};

    try_text((const char *)data, size);
    buf_base64(&text, data, size);
    if (text.len)
        try_text((const char *)text.data, text.len - (text.data[text.len - 1] == '='));
    buf_free(&text);
    return 0;
}
