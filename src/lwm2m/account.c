/* SPDX-License-Identifier: Apache-2.0 */
/* Security instances (object 0) seen as server accounts, LwM2M Core 1.2 section 6.1.2. */
#include "lwm2m/lwm2m.h"

#include <stdlib.h>

const struct signet_value *tree_value(const struct signet_tree *tree, uint16_t oid, uint16_t iid,
                                      uint16_t rid)
{
    const struct signet_record *record =
        signet_tree_find(tree, (struct signet_path){oid, iid, rid, SIGNET_NO_ID});

    return record ? &record->value : NULL;
}

int64_t value_integer(const struct signet_value *value, int64_t otherwise)
{
    return value && value->type == SIGNET_TYPE_INTEGER ? value->as.integer : otherwise;
}

/* The instance of the nth account, in order of appearance; how many there are when n is past them.
 */
static size_t nth_account(const struct signet_tree *tree, size_t n, uint16_t *iid)
{
    struct id_set seen = {{0}};
    size_t found = 0;

    for (size_t i = 0; i < signet_tree_count(tree) && found <= n; i++) {
        const struct signet_path *path = &signet_tree_at(tree, i)->path;

        if (path->oid == 0 && id_set_add(&seen, path->iid)) {
            *iid = path->iid;
            found++;
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
            out->lifetime = tree_value(tree, 1, record->path.iid, 1);
            out->binding = tree_value(tree, 1, record->path.iid, 7);
            return;
        }
    }
}

/* An integer resource of the Security instance from 0 to most, or -1. */
static int number_of(const struct signet_tree *tree, uint16_t iid, uint16_t rid, int most)
{
    int64_t number = value_integer(tree_value(tree, 0, iid, rid), -1);

    return number >= 0 && number <= most ? (int)number : -1;
}

bool signet_tree_account(const struct signet_tree *tree, size_t i, struct signet_account *out)
{
    const struct signet_value *bootstrap;
    uint16_t iid = 0;
    int ssid;

    if (nth_account(tree, i, &iid) <= i)
        return false;
    bootstrap = tree_value(tree, 0, iid, 1);
    ssid = number_of(tree, iid, 10, 65535);
    *out = (struct signet_account){
        .iid = iid,
        .bootstrap = bootstrap && bootstrap->type == SIGNET_TYPE_BOOLEAN && bootstrap->as.boolean,
        .has_ssid = ssid >= 0,
        .ssid = ssid >= 0 ? (uint16_t)ssid : 0,
        .mode = (enum signet_mode)number_of(tree, iid, 2, SIGNET_MODES - 1),
        .uri = tree_value(tree, 0, iid, 0),
        .identity = tree_value(tree, 0, iid, 3),
        .server_key = tree_value(tree, 0, iid, 4),
        .secret_key = tree_value(tree, 0, iid, 5),
        .usage = tree_value(tree, 0, iid, 15),
    };
    if (out->has_ssid)
        add_server(tree, out);
    return true;
}

bool mode_has_certs(enum signet_mode mode)
{
    return mode == SIGNET_MODE_CERT || mode == SIGNET_MODE_EST;
}

bool account_main(const struct signet_tree *tree, struct signet_account *out)
{
    for (size_t i = 0; signet_tree_account(tree, i, out); i++)
        if (!out->bootstrap)
            return true;
    return signet_tree_account(tree, 0, out);
}

static bool spells(const struct signet_value *value, const char *text)
{
    return value && value->type == SIGNET_TYPE_STRING && value->as.bytes.len == strlen(text) &&
           memcmp(value->as.bytes.data, text, value->as.bytes.len) == 0;
}

static bool is_account(const struct signet_account *a, const char *which)
{
    char *end;

    if (!which || strcmp(which, "management") == 0)
        return !a->bootstrap;
    if (strcmp(which, "bootstrap") == 0)
        return a->bootstrap;
    if (strspn(which, "0123456789") == strlen(which))
        return a->has_ssid && strtoul(which, &end, 10) == a->ssid;
    return spells(a->uri, which);
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
        error_set(err, SIGNET_E_MEANING, "'%.80s' is no account of the device", which);
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
        if (is_account(&a, which) && found++ == 0)
            *out = a;
    if (found == 0 && !which) /* no management account: the bootstrap account, if it is one */
        return signet_tree_account_choose(tree, "bootstrap", out, err);
    return found == 1 ? SIGNET_OK : refuse_choice(tree, which, found, err);
}

const char account_modes_hint[] = "write its number: 0 is psk, 1 rpk, 2 cert, 3 nosec, 4 est";

const char *signet_mode_name(enum signet_mode mode)
{
    static const char *const names[] = {"psk", "rpk", "cert", "nosec", "est"};
    _Static_assert(COUNT_OF(names) == SIGNET_MODES, "each mode has its word");

    return (size_t)mode < COUNT_OF(names) ? names[mode] : "none";
}
