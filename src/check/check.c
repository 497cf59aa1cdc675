/* SPDX-License-Identifier: Apache-2.0 */
/* One verdict for every door: the data model's rules, what the client of the profile takes, and the
 * certificates of each account. */
#include "check/private.h"

#include <stdio.h>

static struct check check_begin(const struct signet_tree *tree, unsigned flags,
                                const struct signet_observer *observer, struct signet_error *err)
{
    const struct signet_profile *profile = profile_of(tree);

    return (struct check){.tree = tree,
                          .profile = profile,
                          .client = profile->warns ? profile->warns : profile,
                          .observer = observer,
                          .err = err,
                          .warn_only = flags & SIGNET_CHECK_WARN_ONLY,
                          .for_proof = flags & SIGNET_CHECK_CERTS_LATER};
}

static int check_whole_record(struct check *check, const struct signet_record *record)
{
    int rc = check_record(check, record);

    return rc ? rc : check_client_record(check, record);
}

int record_check(const struct signet_tree *tree, const struct signet_record *record,
                 struct signet_error *err)
{
    struct check check = check_begin(tree, SIGNET_CHECK_CERTS_LATER, NULL, err);

    return check_whole_record(&check, record);
}

int signet_tree_check(const struct signet_tree *tree, unsigned flags,
                      const struct signet_observer *observer, struct signet_error *err)
{
    struct check check = check_begin(tree, flags, observer, err);
    int rc = SIGNET_OK;

    for (size_t i = 0; !rc && i < signet_tree_count(tree); i++)
        rc = check_whole_record(&check, signet_tree_at(tree, i));
    if (!rc)
        rc = check_client_forms(&check);
    if (!rc)
        rc = check_mandatory(&check);
    if (!rc)
        rc = check_server_instances(&check);
    if (!rc)
        rc = check_accounts(&check);
    return rc ? rc : check_access_control(&check);
}

/* What resources 2 to 5 and 13 of an account hold is Appendix E.1's matter, where no other standard
 * was named. */
static void cite(struct signet_error *why)
{
    size_t len = strlen(why->msg);

    if (!strstr(why->msg, "RFC ") && !strstr(why->msg, "LwM2M"))
        snprintf(why->msg + len, sizeof(why->msg) - len, " (LwM2M Core 1.2, Appendix E.1)");
}

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
            rc = account_check_presence(tree, &a, &why);
        if (rc == SIGNET_OK)
            rc = account_check_certs(tree, &a, observer, &why);
        if (rc != SIGNET_OK)
            cite(&why);
        if (rc != SIGNET_OK && !(flags & (SIGNET_CHECK_WARN_ONLY | SIGNET_CHECK_CERTS_LATER)))
            return error_copy(err, &why);
        if (rc != SIGNET_OK)
            event_warn(observer, &why);
    }
    return signet_tree_check(tree, flags, observer, err);
}
