/* SPDX-License-Identifier: Apache-2.0 */
/* A key that a passphrase opens, with scrypt (RFC 7914): each guess takes 128 MiB. */
#include "pki/pki.h"
#include "vault/private.h"

#include <stdio.h>

enum { SALT_LEN = 16, LENGTH_MIN = 8 };
enum { LOG_N = 17, LOG_N_MIN = 14, LOG_N_MAX = 19 }; /* the last: what a file may ask for */

static int ask_passphrase(const struct vault_key *from, const char *what, struct secret *out,
                          struct signet_error *err)
{
    return passphrase_read(&from->passphrase, what,
                           "a file (mode 600) has it: station_key_passphrase_file in the order; of "
                           "a new one, --new-passphrase-file",
                           out, err);
}

/* Nobody sees what is typed: a person says it twice. */
static int new_passphrase(const struct vault_key *from, struct secret *out,
                          struct signet_error *err)
{
    struct secret again = {0};
    int rc = ask_passphrase(from, "the new passphrase of the station key", out, err);

    if (rc == SIGNET_OK && out->len < LENGTH_MIN)
        return error_set_hint(err, from->passphrase.file ? SIGNET_E_MEANING : SIGNET_E_USAGE,
                              "it is what was typed, or the first line of its file",
                              "%s%sa passphrase has at least %d characters",
                              from->passphrase.file ? from->passphrase.file : "",
                              from->passphrase.file ? ": " : "", LENGTH_MIN);
    if (rc != SIGNET_OK || from->passphrase.file)
        return rc;
    rc = ask_passphrase(from, "the new passphrase, once more", &again, err);
    if (rc == SIGNET_OK && (again.len != out->len || memcmp(again.data, out->data, again.len) != 0))
        rc = error_set(err, SIGNET_E_USAGE, "these were two passphrases");
    secret_wipe(&again);
    return rc;
}

static int derive(const struct secret *passphrase, unsigned log_n, const uint8_t salt[SALT_LEN],
                  struct secret *wrap, struct signet_error *err)
{
    struct secret key = {0};
    int rc = secret_alloc(&key, AES_GCM_KEY_LEN, err);

    if (rc == SIGNET_OK)
        rc = pki_scrypt(passphrase->data, passphrase->len, salt, SALT_LEN, log_n, key.data, err);
    return secret_give(rc, &key, wrap);
}

static void print_cost(unsigned log_n, const uint8_t salt[SALT_LEN], struct buf *params)
{
    buf_printf(params, "scrypt %u ", log_n);
    buf_hex(params, salt, SALT_LEN);
}

static int make_passphrase(const struct vault_key *from, const char *argument, struct buf *params,
                           struct secret *wrap, struct signet_error *err)
{
    uint8_t salt[SALT_LEN];
    struct secret passphrase = {0};
    int rc = random_bytes(salt, sizeof(salt), err);

    (void)argument;
    if (rc == SIGNET_OK)
        rc = new_passphrase(from, &passphrase, err);
    if (rc == SIGNET_OK)
        rc = derive(&passphrase, LOG_N, salt, wrap, err);
    if (rc == SIGNET_OK)
        print_cost(LOG_N, salt, params);
    secret_wipe(&passphrase);
    return rc;
}

/* Right when the same is printed again, and no more than a station can do. */
static bool parse_cost(const char *params, unsigned *log_n, uint8_t salt[SALT_LEN])
{
    char hex[2 * SALT_LEN + 1] = "";
    struct buf again = {0};
    /* NOLINTNEXTLINE(cert-err34-c): a number that does not fit is not printed the same */
    bool good = sscanf(params, "scrypt %2u %32s", log_n, hex) == 2 &&
                hex_decode(hex, strlen(hex), salt, SALT_LEN) == SALT_LEN;

    if (good)
        print_cost(*log_n, salt, &again);
    good = good && again.data && strcmp((const char *)again.data, params) == 0;
    buf_free(&again);
    return good && *log_n >= LOG_N_MIN && *log_n <= LOG_N_MAX;
}

static int open_passphrase(const struct vault_key *from, const char *params, struct secret *wrap,
                           struct signet_error *err)
{
    uint8_t salt[SALT_LEN];
    unsigned log_n;
    struct secret passphrase = {0};

    if (!parse_cost(params, &log_n, salt))
        return error_set(err, SIGNET_E_CRYPTO, "its parameters of scrypt are damaged");
    int rc = ask_passphrase(from, "the passphrase of the station key", &passphrase, err);
    if (rc == SIGNET_OK)
        rc = derive(&passphrase, log_n, salt, wrap, err);
    secret_wipe(&passphrase);
    return rc;
}

const struct key_form key_form_passphrase = {
    .name = "passphrase", .make = make_passphrase, .open = open_passphrase};
