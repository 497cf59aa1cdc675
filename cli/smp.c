/* SPDX-License-Identifier: Apache-2.0 */
/* signet smp echo|info|upload|download|hash|image|settings|reset|shell */
#include "facts.h"

#include <unistd.h>

enum { FILE_MAX = 64 * 1024 * 1024, DOWNLOAD_MAX = 16 * 1024 * 1024 };

static int smp_echo(int argc, char **argv)
{
    struct session s = {0};
    const struct option_row rows[] = {SMP_PORT_ROWS(&s), {0}};
    if (!cli_parse(&s.cli, argc, argv, rows, "[TEXT]", "Asks the board to send TEXT back.", 0, 1))
        return EXIT_USAGE;
    const char *text = s.cli.arg_count ? s.cli.args[0] : "signet";
    struct signet_bytes reply = {0};
    int rc = session_connect(&s);
    if (rc == SIGNET_OK)
        rc = signet_smp_echo(s.smp, text, &reply, &s.cli.err);
    if (rc == SIGNET_OK && s.cli.json) {
        struct json j;
        json_event(&j, "echo");
        json_bytes(&j, "echo", reply.data, reply.len);
        json_end(&j);
    } else if (rc == SIGNET_OK) {
        facts_put("", reply.data, reply.len);
    }
    signet_bytes_free(&reply);
    return session_end(&s, rc);
}

static int smp_info(int argc, char **argv)
{
    struct session s = {0};
    const struct option_row rows[] = {SMP_PORT_ROWS(&s), {0}};
    if (!cli_parse(&s.cli, argc, argv, rows, "", "Tells what the board's SMP server is.", 0, 0))
        return EXIT_USAGE;
    struct facts facts = {0};
    int rc = session_connect(&s);
    if (rc == SIGNET_OK)
        rc = facts_ask(&facts, s.smp, &s.cli.err);
    if (rc == SIGNET_OK && s.cli.json) {
        struct json j;
        json_event(&j, "info");
        facts_json(&facts, &j);
        json_end(&j);
    } else if (rc == SIGNET_OK) {
        facts_print(&facts);
    }
    facts_free(&facts);
    return session_end(&s, rc);
}

/* Uploads, and compares where the board offers it. *how tells by what. */
static int upload(struct session *s, const struct signet_bytes *data, const char *path,
                  bool compare, const char **how)
{
    bool confirmed = false;
    int rc = session_connect(s);
    if (rc == SIGNET_OK)
        rc = signet_smp_upload(s->smp, path, data->data, data->len, compare ? &confirmed : NULL,
                               &s->cli.err);
    if (rc != SIGNET_OK || !compare)
        return rc;
    rc = signet_smp_compare(s->smp, path, data->data, data->len, NULL, how, &s->cli.err);
    if (rc == SIGNET_E_UNSUPPORTED && confirmed) {
        *how = "answers";
        rc = SIGNET_OK;
    }
    return rc;
}

static void tell_uploaded(const struct cli *cli, size_t len, const char *how)
{
    if (cli->json)
        json_line("uploaded", M_TEXT("uploaded", cli->args[1]), M_INT("bytes", (int64_t)len),
                  M_TEXT("compared_by", how));
    else
        printf("%s written, compared by %s\n", COUNT(len, "byte", "bytes"), how);
}

static int smp_upload(int argc, char **argv)
{
    struct session s = {0};
    bool trust = false;
    const struct option_row rows[] = {
        SMP_PORT_ROWS(&s),
        FLAG(0, "no-compare", "Do not ask the board for hash or length afterwards", &trust),
        {0}};
    if (!cli_parse(&s.cli, argc, argv, rows, "FILE PATH",
                   "Writes FILE to PATH on the board. FILE may be - for standard input.", 2, 2))
        return EXIT_USAGE;
    struct signet_bytes data = {0};
    const char *how = "nothing";
    int rc = cli_read(s.cli.args[0], FILE_MAX, &data, &s.cli.err);
    if (rc != SIGNET_OK && access(s.cli.args[1], F_OK) == 0)
        cli_error(&s.cli.err, s.cli.err.code,
                  "FILE stands before the board's PATH: was it meant the other way round?", "%s",
                  s.cli.err.msg);
    if (rc == SIGNET_OK)
        rc = upload(&s, &data, s.cli.args[1], !trust, &how);
    if (rc == SIGNET_OK)
        tell_uploaded(&s.cli, data.len, how);
    signet_bytes_free(&data);
    return session_end(&s, rc);
}

static int download(struct session *s, const char *output)
{
    struct signet_bytes data = {0};
    int rc = session_connect(s);
    if (rc == SIGNET_OK)
        rc = signet_smp_download(s->smp, s->cli.args[0], DOWNLOAD_MAX, &data, &s->cli.err);
    if (rc == SIGNET_OK)
        rc = cli_write(output ? output : "-", data.data, data.len, &s->cli.err);
    if (rc == SIGNET_OK && s->cli.json) {
        json_line("downloaded", M_TEXT("downloaded", s->cli.args[0]),
                  M_INT("bytes", (int64_t)data.len));
    }
    signet_bytes_free(&data);
    return session_end(s, rc);
}

static int smp_download(int argc, char **argv)
{
    struct session s = {0};
    const char *output = NULL;
    const struct option_row rows[] = {
        SMP_PORT_ROWS(&s),
        TEXT('o', "output", "FILE", "Where the bytes go; - (default) is standard output", &output),
        {0}};
    if (!cli_parse(&s.cli, argc, argv, rows, "PATH", "Reads PATH on the board.", 1, 1))
        return EXIT_USAGE;
    if (s.cli.json && !output)
        return cli_usage(&s.cli, "with --json the bytes need a file of their own: -o FILE");
    return download(&s, output);
}

static void tell_hash(const struct cli *cli, const struct signet_smp_hash *hash)
{
    char hex[2 * sizeof(hash->output) + 1] = {0};
    for (size_t i = 0; i < hash->output_len; i++)
        snprintf(hex + 2 * i, 3, "%02x", hash->output[i]);
    if (cli->json)
        json_line("hash", M_TEXT("type", hash->type), M_TEXT("hash", hex),
                  M_INT("bytes", (int64_t)hash->len));
    else
        printf("%s  %s  %s\n", hex, COUNT(hash->len, "byte", "bytes"), PLAIN(hash->type));
}

static int smp_hash(int argc, char **argv)
{
    struct session s = {0};
    const char *type = NULL;
    const struct option_row rows[] = {
        SMP_PORT_ROWS(&s),
        TEXT('T', "type", "NAME", "sha256, crc32 ...; else the board's choice", &type),
        {0}};
    if (!cli_parse(&s.cli, argc, argv, rows, "PATH", "Asks the board for the hash of a file.", 1,
                   1))
        return EXIT_USAGE;
    struct signet_smp_hash hash = {0};
    int rc = session_connect(&s);
    if (rc == SIGNET_OK)
        rc = signet_smp_hash(s.smp, s.cli.args[0], type, &hash, &s.cli.err);
    if (rc == SIGNET_OK)
        tell_hash(&s.cli, &hash);
    return session_end(&s, rc);
}

static int smp_reset(int argc, char **argv)
{
    struct session s = {0};
    const struct option_row rows[] = {SMP_PORT_ROWS(&s), {0}};
    if (!cli_parse(&s.cli, argc, argv, rows, "", "Restarts the board.", 0, 0))
        return EXIT_USAGE;
    int rc = session_connect(&s);
    if (rc == SIGNET_OK)
        rc = signet_smp_reset(s.smp, &s.cli.err);
    return session_end(&s, rc);
}

static int run_shell(struct session *s, int *status)
{
    struct signet_bytes output = {0};
    int rc = session_connect(s);
    if (rc == SIGNET_OK)
        rc = signet_smp_shell(s->smp, (const char *const *)s->cli.args, (size_t)s->cli.arg_count,
                              &output, status, &s->cli.err);
    if (rc == SIGNET_OK && s->cli.json) {
        struct json j;
        json_event(&j, "shell");
        json_bytes(&j, "output", output.data, output.len);
        json_put(&j, M_INT("status", *status));
        json_end(&j);
    } else if (rc == SIGNET_OK) {
        facts_put("", output.data, output.len);
    }
    signet_bytes_free(&output);
    return session_end(s, rc);
}

static int smp_shell(int argc, char **argv)
{
    struct session s = {0};
    int status = 0;
    const struct option_row rows[] = {SMP_PORT_ROWS(&s), {0}};
    if (!cli_parse(&s.cli, argc, argv, rows, "WORD...",
                   "Runs a command of the board's shell. Words with a dash go behind --.", 1, 32))
        return EXIT_USAGE;
    int code = run_shell(&s, &status);
    return code == EXIT_DONE && status ? EXIT_FAILED : code;
}

const struct verb smp_verbs[] = {
    {"echo", "see whether the board answers", smp_echo},
    {"info", "buffers, system and hashes of the board", smp_info},
    {"upload", "write a file to the board", smp_upload},
    {"download", "read a file from the board", smp_download},
    {"hash", "the board's hash of a file", smp_hash},
    {"image", "the images of MCUboot: list, upload, test, confirm, erase", smp_image},
    {"settings", "the firmware's settings: read, write, delete, save, load", smp_settings},
    {"reset", "restart the board", smp_reset},
    {"shell", "run a command of the board's shell", smp_shell},
    {0},
};
