/* SPDX-License-Identifier: Apache-2.0 */
#include "cli.h"

#include <stddef.h>

const struct verb verbs[] = {
    {NULL, NULL, NULL},
};
