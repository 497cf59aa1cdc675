/* SPDX-License-Identifier: Apache-2.0 */
#include "tls/mbedtls_api.h"
#include "base/base.h"

#include <pthread.h>

/* Of 2.28, as Debian and Ubuntu have it. 3 wants more of its users (psa_crypto_init). */
static const char name[] = "libmbedtls.so.14";

/* Filled once under pthread_once and constant afterwards. */
static struct mbed_api table;
static bool loaded;
static pthread_once_t once = PTHREAD_ONCE_INIT;

#define ROW(result, name, args) {"mbedtls_" #name, offsetof(struct mbed_api, name)},
static const struct library_function functions[] = {MBED_API(ROW)};

static void load_mbedtls(void)
{
    loaded = library_load(name, functions, COUNT_OF(functions), &table);
}

int mbed_load(const struct mbed_api **out, struct signet_error *err)
{
    pthread_once(&once, load_mbedtls);
    if (!loaded)
        return error_set_hint(err, SIGNET_E_UNSUPPORTED,
                              "install it (Debian's package libmbedtls14), or leave the stack out: "
                              "OpenSSL does the handshake by the same rules",
                              "Mbed TLS 2.28 is not installed: %s cannot be loaded", name);
    *out = &table;
    return SIGNET_OK;
}
