/* SPDX-License-Identifier: Apache-2.0 */
/* signet ledger proof, witness: a device's events, and checkpoints, for those who were not there.
 */
#include "ledger.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { PROOF_MAX = 1024 * 1024, PATH_SIZE = 1024 };

struct proving {
    const struct cli *cli;
    const char *folder, *key;
    int count, unproved;
};

static void tell_proof(const struct proving *p, const struct signet_ledger_proof *proof,
                       const char *file)
{
    if (p->cli->json)
        json_line("proof", M_TEXT("kind", proof->kind), M_TEXT("station", proof->station),
                  M_INT("seq", proof->seq), M_TEXT("file", file));
    else
        printf("%-12s %s\n", PLAIN(proof->kind),
               file ? PLAIN(file) : "no proof: its station does not sign");
}

static int write_proof(void *ctx, const struct signet_ledger_proof *proof, struct signet_error *err)
{
    struct proving *p = ctx;
    char event[PATH_SIZE], file[PATH_SIZE];
    int rc = SIGNET_OK;

    p->count++;
    if (proof->proof) {
        snprintf(event, sizeof(event), "%s/%s.%d.event", p->folder, p->cli->args[1], p->count);
        if ((size_t)snprintf(file, sizeof(file), "%s/%s.%d.tlog-proof", p->folder, p->cli->args[1],
                             p->count) >= sizeof(file))
            rc = cli_error(err, SIGNET_E_LIMIT, "", "'%.80s' is too long a path", p->folder);
        if (rc == SIGNET_OK)
            rc = cli_write(event, proof->event, proof->event_len, err);
        if (rc == SIGNET_OK)
            rc = cli_write(file, proof->proof, strlen(proof->proof), err);
    } else {
        p->unproved++;
    }
    if (rc == SIGNET_OK)
        tell_proof(p, proof, proof->proof ? file : NULL);
    return rc;
}

static int write_proofs(struct signet_ledger *ledger, void *ctx, struct signet_error *err)
{
    struct proving *p = ctx;

    return signet_ledger_proofs(ledger, p->cli->args[1], write_proof, p, err);
}

/* An event and its proof, as files; the ledger is not needed. */
static int check_proof(struct proving *p, const char *event_file, const char *proof_file)
{
    struct signet_bytes event = {0}, proof = {0};
    struct cli cli = *p->cli;
    int rc = cli_read(event_file, PROOF_MAX, &event, &cli.err);

    if (rc == SIGNET_OK)
        rc = cli_read(proof_file, PROOF_MAX, &proof, &cli.err);
    if (rc == SIGNET_OK)
        rc = signet_proof_check(p->key, event.data, event.len, proof.data, proof.len, &cli.err);
    if (rc == SIGNET_OK && cli.json)
        json_line("proved", M_TEXT("event_file", event_file));
    else if (rc == SIGNET_OK)
        printf("%s is in the ledger\n", PLAIN(event_file));
    signet_bytes_free(&event);
    signet_bytes_free(&proof);
    return cli_end(&cli, rc);
}

int ledger_proof(int argc, char **argv)
{
    struct cli cli = {0};
    struct proving p = {.cli = &cli, .folder = "."};
    const struct option_row rows[] = {
        TEXT('o', "output", "FOLDER", "Into this folder (.)", &p.folder),
        TEXT(0, "vkey", "VKEY",
             "Check instead: the arguments are an event and its proof, and no ledger is needed",
             &p.key),
        {0}};

    if (!cli_parse(&cli, argc, argv, rows, "LEDGER|EVENT ENDPOINT|PROOF",
                   "Writes the events of a device, and for each the proof that it is in what its "
                   "station signed: ENDPOINT.N.event and ENDPOINT.N.tlog-proof (C2SP).",
                   2, 2))
        return EXIT_USAGE;
    if (p.key)
        return check_proof(&p, cli.args[0], cli.args[1]);
    if (strchr(cli.args[1], '/')) { /* a foreign ledger may have any name */
        cli_error(&cli.err, SIGNET_E_MEANING, "signet ledger show has the events of any device",
                  "'%s' cannot be the name of files", PLAIN(cli.args[1]));
        return cli_fail(&cli, &cli.err);
    }
    int code = ledger_read(&cli, write_proofs, &p);
    if (code != EXIT_DONE || !p.unproved)
        return code;
    return p.unproved < p.count ? EXIT_PARTLY : EXIT_FAILED;
}

/* witness */

struct witnessing {
    const char *key, *file, *name, *output;
    bool seen;
};

static int act_as_witness(const struct cli *cli, const struct witnessing *w,
                          struct signet_bytes *out, struct signet_error *err)
{
    struct signet_bytes text = {0};
    int rc;

    if (w->seen)
        return signet_witness_seen(w->file, w->key, out, err);
    rc = cli_read(cli->args[0], PROOF_MAX, &text, err);
    if (rc == SIGNET_OK)
        rc = signet_witness_sign(w->file, w->key, text.data, text.len, time(NULL), out, err);
    signet_bytes_free(&text);
    return rc;
}

static int run_witness(struct cli *cli, const struct witnessing *w)
{
    struct signet_bytes key = {0}, out = {0};
    struct json j;
    int rc = signet_witness_key(w->file, w->name, &key, &cli->err);

    if (rc == SIGNET_OK && w->key)
        rc = act_as_witness(cli, w, &out, &cli->err);
    if (rc == SIGNET_OK && cli->json) {
        json_event(&j, "witness");
        json_put(&j, M_TEXT("key", (const char *)key.data));
        if (out.data)
            json_put(&j, M_TEXT("checkpoint", (const char *)out.data));
        json_end(&j);
    } else if (rc == SIGNET_OK && w->key) {
        rc = cli_write(w->output ? w->output : "-", out.data, out.len, &cli->err);
    } else if (rc == SIGNET_OK) {
        printf("%s\n", (const char *)key.data);
    }
    signet_bytes_free(&key);
    signet_bytes_free(&out);
    return cli_end(cli, rc);
}

int ledger_witness(int argc, char **argv)
{
    struct cli cli = {0};
    struct witnessing w = {.name = "witness"};
    const struct option_row rows[] = {
        TEXT(0, "sign", "FILE", "The witness's own key, which is made if it is missing (required)",
             &w.file),
        TEXT(0, "name", "NAME", "The witness's name, when its key is made (witness)", &w.name),
        TEXT(0, "vkey", "VKEY", "The station's key, as `signet ledger vkey` shows it", &w.key),
        FLAG(0, "seen", "Show what was witnessed last: the station's --since-checkpoint", &w.seen),
        TEXT('o', "output", "FILE", "Into this file (-)", &w.output),
        {0}};

    if (!cli_parse(&cli, argc, argv, rows, "[CHECKPOINT]",
                   "Signs a station's checkpoint, once it is shown that the ledger only grew since "
                   "the one before. CHECKPOINT is what `signet ledger checkpoint` writes, "
                   "with --since-checkpoint from the second time on. Without --vkey: shows the "
                   "witness's public key.",
                   0, 1))
        return EXIT_USAGE;
    if (w.key && !w.seen && cli.arg_count == 0)
        return cli_usage(&cli, "CHECKPOINT is missing");
    return run_witness(&cli, &w);
}
