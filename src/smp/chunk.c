/* SPDX-License-Identifier: Apache-2.0 */
#include "smp/chunk.h"

enum { FILE_DATA = 0 };
#define BUSY_MS 100

size_t chunk_size(const struct upload *up, size_t off, size_t limit)
{
    size_t name = strlen(up->path), left = up->len - off;
    size_t rest = SMP_HEADER_SIZE + 1 + 4 + cbor_head_size(off) + 5 + cbor_head_size(name) + name +
                  5 + (off ? 0 : 4 + cbor_head_size(up->len));
    size_t most = up->smp->options.chunk_limit;

    if (limit > up->smp->packet_limit)
        limit = up->smp->packet_limit;
    size_t room = limit > rest ? limit - rest : 0;
    size_t n = room > 1 ? room - cbor_head_size(room - 1) : 0;
    if (most && n > most)
        n = most;
    if (n < left)
        return n;
    /* A file in one chunk would leave nothing to probe with when the answer is lost. */
    return off == 0 && left > 1 ? left / 2 : left;
}

static int send_chunk(const struct upload *up, size_t off, size_t n, bool again,
                      struct signet_error *err)
{
    struct buf *packet = smp_begin(up->smp, off ? 3 : 4);

    cbor_put_text(packet, "off");
    cbor_put_uint(packet, off);
    smp_put_text(packet, "name", up->path);
    if (!off) {
        cbor_put_text(packet, "len");
        cbor_put_uint(packet, up->len);
    }
    cbor_put_text(packet, "data");
    cbor_put_bytes(packet, up->data + off, n);
    return smp_attempt(up->smp, (struct smp_command){SMP_WRITE, SMP_GROUP_FS, FILE_DATA}, again,
                       err);
}

/* Where the board says it is, or NULL. */
static const struct smp_item *offset_told(const struct signet_smp *smp)
{
    bool wrong_offset = smp->last.group == SMP_GROUP_FS && smp->last.rc == FS_OFFSET;

    return smp_answer_want(&smp->answer, wrong_offset ? "len" : "off", CBOR_UNSIGNED);
}

/* An answer that names no offset. */
static enum outcome judge_code(const struct upload *up, struct signet_error *err)
{
    struct smp_rc last = up->smp->last;
    bool plain = last.group < 0, fs = last.group == SMP_GROUP_FS;

    if (!last.rc)
        error_set(err, SIGNET_E_SYNTAX, "the answer has no \"off\"");
    else
        smp_answer_error(up->smp, err);
    if (plain && last.rc == RC_UNKNOWN)
        return THERE;
    if ((plain && (last.rc == RC_INVALID || last.rc == RC_NO_ENTRY)) ||
        (fs && (last.rc == FS_NOT_FOUND || last.rc == FS_OFFSET)))
        return NO_UPLOAD;
    if (plain && last.rc == RC_BUSY)
        return smp_pause(up->smp, BUSY_MS, err) ? FAILED : LOST;
    return FAILED;
}

/* What the answer to the chunk from off to end says. */
static enum outcome judge_answer(struct upload *up, size_t off, size_t end,
                                 struct signet_error *err)
{
    const struct smp_item *now = offset_told(up->smp);

    if (!now)
        return judge_code(up, err);
    if (now->value <= end && (now->value > off || end == off)) {
        up->off = (size_t)now->value;
        return STORED;
    }
    up->at = now->value < SIZE_MAX ? (size_t)now->value : SIZE_MAX;
    if (!up->smp->last.rc)
        error_set(err, SIGNET_E_BOARD,
                  "the board is at offset %llu after the bytes from %zu to %zu",
                  (unsigned long long)now->value, off, end);
    else
        smp_answer_error(up->smp, err);
    return ELSEWHERE;
}

enum outcome try_chunk(struct upload *up, size_t off, size_t n, bool again,
                       struct signet_error *err)
{
    int rc = send_chunk(up, off, n, again, err);

    if (smp_lost(rc)) {
        smp_report_retry(up->smp, "upload", err);
        return LOST;
    }
    return rc ? FAILED : judge_answer(up, off, off + n, err);
}
