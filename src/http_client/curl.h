/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HTTP_CLIENT_CURL_H
#define HTTP_CLIENT_CURL_H

/* libcurl, loaded when first needed: linked, its 33 libraries would cost 6 ms of every start. */

#include "base/base.h"

#include <curl/curl.h>

/* clang-format off */
#define FOR_EACH_CURL(row) \
    row(global_init)        \
    row(easy_init)          \
    row(easy_setopt)        \
    row(easy_getinfo)       \
    row(easy_header)        \
    row(easy_reset)         \
    row(easy_cleanup)       \
    row(easy_strerror)      \
    row(slist_append)       \
    row(slist_free_all)     \
    row(multi_init)         \
    row(multi_cleanup)      \
    row(multi_add_handle)   \
    row(multi_remove_handle)\
    row(multi_perform)      \
    row(multi_poll)         \
    row(multi_info_read)    \
    row(getdate)
/* clang-format on */

/* curl_easy_init() is the member easy_init, and so on, as libcurl's header declares them. */
struct curl {
#define MEMBER(name) __typeof__(curl_##name) *(name);
    FOR_EACH_CURL(MEMBER)
#undef MEMBER
};

/* The same table for all threads; SIGNET_E_UNSUPPORTED when the library is not there. */
int curl_load(const struct curl **out, struct signet_error *err);

#endif
