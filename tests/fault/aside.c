/* SPDX-License-Identifier: Apache-2.0 */
/* Sets aside devices of the first order that are begun and in nobody's hands, with the public API
 * only: what else could set aside a device that is `writing`, for tests of what comes after it.
 * usage: signet_aside LEDGER STATION KEYFILE ENDPOINT... */
#include <signet/ledger.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DEVICES_MAX = 1024, ORDER = 1 /* the first of a ledger */ };

static void must(int rc, const struct signet_error *err, const char *what)
{
    if (rc == SIGNET_OK)
        return;
    fprintf(stderr, "aside: %s: %s\n", what, err->msg);
    exit(1);
}

int main(int argc, char **argv)
{
    static struct signet_lease leases[DEVICES_MAX];
    const struct signet_error why = {.code = SIGNET_E_BOARD, .msg = "set aside by a test"};
    struct signet_error err = {0};
    struct signet_ledger *ledger = NULL;
    size_t count = 0;
    int found = 0;

    if (argc < 5)
        return 2;
    const struct signet_ledger_options options = {
        .station = argv[2], .operator_name = "test", .sign_file = argv[3]};
    must(signet_ledger_open(&ledger, argv[1], &options, &err), &err, "open");
    must(signet_ledger_recover(ledger, ORDER, &err), &err, "recover");
    must(signet_ledger_resume(ledger, ORDER, "mint", leases, DEVICES_MAX, &count, &err), &err,
         "resume");
    for (size_t i = 0; i < count; i++) {
        bool is_wanted = false;

        for (int k = 4; k < argc; k++)
            is_wanted = is_wanted || strcmp(argv[k], leases[i].endpoint) == 0;
        found += is_wanted;
        must(is_wanted ? signet_ledger_fail(ledger, &leases[i], &why, &err)
                       : signet_ledger_release(ledger, &leases[i], &err),
             &err, leases[i].endpoint);
    }
    signet_ledger_close(&ledger);
    return found == argc - 4 ? 0 : 1;
}
