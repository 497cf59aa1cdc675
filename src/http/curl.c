/* SPDX-License-Identifier: Apache-2.0 */
#include "http/curl.h"

#include <pthread.h>

/* Filled once under pthread_once and constant afterwards. */
static struct curl table;
static bool loaded;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static const struct library_function functions[] = {
    {"curl_global_init", offsetof(struct curl, global_init)},
    {"curl_easy_init", offsetof(struct curl, easy_init)},
    {"curl_easy_setopt", offsetof(struct curl, easy_setopt)},
    {"curl_easy_getinfo", offsetof(struct curl, easy_getinfo)},
    {"curl_easy_header", offsetof(struct curl, easy_header)},
    {"curl_easy_reset", offsetof(struct curl, easy_reset)},
    {"curl_easy_cleanup", offsetof(struct curl, easy_cleanup)},
    {"curl_easy_strerror", offsetof(struct curl, easy_strerror)},
    {"curl_slist_append", offsetof(struct curl, slist_append)},
    {"curl_slist_free_all", offsetof(struct curl, slist_free_all)},
    {"curl_multi_init", offsetof(struct curl, multi_init)},
    {"curl_multi_cleanup", offsetof(struct curl, multi_cleanup)},
    {"curl_multi_add_handle", offsetof(struct curl, multi_add_handle)},
    {"curl_multi_remove_handle", offsetof(struct curl, multi_remove_handle)},
    {"curl_multi_perform", offsetof(struct curl, multi_perform)},
    {"curl_multi_poll", offsetof(struct curl, multi_poll)},
    {"curl_multi_info_read", offsetof(struct curl, multi_info_read)},
    {"curl_getdate", offsetof(struct curl, getdate)},
};

static void load(void)
{
    loaded =
        library_load("libcurl.so.4", functions, sizeof(functions) / sizeof(functions[0]), &table) &&
        table.global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
}

int curl_load(const struct curl **out, struct signet_error *err)
{
    pthread_once(&once, load);
    if (!loaded) {
        error_set(err, SIGNET_E_UNSUPPORTED, "libcurl.so.4 cannot be loaded");
        error_hint(err, "install Debian's package libcurl4");
        return SIGNET_E_UNSUPPORTED;
    }
    *out = &table;
    return SIGNET_OK;
}
