/* SPDX-License-Identifier: Apache-2.0 */
/* Printers: ZPL over TCP, with the word of the printer before and after; files. */
#include "label/private.h"
#include "link/link.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* How long an answer, the sending of a label, and the print of one may take. */
enum { ANSWER_MS = 5000, SEND_MS = 10000, PRINT_MS = 20000, LOOK_MS = 200 };

static const char scheme[] = "tcp://";

static bool is_network(const char *printer)
{
    return strncmp(printer, scheme, strlen(scheme)) == 0;
}

static int open_printer(struct signet_link **out, const char *printer,
                        const struct signet_cancel *cancel, struct signet_error *err)
{
    const char *host = printer + strlen(scheme);
    const char *port = strrchr(host, ':');
    char address[300];
    bool has_port = port && port[1] && !strchr(port, ']');
    int n = snprintf(address, sizeof(address), "tcp:%s%s", host, has_port ? "" : ":9100");

    if ((size_t)n >= sizeof(address))
        return error_set(err, SIGNET_E_USAGE, "a printer's address is that long");
    int rc = signet_link_open(out, address, 0, cancel, err);
    if (rc != SIGNET_OK)
        error_hint(err, "is the printer on, and is the address right?");
    return rc;
}

/* An answer is read to its end, with whatever stands before it given up. */
static int ask_status(struct signet_link *link, struct printer_status *out,
                      struct signet_error *err)
{
    int64_t deadline = clock_ms() + ANSWER_MS;
    char text[STATUS_MAX];
    size_t len = 0, got = 0;
    int found = 0;
    int rc = link_write(link, "~HS", 3, deadline, err);

    while (rc == SIGNET_OK && found == 0 && len < sizeof(text)) {
        rc = link_read(link, text + len, sizeof(text) - len, deadline, &got, err);
        len += rc == SIGNET_OK ? got : 0;
        found = rc == SIGNET_OK ? status_parse(text, len, out) : 0;
    }
    if (rc == SIGNET_E_TIMEOUT)
        error_hint(err, "does the printer speak ZPL? It did not answer ~HS");
    if (rc == SIGNET_E_LINK)
        error_hint(err, "is the printer on, and does another program print there?");
    if (rc == SIGNET_OK && found != 1)
        rc =
            error_set_hint(err, SIGNET_E_SYNTAX, "is it a printer for ZPL?",
                           "%s: the answer to ~HS is none of a printer", signet_link_address(link));
    return rc;
}

static int ask_ready(struct signet_link *link, struct signet_error *err)
{
    struct printer_status status;
    int rc = ask_status(link, &status, err);

    return rc == SIGNET_OK ? status_ready(&status, err) : rc;
}

/* The label is in the printer. What keeps it from being printed is told, and waited for; also what
 * is wrong once nothing is left to print, since paper may end in the middle of a label. */
static int wait_printed(const struct label_printing *p, struct signet_link *link,
                        struct signet_error *err)
{
    int64_t deadline = clock_ms() + PRINT_MS;
    struct printer_status status;

    for (;;) {
        struct signet_error why = {0};
        int rc = ask_status(link, &status, err);

        if (rc != SIGNET_OK)
            return rc;
        bool ready = status.taking || status_ready(&status, &why) == SIGNET_OK;
        if (ready && status_idle(&status))
            return SIGNET_OK;
        if (ready && clock_ms() >= deadline)
            return error_set(err, SIGNET_E_TIMEOUT,
                             "the printer has the label, and does not print it");
        if (!ready && !p->wait(p->ctx, &why))
            return error_copy(err, &why);
        if (!ready)
            deadline = clock_ms() + PRINT_MS;
        rc = cancel_sleep_until(p->cancel, clock_ms() + LOOK_MS, err);
        if (rc != SIGNET_OK)
            return rc;
    }
}

static int print_network(const struct label_printing *p, bool *sent, struct signet_error *err)
{
    struct signet_link *link = NULL;
    int rc = open_printer(&link, p->printer, p->cancel, err);

    if (rc == SIGNET_OK)
        rc = ask_ready(link, err);
    if (rc == SIGNET_OK)
        rc = p->begin(p->ctx, err);
    if (rc == SIGNET_OK) {
        *sent = true;
        rc = link_write(link, p->zpl->data, p->zpl->len, clock_ms() + SEND_MS, err);
    }
    if (rc == SIGNET_OK)
        rc = wait_printed(p, link, err);
    signet_link_close(&link);
    return rc;
}

static int refuse_folder(const char *printer, struct signet_error *err)
{
    struct stat st;

    if (text_ends_with(printer, "/") || stat(printer, &st) != 0 || !S_ISDIR(st.st_mode))
        return SIGNET_OK;
    return error_set_hint(err, SIGNET_E_IO,
                          "with a slash at its end labels are files in it; else name a file",
                          "'%s' is a folder", printer);
}

/* A file of a device: names have no slash, but a colon, which some systems do not take. */
static int print_to_file(const struct label_printing *p, bool *sent, struct signet_error *err)
{
    char *path = NULL;
    bool folder = text_ends_with(p->printer, "/");
    /* a file that is not to be added to is no label that may have been printed */
    int rc = refuse_folder(p->printer, err);

    if (rc == SIGNET_OK && !folder)
        rc = file_add(p->printer, "", 0, 077, err);
    if (rc == SIGNET_OK)
        rc = p->begin(p->ctx, err);
    if (rc != SIGNET_OK)
        return rc;
    *sent = true;
    if (!folder)
        return file_add(p->printer, p->zpl->data, p->zpl->len, 077, err);
    rc = text_format(&path, err, "%s%s%s.zpl", p->printer, file_name_front(p->endpoint),
                     p->endpoint);
    if (rc == SIGNET_OK)
        rc = file_mkdir(p->printer, err);
    if (rc == SIGNET_OK)
        rc = file_write(path, p->zpl->data, p->zpl->len, 0600, err);
    free(path);
    return rc;
}

int label_print(const struct label_printing *p, bool *sent, struct signet_error *err)
{
    *sent = false;
    return is_network(p->printer) ? print_network(p, sent, err) : print_to_file(p, sent, err);
}

int signet_label_printer(const char *printer, const struct signet_cancel *cancel,
                         struct signet_error *err)
{
    struct signet_link *link = NULL;
    const char *slash = strrchr(printer, '/');
    char folder[4096];

    if (is_network(printer)) {
        int rc = open_printer(&link, printer, cancel, err);
        if (rc == SIGNET_OK)
            rc = ask_ready(link, err);
        signet_link_close(&link);
        return error_pass(rc, err, "printer '%s'", printer);
    }
    if (refuse_folder(printer, err) != SIGNET_OK)
        return SIGNET_E_IO;
    if (access(printer, W_OK) == 0)
        return SIGNET_OK;
    size_t len = slash ? (size_t)(slash - printer) : 0;
    while (slash && len > 0 && !slash[1] &&
           printer[len - 1] != '/') /* FOLDER/: the one that it is in */
        len--;
    snprintf(folder, sizeof(folder), "%.*s", slash ? (int)len : 1, slash ? printer : ".");
    if (errno == ENOENT && slash && slash[1] && file_has_folder(printer, err) != SIGNET_OK)
        return SIGNET_E_IO;
    return errno == ENOENT && access(len ? folder : "/", W_OK) == 0
               ? SIGNET_OK
               : error_sys(err, SIGNET_E_IO, errno, "labels cannot be written to '%s'", printer);
}
