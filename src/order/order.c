/* SPDX-License-Identifier: Apache-2.0 */
/* Work orders: the keys of the file. */
#include "authority/authority.h"
#include "lwm2m/lwm2m.h"
#include "order/private.h"

#include <stdlib.h>
#include <unistd.h>

enum { ORDER_MAX = 256 * 1024 };

struct board {
    const char *recipe;
    struct signet_board_options options;
};

#define BOARD(key, member, type) ENTRY_WITHIN(key, type, board, options.member, 0, INT32_MAX)
static const struct entry board_keys[] = {
    ENTRY("recipe", ENTRY_TEXT, board, recipe),
    BOARD("recipe_", recipe, ENTRY_OPTIONS),
    BOARD("flasher", flasher, ENTRY_TEXT),
    BOARD("flasher_tool", flash.tool, ENTRY_PATH),
    BOARD("flasher_timeout_ms", flash.timeout_ms, ENTRY_INT),
    BOARD("flasher_", flash.options, ENTRY_OPTIONS),
    BOARD("initial", initial, ENTRY_PATH),
    BOARD("final", final, ENTRY_PATH),
    BOARD("image_dir", image_dir, ENTRY_PATH),
    BOARD("initial_sha256", initial_sha256, ENTRY_TEXT),
    BOARD("final_sha256", final_sha256, ENTRY_TEXT),
    BOARD("vcom", vcom, ENTRY_UNSIGNED),
    ENTRY_WITHIN("baud", ENTRY_UNSIGNED, board, options.baud, 50, 20000000),
    BOARD("smp_version", smp_version, ENTRY_INT),
    BOARD("smp_timeout_ms", smp_timeout_ms, ENTRY_INT),
    BOARD("smp_line_length", smp_line_length, ENTRY_UNSIGNED),
    BOARD("smp_packet_size", smp_packet_size, ENTRY_UNSIGNED),
    BOARD("port_options", port_options, ENTRY_TEXT),
    BOARD("ready_text", ready_text, ENTRY_RAW),
    BOARD("provisioned_text", provisioned_text, ENTRY_RAW),
    BOARD("restored_text", restored_text, ENTRY_RAW),
    BOARD("prompt", prompt, ENTRY_RAW),
    BOARD("endpoint_path", endpoint_path, ENTRY_TEXT),
    BOARD("packet_path", packet_path, ENTRY_TEXT),
    BOARD("result_path", result_path, ENTRY_TEXT),
    BOARD("success_text", success_text, ENTRY_RAW),
    BOARD("ready_timeout_ms", ready_timeout_ms, ENTRY_INT),
    BOARD("result_timeout_ms", result_timeout_ms, ENTRY_INT),
    BOARD("restored_timeout_ms", restored_timeout_ms, ENTRY_INT),
};

static int read_board(struct reader *r, yaml_node_t *node)
{
    struct signet_order *o = r->root;
    struct board board = {0};
    int rc = reader_map(r, node, board_keys, COUNT_OF(board_keys), &board);

    if (rc != SIGNET_OK)
        return rc;
    if (!board.recipe)
        return reader_fail_hint(r, node,
                                "such as {recipe: anjay-zephyr}: how its packet gets there",
                                "the board has no 'recipe'");
    o->recipe = board.recipe;
    o->board = board.options;
    return SIGNET_OK;
}

static const struct entry server_keys[] = {
    ENTRY("file", ENTRY_PATH, signet_order_server, file),
    ENTRY("name", ENTRY_TEXT, signet_order_server, name),
    ENTRY("token_file", ENTRY_PATH, signet_order_server, token_file),
    ENTRY("ca_file", ENTRY_PATH, signet_order_server, ca_file),
    ENTRY("pin", ENTRY_TEXT, signet_order_server, pin),
    ENTRY("account", ENTRY_TEXT, signet_order_server, account),
    ENTRY("allow_http", ENTRY_FLAG, signet_order_server, allow_http),
};

/* What people call it when they said nothing: the file's name, without folder and ".json". */
static const char *base_name(struct reader *r, const char *file)
{
    const char *slash = strrchr(file, '/'), *base = slash ? slash + 1 : file;
    size_t len = strlen(base);

    if (len > 5 && strcmp(base + len - 5, ".json") == 0)
        len -= 5;
    return reader_keep(r, base, len);
}

static int read_server(struct reader *r, yaml_node_t *node)
{
    struct signet_order *o = r->root;
    struct signet_order_server *server = &o->servers[o->server_count];
    int rc = reader_map(r, node, server_keys, COUNT_OF(server_keys), server);

    if (rc != SIGNET_OK)
        return rc;
    if (!server->file)
        return reader_fail_hint(r, node, "such as {file: coiote.json}: the JSON file of the server",
                                "a server has a 'file'");
    if (!server->name && !(server->name = base_name(r, server->file)))
        return SIGNET_E_NOMEM;
    if (!server->name[0] || strlen(server->name) > 40)
        return reader_fail_hint(r, node, "give it a shorter 'name'",
                                "a server's name has 1 to 40 characters");
    for (size_t i = 0; i < o->server_count; i++)
        if (strcmp(o->servers[i].name, server->name) == 0)
            return reader_fail_hint(r, node,
                                    strcmp(o->servers[i].file, server->file)
                                        ? "give one of them another 'name'"
                                        : "it is one file: leave one of the two out, or give it "
                                          "another 'name'",
                                    "two servers are called '%s'", server->name);
    o->server_count++;
    return SIGNET_OK;
}

#define ORDER(key, member, type, min, max) ENTRY_WITHIN(key, type, signet_order, member, min, max)
#define PART(key, function)                ENTRY_READ(key, ENTRY_MAP, 0, function)

static const struct entry name_keys[] = {
    ORDER("manifest", manifest, ENTRY_PATH, 0, 0),
    ORDER("delimiter", delimiter, ENTRY_MARK, 0, 0),
    ORDER("pattern", pattern, ENTRY_TEXT, 0, 0),
    ORDER("first", first, ENTRY_NUMBER, 0, INT64_C(999999999999999)),
    ORDER("from_board", from_board, ENTRY_FLAG, 0, 0),
};

static int read_names(struct reader *r, yaml_node_t *node)
{
    struct signet_order *o = r->root;
    int rc = reader_map(r, node, name_keys, COUNT_OF(name_keys), o);

    if (rc == SIGNET_OK && !o->manifest && (o->delimiter || o->from_board))
        rc = reader_fail_hint(r, node, "names: {manifest: devices.csv}, or take it out",
                              "'%s' goes with a 'manifest'",
                              o->delimiter ? "delimiter" : "from_board");
    if (rc == SIGNET_OK && o->pattern && !o->manifest && !strstr(o->pattern, "{serial}") &&
        !strstr(o->pattern, "{serial:"))
        rc = reader_fail_word(
            r, o->pattern,
            "a pattern has {serial} or {serial:06} in it once; other names in braces "
            "are columns of a 'manifest'",
            "'%.80s' is not a pattern of names", o->pattern);
    return rc;
}

static const struct entry credential_keys[] = {
    ORDER("psk_bytes", psk_len, ENTRY_NUMBER, 16, 64),
    ORDER("psk_hex", psk_hex, ENTRY_FLAG, 0, 0),
    ORDER("identity", identity, ENTRY_TEXT, 0, 0),
    ORDER("shared_secret", shared_secret, ENTRY_FLAG, 0, 0),
    ORDER("cert_info", cert_info, ENTRY_PATH, 0, 0),
    ORDER("server_cert", server_cert, ENTRY_PATH, 0, 0),
};

static int read_credentials(struct reader *r, yaml_node_t *node)
{
    const struct signet_order *o = r->root;
    int rc = reader_map(r, node, credential_keys, COUNT_OF(credential_keys), r->root);

    if (rc == SIGNET_OK && o->psk_hex && (o->psk_len < 32 || o->psk_len % 2))
        rc = reader_fail_hint(r, node, "such as {psk_hex: true, psk_bytes: 32}",
                              "'psk_hex' goes with 'psk_bytes' of 32 to 64, an even number");
    return rc;
}

static const struct entry prove_keys[] = {
    ORDER("uri", prove_uri, ENTRY_TEXT, 0, 0),
    ORDER("follow", prove_follow, ENTRY_TEXT, 0, 0),
    ORDER("timeout_s", prove_timeout_s, ENTRY_NUMBER, 1, 3600),
};

/* prove: true, or what there is to say about it */
static int read_prove(struct reader *r, yaml_node_t *node)
{
    struct signet_order *o = r->root;
    const char *word =
        node->type == YAML_SCALAR_NODE ? (const char *)node->data.scalar.value : NULL;

    if (word && strcmp(word, "true") != 0 && strcmp(word, "false") != 0)
        return reader_fail_hint(r, node, "write true, or keys such as {timeout_s: 20}",
                                "'prove' is true, false, or has keys");
    struct signet_error why = {0};
    struct coap_uri uri;
    o->prove = !word || strcmp(word, "true") == 0;
    if (word)
        return SIGNET_OK;
    int rc = reader_map(r, node, prove_keys, COUNT_OF(prove_keys), o);
    if (rc == SIGNET_OK && !uri_are_hosts(o->prove_follow))
        rc =
            reader_fail_word(r, o->prove_follow, "host names alone, with commas between: a.example",
                             "'follow' has hosts, not '%.80s'", o->prove_follow);
    if (rc == SIGNET_OK && o->prove_uri &&
        uri_parse(&uri, o->prove_uri, strlen(o->prove_uri), &why) != SIGNET_OK)
        rc = reader_fail_hint(r, reader_under(r, node, "uri"), why.hint, "prove: the uri %s",
                              why.msg);
    return rc;
}

static const struct entry failures_keys[] = {
    ORDER("slot", stop_after_failures.slot, ENTRY_NUMBER, 1, 1000000),
    ORDER("line", stop_after_failures.line, ENTRY_NUMBER, 1, 1000000),
};
static const struct entry yield_keys[] = {
    ORDER("slot", min_yield.slot, ENTRY_NUMBER, 1, 100),
    ORDER("line", min_yield.line, ENTRY_NUMBER, 1, 100),
    ORDER("boards", min_yield.boards, ENTRY_NUMBER, 2, SIGNET_ORDER_RULE_BOARDS),
};

/* A number alone is for the part that most orders mean: a slot's failures, the line's yield. */
static int read_rule(struct reader *r, yaml_node_t *node, const struct entry *keys, size_t count,
                     const struct entry *alone)
{
    return node->type == YAML_SCALAR_NODE ? reader_value(r, node, alone, r->root)
                                          : reader_map(r, node, keys, count, r->root);
}

static int read_failures(struct reader *r, yaml_node_t *node)
{
    const struct entry alone =
        ORDER("stop_after_failures", stop_after_failures.slot, ENTRY_NUMBER, 1, 1000000);

    return read_rule(r, node, failures_keys, COUNT_OF(failures_keys), &alone);
}

static int read_yield(struct reader *r, yaml_node_t *node)
{
    const struct entry alone = ORDER("min_yield", min_yield.line, ENTRY_NUMBER, 1, 100);
    const struct signet_order *o = r->root;
    int rc = read_rule(r, node, yield_keys, COUNT_OF(yield_keys), &alone);

    if (rc == SIGNET_OK && o->min_yield.boards && !o->min_yield.slot && !o->min_yield.line)
        rc = reader_fail_hint(r, node, "min_yield: {line: 80, boards: 20}",
                              "'min_yield' has no percentage");
    return rc;
}

/* authority: its keys, or a file with them */
static int read_authority(struct reader *r, yaml_node_t *node)
{
    struct authority_keys keys = {0};
    struct signet_order *o = r->root;
    int rc = authority_read(r, node, &keys);

    o->authority_file = keys.file;
    o->authority = keys.info;
    return rc;
}

static const struct entry order_keys[] = {
    ORDER("name", name, ENTRY_TEXT, 0, 0),
    ORDER("quota", quota, ENTRY_NUMBER, 1, 1000000000),
    ORDER("template", template_file, ENTRY_PATH, 0, 0),
    ORDER("device", device, ENTRY_TEXT, 0, 0),
    ORDER("ledger", ledger, ENTRY_PATH, 0, 0),
    ORDER("work", work, ENTRY_PATH, 0, 0),
    ORDER("station_key", key_file, ENTRY_PATH, 0, 0),
    ORDER("station_key_passphrase_file", key_passphrase_file, ENTRY_PATH, 0, 0),
    ORDER("station", station, ENTRY_TEXT, 0, 0),
    ORDER("operator", operator_name, ENTRY_TEXT, 0, 0),
    ORDER("shift", shift, ENTRY_TEXT, 0, 0),
    ORDER("retries", retries, ENTRY_NUMBER, 0, 100),
    ORDER("stop_after_refusals", stop_after_refusals, ENTRY_NUMBER, 0, 1000),
    ORDER("ask_before", ask_before, ENTRY_WORDS, 0, 1),
    ORDER("on_pass", on_pass, ENTRY_WORDS, 0, 1),
    ORDER("on_fail", on_fail, ENTRY_WORDS, 0, 1),
    ORDER("on_made_before", on_made_before, ENTRY_WORDS, 0, 1),
    ORDER("on_refused_scan", on_refused_scan, ENTRY_WORDS, 0, 1),
    ORDER("erase_finished", erase_finished, ENTRY_FLAG, 0, 0),
    ORDER("lock", lock, ENTRY_FLAG, 0, 0),
    ENTRY_READ("objects", ENTRY_ITEMS, 0, reader_object),
    PART("names", read_names),
    PART("credentials", read_credentials),
    PART("authority", read_authority),
    PART("board", read_board),
    ENTRY_READ("slots", ENTRY_LIST, SIGNET_ORDER_SLOTS, reader_slot),
    ENTRY_READ("servers", ENTRY_LIST, SIGNET_ORDER_SERVERS, read_server),
    ENTRY_READ("notify", ENTRY_LIST, SIGNET_ORDER_NOTIFY, reader_notify),
    PART("prove", read_prove),
    PART("stop_after_failures", read_failures),
    PART("min_yield", read_yield),
    PART("output", reader_output),
    {"seal_to", ENTRY_ITEMS, 0, 1, 0, reader_seal_to},
    PART("clear_text", reader_clear_text),
    PART("golden", reader_golden),
    PART("scan", reader_scan),
    PART("label", reader_label),
};

/* Programs are run by absolute paths only. */
static int make_absolute(struct reader *r, const char **path)
{
    char here[4096];

    if (!*path || **path == '/')
        return SIGNET_OK;
    size_t len = getcwd(here, sizeof(here)) ? strlen(here) : 0;
    if (len == 0 || len + strlen(*path) + 2 > sizeof(here))
        return error_set_hint(r->err, SIGNET_E_LIMIT, "start from a folder with a shorter path",
                              "%s: this folder's path is too long", r->path);
    here[len++] = '/';
    memcpy(here + len, *path, strlen(*path));
    *path = reader_keep(r, here, len + strlen(*path));
    return *path ? SIGNET_OK : SIGNET_E_NOMEM;
}

/* A hook's program is found on PATH by its name alone, else it is a path as any other. */
static int place_hook(struct reader *r, const char *key, const char **words)
{
    int rc = reader_check_words(r, key, words, hook_values, HOOK_VALUES);

    if (rc != SIGNET_OK || !words || !strchr(words[0], '/'))
        return rc;
    rc = reader_path(r, words[0], &words[0]);
    return rc == SIGNET_OK ? make_absolute(r, &words[0]) : rc;
}

static int place_programs(struct reader *r)
{
    struct order_hook hooks[ORDER_HOOKS];
    struct signet_order *o = r->root;
    int rc = make_absolute(r, &o->board.flash.tool);

    order_hooks(o, hooks);
    for (size_t i = 0; rc == SIGNET_OK && i < ORDER_HOOKS; i++)
        rc = place_hook(r, hooks[i].key, hooks[i].words);
    return rc;
}

/* What was left out. */
static int complete(struct reader *r)
{
    struct signet_order *o = r->root;
    const struct {
        const char **to, *name;
    } beside[] = {{&o->work, "work"}, {&o->key_file, "station.key"}};
    char host[65] = "station";

    int rc = reader_check_parts(r);
    o->path = reader_keep(r, r->path, strlen(r->path));
    o->text = reader_keep(r, r->source.text, r->source.len);
    o->text_len = r->source.len;
    if (!o->path || !o->text)
        return SIGNET_E_NOMEM;
    if (rc == SIGNET_OK && o->station && !o->station[0])
        rc = error_set_hint(r->err, SIGNET_E_MEANING, "leave it out: it is the host's name then",
                            "%s: 'station' is empty", r->path);
    if (rc == SIGNET_OK)
        rc = place_programs(r);
    if (rc == SIGNET_OK && o->device && strpbrk(o->device, "/.")) /* else it is built in */
        rc = reader_path(r, o->device, &o->device);
    if (rc != SIGNET_OK)
        return rc;
    for (size_t i = 0; rc == SIGNET_OK && i < COUNT_OF(beside); i++)
        if (!*beside[i].to)
            rc = reader_path(r, beside[i].name, beside[i].to);
    if (rc != SIGNET_OK)
        return rc;
    if (!o->delimiter)
        o->delimiter = ',';
    gethostname(host, sizeof(host) - 1);
    if (!o->station)
        o->station = reader_keep(r, host, strlen(host));
    return o->station ? SIGNET_OK : SIGNET_E_NOMEM;
}

/* A key of the order itself is none of these. */
static const struct key_home homes[] = {
    {"names", " manifest delimiter pattern first from_board ", "{manifest: devices.csv}", false,
     NULL},
    {"credentials", " psk_bytes psk_hex identity shared_secret cert_info server_cert ",
     "{psk_bytes: 32}", false, NULL},
    {"board", " recipe flasher initial final image_dir baud packet_path endpoint_path ",
     "{recipe: anjay-zephyr}", false, NULL},
    {"output", " packets records ", "{packets: packets/}", false, NULL},
    {"slots", " port serial hub ", "{port: /dev/ttyACM0}", true, NULL},
    {"servers", " file token_file ca_file pin allow_http account ", "{file: server.json}", true,
     NULL},
    {"label", " printer print_secrets scan_back ",
     "{template: label.zpl, printer: \"tcp://192.0.2.7:9100\"}", false, NULL},
    {"prove", " uri follow timeout_s ", "{timeout_s: 20}", false, NULL},
    {"scan", " column check scanners ", "{column: imei}", false, NULL},
    {"scanners", "", "{port: /dev/ttyACM9}", true, NULL},
    {"notify",
     " url key_file topic format events user password_file client_cert client_key allow_mqtt ",
     "{file: events.ndjson}", true, NULL},
    {"authority", " chain key ", "{chain: ca.pem, key: ca.key}", false, NULL},
    {"golden", "", "{slot: \"3\", board: \"683339523\", endpoint: NAME}", false, NULL},
    {"min_yield", "", "{line: 80, boards: 20}", false, NULL},
    {"stop_after_failures", "", "{slot: 3}", false, NULL},
    {"the server's JSON file, which 'file' names: servers: [{file: server.json}]",
     " kind url port auth user uploads domain realm api profile format columns server_uri ", NULL,
     false, server_keys},
    {"the configuration that 'template' names", " mode uri lifetime binding bootstrap psk key ",
     NULL, false, credential_keys},
    {NULL, NULL, NULL, false, NULL},
};

int signet_order_load(struct signet_order **out, const char *path, struct signet_error *err)
{
    struct signet_order *order = calloc(1, sizeof(*order));
    struct reader r = {.path = path,
                       .kind = SIGNET_FILE_ORDER,
                       .root = order,
                       .homes = homes,
                       .words = order_key_words,
                       .complete = complete,
                       .err = err};

    if (!order)
        return error_nomem(err);
    r.owned = &order->owned;
    order->first = 1;
    order->retries = 1;
    order->stop_after_refusals = 5;
    order->psk_len = 32;
    order->identity = "{endpoint}";
    order->prove_timeout_s = 20;
    int rc = reader_load(&r, ORDER_MAX, order_keys, COUNT_OF(order_keys));
    if (rc != SIGNET_OK)
        signet_order_free(&order);
    else
        *out = order;
    return rc;
}

void signet_order_free(struct signet_order **order)
{
    if (!order || !*order)
        return;
    reader_free_owned(&(*order)->owned);
    free(*order);
    *order = NULL;
}

bool signet_order_has_authority(const struct signet_order *order)
{
    return order->authority_file || order->authority.chain || order->authority.kind;
}
