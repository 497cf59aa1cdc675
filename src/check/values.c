/* SPDX-License-Identifier: Apache-2.0 */
/* One value, by the definition of its object. */
#include "check/private.h"

#include <ctype.h>
#include <inttypes.h>
#include <math.h>
#include <signet/text.h>
#include <stdio.h>

enum {
    READ = SIGNET_DEFINED_READ,
    WRITE = SIGNET_DEFINED_WRITE,
    MULTIPLE = SIGNET_DEFINED_MULTIPLE,
};

/* "3:0", as ptool of Anjay writes an object link (LwM2M Core 1.2, Appendix C). */
static bool is_link_text(const struct signet_value *value)
{
    const uint8_t *text = value->as.bytes.data;
    size_t len = value->as.bytes.len, at = 0;

    if (value->type != SIGNET_TYPE_STRING)
        return false;
    for (int part = 0; part < 2; part++) {
        uint32_t number = 0;
        size_t from = at;

        while (at < len && at - from < 6 && text[at] >= '0' && text[at] <= '9')
            number = number * 10 + (uint32_t)(text[at++] - '0');
        if (at == from || number > 65535 || (part == 0 && (at == len || text[at++] != ':')))
            return false;
    }
    return at == len;
}

/* 1.0, which Anjay's reader takes for 1 */
static bool is_whole(const struct signet_value *value)
{
    return value->type == SIGNET_TYPE_FLOAT && value->as.number == floor(value->as.number) &&
           fabs(value->as.number) < 9007199254740992.0;
}

static const char no_point[] = "write it without a decimal point";

/* What to write in place of a value of another type. */
static const char *type_hint(const struct type_info *want, const struct signet_record *record)
{
    const struct signet_value *value = &record->value;
    bool hex = want->value == SIGNET_TYPE_OPAQUE && value->type == SIGNET_TYPE_STRING &&
               value->as.bytes.len >= 16;

    for (size_t i = 0; hex && i < value->as.bytes.len; i++)
        hex = isxdigit(value->as.bytes.data[i]);
    if (record->path.oid == 0 && record->path.rid == 2)
        return account_modes_hint;
    if (want->value == SIGNET_TYPE_INTEGER && is_whole(value))
        return no_point;
    if (hex)
        return "these look like hex digits: write them as bytes.fromhex('...')";
    return want->hint;
}

static bool type_fits(const struct signet_resource *resource, const struct signet_value *value)
{
    enum signet_type want = (enum signet_type)resource->type;

    if (want == SIGNET_TYPE_NONE) /* its definition says none */
        return true;
    if (want == SIGNET_TYPE_OBJLNK && is_link_text(value))
        return true;
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

/* The Short Server ID of a bootstrap account means nothing (LwM2M Core 1.2, Appendix E.1). */
static bool is_of_bootstrap(const struct check *check, const struct signet_path *path)
{
    const struct signet_value *bootstrap =
        path->oid == 0 && path->rid == 10 ? tree_value(check->tree, 0, path->iid, 1) : NULL;

    return bootstrap && bootstrap->type == SIGNET_TYPE_BOOLEAN && bootstrap->as.boolean;
}

static int check_range(struct check *check, const struct signet_record *record,
                       const struct signet_resource *resource)
{
    bool bytes = type_has_bytes(record->value.type);
    char range[RANGE_TEXT_MAX], measure[48];

    if (range_has(resource->range, &record->value) || is_of_bootstrap(check, &record->path))
        return SIGNET_OK;
    return check_say(
        check, record->path.oid <= 1 ? FINDING_REFUSAL : FINDING_OF_STANDARD, record->path,
        record->path.oid == 0 && record->path.rid == 2
            ? account_modes_hint
            : "write one in this range, which is that of the object's definition "
              "in the OMA registry",
        "must %s %s%s, not %s", bytes ? "have" : "be", range_text(resource->range, range),
        bytes ? " bytes" : "", value_measure(&record->value, measure));
}

/* The registry gives no range. */
enum { DAY_SECONDS = 86400, YEAR_SECONDS = 366 * DAY_SECONDS };

static int check_lifetime(struct check *check, const struct signet_record *record)
{
    int64_t seconds = record->value.as.integer;

    if (seconds < 0)
        return check_refuse(check, record->path, "86400 is a day",
                            "is %lld, and a lifetime is a number of seconds", (long long)seconds);
    if (seconds == 0)
        check_suspect(check, record->path, "86400 is a day",
                      "is 0: without end for a server of LwM2M 1.2, while one of 1.0 or 1.1 may "
                      "forget the device at once");
    if (seconds > 0 && seconds < 60)
        check_suspect(check, record->path, "86400 is a day",
                      "is %lld seconds: before each of them ends the device has to call its server",
                      (long long)seconds);
    if (seconds > YEAR_SECONDS && seconds < INT32_MAX) /* that one is meant to be without end */
        check_suspect(check, record->path, "a lifetime is a number of seconds: 86400 is a day",
                      "is %lld days", (long long)seconds / DAY_SECONDS);
    return SIGNET_OK;
}

static const int64_t LAST_SECOND = 253402300799; /* of the year 9999 */

static void suspect_time(struct check *check, const struct signet_record *record)
{
    if (record->value.type == SIGNET_TYPE_INTEGER && record->value.as.integer > LAST_SECOND)
        check_suspect(check, record->path, "a time is a number of seconds since 1970",
                      "is behind the year 9999: is it in milliseconds?");
}

/* "{endpoint:text}" in what goes to one device: work orders fill it in, and nobody else. */
static void suspect_placeholder(struct check *check, const struct signet_record *record)
{
    const uint8_t *text = record->value.as.bytes.data;
    size_t len = type_has_bytes(record->value.type) ? record->value.as.bytes.len : 0, name = 0;
    bool plain = true, found = false;

    for (size_t i = 0; i < len; i++) {
        plain = plain && text[i] >= ' ' && text[i] < 0x7f;
        found = found || (name > 3 && (text[i] == '}' || text[i] == ':'));
        name = text[i] == '{' ? 1 : name && (islower(text[i]) || text[i] == '_') ? name + 1 : 0;
    }
    if (plain && found)
        check_suspect(
            check, record->path,
            "write the device's own value, or name the file as the 'template' of an order",
            "holds a placeholder, which a work order alone fills in");
}

static int check_record_value(struct check *check, const struct signet_record *record,
                              const struct signet_resource *resource)
{
    const struct type_info *want = type_info((enum signet_type)resource->type);
    const struct signet_value *value = &record->value;
    int rc;

    if (want->value == SIGNET_TYPE_INTEGER && is_whole(value) && record->path.oid > 2)
        check_suspect(check, record->path, no_point,
                      "is a float, and %s is wanted: not every client takes it", want->noun);
    else if (!type_fits(resource, value))
        return check_refuse(check, record->path, type_hint(want, record),
                            "must be %s, not %s (LwM2M Core 1.2, Appendix C)", want->noun,
                            type_info(value->type)->noun);
    suspect_placeholder(check, record);
    if (resource->type == SIGNET_TYPE_TIME)
        suspect_time(check, record);
    rc = check_range(check, record, resource);
    return rc || record->path.oid != 1 || record->path.rid != 1 ? rc
                                                                : check_lifetime(check, record);
}

/* Operations are those of a server: a bootstrap writes what is read-only as well (LwM2M Core 1.2,
 * 6.1.7.5). What the firmware alone knows it overwrites. */
static int check_operations(struct check *check, const struct signet_record *record,
                            const struct signet_object *object,
                            const struct signet_resource *resource)
{
    if (resource->type == SIGNET_TYPE_EXECUTABLE)
        return check_refuse(check, record->path, "leave it out",
                            "is executable: it has no value (LwM2M Core 1.2, Appendix C)");
    if ((resource->flags & (READ | WRITE)) != READ || object->id <= 2)
        return SIGNET_OK;
    if (object->flags & SIGNET_DEFINED_FIRMWARE)
        return check_refuse(check, record->path, "leave it out", "is read-only for everyone");
    check_suspect(check, record->path, "leave it out if the firmware sets it",
                  "is read-only for servers, and some clients refuse it from the factory as well");
    return SIGNET_OK;
}

static int check_instances(struct check *check, const struct signet_record *record,
                           const struct signet_object *object,
                           const struct signet_resource *resource)
{
    struct signet_path path = record->path;

    if (!(object->flags & MULTIPLE) && path.iid != 0)
        return check_refuse(check, path, "write instance 0",
                            "is in instance %u of an object that has one instance only", path.iid);
    if ((resource->flags & MULTIPLE) && path.riid == SIGNET_NO_ID)
        return check_refuse(check, path, "write {0: value}",
                            "has resource instances: its value is a dictionary of them (LwM2M "
                            "Core 1.2, section 7.1)");
    if (!(resource->flags & MULTIPLE) && path.riid != SIGNET_NO_ID)
        return check_refuse(check, path, "write the value itself",
                            "has one value, not a dictionary of instances (LwM2M Core 1.2, "
                            "section 7.1)");
    return SIGNET_OK;
}

/* Where the profile lists what its client has, that says more. */
static void suspect_version(struct check *check, const struct signet_record *record,
                            const struct signet_resource *resource)
{
    if (resource->since >= 12 && !check->client->objects &&
        !object_is_imported(signet_tree_objects(check->tree), record->path.oid))
        check_suspect(check, record->path, "leave it out for an older client",
                      "is of LwM2M %u.%u, which clients of 1.0 and 1.1 do not have",
                      resource->since / 10u, resource->since % 10u);
}

int check_record(struct check *check, const struct signet_record *record)
{
    struct signet_path path = record->path;
    const struct signet_objects *objects = signet_tree_objects(check->tree);
    const struct signet_object *object = signet_object_find(objects, path.oid);
    const struct signet_resource *resource = signet_resource_find(objects, path.oid, path.rid);
    int rc;

    if (!object)
        return SIGNET_OK; /* not ours to judge */
    if (!resource)
        return check_refuse(check, path, "an object's resources are in its definition",
                            "is not a resource of OID.%s", object->name);
    suspect_version(check, record, resource);
    rc = check_operations(check, record, object, resource);
    if (!rc && resource->type != SIGNET_TYPE_EXECUTABLE)
        rc = check_instances(check, record, object, resource);
    if (!rc && resource->type != SIGNET_TYPE_EXECUTABLE)
        rc = check_record_value(check, record, resource);
    return rc;
}
