/* SPDX-License-Identifier: Apache-2.0 */
#include "recipe.h"

/* What an older firmware said must not be taken for the new one's words. The port stays open while
 * the board is flashed, so that nothing of the boot text is lost; a tool that works through it gets
 * it. */
static int forget_old_text(struct signet_board *b, struct signet_error *err)
{
    int code = b->link ? link_flush_input(b->link, err) : SIGNET_OK;

    if (code == SIGNET_E_LINK) /* the board's own USB port went away with the old firmware */
        port_close(b);
    else if (code)
        return code;
    b->provisioned_seen = b->ready_seen = false;
    b->last_line[0] = '\0';
    return SIGNET_OK;
}

/* True: it works through the board's port, which is closed until it has ended. */
static bool lend_port(struct signet_board *b, int *code, struct signet_error *err)
{
    bool lent = flasher_uses_port(b->flasher);
    char device[128];

    *code = SIGNET_OK;
    if (lent)
        port_close(b);
    if (lent && b->port[0])
        *code = flasher_take_port(b->flasher, port_for_tool(b->port, device), err);
    return lent;
}

static int take_port_again(struct signet_board *b, struct signet_error *err)
{
    return port_reopen(b, clock_ms() + b->options.ready_timeout_ms, err);
}

static int flash_when_free(struct signet_board *b, const char *image, const char *sha256,
                           enum signet_erase erase, struct signet_error *err)
{
    struct busy busy = {0};
    int code;

    lend_port(b, &code, err);
    if (code)
        return code;
    do
        code = signet_flasher_program(b->flasher, image, sha256, erase, err);
    while (board_waits(b, &busy, &code, err));
    return code;
}

int reset_when_free(struct signet_board *b, struct signet_error *err)
{
    struct busy busy = {0};
    int code;
    bool lent = lend_port(b, &code, err);

    if (code)
        return code;
    do
        code = signet_flasher_reset(b->flasher, err);
    while (board_waits(b, &busy, &code, err));
    return !code && lent ? take_port_again(b, err) : code;
}

int lock_when_free(struct signet_board *b, struct signet_error *err)
{
    struct busy busy = {0};
    int code;

    do
        code = flasher_lock(b->flasher, err);
    while (board_waits(b, &busy, &code, err));
    if (!code)
        code = reset_when_free(b, err);
    busy = (struct busy){0};
    while (!code) {
        code = flasher_check_locked(b->flasher, err);
        if (!board_waits(b, &busy, &code, err))
            break;
        code = SIGNET_OK;
    }
    return code;
}

int flash_image(struct signet_board *b, const char *image, const char *sha256,
                enum signet_erase erase, struct signet_error *err)
{
    bool resets = flasher_has_reset(b->flasher), lent = flasher_uses_port(b->flasher);
    int code = lent || b->link ? SIGNET_OK : port_open_free(b, err);

    if (!code)
        code = forget_old_text(b, err);
    if (!code)
        code = flash_when_free(b, image, sha256, erase, err);
    if (!code && !b->link && !(lent && resets))
        code = take_port_again(b, err);
    if (!code && resets)
        code = forget_old_text(b, err);
    if (!code && resets)
        code = reset_when_free(b, err);
    if (!code && !b->link)
        code = take_port_again(b, err);
    return code;
}
