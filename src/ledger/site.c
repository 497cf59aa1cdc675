/* SPDX-License-Identifier: Apache-2.0 */

/* Is what was imported the ledger that the import recorded, under the name of its site? */
#include "ledger/trust.h"
#include "pki/pki.h"

#include <stdio.h>

int heads_hash(const struct buf *heads, char out[static 65], struct signet_error *err)
{
    int rc = buf_check(heads, err);

    return rc == SIGNET_OK ? signet_bytes_sha256(heads->data ? (const char *)heads->data : "",
                                                 heads->len, out, err)
                           : rc;
}

/* It names the head and its events; a ledger with imports of its own has a head of more than came
 * here. */
static int compare_import(const struct site *site, const char *head, const char *says,
                          struct signet_error *err)
{
    char begin[SITE_MAX + 48], end[48], is[SITE_MAX + 160];
    int len = snprintf(begin, sizeof(begin), "%s: %lld events, head ", site->name + 1,
                       (long long)site->events);

    snprintf(end, sizeof(end), ", %lld here", (long long)site->events);
    snprintf(is, sizeof(is), "%s%s%s", begin, head, end);
    if (strncmp(says, begin, (size_t)len) != 0 || !strstr(says, end) || strcmp(says, is) == 0)
        return SIGNET_OK;
    return error_set(err, SIGNET_E_LEDGER, "site %s is not the ledger that was imported as it",
                     site->name + 1);
}

int site_end(struct signet_ledger *l, struct site *site, struct signet_error *err)
{
    static const char last[] =
        "SELECT detail FROM events WHERE device = 0 AND kind = 'imported'"
        " AND substr('@' || detail, 1, length($1) + 2) = $1 || ': ' ORDER BY n DESC LIMIT 1";
    struct db_rows row;
    char head[65];

    if (!site->base)
        return SIGNET_OK;
    int rc = heads_hash(&site->heads, head, err);
    if (rc == SIGNET_OK)
        rc = db_find(l->db, &row, err, last, "s", site->name);
    if (rc != SIGNET_OK) /* a rule finds a site without an import */
        return rc == SIGNET_E_NOT_FOUND ? SIGNET_OK : rc;
    rc = compare_import(site, head, db_text(&row, 0), err);
    db_end(&row);
    return rc;
}

int site_add(struct signet_ledger *l, struct site *site, const struct site_chain *c,
             struct signet_error *err)
{
    const char *name = strrchr(c->name, '@');
    int rc = c->base == site->base ? SIGNET_OK : site_end(l, site, err);

    if (rc != SIGNET_OK || !c->base || !name)
        return rc;
    if (c->base != site->base) {
        buf_reset(&site->heads);
        site->events = 0;
        site->base = c->base;
        snprintf(site->name, sizeof(site->name), "%s", name);
    }
    site->events += c->last;
    buf_printf(&site->heads, "%lld:%lld:%s,", (long long)(c->station - c->base), (long long)c->last,
               c->head);
    return SIGNET_OK;
}
