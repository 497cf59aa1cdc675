/* SPDX-License-Identifier: Apache-2.0 */
#include "base/base.h"

#include <errno.h>
#include <unistd.h>

int random_bytes(void *out, size_t len, struct signet_error *err)
{
    enum { MOST = 256 }; /* that getentropy() gives at once */

    for (size_t at = 0; at < len; at += MOST)
        if (getentropy((uint8_t *)out + at, len - at < MOST ? len - at : MOST) != 0)
            return error_sys(err, SIGNET_E_CRYPTO, errno, "no random bytes from the kernel");
    return SIGNET_OK;
}
