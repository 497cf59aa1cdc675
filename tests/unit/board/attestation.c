/* SPDX-License-Identifier: Apache-2.0 */
/* Attestations in the form in which Nordic's references show them: each array says that it is CBOR,
 * and that of the identity is not in the COSE_Sign1 but before it. */
#include "board/recipe.h"
#include "cbor/cbor.h"

#include <setjmp.h>

#include <cmocka.h>

#define SAYS_CBOR "\xd9\xd9\xf7"
#define SIXTEEN   "0123456789abcdef"

struct form {
    const char *mark, *header;
    unsigned head, kind, count, nonce, signature;
    bool of_chip, more;
};

static const struct form key_form = {SAYS_CBOR, "\xa1\x01\x26", 0xd2, 9, 5, 16, 64, false, false};
static const struct form chip_form = {SAYS_CBOR, "\xa1\x01\x26", 0xd2, 1, 5, 16, 64, true, false};

static void put_payload(const struct form *f, struct buf *out)
{
    buf_text(out, f->mark);
    cbor_put_array(out, f->count);
    cbor_put_uint(out, f->kind);
    cbor_put_bytes(out, SIXTEEN, 16);
    if (f->of_chip) {
        cbor_put_uint(out, 3);
        cbor_put_bytes(out, "of its firmware.", 16);
    } else {
        cbor_put_bytes(out, "\x18\x2a", 2);
        cbor_put_bytes(out, SIXTEEN SIXTEEN, 32);
    }
    cbor_put_bytes(out, "nonce of sixteen", f->nonce);
    if (f->more)
        cbor_put_uint(out, 0);
}

static int read_form(const struct form *f, struct attestation *out)
{
    static const uint8_t signature[64];
    struct buf payload = {0}, cose = {0}, text = {0};

    put_payload(f, &payload);
    buf_byte(&cose, (uint8_t)f->head);
    cbor_put_array(&cose, 4);
    cbor_put_bytes(&cose, f->header, strlen(f->header));
    cbor_put_map(&cose, 1);
    cbor_put_uint(&cose, 4);
    cbor_put_bytes(&cose, "\x21", 1);
    if (f->of_chip)
        buf_byte(&cose, 0xf6);
    else
        cbor_put_bytes(&cose, payload.data, payload.len);
    cbor_put_bytes(&cose, signature, f->signature);
    buf_base64(&text, cose.data, cose.len);
    while (text.len && text.data[text.len - 1] == '=')
        text.len--;
    for (size_t i = 0; i < text.len; i++)
        text.data[i] = text.data[i] == '+' ? '-' : text.data[i] == '/' ? '_' : text.data[i];
    int rc =
        attestation_read(out, payload.data, payload.len, (const char *)text.data, text.len, NULL);
    buf_free(&payload);
    buf_free(&cose);
    buf_free(&text);
    return rc;
}

static void of_a_key(void **state)
{
    struct attestation a = {0};
    struct form bare = key_form;

    (void)state;
    assert_int_equal(read_form(&key_form, &a), SIGNET_OK);
    assert_false(a.of_chip);
    assert_int_equal(a.tag, 42);
    assert_memory_equal(a.uuid, SIXTEEN, 16);
    assert_memory_equal(a.sha256, SIXTEEN SIXTEEN, 32);
    assert_memory_equal(a.nonce, "nonce of sixteen", 16);
    bare.mark = "";
    assert_int_equal(read_form(&bare, &a), SIGNET_OK);
}

static void of_a_chip(void **state)
{
    struct attestation a = {0};

    (void)state;
    assert_int_equal(read_form(&chip_form, &a), SIGNET_OK);
    assert_true(a.of_chip);
    assert_memory_equal(a.uuid, SIXTEEN, 16);
    assert_memory_equal(a.nonce, "nonce of sixteen", 16);
}

static void each_other_form_is_refused(void **state)
{
    (void)state;
    for (int chip = 0; chip < 2; chip++)
        for (int i = 0; i < 8; i++) {
            struct attestation a = {.tag = 77};
            struct form f = chip ? chip_form : key_form;

            f.mark = i == 0 ? "\xd9\xd9\xf8" : f.mark;
            f.head = i == 1 ? 0xd1 : f.head; /* COSE_Mac0 */
            f.header = i == 2 ? "\xa1\x01\x27" : i == 3 ? "\xa1\x01\x26\x01" : f.header;
            f.count = i == 4 ? 6 : f.count;
            f.nonce = i == 5 ? 15 : f.nonce;
            f.signature = i == 6 ? 63 : f.signature;
            f.more = i == 7;
            if (read_form(&f, &a) != SIGNET_E_SYNTAX || a.tag != 77)
                fail_msg("chip %d: form %d is taken", chip, i);
        }
    struct attestation a;
    struct form other = chip_form;
    other.kind = 2; /* a public key */
    assert_int_equal(read_form(&other, &a), SIGNET_E_SYNTAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(of_a_key),
        cmocka_unit_test(of_a_chip),
        cmocka_unit_test(each_other_form_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
