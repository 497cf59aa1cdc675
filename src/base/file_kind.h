/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_FILE_KIND_H
#define BASE_FILE_KIND_H

#include <signet/file_kind.h>

/* file_form.c: what the first bytes of a file show. */
enum file_form {
    FORM_UNKNOWN,
    FORM_ORDER,
    FORM_CONFIG,
    FORM_PACKET,
    FORM_LEDGER,
    FORM_DATABASE,
    FORM_WAL,
    FORM_MANIFEST,
    FORM_SERVER,
    FORM_CERT_INFO,
    FORM_JSON,
    FORM_CERT,
    FORM_KEY,
    FORM_DEFINITION,
    FORM_PROFILE,
    FORM_LABEL,
    FORM_EMPTY,
    FORM_BLANK,
    FORM_UTF16,
    FORM_UTF32,
    FORM_GZIP,
    FORM_BZIP2,
    FORM_XZ,
    FORM_ZSTD,
    FORM_7Z,
    FORM_TAR,
    FORM_XLSX,
    FORM_DOCX,
    FORM_ZIP,
    FORM_OLE,
    FORM_RTF,
    FORM_PDF,
    FORM_PICTURE,
    FORM_LNK,
    FORM_URL,
    FORM_PROGRAM,
    FORM_SCRIPT,
    FORM_FIRMWARE,
    FORM_HTML,
    FORM_XML,
    FORM_LFS,
    FORM_PKCS12,
    FORM_PKCS7,
    FORM_OPENSSH,
    FORM_OPENSSH_PUBLIC,
    FORM_PUTTY,
    FORM_JKS,
    FORM_SEALED_KEY,
    FORM_TRUSTED,
    FORM_CSR,
    FORM_PUBLIC_KEY,
    FORM_CRL,
    FORM_PGP,
    FORM_C_ARRAY,
    FORM_HEX,
    FORM_BASE64,
};

enum file_form file_form(const void *data, size_t len);

#endif
