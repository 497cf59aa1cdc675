/* SPDX-License-Identifier: Apache-2.0 */

/* What no event's hash covers follows from the events: each rule finds a row that does not. */
#include "ledger/trust.h"

struct rule {
    const char *before, *after, *sql;
};

/* It counts up by one: the highest could not, and nobody would get the device again. */
#define NO_TOKEN "(token < 1 OR token > 1000000000000)"

/* Of each device, or order: its last event of a kind. */
#define LAST(kind)                                                                                 \
    "(SELECT device, max(n) AS n FROM events WHERE kind = '" kind "' GROUP BY device) last"
#define LAST_REWORK LAST("rework")
#define LAST_QUOTA  LAST("quota")

/* Event e is of the time and the station of delivery v. A join would lead SQLite to all events of
 * the station. */
#define BY_STATION                                                                                 \
    "e.time = v.changed AND v.station = (SELECT s.name FROM stations s WHERE s.id = e.station)"

/* Each finds the first row that is not what the events say, and gives its name. Rows that have
 * their own hash are looked at before. */
static const struct rule rules[] = {
    /* a walk in the order of the keys would not see the lowest number */
    {"a number", "is below 1, and is nobody's",
     "SELECT 'of an event of station number ' || station FROM events WHERE seq < 1"
     " UNION ALL SELECT 'of order ' || name FROM orders WHERE id < 1"
     " UNION ALL SELECT 'of device ' || endpoint FROM devices WHERE id < 1 LIMIT 1"},
    {"the head of station number", "is missing",
     "SELECT station FROM events WHERE station NOT IN (SELECT id FROM stations) LIMIT 1"},
    {"device number", "is missing: it has events", /* nobody's events are not of a device */
     "SELECT e.device FROM events e WHERE e.device > 0 AND NOT EXISTS(SELECT 1 FROM devices d"
     " WHERE d.id = e.device) AND e.device % " OWN_END_SQL " <> 0 LIMIT 1"},
    {"order number", "is missing: it has events",
     "SELECT -e.device FROM events e WHERE e.device < 0 AND NOT EXISTS(SELECT 1 FROM orders o"
     " WHERE o.id = -e.device) LIMIT 1"},
    {"device", "is older than its events",
     "SELECT d.endpoint FROM events e JOIN devices d ON d.id = e.device WHERE e.n > d.events"
     " LIMIT 1"},
    {"order", "is older than its events",
     "SELECT o.name FROM events e JOIN orders o ON o.id = -e.device WHERE e.n > o.events LIMIT 1"},
    {"of device number", "an event is missing: all events of a station were taken away",
     "SELECT device FROM events GROUP BY device HAVING count(*) <> max(n) OR min(n) <> 1 LIMIT 1"},
    {"order", "has another number of devices than it issued",
     "SELECT o.name FROM orders o LEFT JOIN (SELECT order_id, count(*) AS devices FROM devices"
     " WHERE freed = 0 GROUP BY order_id) k ON k.order_id = o.id"
     " WHERE o.issued <> COALESCE(k.devices, 0) LIMIT 1"},
    /* each is compared with all events of its device, and a foreign ledger may have any number */
    {"the deliveries of device", "are more than any order has servers",
     "SELECT 'number ' || device FROM deliveries GROUP BY device HAVING count(*) > 256 LIMIT 1"},
    {"the delivery of device", "has no event, or another one",
     "SELECT COALESCE(d.endpoint, 'number ' || v.device) || ' to ' || v.server FROM deliveries v"
     " LEFT JOIN devices d ON d.id = v.device WHERE d.id IS NULL OR CASE v.state"
     " WHEN 0 THEN v.error IS NOT NULL"
     " WHEN 1 THEN v.error IS NOT NULL OR NOT EXISTS(SELECT 1 FROM events e WHERE"
     " e.device = v.device AND e.kind = 'delivered' AND e.detail = v.server AND " BY_STATION ")"
     " WHEN 3 THEN v.error IS NOT NULL OR NOT EXISTS(SELECT 1 FROM events e WHERE"
     " e.device = v.device AND e.kind = 'remove' AND e.detail = v.server AND e.time = v.changed)"
     " OR EXISTS(SELECT 1 FROM events e WHERE e.device = v.device AND e.kind = 'removed'"
     " AND (e.detail = v.server OR substr(e.detail, 1, length(v.server) + 2) = v.server || ': '))"
     " WHEN 4 THEN NOT EXISTS(SELECT 1 FROM events e WHERE e.device = v.device AND"
     " e.kind = 'removed' AND e.detail = v.server || COALESCE(': ' || v.error, '')"
     " AND " BY_STATION ")"
     " WHEN 2 THEN NOT EXISTS(SELECT 1 FROM events e WHERE e.device = v.device AND"
     " e.kind IN ('failed', 'refused') AND e.detail = v.server || ': ' || v.error"
     " AND " BY_STATION ")"
     " ELSE TRUE END LIMIT 1"},
    {"the delivery of device", "is missing: it has an event",
     "SELECT d.endpoint || ' to ' || e.detail FROM events e JOIN devices d ON d.id = e.device"
     " LEFT JOIN " LAST_REWORK " ON last.device = e.device"
     " WHERE e.kind = 'delivered' AND NOT EXISTS(SELECT 1 FROM deliveries v"
     " WHERE v.device = e.device AND v.server = e.detail AND (v.state IN (1, 3, 4)"
     /* a device that is made anew gets another label */
     " OR (v.server IN (" LEDGER_NO_SERVERS ") AND last.n > e.n))) LIMIT 1"},
    {"the removal of device", "is missing: it has an event",
     "SELECT d.endpoint || ' from ' || e.detail FROM events e JOIN devices d ON d.id = e.device"
     " WHERE e.kind = 'remove' AND NOT EXISTS(SELECT 1 FROM deliveries v"
     " WHERE v.device = e.device AND v.server = e.detail AND v.state IN (3, 4)) LIMIT 1"},
    {"the refusal of device", "has an event, and no delivery", /* until it is tried again */
     "SELECT d.endpoint FROM events e JOIN devices d ON d.id = e.device"
     " LEFT JOIN " LAST_REWORK " ON last.device = e.device"
     " WHERE COALESCE(last.n, 0) < e.n AND (e.kind = 'refused'"
     " OR (e.kind = 'failed' AND d.state = {failed} AND e.detail <> d.error"
     " AND substr(e.detail, length(e.detail) - length(d.error) - 1) = ': ' || d.error))"
     " AND NOT EXISTS(SELECT 1 FROM deliveries v WHERE v.device = e.device AND v.state = 2"
     " AND e.detail = v.server || ': ' || v.error) LIMIT 1"},
    {"the retired device", "has no newer edition",
     "SELECT d.endpoint FROM devices d WHERE d.freed = 1 AND d.state = {retired} AND NOT EXISTS("
     "SELECT 1 FROM devices x WHERE x.endpoint = d.endpoint AND x.freed = 0) AND NOT EXISTS("
     "SELECT 1 FROM devices x WHERE x.endpoint = d.endpoint AND x.freed = 1 AND x.id > d.id)"
     " LIMIT 1"},
    {"the name of device", "is free, or it is not, against what became of it",
     "SELECT endpoint FROM devices WHERE freed <> CASE state WHEN {void} THEN 1 - exposed"
     " WHEN {retired} THEN 1 ELSE 0 END LIMIT 1"},
    {"the quota of order", "is not the one that its last event of it says",
     "SELECT o.name FROM orders o JOIN " LAST_QUOTA " ON last.device = -o.id"
     " JOIN events e ON e.device = last.device AND e.n = last.n WHERE e.detail <>"
     " 'quota ' || CAST(o.quota AS TEXT) LIMIT 1"},
    /* A name that was given back is at its number again. */
    {"the names of order", "would be looked through again from before its last device",
     "SELECT o.name FROM orders o JOIN (SELECT order_id, max(number) AS last, count(CASE WHEN"
     " state = {void} AND freed = 1 THEN 1 END) AS given_back FROM devices GROUP BY order_id) k"
     " ON k.order_id = o.id WHERE o.cursor <= k.last AND k.given_back = 0 LIMIT 1"},
    {"the token of", "is none", /* of a device or a delivery */
     "SELECT 'device number ' || id FROM devices WHERE " NO_TOKEN " UNION ALL SELECT 'the delivery"
     " of device number ' || device || ' to ' || server FROM deliveries WHERE " NO_TOKEN
     " LIMIT 1"},
};

/* Of what came from other ledgers: the names that it has here end with a site. */
/* clang-format off */
static const struct rule rules_of_sites[] = {
    {"the number of station", "is none that an import gives",
     "SELECT name FROM stations WHERE base <> id - id % " OWN_END_SQL " LIMIT 1"},
    {"the site of order", "is not that of its stations",
     "SELECT o.name FROM orders o WHERE o.id >= " OWN_END_SQL " AND NOT EXISTS(SELECT 1"
     " FROM stations s WHERE s.base = o.id - o.id % " OWN_END_SQL
     " AND " SITE_OF("s.name") " = " SITE_OF("o.name") ") LIMIT 1"},
    {"the imported site", "is missing: it has an event",
     "SELECT e.detail FROM events e WHERE e.device = 0 AND e.kind = 'imported'"
     " AND NOT EXISTS(SELECT 1 FROM stations s WHERE s.id >= " OWN_END_SQL
     " AND substr('@' || e.detail, 1,"
     " length(" SITE_OF("s.name") ") + 2) = " SITE_OF("s.name") " || ': ') LIMIT 1"},
};
/* clang-format on */

/* Names that were passed over, being another device's, have an event since schema 5; before, there
 * were at most as many as other devices. What a recovered order had passed is not known. An
 * archive, which nobody signs, does not say when its ledger was migrated. */
static const struct rule passed = {
    "names of order", "were passed over that no device has",
    "SELECT o.name FROM orders o LEFT JOIN (SELECT order_id, count(CASE WHEN number >= 0 THEN 1"
    " END) AS devices, count(DISTINCT CASE WHEN number >= 0 THEN number END) AS numbers,"
    " count(CASE WHEN state IN ({void}, {retired}) AND exposed = 1 AND slot = '' THEN 1 END)"
    " AS recovered FROM devices GROUP BY order_id) k ON k.order_id = o.id WHERE o.id < " OWN_END_SQL
    " AND (o.issued < o.quota OR EXISTS(SELECT 1 FROM stations WHERE checkpoint <> ''))"
    " AND o.cursor > COALESCE(k.numbers, 0) + COALESCE((SELECT sum(CAST(e.detail AS {int}))"
    " FROM events e WHERE e.device = -o.id AND e.kind = 'passed'), 0) + CASE WHEN EXISTS("
    "SELECT 1 FROM events e WHERE e.device = 0 AND e.kind = 'migrated' AND e.time >= o.created)"
    " THEN (SELECT count(*) FROM devices) - COALESCE(k.devices, 0) ELSE 0 END"
    " AND COALESCE(k.recovered, 0) = 0 LIMIT 1"};

/* One query whose first row names what is wrong. types: "i" when $1 is the time. */
static int check_rule(struct signet_ledger *l, const struct rule *rule, const char *types,
                      struct signet_error *err)
{
    struct db_rows row;
    int rc = db_find(l->db, &row, err, rule->sql, types, l->db->now);

    if (rc == SIGNET_E_NOT_FOUND)
        return SIGNET_OK;
    if (rc == SIGNET_OK)
        rc = error_set(err, SIGNET_E_LEDGER, "%s %s %s", rule->before, db_text(&row, 0),
                       rule->after);
    db_end(&row);
    return rc;
}

static int check_rules(struct signet_ledger *l, const struct rule *of, size_t count,
                       struct signet_error *err)
{
    int rc = SIGNET_OK;

    for (size_t i = 0; rc == SIGNET_OK && i < count; i++)
        rc = check_rule(l, &of[i], "", err);
    return rc;
}

/* No lease is longer than a day; the auditor's clock may be behind the station's. */
static const struct rule leases = {
    "the lease of", "ends at a time that no station gave it",
    "SELECT 'device ' || d.endpoint FROM devices d WHERE d.lease_until < 0 OR"
    " (d.lease_until - 86400 > $1 AND d.lease_until - 86400 > (SELECT max(time) FROM stations))"
    " UNION ALL SELECT 'the delivery of device number ' || v.device || ' to ' || v.server"
    " FROM deliveries v WHERE v.lease_until < 0 OR (v.lease_until - 86400 > $1"
    " AND v.lease_until - 86400 > (SELECT max(time) FROM stations)) LIMIT 1"};

/* Columns are of the schema that brought them. */
int rules_check(struct signet_ledger *l, struct signet_error *err)
{
    static const struct rule delivered = {
        "the number of deliveries of device", "was changed",
        "SELECT endpoint FROM devices d WHERE delivered <> (SELECT count(*) FROM"
        " deliveries v WHERE v.device = d.id AND v.state = 1) LIMIT 1"};
    int rc = check_rules(l, rules, COUNT_OF(rules), err);

    if (rc == SIGNET_OK && l->schema >= 3)
        rc = check_rules(l, &delivered, 1, err);
    if (rc == SIGNET_OK && l->schema >= 4)
        rc = check_rules(l, rules_of_sites, COUNT_OF(rules_of_sites), err);
    if (rc == SIGNET_OK && l->schema >= 5)
        rc = check_rules(l, &passed, 1, err);
    return rc == SIGNET_OK ? check_rule(l, &leases, "i", err) : rc;
}
