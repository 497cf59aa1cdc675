/* SPDX-License-Identifier: Apache-2.0 */
/* signet ledger list, show, export: for the operator, the engineer and the auditor. */
#include "ledger.h"

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

static int device_csv(void *ctx, const struct signet_ledger_device *d, struct signet_error *err)
{
    (void)ctx;
    for (size_t i = 0; i < TEXTS; i++) {
        struct signet_bytes cell = {0};
        int rc = signet_text_csv(text_of(d, i), &cell, err);
        if (rc != SIGNET_OK)
            return rc;
        fwrite(cell.data, 1, cell.len, stdout);
        putchar(',');
        signet_bytes_free(&cell);
    }
    printf("%s,%d,%d,%s,%s\r\n", signet_device_state_name(d->state), d->attempt, d->exposed,
           TIME(d->created), TIME(d->changed));
    return SIGNET_OK;
}

static int device_json(void *ctx, const struct signet_ledger_device *d, struct signet_error *err)
{
    int64_t *count = ctx;
    struct json j;

    (void)err;
    ++*count;
    json_event(&j, "device");
    for (size_t i = 0; i < TEXTS; i++)
        json_put(&j, M_GIVEN(texts[i].name, text_of(d, i)));
    json_put(&j, M_TEXT("state", signet_device_state_name(d->state)), M_INT("edition", d->edition),
             M_INT("attempt", d->attempt), M_BOOL("exposed", d->exposed), M_TRUE("freed", d->freed),
             M_TRUE("imported", d->imported), M_TEXT("created", TIME(d->created)),
             M_TEXT("changed", TIME(d->changed)));
    json_end(&j);
    return SIGNET_OK;
}

static int event_json(void *ctx, const struct signet_ledger_event *e, struct signet_error *err)
{
    (void)ctx;
    (void)err;
    json_line("history", M_TEXT("station", e->station), M_INT("seq", e->seq),
              M_TEXT("time", TIME(e->time)), M_GIVEN("endpoint", e->endpoint),
              M_COUNT("edition", e->edition), M_TEXT("kind", e->kind), M_TEXT("detail", e->detail),
              M_TEXT("operator", e->operator_name), M_TEXT("tool", e->tool),
              M_TEXT("hash", e->hash));
    return SIGNET_OK;
}

/* Which devices, and how: options of list and export. */
struct which {
    struct signet_ledger_filter filter;
    const char *state, *format;
    bool json;
};

bool ledger_know_state(const struct cli *cli, const char *word, int *state)
{
    const char *names[SIGNET_DEVICE_STATES];

    *state = -1;
    for (int i = 0; i < SIGNET_DEVICE_STATES; i++) {
        names[i] = signet_device_state_name((enum signet_device_state)i);
        if (word && !strcmp(names[i], word))
            *state = i;
    }
    if (!word || *state >= 0)
        return true;
    const char *near = signet_word_nearest(word, names, SIGNET_DEVICE_STATES);
    if (strchr(word, ',')) {
        return cli_wrong(cli, "--state takes one state, and '%s' has several: repeat the command",
                         word);
    }
    return cli_wrong(
        cli, "there is no state '%s'%s%s%s", word, near ? "; did you mean " : "",
        near ? near
             : ": reserved, keyed, writing, written, verified, registered, done, failed, "
               "void, retired",
        near ? "?" : "");
}

static bool know_state(const struct cli *cli, struct which *w)
{
    w->json = cli->json;
    return ledger_know_state(cli, w->state, &w->filter.state);
}

#define WHICH(w)                                                                                   \
    TEXT(0, "order", "NAME", "Of this order", &(w).filter.order),                                  \
        TEXT(0, "state", "STATE",                                                                  \
             "In this state: reserved, keyed, writing, written, verified, registered, done, "      \
             "failed, void, retired",                                                              \
             &(w).state),                                                                          \
        TEXT(0, "station", "NAME", "Of this station", &(w).filter.station)

static int device_line(void *ctx, const struct signet_ledger_device *d, struct signet_error *err)
{
    int64_t *count = ctx;

    (void)err;
    if (!(*count)++)
        printf("%-32s %-10s %-20s %-4s %s\n", "endpoint", "state", "changed", "slot", "board");
    printf("%-32s %-10s %-20s %-4s %s\n", PLAIN(d->endpoint), signet_device_state_name(d->state),
           TIME(d->changed), PLAIN(d->slot), PLAIN(d->hw_id));
    if (d->error[0])
        printf("    %s: %s\n", d->error_code[0] ? d->error_code : "reason", PLAIN(d->error));
    return SIGNET_OK;
}

static int find_given(struct signet_ledger *ledger, const struct signet_ledger_filter *filter,
                      struct signet_error *err)
{
    int rc = ledger_find_order(ledger, filter->order, err);

    if (rc == SIGNET_OK)
        rc = ledger_find_station(ledger, filter->station, err);
    return rc == SIGNET_OK ? ledger_find_device(ledger, filter->endpoint, err) : rc;
}

static int list_devices(struct signet_ledger *ledger, void *ctx, struct signet_error *err)
{
    const struct which *w = ctx;
    int64_t count = 0;
    int rc = find_given(ledger, &w->filter, err);

    if (rc == SIGNET_OK)
        rc = signet_ledger_devices(ledger, &w->filter, w->json ? device_json : device_line, &count,
                                   err);
    if (rc == SIGNET_OK && !w->json && count == 0)
        printf("no such devices\n");
    return rc;
}

int ledger_list(int argc, char **argv)
{
    struct cli cli = {0};
    struct which w = {0};
    const struct option_row rows[] = {WHICH(w), {0}};

    if (!cli_parse(&cli, argc, argv, rows, "LEDGER",
                   "Lists devices, one a line. LEDGER is a file or a postgresql:// address.", 1, 1))
        return EXIT_USAGE;
    return know_state(&cli, &w) ? ledger_read(&cli, list_devices, &w) : EXIT_USAGE;
}

static int export_devices(struct signet_ledger *ledger, void *ctx, struct signet_error *err)
{
    const struct which *w = ctx;
    int64_t count = 0;
    int rc = find_given(ledger, &w->filter, err);

    if (rc != SIGNET_OK)
        return rc;
    if (!strcmp(w->format, "events"))
        return signet_ledger_events(ledger, w->filter.endpoint, event_json, NULL, err);
    if (!strcmp(w->format, "ndjson"))
        return signet_ledger_devices(ledger, &w->filter, device_json, &count, err);
    for (size_t i = 0; i < TEXTS; i++)
        printf("%s,", texts[i].name);
    printf("state,attempt,exposed,created,changed\r\n");
    return signet_ledger_devices(ledger, &w->filter, device_csv, NULL, err);
}

int ledger_export(int argc, char **argv)
{
    struct cli cli = {0};
    struct which w = {0};
    const struct option_row rows[] = {
        WHICH(w),
        TEXT('e', "endpoint", "NAME", "This device only", &w.filter.endpoint),
        TEXT('f', "format", "NAME", "csv (RFC 4180), ndjson, or events: the history as NDJSON",
             &w.format),
        {0}};

    if (!cli_parse(
            &cli, argc, argv, rows, "LEDGER",
            "Writes devices, or the whole history, to standard output. There is no secret in "
            "a ledger, so there is none in what is written.",
            1, 1) ||
        !know_state(&cli, &w))
        return EXIT_USAGE;
    if (!w.format)
        w.format = cli.json ? "ndjson" : "csv";
    if (strcmp(w.format, "csv") != 0 && strcmp(w.format, "ndjson") != 0 &&
        strcmp(w.format, "events") != 0)
        return cli_usage(&cli, "there is no format '%s': csv, ndjson, events", w.format);
    if (!strcmp(w.format, "events") && (w.filter.order || w.filter.station || w.state))
        return cli_usage(&cli, "events are all, or those of one device (-e): --order, --state and "
                               "--station are about devices");
    return ledger_read(&cli, export_devices, &w);
}

/* show: one device, with its deliveries and its history */

static int device_text(void *ctx, const struct signet_ledger_device *d, struct signet_error *err)
{
    (void)err;
    if ((*(int64_t *)ctx)++)
        printf("\n");
    printf("%-14s %s%s\n", "endpoint", PLAIN(d->endpoint),
           d->freed && d->state == SIGNET_DEVICE_VOID ? " (the name was given back)" : "");
    printf("%-14s %d\n", "edition", d->edition);
    if (d->imported)
        printf("%-14s from another site's ledger: it is changed there\n", "imported");
    printf("%-14s %s%s\n", "state", signet_device_state_name(d->state),
           d->exposed ? "" : ", credentials never left the host");
    for (size_t i = 0; i < TEXTS; i++)
        if (text_of(d, i)[0] && strcmp(texts[i].name, "endpoint") != 0)
            printf("%-14s %s\n", texts[i].name, PLAIN(text_of(d, i)));
    printf("%-14s %d\n", "attempt", d->attempt);
    printf("%-14s %s\n", "created", TIME(d->created));
    printf("%-14s %s\n", "changed", TIME(d->changed));
    return SIGNET_OK;
}

static const char *delivery_word(const struct signet_ledger_delivery *d, bool json)
{
    static const char *const words[][2] = {{"waits", "waiting"},
                                           {"has it", "delivered"},
                                           {"refused it", "refused"},
                                           {"is to lose it", "removing"},
                                           {"has it no more", "removed"}};

    return words[d->delivered ? 1 : d->refused ? 2 : d->removing ? 3 : d->removed ? 4 : 0][json];
}

static int delivery_text(void *ctx, const struct signet_ledger_delivery *d,
                         struct signet_error *err)
{
    const int64_t *editions = ctx;

    (void)err;
    printf("%-14s %s: ", "server", PLAIN(d->server));
    if (*editions > 1)
        printf("edition %d: ", d->edition);
    if (d->removed && d->error[0])
        printf("to be done by hand: %s\n", PLAIN(d->error));
    else
        printf("%s (%s)%s%s\n", delivery_word(d, false), TIME(d->changed), d->error[0] ? ": " : "",
               PLAIN(d->error));
    return SIGNET_OK;
}

static int delivery_json(void *ctx, const struct signet_ledger_delivery *d,
                         struct signet_error *err)
{
    (void)ctx;
    (void)err;
    json_line("delivery", M_TEXT("server", d->server), M_INT("edition", d->edition),
              M_TEXT("state", delivery_word(d, true)), M_TEXT("changed", TIME(d->changed)),
              M_GIVEN(d->removed ? "by_hand" : "error", d->error));
    return SIGNET_OK;
}

static int event_text(void *ctx, const struct signet_ledger_event *e, struct signet_error *err)
{
    int *edition = ctx;

    (void)err;
    if (e->edition > 1 && e->edition != *edition)
        printf("edition %d\n", e->edition);
    *edition = e->edition;
    printf("%s  %-11s %s%s%s%s%s\n", TIME(e->time), PLAIN(e->kind), PLAIN(e->station),
           e->operator_name[0] ? ", " : "", PLAIN(e->operator_name), e->detail[0] ? ": " : "",
           PLAIN(e->detail));
    return SIGNET_OK;
}

static int show_device(struct signet_ledger *ledger, void *ctx, struct signet_error *err)
{
    const struct cli *cli = ctx;
    const char *endpoint = cli->args[1];
    const struct signet_ledger_filter filter = {.endpoint = endpoint, .state = -1};
    int64_t count = 0;
    int edition = 0;
    int rc = ledger_find_device(ledger, endpoint, err);

    if (rc == SIGNET_OK)
        rc = signet_ledger_devices(ledger, &filter, cli->json ? device_json : device_text, &count,
                                   err);
    if (rc == SIGNET_OK)
        rc = signet_ledger_deliveries(ledger, endpoint, cli->json ? delivery_json : delivery_text,
                                      &count, err);
    if (rc == SIGNET_OK && !cli->json)
        printf("\n");
    if (rc == SIGNET_OK)
        rc = signet_ledger_events(ledger, endpoint, cli->json ? event_json : event_text, &edition,
                                  err);
    return rc;
}

int ledger_show(int argc, char **argv)
{
    struct cli cli = {0};

    if (!cli_parse(&cli, argc, argv, NULL, "LEDGER ENDPOINT",
                   "Shows one device: its fingerprints, its servers, its history.", 2, 2))
        return EXIT_USAGE;
    return ledger_read(&cli, show_device, &cli);
}
