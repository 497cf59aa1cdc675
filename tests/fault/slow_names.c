/* SPDX-License-Identifier: Apache-2.0 */
/* For LD_PRELOAD: a name server that never answers when it is asked for slow.invalid. Tests only;
 * see cli/notify. */
#include <dlfcn.h>
#include <netdb.h>
#include <string.h>
#include <unistd.h>

int getaddrinfo(const char *node, const char *service, const struct addrinfo *hints,
                struct addrinfo **list)
{
    static __typeof__(getaddrinfo) *next;

    while (node && strcmp(node, "slow.invalid") == 0 &&
           !(hints && hints->ai_flags & AI_NUMERICHOST))
        pause();
    if (!next)
        *(void **)&next = dlsym(RTLD_NEXT, "getaddrinfo");
    return next(node, service, hints, list);
}
