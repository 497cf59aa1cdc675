/* SPDX-License-Identifier: Apache-2.0 */
/* output: the files of an order without a board; seal_to and clear_text: who may read them. */
#include "order/private.h"

int reader_output(struct reader *r, yaml_node_t *node)
{
    static const struct entry keys[] = {ENTRY("packets", ENTRY_PATH, signet_order, packets),
                                        ENTRY("records", ENTRY_PATH, signet_order, records)};
    struct signet_order *o = r->root;
    int rc = reader_map(r, node, keys, COUNT_OF(keys), o);

    if (rc != SIGNET_OK)
        return rc;
    if (!o->packets || !(text_ends_with(o->packets, "/") || text_ends_with(o->packets, ".ndjson")))
        return reader_fail_hint(r, reader_under(r, node, "packets"), "such as {packets: packets/}",
                                "an output has 'packets': a folder, FOLDER/, or FILE.ndjson");
    if (o->records && !text_ends_with(o->records, ".csv") && !text_ends_with(o->records, ".ndjson"))
        return reader_fail_hint(r, reader_under(r, node, "records"),
                                "such as {packets: packets/, records: devices.csv}",
                                "'records' is FILE.csv or FILE.ndjson");
    if (o->records && file_same(o->records, o->packets))
        return reader_fail_hint(r, node, "name another file for one of the two",
                                "'packets' and 'records' are one file");
    return SIGNET_OK;
}

int reader_seal_to(struct reader *r, yaml_node_t *node)
{
    static const struct entry path = {"seal_to", ENTRY_PATH, 0, 0, 0, NULL};
    struct signet_order *o = r->root;

    if (node->type == YAML_SEQUENCE_NODE)
        return reader_fail_hint(r, node, "seal_to: [server-operator.pem]",
                                "'seal_to' names no certificate");
    if (o->seal_to_count == SIGNET_RECIPIENTS)
        return reader_fail(r, node, SIGNET_E_LIMIT, "more than %d certificates in 'seal_to'",
                           SIGNET_RECIPIENTS);
    int rc = reader_value(r, node, &path, &o->seal_to[o->seal_to_count]);
    o->seal_to_count += rc == SIGNET_OK;
    return rc;
}

int reader_clear_text(struct reader *r, yaml_node_t *node)
{
    struct signet_order *o = r->root;
    const char *word = node->type == YAML_SCALAR_NODE ? (const char *)node->data.scalar.value : "";

    o->no_clear_text = strcmp(word, "forbidden") == 0;
    o->clear_text = strcmp(word, "allowed") == 0;
    return o->no_clear_text || o->clear_text
               ? SIGNET_OK
               : reader_fail_hint(r, node, "write one of the two words",
                                  "'clear_text' is allowed or forbidden");
}

static size_t folder_len(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash ? (size_t)(slash - path) : 0;
}

static bool one_folder(const char *a, const char *b)
{
    return folder_len(a) == folder_len(b) && strncmp(a, b, folder_len(a)) == 0;
}

static const char *wrong_output(const struct signet_order *o)
{
    if (o->seal_to_count && !o->packets && !o->server_count) /* a server may be an export */
        return "'seal_to' goes with an 'output' or an export";
    if (o->seal_to_count && o->packets && text_ends_with(o->packets, "/"))
        return "with 'seal_to', 'packets' is FILE.ndjson: each batch is a file of its own";
    if (o->seal_to_count && o->records && !one_folder(o->packets, o->records))
        return "with 'seal_to', 'packets' and 'records' are in one folder, with the manifests";
    if (o->no_clear_text && o->packets && !o->seal_to_count)
        return "'clear_text' is forbidden, and the 'output' is not sealed: 'seal_to'";
    if (o->no_clear_text && o->label.print_secrets && o->label.print_secrets[0])
        return "'clear_text' is forbidden, and the label prints secrets: 'print_secrets'";
    for (size_t i = 0; o->no_clear_text && i < o->server_count; i++)
        if (o->servers[i].allow_http)
            return "'clear_text' is forbidden, and a server has 'allow_http'";
    return NULL;
}

struct order_file {
    const char *key, *path;
    bool written; /* by a run, which may make it */
};
enum {
    WRITTEN = 6,
    READ = 8,
    ORDER_FILES = WRITTEN + READ + SIGNET_ORDER_NOTIFY + 3 * SIGNET_ORDER_SERVERS
};

/* Those of the order; how many. */
static size_t files_of(const struct signet_order *o, struct order_file out[static ORDER_FILES])
{
    const struct order_file own[WRITTEN + READ] = {
        {"ledger", o->ledger, true},
        {"work", o->work, true},
        {"station_key", o->key_file, true},
        {"packets", o->packets, true},
        {"records", o->records, true},
        {"printer", o->label.printer, true},
        {"template", o->template_file, false},
        {"manifest", o->manifest, false},
        {"cert_info", o->cert_info, false},
        {"server_cert", o->server_cert, false},
        {"authority", o->authority_file, false},
        {"station_key_passphrase_file", o->key_passphrase_file, false},
        {"label: template", o->label.template_file, false},
        {"the order itself", o->path, false}};
    size_t count = COUNT_OF(own);

    memcpy(out, own, sizeof(own));
    for (size_t i = 0; i < o->notify_count; i++)
        out[count++] = (struct order_file){o->notify[i].name, o->notify[i].file, true};
    for (size_t i = 0; i < o->server_count; i++) {
        out[count++] = (struct order_file){"servers: file", o->servers[i].file, false};
        out[count++] = (struct order_file){"token_file", o->servers[i].token_file, false};
        out[count++] = (struct order_file){"ca_file", o->servers[i].ca_file, false};
    }
    return count;
}

static bool one_file(const char *a, const char *b)
{
    return a && b && !text_ends_with(a, "/") && !text_ends_with(b, "/") && file_same(a, b);
}

const char *order_file_key(const struct signet_order *o, const char *path)
{
    struct order_file files[ORDER_FILES];
    size_t count = files_of(o, files);

    for (size_t i = 0; i < count; i++)
        if (one_file(files[i].path, path))
            return files[i].key;
    return NULL;
}

/* What a run writes is a file of its own. */
static int check_files(const struct reader *r)
{
    struct order_file files[ORDER_FILES];
    size_t count = files_of(r->root, files);

    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < i; k++)
            if ((files[i].written || files[k].written) && one_file(files[i].path, files[k].path))
                return error_set_hint(r->err, SIGNET_E_MEANING, "give each a file of its own",
                                      "%s: '%s' and '%s' are one file", r->path, files[k].key,
                                      files[i].key);
    return SIGNET_OK;
}

int reader_check_output(const struct reader *r)
{
    const char *wrong = wrong_output(r->root);

    return wrong ? error_set_hint(r->err, SIGNET_E_MEANING,
                                  strstr(wrong, "forbidden")
                                      ? "keep one of the two"
                                      : "output: {packets: out/packets.ndjson, records: "
                                        "out/records.csv}",
                                  "%s: %s", r->path, wrong)
                 : check_files(r);
}
