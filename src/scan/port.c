/* SPDX-License-Identifier: Apache-2.0 */
/* A scanner in USB-COM mode, or on a real serial port. */
#include "link/link.h"
#include "scan/scan.h"

enum { AGAIN_MS = 1000, SAME_MS = 1000, END_MS = 500 };

struct reading {
    const struct scan_port *port;
    char text[4 * SCAN_CODE_MAX]; /* the set-up code of a wrong layout is long, too */
    size_t len;
    bool too_long;
    char last[4 * SCAN_CODE_MAX];
    size_t last_len;
    int64_t last_at;
};

static void tell_trouble(const struct reading *r, enum signet_code code, const char *what,
                         const char *hint)
{
    struct signet_error why = {0};

    error_set_hint(&why, code, hint, "scanner %s: %s", r->port->scanner->port, what);
    r->port->on_trouble(r->port->ctx, &why);
}

/* A trigger that is held, or a hand that shakes, reads a code twice. */
static bool is_double(struct reading *r)
{
    bool same = r->len == r->last_len && memcmp(r->text, r->last, r->len) == 0 &&
                clock_ms() < r->last_at + SAME_MS;

    memcpy(r->last, r->text, r->len);
    r->last_len = r->len;
    r->last_at = clock_ms();
    return same;
}

static void end_code(struct reading *r)
{
    if (r->too_long)
        tell_trouble(r, SIGNET_E_SYNTAX, "a code is too long", "scan the code of the device");
    else if (r->len > 0 && !is_double(r))
        r->port->on_code(r->port->ctx, r->text, r->len);
    r->len = 0;
    r->too_long = false;
}

static void take_bytes_read(struct reading *r, const char *bytes, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (char_in(bytes[i], "\r\n\t"))
            end_code(r);
        else if (r->len < sizeof(r->text))
            r->text[r->len++] = bytes[i];
        else
            r->too_long = true;
}

/* What is cut off is no code. */
static void drop(struct reading *r)
{
    if (r->len > 0)
        tell_trouble(r, SIGNET_E_SYNTAX, "a code came without its end",
                     "set the scanner to send CR (Enter) behind each code");
    r->len = 0;
    r->too_long = false;
}

static int read_open(struct reading *r, struct signet_link *link, struct signet_error *err)
{
    int rc = SIGNET_OK;

    while (rc == SIGNET_OK || rc == SIGNET_E_TIMEOUT) {
        char bytes[256];
        size_t got = 0;

        rc = link_read(link, bytes, sizeof(bytes), clock_ms() + END_MS, &got, err);
        if (rc == SIGNET_OK)
            take_bytes_read(r, bytes, got);
        else
            drop(r);
    }
    return rc;
}

void scan_port_read(const struct scan_port *port)
{
    struct reading r = {.port = port};
    bool told = false;

    while (!signet_cancel_fired(port->cancel)) {
        struct signet_link *link = NULL;
        struct signet_error err = {0};
        int rc = signet_link_open(&link, port->scanner->port, (unsigned)port->scanner->baud,
                                  port->cancel, &err);

        if (rc == SIGNET_OK) {
            told = false;
            link_flush_input(link, NULL); /* of the time before */
            rc = read_open(&r, link, &err);
        }
        signet_link_close(&link);
        if (rc != SIGNET_E_CANCELLED && !told) {
            error_prefix(&err, "scanner");
            port->on_trouble(port->ctx, &err);
            told = true;
        }
        cancel_sleep_until(port->cancel, clock_ms() + AGAIN_MS, NULL);
    }
}
