/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LINK_LINK_H
#define LINK_LINK_H

#include "base/base.h"

#include <signet/link.h>

/* One kind of link. Deadlines are absolute on clock_ms(); a deadline in the past means "what is
 * there now". read returns SIGNET_E_TIMEOUT when nothing came, and at least one byte else. */
struct link_ops {
    int (*read)(void *self, void *data, size_t cap, int64_t deadline, size_t *got,
                struct signet_error *err);
    int (*write)(void *self, const void *data, size_t len, int64_t deadline,
                 struct signet_error *err);
    int (*drain)(void *self, int64_t deadline, struct signet_error *err); /* until it is sent */
    void (*close)(void *self);
};

/* A link over the caller's own operations: protocol tests inject them here. close may be NULL. */
int link_new(struct signet_link **out, const struct link_ops *ops, void *self, const char *address,
             struct signet_error *err);

/* Is this an address, and are these options, as behind its ?, those of a port? Opens nothing;
 * either may be NULL. */
#define LINK_OPTIONS_MAX 128
int link_check(const char *address, const char *options, struct signet_error *err);

/* Each read gives one packet whole, and each write sends one: there is nothing to frame. */
bool link_by_packets(const struct signet_link *link);

/* What unread left over comes first. */
int link_read(struct signet_link *link, void *data, size_t cap, int64_t deadline, size_t *got,
              struct signet_error *err);
/* Puts the last bytes that were read back, at most 4096. */
void link_unread(struct signet_link *link, const void *data, size_t len);
/* All or an error. */
int link_write(struct signet_link *link, const void *data, size_t len, int64_t deadline,
               struct signet_error *err);
int link_drain(struct signet_link *link, int64_t deadline, struct signet_error *err);
/* Throws away what has come in so far; bounded, even when the other side never stops. */
int link_flush_input(struct signet_link *link, struct signet_error *err);

/* Turns what a board says into lines: VT100 codes and control bytes are removed, a line is cut at
 * TEXT_LINE_MAX. Nothing is escaped. Initialise to {.on_line, .ctx}. */
#define TEXT_LINE_MAX 512
struct text_scan {
    char line[TEXT_LINE_MAX + 1];
    size_t len;
    int escape; /* where we are in a VT100 code */
    const char *const *texts;
    size_t count;
    size_t which; /* the index found, or count */
    void (*on_line)(void *ctx, const char *line, size_t len);
    void *ctx;
};

/* What to look for from now on; the texts must live on. Forgets a find, keeps the line. */
void text_scan_expect(struct text_scan *scan, const char *const *texts, size_t count);
/* Takes bytes until one of the texts is complete (which < count) or all are taken; returns how
 * many. */
size_t text_scan_feed(struct text_scan *scan, const uint8_t *data, size_t len);
/* Hands over an unfinished line. */
void text_scan_end(struct text_scan *scan);

#endif
