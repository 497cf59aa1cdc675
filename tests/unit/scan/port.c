/* SPDX-License-Identifier: Apache-2.0 */
/* What a scanner's port gives, and when: which codes it makes of that.
 * wrap: clock_ms link_read link_flush_input
 * wrap: signet_link_open signet_link_close
 */
#include "link/link.h"
#include "scan/scan.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static int64_t now;
static struct signet_cancel *cancel;
static char came[2000]; /* the codes, and troubles as "!..." */
static const struct reading {
    int64_t at;
    const char *bytes; /* NULL: none came in time */
} * next;

int64_t __wrap_clock_ms(void);
int __wrap_signet_link_open(struct signet_link **out, const char *address, unsigned baud,
                            const struct signet_cancel *stop, struct signet_error *err);
void __wrap_signet_link_close(struct signet_link **link);
int __wrap_link_flush_input(struct signet_link *link, struct signet_error *err);
int __wrap_link_read(struct signet_link *link, void *data, size_t cap, int64_t deadline,
                     size_t *got, struct signet_error *err);

int64_t __wrap_clock_ms(void)
{
    return now;
}

int __wrap_signet_link_open(struct signet_link **out, const char *address, unsigned baud,
                            const struct signet_cancel *stop, struct signet_error *err)
{
    (void)out, (void)address, (void)baud, (void)stop, (void)err;
    return SIGNET_OK;
}

void __wrap_signet_link_close(struct signet_link **link)
{
    (void)link;
}

int __wrap_link_flush_input(struct signet_link *link, struct signet_error *err)
{
    (void)link, (void)err;
    return SIGNET_OK;
}

/* The end of the script is the end of the run. */
int __wrap_link_read(struct signet_link *link, void *data, size_t cap, int64_t deadline,
                     size_t *got, struct signet_error *err)
{
    (void)link, (void)deadline;
    if (next->at < 0) {
        signet_cancel_fire(cancel);
        return error_set(err, SIGNET_E_CANCELLED, "stopped");
    }
    now = next->at;
    const char *bytes = next++->bytes;
    if (!bytes)
        return error_set(err, SIGNET_E_TIMEOUT, "nothing came");
    *got = strlen(bytes);
    assert_true(*got <= cap);
    memcpy(data, bytes, *got);
    return SIGNET_OK;
}

static void add(const char *mark, const char *text, size_t len)
{
    size_t used = strlen(came);

    snprintf(came + used, sizeof(came) - used, "%s%.*s;", mark, (int)len, text);
}

static void on_code(void *ctx, const char *text, size_t len)
{
    (void)ctx;
    add("", text, len);
}

static void on_trouble(void *ctx, const struct signet_error *why)
{
    (void)ctx;
    add("!", why->msg, strlen(why->msg));
}

static void becomes(const struct reading *script, const char *wanted)
{
    const struct signet_scanner scanner = {.port = "s", .baud = 9600};

    assert_int_equal(signet_cancel_new(&cancel, NULL), SIGNET_OK);
    const struct scan_port port = {
        .scanner = &scanner, .cancel = cancel, .on_code = on_code, .on_trouble = on_trouble};
    came[0] = '\0';
    next = script;
    scan_port_read(&port);
    signet_cancel_free(&cancel);
    if (strcmp(came, wanted) != 0)
        fail_msg("not '%s': %s", wanted, came);
}

static void ends_of_codes(void **state)
{
    (void)state;
    becomes((const struct reading[]){{1, "a\rb\nc\t\r\n"}, {2, "d"}, {3, "e\r"}, {-1, NULL}},
            "a;b;c;de;");
}

/* For as long as the trigger is held; but somebody may scan it again later. */
static void the_same_code(void **state)
{
    (void)state;
    becomes((const struct reading[]){{1000, "a\ra\r"},
                                     {1900, "a\r"},
                                     {2800, "a\r"},
                                     {3799, "a\r"},
                                     {4799, "a\r"},
                                     {4800, "b\ra\r"},
                                     {4900, "ab\r"},
                                     {-1, NULL}},
            "a;a;b;a;ab;");
}

#define CUT  "!scanner s: a code came without its end;"
#define LONG "!scanner s: a code is too long;"

static void what_does_not_end(void **state)
{
    char longer[256];

    (void)state;
    memset(longer, 'x', 255);
    longer[255] = '\0';
    becomes((const struct reading[]){{1, "ab"}, {2, NULL}, {3, "c\r"}, {4, "d"}, {-1, NULL}},
            CUT "c;" CUT);
    becomes((const struct reading[]){{1, longer},
                                     {2, longer},
                                     {3, longer},
                                     {4, "\ra\r"},
                                     {5, longer},
                                     {6, longer},
                                     {7, longer},
                                     {8, NULL},
                                     {9, "b\r"},
                                     {-1, NULL}},
            LONG "a;" CUT "b;");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(ends_of_codes),
                                       cmocka_unit_test(the_same_code),
                                       cmocka_unit_test(what_does_not_end)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
