/* SPDX-License-Identifier: Apache-2.0 */
/* JSON files, and the one with the certificate information. */
#include "config/config.h"
#include "config/json_place.h"

#include <ctype.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

enum { JSON_MAX = 64 * 1024, NAMES_MAX = 24 };

static const struct json_member cert_members[] = {
    {"countryName", MEMBER_TEXT, offsetof(struct signet_cert_info, country_name)},
    {"stateOrProvinceName", MEMBER_TEXT, offsetof(struct signet_cert_info, state_or_province_name)},
    {"localityName", MEMBER_TEXT, offsetof(struct signet_cert_info, locality_name)},
    {"organizationName", MEMBER_TEXT, offsetof(struct signet_cert_info, organization_name)},
    {"organizationUnitName", MEMBER_TEXT,
     offsetof(struct signet_cert_info, organization_unit_name)},
    {"emailAddress", MEMBER_TEXT, offsetof(struct signet_cert_info, email_address)},
    {"commonName", MEMBER_TEXT, offsetof(struct signet_cert_info, common_name)},
    {"serialNumber", MEMBER_DIGITS, offsetof(struct signet_cert_info, serial_number)},
    {"validityOffsetInSeconds", MEMBER_SECONDS,
     offsetof(struct signet_cert_info, validity_offset_seconds)},
    {"ellipticCurve", MEMBER_TEXT, offsetof(struct signet_cert_info, elliptic_curve)},
    {"RSAKeyLen", MEMBER_COUNT, offsetof(struct signet_cert_info, rsa_key_len)},
    {"digest", MEMBER_TEXT, offsetof(struct signet_cert_info, digest)},
    {"subjectAltName", MEMBER_TEXT, offsetof(struct signet_cert_info, subject_alt_name)},
};

static const struct json_file cert_file = {cert_members, COUNT_OF(cert_members), NULL, 0, NULL};

/* jansson holds integers of 64 bits, a serial number has up to 160: it is put in quotes first. */
static void quote_serial(const struct buf *text, struct buf *out)
{
    static const char name[] = "\"serialNumber\"", blanks[] = " \t\n\v\f\r";
    const char *at = text->data ? (const char *)text->data : "", *end = at + text->len;
    const char *found = memmem(at, text->len, name, sizeof(name) - 1);
    const char *digits = found ? found + sizeof(name) - 1 : end, *after;

    digits += strspn(digits, blanks);
    digits += *digits == ':';
    digits += strspn(digits, blanks);
    after = digits + (*digits == '-');
    after += strspn(after, "0123456789");
    if (after == digits || char_in(*after, ".eE"))
        after = digits = end;
    buf_append(out, at, (size_t)(digits - at));
    if (digits < end) {
        buf_byte(out, '"');
        buf_append(out, digits, (size_t)(after - digits));
        buf_byte(out, '"');
        buf_append(out, after, (size_t)(end - after));
    }
}

static int wrong(struct signet_error *err, const struct text_source *source, const char *name,
                 const char *want)
{
    error_at(err, SIGNET_E_SYNTAX, source, json_member_at(source, name, true), "\"%s\" must be %s",
             name, want);
    bool seconds = strstr(want, "seconds") != NULL;
    error_hint(err, "%s%s", seconds ? "digits alone: a year of 365 days is " : "write ",
               seconds ? "31536000" : want);
    return SIGNET_E_SYNTAX;
}

static int take_text(const struct text_source *source, const struct json_member *member,
                     const json_t *value, char **out, struct signet_error *err)
{
    const char *text = json_string_value(value);
    char digits[24];

    if (member->type == MEMBER_DIGITS && json_is_integer(value)) {
        snprintf(digits, sizeof(digits), "%lld", (long long)json_integer_value(value));
        value = NULL;
        text = digits;
    }
    if (!text || !*text || (value && strlen(text) != json_string_length(value))) {
        wrong(err, source, member->name, "a string that is not empty");
        if (json_is_array(value) || json_is_object(value))
            error_hint(err, "it takes one text in double quotes; parts of it have commas between");
        else if (value && (json_is_number(value) || json_is_boolean(value)))
            error_hint(err, "write it in double quotes");
        else if (json_is_null(value))
            error_hint(err, "leave the member out, or write a text in double quotes");
        return SIGNET_E_SYNTAX;
    }
    free(*out);
    return text_copy(out, text, err);
}

static int take_number(const struct text_source *source, const struct json_member *member,
                       const json_t *value, void *place, struct signet_error *err)
{
    bool port = member->type == MEMBER_PORT, count = member->type == MEMBER_COUNT;
    json_int_t most = port ? 65535 : count ? 1 << 20 : INT64_MAX;
    json_int_t number = json_integer_value(value);
    const char *text = port ? json_string_value(value) : NULL;
    char *end;

    if (text) {
        number = strtol(text, &end, 10);
        if (*end || !isdigit((unsigned char)*text))
            number = 0;
    }
    if (number < 1 || number > most)
        return wrong(err, source, member->name,
                     port    ? "a port from 1 to 65535"
                     : count ? "a whole number of bits"
                             : "a whole number of seconds, 1 or more");
    if (port)
        *(uint16_t *)place = (uint16_t)number;
    else if (count)
        *(unsigned *)place = (unsigned)number;
    else
        *(int64_t *)place = number;
    return SIGNET_OK;
}

static bool is_text(const struct json_member *member)
{
    return member->type == MEMBER_TEXT || member->type == MEMBER_DIGITS;
}

static const struct json_member *find_member(const struct json_file *file, const char *name)
{
    for (size_t i = 0; i < file->count; i++)
        if (strcmp(file->members[i].name, name) == 0)
            return &file->members[i];
    return NULL;
}

/* inner: its value has members, too. */
static int unknown(const struct text_source *source, const char *name, bool inner,
                   const struct json_file *file, const struct signet_option_info *table,
                   struct signet_error *err)
{
    const char *names[NAMES_MAX + SIGNET_OPTIONS_MAX];
    char what[240];
    size_t count = 0;

    for (; count < file->count && count < NAMES_MAX; count++)
        names[count] = file->members[count].name;
    count += adapter_option_names(table, names + count);
    snprintf(what, sizeof(what), "unknown member \"%s\"",
             strlen(name) < 200 ? text_shown(name, strlen(name), 200) : "...");
    error_at_unknown(err, SIGNET_E_SYNTAX, source, json_member_at(source, name, false), what);
    text_hint_known(name, names, count, err);
    text_hint_meant(name, file->meant, err);
    if (inner)
        error_hint(err, "members stand in one pair of braces: take the inner one out");
    return SIGNET_E_SYNTAX;
}

/* A member that no row has: an option of the kind, as text. */
static int take_option(const struct text_source *source, const struct json_file *file,
                       const char *name, const json_t *value, void *out, struct signet_error *err)
{
    const struct json_member as_text = {name, MEMBER_DIGITS, 0};
    const struct signet_option_info *table = NULL;
    struct signet_option given[SIGNET_OPTIONS_MAX] = {{name, NULL}};
    char *text = NULL;
    int rc = file->options ? file->options(out, &table, err) : SIGNET_OK;

    if (rc != SIGNET_OK) {
        error_blame(err, source, BLAME_NAMES);
        return rc;
    }
    if (!adapter_option_declared(table, name))
        return unknown(source, name, json_is_object(value), file, table, err);
    rc = take_text(source, &as_text, value, &text, err);
    given[0].value = text;
    if (rc == SIGNET_OK)
        rc = adapter_options_add((struct signet_option *)((char *)out + file->options_offset),
                                 source->name, table, given, err);
    free(text);
    return rc;
}

/* Rows first: they say which kind it is. */
static int take_members(const struct text_source *source, const json_t *object,
                        const struct json_file *file, void *out, struct signet_error *err)
{
    const struct json_member *member;
    json_t *value;
    const char *name;
    int rc = SIGNET_OK;

    for (int pass = 0; pass < 2; pass++) {
        json_object_foreach((json_t *)(uintptr_t)object, name, value)
        {
            member = find_member(file, name);
            if (pass == 1)
                rc = member ? SIGNET_OK : take_option(source, file, name, value, out, err);
            else if (member)
                rc = is_text(member)
                         ? take_text(source, member, value, (char **)((char *)out + member->offset),
                                     err)
                         : take_number(source, member, value, (char *)out + member->offset, err);
            if (rc)
                return rc;
        }
    }
    return SIGNET_OK;
}

static int parse_json(const struct text_source *source, json_t **out, struct signet_error *err)
{
    json_error_t at = {0};

    *out = json_loadb(source->text, source->len, JSON_REJECT_DUPLICATES, &at);
    if (*out && json_is_object(*out))
        return SIGNET_OK;
    if (*out)
        return error_at_hint(err, SIGNET_E_SYNTAX, source, 0, "write one object: {\"name\": value}",
                             "this must be a JSON object");
    if (json_error_code(&at) != json_error_duplicate_key)
        return json_explain(source, err);
    return error_at_hint(err, SIGNET_E_SYNTAX, source,
                         at.position > 0 ? (size_t)at.position - 1 : 0, "keep one of the two",
                         "a member stands twice");
}

/* A byte order mark, as Windows writes it, is passed over. */
static int load_members(const char *path, const struct buf *text, const struct json_file *file,
                        void *out, struct signet_error *err)
{
    size_t mark = utf8_mark(text->data, text->len);
    const struct text_source source = {path, text->data ? (const char *)text->data + mark : "",
                                       text->len - mark, text_hide_secrets, NULL};
    json_t *object = NULL;
    int rc = parse_json(&source, &object, err);

    if (rc == SIGNET_OK)
        rc = take_members(&source, object, file, out, err);
    json_decref(object);
    return rc;
}

int json_file_load(const char *path, const struct json_file *file, void *out,
                   struct signet_error *err)
{
    struct buf text = {0}, quoted = {0};
    int rc = file_read(path, JSON_MAX, &text, err);

    if (rc == SIGNET_OK) {
        quote_serial(&text, &quoted);
        rc = buf_check(&quoted, err);
    }
    if (rc == SIGNET_OK)
        rc = load_members(path, &quoted, file, out, err);
    if (rc != SIGNET_OK)
        json_file_free(file, out);
    buf_free(&text);
    buf_free(&quoted);
    return signet_file_explain(rc, SIGNET_FILE_JSON, path, err);
}

void json_file_free(const struct json_file *file, void *out)
{
    for (size_t i = 0; i < file->count; i++)
        if (is_text(&file->members[i]))
            free(*(char **)((char *)out + file->members[i].offset));
    if (file->options)
        adapter_options_free((struct signet_option *)((char *)out + file->options_offset));
}

int signet_cert_info_load(const char *path, struct signet_cert_info *out, struct signet_error *err)
{
    struct signet_cert_info info = {0};
    int rc = json_file_load(path, &cert_file, &info, err);

    if (rc == SIGNET_OK)
        *out = info;
    return rc;
}

void signet_cert_info_free(struct signet_cert_info *info)
{
    json_file_free(&cert_file, info);
    *info = (struct signet_cert_info){0};
}
