/* SPDX-License-Identifier: Apache-2.0 */
/* One verdict for every door: the data model's rules, what the client of the profile takes, and the
 * certificates of each account. */
#include "check/private.h"

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

    tree_tell(tree, observer);
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

/* In mode est a device makes its key and is given its certificate: what stands in 3 and 5 it
 * ignores (LwM2M Transport 1.2, section 5.2.9.5). */
static int check_est(const struct signet_tree *tree, const struct signet_account *a, unsigned flags,
                     const struct signet_observer *observer, struct signet_error *err)
{
    struct signet_account own = *a, server = *a;
    struct signet_error doubts[2] = {0};
    int rc = SIGNET_OK;

    own.server_key = server.identity = server.secret_key = NULL;
    if (!(flags & SIGNET_CHECK_PARTIAL))
        account_check_presence(tree, &server, &doubts[0]);
    rc = account_check_certs(tree, &server, observer, err);
    if (rc == SIGNET_OK)
        account_check_certs(tree, &own, observer, &doubts[1]);
    for (size_t i = 0; rc == SIGNET_OK && i < COUNT_OF(doubts); i++) {
        if (doubts[i].code == SIGNET_OK)
            continue;
        error_cite(&doubts[i], section_of_mode(a->mode));
        doubts[i].code = SIGNET_OK;
        event_warn(observer, &doubts[i]);
    }
    return rc;
}

static int check_certs(const struct signet_tree *tree, const struct signet_account *a,
                       unsigned flags, const struct signet_observer *observer,
                       struct signet_error *err)
{
    int rc = SIGNET_OK;

    if (a->mode == SIGNET_MODE_EST)
        return check_est(tree, a, flags, observer, err);
    if (!(flags & SIGNET_CHECK_PARTIAL))
        rc = account_check_presence(tree, a, err);
    return rc ? rc : account_check_certs(tree, a, observer, err);
}

static int check_whole_device(const struct signet_tree *tree, unsigned flags,
                              const struct signet_observer *observer, struct signet_error *err)
{
    struct signet_account a;

    for (size_t i = 0; signet_tree_account(tree, i, &a); i++) {
        struct signet_error why = {0};
        int rc;

        if (!mode_has_certs(a.mode))
            continue;
        rc = check_certs(tree, &a, flags, observer, &why);
        if (rc == SIGNET_E_CERT || rc == SIGNET_E_MEANING) /* not of a clock, or memory */
            error_cite(&why, section_of_mode(a.mode));
        if (rc != SIGNET_OK && !(flags & (SIGNET_CHECK_WARN_ONLY | SIGNET_CHECK_CERTS_LATER)))
            return error_copy(err, &why);
        if (rc != SIGNET_OK)
            event_warn(observer, &why);
    }
    return signet_tree_check(tree, flags, observer, err);
}

struct refusals {
    const struct signet_observer *observer;
    size_t count;
};

static void count_refusal(void *ctx, const struct signet_event *event)
{
    struct refusals *r = ctx;

    r->count += event->error && event->error->code != SIGNET_OK;
    event_send(r->observer, event);
}

int signet_device_check(const struct signet_tree *tree, unsigned flags,
                        const struct signet_observer *observer, struct signet_error *err)
{
    struct refusals refusals = {.observer = observer};
    const struct signet_observer counted = {.on_event = count_refusal, .ctx = &refusals};
    struct signet_error note = {0};
    int rc = check_whole_device(tree, flags, &counted, err);

    if (rc != SIGNET_OK || !(flags & SIGNET_CHECK_SUM_UP) || !refusals.count)
        return rc;
    error_set_hint(&note, SIGNET_E_MEANING, "mend it, or keep it from devices",
                   "a device would refuse it for %zu reason%s: this goes on all the same",
                   refusals.count, refusals.count > 1 ? "s" : "");
    event_warn(observer, &note);
    return rc;
}
