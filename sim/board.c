/* SPDX-License-Identifier: Apache-2.0 */
#include "board.h"
#include "control.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#define SECOND INT64_C(1000000000)

static int64_t earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int64_t due_at(struct sim_board *board)
{
    int64_t due = wire_due(&board->wire);
    bool only_input = !board->wire.out.first || board->wire.out.first->at > board->busy_until;

    if (due < board->busy_until && only_input)
        due = board->busy_until;
    if (board->fs.uploading && board->firmware == SIM_FIRMWARE_INITIAL)
        due = earlier(due, board->fs.last_chunk + SIM_STREAM_END_NS);
    return earlier(earlier(due, upload_idle(board)), change_due(board));
}

static void take_lines(struct sim_board *board)
{
    while (wire_now() >= board->busy_until) {
        struct segment *line = wire_next_line(&board->wire);

        if (!line)
            return;
        if (!board->halted && board->firmware == SIM_FIRMWARE_CRED)
            cred_line(board, line->data, line->len);
        else if (!board->halted && board->firmware == SIM_FIRMWARE_AT)
            at_line(board, line->data, line->len);
        else if (!board->halted && board->firmware != SIM_FIRMWARE_NONE)
            smp_line(board, line->data, line->len, line->at);
        wipe(line->data, line->len);
        free(line);
        wire_deliver(&board->wire);
    }
}

static void take_datagrams(struct sim_board *board)
{
    uint8_t data[UDP_MTU];
    size_t len;
    int times;

    while ((len = udp_receive(board, data, &times)) != 0) {
        board->on_udp = true;
        for (; times && !board->halted && board->firmware != SIM_FIRMWARE_NONE; times--)
            smp_packet(board, data, len);
        board->on_udp = false;
    }
    wipe(data, sizeof(data));
}

static void turn(struct sim_board *board)
{
    double limit = board->wire.faults.unplug_after;

    wire_receive(&board->wire);
    take_datagrams(board);
    if (limit > 0 && (double)board->wire.bytes_in >= limit && !board->unplugged) {
        board->unplugged = board->halted = true;
        wire_unplug(&board->wire);
    }
    if (board->fs.uploading && board->firmware == SIM_FIRMWARE_INITIAL && !board->halted &&
        wire_now() - board->fs.last_chunk > SIM_STREAM_END_NS)
        fs_apply(board);
    if (wire_now() >= upload_idle(board))
        upload_close(&board->fs);
    take_lines(board);
    if (board->restart_due) {
        board->restart_due = false;
        board_reset(board);
    }
    change_serve(board);
    wire_deliver(&board->wire);
}

static struct timespec pause_of(struct sim_board *board)
{
    int64_t wait = due_at(board) - wire_now();

    wait = wait < 0 ? 0 : wait > SECOND ? SECOND : wait;
    return (struct timespec){wait / SECOND, wait % SECOND};
}

/* Without the lock: until something comes in, or for as long as nothing is due. */
static void rest(struct sim_board *board, struct timespec pause, bool hears)
{
    struct pollfd fds[4] = {{.fd = board->wake_fd, .events = POLLIN},
                            {.fd = hears ? board->wire.master : -1, .events = POLLIN},
                            {.fd = board->control_fd, .events = POLLIN},
                            {.fd = board->udp_fd, .events = POLLIN}};
    uint64_t count;

    if (ppoll(fds, 4, &pause, NULL) <= 0)
        return;
    if (fds[0].revents && read(board->wake_fd, &count, sizeof(count)) < 0)
        return; /* somebody else took it */
    if (fds[2].revents)
        control_serve(board->control_fd, board_obey, board);
}

static void *run(void *arg)
{
    struct sim_board *board = arg;

    pthread_mutex_lock(&board->lock);
    while (!board->stop) {
        turn(board);
        struct timespec pause = pause_of(board);
        bool hears = board->wire.in.bytes < (size_t)128 * 1024;
        pthread_mutex_unlock(&board->lock);
        rest(board, pause, hears);
        pthread_mutex_lock(&board->lock);
    }
    pthread_mutex_unlock(&board->lock);
    return NULL;
}

static void wake(struct sim_board *board)
{
    static const uint64_t one = 1;

    if (write(board->wake_fd, &one, sizeof(one)) < 0)
        return; /* full: it is awake anyway */
}

static int check_board_options(const struct sim_board_options *options, struct signet_error *err)
{
    if (options->boards > 1 && !options->link)
        return error_set(err, SIGNET_E_USAGE, "boards that change need a link to their port");
    if (options->generation && options->generation != SIM_ZEPHYR_32 &&
        options->generation != SIM_ZEPHYR_33 && options->generation != SIM_ZEPHYR_36 &&
        options->generation != SIM_ZEPHYR_44)
        return error_set(err, SIGNET_E_USAGE, "no such generation of Zephyr");
    if (options->buf_size && (options->buf_size < 128 || options->buf_size > SMP_PACKET_MAX))
        return error_set(err, SIGNET_E_USAGE, "buf_size is 128 to %d", SMP_PACKET_MAX);
    return SIGNET_OK;
}

static void take_options(struct sim_board *board, const struct sim_board_options *options)
{
    board->generation = options->generation ? options->generation : SIM_ZEPHYR_33;
    board->buf_size = options->buf_size ? options->buf_size : 384;
    board->no_parameters = options->no_parameters;
    board->line_buffers = options->line_buffers;
    board->fs.size = options->fs_size;
    board->firmware = board->first_firmware = options->firmware;
    board->provisioned = options->provisioned;
    board->boards = options->boards ? options->boards : 1;
    board->hold_ns = (options->hold_ms ? options->hold_ms : 1000) * INT64_C(1000000);
    board->slot = options->slot;
    snprintf(board->endpoint, sizeof(board->endpoint), "%s",
             options->endpoint ? options->endpoint : "anjay-zephyr-demo-351358811124772");
    snprintf(board->first_name, sizeof(board->first_name), "%s", board->endpoint);
    keep_serial(board);
}

/* The way in for a programmer, and for whoever looks for the port. */
static int open_paths(struct sim_board *board, const struct sim_board_options *options,
                      struct signet_error *err)
{
    int rc = text_copy(&board->control, options->control, err);

    if (!rc && board->control)
        rc = control_open(board->control, &board->control_fd, err);
    if (!rc)
        rc = text_copy(&board->link, options->link, err);
    if (!rc && board->link)
        rc = make_link(board->wire.path, board->link, err);
    if (rc) { /* what is there is not ours to remove */
        free(board->link);
        board->link = NULL;
    }
    return rc;
}

/* The one that the folder keeps for this slot, or a new one. */
static void first_board(struct sim_board *board, bool fresh)
{
    fs_format(&board->fs);
    if (keep_read(board, NULL)) {
        journal_held(board);
        if (fresh) {
            keep_write(board, false);
            change_blank(board);
        }
    } else if (keep_knows(board, board->serial)) {
        change_blank(board);
    }
    keep_write(board, true);
    journal_note(board, "in");
}

static int set_up(struct sim_board *board, const struct sim_board_options *options,
                  struct signet_error *err)
{
    int rc = check_board_options(options, err);

    if (!rc)
        rc = faults_parse(&board->wire.faults, options->misbehave, err);
    if (!rc)
        rc = text_copy(&board->save, options->save, err);
    if (!rc)
        rc = text_copy(&board->state, options->state, err);
    if (!rc)
        rc = journal_open(board, options->journal, err);
    if (!rc)
        rc = wire_open(&board->wire, options->baud, options->seed, err);
    if (!rc && (board->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) < 0)
        rc = error_sys(err, SIGNET_E_IO, errno, "cannot make an event descriptor");
    if (!rc)
        rc = open_paths(board, options, err);
    if (!rc && options->udp)
        rc = udp_open(board, options->udp_port, err);
    if (rc)
        return rc;
    image_first(&board->images);
    take_options(board, options);
    first_board(board, options->fresh);
    board_boot(board);
    rc = pthread_create(&board->thread, NULL, run, board);
    board->running = !rc;
    return rc ? error_sys(err, SIGNET_E_IO, rc, "cannot start a thread") : SIGNET_OK;
}

int sim_board_start(struct sim_board **out, const struct sim_board_options *options,
                    struct signet_error *err)
{
    struct sim_board *board = calloc(1, sizeof(*board));
    int rc;

    if (!board)
        return error_nomem(err);
    pthread_mutex_init(&board->lock, NULL);
    board->wake_fd = board->control_fd = board->journal_fd = board->udp_fd = -1;
    board->wire.master = board->wire.slave = -1;
    rc = set_up(board, options, err);
    if (rc)
        sim_board_stop(&board);
    else
        *out = board;
    return rc;
}

static void stop_thread(struct sim_board *board)
{
    if (!board->running)
        return;
    pthread_mutex_lock(&board->lock);
    board->stop = true;
    wake(board);
    pthread_mutex_unlock(&board->lock);
    pthread_join(board->thread, NULL);
}

void sim_board_stop(struct sim_board **out)
{
    struct sim_board *board = out ? *out : NULL;

    if (!board)
        return;
    stop_thread(board);
    if (board->link)
        unlink(board->link);
    if (board->control_fd >= 0) {
        close(board->control_fd);
        unlink(board->control);
    }
    if (board->wake_fd >= 0)
        close(board->wake_fd);
    if (board->journal_fd >= 0)
        close(board->journal_fd);
    if (board->udp_fd >= 0)
        close(board->udp_fd);
    if (board->wire.in.last)
        wire_close(&board->wire);
    fs_format(&board->fs);
    store_clear(&board->store);
    buf_free(&board->fs.stream);
    buf_free(&board->shell);
    image_free(&board->images);
    pthread_mutex_destroy(&board->lock);
    free(board->link);
    free(board->control);
    free(board->save);
    free(board->state);
    free(board);
    *out = NULL;
}

const char *sim_board_path(const struct sim_board *board)
{
    return board->wire.path;
}

int sim_board_program(struct sim_board *board, enum sim_firmware firmware, bool chip_erase,
                      struct signet_error *err)
{
    if ((unsigned)firmware > SIM_FIRMWARE_AT)
        return error_set(err, SIGNET_E_USAGE, "no such firmware");
    pthread_mutex_lock(&board->lock);
    board_program(board, firmware, chip_erase);
    pthread_mutex_unlock(&board->lock);
    return SIGNET_OK;
}

int sim_board_reset(struct sim_board *board, struct signet_error *err)
{
    int rc = SIGNET_OK;

    pthread_mutex_lock(&board->lock);
    if (board->unplugged) {
        rc = error_set(err, SIGNET_E_NOT_FOUND, "the board is unplugged");
    } else {
        board_reset(board);
        wake(board);
    }
    pthread_mutex_unlock(&board->lock);
    return rc;
}

void sim_board_state(struct sim_board *board, struct sim_board_state *out)
{
    pthread_mutex_lock(&board->lock);
    *out = board->count;
    out->firmware = board->firmware;
    out->provisioned = board->provisioned;
    out->halted = board->halted;
    out->locked = board->locked;
    out->stopped = board->stop;
    out->bytes_in = board->wire.bytes_in;
    out->bytes_out = board->wire.bytes_out;
    pthread_mutex_unlock(&board->lock);
}

static int take_copy(const struct buf *from, struct signet_bytes *out, struct signet_error *err)
{
    struct buf b = {0};
    int rc;

    buf_append(&b, from->data, from->len);
    rc = buf_take(&b, out, err);
    buf_free(&b);
    return rc;
}

int sim_board_applied(struct sim_board *board, struct signet_bytes *out, struct signet_error *err)
{
    int rc;

    pthread_mutex_lock(&board->lock);
    if (board->fs.applied.len)
        rc = take_copy(&board->fs.applied, out, err);
    else
        rc = error_set(err, SIGNET_E_NOT_FOUND, "the board applied no packet");
    pthread_mutex_unlock(&board->lock);
    return rc;
}

int sim_board_credential(struct sim_board *board, unsigned tag, const char *type,
                         struct signet_bytes *out, struct signet_error *err)
{
    int rc;

    pthread_mutex_lock(&board->lock);
    const struct sim_credential *c = store_find(&board->store, tag, type);
    if (c)
        rc = take_copy(&c->data, out, err);
    else
        rc = error_set(err, SIGNET_E_NOT_FOUND, "the board has no %s under %u", type, tag);
    pthread_mutex_unlock(&board->lock);
    return rc;
}

int sim_board_file(struct sim_board *board, const char *path, struct signet_bytes *out,
                   struct signet_error *err)
{
    int rc = error_set(err, SIGNET_E_NOT_FOUND, "the board has no file %s", path);

    pthread_mutex_lock(&board->lock);
    for (size_t i = 0; i < SIM_FILES_MAX; i++)
        if (*path && strcmp(board->fs.files[i].path, path) == 0)
            rc = take_copy(&board->fs.files[i].data, out, err);
    pthread_mutex_unlock(&board->lock);
    return rc;
}
