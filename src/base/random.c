/* SPDX-License-Identifier: Apache-2.0 */
#include "base/base.h"

#include <errno.h>
#include <sys/random.h>

int random_bytes(void *out, size_t len, struct signet_error *err)
{
    uint8_t *at = out;

    while (len) {
        ssize_t n = getrandom(at, len, 0);

        if (n < 0) {
            if (errno == EINTR)
                continue;
            return error_sys(err, SIGNET_E_CRYPTO, errno, "no random bytes from the kernel");
        }
        at += n;
        len -= (size_t)n;
    }
    return SIGNET_OK;
}
