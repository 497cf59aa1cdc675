/* SPDX-License-Identifier: Apache-2.0 */
/* signet authority show | check; the others: authority_tpm.c */
#include "cli.h"

#include <string.h>

struct authority_options {
    const char *order, *endpoint, *serial;
};

int cli_authority(const struct cli *cli, const char *file, const struct signet_authority_info *info,
                  struct signet_authority **out, struct signet_error *err)
{
    const struct signet_observer observer = cli_observer(cli);
    const struct signet_authority_options options = {
        .size = sizeof(options), .file = file, .info = info, .ask = cli_ask, .observer = &observer};

    if (file && !strncmp(file, "pkcs11:", 7))
        return cli_error(err, SIGNET_E_USAGE,
                         "the file has two lines: 'chain: ca.pem', and 'key:' with this URI in "
                         "quotes",
                         "'pkcs11:...' is a key, not the file of an authority");
    return signet_authority_open(out, &options, err);
}

/* Of the file, or of an order. */
static int open_named(struct cli *cli, const struct authority_options *o,
                      struct signet_authority **out)
{
    struct signet_order *order = NULL;
    int rc;

    if (!o->order)
        return cli_authority(cli, cli->args[0], NULL, out, &cli->err);
    rc = signet_order_load(&order, o->order, &cli->err);
    if (rc == SIGNET_OK && !signet_order_has_authority(order))
        rc = cli_error(&cli->err, SIGNET_E_MEANING,
                       "authority: {chain: ca.pem, key: ca.key} in the order",
                       "the order has no authority: its certificates sign themselves");
    if (rc == SIGNET_OK)
        rc = cli_authority(cli, order->authority_file,
                           order->authority_file ? NULL : &order->authority, out, &cli->err);
    signet_order_free(&order);
    return rc;
}

static void authority_json(const struct signet_authority_view *v, const char *event)
{
    json_line(event, M_TEXT("kind", v->kind), M_TEXT("key", v->key), M_TEXT("profile", v->profile),
              M_INT("certificates", (int64_t)v->certificates), M_TEXT("subject", v->cert.subject),
              M_TEXT("issuer", v->cert.issuer), M_TEXT("serial", v->cert.serial),
              M_TEXT("not_before", TIME(v->cert.not_before)),
              M_TEXT("not_after", TIME(v->cert.not_after)), M_TEXT("key_type", v->cert.key));
}

static void authority_text(const struct signet_authority_view *v)
{
    printf("authority\n  subject      %s\n  issuer       %s\n  valid from   %s\n"
           "  valid until  %s\n",
           v->cert.subject, v->cert.self_issued ? "(the same)" : v->cert.issuer,
           TIME(v->cert.not_before), TIME(v->cert.not_after));
    printf("  chain        %s\n  key          %s, %s (%s)\n  profile      %s\n",
           COUNT(v->certificates, "certificate", "certificates"), v->cert.key, PLAIN(v->key),
           v->kind, PLAIN(v->profile));
}

static int authority_verb(struct cli *cli, const struct authority_options *o, bool check)
{
    const struct signet_authority_subject subject = {
        .size = sizeof(subject), .endpoint = o->endpoint, .serial = o->serial};
    struct signet_authority_view view;
    struct signet_authority *authority = NULL;

    if (!o->order == !cli->arg_count)
        return cli_usage(cli, "an authority is missing: FILE.yaml, or --order-file ORDER.yaml");
    int rc = open_named(cli, o, &authority);
    if (rc == SIGNET_OK && check)
        rc = signet_authority_check(authority, &subject, &cli->err);
    if (rc == SIGNET_OK)
        rc = signet_authority_describe(authority, &view, &cli->err);
    if (rc == SIGNET_OK && cli->json)
        authority_json(&view, check ? "authority_checked" : "authority");
    else if (rc == SIGNET_OK)
        authority_text(&view);
    if (rc == SIGNET_OK && check && !cli->json) {
        bool elsewhere = strcmp(view.kind, "est") == 0 || strcmp(view.kind, "cmp") == 0 ||
                         strcmp(view.kind, "tpm") == 0; /* where a signature costs something */
        printf(elsewhere ? "its certificates allow %s; it was not asked to sign\n"
                         : "it signs for %s, and servers take it\n",
               o->endpoint);
    }
    signet_authority_close(&authority);
    return cli_end(cli, rc);
}

#define ORDER_ROW(o) TEXT(0, "order-file", "ORDER.yaml", "The authority of this order", &(o)->order)

static int authority_show(int argc, char **argv)
{
    struct authority_options o = {0};
    const struct option_row rows[] = {ORDER_ROW(&o), {0}};
    struct cli cli = {0};

    if (!cli_parse(&cli, argc, argv, rows, "[FILE.yaml]",
                   "Opens an authority and shows its certificate, where its key is, and the "
                   "profile of what it signs.",
                   0, 1))
        return EXIT_USAGE;
    return authority_verb(&cli, &o, false);
}

static int authority_check(int argc, char **argv)
{
    struct authority_options o = {.endpoint = "urn:dev:os:example"};
    const struct option_row rows[] = {
        ORDER_ROW(&o),
        TEXT('e', "endpoint", "NAME", "For a device of this name (urn:dev:os:example)",
             &o.endpoint),
        TEXT(0, "serial-number", "TEXT", "and this serial number (the endpoint name)", &o.serial),
        {0}};
    struct cli cli = {0};

    if (!cli_parse(&cli, argc, argv, rows, "[FILE.yaml]",
                   "Opens an authority, has it sign for a key that is thrown away, and verifies "
                   "the certificate against the whole chain, as a server does.",
                   0, 1))
        return EXIT_USAGE;
    return authority_verb(&cli, &o, true);
}

const struct verb authority_verbs[] = {
    {"show", "an authority's certificate, key and profile", authority_show},
    {"check", "may it issue to devices, and does its key sign", authority_check},
    {"create", "a key in a TPM that signs as often as its owner grants", authority_create},
    {"request", "uses of a key in a TPM, of its owner", authority_request},
    {"grant", "what the owner answered: give it to the TPM", authority_grant},
    {0},
};
