/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_LEDGER_READ_H
#define SIGNET_LEDGER_READ_H

/* Reading a ledger: devices and their history, orders, stations, figures, and reports of what came
 * out in a time. Nothing here changes it.
 *
 * Rows are streamed; what they point to ends with the callback, which stops the walk by returning
 * other than SIGNET_OK, and that is what the function returns. It must not call the same ledger
 * (SIGNET_E_USAGE).
 * Units, errors and threads are those of ledger.h. */

#include <signet/ledger.h>

#ifdef __cplusplus
extern "C" {
#endif

struct signet_ledger_filter {
    const char *order, *endpoint, *station; /* NULL: any */
    int state;                              /* -1: any */
    const char *hw_id; /* of the board that the device is on; then endpoint is NULL */
};

struct signet_ledger_device {
    const char *order, *endpoint, *station, *slot;
    enum signet_device_state state;
    int edition; /* of its name, from 1: one more than were retired before */
    int attempt;
    bool exposed;             /* credentials may have left the host */
    bool freed;               /* retired; or void, and its name was given back */
    bool imported;            /* from another ledger: it is not changed here */
    int64_t created, changed; /* seconds since 1970 */
    /* "" what is not known */
    const char *hw_id, *psk_identity, *psk_sha256, *spki_sha256, *cert_issuer, *cert_serial;
    const char *packet_sha256, *image_sha256;
    const char *error_code, *error; /* code: its word; of the last failure */
};
typedef int signet_ledger_device_each(void *ctx, const struct signet_ledger_device *device,
                                      struct signet_error *err);
int signet_ledger_devices(struct signet_ledger *ledger, const struct signet_ledger_filter *filter,
                          signet_ledger_device_each *row, void *ctx, struct signet_error *err);

struct signet_ledger_event {
    const char *station;
    int64_t seq, time;    /* seq: from 1, of this station */
    const char *endpoint; /* "" for an order's own */
    int edition;          /* of the endpoint, when its history is read; else 0 */
    const char *kind, *detail, *operator_name, *tool, *hash;
};
typedef int signet_ledger_event_each(void *ctx, const struct signet_ledger_event *event,
                                     struct signet_error *err);
/* The history of one device, or of all (endpoint NULL) station by station, in the order in which it
 * happened. */
int signet_ledger_events(struct signet_ledger *ledger, const char *endpoint,
                         signet_ledger_event_each *row, void *ctx, struct signet_error *err);

/* An event of an order, for whoever is told of it. */
struct signet_ledger_news {
    int64_t seq, time; /* as in struct signet_ledger_event */
    /* Its kind; of a board its verdict ("pass", "fail", "made-before"), of a run "finished" (the
     * order is done) or "ended". */
    const char *event;
    const char *hash, *operator_name, *tool;
    const char *endpoint, *slot, *hw_id; /* "": not known, or not of a device */
    int edition;                         /* 0: not of a device */
    const char *detail;
    bool detail_is_json; /* an object */
};
typedef int signet_ledger_news_each(void *ctx, const struct signet_ledger_news *news,
                                    struct signet_error *err);
/* Events that this handle's station recorded of the order, and of its devices, from the one behind
 * *after on (0: from its first one), at most max. *after becomes the number up to which nothing was
 * passed over. As with all that reads, rows end with the callback. */
int signet_ledger_news(struct signet_ledger *ledger, int64_t order, int64_t *after, size_t max,
                       signet_ledger_news_each *row, void *ctx, struct signet_error *err);

struct signet_ledger_delivery {
    const char *server;
    int edition;             /* of the endpoint */
    bool delivered, refused; /* none of the four: waiting */
    bool removing, removed;  /* the server is to lose it; it has it no more */
    int64_t changed;
    const char *error; /* of one that is removed: what a person has to do at the server */
};
typedef int signet_ledger_delivery_each(void *ctx, const struct signet_ledger_delivery *delivery,
                                        struct signet_error *err);
int signet_ledger_deliveries(struct signet_ledger *ledger, const char *endpoint,
                             signet_ledger_delivery_each *row, void *ctx, struct signet_error *err);

/* Groups of an order's devices: by "state", by "slot" ("station/slot"), by "error" (code's word).
 */
struct signet_ledger_group {
    const char *by, *name;
    int64_t devices, done, failed;
    int64_t ended;      /* devices that are not in work: made, set aside or void */
    int64_t first_pass; /* made at the first attempt */
};
typedef int signet_ledger_group_each(void *ctx, const struct signet_ledger_group *group,
                                     struct signet_error *err);
int signet_ledger_stats(struct signet_ledger *ledger, const char *order,
                        signet_ledger_group_each *row, void *ctx, struct signet_error *err);
struct signet_ledger_order_view {
    const char *name;
    int64_t quota, issued, created;
    int64_t states[SIGNET_DEVICE_STATES];
};
typedef int signet_ledger_order_view_each(void *ctx, const struct signet_ledger_order_view *order,
                                          struct signet_error *err);
int signet_ledger_orders(struct signet_ledger *ledger, signet_ledger_order_view_each *row,
                         void *ctx, struct signet_error *err);

/* What an order's record comes to, for whoever has to show how its devices were made. */
struct signet_ledger_unique {
    int64_t count, different; /* devices that have one; how many different ones these are */
};
struct signet_ledger_evidence {
    char hash[65];        /* of the order: of its template, names and credentials */
    int64_t devices;      /* with those that are void or retired */
    int64_t made, locked; /* verified, registered or done; and of those, with a locked debug port */
    int64_t events;       /* of the order and its devices, */
    int64_t first, last;  /* and when; 0: none */
    /* names and identities: of devices that were not retired; boards: nor void; keys: of all */
    struct signet_ledger_unique names, identities, psks, public_keys, boards;
};
/* of "image" (name: its SHA-256; count: devices), "event" (a kind), "tool" (that wrote events),
 * "station": count: events. */
struct signet_ledger_share {
    const char *of, *name;
    int64_t count;
};
typedef int signet_ledger_share_each(void *ctx, const struct signet_ledger_share *share,
                                     struct signet_error *err);
/* SIGNET_E_NOT_FOUND: there is no such order. */
int signet_ledger_evidence(struct signet_ledger *ledger, const char *order,
                           struct signet_ledger_evidence *out, signet_ledger_share_each *row,
                           void *ctx, struct signet_error *err);

/* A station of the ledger, and its last event; order: "" of one that is no order's. By name. */
struct signet_ledger_station {
    const char *name;
    int64_t time;
    const char *kind, *operator_name, *order;
};
typedef int signet_ledger_station_each(void *ctx, const struct signet_ledger_station *station,
                                       struct signet_error *err);
int signet_ledger_stations(struct signet_ledger *ledger, signet_ledger_station_each *row, void *ctx,
                           struct signet_error *err);

/* Reports: what came out in a time, in groups, from the events alone. A unit is a board of a line
 * (from each board that ended in a slot, with or without a name) or a device of an order without
 * boards. */

/* How a report groups: name and word. */
#define SIGNET_REPORT_BY_TABLE(ROW)                                                                \
    ROW(DAY, "day")                                                                                \
    ROW(SHIFT, "shift")                                                                            \
    ROW(OPERATOR, "operator")                                                                      \
    ROW(STATION, "station")                                                                        \
    ROW(SLOT, "slot")                                                                              \
    ROW(ORDER, "order")                                                                            \
    ROW(ERROR, "error")

#define SIGNET_REPORT_BY_NAME(name, word) SIGNET_REPORT_BY_##name,
enum signet_report_by { SIGNET_REPORT_BY_TABLE(SIGNET_REPORT_BY_NAME) };
enum { SIGNET_REPORT_BYS = SIGNET_REPORT_BY_ERROR + 1 };     /* of the last, and one */
const char *signet_report_by_name(enum signet_report_by by); /* "day"; "?": none */

struct signet_report_options {
    size_t size; /* sizeof(struct signet_report_options): what a later version adds is then zero; 0:
                    this version */
    enum signet_report_by by;
    const char *order, *station; /* NULL: any */
    int64_t since, until;        /* seconds since 1970, until not included; 0: no limit */
};

/* A group: a day as "2026-11-28" in the time zone of the process, a slot as "station/slot", an
 * error as its code's word; "" is what has none, such as units of no shift. With by ERROR only
 * failed and refused are counted. */
struct signet_report_row {
    const char *name;
    int64_t passed;      /* units verified */
    int64_t first_pass;  /* of passed: without a retry or a rework */
    int64_t failed;      /* units set aside before they were verified */
    int64_t made_before; /* boards that were left as they are */
    int64_t refused;     /* devices set aside later, by a server or by their proof */
    int64_t done;        /* devices that came to their end */
    double median, p95;  /* cycle time of passed boards in seconds, within 2 %; 0: not known */
    const char *message; /* by ERROR: what the last of them said; else "" */
};
typedef int signet_report_row_each(void *ctx, const struct signet_report_row *row,
                                   struct signet_error *err);
/* Rows in order: days and words ascending, slots as people number them. SIGNET_E_LIMIT: too many
 * groups. */
int signet_ledger_report(struct signet_ledger *ledger, const struct signet_report_options *options,
                         signet_report_row_each *row, void *ctx, struct signet_error *err);
/* A row as `signet report --json` prints it, without the line end. The caller frees *out. */
int signet_report_row_json(enum signet_report_by by, const struct signet_report_row *row,
                           struct signet_bytes *out, struct signet_error *err);

/* The reports that runs left at their end, as JSON: the order that was begun last comes first, and
 * of each the oldest. Of options, by is not looked at. */
struct signet_run_record {
    const char *order, *station, *operator_name;
    int64_t time; /* of the run's end */
    const char *json;
    /* of it; 0: it does not say */
    int64_t passed, failed; /* boards; without boards: devices made, and not */
    int64_t made_before;    /* boards that were left as they are */
    int64_t done, quota;    /* of the order, by then */
    double seconds;
};
typedef int signet_run_record_each(void *ctx, const struct signet_run_record *run,
                                   struct signet_error *err);
int signet_ledger_runs(struct signet_ledger *ledger, const struct signet_report_options *options,
                       signet_run_record_each *row, void *ctx, struct signet_error *err);

#ifdef __cplusplus
}
#endif
#endif
