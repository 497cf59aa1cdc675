/* SPDX-License-Identifier: Apache-2.0 */

/* Is what is here of a site what its last import left? */
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

void heads_add(struct buf *heads, int64_t station, int64_t last, const char *hash)
{
    buf_printf(heads, "%lld:%lld:%s,", (long long)station, (long long)last, hash);
}

static int add_site_station(void *ctx, const struct db_rows *row, struct signet_error *err)
{
    (void)err;
    heads_add(ctx, db_int(row, 0), db_int(row, 1), db_text(row, 2));
    return SIGNET_OK;
}

int site_head(struct signet_ledger *l, const char *site, char out[static 65],
              struct signet_error *err)
{
    struct buf heads = {0};
    const struct db_walk walk = {.sql =
                                     "SELECT id, seq, hash FROM stations WHERE id >= " OWN_END_SQL
                                     " AND " SITE_OF("name") " = $1 ORDER BY id",
                                 .row = add_site_station,
                                 .ctx = &heads};
    int rc = db_walk(l->db, &walk, err, "s", site);

    if (rc == SIGNET_OK)
        rc = heads_hash(&heads, out, err);
    buf_free(&heads);
    return rc;
}

static int check_site(void *ctx, const struct db_rows *found, struct signet_error *err)
{
    static const char last[] =
        "SELECT detail FROM events WHERE device = 0 AND kind = 'imported'"
        " AND substr('@' || detail, 1, length($1) + 2) = $1 || ': ' ORDER BY n DESC LIMIT 1";
    struct signet_ledger *l = ctx;
    const char *site = db_text(found, 0);
    struct db_rows row = {0};
    char head[65];
    int rc = site_head(l, site, head, err);

    if (rc == SIGNET_OK)
        rc = db_find(l->db, &row, err, last, "s", site);
    if (rc == SIGNET_E_NOT_FOUND)
        return error_set(err, SIGNET_E_LEDGER, "site %s was never imported", site);
    if (rc == SIGNET_OK && !text_ends_with(db_text(&row, 0), head))
        rc = error_set(err, SIGNET_E_LEDGER, "site %s is not what its last import left", site);
    db_end(&row);
    return rc;
}

int sites_check(struct signet_ledger *l, struct signet_error *err)
{
    const struct db_walk walk = {.sql =
                                     "SELECT DISTINCT " SITE_OF("name") " FROM stations"
                                                                        " WHERE id >= " OWN_END_SQL,
                                 .row = check_site,
                                 .ctx = l};

    return db_walk(l->db, &walk, err, "");
}
