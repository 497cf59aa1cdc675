/* SPDX-License-Identifier: Apache-2.0 */
/* The labels of an order, in a run and without one. */
#include "label/label.h"
#include "run/private.h"
#include "run/read_back.h"
#include "scan/scan.h"

#include <signet/label.h>
#include <signet/profile.h>
#include <stdlib.h>

static int64_t count_names(const struct signet_run *r)
{
    return source_has_names(r->source) ? source_count(r->source) : 0;
}

int run_open_label(struct signet_run *r, struct signet_error *err)
{
    int64_t count = count_names(r);

    if (!r->order->label.printer)
        return SIGNET_OK;
    int rc = label_open(&r->label, r->order, r->source, err);
    if (rc == SIGNET_OK)
        rc = label_try_all(r->label, count, err);
    if (rc == SIGNET_OK && r->order->label.scan_back)
        rc = label_check_codes(r->label, count, err);
    return rc;
}

struct signet_label {
    struct signet_run run; /* of it, what makes names and values */
};

/* Names and values of the order, without its ledger and its keys. */
static int open_names(struct signet_run *run, struct signet_error *err)
{
    struct run_model model = {0};
    int rc = signet_profile_open(&run->profile, run->order->device, err);

    if (rc == SIGNET_OK)
        rc = run_model_load(run, NULL, &model, err);
    if (rc == SIGNET_OK) {
        run_model_names(run->order, &model);
        model.options.names_only = true;
        rc = source_open(&run->source, &model.options, err);
    }
    run_model_free(&model);
    return rc;
}

int signet_label_open(struct signet_label **out, const struct signet_order *order,
                      struct signet_error *err)
{
    struct signet_label *l = calloc(1, sizeof(*l));

    if (!l)
        return error_nomem(err);
    l->run.order = order;
    int rc = order->label.printer
                 ? open_names(&l->run, err)
                 : error_set_hint(err, SIGNET_E_MEANING,
                                  "the order says it: label: {template: label.zpl, printer: "
                                  "\"tcp://HOST:9100\"}",
                                  "%s has no labels", order->path);
    if (rc == SIGNET_OK)
        rc = label_open(&l->run.label, order, l->run.source, err);
    if (rc == SIGNET_OK && order->label.scan_back)
        rc = label_check_codes(l->run.label, count_names(&l->run), err);
    if (rc != SIGNET_OK)
        signet_label_close(&l);
    else
        *out = l;
    return rc;
}

void signet_label_close(struct signet_label **label)
{
    struct signet_label *l = label ? *label : NULL;

    if (!l)
        return;
    label_close(&l->run.label);
    source_close(&l->run.source);
    signet_profile_close(&l->run.profile);
    free(l);
    *label = NULL;
}

int signet_label_zpl(struct signet_label *label, const struct signet_label_device *device,
                     struct signet_bytes *out, struct signet_error *err)
{
    struct buf zpl = {0};
    int rc = label_make(label->run.label, device, &zpl, err);

    return buf_end(&zpl, rc, out, err);
}

int signet_label_fields(struct signet_label *label, const struct signet_label_device *device,
                        int (*field)(void *ctx, enum signet_label_field field, const char *text,
                                     size_t len, struct signet_error *err),
                        void *ctx, struct signet_error *err)
{
    const struct label_visitor visitor = {.field = field, .ctx = ctx};

    return label_look(label->run.label, device, &visitor, err);
}

/* One label that a person asked for. */
struct asked {
    struct signet_ledger *ledger;
    const struct signet_observer *observer;
    const char *endpoint;
    struct buf detail;
    struct signet_error told; /* that the printer waits for */
};

static int record_sent(void *ctx, struct signet_error *err)
{
    const struct asked *a = ctx;

    return signet_ledger_label(a->ledger, a->endpoint, SIGNET_LABEL_SENT,
                               (const char *)a->detail.data, err);
}

/* Until the person ends it. */
static bool tell_wait(void *ctx, const struct signet_error *why)
{
    struct asked *a = ctx;

    if (strcmp(a->told.msg, why->msg) != 0)
        event_warn(a->observer, why);
    a->told = *why;
    return true;
}

/* Of a label that was sent, or not. */
static int told_failure(const struct asked *a, bool sent, int rc, struct signet_error *err)
{
    const struct signet_error why = *err;

    if (!sent)
        return error_pass(rc, err, "label not printed");
    return error_set_hint(err, SIGNET_E_CONFLICT,
                          "look for it: then confirm that it is there, or print it again",
                          "%s: its label may have been printed, or not: %s", a->endpoint, why.msg);
}

int signet_label_print(struct signet_label *label, struct signet_ledger *ledger,
                       const struct signet_label_device *device, const char *reason,
                       const struct signet_observer *observer, const struct signet_cancel *cancel,
                       struct signet_error *err)
{
    const char *printer = label->run.order->label.printer;
    struct asked asked = {.ledger = ledger, .observer = observer, .endpoint = device->endpoint};
    struct buf zpl = {0};
    struct signet_error why = {0};
    bool sent = false;
    const struct label_printing printing = {.printer = printer,
                                            .endpoint = device->endpoint,
                                            .zpl = &zpl,
                                            .cancel = cancel,
                                            .begin = record_sent,
                                            .wait = tell_wait,
                                            .ctx = &asked};

    buf_printf(&asked.detail, "%s by hand: %s", printer, reason);
    int rc = buf_check(&asked.detail, &why);
    if (rc == SIGNET_OK)
        rc = label_make(label->run.label, device, &zpl, &why);
    if (rc == SIGNET_OK)
        rc = label_print(&printing, &sent, &why);
    buf_free(&zpl);
    if (rc == SIGNET_OK)
        rc = signet_ledger_label(ledger, device->endpoint, SIGNET_LABEL_PRINTED,
                                 (const char *)asked.detail.data, &why);
    else
        rc = told_failure(&asked, sent, rc, &why);
    buf_free(&asked.detail);
    return rc == SIGNET_OK ? rc : error_copy(err, &why);
}

int signet_label_read(struct signet_label *label, struct signet_ledger *ledger, const char *code,
                      size_t len, const char *reason, char endpoint[SIGNET_ENDPOINT_SIZE],
                      struct signet_error *err)
{
    const struct signet_order *order = label->run.order;
    struct scan_code read;
    struct buf detail = {0};
    struct label_read ask = {
        .ledger = ledger, .order = order, .label = label->run.label, .code = read.text};

    if (!order->label.scan_back)
        return error_set_hint(err, SIGNET_E_UNSUPPORTED, "label: {..., scan_back: true}",
                              "%s does not ask that labels are read", order->path);
    if (order->recipe && !reason[0])
        return error_set_hint(
            err, SIGNET_E_USAGE, "at the slot, while the order runs",
            "the label of a board is read at its slot; by hand it needs a reason");
    buf_printf(&detail, "by hand%s%s", reason[0] ? ": " : "", reason);
    ask.detail = (const char *)detail.data;
    int rc = buf_check(&detail, err);
    if (rc == SIGNET_OK)
        rc = scan_read(&order->scan, code, len, &read, err);
    if (rc == SIGNET_OK && read.kind != SCAN_DEVICE)
        rc = error_set_hint(err, SIGNET_E_NOT_FOUND,
                            "scan the code on the label that tells its device from others",
                            "what was read is the code of a slot, a person or a carrier, or the "
                            "set-up code");
    if (rc == SIGNET_OK)
        rc = run_read_label(&ask, err);
    if (rc == SIGNET_OK)
        memcpy(endpoint, ask.endpoint, sizeof(ask.endpoint));
    buf_free(&detail);
    return rc;
}
