/* SPDX-License-Identifier: Apache-2.0 */
/* ThingsBoard's credentials of a device: JSON that its API wants in a string. */
#include "server/thingsboard.h"

bool thingsboard_bootstrap(const struct signet_device *device, struct signet_device *out)
{
    struct signet_account a;

    for (size_t i = 0; device->tree && signet_tree_account(device->tree, i, &a); i++) {
        if (!a.bootstrap)
            continue;
        *out = (struct signet_device){.endpoint = device->endpoint, .tree = device->tree};
        device_take(out, &a);
        return true;
    }
    return false;
}

/* "NAME": {"securityMode": .., ..}: what the device has for this server. */
static void thingsboard_put_server(struct buf *out, const char *name,
                                   const struct signet_device *device)
{
    buf_printf(out, "\"%s\": {\"securityMode\": \"%s\"", name, answer_mode(device->mode));
    if (device->mode == SIGNET_MODE_PSK) {
        buf_text(out, ", ");
        answer_put_psk(out, "clientPublicKeyOrId", "clientSecretKey", device);
    }
    buf_byte(out, '}');
}

/* What ThingsBoard's bootstrap server has to know. Without a bootstrap account no device ever asks
 * for it, but both servers must be named. */
static void put_bootstrap(struct buf *out, const struct signet_device *device)
{
    struct signet_device none = {.mode = SIGNET_MODE_NOSEC}, bootstrap;
    bool asks = thingsboard_bootstrap(device, &bootstrap);

    buf_text(out, ", \"bootstrap\": {");
    thingsboard_put_server(out, "bootstrapServer", asks ? &bootstrap : &none);
    buf_text(out, ", ");
    thingsboard_put_server(out, "lwm2mServer", asks ? device : &none);
    buf_byte(out, '}');
}

/* {"client": {..}, "bootstrap": {..}}: both servers of the latter must be named. */
void thingsboard_put_credentials(struct buf *out, const struct signet_device *device)
{
    buf_printf(out, "{\"client\": {\"securityConfigClientMode\": \"%s\", \"endpoint\": ",
               answer_mode(device->mode));
    buf_json(out, device->endpoint, strlen(device->endpoint));
    if (device->mode == SIGNET_MODE_PSK) {
        buf_text(out, ", ");
        answer_put_psk(out, "identity", "key", device);
    } else if (device->mode == SIGNET_MODE_CERT) {
        /* Base64 of the DER. Without it ThingsBoard wants an authority that it trusts, and the
         * endpoint name as common name. */
        buf_text(out, ", \"cert\": \"");
        buf_base64(out, device->cert, device->cert_len);
        buf_byte(out, '"');
    }
    buf_byte(out, '}');
    put_bootstrap(out, device);
    buf_byte(out, '}');
}

int thingsboard_fits(const struct signet_server *server, const struct signet_device *device,
                     struct signet_error *err)
{
    struct signet_device bootstrap;
    int rc;

    if (!thingsboard_bootstrap(device, &bootstrap))
        return SIGNET_OK;
    if (bootstrap.mode == SIGNET_MODE_CERT || device->mode == SIGNET_MODE_CERT)
        return error_set_hint(
            err, SIGNET_E_MEANING, "beside a bootstrap account it takes accounts of mode psk",
            "ThingsBoard's bootstrap server would need the private key of the device");
    rc = server_fits(&server->ops->can, &bootstrap, err);
    return error_pass(rc, err, "the bootstrap account");
}

bool thingsboard_serves(const struct signet_server *server, const struct signet_account *chosen,
                        const struct signet_account *account)
{
    (void)server;
    return chosen->iid == account->iid || account->bootstrap;
}

static bool same_text(const json_t *object, const char *name, const char *want)
{
    return answer_is_text(json_object_get(object, name), want, strlen(want));
}

/* Line by line: it may be as long as it wants, and memory may be short. */
static bool same_cert(const json_t *client, const struct signet_device *device)
{
    enum { LINE = 48 };
    const json_t *cert = json_object_get(client, "cert");
    const char *text = json_string_value(cert);
    bool same = json_string_length(cert) == (device->cert_len + 2) / 3 * 4;
    char line[LINE / 3 * 4 + 1];

    if (!device->cert) /* trusted by its authority */
        return true;
    for (size_t at = 0, len; same && at < device->cert_len; at += len) {
        len = device->cert_len - at < LINE ? device->cert_len - at : LINE;
        base64_encode(device->cert + at, len, line);
        same = memcmp(text + at / 3 * 4, line, strlen(line)) == 0;
    }
    return same;
}

/* Has the bootstrap server what the device has for it? */
static bool same_bootstrap(const json_t *there, const struct signet_device *device)
{
    const json_t *server = json_object_get(json_object_get(there, "bootstrap"), "bootstrapServer");
    struct signet_device want;

    return !thingsboard_bootstrap(device, &want) ||
           (same_text(server, "securityMode", answer_mode(want.mode)) &&
            (want.mode != SIGNET_MODE_PSK ||
             (answer_is_text(json_object_get(server, "clientPublicKeyOrId"), want.identity,
                             want.identity_len) &&
              answer_is_psk(json_object_get(server, "clientSecretKey"), &want))));
}

/* What of the credentials there is not as we want it; NULL: all is. */
const char *thingsboard_difference(const json_t *there, const struct signet_device *device)
{
    const json_t *value = json_object_get(there, "credentialsValue");
    json_t *inner = json_is_string(value)
                        ? json_loadb(json_string_value(value), json_string_length(value), 0, NULL)
                        : NULL;
    const json_t *client = json_object_get(inner, "client");
    bool psk = device->mode == SIGNET_MODE_PSK, cert = device->mode == SIGNET_MODE_CERT;
    const char *what = NULL;

    if (!same_text(client, "securityConfigClientMode", answer_mode(device->mode)))
        what = "its security mode";
    else if (!same_text(client, "endpoint", device->endpoint))
        what = "its endpoint name";
    else if (psk && !answer_is_text(json_object_get(client, "identity"), device->identity,
                                    device->identity_len))
        what = "its PSK identity";
    else if (psk && !answer_is_psk(json_object_get(client, "key"), device))
        what = "its PSK";
    else if (cert && !same_cert(client, device))
        what = "its certificate";
    else if (!same_bootstrap(inner, device))
        what = "its bootstrap account";
    json_decref(inner);
    return what;
}
