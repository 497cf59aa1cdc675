/* SPDX-License-Identifier: Apache-2.0 */
/* signet authority create | request | grant, signet order grant: keys in a TPM that count. */
#include "cli.h"

#include <signet/tpm_quota.h>
#include <stdlib.h>

enum { TEXT_MAX = 64 * 1024 };

static bool parse_index(struct cli *cli, const char *text, uint32_t *out)
{
    char *end = NULL;
    unsigned long value = text ? strtoul(text, &end, 0) : 0;

    *out = (uint32_t)value;
    if (!text || (*text >= '0' && *text <= '9' && !*end && value <= UINT32_MAX))
        return true;
    return cli_wrong(cli, "--index is a number: 0x01800021");
}

int authority_create(int argc, char **argv)
{
    struct signet_tpm_wish wish = {.size = sizeof(wish)};
    struct signet_bytes key = {0};
    const char *index = NULL;
    struct cli cli = {0};
    const struct option_row rows[] = {
        TEXT(0, "owner", "KEY", "Who grants its uses: what `signet order grant` prints (required)",
             &wish.owner),
        TEXT(0, "tpm", "TCTI", "The way to the TPM (device:/dev/tpmrm0)", &wish.tpm),
        TEXT(0, "index", "NUMBER", "The TPM's NV index that counts (0x01800021)", &index),
        {0}};

    if (!cli_parse(&cli, argc, argv, rows, "FILE.tpm",
                   "Makes an authority's key in a TPM 2.0, which signs only what its owner grants, "
                   "and prints its public key, for whoever certifies it.",
                   1, 1))
        return EXIT_USAGE;
    if (!parse_index(&cli, index, &wish.index))
        return EXIT_USAGE;
    wish.file = cli.args[0];
    int rc = signet_tpm_create(&wish, &key, &cli.err);
    if (rc == SIGNET_OK && cli.json) {
        json_line("authority_key", M_TEXT("file", wish.file),
                  M_TEXT("public_key", (const char *)key.data));
    } else if (rc == SIGNET_OK) {
        fputs((const char *)key.data, stdout);
    }
    signet_bytes_free(&key);
    return cli_end(&cli, rc);
}

/* Where what was written is. */
static void written_to(const struct cli *cli, const char *event, const char *what, const char *path)
{
    if (cli->json)
        json_line(event, M_TEXT("file", path));
    else
        printf("%s: %s\n", what, PLAIN(path));
}

int authority_request(int argc, char **argv)
{
    struct signet_bytes text = {0};
    const char *output = NULL;
    struct cli cli = {0};
    char path[4200];
    const struct option_row rows[] = {
        TEXT('o', "output", "FILE", "Into this file (FILE.tpm.request)", &output), {0}};

    if (!cli_parse(&cli, argc, argv, rows, "FILE.tpm",
                   "Asks the owner of the product for uses of a key in the TPM. The request waits "
                   "for its grant until another one is made, or the TPM is started again.",
                   1, 1))
        return EXIT_USAGE;
    snprintf(path, sizeof(path), "%s.request", cli.args[0]);
    int rc = signet_tpm_request(cli.args[0], &text, &cli.err);
    if (rc == SIGNET_OK)
        rc = cli_write(output ? output : path, text.data, text.len, &cli.err);
    if (rc == SIGNET_OK)
        written_to(&cli, "request", "for the owner", output ? output : path);
    signet_bytes_free(&text);
    return cli_end(&cli, rc);
}

int authority_grant(int argc, char **argv)
{
    struct signet_bytes text = {0};
    struct cli cli = {0};
    int64_t uses = 0;

    if (!cli_parse(
            &cli, argc, argv, NULL, "FILE.tpm GRANT",
            "Gives the TPM the owner's answer to the last request: from now on the key signs "
            "as many certificates as it says. What was left before is gone.",
            2, 2))
        return EXIT_USAGE;
    int rc = cli_read(cli.args[1], TEXT_MAX, &text, &cli.err);
    if (rc == SIGNET_OK)
        rc = signet_tpm_take_grant(cli.args[0], text.data, text.len, &uses, &cli.err);
    if (rc == SIGNET_E_SYNTAX)
        signet_file_explain(rc, SIGNET_FILE_TPM, cli.args[1], &cli.err);
    if (rc == SIGNET_OK && cli.json)
        json_line("granted", M_INT("uses", uses));
    else if (rc == SIGNET_OK)
        printf("the key signs %s\n", COUNT((uint64_t)uses, "certificate", "certificates"));
    signet_bytes_free(&text);
    return cli_end(&cli, rc);
}

static int sign_grant(struct cli *cli, const char *key, int64_t uses, const char *output)
{
    struct signet_bytes text = {0}, grant = {0};
    char path[4200];
    int rc = cli_read(cli->args[0], TEXT_MAX, &text, &cli->err);

    if (rc == SIGNET_OK)
        rc = signet_grant_sign(key, text.data, text.len, uses, &grant, &cli->err);
    if (rc == SIGNET_E_SYNTAX)
        signet_file_explain(rc, SIGNET_FILE_TPM, cli->args[0], &cli->err);
    snprintf(path, sizeof(path), "%s.grant", cli->args[0]);
    if (rc == SIGNET_OK)
        rc = cli_write(output ? output : path, grant.data, grant.len, &cli->err);
    if (rc == SIGNET_OK)
        written_to(cli, "grant", "for the station", output ? output : path);
    signet_bytes_free(&text);
    signet_bytes_free(&grant);
    return cli_end(cli, rc);
}

int order_grant(int argc, char **argv)
{
    enum { NONE = 4000000000U };
    const char *key = NULL, *output = NULL;
    unsigned uses = NONE;
    struct signet_bytes owner = {0};
    struct cli cli = {0};
    const struct option_row rows[] = {
        TEXT(0, "sign", "FILE",
             "The owner's key for TPMs, which is made if it is missing (required)", &key),
        NUMBER(0, "uses", "N", "How many certificates the key may sign from now on", &uses, 0,
               SIGNET_GRANT_MOST),
        TEXT('o', "output", "FILE", "Into this file (REQUEST.grant)", &output),
        {0}};

    if (!cli_parse(&cli, argc, argv, rows, "[REQUEST]",
                   "Answers a station's request (signet authority request): its key in the TPM may "
                   "sign so many certificates. Without a request: shows the owner's public key.",
                   0, 1))
        return EXIT_USAGE;
    if (cli.arg_count == 0)
        return cli_end_owner(&cli, signet_grant_key(key, &owner, &cli.err), &owner);
    if (uses == NONE)
        return cli_usage(&cli, "how many certificates: --uses N");
    return sign_grant(&cli, key, uses, output);
}
