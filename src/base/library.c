/* SPDX-License-Identifier: Apache-2.0 */
#include "base/base.h"

#include <dlfcn.h>
#include <pthread.h>

static bool fill_table(const struct library *library)
{
    void *opened = dlopen(library->soname, RTLD_NOW | RTLD_LOCAL);

    for (size_t i = 0; opened && i < library->count; i++) {
        void *function = dlsym(opened, library->functions[i].name);

        if (!function)
            return false;
        memcpy((char *)library->table + library->functions[i].offset, &function, sizeof(function));
    }
    return opened && (!library->begin || library->begin());
}

int library_load(struct library *library, struct signet_error *err)
{
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

    pthread_mutex_lock(&lock);
    if (library->state == LIBRARY_UNKNOWN)
        library->state = fill_table(library) ? LIBRARY_LOADED : LIBRARY_MISSING;
    pthread_mutex_unlock(&lock);
    return library->state == LIBRARY_LOADED
               ? SIGNET_OK
               : error_set_hint(err, SIGNET_E_UNSUPPORTED, library->install, "%s",
                                library->missing);
}
