/* SPDX-License-Identifier: Apache-2.0 */
#include "http_client/private.h"

#include <stdio.h>
#include <stdlib.h>

#define LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
#define DIGITS  "0123456789"

static int check_scheme(const char *url, bool allow_http, bool *https, struct signet_error *err)
{
    *https = strncasecmp(url, "https://", 8) == 0;
    if (!*url)
        return error_set_hint(err, SIGNET_E_USAGE, "write \"url\": \"https://HOST\"",
                              "the server information has no url");
    if (!*https && strncasecmp(url, "http://", 7) != 0)
        return error_set_hint(err, SIGNET_E_USAGE, "such as \"url\": \"https://HOST\"",
                              "the server's url must begin with https://");
    if (*https || allow_http)
        return SIGNET_OK;
    return error_set_hint(
        err, SIGNET_E_USAGE, "write https://; plain http has to be allowed, for a test",
        "the server's url is plain http: token and keys would go over the network in clear");
}

/* The port that stands in HOST:PORT; "" without one. */
static const char *port_in_url(const char *host, size_t len)
{
    size_t digits = len;

    while (digits && strchr(DIGITS, host[digits - 1]))
        digits--;
    return digits && digits < len && host[digits - 1] == ':' ? host + digits : "";
}

/* Said twice, it has to be the same. */
static int check_url_port(const char *host, size_t len, unsigned port, bool *twice,
                          struct signet_error *err)
{
    const char *said = port_in_url(host, len), *colon = memrchr(host, ':', len);

    if (colon && !*said && host[0] != '[')
        return error_set_hint(err, SIGNET_E_USAGE, "a port is a number from 1 to 65535",
                              "the server's url has '%.*s' for a port",
                              (int)(host + len - colon - 1), colon + 1);
    if (colon && host[0] != '[' && memchr(host, ':', (size_t)(colon - host)))
        return error_set_hint(err, SIGNET_E_USAGE,
                              "keep one; an IPv6 address stands in brackets: https://[::1]:8443",
                              "the server's url has several colons");
    if (*said && (strtoul(said, NULL, 10) < 1 || strtoul(said, NULL, 10) > 65535))
        return error_set_hint(err, SIGNET_E_USAGE, "a port is from 1 to 65535",
                              "the server's url has the port %.*s", (int)(host + len - said), said);
    *twice = *said && port;
    if (!*twice || strtoul(said, NULL, 10) == port)
        return SIGNET_OK;
    return error_set_hint(err, SIGNET_E_USAGE, "keep one of the two",
                          "the url has port %.*s, and port is %u", (int)(host + len - said), said,
                          port);
}

int url_base(const struct http_options *options, char **base, bool *https, struct signet_error *err)
{
    const char *url = options->url ? options->url : "", *host;
    char port[8] = "";
    bool twice;
    size_t len;
    int rc = check_scheme(url, options->allow_http, https, err);

    if (rc != SIGNET_OK)
        return rc;
    host = strstr(url, "//") + 2;
    len = strlen(host);
    while (len && host[len - 1] == '/')
        len--;
    if (!len)
        return error_set_hint(err, SIGNET_E_USAGE, "such as \"url\": \"https://HOST\"",
                              "the server's url has no host");
    if (host[strcspn(host, "/?#") - 1] == ':')
        return error_set_hint(err, SIGNET_E_USAGE,
                              "write the port behind the colon, or take it out",
                              "the server's url has a colon and no port");
    if (strspn(host, LETTERS DIGITS "-._:[]") < len)
        return error_set_hint(err, SIGNET_E_USAGE,
                              strchr(host, ' ') ? "take the blank out"
                                                : "take out what stands behind the host and its "
                                                  "port, and a user name before it",
                              "the server's url must be https://HOST and no more");
    rc = check_url_port(host, len, options->port, &twice, err);
    if (rc != SIGNET_OK)
        return rc;
    if (options->port && !twice)
        snprintf(port, sizeof(port), ":%u", options->port);
    return text_format(base, err, "%s%.*s%s", *https ? "https://" : "http://", (int)len, host,
                       port);
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
