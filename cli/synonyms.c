/* SPDX-License-Identifier: Apache-2.0 */
/* Words of other programs in place of a noun or a verb, and what they are called here. */
#include "cli.h"

#include <string.h>

/* noun "": in place of a noun */
static const struct {
    const char *noun, *words, *meant;
} commands[] = {
    {"", " dry-run dryrun validate ", "run --dry-run"},
    {"", " start deploy produce ", "run"},
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
    {"", " devices ls ", "ledger list"},
    {"", " keygen ", "cert make"},
    {"order", " check lint test validate show plan ", "run --dry-run"},
    {"order", " run start ", "run"},
    {"order", " status ", "line status"},
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
    {"packet", " write send flash ", "provision"},
    {"object", " check verify validate ", "object import --dry-run"},
    {"cert", " list ls ", "cert show"},
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

const char *cli_word_meant(const struct noun *noun, const char *word,
                           char out[static CLI_MEANT_SIZE])
{
    char wanted[40];
    int n = snprintf(wanted, sizeof(wanted), " %s ", word);

    if (strchr(word, ' ') || n >= (int)sizeof(wanted))
        return NULL;
    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
        if (!strcmp(commands[i].noun, noun ? noun->name : "") && strstr(commands[i].words, wanted))
            return commands[i].meant;
    for (size_t i = 0; noun && i < sizeof(verbs) / sizeof(verbs[0]); i++)
        if (strstr(verbs[i][0], wanted) && cli_find_verb(noun, verbs[i][1])) {
            snprintf(out, CLI_MEANT_SIZE, "%s %s", noun->name, verbs[i][1]);
            return out;
        }
    return NULL;
}
