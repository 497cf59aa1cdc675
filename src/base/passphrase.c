/* SPDX-License-Identifier: Apache-2.0 */
#include "base/base.h"

enum { PASSPHRASE_MAX = 1024 };

int passphrase_read(const struct passphrase *from, const char *what, const char *hint,
                    struct secret *out, struct signet_error *err)
{
    struct signet_bytes answer = {0};
    struct secret text = {0};
    int rc;

    if (from->file) {
        rc = file_read_secret(from->file, PASSPHRASE_MAX, &text, err);
        if (rc == SIGNET_OK)
            rc = secret_set(out, text.data, strcspn((const char *)text.data, "\r\n"), err);
        secret_wipe(&text);
        secret_live(out);
        return error_pass(rc, err, "%s", what);
    }
    if (!from->ask)
        return error_set_hint(err, SIGNET_E_AUTH, hint, "%s is not known", what);
    rc = from->ask(from->ask_ctx, what, &answer, err);
    if (rc == SIGNET_OK)
        rc = secret_set(out, answer.data, answer.len, err);
    else if (rc == SIGNET_E_AUTH)
        error_hint(err, "%s", hint);
    signet_bytes_free(&answer);
    secret_live(out);
    return rc;
}
