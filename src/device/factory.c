/* SPDX-License-Identifier: Apache-2.0 */
/* The handle: reading everything that the caller names, in the reference's order. */
#include "device/private.h"

#include <signet/config.h>
#include <signet/profile.h>
#include <stdlib.h>

enum { ACCOUNTS_MAX = 1000 };

/* With NO_CHECK a name that its URN scheme refuses is a warning. */
static int factory_check_name(struct signet_factory *f, struct signet_error *err)
{
    const struct signet_observer *observer = f->flags & SIGNET_FACTORY_TRIAL ? NULL : f->observer;
    struct signet_error why = {0};
    int rc = f->endpoint ? signet_endpoint_check(f->endpoint, observer, &why) : SIGNET_OK;

    if (rc != SIGNET_OK && !(f->flags & SIGNET_FACTORY_NO_CHECK))
        return error_copy(err, &why);
    if (rc != SIGNET_OK)
        event_warn(f->observer, &why);
    return SIGNET_OK;
}

int factory_name(struct signet_factory *f, const char *name, struct signet_error *err)
{
    char *copy = NULL;
    int rc = text_copy(&copy, name, err);

    if (rc != SIGNET_OK)
        return rc;
    free(f->endpoint);
    f->endpoint = copy;
    return factory_check_name(f, err);
}

static int read_tree(struct signet_factory *f, const struct signet_factory_args *args,
                     struct signet_error *err)
{
    if (!args->endpoint_cfg == !args->tree)
        return error_set(err, SIGNET_E_USAGE, "give a configuration as a file or as a tree");
    int rc = args->tree ? signet_tree_copy(&f->tree, args->tree, err)
                        : signet_config_load_with(args->endpoint_cfg, args->objects, &f->tree, err);
    if (rc == SIGNET_OK && args->profile)
        signet_tree_set_profile(f->tree, args->profile);
    return rc == SIGNET_OK ? signet_tree_convert_pem(f->tree, args->observer, err) : rc;
}

static int no_account(const struct signet_tree *tree, struct signet_error *err)
{
    int rc =
        error_set_hint(err, SIGNET_E_MEANING,
                       "a device needs a server: OID.Security: {1: {RID.Security.ServerURI: ...}}",
                       "the configuration has no instance of OID.Security (/0)");

    tree_blame(tree, (struct signet_path){0, 0, 0, SIGNET_NO_ID}, err);
    return rc;
}

/* The mode is what the rest of the work depends on, so it is an error here, even where other
 * refusals are warnings. The data model's own check says best what is wrong with it. */
static int take_mode(struct signet_factory *f, struct signet_error *err)
{
    struct signet_account main;

    if (signet_tree_account_count(f->tree) > ACCOUNTS_MAX)
        return error_set(err, SIGNET_E_LIMIT, "more than %d Security instances", ACCOUNTS_MAX);
    if (!account_main(f->tree, &main))
        return no_account(f->tree, err);
    f->mode = main.mode;
    if (f->mode != SIGNET_MODE_NONE &&
        (f->mode != SIGNET_MODE_RPK || f->flags & SIGNET_FACTORY_NO_CHECK))
        return SIGNET_OK;
    return signet_tree_check(f->tree, 0, NULL, err); /* a profile may take raw public keys */
}

int cert_info_copy(struct signet_cert_info *out, const struct signet_cert_info *info,
                   struct signet_error *err)
{
    struct signet_cert_info copy = *info;
    char **const texts[] = {
        &copy.country_name,      &copy.state_or_province_name, &copy.locality_name,
        &copy.organization_name, &copy.organization_unit_name, &copy.email_address,
        &copy.common_name,       &copy.elliptic_curve,         &copy.digest,
        &copy.serial_number,     &copy.subject_alt_name};
    int rc = SIGNET_OK;

    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        const char *text = *texts[i];

        *texts[i] = NULL;
        if (rc == SIGNET_OK)
            rc = text_copy(texts[i], text, err);
    }
    if (rc != SIGNET_OK)
        signet_cert_info_free(&copy);
    else
        *out = copy;
    return rc;
}

static int read_cert_info(struct signet_factory *f, const struct signet_factory_args *args,
                          struct signet_error *err)
{
    int rc = SIGNET_OK;

    if (args->cert_info && args->cert)
        return error_set(err, SIGNET_E_USAGE, "cert_info and cert are both given");
    if (args->cert_info)
        rc = signet_cert_info_load(args->cert_info, &f->cert_info, err);
    if (rc == SIGNET_OK && args->cert_info)
        rc = text_copy(&f->cert_info_file, args->cert_info, err);
    if (!args->cert_info && args->cert)
        rc = cert_info_copy(&f->cert_info, args->cert, err);
    if (rc == SIGNET_OK && args->flags & SIGNET_FACTORY_PLAIN_CERT &&
        !f->cert_info.subject_alt_name)
        rc = text_copy(&f->cert_info.subject_alt_name, "none", err);
    f->makes_cert = rc == SIGNET_OK && (args->cert_info || args->cert || args->authority);
    return rc;
}

static int read_all(struct signet_factory *f, const struct signet_factory_args *args,
                    struct signet_error *err)
{
    int rc = text_copy(&f->endpoint, args->endpoint_name, err);

    if (rc == SIGNET_OK)
        rc = factory_check_name(f, err);
    if (rc == SIGNET_OK)
        rc = text_copy(&f->ca_file, args->ca_file, err);
    if (rc == SIGNET_OK && args->token)
        rc = secret_set(&f->token, args->token, strlen(args->token), err);
    if (rc == SIGNET_OK)
        rc = factory_read_server(f, args, err);
    if (rc == SIGNET_OK)
        rc = read_tree(f, args, err);
    if (rc == SIGNET_OK)
        rc = take_mode(f, err);
    if (rc == SIGNET_OK && f->server && f->endpoint)
        rc = factory_validate_at_server(f, err);
    /* As with the reference, what is said about certificates is not looked at in other modes. */
    if (rc == SIGNET_OK && signet_factory_uses_certs(f))
        rc = read_cert_info(f, args, err);
    return rc;
}

int signet_factory_new(struct signet_factory **out, const struct signet_factory_args *given,
                       struct signet_error *err)
{
    struct signet_factory *f = calloc(1, sizeof(*f));
    struct signet_factory_args args;

    if (!f)
        return error_nomem(err);
    options_take(&args, given);
    f->flags = args.flags;
    f->observer = args.observer;
    f->cancel = args.cancel;
    f->authority = args.authority;
    int rc = read_all(f, &args, err);
    if (rc != SIGNET_OK)
        signet_factory_free(&f);
    else
        *out = f;
    return rc;
}

void signet_factory_free(struct signet_factory **factory)
{
    struct signet_factory *f = factory ? *factory : NULL;

    if (!f)
        return;
    signet_server_close(&f->server);
    signet_cert_info_free(&f->cert_info);
    signet_tree_free(&f->tree);
    signet_cert_free(&f->server_cert);
    signet_cert_free(&f->cert);
    signet_key_free(&f->key);
    secret_wipe(&f->token);
    free(f->endpoint);
    free(f->ca_file);
    free(f->cert_info_file);
    free(f);
    *factory = NULL;
}

const char *signet_factory_get_sec_mode(const struct signet_factory *factory)
{
    return signet_mode_name(factory->mode);
}

bool signet_factory_uses_certs(const struct signet_factory *factory)
{
    return count_cert_accounts(factory->tree, false) > 0;
}

bool signet_factory_needs_server_cert(const struct signet_factory *factory)
{
    return !factory->server_cert && count_cert_accounts(factory->tree, true) > 0;
}
