/* SPDX-License-Identifier: Apache-2.0 */
/* Keys, notes, checkpoints and proofs as texts: those of other authors are read, and what is none
 * is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "pki/pki.h"
#include "tlog/tlog.h"
#include "unit/folder.h"

/* From the documentation of Go's golang.org/x/mod/sumdb/note. */
#define GO_TEXT                                                                                    \
    "If you think cryptography is the answer to your problem,\n"                                   \
    "then you don't know what your problem is.\n"
#define GO_SIGNATURE                                                                               \
    "\xe2\x80\x94 PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKv" \
    "qfqdngotpRZb6KE6RyyBwJnAM=\n"
static const char go_key[] = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
static const char go_private[] =
    "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz\n";

static char folder[FOLDER_SIZE], path[320];

static int set_up(void **state)
{
    (void)state;
    if (!folder_make(folder))
        return -1;
    snprintf(path, sizeof(path), "%s/key", folder);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    unlink(path);
    return rmdir(folder);
}

static int verify(const char *text, const char *key, struct signet_error *err)
{
    struct tlog_note note;
    struct tlog_vkey vkey;
    int rc = tlog_vkey_parse(key, &vkey, err);

    if (rc == SIGNET_OK)
        rc = tlog_note_parse(text, strlen(text), &note, err);
    return rc == SIGNET_OK ? tlog_note_verify(&note, &vkey, NULL, err) : rc;
}

static void notes_of_go(void **state)
{
    static const char note[] = GO_TEXT "\n" GO_SIGNATURE;
    struct tlog_key key = {0};
    struct buf line = {0};
    char vkey[TLOG_VKEY_SIZE];
    (void)state;

    assert_int_equal(verify(note, go_key, NULL), SIGNET_OK);
    assert_int_equal(file_write(path, go_private, strlen(go_private), 0600, NULL), SIGNET_OK);
    assert_int_equal(tlog_key_open(&key, path, NULL, NULL), SIGNET_OK);
    tlog_vkey_print(&key.public, vkey);
    assert_string_equal(vkey, go_key);
    assert_int_equal(tlog_sign(&key, &key.public, GO_TEXT, strlen(GO_TEXT), 0, &line, NULL),
                     SIGNET_OK);
    assert_string_equal((char *)line.data, GO_SIGNATURE);
    buf_free(&line);
    tlog_key_free(&key);
    unlink(path);
}

static void changed_notes(void **state)
{
    static const char note[] = GO_TEXT "\n" GO_SIGNATURE;
    char changed[sizeof(note)];
    (void)state;

    for (size_t i = 0; i < sizeof(note) - 1; i++) {
        memcpy(changed, note, sizeof(note));
        changed[i] = changed[i] == 'x' ? 'y' : 'x';
        if (verify(changed, go_key, NULL) == SIGNET_OK)
            fail_msg("byte %zu", i);
    }
    for (size_t i = 0; i < sizeof(note) - 1; i++) { /* cut off */
        memcpy(changed, note, sizeof(note));
        changed[i] = '\0';
        if (verify(changed, go_key, NULL) == SIGNET_OK)
            fail_msg("%zu bytes", i);
    }
}

static void other_signatures(void **state)
{
    static const char *const lines[] = {
        "\xe2\x80\x94 other AAAA",     "\xe2\x80\x94 other",
        "\xe2\x80\x94 other AAAAAAA!", "\xe2\x80\x94 other AAAAAAAA ",
        "\xe2\x80\x94  AAAAAAAA",      "\xe2\x80\x94 ot+er AAAAAAAA",
        "\xe2\x80\x94 ot er AAAAAAAA", ""};
    struct signet_error err = {0};
    (void)state;

    /* a signature of somebody else, of another form too, is passed over */
    assert_int_equal(verify(GO_TEXT "\n\xe2\x80\x94 other AAAAAAAA\n" GO_SIGNATURE, go_key, NULL),
                     SIGNET_OK);
    assert_int_equal(verify(GO_TEXT "\n\xe2\x80\x94 other AAAAAAAA\n", go_key, &err),
                     SIGNET_E_NOT_FOUND);
    assert_non_null(strstr(err.msg, "PeterNeumann did not sign"));
    assert_int_equal(verify(GO_TEXT "\n" GO_SIGNATURE "x", go_key, NULL), SIGNET_E_SYNTAX);
    assert_int_equal(verify(GO_TEXT "\a\n\n" GO_SIGNATURE, go_key, NULL), SIGNET_E_SYNTAX);
    assert_int_equal(verify("\n" GO_SIGNATURE, go_key, NULL), SIGNET_E_SYNTAX);
    /* nor is a line that Go takes for none, whoever else signed */
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        char note[512];

        snprintf(note, sizeof(note), "%s\n%s%s\n", GO_TEXT, GO_SIGNATURE, lines[i]);
        if (verify(note, go_key, NULL) != SIGNET_E_SYNTAX)
            fail_msg("'%s'", lines[i]);
    }
}

static void keys_that_are_none(void **state)
{
    static const char *const keys[] = {
        "",
        "+",
        "PeterNeumann",
        "PeterNeumann+c74f20a4+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW", /* the number */
        "PeterNeuman+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
        "PeterNeumann+c74f20a3+AxpC2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW", /* the type */
        "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10T",
        "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW\n",
        "Peter Neumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"};
    struct tlog_vkey key;
    (void)state;

    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
        if (tlog_vkey_parse(keys[i], &key, NULL) != SIGNET_E_SYNTAX)
            fail_msg("'%s'", keys[i]);
}

/* As a signing key its type is another, though the number fits. */
static void key_of_a_witness(void)
{
    uint8_t typed[33] = {TLOG_WITNESS}, public[32];
    struct secret seed = {0};
    struct tlog_key key = {0};
    struct tlog_vkey as = {0};
    struct buf text = {0};

    assert_int_equal(secret_alloc(&seed, 32, NULL), SIGNET_OK);
    memset(seed.data, 7, 32);
    memset(typed + 1, 7, 32);
    assert_int_equal(ed25519_public(&seed, public, NULL), SIGNET_OK);
    memcpy(as.key, public, sizeof(public));
    assert_int_equal(tlog_vkey_as(&as, TLOG_SIGNER, "w", &as, NULL), SIGNET_OK);
    for (int i = 0; i < 2; i++, typed[0] = TLOG_SIGNER) {
        buf_reset(&text);
        buf_text(&text, "PRIVATE+KEY+w+");
        buf_hex(&text, as.id, sizeof(as.id));
        buf_byte(&text, '+');
        buf_base64(&text, typed, sizeof(typed));
        assert_int_equal(file_write(path, text.data, text.len, 0600, NULL), SIGNET_OK);
        assert_int_equal(tlog_key_open(&key, path, NULL, NULL), i ? SIGNET_OK : SIGNET_E_SYNTAX);
    }
    tlog_key_free(&key);
    secret_wipe(&seed);
    buf_free(&text);
}

static void key_files(void **state)
{
    struct tlog_key key = {0}, again = {0};
    struct stat st;
    struct buf name = {0};
    struct signet_error err = {0};
    (void)state;

    assert_int_equal(tlog_key_open(&key, path, NULL, NULL), SIGNET_E_IO); /* none is made */
    tlog_name_escape("a + b/\xc3\xa4", &name);
    assert_string_equal((char *)name.data, "a%20%2B%20b%2F%C3%A4");
    assert_int_equal(tlog_key_open(&key, path, (char *)name.data, NULL), SIGNET_OK);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_int_equal(tlog_key_open(&again, path, "other", NULL), SIGNET_OK);
    assert_memory_equal(&key.public, &again.public, sizeof(key.public));
    tlog_key_free(&again);
    assert_int_equal(chmod(path, 0644), 0);
    assert_int_equal(tlog_key_open(&again, path, NULL, NULL), SIGNET_E_IO);
    assert_int_equal(file_write(path, go_private, 60, 0600, NULL), SIGNET_OK);
    assert_int_equal(tlog_key_open(&again, path, NULL, NULL), SIGNET_E_SYNTAX);
    char other_name[sizeof(go_private)];
    memcpy(other_name, go_private, sizeof(go_private));
    other_name[strlen("PRIVATE+KEY+")] = 'p'; /* the key's number is of its name as well */
    assert_int_equal(file_write(path, other_name, strlen(other_name), 0600, NULL), SIGNET_OK);
    assert_int_equal(tlog_key_open(&again, path, NULL, &err), SIGNET_E_SYNTAX);
    assert_non_null(strstr(err.msg, "the signing key is damaged"));
    assert_null(again.seed.data);
    key_of_a_witness();
    buf_free(&name);
    tlog_key_free(&key);
    unlink(path);
}

static void witnesses(void **state)
{
    static const char text[] = "log\n1\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n";
    struct tlog_key key = {0};
    struct tlog_vkey as, read;
    struct tlog_note note;
    struct buf all = {0}, line = {0};
    char vkey[TLOG_VKEY_SIZE];
    int64_t time = 0;
    (void)state;

    assert_int_equal(tlog_key_open(&key, path, "w", NULL), SIGNET_OK);
    assert_int_equal(tlog_vkey_as(&key.public, TLOG_WITNESS, "w", &as, NULL), SIGNET_OK);
    tlog_vkey_print(&as, vkey);
    assert_int_equal(tlog_vkey_parse(vkey, &read, NULL), SIGNET_OK);
    assert_int_equal(read.type, TLOG_WITNESS);
    assert_int_equal(tlog_sign(&key, &as, text, strlen(text), 1700000000, &line, NULL), SIGNET_OK);
    buf_printf(&all, "%s\n%s", text, (char *)line.data);
    assert_int_equal(tlog_note_parse(all.data, all.len, &note, NULL), SIGNET_OK);
    assert_int_equal(tlog_note_verify(&note, &read, &time, NULL), SIGNET_OK);
    assert_int_equal(time, 1700000000);
    /* it is no signature of the same key as a log's */
    assert_int_equal(tlog_note_verify(&note, &key.public, NULL, NULL), SIGNET_E_NOT_FOUND);
    buf_reset(&line);
    buf_reset(&all); /* a time that is none */
    assert_int_equal(tlog_sign(&key, &as, text, strlen(text), -1, &line, NULL), SIGNET_OK);
    buf_printf(&all, "%s\n%s", text, (char *)line.data);
    assert_int_equal(tlog_note_parse(all.data, all.len, &note, NULL), SIGNET_OK);
    assert_int_equal(tlog_note_verify(&note, &read, &time, NULL), SIGNET_E_CRYPTO);
    buf_free(&all);
    buf_free(&line);
    tlog_key_free(&key);
    unlink(path);
}

#define HASH "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
#define NOTE "log\n7\n" HASH "\n\n\xe2\x80\x94 a AAAAAAAA\n"

static void checkpoints(void **state)
{
    static const char *const none[] = {
        "log\n07\n" HASH "\n\n\xe2\x80\x94 a AAAAAAAA\n",
        "log\n7\n" HASH,
        "log\n-7\n" HASH "\n\n\xe2\x80\x94 a AAAAAAAA\n",
        "log\n99999999999999999999\n" HASH "\n\n\xe2\x80\x94 a AAAAAAAA\n",
        "log\n18014398509481984\n" HASH "\n\n\xe2\x80\x94 a AAAAAAAA\n",
        "log\n7\nAAAA\n\n\xe2\x80\x94 a AAAAAAAA\n",
        "\n7\n" HASH "\n\n\xe2\x80\x94 a AAAAAAAA\n",
        "log\n7\n\n\xe2\x80\x94 a AAAAAAAA\n"};
    struct tlog_checkpoint c;
    struct tlog_note note;
    (void)state;

    assert_int_equal(tlog_note_parse(NOTE, strlen(NOTE), &note, NULL), SIGNET_OK);
    assert_int_equal(tlog_checkpoint_parse(&note, &c, NULL), SIGNET_OK);
    assert_string_equal(c.origin, "log");
    assert_int_equal(c.size, 7);
    for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++)
        if (tlog_note_parse(none[i], strlen(none[i]), &note, NULL) == SIGNET_OK &&
            tlog_checkpoint_parse(&note, &c, NULL) == SIGNET_OK)
            fail_msg("'%s'", none[i]);
}

static void proofs(void **state)
{
    static const char good[] = "c2sp.org/tlog-proof@v1\nindex 3\n" HASH "\n" HASH "\n\n" NOTE;
    static const char extra[] = "c2sp.org/tlog-proof@v1\nextra AAAA\nindex 3\n\n" NOTE;
    static const char request[] = "old 3\n" HASH "\n\n" NOTE;
    static const char *const none[] = {"",
                                       "c2sp.org/tlog-proof@v2\nindex 3\n\n" NOTE,
                                       "c2sp.org/tlog-proof@v1\nindex x\n\n" NOTE,
                                       "c2sp.org/tlog-proof@v1\nindex 3\nAAAA\n\n" NOTE,
                                       "c2sp.org/tlog-proof@v1\nindex 3\n" HASH "\n",
                                       "c2sp.org/tlog-proof@v1\nextra AAAA",
                                       "c2sp.org/tlog-proof@v1\nextra AAA!\nindex 3\n\n" NOTE};
    struct tlog_proof proof;
    struct buf many = {0};
    (void)state;

    assert_int_equal(tlog_proof_parse(good, strlen(good), &proof, NULL), SIGNET_OK);
    assert_int_equal(proof.number, 3);
    assert_int_equal(proof.hashes.count, 2);
    assert_int_equal(proof.checkpoint.size, 7);
    assert_int_equal(tlog_proof_parse(extra, strlen(extra), &proof, NULL), SIGNET_OK);
    assert_int_equal(proof.hashes.count, 0);
    assert_int_equal(tlog_request_parse(request, strlen(request), &proof, NULL), SIGNET_OK);
    assert_int_equal(tlog_request_parse(good, strlen(good), &proof, NULL), SIGNET_E_SYNTAX);
    for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++)
        assert_int_equal(tlog_proof_parse(none[i], strlen(none[i]), &proof, NULL), SIGNET_E_SYNTAX);
    buf_text(&many, "old 3\n");
    for (int i = 0; i < TLOG_HASHES + 1; i++)
        buf_text(&many, HASH "\n");
    buf_text(&many, "\n" NOTE);
    assert_int_equal(tlog_request_parse(many.data, many.len, &proof, NULL), SIGNET_E_SYNTAX);
    buf_free(&many);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(notes_of_go),      cmocka_unit_test(changed_notes),
        cmocka_unit_test(other_signatures), cmocka_unit_test(keys_that_are_none),
        cmocka_unit_test(key_files),        cmocka_unit_test(witnesses),
        cmocka_unit_test(checkpoints),      cmocka_unit_test(proofs)};

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
