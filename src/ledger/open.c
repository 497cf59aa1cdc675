/* SPDX-License-Identifier: Apache-2.0 */
/* A ledger is opened and closed. */
#include "ledger/lease.h"
#include "ledger/migrate.h"

#include <stdlib.h>
#include <string.h>

static int open_db(struct signet_ledger *l, const char *where, enum db_open how,
                   struct signet_error *err)
{
    static const struct db_ops *const kinds[] = {&postgres_ops, &sqlite_ops};

    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
        if (kinds[i]->takes(where))
            return kinds[i]->open(&l->db, where, how, err);
    return error_set(err, SIGNET_E_USAGE, "a ledger needs a path");
}

int signet_ledger_open(struct signet_ledger **out, const char *where,
                       const struct signet_ledger_options *options, struct signet_error *err)
{
    if (!where || !*where || !options || !options->station || !*options->station)
        return error_set(err, SIGNET_E_USAGE, "a ledger needs a place and a station name");
    if (strlen(options->station) > STATION_MAX || !text_is_clean(options->station) ||
        !text_is_clean(options->operator_name))
        return error_set(err, SIGNET_E_USAGE,
                         "station and operator need UTF-8, a station at most %d bytes",
                         STATION_MAX);
    int rc = store_check_clock(clock_wall(), "station's", err);
    if (rc != SIGNET_OK)
        return rc;
    if (options->lease_seconds > LEASE_MAX)
        return error_set(err, SIGNET_E_USAGE, "a lease has at most %d s", LEASE_MAX);
    struct signet_ledger *l = calloc(1, sizeof(*l));
    if (!l)
        return error_nomem(err);
    l->last = &l->first;
    l->read_only = options->read_only;
    l->lease_seconds = options->lease_seconds > 0 ? options->lease_seconds : 120;
    pthread_mutex_init(&l->lock, NULL);
    pthread_cond_init(&l->settled, NULL);
    l->station = strdup(options->station);
    l->operator_name = strdup(options->operator_name ? options->operator_name : "");
    if (!l->station || !l->operator_name) {
        rc = error_nomem(err);
    } else {
        enum db_open how = l->read_only ? DB_READ : options->must_exist ? DB_EXISTS : DB_MAKE;
        rc = open_db(l, where, how, err);
        if (rc == SIGNET_OK)
            rc = ledger_migrate(l, how, err);
        if (rc != SIGNET_OK && rc != SIGNET_E_USAGE) /* that one may be about a password */
            error_prefix(err, "%s", where);
    }
    if (rc != SIGNET_OK)
        signet_ledger_close(&l);
    else
        *out = l;
    return rc;
}

void signet_ledger_close(struct signet_ledger **ledger)
{
    struct signet_ledger *l = ledger ? *ledger : NULL;

    if (!l)
        return;
    if (l->db)
        l->db->ops->close(l->db);
    pthread_cond_destroy(&l->settled);
    pthread_mutex_destroy(&l->lock);
    free(l->station);
    free(l->operator_name);
    buf_free(&l->scratch);
    free(l);
    *ledger = NULL;
}
