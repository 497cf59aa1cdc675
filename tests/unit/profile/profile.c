/* SPDX-License-Identifier: Apache-2.0 */
/* Profiles by name and of files: what a file leaves out is its base's, what it says counts. */
#include "profile/profile.h"
#include "../folder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static char path[256];

static int open_text(const char *text, const struct signet_profile **out, struct signet_error *err)
{
    FILE *file = fopen(path, "w");

    assert_non_null(file);
    fputs(text, file);
    fclose(file);
    *err = (struct signet_error){0};
    return signet_profile_open(out, path, err);
}

static void built_in(void **state)
{
    const struct signet_profile *profile = NULL;
    struct signet_error err = {0};
    size_t count = 0;

    (void)state;
    for (const char *name; (name = signet_profile_builtin(count)); count++) {
        assert_int_equal(signet_profile_open(&profile, name, &err), 0);
        assert_string_equal(signet_profile_name(profile), name);
        signet_profile_close(&profile);
        assert_null(profile);
    }
    assert_int_equal(count, 4);
    assert_int_equal(signet_profile_open(&profile, NULL, &err), 0);
    assert_string_equal(signet_profile_name(profile), "any");
    assert_string_equal(signet_profile_name(NULL), "any");
    assert_int_equal(signet_profile_open(&profile, "anjay3", &err), SIGNET_E_USAGE);
    assert_string_equal(err.msg, "no device profile is called 'anjay3'");
    assert_non_null(strstr(err.hint, "anjay-3"));
    assert_int_equal(signet_profile_open(&profile, "./not-there", &err), SIGNET_E_IO);
}

/* Anjay's rows: each object's own resources, limits of the two sides of each range. */
static void rows(void **state)
{
    const struct signet_profile *anjay = NULL;
    const struct profile_object *object;

    (void)state;
    assert_int_equal(signet_profile_open(&anjay, "anjay-3", NULL), 0);
    object = profile_object(anjay, 3);
    assert_true(object && object->one && profile_object_takes(object, 13));
    assert_false(profile_object_takes(object, 0));
    assert_true(profile_object_takes(profile_object(anjay, 2), 3));
    assert_null(profile_object(anjay, 21));
    assert_null(profile_resource(anjay, 0, 0));
    assert_int_equal(profile_resource(anjay, 0, 11)->least, INT32_MIN);
    assert_int_equal(profile_resource(anjay, 33605, 15)->length, 127);
    assert_int_equal(anjay->tls.psk_most, 32);
}

/* As read in the sources of Zephyr 3.4.99 and of Wakaama. */
static void rows_of_other_clients(void **state)
{
    static const struct {
        const char *profile;
        size_t psk, identity, uri, binding;
        uint16_t suites[3];
    } rows[] = {
        {"zephyr", 16, 16, 254, 3, {0xc0a8, 0xc02b, 0}},
        {"wakaama", 16, 32, 255, 3, {0xc0a8, 0}},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct signet_profile *p = NULL;

        assert_int_equal(signet_profile_open(&p, rows[i].profile, NULL), 0);
        assert_int_equal(p->tls.psk_most, rows[i].psk);
        assert_int_equal(p->tls.identity_most, rows[i].identity);
        assert_int_equal(profile_resource(p, 0, 0)->length, rows[i].uri);
        assert_int_equal(profile_resource(p, 1, 7)->length, rows[i].binding);
        assert_int_equal(profile_resource(p, 1, 1)->most, UINT32_MAX);
        for (size_t k = 0; k == 0 || rows[i].suites[k - 1]; k++)
            assert_int_equal(p->tls.suites[k], rows[i].suites[k]);
        assert_true(profile_resource(p, 0, 14)->absent && profile_resource(p, 0, 17)->absent);
        signet_profile_close(&p);
    }
}

static void a_file_of_one_s_own(void **state)
{
    const struct signet_profile *p = NULL;
    struct signet_error err;

    (void)state;
    if (open_text("name: acme-7\nbase: anjay-3\nobjects: [0, 1, 3, 33000]\nmodes: [psk, nosec]\n"
                  "bindings: U\nmatching_types: [\"0\", \"1\"]\nstrict_forms: false\n"
                  "resources: {\"/1/22\": {absent: true}, \"/0/11\": {least: -5, most: 5}, "
                  "\"/3/15\": {length: 8}}\n"
                  "tls: {stack: mbedtls, psk_bytes: 48, suites: [0xc0ae, 168], sni: false, "
                  "curves: [secp256r1], usages: [3], rsa_most: 0, rsa_least: 0}\n",
                  &p, &err))
        fail_msg("%s", err.msg);
    assert_string_equal(p->name, "acme-7");
    assert_null(p->warns);
    assert_int_equal(p->modes, 0x9);
    assert_string_equal(p->bindings, "U");
    assert_int_equal(p->matching_types, 3);
    assert_false(p->strict_forms);
    assert_true(p->access_control); /* the base's */
    assert_true(profile_object(p, 3)->one);
    assert_false(profile_object(p, 33000)->one);
    assert_null(profile_object(p, 2));
    assert_true(profile_resource(p, 1, 22)->absent);
    assert_int_equal(profile_resource(p, 0, 11)->most, 5);
    assert_int_equal(profile_resource(p, 3, 15)->length, 8);
    assert_int_equal(profile_resource(p, 3, 14)->length, 15);
    assert_int_equal(p->tls.psk_most, 48);
    assert_int_equal(p->tls.suites[0], 0xc0ae);
    assert_int_equal(p->tls.suites[1], 168);
    assert_int_equal(p->tls.suites[2], 0);
    assert_false(p->tls.sni);
    assert_true(p->tls.ec_keys);
    assert_int_equal(p->tls.usages, 8);
    assert_int_equal(p->tls.rsa_most, 0);
    assert_string_equal(p->tls.curves[0], "secp256r1");
    assert_null(p->tls.curves[1]);
    signet_profile_close(&p);
    assert_int_equal(open_text("name: least\n", &p, &err), 0);
    assert_null(p->objects);
    assert_null(p->warns);
    signet_profile_close(&p);
}

/* Of each list as many as there is room for, and not one more. */
static void long_lists(void **state)
{
    const struct signet_profile *p = NULL;
    struct signet_error err;

    (void)state;
    for (int more = 0; more < 2; more++) {
        struct buf objects = {0}, suites = {0}, resources = {0};

        buf_text(&objects, "name: x\nobjects: [20000");
        buf_text(&suites, "name: x\ntls: {suites: [1");
        buf_text(&resources, "name: x\nbase: anjay-3\nresources: {\"/9/0\": {length: 1}");
        for (int i = 1; i < 63 + more; i++) {
            buf_printf(&objects, ", %d", 20000 + i);
            buf_printf(&suites, ", %d", 1 + i);
        }
        for (int i = 1; i < 64 + more; i++)
            buf_printf(&resources, ", \"/9/%d\": {length: %d}", i, 1 + i);
        buf_append(&objects, "]\n", 3);
        buf_append(&suites, "]}\n", 4);
        buf_append(&resources, "}\n", 3);
        int wanted = more ? SIGNET_E_LIMIT : SIGNET_OK;
        assert_int_equal(open_text((char *)objects.data, &p, &err), wanted);
        assert_true(more || (profile_object(p, 20062) && !profile_object(p, 20063)));
        signet_profile_close(&p);
        assert_int_equal(open_text((char *)suites.data, &p, &err), wanted);
        assert_true(more || (p->tls.suites[62] == 63 && p->tls.suites[63] == 0));
        signet_profile_close(&p);
        assert_int_equal(open_text((char *)resources.data, &p, &err), wanted);
        assert_true(more || (profile_resource(p, 9, 63)->length == 64 &&
                             profile_resource(p, 3, 14)->length == 15)); /* the base's */
        signet_profile_close(&p);
        buf_free(&objects);
        buf_free(&suites);
        buf_free(&resources);
    }
}

static void files_that_are_none(void **state)
{
    static const struct {
        const char *text, *what;
    } bad[] = {
        {"", "own.yaml is empty"},
        {"base: any\n", "the profile has no 'name'"},
        {"name: x\nbase: anjay\n", "'base': no device profile is called 'anjay'"},
        {"name: x\nobject: [1]\n", "unknown key 'object'"},
        {"name: x\nobjects: [a]\n", "'objects' cannot have 'a'"},
        {"name: x\nobjects: [65535]\n", "'objects' cannot have '65535'"},
        {"name: x\nmodes: [dtls]\n", "'modes' cannot have 'dtls'"},
        {"name: x\nmatching_types: [4]\n", "'matching_types' cannot have '4'"},
        {"name: x\ntls: {usages: [x]}\n", "'usages' cannot have 'x'"},
        {"name: x\ntls: {suites: [0x1ffff]}\n", "'suites' cannot have '0x1ffff'"},
        {"name: x\ntls: {psk: 5}\n", "unknown key 'psk'"},
        {"name: x\ntls: {sni: yes}\n", "'sni' is true or false"},
        {"name: x\nresources: [1]\n", "'resources' takes paths and their limits"},
        {"name: x\nresources: {\"1/2\": {length: 1}}\n", "a resource is written"},
        {"name: x\nresources: {\"/1/2/3\": {length: 1}}\n", "a resource is written"},
        {"name: x\nresources: {\"/1\": {length: 1}}\n", "a resource is written"},
        {"name: x\nresources: {\"/1/2\": {least: 2, most: 1}}\n", "'least' is greater than 'most'"},
        {"name: x\nresources: {\"/1/2\": {least: 99999999999999999999}}\n",
         "'least' is from -9223372036854775808 to 9223372036854775807, not 99999999999999999999"},
        {"name: [", "a value is missing here"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        const struct signet_profile *p = NULL;
        struct signet_error err;

        if (open_text(bad[i].text, &p, &err) == SIGNET_OK || !strstr(err.msg, bad[i].what))
            fail_msg("'%s': '%s', wanted '%s'", bad[i].text, err.msg, bad[i].what);
        assert_null(p);
    }
}

/* A tree points to its profile, and so does a copy. */
static void of_a_tree(void **state)
{
    const struct signet_profile *wakaama = NULL;
    struct signet_tree *tree = NULL, *copy = NULL;

    (void)state;
    assert_int_equal(signet_profile_open(&wakaama, "wakaama", NULL), 0);
    assert_int_equal(signet_tree_new(&tree, NULL), 0);
    assert_null(signet_tree_profile(tree));
    assert_string_equal(profile_of(tree)->name, "any");
    signet_tree_set_profile(tree, wakaama);
    assert_int_equal(signet_tree_copy(&copy, tree, NULL), 0);
    assert_ptr_equal(signet_tree_profile(copy), wakaama);
    signet_tree_free(&copy);
    signet_tree_free(&tree);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(built_in),
        cmocka_unit_test(rows),
        cmocka_unit_test(rows_of_other_clients),
        cmocka_unit_test(a_file_of_one_s_own),
        cmocka_unit_test(long_lists),
        cmocka_unit_test(files_that_are_none),
        cmocka_unit_test(of_a_tree),
    };
    char folder[FOLDER_SIZE];

    if (!folder_make(folder))
        return 1;
    snprintf(path, sizeof(path), "%s/own.yaml", folder);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
