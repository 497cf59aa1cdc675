/* SPDX-License-Identifier: Apache-2.0 */
#include "tls/mbedtls_api.h"
#include "base/base.h"

#include <pthread.h>

/* Sonames of 2.28 and 3.6, as Debian and Ubuntu have them; the first one that is there. */
static const char *const names[] = {"libmbedtls.so.14", "libmbedtls.so.21"};

/* Filled once under pthread_once and constant afterwards. */
static struct mbed_api table;
static bool loaded;
static pthread_once_t once = PTHREAD_ONCE_INIT;

#define ROW(result, name, args) {"mbedtls_" #name, offsetof(struct mbed_api, name)},
static const struct library_function functions[] = {MBED_API(ROW)};

static void load_mbedtls(void)
{
    for (size_t i = 0; !loaded && i < sizeof names / sizeof *names; i++)
        loaded = library_load(names[i], functions, sizeof functions / sizeof functions[0], &table);
}

int mbed_load(const struct mbed_api **out, struct signet_error *err)
{
    pthread_once(&once, load_mbedtls);
    if (!loaded)
        return error_set_hint(err, SIGNET_E_UNSUPPORTED,
                              "install it (Debian's package libmbedtls14), or leave the stack out: "
                              "OpenSSL does the handshake by the same rules",
                              "Mbed TLS is not installed: neither %s nor %s can be loaded",
                              names[0], names[1]);
    *out = &table;
    return SIGNET_OK;
}
