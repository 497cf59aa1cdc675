/* SPDX-License-Identifier: Apache-2.0 */
/* AVSystem Coiote IoT Device Management, REST API v3. */
#include "server/answer.h"

#define API     "/api/coiotedm/v3"
#define DEVICES API "/devices/"
#define NAMED   "searchCriteria=properties.endpointName%20eq%20%27"

enum { ENDPOINT_MAX = 150, BATCH_MAX = 100 };

static const struct signet_option_info options[] = {
    {"domain", "\"/acme/\", as Coiote shows it; must be given"},
    {"realm", "of a service account, for auth \"client-credentials\" (master)"},
    {0},
};

static int coiote_configure(struct signet_server *server, struct signet_error *err)
{
    const char *domain = server_option(server, "domain");
    size_t len = domain ? strlen(domain) : 0;

    if (len && domain[0] == '/' && domain[len - 1] == '/')
        return SIGNET_OK;
    if (len)
        return error_set_hint(err, SIGNET_E_USAGE, "\"domain\": \"/acme/\", as Coiote shows it",
                              "the server information's domain must begin and end with a slash");
    return error_set_hint(err, SIGNET_E_USAGE,
                          "\"domain\": \"/acme/\", as Coiote shows it; a server of another kind "
                          "has its \"kind\"",
                          "the server information has no domain");
}

/* Quotes would end the text of a search. */
static int coiote_check_name(const char *endpoint, struct signet_error *err)
{
    return strpbrk(endpoint, "'\"\\")
               ? error_set(err, SIGNET_E_MEANING,
                           "Coiote takes no endpoint name with quotes or backslashes")
               : SIGNET_OK;
}

static int coiote_validate(const struct signet_server *server, const struct signet_device *device,
                           struct signet_error *err)
{
    (void)server;
    return coiote_check_name(device->endpoint, err);
}

static const char *connector(const struct signet_device *device)
{
    return device->bootstrap ? "bootstrap" : "management";
}

/* The reference's six members, in its order. */
static void coiote_put_device(struct buf *body, const struct signet_server *server,
                              const struct signet_device *device)
{
    const char *domain = server_option(server, "domain");

    buf_text(body, "{\"properties\": {\"endpointName\": ");
    buf_json(body, device->endpoint, strlen(device->endpoint));
    buf_printf(body, "}, \"connectorType\": \"%s\", \"domain\": ", connector(device));
    buf_json(body, domain, strlen(domain));
    buf_printf(body,
               ", \"securityMode\": \"%s\", \"dtlsIdentity\": ", signet_mode_name(device->mode));
    if (device->mode != SIGNET_MODE_PSK) {
        buf_text(body, "null, \"dtlsPsk\": null}");
        return;
    }
    buf_json(body, device->identity, device->identity_len);
    buf_text(body, ", \"dtlsPsk\": {\"HexadecimalPsk\": \"");
    buf_hex(body, device->psk, device->psk_len);
    buf_text(body, "\"}}");
}

static bool coiote_words(const struct http_answer *answer, struct buf *out)
{
    return answer_member(answer, "error", out);
}

static const char *coiote_hint(long status, const char *text)
{
    if (status == 401)
        return "is the token right and not expired? Coiote's tokens live a few minutes";
    if (status == 403)
        return "does this account have the permission, and the domain?";
    if (status == 400 && strcasestr(text, "taken"))
        return "another device has this PSK identity: give this one its own";
    return NULL;
}

/* The id of the first hit, of either form of the list. SIGNET_E_NOT_FOUND: the list is empty. */
static int first_id(const json_t *body, struct buf *id, struct signet_error *err)
{
    const json_t *list = json_is_array(body) ? body : json_object_get(body, "devices");
    const json_t *hit = json_array_get(list, 0);
    const char *text = json_string_value(json_is_object(hit) ? json_object_get(hit, "id") : hit);

    if (json_is_array(list) && !hit)
        return SIGNET_E_NOT_FOUND;
    if (!text || !*text)
        return error_set(err, SIGNET_E_SERVER, "Coiote answered a search with no list of devices");
    buf_text(id, text);
    return buf_check(id, err);
}

/* The opaque id of the device of that name, from either search; SIGNET_E_NOT_FOUND. A search that
 * finds nothing is answered with 200: a 404 is that of another API. */
static int coiote_find_id(struct signet_server *server, const char *endpoint, struct buf *id,
                          struct signet_error *err)
{
    static const char *const searches[] = {
        API "/devices/find/details?fieldSelection=id&limit=1&" NAMED,
        API "/devices?" NAMED, /* for accounts without the permission to the first */
    };
    struct http_answer answer = {0};
    json_t *body = NULL;
    int rc = coiote_check_name(endpoint, err);

    if (rc != SIGNET_OK)
        return rc;
    for (size_t i = 0; i < 2; i++) {
        const struct http_request request = {
            .method = "GET", .path = searches[i], .name = endpoint, .rest = "%27"};

        rc = server_call(server, &request, &body, &answer, err);
        if (answer.status != 403 && answer.status != 404)
            break;
    }
    rc = server_always_has(rc, err);
    if (rc == SIGNET_OK)
        rc = first_id(body, id, err);
    json_decref(body);
    return rc == SIGNET_E_NOT_FOUND ? error_set(err, rc, "Coiote has no device '%s'", endpoint)
                                    : rc;
}

static bool same_bytes(const json_t *array, const struct signet_device *device)
{
    for (size_t i = 0; i < device->psk_len; i++)
        if ((json_integer_value(json_array_get(array, i)) & 0xff) != device->psk[i])
            return false;
    return json_array_size(array) == device->psk_len;
}

static bool shows_psk(const json_t *there)
{
    return json_is_object(json_object_get(there, "dtlsPsk"));
}

/* In whichever form the server shows it. */
static bool same_psk(const json_t *there, const struct signet_device *device)
{
    const json_t *hex = json_object_get(there, "HexadecimalPsk");
    const json_t *text = json_object_get(there, "PlainTextPsk");
    const json_t *bytes = json_object_get(there, "BinaryPsk");

    if (json_is_string(text))
        return answer_is_text(text, device->psk, device->psk_len);
    if (json_is_array(bytes))
        return same_bytes(bytes, device);
    if (json_is_string(hex))
        return answer_is_psk(hex, device);
    return false;
}

/* What of the device at the server is not as we want it; NULL when it is the same. A text that the
 * server does not show is taken for the same. */
static const char *difference(const json_t *there, const struct signet_server *server,
                              const struct signet_device *device)
{
    const char *mode = signet_mode_name(device->mode), *type = connector(device);
    const char *domain = server_option(server, "domain");
    const struct {
        const char *name, *what;
        const void *want;
        size_t len;
    } texts[] = {
        {"endpointName", "its endpoint name", device->endpoint, strlen(device->endpoint)},
        {"connectorType", "its connector type", type, strlen(type)},
        {"securityMode", "its security mode", mode, strlen(mode)},
        {"domain", "its domain", domain, strlen(domain)},
        {"dtlsIdentity", "its PSK identity", device->identity, device->identity_len},
    };
    bool psk = device->mode == SIGNET_MODE_PSK;

    for (size_t i = 0; i < (psk ? 5 : 4); i++) {
        const json_t *value =
            json_object_get(i ? there : json_object_get(there, "properties"), texts[i].name);

        if (json_is_string(value) && !answer_is_text(value, texts[i].want, texts[i].len))
            return texts[i].what;
    }
    return psk && shows_psk(there) && !same_psk(json_object_get(there, "dtlsPsk"), device)
               ? "its PSK"
               : NULL;
}

/* The device of that name, and its id. */
static int coiote_get(struct signet_server *server, const char *endpoint, struct buf *id,
                      json_t **there, struct signet_error *err)
{
    int rc = coiote_find_id(server, endpoint, id, err);

    if (rc == SIGNET_OK)
        rc = server_get(server, DEVICES, (const char *)id->data, NULL, there, err);
    if (rc == SIGNET_OK && !json_is_object(*there))
        rc = error_set(err, SIGNET_E_SERVER, "Coiote answered with no JSON object");
    return rc;
}

/* SIGNET_OK: the server has this very device. SIGNET_E_EXISTS: another of its name. */
static int coiote_compare(struct signet_server *server, const struct signet_device *device,
                          struct signet_error *err)
{
    struct buf id = {0};
    json_t *there = NULL;
    int rc = coiote_get(server, device->endpoint, &id, &there, err);

    buf_free(&id);
    if (rc == SIGNET_OK)
        rc = reconcile_differs(server, device, difference(there, server, device), err);
    if (rc == SIGNET_OK && device->mode == SIGNET_MODE_PSK && !shows_psk(there))
        rc = error_set_hint(
            err, SIGNET_E_EXISTS, "let this account see it, or remove the device at the server",
            "Coiote has a device '%s' already, and does not show its PSK", device->endpoint);
    json_decref(there);
    return rc;
}

/* Coiote says 409 for a taken name, 400 for a taken identity. */
static int coiote_add(struct signet_server *server, const struct signet_device *device,
                      bool *existed, struct signet_error *err)
{
    struct buf body = {0};

    coiote_put_device(&body, server, device);
    return reconcile_add(server, device, API "/devices", &body, coiote_compare, existed, err);
}

/* {"total": n, "succeeded": n, "failed": 0, "results": [..]}, of any 2xx. Ids in it are opaque, so
 * which of them failed is not told apart here. */
static bool batch_succeeded(const json_t *body, size_t count)
{
    const json_t *results = json_object_get(body, "results"), *one;
    bool good = json_array_size(results) == count;
    size_t i;

    json_array_foreach(results, i, one) good =
        good && json_is_true(json_object_get(one, "success"));
    return good;
}

static int coiote_add_batch(struct signet_server *server, const struct signet_device *devices,
                            size_t count, struct signet_error *err)
{
    struct buf body = {0};
    json_t *results = NULL;
    int rc;

    for (size_t i = 0; i < count; i++) {
        buf_text(&body, i ? ", " : "[");
        coiote_put_device(&body, server, &devices[i]);
    }
    buf_text(&body, "]");
    rc = server_post_batch(server, DEVICES "batch", &body, &results, err);
    if (rc == SIGNET_OK && !batch_succeeded(results, count))
        rc = error_set(err, SIGNET_E_SERVER, "Coiote refused some of a batch");
    json_decref(results);
    return rc;
}

/* Logins: OAuth 2.0 of Coiote itself, or of a service account */

static void put_field(struct buf *form, const char *name, const char *text)
{
    buf_printf(form, "&%s=", name);
    http_encode(form, text);
}

static const char *coiote_auth_header(const char *auth)
{
    return strcmp(auth, "token") == 0 || strcmp(auth, "password") == 0 ||
                   strcmp(auth, "client-credentials") == 0
               ? "Authorization: Bearer "
               : NULL;
}

static int coiote_login(const struct signet_server *server, struct http *http, struct secret *token,
                        int64_t *seconds, struct signet_error *err)
{
    const char *realm = server_option(server, "realm");
    bool client = strcmp(server->info.auth, "client-credentials") == 0;
    struct buf form = {0};
    struct http_request request = {.path = "/api/auth/oauth_password", .body = &form, .form = true};
    int rc;

    if (client) {
        request.path = "/iam/realms/";
        request.name = realm ? realm : "master";
        request.rest = "/protocol/openid-connect/token";
    }
    buf_text(&form, client ? "grant_type=client_credentials" : "grant_type=password");
    put_field(&form, client ? "client_id" : "username", server->info.user);
    put_field(&form, client ? "client_secret" : "password", (const char *)server->password.data);
    rc = server_login(server, http, &request, "access_token", token, seconds, err);
    buf_free(&form);
    return rc;
}

/* A name that no device has. */
static int coiote_check(struct signet_server *server, struct signet_error *err)
{
    return server_get(server, API "/devices?" NAMED, "-", "%27", NULL, err);
}

static int coiote_find(struct signet_server *server, const char *endpoint, struct signet_error *err)
{
    struct buf id = {0};
    int rc = coiote_find_id(server, endpoint, &id, err);

    buf_free(&id);
    return rc;
}

/* What the search found is looked at before it goes: its name must be this one. */
static int coiote_drop(struct signet_server *server, const char *endpoint, struct signet_error *err)
{
    struct buf id = {0};
    json_t *there = NULL;
    int rc = coiote_get(server, endpoint, &id, &there, err);
    const json_t *name = json_object_get(json_object_get(there, "properties"), "endpointName");

    if (rc == SIGNET_OK && name && !answer_is_text(name, endpoint, strlen(endpoint)))
        rc = error_set(err, SIGNET_E_SERVER, "Coiote's search for '%s' found another device",
                       endpoint);
    if (rc == SIGNET_OK) {
        rc = server_delete(server, DEVICES, (const char *)id.data, err);
        rc = rc == SIGNET_E_NOT_FOUND ? SIGNET_OK : rc; /* an earlier attempt removed it */
    }
    json_decref(there);
    buf_free(&id);
    return rc;
}

const struct server_ops coiote_ops = {
    .can = {.kind = "coiote",
            .bootstrap = true,
            .management = true,
            .common_name = true,
            .modes = 1u << SIGNET_MODE_PSK | 1u << SIGNET_MODE_RPK | 1u << SIGNET_MODE_CERT |
                     1u << SIGNET_MODE_NOSEC | 1u << SIGNET_MODE_EST,
            .psk_min = 1,
            .psk_max = 64,
            .psk_multiple = 1,
            .endpoint_max = ENDPOINT_MAX,
            .batch_max = BATCH_MAX,
            .needs_token = true,
            .removes = true,
            .uploads = true,
            .identity_charset = "UTF-8",
            .manual_steps =
                "mode cert: upload the certificates listed in uploads/to-upload.tsv, or "
                "their authority's, under Administration > DTLS/TLS certificates",
            .options = options},
    .form = {.name = "Coiote", .words = coiote_words, .hint = coiote_hint},
    .header = coiote_auth_header,
    .login = coiote_login,
    .add_batch = coiote_add_batch,
    .configure = coiote_configure,
    .validate = coiote_validate,
    .check = coiote_check,
    .add = coiote_add,
    .find = coiote_find,
    .remove = coiote_drop,
};
