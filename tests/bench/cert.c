/* SPDX-License-Identifier: Apache-2.0 */
/* P-256 keys with their self-signed certificates a second, both as DER, on one core, against the
 * least that OpenSSL needs for it in the same run: a new key and one signature. */
#include "base/base.h"
#include "bench.h"

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <signet/cert.h>
#include <stdint.h>

enum { RUNS = 15, PER_RUN = 300 };

static void make_one(void)
{
    struct signet_key *key = NULL;
    struct signet_cert *cert = NULL;
    struct signet_bytes der = {0};

    bench_require(signet_key_generate(&key, NULL, NULL, NULL) == SIGNET_OK, "no key");
    bench_require(signet_cert_make(&cert, key, NULL, "urn:dev:os:1", NULL, NULL) == SIGNET_OK,
                  "no certificate");
    bench_require(signet_cert_der(cert, &der, NULL) == SIGNET_OK && der.len > 250, "no DER");
    signet_bytes_free(&der);
    bench_require(signet_key_der(key, &der, NULL) == SIGNET_OK && der.len == 138, "no key DER");
    signet_bytes_free(&der);
    signet_cert_free(&cert);
    signet_key_free(&key);
}

void bench_raw_pair(void)
{
    static const uint8_t tbs[220];
    EVP_PKEY *key = EVP_EC_gen("P-256");
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    uint8_t sig[80];
    size_t len = sizeof sig;

    bench_require(key && ctx && EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, key) == 1 &&
                      EVP_DigestSign(ctx, sig, &len, tbs, sizeof tbs) == 1,
                  "OpenSSL does not sign");
    EVP_MD_CTX_free(ctx);
    EVP_PKEY_free(key);
}

static double rate(void (*one)(void))
{
    double start = clock_seconds();

    for (int i = 0; i < PER_RUN; i++)
        one();
    return PER_RUN / (clock_seconds() - start);
}

void bench_cert(void)
{
    double ours[RUNS], raw[RUNS], ratio[RUNS];

    for (int run = 0; run < RUNS; run++) { /* in turn: a noisy machine is noisy to both */
        raw[run] = rate(bench_raw_pair);
        ours[run] = rate(make_one);
        ratio[run] = 100 * ours[run] / raw[run];
    }
    bench_figure("P-256 certificates", bench_median(ours, RUNS), "/s", 0, true);
    bench_figure("raw OpenSSL: new key and a signature", bench_median(raw, RUNS), "/s", 0, true);
    bench_figure("certificates against raw OpenSSL", bench_median(ratio, RUNS), "%", 80, true);
}
