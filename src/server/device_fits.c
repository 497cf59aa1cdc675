/* SPDX-License-Identifier: Apache-2.0 */
/* Is a device as a kind of server wants it? */
#include "pki/pki.h"
#include "server/ops.h"

static int validate_name(const struct signet_server_capabilities *can, const char *name,
                         struct signet_error *err)
{
    size_t len = name ? strlen(name) : 0;

    if (!len)
        return error_set(err, SIGNET_E_MEANING, "the device has no endpoint name");
    if (can->endpoint_max && len > can->endpoint_max) {
        error_set(err, SIGNET_E_MEANING, "the endpoint name has %zu bytes", len);
        error_hint(err, "%s takes at most %u", can->kind, can->endpoint_max);
        return SIGNET_E_MEANING;
    }
    return text_check("endpoint name", name, len, err);
}

static int validate_psk(const struct signet_server_capabilities *can,
                        const struct signet_device *device, struct signet_error *err)
{
    size_t len = device->psk_len;

    if (!device->identity_len || !len)
        return error_set(err, SIGNET_E_MEANING, "mode psk needs a PSK identity and a key");
    if (!utf8_valid(device->identity, device->identity_len) ||
        memchr(device->identity, 0, device->identity_len))
        return error_set(err, SIGNET_E_MEANING,
                         "%s takes PSK identities that are text (UTF-8), and this one is not",
                         can->kind);
    if (len >= can->psk_min && len <= can->psk_max && len % can->psk_multiple == 0)
        return SIGNET_OK;
    error_set(err, SIGNET_E_MEANING, "%s takes no PSK of %zu bytes", can->kind, len);
    if (can->psk_multiple > 1)
        error_hint(err, "%u to %u bytes, a multiple of %u", can->psk_min, can->psk_max,
                   can->psk_multiple);
    else
        error_hint(err, "%u to %u bytes", can->psk_min, can->psk_max);
    return SIGNET_E_MEANING;
}

/* A server that looks for the endpoint name in the certificate takes the device now and refuses it
 * whenever it comes. */
static int validate_common_name(const struct signet_server_capabilities *can,
                                const struct signet_device *device, struct signet_error *err)
{
    char name[CERT_NAME_SIZE] = "";

    if (!can->common_name || !device->cert ||
        (cert_common_name(device->cert, device->cert_len, name) &&
         strcmp(name, device->endpoint) == 0))
        return SIGNET_OK;
    error_set(err, SIGNET_E_MEANING,
              "the common name of the certificate is '%s' and not the endpoint name",
              text_shown(name, strlen(name), CERT_NAME_SIZE));
    error_hint(err, "%s lets devices in whose certificate has their endpoint name", can->kind);
    return SIGNET_E_MEANING;
}

static int validate_key(const struct signet_server_capabilities *can,
                        const struct signet_device *device, struct signet_error *err)
{
    struct signet_cert *cert = NULL;
    struct cert_traits traits = {0};
    int rc;

    if (!can->ec_keys || !device->cert)
        return SIGNET_OK;
    rc = signet_cert_load(&cert, device->cert, device->cert_len, err);
    if (!rc)
        rc = cert_traits(cert, &traits, err);
    signet_cert_free(&cert);
    if (rc || traits.curve[0])
        return rc;
    return error_set_hint(err, SIGNET_E_MEANING, "give the device a certificate with an EC key",
                          "%s takes certificates with EC keys only, and the key of this one is RSA",
                          can->kind);
}

int server_fits(const struct signet_server_capabilities *can, const struct signet_device *device,
                struct signet_error *err)
{
    int rc = validate_name(can, device->endpoint, err);

    if (rc)
        return rc;
    if (device->mode < 0 || (int)device->mode >= SIGNET_MODES)
        return error_set(err, SIGNET_E_MEANING, "the configuration has no security mode");
    if (!(can->modes & 1u << device->mode))
        return error_set(err, SIGNET_E_MEANING, "%s takes no device of mode %s", can->kind,
                         signet_mode_name(device->mode));
    if (device->mode == SIGNET_MODE_PSK)
        return validate_psk(can, device, err);
    rc = validate_common_name(can, device, err);
    return rc ? rc : validate_key(can, device, err);
}
