/* SPDX-License-Identifier: Apache-2.0 */
#include "base/base.h"

#include <stdlib.h>

void *list_move(void *list, size_t count, size_t size)
{
    bool full = (count & (count - 1)) == 0; /* also the empty one */

    return full ? reallocarray(list, count ? 2 * count : 1, size) : list;
}
