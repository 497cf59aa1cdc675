/* SPDX-License-Identifier: Apache-2.0 */
/* The file of a key that counts. */
#include "tpm/private.h"

#include <inttypes.h>

#define FIRST "signet-tpm-key/v1"

static int take_file(const struct secret *text, struct quota_file *f, struct signet_error *err)
{
    int rc = secret_alloc(&f->password, QUOTA_PASSWORD, err);

    if (rc != SIGNET_OK)
        return rc;
    secret_live(&f->password);
    const struct line lines[] = {
        {"tpm", LINE_TEXT, f->conf, sizeof(f->conf), NULL},
        {"index", LINE_INDEX, &f->index, 0, NULL},
        {"owner", LINE_HEX, f->owner, sizeof(f->owner), NULL},
        {"point", LINE_HEX, f->point, sizeof(f->point), NULL},
        {"password", LINE_HEX, f->password.data, QUOTA_PASSWORD, NULL},
        {"public", LINE_HEX, f->public.bytes, PART_MAX, &f->public.len},
        {"private", LINE_HEX, f->private.bytes, PART_MAX, &f->private.len},
    };
    if (lines_read(text->data, text->len, FIRST, lines, COUNT_OF(lines)))
        return SIGNET_OK;
    return error_set_hint(err, SIGNET_E_SYNTAX, "signet authority create makes one",
                          "it is no key in a TPM, or damaged");
}

int quota_file_read(const char *path, struct quota_file *out, struct signet_error *err)
{
    struct secret text = {0};
    int rc = file_read_secret(path, QUOTA_TEXT_MAX, &text, err);

    if (rc == SIGNET_OK)
        rc = take_file(&text, out, err);
    secret_wipe(&text);
    if (rc != SIGNET_OK)
        quota_file_wipe(out);
    return signet_file_explain(rc, SIGNET_FILE_TPM, path, err);
}

void quota_file_wipe(struct quota_file *f)
{
    secret_wipe(&f->password);
}

int quota_file_write(const char *path, const struct quota_file *f, struct signet_error *err)
{
    struct buf b = {0};

    buf_printf(&b, FIRST "\ntpm %s\nindex 0x%08" PRIx32 "\n", f->conf, f->index);
    lines_put_hex(&b, "owner", f->owner, sizeof(f->owner));
    lines_put_hex(&b, "point", f->point, sizeof(f->point));
    lines_put_hex(&b, "password", f->password.data, f->password.len);
    lines_put_hex(&b, "public", f->public.bytes, f->public.len);
    lines_put_hex(&b, "private", f->private.bytes, f->private.len);
    int rc = buf_check(&b, err);
    if (rc == SIGNET_OK)
        rc = file_create(path, b.data, b.len, err);
    buf_free(&b);
    return rc;
}
