/* SPDX-License-Identifier: Apache-2.0 */
/* The certificates of one device: where they come from, and into which Security instances they go.
 */
#include "authority/authority.h"
#include "device/private.h"

#define CERT_FILE_MAX ((size_t)64 * 1024)

/* With NO_CHECK a finding is a warning. */
static int finding(const struct signet_factory *f, const struct signet_error *why,
                   struct signet_error *err)
{
    if (f->flags & SIGNET_FACTORY_NO_CHECK) {
        event_warn(f->observer, why);
        return SIGNET_OK;
    }
    return error_copy(err, why);
}

static int check_dates(const struct signet_factory *f, const struct signet_cert *cert,
                       const char *whose, struct signet_error *err)
{
    struct signet_error why = {0};
    int rc = signet_cert_check_dates(cert, NULL, &why);

    if (rc == SIGNET_OK)
        return SIGNET_OK;
    error_prefix(&why, "%s certificate", whose);
    return finding(f, &why, err);
}

void signet_factory_warn_unused(const struct signet_factory *factory)
{
    struct signet_error note = {0};

    if (signet_factory_uses_certs(factory))
        return;
    error_set(&note, SIGNET_OK,
              "certificates are given, but no account is in mode cert or est: they are not used");
    error_hint(
        &note,
        "write RID.Security.Mode: 2 for mode cert, or leave the certificates out for mode %s",
        signet_mode_name(factory->mode));
    event_warn(factory->observer, &note);
}

int signet_factory_set_server_cert_data(struct signet_factory *factory, const void *data,
                                        size_t len, struct signet_error *err)
{
    struct signet_cert *cert = NULL;
    int rc = signet_cert_load(&cert, data, len, err);

    if (rc == SIGNET_OK)
        rc = check_dates(factory, cert, "server", err);
    if (rc == SIGNET_OK) {
        signet_cert_free(&factory->server_cert);
        factory->server_cert = cert;
    } else {
        signet_cert_free(&cert);
    }
    return rc;
}

int signet_factory_set_server_cert(struct signet_factory *factory, const char *path,
                                   struct signet_error *err)
{
    struct buf data = {0};
    int rc = error_pass(file_read(path, CERT_FILE_MAX, &data, err), err, "server certificate");

    if (rc == SIGNET_OK)
        rc = signet_file_explain(
            signet_factory_set_server_cert_data(factory, data.data, data.len, err),
            SIGNET_FILE_CERT, path, err);
    buf_free(&data);
    return rc;
}

/* Takes both over on success. */
static int set_pair(struct signet_factory *f, struct signet_cert **cert, struct signet_key **key,
                    struct signet_error *err)
{
    struct signet_error why = {0};
    int rc = signet_cert_check_key(*cert, *key, &why);

    if (rc != SIGNET_OK)
        rc = finding(f, &why, err);
    if (rc == SIGNET_OK)
        rc = check_dates(f, *cert, "device", err);
    if (rc != SIGNET_OK)
        return rc;
    signet_cert_free(&f->cert);
    signet_key_free(&f->key);
    f->cert = *cert;
    f->key = *key;
    *cert = NULL;
    *key = NULL;
    return SIGNET_OK;
}

static int name_input(int rc, enum signet_file_kind kind, const char *path, const char *what,
                      struct signet_error *err)
{
    return path ? signet_file_explain(rc, kind, path, err) : error_pass(rc, err, "%s", what);
}

/* Loads and sets; the names are for messages, NULL for bytes in memory. */
static int set_endpoint(struct signet_factory *f, const char *cert_name, const void *cert_data,
                        size_t cert_len, const char *key_name, const void *key_data, size_t key_len,
                        struct signet_error *err)
{
    struct signet_cert *cert = NULL;
    struct signet_key *key = NULL;
    int rc = signet_cert_load(&cert, cert_data, cert_len, err);

    if (rc != SIGNET_OK)
        rc = name_input(rc, SIGNET_FILE_CERT, cert_name, "device certificate", err);
    else if ((rc = signet_key_load(&key, key_data, key_len, err)) != SIGNET_OK)
        rc = name_input(rc, SIGNET_FILE_KEY, key_name, "device key", err);
    else if ((rc = set_pair(f, &cert, &key, err)) != SIGNET_OK && cert_name)
        error_prefix(err, "'%s' with '%s'", cert_name, key_name);
    signet_cert_free(&cert);
    signet_key_free(&key);
    return rc;
}

int signet_factory_set_endpoint_cert_and_key_data(struct signet_factory *factory, const void *cert,
                                                  size_t cert_len, const void *key, size_t key_len,
                                                  struct signet_error *err)
{
    return set_endpoint(factory, NULL, cert, cert_len, NULL, key, key_len, err);
}

/* Anyone who can read the key can be the device. The reference left its keys readable, so that is
 * a warning, no refusal. */
static void warn_of_shared(const struct signet_factory *f, const char *path)
{
    struct signet_error note = {0};

    error_set(&note, SIGNET_OK, "other users can read the private key '%s'", path);
    error_hint(&note, "chmod 600 '%s'", path);
    event_warn(f->observer, &note);
}

int signet_factory_set_endpoint_cert_and_key(struct signet_factory *factory, const char *cert,
                                             const char *key, struct signet_error *err)
{
    struct buf cert_data = {0};
    struct secret key_data = {0};
    bool shared = false;
    int rc = error_pass(file_read(cert, CERT_FILE_MAX, &cert_data, err), err, "device certificate");

    if (rc == SIGNET_OK)
        rc = error_pass(file_read_shared(key, CERT_FILE_MAX, &shared, &key_data, err), err,
                        "device key");
    if (rc == SIGNET_OK)
        rc = set_endpoint(factory, cert, cert_data.data, cert_data.len, key, key_data.data,
                          key_data.len, err);
    if (rc == SIGNET_OK && shared)
        warn_of_shared(factory, key);
    buf_free(&cert_data);
    secret_wipe(&key_data);
    return rc;
}

const struct signet_cert *signet_factory_endpoint_cert(const struct signet_factory *factory)
{
    return factory->cert;
}

/* making them */

/* What servers would refuse is found on trial, before a board is touched. */
static int sign_new_cert(const struct signet_factory *f, const struct signet_key *key,
                         struct signet_cert **out, struct signet_error *err)
{
    const struct signet_authority_subject subject = {.endpoint = f->endpoint,
                                                     .info = &f->cert_info};

    if (!f->authority)
        return signet_cert_make(out, key, &f->cert_info, f->endpoint, f->observer, err);
    int rc = signet_authority_check(f->authority, &subject, err);
    if (rc == SIGNET_OK && f->flags & SIGNET_FACTORY_TRIAL && authority_is_costly(f->authority))
        return signet_cert_make(out, key, &f->cert_info, f->endpoint, f->observer, err);
    return rc == SIGNET_OK
               ? signet_authority_sign_key(f->authority, key, &subject, f->cancel, out, NULL, err)
               : rc;
}

int signet_factory_generate_self_signed_cert(struct signet_factory *factory,
                                             struct signet_error *err)
{
    struct signet_tree *tree = NULL;
    struct signet_cert *cert = NULL;
    struct signet_key *key = NULL;
    int rc;

    if (!factory->makes_cert)
        return error_set_hint(err, SIGNET_E_USAGE,
                              "name a JSON file with the fields of the certificate",
                              "no certificate was to be made");
    if (!factory->cert_info.common_name && !factory->endpoint)
        return error_set_hint(err, SIGNET_E_USAGE,
                              "name the endpoint, or commonName in the JSON file",
                              "the certificate has no common name");
    rc = signet_key_generate(&key, &factory->cert_info, factory->observer, err);
    if (rc == SIGNET_OK)
        rc = sign_new_cert(factory, key, &cert, err);
    signet_file_blame(rc, factory->cert_info_file, err);
    /* A configuration that will be refused leaves no files behind. */
    if (rc == SIGNET_OK)
        rc = tree_build(factory, cert, key, false, NULL, &tree, err);
    if (rc == SIGNET_OK && !(factory->flags & SIGNET_FACTORY_NO_FILES))
        rc = signet_cert_save(cert, key, "cert", factory->observer, err);
    if (rc == SIGNET_OK)
        rc = set_pair(factory, &cert, &key, err);
    signet_tree_free(&tree);
    signet_cert_free(&cert);
    signet_key_free(&key);
    return rc;
}
