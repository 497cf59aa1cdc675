/* SPDX-License-Identifier: Apache-2.0 */
/* Certificates that a key in SoftHSM signs, a second, with a thread a core, against the token's own
 * signatures in the same run: bare Cryptoki, as many threads, a session each. */
#include "authority/cryptoki.h"
#include "base/base.h"
#include "bench.h"
#include "pki/pki.h"

#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <pthread.h>
#include <signet/authority.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define MODULE "/usr/lib/softhsm/libsofthsm2.so"
#define PIN    "271828"

enum { RUNS = 9, PER_THREAD = 1500, THREADS_MAX = 64 };

static struct {
    char folder[400];
    struct signet_authority *authority;
    struct signet_key *device;
    struct signet_bytes csr;
    struct cryptoki *module;
    const CK_FUNCTION_LIST *f;
    CK_SLOT_ID slot;
    long threads;
} b;

static void say(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

static void say(const char *fmt, ...)
{
    char command[2000];
    va_list args;

    va_start(args, fmt);
    vsnprintf(command, sizeof(command), fmt, args);
    va_end(args);
    bench_require(system(command) == 0, command);
}

static void make_token(void)
{
    char path[500];

    snprintf(b.folder, sizeof(b.folder), "%s/signet-bench-XXXXXX",
             getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp");
    bench_require(mkdtemp(b.folder), "no folder");
    say("cd %s && mkdir tokens && printf 'directories.tokendir = %s/tokens\nobjectstore.backend = "
        "file\nlog.level = ERROR\n' >softhsm2.conf",
        b.folder, b.folder);
    snprintf(path, sizeof(path), "%s/softhsm2.conf", b.folder);
    setenv("SOFTHSM2_CONF", path, 1);
    say("umask 077; cd %s && printf " PIN " >pin && openssl req -x509 -newkey ec -pkeyopt "
        "ec_paramgen_curve:P-256 -nodes -subj /CN=ca -days 4000 -keyout ca.key -out ca.pem -addext "
        "keyUsage=critical,keyCertSign 2>/dev/null && softhsm2-util --init-token --free --label b "
        "--so-pin 314159 --pin " PIN " >/dev/null && softhsm2-util --import ca.key --token b "
        "--label ca --id 01 --pin " PIN " >/dev/null",
        b.folder);
}

static void open_authority(void)
{
    char chain[500], key[1000];
    const struct signet_authority_info info = {.chain = chain, .key = key};
    const struct signet_authority_options options = {.info = &info};

    snprintf(chain, sizeof(chain), "%s/ca.pem", b.folder);
    snprintf(key, sizeof(key),
             "pkcs11:token=b;object=ca?module-path=" MODULE "&pin-source=file:%s/pin", b.folder);
    bench_require(signet_authority_open(&b.authority, &options, NULL) == SIGNET_OK, "no authority");
    bench_require(signet_key_generate(&b.device, NULL, NULL, NULL) == SIGNET_OK &&
                      cert_request_make(&b.csr, b.device, "urn:dev:os:1", NULL) == SIGNET_OK,
                  "no request");
}

static void open_bare(void)
{
    CK_SLOT_ID slots[8];
    CK_ULONG count = 8;

    bench_require(cryptoki_open(&b.module, MODULE, NULL) == SIGNET_OK, "no module");
    b.f = cryptoki_functions(b.module);
    bench_require(b.f->C_GetSlotList(CK_TRUE, slots, &count) == CKR_OK && count > 0, "no slot");
    for (CK_ULONG i = 0; i < count; i++) {
        CK_TOKEN_INFO info;

        if (b.f->C_GetTokenInfo(slots[i], &info) == CKR_OK && info.label[0] == 'b')
            b.slot = slots[i];
    }
}

static void *bare(void *ctx)
{
    CK_OBJECT_CLASS class = CKO_PRIVATE_KEY;
    CK_ATTRIBUTE wanted = {CKA_CLASS, &class, sizeof(class)};
    CK_MECHANISM ecdsa = {CKM_ECDSA, NULL, 0};
    CK_SESSION_HANDLE session;
    CK_OBJECT_HANDLE key;
    CK_ULONG count = 0;
    uint8_t digest[32] = "a digest", sig[64];

    (void)ctx;
    bench_require(b.f->C_OpenSession(b.slot, CKF_SERIAL_SESSION, NULL, NULL, &session) == CKR_OK &&
                      b.f->C_FindObjectsInit(session, &wanted, 1) == CKR_OK &&
                      b.f->C_FindObjects(session, &key, 1, &count) == CKR_OK && count == 1 &&
                      b.f->C_FindObjectsFinal(session) == CKR_OK,
                  "no key");
    for (int i = 0; i < PER_THREAD; i++) {
        CK_ULONG len = sizeof(sig);

        digest[0] = (uint8_t)i;
        bench_require(b.f->C_SignInit(session, &ecdsa, key) == CKR_OK &&
                          b.f->C_Sign(session, digest, sizeof(digest), sig, &len) == CKR_OK,
                      "the token does not sign");
    }
    b.f->C_CloseSession(session);
    return NULL;
}

static void *ours(void *ctx)
{
    const struct signet_authority_subject subject = {.endpoint = "urn:dev:os:1"};
    bool of_request = ctx;

    for (int i = 0; i < PER_THREAD; i++) {
        struct signet_cert *cert = NULL;
        int rc = of_request ? signet_authority_sign_request(b.authority, b.csr.data, b.csr.len,
                                                            &subject, NULL, &cert, NULL, NULL)
                            : signet_authority_sign_key(b.authority, b.device, &subject, NULL,
                                                        &cert, NULL, NULL);

        bench_require(rc == SIGNET_OK, "no certificate");
        signet_cert_free(&cert);
    }
    return NULL;
}

static double token_rate(void *(*work)(void *), void *ctx)
{
    pthread_t threads[THREADS_MAX];
    double start = clock_seconds();

    for (long i = 0; i < b.threads; i++)
        bench_require(pthread_create(&threads[i], NULL, work, ctx) == 0, "no thread");
    for (long i = 0; i < b.threads; i++)
        pthread_join(threads[i], NULL);
    return (double)b.threads * PER_THREAD / (clock_seconds() - start);
}

void bench_token(void)
{
    double bare_rate[RUNS], signed_rate[RUNS], csr_rate[RUNS], ratio[RUNS], csr_ratio[RUNS];

    if (access(MODULE, R_OK) != 0) {
        printf("token: SoftHSM is not installed\n");
        return;
    }
    b.threads = sysconf(_SC_NPROCESSORS_ONLN);
    b.threads = b.threads > THREADS_MAX ? THREADS_MAX : b.threads;
    make_token();
    open_authority();
    open_bare();
    for (int run = 0; run < RUNS; run++) { /* in turn */
        bare_rate[run] = token_rate(bare, NULL);
        signed_rate[run] = token_rate(ours, NULL);
        csr_rate[run] = token_rate(ours, &b);
        ratio[run] = 100 * signed_rate[run] / bare_rate[run];
        csr_ratio[run] = 100 * csr_rate[run] / bare_rate[run];
    }
    cryptoki_close(&b.module);
    signet_authority_close(&b.authority);
    signet_key_free(&b.device);
    signet_bytes_free(&b.csr);
    say("rm -rf %s", b.folder);
    bench_figure("signatures of SoftHSM, bare Cryptoki", bench_median(bare_rate, RUNS), "/s", 0,
                 true);
    bench_figure("certificates signed in SoftHSM", bench_median(signed_rate, RUNS), "/s", 0, true);
    bench_figure("... against the token's own rate", bench_median(ratio, RUNS), "%", 90, true);
    bench_figure("requests verified, and signed in SoftHSM", bench_median(csr_rate, RUNS), "/s", 0,
                 true);
    bench_figure("... against the token's own rate", bench_median(csr_ratio, RUNS), "%", 0, true);
}
