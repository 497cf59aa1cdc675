/* SPDX-License-Identifier: Apache-2.0 */
/* The data of a device, as a verb is given it. */
#include "cli.h"

#include <string.h>

enum { LOAD_MAX = 16 * 1024 * 1024 };

/* A configuration starts with a brace, a blank, a comment or a byte order mark; a packet with the
 * head of an array, or the tag of self-described CBOR. */
static bool looks_like_packet(const struct signet_bytes *data)
{
    return data->len && ((data->data[0] >= 0x80 && data->data[0] <= 0x9f) || data->data[0] == 0xd9);
}

int cli_profile(struct cli *cli, struct signet_error *err)
{
    return cli->profile ? SIGNET_OK : signet_profile_open(&cli->profile, cli->device, err);
}

/* data NULL: it is in the file. */
static int load_config(const char *path, const struct signet_bytes *data,
                       const struct signet_observer *observer, struct signet_tree **out,
                       struct signet_error *err)
{
    int rc = data ? signet_config_parse((const char *)data->data, data->len, path, out, err)
                  : signet_config_load(path, out, err);
    return rc == SIGNET_OK ? signet_tree_convert_pem(*out, observer, err) : rc;
}

static int load_tree(const char *path, enum load_form form, const struct signet_observer *observer,
                     struct signet_tree **out, struct signet_error *err)
{
    bool piped = !strcmp(path, "-");
    struct signet_bytes data = {0};
    if (form == LOAD_CONFIG && !piped)
        return load_config(path, NULL, observer, out, err);
    int rc = cli_read(path, LOAD_MAX, &data, err);
    if (rc == SIGNET_OK &&
        (form == LOAD_PACKET || (form == LOAD_EITHER && looks_like_packet(&data))))
        rc = signet_packet_decode(data.data, data.len, out, err);
    else if (rc == SIGNET_OK)
        rc = load_config(piped ? "standard input" : path, &data, observer, out, err);
    signet_bytes_free(&data);
    return rc;
}

int cli_load(struct cli *cli, const char *path, enum load_form form, struct signet_tree **out,
             struct signet_error *err)
{
    const struct signet_observer observer = cli_observer(cli);
    int rc = cli_profile(cli, err);
    if (rc == SIGNET_OK)
        rc = load_tree(path, form, &observer, out, err);
    if (rc == SIGNET_OK)
        signet_tree_set_profile(*out, cli->profile);
    return rc;
}
