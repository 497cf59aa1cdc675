/* SPDX-License-Identifier: Apache-2.0 */
/* Passphrases and PINs. */
#include "authority/private.h"

enum { SECRET_MAX = 1024 };

int authority_secret(const struct signet_authority_options *options, const char *file,
                     const char *what, struct secret *out, struct signet_error *err)
{
    struct signet_bytes answer = {0};
    struct secret text = {0};
    int rc;

    if (file) {
        rc = file_read_secret(file, SECRET_MAX, &text, err);
        if (rc == SIGNET_OK)
            rc = secret_set(out, text.data, strcspn((const char *)text.data, "\r\n"), err);
        secret_wipe(&text);
        secret_live(out);
        return error_pass(rc, err, "%s", what);
    }
    if (!options->ask)
        return error_set_hint(err, SIGNET_E_AUTH, "passphrase_file names a file that has it",
                              "%s is not known", what);
    rc = options->ask(options->ask_ctx, what, &answer, err);
    if (rc == SIGNET_OK)
        rc = secret_set(out, answer.data, answer.len, err);
    signet_bytes_free(&answer);
    secret_live(out);
    return rc;
}
