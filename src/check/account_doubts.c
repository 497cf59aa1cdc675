/* SPDX-License-Identifier: Apache-2.0 */
/* What is legal in a Security instance, and hardly lets its device in. */
#include "check/private.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>

static struct signet_path path_in(const struct signet_account *a, uint16_t rid)
{
    return (struct signet_path){0, a->iid, rid, SIGNET_NO_ID};
}

/* Why a TLS client cannot send this as the server's name, or NULL (RFC 6066, section 3). */
static const char *name_doubt(const char *name, size_t len)
{
    char text[272];
    struct coap_uri uri;
    struct in_addr four;

    if (len > 253)
        return "has more than 253 bytes (RFC 1035, section 2.3.4)";
    if (len && name[len - 1] == '.')
        return "ends with a dot, which is no part of it (RFC 6066, section 3)";
    snprintf(text, sizeof(text), "coaps://%.*s", (int)len, name);
    if (memchr(name, '\0', len) || uri_parse(&uri, text, strlen(text), NULL) != SIGNET_OK ||
        uri.port_given || uri.empty_port || uri.path[0])
        return "is not the name of a host alone (RFC 6066, section 3)";
    if (uri.literal || inet_pton(AF_INET, uri.host, &four) == 1)
        return "is an address, and a name has to stand there (RFC 6066, section 3)";
    return uri_doubt(&uri);
}

static void suspect_sni(struct check *check, const struct signet_account *a)
{
    const struct signet_value *sni = tree_value(check->tree, 0, a->iid, 14);
    const char *doubt = NULL;

    if (sni && sni->type == SIGNET_TYPE_STRING && sni->as.bytes.len)
        doubt = name_doubt((const char *)sni->as.bytes.data, sni->as.bytes.len);
    if (doubt)
        check_suspect(check, path_in(a, 14), "write the name that the server's certificate has",
                      "%s", doubt);
}

/* Suites with a pre-shared key in IANA's registry of TLS cipher suites. */
static bool is_psk_suite(int64_t suite)
{
    static const uint16_t ranges[][2] = {
        {0x2c, 0x2e},     {0x8a, 0x95},     {0xa8, 0xb9},     {0xc033, 0xc03b}, {0xc064, 0xc071},
        {0xc08e, 0xc09b}, {0xc0a4, 0xc0ab}, {0xccab, 0xccae}, {0xd001, 0xd005},
    };

    for (size_t i = 0; i < COUNT_OF(ranges); i++)
        if (suite >= ranges[i][0] && suite <= ranges[i][1])
            return true;
    return false;
}

/* Those of TLS 1.3 (0x13xx) go with every mode. */
static void suspect_suites(struct check *check, const struct signet_account *a)
{
    struct signet_path path = {0};
    bool listed = false;

    for (size_t i = 0; i < signet_tree_count(check->tree); i++) {
        const struct signet_record *r = signet_tree_at(check->tree, i);

        if (r->path.oid != 0 || r->path.iid != a->iid || r->path.rid != 16 ||
            r->value.type != SIGNET_TYPE_INTEGER)
            continue;
        if (r->value.as.integer >> 8 == 0x13 ||
            is_psk_suite(r->value.as.integer) == (a->mode == SIGNET_MODE_PSK))
            return;
        path = r->path;
        listed = true;
    }
    if (listed)
        check_suspect(check, path,
                      "0xC0A8 is TLS_PSK_WITH_AES_128_CCM_8, 0xC0AE "
                      "TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8",
                      "is no cipher suite of mode %s, and no other one of the account is",
                      signet_mode_name(a->mode));
}

static bool has_content(const struct signet_value *value)
{
    return value && type_has_bytes(value->type) && value->as.bytes.len;
}

void suspect_account(struct check *check, const struct signet_account *a)
{
    bool key = has_content(a->secret_key);

    suspect_sni(check, a);
    if (a->mode == SIGNET_MODE_NOSEC && (key || has_content(a->identity)))
        check_suspect(check, path_in(a, key ? 5 : 3), account_modes_hint,
                      "is of no use in mode nosec, in which all goes in clear: is another mode "
                      "meant (LwM2M Transport 1.2, section 5.2.9.4)?");
    if (a->mode == SIGNET_MODE_PSK || mode_has_certs(a->mode))
        suspect_suites(check, a);
}

static bool is_same_value(const struct signet_value *a, const struct signet_value *b)
{
    return has_content(a) && has_content(b) && a->as.bytes.len == b->as.bytes.len &&
           memcmp(a->as.bytes.data, b->as.bytes.data, a->as.bytes.len) == 0;
}

static bool is_at_one_server(const struct signet_account *a, const struct signet_account *b)
{
    struct coap_uri x, y;

    if (!has_content(a->uri) || !has_content(b->uri) ||
        uri_parse(&x, (const char *)a->uri->as.bytes.data, a->uri->as.bytes.len, NULL) != 0 ||
        uri_parse(&y, (const char *)b->uri->as.bytes.data, b->uri->as.bytes.len, NULL) != 0)
        return false;
    return x.transport == y.transport && x.port == y.port && strcasecmp(x.host, y.host) == 0;
}

static void suspect_pair(struct check *check, const struct signet_account *a,
                         const struct signet_account *b)
{
    bool key = is_same_value(a->secret_key, b->secret_key);

    if (a->mode != SIGNET_MODE_PSK || b->mode != SIGNET_MODE_PSK ||
        (!a->bootstrap && !b->bootstrap && a->ssid == b->ssid)) /* one server, two transports */
        return;
    if (key)
        check_suspect(check, path_in(b, 5), "mint a key for each account",
                      "is the key of /0/%u as well: who runs one of the two servers can act as "
                      "the device, or as its server, at the other",
                      a->iid);
    else if (is_same_value(a->identity, b->identity) && is_at_one_server(a, b))
        check_suspect(check, path_in(b, 5), "give one of them another identity, or both one key",
                      "is another key than that of /0/%u, which has the same identity at the same "
                      "server: it knows one of them",
                      a->iid);
}

void suspect_shared_keys(struct check *check)
{
    struct signet_account *all = calloc(ACCOUNTS_MAX, sizeof(*all));
    size_t count = 0;

    while (all && count < ACCOUNTS_MAX && signet_tree_account(check->tree, count, &all[count]))
        count++;
    for (size_t i = 1; i < count; i++)
        for (size_t before = 0; before < i; before++)
            suspect_pair(check, &all[before], &all[i]);
    free(all);
}
