/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CHECK_PRIVATE_H
#define CHECK_PRIVATE_H

#include "check/check.h"
#include "profile/profile.h"

/* One check of one tree. */
struct check {
    const struct signet_tree *tree;
    const struct signet_profile *profile; /* that was asked for */
    const struct signet_profile
        *client; /* whose rules are looked at: the same, or profile->warns */
    const struct signet_observer *observer;
    struct signet_error *err;
    bool warn_only, for_proof;
};

/* findings.c: what is wrong with the resource `path`. The message begins with its
 * place and name; hint may be NULL. Returns non-zero when the check is over. */
enum finding {
    FINDING_REFUSAL,     /* by a standard or by every client: a warning when the caller goes on */
    FINDING_OF_STANDARD, /* a lax client takes it: a warning for a proof */
    FINDING_OF_PROFILE,  /* a refusal that no standard has */
    FINDING_OF_CLIENT,   /* the client of the profile refuses it: a warning where none was named */
    FINDING_DOUBT,       /* a warning */
};
int check_say(struct check *check, enum finding kind, struct signet_path path, const char *hint,
              const char *fmt, ...) __attribute__((format(printf, 5, 6)));
#define check_refuse(check, ...)  check_say(check, FINDING_REFUSAL, __VA_ARGS__)
#define check_client(check, ...)  check_say(check, FINDING_OF_CLIENT, __VA_ARGS__)
#define check_suspect(check, ...) ((void)check_say(check, FINDING_DOUBT, __VA_ARGS__))
/* Of the whole packet; what: "has records of base values alone". */
int check_say_packet(struct check *check, enum finding kind, const char *what);

enum { ACCOUNTS_MAX = 1000 };

/* Each returns non-zero when the check is over. values.c: one record, by its object's definition;
 * client.c: one record, by the profile; complete.c: what instances need; accounts.c: Security;
 * server.c: Server; access_control.c */
int check_record(struct check *check, const struct signet_record *record);
int check_client_forms(struct check *check);
int check_client_record(struct check *check, const struct signet_record *record);
int check_mandatory(struct check *check);
int check_accounts(struct check *check);
int check_server_instances(struct check *check);
int check_access_control(struct check *check);

/* account_doubts.c: of one account; of those that have one key, or one identity at one server */
void suspect_account(struct check *check, const struct signet_account *account);
void suspect_shared_keys(struct check *check);

/* The integer of a single resource, or otherwise. */
int64_t check_integer(const struct check *check, uint16_t oid, uint16_t iid, uint16_t rid,
                      int64_t otherwise);

#include <signet/cert.h>

/* certs.c: an account in a mode with certificates has them, and a key */
int account_check_presence(const struct signet_tree *tree, const struct signet_account *account,
                           struct signet_error *err);

/* server_cert.c: resource 4, which is opaque and not empty */
int check_server_cert(const struct signet_tree *tree, const struct signet_account *a,
                      const struct signet_observer *observer, struct signet_error *err);

/* Now is between its dates. */
static inline int check_cert_dates(const struct signet_cert *cert,
                                   const struct signet_observer *observer, struct signet_error *err)
{
    int rc = signet_cert_check_dates(cert, observer, err);

    if (rc == SIGNET_E_CERT)
        error_cite(err, "RFC 5280, section 4.1.2.5");
    return rc;
}

static inline int value_load_cert(struct signet_cert **out, const struct signet_value *value,
                                  struct signet_error *err)
{
    return signet_cert_load(out, value->as.bytes.data, value->as.bytes.len, err);
}

/* pem.c */
bool value_is_pem(const struct signet_value *value);

#endif
