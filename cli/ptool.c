/* SPDX-License-Identifier: Apache-2.0 */
/* The drop-in for the reference's ptool.py: one device, one packet. */
#include "cli.h"
#include "ptool_args.h"

#include <signet/factory.h>
#include <signet/profile.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void put_message(const char *kind, const struct signet_error *err)
{
    char hint[CLI_HINT_SIZE];
    fprintf(stderr, "ptool: %s: %s\n", kind, err->msg);
    if (err->excerpt[0])
        fprintf(stderr, "%s\n", err->excerpt);
    cli_hint(err->hint[0] || strcmp(kind, "error") ? err->hint : cli_hint_of_error(err), true,
             hint);
    if (hint[0])
        fprintf(stderr, "ptool: hint: %s\n", hint);
}

static int complain(const struct signet_error *err, int exit_code)
{
    if (exit_code == EXIT_USAGE)
        fputs(ptool_usage, stderr);
    put_message("error", err);
    return exit_code;
}

static void ptool_event(void *ctx, const struct signet_event *event)
{
    (void)ctx;
    if (event->kind == SIGNET_EVENT_WARNING && event->error)
        put_message("warning", event->error);
    else if (event->kind == SIGNET_EVENT_RETRY && event->error)
        put_message("trying again after", event->error);
}

static void put_warning(const char *message, const char *hint)
{
    struct signet_error note = {0};
    signet_text_plain(message, note.msg, sizeof(note.msg));
    signet_text_plain(hint, note.hint, sizeof(note.hint));
    put_message("warning", &note);
}

static int ptool_make_cert(struct signet_factory *factory, const struct ptool_args *args,
                           struct signet_error *err)
{
    struct signet_bytes packet = {0};
    int rc = SIGNET_OK;
    if (args->pkey)
        put_warning("-k and -r are not used, because -C makes a new key and certificate", "");
    /* What is missing is said before files are made; the packet's own check says it. */
    if (!args->no_check && signet_factory_needs_server_cert(factory))
        rc = signet_factory_packet(factory, &packet, err);
    signet_bytes_free(&packet);
    if (rc == SIGNET_OK)
        rc = signet_factory_generate_self_signed_cert(factory, err);
    if (rc == SIGNET_OK)
        puts("certificate and key: cert/client_cert.der, cert/client_cert.crt, "
             "cert/client_key.der");
    return rc;
}

static int set_certs(struct signet_factory *factory, const struct ptool_args *args,
                     struct signet_error *err)
{
    int rc = SIGNET_OK;
    if (args->scert)
        rc = signet_factory_set_server_cert(factory, args->scert, err);
    if (rc == SIGNET_OK && args->cert)
        return ptool_make_cert(factory, args, err);
    if (rc == SIGNET_OK && args->pkey)
        return signet_factory_set_endpoint_cert_and_key(factory, args->pcert, args->pkey, err);
    return rc;
}

static int make_files(struct signet_factory *factory, const struct ptool_args *args,
                      struct signet_error *err)
{
    int rc = SIGNET_OK;
    if (signet_factory_uses_certs(factory))
        rc = set_certs(factory, args, err);
    else if (args->scert || args->pkey || args->cert)
        signet_factory_warn_unused(factory);
    if (rc == SIGNET_OK)
        rc = signet_factory_provision_device(factory, NULL, err);
    if (rc == SIGNET_OK)
        printf("packet: SenMLCBOR (security mode %s)\n", signet_factory_get_sec_mode(factory));
    return rc;
}

static int run_factory(const struct ptool_args *args, const char *token,
                       const struct signet_profile *profile, struct signet_error *err)
{
    const struct signet_observer observer = {.on_event = ptool_event};
    const struct signet_factory_args wanted = {
        .endpoint_cfg = args->endpoint_cfg,
        .endpoint_name = args->urn,
        .server_info = args->server,
        .token = token,
        .cert_info = args->cert,
        .ca_file = args->ca_file,
        .flags = (args->no_check ? SIGNET_FACTORY_NO_CHECK : 0u) |
                 (args->allow_http ? SIGNET_FACTORY_ALLOW_HTTP : 0u) | SIGNET_FACTORY_PLAIN_CERT,
        .observer = &observer,
        .cancel = (struct signet_cancel *)process_cancel(),
        .profile = profile,
    };
    struct signet_factory *factory = NULL;
    int rc = signet_factory_new(&factory, &wanted, err);
    if (rc == SIGNET_OK)
        rc = make_files(factory, args, err);
    if (rc == SIGNET_OK && args->server)
        rc = signet_factory_register(factory, err);
    if (rc == SIGNET_OK && args->server)
        printf("registered: %s\n", args->urn);
    signet_factory_free(&factory);
    return rc;
}

static int ptool_end(void)
{
    if (fflush(stdout) == 0)
        return EXIT_DONE;
    put_warning("standard output could not be written", "make room on its disk");
    return EXIT_FAILED;
}

static int run_ptool(const struct ptool_args *args)
{
    struct signet_error err = {0};
    struct signet_bytes token = {0};
    const struct signet_profile *profile = NULL;
    int rc = signet_profile_open(&profile, args->device ? args->device : "anjay-3", &err);
    if (rc == SIGNET_OK && args->server)
        rc = cli_token(args->token, args->token_file, &token, &err);
    if (rc == SIGNET_OK)
        rc = run_factory(args, (const char *)token.data, profile, &err);
    signet_bytes_free(&token);
    signet_profile_close(&profile);
    if (rc != SIGNET_OK)
        return complain(&err, EXIT_FAILED);
    return ptool_end();
}

int main(int argc, char **argv)
{
    struct signet_error err = {0};
    struct ptool_args args = {0};
    process_harden();
    if (ptool_args_parse(argc, argv, &args, &err) != SIGNET_OK)
        return complain(&err, EXIT_USAGE);
    if (args.version) {
        printf("ptool %s\n", signet_version());
        return ptool_end();
    }
    if (args.help) {
        printf("%s%s", ptool_usage, ptool_help);
        return ptool_end();
    }
    const char *environment = getenv("SIGNET_TOKEN");
    if (ptool_args_check(&args, environment && *environment, &err) != SIGNET_OK)
        return complain(&err, EXIT_USAGE);
    if (args.token && strcmp(args.token, "-") != 0)
        put_warning("a token on the command line can be seen by others",
                    "use --token-file or SIGNET_TOKEN");
    if (args.token && access(args.token, F_OK) == 0)
        put_warning("what is given as the token is the name of a file",
                    "--token-file FILE reads the token from it");
    return run_ptool(&args);
}
