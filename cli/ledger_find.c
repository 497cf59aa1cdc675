/* SPDX-License-Identifier: Apache-2.0 */
/* A name that a person gives must be one that the ledger has: else nothing is selected, and no word
 * says why. */
#include "ledger.h"

#include <string.h>
#include <strings.h>

struct names {
    const char *wanted;
    bool found;
    char near[160];
    char all[200]; /* "a, b": those that have room */
};

static void add_name(struct names *n, const char *name)
{
    size_t used = strlen(n->all), len = strlen(name);

    if (!len) /* a device that waits is in no slot */
        return;
    for (const char *at = n->all; (at = strstr(at, name)); at += len)
        if ((at == n->all || at[-1] == ' ') && (at[len] == ',' || at[len] == '\0'))
            return;
    if (used + len + 2 < sizeof(n->all))
        snprintf(n->all + used, sizeof(n->all) - used, "%s%s", used ? ", " : "", name);
}

static void compare_name(struct names *n, const char *name)
{
    const char *both[] = {n->near, name};
    size_t known = n->near[0] != '\0';

    n->found = n->found || !strcmp(n->wanted, name);
    if (signet_word_nearest(n->wanted, both + !known, 1 + known) == name)
        snprintf(n->near, sizeof(n->near), "%s", name);
    add_name(n, name);
}

static int compare_order(void *ctx, const struct signet_ledger_order_view *order,
                         struct signet_error *err)
{
    (void)err;
    compare_name(ctx, order->name);
    return SIGNET_OK;
}

static int compare_station(void *ctx, const struct signet_ledger_station *station,
                           struct signet_error *err)
{
    (void)err;
    compare_name(ctx, station->name);
    return SIGNET_OK;
}

static int compare_slot(void *ctx, const struct signet_ledger_device *d, struct signet_error *err)
{
    (void)err;
    compare_name(ctx, d->slot);
    return SIGNET_OK;
}

/* rc: of the walk over all names. */
static int end_find(const struct names *n, int rc, const char *what, struct signet_error *err)
{
    char hint[sizeof(err->hint)];

    if (rc != SIGNET_OK || n->found)
        return rc;
    if (n->near[0])
        snprintf(hint, sizeof(hint), "did you mean %s?", n->near);
    else
        snprintf(hint, sizeof(hint), "its %ss: %s", what, n->all[0] ? n->all : "none");
    return cli_error(err, SIGNET_E_NOT_FOUND, hint, "the ledger has no %s %.100s", what, n->wanted);
}

int ledger_find_order(struct signet_ledger *ledger, const char *name, struct signet_error *err)
{
    struct names n = {.wanted = name};

    return name ? end_find(&n, signet_ledger_orders(ledger, compare_order, &n, err), "order", err)
                : SIGNET_OK;
}

int ledger_find_station(struct signet_ledger *ledger, const char *name, struct signet_error *err)
{
    struct names n = {.wanted = name};

    return name ? end_find(&n, signet_ledger_stations(ledger, compare_station, &n, err), "station",
                           err)
                : SIGNET_OK;
}

int ledger_find_slot(struct signet_ledger *ledger, const char *name, struct signet_error *err)
{
    struct names n = {.wanted = name};

    return name ? end_find(&n, signet_ledger_devices(ledger, NULL, compare_slot, &n, err), "slot",
                           err)
                : SIGNET_OK;
}

static int found_endpoint(void *ctx, const struct signet_ledger_device *d, struct signet_error *err)
{
    (void)d;
    (void)err;
    ((struct names *)ctx)->found = true;
    return SIGNET_OK;
}

/* "x-001" of "urn:dev:os:x-001", the same in other letters, or with a comma behind it. */
static int compare_end(void *ctx, const struct signet_ledger_device *d, struct signet_error *err)
{
    struct names *n = ctx;
    size_t len = strlen(d->endpoint), wanted = strlen(n->wanted);

    (void)err;
    if (n->found) /* no other is nearer */
        return SIGNET_OK;
    n->found = wanted >= 3 && wanted <= len && !strcasecmp(d->endpoint + len - wanted, n->wanted);
    if (n->found || (!strncmp(d->endpoint, n->wanted, len) && wanted == len + 1))
        snprintf(n->near, sizeof(n->near), "%s", d->endpoint);
    return SIGNET_OK;
}

static int no_device(struct signet_ledger *ledger, const char *name, struct signet_error *err)
{
    struct names near = {.wanted = name}, orders = {.wanted = name};
    char hint[sizeof(err->hint)] = "`signet ledger list LEDGER` shows the names";
    int rc = signet_ledger_devices(ledger, NULL, compare_end, &near, err);

    if (rc == SIGNET_OK)
        rc = signet_ledger_orders(ledger, compare_order, &orders, err);
    if (rc != SIGNET_OK)
        return rc;
    if (near.near[0])
        snprintf(hint, sizeof(hint), "did you mean %s?", near.near);
    else if (orders.found)
        snprintf(hint, sizeof(hint),
                 "it is an order: `signet ledger list --order %.100s LEDGER` shows its devices",
                 name);
    return cli_error(err, SIGNET_E_NOT_FOUND, hint, "the ledger has no device %.150s", name);
}

int ledger_find_device(struct signet_ledger *ledger, const char *name, struct signet_error *err)
{
    const struct signet_ledger_filter filter = {.endpoint = name, .state = -1};
    struct names n = {.wanted = name};
    int rc = name ? signet_ledger_devices(ledger, &filter, found_endpoint, &n, err) : SIGNET_OK;

    return rc != SIGNET_OK || !name || n.found ? rc : no_device(ledger, name, err);
}
