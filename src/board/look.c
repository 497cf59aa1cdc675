/* SPDX-License-Identifier: Apache-2.0 */
/* A look at a board before it is erased: does it hold credentials already? */
#include "recipe.h"

#include <errno.h>
#include <stdlib.h>

enum {
    SILENCE_MS = 300,       /* what a board has to say after a reset, it has begun to say by then */
    SILENCE_LENT_MS = 3000, /* its first words went by while the tool had the port */
    LOOK_MS = 10000,
    BACK_MS = 3000 /* of a port that goes with the reset */
};

/* SIGNET_E_TIMEOUT: a blank board, which says nothing however long one listens. */
static int wait_first_byte(struct signet_board *b, struct signet_error *err)
{
    int silence = flasher_uses_port(b->flasher) ? SILENCE_LENT_MS : SILENCE_MS;
    uint8_t byte;
    size_t got;
    int code = link_read(b->link, &byte, 1, clock_ms() + silence, &got, err);

    if (!code)
        link_unread(b->link, &byte, 1);
    return code;
}

/* *unclear: it said something, and none of the texts. again: the port was there before. */
static int listen_after_reset(struct signet_board *b, bool again, bool *unclear,
                              struct signet_error *err)
{
    const struct signet_board_options *o = &b->options;
    const char *texts[3] = {o->ready_text, o->provisioned_text, o->restored_text};
    size_t which = 0;
    int code = again ? port_reopen(b, clock_ms() + BACK_MS, err) : port_open_free(b, err);

    if (!code)
        code = link_flush_input(b->link, err);
    if (!code)
        code = reset_when_free(b, err);
    if (!code)
        code = wait_first_byte(b, err);
    *unclear = !code;
    if (!code)
        code = signet_smp_wait_text(b->smp, texts, 3, LOOK_MS, &which, err);
    port_close(b);
    *unclear = *unclear && code == SIGNET_E_TIMEOUT;
    if (code == SIGNET_E_TIMEOUT)
        return SIGNET_OK;
    if (code || which == 0)
        return code;
    return error_set_hint(err, SIGNET_E_PROVISIONED,
                          "put another board in; where its credentials may be lost: erase it, or "
                          "say erase_finished in the order",
                          "the board holds credentials already: it said '%s'", texts[which]);
}

static bool erases(const struct signet_board *b)
{
    return b->options.initial && !flasher_is_none(b->flasher);
}

bool signet_board_can_look(const struct signet_board *b)
{
    const struct signet_board_options *o = &b->options;

    return !erases(b) || (o->ready_text[0] && o->provisioned_text[0] && o->restored_text[0] &&
                          flasher_has_reset(b->flasher));
}

/* What the board holds is not known. */
static int lost_link(int code, struct signet_error *err)
{
    const struct signet_error why = err ? *err : (struct signet_error){.code = code};

    return error_set_hint(err, SIGNET_E_LINK, "check the cable, then put the board in again",
                          "what the board holds cannot be seen, and it was not erased: %s",
                          why.msg);
}

int signet_board_look(struct signet_board *b, struct signet_error *err)
{
    bool unclear = false;
    int code = SIGNET_OK;

    if (!signet_board_can_look(b))
        return error_set(err, SIGNET_E_UNSUPPORTED,
                         "this kind of board cannot say whether it holds credentials");
    if (erases(b))
        code = listen_after_reset(b, false, &unclear, err);
    bool lost = code == SIGNET_E_LINK && !(err && err->sys == EACCES);
    if (code == SIGNET_E_NOT_FOUND)
        code = SIGNET_OK;                /* its port comes with an image that it has not got */
    else if (lost || (!code && unclear)) /* the text may be lost that says what the board holds */
        code = listen_after_reset(b, true, &unclear, err);
    if (lost && (code == SIGNET_E_NOT_FOUND || code == SIGNET_E_LINK))
        code = lost_link(code, err);
    b->provisioned_seen = b->ready_seen = false;
    return error_pass(code, err, "look");
}

/* The tool's own list, where it has one. */
static int find_programmer(const struct signet_board *b, struct signet_error *err)
{
    struct signet_programmer *list = NULL;
    size_t count = 0;
    bool there = false;

    if (signet_flasher_list(b->flasher, &list, &count, NULL) != SIGNET_OK)
        return SIGNET_OK; /* nobody can tell */
    for (size_t i = 0; i < count; i++)
        there = there || text_same_serial(list[i].serial, b->options.serial);
    free(list);
    return there ? SIGNET_OK
                 : error_set_hint(err, SIGNET_E_NOT_FOUND,
                                  "plug it in; the list of boards shows those that are there",
                                  "the programmer %s is not plugged in", b->options.serial);
}

int signet_board_plugged(const struct signet_board *b, struct signet_error *err)
{
    int code = flasher_check_tool(b->flasher, err);

    return code == SIGNET_OK && b->options.serial ? find_programmer(b, err) : code;
}
