/* SPDX-License-Identifier: Apache-2.0 */
#include "page/mhd.h"

static struct mhd table;

#define ROW(name) {"MHD_" #name, offsetof(struct mhd, name)},
static const struct library_function functions[] = {FOR_EACH_MHD(ROW)};

int mhd_load(const struct mhd **out, struct signet_error *err)
{
    static struct library library = {.soname = "libmicrohttpd.so.12",
                                     .functions = functions,
                                     .count = COUNT_OF(functions),
                                     .table = &table,
                                     .missing =
                                         "a page needs libmicrohttpd.so.12, which cannot be loaded",
                                     .install = "install Debian's package libmicrohttpd12"};

    *out = &table;
    return library_load(&library, err);
}
