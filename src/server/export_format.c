/* SPDX-License-Identifier: Apache-2.0 */
/* The columns of an export: ready-made, or of a person. */
#include "server/export.h"

#include <stdlib.h>

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
    [EXPORT_URI] = "uri",
    [EXPORT_CONSTANT] = "'text'",
};

static const char *const prefixes[EXPORT_ACCOUNTS] = {
    [EXPORT_SERVED] = "", [EXPORT_MANAGEMENT] = "management.", [EXPORT_BOOTSTRAP] = "bootstrap."};

static const char everything[] = "endpoint=endpoint, mode=mode, identity=identity, psk=key_hex";

#define CUMULOCITY                                                                                 \
    "endpoint id=endpoint, securityMode=management.MODE, lwm2m psk_id=management.identity, "       \
    "lwm2m psk_key=management.key_hex, bootstrapSecurityMode=bootstrap.MODE, "                     \
    "bootstrap psk_id=bootstrap.identity, bootstrap psk_key=bootstrap.key_hex"

/* Ready-made: columns of their own, which cannot be changed. */
static const struct layout {
    const char *name, *columns;
    char delimiter;
    bool header, quoted, needs_uri;
    const char *before[2]; /* its columns in the versions before */
    const char *steps;     /* NULL: nothing special */
    struct export_limits limits;
} layouts[] = {
    {"csv", NULL, ',', true, true, false, {0}, NULL, {0}},
    {"ndjson", NULL, '{', false, false, false, {0}, NULL, {0}},
    {"cumulocity",
     CUMULOCITY ", lwm2m server uri=management.uri",
     ';',
     true,
     true,
     true,
     {"endpoint id=endpoint, securityMode=MODE, lwm2m psk_id=identity, lwm2m psk_key=key_hex",
      CUMULOCITY},
     "upload the file at Devices > Registration > Bulk device registration > LWM2M, then remove "
     "it: it holds keys, and has at most 10 MB; for mode cert, trust the authority there; a device "
     "without a bootstrap account is let in there with bootstrap mode NO_SEC",
     {.common_name = true, .bytes_most = 10000000, .importer = "Cumulocity"}},
    {"emqx",
     "identity=identity, secret=key_text",
     ':',
     false,
     false,
     false,
     {0},
     "name the file as psk_authentication.init_file; EMQX takes keys as they stand there, so they "
     "have to be text: in an order, credentials.psk_hex",
     {.management_only = true}},
    {"nrfcloud",
     "deviceId=endpoint, subType='', tags='', fwTypes='', certPem=cert_pem",
     ',',
     false,
     true,
     false,
     {0},
     "upload the file at nRF Cloud's device onboarding, which takes 1000 rows at a time",
     {.name_most = 128,
      .name_signs = ":_-",
      .management_only = true,
      .rows_most = 1000,
      .importer = "nRF Cloud"}},
};

enum { LAYOUTS = COUNT_OF(layouts) };

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
    error_set(err, SIGNET_E_USAGE, "column %zu of 'columns' has the unknown field '%.40s'", number,
              word);
    error_hint(
        err,
        "%s is one; they are endpoint, identity, mode, MODE, key_hex, key_base64, "
        "key_text, cert_pem, cert_base64, account, uri and 'text', each but the last also as "
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

    *format = (struct export_format){.delimiter = layout->delimiter,
                                     .header = layout->header,
                                     .quoted = layout->quoted,
                                     .needs_uri = layout->needs_uri,
                                     .limits = &layout->limits,
                                     .steps = layout->steps};
    for (const char *at = columns; !rc && *end; at = end + 1) {
        end = strchrnul(at, ',');
        rc = read_column(format, at, (size_t)(end - at), err);
    }
    return rc;
}

/* Did a version before, with its columns, begin a file with this line? */
static int read_before(struct export_format *format, const struct layout *layout,
                       const char *before, const char *line, size_t len, bool *begun,
                       struct signet_error *err)
{
    struct buf header = {0};
    int rc = read_columns(format, layout, before, err);

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
    for (size_t i = 0; !rc && !begun && i < 2 && layout->before[i]; i++)
        rc = read_before(format, layout, layout->before[i], line, len, &begun, err);
    if (rc || begun)
        return rc;
    if (!columns)
        columns = layout->columns ? layout->columns : everything;
    rc = read_columns(format, layout, columns, err);
    if (!rc && !export_by_endpoint(format) && format->columns[0].field != EXPORT_IDENTITY)
        rc = error_set_hint(err, SIGNET_E_USAGE,
                            "\"columns\": \"endpoint=endpoint, identity=identity, psk=key_hex\"",
                            "the first of 'columns' is the endpoint or the identity");
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

int export_check_heading(const struct export_format *format, const char *path, const char *text,
                         size_t len, struct signet_error *err)
{
    struct buf heading = {0};

    export_header(format, &heading);
    int rc = buf_check(&heading, err);
    while (len && (text[len - 1] == '\n' || text[len - 1] == '\r')) /* Excel writes both */
        len--;
    while (heading.len &&
           (heading.data[heading.len - 1] == '\n' || heading.data[heading.len - 1] == '\r'))
        heading.len--;
    if (rc == SIGNET_OK && (heading.len != len || memcmp(heading.data, text, len) != 0))
        rc = error_set_hint(err, SIGNET_E_MEANING, "name another file, or give it these 'columns'",
                            "the export '%s' has other columns in its first line", path);
    buf_free(&heading);
    return rc;
}

bool export_tell_limits(const struct export_format *format, const char *path, size_t rows,
                        uint64_t bytes, const struct signet_observer *observer)
{
    const struct export_limits *limits = format->limits;
    bool many = limits->rows_most && rows > limits->rows_most,
         large = limits->bytes_most && bytes > limits->bytes_most;

    if (many || large)
        event_note(observer,
                   "upload what is there and move it away: the next device begins another file; or "
                   "part it before it is uploaded",
                   "the export '%s' has more than %zu %s, and %s takes no more at a time", path,
                   many ? limits->rows_most : limits->bytes_most, many ? "rows" : "bytes",
                   limits->importer);
    return many || large;
}

void export_narrow(const struct export_format *format, struct signet_server_capabilities *can)
{
    bool keys = export_has(format, EXPORT_KEY_HEX, EXPORT_KEY_TEXT);

    if (!export_by_endpoint(format))
        can->modes = 1u << SIGNET_MODE_PSK;
    else if (!keys && export_has(format, EXPORT_CERT_PEM, EXPORT_CERT_BASE64))
        can->modes = 1u << SIGNET_MODE_CERT;
    if (!format->quoted)
        can->identity_charset = format->delimiter == ':'
                                    ? "UTF-8 without control characters and colons"
                                    : "UTF-8 without control characters";
    if (format->steps)
        can->manual_steps = format->steps;
    can->endpoint_max = format->limits->name_most;
    can->common_name = format->limits->common_name;
    can->bootstrap = can->bootstrap && !format->limits->management_only;
}
