/* SPDX-License-Identifier: Apache-2.0 */
/* Plots, word for word (data/golden/plots); of more groups than there is room for, and of long
 * names; and without memory.
 * wrap: signet_ledger_report
 * wrap: malloc calloc realloc reallocarray strdup strndup vasprintf locked_alloc
 */
#include "base/base.h"

#include <setjmp.h>
#include <signet/page.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "unit/golden.h"
#include "unit/starve.h"

int __wrap_signet_ledger_report(struct signet_ledger *ledger,
                                const struct signet_report_options *options,
                                int (*row)(void *ctx, const struct signet_report_row *row,
                                           struct signet_error *err),
                                void *ctx, struct signet_error *err);

static int groups;
static const char *name;
static const struct signet_report_row *given; /* NULL: made up */

int __wrap_signet_ledger_report(struct signet_ledger *ledger,
                                const struct signet_report_options *options,
                                int (*row)(void *ctx, const struct signet_report_row *row,
                                           struct signet_error *err),
                                void *ctx, struct signet_error *err)
{
    (void)ledger;
    (void)options;
    for (int i = 0; i < groups; i++) {
        char text[16];
        const struct signet_report_row one = {
            .name = name ? name : text, .passed = 1, .first_pass = 1};

        snprintf(text, sizeof(text), "g%d.", i);
        if (row(ctx, given ? &given[i] : &one, err) != SIGNET_OK)
            return SIGNET_E_IO;
    }
    return SIGNET_OK;
}

static char *plot_of(int count)
{
    const struct signet_report_options options = {.size = sizeof(options)};
    struct signet_bytes out = {0};

    groups = count;
    assert_int_equal(signet_report_plot(NULL, &options, SIGNET_PLOT_YIELD, &out, NULL), SIGNET_OK);
    char *text = strndup((const char *)out.data, out.len);
    signet_bytes_free(&out);
    return text;
}

static int bars(const char *text)
{
    int n = 0;

    while ((text = strstr(text, "fill=\"#12436d\""))) {
        n++;
        text++;
    }
    return n;
}

static void the_last_sixty_groups_are_shown(void **state)
{
    char *text = plot_of(60);

    (void)state;
    assert_int_equal(bars(text), 60);
    assert_non_null(strstr(text, ">g0."));
    free(text);
    text = plot_of(70);
    assert_int_equal(bars(text), 60);
    assert_null(strstr(text, ">g0."));
    assert_non_null(strstr(text, ">g10."));
    free(text);
}

static void a_long_name_ends_with_a_whole_letter(void **state)
{
    (void)state;
    name = "123456789 123456789 1\xc3\xa4 and more";
    char *text = plot_of(1);
    assert_non_null(strstr(text, ">123456789 123456789 1</text>"));
    free(text);
    name = "123456789 123456789 12";
    text = plot_of(1);
    assert_non_null(strstr(text, ">123456789 123456789 12</text>"));
    free(text);
    name = NULL;
}

/* Where each bar, mark and figure is; the ends of axes; rows that are no bar. */
static void pictures(void **state)
{
    static const struct signet_report_row rows[] = {
        {.name = "1", .passed = 97, .first_pass = 90, .failed = 3, .median = 9.5, .p95 = 12.25},
        {.name = "<2>", .passed = 0, .first_pass = 0, .failed = 4, .refused = 2},
        {.name = "", .passed = 3, .first_pass = 3, .median = 81, .p95 = 100.6},
        {.name = "none"},
        {.name = "5", .passed = 1, .failed = 2, .refused = 3998, .median = 0.126, .p95 = 0.204},
    };
    static const int counts[] = {0, 5};
    struct buf all = {0};

    (void)state;
    given = rows;
    for (enum signet_plot kind = SIGNET_PLOT_YIELD; kind <= SIGNET_PLOT_ERRORS; kind++)
        for (size_t i = 0; i < COUNT_OF(counts); i++) {
            struct signet_bytes out = {0};

            groups = counts[i];
            assert_int_equal(signet_report_plot(NULL, NULL, kind, &out, NULL), SIGNET_OK);
            buf_append(&all, out.data, out.len);
            signet_bytes_free(&out);
        }
    given = NULL;
    char *text = plot_of(25); /* figures have no room, nor each name */
    buf_text(&all, text);
    free(text);
    buf_byte(&all, 0);
    golden_is("plots", (char *)all.data);
    buf_free(&all);
}

static int plot_once(struct signet_error *err)
{
    struct signet_bytes out = {0};
    int rc = signet_report_plot(NULL, NULL, SIGNET_PLOT_CYCLE, &out, err);

    signet_bytes_free(&out);
    return rc;
}

static void without_memory_there_is_no_plot(void **state)
{
    (void)state;
    groups = 3;
    starve_each(plot_once);
}

static void what_is_no_plot_is_refused(void **state)
{
    struct signet_bytes out = {0};

    (void)state;
    for (int kind = -1; kind < 4; kind += 4)
        assert_int_equal(signet_report_plot(NULL, NULL, (enum signet_plot)kind, &out, NULL),
                         SIGNET_E_USAGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pictures),
        cmocka_unit_test(the_last_sixty_groups_are_shown),
        cmocka_unit_test(a_long_name_ends_with_a_whole_letter),
        cmocka_unit_test(without_memory_there_is_no_plot),
        cmocka_unit_test(what_is_no_plot_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
