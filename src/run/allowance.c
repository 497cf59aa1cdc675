/* SPDX-License-Identifier: Apache-2.0 */
/* How many devices of a signed order this station may make with this ledger: a file beside the key
 * has, for each ledger that the order was begun with, how many units it may have used. */
#include "run/private.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signet/signed_order.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <unistd.h>

enum { ALLOWANCES_MAX = 1 << 20, TAG = 16 };

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

/* A line of this order: which ledger, how many units, and the last event of a station then. */
static bool allowance_parse(const char *line, const char *tag, int64_t *units,
                            struct signet_ledger_head *known)
{
    char is[TAG + 1];

    *known = (struct signet_ledger_head){0};
    /* NOLINTNEXTLINE(cert-err34-c): we wrote it */
    return sscanf(line, "%16s %64s %" SCNd64 " %" SCNd64 " %64s %120[^\n]", is, known->ledger,
                  units, &known->seq, known->hash, known->station) == 6 &&
           strcmp(is, tag) == 0;
}

/* Takes this ledger's line out; *others: units of the other ones. An older copy of this ledger
 * knows less than was made with it. */
static int allowance_take(struct allowances *a, struct signet_run *r, const char *tag,
                          const char *ledger, int64_t *others, struct signet_error *err)
{
    struct buf kept = {0};
    int rc = SIGNET_OK;

    *others = 0;
    for (char *rest = (char *)a->text.data, *line;
         rc == SIGNET_OK && rest && (line = strsep(&rest, "\n"));) {
        struct signet_ledger_head known;
        enum signet_ledger_age age = SIGNET_LEDGER_SAME;
        int64_t units = 0;
        bool ours = allowance_parse(line, tag, &units, &known);
        bool here = ours && strcmp(known.ledger, ledger) == 0;

        if (here)
            rc = signet_ledger_compare(r->job.ledger, &known, &age, err);
        if (rc == SIGNET_OK && age != SIGNET_LEDGER_SAME)
            rc = error_set_hint(err, SIGNET_E_QUOTA, "put the newest ledger back",
                                "this is an older copy of a ledger in which devices of the signed "
                                "order %s were made",
                                r->order->name);
        if (ours && !here)
            *others += units;
        if (*line && !here)
            buf_printf(&kept, "%s\n", line);
    }
    buf_free(&a->text);
    a->text = kept;
    return rc;
}

static int allowance_put(struct allowances *a, const char *tag,
                         const struct signet_ledger_head *head, int64_t units,
                         struct signet_error *err)
{
    buf_printf(&a->text, "%s %s %" PRId64 " %" PRId64 " %s %s\n", tag, head->ledger, units,
               head->seq, head->seq ? head->hash : "-", head->station);
    int rc = buf_check(&a->text, err);
    return rc == SIGNET_OK ? file_write(a->path, a->text.data, a->text.len, 0600, err) : rc;
}

static int used_up(const struct signet_run *r, int64_t others, struct signet_error *err)
{
    return error_set_hint(
        err, SIGNET_E_QUOTA, "go on with the ledger that the order was begun with",
        "the units of the signed order %s are used up: %" PRId64 " of %" PRId64 " in other ledgers",
        r->order->name, others, r->order->quota);
}

/* begins: all that the other ledgers leave is this one's until it ends, whatever happens. */
static int allowance_settle(struct signet_run *r, bool begins, struct signet_error *err)
{
    struct allowances a;
    struct signet_ledger_head head;
    const char *tag = vault_tag(r->vault); /* of the order's name */
    int64_t others = 0;
    int rc = open_allowances(&a, r, err);

    if (rc == SIGNET_OK)
        rc = signet_ledger_head(r->job.ledger, r->job.order, &head, err);
    if (rc == SIGNET_OK)
        rc = allowance_take(&a, r, tag, head.ledger, &others, err);
    if (rc == SIGNET_OK) {
        int64_t left = r->order->quota - others;
        int64_t units = begins && left > head.issued ? left : head.issued;

        rc = allowance_put(&a, tag, &head, units, err);
        if (begins)
            signet_ledger_limit(r->job.ledger, r->job.order, units);
        if (rc == SIGNET_OK && begins && others > 0 && units <= head.issued &&
            head.issued < r->order->quota)
            rc = used_up(r, others, err);
    }
    close_allowances(&a);
    return rc;
}

int run_begin_allowance(struct signet_run *r, struct signet_error *err)
{
    return r->is_signed ? allowance_settle(r, true, err) : SIGNET_OK;
}

int run_end_allowance(struct signet_run *r, struct signet_error *err)
{
    return r->is_signed ? allowance_settle(r, false, err) : SIGNET_OK;
}
