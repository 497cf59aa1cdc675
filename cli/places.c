/* SPDX-License-Identifier: Apache-2.0 */
/* What an argument is, against what is wanted where it stands: LEDGER, [SLOT], off|on. */
#include "cli.h"

#include <ctype.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const struct {
    const char *name;
    enum signet_file_kind kind;
    const char *ends; /* of a name that nothing has */
    const char *hint; /* how one comes to be; NULL: what the other kind is for */
} files[] = {
    {"LEDGER", SIGNET_FILE_LEDGER, ".db .sqlite .sqlite3 ", NULL},
    {"ORDER.yaml", SIGNET_FILE_ORDER, ".yaml .yml .json ", NULL},
    {"FILE.yaml", SIGNET_FILE_AUTHORITY, ".yaml .yml ", NULL},
    {"FILE.tpm", SIGNET_FILE_TPM, ".tpm ", NULL},
    {"CHECKPOINT", SIGNET_FILE_NOTE, "", "`signet ledger checkpoint LEDGER -o FILE` writes one"},
};

enum signet_file_kind cli_file_kind(const char *path)
{
    char head[2048];
    struct stat st;
    bool plain =
        stat(path, &st) == 0 && S_ISREG(st.st_mode); /* a pipe would wait, and be emptied */
    int fd = plain ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    ssize_t len = fd < 0 ? -1 : read(fd, head, sizeof(head));
    enum signet_file_kind kind =
        len > 0 ? signet_file_kind(head, (size_t)len) : SIGNET_FILE_UNKNOWN;
    explicit_bzero(head, sizeof(head)); /* it may be a key */
    if (fd >= 0)
        close(fd);
    return kind;
}

bool cli_is_port(const char *word)
{
    return !strncmp(word, "/dev/", 5) || !strncmp(word, "tty", 3) || !strncmp(word, "tcp:", 4) ||
           !strncmp(word, "udp:", 4) || !strncmp(word, "serial:", 7);
}

static bool has_end(const char *word, const char *ends)
{
    const char *dot = strrchr(word, '.');
    const char *at = dot ? strstr(ends, dot) : NULL;
    return strchr(word, '/') || (at && at[strlen(dot)] == ' ');
}

enum { FILES = sizeof(files) / sizeof(files[0]) };

static enum cli_fit fits_file(size_t row, const char *word)
{
    enum signet_file_kind kind = cli_file_kind(word);
    if (kind == files[row].kind || (row == 0 && strstr(word, "postgres")))
        return CLI_FIT_SURE;
    if (access(word, F_OK) == 0)
        return kind == SIGNET_FILE_UNKNOWN ? CLI_FIT_MAYBE : CLI_FIT_NOT;
    return has_end(word, files[row].ends) && !strstr(word, "://") ? CLI_FIT_MAYBE : CLI_FIT_NOT;
}

/* SLOT, NAME, ENDPOINT: none is a file of a kind that is known. */
static enum cli_fit place_takes_name(const char *word, bool endpoint)
{
    if (cli_file_kind(word) != SIGNET_FILE_UNKNOWN || cli_is_port(word) || strchr(word, '/'))
        return CLI_FIT_NOT;
    return endpoint && !strncmp(word, "urn:", 4) ? CLI_FIT_SURE : CLI_FIT_MAYBE;
}

/* One of the words of a place; first: nothing stands before it there. */
static enum cli_fit fits_one(const char *want, size_t len, const char *word, bool first)
{
    char name[24];
    struct stat st;
    bool there = stat(word, &st) == 0;
    snprintf(name, sizeof(name), " %.*s ", (int)len, want);
    for (size_t i = 0; i < FILES; i++)
        if (strlen(files[i].name) == len && !strncmp(files[i].name, want, len))
            return fits_file(i, word);
    if (islower((unsigned char)*want)) /* off|on */
        return strlen(word) == len && !strncmp(want, word, len) ? CLI_FIT_SURE : CLI_FIT_NOT;
    if (strstr(" FOLDER DIR ", name) && there)
        return S_ISDIR(st.st_mode) ? CLI_FIT_SURE : CLI_FIT_NOT;
    if (strstr(" FOLDER DIR ", name))
        return (enum cli_fit)(first || strchr(word, '/'));
    if (strstr(" EVENT PROOF KEYFILE GRANT REQUEST ", name))
        return (enum cli_fit)(there || has_end(word, ".event .tlog-proof "));
    if (strstr(" TO ORDER ", name) && has_end(word, ".db .sqlite .sqlite3 "))
        return name[1] == 'T' ? CLI_FIT_SURE : CLI_FIT_NOT;
    if (strstr(" SLOT NAME ENDPOINT ORDER ", name))
        return place_takes_name(word, name[1] == 'E');
    if (strstr(" PORT ", name))
        return cli_is_port(word) ? CLI_FIT_SURE : (enum cli_fit)there;
    if (strstr(" HOST:PORT ", name))
        return strchr(word, ':') && isdigit((unsigned char)word[strlen(word) - 1]) ? CLI_FIT_SURE
                                                                                   : CLI_FIT_NOT;
    return CLI_FIT_MAYBE;
}

/* The place of that number; "" when there is none, or where several commands are one verb. The last
 * one may stand for all that follow. */
const char *cli_place(const char *doc, int number)
{
    if (strstr(doc, " | "))
        return "";
    for (; number && *doc; number--) {
        const char *next = doc + strcspn(doc, " ");
        next += *next == ' ';
        if (!*next || !strncmp(next, "...", 3))
            return strstr(doc, "...") ? doc : "";
        doc = next;
    }
    return doc;
}

/* "LEDGER" of "[LEDGER|EVENT] ENDPOINT" */
static const char *alternative(const char *at, size_t *len)
{
    at += strspn(at, "[|");
    *len = strcspn(at, "|] ");
    *len -= *len > 3 && !strncmp(at + *len - 3, "...", 3) ? 3 : 0;
    return at;
}

enum cli_fit cli_fits(const char *doc, int number, const char *word)
{
    enum cli_fit best = CLI_FIT_NOT;
    size_t len;
    const char *first = cli_place(doc, number);
    for (const char *at = first; *at && *at != ' '; at += strcspn(at, "| ")) {
        at = alternative(at, &len);
        enum cli_fit fit = *at ? fits_one(at, len, word, at <= first + 1) : CLI_FIT_NOT;
        best = fit > best ? fit : best;
    }
    return best;
}

/* What else is wrong follows from it. */
void cli_first_explained(const struct cli *cli, struct signet_error *err)
{
    const char *doc = cli->args_doc ? cli->args_doc : "", *path = cli->args ? cli->args[0] : NULL;
    struct signet_error why = {.code = SIGNET_E_USAGE};
    size_t len, row = 0;
    const char *want = alternative(doc, &len);
    while (row < FILES && (strlen(files[row].name) != len || strncmp(files[row].name, want, len)))
        row++;
    if (row == FILES || !cli->arg_count || access(path, F_OK) != 0 ||
        cli_fits(doc, 0, path) != CLI_FIT_NOT)
        return;
    signet_file_explain(SIGNET_E_USAGE, files[row].kind, path, &why);
    if (strstr(why.msg, " is "))
        *err = why;
    if (strstr(why.msg, " is ") && files[row].hint)
        signet_text_plain(files[row].hint, err->hint, sizeof(err->hint));
}

/* The options that take files of a kind. */
const struct cli_taker cli_takers[] = {{SIGNET_FILE_CONFIG, "config"},
                                       {SIGNET_FILE_JSON, "server"},
                                       {SIGNET_FILE_JSON, "cert-info"},
                                       {SIGNET_FILE_PACKET, "packet"},
                                       {SIGNET_FILE_CERT, "server-cert"},
                                       {SIGNET_FILE_CERT, "device-cert"},
                                       {SIGNET_FILE_SIGNING_KEY, "sign"},
                                       {SIGNET_FILE_KEY, "sign"},
                                       {SIGNET_FILE_KEY, "key"},
                                       {SIGNET_FILE_AUTHORITY, "authority"},
                                       {0}};

bool cli_names_taker(const char *name, const char *path)
{
    for (size_t i = 0; cli_takers[i].option; i++)
        if (!strncmp(cli_takers[i].option, name, strlen(name)) &&
            cli_takers[i].kind == cli_file_kind(path))
            return true;
    return false;
}
