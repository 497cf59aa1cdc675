/* SPDX-License-Identifier: Apache-2.0 */
/* The output, opened for more. It must hold what the state file says, and behind that no more than
 * what sealed batches explain. */
#include "batch/private.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static void warn_elsewhere(struct batch_run *l, const char *what, const char *path)
{
    struct signet_error note = {0};
    const struct signet_event event = {.kind = SIGNET_EVENT_WARNING, .error = &note};

    error_set(&note, SIGNET_OK, "%s are written to '%s' from here on; those before are elsewhere",
              what, path);
    job_report(l->job, &event);
}

/* known: where the order wrote before, or "". */
static int refuse_there(const char *path, const char *known, struct signet_error *err)
{
    struct stat st;

    if (lstat(path, &st) != 0 && errno == ENOENT)
        return SIGNET_OK;
    if (known[0])
        return error_set_hint(
            err, SIGNET_E_EXISTS,
            "was its folder moved? Move it back; else move the file away, or name "
            "another one in the order",
            "'%s' is there already, and this order wrote to '%s' so far", path,
            text_shown(known, strlen(known), 120));
    return error_set_hint(err, SIGNET_E_EXISTS, "move it away, or name another file in the order",
                          "'%s' is there already, and this order did not write it", path);
}

static const char *output_path(const struct batch_run *l, size_t i)
{
    return i == PACKETS ? l->setup.order->packets : l->setup.order->records;
}

/* What is sealed is another output than what is not. */
static int name_sealed_path(char path[PATH_MAX], const char *given, struct signet_error *err)
{
    if (strlen(path) + sizeof(".cms") > PATH_MAX)
        return error_set(err, SIGNET_E_LIMIT, "'%.80s' is too long", given);
    strcat(path, ".cms");
    return SIGNET_OK;
}

/* One of the outputs: the one that the state knows, or a new one. */
static int adopt_output(struct batch_run *l, size_t i, bool busy, struct signet_error *err)
{
    const char *path = output_path(l, i);
    char wanted[PATH_MAX] = "", *known = l->out.state.paths[i];
    int rc = path ? state_path(path, wanted, err) : SIGNET_OK;

    if (rc == SIGNET_OK && path && l->setup.order->seal_to_count)
        rc = name_sealed_path(wanted, path, err);
    if (rc != SIGNET_OK || strcmp(wanted, known) == 0)
        return rc;
    if (busy)
        return error_set_hint(err, SIGNET_E_CONFLICT,
                              "run the order as it was once more, then change it",
                              "the run before was cut off while it wrote %s to '%s': they cannot "
                              "go to another file now",
                              output_names[i], known);
    if (path && !text_ends_with(path, "/"))
        rc = refuse_there(path, known, err);
    if (rc == SIGNET_OK && path && l->out.state.devices)
        warn_elsewhere(l, output_names[i], path);
    l->out.state.marks[i] = (struct mark){.sha256 = "-"};
    memcpy(known, wanted, sizeof(wanted));
    return rc;
}

/* The batches that were sealed and may be in the output, though not for certain. */
static int explain_seals(struct batch_run *l, const uint64_t *seals, size_t count,
                         struct signet_error *err)
{
    struct batch b;
    int rc = batch_init(&b, BATCH_READ_MAX, err);

    for (size_t i = 0; rc == SIGNET_OK && i < count; i++) {
        if (seals[i] <= l->out.state.batch)
            continue;
        batch_reset(&b);
        rc = batch_read(l, &b, seals[i], false, err);
        if (rc == SIGNET_E_SEAL) { /* damaged: what it wrote cannot be explained */
            rc = SIGNET_OK;
            continue;
        }
        for (size_t k = 0; rc == SIGNET_OK && k < OUTPUTS; k++)
            rc = file_explain(&l->out.files[k], &b.texts[k], err);
    }
    batch_free(&b);
    return rc;
}

static int open_one(struct batch_run *l, size_t i, bool change, struct signet_error *err)
{
    const char *path = output_path(l, i);
    const char *header =
        i == RECORDS && path && text_ends_with(path, ".csv") ? row_header(l->out.state.form) : NULL;

    if (!path)
        return SIGNET_OK;
    if (text_ends_with(path, "/")) /* a folder */
        return file_open_folder(&l->out.folder, l->out.state.paths[i], change, err);
    return file_open(&l->out.files[i], path, header, &l->out.state.marks[i], change, err);
}

static int open_outputs(struct batch_run *l, bool change, const uint64_t *seals, size_t count,
                        struct signet_error *err)
{
    int rc = SIGNET_OK;

    if (l->setup.order->seal_to_count)
        return sealed_open(l, change, err);
    for (size_t i = 0; rc == SIGNET_OK && i < OUTPUTS; i++)
        rc = open_one(l, i, change, err);
    if (rc == SIGNET_OK)
        rc = explain_seals(l, seals, count, err);
    for (size_t i = 0; rc == SIGNET_OK && i < OUTPUTS; i++)
        rc = file_cut(&l->out.files[i], change, err);
    return rc;
}

int output_open(struct batch_run *l, bool change, struct signet_error *err)
{
    struct state *state = &l->out.state;
    uint64_t *seals = NULL;
    size_t count = 0;
    bool there = false;
    int rc = state_read(state, l->setup.vault, &there, err);

    if (rc == SIGNET_OK)
        rc = vault_batch_list(l->setup.vault, &seals, &count, err);
    bool busy = there && count && seals[count - 1] > state->batch;
    for (size_t i = 0; rc == SIGNET_OK && i < OUTPUTS; i++)
        rc = adopt_output(l, i, busy, err);
    if (!busy && state->marks[RECORDS].bytes == 0) /* a file of its own begins here */
        state->form = RECORDS_ROW_PER_ACCOUNT;
    if (rc == SIGNET_OK && change) /* before they are made: what is there then is ours */
        rc = state_write(state, l->setup.vault, err);
    if (rc == SIGNET_OK)
        rc = open_outputs(l, change, seals, count, err);
    free(seals);
    return rc;
}

void output_close(struct output *out)
{
    for (size_t i = 0; i < OUTPUTS; i++)
        file_close(&out->files[i]);
    if (out->folder >= 0)
        close(out->folder);
    handover_close(&out->sealed);
}

int output_check_there(const struct output *out, struct signet_error *err)
{
    for (size_t i = 0; i < OUTPUTS; i++) {
        const struct file *f = &out->files[i];

        if (f->gone)
            return error_set_hint(
                err, SIGNET_E_NOT_FOUND,
                "put it back, or name another file in the order for the devices to come",
                "'%s' is gone: it had %llu bytes, and more should follow", f->path,
                (unsigned long long)f->end);
    }
    return SIGNET_OK;
}
