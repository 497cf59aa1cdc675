/* SPDX-License-Identifier: Apache-2.0 */
/* The drop-in for the reference's ptool.py: one device, one packet. */
#include "ptool_args.h"

#include <signet/error.h>
#include <stdio.h>
#include <stdlib.h>

static int complain(const struct signet_error *err, int exit_code)
{
    if (exit_code == 2)
        fputs(ptool_usage, stderr);
    fprintf(stderr, "ptool: error: %s\n", err->msg);
    if (err->hint[0])
        fprintf(stderr, "ptool: hint: %s\n", err->hint);
    return exit_code;
}

int main(int argc, char **argv)
{
    struct signet_error err = {0};
    struct ptool_args args = {0};
    if (ptool_args_parse(argc, argv, &args, &err) != 0)
        return complain(&err, 2);
    if (args.help) {
        printf("%s%s", ptool_usage, ptool_help);
        return fflush(stdout) == 0 ? 0 : 1;
    }
    const char *token = getenv("SIGNET_TOKEN");
    if (ptool_args_check(&args, token && *token, &err) != 0)
        return complain(&err, 2);
    err.code = SIGNET_E_UNSUPPORTED;
    snprintf(err.msg, sizeof(err.msg), "this build has no rooms that make a packet");
    snprintf(err.hint, sizeof(err.hint), "nothing was read or written");
    return complain(&err, 1);
}
