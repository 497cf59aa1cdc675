/* SPDX-License-Identifier: Apache-2.0 */
#include "server/export.h"

#include "pki/pki.h"
#include "server/answer.h"

#include <ctype.h>

bool export_by_endpoint(const struct export_format *format)
{
    return format->columns[0].field == EXPORT_ENDPOINT;
}

/* Text that is what it looks like in every table. */
static int plain(const struct export_format *format, const char *what, const uint8_t *text,
                 size_t len, struct signet_error *err)
{
    if (!format->quoted && format->delimiter == ':' && strcmp(what, "key") != 0 &&
        memchr(text, ':', len))
        return error_set(err, SIGNET_E_MEANING, "the %s has a colon, which this export cannot hold",
                         what);
    return (format->quoted ? csv_check : text_check)(what, text, len, err);
}

static int check_endpoint(const struct export_format *format, const char *name,
                          struct signet_error *err)
{
    const char *signs = format->limits->name_signs;
    size_t good = 0;

    while (signs &&
           (isalnum((unsigned char)name[good]) || (name[good] && strchr(signs, name[good]))))
        good++;
    if (signs && name[good])
        return error_set_hint(err, SIGNET_E_MEANING, "give the device a name of these alone",
                              "the endpoint name has a character at place %zu that the importer "
                              "does not take: letters, digits and %s",
                              good + 1, signs);
    return plain(format, "endpoint name", (const uint8_t *)name, strlen(name), err);
}

bool export_has(const struct export_format *format, enum export_field from, enum export_field to)
{
    for (size_t i = 0; i < format->count; i++)
        if (format->columns[i].field >= from && format->columns[i].field <= to)
            return true;
    return false;
}

/* The device as the column shows it; mode none: it has no such account. */
static struct signet_device device_of(const struct export_column *column,
                                      const struct signet_device *d)
{
    struct signet_device out = {.endpoint = d->endpoint, .mode = SIGNET_MODE_NONE};
    bool bootstrap = column->account == EXPORT_BOOTSTRAP;
    struct signet_account a;

    if (column->account == EXPORT_SERVED || d->bootstrap == bootstrap)
        return *d;
    out.bootstrap = bootstrap;
    if (d->tree && signet_tree_account_choose(d->tree, bootstrap ? "bootstrap" : "management", &a,
                                              NULL) == SIGNET_OK)
        device_take(&out, &a);
    return out;
}

bool export_serves(const struct export_format *format, const struct signet_account *chosen,
                   const struct signet_account *account)
{
    bool cert = account->mode == SIGNET_MODE_CERT;

    for (size_t i = 0; i < format->count; i++) {
        const struct export_column *c = &format->columns[i];
        bool its =
            c->account == EXPORT_SERVED || chosen->bootstrap == (c->account == EXPORT_BOOTSTRAP)
                ? chosen->iid == account->iid
                : account->bootstrap == (c->account == EXPORT_BOOTSTRAP);

        if (its && (cert ? c->field == EXPORT_CERT_PEM || c->field == EXPORT_CERT_BASE64
                         : c->field >= EXPORT_KEY_HEX && c->field <= EXPORT_KEY_TEXT))
            return true;
    }
    return false;
}

static int key_is_text(const struct export_format *format, const struct signet_device *device,
                       struct signet_error *err)
{
    int rc = plain(format, "key", device->psk, device->psk_len, err);

    if (rc)
        error_hint(err, "keys that are text are made with psk_hex in the order's credentials");
    return rc;
}

/* The account of the device, of all that it has, that is shown. */
static bool export_shows(const struct signet_account *a, const struct signet_device *shown)
{
    bool psk = a->mode == SIGNET_MODE_PSK && a->secret_key;

    return a->bootstrap == shown->bootstrap && a->mode == shown->mode && a->uri &&
           (!psk || a->secret_key->as.bytes.data == shown->psk);
}

/* "": the device has no such account, and the export no option. */
static void put_uri(const struct export_format *format, const struct signet_tree *tree,
                    const struct signet_device *shown, struct buf *out)
{
    struct signet_account a;
    size_t before = out->len;

    for (size_t i = 0; tree && out->len == before && signet_tree_account(tree, i, &a); i++)
        if (export_shows(&a, shown))
            buf_append(out, a.uri->as.bytes.data, a.uri->as.bytes.len);
    if (out->len == before && format->server_uri)
        buf_text(out, format->server_uri);
}

static int validate_uri(const struct export_format *format, const struct export_column *column,
                        const struct signet_device *device, struct signet_error *err)
{
    const struct signet_device shown = device_of(column, device);
    const struct export_column bootstrap = {.account = EXPORT_BOOTSTRAP};
    struct buf uri = {0};
    int rc;

    put_uri(format, device->tree, &shown, &uri);
    rc = uri.len ? plain(format, "server URI", uri.data, uri.len, err) : SIGNET_OK;
    if (!rc && !uri.len && format->needs_uri &&
        device_of(&bootstrap, device).mode != SIGNET_MODE_NONE)
        rc = error_set_hint(err, SIGNET_E_MEANING, "\"server_uri\": \"coaps://HOST:5784\"",
                            "the bootstrap server has to be told the URI of the LwM2M server, and "
                            "the device has no account that names it");
    buf_free(&uri);
    return rc;
}

int export_validate(const struct export_format *format, const struct signet_device *device,
                    struct signet_error *err)
{
    int rc = SIGNET_OK;

    for (size_t i = 0; !rc && i < format->count; i++) {
        const struct signet_device d = device_of(&format->columns[i], device);

        if (format->columns[i].field == EXPORT_ENDPOINT)
            rc = check_endpoint(format, d.endpoint, err);
        else if (format->columns[i].field == EXPORT_IDENTITY && d.mode == SIGNET_MODE_PSK)
            rc = plain(format, "PSK identity", d.identity, d.identity_len, err);
        else if (format->columns[i].field == EXPORT_KEY_TEXT && d.mode == SIGNET_MODE_PSK)
            rc = key_is_text(format, &d, err);
        else if (format->columns[i].field == EXPORT_URI)
            rc = validate_uri(format, &format->columns[i], device, err);
    }
    return rc;
}

int export_complete(const struct export_format *format, const struct signet_device *device,
                    struct signet_error *err)
{
    if (device->mode != SIGNET_MODE_CERT || device->cert ||
        !export_has(format, EXPORT_CERT_PEM, EXPORT_CERT_BASE64))
        return SIGNET_OK;
    return error_set(err, SIGNET_E_MEANING,
                     "the export has a column for the certificate, and the device none");
}

/* The bare value; it may be a key, so that out is to be wiped. */
static void put_value(const struct export_column *column, const struct signet_device *d,
                      struct buf *out)
{
    bool none = d->mode == SIGNET_MODE_NONE, psk = d->mode == SIGNET_MODE_PSK;
    size_t psk_len = psk ? d->psk_len : 0;

    switch (column->field) {
    case EXPORT_ENDPOINT:
        buf_text(out, d->endpoint);
        break;
    case EXPORT_MODE:
        buf_text(out, none ? "" : signet_mode_name(d->mode));
        break;
    case EXPORT_ROLE:
        buf_text(out, none ? "" : d->bootstrap ? "bootstrap" : "management");
        break;
    case EXPORT_MODE_UPPER: /* without a management account: by bootstrap, the server makes a key */
        buf_text(out, none && !d->bootstrap ? "PSK_GENERATED" : answer_mode(d->mode));
        break;
    case EXPORT_IDENTITY:
        buf_append(out, d->identity, psk ? d->identity_len : 0);
        break;
    case EXPORT_KEY_TEXT:
        buf_append(out, d->psk, psk_len);
        break;
    case EXPORT_KEY_HEX:
        buf_hex(out, d->psk, psk_len);
        break;
    case EXPORT_KEY_BASE64:
        buf_base64(out, d->psk, psk_len);
        break;
    case EXPORT_CERT_BASE64:
        buf_base64(out, d->cert, d->cert_len);
        break;
    case EXPORT_CERT_PEM:
        if (d->cert)
            pem_write(out, "CERTIFICATE", d->cert, d->cert_len);
        break;
    case EXPORT_CONSTANT:
        buf_text(out, column->constant);
        break;
    case EXPORT_URI: /* put_uri() */
    case EXPORT_FIELDS:
        break;
    }
}

static void put_cell(const struct export_format *format, size_t i, const struct signet_device *d,
                     struct buf *out)
{
    const struct export_column *column = &format->columns[i];
    const struct signet_device shown = device_of(column, d);
    struct buf value = {0};

    if (column->field == EXPORT_URI)
        put_uri(format, d->tree, &shown, &value);
    else
        put_value(column, &shown, &value);
    buf_fail_with(out, &value);
    if (format->delimiter == '{') {
        buf_text(out, i ? ", " : "{");
        buf_json(out, column->name, strlen(column->name));
        buf_text(out, ": ");
        buf_json(out, value.data, value.len);
    } else {
        if (i)
            buf_byte(out, (uint8_t)format->delimiter);
        if (format->quoted && value.len)
            csv_cell(out, format->delimiter, value.data, value.len);
        else
            buf_append(out, value.data, value.len);
    }
    buf_free(&value);
}

/* Bytes up to the first `end` that stands in no quotes; 0: there is none. A backslash in JSON takes
 * the next byte with it; a quote in CSV is doubled, which ends and begins quotes. */
static size_t scan_for(const char *text, size_t len, char end, bool quoted, bool json)
{
    bool inside = false;

    for (size_t i = 0; i < len; i++) {
        if (json && inside && text[i] == '\\')
            i++;
        else if (quoted && text[i] == '"')
            inside = !inside;
        else if (!inside && text[i] == end)
            return i + 1;
    }
    return 0;
}

size_t export_row_end(const struct export_format *format, const char *text, size_t len)
{
    return scan_for(text, len, '\n', format->quoted, false); /* JSON has line ends nowhere else */
}

bool export_cut_off(const struct export_format *format, const char *rest, size_t len)
{
    enum { ROW_MAX = 64 * 1024 };

    return len <= ROW_MAX &&
           (export_has(format, EXPORT_CERT_PEM, EXPORT_CERT_PEM) || !memchr(rest, '\n', len));
}

size_t export_start_len(const struct export_format *format, const char *row, size_t len)
{
    bool json = format->delimiter == '{';

    return format->count == 1
               ? len
               : scan_for(row, len, json ? ',' : format->delimiter, json || format->quoted, json);
}

/* "name": "", of the last one with its brace */
static bool ends_empty(const char *cell, size_t len)
{
    len -= len > 0 && cell[len - 1] == '}';
    return len >= 4 && memcmp(cell + len - 4, ": \"\"", 4) == 0;
}

size_t export_cell(const struct export_format *format, const char *row, size_t len, size_t column,
                   size_t *from)
{
    bool json = format->delimiter == '{';
    size_t n = 0;

    *from = 0;
    for (size_t i = 0; i <= column; i++) {
        char end = i + 1 == format->count ? '\n' : json ? ',' : format->delimiter;

        *from += n;
        n = scan_for(row + *from, len - *from, end, json || format->quoted, json);
        if (!n)
            return 0;
    }
    return ends_empty(row + *from, n - 1) ? 0 : n - 1;
}

void export_header(const struct export_format *format, struct buf *out)
{
    for (size_t i = 0; format->header && i < format->count; i++) {
        if (i)
            buf_byte(out, (uint8_t)format->delimiter);
        csv_cell(out, format->delimiter, format->columns[i].name, strlen(format->columns[i].name));
    }
    if (format->header)
        buf_byte(out, '\n');
}

void export_start(const struct export_format *format, const struct signet_device *device,
                  struct buf *out)
{
    put_cell(format, 0, device, out);
    if (format->count == 1)
        buf_text(out, format->delimiter == '{' ? "}\n" : "\n");
    else
        buf_byte(out, format->delimiter == '{' ? ',' : (uint8_t)format->delimiter);
}

void export_row(const struct export_format *format, const struct signet_device *device,
                struct buf *out)
{
    for (size_t i = 0; i < format->count; i++)
        put_cell(format, i, device, out);
    buf_text(out, format->delimiter == '{' ? "}\n" : "\n");
}
