/* SPDX-License-Identifier: Apache-2.0 */
/* Answers of the control socket, written and read. */
#include "run/control.h"

#include <signet/run.h>

#include <signet/text.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

struct sockaddr_un control_address(int folder, const char *name)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};

    snprintf(address.sun_path, sizeof(address.sun_path), "/proc/self/fd/%d/%.40s", folder, name);
    return address;
}

/* Members of the two structs, as lines. */
enum member_type { MEMBER_BOOL, MEMBER_COUNT, MEMBER_COUNTS, MEMBER_REAL, MEMBER_TEXT };
struct member {
    const char *key;
    enum member_type type;
    size_t offset, size; /* size: of a text, or of counts */
};
#define MEMBER(type, whole, member, key)                                                           \
    {                                                                                              \
        key, type, offsetof(struct whole, member), sizeof(((struct whole *)NULL)->member)          \
    }
#define OF_ORDER(type, member) MEMBER(type, signet_order_status, member, #member)
#define OF_SLOT(type, member)  MEMBER(type, signet_slot_status, member, #member)

static const struct member of_order[] = {
    MEMBER(MEMBER_TEXT, signet_order_status, operator_name, "operator"),
    OF_ORDER(MEMBER_TEXT, shift),
    OF_ORDER(MEMBER_BOOL, paused),
    OF_ORDER(MEMBER_BOOL, stopping),
    OF_ORDER(MEMBER_BOOL, scans),
    OF_ORDER(MEMBER_REAL, seconds),
    OF_ORDER(MEMBER_REAL, left),
    OF_ORDER(MEMBER_COUNT, quota),
    OF_ORDER(MEMBER_COUNT, made),
    OF_ORDER(MEMBER_COUNT, made_before),
    OF_ORDER(MEMBER_COUNT, waiting),
    OF_ORDER(MEMBER_COUNT, passed),
    OF_ORDER(MEMBER_COUNT, failed),
    OF_ORDER(MEMBER_COUNT, first_pass),
};
static const struct member of_slot[] = {
    OF_SLOT(MEMBER_BOOL, off),     OF_SLOT(MEMBER_BOOL, retried), OF_SLOT(MEMBER_REAL, part),
    OF_SLOT(MEMBER_REAL, seconds), OF_SLOT(MEMBER_TEXT, stage),   OF_SLOT(MEMBER_TEXT, endpoint),
    OF_SLOT(MEMBER_TEXT, reason),  OF_SLOT(MEMBER_TEXT, hint),    OF_SLOT(MEMBER_TEXT, may),
};
static const struct member of_figures[] = {
    MEMBER(MEMBER_COUNTS, signet_figures, cycles, "cycles"),
    MEMBER(MEMBER_REAL, signet_figures, cycle_seconds, "cycle_seconds"),
    MEMBER(MEMBER_COUNTS, signet_figures, errors, "errors"),
    MEMBER(MEMBER_COUNT, signet_figures, retries, "retries"),
    MEMBER(MEMBER_COUNT, signet_figures, made_before, "boards_made_before"),
};
static const struct member of_notify[] = {
    MEMBER(MEMBER_COUNT, signet_notify_status, told, "notify_told"),
    MEMBER(MEMBER_COUNT, signet_notify_status, waiting, "notify_waiting"),
    MEMBER(MEMBER_TEXT, signet_notify_status, away, "notify_away"),
};
static const struct member of_alarm[] = {
    MEMBER(MEMBER_TEXT, signet_alarm, hint, "alarm_hint"),
    MEMBER(MEMBER_COUNT, signet_alarm, count, "alarm_count"),
    MEMBER(MEMBER_REAL, signet_alarm, seconds, "alarm_seconds"),
};

static void put_line(struct buf *out, const char *key, const char *text)
{
    buf_printf(out, "%s ", key);
    text_plain(out, (const uint8_t *)text, strlen(text));
    buf_byte(out, '\n');
}

static void put_counts(struct buf *out, const struct member *m, const uint64_t *counts)
{
    buf_text(out, m->key);
    for (size_t i = 0; i < m->size / sizeof(*counts); i++)
        buf_printf(out, " %llu", (unsigned long long)counts[i]);
    buf_byte(out, '\n');
}

static void put_members(struct buf *out, const struct member *list, size_t count, const void *from)
{
    for (size_t i = 0; i < count; i++) {
        const void *value = (const char *)from + list[i].offset;
        switch (list[i].type) {
        case MEMBER_BOOL:
            buf_printf(out, "%s %d\n", list[i].key, *(const bool *)value);
            break;
        case MEMBER_COUNT:
            buf_printf(out, "%s %llu\n", list[i].key, (unsigned long long)*(const uint64_t *)value);
            break;
        case MEMBER_COUNTS:
            put_counts(out, &list[i], value);
            break;
        case MEMBER_REAL: /* milliseconds: no program's decimal comma matters */
            buf_printf(out, "%s %lld\n", list[i].key, (long long)(*(const double *)value * 1000));
            break;
        case MEMBER_TEXT:
            put_line(out, list[i].key, value);
        }
    }
}

static void put_figures(struct buf *out, struct signet_status *status)
{
    struct signet_figures figures;

    signet_status_figures(status, &figures);
    put_members(out, of_figures, COUNT_OF(of_figures), &figures);
    for (size_t i = 0; i < figures.alarm_count; i++) {
        put_line(out, "alarm", figures.alarms[i].text);
        put_members(out, of_alarm, COUNT_OF(of_alarm), &figures.alarms[i]);
    }
}

void control_put_status(struct buf *out, struct signet_status *status)
{
    struct signet_order_status order;
    struct signet_slot_status slot;

    signet_status_order(status, &order);
    buf_text(out, "ok \n");
    put_line(out, "order", order.name);
    put_members(out, of_order, COUNT_OF(of_order), &order);
    for (size_t i = 0; i < order.server_count; i++)
        put_line(out, "server", order.servers[i]);
    for (size_t i = 0; i < order.notify_count; i++) {
        put_line(out, "notify", order.notify[i].name);
        put_members(out, of_notify, COUNT_OF(of_notify), &order.notify[i]);
    }
    put_figures(out, status);
    for (size_t i = 0; i < signet_status_slot_count(status); i++) {
        signet_status_slot(status, i, &slot);
        put_line(out, "slot", slot.name);
        put_line(out, "state", signet_slot_state_name(slot.state));
        put_members(out, of_slot, COUNT_OF(of_slot), &slot);
    }
}

void control_put_error(struct buf *out, const struct signet_error *why)
{
    buf_printf(out, "error %d\n", why->code);
    put_line(out, "message", why->msg);
    put_line(out, "hint", why->hint);
}

static void read_counts(uint64_t *counts, size_t count, const char *text)
{
    char *end;

    for (size_t i = 0; i < count && *text; i++, text = end)
        counts[i] = strtoull(text, &end, 10);
}

static void read_member(const struct member *m, const char *text, void *to)
{
    void *value = (char *)to + m->offset;

    switch (m->type) {
    case MEMBER_BOOL:
        *(bool *)value = text[0] == '1';
        break;
    case MEMBER_COUNT:
        *(uint64_t *)value = strtoull(text, NULL, 10);
        break;
    case MEMBER_COUNTS:
        read_counts(value, m->size / sizeof(uint64_t), text);
        break;
    case MEMBER_REAL:
        *(double *)value = (double)strtoll(text, NULL, 10) / 1000;
        break;
    case MEMBER_TEXT:
        snprintf(value, m->size, "%s", text);
    }
}

/* A key of another version is passed over. */
static void read_member_line(const struct member *list, size_t count, const char *key,
                             const char *text, void *to)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(list[i].key, key) == 0)
            read_member(&list[i], text, to);
}

static int add_slot(struct signet_control_view *view, const char *name, struct signet_error *err)
{
    if (list_room(view->slots, view->slot_count, err) != SIGNET_OK)
        return SIGNET_E_NOMEM;
    view->slots[view->slot_count++] = (struct signet_slot_status){.name = name};
    return SIGNET_OK;
}

/* A line in front of the slots. */
static void read_order_line(struct signet_control_view *view, const char *key, const char *value)
{
    struct signet_figures *f = &view->figures;
    struct signet_order_status *o = &view->order;

    if (strcmp(key, "order") == 0)
        o->name = value;
    if (strcmp(key, "server") == 0 && o->server_count < SIGNET_ORDER_SERVERS)
        o->servers[o->server_count++] = value;
    if (strcmp(key, "notify") == 0 && o->notify_count < SIGNET_ORDER_NOTIFY)
        o->notify[o->notify_count++].name = value;
    if (o->notify_count)
        read_member_line(of_notify, COUNT_OF(of_notify), key, value,
                         &o->notify[o->notify_count - 1]);
    if (strcmp(key, "alarm") == 0 && f->alarm_count < SIGNET_ALARMS)
        snprintf(f->alarms[f->alarm_count++].text, sizeof(f->alarms->text), "%s", value);
    if (f->alarm_count)
        read_member_line(of_alarm, COUNT_OF(of_alarm), key, value, &f->alarms[f->alarm_count - 1]);
    read_member_line(of_figures, COUNT_OF(of_figures), key, value, f);
    read_member_line(of_order, COUNT_OF(of_order), key, value, o);
}

static int read_view_line(struct signet_control_view *view, const char *key, const char *value,
                          struct signet_error *err)
{
    struct signet_slot_status *slot = view->slot_count ? &view->slots[view->slot_count - 1] : NULL;

    if (strcmp(key, "slot") == 0)
        return add_slot(view, value, err);
    if (slot && strcmp(key, "state") == 0 && control_state(value) < SIGNET_SLOT_STATES)
        slot->state = (enum signet_slot_state)control_state(value);
    if (slot)
        read_member_line(of_slot, COUNT_OF(of_slot), key, value, slot);
    else
        read_order_line(view, key, value);
    return SIGNET_OK;
}

static void read_error_line(struct signet_error *told, const char *key, const char *value)
{
    if (strcmp(key, "message") == 0)
        signet_text_plain(value, told->msg, sizeof(told->msg));
    if (strcmp(key, "hint") == 0)
        signet_text_plain(value, told->hint, sizeof(told->hint));
}

int control_read_answer(char *text, struct signet_control_view *view, struct signet_error *err)
{
    struct signet_error told = {0};
    bool ok = strncmp(text, "ok ", 3) == 0;
    char *rest = text, *line;
    int rc = SIGNET_OK;

    long code = !ok && strncmp(text, "error ", 6) == 0 ? strtol(text + 6, NULL, 10) : 0;
    if (!ok && (code <= 0 || code >= SIGNET_RUN_CODES))
        return error_set(err, SIGNET_E_SYNTAX, "the answer is none of a run");
    told.code = (enum signet_code)code;
    while (rc == SIGNET_OK && (line = strsep(&rest, "\n"))) {
        char *value = strchr(line, ' ');
        if (!value)
            continue;
        *value++ = '\0';
        rc = text_check("answer", value, strlen(value), err);
        if (rc == SIGNET_OK && ok)
            rc = read_view_line(view, line, value, err);
        else if (rc == SIGNET_OK)
            read_error_line(&told, line, value);
    }
    if (rc == SIGNET_OK && ok && !view->order.name)
        return error_set(err, SIGNET_E_SYNTAX, "the answer is cut short");
    return rc == SIGNET_OK && !ok ? error_copy(err, &told) : rc;
}
