/* SPDX-License-Identifier: Apache-2.0 */
/* Expressions of constants, by precedence climbing; names from a closed list. */
#include "config/parser.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

static struct value parse_expression(struct parser *p);

/* ".NAME" after another name. */
static struct name parse_member(struct parser *p, const char *after, const char *hint)
{
    struct name name = {0};

    skip_blank(p);
    bool dot = p->text[p->at] == '.';
    if (dot) {
        p->at++;
        skip_blank(p);
        name = scan_name(p);
    }
    if (!name.len)
        fail_at(p, p->at, SIGNET_E_SYNTAX, hint, "a name must follow %s%s", after, dot ? "." : "");
    return name;
}

static struct value parse_resource(struct parser *p, const struct signet_object *object,
                                   const char *hint)
{
    char prefix[SIGNET_NAME_MAX + 8];
    const char *names[RESOURCES_MAX];
    const struct signet_resource *resource;

    snprintf(prefix, sizeof(prefix), "RID.%s", object->name);
    struct name name = parse_member(p, prefix, hint);
    resource = resource_by_name(object, p->text + name.at, name.len);
    if (resource)
        return (struct value){.kind = V_INT,
                              .named = RESOURCE_NAME,
                              .named_of = object->id,
                              .as.integer = resource->id};
    strcat(prefix, ".");
    return unknown_name(p, name, prefix, names, resource_names(object, names, RESOURCES_MAX));
}

static struct value parse_identifier(struct parser *p, bool resource)
{
    static const char hint[] = "OID.Security names an object, RID.Security.Mode a resource";
    const char *names[OBJECTS_MAX];
    struct name name = parse_member(p, resource ? "RID" : "OID", hint);
    const struct signet_object *object = object_by_name(p->objects, p->text + name.at, name.len);

    if (!object)
        return unknown_name(p, name, resource ? "RID." : "OID.", names,
                            object_names(p->objects, names, OBJECTS_MAX));
    if (resource)
        return parse_resource(p, object, hint);
    return (struct value){.kind = V_INT, .named = OBJECT_NAME, .as.integer = object->id};
}

static void expect(struct parser *p, char c, const char *hint)
{
    skip_blank(p);
    if (p->text[p->at] == c)
        p->at++;
    else if (!odd_here(p))
        fail_at(p, p->at, SIGNET_E_SYNTAX, hint,
                p->at >= p->len ? "the file ends where '%c' should follow"
                                : "'%c' should follow here",
                c);
}

static struct value parse_objlink(struct parser *p)
{
    static const char hint[] = "write Objlink(object, instance)";
    uint16_t ids[2] = {0};

    for (int i = 0; i < 2; i++) {
        expect(p, i ? ',' : '(', hint);
        struct value id = parse_expression(p);

        if (id.kind == V_INT && id.as.integer >= 0 && id.as.integer <= 65535)
            ids[i] = (uint16_t)id.as.integer;
        else
            fail_at(p, id.at, SIGNET_E_SYNTAX, hint,
                    "an object link holds two numbers from 0 to 65535");
        value_free(&id);
    }
    expect(p, ')', hint);
    return (struct value){.kind = V_OBJLINK, .as.objlink = {ids[0], ids[1]}};
}

/* In place; blanks between pairs, as Python takes them. */
static void decode_hex(struct parser *p, struct value *text)
{
    struct signet_bytes *b = &text->as.bytes;
    size_t used = 0;

    for (size_t i = 0; i < b->len && p->rc == SIGNET_OK;) {
        const char *digits = (const char *)b->data + i;

        if (char_in(*digits, " \t\n\r\f\v")) {
            i++;
        } else if (i + 1 < b->len && hex_decode(digits, 2, b->data + used, 1) == 1) {
            used++;
            i += 2;
        } else {
            fail_at(p, text->at, SIGNET_E_SYNTAX,
                    memchr(b->data + i, 'x', b->len - i < 2 ? b->len - i : 2)
                        ? "take 0x out: two hex digits make a byte"
                        : "two hex digits make a byte",
                    "character %zu of this text is not half of a pair of hex digits", i + 1);
        }
    }
    wipe(b->data + used, b->len - used);
    b->len = used;
}

/* bytes.fromhex('00 ff') */
static struct value parse_fromhex(struct parser *p)
{
    static const char only[] = "bytes.fromhex('00ff') is the only call that is allowed",
                      hint[] = "write bytes.fromhex('00ff')";
    struct name name = parse_member(p, "bytes", only);

    if (!name_is(p, name, "fromhex"))
        return fail_at(p, name.at, SIGNET_E_SYNTAX, only, "unknown name after bytes.");
    expect(p, '(', hint);
    skip_blank(p);
    if (p->rc == SIGNET_OK && !string_starts(p) && p->text[p->at] != '(')
        return fail_at(p, p->at, SIGNET_E_SYNTAX, hint, "hex digits stand in a string");
    struct value text = parse_expression(p);
    expect(p, ')', hint);
    if (text.kind == V_STR) {
        decode_hex(p, &text);
        text.kind = V_BYTES;
    } else {
        fail_at(p, text.at, SIGNET_E_SYNTAX, hint, "hex digits stand in a string");
    }
    return text;
}

static struct value parse_named(struct parser *p)
{
    static const char *const names[] = {"OID", "RID", "Objlink", "bytes", "True", "False"};

    struct name name = scan_name(p);
    if (name_is(p, name, "True") || name_is(p, name, "False"))
        return (struct value){.kind = V_BOOL, .as.integer = name.len == 4};
    if (name_is(p, name, "OID") || name_is(p, name, "RID"))
        return parse_identifier(p, p->text[name.at] == 'R');
    if (name_is(p, name, "Objlink"))
        return parse_objlink(p);
    if (name_is(p, name, "bytes"))
        return parse_fromhex(p);
    if (name_is(p, name, "None") || name_is(p, name, "null"))
        return fail_at(p, name.at, SIGNET_E_SYNTAX, "leave the resource out",
                       "None and null are no values");
    return unknown_name(p, name, "", names, COUNT_OF(names));
}

/* The entry goes over to the dictionary. */
static void dict_add(struct parser *p, struct dict *dict, struct entry entry)
{
    if (list_room(dict->entries, dict->count, p->err) == SIGNET_OK) {
        dict->entries[dict->count++] = entry;
        return;
    }
    value_free(&entry.key);
    value_free(&entry.value);
    fail_with(p, SIGNET_E_NOMEM);
}

/* **{...}: its entries become ours. */
static void merge_dict(struct parser *p, struct dict *dict)
{
    p->at += 2;
    struct value other = parse_expression(p);

    if (other.kind != V_DICT)
        fail_at(p, other.at, SIGNET_E_SYNTAX, NULL, "only a dictionary can follow **");
    for (size_t i = 0; other.kind == V_DICT && i < other.as.dict.count; i++) {
        dict_add(p, dict, other.as.dict.entries[i]);
        other.as.dict.entries[i] = (struct entry){0};
    }
    value_free(&other);
}

static void parse_entry(struct parser *p, struct dict *dict)
{
    skip_blank(p);
    size_t start = p->at;
    struct entry entry = {.key = parse_expression(p)};

    skip_blank(p);
    bool group =
        start >= 2 && p->text[start - 1] == ',' && isdigit((unsigned char)p->text[start - 2]);
    if (p->text[p->at] == ',' || p->text[p->at] == '}')
        fail_at(p, p->at, SIGNET_E_SYNTAX,
                group ? "write a number without commas: 86400" : "write identifier: value",
                "this entry has no ':' and value");
    expect(p, ':', "write identifier: value");
    entry.value = parse_expression(p);
    if (!is_definitions(p, &entry.key)) {
        dict_add(p, dict, entry);
        return;
    }
    read_definitions(p, &entry.value);
    value_free(&entry.key);
    value_free(&entry.value);
}

static struct value parse_dict(struct parser *p)
{
    struct value v = {.kind = V_DICT};
    size_t start = p->at++;

    if (++p->depth > DICT_DEPTH_MAX)
        return fail_at(p, start, SIGNET_E_LIMIT, NULL, "dictionaries are nested too deep");
    for (skip_blank(p); p->text[p->at] != '}' && p->at < p->len; skip_blank(p)) {
        if (p->text[p->at] == '*' && p->text[p->at + 1] == '*')
            merge_dict(p, &v.as.dict);
        else
            parse_entry(p, &v.as.dict);
        skip_blank(p);
        if (p->text[p->at] == ',')
            p->at++;
        else if (p->text[p->at] != '}' && p->at < p->len && !odd_here(p))
            fail_at(p, p->at, SIGNET_E_SYNTAX,
                    string_starts(p) || name_starts(p->text[p->at]) ||
                            isdigit((unsigned char)p->text[p->at])
                        ? "is a comma missing before this? Constants only: no conditions or calls"
                    : p->text[p->at] == ';' ? "write a comma: ,"
                    : char_in(p->text[p->at], ")]")
                        ? "a dictionary is closed with }"
                        : "constants only: no conditions, comparisons or calls",
                    "',' or '}' should follow the value");
    }
    if (p->at >= p->len)
        fail_at(p, start, SIGNET_E_SYNTAX, "close it with }", "this { is never closed");
    else
        p->at++;
    p->depth--;
    return v;
}

static struct value parse_parentheses(struct parser *p)
{
    static const char tuple[] =
        "close it with ) before the comma; several values are a dictionary: {0: 1, 1: 2}";
    size_t start = p->at++;

    skip_blank(p);
    if (p->text[p->at] == ')')
        return fail_at(p, start, SIGNET_E_SYNTAX, tuple, "LwM2M has no tuples");
    struct value v = parse_expression(p);
    skip_blank(p);
    if (p->text[p->at] == ',')
        fail_at(p, start, SIGNET_E_SYNTAX, tuple,
                "this ( is not closed before the comma, and LwM2M has no tuples");
    expect(p, ')', "close the parenthesis");
    return v;
}

static struct value parse_primary(struct parser *p)
{
    char c = p->text[p->at];

    if (p->at >= p->len)
        return fail_at(p, p->at, SIGNET_E_SYNTAX, NULL,
                       "the file ends where a value should follow");
    if (odd_here(p))
        return (struct value){0};
    if (c == '{')
        return parse_dict(p);
    if (c == '(')
        return parse_parentheses(p);
    if (isdigit((unsigned char)c) || (c == '.' && isdigit((unsigned char)p->text[p->at + 1])))
        return parse_number(p);
    if (string_starts(p))
        return parse_strings(p);
    if (name_starts(c))
        return parse_named(p);
    if (c == '/' && (p->text[p->at + 1] == '/' || p->text[p->at + 1] == '*'))
        return fail_at(p, p->at, SIGNET_E_SYNTAX, "begin the comment with #",
                       "a comment does not begin with /%c here", p->text[p->at + 1]);
    if (c == '[')
        return fail_at(p, p->at, SIGNET_E_SYNTAX,
                       "one value stands without brackets; several are a dictionary: {0: 1, 1: 2}",
                       "LwM2M has no lists");
    return fail_at(p, p->at, SIGNET_E_SYNTAX,
                   p->depth == 0 ? "a configuration begins with {: take out what stands before it"
                                 : "a number, text, b'bytes', True, False, a dictionary or "
                                   "Objlink(object, instance)",
                   "a value should stand here");
}

static struct value parse_atom(struct parser *p)
{
    if (++p->values > 2 * VALUES_MAX + 16) /* keys count too; the tree has the exact limit */
        return fail_at(p, p->at, SIGNET_E_LIMIT, NULL, "more than %d values", VALUES_MAX);
    struct value v = parse_primary(p);

    skip_blank(p);
    if (char_in(p->text[p->at], ".(["))
        fail_at(p, p->at, SIGNET_E_SYNTAX,
                p->text[p->at] == '.' && v.kind == V_INT
                    ? "a resource is RID.Server.Lifetime, an object OID.Server"
                    : "a configuration is data: write the result itself",
                "calls, attributes and subscripts are not taken");
    return v;
}

/* A value with its signs and its power, which binds tighter than a sign on its left, not right. */
static struct value parse_operand(struct parser *p)
{
    struct value v;

    skip_blank(p);
    size_t start = p->at, at = start;
    char op = p->text[at];
    if (++p->nesting > NESTING_MAX)
        return fail_at(p, at, SIGNET_E_LIMIT, NULL, "nested too deep");
    if (op == '-' || op == '+' || op == '~') {
        p->at++;
        v = apply_unary(p, at, op, parse_operand(p));
    } else {
        v = parse_atom(p);
        at = p->at;
        if (p->text[at] == '*' && p->text[at + 1] == '*') {
            p->at += 2;
            v.at = start;
            v = apply_binary(p, at, 'p', v, parse_operand(p));
        }
    }
    p->nesting--;
    v.at = start;
    return v;
}

static const struct operator
{
    const char *text;
    char op;
    int precedence;
}
operators[] = {
    {"|", '|', 1}, {"^", '^', 2}, {"&", '&', 3},  {"<<", 'l', 4}, {">>", 'r', 4}, {"+", '+', 5},
    {"-", '-', 5}, {"*", '*', 6}, {"//", 'f', 6}, {"/", '/', 6},  {"%", '%', 6},
};

/* The binary operator at p->at, or NULL. */
static const struct operator* operator_at(const struct parser *p)
{
    for (size_t i = 0; i < COUNT_OF(operators); i++)
        if (strncmp(p->text + p->at, operators[i].text, strlen(operators[i].text)) == 0)
            return &operators[i];
    return NULL;
}

static struct value parse_binary(struct parser *p, int least)
{
    struct value v = parse_operand(p);

    for (;;) {
        skip_blank(p);
        const struct operator* op = operator_at(p);
        size_t at = p->at, start = v.at;

        if (!op || op->precedence < least)
            return v;
        p->at += strlen(op->text);
        v = apply_binary(p, at, op->op, v, parse_binary(p, op->precedence + 1));
        v.at = start;
    }
}

static struct value parse_expression(struct parser *p)
{
    return parse_binary(p, 1);
}

struct value parse_configuration(struct parser *p)
{
    skip_blank(p);
    if (p->at >= p->len)
        return fail_at(p, 0, SIGNET_E_SYNTAX,
                       "a configuration is a dictionary: {OID.Security: {...}}",
                       "there is nothing in it");
    struct value v = parse_expression(p);
    skip_blank(p);
    if (p->at < p->len)
        fail_at(p, p->at, SIGNET_E_SYNTAX,
                char_in(p->text[p->at], "},")
                    ? "is a } too many before it, or a { missing? {OID.Server: {1: {...}}}"
                : p->text[p->at] == ':' ? "a configuration begins with {, and ends with }"
                : p->text[p->at] == ';' ? "take it out"
                                        : "one dictionary is all a configuration holds",
                "this stands after the end");
    return v;
}
