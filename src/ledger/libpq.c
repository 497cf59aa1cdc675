/* SPDX-License-Identifier: Apache-2.0 */
#include "ledger/libpq.h"

#include <pthread.h>

/* Filled once under pthread_once and constant afterwards. */
static struct libpq table;
static bool loaded;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static const struct library_function functions[] = {
    {"PQconnectdbParams", offsetof(struct libpq, connectdbParams)},
    {"PQfinish", offsetof(struct libpq, finish)},
    {"PQstatus", offsetof(struct libpq, status)},
    {"PQerrorMessage", offsetof(struct libpq, errorMessage)},
    {"PQexec", offsetof(struct libpq, exec)},
    {"PQprepare", offsetof(struct libpq, prepare)},
    {"PQexecPrepared", offsetof(struct libpq, execPrepared)},
    {"PQresultStatus", offsetof(struct libpq, resultStatus)},
    {"PQresultErrorField", offsetof(struct libpq, resultErrorField)},
    {"PQgetvalue", offsetof(struct libpq, getvalue)},
    {"PQgetisnull", offsetof(struct libpq, getisnull)},
    {"PQntuples", offsetof(struct libpq, ntuples)},
    {"PQcmdTuples", offsetof(struct libpq, cmdTuples)},
    {"PQcmdStatus", offsetof(struct libpq, cmdStatus)},
    {"PQsetNoticeProcessor", offsetof(struct libpq, setNoticeProcessor)},
    {"PQclear", offsetof(struct libpq, clear)},
    {"PQconninfoParse", offsetof(struct libpq, conninfoParse)},
    {"PQconninfoFree", offsetof(struct libpq, conninfoFree)},
    {"PQfreemem", offsetof(struct libpq, freemem)},
};

static void load(void)
{
    loaded =
        library_load("libpq.so.5", functions, sizeof(functions) / sizeof(functions[0]), &table);
}

int libpq_load(const struct libpq **out, struct signet_error *err)
{
    pthread_once(&once, load);
    if (!loaded) {
        error_set(err, SIGNET_E_UNSUPPORTED, "libpq.so.5 cannot be loaded");
        error_hint(err, "install Debian's package libpq5");
        return SIGNET_E_UNSUPPORTED;
    }
    *out = &table;
    return SIGNET_OK;
}
