/* SPDX-License-Identifier: Apache-2.0 */
/* What a person writes of a server. */
#include "config/config.h"
#include "server/ops.h"

#include <errno.h>

static const struct json_member members[] = {
    {"kind", MEMBER_TEXT, offsetof(struct signet_server_info, kind)},
    {"url", MEMBER_TEXT, offsetof(struct signet_server_info, url)},
    {"port", MEMBER_PORT, offsetof(struct signet_server_info, port)},
    {"auth", MEMBER_TEXT, offsetof(struct signet_server_info, auth)},
    {"user", MEMBER_TEXT, offsetof(struct signet_server_info, user)},
    {"ca_file", MEMBER_TEXT, offsetof(struct signet_server_info, ca_file)},
    {"pin", MEMBER_TEXT, offsetof(struct signet_server_info, pin)},
    {"uploads", MEMBER_TEXT, offsetof(struct signet_server_info, uploads)},
    {"account", MEMBER_DIGITS, offsetof(struct signet_server_info, account)},
};

static int options_of_kind(const void *out, const struct signet_option_info **table,
                           struct signet_error *err)
{
    const struct signet_server_info *info = out;
    const struct server_ops *ops = server_kind(info->kind, err);

    *table = ops ? ops->can.options : NULL;
    return ops ? SIGNET_OK : SIGNET_E_USAGE;
}

static const char *const meant[][2] = {
    {"address host base_url uri server endpoint",
     "did you mean \"url\"? It is the address of the server's API"},
    {"type server_type", "did you mean \"kind\"?"},
    {"username login account_name", "did you mean \"user\"?"},
    {"tenant project organization org",
     "did you mean \"domain\" (kind coiote)? Other kinds take none"},
    {"token token_file password password_file api_key key secret",
     "secrets do not stand here: name the file of the token"},
    {"allow_http http", "plain http has to be allowed by who starts it"},
    {"verify insecure tls ssl ca cacert cert",
     "\"ca_file\": FILE names the authority that is trusted in place of the system's"},
    {NULL, NULL},
};

static const struct json_file info_file = {members, COUNT_OF(members), options_of_kind,
                                           offsetof(struct signet_server_info, options), meant};

int signet_server_info_load(const char *path, struct signet_server_info *out,
                            struct signet_error *err)
{
    struct signet_server_info info = {0};
    int rc = json_file_load(path, &info_file, &info, err);

    if (rc == SIGNET_OK)
        *out = info;
    else if (err && err->sys == ENOENT && strncmp(err->hint, "did you mean", 12) != 0 &&
             (strstr(path, "://") || !strpbrk(path, "./"))) /* an address, or a kind */
        error_hint(err, "write a JSON file, and name it: {\"kind\": \"leshan\", "
                        "\"url\": \"https://HOST\"}");
    return rc;
}

void signet_server_info_free(struct signet_server_info *info)
{
    json_file_free(&info_file, info);
    *info = (struct signet_server_info){0};
}

int server_info_copy(struct signet_server_info *out, const struct signet_server_info *info,
                     const struct server_ops *ops, struct signet_error *err)
{
    int rc = SIGNET_OK;

    out->port = info->port;
    for (size_t i = 0; rc == SIGNET_OK && i < info_file.count; i++)
        if (members[i].type != MEMBER_PORT)
            rc = text_copy((char **)((char *)out + members[i].offset),
                           *(char *const *)((const char *)info + members[i].offset), err);
    return rc ? rc
              : adapter_options_add(out->options, ops->can.kind, ops->can.options, info->options,
                                    err);
}
