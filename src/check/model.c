/* SPDX-License-Identifier: Apache-2.0 */
/* The rules of the data model: what a device would refuse, and what it would take but nobody wants.
 */
#include "check/private.h"

#include <inttypes.h>
#include <signet/text.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ACCOUNTS_MAX = 1000 };
enum {
    READ = SIGNET_DEFINED_READ,
    WRITE = SIGNET_DEFINED_WRITE,
    MANDATORY = SIGNET_DEFINED_MANDATORY,
    MULTIPLE = SIGNET_DEFINED_MULTIPLE,
};

struct check {
    const struct signet_tree *tree;
    const struct signet_observer *observer;
    struct signet_error *err;
    bool warn_only;
};

/* "line 3: RID.Security.Mode (/0/1/2) is ..." line 0: the place is not known. */
__attribute__((format(printf, 7, 0))) static void
describe_resource(struct check *check, struct signet_error *out, enum signet_code code,
                  struct signet_path path, unsigned line, const char *hint, const char *fmt,
                  va_list args)
{
    const char *object = object_name(signet_tree_objects(check->tree), path.oid);
    const char *resource = resource_name(signet_tree_objects(check->tree), path.oid, path.rid);
    char numbers[PATH_TEXT_MAX], what[192], place[32] = "";

    vsnprintf(what, sizeof what, fmt, args);
    path_format(path, numbers);
    if (line)
        snprintf(place, sizeof place, "line %u: ", line);
    if (object && resource)
        error_set(out, code, "%sRID.%s.%s (%s) %s", place, object, resource, numbers, what);
    else
        error_set(out, code, "%s%s %s", place, numbers, what);
    if (hint)
        error_hint(out, "%s", hint);
}

/* The device refuses `path`: an error, or a warning when the caller wants to go on. Returns
 * non-zero when the check is over. */
__attribute__((format(printf, 5, 6))) static int check_refuse(struct check *check,
                                                              struct signet_path path,
                                                              unsigned line, const char *hint,
                                                              const char *fmt, ...)
{
    struct signet_error refusal = {0};
    va_list args;

    va_start(args, fmt);
    describe_resource(check, &refusal, SIGNET_E_MEANING, path, line, hint, fmt, args);
    va_end(args);
    if (check->warn_only) {
        event_warn(check->observer, &refusal);
        return SIGNET_OK;
    }
    if (check->err)
        *check->err = refusal;
    return SIGNET_E_MEANING;
}

__attribute__((format(printf, 4, 5))) static void
suspect(struct check *check, struct signet_path path, const char *hint, const char *fmt, ...)
{
    struct signet_error warning = {0};
    va_list args;

    va_start(args, fmt);
    describe_resource(check, &warning, SIGNET_OK, path, 0, hint, fmt, args);
    va_end(args);
    event_warn(check->observer, &warning);
}

static bool type_fits(const struct signet_resource *resource, const struct signet_value *value)
{
    enum signet_type want = (enum signet_type)resource->type;

    if (value->type == SIGNET_TYPE_STRING && (resource->flags & SIGNET_DEFINED_TEXT_TOO))
        return true;
    if (value->type == SIGNET_TYPE_UNSIGNED && want == SIGNET_TYPE_FLOAT)
        return true;
    if (value->type != SIGNET_TYPE_INTEGER)
        return value->type == type_info(want)->value;
    return type_info(want)->value == SIGNET_TYPE_INTEGER ||
           want == SIGNET_TYPE_FLOAT || /* Anjay's reader takes integers for floats */
           (want == SIGNET_TYPE_UNSIGNED && value->as.integer >= 0);
}

/* "70000", "300 bytes" */
static const char *value_measure(const struct signet_value *value, char out[static 48])
{
    char number[SIGNET_NUMBER_SIZE];

    signet_text_number(value->type == SIGNET_TYPE_FLOAT ? value->as.number : 0, number);
    if (type_has_bytes(value->type))
        snprintf(out, 48, "%zu", value->as.bytes.len);
    else if (value->type == SIGNET_TYPE_FLOAT)
        snprintf(out, 48, "%s", number);
    else if (value->type == SIGNET_TYPE_UNSIGNED)
        snprintf(out, 48, "%" PRIu64, value->as.unsigned_integer);
    else
        snprintf(out, 48, "%" PRId64, value->as.integer);
    return out;
}

static int check_range(struct check *check, const struct signet_record *record,
                       const struct signet_resource *resource)
{
    bool bytes = type_has_bytes(record->value.type);
    char range[RANGE_TEXT_MAX], measure[48], rule[48] = "";

    if (range_has(resource->range, &record->value))
        return SIGNET_OK;
    if (record->path.oid <= 7)
        snprintf(rule, sizeof rule, " (LwM2M Core 1.2, Appendix E.%u)", record->path.oid + 1u);
    return check_refuse(check, record->path, record->line,
                        "the range is that of the object's definition in the OMA registry",
                        "must %s %s%s, not %s%s", bytes ? "have" : "be",
                        range_text(resource->range, range), bytes ? " bytes" : "",
                        value_measure(&record->value, measure), rule);
}

static int check_record_value(struct check *check, const struct signet_record *record,
                              const struct signet_resource *resource)
{
    const struct type_info *want = type_info((enum signet_type)resource->type);
    const struct signet_value *value = &record->value;
    int rc;

    if (!type_fits(resource, value))
        return check_refuse(check, record->path, record->line, want->hint, "must be %s, not %s",
                            want->noun, type_info(value->type)->noun);
    rc = check_range(check, record, resource);
    if (!rc && record->path.oid == 1 && record->path.rid == 1 && value->as.integer == 0)
        suspect(check, record->path, NULL, "is 0: the server may forget the device at once");
    return rc;
}

/* Operations are those of a server: a bootstrap writes what is read-only as well (LwM2M Core 1.2,
 * 6.1.7.5). What the firmware alone knows it overwrites. */
static int check_operations(struct check *check, const struct signet_record *record,
                            const struct signet_object *object,
                            const struct signet_resource *resource)
{
    if (resource->type == SIGNET_TYPE_EXECUTABLE)
        return check_refuse(check, record->path, record->line, NULL,
                            "is executable: it has no value");
    if ((resource->flags & (READ | WRITE)) != READ || object->id <= 2)
        return SIGNET_OK;
    if (object->flags & SIGNET_DEFINED_FIRMWARE)
        return check_refuse(check, record->path, record->line, NULL, "is read-only for everyone");
    suspect(check, record->path, "leave it out if the firmware sets it",
            "is read-only for servers, and some clients refuse it from the factory as well");
    return SIGNET_OK;
}

static int check_instances(struct check *check, const struct signet_record *record,
                           const struct signet_object *object,
                           const struct signet_resource *resource)
{
    struct signet_path path = record->path;

    if (!(object->flags & MULTIPLE) && path.iid != 0)
        return check_refuse(check, path, record->line, "write instance 0",
                            "is in instance %u of an object that has one instance only", path.iid);
    if ((resource->flags & MULTIPLE) && path.riid == SIGNET_NO_ID)
        return check_refuse(check, path, record->line, "write {0: value}",
                            "has resource instances: its value is a dictionary of them");
    if (!(resource->flags & MULTIPLE) && path.riid != SIGNET_NO_ID)
        return check_refuse(check, path, record->line, "write the value itself",
                            "has one value, not a dictionary of instances");
    return SIGNET_OK;
}

static int check_record(struct check *check, const struct signet_record *record)
{
    struct signet_path path = record->path;
    const struct signet_objects *objects = signet_tree_objects(check->tree);
    const struct signet_object *object = signet_object_find(objects, path.oid);
    const struct signet_resource *resource = signet_resource_find(objects, path.oid, path.rid);
    int rc;

    if (!object)
        return SIGNET_OK; /* not ours to judge */
    if (!resource)
        return check_refuse(check, path, record->line, NULL, "is not a resource of OID.%s",
                            object->name);
    rc = check_operations(check, record, object, resource);
    if (!rc && resource->type != SIGNET_TYPE_EXECUTABLE)
        rc = check_instances(check, record, object, resource);
    if (!rc && resource->type != SIGNET_TYPE_EXECUTABLE)
        rc = check_record_value(check, record, resource);
    return rc;
}

static uint64_t resource_key(uint16_t oid, uint16_t iid, uint16_t rid)
{
    return (uint64_t)oid << 32 | (uint64_t)iid << 16 | rid;
}

static int compare_key(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

    return x < y ? -1 : x > y;
}

/* What each instance of Security and Server needs, a device refuses to be without. What another
 * object has as mandatory and writable is worth a word. */
static int check_complete(struct check *check, uint16_t oid, uint16_t iid, const uint64_t *keys,
                          size_t count)
{
    const struct signet_object *object = signet_object_find(signet_tree_objects(check->tree), oid);
    int rc = SIGNET_OK;

    for (size_t i = 0; object && !rc && i < object->count; i++) {
        const struct signet_resource *r = &object->resources[i];
        uint64_t key = resource_key(oid, iid, r->id);
        struct signet_path want = {oid, iid, r->id, SIGNET_NO_ID};
        bool written = oid > 2 && r->type != SIGNET_TYPE_EXECUTABLE &&
                       (r->flags & (READ | WRITE)) != READ && (r->flags & MANDATORY);

        if ((!written && !(r->flags & SIGNET_DEFINED_NEEDED)) ||
            bsearch(&key, keys, count, sizeof key, compare_key))
            continue;
        if (r->flags & SIGNET_DEFINED_NEEDED)
            rc = check_refuse(check, want, 0, "add it to this instance",
                              "is missing: a device refuses the instance without it");
        else
            suspect(check, want, "add it to this instance",
                    "is missing, and mandatory by the object's definition");
    }
    return rc;
}

static int check_mandatory(struct check *check)
{
    size_t count = signet_tree_count(check->tree);
    uint64_t *keys = calloc(count + 1, sizeof *keys);
    int rc = keys ? SIGNET_OK : error_nomem(check->err);

    for (size_t i = 0; keys && i < count; i++) {
        struct signet_path path = signet_tree_at(check->tree, i)->path;

        keys[i] = resource_key(path.oid, path.iid, path.rid);
    }
    if (keys)
        qsort(keys, count, sizeof *keys, compare_key);
    for (size_t i = 0; !rc && i < count; i++)
        if (!i || keys[i] >> 16 != keys[i - 1] >> 16)
            rc = check_complete(check, (uint16_t)(keys[i] >> 32), (uint16_t)(keys[i] >> 16), keys,
                                count);
    free(keys);
    return rc;
}

/* coap, coaps, coap+tcp or coaps+tcp, and a host. Secured: over (D)TLS. */
static bool is_coap_uri(const struct signet_value *uri, bool *secured)
{
    const char *at = (const char *)uri->as.bytes.data; /* the tree ends it with a zero */

    for (size_t i = 0; i < uri->as.bytes.len; i++)
        if (uri->as.bytes.data[i] <= ' ' || uri->as.bytes.data[i] >= 0x7f)
            return false;
    if (strncmp(at, "coap", 4) != 0)
        return false;
    at += 4;
    *secured = *at == 's';
    at += *secured;
    at += strncmp(at, "+tcp", 4) == 0 ? 4 : 0;
    return strncmp(at, "://", 3) == 0 && !strchr(":/?#", at[3]); /* nor its end */
}

static int check_psk(struct check *check, const struct signet_account *account)
{
    static const char sample[] = "3x@mpl3P5K53cr3tK3y";
    struct signet_path identity = {0, account->iid, 3, SIGNET_NO_ID};
    struct signet_path key = {0, account->iid, 5, SIGNET_NO_ID};
    size_t len;

    if (!account->identity || account->identity->as.bytes.len == 0)
        return check_refuse(check, identity, 0, "give the PSK identity as bytes",
                            "is missing or empty in mode psk");
    if (!account->secret_key || account->secret_key->as.bytes.len == 0)
        return check_refuse(check, key, 0, "give the PSK as bytes",
                            "is missing or empty in mode psk");
    len = account->secret_key->as.bytes.len;
    if (len == sizeof sample - 1 && memcmp(account->secret_key->as.bytes.data, sample, len) == 0)
        suspect(check, key, "mint a key of its own for each device",
                "is the sample that everyone knows");
    if (len < 16)
        suspect(check, key, "use 16 bytes or more", "has %zu bytes: fewer than 16 are weak", len);
    if (len > 64)
        suspect(check, key, NULL, "has %zu bytes: servers and devices need take 64 only", len);
    if (account->identity->as.bytes.len > 128)
        suspect(check, identity, NULL, "has %zu bytes: servers need take 128 only",
                account->identity->as.bytes.len);
    return SIGNET_OK;
}

static int check_uri(struct check *check, const struct signet_account *account)
{
    struct signet_path uri = {0, account->iid, 0, SIGNET_NO_ID};
    bool secured = false;

    if (!account->uri || account->uri->type != SIGNET_TYPE_STRING)
        return SIGNET_OK;
    if (!is_coap_uri(account->uri, &secured))
        return check_refuse(check, uri, 0, "write 'coaps://HOST:5684'",
                            "is not a CoAP URI with a host");
    if (account->mode == SIGNET_MODE_NONE || secured == (account->mode != SIGNET_MODE_NOSEC))
        return SIGNET_OK;
    return check_refuse(check, uri, 0,
                        secured ? "write coap://, or choose another mode"
                                : "write coaps://, or set the mode to 3 (nosec)",
                        "is %s, which mode %s does not go with", secured ? "coaps" : "coap",
                        signet_mode_name(account->mode));
}

static int check_account(struct check *check, const struct signet_account *account)
{
    int rc = SIGNET_OK;

    if (account->mode == SIGNET_MODE_RPK)
        rc = check_refuse(check, (struct signet_path){0, account->iid, 2, SIGNET_NO_ID}, 0,
                          "0 is psk, 2 is cert, 3 is nosec, 4 is est",
                          "is 1 (raw public key), which the device's reader does not take");
    if (!rc)
        rc = check_uri(check, account);
    if (!rc && !account->bootstrap && !account->has_ssid)
        rc = check_refuse(check, (struct signet_path){0, account->iid, 10, SIGNET_NO_ID}, 0,
                          "give a number from 1 to 65534, the same as in the Server instance",
                          "is missing: a server that is not a bootstrap server needs it");
    if (rc || account->mode != SIGNET_MODE_PSK ||
        (account->identity && !type_has_bytes(account->identity->type)) ||
        (account->secret_key && !type_has_bytes(account->secret_key->type)))
        return rc;
    return check_psk(check, account);
}

/* Short Server IDs of the instances of one object: none twice. */
static int check_ssids(struct check *check, uint16_t oid, uint16_t rid)
{
    struct id_set seen = {{0}};

    for (size_t i = 0; i < signet_tree_count(check->tree); i++) {
        const struct signet_record *r = signet_tree_at(check->tree, i);
        int64_t ssid = r->value.as.integer;

        if (r->path.oid == oid && r->path.rid == rid && r->value.type == SIGNET_TYPE_INTEGER &&
            ssid >= 0 && ssid <= 65535 && !id_set_add(&seen, (uint16_t)ssid) &&
            check_refuse(check, r->path, r->line, "give each instance its own",
                         "is %d in another instance too", (int)ssid))
            return SIGNET_E_MEANING;
    }
    return SIGNET_OK;
}

static int check_security(struct check *check)
{
    struct signet_account account;
    bool bootstrap = false;

    if (signet_tree_account_count(check->tree) > ACCOUNTS_MAX)
        return check_refuse(check, (struct signet_path){0, 0, 0, SIGNET_NO_ID}, 0, NULL,
                            "has more than %d instances", ACCOUNTS_MAX);
    for (size_t i = 0; signet_tree_account(check->tree, i, &account); i++) {
        int rc = check_account(check, &account);

        if (!rc && account.bootstrap && bootstrap)
            rc = check_refuse(check, (struct signet_path){0, account.iid, 1, SIGNET_NO_ID}, 0,
                              "one bootstrap server is all a device may have",
                              "makes this a second bootstrap server");
        if (rc)
            return rc;
        bootstrap = bootstrap || account.bootstrap;
    }
    return SIGNET_OK;
}

static bool is_binding(const char *text, size_t len)
{
    return len && strspn(text, "UMHTSNQ") == len && strcmp(text, "Q") != 0;
}

static int check_bindings(struct check *check)
{
    for (size_t i = 0; i < signet_tree_count(check->tree); i++) {
        const struct signet_record *r = signet_tree_at(check->tree, i);

        if (r->path.oid == 1 && r->path.rid == 7 && r->value.type == SIGNET_TYPE_STRING &&
            !is_binding((const char *)r->value.as.bytes.data, r->value.as.bytes.len) &&
            check_refuse(check, r->path, r->line, "'U' is UDP, 'UQ' UDP with queue mode",
                         "is not a binding: letters of UMHTSN, and Q not alone"))
            return SIGNET_E_MEANING;
    }
    return SIGNET_OK;
}

static void suspect_half(struct check *check, struct signet_path path, unsigned ssid)
{
    suspect(check, path,
            "a server account is a Security and a Server instance with one Short Server ID",
            "is %u in a %s instance, but no %s instance has that number", ssid,
            path.oid ? "Server" : "Security", path.oid ? "Security" : "Server");
}

static bool has_account(const struct signet_tree *tree, int64_t ssid)
{
    struct signet_account a;

    for (size_t i = 0; signet_tree_account(tree, i, &a); i++)
        if (!a.bootstrap && a.has_ssid && a.ssid == ssid)
            return true;
    return false;
}

/* A pair is what makes a server account (LwM2M Core 1.2, 6.1.2); a device takes half of one. */
static void suspect_halves(struct check *check)
{
    struct signet_account a;

    for (size_t i = 0; signet_tree_account(check->tree, i, &a); i++)
        if (!a.bootstrap && a.has_ssid && !a.has_server)
            suspect_half(check, (struct signet_path){0, a.iid, 10, SIGNET_NO_ID}, a.ssid);
    for (size_t i = 0; i < signet_tree_count(check->tree); i++) {
        const struct signet_record *r = signet_tree_at(check->tree, i);

        if (r->path.oid == 1 && r->path.rid == 0 && r->value.type == SIGNET_TYPE_INTEGER &&
            !has_account(check->tree, r->value.as.integer))
            suspect_half(check, r->path, (unsigned)r->value.as.integer);
    }
}

int signet_tree_check(const struct signet_tree *tree, unsigned flags,
                      const struct signet_observer *observer, struct signet_error *err)
{
    struct check check = {.tree = tree,
                          .observer = observer,
                          .err = err,
                          .warn_only = flags & SIGNET_CHECK_WARN_ONLY};
    int rc = SIGNET_OK;

    for (size_t i = 0; !rc && i < signet_tree_count(tree); i++)
        rc = check_record(&check, signet_tree_at(tree, i));
    if (rc || (rc = check_mandatory(&check)) || (rc = check_ssids(&check, 0, 10)) ||
        (rc = check_ssids(&check, 1, 0)) || (rc = check_security(&check)) ||
        (rc = check_bindings(&check)))
        return rc;
    suspect_halves(&check);
    return SIGNET_OK;
}
