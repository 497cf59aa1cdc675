/* SPDX-License-Identifier: Apache-2.0 */
#include "recipe.h"

/* What an older firmware said must not be taken for the new one's words. The port stays open while
 * the board is flashed, so that nothing of the boot text is lost. */
static int forget_old_text(struct signet_board *b, struct signet_error *err)
{
    int code = link_flush_input(b->link, err);

    if (code == SIGNET_E_LINK) /* the board's own USB port went away with the old firmware */
        port_close(b);
    else if (code)
        return code;
    b->provisioned_seen = b->ready_seen = false;
    b->last_line[0] = '\0';
    return SIGNET_OK;
}

int flash_when_free(struct signet_board *b, const char *image, const char *sha256,
                    enum signet_erase erase, struct signet_error *err)
{
    struct busy busy = {0};
    int code;

    do
        code = signet_flasher_program(b->flasher, image, sha256, erase, err);
    while (board_waits(b, &busy, &code, err));
    return code;
}

int reset_when_free(struct signet_board *b, struct signet_error *err)
{
    struct busy busy = {0};
    int code;

    do
        code = signet_flasher_reset(b->flasher, err);
    while (board_waits(b, &busy, &code, err));
    return code;
}

int flash_image(struct signet_board *b, const char *image, const char *sha256,
                enum signet_erase erase, struct signet_error *err)
{
    bool resets = flasher_has_reset(b->flasher);
    int code = SIGNET_OK;

    if (flasher_uses_port(b->flasher))
        port_close(b);
    else if (!b->link)
        code = port_open_free(b, err);
    if (!code && b->link)
        code = forget_old_text(b, err);
    if (!code)
        code = flash_when_free(b, image, sha256, erase, err);
    if (!code && !b->link)
        code = port_reopen(b, clock_ms() + b->options.ready_timeout_ms, err);
    if (!code && resets)
        code = forget_old_text(b, err);
    if (!code && resets)
        code = reset_when_free(b, err);
    if (!code && !b->link)
        code = port_reopen(b, clock_ms() + b->options.ready_timeout_ms, err);
    return code;
}
