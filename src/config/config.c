/* SPDX-License-Identifier: Apache-2.0 */
#include "config/parser.h"

#include <string.h>

/* Python reads text with any of \n, \r\n and \r as a newline, also inside quotes. */
static void normalise(const char *text, size_t len, struct buf *out)
{
    buf_reserve(out, len);
    for (size_t i = 0; i < len;) {
        const char *cr = memchr(text + i, '\r', len - i);
        size_t n = cr ? (size_t)(cr - text) - i : len - i;

        buf_append(out, text + i, n);
        i += n;
        if (cr) {
            buf_byte(out, '\n');
            i += i + 1 < len && text[i + 1] == '\n' ? 2 : 1;
        }
    }
}

static int check_text(struct parser *p)
{
    const char *zero = memchr(p->text, '\0', p->len);

    if (zero)
        return fail_at(p, (size_t)(zero - p->text), SIGNET_E_SYNTAX,
                       "is this a text file? A packet is read with 'signet packet show'",
                       "a zero byte");
    if (utf8_valid((const uint8_t *)p->text, p->len))
        return SIGNET_OK;
    for (size_t good = 0, bad = p->len;;) { /* the first byte that is not UTF-8, by halving */
        size_t middle = good + (bad - good) / 2;

        if (bad - good <= 4) {
            while (good < p->len && (p->text[good] & 0x80) == 0)
                good++;
            return fail_at(p, good, SIGNET_E_SYNTAX, "save the file as UTF-8",
                           "this is not UTF-8 text");
        }
        while (middle > good && (p->text[middle] & 0xc0) == 0x80)
            middle--;
        if (middle == good || !utf8_valid((const uint8_t *)p->text + good, middle - good))
            bad = middle == good ? good + 4 : middle;
        else
            good = middle;
    }
}

int signet_config_parse(const char *text, size_t len, const char *name, struct signet_tree **out,
                        struct signet_error *err)
{
    struct signet_error local = {0};
    struct parser p = {.name = name, .err = err ? err : &local};
    struct value top = {0};
    struct buf copy = {0};
    int rc;

    if (len > TEXT_MAX)
        return error_set(err, SIGNET_E_LIMIT, "%s: a configuration has at most %d bytes", name,
                         TEXT_MAX);
    if (len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) {
        text += 3;
        len -= 3;
    }
    normalise(text, len, &copy);
    buf_reserve(&copy, 8); /* zeros: a look ahead of two characters needs no check */
    rc = buf_check(&copy, err);
    if (rc)
        return rc;
    memset(copy.data + copy.len, 0, 8);
    p.text = (const char *)copy.data;
    p.len = copy.len;
    rc = check_text(&p);
    if (!rc)
        rc = parse_configuration(&p, &top);
    if (!rc)
        rc = build_tree(&p, &top, out);
    value_free(&top);
    buf_free(&copy);
    return rc;
}

int signet_config_load(const char *path, struct signet_tree **out, struct signet_error *err)
{
    struct buf text = {0};
    int rc = file_read(path, TEXT_MAX, &text, err);

    if (rc) {
        error_prefix(err, "reading the configuration");
        return rc;
    }
    rc = signet_config_parse((const char *)text.data, text.len, path, out, err);
    buf_free(&text);
    return rc;
}
