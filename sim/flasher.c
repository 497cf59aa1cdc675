/* SPDX-License-Identifier: Apache-2.0 */
/* A programmer to rehearse with: takes the arguments of nrfjprog, nrfutil or a plain command,
 * prints what those print, and drives simulated boards over their control sockets. */
#include "flasher/flasher.h"
#include "base/base.h"
#include "sim.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

struct board {
    char serial[64], control[128], port[128];
    unsigned vcom;
};

struct sim {
    const struct sim_flasher_options *options;
    FILE *out;
    struct board boards[64];
    size_t count;
    bool hang, fail, crash, garbage, huge, orphan, lie;
    long delay_ms;
};

/* SERIAL=CONTROL,PORT[,VCOM] */
static bool parse_board(struct board *b, const char *text)
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

static bool parse_misbehave(struct sim *s, const char *text)
{
    const struct {
        const char *name;
        bool *to;
    } rows[] = {{"hang", &s->hang},       {"fail", &s->fail}, {"crash", &s->crash},
                {"garbage", &s->garbage}, {"huge", &s->huge}, {"orphan", &s->orphan},
                {"lie", &s->lie}};

    while (text && *text) {
        size_t len = strcspn(text, ","), i = 0;
        for (; i < sizeof(rows) / sizeof(rows[0]); i++)
            if (strlen(rows[i].name) == len && strncmp(text, rows[i].name, len) == 0)
                break;
        if (i < sizeof(rows) / sizeof(rows[0]))
            *rows[i].to = true;
        else if (strncmp(text, "delay=", 6) == 0)
            s->delay_ms = strtol(text + 6, NULL, 10);
        else
            return false;
        text += len + (text[len] == ',');
    }
    return true;
}

static const char *no_zeros(const char *s)
{
    while (s[0] == '0' && s[1])
        s++;
    return s;
}

/* Without a serial number there must be one board. */
static const struct board *find(const struct sim *s, const char *serial)
{
    if (!serial)
        return s->count == 1 ? &s->boards[0] : NULL;
    for (size_t i = 0; i < s->count; i++)
        if (strcmp(no_zeros(s->boards[i].serial), no_zeros(serial)) == 0)
            return &s->boards[i];
    return NULL;
}

static void sleep_ms(long ms)
{
    if (ms > 0)
        usleep((useconds_t)ms * 1000);
}

/* What goes wrong before any work; does not come back from a hang or a crash. */
static void misbehave(const struct sim *s)
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

/* Which firmware an image stands for: by the file's name. */
static const char *firmware_of(const char *image)
{
    const char *name = strrchr(image, '/');

    name = name ? name + 1 : image;
    return strncmp(name, "final", 5) == 0 ? "final"
           : strncmp(name, "smp", 3) == 0 ? "smp-file"
                                          : "initial";
}

static bool readable_image(const char *image)
{
    return signet_image_check(&(struct signet_image){0}, image, NULL, NULL) == SIGNET_OK;
}

static int ask(const struct sim *s, const struct board *b, const char *request)
{
    char answer[512] = "";
    struct signet_error err = {0};

    if (s->lie)
        return 0;
    if (sim_control(b->control, request, answer, sizeof(answer), &err) != SIGNET_OK) {
        fprintf(s->out, "ERROR: %s\n", err.msg);
        return 1;
    }
    return strncmp(answer, "ok", 2) == 0 ? 0 : 1;
}

static int program(const struct sim *s, const struct board *b, const char *image, bool chip)
{
    char request[64];

    snprintf(request, sizeof(request), "program %s %s", firmware_of(image),
             chip ? "chip" : "sectors");
    return ask(s, b, request);
}

/* What a tool's command line may have: a word (NULL: a flag) that is kept, or the fact. */
struct argument {
    const char *name, **value;
    bool *flag;
};

/* The word that is not in the table; NULL: all are. */
static const char *take_arguments(const struct argument *table, int argc, char **argv)
{
    for (int i = 0; i < argc; i++) {
        const struct argument *a = table;

        while (a->name && strcmp(a->name, argv[i]) != 0)
            a++;
        if (!a->name || (a->value && i + 1 == argc))
            return argv[i];
        if (a->value)
            *a->value = argv[++i];
        else
            *a->flag = true;
    }
    return NULL;
}

static int nrfjprog_program(const struct sim *s, const struct board *b, const char *image,
                            bool chip)
{
    fputs("[ #################### ]  10.000s | Erase file - Done erasing\n"
          "[ ##########           ]  50% | Program file\n",
          s->out);
    fflush(s->out);
    return s->fail ? 0 : program(s, b, image, chip);
}

static int nrfjprog_list(const struct sim *s, const char *serial, bool ids)
{
    for (size_t i = 0; i < s->count; i++) {
        const struct board *b = &s->boards[i];

        if (ids)
            fprintf(s->out, "%s\n", no_zeros(b->serial));
        else if (!serial || !strcmp(no_zeros(b->serial), no_zeros(serial)))
            fprintf(s->out, "%-12s %-20s VCOM%u\n", no_zeros(b->serial), b->port, b->vcom);
    }
    return 0;
}

/* nrfjprog -s SN --program FILE --chiperase|--sectorerase | --pinreset | --com | --ids */
static int as_nrfjprog(const struct sim *s, int argc, char **argv)
{
    const char *serial = NULL, *image = NULL;
    bool chip = false, sectors = false, reset = false, com = false, ids = false;
    const struct argument table[] = {{"-s", &serial, NULL},
                                     {"--program", &image, NULL},
                                     {"--chiperase", NULL, &chip},
                                     {"--pinreset", NULL, &reset},
                                     {"--sectorerase", NULL, &sectors},
                                     {"--com", NULL, &com},
                                     {"--ids", NULL, &ids},
                                     {0}};
    const char *unknown = take_arguments(table, argc, argv);

    if (unknown)
        return fprintf(s->out, "ERROR: unknown argument %s\n", unknown), 2;
    if (ids || com)
        return nrfjprog_list(s, serial, ids);
    const struct board *b = find(s, serial);
    if (!b)
        return fputs("ERROR: There is no debugger connected with that serial number.\n", s->out),
               33;
    if (image && (!readable_image(image) || chip == sectors))
        return fputs("ERROR: The image cannot be programmed.\n", s->out), 64;
    if (image && nrfjprog_program(s, b, image, chip) != 0)
        return 1;
    if (s->fail)
        return fputs("ERROR: The operation attempted is unavailable: readback protection.\n",
                     s->out),
               16;
    return reset ? ask(s, b, "reset") : 0;
}

static void nrfutil_task(const struct sim *s, const char *type, const char *serial,
                         const char *name, const char *rest)
{
    fprintf(
        s->out,
        "{\"type\":\"%s\",\"data\":{\"task\":{\"id\":\"b9555529feb84ead\",\"description\":\"%s\","
        "\"name\":\"%s\",\"data\":null}%s}}\n",
        type, serial ? serial : "", name, rest);
    fflush(s->out);
}

static int nrfutil_list(const struct sim *s)
{
    fputs("{\"type\":\"info\",\"data\":{\"devices\":[", s->out);
    for (size_t i = 0; i < s->count; i++)
        fprintf(s->out,
                "%s{\"id\":%zu,\"serialNumber\":\"%s\",\"devkit\":{\"boardVersion\":\"PCA10090\"},"
                "\"traits\":{\"jlink\":true},\"serialPorts\":[{\"path\":\"%s\",\"vcom\":%u}]}",
                i ? "," : "", i + 1, s->boards[i].serial, s->boards[i].port, s->boards[i].vcom);
    fputs("]}}\n", s->out);
    return 0;
}

/* Programs in five steps, as nrfutil tells them. */
static int nrfutil_work(const struct sim *s, const struct board *b, const char *command,
                        const char *image, bool chip)
{
    char rest[256];
    int code;

    nrfutil_task(s, "task_begin", b->serial, command, "");
    for (int percent = 0; image && percent < 100; percent += 25) {
        snprintf(rest, sizeof(rest),
                 ",\"progress\":{\"progressPercentage\":%d,\"name\":\"program\",\"description\":"
                 "\"Programming\",\"step\":%d,\"amountOfSteps\":5,\"state\":\"progress\","
                 "\"duration\":0,\"error_code\":null,\"message\":null,\"result\":\"success\"}",
                 percent, percent / 25 + 1);
        nrfutil_task(s, "task_progress", b->serial, command, rest);
    }
    code = s->fail                  ? 1
           : !image                 ? ask(s, b, "reset")
           : !readable_image(image) ? 1
                                    : program(s, b, image, chip);
    nrfutil_task(s, "task_end", b->serial, command,
                 code ? ",\"message\":\"One or more tasks failed\",\"result\":\"fail\",\"error\":{"
                        "\"code\":\"NotAvailableBecauseProtection\"}"
                      : ",\"message\":null,\"result\":\"success\",\"error\":null");
    return code;
}

/* nrfutil device list|program|reset ... --json */
static int as_nrfutil(const struct sim *s, int argc, char **argv)
{
    const char *serial = NULL, *image = NULL, *options = "", *kind = "", *unknown;
    bool json = false;
    const struct argument table[] = {{"--serial-number", &serial, NULL},
                                     {"--firmware", &image, NULL},
                                     {"--options", &options, NULL},
                                     {"--reset-kind", &kind, NULL},
                                     {"--json", NULL, &json},
                                     {0}};

    if (argc < 2 || strcmp(argv[0], "device") != 0)
        return fputs("error: unknown command\n", s->out), 2;
    unknown = take_arguments(table, argc - 2, argv + 2);
    if (unknown)
        return fprintf(s->out, "error: unexpected argument '%s'\n", unknown), 2;
    if (!json)
        return fputs("error: this one speaks --json only\n", s->out), 2;
    if (!strcmp(argv[1], "list"))
        return nrfutil_list(s);
    const struct board *b = find(s, serial);
    if (!b) {
        nrfutil_task(s, "task_end", serial, argv[1],
                     ",\"message\":\"No devices found\",\"result\":\"fail\"");
        return 1;
    }
    if (!strcmp(argv[1], "reset") && !strcmp(kind, "RESET_PIN"))
        return nrfutil_work(s, b, "reset", NULL, false);
    bool chip = strstr(options, "chip_erase_mode=ERASE_ALL") != NULL;
    bool sectors = strstr(options, "=ERASE_RANGES_TOUCHED_BY_FIRMWARE") != NULL;
    if (!strcmp(argv[1], "program") && image && chip != sectors)
        return nrfutil_work(s, b, "program", image, chip);
    return fputs("error: incomplete command\n", s->out), 2;
}

/* A plain command for the exec flasher: SERIAL IMAGE [sectors], or SERIAL reset. */
static int as_exec(const struct sim *s, int argc, char **argv)
{
    const struct board *b = argc >= 2 ? find(s, argv[0]) : NULL;

    if (!b)
        return fputs("no such board\n", s->out), 1;
    if (s->fail)
        return fputs("target not responding\n", s->out), 1;
    if (!strcmp(argv[1], "reset"))
        return ask(s, b, "reset");
    if (!readable_image(argv[1]))
        return fputs("no image\n", s->out), 1;
    return program(s, b, argv[1], argc < 3 || strcmp(argv[2], "sectors") != 0);
}

static int setup(struct sim *s, const struct sim_flasher_options *options, FILE *out,
                 struct signet_error *err)
{
    *s = (struct sim){.options = options, .out = out};
    if (strcmp(options->as, "nrfjprog") != 0 && strcmp(options->as, "nrfutil") != 0 &&
        strcmp(options->as, "exec") != 0)
        return error_set(err, SIGNET_E_USAGE,
                         "a simulated programmer can be nrfjprog, nrfutil or exec, not '%s'",
                         options->as);
    for (size_t i = 0; i < options->board_count && i < 64; i++, s->count++)
        if (!parse_board(&s->boards[i], options->boards[i]))
            return error_set(err, SIGNET_E_USAGE,
                             "a board is SERIAL=CONTROL,PORT[,VCOM] with absolute paths");
    if (s->count == 0)
        return error_set(err, SIGNET_E_USAGE, "a simulated programmer needs a board");
    if (!parse_misbehave(s, options->misbehave))
        return error_set(err, SIGNET_E_USAGE,
                         "misbehaviours: hang, fail, crash, garbage, huge, orphan, lie, delay=MS");
    return SIGNET_OK;
}

int sim_flasher_run(const struct sim_flasher_options *options, int argc, char **argv, FILE *out,
                    int *status, struct signet_error *err)
{
    struct sim *s = calloc(1, sizeof(*s));
    if (!s)
        return error_nomem(err);
    int code = setup(s, options, out, err);
    if (!code) {
        misbehave(s);
        *status = !strcmp(options->as, "nrfjprog")  ? as_nrfjprog(s, argc, argv)
                  : !strcmp(options->as, "nrfutil") ? as_nrfutil(s, argc, argv)
                                                    : as_exec(s, argc, argv);
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
    struct sim *s = calloc(1, sizeof(*s));
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
