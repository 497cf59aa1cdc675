/* SPDX-License-Identifier: Apache-2.0 */
/* The TPM that opens the station's key counts what is written beside it (STATION_KEY.orders): an
 * image of the station that is put back has an older number. */
#include "run/private.h"

#include <inttypes.h>
#include <stdio.h>

#define COUNT_WORD "count "

/* The line of this count, which is taken out; others stay. */
static int take_count(struct run_count *c, struct buf *lines, struct signet_error *err)
{
    struct buf kept = {0};
    char *rest = (char *)lines->data;

    for (const char *line; rest && (line = strsep(&rest, "\n"));) {
        uint32_t index = 0;
        uint64_t value = 0;

        /* NOLINTNEXTLINE(cert-err34-c): a number that does not fit is not the TPM's */
        if (sscanf(line, COUNT_WORD "0x%8" SCNx32 " %" SCNu64, &index, &value) == 2 &&
            index == c->of.index)
            c->known = value > c->of.first ? value : c->of.first; /* of an index before it? */
        else if (*line)
            buf_printf(&kept, "%s\n", line);
    }
    buf_free(lines);
    *lines = kept;
    return buf_check(lines, err);
}

static int put_back(const struct signet_run *r, const struct run_count *c, struct signet_error *err)
{
    error_set(err, SIGNET_E_CONFLICT,
              "the station was put back: '%s.orders' is of count %" PRIu64
              ", and the TPM has counted %" PRIu64,
              r->order->key_file, c->known, c->value);
    error_hint(err, "put its newest state back; if that is lost, it can be accepted with a reason: "
                    "names that were given out since may be given again");
    return SIGNET_E_CONFLICT;
}

int run_accept(struct signet_run *r, const char *what, struct signet_error *err)
{
    struct buf text = {0};

    buf_printf(&text, "%s: %s", what, r->options.reason);
    int rc = buf_check(&text, err);
    if (rc == SIGNET_OK && !r->options.dry_run)
        rc = signet_ledger_order_note(r->job.ledger, r->job.order, "recovered",
                                      (const char *)text.data, err);
    buf_free(&text);
    r->accepted = rc == SIGNET_OK;
    return rc;
}

static int accept_count(struct signet_run *r, struct run_count *c, struct signet_error *err)
{
    char what[80];

    snprintf(what, sizeof(what), "count %" PRIu64 " of the TPM, %" PRIu64 " of the station",
             c->value, c->known);
    c->accepted = true;
    return run_accept(r, what, err);
}

/* The line is written before the TPM counts: it may be one ahead. Then the TPM counts, and once
 * more for this run: who copied the line in between has an older number, too. */
static int settle_count(struct run_count *c, struct signet_error *err)
{
    int rc = c->value + 1 == c->known ? tpm_count_add(&c->of, err) : SIGNET_OK;

    return rc == SIGNET_OK ? tpm_count_read(&c->of, &c->value, err) : rc;
}

int run_count_check(struct signet_run *r, struct run_count *c, bool writes, struct buf *lines,
                    struct signet_error *err)
{
    if (!r->counts)
        return SIGNET_OK;
    c->known = c->of.first;
    int rc = take_count(c, lines, err);
    if (rc == SIGNET_OK)
        rc = tpm_count_read(&c->of, &c->value, err);
    if (rc == SIGNET_OK && writes)
        rc = settle_count(c, err);
    if (rc != SIGNET_OK || c->value == c->known || (!writes && c->value + 1 == c->known))
        return rc;
    return r->options.recover && r->options.reason ? accept_count(r, c, err) : put_back(r, c, err);
}

void run_count_put(const struct signet_run *r, struct run_count *c, struct buf *lines)
{
    if (r->counts)
        buf_printf(lines, COUNT_WORD "0x%08" PRIx32 " %" PRIu64 "\n", c->of.index, ++c->value);
}
