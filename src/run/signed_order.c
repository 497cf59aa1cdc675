/* SPDX-License-Identifier: Apache-2.0 */
/* Orders signed by their owner: a signed note beside the order, over the SHA-256 of its bytes and
 * of the files that decide what is made. */
#include "pki/pki.h"
#include "run/private.h"
#include "tlog/tlog.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signet/objects.h>
#include <signet/signed_order.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define OWNERS_OF_HOST "/etc/signet/owners"
enum { FILE_MAX = 256 << 20, OWNERS_MAX = 65536, KEYS_MAX = 64 };

static int put_digest(struct buf *out, const char *what, const void *data, size_t len,
                      struct signet_error *err)
{
    uint8_t digest[32];
    int rc = sha256(data, len, digest, err);

    buf_printf(out, "%s ", what);
    buf_hex(out, digest, sizeof(digest));
    buf_byte(out, '\n');
    return rc;
}

/* path NULL: the order has none. */
static int put_file_digest(struct buf *out, const char *what, const char *path,
                           struct signet_error *err)
{
    struct buf data = {0};
    int rc = path ? file_read(path, FILE_MAX, &data, err) : SIGNET_OK;

    if (rc == SIGNET_OK && path)
        rc = put_digest(out, what, data.data ? data.data : (const uint8_t *)"", data.len, err);
    buf_free(&data);
    return rc;
}

static void put_period(struct buf *out, const char *what, int64_t time)
{
    char text[24];

    if (time)
        clock_format(time, text);
    buf_printf(out, "%s %s\n", what, time ? text : "-");
}

/* Who signs the devices' certificates, as in the hash of the order. */
static int put_authority_digest(struct buf *out, const struct signet_order *o,
                                struct signet_error *err)
{
    struct buf text = {0};
    int rc = run_authority_text(o, &text, err);

    if (rc == SIGNET_OK && text.len)
        rc = put_digest(out, "authority", text.data, text.len, err);
    buf_free(&text);
    return rc;
}

/* Definitions of objects decide under which numbers a template's values are written. */
struct definitions {
    struct buf *out;
    size_t count;
    struct signet_error *err;
};

static int put_definition(void *ctx, const char *file)
{
    struct definitions *d = ctx;
    char what[40];

    snprintf(what, sizeof(what), "objects %zu", ++d->count);
    return put_file_digest(d->out, what, file, d->err);
}

static int put_definitions(struct buf *out, const struct signet_order *o, struct signet_error *err)
{
    struct definitions d = {.out = out, .err = err};
    int rc = SIGNET_OK;

    for (size_t i = 0; rc == SIGNET_OK && i < o->object_count; i++)
        rc = signet_objects_files(o->objects[i], put_definition, &d, err);
    return rc;
}

/* What is printed beside a device, and what its firmware takes. */
static int put_device_digests(struct buf *out, const struct signet_order *o,
                              struct signet_error *err)
{
    bool of_file = o->device && strpbrk(o->device, "/.");
    int rc = put_file_digest(out, "device", of_file ? o->device : NULL, err);

    if (rc == SIGNET_OK)
        rc = put_definitions(out, o, err);
    return rc == SIGNET_OK ? put_file_digest(out, "label", o->label.template_file, err) : rc;
}

static int put_file_digests(struct buf *out, const struct signet_order *o, struct signet_error *err)
{
    char what[80];
    int rc = put_file_digest(out, "template", o->template_file, err);

    if (rc == SIGNET_OK)
        rc = put_file_digest(out, "manifest", o->manifest, err);
    if (rc == SIGNET_OK)
        rc = put_file_digest(out, "cert_info", o->cert_info, err);
    if (rc == SIGNET_OK)
        rc = put_file_digest(out, "server_cert", o->server_cert, err);
    if (rc == SIGNET_OK)
        rc = put_authority_digest(out, o, err);
    if (rc == SIGNET_OK)
        rc = put_device_digests(out, o, err);
    for (size_t i = 0; rc == SIGNET_OK && i < o->seal_to_count; i++) {
        snprintf(what, sizeof(what), "seal_to %zu", i + 1);
        rc = put_file_digest(out, what, o->seal_to[i], err);
    }
    for (size_t i = 0; rc == SIGNET_OK && i < o->server_count; i++) {
        snprintf(what, sizeof(what), "server %zu", i + 1);
        rc = put_file_digest(out, what, o->servers[i].file, err);
        snprintf(what, sizeof(what), "server %zu ca_file", i + 1);
        if (rc == SIGNET_OK)
            rc = put_file_digest(out, what, o->servers[i].ca_file, err);
    }
    return rc;
}

/* What is signed. */
static int print_signed_order(const struct signet_order *o, int64_t from, int64_t until,
                              struct buf *out, struct signet_error *err)
{
    int rc = text_check("the order's name", o->name, strlen(o->name), err);

    buf_printf(out, "signet-order/v1\nname %s\nquota %" PRId64 "\n", o->name, o->quota);
    put_period(out, "from", from);
    put_period(out, "until", until);
    if (rc == SIGNET_OK)
        rc = put_digest(out, "order", o->text, o->text_len, err);
    if (rc == SIGNET_OK)
        rc = put_file_digests(out, o, err);
    return rc == SIGNET_OK ? buf_check(out, err) : rc;
}

/* An image is not read here, since the owner may not have it: its hash is in the order. */
static int check_images(const struct signet_order *o, struct signet_error *err)
{
    const struct signet_board_options *b = &o->board;
    const char *key = (b->initial || b->image_dir) && !b->initial_sha256 ? "initial_sha256"
                      : (b->final || b->image_dir) && !b->final_sha256   ? "final_sha256"
                                                                         : NULL;

    return key ? error_set_hint(err, SIGNET_E_MEANING,
                                "whoever has the station could flash another image",
                                "an order that its owner signs has the SHA-256 of each image: "
                                "'board' has no '%s'",
                                key)
               : SIGNET_OK;
}

static int check_period(int64_t from, int64_t until, struct signet_error *err)
{
    if (until && from && until <= from)
        return error_set_hint(err, SIGNET_E_USAGE, "look at the years of both",
                              "the period of an order ends after it begins");
    if (until && until <= clock_wall())
        return error_set_hint(err, SIGNET_E_USAGE,
                              "name a later end; or is the clock of this computer wrong?",
                              "the period of the order is over: no station would make it");
    return SIGNET_OK;
}

int signet_order_sign(const struct signet_order *o, const char *key_file, const char *name,
                      int64_t from, int64_t until, struct signet_bytes *out,
                      struct signet_error *err)
{
    struct tlog_key key = {0};
    struct buf text = {0};
    int rc = check_period(from, until, err);

    if (rc == SIGNET_OK)
        rc = tlog_key_open(&key, key_file, name, err);
    if (rc == SIGNET_OK)
        rc = check_images(o, err);
    if (rc == SIGNET_OK)
        rc = print_signed_order(o, from, until, &text, err);
    if (rc == SIGNET_OK)
        rc = tlog_sign_note(&key, &key.public, &text, err);
    rc = buf_end(&text, rc, out, err);
    tlog_key_free(&key);
    return rc;
}

int signet_order_key(const char *key_file, const char *name, struct signet_bytes *out,
                     struct signet_error *err)
{
    return tlog_show_key(key_file, name, TLOG_SIGNER, out, err);
}

/* "from 2026-11-28T10:00:00Z" or "from -"; -1: neither. */
static int64_t find_period(const struct tlog_note *note, const char *what)
{
    const char *at = memmem(note->text, note->len, what, strlen(what));
    struct tm tm = {0};
    char text[24];

    if (!at || (size_t)(note->text + note->len - at) < strlen(what) + 2)
        return -1;
    at += strlen(what);
    if (at[0] == '-' && at[1] == '\n')
        return 0;
    snprintf(text, sizeof(text), "%.20s", at);
    const char *end = strptime(text, "%Y-%m-%dT%H:%M:%SZ", &tm);
    return end && !*end ? (int64_t)timegm(&tm) : -1;
}

/* The first word of the line in which the two differ. */
static void find_difference(const struct buf *is, const struct tlog_note *note, char out[24])
{
    const char *a = (const char *)is->data;
    size_t at = 0, line = 0;

    for (; at < is->len && at < note->len && a[at] == note->text[at]; at++)
        if (a[at] == '\n')
            line = at + 1;
    const char *word = line < is->len ? a + line : "a file";
    snprintf(out, 24, "%.*s", (int)strcspn(word, " \n"), word);
}

static int check_note(const struct signet_order *o, const struct tlog_note *note, int64_t now,
                      struct signet_error *err)
{
    int64_t from = find_period(note, "\nfrom "), until = find_period(note, "\nuntil ");
    struct buf text = {0};
    char what[24], time[24];
    int rc = from < 0 || until < 0
                 ? error_set(err, SIGNET_E_CRYPTO, "what the owner signed is no order")
                 : print_signed_order(o, from, until, &text, err);

    if (rc == SIGNET_OK &&
        (text.len != note->len || memcmp(text.data, note->text, text.len) != 0)) {
        find_difference(&text, note, what);
        rc = error_set_hint(err, SIGNET_E_CRYPTO, "the owner has to sign it as it is now",
                            "%s: order %s was changed after its owner signed it: %s'%s' is not "
                            "what was signed",
                            o->path, o->name, strcmp(what, "order") == 0 ? "the text of " : "",
                            strcmp(what, "order") == 0 ? o->path : what);
        signet_file_blame(rc, o->path, err);
    }
    buf_free(&text);
    if (rc != SIGNET_OK || !now || ((!from || now >= from) && (!until || now < until)))
        return rc;
    clock_format(from && now < from ? from : until, time);
    return error_set_hint(err, SIGNET_E_CRYPTO,
                          "is the clock right? Else the owner has to sign it for another time",
                          from && now < from ? "%s: order %s may not be worked on before %s"
                                             : "%s: order %s might be worked on until %s",
                          o->path, o->name, time);
}

/* Signed by one of the keys. */
static int check_owner_signature(const struct tlog_note *note, const char *const *keys,
                                 size_t count, struct signet_error *err)
{
    struct tlog_vkey key;

    for (size_t i = 0; i < count; i++) {
        int rc = tlog_vkey_parse(keys[i], &key, err);
        if (rc == SIGNET_OK)
            rc = tlog_note_verify(note, &key, NULL, err);
        if (rc != SIGNET_E_NOT_FOUND)
            return rc;
    }
    return error_set_hint(err, SIGNET_E_CRYPTO, "is the key that of the order's owner, and whole?",
                          "the order is signed by nobody who is known here");
}

int signet_order_verify(const struct signet_order *o, const char *const *keys, size_t key_count,
                        int64_t now, struct signet_error *err)
{
    struct tlog_note note;
    struct buf text = {0};
    char *path = NULL;

    if (text_format(&path, err, "%s.sig", o->path) != SIGNET_OK)
        return SIGNET_E_NOMEM;
    int rc = access(path, F_OK) == 0
                 ? file_read(path, TLOG_NOTE_MAX, &text, err)
                 : error_set_hint(err, SIGNET_E_CRYPTO,
                                  "the owner's signature lies beside the order, ORDER.yaml.sig: "
                                  "who owns the product makes it",
                                  "%s: order %s is not signed by its owner", o->path, o->name);
    if (rc == SIGNET_OK)
        rc = tlog_note_parse(text.data, text.len, &note, err);
    if (rc == SIGNET_E_SYNTAX)
        rc = error_set_hint(err, SIGNET_E_CRYPTO, "the owner has to sign the order anew",
                            "%s: this is no signature of an owner", path);
    if (rc == SIGNET_OK)
        rc = check_owner_signature(&note, keys, key_count, err);
    if (rc == SIGNET_OK)
        rc = check_note(o, &note, now, err);
    buf_free(&text);
    free(path);
    return rc;
}

/* the station's owners */

/* Written by its administrator or by us, and by nobody else. */
static int add_owners(const char *path, struct buf *out, struct signet_error *err)
{
    struct buf text = {0};
    struct stat st;

    if (stat(path, &st) != 0)
        return errno == ENOENT || errno == ENOTDIR
                   ? SIGNET_OK
                   : error_sys(err, SIGNET_E_IO, errno, "cannot look at '%s'", path);
    if ((st.st_uid != 0 && st.st_uid != geteuid()) || st.st_mode & 022)
        return error_set(err, SIGNET_E_IO, "'%s' may be changed by others", path);
    int rc = file_read(path, OWNERS_MAX, &text, err);
    if (text.len && memchr(text.data, 0, text.len)) /* what is behind it must not go unseen */
        rc = error_set(err, SIGNET_E_SYNTAX, "'%s' has a zero byte, and is no list of keys", path);
    buf_append(out, text.data, text.len);
    if (text.len && text.data[text.len - 1] != '\n')
        buf_byte(out, '\n');
    buf_free(&text);
    return rc;
}

static int read_owners(const struct signet_order *o, struct buf *out, struct signet_error *err)
{
    char *path = NULL;
    int rc = text_format(&path, err, "%s.owners", o->key_file);

    if (rc == SIGNET_OK)
        rc = add_owners(path, out, err);
    if (rc == SIGNET_OK)
        rc = add_owners(OWNERS_OF_HOST, out, err);
    free(path);
    return rc == SIGNET_OK ? buf_check(out, err) : rc;
}

int signet_order_owners(const struct signet_order *o, struct signet_bytes *out,
                        struct signet_error *err)
{
    struct buf text = {0};
    int rc = read_owners(o, &text, err);

    return buf_end(&text, rc, out, err);
}

int signet_order_add_owner(const struct signet_order *o, const char *key, struct signet_error *err)
{
    char *path = NULL;
    struct tlog_vkey parsed;
    struct buf text = {0};
    int rc = text_format(&path, err, "%s.owners", o->key_file);

    if (rc == SIGNET_OK)
        rc = tlog_vkey_parse(key, &parsed, err);
    if (rc == SIGNET_OK)
        rc = add_owners(path, &text, err);
    buf_printf(&text, "%s\n", key);
    rc = file_save(path, &text, rc, err);
    free(path);
    return rc;
}

int run_check_signature(struct signet_run *r, struct signet_error *err)
{
    const char *keys[KEYS_MAX];
    size_t count = 0;
    struct buf text = {0};
    char *rest;
    int rc = read_owners(r->order, &text, err);

    rest = text.data ? (char *)text.data : NULL;
    for (char *line; rc == SIGNET_OK && rest && (line = strsep(&rest, "\n"));)
        if (*line && *line != '#' && count == KEYS_MAX)
            rc = error_set(err, SIGNET_E_LIMIT, "the station knows more than %d owners", KEYS_MAX);
        else if (*line && *line != '#')
            keys[count++] = line;
    r->is_signed = count > 0;
    if (rc == SIGNET_OK && count > 0 && !r->options.deliver_only)
        rc = signet_order_verify(r->order, keys, count, clock_wall(), err);
    buf_free(&text);
    return rc;
}
