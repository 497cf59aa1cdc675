/* SPDX-License-Identifier: Apache-2.0 */
/* signet ledger verify, checkpoint, vkey: what a ledger proves to those who were not there. */
#include "ledger.h"

#include <stdlib.h>
#include <string.h>

enum { KNOWN_MAX = 64, CHECKPOINT_MAX = 65536 };

struct verification {
    const struct cli *cli;
    struct option_list keys, since, unsigned_stations;
    struct signet_bytes checkpoints[KNOWN_MAX];
};

static int verify_events(struct signet_ledger *ledger, void *ctx, struct signet_error *err)
{
    const struct verification *v = ctx;
    const char *texts[KNOWN_MAX] = {0};
    const struct signet_ledger_trust trust = {
        .size = sizeof(trust),
        .keys = v->keys.items,
        .key_count = v->keys.count,
        .unsigned_stations = v->unsigned_stations.items,
        .unsigned_count = v->unsigned_stations.count,
        .checkpoints = texts,
        .checkpoint_count = v->since.count,
    };
    const bool is_signed = v->keys.count > 0;
    int64_t events = 0;
    char head[65] = "";

    for (size_t i = 0; i < v->since.count; i++)
        texts[i] = (const char *)v->checkpoints[i].data;
    int rc = signet_ledger_verify_against(ledger, &trust, &events, head, err);
    if (rc == SIGNET_OK)
        ledger_print_head(v->cli, events, head, &is_signed);
    if (rc == SIGNET_OK && v->since.count && !is_signed)
        fputs(
            "signet: warning: no signature was verified: what came after the old checkpoint may "
            "be anybody's\nhint: --vkey VKEY, of the station, shows whether it is the station's\n",
            stderr);
    if (rc == SIGNET_E_LEDGER && !err->hint[0])
        signet_text_plain("keep the file as it is, and compare it with the last backup: who could "
                          "write it since?",
                          err->hint, sizeof(err->hint));
    return rc;
}

static int read_old_checkpoint(const char *file, struct signet_bytes *out, struct signet_error *err)
{
    int rc = cli_read(file, CHECKPOINT_MAX, out, err);

    if (rc == SIGNET_OK && !strstr((const char *)out->data, "\n\n"))
        return cli_error(err, SIGNET_E_SYNTAX,
                         "name the file of a checkpoint, as a run or its ledger writes it",
                         "'%s' is no signed note", file);
    return rc == SIGNET_OK && memchr(out->data, 0, out->len)
               ? cli_error(err, SIGNET_E_SYNTAX, "name the file of a checkpoint",
                           "'%s' has a zero byte: it is no checkpoint", file)
               : rc;
}

int ledger_verify(int argc, char **argv)
{
    struct cli cli = {0};
    struct verification v = {.cli = &cli};
    const struct option_row rows[] = {
        LIST(0, "vkey", "VKEY", "A station's key, as `signet ledger vkey` shows it", &v.keys),
        LIST(0, "since-checkpoint", "FILE",
             "An old checkpoint: the ledger must have all that it had then", &v.since),
        LIST(0, "unsigned", "STATION", "With --vkey: this station need not sign",
             &v.unsigned_stations),
        {0}};
    int rc = SIGNET_OK;

    if (!cli_parse(&cli, argc, argv, rows, "LEDGER",
                   "Checks the chain of events, and names the first one that was changed, dropped "
                   "or reordered. With a station's key and an old checkpoint it also refuses a "
                   "ledger that was written anew, cut off or put back.",
                   1, 1))
        return EXIT_USAGE;
    if (v.unsigned_stations.count && !v.keys.count)
        return cli_usage(&cli, "--unsigned goes with --vkey: no signature is asked for without it");
    for (size_t i = 0; rc == SIGNET_OK && i < v.since.count; i++)
        rc = read_old_checkpoint(v.since.items[i], &v.checkpoints[i], &cli.err);
    int code = rc == SIGNET_OK ? ledger_read(&cli, verify_events, &v) : cli_fail(&cli, &cli.err);
    for (size_t i = 0; i < v.since.count; i++)
        signet_bytes_free(&v.checkpoints[i]);
    return code;
}

/* checkpoint */

struct showing {
    const struct cli *cli;
    const char *station, *since, *output;
};

static int print_ledger_checkpoint(struct signet_ledger *ledger, void *ctx,
                                   struct signet_error *err)
{
    const struct showing *s = ctx;
    struct signet_bytes old = {0}, text = {0};
    int rc = s->since ? read_old_checkpoint(s->since, &old, err) : SIGNET_OK;

    if (rc == SIGNET_OK)
        rc = signet_ledger_checkpoint(ledger, s->station, s->since ? (const char *)old.data : NULL,
                                      &text, err);
    if (rc == SIGNET_OK && s->cli->json)
        json_line("checkpoint", M_TEXT("checkpoint", (const char *)text.data));
    else if (rc == SIGNET_OK)
        rc = cli_write(s->output ? s->output : "-", text.data, text.len, err);
    signet_bytes_free(&old);
    signet_bytes_free(&text);
    return rc;
}

int ledger_checkpoint(int argc, char **argv)
{
    struct cli cli = {0};
    struct showing s = {.cli = &cli};
    const struct option_row rows[] = {
        TEXT(0, "station", "NAME", "Of this station; needed where several sign", &s.station),
        TEXT(0, "since-checkpoint", "FILE",
             "An old checkpoint: also the proof that the ledger only grew since, for a witness",
             &s.since),
        TEXT('o', "output", "FILE", "Into this file (-)", &s.output),
        {0}};

    if (!cli_parse(&cli, argc, argv, rows, "LEDGER",
                   "Shows what a station signed last (C2SP tlog-checkpoint). Kept elsewhere, it "
                   "shows later whether the ledger was changed: `signet ledger verify "
                   "--since-checkpoint`.",
                   1, 1))
        return EXIT_USAGE;
    return ledger_read(&cli, print_ledger_checkpoint, &s);
}

/* vkey */

static int show_vkey(void *ctx, const char *station, const char *key, struct signet_error *err)
{
    const struct cli *cli = ctx;

    (void)err;
    if (!cli->json) {
        printf("%s\n", key);
        return SIGNET_OK;
    }
    json_line("vkey", M_TEXT("station", station), M_TEXT("key", key));
    return SIGNET_OK;
}

static int show_vkeys(struct signet_ledger *ledger, void *ctx, struct signet_error *err)
{
    struct cli *cli = ctx;

    return signet_ledger_keys(ledger, cli->args[1], show_vkey, cli, err);
}

int ledger_vkey(int argc, char **argv)
{
    struct cli cli = {0};

    if (!cli_parse(&cli, argc, argv, NULL, "LEDGER KEYFILE",
                   "Shows the public key of a station that signs in LEDGER, for those who verify. "
                   "KEYFILE is the station's, such as station.key.sign.",
                   2, 2))
        return EXIT_USAGE;
    return ledger_read(&cli, show_vkeys, &cli);
}
