/* SPDX-License-Identifier: Apache-2.0 */
/* What the answers to many devices say of a server: it refuses all of them, or holds up one. */
#include "delivery/private.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

enum { HELD_SLOTS = 256, HELD_TIMES = 5, HELD_PAUSE_MS = 1000, COMPARED = 160 };

struct held {
    int64_t device;
    unsigned times;
    uint64_t taken; /* by the server, when it was counted the last time */
    int64_t due;    /* when it is counted again */
};

struct refusals {
    unsigned limit; /* equal ones in a row, after which the server is left alone; 0: none */
    unsigned count;
    struct signet_error last;
    char words[COMPARED]; /* of the last, without the device */
    uint64_t taken;
    struct signet_error why_held; /* the last one's */
    struct held held[HELD_SLOTS]; /* a device has one place, and loses it to another one */
};

struct refusals *refusals_new(int64_t limit)
{
    struct refusals *r = calloc(1, sizeof(*r));

    if (r)
        r->limit = (unsigned)limit;
    return r;
}

/* The message without the endpoint name, and without the words that have a digit: numbers, times,
 * identifiers. */
static void strip_device(const char *text, const char *endpoint, char *out, size_t size)
{
    size_t name = strlen(endpoint), used = 0;

    while (*text && used + 1 < size) {
        size_t word = 0;
        bool digit = false;

        if (name && strncmp(text, endpoint, name) == 0) {
            text += name;
            continue;
        }
        for (; isalnum((unsigned char)text[word]); word++)
            digit = digit || isdigit((unsigned char)text[word]);
        word = word ? word : 1;
        for (size_t i = 0; !digit && i < word && used + 1 < size; i++)
            out[used++] = text[i];
        text += word;
    }
    out[used] = '\0';
}

/* The server's own words, without what was put before them, and of those the beginning: what was
 * recorded may be cut. */
static void strip_words(const char *text, const char *endpoint, char *out)
{
    static const char before[] = " refuses it: ";
    const char *own = strstr(text, before);
    char cut[COMPARED + 1];

    snprintf(cut, sizeof(cut), "%s", own ? own + strlen(before) : text);
    strip_device(cut, endpoint, out, COMPARED);
}

bool refusals_remember(struct refusals *r, const char *endpoint, const char *words)
{
    char stripped[COMPARED];

    if (!words || r->count + 1 >= r->limit)
        return false;
    strip_words(words, endpoint, stripped);
    if (r->count > 0 && strcmp(stripped, r->words) != 0)
        return false;
    memcpy(r->words, stripped, sizeof(stripped));
    r->count++;
    return true;
}

void refusals_took_one(struct refusals *r)
{
    r->count = 0;
    r->taken++;
}

bool refusals_too_many(struct refusals *r, const char *endpoint, const struct signet_error *why)
{
    char words[COMPARED];

    if (r->limit == 0)
        return false;
    strip_words(why->msg, endpoint, words);
    bool remembered = r->last.code == SIGNET_OK; /* of that one the words alone are known */
    bool equal = r->count > 0 && strcmp(words, r->words) == 0 &&
                 (remembered || (why->code == r->last.code && why->sys == r->last.sys));
    if (equal && r->count == r->limit)
        return true;
    r->count = equal ? r->count + 1 : 1;
    r->last = *why;
    memcpy(r->words, words, sizeof(words));
    return false;
}

bool refusals_in_a_row(const struct refusals *r)
{
    return r->count > 0;
}

bool refusals_stop(const struct refusals *r, const char *server, struct signet_error *err)
{
    if (r->limit == 0 || r->count < r->limit)
        return false;
    error_set(err, SIGNET_E_SERVER, "%s refuses every device: '%s'; the others wait", server,
              r->last.msg);
    error_hint(err, "mend it, and start the order again: one device is tried first; a rework lets "
                    "those be tried again that it refused");
    return true;
}

/* As server/reconcile.c has it: no errno is so large. */
bool refusals_not_found(const struct signet_error *why)
{
    return why->code == SIGNET_E_NET && why->sys >= 400;
}

bool refusals_rests(const struct refusals *r, int64_t device, int64_t now, struct signet_error *why)
{
    const struct held *h = &r->held[(uint64_t)device % HELD_SLOTS];

    if (h->device != device || h->times == 0 || now >= h->due)
        return false;
    *why = r->why_held;
    return true;
}

bool refusals_held(struct refusals *r, int64_t device, int64_t now, struct signet_error *why)
{
    struct held *h = &r->held[(uint64_t)device % HELD_SLOTS];

    if (!refusals_not_found(why))
        return false;
    r->why_held = *why;
    if (h->device != device)
        *h = (struct held){.device = device};
    if (h->times > 0 && (now < h->due || h->taken == r->taken))
        return false;
    h->times++;
    h->taken = r->taken;
    h->due = now + ((int64_t)HELD_PAUSE_MS << (h->times - 1));
    if (h->times < HELD_TIMES)
        return false;
    *h = (struct held){0};
    why->code = SIGNET_E_EXISTS;
    error_prefix(why, "%d times, while it took others", HELD_TIMES);
    return true;
}
