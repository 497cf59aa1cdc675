/* SPDX-License-Identifier: Apache-2.0 */
/* The output as batches that are sealed to certificates: the state file is where a batch is marked.
 */
#include "batch/private.h"

#include <stdio.h>

_Static_assert((int)OUTPUTS == (int)MANIFEST_FILES, "each output is a file of the manifest");

int sealed_open(struct batch_run *l, bool change, struct signet_error *err)
{
    const struct signet_order *o = l->setup.order;
    const struct mark *marks = l->out.state.marks;
    struct handover *s = &l->out.sealed;
    const struct handover_setup setup = {.to = o->seal_to,
                                         .to_count = o->seal_to_count,
                                         .order = o->name,
                                         .station = o->station,
                                         .sign_file = l->setup.sign_file,
                                         .paths = {o->packets, o->records}};
    int rc = handover_open(s, &setup, change, l->job->observer, err);

    for (size_t i = 0; i < OUTPUTS; i++)
        s->bytes[i] = marks[i].bytes;
    if (marks[PACKETS].bytes)
        snprintf(s->head, sizeof(s->head), "%s", marks[PACKETS].sha256);
    return rc == SIGNET_OK
               ? handover_settle(s, l->out.state.batch, !marks[PACKETS].bytes, change, err)
               : rc;
}

int sealed_append(struct batch_run *l, struct batch *b, struct signet_error *err)
{
    const char *records = l->setup.order->records;
    bool csv = records && text_ends_with(records, ".csv");
    struct handover *s = &l->out.sealed;
    const struct handover_text texts[MANIFEST_FILES] = {
        [PACKETS] = {"", &b->texts[PACKETS]},
        [RECORDS] = {csv ? row_header(l->out.state.form) : "", &b->texts[RECORDS]}};
    int rc = b->count ? handover_stage(s, b->number, b->count, texts, err) : SIGNET_OK;

    for (size_t i = 0; i < OUTPUTS; i++) {
        b->marks[i].bytes = s->bytes[i];
        memcpy(b->marks[i].sha256, s->head, sizeof(s->head));
    }
    return rc;
}
