/* SPDX-License-Identifier: Apache-2.0 */

/* Which devices a person decides about: one by name, or all that fit, page by page. */

#include "ledger/mend.h"

#include <stdlib.h>

enum { PAGE = 256 };

struct decide {
    const struct signet_ledger_selection *selection;
    const struct signet_ledger_decision *how;
    int64_t error;       /* number of the code; -1: any */
    int64_t after, seen; /* the device before this page, and its last one */
    int64_t end;         /* the newest when it began: editions made on the way come behind it */
    size_t first_name, names; /* of this page */
    struct mend *page;
    size_t count;
};

/* 1 how many, 2 after, 3 order, 4 station, 5 slot, 6 state, 7 since, 8 until, 9 error, 10 name or
 * end */
#define SELECTED                                                                                   \
    "SELECT d.id FROM devices d JOIN orders o ON o.id = d.order_id WHERE d.id > $2"                \
    " AND d.freed = 0 AND ($3 = '' OR o.name = $3) AND ($4 = '' OR " STATION_OF_D " = $4)"         \
    " AND ($5 = '' OR d.slot = $5) AND ($6 < 0 OR d.state = $6) AND ($7 = 0 OR d.changed >= $7)"   \
    " AND ($8 = 0 OR d.changed < $8) AND ($9 < 0 OR (d.error_code = $9 AND d.error IS NOT NULL))"
static const char of_all[] = SELECTED " AND d.id <= $10 ORDER BY d.id LIMIT $1";
static const char of_name[] = SELECTED " AND d.endpoint = $10 ORDER BY d.id LIMIT $1";

static const char *given(const char *text)
{
    return text ? text : "";
}

static int select_devices(struct signet_ledger *l, struct decide *d, int64_t max, int64_t after,
                          const char *name, struct db_rows *row, struct signet_error *err)
{
    const struct signet_ledger_selection *s = d->selection;

    if (name)
        return db_query(l->db, row, err, of_name, "iisssiiiis", max, after, given(s->order),
                        given(s->station), given(s->slot), (int64_t)s->state, s->since, s->until,
                        d->error, name);
    return db_query(l->db, row, err, of_all, "iisssiiiii", max, after, given(s->order),
                    given(s->station), given(s->slot), (int64_t)s->state, s->since, s->until,
                    d->error, d->end);
}

static void begin_page(struct decide *d)
{
    memset(d->page, 0, PAGE * sizeof(*d->page));
    d->count = 0;
}

static struct mend *next_place(struct decide *d)
{
    struct mend *m = &d->page[d->count++];

    m->how = d->how;
    return m;
}

static int find_names(struct signet_ledger *l, struct decide *d, struct signet_error *err)
{
    const struct signet_ledger_selection *s = d->selection;
    int rc = SIGNET_OK;

    for (size_t i = 0; rc == SIGNET_OK && i < d->names; i++) {
        const char *name = s->names[d->first_name + i];
        struct mend *m = next_place(d);
        struct db_rows row;
        rc = select_devices(l, d, 1, 0, name, &row, err);
        if (rc == SIGNET_OK && (rc = db_step(&row, err)) == SIGNET_OK)
            m->device = db_int(&row, 0);
        db_end(&row);
        if (rc != SIGNET_E_NOT_FOUND)
            continue;
        rc = SIGNET_OK;
        memcpy(m->endpoint, name, strnlen(name, sizeof(m->endpoint) - 1));
        error_set(&m->why, SIGNET_E_NOT_FOUND, "the ledger has no device %s", m->endpoint);
        error_hint(&m->why, "the list of the ledger's devices has their names");
    }
    return rc;
}

static int find_fitting(struct signet_ledger *l, struct decide *d, struct signet_error *err)
{
    struct db_rows row = {0};
    int rc = d->after
                 ? SIGNET_OK
                 : db_get(l->db, err, "SELECT COALESCE(max(id), 0) FROM devices", ":i", &d->end);

    if (rc == SIGNET_OK)
        rc = select_devices(l, d, PAGE, d->after, NULL, &row, err);
    d->seen = d->after;
    while (rc == SIGNET_OK && (rc = db_step(&row, err)) == SIGNET_OK)
        d->seen = next_place(d)->device = db_int(&row, 0);
    return db_done(&row, rc);
}

static int decide_page(struct signet_ledger *l, void *arg, struct signet_error *err)
{
    struct decide *d = arg;

    begin_page(d);
    int rc = d->selection->names ? find_names(l, d, err) : find_fitting(l, d, err);
    for (size_t i = 0; rc == SIGNET_OK && i < d->count; i++)
        if (d->page[i].device)
            rc = mend_device(l, &d->page[i], err);
    return rc;
}

static int give_page(const struct decide *d, signet_ledger_decided_each *row, void *ctx,
                     struct signet_error *err)
{
    int rc = SIGNET_OK;

    for (size_t i = 0; row && rc == SIGNET_OK && i < d->count; i++) {
        const struct mend *m = &d->page[i];
        bool renewed = m->renews && m->why.code == SIGNET_OK;
        const struct signet_ledger_decided decided = {.order = m->order_name,
                                                      .endpoint = m->endpoint,
                                                      .state = m->state,
                                                      .edition = m->edition + renewed,
                                                      .new_edition = renewed,
                                                      .servers = m->servers,
                                                      .error = &m->why};
        rc = row(ctx, &decided, err);
    }
    return rc;
}

/* No device in it: that was all. */
static int next_page(struct signet_ledger *l, struct decide *d, struct signet_error *err)
{
    size_t left = d->selection->name_count - d->first_name;

    d->names = left < PAGE ? left : PAGE;
    return d->how->preview ? store_read(l, decide_page, d, err)
                           : store_change(l, decide_page, d, err);
}

static int check_texts(const struct signet_ledger_selection *s,
                       const struct signet_ledger_decision *how, struct signet_error *err)
{
    const char *const texts[][2] = {{"the reason", how->reason},
                                    {"the board", how->board},
                                    {"the order", s->order},
                                    {"the station", s->station},
                                    {"the slot", s->slot}};
    int rc = SIGNET_OK;

    for (size_t i = 0; rc == SIGNET_OK && i < COUNT_OF(texts); i++)
        if (!text_is_clean(texts[i][1]))
            rc = error_set(err, SIGNET_E_USAGE, "%s is not UTF-8", texts[i][0]);
    for (size_t i = 0; rc == SIGNET_OK && s->names && i < s->name_count; i++)
        if (!text_is_clean(s->names[i]))
            rc = error_set(err, SIGNET_E_USAGE, "name %zu is not UTF-8", i + 1);
    return rc;
}

static int check_decision(const struct signet_ledger_selection *s,
                          const struct signet_ledger_decision *how, struct signet_error *err)
{
    bool voids = how->what == SIGNET_LEDGER_VOID;

    if (voids && (!how->reason || !*how->reason))
        return error_set(err, SIGNET_E_USAGE, "to void a device needs a reason");
    if (voids ? how->new_edition || how->board : how->remove)
        return error_set(err, SIGNET_E_USAGE,
                         "a new edition is for a rework, a removal at servers for a void device");
    if (how->board && (!s->names || s->name_count != 1))
        return error_set(err, SIGNET_E_USAGE, "a board is chosen for one device, by its name");
    if (how->board && strlen(how->board) >= SIGNET_ENDPOINT_SIZE)
        return error_set(err, SIGNET_E_USAGE, "the board's hardware id is too long");
    return check_texts(s, how, err);
}

static int number_of_error(const char *word, int64_t *number, struct signet_error *err)
{
    *number = -1;
    if (!word)
        return SIGNET_OK;
    for (int i = 1; strcmp(signet_code_name((enum signet_code)i), "unknown") != 0; i++)
        if (strcmp(signet_code_name((enum signet_code)i), word) == 0)
            *number = i;
    return *number > 0 ? SIGNET_OK : error_set(err, SIGNET_E_USAGE, "there is no error '%s'", word);
}

int signet_ledger_decide(struct signet_ledger *ledger,
                         const struct signet_ledger_selection *selection,
                         const struct signet_ledger_decision *decision,
                         signet_ledger_decided_each *row, void *ctx, struct signet_error *err)
{
    struct signet_ledger_decision how;

    options_take(&how, decision);
    struct decide d = {.selection = selection, .how = &how};
    int rc = check_decision(selection, &how, err);
    if (rc == SIGNET_OK)
        rc = number_of_error(selection->error, &d.error, err);
    if (rc == SIGNET_OK && !(d.page = calloc(PAGE, sizeof(*d.page))))
        rc = error_nomem(err);
    do {
        d.after = d.seen;
        d.first_name += d.names;
        if (rc == SIGNET_OK)
            rc = next_page(ledger, &d, err);
        if (rc == SIGNET_OK)
            rc = give_page(&d, row, ctx, err);
    } while (rc == SIGNET_OK && d.count);
    free(d.page);
    return rc;
}

/* of one device */

static int keep_error(void *ctx, const struct signet_ledger_decided *decided,
                      struct signet_error *err)
{
    (void)ctx;
    return decided->error->code == SIGNET_OK ? SIGNET_OK : error_copy(err, decided->error);
}

static int decide_one(struct signet_ledger *ledger, const char *endpoint,
                      const struct signet_ledger_decision *how, struct signet_error *err)
{
    const struct signet_ledger_selection one = {.names = &endpoint, .name_count = 1, .state = -1};
    struct signet_error why = {0};

    if (!endpoint)
        return error_set(err, SIGNET_E_USAGE, "no device is named");
    int rc = signet_ledger_decide(ledger, &one, how, keep_error, NULL, &why);
    return rc == SIGNET_OK ? rc : error_copy(err, &why);
}

int signet_ledger_void(struct signet_ledger *ledger, const char *endpoint, const char *reason,
                       struct signet_error *err)
{
    const struct signet_ledger_decision how = {.what = SIGNET_LEDGER_VOID, .reason = reason};

    return decide_one(ledger, endpoint, &how, err);
}

int signet_ledger_rework(struct signet_ledger *ledger, const char *endpoint,
                         struct signet_error *err)
{
    const struct signet_ledger_decision how = {.what = SIGNET_LEDGER_REWORK};

    return decide_one(ledger, endpoint, &how, err);
}
