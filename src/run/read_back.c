/* SPDX-License-Identifier: Apache-2.0 */
/* A code of a label was read: whose label is it, and is it the one that is waited for? */
#include "run/read_back.h"
#include "scan/scan.h"

#include <signet/label.h>
#include <signet/ledger_read.h>
#include <stdio.h>

/* The device whose label has the code. */
struct owner {
    const struct label_read *read;
    bool found;
    char endpoint[SIGNET_ENDPOINT_SIZE];
    char slot[128], station[128];
};

/* A label that cannot be made has no code. */
static int compare_label(void *ctx, const struct signet_ledger_device *d, struct signet_error *err)
{
    struct owner *o = ctx;
    const struct signet_label_device device = {d->endpoint, -1, d->hw_id};
    struct signet_error why = {0};
    bool has = false;

    if (d->freed || d->imported ||
        label_has_code(o->read->label, &device, o->read->code, &has, &why) != SIGNET_OK || !has)
        return SIGNET_OK;
    o->found = true;
    snprintf(o->endpoint, sizeof(o->endpoint), "%s", d->endpoint);
    snprintf(o->slot, sizeof(o->slot), "%s", d->slot);
    snprintf(o->station, sizeof(o->station), "%s", d->station);
    return error_set(err, SIGNET_E_EXISTS, "found"); /* ends the walk */
}

/* endpoint NULL: of the order; state -1: any */
static int find_label_owner(struct owner *o, const char *endpoint, int state,
                            struct signet_error *err)
{
    const struct signet_ledger_filter filter = {
        .order = o->read->order->name, .endpoint = endpoint, .state = state};
    struct signet_error why = {0};
    int rc = signet_ledger_devices(o->read->ledger, &filter, compare_label, o, &why);

    return rc == SIGNET_OK || o->found ? SIGNET_OK : error_copy(err, &why);
}

/* The label of another device, or none, where one is waited for: the device's history has it. */
static int refuse_wrong(const struct label_read *read, const struct owner *o,
                        struct signet_error *err)
{
    char detail[400];

    snprintf(detail, sizeof(detail), "slot %.100s: %s%.200s", read->slot,
             o->found ? "the label of " : "a code of no label", o->endpoint);
    int rc = read->unrecorded ? SIGNET_OK
                              : signet_ledger_label(read->ledger, read->expected,
                                                    SIGNET_LABEL_REFUSED, detail, err);
    if (rc != SIGNET_OK)
        return rc;
    if (!o->found)
        return error_set_hint(err, SIGNET_E_CONFLICT,
                              "scan the code on the label that tells its device from others",
                              "slot %.60s waits for the label of %.120s: what was read is on no "
                              "label of the order",
                              read->slot, read->expected);
    return error_set_hint(err, SIGNET_E_CONFLICT,
                          "each board gets its own label: look for both labels before you go on",
                          "the label of %.120s was read, and the board in slot %.60s is %.120s",
                          o->endpoint, read->slot, read->expected);
}

static int check_label_slot(const struct label_read *read, const struct owner *o,
                            struct signet_error *err)
{
    if (!read->slot ||
        (strcmp(o->slot, read->slot) == 0 && strcmp(o->station, read->order->station) == 0))
        return SIGNET_OK;
    return error_set_hint(err, SIGNET_E_CONFLICT, "scan the label at that slot",
                          "the label of %.120s was read at slot %.60s: its board was made in slot "
                          "%.60s of station %.60s",
                          o->endpoint, read->slot, o->slot, o->station);
}

int run_find_label(struct label_read *read, bool *found, struct signet_error *err)
{
    struct owner o = {.read = read};
    int rc = find_label_owner(&o, NULL, SIGNET_DEVICE_VERIFIED, err);

    *found = o.found;
    return rc;
}

int run_read_label(struct label_read *read, struct signet_error *err)
{
    struct owner o = {.read = read};
    int rc =
        find_label_owner(&o, read->expected, read->expected ? -1 : SIGNET_DEVICE_VERIFIED, err);
    bool expected = read->expected && o.found;

    if (rc == SIGNET_OK && !o.found)
        rc = find_label_owner(&o, NULL, -1, err);
    if (rc != SIGNET_OK)
        return rc;
    if (read->expected && !expected)
        return refuse_wrong(read, &o, err);
    if (!o.found)
        return error_set_hint(err, SIGNET_E_NOT_FOUND,
                              "scan the code on the label that tells its device from others",
                              "what was read is on no label of the order");
    if (!expected)
        rc = check_label_slot(read, &o, err);
    memcpy(read->endpoint, o.endpoint, sizeof(read->endpoint));
    return rc == SIGNET_OK
               ? signet_ledger_label(read->ledger, o.endpoint, SIGNET_LABEL_READ, read->detail, err)
               : rc;
}
