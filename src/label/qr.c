/* SPDX-License-Identifier: Apache-2.0 */
/* QR codes as pictures. */
#include "base/base.h"

#include <qrencode.h>
#include <signet/label.h>

enum { QUIET = 4, PIXELS = 8, TEXT_MAX = 1663, STORED_MAX = 65535 };

static struct {
    QRcode *(*encode)(int size, const unsigned char *data, int version, QRecLevel level);
    void (*free)(QRcode *code);
} qr;

static int encode(const void *text, size_t len, QRcode **out, struct signet_error *err)
{
    static const struct library_function functions[] = {{"QRcode_encodeData", 0},
                                                        {"QRcode_free", sizeof(void *)}};
    static struct library library = {.soname = "libqrencode.so.4",
                                     .functions = functions,
                                     .count = COUNT_OF(functions),
                                     .table = &qr,
                                     .missing =
                                         "a QR code needs libqrencode.so.4, which cannot be loaded",
                                     .install = "install Debian's package libqrencode4"};
    int rc = library_load(&library, err);

    if (rc != SIGNET_OK)
        return rc;
    if (len == 0 || len > TEXT_MAX)
        return error_set(err, SIGNET_E_LIMIT, "a QR code has 1 to %d bytes", TEXT_MAX);
    *out = qr.encode((int)len, text, 0, QR_ECLEVEL_Q);
    return *out ? SIGNET_OK : error_set(err, SIGNET_E_NOMEM, "no QR code could be made");
}

static bool is_dark(const QRcode *code, int x, int y)
{
    return x >= 0 && y >= 0 && x < code->width && y < code->width &&
           code->data[y * code->width + x] & 1;
}

int signet_qr_svg(const void *text, size_t len, struct signet_bytes *out, struct signet_error *err)
{
    struct buf svg = {0};
    QRcode *code = NULL;
    int rc = encode(text, len, &code, err);

    if (rc != SIGNET_OK)
        return rc;
    int side = code->width + 2 * QUIET;
    buf_printf(&svg,
               "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" "
               "shape-rendering=\"crispEdges\"><path fill=\"#fff\" d=\"M0 0h%dv%dH0z\"/>"
               "<path d=\"",
               side, side, side, side);
    for (int y = 0; y < code->width; y++)
        for (int x = 0, n; x < code->width; x += n) {
            for (n = 0; is_dark(code, x + n, y);)
                n++;
            if (n > 0)
                buf_printf(&svg, "M%d %dh%dv1h-%dz", x + QUIET, y + QUIET, n, n);
            n += n == 0;
        }
    buf_text(&svg, "\"/></svg>\n");
    qr.free(code);
    return buf_take(&svg, out, err);
}

/* PNG: a grey picture of one bit a pixel, its data stored as they are. */

static uint32_t crc_of(const uint8_t *data, size_t len)
{
    uint32_t crc = 0xffffffff;

    for (size_t i = 0; i < len; i++) {
        crc ^= data[i];
        for (int bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (0xedb88320 & (0 - (crc & 1)));
    }
    return ~crc;
}

static uint32_t adler_of(const uint8_t *data, size_t len)
{
    uint32_t a = 1, b = 0;

    for (size_t i = 0; i < len; i++) {
        a = (a + data[i]) % 65521;
        b = (b + a) % 65521;
    }
    return b << 16 | a;
}

static void put_png_number(struct buf *out, uint32_t value)
{
    for (int shift = 24; shift >= 0; shift -= 8)
        buf_byte(out, (uint8_t)(value >> shift));
}

static void put_chunk(struct buf *png, const char *name, const struct buf *data)
{
    put_png_number(png, (uint32_t)data->len);
    size_t from = png->len;
    buf_text(png, name);
    buf_append(png, data->data, data->len);
    put_png_number(png, png->failed ? 0 : crc_of(png->data + from, png->len - from));
}

/* Each row begins with its filter, none. */
static void put_rows(const QRcode *code, size_t bytes, struct buf *rows)
{
    int side = (code->width + 2 * QUIET) * PIXELS;

    for (int y = 0; y < side; y++) {
        buf_byte(rows, 0);
        for (int x = 0; x < (int)bytes; x++) /* a module is a byte wide */
            buf_byte(rows, is_dark(code, x - QUIET, y / PIXELS - QUIET) ? 0x00 : 0xff);
    }
}

static void put_stored(const struct buf *rows, struct buf *out)
{
    buf_append(out, "\x78\x01", 2);
    for (size_t at = 0; at < rows->len;) {
        size_t n = rows->len - at < STORED_MAX ? rows->len - at : STORED_MAX;

        buf_byte(out, at + n == rows->len);
        buf_byte(out, (uint8_t)n);
        buf_byte(out, (uint8_t)(n >> 8));
        buf_byte(out, (uint8_t)~n);
        buf_byte(out, (uint8_t)(~n >> 8));
        buf_append(out, rows->data + at, n);
        at += n;
    }
    put_png_number(out, rows->failed ? 0 : adler_of(rows->data, rows->len));
}

int signet_qr_png(const void *text, size_t len, struct signet_bytes *out, struct signet_error *err)
{
    struct buf png = {0}, head = {0}, rows = {0}, data = {0};
    const struct buf nothing = {0};
    QRcode *code = NULL;
    int rc = encode(text, len, &code, err);

    if (rc != SIGNET_OK)
        return rc;
    size_t bytes = (size_t)code->width + 2 * QUIET;
    put_png_number(&head, (uint32_t)(bytes * PIXELS));
    put_png_number(&head, (uint32_t)(bytes * PIXELS));
    buf_append(&head, "\x01\x00\x00\x00\x00", 5);
    put_rows(code, bytes, &rows);
    put_stored(&rows, &data);
    buf_append(&png, "\x89PNG\r\n\x1a\n", 8);
    put_chunk(&png, "IHDR", &head);
    put_chunk(&png, "IDAT", &data);
    put_chunk(&png, "IEND", &nothing);
    qr.free(code);
    if (rows.failed || data.failed || head.failed)
        rc = error_nomem(err);
    rc = buf_end(&png, rc, out, err);
    buf_free(&head);
    buf_free(&rows);
    buf_free(&data);
    return rc;
}
