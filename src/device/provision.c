/* SPDX-License-Identifier: Apache-2.0 */
/* One device, provisioned stage by stage. */
#include "device/private.h"

#include <signet/provision.h>

struct provision {
    const struct signet_provision_job *job;
    struct signet_observer observer; /* adds board and endpoint, then tells the caller's */
    struct signet_factory *factory;
    struct signet_board *board;
    struct signet_bytes packet;
    struct signet_provision_result result;
};

/* Every event says which board and which device it is about. */
static void provision_event(void *ctx, const struct signet_event *event)
{
    const struct provision *s = ctx;
    struct signet_event full = *event;

    if (!full.board && s->result.board.serial[0])
        full.board = s->result.board.serial;
    else if (!full.board && s->result.board.port[0])
        full.board = s->result.board.port;
    if (!full.endpoint && s->result.endpoint[0])
        full.endpoint = s->result.endpoint;
    event_send(s->job->device.observer, &full);
}

static bool makes_cert(const struct provision *s)
{
    const struct signet_factory_args *device = &s->job->device;

    return (device->cert_info || device->cert || device->authority) && !s->job->endpoint_key &&
           signet_factory_uses_certs(s->factory);
}

static bool has_board(const struct provision *s)
{
    return s->job->recipe != NULL;
}

static bool has_server(const struct provision *s)
{
    return s->job->device.server_info || s->job->device.server;
}

static bool wants_final(const struct provision *s)
{
    return has_board(s) && s->job->board && (s->job->board->final || s->job->board->image_dir);
}

/* What was given in files. A certificate that will be made is made once on trial: a wrong request
 * shows before a board is touched. The board may only later give the name that goes into it. */
static int read_certs(struct provision *s, struct signet_error *err)
{
    const struct signet_provision_job *job = s->job;
    struct signet_factory *f = s->factory;
    int rc = SIGNET_OK;

    if (job->server_cert)
        rc = signet_factory_set_server_cert(f, job->server_cert, err);
    if (rc == SIGNET_OK && job->endpoint_key)
        rc =
            signet_factory_set_endpoint_cert_and_key(f, job->endpoint_cert, job->endpoint_key, err);
    if (rc == SIGNET_OK && makes_cert(s)) {
        if (!f->endpoint && has_board(s))
            rc = factory_name(f, "endpoint-name-of-the-board", err);
        f->flags |= SIGNET_FACTORY_TRIAL;
        if (rc == SIGNET_OK)
            rc = signet_factory_generate_self_signed_cert(f, err);
        f->flags &= ~(unsigned)SIGNET_FACTORY_TRIAL;
    }
    return rc;
}

static int check_device(struct provision *s, struct signet_error *err)
{
    struct signet_factory *f = s->factory;
    struct signet_tree *tree = NULL;
    bool named = f->endpoint != NULL;
    int rc = signet_factory_uses_certs(f) ? read_certs(s, err) : SIGNET_OK;

    if (rc == SIGNET_OK)
        rc = tree_build(f, f->cert, f->key, true, NULL, &tree, err);
    signet_tree_free(&tree);
    if (!named && f->endpoint)
        factory_name(f, NULL, NULL);
    return rc;
}

static int stage_check(struct provision *s, struct signet_error *err)
{
    const struct signet_provision_job *job = s->job;
    struct signet_factory_args device = job->device;
    struct signet_board_options options = {0};
    int rc;

    device.flags |= SIGNET_FACTORY_NO_FILES;
    device.observer = &s->observer;
    if (!job->endpoint_cert != !job->endpoint_key ||
        (job->endpoint_key && (device.cert_info || device.cert || device.authority)))
        return error_set(err, SIGNET_E_USAGE,
                         "give certificate and key of the device, or let them be made");
    if (has_server(s) && !device.endpoint_name && !has_board(s))
        return error_set_hint(err, SIGNET_E_USAGE,
                              "name the endpoint: there is no board that could give it",
                              "the server needs the endpoint name of the device");
    rc = signet_factory_new(&s->factory, &device, err);
    if (rc == SIGNET_OK && (job->server_cert || job->endpoint_key || device.cert_info ||
                            device.cert || device.authority))
        signet_factory_warn_unused(s->factory);
    if (rc == SIGNET_OK)
        rc = check_device(s, err);
    if (rc == SIGNET_OK && has_server(s))
        rc = factory_check_server(s->factory, err);
    if (rc != SIGNET_OK || !has_board(s))
        return rc;
    if (job->board)
        options = *job->board;
    options.endpoint = device.endpoint_name;
    return signet_board_open(&s->board, job->recipe, &options, &s->observer, device.cancel, err);
}

static int stage_name(struct provision *s, struct signet_error *err)
{
    char own[152];
    int rc = signet_board_endpoint(s->board, own, err);

    if (rc != SIGNET_OK)
        return rc;
    if (!own[0] && !s->factory->endpoint && (has_server(s) || makes_cert(s)))
        return error_set_hint(err, SIGNET_E_USAGE,
                              "name the endpoint: the server or the certificate needs it",
                              "the board gives no endpoint name, and none was given");
    if (own[0])
        rc = factory_name(s->factory, own, err);
    if (rc == SIGNET_OK && s->factory->endpoint)
        memcpy(s->result.endpoint, s->factory->endpoint, strlen(s->factory->endpoint) + 1);
    return rc;
}

static int stage_credentials(struct provision *s, struct signet_error *err)
{
    const char *folder = s->job->cert_folder;
    int rc = signet_factory_generate_self_signed_cert(s->factory, err);

    if (!folder && !has_board(s))
        folder = "cert";
    if (rc == SIGNET_OK && folder)
        rc = signet_cert_save(s->factory->cert, s->factory->key, folder, &s->observer, err);
    return rc;
}

static int stage_packet(struct provision *s, struct signet_error *err)
{
    const char *path = s->job->packet_path;
    int rc = signet_factory_packet(s->factory, &s->packet, err);

    if (!path && !has_board(s))
        path = "SenMLCBOR";
    if (rc == SIGNET_OK && path)
        rc = packet_save(s->factory, path, &s->packet, err);
    return rc;
}

static int stage_load_packet(struct provision *s, struct signet_error *err)
{
    return signet_board_load(s->board, s->packet.data, s->packet.len, err);
}

static int stage_register(struct provision *s, struct signet_error *err)
{
    int rc = signet_factory_register(s->factory, err);

    s->result.registered = rc == SIGNET_OK;
    if (rc != SIGNET_OK && has_board(s))
        error_prefix(err, "the board holds its credentials, but the server does not know it");
    return rc;
}

static const struct stage {
    const char *name;
    bool (*wanted)(const struct provision *s); /* NULL: always */
    int (*run)(struct provision *s, struct signet_error *err);
    int (*run_board)(struct signet_board *board, struct signet_error *err); /* when run is NULL */
} stages[] = {
    {"check", NULL, stage_check, NULL},
    {"flash", has_board, NULL, signet_board_prepare},
    {"name", has_board, stage_name, NULL},
    {"credentials", makes_cert, stage_credentials, NULL},
    {"packet", NULL, stage_packet, NULL},
    {"load", has_board, stage_load_packet, NULL},
    {"result", has_board, NULL, signet_board_result},
    {"register", has_server, stage_register, NULL},
    {"final", wants_final, NULL, signet_board_finish},
};

static int stage_run(struct provision *s, const struct stage *stage, struct signet_error *err)
{
    struct signet_event event = {.kind = SIGNET_EVENT_STAGE_BEGIN, .stage = stage->name};
    double begin = clock_seconds();
    int rc;

    provision_event(s, &event);
    if (signet_cancel_fired(s->job->device.cancel))
        rc = error_set(err, SIGNET_E_CANCELLED, "stopped before stage '%s'", stage->name);
    else
        rc = stage->run ? stage->run(s, err) : stage->run_board(s->board, err);
    if (s->board)
        signet_board_state(s->board, &s->result.board);
    event.kind = SIGNET_EVENT_STAGE_END;
    event.seconds = clock_seconds() - begin;
    event.error = rc == SIGNET_OK ? NULL : err;
    provision_event(s, &event);
    return rc;
}

int signet_provision_run(const struct signet_provision_job *job,
                         struct signet_provision_result *result, struct signet_error *err)
{
    struct signet_error own = {0};
    struct provision s = {.job = job};
    int rc = SIGNET_OK;

    s.observer = (struct signet_observer){.on_event = provision_event, .ctx = &s};
    if (job->device.endpoint_name &&
        endpoint_name_valid(job->device.endpoint_name, strlen(job->device.endpoint_name)))
        strcpy(s.result.endpoint, job->device.endpoint_name); /* at most 150 */
    for (size_t i = 0; rc == SIGNET_OK && i < COUNT_OF(stages); i++)
        if (!stages[i].wanted || stages[i].wanted(&s))
            rc = stage_run(&s, &stages[i], &own);
    signet_board_close(&s.board);
    signet_bytes_free(&s.packet);
    signet_factory_free(&s.factory);
    if (result)
        *result = s.result;
    return rc == SIGNET_OK ? rc : error_copy(err, &own);
}
