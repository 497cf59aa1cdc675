/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PAGE_MHD_H
#define PAGE_MHD_H

/* libmicrohttpd, loaded when a page is first asked for: it brings GnuTLS. */

#include "base/base.h"

#include <microhttpd.h>

/* clang-format off */
#define FOR_EACH_MHD(row) \
    row(start_daemon)     \
    row(stop_daemon)      \
    row(queue_response)   \
    row(add_response_header) \
    row(destroy_response) \
    row(create_response_from_buffer) \
    row(create_response_from_callback) \
    row(lookup_connection_value) \
    row(get_connection_info) \
    row(get_connection_values)
/* clang-format on */

/* MHD_start_daemon() is the member start_daemon, and so on. */
struct mhd {
#define MEMBER(name) __typeof__(MHD_##name) *(name);
    FOR_EACH_MHD(MEMBER)
#undef MEMBER
};

/* The same table for all threads; SIGNET_E_UNSUPPORTED when the library is not there. */
int mhd_load(const struct mhd **out, struct signet_error *err);

#endif
