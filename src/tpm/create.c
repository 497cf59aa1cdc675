/* SPDX-License-Identifier: Apache-2.0 */
/* A new key that counts: its index, which the owner alone writes, and the key with its policy. */
#include "tpm/private.h"

#include <unistd.h>

#define OWNER_TEXT "p256+"

/* "p256+BASE64", as signet order grant prints it. */
static int take_owner_point(const char *text, uint8_t out[static P256_POINT],
                            struct signet_error *err)
{
    size_t begin = strlen(OWNER_TEXT), len = text ? strlen(text) : 0;

    if (len > begin && len < 120 && strncmp(text, OWNER_TEXT, begin) == 0 &&
        base64_decode(text + begin, len - begin, out, P256_POINT) == P256_POINT &&
        p256_is_point(out))
        return SIGNET_OK;
    return error_set_hint(err, SIGNET_E_MEANING, "signet order grant --sign FILE prints it",
                          "'%s' is no owner's key for a TPM: p256+...",
                          text_shown(text ? text : "", len, 40));
}

static TSS2_RC define_index(struct tpm *t, const struct quota_file *f, const uint8_t policy[32],
                            ESYS_TR *index)
{
    TPM2B_NV_PUBLIC public = {.nvPublic = {.nvIndex = f->index,
                                           .nameAlg = TPM2_ALG_SHA256,
                                           .attributes = INDEX_ATTRIBUTES,
                                           .authPolicy.size = 32,
                                           .dataSize = PIN_LEN}};
    TPM2B_AUTH auth = {.size = QUOTA_PASSWORD};

    memcpy(public.nvPublic.authPolicy.buffer, policy, 32);
    memcpy(auth.buffer, f->password.data, QUOTA_PASSWORD);
    TSS2_RC answer = t->api->Esys_NV_DefineSpace(t->esys, ESYS_TR_RH_OWNER, ESYS_TR_PASSWORD,
                                                 t->session, ESYS_TR_NONE, &auth, &public, index);
    wipe(&auth, sizeof(auth));
    return answer;
}

static bool take_point(const TPM2B_PUBLIC *made, uint8_t out[static P256_POINT])
{
    const TPMT_PUBLIC *area = &made->publicArea;

    return area->type == TPM2_ALG_ECC &&
           tpm_numbers(&area->unique.ecc.x, &area->unique.ecc.y, out) && p256_is_point(out);
}

/* Neither its own password nor that of the owner hierarchy lets it sign. */
static int make_key(struct tpm *t, struct quota_file *f, struct signet_error *err)
{
    static const TPM2B_SENSITIVE_CREATE nothing = {0};
    TPM2B_PUBLIC template = {
        .publicArea = {.type = TPM2_ALG_ECC,
                       .nameAlg = TPM2_ALG_SHA256,
                       .objectAttributes = TPMA_OBJECT_FIXEDTPM | TPMA_OBJECT_FIXEDPARENT |
                                           TPMA_OBJECT_SENSITIVEDATAORIGIN | TPMA_OBJECT_NODA |
                                           TPMA_OBJECT_SIGN_ENCRYPT,
                       .authPolicy.size = 32,
                       .parameters.eccDetail = {.symmetric.algorithm = TPM2_ALG_NULL,
                                                .scheme.scheme = TPM2_ALG_NULL,
                                                .curveID = TPM2_ECC_NIST_P256,
                                                .kdf.scheme = TPM2_ALG_NULL}}};
    TPM2B_PUBLIC *made = NULL;
    uint8_t name[NAME_LEN];
    int rc = policy_index_name(f->index, f->owner, true, name, err);

    if (rc == SIGNET_OK)
        rc = policy_uses(name, template.publicArea.authPolicy.buffer, err);
    if (rc != SIGNET_OK)
        return rc;
    TSS2_RC answer = tpm_create(t, &nothing, &template, &f->public, &f->private, &made);
    if (answer)
        return tpm_fail(answer, "making the key", err);
    bool good = take_point(made, f->point);
    t->api->Esys_Free(made);
    return good ? SIGNET_OK : error_set(err, SIGNET_E_IO, "the TPM made another kind of key");
}

/* What was defined here goes again when there is no file for it. */
static int create_in(struct tpm *t, struct quota_file *f, const char *path,
                     struct signet_error *err)
{
    ESYS_TR index = ESYS_TR_NONE;
    uint8_t policy[32];
    int rc = policy_owner(f->owner, policy, err);

    if (rc != SIGNET_OK)
        return rc;
    TSS2_RC answer = define_index(t, f, policy, &index);
    if (answer)
        return tpm_fail(answer, "the index of uses", err);
    rc = make_key(t, f, err);
    if (rc == SIGNET_OK)
        rc = quota_file_write(path, f, err);
    if (rc != SIGNET_OK)
        t->api->Esys_NV_UndefineSpace(t->esys, ESYS_TR_RH_OWNER, index, ESYS_TR_PASSWORD,
                                      ESYS_TR_NONE, ESYS_TR_NONE);
    return rc;
}

static int check_wish(const struct signet_tpm_wish *w, struct quota_file *f,
                      struct signet_error *err)
{
    const char *conf = w->tpm ? w->tpm : TPM_USUAL;
    int rc = tpm_check_conf(conf, err);

    if (rc != SIGNET_OK)
        return rc;
    if (!w->file)
        return error_set(err, SIGNET_E_USAGE, "a key in a TPM has a file");
    if (access(w->file, F_OK) == 0)
        return error_set(err, SIGNET_E_EXISTS, "'%s' is there already",
                         text_shown(w->file, strlen(w->file), 200));
    memcpy(f->conf, conf, strlen(conf) + 1);
    f->index = w->index ? w->index : SIGNET_TPM_INDEX;
    if (!index_fits(f->index))
        return error_set_hint(err, SIGNET_E_USAGE, "0x01800000 to 0x01bfffff are the owner's",
                              "0x%08x is no index of a TPM", f->index);
    return take_owner_point(w->owner, f->owner, err);
}

int signet_tpm_create(const struct signet_tpm_wish *given, struct signet_bytes *public_pem,
                      struct signet_error *err)
{
    struct signet_tpm_wish wish;
    struct quota_file f = {0};
    struct buf der = {0}, pem = {0};
    struct tpm t = {0};

    options_take(&wish, given);
    int rc = check_wish(&wish, &f, err);
    if (rc == SIGNET_OK)
        rc = secret_alloc(&f.password, QUOTA_PASSWORD, err);
    if (rc == SIGNET_OK)
        rc = random_bytes(f.password.data, QUOTA_PASSWORD, err);
    if (rc == SIGNET_OK)
        rc = tpm_open(&t, f.conf, err);
    if (rc == SIGNET_OK)
        rc = create_in(&t, &f, wish.file, err);
    tpm_close(&t);
    p256_public(&der, f.point);
    pem_write(&pem, "PUBLIC KEY", der.data, der.len);
    rc = buf_end(&pem, rc, public_pem, err);
    buf_free(&der);
    quota_file_wipe(&f);
    return rc;
}
