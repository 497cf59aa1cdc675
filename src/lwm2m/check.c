/* SPDX-License-Identifier: Apache-2.0 */
/* What a device would refuse, and what it would take but nobody wants. */
#include "lwm2m/objects.h"

#include <stdio.h>
#include <string.h>

enum { RESOURCE_TEXT_MAX = 96, ACCOUNTS_MAX = 1000 };

struct check {
    const struct signet_tree *tree;
    const struct signet_observer *observer;
    struct signet_error *err;
    bool warn_only;
};

/* "RID.Security.Mode (/0/1/2)", with the place in the text where it is known. */
static void resource_text(struct signet_path path, char out[static RESOURCE_TEXT_MAX])
{
    const char *object = signet_object_name(path.oid);
    const char *resource = signet_resource_name(path.oid, path.rid);
    char numbers[PATH_TEXT_MAX];

    path_format(path, numbers);
    if (object && resource)
        snprintf(out, RESOURCE_TEXT_MAX, "RID.%s.%s (%s)", object, resource, numbers);
    else
        snprintf(out, RESOURCE_TEXT_MAX, "%s", numbers);
}

/* The device refuses `path`: an error, or a warning when the caller wants to go on. line 0: the
 * place is not known. Returns non-zero when the check is over. */
__attribute__((format(printf, 5, 6))) static int refuse(struct check *check,
                                                        struct signet_path path, unsigned line,
                                                        const char *hint, const char *fmt, ...)
{
    char resource[RESOURCE_TEXT_MAX], what[192], place[32] = "";
    struct signet_error refusal = {0};
    va_list args;

    va_start(args, fmt);
    vsnprintf(what, sizeof what, fmt, args);
    va_end(args);
    resource_text(path, resource);
    if (line)
        snprintf(place, sizeof place, "line %u: ", line);
    error_set(&refusal, SIGNET_E_MEANING, "%s%s %s", place, resource, what);
    if (hint)
        error_hint(&refusal, "%s", hint);
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
    char resource[RESOURCE_TEXT_MAX], what[192];
    struct signet_error warning = {0};
    va_list args;

    va_start(args, fmt);
    vsnprintf(what, sizeof what, fmt, args);
    va_end(args);
    resource_text(path, resource);
    error_set(&warning, SIGNET_OK, "%s %s", resource, what);
    if (hint)
        error_hint(&warning, "%s", hint);
    event_warn(check->observer, &warning);
}

static const char *type_text(enum signet_type type)
{
    switch (type) {
    case SIGNET_TYPE_STRING:
    case SIGNET_TYPE_CORELNK:
        return "a string";
    case SIGNET_TYPE_INTEGER:
        return "an integer";
    case SIGNET_TYPE_UNSIGNED:
        return "an unsigned integer";
    case SIGNET_TYPE_FLOAT:
        return "a number";
    case SIGNET_TYPE_BOOLEAN:
        return "True or False";
    case SIGNET_TYPE_OPAQUE:
        return "bytes";
    case SIGNET_TYPE_TIME:
        return "a time in seconds";
    case SIGNET_TYPE_OBJLNK:
        return "an object link";
    case SIGNET_TYPE_EXECUTABLE:
    case SIGNET_TYPE_NONE:
        break;
    }
    return "nothing";
}

static const char *type_hint(enum signet_type type)
{
    switch (type) {
    case SIGNET_TYPE_STRING:
    case SIGNET_TYPE_CORELNK:
        return "write it in quotes: 'text'";
    case SIGNET_TYPE_OPAQUE:
        return "write bytes: b'text' or bytes.fromhex('00ff')";
    case SIGNET_TYPE_BOOLEAN:
        return "write True or False";
    case SIGNET_TYPE_OBJLNK:
        return "write Objlink(object, instance)";
    case SIGNET_TYPE_INTEGER:
    case SIGNET_TYPE_UNSIGNED:
    case SIGNET_TYPE_FLOAT:
    case SIGNET_TYPE_TIME:
    case SIGNET_TYPE_EXECUTABLE:
    case SIGNET_TYPE_NONE:
        break;
    }
    return "write a number without quotes";
}

static bool type_fits(enum signet_type want, const struct signet_value *value)
{
    switch (want) {
    case SIGNET_TYPE_UNSIGNED:
        return value->type == SIGNET_TYPE_UNSIGNED ||
               (value->type == SIGNET_TYPE_INTEGER && value->as.integer >= 0);
    case SIGNET_TYPE_FLOAT: /* Anjay's reader takes integers for floats */
        return value->type == SIGNET_TYPE_FLOAT || value->type == SIGNET_TYPE_INTEGER;
    case SIGNET_TYPE_TIME:
        return value->type == SIGNET_TYPE_INTEGER;
    case SIGNET_TYPE_CORELNK:
        return value->type == SIGNET_TYPE_STRING;
    case SIGNET_TYPE_STRING:
    case SIGNET_TYPE_INTEGER:
    case SIGNET_TYPE_BOOLEAN:
    case SIGNET_TYPE_OPAQUE:
    case SIGNET_TYPE_OBJLNK:
    case SIGNET_TYPE_EXECUTABLE:
    case SIGNET_TYPE_NONE:
        break;
    }
    return value->type == want;
}

static int check_record(struct check *check, const struct signet_record *record)
{
    const struct object *object = object_find(record->path.oid);
    const struct resource *resource = resource_find(record->path.oid, record->path.rid);
    const struct signet_value *value = &record->value;
    struct signet_path path = record->path;
    enum signet_type want;
    int rc;

    if (!object)
        return SIGNET_OK; /* not ours to judge */
    if (!resource)
        return refuse(check, path, record->line, NULL, "is not a resource of OID.%s", object->name);
    want = (enum signet_type)resource->type;
    if (want == SIGNET_TYPE_EXECUTABLE)
        return refuse(check, path, record->line, NULL, "is executable: it has no value");
    if (resource->flags & READ_ONLY)
        return refuse(check, path, record->line, NULL, "is read-only for everyone");
    if ((resource->flags & MULTIPLE) && path.riid == SIGNET_NO_ID)
        return refuse(check, path, record->line, "write {0: value}",
                      "has resource instances: its value is a dictionary of them");
    if (!(resource->flags & MULTIPLE) && path.riid != SIGNET_NO_ID)
        return refuse(check, path, record->line, "write the value itself",
                      "has one value, not a dictionary of instances");
    if (!type_fits(want, value))
        return refuse(check, path, record->line, type_hint(want), "must be %s, not %s",
                      type_text(want), type_text(value->type));
    if (resource->most && value->type == SIGNET_TYPE_INTEGER &&
        (value->as.integer < resource->least || value->as.integer > resource->most)) {
        rc = refuse(check, path, record->line, NULL, "must be %d to %d, not %lld",
                    (int)resource->least, (int)resource->most, (long long)value->as.integer);
        if (rc)
            return rc;
    }
    if (path.oid == 1 && path.rid == 1 && value->as.integer == 0)
        suspect(check, path, NULL, "is 0: the server may forget the device at once");
    return SIGNET_OK;
}

/* Each instance of Security and Server has what a device needs of it. */
static int check_mandatory(struct check *check, uint16_t oid)
{
    const struct object *object = object_find(oid);
    uint8_t seen[65536 / 8] = {0};

    for (size_t i = 0; i < signet_tree_count(check->tree); i++) {
        struct signet_path path = signet_tree_at(check->tree, i)->path;
        uint8_t bit = (uint8_t)(1u << (path.iid & 7));

        if (path.oid != oid || (seen[path.iid >> 3] & bit))
            continue;
        seen[path.iid >> 3] |= bit;
        for (size_t j = 0; j < object->count; j++) {
            struct signet_path want = {oid, path.iid, object->resources[j].rid, SIGNET_NO_ID};
            int rc;

            if (!(object->resources[j].flags & MANDATORY) || signet_tree_find(check->tree, want))
                continue;
            rc = refuse(check, want, 0, "add it to this instance",
                        "is missing: a device refuses the instance without it");
            if (rc)
                return rc;
        }
    }
    return SIGNET_OK;
}

/* The scheme of an LwM2M server URI and whether it is over (D)TLS; 0 when it is no such URI. */
static int uri_secured(const struct signet_value *uri, bool *secured)
{
    static const struct {
        const char *prefix;
        bool secured;
    } schemes[] = {
        {"coap://", false}, {"coaps://", true}, {"coap+tcp://", false}, {"coaps+tcp://", true}};

    for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++) {
        size_t len = strlen(schemes[i].prefix);
        uint8_t first;

        if (uri->as.bytes.len <= len || memcmp(uri->as.bytes.data, schemes[i].prefix, len) != 0)
            continue;
        first = uri->as.bytes.data[len];
        *secured = schemes[i].secured;
        for (size_t j = 0; j < uri->as.bytes.len; j++)
            if (uri->as.bytes.data[j] <= ' ' || uri->as.bytes.data[j] >= 0x7f)
                return 0;
        return first != ':' && first != '/' && first != '?' && first != '#';
    }
    return 0;
}

static int check_psk(struct check *check, const struct signet_account *account)
{
    static const char sample[] = "3x@mpl3P5K53cr3tK3y";
    struct signet_path identity = {0, account->iid, 3, SIGNET_NO_ID};
    struct signet_path key = {0, account->iid, 5, SIGNET_NO_ID};
    size_t len;

    if (!account->identity || account->identity->as.bytes.len == 0)
        return refuse(check, identity, 0, "give the PSK identity as bytes",
                      "is missing or empty in mode psk");
    if (!account->secret_key || account->secret_key->as.bytes.len == 0)
        return refuse(check, key, 0, "give the PSK as bytes", "is missing or empty in mode psk");
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

static bool is_bytes(const struct signet_value *value)
{
    return value->type == SIGNET_TYPE_STRING || value->type == SIGNET_TYPE_OPAQUE;
}

static int check_account(struct check *check, const struct signet_account *account)
{
    struct signet_path uri = {0, account->iid, 0, SIGNET_NO_ID};
    struct signet_path mode = {0, account->iid, 2, SIGNET_NO_ID};
    bool secured = false;
    int rc = SIGNET_OK;

    if (account->mode == SIGNET_MODE_RPK)
        rc = refuse(check, mode, 0, "0 is psk, 2 is cert, 3 is nosec, 4 is est",
                    "is 1 (raw public key), which the device's reader does not take");
    if (rc)
        return rc;
    if (account->uri && account->uri->type == SIGNET_TYPE_STRING) {
        if (!uri_secured(account->uri, &secured))
            rc =
                refuse(check, uri, 0, "write 'coaps://HOST:5684'", "is not a CoAP URI with a host");
        else if (account->mode != SIGNET_MODE_NONE &&
                 secured == (account->mode == SIGNET_MODE_NOSEC))
            rc = refuse(check, uri, 0,
                        secured ? "write coap://, or choose another mode"
                                : "write coaps://, or set the mode to 3 (nosec)",
                        "is %s, which mode %s does not go with", secured ? "coaps" : "coap",
                        signet_mode_name(account->mode));
        if (rc)
            return rc;
    }
    if (!account->bootstrap && !account->has_ssid)
        rc = refuse(check, (struct signet_path){0, account->iid, 10, SIGNET_NO_ID}, 0,
                    "give a number from 1 to 65534, the same as in the Server instance",
                    "is missing: a server that is not a bootstrap server needs it");
    if (rc || account->mode != SIGNET_MODE_PSK ||
        (account->identity && !is_bytes(account->identity)) ||
        (account->secret_key && !is_bytes(account->secret_key)))
        return rc;
    return check_psk(check, account);
}

/* SSIDs of the instances of one object: none twice. Fills the set. */
static int check_ssids(struct check *check, uint16_t oid, uint16_t rid, uint8_t set[static 8192])
{
    for (size_t i = 0; i < signet_tree_count(check->tree); i++) {
        const struct signet_record *record = signet_tree_at(check->tree, i);
        uint8_t bit;
        size_t byte;

        if (record->path.oid != oid || record->path.rid != rid ||
            record->value.type != SIGNET_TYPE_INTEGER || record->value.as.integer < 0 ||
            record->value.as.integer > 65535)
            continue;
        byte = (size_t)record->value.as.integer >> 3;
        bit = (uint8_t)(1u << (record->value.as.integer & 7));
        if (set[byte] & bit) {
            int rc = refuse(check, record->path, record->line, "give each instance its own",
                            "is %d in another instance too", (int)record->value.as.integer);

            if (rc)
                return rc;
        }
        set[byte] |= bit;
    }
    return SIGNET_OK;
}

static int check_security(struct check *check)
{
    struct signet_account account;
    bool bootstrap = false;

    const char *no_hint = NULL;

    if (signet_tree_account_count(check->tree) > ACCOUNTS_MAX)
        return refuse(check, (struct signet_path){0, 0, 0, SIGNET_NO_ID}, 0, no_hint,
                      "has more than %d instances", ACCOUNTS_MAX);
    for (size_t i = 0; i < ACCOUNTS_MAX && signet_tree_account(check->tree, i, &account); i++) {
        int rc = check_account(check, &account);

        if (!rc && account.bootstrap && bootstrap)
            rc = refuse(check, (struct signet_path){0, account.iid, 1, SIGNET_NO_ID}, 0,
                        "one bootstrap server is all a device may have",
                        "makes this a second bootstrap server");
        if (rc)
            return rc;
        bootstrap = bootstrap || account.bootstrap;
    }
    return SIGNET_OK;
}

static int check_bindings(struct check *check)
{
    static const char letters[] = "UMHTSNQ";

    for (size_t i = 0; i < signet_tree_count(check->tree); i++) {
        const struct signet_record *record = signet_tree_at(check->tree, i);
        const struct signet_value *value = &record->value;
        bool good;
        int rc;

        if (record->path.oid != 1 || record->path.rid != 7 || value->type != SIGNET_TYPE_STRING)
            continue;
        good = value->as.bytes.len > 0;
        for (size_t j = 0; j < value->as.bytes.len; j++)
            good =
                good && value->as.bytes.data[j] && strchr(letters, value->as.bytes.data[j]) != NULL;
        if (value->as.bytes.len == 1 && value->as.bytes.data[0] == 'Q')
            good = false;
        rc = good
                 ? SIGNET_OK
                 : refuse(check, record->path, record->line, "'U' is UDP, 'UQ' UDP with queue mode",
                          "is not a binding: letters of UMHTSN, and Q not alone");
        if (rc)
            return rc;
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
    uint8_t security[8192] = {0}, server[8192] = {0};
    int rc = SIGNET_OK;

    for (size_t i = 0; !rc && i < signet_tree_count(tree); i++)
        rc = check_record(&check, signet_tree_at(tree, i));
    if (!rc)
        rc = check_mandatory(&check, 0);
    if (!rc)
        rc = check_mandatory(&check, 1);
    if (!rc)
        rc = check_ssids(&check, 0, 10, security);
    if (!rc)
        rc = check_ssids(&check, 1, 0, server);
    if (!rc)
        rc = check_security(&check);
    if (!rc)
        rc = check_bindings(&check);
    if (!rc)
        suspect_halves(&check);
    return rc;
}
