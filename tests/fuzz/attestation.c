/* SPDX-License-Identifier: Apache-2.0 */
/* Any text as a modem's attestation, any bytes as its COSE_Sign1, and as what stands before one. */
#include "board/recipe.h"
#include "fuzz.h"

static void try_text(const uint8_t *body, size_t body_len, const char *text, size_t len)
{
    struct attestation out = {.tag = 77};
    struct signet_error err = {0};

    if (attestation_read(&out, body, body_len, text, len, &err) != SIGNET_OK) {
        require_error(&err);
        require(out.tag == 77);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char of_chip[] = "0oRDoQEmoPZYQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
                                  "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    struct buf text = {0};

    try_text(data, size, of_chip, sizeof of_chip - 1);
    try_text(data, size, (const char *)data, size);
    buf_base64(&text, data, size);
    if (text.len)
        try_text(data, size, (const char *)text.data, text.len - (text.data[text.len - 1] == '='));
    buf_free(&text);
    return 0;
}
