/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHORITY_CRYPTOKI_H
#define AUTHORITY_CRYPTOKI_H

/* A module that speaks to tokens (PKCS#11), loaded when it is first needed. */

#include "base/base.h"

#include <p11-kit/pkcs11.h>

struct cryptoki; /* a module, which all who use it in this process share */

/* path: absolute; NULL: p11-kit's, which knows those of the system. SIGNET_E_NOT_FOUND: there is
 * none; SIGNET_E_IO: others could have changed it. */
int cryptoki_open(struct cryptoki **out, const char *path, struct signet_error *err);
/* The last one ends it (C_Finalize). */
void cryptoki_close(struct cryptoki **module); /* sets *module to NULL */
const CK_FUNCTION_LIST *cryptoki_functions(const struct cryptoki *module);

/* Says what the token answered; gives the code for it. */
int cryptoki_fail(CK_RV rv, const char *what, struct signet_error *err);

#endif
