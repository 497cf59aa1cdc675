/* SPDX-License-Identifier: Apache-2.0 */
#include "http_client/curl.h"

static struct curl table;

#define ROW(name) {"curl_" #name, offsetof(struct curl, name)},
static const struct library_function functions[] = {FOR_EACH_CURL(ROW)};

static bool begin_curl(void)
{
    return table.global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
}

int curl_load(const struct curl **out, struct signet_error *err)
{
    static struct library library = {.soname = "libcurl.so.4",
                                     .functions = functions,
                                     .count = COUNT_OF(functions),
                                     .table = &table,
                                     .begin = begin_curl,
                                     .missing = "libcurl.so.4 cannot be loaded",
                                     .install = "install Debian's package libcurl4"};

    *out = &table;
    return library_load(&library, err);
}
