/* SPDX-License-Identifier: Apache-2.0 */
/* Which element lacks its end. The parser notices it at the end of another one, lines below. */
#include "object_xml/object_xml.h"

/* What stands behind < or </ at the place. len 0: there is no name. */
struct tag {
    size_t at, len;
    const char *name;
};

static struct tag tag_at(const struct text_source *s, size_t at)
{
    struct tag tag = {.at = at, .name = ""};
    size_t from = at + 1;

    if (at >= s->len || s->text[at] != '<')
        return tag;
    from += from < s->len && s->text[from] == '/';
    tag.name = s->text + from;
    while (from + tag.len < s->len && !char_in(tag.name[tag.len], " \t\r\n/<>"))
        tag.len++;
    return tag;
}

static bool same_tag(struct tag a, struct tag b)
{
    return a.len && a.len == b.len && memcmp(a.name, b.name, a.len) == 0;
}

#define TAG(tag) text_shown((tag).name, (tag).len, 40)

/* <Name>Rate<Name>: the second is meant as the end; <Item ID="0"> <Item ID="1">: it is not. */
static bool begins_again(const struct text_source *s, const size_t *open, unsigned depth,
                         struct signet_error *err)
{
    unsigned i = 1;

    while (i < depth && !same_tag(tag_at(s, open[i]), tag_at(s, open[i - 1])))
        i++;
    if (i >= depth)
        return false;
    struct tag tag = tag_at(s, open[i]);
    bool is_end = tag.name + tag.len < s->text + s->len && tag.name[tag.len] == '>';
    error_at(err, SIGNET_E_SYNTAX, s, open[is_end ? i : i - 1], "<%s> is not ended%s", TAG(tag),
             is_end ? ": it begins again here" : "");
    error_hint(err,
               is_end ? "write </%s>: the slash is missing" : "write </%s> before the next one",
               TAG(tag));
    return true;
}

static void file_ends(const struct text_source *s, struct tag last, struct signet_error *err)
{
    size_t at = s->len;

    while (at > 0 && char_in(s->text[at - 1], " \t\r\n"))
        at--;
    error_at(err, SIGNET_E_SYNTAX, s, at, "the file ends, and <%s> of line %u is not ended",
             TAG(last), text_place(s->text, s->len, last.at).line);
    error_hint(err, "write </%s>; was the file copied whole?", TAG(last));
}

/* An end of an element further out, or of none. */
static void end_differs(const struct text_source *s, const size_t *open, unsigned depth,
                        struct tag end, struct signet_error *err)
{
    struct tag last = tag_at(s, open[depth - 1]);
    unsigned i = depth - 1; /* it does not fit the last */

    while (i > 0 && !same_tag(end, tag_at(s, open[i - 1])))
        i--;
    if (i > 0) {
        last = tag_at(s, open[i]);
        error_at(err, SIGNET_E_SYNTAX, s, last.at, "<%s> is not ended", TAG(last));
        error_hint(err, "write </%s>", TAG(last));
    } else {
        error_at(err, SIGNET_E_SYNTAX, s, end.at, "</%s> does not end <%s>", TAG(end), TAG(last));
        error_hint(err, "write </%s>, or take this out", TAG(last));
    }
}

bool xml_unended(const struct text_source *s, const size_t *open, unsigned depth, size_t end,
                 struct signet_error *err)
{
    struct tag tag = tag_at(s, end), last = tag_at(s, depth ? open[depth - 1] : s->len);

    if (!last.len || (!tag.len && end < s->len)) /* another encoding */
        return false;
    if (begins_again(s, open, depth, err))
        return true;
    if (tag.len)
        end_differs(s, open, depth, tag, err);
    else
        file_ends(s, last, err);
    return true;
}
