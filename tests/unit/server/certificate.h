/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_SERVER_CERTIFICATE_H
#define TESTS_SERVER_CERTIFICATE_H

/* Include after cmocka.h. */
#include <signet/cert.h>
#include <signet/config.h>
#include <string.h>

/* The configuration, with a certificate of that name in /0/iid/3. */
static inline struct signet_tree *certificate_tree(const char *config, uint16_t iid,
                                                   const char *name)
{
    const struct signet_path place = {0, iid, 3, SIGNET_NO_ID};
    struct signet_value value = {.type = SIGNET_TYPE_OPAQUE};
    struct signet_tree *tree = NULL;
    struct signet_cert *cert = NULL;
    struct signet_key *key = NULL;
    struct signet_bytes der = {0};

    assert_int_equal(signet_config_parse(config, strlen(config), "cfg", &tree, NULL), SIGNET_OK);
    assert_int_equal(signet_key_generate(&key, NULL, NULL, NULL), SIGNET_OK);
    assert_int_equal(signet_cert_make(&cert, key, NULL, name, NULL, NULL), SIGNET_OK);
    assert_int_equal(signet_cert_der(cert, &der, NULL), SIGNET_OK);
    value.as.bytes.data = der.data;
    value.as.bytes.len = der.len;
    assert_int_equal(signet_tree_put(tree, place, &value, NULL), SIGNET_OK);
    signet_bytes_free(&der);
    signet_cert_free(&cert);
    signet_key_free(&key);
    return tree;
}

#endif
