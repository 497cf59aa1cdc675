/* SPDX-License-Identifier: Apache-2.0 */
/* The programmers of Nordic boards. */
#include "flasher.h"

#include <string.h>

static int nrfjprog_program(const struct programmer *s, const struct programmer_board *b,
                            const char *image, bool chip)
{
    fputs("[ #################### ]  10.000s | Erase file - Done erasing\n"
          "[ ##########           ]  50% | Program file\n",
          s->out);
    fflush(s->out);
    return s->fail ? 0 : programmer_program(s, b, image, chip);
}

static int nrfjprog_list(const struct programmer *s, const char *serial, bool ids)
{
    for (size_t i = 0; i < s->count; i++) {
        const struct programmer_board *b = &s->boards[i];

        if (ids)
            fprintf(s->out, "%s\n", programmer_no_zeros(b->serial));
        else if (!serial || !strcmp(programmer_no_zeros(b->serial), programmer_no_zeros(serial)))
            fprintf(s->out, "%-12s %-20s VCOM%u\n", programmer_no_zeros(b->serial), b->port,
                    b->vcom);
    }
    return 0;
}

/* nrfjprog -s SN --program FILE --chiperase|--sectorerase | --recover | --pinreset | --com | --ids
 */
int as_nrfjprog(const struct programmer *s, int argc, char **argv)
{
    const char *serial = NULL, *image = NULL;
    const char *protect = NULL, *address = NULL, *bytes = NULL;
    bool chip = false, sectors = false, reset = false, recover = false, com = false, ids = false;
    const struct argument table[] = {{"-s", &serial, NULL},
                                     {"--program", &image, NULL},
                                     {"--chiperase", NULL, &chip},
                                     {"--pinreset", NULL, &reset},
                                     {"--sectorerase", NULL, &sectors},
                                     {"--recover", NULL, &recover},
                                     {"--com", NULL, &com},
                                     {"--ids", NULL, &ids},
                                     {"--rbp", &protect, NULL},
                                     {"--memrd", &address, NULL},
                                     {"--n", &bytes, NULL},
                                     {0}};
    const char *unknown = take_arguments(table, argc, argv, NULL);

    if (unknown)
        return fprintf(s->out, "ERROR: unknown argument %s\n", unknown), 2;
    if (ids || com)
        return nrfjprog_list(s, serial, ids);
    const struct programmer_board *b = programmer_find(s, serial);
    if (!b)
        return fputs("ERROR: There is no debugger connected with that serial number.\n", s->out),
               33;
    if (programmer_busy(b))
        return fputs("ERROR: The J-Link is in use by another application.\n", s->out), 41;
    if (recover)
        return fputs("Recovering device. This operation might take 30s.\n", s->out),
               programmer_recover(s, b);
    if (!reset && programmer_locked(s, b))
        return fputs("ERROR: The operation attempted is unavailable due to readback protection in\n"
                     "ERROR: your device. Please use --recover to unlock the device.\n",
                     s->out),
               16;
    if (image && (!programmer_image(image) || chip == sectors))
        return fputs("ERROR: The image cannot be programmed.\n", s->out), 64;
    if (image && nrfjprog_program(s, b, image, chip) != 0)
        return 1;
    if (s->fail)
        return fputs("ERROR: The operation attempted is unavailable: readback protection.\n",
                     s->out),
               16;
    if (protect)
        return strcmp(protect, "ALL") == 0 ? programmer_lock(s, b) : 2;
    if (address)
        return fputs("0x00000000: 20040000                              |... .|\n", s->out), 0;
    return reset ? programmer_reset(s, b) : 0;
}

static void nrfutil_task(const struct programmer *s, const char *type, const char *serial,
                         const char *name, const char *rest)
{
    fprintf(
        s->out,
        "{\"type\":\"%s\",\"data\":{\"task\":{\"id\":\"b9555529feb84ead\",\"description\":\"%s\","
        "\"name\":\"%s\",\"data\":null}%s}}\n",
        type, serial ? serial : "", name, rest);
    fflush(s->out);
}

static int nrfutil_list(const struct programmer *s)
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
static int nrfutil_work(const struct programmer *s, const struct programmer_board *b,
                        const char *command, const char *image, bool chip)
{
    char rest[256];
    bool recover = strcmp(command, "recover") == 0, busy = programmer_busy(b);
    bool resets = strcmp(command, "reset") == 0;
    bool locked = s->fail || (!recover && !resets && programmer_locked(s, b));
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
    code = busy || locked                           ? 1
           : recover                                ? programmer_recover(s, b)
           : strcmp(command, "protection-set") == 0 ? programmer_lock(s, b)
           : strcmp(command, "read") == 0           ? 0
           : !image                                 ? programmer_reset(s, b)
           : !programmer_image(image)               ? 1
                                                    : programmer_program(s, b, image, chip);
    snprintf(rest, sizeof(rest),
             code ? ",\"message\":\"%s\",\"result\":\"fail\",\"error\":{"
                    "\"code\":\"%s\"}"
                  : ",\"message\":null,\"result\":\"success\",\"error\":null",
             busy ? "The device is in use by another application" : "One or more tasks failed",
             busy     ? "DeviceInUse"
             : locked ? "NotAvailableBecauseProtection"
                      : "LowLevelError");
    nrfutil_task(s, "task_end", b->serial, command, rest);
    return code;
}

/* nrfutil device list|program|recover|reset ... --json */
int as_nrfutil(const struct programmer *s, int argc, char **argv)
{
    const char *serial = NULL, *image = NULL, *options = "", *kind = "", *unknown;
    const char *rest[8] = {0}, *address = NULL, *bytes = NULL;
    bool json = false;
    const struct argument table[] = {{"--address", &address, NULL},
                                     {"--bytes", &bytes, NULL},
                                     {"--serial-number", &serial, NULL},
                                     {"--firmware", &image, NULL},
                                     {"--options", &options, NULL},
                                     {"--reset-kind", &kind, NULL},
                                     {"--json", NULL, &json},
                                     {0}};

    if (argc < 2 || strcmp(argv[0], "device") != 0)
        return fputs("error: unknown command\n", s->out), 2;
    unknown = take_arguments(table, argc - 2, argv + 2, rest);
    if (unknown)
        return fprintf(s->out, "error: unexpected argument '%s'\n", unknown), 2;
    if (!json)
        return fputs("error: this one speaks --json only\n", s->out), 2;
    if (!strcmp(argv[1], "list"))
        return nrfutil_list(s);
    const struct programmer_board *b = programmer_find(s, serial);
    if (!b) {
        nrfutil_task(s, "task_end", serial, argv[1],
                     ",\"message\":\"No devices found\",\"result\":\"fail\"");
        return 1;
    }
    if (!strcmp(argv[1], "protection-set") && rest[0] && !strcmp(rest[0], "All"))
        return nrfutil_work(s, b, "protection-set", NULL, false);
    if (!strcmp(argv[1], "read") && address && bytes)
        return nrfutil_work(s, b, "read", NULL, false);
    if (!strcmp(argv[1], "recover"))
        return nrfutil_work(s, b, "recover", NULL, false);
    if (!strcmp(argv[1], "reset") && !strcmp(kind, "RESET_PIN"))
        return nrfutil_work(s, b, "reset", NULL, false);
    bool chip = strstr(options, "chip_erase_mode=ERASE_ALL") != NULL;
    bool sectors = strstr(options, "=ERASE_RANGES_TOUCHED_BY_FIRMWARE") != NULL;
    if (!strcmp(argv[1], "program") && image && chip != sectors)
        return nrfutil_work(s, b, "program", image, chip);
    return fputs("error: incomplete command\n", s->out), 2;
}
