/* SPDX-License-Identifier: Apache-2.0 */

/* A ledger is opened and closed. */

#include "ledger/store.h"
#include <stdio.h>
#include <stdlib.h>

static int check_ledger_options(const char *where, const struct signet_ledger_options *o,
                                struct signet_error *err)
{
    if (!where || !*where || !o->station || !*o->station)
        return error_set(err, SIGNET_E_USAGE, "a ledger needs a place and a station name");
    if (strlen(o->station) > STATION_MAX || !text_is_clean(o->station))
        return error_set(err, SIGNET_E_USAGE, "a station needs UTF-8, at most %d bytes",
                         STATION_MAX);
    int rc = o->operator_name ? text_check_person("operator", o->operator_name, err) : SIGNET_OK;
    if (rc == SIGNET_OK)
        rc = store_check_clock(clock_wall(), "this machine's", err);
    if (rc == SIGNET_OK && o->lease_seconds > LEASE_MAX)
        rc = error_set(err, SIGNET_E_USAGE, "a lease has at most %d s", LEASE_MAX);
    return rc;
}

static int set_up_ledger(struct signet_ledger *l, const char *where,
                         const struct signet_ledger_options *o, enum db_open how,
                         struct signet_error *err)
{
    static const struct db_ops *const kinds[] = {&postgres_ops, &sqlite_ops};
    size_t kind = 0;

    l->last = &l->first;
    l->read_only = o->read_only;
    l->lease_seconds = o->lease_seconds > 0 ? o->lease_seconds : 120;
    pthread_mutex_init(&l->lock, NULL);
    pthread_cond_init(&l->settled, NULL);
    l->station = strdup(o->station);
    l->sign_file = o->sign_file ? strdup(o->sign_file) : NULL;
    snprintf(l->operator_name, sizeof(l->operator_name), "%s",
             o->operator_name ? o->operator_name : "");
    if (!l->station || (o->sign_file && !l->sign_file))
        return error_nomem(err);
    while (kind + 1 < COUNT_OF(kinds) && !kinds[kind]->takes(where))
        kind++;
    if (kinds[kind] == &sqlite_ops &&
        (strstr(where, "://") || strncmp(where, "postgres//", 10) == 0 ||
         strncmp(where, "postgresql//", 12) == 0 || strncmp(where, "postgresql:", 11) == 0 ||
         strncmp(where, "postgres:", 9) == 0)) {
        bool secret = strpbrk(where, "@?") != NULL; /* it may hold a password */
        return error_set_hint(
            err, SIGNET_E_USAGE, "a ledger is a file, or postgresql://HOST/DATABASE",
            "ledger '%.*s%s' is no file and no database that is known",
            secret ? (int)strcspn(where, ":") : 200, where, secret ? "://..." : "");
    }
    if (kinds[kind] == &sqlite_ops && strstr(where, "dbname="))
        return error_set_hint(err, SIGNET_E_USAGE,
                              "a ledger is a file, or postgresql://HOST/DATABASE",
                              "ledger '%.*s=...' is no file: words of libpq do not stand here",
                              (int)strcspn(where, "="), where);
    const struct db_watch watch = {.observer = o->observer, .cancel = o->cancel};
    int rc = kinds[kind]->open(&l->db, where, how, &watch, err);
    if (rc == SIGNET_OK)
        rc = ledger_migrate(l, how, err);
    if (rc == SIGNET_E_LEDGER && kinds[kind] == &sqlite_ops)
        rc = signet_file_explain(rc, SIGNET_FILE_LEDGER, where, err);
    else if (rc != SIGNET_OK && rc != SIGNET_E_USAGE && /* that one may be about a password */
             err && !strstr(err->msg, where))
        error_prefix(err, "%s", where);
    return rc;
}

static int open_ledger(struct signet_ledger **out, const char *where,
                       const struct signet_ledger_options *given, bool copy,
                       struct signet_error *err)
{
    struct signet_ledger_options options;

    options_take(&options, given);
    int rc = check_ledger_options(where, &options, err);
    if (rc != SIGNET_OK)
        return rc;
    struct signet_ledger *l = calloc(1, sizeof(*l));
    if (!l)
        return error_nomem(err);
    enum db_open how = options.read_only    ? DB_READ
                       : options.must_exist ? DB_EXISTS
                       : copy               ? DB_COPY
                                            : DB_MAKE;
    rc = set_up_ledger(l, where, &options, how, err);
    if (rc != SIGNET_OK)
        signet_ledger_close(&l);
    else
        *out = l;
    return rc;
}

int signet_ledger_open(struct signet_ledger **out, const char *where,
                       const struct signet_ledger_options *options, struct signet_error *err)
{
    return open_ledger(out, where, options, false, err);
}

int ledger_make_copy(struct signet_ledger **out, const char *where, struct signet_error *err)
{
    const struct signet_ledger_options options = {.station = "backup"};

    return open_ledger(out, where, &options, true, err);
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
    free(l->sign_file);
    tlog_key_free(&l->key);
    free(l->logs.path);
    buf_free(&l->logs.names);
    buf_free(&l->scratch);
    free(l);
    *ledger = NULL;
}
