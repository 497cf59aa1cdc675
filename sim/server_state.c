/* SPDX-License-Identifier: Apache-2.0 */
/* What a simulated server keeps over a restart: a line for each device that came or went. */
#include "server.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static void put_line(struct sim_store *store, json_t *line)
{
    struct buf text = {0};

    if (line)
        sim_put_json(&text, line);
    buf_byte(&text, '\n');
    if (!line || text.failed || write(store->file, text.data, text.len) < 0)
        perror("signet sim: the server's state");
    json_decref(line);
    buf_free(&text);
}

void sim_state_came(struct sim_store *store, const struct sim_device *d)
{
    if (store->file >= 0)
        put_line(store, json_pack("{s:I, s:s, s:s, s:s?, s:s?, s:O?}", "at",
                                  (json_int_t)clock_wall(), "do", "put", "endpoint", d->endpoint,
                                  "identity", d->identity, "key", d->key, "body", d->body));
}

void sim_state_went(struct sim_store *store, const struct sim_device *d)
{
    if (store->file >= 0)
        put_line(store, json_pack("{s:I, s:s, s:s}", "at", (json_int_t)clock_wall(), "do", "drop",
                                  "endpoint", d->endpoint));
}

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
