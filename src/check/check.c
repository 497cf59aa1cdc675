/* SPDX-License-Identifier: Apache-2.0 */
/* One verdict for every door: the data model's rules, and the certificates of each account. */
#include "check/private.h"

int signet_device_check(const struct signet_tree *tree, unsigned flags,
                        const struct signet_observer *observer, struct signet_error *err)
{
    struct signet_account a;

    for (size_t i = 0; signet_tree_account(tree, i, &a); i++) {
        struct signet_error why = {0};
        int rc = SIGNET_OK;

        if (!mode_has_certs(a.mode))
            continue;
        if (!(flags & SIGNET_CHECK_PARTIAL))
            rc = account_check_presence(&a, &why);
        if (rc == SIGNET_OK)
            rc = account_check_certs(tree, &a, observer, &why);
        if (rc != SIGNET_OK && !(flags & SIGNET_CHECK_WARN_ONLY))
            return error_copy(err, &why);
        if (rc != SIGNET_OK)
            event_warn(observer, &why);
    }
    return signet_tree_check(tree, flags, observer, err);
}
