/* SPDX-License-Identifier: Apache-2.0 */
/* The library's hints speak of things. Here are the words of the command line for them. */
#include "cli.h"

#include <string.h>

struct words {
    const char *hint, *words;
};

static const struct words table[] = {
    {"name the endpoint", "-e NAME"},
    {"name the file of the server's certificate",
     "--server-cert FILE; `signet cert fetch HOST:PORT` fetches it"},
    {"have both made", "--cert-info FILE; or --key KEY --device-cert CERT"},
    {"name a JSON file with the fields", "--cert-info FILE"},
    {"the list of boards", "`signet board list`"},
    {"name the file of the token", "--token-file FILE; in an order, token_file"},
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
    {"fetch the certificate of", "`signet cert fetch --dtls HOST:PORT`"},
    {"compare the fingerprints", "`signet cert show FILE`"},
    {"a tool for tokens", "pkcs11-tool --login --list-objects"},
    {"decrypt the key first", "openssl pkey -in KEY -out PLAIN"},
    {"look at what is in the packet", "`signet packet show FILE`"},
    {"add the person anew", "`signet page password FILE NAME`"},
    {"add a person", "`signet page password FILE NAME`"},
    {"list of the ledger's devices", "`signet ledger list LEDGER`"},
    {"the ledger's figures", "`signet ledger stats LEDGER`"},
    {"it is for a run", "`signet run FILE`"},
    {"a packet is made from it", "`signet packet make -c FILE`"},
    {"look at what the certificate says", "`signet cert show FILE`"},
    {"can be kept from being given out again", "`signet ledger recover ORDER.yaml`"},
};

/* ptool has the options of the Python tool. */
static const struct words ptool[] = {
    {"name the file of the server's certificate",
     "-p FILE; `signet cert fetch HOST:PORT` fetches it"},
    {"have both made", "-C FILE; or -k KEY -r CERT"},
    {"name a JSON file with the fields", "-C FILE"},
};

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
