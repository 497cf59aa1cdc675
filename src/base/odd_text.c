/* SPDX-License-Identifier: Apache-2.0 */
/* What word processors, web pages and merges leave in a text, and no format takes. */
#include "base/base.h"

static const char curly[] = "a curly quote, as word processors write it",
                  straight[] = "write straight quotes: \"",
                  blank[] = "a no-break space, as word processors write it",
                  unseen[] = "a character that no editor shows",
                  dash[] = "a long dash, as word processors write it",
                  merge[] = "a mark of a merge: two versions of the file stand here",
                  one[] =
                      "keep one of the two, and take the lines <<<<<<<, ======= and >>>>>>> out";

static const struct {
    const char *bytes, *what, *hint;
} odd[] = {
    {"\xe2\x80\x98", curly, straight},
    {"\xe2\x80\x99", curly, straight},
    {"\xe2\x80\x9a", curly, straight},
    {"\xe2\x80\x9c", curly, straight},
    {"\xe2\x80\x9d", curly, straight},
    {"\xe2\x80\x9e", curly, straight},
    {"\xc2\xab", curly, straight},
    {"\xc2\xa0", blank, "write a blank in its place"},
    {"\xe2\x80\xaf", blank, "write a blank in its place"},
    {"\xe2\x80\x8b", unseen, "write this line anew"},
    {"\xe2\x81\xa0", unseen, "write this line anew"},
    {"\xef\xbb\xbf", unseen, "write this line anew"},
    {"\xe2\x80\x93", dash, "write a minus: -"},
    {"\xe2\x80\x94", dash, "write a minus: -"},
    {"\xe2\x88\x92", dash, "write a minus: -"},
    {"\xe2\x80\xa6", "three dots in one character", "write what they stand for"},
    {"\xef\xbc\x8c", "a wide comma", "write a plain one: ,"},
    {"\xef\xbc\x9a", "a wide colon", "write a plain one: :"},
    {"<<<<<<< ", merge, one},
    {"=======\n", merge, one},
    {"=======\r", merge, one},
    {">>>>>>> ", merge, one},
};

bool text_odd(const char *text, size_t len, size_t at, const char **what, const char **hint)
{
    for (size_t i = 0; i < COUNT_OF(odd); i++) {
        size_t n = strlen(odd[i].bytes);

        if (at > len || len - at < n || memcmp(text + at, odd[i].bytes, n) != 0 ||
            (odd[i].what == merge && at > 0 && text[at - 1] != '\n'))
            continue;
        *what = odd[i].what;
        *hint = odd[i].hint;
        return true;
    }
    return false;
}

size_t text_odd_value(const char *text, size_t len, bool quoted, const char **what,
                      const char **hint)
{
    for (size_t i = 0; i < len; i++)
        if ((unsigned char)text[i] >= 0x80 && text_odd(text, len, i, what, hint) &&
            (*what == unseen ||
             (!quoted && (*what == blank || (*what == curly && (i == 0 || i + 3 >= len))))))
            return i;
    return len;
}
