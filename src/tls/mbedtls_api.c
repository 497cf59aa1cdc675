/* SPDX-License-Identifier: Apache-2.0 */
#include "tls/mbedtls_api.h"
#include "base/base.h"

/* Of 2.28, as Debian and Ubuntu have it. 3 wants more of its users (psa_crypto_init). */
#define SONAME "libmbedtls.so.14"

static struct mbed_api table;

#define ROW(result, name, args) {"mbedtls_" #name, offsetof(struct mbed_api, name)},
static const struct library_function functions[] = {MBED_API(ROW)};

int mbed_load(const struct mbed_api **out, struct signet_error *err)
{
    static struct library library = {
        .soname = SONAME,
        .functions = functions,
        .count = COUNT_OF(functions),
        .table = &table,
        .missing = "Mbed TLS 2.28 is not installed: " SONAME " cannot be loaded",
        .install = "install it (Debian's package libmbedtls14), or leave the stack out: OpenSSL "
                   "does the handshake by the same rules"};

    *out = &table;
    return library_load(&library, err);
}
