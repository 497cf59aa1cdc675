/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HTTP_CURL_H
#define HTTP_CURL_H

/* libcurl, loaded when first needed: linked, its 33 libraries would cost 6 ms of every start. */

#include "base/base.h"

#include <curl/curl.h>

struct curl {
    CURLcode (*global_init)(long flags);
    CURL *(*easy_init)(void);
    CURLcode (*easy_setopt)(CURL *handle, CURLoption option, ...);
    CURLcode (*easy_getinfo)(CURL *handle, CURLINFO info, ...);
    CURLHcode (*easy_header)(CURL *handle, const char *name, size_t index, unsigned origin,
                             int request, struct curl_header **out);
    void (*easy_reset)(CURL *handle);
    void (*easy_cleanup)(CURL *handle);
    const char *(*easy_strerror)(CURLcode code);
    struct curl_slist *(*slist_append)(struct curl_slist *list, const char *text);
    void (*slist_free_all)(struct curl_slist *list);
    CURLM *(*multi_init)(void);
    CURLMcode (*multi_cleanup)(CURLM *multi);
    CURLMcode (*multi_add_handle)(CURLM *multi, CURL *handle);
    CURLMcode (*multi_remove_handle)(CURLM *multi, CURL *handle);
    CURLMcode (*multi_perform)(CURLM *multi, int *running);
    CURLMcode (*multi_poll)(CURLM *multi, struct curl_waitfd *extra, unsigned extra_count,
                            int timeout_ms, int *ready);
    CURLMsg *(*multi_info_read)(CURLM *multi, int *left);
    time_t (*getdate)(const char *text, const time_t *unused);
};

/* The same table for all threads; SIGNET_E_UNSUPPORTED when the library is not there. */
int curl_load(const struct curl **out, struct signet_error *err);

#endif
