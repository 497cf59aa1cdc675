/* SPDX-License-Identifier: Apache-2.0 */
/* One packet: a configuration, with the name and a new key of this device in it.
 *
 *     packet CONFIGURATION ENDPOINT_NAME FILE
 */
#include <signet/signet.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

/* Resource rid of Security instance iid: 3 is the PSK identity, 5 the key (LwM2M Core 1.2,
 * Appendix E.1). */
static int set_bytes(struct signet_tree *tree, uint16_t iid, uint16_t rid, const void *data,
                     size_t len, struct signet_error *err)
{
    const struct signet_path path = {0, iid, rid, SIGNET_NO_ID};
    struct signet_value value = {.type = SIGNET_TYPE_OPAQUE};

    value.as.bytes.data = data;
    value.as.bytes.len = len;
    return signet_tree_put(tree, path, &value, err);
}

static int make(const char *config, const char *name, const char *file, struct signet_error *err)
{
    struct signet_tree *tree = NULL;
    struct signet_bytes packet = {0};
    struct signet_account account = {0};
    unsigned char key[32];
    int rc = signet_config_load(config, &tree, err);

    if (rc == SIGNET_OK && (!signet_tree_account(tree, 0, &account) ||
                            getrandom(key, sizeof(key), 0) != (ssize_t)sizeof(key)))
        rc = SIGNET_E_MEANING;
    if (rc == SIGNET_OK)
        rc = set_bytes(tree, account.iid, 3, name, strlen(name), err);
    if (rc == SIGNET_OK)
        rc = set_bytes(tree, account.iid, 5, key, sizeof(key), err);
    if (rc == SIGNET_OK)
        rc = signet_packet_encode(tree, &packet, err);
    if (rc == SIGNET_OK)
        rc = signet_bytes_write(file, packet.data, packet.len, err);
    explicit_bzero(key, sizeof(key));
    signet_bytes_free(&packet);
    signet_tree_free(&tree);
    return rc;
}

int main(int argc, char **argv)
{
    struct signet_error err = {.msg = "the configuration has no account"};

    if (argc != 4)
        return fprintf(stderr, "usage: packet CONFIGURATION ENDPOINT_NAME FILE\n"), 2;
    if (make(argv[1], argv[2], argv[3], &err) == SIGNET_OK)
        return 0;
    fprintf(stderr, "packet: %s\n%s\n", err.msg, err.hint);
    return 1;
}
