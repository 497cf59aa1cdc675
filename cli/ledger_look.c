/* SPDX-License-Identifier: Apache-2.0 */
/* signet ledger list, show, export: for the operator, the engineer and the auditor. */
#include "ledger_look.h"

#include "ledger_open.h"

#include <string.h>

/* The columns of a device, for JSON and CSV; what is unknown is empty. */
struct field {
    const char *name;
    size_t offset;
};
#define FIELD(member)                                                                              \
    {                                                                                              \
#member, offsetof(struct signet_ledger_device, member)                                     \
    }
static const struct field texts[] = {
    FIELD(order),       FIELD(endpoint),     FIELD(station),       FIELD(slot),
    FIELD(hw_id),       FIELD(psk_identity), FIELD(psk_sha256),    FIELD(spki_sha256),
    FIELD(cert_issuer), FIELD(cert_serial),  FIELD(packet_sha256), FIELD(image_sha256),
    FIELD(error_code),  FIELD(error),
};
enum { TEXTS = sizeof(texts) / sizeof(texts[0]) };

static const char *text_of(const struct signet_ledger_device *d, size_t i)
{
    return *(const char *const *)((const char *)d + texts[i].offset);
}

static void put_json(const struct signet_ledger_device *d, struct json *j)
{
    char time[24];

    for (size_t i = 0; i < TEXTS; i++)
        if (text_of(d, i)[0])
            json_text(j, texts[i].name, text_of(d, i));
    json_text(j, "state", signet_device_state_name(d->state));
    json_integer(j, "attempt", d->attempt);
    json_bool(j, "exposed", d->exposed);
    if (d->freed)
        json_bool(j, "freed", true);
    json_text(j, "created", ledger_time(d->created, time));
    json_text(j, "changed", ledger_time(d->changed, time));
}

static int one_csv(void *ctx, const struct signet_ledger_device *d, struct signet_error *err)
{
    char time[24];
    FILE *to = ctx;

    for (size_t i = 0; i < TEXTS; i++) {
        struct signet_bytes cell = {0};
        int rc = signet_text_csv(text_of(d, i), &cell, err);
        if (rc != SIGNET_OK)
            return rc;
        fwrite(cell.data, 1, cell.len, to);
        fputc(',', to);
        signet_bytes_free(&cell);
    }
    fprintf(to, "%s,%d,%d,%s,", signet_device_state_name(d->state), d->attempt, d->exposed,
            ledger_time(d->created, time));
    fprintf(to, "%s\r\n", ledger_time(d->changed, time));
    return SIGNET_OK;
}

static int one_json(void *ctx, const struct signet_ledger_device *d, struct signet_error *err)
{
    struct json j;

    (void)err;
    json_begin(&j, ctx);
    json_text(&j, "event", "device");
    put_json(d, &j);
    json_end(&j);
    return SIGNET_OK;
}

static int one_event(void *ctx, const struct signet_ledger_event *e, struct signet_error *err)
{
    char time[24];
    struct json j;

    (void)err;
    json_begin(&j, ctx);
    json_text(&j, "event", "history");
    json_text(&j, "station", e->station);
    json_integer(&j, "seq", e->seq);
    json_text(&j, "time", ledger_time(e->time, time));
    if (e->endpoint[0])
        json_text(&j, "endpoint", e->endpoint);
    json_text(&j, "kind", e->kind);
    json_text(&j, "detail", e->detail);
    json_text(&j, "operator", e->operator_name);
    json_text(&j, "tool", e->tool);
    json_text(&j, "hash", e->hash);
    json_end(&j);
    return SIGNET_OK;
}

/* Which devices: options that list and export share. */
struct which {
    struct signet_ledger_filter filter;
    const char *state;
};

static bool know_state(const struct cli *cli, struct which *w)
{
    const char *names[SIGNET_DEVICE_STATES];

    w->filter.state = -1;
    for (int i = 0; i < SIGNET_DEVICE_STATES; i++) {
        names[i] = signet_device_state_name((enum signet_device_state)i);
        if (w->state && !strcmp(names[i], w->state))
            w->filter.state = i;
    }
    if (!w->state || w->filter.state >= 0)
        return true;
    const char *near = signet_word_nearest(w->state, names, SIGNET_DEVICE_STATES);
    cli_usage(cli, "there is no state '%s'%s%s%s", w->state, near ? "; did you mean " : "",
              near ? near : "", near ? "?" : "");
    return false;
}

#define WHICH(w)                                                                                   \
    {'o', "order", "NAME", "Of this order", OPTION_TEXT, &(w).filter.order, 0, 0},                 \
        {'s',         "state",    "STATE", "In this state: reserved ... done, failed, void",       \
         OPTION_TEXT, &(w).state, 0,       0},                                                     \
    {                                                                                              \
        256, "station", "NAME", "Of this station", OPTION_TEXT, &(w).filter.station, 0, 0          \
    }

static int one_line(void *ctx, const struct signet_ledger_device *d, struct signet_error *err)
{
    int64_t *count = ctx;
    char time[24];

    (void)err;
    if (!(*count)++)
        printf("%-34s %-10s %-20s %-12s %s\n", "endpoint", "state", "changed", "slot", "board");
    printf("%-34s %-10s %-20s %-12.12s %s\n", PLAIN(d->endpoint),
           signet_device_state_name(d->state), ledger_time(d->changed, time), PLAIN(d->slot),
           PLAIN(d->hw_id));
    if (d->error[0])
        printf("    %s: %s\n", d->error_code[0] ? d->error_code : "reason", PLAIN(d->error));
    return SIGNET_OK;
}

int ledger_list(int argc, char **argv)
{
    struct cli cli = {0};
    struct which w = {0};
    struct signet_ledger *ledger = NULL;
    struct signet_error err = {0};
    int64_t count = 0;
    const struct option_row rows[] = {WHICH(w), {0}};

    if (!cli_parse(&cli, argc, argv, rows, "LEDGER",
                   "Lists devices, one a line. LEDGER is a file or a postgresql:// address.", 1, 1))
        return EXIT_USAGE;
    if (!know_state(&cli, &w))
        return EXIT_USAGE;
    int rc = ledger_open_to_read(&ledger, cli.args[0], &err);
    if (rc == SIGNET_OK && cli.json)
        rc = signet_ledger_devices(ledger, &w.filter, one_json, stdout, &err);
    else if (rc == SIGNET_OK)
        rc = signet_ledger_devices(ledger, &w.filter, one_line, &count, &err);
    signet_ledger_close(&ledger);
    if (rc == SIGNET_OK && !cli.json && count == 0)
        printf("no such devices\n");
    return rc == SIGNET_OK ? cli_close(&cli, EXIT_DONE) : cli_fail(&cli, &err);
}

static int write_all(struct signet_ledger *ledger, const struct which *w, const char *format,
                     FILE *to, struct signet_error *err)
{
    if (!strcmp(format, "events"))
        return signet_ledger_events(ledger, w->filter.endpoint, one_event, to, err);
    if (!strcmp(format, "ndjson"))
        return signet_ledger_devices(ledger, &w->filter, one_json, to, err);
    for (size_t i = 0; i < TEXTS; i++)
        fprintf(to, "%s,", texts[i].name);
    fputs("state,attempt,exposed,created,changed\r\n", to);
    return signet_ledger_devices(ledger, &w->filter, one_csv, to, err);
}

int ledger_export(int argc, char **argv)
{
    struct cli cli = {0};
    struct which w = {0};
    struct signet_ledger *ledger = NULL;
    struct signet_error err = {0};
    const char *format = NULL;
    const struct option_row rows[] = {
        WHICH(w),
        {'e', "endpoint", "NAME", "This device only", OPTION_TEXT, &w.filter.endpoint, 0, 0},
        {'f', "format", "NAME", "csv (RFC 4180), ndjson, or events: the history as NDJSON",
         OPTION_TEXT, &format, 0, 0},
        {0}};

    if (!cli_parse(
            &cli, argc, argv, rows, "LEDGER",
            "Writes devices, or the whole history, to standard output. There is no secret in "
            "a ledger, so there is none in what is written.",
            1, 1))
        return EXIT_USAGE;
    if (!know_state(&cli, &w))
        return EXIT_USAGE;
    if (!format)
        format = cli.json ? "ndjson" : "csv";
    if (strcmp(format, "csv") != 0 && strcmp(format, "ndjson") != 0 &&
        strcmp(format, "events") != 0)
        return cli_usage(&cli, "there is no format '%s': csv, ndjson, events", format);
    int rc = ledger_open_to_read(&ledger, cli.args[0], &err);
    if (rc == SIGNET_OK)
        rc = write_all(ledger, &w, format, stdout, &err);
    signet_ledger_close(&ledger);
    return rc == SIGNET_OK ? cli_close(&cli, EXIT_DONE) : cli_fail(&cli, &err);
}

/* show: one device, with its deliveries and its history */

static int show_device(void *ctx, const struct signet_ledger_device *d, struct signet_error *err)
{
    char time[24];

    (void)err;
    ++*(int64_t *)ctx;
    printf("%-14s %s%s\n", "endpoint", PLAIN(d->endpoint),
           d->freed ? " (the name was given back)" : "");
    printf("%-14s %s%s\n", "state", signet_device_state_name(d->state),
           d->exposed ? "" : ", credentials never left the host");
    for (size_t i = 0; i < TEXTS; i++)
        if (text_of(d, i)[0] && strcmp(texts[i].name, "endpoint") != 0)
            printf("%-14s %s\n", texts[i].name, PLAIN(text_of(d, i)));
    printf("%-14s %d\n", "attempt", d->attempt);
    printf("%-14s %s\n", "created", ledger_time(d->created, time));
    printf("%-14s %s\n", "changed", ledger_time(d->changed, time));
    return SIGNET_OK;
}

static int show_delivery(void *ctx, const struct signet_ledger_delivery *d,
                         struct signet_error *err)
{
    (void)ctx;
    (void)err;
    printf("%-14s %s: %s%s%s\n", "server", PLAIN(d->server),
           d->delivered ? "has it"
           : d->refused ? "refused it"
                        : "waits",
           d->error[0] ? ": " : "", PLAIN(d->error));
    return SIGNET_OK;
}

static int json_delivery(void *ctx, const struct signet_ledger_delivery *d,
                         struct signet_error *err)
{
    struct json j;

    (void)ctx;
    (void)err;
    json_begin(&j, stdout);
    json_text(&j, "event", "delivery");
    json_text(&j, "server", d->server);
    json_text(&j, "state", d->delivered ? "delivered" : d->refused ? "refused" : "waiting");
    if (d->error[0])
        json_text(&j, "error", d->error);
    json_end(&j);
    return SIGNET_OK;
}

static int show_event(void *ctx, const struct signet_ledger_event *e, struct signet_error *err)
{
    char time[24];

    (void)ctx;
    (void)err;
    printf("%s  %-11s %s%s%s%s%s\n", ledger_time(e->time, time), PLAIN(e->kind), PLAIN(e->station),
           e->operator_name[0] ? ", " : "", PLAIN(e->operator_name), e->detail[0] ? ": " : "",
           PLAIN(e->detail));
    return SIGNET_OK;
}

static int count_device(void *ctx, const struct signet_ledger_device *d, struct signet_error *err)
{
    ++*(int64_t *)ctx;
    return one_json(stdout, d, err);
}

static int show(struct signet_ledger *ledger, const struct cli *cli, const char *endpoint,
                struct signet_error *err)
{
    const struct signet_ledger_filter filter = {.endpoint = endpoint, .state = -1};
    int64_t count = 0;
    int rc =
        signet_ledger_devices(ledger, &filter, cli->json ? count_device : show_device, &count, err);

    if (rc == SIGNET_OK && count == 0) {
        *err = (struct signet_error){.code = SIGNET_E_NOT_FOUND};
        snprintf(err->msg, sizeof(err->msg), "the ledger has no device %.150s", endpoint);
        return SIGNET_E_NOT_FOUND;
    }
    if (rc == SIGNET_OK)
        rc = signet_ledger_deliveries(ledger, endpoint, cli->json ? json_delivery : show_delivery,
                                      NULL, err);
    if (rc == SIGNET_OK && !cli->json)
        printf("\n");
    if (rc == SIGNET_OK)
        rc =
            signet_ledger_events(ledger, endpoint, cli->json ? one_event : show_event, stdout, err);
    return rc;
}

int ledger_show(int argc, char **argv)
{
    struct cli cli = {0};
    struct signet_ledger *ledger = NULL;
    struct signet_error err = {0};
    const struct option_row rows[] = {{0}};

    if (!cli_parse(&cli, argc, argv, rows, "LEDGER ENDPOINT",
                   "Shows one device: its fingerprints, its servers, its history.", 2, 2))
        return EXIT_USAGE;
    int rc = ledger_open_to_read(&ledger, cli.args[0], &err);
    if (rc == SIGNET_OK)
        rc = show(ledger, &cli, cli.args[1], &err);
    signet_ledger_close(&ledger);
    return rc == SIGNET_OK ? cli_close(&cli, EXIT_DONE) : cli_fail(&cli, &err);
}
