/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LEDGER_LIBPQ_H
#define LEDGER_LIBPQ_H

/* libpq, loaded when first needed: linked, its 25 libraries would cost 4 ms of every start. */

#include "base/base.h"

#include <libpq-fe.h>

struct libpq {
    PGconn *(*connectdbParams)(const char *const *keywords, const char *const *values,
                               int expand_dbname);
    void (*finish)(PGconn *conn);
    ConnStatusType (*status)(const PGconn *conn);
    char *(*errorMessage)(const PGconn *conn);
    PGresult *(*exec)(PGconn *conn, const char *sql);
    PGresult *(*prepare)(PGconn *conn, const char *name, const char *sql, int count,
                         const Oid *types);
    PGresult *(*execPrepared)(PGconn *conn, const char *name, int count, const char *const *values,
                              const int *lengths, const int *formats, int result_format);
    ExecStatusType (*resultStatus)(const PGresult *result);
    char *(*resultErrorField)(const PGresult *result, int field);
    char *(*getvalue)(const PGresult *result, int row, int column);
    int (*getisnull)(const PGresult *result, int row, int column);
    int (*ntuples)(const PGresult *result);
    char *(*cmdTuples)(PGresult *result);
    char *(*cmdStatus)(PGresult *result);
    void (*clear)(PGresult *result);
    PQnoticeProcessor (*setNoticeProcessor)(PGconn *conn, PQnoticeProcessor processor, void *arg);
    PQconninfoOption *(*conninfoParse)(const char *conninfo, char **error);
    void (*conninfoFree)(PQconninfoOption *options);
    void (*freemem)(void *memory);
};

/* The same table for all threads; SIGNET_E_UNSUPPORTED when the library is not there. */
int libpq_load(const struct libpq **out, struct signet_error *err);

#endif
