/* SPDX-License-Identifier: Apache-2.0 */
#include "cli.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

static void put_json_text(const void *text, size_t len)
{
    struct signet_bytes json = {0};

    if (signet_text_json(text, len, &json, NULL) == SIGNET_OK) {
        fwrite(json.data, 1, json.len, stdout);
    } else {
        fputs("null", stdout);
        cli_left_out();
    }
    signet_bytes_free(&json);
}

static void put_member(struct json *j, const char *key)
{
    if (j->comma)
        fputs(", ", stdout);
    j->comma = true;
    if (key) {
        put_json_text(key, strlen(key));
        fputs(": ", stdout);
    }
}

void json_begin(struct json *j)
{
    j->comma = false;
    putchar('{');
}

void json_event(struct json *j, const char *event)
{
    json_begin(j);
    json_text(j, "event", event);
}

void json_end(struct json *j)
{
    j->comma = false;
    fputs("}\n", stdout);
    fflush(stdout); /* a machine reads each step when it happens */
}

void json_open(struct json *j, const char *key, char bracket)
{
    put_member(j, key);
    putchar(bracket);
    j->comma = false;
}

void json_close(struct json *j, char bracket)
{
    putchar(bracket);
    j->comma = true;
}

void json_bytes(struct json *j, const char *key, const uint8_t *text, size_t len)
{
    put_member(j, key);
    put_json_text(text, len);
}

static void put_raw(struct json *j, const char *key, const char *json)
{
    put_member(j, key);
    fputs(json, stdout);
}

void json_text(struct json *j, const char *key, const char *text)
{
    if (text)
        json_bytes(j, key, (const uint8_t *)text, strlen(text));
    else
        put_raw(j, key, "null");
}

void json_given(struct json *j, const char *key, const char *text)
{
    if (text[0])
        json_text(j, key, text);
}

void json_integer(struct json *j, const char *key, int64_t value)
{
    put_member(j, key);
    fprintf(stdout, "%" PRId64, value);
}

void json_real(struct json *j, const char *key, double value)
{
    char text[SIGNET_NUMBER_SIZE];

    signet_text_number(value, text);
    put_raw(j, key, isfinite(value) ? text : "null");
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
