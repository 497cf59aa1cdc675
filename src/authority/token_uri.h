/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHORITY_TOKEN_URI_H
#define AUTHORITY_TOKEN_URI_H

/* PKCS#11 URIs (RFC 7512): which key in which token. */

#include "base/base.h"

enum { URI_TEXT = 256 };
struct token_uri {
    char token[URI_TEXT], manufacturer[URI_TEXT], serial[URI_TEXT], model[URI_TEXT];
    char object[URI_TEXT];
    uint8_t id[URI_TEXT];
    size_t id_len;
    char slot[URI_TEXT], type[URI_TEXT]; /* slot: its number, as text */
    char module[4096], pin_file[4096];   /* "": not given */
    bool has_object, has_id;
};
/* SIGNET_E_MEANING: it is malformed, has something that is not known, or the PIN itself. folder:
 * that of a relative pin-source; NULL: the current one. Messages have nothing of the URI but names.
 */
int token_uri_parse(struct token_uri *out, const char *uri, const char *folder,
                    struct signet_error *err);

#endif
