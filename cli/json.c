/* SPDX-License-Identifier: Apache-2.0 */
#include "cli.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

/* Length of the valid UTF-8 character at the start, 0 when there is none. */
static size_t utf8_length(const uint8_t *s, size_t len)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    size_t n = s[0] < 0x80   ? 1
               : s[0] < 0xc2 ? 0
               : s[0] < 0xe0 ? 2
               : s[0] < 0xf0 ? 3
               : s[0] < 0xf5 ? 4
                             : 0;
    if (n < 2 || n > len)
        return n > len ? 0 : n;
    uint32_t c = s[0] & (0x7fu >> n);
    for (size_t i = 1; i < n; i++) {
        if ((s[i] & 0xc0) != 0x80)
            return 0;
        c = c << 6 | (s[i] & 0x3f);
    }
    return c < least[n] || c > 0x10ffff || (c >= 0xd800 && c < 0xe000) ? 0 : n;
}

static void put_string(FILE *to, const uint8_t *s, size_t len)
{
    fputc('"', to);
    for (size_t i = 0; i < len;) {
        size_t n = utf8_length(s + i, len - i);
        if (n == 0) {
            fputs("\\ufffd", to);
            n = 1;
        } else if (s[i] == '"' || s[i] == '\\') {
            fprintf(to, "\\%c", s[i]);
        } else if (s[i] < 0x20 || s[i] == 0x7f) {
            fprintf(to, "\\u%04x", s[i]);
        } else {
            fwrite(s + i, 1, n, to);
        }
        i += n;
    }
    fputc('"', to);
}

static void put_key(struct json *j, const char *key)
{
    if (j->comma)
        fputs(", ", j->to);
    j->comma = true;
    if (key) {
        put_string(j->to, (const uint8_t *)key, strlen(key));
        fputs(": ", j->to);
    }
}

void json_begin(struct json *j, FILE *to)
{
    *j = (struct json){.to = to};
    fputc('{', to);
}

void json_end(struct json *j)
{
    fputs("}\n", j->to);
    fflush(j->to); /* a machine reads each step when it happens */
}

void json_open(struct json *j, const char *key, char bracket)
{
    put_key(j, key);
    fputc(bracket, j->to);
    j->comma = false;
}

void json_close(struct json *j, char bracket)
{
    fputc(bracket, j->to);
    j->comma = true;
}

void json_bytes(struct json *j, const char *key, const uint8_t *text, size_t len)
{
    put_key(j, key);
    put_string(j->to, text, len);
}

static void put_raw(struct json *j, const char *key, const char *json)
{
    put_key(j, key);
    fputs(json, j->to);
}

void json_text(struct json *j, const char *key, const char *text)
{
    if (text)
        json_bytes(j, key, (const uint8_t *)text, strlen(text));
    else
        put_raw(j, key, "null");
}

void json_integer(struct json *j, const char *key, int64_t value)
{
    put_key(j, key);
    fprintf(j->to, "%" PRId64, value);
}

void json_real(struct json *j, const char *key, double value)
{
    put_key(j, key);
    if (isfinite(value))
        fprintf(j->to, "%.17g", value);
    else
        fputs("null", j->to);
}

void json_bool(struct json *j, const char *key, bool value)
{
    put_raw(j, key, value ? "true" : "false");
}

void json_states(struct json *j, const int64_t states[SIGNET_DEVICE_STATES])
{
    json_open(j, "states", '{');
    for (int i = 0; i < SIGNET_DEVICE_STATES; i++)
        json_integer(j, signet_device_state_name((enum signet_device_state)i), states[i]);
    json_close(j, '}');
}
