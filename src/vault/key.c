/* SPDX-License-Identifier: Apache-2.0 */
/* The station's key file. 32 bytes are a key as it is; else it is a text: the form, and each key,
 * sealed with another one that the form knows how to get. */
#include "pki/pki.h"
#include "vault/private.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { HOLD_MS = 2000 };
#define FIRST_LINE "signet station key 2"

static const struct key_form *const forms[] = {&key_form_file, &key_form_passphrase,
                                               &key_form_credential, &key_form_tpm};
enum { FORMS = COUNT_OF(forms) };

void key_ring_wipe(struct key_ring *ring)
{
    secret_wipe(&ring->current);
    secret_wipe(&ring->wrap.key);
    buf_free(&ring->wrap.params);
    ring->wrap.form = NULL;
    for (size_t i = 0; i < ring->old_count; i++)
        secret_wipe(&ring->old[i]);
    ring->old_count = 0;
}

static const struct key_form *form_of(const char *name, size_t len)
{
    for (size_t i = 0; i < FORMS; i++)
        if (text_is(name, len, forms[i]->name))
            return forms[i];
    return NULL;
}

static int no_key(struct signet_error *err)
{
    return error_set_hint(err, SIGNET_E_CRYPTO, "put the right key file back",
                          "this is not a station key");
}

/* "WORD ID SEALED" */
static bool parse_key(char *line, const char *word, struct key_text *out)
{
    const char *first = strsep(&line, " "), *id = strsep(&line, " ");

    if (out->count > OLD_KEYS_MAX || strcmp(first, word) != 0 || !id || !line ||
        strlen(id) != KEY_ID_SIZE - 1 || strspn(id, "0123456789abcdef") != KEY_ID_SIZE - 1)
        return false;
    out->ids[out->count] = id;
    out->sealed[out->count++] = line;
    return true;
}

int key_text_parse(struct secret *text, struct key_text *out, struct signet_error *err)
{
    char *at = (char *)text->data;

    *out = (struct key_text){0};
    if (text->len == AES_GCM_KEY_LEN)
        return SIGNET_OK;
    if (strlen(at) != text->len || !text_ends_with(at, "\nend\n") ||
        strcmp(strsep(&at, "\n"), FIRST_LINE) != 0)
        return no_key(err);
    char *line = strsep(&at, "\n");
    if (strncmp(line, "form ", 5) != 0 || !at)
        return no_key(err);
    line += 5;
    size_t len = strcspn(line, " ");
    if (!(out->form = form_of(line, len)))
        return error_set(err, SIGNET_E_UNSUPPORTED,
                         "this Signet knows no station key of the form '%s'",
                         text_shown(line, len, 20));
    out->params = line[len] ? line + len + 1 : line + len;
    bool good = (line = strsep(&at, "\n")) && parse_key(line, "key", out);
    while (good && (line = strsep(&at, "\n")) && strcmp(line, "end") != 0)
        good = parse_key(line, "old", out);
    return good && line && at && !*at ? SIGNET_OK : no_key(err);
}

/* Whoever may rename files of the folder may put another key in the place of this one. */
static int check_folder_of(const char *path, struct signet_error *err)
{
    char folder[4096];
    const char *slash = strrchr(path, '/');

    if (strlen(path) >= sizeof(folder))
        return error_set(err, SIGNET_E_LIMIT, "the path of the station key is too long");
    snprintf(folder, sizeof(folder), "%.*s", slash ? (int)(slash - path) + 1 : 1,
             slash ? path : ".");
    return file_check_folder(folder, err);
}

int key_text_read(const char *path, struct secret *text, struct key_text *out,
                  struct signet_error *err)
{
    int rc = access(path, F_OK) != 0 && errno == ENOENT
                 ? error_set_hint(err, SIGNET_E_NOT_FOUND,
                                  "is the path right? The order names it with 'station_key', and "
                                  "its first run makes it",
                                  "there is no station key '%s'", path)
                 : check_folder_of(path, err);

    if (rc == SIGNET_OK)
        rc = file_read_own(path, KEY_FILE_MAX, text, err);
    if (rc == SIGNET_OK)
        rc = error_pass(key_text_parse(text, out, err), err, "'%s' (%zu bytes)", path, text->len);
    return rc;
}

/* What a key is sealed for: nothing else of the file can be changed. */
static int purpose_of(const char *form, const char *params, const char *id, struct buf *out,
                      struct signet_error *err)
{
    buf_printf(out, FIRST_LINE " %s %s %s", form, params, id);
    return buf_check(out, err);
}

static int unseal_key(const struct key_text *t, size_t i, const struct secret *wrap,
                      struct secret *key, struct signet_error *err)
{
    size_t len = strlen(t->sealed[i]);
    struct buf sealed = {0}, purpose = {0};
    uint8_t *place = buf_extend(&sealed, len / 2);
    int rc = buf_check(&sealed, err);

    if (rc == SIGNET_OK && hex_decode(t->sealed[i], len, place, len / 2) != (ssize_t)sealed.len)
        rc = no_key(err);
    if (rc == SIGNET_OK && !t->form->open)
        rc = secret_set(key, sealed.data, sealed.len, err);
    else if (rc == SIGNET_OK) {
        rc = purpose_of(t->form->name, t->params, t->ids[i], &purpose, err);
        if (rc == SIGNET_OK)
            rc = seal_open(wrap, (const char *)purpose.data, &sealed, key, err);
    }
    buf_free(&sealed);
    buf_free(&purpose);
    return rc;
}

static int check_key(const struct secret *key, const char *id, struct signet_error *err)
{
    char found[KEY_ID_SIZE];

    if (key->len != AES_GCM_KEY_LEN)
        return no_key(err);
    if (key_is_one_byte(key))
        return error_set_hint(err, SIGNET_E_CRYPTO, "put the right key file back",
                              "it is one byte %d times: not a station key", AES_GCM_KEY_LEN);
    int rc = key_id(key, found, err);
    return rc == SIGNET_OK && id && strcmp(id, found) != 0 ? no_key(err) : rc;
}

static int open_keys(const struct vault_key *from, const struct key_text *t, struct key_ring *ring,
                     struct signet_error *err)
{
    struct key_wrap *wrap = &ring->wrap;
    int rc = t->form->open ? t->form->open(from, t->params, &wrap->key, err) : SIGNET_OK;

    wrap->form = t->form;
    buf_text(&wrap->params, t->params);
    if (rc == SIGNET_OK)
        rc = buf_check(&wrap->params, err);

    for (size_t i = 0; rc == SIGNET_OK && i < t->count; i++) {
        struct secret *key = i ? &ring->old[i - 1] : &ring->current;

        ring->old_count = i;
        rc = unseal_key(t, i, &wrap->key, key, err);
        if (rc == SIGNET_E_CRYPTO && t->form->open)
            rc = error_set_hint(err, SIGNET_E_AUTH, "is it the right one, of this station?",
                                "the %s does not open it, or it is damaged", t->form->name);
        if (rc == SIGNET_OK)
            rc = check_key(key, t->ids[i], err);
    }
    return rc;
}

/* No text shows them: live_secrets.c. */
static void ring_begins_to_live(struct key_ring *ring)
{
    secret_live(&ring->current);
    secret_live(&ring->wrap.key);
    for (size_t i = 0; i < ring->old_count; i++)
        secret_live(&ring->old[i]);
}

int key_read(const struct vault_key *from, struct key_ring *ring, struct signet_error *err)
{
    struct secret text = {0};
    struct key_text t;
    int rc = key_text_read(from->file, &text, &t, err);

    if (rc == SIGNET_E_NOT_FOUND)
        return rc;
    if (rc == SIGNET_OK && t.form)
        rc = open_keys(from, &t, ring, err);
    else if (rc == SIGNET_OK && (rc = check_key(&text, NULL, err)) == SIGNET_OK)
        rc = secret_set(&ring->current, text.data, text.len, err);
    secret_wipe(&text);
    if (rc == SIGNET_OK)
        ring_begins_to_live(ring);
    else
        key_ring_wipe(ring);
    return error_pass(rc, err, "cannot use the station key '%s'", from->file);
}

/* When another process is faster, its key is the key. */
static int make_key_file(const char *path, struct signet_error *err)
{
    struct secret fresh = {0};
    int rc = key_new(&fresh, err);

    if (rc == SIGNET_OK)
        rc = file_create(path, fresh.data, fresh.len, err);
    secret_wipe(&fresh);
    return error_pass(rc == SIGNET_E_EXISTS ? SIGNET_OK : rc, err, "cannot make the station key");
}

int key_open(const struct vault_key *from, struct key_ring *ring, int *fd, struct signet_error *err)
{
    int rc = access(from->file, F_OK) != 0 && errno == ENOENT ? make_key_file(from->file, err)
                                                              : SIGNET_OK;

    if (rc == SIGNET_OK)
        rc = key_hold(from->file, false, fd, err);
    return rc == SIGNET_OK ? key_read(from, ring, err) : rc;
}

int key_hold(const char *path, bool alone, int *fd, struct signet_error *err)
{
    int64_t until = clock_ms() + HOLD_MS;
    struct stat held, named;

    do {
        *fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
        if (*fd < 0) /* key_read() says what is wrong */
            return SIGNET_OK;
        bool locked = flock(*fd, (alone ? LOCK_EX : LOCK_SH) | LOCK_NB) == 0;
        /* a change puts another file in its place */
        if (locked && fstat(*fd, &held) == 0 && stat(path, &named) == 0 &&
            held.st_ino == named.st_ino && held.st_dev == named.st_dev)
            return SIGNET_OK;
        close(*fd);
        *fd = -1;
    } while (cancel_sleep_until(NULL, clock_ms() + 20, NULL) == SIGNET_OK && clock_ms() < until);
    return alone ? error_set_hint(err, SIGNET_E_BUSY, "end it first",
                                  "a run uses the station key '%s'", path)
                 : error_set(err, SIGNET_E_BUSY, "the station key '%s' is being changed", path);
}

static int put_sealed_key(struct buf *text, const char *word, const struct key_wrap *wrap,
                          const struct secret *key, struct signet_error *err)
{
    bool sealing = wrap->form->make != NULL;
    struct signet_bytes sealed = {0};
    struct buf purpose = {0};
    char id[KEY_ID_SIZE] = "";
    int rc = key_id(key, id, err);

    if (rc == SIGNET_OK)
        rc = purpose_of(wrap->form->name, (const char *)wrap->params.data, id, &purpose, err);
    if (rc == SIGNET_OK && sealing)
        rc = seal(&wrap->key, (const char *)purpose.data, key, &sealed, err);
    buf_printf(text, "%s %s ", word, id);
    buf_hex(text, sealing ? sealed.data : key->data, sealing ? sealed.len : key->len);
    buf_byte(text, '\n');
    signet_bytes_free(&sealed);
    buf_free(&purpose);
    return rc;
}

int key_wrap_make(const struct vault_key *from, const char *form, struct key_wrap *wrap,
                  struct signet_error *err)
{
    size_t len = strcspn(form, ":");
    const struct key_form *f = form_of(form, len);
    const char *argument = form[len] ? form + len + 1 : NULL;
    struct key_wrap made = {.form = f};

    if (!f || (argument && (!f->argument || !*argument)))
        return error_set_hint(err, SIGNET_E_USAGE,
                              "file, passphrase, credential:NAME, tpm or tpm:TCTI",
                              f && !f->argument ? "'%s' takes nothing behind a colon"
                                                : "'%s' is no form of a station key",
                              text_shown(form, len, 40)); /* behind a colon may be a passphrase */
    int rc = f->make ? f->make(from, argument, &made.params, &made.key, err) : SIGNET_OK;
    buf_text(&made.params, ""); /* an end, also of nothing */
    if (rc == SIGNET_OK)
        rc = buf_check(&made.params, err);
    if (rc == SIGNET_OK) {
        secret_wipe(&wrap->key);
        buf_free(&wrap->params);
        *wrap = made;
    } else {
        secret_wipe(&made.key);
        buf_free(&made.params);
    }
    return rc;
}

int key_write(const char *path, const struct key_ring *ring, struct signet_error *err)
{
    const struct key_wrap *wrap = &ring->wrap;
    const char *params = (const char *)wrap->params.data;
    struct buf text = {0};

    buf_printf(&text, FIRST_LINE "\nform %s%s%s\n", wrap->form->name, *params ? " " : "", params);
    int rc = put_sealed_key(&text, "key", wrap, &ring->current, err);
    for (size_t i = 0; rc == SIGNET_OK && i < ring->old_count; i++)
        rc = put_sealed_key(&text, "old", wrap, &ring->old[i], err);
    buf_text(&text, "end\n");
    return file_save(path, &text, rc, err);
}
