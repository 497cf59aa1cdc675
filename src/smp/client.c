/* SPDX-License-Identifier: Apache-2.0 */
#include "smp/client.h"

#include <stdlib.h>

#define TIMEOUT_DEFAULT 2000
#define RETRIES_DEFAULT 8
#define DRAIN_MAX       ((size_t)256 * 1024)

static const char boot_text[] = "*** Booting ";

static bool options_valid(const struct signet_smp_options *o)
{
    return o->version >= 0 && o->version <= 2 && o->timeout_ms >= 0 &&
           (o->line_limit == 0 || (o->line_limit >= 3 && o->line_limit <= SMP_LINE_RAW)) &&
           o->packet_limit <= SMP_PACKET_MAX;
}

static void take_line(void *ctx, const char *line, size_t len)
{
    struct signet_smp *smp = ctx;

    smp->boots += memmem(line, len, boot_text, sizeof(boot_text) - 1) != NULL;
    if (smp->options.on_text)
        smp->options.on_text(smp->options.text_ctx, line, len);
}

int signet_smp_new(struct signet_smp **out, struct signet_link *link,
                   const struct signet_smp_options *given, const struct signet_observer *observer,
                   struct signet_error *err)
{
    struct signet_smp_options o;
    struct signet_smp *smp;

    options_take(&o, given);
    if (!options_valid(&o))
        return error_set(err, SIGNET_E_USAGE, "SMP options out of range");
    smp = calloc(1, sizeof(*smp));
    if (!smp)
        return error_nomem(err);
    smp->any_version = !o.version;
    o.version = o.version ? o.version : 1;
    o.timeout_ms = o.timeout_ms ? o.timeout_ms : TIMEOUT_DEFAULT;
    o.retries = o.retries < 0 ? 0 : o.retries ? o.retries : RETRIES_DEFAULT;
    o.line_limit = o.line_limit ? o.line_limit - o.line_limit % 3 : SMP_LINE_RAW;
    smp->options = o;
    smp->link = link;
    smp->observer = observer;
    smp->packet_limit = o.packet_limit;
    /* A board may still be busy with what an earlier session asked: its answer must not fit. */
    smp->sequence = (uint8_t)clock_ms();
    smp->scan = (struct text_scan){.on_line = take_line, .ctx = smp};
    *out = smp;
    return SIGNET_OK;
}

void signet_smp_free(struct signet_smp **smp)
{
    if (!smp || !*smp)
        return;
    buf_free(&(*smp)->packet);
    buf_free(&(*smp)->wire);
    buf_free(&(*smp)->text);
    free(*smp);
    *smp = NULL;
}

bool smp_lost(int rc)
{
    return rc == SIGNET_E_TIMEOUT || rc == SIGNET_E_SYNTAX;
}

bool smp_gone(int rc)
{
    return rc == SIGNET_E_LINK || rc == SIGNET_E_CANCELLED || rc == SIGNET_E_NOMEM;
}

void smp_report_retry(const struct signet_smp *smp, const char *stage,
                      const struct signet_error *error)
{
    struct signet_event event = {.kind = SIGNET_EVENT_RETRY,
                                 .stage = stage,
                                 .board = signet_link_address(smp->link),
                                 .error = error};

    event_send(smp->observer, &event);
}

void smp_report_progress(const struct signet_smp *smp, const char *stage, uint64_t done,
                         uint64_t total)
{
    struct signet_event event = {.kind = SIGNET_EVENT_PROGRESS,
                                 .stage = stage,
                                 .board = signet_link_address(smp->link),
                                 .done = done,
                                 .total = total};

    event_send(smp->observer, &event);
}

/* {"rc": n} of version 1, {"err": {"group": g, "rc": n}} of version 2, whichever was asked. */
static void read_error(struct signet_smp *smp)
{
    const struct smp_answer *answer = &smp->answer;
    const struct smp_item *error = smp_answer_want(answer, "err", CBOR_MAP);

    if (!error) /* the name that the first servers of version 2 gave it */
        error = smp_answer_want(answer, "ret", CBOR_MAP);
    int parent = error ? (int)(error - answer->items) : -1;

    smp->last = error ? (struct smp_rc){.group = 0, .rc = 1} : (struct smp_rc){.group = -1};
    smp_answer_number(smp_answer_get(answer, parent, "rc"), &smp->last.rc);
    if (error)
        smp_answer_number(smp_answer_get(answer, parent, "group"), &smp->last.group);
}

static bool is_answer_to(struct signet_smp *smp, const struct smp_command *command)
{
    struct smp_header header;

    smp_header_decode(&header, smp->frames.packet);
    smp->answered = header.version;
    return header.sequence == smp->sequence && header.group == command->group &&
           header.id == command->id && header.op == (unsigned)command->op + 1;
}

static void give_text(struct signet_smp *smp)
{
    for (size_t at = 0; !smp->text.failed && at < smp->text.len;)
        at += text_scan_feed(&smp->scan, smp->text.data + at, smp->text.len - at);
    buf_reset(&smp->text);
}

/* Takes what came in before the request: its text is told, its frames are stale. */
static int drain_input(struct signet_smp *smp, struct signet_error *err)
{
    uint8_t data[2048];
    size_t all = 0;

    while (all < DRAIN_MAX) {
        size_t got = 0;
        int rc = link_read(smp->link, data, sizeof(data), 0, &got, err);

        if (!rc && link_by_packets(smp->link)) {
            all += got;
            continue;
        }

        if (rc == SIGNET_E_TIMEOUT)
            return SIGNET_OK;
        if (rc)
            return rc;
        for (size_t at = 0, used = 0; at < got; at += used)
            smp_frames_feed(&smp->frames, data + at, got - at, &used, &smp->text);
        give_text(smp);
        all += got;
    }
    return SIGNET_OK;
}

/* A datagram is a packet as it is. */
static bool take_packet(struct signet_smp *smp, const struct smp_command *command,
                        const uint8_t *data, size_t len, bool *malformed)
{
    struct smp_header header;
    bool good;

    if (len < SMP_HEADER_SIZE || len > sizeof(smp->frames.packet))
        return false;
    memcpy(smp->frames.packet, data, len);
    smp_header_decode(&header, data);
    if (!is_answer_to(smp, command))
        return false;
    good = header.length == len - SMP_HEADER_SIZE &&
           smp_answer_decode(&smp->answer, smp->frames.packet + SMP_HEADER_SIZE,
                             len - SMP_HEADER_SIZE);
    *malformed = *malformed || !good;
    return good;
}

/* True when the request's own answer is in smp->answer. Others are stale. */
static bool take_answer(struct signet_smp *smp, const struct smp_command *command,
                        const uint8_t *data, size_t len, bool *malformed)
{
    size_t used = 0;

    for (size_t at = 0; at < len; at += used) {
        size_t n = smp_frames_feed(&smp->frames, data + at, len - at, &used, &smp->text);

        if (!n || !is_answer_to(smp, command))
            continue;
        if (!smp_answer_decode(&smp->answer, smp->frames.packet + SMP_HEADER_SIZE,
                               n - SMP_HEADER_SIZE)) {
            *malformed = true;
            continue;
        }
        link_unread(smp->link, data + at + used, len - at - used);
        return true;
    }
    return false;
}

static int receive_answer(struct signet_smp *smp, const struct smp_command *command,
                          int64_t deadline, struct signet_error *err)
{
    uint8_t data[2048];
    bool malformed = false, found = false;

    while (!found) {
        size_t got = 0;
        int rc = link_read(smp->link, data, sizeof(data), deadline, &got, err);

        if (rc == SIGNET_E_TIMEOUT && malformed)
            return error_set(err, SIGNET_E_SYNTAX, "the board's answer is malformed");
        if (rc)
            return rc;
        found = link_by_packets(smp->link) ? take_packet(smp, command, data, got, &malformed)
                                           : take_answer(smp, command, data, got, &malformed);
        give_text(smp);
        if (!found && clock_ms() >= deadline) /* a board that never stops talking */
            return error_set(err, malformed ? SIGNET_E_SYNTAX : SIGNET_E_TIMEOUT,
                             "%s: no answer in time among what the board sent",
                             signet_link_address(smp->link));
    }
    read_error(smp);
    return SIGNET_OK;
}

struct buf *smp_begin(struct signet_smp *smp, size_t pairs)
{
    buf_reset(&smp->packet);
    buf_extend(&smp->packet, SMP_HEADER_SIZE);
    cbor_put_map(&smp->packet, pairs);
    return &smp->packet;
}

void smp_put_text(struct buf *packet, const char *key, const char *text)
{
    cbor_put_text(packet, key);
    cbor_put_text(packet, text);
}

int smp_attempt(struct signet_smp *smp, struct smp_command command, bool again,
                struct signet_error *err)
{
    struct smp_header header = {.version = (uint8_t)(smp->options.version - 1),
                                .op = (uint8_t)command.op,
                                .length = (uint16_t)(smp->packet.len - SMP_HEADER_SIZE),
                                .group = command.group,
                                .sequence = again ? smp->sequence : ++smp->sequence,
                                .id = command.id};
    int64_t deadline = clock_ms() + smp->options.timeout_ms;
    int rc = buf_check(&smp->packet, err);

    if (rc)
        return rc;
    if (smp->packet.len > SMP_PACKET_MAX)
        return error_set(err, SIGNET_E_LIMIT, "the request is too large");
    smp_header_encode(&header, smp->packet.data);
    buf_reset(&smp->wire);
    if (link_by_packets(smp->link))
        buf_append(&smp->wire, smp->packet.data, smp->packet.len);
    else
        smp_frame_encode(&smp->wire, smp->packet.data, smp->packet.len, smp->options.line_limit);
    rc = buf_check(&smp->wire, err);
    if (!rc)
        rc = drain_input(smp, err);
    if (!rc)
        rc = link_write(smp->link, smp->wire.data, smp->wire.len, deadline, err);
    return rc ? rc : receive_answer(smp, &command, deadline, err);
}

/* A board that speaks one version only says so to requests of the other. */
static bool other_version(struct signet_smp *smp)
{
    bool too_old = smp->options.version == 1 && smp->last.rc == RC_TOO_OLD;
    bool too_new = smp->options.version == 2 && smp->last.rc == RC_TOO_NEW;

    if (!smp->any_version || smp->last.group >= 0 || (!too_old && !too_new))
        return false;
    smp->options.version = too_old ? 2 : 1;
    smp->any_version = false;
    return true;
}

int smp_request(struct signet_smp *smp, struct smp_command command, int times,
                struct signet_error *err)
{
    struct signet_error own = {0};

    if (!err)
        err = &own;
    for (bool again = false;; again = true) {
        int rc = smp_attempt(smp, command, again, err);

        if (!rc && other_version(smp))
            continue;
        if (!rc)
            return smp_answer_error(smp, err);
        if (!smp_lost(rc) || times-- <= 0) {
            if (rc == SIGNET_E_TIMEOUT)
                error_hint(err,
                           "is this the board's SMP port, and on a serial line its baud rate?");
            return rc;
        }
        smp_report_retry(smp, "smp", err);
    }
}

/* Takes bytes one by one, to stop right behind the text. */
static bool find_text(struct signet_smp *smp, const uint8_t *data, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        size_t used;

        smp_frames_feed(&smp->frames, data + i, 1, &used, &smp->text);
        give_text(smp);
        if (smp->scan.which < smp->scan.count) {
            link_unread(smp->link, data + i + 1, len - i - 1);
            return true;
        }
    }
    return false;
}

int signet_smp_wait_text(struct signet_smp *smp, const char *const *texts, size_t count,
                         int timeout_ms, size_t *which, struct signet_error *err)
{
    int64_t deadline = clock_ms() + timeout_ms;
    uint8_t data[1024];
    int rc = SIGNET_OK;

    text_scan_expect(&smp->scan, texts, count);
    while (!rc) {
        size_t got = 0;

        rc = link_read(smp->link, data, sizeof(data), deadline, &got, err);
        if (!rc && find_text(smp, data, got)) {
            *which = smp->scan.which;
            break;
        }
        if (!rc && clock_ms() >= deadline)
            rc = error_set(err, SIGNET_E_TIMEOUT, "%s: the text did not come in time",
                           signet_link_address(smp->link));
    }
    text_scan_expect(&smp->scan, NULL, 0);
    return rc;
}

int smp_pause(struct signet_smp *smp, int ms, struct signet_error *err)
{
    int64_t deadline = clock_ms() + ms;
    int rc = SIGNET_OK;

    while (!rc && clock_ms() < deadline) {
        uint8_t data[256];
        size_t got = 0;

        rc = link_read(smp->link, data, sizeof(data), deadline, &got, err);
        for (size_t at = 0, used = 0; !rc && at < got; at += used)
            smp_frames_feed(&smp->frames, data + at, got - at, &used, &smp->text);
        give_text(smp);
        if (rc == SIGNET_E_TIMEOUT)
            return SIGNET_OK;
    }
    return rc;
}
