/* SPDX-License-Identifier: Apache-2.0 */
/* What a programmer may print: the reason that is found in it is short, and no byte of it raw. */
#include "flasher/run.h"
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const marks[] = {"Error: ", " E ", NULL};
    struct buf output = {0};
    char words[REASON_SIZE];

    buf_append(&output, data, size);
    run_reason(&output, size && data[0] == 'm' ? marks : NULL, words);
    buf_free(&output);
    seen(words, strlen(words));
    if (!memchr(words, 0, sizeof words))
        abort();
    for (const char *p = words; *p; p++)
        if ((unsigned char)*p < 0x20 || *p == 0x7f)
            abort();
    return 0;
}
