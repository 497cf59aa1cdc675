/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a YAML file that people write: a work order, an authority, a profile of
 * certificates, a device profile. The first byte says which. */
#include "authority/authority.h"
#include "fuzz.h"
#include "order/order.h"

#include <signet/order.h>
#include <signet/profile.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

static int try_order(const char *path, struct signet_error *err)
{
    struct signet_order *order = NULL;
    int rc = signet_order_load(&order, path, err);

    require((rc == SIGNET_OK) == (order != NULL));
    if (order)
        require(order->name && order->quota > 0 && order_file_key(order, path) &&
                !order_file_key(order, "/nonexistent/of/nobody"));
    if (order && signet_order_has_authority(order))
        require(order->authority_file || order->authority.chain || order->authority.kind);
    signet_order_free(&order);
    return rc;
}

/* own: a profile of certificates, beside an authority that is not there. */
static int try_authority(const char *path, bool own, struct signet_error *err)
{
    struct signet_authority *authority = NULL;
    struct buf text = {0};
    const struct signet_authority_info info = {
        .chain = "/nonexistent", .key = "/nonexistent", .profile = path};
    const struct signet_authority_options options = {.file = own ? NULL : path,
                                                     .info = own ? &info : NULL};
    int rc = signet_authority_open(&authority, &options, err);

    signet_authority_close(&authority);
    if (authority_hash_text(options.file, options.info, &text, NULL) == SIGNET_OK)
        require(text.len > 0);
    buf_free(&text);
    return rc;
}

static int try_profile(const char *path, struct signet_error *err)
{
    const struct signet_profile *profile = NULL;
    int rc = signet_profile_open(&profile, path, err);

    signet_profile_close(&profile);
    return rc;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct signet_error err = {0};
    char path[64];
    int rc = SIGNET_OK;

    if (size < 1)
        return 0;
    int fd = memfd_create("order.yaml", 0);
    require(fd >= 0 && write(fd, data + 1, size - 1) == (ssize_t)(size - 1));
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    switch (data[0] % 4) {
    case 0:
        rc = try_order(path, &err);
        break;
    case 1:
        rc = try_authority(path, false, &err);
        break;
    case 2:
        rc = try_authority(path, true, &err);
        break;
    case 3:
        rc = try_profile(path, &err);
        break;
    }
    if (rc != SIGNET_OK)
        require_error(&err);
    close(fd);
    return 0;
}
