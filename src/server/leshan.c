/* SPDX-License-Identifier: Apache-2.0 */
/* Eclipse Leshan's demo servers. PUT and POST there overwrite what was there before, and there is
 * no token: they are for laboratories and tests. */
#include "server/answer.h"

#define SECURITY  "/api/security/clients"
#define BOOTSTRAP "/api/bootstrap"

static const struct signet_option_info options[] = {
    {"api", "1: Leshan 1.x, and 2.0.0 up to M7; 2: newer ones (found out)"},
    {0},
};

static int leshan_configure(struct signet_server *server, struct signet_error *err)
{
    const char *api = server_option(server, "api");

    if (api && strcmp(api, "1") != 0 && strcmp(api, "2") != 0)
        return error_set_hint(err, SIGNET_E_USAGE, "leave it out: Signet finds out which it is",
                              "the server information's api must be 1 or 2");
    server->api = api ? (unsigned)(*api - '0') : 0;
    return SIGNET_OK;
}

static int leshan_validate(const struct signet_server *server, const struct signet_device *device,
                           struct signet_error *err)
{
    (void)server;
    if (strpbrk(device->endpoint, "/\\%;")) /* refused in a path, also when they are encoded */
        return error_set_hint(err, SIGNET_E_MEANING, "give the device a name without them",
                              "'%.150s': Leshan takes no endpoint name with a slash, backslash, "
                              "percent sign or semicolon",
                              device->endpoint);
    return SIGNET_OK;
}

/* {"endpoint": .., "tls": {"mode": "psk", "details": {..}}}, or the older {.., "psk": {..}} */
static void put_security_info(struct buf *out, const struct signet_device *device, bool old)
{
    bool psk = device->mode == SIGNET_MODE_PSK;

    buf_text(out, "{\"endpoint\": ");
    buf_json(out, device->endpoint, strlen(device->endpoint));
    if (old)
        buf_text(out, psk ? ", \"psk\": {" : ", \"x509\": true}");
    else
        buf_text(out, psk ? ", \"tls\": {\"mode\": \"psk\", \"details\": {"
                          : ", \"tls\": {\"mode\": \"x509\"}}");
    if (!psk)
        return;
    answer_put_psk(out, "identity", "key", device);
    buf_text(out, old ? "}}" : "}}}");
}

#define TAKEN "is already used"

/* Text; or a page of its Jetty, with the text somewhere in it. */
static bool leshan_words(const struct http_answer *answer, struct buf *out)
{
    static const char jetty[] = "HTTP ERROR";
    const void *page = answer->body.data;

    if (answer_text(answer, out))
        return true;
    if (page && memmem(page, answer->body.len, TAKEN, sizeof(TAKEN) - 1)) {
        buf_text(out, "PSK identity " TAKEN);
        return true;
    }
    return page && memmem(page, answer->body.len, jetty, sizeof(jetty) - 1);
}

static const char *leshan_hint(long status, const char *text)
{
    if (status == 401 || status == 403)
        return "Leshan has no logins: is 'kind' that of another server, or is the login of a proxy "
               "wrong?";
    return strstr(text, TAKEN) ? "another device has this PSK identity: give this one its own"
                               : NULL;
}

/* What the two servers have in common. */
#define LESHAN_FORM                                                                                \
    {                                                                                              \
        .name = "Leshan", .words = leshan_words, .taken = TAKEN, .absent = "not_found",            \
        .hint = leshan_hint                                                                        \
    }
#define LESHAN_TAKES                                                                               \
    .common_name = true,                                                                           \
    .modes = 1u << SIGNET_MODE_PSK | 1u << SIGNET_MODE_CERT | 1u << SIGNET_MODE_NOSEC,             \
    .psk_min = 1, .psk_max = ANSWER_PSK_MAX, .psk_multiple = 1, .batch_max = 1, .upsert = true,    \
    .removes = true, .identity_charset = "UTF-8", .options = options

static int leshan_find(struct signet_server *server, const char *endpoint, struct signet_error *err)
{
    json_t *list = NULL;
    const json_t *one;
    size_t i;
    int rc = server_always_has(server_get(server, SECURITY, NULL, NULL, &list, err), err);
    bool found = false;

    if (rc)
        return rc;
    json_array_foreach(list, i, one) found =
        found || answer_is_text(json_object_get(one, "endpoint"), endpoint, strlen(endpoint));
    json_decref(list);
    return found ? SIGNET_OK
                 : error_set(err, SIGNET_E_NOT_FOUND, "Leshan has no device '%s'", endpoint);
}

static int send_security_info(struct signet_server *server, const struct signet_device *device,
                              bool old, struct signet_error *err)
{
    struct buf body = {0};
    const struct http_request request = {.method = "PUT", .path = SECURITY, .body = &body};
    struct http_answer answer = {0};

    put_security_info(&body, device, old);
    int rc = server_call(server, &request, NULL, &answer, err);
    buf_free(&body);
    return rc;
}

/* Versions up to 2.0.0-M7 answer 400 to the newer body, those since then 500 to the older one, and
 * neither keeps anything: the first device shows which of the two a server is. */
static int put_either(struct signet_server *server, const struct signet_device *device,
                      struct signet_error *err)
{
    struct signet_error first = {0}, second = {0};
    int rc = send_security_info(server, device, server->api == 1, &first);
    bool unlike = first.sys == 400 || first.sys == 500 || first.sys == 0;

    if (rc == SIGNET_E_SERVER && !server->api && unlike) {
        int older = send_security_info(server, device, true, &second);

        if (older == SIGNET_OK || older == SIGNET_E_EXISTS) {
            server->api = 1;
            first = second;
            rc = older;
        }
    }
    return rc ? error_copy(err, &first) : rc;
}

static int leshan_add(struct signet_server *server, const struct signet_device *device,
                      bool *existed, struct signet_error *err)
{
    struct signet_error lookup = {0};

    *existed = false;
    if (device->mode != SIGNET_MODE_NOSEC)
        return put_either(server, device, err);
    /* Any name may come in without security, unless .. */
    int rc = leshan_find(server, device->endpoint, &lookup);
    if (rc)
        return rc == SIGNET_E_NOT_FOUND ? SIGNET_OK : error_copy(err, &lookup);
    return error_set_hint(
        err, SIGNET_E_EXISTS,
        "remove them at the server: with them it takes no device without security",
        "Leshan has credentials for '%s'", device->endpoint);
}

typedef int leshan_lookup(struct signet_server *server, const char *endpoint,
                          struct signet_error *err);

/* An old one answers 404 and not a word to a name that it has not, as anything else may: then the
 * list decides. */
static int drop_at(struct signet_server *server, const char *path, const char *endpoint,
                   leshan_lookup *find, struct signet_error *err)
{
    int rc = server_delete(server, path, endpoint, err);

    return rc == SIGNET_E_SERVER && err->sys == 404 &&
                   find(server, endpoint, NULL) == SIGNET_E_NOT_FOUND
               ? SIGNET_E_NOT_FOUND
               : rc;
}

static int leshan_drop(struct signet_server *server, const char *endpoint, struct signet_error *err)
{
    return drop_at(server, SECURITY "/", endpoint, leshan_find, err);
}

static int seen(struct signet_server *server, const char *endpoint, struct signet_error *err)
{
    struct signet_error answered = {0};
    int rc = server_get(server, "/api/clients/", endpoint, NULL, NULL, &answered);

    if (rc == SIGNET_E_NOT_FOUND || (rc == SIGNET_E_SERVER && answered.sys == 400))
        rc = error_set(&answered, SIGNET_E_NOT_FOUND, "Leshan has no registration of '%s'",
                       endpoint);
    return rc ? error_copy(err, &answered) : rc;
}

const struct server_ops leshan_ops = {
    .other = "leshan-bootstrap",
    .form = LESHAN_FORM,
    .can = {.kind = "leshan",
            .management = true,
            LESHAN_TAKES,
            .manual_steps = "mode cert: the server must trust the device's certificate "
                            "(start it with -ts)"},
    .configure = leshan_configure,
    .validate = leshan_validate,
    .list = SECURITY,
    .add = leshan_add,
    .find = leshan_find,
    .seen = seen,
    .remove = leshan_drop,
};

/* The bootstrap server: what it writes into a device, as a configuration of its own form */

static void leshan_put_bytes(struct buf *out, const char *name, const struct signet_value *value)
{
    buf_printf(out, ", \"%s\": [", name);
    for (size_t i = 0; value && i < value->as.bytes.len; i++)
        buf_printf(out, "%s%u", i ? "," : "", value->as.bytes.data[i]);
    buf_byte(out, ']');
}

static void put_security(struct buf *out, const struct signet_account *a, unsigned n)
{
    bool keys = a->mode != SIGNET_MODE_NOSEC;

    buf_printf(out, "%s\"%u\": {\"bootstrapServer\": %s, \"securityMode\": \"%s\", \"uri\": ",
               n ? ", " : "", n, a->bootstrap ? "true" : "false", answer_mode(a->mode));
    buf_json(out, a->uri->as.bytes.data, a->uri->as.bytes.len);
    leshan_put_bytes(out, "publicKeyOrId", keys ? a->identity : NULL);
    leshan_put_bytes(out, "secretKey", keys ? a->secret_key : NULL);
    leshan_put_bytes(out, "serverPublicKey",
                     keys && a->mode != SIGNET_MODE_PSK ? a->server_key : NULL);
    if (a->has_ssid)
        buf_printf(out, ", \"serverId\": %u", a->ssid);
    buf_byte(out, '}');
}

static void leshan_put_server(struct buf *out, const struct signet_account *a, unsigned n)
{
    buf_printf(out,
               "%s\"%u\": {\"shortId\": %u, \"lifetime\": %lld, \"defaultMinPeriod\": 1, "
               "\"notifIfDisabled\": true, \"binding\": \"U\"}",
               n ? ", " : "", n, a->ssid, (long long)value_integer(a->lifetime, 86400));
}

/* Every account of the device; the bootstrap one too, so that it stays in the device. */
static void put_accounts(struct buf *out, const struct signet_tree *tree)
{
    struct signet_account account;
    unsigned n = 0;

    buf_text(out, "{\"toDelete\": [\"/0\", \"/1\"], \"servers\": {");
    for (size_t i = 0; signet_tree_account(tree, i, &account); i++)
        if (!account.bootstrap)
            leshan_put_server(out, &account, n++);
    buf_text(out, "}, \"security\": {");
    for (n = 0; signet_tree_account(tree, n, &account); n++)
        put_security(out, &account, n);
    buf_text(out, "}}");
}

static int validate_bootstrap(const struct signet_server *server,
                              const struct signet_device *device, struct signet_error *err)
{
    struct signet_account account;
    unsigned bootstraps = 0, managers = 0;
    int rc = leshan_validate(server, device, err);

    for (size_t i = 0; !rc && device->tree && signet_tree_account(device->tree, i, &account); i++) {
        if (account.mode != SIGNET_MODE_PSK && account.mode != SIGNET_MODE_CERT &&
            account.mode != SIGNET_MODE_NOSEC)
            rc = error_set(err, SIGNET_E_MEANING, "/0/%u: Leshan has no such security mode",
                           account.iid);
        else if (!account.uri || (!account.bootstrap && !account.has_ssid))
            rc = error_set(err, SIGNET_E_MEANING, "/0/%u is incomplete", account.iid);
        bootstraps += account.bootstrap;
        managers += !account.bootstrap;
    }
    if (!rc && (!bootstraps || !managers)) {
        rc = error_set(err, SIGNET_E_MEANING,
                       "a bootstrap server needs a bootstrap account and one to write");
        error_hint(err, "two instances of OID.Security: one with RID.Security.Bootstrap True");
    }
    return rc;
}

/* 1.x has no such call, in its own words: a 404 may be anybody's. */
static bool has_no_security(struct signet_server *server)
{
    return server_get(server, SECURITY, NULL, NULL, NULL, NULL) == SIGNET_E_NOT_FOUND;
}

static int add_bootstrap(struct signet_server *server, const struct signet_device *device,
                         bool *existed, struct signet_error *err)
{
    struct buf body = {0};
    const struct http_request request = {.method = "POST",
                                         .path = BOOTSTRAP "/",
                                         .name = device->endpoint,
                                         .body = &body,
                                         .retry_lost = true};
    struct signet_error answered = {0};
    struct http_answer answer = {0};
    int rc = device->mode == SIGNET_MODE_NOSEC ? SIGNET_OK : put_either(server, device, &answered);

    if (rc == SIGNET_E_SERVER && answered.sys == 404 && has_no_security(server))
        rc = SIGNET_OK; /* it looks into the configuration */
    put_accounts(&body, device->tree);
    if (!rc)
        rc = server_call(server, &request, NULL, &answer, err);
    else if (err)
        *err = answered;
    *existed = false;
    buf_free(&body);
    return rc;
}

static int find_bootstrap(struct signet_server *server, const char *endpoint,
                          struct signet_error *err)
{
    json_t *all = NULL;
    int rc = server_always_has(server_get(server, BOOTSTRAP, NULL, NULL, &all, err), err);

    if (!rc && !json_object_get(all, endpoint))
        rc = error_set(err, SIGNET_E_NOT_FOUND, "Leshan's bootstrap server has no device '%s'",
                       endpoint);
    json_decref(all);
    return rc;
}

static int drop_bootstrap(struct signet_server *server, const char *endpoint,
                          struct signet_error *err)
{
    int rc = drop_at(server, BOOTSTRAP "/", endpoint, find_bootstrap, err);

    if (rc && rc != SIGNET_E_NOT_FOUND)
        return rc;
    /* its credentials for the bootstrap server itself: 1.x has no such call */
    int left = server_delete(server, SECURITY "/", endpoint, err);
    bool none = left == SIGNET_E_SERVER && (err->sys == 404 || err->sys == 405);
    return none || left == SIGNET_E_NOT_FOUND ? rc : left;
}

const struct server_ops leshan_bootstrap_ops = {
    .other = "leshan",
    .form = LESHAN_FORM,
    .can = {.kind = "leshan-bootstrap", .bootstrap = true, LESHAN_TAKES, .manual_steps = ""},
    .configure = leshan_configure,
    .validate = validate_bootstrap,
    .list = BOOTSTRAP,
    .add = add_bootstrap,
    .find = find_bootstrap,
    .remove = drop_bootstrap,
};
