/* SPDX-License-Identifier: Apache-2.0 */
/* signet station key: the key that seals the station's secrets. */
#include "cli.h"

#include <stdlib.h>
#include <string.h>

enum { ORDERS_MAX = 64 };

struct key_verb {
    struct cli cli;
    const char *to, *passphrase_file, *new_passphrase_file;
    bool drop_old;
    struct signet_order *orders[ORDERS_MAX];
    const char *works[ORDERS_MAX];
    size_t count;
};

static int load_key_orders(struct key_verb *k)
{
    struct cli *cli = &k->cli;
    int rc = SIGNET_OK;

    for (int i = 1; rc == SIGNET_OK && i < cli->arg_count; i++) {
        rc = signet_order_load(&k->orders[k->count], cli->args[i], &cli->err);
        if (rc != SIGNET_OK)
            break;
        k->works[k->count] = k->orders[k->count]->work;
        if (strcmp(k->orders[0]->key_file, k->orders[k->count++]->key_file) != 0)
            rc = cli_error(&cli->err, SIGNET_E_USAGE, "give the orders of one key",
                           "these orders have different station keys: %s, %s",
                           k->orders[0]->key_file, k->orders[k->count - 1]->key_file);
    }
    return rc;
}

static int show_station_key(struct key_verb *k)
{
    struct signet_station_key_view view;
    struct json j;
    int rc = signet_station_key_describe(k->orders[0]->key_file, &view, &k->cli.err);

    if (rc != SIGNET_OK)
        return rc;
    if (!k->cli.json) {
        printf("%s: %s, key %s", PLAIN(k->orders[0]->key_file), view.form, view.ids[0]);
        for (size_t i = 1; i < view.count; i++)
            printf("%s %s", i == 1 ? "; before it" : ",", view.ids[i]);
        puts("");
        return rc;
    }
    json_event(&j, "station-key");
    json_put(&j, M_TEXT("file", k->orders[0]->key_file), M_TEXT("form", view.form),
             M_TEXT("key", view.ids[0]));
    json_open(&j, "old", '[');
    for (size_t i = 1; i < view.count; i++)
        json_put(&j, M_TEXT(NULL, view.ids[i]));
    json_close(&j, ']');
    json_end(&j);
    return rc;
}

static void tell_rotated(const struct key_verb *k, const struct signet_station_key_changed *c)
{
    if (!k->cli.json) {
        printf("%s: a new key; %s sealed with it\n", PLAIN(k->orders[0]->key_file),
               COUNT(c->resealed, "file is", "files are"));
        if (c->left)
            printf("%s only the old key opens, or nothing: it stays\n",
                   COUNT(c->left, "file is left that", "files are left that"));
        if (c->old)
            printf("%s: --drop-old, with all orders of this key, ends that\n",
                   COUNT(c->old, "old key still opens what it sealed",
                         "old keys still open what they sealed"));
        return;
    }
    json_line("station-key-rotated", M_TEXT("file", k->orders[0]->key_file),
              M_INT("resealed", (int64_t)c->resealed), M_INT("left", (int64_t)c->left),
              M_INT("old", (int64_t)c->old));
}

static int rotate_key(struct key_verb *k)
{
    const char *known = k->orders[0]->key_passphrase_file;
    const struct signet_station_key_change change = {
        .size = sizeof(change),
        .file = k->orders[0]->key_file,
        .form = k->to,
        .passphrase_file = k->passphrase_file ? k->passphrase_file : known,
        .new_passphrase_file = k->new_passphrase_file,
        .ask = cli_ask,
        .works = k->works,
        .work_count = k->count,
        .drop_old = k->drop_old};
    struct signet_station_key_changed changed;
    int rc = signet_station_key_rotate(&change, &changed, &k->cli.err);

    if (rc == SIGNET_OK)
        tell_rotated(k, &changed);
    return rc;
}

int station_key(int argc, char **argv)
{
    struct key_verb k = {0};
    const struct option_row rows[] = {
        TEXT(0, "to", "FORM",
             "rotate: how the file keeps the key from then on: file, passphrase, credential:NAME "
             "(of systemd), tpm or tpm:TCTI",
             &k.to),
        TEXT(0, "passphrase-file", "FILE", "The passphrase of now: the first line of this file",
             &k.passphrase_file),
        TEXT(0, "new-passphrase-file", "FILE", "The new passphrase, likewise",
             &k.new_passphrase_file),
        FLAG(0, "drop-old",
             "rotate: the keys of before go, when nothing needs them in the orders "
             "that are named",
             &k.drop_old),
        {0}};

    if (!cli_parse(&k.cli, argc, argv, rows, "show|rotate ORDER.yaml...",
                   "The key that seals the secrets of a station in its work folders. rotate makes "
                   "a new one and seals all with it; it may be cut off at any moment.",
                   2, ORDERS_MAX))
        return EXIT_USAGE;
    bool rotate = strcmp(k.cli.args[0], "rotate") == 0;
    if (!rotate && strcmp(k.cli.args[0], "show") != 0)
        return cli_usage(&k.cli, "'%s' is not one of show, rotate", k.cli.args[0]);
    int rc = load_key_orders(&k);
    if (rc == SIGNET_OK)
        rc = rotate ? rotate_key(&k) : show_station_key(&k);
    for (size_t i = 0; i < k.count; i++)
        signet_order_free(&k.orders[i]);
    return cli_end(&k.cli, rc);
}
