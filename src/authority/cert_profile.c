/* SPDX-License-Identifier: Apache-2.0 */
/* Profiles of certificates: what they have besides names and dates. */
#include "authority/private.h"

#include <stdlib.h>

enum { PROFILE_FILE_MAX = 64 * 1024, PURPOSES_MAX = 16 };

/* IEEE 802.1AR, section 8, with what draft-ietf-uta-tls13-iot-profile says of IDevIDs: no extended
 * key usage, no end. */
static const struct cert_form idevid = {.usage = CERT_SIGNS,
                                        .authority_key_id = true,
                                        .alt_name = true,
                                        .no_end = true,
                                        .serial = true};
/* Twelve fields and nothing else: as the Python reference makes them. */
static const struct cert_form reference;

static const struct {
    const char *name;
    const struct cert_form *form;
} profiles[] = {
    {"tls-client", &cert_form_tls_client}, {"idevid", &idevid}, {"reference", &reference}};

static int take_builtin(struct cert_form *form, const char *name, struct signet_error *err)
{
    const char *names[COUNT_OF(profiles)];

    for (size_t i = 0; i < COUNT_OF(profiles); i++) {
        names[i] = profiles[i].name;
        if (strcmp(name, names[i]) == 0) {
            *form = *profiles[i].form;
            return SIGNET_OK;
        }
    }
    return text_unknown(SIGNET_E_MEANING, "profile of certificates", name, names, COUNT_OF(names),
                        err);
}

/* The file as it stands there. */
struct profile_file {
    struct cert_form form;
    const char *base;
    const char **usage, **purposes;
    int64_t days;
};

#define OWN(name, type, member, least, most)                                                       \
    ENTRY_WITHIN(name, type, profile_file, member, least, most)
static const struct entry profile_keys[] = {
    OWN("base", ENTRY_TEXT, base, 0, 0),
    OWN("key_usage", ENTRY_WORDS, usage, 0, 0),
    OWN("extended_key_usage", ENTRY_WORDS, purposes, 0, 0),
    OWN("authority_key_id", ENTRY_FLAG, form.authority_key_id, 0, 0),
    OWN("subject_key_id", ENTRY_FLAG, form.subject_key_id, 0, 0),
    OWN("subject_alt_name", ENTRY_FLAG, form.alt_name, 0, 0),
    OWN("serial_number", ENTRY_FLAG, form.serial, 0, 0),
    OWN("hardware_type", ENTRY_TEXT, form.hw_type, 0, 0),
    OWN("no_end", ENTRY_FLAG, form.no_end, 0, 0),
    OWN("validity_days", ENTRY_NUMBER, days, 1, 3000000),
};

static int refuse_own_word(const struct reader *r, const char *key, const char *word,
                           const char *hint)
{
    error_set_hint(r->err, SIGNET_E_MEANING, hint, "%s: '%s' cannot have '%s'", r->path, key,
                   text_shown(word, strlen(word), 40));
    return signet_file_blame(SIGNET_E_MEANING, r->path, r->err);
}

static int take_usage(const struct reader *r, const char **words, unsigned *usage)
{
    static const struct {
        const char *word;
        unsigned bit;
    } known[] = {{"digitalSignature", CERT_SIGNS},
                 {"keyEncipherment", CERT_ENCIPHERS_KEYS},
                 {"keyAgreement", CERT_AGREES_KEYS}};

    if (words)
        *usage = 0;
    for (; words && *words; words++) {
        size_t i = 0;

        while (i < COUNT_OF(known) && strcmp(*words, known[i].word) != 0)
            i++;
        if (i == COUNT_OF(known))
            return refuse_own_word(r, "key_usage", *words,
                                   "there are digitalSignature, keyEncipherment, keyAgreement");
        *usage |= known[i].bit;
    }
    return SIGNET_OK;
}

/* An OID by its numbers: two at least, the first 0 to 2, and no zero in front. */
static bool is_oid(const char *text)
{
    size_t parts = 0;

    if (strlen(text) > 100 || text[0] < '0' || text[0] > '2' || text[1] != '.')
        return false;
    for (const char *at = text;; at++) {
        size_t n = strspn(at, "0123456789");

        if (n == 0 || n > 9 || (n > 1 && *at == '0') ||
            (parts == 1 && text[0] < '2' && strtol(at, NULL, 10) > 39))
            return false;
        parts++;
        at += n;
        if (*at != '.')
            return !*at && parts > 1;
    }
}

static int take_purposes(const struct reader *r, const char **words, struct cert_form *form)
{
    static const char *const known[][2] = {{"clientAuth", "1.3.6.1.5.5.7.3.2"},
                                           {"serverAuth", "1.3.6.1.5.5.7.3.1"}};

    form->purposes = words ? words : form->purposes;
    for (size_t n = 0; words && *words; words++, n++) {
        for (size_t i = 0; i < COUNT_OF(known); i++)
            if (strcmp(*words, known[i][0]) == 0)
                *words = known[i][1];
        if (!is_oid(*words) || n == PURPOSES_MAX)
            return refuse_own_word(r, "extended_key_usage", *words,
                                   "there are clientAuth, serverAuth, and OIDs such as 1.3.6.1.1");
    }
    return SIGNET_OK;
}

static int take_own(const struct reader *r, struct profile_file *file, struct cert_form *out)
{
    int rc = take_usage(r, file->usage, &file->form.usage);

    if (rc == SIGNET_OK)
        rc = take_purposes(r, file->purposes, &file->form);
    if (rc == SIGNET_OK && file->form.hw_type && !is_oid(file->form.hw_type))
        rc = refuse_own_word(r, "hardware_type", file->form.hw_type,
                             "it is the OID of the kind of hardware, such as 1.3.6.1.4.1.99999.1");
    if (rc == SIGNET_OK && file->days && file->form.no_end)
        rc = (error_set_hint(r->err, SIGNET_E_MEANING,
                             "keep one of the two: 'no_end: false' ends what 'base: idevid' brings",
                             "%s: 'validity_days' is given, and 'no_end' is true", r->path),
              signet_file_blame(SIGNET_E_MEANING, r->path, r->err));
    if (file->days)
        file->form.validity_seconds = file->days * 86400;
    if (rc == SIGNET_OK)
        *out = file->form;
    return rc;
}

/* Read twice: what the file leaves out is as in its base. */
static int load_own(struct signet_authority *a, const char *path, struct signet_error *err)
{
    struct profile_file first = {.base = "tls-client"}, file = {0};
    struct reader r = {.path = path, .root = &first, .owned = &a->owned, .err = err};
    struct signet_error why = {0};
    int rc = reader_load(&r, PROFILE_FILE_MAX, profile_keys, COUNT_OF(profile_keys));

    if (rc != SIGNET_OK)
        return rc;
    if (take_builtin(&file.form, first.base, &why) != SIGNET_OK)
        return error_set_hint(err, SIGNET_E_MEANING, why.hint, "%s: 'base': %s", path, why.msg);
    r.root = &file;
    rc = reader_load(&r, PROFILE_FILE_MAX, profile_keys, COUNT_OF(profile_keys));
    return rc == SIGNET_OK ? take_own(&r, &file, &a->form) : rc;
}

int authority_profile(struct signet_authority *a, const char *name, struct signet_error *err)
{
    name = name ? name : profiles[0].name;
    int rc = text_copy(&a->profile, name, err);

    if (rc != SIGNET_OK)
        return rc;
    return strpbrk(name, "/.") ? load_own(a, name, err) : take_builtin(&a->form, name, err);
}

void authority_profile_text(const struct cert_form *f, struct buf *out)
{
    buf_printf(out, "%u %d%d%d%d%d %s %lld\n", f->usage, f->authority_key_id, f->subject_key_id,
               f->alt_name, f->no_end, f->serial, f->hw_type ? f->hw_type : "-",
               (long long)f->validity_seconds);
    for (size_t i = 0; f->purposes && f->purposes[i]; i++)
        buf_printf(out, "%s\n", f->purposes[i]);
}
