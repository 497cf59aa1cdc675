/* SPDX-License-Identifier: Apache-2.0 */
/* Writing a file. A lost answer is not a lost request: chunk 0 sent twice kills or spoils a board
 * (Zephyr 3.2 asserts, 3.3 doubles the bytes), and an SMP server answers a later chunk that it has
 * already with a plain {"rc": 1}. docs/SPEC.md, "Lost answers", has the rules that stand here. */
#include "smp/client.h"

#include <string.h>

enum { FILE_DATA = 0 };
enum { RC_UNKNOWN = 1, RC_INVALID = 3, RC_NO_ENTRY = 5, FS_NOT_FOUND = 3, FS_OFFSET = 11 };
#define REWINDS_MAX 3

struct upload {
    struct signet_smp *smp;
    const char *path;
    const uint8_t *data;
    size_t len, off; /* off: what the board is known to have */
    bool doubtful;   /* the last chunk counts as stored, but the board never said so */
    int rewinds;     /* times that the board wanted an earlier chunk */
};

/* What became of a chunk. BEHIND: refused, and the board named an earlier offset, now in up->off.
 */
enum outcome { STORED, LOST, ALREADY_THERE, NO_FIRST_CHUNK, BEHIND, FAILED };

/* Data that fits beside the rest of the packet, at most what is left. */
static size_t chunk_size(const struct upload *up, size_t off)
{
    size_t name = strlen(up->path), left = up->len - off, limit = up->smp->packet_limit;
    size_t rest = SMP_HEADER_SIZE + 1 + 4 + cbor_head_size(off) + 5 + cbor_head_size(name) + name +
                  5 + (off ? 0 : 4 + cbor_head_size(up->len));
    size_t room = limit > rest ? limit - rest : 0;
    size_t n = room > 1 ? room - cbor_head_size(room - 1) : 0;
    size_t most = up->smp->options.chunk_limit;

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

/* What the answer to the chunk from off to end says. */
static enum outcome judge_answer(struct upload *up, size_t off, size_t end,
                                 struct signet_error *err)
{
    const struct smp_answer *answer = &up->smp->answer;
    const struct smp_item *now = smp_answer_want(answer, "off", CBOR_UNSIGNED);
    struct smp_rc last = up->smp->last;
    bool fs = last.group == SMP_GROUP_FS;

    if (last.rc && !now && fs && last.rc == FS_OFFSET)
        now = smp_answer_want(answer, "len", CBOR_UNSIGNED);
    if (now && now->value <= end && (now->value > off || end == off)) {
        up->off = (size_t)now->value;
        up->doubtful = false;
        return STORED;
    }
    if (last.rc && now && now->value && now->value < off) {
        up->off = (size_t)now->value;
        return BEHIND;
    }
    if ((last.group < 0 && (last.rc == RC_INVALID || last.rc == RC_NO_ENTRY)) ||
        (fs && (last.rc == FS_NOT_FOUND || last.rc == FS_OFFSET)))
        return NO_FIRST_CHUNK;
    if (last.group < 0 && last.rc == RC_UNKNOWN && !now)
        return ALREADY_THERE;
    if (last.rc)
        smp_answer_error(up->smp, err);
    else if (!now)
        error_set(err, SIGNET_E_SYNTAX, "the answer has no \"off\"");
    else
        error_set(err, SIGNET_E_BOARD,
                  "the board is at offset %llu after the bytes from %zu to %zu",
                  (unsigned long long)now->value, off, end);
    return FAILED;
}

/* One attempt at one chunk. When the answer is lost, err says why. */
static enum outcome try_chunk(struct upload *up, size_t off, size_t n, bool again,
                              struct signet_error *err)
{
    int rc = send_chunk(up, off, n, again, err);

    if (smp_lost(rc)) {
        smp_report_retry(up->smp, "upload", err);
        return LOST;
    }
    return rc ? FAILED : judge_answer(up, off, off + n, err);
}

/* The end of a chunk that is stored, or that the board refused. */
static int end_chunk(const struct upload *up, enum outcome outcome, struct signet_error *err)
{
    if (outcome == STORED)
        return SIGNET_OK;
    return outcome == FAILED ? (int)err->code : smp_answer_error(up->smp, err);
}

/* Chunk 1 as a probe is never the whole rest: a board that has a complete file forgets about the
 * upload, and answers the last chunk as if there were no chunk 0. */
static size_t probe_size(const struct upload *up, size_t first)
{
    size_t n = chunk_size(up, first), left = up->len - first;

    return n == left && left > 1 ? left / 2 : n;
}

/* The answer to the probe is a plain rc 1. Zephyr 3.2 and 3.3 say so of a chunk that is there
 * already. Later ones, asked in version 1, mean "wrong offset": there may be no chunk 0, or an
 * older file, and its length tells. */
static enum outcome check_length(struct upload *up, size_t end, struct signet_error *err)
{
    uint64_t len = end;
    int rc = signet_smp_status(up->smp, up->path, &len, err);

    if (rc == SIGNET_E_LINK || rc == SIGNET_E_CANCELLED || rc == SIGNET_E_NOMEM)
        return FAILED;
    if (smp_lost(rc))
        up->doubtful = true;
    return len == end ? STORED : NO_FIRST_CHUNK;
}

/* Sends chunk 1, or sends it again. Gives STORED, LOST, NO_FIRST_CHUNK or FAILED. */
static enum outcome probe_chunk(struct upload *up, size_t first, bool again,
                                struct signet_error *err)
{
    size_t n = probe_size(up, first), end = first + n;
    enum outcome outcome = try_chunk(up, first, n, again, err);

    if (outcome == BEHIND || (outcome == STORED && up->smp->last.rc && up->off != end))
        outcome = NO_FIRST_CHUNK; /* the length of an older file */
    if (outcome == NO_FIRST_CHUNK && again && end == up->len) {
        up->doubtful = true; /* complete and forgotten, or the board started again */
        outcome = STORED;
    } else if (outcome == ALREADY_THERE) {
        up->doubtful = !again; /* a doubled line may do that */
        outcome = check_length(up, end, err);
    } else {
        return outcome;
    }
    if (outcome == STORED)
        up->off = end;
    return outcome;
}

/* The answer to chunk 0 (first bytes) is lost. Chunk 1 finds out: the board takes it, or it says
 * that there is no chunk 0, and only then chunk 0 is sent again. */
static int probe_first(struct upload *up, size_t first, struct signet_error *err)
{
    bool again = false;

    for (int left = up->smp->options.retries + 1; left > 0; left--) {
        enum outcome outcome = probe_chunk(up, first, again, err);

        if (outcome == NO_FIRST_CHUNK) {
            first = chunk_size(up, 0);
            outcome = try_chunk(up, 0, first, false, err);
            again = false;
        } else {
            again = outcome == LOST;
        }
        if (outcome != LOST)
            return end_chunk(up, outcome, err);
    }
    return (int)err->code;
}

static int send_first(struct upload *up, struct signet_error *err)
{
    size_t first = chunk_size(up, 0);
    enum outcome outcome = try_chunk(up, 0, first, false, err);

    if (outcome != LOST)
        return end_chunk(up, outcome, err);
    /* Too large a packet gets no answer either: from here on only what each board takes. */
    if (up->smp->packet_limit > CHUNK_LIMIT_DEFAULT && !up->smp->options.packet_limit)
        up->smp->packet_limit = CHUNK_LIMIT_DEFAULT;
    if (first == up->len) {
        up->off = first;
        up->doubtful = true; /* nothing to probe with */
        return SIGNET_OK;
    }
    return probe_first(up, first, err);
}

/* Has the board the chunk, although it refuses it? doubted: the chunk before was not confirmed. */
static bool has_chunk(const struct upload *up, enum outcome outcome, size_t end, bool sent,
                      bool doubted)
{
    /* Never sent and there already: a doubled line may do that once. A board that says it of each
     * chunk has a broken file system, and that is an error. */
    if (outcome == ALREADY_THERE)
        return sent || !doubted;
    /* The file is complete and the upload forgotten, or the board started again. */
    return outcome == NO_FIRST_CHUNK && sent && end == up->len;
}

static int send_next(struct upload *up, struct signet_error *err)
{
    size_t off = up->off, n = chunk_size(up, off);
    bool sent = false, doubted = up->doubtful;

    for (int left = up->smp->options.retries + 1; left > 0; left--) {
        enum outcome outcome = try_chunk(up, off, n, sent, err);

        if (outcome == STORED || outcome == FAILED)
            return end_chunk(up, outcome, err);
        if (has_chunk(up, outcome, off + n, sent, doubted)) {
            up->off = off + n;
            up->doubtful = outcome == NO_FIRST_CHUNK || !sent;
            return SIGNET_OK;
        }
        if (outcome == BEHIND && ++up->rewinds <= REWINDS_MAX) {
            up->doubtful = false; /* it told where it is */
            return SIGNET_OK;
        }
        if (outcome != LOST) {
            smp_answer_error(up->smp, err);
            error_hint(err, "the board refused the file in the middle, or started again");
            return (int)err->code;
        }
        sent = true;
    }
    return (int)err->code;
}

int signet_smp_upload(struct signet_smp *smp, const char *path, const void *data, size_t len,
                      bool *confirmed, struct signet_error *err)
{
    struct upload up = {.smp = smp, .path = path, .data = data, .len = len};
    struct signet_error own = {0};
    int rc;

    if (!err)
        err = &own;
    rc = smp_check_path(path, err);
    if (!rc && len > UINT32_MAX)
        rc = error_set(err, SIGNET_E_LIMIT, "the file is larger than SMP takes");
    if (!rc)
        rc = smp_ask_packet_limit(smp, err);
    if (!rc && chunk_size(&up, 0) == 0 && len) /* the first packet has the most to carry */
        rc = error_set(err, SIGNET_E_LIMIT, "packets of %zu bytes have no room for data",
                       smp->packet_limit);
    if (!rc) {
        smp_report_progress(smp, "upload", 0, len);
        rc = send_first(&up, err);
    }
    while (!rc && up.off < len) {
        smp_report_progress(smp, "upload", up.off, len);
        rc = send_next(&up, err);
    }
    buf_reset(&smp->packet); /* what was sent may be a secret */
    buf_reset(&smp->wire);
    if (!rc && up.doubtful && !confirmed)
        rc = error_set(err, SIGNET_E_TIMEOUT, "the board did not confirm the last bytes");
    if (rc)
        return error_pass(rc, err, "upload to %s", path);
    smp_report_progress(smp, "upload", len, len);
    if (confirmed)
        *confirmed = !up.doubtful;
    return SIGNET_OK;
}
