/* SPDX-License-Identifier: Apache-2.0 */
/* The recipe from blank board to restored, on simulated boards with fake programmers. */
#include "bench.h"
#include "unit/parallel.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

/* Each case has a bench of its own. */
static struct bench *new_bench(void)
{
    void *state = NULL;

    assert_int_equal(bench_setup(&state), 0);
    return state;
}

static void end_bench(struct bench *b)
{
    void *state = b;

    assert_int_equal(bench_teardown(&state), 0);
}

struct stages {
    bool flash, load, final;
    uint64_t load_done;
};

static void on_event(void *ctx, const struct signet_event *event)
{
    struct stages *seen = ctx;

    assert_non_null(event->stage);
    assert_non_null(event->board);
    if (event->kind != SIGNET_EVENT_PROGRESS)
        return;
    seen->flash = seen->flash || strcmp(event->stage, "flash") == 0;
    seen->load = seen->load || strcmp(event->stage, "load") == 0;
    seen->final = seen->final || strcmp(event->stage, "final") == 0;
    if (strcmp(event->stage, "load") == 0)
        seen->load_done = event->done;
}

static void from_blank_to_restored(void **state)
{
    static const enum sim_generation generations[] = {SIM_ZEPHYR_32, SIM_ZEPHYR_33, SIM_ZEPHYR_36};
    static const char *const tools[] = {"nrfjprog", "nrfutil"};
    struct bench *b = *state;

    for (size_t i = 0; i < 6; i++) {
        struct stages seen = {0};
        const struct signet_observer observer = {on_event, &seen};
        struct sim_board_state sim;
        struct signet_board_state s;
        char name[152];

        bench_sim(b, 0, (struct sim_board_options){.generation = generations[i / 2]});
        bench_tool(b, tools[i % 2], NULL);
        bench_packet(b, i % 2 ? 3000 : 0);
        struct signet_board_options options = bench_options(b, 0);
        options.flasher = tools[i % 2];
        options.smp_version = generations[i / 2] == SIM_ZEPHYR_36 ? 2 : 1;
        options.hw_id = "0123456789ABCDEF";
        bench_open(b, "anjay-zephyr", options, &observer, NULL);
        bench_run_ok(b);
        assert_int_equal(signet_board_endpoint(b->board, name, NULL), SIGNET_E_USAGE);
        assert_true(bench_holds(b, 0, &b->packet));
        sim_board_state(b->sims[0], &sim);
        assert_int_equal(sim.firmware, SIM_FIRMWARE_FINAL);
        assert_true(sim.provisioned);
        assert_int_equal(sim.repeated, 0);
        assert_true(seen.flash && seen.load && seen.final);
        assert_int_equal(seen.load_done, b->packet.len);
        signet_board_state(b->board, &s);
        assert_true(s.bytes_sent && s.loaded && s.applied && s.finished);
        assert_string_equal(s.hw_id, "0123456789abcdef");
        assert_string_equal(s.port, b->ports[0]);
        assert_int_equal(strlen(s.initial_sha256), 64);
    }
}

static void bad_line(size_t i)
{
    static const char *const faults[] = {
        "drop-tx=40", "drop-rx=40", "drop-tx=40,drop-rx=40,log-noise", "dup", "split,garbage=5"};
    struct bench *b = new_bench();

    bench_packet(b, 4000);
    bench_sim(b, 0,
              (struct sim_board_options){.generation = i % 2 ? SIM_ZEPHYR_33 : SIM_ZEPHYR_32,
                                         .misbehave = faults[i / 2],
                                         .seed = (unsigned)i});
    bench_open(b, "anjay-zephyr", bench_options(b, 0), NULL, NULL);
    bench_run_ok(b);
    assert_true(bench_holds(b, 0, &b->packet));
    end_bench(b);
}

/* Sooner or later it is the text after the final image that is lost. */
static void lost_line(size_t i)
{
    struct bench *b = new_bench();
    struct signet_board_options options = bench_options(b, 0);
    char faults[32];

    snprintf(faults, sizeof faults, "drop-tx=%zu", 5 + i);
    options.restored_timeout_ms = 8000;
    bench_sim(b, 0, (struct sim_board_options){.misbehave = faults});
    bench_open(b, "anjay-zephyr", options, NULL, NULL);
    bench_run_ok(b);
    assert_true(bench_holds(b, 0, &b->packet));
    end_bench(b);
}

static void texts_get_lost(void **state)
{
    (void)state;
    parallel(16, 16, lost_line);
}

static void bad_line_with_shell_and_log(void **state)
{
    (void)state;
    parallel(10, 10, bad_line);
}

static void a_provisioned_board_is_known_at_once(void **state)
{
    struct bench *b = *state;
    struct signet_error err;
    struct signet_board_state s;
    char command[400];
    int stage;

    /* flashed without chip erase, its credentials are still there */
    bench_sim(b, 0, (struct sim_board_options){.provisioned = true});
    bench_tool(b, "exec", NULL);
    snprintf(command, sizeof command, "%s {serial} {image} sectors ; %s {serial} reset", b->tool,
             b->tool);
    struct signet_board_options options = bench_options(b, 0);
    options.flasher = "exec";
    options.flash = (struct signet_flasher_options){.options = {{"command", command}}};
    options.port = b->ports[0];
    int64_t begin = clock_ms();
    bench_open(b, "anjay-zephyr", options, NULL, NULL);
    assert_int_equal(bench_run(b, &stage, &err), SIGNET_E_PROVISIONED);
    assert_int_equal(stage, 0);
    assert_true(clock_ms() - begin < 20000); /* not the 60 s of a board that is silent */
    signet_board_state(b->board, &s);
    assert_false(s.bytes_sent);

    /* the same board, running: the text came before us, or never again; no flasher */
    bench_sim(b, 0,
              (struct sim_board_options){.provisioned = true, .firmware = SIM_FIRMWARE_INITIAL});
    options.flasher = "none";
    options.flash = (struct signet_flasher_options){0};
    bench_open(b, "anjay-zephyr", options, NULL, NULL);
    assert_int_equal(bench_run(b, &stage, &err), SIGNET_E_PROVISIONED);

    /* a chip erase makes it blank */
    bench_sim(b, 0, (struct sim_board_options){.provisioned = true});
    bench_tool(b, "nrfjprog", NULL);
    bench_open(b, "anjay-zephyr", bench_options(b, 0), NULL, NULL);
    bench_run_ok(b);
}

/* Of its text after the first reset of a look the line with "restored" is lost. */
static void a_look_on_a_bad_line(void **state)
{
    struct bench *b = *state;
    struct signet_error err;

    bench_sim(b, 0,
              (struct sim_board_options){
                  .firmware = SIM_FIRMWARE_FINAL, .provisioned = true, .misbehave = "drop-tx=7"});
    bench_open(b, "anjay-zephyr", bench_options(b, 0), NULL, NULL);
    assert_int_equal(signet_board_look(b->board, &err), SIGNET_E_PROVISIONED);
}

/* The board's ring takes 512 bytes at a time, however large the buffers of its SMP server are. */
static void large_buffers(void **state)
{
    static const unsigned sizes[] = {256, 512, 600, 1024, 4096};
    struct bench *b = *state;

    bench_packet(b, 4000);
    for (size_t i = 0; i < COUNT(sizes); i++) {
        struct signet_board_options options = {.port = b->ports[0], .smp_timeout_ms = 2000};

        bench_sim(
            b, 0,
            (struct sim_board_options){.firmware = SIM_FIRMWARE_INITIAL, .buf_size = sizes[i]});
        bench_open(b, "anjay-zephyr", options, NULL, NULL);
        bench_run_ok(b);
        assert_true(bench_holds(b, 0, &b->packet));
    }
}

static void a_running_board_needs_no_flasher(void **state)
{
    struct bench *b = *state;
    struct signet_board_options options = {.port = b->ports[0], .smp_timeout_ms = 300};
    struct signet_board_state s;

    bench_sim(b, 0, (struct sim_board_options){.firmware = SIM_FIRMWARE_INITIAL});
    bench_open(b, "anjay-zephyr", options, NULL, NULL);
    bench_run_ok(b);
    assert_true(bench_holds(b, 0, &b->packet));
    signet_board_state(b->board, &s);
    assert_false(s.retry_safe); /* nobody can flash it again from here */
}

/* A firmware that is content with an empty packet: only the text of the new start tells. */
static void a_restart_in_the_middle(void **state)
{
    static const enum sim_generation generations[] = {SIM_ZEPHYR_32, SIM_ZEPHYR_33, SIM_ZEPHYR_36};
    struct bench *b = *state;
    struct signet_board_options options = {.port = b->ports[0], .smp_timeout_ms = 200};
    struct signet_error err;
    int stage;

    bench_packet(b, 1200);
    for (size_t i = 0; i < 3 * 4; i++) {
        char misbehave[64];

        snprintf(misbehave, sizeof(misbehave), "takes-empty,restart=%zu", i % 4 + 1);
        bench_sim(b, 0,
                  (struct sim_board_options){.firmware = SIM_FIRMWARE_INITIAL,
                                             .generation = generations[i / 4],
                                             .misbehave = misbehave});
        bench_open(b, "anjay-zephyr", options, NULL, NULL);
        int rc = bench_run(b, &stage, &err);
        if (rc == SIGNET_OK && !bench_holds(b, 0, &b->packet))
            fail_msg("generation %d: a restart at chunk %zu is not noticed", generations[i / 4],
                     i % 4 + 1);
        if (rc != SIGNET_OK && (rc != SIGNET_E_BOARD || !strstr(err.msg, "started again")))
            fail_msg("generation %d, chunk %zu: %s", generations[i / 4], i % 4 + 1, err.msg);
    }
}

/* A second packet, after a good one and after one that was refused. */
static void a_board_that_has_a_packet_already(void **state)
{
    struct bench *b = *state;
    struct signet_board_options options = {.port = b->ports[0], .smp_timeout_ms = 300};
    struct signet_error err;
    int stage;

    bench_sim(b, 0, (struct sim_board_options){.firmware = SIM_FIRMWARE_INITIAL});
    bench_open(b, "anjay-zephyr", options, NULL, NULL);
    bench_run_ok(b);
    bench_open(b, "anjay-zephyr", options, NULL, NULL);
    assert_int_equal(bench_run(b, &stage, &err), SIGNET_E_PROVISIONED);
    assert_non_null(strstr(err.msg, "the board holds credentials already"));
    bench_open(b, "anjay-zephyr", options, NULL, NULL);
    assert_int_equal(bench_run(b, &stage, NULL), SIGNET_E_PROVISIONED); /* nobody asks why */
    bench_sim(
        b, 0,
        (struct sim_board_options){.firmware = SIM_FIRMWARE_INITIAL, .misbehave = "result=-1"});
    bench_open(b, "anjay-zephyr", options, NULL, NULL);
    assert_int_equal(bench_run(b, &stage, &err), SIGNET_E_BOARD);
    bench_open(b, "anjay-zephyr", options, NULL, NULL);
    assert_int_equal(bench_run(b, &stage, &err), SIGNET_E_BOARD);
    assert_non_null(strstr(err.msg, "it refused one since it was flashed (its result is '-1')"));
}

static void never_ready(void **state)
{
    struct bench *b = *state;
    struct signet_board_options options = bench_options(b, 0);
    struct signet_error err;
    struct signet_board_state s;
    int stage;

    options.ready_timeout_ms = 1500;
    bench_sim(b, 0, (struct sim_board_options){.misbehave = "never-ready"});
    bench_open(b, "anjay-zephyr", options, NULL, NULL);
    assert_int_equal(bench_run(b, &stage, &err), SIGNET_E_TIMEOUT);
    assert_int_equal(stage, 0);
    assert_non_null(strstr(err.msg, "Device ready for provisioning."));
    assert_non_null(strstr(err.msg, "its last words"));
    signet_board_state(b->board, &s);
    assert_true(s.retry_safe && !s.bytes_sent);
}

static void refused_packet(void **state)
{
    struct bench *b = *state;
    struct signet_error err;
    struct signet_board_state s;
    int stage;

    bench_sim(b, 0, (struct sim_board_options){.misbehave = "result=-1"});
    bench_open(b, "anjay-zephyr", bench_options(b, 0), NULL, NULL);
    assert_int_equal(bench_run(b, &stage, &err), SIGNET_E_BOARD);
    assert_int_equal(stage, 3);
    assert_non_null(strstr(err.msg, "'-1'"));
    signet_board_state(b->board, &s);
    assert_true(s.bytes_sent && s.loaded && !s.applied && s.retry_safe);
    assert_int_equal(signet_board_finish(b->board, &err), SIGNET_E_USAGE);

    /* bytes that are no packet at all: the board's own decoder says no */
    bench_sim(b, 0, (struct sim_board_options){0});
    bench_open(b, "anjay-zephyr", bench_options(b, 0), NULL, NULL);
    struct signet_bytes good = b->packet;
    b->packet = (struct signet_bytes){(uint8_t *)strdup("garbage"), 7};
    assert_int_equal(bench_run(b, &stage, &err), SIGNET_E_BOARD);
    signet_bytes_free(&b->packet);
    b->packet = good;
    /* flash again, same board, same packet */
    bench_run_ok(b);
    assert_true(bench_holds(b, 0, &b->packet));
}

/* A board that hangs in the middle is flashed again and gets the same packet. */
static void hang_then_flash_again(void **state)
{
    struct bench *b = *state;
    struct signet_board_options options = bench_options(b, 0);
    struct signet_error err;
    struct signet_board_state s;
    int stage;

    options.smp_timeout_ms = 50;
    options.result_timeout_ms = 500;
    bench_packet(b, 2000);
    bench_sim(b, 0, (struct sim_board_options){.misbehave = "hang-on-full-ring"});
    bench_open(b, "anjay-zephyr", options, NULL, NULL);
    assert_int_equal(bench_run(b, &stage, &err), SIGNET_E_TIMEOUT);
    assert_in_range(stage, 2, 3);
    signet_board_state(b->board, &s);
    assert_true(s.bytes_sent && s.retry_safe);
    assert_string_equal(s.hw_id, "0123456789abcdef");
    bench_sim(b, 0, (struct sim_board_options){0}); /* the same board, healthy again */
    bench_run_ok(b);
    assert_true(bench_holds(b, 0, &b->packet));
}

static void unplug(size_t i)
{
    static const unsigned after[] = {1, 300, 700, 1000, 1500, 2500, 4000, 6000};
    struct bench *b = new_bench();
    struct signet_board_options options = bench_options(b, 0);
    struct signet_board_state s;
    struct signet_error err;
    char misbehave[40];
    int stage;

    options.smp_timeout_ms = 50;
    options.ready_timeout_ms = 1000;
    options.result_timeout_ms = 500;
    bench_packet(b, 5000);
    snprintf(misbehave, sizeof misbehave, "unplug-after=%u", after[i]);
    bench_sim(b, 0, (struct sim_board_options){.misbehave = misbehave});
    bench_open(b, "anjay-zephyr", options, NULL, NULL);
    int code = bench_run(b, &stage, &err);
    if (code != SIGNET_E_LINK && code != SIGNET_E_TIMEOUT && code != SIGNET_E_NOT_FOUND &&
        code != SIGNET_E_BUSY) /* busy: the pty was on its way out */
        fail_msg("unplugged after %u bytes: code %d: %s", after[i], code, err.msg);
    assert_in_range(stage, 0, 3);
    assert_true(err.hint[0] != '\0');
    signet_board_state(b->board, &s);
    assert_int_equal(s.bytes_sent, stage >= 2);
    assert_false(s.applied);
    end_bench(b);
}

static void unplugged(void **state)
{
    (void)state;
    parallel(8, 8, unplug);
}

static const char *const bad_names[] = {
    "\x1b[2Jboard",
    "../../etc/passwd",
    "a/b",
    "two words",
    "line\nbreak",
    "=cmd|' /C calc'!A0",
    "<script>",
    "'; DROP TABLE device;--",
    "\xe2\x80\xae"
    "evil",
    "a%n%s",
    "$(reboot)",
    "`id`",
    "a\\b",
    "caf\xc3\xa9",
    "\xff\xfe",
    "a,b",
    "a\"b",
    "@sum",
    "tab\there",
    "a&b=c",
    "#frag",
    "a?b",
    "*",
    "{}",
    "a|b",
    "~root",
    "a;b",
    "[x]",
    "\x7f",
    "+1",
};

static void bad_name(size_t i)
{
    struct bench *b = new_bench();
    struct signet_error err;
    struct signet_board_state s;
    int stage;

    bench_sim(b, 0, (struct sim_board_options){.endpoint = bad_names[i]});
    bench_open(b, "anjay-zephyr", bench_options(b, 0), NULL, NULL);
    assert_int_equal(bench_run(b, &stage, &err), SIGNET_E_BOARD);
    assert_int_equal(stage, 1);
    for (const char *p = err.msg; *p; p++)
        assert_true((unsigned char)*p >= 0x20 && *p != 0x7f);
    signet_board_state(b->board, &s);
    assert_string_equal(s.hw_id, "");
    assert_true(bench_untouched(b, 0));
    end_bench(b);
}

static void hostile_names(void **state)
{
    (void)state;
    parallel(COUNT(bad_names), 16, bad_name);
}

static void another_name_than_expected(void **state)
{
    struct bench *b = *state;
    struct signet_board_options options = bench_options(b, 0);
    struct signet_error err;
    int stage;

    bench_sim(b, 0, (struct sim_board_options){0});
    options.endpoint = "anjay-zephyr-demo-0123456789abcdee";
    bench_open(b, "anjay-zephyr", options, NULL, NULL);
    assert_int_equal(bench_run(b, &stage, &err), SIGNET_E_WRONG_BOARD);
    assert_int_equal(stage, 1);
    options.endpoint = NULL;
    options.hw_id = "fedcba9876543210";
    bench_open(b, "anjay-zephyr", options, NULL, NULL);
    assert_int_equal(bench_run(b, &stage, &err), SIGNET_E_WRONG_BOARD);
    assert_int_equal(stage, 1);
    assert_true(bench_untouched(b, 0));
}

static void stages_out_of_order_do_no_harm(void **state)
{
    struct bench *b = *state;
    struct sim_board_state before, after;
    char name[152];

    bench_sim(b, 0, (struct sim_board_options){0});
    bench_open(b, "anjay-zephyr", bench_options(b, 0), NULL, NULL);
    assert_int_equal(signet_board_endpoint(b->board, name, NULL), SIGNET_E_USAGE);
    assert_int_equal(signet_board_load(b->board, "x", 1, NULL), SIGNET_E_USAGE);
    assert_int_equal(signet_board_result(b->board, NULL), SIGNET_E_USAGE);
    assert_int_equal(signet_board_finish(b->board, NULL), SIGNET_E_USAGE);
    assert_int_equal(signet_board_prepare(b->board, NULL), SIGNET_OK);
    assert_int_equal(signet_board_result(b->board, NULL), SIGNET_E_USAGE);
    /* the packet must not go out before the board was asked who it is */
    assert_int_equal(signet_board_load(b->board, b->packet.data, b->packet.len, NULL),
                     SIGNET_E_USAGE);
    assert_true(bench_untouched(b, 0));
    assert_int_equal(signet_board_endpoint(b->board, name, NULL), SIGNET_OK);
    assert_int_equal(signet_board_load(b->board, b->packet.data, b->packet.len, NULL), SIGNET_OK);
    assert_int_equal(signet_board_result(b->board, NULL), SIGNET_OK); /* it was not spoiled */
    sim_board_state(b->sims[0], &before);
    assert_int_equal(signet_board_result(b->board, NULL), SIGNET_OK); /* once is enough */
    sim_board_state(b->sims[0], &after);
    assert_int_equal(after.frames_in, before.frames_in);
    assert_int_equal(signet_board_finish(b->board, NULL), SIGNET_OK);
}

static void images_are_checked_before_the_board(void **state)
{
    struct bench *b = *state;
    struct signet_board_options options = bench_options(b, 0);
    struct sim_board_state sim;
    struct signet_error err;
    char zeros[65];

    memset(zeros, '0', 64);
    zeros[64] = '\0';
    bench_sim(b, 0, (struct sim_board_options){0});
    options.final_sha256 = zeros;
    assert_int_equal(signet_board_open(&b->board, "anjay-zephyr", &options, NULL, NULL, &err),
                     SIGNET_E_MEANING);
    options.final_sha256 = NULL;
    bench_file(b->final, ":0400000001020304F3\n:00000001FF\n");
    assert_int_equal(signet_board_open(&b->board, "anjay-zephyr", &options, NULL, NULL, &err),
                     SIGNET_E_SYNTAX);
    assert_null(b->board);
    sim_board_state(b->sims[0], &sim);
    assert_int_equal(sim.resets, 0);
    assert_int_equal(sim.firmware, SIM_FIRMWARE_NONE);

    /* a folder of images, by their usual names */
    bench_file(b->final, BENCH_HEX);
    options.initial = options.final = NULL;
    options.image_dir = b->folder;
    bench_open(b, "anjay-zephyr", options, NULL, NULL);
    bench_run_ok(b);
    options.image_dir = "/nowhere";
    signet_board_close(&b->board);
    assert_int_equal(signet_board_open(&b->board, "anjay-zephyr", &options, NULL, NULL, &err),
                     SIGNET_E_NOT_FOUND);
    options.image_dir = NULL;
    assert_int_equal(signet_board_open(&b->board, "anjay-zephyr", &options, NULL, NULL, &err),
                     SIGNET_E_USAGE);
}

/* The stop, where it is fired: before a stage, or in its middle. */
static struct signet_cancel *stop;
static const char *stop_in;

static void fire_in(void *ctx, const struct signet_event *event)
{
    (void)ctx;
    if (event->kind == SIGNET_EVENT_PROGRESS && stop_in && strcmp(event->stage, stop_in) == 0 &&
        event->done > 0)
        signet_cancel_fire(stop);
}

/* What is on the board after it, and what to do. */
static void stopped(size_t i)
{
    static const struct {
        int stage;
        const char *in, *hint;
    } rows[] = {
        {0, NULL, "no credentials were sent; flash the board again before any use"},
        {1, NULL, "the board is flashed and holds no credentials"},
        {2, NULL, "no credentials were sent"},
        {2, "load", "the board may hold part of its credentials; flash it again"},
        {3, NULL, "the board may hold its credentials; flash it again"},
    };
    const struct signet_observer observer = {fire_in, NULL};
    struct bench *b = new_bench();
    struct signet_error err = {0};
    char name[152];
    int rc = SIGNET_OK;

    assert_int_equal(signet_cancel_new(&stop, NULL), SIGNET_OK);
    stop_in = rows[i].in;
    bench_packet(b, 3000);
    bench_sim(b, 0, (struct sim_board_options){0});
    bench_open(b, "anjay-zephyr", bench_options(b, 0), &observer, stop);
    for (int stage = 0; rc == SIGNET_OK && stage <= rows[i].stage; stage++) {
        if (stage == rows[i].stage && !stop_in)
            signet_cancel_fire(stop);
        rc = stage == 0   ? signet_board_prepare(b->board, &err)
             : stage == 1 ? signet_board_endpoint(b->board, name, &err)
             : stage == 2 ? signet_board_load(b->board, b->packet.data, b->packet.len, &err)
                          : signet_board_result(b->board, &err);
        if (rc == SIGNET_OK ? stage == rows[i].stage : stage != rows[i].stage)
            fail_msg("case %zu ends in stage %d: %d %s", i, stage, rc, err.msg);
    }
    assert_int_equal(rc, SIGNET_E_CANCELLED);
    assert_string_equal(err.hint, rows[i].hint);
    end_bench(b);
    signet_cancel_free(&stop);
}

static void a_stop_tells_what_the_board_holds(void **state)
{
    (void)state;
    parallel(5, 5, stopped);
}

static void misbehaving_programmer(size_t i)
{
    static const struct {
        const char *misbehave;
        int code;
    } rows[] = {{"fail", SIGNET_E_FLASH}, {"crash", SIGNET_E_FLASH}, {"hang", SIGNET_E_TIMEOUT},
                {"garbage", SIGNET_OK},   {"huge", SIGNET_OK},       {"orphan", SIGNET_OK},
                {"delay=200", SIGNET_OK}, {"lie", SIGNET_E_TIMEOUT}};
    const char *as = i % 2 ? "nrfutil" : "nrfjprog", *misbehave = rows[i / 2].misbehave;
    int wanted = rows[i / 2].code;
    struct bench *b = new_bench();
    struct signet_board_options options = bench_options(b, 0);
    struct signet_error err;
    int stage;

    bench_sim(b, 0, (struct sim_board_options){0});
    bench_tool(b, as, misbehave);
    options.flasher = as;
    options.port = b->ports[0]; /* so that only flashing goes through the tool */
    if (wanted == SIGNET_E_TIMEOUT) {
        options.ready_timeout_ms = 1500;
        options.flash.timeout_ms = 500;
    }
    bench_open(b, "anjay-zephyr", options, NULL, NULL);
    int code = bench_run(b, &stage, &err);
    if (code != wanted)
        fail_msg("%s %s: stage %d: %s", as, misbehave, stage, err.msg);
    if (code)
        assert_true(bench_untouched(b, 0));
    end_bench(b);
}

static void programmers_that_misbehave(void **state)
{
    (void)state;
    parallel(16, 16, misbehaving_programmer);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, bench_setup, bench_teardown)

int main(int argc, char **argv)
{
    bench_flasher(argc, argv);
    const struct CMUnitTest tests[] = {
        TEST(from_blank_to_restored),
        cmocka_unit_test(a_stop_tells_what_the_board_holds),
        cmocka_unit_test(bad_line_with_shell_and_log),
        cmocka_unit_test(texts_get_lost),
        TEST(a_look_on_a_bad_line),
        TEST(a_provisioned_board_is_known_at_once),
        TEST(a_running_board_needs_no_flasher),
        TEST(large_buffers),
        TEST(a_restart_in_the_middle),
        TEST(a_board_that_has_a_packet_already),
        TEST(never_ready),
        TEST(refused_packet),
        TEST(hang_then_flash_again),
        cmocka_unit_test(unplugged),
        cmocka_unit_test(hostile_names),
        TEST(another_name_than_expected),
        TEST(stages_out_of_order_do_no_harm),
        TEST(images_are_checked_before_the_board),
        cmocka_unit_test(programmers_that_misbehave),
    };
    return cmocka_run_group_tests_name("board/anjay_zephyr", tests, NULL, NULL);
}
