/* SPDX-License-Identifier: Apache-2.0 */
/* What the check says, and where. */
#include "check/private.h"

#include <stdio.h>

/* "FILE:3:9: RID.Security.Mode (/0/1/2) is ..." */
__attribute__((format(printf, 6, 0))) static void
describe_finding(const struct check *check, struct signet_error *out, enum finding kind,
                 struct signet_path path, const char *hint, const char *fmt, va_list args)
{
    const char *object = object_name(signet_tree_objects(check->tree), path.oid);
    const char *resource = resource_name(signet_tree_objects(check->tree), path.oid, path.rid);
    char numbers[PATH_TEXT_MAX], what[192];

    vsnprintf(what, sizeof(what), fmt, args);
    path_format(path, numbers);
    if (object && resource)
        error_set(out, SIGNET_E_MEANING, "RID.%s.%s (%s) %s", object, resource, numbers, what);
    else
        error_set(out, SIGNET_E_MEANING, "%s %s", numbers, what);
    if (kind == FINDING_REFUSAL || kind == FINDING_OF_STANDARD)
        error_cite(out, section_of_object(path.oid));
    if (hint)
        error_hint(out, "%s", hint);
    tree_blame(check->tree, path, out);
}

/* What a client refuses is refused where it was named, a warning for any. */
static int finding_end(struct check *check, enum finding kind, struct signet_error *finding)
{
    if (kind == FINDING_DOUBT || (kind == FINDING_OF_CLIENT && check->client != check->profile) ||
        (kind == FINDING_OF_STANDARD && check->for_proof && check->profile->lax))
        finding->code = SIGNET_OK;
    if (finding->code == SIGNET_OK || check->warn_only) {
        event_warn(check->observer, finding);
        return SIGNET_OK;
    }
    return error_copy(check->err, finding);
}

int check_say(struct check *check, enum finding kind, struct signet_path path, const char *hint,
              const char *fmt, ...)
{
    struct signet_error finding = {0};
    va_list args;

    va_start(args, fmt);
    describe_finding(check, &finding, kind, path, hint, fmt, args);
    va_end(args);
    return finding_end(check, kind, &finding);
}

int check_say_packet(struct check *check, enum finding kind, const char *what)
{
    struct signet_error finding = {0};

    error_set_hint(&finding, SIGNET_E_MEANING, "make the packet anew from its configuration",
                   kind == FINDING_DOUBT ? "the packet %s"
                                         : "the packet %s, which %s does not take",
                   what, check->client->name);
    return finding_end(check, kind, &finding);
}

int64_t check_integer(const struct check *check, uint16_t oid, uint16_t iid, uint16_t rid,
                      int64_t otherwise)
{
    return value_integer(tree_value(check->tree, oid, iid, rid), otherwise);
}
