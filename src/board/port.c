/* SPDX-License-Identifier: Apache-2.0 */
#include "recipe.h"

#include <stdio.h>
#include <stdlib.h>

/* Words of a board that starts. A ready text that is an option may come at any time. */
static bool is_boot(const struct signet_board *b, const char *line, size_t len)
{
    const char *texts[] = {"*** Booting ", b->options.provisioned_text, b->options.ready_text};

    for (size_t i = 0; i < (b->recipe->stream ? 3 : 1); i++)
        if (texts[i][0] && memmem(line, len, texts[i], strlen(texts[i])))
            return true;
    return false;
}

/* Looks at a line that the board said. */
static void on_text(void *ctx, const char *line, size_t len)
{
    struct signet_board *b = ctx;
    const char *provisioned = b->options.provisioned_text, *ready = b->options.ready_text;

    if (provisioned[0] && memmem(line, len, provisioned, strlen(provisioned)))
        b->provisioned_seen = true;
    if (ready[0] && memmem(line, len, ready, strlen(ready)))
        b->ready_seen = true;
    if (b->in_hand && is_boot(b, line, len)) {
        b->started_again = true;
        snprintf(b->last_boot, sizeof(b->last_boot), "%s", text_shown(line, len, 60));
    }
    snprintf(b->last_line, sizeof(b->last_line), "%.*s", (int)len, line); /* often: not escaped */
}

int port_smp_new(struct signet_board *b, int timeout_ms, int retries,
                 const struct signet_observer *observer, struct signet_smp **out,
                 struct signet_error *err)
{
    unsigned line = b->options.smp_line_length;
    struct signet_smp_options options = {.version = b->options.smp_version,
                                         .packet_limit = b->options.smp_packet_size,
                                         .line_limit = line ? SIGNET_SMP_LINE_RAW(line) : 0,
                                         .timeout_ms = timeout_ms,
                                         .retries = retries,
                                         .chunk_limit = b->recipe->chunk_limit,
                                         .stream = b->recipe->stream,
                                         .on_text = on_text,
                                         .text_ctx = b};

    return signet_smp_new(out, b->link, &options, observer, err);
}

/* The tool knows best which port is whose; else the USB serial number of the port says it. */
static int find_by_serial(struct signet_board *b, char path[static 128], struct signet_error *err)
{
    struct signet_port_filter filter = {.serial = b->options.serial, .nth = (int)b->options.vcom};
    struct signet_port port;
    int code = signet_flasher_port(b->flasher, b->options.vcom, path, err);

    if (code != SIGNET_E_UNSUPPORTED)
        return code;
    code = signet_port_find(&port, &filter, err);
    if (!code)
        memcpy(path, port.path, sizeof(port.path));
    return code;
}

/* What the USB device behind the port calls itself ("": ptys, tcp and plain UARTs) is kept, and
 * must not change. */
static int check_usb_serial(struct signet_board *b, struct signet_error *err)
{
    struct signet_port port = {0};
    char path[128];
    bool usb =
        signet_link_device(b->port, path, sizeof(path)) && !signet_port_info(&port, path, NULL);
    const char *serial = usb ? port.serial : "";

    if (!b->usb_serial[0])
        snprintf(b->usb_serial, sizeof(b->usb_serial), "%s", serial);
    else if (strcmp(b->usb_serial, serial) != 0)
        return error_set_hint(
            err, SIGNET_E_WRONG_BOARD, "boards were replugged: check which board is in the slot",
            "%s: the port belongs to serial number %.60s now, not to %.60s", b->port,
            serial[0] ? text_shown(serial, strlen(serial), 60) : "(none)", b->usb_serial);
    return SIGNET_OK;
}

void port_close(struct signet_board *b)
{
    b->unanswered = NULL;
    signet_smp_free(&b->smp);
    signet_link_close(&b->link);
}

static int find_address(struct signet_board *b, char address[static 128], struct signet_error *err)
{
    if (!b->options.port)
        return find_by_serial(b, address, err);
    if (strlen(b->options.port) >= 128)
        return error_set(err, SIGNET_E_LIMIT, "the port's name is too long");
    strcpy(address, b->options.port);
    return SIGNET_OK;
}

/* With the options for a port, unless its address has its own. */
static int open_link(struct signet_board *b, const char *address, struct signet_error *err)
{
    const char *options = b->options.port_options;
    char path[128], whole[sizeof("serial:?") + 128 + LINK_OPTIONS_MAX];

    if (options && signet_link_device(address, path, sizeof(path)) && strcmp(path, address) == 0) {
        snprintf(whole, sizeof(whole), "serial:%s?%s", path, options);
        address = whole;
    }
    return signet_link_open(&b->link, address, b->options.baud, b->cancel, err);
}

const char *port_for_tool(const char *address, char device[static 128])
{
    return signet_link_device(address, device, 128) ? device : address;
}

int port_open(struct signet_board *b, struct signet_error *err)
{
    char address[128];
    int code;

    port_close(b);
    code = find_address(b, address, err);
    if (!code)
        code = open_link(b, address, err);
    if (code)
        return code;
    memcpy(b->port, address, sizeof(b->port));
    code = check_usb_serial(b, err);
    if (!code)
        code = port_smp_new(b, b->options.smp_timeout_ms, 0, &b->observer, &b->smp, err);
    if (code)
        port_close(b);
    return code;
}

/* What the system's own look at a new port takes (ModemManager: about 10 s), and more than a run
 * that was killed leaves behind. */
enum { BUSY_MS = 15000, BUSY_STEP_MS = 250 };

bool board_waits(struct signet_board *b, struct busy *busy, int *code, struct signet_error *err)
{
    const struct signet_event event = {.kind = SIGNET_EVENT_RETRY,
                                       .stage = "port",
                                       .board = b->options.serial ? b->options.serial : b->port,
                                       .error = err};

    if (*code != SIGNET_E_BUSY)
        return false;
    if (!busy->deadline)
        busy->deadline = clock_ms() + BUSY_MS;
    if (clock_ms() >= busy->deadline)
        return false;
    if (err && strcmp(busy->told, err->msg) != 0) {
        snprintf(busy->told, sizeof(busy->told), "%s", err->msg);
        event_send(b->caller, &event);
    }
    int stopped = cancel_sleep_until(b->cancel, clock_ms() + BUSY_STEP_MS, err);
    *code = stopped ? stopped : *code;
    return !stopped;
}

int port_open_free(struct signet_board *b, struct signet_error *err)
{
    struct busy busy = {0};
    int code;

    do
        code = port_open(b, err);
    while (board_waits(b, &busy, &code, err));
    return code;
}

int port_reopen(struct signet_board *b, int64_t deadline, struct signet_error *err)
{
    for (;;) {
        int code = port_open(b, err);
        /* Busy: the system's own look at a new port (ModemManager), or an old one that is going */
        if (code != SIGNET_E_NOT_FOUND && code != SIGNET_E_LINK && code != SIGNET_E_BUSY)
            return code;
        if (clock_ms() >= deadline)
            return code;
        int64_t next = clock_ms() + 250;
        int stopped = cancel_sleep_until(b->cancel, next < deadline ? next : deadline, err);
        if (stopped)
            return stopped;
    }
}

static bool same_file(const char *a, const char *b)
{
    char *x = realpath(a, NULL), *y = realpath(b, NULL);
    bool same = x && y && strcmp(x, y) == 0;

    free(x);
    free(y);
    return same;
}

int port_check(struct signet_board *b, struct signet_error *err)
{
    char path[128];
    int code = b->usb_serial[0] ? check_usb_serial(b, err) : SIGNET_OK;

    if (code)
        return code;
    if (b->options.port || !b->options.serial)
        return SIGNET_OK;
    if (b->usb_serial[0] && text_same_serial(b->usb_serial, b->options.serial))
        return SIGNET_OK;
    code = find_by_serial(b, path, err);
    if (code)
        return code;
    if (!same_file(path, b->port))
        return error_set_hint(
            err, SIGNET_E_WRONG_BOARD, "boards were replugged: flash the board again",
            "board %s is at %s now, not at %s any more", b->options.serial, path, b->port);
    return SIGNET_OK;
}
