/* SPDX-License-Identifier: Apache-2.0 */

/* Who is at work: operator and shift, as events of the order. */

#include "ledger/store.h"

int signet_ledger_operator(struct signet_ledger *l, int64_t order, const char *name,
                           struct signet_error *err)
{
    int rc = text_check_person("operator", name, err);

    if (rc == SIGNET_OK)
        rc = order_put_note(l, order, "operator", name, err);
    if (rc != SIGNET_OK)
        return rc;
    pthread_mutex_lock(&l->lock);
    memset(l->operator_name, 0, sizeof(l->operator_name));
    memcpy(l->operator_name, name, strlen(name));
    pthread_mutex_unlock(&l->lock);
    return SIGNET_OK;
}

int signet_ledger_shift(struct signet_ledger *l, int64_t order, const char *name,
                        struct signet_error *err)
{
    int rc = text_check_person("shift", name, err);

    return rc == SIGNET_OK ? order_put_note(l, order, "shift", name, err) : rc;
}
