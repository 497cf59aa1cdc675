/* SPDX-License-Identifier: Apache-2.0 */
/* Passphrases and PINs. */
#include "authority/private.h"

int authority_secret(const struct signet_authority_options *options, const char *file,
                     const char *what, struct secret *out, struct signet_error *err)
{
    const struct passphrase from = {file, options->ask, options->ask_ctx};

    return passphrase_read(&from, what,
                           "passphrase_file of the authority names a file (mode 600) that has it, "
                           "pin-source=file:FILE one "
                           "with a PIN",
                           out, err);
}
