/* SPDX-License-Identifier: Apache-2.0 */
#include "pki/pki.h"
#include "recipe.h"

#define NAME_WAIT_MS   10000 /* the ready text comes before the file system is mounted */
#define NAME_AGAIN_MS  200
#define RESULT_CAP     256
#define RESULT_STEP_MS 1000

int stage_prepare(struct signet_board *b, struct signet_error *err)
{
    bool flash = b->options.initial && !flasher_is_none(b->flasher);
    int code = port_open_free(b, err);

    if (code == SIGNET_E_NOT_FOUND && flash)
        code = SIGNET_OK; /* a port of the board's own may come with the image only */
    if (!code && flash)
        code =
            flash_image(b, b->options.initial, b->options.initial_sha256, SIGNET_ERASE_CHIP, err);
    if (!code)
        code = b->recipe->console ? console_ready(b, err) : ready_wait(b, flash, err);
    return code;
}

/* The name */

/* As board_read_name, but gives a board time to mount its files, and a port to come back. */
static int wait_for_name(struct signet_board *b, char name[static 152], struct signet_error *err)
{
    int64_t deadline = clock_ms() + NAME_WAIT_MS;

    for (;;) {
        int code = board_read_name(b, 0, name, err);
        bool soon = code == SIGNET_E_NOT_FOUND || code == SIGNET_E_SMP;
        if (code == SIGNET_E_LINK)
            code = port_reopen(b, deadline, err);
        else if (!soon)
            return code;
        if (clock_ms() >= deadline || (code && !soon))
            return code;
        int stopped = cancel_sleep_until(b->cancel, clock_ms() + NAME_AGAIN_MS, err);
        if (stopped)
            return stopped;
    }
}

static int wrong_name(const struct signet_board *b, const char *name, const char *wanted,
                      struct signet_error *err)
{
    return error_set_hint(err, SIGNET_E_WRONG_BOARD,
                          "another board is on the port: check which board is in the slot",
                          "%s: the board is called %.150s, not %.150s", b->port, name, wanted);
}

/* SIGNET_E_WRONG_BOARD: name is not the wanted one. */
static int check_same_name(const struct signet_board *b, const char *name, const char *wanted,
                           struct signet_error *err)
{
    if (strcmp(name, wanted) == 0)
        return SIGNET_OK;
    return wrong_name(b, name, wanted, err);
}

int stage_endpoint(struct signet_board *b, struct signet_error *err)
{
    char name[152];
    int code = wait_for_name(b, name, err);

    if (!code && b->options.endpoint)
        code = check_same_name(b, name, b->options.endpoint, err);
    if (!code && b->options.hw_id && !text_has_tail(name, b->options.hw_id))
        code = wrong_name(b, name, b->options.hw_id, err);
    if (!code && b->name[0])
        code = check_same_name(b, name, b->name, err);
    if (!code)
        memcpy(b->name, name, sizeof(b->name));
    return code;
}

/* The packet */

int board_same(struct signet_board *b, struct signet_error *err)
{
    char name[152];
    int code = port_check(b, err);

    if (code || !signet_board_tells_name(b))
        return code;
    if (!b->name[0])
        return error_set(err, SIGNET_E_USAGE, "the name of the board was not read");
    code = wait_for_name(b, name, err);
    return code ? code : check_same_name(b, name, b->name, err);
}

/* Where the board tells what it has. Many do not: then only the result counts. */
static int compare_packet(struct signet_board *b, const void *packet, size_t len, bool *same,
                          struct signet_error *err)
{
    struct signet_error why = {0};
    uint8_t digest[32];
    int code = sha256(packet, len, digest, err);

    if (code)
        return code;
    code = signet_smp_compare(b->smp, b->options.packet_path, packet, len, digest, NULL, &why);
    *same = *same || code == SIGNET_OK;
    if (code != SIGNET_E_BOARD && code != SIGNET_E_CANCELLED && code != SIGNET_E_LINK)
        return SIGNET_OK;
    return error_copy(err, &why);
}

/* The result */

static bool is_success(const struct signet_board *b, const struct signet_bytes *text)
{
    return text_is((const char *)text->data, text->len, b->options.success_text);
}

static int check_result(const struct signet_board *b, const struct signet_bytes *text,
                        struct signet_error *err)
{
    if (is_success(b, text))
        return SIGNET_OK;
    return error_set_hint(err, SIGNET_E_BOARD,
                          "look at what is in the packet, and that the firmware knows each "
                          "object in it; then flash the board again",
                          "the board refused the packet: its result is '%s', not '%.40s'",
                          text_shown(text->data, text->len, 60), b->options.success_text);
}

/* The board answers when it has applied the packet. It is asked again now and then, in case that
 * the question got lost; an answer to any of the questions will do. */
static int read_result(struct signet_board *b, struct signet_bytes *text, struct signet_error *err)
{
    int tries = b->options.result_timeout_ms / RESULT_STEP_MS + 1;
    struct signet_smp *smp = NULL;
    int code = port_smp_new(b, b->options.result_timeout_ms / tries + 1, tries > 1 ? tries - 1 : -1,
                            NULL, &smp, err);

    if (!code)
        code = signet_smp_download(smp, b->options.result_path, RESULT_CAP, text, err);
    if (code == SIGNET_E_TIMEOUT)
        error_hint(err, "the board hangs: flash it again");
    signet_smp_free(&smp);
    return code;
}

/* The board takes no packet. One that got a packet since it was flashed has a result, which says
 * what became of that one; a board that refuses for another reason is to be flashed again anyway.
 */
static int explain_refusal(struct signet_board *b, struct signet_error *err)
{
    struct signet_bytes text = {0};
    struct signet_smp *smp = NULL;
    int code = SIGNET_E_SMP;

    if (!b->recipe->stream || !b->options.result_path[0] ||
        port_smp_new(b, RESULT_STEP_MS, 1, NULL, &smp, NULL))
        return code;
    if (signet_smp_download(smp, b->options.result_path, RESULT_CAP, &text, NULL) == SIGNET_OK) {
        if (is_success(b, &text))
            code = error_set_hint(err, SIGNET_E_PROVISIONED,
                                  "flash the final image, or another board; or flash the initial "
                                  "image again where its credentials may be lost",
                                  "the board holds credentials already: it took a packet since it "
                                  "was flashed, and takes no second one");
        else
            code = error_set_hint(err, SIGNET_E_BOARD, "flash the board again",
                                  "the board takes no packet: it refused one since it was flashed "
                                  "(its result is '%s')",
                                  text_shown(text.data, text.len, 60));
    }
    signet_bytes_free(&text);
    signet_smp_free(&smp);
    return code;
}

/* What the board was told or has is lost with a restart. */
static int check_restart(const struct signet_board *b, struct signet_error *err)
{
    if (!b->started_again)
        return SIGNET_OK;
    return error_set_hint(err, SIGNET_E_BOARD,
                          "look at power and cable; then flash the board again",
                          "the board started again in the middle: it said '%s'", b->last_boot);
}

static int write_packet(struct signet_board *b, const void *packet, size_t len,
                        struct signet_error *err)
{
    bool confirmed = false;
    int code = signet_smp_upload(b->smp, b->options.packet_path, packet, len, &confirmed, err);

    if (!code)
        code = compare_packet(b, packet, len, &confirmed, err);
    if (!code)
        code = check_restart(b, err);
    if (!code && !b->options.result_path[0] && !confirmed)
        code = error_set(err, SIGNET_E_BOARD,
                         "the board did not confirm the packet, and has no result to read");
    return code;
}

int stage_load(struct signet_board *b, const void *packet, size_t len, struct signet_error *err)
{
    int code = board_same(b, err);

    if (code)
        return code;
    b->bytes_sent = true;
    b->in_hand = true;
    b->taken = false;
    b->started_again = false;
    code = write_packet(b, packet, len, err);
    if (code)
        code = b->started_again ? check_restart(b, err) : code;
    return code == SIGNET_E_SMP && !b->taken ? explain_refusal(b, err) : code;
}

int stage_result(struct signet_board *b, struct signet_error *err)
{
    struct signet_bytes text = {0};
    char name[152];
    int code = SIGNET_OK;

    if (!b->options.result_path[0])
        return SIGNET_OK; /* load made sure */
    /* Still the same board? Asking a blank one for its result would spoil it. */
    if (b->options.endpoint_path[0])
        code = board_read_name(b, 0, name, err);
    if (!code && b->options.endpoint_path[0])
        code = check_same_name(b, name, b->name, err);
    if (!code)
        code = check_restart(b, err);
    if (!code)
        code = read_result(b, &text, err);
    if (!code) /* a firmware may be content with the nothing that is left */
        code = check_restart(b, err);
    if (code == SIGNET_E_LIMIT)
        code = error_set(err, SIGNET_E_BOARD, "%s: not a result, it is too long",
                         b->options.result_path);
    if (!code)
        code = check_result(b, &text, err);
    signet_bytes_free(&text);
    return code;
}

/* The final image */

int stage_finish(struct signet_board *b, struct signet_error *err)
{
    if (!b->options.final || flasher_is_none(b->flasher))
        return SIGNET_OK;
    int code = flash_image(b, b->options.final, b->options.final_sha256, SIGNET_ERASE_SECTORS, err);
    return code ? code : ready_wait_restored(b, err);
}
