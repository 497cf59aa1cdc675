/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_PROVISION_H
#define SIGNET_PROVISION_H

/* One device, completely: from its configuration to a board that holds its credentials and a server
 * that has it.
 *
 * Ownership: the job is only read; *result is filled in after an error, too. Errors: the one of the
 * stage that failed; the event SIGNET_EVENT_STAGE_END names the stage.
 *
 * Threads: signet_provision_run() blocks and may run on several threads, each with a board of its
 * own. */

#include <signet/board.h>
#include <signet/bytes.h>
#include <signet/factory.h>

#ifdef __cplusplus
extern "C" {
#endif

struct signet_provision_job {
    /* Who the device is. Its observer and cancel are those of the whole story; NO_FILES is ignored.
     * Without an endpoint name, the board's own is taken. */
    struct signet_factory_args device;
    const char *server_cert;                  /* files, DER or PEM; NULL: none */
    const char *endpoint_cert, *endpoint_key; /* both or none, and none is made then */
    const char *packet_path; /* NULL: "SenMLCBOR" without a board, no file with one */
    const char *cert_folder; /* for a certificate that is made; NULL: "cert" without a board, no
                                files with one: the private key is on the board only */
    const char *recipe;      /* one of board.h; NULL: no board */
    const struct signet_board_options *board; /* NULL: the recipe's defaults. Its endpoint is the
                                                 device's. */
};

/* How far it went, also after an error. */
struct signet_provision_result {
    char endpoint[SIGNET_ENDPOINT_SIZE]; /* "" when there is none */
    bool registered;
    struct signet_board_state board; /* all zero without a board */
};

/* Stages, each with SIGNET_EVENT_STAGE_BEGIN and SIGNET_EVENT_STAGE_END: check (everything that can
 * be known without touching a board), flash, name, credentials, packet, load, result, register,
 * final; those that have nothing to do are left out. Stops at the first error. result may be NULL.
 */
int signet_provision_run(const struct signet_provision_job *job,
                         struct signet_provision_result *result, struct signet_error *err);

#ifdef __cplusplus
}
#endif
#endif
