/* SPDX-License-Identifier: Apache-2.0 */
/* Which files a sealed batch has. Each manifest names the one before it by its hash, so that a
 * batch that is missing shows. */
#include "pki/pki.h"
#include "seal/seal.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

int manifest_print(const struct manifest *m, struct buf *out, struct signet_error *err)
{
    buf_printf(out, "signet sealed batch 1\norder %s\nstation %s\nbatch %" PRIu64 "\n", m->order,
               m->station, m->batch);
    buf_printf(out, "devices %" PRIu64 "\nprevious %s\n", m->devices, m->previous);
    for (size_t i = 0; i < m->count; i++)
        buf_printf(out, "file %s %" PRIu64 " %s\n", m->files[i].name, m->files[i].bytes,
                   m->files[i].sha256);
    buf_text(out, "end\n");
    return buf_check(out, err);
}

/* "WORD REST", the rest into out. */
static bool manifest_line(char **at, const char *word, char *out, size_t size)
{
    const char *line = strsep(at, "\n");
    size_t len = strlen(word);

    if (!line || strncmp(line, word, len) != 0 || line[len] != ' ' ||
        strlen(line + len + 1) >= size)
        return false;
    strcpy(out, line + len + 1);
    return true;
}

static bool is_hash(const char *text)
{
    return strlen(text) == 64 && strspn(text, "0123456789abcdef") == 64;
}

/* A name beside the manifest, which no path leads away from. */
static bool is_file_name(const char *name)
{
    return *name && *name != '.' && *name != '-' && !strchr(name, '/') &&
           text_ends_with(name, ".cms") && text_check("", name, strlen(name), NULL) == SIGNET_OK;
}

static bool take_files(char **at, struct manifest *m)
{
    char line[MANIFEST_NAME + 100];

    while (*at && strncmp(*at, "file ", 5) == 0 && m->count < MANIFEST_FILES) {
        struct manifest_file *f = &m->files[m->count++];
        if (!manifest_line(at, "file", line, sizeof(line)) ||
            /* NOLINTNEXTLINE(cert-err34-c): a number that does not fit is not printed the same */
            sscanf(line, "%127s %" SCNu64 " %64s", f->name, &f->bytes, f->sha256) != 3 ||
            !is_file_name(f->name) || !is_hash(f->sha256))
            return false;
    }
    const char *end = strsep(at, "\n");
    return m->count && end && strcmp(end, "end") == 0 && *at;
}

/* Reads what it can; the text is right when the same is printed again. */
int manifest_parse(const void *text, size_t len, struct manifest *out, size_t *end,
                   struct signet_error *err)
{
    struct manifest m = {0};
    struct buf copy = {0}, again = {0};
    char number[24], devices[24];

    buf_append(&copy, text, len);
    int rc = buf_check(&copy, err);
    if (rc != SIGNET_OK)
        return rc;
    char *at = (char *)copy.data;
    const char *first = strsep(&at, "\n");
    bool good = strcmp(first, "signet sealed batch 1") == 0 &&
                manifest_line(&at, "order", m.order, sizeof(m.order)) &&
                manifest_line(&at, "station", m.station, sizeof(m.station)) &&
                manifest_line(&at, "batch", number, sizeof(number)) &&
                manifest_line(&at, "devices", devices, sizeof(devices)) &&
                manifest_line(&at, "previous", m.previous, sizeof(m.previous)) &&
                (is_hash(m.previous) || strcmp(m.previous, "-") == 0) && take_files(&at, &m);
    if (good) {
        m.batch = strtoull(number, NULL, 10);
        m.devices = strtoull(devices, NULL, 10);
        rc = manifest_print(&m, &again, err);
        good = again.len <= len && memcmp(again.data, text, again.len) == 0 &&
               text_check("", m.order, strlen(m.order), NULL) == SIGNET_OK &&
               text_check("", m.station, strlen(m.station), NULL) == SIGNET_OK;
    }
    *end = again.len;
    buf_free(&copy);
    buf_free(&again);
    if (rc == SIGNET_OK && !good)
        rc = error_set(err, SIGNET_E_SYNTAX, "this is no manifest of a sealed batch, or not whole");
    if (rc == SIGNET_OK)
        *out = m;
    return rc;
}

/* The name that a key is given under does not count, the key does: a station signs under its own
 * name, and as many ledgers under theirs. */
int manifest_check(const struct manifest *m, const void *text, size_t len, const char *vkey,
                   struct signet_error *err)
{
    struct tlog_vkey given, signer;
    struct tlog_note note;
    struct buf name = {0};
    int rc = tlog_vkey_parse(vkey, &given, err);

    tlog_name_escape(m->station, &name);
    if (rc == SIGNET_OK)
        rc = buf_check(&name, err);
    if (rc == SIGNET_OK)
        rc = tlog_vkey_as(&given, TLOG_SIGNER, (const char *)name.data, &signer, err);
    buf_free(&name);
    if (rc != SIGNET_OK)
        return rc;
    if (tlog_note_parse(text, len, &note, err) == SIGNET_OK &&
        tlog_note_verify(&note, &signer, NULL, err) == SIGNET_OK)
        return SIGNET_OK;
    return error_set_hint(err, SIGNET_E_AUTH, "is it the key of this station? ask its people",
                          "the manifest is not signed with this key, or it was changed");
}
