/* SPDX-License-Identifier: Apache-2.0 */
/* Expressions of constants, by precedence climbing; names from a closed list. */
#include "config/parser.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int parse_expression(struct parser *p, struct value *out);

static bool name_starts(char c)
{
    return isalpha((unsigned char)c) || c == '_' || (c & 0x80);
}

static size_t name_len(const struct parser *p, size_t at)
{
    size_t n = 0;

    while (name_starts(p->text[at + n]) || (n && isdigit((unsigned char)p->text[at + n])))
        n++;
    return n;
}

static bool name_is(const struct parser *p, size_t at, size_t len, const char *name)
{
    return strlen(name) == len && memcmp(p->text + at, name, len) == 0;
}

/* An unknown name; candidates for the hint. What is near none of them is not repeated: somebody
 * may have pasted a key without quotes. */
static int unknown_name(struct parser *p, size_t at, size_t len, const char *prefix,
                        const char *const *candidates, size_t count)
{
    char name[41], hint[128];
    const char *near;

    if (len < sizeof name) {
        memcpy(name, p->text + at, len);
        name[len] = '\0';
        near = text_nearest(name, candidates, count);
        if (near) {
            snprintf(hint, sizeof hint, "did you mean %s%s?", prefix, near);
            return fail_at(p, at, SIGNET_E_SYNTAX, hint, "unknown name '%s%s'", prefix, name);
        }
        if (*prefix)
            return fail_at(p, at, SIGNET_E_SYNTAX, "a number works for every identifier",
                           "unknown name '%s%s'", prefix, name);
    }
    return fail_at(p, at, SIGNET_E_SYNTAX,
                   "text and keys stand in quotes; see signet-config(5) for the names",
                   "unknown name");
}

/* ".NAME" after OID or RID: the name's place. */
static int member_name(struct parser *p, const char *after, size_t *at, size_t *len)
{
    skip_blank(p);
    const char *hint = strcmp(after, "bytes") == 0
                           ? "bytes.fromhex('00ff') is the one call that is taken"
                           : "OID.Security names an object, RID.Security.Mode a resource";
    if (p->text[p->at] != '.')
        return fail_at(p, p->at, SIGNET_E_SYNTAX, hint, "a name must follow %s", after);
    p->at++;
    skip_blank(p);
    *at = p->at;
    *len = name_len(p, p->at);
    if (!*len)
        return fail_at(p, p->at, SIGNET_E_SYNTAX, hint, "a name must follow %s.", after);
    p->at += *len;
    return SIGNET_OK;
}

static int parse_identifier(struct parser *p, bool resource, struct value *out)
{
    const char *names[64];
    size_t at, len;
    uint16_t oid, rid;
    char prefix[64];
    int rc = member_name(p, resource ? "RID" : "OID", &at, &len);

    if (rc)
        return rc;
    if (!object_by_name(p->text + at, len, &oid))
        return unknown_name(p, at, len, resource ? "RID." : "OID.", names,
                            object_names(names, sizeof names / sizeof *names));
    out->kind = V_INT;
    out->as.integer = oid;
    if (!resource)
        return SIGNET_OK;
    snprintf(prefix, sizeof prefix, "RID.%s", signet_object_name(oid));
    rc = member_name(p, prefix, &at, &len);
    if (rc)
        return rc;
    strcat(prefix, ".");
    if (!resource_by_name(oid, p->text + at, len, &rid))
        return unknown_name(p, at, len, prefix, names,
                            resource_names(oid, names, sizeof names / sizeof *names));
    out->as.integer = rid;
    return SIGNET_OK;
}

static int expect(struct parser *p, char c, const char *hint)
{
    skip_blank(p);
    if (p->text[p->at] != c)
        return fail_at(p, p->at, SIGNET_E_SYNTAX, hint,
                       p->at >= p->len ? "the file ends where '%c' should follow"
                                       : "'%c' should follow here",
                       c);
    p->at++;
    return SIGNET_OK;
}

static int parse_objlink(struct parser *p, struct value *out)
{
    uint16_t ids[2];
    int rc = expect(p, '(', "write Objlink(object, instance)");

    for (int i = 0; !rc && i < 2; i++) {
        struct value id = {0};

        rc = parse_expression(p, &id);
        if (!rc && (id.kind != V_INT || id.as.integer < 0 || id.as.integer > 65535))
            rc = fail_at(p, id.at, SIGNET_E_SYNTAX, "write Objlink(object, instance)",
                         "an object link holds two numbers from 0 to 65535");
        ids[i] = rc ? 0 : (uint16_t)id.as.integer;
        value_free(&id);
        if (!rc)
            rc = expect(p, i ? ')' : ',', "write Objlink(object, instance)");
    }
    if (rc)
        return rc;
    out->kind = V_OBJLINK;
    out->as.objlink.oid = ids[0];
    out->as.objlink.iid = ids[1];
    return SIGNET_OK;
}

/* bytes.fromhex('00 ff'): blanks between pairs, as Python takes them. */
static int parse_fromhex(struct parser *p, struct value *out)
{
    struct value text = {0};
    size_t at, len, used = 0;
    int rc = member_name(p, "bytes", &at, &len);

    if (rc)
        return rc;
    if (!name_is(p, at, len, "fromhex"))
        return fail_at(p, at, SIGNET_E_SYNTAX,
                       "bytes.fromhex('00ff') is the one call that is taken",
                       "unknown name after bytes.");
    rc = expect(p, '(', "write bytes.fromhex('00ff')");
    if (!rc)
        rc = parse_expression(p, &text);
    if (!rc)
        rc = expect(p, ')', "write bytes.fromhex('00ff')");
    if (!rc && text.kind != V_STR)
        rc = fail_at(p, text.at, SIGNET_E_SYNTAX, "write bytes.fromhex('00ff')",
                     "hex digits stand in a string");
    for (size_t i = 0; !rc && i < text.as.bytes.len;) {
        const char *digits = (const char *)text.as.bytes.data + i;

        if (strchr(" \t\n\r\f\v", *digits) && *digits) {
            i++;
        } else if (i + 1 < text.as.bytes.len &&
                   hex_decode(digits, 2, text.as.bytes.data + used, 1) == 1) {
            used++;
            i += 2;
        } else {
            rc = fail_at(p, text.at, SIGNET_E_SYNTAX, "two hex digits make a byte",
                         "character %zu of this text is not half of a pair of hex digits", i + 1);
        }
    }
    if (rc) {
        value_free(&text);
        return rc;
    }
    text.kind = V_BYTES;
    text.as.bytes.len = used;
    text.at = out->at;
    *out = text;
    return SIGNET_OK;
}

static int parse_name(struct parser *p, struct value *out)
{
    static const char *const names[] = {"OID", "RID", "Objlink", "bytes", "True", "False"};
    size_t at = p->at, len = name_len(p, at);

    p->at += len;
    if (name_is(p, at, len, "True") || name_is(p, at, len, "False")) {
        out->kind = V_BOOL;
        out->as.integer = p->text[at] == 'T';
        return SIGNET_OK;
    }
    if (name_is(p, at, len, "OID") || name_is(p, at, len, "RID"))
        return parse_identifier(p, p->text[at] == 'R', out);
    if (name_is(p, at, len, "Objlink"))
        return parse_objlink(p, out);
    if (name_is(p, at, len, "bytes"))
        return parse_fromhex(p, out);
    if (name_is(p, at, len, "None"))
        return fail_at(p, at, SIGNET_E_SYNTAX, "leave the resource out", "None is no value");
    return unknown_name(p, at, len, "", names, sizeof names / sizeof *names);
}

static int dict_add(struct parser *p, struct dict *dict, const struct entry *entry)
{
    if (dict->count == dict->cap) {
        size_t cap = dict->cap ? dict->cap * 2 : 4;
        struct entry *entries = realloc(dict->entries, cap * sizeof *entries);

        if (!entries)
            return error_nomem(p->err);
        dict->entries = entries;
        dict->cap = cap;
    }
    dict->entries[dict->count++] = *entry;
    return SIGNET_OK;
}

/* **{...}: its entries become ours. */
static int merge_dict(struct parser *p, struct dict *dict)
{
    struct value other = {0};

    p->at += 2;
    int rc = parse_expression(p, &other);
    if (!rc && other.kind != V_DICT)
        rc = fail_at(p, other.at, SIGNET_E_SYNTAX, NULL, "only a dictionary can follow **");
    struct dict *from = rc ? NULL : other.as.dict;
    for (size_t i = 0; !rc && from && i < from->count; i++) {
        rc = dict_add(p, dict, &from->entries[i]);
        if (!rc)
            from->entries[i] = (struct entry){0}; /* moved */
    }
    value_free(&other);
    return rc;
}

static int parse_entry(struct parser *p, struct dict *dict)
{
    struct entry entry = {0};
    int rc;

    if (p->text[p->at] == '*' && p->text[p->at + 1] == '*')
        return merge_dict(p, dict);
    rc = parse_expression(p, &entry.key);
    if (!rc) {
        skip_blank(p);
        if (p->text[p->at] == ',' || p->text[p->at] == '}')
            rc = fail_at(p, p->at, SIGNET_E_SYNTAX, "write identifier: value",
                         "this entry has no ':' and value");
        else
            rc = expect(p, ':', "write identifier: value");
    }
    if (!rc)
        rc = parse_expression(p, &entry.value);
    if (!rc)
        rc = dict_add(p, dict, &entry);
    if (rc) {
        value_free(&entry.key);
        value_free(&entry.value);
    }
    return rc;
}

static int parse_dict(struct parser *p, struct value *out)
{
    size_t start = p->at++;
    int rc = SIGNET_OK;

    if (++p->depth > DICT_DEPTH_MAX)
        return fail_at(p, start, SIGNET_E_LIMIT, NULL, "dictionaries are nested too deep");
    out->as.dict = calloc(1, sizeof *out->as.dict);
    if (!out->as.dict)
        return error_nomem(p->err);
    out->kind = V_DICT;
    for (;;) {
        skip_blank(p);
        if (p->text[p->at] == '}') {
            p->at++;
            p->depth--;
            return SIGNET_OK;
        }
        if (p->at >= p->len)
            return fail_at(p, start, SIGNET_E_SYNTAX, "close it with }", "this { is never closed");
        rc = parse_entry(p, out->as.dict);
        if (rc)
            return rc;
        skip_blank(p);
        if (p->text[p->at] == ',')
            p->at++;
        else if (p->text[p->at] != '}' && p->at < p->len)
            return fail_at(p, p->at, SIGNET_E_SYNTAX,
                           "constants only: no conditions, comparisons or calls",
                           "',' or '}' should follow the value");
    }
}

static int parse_parentheses(struct parser *p, struct value *out)
{
    size_t start = p->at++;
    int rc;

    skip_blank(p);
    if (p->text[p->at] == ')')
        return fail_at(p, start, SIGNET_E_SYNTAX, "several values are a dictionary: {0: 1, 1: 2}",
                       "LwM2M has no tuples");
    rc = parse_expression(p, out);
    if (rc)
        return rc;
    skip_blank(p);
    if (p->text[p->at] == ',')
        return fail_at(p, p->at, SIGNET_E_SYNTAX, "several values are a dictionary: {0: 1, 1: 2}",
                       "LwM2M has no tuples");
    return expect(p, ')', "close the parenthesis");
}

static int parse_atom(struct parser *p, struct value *out)
{
    char c = p->text[p->at];
    size_t start = p->at;
    int rc;

    *out = (struct value){.at = start};
    if (++p->values > 2 * VALUES_MAX + 16) /* keys count too; the tree has the exact limit */
        return fail_at(p, start, SIGNET_E_LIMIT, NULL, "more than %d values", VALUES_MAX);
    if (p->at >= p->len)
        return fail_at(p, start, SIGNET_E_SYNTAX, NULL,
                       "the file ends where a value should follow");
    if (c == '{')
        rc = parse_dict(p, out);
    else if (c == '(')
        rc = parse_parentheses(p, out);
    else if (isdigit((unsigned char)c) || (c == '.' && isdigit((unsigned char)p->text[p->at + 1])))
        rc = parse_number(p, out);
    else if (string_starts(p))
        rc = parse_strings(p, out);
    else if (name_starts(c))
        rc = parse_name(p, out);
    else if (c == '[')
        rc = fail_at(p, start, SIGNET_E_SYNTAX, "several values are a dictionary: {0: 1, 1: 2}",
                     "LwM2M has no lists");
    else
        rc = fail_at(
            p, start, SIGNET_E_SYNTAX,
            "a number, text, b'bytes', True, False, a dictionary or Objlink(object, instance)",
            "a value should stand here");
    out->at = start;
    if (rc)
        return rc;
    skip_blank(p);
    c = p->text[p->at];
    if (c == '.' || c == '(' || c == '[')
        return fail_at(p, p->at, SIGNET_E_SYNTAX,
                       "a configuration is data: write the result itself",
                       "calls, attributes and subscripts are not taken");
    return SIGNET_OK;
}

static int parse_operand(struct parser *p, struct value *out);

static int parse_unary(struct parser *p, struct value *out)
{
    size_t at = p->at;
    char op = p->text[at];
    struct value exponent = {0};
    int rc;

    if (op == '-' || op == '+' || op == '~') {
        p->at++;
        rc = parse_operand(p, out);
        if (!rc)
            rc = apply_unary(p, at, op, out);
    } else {
        rc = parse_atom(p, out);
        if (!rc && p->text[p->at] == '*' && p->text[p->at + 1] == '*') {
            at = p->at;
            p->at += 2;
            rc = parse_operand(p, &exponent); /* binds tighter than a sign on its left, not right */
            if (!rc)
                rc = apply_binary(p, at, 'p', out, &exponent);
            value_free(&exponent);
        }
    }
    if (!rc && at < out->at)
        out->at = at;
    return rc;
}

static int parse_operand(struct parser *p, struct value *out)
{
    int rc;

    skip_blank(p);
    if (++p->nesting > NESTING_MAX)
        return fail_at(p, p->at, SIGNET_E_LIMIT, NULL, "nested too deep");
    rc = parse_unary(p, out);
    p->nesting--;
    return rc;
}

/* The binary operator at p->at: its letter for apply_binary() and precedence, 0 when none. */
static int operator_at(const struct parser *p, char *op, size_t *len)
{
    char c = p->text[p->at], next = c ? p->text[p->at + 1] : '\0';

    *op = c;
    *len = 1;
    if ((c == '<' || c == '>') && next == c) {
        *op = c == '<' ? 'l' : 'r';
        *len = 2;
        return 4;
    }
    if (c == '/' && next == '/') {
        *op = 'f';
        *len = 2;
    }
    switch (c) {
    case '|':
        return 1;
    case '^':
        return 2;
    case '&':
        return 3;
    case '+':
    case '-':
        return 5;
    case '*':
        return next == '*' ? 0 : 6;
    case '/':
    case '%':
        return 6;
    default:
        return 0;
    }
}

static int parse_binary(struct parser *p, int least, struct value *out)
{
    size_t len;
    char op;
    int rc = parse_unary(p, out);

    for (;;) {
        struct value right = {0};
        size_t at;
        int precedence;

        if (rc)
            return rc;
        skip_blank(p);
        at = p->at;
        precedence = operator_at(p, &op, &len);
        if (precedence < least || !precedence)
            return SIGNET_OK;
        p->at += len;
        skip_blank(p);
        rc = parse_binary(p, precedence + 1, &right);
        if (!rc) {
            size_t start = out->at;

            rc = apply_binary(p, at, op, out, &right);
            out->at = start;
        }
        value_free(&right);
    }
}

static int parse_expression(struct parser *p, struct value *out)
{
    skip_blank(p);
    if (++p->nesting > NESTING_MAX)
        return fail_at(p, p->at, SIGNET_E_LIMIT, NULL, "nested too deep");
    int rc = parse_binary(p, 1, out);
    p->nesting--;
    return rc;
}

int parse_configuration(struct parser *p, struct value *out)
{
    int rc;

    skip_blank(p);
    if (p->at >= p->len)
        return fail_at(p, 0, SIGNET_E_SYNTAX,
                       "a configuration is a dictionary: {OID.Security: {...}}",
                       "there is nothing in it");
    rc = parse_expression(p, out);
    if (rc)
        return rc;
    skip_blank(p);
    if (p->at < p->len)
        return fail_at(p, p->at, SIGNET_E_SYNTAX, "one dictionary is all a configuration holds",
                       "this stands after the end");
    return SIGNET_OK;
}
