/* SPDX-License-Identifier: Apache-2.0 */
/* For which hosts is a certificate? As Mbed TLS 2.28 compares, which is the strictest: the DNS
 * names of a subjectAltName, or without that extension the common names (RFC 6125, section 6.4). */
#include "pki/private.h"

#include <arpa/inet.h>
#include <openssl/x509v3.h>

/* "*.example.com" is for one label in front. */
static bool fits_wildcard(const char *name, size_t len, const char *host)
{
    const char *dot = strchr(host, '.');

    return len >= 3 && name[0] == '*' && name[1] == '.' && dot && dot != host &&
           strlen(dot) == len - 1 && !strncasecmp(name + 1, dot, len - 1);
}

static bool fits_name(const ASN1_STRING *name, const char *host)
{
    const char *text = (const char *)ASN1_STRING_get0_data(name);
    size_t len = (size_t)ASN1_STRING_length(name);

    return (len == strlen(host) && !strncasecmp(text, host, len)) || fits_wildcard(text, len, host);
}

static bool in_alternatives(const GENERAL_NAMES *names, const char *host)
{
    for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
        const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);

        if (name->type == GEN_DNS && fits_name(name->d.dNSName, host))
            return true;
    }
    return false;
}

static bool in_common_names(X509_NAME *subject, const char *host)
{
    for (int i = -1; (i = X509_NAME_get_index_by_NID(subject, NID_commonName, i)) >= 0;)
        if (fits_name(X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, i)), host))
            return true;
    return false;
}

static bool has_address(const GENERAL_NAMES *names, const char *host)
{
    uint8_t address[16];
    int len = inet_pton(AF_INET, host, address) == 1    ? 4
              : inet_pton(AF_INET6, host, address) == 1 ? 16
                                                        : 0;

    for (int i = 0; len && i < sk_GENERAL_NAME_num(names); i++) {
        const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);

        if (name->type == GEN_IPADD && ASN1_STRING_length(name->d.iPAddress) == len &&
            !memcmp(ASN1_STRING_get0_data(name->d.iPAddress), address, (size_t)len))
            return true;
    }
    return false;
}

/* What the certificate has instead, for people. */
static void show_names(struct buf *out, X509 *x, const GENERAL_NAMES *names, bool has_alternatives)
{
    char common[CERT_NAME_SIZE] = "";

    for (int i = 0; i < sk_GENERAL_NAME_num(names) && out->len < 100; i++) {
        const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);

        if (name->type != GEN_DNS)
            continue;
        buf_text(out, out->len ? ", " : "");
        text_escape(out, ASN1_STRING_get0_data(name->d.dNSName),
                    (size_t)ASN1_STRING_length(name->d.dNSName));
    }
    if (!has_alternatives && X509_NAME_get_text_by_NID(X509_get_subject_name(x), NID_commonName,
                                                       common, CERT_NAME_SIZE) > 0)
        text_escape(out, (const uint8_t *)common, strlen(common));
    buf_text(out, out->len ? "" : "no name of a host");
}

int cert_names_host(const struct signet_cert *cert, const char *host, struct signet_error *err)
{
    X509 *x = cert_parse(cert, err);
    GENERAL_NAMES *names;
    struct buf shown = {0};
    int place = -1; /* -1: there is none; it may be one that OpenSSL cannot read */
    bool fits;

    if (!x)
        return SIGNET_E_CRYPTO;
    names = X509_get_ext_d2i(x, NID_subject_alt_name, &place, NULL);
    fits = place != -1 ? in_alternatives(names, host)
                       : in_common_names(X509_get_subject_name(x), host);
    if (!fits) {
        show_names(&shown, x, names, place != -1);
        error_set(err, SIGNET_E_CERT, "it is for '%s', and not for %s",
                  shown.data ? (const char *)shown.data : "?", text_shown(host, strlen(host), 80));
        if (has_address(names, host))
            error_hint(err, "Mbed TLS before 3.5 looks at no IP addresses in a subjectAltName: "
                            "write a name in /0/x/14");
        else
            error_hint(err, "the name that counts is /0/x/14 (SNI), else the host in the URI");
    }
    buf_free(&shown);
    GENERAL_NAMES_free(names);
    X509_free(x);
    return fits ? SIGNET_OK : SIGNET_E_CERT;
}
