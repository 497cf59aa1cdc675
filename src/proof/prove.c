/* SPDX-License-Identifier: Apache-2.0 */
/* Acting as the device: account by account, in at its server and out again. */
#include "lwm2m/lwm2m.h"
#include "pki/pki.h"
#include "proof/coap.h"

#include <stdio.h>

enum { TIMEOUT_MS = 20000 };

/* One proof, and the account that it is at. */
struct run {
    const struct signet_prove_options *options;
    struct signet_proof *out;
    const char *endpoint;
    const struct signet_tree *given; /* NULL until its bootstrap server has written accounts */
    double began;                    /* of the step */
    struct signet_account account;
    struct transport_address address; /* of the account's server */
    struct exchange exchange;
    struct login_rules rules; /* of the account */
};

static void step_begin(struct run *run, const char *step)
{
    struct signet_event event = {
        .kind = SIGNET_EVENT_STAGE_BEGIN, .stage = run->out->step, .endpoint = run->endpoint};

    snprintf(run->out->step, sizeof(run->out->step), "%s", step);
    run->began = clock_seconds();
    event_send(run->options->observer, &event);
}

/* Ends the step; the message of an error begins with its name. */
static int step_end(const struct run *run, int rc, struct signet_error *err)
{
    struct signet_event event = {.kind = SIGNET_EVENT_STAGE_END,
                                 .stage = run->out->step,
                                 .endpoint = run->endpoint,
                                 .seconds = clock_seconds() - run->began,
                                 .error = rc ? err : NULL};

    if (rc)
        error_prefix(err, "%s", run->out->step);
    event_send(run->options->observer, &event);
    return rc;
}

/* The device is in. The server has one registration too many until its lifetime ends. */
static void warn_stays(const struct run *run, const struct signet_error *why)
{
    event_note(run->options->observer, NULL,
               "%s: the server keeps the registration until its lifetime ends", why->msg);
}

/* The client's own weakness: the device is in, as it would be at a server of anyone. */
static void warn_unsigned(const struct run *run, const struct transport *transport)
{
    if (transport_server_unsigned(transport))
        event_note(run->options->observer,
                   "is it the server that is meant? With usage 3 (/0/x/15) its own certificate is "
                   "pinned",
                   "the authority in /0/%u/4 did not sign the server's certificate, and %s goes on "
                   "all the same, since the server sends the authority's certificate beside it, as "
                   "anyone can",
                   run->account.iid, run->rules.profile->name);
}

/* In, and out again also when something failed in between, which then counts. */
static int prove_registration(struct run *run, struct signet_error *err)
{
    const struct signet_prove_options *options = run->options;
    const struct signet_value *lifetime = run->account.lifetime;
    struct registration registration = {
        .exchange = &run->exchange,
        .address = &run->address,
        .endpoint = run->endpoint,
        .lifetime = lifetime ? lifetime->as.integer : 0,
        .newest_first = run->rules.profile->newest_first,
        .options_most = run->address.stream ? run->rules.profile->tcp_options : 0,
        .code = &run->out->code,
    };
    struct signet_error later = {0};
    int rc, out;

    step_begin(run, "register");
    rc = step_end(run, registration_begin(&registration, err), err);
    coap_path(&registration.end, COAP_URI_PATH, run->out->location, sizeof(run->out->location));
    if (!rc && options->on_registered) {
        step_begin(run, "seen");
        rc = options->on_registered(options->ctx, run->endpoint, err);
        if (rc == SIGNET_E_NOT_FOUND)
            rc = (int)(err->code = SIGNET_E_PROOF);
        rc = step_end(run, rc, err);
    }
    if (!registration.end.option_count)
        return rc;
    step_begin(run, "deregister");
    out = step_end(run, registration_end(&registration, &later), &later);
    if (out == SIGNET_E_CANCELLED && !rc) {
        *err = later;
        return out;
    }
    if (out)
        warn_stays(run, &later);
    return rc;
}

static int with_session(struct run *run, struct transport *transport, struct signet_tree *tree,
                        int64_t deadline, struct signet_error *err)
{
    struct exchange *x = &run->exchange;
    int rc = exchange_init(x, transport, run->address.stream, deadline, err);

    x->observer = run->options->observer;
    if (!rc && run->account.bootstrap) {
        step_begin(run, "bootstrap");
        rc = bootstrap_run(x, &run->address, run->endpoint, tree, &run->out->code, err);
        rc = step_end(run, rc, err);
    } else if (!rc) {
        rc = prove_registration(run, err);
    }
    wipe(x->in, sizeof(x->in));
    return rc;
}

static bool is_host_of(const struct run *run, const char *uri, size_t len)
{
    struct transport_address address;

    return transport_parse(&address, uri, len, NULL) == SIGNET_OK &&
           strcasecmp(address.host, run->address.host) == 0;
}

static bool is_listed(const char *list, const char *host)
{
    for (size_t len; list && *list; list += len + (list[len] == ',')) {
        len = strcspn(list, ",");
        if ((len == strlen(host) && strncasecmp(list, host, len) == 0) || text_is(list, len, "any"))
            return true;
    }
    return false;
}

/* A bootstrap server may not send this station, which is inside the firm's network, anywhere. */
static int check_sent(const struct run *run, struct signet_error *err)
{
    const char *uri = run->options->uri, *host = run->address.host;
    bool may = is_listed(run->options->follow, host) || (uri && is_host_of(run, uri, strlen(uri)));
    struct signet_account known;

    for (size_t i = 0; !may && signet_tree_account(run->given, i, &known); i++)
        may = known.uri && known.uri->type == SIGNET_TYPE_STRING &&
              is_host_of(run, (const char *)known.uri->as.bytes.data, known.uri->as.bytes.len);
    if (may)
        return SIGNET_OK;
    error_set(err, SIGNET_E_PROOF, "the bootstrap server sent the device to another host, '%.150s'",
              text_shown(host, strlen(host), 150));
    error_hint(err, "when the other host is right, allow it to be followed");
    return SIGNET_E_PROOF;
}

/* Where the account's server is, and whether its scheme goes with its mode. */
static int find_server(struct run *run, const char *instead, struct signet_error *err)
{
    const struct signet_account *account = &run->account;
    const char *uri = instead, *mode = signet_mode_name(account->mode);
    size_t len = uri ? strlen(uri) : 0;
    int rc;

    if (!uri && account->uri && account->uri->type == SIGNET_TYPE_STRING) {
        uri = (const char *)account->uri->as.bytes.data;
        len = account->uri->as.bytes.len;
    }
    if (!uri)
        return error_set(err, SIGNET_E_MEANING, "/0/%u has no server URI", account->iid);
    rc = transport_parse(&run->address, uri, len, err);
    if (rc)
        return rc;
    snprintf(run->out->uri, sizeof(run->out->uri), "%.*s", (int)(len < 150 ? len : 150), uri);
    if (run->given && (rc = check_sent(run, err)))
        return rc;
    if (run->address.secure != (account->mode != SIGNET_MODE_NOSEC))
        return error_set_hint(err, SIGNET_E_MEANING,
                              run->address.secure
                                  ? "write coap://, or choose a mode that has credentials"
                              : run->address.stream ? "write coaps+tcp://"
                                                    : "write coaps://",
                              "/0/%u is in mode %s, which %s does not go with", account->iid, mode,
                              run->address.secure ? "coaps://" : "coap://");
    if (account->mode == SIGNET_MODE_NONE || account->mode == SIGNET_MODE_RPK ||
        (account->mode == SIGNET_MODE_EST && !(account->identity && account->secret_key)))
        return error_set(err, SIGNET_E_UNSUPPORTED, "mode %s cannot be proved", mode);
    return SIGNET_OK;
}

/* Many servers do not tell an unknown PSK identity from a wrong key; their API does. */
static void explain_silence(const struct run *run, struct signet_error *err)
{
    struct signet_error unused = {0};
    int rc;

    if (run->account.mode != SIGNET_MODE_PSK || run->account.bootstrap || !run->options->knows)
        return;
    rc = run->options->knows(run->options->ctx, run->endpoint, &unused);
    if (rc == SIGNET_E_NOT_FOUND) {
        error_set(err, SIGNET_E_PROOF, "unknown PSK identity: the server does not know '%s' yet",
                  run->endpoint);
        error_hint(err, "register the device there first");
    } else if (!rc) {
        error_set(err, SIGNET_E_PROOF,
                  "wrong PSK: the server knows '%s', with another PSK or PSK identity",
                  run->endpoint);
        error_hint(err, "remove it there and register it again, with what the packet has");
    }
}

static int connect_server(struct run *run, struct transport **out, int64_t deadline,
                          struct signet_error *err)
{
    bool secure = run->address.secure;
    int rc;

    if (secure)
        step_begin(run, "handshake");
    rc = transport_open(out, &run->address, &run->account, &run->rules, deadline,
                        run->options->cancel, err);
    if (rc == SIGNET_E_CERT)
        error_prefix(err, "%s", run->rules.profile->name);
    if (rc == SIGNET_E_CERT || (rc == SIGNET_E_NET && secure && err->sys == 0)) {
        rc = (int)(err->code = SIGNET_E_PROOF);
        explain_silence(run, err);
    }
    if (secure)
        return step_end(run, rc, err);
    return error_pass(rc, err, "connect");
}

/* Where it goes, and whether the device's client would. */
static int look_at_account(struct run *run, const struct signet_tree *tree, const char *instead,
                           struct signet_error *err)
{
    const struct signet_account *a = &run->account;
    int rc = find_server(run, instead, err);

    if (!rc && !run->given)
        rc = rules_check_packet(&run->rules, tree, err);
    if (rc)
        return rc;
    if (mode_has_certs(a->mode) && a->identity && a->identity->type == SIGNET_TYPE_OPAQUE)
        cert_warn_common_name(a->identity->as.bytes.data, a->identity->as.bytes.len, run->endpoint,
                              a->iid, run->options->observer);
    return rules_take(&run->rules, tree, a, run->options->observer, err);
}

/* Proves run->account of tree. written: where a bootstrap server writes to. */
static int prove_account(struct run *run, const struct signet_tree *tree, const char *instead,
                         struct signet_tree *written, struct signet_error *err)
{
    unsigned timeout = run->options->timeout_ms ? run->options->timeout_ms : TIMEOUT_MS;
    int64_t deadline = clock_ms() + timeout;
    struct signet_proof *out = run->out;
    struct transport *transport = NULL;
    int rc;

    step_begin(run, "account");
    rc = step_end(run, look_at_account(run, tree, instead, err), err);
    if (rc)
        return rc;
    out->cipher[0] = out->location[0] = '\0';
    out->code = 0;
    rc = connect_server(run, &transport, deadline, err);
    if (!rc) {
        snprintf(out->cipher, sizeof(out->cipher), "%s", transport_cipher(transport));
        warn_unsigned(run, transport);
        rc = run->options->flags & SIGNET_PROVE_HANDSHAKE
                 ? SIGNET_OK
                 : with_session(run, transport, written, deadline, err);
    }
    transport_close(&transport);
    if (!rc) {
        out->accounts++;
        out->bootstraps += run->account.bootstrap;
    }
    return rc;
}

/* A PSK identity that is a name, as most are. */
static bool name_from_identity(const struct signet_tree *tree, char name[static 152])
{
    struct signet_account account;

    for (size_t i = 0; signet_tree_account(tree, i, &account); i++) {
        const struct signet_value *id = account.identity;
        if (account.mode != SIGNET_MODE_PSK || !id ||
            !endpoint_name_valid((const char *)id->as.bytes.data, id->as.bytes.len))
            continue;
        memcpy(name, id->as.bytes.data, id->as.bytes.len);
        name[id->as.bytes.len] = '\0';
        return true;
    }
    return false;
}

static int prove_accounts(struct run *run, const struct signet_tree *tree, const char *instead,
                          bool bootstrap, struct signet_error *err);

/* The bootstrap server writes into a copy of the tree, whose accounts are then proved. */
static int prove_bootstrap(struct run *run, const struct signet_tree *tree, const char *instead,
                           struct signet_error *err)
{
    struct signet_tree *written = NULL;
    int rc = signet_tree_copy(&written, tree, err);

    if (!rc) {
        signet_tree_set_profile(written, run->rules.profile);
        rc = prove_account(run, tree, instead, written, err);
    }
    if (!rc && !(run->options->flags & SIGNET_PROVE_HANDSHAKE))
        rc = bootstrap_check(written, err);
    if (!rc) {
        unsigned before = run->out->accounts;
        run->given = tree;
        rc = prove_accounts(run, written, NULL, false, err);
        run->given = NULL;
        if (!rc && run->out->accounts == before)
            rc = error_set(err, SIGNET_E_PROOF, "bootstrap: the server wrote no account");
        if (rc && rc != SIGNET_E_CANCELLED)
            error_prefix(err, "after the bootstrap");
        if (rc == SIGNET_E_USAGE) { /* what the server wrote is wrong, not how Signet was called */
            rc = SIGNET_E_PROOF;
            if (err)
                err->code = rc;
        }
    }
    signet_tree_free(&written);
    return rc;
}

static bool account_is_whole(const struct signet_account *a)
{
    return a->has_ssid && a->has_server;
}

/* A Security instance without its Server instance is no account: where another is one, clients pass
 * it over. */
static bool is_passed_over(const struct run *run, const struct signet_tree *tree)
{
    const struct signet_account *a = &run->account;
    struct signet_account other;

    if (a->bootstrap || account_is_whole(a))
        return false;
    for (size_t i = 0; signet_tree_account(tree, i, &other); i++)
        if (other.bootstrap ? !run->given : account_is_whole(&other)) {
            event_note(run->options->observer, NULL,
                       "no Server object (/1) has the Short Server ID of /0/%u: the device does "
                       "not register there (LwM2M Core 1.2, section 6.1.2)",
                       a->iid);
            return true;
        }
    return false;
}

/* All accounts of one kind. */
static int prove_accounts(struct run *run, const struct signet_tree *tree, const char *instead,
                          bool bootstrap, struct signet_error *err)
{
    int rc = SIGNET_OK;

    for (size_t i = 0; !rc && signet_tree_account(tree, i, &run->account); i++)
        if (run->account.bootstrap == bootstrap && !is_passed_over(run, tree))
            rc = bootstrap ? prove_bootstrap(run, tree, instead, err)
                           : prove_account(run, tree, instead, NULL, err);
    return rc;
}

static int find_stack(struct run *run, struct signet_error *err)
{
    const char *name = run->options->stack ? run->options->stack : "openssl";

    run->rules.stack = strcmp(name, "mbedtls") == 0 ? TLS_STACK_MBEDTLS : TLS_STACK_OPENSSL;
    snprintf(run->out->stack, sizeof(run->out->stack), "%s", name);
    if (run->rules.stack == TLS_STACK_MBEDTLS || strcmp(name, "openssl") == 0)
        return SIGNET_OK;
    return error_set_hint(err, SIGNET_E_USAGE, "openssl or mbedtls", "no such TLS stack: '%.40s'",
                          name);
}

/* The proof shows whether the server takes the name: what is wrong with it is worth a word. */
static void suspect_name(const struct run *run)
{
    struct signet_error why = {0};

    if (signet_endpoint_check(run->endpoint, run->options->observer, &why) != SIGNET_OK)
        event_warn(run->options->observer, &why);
}

int signet_prove(const struct signet_tree *tree, const struct signet_prove_options *options,
                 struct signet_proof *out, struct signet_error *err)
{
    struct signet_prove_options mine;
    struct signet_proof own = {0};
    struct signet_error why = {0};
    char name[152] = "";
    struct run run = {.options = &mine, .out = out ? out : &own};
    double began = clock_seconds();
    int rc;

    options_take(&mine, options);
    *run.out = (struct signet_proof){0};
    err = err ? err : &why;
    *err = (struct signet_error){0};
    run.endpoint = mine.endpoint || !name_from_identity(tree, name) ? mine.endpoint : name;
    if (!run.endpoint || strlen(run.endpoint) > 150)
        return error_set_hint(err, SIGNET_E_USAGE, "give the endpoint client name",
                              "which name has the device?");
    if (!uri_are_hosts(mine.follow))
        return error_set_hint(err, SIGNET_E_USAGE,
                              "names alone, with commas between: a.example,b.example",
                              "hosts to be followed are names, not '%s'",
                              text_shown(mine.follow, strlen(mine.follow), 80));
    if ((rc = find_stack(&run, err)))
        return rc;
    suspect_name(&run);
    run.rules.profile = mine.profile ? mine.profile : profile_of(tree);
    if (!signet_tree_account_count(tree))
        return error_set(err, SIGNET_E_USAGE, "the packet has no server account");
    rc = prove_accounts(&run, tree, mine.uri, true, err);
    if (!rc) /* management accounts that were there from the start */
        rc = prove_accounts(&run, tree, mine.uri, false, err);
    run.out->seconds = clock_seconds() - began;
    return rc;
}
