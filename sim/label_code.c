/* SPDX-License-Identifier: Apache-2.0 */
/* What a scanner reads on a label that the simulated printer printed. */
#include "base/base.h"
#include "sim.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

enum { LABEL_MAX = 1024 * 1024 };

struct field {
    char type; /* Q a QR code, C Code 128, X Data Matrix; 0: no code */
    char hex;  /* 0: no hex digits in its data */
};

static void read_data(const struct field *field, const char *data, size_t len, struct buf *code)
{
    const char *comma = field->type == 'Q' ? memchr(data, ',', len) : NULL;
    size_t at = comma ? (size_t)(comma - data) + 1 : 0;

    while (at < len) {
        uint8_t byte = (uint8_t)data[at];
        bool hex = field->hex && data[at] == field->hex && len - at > 2 &&
                   hex_decode(data + at + 1, 2, &byte, 1) == 1;

        buf_byte(code, byte);
        at += hex ? 3 : 1;
    }
}

/* One command of the label; true: that was the code. */
static bool read_label_command(struct field *field, const char *command, size_t len,
                               struct buf *code)
{
    char group = (char)toupper((unsigned char)command[0]);
    char kind = (char)toupper((unsigned char)command[1]);

    if (group == 'B' && char_in(kind, "QCX"))
        field->type = kind;
    if (group == 'F' && kind == 'H')
        field->hex = len > 2 && !isspace((unsigned char)command[2]) ? command[2] : '_';
    if (group == 'F' && kind == 'S')
        *field = (struct field){0};
    if (group != 'F' || kind != 'D' || !field->type)
        return false;
    read_data(field, command + 2, len - 2, code);
    return true;
}

static void read_zpl(const char *zpl, size_t len, struct buf *code)
{
    struct field field = {0};

    for (size_t at = 0, end; at < len; at = end) {
        for (end = at + 1; end < len && zpl[end] != '^' && zpl[end] != '~';)
            end++;
        if (zpl[at] == '^' && end - at > 2 &&
            read_label_command(&field, zpl + at + 1, end - at - 1, code))
            return;
    }
}

bool sim_label_read(const char *folder, unsigned number, char code[SIM_LABEL_CODE_SIZE])
{
    struct buf zpl = {0}, text = {.max = SIM_LABEL_CODE_SIZE - 1};
    char path[512];

    snprintf(path, sizeof(path), "%s/label-%04u.zpl", folder, number);
    bool there = file_read(path, LABEL_MAX, &zpl, NULL) == SIGNET_OK;
    if (there)
        read_zpl((const char *)zpl.data, zpl.len, &text);
    snprintf(code, SIM_LABEL_CODE_SIZE, "%.*s", text.failed ? 0 : (int)text.len,
             text.data ? (const char *)text.data : "");
    buf_free(&zpl);
    buf_free(&text);
    return there;
}
