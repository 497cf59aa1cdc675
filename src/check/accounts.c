/* SPDX-License-Identifier: Apache-2.0 */
/* Security instances: the accounts of the device. */
#include "check/private.h"

#include <ctype.h>

/* A key of 16 bytes or more that was copied as base64, or of 16 or 32 whose = was left out. */
static bool is_key_in_base64(const uint8_t *data, size_t len)
{
    bool all = len >= 24 && len % 4 == 0 && data[len - 1] == '=', upper = false, lower = false,
         digit = false;

    for (size_t i = 0; (all || len == 22 || len == 43) && i < len; i++) {
        if (!isalnum(data[i]) && !char_in((char)data[i], all ? "+/=" : "+/-_"))
            return false;
        upper = upper || isupper(data[i]);
        lower = lower || islower(data[i]);
        digit = digit || isdigit(data[i]);
    }
    return all || (upper && lower && digit);
}

/* Text with the end of its line, as 'echo' writes it into a file. */
static bool has_newline(const uint8_t *data, size_t len)
{
    size_t i = 0;

    while (i < len && isprint(data[i]))
        i++;
    return i > 0 && i < len && data[len - 1] == '\n' &&
           i == len - 1 - (len > 1 && data[len - 2] == '\r');
}

/* The bytes of the other one, or their hex digits. */
static bool is_same(const struct signet_value *key, const struct signet_value *identity)
{
    const uint8_t *bytes = key->as.bytes.data, *text = identity->as.bytes.data;
    size_t len = key->as.bytes.len, i = 0;

    if (identity->as.bytes.len == len)
        return memcmp(bytes, text, len) == 0;
    for (; identity->as.bytes.len == 2 * len && i < len; i++) {
        char digits[3];

        hex_encode(bytes + i, 1, digits);
        if (strncasecmp(digits, (const char *)text + 2 * i, 2) != 0)
            return false;
    }
    return i > 0;
}

static void suspect_key(struct check *check, struct signet_path path,
                        const struct signet_value *value, const struct signet_value *identity)
{
    static const char own[] = "mint a key of its own for each device",
                      usual[] = "16 bytes are what every client takes";
    const uint8_t *key = value->as.bytes.data;
    size_t len = value->as.bytes.len, most = check->client->tls.psk_most;
    const char *doubt = is_same(value, identity) ? "is the PSK identity, which goes out in clear"
                                                 : psk_doubt(key, len);

    if (doubt)
        check_suspect(check, path, own, "%s", doubt);
    if (len < 16)
        check_suspect(check, path, "use 16 bytes or more", "has %zu bytes: fewer than 16 are weak",
                      len);
    if (len >= 32 && len % 2 == 0 && text_is_hex(key, len))
        check_suspect(check, path, "bytes.fromhex('...') makes bytes of hexadecimal digits",
                      "is the text of hexadecimal digits: each byte stands for half of one");
    if (is_key_in_base64(key, len))
        check_suspect(check, path, "bytes.fromhex('...') has the bytes that it stands for",
                      "is text in base64");
    if (has_newline(key, len))
        check_suspect(check, path, "take it out: it is a byte of the key",
                      "is text that ends with a newline");
    if (most && len > most)
        check_suspect(check, path, usual, "has %zu bytes, and the TLS of %s takes %zu", len,
                      check->client->name, most);
    if (len > 64)
        check_suspect(check, path, usual, "has %zu bytes: servers and devices need take 64 only",
                      len);
}

static void suspect_identity(struct check *check, struct signet_path path,
                             const struct signet_value *value)
{
    const uint8_t *text = value->as.bytes.data;
    size_t len = value->as.bytes.len, most = check->client->tls.identity_most;

    if (memchr(text, 0, len))
        check_suspect(check, path, "identities are text (RFC 4279, section 5.1)",
                      "has a zero byte in it, where most clients and servers end it");
    else if (!utf8_valid(text, len))
        check_suspect(check, path, "identities are text in UTF-8 (RFC 4279, section 5.1)",
                      "is no UTF-8: few servers can be told of it");
    else if (isspace(text[0]) || isspace(text[len - 1]))
        check_suspect(check, path, "take it out: servers compare every byte",
                      "has a blank at an end");
    if (most && len > most)
        check_suspect(check, path, "choose a shorter identity",
                      "has %zu bytes, and the TLS of %s takes %zu", len, check->client->name, most);
    if (len > 128)
        check_suspect(check, path, "choose a shorter identity",
                      "has %zu bytes: servers need take 128 only", len);
}

static int check_psk(struct check *check, const struct signet_account *account)
{
    struct signet_path identity = {0, account->iid, 3, SIGNET_NO_ID};
    struct signet_path key = {0, account->iid, 5, SIGNET_NO_ID};

    if (!account->identity || account->identity->as.bytes.len == 0)
        return check_refuse(check, identity, "give the PSK identity as bytes",
                            "is missing or empty in mode psk (LwM2M Transport 1.2, section "
                            "5.2.9.1)");
    if (!account->secret_key || account->secret_key->as.bytes.len == 0)
        return check_refuse(check, key, "give the PSK as bytes",
                            "is missing or empty in mode psk (LwM2M Transport 1.2, section "
                            "5.2.9.1)");
    suspect_key(check, key, account->secret_key, account->identity);
    suspect_identity(check, identity, account->identity);
    return SIGNET_OK;
}

static struct signet_path account_path(const struct signet_account *account, uint16_t rid)
{
    return (struct signet_path){0, account->iid, rid, SIGNET_NO_ID};
}

/* Clients go to UDP's servers always, to others only when Binding or Preferred Transport names
 * their transport. */
static void suspect_binding(struct check *check, const struct signet_account *a,
                            enum uri_transport transport)
{
    static const char letters[] = {
        [URI_UDP] = 'U', [URI_TCP] = 'T', [URI_NIDD] = 'N', [URI_SMS] = 'S'};

    if (transport == URI_UDP || !a->has_server || a->bootstrap)
        return;
    for (size_t i = 0; i < signet_tree_count(check->tree); i++) {
        const struct signet_record *r = signet_tree_at(check->tree, i);

        if (r->path.oid == 1 && (r->path.rid == 7 || r->path.rid == 22) &&
            r->value.type == SIGNET_TYPE_STRING &&
            check_integer(check, 1, r->path.iid, 0, -1) == a->ssid &&
            memchr(r->value.as.bytes.data, letters[transport], r->value.as.bytes.len))
            return;
    }
    check_suspect(
        check, account_path(a, 0), "write the letter into /1/x/7 as well",
        "is no URI of UDP, and the Server instance's Binding has no '%c': the client does "
        "not go there (LwM2M Core 1.2, section 6.2.1.2)",
        letters[transport]);
}

static int check_uri(struct check *check, const struct signet_account *account,
                     enum uri_transport *transport)
{
    const struct signet_value *text = account->uri;
    struct signet_path path = account_path(account, 0);
    struct signet_error why = {0};
    struct coap_uri uri = {0};

    *transport = URI_UDP;
    if (!text || text->type != SIGNET_TYPE_STRING || text->as.bytes.len > 255) /* said */
        return SIGNET_OK;
    if (uri_parse(&uri, (const char *)text->as.bytes.data, text->as.bytes.len, &why) != SIGNET_OK)
        return check_refuse(check, path, why.hint, "%s", why.msg);
    *transport = uri.transport;
    if (uri_doubt(&uri))
        check_suspect(check, path, "is it written as its server is reached?", "%s",
                      uri_doubt(&uri));
    suspect_binding(check, account, uri.transport);
    if (account->mode == SIGNET_MODE_NONE || uri.transport == URI_SMS ||
        uri.secured == (account->mode != SIGNET_MODE_NOSEC))
        return SIGNET_OK;
    bool tcp = uri.transport == URI_TCP;
    return check_refuse(check, path,
                        uri.secured ? tcp ? "write coap+tcp://, or choose another mode"
                                          : "write coap://, or choose another mode"
                        : tcp       ? "write coaps+tcp://, or set the mode to 3 (nosec)"
                                    : "write coaps://, or set the mode to 3 (nosec)",
                        "is %s%s, which mode %s does not go with (RFC %s, section %s.%d)",
                        uri.secured ? "coaps" : "coap", tcp ? "+tcp" : "",
                        signet_mode_name(account->mode), tcp ? "8323" : "7252", tcp ? "8" : "6",
                        uri.secured ? 2 : 1);
}

static int check_account_mode(struct check *check, const struct signet_account *account)
{
    if (account->mode == SIGNET_MODE_NONE || check->profile->modes & 1u << account->mode)
        return SIGNET_OK;
    if (account->mode == SIGNET_MODE_RPK)
        return check_say(check, FINDING_OF_PROFILE, account_path(account, 2),
                         "0 is psk, 2 is cert, 3 is nosec, 4 is est",
                         "is 1 (raw public key), which the device's reader does not take");
    return check_say(check, FINDING_OF_PROFILE, account_path(account, 2), NULL,
                     "is %d (%s), which %s does not take", account->mode,
                     signet_mode_name(account->mode), check->profile->name);
}

/* The credentials of an account in mode psk. */
static int check_credentials(struct check *check, const struct signet_account *account)
{
    if (account->mode != SIGNET_MODE_PSK ||
        (account->identity && !type_has_bytes(account->identity->type)) ||
        (account->secret_key && !type_has_bytes(account->secret_key->type)))
        return SIGNET_OK;
    return check_psk(check, account);
}

static int check_account(struct check *check, const struct signet_account *account,
                         enum uri_transport *transport)
{
    int rc = check_account_mode(check, account);

    if (!rc)
        rc = check_uri(check, account, transport);
    if (!rc && !account->bootstrap && !account->has_ssid)
        rc = check_refuse(check, account_path(account, 10),
                          "give a number from 1 to 65534, the same as in the Server instance",
                          "is missing: a server that is not a bootstrap server needs it");
    suspect_account(check, account);
    return rc ? rc : check_credentials(check, account);
}

/* One server may have an account for each transport. */
static int check_account_ssid(struct check *check, const struct signet_account *account,
                              enum uri_transport transport, struct id_set seen[URI_SMS + 1])
{
    if (account->bootstrap || !account->has_ssid || id_set_add(&seen[transport], account->ssid))
        return SIGNET_OK;
    return check_refuse(check, account_path(account, 10), "give each instance its own",
                        "is %d in another instance too (LwM2M Core 1.2, section 7.4)",
                        account->ssid);
}

static int check_all_accounts(struct check *check, struct id_set seen[URI_SMS + 1])
{
    struct signet_account account;
    bool bootstrap = false;

    for (size_t i = 0; signet_tree_account(check->tree, i, &account); i++) {
        enum uri_transport transport;
        int rc = check_account(check, &account, &transport);

        if (!rc)
            rc = check_account_ssid(check, &account, transport, seen);
        if (!rc && account.bootstrap && bootstrap)
            rc = check_refuse(
                check, account_path(&account, 1), "one bootstrap server is all a device may have",
                "makes this a second bootstrap server (LwM2M Core 1.2, section 6.1.2)");
        if (rc)
            return rc;
        bootstrap = bootstrap || account.bootstrap;
    }
    return SIGNET_OK;
}

static void suspect_half(struct check *check, struct signet_path path, int64_t ssid)
{
    check_suspect(check, path,
                  "a server account is a Security and a Server instance with one Short Server ID",
                  "is %lld in a %s instance, but no %s instance has that number", (long long)ssid,
                  path.oid ? "Server" : "Security", path.oid ? "Security" : "Server");
}

/* A pair is what makes a server account (LwM2M Core 1.2, 6.1.2); a device takes half of one. */
static void suspect_halves(struct check *check)
{
    struct signet_account a;
    struct id_set accounts = {{0}};

    for (size_t i = 0; signet_tree_account(check->tree, i, &a); i++) {
        if (a.bootstrap || !a.has_ssid)
            continue;
        id_set_add(&accounts, a.ssid);
        if (!a.has_server)
            suspect_half(check, (struct signet_path){0, a.iid, 10, SIGNET_NO_ID}, a.ssid);
    }
    for (size_t i = 0; i < signet_tree_count(check->tree); i++) {
        const struct signet_record *r = signet_tree_at(check->tree, i);

        if (r->path.oid == 1 && r->path.rid == 0 && r->value.type == SIGNET_TYPE_INTEGER &&
            !id_set_has(&accounts, r->value.as.integer))
            suspect_half(check, r->path, r->value.as.integer);
    }
}

int check_accounts(struct check *check)
{
    struct id_set seen[URI_SMS + 1] = {0};
    int rc;

    if (signet_tree_account_count(check->tree) > ACCOUNTS_MAX)
        return check_say(check, FINDING_OF_PROFILE, (struct signet_path){0, 0, 0, SIGNET_NO_ID},
                         NULL, "has more than %d instances", ACCOUNTS_MAX);
    rc = check_all_accounts(check, seen);
    if (!rc)
        suspect_halves(check);
    if (!rc)
        suspect_shared_keys(check);
    return rc;
}
