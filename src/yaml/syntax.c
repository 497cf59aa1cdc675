/* SPDX-License-Identifier: Apache-2.0 */
/* libyaml's findings in words for a person. It tells where it noticed; people need to know where
 * to mend, which is often a line before. */
#include "yaml/yaml.h"

#include <ctype.h>

static const char unclosed[] = "this quote is never closed",
                  close_it[] = "close it in the same line";

/* What libyaml says, and what it means; in the order in which the words are looked for. */
static const struct {
    const char *problem;
    bool begins; /* told where the thing began, not where it was missed */
    const char *what, *hint;
} findings[] = {
    {"tab character", false, "a tab stands in the indentation", "YAML indents with blanks only"},
    {"',' or '}'", true, "this { is not closed, or a comma is missing in it",
     "write {name: value, name: value}"},
    {"',' or ']'", true, "this [ is not closed, or a comma is missing in it",
     "write [value, value]"},
    {"unexpected end of stream", true, unclosed, close_it},
    {"unexpected document indicator", true, unclosed, close_it},
    {"unknown escape character", false, "a backslash in double quotes",
     "put the text into single quotes"},
    {"hexadecimal number", false, "a backslash in double quotes",
     "put the text into single quotes"},
    {"did not find expected key", false, "this line does not stand where a key can stand",
     "keys of one part begin in the same column; a quote in a text is not closed otherwise"},
    {"expected '-' indicator", false, "this line does not stand where an item can stand",
     "the items of a list begin in the same column, each with \"- \""},
    {"block sequence entries", false, "a list cannot begin here",
     "begin it in a line of its own, each item with \"- \""},
    {"block mapping keys", false, "a key cannot stand here", "write each key in a line of its own"},
    {"<document start>", false, "this does not belong to what stands before it",
     "keys of one part begin in the same column; a line ... ends the file"},
    {"undefined alias", false, "a word that begins with * is put in quotes",
     "put the value into quotes; an alias stands for what & named before it"},
    {"while scanning an alias", false, "a word that begins with * is put in quotes",
     "put the value into quotes"},
    {"alphabetic or numeric", false, "a word that begins with * or & is put in quotes",
     "put the value into quotes"},
    {"undefined tag handle", false, "a word that begins with ! is put in quotes",
     "put the value into quotes"},
    {"expected '!'", false, "a word that begins with ! is put in quotes",
     "put the value into quotes"},
    {"expected node content", false, "a value is missing here", "write \"name: value\""},
    {"duplicate anchor", false, "a word that begins with & is put in quotes",
     "put the value into quotes"},
    {"chomping", false, "a word that begins with | or > is put in quotes",
     "put the value into quotes"},
    {"found unexpected ':'", false, "a text with a colon in it is put in quotes",
     "put the value into quotes"},
};

/* The first byte of the line that an offset is in, and the one behind its last. */
static size_t begin_of(const struct text_source *s, size_t at)
{
    while (at > 0 && s->text[at - 1] != '\n')
        at--;
    return at;
}

bool yaml_key_glued(const struct text_source *s, size_t at)
{
    size_t i = at;

    while (i < s->len && (isalnum((unsigned char)s->text[i]) || s->text[i] == '_'))
        i++;
    return i > at && i + 1 < s->len && s->text[i] == ':' && !isspace((unsigned char)s->text[i + 1]);
}

/* The glued key among the line at an offset and the two before it; or s->len. */
static size_t find_glued(const struct text_source *s, size_t at)
{
    for (int lines = 0; lines < 3; lines++) {
        size_t begin = begin_of(s, at), word = begin;

        while (word < s->len && char_in(s->text[word], " -"))
            word++;
        if (yaml_key_glued(s, word))
            return word;
        if (begin == 0)
            break;
        at = begin - 1;
    }
    return s->len;
}

static int glued(const struct text_source *s, size_t at, struct signet_error *err)
{
    size_t colon = at + strcspn(s->text + at, ":");

    return error_at_hint(err, SIGNET_E_SYNTAX, s, colon,
                         "write a blank behind the colon: \"name: value\"",
                         "no blank stands behind the colon");
}

/* The line above an offset that is no key and value, where what stands there begins its line;
 * s->len: there is none. */
static size_t find_lost_line(const struct text_source *s, size_t at)
{
    size_t begin = begin_of(s, at), above = begin ? begin_of(s, begin - 1) : 0;

    return begin && s->text[begin] != ' ' && s->text[above] != ' ' &&
                   !memchr(s->text + above, ':', begin - above)
               ? above
               : s->len;
}

/* A colon where none can be: a value with ": " in it, or a line that is indented too far. */
static int stray_colon(const struct text_source *s, size_t at, struct signet_error *err)
{
    size_t word = begin_of(s, at), blanks = 0;

    while (word < s->len && s->text[word] == ' ')
        word++, blanks++;
    size_t lost = find_lost_line(s, at);
    if (lost < s->len)
        return error_at_hint(err, SIGNET_E_SYNTAX, s, lost,
                             "write \"name: value\", or take the line out",
                             "this line has no colon");
    if (memchr(s->text + word, ':', at > word ? at - word : 0))
        return error_at_hint(
            err, SIGNET_E_SYNTAX, s, at, "put the value into quotes",
            "a second colon in a line: a value with \": \" in it is put in quotes");
    return error_at_hint(err, SIGNET_E_SYNTAX, s, word,
                         "begin it in the column of the key above, or give that key no value",
                         "this line is indented further than the one that it belongs to");
}

/* What no byte of UTF-8 text can be. */
static int bad_bytes(const struct text_source *s, const yaml_parser_t *parser,
                     struct signet_error *err)
{
    size_t at = parser->problem_offset < s->len ? parser->problem_offset : 0;
    bool control = parser->problem && strstr(parser->problem, "control");
    uint32_t code;

    /* libyaml gives the offset of what it had read; the place is the first byte that is wrong */
    for (size_t i = 0, n; i < s->len; i += n) {
        n = utf8_decode((const uint8_t *)s->text + i, s->len - i, &code);
        if (n == 0 || (control && (code < ' ' || code == 0x7f) && !char_in((int)code, "\t\r\n"))) {
            at = i;
            break;
        }
    }
    return error_at_hint(err, SIGNET_E_SYNTAX, s, at, "save the file as UTF-8",
                         control ? "a control character" : "this is not UTF-8");
}

static size_t mark_at(const struct text_source *s, const yaml_mark_t *mark)
{
    const struct line_column place = {(unsigned)mark->line + 1, (unsigned)mark->column + 1};

    return text_offset(s->text, s->len, place);
}

/* Words that begin like a value and are none: @, `, %. */
static int bad_start(const struct text_source *s, size_t at, struct signet_error *err)
{
    if (at < s->len && s->text[at] == '\t')
        return error_at_hint(err, SIGNET_E_SYNTAX, s, at, findings[0].hint, "%s", findings[0].what);
    return error_at_hint(err, SIGNET_E_SYNTAX, s, at,
                         s->len - at > 2 && memcmp(s->text + at, "```", 3) == 0
                             ? "take this line out: it belongs to the document it was copied from"
                             : "put the value into quotes",
                         "a value cannot begin with this character");
}

/* The end of the quoted text that begins at an offset; the offset itself: none begins there. */
static size_t quoted_end(const struct text_source *s, size_t at)
{
    char quote = s->text[at];

    if (!char_in(quote, "\"'") || (at && !char_in(s->text[at - 1], " \t\r\n[{,:")))
        return at;
    for (size_t i = at + 1; i < s->len; i++)
        if ((s->text[i] == '\\' && quote == '"') ||
            (s->text[i] == quote && quote == '\'' && s->text[i + 1] == quote))
            i++; /* of two letters that stand for one */
        else if (s->text[i] == quote)
            return i;
    return s->len;
}

static bool begins_comment(const struct text_source *s, size_t at)
{
    return s->text[at] == '#' && (!at || isspace((unsigned char)s->text[at - 1]));
}

/* The quote whose text goes over several lines and ends in that of an offset, where the next one
 * opens; s->len: none does. */
static size_t find_open_quote(const struct text_source *s, size_t at)
{
    for (size_t i = 0, line = begin_of(s, at); i < line; i++) {
        size_t end = begins_comment(s, i) ? i + strcspn(s->text + i, "\n") : quoted_end(s, i);

        if (end > line && end < at && !begins_comment(s, i))
            return i;
        i = end;
    }
    return s->len;
}

/* What no editor should have left: in the line of an offset, outside of quotes and comments, which
 * may hold anything; s->len: nothing. */
static size_t find_odd(const struct text_source *s, size_t at, const char **what, const char **hint)
{
    for (size_t i = begin_of(s, at); i < s->len && s->text[i] != '\n' && !begins_comment(s, i);
         i++) {
        size_t end = quoted_end(s, i);

        if (end > i && !memchr(s->text + i, '\n', end - i))
            i = end;
        else if (text_odd(s->text, s->len, i, what, hint))
            return i;
    }
    return s->len;
}

/* A line that a merge left, up to that of an offset. */
static size_t find_merge(const struct text_source *s, size_t at, const char **what,
                         const char **hint)
{
    for (size_t i = 0; i <= at && i < s->len; i += strcspn(s->text + i, "\n") + 1)
        if (char_in(s->text[i], "<=>") && text_odd(s->text, s->len, i, what, hint))
            return i;
    return s->len;
}

/* A comment of C or JavaScript, outside of quotes, up to the line of an offset; s->len: none. */
static size_t find_slashes(const struct text_source *s, size_t at)
{
    size_t stop = at + strcspn(s->text + at, "\n");

    for (size_t i = 0; i + 1 < stop; i++) {
        i = begins_comment(s, i) ? i + strcspn(s->text + i, "\n") : quoted_end(s, i);
        if (i + 1 < stop && s->text[i] == '/' && char_in(s->text[i + 1], "/*") &&
            (!i || char_in(s->text[i - 1], " \t\n,{")))
            return i;
    }
    return s->len;
}

int yaml_explain(const struct text_source *s, const yaml_parser_t *parser, struct signet_error *err)
{
    const char *problem = parser->problem ? parser->problem : "", *what, *hint;
    size_t at = mark_at(s, &parser->problem_mark), begun = mark_at(s, &parser->context_mark), key;

    if (parser->error == YAML_MEMORY_ERROR)
        return error_nomem(err);
    if (parser->error == YAML_READER_ERROR)
        return bad_bytes(s, parser, err);
    if (strstr(problem, "cannot start any token"))
        return bad_start(s, at, err);
    size_t odd = find_merge(s, at, &what, &hint);
    if (odd == s->len)
        odd = find_odd(s, at, &what, &hint);
    if (odd == s->len)
        odd = find_odd(s, begun, &what, &hint);
    if (odd < s->len)
        return error_at_hint(err, SIGNET_E_SYNTAX, s, odd, hint, "%s", what);
    if ((odd = find_slashes(s, at)) < s->len)
        return error_at_hint(err, SIGNET_E_SYNTAX, s, odd, "begin the comment with #",
                             "a comment does not begin with /%c here", s->text[odd + 1]);
    size_t quote = find_open_quote(s, at);
    if (quote < s->len)
        return error_at_hint(err, SIGNET_E_SYNTAX, s, quote, close_it, "%s", unclosed);
    if (s->text[begin_of(s, at)] == '>')
        return error_at_hint(err, SIGNET_E_SYNTAX, s, begin_of(s, at),
                             "take the > at the beginning of each line out",
                             "a line that begins with >, as those of a letter do");
    bool colon = strstr(problem, "mapping values") || strstr(problem, "expected ':'");
    if (colon && (key = find_glued(s, strstr(problem, "expected ':'") ? begun : at)) < s->len)
        return glued(s, key, err);
    if (strstr(problem, "mapping values"))
        return stray_colon(s, at, err);
    if (colon)
        return error_at_hint(err, SIGNET_E_SYNTAX, s, begun, "write \"name: value\"",
                             "this line has no colon");
    for (size_t i = 0; i < COUNT_OF(findings); i++)
        if (strstr(problem, findings[i].problem) ||
            (parser->context && strstr(parser->context, findings[i].problem)))
            return error_at_hint(err, SIGNET_E_SYNTAX, s, findings[i].begins ? begun : at,
                                 findings[i].hint, "%s", findings[i].what);
    return error_at_hint(err, SIGNET_E_SYNTAX, s, at,
                         "a value with special characters is put in quotes",
                         "this is not YAML that can be read");
}
