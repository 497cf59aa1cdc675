/* SPDX-License-Identifier: Apache-2.0 */
/* What the output says of one device. */
#include "batch/private.h"
#include "lwm2m/lwm2m.h"

#define COLUMNS "endpoint,mode,identity,psk,certificate"

const char *row_header(enum records_form form)
{
    switch (form) {
    case RECORDS_ONE_ROW:
        return COLUMNS "\n";
    case RECORDS_ROW_PER_ACCOUNT:
        break;
    }
    return COLUMNS ",account,uri\n";
}

int row_packet(struct buf *to, const struct device *device, struct signet_error *err)
{
    /* an endpoint has letters, digits and -._: only */
    buf_printf(to, "{\"endpoint\": \"%s\", \"packet\": \"", device->view.endpoint);
    buf_base64(to, device->packet.data, device->packet.len);
    buf_printf(to, "\", \"packet_sha256\": \"%s\"}\n", device->facts.packet_sha256);
    return buf_check(to, err);
}

static int put_name(struct buf *to, const char *what, const void *text, size_t len,
                    struct signet_error *err)
{
    int rc = csv_check(what, text, len, err);

    csv_cell(to, ',', text, len);
    return rc;
}

/* What a row says of an account. Empty where it does not apply. */
struct row {
    const struct signet_value *identity, *psk, *cert, *uri;
    const char *mode, *account;
};

static struct row row_of(const struct signet_account *a)
{
    static const struct signet_value none;
    bool psk = a->mode == SIGNET_MODE_PSK && a->identity && a->secret_key;
    bool cert = mode_has_certs(a->mode) && a->identity;

    return (struct row){.identity = psk ? a->identity : &none,
                        .psk = psk ? a->secret_key : &none,
                        .cert = cert ? a->identity : &none,
                        .uri = a->uri ? a->uri : &none,
                        .mode = signet_mode_name(a->mode),
                        .account = a->bootstrap ? "bootstrap" : "management"};
}

static int put_csv(struct buf *to, const char *endpoint, const struct row *r,
                   enum records_form form, struct signet_error *err)
{
    int rc = put_name(to, "endpoint name", endpoint, strlen(endpoint), err);

    buf_printf(to, ",%s,", r->mode);
    if (rc == SIGNET_OK)
        rc = put_name(to, "identity", r->identity->as.bytes.data, r->identity->as.bytes.len, err);
    buf_byte(to, ',');
    buf_hex(to, r->psk->as.bytes.data, r->psk->as.bytes.len);
    buf_byte(to, ',');
    buf_base64(to, r->cert->as.bytes.data, r->cert->as.bytes.len);
    if (rc == SIGNET_OK && form == RECORDS_ROW_PER_ACCOUNT) {
        buf_printf(to, ",%s,", r->account);
        rc = put_name(to, "server URI", r->uri->as.bytes.data, r->uri->as.bytes.len, err);
    }
    buf_byte(to, '\n');
    return rc;
}

static void put_object(struct buf *to, const char *endpoint, const struct row *r,
                       enum records_form form)
{
    buf_printf(to, "{\"endpoint\": \"%s\", \"mode\": \"%s\"", endpoint, r->mode);
    if (r->psk->type != SIGNET_TYPE_NONE) {
        buf_text(to, ", \"identity\": ");
        buf_json(to, r->identity->as.bytes.data, r->identity->as.bytes.len);
        buf_text(to, ", \"psk\": \"");
        buf_hex(to, r->psk->as.bytes.data, r->psk->as.bytes.len);
        buf_byte(to, '"');
    }
    if (r->cert->type != SIGNET_TYPE_NONE) {
        buf_text(to, ", \"certificate\": \"");
        buf_base64(to, r->cert->as.bytes.data, r->cert->as.bytes.len);
        buf_byte(to, '"');
    }
    if (form == RECORDS_ROW_PER_ACCOUNT) {
        buf_printf(to, ", \"account\": \"%s\", \"uri\": ", r->account);
        buf_json(to, r->uri->as.bytes.data, r->uri->as.bytes.len);
    }
    buf_text(to, "}\n");
}

int row_record(struct buf *to, const struct device *device, bool csv, enum records_form form,
               struct signet_error *err)
{
    const struct signet_device *d = &device->view;
    struct signet_account a;
    int rc = SIGNET_OK;
    size_t i = 0;

    while (rc == SIGNET_OK && (form == RECORDS_ONE_ROW ? i == 0 && account_main(d->tree, &a)
                                                       : signet_tree_account(d->tree, i, &a))) {
        const struct row r = row_of(&a);

        i++;
        if (!utf8_valid(r.identity->as.bytes.data, r.identity->as.bytes.len))
            rc = error_set(err, SIGNET_E_MEANING, "its identity is no text");
        else if (csv)
            rc = put_csv(to, d->endpoint, &r, form, err);
        else
            put_object(to, d->endpoint, &r, form);
    }
    return rc == SIGNET_OK ? buf_check(to, err) : rc;
}
