/* SPDX-License-Identifier: Apache-2.0 */
#include "http_client/private.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#define LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
#define DIGITS  "0123456789"

static int check_scheme(const char *url, bool allow_http, bool *https, struct signet_error *err)
{
    *https = strncasecmp(url, "https://", 8) == 0;
    if (!*url)
        return error_set(err, SIGNET_E_USAGE, "the server information has no url");
    if (!*https && strncasecmp(url, "http://", 7) != 0)
        return error_set(err, SIGNET_E_USAGE, "the server's url must begin with https://");
    if (*https || allow_http)
        return SIGNET_OK;
    return error_set_hint(
        err, SIGNET_E_USAGE, "write https://; plain http has to be allowed, for a test",
        "the server's url is plain http: token and keys would go over the network in clear");
}

int url_base(const struct http_options *options, char **base, bool *https, struct signet_error *err)
{
    const char *url = options->url ? options->url : "", *host;
    char port[8] = "";
    size_t len;
    int rc = check_scheme(url, options->allow_http, https, err);

    if (rc != SIGNET_OK)
        return rc;
    host = strstr(url, "//") + 2;
    len = strlen(host);
    while (len && host[len - 1] == '/')
        len--;
    if (!len)
        return error_set(err, SIGNET_E_USAGE, "the server's url has no host");
    if (strspn(host, LETTERS DIGITS "-._:[]") < len)
        return error_set_hint(err, SIGNET_E_USAGE,
                              "the path is the tool's; user names and queries do not belong here",
                              "the server's url must be https://HOST and no more");
    if (options->port)
        snprintf(port, sizeof(port), ":%u", options->port);
    if (asprintf(base, "%s%.*s%s", *https ? "https://" : "http://", (int)len, host, port) >= 0)
        return SIGNET_OK;
    *base = NULL;
    return error_nomem(err);
}

void http_encode(struct buf *out, const char *text)
{
    for (; *text; text++) {
        if (strchr(LETTERS DIGITS "-._~", *text))
            buf_byte(out, (uint8_t)*text);
        else
            buf_printf(out, "%%%02X", (unsigned char)*text);
    }
}
