/* SPDX-License-Identifier: Apache-2.0 */
/* What all links have in common.
 * wrap: malloc calloc realloc reallocarray strdup strndup vasprintf locked_alloc */
#include "link/link.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "unit/starve.h"

/* The other side: gives the same bytes for ever, or an error. */
struct other {
    int rc;
    bool drains;
    size_t reads, given;
};

static int other_read(void *self, void *data, size_t cap, int64_t deadline, size_t *got,
                      struct signet_error *err)
{
    struct other *o = self;

    (void)deadline;
    o->reads++;
    if (o->rc)
        return error_set(err, (enum signet_code)o->rc, "said the other");
    memset(data, 'z', cap);
    *got = cap;
    o->given += cap;
    return SIGNET_OK;
}

static int other_write(void *self, const void *data, size_t len, int64_t deadline,
                       struct signet_error *err)
{
    const struct other *o = self;

    (void)data;
    (void)len;
    (void)deadline;
    return o->rc ? error_set(err, (enum signet_code)o->rc, "said the other") : SIGNET_OK;
}

static int other_drain(void *self, int64_t deadline, struct signet_error *err)
{
    struct other *o = self;

    o->drains = true;
    return other_write(self, NULL, 0, deadline, err);
}

static const struct link_ops ops = {other_read, other_write, other_drain, NULL};
static const struct link_ops no_drain = {other_read, other_write, NULL, NULL};

static void addresses_are_checked(void **state)
{
    static char longer[4098];
    struct signet_link *link = NULL;
    struct signet_error err = {0};

    (void)state;
    memset(longer, 'a', sizeof(longer) - 1);
    assert_int_equal(signet_link_open(&link, NULL, 0, NULL, &err), SIGNET_E_USAGE);
    assert_int_equal(signet_link_open(&link, "", 0, NULL, NULL), SIGNET_E_USAGE);
    assert_int_equal(signet_link_open(&link, longer, 0, NULL, &err), SIGNET_E_USAGE);
    assert_string_equal(err.msg, "no port given");
    assert_int_equal(signet_link_open(&link, "/dev/null", 20000001, NULL, &err), SIGNET_E_USAGE);
    assert_non_null(strstr(err.msg, "not a baud rate"));
    assert_int_equal(signet_link_open(&link, "/no/such/port", 20000000, NULL, &err),
                     SIGNET_E_NOT_FOUND);
    assert_non_null(strstr(err.msg, "/no/such/port: "));
    assert_null(link);
    signet_link_close(&link);
    signet_link_close(NULL);
}

static void what_was_put_back_comes_first(void **state)
{
    struct other o = {0};
    struct signet_link *link = NULL;
    char data[8] = "";
    size_t got;

    (void)state;
    assert_int_equal(link_new(&link, &ops, &o, "other", NULL), SIGNET_OK);
    assert_string_equal(signet_link_address(link), "other");
    link_unread(link, "world", 5);
    link_unread(link, "hello ", 6); /* in front of what waits */
    assert_int_equal(link_read(link, data, 4, 0, &got, NULL), SIGNET_OK);
    assert_int_equal(got, 4);
    assert_memory_equal(data, "hell", 4);
    link_unread(link, "L", 1);
    assert_int_equal(link_read(link, data, sizeof(data), 0, &got, NULL), SIGNET_OK);
    assert_int_equal(got, 8);
    assert_memory_equal(data, "Lo world", 8);
    assert_int_equal(o.reads, 0);
    assert_int_equal(link_read(link, data, 2, 0, &got, NULL), SIGNET_OK);
    assert_memory_equal(data, "zz", 2);
    assert_int_equal(o.reads, 1);
    signet_link_close(&link);
    assert_null(link);
}

static void what_is_put_back_is_bounded(void **state)
{
    struct other o = {.rc = SIGNET_E_TIMEOUT};
    struct signet_link *link = NULL;
    static char data[5000], back[5000];
    size_t got, all = 0;

    (void)state;
    assert_int_equal(link_new(&link, &ops, &o, "other", NULL), SIGNET_OK);
    memset(data, 'a', sizeof(data));
    link_unread(link, data, 4000);
    memset(data, 'b', sizeof(data));
    link_unread(link, data, sizeof(data)); /* 96 of them have room */
    while (link_read(link, back + all, sizeof(back) - all, 0, &got, NULL) == SIGNET_OK)
        all += got;
    assert_int_equal(all, 4096);
    assert_memory_equal(back, data, 96);
    assert_int_equal(back[96], 'a');
    signet_link_close(&link);
}

static void errors_name_the_link(void **state)
{
    struct other o = {.rc = SIGNET_E_LINK};
    struct signet_link *link = NULL;
    struct signet_error err = {0};
    char data[8];
    size_t got;

    (void)state;
    assert_int_equal(link_new(&link, &ops, &o, "other", NULL), SIGNET_OK);
    assert_int_equal(link_read(link, data, sizeof(data), 0, &got, &err), SIGNET_E_LINK);
    assert_string_equal(err.msg, "other: said the other");
    assert_int_equal(link_write(link, data, 1, 0, &err), SIGNET_E_LINK);
    assert_string_equal(err.msg, "other: said the other");
    assert_int_equal(link_drain(link, 0, &err), SIGNET_E_LINK);
    assert_string_equal(err.msg, "other: said the other");
    assert_true(o.drains);
    assert_int_equal(link_flush_input(link, &err), SIGNET_E_LINK);
    signet_link_close(&link);
    assert_int_equal(link_new(&link, &no_drain, &o, "other", NULL), SIGNET_OK);
    assert_int_equal(link_drain(link, 0, &err), SIGNET_OK); /* nothing to wait for */
    signet_link_close(&link);
}

/* A board that never stops talking. */
static void a_flush_ends(void **state)
{
    struct other o = {0};
    struct signet_link *link = NULL;

    (void)state;
    assert_int_equal(link_new(&link, &ops, &o, "other", NULL), SIGNET_OK);
    assert_int_equal(link_flush_input(link, NULL), SIGNET_OK);
    assert_int_equal(o.given, 1024 * 1024);
    o.rc = SIGNET_E_TIMEOUT; /* nothing there */
    assert_int_equal(link_flush_input(link, NULL), SIGNET_OK);
    signet_link_close(&link);
}

static char port[128];

static int open_port(struct signet_error *err)
{
    struct signet_link *link = NULL;
    int rc = signet_link_open(&link, port, 115200, NULL, err);

    assert_int_equal(rc == SIGNET_OK, link != NULL);
    signet_link_close(&link);
    return rc;
}

static void without_memory_there_is_no_link(void **state)
{
    int other_side = posix_openpt(O_RDWR | O_NOCTTY);

    (void)state;
    assert_true(other_side >= 0 && grantpt(other_side) == 0 && unlockpt(other_side) == 0);
    assert_int_equal(ptsname_r(other_side, port, sizeof(port)), 0);
    starve_each(open_port);
    close(other_side);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses_are_checked),
        cmocka_unit_test(what_was_put_back_comes_first),
        cmocka_unit_test(what_is_put_back_is_bounded),
        cmocka_unit_test(errors_name_the_link),
        cmocka_unit_test(a_flush_ends),
        cmocka_unit_test(without_memory_there_is_no_link),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
