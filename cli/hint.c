/* SPDX-License-Identifier: Apache-2.0 */
/* The library's hints speak of things. Here are the words of the command line for them. */
#include "cli.h"

#include <errno.h>
#include <string.h>

struct words {
    const char *hint, *words;
};

static const struct words table[] = {
    {"name the endpoint", "-e NAME"},
    {"name the file of the server's certificate",
     "--server-cert FILE of provision; in an order, credentials: {server_cert: FILE}; `signet cert "
     "fetch HOST:PORT` fetches it"},
    {"have both made", "--cert-info FILE; or --key KEY --device-cert CERT"},
    {"name a JSON file with the fields", "--cert-info FILE"},
    {"the list of boards", "`signet board list`"},
    {"name the file of the token", "--token-file FILE, or SIGNET_TOKEN; in an order, token_file"},
    {"plain http has to be allowed", "--allow-http; in an order, allow_http: true"},
    {"allow it to be followed", "--follow HOST; in an order, prove: {follow: HOST}"},
    {"a private authority is named", "--ca-file FILE"},
    {"has to be converted to PEM", "openssl x509 -inform der -in FILE -out FILE.pem"},
    {"name the packet's path", "--packet-path PATH"},
    {"name the initial image", "--initial FILE, --image-dir DIR, --flasher none"},
    {"or force it", "--force"},
    {"if the part is locked, recover", "--flasher-recover; in an order, flasher_recover"},
    {"begin a new edition", "`signet ledger rework --new-edition LEDGER NAME`"},
    {"a rework lets", "`signet ledger rework LEDGER NAME`"},
    {"a rework of the slot", "`signet line rework --reason TEXT ORDER.yaml SLOT`"},
    {"limit on the size of files", "ulimit -f unlimited"},
    {"put the slot in again", "`signet line slot ORDER.yaml SLOT on`"},
    {"name this slot as its board", "`signet ledger rework --board slot:STATION/SLOT LEDGER NAME`"},
    {"without a rework", "`signet line retry ORDER.yaml SLOT`"},
    {"fetch the certificate of", "`signet cert fetch --dtls HOST:PORT`"},
    {"compare the fingerprints", "`signet cert show FILE`"},
    {"a speed is no part of", "--baud 115200; in an order, baud: 115200"},
    {"wait until it has ended",
     "`signet line status ORDER.yaml` shows it, `signet line stop ORDER.yaml` ends it"},
    {"a tool for tokens", "pkcs11-tool --login --list-objects"},
    {"decrypt the key first", "openssl pkey -in KEY -out PLAIN"},
    {"an object's resources are in its definition", "`signet object show OBJECT` lists them"},
    {"look at what is in the packet", "`signet packet show FILE`"},
    {"name both the certificate and its key", "--page-cert FILE, --page-key FILE"},
    {"name a certificate, its key and a file of logins",
     "--page-cert FILE, --page-key FILE, --page-logins FILE; `signet page password FILE NAME`"},
    {"the owner has to sign", "`signet order sign --sign FILE ORDER.yaml`"},
    {"who owns the product makes it", "`signet order sign --sign FILE ORDER.yaml`"},
    {"one that need not sign", "--unsigned STATION"},
    {"add the person anew", "`signet page password FILE NAME`"},
    {"add a person", "`signet page password FILE NAME`"},
    {"list of the ledger's devices", "`signet ledger list LEDGER`"},
    {"at the slot, while the order runs", "or --reason TEXT"},
    {"its history says", "`signet ledger show LEDGER NAME`"},
    {"the ledger's figures", "`signet ledger stats LEDGER`"},
    {"it is for a run", "`signet run FILE`"},
    {"a packet is made from it", "`signet packet make -c FILE`"},
    {"look at what the certificate says", "`signet cert show FILE`"},
    {"confirm that it is there",
     "`signet label confirm ORDER.yaml NAME`, `signet label print --reason TEXT ORDER.yaml NAME`"},
    {"can be accepted with a reason", "`signet ledger recover ORDER.yaml --yes --reason TEXT`"},
    {"can be kept from being given out again", "`signet ledger recover ORDER.yaml`"},
};

/* ptool has the options of the Python tool. */
static const struct words ptool[] = {
    {"name the file of the server's certificate",
     "-p FILE; `signet cert fetch HOST:PORT` fetches it"},
    {"have both made", "-C FILE; or -k KEY -r CERT"},
    {"name a JSON file with the fields", "-C FILE"},
};

/* What to do about an error that says nothing of it, by its code. */
static const char *const by_code[] = {
    [SIGNET_E_USAGE] = "signet-config(5) and signet-order(5) have what can stand there",
    [SIGNET_E_SYNTAX] = "is it the file that was meant, and was it copied whole?",
    [SIGNET_E_MEANING] = "signet-config(5) and signet-order(5) have what can stand there",
    [SIGNET_E_LIMIT] = "make it smaller, or make several of it",
    [SIGNET_E_NOMEM] = "end other programs, then try again",
    [SIGNET_E_IO] = "look at the path, at who may write there, and at the room on the disk",
    [SIGNET_E_CRYPTO] = "does this key belong to it?",
    [SIGNET_E_CERT] = "`signet cert show FILE` shows what a certificate says",
    [SIGNET_E_NET] = "is the other side there, and are host and port right?",
    [SIGNET_E_SERVER] = "ask who runs the server; `signet server check FILE` tries it",
    [SIGNET_E_AUTH] = "get a new token; `signet server check FILE` tries it",
    [SIGNET_E_EXISTS] = "choose another name, or move away what is there",
    [SIGNET_E_NOT_FOUND] = "is the name written as it was given?",
    [SIGNET_E_TIMEOUT] = "is the other side on, and can it be reached? Then try again",
    [SIGNET_E_CANCELLED] = "the same command does it anew, or goes on",
    [SIGNET_E_LINK] = "is the board plugged in and on? `signet board list` shows the ports",
    [SIGNET_E_SMP] = "does this firmware have it? `signet smp info --port PORT` asks the board",
    [SIGNET_E_FLASH] = "try the programmer's own tool by hand: it may say more",
    [SIGNET_E_BOARD] = "take another board, or look at what this one writes to its console",
    [SIGNET_E_PROVISIONED] = "erase the board first, or take another one",
    [SIGNET_E_WRONG_BOARD] = "is this the board that was meant?",
    [SIGNET_E_LEDGER] = "keep a copy as it is, then `signet ledger verify LEDGER`",
    [SIGNET_E_CONFLICT] = "`signet ledger show LEDGER NAME` shows whose it is",
    [SIGNET_E_QUOTA] = "raise 'quota' in the order",
    [SIGNET_E_UNSUPPORTED] = "take another way: this one cannot be done here",
    [SIGNET_E_BUSY] = "wait for the other program, or end it",
    [SIGNET_E_PROOF] = "`signet packet show FILE` shows where the packet goes",
    [SIGNET_E_SEAL] = "`signet ledger rework LEDGER NAME` lets it be made again",
    [SIGNET_E_RULE] = "find out why boards fail, then run the order again",
};

/* The same of what the system said. */
static const char *of_system(int sys)
{
    switch (sys) {
    case ENOTDIR:
        return "a file has the name of a folder: name another one";
    case EACCES:
    case EPERM:
        return "this user may not: change owner or mode, or work as the owner";
    case EROFS:
        return "the disk is mounted for reading alone: name a place on another one";
    case ENOSPC:
    case EDQUOT:
        return "make room on the disk, then the same command goes on";
    case EBADF:
        return "something closed it: take >&- out of the command or of its service";
    case EFBIG:
        return "a limit of this shell or service is lower than the file: ulimit -f unlimited";
    case EMFILE:
        return "a limit of this shell or service is too low: ulimit -n 1024";
    default:
        return NULL;
    }
}

const char *cli_hint_of_error(const struct signet_error *err)
{
    enum signet_code code = err->code;
    const char *hint = code == SIGNET_E_IO ? of_system(err->sys) : NULL;
    if (!hint && code >= 0 && (size_t)code < sizeof(by_code) / sizeof(by_code[0]))
        hint = by_code[code];
    return hint ? hint : "";
}

static const char *words_for(const char *hint, const struct words *words, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strstr(hint, words[i].hint))
            return words[i].words;
    return NULL;
}

void cli_hint(const char *hint, bool of_ptool, char out[CLI_HINT_SIZE])
{
    const char *words = of_ptool ? words_for(hint, ptool, sizeof(ptool) / sizeof(ptool[0])) : NULL;
    if (!words)
        words = words_for(hint, table, sizeof(table) / sizeof(table[0]));
    snprintf(out, CLI_HINT_SIZE, words ? "%s (%s)" : "%s", hint, words ? words : "");
}
