/* SPDX-License-Identifier: Apache-2.0 */
#include "config/parser.h"

/* Python reads text with any of \n, \r\n and \r as a newline, also inside quotes. */
static void normalise(const char *text, size_t len, struct buf *out)
{
    buf_reserve(out, len);
    for (size_t i = 0; i < len; i++)
        if (text[i] != '\n' || i == 0 || text[i - 1] != '\r')
            buf_byte(out, text[i] == '\r' ? '\n' : (uint8_t)text[i]);
}

static void check_text(struct parser *p)
{
    const char *zero = memchr(p->text, '\0', p->len);
    size_t good = 0, n = 1;
    uint32_t code;

    if (zero)
        fail_at(p, (size_t)(zero - p->text), SIGNET_E_SYNTAX,
                "is this a text file? A packet is read with 'signet packet show'", "a zero byte");
    while (good < p->len && n > 0)
        good += n = utf8_decode((const uint8_t *)p->text + good, p->len - good, &code);
    if (n == 0)
        fail_at(p, good, SIGNET_E_SYNTAX, "save the file as UTF-8", "this is not UTF-8 text");
}

/* file: its path, when the text is one's. */
static int parse_text(const char *text, size_t len, const char *name, const char *file,
                      struct signet_objects *objects, struct signet_tree **out,
                      struct signet_error *err)
{
    struct signet_error local = {0};
    struct parser p = {.name = name, .file = file, .objects = objects, .err = err ? err : &local};
    struct value top = {0};
    struct buf copy = {0};

    if (len > TEXT_MAX)
        return error_set(err, SIGNET_E_LIMIT, "%s: a configuration has at most %d bytes", name,
                         TEXT_MAX);
    size_t mark = utf8_mark(text, len);
    objects_keep(objects);
    normalise(text + mark, len - mark, &copy);
    buf_reserve(&copy, 8); /* zeros: a look ahead of two characters needs no check */
    p.rc = buf_check(&copy, err);
    if (p.rc == SIGNET_OK) {
        memset(copy.data + copy.len, 0, 8);
        p.text = (const char *)copy.data;
        p.len = copy.len;
        check_text(&p);
        if (p.rc == SIGNET_OK)
            top = parse_configuration(&p);
        build_tree(&p, &top, out);
    }
    signet_objects_free(&p.objects);
    value_free(&top);
    buf_free(&copy);
    return p.rc;
}

int signet_config_parse_with(const char *text, size_t len, const char *name,
                             struct signet_objects *objects, struct signet_tree **out,
                             struct signet_error *err)
{
    return parse_text(text, len, name, NULL, objects, out, err);
}

int signet_config_parse(const char *text, size_t len, const char *name, struct signet_tree **out,
                        struct signet_error *err)
{
    return parse_text(text, len, name, NULL, NULL, out, err);
}

int signet_config_load_with(const char *path, struct signet_objects *objects,
                            struct signet_tree **out, struct signet_error *err)
{
    struct buf text = {0};
    int rc = file_read(path, TEXT_MAX, &text, err);

    if (rc != SIGNET_OK)
        error_prefix(err, "reading the configuration");
    else
        rc = parse_text((const char *)text.data, text.len, path, path, objects, out, err);
    rc = signet_file_explain(rc, SIGNET_FILE_CONFIG, path, err);
    buf_free(&text);
    return rc;
}

int signet_config_load(const char *path, struct signet_tree **out, struct signet_error *err)
{
    return signet_config_load_with(path, NULL, out, err);
}
