/* SPDX-License-Identifier: Apache-2.0 */
/* One value, by what the client of the profile has. */
#include "check/private.h"
#include "lwm2m/lwm2m.h"

/* What the packet had beside values, as the decoder saw it. */
int check_client_forms(struct check *check)
{
    static const struct {
        enum tree_form form;
        enum finding kind;
        const char *what;
    } forms[] = {
        {FORM_INDEFINITE_ARRAY, FINDING_OF_CLIENT, "is an array of indefinite length"},
        {FORM_TIME, FINDING_OF_CLIENT, "has times or base times (labels 6 and -3)"},
        {FORM_LABEL, FINDING_OF_CLIENT, "has labels that are neither names nor values"},
        {FORM_ALONE, FINDING_OF_CLIENT, "has a record of base values alone"},
        {FORM_FRACTION, FINDING_OF_CLIENT, "has a decimal fraction before its last value"},
        {FORM_DATE, FINDING_OF_CLIENT, "has a time as text (tag 0)"},
        {FORM_TWICE, FINDING_DOUBT,
         "has a resource twice: the last value counts, and was looked at alone"},
    };
    int rc = SIGNET_OK;

    for (size_t i = 0; !rc && i < COUNT_OF(forms); i++)
        if (tree_forms(check->tree) & forms[i].form &&
            (check->client->strict_forms || forms[i].kind == FINDING_DOUBT))
            rc = check_say_packet(check, forms[i].kind, forms[i].what);
    return rc;
}

static const char leave_out[] = "leave it out, or name another profile with --device";

/* The client has object, instance and resource; false: said. A firmware may have more than the
 * client's library, so this is no refusal. */
static bool client_has(struct check *check, const struct signet_record *record)
{
    const struct signet_profile *client = check->client;
    const struct profile_object *object = profile_object(client, record->path.oid);
    const struct profile_resource *resource =
        profile_resource(client, record->path.oid, record->path.rid);

    if (object_is_imported(signet_tree_objects(check->tree), record->path.oid))
        return true; /* the firmware's own */
    if (client->objects && !object)
        check_suspect(check, record->path, leave_out, "is of an object that %s does not have",
                      client->name);
    else if (resource && resource->absent)
        check_suspect(check, record->path, leave_out, "is a resource that %s does not have",
                      client->name);
    else if (object && !profile_object_takes(object, record->path.rid))
        check_suspect(check, record->path, leave_out,
                      "is a resource that %s does not take from a packet", client->name);
    else if (object && object->one && record->path.iid != 0)
        check_suspect(check, record->path, "write instance 0",
                      "is in instance %u, and %s has instance 0 alone", record->path.iid,
                      client->name);
    else
        return true;
    return false;
}

#define IN_RANGE "write a number in this range"

static int check_limits(struct check *check, const struct signet_record *record,
                        const struct profile_resource *limits)
{
    const struct signet_value *value = &record->value;
    bool limited = limits->least || limits->most;

    if (limits->instances && record->path.riid != SIGNET_NO_ID &&
        record->path.riid >= limits->instances)
        return check_client(check, record->path, NULL,
                            "is resource instance %u, and %s has 0 to %u", record->path.riid,
                            check->client->name, limits->instances - 1u);
    if (limits->length && type_has_bytes(value->type) &&
        (int64_t)value->as.bytes.len < limits->least)
        return check_client(check, record->path, NULL,
                            "has %zu bytes, and %s takes no fewer than %lld", value->as.bytes.len,
                            check->client->name, (long long)limits->least);
    if (limits->length && type_has_bytes(value->type) && value->as.bytes.len > limits->length)
        return check_client(check, record->path, NULL, "has %zu bytes, and %s takes %zu",
                            value->as.bytes.len, check->client->name, limits->length);
    if (limited && value->type == SIGNET_TYPE_UNSIGNED)
        return check_client(check, record->path, IN_RANGE, "is %llu, and %s takes %lld to %lld",
                            (unsigned long long)value->as.unsigned_integer, check->client->name,
                            (long long)limits->least, (long long)limits->most);
    if (limited && value->type == SIGNET_TYPE_INTEGER &&
        (value->as.integer < limits->least || value->as.integer > limits->most))
        return check_client(check, record->path, IN_RANGE, "is %lld, and %s takes %lld to %lld",
                            (long long)value->as.integer, check->client->name,
                            (long long)limits->least, (long long)limits->most);
    if (limited && value->type == SIGNET_TYPE_FLOAT &&
        !(value->as.number >= (double)limits->least && value->as.number <= (double)limits->most))
        return check_client(check, record->path, IN_RANGE, "is %g, and %s takes %lld to %lld",
                            value->as.number, check->client->name, (long long)limits->least,
                            (long long)limits->most);
    return SIGNET_OK;
}

/* Matching type, /0/x/13 */
static int check_matching(struct check *check, const struct signet_record *record)
{
    unsigned has = check->client->matching_types;
    int64_t type = record->value.as.integer;

    if (record->path.oid != 0 || record->path.rid != 13 || !has ||
        record->value.type != SIGNET_TYPE_INTEGER || type < 0 || type > 3 || has & 1u << type)
        return SIGNET_OK;
    return check_client(check, record->path, "0 is the certificate itself, 1 SHA-256",
                        "is %d, which %s does not take", (int)type, check->client->name);
}

/* Package URI, /5/0/1 */
static void check_package_uri(struct check *check, const struct signet_record *record)
{
    static const char *const schemes[] = {"coap://", "coaps://", "coap+tcp://", "coaps+tcp://"};
    const char *uri = (const char *)record->value.as.bytes.data;
    size_t len = record->value.as.bytes.len;
    struct signet_error why = {0};
    struct coap_uri parts;
    bool known = !len;

    for (size_t i = 0; i < COUNT_OF(schemes); i++)
        known = known || (len >= strlen(schemes[i]) &&
                          strncasecmp(uri, schemes[i], strlen(schemes[i])) == 0);
    if (!known)
        check_suspect(check, record->path, "write a coap or coaps URI",
                      "is no CoAP URI, and %s takes no other unless it is built for it",
                      check->client->name);
    else if (len && uri_parse(&parts, uri, len, &why) != SIGNET_OK)
        check_suspect(check, record->path, why.hint, "%s", why.msg);
}

/* A package that is written, and one that is fetched: a client does one at a time. */
static void check_package(struct check *check, const struct signet_record *record)
{
    const struct signet_value *uri = tree_value(check->tree, 5, record->path.iid, 1);

    if (record->path.rid == 1 && record->value.type == SIGNET_TYPE_STRING)
        check_package_uri(check, record);
    else if (record->path.rid == 0 && uri && uri->type == SIGNET_TYPE_STRING && uri->as.bytes.len)
        check_suspect(check, record->path, "leave one of them out",
                      "stands beside a Package URI (/5/%u/1), which %s fetches instead, or refuses "
                      "the second of them",
                      record->path.iid, check->client->name);
}

int check_client_record(struct check *check, const struct signet_record *record)
{
    const struct profile_resource *limits =
        profile_resource(check->client, record->path.oid, record->path.rid);
    int rc = SIGNET_OK;

    if (!client_has(check, record))
        return SIGNET_OK;
    if (check->client->coap_packages && record->path.oid == 5)
        check_package(check, record);
    if (limits)
        rc = check_limits(check, record, limits);
    return rc ? rc : check_matching(check, record);
}
