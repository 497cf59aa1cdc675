/* SPDX-License-Identifier: Apache-2.0 */
/* Who has a device in hand keeps it, whatever comes to its place meanwhile; and each is freed once.
 * wrap: vault_find device_from_packet device_free
 */
#include "delivery/private.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

enum { PLACES = 512 }; /* two devices whose numbers are that far apart have one place */

static struct device_cache *cache;
static struct signet_error err;
static int opened, freed, fails;

int __wrap_vault_find(struct vault *v, const char *endpoint, int64_t index, struct secret *packet,
                      struct signet_error *e);
int __wrap_vault_find(struct vault *v, const char *endpoint, int64_t index, struct secret *packet,
                      struct signet_error *e)
{
    (void)v;
    (void)endpoint;
    (void)index;
    (void)packet;
    return fails ? error_set(e, (enum signet_code)fails, "so it is") : SIGNET_OK;
}

int __wrap_device_from_packet(struct device *out, const struct secret *packet, const char *endpoint,
                              struct signet_error *e);
int __wrap_device_from_packet(struct device *out, const struct secret *packet, const char *endpoint,
                              struct signet_error *e)
{
    (void)packet;
    (void)e;
    out->view.endpoint = endpoint;
    opened++;
    return SIGNET_OK;
}

void __wrap_device_free(struct device *device);
void __wrap_device_free(struct device *device)
{
    (void)device;
    freed++;
}

static int setup(void **state)
{
    (void)state;
    opened = freed = fails = 0;
    return device_cache_new(&cache, NULL, &err);
}

/* Whatever a test left in its place goes with the cache, and nothing twice. */
static int teardown(void **state)
{
    (void)state;
    device_cache_free(cache);
    return opened == freed ? 0 : -1;
}

static struct device *take(const struct signet_lease *lease)
{
    struct device *device = NULL;

    assert_int_equal(device_cache_take(cache, lease, &device, &err), SIGNET_OK);
    assert_ptr_equal(device->view.endpoint, lease->endpoint);
    return device;
}

static const struct signet_lease a = {.device = 7, .endpoint = "a"},
                                 b = {.device = 7 + PLACES, .endpoint = "b"};

static void opened_once(void **state)
{
    (void)state;
    struct device *first = take(&a), *second = take(&a);
    assert_ptr_equal(first, second);
    device_cache_give(cache, first);
    device_cache_give(cache, second);
    assert_ptr_equal(take(&a), first);
    device_cache_give(cache, first);
    assert_int_equal(opened, 1);
    assert_int_equal(freed, 0);
}

/* Another device for the place of one that is in use is nobody else's, and goes with its user. */
static void place_in_use(void **state)
{
    (void)state;
    struct device *first = take(&a), *other = take(&b);
    device_cache_give(cache, other);
    assert_int_equal(freed, 1);
    assert_ptr_equal(take(&a), first);
    device_cache_give(cache, first);
    device_cache_give(cache, first);
    assert_int_equal(opened, 2);
}

static void place_without_users(void **state)
{
    (void)state;
    device_cache_give(cache, take(&a));
    struct device *other = take(&b);
    assert_int_equal(freed, 1);
    device_cache_give(cache, other);
    device_cache_give(cache, take(&b));
    assert_int_equal(opened, 2);
    device_cache_give(cache, take(&a));
    assert_int_equal(opened, 3);
}

/* What is over leaves its place, but not under somebody who has it, nor for another. */
static void dropped(void **state)
{
    (void)state;
    device_cache_drop(cache, &a);
    struct device *first = take(&a);
    device_cache_drop(cache, &a);
    device_cache_give(cache, first);
    device_cache_drop(cache, &b);
    assert_int_equal(freed, 0);
    device_cache_drop(cache, &a);
    assert_int_equal(freed, 1);
    device_cache_give(cache, take(&a));
    assert_int_equal(opened, 2);
}

static void not_opened(void **state)
{
    struct device *device = NULL;
    (void)state;
    device_cache_give(cache, take(&a));
    fails = SIGNET_E_SEAL;
    assert_int_equal(device_cache_take(cache, &b, &device, &err), SIGNET_E_SEAL);
    assert_null(device);
    fails = SIGNET_OK;
    device_cache_give(cache, take(&a));
    assert_int_equal(opened, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(opened_once, setup, teardown),
        cmocka_unit_test_setup_teardown(place_in_use, setup, teardown),
        cmocka_unit_test_setup_teardown(place_without_users, setup, teardown),
        cmocka_unit_test_setup_teardown(dropped, setup, teardown),
        cmocka_unit_test_setup_teardown(not_opened, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
