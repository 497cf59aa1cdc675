/* SPDX-License-Identifier: Apache-2.0 */
/* The plan of a work order. */
#include "run.h"

#include <inttypes.h>

/* First and last name of the order; "" where the boards have their own. */
struct ends {
    char first[152], last[152];
};

static struct ends find_ends(const struct signet_order *o, struct signet_run *run)
{
    struct ends ends = {0};

    if (signet_run_name(run, 0, ends.first, NULL) != SIGNET_OK ||
        signet_run_name(run, o->quota - 1, ends.last, NULL) != SIGNET_OK)
        return (struct ends){0};
    return ends;
}

const char *plan_uri(const struct signet_account *a, char out[static PLAN_URI_SIZE])
{
    size_t len = a->uri ? a->uri->as.bytes.len : 0;

    snprintf(out, PLAN_URI_SIZE, "%.*s", (int)(len < 160 ? len : 160),
             len ? (const char *)a->uri->as.bytes.data : "");
    return out;
}

const char *plan_credentials(const struct signet_order *o, const struct signet_account *a,
                             char out[static PLAN_TEXT_SIZE])
{
    bool psk = a->mode == SIGNET_MODE_PSK;

    if (!psk && a->mode != SIGNET_MODE_CERT && a->mode != SIGNET_MODE_EST)
        snprintf(out, PLAN_TEXT_SIZE, "none");
    else if (a->secret_key && o->shared_secret)
        snprintf(out, PLAN_TEXT_SIZE, "one secret in all devices");
    else if (a->secret_key)
        snprintf(out, PLAN_TEXT_SIZE, "as the template says");
    else if (psk)
        snprintf(out, PLAN_TEXT_SIZE, "a new PSK of %" PRId64 " %s each, identity %.100s",
                 o->psk_len, o->psk_hex ? "hex digits" : "bytes",
                 a->identity ? "as the template says" : o->identity);
    else
        snprintf(out, PLAN_TEXT_SIZE, "a new key and certificate each");
    return out;
}

static void text_accounts(const struct signet_order *o, const struct signet_tree *tree)
{
    struct signet_account a;
    char uri[PLAN_URI_SIZE], what[PLAN_TEXT_SIZE];

    for (size_t i = 0; signet_tree_account(tree, i, &a); i++)
        printf("%-9s %s\n          %s: %s\n", a.bootstrap ? "bootstrap" : "account",
               plan_uri(&a, uri), signet_mode_name(a.mode), plan_credentials(o, &a, what));
}

static void text_line(const char *title, const char *value)
{
    if (value)
        printf("%-9s %s\n", title, value);
}

static void text_names(const struct signet_order *o, const struct ends *ends)
{
    text_line("manifest", o->manifest);
    if (o->scan.endpoint)
        printf("names     %s, as scanned\n", o->scan.endpoint);
    else if (ends->first[0])
        printf("names     %s to %s\n", ends->first, ends->last);
    else
        printf("names     the boards' own%s\n", o->from_board ? ", looked up in the manifest" : "");
    if (o->scan.column)
        printf("scan      column %s of the manifest\n", o->scan.column);
    for (size_t i = 0; i < o->scan.scanner_count; i++)
        printf("scanner   %s%s%s\n", o->scan.scanners[i].port,
               o->scan.scanners[i].slot ? ", slot " : "",
               o->scan.scanners[i].slot ? o->scan.scanners[i].slot : "");
}

static void text_plan(const struct signet_order *o, const struct signet_tree *tree,
                      const struct ends *ends)
{
    printf("order     %s: %s from %s\n", o->name, COUNT(o->quota, "device", "devices"),
           o->template_file);
    text_names(o, ends);
    text_accounts(o, tree);
    if (o->recipe)
        printf("board     %s in %s, %s\n", o->recipe, COUNT(o->slot_count, "slot", "slots"),
               COUNT(o->retries, "retry", "retries"));
    for (size_t i = 0; i < o->slot_count; i++)
        printf("slot %-4s %s%s%s\n", o->slots[i].name, o->slots[i].where,
               o->slots[i].serial ? ", programmer " : "",
               o->slots[i].serial ? o->slots[i].serial : "");
    text_line("packets", o->packets);
    text_line("records", o->records);
    for (size_t i = 0; i < o->seal_to_count; i++)
        printf("%-9s %s\n", i ? "" : "sealed to", o->seal_to[i]);
    if (o->prove)
        printf("proof     at %s, %" PRId64 " s%s%s\n", o->prove_uri ? o->prove_uri : "the accounts",
               o->prove_timeout_s, o->prove_follow ? ", may be sent to " : "",
               o->prove_follow ? PLAIN(o->prove_follow) : "");
    for (size_t i = 0; i < o->server_count; i++)
        text_line("server", o->servers[i].name);
    if (o->label.printer)
        printf("label     %s at %s%s\n", o->label.template_file, o->label.printer,
               o->label.scan_back ? ", scanned back" : "");
    for (size_t i = 0; i < o->notify_count; i++)
        printf("notify    %s%s%s\n", o->notify[i].name, o->notify[i].file ? ": " : "",
               o->notify[i].file ? o->notify[i].file : ""); /* a url may hold a secret */
    printf("ledger    %s, station %s\n", o->ledger, o->station);
    printf("Everything that can be known before the first %s is right.\n",
           o->recipe ? "board" : "device");
}

static void json_accounts(struct json *j, const struct signet_order *o,
                          const struct signet_tree *tree)
{
    struct signet_account a;
    char uri[PLAN_URI_SIZE], what[PLAN_TEXT_SIZE];

    json_open(j, "accounts", '[');
    for (size_t i = 0; signet_tree_account(tree, i, &a); i++) {
        json_open(j, NULL, '{');
        json_put(j, M_TEXT("uri", plan_uri(&a, uri)), M_TEXT("mode", signet_mode_name(a.mode)),
                 M_BOOL("bootstrap", a.bootstrap),
                 M_TEXT("credentials", plan_credentials(o, &a, what)));
        json_close(j, '}');
    }
    json_close(j, ']');
}

static void json_slots(struct json *j, const struct signet_order *o)
{
    static const char *const kinds[] = {"port", "serial", "hub"};

    json_open(j, "slots", '[');
    for (size_t i = 0; i < o->slot_count; i++) {
        json_open(j, NULL, '{');
        json_put(j, M_TEXT("name", o->slots[i].name),
                 M_TEXT(kinds[o->slots[i].kind], o->slots[i].where));
        if (o->slots[i].serial)
            json_put(j, M_TEXT("programmer", o->slots[i].serial));
        json_close(j, '}');
    }
    json_close(j, ']');
}

static void json_plan(const struct signet_order *o, const struct signet_tree *tree,
                      const struct ends *ends)
{
    struct json j;

    json_event(&j, "plan");
    json_put(&j, M_TEXT("order", o->name), M_INT("quota", o->quota),
             M_TEXT("template", o->template_file), M_TEXT("manifest", o->manifest),
             M_TEXT("first", ends->first[0] ? ends->first : NULL),
             M_TEXT("last", ends->last[0] ? ends->last : NULL));
    json_accounts(&j, o, tree);
    json_put(&j, M_TEXT("board", o->recipe));
    json_slots(&j, o);
    json_put(&j, M_TEXT("packets", o->packets), M_TEXT("records", o->records));
    if (o->seal_to_count)
        json_open(&j, "seal_to", '[');
    for (size_t i = 0; i < o->seal_to_count; i++)
        json_put(&j, M_TEXT(NULL, o->seal_to[i]));
    if (o->seal_to_count)
        json_close(&j, ']');
    json_put(&j, M_BOOL("prove", o->prove));
    json_open(&j, "servers", '[');
    for (size_t i = 0; i < o->server_count; i++)
        json_put(&j, M_TEXT(NULL, o->servers[i].name));
    json_close(&j, ']');
    json_put(&j, M_TEXT("label", o->label.template_file), M_TEXT("printer", o->label.printer),
             M_TEXT("scan", o->scan.endpoint ? o->scan.endpoint : o->scan.column));
    json_open(&j, "notify", '[');
    for (size_t i = 0; i < o->notify_count; i++)
        json_put(&j, M_TEXT(NULL, o->notify[i].name));
    json_close(&j, ']');
    if (o->label.scan_back)
        json_put(&j, M_BOOL("scan_back", true));
    json_put(&j, M_TEXT("ledger", o->ledger), M_TEXT("station", o->station));
    json_end(&j);
}

void plan_print(const struct cli *cli, const struct signet_order *order, struct signet_run *run)
{
    struct signet_tree *tree = NULL;
    const struct ends ends = find_ends(order, run);

    if (signet_run_template(order, &tree, NULL) != SIGNET_OK)
        return; /* it was read a moment ago */
    if (cli->json)
        json_plan(order, tree, &ends);
    else
        text_plan(order, tree, &ends);
    signet_tree_free(&tree);
}
