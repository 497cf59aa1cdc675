/* SPDX-License-Identifier: Apache-2.0 */
/* signet open: what was sealed to a certificate, at the side of its receiver. */
#include "cli.h"

#include <string.h>

static void tell_opened(const struct cli *cli, const char *file, const struct signet_unsealed *u)
{
    struct json j;

    if (!cli->json) {
        printf("%s: %s opened", PLAIN(file), COUNT(u->files, "file", "files"));
        if (u->order[0])
            printf("; order %s of %s, batch %llu, %s", PLAIN(u->order), PLAIN(u->station),
                   (unsigned long long)u->batch, COUNT(u->devices, "device", "devices"));
        puts(u->is_signed ? "; signed by the station" : "");
        if (!u->is_signed)
            fputs("signet: warning: whoever has the certificate can have made it\n"
                  "hint: --vkey VKEY, with a FILE.manifest, shows whether the station did\n",
                  stderr);
        return;
    }
    json_event(&j, "opened");
    json_put(&j, M_TEXT("file", file), M_INT("files", (int64_t)u->files),
             M_GIVEN("order", u->order), M_GIVEN("station", u->station),
             M_BOOL("signed", u->is_signed));
    if (u->order[0]) {
        json_put(&j, M_INT("batch", (int64_t)u->batch), M_INT("devices", u->devices),
                 M_TEXT("previous", u->previous), M_TEXT("sha256", u->sha256));
    }
    json_end(&j);
}

static int open_files(int argc, char **argv)
{
    struct cli cli = {0};
    struct signet_unseal_options options = {.size = sizeof(options), .folder = ".", .ask = cli_ask};
    const struct option_row rows[] = {
        TEXT('k', "key", "FILE",
             "The private key of a certificate that it was sealed to (required)", &options.key),
        TEXT(0, "passphrase-file", "FILE", "The key's passphrase: the first line of this file",
             &options.passphrase_file),
        TEXT(0, "vkey", "VKEY",
             "The station's public key, as `signet ledger vkey` shows it: it must have signed the "
             "manifest",
             &options.signer),
        TEXT('o', "output", "FOLDER",
             "Where the opened files go, 0600, under their names without .cms (default: here)",
             &options.folder),
        {0}};
    struct signet_unsealed opened;
    int rc = SIGNET_OK;

    if (!cli_parse(&cli, argc, argv, rows, "FILE.manifest|FILE.cms...",
                   "Opens what was sealed to a certificate: all files of a batch by its manifest, "
                   "or one file. Nothing of a batch is written before all of it is authentic.",
                   1, -1))
        return EXIT_USAGE;
    for (int i = 0; rc == SIGNET_OK && i < cli.arg_count; i++) {
        rc = signet_unseal(cli.args[i], &options, &opened, &cli.err);
        if (rc == SIGNET_OK)
            tell_opened(&cli, cli.args[i], &opened);
    }
    return cli_end(&cli, rc);
}

const struct verb open_verbs[] = {
    {"", "open what was sealed to a certificate", open_files},
    {0},
};
