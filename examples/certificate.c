/* SPDX-License-Identifier: Apache-2.0 */
/* Makes the key and certificate of one device in memory, and puts them into a packet.
 *
 *     certificate CONFIGURATION SERVER_CERTIFICATE ENDPOINT_NAME
 */
#include <signet/signet.h>
#include <stdio.h>

static int make(struct signet_factory *factory, const char *server_cert, struct signet_error *err)
{
    struct signet_cert_view view;
    struct signet_bytes packet = {0};
    int rc = signet_factory_set_server_cert(factory, server_cert, err);
    if (rc == SIGNET_OK)
        rc = signet_factory_generate_self_signed_cert(factory, err);
    if (rc == SIGNET_OK)
        rc = signet_cert_describe(signet_factory_endpoint_cert(factory), &view, err);
    if (rc == SIGNET_OK)
        rc = signet_factory_packet(factory, &packet, err);
    if (rc == SIGNET_OK)
        printf("%s, %s: packet of %zu bytes\n", view.subject, view.key, packet.len);
    signet_bytes_free(&packet);
    return rc;
}

int main(int argc, char **argv)
{
    struct signet_error err = {0};
    struct signet_factory *factory = NULL;
    if (argc != 4) {
        fprintf(stderr, "usage: certificate CONFIGURATION SERVER_CERTIFICATE ENDPOINT_NAME\n");
        return 2;
    }
    const struct signet_cert_info wanted = {.organization_name = "Example Devices"};
    const struct signet_factory_args args = {
        .endpoint_cfg = argv[1],
        .endpoint_name = argv[3],
        .cert = &wanted,
        .flags = SIGNET_FACTORY_NO_FILES,
    };
    int rc = signet_factory_new(&factory, &args, &err);
    if (rc == SIGNET_OK)
        rc = make(factory, argv[2], &err);
    if (rc != SIGNET_OK)
        fprintf(stderr, "certificate: %s\n%s\n", err.msg, err.hint);
    signet_factory_free(&factory);
    return rc == SIGNET_OK ? 0 : 1;
}
