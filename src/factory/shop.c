/* SPDX-License-Identifier: Apache-2.0 */
/* From an order to a line: everything that it names is opened and checked, and no board touched. */
#include "flasher/flasher.h"
#include "pki/pki.h"
#include "template/template.h"
#include "witness.h"

#include <errno.h>
#include <pthread.h>
#include <signet/config.h>
#include <signet/mint.h>
#include <signet/order.h>
#include <signet/units.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { TOKEN_MAX = 64 * 1024, LEASE_SECONDS = 600 };

struct signet_shop {
    const struct signet_order *order;
    const struct signet_shop_options *options;
    struct signet_tree *template;
    struct signet_cert_info cert;
    struct signet_units *units;
    struct signet_ledger *ledger;
    struct signet_server *servers[SIGNET_ORDER_SERVERS];
    const char *server_names[SIGNET_ORDER_SERVERS];
    struct witness witness;
    pthread_mutex_t telling; /* the caller's observer has one caller at a time */
    struct signet_observer observer;
    struct signet_line line;
    struct signet_mint mint;
};

static void on_event(void *ctx, const struct signet_event *event)
{
    struct signet_shop *s = ctx;

    pthread_mutex_lock(&s->telling);
    event_send(s->options->observer, event);
    pthread_mutex_unlock(&s->telling);
}

/* Every server's word on a device that is not made yet. */
static int accept(void *ctx, const struct signet_device *device, struct signet_error *err)
{
    const struct signet_shop *s = ctx;
    int rc = SIGNET_OK;

    for (size_t i = 0; rc == SIGNET_OK && i < s->order->server_count; i++) {
        rc = signet_server_validate(s->servers[i], device, err);
        if (rc != SIGNET_OK)
            error_prefix(err, "%s would refuse the device", s->order->servers[i].name);
    }
    return rc;
}

static int open_units(struct signet_shop *s, struct signet_error *err)
{
    const struct signet_order *o = s->order;
    int rc = signet_config_load(o->template_file, &s->template, err);

    if (rc == SIGNET_OK && o->cert_info)
        rc = signet_cert_info_load(o->cert_info, &s->cert, err);
    const struct signet_units_options options = {.model = s->template,
                                                 .model_name = o->template_file,
                                                 .psk_len = (size_t)o->psk_len,
                                                 .identity = o->identity,
                                                 .shared_secret = o->shared_secret,
                                                 .cert = &s->cert,
                                                 .server_cert = o->server_cert,
                                                 .manifest = o->manifest,
                                                 .delimiter = o->delimiter,
                                                 .pattern = o->pattern,
                                                 .first = o->first,
                                                 .count = o->quota,
                                                 .from_board = o->from_board,
                                                 .work = o->work,
                                                 .key_file = o->key_file,
                                                 .order = o->name,
                                                 .sealed_only = s->options->servers_only,
                                                 .observer = &s->observer,
                                                 .accept = o->server_count ? accept : NULL,
                                                 .accept_ctx = s};
    return rc == SIGNET_OK ? signet_units_open(&s->units, &options, err) : rc;
}

/* What makes two orders the same: which devices come out. Slots, servers and the quota may change
 * while an order runs. */
static int hash_order(const struct signet_shop *s, char out[65], struct signet_error *err)
{
    const struct signet_order *o = s->order;
    struct buf text = {0}, info = {0};
    uint8_t digest[32];
    int rc = file_read(o->template_file, 16u << 20, &text, err);

    if (rc == SIGNET_OK && o->cert_info)
        rc = file_read(o->cert_info, 1u << 20, &info, err);
    if (rc == SIGNET_OK) {
        buf_printf(&text, "\n%s\n%lld\n%lld\n%s\n%s\n%s\n%d%d%d\n", o->pattern ? o->pattern : "",
                   (long long)o->first, (long long)o->psk_len, o->recipe ? o->recipe : "",
                   units_manifest_sha256(s->units), o->identity, o->delimiter, o->from_board,
                   o->shared_secret);
        buf_append(&text, info.data, info.len);
        rc = buf_check(&text, err);
    }
    if (rc == SIGNET_OK)
        rc = sha256(text.data, text.len, digest, err);
    if (rc == SIGNET_OK)
        hex_encode(digest, sizeof(digest), out);
    buf_free(&info);
    buf_free(&text);
    return rc;
}

/* A ledger that is not there yet is made when the order runs; here its folder must take one. */
static int look_at_folder(const char *path, struct signet_error *err)
{
    char folder[4096];
    const char *slash = strrchr(path, '/');
    int n = slash ? snprintf(folder, sizeof(folder), "%.*s/", (int)(slash - path), path)
                  : snprintf(folder, sizeof(folder), ".");

    if (strstr(path, "://")) {
        error_set(err, SIGNET_E_USAGE, "ledger '%s' is no file and no database that is known",
                  path);
        error_hint(err, "a ledger is a file, or postgresql://HOST/DATABASE");
        return SIGNET_E_USAGE;
    }
    if (n < 0 || (size_t)n >= sizeof(folder))
        return error_set(err, SIGNET_E_LIMIT, "ledger: its path is too long");
    if (access(folder, W_OK | X_OK) != 0)
        return error_sys(err, SIGNET_E_IO, errno, "ledger '%s' cannot be made", path);
    return SIGNET_OK;
}

struct look {
    const char *name;
    int64_t quota; /* of the order of that name; 0: there is none */
    int64_t issued;
};

static int look_at_order(void *ctx, const struct signet_ledger_order_view *order,
                         struct signet_error *err)
{
    struct look *look = ctx;

    (void)err;
    if (strcmp(order->name, look->name) == 0) {
        look->quota = order->quota;
        look->issued = order->issued;
    }
    return SIGNET_OK;
}

struct owner {
    const char *order; /* ours */
    char other[121];   /* who has the name, "" */
};

static int look_at_owner(void *ctx, const struct signet_ledger_device *device,
                         struct signet_error *err)
{
    struct owner *owner = ctx;

    (void)err;
    if (!device->freed && strcmp(device->order, owner->order) != 0)
        snprintf(owner->other, sizeof(owner->other), "%s", device->order);
    return SIGNET_OK;
}

/* A name that another order has is passed over, and the order comes out too short. Whoever starts
 * one with the names of another by mistake learns it from its first or last. */
static int warn_of_names(struct signet_shop *s, struct signet_error *err)
{
    const struct signet_line_units *units = signet_units_line(s->units);
    const int64_t ends[] = {0, s->order->quota - 1};
    struct owner owner = {.order = s->order->name};
    char endpoint[152];
    int rc = SIGNET_OK;

    for (size_t i = 0; rc == SIGNET_OK && units->name && !owner.other[0] && i < 2; i++) {
        const struct signet_ledger_filter filter = {.endpoint = endpoint, .state = -1};

        rc = units->name(units->ctx, ends[i], endpoint, err);
        if (rc == SIGNET_OK)
            rc = signet_ledger_devices(s->ledger, &filter, look_at_owner, &owner, err);
    }
    if (rc == SIGNET_OK && owner.other[0]) {
        struct signet_error note = {0};

        error_set(&note, SIGNET_OK, "the name '%s' is a device's of order '%s': it is passed over",
                  endpoint, owner.other);
        error_hint(&note, "does this order have names of its own? See 'names', and 'first'");
        event_warn(&s->observer, &note);
    }
    return rc;
}

/* With fewer names than devices, those that are begun could not be gone on with. */
static int check_quota(const struct signet_shop *s, struct look *look, struct signet_error *err)
{
    const struct signet_order *o = s->order;
    int rc = signet_ledger_orders(s->ledger, look_at_order, look, err);

    if (rc != SIGNET_OK || look->issued <= o->quota || s->options->servers_only)
        return rc;
    error_set(err, SIGNET_E_CONFLICT,
              "%lld devices of order %s are begun, and its quota here is "
              "%lld",
              (long long)look->issued, o->name, (long long)o->quota);
    error_hint(err,
               "the quota is at least what is begun, here or at another station; in the "
               "ledger it is %lld",
               (long long)look->quota);
    return SIGNET_E_CONFLICT;
}

/* A dry run leaves no order behind: its template may still be changed. */
static int open_ledger(struct signet_shop *s, struct signet_error *err)
{
    const struct signet_order *o = s->order;
    const struct signet_ledger_options options = {.station = o->station,
                                                  .operator_name = o->operator_name,
                                                  .lease_seconds = LEASE_SECONDS,
                                                  .must_exist = s->options->dry_run};
    struct look look = {.name = o->name};
    char hash[65];
    int rc = hash_order(s, hash, err);

    if (rc == SIGNET_OK)
        rc = signet_ledger_open(&s->ledger, o->ledger, &options, err);
    if (rc == SIGNET_E_NOT_FOUND && s->options->dry_run)
        return strncmp(o->ledger, "postgres", 8) == 0 ? SIGNET_OK : look_at_folder(o->ledger, err);
    if (rc == SIGNET_OK)
        rc = check_quota(s, &look, err);
    if (rc != SIGNET_OK)
        return rc;
    if (s->options->dry_run && look.quota == 0)
        return warn_of_names(s, err);
    rc = signet_ledger_order(s->ledger, o->name, hash, s->options->dry_run ? look.quota : o->quota,
                             &s->line.order, err);
    if (rc == SIGNET_E_CONFLICT)
        error_hint(err, "template, names, manifest or credentials are not those that it was "
                        "started with: give the new order another name");
    return rc == SIGNET_OK && !s->options->servers_only ? warn_of_names(s, err) : rc;
}

/* The token is one word in a file that nobody else can use. */
static int read_token(const char *path, struct secret *out, struct signet_error *err)
{
    int rc = file_read_secret(path, TOKEN_MAX, out, err);

    while (rc == SIGNET_OK && out->len > 0 && (unsigned char)out->data[out->len - 1] <= ' ')
        out->data[--out->len] = '\0';
    for (size_t i = 0; rc == SIGNET_OK && i < out->len; i++)
        if (out->data[i] <= ' ' || out->data[i] > '~')
            rc = error_set(err, SIGNET_E_USAGE, "%s: the token is not one word", path);
    if (rc == SIGNET_OK && out->len == 0)
        rc = error_set(err, SIGNET_E_USAGE, "%s: the token is empty", path);
    return rc;
}

/* What a person must bring to the server lies beside its file, wherever the line is started. */
static int place_uploads(struct signet_server_info *info, const char *file,
                         struct signet_error *err)
{
    const char *slash = strrchr(file, '/');
    int folder = slash ? (int)(slash - file) + 1 : 0;

    if (info->uploads)
        return SIGNET_OK;
    return asprintf(&info->uploads, "%.*suploads", folder, file) < 0
               ? (info->uploads = NULL, error_nomem(err))
               : SIGNET_OK;
}

static int open_server(struct signet_shop *s, size_t i, struct signet_error *err)
{
    const struct signet_order_server *from = &s->order->servers[i];
    const struct signet_server_options options = {
        .allow_http = from->allow_http, .ca_file = from->ca_file, .attempts = 2};
    struct signet_server_info info = {0};
    struct secret token = {0};
    int rc = signet_server_info_load(from->file, &info, err);

    if (rc == SIGNET_OK)
        rc = place_uploads(&info, from->file, err);
    if (rc == SIGNET_OK && from->token_file)
        rc = read_token(from->token_file, &token, err);
    if (rc == SIGNET_OK)
        rc = signet_server_open(&s->servers[i], &info, &options, token.data, token.len,
                                &s->observer, s->options->cancel, err);
    if (rc == SIGNET_OK && s->order->prove)
        rc = signet_server_open(&s->witness.servers[i], &info, &options, token.data, token.len,
                                &s->observer, s->options->cancel, err);
    if (rc != SIGNET_OK)
        error_prefix(err, "%s", from->file);
    secret_wipe(&token);
    signet_server_info_free(&info);
    return rc;
}

/* Options, images and tools of each slot. Whether its board is there shows when it runs. */
static int check_slot(const struct signet_shop *s, const struct signet_line_slot *slot,
                      struct signet_error *err)
{
    struct signet_board_options options = s->order->board;
    struct signet_board *board = NULL;

    options.port = slot->kind == SIGNET_SLOT_PORT ? slot->where : NULL;
    options.serial = slot->kind == SIGNET_SLOT_SERIAL ? slot->where : slot->serial;
    if (slot->kind == SIGNET_SLOT_HUB)
        options.port = "/dev/null"; /* not opened here */
    int rc = signet_board_open(&board, s->order->recipe, &options, NULL, NULL, err);
    if (rc != SIGNET_OK)
        error_prefix(err, "slot %s", slot->name);
    signet_board_close(&board);
    return rc;
}

/* A lamp that cannot be switched is told before the shift, not after its first board. */
static int check_hook(const char *key, const char *const *argv, struct signet_error *err)
{
    int rc = argv ? flasher_command_check(argv[0], err) : SIGNET_OK;

    if (rc != SIGNET_OK)
        error_prefix(err, "%s", key);
    return rc;
}

/* Servers come before the devices, since they are asked whether they would take them; they are
 * reached for when all else is right. */
static int open_all(struct signet_shop *s, struct signet_error *err)
{
    const struct signet_order *o = s->order;
    int rc = SIGNET_OK;

    for (size_t i = 0; rc == SIGNET_OK && i < o->server_count; i++)
        rc = open_server(s, i, err);
    if (rc == SIGNET_OK)
        rc = open_units(s, err);
    for (size_t i = 0;
         rc == SIGNET_OK && !s->options->servers_only && o->recipe && i < o->slot_count; i++)
        rc = check_slot(s, &o->slots[i], err);
    if (rc == SIGNET_OK && !s->options->servers_only)
        rc = check_hook("on_pass", o->on_pass, err);
    if (rc == SIGNET_OK && !s->options->servers_only)
        rc = check_hook("on_fail", o->on_fail, err);
    for (size_t i = 0; rc == SIGNET_OK && s->options->ask_servers && i < o->server_count; i++) {
        rc = signet_server_check(s->servers[i], err);
        if (rc != SIGNET_OK)
            error_prefix(err, "%s", o->servers[i].name);
    }
    return rc == SIGNET_OK ? open_ledger(s, err) : rc;
}

static void fill_line(struct signet_shop *s)
{
    const struct signet_order *o = s->order;
    struct signet_line *line = &s->line;

    line->ledger = s->ledger;
    line->quota = o->quota;
    line->recipe = o->recipe;
    line->board = &o->board;
    line->slots = o->slots;
    line->slot_count = o->slot_count;
    line->units = signet_units_line(s->units);
    line->servers = s->servers;
    line->server_names = s->server_names;
    line->server_count = o->server_count;
    for (size_t i = 0; i < o->server_count; i++)
        s->server_names[i] = o->servers[i].name;
    if (o->prove) {
        s->witness.order = o;
        line->prove = witness_prove;
        line->prove_ctx = &s->witness;
    }
    line->on_pass = o->on_pass;
    line->on_fail = o->on_fail;
    line->retries = (int)o->retries;
    line->watch = s->options->watch;
    line->wait_seconds = s->options->wait_seconds;
    line->sync_seconds = s->options->sync_seconds;
    line->observer = &s->observer;
    line->cancel = s->options->cancel;
}

static void fill_mint(struct signet_shop *s)
{
    const struct signet_order *o = s->order;

    s->mint = (struct signet_mint){.ledger = s->ledger,
                                   .order = s->line.order,
                                   .name = o->name,
                                   .quota = o->quota,
                                   .units = s->units,
                                   .packets = o->packets,
                                   .records = o->records,
                                   .servers = s->servers,
                                   .server_names = s->server_names,
                                   .server_count = o->server_count,
                                   .sync_seconds = s->options->sync_seconds,
                                   .observer = &s->observer,
                                   .cancel = s->options->cancel};
}

int signet_shop_open(struct signet_shop **out, const struct signet_order *order,
                     const struct signet_shop_options *options, struct signet_error *err)
{
    struct signet_shop *s = calloc(1, sizeof(*s));

    if (!s)
        return error_nomem(err);
    s->order = order;
    s->options = options;
    s->observer = (struct signet_observer){.on_event = on_event, .ctx = s};
    pthread_mutex_init(&s->telling, NULL);
    int rc = open_all(s, err);
    if (rc != SIGNET_OK) {
        signet_shop_close(&s);
        return rc;
    }
    fill_line(s);
    fill_mint(s);
    *out = s;
    return SIGNET_OK;
}

void signet_shop_close(struct signet_shop **shop)
{
    struct signet_shop *s = shop ? *shop : NULL;

    if (!s)
        return;
    for (size_t i = 0; i < SIGNET_ORDER_SERVERS; i++) {
        signet_server_close(&s->servers[i]);
        signet_server_close(&s->witness.servers[i]);
    }
    signet_ledger_close(&s->ledger);
    signet_units_close(&s->units);
    signet_tree_free(&s->template);
    signet_cert_info_free(&s->cert);
    pthread_mutex_destroy(&s->telling);
    free(s);
    *shop = NULL;
}

const struct signet_line *signet_shop_line(const struct signet_shop *shop)
{
    return &shop->line;
}

const struct signet_mint *signet_shop_mint(const struct signet_shop *shop)
{
    return &shop->mint;
}
