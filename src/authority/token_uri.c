/* SPDX-License-Identifier: Apache-2.0 */
#include "authority/token_uri.h"

#include <stdio.h>

/* One attribute; len (may be NULL): its value may have zeros. */
struct attribute {
    const char *name;
    char *to;
    size_t size;
    size_t *len;
    bool *given;
};

static int refuse_uri(struct signet_error *err, const char *why)
{
    return error_set_hint(err, SIGNET_E_MEANING,
                          "pkcs11:token=NAME;object=NAME?module-path=FILE&pin-source=file:FILE",
                          "the pkcs11 URI %s", why);
}

static bool decode(const char *text, size_t len, const struct attribute *a)
{
    size_t n = 0;

    for (size_t i = 0; i < len; i++) {
        uint8_t byte = (uint8_t)text[i];

        if (byte == '%') {
            if (len - i < 3 || hex_decode(text + i + 1, 2, &byte, 1) != 1)
                return false;
            i += 2;
        }
        if (n + 1 >= a->size || (!byte && !a->len))
            return false;
        a->to[n++] = (char)byte;
    }
    a->to[n] = '\0';
    if (a->len)
        *a->len = n;
    return a->len || utf8_valid((const uint8_t *)a->to, n);
}

static int take_attribute(const struct attribute *table, size_t count, const char *part, size_t len,
                          uint32_t *seen, struct signet_error *err)
{
    const char *names[16], *equals = memchr(part, '=', len);
    size_t name_len = equals ? (size_t)(equals - part) : len;
    char why[120];

    if (text_is(part, name_len, "pin-value"))
        return error_set_hint(err, SIGNET_E_MEANING,
                              "write the PIN into a file (mode 600): pin-source=file:FILE",
                              "the pkcs11 URI has the PIN itself in it, for everyone to read");
    for (size_t i = 0; i < count; i++) {
        names[i] = table[i].name;
        if (!text_is(part, name_len, table[i].name))
            continue;
        snprintf(why, sizeof(why), "has '%s' twice", table[i].name);
        if (*seen & 1u << i)
            return refuse_uri(err, why);
        *seen |= 1u << i;
        snprintf(why, sizeof(why), "has a value of '%s' that is empty, too long or malformed",
                 table[i].name);
        if (!equals || name_len + 1 == len || !decode(equals + 1, len - name_len - 1, &table[i]))
            return refuse_uri(err, why);
        if (table[i].given)
            *table[i].given = true;
        return SIGNET_OK;
    }
    snprintf(why, sizeof(why), "has an unknown attribute '%s'", text_shown(part, name_len, 20));
    refuse_uri(err, why);
    text_hint_known(text_shown(part, name_len, 20), names, count, err);
    return SIGNET_E_MEANING;
}

static int take_attributes(const struct attribute *table, size_t count, const char *text,
                           size_t len, char between, struct signet_error *err)
{
    uint32_t seen = 0;
    int rc = SIGNET_OK;

    while (rc == SIGNET_OK && len > 0) {
        const char *end = memchr(text, between, len);
        size_t part = end ? (size_t)(end - text) : len;

        rc = take_attribute(table, count, text, part, &seen, err);
        part += end != NULL;
        text += part;
        len -= part;
    }
    return rc;
}

/* "file:PIN", "file:///run/pin", "/run/pin"; a program ("|...") is not run. */
static int place_pin(struct token_uri *u, const char *source, const char *folder,
                     struct signet_error *err)
{
    const char *path = source;

    if (!*path)
        return SIGNET_OK;
    bool is_uri = strncmp(path, "file:", 5) == 0, has_host = strncmp(path, "file://", 7) == 0;
    path += has_host ? 7 : is_uri ? 5 : 0;
    if (*path == '|' || !*path || (has_host && *path != '/'))
        return refuse_uri(err, "has a pin-source that is no file");
    int len = snprintf(u->pin_file, sizeof(u->pin_file), "%s%s",
                       *path == '/' || !folder ? "" : folder, path);
    return len < (int)sizeof(u->pin_file) ? SIGNET_OK : refuse_uri(err, "has a path too long");
}

static int check_whole(const struct token_uri *u, struct signet_error *err)
{
    if (u->type[0] && strcmp(u->type, "private") != 0)
        return refuse_uri(err, "is not of a private key: type=private");
    if (u->slot[0] && (strlen(u->slot) > 18 || u->slot[strspn(u->slot, "0123456789")]))
        return refuse_uri(err, "has a slot-id that is no number");
    if (u->module[0] && u->module[0] != '/')
        return refuse_uri(err, "has a module-path that is not absolute");
    return SIGNET_OK;
}

int token_uri_parse(struct token_uri *out, const char *uri, const char *folder,
                    struct signet_error *err)
{
    char source[4096] = "";
    struct token_uri *u = out;
    const struct attribute path[] = {
        {"token", u->token, sizeof(u->token), NULL, NULL},
        {"manufacturer", u->manufacturer, sizeof(u->manufacturer), NULL, NULL},
        {"serial", u->serial, sizeof(u->serial), NULL, NULL},
        {"model", u->model, sizeof(u->model), NULL, NULL},
        {"slot-id", u->slot, sizeof(u->slot), NULL, NULL},
        {"object", u->object, sizeof(u->object), NULL, &u->has_object},
        {"id", (char *)u->id, sizeof(u->id), &u->id_len, &u->has_id},
        {"type", u->type, sizeof(u->type), NULL, NULL},
    };
    const struct attribute query[] = {
        {"module-path", u->module, sizeof(u->module), NULL, NULL},
        {"pin-source", source, sizeof(source), NULL, NULL},
    };
    const char *text = uri + 7; /* "pkcs11:" */

    *u = (struct token_uri){0};
    size_t len = strcspn(text, "?");
    int rc = take_attributes(path, COUNT_OF(path), text, len, ';', err);
    if (rc == SIGNET_OK && text[len])
        rc = take_attributes(query, COUNT_OF(query), text + len + 1, strlen(text + len + 1), '&',
                             err);
    if (rc == SIGNET_OK)
        rc = place_pin(u, source, folder, err);
    return rc == SIGNET_OK ? check_whole(u, err) : rc;
}
