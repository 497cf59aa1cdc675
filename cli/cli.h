/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_CLI_H
#define CLI_CLI_H

/* The programs' framework: `signet NOUN VERB [options]`.
 *
 * To add a verb: write cli/NOUN.c with one function per verb and one table
 *
 *     static int thing_show(int argc, char **argv)
 *     {
 *         struct cli cli = {0};
 *         const char *format = "table";
 *         const struct option_row rows[] = {
 *             {'f', "format", "NAME", "table or json", OPTION_TEXT, &format},
 *             {0},
 *         };
 *         if (!cli_parse(&cli, argc, argv, rows, "FILE", "What it does, in a sentence.", 1, 1))
 *             return EXIT_USAGE;
 *         struct signet_error err = {0};
 *         if (signet_thing_show(cli.args[0], &err) != SIGNET_OK)
 *             return cli_fail(&cli, &err);
 *         return EXIT_DONE;
 *     }
 *     const struct verb thing_verbs[] = {{"show", "one line for the list", thing_show}, {0}};
 *
 * and add one row to the table of nouns in cli/verbs.c (and the extern line below). A noun that is
 * its own verb (`signet register`) has one verb with an empty name. packet.c is a worked example.
 */

#include <signet/signet.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum { EXIT_DONE = 0, EXIT_FAILED = 1, EXIT_USAGE = 2 };

struct verb {
    const char *name;                  /* "show" */
    const char *summary;               /* one line for the list */
    int (*run)(int argc, char **argv); /* argv[0] is "signet packet show"; returns the exit code */
};

struct noun {
    const char *name, *summary;
    const struct verb *verbs; /* ends with a NULL name */
};

extern const struct noun nouns[]; /* ends with a NULL name (verbs.c) */
extern const struct verb board_verbs[];
extern const struct verb cert_verbs[];
extern const struct verb ledger_verbs[];
extern const struct verb packet_verbs[];
extern const struct verb prove_verbs[];
extern const struct verb register_verbs[];
extern const struct verb provision_verbs[];
extern const struct verb run_verbs[];
extern const struct verb server_verbs[];
extern const struct verb sim_verbs[];
extern const struct verb smp_verbs[];

int cli_run(int argc, char **argv); /* finds the verb and runs it */

/* What a person or an attacker could make of the process: umask 077, no core file, no ptrace, no
 * new privileges, writes to a closed pipe are errors. Call it first (process.c). */
void process_harden(void);
/* Fires on the first Ctrl-C or SIGTERM, so that what is under way ends in a clean state; the second
 * one ends the process. Lives as long as the process. */
const struct signet_cancel *process_cancel(void);

/* options (options.c): one table gives parsing, usage and --help. Every verb has --help and
 * --json. */

enum option_kind {
    OPTION_FLAG,   /* to is a bool, set to true */
    OPTION_TEXT,   /* to is a const char *, into argv */
    OPTION_NUMBER, /* to is a long, between min and max */
    OPTION_LIST,   /* to is a struct option_list: the option may come many times */
};

struct option_list {
    const char *items[64];
    size_t count;
};

struct option_row {
    int key;          /* its letter, or a number from 256 for an option without one */
    const char *name; /* "output" for --output */
    const char *arg;  /* "FILE"; NULL for a flag */
    const char *help;
    enum option_kind kind;
    void *to;
    long min, max; /* OPTION_NUMBER; 0, 0: any */
};

/* One run of one verb. */
struct cli {
    const char *name; /* "signet packet show" */
    bool json;        /* one JSON object per step on standard output */
    char **args;      /* what is not an option */
    int arg_count;
};

/* False: a mistake, told on stderr; return EXIT_USAGE. --help prints and exits. args_doc is
 * "FILE..." for the usage line; between min and max (-1: any number) arguments must be there. */
bool cli_parse(struct cli *cli, int argc, char **argv, const struct option_row *rows,
               const char *args_doc, const char *doc, int min, int max);

/* what people see (report.c) */

/* A hint of the library with the option or the command that does it (hint.c). */
enum { CLI_HINT_SIZE = 400 };
void cli_hint(const char *hint, char out[CLI_HINT_SIZE]);

/* Tells the error: "signet: ...", excerpt and hint on stderr, or a JSON object. Returns the exit
 * code for it. */
int cli_fail(const struct cli *cli, const struct signet_error *err);
/* "signet packet show: message" and where help is. Returns EXIT_USAGE. */
int cli_usage(const struct cli *cli, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Tells warnings as cli_fail() tells errors; with --json also stages and progress. ctx is cli. */
struct signet_observer cli_observer(const struct cli *cli);
bool cli_colour(FILE *to); /* a terminal, and NO_COLOR is not set */

/* Whole inputs and outputs; "-" is standard input or output. A file is 0600 and atomic. */
int cli_read(const char *path, size_t max, struct signet_bytes *out, struct signet_error *err);
int cli_write(const char *path, const void *data, size_t len, struct signet_error *err);
/* Flushes standard output: a full disk must not pass for success. Returns code, or EXIT_FAILED. */
int cli_close(const struct cli *cli, int code);

/* The access token (token.c): as said on the command line ("-": standard input), else from a file
 * that others cannot use, else SIGNET_TOKEN; empty when there is none. What was said is overwritten
 * in argv: tell people that others may have seen it. */
int cli_token(const char *said, const char *file, struct signet_bytes *out,
              struct signet_error *err);

/* JSON for machines (json.c): one object a line. Text of any bytes is safe: invalid UTF-8 becomes
 * U+FFFD. key is NULL inside an array. */
struct json {
    FILE *to;
    bool comma;
};
void json_begin(struct json *j, FILE *to);                         /* { */
void json_end(struct json *j);                                     /* } and a line end */
void json_open(struct json *j, const char *key, char bracket);     /* '{' or '[' */
void json_close(struct json *j, char bracket);                     /* '}' or ']' */
void json_text(struct json *j, const char *key, const char *text); /* NULL text: null */
void json_bytes(struct json *j, const char *key, const uint8_t *text, size_t len);
void json_integer(struct json *j, const char *key, int64_t value);
void json_real(struct json *j, const char *key, double value); /* not finite: null */
void json_bool(struct json *j, const char *key, bool value);
/* "states": {"reserved": 0, ...}: how many devices are in each */
void json_states(struct json *j, const int64_t states[SIGNET_DEVICE_STATES]);

#endif
