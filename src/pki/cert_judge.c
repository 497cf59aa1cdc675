/* SPDX-License-Identifier: Apache-2.0 */
/* What a TLS stack does with a certificate that it can read: key and signature that it does not
 * know, and what is old, weak or for another purpose. */
#include "pki/private.h"

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>
#include <stdio.h>

enum { RSA_MOST = 8192, RSA_WEAK = 2048 };

/* The curves that Mbed TLS has (2.28 and 3). */
static bool has_known_curve(EVP_PKEY *key, char group[static 64])
{
    static const char *const names[] = {
        "prime256v1",      "secp384r1",       "secp521r1", "prime192v1",
        "secp192k1",       "secp224r1",       "secp224k1", "brainpoolP256r1",
        "brainpoolP384r1", "brainpoolP512r1", "secp256k1",
    };

    if (EVP_PKEY_get_group_name(key, group, 64, NULL) != 1) {
        snprintf(group, 64, "without a name");
        ERR_clear_error();
        return false;
    }
    for (size_t i = 0; i < COUNT_OF(names); i++)
        if (!strcmp(names[i], group))
            return true;
    return false;
}

/* Spelled out by its numbers, which RFC 5480, section 2.1.1, forbids. */
static bool has_curve_numbers(X509 *x)
{
    X509_ALGOR *algorithm = NULL;
    int type = V_ASN1_UNDEF;

    if (X509_PUBKEY_get0_param(NULL, NULL, NULL, &algorithm, X509_get_X509_PUBKEY(x)) == 1)
        X509_ALGOR_get0(NULL, &type, NULL, algorithm);
    return type != V_ASN1_OBJECT;
}

static bool is_compressed(const X509 *x)
{
    const ASN1_BIT_STRING *key = X509_get0_pubkey_bitstr(x);

    return !key || ASN1_STRING_length(key) < 1 || ASN1_STRING_get0_data(key)[0] != 4;
}

static bool names_rsa(X509 *x)
{
    ASN1_OBJECT *oid = NULL;

    X509_PUBKEY_get0_param(&oid, NULL, NULL, NULL, X509_get_X509_PUBKEY(x));
    return oid && OBJ_obj2nid(oid) == NID_rsaEncryption;
}

static bool rsa_is_sound(EVP_PKEY *key)
{
    BIGNUM *n = NULL, *e = NULL;
    bool sound = EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_N, &n) == 1 &&
                 EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_E, &e) == 1 && BN_is_odd(n) &&
                 BN_is_odd(e) && BN_num_bits(e) >= 2 && BN_cmp(e, n) < 0 && BN_num_bits(n) >= 128;

    BN_free(n);
    BN_free(e);
    return sound;
}

static bool key_fits(X509 *x, char wrong[static 160])
{
    EVP_PKEY *key = X509_get0_pubkey(x);
    const char *name = key ? EVP_PKEY_get0_type_name(key) : NULL;
    char group[64];

    *wrong = '\0';
    if (key && EVP_PKEY_is_a(key, "EC")) {
        if (has_curve_numbers(x))
            snprintf(wrong, 160, "its key is on a curve without a name");
        else if (!has_known_curve(key, group))
            snprintf(wrong, 160, "its key is on the curve %s", curve_standard_name(group));
        else if (is_compressed(x))
            snprintf(wrong, 160, "its EC key is written in the compressed form");
    } else if (key && names_rsa(x)) {
        if (EVP_PKEY_get_bits(key) > RSA_MOST)
            snprintf(wrong, 160, "its RSA key has %d bits, and they take %d at most",
                     EVP_PKEY_get_bits(key), RSA_MOST);
        else if (!rsa_is_sound(key))
            snprintf(wrong, 160, "its RSA key is no key");
    } else {
        snprintf(wrong, 160, "its key is of type %s", name ? name : "unknown");
    }
    return !*wrong;
}

/* RFC 4055, section 3.1: a digest that is known for both its parts, and the one trailer there is.
 */
static bool pss_fits(X509 *x)
{
    const X509_ALGOR *algorithm;
    const void *value;
    int type = V_ASN1_UNDEF, digest = NID_undef;
    RSA_PSS_PARAMS *pss = NULL;
    bool fits;

    X509_get0_signature(NULL, &algorithm, x);
    X509_ALGOR_get0(NULL, &type, &value, algorithm);
    if (type == V_ASN1_SEQUENCE)
        pss = ASN1_item_unpack(value, ASN1_ITEM_rptr(RSA_PSS_PARAMS));
    fits = pss && (!pss->trailerField || ASN1_INTEGER_get(pss->trailerField) == 1) &&
           X509_get_signature_info(x, &digest, NULL, NULL, NULL) == 1 && digest != NID_undef;
    RSA_PSS_PARAMS_free(pss);
    ERR_clear_error();
    return fits;
}

static bool signature_fits(X509 *x)
{
    static const int known[] = {
        NID_md2WithRSAEncryption,
        NID_md4WithRSAEncryption,
        NID_md5WithRSAEncryption,
        NID_sha1WithRSAEncryption,
        NID_sha1WithRSA,
        NID_sha224WithRSAEncryption,
        NID_sha256WithRSAEncryption,
        NID_sha384WithRSAEncryption,
        NID_sha512WithRSAEncryption,
        NID_ecdsa_with_SHA1,
        NID_ecdsa_with_SHA224,
        NID_ecdsa_with_SHA256,
        NID_ecdsa_with_SHA384,
        NID_ecdsa_with_SHA512,
    };
    int nid = X509_get_signature_nid(x);

    if (nid == NID_rsassaPss)
        return pss_fits(x);
    for (size_t i = 0; i < COUNT_OF(known); i++)
        if (known[i] == nid)
            return true;
    return false;
}

int key_and_signature_fit(X509 *x, bool beside, struct signet_error *err)
{
    char wrong[160];
    const char *name = OBJ_nid2ln(X509_get_signature_nid(x));

    if (!key_fits(x, wrong))
        return error_set_hint(err, SIGNET_E_CERT,
                              "devices take EC keys (secp256r1), some take RSA of 2048 bits",
                              "the TLS stack of a device cannot use it: %s", wrong);
    if (!beside && !signature_fits(x))
        return error_set_hint(err, SIGNET_E_CERT, "sign it with ECDSA or RSA, and SHA-256",
                              "the TLS stack of a device cannot read it: it is signed with %s",
                              name ? name : "an unknown algorithm");
    return SIGNET_OK;
}

static void take_key(struct cert_traits *t, EVP_PKEY *key)
{
    char group[64];

    if (key && EVP_PKEY_is_a(key, "RSA")) {
        t->rsa_bits = (unsigned)EVP_PKEY_get_bits(key);
    } else if (key && EVP_PKEY_get_group_name(key, group, sizeof(group), NULL) == 1) {
        snprintf(t->curve, sizeof(t->curve), "%s", curve_standard_name(group));
    }
}

static void take_digest(struct cert_traits *t, X509 *x)
{
    int digest = NID_undef;

    if (X509_get_signature_info(x, &digest, NULL, NULL, NULL) == 1 && digest != NID_undef)
        snprintf(t->digest, sizeof(t->digest), "%s", OBJ_nid2sn(digest));
    for (char *c = t->digest; *c; c++)
        *c = (char)(*c >= 'A' && *c <= 'Z' ? *c + 32 : *c);
}

static bool has_own_signature(X509 *x)
{
    return X509_verify(x, X509_get0_pubkey(x)) == 1;
}

/* Not by OpenSSL's flags: it knows none where any other extension is malformed, which stacks of
 * devices pass over. */
static void look_at_usage(struct cert_traits *t, X509 *x)
{
    int there = -1;
    ASN1_BIT_STRING *bits = X509_get_ext_d2i(x, NID_key_usage, &there, NULL);
    BASIC_CONSTRAINTS *basic = X509_get_ext_d2i(x, NID_basic_constraints, NULL, NULL);

    t->signs_handshakes = there == -1 || ASN1_BIT_STRING_get_bit(bits, 0);
    t->enciphers_keys = there == -1 || ASN1_BIT_STRING_get_bit(bits, 2);
    t->agrees_keys = there == -1 || ASN1_BIT_STRING_get_bit(bits, 4);
    t->signs_certs = there == -1 || ASN1_BIT_STRING_get_bit(bits, 5);
    t->authority = basic && basic->ca && t->signs_certs;
    ASN1_BIT_STRING_free(bits);
    BASIC_CONSTRAINTS_free(basic);
}

bool x509_may_issue(X509 *x)
{
    struct cert_traits t = {0};

    look_at_usage(&t, x);
    ERR_clear_error();
    return t.authority;
}

long x509_path_length(X509 *x)
{
    BASIC_CONSTRAINTS *basic = X509_get_ext_d2i(x, NID_basic_constraints, NULL, NULL);
    long most = basic && basic->pathlen ? ASN1_INTEGER_get(basic->pathlen) : -1;

    BASIC_CONSTRAINTS_free(basic);
    ERR_clear_error();
    return most;
}

static bool can_read(X509_EXTENSION *extension)
{
    const X509V3_EXT_METHOD *method = X509V3_EXT_get(extension);
    void *content = method ? X509V3_EXT_d2i(extension) : NULL;

    if (content && method->it)
        ASN1_item_free(content, ASN1_ITEM_ptr(method->it));
    else if (content)
        method->ext_free(content);
    return !method || content;
}

const char *x509_malformed(X509 *x)
{
    const char *name = NULL;

    if (X509_get_extension_flags(x) & EXFLAG_INVALID)
        name = "of some kind";
    for (int i = 0; name && i < X509_get_ext_count(x); i++)
        if (!can_read(X509_get_ext(x, i)))
            name = OBJ_nid2sn(OBJ_obj2nid(X509_EXTENSION_get_object(X509_get_ext(x, i))));
    ERR_clear_error();
    return name;
}

bool cert_is_authority(const struct signet_cert *cert)
{
    X509 *x = cert_parse(cert, NULL);
    bool authority = x && x509_may_issue(x);

    X509_free(x);
    return authority;
}

static void look_at_purposes(struct cert_traits *t, X509 *x)
{
    int there = -1;
    EXTENDED_KEY_USAGE *purposes = X509_get_ext_d2i(x, NID_ext_key_usage, &there, NULL);

    t->for_clients = t->for_servers = there == -1;
    for (int i = 0; i < sk_ASN1_OBJECT_num(purposes); i++) {
        int nid = OBJ_obj2nid(sk_ASN1_OBJECT_value(purposes, i));
        bool any = nid == NID_anyExtendedKeyUsage;

        t->for_clients = t->for_clients || any || nid == NID_client_auth;
        t->for_servers = t->for_servers || any || nid == NID_server_auth;
    }
    EXTENDED_KEY_USAGE_free(purposes);
}

int cert_traits(const struct signet_cert *cert, struct cert_traits *out, struct signet_error *err)
{
    struct cert_traits t = {0};
    X509 *x = cert_parse(cert, err);

    if (!x)
        return SIGNET_E_CRYPTO;
    t.version = (unsigned)X509_get_version(x) + 1;
    t.self_issued = !X509_NAME_cmp(X509_get_subject_name(x), X509_get_issuer_name(x));
    t.wrong_signature = t.self_issued && !has_own_signature(x);
    look_at_usage(&t, x);
    look_at_purposes(&t, x);
    t.asks_features = X509_get_ext_by_NID(x, NID_tlsfeature, -1) >= 0;
    take_key(&t, X509_get0_pubkey(x));
    take_digest(&t, x);
    X509_free(x);
    ERR_clear_error();
    *out = t;
    return SIGNET_OK;
}

/* Why it does not do for the purpose, or NULL. */
static const char *unfit(const struct cert_traits *t, enum cert_purpose purpose)
{
    switch (purpose) {
    case CERT_OF_DEVICE:
        return !t->signs_handshakes ? "its key usage lacks digitalSignature: servers refuse it"
               : !t->for_clients    ? "its extended key usage lacks clientAuth: servers refuse it"
                                    : NULL;
    case CERT_OF_SERVER:
        return !t->signs_handshakes && !(t->rsa_bits && t->enciphers_keys)
                   ? "its key usage lacks digitalSignature: Mbed TLS refuses the server"
               : !t->for_servers
                   ? "its extended key usage lacks serverAuth: Mbed TLS refuses the server"
                   : NULL;
    case CERT_OF_AUTHORITY:
        return !t->signs_certs ? "its key usage lacks keyCertSign: it cannot issue certificates"
               : t->asks_features
                   ? "it demands TLS features (tlsfeature) of what it signs, which a device's "
                     "certificate does not have: GnuTLS refuses those (RFC 7633, section 4.2.2)"
                   : NULL;
    }
    return NULL;
}

/* None is below 255 bits (LwM2M Transport 1.2, section 5.2.9.3). */
const char *const cert_usual_curves[] = {
    "secp256r1",       "secp384r1",       "secp521r1", "brainpoolP256r1",
    "brainpoolP384r1", "brainpoolP512r1", NULL};

static bool has_usual_curve(const struct cert_traits *t)
{
    for (const char *const *usual = cert_usual_curves; *usual; usual++)
        if (!strcmp(t->curve, *usual))
            return true;
    return !*t->curve;
}

void cert_warn_weak(const struct signet_cert *cert, enum cert_purpose purpose, const char *where,
                    const struct signet_observer *observer)
{
    struct cert_traits t;

    if (cert_traits(cert, &t, NULL) != SIGNET_OK)
        return;
    if (unfit(&t, purpose))
        event_note(observer, "have it issued for its purpose", "%s: %s", where, unfit(&t, purpose));
    if (t.wrong_signature)
        event_note(observer, "was it changed after it was signed?",
                   "%s: it says that it signed itself, but its signature is not by its own key",
                   where);
    if (!has_usual_curve(&t))
        event_note(observer, "use a key on secp256r1, or RSA of 2048 bits",
                   "%s: its key is on the curve %s, which TLS stacks refuse", where, t.curve);
    if ((!strcmp(t.digest, "sha1") || !strcmp(t.digest, "sha224") || !strncmp(t.digest, "md", 2)) &&
        !(purpose == CERT_OF_AUTHORITY && t.self_issued))
        event_note(observer, "sign it with SHA-256",
                   "%s: it is signed with %s, which TLS stacks refuse", where, t.digest);
    if (t.rsa_bits && t.rsa_bits < RSA_WEAK)
        event_note(observer, "use a key on secp256r1, or RSA of 2048 bits",
                   "%s: its RSA key has %u bits, and TLS stacks refuse fewer than %d", where,
                   t.rsa_bits, RSA_WEAK);
}

void cert_warn_common_name(const void *der, size_t len, const char *endpoint, unsigned account,
                           const struct signet_observer *observer)
{
    char name[CERT_NAME_SIZE] = "";

    if (cert_common_name(der, len, name) && !strcmp(name, endpoint))
        return;
    event_note(observer,
               "Coiote, Leshan and ThingsBoard let a device in when its certificate has its "
               "endpoint name",
               "/0/%u/3: the common name of the certificate is '%s' and not the endpoint name",
               account, text_shown(name, strlen(name), 80));
}
