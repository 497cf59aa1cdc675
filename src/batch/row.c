/* SPDX-License-Identifier: Apache-2.0 */
/* What the output says of one device. */
#include "batch/private.h"

#include <string.h>

const char row_header[] = "endpoint,mode,identity,psk,certificate\n";

static void put_hex(struct buf *to, const uint8_t *data, size_t len)
{
    uint8_t *at = buf_extend(to, 2 * len);

    if (at)
        hex_encode(data, len, (char *)at);
}

static void put_base64(struct buf *to, const uint8_t *data, size_t len)
{
    uint8_t *at = buf_extend(to, base64_encode_size(len));

    if (at)
        base64_encode(data, len, (char *)at);
}

static void put_json(struct buf *to, const uint8_t *text, size_t len)
{
    buf_byte(to, '"');
    for (size_t i = 0; i < len; i++) {
        if (text[i] == '"' || text[i] == '\\')
            buf_byte(to, '\\');
        if (text[i] < 0x20)
            buf_printf(to, "\\u%04x", text[i]);
        else
            buf_byte(to, text[i]);
    }
    buf_byte(to, '"');
}

int row_packet(struct buf *to, const struct signet_line_unit *unit, struct signet_error *err)
{
    buf_text(to, "{\"endpoint\": \"");
    buf_text(to, unit->device.endpoint); /* letters, digits and -._: */
    buf_text(to, "\", \"packet\": \"");
    put_base64(to, unit->packet.data, unit->packet.len);
    buf_text(to, "\", \"packet_sha256\": \"");
    buf_text(to, unit->facts.packet_sha256);
    buf_text(to, "\"}\n");
    return buf_check(to, err);
}

/* What a spreadsheet would take for a formula is refused, not changed: a changed name is another
 * device. */
static int put_cell(struct buf *to, const char *what, const uint8_t *text, size_t len,
                    struct signet_error *err)
{
    bool quote = false;

    for (size_t i = 0; i < len; i++) {
        quote = quote || text[i] == ',' || text[i] == '"';
        if (text[i] < 0x20 || text[i] == 0x7f)
            return error_set(err, SIGNET_E_MEANING, "its %s has control characters", what);
    }
    if (len && strchr("=+-@", text[0])) {
        error_set(err, SIGNET_E_MEANING, "its %s begins like a formula of a spreadsheet", what);
        error_hint(err, "write the records to a file ending in .ndjson");
        return SIGNET_E_MEANING;
    }
    if (quote)
        buf_byte(to, '"');
    for (size_t i = 0; i < len; i++) {
        if (text[i] == '"')
            buf_byte(to, '"');
        buf_byte(to, text[i]);
    }
    if (quote)
        buf_byte(to, '"');
    return SIGNET_OK;
}

/* The device's certificate, DER; NULL: it has none. */
static const struct signet_value *certificate(const struct signet_line_unit *unit,
                                              struct signet_account *a)
{
    if (!mode_has_certs(unit->device.mode) || !unit->device.tree ||
        !account_main(unit->device.tree, a))
        return NULL;
    return a->identity;
}

static int put_csv(struct buf *to, const struct signet_line_unit *unit, struct signet_error *err)
{
    const struct signet_device *d = &unit->device;
    struct signet_account a;
    const struct signet_value *cert = certificate(unit, &a);
    int rc = put_cell(to, "endpoint name", (const uint8_t *)d->endpoint, strlen(d->endpoint), err);

    buf_byte(to, ',');
    buf_text(to, signet_mode_name(d->mode));
    buf_byte(to, ',');
    if (rc == SIGNET_OK && d->psk)
        rc = put_cell(to, "identity", d->identity, d->identity_len, err);
    buf_byte(to, ',');
    if (d->psk)
        put_hex(to, d->psk, d->psk_len);
    buf_byte(to, ',');
    if (cert)
        put_base64(to, cert->as.bytes.data, cert->as.bytes.len);
    buf_byte(to, '\n');
    return rc;
}

static void put_object(struct buf *to, const struct signet_line_unit *unit)
{
    const struct signet_device *d = &unit->device;
    struct signet_account a;
    const struct signet_value *cert = certificate(unit, &a);

    buf_text(to, "{\"endpoint\": \"");
    buf_text(to, d->endpoint);
    buf_text(to, "\", \"mode\": \"");
    buf_text(to, signet_mode_name(d->mode));
    buf_byte(to, '"');
    if (d->psk) {
        buf_text(to, ", \"identity\": ");
        put_json(to, d->identity, d->identity_len);
        buf_text(to, ", \"psk\": \"");
        put_hex(to, d->psk, d->psk_len);
        buf_byte(to, '"');
    }
    if (cert) {
        buf_text(to, ", \"certificate\": \"");
        put_base64(to, cert->as.bytes.data, cert->as.bytes.len);
        buf_byte(to, '"');
    }
    buf_text(to, "}\n");
}

int row_record(struct buf *to, const struct signet_line_unit *unit, bool csv,
               struct signet_error *err)
{
    const struct signet_device *d = &unit->device;
    int rc = SIGNET_OK;

    if (d->psk && !utf8_valid(d->identity, d->identity_len))
        return error_set(err, SIGNET_E_MEANING, "its identity is no text");
    if (csv)
        rc = put_csv(to, unit, err);
    else
        put_object(to, unit);
    return rc == SIGNET_OK ? buf_check(to, err) : rc;
}
