/* SPDX-License-Identifier: Apache-2.0 */
/* notify: who hears of the events of an order. */
#include "order/private.h"

/* As the ledger calls them; of a board its verdict, of a run whether the order is done. */
static const char *const notify_events[] = {
    "order",    "begin",      "quota",    "pass",       "fail",          "made-before", "stop",
    "operator", "shift",      "ended",    "finished",   "recovered",     "archived",    "reserved",
    "keyed",    "writing",    "written",  "verified",   "registered",    "done",        "failed",
    "void",     "resumed",    "retry",    "key",        "locked",        "proved",      "delivered",
    "refused",  "remove",     "removed",  "rework",     "for-board",     "any-board",   "retired",
    "erased",   "label-sent", "labelled", "label-read", "label-refused",
};
const char *const notify_values[NOTIFY_VALUES] = {
    [NOTIFY_ORDER] = "{order}",       [NOTIFY_STATION] = "{station}", [NOTIFY_SLOT] = "{slot}",
    [NOTIFY_ENDPOINT] = "{endpoint}", [NOTIFY_EVENT] = "{event}",
};
static const char usual_topic[] = "signet/{station}/{order}/{event}";

#define NOTIFY(member, type) ENTRY(#member, type, signet_order_notify, member)
static const struct entry keys[] = {
    NOTIFY(name, ENTRY_TEXT),       NOTIFY(url, ENTRY_TEXT),
    NOTIFY(file, ENTRY_PATH),       NOTIFY(format, ENTRY_TEXT),
    NOTIFY(topic, ENTRY_TEXT),      NOTIFY(key_file, ENTRY_PATH),
    NOTIFY(user, ENTRY_TEXT),       NOTIFY(password_file, ENTRY_PATH),
    NOTIFY(ca_file, ENTRY_PATH),    NOTIFY(client_cert, ENTRY_PATH),
    NOTIFY(client_key, ENTRY_PATH), NOTIFY(allow_http, ENTRY_FLAG),
    NOTIFY(allow_mqtt, ENTRY_FLAG), NOTIFY(events, ENTRY_WORDS),
    NOTIFY(pin, ENTRY_TEXT),
};

static bool url_begins(const char *url, const char *scheme)
{
    return strncasecmp(url, scheme, strlen(scheme)) == 0;
}

/* Its kind, and whether it is in clear. False: no URL of a kind that is known. */
static bool read_scheme(struct signet_order_notify *n, bool *clear)
{
    const char *url = n->url ? n->url : "";

    *clear = url_begins(url, "http://") || url_begins(url, "mqtt://");
    if (n->file)
        n->kind = SIGNET_NOTIFY_FILE;
    else if (url_begins(url, "https://") || url_begins(url, "http://"))
        n->kind = SIGNET_NOTIFY_WEBHOOK;
    else if (url_begins(url, "mqtts://") || url_begins(url, "mqtt://"))
        n->kind = SIGNET_NOTIFY_MQTT;
    else
        return false;
    return true;
}

/* What belongs to a kind, and what goes together. */
static int notify_check_keys(struct reader *r, yaml_node_t *node,
                             const struct signet_order_notify *n, bool clear)
{
    const struct {
        bool wrong;
        const char *what, *hint;
    } rules[] = {
        {n->url && strcspn(n->url, " \t@#") != strlen(n->url), "'url' has a blank, an @ or a #",
         "a user and a password are keys of their own: user: NAME, password_file: FILE"},
        {n->kind == SIGNET_NOTIFY_WEBHOOK && !n->key_file, "a webhook has a 'key_file'",
         "a file with whsec_ and the base64 of 24 to 64 random bytes: each event is signed with "
         "it"},
        {n->kind != SIGNET_NOTIFY_WEBHOOK && (n->key_file || n->pin),
         "'key_file' and 'pin' are for a webhook", "leave them out"},
        {n->kind != SIGNET_NOTIFY_MQTT &&
             (n->topic || n->user || n->password_file || n->client_cert || n->client_key),
         "'topic', 'user', 'password_file', 'client_cert' and 'client_key' are for MQTT",
         "leave them out"},
        {n->password_file && !n->user, "'password_file' needs a 'user'", "user: NAME"},
        {!n->client_cert != !n->client_key, "'client_cert' and 'client_key' go together",
         "both are PEM files"},
        {(clear || n->file) && (n->ca_file || n->client_cert || n->pin),
         "there is no TLS to use this for", "leave ca_file, pin, client_cert and client_key out"},
        {n->format && strcmp(n->format, "json") != 0 && strcmp(n->format, "cfx") != 0,
         "'format' is json or cfx",
         "cfx: UnitsPersonalized of IPC-2591, for each board that passed"},
        {n->format && strcmp(n->format, "cfx") == 0 && n->events, "cfx is for passed boards only",
         "leave 'events' out"},
    };
    for (size_t i = 0; i < COUNT_OF(rules); i++)
        if (rules[i].wrong)
            return reader_fail_hint(r, node, rules[i].hint, "%s", rules[i].what);
    return SIGNET_OK;
}

static int notify_check_kind(struct reader *r, yaml_node_t *node, struct signet_order_notify *n)
{
    bool clear = false;

    if (!n->url == !n->file)
        return reader_fail_hint(r, node, "url: https://... , url: mqtts://... , or file: ...",
                                "'notify' has a 'url' or a 'file': one of the two");
    if (!read_scheme(n, &clear))
        return reader_fail_hint(r, node, "a webhook is https://..., an MQTT broker mqtts://...",
                                "'url' is neither https:// nor mqtts://");
    if (clear && !(n->kind == SIGNET_NOTIFY_MQTT ? n->allow_mqtt : n->allow_http))
        return reader_fail_hint(r, node,
                                "use TLS; for a test: allow_http: true, or allow_mqtt: true",
                                "'url' is without TLS: others could read and change what is told");
    return notify_check_keys(r, node, n, clear);
}

static int notify_check_events(struct reader *r, const char *const *events)
{
    for (size_t i = 0; events && events[i]; i++) {
        bool known = strcmp(events[i], "all") == 0;

        for (size_t k = 0; k < COUNT_OF(notify_events); k++)
            known = known || strcmp(events[i], notify_events[k]) == 0;
        if (known)
            continue;
        reader_fail_word(r, events[i], "", "'events' has an unknown event '%.40s'", events[i]);
        text_hint_known(events[i], notify_events, COUNT_OF(notify_events), r->err);
        return SIGNET_E_MEANING;
    }
    return SIGNET_OK;
}

/* Also for an event of the order itself, which has no slot and no device. */
static bool topic_has_text(const char *topic)
{
    const char *pairs[][2] = {
        {notify_values[NOTIFY_SLOT], ""}, {notify_values[NOTIFY_ENDPOINT], ""}, {NULL, NULL}};
    struct buf text = {0};

    text_expand(&text, topic, strlen(topic), pairs);
    bool has = text.len > 0;
    buf_free(&text);
    return has;
}

/* Wildcards are for those who subscribe; $ begins a broker's own topics. */
static int notify_check_topic(struct reader *r, yaml_node_t *node, struct signet_order_notify *n)
{
    const char *words[] = {n->topic, NULL};

    if (!n->topic)
        return (n->topic = usual_topic, SIGNET_OK);
    if (!n->topic[0] || strlen(n->topic) > 200 || n->topic[0] == '$' || strpbrk(n->topic, "+#"))
        return reader_fail_hint(r, node, "such as factory/{station}/{slot}/{event}",
                                "'topic' is 1 to 200 characters, without + and #, and begins with "
                                "no $");
    int rc = reader_check_words(r, "topic", words, notify_values, NOTIFY_VALUES);
    return rc == SIGNET_OK && !topic_has_text(n->topic)
               ? reader_fail_hint(r, node, "such as factory/{slot}",
                                  "'topic' would be empty for events of no slot and no device")
               : rc;
}

static const char *usual_name(enum signet_notify_kind kind)
{
    switch (kind) {
    case SIGNET_NOTIFY_WEBHOOK:
        return "webhook";
    case SIGNET_NOTIFY_MQTT:
        return "mqtt";
    case SIGNET_NOTIFY_FILE:
        return "file";
    }
    return "";
}

/* It is the name of a file, too. */
static int notify_check_name(struct reader *r, yaml_node_t *node, struct signet_order_notify *n)
{
    const struct signet_order *o = r->root;

    n->name = n->name ? n->name : usual_name(n->kind);
    if (!n->name[0] || strlen(n->name) > 40 || n->name[0] == '.' || n->name[0] == '-' ||
        n->name[strspn(n->name,
                       "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-")])
        return reader_fail_hint(r, node, "such as 'name: office'",
                                "a name in 'notify' is 1 to 40 letters, digits and . _ -");
    for (size_t i = 0; i < o->notify_count; i++)
        if (strcasecmp(o->notify[i].name, n->name) == 0)
            return reader_fail_hint(r, node, "give one of them another 'name'",
                                    "two in 'notify' are called '%s'", n->name);
    return SIGNET_OK;
}

int reader_notify(struct reader *r, yaml_node_t *node)
{
    struct signet_order *o = r->root;
    struct signet_order_notify *n = &o->notify[o->notify_count];
    int rc = reader_map(r, node, keys, COUNT_OF(keys), n);

    if (rc == SIGNET_OK)
        rc = notify_check_kind(r, node, n);
    if (rc == SIGNET_OK)
        rc = notify_check_name(r, node, n);
    if (rc == SIGNET_OK)
        rc = notify_check_events(r, n->events);
    if (rc == SIGNET_OK && n->kind == SIGNET_NOTIFY_MQTT)
        rc = notify_check_topic(r, node, n);
    o->notify_count += rc == SIGNET_OK;
    return rc;
}
