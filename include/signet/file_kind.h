/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_FILE_KIND_H
#define SIGNET_FILE_KIND_H

/* What a file is, by its first bytes: for messages about a file that is something else.
 *
 * Threads: any function may be called on any thread. */

#include <signet/error.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The kinds that Signet reads; SIGNET_FILE_OTHER is told by name only. */
enum signet_file_kind {
    SIGNET_FILE_UNKNOWN = 0,
    SIGNET_FILE_ORDER,
    SIGNET_FILE_CONFIG,
    SIGNET_FILE_PACKET,
    SIGNET_FILE_LEDGER,
    SIGNET_FILE_MANIFEST,
    SIGNET_FILE_JSON,
    SIGNET_FILE_CERT,
    SIGNET_FILE_KEY,
    SIGNET_FILE_DEFINITION,
    SIGNET_FILE_PROFILE,
    SIGNET_FILE_LABEL,
    SIGNET_FILE_OTHER, /* this one and all above it */
    SIGNET_FILE_IMAGE, /* for a board */
    SIGNET_FILE_LOGINS,
    SIGNET_FILE_SIGNING_KEY,
    SIGNET_FILE_NOTE, /* a signed note */
    SIGNET_FILE_TPM,  /* a key in a TPM, a request, a grant */
    SIGNET_FILE_AUTHORITY,
};

/* Of the first bytes of a file, or all of it. */
enum signet_file_kind signet_file_kind(const void *data, size_t len);

/* rc is what reading the file of that path as the wanted kind came to, and err says why. When the
 * file is another kind, err says that instead: "PATH is a ledger, not a work order", with what to
 * do. Else PATH stands in front of
 * the message, unless it is there. Gives rc. */
int signet_file_explain(int rc, enum signet_file_kind wanted, const char *path,
                        struct signet_error *err);

/* err is about what stands in the text file of that path, and names a value or a key of it: the
 * message gets the place, "PATH:7:3: ...", and the excerpt the line with a caret. Nothing changes
 * when err has a place, or none is found. Gives rc. */
int signet_file_blame(int rc, const char *path, struct signet_error *err);

#ifdef __cplusplus
}
#endif
#endif
