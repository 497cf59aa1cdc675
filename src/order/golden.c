/* SPDX-License-Identifier: Apache-2.0 */
/* golden: a board that is kept for checking a station. */
#include "order/private.h"

#include <stdlib.h>

int reader_golden(struct reader *r, yaml_node_t *node)
{
    static const struct entry keys[] = {
        ENTRY("slot", ENTRY_TEXT, signet_order, golden.slot),
        ENTRY("board", ENTRY_TEXT, signet_order, golden.board),
        ENTRY("endpoint", ENTRY_TEXT, signet_order, golden.endpoint)};
    const struct signet_order *o = r->root;
    int rc = reader_map(r, node, keys, COUNT_OF(keys), r->root);

    if (rc != SIGNET_OK)
        return rc;
    if (!o->golden.slot || !o->golden.board || !o->golden.endpoint)
        return reader_fail_hint(r, node,
                                "golden: {slot: \"3\", board: \"683339523\", endpoint: NAME}",
                                "a golden board has 'slot', 'board' and 'endpoint'");
    return endpoint_name_valid(o->golden.endpoint, strlen(o->golden.endpoint))
               ? SIGNET_OK
               : reader_fail_word(r, o->golden.endpoint, "letters, digits and . _ : - / alone",
                                  "'%.80s' is no endpoint name", o->golden.endpoint);
}

/* Is it the pattern with a number in place of {serial...} as it is written there? */
static bool golden_fits_names(const char *pattern, int64_t first, const char *name)
{
    const char *serial = strstr(pattern, "{serial"), *rest = serial ? strchr(serial, '}') : NULL;
    size_t before = rest ? (size_t)(serial - pattern) : 0;

    if (!rest || strncmp(pattern, name, before) != 0)
        return false;
    size_t digits = strspn(name + before, "0123456789"),
           width = serial[7] == ':' ? strtoul(serial + 8, NULL, 10) : 1;
    return digits && digits >= width && (digits == width || name[before] != '0') &&
           strtoll(name + before, NULL, 10) >= first &&
           strcmp(name + before + digits, rest + 1) == 0;
}

int reader_check_golden(const struct reader *r)
{
    const struct signet_order *o = r->root;

    if (o->golden.slot && o->pattern && !o->manifest &&
        golden_fits_names(o->pattern, o->first, o->golden.endpoint))
        return error_set_hint(r->err, SIGNET_E_MEANING, "give the golden board a name of its own",
                              "%s: golden: '%s' is a name that 'names' makes for a product",
                              r->path, o->golden.endpoint);
    if (!o->golden.slot || order_slot(o, o->golden.slot))
        return SIGNET_OK;
    return error_set_hint(r->err, SIGNET_E_MEANING, "name one of 'slots'",
                          "%s: golden: '%s' is no slot of the order", r->path, o->golden.slot);
}
