/* SPDX-License-Identifier: Apache-2.0 */
#include "private.h"

int server_read(struct signet_factory *f, const struct signet_factory_args *args,
                struct signet_error *err)
{
    (void)f;
    if (args->server_info || args->server)
        return error_set(err, SIGNET_E_UNSUPPORTED, "this build has no servers");
    return SIGNET_OK;
}
void server_wipe(struct signet_factory *f)
{
    (void)f;
}
int signet_factory_register(struct signet_factory *f, struct signet_error *err)
{
    (void)f;
    return error_set(err, SIGNET_E_UNSUPPORTED, "this build has no servers");
}
