/* SPDX-License-Identifier: Apache-2.0 */
/* What people write for the keys of an order. */
#include "authority/authority.h"
#include "order/private.h"

static const char *const of_order[][2] = {
    {"count amount units number quantity qty total size devices",
     "did you mean 'quota'? It is the number of devices"},
    {"database db log record registry sqlite", "did you mean 'ledger'?"},
    {"config configuration cfg conf endpoint_cfg packet",
     "did you mean 'template'? It is the configuration of the devices"},
    {"endpoint endpoints endpoint_name prefix serials ids",
     "names are made by 'names': names: {pattern: \"x-{serial:06}\"}"},
    {"csv list table device_list", "a list of names stands in 'names': names: {manifest: "
                                   "devices.csv}"},
    {"ports tty com serial_port serial_ports fixtures jigs",
     "a board stands in a slot: slots: [{port: /dev/ttyACM0}]"},
    {"programmer debugger probe jlink openocd pyocd esptool nrfjprog",
     "the programmer of the boards: board: {recipe: anjay-zephyr, flasher: NAME}"},
    {"firmware image images hex binary bin app application",
     "programs of the boards: board: {recipe: anjay-zephyr, initial: FILE, final: FILE}"},
    {"baudrate baud_rate speed bitrate", "it stands in 'board': board: {baud: 115200}"},
    {"psk keys secret secrets psk_length key_length psk_size",
     "Signet makes the keys: credentials: {psk_bytes: 16} says how long they are"},
    {"cert certs certificate certificates subject",
     "what certificates say stands in a file: credentials: {cert_info: FILE}"},
    {"ca ca_cert ca_key issuer signer pki",
     "who signs the certificates: authority: {chain: ca.pem, key: ca.key}"},
    {"out out_dir outdir output_dir output_folder folder dir directory packets_dir",
     "without boards, packets go to an output: output: {packets: packets/}"},
    {"parallel threads workers jobs concurrency",
     "take it out: slots work at the same time, and packets are made on all cores"},
    {"timeout timeout_sec", "a proof has one: prove: {timeout_s: 20}"},
    {"test proof verify", "did you mean 'prove'? It proves that each device gets in"},
    {"mqtt webhook webhooks events callback",
     "who hears of events stands in 'notify': notify: [{file: events.ndjson}]"},
    {"zpl printer_address", "a label has two keys: label: {template: FILE, printer: "
                            "\"tcp://HOST:9100\"}"},
    {"user person worker", "did you mean 'operator'?"},
    {"bench host machine computer", "did you mean 'station'?"},
    {"bootstrap lifetime binding mode", "it stands in the configuration that 'template' names"},
    {"recipient recipients encrypt encrypt_to", "did you mean 'seal_to'?"},
    {NULL, NULL},
};

static const char *const of_names[][2] = {
    {"start from begin offset first_serial start_at min",
     "did you mean 'first'? It is the serial number of the first name"},
    {"last end to until max stop count quota",
     "'quota' in the order itself says how many names there are"},
    {"width digits padding pad zeros", "the pattern says it: {serial:06} has six digits"},
    {"file csv list table path", "did you mean 'manifest'?"},
    {"prefix suffix name names endpoint",
     "did you mean 'pattern'? It has {serial:06} where the number goes"},
    {NULL, NULL},
};

static const char *const of_output[][2] = {
    {"file path folder dir directory out packet ndjson",
     "did you mean 'packets'? It is a folder, FOLDER/, or FILE.ndjson"},
    {"csv table report list manifest", "did you mean 'records'?"},
    {"format type",
     "the name says it: packets: FOLDER/ is a file for each device, FILE.ndjson a line"},
    {NULL, NULL},
};

static const char *const of_slots[][2] = {
    {"usb usb_port usb_path",
     "did you mean 'hub'? It is the place of a port at a USB hub, such as 1-4.2"},
    {"tty device dev com path", "did you mean 'port'?"},
    {"serial_number sn usb_serial", "did you mean 'serial'?"},
    {NULL, NULL},
};

static const char *const of_board[][2] = {
    {"type kind name model chip board", "did you mean 'recipe'?"},
    {"programmer debugger tool", "did you mean 'flasher'?"},
    {"image firmware hex file app",
     "did you mean 'initial' (it loads the credentials) or 'final' (what the device goes out "
     "with)?"},
    {"baudrate baud_rate speed bitrate", "did you mean 'baud'?"},
    {"hash sha256 checksum", "did you mean 'initial_sha256' or 'final_sha256'?"},
    {"erase reset", "take it out: a recipe erases and resets the board as it needs"},
    {NULL, NULL},
};

static const char *const of_credentials[][2] = {
    {"psk psk_length psk_size key key_length length bytes size",
     "did you mean 'psk_bytes'? It is the length of the keys"},
    {"cert certificate subject", "did you mean 'cert_info'?"},
    {NULL, NULL},
};

static const char *const of_servers[][2] = {
    {"token api_key auth password",
     "did you mean 'token_file'? A secret stands in a file of its own"},
    {NULL, NULL},
};

static const char *const of_label[][2] = {
    {"zpl file path", "did you mean 'template'?"},
    {"address host url", "did you mean 'printer'? \"tcp://HOST:9100\""},
    {"copies count", "take it out: a label is printed once"},
    {NULL, NULL},
};

static const char *const of_prove[][2] = {
    {"server host url", "did you mean 'uri'? The packet's own servers are asked without it"},
    {"stack client device", "the order itself says it: device: NAME is what the firmware takes"},
    {NULL, NULL},
};

static const char *const of_notify[][2] = {
    {"mqtt webhook http https broker host", "did you mean 'url'?"},
    {"path log", "did you mean 'file'?"},
    {"secret token key hmac", "did you mean 'key_file'? A secret stands in a file of its own"},
    {"password", "did you mean 'password_file'? A secret stands in a file of its own"},
    {"username login", "did you mean 'user'?"},
    {NULL, NULL},
};

const struct key_words order_key_words[] = {
    {NULL, of_order},
    {"names", of_names},
    {"output", of_output},
    {"slots", of_slots},
    {"board", of_board},
    {"credentials", of_credentials},
    {"servers", of_servers},
    {"label", of_label},
    {"prove", of_prove},
    {"notify", of_notify},
    {"authority", authority_words},
    {NULL, NULL},
};
