/* SPDX-License-Identifier: Apache-2.0 */
#include "http_client/curl.h"

#include <pthread.h>

/* Filled once under pthread_once and constant afterwards. */
static struct curl table;
static bool loaded;
static pthread_once_t once = PTHREAD_ONCE_INIT;

#define ROW(name) {"curl_" #name, offsetof(struct curl, name)},
static const struct library_function functions[] = {FOR_EACH_CURL(ROW)};

static void load_curl(void)
{
    loaded = library_load("libcurl.so.4", functions, COUNT_OF(functions), &table) &&
             table.global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
}

int curl_load(const struct curl **out, struct signet_error *err)
{
    pthread_once(&once, load_curl);
    if (!loaded)
        return error_set_hint(err, SIGNET_E_UNSUPPORTED, "install Debian's package libcurl4",
                              "libcurl.so.4 cannot be loaded");
    *out = &table;
    return SIGNET_OK;
}
