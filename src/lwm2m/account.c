/* SPDX-License-Identifier: Apache-2.0 */
/* Security instances (object 0) seen as server accounts, LwM2M Core 1.2 section 6.1.2. */
#include "lwm2m/lwm2m.h"

#include <stdlib.h>
#include <string.h>

static const struct signet_value *value_of(const struct signet_tree *tree, uint16_t oid,
                                           uint16_t iid, uint16_t rid)
{
    const struct signet_record *record =
        signet_tree_find(tree, (struct signet_path){oid, iid, rid, SIGNET_NO_ID});

    return record ? &record->value : NULL;
}

/* The instance of the nth account, in order of appearance; how many there are when n is past them.
 */
static size_t nth_account(const struct signet_tree *tree, size_t n, uint16_t *iid)
{
    uint8_t seen[65536 / 8] = {0};
    size_t found = 0;

    for (size_t i = 0; i < signet_tree_count(tree); i++) {
        const struct signet_path *path = &signet_tree_at(tree, i)->path;
        uint8_t bit = (uint8_t)(1u << (path->iid & 7));

        if (path->oid != 0 || (seen[path->iid >> 3] & bit))
            continue;
        seen[path->iid >> 3] |= bit;
        if (found++ == n) {
            *iid = path->iid;
            break;
        }
    }
    return found;
}

size_t signet_tree_account_count(const struct signet_tree *tree)
{
    uint16_t iid;

    return nth_account(tree, SIZE_MAX, &iid);
}

static void add_server(const struct signet_tree *tree, struct signet_account *out)
{
    for (size_t i = 0; i < signet_tree_count(tree); i++) {
        const struct signet_record *record = signet_tree_at(tree, i);

        if (record->path.oid == 1 && record->path.rid == 0 &&
            record->value.type == SIGNET_TYPE_INTEGER && record->value.as.integer == out->ssid) {
            out->has_server = true;
            out->lifetime = value_of(tree, 1, record->path.iid, 1);
            out->binding = value_of(tree, 1, record->path.iid, 7);
            return;
        }
    }
}

bool signet_tree_account(const struct signet_tree *tree, size_t i, struct signet_account *out)
{
    const struct signet_value *value;
    uint16_t iid = 0;

    if (nth_account(tree, i, &iid) <= i)
        return false;
    *out = (struct signet_account){.iid = iid, .mode = SIGNET_MODE_NONE};
    out->uri = value_of(tree, 0, iid, 0);
    out->identity = value_of(tree, 0, iid, 3);
    out->server_key = value_of(tree, 0, iid, 4);
    out->secret_key = value_of(tree, 0, iid, 5);
    out->usage = value_of(tree, 0, iid, 15);
    value = value_of(tree, 0, iid, 1);
    out->bootstrap = value && value->type == SIGNET_TYPE_BOOLEAN && value->as.boolean;
    value = value_of(tree, 0, iid, 2);
    if (value && value->type == SIGNET_TYPE_INTEGER && value->as.integer >= 0 &&
        value->as.integer <= SIGNET_MODE_EST)
        out->mode = (enum signet_mode)value->as.integer;
    value = value_of(tree, 0, iid, 10);
    if (value && value->type == SIGNET_TYPE_INTEGER && value->as.integer >= 0 &&
        value->as.integer <= 65535) {
        out->has_ssid = true;
        out->ssid = (uint16_t)value->as.integer;
        add_server(tree, out);
    }
    return true;
}

bool mode_has_certs(enum signet_mode mode)
{
    return mode == SIGNET_MODE_CERT || mode == SIGNET_MODE_EST;
}

bool account_main(const struct signet_tree *tree, struct signet_account *out)
{
    struct signet_account a;
    bool found = false;

    for (size_t i = 0; signet_tree_account(tree, i, &a); i++) {
        if (!found || !a.bootstrap)
            *out = a;
        found = true;
        if (!a.bootstrap)
            break;
    }
    return found;
}

static bool is_text(const struct signet_value *value, const char *text)
{
    return value && value->type == SIGNET_TYPE_STRING && value->as.bytes.len == strlen(text) &&
           memcmp(value->as.bytes.data, text, value->as.bytes.len) == 0;
}

static bool is_named(const struct signet_account *a, const char *which)
{
    char *end;

    if (!which || strcmp(which, "management") == 0)
        return !a->bootstrap;
    if (strcmp(which, "bootstrap") == 0)
        return a->bootstrap;
    if (strspn(which, "0123456789") == strlen(which))
        return a->has_ssid && strtoul(which, &end, 10) == a->ssid;
    return is_text(a->uri, which);
}

static int refuse_choice(const struct signet_tree *tree, const char *which, size_t found,
                         struct signet_error *err)
{
    struct buf list = {0};
    struct signet_account a;

    if (signet_tree_account_count(tree) == 0)
        error_set(err, SIGNET_E_MEANING, "the packet has no server account");
    else if (found == 0 && (strcmp(which, "bootstrap") == 0 || strcmp(which, "management") == 0))
        error_set(err, SIGNET_E_MEANING, "the device has no %s account", which);
    else if (found == 0)
        error_set(err, SIGNET_E_MEANING, "the device has no account '%.80s'", which);
    else
        error_set(err, SIGNET_E_MEANING, "the device has %zu accounts that this may mean", found);
    for (size_t i = 0; signet_tree_account(tree, i, &a) && list.len < 120; i++) {
        buf_text(&list, i ? ", " : "");
        if (a.bootstrap)
            buf_text(&list, "bootstrap");
        else if (a.has_ssid)
            buf_printf(&list, "%u", a.ssid);
        if (a.uri && a.uri->type == SIGNET_TYPE_STRING) {
            buf_text(&list, " or ");
            text_escape(&list, a.uri->as.bytes.data, a.uri->as.bytes.len);
        }
    }
    if (list.data && !list.failed)
        error_hint(err, "say which with \"account\": %s", (const char *)list.data);
    buf_free(&list);
    return SIGNET_E_MEANING;
}

int signet_tree_account_choose(const struct signet_tree *tree, const char *which,
                               struct signet_account *out, struct signet_error *err)
{
    struct signet_account a;
    size_t found = 0;

    for (size_t i = 0; signet_tree_account(tree, i, &a); i++)
        if (is_named(&a, which) && found++ == 0)
            *out = a;
    if (found == 0 && !which) /* no management account: the bootstrap account, if it is one */
        return signet_tree_account_choose(tree, "bootstrap", out, err);
    return found == 1 ? SIGNET_OK : refuse_choice(tree, which, found, err);
}

static bool has_bytes(const struct signet_value *value)
{
    return value && (value->type == SIGNET_TYPE_OPAQUE || value->type == SIGNET_TYPE_STRING) &&
           value->as.bytes.len > 0;
}

unsigned signet_account_lacks(const struct signet_account *a)
{
    unsigned needs = 0, has = 0;

    switch (a->mode) {
    case SIGNET_MODE_PSK:
        needs = SIGNET_LACKS_IDENTITY | SIGNET_LACKS_KEY;
        break;
    case SIGNET_MODE_RPK:
    case SIGNET_MODE_CERT:
    case SIGNET_MODE_EST: /* the factory firmware enrols with a certificate that it has */
        needs = SIGNET_LACKS_IDENTITY | SIGNET_LACKS_SERVER_CERT | SIGNET_LACKS_KEY;
        break;
    case SIGNET_MODE_NOSEC:
    case SIGNET_MODE_NONE:
        break;
    }
    has |= has_bytes(a->identity) ? SIGNET_LACKS_IDENTITY : 0;
    has |= has_bytes(a->server_key) ? SIGNET_LACKS_SERVER_CERT : 0;
    has |= has_bytes(a->secret_key) ? SIGNET_LACKS_KEY : 0;
    return needs & ~has;
}

const char *signet_mode_name(enum signet_mode mode)
{
    switch (mode) {
    case SIGNET_MODE_PSK:
        return "psk";
    case SIGNET_MODE_RPK:
        return "rpk";
    case SIGNET_MODE_CERT:
        return "cert";
    case SIGNET_MODE_NOSEC:
        return "nosec";
    case SIGNET_MODE_EST:
        return "est";
    case SIGNET_MODE_NONE:
        break;
    }
    return "none";
}
