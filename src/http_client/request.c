/* SPDX-License-Identifier: Apache-2.0 */
/* Requests and answers by themselves. */
#include "http_client/http_client.h"

void http_path(const struct http_request *request, struct buf *out)
{
    buf_text(out, request->path);
    if (request->name)
        http_encode(out, request->name);
    if (request->rest)
        buf_text(out, request->rest);
}

char http_first_byte(const struct http_answer *answer)
{
    const char *text = (const char *)answer->body.data;

    return text ? text[strspn(text, " \t\r\n\v\f")] : '\0';
}

bool http_good(const struct http_answer *answer)
{
    return answer->status >= 200 && answer->status < 300;
}
