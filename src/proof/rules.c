/* SPDX-License-Identifier: Apache-2.0 */
/* Would the device's client go to this server at all? What its profile says, of what can be known
 * without the server; src/tls judges the server's certificate. Where a profile does not say which
 * stack the firmware has, the strictest counts: Mbed TLS. */
#include "lwm2m/lwm2m.h"
#include "pki/pki.h"
#include "proof/coap.h"

#include <stdio.h>

enum { STRICTEST_PSK = 32, WAIT_MOST = 86400, NAME_MOST = 255 };

static const char *stack_name(const struct login_rules *rules)
{
    return rules->tls->stack ? rules->tls->stack : "mbedtls, the strictest";
}

/* A message that begins with the profile's name. */
__attribute__((format(printf, 4, 5))) static int stay_out(const struct login_rules *rules,
                                                          struct signet_error *err,
                                                          const char *hint, const char *fmt, ...)
{
    char what[300];
    va_list args;

    va_start(args, fmt);
    vsnprintf(what, sizeof(what), fmt, args);
    va_end(args);
    return error_set_hint(err, SIGNET_E_PROOF, hint, "%s: %s", rules->profile->name, what);
}

static int check_server_object(const struct login_rules *rules, const struct signet_account *a,
                               struct signet_error *err)
{
    if (a->bootstrap || (a->has_ssid && a->has_server))
        return SIGNET_OK;
    return stay_out(rules, err,
                    "a server account is a Security and a Server instance with one Short Server ID",
                    "no Server object (/1) has the Short Server ID of /0/%u: the device does not "
                    "register there (LwM2M Core 1.2, section 6.1.2)",
                    a->iid);
}

/* Where the seconds are that the device waits first: Client Hold Off Time of a bootstrap account,
 * Initial Registration Delay Timer of another's Server instance. */
static struct signet_path wait_path(const struct signet_tree *tree, const struct signet_account *a)
{
    struct signet_path path = {0, a->iid, 11, SIGNET_NO_ID};

    for (size_t i = 0; !a->bootstrap && i < signet_tree_count(tree); i++) {
        const struct signet_record *r = signet_tree_at(tree, i);

        if (r->path.oid == 1 && r->path.rid == 0 && value_integer(&r->value, -1) == a->ssid)
            path = (struct signet_path){1, r->path.iid, 14, SIGNET_NO_ID};
    }
    return path;
}

static int check_wait(const struct login_rules *rules, const struct signet_tree *tree,
                      const struct signet_account *a, const struct signet_observer *observer,
                      struct signet_error *err)
{
    struct signet_path path = wait_path(tree, a);
    const struct signet_record *record = signet_tree_find(tree, path);
    const struct profile_resource *own = profile_resource(rules->profile, path.oid, path.rid);
    int64_t seconds = record && !(own && own->absent) ? value_integer(&record->value, 0) : 0;
    const char *what = a->bootstrap ? "calls its bootstrap server" : "registers";

    if (seconds > WAIT_MOST)
        return stay_out(rules, err, "leave it out, or write the seconds that it shall wait",
                        "the device %s only after %lld s (/%u/%u/%u)", what, (long long)seconds,
                        path.oid, path.iid, path.rid);
    if (seconds <= 0)
        return SIGNET_OK;
    event_note(observer, NULL, "the device waits %lld s before it %s (/%u/%u/%u)",
               (long long)seconds, what, path.oid, path.iid, path.rid);
    return SIGNET_OK;
}

/* Security and Server are its library's own: what it does not have there, its reader does not take,
 * nor the packet. */
int rules_check_packet(const struct login_rules *rules, const struct signet_tree *tree,
                       struct signet_error *err)
{
    for (size_t i = 0; i < signet_tree_count(tree); i++) {
        struct signet_path path = signet_tree_at(tree, i)->path;
        const struct profile_object *object = profile_object(rules->profile, path.oid);

        if (path.oid <= 1 && object && !profile_object_takes(object, path.rid))
            return stay_out(rules, err, "leave it out",
                            "its reader does not have /%u/%u/%u, and refuses the packet", path.oid,
                            path.iid, path.rid);
    }
    return SIGNET_OK;
}

static int check_psk_lengths(const struct login_rules *rules, const struct signet_account *a,
                             struct signet_error *err)
{
    const struct profile_tls *tls = rules->tls;
    size_t most = tls->psk_most ? tls->psk_most : tls->stack ? SIZE_MAX : STRICTEST_PSK;

    if (a->secret_key && a->secret_key->as.bytes.len > most)
        return stay_out(rules, err, "use a shorter key, or name the firmware's device profile",
                        "the PSK in /0/%u/5 has %zu bytes, and its TLS stack (%s) takes %zu",
                        a->iid, a->secret_key->as.bytes.len, stack_name(rules), most);
    if (a->identity && tls->identity_most && a->identity->as.bytes.len > tls->identity_most)
        return stay_out(rules, err, "use a shorter identity",
                        "the PSK identity in /0/%u/3 has %zu bytes, and its TLS stack (%s) takes "
                        "%zu",
                        a->iid, a->identity->as.bytes.len, stack_name(rules), tls->identity_most);
    return SIGNET_OK;
}

/* The device's own certificate; that of the server comes with the handshake. */
static int check_own_cert(const struct login_rules *rules, const struct signet_account *a,
                          struct signet_error *err)
{
    struct signet_cert *cert = NULL;
    struct signet_error why = {0};
    int rc;

    if (!a->identity || a->identity->type != SIGNET_TYPE_OPAQUE)
        return SIGNET_OK; /* the handshake says so */
    if (signet_cert_load(&cert, a->identity->as.bytes.data, a->identity->as.bytes.len, NULL))
        return SIGNET_OK;
    rc = cert_fits_stacks(cert, &why);
    signet_cert_free(&cert);
    return rc == SIGNET_OK ? rc : stay_out(rules, err, why.hint, "/0/%u/3: %s", a->iid, why.msg);
}

static int check_cert_usage(const struct login_rules *rules, const struct signet_account *a,
                            struct signet_error *err)
{
    if (!(rules->tls->usages & 1u << rules->usage))
        return stay_out(rules, err, "use another certificate usage (/0/x/15)",
                        "the client has no certificate usage %u (/0/%u/15)", rules->usage, a->iid);
    if (rules->usage < 2)
        return stay_out(
            rules, err, "usage 3 pins the server's own certificate, 2 an authority in the packet",
            "certificate usage %u (/0/%u/15) asks for an authority in the firmware's own "
            "trust store, besides what is in the packet (RFC 6698, section 2.1.1)",
            rules->usage, a->iid);
    if (rules->profile->matching_types && !(rules->profile->matching_types & 1u << rules->matching))
        return stay_out(rules, err, "use matching type 0, the certificate itself",
                        "the client has no matching type %u (/0/%u/13)", rules->matching, a->iid);
    return SIGNET_OK;
}

/* The suites of /0/x/16, where the client looks at them. */
static void take_suites(struct login_rules *out, const struct signet_tree *tree, uint16_t iid)
{
    size_t count = 0, most = sizeof(out->suites) / sizeof *out->suites - 1;

    out->suites[0] = 0;
    if (!out->tls->by_resource_16)
        return;
    for (size_t i = 0; i < signet_tree_count(tree) && count < most; i++) {
        const struct signet_record *r = signet_tree_at(tree, i);

        if (r->path.oid == 0 && r->path.iid == iid && r->path.rid == 16 &&
            r->value.type == SIGNET_TYPE_INTEGER && r->value.as.integer > 0 &&
            r->value.as.integer <= UINT16_MAX)
            out->suites[count++] = (uint16_t)r->value.as.integer;
    }
    out->suites[count] = 0;
}

static int check_suites(const struct login_rules *rules, const struct signet_account *a,
                        struct signet_error *err)
{
    const uint16_t *own = rules->tls->suites;

    if (!rules->suites[0] || tls_suites_usable(rules->suites, own, a->mode == SIGNET_MODE_PSK))
        return SIGNET_OK;
    return stay_out(rules, err,
                    "49320 (0xC0A8) is TLS_PSK_WITH_AES_128_CCM_8, 49326 (0xC0AE) "
                    "TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8",
                    "none of the cipher suites in /0/%u/16 is for mode %s", a->iid,
                    signet_mode_name(a->mode));
}

/* RFC 1035, section 2.3.4; Mbed TLS does not begin a handshake with more. */
static int check_sni(const struct login_rules *rules, const struct signet_tree *tree,
                     const struct signet_account *a, struct signet_error *err)
{
    const struct signet_value *name = tree_value(tree, 0, a->iid, 14);

    if (!rules->tls->sni || !name || name->type != SIGNET_TYPE_STRING ||
        name->as.bytes.len <= NAME_MOST)
        return SIGNET_OK;
    return stay_out(rules, err, "write the name that is in the server's certificate",
                    "the server name in /0/%u/14 has %zu bytes, and names have %d at most (RFC "
                    "1035, section 2.3.4)",
                    a->iid, name->as.bytes.len, NAME_MOST);
}

static void take_resources(struct login_rules *out, const struct signet_tree *tree,
                           const struct signet_account *a)
{
    const struct signet_value *name = tree_value(tree, 0, a->iid, 14);
    int64_t usage = value_integer(a->usage, 3),
            matching = value_integer(tree_value(tree, 0, a->iid, 13), 0);

    out->usage = usage >= 0 && usage <= 3 ? (unsigned)usage : 3;
    out->matching = matching >= 0 && matching <= 3 ? (unsigned)matching : 0;
    out->name[0] = '\0';
    if (out->tls->sni && name && name->type == SIGNET_TYPE_STRING)
        snprintf(out->name, sizeof(out->name), "%s", (const char *)name->as.bytes.data);
    take_suites(out, tree, a->iid);
}

/* Without a certificate of its server a device has to refuse all (LwM2M Transport 1.2, section
 * 5.2.9.7). */
static void take_any_server(struct login_rules *out, const struct signet_account *a,
                            const struct signet_observer *observer)
{
    out->any_server = out->profile->lax && a->mode == SIGNET_MODE_CERT &&
                      (!a->server_key || !a->server_key->as.bytes.len);
    if (out->any_server)
        event_note(observer, "write the server's certificate into /0/x/4",
                   "/0/%u/4 has no certificate of the server: %s then takes any server, also that "
                   "of an attacker",
                   a->iid, out->profile->name);
}

int rules_take(struct login_rules *out, const struct signet_tree *tree,
               const struct signet_account *a, const struct signet_observer *observer,
               struct signet_error *err)
{
    int rc;

    out->tls = &out->profile->tls;
    take_resources(out, tree, a);
    if ((rc = check_server_object(out, a, err)) || (rc = check_wait(out, tree, a, observer, err)) ||
        a->mode == SIGNET_MODE_NOSEC || (rc = check_sni(out, tree, a, err)))
        return rc;
    rc = a->mode == SIGNET_MODE_PSK ? check_psk_lengths(out, a, err) : check_own_cert(out, a, err);
    if (!rc && a->mode != SIGNET_MODE_PSK)
        rc = check_cert_usage(out, a, err);
    take_any_server(out, a, observer);
    return rc ? rc : check_suites(out, a, err);
}
