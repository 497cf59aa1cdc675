/* SPDX-License-Identifier: Apache-2.0 */
/* Words of other programs in place of a noun or a verb, and what they are called here. */
#include "cli.h"

#include <string.h>

/* noun "": in place of a noun */
static const struct {
    const char *noun, *words, *meant;
} commands[] = {
    {"", " dry-run dryrun validate ", "run --dry-run"},
    {"", " start begin deploy produce ", "run"},
    {"", " flash program ", "provision"},
    {"", " simulate simulator ", "sim"},
    {"", " restore ", "ledger recover"},
    {"", " config encode ", "packet make"},
    {"", " decode ", "packet show"},
    {"", " info ", "board info"},
    {"", " enroll enrol onboard ", "register"},
    {"", " history log ", "ledger show"},
    {"", " monitor watch top ", "line status"},
    {"", " serve web gui dashboard ", "page"},
    {"", " ports ", "board list"},
    {"", " devices device ls ", "ledger list"},
    {"", " slots slot status ", "line status"},
    {"", " ca issuer pki ", "authority show"},
    {"", " key keypair ", "cert make"},
    {"", " leshan coiote thingsboard ", "server check"},
    {"", " man manual usage docs ", "help"},
    {"", " erase wipe ", "smp image erase"},
    {"", " object-list objects resources ", "object list"},
    {"", " server-certificate tls ", "cert fetch"},
    {"", " backup ", "ledger backup"},
    {"", " tutorial quickstart setup demo ", "init"},
    {"", " keygen ", "cert make"},
    {"order", " check lint test validate show plan ", "run --dry-run"},
    {"order", " run start ", "run"},
    {"order", " new create make init template add ", "init"},
    {"order", " status ", "line status"},
    {"order", " list ls ", "ledger stats"},
    {"server", " delete remove unregister rm ", "register --remove"},
    {"server", " add create enroll ", "register"},
    {"server", " find search list devices ", "register --find"},
    {"line", " start run begin ", "run"},
    {"line", " continue unpause go ", "line resume"},
    {"line", " hold halt ", "line pause"},
    {"line", " quit end kill abort ", "line stop"},
    {"line", " info show list ls watch monitor stats ", "line status"},
    {"ledger", " status summary count ", "ledger stats"},
    {"ledger", " rm delete remove del revoke ", "ledger void"},
    {"ledger", " merge load add ", "ledger import"},
    {"ledger", " restore rollback ", "ledger recover"},
    {"ledger", " dump ", "ledger export"},
    {"ledger", " log events device ", "ledger show"},
    {"ledger", " fsck audit ", "ledger verify"},
    {"ledger", " retry redo reset ", "ledger rework"},
    {"ledger", " purge clean prune ", "ledger archive"},
    {"ledger", " copy ", "ledger backup"},
    {"packet", " verify ", "packet check"},
    {"packet", " write send flash install push transfer ", "provision"},
    {"object", " check verify validate ", "object import --dry-run"},
    {"cert", " list ls verify check validate test ", "cert show"},
    {"cert", " issue ", "cert sign"},
    {"cert", " download get ", "cert fetch"},
    {"cert", " keygen ", "cert make"},
    {"board", " flash program provision write ", "provision"},
    {"board", " scan detect ", "board list"},
    {"board", " reset reboot ", "smp reset"},
    {"smp", " flash install update ", "smp image upload"},
    {"smp", " list ", "smp image list"},
    {"smp", " test ", "smp image test"},
    {"smp", " confirm ", "smp image confirm"},
    {"smp", " erase ", "smp image erase"},
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
    {"sim", " slots boards line ", "sim rack"},
    {"sim", " device ", "sim board"},
    {"server", " test ping status ", "server check"},
    {"server", " info show ", "server capabilities"},
    {"server", " start run serve sim ", "sim server"},
    {"station", " status info test show ", "station check"},
    {"label", " reprint ", "label print"},
    {"label", " scan verify check ", "label read"},
};

/* What every noun calls the same. */
static const char *const verbs[][2] = {
    {" history info view cat print dump decode display describe inspect read get preview render ",
     "show"},
    {" ls all search find devices query dir show ", "list"},
    {" create new generate gen build encode add ", "make"},
    {" new make generate gen add init ", "create"},
    {" add install load ", "import"},
    {" validate test lint ", "check"},
    {" check validate test lint ", "verify"},
    {" save ", "export"},
};

const struct verb *cli_find_verb(const struct noun *noun, const char *word)
{
    for (const struct verb *verb = noun->verbs; verb->name; verb++)
        if (verb->name[0] && !strcmp(verb->name, word))
            return verb;
    return NULL;
}

const char *cli_noun_meant(const char *word)
{
    static const char *const nouns[][2] = {
        {" ca pki issuer authorities ", "authority"},
        {" device devices db database record ", "ledger"},
        {" certificate certificates certs crt x509 ", "cert"},
        {" job batch orders ", "order"},
        {" labels sticker tag ", "label"},
        {" config cfg senml ", "packet"},
        {" port usb boards ", "board"},
        {" mcumgr mcuboot ", "smp"},
        {" slots run slot ", "line"},
        {" leshan coiote thingsboard servers ", "server"},
    };
    char wanted[40];
    snprintf(wanted, sizeof(wanted), " %.30s ", word);
    for (size_t i = 0; i < sizeof(nouns) / sizeof(nouns[0]); i++)
        if (strstr(nouns[i][0], wanted))
            return nouns[i][1];
    return NULL;
}

bool cli_word_is_verb(const char *word)
{
    char wanted[40];
    bool is = false;

    snprintf(wanted, sizeof(wanted), " %.30s ", word);
    for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++)
        is = is || strstr(verbs[i][0], wanted) || !strcmp(verbs[i][1], word);
    return is;
}

static const char *meant_of(const char *noun, const char *wanted)
{
    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
        if (!strcmp(commands[i].noun, noun) && strstr(commands[i].words, wanted))
            return commands[i].meant;
    return NULL;
}

const char *cli_action_meant(const char *verb, const char *word)
{
    char wanted[40];
    snprintf(wanted, sizeof(wanted), " %.30s ", word);
    return meant_of(verb + strlen("signet "), wanted);
}

const char *cli_word_meant(const struct noun *noun, const char *word,
                           char out[static CLI_MEANT_SIZE])
{
    char wanted[40];
    int n = snprintf(wanted, sizeof(wanted), " %s ", word);

    if (strchr(word, ' ') || n >= (int)sizeof(wanted))
        return NULL;
    const char *meant = meant_of(noun ? noun->name : "", wanted);
    if (meant)
        return meant;
    for (size_t i = 0; noun && i < sizeof(verbs) / sizeof(verbs[0]); i++)
        if (strstr(verbs[i][0], wanted) && cli_find_verb(noun, verbs[i][1])) {
            snprintf(out, CLI_MEANT_SIZE, "%s %s", noun->name, verbs[i][1]);
            return out;
        }
    return NULL;
}
