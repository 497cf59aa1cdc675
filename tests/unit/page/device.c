/* SPDX-License-Identifier: Apache-2.0 */
/* What the page shows of one device, and how much of it at most.
 * wrap: answer_records answer_wrong request_argument
 * wrap: signet_ledger_devices signet_ledger_deliveries signet_ledger_events
 */
#include "page/private.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static const char *name, *answered; /* answered: what was wrong */
static size_t events;
static bool by_board; /* the name is that of a board */
static int made;
static struct buf out;

int __wrap_signet_ledger_devices(struct signet_ledger *ledger,
                                 const struct signet_ledger_filter *filter,
                                 int (*device)(void *, const struct signet_ledger_device *,
                                               struct signet_error *),
                                 void *ctx, struct signet_error *err);
int __wrap_signet_ledger_deliveries(struct signet_ledger *ledger, const char *endpoint,
                                    int (*delivery)(void *, const struct signet_ledger_delivery *,
                                                    struct signet_error *),
                                    void *ctx, struct signet_error *err);
int __wrap_signet_ledger_events(struct signet_ledger *ledger, const char *endpoint,
                                int (*event)(void *, const struct signet_ledger_event *,
                                             struct signet_error *),
                                void *ctx, struct signet_error *err);
void __wrap_answer_records(struct request *r, const char *key, int seconds, records_make *make,
                           const void *ctx);
void __wrap_answer_wrong(struct request *r, const char *what, const char *hint);
const char *__wrap_request_argument(const struct request *r, const char *argument);

int __wrap_signet_ledger_devices(struct signet_ledger *ledger,
                                 const struct signet_ledger_filter *filter,
                                 int (*device)(void *, const struct signet_ledger_device *,
                                               struct signet_error *),
                                 void *ctx, struct signet_error *err)
{
    const struct signet_ledger_device one = {.endpoint = "urn:dev:1", .hw_id = "board"};
    const char *wanted = by_board ? filter->hw_id : filter->endpoint;

    (void)ledger;
    return wanted && strcmp(wanted, by_board ? "board" : "urn:dev:1") == 0 ? device(ctx, &one, err)
                                                                           : SIGNET_OK;
}

int __wrap_signet_ledger_deliveries(struct signet_ledger *ledger, const char *endpoint,
                                    int (*delivery)(void *, const struct signet_ledger_delivery *,
                                                    struct signet_error *),
                                    void *ctx, struct signet_error *err)
{
    (void)ledger, (void)delivery, (void)ctx, (void)err;
    assert_string_equal(endpoint, "urn:dev:1");
    return SIGNET_OK;
}

int __wrap_signet_ledger_events(struct signet_ledger *ledger, const char *endpoint,
                                int (*event)(void *, const struct signet_ledger_event *,
                                             struct signet_error *),
                                void *ctx, struct signet_error *err)
{
    int rc = SIGNET_OK;

    (void)ledger, (void)endpoint;
    for (size_t i = 0; rc == SIGNET_OK && i < events; i++) {
        const struct signet_ledger_event e = {.station = "A", .kind = "note", .detail = "<b>"};

        rc = event(ctx, &e, err);
    }
    return rc;
}

void __wrap_answer_records(struct request *r, const char *key, int seconds, records_make *make,
                           const void *ctx)
{
    (void)r, (void)seconds;
    assert_memory_equal(key, "device ", 7);
    buf_reset(&out);
    made = make(NULL, ctx, &out, NULL);
}

void __wrap_answer_wrong(struct request *r, const char *what, const char *hint)
{
    (void)r;
    assert_true(*hint);
    answered = what;
}

const char *__wrap_request_argument(const struct request *r, const char *argument)
{
    (void)r;
    assert_string_equal(argument, "name");
    return name;
}

static size_t shown(const char *words)
{
    size_t count = 0;

    for (const char *at = (const char *)out.data; (at = strstr(at, words)); at++)
        count++;
    return count;
}

static void ask(const char *of)
{
    struct request r = {0};

    name = of;
    answered = NULL;
    made = -1;
    answer_device(&r);
}

static void a_device_is_found_by_name_and_by_board(void **state)
{
    (void)state;
    by_board = false;
    events = 2;
    ask("urn:dev:1");
    assert_int_equal(made, SIGNET_OK);
    assert_int_equal(shown("\"endpoint\": \"urn:dev:1\""), 1);
    assert_int_equal(shown("\"kind\": \"note\""), 2);
    by_board = true;
    ask("board");
    assert_int_equal(made, SIGNET_OK);
    assert_int_equal(shown("\"hw_id\": \"board\""), 1);
    ask("other");
    assert_int_equal(made, SIGNET_E_NOT_FOUND);
    by_board = false;
}

static void a_long_history_is_cut(void **state)
{
    (void)state;
    events = 2000;
    ask("urn:dev:1");
    assert_int_equal(made, SIGNET_OK);
    assert_int_equal(shown("\"kind\": \"note\""), 2000);
    events = 2001;
    ask("urn:dev:1");
    assert_int_equal(made, SIGNET_OK); /* the first ones are shown */
    assert_int_equal(shown("\"kind\": \"note\""), 2000);
    assert_string_equal((const char *)out.data + out.len - 2, "]}");
}

static void names_that_are_none(void **state)
{
    char longest[SIGNET_ENDPOINT_SIZE + 1] = "";
    const char *const wrong[] = {NULL, "", longest};

    (void)state;
    memset(longest, 'n', sizeof(longest) - 1);
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        ask(wrong[i]);
        assert_string_equal(answered, "name one device");
        assert_int_equal(made, -1);
    }
    longest[SIGNET_ENDPOINT_SIZE - 1] = '\0';
    ask(longest);
    assert_int_equal(made, SIGNET_E_NOT_FOUND);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_device_is_found_by_name_and_by_board),
        cmocka_unit_test(a_long_history_is_cut),
        cmocka_unit_test(names_that_are_none),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);

    buf_free(&out);
    return failed;
}
