/* SPDX-License-Identifier: Apache-2.0 */
/* What the output holds for certain: a small text in the work folder, replaced after each batch. It
 * holds no secret. */
#include "batch/private.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { STATE_MAX = 4 * PATH_MAX };

static int path_of(const struct vault *vault, char **path, struct signet_error *err)
{
    return asprintf(path, "%s/mint-%s.state", vault_folder(vault), vault_tag(vault)) < 0
               ? error_nomem(err)
               : SIGNET_OK;
}

int state_path(const char *path, char out[PATH_MAX], struct signet_error *err)
{
    size_t len = strlen(path);
    char folder[PATH_MAX], whole[PATH_MAX];

    while (len > 1 && path[len - 1] == '/')
        len--;
    const char *slash = memrchr(path, '/', len);
    size_t head = slash ? (size_t)(slash - path) + 1 : 0;
    if (len >= sizeof(folder) || strchr(path, '\n'))
        return error_set(err, SIGNET_E_LIMIT, "'%.80s' is no name for an output", path);
    snprintf(folder, sizeof(folder), "%.*s", head ? (int)head : 1, head ? path : ".");
    if (!realpath(folder, whole))
        return error_sys(err, SIGNET_E_IO, errno, "there is no folder for '%s'", path);
    int n = snprintf(out, PATH_MAX, "%s/%.*s", strcmp(whole, "/") != 0 ? whole : "",
                     (int)(len - head), path + head);
    return n < PATH_MAX ? SIGNET_OK : error_set(err, SIGNET_E_LIMIT, "'%.80s' is too long", path);
}

static void put_mark(struct buf *to, const char *name, const struct mark *mark, const char *path)
{
    buf_printf(to, "%s %" PRIu64 " %s %s\n", name, mark->bytes,
               mark->sha256[0] ? mark->sha256 : "-", path);
}

int state_write(const struct state *s, const struct vault *vault, struct signet_error *err)
{
    struct buf text = {0};
    char *path = NULL;

    buf_printf(&text,
               "signet mint %d\norder %" PRId64 " %s\nbatch %" PRIu64 "\ndevices %" PRIu64 "\n",
               (int)s->form, s->created, vault_tag(vault), s->batch, s->devices);
    put_mark(&text, "packets", &s->packets, s->packets_path);
    put_mark(&text, "records", &s->records, s->records_path);
    buf_text(&text, "end\n");
    int rc = buf_check(&text, err);
    if (rc == SIGNET_OK)
        rc = path_of(vault, &path, err);
    if (rc == SIGNET_OK)
        rc = file_write(path, text.data, text.len, 0600, err);
    buf_free(&text);
    free(path);
    return rc;
}

/* The number after a word; moves on behind it. */
static bool take_number(char **at, const char *word, uint64_t *out)
{
    size_t len = strlen(word);
    char *end = NULL;

    if (strncmp(*at, word, len) != 0 || (*at)[len] != ' ' || (*at)[len + 1] < '0' ||
        (*at)[len + 1] > '9')
        return false;
    *out = strtoull(*at + len + 1, &end, 10);
    *at = end;
    return true;
}

static bool take_char(char **at, char c)
{
    return *(*at)++ == c;
}

static bool take_mark(char **at, const char *word, struct mark *mark, char path[PATH_MAX])
{
    if (!take_number(at, word, &mark->bytes) || !take_char(at, ' '))
        return false;
    size_t hash = strcspn(*at, " \n");
    if (hash >= sizeof(mark->sha256))
        return false;
    memcpy(mark->sha256, *at, hash);
    mark->sha256[hash] = '\0';
    *at += hash;
    if (!take_char(at, ' '))
        return false;
    size_t len = strcspn(*at, "\n");
    if (len >= PATH_MAX)
        return false;
    memcpy(path, *at, len);
    path[len] = '\0';
    *at += len;
    return take_char(at, '\n');
}

static bool parse(char *at, struct state *s, const char *tag)
{
    uint64_t created = 0, form = 0;
    size_t len = strlen(tag);

    if (!take_number(&at, "signet mint", &form) || !take_char(&at, '\n') ||
        (form != RECORDS_ONE_ROW && form != RECORDS_ROW_PER_ACCOUNT))
        return false;
    s->form = (enum records_form)form;
    if (!take_number(&at, "order", &created) || !take_char(&at, ' ') || strncmp(at, tag, len) != 0)
        return false;
    at += len;
    s->created = (int64_t)created;
    return take_char(&at, '\n') && take_number(&at, "batch", &s->batch) && take_char(&at, '\n') &&
           take_number(&at, "devices", &s->devices) && take_char(&at, '\n') &&
           take_mark(&at, "packets", &s->packets, s->packets_path) &&
           take_mark(&at, "records", &s->records, s->records_path) && strcmp(at, "end\n") == 0;
}

int state_read(struct state *s, const struct vault *vault, bool *there, struct signet_error *err)
{
    struct buf text = {0};
    char *path = NULL;
    int rc = path_of(vault, &path, err);

    s->form = RECORDS_ROW_PER_ACCOUNT;
    *there = rc == SIGNET_OK && access(path, F_OK) == 0;
    if (*there)
        rc = file_read(path, STATE_MAX, &text, err);
    if (rc == SIGNET_OK && *there && !parse((char *)text.data, s, vault_tag(vault)))
        rc = error_set(err, SIGNET_E_CONFLICT,
                       "%s is damaged: it says what the output of this order holds", path);
    buf_free(&text);
    free(path);
    return rc;
}
