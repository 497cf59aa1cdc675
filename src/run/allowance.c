/* SPDX-License-Identifier: Apache-2.0 */
/* How many devices of a signed order this station may make with this ledger: a file beside the key
 * has, for each ledger that the order was begun with, how many units it may have used. With a TPM
 * that counts, it has what the station knows of each order's ledger. */
#include "authority/authority.h"
#include "run/private.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signet/signed_order.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <unistd.h>

enum { ALLOWANCES_MAX = 16 << 20, TAG = 16, COUNT_SECONDS = 600 };

enum settling { LOOKS, BEGINS, GOES_ON, ENDS, ACCEPTS };

struct allowances {
    char *path;
    int lock;
    struct buf text; /* lines: TAG of the order, ledger, units, seq, hash ("-": of none), station */
};

static int open_allowances(struct allowances *a, const struct signet_run *r,
                           struct signet_error *err)
{
    char *lock = NULL;

    *a = (struct allowances){.lock = -1};
    int rc = text_format(&a->path, err, "%s.orders", r->order->key_file);
    if (rc == SIGNET_OK)
        rc = text_format(&lock, err, "%s.lock", a->path);
    if (rc != SIGNET_OK)
        return rc;
    a->lock = open(lock, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (a->lock < 0 || flock(a->lock, LOCK_EX) != 0)
        rc = error_sys(err, SIGNET_E_IO, errno, "cannot lock '%s'", lock);
    free(lock);
    if (rc != SIGNET_OK)
        return rc;
    return access(a->path, F_OK) == 0 ? file_read(a->path, ALLOWANCES_MAX, &a->text, err)
                                      : SIGNET_OK;
}

static void close_allowances(struct allowances *a)
{
    if (a->lock >= 0)
        close(a->lock);
    buf_free(&a->text);
    free(a->path);
}

/* How many units of an order, and the last event of a station then. */
struct known {
    char tag[TAG + 1];
    int64_t units;
    struct signet_ledger_head head;
};

static bool allowance_parse(const char *line, struct known *out)
{
    struct signet_ledger_head *h = &out->head;

    *out = (struct known){0};
    /* NOLINTNEXTLINE(cert-err34-c): we wrote it */
    return sscanf(line, "%16s %64s %" SCNd64 " %" SCNd64 " %64s %120[^\n]", out->tag, h->ledger,
                  &out->units, &h->seq, h->hash, h->station) == 6;
}

static void put_known(struct buf *text, const struct known *k)
{
    const struct signet_ledger_head *h = &k->head;

    buf_printf(text, "%s %s %" PRId64 " %" PRId64 " %s %s\n", k->tag, h->ledger, k->units, h->seq,
               h->hash[0] ? h->hash : "-", h->station);
}

/* The ledger against what is known of it. What the work folder knows is better. */
static int check_known(struct signet_run *r, const struct signet_ledger_head *known,
                       struct signet_error *err)
{
    static const char what[] = "an older copy of a ledger";
    enum signet_ledger_age age = SIGNET_LEDGER_SAME;
    int rc = signet_ledger_compare(r->job.ledger, known, &age, err);

    if (rc != SIGNET_OK || age == SIGNET_LEDGER_SAME ||
        (r->options.recover && r->age != SIGNET_LEDGER_SAME))
        return rc;
    if (r->options.recover && r->options.reason)
        return run_accept(r, what, err);
    return error_set_hint(err, SIGNET_E_QUOTA,
                          "put the newest ledger back; if it is lost, that can be accepted with a "
                          "reason",
                          "this is %s in which devices of %sorder %s were made", what,
                          r->is_signed ? "the signed " : "", r->order->name);
}

/* Takes this ledger's line of the order out; *others: units of the other ones. An older copy of
 * this ledger knows less than was made with it. When all of the station was put back, what it knows
 * of other orders is accepted with each. */
static int allowance_take(struct allowances *a, struct signet_run *r, const struct known *own,
                          bool put_back, int64_t *others, struct signet_error *err)
{
    struct buf kept = {0};
    int rc = SIGNET_OK;

    *others = 0;
    for (char *rest = (char *)a->text.data, *line;
         rc == SIGNET_OK && rest && (line = strsep(&rest, "\n"));) {
        struct known k;
        bool parsed = allowance_parse(line, &k), ours = parsed && strcmp(k.tag, own->tag) == 0;
        bool here = ours && strcmp(k.head.ledger, own->head.ledger) == 0;

        if (here)
            rc = check_known(r, &k.head, err);
        if (ours && !here)
            *others += k.units;
        if (put_back)
            k.head.seq = INT64_MAX;
        if (parsed && !here)
            put_known(&kept, &k);
        else if (*line && !here)
            buf_printf(&kept, "%s\n", line);
    }
    buf_free(&a->text);
    a->text = kept;
    return rc;
}

static int used_up(const struct signet_run *r, int64_t others, struct signet_error *err)
{
    return error_set_hint(err, SIGNET_E_QUOTA,
                          "go on with the ledger that the order was begun with; if the station was "
                          "put back, the owner has to sign it for more units",
                          "the units of the signed order %s are used up: %" PRId64 " of %" PRId64
                          " in other ledgers",
                          r->order->name, others, r->order->quota);
}

/* From BEGINS to ENDS all that the other ledgers leave is this one's, whatever happens. */
static int64_t allowed_units(const struct signet_run *r, enum settling how, int64_t issued,
                             int64_t others)
{
    int64_t left = r->order->quota - others;

    return r->is_signed && how != ENDS && left > issued ? left : issued;
}

static int write_allowances(const struct allowances *a, const struct signet_run *r,
                            const struct run_count *count, struct signet_error *err)
{
    int rc = buf_check(&a->text, err);

    if (rc == SIGNET_OK)
        rc = file_write(a->path, a->text.data, a->text.len, 0600, err);
    failpoint("before-count");
    if (rc == SIGNET_OK && r->counts)
        rc = tpm_count_add(&count->of, err);
    failpoint("after-count");
    return rc;
}

/* After a station was put back nobody knows how many units were made meanwhile: none is left of an
 * owner's order, until the owner signs it with more. */
static void put_unknown(struct buf *text, const struct signet_run *r, const struct known *own,
                        int64_t others)
{
    struct known k = *own;

    k.units = r->order->quota - own->head.issued - others;
    k.head.seq = 0;
    snprintf(k.head.ledger, sizeof(k.head.ledger), "put-back");
    if (k.units > 0)
        put_known(text, &k);
}

struct settling_of {
    struct signet_run *run;
    enum settling how;
};

static int allowance_settle(void *ctx, struct signet_error *err)
{
    const struct settling_of *s = ctx;
    struct signet_run *r = s->run;
    struct run_count count = {.of = r->count};
    struct known own = {0};
    struct allowances a;
    int64_t others = 0;
    int rc = open_allowances(&a, r, err);

    snprintf(own.tag, sizeof(own.tag), "%s", vault_tag(r->vault)); /* of the order's name */
    if (rc == SIGNET_OK)
        rc = run_count_check(r, &count, s->how != LOOKS, &a.text, err);
    if (rc == SIGNET_OK)
        rc = signet_ledger_head(r->job.ledger, r->job.order, &own.head, err);
    if (rc == SIGNET_OK)
        rc = allowance_take(&a, r, &own, count.accepted, &others, err);
    if (rc == SIGNET_OK && s->how != LOOKS) {
        own.units = allowed_units(r, s->how, own.head.issued, others);
        put_known(&a.text, &own);
        if (r->accepted && r->is_signed)
            put_unknown(&a.text, r, &own, others);
        run_count_put(r, &count, &a.text);
        r->count_value = count.value;
        rc = write_allowances(&a, r, &count, err);
        if (s->how == BEGINS && r->is_signed)
            signet_ledger_limit(r->job.ledger, r->job.order, own.units);
        if (rc == SIGNET_OK && s->how == BEGINS && r->is_signed && others > 0 &&
            own.units <= own.head.issued && own.head.issued < r->order->quota)
            rc = used_up(r, others, err);
    }
    close_allowances(&a);
    r->counted = clock_boot();
    return rc;
}

static int settle_allowance(struct signet_run *r, enum settling how, struct signet_error *err)
{
    struct settling_of s = {r, how};

    return authority_without_tpm(r->authority, allowance_settle, &s, err);
}

/* An image of a station that works for weeks is not newer than its last ten minutes. */
static int count_again(void *ctx, struct signet_error *err)
{
    struct signet_run *r = ctx;

    return clock_boot() - r->counted < COUNT_SECONDS ? SIGNET_OK
                                                     : settle_allowance(r, GOES_ON, err);
}

static enum settling way_of(const struct signet_run *r)
{
    const struct signet_run_options *o = &r->options;

    if (o->dry_run || (o->deliver_only && !o->recover))
        return LOOKS;
    if (!o->recover)
        return BEGINS;
    return r->is_signed && !o->reason ? LOOKS : ACCEPTS;
}

int run_begin_allowance(struct signet_run *r, struct signet_error *err)
{
    int rc = run_check_key(r, err);

    if (rc != SIGNET_OK || (!r->is_signed && !r->counts))
        return rc;
    rc = settle_allowance(r, way_of(r), err);
    if (r->counts && way_of(r) == BEGINS) {
        r->job.remembered = count_again;
        r->job.remembered_ctx = r;
    }
    return rc;
}

int run_end_allowance(struct signet_run *r, struct signet_error *err)
{
    return r->is_signed || r->counts ? settle_allowance(r, ENDS, err) : SIGNET_OK;
}
