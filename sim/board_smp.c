/* SPDX-License-Identifier: Apache-2.0 */
/* The SMP server of a simulated board: version 1 as Zephyr 3.2 and 3.3 have it, 2 as later ones. */
#include "board.h"

#include <stdio.h>
#include <string.h>

#define LINE_WHOLE    127 /* with marker and newline; longer ones get no answer */
#define ANSWER_RAW    90  /* Zephyr cuts its own lines shorter than 93 */
#define ANSWER_MAX    SMP_PACKET_MAX
#define SHELL_MAX     256
#define LINES_FREE_NS (INT64_C(30) * 1000000)
#define MAP_OPEN      0xbf /* of a length that is not told, as all of the board's are */
#define MAP_END       0xff
#define RC_UNKNOWN    1
#define RC_INVALID    3
#define RC_NO_ENTRY   5
#define RC_NOT_SUPP   8
#define RC_CORRUPT    9
#define OS_FORMAT     2
#define SHELL_EMPTY   3

/* Later ones answer no text with no text. */
static int echo(const struct sim_board *board, const struct smp_answer *request, struct buf *body)
{
    const struct smp_item *text = smp_answer_get(request, -1, "d");

    if (text ? text->kind != CBOR_TEXT : !later_server(board))
        return board->generation == SIM_ZEPHYR_32 ? RC_UNKNOWN : RC_INVALID;
    put_text(body, "r", text ? text->data : NULL, text ? text->len : 0);
    return 0;
}

/* The letters are those of uname(1), with b for the build and i for the board. */
static int os_info(const struct sim_board *board, const struct smp_answer *request,
                   struct fs_reply *reply)
{
    const struct smp_item *format = smp_answer_want(request, "format", CBOR_TEXT);

    if (board->generation == SIM_ZEPHYR_32)
        return RC_NOT_SUPP;
    for (size_t i = 0; format && i < format->len; i++)
        if (!format->data[i] || !strchr("asnrvbmpio", format->data[i])) {
            reply->group = later_server(board) ? SMP_GROUP_OS : -1;
            return later_server(board) ? OS_FORMAT : RC_INVALID;
        }
    put_text(reply->body, "output", "Zephyr", 6);
    return 0;
}

static int os_command(struct sim_board *board, const struct smp_header *header,
                      const struct smp_answer *request, struct fs_reply *reply)
{
    struct buf *body = reply->body;

    switch (header->id) {
    case 0:
        return echo(board, request, body);
    case 5:
        board->count.resets++;
        return 0;
    case 6:
        if (board->no_parameters || header->op != SMP_READ)
            return RC_NOT_SUPP;
        put_uint(body, "buf_size", board->buf_size);
        put_uint(body, "buf_count", 4);
        return 0;
    case 7:
        return header->op == SMP_READ ? os_info(board, request, reply) : RC_NOT_SUPP;
    default:
        return RC_NOT_SUPP;
    }
}

static void put_hash_type(struct buf *body, const char *name, unsigned format, unsigned size)
{
    cbor_put_text(body, name);
    buf_byte(body, MAP_OPEN);
    put_uint(body, "format", format);
    put_uint(body, "size", size);
    buf_byte(body, MAP_END);
}

static int fs_command(struct sim_board *board, const struct smp_header *header,
                      const struct smp_answer *request, struct fs_reply *reply)
{
    if (header->id && (header->op == SMP_WRITE) != (header->id == 4))
        return RC_NOT_SUPP;
    switch (header->id) {
    case 0:
        return header->op == SMP_WRITE ? fs_write(board, request, reply)
                                       : fs_read(board, request, reply);
    case 1:
        return fs_status(board, request, reply);
    case 2:
        return fs_hash(board, request, reply);
    case 3:
        if (board->firmware != SIM_FIRMWARE_SMP_FILE)
            return RC_NOT_SUPP;
        cbor_put_text(reply->body, "types");
        buf_byte(reply->body, MAP_OPEN);
        put_hash_type(reply->body, "crc32", 0, 4);
        put_hash_type(reply->body, "sha256", 1, 32);
        buf_byte(reply->body, MAP_END);
        return 0;
    case 4:
        return fs_close(board);
    default:
        return RC_NOT_SUPP;
    }
}

/* Runs a line of the shell; returns what the command returns. */
static int run_shell(const char *line, struct buf *out)
{
    if (strcmp(line, "kernel version") == 0)
        buf_text(out, "Zephyr version 3.3.99\r\n");
    else if (strncmp(line, "echo ", 5) == 0)
        buf_printf(out, "%s\r\n", line + 5);
    else if (*line) {
        buf_printf(out, "\x1b[1;31m%s: command not found\r\n\x1b[m", line);
        return -8;
    }
    return 0;
}

static void join_words(const struct smp_answer *request, const struct smp_item *argv,
                       struct buf *line)
{
    for (size_t i = 0; i < request->count; i++) {
        const struct smp_item *word = &request->items[i];

        if (word->parent != (int)(argv - request->items) || word->kind != CBOR_TEXT)
            continue;
        if (line->len)
            buf_byte(line, ' ');
        buf_append(line, word->data, word->len);
    }
    buf_byte(line, '\0');
}

static int shell_command(const struct sim_board *board, const struct smp_answer *request,
                         struct fs_reply *reply)
{
    struct buf *body = reply->body;
    const struct smp_item *argv = smp_answer_want(request, "argv", CBOR_ARRAY);
    struct buf line = {0}, out = {0};
    int ret = 1;

    if (!argv)
        return RC_INVALID;
    join_words(request, argv, &line);
    if (line.len == 1 && later_server(board)) {
        buf_free(&line);
        reply->group = SMP_GROUP_SHELL;
        return SHELL_EMPTY;
    }
    buf_text(&out, "\r\n");
    if (!line.failed)
        ret = run_shell((const char *)line.data, &out);
    put_text(body, "o", out.data, out.len);
    cbor_put_text(body, "ret");
    cbor_put_int(body, ret);
    buf_free(&line);
    buf_free(&out);
    return 0;
}

/* Every Nth answer. */
static bool is_turn(const struct sim_board *board, double n)
{
    return n >= 1 && board->answers % (uint64_t)n == 0;
}

/* Random bytes, an endless frame: what has to be read over before an answer. */
static void send_rubbish(struct sim_board *board)
{
    char line[320] = {0};

    if (is_turn(board, board->wire.faults.garbage)) {
        for (size_t i = 0; i < 64; i++)
            for (int bit = 0; bit < 8; bit++)
                line[i] = (char)(line[i] << 1 | wire_chance(&board->wire, 0.5));
        wire_send(&board->wire, line, 64, 0);
        wire_send(&board->wire, "\n", 1, 0);
    }
    if (is_turn(board, board->wire.faults.oversize)) {
        wire_send(&board->wire, "\x06\x09//8AAAAA\n", 11, 0); /* declares 65,535 bytes */
        memset(line, 'A', sizeof(line));
        for (int i = 0; i < 8; i++) {
            wire_send(&board->wire, "\x04\x14", 2, 0);
            wire_send(&board->wire, line, sizeof(line), 0);
            wire_send(&board->wire, "\n", 1, 0);
        }
    }
}

/* With log noise, log text comes between the lines, and now and then inside one. */
static void send_lines(struct sim_board *board, const struct buf *lines)
{
    static const char log[] = "[00:00:07.251,000] <inf> anjay: \x1b[1;33mnoise\x1b[0m\r\n";
    bool noisy = board->wire.faults.log_noise > 0;
    size_t at = 0;

    if (noisy && board->answers % 16 == 15) {
        wire_send(&board->wire, lines->data, lines->len / 2, 0);
        wire_send(&board->wire, log, sizeof(log) - 1, 0);
        at = lines->len / 2;
    }
    while (at < lines->len) {
        const uint8_t *newline = memchr(lines->data + at, '\n', lines->len - at);
        size_t n = newline ? (size_t)(newline - lines->data) + 1 - at : lines->len - at;

        if (noisy)
            wire_send(&board->wire, log, sizeof(log) - 1, 0);
        wire_send(&board->wire, lines->data + at, n, 0);
        at += n;
    }
}

/* When the answer is late, by faults or because the board is busy. */
static void delay_answer(struct sim_board *board)
{
    int64_t delay = answer_delay_ms(board);

    if (delay) {
        wire_send(&board->wire, "", 0, delay);
        board->busy_until = wire_now() + (int64_t)board->wire.faults.delay * 1000000;
    }
    if (board->busy_until > board->wire.out_clock)
        board->wire.out_clock = board->busy_until;
}

static void frame_answer(struct sim_board *board, const struct smp_header *header,
                         const struct buf *body, struct buf *lines)
{
    struct buf packet = {0};
    uint8_t *place = buf_extend(&packet, SMP_HEADER_SIZE);

    if (place)
        smp_header_encode(header, place);
    buf_append(&packet, body->data, body->len);
    if (!packet.failed && board->on_udp)
        udp_send(board, &packet);
    else if (!packet.failed)
        smp_frame_encode(lines, packet.data, packet.len, ANSWER_RAW);
    buf_free(&packet);
}

static void send_answer(struct sim_board *board, const struct smp_header *request,
                        const struct buf *body)
{
    static const char redraw[] = "\x1b[1;32muart:~$ \x1b[m\x1b[8D\x1b[J";
    struct smp_header header = *request;
    struct buf lines = {0};

    board->answers++;
    header.op = header.op == SMP_READ ? SMP_READ + 1 : SMP_WRITE + 1;
    header.flags = 0;
    header.length = (uint16_t)body->len;
    if (board->generation < SIM_ZEPHYR_36)
        header.version = 0;
    if (is_turn(board, board->wire.faults.wrong_seq))
        header.sequence ^= 0x55;
    delay_answer(board);
    frame_answer(board, &header, body, &lines);
    board->count.frames_out++;
    if (!lines.failed && lines.len) {
        send_rubbish(board);
        /* The shell redraws its prompt in front of what others print. */
        if (board->firmware != SIM_FIRMWARE_SMP_FILE && board->answers % 3 == 0)
            wire_send(&board->wire, redraw, sizeof(redraw) - 1, 0);
        send_lines(board, &lines);
    }
    buf_free(&lines);
}

/* Codes of a group as version 1 tells them. */
static int translate(int group, int rc)
{
    switch (group) {
    case SMP_GROUP_FS:
        return rc == 2 || rc == 13 ? RC_INVALID : rc == 3 || rc == 14 ? RC_NO_ENTRY : RC_UNKNOWN;
    case SMP_GROUP_IMAGE:
        return image_plain_rc(rc);
    case SMP_GROUP_OS:
    case SMP_GROUP_SHELL:
        return RC_INVALID;
    default:
        return settings_plain_rc(rc);
    }
}

/* 3.2 says "rc": 0 in what its handlers of files and images answer, and nowhere else. */
static bool says_zero(const struct sim_board *board, const struct smp_header *header)
{
    return board->generation == SIM_ZEPHYR_32 &&
           ((header->group == SMP_GROUP_FS && header->id == 0) ||
            (header->group == SMP_GROUP_IMAGE && header->id == 1));
}

/* Errors of the server itself (rc 8: no such command) are plain in both versions. */
static void finish_body(const struct sim_board *board, const struct smp_header *header, int rc,
                        const struct fs_reply *reply)
{
    struct buf *body = reply->body;
    int group = reply->group;
    bool version2 = header->version >= 1 && later_server(board);

    if (rc && (group < 0 || !version2)) { /* nothing but the code is left of the answer */
        rc = group < 0 ? rc : translate(group, rc);
        buf_reset(body);
        buf_byte(body, MAP_OPEN);
    }
    if (rc && group >= 0 && version2) {
        cbor_put_text(body, "err");
        buf_byte(body, MAP_OPEN);
        put_uint(body, "group", (unsigned)group);
        put_uint(body, "rc", (uint64_t)rc);
        buf_byte(body, MAP_END);
        if (reply->has_len)
            put_uint(body, "len", reply->len);
    } else if (rc || says_zero(board, header)) {
        put_uint(body, "rc", (uint64_t)rc);
    }
    buf_byte(body, MAP_END);
}

static int run_command(struct sim_board *board, const struct smp_header *header,
                       const struct smp_answer *request, struct fs_reply *reply)
{
    if (header->group == SMP_GROUP_OS)
        return os_command(board, header, request, reply);
    if (header->group == SMP_GROUP_FS)
        return fs_command(board, header, request, reply);
    if (header->group == SMP_GROUP_IMAGE)
        return image_command(board, header, request, reply);
    if (header->group == SMP_GROUP_SETTINGS)
        return settings_command(board, header, request, reply);
    if (header->group == SMP_GROUP_SHELL && header->id == 0 && header->op == SMP_WRITE)
        return shell_command(board, request, reply);
    return RC_NOT_SUPP;
}

/* One request; the reader of its CBOR goes on behind the length in the header, if it must. False:
 * an error of the server, which ends the packet. */
static bool serve(struct sim_board *board, const struct smp_header *header, const uint8_t *cbor,
                  size_t len)
{
    struct buf body = {.max = ANSWER_MAX};
    struct fs_reply reply = {.body = &body, .group = -1};
    struct smp_answer request;
    int rc = RC_INVALID;

    buf_byte(&body, MAP_OPEN);
    if (header->length > len)
        rc = RC_CORRUPT;
    else if (header->op != SMP_READ && header->op != SMP_WRITE)
        rc = RC_NOT_SUPP;
    else if (smp_answer_decode(&request, cbor, header->length) ||
             smp_answer_decode(&request, cbor, len))
        rc = run_command(board, header, &request, &reply);
    if (rc >= 0 && !board->halted) {
        finish_body(board, header, rc, &reply);
        send_answer(board, header, &body);
    }
    buf_free(&body);
    if (!rc && header->group == SMP_GROUP_OS && header->id == 5)
        board_boot(board);
    return !rc || reply.group >= 0;
}

/* The requests of a packet, one behind the other; fewer bytes than a header are none. */
static void handle(struct sim_board *board, const uint8_t *packet, size_t len)
{
    struct smp_header header = {0};

    for (; len >= SMP_HEADER_SIZE; packet += header.length, len -= header.length) {
        smp_header_decode(&header, packet);
        if (header.op != SMP_READ && header.op != SMP_WRITE && !later_server(board))
            return;
        packet += SMP_HEADER_SIZE;
        len -= SMP_HEADER_SIZE;
        if (!serve(board, &header, packet, len))
            return;
    }
}

void smp_packet(struct sim_board *board, const uint8_t *data, size_t len)
{
    if (len < SMP_HEADER_SIZE || len > board->buf_size)
        return;
    board->count.frames_in++;
    handle(board, data, len);
}

/* A whole line at the prompt. */
static void run_typed(struct buf *line, struct buf *out)
{
    buf_byte(line, '\0');
    if (!line->failed) {
        buf_printf(out, "%s\r\n", (const char *)line->data);
        run_shell((const char *)line->data, out);
        buf_text(out, "\x1b[1;32muart:~$ \x1b[m");
    }
    buf_reset(line);
}

static void type(struct sim_board *board, const struct buf *text)
{
    struct buf out = {0};

    for (size_t i = 0; i < text->len; i++) {
        uint8_t c = text->data[i];

        if (c >= ' ' && c < 0x7f && board->shell.len < SHELL_MAX)
            buf_byte(&board->shell, c);
        else if ((c == '\r' || c == '\n') && board->shell.len)
            run_typed(&board->shell, &out);
    }
    if (out.len)
        wire_send(&board->wire, out.data, out.len, 0);
    buf_free(&out);
}

/* A UART driver has few buffers for lines, and what comes while all are in use is lost. They are
 * free again when their packet is handled, or a moment later. */
static bool holds_line(struct sim_board *board, int64_t at)
{
    if (!board->line_buffers)
        return true;
    if (at - board->last_line > LINES_FREE_NS)
        board->lines_held = 0;
    board->last_line = at;
    return board->lines_held < board->line_buffers && ++board->lines_held;
}

static bool begins_as_frame(const uint8_t *data, size_t len)
{
    return len >= 2 && (memcmp(data, "\x06\x09", 2) == 0 || memcmp(data, "\x04\x14", 2) == 0);
}

void smp_line(struct sim_board *board, const uint8_t *data, size_t len, int64_t at_ns)
{
    struct buf text = {0};

    if (!holds_line(board, at_ns))
        return;
    if (len > LINE_WHOLE) {
        smp_frames_reset(&board->frames);
        return;
    }
    /* a marker elsewhere in a line is none; a line that was begun goes on until its newline */
    if (!begins_as_frame(data, len) && !board->frames.line_len) {
        buf_append(&text, data, len);
        len = 0;
    }
    board->frames.served = true;
    for (size_t at = 0, used = 0; at < len; at += used) {
        size_t n = smp_frames_feed(&board->frames, data + at, len - at, &used, &text);

        if (!n)
            continue;
        board->count.frames_in++;
        board->lines_held = 0;
        if (n <= board->buf_size - 4)
            handle(board, board->frames.packet, n);
    }
    if (text.len)
        type(board, &text);
    buf_free(&text);
}
