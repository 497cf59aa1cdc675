/* SPDX-License-Identifier: Apache-2.0 */
/* An order, opened: line or batch, and delivery; one report. */
#include "batch/batch.h"
#include "delivery/delivery.h"
#include "lwm2m/lwm2m.h"
#include "notify/notify.h"
#include "run/private.h"

#include <errno.h>
#include <signet/profile.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static void on_event(void *ctx, const struct signet_event *event)
{
    struct signet_run *r = ctx;

    job_report(&r->job, event);
}

/* The status of the run is always there; the caller sees the event when it is up to date. */
static void on_job_event(void *ctx, const struct signet_event *event)
{
    struct signet_run *r = ctx;

    signet_status_add(r->status, event);
    event_send(r->options.observer, event);
}

static void warn_unused(struct signet_run *r, const struct signet_tree *model)
{
    const struct signet_order *o = r->order;
    struct signet_account a;

    for (size_t i = 0; signet_tree_account(model, i, &a); i++)
        if (mode_has_certs(a.mode))
            return;
    event_note(
        &r->observer, "take it out of the order, or write RID.Security.Mode: 2 into the template",
        "%s: '%s' is about certificates, but no account is in mode cert or est: it is not used",
        o->path,
        o->cert_info     ? "cert_info"
        : o->server_cert ? "server_cert"
                         : "authority");
}

static int open_source(struct signet_run *r, struct signet_error *err)
{
    const struct signet_order *o = r->order;
    struct run_model model;
    int rc = signet_profile_open(&r->profile, o->device, err);

    if (rc != SIGNET_OK)
        return rc;
    rc = run_model_load(r, &r->observer, &model, err);
    run_model_names(o, &model);
    model.options.names_only = r->options.deliver_only;
    model.options.observer = &r->observer;
    model.options.accept = o->server_count ? run_ask_servers : NULL;
    model.options.accept_ctx = r;
    if (rc == SIGNET_OK)
        rc = source_open(&r->source, &model.options, err);
    if (rc == SIGNET_OK && (o->cert_info || o->server_cert || r->authority))
        warn_unused(r, model.tree);
    run_model_free(&model);
    return rc;
}

static int open_run_batch(struct signet_run *r, struct batch_run **out, struct signet_error *err)
{
    const struct batch_setup setup = {.job = &r->job,
                                      .order = r->order,
                                      .source = r->source,
                                      .vault = r->vault,
                                      .sign_file = r->sign_file,
                                      .dry_run = r->options.dry_run};

    int rc = batch_open(out, &setup, err);
    if (rc == SIGNET_OK)
        rc = run_check_receivers(r, batch_has_one_account(*out), err);
    if (rc != SIGNET_OK)
        batch_close(out);
    return rc;
}

static int open_vault(struct signet_run *r, struct signet_error *err)
{
    const struct signet_order *o = r->order;
    if (o->key_passphrase_file && access(o->key_passphrase_file, F_OK) != 0)
        return file_missing(errno, o->key_passphrase_file, err);
    const struct vault_key key = {
        .file = o->key_file,
        .passphrase = {o->key_passphrase_file, r->options.ask, r->options.ask_ctx}};

    return vault_open(&r->vault, o->work, &key, o->name, err);
}

/* Servers come before the devices, since they are asked whether they would take them; they are
 * reached for when all else is right. */
static int open_all(struct signet_run *r, struct signet_error *err)
{
    const struct signet_order *o = r->order;
    bool makes = !r->options.deliver_only;
    struct batch_run *batch = NULL;
    int rc = run_check_names(r, err);

    if (rc == SIGNET_OK && (makes || r->options.recover))
        rc = run_check_signature(r, err);
    if (rc == SIGNET_OK)
        rc = text_format(&r->sign_file, err, "%s.sign", o->key_file);
    if (rc == SIGNET_OK)
        rc = run_open_servers(r, err);
    if (rc == SIGNET_OK)
        rc = notify_check(o, err);
    if (rc == SIGNET_OK)
        rc = run_open_authority(r, err);
    if (rc == SIGNET_OK)
        rc = open_source(r, err);
    if (rc == SIGNET_OK)
        rc = run_open_label(r, err);
    if (rc == SIGNET_OK)
        rc = run_check_receivers(r, false, err);
    if (rc == SIGNET_OK)
        rc = open_vault(r, err);
    if (rc == SIGNET_OK && makes && o->recipe)
        rc = line_check(o, r->options.observer, err);
    if (rc == SIGNET_OK && makes && o->recipe)
        rc = run_claim_slots(r, err);
    if (rc == SIGNET_OK && r->options.ask_servers)
        rc = run_ask_servers(r, NULL, err);
    if (rc == SIGNET_OK && r->options.ask_servers && o->label.printer)
        rc = signet_label_printer(o->label.printer, r->options.cancel, err);
    if (rc == SIGNET_OK)
        rc = job_memory_open(&r->job, vault_folder(r->vault), vault_tag(r->vault), err);
    if (rc == SIGNET_OK)
        rc = run_open_ledger(r, err);
    if (rc == SIGNET_OK && r->options.dry_run && !o->recipe)
        rc = open_run_batch(r, &batch, err);
    batch_close(&batch);
    if (rc == SIGNET_OK && makes && !r->options.dry_run)
        rc = run_keep_golden(r, err);
    if (rc == SIGNET_OK && makes && !r->options.dry_run)
        rc = run_begin_shift(r, err);
    if (rc == SIGNET_OK && makes && !r->options.dry_run)
        rc = run_open_scan(r, err);
    if (rc == SIGNET_OK && makes && !r->options.dry_run)
        run_open_control(r);
    return rc;
}

/* Before the run begins, what is wrong is what the order says, or a file that it names. */
static int blame_order(int rc, const struct signet_order *o, struct signet_error *err)
{
    const struct text_source source = {o->path, o->text, o->text_len, text_hide_secrets, NULL};

    if (rc == SIGNET_OK || rc == SIGNET_E_NOMEM || rc == SIGNET_E_CANCELLED ||
        rc == SIGNET_E_BUSY || !err || error_blame(err, &source, 0))
        return rc;
    signet_file_blame(rc, o->cert_info, err);
    if (!err->excerpt[0])
        error_blame(err, &source,
                    rc == SIGNET_E_USAGE || rc == SIGNET_E_MEANING || rc == SIGNET_E_NOT_FOUND
                        ? BLAME_VALUES | BLAME_NAMES
                        : 0);
    return rc;
}

int signet_run_open(struct signet_run **out, const struct signet_order *order,
                    const struct signet_run_options *options, struct signet_error *err)
{
    struct signet_run *r = calloc(1, sizeof(*r));

    if (!r)
        return error_nomem(err);
    r->order = order;
    options_take(&r->options, options);
    r->job = (struct job){.quota = order->quota,
                          .delivers = delivery_follows(order),
                          .observer = &r->status_observer,
                          .cancel = r->options.cancel};
    r->observer = (struct signet_observer){.on_event = on_event, .ctx = r};
    r->status_observer = (struct signet_observer){.on_event = on_job_event, .ctx = r};
    int rc = signet_status_new(&r->status, order, err);
    if (rc == SIGNET_OK)
        rc = job_open(&r->job, err);
    if (rc == SIGNET_OK) {
        job_watch_clock(&r->job);
        rc = blame_order(open_all(r, err), order, err);
    }
    if (rc == SIGNET_OK) {
        locked_warn_once(&r->observer);
        *out = r;
    } else {
        signet_run_close(&r);
    }
    return rc;
}

void signet_run_close(struct signet_run **run)
{
    struct signet_run *r = run ? *run : NULL;

    if (!r)
        return;
    run_close_control(r);
    run_close_scan(r);
    run_close_servers(r);
    signet_ledger_close(&r->job.ledger);
    vault_close(&r->vault);
    free(r->sign_file);
    label_close(&r->label);
    source_close(&r->source);
    signet_authority_close(&r->authority);
    signet_profile_close(&r->profile);
    job_close(&r->job);
    signet_status_free(&r->status);
    free(r);
    *run = NULL;
}

int signet_run_name(struct signet_run *run, int64_t index, char endpoint[SIGNET_ENDPOINT_SIZE],
                    struct signet_error *err)
{
    if (!source_has_names(run->source))
        return error_set(err, SIGNET_E_UNSUPPORTED, "the boards have names of their own");
    return source_name(run->source, index, endpoint, err);
}

/* What makes devices, between the begin of the delivery and its end. */
static int make(struct signet_run *r, struct batch_run *batch, struct delivery *delivery,
                struct signet_run_report *report, struct signet_error *err)
{
    const struct line_setup line = {.job = &r->job,
                                    .order = r->order,
                                    .source = r->source,
                                    .vault = r->vault,
                                    .delivery = delivery,
                                    .changes = &r->changes,
                                    .scans = r->scans,
                                    .boards = r->options.boards,
                                    .watch = r->options.watch,
                                    .wait_seconds = r->options.wait_seconds,
                                    .read_seconds = r->options.sync_seconds > 0
                                                        ? r->options.sync_seconds
                                                        : DELIVERY_READ_SECONDS};
    int rc = run_begin_scan(r, err);

    if (rc == SIGNET_OK && batch)
        rc = batch_run(batch, delivery, &report->batch, err);
    else if (rc == SIGNET_OK)
        rc = line_run(&line, &report->line, err);
    if (!r->order->label.scan_back) /* labels are read until the delivery ends */
        run_end_scan(r);
    return rc;
}

/* makes: else only what waits is delivered. */
static int run_all(struct signet_run *r, struct batch_run *batch, bool makes,
                   struct signet_run_report *report, struct signet_error *err)
{
    const struct delivery_setup setup = {.job = &r->job,
                                         .profile = r->profile,
                                         .vault = r->vault,
                                         .order = r->order,
                                         .label = r->label,
                                         .servers = r->servers,
                                         .seen_by = r->seen_by,
                                         .report = &report->delivery,
                                         .once = !makes,
                                         .watch = r->options.watch,
                                         .seconds = r->options.sync_seconds};
    const struct notify_setup hears = {.job = &r->job,
                                       .order = r->order,
                                       .folder = vault_folder(r->vault),
                                       .tag = vault_tag(r->vault),
                                       .patient = !makes,
                                       .seconds = r->options.sync_seconds};
    struct delivery *delivery = NULL;
    struct notify *notify = NULL;
    struct signet_error why = {0};
    double begin = clock_seconds();
    int rc = signet_ledger_recover(r->job.ledger, r->job.order, &why);

    if (rc == SIGNET_OK && makes)
        rc = run_begin(r, true, &why);
    if (rc == SIGNET_OK)
        rc = job_count(&r->job, &why);
    if (rc == SIGNET_OK)
        rc = notify_begin(&notify, &hears, &why);
    if (rc == SIGNET_OK)
        rc = delivery_begin(&delivery, &setup, &why);
    if (rc == SIGNET_OK && makes)
        rc = make(r, batch, delivery, report, &why);
    if (rc != SIGNET_OK) /* the threads of the delivery end, too */
        job_fail(&r->job, &why);
    if (delivery_end(&delivery, &why) != SIGNET_OK)
        job_fail(&r->job, &why);
    else if (report->line.rule.code)
        job_fail(&r->job, &report->line.rule);
    run_end_scan(r);
    report->line.refused_scans = run_refused_scans(r);
    if (makes && run_end_allowance(r, &why) != SIGNET_OK)
        job_fail(&r->job, &why);
    if (run_report(r, begin, report, &why) != SIGNET_OK ||
        job_remember(&r->job, -1, &why) != SIGNET_OK)
        job_fail(&r->job, &why);
    notify_end(&notify, report);
    memcpy(report->checkpoint, r->job.memory.head.checkpoint, sizeof(report->checkpoint));
    return job_result(&r->job, err);
}

int signet_run_make(struct signet_run *r, struct signet_run_report *report,
                    struct signet_error *err)
{
    struct batch_run *batch = NULL;

    *report = (struct signet_run_report){0};
    int rc = run_check_works(r, err);
    if (rc != SIGNET_OK)
        return rc;
    rc = r->order->recipe ? SIGNET_OK : blame_order(open_run_batch(r, &batch, err), r->order, err);
    if (rc != SIGNET_OK)
        return rc;
    rc = run_all(r, batch, true, report, err);
    batch_close(&batch);
    if (!r->order->recipe) /* ours have come to their end */
        report->batch.elsewhere = (uint64_t)report->left.exposed;
    return rc;
}

int signet_run_deliver(struct signet_run *r, struct signet_run_report *report,
                       struct signet_error *err)
{
    *report = (struct signet_run_report){0};
    int rc = run_check_works(r, err);
    return rc == SIGNET_OK ? run_all(r, NULL, false, report, err) : rc;
}
