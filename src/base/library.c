/* SPDX-License-Identifier: Apache-2.0 */
#include "base/base.h"

#include <dlfcn.h>

bool library_load(const char *soname, const struct library_function *functions, size_t count,
                  void *table)
{
    void *library = dlopen(soname, RTLD_NOW | RTLD_LOCAL);

    if (!library)
        return false;
    for (size_t i = 0; i < count; i++) {
        void *function = dlsym(library, functions[i].name);

        if (!function)
            return false;
        memcpy((char *)table + functions[i].offset, &function, sizeof(function));
    }
    return true;
}
