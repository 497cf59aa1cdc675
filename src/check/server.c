/* SPDX-License-Identifier: Apache-2.0 */
/* Server instances: how the device speaks to each server. */
#include "check/private.h"

/* LwM2M 1.0 has these six; later versions each letter of U, M, H, T, S and N once, and no Q. */
static bool is_binding(const char *text, size_t len)
{
    static const char *const old[] = {"U", "UQ", "S", "SQ", "US", "UQS"};

    for (size_t i = 0; i < COUNT_OF(old); i++)
        if (strlen(old[i]) == len && memcmp(old[i], text, len) == 0)
            return true;
    for (size_t i = 0; i < len; i++)
        if (!text[i] || !strchr("UMHTSN", text[i]) || memchr(text + i + 1, text[i], len - i - 1))
            return false;
    return len > 0;
}

/* Letters that the client has no transport for: the first, or NULL. */
static const char *foreign_letter(const struct check *check, const char *text, size_t len)
{
    for (size_t i = 0; check->client->bindings && i < len; i++)
        if (!strchr(check->client->bindings, text[i]))
            return text + i;
    return NULL;
}

static int check_binding(struct check *check, const struct signet_record *r)
{
    const char *text = (const char *)r->value.as.bytes.data, *foreign;
    size_t len = r->value.as.bytes.len;

    if (!is_binding(text, len))
        return check_say(check, len ? FINDING_REFUSAL : FINDING_OF_STANDARD, r->path,
                         "'U' is UDP, 'UQ' UDP with queue mode",
                         "is not a binding: U, UQ, S, SQ, US, UQS, or letters of UMHTSN, each "
                         "once (LwM2M Core 1.2, section 6.2.1.2)");
    foreign = foreign_letter(check, text, len);
    return foreign ? check_client(check, r->path, NULL, "has '%c', which %s does not take",
                                  *foreign, check->client->name)
                   : SIGNET_OK;
}

/* One letter of the bindings (LwM2M Core 1.2, Appendix E.2, resource 22: those of 6.2.1.2). */
static int check_transport(struct check *check, const struct signet_record *r)
{
    const char *text = (const char *)r->value.as.bytes.data;

    if (r->value.as.bytes.len != 1 || !*text || !strchr("UMHTSN", *text))
        return check_refuse(check, r->path, "'U' is UDP, 'T' is TCP",
                            "is not one letter of UMHTSN (LwM2M Core 1.2, section 6.2.1.2)");
    return foreign_letter(check, text, 1)
               ? check_client(check, r->path, NULL, "is '%c', which %s does not take", *text,
                              check->client->name)
               : SIGNET_OK;
}

/* No Short Server ID twice. */
static int check_server_ssid(struct check *check, const struct signet_record *r,
                             struct id_set *seen)
{
    int64_t ssid = r->value.as.integer;

    if (ssid < 0 || ssid > 65535 || id_set_add(seen, (uint16_t)ssid))
        return SIGNET_OK;
    return check_refuse(check, r->path, "give each instance its own",
                        "is %d in another instance too (LwM2M Core 1.2, section 7.4)", (int)ssid);
}

/* Of an attribute pmax below pmin clients take no notice. */
static void suspect_periods(struct check *check, const struct signet_record *r)
{
    int64_t least = check_integer(check, 1, r->path.iid, 2, 0);

    if (r->value.as.integer > 0 && r->value.as.integer < least)
        check_suspect(check, r->path, "write more seconds than the minimum, or leave it out",
                      "is %lld, less than DefaultMinPeriod (%lld): clients ignore it then",
                      (long long)r->value.as.integer, (long long)least);
}

int check_server_instances(struct check *check)
{
    struct id_set seen = {{0}};
    int rc = SIGNET_OK;

    for (size_t i = 0; !rc && i < signet_tree_count(check->tree); i++) {
        const struct signet_record *r = signet_tree_at(check->tree, i);

        if (r->path.oid != 1)
            continue;
        if (r->path.rid == 0 && r->value.type == SIGNET_TYPE_INTEGER)
            rc = check_server_ssid(check, r, &seen);
        else if (r->path.rid == 3 && r->value.type == SIGNET_TYPE_INTEGER)
            suspect_periods(check, r);
        else if (r->path.rid == 7 && r->value.type == SIGNET_TYPE_STRING)
            rc = check_binding(check, r);
        else if (r->path.rid == 22 && r->value.type == SIGNET_TYPE_STRING)
            rc = check_transport(check, r);
    }
    return rc;
}
