/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_TREE_H
#define SIGNET_TREE_H

/* The data model of one LwM2M device: resources and their values, in the order in which they were
 * written; and its accounts. What its resources mean is in <signet/objects.h>.
 *
 * Units: seconds for times. Ownership: the tree copies values that are put in, wipes strings and
 * opaque values when they go, and owns what records and accounts point to, until it is changed.
 * Errors: SIGNET_E_MEANING for what a device would refuse. Standard: LwM2M Core 1.2, section 7.4
 * (identifiers), Appendix C (types), Appendix E (objects).
 *
 * Threads: one handle is for one thread at a time. */

#include <signet/error.h>
#include <signet/event.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define SIGNET_NO_ID                                                                               \
    65535u /* reserved by LwM2M; as riid: the resource is not multiple-instance                    \
            */

/* Identifiers are 0..65534. */
struct signet_path {
    uint16_t oid, iid, rid, riid;
};

enum signet_type {
    SIGNET_TYPE_NONE = 0,
    SIGNET_TYPE_STRING,
    SIGNET_TYPE_INTEGER,  /* -2^63 .. 2^63-1 */
    SIGNET_TYPE_UNSIGNED, /* 2^63 .. 2^64-1 in values; any unsigned resource in the object table */
    SIGNET_TYPE_FLOAT,
    SIGNET_TYPE_BOOLEAN,
    SIGNET_TYPE_OPAQUE,
    SIGNET_TYPE_TIME, /* object table only: a value is an integer of seconds */
    SIGNET_TYPE_OBJLNK,
    SIGNET_TYPE_CORELNK,    /* object table only: a value is a string */
    SIGNET_TYPE_EXECUTABLE, /* object table only: has no value */
};

struct signet_value {
    enum signet_type type;
    union {
        int64_t integer;
        uint64_t unsigned_integer;
        double number;
        bool boolean;
        struct {
            uint16_t oid, iid;
        } objlnk;
        struct {
            const uint8_t *data; /* STRING: UTF-8, may hold zero bytes; not terminated */
            size_t len;
        } bytes; /* STRING and OPAQUE */
    } as;
};

struct signet_record {
    struct signet_path path;
    struct signet_value value; /* bytes belong to the tree */
    unsigned line, column;     /* of its entry in the text, from 1; 0: it has none */
};

struct signet_tree;

int signet_tree_new(struct signet_tree **out, struct signet_error *err);
int signet_tree_copy(struct signet_tree **out, const struct signet_tree *tree,
                     struct signet_error *err);
void signet_tree_free(struct signet_tree **tree); /* sets *tree to NULL */

size_t signet_tree_count(const struct signet_tree *tree);

/* Record i in order, or NULL past the end. Valid until the tree is changed. */
const struct signet_record *signet_tree_at(const struct signet_tree *tree, size_t i);
const struct signet_record *signet_tree_find(const struct signet_tree *tree,
                                             struct signet_path path);

/* Replaces the value in place, or inserts a record after the last one of the same object
 * instance (else at the end). The value is copied. SIGNET_E_SYNTAX: an identifier is 65535. */
int signet_tree_put(struct signet_tree *tree, struct signet_path path,
                    const struct signet_value *value, struct signet_error *err);

/* Removes one resource with all its instances (riid SIGNET_NO_ID), or one resource instance.
 * Nothing there is not an error. */
void signet_tree_remove(struct signet_tree *tree, struct signet_path path);

/* Would a device take this? SIGNET_E_MEANING names the first refusal; with
 * SIGNET_CHECK_WARN_ONLY each refusal becomes a warning to the observer. What is legal but
 * suspicious is always a warning. */
enum {
    SIGNET_CHECK_WARN_ONLY = 1u,
    SIGNET_CHECK_PARTIAL = 2u,     /* signet_device_check(): certificates may still be missing */
    SIGNET_CHECK_CERTS_LATER = 4u, /* for a proof: what is wrong with certificates, which it shows,
                                      is a warning, and so is what the client of the profile takes
                                      although a standard forbids it */
    SIGNET_CHECK_SUM_UP = 8u, /* signet_device_check(), with WARN_ONLY: how many refusals there were
                                 comes last, as a warning, and that this goes on all the same */
};
int signet_tree_check(const struct signet_tree *tree, unsigned flags,
                      const struct signet_observer *observer, struct signet_error *err);

/* Is this an endpoint client name of the form of its URN scheme (LwM2M Core 1.2, section 7.4.1)?
 * SIGNET_E_MEANING: no. What is legal and hardly meant is a warning: a wrong check digit of an
 * IMEI, "NULL". A name without a scheme that is known is taken. */
int signet_endpoint_check(const char *name, const struct signet_observer *observer,
                          struct signet_error *err);

/* Security mode, LwM2M Core 1.2 Appendix E.1, resource 2. */
enum signet_mode {
    SIGNET_MODE_PSK = 0,
    SIGNET_MODE_RPK = 1,
    SIGNET_MODE_CERT = 2,
    SIGNET_MODE_NOSEC = 3,
    SIGNET_MODE_EST = 4,
    SIGNET_MODE_NONE = -1, /* missing or not one of these */
};
enum { SIGNET_MODES = SIGNET_MODE_EST + 1 };         /* of the last, and one */
const char *signet_mode_name(enum signet_mode mode); /* "psk", "rpk", "cert", "nosec", "est" */

/* A view of one Security instance (object 0). Pointers are into the tree. */
struct signet_account {
    uint16_t iid;
    bool bootstrap; /* resource 1; false when missing */
    bool has_ssid;
    bool has_server; /* a Server instance (object 1) has this Short Server ID */
    enum signet_mode mode;
    uint16_t ssid;                         /* resource 10 */
    const struct signet_value *uri;        /* resource 0; NULL when missing, like the others */
    const struct signet_value *identity;   /* resource 3: PSK identity or client certificate */
    const struct signet_value *server_key; /* resource 4: server certificate */
    const struct signet_value *secret_key; /* resource 5: PSK or private key */
    const struct signet_value *usage;      /* resource 15: certificate usage, 3 when missing */
    const struct signet_value *lifetime;   /* /1/x/1 of the Server instance with this ssid */
    const struct signet_value *binding;    /* /1/x/7 likewise */
};

/* Security instances in order of appearance. */
size_t signet_tree_account_count(const struct signet_tree *tree);
bool signet_tree_account(const struct signet_tree *tree, size_t i, struct signet_account *out);

/* The account that `which` names: "bootstrap", "management", a Short Server ID, or a server URI.
 * NULL: the management account, else the bootstrap account. SIGNET_E_MEANING: there is none, or
 * there are several, and the hint says what tells them apart. */
int signet_tree_account_choose(const struct signet_tree *tree, const char *which,
                               struct signet_account *out, struct signet_error *err);

#ifdef __cplusplus
}
#endif
#endif
