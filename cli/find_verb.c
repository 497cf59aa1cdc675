/* SPDX-License-Identifier: Apache-2.0 */
/* Words that are no command, and the commands that they may mean: other programs' words for verbs
 * and nouns, slips and other endings of those and of ours, then what summaries, arguments and
 * options of the verbs say. */
#include "cli.h"

#include <ctype.h>
#include <string.h>

#define COUNT_OF(x) (sizeof(x) / sizeof((x)[0]))

/* Verbs; noun "": of none. */
static const struct {
    const char *noun, *words, *meant;
} commands[] = {
    {"", " dry-run dryrun validate ", "run --dry-run"},
    {"", " start begin deploy produce apply ", "run"},
    {"", " flash program write_flash write-flash burn ", "provision"},
    {"", " simulate simulator emulator ", "sim"},
    {"", " enroll enrol onboard ", "register"},
    {"", " config encode ", "packet make"},
    {"", " decode ", "packet show"},
    {"", " serve web gui dashboard ", "page"},
    {"", " devices device ls ", "ledger list"},
    {"", " slots slot status monitor watch top ", "line status"},
    {"", " key keypair ", "cert make"},
    {"", " man manual usage docs ", "help"},
    {"", " erase erase_flash erase-flash wipe ", "smp image erase"},
    {"", " server-certificate tls ", "cert fetch"},
    {"", " tutorial quickstart setup demo ", "init"},
    {"order", " check lint test validate show plan ", "run --dry-run"},
    {"order", " new create make init template add ", "init"},
    {"order", " list ls ", "ledger stats"},
    {"server", " delete remove unregister rm ", "register --remove"},
    {"server", " add create enroll ", "register"},
    {"server", " find search list devices ", "register --find"},
    {"server", " test ping status ", "server check"},
    {"server", " info show ", "server capabilities"},
    {"server", " start run serve sim ", "sim server"},
    {"line", " continue unpause go ", "line resume"},
    {"line", " hold halt ", "line pause"},
    {"line", " quit end kill abort ", "line stop"},
    {"line", " info show list ls watch monitor stats ", "line status"},
    {"ledger", " status statistics summary count ", "ledger stats"},
    {"ledger", " rm delete remove del revoke cancel retire ", "ledger void"},
    {"ledger", " merge load add ", "ledger import"},
    {"ledger", " restore rollback ", "ledger recover"},
    {"ledger", " dump ", "ledger export"},
    {"ledger", " log events device history ", "ledger show"},
    {"ledger", " fsck audit ", "ledger verify"},
    {"ledger", " retry redo reset undo unvoid ", "ledger rework"},
    {"ledger", " purge clean prune ", "ledger archive"},
    {"ledger", " copy clone snapshot ", "ledger backup"},
    {"ledger", " sign ", "ledger witness"},
    {"packet", " write send flash install push transfer ", "provision"},
    {"object", " check verify validate ", "object import --dry-run"},
    {"cert", " verify check validate test expiry ", "cert show"},
    {"cert", " issue csr ", "cert sign"},
    {"cert", " download get ", "cert fetch"},
    {"cert", " keygen genkey gencert ", "cert make"},
    {"board", " ports scan detect ", "board list"},
    {"smp", " flash install update ", "smp image upload"},
    {"smp", " put push write ", "smp upload"},
    {"smp", " get pull read ", "smp download"},
    {"smp", " ping ", "smp echo"},
    {"smp", " reboot restart ", "smp reset"},
    {"smp", " exec run console ", "smp shell"},
    {"smp", " stat version status ", "smp info"},
    {"smp", " config ", "smp settings"},
    {"smp", " sha256 checksum crc ", "smp hash"},
    {"smp settings", " get show cat print ", "read"},
    {"smp settings", " set put store ", "write"},
    {"smp settings", " rm remove del erase unset ", "delete"},
    {"smp settings", " apply ", "commit"},
    {"smp image", " ls show info state ", "list"},
    {"smp image", " flash install update upgrade write put push ", "upload"},
    {"smp image", " swap try ", "test"},
    {"smp image", " permanent accept ok ", "confirm"},
    {"smp image", " rm remove del delete clear ", "erase"},
    {"sim", " leshan coiote thingsboard est ", "sim server --kind"},
    {"sim", " boards line ", "sim rack"},
    {"sim", " device ", "sim board"},
    {"station", " status info show ", "station check"},
    {"label", " reprint ", "label print"},
    {"label", " scan verify check ", "label read"},
};

/* What every noun calls the same. */
static const char *const verbs[][2] = {
    {" ls all search find query dir devices show ", "list"},
    {" history info view cat print dump decode display describe inspect read get preview render "
     "list ls ",
     "show"},
    {" create new generate gen build encode add ", "make"},
    {" new make generate gen add init ", "create"},
    {" add install load ", "import"},
    {" verify validate test lint ", "check"},
    {" check validate test lint ", "verify"},
    {" save ", "export"},
};

static const char *const nouns[][2] = {
    {" ca pki issuer authorities ", "authority"},
    {" device devices db database record ", "ledger"},
    {" certificate certs crt x509 ", "cert"},
    {" job batch ", "order"},
    {" sticker tag ", "label"},
    {" config cfg senml ", "packet"},
    {" port usb ", "board"},
    {" mcumgr mcuboot ", "smp"},
    {" slots run slot ", "line"},
    {" leshan coiote thingsboard ", "server"},
};

/* Letters that only end a word. */
static bool only_ends(const char *at, size_t len, bool plural)
{
    char wanted[8];
    snprintf(wanted, sizeof(wanted), " %.*s ", (int)(len > 4 ? 4 : len), at);
    return !len || strstr(plural ? " s " : " s es ed d ing er r e or ion ies y ", wanted);
}

/* The same; loose: with another ending, or a slip. */
static bool alike(const char *word, const char *known, size_t len, bool loose)
{
    size_t n = strlen(word), same = 0, tail = 0;
    while (same < n && same < len && word[same] == tolower((unsigned char)known[same]))
        same++;
    if (!loose || (same == n && same == len))
        return same == n && same == len;
    if (same > 1 && only_ends(word + same, n - same, same < 4) &&
        only_ends(known + same, len - same, same < 4))
        return true;
    while (tail < n - same && tail < len - same && word[n - 1 - tail] == known[len - 1 - tail])
        tail++;
    size_t a = n - same - tail, b = len - same - tail;
    return n > 4 && len > 4 &&
           ((a <= 1 && b <= 1) ||
            (a == 2 && b == 2 && word[same] == known[same + 1] && word[same + 1] == known[same]));
}

/* words: of a row, or of a sentence. */
static bool is_among(const char *word, const char *words, bool loose)
{
    static const char between[] = " ,;:.?()[]|/";
    for (size_t len; *(words += strspn(words, between)); words += len) {
        len = strcspn(words, between);
        if (alike(word, words, len, loose))
            return true;
    }
    return false;
}

static bool add_meant(struct cli_meant *out, const char *noun, const char *verb)
{
    for (size_t i = 0; i <= out->count && i < CLI_MEANT_MAX; i++) {
        if (i == out->count)
            out->count += snprintf(out->command[i], CLI_MEANT_SIZE, "%s%s%s", noun,
                                   *noun && *verb ? " " : "", verb) > 0;
        if (!strcmp(out->command[i] + strlen(noun) + (*noun && *verb), verb))
            break;
    }
    return true;
}

/* others: also what other programs call it. */
static const struct noun *noun_like(const char *word, bool others, bool loose)
{
    for (const struct noun *noun = cli_nouns; word && noun->name; noun++)
        if (alike(word, noun->name, strlen(noun->name), loose))
            return noun;
    for (size_t i = 0; word && others && i < COUNT_OF(nouns); i++)
        if (is_among(word, nouns[i][0], loose))
            return cli_find_noun(nouns[i][1]);
    return NULL;
}

static bool in_rows(const char *noun, const char *word, bool loose, struct cli_meant *out)
{
    for (size_t i = 0; i < COUNT_OF(commands); i++) {
        size_t len = strlen(commands[i].noun);
        const char *meant = commands[i].meant;
        bool own =
            !strncmp(meant, commands[i].noun, len) && meant[len] == ' ' && !strchr(meant, '-');
        bool of = !strcmp(commands[i].noun, noun) || (!*noun && own);
        if (of && is_among(word, commands[i].words, loose))
            return add_meant(out, "", commands[i].meant);
    }
    return false;
}

static bool verb_like(const struct noun *noun, const char *word, bool loose, struct cli_meant *out)
{
    for (const struct verb *verb = noun->verbs; verb->name; verb++)
        if (verb->name[0] && alike(word, verb->name, strlen(verb->name), loose))
            return add_meant(out, noun->name, verb->name);
    if (in_rows(noun->name, word, loose, out))
        return true;
    for (size_t i = 0; i < COUNT_OF(verbs); i++)
        if (is_among(word, verbs[i][0], loose) && cli_find_verb(noun, verbs[i][1]))
            return add_meant(out, noun->name, verbs[i][1]);
    return false;
}

static bool is_verb(const char *word)
{
    bool is = false;
    for (size_t i = 0; i < COUNT_OF(verbs); i++)
        is = is || is_among(word, verbs[i][0], false) || !strcmp(verbs[i][1], word);
    return is;
}

/* The verbs of that name, of all nouns. */
static bool verbs_named(const char *word, struct cli_meant *out)
{
    for (const struct noun *noun = cli_nouns; noun->name; noun++)
        if (cli_find_verb(noun, word))
            add_meant(out, noun->name, word);
    return out->count > 0;
}

/* "packet-show", "packet.show", "packetshow" */
static bool is_glued(const char *word, struct cli_meant *out)
{
    for (const struct noun *noun = cli_nouns; noun->name; noun++) {
        size_t len = strlen(noun->name);
        if (strncmp(noun->name, word, len) != 0 || !word[len])
            continue;
        const char *verb = word + len + (strchr("-_.:/ ", word[len]) != NULL);
        if (*verb && verb_like(noun, verb, false, out))
            return true;
    }
    return false;
}

static const struct {
    enum signet_file_kind kind;
    const char *noun, *command;
} of_files[] = {{SIGNET_FILE_ORDER, "order", "run"},
                {SIGNET_FILE_CONFIG, "packet", "packet make -c"},
                {SIGNET_FILE_PACKET, "packet", "packet show"},
                {SIGNET_FILE_LEDGER, "ledger", "ledger list"},
                {SIGNET_FILE_CERT, "cert", "cert show"},
                {SIGNET_FILE_KEY, "cert", "cert show"},
                {SIGNET_FILE_JSON, "server", "server check"},
                {SIGNET_FILE_AUTHORITY, "authority", "authority show"},
                {SIGNET_FILE_DEFINITION, "object", "object import"}};

const char *cli_command_of_file(const char *path, const struct noun **noun)
{
    enum signet_file_kind kind = path ? cli_file_kind(path) : SIGNET_FILE_UNKNOWN;
    for (size_t i = 0; i < COUNT_OF(of_files); i++)
        if (of_files[i].kind == kind) {
            *noun = cli_find_noun(of_files[i].noun);
            return of_files[i].command;
        }
    return NULL;
}

/* Two words, of which neither is a command. */
static bool pair_like(const char *word, const char *next, bool loose, struct cli_meant *out)
{
    const struct noun *noun = noun_like(next, false, loose);
    if (noun && verb_like(noun, word, loose, out)) /* "show packets" */
        return true;
    noun = noun_like(word, true, loose);
    if (noun && verb_like(noun, next, loose, out)) /* "ca create" */
        return true;
    if (is_verb(word) && in_rows("", next, loose, out)) /* "get devices" */
        return true;
    return cli_command_of_file(next, &noun) && verb_like(noun, word, loose, out); /* "check cfg" */
}

/* "test" of "list | test HASH|FILE" */
static bool is_argument(const char *word, const char *doc)
{
    const char *at = strstr(doc, word);
    size_t len = strlen(word);
    return at && islower((unsigned char)*word) && (at == doc || strchr(" |", at[-1])) &&
           (!at[len] || strchr(" |", at[len]));
}

/* A verb that speaks of it: in its summary or as an argument, or, lesser, as an option. */
static void speaks_of(const struct noun *noun, const struct verb *verb, const char *word,
                      struct cli_meant *out, struct cli_meant *lesser)
{
    char more[CLI_MEANT_SIZE], dashes[CLI_MEANT_SIZE];
    const char *doc;
    bool option = cli_verb_has(noun, verb, word, &doc);
    snprintf(more, sizeof(more), "%s%s%.30s", verb->name, *verb->name ? " " : "", word);
    snprintf(dashes, sizeof(dashes), "%s%s--%.30s", verb->name, *verb->name ? " " : "", word);
    if (is_argument(word, doc))
        add_meant(out, noun->name, more);
    else if (strlen(word) > 3 && is_among(word, verb->summary, true))
        add_meant(out, noun->name, verb->name);
    else if (option)
        add_meant(lesser, noun->name, dashes);
}

/* Of one noun, or NULL: of all. More than two say nothing. */
static bool verbs_of(const struct noun *of, const char *word, struct cli_meant *out)
{
    struct cli_meant best = {.count = 0}, lesser = {.count = 0};
    for (const struct noun *noun = of ? of : cli_nouns; noun->name; noun++) {
        for (const struct verb *verb = noun->verbs; verb->name; verb++)
            speaks_of(noun, verb, word, &best, &lesser);
        if (of)
            break;
    }
    *out = best.count ? best : lesser;
    out->count = out->count > 2 ? 0 : out->count;
    return out->count > 0;
}

static bool nearest(const struct noun *of, const char *word, struct cli_meant *out)
{
    const char *names[64];
    size_t n = 0;
    for (const struct verb *verb = of ? of->verbs : NULL; verb && verb->name; verb++)
        names[n++] = verb->name;
    for (const struct noun *noun = cli_nouns; !of && noun->name; noun++)
        names[n++] = noun->name;
    if (!of) {
        names[n++] = "help";
        names[n++] = "version";
    }
    const char *near = signet_word_nearest(word, names, n);
    bool opposite = near && !strncmp(word, "un", 2) && !strcmp(word + 2, near);
    return near && !opposite && add_meant(out, of ? of->name : "", near);
}

bool cli_find_meant(const struct noun *of, const char *word, const char *next,
                    struct cli_meant *out)
{
    *out = (struct cli_meant){.count = 0};
    word += of ? strspn(word, "-") : 0; /* "ledger --list" */
    for (int loose = 0; loose < 2; loose++)
        if (of ? verb_like(of, word, loose, out)
               : is_glued(word, out) || (next && pair_like(word, next, loose, out)))
            return true;
    if (of && cli_find_noun(word)) /* "ledger report" */
        return add_meant(out, "", word);
    if ((of && verbs_of(of, word, out)) || (!(of && is_verb(word)) && verbs_named(word, out)) ||
        in_rows("", word, false, out))
        return true;
    const struct noun *noun = noun_like(word, true, false), *filed = NULL;
    const char *command = cli_command_of_file(next, &filed);
    if (noun && !of) /* "x509 -in ca.pem" */
        return add_meant(out, "", command && filed == noun ? command : noun->name);
    return nearest(of, word, out) || in_rows("", word, true, out) || verbs_of(NULL, word, out);
}

const char *cli_action_meant(const char *verb, const char *word)
{
    verb += strlen("signet ");
    for (size_t i = 0; i < COUNT_OF(commands); i++)
        if (!strcmp(commands[i].noun, verb) && is_among(word, commands[i].words, true))
            return commands[i].meant;
    return NULL;
}
