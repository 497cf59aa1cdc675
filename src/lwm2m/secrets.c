/* SPDX-License-Identifier: Apache-2.0 */
/* Which values must not be shown: by the place, by the name of the place, by what they look like.
 */
#include "lwm2m/lwm2m.h"

#include <ctype.h>

/* Secrets of objects in the OMA registry that the core table does not have. */
static const struct {
    uint16_t oid, rid;
} elsewhere[] = {
    {504, 17},  /* Remote SIM Provisioning: RSP Confirmation Code */
    {3405, 5},  /* oA OGC-Security: Secret Group Key */
    {3412, 9},  /* LPWAN Communication: Multicast group key */
    {3447, 28}, /* LPWAN Mesh Connectivity: Multicast group key */
    {18830, 5}, /* MQTT Broker: Password */
    {18830, 9}, /* MQTT Broker: Secret Key */
};

bool resource_is_secret(const struct signet_objects *objects, uint16_t oid, uint16_t rid)
{
    const struct signet_resource *resource = signet_resource_find(objects, oid, rid);

    for (size_t i = 0; i < COUNT_OF(elsewhere); i++)
        if (elsewhere[i].oid == oid && elsewhere[i].rid == rid)
            return true;
    return resource && (resource->flags & SIGNET_DEFINED_SECRET);
}

/* The next word of "WPA Pre-Shared Key", "groupKey2" or "PSKValue", in lower case; false at the
 * end. capitals: it stands in capitals. */
static bool next_word(const char **at, char word[static 24], bool *capitals)
{
    size_t n = 0;
    const char *p = *at;

    while (*p && !isalpha((unsigned char)*p))
        p++;
    *capitals = true;
    for (; isalpha((unsigned char)*p); p++) {
        bool begins = isupper((unsigned char)*p) &&
                      (islower((unsigned char)p[-(n > 0)]) || islower((unsigned char)p[1]));

        if (n && begins)
            break;
        *capitals = *capitals && isupper((unsigned char)*p);
        if (n < 23)
            word[n++] = (char)tolower((unsigned char)*p);
    }
    word[n] = '\0';
    *at = p;
    return n > 0;
}

static bool word_in(const char *word, const char *const *list)
{
    while (*list && strcmp(*list, word) != 0)
        list++;
    return *list;
}

bool name_is_secret(const char *name)
{
    static const char *const secret[] = {
        "password", "passwords",  "passwd",      "pwd", "passphrase",    "passcode", "secret",
        "secrets",  "psk",        "token",       "puk", "apikey",        "key",      "jwt",
        "cookie",   "credential", "credentials", "kek", "authorization", NULL};
    /* What stands behind says something about the secret, and not the secret itself. */
    static const char *const about[] = {
        "index",  "id",   "identifier", "identity", "name",   "type",     "usage", "parameters",
        "length", "size", "algorithm",  "version",  "number", "status",   "state", "format",
        "expiry", "hash", "count",      "lifetime", "method", "required", NULL};
    static const char *const open[] = {"public", "pub", "primary", "foreign", "sort", NULL};
    static const char *const pairs[][2] = {
        {"activation", "code"},   {"confirmation", "code"}, {"access", "code"},
        {"unlock", "code"},       {"recovery", "code"},     {"setup", "code"},
        {"pass", "code"},         {"pass", "phrase"},       {"admin", "pass"},
        {"access", "signature"},  {"otp", "seed"},          {"private", "exponent"},
        {"connection", "string"}, {"community", "string"},
    };
    char word[24], last[24] = "";
    bool capitals, found = false;

    while (next_word(&name, word, &capitals)) {
        if (found && word_in(word, about))
            return false;
        found = found || (word_in(word, secret) && !(word_in(last, open))) ||
                (capitals && !strcmp(word, "pin"));
        for (size_t i = 0; i < COUNT_OF(pairs); i++)
            found = found || (!strcmp(last, pairs[i][0]) && !strcmp(word, pairs[i][1]));
        memcpy(last, word, sizeof(last));
    }
    return found;
}

/* The element at p: where its contents start and end; 0: there is none. */
static size_t der_element(const uint8_t *p, size_t len, size_t *contents)
{
    size_t bytes, size = 0;

    if (len < 2)
        return 0;
    bytes = p[1] < 0x80 ? 0 : p[1] & 0x7f;
    if (bytes > 3 || len < 2 + bytes)
        return 0;
    for (size_t i = 0; i < bytes; i++)
        size = size << 8 | p[2 + i];
    if (!bytes)
        size = p[1];
    *contents = 2 + bytes;
    return 2 + bytes + size;
}

/* PKCS#8, SEC1, PKCS#1, PKCS#12: a SEQUENCE that begins with a version of one byte; encrypted
 * PKCS#8: PBES1 or PBES2 (1.2.840.113549.1.5). Cut or not. */
static bool is_der_key(const uint8_t *p, size_t len)
{
    static const uint8_t version[] = {0x02, 0x01},
                         pbes[] = {0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x05};
    size_t at;

    if (len < 16 || p[0] != 0x30 || !der_element(p, len, &at) || len < at + 16)
        return false;
    if (memcmp(p + at, version, sizeof(version)) == 0)
        return p[at + 2] <= 3 && (p[at + 3] == 0x30 || p[at + 3] == 0x04 || p[at + 3] == 0x02);
    return p[at] == 0x30 && memmem(p + at, 16, pbes, sizeof(pbes));
}

/* Text: base64 or hex digits of a key in DER, blanks aside, as between the lines of PEM. */
static bool is_text_key(const uint8_t *p, size_t len)
{
    char text[129];
    uint8_t der[96];
    size_t n = 0;
    ssize_t got;

    for (size_t i = 0; i < len && n < sizeof(text) - 1; i++)
        if (!isspace(p[i]) && p[i] != ':')
            text[n++] = p[i] == '-' ? '+' : p[i] == '_' ? '/' : (char)p[i];
    if (n < 40)
        return false;
    got = hex_decode(text, n & ~(size_t)1, der, sizeof(der));
    if (got < 0)
        got = base64_decode(text, n & ~(size_t)3, der, sizeof(der));
    bool is_key = got > 0 && is_der_key(der, (size_t)got);
    wipe(der, sizeof(der));
    wipe(text, sizeof(text));
    return is_key;
}

bool value_is_private_key(const struct signet_value *value)
{
    static const char pem[] = "PRIVATE KEY";
    const uint8_t *p = value->as.bytes.data;
    size_t len, size, at;

    if (!type_has_bytes(value->type))
        return false;
    len = value->as.bytes.len;
    if (memmem(p, len, pem, sizeof(pem) - 1) || is_text_key(p, len))
        return true;
    for (; len; p += size, len -= size) { /* one behind the other */
        if (is_der_key(p, len))
            return true;
        size = p[0] == 0x30 ? der_element(p, len, &at) : 0;
        if (!size || size > len)
            return false;
    }
    return false;
}

bool record_is_secret(const struct signet_objects *objects, const struct signet_record *record)
{
    return resource_is_secret(objects, record->path.oid, record->path.rid) ||
           value_is_private_key(&record->value);
}
