/* SPDX-License-Identifier: Apache-2.0 */
/* A new station key. First the key file gets it, with the old ones behind it; then each sealed file
 * is replaced by one of the new key. At any moment, each file opens with a key that is there. */
#include "vault/private.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signet/station_key.h>
#include <stdlib.h>
#include <unistd.h>

_Static_assert(SIGNET_STATION_KEYS == 1 + OLD_KEYS_MAX, "all keys can be shown");
_Static_assert((int)SIGNET_STATION_KEY_ID == (int)KEY_ID_SIZE, "and their ids");

int signet_station_key_describe(const char *file, struct signet_station_key_view *out,
                                struct signet_error *err)
{
    struct signet_station_key_view view = {.form = "file", .count = 1};
    struct secret text = {0};
    struct key_text t;
    int rc = key_text_read(file, &text, &t, err);

    if (rc == SIGNET_OK && !t.form)
        rc = key_id(&text, view.ids[0], err);
    if (rc == SIGNET_OK && t.form) {
        view.form = t.form->name;
        view.count = t.count;
        for (size_t i = 0; i < t.count; i++)
            memcpy(view.ids[i], t.ids[i], KEY_ID_SIZE);
    }
    secret_wipe(&text);
    if (rc == SIGNET_OK)
        *out = view;
    return rc;
}

/* No run may be at work there, since it has the old key in its memory. A folder that is not there
 * has nothing sealed. */
static int lock_works(const struct signet_station_key_change *c, struct vault *works,
                      struct signet_error *err)
{
    int rc = SIGNET_OK;

    for (size_t i = 0; rc == SIGNET_OK && i < c->work_count; i++) {
        bool alone = false;

        if (access(c->works[i], F_OK) != 0 && errno == ENOENT)
            continue;
        works[i].folder = (char *)(uintptr_t)c->works[i];
        rc = file_mkdir_private(c->works[i], err);
        if (rc == SIGNET_OK)
            rc = vault_lock(&works[i], &alone, err);
        if (rc == SIGNET_OK && !alone)
            rc = error_set_hint(err, SIGNET_E_BUSY, "end it first", "a run is at work in %s",
                                c->works[i]);
    }
    return rc;
}

static bool is_sealed_name(const char *name)
{
    return name[0] != '.' && (text_ends_with(name, ".sealed") || strcmp(name, "key-check") == 0);
}

static int reseal_file(struct vault *v, int folder, const char *name,
                       struct signet_station_key_changed *out, struct signet_error *err)
{
    struct secret plain = {0};
    struct signet_error why = {0};
    int rc = seal_is_wiped(folder, name) ? SIGNET_E_NOT_FOUND
                                         : vault_open_file(v, name, NULL, &plain, &why);

    if (rc == SIGNET_E_NOT_FOUND)
        return SIGNET_OK;
    if (rc == SIGNET_E_SEAL) { /* version 0.1 sealed it for its device's name, or it is damaged */
        out->left++;
        return SIGNET_OK;
    }
    if (rc != SIGNET_OK)
        return error_copy(err, &why);
    failpoint("before-reseal");
    rc = vault_seal_file(v, name, &plain, err);
    failpoint("after-reseal");
    secret_wipe(&plain);
    out->resealed += rc == SIGNET_OK;
    return rc;
}

static int reseal_folder(struct vault *v, struct signet_station_key_changed *out,
                         struct signet_error *err)
{
    struct dirent **names = NULL;
    int count = scandir(v->folder, &names, NULL, alphasort), rc = SIGNET_OK;
    int folder = open(v->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (count < 0 || folder < 0)
        rc = error_sys(err, SIGNET_E_IO, errno, "cannot look into %s", v->folder);
    for (int i = 0; i < count; i++) {
        if (rc == SIGNET_OK && is_sealed_name(names[i]->d_name))
            rc = reseal_file(v, folder, names[i]->d_name, out, err);
        free(names[i]);
    }
    free(names);
    if (folder >= 0)
        close(folder);
    return rc;
}

/* The new key, in front of those that were. */
static int renew_ring(const struct signet_station_key_change *c, struct key_ring *ring,
                      struct signet_error *err)
{
    const struct vault_key from = {.file = c->file,
                                   .passphrase = {c->passphrase_file, c->ask, c->ask_ctx}};
    struct vault_key next = from;
    int rc = key_read(&from, ring, err);
    bool found = rc == SIGNET_OK;
    const char *form = c->form ? c->form : found && ring->wrap.form ? NULL : "file";

    next.passphrase.file = c->new_passphrase_file;
    if (rc == SIGNET_E_NOT_FOUND)
        rc = SIGNET_OK;
    if (rc == SIGNET_OK && ring->old_count == OLD_KEYS_MAX)
        rc = error_set_hint(err, SIGNET_E_LIMIT, "change it with all orders and drop the old ones",
                            "'%s' has %d keys of before already", c->file, OLD_KEYS_MAX);
    if (rc == SIGNET_OK && form)
        rc = key_wrap_make(&next, form, &ring->wrap, err);
    if (rc != SIGNET_OK)
        return rc;
    if (found) {
        memmove(ring->old + 1, ring->old, ring->old_count * sizeof(*ring->old));
        ring->old[0] = ring->current;
        ring->old_count++;
        ring->current = (struct secret){0};
    }
    return key_new(&ring->current, err);
}

static int change_key(const struct signet_station_key_change *c, struct key_ring *ring,
                      struct vault *works, struct signet_station_key_changed *out,
                      struct signet_error *err)
{
    int rc = renew_ring(c, ring, err);

    failpoint("before-key");
    if (rc == SIGNET_OK)
        rc = key_write(c->file, ring, err);
    failpoint("after-key");
    for (size_t i = 0; rc == SIGNET_OK && i < c->work_count; i++)
        if (works[i].folder) {
            works[i].ring = *ring; /* a view */
            rc = reseal_folder(&works[i], out, err);
        }
    out->old = ring->old_count;
    if (rc != SIGNET_OK || !c->drop_old || out->left || !ring->old_count)
        return rc;
    for (size_t i = 0; i < ring->old_count; i++)
        secret_wipe(&ring->old[i]);
    ring->old_count = out->old = 0;
    failpoint("before-drop");
    rc = key_write(c->file, ring, err);
    failpoint("after-drop");
    return rc;
}

int signet_station_key_rotate(const struct signet_station_key_change *change,
                              struct signet_station_key_changed *out, struct signet_error *err)
{
    struct signet_station_key_change c;
    struct signet_station_key_changed changed = {0};
    struct key_ring ring = {0};
    int key_fd = -1;

    options_take(&c, change);
    if (!c.file)
        return error_set(err, SIGNET_E_USAGE, "a station key has a file");
    struct vault *works = calloc(c.work_count + 1, sizeof(*works));
    if (!works)
        return error_nomem(err);
    for (size_t i = 0; i < c.work_count; i++)
        works[i].lock_fd = -1;
    int rc = key_hold(c.file, true, &key_fd, err);
    if (rc == SIGNET_OK)
        rc = lock_works(&c, works, err);
    if (rc == SIGNET_OK)
        rc = change_key(&c, &ring, works, &changed, err);
    key_ring_wipe(&ring);
    for (size_t i = 0; i < c.work_count; i++)
        if (works[i].lock_fd >= 0)
            close(works[i].lock_fd);
    if (key_fd >= 0)
        close(key_fd);
    free(works);
    if (rc == SIGNET_OK)
        *out = changed;
    return rc;
}
