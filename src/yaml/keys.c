/* SPDX-License-Identifier: Apache-2.0 */
/* Keys that nobody knows, and what stands where keys go. */
#include "yaml/private.h"

static bool begins_with(const char *key, const char *prefix)
{
    size_t len = strlen(prefix);

    return strncmp(key, prefix, len) == 0 &&
           key[len + strspn(key + len, "abcdefghijklmnopqrstuvwxyz0123456789_")] == '\0';
}

/* The row of a key: by its whole name, or by its prefix; count: none. */
size_t reader_entry(const struct entry *table, size_t count, const char *key)
{
    size_t i = 0;

    while (i < count && strcmp(table[i].name, key) != 0 &&
           (table[i].type != ENTRY_OPTIONS || !begins_with(key, table[i].name)))
        i++;
    return i;
}

static bool hint_meant(const struct reader *r, const char *key)
{
    for (const struct key_words *w = r->words; w && w->words; w++)
        if (w->in ? r->part && !strcmp(w->in, r->part) : !r->part)
            return text_hint_meant(key, w->words, r->err);
    return false;
}

/* table: where the key stands, for what is no key of the file at all; NULL: of any other part. */
static bool hint_home(const struct reader *r, const struct entry *table, const char *key)
{
    char word[64];

    snprintf(word, sizeof(word), " %.60s ", key);
    for (const struct key_home *h = r->homes; h && h->in; h++)
        if (strstr(h->keys, word) && h->table == table) {
            error_hint(r->err,
                       table ? "it stands in %s" : "it is a key of '%s': %s: %s%.60s: ...%s", h->in,
                       h->in, h->list ? "[{" : "{", key, h->list ? "}]" : "}");
            return true;
        }
    return false;
}

/* What stands before a key that is known: a number of its line, a mark of a difference or of a
 * letter, a prompt. */
static bool hint_prefix(const struct reader *r, const char *key)
{
    size_t n = strcspn(key, "abcdefghijklmnopqrstuvwxyz");

    if (!n || reader_entry(r->table, r->count, key + n) == r->count)
        return false;
    error_hint(r->err, "take out what stands before '%.60s', in all lines", key + n);
    return true;
}

/* "port" beside a "url" stands in it. */
static bool hint_address(const struct reader *r, const struct entry *table, size_t count,
                         const char *key)
{
    static const char *const keys[] = {"url", "uri", "printer"};

    for (size_t i = 0; i < COUNT_OF(keys) && (!strcmp(key, "port") || !strcmp(key, "host")); i++)
        if (reader_entry(table, count, keys[i]) < count) {
            error_hint(r->err, "it is a part of '%s': ...://HOST:PORT", keys[i]);
            return true;
        }
    return false;
}

int reader_unknown_key(struct reader *r, const yaml_node_t *key, const struct entry *table,
                       size_t count)
{
    const char *names[64], *word = scalar_text(key);
    char what[80];

    for (size_t i = 0; i < count && i < 64; i++)
        names[i] = table[i].name;
    snprintf(what, sizeof(what), "unknown key '%s'", shown(key));
    error_at_unknown(r->err, SIGNET_E_MEANING, &r->source, reader_place(r, &key->start_mark), what);
    const char *nearest =
        table == r->table ? NULL : signet_word_nearest(word, names, count < 64 ? count : 64);
    bool near = nearest && strlen(nearest) <= strlen(word) + 2; /* else another part has the word */
    if (hint_meant(r, word) || hint_home(r, table, word) || hint_prefix(r, word) ||
        hint_address(r, table, count, word))
        return SIGNET_E_MEANING;
    if (!near && reader_entry(r->table, r->count, word) < r->count)
        error_hint(r->err, "'%s' is a key of the file itself: write it without indentation",
                   shown(key));
    else if (near || !hint_home(r, NULL, word))
        text_hint_known(word, names, count, r->err);
    return SIGNET_E_MEANING;
}

const char *reader_example(const struct reader *r)
{
    for (const struct key_home *h = r->homes; h && h->in; h++)
        if (r->part && strcmp(h->in, r->part) == 0)
            return h->example;
    return NULL;
}

/* "such as {port: /dev/ttyACM0}; its keys are port, name": as many as have room. */
static void hint_keys(const struct reader *r, const struct entry *table, size_t count)
{
    const char *example = reader_example(r);
    char hint[sizeof(r->err->hint) - 4];
    size_t used =
        (size_t)snprintf(hint, sizeof(hint), "%s%s%sits keys are ", example ? "such as " : "",
                         example ? example : "", example ? "; " : "");

    for (size_t i = 0; i < count; i++)
        if (table[i].type != ENTRY_OPTIONS && used + strlen(table[i].name) + 3 < sizeof(hint))
            used += (size_t)snprintf(hint + used, sizeof(hint) - used, "%s%s", i ? ", " : "",
                                     table[i].name);
    error_hint(r->err, "%s", hint);
}

/* A text or a list where keys go. At the top any word before a colon was meant as a key. */
int reader_no_map(struct reader *r, const yaml_node_t *node, const struct entry *table,
                  size_t count)
{
    const char *text = node->type == YAML_SCALAR_NODE ? scalar_text(node) : "";
    bool top = table == r->table, key = top;

    for (size_t i = 0; i < count; i++) {
        size_t len = strlen(table[i].name);

        key = key || (strncmp(text, table[i].name, len) == 0 && text[len] == ':');
    }
    if (key && yaml_key_glued(&r->source, reader_place(r, &node->start_mark)))
        reader_fail_hint(r, node, "write a blank behind the colon: \"name: value\"",
                         "no blank stands behind the colon");
    else if (top)
        reader_fail_hint(r, node, "one key and its value in each line, without \"- \"",
                         "here go keys and values, \"name: ...\"");
    else if (node->type == YAML_SCALAR_NODE && !*text && r->part)
        reader_fail_hint(r, node, "they stand in the lines below it, further in than it",
                         "'%s' has no keys", r->part);
    else {
        reader_fail(r, node, SIGNET_E_MEANING,
                    "here go keys and values in braces, {name: value, ...}");
        hint_keys(r, table, count);
    }
    return SIGNET_E_MEANING;
}
