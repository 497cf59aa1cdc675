/* SPDX-License-Identifier: Apache-2.0 */
/* A label printer: one connection at a time, a buffer for formats, ~HS. */
#include "control.h"
#include "sim.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum { LOOK_MS = 20, INPUT_MAX = 256 * 1024, BUFFER_MAX = 16, NEVER = -1 };

/* Each is a number; NEVER: it does not happen. */
enum fault { PAPER, RIBBON, HEAD, PAUSE, FULL, SILENT, GARBAGE, SLOW, DROP, LOSE, FAULTS };
static const struct {
    const char *name;
    bool valued;
} faults[FAULTS] = {{"paper", true}, {"ribbon", true},  {"head", true},     {"pause", true},
                    {"full", false}, {"silent", false}, {"garbage", false}, {"slow", true},
                    {"drop", true},  {"lose", true}};

struct sim_printer {
    char *folder, *control;
    int listener, control_fd, client; /* client -1: none */
    uint16_t port;
    pthread_t thread;
    bool running;
    atomic_bool end, stopped;
    pthread_mutex_t lock; /* of what follows */
    int set[FAULTS];
    unsigned printed, taken; /* labels; taken: that came in whole */
    struct buf input;
    struct buf formats[BUFFER_MAX];
    size_t waiting;
    int64_t print_at; /* clock_ms(): the first of formats */
};

static int read_fault(int set[FAULTS], const char *word, struct signet_error *err)
{
    size_t len = strcspn(word, "=");

    for (size_t i = 0; i < FAULTS; i++)
        if (text_is(word, len, faults[i].name) && faults[i].valued == (word[len] == '=')) {
            char *end = NULL;

            set[i] = word[len] ? (int)strtol(word + len + 1, &end, 10) : 1;
            if (!end || (end > word + len + 1 && !*end))
                return SIGNET_OK;
        }
    return error_set_hint(err, SIGNET_E_USAGE,
                          "paper=N, ribbon=N, head=N, pause=N, full, silent, garbage, slow=MS, "
                          "drop=N, lose=N",
                          "'%.40s' is no misbehaviour of a printer", word);
}

int sim_printer_misbehave(struct sim_printer *p, const char *list, struct signet_error *err)
{
    int set[FAULTS], rc = SIGNET_OK;
    char *copy = strdup(list), *rest = copy;

    if (!copy)
        return error_nomem(err);
    for (size_t i = 0; i < FAULTS; i++)
        set[i] = NEVER;
    for (char *word; rc == SIGNET_OK && (word = strsep(&rest, ",")) != NULL;)
        rc = *word ? read_fault(set, word, err) : SIGNET_OK;
    free(copy);
    if (rc != SIGNET_OK)
        return rc;
    pthread_mutex_lock(&p->lock);
    memcpy(p->set, set, sizeof(set));
    pthread_mutex_unlock(&p->lock);
    return SIGNET_OK;
}

/* Does it happen from this count of labels on? */
static bool is_set(const struct sim_printer *p, enum fault fault, unsigned labels)
{
    return p->set[fault] != NEVER && labels >= (unsigned)p->set[fault];
}

static bool stands(const struct sim_printer *p)
{
    return is_set(p, PAPER, p->printed) || is_set(p, RIBBON, p->printed) ||
           is_set(p, HEAD, p->printed) || is_set(p, PAUSE, p->printed);
}

static void answer_status(const struct sim_printer *p)
{
    static const char other[] = "HTTP/1.1 400 Bad Request\r\n\r\n";
    char text[256];

    if (p->set[SILENT] != NEVER)
        return;
    int n = snprintf(text, sizeof(text),
                     "\x02"
                     "030,%d,%d,1245,%03zu,%d,0,0,000,0,0,0\x03\r\n"
                     "\x02"
                     "000,0,%d,%d,0,2,4,0,%08zu,1,000\x03\r\n"
                     "\x02"
                     "1234,0\x03\r\n",
                     is_set(p, PAPER, p->printed), is_set(p, PAUSE, p->printed),
                     p->waiting > 0 ? p->waiting - 1 : 0, p->set[FULL] != NEVER,
                     is_set(p, HEAD, p->printed), is_set(p, RIBBON, p->printed),
                     p->waiting > 0 ? (size_t)1 : 0);
    bool garbage = p->set[GARBAGE] != NEVER;
    if (send(p->client, garbage ? other : text, garbage ? sizeof(other) - 1 : (size_t)n,
             MSG_NOSIGNAL) < 0)
        return; /* the client went away */
}

static void hang_up(struct sim_printer *p)
{
    close(p->client);
    p->client = -1;
    buf_reset(&p->input);
}

static void take_label(struct sim_printer *p, const char *text, size_t len)
{
    if (p->waiting == BUFFER_MAX)
        return;
    buf_append(&p->formats[p->waiting], text, len);
    if (p->waiting++ == 0)
        p->print_at = clock_ms() + (p->set[SLOW] != NEVER ? p->set[SLOW] : 0);
    p->taken++;
}

/* A command of the input is done; false: it has to come yet, or the connection was closed. */
static bool obey_one(struct sim_printer *p)
{
    char *text = p->input.data ? (char *)p->input.data : "";
    char *status = strstr(text, "~HS"), *label = strstr(text, "^XA");
    char *end = label ? strstr(label, "^XZ") : NULL;

    if (label && p->set[DROP] == (int)p->taken + 1) {
        hang_up(p);
        return false;
    }
    if (status && (!label || status < label)) {
        answer_status(p);
    } else if (end) {
        take_label(p, label, (size_t)(end - label) + 3);
        if (p->set[LOSE] == (int)p->taken) {
            hang_up(p);
            return false;
        }
    } else {
        return false;
    }
    size_t used = (size_t)((status && (!label || status < label) ? status : end) - text) + 3;
    memmove(p->input.data, p->input.data + used, p->input.len - used);
    p->input.len -= used;
    p->input.data[p->input.len] = '\0';
    return true;
}

static void read_client(struct sim_printer *p)
{
    char data[4096];
    ssize_t n = read(p->client, data, sizeof(data));

    if (n <= 0 || p->input.len + (size_t)n > INPUT_MAX) {
        hang_up(p);
        return;
    }
    buf_append(&p->input, data, (size_t)n);
    while (p->client >= 0 && obey_one(p))
        ;
}

static void print_one(struct sim_printer *p)
{
    char path[4096];
    struct buf *label = &p->formats[0];

    if (p->waiting == 0 || stands(p) || clock_ms() < p->print_at)
        return;
    snprintf(path, sizeof(path), "%s/label-%04u.zpl", p->folder, p->printed + 1);
    if (file_replace(path, label->data, label->len, NULL) == SIGNET_OK)
        p->printed++;
    buf_free(label);
    memmove(p->formats, p->formats + 1, (BUFFER_MAX - 1) * sizeof(*label));
    p->formats[BUFFER_MAX - 1] = (struct buf){0};
    p->waiting--;
    p->print_at = clock_ms() + (p->set[SLOW] != NEVER ? p->set[SLOW] : 0);
}

static void obey_control(void *ctx, const char *request, char *answer, size_t cap)
{
    struct sim_printer *p = ctx;
    struct signet_error err = {0};

    if (strncmp(request, "misbehave", 9) == 0 && (!request[9] || request[9] == ' ')) {
        int rc = sim_printer_misbehave(p, request[9] ? request + 10 : "", &err);
        snprintf(answer, cap, rc == SIGNET_OK ? "ok" : "error %s", err.msg);
    } else if (strcmp(request, "state") == 0) {
        pthread_mutex_lock(&p->lock);
        snprintf(answer, cap, "ok printed=%u waiting=%zu", p->printed, p->waiting);
        pthread_mutex_unlock(&p->lock);
    } else if (strcmp(request, "stop") == 0) {
        p->stopped = true;
        snprintf(answer, cap, "ok");
    } else {
        snprintf(answer, cap, "error a printer knows misbehave LIST, state, stop");
    }
}

static void *run_printer(void *arg)
{
    struct sim_printer *p = arg;

    while (!p->end) {
        struct pollfd fds[] = {{.fd = p->client >= 0 ? p->client : p->listener, .events = POLLIN},
                               {.fd = p->control_fd, .events = POLLIN}};

        poll(fds, 2, LOOK_MS);
        if (fds[1].revents)
            control_serve(p->control_fd, obey_control, p);
        pthread_mutex_lock(&p->lock);
        if (fds[0].revents && p->client >= 0)
            read_client(p);
        else if (fds[0].revents)
            p->client = accept4(p->listener, NULL, NULL, SOCK_CLOEXEC);
        print_one(p);
        pthread_mutex_unlock(&p->lock);
    }
    return NULL;
}

static int listen_at(struct sim_printer *p, uint16_t port, struct signet_error *err)
{
    struct sockaddr_in at = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(at);
    int one = 1;

    p->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (p->listener < 0 ||
        setsockopt(p->listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) != 0 ||
        bind(p->listener, (struct sockaddr *)&at, sizeof(at)) != 0 || listen(p->listener, 8) != 0 ||
        getsockname(p->listener, (struct sockaddr *)&at, &len) != 0)
        return error_sys(err, SIGNET_E_IO, errno, "cannot listen at 127.0.0.1:%u", port);
    p->port = ntohs(at.sin_port);
    return SIGNET_OK;
}

int sim_printer_start(struct sim_printer **out, const struct sim_printer_options *options,
                      struct signet_error *err)
{
    struct sim_printer *p = calloc(1, sizeof(*p));

    if (!p)
        return error_nomem(err);
    p->listener = p->control_fd = p->client = -1;
    pthread_mutex_init(&p->lock, NULL);
    int rc = text_copy(&p->folder, options->folder, err);
    if (rc == SIGNET_OK && options->control)
        rc = text_copy(&p->control, options->control, err);
    if (rc == SIGNET_OK)
        rc = sim_printer_misbehave(p, options->misbehave ? options->misbehave : "", err);
    if (rc == SIGNET_OK)
        rc = listen_at(p, options->port, err);
    if (rc == SIGNET_OK && p->control)
        rc = control_open(p->control, &p->control_fd, err);
    if (rc == SIGNET_OK) {
        int sys = pthread_create(&p->thread, NULL, run_printer, p);
        rc = sys ? error_sys(err, SIGNET_E_NOMEM, sys, "cannot start a thread") : SIGNET_OK;
        p->running = sys == 0;
    }
    if (rc != SIGNET_OK)
        sim_printer_stop(&p);
    else
        *out = p;
    return rc;
}

void sim_printer_stop(struct sim_printer **printer)
{
    struct sim_printer *p = *printer;

    if (!p)
        return;
    p->end = true;
    if (p->running)
        pthread_join(p->thread, NULL);
    if (p->client >= 0)
        close(p->client);
    if (p->listener >= 0)
        close(p->listener);
    if (p->control_fd >= 0) {
        close(p->control_fd);
        unlink(p->control);
    }
    for (size_t i = 0; i < BUFFER_MAX; i++)
        buf_free(&p->formats[i]);
    buf_free(&p->input);
    pthread_mutex_destroy(&p->lock);
    free(p->folder);
    free(p->control);
    free(p);
    *printer = NULL;
}

uint16_t sim_printer_port(const struct sim_printer *printer)
{
    return printer->port;
}

unsigned sim_printer_labels(struct sim_printer *p)
{
    pthread_mutex_lock(&p->lock);
    unsigned printed = p->printed;
    pthread_mutex_unlock(&p->lock);
    return printed;
}

bool sim_printer_stopped(struct sim_printer *printer)
{
    return printer->stopped;
}
