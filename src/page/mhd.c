/* SPDX-License-Identifier: Apache-2.0 */
#include "page/mhd.h"

#include <pthread.h>

/* Filled once under pthread_once and constant afterwards. */
static struct mhd table;
static bool loaded;
static pthread_once_t once = PTHREAD_ONCE_INIT;

#define ROW(name) {"MHD_" #name, offsetof(struct mhd, name)},
static const struct library_function functions[] = {FOR_EACH_MHD(ROW)};

static void load_mhd(void)
{
    loaded = library_load("libmicrohttpd.so.12", functions, COUNT_OF(functions), &table);
}

int mhd_load(const struct mhd **out, struct signet_error *err)
{
    pthread_once(&once, load_mhd);
    if (!loaded)
        return error_set_hint(err, SIGNET_E_UNSUPPORTED, "install Debian's package libmicrohttpd12",
                              "a page needs libmicrohttpd.so.12, which cannot be loaded");
    *out = &table;
    return SIGNET_OK;
}
