/* SPDX-License-Identifier: Apache-2.0 */
/* Records in order: put, found, replaced and removed, with an index of paths and without. */
#include "lwm2m/lwm2m.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static struct signet_tree *tree;

static int set_up(void **state)
{
    (void)state;
    return signet_tree_new(&tree, NULL);
}

static int tear_down(void **state)
{
    (void)state;
    signet_tree_free(&tree);
    return 0;
}

static struct signet_path path(unsigned oid, unsigned iid, unsigned rid)
{
    return (struct signet_path){(uint16_t)oid, (uint16_t)iid, (uint16_t)rid, SIGNET_NO_ID};
}

static struct signet_value number(int64_t n)
{
    return (struct signet_value){.type = SIGNET_TYPE_INTEGER, .as.integer = n};
}

static int put(unsigned oid, unsigned iid, unsigned rid, int64_t n)
{
    struct signet_value value = number(n);

    return signet_tree_put(tree, path(oid, iid, rid), &value, NULL);
}

/* Up to `count` resources of two instances in turn; each is found where it is, then. */
static void all_are_found(unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        const struct signet_record *r = signet_tree_find(tree, path(1, i % 2, i));

        assert_non_null(r);
        assert_int_equal(r->value.as.integer, i);
    }
    assert_null(signet_tree_find(tree, path(1, 0, count + count % 2)));
    assert_null(signet_tree_find(tree, (struct signet_path){1, 0, 0, 0}));
}

static void many_are_found_at_every_size(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 200; i++) {
        assert_int_equal(put(1, i % 2, i, i), SIGNET_OK);
        all_are_found(i + 1);
    }
    for (size_t i = 1; i < 200; i++) { /* the instances stand together */
        const struct signet_path *p = &signet_tree_at(tree, i)->path;
        assert_true(p->iid == i / 100 && p->rid == 2 * (i % 100) + i / 100);
    }
    assert_null(signet_tree_at(tree, 200));
    for (unsigned i = 200; i-- > 0;) {
        signet_tree_remove(tree, path(1, i % 2, i));
        assert_int_equal(signet_tree_count(tree), i);
        all_are_found(i);
    }
}

static void a_value_is_replaced_in_place(void **state)
{
    struct signet_value text = {.type = SIGNET_TYPE_STRING, .as.bytes = {(const uint8_t *)"ab", 2}};

    (void)state;
    text.as.bytes.len = 1;
    assert_int_equal(tree_append(tree, path(3, 0, 1), &text, 7, 9, NULL), SIGNET_OK);
    assert_int_equal(put(3, 0, 2, 5), SIGNET_OK);
    assert_int_equal(signet_tree_at(tree, 0)->line, 7);
    assert_int_equal(signet_tree_at(tree, 0)->column, 9);
    assert_string_equal((const char *)signet_tree_at(tree, 0)->value.as.bytes.data, "a");
    assert_int_equal(put(3, 0, 1, 6), SIGNET_OK);
    assert_int_equal(signet_tree_count(tree), 2);
    assert_int_equal(signet_tree_at(tree, 0)->value.as.integer, 6);
    assert_int_equal(signet_tree_at(tree, 0)->line, 7); /* the entry stays where it is */
}

static void of_equal_paths_the_first_is_found(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 40; i++) {
        struct signet_value value = number(i);
        assert_int_equal(tree_append(tree, path(5, 0, 0), &value, 0, 0, NULL), SIGNET_OK);
        assert_int_equal(signet_tree_find(tree, path(5, 0, 0))->value.as.integer, 0);
    }
}

static void instances_of_a_resource_go_together_or_alone(void **state)
{
    (void)state;
    for (uint16_t riid = 0; riid < 3; riid++) {
        struct signet_value value = number(riid);
        struct signet_path p = {3, 0, 6, riid};
        assert_int_equal(signet_tree_put(tree, p, &value, NULL), SIGNET_OK);
    }
    signet_tree_remove(tree, (struct signet_path){3, 0, 6, 7});
    assert_int_equal(signet_tree_count(tree), 3);
    signet_tree_remove(tree, (struct signet_path){3, 0, 6, 1});
    assert_int_equal(signet_tree_count(tree), 2);
    assert_int_equal(signet_tree_at(tree, 1)->path.riid, 2);
    signet_tree_remove(tree, path(3, 1, 6));
    signet_tree_remove(tree, path(4, 0, 6));
    signet_tree_remove(tree, path(3, 0, 5));
    assert_int_equal(signet_tree_count(tree), 2);
    signet_tree_remove(tree, path(3, 0, 6));
    assert_int_equal(signet_tree_count(tree), 0);
}

static void refusals(void **state)
{
    struct signet_value value = number(1);
    struct signet_error err = {0};

    (void)state;
    assert_int_equal(put(65535, 0, 0, 1), SIGNET_E_SYNTAX);
    assert_int_equal(put(0, 65535, 0, 1), SIGNET_E_SYNTAX);
    assert_int_equal(signet_tree_put(tree, path(0, 0, 65535), &value, &err), SIGNET_E_SYNTAX);
    assert_string_equal(err.msg, "65535 is not an LwM2M identifier");
    for (unsigned i = 0; i < TREE_MAX; i++)
        assert_int_equal(tree_append(tree, path(i >> 8, 0, i & 255), &value, 0, 0, NULL), 0);
    assert_int_equal(tree_append(tree, path(256, 0, 0), &value, 0, 0, &err), SIGNET_E_LIMIT);
    assert_string_equal(err.msg, "more than 65536 values");
    assert_int_equal(signet_tree_count(tree), TREE_MAX);
    assert_int_equal(put(255, 0, 255, 9), SIGNET_OK); /* one that is there */
}

static void a_copy_is_a_tree_of_its_own(void **state)
{
    struct signet_value text = {.type = SIGNET_TYPE_OPAQUE, .as.bytes = {(const uint8_t *)"k", 1}};
    struct signet_tree *copy = NULL;

    (void)state;
    assert_int_equal(tree_append(tree, path(0, 0, 5), &text, 3, 4, NULL), SIGNET_OK);
    assert_int_equal(signet_tree_copy(&copy, tree, NULL), SIGNET_OK);
    assert_int_equal(put(0, 0, 5, 1), SIGNET_OK);
    assert_int_equal(signet_tree_at(copy, 0)->value.as.bytes.data[0], 'k');
    assert_int_equal(signet_tree_at(copy, 0)->line, 3);
    signet_tree_free(&copy);
    assert_null(copy);
    signet_tree_free(&copy);
    signet_tree_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(many_are_found_at_every_size, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_value_is_replaced_in_place, set_up, tear_down),
        cmocka_unit_test_setup_teardown(of_equal_paths_the_first_is_found, set_up, tear_down),
        cmocka_unit_test_setup_teardown(instances_of_a_resource_go_together_or_alone, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(refusals, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_copy_is_a_tree_of_its_own, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
