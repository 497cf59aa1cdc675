/* SPDX-License-Identifier: Apache-2.0 */
#include "base/base.h"

void options_copy(void *to, size_t to_size, const void *given, size_t given_size)
{
    memset(to, 0, to_size);
    if (given)
        memcpy(to, given, given_size && given_size < to_size ? given_size : to_size);
}
