/* SPDX-License-Identifier: Apache-2.0 */
/* The URI of a server: RFC 3986, as CoAP narrows it (RFC 7252 section 6.1, RFC 8323 section 8), and
 * the schemes of the LwM2M bindings. */
#include "lwm2m/lwm2m.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdio.h>

#define WRITE_HOST "write coaps://HOST:5684, or coap://HOST:5683 without security"

static const struct scheme {
    const char *name;
    enum uri_transport transport;
    bool secured, without_host;
} schemes[] = {
    {"coap", URI_UDP, false, false},       {"coaps", URI_UDP, true, false},
    {"coap+tcp", URI_TCP, false, false},   {"coaps+tcp", URI_TCP, true, false},
    {"coap+nidd", URI_NIDD, false, false}, {"coaps+nidd", URI_NIDD, true, false},
    {"tel", URI_SMS, false, true},
};
enum { SCHEMES = COUNT_OF(schemes) };

/* The text between two places, for messages. */
struct part {
    const char *at;
    size_t len;
};
#define shown(part) text_shown((part).at, (part).len, 60)

#define refuse(err, hint, ...) error_set_hint(err, SIGNET_E_MEANING, hint, __VA_ARGS__)

/* "{host}", "<server>": what stands in templates for others to fill in. */
static bool find_placeholder(struct part uri, struct part *out)
{
    static const char pairs[][2] = {{'{', '}'}, {'<', '>'}};

    for (size_t i = 0; i < 2; i++) {
        const char *from = memchr(uri.at, pairs[i][0], uri.len);
        const char *to = from ? memchr(from, pairs[i][1], uri.len - (size_t)(from - uri.at)) : NULL;

        if (!to)
            continue;
        *out = (struct part){from, (size_t)(to - from) + 1};
        return true;
    }
    return false;
}

static bool is_second(struct part uri, size_t i)
{
    return i + 3 <= uri.len && memcmp(uri.at + i, "://", 3) == 0;
}

static int check_one(struct part uri, struct signet_error *err)
{
    struct part placeholder;
    size_t found = 0;

    if (uri.len == 0)
        return refuse(err, WRITE_HOST, "is empty");
    if (uri.len > 255)
        return refuse(err, "", "has %zu bytes, and 255 are possible (LwM2M Core 1.2, Appendix E.1)",
                      uri.len);
    if (find_placeholder(uri, &placeholder))
        return refuse(err, WRITE_HOST, "has the placeholder '%s' in it (RFC 3986, section 2)",
                      shown(placeholder));
    for (size_t i = 0; i < uri.len; i++)
        found += is_second(uri, i);
    if (found > 1)
        return refuse(err, "each server has a Security instance of its own",
                      "holds %zu URIs, and takes one (LwM2M Core 1.2, Appendix E.1)", found);
    return SIGNET_OK;
}

/* RFC 3986, section 2: reserved, unreserved, and percent-encoded. */
static int check_characters(struct part uri, struct signet_error *err)
{
    for (size_t i = 0; i < uri.len; i++) {
        unsigned char c = (unsigned char)uri.at[i];

        if (c == 0 || c >= 0x7f || (!isalnum(c) && !strchr("-._~:/?#[]@!$&'()*+,;=%", c)))
            return refuse(err,
                          c <= ' '   ? "take the blank or the end of the line out"
                          : c < 0x80 ? "take it out; in a path it is written as % and its two "
                                       "hexadecimal digits"
                                     : "names with other letters are written in ASCII (RFC 5891: "
                                       "xn--...)",
                          "has a character at place %zu that no URI has (RFC 3986, section 2)",
                          i + 1);
        if (c == '%' && (i + 2 >= uri.len || !isxdigit((unsigned char)uri.at[i + 1]) ||
                         !isxdigit((unsigned char)uri.at[i + 2])))
            return refuse(err,
                          "two hexadecimal digits follow a %; a zone is written fe80::1%25eth0",
                          "has a lone %% in it (RFC 3986, section 2.1)");
    }
    return SIGNET_OK;
}

/* The section of LwM2M Transport 1.2 with the binding of another scheme, or NULL. */
static const char *other_binding(struct part name)
{
    static const struct {
        const char *scheme, *section;
    } others[] = {
        {"coap+ws", "6.8.6"}, {"coaps+ws", "6.8.6"}, {"http", "7"},
        {"https", "7"},       {"mqtt", "8"},         {"mqtts", "8"},
    };

    for (size_t i = 0; i < COUNT_OF(others); i++)
        if (strlen(others[i].scheme) == name.len &&
            strncasecmp(others[i].scheme, name.at, name.len) == 0)
            return others[i].section;
    return NULL;
}

static int parse_scheme(struct coap_uri *out, struct part *rest, bool *without_host,
                        struct signet_error *err)
{
    const char *colon = memchr(rest->at, ':', rest->len);
    struct part name = {rest->at, colon ? (size_t)(colon - rest->at) : 0};
    size_t i = 0;

    if (!colon)
        return refuse(err, WRITE_HOST, "has no scheme (RFC 3986, section 3.1)");
    while (i < SCHEMES && (strlen(schemes[i].name) != name.len ||
                           strncasecmp(schemes[i].name, name.at, name.len) != 0))
        i++;
    if (i == SCHEMES && (rest->len < name.len + 3 || memcmp(colon, "://", 3) != 0)) /* HOST:PORT */
        return refuse(err, WRITE_HOST, "has no scheme (RFC 3986, section 3.1)");
    if (i == SCHEMES && other_binding(name))
        return refuse(err, "coap, coaps, coap+tcp and coaps+tcp are the schemes that clients take",
                      "has the scheme '%s', whose binding (LwM2M Transport 1.2, section %s) Signet "
                      "does not know",
                      shown(name), other_binding(name));
    if (i == SCHEMES)
        return refuse(err, "coap, coaps, coap+tcp and coaps+tcp are the schemes of LwM2M servers",
                      "has the scheme '%s', which is none of an LwM2M server (LwM2M Core 1.2, "
                      "Appendix E.1)",
                      shown(name));
    out->transport = schemes[i].transport;
    out->secured = schemes[i].secured;
    *without_host = schemes[i].without_host;
    rest->at += name.len + 1;
    rest->len -= name.len + 1;
    return SIGNET_OK;
}

/* What stands behind "//": up to a path or query. */
static int split_authority(struct part *rest, struct part *authority, struct signet_error *err)
{
    size_t len = 2;

    if (rest->len < 2 || memcmp(rest->at, "//", 2) != 0)
        return refuse(err, WRITE_HOST, "has no host: '//' is missing (RFC 7252, section 6.1)");
    while (len < rest->len && !strchr("/?#", rest->at[len]))
        len++;
    *authority = (struct part){rest->at + 2, len - 2};
    rest->at += len;
    rest->len -= len;
    if (memchr(authority->at, '@', authority->len))
        return refuse(err, "identity and key are resources 3 and 5",
                      "has user information, which a CoAP URI cannot have (RFC 7252, section 6.1)");
    return SIGNET_OK;
}

/* "fe80::1%25eth0" (RFC 6874): the host is "fe80::1%eth0". */
static int parse_address(struct coap_uri *out, struct part inside, struct signet_error *err)
{
    const char *percent = memchr(inside.at, '%', inside.len);
    size_t len = percent ? (size_t)(percent - inside.at) : inside.len;
    char address[INET6_ADDRSTRLEN] = "";
    struct in6_addr number;

    if (len < sizeof(address))
        memcpy(address, inside.at, len);
    if (inet_pton(AF_INET6, address, &number) != 1)
        return refuse(err, "such as coaps://[2001:db8::1]:5684",
                      "has no IPv6 address in its brackets (RFC 3986, section 3.2.2)");
    if (percent && (inside.len - len < 4 || memcmp(percent, "%25", 3) != 0))
        return refuse(err, "such as coaps://[fe80::1%25eth0]:5684",
                      "has a zone that does not follow %%25 (RFC 6874, section 2)");
    snprintf(out->host, sizeof(out->host), "%s%s%.*s", address, percent ? "%" : "",
             percent ? (int)(inside.len - len - 3) : 0, percent ? percent + 3 : "");
    out->literal = true;
    return SIGNET_OK;
}

/* Takes the host from the front of *authority. */
static int parse_host(struct coap_uri *out, struct part *authority, struct signet_error *err)
{
    bool bracket = authority->len && authority->at[0] == '[';
    const char *end = memchr(authority->at, bracket ? ']' : ':', authority->len);
    size_t len = end ? (size_t)(end - authority->at) : authority->len;
    struct part host = {authority->at + bracket, len - bracket};

    if (bracket && !end)
        return refuse(err, "such as coaps://[2001:db8::1]:5684",
                      "has a bracket that is not closed (RFC 3986, section 3.2.2)");
    authority->at += len + bracket;
    authority->len -= len + bracket;
    if (bracket)
        return parse_address(out, host, err);
    if (memchr(host.at, '[', host.len) || memchr(host.at, ']', host.len))
        return refuse(err, WRITE_HOST, "has a bracket where none can be (RFC 3986, section 3.2.2)");
    if (host.len == 0)
        return refuse(err, WRITE_HOST, "has no host (RFC 7252, section 6.1)");
    if (authority->len > 1 && memchr(authority->at + 1, ':', authority->len - 1))
        return refuse(err,
                      "one colon, before the port; an IPv6 address stands in brackets: "
                      "coaps://[2001:db8::1]:5684",
                      "has several colons behind the scheme (RFC 3986, section 3.2.2)");
    snprintf(out->host, sizeof(out->host), "%.*s", (int)host.len, host.at);
    return SIGNET_OK;
}

/* ":5684", or nothing. */
static int parse_port(struct coap_uri *out, struct part rest, struct signet_error *err)
{
    unsigned long port = 0;
    struct part digits;

    out->port = out->secured ? 5684 : 5683;
    if (rest.len == 0)
        return SIGNET_OK;
    if (rest.at[0] != ':')
        return refuse(err, WRITE_HOST,
                      "has text between its host and port (RFC 3986, section 3.2)");
    digits = (struct part){rest.at + 1, rest.len - 1};
    out->empty_port = digits.len == 0;
    if (out->empty_port)
        return SIGNET_OK;
    for (size_t i = 0; i < digits.len; i++) {
        if (!isdigit((unsigned char)digits.at[i]))
            return refuse(err, "a port is a number from 1 to 65535",
                          "has the port '%s', which is no number (RFC 3986, section 3.2.3)",
                          shown(digits));
        if (port <= 65535)
            port = port * 10 + (unsigned long)(digits.at[i] - '0');
    }
    if (port < 1 || port > 65535)
        return refuse(err, "5684 is the port of coaps, 5683 of coap",
                      "has the port %s, and ports are 1 to 65535 (RFC 6335, section 6)",
                      shown(digits));
    out->port = (uint16_t)port;
    out->port_given = true;
    out->long_port = digits.len > 5;
    return SIGNET_OK;
}

/* RFC 3966, section 3: a + and digits, or a number with its context; '-', '.', '(' and ')' part
 * them for people. */
static int check_number(struct part rest, struct signet_error *err)
{
    bool global = rest.len && rest.at[0] == '+';
    size_t len = 0, digits = 0;

    while (global + len < rest.len && rest.at[global + len] != ';') {
        char c = rest.at[global + len++];

        digits += isdigit((unsigned char)c) != 0;
        if (!isdigit((unsigned char)c) && !char_in(c, "-.()"))
            digits = rest.len = 0;
    }
    if (digits && (global || memmem(rest.at, rest.len, ";phone-context=", 15)))
        return SIGNET_OK;
    return refuse(err, "such as tel:+48123456789",
                  "has no telephone number behind tel: (RFC 3966, section 3)");
}

int uri_parse(struct coap_uri *out, const char *text, size_t len, struct signet_error *err)
{
    struct part rest = {text, len}, authority = {0};
    struct coap_uri uri = {0};
    const char *fragment;
    bool without_host = false;
    int rc = check_one(rest, err);

    if (rc == SIGNET_OK)
        rc = check_characters(rest, err);
    if (rc == SIGNET_OK)
        rc = parse_scheme(&uri, &rest, &without_host, err);
    if (rc == SIGNET_OK && without_host)
        rc = check_number(rest, err);
    if (rc == SIGNET_OK && !without_host)
        rc = split_authority(&rest, &authority, err);
    if (rc == SIGNET_OK && !without_host)
        rc = parse_host(&uri, &authority, err);
    if (rc == SIGNET_OK && !without_host)
        rc = parse_port(&uri, authority, err);
    if (rc != SIGNET_OK)
        return rc;
    if (without_host)
        rest.len = 0;
    if (memchr(rest.at, '[', rest.len) || memchr(rest.at, ']', rest.len))
        return refuse(err, "write %5B and %5D",
                      "has a bracket in its path or query (RFC 3986, sections 3.3 and 3.4)");
    fragment = memchr(rest.at, '#', rest.len);
    uri.fragment = fragment != NULL;
    memcpy(uri.path, rest.at, fragment ? (size_t)(fragment - rest.at) : rest.len);
    *out = uri;
    return SIGNET_OK;
}

/* As DNS wants it: labels of 1 to 63 letters, digits, - inside and, as many do, _ (RFC 1035,
 * section 2.3); a dot may end it. % is told of by itself. */
static bool is_dns_name(const char *host)
{
    size_t len = strlen(host);

    for (const char *at = host; *at;) {
        size_t label = 0;

        while (isalnum((unsigned char)at[label]) || (at[label] && strchr("-_%", at[label])))
            label++;
        if (label == 0 || label > 63 || (at[label] && at[label] != '.') || strchr("-_", *at) ||
            strchr("-_", at[label - 1]))
            return false;
        at += label;
        at += *at == '.';
    }
    return len <= 253;
}

/* The unspecified address, broadcast and multicast (RFC 6890, RFC 4291): no server has one. */
static bool is_nobodys(const struct coap_uri *uri)
{
    char address[sizeof(uri->host)];
    struct in_addr four;
    struct in6_addr six;

    snprintf(address, sizeof(address), "%.*s", (int)strcspn(uri->host, "%"), uri->host);
    if (uri->literal)
        return inet_pton(AF_INET6, address, &six) == 1 &&
               (IN6_IS_ADDR_UNSPECIFIED(&six) || IN6_IS_ADDR_MULTICAST(&six));
    return inet_pton(AF_INET, address, &four) == 1 &&
           (four.s_addr == INADDR_ANY || ntohl(four.s_addr) >= 0xe0000000);
}

bool uri_is_ip(const struct coap_uri *uri)
{
    return uri->transport == URI_UDP || uri->transport == URI_TCP;
}

/* Is one of the path's segments this word, in whichever letters? */
static bool has_segment(const char *path, const char *word)
{
    for (size_t len; *path == '/'; path += len) {
        len = 1 + strcspn(path + 1, "/?");
        if (len == 1 + strlen(word) && strncasecmp(path + 1, word, len - 1) == 0)
            return true;
    }
    return false;
}

/* No top-level domain is a number (RFC 3696, section 2): an address, or a dot for a colon. Of a dot
 * at its end DNS takes no notice. */
static bool ends_in_number(const char *host)
{
    size_t end = strlen(host);

    end -= end > 0 && host[end - 1] == '.';
    size_t digits = end;
    while (digits > 0 && isdigit((unsigned char)host[digits - 1]))
        digits--;
    return digits < end && (digits == 0 || host[digits - 1] == '.');
}

/* "coaps://host/:5684" */
static bool has_late_port(const char *path)
{
    return path[0] && path[1] == ':' && isdigit((unsigned char)path[2]);
}

static bool is_word_of(const char *host, size_t len, const char *const *words)
{
    while (*words && (strlen(*words) != len || strncasecmp(host, *words, len) != 0))
        words++;
    return *words;
}

/* What people write for others to fill in, and no server is called: a first word, "x.x.x.x", or
 * what documents have in capitals in place of a name. */
static bool is_to_be_filled(const char *host)
{
    static const char *const words[] = {"todo",       "fixme",       "changeme",   "replaceme",
                                        "tbd",        "placeholder", "yourserver", "yourhost",
                                        "yourdomain", "hostname",    "servername", "null",
                                        "none",       "undefined",   NULL},
                             *const first[] = {"your", "change", "replace", "insert", NULL},
                             *const capitals[] = {"HOST", "SERVER", "ADDRESS", "IP", "FQDN", NULL};
    size_t len = strcspn(host, "-_.");
    bool more = host[len] == '-' || host[len] == '_', whole = !host[len] || host[len] == '_';

    return is_word_of(host, len, words) || (more && is_word_of(host, len, first)) ||
           (whole && is_word_of(host, len, capitals) && isupper((unsigned char)*host)) ||
           (strlen(host) > 2 && !host[strspn(host, "xX.")]);
}

/* RFC 6761, section 6.4 */
static bool is_invalid(const char *host)
{
    size_t len = strlen(host);

    len -= len > 0 && host[len - 1] == '.';
    return len >= 7 && strncasecmp(host + len - 7, "invalid", 7) == 0 &&
           (len == 7 || host[len - 8] == '.');
}

bool uri_are_hosts(const char *list)
{
    return !list || !strpbrk(list, " \t/@'\"");
}

const char *uri_doubt(const struct coap_uri *uri)
{
    struct in_addr number;

    if (uri->transport == URI_NIDD)
        return "is reached over Non-IP Data Delivery, which Signet cannot prove";
    if (uri->transport == URI_SMS)
        return "is reached by SMS, which Signet cannot prove";
    if (uri->fragment)
        return "has a fragment, which a CoAP URI cannot have (RFC 7252, section 6.4)";
    if (uri->empty_port)
        return "has a colon and no port behind it";
    if (uri->long_port)
        return "has a port of more than five digits, which Anjay refuses";
    if (uri->port_given && uri->port == (uri->secured ? 5683 : 5684))
        return uri->secured ? "has port 5683, which is that of coap: coaps has 5684 (RFC 7252, "
                              "section 6.2)"
                            : "has port 5684, which is that of coaps: coap has 5683 (RFC 7252, "
                              "section 6.1)";
    if (has_segment(uri->path, "rd") || has_segment(uri->path, "bs"))
        return "has the path of registration or bootstrap, which clients add themselves: host "
               "and port are all";
    if (has_late_port(uri->path))
        return "has a port behind its path, and it stands behind the host (RFC 3986, section 3.2)";
    if (has_segment(uri->path, ".") ||
        has_segment(uri->path, "..")) /* resolved, sent, or neither */
        return "has a segment '.' or '..', which no Uri-Path is (RFC 7252, section 5.10.1)";
    if (is_nobodys(uri))
        return "has an address that no server can have (RFC 6890)";
    if (uri->literal)
        return strchr(uri->host, '%') ? "has a zone, which Anjay does not decode from %25" : NULL;
    if (!is_dns_name(uri->host))
        return "has a host that is no DNS name (RFC 1035, section 2.3)";
    if (is_to_be_filled(uri->host))
        return "has a host that is to be filled in";
    if (is_invalid(uri->host))
        return "has a host below .invalid, where no name is ever found (RFC 6761, section 6.4)";
    if ((ends_in_number(uri->host) || inet_aton(uri->host, &number)) &&
        inet_pton(AF_INET, uri->host, &number) != 1)
        return "has a host that ends in a number, and is no IPv4 address (RFC 3986, section 3.2.2)";
    return strchr(uri->host, '%') ? "has a percent sign in its host, which few clients decode"
                                  : NULL;
}
