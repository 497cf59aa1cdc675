/* SPDX-License-Identifier: Apache-2.0 */
/* A key as it is: only the mode of its file guards it. */
#include "vault/private.h"

const struct key_form key_form_file = {.name = "file"};
