/* SPDX-License-Identifier: Apache-2.0 */
/* scan: what a scanner reads, and which scanners there are. */
#include "scan/scan.h"
#include "order/private.h"

static int read_scanner(struct reader *r, yaml_node_t *node)
{
    static const struct entry keys[] = {
        ENTRY("port", ENTRY_TEXT, signet_scanner, port),
        ENTRY("slot", ENTRY_TEXT, signet_scanner, slot),
        ENTRY_WITHIN("baud", ENTRY_NUMBER, signet_scanner, baud, 300, 4000000),
    };
    struct signet_scan *scan = &((struct signet_order *)r->root)->scan;
    struct signet_scanner *s = &scan->scanners[scan->scanner_count];
    int rc = reader_map(r, node, keys, COUNT_OF(keys), s);

    if (rc != SIGNET_OK)
        return rc;
    if (!s->port)
        return reader_fail_hint(r, node, "such as {port: /dev/ttyACM9, slot: \"1\"}",
                                "a scanner has a 'port'");
    if (!s->baud)
        s->baud = 9600;
    rc = reader_port(r, s->port, &s->port);
    for (size_t i = 0; rc == SIGNET_OK && i < scan->scanner_count; i++)
        if (reader_same_port(scan->scanners[i].port, s->port))
            return reader_fail_hint(r, node, "name another port, or leave one of them out",
                                    "two scanners are at %.150s", s->port);
    scan->scanner_count++;
    return rc;
}

static const char whose_codes[] =
    "scan: {column: imei} with a manifest; else scan: {endpoint: \"urn:dev:os:{scan}\"}";

/* What a code begins with says what it is. */
static int check_prefixes(struct reader *r, yaml_node_t *node, const struct signet_scan *scan)
{
    const char *const all[] = {scan->prefix, scan->slot_prefix, scan->operator_prefix,
                               scan->carrier_prefix};

    for (size_t i = 0; i < COUNT_OF(all); i++)
        for (size_t k = 0; k < i; k++)
            if (all[i] && all[k] && strcmp(all[i], all[k]) == 0)
                return reader_fail_hint(r, node, "give each kind of code a prefix of its own",
                                        "two kinds of codes begin with '%.40s'", all[i]);
    return SIGNET_OK;
}

/* Brackets and bars are in codes, too. */
static bool is_expression(const char *pattern)
{
    static const char *const parts[] = {"[0-9", "[A-Z", "[a-z", "[^", "\\d", "\\w", ".*", ".+"};
    size_t len = strlen(pattern);
    bool found = pattern[0] == '^' || pattern[len - 1] == '$';

    for (size_t i = 0; i < COUNT_OF(parts); i++)
        found = found || strstr(pattern, parts[i]);
    return found;
}

static int check_words(struct reader *r, yaml_node_t *node, const struct signet_scan *scan)
{
    bool known = !scan->check;

    for (size_t i = 0; scan_checks[i] && !known; i++)
        known = strcmp(scan->check, scan_checks[i]) == 0;
    if (!known)
        return reader_fail_word(r, scan->check, "luhn, gtin, mod11-2, mod37-2, mod97-10",
                                "there is no check digit '%.40s'", scan->check);
    if (scan->when && strcmp(scan->when, "before") != 0 && strcmp(scan->when, "after") != 0)
        return reader_fail_word(r, scan->when,
                                "before: scan, then insert; after: insert, then scan; without "
                                "it, both",
                                "'when' is before or after, not '%.40s'", scan->when);
    if (scan->pattern && is_expression(scan->pattern))
        return reader_fail_word(r, scan->pattern,
                                "# is a digit, @ a capital letter, ? any of both, as often as "
                                "there are characters; it is no regular expression",
                                "the 'pattern' of scan '%.40s' looks like a regular expression",
                                scan->pattern);
    if (scan->column && scan->endpoint)
        return reader_fail_hint(r, node, whose_codes, "'scan' has a 'column' or an 'endpoint'");
    const char *code = scan->endpoint ? strstr(scan->endpoint, "{scan}") : NULL;
    if (scan->endpoint && (!code || strchr(scan->endpoint, '{') != code || strchr(code + 1, '{')))
        return reader_fail_hint(r, node, "such as \"urn:dev:os:{scan}\"",
                                "the 'endpoint' of scan has {scan} in it once, and no other");
    return check_prefixes(r, node, scan);
}

int reader_scan(struct reader *r, yaml_node_t *node)
{
    static const struct entry keys[] = {
        ENTRY("column", ENTRY_TEXT, signet_order, scan.column),
        ENTRY("endpoint", ENTRY_TEXT, signet_order, scan.endpoint),
        ENTRY("prefix", ENTRY_TEXT, signet_order, scan.prefix),
        ENTRY("slot_prefix", ENTRY_TEXT, signet_order, scan.slot_prefix),
        ENTRY("operator_prefix", ENTRY_TEXT, signet_order, scan.operator_prefix),
        ENTRY("carrier_prefix", ENTRY_TEXT, signet_order, scan.carrier_prefix),
        ENTRY("pattern", ENTRY_TEXT, signet_order, scan.pattern),
        ENTRY("check", ENTRY_TEXT, signet_order, scan.check),
        ENTRY("when", ENTRY_TEXT, signet_order, scan.when),
        ENTRY_READ("scanners", ENTRY_LIST, SIGNET_ORDER_SCANNERS, read_scanner),
    };
    struct signet_order *o = r->root;
    int rc = reader_map(r, node, keys, COUNT_OF(keys), o);

    o->scan.given = true;
    o->scan.used = o->scan.column || o->scan.endpoint;
    return rc == SIGNET_OK ? check_words(r, node, &o->scan) : rc;
}

/* A scanner at the port of a slot would take what its board says. */
static int check_scanner_place(const struct reader *r, const struct signet_scanner *s)
{
    const struct signet_order *o = r->root;

    if (s->slot && !order_slot(o, s->slot))
        return error_set_hint(r->err, SIGNET_E_MEANING, "a slot of 'slots', by its name",
                              "%s: scanners: '%s' is no slot of the order", r->path, s->slot);
    for (size_t i = 0; i < o->slot_count; i++)
        if (o->slots[i].kind == SIGNET_SLOT_PORT && reader_same_port(o->slots[i].where, s->port))
            return error_set_hint(r->err, SIGNET_E_MEANING,
                                  "the list of boards shows the ports: which one is the scanner's?",
                                  "%s: scanners: %.150s is the port of slot %s", r->path, s->port,
                                  o->slots[i].name);
    return SIGNET_OK;
}

/* Rules that only codes of devices have. */
static bool has_device_rules(const struct signet_scan *scan)
{
    return scan->prefix || scan->pattern || scan->check || scan->when || scan->carrier_prefix;
}

int reader_check_scan(const struct reader *r)
{
    const struct signet_order *o = r->root;
    const struct signet_scan *scan = &o->scan;
    const char *what = NULL, *hint = NULL;

    if (!scan->given) {
        what = o->on_refused_scan && !o->label.scan_back ? "'on_refused_scan' needs 'scan'" : NULL;
        hint = "take it out, or say what is scanned: scan: {column: imei}";
    } else if (!scan->used && (!o->label.scan_back || has_device_rules(scan))) {
        what = "'scan' has a 'column' or an 'endpoint'";
        hint = whose_codes;
    } else if (!scan->used) { /* only labels are read */
        what = NULL;
    } else if (!o->recipe) {
        what = "'scan' needs a 'board'";
        hint = "without boards, a manifest has the names";
    } else if (scan->column && !o->manifest) {
        what = "scan: a 'column' needs a manifest";
        hint = "names: {manifest: devices.csv}, or scan: {endpoint: \"urn:dev:os:{scan}\"}";
    } else if (scan->endpoint && (o->manifest || o->pattern)) {
        what = "scan: an 'endpoint' makes the names, and so does 'names'";
        hint = "with a manifest, name the column that has the code: scan: {column: imei}";
    } else if (o->from_board) {
        what = "scan and from_board: one of the two says which device a board becomes";
        hint = "take one of them out";
    }
    if (what)
        return error_set_hint(r->err, SIGNET_E_MEANING, hint, "%s: %s", r->path, what);
    for (size_t i = 0; i < scan->scanner_count; i++)
        if (check_scanner_place(r, &scan->scanners[i]) != SIGNET_OK)
            return SIGNET_E_MEANING;
    return SIGNET_OK;
}
