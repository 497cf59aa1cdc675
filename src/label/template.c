/* SPDX-License-Identifier: Apache-2.0 */
/* A label's template, taken apart. */
#include "label/private.h"

#include <ctype.h>
#include <stdlib.h>

enum { TEMPLATE_MAX = 64 * 1024, PARTS_MAX = 1024 };

struct parser {
    struct label_template *t;
    struct text_source source;
    size_t at;
    const struct label_names *names;
    bool *printed; /* which of names->print the template has */
    struct signet_error *err;
    enum signet_label_field field; /* that is being described */
    char hex, code;                /* code: as of a part */
    bool wraps, in_data, in_label;
    bool marked; /* the field got its ^FH here */
    unsigned labels;
};

static int parser_fail(const struct parser *p, size_t at, const char *hint, const char *what)
{
    return error_at_hint(p->err, SIGNET_E_SYNTAX, &p->source, at, hint, "%s", what);
}

static struct part *add_label_part(struct parser *p, enum part_kind kind)
{
    struct label_template *t = p->t;

    if (t->count == PARTS_MAX) {
        error_set(p->err, SIGNET_E_LIMIT, "%s: more than %d parts", t->path, PARTS_MAX);
        return NULL;
    }
    struct part *part = &t->parts[t->count++];
    *part = (struct part){.kind = kind,
                          .field = p->field,
                          .hex = p->hex,
                          .code = p->code,
                          .wraps = p->wraps,
                          .at = p->at};
    return part;
}

/* What stands for itself. */
static int add_zpl(struct parser *p, const char *text, size_t len)
{
    struct label_template *t = p->t;
    struct part *last = t->count ? &t->parts[t->count - 1] : NULL;

    if (!last || last->kind != PART_ZPL) {
        last = add_label_part(p, PART_ZPL);
        if (!last)
            return SIGNET_E_LIMIT;
        last->from = t->zpl.len;
    }
    buf_append(&t->zpl, text, len);
    last->len += len;
    return buf_check(&t->zpl, p->err);
}

static int end_data(struct parser *p)
{
    if (!p->in_data)
        return SIGNET_OK;
    p->in_data = false;
    return add_label_part(p, PART_END) ? SIGNET_OK : SIGNET_E_LIMIT;
}

/* Is there a placeholder in the data that begin here? */
static bool data_has_values(const struct parser *p, size_t at)
{
    for (; at < p->source.len && !char_in(p->source.text[at], "^~"); at++)
        if (p->source.text[at] == '{') {
            if (at + 1 == p->source.len || p->source.text[at + 1] != '{')
                return true;
            at++;
        }
    return false;
}

/* ^FD with a placeholder takes hex digits, also where the template does not say so. */
static int begin_data(struct parser *p, const char *command)
{
    p->marked = !p->hex && data_has_values(p, p->at + 3);
    int rc = p->marked ? add_zpl(p, "^FH_", 4) : SIGNET_OK;

    if (p->marked)
        p->hex = '_';
    if (rc == SIGNET_OK)
        rc = add_zpl(p, command, 3);
    p->in_data = true;
    return rc != SIGNET_OK || add_label_part(p, PART_BEGIN) ? rc : SIGNET_E_LIMIT;
}

static void forget_field(struct parser *p)
{
    p->field = SIGNET_LABEL_TEXT;
    p->hex = p->code = 0;
    p->wraps = p->marked = false;
}

/* Texts are UTF-8 unless the template says otherwise. */
static int begin_label(struct parser *p)
{
    const char *ci = strcasestr(p->source.text, "^CI");

    p->labels++;
    p->in_label = true;
    p->t->ascii = ci && strtoul(ci + 3, NULL, 10) != 28;
    int rc = add_zpl(p, "^XA", 3);
    return rc == SIGNET_OK && !ci ? add_zpl(p, "^CI28", 5) : rc;
}

/* ^FHx: x is the mark, _ without it */
static int read_hex(struct parser *p, const char *command)
{
    char mark = p->at + 3 < p->source.len ? command[3] : '^';
    bool given = !char_in(mark, "^~\r\n{}");

    p->hex = given ? mark : '_';
    p->at += given;
    return add_zpl(p, command, given ? 4 : 3);
}

/* A scanner gives the data of these as they are. Of Code 128, not with a check digit of its own
 * (^BCo,h,f,g,e,m: e is Y, m is U or D); of other bar codes some have one, and some do not. */
static char scanned_code(const char *command, size_t len)
{
    char type = (char)toupper((unsigned char)command[2]);
    unsigned commas = 0;

    for (size_t i = 3; type == 'C' && i < len && !char_in(command[i], "^~"); i++) {
        char c = (char)toupper((unsigned char)command[i]);

        commas += c == ',';
        if ((commas == 4 && c == 'Y') || (commas == 5 && char_in(c, "UD")))
            return 0;
    }
    return char_in(type, "QCX") ? type : 0;
}

static int read_command(struct parser *p)
{
    const char *command = p->source.text + p->at;
    char code[3] = "";
    int rc = end_data(p);

    if (rc != SIGNET_OK)
        return rc;
    if (p->source.len - p->at < 3)
        return parser_fail(p, p->at, "", "the command is cut short");
    code[0] = (char)toupper((unsigned char)command[1]);
    code[1] = (char)toupper((unsigned char)command[2]);
    if (code[0] == 'C' && char_in(code[1], "CDT"))
        return parser_fail(p, p->at, "take it out: labels are written with ^ ~ and a comma",
                           "the template changes the printer's own marks");
    if (strcmp(code, "XA") == 0) {
        rc = begin_label(p);
    } else if (strcmp(code, "FD") == 0 || strcmp(code, "FV") == 0) {
        rc = begin_data(p, command);
    } else if (strcmp(code, "FH") == 0) {
        rc = read_hex(p, command);
    } else {
        if (strcmp(code, "FS") == 0)
            forget_field(p);
        p->wraps = p->wraps || strcmp(code, "FB") == 0;
        if (code[0] == 'B' && code[1] != 'Y')
            p->field = code[1] == 'Q' ? SIGNET_LABEL_QR : SIGNET_LABEL_BAR;
        if (code[0] == 'B' && code[1] != 'Y')
            p->code = scanned_code(command, p->source.len - p->at);
        p->in_label = p->in_label && strcmp(code, "XZ") != 0;
        rc = add_zpl(p, command, 3);
    }
    p->at += 3;
    return rc;
}

/* Is the column one that the order lets be printed? */
static bool may_print(const struct parser *p, const char *column)
{
    bool may = false;

    for (size_t i = 0; p->names->print && p->names->print[i]; i++)
        if (strcmp(p->names->print[i], column) == 0)
            may = p->printed[i] = true;
    return may;
}

static int check_secrets(const struct parser *p, const struct pieces *pieces, size_t at)
{
    const struct placeholder_names *known = &p->names->known;

    for (size_t i = 0; i < pieces->count; i++) {
        const struct piece *piece = &pieces->list[i];
        if (piece->kind != PIECE_COLUMN)
            continue;
        const char *name = known->columns[piece->column];
        bool secret = (p->names->secret && p->names->secret[piece->column]) ||
                      text_names_secret(name, strlen(name));
        if (may_print(p, name) || !secret)
            continue;
        error_at(p->err, SIGNET_E_MEANING, &p->source, at,
                 "the label would show '%s', which is a secret of the device", name);
        error_hint(p->err, "take it out, or say so in the order: label: {print_secrets: [%.60s]}",
                   name);
        return SIGNET_E_MEANING;
    }
    return SIGNET_OK;
}

/* The text of a placeholder, or of {qr:...}: from..from+len of the file. */
static int add_values(struct parser *p, size_t from, size_t len)
{
    struct part *part = add_label_part(p, PART_VALUES);
    struct signet_error why = {0};

    if (!part)
        return SIGNET_E_LIMIT;
    part->at = from;
    int rc =
        pieces_compile(&part->pieces, p->source.text + from, len, false, &p->names->known, &why);
    if (rc != SIGNET_OK) {
        error_at(p->err, why.code, &p->source, from, "%s", why.msg);
        error_hint(p->err, "%s", why.hint);
        return rc;
    }
    return check_secrets(p, &part->pieces, from);
}

/* Where the brace that opens at `at` is closed; 0: nowhere. Inside, {{ and }} are braces. */
static size_t find_close(const struct text_source *s, size_t at)
{
    bool inner = false;

    for (size_t i = at + 1; i < s->len && s->text[i] != '\n'; i++) {
        char next = i + 1 < s->len ? s->text[i + 1] : '\0';

        if (!inner && char_in(s->text[i], "{}") && next == s->text[i])
            i++;
        else if (!inner && s->text[i] == '}')
            return i;
        else if (char_in(s->text[i], "{}"))
            inner = s->text[i] == '{';
    }
    return 0;
}

static int read_qr(struct parser *p, size_t close)
{
    size_t from = p->at + 4;

    if (p->in_data || !p->in_label)
        return parser_fail(p, p->at, "such as ^FO50,50{qr:{endpoint}}",
                           "{qr:...} stands in a label in place of a field, behind ^FO");
    p->field = SIGNET_LABEL_QR;
    p->hex = '_';
    p->code = 'Q';
    p->wraps = false;
    int rc = add_zpl(p, "^BQN,2,5^FH_^FD", 15);
    if (rc == SIGNET_OK && !add_label_part(p, PART_BEGIN))
        rc = SIGNET_E_LIMIT;
    if (rc == SIGNET_OK)
        rc = add_zpl(p, "QA,", 3); /* error correction Q, any text */
    if (rc == SIGNET_OK)
        rc = add_values(p, from, close - from);
    if (rc == SIGNET_OK && !add_label_part(p, PART_END))
        rc = SIGNET_E_LIMIT;
    if (rc == SIGNET_OK)
        rc = add_zpl(p, "^FS", 3);
    forget_field(p);
    p->at = close + 1;
    return rc;
}

static int read_label_value(struct parser *p)
{
    size_t close = find_close(&p->source, p->at);
    int rc;

    if (p->at && p->source.text[p->at - 1] == '$' &&
        strncmp(p->source.text + p->at, "{endpoint}", 10) == 0)
        return parser_fail(p, p->at - 1, "take it out: {endpoint} alone",
                           "a $ before a placeholder would be printed");
    if (!close)
        return parser_fail(p, p->at, "braces themselves are written {{ and }}",
                           "a { that is not closed in its line");
    if (strncmp(p->source.text + p->at, "{qr:", 4) == 0)
        return read_qr(p, close);
    if (!p->in_data && !strcasestr(p->source.text, "^XA"))
        return parser_fail(p, 0,
                           "a label begins with ^XA and ends with ^XZ; other languages of "
                           "printers are not filled in",
                           "no label that is whole");
    if (!p->in_data)
        return parser_fail(p, p->at, "such as ^FO50,50^A0N,30,30^FD{endpoint}^FS",
                           "a placeholder stands in the data of a field, between ^FD and ^FS");
    rc = add_values(p, p->at, close + 1 - p->at);
    p->at = close + 1;
    return rc;
}

/* {{endpoint}}, as other programs have it. */
static bool is_braced_twice(const struct parser *p)
{
    const char *name = p->source.text + p->at + 2;
    size_t len = strcspn(name, "}:\n"), left = p->source.len - p->at;

    return left > 2 + len && memcmp(p->source.text + p->at, "{{", 2) == 0 &&
           placeholder_known(&p->names->known, name, len);
}

static int read_byte(struct parser *p)
{
    char c = p->source.text[p->at];
    bool twice = p->at + 1 < p->source.len && p->source.text[p->at + 1] == c;

    if (char_in(c, "^~"))
        return read_command(p);
    if (char_in(c, "{}") && !twice)
        return c == '{'
                   ? read_label_value(p)
                   : parser_fail(p, p->at, "braces themselves are written {{ and }}", "a lone }");
    if (twice && is_braced_twice(p))
        return parser_fail(p, p->at, "write one brace, such as {endpoint}",
                           "{{ is a brace, and the word in it would be printed as it stands");
    p->at += char_in(c, "{}") ? 2 : 1;
    return p->in_data && p->marked && c == '_' ? add_zpl(p, "_5F", 3) : add_zpl(p, &c, 1);
}

static int check_one_label(const struct parser *p)
{
    unsigned whole = p->labels - (p->in_label && p->labels > 0);

    if (p->labels != 1 || p->in_label)
        return parser_fail(p, whole > 1 ? p->source.len : 0,
                           "a label begins with ^XA and ends with ^XZ",
                           whole ? "more than one label" : "no label that is whole");
    for (size_t i = 0; p->names->print && p->names->print[i]; i++)
        if (!p->printed[i])
            return error_set_hint(p->err, SIGNET_E_MEANING,
                                  "take it out, or is the {column} of the label another one?",
                                  "print_secrets names '%s', which %s does not print",
                                  p->names->print[i], p->t->path);
    return SIGNET_OK;
}

static size_t first_bad(const struct text_source *source)
{
    const uint8_t *text = (const uint8_t *)source->text;
    uint32_t code;
    size_t at = 0, n;

    while (at < source->len && (n = utf8_decode(text + at, source->len - at, &code)))
        at += n;
    return at;
}

static int parse_template(struct parser *p)
{
    int rc = SIGNET_OK;

    if (!utf8_valid((const uint8_t *)p->source.text, p->source.len))
        return parser_fail(p, first_bad(&p->source), "save the file as UTF-8", "this is not UTF-8");
    while (rc == SIGNET_OK && p->at < p->source.len)
        rc = read_byte(p);
    if (rc == SIGNET_OK)
        rc = end_data(p);
    return rc == SIGNET_OK ? check_one_label(p) : rc;
}

/* What is the same on all labels tells nobody which one it is. */
static void count_codes(struct label_template *t)
{
    bool fixed = true;

    for (size_t i = 0; i < t->count; i++) {
        struct part *part = &t->parts[i];

        if (part->kind == PART_BEGIN)
            fixed = true;
        if (part->kind == PART_VALUES)
            fixed = fixed && part->pieces.fixed;
        if (part->kind == PART_END)
            part->counts = part->code && !fixed;
    }
}

static size_t count_words(const char *const *words)
{
    size_t count = 0;

    while (words && words[count])
        count++;
    return count;
}

int label_template_load(struct label_template **out, const char *path,
                        const struct label_names *names, struct signet_error *err)
{
    struct label_template *t = calloc(1, sizeof(*t));
    struct buf text = {0};
    struct parser p = {.t = t, .names = names, .err = err};

    p.printed = calloc(count_words(names->print) + 1, sizeof(*p.printed));
    int rc = t && p.printed ? text_copy(&t->path, path, err) : error_nomem(err);
    if (rc == SIGNET_OK && !(t->parts = calloc(PARTS_MAX, sizeof(*t->parts))))
        rc = error_nomem(err);
    if (rc == SIGNET_OK)
        rc = file_read(path, TEMPLATE_MAX, &text, err);
    if (rc == SIGNET_OK) {
        p.source = (struct text_source){.name = path,
                                        .text = text.data ? (const char *)text.data : "",
                                        .len = text.len,
                                        .hide = text_hide_secrets};
        rc = parse_template(&p);
        count_codes(t);
    }
    buf_free(&text);
    free(p.printed);
    if (rc != SIGNET_OK)
        label_template_free(&t);
    else
        *out = t;
    return signet_file_explain(rc, SIGNET_FILE_LABEL, path, err);
}

void label_template_free(struct label_template **label)
{
    struct label_template *t = label ? *label : NULL;

    if (!t)
        return;
    for (size_t i = 0; i < t->count; i++)
        pieces_free(&t->parts[i].pieces);
    buf_free(&t->zpl);
    free(t->parts);
    free(t->path);
    free(t);
    *label = NULL;
}
