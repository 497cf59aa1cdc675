/* SPDX-License-Identifier: Apache-2.0 */
/* The kinds of servers, one row each. */
#include "server/ops.h"

/* Each kind of server: its row here is all that the rest of Signet knows of it. */
/* clang-format off */
#define FOR_EACH_KIND(row)    \
    row(coiote_ops)           \
    row(leshan_ops)           \
    row(leshan_bootstrap_ops) \
    row(thingsboard_ops)      \
    row(export_ops)
/* clang-format on */

#define DECLARE(ops) extern const struct server_ops ops;
#define ROW(ops)     &(ops),

FOR_EACH_KIND(DECLARE)
static const struct server_ops *const kinds[] = {FOR_EACH_KIND(ROW)};

enum { KINDS = COUNT_OF(kinds) };

const struct server_ops *server_kind(const char *kind, struct signet_error *err)
{
    static const char *const meant[][2] = {
        {"leshan_bs leshan_bsserver leshan_bs_server bootstrap bs lwm2m_bootstrap",
         "did you mean 'leshan-bootstrap'?"},
        {NULL, NULL},
    };
    const char *names[KINDS];

    for (size_t i = 0; i < KINDS; i++) {
        names[i] = kinds[i]->can.kind;
        if (!kind || strcmp(kind, names[i]) == 0)
            return kinds[i];
    }
    text_unknown(SIGNET_E_USAGE, "kind of server", kind, names, KINDS, err);
    text_hint_meant(kind, meant, err);
    return NULL;
}
