/* SPDX-License-Identifier: Apache-2.0 */
/* The station's key file: its forms, who may touch it, and its change.
 * wrap: random_bytes failpoint pki_scrypt scandir tpm_unseal
 */
#include "pki/pki.h"
#include "vault/private.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signet/station_key.h>
#include <signet/text.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "unit/vault/fixture.h"

static bool random_fails;
static const char *faster; /* another process makes this file meanwhile */
static bool real_scrypt;
static int end_at; /* the process ends at this failpoint; 0: never */

int __real_random_bytes(void *out, size_t len, struct signet_error *err);
int __wrap_random_bytes(void *out, size_t len, struct signet_error *err);
void __wrap_failpoint(const char *name);
int __real_pki_scrypt(const void *password, size_t len, const uint8_t *salt, size_t salt_len,
                      unsigned log_n, uint8_t out[static 32], struct signet_error *e);
int __wrap_pki_scrypt(const void *password, size_t len, const uint8_t *salt, size_t salt_len,
                      unsigned log_n, uint8_t out[static 32], struct signet_error *e);

int __wrap_random_bytes(void *out, size_t len, struct signet_error *err)
{
    if (random_fails)
        return error_set(err, SIGNET_E_CRYPTO, "no random bytes");
    if (faster) {
        int fd = open(faster, O_WRONLY | O_CREAT | O_EXCL, 0600);

        faster = NULL;
        assert_int_equal(write(fd, "0123456789abcdef0123456789abcdef", 32), 32);
        close(fd);
    }
    return __real_random_bytes(out, len, err);
}

/* In a moment, but for the test that asks for the real one. */
int __wrap_pki_scrypt(const void *password, size_t len, const uint8_t *salt, size_t salt_len,
                      unsigned log_n, uint8_t out[static 32], struct signet_error *e)
{
    return __real_pki_scrypt(password, len, salt, salt_len, real_scrypt ? log_n : 4, out, e);
}

/* What a TPM has sealed for somebody else's purpose. */
static size_t unsealed;
int __wrap_tpm_unseal(const char *text, struct secret *out, struct signet_error *err);

int __wrap_tpm_unseal(const char *text, struct secret *out, struct signet_error *err)
{
    (void)text;
    return secret_alloc(out, unsealed, err);
}

static bool no_listing;

int __real_scandir(const char *folder, struct dirent ***names, int (*filter)(const struct dirent *),
                   int (*compare)(const struct dirent **, const struct dirent **));
int __wrap_scandir(const char *folder, struct dirent ***names, int (*filter)(const struct dirent *),
                   int (*compare)(const struct dirent **, const struct dirent **));

int __wrap_scandir(const char *folder, struct dirent ***names, int (*filter)(const struct dirent *),
                   int (*compare)(const struct dirent **, const struct dirent **))
{
    if (!no_listing)
        return __real_scandir(folder, names, filter, compare);
    errno = ENOMEM;
    return -1;
}

void __wrap_failpoint(const char *name)
{
    (void)name;
    if (end_at && --end_at == 0)
        _exit(9);
}

static struct signet_error err;
static char folder[FOLDER_SIZE], path[FOLDER_SIZE + 16], words[FOLDER_SIZE + 16],
    other[FOLDER_SIZE + 16];

static void put(const char *file, const void *data, size_t len)
{
    assert_int_equal(file_write(file, data, len, 0600, &err), SIGNET_OK);
}

static void begin(void)
{
    assert_true(folder_make(folder));
    snprintf(path, sizeof(path), "%s/key", folder);
    snprintf(words, sizeof(words), "%s/words", folder);
    snprintf(other, sizeof(other), "%s/other", folder);
    put(words, "correct horse\n", 14);
}

static int open_file(struct key_ring *ring)
{
    const struct vault_key from = {.file = path, .passphrase.file = words};
    int fd = -1, rc = key_open(&from, ring, &fd, &err);

    if (fd >= 0)
        close(fd);
    return rc;
}

static void is_refused(enum signet_code code, const char *why)
{
    struct key_ring ring = {0};
    int rc = open_file(&ring);

    if (rc != (int)code || !strstr(err.msg, why))
        fail_msg("%d: %s, not %d: %s", rc, err.msg, code, why);
    assert_null(ring.current.data);
}

static void is_made_and_read_again(void **state)
{
    struct key_ring a = {0}, b = {0};
    struct stat st;

    (void)state;
    begin();
    random_fails = true;
    is_refused(SIGNET_E_CRYPTO, "no random bytes");
    assert_int_equal(stat(path, &st), -1);
    random_fails = false;
    assert_int_equal(open_file(&a), 0);
    assert_int_equal(open_file(&b), 0);
    assert_int_equal(a.current.len, 32);
    assert_memory_equal(a.current.data, b.current.data, 32);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    key_ring_wipe(&a);
    key_ring_wipe(&b);
}

/* Two stations begin in one folder. */
static void of_a_faster_process_is_the_key(void **state)
{
    struct key_ring ring = {0};

    (void)state;
    begin();
    faster = path;
    assert_int_equal(open_file(&ring), 0);
    assert_memory_equal(ring.current.data, "0123456789abcdef0123456789abcdef", 32);
    key_ring_wipe(&ring);
}

static void is_in_no_text(void **state)
{
    struct key_ring ring = {0};
    char text[64];

    (void)state;
    begin();
    put(path, "0123456789abcdef0123456789abcdeg", 32);
    assert_int_equal(open_file(&ring), 0);
    signet_text_plain("is 0123456789abcdef0123456789abcdeg", text, sizeof(text));
    assert_string_equal(text, "is ********************************");
    key_ring_wipe(&ring);
}

/* An empty disk image, a copy that failed. */
static void of_one_byte_is_none(void **state)
{
    uint8_t bytes[32];

    (void)state;
    begin();
    for (int byte = 0; byte < 256; byte += 255) {
        memset(bytes, byte, sizeof(bytes));
        put(path, bytes, sizeof(bytes));
        is_refused(SIGNET_E_CRYPTO, "is one byte 32 times");
    }
    bytes[31] = 7;
    put(path, bytes, sizeof(bytes));
    struct key_ring ring = {0};
    assert_int_equal(open_file(&ring), 0);
    key_ring_wipe(&ring);
    put(path, bytes, 31);
    is_refused(SIGNET_E_CRYPTO, "this is not a station key");
}

static void that_others_may_touch_is_refused(void **state)
{
    struct key_ring ring = {0};

    (void)state;
    begin();
    assert_int_equal(open_file(&ring), 0);
    key_ring_wipe(&ring);
    assert_int_equal(chmod(path, 0640), 0);
    is_refused(SIGNET_E_IO, "others may open it");
    assert_int_equal(chmod(path, 0600), 0);
    assert_int_equal(link(path, other), 0);
    is_refused(SIGNET_E_IO, "not a plain file of one name");
    assert_int_equal(unlink(path), 0);
    assert_int_equal(symlink(other, path), 0);
    is_refused(SIGNET_E_IO, "is a link");
    assert_int_equal(unlink(path), 0);
    assert_int_equal(mkfifo(path, 0600), 0);
    is_refused(SIGNET_E_IO, "not a plain file of one name");
    assert_int_equal(unlink(path), 0);
    assert_int_equal(rename(other, path), 0);
    assert_int_equal(chmod(folder, 0777), 0);
    is_refused(SIGNET_E_IO, "others may change what is in the folder");
    assert_int_equal(chmod(folder, 0700), 0);
    assert_int_equal(open_file(&ring), 0);
    key_ring_wipe(&ring);
    if (geteuid() == 0) { /* another user's folder, and file */
        assert_int_equal(chown(folder, 12345, 0), 0);
        is_refused(SIGNET_E_IO, "others may change what is in the folder");
        assert_int_equal(chown(folder, 0, 0), 0);
        assert_int_equal(chown(path, 12345, 0), 0);
        is_refused(SIGNET_E_IO, "belongs to another user");
    }
}

static int rotate(const char *form, const char *new_words, bool drop, const char *work,
                  struct signet_station_key_changed *out)
{
    const struct signet_station_key_change change = {.file = path,
                                                     .form = form,
                                                     .passphrase_file = words,
                                                     .new_passphrase_file = new_words,
                                                     .works = &work,
                                                     .work_count = work != NULL,
                                                     .drop_old = drop};

    return signet_station_key_rotate(&change, out, &err);
}

static void a_passphrase_opens(void **state)
{
    struct signet_station_key_changed changed;
    struct signet_station_key_view view;
    struct key_ring before = {0}, after = {0};

    (void)state;
    begin();
    assert_int_equal(open_file(&before), 0);
    real_scrypt = true;
    assert_int_equal(rotate("passphrase", words, false, NULL, &changed), 0);
    real_scrypt = false;
    is_refused(SIGNET_E_AUTH, "the passphrase does not open it"); /* the cost counts */
    assert_int_equal(rotate("passphrase", words, false, NULL, &changed), SIGNET_E_AUTH);
    put(path, before.current.data, 32);
    assert_int_equal(rotate("passphrase", words, false, NULL, &changed), 0);
    assert_int_equal(changed.old, 1);
    assert_int_equal(signet_station_key_describe(path, &view, &err), 0);
    assert_string_equal(view.form, "passphrase");
    assert_int_equal(view.count, 2);
    assert_int_equal(open_file(&after), 0);
    assert_int_equal(after.old_count, 1);
    assert_memory_equal(after.old[0].data, before.current.data, 32);
    assert_memory_not_equal(after.current.data, before.current.data, 32);
    key_ring_wipe(&before);
    key_ring_wipe(&after);
    put(words, "correct horsf\n", 14);
    is_refused(SIGNET_E_AUTH, "the passphrase does not open it");
    put(words, "\n", 1);
    is_refused(SIGNET_E_AUTH, "the passphrase does not open it");
    assert_int_equal(rotate("passphrase", words, false, NULL, &changed), SIGNET_E_AUTH);
    put(words, "correct horse\n", 14);
    put(other, "short\n", 6);
    assert_int_equal(rotate("passphrase", other, false, NULL, &changed), SIGNET_E_MEANING);
    assert_true(strncmp(err.msg, other, strlen(other)) == 0); /* where it stands */
    assert_non_null(strstr(err.msg, "at least 8 characters"));
    assert_int_equal(rotate(NULL, NULL, true, NULL, &changed), 0); /* the same passphrase */
    assert_int_equal(changed.old, 0);
    assert_int_equal(open_file(&after), 0);
    key_ring_wipe(&after);
}

struct answers {
    const char *texts[3];
    int next;
};

static int answer(void *ctx, const char *what, struct signet_bytes *secret, struct signet_error *e)
{
    struct answers *a = ctx;
    const char *text = a->texts[a->next++];

    assert_non_null(strstr(what, "passphrase"));
    (void)e;
    secret->data = (uint8_t *)strdup(text);
    secret->len = strlen(text);
    return SIGNET_OK;
}

static void a_person_is_asked(void **state)
{
    static const char *const bad[][3] = {{"first words", "other words", "two passphrases"},
                                         {"first words", "first word", "two passphrases"},
                                         {"first word", "first words", "two passphrases"},
                                         {"7 signs", "7 signs", "has at least 8 characters"}};
    struct answers same = {.texts = {"8 signs.", "8 signs.", "8 signs."}};
    struct signet_station_key_change change = {.file = path, .form = "passphrase", .ask = answer};
    struct signet_station_key_changed changed;
    struct key_ring ring = {0};

    (void)state;
    begin();
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct answers two = {.texts = {bad[i][0], bad[i][1]}};

        change.ask_ctx = &two;
        assert_int_equal(signet_station_key_rotate(&change, &changed, &err), SIGNET_E_USAGE);
        assert_non_null(strstr(err.msg, bad[i][2]));
    }
    change.file = NULL;
    assert_int_equal(signet_station_key_rotate(&change, &changed, &err), SIGNET_E_USAGE);
    change.file = path;
    change.ask_ctx = &same;
    assert_int_equal(signet_station_key_rotate(&change, &changed, &err), SIGNET_OK);
    struct vault_key from = {.file = path, .passphrase = {NULL, answer, &same}};
    assert_int_equal(key_read(&from, &ring, &err), SIGNET_OK);
    key_ring_wipe(&ring);
    from.passphrase.ask = NULL;
    assert_int_equal(key_read(&from, &ring, &err), SIGNET_E_AUTH);
    assert_non_null(strstr(err.msg, "is not known"));
}

/* Nothing of the file can be changed, and no change makes the station work for minutes. */
static void a_damaged_file_is_refused(void **state)
{
    struct signet_station_key_changed changed;
    struct secret text = {0};
    struct key_text t;
    struct buf good = {0};

    (void)state;
    begin();
    assert_int_equal(rotate("passphrase", words, false, NULL, &changed), 0);
    assert_int_equal(file_read(path, 4096, &good, &err), 0);
    for (size_t i = 0; i < good.len; i += 3) {
        struct key_ring ring = {0};
        uint8_t was = good.data[i];

        good.data[i] ^= 1;
        put(path, good.data, good.len);
        assert_int_not_equal(open_file(&ring), SIGNET_OK);
        good.data[i] = was;
        key_ring_wipe(&ring);
        assert_int_equal(secret_set(&text, good.data, i, &err), 0);
        if (i != 32)
            assert_int_not_equal(key_text_parse(&text, &t, &err), SIGNET_OK);
    }
    const char *const costs[] = {"20", "13", "99", "0x11", "017", "17 "};
    for (size_t i = 0; i < sizeof(costs) / sizeof(costs[0]); i++) {
        char line[200];

        snprintf(line, sizeof(line),
                 "signet station key 2\nform passphrase scrypt %s %032d\nkey %016d 00\nend\n",
                 costs[i], 0, 0);
        put(path, line, strlen(line));
        is_refused(SIGNET_E_CRYPTO, "parameters of scrypt");
    }
    const char *const allowed[] = {"14", "19"}; /* refused for what follows */
    for (size_t i = 0; i < sizeof(allowed) / sizeof(allowed[0]); i++) {
        char line[200];

        snprintf(line, sizeof(line),
                 "signet station key 2\nform passphrase scrypt %s %032d\nkey %016d 00\nend\n",
                 allowed[i], 0, 0);
        put(path, line, strlen(line));
        is_refused(SIGNET_E_AUTH, "the passphrase does not open it");
    }
    const char other_form[] = "signet station key 2\nform hsm x\nkey 0123456789abcdef 00\nend\n";
    put(path, other_form, sizeof(other_form) - 1);
    is_refused(SIGNET_E_UNSUPPORTED, "knows no station key of the form 'hsm'");
    const char of_tpm[] = "signet station key 2\nform tpm x\nkey 0123456789abcdef 00\nend\n";
    put(path, of_tpm, sizeof(of_tpm) - 1);
    for (unsealed = 31; unsealed <= 33; unsealed += 2)
        is_refused(SIGNET_E_CRYPTO, "the TPM sealed something else");
    secret_wipe(&text);
    buf_free(&good);
}

static void a_credential_opens(void **state)
{
    struct signet_station_key_changed changed;
    struct key_ring ring = {0};
    char file[FOLDER_SIZE + 40];

    (void)state;
    begin();
    unsetenv("CREDENTIALS_DIRECTORY");
    assert_int_equal(rotate("credential:station", NULL, false, NULL, &changed), SIGNET_E_NOT_FOUND);
    assert_int_equal(mkdir(other, 0500), 0);
    setenv("CREDENTIALS_DIRECTORY", other, 1);
    assert_int_equal(rotate("credential:station", NULL, false, NULL, &changed), SIGNET_E_IO);
    assert_int_equal(chmod(other, 0700), 0);
    snprintf(file, sizeof(file), "%s/station", other);
    put(file, "0123456789abcdef0123456789abcde", 31);
    assert_int_equal(rotate("credential:station", NULL, false, NULL, &changed), SIGNET_E_CRYPTO);
    put(file, "00000000000000000000000000000000", 32);
    assert_int_equal(rotate("credential:station", NULL, false, NULL, &changed), SIGNET_E_CRYPTO);
    put(file, "0123456789abcdef0123456789abcdef", 32);
    assert_int_equal(rotate("credential:../x", NULL, false, NULL, &changed), SIGNET_E_USAGE);
    assert_int_equal(rotate("credential", NULL, false, NULL, &changed), SIGNET_E_USAGE);
    assert_int_equal(rotate("credential:station", NULL, false, NULL, &changed), SIGNET_OK);
    assert_int_equal(open_file(&ring), SIGNET_OK);
    key_ring_wipe(&ring);
    assert_int_equal(chmod(file, 0644), 0);
    is_refused(SIGNET_E_IO, "others may read or change the credential");
    assert_int_equal(chmod(file, 0400), 0);
    assert_int_equal(chmod(other, 0777), 0);
    is_refused(SIGNET_E_IO, "others may look into the folder of credentials");
    assert_int_equal(chmod(other, 0700), 0);
    put(file, "0123456789abcdef0123456789abcdeg", 32);
    is_refused(SIGNET_E_AUTH, "the credential does not open it");
    unsetenv("CREDENTIALS_DIRECTORY");
    is_refused(SIGNET_E_NOT_FOUND, "CREDENTIALS_DIRECTORY is not set");
}

/* At each of its places: all that was sealed opens afterwards, and the next change ends well. */
static void a_change_may_be_cut_off_anywhere(void **state)
{
    struct signet_station_key_changed changed;
    bool over = false;

    (void)state;
    for (int at = 1; !over; at++) {
        struct fixture f;
        int status;

        set_up(&f);
        seal_one(&f, "d1", "the packet");
        seal_batch(&f, 3, 10, 19);
        good(&f, vault_track_batch(f.vault, 3, 10, 19, 10, &f.err));
        vault_close(&f.vault);
        snprintf(path, sizeof(path), "%.90s", f.key);
        pid_t child = fork();
        if (child == 0) {
            end_at = at;
            _exit(rotate(NULL, NULL, true, f.work, &changed) == SIGNET_OK ? 0 : 1);
        }
        waitpid(child, &status, 0);
        assert_true(WIFEXITED(status) && WEXITSTATUS(status) != 1);
        over = WEXITSTATUS(status) == 0;
        for (int again = 0; again < 2; again++) {
            good(&f, reopen(&f));
            good(&f, vault_track_batch(f.vault, 3, 10, 19, 10, &f.err));
            finds(&f, "d1", 1, "the packet");
            finds(&f, "d12", 12, "d12 of 3");
            vault_close(&f.vault);
            if (again == 0) {
                assert_int_equal(rotate(NULL, NULL, true, f.work, &changed), SIGNET_OK);
                assert_int_equal(changed.resealed, 3);
                assert_int_equal(changed.old, 0);
            }
        }
        good(&f, reopen(&f));
        tear_down(&f);
    }
}

static void nothing_opens_with_the_old_key(void **state)
{
    struct signet_station_key_changed changed;
    struct buf old = {0};
    struct fixture f;

    (void)state;
    set_up(&f);
    snprintf(path, sizeof(path), "%.90s", f.key);
    assert_int_equal(file_read(path, 100, &old, &err), 0);
    seal_one(&f, "d1", "the packet");
    assert_int_equal(rotate(NULL, NULL, false, f.work, &changed), SIGNET_E_BUSY); /* a run */
    vault_close(&f.vault);
    assert_int_equal(rotate("file", NULL, false, f.work, &changed), SIGNET_OK);
    assert_int_equal(changed.old, 1);
    put(path, old.data, old.len);
    assert_int_equal(reopen(&f), SIGNET_E_CRYPTO);
    buf_free(&old);
    tear_down(&f);
}

/* The old key stays in the file, since nobody knows what is sealed with it. */
static void a_folder_that_cannot_be_listed(void **state)
{
    struct signet_station_key_changed changed;
    struct fixture f;

    (void)state;
    set_up(&f);
    seal_one(&f, "d1", "the packet");
    vault_close(&f.vault);
    snprintf(path, sizeof(path), "%.90s", f.key);
    no_listing = true;
    assert_int_equal(rotate(NULL, NULL, true, f.work, &changed), SIGNET_E_IO);
    no_listing = false;
    assert_non_null(strstr(err.msg, "cannot look into"));
    good(&f, reopen(&f));
    finds(&f, "d1", -1, "the packet");
    tear_down(&f);
}

/* Nothing is changed then, and no key is made. */
static void no_change_while_a_run_is_at_work(void **state)
{
    struct signet_station_key_changed changed = {.old = 77};
    struct fixture f;

    (void)state;
    begin();
    set_up(&f); /* with a key of its own */
    assert_int_equal(rotate(NULL, NULL, false, f.work, &changed), SIGNET_E_BUSY);
    assert_non_null(strstr(err.msg, "a run is at work in"));
    assert_non_null(strstr(err.msg, f.work));
    assert_int_not_equal(access(path, F_OK), 0);
    assert_int_equal(changed.old, 77);
    tear_down(&f);
}

static void old_keys_have_an_end(void **state)
{
    struct signet_station_key_changed changed;
    struct signet_station_key_view view;
    struct buf before = {0}, after = {0};

    (void)state;
    begin();
    for (size_t i = 0; i <= OLD_KEYS_MAX; i++) {
        assert_int_equal(rotate(NULL, NULL, false, NULL, &changed), 0);
        assert_int_equal(changed.old, i);
    }
    assert_int_equal(file_read(path, KEY_FILE_MAX, &before, &err), 0);
    assert_int_equal(rotate(NULL, NULL, false, NULL, &changed), SIGNET_E_LIMIT);
    assert_non_null(strstr(err.msg, "has 8 keys of before already"));
    assert_int_equal(file_read(path, KEY_FILE_MAX, &after, &err), 0);
    assert_int_equal(after.len, before.len);
    assert_memory_equal(after.data, before.data, before.len);
    assert_int_equal(signet_station_key_describe(path, &view, &err), 0);
    assert_int_equal(view.count, SIGNET_STATION_KEYS);
    buf_free(&before);
    buf_free(&after);
}

/* The old keys stay, since something may still need them. */
static void what_cannot_be_opened_ends_a_change(void **state)
{
    struct signet_station_key_changed changed;
    struct signet_station_key_view view;
    char loop[300];
    struct fixture f;

    (void)state;
    set_up(&f);
    vault_close(&f.vault);
    snprintf(path, sizeof(path), "%.90s", f.key);
    snprintf(loop, sizeof(loop), "%s/x.sealed", f.work);
    assert_int_equal(symlink(loop, loop), 0);
    assert_int_equal(rotate(NULL, NULL, true, f.work, &changed), SIGNET_E_IO);
    assert_non_null(strstr(err.msg, "x.sealed"));
    assert_int_equal(signet_station_key_describe(path, &view, &err), 0);
    assert_int_equal(view.count, 2);
    tear_down(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(is_made_and_read_again),
        cmocka_unit_test(of_a_faster_process_is_the_key),
        cmocka_unit_test(is_in_no_text),
        cmocka_unit_test(of_one_byte_is_none),
        cmocka_unit_test(that_others_may_touch_is_refused),
        cmocka_unit_test(a_passphrase_opens),
        cmocka_unit_test(a_person_is_asked),
        cmocka_unit_test(a_damaged_file_is_refused),
        cmocka_unit_test(a_credential_opens),
        cmocka_unit_test(a_change_may_be_cut_off_anywhere),
        cmocka_unit_test(nothing_opens_with_the_old_key),
        cmocka_unit_test(a_folder_that_cannot_be_listed),
        cmocka_unit_test(no_change_while_a_run_is_at_work),
        cmocka_unit_test(old_keys_have_an_end),
        cmocka_unit_test(what_cannot_be_opened_ends_a_change),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
