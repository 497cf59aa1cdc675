/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_CLI_H
#define CLI_CLI_H

/* The programs' framework: `signet NOUN VERB [options]`.
 *
 * To add a verb: write a function for it in cli/NOUN.c, and a row in the table there; packet.c is a
 * worked example. To add a noun: one row in the table of nouns in cli/verbs.c, and the extern line
 * below. A noun that is its own verb (`signet register`) has one verb with an empty name. */

#include <signet/signet.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* The same of every verb: signet(1), EXIT STATUS. PARTLY: a part of what was asked for is done.
 * INTERRUPTED: stopped on request, in a clean state. */
enum { EXIT_DONE = 0, EXIT_FAILED = 1, EXIT_USAGE = 2, EXIT_PARTLY = 3, EXIT_INTERRUPTED = 4 };
/* Of one thing after another: what both gave, else EXIT_PARTLY; an interruption stands. */
int cli_both(int code, int next);

struct verb {
    const char *name;                  /* "show" */
    const char *summary;               /* one line for the list */
    int (*run)(int argc, char **argv); /* argv[0] is "signet packet show"; returns the exit code */
};

struct noun {
    const char *name, *summary;
    const struct verb *verbs; /* ends with a NULL name */
};

extern const struct verb authority_verbs[];
extern const struct verb board_verbs[];
extern const struct verb completion_verbs[];
extern const struct verb evidence_verbs[];
extern const struct verb init_verbs[];
extern const struct verb cert_verbs[];
extern const struct verb label_verbs[];
extern const struct verb ledger_verbs[];
extern const struct verb line_verbs[];
extern const struct verb object_verbs[];
extern const struct verb open_verbs[];
extern const struct verb order_verbs[];
extern const struct verb packet_verbs[];
extern const struct verb page_verbs[];
extern const struct verb prove_verbs[];
extern const struct verb register_verbs[];
extern const struct verb provision_verbs[];
extern const struct verb report_verbs[];
extern const struct verb run_verbs[];
extern const struct verb server_verbs[];
extern const struct verb sim_verbs[];
extern const struct verb smp_verbs[];
extern const struct verb station_verbs[];

int cli_run(int argc, char **argv); /* finds the verb and runs it */
/* The table of verbs.c, which ends with a NULL name (look.c). */
extern const struct noun *cli_nouns;

/* What a person or an attacker could make of the process: umask 077, no core file, no ptrace, no
 * new privileges, writes to a closed pipe are errors. Call it first (process.c). */
void process_harden(void);
/* Fires on the first Ctrl-C or SIGTERM, so that what is under way ends in a clean state; the second
 * one ends the process. A hang-up fires it, too. Lives as long as the process. */
const struct signet_cancel *process_cancel(void);
/* Fires it without a signal. */
void process_stop(void);

/* options (options.c): one table gives parsing, usage and --help. Every verb has --help and
 * --json. */

enum option_kind { KIND_FLAG, KIND_TEXT, KIND_MAYBE, KIND_NUMBER, KIND_LIST };

struct option_list {
    const char *items[64];
    size_t count;
};

struct option_row {
    char letter;      /* 0: it has none */
    const char *name; /* "output" for --output */
    const char *arg;  /* "FILE"; NULL for a flag */
    const char *help;
    enum option_kind kind;
    void *to;
    unsigned min, max; /* of a number */
    const char *of;    /* the row that this one is an old spelling of (old_options.c); NULL: none */
};

/* The rows of a verb; what is given goes to a bool, a text in argv, a number, or a list of texts
 * for an option that may come many times. */
/* clang-format off */
#define ROW(letter, name, arg, help, kind, type, to, min, max)                                     \
    {letter, name, arg, help, kind, 1 ? (to) : (type *)NULL, min, max, NULL}
#define FLAG(letter, name, help, to) ROW(letter, name, NULL, help, KIND_FLAG, bool, to, 0, 0)
#define TEXT(letter, name, arg, help, to)                                                          \
    ROW(letter, name, arg, help, KIND_TEXT, const char *, to, 0, 0)
/* the text may be "" */
#define TEXT_OR_EMPTY(letter, name, arg, help, to)                                                 \
    ROW(letter, name, arg, help, KIND_TEXT, const char *, to, 1, 0)
/* --name or --name=ARG: the text is "" without it */
#define MAYBE(letter, name, arg, help, to)                                                         \
    ROW(letter, name, arg, help, KIND_MAYBE, const char *, to, 0, 0)
#define NUMBER(letter, name, arg, help, to, min, max)                                              \
    ROW(letter, name, arg, help, KIND_NUMBER, unsigned, to, min, max)
#define LIST(letter, name, arg, help, to)                                                          \
    ROW(letter, name, arg, help, KIND_LIST, struct option_list, to, 0, 0)
/* clang-format on */

/* One run of one verb. */
struct cli {
    const char *name;     /* "signet packet show" */
    const char *args_doc; /* "FILE"; NULL: it takes no arguments */
    char lacks[64];       /* " --vkey VKEY": options that it needs, and was not given */
    bool json;            /* one JSON object per step on standard output */
    bool begun;           /* the command line was right: what is wrong now stands in a file */
    char **args;          /* what is not an option */
    int arg_count;
    struct signet_error err;              /* of the verb */
    const char *sign_file;                /* --sign */
    const char *device;                   /* --device */
    const struct signet_profile *profile; /* the same, opened (load.c) */
    struct option_list object_paths;      /* --objects */
    struct signet_objects *objects;       /* the same, read (load.c); NULL: none */
};

/* False: a mistake, told on stderr; return EXIT_USAGE. --help prints and exits. rows may be NULL;
 * args_doc is "FILE..." for the usage line; between min and max (-1: any number) arguments must be
 * there. */
bool cli_parse(struct cli *cli, int argc, char **argv, const struct option_row *rows,
               const char *args_doc, const char *doc, int min, int max);

/* What argp would say in words of its own, said in ours; false: a mistake (check_options.c). */
bool cli_options_known(const struct cli *cli, int argc, char **argv, const struct option_row *rows);
/* Where an option of that name, or letter, is; NULL: nobody knows. */
enum { CLI_ELSEWHERE_SIZE = 200 };
const char *cli_option_elsewhere(const struct cli *cli, const struct option_row *rows,
                                 const char *name, char hint[static CLI_ELSEWHERE_SIZE]);
const struct option_row *cli_row_named(const struct option_row *rows, const char *name, size_t len);
/* Of a plain file; of all else unknown (places.c). */
enum signet_file_kind cli_file_kind(const char *path);
/* The same of arguments, and of files behind options (check_arguments.c). given: the value of each
 * row. */
bool cli_arguments_known(const struct cli *cli, const struct option_row *rows,
                         const char *const *given, int min, int max);
/* Writes cli->lacks. */
void cli_note_lacking(struct cli *cli, const struct option_row *rows, const char *const *given);
/* Told: an option is not there that must be. */
bool cli_option_lacking(const struct cli *cli, const struct option_row *rows,
                        const char *const *given);
/* name is that of an option, or its beginning, that takes such a file. */
bool cli_names_taker(const char *name, const char *path);
struct cli_taker {
    enum signet_file_kind kind;
    const char *option;
};
extern const struct cli_taker cli_takers[]; /* the options that take files of a kind (places.c) */
/* What stands at the place of that number in "LEDGER ENDPOINT"; "" when there is none, or where
 * several commands are one verb. Does a word fit there? */
const char *cli_place(const char *doc, int number);
enum cli_fit { CLI_FIT_NOT, CLI_FIT_MAYBE, CLI_FIT_SURE };
enum cli_fit cli_fits(const char *doc, int number, const char *word);
bool cli_is_port(const char *word); /* as it is written; it need not be there */
/* Told: an argument is no such thing as its place wants, and another one is (arrange.c). */
bool cli_arguments_swapped(const struct cli *cli);
/* Told: none is there for a place; more: of the places behind all others, too. */
bool cli_argument_missing(const struct cli *cli, const struct option_row *rows,
                          const char *const *given, bool more);
/* The number of the one without which the others fit. */
int cli_argument_too_many(const struct cli *cli, int max);
/* It is what the last of max places wants. */
bool cli_argument_repeats(const struct cli *cli, const char *word, int max);
/* An error of the command line becomes that of the first argument, where that is a file of another
 * kind than the verb takes. */
void cli_first_explained(const struct cli *cli, struct signet_error *err);
/* NULL: there is none (look.c). */
const struct noun *cli_find_noun(const char *word);
const struct verb *cli_find_verb(const struct noun *noun, const char *word);
/* What a word may mean that is no command, or no verb of that noun; next: the word behind it, or
 * NULL. False: nobody knows (find_verb.c). */
enum { CLI_MEANT_MAX = 8, CLI_MEANT_SIZE = 80 };
struct cli_meant {
    char command[CLI_MEANT_MAX][CLI_MEANT_SIZE];
    size_t count;
};
bool cli_find_meant(const struct noun *of, const char *word, const char *next,
                    struct cli_meant *out);
/* A verb has that option; args_doc: its words. */
bool cli_verb_has(const struct noun *noun, const struct verb *verb, const char *option,
                  const char **args_doc);
/* The same of the word behind a verb, "signet smp settings". NULL: nobody knows. */
const char *cli_action_meant(const char *verb, const char *word);
/* What a file of such a kind is for, "packet show", and its noun; NULL: nobody knows. */
const char *cli_command_of_file(const char *path, const struct noun **noun);
/* Adds old spellings to the rows of a verb, of which there are at most max with the end
 * (old_options.c). */
void cli_old_options(const char *verb, struct option_row *rows, size_t max);
/* Says what the option is called now; false: the value is none of it, and that is told. */
bool cli_old_option_fits(const struct cli *cli, const struct option_row *rows,
                         const struct option_row *row, const char *value);
/* Shows the rows of a verb to visit, which does nothing else; its words, "LEDGER ENDPOINT". */
const char *cli_look(const struct noun *noun, const struct verb *verb,
                     void (*visit)(void *ctx, const struct option_row *row), void *ctx);
/* Is it only looked at? Of cli_parse(). */
bool cli_looked_at(const struct option_row *rows, const char *args_doc);
int cli_version(void); /* "signet 1.2.3"; the exit code */

/* what people see (report.c) */

/* A hint of the library with the option or the command that does it, of signet or of ptool
 * (hint.c). */
enum { CLI_HINT_SIZE = 400 };
void cli_hint(const char *hint, bool of_ptool, char out[CLI_HINT_SIZE]);

/* Of an error that has none; "" for the command line. */
const char *cli_hint_of_error(const struct signet_error *err);

/* Writes an error of the programs' own; gives its code. hint may be "". */
int cli_error(struct signet_error *err, enum signet_code code, const char *hint, const char *fmt,
              ...) __attribute__((format(printf, 4, 5)));
/* Tells the error: "signet: ...", excerpt and hint on stderr, or a JSON object. Returns the exit
 * code for it. */
int cli_fail(const struct cli *cli, const struct signet_error *err);
/* "signet packet show: message" and where help is. Returns EXIT_USAGE. */
int cli_usage(const struct cli *cli, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* The same where the answer is whether the command line is right: false. */
#define cli_wrong(...) (cli_usage(__VA_ARGS__), false)
/* As cli_usage(), with a hint of its own. */
int cli_refuse(const struct cli *cli, const char *hint, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* Tells warnings as cli_fail() tells errors; with --json also stages and progress. ctx is cli. */
struct signet_observer cli_observer(const struct cli *cli);
bool cli_colour(FILE *to); /* a terminal, and NO_COLOR is not set */

/* Whole inputs and outputs; "-" is standard input or output. A file is 0600 and atomic. */
int cli_read(const char *path, size_t max, struct signet_bytes *out, struct signet_error *err);
int cli_write(const char *path, const void *data, size_t len, struct signet_error *err);
/* Flushes standard output: a full disk must not pass for success. Returns code, or EXIT_FAILED. */
int cli_close(const struct cli *cli, int code);
/* The end of a verb: rc is SIGNET_OK, or cli->err is told. Returns the exit code. */
int cli_end(struct cli *cli, int rc);
/* The same; it shows an owner's public key, and frees it. */
int cli_end_owner(struct cli *cli, int rc, struct signet_bytes *key);

/* "1 device waits", "2 devices wait" */
enum { CLI_COUNT_SIZE = 256 };
const char *cli_count(uint64_t n, const char *one, const char *many,
                      char out[static CLI_COUNT_SIZE]);
#define COUNT(n, one, many) cli_count((uint64_t)(n), one, many, (char[CLI_COUNT_SIZE]){0})
/* "2026-11-24T15:04:05Z" */
const char *cli_time(int64_t seconds, char out[static 24]);
#define TIME(seconds) cli_time(seconds, (char[24]){0})
/* Text from elsewhere on its way to a terminal: no control character gets out. What is left out for
 * want of memory fails the verb at its end. */
enum { CLI_PLAIN_SIZE = 2048 };
const char *cli_plain(const char *text, char out[static CLI_PLAIN_SIZE]);
void cli_left_out(void);
bool cli_lacks_text(void);
#define PLAIN(text) cli_plain((text), (char[CLI_PLAIN_SIZE]){0})

/* The option that names a device profile, for the row of a verb. */
#define DEVICE_ROW(cli)                                                                            \
    TEXT(0, "device", "PROFILE",                                                                   \
         "What the firmware's client takes: anjay-3, zephyr, wakaama, any, or a file (any)",       \
         &(cli)->device)
/* Definitions of objects, likewise. */
#define OBJECTS_ROW(cli)                                                                           \
    LIST(0, "objects", "PATH",                                                                     \
         "Definitions of objects, as OMA's XML: a file, or a folder of them",                      \
         &(cli)->object_paths)
/* Opens both, once; cli_end() closes them (load.c). */
int cli_profile(struct cli *cli, struct signet_error *err);

/* A packet, or a configuration, for the device of cli; "-" is standard input (load.c). */
enum load_form { LOAD_CONFIG, LOAD_PACKET, LOAD_EITHER };
int cli_load(struct cli *cli, const char *path, enum load_form form, struct signet_tree **out,
             struct signet_error *err);

/* signet_order_load(); what is wrong from now on stands in a file (load.c). */
int cli_order(struct cli *cli, const char *path, struct signet_order **out);

/* The access token (token.c): as said on the command line ("-": standard input), else from a file
 * that others cannot use, else SIGNET_TOKEN; empty when there is none. What was said is overwritten
 * in argv: tell people that others may have seen it. */
int cli_token(const char *said, const char *file, struct signet_bytes *out,
              struct signet_error *err);

/* Asks a person at the terminal for a passphrase or a PIN (ask.c); as struct
 * signet_authority_options has it. SIGNET_E_AUTH: there is no terminal. */
int cli_ask(void *ctx, const char *what, struct signet_bytes *secret, struct signet_error *err);
/* Opens an authority: of a YAML file, or of its parts (authority.c). */
int cli_authority(const struct cli *cli, const char *file, const struct signet_authority_info *info,
                  struct signet_authority **out, struct signet_error *err);

/* authority_tpm.c */
int authority_create(int argc, char **argv);
int authority_request(int argc, char **argv);
int authority_grant(int argc, char **argv);
int order_grant(int argc, char **argv);
/* signet station key (station_key.c) */
int station_key(int argc, char **argv);

/* How a verb gets at a server: the JSON file that describes it, and what its options said. */
struct server_access {
    const char *file, *token, *token_file;
    struct signet_server_options options;
};
int cli_server_open(const struct server_access *access, const struct signet_observer *observer,
                    struct signet_server **out, struct signet_error *err); /* server.c */

/* JSON for machines (json.c): one object a line, on standard output. Text of any bytes is safe:
 * invalid UTF-8 becomes U+FFFD. key is NULL inside an array. */
struct json {
    bool comma;
};
struct json_member {
    enum { M_IS_END, M_IS_TEXT, M_IS_INTEGER, M_IS_REAL, M_IS_BOOL } kind;
    const char *key, *text;
    int64_t integer;
    double real;
    bool left_out;
};
/* clang-format off */
#define M_TEXT(k, value) {.kind = M_IS_TEXT, .key = (k), .text = (value)} /* NULL: null */
#define M_INT(k, value)  {.kind = M_IS_INTEGER, .key = (k), .integer = (value)}
#define M_REAL(k, value) {.kind = M_IS_REAL, .key = (k), .real = (value)} /* not finite: null */
#define M_BOOL(k, value) {.kind = M_IS_BOOL, .key = (k), .integer = (value)}
/* left out: a text that is NULL or "", the number 0, what is false */
#define M_GIVEN(k, value) {.kind = M_IS_TEXT, .key = (k), .text = (value), .left_out = true}
#define M_COUNT(k, value) {.kind = M_IS_INTEGER, .key = (k), .integer = (value), .left_out = true}
#define M_TRUE(k, value)  {.kind = M_IS_BOOL, .key = (k), .integer = (value), .left_out = true}
/* clang-format on */
/* A whole object: json_line("order", M_TEXT("name", name), M_INT("quota", quota)) */
#define json_line(event, ...)                                                                      \
    json_put_line(event, (const struct json_member[]){__VA_ARGS__, {.kind = M_IS_END}})
/* Members of one that is open. */
#define json_put(j, ...)                                                                           \
    json_put_members(j, (const struct json_member[]){__VA_ARGS__, {.kind = M_IS_END}})
void json_put_line(const char *event, const struct json_member *members);
void json_put_members(struct json *j, const struct json_member *members);
void json_event(struct json *j, const char *event);            /* {"event": "..." */
void json_end(struct json *j);                                 /* } and a line end */
void json_open(struct json *j, const char *key, char bracket); /* '{' or '[' */
void json_close(struct json *j, char bracket);                 /* '}' or ']' */
void json_bytes(struct json *j, const char *key, const uint8_t *text, size_t len);
/* "states": {"reserved": 0, ...}: how many devices are in each */
void json_states(struct json *j, const int64_t states[SIGNET_DEVICE_STATES]);

#endif
