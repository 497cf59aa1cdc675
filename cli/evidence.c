/* SPDX-License-Identifier: Apache-2.0 */
/* signet evidence: what an assessor asks for, from an order and its ledger alone. */
#include "evidence.h"
#include "ledger.h"

#include <stdlib.h>
#include <string.h>

static int keep_order(void *ctx, const struct signet_ledger_order_view *view,
                      struct signet_error *err)
{
    struct paper *p = ctx;

    (void)err;
    if (!strcmp(view->name, p->order->name)) {
        p->view = *view;
        p->view.name = NULL;
    }
    return SIGNET_OK;
}

static int keep_share(void *ctx, const struct signet_ledger_share *share, struct signet_error *err)
{
    struct paper *p = ctx;
    struct share *more = reallocarray(p->shares, p->share_count + 1, sizeof(*more));
    char *name = strdup(share->name);

    if (more)
        p->shares = more;
    if (!more || !name) {
        free(name);
        return cli_error(err, SIGNET_E_NOMEM, "", "out of memory");
    }
    more[p->share_count].name = name;
    more[p->share_count].count = share->count;
    snprintf(more[p->share_count++].of, sizeof(more->of), "%s", share->of);
    return SIGNET_OK;
}

/* Verified last, so that all that was counted is in it. */
static int gather(struct paper *p, struct signet_error *err)
{
    const char *order = p->order->name;
    int rc = ledger_open(&p->ledger, p->order->ledger, LEDGER_READ, NULL, err);

    if (rc == SIGNET_OK)
        rc = ledger_find_order(p->ledger, order, err);
    if (rc == SIGNET_OK)
        rc = signet_ledger_orders(p->ledger, keep_order, p, err);
    if (rc == SIGNET_OK)
        rc = signet_run_template(p->order, &p->tree, err);
    if (rc == SIGNET_OK)
        rc = signet_ledger_evidence(p->ledger, order, &p->found, keep_share, p, err);
    return rc == SIGNET_OK ? signet_ledger_verify(p->ledger, &p->events, p->head, err) : rc;
}

/* Markdown comes out whole, or not at all. */
static int write_paper(struct paper *p, const char *output, struct signet_error *err)
{
    char *text = NULL;
    size_t len = 0;

    if (p->cli->json)
        return evidence_put(p, err);
    p->md = open_memstream(&text, &len);
    if (!p->md)
        return cli_error(err, SIGNET_E_NOMEM, "", "out of memory");
    int rc = evidence_put(p, err);
    if (fclose(p->md) != 0 && rc == SIGNET_OK)
        rc = cli_error(err, SIGNET_E_NOMEM, "", "out of memory");
    if (rc == SIGNET_OK)
        rc = cli_write(output ? output : "-", text, len, err);
    free(text);
    return rc;
}

static int evidence(int argc, char **argv)
{
    struct cli cli = {0};
    struct signet_order *order = NULL;
    const char *output = NULL;
    const struct option_row rows[] = {TEXT('o', "output", "FILE", "Into this file (-)", &output),
                                      {0}};

    if (!cli_parse(&cli, argc, argv, rows, "ORDER.yaml",
                   "Writes what an assessor asks for, from an order and its ledger alone: the "
                   "process and its checks, keys and their uniqueness, images, devices, and the "
                   "head and checkpoints that show later whether the record was changed. As "
                   "Markdown, or with --json.",
                   1, 1))
        return EXIT_USAGE;
    if (cli.json && output)
        return cli_usage(&cli, "--output is for Markdown: with --json redirect the output");
    struct paper p = {.cli = &cli};
    int rc = cli_order(&cli, cli.args[0], &order);
    p.order = order;
    if (rc == SIGNET_OK)
        rc = gather(&p, &cli.err);
    if (rc == SIGNET_OK)
        rc = write_paper(&p, output, &cli.err);
    signet_ledger_close(&p.ledger);
    for (size_t i = 0; i < p.share_count; i++)
        free(p.shares[i].name);
    free(p.shares);
    signet_tree_free(&p.tree);
    signet_order_free(&order);
    return cli_end(&cli, rc);
}

const struct verb evidence_verbs[] = {{"", "how an order's devices were made", evidence}, {0}};
