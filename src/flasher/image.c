/* SPDX-License-Identifier: Apache-2.0 */
#include "ops.h"

#include "pki/pki.h"

#define IMAGE_MAX ((size_t)64 * 1024 * 1024)

/* By content, but a file that is called .hex and holds something else is a mistake, not a raw
 * image. */
static int by_content(struct signet_image *image, const char *path, const struct buf *file,
                      struct signet_error *err)
{
    if (file->len >= 4 && memcmp(file->data, "\177ELF", 4) == 0)
        image->format = SIGNET_IMAGE_ELF;
    else if (file->len &&
             (file->data[0] == ':' || text_has_tail(path, ".hex") || text_has_tail(path, ".ihex")))
        return hex_parse(image, path, file->data, file->len, err);
    else
        image->format = SIGNET_IMAGE_BIN;
    if (file->len == 0)
        return error_set(err, SIGNET_E_SYNTAX, "%s: the image is empty", path);
    image->size = file->len;
    return SIGNET_OK;
}

int signet_image_check(struct signet_image *out, const char *path, const char *expected_sha256,
                       struct signet_error *err)
{
    struct buf file = {0};
    struct signet_image image = {0};
    int code = file_read(path, IMAGE_MAX, &file, err);
    if (code == SIGNET_OK)
        code = by_content(&image, path, &file, err);
    if (code == SIGNET_OK)
        code = signet_bytes_sha256(file.data, file.len, image.sha256, err);
    buf_free(&file);
    if (code)
        return signet_file_explain(code, SIGNET_FILE_IMAGE, path, err);
    if (expected_sha256 && strcasecmp(expected_sha256, image.sha256) != 0)
        return error_set_hint(
            err, SIGNET_E_MEANING, "this is not the image of the order; nothing was flashed",
            "%s: SHA-256 is %s, expected %.64s", path, image.sha256, expected_sha256);
    *out = image;
    return SIGNET_OK;
}
