/* SPDX-License-Identifier: Apache-2.0 */
/* Where in a JSON file something stands, and what is wrong there: jansson tells one sentence for
 * all mistakes, and no place of a member. */
#include "config/json_place.h"

#include <ctype.h>

enum { DEPTH = 64 };

struct walk {
    const struct text_source *source;
    const char *text;
    size_t len, at;
    const char *member; /* of the outermost object: its place is looked for */
    size_t name_at, value_at;
    bool failed;
    size_t bad_at;
    const char *what, *hint;
};

static bool wrong_at(struct walk *w, size_t at, const char *what, const char *hint)
{
    if (!w->failed) {
        w->failed = true;
        w->bad_at = at < w->len ? at : w->len;
        w->what = what;
        w->hint = hint;
    }
    return false;
}

static void skip_space(struct walk *w)
{
    while (w->at < w->len && char_in(w->text[w->at], " \t\r\n"))
        w->at++;
}

static char here(const struct walk *w)
{
    return w->at < w->len ? w->text[w->at] : '\0';
}

static bool stands_here(const struct walk *w, const char *word)
{
    size_t n = strlen(word);

    return w->len - w->at >= n && memcmp(w->text + w->at, word, n) == 0;
}

/* What stands where a value or a name should, by its first character. */
static bool wrong_start(struct walk *w, const char *what, const char *hint)
{
    if (w->at >= w->len)
        return wrong_at(w, w->at, "the file ends where something should follow",
                        "was the file copied whole?");
    if (text_odd(w->text, w->len, w->at, &what, &hint))
        return wrong_at(w, w->at, what, hint);
    if (here(w) == '\'')
        return wrong_at(w, w->at, "a single quote", "text and names stand in double quotes: \"");
    if (here(w) == '#' || stands_here(w, "//") || stands_here(w, "/*"))
        return wrong_at(w, w->at, "a comment", "JSON has none: take it out");
    return wrong_at(w, w->at, what, hint);
}

static bool skip_string(struct walk *w)
{
    size_t start = w->at++;

    while (w->at < w->len && w->text[w->at] != '"' && w->text[w->at] != '\n') {
        if (w->text[w->at] == '\\') {
            if (w->at + 1 < w->len && !char_in(w->text[w->at + 1], "\"\\/bfnrtu"))
                return wrong_at(w, w->at, "a backslash that begins no escape",
                                "write each backslash twice: \\\\");
            w->at++;
        } else if ((unsigned char)w->text[w->at] < ' ') {
            return wrong_at(w, w->at, "a control character in a text", "write a tab as \\t");
        }
        w->at++;
    }
    if (here(w) != '"')
        return wrong_at(w, start, "this quote is never closed", "close it in the same line");
    w->at++;
    return true;
}

static bool skip_number(struct walk *w)
{
    size_t start = w->at;

    while (w->at < w->len && (isalnum((unsigned char)here(w)) || char_in(here(w), "+-.")))
        w->at++;
    size_t digits = start + (w->text[start] == '-');
    if (w->text[digits] == '0' && digits + 1 < w->at && isdigit((unsigned char)w->text[digits + 1]))
        return wrong_at(w, start, "a number with a zero in front", "take it out, or write a text");
    for (size_t i = digits; i < w->at; i++)
        if (!isdigit((unsigned char)w->text[i]) && !char_in(w->text[i], "+-.eE"))
            return wrong_at(w, start, "this is no number",
                            char_in(w->text[i], "xX")
                                ? "a number is written in digits alone, such as 16 for 0x10"
                                : "text stands in double quotes");
    return true;
}

static bool skip_word(struct walk *w)
{
    static const struct {
        const char *word, *hint;
    } words[] = {{"True", "write true"}, {"False", "write false"}, {"None", "write null"},
                 {"tru", "write true"},  {"fals", "write false"},  {"nul", "write null"},
                 {"yes", "write true"},  {"no", "write false"}};
    size_t start = w->at;

    while (w->at < w->len && isalnum((unsigned char)here(w)))
        w->at++;
    size_t len = w->at - start;
    if (text_is(w->text + start, len, "true") || text_is(w->text + start, len, "false") ||
        text_is(w->text + start, len, "null"))
        return true;
    for (size_t i = 0; i < COUNT_OF(words); i++)
        if (text_is(w->text + start, len, words[i].word))
            return wrong_at(w, start, "this is no word of JSON", words[i].hint);
    return wrong_at(w, start, "a text without quotes", "text stands in double quotes: \"text\"");
}

static bool skip_value(struct walk *w, unsigned depth);

static bool skip_member(struct walk *w, unsigned depth)
{
    size_t start = w->at;

    if (here(w) != '"')
        return wrong_start(w, "a name in double quotes should stand here", "write \"name\": value");
    if (!skip_string(w))
        return false;
    bool sought = depth == 1 && w->member && !w->value_at &&
                  text_is(w->text + start + 1, w->at - start - 2, w->member);
    skip_space(w);
    if (here(w) != ':')
        return wrong_at(w, w->at, "a colon should follow the name", "write \"name\": value");
    w->at++;
    skip_space(w);
    if (sought) {
        w->name_at = start;
        w->value_at = w->at;
    }
    return skip_value(w, depth);
}

static bool skip_group(struct walk *w, unsigned depth, char close)
{
    static const char *const wanted[] = {"a comma or } should follow",
                                         "a comma or ] should follow"};
    size_t start = w->at++, comma = 0;

    for (skip_space(w); here(w) != close || comma; skip_space(w)) {
        if (w->at >= w->len)
            return wrong_at(w, start,
                            close == '}' ? "this { is never closed" : "this [ is never closed",
                            close == '}' ? "close it with }" : "close it with ]");
        if (here(w) == close)
            return wrong_at(w, comma, "a comma behind the last entry", "take it out");
        if (!(close == '}' ? skip_member(w, depth) : skip_value(w, depth)))
            return false;
        skip_space(w);
        comma = here(w) == ',' ? w->at++ : 0;
        if (!comma && here(w) != close && w->at < w->len)
            return wrong_start(w, wanted[close == ']'], "a comma stands between entries");
    }
    w->at++;
    return true;
}

static bool skip_value(struct walk *w, unsigned depth)
{
    if (depth >= DEPTH)
        return wrong_at(w, w->at, "nested too deep", "");
    if (here(w) == '{' || here(w) == '[')
        return skip_group(w, depth + 1, here(w) == '{' ? '}' : ']');
    if (here(w) == '"')
        return skip_string(w);
    if (here(w) == '-' || isdigit((unsigned char)here(w)))
        return skip_number(w);
    if (isalpha((unsigned char)here(w)))
        return skip_word(w);
    return wrong_start(w, "a value should stand here",
                       depth ? "a text in double quotes, a number, true or false"
                             : "the file begins with {: take out what stands before it");
}

static struct walk walk_all(const struct text_source *source, const char *member)
{
    struct walk w = {.source = source, .text = source->text, .len = source->len, .member = member};

    skip_space(&w);
    size_t start = w.at, word = start;
    while (word < w.len && (isalnum((unsigned char)w.text[word]) || w.text[word] == '_'))
        word++;
    if (word > start && word < w.len && w.text[word] == ':')
        wrong_at(&w, start, "this is YAML, and the file is JSON",
                 "write {\"name\": \"value\", ...}");
    else if (w.at >= w.len)
        wrong_at(&w, 0, "there is nothing in it", "write one object: {\"name\": value}");
    else if (skip_value(&w, 0)) {
        skip_space(&w);
        if (w.at < w.len && source->text[start] != '{')
            wrong_at(&w, start, "this must be a JSON object", "put all into braces: {...}");
        else if (w.at < w.len)
            wrong_start(&w, "this stands after the end", "the file holds one object");
    }
    return w;
}

int json_explain(const struct text_source *source, struct signet_error *err)
{
    struct walk w = walk_all(source, NULL);

    if (w.failed)
        return error_at_hint(err, SIGNET_E_SYNTAX, source, w.bad_at, w.hint, "%s", w.what);
    for (size_t i = 0, n; i < source->len; i += n) {
        uint32_t code;

        n = utf8_decode((const uint8_t *)source->text + i, source->len - i, &code);
        if (n == 0)
            return error_at_hint(err, SIGNET_E_SYNTAX, source, i, "save the file as UTF-8",
                                 "this is not UTF-8");
    }
    return error_at_hint(err, SIGNET_E_SYNTAX, source, 0, "write one object: {\"name\": value}",
                         "this is not JSON that can be read");
}

size_t json_member_at(const struct text_source *source, const char *name, bool value)
{
    struct walk w = walk_all(source, name);

    return value ? w.value_at : w.name_at;
}
