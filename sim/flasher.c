/* SPDX-License-Identifier: Apache-2.0 */
/* A programmer to rehearse with: takes the arguments of nrfjprog, nrfutil or a plain command,
 * prints what those print, and drives simulated boards over their control sockets. */
#include "flasher/flasher.h"
#include "base/base.h"
#include "flasher.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* SERIAL=CONTROL,PORT[,VCOM] */
static bool parse_board(struct programmer_board *b, const char *text)
{
    const char *equals = strchr(text, '=');
    const char *comma = equals ? strchr(equals, ',') : NULL;
    const char *vcom = comma ? strchr(comma + 1, ',') : NULL;

    if (!comma)
        return false;
    snprintf(b->serial, sizeof(b->serial), "%.*s", (int)(equals - text), text);
    snprintf(b->control, sizeof(b->control), "%.*s", (int)(comma - equals - 1), equals + 1);
    snprintf(b->port, sizeof(b->port), "%.*s", vcom ? (int)(vcom - comma - 1) : 127, comma + 1);
    b->vcom = vcom ? (unsigned)strtoul(vcom + 1, NULL, 10) : 0;
    return flasher_serial_valid(b->serial) && b->control[0] == '/' && b->port[0] == '/';
}

static bool parse_misbehave(struct programmer *s, const char *text)
{
    const struct {
        const char *name;
        bool *to;
    } rows[] = {{"hang", &s->hang},       {"fail", &s->fail},    {"crash", &s->crash},
                {"garbage", &s->garbage}, {"huge", &s->huge},    {"orphan", &s->orphan},
                {"lie", &s->lie},         {"locked", &s->locked}};

    while (text && *text) {
        size_t len = strcspn(text, ","), i = 0;
        for (; i < COUNT_OF(rows); i++)
            if (strlen(rows[i].name) == len && strncmp(text, rows[i].name, len) == 0)
                break;
        if (i < COUNT_OF(rows))
            *rows[i].to = true;
        else if (strncmp(text, "delay=", 6) == 0)
            s->delay_ms = strtol(text + 6, NULL, 10);
        else
            return false;
        text += len + (text[len] == ',');
    }
    return true;
}

static void sleep_ms(long ms)
{
    if (ms > 0)
        usleep((useconds_t)ms * 1000);
}

/* What goes wrong before any work; does not come back from a hang or a crash. */
static void misbehave(const struct programmer *s)
{
    static const char noise[] = "\x1b[2J\xff\xfe{\"type\":\x01 %s%n 99999% \r\r\n";

    if (s->orphan && fork() == 0) {
        for (;;)
            pause();
    }
    for (int i = 0; s->garbage && i < 50; i++)
        fwrite(noise, 1, sizeof(noise) - 1, s->out);
    for (int i = 0; s->huge && i < 160 * 1024; i++)
        fputs("the same line again and again, until 10 MiB are out...........\n", s->out);
    fflush(s->out);
    if (s->crash)
        abort();
    if (s->hang) {
        signal(SIGTERM, SIG_IGN);
        for (;;)
            pause();
    }
    sleep_ms(s->delay_ms);
}

static const struct {
    const char *name;
    int (*run)(const struct programmer *s, int argc, char **argv);
} tools[] = {
    {"nrfjprog", as_nrfjprog}, {"nrfutil", as_nrfutil}, {"esptool", as_esptool}, {"exec", as_exec}};
enum { TOOLS = COUNT_OF(tools) };

/* TOOLS: there is none of this name. */
static size_t find_tool(const char *name)
{
    size_t i = 0;

    while (i < TOOLS && strcmp(tools[i].name, name) != 0)
        i++;
    return i;
}

static int setup(struct programmer *s, const struct sim_flasher_options *options, FILE *out,
                 struct signet_error *err)
{
    *s = (struct programmer){.out = out};
    if (find_tool(options->as) == TOOLS)
        return error_set(
            err, SIGNET_E_USAGE,
            "a simulated programmer can be nrfjprog, nrfutil, esptool or exec, not '%s'",
            options->as);
    for (size_t i = 0; i < options->board_count && i < 64; i++, s->count++)
        if (!parse_board(&s->boards[i], options->boards[i]))
            return error_set(err, SIGNET_E_USAGE,
                             "a board is SERIAL=CONTROL,PORT[,VCOM] with absolute paths");
    if (s->count == 0)
        return error_set(err, SIGNET_E_USAGE,
                         "a simulated programmer needs a board: SERIAL=CONTROL,PORT");
    if (!parse_misbehave(s, options->misbehave))
        return error_set(
            err, SIGNET_E_USAGE,
            "misbehaviours: hang, fail, crash, garbage, huge, orphan, lie, locked, delay=MS");
    return SIGNET_OK;
}

int sim_flasher_run(const struct sim_flasher_options *options, int argc, char **argv, FILE *out,
                    int *status, struct signet_error *err)
{
    struct programmer *s = calloc(1, sizeof(*s));
    if (!s)
        return error_nomem(err);
    int code = setup(s, options, out, err);
    if (!code) {
        misbehave(s);
        *status = tools[find_tool(options->as)].run(s, argc, argv);
        fflush(out);
    }
    free(s);
    return code;
}

/* One word for sh. */
static void quote(struct buf *out, const char *word)
{
    buf_text(out, " '");
    for (; *word; word++) {
        if (*word == '\'')
            buf_text(out, "'\\''");
        else
            buf_byte(out, (uint8_t)*word);
    }
    buf_byte(out, '\'');
}

static void write_script(const struct sim_flasher_options *options, const char *const *command,
                         struct buf *script)
{
    buf_text(script, "#!/bin/sh\nexec");
    for (size_t i = 0; command[i]; i++)
        quote(script, command[i]);
    buf_text(script, " --as");
    quote(script, options->as);
    for (size_t i = 0; i < options->board_count; i++) {
        buf_text(script, " --board");
        quote(script, options->boards[i]);
    }
    if (options->misbehave) {
        buf_text(script, " --misbehave");
        quote(script, options->misbehave);
    }
    buf_text(script, " -- \"$@\"\n");
}

int sim_flasher_install(const struct sim_flasher_options *options, const char *folder,
                        const char *const *command, struct signet_error *err)
{
    struct buf script = {0}, path = {0};
    struct programmer *s = calloc(1, sizeof(*s));
    int rc = s ? setup(s, options, stdout, err) : error_nomem(err); /* a mistake is told now */

    free(s);
    if (rc)
        return rc;
    write_script(options, command, &script);
    buf_printf(&path, "%s/%s", folder, options->as);
    rc = buf_check(&script, err);
    if (!rc)
        rc = buf_check(&path, err);
    if (!rc)
        rc = file_write((const char *)path.data, script.data, script.len, 0755, err);
    buf_free(&path);
    buf_free(&script);
    return rc;
}
