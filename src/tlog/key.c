/* SPDX-License-Identifier: Apache-2.0 */
/* Keys of logs and witnesses, as C2SP's signed-note writes them. */
#include "pki/pki.h"
#include "tlog/tlog.h"

#include <stdio.h>
#include <unistd.h>

enum { TYPED_KEY = 1 + ED25519_KEY_LEN, BASE64_OF_TYPED_KEY = 44, KEY_FILE_MAX = 1024 };

static const char private_mark[] = "PRIVATE+KEY+";

/* Printable ASCII, without what stands between parts. */
static bool tlog_name_fits(const char *name, size_t len)
{
    bool ok = len > 0 && len < TLOG_NAME_SIZE;

    for (size_t i = 0; ok && i < len; i++)
        ok = name[i] > ' ' && name[i] < 0x7f && name[i] != '+';
    return ok;
}

void tlog_name_escape(const char *text, struct buf *out)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                ".-_@:";

    for (; *text; text++)
        if (strchr(plain, *text))
            buf_byte(out, (uint8_t)*text);
        else
            buf_printf(out, "%%%02X", (unsigned)(uint8_t)*text);
}

/* SHA-256 of the name, a line end, the type and the key: its first 4 bytes. */
static int tlog_find_id(struct tlog_vkey *key, struct signet_error *err)
{
    uint8_t digest[32];
    struct buf text = {0};

    buf_printf(&text, "%s\n", key->name);
    buf_byte(&text, (uint8_t)key->type);
    buf_append(&text, key->key, sizeof(key->key));
    int rc = buf_check(&text, err);
    if (rc == SIGNET_OK)
        rc = sha256(text.data, text.len, digest, err);
    if (rc == SIGNET_OK)
        memcpy(key->id, digest, sizeof(key->id));
    buf_free(&text);
    return rc;
}

int tlog_vkey_as(const struct tlog_vkey *key, enum tlog_key_type type, const char *name,
                 struct tlog_vkey *out, struct signet_error *err)
{
    struct tlog_vkey made = {.type = type};

    memcpy(made.key, key->key, sizeof(made.key));
    if (!tlog_name_fits(name, strlen(name)))
        return error_set(err, SIGNET_E_USAGE, "'%.80s' cannot be the name of a key", name);
    snprintf(made.name, sizeof(made.name), "%s", name);
    int rc = tlog_find_id(&made, err);
    if (rc == SIGNET_OK)
        *out = made;
    return rc;
}

static void tlog_print_key(const struct tlog_vkey *key, const uint8_t *bytes, struct buf *out)
{
    uint8_t typed[TYPED_KEY];

    typed[0] = (uint8_t)key->type;
    memcpy(typed + 1, bytes, sizeof(typed) - 1);
    buf_printf(out, "%s+", key->name);
    buf_hex(out, key->id, sizeof(key->id));
    buf_byte(out, '+');
    buf_base64(out, typed, sizeof(typed));
    wipe(typed, sizeof(typed));
}

void tlog_vkey_print(const struct tlog_vkey *key, char out[static TLOG_VKEY_SIZE])
{
    struct buf text = {0};

    tlog_print_key(key, key->key, &text);
    snprintf(out, TLOG_VKEY_SIZE, "%s", text.failed ? "" : (const char *)text.data);
    buf_free(&text);
}

/* NAME+HHHHHHHH+BASE64: the name, the id, and the bytes behind the type. */
static bool tlog_split_key(const char *text, size_t len, struct tlog_vkey *key,
                           uint8_t bytes[static ED25519_KEY_LEN])
{
    const char *plus = memchr(text, '+', len);
    size_t name = plus ? (size_t)(plus - text) : 0;
    uint8_t typed[TYPED_KEY];

    if (!plus || !tlog_name_fits(text, name) || len != name + 10 + BASE64_OF_TYPED_KEY ||
        plus[9] != '+' || hex_decode(plus + 1, 8, key->id, sizeof(key->id)) != sizeof(key->id) ||
        base64_decode(plus + 10, BASE64_OF_TYPED_KEY, typed, sizeof(typed)) != TYPED_KEY)
        return false;
    snprintf(key->name, sizeof(key->name), "%.*s", (int)name, text);
    bool known = typed[0] == TLOG_SIGNER || typed[0] == TLOG_WITNESS;
    key->type = typed[0] == TLOG_WITNESS ? TLOG_WITNESS : TLOG_SIGNER;
    memcpy(bytes, typed + 1, ED25519_KEY_LEN);
    wipe(typed, sizeof(typed));
    return known;
}

/* Is there a key in the file, and no private one? */
static bool has_vkey(const char *path)
{
    struct tlog_vkey key;
    struct buf text = {0};
    bool has = false;

    if (file_read(path, 4096, &text, NULL) == SIGNET_OK)
        has = tlog_split_key((const char *)text.data, strcspn((const char *)text.data, "\r\n"),
                             &key, key.key);
    buf_free(&text);
    return has;
}

int tlog_vkey_parse(const char *text, struct tlog_vkey *out, struct signet_error *err)
{
    static const char hint[] = "a key is NAME+8 hex digits+base64, as a station or its owner shows "
                               "it";
    struct tlog_vkey key = {0};
    uint8_t id[4];

    bool whole = tlog_split_key(text, strlen(text), &key, key.key);
    if (!whole && access(text, F_OK) == 0)
        return error_set_hint(
            err, SIGNET_E_SYNTAX,
            has_vkey(text)
                ? "give the key that is in it: \"$(cat FILE)\""
                : "it has no public key in it: a station, a witness or an owner shows theirs",
            "'%s' is a file, and not the text of a key", text_shown(text, strlen(text), 100));
    if (!whole)
        return error_set_hint(err, SIGNET_E_SYNTAX, hint, "'%s' is no Ed25519 key of a signer",
                              text_shown(text, strcspn(text, "+"), 60));
    memcpy(id, key.id, sizeof(id));
    int rc = tlog_find_id(&key, err);
    if (rc == SIGNET_OK && memcmp(id, key.id, sizeof(id)) != 0)
        rc = error_set_hint(err, SIGNET_E_SYNTAX, hint,
                            "the key of %.80s has another number than its name and bytes give",
                            key.name);
    if (rc == SIGNET_OK)
        *out = key;
    return rc;
}

/* When another process is faster, its key is the key. */
static int tlog_make_key(const char *path, const char *name, struct signet_error *err)
{
    struct tlog_vkey public = {.type = TLOG_SIGNER};
    struct secret seed = {0};
    struct buf text = {0};
    int rc = secret_alloc(&seed, ED25519_SEED_LEN, err);

    if (rc == SIGNET_OK)
        rc = random_bytes(seed.data, seed.len, err);
    if (rc == SIGNET_OK)
        rc = ed25519_public(&seed, public.key, err);
    if (rc == SIGNET_OK)
        rc = tlog_vkey_as(&public, TLOG_SIGNER, name, &public, err);
    if (rc == SIGNET_OK) {
        buf_text(&text, private_mark);
        tlog_print_key(&public, seed.data, &text);
        buf_byte(&text, '\n');
        rc = buf_check(&text, err);
    }
    if (rc == SIGNET_OK)
        rc = file_create(path, text.data, text.len, err);
    buf_free(&text);
    secret_wipe(&seed);
    return rc == SIGNET_E_EXISTS ? SIGNET_OK : rc;
}

static int take_seed(struct tlog_key *key, const struct secret *text, struct signet_error *err)
{
    const char *at = (const char *)text->data;
    size_t mark = sizeof(private_mark) - 1, len = text->len;
    struct tlog_vkey said = {0};

    len -= len && at[len - 1] == '\n';
    int rc = secret_alloc(&key->seed, ED25519_SEED_LEN, err);
    if (rc != SIGNET_OK)
        return rc;
    if (len <= mark || memcmp(at, private_mark, mark) != 0 ||
        !tlog_split_key(at + mark, len - mark, &said, key->seed.data) || said.type != TLOG_SIGNER)
        return error_set_hint(err, SIGNET_E_SYNTAX,
                              "name a file that was made for signing, such as station.key.sign",
                              "this is no signing key");
    rc = ed25519_public(&key->seed, key->public.key, err);
    if (rc == SIGNET_OK)
        rc = tlog_vkey_as(&key->public, TLOG_SIGNER, said.name, &key->public, err);
    if (rc == SIGNET_OK && memcmp(said.id, key->public.id, sizeof(said.id)) != 0)
        rc = error_set(err, SIGNET_E_SYNTAX, "the signing key is damaged");
    struct ed25519 loaded = {NULL};
    if (rc == SIGNET_OK)
        rc = ed25519_load(&key->seed, &loaded, err);
    key->loaded = loaded.key;
    return rc;
}

int tlog_key_open(struct tlog_key *key, const char *path, const char *name,
                  struct signet_error *err)
{
    struct tlog_key read = {0};
    struct secret text = {0};
    int rc = name && access(path, F_OK) < 0 ? tlog_make_key(path, name, err) : SIGNET_OK;

    if (rc == SIGNET_OK)
        rc = file_read_secret(path, KEY_FILE_MAX, &text, err);
    if (rc == SIGNET_OK)
        rc = take_seed(&read, &text, err);
    rc = signet_file_explain(rc, SIGNET_FILE_SIGNING_KEY, path, err);
    secret_wipe(&text);
    if (rc == SIGNET_OK)
        *key = read;
    else
        tlog_key_free(&read);
    return error_pass(rc, err, "cannot use the signing key");
}

void tlog_key_free(struct tlog_key *key)
{
    secret_wipe(&key->seed);
    ed25519_drop(&(struct ed25519){key->loaded});
    *key = (struct tlog_key){0};
}
