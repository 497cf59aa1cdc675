/* SPDX-License-Identifier: Apache-2.0 */
/* What people and machines see of a run: errors, warnings, files. */
#include "cli.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

bool cli_colour(FILE *to)
{
    const char *no = getenv("NO_COLOR");
    const char *term = getenv("TERM");
    return !(no && *no) && !(term && !strcmp(term, "dumb")) && isatty(fileno(to));
}

/* A bar on the terminal's last line; messages take its place. */
static void put_progress(const struct signet_event *event)
{
    unsigned percent = event->total ? (unsigned)(event->done * 100 / event->total) : 0;
    char bar[26] = {0};
    if (!cli_colour(stderr))
        return;
    memset(bar, ' ', sizeof(bar) - 1);
    memset(bar, '#', percent / 4 < sizeof(bar) ? percent / 4 : sizeof(bar) - 1);
    if (event->total && event->done >= event->total)
        fputs("\r\033[K", stderr);
    else if (event->total)
        fprintf(stderr, "\r\033[K%s [%s] %u %%", event->stage ? event->stage : "", bar, percent);
    else
        fprintf(stderr, "\r\033[K%s %llu", event->stage ? event->stage : "",
                (unsigned long long)event->done);
    fflush(stderr);
}

static void tell_error(const char *kind, const char *escape, const struct signet_error *e)
{
    bool colour = cli_colour(stderr);
    char hint[CLI_HINT_SIZE];
    if (colour)
        fputs("\r\033[K", stderr);
    fprintf(stderr, "signet: %s%s%s%s\n", colour ? escape : "", kind, colour ? "\033[0m" : "",
            e->msg);
    if (e->excerpt[0])
        fprintf(stderr, "%s\n", e->excerpt);
    cli_hint(e->hint, false, hint);
    if (hint[0])
        fprintf(stderr, "hint: %s\n", hint);
}

static void put_error(struct json *j, const struct signet_error *e)
{
    json_put(j, M_TEXT("code", signet_code_name(e->code)), M_INT("number", e->code),
             M_COUNT("sys", e->sys), M_TEXT("message", e->msg), M_GIVEN("hint", e->hint));
}

/* `| head` has read what it wanted: nothing is to be told. */
static bool reader_is_gone(void)
{
    struct pollfd out = {.fd = STDOUT_FILENO, .events = POLLOUT};
    return poll(&out, 1, 0) > 0 && (out.revents & POLLERR);
}

int cli_fail(const struct cli *cli, const struct signet_error *said)
{
    struct signet_error full = *said, *err = &full;
    char help[128];
    if (err->sys == EPIPE && reader_is_gone())
        return EXIT_FAILED;
    snprintf(help, sizeof(help), "'%s --help' lists the options", cli->name);
    if (!err->hint[0])
        signet_text_plain(err->code == SIGNET_E_USAGE && !err->excerpt[0] ? help
                                                                          : cli_hint_of_error(err),
                          err->hint, sizeof(err->hint));
    if (cli->json) {
        struct json j;
        json_event(&j, "error");
        put_error(&j, err);
        json_end(&j);
    }
    tell_error("error: ", "\033[1;31m", err);
    if (err->code == SIGNET_E_CANCELLED)
        return EXIT_INTERRUPTED;
    return err->code == SIGNET_E_USAGE && !cli->begun ? EXIT_USAGE : EXIT_FAILED;
}

int cli_both(int code, int next)
{
    if (code == EXIT_INTERRUPTED || next == EXIT_INTERRUPTED)
        return EXIT_INTERRUPTED;
    return code == next ? code : EXIT_PARTLY;
}

static void write_error(struct signet_error *err, enum signet_code code, const char *hint,
                        const char *fmt, va_list args)
{
    char text[2 * sizeof(err->msg)];
    vsnprintf(text, sizeof(text), fmt, args);
    *err = (struct signet_error){.code = code};
    signet_text_plain(text, err->msg, sizeof(err->msg));
    signet_text_plain(hint, err->hint, sizeof(err->hint));
}

int cli_error(struct signet_error *err, enum signet_code code, const char *hint, const char *fmt,
              ...)
{
    va_list args;
    va_start(args, fmt);
    write_error(err, code, hint, fmt, args);
    va_end(args);
    return (int)code;
}

int cli_usage(const struct cli *cli, const char *fmt, ...)
{
    struct signet_error err;
    char hint[sizeof(err.hint)];
    va_list args;
    snprintf(hint, sizeof(hint), "'%s --help' lists the options%s%s%s%s%s", cli->name,
             cli->args_doc ? "; it is: " : "", cli->args_doc ? cli->name : "",
             cli->args_doc ? cli->lacks : "", cli->args_doc ? " " : "",
             cli->args_doc ? cli->args_doc : "");
    va_start(args, fmt);
    write_error(&err, SIGNET_E_USAGE, hint, fmt, args);
    va_end(args);
    cli_first_explained(cli, &err);
    return cli_fail(cli, &err);
}

int cli_refuse(const struct cli *cli, const char *hint, const char *fmt, ...)
{
    struct signet_error err;
    va_list args;
    va_start(args, fmt);
    write_error(&err, SIGNET_E_USAGE, hint, fmt, args);
    va_end(args);
    return cli_fail(cli, &err);
}

static const char *const event_names[] = {
    [SIGNET_EVENT_WARNING] = "warning",   [SIGNET_EVENT_STAGE_BEGIN] = "stage_begin",
    [SIGNET_EVENT_PROGRESS] = "progress", [SIGNET_EVENT_STAGE_END] = "stage_end",
    [SIGNET_EVENT_RETRY] = "retry",       [SIGNET_EVENT_SLOT] = "slot",
    [SIGNET_EVENT_TOTALS] = "totals",     [SIGNET_EVENT_LINE] = "line",
    [SIGNET_EVENT_ERROR] = "error",
};

static void put_event(const struct signet_event *event)
{
    struct json j;
    json_event(&j, event_names[event->kind]);
    if (event->stage)
        json_put(&j, M_TEXT("stage", event->stage));
    if (event->board)
        json_put(&j, M_TEXT("board", event->board));
    if (event->endpoint)
        json_put(&j, M_TEXT("endpoint", event->endpoint));
    if (event->name)
        json_put(&j, M_TEXT("name", event->name));
    if (event->may)
        json_put(&j, M_TEXT("may", event->may));
    if (event->kind == SIGNET_EVENT_PROGRESS || event->kind == SIGNET_EVENT_TOTALS)
        json_put(&j, M_INT("done", (int64_t)event->done), M_INT("total", (int64_t)event->total));
    if (event->kind == SIGNET_EVENT_STAGE_END)
        json_put(&j, M_REAL("seconds", event->seconds));
    if (event->error)
        put_error(&j, event->error);
    json_end(&j);
}

static void report_event(void *ctx, const struct signet_event *event)
{
    static char last[sizeof(event->error->msg)]; /* the same trouble is told once in a row */
    const struct cli *cli = ctx;
    if (cli->json)
        put_event(event);
    else if (event->kind == SIGNET_EVENT_WARNING && event->error)
        tell_error("warning: ", "\033[1;33m", event->error);
    else if (event->kind == SIGNET_EVENT_ERROR && event->error)
        tell_error("error: ", "\033[1;31m", event->error);
    else if (event->kind == SIGNET_EVENT_RETRY && event->error && strcmp(last, event->error->msg))
        tell_error("again after: ", "\033[1;33m", event->error);
    else if (event->kind == SIGNET_EVENT_PROGRESS)
        put_progress(event);
    if (event->kind != SIGNET_EVENT_PROGRESS)
        snprintf(last, sizeof(last), "%s",
                 event->kind == SIGNET_EVENT_RETRY && event->error ? event->error->msg : "");
}

struct signet_observer cli_observer(const struct cli *cli)
{
    return (struct signet_observer){.on_event = report_event, .ctx = (void *)cli};
}

static int stream_error(struct signet_error *err, int sys, const char *what)
{
    cli_error(err, SIGNET_E_IO, "", "cannot %s%s%s", what, sys ? ": " : "",
              sys ? strerror(sys) : "");
    err->sys = sys;
    return SIGNET_E_IO;
}

/* Not by the name /dev/stdin: another user's pipe can be read, but not opened. All the room at
 * once, so that no copy of a secret is left behind; what is not used costs nothing. */
static int read_input(size_t max, struct signet_bytes *out, struct signet_error *err)
{
    struct signet_bytes all = {.data = calloc(1, max + 2)};
    ssize_t n = 1;
    if (!all.data)
        return cli_error(err, SIGNET_E_NOMEM, "", "out of memory");
    while (all.len <= max && n != 0) {
        n = read(STDIN_FILENO, all.data + all.len, max + 1 - all.len);
        if (n < 0 && errno != EINTR)
            break;
        all.len += n > 0 ? (size_t)n : 0;
    }
    if (n >= 0 && all.len <= max) {
        *out = all;
        return SIGNET_OK;
    }
    int sys = n < 0 ? errno : 0;
    signet_bytes_free(&all);
    return sys ? stream_error(err, sys, "read standard input")
               : cli_error(err, SIGNET_E_LIMIT, "", "standard input is too long");
}

int cli_read(const char *path, size_t max, struct signet_bytes *out, struct signet_error *err)
{
    return strcmp(path, "-") != 0 ? signet_bytes_read(path, max, out, err)
                                  : read_input(max, out, err);
}

int cli_write(const char *path, const void *data, size_t len, struct signet_error *err)
{
    if (strcmp(path, "-") != 0)
        return signet_bytes_write(path, data, len, err);
    if (fwrite(data, 1, len, stdout) == len && fflush(stdout) == 0)
        return SIGNET_OK;
    return stream_error(err, errno, "write to standard output");
}

int cli_close(const struct cli *cli, int code)
{
    struct signet_error err = {0};
    int rc = cli_lacks_text() ? cli_error(&err, SIGNET_E_NOMEM, "", "out of memory")
                              : cli_write("-", "", 0, &err);
    if (rc == SIGNET_OK && ferror(stdout)) /* of something before */
        rc = stream_error(&err, reader_is_gone() ? EPIPE : 0, "write to standard output");
    return rc == SIGNET_OK ? code : cli_fail(cli, &err);
}

int cli_end(struct cli *cli, int rc)
{
    signet_profile_close(&cli->profile);
    signet_objects_free(&cli->objects);
    return rc == SIGNET_OK ? cli_close(cli, EXIT_DONE) : cli_fail(cli, &cli->err);
}

int cli_end_owner(struct cli *cli, int rc, struct signet_bytes *key)
{
    if (rc == SIGNET_OK && cli->json)
        json_line("owner", M_TEXT("key", (const char *)key->data));
    else if (rc == SIGNET_OK)
        printf("%s\n", (const char *)key->data);
    signet_bytes_free(key);
    return cli_end(cli, rc);
}

const char *cli_count(uint64_t n, const char *one, const char *many,
                      char out[static CLI_COUNT_SIZE])
{
    snprintf(out, CLI_COUNT_SIZE, "%" PRIu64 " %s", n, n == 1 ? one : many);
    return out;
}

const char *cli_time(int64_t seconds, char out[static 24])
{
    time_t t = (time_t)seconds;
    struct tm tm;

    if (!gmtime_r(&t, &tm) || !strftime(out, 24, "%Y-%m-%dT%H:%M:%SZ", &tm))
        snprintf(out, 24, "%" PRId64, seconds);
    return out;
}
