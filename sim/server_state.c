/* SPDX-License-Identifier: Apache-2.0 */
/* What a simulated server keeps over a restart: a line for each device that came or went. */
#include "server.h"

#include <stdio.h>
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
