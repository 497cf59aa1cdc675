/* SPDX-License-Identifier: Apache-2.0 */
/* The place of an error that was found when its text had been read: where in the text the value
 * stands that the message names, else the key. */
#include "base/base.h"

#include <ctype.h>
#include <limits.h>
#include <signet/text.h>
#include <stdio.h>
#include <unistd.h>

/* A message cuts what is longer. */
enum { TEXT_MAX = 1024 * 1024, CUT_MIN = 40 };

#define NOWHERE SIZE_MAX

static bool is_name_char(char c)
{
    return isalnum((unsigned char)c) || c == '_';
}

/* The end of the comment that the place is in, which a # begins at the line's start or behind a
 * blank; the place itself when it is in none. */
static size_t skip_comment(const struct text_source *s, size_t at)
{
    for (size_t i = at; i < s->len; i--) {
        if (s->text[i] == '#' && (i == 0 || char_in(s->text[i - 1], " \t\n"))) {
            const char *end = memchr(s->text + at, '\n', s->len - at);
            return end ? (size_t)(end - s->text) : s->len;
        }
        if (i == 0 || s->text[i - 1] == '\n')
            break;
    }
    return at;
}

/* A colon behind the word at `end`, with or without a quote between, as keys have it. */
static bool is_key(const struct text_source *s, size_t end)
{
    if (end < s->len && char_in(s->text[end], "\"'"))
        end++;
    while (end < s->len && char_in(s->text[end], " \t"))
        end++;
    return end < s->len && s->text[end] == ':';
}

size_t text_find_word(const struct text_source *s, const char *word, size_t len, bool key)
{
    const char *at = s->text;
    bool cut = !key && len >= CUT_MIN;

    while (len && (at = memmem(at, s->len - (size_t)(at - s->text), word, len))) {
        size_t start = (size_t)(at - s->text), end = start + len;

        if ((start == 0 ||
             char_in(s->text[start - 1], key ? " \t\r\n\"'{,_" : " \t\r\n\"'[{(,:=>")) &&
            (cut || end == s->len || char_in(s->text[end], " \t\r\n\"',]}):#<;") ||
             (s->text[end] == '/' && end + 1 < s->len && char_in(s->text[end + 1], " \n\"'},"))) &&
            is_key(s, end) == key) {
            end = skip_comment(s, start);
            if (end == start)
                return start;
            at = s->text + end; /* each comment is read once: it may be long */
        } else {
            at++;
        }
    }
    return NOWHERE;
}

/* Paths of a file start from its folder. */
static size_t find_value(const struct text_source *s, const char *word, size_t len)
{
    const char *slash = strrchr(s->name, '/');
    char here[PATH_MAX];
    size_t folder = slash ? (size_t)(slash - s->name) + 1 : 0,
           at = text_find_word(s, word, len, false);

    if (at == NOWHERE && folder && len > folder && strncmp(word, s->name, folder) == 0)
        at = text_find_word(s, word + folder, len - folder, false);
    if (at == NOWHERE && len > 1 && *word == '/' && s->name[0] != '/' &&
        getcwd(here, sizeof(here))) {
        folder = strlen(here) + 1 + folder;
        if (len > folder && strncmp(word, here, strlen(here)) == 0)
            at = text_find_word(s, word + folder, len - folder, false);
    }
    return at;
}

/* What is missing is not there to be found: "has no 'name'". */
static bool is_missing(const char *msg, const char *at)
{
    return (at - msg >= 3 && strncmp(at - 3, "no ", 3) == 0) ||
           (at - msg >= 2 && strncmp(at - 2, "a ", 2) == 0);
}

/* Each 'WORD' of the message, from the left. */
static size_t find_quoted(const struct text_source *s, const char *msg, bool key)
{
    const char *at = msg, *end;
    size_t found = NOWHERE;

    while (found == NOWHERE && (at = strchr(at, '\'')) && (end = strchr(at + 1, '\''))) {
        size_t len = (size_t)(end - at) - 1;

        if (at > msg && is_name_char(at[-1])) { /* an apostrophe */
            at++;
            continue;
        }
        if (!is_missing(msg, at))
            found = key ? text_find_word(s, at + 1, len, true) : find_value(s, at + 1, len);
        at = end + 1;
    }
    return found;
}

static bool is_value_char(char c)
{
    return is_name_char(c) || c == '-';
}

/* Each word of the message, from the left, that is a key or a value of the text. */
static size_t find_words(const struct text_source *s, const char *msg, bool key)
{
    size_t found = NOWHERE;

    for (const char *at = msg; found == NOWHERE && *at;) {
        size_t len = 0;

        while (key ? is_name_char(at[len]) : is_value_char(at[len]))
            len++;
        if (len > 2 && !is_missing(msg, at))
            found = text_find_word(s, at, len, key);
        at += len ? len : 1;
    }
    return found;
}

static size_t first_char(const struct text_source *s)
{
    size_t at = utf8_mark(s->text, s->len);

    for (; at < s->len; at++) {
        if (s->text[at] == '#')
            at = skip_comment(s, at);
        if (at < s->len && !isspace((unsigned char)s->text[at]))
            return at;
    }
    return NOWHERE;
}

/* "slot 1: a.hex: ...": a path in front of a colon, behind what stands before it. */
static size_t find_prefixed_path(const struct text_source *s, const char *msg)
{
    size_t found = NOWHERE;

    for (const char *at = msg; found == NOWHERE && *at && *at != '\'';) {
        size_t len = strcspn(at, " '");

        if (len > 3 && at[len - 1] == ':' && memchr(at, '.', len))
            found = find_value(s, at, len - 1);
        at += len + (at[len] == ' ');
    }
    return found;
}

static size_t find_blamed(const struct text_source *s, const char *msg, unsigned flags)
{
    size_t first = strcspn(msg, " "), at = find_quoted(s, msg, false);

    first -= first && msg[first - 1] == ':';
    if (at == NOWHERE) /* "one.db: ...", "one.db is ..." */
        at = find_value(s, msg, first);
    if (at == NOWHERE)
        at = find_prefixed_path(s, msg);
    if (at == NOWHERE)
        at = find_quoted(s, msg, true);
    if (at == NOWHERE && msg[first] == ':') /* "on_pass: ..." */
        at = text_find_word(s, msg, first, true);
    if (at == NOWHERE && flags & BLAME_VALUES)
        at = find_words(s, msg, false);
    if (at == NOWHERE && flags & BLAME_NAMES)
        at = find_words(s, msg, true);
    if (at == NOWHERE && flags & BLAME_SERVER)
        at = text_find_word(s, "url", 3, true);
    if (at == NOWHERE && flags & BLAME_NAMES && strstr(msg, " has no ")) /* a key is missing */
        at = first_char(s);
    return at == NOWHERE && flags & BLAME_START ? 0 : at;
}

bool error_blame(struct signet_error *err, const struct text_source *source, unsigned flags)
{
    struct line_column place;
    char msg[sizeof(err->msg) + 160];

    if (!err || err->excerpt[0] || err->code == SIGNET_E_NOMEM || !source->len)
        return false;
    size_t name = strlen(source->name); /* of what has no text it may be NULL */
    const char *what = err->msg;
    if (strncmp(what, source->name, name) == 0 && what[name] == ':') {
        if (isdigit((unsigned char)what[name + 1]))
            return false;
        what += name + 1 + strspn(what + name + 1, " ");
    }
    size_t at = find_blamed(source, what, flags);
    if (at == NOWHERE)
        return false;
    place = text_place(source->text, source->len, at);
    snprintf(msg, sizeof(msg), "%.120s:%u:%u: %s", source->name, place.line, place.column, what);
    signet_text_plain(msg, err->msg, sizeof(err->msg));
    error_excerpt(err, source, at);
    return true;
}

int signet_file_blame(int rc, const char *path, struct signet_error *err)
{
    struct buf text = {0};

    if (rc != SIGNET_OK && rc != SIGNET_E_NOMEM && rc != SIGNET_E_CANCELLED &&
        rc != SIGNET_E_BUSY && path && err && !err->excerpt[0] &&
        file_read(path, TEXT_MAX, &text, NULL) == SIGNET_OK) {
        const struct text_source source = {path, (const char *)text.data, text.len,
                                           text_hide_secrets, NULL};

        bool answered = rc == SIGNET_E_SERVER || rc == SIGNET_E_AUTH || rc == SIGNET_E_NET;

        error_blame(err, &source, BLAME_NAMES | (answered ? BLAME_SERVER : 0));
    }
    buf_free(&text);
    return rc;
}
