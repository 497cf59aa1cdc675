/* SPDX-License-Identifier: Apache-2.0 */
#include "base/file_kind.h"
#include "base/base.h"
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "unit/folder.h"

#define BYTES(text) text, sizeof(text) - 1

static void forms_by_their_first_bytes(void **state)
{
    static const struct {
        const char *bytes;
        size_t len;
        enum file_form form;
    } rows[] = {
        {BYTES(""), FORM_EMPTY},
        {BYTES("\n \n"), FORM_EMPTY},
        {BYTES("\0\0\0\0"), FORM_BLANK},
        {BYTES("\x1f\x8b\x08"), FORM_GZIP},
        {BYTES("PK\3\4xxxxxl/workbook"), FORM_XLSX},
        {BYTES("PK\3\4xxxxmimetypeapplication/vnd.oasis.opendocument.text"), FORM_DOCX},
        {BYTES("PK\3\4"), FORM_ZIP},
        {BYTES("L\0\0\0\1\x14\2\0\0"), FORM_LNK},
        {BYTES("\xff\xfe"
               "a\0"),
         FORM_UTF16},
        {BYTES("n\0a\0m\0e\0"), FORM_UTF16},
        {BYTES("\xff\xfe\0\0"), FORM_UTF32},
        {BYTES("SQLite format 3\0"), FORM_DATABASE},
        {BYTES("name: a\nquota: 3\n"), FORM_ORDER},
        {BYTES("\xef\xbb\xbfname: a\r\nledger: x\r\n"), FORM_ORDER},
        {BYTES("name: a\nbase: any\n"), FORM_PROFILE},
        {BYTES("name: a\nquota"), FORM_UNKNOWN},
        {BYTES("{OID.Security: {}}"), FORM_CONFIG},
        {BYTES("# x\n{0: {1: {}}}"), FORM_UNKNOWN},
        {BYTES("{0: {1: {}}}"), FORM_CONFIG},
        {BYTES("{\"url\": 1}"), FORM_SERVER},
        {BYTES("{\"commonName\": 1}"), FORM_CERT_INFO},
        {BYTES("{\"keys\": [{\"kty\": \"EC\"}]}"), FORM_JWK},
        {BYTES("{\"x\": 1}"), FORM_JSON},
        {BYTES("endpoint\na\n"), FORM_MANIFEST},
        {BYTES("a,b\n1,2\n"), FORM_MANIFEST},
        {BYTES("a,b\n1\n"), FORM_UNKNOWN},
        {BYTES("\x83\xa2\x21x"), FORM_PACKET},
        {BYTES("\x9f\xa2\x21x"), FORM_PACKET},
        {BYTES("\x98\x20\xa2\x21x"), FORM_PACKET},
        {BYTES("\x99\x01\x20\xa2\x21x"), FORM_PACKET},
        {BYTES("\x81\xa2\x22\x1a\x00"), FORM_PACKET},
        {BYTES("\xd9\xd9\xf7\x81\xa2\x00\x66/1/0/0"), FORM_PACKET},
        {BYTES("\xc1\x81\xa2\x00\x66/1/0/0"), FORM_PACKET},
        {BYTES("\xd8\x18\x81\xa2\x00\x66/1/0/0"), FORM_PACKET},
        {BYTES("\x81\xa2\x62\x62\x6e"), FORM_PACKET},
        {BYTES("\x83\xa2\x91\x00\x80\x01"), FORM_BYTES}, /* a key may begin so */
        {BYTES("\x83\xa2\x21\x05\x00\x01"), FORM_BYTES},
        {BYTES("\x83\xa0\x21x\x00\x01"), FORM_BYTES},
        {BYTES("<?xml version=\"1.0\"?><LWM2M>"), FORM_DEFINITION},
        {BYTES("<a/>"), FORM_XML},
        {BYTES("<!DOCTYPE html><p>"), FORM_HTML},
        {BYTES("-----BEGIN CERTIFICATE-----"), FORM_CERT},
        {BYTES("text\n-----BEGIN EC PRIVATE KEY-----"), FORM_KEY},
        {BYTES("-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED"), FORM_SEALED_KEY},
        {BYTES("-----BEGIN OPENSSH PRIVATE KEY-----"), FORM_OPENSSH},
        {BYTES("-----BEGIN PKCS7-----"), FORM_PKCS7},
        {BYTES("0\x82\1\1\2\1\3\x30"), FORM_PKCS12},
        {BYTES("0\x82\1\1\2\1\0\x30"), FORM_KEY},
        {BYTES("0\x82\1\1\x30\x81\x80\xa0\3\2\1\2"), FORM_CERT},
        {BYTES("0\x82\1\1\x30\x81\x80\2\1\0\x30"), FORM_CSR},
        {BYTES("0\x0c\x30\x03\x06\1\x2a\4\5keyed"), FORM_SEALED_KEY},
        {BYTES("0\x0c\x30\x03\x06\1\x2a\3\5\0bits"), FORM_PUBLIC_KEY},
        {BYTES("LS0tLS1CRUdJTiBQUklWQVRFIEtFWS0tLS0tCk1JR0hBZ0VB"), FORM_BASE64},
        {BYTES("const unsigned char a[] = {0x30}"), FORM_C_ARRAY},
        {BYTES("0x30, 0x82, 0x01"), FORM_C_ARRAY},
        {BYTES("308201fa308201a0a0030201020214aa"), FORM_HEX},
        {BYTES("MIIB+jCCAaCgAwIBAgIUqqqqqqqqqqqqqqqqqqqqqqqq"), FORM_BASE64},
        {BYTES("gqUhYi8wIgwhYi8wIgwhYi8wIgwhYi8wIgwhYi8wIgwh\n"), FORM_BASE64},
        {BYTES("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaazzzz"), FORM_UNKNOWN},
        {BYTES("PRIVATE+KEY+x+12345678+abc"), FORM_SIGNING_KEY},
        {BYTES("signet-tpm-grant/v1\nindex 0x01800000\n"), FORM_TPM},
        {BYTES("signet/x\n3\nabc=\n\n\xe2\x80\x94 signet/x abcd\n"), FORM_NOTE},
        {BYTES("a\x94\x8d\1x"), FORM_BYTES},
        {BYTES("\xe9\x7f abc"), FORM_BYTES},
        {BYTES("caf\xe9 \x80"), FORM_UNKNOWN},
        {BYTES("a key of 32 bytes with a \xe9 in it"), FORM_BYTES},
        {BYTES("a text of 33 bytes with a \xe9 in it"), FORM_UNKNOWN},
        {BYTES("a bell \x07"), FORM_UNKNOWN},
        {BYTES(":020000040000FA\n:00000001FF\n"), FORM_FIRMWARE},
        {BYTES("S0030000FC\n"), FORM_FIRMWARE},
        {BYTES("Dear diary"), FORM_UNKNOWN},
    };
    static const char behind[] = "0 A=\n{:-"; /* what is no part of it */

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        char *copy = malloc(rows[i].len + 1); /* so that a sanitizer sees what is read behind it */

        assert_non_null(copy);
        char *exact = realloc(copy, rows[i].len ? rows[i].len : 1);
        assert_non_null(exact);
        memcpy(exact, rows[i].bytes, rows[i].len);
        if (file_form(exact, rows[i].len) != rows[i].form)
            fail_msg("row %zu: form %d", i, (int)file_form(exact, rows[i].len));
        free(exact);
        for (const char *more = behind; *more; more++) {
            char *longer = malloc(rows[i].len + 1);

            assert_non_null(longer);
            memcpy(longer, rows[i].bytes, rows[i].len);
            longer[rows[i].len] = *more;
            if (file_form(longer, rows[i].len) != rows[i].form)
                fail_msg("row %zu: '%c' behind it changes its form", i, *more);
            free(longer);
        }
    }
}

static struct signet_error explained(const char *path, const char *text, int rc)
{
    struct signet_error err = {0};

    assert_int_equal(file_write(path, text, strlen(text), 0600, NULL), SIGNET_OK);
    error_set(&err, SIGNET_E_SYNTAX, "odd (line 3, column 1)");
    assert_int_equal(signet_file_explain(rc, (enum signet_file_kind)99, path, NULL), rc);
    assert_int_equal(signet_file_explain(rc, SIGNET_FILE_LEDGER, path, &err), rc);
    return err;
}

/* What is a certificate by its beginning may have a key behind it. */
static void what_holds_no_secret(void **state)
{
    static const char cert[] = "-----BEGIN CERTIFICATE-----\n",
                      both[] = "-----BEGIN CERTIFICATE-----\n-----BEGIN PRIVATE KEY-----\n",
                      image[] = ":10000000AAAA\n";

    (void)state;
    assert_int_equal(file_write("c", cert, sizeof(cert) - 1, 0644, NULL), SIGNET_OK);
    assert_int_equal(file_write("b", both, sizeof(both) - 1, 0644, NULL), SIGNET_OK);
    assert_int_equal(file_write("i", image, sizeof(image) - 1, 0644, NULL), SIGNET_OK);
    assert_true(file_has_no_secret("c", NULL));
    assert_false(file_has_no_secret("b", NULL));
    assert_false(file_has_no_secret("i", NULL));
    assert_int_equal(unlink("c") + unlink("b") + unlink("i"), 0);
}

static void an_error_names_what_the_file_is(void **state)
{
    char folder[FOLDER_SIZE];
    struct signet_error err;

    (void)state;
    assert_true(folder_make(folder));
    assert_int_equal(chdir(folder), 0);
    err = explained("x.yaml", "name: a\nledger: 'my.db' # here\n", SIGNET_E_LEDGER);
    assert_string_equal(err.msg, "x.yaml is a work order, not a ledger");
    assert_string_equal(err.hint, "it is for a run; its ledger is my.db");
    assert_int_equal(err.code, SIGNET_E_LEDGER);
    err = explained("x.yaml", "name: a\nledger: postgresql://me:pw@h/d\n", SIGNET_E_LEDGER);
    assert_null(strstr(err.hint, "pw"));
    err = explained("x.yaml", "Dear diary", SIGNET_E_LEDGER);
    assert_string_equal(err.msg, "x.yaml:3:1: odd");
    err = explained("x.yaml", "", SIGNET_E_LEDGER);
    assert_string_equal(err.msg, "x.yaml is empty");
    err = explained("x.yaml", "name: a\nledger: b\n", SIGNET_OK);
    assert_string_equal(err.msg, "odd (line 3, column 1)");
    assert_int_equal(signet_file_kind("name: a\nledger: b\n", 18), SIGNET_FILE_ORDER);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(forms_by_their_first_bytes),
        cmocka_unit_test(what_holds_no_secret),
        cmocka_unit_test(an_error_names_what_the_file_is),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
