/* SPDX-License-Identifier: Apache-2.0 */
/* The library's hints speak of things. Here are the words of the command line for them. */
#include "cli.h"

#include <string.h>

static const struct {
    const char *hint, *words;
} table[] = {
    {"name the endpoint", "-e NAME"},
    {"name the file of the server's certificate",
     "-p FILE; `signet cert fetch HOST:PORT` fetches it"},
    {"have both made", "-C FILE; or -k KEY -r CERT"},
    {"name a JSON file with the fields", "-C FILE"},
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

void cli_hint(const char *hint, char out[CLI_HINT_SIZE])
{
    const char *words = NULL;
    for (size_t i = 0; !words && i < sizeof(table) / sizeof(table[0]); i++)
        if (strstr(hint, table[i].hint))
            words = table[i].words;
    snprintf(out, CLI_HINT_SIZE, words ? "%s (%s)" : "%s", hint, words ? words : "");
}
