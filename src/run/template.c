/* SPDX-License-Identifier: Apache-2.0 */
/* The template of an order, with what the order says of its credentials. */
#include "run/private.h"
#include "scan/scan.h"

#include <signet/config.h>
#include <signet/profile.h>

int signet_run_template(const struct signet_order *order, struct signet_tree **out,
                        struct signet_error *err)
{
    struct signet_objects *objects = NULL;
    int rc = SIGNET_OK;

    if (order->object_count)
        rc = signet_objects_load(&objects, order->objects, order->object_count, NULL, err);
    if (rc == SIGNET_OK)
        rc = signet_config_load_with(order->template_file, objects, out, err);
    signet_objects_free(&objects);
    return rc;
}

int run_model_load(const struct signet_run *r, const struct signet_observer *observer,
                   struct run_model *model, struct signet_error *err)
{
    const struct signet_order *o = r->order;

    *model = (struct run_model){0};
    int rc = signet_run_template(o, &model->tree, err);
    if (rc == SIGNET_OK)
        signet_tree_set_profile(model->tree, r->profile);
    if (rc == SIGNET_OK)
        rc = signet_tree_convert_pem(model->tree, observer, err);
    if (rc == SIGNET_OK && o->cert_info)
        rc = signet_cert_info_load(o->cert_info, &model->cert, err);
    model->options = (struct source_options){.model = model->tree,
                                             .model_name = o->template_file,
                                             .psk_len = (size_t)o->psk_len,
                                             .psk_hex = o->psk_hex,
                                             .identity = o->identity,
                                             .shared_secret = o->shared_secret,
                                             .cert = &model->cert,
                                             .authority = r->authority,
                                             .cancel = r->options.cancel,
                                             .server_cert = o->server_cert,
                                             .delimiter = o->delimiter,
                                             .count = 1};
    return rc;
}

void run_model_names(const struct signet_order *order, struct run_model *model)
{
    model->options.manifest = order->manifest;
    model->options.pattern = order->pattern;
    model->options.first = order->first;
    model->options.count = order->quota;
    model->options.golden = order->golden.endpoint;
    model->options.from_board = order->from_board;
    model->options.code = order->scan.column;
    model->options.code_fits = scan_check_row;
    model->options.code_rules = &order->scan;
}

void run_model_free(struct run_model *model)
{
    signet_cert_info_free(&model->cert);
    signet_tree_free(&model->tree);
}
