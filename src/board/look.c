/* SPDX-License-Identifier: Apache-2.0 */
/* A look at a board before it is erased: does it hold credentials already? */
#include "recipe.h"

#include <string.h>

#define LOOK_MS 10000 /* a blank board says nothing, however long one listens */

static int listen_after_reset(struct signet_board *b, struct signet_error *err)
{
    const struct signet_board_options *o = &b->options;
    const char *texts[3] = {o->ready_text, o->provisioned_text, o->restored_text};
    size_t which = 0;
    int code = port_open(b, err);

    if (!code)
        code = link_flush_input(b->link, err);
    if (!code)
        code = signet_flasher_reset(b->flasher, err);
    if (!code)
        code = signet_smp_wait_text(b->smp, texts, 3, LOOK_MS, &which, err);
    port_close(b);
    if (code == SIGNET_E_TIMEOUT)
        return SIGNET_OK;
    if (code || which == 0)
        return code;
    return error_set_hint(err, SIGNET_E_PROVISIONED,
                          "put another board in, or erase this one if they may be lost",
                          "the board holds credentials already: it said '%s'", texts[which]);
}

int signet_board_look(struct signet_board *b, struct signet_error *err)
{
    const struct signet_board_options *o = &b->options;

    if (flasher_is_none(b->flasher))
        return SIGNET_OK; /* nothing is going to be erased */
    if (!o->ready_text[0] || !o->provisioned_text[0] || !o->restored_text[0] ||
        !flasher_has_reset(b->flasher))
        return error_set(err, SIGNET_E_UNSUPPORTED, "this kind of board cannot be asked");
    int code = listen_after_reset(b, err);
    if (code == SIGNET_E_NOT_FOUND || code == SIGNET_E_LINK)
        code = SIGNET_OK; /* its port comes with an image that it has not got */
    if (code)
        error_prefix(err, "look");
    b->provisioned_seen = b->ready_seen = false;
    return code;
}
