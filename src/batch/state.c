/* SPDX-License-Identifier: Apache-2.0 */
/* What the output holds for certain: a small text in the work folder, replaced after each batch. It
 * holds no secret. */
#include "batch/private.h"

#include <errno.h>
#include <inttypes.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

const char *const output_names[OUTPUTS] = {[PACKETS] = "packets", [RECORDS] = "records"};

enum { STATE_MAX = 4 * PATH_MAX };

static int state_file(const struct vault *vault, char **path, struct signet_error *err)
{
    return text_format(path, err, "%s/mint-%s.state", vault_folder(vault), vault_tag(vault));
}

int state_path(const char *path, char out[PATH_MAX], struct signet_error *err)
{
    char folder[PATH_MAX], name[PATH_MAX], whole[PATH_MAX];

    if (strlen(path) >= sizeof(folder) || strchr(path, '\n'))
        return error_set(err, SIGNET_E_LIMIT, "'%.80s' is no name for an output", path);
    strcpy(folder, path); /* both are changed */
    strcpy(name, path);
    if (!realpath(dirname(folder), whole)) {
        error_sys(err, SIGNET_E_IO, errno, "there is no folder for '%s'", path);
        error_hint(err, "make the folder, or name another place");
        return SIGNET_E_IO;
    }
    int n = snprintf(out, PATH_MAX, "%s/%s", strcmp(whole, "/") != 0 ? whole : "", basename(name));
    if (n < PATH_MAX && access(out, F_OK) != 0 && access(whole, W_OK) != 0)
        return error_sys(err, SIGNET_E_IO, errno, "cannot write '%s'", path);
    return n < PATH_MAX ? SIGNET_OK : error_set(err, SIGNET_E_LIMIT, "'%.80s' is too long", path);
}

static void print_state(struct buf *to, const struct state *s, const struct vault *vault)
{
    buf_printf(to, "signet mint %d\norder %" PRId64 " %s\nbatch %" PRIu64 "\ndevices %" PRIu64 "\n",
               (int)s->form, s->created, vault_tag(vault), s->batch, s->devices);
    for (size_t i = 0; i < OUTPUTS; i++)
        buf_printf(to, "%s %" PRIu64 " %s %s\n", output_names[i], s->marks[i].bytes,
                   s->marks[i].sha256[0] ? s->marks[i].sha256 : "-", s->paths[i]);
    buf_text(to, "end\n");
}

int state_write(const struct state *s, const struct vault *vault, struct signet_error *err)
{
    struct buf text = {0};
    char *path = NULL;

    print_state(&text, s, vault);
    int rc = state_file(vault, &path, err);
    rc = file_save(path, &text, rc, err);
    free(path);
    return rc;
}

/* The word after so many others, "" at the end. */
static const char *word_after(char **at, int others)
{
    const char *word = NULL;

    for (int i = 0; i <= others; i++)
        word = strsep(at, " \n");
    return word ? word : "";
}

/* Reads what it can; the text is right when the same is printed again. */
static bool parse_state(char *at, struct state *s, const struct buf *text,
                        const struct vault *vault)
{
    struct buf again = {0};
    bool one_row = strcmp(word_after(&at, 2), "1") == 0;

    s->form = one_row ? RECORDS_ONE_ROW : RECORDS_ROW_PER_ACCOUNT;
    s->created = strtoll(word_after(&at, 1), NULL, 10);
    s->batch = strtoull(word_after(&at, 2), NULL, 10);
    s->devices = strtoull(word_after(&at, 1), NULL, 10);
    for (size_t i = 0; i < OUTPUTS; i++) {
        s->marks[i].bytes = strtoull(word_after(&at, 1), NULL, 10);
        snprintf(s->marks[i].sha256, sizeof(s->marks[i].sha256), "%s", word_after(&at, 0));
        const char *path = strsep(&at, "\n");
        snprintf(s->paths[i], sizeof(s->paths[i]), "%s", path ? path : "");
    }
    print_state(&again, s, vault);
    bool same = again.len == text->len && memcmp(again.data, text->data, text->len) == 0;
    buf_free(&again);
    return same;
}

int state_read(struct state *s, const struct vault *vault, bool *there, struct signet_error *err)
{
    struct buf text = {0};
    char *path = NULL, *words = NULL;
    int rc = state_file(vault, &path, err);

    s->form = RECORDS_ROW_PER_ACCOUNT;
    *there = rc == SIGNET_OK && access(path, F_OK) == 0;
    if (*there)
        rc = file_read(path, STATE_MAX, &text, err);
    if (*there && rc == SIGNET_OK)
        rc = text_copy(&words, (const char *)text.data, err);
    if (*there && rc == SIGNET_OK && !parse_state(words, s, &text, vault))
        rc = error_set(err, SIGNET_E_CONFLICT,
                       "%s is damaged: it says what the output of this order holds", path);
    buf_free(&text);
    free(words);
    free(path);
    return rc;
}
