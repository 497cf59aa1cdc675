/* SPDX-License-Identifier: Apache-2.0 */
/* The server's certificate of an account (/0/x/4): what it must be by certificate usage (/0/x/15),
 * matching type (/0/x/13) and the name of the server. */
#include "check/private.h"
#include "pki/pki.h"

#include <stdio.h>

enum { USAGE_AUTHORITY_TOO = 0, USAGE_SERVER_TOO = 1, USAGE_AUTHORITY = 2, USAGE_SERVER = 3 };

/* Matching type 1 to 3: resource 4 holds a hash of the server's certificate (LwM2M Core 1.1,
 * Appendix E.1). */
static int check_hash(const struct signet_account *a, int64_t type, struct signet_error *err)
{
    static const struct {
        const char *name;
        size_t len;
    } hashes[] = {{"SHA-256", 32}, {"SHA-384", 48}, {"SHA-512", 64}};
    size_t len = a->server_key->as.bytes.len;

    if (len == hashes[type - 1].len)
        return SIGNET_OK;
    return error_set_hint(
        err, SIGNET_E_CERT, "leave /0/x/13 out, or 0, where 4 is the certificate itself",
        "/0/%u/4 has %zu bytes, and matching type %d (/0/%u/13) means a hash of "
        "%zu: %s of the certificate",
        a->iid, len, (int)type, a->iid, hashes[type - 1].len, hashes[type - 1].name);
}

/* RFC 6698, section 2.1.1: 0 and 2 name an authority that issued the server's certificate, 1 and 3
 * the server's own. A server's own may be able to issue others, so that this is no refusal. */
static int check_usage(const struct signet_account *a, const struct signet_cert *cert,
                       int64_t usage, const struct signet_observer *observer,
                       struct signet_error *err)
{
    bool authority = cert_is_authority(cert);

    if ((usage == USAGE_AUTHORITY_TOO || usage == USAGE_AUTHORITY) && !authority)
        return error_set_hint(err, SIGNET_E_CERT,
                              "usage 3 is for the server's own certificate, 2 for an authority",
                              "it is no authority's certificate, and certificate usage %d "
                              "(/0/%u/15) means one (RFC 6698, section 2.1.1): the device would "
                              "refuse the server",
                              (int)usage, a->iid);
    if (!authority || (usage != USAGE_SERVER && usage != USAGE_SERVER_TOO))
        return SIGNET_OK;
    event_note(observer, "usage 2 is for an authority, 3 for the server's own certificate",
               "/0/%u/4 is an authority's certificate, and certificate usage %d means the server's "
               "own",
               a->iid, (int)usage);
    return SIGNET_OK;
}

/* The name that a client looks for: /0/x/14, else the host in the URI. False: there is none, or the
 * URI is none, which is told elsewhere. */
static bool server_name(const struct signet_tree *tree, const struct signet_account *a, bool sni,
                        char out[static 256])
{
    const struct signet_value *named = sni ? tree_value(tree, 0, a->iid, 14) : NULL;
    struct coap_uri uri = {0};

    if (named && named->type == SIGNET_TYPE_STRING && named->as.bytes.len)
        snprintf(out, 256, "%s", (const char *)named->as.bytes.data);
    else if (a->uri && a->uri->type == SIGNET_TYPE_STRING &&
             !uri_parse(&uri, (const char *)a->uri->as.bytes.data, a->uri->as.bytes.len, NULL))
        snprintf(out, 256, "%s", uri.host);
    else
        *out = '\0';
    return *out;
}

/* Clients on some TLS stacks compare the name although the certificate is pinned. They read the
 * packet all the same, and the certificate may be of a test: a warning. */
static void warn_pinned_name(const struct signet_tree *tree, const struct signet_account *a,
                             const struct signet_cert *cert, const struct signet_observer *observer)
{
    const struct signet_profile *profile = profile_of(tree);
    const struct signet_profile *client = profile->warns ? profile->warns : profile;
    struct signet_error why = {0};
    char name[256];

    if (!client->tls.checks_pinned_name || !server_name(tree, a, client->tls.sni, name) ||
        cert_names_host(cert, name, &why) == SIGNET_OK)
        return;
    why.code = SIGNET_OK;
    error_prefix(&why, "/0/%u/4: %s would refuse a server with this certificate", a->iid,
                 client->name);
    event_warn(observer, &why);
}

static int judge_server_cert(const struct signet_tree *tree, const struct signet_account *a,
                             const struct signet_cert *cert, int64_t usage,
                             const struct signet_observer *observer, struct signet_error *err)
{
    bool own = usage == USAGE_SERVER || usage == USAGE_SERVER_TOO;
    char where[24];
    int rc = cert_fits_stacks(cert, err);

    if (rc == SIGNET_OK)
        rc = check_cert_dates(cert, observer, err);
    if (rc == SIGNET_OK)
        rc = check_usage(a, cert, usage, observer, err);
    if (rc == SIGNET_OK && own)
        warn_pinned_name(tree, a, cert, observer);
    snprintf(where, sizeof(where), "/0/%u/4", a->iid);
    if (rc == SIGNET_OK)
        cert_warn_weak(cert, own ? CERT_OF_SERVER : CERT_OF_AUTHORITY, where, observer);
    return rc;
}

int check_server_cert(const struct signet_tree *tree, const struct signet_account *a,
                      const struct signet_observer *observer, struct signet_error *err)
{
    int64_t type = value_integer(tree_value(tree, 0, a->iid, 13), 0);
    int64_t usage = value_integer(tree_value(tree, 0, a->iid, 15), USAGE_SERVER);
    struct signet_cert *cert = NULL;
    int rc;

    if (type >= 1 && type <= 3)
        return check_hash(a, type, err);
    rc = value_load_cert(&cert, a->server_key, err);
    if (rc == SIGNET_OK)
        rc = judge_server_cert(tree, a, cert, usage, observer, err);
    if (rc != SIGNET_OK)
        error_prefix(err, "/0/%u/4", a->iid);
    signet_cert_free(&cert);
    return rc;
}
