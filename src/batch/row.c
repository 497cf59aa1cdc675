/* SPDX-License-Identifier: Apache-2.0 */
/* What the output says of one device. */
#include "batch/private.h"
#include "lwm2m/lwm2m.h"

#include <string.h>

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

int row_packet(struct buf *to, const struct device *unit, struct signet_error *err)
{
    buf_text(to, "{\"endpoint\": \"");
    buf_text(to, unit->view.endpoint); /* letters, digits and -._: */
    buf_text(to, "\", \"packet\": \"");
    buf_base64(to, unit->packet.data, unit->packet.len);
    buf_text(to, "\", \"packet_sha256\": \"");
    buf_text(to, unit->facts.packet_sha256);
    buf_text(to, "\"}\n");
    return buf_check(to, err);
}

static int put_name(struct buf *to, const char *what, const void *text, size_t len,
                    struct signet_error *err)
{
    int rc = csv_check(what, text, len, err);

    if (rc == SIGNET_OK)
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

    buf_byte(to, ',');
    buf_text(to, r->mode);
    buf_byte(to, ',');
    if (rc == SIGNET_OK)
        rc = put_name(to, "identity", r->identity->as.bytes.data, r->identity->as.bytes.len, err);
    buf_byte(to, ',');
    buf_hex(to, r->psk->as.bytes.data, r->psk->as.bytes.len);
    buf_byte(to, ',');
    buf_base64(to, r->cert->as.bytes.data, r->cert->as.bytes.len);
    if (form == RECORDS_ROW_PER_ACCOUNT) {
        buf_byte(to, ',');
        buf_text(to, r->account);
        buf_byte(to, ',');
        if (rc == SIGNET_OK)
            rc = put_name(to, "server URI", r->uri->as.bytes.data, r->uri->as.bytes.len, err);
    }
    buf_byte(to, '\n');
    return rc;
}

static void put_object(struct buf *to, const char *endpoint, const struct row *r,
                       enum records_form form)
{
    buf_text(to, "{\"endpoint\": \"");
    buf_text(to, endpoint);
    buf_text(to, "\", \"mode\": \"");
    buf_text(to, r->mode);
    buf_byte(to, '"');
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

static int put_account(struct buf *to, const char *endpoint, const struct signet_account *a,
                       bool csv, enum records_form form, struct signet_error *err)
{
    const struct row r = row_of(a);

    if (!utf8_valid(r.identity->as.bytes.data, r.identity->as.bytes.len))
        return error_set(err, SIGNET_E_MEANING, "its identity is no text");
    if (csv)
        return put_csv(to, endpoint, &r, form, err);
    put_object(to, endpoint, &r, form);
    return SIGNET_OK;
}

int row_record(struct buf *to, const struct device *unit, bool csv, enum records_form form,
               struct signet_error *err)
{
    const struct signet_device *d = &unit->view;
    struct signet_account a;
    int rc = SIGNET_OK;

    if (form == RECORDS_ONE_ROW && account_main(d->tree, &a))
        rc = put_account(to, d->endpoint, &a, csv, form, err);
    for (size_t i = 0;
         form == RECORDS_ROW_PER_ACCOUNT && rc == SIGNET_OK && signet_tree_account(d->tree, i, &a);
         i++)
        rc = put_account(to, d->endpoint, &a, csv, form, err);
    return rc == SIGNET_OK ? buf_check(to, err) : rc;
}
