/* SPDX-License-Identifier: Apache-2.0 */
/* The data of a device, as a verb is given it. */
#include "cli.h"

#include <string.h>
#include <sys/stat.h>

enum { LOAD_MAX = 16 * 1024 * 1024 };

/* A configuration starts with a brace, a blank, a comment or a byte order mark; a packet with the
 * head of an array, or of a tag, be it a wrong one. */
static bool looks_like_packet(const struct signet_bytes *data)
{
    uint8_t first = data->len ? data->data[0] : 0;

    return (first >= 0x80 && first <= 0x9f) || first == 0xc0 || first == 0xc1 ||
           (first >= 0xd8 && first <= 0xdb);
}

int cli_profile(struct cli *cli, struct signet_error *err)
{
    int rc = cli->profile ? SIGNET_OK : signet_profile_open(&cli->profile, cli->device, err);
    if (rc == SIGNET_OK && cli->object_paths.count && !cli->objects)
        rc = signet_objects_load(&cli->objects, cli->object_paths.items, cli->object_paths.count,
                                 NULL, err); /* import has said what is odd */
    return rc;
}

/* data NULL: it is in the file. */
static int load_config(const struct cli *cli, const char *path, const struct signet_bytes *data,
                       const struct signet_observer *observer, struct signet_tree **out,
                       struct signet_error *err)
{
    int rc = data ? signet_config_parse_with((const char *)data->data, data->len, path,
                                             cli->objects, out, err)
                  : signet_config_load_with(path, cli->objects, out, err);
    return rc == SIGNET_OK ? signet_tree_convert_pem(*out, observer, err) : rc;
}

static int load_cbor(const struct cli *cli, const char *path, const struct signet_bytes *data,
                     struct signet_tree **out, struct signet_error *err)
{
    int rc = signet_packet_decode(data->data, data->len, out, err);
    if (rc == SIGNET_OK)
        signet_tree_set_objects(*out, cli->objects);
    return signet_file_explain(rc, SIGNET_FILE_PACKET, path, err);
}

/* It can be read a second time, and the paths in it start from its folder. */
static bool is_file(const char *path)
{
    struct stat st;
    return strcmp(path, "-") != 0 && stat(path, &st) == 0 && S_ISREG(st.st_mode);
}

static int load_tree(const struct cli *cli, const char *path, enum load_form form,
                     const struct signet_observer *observer, struct signet_tree **out,
                     struct signet_error *err)
{
    bool piped = !strcmp(path, "-");
    struct signet_bytes data = {0};
    if (form == LOAD_CONFIG && !piped)
        return load_config(cli, path, NULL, observer, out, err);
    int rc = cli_read(path, LOAD_MAX, &data, err);
    if (rc == SIGNET_OK &&
        (form == LOAD_PACKET || (form == LOAD_EITHER && looks_like_packet(&data))))
        rc = load_cbor(cli, path, &data, out, err);
    else if (rc == SIGNET_OK)
        rc = load_config(cli, piped ? "standard input" : path, is_file(path) ? NULL : &data,
                         observer, out, err);
    signet_bytes_free(&data);
    return rc;
}

int cli_order(struct cli *cli, const char *path, struct signet_order **out)
{
    cli->begun = true;
    return signet_order_load(out, path, &cli->err);
}

int cli_load(struct cli *cli, const char *path, enum load_form form, struct signet_tree **out,
             struct signet_error *err)
{
    const struct signet_observer observer = cli_observer(cli);
    int rc = cli_profile(cli, err);
    if (rc == SIGNET_OK)
        rc = load_tree(cli, path, form, &observer, out, err);
    if (rc == SIGNET_OK)
        signet_tree_set_profile(*out, cli->profile);
    return rc;
}
