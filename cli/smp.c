/* SPDX-License-Identifier: Apache-2.0 */
/* signet smp echo|info|upload|download|hash|reset|shell */
#include "facts.h"

#include <string.h>

enum { FILE_MAX = 64 * 1024 * 1024, DOWNLOAD_MAX = 16 * 1024 * 1024 };

/* What each verb has, and its board. */
struct session {
    struct cli cli;
    const char *port;
    long baud, version, timeout;
    struct signet_observer observer;
    struct signet_link *link;
    struct signet_smp *smp;
    struct signet_error err;
};

/* clang-format off */
#define SESSION_ROWS(s)                                                                            \
    {'p', "port", "PORT", "Serial port, or tcp:HOST:PORT (required)", OPTION_TEXT, &(s)->port, 0, 0}, \
    {'b', "baudrate", "N", "Serial speed (115200)", OPTION_NUMBER, &(s)->baud, 50, 20000000},       \
    {'V', "smp-version", "N", "Version of SMP to speak (1)", OPTION_NUMBER, &(s)->version, 1, 2},   \
    {'t', "timeout", "MS", "Wait for one answer (2000)", OPTION_NUMBER, &(s)->timeout, 1, 600000}
/* clang-format on */

static bool begin(struct session *s, int argc, char **argv, const struct option_row *rows,
                  const char *args_doc, const char *doc, int min, int max)
{
    if (!cli_parse(&s->cli, argc, argv, rows, args_doc, doc, min, max))
        return false;
    if (s->port)
        return true;
    cli_usage(&s->cli, "--port is missing");
    return false;
}

static int connect_board(struct session *s)
{
    const struct signet_smp_options options = {.version = (int)s->version,
                                               .timeout_ms = (int)s->timeout};
    s->observer = cli_observer(&s->cli);
    int code = signet_link_open(&s->link, s->port, (unsigned)s->baud, process_cancel(), &s->err);
    if (!code)
        code = signet_smp_new(&s->smp, s->link, &options, &s->observer, &s->err);
    return code;
}

static int end(struct session *s, int code)
{
    signet_smp_free(&s->smp);
    signet_link_close(&s->link);
    return code ? cli_fail(&s->cli, &s->err) : cli_close(&s->cli, EXIT_DONE);
}

static int smp_echo(int argc, char **argv)
{
    struct session s = {0};
    const struct option_row rows[] = {SESSION_ROWS(&s), {0}};
    if (!begin(&s, argc, argv, rows, "[TEXT]", "Asks the board to send TEXT back.", 0, 1))
        return EXIT_USAGE;
    const char *text = s.cli.arg_count ? s.cli.args[0] : "signet";
    struct signet_bytes reply = {0};
    int code = connect_board(&s);
    if (!code)
        code = signet_smp_echo(s.smp, text, &reply, &s.err);
    if (!code && s.cli.json) {
        struct json j;
        json_begin(&j, stdout);
        json_bytes(&j, "echo", reply.data, reply.len);
        json_end(&j);
    } else if (!code) {
        facts_text(reply.data, reply.len);
    }
    signet_bytes_free(&reply);
    return end(&s, code);
}

static int smp_info(int argc, char **argv)
{
    struct session s = {0};
    const struct option_row rows[] = {SESSION_ROWS(&s), {0}};
    if (!begin(&s, argc, argv, rows, "", "Tells what the board's SMP server is.", 0, 0))
        return EXIT_USAGE;
    struct facts facts = {0};
    int code = connect_board(&s);
    if (!code)
        code = facts_ask(&facts, s.smp, &s.err);
    if (!code && s.cli.json) {
        struct json j;
        json_begin(&j, stdout);
        facts_json(&facts, &j);
        json_end(&j);
    } else if (!code) {
        facts_print(&facts);
    }
    facts_free(&facts);
    return end(&s, code);
}

/* Uploads, and compares where the board offers it. *how tells by what. */
static int load(struct session *s, const struct signet_bytes *data, const char *path, bool compare,
                const char **how)
{
    bool confirmed = false;
    int code = connect_board(s);
    if (!code)
        code = signet_smp_upload(s->smp, path, data->data, data->len, &confirmed, &s->err);
    if (code || !compare)
        return code;
    code = signet_smp_compare(s->smp, path, data->data, data->len, NULL, how, &s->err);
    if (code == SIGNET_E_UNSUPPORTED && confirmed) {
        *how = "answers";
        code = SIGNET_OK;
    }
    return code;
}

static int smp_upload(int argc, char **argv)
{
    struct session s = {0};
    bool trust = false;
    const struct option_row rows[] = {SESSION_ROWS(&s),
                                      {'n', "no-compare", NULL,
                                       "Do not ask the board for hash or length afterwards",
                                       OPTION_FLAG, &trust, 0, 0},
                                      {0}};
    if (!begin(&s, argc, argv, rows, "FILE PATH",
               "Writes FILE to PATH on the board. FILE may be - for standard input.", 2, 2))
        return EXIT_USAGE;
    struct signet_bytes data = {0};
    const char *how = "nothing";
    int code = cli_read(s.cli.args[0], FILE_MAX, &data, &s.err);
    if (!code)
        code = load(&s, &data, s.cli.args[1], !trust, &how);
    if (!code && s.cli.json) {
        struct json j;
        json_begin(&j, stdout);
        json_text(&j, "uploaded", s.cli.args[1]);
        json_integer(&j, "bytes", (int64_t)data.len);
        json_text(&j, "compared_by", how);
        json_end(&j);
    } else if (!code) {
        printf("%zu bytes written, compared by %s\n", data.len, how);
    }
    signet_bytes_free(&data);
    return end(&s, code);
}

static int smp_download(int argc, char **argv)
{
    struct session s = {0};
    const char *output = NULL;
    const struct option_row rows[] = {SESSION_ROWS(&s),
                                      {'o', "output", "FILE",
                                       "Where the bytes go; - (default) is standard output",
                                       OPTION_TEXT, &output, 0, 0},
                                      {0}};
    if (!begin(&s, argc, argv, rows, "PATH", "Reads PATH on the board.", 1, 1))
        return EXIT_USAGE;
    if (s.cli.json && !output) {
        return cli_usage(&s.cli, "--json needs --output");
    }
    struct signet_bytes data = {0};
    int code = connect_board(&s);
    if (!code)
        code = signet_smp_download(s.smp, s.cli.args[0], DOWNLOAD_MAX, &data, &s.err);
    if (!code)
        code = cli_write(output ? output : "-", data.data, data.len, &s.err);
    if (!code && s.cli.json) {
        struct json j;
        json_begin(&j, stdout);
        json_text(&j, "downloaded", s.cli.args[0]);
        json_integer(&j, "bytes", (int64_t)data.len);
        json_end(&j);
    }
    signet_bytes_free(&data);
    return end(&s, code);
}

static int smp_hash(int argc, char **argv)
{
    struct session s = {0};
    const char *type = NULL;
    const struct option_row rows[] = {SESSION_ROWS(&s),
                                      {'T', "type", "NAME",
                                       "sha256, crc32 ...; else the board's choice", OPTION_TEXT,
                                       &type, 0, 0},
                                      {0}};
    if (!begin(&s, argc, argv, rows, "PATH", "Asks the board for the hash of a file.", 1, 1))
        return EXIT_USAGE;
    struct signet_smp_hash hash = {0};
    char hex[2 * sizeof(hash.output) + 1] = {0};
    int code = connect_board(&s);
    if (!code)
        code = signet_smp_hash(s.smp, s.cli.args[0], type, &hash, &s.err);
    for (size_t i = 0; !code && i < hash.output_len; i++)
        snprintf(hex + 2 * i, 3, "%02x", hash.output[i]);
    if (!code && s.cli.json) {
        struct json j;
        json_begin(&j, stdout);
        json_text(&j, "type", hash.type);
        json_text(&j, "hash", hex);
        json_integer(&j, "bytes", (int64_t)hash.len);
        json_end(&j);
    } else if (!code) {
        printf("%s  %llu bytes  ", hex, (unsigned long long)hash.len);
        facts_text((const uint8_t *)hash.type, strlen(hash.type));
    }
    return end(&s, code);
}

static int smp_reset(int argc, char **argv)
{
    struct session s = {0};
    const struct option_row rows[] = {SESSION_ROWS(&s), {0}};
    if (!begin(&s, argc, argv, rows, "", "Restarts the board.", 0, 0))
        return EXIT_USAGE;
    int code = connect_board(&s);
    if (!code)
        code = signet_smp_reset(s.smp, &s.err);
    return end(&s, code);
}

static int smp_shell(int argc, char **argv)
{
    struct session s = {0};
    const struct option_row rows[] = {SESSION_ROWS(&s), {0}};
    if (!begin(&s, argc, argv, rows, "WORD...",
               "Runs a command of the board's shell. Words with a dash go behind --.", 1, 32))
        return EXIT_USAGE;
    struct signet_bytes output = {0};
    int status = 0;
    int code = connect_board(&s);
    if (!code)
        code = signet_smp_shell(s.smp, (const char *const *)s.cli.args, (size_t)s.cli.arg_count,
                                &output, &status, &s.err);
    if (!code && s.cli.json) {
        struct json j;
        json_begin(&j, stdout);
        json_bytes(&j, "output", output.data, output.len);
        json_integer(&j, "status", status);
        json_end(&j);
    } else if (!code) {
        facts_text(output.data, output.len);
    }
    signet_bytes_free(&output);
    code = end(&s, code);
    return code ? code : status ? EXIT_FAILED : EXIT_DONE;
}

const struct verb smp_verbs[] = {
    {"echo", "see whether the board answers", smp_echo},
    {"info", "buffers, system and hashes of the board", smp_info},
    {"upload", "write a file to the board", smp_upload},
    {"download", "read a file from the board", smp_download},
    {"hash", "the board's hash of a file", smp_hash},
    {"reset", "restart the board", smp_reset},
    {"shell", "run a command of the board's shell", smp_shell},
    {0},
};
