/* SPDX-License-Identifier: Apache-2.0 */
/* Names of the configuration language, and what is told of those that nobody knows. */
#include "config/parser.h"

#include <ctype.h>
#include <stdio.h>

bool name_starts(char c)
{
    return isalpha((unsigned char)c) || c == '_' || (c & 0x80);
}

static bool parse_in_name(char c)
{
    return name_starts(c) || isdigit((unsigned char)c);
}

/* The name at p->at, which is moved past it; empty when there is none. */
struct name scan_name(struct parser *p)
{
    const char *what, *hint;
    size_t at = p->at;

    while ((p->at > at ? parse_in_name(p->text[p->at]) : name_starts(p->text[p->at])) &&
           !text_odd(p->text, p->len, p->at, &what, &hint))
        p->at++;
    return (struct name){at, p->at - at};
}

bool name_is(const struct parser *p, struct name n, const char *name)
{
    return text_is(p->text + n.at, n.len, name);
}

/* What stands here is what a word processor or a merge left: it is told. */
bool odd_here(struct parser *p)
{
    const char *what, *hint;
    bool odd = p->rc == SIGNET_OK && text_odd(p->text, p->len, p->at, &what, &hint);

    if (odd)
        fail_at(p, p->at, SIGNET_E_SYNTAX, hint, "%s", what);
    return odd;
}

/* A resource of another object than the one it was written with. */
static void hint_elsewhere(struct parser *p, struct name n, char *hint, size_t size)
{
    const char *names[OBJECTS_MAX];
    size_t count = object_names(p->objects, names, OBJECTS_MAX);

    for (size_t i = 0; i < count; i++) {
        const struct signet_object *o = object_by_name(p->objects, names[i], strlen(names[i]));

        if (o && resource_by_name(o, p->text + n.at, n.len)) {
            snprintf(hint, size, "did you mean RID.%s.%.*s?", o->name, (int)n.len, p->text + n.at);
            return;
        }
    }
}

/* PSK, SecurityMode.X509 */
static bool is_mode(const char *word, size_t len)
{
    static const char *const words[] = {"psk",         "rpk",   "x509", "cert",
                                        "certificate", "nosec", "est"};
    const char *dot = memrchr(word, '.', len);

    len -= dot ? (size_t)(dot + 1 - word) : 0;
    word = dot ? dot + 1 : word;
    for (size_t i = 0; i < COUNT_OF(words); i++)
        if (strlen(words[i]) == len && strncasecmp(word, words[i], len) == 0)
            return true;
    return false;
}

/* What somebody meant by a word that is no name of ours: a resource without its object, a mode, a
 * variable, a call. */
static void hint_word(struct parser *p, struct name n, char *hint, size_t size)
{
    static const char *const of_programs[] = {"import", "from", "def",   "class",
                                              "if",     "for",  "lambda"};
    size_t at = n.at + n.len;
    bool program = false;

    for (size_t i = 0; i < COUNT_OF(of_programs); i++)
        program = program || name_is(p, n, of_programs[i]);
    snprintf(hint, size, "text and keys stand in quotes; see signet-config(5) for the names");
    hint_elsewhere(p, n, hint, size);
    while (p->text[at] == '.' || parse_in_name(p->text[at]))
        at++;
    bool mode = is_mode(p->text + n.at, at - n.at);
    at += strspn(p->text + at, " \t");
    if (p->text[at] == '(' || program)
        snprintf(hint, size,
                 "a configuration is no program: write the value itself, text in quotes, bytes as "
                 "b'text' or bytes.fromhex('00ff')");
    else if (p->text[at] == '=' && p->depth == 0)
        snprintf(hint, size,
                 "a configuration has no variables: it begins with {, and a value stands where it "
                 "is used");
    else if (strncasecmp(p->text + n.at, "RID", 3) == 0 ||
             strncasecmp(p->text + n.at, "OID", 3) == 0)
        snprintf(hint, size, "a dot stands behind RID and OID: RID.Server.Lifetime, OID.Server");
    else if (mode)
        snprintf(hint, size, "%s", account_modes_hint);
    else if (p->text[n.at + n.len] == '.')
        snprintf(hint, size, "write the value itself: a number, or a text in quotes");
}

/* An unknown name; candidates for the hint. What is near none of them is not repeated: somebody
 * may have pasted a key without quotes. */
struct value unknown_name(struct parser *p, struct name n, const char *prefix,
                          const char *const *candidates, size_t count)
{
    char name[41],
        hint[128] = "an object's resources are in its definition; a number works as well";
    const char *near = NULL;

    if (odd_here(p))
        return (struct value){0};
    snprintf(name, sizeof(name), "%.*s", (int)n.len, p->text + n.at);
    if (n.len < sizeof(name))
        near = signet_word_nearest(name, candidates, count);
    if (near)
        snprintf(hint, sizeof(hint), "did you mean %s%s?", prefix, near);
    else if (strncmp(prefix, "RID", 3) == 0)
        hint_elsewhere(p, n, hint, sizeof(hint));
    if (near || (*prefix && n.len < sizeof(name)))
        return fail_at(p, n.at, SIGNET_E_SYNTAX, hint, "unknown name '%s%s'", prefix, name);
    if (strncmp(hint, "did you", 7) != 0)
        hint_word(p, n, hint, sizeof(hint));
    return fail_at(p, n.at, SIGNET_E_SYNTAX, hint, "unknown name");
}
