/* SPDX-License-Identifier: Apache-2.0 */
/* What the check says, and where. */
#include "check/private.h"

#include <stdio.h>

/* "line 3: RID.Security.Mode (/0/1/2) is ..." line 0: the place is not known. */
__attribute__((format(printf, 7, 0))) static void
describe_finding(struct check *check, struct signet_error *out, enum signet_code code,
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

static int finding_refuse(struct check *check, const struct signet_error *refusal)
{
    if (check->warn_only) {
        event_warn(check->observer, refusal);
        return SIGNET_OK;
    }
    if (check->err)
        *check->err = *refusal;
    return SIGNET_E_MEANING;
}

int check_refuse(struct check *check, struct signet_path path, unsigned line, const char *hint,
                 const char *fmt, ...)
{
    struct signet_error refusal = {0};
    va_list args;

    va_start(args, fmt);
    describe_finding(check, &refusal, SIGNET_E_MEANING, path, line, hint, fmt, args);
    va_end(args);
    return finding_refuse(check, &refusal);
}

/* Refused where a client was named, a warning for any. */
static int finding_of_client(struct check *check, struct signet_error *finding)
{
    bool named = check->client == check->profile;

    finding->code = named ? SIGNET_E_MEANING : SIGNET_OK;
    if (named)
        return finding_refuse(check, finding);
    event_warn(check->observer, finding);
    return SIGNET_OK;
}

int check_client(struct check *check, struct signet_path path, unsigned line, const char *hint,
                 const char *fmt, ...)
{
    struct signet_error finding = {0};
    va_list args;

    va_start(args, fmt);
    describe_finding(check, &finding, SIGNET_E_MEANING, path, line, hint, fmt, args);
    va_end(args);
    return finding_of_client(check, &finding);
}

int check_client_packet(struct check *check, const char *hint, const char *fmt, ...)
{
    struct signet_error finding = {0};
    char text[200];
    va_list args;

    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    error_set_hint(&finding, SIGNET_E_MEANING, hint, "%s", text);
    return finding_of_client(check, &finding);
}

void check_suspect(struct check *check, struct signet_path path, unsigned line, const char *hint,
                   const char *fmt, ...)
{
    struct signet_error warning = {0};
    va_list args;

    va_start(args, fmt);
    describe_finding(check, &warning, SIGNET_OK, path, line, hint, fmt, args);
    va_end(args);
    event_warn(check->observer, &warning);
}

const struct signet_record *check_find(const struct check *check, uint16_t oid, uint16_t iid,
                                       uint16_t rid)
{
    return signet_tree_find(check->tree, (struct signet_path){oid, iid, rid, SIGNET_NO_ID});
}

int64_t check_integer(const struct check *check, uint16_t oid, uint16_t iid, uint16_t rid,
                      int64_t otherwise)
{
    const struct signet_record *record = check_find(check, oid, iid, rid);

    return record && record->value.type == SIGNET_TYPE_INTEGER ? record->value.as.integer
                                                               : otherwise;
}
