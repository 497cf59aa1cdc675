/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_PAGE_H
#define SIGNET_PAGE_H

/* The operator's page: what a line does, in a browser, and figures for a monitoring system
 * (OpenMetrics). It looks at a run through its control socket (control.h), at what was made through
 * the ledger. docs/SPEC.md, "The page", has its addresses. libmicrohttpd is loaded when the first
 * page is opened.
 *
 * Units: seconds. Ownership: options are copied. Errors: see each call.
 *
 * Threads: one handle is for one thread at a time, except signet_page_show(). A page starts threads
 * of its own and ends them when it is closed. A viewer that reads slowly holds up no other. */

#include <signet/bytes.h>
#include <signet/error.h>
#include <signet/ledger_read.h>
#include <stdbool.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

struct signet_page;

struct signet_page_options {
    size_t size; /* sizeof(struct signet_page_options): what a later version adds is then zero; 0:
                    this version */
    const char *address; /* "ADDR:PORT", "ADDR" or "PORT"; NULL: 127.0.0.1:8470; port 0: any */
    /* The certificate, with those above it, and its key, as PEM; both or none. */
    const char *cert_file, *key_file;
    const char *logins_file; /* of signet_page_login(); NULL: nobody may change anything */
    bool metrics;            /* /metrics is served */
    bool only_metrics;       /* and nothing else */
};

/* Listens. SIGNET_E_USAGE: what is no address; one beyond this computer without certificate or
 * logins; a certificate without its key. SIGNET_E_BUSY: another program listens there.
 * SIGNET_E_UNSUPPORTED: libmicrohttpd is not installed. */
int signet_page_open(struct signet_page **out, const struct signet_page_options *options,
                     struct signet_error *err);
void signet_page_close(struct signet_page **page); /* sets *page to NULL */
/* "http://127.0.0.1:8470/"; lives as long as the page. */
const char *signet_page_url(const struct signet_page *page);

/* What is shown from now on; each may be NULL. work: the work folder of a run, order: its name
 * (NULL: the only run of the folder); ledger: where it keeps its record, as for
 * signet_ledger_open(). From any thread. */
int signet_page_show(struct signet_page *page, const char *work, const char *order,
                     const char *ledger, struct signet_error *err);

/* A report as a picture (SVG): bars for the last 60 of its groups; without a group an empty one.
 * ERRORS is by error, whatever options say. The caller frees *out. */
enum signet_plot {
    SIGNET_PLOT_YIELD, /* passed of all that were judged, and those at the first attempt */
    SIGNET_PLOT_CYCLE, /* cycle time, median and 95th percentile */
    SIGNET_PLOT_ERRORS /* units that failed or were refused, by error */
};
int signet_report_plot(struct signet_ledger *ledger, const struct signet_report_options *options,
                       enum signet_plot plot, struct signet_bytes *out, struct signet_error *err);

/* Adds a person who may log in to a file of logins (mode 0600), or changes the password: of 8 to
 * 200 bytes; scrypt's hash of it is kept. name: 1 to 40 letters, digits and ._- (SIGNET_E_USAGE).
 */
int signet_page_login(const char *logins_file, const char *name, const char *password,
                      struct signet_error *err);

#ifdef __cplusplus
}
#endif
#endif
