/* SPDX-License-Identifier: Apache-2.0 */
/* Any answers of a server. Each is a byte for the status and the transport's fate, two bytes of
 * length, and the body; the transport is replaced, the judging is the product's.
 * wrap: http_send
 */
#include "fuzz.h"
#include "server/ops.h"

#include <signet/config.h>
#include <stdlib.h>
#include <string.h>

int __wrap_http_send(struct http *http, const struct http_request *request,
                     struct http_answer *answer, struct signet_error *err);

static _Thread_local const uint8_t *input;
static _Thread_local size_t left, requests;

int __wrap_http_send(struct http *http, const struct http_request *request,
                     struct http_answer *answer, struct signet_error *err)
{
    static const long statuses[] = {200, 201, 204, 301, 400, 401, 403, 404,
                                    409, 422, 429, 500, 503, 0,   299, 600};
    struct buf path = {0};
    size_t len = 0;

    (void)http;
    http_path(request, &path);
    require(request->method && path.data && path.data[0] == '/');
    for (const uint8_t *c = path.data; *c; c++)
        require(*c > 0x20 && *c < 0x7f);
    seen(request->method, strlen(request->method));
    seen(path.data, path.len);
    seen(request->body ? request->body->data : NULL, request->body ? request->body->len : 0);
    buf_free(&path);
    require(++requests < 200); /* no server makes us ask for ever */
    *answer = (struct http_answer){0};
    if (left < 3 || (input[0] & 0x20)) {
        answer->maybe_done = left && (input[0] & 0x10);
        if (left) {
            input++;
            left--;
        }
        return error_set(err, SIGNET_E_NET, "no connection");
    }
    answer->status = statuses[input[0] & 15];
    len = (size_t)input[1] << 8 | input[2];
    input += 3;
    left -= 3;
    if (len > left)
        len = left;
    require(secret_set(&answer->body, input, len, err) == SIGNET_OK);
    input += len;
    left -= len;
    return SIGNET_OK;
}

static void check_outcome(int rc, const struct signet_error *err)
{
    if (!rc)
        return;
    require((int)err->code == rc);
    require_error(err);
    require(!strstr(err->msg, "73656372657473656372657431323334"));
}

static const char accounts[] =
    "{OID.Security: {0: {RID.Security.ServerURI: 'coaps://b', RID.Security.Bootstrap: True,"
    " RID.Security.Mode: 0, RID.Security.PKOrIdentity: b'urn:dev:os:1',"
    " RID.Security.SecretKey: b'secretsecret1234'},"
    " 1: {RID.Security.ServerURI: 'coaps://s', RID.Security.Bootstrap: False,"
    " RID.Security.Mode: 0, RID.Security.PKOrIdentity: b'urn:dev:os:1',"
    " RID.Security.SecretKey: b'secretsecret1234', RID.Security.ShortServerID: 1}},"
    " OID.Server: {1: {RID.Server.ShortServerID: 1, RID.Server.Lifetime: 60,"
    " RID.Server.NotificationStoring: False, RID.Server.Binding: 'U'}}}";

/* Each step is answered by the same input. */
static void begin(const uint8_t *data, size_t size)
{
    input = data;
    left = size;
    requests = 0;
}

static int step(struct signet_server *server, int which, const struct signet_device *two,
                struct signet_error *err)
{
    struct signet_server_result results[2];
    bool existed;
    int rc;

    switch (which) {
    case 0:
        return signet_server_add(server, &two[0], &existed, err);
    case 1:
        return signet_server_find(server, two[0].endpoint, err);
    case 2:
        return signet_server_remove(server, two[0].endpoint, &existed, err);
    case 3:
        rc = signet_server_add_batch(server, two, 2, results, err);
        require(!rc == (!results[0].error.code && !results[1].error.code));
        return rc;
    case 4:
        if (server->ops->seen)
            return signet_server_seen(server, two[0].endpoint, err);
        return SIGNET_OK;
    default:
        return signet_server_check(server, err);
    }
}

static void log_in(struct signet_server *server)
{
    struct secret token = {0};
    struct signet_error err = {0};
    int64_t seconds;

    check_outcome(server->ops->login(server, server->http, &token, &seconds, &err), &err);
    secret_wipe(&token);
}

static void ask_one(const struct signet_server_info *info, const struct signet_device *two,
                    const uint8_t *data, size_t size)
{
    const struct signet_server_options options = {.retry_ms = 1, .parallel = 1};
    struct signet_server *server = NULL;
    struct signet_error err = {0};

    if (signet_server_open(&server, info, &options, "token", 5, NULL, NULL, &err)) {
        require_error(&err);
        return;
    }
    for (int which = 0; which < 6; which++) {
        begin(data, size);
        check_outcome(step(server, which, two, &err), &err);
    }
    begin(data, size);
    if (server->ops->login && info->user)
        log_in(server);
    signet_server_close(&server);
}

static struct signet_tree *tree;

static void free_tree(void)
{
    signet_tree_free(&tree);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char url[] = "https://server.example", user[] = "anna";
    char coiote[] = "coiote", leshan[] = "leshan", thingsboard[] = "thingsboard",
         bootstrap[] = "leshan-bootstrap", password[] = "password", client[] = "client-credentials",
         key[] = "api-key", other[] = "other";
    const struct signet_device psk = {.endpoint = "urn:dev:os:1",
                                      .mode = SIGNET_MODE_PSK,
                                      .identity = (const uint8_t *)"urn:dev:os:1",
                                      .identity_len = 12,
                                      .psk = (const uint8_t *)"secretsecret1234",
                                      .psk_len = 16};
    struct signet_device whole = psk, second = psk, open = {.mode = SIGNET_MODE_NOSEC},
                         named = open;
    struct signet_device cert = {.mode = SIGNET_MODE_CERT, .cert = data, .cert_len = size % 50};

    if (!tree) {
        require(!signet_config_parse(accounts, sizeof(accounts) - 1, "cfg", &tree, NULL));
        atexit(free_tree);
    }
    whole.tree = tree;
    second.endpoint = "urn:dev:os:2";
    open.endpoint = "a/b'c", named.endpoint = "urn:dev:os:1", cert.endpoint = " ";
    const struct signet_device kinds[][2] = {{psk, psk},   {psk, second}, {whole, whole},
                                             {open, open}, {cert, cert},  {second, psk},
                                             {psk, cert},  {named, named}};
    const struct {
        struct signet_server_info info;
        int devices;
    } all[] = {
        {{.kind = coiote, .url = url, .options = {{"domain", "/acme/"}}}, 0},
        {{.kind = coiote,
          .url = url,
          .options = {{"domain", "/acme/"}},
          .auth = password,
          .user = user},
         3},
        {{.kind = coiote,
          .url = url,
          .options = {{"domain", "/acme/"}, {"realm", "r"}},
          .auth = client,
          .user = user},
         1},
        {{.kind = coiote, .url = url, .options = {{"domain", "acme"}}}, 0},
        {{.kind = leshan, .url = url}, 0},
        {{.kind = leshan, .url = url, .options = {{"api", "1"}}}, 4},
        {{.kind = leshan, .url = url, .options = {{"api", "3"}}}, 0},
        {{.kind = leshan, .url = url}, 3},
        {{.kind = coiote, .url = url, .options = {{"domain", "/acme/"}}}, 7},
        {{.kind = leshan, .url = url}, 7},
        {{.kind = bootstrap, .url = url}, 7},
        {{.kind = bootstrap, .url = url}, 2},
        {{.kind = bootstrap, .url = url}, 3},
        {{.kind = thingsboard, .url = url, .auth = password, .user = user}, 0},
        {{.kind = thingsboard, .url = url, .auth = key}, 4},
        {{.kind = thingsboard, .url = url, .auth = other}, 0},
        {{.kind = thingsboard, .url = url, .options = {{"profile", "lwm2m"}}}, 1},
        {{.kind = thingsboard, .url = url, .options = {{"profile", "lw,m"}}}, 6},
    };

    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        ask_one(&all[i].info, kinds[all[i].devices], data, size);
    return 0;
}
