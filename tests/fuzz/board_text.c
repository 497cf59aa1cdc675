/* SPDX-License-Identifier: Apache-2.0 */
/* Any text of a board: cut anywhere, the scanner finds the same text and hands over the same
 * lines, without control bytes and within their bound. */
#include "base/base.h"
#include "fuzz.h"
#include "link/link.h"

#include <stdlib.h>
#include <string.h>

static const char *const texts[] = {"Device is ready for provisioning",
                                    "Device is already provisioned", "uart:~$ ", "aab"};
enum { TEXTS = sizeof texts / sizeof texts[0] };

static void keep_line(void *ctx, const char *line, size_t len)
{
    struct buf *lines = ctx;

    require(len <= TEXT_LINE_MAX);
    for (size_t i = 0; i < len; i++)
        require(((unsigned char)line[i] >= 0x20 || line[i] == '\t') && line[i] != 0x7f);
    buf_append(lines, line, len);
    buf_byte(lines, '\n');
}

static void scan(const uint8_t *data, size_t size, size_t step, struct buf *seen)
{
    struct text_scan scan = {.on_line = keep_line, .ctx = seen};

    text_scan_expect(&scan, texts, TEXTS);
    for (size_t at = 0; at < size;) {
        size_t n = size - at < step ? size - at : step;
        size_t used = text_scan_feed(&scan, data + at, n);
        require(used <= n && (used == n || scan.which < TEXTS));
        at += used;
        if (scan.which < TEXTS) {
            buf_printf(seen, "<found %zu at %zu>\n", scan.which, at);
            text_scan_expect(&scan, texts, TEXTS);
            require(used > 0 || n == 0);
        }
    }
    text_scan_end(&scan);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct buf whole = {0}, pieces = {0}, shown = {0};

    scan(data, size, size ? size : 1, &whole);
    scan(data, size, 1, &pieces);
    require(whole.len == pieces.len && (!whole.len || !memcmp(whole.data, pieces.data, whole.len)));
    seen(whole.data, whole.len);
    text_escape(&shown, data, size);
    seen(shown.data, shown.len);
    for (size_t i = 0; i < shown.len; i++)
        require(shown.data[i] >= 0x20 && shown.data[i] != 0x7f);
    if (endpoint_name_valid((const char *)data, size))
        for (size_t i = 0; i < size; i++)
            require(strchr("-._:", data[i]) || (data[i] >= '0' && data[i] <= '9') ||
                    (data[i] >= 'A' && data[i] <= 'Z') || (data[i] >= 'a' && data[i] <= 'z'));
    buf_free(&whole);
    buf_free(&pieces);
    buf_free(&shown);
    return 0;
}
