/* SPDX-License-Identifier: Apache-2.0 */
/* A private key in a token: an HSM, a smart card, SoftHSM. Each thread that signs has a session of
 * its own. */
#include "authority/cryptoki.h"
#include "authority/private.h"
#include "authority/token_uri.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

enum { SLOTS_MAX = 64, SIGNATURE_MOST = 2048, FOUND_MAX = 2 };

struct session {
    struct session *next;
    CK_SESSION_HANDLE handle;
    CK_OBJECT_HANDLE key;
};

struct token {
    struct cryptoki *module;
    const CK_FUNCTION_LIST *f;
    struct token_uri uri;
    CK_SLOT_ID slot;
    char label[33 * 4];
    CK_FLAGS flags; /* of the token */
    bool rsa, asks_always;
    struct secret pin;
    pthread_mutex_t lock; /* of what follows */
    struct session *idle;
    CK_RV pin_refused; /* so: another try might lock it; CKR_OK: it was not */
};

/* the token */

/* Texts of Cryptoki are filled up with blanks. */
static bool padded_is(const unsigned char *padded, size_t size, const char *text)
{
    size_t len = strlen(text);

    if (!len)
        return true;
    if (len > size || memcmp(padded, text, len) != 0)
        return false;
    while (len < size && (padded[len] == ' ' || !padded[len]))
        len++;
    return len == size;
}

static size_t padded_len(const unsigned char *padded, size_t size)
{
    while (size > 0 && (padded[size - 1] == ' ' || !padded[size - 1]))
        size--;
    return size;
}

static bool token_fits(const struct token_uri *u, CK_SLOT_ID slot, const CK_TOKEN_INFO *info)
{
    return (info->flags & CKF_TOKEN_INITIALIZED) &&
           padded_is(info->label, sizeof(info->label), u->token) &&
           padded_is(info->manufacturerID, sizeof(info->manufacturerID), u->manufacturer) &&
           padded_is(info->model, sizeof(info->model), u->model) &&
           padded_is(info->serialNumber, sizeof(info->serialNumber), u->serial) &&
           (!u->slot[0] || strtoul(u->slot, NULL, 10) == slot);
}

static int refuse_token(const struct token *t, unsigned found, const char *labels,
                        struct signet_error *err)
{
    const char *name = t->uri.token;

    error_set(err, found ? SIGNET_E_MEANING : SIGNET_E_NOT_FOUND, "%s token fits the URI%s%s%s",
              found ? "more than one" : "no", name[0] ? ": token '" : "",
              text_shown(name, strlen(name), 40), name[0] ? "'" : "");
    if (found)
        error_hint(err, "add its serial number: pkcs11:serial=...");
    else
        error_hint(err,
                   labels[0] ? "there are: %s"
                             : "its module knows of no token%s: is the token plugged in, and "
                               "the module that of its maker?",
                   labels);
    return found ? SIGNET_E_MEANING : SIGNET_E_NOT_FOUND;
}

static int find_token(struct token *t, struct signet_error *err)
{
    CK_SLOT_ID slots[SLOTS_MAX];
    CK_ULONG count = SLOTS_MAX;
    char labels[200] = "";
    unsigned found = 0;
    CK_RV rv = t->f->C_GetSlotList(CK_TRUE, slots, &count);

    if (rv != CKR_OK)
        return cryptoki_fail(rv, "cannot list the tokens", err);
    for (CK_ULONG i = 0; i < count; i++) {
        CK_TOKEN_INFO info;
        size_t used = strlen(labels);

        if (t->f->C_GetTokenInfo(slots[i], &info) != CKR_OK)
            continue;
        size_t len = padded_len(info.label, sizeof(info.label));
        if (info.flags & CKF_TOKEN_INITIALIZED && used < 60)
            snprintf(labels + used, sizeof(labels) - used, "%s'%s'", used ? ", " : "",
                     text_shown(info.label, len, 32));
        if (!token_fits(&t->uri, slots[i], &info))
            continue;
        found++;
        t->slot = slots[i];
        t->flags = info.flags;
        snprintf(t->label, sizeof(t->label), "%s", text_shown(info.label, len, 32));
    }
    return found == 1 ? SIGNET_OK : refuse_token(t, found, labels, err);
}

/* the PIN */

/* A file's PIN that was wrong before would be tried again at each start, until the token locks. */
static int check_tries(const struct token *t, bool from_file, struct signet_error *err)
{
    if (t->flags & CKF_USER_PIN_LOCKED)
        return cryptoki_fail(CKR_PIN_LOCKED, "the token", err);
    if (!from_file || !(t->flags & CKF_USER_PIN_FINAL_TRY))
        return SIGNET_OK;
    return error_set_hint(err, SIGNET_E_AUTH,
                          "log in once by hand: without pin-source and passphrase_file Signet asks",
                          "the token locks itself after one more wrong PIN, so the file's is not "
                          "tried");
}

static int read_pin(struct token *t, const struct signet_authority_info *info,
                    const struct signet_authority_options *options, struct signet_error *err)
{
    const char *file = t->uri.pin_file[0] ? t->uri.pin_file : info->passphrase_file;
    char what[200];

    if (!(t->flags & CKF_LOGIN_REQUIRED) || t->flags & CKF_PROTECTED_AUTHENTICATION_PATH)
        return SIGNET_OK;
    snprintf(what, sizeof(what), "the PIN of the token '%s'", t->label);
    int rc = check_tries(t, file, err);
    return rc == SIGNET_OK ? authority_secret(options, file, what, &t->pin, err) : rc;
}

static bool refuses_pin(CK_RV rv)
{
    return rv == CKR_PIN_INCORRECT || rv == CKR_PIN_INVALID || rv == CKR_PIN_LEN_RANGE ||
           rv == CKR_PIN_LOCKED;
}

static CK_RV token_log_in(struct token *t, CK_SESSION_HANDLE session, CK_USER_TYPE as)
{
    bool by_pad = t->flags & CKF_PROTECTED_AUTHENTICATION_PATH;

    pthread_mutex_lock(&t->lock);
    CK_RV rv = t->pin_refused;
    if (rv == CKR_OK)
        rv = t->f->C_Login(session, as, by_pad ? NULL : t->pin.data,
                           by_pad ? 0 : (CK_ULONG)t->pin.len);
    if (refuses_pin(rv))
        t->pin_refused = rv;
    pthread_mutex_unlock(&t->lock);
    return rv == CKR_USER_ALREADY_LOGGED_IN ? CKR_OK : rv;
}

/* the key */

static int refuse_key(const struct token *t, CK_ULONG found, struct signet_error *err)
{
    const struct token_uri *u = &t->uri;

    error_set(err, found ? SIGNET_E_MEANING : SIGNET_E_NOT_FOUND,
              "%s private key of the token '%s' fits the URI%s%s%s", found ? "more than one" : "no",
              t->label, u->has_object ? ": object '" : "",
              text_shown(u->object, strlen(u->object), 40), u->has_object ? "'" : "");
    error_hint(err, "%s",
               found ? "name one by its label and its id: object=...;id=..."
                     : "a tool for tokens lists what is there");
    return found ? SIGNET_E_MEANING : SIGNET_E_NOT_FOUND;
}

static int find_key(const struct token *t, struct session *s, struct signet_error *err)
{
    CK_OBJECT_CLASS class = CKO_PRIVATE_KEY;
    CK_OBJECT_HANDLE found[FOUND_MAX];
    CK_ATTRIBUTE wanted[3] = {{CKA_CLASS, &class, sizeof(class)}};
    CK_ULONG n = 1, count = 0;

    if (t->uri.has_object)
        wanted[n++] =
            (CK_ATTRIBUTE){CKA_LABEL, (void *)(uintptr_t)t->uri.object, strlen(t->uri.object)};
    if (t->uri.has_id)
        wanted[n++] = (CK_ATTRIBUTE){CKA_ID, (void *)(uintptr_t)t->uri.id, t->uri.id_len};
    CK_RV rv = t->f->C_FindObjectsInit(s->handle, wanted, n);
    if (rv == CKR_OK)
        rv = t->f->C_FindObjects(s->handle, found, FOUND_MAX, &count);
    t->f->C_FindObjectsFinal(s->handle);
    if (rv != CKR_OK)
        return cryptoki_fail(rv, "cannot look for the key", err);
    if (count != 1)
        return refuse_key(t, count, err);
    s->key = found[0];
    return SIGNET_OK;
}

static bool key_flag(const struct token *t, const struct session *s, CK_ATTRIBUTE_TYPE type)
{
    CK_BBOOL value = CK_FALSE;
    CK_ATTRIBUTE attribute = {type, &value, sizeof(value)};

    return t->f->C_GetAttributeValue(s->handle, s->key, &attribute, 1) == CKR_OK && value;
}

/* What stays the same for all sessions. */
static int look_at_key(struct token *t, const struct session *s,
                       const struct signet_observer *observer, struct signet_error *err)
{
    CK_KEY_TYPE type = 0;
    CK_ATTRIBUTE attribute = {CKA_KEY_TYPE, &type, sizeof(type)};
    CK_RV rv = t->f->C_GetAttributeValue(s->handle, s->key, &attribute, 1);

    if (rv != CKR_OK)
        return cryptoki_fail(rv, "cannot look at the key", err);
    if (type != CKK_EC && type != CKK_RSA)
        return error_set_hint(err, SIGNET_E_CERT, "use an EC key, or RSA",
                              "the token's key is of type 0x%lx", (unsigned long)type);
    t->rsa = type == CKK_RSA;
    t->asks_always = key_flag(t, s, CKA_ALWAYS_AUTHENTICATE);
    if (key_flag(t, s, CKA_EXTRACTABLE))
        event_note(observer, "make it with CKA_EXTRACTABLE false",
                   "the key of the token '%s' can be taken out of it", t->label);
    return SIGNET_OK;
}

/* sessions */

static void token_session_close(const struct token *t, struct session **session)
{
    if (*session)
        t->f->C_CloseSession((*session)->handle);
    free(*session);
    *session = NULL;
}

static int token_session_open(struct token *t, struct session **out, struct signet_error *err)
{
    struct session *s = calloc(1, sizeof(*s));
    int rc = SIGNET_OK;

    if (!s)
        return error_nomem(err);
    CK_RV rv = t->f->C_OpenSession(t->slot, CKF_SERIAL_SESSION, NULL, NULL, &s->handle);
    if (rv != CKR_OK) {
        free(s);
        return cryptoki_fail(rv, "cannot open a session with the token", err);
    }
    if (t->flags & CKF_LOGIN_REQUIRED)
        rv = token_log_in(t, s->handle, CKU_USER);
    if (rv != CKR_OK)
        rc = cryptoki_fail(rv, "the key: cannot log in to the token", err);
    if (rc == SIGNET_OK)
        rc = find_key(t, s, err);
    if (rc != SIGNET_OK)
        token_session_close(t, &s);
    else
        *out = s;
    return rc;
}

static int token_session_take(struct token *t, struct session **out, struct signet_error *err)
{
    pthread_mutex_lock(&t->lock);
    *out = t->idle;
    if (*out)
        t->idle = (*out)->next;
    pthread_mutex_unlock(&t->lock);
    return *out ? SIGNET_OK : token_session_open(t, out, err);
}

static void session_give_back(struct token *t, struct session *s)
{
    pthread_mutex_lock(&t->lock);
    s->next = t->idle;
    t->idle = s;
    pthread_mutex_unlock(&t->lock);
}

/* signing */

static CK_RV sign_once(struct token *t, const struct session *s, const uint8_t *data, size_t len,
                       uint8_t *out, CK_ULONG *out_len)
{
    CK_MECHANISM mechanism = {t->rsa ? CKM_RSA_PKCS : CKM_ECDSA, NULL, 0};
    CK_RV rv = t->f->C_SignInit(s->handle, &mechanism, s->key);

    if (rv == CKR_OK && t->asks_always)
        rv = token_log_in(t, s->handle, CKU_CONTEXT_SPECIFIC);
    return rv == CKR_OK
               ? t->f->C_Sign(s->handle, (CK_BYTE *)(uintptr_t)data, (CK_ULONG)len, out, out_len)
               : rv;
}

/* The session ended, by itself or with the token: another one may do. */
static bool session_lost(CK_RV rv)
{
    static const CK_RV lost[] = {
        CKR_SESSION_HANDLE_INVALID, CKR_SESSION_CLOSED,    CKR_USER_NOT_LOGGED_IN,
        CKR_DEVICE_REMOVED,         CKR_TOKEN_NOT_PRESENT, CKR_KEY_HANDLE_INVALID,
        CKR_OBJECT_HANDLE_INVALID,  CKR_DEVICE_ERROR,
    };

    for (size_t i = 0; i < COUNT_OF(lost); i++)
        if (rv == lost[i])
            return true;
    return false;
}

static int token_sign(void *ctx, const uint8_t *data, size_t len, struct buf *signature,
                      struct signet_error *err)
{
    struct token *t = ctx;
    uint8_t out[SIGNATURE_MOST];
    CK_ULONG out_len = 0;
    CK_RV rv = CKR_SESSION_CLOSED;

    for (int tries = 0; tries < 2 && session_lost(rv); tries++) {
        struct session *s = NULL;
        int rc = tries ? token_session_open(t, &s, err) : token_session_take(t, &s, err);

        if (rc != SIGNET_OK)
            return rc;
        out_len = sizeof(out);
        rv = sign_once(t, s, data, len, out, &out_len);
        if (rv == CKR_OK)
            session_give_back(t, s);
        else
            token_session_close(t, &s);
    }
    if (rv != CKR_OK)
        return cryptoki_fail(rv, "the token does not sign", err);
    buf_append(signature, out, out_len);
    return buf_check(signature, err);
}

static int describe_place(struct signet_authority *a, const struct token *t,
                          struct signet_error *err)
{
    char text[600];

    snprintf(text, sizeof(text), "token '%s'%s%s%s", t->label,
             t->uri.has_object ? ", object '" : "",
             text_shown(t->uri.object, strlen(t->uri.object), 60), t->uri.has_object ? "'" : "");
    return text_copy(&a->place, text, err);
}

static int pkcs11_open(struct signet_authority *a, const struct signet_authority_info *info,
                       const struct signet_authority_options *options, struct signet_error *err)
{
    struct token *t = calloc(1, sizeof(*t));
    struct session *first = NULL;

    if (!t)
        return error_nomem(err);
    pthread_mutex_init(&t->lock, NULL);
    a->state = t;
    a->signer = (struct cert_signer){.sign = token_sign, .ctx = t};
    int rc = token_uri_parse(&t->uri, info->key, info->folder, err);
    if (rc == SIGNET_OK)
        rc = cryptoki_open(&t->module, t->uri.module[0] ? t->uri.module : NULL, err);
    if (rc != SIGNET_OK)
        return rc;
    t->f = cryptoki_functions(t->module);
    rc = find_token(t, err);
    if (rc == SIGNET_OK)
        rc = read_pin(t, info, options, err);
    if (rc == SIGNET_OK)
        rc = token_session_open(t, &first, err);
    if (rc == SIGNET_OK && first) {
        rc = look_at_key(t, first, options->observer, err);
        session_give_back(t, first);
    }
    return rc == SIGNET_OK ? describe_place(a, t, err) : rc;
}

static void pkcs11_close(struct signet_authority *a)
{
    struct token *t = a->state;

    if (!t)
        return;
    for (struct session *s = t->idle, *next; s; s = next) {
        next = s->next;
        token_session_close(t, &s);
    }
    cryptoki_close(&t->module);
    secret_wipe(&t->pin);
    pthread_mutex_destroy(&t->lock);
    free(t);
    a->state = NULL;
}

const struct authority_ops authority_pkcs11 = {
    .name = "pkcs11", .open = pkcs11_open, .close = pkcs11_close};
