/* SPDX-License-Identifier: Apache-2.0 */
/* Tokens that do what SoftHSM does not: sessions that end, PINs that lock, keys that ask each time,
 * modules that fail. The module is in this file.
 * wrap: cryptoki_open cryptoki_close cryptoki_functions
 */
#include "authority/cryptoki.h"
#include "authority/private.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <unistd.h>

#include <cmocka.h>

#include "../ca.h"

#define PIN "271828"

static struct test_ca ca;
static char folder[FOLDER_SIZE], chain[200], pin[200];

/* The token, and what is to go wrong. */
static struct {
    const char *label;
    CK_FLAGS flags;
    CK_RV login, sign; /* sign: of the next sign_times calls */
    int sign_times;
    CK_RV list, find, session;
    CK_ULONG found;
    CK_KEY_TYPE type;
    bool always, extractable;
    CK_ULONG cut; /* bytes that a signature lacks */
} fake;
static atomic_int sessions, opened, logins, context_logins, signatures, closed_modules, at_work,
    most_at_work;

static void padded(unsigned char *to, size_t size, const char *text)
{
    memset(to, ' ', size);
    memcpy(to, text, strlen(text));
}

static CK_RV get_slots(CK_BBOOL present, CK_SLOT_ID *slots, CK_ULONG *count)
{
    (void)present;
    slots[0] = 3;
    *count = 1;
    return fake.list;
}

static CK_RV get_token(CK_SLOT_ID slot, CK_TOKEN_INFO *info)
{
    assert_int_equal(slot, 3);
    memset(info, 0, sizeof(*info));
    padded(info->label, sizeof(info->label), fake.label);
    padded(info->manufacturerID, sizeof(info->manufacturerID), "us");
    padded(info->model, sizeof(info->model), "m1");
    padded(info->serialNumber, sizeof(info->serialNumber), "77");
    info->flags = fake.flags;
    return CKR_OK;
}

static CK_RV open_session(CK_SLOT_ID slot, CK_FLAGS flags, void *app, CK_NOTIFY notify,
                          CK_SESSION_HANDLE *out)
{
    (void)slot;
    (void)app;
    (void)notify;
    assert_int_equal(flags, CKF_SERIAL_SESSION);
    if (fake.session != CKR_OK)
        return fake.session;
    sessions++;
    *out = (CK_SESSION_HANDLE)++opened;
    return CKR_OK;
}

static CK_RV close_session(CK_SESSION_HANDLE session)
{
    (void)session;
    sessions--;
    return CKR_OK;
}

static CK_RV login(CK_SESSION_HANDLE session, CK_USER_TYPE as, CK_BYTE *text, CK_ULONG len)
{
    (void)session;
    *(as == CKU_USER ? &logins : &context_logins) += 1;
    if (fake.flags & CKF_PROTECTED_AUTHENTICATION_PATH)
        return text || len ? CKR_ARGUMENTS_BAD : fake.login;
    if (fake.login != CKR_OK)
        return fake.login;
    return len == strlen(PIN) && memcmp(text, PIN, len) == 0 ? CKR_OK : CKR_PIN_INCORRECT;
}

static CK_RV find_begin(CK_SESSION_HANDLE session, CK_ATTRIBUTE *wanted, CK_ULONG count)
{
    (void)session;
    assert_int_equal(count, 2);
    assert_int_equal(wanted[1].type, CKA_LABEL);
    return fake.find;
}

static CK_RV find(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE *out, CK_ULONG max, CK_ULONG *count)
{
    (void)session;
    *count = fake.found < max ? fake.found : max;
    for (CK_ULONG i = 0; i < *count; i++)
        out[i] = 40 + i;
    return CKR_OK;
}

static CK_RV find_end(CK_SESSION_HANDLE session)
{
    (void)session;
    return CKR_OK;
}

static CK_RV get_attribute(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE key, CK_ATTRIBUTE *a,
                           CK_ULONG count)
{
    (void)session;
    (void)count;
    assert_int_equal(key, 40);
    if (a->type == CKA_KEY_TYPE)
        memcpy(a->pValue, &fake.type, sizeof(fake.type));
    else
        *(CK_BBOOL *)a->pValue = a->type == CKA_ALWAYS_AUTHENTICATE ? fake.always
                                 : a->type == CKA_EXTRACTABLE       ? fake.extractable
                                                                    : CK_FALSE;
    return CKR_OK;
}

static CK_RV sign_begin(CK_SESSION_HANDLE session, CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key)
{
    (void)session;
    assert_int_equal(key, 40);
    assert_int_equal(mechanism->mechanism, CKM_ECDSA);
    if (fake.sign_times > 0) {
        fake.sign_times--;
        return fake.sign;
    }
    return CKR_OK;
}

static CK_RV sign(CK_SESSION_HANDLE session, CK_BYTE *data, CK_ULONG len, CK_BYTE *out,
                  CK_ULONG *out_len)
{
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(ca.key, NULL);
    unsigned char der[100];
    const unsigned char *at = der;
    size_t der_len = sizeof(der);
    const BIGNUM *r, *s;
    int now = ++at_work, most = most_at_work;

    (void)session;
    while (now > most && !atomic_compare_exchange_weak(&most_at_work, &most, now))
        continue;
    if (fake.always && context_logins <= signatures)
        return CKR_USER_NOT_LOGGED_IN;
    signatures++;
    usleep(2000);
    assert_int_equal(EVP_PKEY_sign_init(ctx), 1);
    assert_int_equal(EVP_PKEY_sign(ctx, der, &der_len, data, len), 1);
    ECDSA_SIG *sig = d2i_ECDSA_SIG(NULL, &at, (long)der_len);
    ECDSA_SIG_get0(sig, &r, &s);
    BN_bn2binpad(r, out, 32);
    BN_bn2binpad(s, out + 32, 32);
    *out_len = 64 - fake.cut;
    ECDSA_SIG_free(sig);
    EVP_PKEY_CTX_free(ctx);
    at_work--;
    return CKR_OK;
}

static const CK_FUNCTION_LIST functions = {
    .C_GetSlotList = get_slots,
    .C_GetTokenInfo = get_token,
    .C_OpenSession = open_session,
    .C_CloseSession = close_session,
    .C_Login = login,
    .C_FindObjectsInit = find_begin,
    .C_FindObjects = find,
    .C_FindObjectsFinal = find_end,
    .C_GetAttributeValue = get_attribute,
    .C_SignInit = sign_begin,
    .C_Sign = sign,
};

int __wrap_cryptoki_open(struct cryptoki **out, const char *path, struct signet_error *err);
void __wrap_cryptoki_close(struct cryptoki **module);
const CK_FUNCTION_LIST *__wrap_cryptoki_functions(const struct cryptoki *module);

int __wrap_cryptoki_open(struct cryptoki **out, const char *path, struct signet_error *err)
{
    (void)err;
    assert_string_equal(path, "/m.so");
    *out = (struct cryptoki *)&fake;
    return SIGNET_OK;
}

void __wrap_cryptoki_close(struct cryptoki **module)
{
    closed_modules += *module != NULL;
    *module = NULL;
}

const CK_FUNCTION_LIST *__wrap_cryptoki_functions(const struct cryptoki *module)
{
    (void)module;
    return &functions;
}

static unsigned warnings;

static void on_event(void *ctx, const struct signet_event *event)
{
    (void)ctx;
    warnings += event->kind == SIGNET_EVENT_WARNING;
}

static int ask_pin(void *ctx, const char *what, struct signet_bytes *out, struct signet_error *err)
{
    struct buf text = {0};

    assert_string_equal(what, "the PIN of the token 'fake'");
    buf_text(&text, ctx);
    return buf_take(&text, out, err);
}

static void put_pin(const char *text)
{
    FILE *f = fopen(pin, "w");

    assert_non_null(f);
    fputs(text, f);
    fclose(f);
    chmod(pin, 0600);
}

static void begin(void)
{
    memset(&fake, 0, sizeof(fake));
    fake.label = "fake";
    fake.flags = CKF_TOKEN_INITIALIZED | CKF_LOGIN_REQUIRED;
    fake.found = 1;
    fake.type = CKK_EC;
    sessions = opened = logins = context_logins = signatures = closed_modules = most_at_work = 0;
    warnings = 0;
    put_pin(PIN "\n");
}

static const char *which = "token=fake"; /* the token, in the URI */

static int open_fake(struct signet_authority **a, bool file, const char *answer,
                     struct signet_error *err)
{
    static const struct signet_observer observer = {on_event, NULL};
    char key[200];
    const struct signet_authority_info info = {.chain = chain, .key = key, .folder = folder};
    const struct signet_authority_options options = {.info = &info,
                                                     .ask = answer ? ask_pin : NULL,
                                                     .ask_ctx = (void *)(uintptr_t)answer,
                                                     .observer = &observer};

    *a = NULL;
    *err = (struct signet_error){0};
    snprintf(key, sizeof(key), "pkcs11:%s;object=k?module-path=/m.so%s", which,
             file ? "&pin-source=pin" : "");
    return signet_authority_open(a, &options, err);
}

static void refused(bool file, int code, const char *words)
{
    struct signet_authority *a;
    struct signet_error err;

    assert_int_equal(open_fake(&a, file, NULL, &err), code);
    if (!strstr(err.msg, words) || strstr(err.msg, PIN) || strstr(err.hint, PIN))
        fail_msg("'%s' is not in '%s'", words, err.msg);
    assert_null(a);
    assert_int_equal(sessions, 0);
    assert_int_equal(closed_modules, 1);
}

/* Whatever the URI says of the token has to be so, to the last letter. */
static void which_token(void **state)
{
    static const char *const others[] = {"token=fak",         "token=fake2", "manufacturer=u",
                                         "manufacturer=us2",  "model=m",     "model=m12",
                                         "serial=7",          "serial=777",  "slot-id=0",
                                         "slot-id=4",         "slot-id=33",  "token=fake;slot-id=2",
                                         "serial=77;model=m2"};
    struct signet_authority *a;
    struct signet_error err;

    (void)state;
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        begin();
        which = others[i];
        refused(true, SIGNET_E_NOT_FOUND, "no token fits the URI");
    }
    begin();
    which = "token=fake;manufacturer=us;model=m1;serial=77;slot-id=3";
    if (open_fake(&a, true, NULL, &err) != SIGNET_OK)
        fail_msg("%s", err.msg);
    signet_authority_close(&a);
    begin();
    which = "token=fake";
    fake.flags = 0; /* nobody made it ready yet */
    refused(true, SIGNET_E_NOT_FOUND, "no token fits the URI");
}

static void pins(void **state)
{
    struct signet_authority *a;
    struct signet_error err;

    (void)state;
    begin();
    put_pin("1234\n");
    refused(true, SIGNET_E_AUTH, "the PIN is wrong");
    assert_int_equal(logins, 1);
    begin();
    fake.login = CKR_PIN_LOCKED;
    refused(true, SIGNET_E_AUTH, "the PIN is locked");
    begin();
    fake.flags |= CKF_USER_PIN_LOCKED;
    refused(true, SIGNET_E_AUTH, "the PIN is locked");
    assert_int_equal(logins, 0);
    begin();
    fake.flags |= CKF_USER_PIN_FINAL_TRY;
    refused(true, SIGNET_E_AUTH, "so the file's is not tried");
    assert_int_equal(logins, 0);
    assert_int_equal(open_fake(&a, false, PIN, &err), 0);
    signet_authority_close(&a);
    begin();
    refused(false, SIGNET_E_AUTH, "the PIN of the token 'fake' is not known");
    begin();
    fake.flags |= CKF_PROTECTED_AUTHENTICATION_PATH;
    assert_int_equal(open_fake(&a, false, NULL, &err), 0);
    signet_authority_close(&a);
    begin();
    fake.flags = CKF_TOKEN_INITIALIZED;
    assert_int_equal(open_fake(&a, false, NULL, &err), 0);
    assert_int_equal(logins, 0);
    signet_authority_close(&a);
    assert_int_equal(sessions, 0);
}

static void failures(void **state)
{
    (void)state;
    begin();
    fake.list = CKR_GENERAL_ERROR;
    refused(true, SIGNET_E_CRYPTO, "cannot list the tokens: the module failed");
    begin();
    fake.flags = 0;
    refused(true, SIGNET_E_NOT_FOUND, "no token fits");
    begin();
    fake.label = "fake one"; /* begins with the name of the URI */
    refused(true, SIGNET_E_NOT_FOUND, "no token fits");
    begin();
    fake.session = CKR_SESSION_COUNT;
    refused(true, SIGNET_E_BUSY, "no session left");
    begin();
    fake.find = CKR_DEVICE_ERROR;
    refused(true, SIGNET_E_CRYPTO, "cannot look for the key");
    begin();
    fake.found = 2;
    refused(true, SIGNET_E_MEANING, "more than one private key");
    begin();
    fake.found = 0;
    refused(true, SIGNET_E_NOT_FOUND, "no private key");
    begin();
    fake.type = 0x40;
    refused(true, SIGNET_E_CERT, "of type 0x40");
    begin();
    fake.sign = CKR_KEY_FUNCTION_NOT_PERMITTED;
    fake.sign_times = 1;
    refused(true, SIGNET_E_CERT, "the key may not sign");
    begin();
    fake.sign = 0x80001234;
    fake.sign_times = 1;
    refused(true, SIGNET_E_CRYPTO, "error 0x80001234");
    begin();
    fake.cut = 1;
    refused(true, SIGNET_E_CERT, "63 bytes");
}

static struct signet_key *device;

static int sign_one(struct signet_authority *a, struct signet_error *err)
{
    const struct signet_authority_subject subject = {.endpoint = "urn:dev:os:1"};
    struct signet_cert *cert = NULL;
    int rc = signet_authority_sign_key(a, device, &subject, NULL, &cert, NULL, err);

    signet_cert_free(&cert);
    return rc;
}

/* A session that ended is opened again, once. */
static void lost_sessions(void **state)
{
    struct signet_authority *a;
    struct signet_error err;

    (void)state;
    begin();
    assert_int_equal(open_fake(&a, true, NULL, &err), 0);
    fake.sign = CKR_SESSION_HANDLE_INVALID;
    fake.sign_times = 1;
    assert_int_equal(sign_one(a, &err), 0);
    assert_int_equal(opened, 2);
    fake.sign_times = 2;
    assert_int_equal(sign_one(a, &err), SIGNET_E_CRYPTO);
    fake.sign = CKR_DEVICE_REMOVED;
    fake.sign_times = 2;
    assert_int_equal(sign_one(a, &err), SIGNET_E_NOT_FOUND);
    assert_int_equal(sign_one(a, &err), 0);
    /* a PIN that does no longer do is tried once */
    fake.sign = CKR_USER_NOT_LOGGED_IN;
    fake.login = CKR_PIN_INCORRECT;
    fake.sign_times = 1;
    logins = 0;
    assert_int_equal(sign_one(a, &err), SIGNET_E_AUTH);
    fake.login = CKR_OK;
    assert_int_equal(sign_one(a, &err), SIGNET_E_AUTH);
    assert_int_equal(logins, 1);
    signet_authority_close(&a);
    assert_int_equal(sessions, 0);
}

static void keys_that_ask_always(void **state)
{
    struct signet_authority *a;
    struct signet_error err;

    (void)state;
    begin();
    fake.always = fake.extractable = true;
    assert_int_equal(open_fake(&a, true, NULL, &err), 0);
    assert_int_equal(warnings, 1); /* it can be taken out */
    assert_int_equal(sign_one(a, &err), 0);
    assert_int_equal(context_logins, 2);
    /* a PIN that was changed meanwhile is tried once, and no more */
    fake.login = CKR_PIN_LEN_RANGE;
    assert_int_equal(sign_one(a, &err), SIGNET_E_AUTH);
    fake.login = CKR_OK;
    assert_int_equal(sign_one(a, &err), SIGNET_E_AUTH);
    assert_int_equal(context_logins, 3);
    signet_authority_close(&a);
}

enum { THREADS = 6, EACH = 5 };

static void *sign_some(void *ctx)
{
    struct signet_error err = {0};
    intptr_t failed = 0;

    for (int i = 0; i < EACH; i++)
        failed += sign_one(ctx, &err) != SIGNET_OK;
    return (void *)failed;
}

/* Each thread has a session of its own, and they sign at the same time. */
static void threads(void **state)
{
    pthread_t all[THREADS];
    struct signet_authority *a;
    struct signet_error err;
    void *failed;

    (void)state;
    begin();
    assert_int_equal(open_fake(&a, true, NULL, &err), 0);
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&all[i], NULL, sign_some, a), 0);
    for (int i = 0; i < THREADS; i++) {
        pthread_join(all[i], &failed);
        assert_null(failed);
    }
    assert_int_equal(signatures, THREADS * EACH + 1);
    assert_true(most_at_work > 1 && opened <= THREADS && sessions == opened);
    signet_authority_close(&a);
    assert_int_equal(sessions, 0);
    assert_int_equal(closed_modules, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(which_token), cmocka_unit_test(pins),
        cmocka_unit_test(failures),    cmocka_unit_test(lost_sessions),
        cmocka_unit_test(threads),     cmocka_unit_test(keys_that_ask_always),
    };

    if (!folder_make(folder) || signet_key_generate(&device, NULL, NULL, NULL))
        return 1;
    snprintf(chain, sizeof(chain), "%s/chain.pem", folder);
    snprintf(pin, sizeof(pin), "%s/pin", folder);
    strcat(folder, "/");
    ca = ca_make("root", "EC", NULL, NULL);
    ca_write_cert(chain, &ca);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    ca_free(&ca);
    signet_key_free(&device);
    return failed;
}
