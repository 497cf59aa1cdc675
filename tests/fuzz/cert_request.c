/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a certificate request: what is taken has its key and subject inside of the bytes and
 * one printable name; what is not taken has a reason of printable text. */
#include "fuzz.h"
#include "pki/pki.h"

#include <string.h>

static void try_request(const uint8_t *data, size_t size)
{
    struct signet_error err = {0};
    struct cert_request r;

    if (cert_request_read(&r, data, size, &err) != SIGNET_OK) {
        require_error(&err);
        return;
    }
    require(r.key > data && r.key + r.key_len <= data + size && r.key_len > 0);
    require(r.subject > data && r.subject + r.subject_len <= data + size);
    require(r.common_name[0] &&
            text_check("name", r.common_name, strlen(r.common_name), NULL) == 0);
    require(cert_request_check_name(&r, r.common_name, NULL) == SIGNET_OK);
    require(cert_request_check_name(&r, "", NULL) == SIGNET_E_CERT);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct signet_bytes der = {0};
    struct signet_error err = {0};

    try_request(data, size);
    if (cert_request_load(&der, data, size, &err) == SIGNET_OK)
        try_request(der.data, der.len);
    else
        require_error(&err);
    signet_bytes_free(&der);
    return 0;
}
