/* SPDX-License-Identifier: Apache-2.0 */
#include "http/private.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

static int check_scheme(const struct http_options *options, bool *https, struct signet_error *err)
{
    *https = strncasecmp(options->url, "https://", 8) == 0;
    if (*https)
        return SIGNET_OK;
    if (strncasecmp(options->url, "http://", 7) != 0)
        return error_set(err, SIGNET_E_USAGE, "the server's url must begin with https://");
    if (options->allow_http)
        return SIGNET_OK;
    error_set(err, SIGNET_E_USAGE,
              "the server's url is plain http: token and keys would go "
              "over the network in clear");
    error_hint(err, "write https://; plain http has to be allowed, for a test");
    return SIGNET_E_USAGE;
}

static int check_host(const char *host, size_t len, struct signet_error *err)
{
    if (!len)
        return error_set(err, SIGNET_E_USAGE, "the server's url has no host");
    for (size_t i = 0; i < len; i++) {
        if (!isalnum((unsigned char)host[i]) && !strchr("-._:[]", host[i])) {
            error_set(err, SIGNET_E_USAGE, "the server's url must be https://HOST and no more");
            error_hint(err, "the path is the tool's; user names and queries do not belong here");
            return SIGNET_E_USAGE;
        }
    }
    return SIGNET_OK;
}

int url_base(const struct http_options *options, char **base, bool *https, struct signet_error *err)
{
    const char *scheme, *host;
    char port[8] = "";
    size_t len;

    if (!options->url || !*options->url)
        return error_set(err, SIGNET_E_USAGE, "the server information has no url");
    int rc = check_scheme(options, https, err);
    if (rc != SIGNET_OK)
        return rc;
    scheme = *https ? "https://" : "http://";
    host = options->url + strlen(scheme);
    len = strlen(host);
    while (len && host[len - 1] == '/')
        len--;
    rc = check_host(host, len, err);
    if (rc != SIGNET_OK)
        return rc;
    if (options->port)
        snprintf(port, sizeof(port), ":%u", options->port);
    if (asprintf(base, "%s%.*s%s", scheme, (int)len, host, port) < 0) {
        *base = NULL;
        return error_nomem(err);
    }
    return SIGNET_OK;
}

void http_encode(struct buf *out, const char *text)
{
    for (; *text; text++) {
        if (isalnum((unsigned char)*text) || strchr("-._~", *text))
            buf_byte(out, (uint8_t)*text);
        else
            buf_printf(out, "%%%02X", (unsigned char)*text);
    }
}
