/* SPDX-License-Identifier: Apache-2.0 */
/* What a scanner read: whose code it is, and for which slot. All codes come through here. */
#include "run/private.h"
#include "run/read_back.h"
#include "scan/scan.h"

#include <stdio.h>
#include <stdlib.h>

/* So long a scanned slot is meant by the code that the same scanner reads next. */
enum { SLOT_MS = 20000 };

/* Refused codes that are told at once, and how often one is told after that. */
enum { TOLD_AT_ONCE = 20, TOLD_MS = 500 };

static const size_t no_slot = SIGNET_ORDER_SLOTS;

/* What reads codes: a scanner on a port, or all that has no port. */
struct code_source {
    size_t slot;     /* that it scanned last */
    int64_t until;   /* 0: none */
    bool tells;      /* the code that it read is told when it is refused */
    int64_t told;    /* clock_ms(): what was told is paid for by then */
    uint64_t untold; /* refused codes since one was told */
};

struct run_scan {
    struct line_scans scans;
    struct code_source typed; /* by what has no port: panel, page, `signet line scan` */
    uint64_t refused;
    struct scanner_thread {
        struct signet_run *run;
        const struct signet_scanner *scanner;
        struct code_source source;
        pthread_t thread;
    } threads[SIGNET_ORDER_SCANNERS];
    size_t started;
    struct signet_cancel *end; /* of the threads */
};

int run_open_scan(struct signet_run *r, struct signet_error *err)
{
    if (!signet_run_has_scan(r))
        return SIGNET_OK;
    r->scan = calloc(1, sizeof(*r->scan));
    if (!r->scan)
        return error_nomem(err);
    r->scans = &r->scan->scans;
    return signet_cancel_new(&r->scan->end, err);
}

void run_close_scan(struct signet_run *r)
{
    if (r->scan)
        signet_cancel_free(&r->scan->end);
    free(r->scan);
    r->scan = NULL;
    r->scans = NULL;
}

uint64_t run_refused_scans(struct signet_run *r)
{
    if (!r->scan)
        return 0;
    pthread_mutex_lock(&r->job.lock);
    uint64_t refused = r->scan->refused;
    pthread_mutex_unlock(&r->job.lock);
    return refused;
}

static void tell_scan(struct signet_run *r, const char *stage, size_t slot, const char *name)
{
    const struct signet_event event = {.kind = SIGNET_EVENT_LINE,
                                       .stage = stage,
                                       .board = slot == no_slot ? NULL : r->order->slots[slot].name,
                                       .name = name};

    job_report(&r->job, &event);
}

/* Nobody scans so fast: a scanner that does not stop fills no log and no ledger, runs no hook for
 * each code, and hides nothing that another one reads. */
static void look_whether_told(struct signet_run *r, struct code_source *from)
{
    int64_t now = clock_ms();

    pthread_mutex_lock(&r->job.lock);
    from->told = from->told < now ? now : from->told;
    from->tells = from->told - now <= (TOLD_AT_ONCE - 1) * TOLD_MS;
    pthread_mutex_unlock(&r->job.lock);
}

/* Counts it. *untold: those before it that were not told. */
static bool is_told(struct signet_run *r, struct code_source *from, uint64_t *untold)
{
    pthread_mutex_lock(&r->job.lock);
    bool told = from->tells;
    r->scan->refused++;
    *untold = from->untold;
    from->untold = told ? 0 : from->untold + 1;
    from->told += told ? TOLD_MS : 0;
    pthread_mutex_unlock(&r->job.lock);
    return told;
}

/* Panel, page, hook and report say it. */
static void refuse_code(struct signet_run *r, struct code_source *from, size_t slot,
                        const struct signet_error *why)
{
    static const struct signet_slot nowhere = {.name = ""};
    const struct signet_slot *where = slot == no_slot ? &nowhere : &r->order->slots[slot];
    const struct line_setup setup = {.job = &r->job, .order = r->order};
    struct signet_error shown = *why;
    const struct signet_event event = {.kind = SIGNET_EVENT_WARNING,
                                       .stage = "scan",
                                       .board = slot == no_slot ? NULL : where->name,
                                       .error = &shown};
    char before[48] = "";
    uint64_t untold = 0;

    if (!is_told(r, from, &untold))
        return;
    if (untold)
        snprintf(before, sizeof(before), " (%llu more before it)", (unsigned long long)untold);
    if (slot == no_slot)
        error_prefix(&shown, "refused scan%s", before);
    else
        error_prefix(&shown, "refused scan, slot %s%s", where->name, before);
    job_report(&r->job, &event);
    if (r->order->on_refused_scan)
        line_scan_refused(&setup, where, why);
}

/* The slot that was scanned before; else the only one that it can be. */
static int choose_slot(struct signet_run *r, struct code_source *from, size_t *slot,
                       struct signet_error *err)
{
    size_t waiting = 0, last = no_slot;

    pthread_mutex_lock(&r->job.lock);
    for (size_t i = 0; i < r->order->slot_count; i++)
        if (r->scans->slots[i].waits || r->scans->slots[i].label[0]) {
            waiting++;
            last = i;
        }
    *slot = clock_ms() < from->until    ? from->slot
            : waiting == 1              ? last
            : r->order->slot_count == 1 ? 0
                                        : no_slot;
    from->until = 0;
    pthread_mutex_unlock(&r->job.lock);
    return *slot != no_slot
               ? SIGNET_OK
               : error_set_hint(err, SIGNET_E_CONFLICT, "scan the code of the slot first",
                                waiting ? "%zu slots wait for a code"
                                        : "for which slot is it? None waits for a code",
                                waiting);
}

/* Which device is it? Without a manifest the code makes the name. */
static int name_device(struct signet_run *r, const char *code, char endpoint[SIGNET_ENDPOINT_SIZE],
                       struct signet_error *err)
{
    const char *const values[][2] = {{"{scan}", code}, {NULL, NULL}};
    const char *pattern = r->order->scan.endpoint;
    struct buf name = {0};

    if (!pattern)
        return source_of_code(r->source, code, endpoint, err);
    text_expand(&name, pattern, strlen(pattern), values);
    buf_byte(&name, '\0');
    int rc = buf_check(&name, err);
    if (rc == SIGNET_OK && name.len > SIGNET_ENDPOINT_SIZE)
        rc = error_set(err, SIGNET_E_SYNTAX, "the name of the device would be too long");
    if (rc == SIGNET_OK)
        memcpy(endpoint, name.data, name.len);
    buf_free(&name);
    if (rc == SIGNET_OK)
        rc = signet_endpoint_check(endpoint, NULL, err);
    return rc == SIGNET_OK ? source_try(r->source, endpoint, err) : rc;
}

static int refuse_state(void *ctx, const struct signet_ledger_device *d, struct signet_error *err)
{
    char when[24];

    (void)ctx;
    clock_format(d->changed, when);
    switch (d->state) {
    case SIGNET_DEVICE_RESERVED:
    case SIGNET_DEVICE_KEYED:
    case SIGNET_DEVICE_WRITING:
    case SIGNET_DEVICE_WRITTEN:
    case SIGNET_DEVICE_RETIRED:
        return SIGNET_OK;
    case SIGNET_DEVICE_VOID:
        return error_set(err, SIGNET_E_CONFLICT, "%.100s is void", d->endpoint);
    case SIGNET_DEVICE_FAILED:
        return error_set_hint(err, SIGNET_E_CONFLICT, "a rework lets it be tried again",
                              "%.100s was set aside: order %.60s, %s", d->endpoint, d->order, when);
    case SIGNET_DEVICE_VERIFIED:
    case SIGNET_DEVICE_REGISTERED:
    case SIGNET_DEVICE_DONE:
        break;
    }
    return error_set_hint(err, SIGNET_E_EXISTS,
                          "a code is for one board; a rework gives that one another edition",
                          "%.100s was made before: order %.60s, slot %.40s of station %.40s, %s",
                          d->endpoint, d->order, d->slot, d->station, when);
}

/* A code that was used is refused before a board is touched. */
static int check_repeat(struct signet_run *r, const char *endpoint, struct signet_error *err)
{
    const struct signet_ledger_filter filter = {.endpoint = endpoint, .state = -1};

    return signet_ledger_devices(r->job.ledger, &filter, refuse_state, NULL, err);
}

/* Labels that show secrets are read here by mistake, too: what is no code of a board is not told.
 */
static int hide_code(const struct signet_run *r, int rc, struct signet_error *err)
{
    bool shown = rc == SIGNET_E_SYNTAX || rc == SIGNET_E_MEANING || rc == SIGNET_E_NOT_FOUND;

    if (!shown || !r->order->label.print_secrets)
        return rc;
    return error_set_hint(err, (enum signet_code)rc, "scan the code of the board",
                          "what was read is the code of no board of the order; it is not shown, "
                          "since labels of the order have secrets");
}

static int scan_device(struct signet_run *r, size_t slot, struct scan_code *code,
                       struct signet_error *err)
{
    char endpoint[SIGNET_ENDPOINT_SIZE];
    int rc = scan_check_device(&r->order->scan, code, err);

    if (rc == SIGNET_OK)
        rc = name_device(r, code->text, endpoint, err);
    rc = hide_code(r, rc, err);
    if (rc == SIGNET_OK)
        rc = check_repeat(r, endpoint, err);
    if (rc == SIGNET_OK)
        rc = line_scan(&r->job, r->scans, r->order, slot, endpoint, code->text, err);
    if (rc == SIGNET_OK)
        tell_scan(r, "scanned", slot, endpoint);
    return rc;
}

static int scan_label(struct signet_run *r, struct label_read *read, size_t slot,
                      struct signet_error *err)
{
    char detail[128] = "";

    if (read->slot)
        snprintf(detail, sizeof(detail), "slot %.100s", read->slot);
    read->detail = detail;
    int rc = run_read_label(read, err);
    if (rc != SIGNET_OK)
        return rc;
    tell_scan(r, "label-read", slot, read->endpoint);
    pthread_mutex_lock(&r->job.lock);
    if (slot != no_slot && strcmp(r->scans->slots[slot].label, read->endpoint) == 0)
        r->scans->slots[slot].label_read = true;
    pthread_cond_broadcast(&r->job.changed);
    pthread_mutex_unlock(&r->job.lock);
    return SIGNET_OK;
}

/* A device's code, or a label's: a slot whose board waits for its label takes nothing else. */
static int scan_board(struct signet_run *r, struct code_source *from, size_t *slot,
                      struct scan_code *code, struct signet_error *err)
{
    char expected[SIGNET_ENDPOINT_SIZE] = "";
    struct label_read read = {
        .ledger = r->job.ledger, .order = r->order, .label = r->label, .code = code->text};
    bool is_label = r->order->label.scan_back;
    int rc =
        *slot == no_slot && r->order->slot_count > 0 ? choose_slot(r, from, slot, err) : SIGNET_OK;

    if (rc != SIGNET_OK || !is_label)
        return rc == SIGNET_OK ? scan_device(r, *slot, code, err) : rc;
    if (*slot != no_slot) {
        pthread_mutex_lock(&r->job.lock);
        memcpy(expected, r->scans->slots[*slot].label, sizeof(expected));
        read.unrecorded = !from->tells;
        pthread_mutex_unlock(&r->job.lock);
        read.slot = r->order->slots[*slot].name;
        read.expected = expected[0] ? expected : NULL;
    }
    if (r->order->scan.used && !read.expected)
        rc = run_find_label(&read, &is_label, err);
    if (rc == SIGNET_OK)
        rc = is_label ? scan_label(r, &read, *slot, err) : scan_device(r, *slot, code, err);
    return rc;
}

static int scan_slot(struct signet_run *r, struct code_source *from, const char *name,
                     struct signet_error *err)
{
    size_t slot;
    int rc = run_find_slot(r, name, &slot, err);

    if (rc != SIGNET_OK)
        return rc;
    pthread_mutex_lock(&r->job.lock);
    from->slot = slot;
    from->until = clock_ms() + SLOT_MS;
    pthread_mutex_unlock(&r->job.lock);
    tell_scan(r, "scanned", slot, NULL);
    return SIGNET_OK;
}

static int scan_carrier(struct signet_run *r, const char *name)
{
    pthread_mutex_lock(&r->job.lock);
    snprintf(r->scans->carrier, sizeof(r->scans->carrier), "%s", name);
    pthread_mutex_unlock(&r->job.lock);
    tell_scan(r, "carrier", no_slot, name);
    return SIGNET_OK;
}

static int obey_code(struct signet_run *r, struct code_source *from, size_t *slot, const char *text,
                     size_t len, struct signet_error *err)
{
    struct scan_code code;
    int rc = scan_read(&r->order->scan, text, len, &code, err);

    if (rc != SIGNET_OK)
        return rc;
    switch (code.kind) {
    case SCAN_DEVICE:
        return scan_board(r, from, slot, &code, err);
    case SCAN_SLOT:
        return scan_slot(r, from, code.text, err);
    case SCAN_OPERATOR:
        return signet_run_operator(r, code.text, err);
    case SCAN_CARRIER:
        return scan_carrier(r, code.text);
    case SCAN_SET_UP:
        tell_scan(r, "set-up-code", *slot, NULL);
        return SIGNET_OK;
    }
    return SIGNET_OK;
}

bool signet_run_has_scan(const struct signet_run *r)
{
    return r->order->scan.used || r->order->label.scan_back;
}

static int take_code(struct signet_run *r, struct code_source *from, const char *slot,
                     const char *text, size_t len, struct signet_error *err)
{
    struct signet_error why = {0};
    size_t at = no_slot;

    look_whether_told(r, from);
    int rc = slot ? run_find_slot(r, slot, &at, &why) : SIGNET_OK;
    if (rc == SIGNET_OK)
        rc = obey_code(r, from, &at, text, len, &why);
    if (rc == SIGNET_OK)
        return rc;
    if (rc != SIGNET_E_CANCELLED)
        refuse_code(r, from, at, &why);
    return error_copy(err, &why);
}

int signet_run_scan(struct signet_run *r, const char *slot, const char *text, size_t len,
                    struct signet_error *err)
{
    return r->scan ? take_code(r, &r->scan->typed, slot, text, len, err)
                   : error_set_hint(err, SIGNET_E_UNSUPPORTED, "such as scan: {column: imei}",
                                    "the order says nothing of codes: it has no 'scan'");
}

/* Scanners on ports */

static void on_code(void *ctx, const char *text, size_t len)
{
    struct scanner_thread *t = ctx;

    take_code(t->run, &t->source, t->scanner->slot, text, len, NULL);
}

static void on_trouble(void *ctx, const struct signet_error *why)
{
    struct scanner_thread *t = ctx;
    size_t slot = no_slot;

    if (t->scanner->slot)
        run_find_slot(t->run, t->scanner->slot, &slot, NULL);
    look_whether_told(t->run, &t->source);
    refuse_code(t->run, &t->source, slot, why);
}

static void *watch_scanner(void *arg)
{
    const struct scanner_thread *t = arg;
    const struct scan_port port = {.scanner = t->scanner,
                                   .cancel = t->run->scan->end,
                                   .on_code = on_code,
                                   .on_trouble = on_trouble,
                                   .ctx = arg};

    scan_port_read(&port);
    return NULL;
}

int run_begin_scan(struct signet_run *r, struct signet_error *err)
{
    size_t count = r->scan ? r->order->scan.scanner_count : 0;
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < count; i++) {
        struct scanner_thread *t = &r->scan->threads[i];

        t->run = r;
        t->scanner = &r->order->scan.scanners[i];
        rc = pthread_create(&t->thread, NULL, watch_scanner, t);
        r->scan->started += rc == 0;
    }
    return rc ? error_sys(err, SIGNET_E_NOMEM, rc, "cannot start a thread for a scanner")
              : SIGNET_OK;
}

void run_end_scan(struct signet_run *r)
{
    struct run_scan *s = r->scan;

    if (!s)
        return;
    signet_cancel_fire(s->end);
    for (; s->started > 0; s->started--)
        pthread_join(s->threads[s->started - 1].thread, NULL);
}
