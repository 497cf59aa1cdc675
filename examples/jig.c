/* SPDX-License-Identifier: Apache-2.0 */
/* A test jig's own program: one configuration, many devices. Each gets a name, a PSK identity and
 * a new key of its own, and a packet that never touches the disk.
 *
 *     jig CONFIGURATION COUNT
 */
#include <signet/signet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

/* Stands for the jig's own way to the board. */
static int send_to_board(unsigned slot, const struct signet_bytes *packet)
{
    printf("slot %u: packet of %zu bytes\n", slot, packet->len);
    return 0;
}

static int set_bytes(struct signet_tree *tree, uint16_t iid, uint16_t rid, const void *data,
                     size_t len, struct signet_error *err)
{
    struct signet_path path = {0, iid, rid, SIGNET_NO_ID};
    struct signet_value value = {.type = SIGNET_TYPE_OPAQUE};
    value.as.bytes.data = data;
    value.as.bytes.len = len;
    return signet_tree_put(tree, path, &value, err);
}

/* /0/x/3 is the PSK identity, /0/x/5 the key (LwM2M Core 1.2, Appendix E.1). */
static int provision(const struct signet_tree *model, unsigned slot, struct signet_error *err)
{
    struct signet_account account;
    struct signet_tree *tree = NULL;
    struct signet_factory *factory = NULL;
    struct signet_bytes packet = {0};
    char name[64];
    unsigned char key[16];
    int rc = signet_tree_copy(&tree, model, err);

    snprintf(name, sizeof(name), "urn:dev:os:jig-%04u", slot);
    if (getrandom(key, sizeof(key), 0) != (ssize_t)sizeof(key))
        rc = SIGNET_E_IO;
    if (rc == SIGNET_OK && !signet_tree_account(tree, 0, &account))
        rc = SIGNET_E_MEANING;
    if (rc == SIGNET_OK)
        rc = set_bytes(tree, account.iid, 3, name, strlen(name), err);
    if (rc == SIGNET_OK)
        rc = set_bytes(tree, account.iid, 5, key, sizeof(key), err);

    const struct signet_factory_args args = {.tree = tree, .endpoint_name = name};
    if (rc == SIGNET_OK)
        rc = signet_factory_new(&factory, &args, err);
    if (rc == SIGNET_OK)
        rc = signet_factory_packet(factory, &packet, err);
    if (rc == SIGNET_OK)
        rc = send_to_board(slot, &packet);
    explicit_bzero(key, sizeof(key));
    signet_bytes_free(&packet);
    signet_factory_free(&factory);
    signet_tree_free(&tree);
    return rc;
}

int main(int argc, char **argv)
{
    struct signet_error err = {0};
    struct signet_tree *model = NULL;
    if (argc != 3) {
        fprintf(stderr, "usage: jig CONFIGURATION COUNT\n");
        return 2;
    }
    int rc = signet_config_load(argv[1], &model, &err);
    for (unsigned slot = 1; rc == SIGNET_OK && slot <= strtoul(argv[2], NULL, 10); slot++)
        rc = provision(model, slot, &err);
    if (rc != SIGNET_OK)
        fprintf(stderr, "jig: %s\n%s\n", err.msg, err.hint);
    signet_tree_free(&model);
    return rc == SIGNET_OK ? 0 : 1;
}
