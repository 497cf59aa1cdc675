/* SPDX-License-Identifier: Apache-2.0 */
#include "recipe.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static const struct recipe *const table[] = {&anjay_zephyr_recipe, &smp_file_recipe,
                                             &zephyr_credentials_recipe, &nrf91_recipe};
#define ROWS COUNT_OF(table)

const char *signet_recipe_name(size_t i)
{
    return i < ROWS ? table[i]->name : NULL;
}

const struct signet_option_info *signet_recipe_options_of(size_t i)
{
    return i < ROWS ? table[i]->own : NULL;
}

static const struct recipe *find_recipe(const char *name, struct signet_error *err)
{
    const char *names[ROWS];

    for (size_t i = 0; i < ROWS; i++) {
        if (strcmp(table[i]->name, name) == 0)
            return table[i];
        names[i] = table[i]->name;
    }
    text_unknown(SIGNET_E_USAGE, "recipe", name, names, ROWS, err);
    return NULL;
}

#define TEXT(member) offsetof(struct signet_board_options, member)
static const size_t texts[] = {
    TEXT(serial),        TEXT(port),         TEXT(endpoint),         TEXT(hw_id),
    TEXT(ready_text),    TEXT(packet_path),  TEXT(provisioned_text), TEXT(initial_sha256),
    TEXT(restored_text), TEXT(result_path),  TEXT(endpoint_path),    TEXT(final_sha256),
    TEXT(prompt),        TEXT(success_text), TEXT(port_options),     TEXT(initial),
    TEXT(final),
};
enum { TEXTS = COUNT_OF(texts), IMAGES = 2 /* the last ones: find_images() */ };

/* Where neither the caller nor the recipe says otherwise. */
static const struct signet_board_options usual_options = {
    .initial = "initial.hex",
    .final = "final.hex",
    .ready_text = "",
    .provisioned_text = "",
    .restored_text = "",
    .prompt = "",
    .endpoint_path = "",
    .packet_path = "",
    .result_path = "",
    .success_text = "0",
};

static const char **text_at(const struct signet_board_options *o, size_t i)
{
    return (const char **)((char *)o + texts[i]);
}

static int copy_texts(struct signet_board *b, const struct signet_board_options *from,
                      struct signet_error *err)
{
    struct signet_board_options *to = &b->options;
    int code = SIGNET_OK;

    *to = *from;
    to->flash = (struct signet_flasher_options){0}; /* the flasher keeps its own copy */
    memset(to->recipe, 0, sizeof(to->recipe));
    to->flasher = to->initial = to->final = to->image_dir = NULL;
    for (size_t i = 0; i < TEXTS - IMAGES; i++) {
        const char *given = *text_at(from, i);
        char *text;

        given = given ? given : *text_at(&b->recipe->defaults, i);
        if (text_copy(&text, given ? given : *text_at(&usual_options, i), err))
            code = SIGNET_E_NOMEM;
        *text_at(to, i) = text;
    }
    if (code == SIGNET_OK)
        code = adapter_options_add(to->recipe, b->recipe->name, b->recipe->own, from->recipe, err);
    to->ready_timeout_ms = from->ready_timeout_ms > 0 ? from->ready_timeout_ms : 60000;
    to->result_timeout_ms = from->result_timeout_ms > 0 ? from->result_timeout_ms : 45000;
    to->restored_timeout_ms = from->restored_timeout_ms > 0 ? from->restored_timeout_ms : 60000;
    return code;
}

/* The path of an image: as given, inside the folder when there is one, or the folder's usual name
 * when that file is there. */
static int image_path(const char **out, const char *given, const char *dir, const char *usual,
                      struct signet_error *err)
{
    char *path = NULL;
    int rc = SIGNET_OK;

    if (!dir || (given && given[0] == '/'))
        rc = text_copy(&path, given, err);
    else
        rc = text_format(&path, err, "%s/%s", dir, given ? given : usual);
    if (given || (path && access(path, F_OK) == 0))
        *out = path;
    else
        free(path);
    return rc;
}

static int find_images(struct signet_board *b, const struct signet_board_options *from,
                       struct signet_error *err)
{
    struct signet_board_options *o = &b->options;
    int code = image_path(&o->initial, from->initial, from->image_dir, usual_options.initial, err);

    if (!code)
        code = image_path(&o->final, from->final, from->image_dir, usual_options.final, err);
    if (!code && o->initial)
        code = signet_image_check(&b->initial, o->initial, o->initial_sha256, err);
    if (!code && o->final)
        code = signet_image_check(&b->final, o->final, o->final_sha256, err);
    if (!code && from->image_dir && !o->initial && !o->final)
        code = error_set_hint(err, SIGNET_E_NOT_FOUND, "or name the images: initial, final",
                              "'%s' has neither %s nor %s", from->image_dir, usual_options.initial,
                              usual_options.final);
    return code;
}

static int open_flasher(struct signet_board *b, const struct signet_board_options *from,
                        struct signet_error *err)
{
    static const char *const tools[] = {"nrfutil", "nrfjprog", NULL};
    struct signet_flasher_options flash = from->flash;
    int code = SIGNET_E_NOT_FOUND;
    char device[128];

    if (from->serial)
        flash.serial = from->serial;
    if (!flash.port && from->port)
        flash.port = port_for_tool(from->port, device);
    if (from->flasher)
        return signet_flasher_open(&b->flasher, from->flasher, &flash, &b->observer, b->cancel,
                                   err);
    if (!b->options.initial && !b->options.final)
        return signet_flasher_open(&b->flasher, "none", &flash, &b->observer, b->cancel, err);
    if (b->recipe != &anjay_zephyr_recipe)
        return error_set(err, SIGNET_E_USAGE, "there is an image, but no flasher was named");
    for (size_t i = 0; tools[i] && code == SIGNET_E_NOT_FOUND; i++)
        code = signet_flasher_open(&b->flasher, tools[i], &flash, &b->observer, b->cancel, err);
    if (code == SIGNET_E_NOT_FOUND)
        error_set_hint(err, SIGNET_E_NOT_FOUND,
                       "install Nordic's nrfutil, then: nrfutil install device; or name another "
                       "flasher",
                       "neither nrfutil nor nrfjprog is installed");
    return code;
}

/* Events come from the flasher and the SMP client with their own words. */
static void pass_event(void *ctx, const struct signet_event *event)
{
    struct signet_board *b = ctx;
    struct signet_event ours = *event;

    if (event->kind == SIGNET_EVENT_PROGRESS && event->stage &&
        strcmp(event->stage, "download") == 0)
        return; /* a name or a result: a few bytes */
    if (event->kind == SIGNET_EVENT_PROGRESS && event->stage && strcmp(event->stage, "upload") == 0)
        b->taken = event->done > 0;
    ours.stage = b->stage;
    ours.board = b->options.serial ? b->options.serial : b->port[0] ? b->port : NULL;
    ours.endpoint = b->name[0] ? b->name : NULL;
    event_send(b->caller, &ours);
}

static bool size_within(unsigned value, unsigned least, unsigned most)
{
    return !value || (value >= least && value <= most);
}

/* How the board is spoken to. */
static int check_line(const struct signet_board_options *from, struct signet_error *err)
{
    if (from->smp_version < 0 || from->smp_version > 2)
        return error_set(err, SIGNET_E_USAGE, "the SMP version is 1 or 2");
    if (!size_within(from->smp_line_length, SIGNET_SMP_LINE_LEAST, SIGNET_SMP_LINE_MOST))
        return error_set(err, SIGNET_E_USAGE, "a line of SMP has %d to %d characters",
                         SIGNET_SMP_LINE_LEAST, SIGNET_SMP_LINE_MOST);
    if (!size_within(from->smp_packet_size, SIGNET_SMP_PACKET_LEAST, SIGNET_SMP_PACKET_MOST))
        return error_set(err, SIGNET_E_USAGE, "a packet of SMP has %d to %d bytes",
                         SIGNET_SMP_PACKET_LEAST, SIGNET_SMP_PACKET_MOST);
    return link_check(from->port, from->port_options, err);
}

static int apply_options(struct signet_board *b, const struct signet_board_options *from,
                         struct signet_error *err)
{
    if (from->serial && !flasher_serial_valid(from->serial))
        return error_set_hint(
            err, SIGNET_E_USAGE,
            "the list of boards shows serial numbers; a place such as 1-4.2 is a hub path",
            "'%.80s' is no serial number, which is 1 to 63 letters and digits", from->serial);
    if (!from->port && !from->serial)
        return error_set_hint(err, SIGNET_E_USAGE, "the list of boards shows what is plugged in",
                              "which board? neither a port nor a serial number was given");
    int code = check_line(from, err);
    if (!code)
        code = copy_texts(b, from, err);
    if (!code)
        code = find_images(b, from, err);
    if (!code)
        code = open_flasher(b, from, err);
    return code ? code : b->recipe->check(b, err);
}

int signet_board_open(struct signet_board **out, const char *recipe,
                      const struct signet_board_options *given,
                      const struct signet_observer *observer, const struct signet_cancel *cancel,
                      struct signet_error *err)
{
    const struct recipe *found = find_recipe(recipe, err);
    struct signet_board_options options;
    struct signet_board *b;

    if (!found)
        return SIGNET_E_USAGE;
    b = calloc(1, sizeof(*b));
    if (!b)
        return error_nomem(err);
    options_take(&options, given);
    b->recipe = found;
    b->caller = observer;
    b->observer = (struct signet_observer){.on_event = pass_event, .ctx = b};
    b->cancel = cancel;
    b->stage = "flash";
    int code = apply_options(b, &options, err);
    if (code) {
        signet_board_close(&b);
        return code;
    }
    *out = b;
    return SIGNET_OK;
}

void signet_board_close(struct signet_board **board)
{
    struct signet_board *b = *board;

    if (!b)
        return;
    port_close(b);
    signet_flasher_close(&b->flasher);
    for (size_t i = 0; i < TEXTS; i++)
        free((char *)(uintptr_t)*text_at(&b->options, i));
    adapter_options_free(b->options.recipe);
    free(b);
    *board = NULL;
}

/* Whoever stopped a stage wants to know what is on the bench now. */
static int end_stage(const struct signet_board *b, int code, const char *state,
                     struct signet_error *err)
{
    if (code == SIGNET_OK)
        return code;
    error_prefix(err, "%s", b->stage);
    if (err && (code == SIGNET_E_CANCELLED || !err->hint[0]))
        error_hint(err, "%s", state);
    return code;
}

int signet_board_prepare(struct signet_board *b, struct signet_error *err)
{
    b->stage = "flash";
    b->prepared = b->loaded = b->applied = b->finished = false;
    b->provisioned_seen = b->ready_seen = b->in_hand = b->taken_over = b->has_key = false;
    int code = stage_prepare(b, err);
    b->prepared = code == SIGNET_OK;
    const char *state = flasher_is_none(b->flasher)
                            ? "nothing was written to the board"
                            : "no credentials were sent; flash the board again before any use";
    if (b->bytes_sent)
        state = "the board may hold part of its credentials from before; flash it again";
    return end_stage(b, code, state, err);
}

static int not_prepared(struct signet_error *err)
{
    return error_set(err, SIGNET_E_USAGE, "the board was not prepared");
}

int signet_board_endpoint(struct signet_board *b, char name[152], struct signet_error *err)
{
    if (!b->prepared)
        return not_prepared(err);
    b->stage = "name";
    int code = signet_board_tells_name(b) ? stage_endpoint(b, err) : SIGNET_OK;
    if (!code)
        memcpy(name, b->name, sizeof(b->name));
    return end_stage(b, code, "the board is flashed and holds no credentials", err);
}

void signet_board_take_over(struct signet_board *b)
{
    b->taken_over = true;
}

int signet_board_request(struct signet_board *b, const char *endpoint, struct signet_bytes *csr,
                         struct signet_error *err)
{
    if (!signet_board_makes_key(b))
        return error_set(err, SIGNET_E_UNSUPPORTED, "the board makes no key of its own");
    if (!b->prepared)
        return not_prepared(err);
    b->stage = "request";
    int code = console_request(b, endpoint, csr, err);
    return end_stage(b, code, "the board may have made a key, and holds no certificate for it",
                     err);
}

int signet_board_load(struct signet_board *b, const void *packet, size_t len,
                      struct signet_error *err)
{
    if (!b->prepared)
        return not_prepared(err);
    if (len == 0 || b->loaded)
        return error_set(err, SIGNET_E_USAGE,
                         len ? "the board was loaded already" : "the packet is empty");
    b->stage = "load";
    bool before = b->bytes_sent;
    int code =
        b->recipe->console ? console_load(b, packet, len, err) : stage_load(b, packet, len, err);
    b->loaded = code == SIGNET_OK;
    return end_stage(b, code,
                     b->bytes_sent && (!before || code != SIGNET_E_WRONG_BOARD)
                         ? "the board may hold part of its credentials; flash it again"
                         : "no credentials were sent",
                     err);
}

int signet_board_result(struct signet_board *b, struct signet_error *err)
{
    if (!b->loaded) /* reading it earlier ends the board's wait for a packet */
        return error_set(err, SIGNET_E_USAGE, "a result is read after a packet was written");
    if (b->applied)
        return SIGNET_OK;
    b->stage = "result";
    int code = b->recipe->console ? console_result(b, err) : stage_result(b, err);
    b->in_hand = false;
    b->applied = code == SIGNET_OK;
    return end_stage(b, code, "the board may hold its credentials; flash it again", err);
}

int signet_board_finish(struct signet_board *b, struct signet_error *err)
{
    if (!b->applied)
        return error_set(err, SIGNET_E_USAGE, "the final image comes after a good result");
    b->stage = "final";
    int code = stage_finish(b, err);
    b->finished = code == SIGNET_OK;
    b->prepared = b->prepared && !b->finished; /* it runs another firmware now */
    return end_stage(b, code,
                     "the board holds its credentials; only the final image has to be flashed "
                     "again, with sector erase",
                     err);
}

bool signet_board_can_lock(const struct signet_board *b)
{
    return flasher_can_lock(b->flasher);
}

int signet_board_lock(struct signet_board *b, struct signet_error *err)
{
    if (!b->applied)
        return error_set(err, SIGNET_E_USAGE, "the lock comes after a good result");
    b->stage = "lock";
    int code = lock_when_free(b, err);
    b->prepared = false;
    return end_stage(
        b, code,
        "the board holds its credentials, and may be locked: recover unlocks and erases "
        "it",
        err);
}

static void hardware_id(const struct signet_board *b, char out[152])
{
    const char *dash = strrchr(b->name, '-');
    const char *id = dash ? dash + 1 : b->name;

    if (strlen(id) < 8 || id[strspn(id, "0123456789abcdefABCDEF")] != '\0')
        id = b->name;
    snprintf(out, 152, "%s", id);
}

void signet_board_state(const struct signet_board *b, struct signet_board_state *out)
{
    *out = (struct signet_board_state){.bytes_sent = b->bytes_sent,
                                       .loaded = b->loaded,
                                       .applied = b->applied,
                                       .finished = b->finished};
    memcpy(out->port, b->port, sizeof(out->port));
    snprintf(out->serial, sizeof(out->serial), "%s",
             b->options.serial ? b->options.serial : b->usb_serial);
    hardware_id(b, out->hw_id);
    memcpy(out->initial_sha256, b->initial.sha256, sizeof(out->initial_sha256));
    memcpy(out->final_sha256, b->final.sha256, sizeof(out->final_sha256));
    bool known_again = !b->bytes_sent || b->name[0] || b->usb_serial[0] || b->options.serial;
    bool again = b->recipe->console || (b->options.initial && !flasher_is_none(b->flasher));
    out->retry_safe = again && known_again;
}
