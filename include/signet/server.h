/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_SERVER_H
#define SIGNET_SERVER_H

#include <signet/error.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Which server, and where. Strings belong to the struct: signet_server_info_free() (config.h). */
struct signet_server_info {
    char *kind;    /* "coiote"; NULL is the same */
    char *url;     /* "https://HOST" */
    uint16_t port; /* 0: none given */
    char *domain;  /* "/acme/" */
};

#ifdef __cplusplus
}
#endif
#endif
