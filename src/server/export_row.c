/* SPDX-License-Identifier: Apache-2.0 */
#include "server/export.h"

#include "pki/pki.h"
#include "server/answer.h"

#include <stdlib.h>
#include <string.h>

static const char *const field_names[EXPORT_FIELDS] = {
    [EXPORT_ENDPOINT] = "endpoint",
    [EXPORT_IDENTITY] = "identity",
    [EXPORT_MODE] = "mode",
    [EXPORT_MODE_UPPER] = "MODE",
    [EXPORT_KEY_HEX] = "key_hex",
    [EXPORT_KEY_BASE64] = "key_base64",
    [EXPORT_KEY_TEXT] = "key_text",
    [EXPORT_CERT_PEM] = "cert_pem",
    [EXPORT_CERT_BASE64] = "cert_base64",
    [EXPORT_ROLE] = "account",
    [EXPORT_CONSTANT] = "'text'",
};

static const char *const prefixes[EXPORT_ACCOUNTS] = {
    [EXPORT_SERVED] = "", [EXPORT_MANAGEMENT] = "management.", [EXPORT_BOOTSTRAP] = "bootstrap."};

static const char everything[] = "endpoint=endpoint, mode=mode, identity=identity, psk=key_hex";

/* Ready-made: columns of their own, which cannot be changed. */
static const struct layout {
    const char *name, *columns;
    char delimiter;
    bool header, quoted;
    const char *before; /* its columns in the versions before; NULL: the same */
} layouts[] = {
    {"csv", NULL, ',', true, true, NULL},
    {"ndjson", NULL, '{', false, false, NULL},
    {"cumulocity",
     "endpoint id=endpoint, securityMode=management.MODE, lwm2m psk_id=management.identity, "
     "lwm2m psk_key=management.key_hex, bootstrapSecurityMode=bootstrap.MODE, "
     "bootstrap psk_id=bootstrap.identity, bootstrap psk_key=bootstrap.key_hex",
     ';', true, true,
     "endpoint id=endpoint, securityMode=MODE, lwm2m psk_id=identity, lwm2m psk_key=key_hex"},
    {"emqx", "identity=identity, secret=key_text", ':', false, false, NULL},
    {"nrfcloud", "deviceId=endpoint, subType='', tags='', fwTypes='', certPem=cert_pem", ',', false,
     true, NULL},
};

enum { LAYOUTS = sizeof layouts / sizeof *layouts };

static char *trimmed(const char *from, const char *to)
{
    while (from < to && *from == ' ')
        from++;
    while (to > from && to[-1] == ' ')
        to--;
    return strndup(from, (size_t)(to - from));
}

static int read_column_field(struct export_column *column, size_t number, struct signet_error *err)
{
    char *word = column->constant;
    size_t len = strlen(word);
    const char *near;

    if (len > 1 && word[0] == '\'' && word[len - 1] == '\'') {
        memmove(word, word + 1, len - 2);
        word[len - 2] = '\0';
        column->field = EXPORT_CONSTANT;
        return SIGNET_OK;
    }
    for (int a = EXPORT_MANAGEMENT; a < EXPORT_ACCOUNTS; a++)
        if (strncmp(word, prefixes[a], strlen(prefixes[a])) == 0) {
            column->account = (enum export_account)a;
            word += strlen(prefixes[a]);
            break;
        }
    for (int f = 0; f < EXPORT_FIELDS; f++)
        if (strcmp(field_names[f], word) == 0) {
            column->field = (enum export_field)f;
            return SIGNET_OK;
        }
    near = signet_word_nearest(word, field_names, EXPORT_FIELDS);
    error_set(err, SIGNET_E_USAGE, "column %zu of the export has an unknown field", number);
    error_hint(err,
               "%s is one; they are endpoint, identity, mode, MODE, key_hex, key_base64, "
               "key_text, cert_pem, cert_base64, account and 'text', each but the last also as "
               "management.FIELD and bootstrap.FIELD",
               near ? near : field_names[0]);
    return SIGNET_E_USAGE;
}

/* "Name=field" */
static int read_column(struct export_format *format, const char *text, size_t len,
                       struct signet_error *err)
{
    const char *equals = memrchr(text, '=', len);
    struct export_column *column = &format->columns[format->count];

    if (!equals || format->count == EXPORT_COLUMNS_MAX) {
        error_set(err, SIGNET_E_USAGE, "the export's columns are at most %d times Name=field",
                  EXPORT_COLUMNS_MAX);
        error_hint(err, "\"columns\": \"%s\"", everything);
        return SIGNET_E_USAGE;
    }
    column->name = trimmed(text, equals);
    column->constant = trimmed(equals + 1, text + len);
    format->count++; /* to be freed */
    return column->name && column->constant ? read_column_field(column, format->count, err)
                                            : error_nomem(err);
}

static const struct layout *find_layout(const char *name)
{
    for (size_t i = 0; i < LAYOUTS; i++)
        if (strcmp(name ? name : "csv", layouts[i].name) == 0)
            return &layouts[i];
    return NULL;
}

static int read_columns(struct export_format *format, const struct layout *layout,
                        const char *columns, struct signet_error *err)
{
    const char *end = columns;
    int rc = SIGNET_OK;

    *format = (struct export_format){
        .delimiter = layout->delimiter, .header = layout->header, .quoted = layout->quoted};
    for (const char *at = columns; !rc && *end; at = end + 1) {
        end = strchrnul(at, ',');
        rc = read_column(format, at, (size_t)(end - at), err);
    }
    return rc;
}

/* Did a version before, with its columns, begin a file with this line? */
static int read_before(struct export_format *format, const struct layout *layout, const char *line,
                       size_t len, bool *begun, struct signet_error *err)
{
    struct buf header = {0};
    int rc = read_columns(format, layout, layout->before, err);

    if (!rc)
        export_header(format, &header);
    rc = rc ? rc : buf_check(&header, err);
    *begun = !rc && header.data && header.len == len && memcmp(header.data, line, len) == 0;
    if (!*begun)
        export_format_free(format);
    buf_free(&header);
    return rc;
}

int export_format_read(struct export_format *format, const char *name, const char *columns,
                       const char *line, size_t len, struct signet_error *err)
{
    const struct layout *layout = find_layout(name);
    bool begun = false;
    int rc = SIGNET_OK;

    if (!layout)
        return error_set_hint(err, SIGNET_E_USAGE, "csv, ndjson, cumulocity, emqx or nrfcloud",
                              "an export has no such format");
    if (layout->columns && columns)
        return error_set(err, SIGNET_E_USAGE, "format %s has columns of its own", layout->name);
    if (layout->before)
        rc = read_before(format, layout, line, len, &begun, err);
    if (rc || begun)
        return rc;
    if (!columns)
        columns = layout->columns ? layout->columns : everything;
    rc = read_columns(format, layout, columns, err);
    if (!rc && !export_by_endpoint(format) && format->columns[0].field != EXPORT_IDENTITY)
        rc = error_set(err, SIGNET_E_USAGE,
                       "the first column of an export is the endpoint or the identity");
    return rc;
}

void export_format_free(struct export_format *format)
{
    for (size_t i = 0; i < format->count; i++) {
        free(format->columns[i].name);
        free(format->columns[i].constant);
    }
    format->count = 0;
}

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

static bool has(const struct export_format *format, enum export_field from, enum export_field to)
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

int export_validate(const struct export_format *format, const struct signet_device *device,
                    struct signet_error *err)
{
    size_t len = strlen(device->endpoint);
    bool psk = device->mode == SIGNET_MODE_PSK;
    int rc = SIGNET_OK;

    if (!psk && !export_by_endpoint(format))
        return error_set(err, SIGNET_E_MEANING, "this export takes devices of mode psk only");
    if (device->mode != SIGNET_MODE_CERT && has(format, EXPORT_CERT_PEM, EXPORT_CERT_BASE64) &&
        !has(format, EXPORT_KEY_HEX, EXPORT_KEY_TEXT))
        return error_set(err, SIGNET_E_MEANING, "this export takes devices of mode cert only");
    for (size_t i = 0; !rc && i < format->count; i++) {
        const struct signet_device d = device_of(&format->columns[i], device);

        if (format->columns[i].field == EXPORT_ENDPOINT)
            rc = plain(format, "endpoint name", (const uint8_t *)d.endpoint, len, err);
        else if (format->columns[i].field == EXPORT_IDENTITY && d.mode == SIGNET_MODE_PSK)
            rc = plain(format, "PSK identity", d.identity, d.identity_len, err);
        else if (format->columns[i].field == EXPORT_KEY_TEXT && d.mode == SIGNET_MODE_PSK)
            rc = plain(format, "key", d.psk, d.psk_len, err);
    }
    return rc;
}

int export_complete(const struct export_format *format, const struct signet_device *device,
                    struct signet_error *err)
{
    if (device->mode != SIGNET_MODE_CERT || device->cert ||
        !has(format, EXPORT_CERT_PEM, EXPORT_CERT_BASE64))
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
           (has(format, EXPORT_CERT_PEM, EXPORT_CERT_PEM) || !memchr(rest, '\n', len));
}

size_t export_start_len(const struct export_format *format, const char *row, size_t len)
{
    bool json = format->delimiter == '{';

    return format->count == 1
               ? len
               : scan_for(row, len, json ? ',' : format->delimiter, json || format->quoted, json);
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
