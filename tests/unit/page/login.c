/* SPDX-License-Identifier: Apache-2.0 */
/* Passwords, sessions and their tokens.
 * wrap: clock_ms sleep pki_scrypt
 * wrap: malloc calloc realloc reallocarray strdup strndup vasprintf locked_alloc
 */
#include "page/login.h"
#include "pki/pki.h"

#include <pthread.h>
#include <semaphore.h>
#include <setjmp.h>
#include <signet/page.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "unit/starve.h"

int64_t __wrap_clock_ms(void);
unsigned __wrap_sleep(unsigned seconds);
static int64_t now_ms;
static unsigned slept;

int64_t __wrap_clock_ms(void)
{
    return now_ms;
}

static void (*while_asleep)(void);
unsigned __wrap_sleep(unsigned seconds)
{
    void (*now)(void) = while_asleep;

    slept += seconds;
    while_asleep = NULL;
    if (now)
        now();
    return 0;
}

/* With less work than for a person's password. */
int __wrap_pki_scrypt(const void *password, size_t len, const uint8_t *salt, size_t salt_len,
                      unsigned log_n, uint8_t out[static 32], struct signet_error *err);
int __real_pki_scrypt(const void *password, size_t len, const uint8_t *salt, size_t salt_len,
                      unsigned log_n, uint8_t out[static 32], struct signet_error *err);
int __wrap_pki_scrypt(const void *password, size_t len, const uint8_t *salt, size_t salt_len,
                      unsigned log_n, uint8_t out[static 32], struct signet_error *err)
{
    assert_int_equal(log_n, 14);
    return __real_pki_scrypt(password, len, salt, salt_len, 4, out, err);
}

static char folder[64], file[80];

static int make_folder(void **state)
{
    (void)state;
    snprintf(folder, sizeof(folder), "/dev/shm/signet-login-XXXXXX");
    if (!mkdtemp(folder))
        return -1;
    snprintf(file, sizeof(file), "%s/logins", folder);
    return signet_page_login(file, "zoe", "password 1", NULL);
}

static int remove_folder(void **state)
{
    (void)state;
    unlink(file);
    return rmdir(folder);
}

static void write_file(const char *text)
{
    assert_int_equal(file_write(file, text, strlen(text), 0600, NULL), SIGNET_OK);
}

static void a_session(void **state)
{
    struct logins *l = NULL;
    char cookie[LOGIN_COOKIE_SIZE], token[LOGIN_TOKEN_SIZE], sent[200], name[41],
        again[LOGIN_TOKEN_SIZE];

    (void)state;
    assert_int_equal(logins_open(&l, file, NULL), SIGNET_OK);
    assert_int_equal(login_begin(l, "zoe", "password 2", false, cookie, token, NULL),
                     SIGNET_E_AUTH);
    assert_int_equal(login_begin(l, "bob", "password 1", false, cookie, token, NULL),
                     SIGNET_E_AUTH);
    assert_int_equal(slept, 2);
    assert_int_equal(login_begin(l, "zoe", "password 1", true, cookie, token, NULL), SIGNET_OK);
    assert_int_equal(slept, 2);
    assert_non_null(strstr(cookie, "; HttpOnly; SameSite=Strict; Secure"));
    snprintf(sent, sizeof(sent), "other=1; %.71s", cookie);
    assert_true(login_session(l, sent, NULL) && login_session(l, sent, token));
    assert_false(login_session(l, sent, "") || login_session(l, sent, "0000"));
    token[5] ^= 1;
    assert_false(login_session(l, sent, token));
    assert_true(login_who(l, sent, name, again));
    assert_string_equal(name, "zoe");
    assert_false(login_session(l, NULL, NULL) || login_session(l, "", NULL) ||
                 login_session(l, "signet=", NULL) ||
                 login_session(l, "xsignet=1;signet=2;", NULL));
    sent[20] ^= 1;
    assert_false(login_session(l, sent, NULL));
    sent[20] ^= 1;
    now_ms += INT64_C(12) * 3600 * 1000;
    assert_false(login_session(l, sent, NULL)); /* it is over */
    now_ms = 0;
    login_end(l, sent);
    assert_false(login_session(l, sent, NULL) || login_who(l, sent, name, again));
    logins_close(&l);
    logins_close(&l);
}

/* The seventeenth session ends the one that would end first. */
static void sessions_are_bounded(void **state)
{
    struct logins *l = NULL;
    char first[LOGIN_COOKIE_SIZE], cookie[LOGIN_COOKIE_SIZE], token[LOGIN_TOKEN_SIZE];

    (void)state;
    assert_int_equal(logins_open(&l, file, NULL), SIGNET_OK);
    assert_int_equal(login_begin(l, "zoe", "password 1", false, first, token, NULL), SIGNET_OK);
    first[71] = '\0';
    for (int i = 0; i < 16; i++) {
        assert_true(login_session(l, first, NULL));
        now_ms++;
        assert_int_equal(login_begin(l, "zoe", "password 1", false, cookie, token, NULL),
                         SIGNET_OK);
    }
    assert_false(login_session(l, first, NULL));
    logins_close(&l);
}

/* Four wait for their turn; the fifth is sent away at once. */
enum { OTHERS = 4 };
static struct logins *crowded;
static pthread_t others[OTHERS];
static sem_t sent_away;

static void *log_in_as_well(void *arg)
{
    char cookie[LOGIN_COOKIE_SIZE], token[LOGIN_TOKEN_SIZE];

    if (login_begin(crowded, "zoe", "password 1", false, cookie, token, NULL) == SIGNET_E_BUSY)
        sem_post(&sent_away);
    return arg;
}

static void crowd(void)
{
    struct timespec end;

    for (int i = 0; i < OTHERS; i++)
        assert_int_equal(pthread_create(&others[i], NULL, log_in_as_well, NULL), 0);
    clock_gettime(CLOCK_REALTIME, &end);
    end.tv_sec += 30;
    assert_int_equal(sem_timedwait(&sent_away, &end), 0);
}

static void tries_are_bounded(void **state)
{
    char cookie[LOGIN_COOKIE_SIZE], token[LOGIN_TOKEN_SIZE];

    (void)state;
    assert_int_equal(logins_open(&crowded, file, NULL), SIGNET_OK);
    assert_int_equal(sem_init(&sent_away, 0, 0), 0);
    while_asleep = crowd;
    assert_int_equal(login_begin(crowded, "zoe", "wrong", false, cookie, token, NULL),
                     SIGNET_E_AUTH);
    for (int i = 0; i < OTHERS; i++)
        pthread_join(others[i], NULL);
    assert_int_equal(sem_trywait(&sent_away), -1); /* the others were heard */
    sem_destroy(&sent_away);
    logins_close(&crowded);
}

/* A program that asks for figures has no session. */
static void basic(void **state)
{
    struct logins *l = NULL;

    (void)state;
    assert_int_equal(logins_open(&l, file, NULL), SIGNET_OK);
    slept = 0;
    assert_true(login_basic(l, "Basic em9lOnBhc3N3b3JkIDE="));
    assert_true(login_basic(l, "Basic em9lOnBhc3N3b3JkIDE=")); /* not hashed a second time */
    assert_int_equal(slept, 0);
    assert_false(login_basic(l, "Basic em9lOnBhc3N3b3JkIDI="));
    assert_int_equal(slept, 1);
    assert_false(login_basic(l, NULL) || login_basic(NULL, "Basic em9lOnBhc3N3b3JkIDE=") ||
                 login_basic(l, "Bearer x") || login_basic(l, "Basic !") ||
                 login_basic(l, "Basic em9l"));
    logins_close(&l);
}

/* The longest that signet_page_login() takes, and one byte more. */
static void the_longest_by_basic(void **state)
{
    struct logins *l = NULL;
    char longest[40 + 1 + 200 + 2], text[400] = "Basic ";

    (void)state;
    memset(longest, 'n', sizeof(longest));
    longest[40] = longest[241] = '\0';
    assert_int_equal(signet_page_login(file, longest, longest + 41, NULL), SIGNET_OK);
    assert_int_equal(logins_open(&l, file, NULL), SIGNET_OK);
    longest[40] = ':';
    for (size_t more = 0; more < 2; more++) {
        longest[241] = 'n';
        slept = 0;
        base64_encode((const uint8_t *)longest, 241 + more, text + strlen("Basic "));
        assert_int_equal(login_basic(l, text), more == 0);
        assert_int_equal(slept, 0); /* nor is it compared with a password */
    }
    logins_close(&l);
}

static void the_file(void **state)
{
    static const char *const bad[][2] = {{"zo/e:scrypt:14:", ""},  {"zoe:plain:14:", ""},
                                         {"zoe:scrypt:9:", ""},    {"zoe:scrypt:21:", ""},
                                         {"zoe:scrypt:14x:", ""},  {"zoe:scrypt:14:", ":"},
                                         {"zoe:scrypt:14:", "00"}, {":scrypt:14:", ""},
                                         {"zoe:14:", ""},          {"", ""}};
    static const char salt[] = "00112233445566778899aabbccddeeff",
                      hash[] = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";
    struct logins *l = NULL;
    struct signet_error err = {0};
    char text[400];

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        snprintf(text, sizeof(text), "# logins\n\n%s%s:%s%s\n", bad[i][0], salt, hash, bad[i][1]);
        write_file(text);
        assert_int_equal(logins_open(&l, file, &err), SIGNET_E_SYNTAX);
        assert_non_null(strstr(err.msg, "logins:3:"));
        assert_null(strstr(err.msg, hash));
    }
    struct buf many = {0};
    for (int i = 0; i < 64; i++)
        buf_printf(&many, "a%d:scrypt:14:%s:%s\n", i, salt, hash);
    write_file((const char *)many.data);
    assert_int_equal(logins_open(&l, file, NULL), SIGNET_OK);
    logins_close(&l);
    buf_printf(&many, "one:scrypt:14:%s:%s\n", salt, hash);
    write_file((const char *)many.data);
    assert_int_equal(logins_open(&l, file, &err), SIGNET_E_LIMIT);
    buf_free(&many);
    write_file("# nobody\n");
    assert_int_equal(logins_open(&l, file, &err), SIGNET_E_USAGE);
    snprintf(text, sizeof(text), "a:scrypt:14:%s:%s\n", salt, hash);
    write_file(text);
    assert_int_equal(signet_page_login(file, "b", "12345678", NULL), SIGNET_OK);
    assert_int_equal(signet_page_login(file, "b", "abcdefgh", NULL),
                     SIGNET_OK); /* in place of it */
    assert_int_equal(logins_open(&l, file, NULL), SIGNET_OK);
    assert_true(login_basic(l, "Basic YjphYmNkZWZnaA=="));
    logins_close(&l);
    chmod(file, 0644);
    assert_int_equal(logins_open(&l, file, &err), SIGNET_E_IO);
}

static void who_may_be_added(void **state)
{
    static const char *const names[] = {"", "a b", "a:b", "\303\234",
                                        "12345678901234567890123456789012345678901"};
    char longer[202];

    (void)state;
    memset(longer, 'x', 201);
    longer[201] = '\0';
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        assert_int_equal(signet_page_login(file, names[i], "12345678", NULL), SIGNET_E_USAGE);
    assert_int_equal(signet_page_login(file, "a", "1234567", NULL), SIGNET_E_USAGE);
    assert_int_equal(signet_page_login(file, "a", longer, NULL), SIGNET_E_USAGE);
}

static int add_and_log_in(struct signet_error *err)
{
    char cookie[LOGIN_COOKIE_SIZE], token[LOGIN_TOKEN_SIZE];
    struct logins *l = NULL;
    int rc = signet_page_login(file, "amy", "password 3", err);

    if (rc == SIGNET_OK)
        rc = logins_open(&l, file, err);
    if (rc == SIGNET_OK)
        rc = login_begin(l, "amy", "password 3", false, cookie, token, err);
    logins_close(&l);
    return rc;
}

static int open_page(struct signet_error *err)
{
    const struct signet_page_options options = {.address = "0", .logins_file = file};
    struct signet_page *page = NULL;
    int rc = signet_page_open(&page, &options, err);

    if (rc == SIGNET_OK)
        rc = signet_page_show(page, "work", "order", "ledger.db", err);
    signet_page_close(&page);
    return rc;
}

static void without_memory_there_is_no_page(void **state)
{
    (void)state;
    starve_each(open_page);
}

static void without_memory_nobody_is_added(void **state)
{
    struct logins *l = NULL;
    char cookie[LOGIN_COOKIE_SIZE], token[LOGIN_TOKEN_SIZE];

    (void)state;
    starve_each(add_and_log_in);
    assert_int_equal(logins_open(&l, file, NULL), SIGNET_OK); /* all of before are in it */
    assert_int_equal(login_begin(l, "zoe", "password 1", false, cookie, token, NULL), SIGNET_OK);
    logins_close(&l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_session),
                                       cmocka_unit_test(sessions_are_bounded),
                                       cmocka_unit_test(tries_are_bounded),
                                       cmocka_unit_test(basic),
                                       cmocka_unit_test(without_memory_there_is_no_page),
                                       cmocka_unit_test(without_memory_nobody_is_added),
                                       cmocka_unit_test(who_may_be_added),
                                       cmocka_unit_test(the_longest_by_basic),
                                       cmocka_unit_test(the_file)};

    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
