/* SPDX-License-Identifier: Apache-2.0 */
/* Any answers of an authority that is elsewhere: EST or CMP, by the first byte. Each is a byte for
 * the status, two of length, and the body; the way over HTTP is replaced. Only a certificate of the
 * key that was sent is taken. More bits of the first byte: 0x02, EST is asked whether it is there;
 * 0x04, we show a certificate; 0x08, that of EST is what follows, and of CMP OpenSSL's authority
 * answers as the next byte says.
 * wrap: http_send http_asked_wait remote_open remote_close remote_take remote_give_back
 * wrap: remote_deadline clock_ms cancel_sleep_until
 */
#include "authority/remote.h"
#include "clock.h"
#include "cmp_peer.h"

#include <limits.h>
#include <openssl/pem.h>
#include <signet/cert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int __wrap_http_send(struct http *http, const struct http_request *request,
                     struct http_answer *answer, struct signet_error *err);
int64_t __wrap_http_asked_wait(const struct http *http);
int __wrap_remote_open(struct remote **out, const struct signet_authority_info *info,
                       const struct signet_authority_options *options, const char *path,
                       bool allow_http, struct signet_error *err);
void __wrap_remote_close(struct remote **remote);
int __wrap_remote_take(struct remote *remote, struct http **out, struct signet_error *err);
void __wrap_remote_give_back(struct remote *remote, struct http *http);
int64_t __wrap_remote_deadline(const struct remote *remote);

static const char key_pem[] = "-----BEGIN PRIVATE KEY-----\n"
                              "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgUf8QGcWMt7syfYjW\n"
                              "l5qzdGM4ezFCs+eedk2ZN06aR52hRANCAAQqoYJcWnFcIuZKocnQXfGxuh+VSESb\n"
                              "BdNiBZb4LqJJ+lOq8KKCKccBq6ctAjFgo9QhdcE8qqb+5OMkq3adO4EB\n"
                              "-----END PRIVATE KEY-----\n";
static const uint8_t *input;
static size_t left;
static char no_path[] = "";
static struct remote remote_of_all = {.path = no_path};
static struct signet_bytes csr;
static struct buf spki;
static struct signet_bytes own; /* our certificate, PEM */
static char folder[PATH_MAX], cert_file[PATH_MAX + 8], key_file[PATH_MAX + 8];
static struct cmp_peer peer; /* without srv the answers are those of the input */

static void free_all(void)
{
    unlink(cert_file);
    unlink(key_file);
    rmdir(folder);
    signet_bytes_free(&own);
    X509_free(peer.own);
    EVP_PKEY_free(peer.key);
    secret_wipe(&remote_of_all.secret);
    signet_bytes_free(&csr);
    buf_free(&spki);
}

int64_t __wrap_http_asked_wait(const struct http *http)
{
    (void)http;
    return (int64_t)(left % 3) - 1;
}

int __wrap_http_send(struct http *http, const struct http_request *request,
                     struct http_answer *answer, struct signet_error *err)
{
    static const long statuses[] = {200, 202, 401, 403, 404, 405, 429, 500};

    (void)http;
    require(request->method && request->path);
    *answer = (struct http_answer){0};
    if (peer.srv) {
        answer->status = 200;
        cmp_peer_answer(&peer, request->body, &answer->body);
        return SIGNET_OK;
    }
    if (left < 3 || input[0] & 0x80)
        return error_set(err, SIGNET_E_NET, "no connection");
    answer->status = statuses[input[0] & 7];
    size_t len = (size_t)input[1] << 8 | input[2];
    input += 3, left -= 3;
    len = len > left ? left : len;
    require(secret_set(&answer->body, input, len, err) == SIGNET_OK);
    input += len, left -= len;
    return SIGNET_OK;
}

int __wrap_remote_open(struct remote **out, const struct signet_authority_info *info,
                       const struct signet_authority_options *options, const char *path,
                       bool allow_http, struct signet_error *err)
{
    (void)info, (void)options, (void)path, (void)allow_http;
    *out = &remote_of_all;
    if (remote_of_all.secret.len)
        return SIGNET_OK;
    return secret_set(&remote_of_all.secret, "passphrase", 10, err);
}

void __wrap_remote_close(struct remote **remote)
{
    *remote = NULL;
}

int __wrap_remote_take(struct remote *remote, struct http **out, struct signet_error *err)
{
    (void)remote, (void)err;
    *out = NULL;
    return SIGNET_OK;
}

void __wrap_remote_give_back(struct remote *remote, struct http *http)
{
    (void)remote, (void)http;
}

int64_t __wrap_remote_deadline(const struct remote *remote)
{
    (void)remote;
    return now + 20000;
}

static void write_file(const char *path, const void *data, size_t len)
{
    unlink(path);
    require(file_create(path, data, len, NULL) == SIGNET_OK);
}

/* One certificate for us, for the authority and for its answers. */
static void set_up_own(const struct signet_key *key)
{
    const char *above = getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp";
    struct signet_cert *cert = NULL;

    snprintf(folder, sizeof(folder), "%s/signet-fuzz-XXXXXX", above);
    require(mkdtemp(folder));
    snprintf(cert_file, sizeof(cert_file), "%s/own.pem", folder);
    snprintf(key_file, sizeof(key_file), "%s/own.key", folder);
    require(signet_cert_make(&cert, key, NULL, "urn:dev:1", NULL, NULL) == SIGNET_OK);
    require(signet_cert_pem(cert, &own, NULL) == SIGNET_OK);
    signet_cert_free(&cert);
    write_file(key_file, key_pem, sizeof(key_pem) - 1);
    BIO *pem = BIO_new_mem_buf(own.data, (int)own.len);
    peer.own = PEM_read_bio_X509(pem, NULL, NULL, NULL);
    BIO_free(pem);
    pem = BIO_new_mem_buf(key_pem, -1);
    peer.key = PEM_read_bio_PrivateKey(pem, NULL, NULL, NULL);
    BIO_free(pem);
    require(peer.own && peer.key);
}

/* What is sent: the request of a key that is always the same. */
static void set_up(void)
{
    struct signet_key *key = NULL;
    uint8_t point[P256_POINT];

    require(signet_key_load(&key, key_pem, sizeof(key_pem) - 1, NULL) == SIGNET_OK);
    require(cert_request_make(&csr, key, "urn:dev:1", NULL) == SIGNET_OK);
    require(p256_point(key, point, NULL) == SIGNET_OK);
    p256_public(&spki, point);
    set_up_own(key);
    atexit(free_all);
    signet_key_free(&key);
}

static void enroll(struct signet_authority *a)
{
    struct signet_cert *cert = NULL;
    struct signet_error err = {0};

    const struct cert_wish wish = {
        .endpoint = "urn:dev:1", .spki = spki.data, .spki_len = spki.len};

    if (a->ops->enroll(a, csr.data, csr.len, &wish, &cert, &err) != SIGNET_OK)
        require_error(&err);
    else
        require(cert && (a->ops == &authority_cmp || cert_has_spki(cert, spki.data, spki.len)));
    signet_cert_free(&cert);
}

/* By its first byte, what is shown, and who answers. */
static void prepare(uint8_t first, struct signet_authority_info *info, struct signet_authority *a)
{
    if (!csr.len)
        set_up();
    a->ops = first & 1 ? &authority_cmp : &authority_est;
    if (first & 4) {
        info->reference = NULL;
        info->client_cert = cert_file;
        info->client_key = key_file;
        write_file(cert_file, own.data, own.len);
    }
    if (first & 4 && first & 1)
        require(signet_cert_load(&a->chain[a->count++], own.data, own.len, NULL) == SIGNET_OK);
    if ((first & 9) == 8) {
        info->client_cert = cert_file;
        write_file(cert_file, input, left);
    }
    if ((first & 9) != 9)
        return;
    peer.fate = left ? *input % CMP_FATES : CMP_SIGNS;
    cmp_peer_open(&peer, first & 4 ? NULL : left > 1 ? "another" : "passphrase");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char url[] = "https://h", reference[] = "r";
    struct signet_authority_info info = {.url = url, .reference = reference};
    struct signet_authority a = {0};
    struct signet_error err = {0};

    if (size < 1)
        return 0;
    input = data + 1, left = size - 1, now = 0;
    prepare(data[0], &info, &a);
    int rc = a.ops->open(&a, &info, NULL, &err);
    if (rc == SIGNET_OK && a.ops->reach && data[0] & 2)
        rc = a.ops->reach(&a, &err);
    if (rc != SIGNET_OK)
        require_error(&err);
    else
        enroll(&a);
    a.ops->close(&a);
    OSSL_CMP_SRV_CTX_free(peer.srv);
    peer.srv = NULL;
    for (size_t i = 0; i < a.count; i++)
        signet_cert_free(&a.chain[i]);
    free(a.place);
    return 0;
}
