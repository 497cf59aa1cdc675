/* SPDX-License-Identifier: Apache-2.0 */
/* subjectAltName (RFC 5280, section 4.2.1.6) of a device: its endpoint name as URI, as most are
 * (urn:dev:...), or as DNS name. */
#include "pki/private.h"

#define LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
#define DIGITS  "0123456789"

enum { TAG_DNS = 0x82, TAG_URI = 0x86, DNS_MOST = 253, LABEL_MOST = 63 };

/* A scheme, a colon, and something. */
static bool is_uri(const char *text)
{
    size_t scheme = strspn(text, LETTERS DIGITS "+-.");

    return strspn(text, LETTERS) > 0 && text[scheme] == ':' && text[scheme + 1] &&
           strspn(text, LETTERS DIGITS "-._~:/?#[]@!$&'()*+,;=%") == strlen(text);
}

static bool is_host(const char *text)
{
    if (!*text || strlen(text) > DNS_MOST)
        return false;
    for (const char *at = text;; at++) {
        size_t label = strspn(at, LETTERS DIGITS "-");

        if (!label || label > LABEL_MOST || at[0] == '-' || at[label - 1] == '-')
            return false;
        at += label;
        if (*at != '.')
            return !*at;
    }
}

bool alt_name_possible(const char *text)
{
    return is_uri(text) || is_host(text);
}

void alt_name_put(struct buf *b, const char *text)
{
    der_put(b, is_uri(text) ? TAG_URI : TAG_DNS, text, strlen(text));
}
