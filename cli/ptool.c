/* SPDX-License-Identifier: Apache-2.0 */
#include "cli.h"

int main(void)
{
    return verbs[0].name ? 0 : 2;
}
