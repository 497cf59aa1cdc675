/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_PTOOL_ARGS_H
#define CLI_PTOOL_ARGS_H

#include <stdbool.h>

/* What was said on ptool's command line. Texts point into argv; NULL: not said. */
struct ptool_args {
    const char *endpoint_cfg, *urn, *server, *token, *cert, *pkey, *pcert, *scert; /* reference */
    const char *token_file, *ca_file, *device;                                     /* Signet's */
    bool no_check, allow_http, help, version;
};

/* Reads the command line as Python's argparse does: unique prefixes of long options, -cFILE,
 * --opt=VALUE, the last repeat wins; `--` and what follows belongs to no option and is refused.
 * Returns SIGNET_OK, or SIGNET_E_USAGE and *err. Never repeats a value: it may be a token. */
struct signet_error;
int ptool_args_parse(int argc, char **argv, struct ptool_args *out, struct signet_error *err);

/* Do they fit together? have_token: one is known from elsewhere (the environment). */
int ptool_args_check(const struct ptool_args *args, bool have_token, struct signet_error *err);

extern const char ptool_usage[], ptool_help[];

#endif
