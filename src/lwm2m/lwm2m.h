/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LWM2M_LWM2M_H
#define LWM2M_LWM2M_H

/* The data model, for the other rooms: the public tree and what only they need of it. */

#include "base/base.h"

#include <signet/objects.h>
#include <signet/tree.h>

enum { TREE_MAX = 65536 }; /* records in one tree */

/* Appends without looking for the path: for readers that keep paths apart themselves. The value
 * is copied; line and column are kept as signet_record says. */
int tree_append(struct signet_tree *tree, struct signet_path path, const struct signet_value *value,
                unsigned line, unsigned column, struct signet_error *err);

/* Forms of a packet that some clients refuse, and that leave no trace in the values. */
enum tree_form {
    FORM_INDEFINITE_ARRAY = 1, /* of records */
    FORM_TIME = 2,             /* times and base times */
    FORM_LABEL = 4,            /* base values, versions, units, sums, labels without meaning */
    FORM_ALONE = 8,            /* a record of base values alone */
    FORM_FRACTION = 16,        /* a decimal fraction before the last value */
    FORM_DATE = 32,            /* a time as text */
    FORM_TWICE = 64,           /* a path of which the last value counts */
};
void tree_add_form(struct signet_tree *tree, enum tree_form form);
unsigned tree_forms(const struct signet_tree *tree);

/* source.c: the text that a tree was read from, in which what may be a secret is dots. */
struct tree_source;
int tree_source_new(struct tree_source **out, const char *name, const char *text, size_t len,
                    struct signet_error *err);
struct tree_source *tree_source_keep(struct tree_source *source); /* NULL: nothing */
void tree_source_free(struct tree_source **source);
/* The place of a record, or of where an object instance begins (rid and riid SIGNET_NO_ID), in the
 * order of the text; then that it has been read. */
int tree_source_entry(struct tree_source *source, struct signet_path path, unsigned line,
                      unsigned column, struct signet_error *err);
/* Of the entry that came last: what is worth a word about how it is written. */
int tree_source_doubt(struct tree_source *source, const char *what, const char *hint,
                      struct signet_error *err);
void tree_source_end(struct tree_source *source);
/* Its doubts, as warnings. */
void tree_source_tell(const struct tree_source *source, const struct signet_observer *observer);
void tree_source_blame(const struct tree_source *source, struct signet_path path,
                       struct signet_error *err);
/* The tree keeps it; NULL: it came from no text. */
void tree_set_source(struct signet_tree *tree, struct tree_source *source);
/* "FILE:LINE:COLUMN: " in front of the message, and the line with a caret: of the entry that the
 * path names, else of its instance, else of the beginning. Nothing where there is no text. */
void tree_blame(const struct signet_tree *tree, struct signet_path path, struct signet_error *err);
/* The doubts of the text, as warnings. */
void tree_tell(const struct signet_tree *tree, const struct signet_observer *observer);

/* account.c: the value of a single resource; NULL: the tree does not have it */
const struct signet_value *tree_value(const struct signet_tree *tree, uint16_t oid, uint16_t iid,
                                      uint16_t rid);
/* value NULL, or no integer: otherwise */
int64_t value_integer(const struct signet_value *value, int64_t otherwise);
extern const char account_modes_hint[]; /* what a mode is written as */
/* The account that stands for the device where one must: the first that is no bootstrap
 * account, else the first. False when there is none. */
bool account_main(const struct signet_tree *tree, struct signet_account *out);
bool mode_has_certs(enum signet_mode mode);

/* psk.c: a key that everyone knows; why anyone might guess this one, or NULL; whether two keys of
 * one length differ in two bytes at an end alone. */
bool psk_is_sample(const void *key, size_t len);
const char *psk_doubt(const void *key, size_t len);
bool psk_counts_up(const void *key, const void *before, size_t len);

/* standard.c: the section that defines an object, that says what goes with a security mode; and
 * " (section)" behind a message that names no standard. */
const char *section_of_object(uint16_t oid);
const char *section_of_mode(enum signet_mode mode);
void error_cite(struct signet_error *err, const char *section);

/* types.c: a type of the object table */
struct type_info {
    enum signet_type value;  /* of its values; SIGNET_TYPE_NONE: it has none */
    const char *name, *noun; /* "string", "a string" */
    const char *senml;       /* label of a value in SenML JSON (RFC 8428, table 2) */
    const char *hint;        /* how a configuration spells a value */
};
const struct type_info *type_info(enum signet_type type);
bool type_has_bytes(enum signet_type type); /* STRING and OPAQUE */

/* A set of identifiers. False: it was in there already. */
struct id_set {
    uint8_t bits[65536 / 8];
};
static inline bool id_set_add(struct id_set *set, uint16_t id)
{
    uint8_t *byte = &set->bits[id >> 3], bit = (uint8_t)(1u << (id & 7));
    bool added = !(*byte & bit);

    *byte |= bit;
    return added;
}
static inline bool id_set_has(const struct id_set *set, int64_t id)
{
    return id >= 0 && id <= 65535 && set->bits[id >> 3] & (uint8_t)(1u << (id & 7));
}

/* "/0/1/3" or "/3/0/6/1". */
enum { PATH_TEXT_MAX = 24 };
void path_format(struct signet_path path, char out[static PATH_TEXT_MAX]);

void objects_keep(struct signet_objects *objects); /* NULL: nothing */

/* objects.c: names both ways, an alias is a name, too; for typo hints up to cap names. objects may
 * be NULL everywhere: the core table alone. */
/* Of the set alone: the core table does not have it. */
bool object_is_imported(const struct signet_objects *objects, uint16_t oid);
const char *object_name(const struct signet_objects *objects, uint16_t oid);
const char *resource_name(const struct signet_objects *objects, uint16_t oid, uint16_t rid);
const struct signet_object *object_by_name(const struct signet_objects *objects, const char *name,
                                           size_t len);
const struct signet_resource *resource_by_name(const struct signet_object *object, const char *name,
                                               size_t len);
size_t object_names(const struct signet_objects *objects, const char **names, size_t cap);
size_t resource_names(const struct signet_object *object, const char **names, size_t cap);

/* set.c: definitions as their files have them, with the names that stand there, become a set: names
 * become words (object_word()), and those that come twice get their number behind them. Of several
 * versions of an object the newest stands; objects of the core table keep their names there. files
 * has the file of each. SIGNET_E_CONFLICT: two files differ about one version of an object. */
int objects_build(struct signet_objects **out, const struct signet_object *defined,
                  const char *const *files, size_t count, struct signet_error *err);
/* "Will QoS" is WillQoS, "IP address (2)" IPAddress; "" when there is no letter or digit. */
void object_word(const char *name, char out[static SIGNET_NAME_MAX + 1]);

/* range.c: of a number, or of the bytes of a string or opaque value; "" has all */
bool range_valid(const char *range);
bool range_has(const char *range, const struct signet_value *value);
/* "0 to 100", "16 or 32 or 48" */
enum { RANGE_TEXT_MAX = 96 };
const char *range_text(const char *range, char out[static RANGE_TEXT_MAX]);

/* secrets.c: what must not be shown */
bool resource_is_secret(const struct signet_objects *objects, uint16_t oid, uint16_t rid);
/* "Multicast group key", "accessToken"; not "Public Key", "Key Index" */
bool name_is_secret(const char *name);
/* A private key in DER or PEM, or the text of one in base64 or hex. */
bool value_is_private_key(const struct signet_value *value);
/* By its place, or because it looks like a private key. */
bool record_is_secret(const struct signet_objects *objects, const struct signet_record *record);

/* uri.c: the URI of a server, taken apart */
enum uri_transport { URI_UDP, URI_TCP, URI_NIDD, URI_SMS };
struct coap_uri {
    enum uri_transport transport;
    bool secured;    /* DTLS or TLS */
    bool literal;    /* the host is an IPv6 address, without its brackets; "fe80::1%eth0" */
    bool port_given; /* else port is the scheme's */
    bool empty_port, long_port, fragment;
    uint16_t port;
    char host[256]; /* "" by SMS */
    char path[256]; /* with its query, "" or "/a/b?c" */
};
/* SIGNET_E_MEANING: the message goes on after "the URI", "has no host (RFC 7252, section 6.1)". */
int uri_parse(struct coap_uri *out, const char *text, size_t len, struct signet_error *err);
bool uri_is_ip(const struct coap_uri *uri); /* reached over UDP or TCP, as a station can */
/* What is legal, and hardly meant; likewise. NULL: nothing. */
const char *uri_doubt(const struct coap_uri *uri);
/* Hosts alone, with commas between: no blanks, no URIs. NULL: none, which is right. */
bool uri_are_hosts(const char *list);

/* endpoint_name.c: SIGNET_E_MEANING: the name has a URN scheme whose form it has not. *doubt: what
 * is hardly meant, goes on after the name; NULL: nothing. */
int endpoint_check(const char *name, const char **doubt, struct signet_error *err);
/* spreadsheet.c: likewise, of one cell of a table, or of the end of a name */
const char *cell_doubt(const char *cell);
/* 4.90154E+14 */
bool cell_is_rounded(const char *cell);

/* Resources of Security, /0/x/3 to /0/x/5 (LwM2M Core 1.2, Appendix E.1). */
enum { RID_IDENTITY = 3, RID_SERVER_KEY = 4, RID_SECRET_KEY = 5 };

#endif
