/* SPDX-License-Identifier: Apache-2.0 */
#include "ptool_args.h"
#include "cli.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const char ptool_usage[] =
    "usage: ptool [-h] -c ENDPOINT_CFG [-e URN] [-s SERVER] [-t TOKEN] [-C CERT]\n"
    "             [-k PKEY -r PCERT] [-p SCERT] [--token-file FILE] [--ca-file FILE]\n"
    "             [--allow-http] [--device PROFILE] [--no-check]\n";

const char ptool_help[] =
    "\nMakes ./SenMLCBOR, the provisioning packet of one LwM2M device, and registers the device\n"
    "when a server is given.\n\n"
    "  -h, --help            show this text\n"
    "      --version         show the version\n"
    "  -c, --endpoint_cfg F  configuration of the device (required)\n"
    "  -e, --URN NAME        endpoint name; also the certificate's default commonName\n"
    "  -s, --server F        JSON file of the Coiote server; needs -t and -e\n"
    "  -t, --token TOKEN     access token; other users can see it in ps, prefer --token-file\n"
    "  -C, --cert F          JSON file of a self-signed certificate to make in ./cert\n"
    "  -k, --pkey F          private key of the device, DER or PEM; needs -r\n"
    "  -r, --pcert F         certificate of the device, DER or PEM; needs -k\n"
    "  -p, --scert F         certificate of the server, DER or PEM\n"
    "      --token-file F    read the access token from a file (also: SIGNET_TOKEN)\n"
    "      --ca-file F       trust these certificate authorities for the server\n"
    "      --allow-http      let a token and a key travel without TLS\n"
    "      --device PROFILE  what the firmware takes: anjay-3 (default), zephyr, wakaama, any,\n"
    "                        or a file\n"
    "      --no-check        warn of what a device would refuse, instead of refusing\n\n"
    "exit: 0 done, 1 failed, 2 wrong command line\n";

struct option {
    const char *name;
    char letter; /* 0: none; the options with a letter are the reference's */
    bool flag;
    size_t offset;
};

#define FIELD(field) offsetof(struct ptool_args, field)
static const struct option options[] = {
    {"--help", 'h', true, FIELD(help)},
    {"--version", 0, true, FIELD(version)},
    {"--endpoint_cfg", 'c', false, FIELD(endpoint_cfg)},
    {"--URN", 'e', false, FIELD(urn)},
    {"--server", 's', false, FIELD(server)},
    {"--token", 't', false, FIELD(token)},
    {"--cert", 'C', false, FIELD(cert)},
    {"--pkey", 'k', false, FIELD(pkey)},
    {"--pcert", 'r', false, FIELD(pcert)},
    {"--scert", 'p', false, FIELD(scert)},
    {"--token-file", 0, false, FIELD(token_file)},
    {"--ca-file", 0, false, FIELD(ca_file)},
    {"--allow-http", 0, true, FIELD(allow_http)},
    {"--no-check", 0, true, FIELD(no_check)},
    {"--device", 0, false, FIELD(device)},
};
enum { OPTIONS = sizeof(options) / sizeof(options[0]) };

/* The option itself for a message: a value behind it, or glued to it, may be a secret. */
static const char *option_of(const char *token, char out[static 40])
{
    size_t n = token[1] == '-' ? strcspn(token, "=") : 2;
    if (n > 39)
        n = 39;
    for (size_t i = 0; i < n; i++)
        out[i] = isgraph((unsigned char)token[i]) ? token[i] : '?';
    out[n] = '\0';
    return out;
}

/* Collects the long options that start with the given text, the reference's or Signet's own. */
static size_t collect(const char *text, size_t len, bool reference, const struct option **found)
{
    size_t count = 0;
    for (size_t i = 0; i < OPTIONS; i++)
        if ((options[i].letter != 0) == reference && strncmp(options[i].name, text, len) == 0)
            found[count++] = &options[i];
    return count;
}

static int ambiguous(const char *token, const struct option **found, size_t count,
                     struct signet_error *err)
{
    char names[sizeof(err->msg) / 2] = "";
    size_t used = 0;
    for (size_t i = 0; i < count && used < sizeof(names); i++)
        used += (size_t)snprintf(names + used, sizeof(names) - used, "%s %s", i ? "," : "",
                                 found[i]->name);
    return cli_error(err, SIGNET_E_USAGE, "write more letters of the name",
                     "ambiguous option: %s could be%s", option_of(token, (char[40]){0}), names);
}

/* Finds a long option by its whole name or a unique prefix. Signet's own options never make a
 * prefix ambiguous that was unique with the reference. */
static int find_long(const char *token, size_t len, const struct option **out,
                     struct signet_error *err)
{
    for (size_t i = 0; i < OPTIONS; i++)
        if (strlen(options[i].name) == len && memcmp(options[i].name, token, len) == 0) {
            *out = &options[i];
            return SIGNET_OK;
        }
    const struct option *found[OPTIONS];
    size_t count = collect(token, len, true, found);
    if (count == 0)
        count = collect(token, len, false, found);
    if (count > 1)
        return ambiguous(token, found, count, err);
    *out = count ? found[0] : NULL;
    return SIGNET_OK;
}

/* Splits one token into option and glued value (NULL: none). *option NULL: not known. */
static int find_option(const char *token, const struct option **option, const char **glued,
                       struct signet_error *err)
{
    *option = NULL;
    *glued = NULL;
    if (token[1] == '-') {
        size_t len = strcspn(token, "=");
        if (token[len] == '=')
            *glued = token + len + 1;
        return find_long(token, len, option, err);
    }
    for (size_t i = 0; i < OPTIONS; i++)
        if (options[i].letter && options[i].letter == token[1])
            *option = &options[i];
    if (token[2] != '\0')
        *glued = token + 2 + (token[2] == '=');
    return SIGNET_OK;
}

/* Is it taken for an option? As argparse: "-", numbers and unknown texts with a space are not. */
static bool looks_like_option(const char *token)
{
    if (token[0] != '-' || token[1] == '\0')
        return false;
    size_t digits = strspn(token + 1, "0123456789");
    const char *rest = token + 1 + digits;
    if (*rest == '.' && isdigit((unsigned char)rest[1]))
        rest += 1 + strspn(rest + 1, "0123456789");
    if (rest != token + 1 && *rest == '\0')
        return false;
    struct signet_error ignored = {0};
    const struct option *option = NULL;
    const char *glued = NULL;
    if (find_option(token, &option, &glued, &ignored) != 0 || option)
        return true;
    return strchr(token, ' ') == NULL;
}

/* Takes a known option at argv[*i] with its value, and moves *i past both. */
static int take_known(int argc, char **argv, int *i, const struct option *option, const char *value,
                      struct ptool_args *out, struct signet_error *err)
{
    char *field = (char *)out + option->offset;
    (*i)++;
    if (option->flag) {
        if (value)
            return cli_error(err, SIGNET_E_USAGE, "write it alone", "%s takes no value",
                             option->name);
        *(bool *)field = true;
        return SIGNET_OK;
    }
    if (!value && *i < argc && strcmp(argv[*i], "--") != 0 && !looks_like_option(argv[*i]))
        value = argv[(*i)++];
    if (!value)
        return cli_error(err, SIGNET_E_USAGE,
                         *i < argc
                             ? "is a variable of the shell unset? A value that starts with '-' "
                               "is written as --option=VALUE"
                             : "write it behind it; is a variable of the shell unset?",
                         "%s needs a value", option->name);
    *(const char **)field = value;
    return SIGNET_OK;
}

static void unrecognized(const char *name, struct signet_error *err)
{
    static const char *const of_signet[][2] = {
        {"--config", "--endpoint_cfg"}, {"--endpoint", "--URN"},
        {"--cert-info", "--cert"},      {"--key", "--pkey"},
        {"--device-cert", "--pcert"},   {"--server-cert", "--scert"}};
    const char *names[OPTIONS], *near;
    char hint[96] = "ptool -h lists the options";
    for (size_t i = 0; i < OPTIONS; i++)
        names[i] = options[i].name;
    for (size_t i = 0; i < sizeof(of_signet) / sizeof(of_signet[0]); i++)
        if (!strcmp(name, of_signet[i][0]))
            snprintf(hint, sizeof(hint), "did you mean %s?", of_signet[i][1]);
    if (!strcmp(name, "-o") || !strcmp(name, "--output"))
        snprintf(hint, sizeof(hint),
                 "it writes ./SenMLCBOR; to another file: signet packet make -c FILE -o FILE");
    if (!strncmp(hint, "ptool -h", 8) && name[1] == '-' &&
        (near = signet_word_nearest(name, names, OPTIONS)))
        snprintf(hint, sizeof(hint), "did you mean %s?", near);
    cli_error(err, SIGNET_E_USAGE, hint, "unrecognized option: %s", name);
}

/* A word that belongs to no option. It is an error at the end only: -h behind it still helps. */
static void stray(const char *word, int place, bool option, struct signet_error *err)
{
    if (err->msg[0])
        return;
    if (option)
        unrecognized(option_of(word, (char[40]){0}), err);
    else
        cli_error(err, SIGNET_E_USAGE,
                  access(word, F_OK) == 0
                      ? "a configuration is named with -c FILE"
                      : "each value follows its option; quote values with spaces",
                  "word %d of the command line belongs to no option", place);
}

/* Ambiguous names are an error before anything else is looked at. */
static int check_ambiguous(int argc, char **argv, struct signet_error *err)
{
    const struct option *option;
    const char *value;
    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
        if (argv[i][0] == '-' && argv[i][1] != '\0' &&
            find_option(argv[i], &option, &value, err) != 0)
            return SIGNET_E_USAGE;
    return SIGNET_OK;
}

/* Takes the word at argv[*i], and moves *i past it and its value. */
static int take_word(int argc, char **argv, int *i, struct ptool_args *args,
                     struct signet_error *strays, struct signet_error *err)
{
    const struct option *option = NULL;
    const char *value = NULL;
    bool end = strcmp(argv[*i], "--") == 0; /* nothing but values may follow: all stray */
    bool known = !end && looks_like_option(argv[*i]);
    int word = end && *i + 1 < argc ? *i + 1 : *i;
    int rc = known ? find_option(argv[*i], &option, &value, err) : SIGNET_OK;
    if (rc != SIGNET_OK)
        return rc;
    if (option)
        return take_known(argc, argv, i, option, value, args, err);
    stray(argv[word], word, known, strays);
    *i = end ? argc : *i + 1;
    return SIGNET_OK;
}

int ptool_args_parse(int argc, char **argv, struct ptool_args *out, struct signet_error *err)
{
    struct ptool_args args = {0};
    struct signet_error strays = {0};
    int rc = check_ambiguous(argc, argv, err);
    for (int i = 1; rc == SIGNET_OK && i < argc && !args.help;)
        rc = take_word(argc, argv, &i, &args, &strays, err);
    if (rc == SIGNET_OK && strays.msg[0] && !args.help) {
        *err = strays;
        return SIGNET_E_USAGE;
    }
    if (rc == SIGNET_OK)
        *out = args;
    return rc;
}

/* A token in the environment is no wish to register; one on the command line is. */
static int check_registration(const struct ptool_args *args, bool have_token,
                              struct signet_error *err)
{
    bool said = args->token || args->token_file;
    if (!args->server && !said)
        return SIGNET_OK;
    if (args->server && (said || have_token) && args->urn)
        return SIGNET_OK;
    return cli_error(
        err, SIGNET_E_USAGE,
        getenv("SIGNET_TOKEN") && !have_token
            ? "SIGNET_TOKEN is set, and empty: set it, or give --token-file FILE"
            : "give all of -s, -t (or --token-file) and -e to register, or neither -s nor -t",
        "registration is incomplete; missing:%s%s%s", args->server ? "" : " -s/--server",
        said || have_token ? "" : " -t/--token", args->urn ? "" : " -e/--URN");
}

int ptool_args_check(const struct ptool_args *args, bool have_token, struct signet_error *err)
{
    if (!args->endpoint_cfg)
        return cli_error(err, SIGNET_E_USAGE, "name the configuration of the device with -c FILE",
                         "-c/--endpoint_cfg is required");
    if (!args->pkey != !args->pcert)
        return cli_error(err, SIGNET_E_USAGE,
                         "a private key and its certificate are given together",
                         "%s is given without %s", args->pkey ? "-k/--pkey" : "-r/--pcert",
                         args->pkey ? "-r/--pcert" : "-k/--pkey");
    if (args->token && args->token_file)
        return cli_error(err, SIGNET_E_USAGE, "keep --token-file: others can see the command line",
                         "-t/--token and --token-file are both given");
    return check_registration(args, have_token, err);
}
