/* SPDX-License-Identifier: Apache-2.0 */
/* Programmers that work through the board's own port, that somebody else has, and locked parts. */
#include "unit/board/bench.h"

#include <fcntl.h>
#include <sys/file.h>

static struct signet_board_options by_port(struct bench *b, const char *flasher)
{
    snprintf(b->initial, sizeof b->initial, "%s/initial.bin", b->folder);
    snprintf(b->final, sizeof b->final, "%s/final.bin", b->folder);
    bench_file(b->initial, "\xe9raw");
    bench_file(b->final, "\xe9raw");

    struct signet_board_options options = bench_options(b, 0);
    options.flasher = flasher;
    options.port = b->ports[0];
    return options;
}

/* It holds the port while it works, as the real one does; Signet has let go of it. */
static void esptool_gets_the_port(void **state)
{
    struct bench *b = *state;
    struct signet_board_options options;
    struct sim_board_state sim;
    char address[128];

    bench_sim(b, 0, (struct sim_board_options){0});
    bench_tool(b, "esptool", NULL);
    options = by_port(b, "esptool");
    options.serial = NULL;
    snprintf(address, sizeof address, "serial:%s?flow=none", b->ports[0]);
    options.port = address; /* its path is what the tool takes */
    bench_open(b, "anjay-zephyr", options, NULL, NULL);
    bench_run_ok(b);
    assert_true(bench_holds(b, 0, &b->packet));
    sim_board_state(b->sims[0], &sim);
    assert_int_equal(sim.firmware, SIM_FIRMWARE_FINAL);
    /* and it has the port again */
    int fd = open(b->ports[0], O_RDWR | O_NOCTTY);
    assert_int_not_equal(flock(fd, LOCK_EX | LOCK_NB), 0);
    close(fd);
}

/* A look at the board resets it by the tool, and listens afterwards: what the board says late is
 * heard still. */
static void a_look_with_esptool(void **state)
{
    static const struct {
        enum sim_firmware firmware;
        const char *misbehave;
        int want;
    } rows[] = {{SIM_FIRMWARE_INITIAL, NULL, SIGNET_OK},
                {SIM_FIRMWARE_FINAL, NULL, SIGNET_E_PROVISIONED},
                {SIM_FIRMWARE_FINAL, "slow-boot=800", SIGNET_E_PROVISIONED}};
    struct bench *b = *state;

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct sim_board_options board = {.firmware = rows[i].firmware,
                                                .provisioned = rows[i].want != SIGNET_OK,
                                                .misbehave = rows[i].misbehave};
        struct signet_error err = {0};
        struct sim_board_state sim;

        bench_sim(b, 0, board);
        bench_tool(b, "esptool", NULL);
        bench_open(b, "anjay-zephyr", by_port(b, "esptool"), NULL, NULL);
        if (signet_board_look(b->board, &err) != rows[i].want)
            fail_msg("row %zu: %s", i, err.msg);
        sim_board_state(b->sims[0], &sim);
        assert_true(sim.resets >= 1);
    }
}

static void exec_gets_the_port(void **state)
{
    struct bench *b = *state;
    struct signet_board_options options;
    struct signet_error err = {0};
    char command[512];

    bench_sim(b, 0, (struct sim_board_options){0});
    bench_tool(b, "exec", NULL);
    options = by_port(b, "exec");
    snprintf(command, sizeof command,
             "/usr/bin/flock -n {port} %s {serial} {image} ; /usr/bin/flock -n {port} %s {serial} "
             "reset",
             b->tool, b->tool);
    options.flash = (struct signet_flasher_options){.port = "/nowhere/tty", /* not the board's */
                                                    .options = {{"command", command}}};
    bench_open(b, "anjay-zephyr", options, NULL, NULL);
    if (signet_board_prepare(b->board, &err) != SIGNET_OK)
        fail_msg("%s", err.msg);
}

/* Whoever holds the port is named, and nothing was programmed. */
static void a_port_that_another_has(void **state)
{
    struct bench *b = *state;
    struct signet_flasher_options flash = {.port = b->ports[0]};
    struct signet_flasher *f = NULL;
    struct signet_error err = {0};
    struct sim_board_state sim;

    bench_sim(b, 0, (struct sim_board_options){.firmware = SIM_FIRMWARE_SMP_FILE});
    bench_tool(b, "esptool", NULL);
    flash.tool = b->tool;
    by_port(b, "esptool");
    int fd = open(b->ports[0], O_RDWR | O_NOCTTY);
    assert_int_equal(flock(fd, LOCK_EX | LOCK_NB), 0);
    assert_int_equal(signet_flasher_open(&f, "esptool", &flash, NULL, NULL, &err), SIGNET_OK);
    assert_int_equal(signet_flasher_program(f, b->initial, NULL, SIGNET_ERASE_CHIP, &err),
                     SIGNET_E_BUSY);
    assert_non_null(strstr(err.msg, "the port is busy"));
    signet_flasher_close(&f);
    close(fd);
    sim_board_state(b->sims[0], &sim);
    assert_int_equal(sim.firmware, SIM_FIRMWARE_SMP_FILE);
}

static void a_programmer_that_another_has(void **state)
{
    static const char *const tools[] = {"nrfjprog", "nrfutil"};
    static const char *const says[] = {
        "nrfjprog: reset: exit status 41: ERROR: The J-Link is in use by another application.",
        "nrfutil: reset: exit status 1: The device is in use by another application (DeviceInUse)"};
    struct bench *b = *state;
    char path[128];

    bench_sim(b, 0, (struct sim_board_options){0});
    snprintf(path, sizeof path, "%s.probe", b->controls[0]);
    for (int i = 0; i < 2; i++) {
        struct signet_flasher_options flash = {.tool = b->tool, .serial = bench_serial(0)};
        struct signet_flasher *f = NULL;
        struct signet_error err = {0};
        int fd = open(path, O_RDWR | O_CREAT, 0600);

        bench_tool(b, tools[i], NULL);
        assert_int_equal(flock(fd, LOCK_EX | LOCK_NB), 0);
        assert_int_equal(signet_flasher_open(&f, tools[i], &flash, NULL, NULL, &err), SIGNET_OK);
        assert_int_equal(signet_flasher_reset(f, &err), SIGNET_E_BUSY);
        assert_string_equal(err.msg, says[i]);
        close(fd);
        assert_int_equal(signet_flasher_reset(f, &err), SIGNET_OK);
        signet_flasher_close(&f);
    }
}

/* Refused, with the way out, until recover is asked for; then as any other board. */
static void a_locked_part(void **state)
{
    static const char *const tools[] = {"nrfjprog", "nrfutil"};
    struct bench *b = *state;

    for (int i = 0; i < 2; i++) {
        struct signet_board_options options = bench_options(b, 0);
        struct signet_error err = {0};
        char unlocked[128];

        snprintf(unlocked, sizeof unlocked, "%s.unlocked", b->controls[0]);
        unlink(unlocked);
        bench_sim(b, 0, (struct sim_board_options){0});
        bench_tool(b, tools[i], "locked");
        options.flasher = tools[i];
        options.port = b->ports[0];
        bench_open(b, "anjay-zephyr", options, NULL, NULL);
        assert_int_equal(signet_board_prepare(b->board, &err), SIGNET_E_FLASH);
        assert_string_equal(err.hint,
                            "if the part is locked, recover unlocks it and erases all of it");
        options.flash.options[0] = (struct signet_option){"recover", "yes"};
        bench_open(b, "anjay-zephyr", options, NULL, NULL);
        bench_run_ok(b);
    }
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, bench_setup, bench_teardown)

/* All stages of board 0, and its lock. */
static int run_and_lock(struct bench *b, struct signet_error *err)
{
    bench_run_ok(b);
    return signet_board_lock(b->board, err);
}

static void a_debug_port_that_is_locked(void **state)
{
    static const char *const tools[] = {"nrfjprog", "nrfutil"};
    static const char *const says[] = {"readback protection", "NotAvailableBecauseProtection"};
    struct bench *b = *state;

    for (size_t i = 0; i < 2; i++) {
        struct signet_board_options options;
        struct signet_error err = {0};
        struct sim_board_state sim;
        int stage;

        bench_sim(b, 0, (struct sim_board_options){0});
        bench_tool(b, tools[i], NULL);
        options = bench_options(b, 0);
        options.flasher = tools[i];
        bench_open(b, "anjay-zephyr", options, NULL, NULL);
        assert_true(signet_board_can_lock(b->board));
        assert_int_equal(signet_board_lock(b->board, &err), SIGNET_E_USAGE); /* not yet */
        if (run_and_lock(b, &err) != SIGNET_OK)
            fail_msg("%s: %s", tools[i], err.msg);
        sim_board_state(b->sims[0], &sim);
        assert_true(sim.locked);
        assert_true(bench_holds(b, 0, &b->packet)); /* it was not erased */
        bench_open(b, "anjay-zephyr", options, NULL, NULL);
        assert_int_equal(bench_run(b, &stage, &err), SIGNET_E_FLASH);
        assert_non_null(strstr(err.msg, says[i]));
        options.flash.options[0] = (struct signet_option){"recover", "yes"};
        bench_open(b, "anjay-zephyr", options, NULL, NULL);
        if (run_and_lock(b, &err) != SIGNET_OK)
            fail_msg("%s: %s", tools[i], err.msg);
    }
}

/* A tool that says yes and does nothing; one that cannot do it; one that fails. */
static void a_debug_port_that_stays_open(void **state)
{
    struct bench *b = *state;
    struct signet_board_options options = bench_options(b, 0);
    struct signet_error err = {0};
    struct sim_board_state sim;

    bench_sim(b, 0, (struct sim_board_options){0});
    options.flash.tool = b->tool;
    bench_open(b, "anjay-zephyr", options, NULL, NULL);
    bench_run_ok(b);
    bench_tool(b, "nrfjprog", "lie");
    assert_int_equal(signet_board_lock(b->board, &err), SIGNET_E_FLASH);
    assert_non_null(strstr(err.msg, "the debug port is open: a word of the flash was read"));
    bench_tool(b, "nrfjprog", "fail");
    assert_int_equal(signet_board_lock(b->board, &err), SIGNET_E_FLASH);
    sim_board_state(b->sims[0], &sim);
    assert_false(sim.locked);
    bench_tool(b, "exec", NULL);
    options.flasher = "exec";
    options.flash = (struct signet_flasher_options){.tool = NULL,
                                                    .options = {{"command", "/bin/true {image}"}}};
    bench_open(b, "anjay-zephyr", options, NULL, NULL);
    assert_false(signet_board_can_lock(b->board));
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        TEST(esptool_gets_the_port),
        TEST(a_look_with_esptool),
        TEST(exec_gets_the_port),
        TEST(a_port_that_another_has),
        TEST(a_programmer_that_another_has),
        TEST(a_debug_port_that_is_locked),
        TEST(a_debug_port_that_stays_open),
        TEST(a_locked_part),
    };

    bench_flasher(argc, argv);
    return cmocka_run_group_tests_name("board/flash", tests, NULL, NULL);
}
