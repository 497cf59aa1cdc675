/* SPDX-License-Identifier: Apache-2.0 */
/* Authorities whose key is a file: what opens, what is refused before the first device, what comes
 * out; and what there is no memory for.
 * wrap: malloc calloc realloc reallocarray strdup strndup vasprintf locked_alloc */
#include "authority/private.h"

#include <setjmp.h>
#include <stdarg.h>
#include <unistd.h>

#include <cmocka.h>

#include "../ca.h"
#include "unit/starve.h"

static char folder[FOLDER_SIZE], chain[200], key[200], secret[200];
static unsigned asked;

static void path_of(char out[200], const char *name)
{
    snprintf(out, 200, "%s/%s", folder, name);
    unlink(out);
}

static void put(const char *path, const char *text, mode_t mode)
{
    FILE *f = fopen(path, "w");

    assert_non_null(f);
    fputs(text, f);
    fclose(f);
    chmod(path, mode);
}

static int ask(void *ctx, const char *what, struct signet_bytes *out, struct signet_error *err)
{
    struct buf text = {0};

    asked++;
    assert_non_null(strstr(what, "the passphrase of '"));
    buf_text(&text, ctx);
    return buf_take(&text, out, err);
}

static int open_with(struct signet_authority **a, const char *profile, const char *passphrase_file,
                     const char *answer, struct signet_error *err)
{
    const struct signet_authority_info info = {
        .chain = chain, .key = key, .passphrase_file = passphrase_file, .profile = profile};
    const struct signet_authority_options options = {.size = sizeof(options),
                                                     .info = &info,
                                                     .ask = answer ? ask : NULL,
                                                     .ask_ctx = (void *)(uintptr_t)answer};

    *a = NULL;
    *err = (struct signet_error){0};
    return signet_authority_open(a, &options, err);
}

static void files(const struct test_ca *own, const struct test_ca *above, const char *passphrase)
{
    path_of(chain, "chain.pem");
    path_of(key, "ca.key");
    path_of(secret, "secret");
    ca_write_cert(chain, own);
    if (above)
        ca_write_cert(chain, above);
    ca_write_key(key, own, passphrase);
}

static void refused(const char *words, int code)
{
    struct signet_authority *a;
    struct signet_error err;

    assert_int_equal(open_with(&a, NULL, NULL, NULL, &err), code);
    if (!strstr(err.msg, words))
        fail_msg("'%s' is not in '%s'", words, err.msg);
    assert_null(a);
}

static void encrypted_keys(void **state)
{
    struct test_ca ca = ca_make("root", "EC", NULL, NULL);
    struct signet_authority *a;
    struct signet_error err;

    (void)state;
    files(&ca, NULL, "open sesame");
    put(secret, "open sesame\nnot this line\n", 0600);
    assert_int_equal(open_with(&a, NULL, secret, NULL, &err), 0);
    signet_authority_close(&a);
    assert_int_equal(open_with(&a, NULL, NULL, "open sesame", &err), 0);
    assert_int_equal(asked, 1);
    signet_authority_close(&a);
    assert_int_equal(open_with(&a, NULL, NULL, "open barley", &err), SIGNET_E_AUTH);
    assert_null(strstr(err.msg, "barley"));
    assert_int_equal(open_with(&a, NULL, NULL, NULL, &err), SIGNET_E_AUTH);
    assert_non_null(strstr(err.hint, "passphrase_file"));
    chmod(secret, 0640);
    assert_int_equal(open_with(&a, NULL, secret, NULL, &err), SIGNET_E_IO);
    ca_free(&ca);
}

static void refusals(void **state)
{
    struct test_ca root = ca_make("root", "EC", NULL, NULL),
                   other = ca_make("x", "RSA", NULL, NULL), sub = ca_make("sub", "EC", &root, NULL);

    (void)state;
    files(&root, NULL, NULL);
    chmod(key, 0644);
    refused("others may open", SIGNET_E_IO);
    files(&root, NULL, NULL);
    ca_write_key(key, &other, NULL);
    refused("does not belong", SIGNET_E_CERT);
    files(&sub, &other, NULL);
    refused("certificate 1 of the chain is not issued by the next", SIGNET_E_CERT);
    files(&root, NULL, NULL);
    put(chain, "", 0644);
    refused("chain.pem", SIGNET_E_CERT);
    files(&root, NULL, NULL);
    for (int i = 0; i < SIGNET_CHAIN_MAX; i++)
        ca_write_cert(chain, &root);
    refused("more than 8 certificates", SIGNET_E_LIMIT);
    ca_free(&root);
    ca_free(&other);
    ca_free(&sub);
}

/* Said before any file is read: none of these is there. */
static void parts_that_do_not_belong_together(void **state)
{
    static const struct {
        struct signet_authority_info info;
        const char *words;
    } rows[] = {
#define HERE .chain = "c", .key = "k"
#define EST  .kind = "est", .url = "https://h"
#define CMP  .kind = "cmp", .url = "http://h", .chain = "c", .reference = "r"
        {{0}, "an authority has a 'chain' and a 'key'"},
        {{.chain = "c"}, "an authority has a 'chain' and a 'key'"},
        {{.key = "k"}, "an authority has a 'chain' and a 'key'"},
        {{HERE, .url = "https://h"}, "of a server goes with 'kind'"},
        {{HERE, .ca_file = "f"}, "of a server goes with 'kind'"},
        {{HERE, .pin = "p"}, "of a server goes with 'kind'"},
        {{HERE, .user = "u"}, "of a server goes with 'kind'"},
        {{HERE, .client_cert = "c"}, "of a server goes with 'kind'"},
        {{HERE, .client_key = "k"}, "of a server goes with 'kind'"},
        {{HERE, .reference = "r"}, "of a server goes with 'kind'"},
        {{HERE, .timeout_s = 1}, "of a server goes with 'kind'"},
        {{EST, .key = "k"}, "'key' and 'profile' go with a key that is here"},
        {{EST, .profile = "idevid"}, "'key' and 'profile' go with a key that is here"},
        {{CMP, .key = "k"}, "'key' and 'profile' go with a key that is here"},
        {{.kind = "est"}, "the authority has no 'url'"},
        {{.kind = "cmp", .chain = "c", .reference = "r"}, "the authority has no 'url'"},
        {{.kind = "est", .url = "http://h"}, "EST goes over https only"},
        {{CMP, .user = "u"}, "goes with kind: est"},
        {{CMP, .client_cert = "c", .client_key = "k"}, "either a 'reference'"},
        {{CMP, .client_key = "k"}, "go together"},
        {{EST, .reference = "r"}, "'reference' goes with kind: cmp"},
        {{.kind = "cmp", .url = "http://h", .chain = "c"}, "kind: cmp has a 'chain'"},
        {{.kind = "cmp", .url = "http://h", .reference = "r"}, "kind: cmp has a 'chain'"},
        {{EST, .client_cert = "c"}, "'client_cert' and 'client_key' go together"},
        {{EST, .client_key = "k"}, "'client_cert' and 'client_key' go together"},
        {{.kind = "scep"}, "kind of authority"},
#undef HERE
#undef EST
#undef CMP
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const struct signet_authority_options options = {.info = &rows[i].info};
        struct signet_authority *a = NULL;
        struct signet_error err = {0};

        if (signet_authority_open(&a, &options, &err) != SIGNET_E_MEANING ||
            !strstr(err.msg, rows[i].words))
            fail_msg("row %zu: '%s'", i, err.msg);
        assert_null(a);
    }
}

/* est: its certificate is read, and its key has to be there as well. */
static void a_client_without_its_key(void **state)
{
    struct test_ca ca = ca_make("root", "EC", NULL, NULL);
    struct signet_authority_info info = {
        .kind = "est", .url = "https://127.0.0.1:1", .client_cert = chain, .client_key = secret};
    const struct signet_authority_options options = {.size = sizeof(options), .info = &info};
    struct signet_authority *a = NULL;
    struct signet_error err;

    (void)state;
    files(&ca, NULL, NULL);
    assert_int_equal(signet_authority_open(&a, &options, &err), SIGNET_E_IO);
    assert_non_null(strstr(err.msg, "who we are at the authority"));
    ca_free(&ca);
}

/* What the authority above does not allow is found, for a device and before it. */
static void constraints(void **state)
{
    struct test_ca root = ca_make("root", "EC", NULL, "critical,permitted;URI:example"),
                   sub = ca_make("sub", "RSA", &root, NULL);
    struct signet_authority_subject subject = {.endpoint = "coap://d1.elsewhere/"};
    struct signet_cert *cert = NULL;
    struct signet_key *device = NULL;
    struct signet_authority *a;
    struct signet_error err;

    (void)state;
    files(&sub, &root, NULL);
    assert_int_equal(open_with(&a, NULL, NULL, NULL, &err), 0);
    assert_int_equal(signet_key_generate(&device, NULL, NULL, NULL), 0);
    assert_int_equal(signet_authority_allows(a, &subject, &err), SIGNET_E_CERT);
    assert_non_null(strstr(err.msg, "name constraints"));
    assert_int_equal(signet_authority_check(a, &subject, &err), SIGNET_E_CERT);
    assert_int_equal(signet_authority_sign_key(a, device, &subject, NULL, &cert, NULL, &err),
                     SIGNET_E_CERT);
    assert_null(cert);
    subject.endpoint = "coap://example/";
    assert_int_equal(signet_authority_allows(a, &subject, &err), 0);
    assert_int_equal(signet_authority_check(a, &subject, &err), 0);
    assert_int_equal(signet_authority_sign_key(a, device, &subject, NULL, &cert, NULL, &err), 0);
    signet_cert_free(&cert);
    signet_key_free(&device);
    signet_authority_close(&a);
    ca_free(&root);
    ca_free(&sub);
}

/* The certificate of a request has the request's key and nothing else of it. */
static void requests(void **state)
{
    struct test_ca root = ca_make("root", "EC", NULL, NULL),
                   sub = ca_make("sub", "EC", &root, NULL);
    const struct signet_authority_subject subject = {.endpoint = "urn:dev:os:1"};
    struct signet_bytes csr = {0}, given = {0};
    struct signet_cert_view view;
    struct signet_cert *cert = NULL;
    struct signet_key *device = NULL;
    struct signet_authority *a;
    struct signet_error err;
    struct signet_cancel *cancel = NULL;
    uint8_t hash[32];
    char type[64];

    (void)state;
    files(&sub, &root, NULL);
    assert_int_equal(open_with(&a, NULL, NULL, NULL, &err), 0);
    assert_int_equal(signet_key_generate(&device, NULL, NULL, NULL), 0);
    assert_int_equal(signet_key_describe(device, type, hash, NULL), 0);
    assert_int_equal(cert_request_make(&csr, device, "somebody else", NULL), 0);
    assert_int_equal(
        signet_authority_sign_request(a, csr.data, csr.len, &subject, NULL, &cert, &given, &err),
        0);
    assert_int_equal(signet_cert_describe(cert, &view, NULL), 0);
    assert_string_equal(view.subject, "CN=urn:dev:os:1");
    assert_string_equal(view.issuer, "CN=sub");
    assert_memory_equal(view.key_sha256, hash, 32);
    const char *second = strstr((char *)given.data + 10, "-----BEGIN CERTIFICATE-----");
    assert_non_null(second);
    assert_null(strstr(second + 10, "BEGIN"));
    signet_cert_free(&cert);
    csr.data[csr.len - 1] ^= 1;
    assert_int_equal(
        signet_authority_sign_request(a, csr.data, csr.len, &subject, NULL, &cert, NULL, &err),
        SIGNET_E_CERT);
    assert_int_equal(signet_cancel_new(&cancel, NULL), 0);
    signet_cancel_fire(cancel);
    assert_int_equal(signet_authority_sign_key(a, device, &subject, cancel, &cert, NULL, &err),
                     SIGNET_E_CANCELLED);
    signet_cancel_free(&cancel);
    signet_bytes_free(&csr);
    signet_bytes_free(&given);
    signet_key_free(&device);
    signet_authority_close(&a);
    ca_free(&root);
    ca_free(&sub);
}

static void described(void **state)
{
    struct test_ca ca = ca_make("root", "EC", NULL, NULL);
    struct signet_authority_view view;
    struct signet_authority *a;
    struct signet_error err;

    (void)state;
    files(&ca, NULL, NULL);
    assert_int_equal(open_with(&a, "idevid", NULL, NULL, &err), 0);
    assert_int_equal(signet_authority_describe(a, &view, &err), 0);
    assert_string_equal(view.kind, "file");
    assert_string_equal(view.key, key);
    assert_string_equal(view.profile, "idevid");
    assert_int_equal(view.certificates, 1);
    assert_string_equal(view.cert.subject, "CN=root");
    signet_authority_close(&a);
    assert_int_equal(open_with(&a, "idevids", NULL, NULL, &err), SIGNET_E_MEANING);
    assert_int_equal(signet_authority_open(&a, NULL, &err), SIGNET_E_USAGE);
    ca_free(&ca);
}

static struct signet_bytes request;

static int sign_once(struct signet_error *err)
{
    const struct signet_authority_subject subject = {.endpoint = "urn:dev:os:1"};
    struct signet_authority_view view;
    struct signet_authority *a;
    struct signet_cert *cert = NULL;
    struct signet_bytes pem = {0};
    int rc = open_with(&a, NULL, secret, NULL, err);

    if (rc == SIGNET_OK)
        rc = signet_authority_allows(a, &subject, err);
    if (rc == SIGNET_OK)
        rc = signet_authority_check(a, &subject, err);
    if (rc == SIGNET_OK)
        rc = signet_authority_sign_request(a, request.data, request.len, &subject, NULL, &cert,
                                           &pem, err);
    if (rc == SIGNET_OK)
        rc = signet_authority_describe(a, &view, err);
    signet_bytes_free(&pem);
    signet_cert_free(&cert);
    signet_authority_close(&a);
    return rc;
}

static void without_memory_nothing_is_signed(void **state)
{
    struct test_ca ca = ca_make("root", "EC", NULL, NULL);
    struct signet_key *device = NULL;

    (void)state;
    files(&ca, NULL, "open sesame");
    put(secret, "open sesame\n", 0600);
    assert_int_equal(signet_key_generate(&device, NULL, NULL, NULL), SIGNET_OK);
    assert_int_equal(cert_request_make(&request, device, "urn:dev:os:1", NULL), SIGNET_OK);
    starve_each(sign_once);
    signet_bytes_free(&request);
    signet_key_free(&device);
    ca_free(&ca);
}

/* Each rule of what belongs together is broken alone, beside one that is right: that one fails for
 * a file that is not there, or not at all. */
static void what_goes_together(void **state)
{
#define EST   .kind = "est", .url = "https://localhost:1/est"
#define CMP   .kind = "cmp", .url = "http://localhost:1/cmp", .chain = "/none"
#define RIGHT "none"
    static const struct {
        struct signet_authority_info info;
        const char *words;
    } rows[] = {
        {{.chain = "/none"}, "an authority has a 'chain' and a 'key'"},
        {{.key = "/none"}, "an authority has a 'chain' and a 'key'"},
        {{.chain = "/none", .key = "/none"}, RIGHT},
        {{.chain = "/none", .key = "/none", .url = "x"}, "what is said of a server"},
        {{.chain = "/none", .key = "/none", .ca_file = "x"}, "what is said of a server"},
        {{.chain = "/none", .key = "/none", .pin = "x"}, "what is said of a server"},
        {{.chain = "/none", .key = "/none", .user = "x"}, "what is said of a server"},
        {{.chain = "/none", .key = "/none", .client_cert = "x", .client_key = "x"},
         "what is said of a server"},
        {{.chain = "/none", .key = "/none", .client_cert = "x"}, "what is said of a server"},
        {{.chain = "/none", .key = "/none", .client_key = "x"}, "what is said of a server"},
        {{.chain = "/none", .key = "/none", .reference = "x"}, "what is said of a server"},
        {{.chain = "/none", .key = "/none", .timeout_s = 1}, "what is said of a server"},
        {{.chain = "/none", .key = "/none", .passphrase_file = "/none"}, "is not there"},
        {{EST, .chain = "/none"}, RIGHT},
        {{EST, .key = "/none"}, "'key' and 'profile' go with"},
        {{EST, .profile = "idevid"}, "'key' and 'profile' go with"},
        {{.kind = "est"}, "has no 'url'"},
        {{.kind = "cmp", .chain = "/none", .reference = "x"}, "has no 'url'"},
        {{.kind = "est", .url = "http://localhost:1/est"}, "EST goes over https only"},
        {{EST, .user = "x", .chain = "/none"}, RIGHT},
        {{CMP, .user = "x", .reference = "x"}, "'user' goes with kind: est"},
        {{EST, .reference = "x"}, "'reference' goes with kind: cmp"},
        {{EST, .client_cert = "x"}, "'client_cert' and 'client_key' go together"},
        {{EST, .client_key = "x"}, "'client_cert' and 'client_key' go together"},
        {{EST, .client_cert = "/none", .client_key = "/none"}, RIGHT},
        {{CMP}, "kind: cmp has a 'chain', and either"},
        {{CMP, .reference = "x", .client_cert = "x", .client_key = "x"},
         "kind: cmp has a 'chain', and either"},
        {{.kind = "cmp", .url = "http://localhost:1/cmp", .reference = "x"},
         "kind: cmp has a 'chain', and either"},
        {{CMP, .reference = "x"}, RIGHT},
        {{CMP, .client_cert = "x", .client_key = "x"}, RIGHT},
        {{EST, .passphrase_file = "/none"}, "'passphrase_file' goes with"},
        {{EST, .passphrase_file = "/none", .user = "x"}, "is not there"},
        {{CMP, .passphrase_file = "/none", .client_cert = "x", .client_key = "x"},
         "'passphrase_file' goes with"},
        {{CMP, .passphrase_file = "/none", .reference = "x"}, "is not there"},
        {{.kind = "acme", .url = "https://localhost:1"}, "kind"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const struct signet_authority_options options = {.size = sizeof(options),
                                                         .info = &rows[i].info};
        struct signet_authority *a = NULL;
        struct signet_error err = {0};

        if (signet_authority_open(&a, &options, &err) == SIGNET_OK ||
            !strstr(err.msg, rows[i].words))
            fail_msg("%zu: %d %s", i, err.code, err.msg);
        assert_null(a);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_goes_together),
        cmocka_unit_test(encrypted_keys),
        cmocka_unit_test(refusals),
        cmocka_unit_test(parts_that_do_not_belong_together),
        cmocka_unit_test(a_client_without_its_key),
        cmocka_unit_test(constraints),
        cmocka_unit_test(requests),
        cmocka_unit_test(described),
        cmocka_unit_test(without_memory_nothing_is_signed),
    };

    if (!folder_make(folder))
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
