/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PAGE_PRIVATE_H
#define PAGE_PRIVATE_H

#include "page/login.h"
#include "page/mhd.h"
#include "page/records.h"
#include "page/watch.h"

#include <pthread.h>
#include <signet/page.h>

/* files.c, written by embed.cmake; ends with a NULL name */
struct page_file {
    const char *name; /* "/page.js" */
    const uint8_t *data;
    size_t len;
};
extern const struct page_file page_files[];

/* connections.c; no more than so many, but for those that are just ending. */
enum { CONNECTIONS_MAX = 64, CONNECTIONS_ENDING = 64 };
struct connections {
    pthread_mutex_t lock;
    uint64_t begun;
    struct connection {
        uint64_t number; /* from 1; 0: none is here */
        int fd;
        bool viewer, ended;
        bool answering; /* a request is here as a whole, and its answer is not sent yet */
    } at[CONNECTIONS_MAX + CONNECTIONS_ENDING];
};

struct signet_page {
    const struct mhd *mhd;
    bool metrics, only_metrics, tls;
    bool closed; /* reading needs a login as well */
    int socket;
    struct secret key; /* of the certificate */
    struct buf cert;
    char url[96];
    struct logins *logins; /* NULL: none */
    struct watch *watch;
    struct records *records;
    struct MHD_Daemon *daemon;
    struct connections connections;
};

/* One request, and its answer. */
enum { REQUEST_BODY_MAX = 1024, REQUEST_RECEIVED_MAX = 64 * 1024 };
struct request {
    struct signet_page *page;
    struct MHD_Connection *connection;
    const char *path;
    struct buf body;
    size_t received; /* of the body, also what is too long to be kept */
    unsigned status; /* of the answer */
    const char *type;
    struct buf answer;
    char cookie[LOGIN_COOKIE_SIZE]; /* Set-Cookie, "": none */
};

/* request.c */
const char *request_header(const struct request *r, const char *name);
/* What follows NAME= behind the "?", or NULL. */
const char *request_argument(const struct request *r, const char *name);
/* Does the page show this browser anything? Its session may have ended. */
bool request_may_read(const struct request *r);
/* {"error": {"code", "message", "hint"}} */
void answer_error(struct request *r, unsigned status, const struct signet_error *err);
void answer_wrong(struct request *r, const char *what, const char *hint); /* 400 */

/* connections.c; for libmicrohttpd, and of a viewer's, which stays. */
void connections_notify(void *page, struct MHD_Connection *connection, void **of,
                        enum MHD_ConnectionNotificationCode what);
void connections_keep(struct signet_page *p, struct MHD_Connection *connection);
void connections_answer(struct signet_page *p, struct MHD_Connection *connection, bool begins);
/* Before the end: a second for the answers that are under way, as to a "stop". */
void connections_finish(struct signet_page *p);

/* http.c */
int http_start(struct signet_page *page, struct signet_error *err);

/* events.c: the stream of a viewer; NULL: there are too many. */
struct MHD_Response *events_open(struct request *r);

/* views.c, device.c */
struct view_report {
    struct signet_report_options options;
    enum signet_plot plot;
    struct buf *out;
};
void answer_records(struct request *r, const char *key, int seconds, records_make *make,
                    const void *ctx);

/* routes; each fills status, type and answer (actions.c, metrics.c, views.c) */
void answer_login(struct request *r);
void answer_logout(struct request *r);
void answer_session(struct request *r);
void answer_line(struct request *r);
void answer_status(struct request *r);
void answer_metrics(struct request *r);
void answer_servers(struct request *r);
void answer_stations(struct request *r);
void answer_report(struct request *r);
void answer_plot(struct request *r);
void answer_device(struct request *r);

#endif
