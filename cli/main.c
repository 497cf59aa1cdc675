/* SPDX-License-Identifier: Apache-2.0 */
#include "cli.h"

int main(int argc, char **argv)
{
    process_harden();
    return cli_run(argc, argv);
}
