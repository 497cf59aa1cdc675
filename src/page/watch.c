/* SPDX-License-Identifier: Apache-2.0 */
#include "page/watch.h"

#include <pthread.h>
#include <stdlib.h>

enum { LOOK_MS = 250, AWAY_MS = 1000 };

struct place {
    char *work, *order;
};

struct watch {
    pthread_mutex_t lock;
    pthread_cond_t wake;    /* the thread that looks */
    pthread_cond_t changed; /* viewers */
    pthread_t thread;
    bool ending;
    bool shown; /* somebody said what is to be shown */
    size_t viewers;
    struct place place;
    uint32_t epoch; /* numbers of another process mean nothing here */
    uint64_t now;   /* number of the last change */
    uint64_t whole; /* who was told less than this gets all of it */
    uint64_t *slot_changes;
    struct signet_control_view view;
    struct signet_error away; /* why there is no view, or an old one; SIGNET_OK: there is one */
    /* the last message, and from which number to which it goes: most viewers want the same; NULL:
     * none */
    uint64_t message_from, message_to;
    struct message *message;
};

static void place_free(struct place *place)
{
    free(place->work);
    free(place->order);
    *place = (struct place){0};
}

static int place_copy(struct place *to, const char *work, const char *order,
                      struct signet_error *err)
{
    int rc = text_copy(&to->work, work, err);

    if (rc == SIGNET_OK)
        rc = text_copy(&to->order, order, err);
    if (rc != SIGNET_OK)
        place_free(to);
    return rc;
}

/* what changed */

static bool watch_same_text(const char *a, const char *b)
{
    return strcmp(a ? a : "", b ? b : "") == 0;
}

/* But for the time that a board is in work: a viewer counts it on. */
static bool same_slot(const struct signet_slot_status *a, const struct signet_slot_status *b)
{
    bool works = a->state == SIGNET_SLOT_WORKING;

    return a->state == b->state && a->off == b->off && a->retried == b->retried &&
           a->part == b->part && (works || a->seconds == b->seconds) &&
           watch_same_text(a->endpoint, b->endpoint) && watch_same_text(a->stage, b->stage) &&
           watch_same_text(a->reason, b->reason) && watch_same_text(a->hint, b->hint) &&
           watch_same_text(a->may, b->may);
}

static bool same_alarms(const struct signet_figures *a, const struct signet_figures *b)
{
    bool same = a->alarm_count == b->alarm_count;

    for (size_t i = 0; same && i < a->alarm_count; i++)
        same = a->alarms[i].count == b->alarms[i].count &&
               strcmp(a->alarms[i].text, b->alarms[i].text) == 0;
    return same;
}

static bool same_notify(const struct signet_order_status *a, const struct signet_order_status *b)
{
    bool same = a->notify_count == b->notify_count;

    for (size_t i = 0; same && i < a->notify_count; i++)
        same = a->notify[i].told == b->notify[i].told &&
               a->notify[i].waiting == b->notify[i].waiting &&
               watch_same_text(a->notify[i].away, b->notify[i].away);
    return same;
}

static bool same_order(const struct signet_control_view *a, const struct signet_control_view *b)
{
    const struct signet_order_status *x = &a->order, *y = &b->order;

    return x->paused == y->paused && x->stopping == y->stopping && x->made == y->made &&
           x->quota == y->quota && x->waiting == y->waiting && x->passed == y->passed &&
           x->failed == y->failed && x->first_pass == y->first_pass &&
           watch_same_text(x->operator_name, y->operator_name) &&
           watch_same_text(x->shift, y->shift) && same_notify(x, y) &&
           same_alarms(&a->figures, &b->figures);
}

/* Another run, or one that began anew. */
static bool same_run(const struct signet_control_view *a, const struct signet_control_view *b)
{
    bool same = watch_same_text(a->order.name, b->order.name) && a->slot_count == b->slot_count &&
                b->order.seconds >= a->order.seconds;

    for (size_t i = 0; same && i < a->slot_count; i++)
        same = watch_same_text(a->slots[i].name, b->slots[i].name);
    return same;
}

static void begin_whole(struct watch *w, const struct signet_control_view *seen)
{
    free(w->slot_changes); /* of another number of slots, perhaps */
    w->slot_changes = calloc(seen->slot_count + 1, sizeof(*w->slot_changes));
    if (!w->slot_changes)
        return; /* the next look tries again */
    w->whole = ++w->now;
}

static void note_changes(struct watch *w, const struct signet_control_view *seen)
{
    uint64_t next = w->now + 1;
    bool any = !same_order(&w->view, seen);

    for (size_t i = 0; i < seen->slot_count; i++) {
        if (same_slot(&w->view.slots[i], &seen->slots[i]))
            continue;
        w->slot_changes[i] = next;
        any = true;
    }
    w->now += any;
}

/* Takes *seen over. */
static void take_view(struct watch *w, struct signet_control_view *seen)
{
    if (w->away.code != SIGNET_OK || !w->slot_changes || !same_run(&w->view, seen))
        begin_whole(w, seen);
    else
        note_changes(w, seen);
    w->away.code = SIGNET_OK;
    signet_control_view_free(&w->view);
    w->view = *seen;
}

static void take_away(struct watch *w, const struct signet_error *why)
{
    if (w->away.code == why->code && strcmp(w->away.msg, why->msg) == 0)
        return;
    w->away = *why;
    w->now++;
}

/* the thread that looks */

int watch_ask(struct watch *w, const char *command, const char *argument,
              struct signet_control_view *view, struct signet_error *err)
{
    struct place place = {0};

    pthread_mutex_lock(&w->lock);
    int rc = place_copy(&place, w->place.work, w->place.order, err);
    pthread_mutex_unlock(&w->lock);
    if (rc == SIGNET_OK && !place.work)
        rc = error_set_hint(err, SIGNET_E_NOT_FOUND, "name the work folder of its order",
                            "no run is shown here");
    if (rc == SIGNET_OK)
        rc = signet_control_ask(place.work, place.order, command, argument, view, err);
    place_free(&place);
    return rc;
}

static void look(struct watch *w)
{
    struct signet_control_view seen = {0};
    struct signet_error why = {0};
    int rc = watch_ask(w, "status", NULL, &seen, &why);

    pthread_mutex_lock(&w->lock);
    uint64_t before = w->now;
    if (rc == SIGNET_OK)
        take_view(w, &seen);
    else
        take_away(w, &why);
    if (w->now != before)
        pthread_cond_broadcast(&w->changed);
    pthread_mutex_unlock(&w->lock);
}

static void *look_again(void *arg)
{
    struct watch *w = arg;

    pthread_mutex_lock(&w->lock);
    while (!w->ending) {
        if (w->viewers == 0 || !w->shown) {
            pthread_cond_wait(&w->wake, &w->lock);
            continue;
        }
        pthread_mutex_unlock(&w->lock);
        look(w);
        pthread_mutex_lock(&w->lock);
        int64_t until = clock_ms() + (w->away.code == SIGNET_OK ? LOOK_MS : AWAY_MS);
        while (!w->ending && clock_ms() < until)
            clock_cond_wait(&w->wake, &w->lock, until);
    }
    pthread_mutex_unlock(&w->lock);
    return NULL;
}

/* messages */

static void watch_put_message(struct watch *w, const char *event, const char *data, struct buf *out)
{
    buf_printf(out, "event: %s\nid: %08x-%llu\ndata: %s\n\n", event, w->epoch,
               (unsigned long long)w->now, data);
}

/* Slots that changed after `told`, and all else. False: no memory. */
static bool watch_put_view(struct watch *w, uint64_t told, struct buf *out)
{
    struct signet_control_view part = w->view;
    struct signet_bytes json = {0};
    bool whole = told < w->whole;

    part.slots = calloc(w->view.slot_count + 1, sizeof(*part.slots));
    part.slot_count = 0;
    for (size_t i = 0; part.slots && i < w->view.slot_count; i++)
        if (whole || w->slot_changes[i] > told)
            part.slots[part.slot_count++] = w->view.slots[i];
    bool made = part.slots && signet_control_view_json(&part, &json, NULL) == SIGNET_OK;
    if (made)
        watch_put_message(w, whole ? "status" : "change", (const char *)json.data, out);
    signet_bytes_free(&json);
    free(part.slots);
    return made;
}

static void put_away(struct watch *w, struct buf *out)
{
    struct buf json = {0};

    buf_json_object(&json, NULL, J_GIVEN("message", w->away.msg), J_GIVEN("hint", w->away.hint));
    if (!json.failed)
        watch_put_message(w, "away", (const char *)json.data, out);
    buf_fail_with(out, &json);
    buf_free(&json);
}

/* With the lock. */
static void drop_message(struct message **message)
{
    if (*message && --(*message)->refs == 0)
        free(*message);
    *message = NULL;
}

/* Kept as plain memory: what is locked is for secrets. */
static void make_message(struct watch *w, uint64_t told)
{
    struct buf text = {0};
    bool made = true;

    if (w->slot_changes && (w->away.code == SIGNET_OK || told < w->whole))
        made = watch_put_view(w, told, &text);
    if (w->away.code != SIGNET_OK)
        put_away(w, &text);
    drop_message(&w->message);
    w->message = !made || text.failed ? NULL : malloc(sizeof(*w->message) + text.len);
    if (w->message) {
        *w->message = (struct message){.refs = 1, .len = text.len};
        if (text.len)
            memcpy(w->message->text, text.data, text.len);
        w->message_from = told;
        w->message_to = w->now;
    }
    buf_free(&text);
}

/* NULL: no memory. */
static struct message *changes_since(struct watch *w, struct viewer *viewer)
{
    if (!w->message || w->message_from != viewer->told || w->message_to != w->now)
        make_message(w, viewer->told);
    if (w->message) {
        w->message->refs++;
        viewer->told = w->now;
    }
    return w->message;
}

/* viewers */

/* The number of an id of this page, "EPOCH-NUMBER"; 0: it is none. */
static uint64_t watch_read_id(const struct watch *w, const char *id)
{
    char *end = NULL;
    unsigned long epoch = id ? strtoul(id, &end, 16) : 0;
    unsigned long long told = end && *end == '-' ? strtoull(end + 1, NULL, 10) : 0;

    return epoch == w->epoch && told <= w->now ? told : 0;
}

bool watch_join(struct watch *w, struct viewer *viewer, const char *last)
{
    pthread_mutex_lock(&w->lock);
    bool room = !w->ending && w->viewers < VIEWERS_MAX;
    w->viewers += room;
    *viewer = (struct viewer){.told = watch_read_id(w, last)};
    pthread_cond_signal(&w->wake);
    pthread_mutex_unlock(&w->lock);
    return room;
}

void watch_leave(struct watch *w)
{
    pthread_mutex_lock(&w->lock);
    w->viewers--;
    pthread_mutex_unlock(&w->lock);
}

bool watch_next(struct watch *w, struct viewer *viewer, int64_t until, struct message **out)
{
    *out = NULL;
    pthread_mutex_lock(&w->lock);
    while (!w->ending && viewer->told >= w->now && clock_ms() < until)
        clock_cond_wait(&w->changed, &w->lock, until);
    bool goes_on = !w->ending;
    if (goes_on && viewer->told < w->now) {
        *out = changes_since(w, viewer);
        goes_on = *out != NULL;
    }
    pthread_mutex_unlock(&w->lock);
    return goes_on;
}

void watch_drop(struct watch *w, struct message **message)
{
    pthread_mutex_lock(&w->lock);
    drop_message(message);
    pthread_mutex_unlock(&w->lock);
}

int watch_show(struct watch *w, const char *work, const char *order, struct signet_error *err)
{
    struct place place = {0};
    int rc = place_copy(&place, work, order, err);

    if (rc != SIGNET_OK)
        return rc;
    pthread_mutex_lock(&w->lock);
    place_free(&w->place);
    w->place = place;
    w->shown = true;
    pthread_cond_signal(&w->wake);
    pthread_mutex_unlock(&w->lock);
    return SIGNET_OK;
}

int watch_open(struct watch **out, struct signet_error *err)
{
    struct watch *w = calloc(1, sizeof(*w));

    if (!w)
        return error_nomem(err);
    int rc = random_bytes(&w->epoch, sizeof(w->epoch), err);
    pthread_mutex_init(&w->lock, NULL);
    clock_cond(&w->wake);
    clock_cond(&w->changed);
    int sys = rc == SIGNET_OK ? pthread_create(&w->thread, NULL, look_again, w) : 0;
    if (sys != 0)
        rc = error_sys(err, SIGNET_E_NOMEM, sys, "the page's thread");
    if (rc == SIGNET_OK)
        *out = w;
    else
        free(w);
    return rc;
}

void watch_end(struct watch *w)
{
    pthread_mutex_lock(&w->lock);
    w->ending = true;
    pthread_cond_broadcast(&w->wake);
    pthread_cond_broadcast(&w->changed);
    pthread_mutex_unlock(&w->lock);
}

void watch_close(struct watch **watch)
{
    struct watch *w = *watch;

    if (!w)
        return;
    watch_end(w);
    pthread_join(w->thread, NULL);
    pthread_cond_destroy(&w->wake);
    pthread_cond_destroy(&w->changed);
    pthread_mutex_destroy(&w->lock);
    signet_control_view_free(&w->view);
    place_free(&w->place);
    free(w->slot_changes);
    drop_message(&w->message);
    free(w);
    *watch = NULL;
}
