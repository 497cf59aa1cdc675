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

void json_event(struct json *j, const char *event)
{
    j->comma = false;
    putchar('{');
    json_put(j, M_TEXT("event", event));
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

static void put_member_value(const struct json_member *m)
{
    char number[SIGNET_NUMBER_SIZE];

    switch (m->kind) {
    case M_IS_END:
        break;
    case M_IS_TEXT:
        if (m->text)
            put_json_text(m->text, strlen(m->text));
        else
            fputs("null", stdout);
        break;
    case M_IS_INTEGER:
        printf("%" PRId64, m->integer);
        break;
    case M_IS_REAL:
        signet_text_number(m->real, number);
        fputs(isfinite(m->real) ? number : "null", stdout);
        break;
    case M_IS_BOOL:
        fputs(m->integer ? "true" : "false", stdout);
        break;
    }
}

void json_put_members(struct json *j, const struct json_member *members)
{
    for (const struct json_member *m = members; m->kind != M_IS_END; m++) {
        if (m->left_out && !m->integer && !(m->text && m->text[0]))
            continue;
        put_member(j, m->key);
        put_member_value(m);
    }
}

void json_put_line(const char *event, const struct json_member *members)
{
    struct json j;

    json_event(&j, event);
    json_put_members(&j, members);
    json_end(&j);
}

void json_states(struct json *j, const int64_t states[SIGNET_DEVICE_STATES])
{
    json_open(j, "states", '{');
    for (int i = 0; i < SIGNET_DEVICE_STATES; i++)
        json_put(j, M_INT(signet_device_state_name((enum signet_device_state)i), states[i]));
    json_close(j, '}');
}
