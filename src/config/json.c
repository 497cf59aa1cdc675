/* SPDX-License-Identifier: Apache-2.0 */
/* The JSON files: one table of members per file says names, types and where they go. */
#include "config/config.h"

#include <ctype.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { JSON_MAX = 64 * 1024, MEMBERS_MAX = 16 };

enum member_type {
    TEXT,   /* char *: a string that is not empty */
    DIGITS, /* char *: a string or an integer, kept as text */
    COUNT,  /* unsigned: a positive integer */
    PORT,   /* uint16_t: 1 to 65535, as number or text */
    SECONDS /* int64_t: a positive integer */
};

struct member {
    const char *name;
    enum member_type type;
    size_t offset;
};

static const struct member server_members[] = {
    {"kind", TEXT, offsetof(struct signet_server_info, kind)},
    {"url", TEXT, offsetof(struct signet_server_info, url)},
    {"port", PORT, offsetof(struct signet_server_info, port)},
    {"domain", TEXT, offsetof(struct signet_server_info, domain)},
    {"api", COUNT, offsetof(struct signet_server_info, api)},
    {"auth", TEXT, offsetof(struct signet_server_info, auth)},
    {"user", TEXT, offsetof(struct signet_server_info, user)},
    {"realm", TEXT, offsetof(struct signet_server_info, realm)},
    {"profile", TEXT, offsetof(struct signet_server_info, profile)},
    {"ca_file", TEXT, offsetof(struct signet_server_info, ca_file)},
    {"uploads", TEXT, offsetof(struct signet_server_info, uploads)},
    {"account", DIGITS, offsetof(struct signet_server_info, account)},
    {"file", TEXT, offsetof(struct signet_server_info, file)},
    {"format", TEXT, offsetof(struct signet_server_info, format)},
    {"columns", TEXT, offsetof(struct signet_server_info, columns)},
};

static const struct member cert_members[] = {
    {"countryName", TEXT, offsetof(struct signet_cert_info, country_name)},
    {"stateOrProvinceName", TEXT, offsetof(struct signet_cert_info, state_or_province_name)},
    {"localityName", TEXT, offsetof(struct signet_cert_info, locality_name)},
    {"organizationName", TEXT, offsetof(struct signet_cert_info, organization_name)},
    {"organizationUnitName", TEXT, offsetof(struct signet_cert_info, organization_unit_name)},
    {"emailAddress", TEXT, offsetof(struct signet_cert_info, email_address)},
    {"commonName", TEXT, offsetof(struct signet_cert_info, common_name)},
    {"serialNumber", DIGITS, offsetof(struct signet_cert_info, serial_number)},
    {"validityOffsetInSeconds", SECONDS,
     offsetof(struct signet_cert_info, validity_offset_seconds)},
    {"ellipticCurve", TEXT, offsetof(struct signet_cert_info, elliptic_curve)},
    {"RSAKeyLen", COUNT, offsetof(struct signet_cert_info, rsa_key_len)},
    {"digest", TEXT, offsetof(struct signet_cert_info, digest)},
};

#define COUNT_OF(array) (sizeof(array) / sizeof *(array))
_Static_assert(COUNT_OF(server_members) <= MEMBERS_MAX && COUNT_OF(cert_members) <= MEMBERS_MAX,
               "take_members() lists their names");

/* jansson holds integers of 64 bits, a serial number has up to 160: it is put in quotes first. */
static void quote_serial(const struct buf *text, struct buf *out)
{
    static const char name[] = "\"serialNumber\"";
    const char *at = (const char *)text->data, *end = at + text->len;
    const char *found = memmem(at, text->len, name, sizeof name - 1);
    const char *digits = found ? found + sizeof name - 1 : end, *after;

    while (digits < end && isspace((unsigned char)*digits))
        digits++;
    if (digits < end && *digits == ':')
        digits++;
    while (digits < end && isspace((unsigned char)*digits))
        digits++;
    after = digits + (digits < end && *digits == '-');
    while (after < end && isdigit((unsigned char)*after))
        after++;
    if (after == digits || (after < end && strchr(".eE", *after)))
        after = digits = end;
    buf_append(out, at, (size_t)(digits - at));
    if (digits < end) {
        buf_byte(out, '"');
        buf_append(out, digits, (size_t)(after - digits));
        buf_byte(out, '"');
        buf_append(out, after, (size_t)(end - after));
    }
}

static int wrong(struct signet_error *err, const char *path, const char *name, const char *want)
{
    return error_set(err, SIGNET_E_SYNTAX, "%s: \"%s\" must be %s", path, name, want);
}

static int take_text(const char *path, const struct member *member, const json_t *value, char **out,
                     struct signet_error *err)
{
    const char *text = json_string_value(value);
    char digits[24];

    if (member->type == DIGITS && json_is_integer(value)) {
        snprintf(digits, sizeof(digits), "%lld", (long long)json_integer_value(value));
        value = NULL;
        text = digits;
    }
    if (!text || !*text || (value && strlen(text) != json_string_length(value)))
        return wrong(err, path, member->name, "a string that is not empty");
    free(*out);
    *out = strdup(text);
    return *out ? SIGNET_OK : error_nomem(err);
}

static int take_number(const char *path, const struct member *member, const json_t *value,
                       void *place, struct signet_error *err)
{
    json_int_t most = member->type == PORT ? 65535 : member->type == COUNT ? 1 << 20 : INT64_MAX;
    json_int_t number = json_integer_value(value);

    if (member->type == PORT && json_is_string(value)) {
        char *end;

        number = strtol(json_string_value(value), &end, 10);
        if (*end || !isdigit((unsigned char)*json_string_value(value)))
            number = 0;
    }
    if (number < 1 || number > most)
        return wrong(err, path, member->name,
                     member->type == PORT    ? "a port from 1 to 65535"
                     : member->type == COUNT ? "a whole number of bits"
                                             : "a whole number of seconds, 1 or more");
    if (member->type == PORT)
        *(uint16_t *)place = (uint16_t)number;
    else if (member->type == COUNT)
        *(unsigned *)place = (unsigned)number;
    else
        *(int64_t *)place = number;
    return SIGNET_OK;
}

static int take_members(const char *path, const json_t *object, const struct member *members,
                        size_t count, void *out, struct signet_error *err)
{
    const char *names[MEMBERS_MAX] = {0};
    json_t *value;
    const char *name;

    for (size_t i = 0; i < count; i++)
        names[i] = members[i].name;
    json_object_foreach((json_t *)(uintptr_t)object, name, value)
    {
        const struct member *member = NULL;
        void *place;
        int rc;

        for (size_t i = 0; i < count; i++)
            if (strcmp(members[i].name, name) == 0)
                member = &members[i];
        if (!member) {
            const char *near = text_nearest(name, names, count);
            struct buf shown = {.max = 200};

            text_escape(&shown, (const uint8_t *)name, strlen(name));
            error_set(err, SIGNET_E_SYNTAX, "%s: unknown member \"%s\"", path,
                      shown.failed ? "..." : (const char *)shown.data);
            if (near)
                error_hint(err, "did you mean \"%s\"?", near);
            buf_free(&shown);
            return SIGNET_E_SYNTAX;
        }
        place = (char *)out + member->offset;
        rc = member->type == TEXT || member->type == DIGITS
                 ? take_text(path, member, value, place, err)
                 : take_number(path, member, value, place, err);
        if (rc)
            return rc;
    }
    return SIGNET_OK;
}

static int load(const char *path, const struct member *members, size_t count, void *out,
                struct signet_error *err)
{
    struct buf text = {0}, quoted = {0};
    json_error_t json_err = {0};
    json_t *object = NULL;
    int rc = file_read(path, JSON_MAX, &text, err);

    if (rc)
        return rc;
    quote_serial(&text, &quoted);
    rc = buf_check(&quoted, err);
    if (!rc) {
        object =
            json_loadb((const char *)quoted.data, quoted.len, JSON_REJECT_DUPLICATES, &json_err);
        if (!object) {
            /* jansson's text may quote what stands near, so only the place is told. */
            rc = error_set(
                err, SIGNET_E_SYNTAX, "%s:%d:%d: %s", path, json_err.line, json_err.column,
                json_error_code(&json_err) == json_error_duplicate_key ? "a member stands twice"
                                                                       : "this is not JSON");
            error_hint(err, "write one object, such as {\"%s\": ...}", members[0].name);
        } else if (!json_is_object(object)) {
            rc = error_set(err, SIGNET_E_SYNTAX, "%s: must be a JSON object: {\"name\": value}",
                           path);
        }
    }
    if (!rc)
        rc = take_members(path, object, members, count, out, err);
    json_decref(object);
    buf_free(&text);
    buf_free(&quoted);
    return rc;
}

int signet_server_info_load(const char *path, struct signet_server_info *out,
                            struct signet_error *err)
{
    struct signet_server_info info = {0};
    int rc = load(path, server_members, COUNT_OF(server_members), &info, err);

    if (rc) {
        signet_server_info_free(&info);
        error_prefix(err, "reading the server information");
    } else {
        *out = info;
    }
    return rc;
}

int signet_cert_info_load(const char *path, struct signet_cert_info *out, struct signet_error *err)
{
    struct signet_cert_info info = {0};
    int rc = load(path, cert_members, COUNT_OF(cert_members), &info, err);

    if (rc) {
        signet_cert_info_free(&info);
        error_prefix(err, "reading the certificate information");
    } else {
        *out = info;
    }
    return rc;
}

static void free_members(const struct member *members, size_t count, void *info)
{
    for (size_t i = 0; i < count; i++)
        if (members[i].type == TEXT || members[i].type == DIGITS)
            free(*(char **)((char *)info + members[i].offset));
}

void signet_server_info_free(struct signet_server_info *info)
{
    free_members(server_members, COUNT_OF(server_members), info);
    *info = (struct signet_server_info){0};
}

void signet_cert_info_free(struct signet_cert_info *info)
{
    free_members(cert_members, COUNT_OF(cert_members), info);
    *info = (struct signet_cert_info){0};
}
