/* SPDX-License-Identifier: Apache-2.0 */
/* HTTP/1.1 of the simulated server: requests in, answers out. */
#include "server_http.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

enum { HEAD_MAX = 16384, BODY_MAX = SIM_HTTP_MAX - HEAD_MAX };

void sim_nap(unsigned ms)
{
    const struct timespec ts = {.tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000L};

    nanosleep(&ts, NULL);
}

static bool fill(struct connection *c)
{
    char data[4096];
    int n = SSL_read(c->ssl, data, sizeof(data));

    if (n > 0)
        buf_append(&c->in, data, (size_t)n);
    return n > 0 && !c->in.failed;
}

static bool send_all(struct connection *c, const void *data, size_t len)
{
    return !len || SSL_write(c->ssl, data, (int)len) == (int)len;
}

/* The value of a header, or NULL; head ends with an empty line. */
const char *sim_http_header(const char *head, const char *name, size_t *len)
{
    for (const char *line = strstr(head, "\r\n"); line && line[2] != '\r';
         line = strstr(line + 2, "\r\n")) {
        size_t n = strlen(name);

        if (strncasecmp(line + 2, name, n) == 0 && line[2 + n] == ':') {
            const char *value = line + 3 + n;

            while (*value == ' ')
                value++;
            *len = strcspn(value, "\r");
            return value;
        }
    }
    return NULL;
}

static void percent_decode(char *text)
{
    char *out = text;

    for (; *text; text++) {
        if (*text == '%' && isxdigit((unsigned char)text[1]) && isxdigit((unsigned char)text[2])) {
            uint8_t byte = 0;

            hex_decode(text + 1, 2, &byte, 1);
            *out++ = (char)byte;
            text += 2;
        } else {
            *out++ = *text;
        }
    }
    *out = '\0';
}

/* The head of the next request, with its empty line; the caller frees it. */
char *sim_http_head(struct connection *c)
{
    static const char end[] = "\r\n\r\n";

    for (;;) {
        const char *found = c->in.len ? memmem(c->in.data, c->in.len, end, sizeof(end) - 1) : NULL;

        if (found)
            return strndup((char *)c->in.data, (size_t)(found - (char *)c->in.data) + 4);
        if (c->in.len > HEAD_MAX || !fill(c))
            return NULL;
    }
}

/* "METHOD /path?query HTTP/1.1" */
static bool split_line(struct sim_request *request, const char *head)
{
    size_t method = strcspn(head, " "), path;

    if (method >= sizeof(request->method) || head[method] != ' ')
        return false;
    memcpy(request->method, head, method);
    head += method + 1;
    path = strcspn(head, " \r");
    request->path = strndup(head, path);
    if (!request->path)
        return false;
    request->query = strchr(request->path, '?');
    if (request->query) {
        *request->query++ = '\0';
        percent_decode(request->query);
    }
    percent_decode(request->path);
    return true;
}

/* One request with its body. */
bool sim_http_receive(struct connection *c, struct sim_request *request, const char *head)
{
    size_t head_len = strlen(head), len = 0;
    const char *value = sim_http_header(head, "content-length", &len);

    request->body_len = value ? strtoul(value, NULL, 10) : 0;
    if (request->body_len > BODY_MAX || !split_line(request, head))
        return false;
    while (c->in.len < head_len + request->body_len)
        if (!fill(c))
            return false;
    request->body = strndup((char *)c->in.data + head_len, request->body_len);
    c->in.len -= head_len + request->body_len;
    memmove(c->in.data, c->in.data + head_len + request->body_len, c->in.len);
    return request->body != NULL;
}

bool sim_http_reply(struct connection *c, const struct sim_reply *reply, const char *more, bool cut,
                    bool slow)
{
    struct buf text = {0};
    bool good;

    buf_printf(&text, "HTTP/1.1 %d Sim\r\nContent-Type: application/json\r\n%sContent-Length: ",
               reply->status, more);
    buf_printf(&text, "%zu\r\n\r\n", reply->body.len + (cut ? 400 : 0));
    buf_append(&text, reply->body.data, reply->body.len);
    good = !text.failed;
    for (size_t i = 0; good && slow && i < text.len; i++) {
        good = send_all(c, text.data + i, 1);
        sim_nap(2);
    }
    if (good && !slow)
        good = send_all(c, text.data, text.len);
    buf_free(&text);
    return good && !cut;
}
