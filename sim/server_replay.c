/* SPDX-License-Identifier: Apache-2.0 */
/* A simulated server after a restart: what server_state.c wrote down happens again. */
#include "server.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static bool replay(struct sim_store *store, json_t *line)
{
    const char *what = json_string_value(json_object_get(line, "do"));
    const char *endpoint = json_string_value(json_object_get(line, "endpoint"));
    struct sim_device *d = endpoint ? sim_store_named(store, endpoint) : NULL;

    if (!what || !endpoint)
        return false;
    if (strcmp(what, "put") == 0 && !d)
        return sim_store_keep(store, endpoint, json_string_value(json_object_get(line, "identity")),
                              json_string_value(json_object_get(line, "key")),
                              json_object_get(line, "body")) != NULL;
    if (strcmp(what, "drop") != 0 || !d)
        return false;
    sim_store_drop(store, d);
    return true;
}

/* A line that has no end was cut off by a kill, and nobody was told of it. */
static int read_lines(struct sim_store *store, const char *path, FILE *in, int fd,
                      struct signet_error *err)
{
    char *line = NULL;
    size_t cap = 0, number = 0;
    off_t good = 0;
    int rc = SIGNET_OK;

    for (ssize_t n; !rc && (n = getline(&line, &cap, in)) > 0 && line[n - 1] == '\n'; good += n) {
        json_t *json = json_loads(line, 0, NULL);

        number++;
        if (!replay(store, json))
            rc = error_set(err, SIGNET_E_SYNTAX, "%s:%zu: not a line of a simulated server's state",
                           path, number);
        json_decref(json);
    }
    free(line);
    if (!rc && ftruncate(fd, good) != 0)
        rc = error_sys(err, SIGNET_E_IO, errno, "%s", path);
    return rc;
}

int sim_state_open(struct sim_store *store, const char *path, struct signet_error *err)
{
    int fd = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
    FILE *in = fd >= 0 ? fopen(path, "re") : NULL;
    int rc = in ? SIGNET_OK : error_sys(err, SIGNET_E_IO, errno, "%s", path);

    if (!rc)
        rc = read_lines(store, path, in, fd, err);
    if (in)
        fclose(in);
    if (rc && fd >= 0)
        close(fd);
    else
        store->file = fd; /* what was read is not written again */
    return rc;
}
