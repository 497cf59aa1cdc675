/* SPDX-License-Identifier: Apache-2.0 */
/* What the kinds of servers share in their answers. */
#include "server.h"

#include <stdlib.h>
#include <string.h>

void sim_reply_error(struct sim_reply *reply, int status, const char *text)
{
    reply->status = status;
    buf_reset(&reply->body);
    reply->kind->put_error(&reply->body, status, text);
}

const char *sim_text_at(const json_t *object, const char *outer, const char *inner)
{
    return json_string_value(json_object_get(json_object_get(object, outer), inner));
}

void sim_put_json(struct buf *out, const json_t *value)
{
    char *text = json_dumps(value, JSON_COMPACT);

    buf_text(out, text ? text : "null");
    free(text);
}

bool sim_asks(const struct sim_request *request, const char *method, const char *path)
{
    return strcmp(request->method, method) == 0 && strcmp(request->path, path) == 0;
}

const char *sim_after(const char *text, const char *prefix)
{
    size_t len = strlen(prefix);

    return strncmp(text, prefix, len) == 0 ? text + len : NULL;
}
