/* SPDX-License-Identifier: Apache-2.0 */
/* Writing a file. A lost answer is not a lost request: chunk 0 sent twice kills or spoils a board
 * (Zephyr 3.2 asserts, 3.3 doubles the bytes), and an SMP server answers a later chunk that it has
 * already with a plain {"rc": 1}. docs/SPEC.md, "Lost answers", has the rules that stand here. */
#include "smp/chunk.h"

#define REWINDS_MAX  3
#define RESTARTS_MAX 3

/* The end of a chunk that is stored, or that the board refused. */
static int end_chunk(const struct upload *up, enum outcome outcome, struct signet_error *err)
{
    if (outcome == STORED)
        return SIGNET_OK;
    return outcome == FAILED ? (int)err->code : smp_answer_error(up->smp, err);
}

/* As far as two lines have room for the path and some data: so many Zephyr's UART driver holds as
 * it is built. */
static void shrink_upload(struct upload *up)
{
    size_t two = smp_lines_limit(up->smp, 2);

    smp_shrink(up->smp, chunk_size(up, 0, two) ? two : SIZE_MAX);
}

/* How many bytes the file has on the board. *known: it told. */
static int look_at_length(struct upload *up, uint64_t *len, bool *known, struct signet_error *err)
{
    bool closed;
    int rc = smp_close_open_file(up->smp, &closed, err);

    if (!smp_gone(rc))
        rc = signet_smp_status(up->smp, up->path, len, err);
    *known = rc == SIGNET_OK;
    return smp_gone(rc) ? rc : SIGNET_OK;
}

/* From the beginning again: what the board has is not what it was sent. */
static int start_again(struct upload *up, struct signet_error *err)
{
    struct signet_error why = {0};

    if (up->smp->options.stream || ++up->restarts > RESTARTS_MAX) {
        if (smp_answer_error(up->smp, err) == SIGNET_OK)
            error_set(err, SIGNET_E_BOARD, "the board does not have what it was sent");
        up->restarts++; /* the hint says so */
        return (int)err->code;
    }
    error_set(&why, SIGNET_E_BOARD,
              "the board does not have what it was sent: it started again, or lost it; from the "
              "beginning");
    smp_report_retry(up->smp, "upload", &why);
    up->off = 0;
    up->unsure = false;
    return SIGNET_OK;
}

/* The board never answered that it has what is before up->off. Its length tells, where it says one:
 * else that stays open. */
static int make_sure(struct upload *up, struct signet_error *err)
{
    uint64_t len = 0;
    bool known = false;
    int rc = look_at_length(up, &len, &known, err);

    if (rc || !known)
        return rc;
    if (len != up->off)
        return start_again(up, err);
    up->unsure = false;
    return SIGNET_OK;
}

/* Chunk 0 */

/* Chunk 1 as a probe is never the whole rest: a board that has a complete file forgets about the
 * upload, and answers the last chunk as if there were no chunk 0. And it is small, in case that
 * chunk 0 was too large for the board. */
static size_t probe_size(const struct upload *up, size_t first)
{
    size_t n = chunk_size(up, first, smp_lines_limit(up->smp, 2)), left = up->len - first;

    if (!n)
        n = chunk_size(up, first, SIZE_MAX);
    return n == left && left > 1 ? left / 2 : n;
}

/* The answer to the probe is a plain rc 1. Zephyr 3.2 and 3.3 say so of a chunk that is there
 * already. Later ones, asked in version 1, mean "wrong offset": there may be no chunk 0, or an
 * older file, and its length tells. */
static enum outcome check_length(struct upload *up, size_t end, struct signet_error *err)
{
    uint64_t len = end;
    int rc = signet_smp_status(up->smp, up->path, &len, err);

    if (smp_gone(rc))
        return FAILED;
    if (smp_lost(rc))
        up->unsure = true;
    return len == end ? STORED : NO_UPLOAD;
}

/* Sends chunk 1, or sends it again. Gives STORED, LOST, NO_UPLOAD or FAILED. */
static enum outcome probe_chunk(struct upload *up, size_t first, bool again,
                                struct signet_error *err)
{
    size_t n = probe_size(up, first), end = first + n;
    enum outcome outcome = try_chunk(up, first, n, again, err);

    if (outcome == ELSEWHERE || (outcome == STORED && up->smp->last.rc && up->off != end))
        outcome = NO_UPLOAD; /* the length of an older file */
    if (outcome == NO_UPLOAD && again && end == up->len) {
        up->unsure = true; /* complete and forgotten, or the board started again */
        outcome = STORED;
    } else if (outcome == THERE) {
        up->unsure = !again; /* a doubled line may do that */
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

        if (outcome == NO_UPLOAD) {
            shrink_upload(up);
            first = chunk_size(up, 0, SIZE_MAX);
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

/* A board that closes a file truncates it when chunk 0 comes again. */
static int repeat_first(struct upload *up, struct signet_error *err)
{
    for (int left = up->smp->options.retries; left > 0; left--) {
        bool closed = false;
        int rc = smp_close_open_file(up->smp, &closed, err);

        if (rc)
            return rc;
        shrink_upload(up);
        enum outcome outcome = try_chunk(up, 0, chunk_size(up, 0, SIZE_MAX), false, err);
        if (outcome == ELSEWHERE)
            return start_again(up, err);
        if (outcome != LOST)
            return end_chunk(up, outcome, err);
    }
    return (int)err->code;
}

static int mend_first(struct upload *up, size_t first, struct signet_error *err)
{
    struct signet_error why = *err;
    bool closed = false;
    int rc = smp_close_open_file(up->smp, &closed, err);

    if (rc)
        return rc;
    if (closed)
        return repeat_first(up, err);
    if (first < up->len)
        return probe_first(up, first, err);
    *err = why;
    up->off = first;
    up->unsure = true; /* nothing to probe with */
    return SIGNET_OK;
}

static int send_first(struct upload *up, struct signet_error *err)
{
    size_t first = chunk_size(up, 0, SIZE_MAX);
    bool closed = false;
    /* What an upload that was given up has left open is not to be gone on with. */
    int rc = up->restarts ? smp_close_open_file(up->smp, &closed, err) : SIGNET_OK;
    enum outcome outcome = rc ? FAILED : try_chunk(up, 0, first, false, err);

    if (outcome == ELSEWHERE) /* the line doubled it */
        return start_again(up, err);
    return outcome == LOST ? mend_first(up, first, err) : end_chunk(up, outcome, err);
}

/* The other chunks */

/* It counts as stored, and the answer to the next one has to say so. */
static int take_as_stored(struct upload *up, size_t end)
{
    up->off = end;
    up->unsure = true;
    return SIGNET_OK;
}

/* The board is at another offset. */
static int go_where_it_is(struct upload *up, struct signet_error *err)
{
    bool plain = up->smp->last.group < 0 && up->smp->last.rc;

    if (plain && up->at && up->at < up->off) {
        if (++up->rewinds > REWINDS_MAX)
            return smp_answer_error(up->smp, err);
        up->off = up->at; /* it told where it is */
        up->unsure = false;
        return SIGNET_OK;
    }
    if (up->smp->last.rc && up->at < up->off)
        return start_again(up, err);
    return error_set(err, SIGNET_E_BOARD, "the board is at offset %zu instead of %zu", up->at,
                     up->off);
}

/* A plain rc 1: the board has the chunk already, or it cannot write it. sent: it was sent before.
 * Once the next answer will tell; twice in a row its length has to, where it says one. */
static int judge_refusal(struct upload *up, size_t end, bool sent, struct signet_error *err)
{
    size_t off = up->off;
    int rc;

    if (!up->unsure)
        return take_as_stored(up, end);
    smp_answer_error(up->smp, err);
    up->off = end;
    rc = make_sure(up, err);
    if (rc || !up->unsure)
        return rc;
    up->off = off;
    return sent ? take_as_stored(up, end) : smp_answer_error(up->smp, err);
}

/* There is no upload: the file is complete and the upload forgotten, or the board started again. */
static int judge_end(struct upload *up, size_t end, bool sent, struct signet_error *err)
{
    if (!sent || end != up->len)
        return start_again(up, err);
    take_as_stored(up, end);
    return make_sure(up, err);
}

static int judge_chunk(struct upload *up, enum outcome outcome, size_t end, bool sent,
                       struct signet_error *err)
{
    switch (outcome) {
    case STORED:
        up->unsure = false;
        return SIGNET_OK;
    case THERE:
        return judge_refusal(up, end, sent, err);
    case NO_UPLOAD:
        return judge_end(up, end, sent, err);
    case ELSEWHERE:
        return go_where_it_is(up, err);
    case LOST:
    case FAILED:
        break;
    }
    return (int)err->code;
}

static int send_next(struct upload *up, struct signet_error *err)
{
    size_t off = up->off, n = chunk_size(up, off, SIZE_MAX);
    bool sent = false;

    for (int left = up->smp->options.retries + 1; left > 0; left--) {
        enum outcome outcome = try_chunk(up, off, n, sent, err);

        if (outcome != LOST)
            return judge_chunk(up, outcome, off + n, sent, err);
        if (sent)
            shrink_upload(up); /* the next ones */
        sent = true;
    }
    return (int)err->code;
}

/* Later boards answer that they have nothing of an empty file, and leave one that is there as it
 * was; Zephyr 3.2 makes none. */
static int check_empty(struct upload *up, struct signet_error *err)
{
    uint64_t len = 0;
    bool closed;
    int rc = smp_close_open_file(up->smp, &closed, err);

    if (!rc)
        rc = signet_smp_status(up->smp, up->path, &len, err);
    if (smp_gone(rc) || rc == SIGNET_E_NOT_FOUND)
        return rc;
    up->unsure = rc != SIGNET_OK;
    if (!len)
        return SIGNET_OK;
    return error_set_hint(
        err, SIGNET_E_BOARD,
        "SMP neither empties nor deletes a file: let the firmware do it, or write "
        "at least one byte",
        "the board keeps the %llu bytes that the file had", (unsigned long long)len);
}

/* A board that started again while a stream was written has lost it, whatever it answered since. */
static int check_boots(const struct upload *up, struct signet_error *err)
{
    if (!up->smp->options.stream || up->smp->boots == up->boots)
        return SIGNET_OK;
    return error_set(err, SIGNET_E_BOARD, "the board started again in the middle");
}

static int send_all(struct upload *up, struct signet_error *err)
{
    int rc = SIGNET_OK;

    up->boots = up->smp->boots;
    do {
        smp_report_progress(up->smp, "upload", up->off, up->len);
        rc = up->off ? send_next(up, err) : send_first(up, err);
        if (!rc)
            rc = check_boots(up, err);
        if (!rc && up->off == up->len && up->unsure)
            rc = make_sure(up, err);
    } while (!rc && up->off < up->len);
    if (!rc && !up->len && !up->smp->options.stream)
        rc = check_empty(up, err);
    return rc;
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
    if (!rc && chunk_size(&up, 0, SIZE_MAX) == 0 && len) /* it has the most to carry */
        rc = error_set(err, SIGNET_E_LIMIT, "packets of %zu bytes have no room for data",
                       smp->packet_limit);
    if (!rc)
        rc = send_all(&up, err);
    buf_reset(&smp->packet); /* what was sent may be a secret */
    buf_reset(&smp->wire);
    if (!rc && up.unsure && !confirmed)
        rc = error_set_hint(err, SIGNET_E_TIMEOUT,
                            "look at what the board has, by hash or length, or write it again",
                            "the board did not confirm the last bytes");
    if (rc && up.restarts)
        error_hint(err, "the board refused the file in the middle, or started again");
    if (rc)
        return error_pass(rc, err, "upload to %s", path);
    smp_report_progress(smp, "upload", len, len);
    if (confirmed)
        *confirmed = !up.unsure;
    return SIGNET_OK;
}
