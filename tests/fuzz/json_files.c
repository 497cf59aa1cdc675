/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as lwm2m_server.json and as cert_info.json. */
#include "fuzz.h"

#include <signet/config.h>
#include <signet/server.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct signet_server_info server = {0};
    struct signet_cert_info cert = {0};
    struct signet_error err = {0};
    char path[64];
    int fd = memfd_create("file.json", 0);

    require(fd >= 0 && write(fd, data, size) == (ssize_t)size);
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    if (signet_server_info_load(path, &server, &err))
        require_error(&err);
    signet_server_info_free(&server);
    if (signet_cert_info_load(path, &cert, &err))
        require_error(&err);
    signet_cert_info_free(&cert);
    close(fd);
    return 0;
}
