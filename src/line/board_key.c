/* SPDX-License-Identifier: Apache-2.0 */
/* A key that is born on the board: request, signature, and what of it the ledger and the vault
 * keep, which is nothing secret. */
#include "line/work.h"
#include "pki/pki.h"

#include <signet/authority.h>
#include <stdio.h>

struct born {
    struct signet_bytes csr;
    char key[65];   /* fingerprint of the public key in it */
    char known[65]; /* that the ledger has for this device; "" */
};

static int take_known_key(void *ctx, const struct signet_ledger_device *d, struct signet_error *err)
{
    struct born *born = ctx;

    (void)err;
    if (d->state != SIGNET_DEVICE_RETIRED)
        snprintf(born->known, sizeof(born->known), "%s", d->spki_sha256);
    return SIGNET_OK;
}

static int ask_board(struct work *w, struct born *born, struct signet_error *err)
{
    const struct signet_ledger_filter filter = {.endpoint = w->lease->endpoint, .state = -1};
    struct cert_request request;

    work_failpoint("before", "request");
    int rc = signet_board_request(w->board, w->lease->endpoint, &born->csr, err);
    work_failpoint("after", "request");
    bool asked = rc != SIGNET_E_EXISTS; /* else its key is the one that the ledger knows */
    if (rc == SIGNET_OK)
        rc = cert_request_read(&request, born->csr.data, born->csr.len, err);
    if (rc != SIGNET_OK && asked)
        return rc;
    if (asked)
        hex_encode(request.key_sha256, sizeof(request.key_sha256), born->key);
    rc = work_judged(w, signet_ledger_devices(w->job->ledger, &filter, take_known_key, born, err));
    if (!asked)
        memcpy(born->key, born->known, sizeof(born->key));
    return rc;
}

/* Once a certificate may be on the board, its key is the one that the ledger has, unless the board
 * was erased meanwhile. */
static int compare_known(struct work *w, const struct born *born, struct signet_error *err)
{
    char note[160];

    if (!born->known[0] || strcmp(born->known, born->key) == 0)
        return SIGNET_OK;
    if (w->lease->state >= SIGNET_DEVICE_WRITING && !work_erases(w->setup->order))
        return error_set_hint(
            err, SIGNET_E_CONFLICT, "a rework gives this board another edition, with its new key",
            "%s: the board has another key than the one that was certified", w->lease->endpoint);
    snprintf(note, sizeof(note), "the key %.16s is gone, the board made another", born->known);
    return work_judged(w, signet_ledger_note(w->job->ledger, w->lease, "key", note, err));
}

/* The fingerprint is in the ledger before anybody signs for the key. */
static int record_key(struct work *w, const struct born *born, struct signet_error *err)
{
    const struct signet_device_facts facts = {
        .spki_sha256 = born->key, .hw_id = work_hw_id(w), .note = "the board made its key"};

    if (strcmp(born->known, born->key) == 0)
        return SIGNET_OK;
    return work_record(w, SIGNET_DEVICE_RESERVED, &facts, err);
}

static bool fits_key(const struct device *device, const struct born *born)
{
    return device->packet.data && device->facts.spki_sha256 &&
           strcmp(device->facts.spki_sha256, born->key) == 0;
}

/* What was sealed for this key. Nothing of it is secret but, where it has them, the PSKs of other
 * accounts: what cannot be opened is made anew. */
static int restore_for_key(struct work *w, const struct born *born, bool *restored,
                           struct signet_error *err)
{
    struct signet_error why = {0};
    struct secret packet = {0};
    int rc = vault_find(w->setup->vault, w->lease->endpoint, -1, &packet, &why);

    if (rc == SIGNET_OK)
        rc = source_restore(w->setup->source, &packet, w->lease->endpoint, &w->device, &why);
    secret_wipe(&packet);
    *restored = rc == SIGNET_OK && fits_key(&w->device, born);
    if (rc == SIGNET_OK && !*restored)
        device_free(&w->device);
    return rc == SIGNET_OK || rc == SIGNET_E_NOT_FOUND || rc == SIGNET_E_SEAL
               ? SIGNET_OK
               : error_copy(err, &why);
}

static int certify(struct work *w, const struct born *born, struct signet_error *err)
{
    const struct signet_authority_subject subject = {.endpoint = w->lease->endpoint,
                                                     .serial = work_hw_id(w),
                                                     .info = source_cert_info(w->setup->source)};
    struct signet_authority *authority = source_authority(w->setup->source);
    struct signet_cert *cert = NULL;
    struct signet_bytes der = {0};

    if (!born->csr.len)
        return error_set_hint(
            err, SIGNET_E_CONFLICT, "a rework gives this board another edition, with a new key",
            "%s: what was certified for the board's key is not here any more", w->lease->endpoint);
    work_failpoint("before", "sign");
    int rc = signet_authority_sign_request(authority, born->csr.data, born->csr.len, &subject,
                                           w->job->stop, &cert, NULL, err);
    work_failpoint("after", "sign");
    if (rc == SIGNET_OK)
        rc = signet_cert_der(cert, &der, err);
    if (rc == SIGNET_OK)
        rc = source_make_certified(w->setup->source, w->lease->endpoint, w->lease->index, &der,
                                   &w->device, err);
    signet_bytes_free(&der);
    signet_cert_free(&cert);
    return rc;
}

static int make_born(struct work *w, struct born *born, struct signet_error *err)
{
    bool restored = false;

    if (!source_makes_certs(w->setup->source)) /* before it makes a key */
        return error_set(err, SIGNET_E_MEANING,
                         "the template has no account in mode cert without certificate and key");
    int rc = ask_board(w, born, err);
    if (rc == SIGNET_OK)
        rc = compare_known(w, born, err);
    if (rc == SIGNET_OK)
        rc = record_key(w, born, err);
    if (rc != SIGNET_OK)
        return rc;
    if (fits_key(&w->device, born)) /* another attempt of this run */
        return SIGNET_OK;
    device_free(&w->device);
    rc = restore_for_key(w, born, &restored, err);
    if (rc == SIGNET_OK && !restored)
        rc = certify(w, born, err);
    if (rc == SIGNET_OK && !restored)
        rc = work_seal(w, err);
    return rc == SIGNET_OK ? work_record(w, SIGNET_DEVICE_KEYED, &w->device.facts, err) : rc;
}

int born_credentials(struct work *w, struct signet_error *err)
{
    struct born born = {0};
    int rc = make_born(w, &born, err);

    signet_bytes_free(&born.csr);
    return rc;
}
