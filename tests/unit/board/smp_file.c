/* SPDX-License-Identifier: Apache-2.0 */
/* The recipe smp-file, on a simulated board with a file system that takes any path; and
 * what there is no memory for.
 * wrap: malloc calloc realloc reallocarray strdup strndup vasprintf locked_alloc */
#include "unit/board/bench.h"
#include "unit/starve.h"

static struct signet_board_options running(const struct bench *b)
{
    return (struct signet_board_options){
        .port = b->ports[0], .packet_path = "/lfs1/provision.cbor", .smp_timeout_ms = 300};
}

static void a_packet_is_a_file(void **state)
{
    struct bench *b = *state;
    struct signet_bytes file = {0};
    struct signet_board_state s;
    char name[152] = "as it was";

    bench_sim(b, 0, (struct sim_board_options){.firmware = SIM_FIRMWARE_SMP_FILE});
    bench_open(b, "smp-file", running(b), NULL, NULL);
    bench_run_ok(b);
    assert_int_equal(sim_board_file(b->sims[0], "/lfs1/provision.cbor", &file, NULL), SIGNET_OK);
    assert_int_equal(file.len, b->packet.len);
    assert_memory_equal(file.data, b->packet.data, file.len);
    signet_bytes_free(&file);
    assert_int_equal(signet_board_result(b->board, NULL), SIGNET_OK); /* again: it is known */
    signet_board_state(b->board, &s);
    assert_true(s.loaded && s.applied && s.finished);
    assert_string_equal(s.hw_id, "");
    assert_int_equal(signet_board_look(b->board, NULL), SIGNET_OK); /* nothing will be erased */
    assert_int_equal(signet_board_prepare(b->board, NULL), SIGNET_OK);
    assert_int_equal(signet_board_endpoint(b->board, name, NULL), SIGNET_OK);
    assert_string_equal(name, ""); /* it has none */
}

/* What should be a name or a result may be any file. */
static void files_that_are_too_long(void **state)
{
    struct bench *b = *state;
    struct signet_board_options options = running(b);
    struct signet_error err = {0};
    uint8_t many[600] = {0};

    bench_sim(b, 0, (struct sim_board_options){.firmware = SIM_FIRMWARE_SMP_FILE});
    bench_open(b, "smp-file", options, NULL, NULL);
    assert_int_equal(signet_board_prepare(b->board, &err), SIGNET_OK);
    assert_int_equal(signet_board_load(b->board, many, sizeof(many), &err), SIGNET_OK);
    options.endpoint_path = options.packet_path;
    bench_open(b, "smp-file", options, NULL, NULL);
    assert_int_equal(signet_board_prepare(b->board, &err), SIGNET_E_BOARD);
    assert_string_equal(err.msg, "flash: /lfs1/provision.cbor: longer than any name");
    options.endpoint_path = NULL;
    options.result_path = options.packet_path;
    bench_open(b, "smp-file", options, NULL, NULL);
    assert_int_equal(signet_board_prepare(b->board, &err), SIGNET_OK);
    assert_int_equal(signet_board_load(b->board, many, 300, &err), SIGNET_OK);
    assert_int_equal(signet_board_result(b->board, &err), SIGNET_E_BOARD);
    assert_string_equal(err.msg, "result: /lfs1/provision.cbor: not a result, it is too long");
}

static void a_board_that_is_flashed_first(void **state)
{
    struct bench *b = *state;
    struct signet_board_options options = running(b);
    struct signet_error err = {0};
    char image[160];

    snprintf(image, sizeof(image), "%s/smp.hex", b->folder);
    bench_file(image, BENCH_HEX);
    bench_sim(b, 0, (struct sim_board_options){0});
    options.initial = image;
    assert_int_equal(signet_board_open(&b->board, "smp-file", &options, NULL, NULL, &err),
                     SIGNET_E_USAGE);
    assert_string_equal(err.msg, "there is an image, but no flasher was named");
    options.flasher = "nrfjprog";
    options.flash.tool = b->tool;
    options.serial = bench_serial(0);
    bench_open(b, "smp-file", options, NULL, NULL);
    assert_int_equal(signet_board_look(b->board, &err), SIGNET_E_UNSUPPORTED);
    assert_string_equal(err.msg, "this kind of board cannot say whether it holds credentials");
    bench_run_ok(b);
}

static void options_that_do_not_do(void **state)
{
    struct bench *b = *state;
    char long_options[200] = "";
    const struct {
        const char *recipe;
        struct signet_board_options options;
        int code;
        const char *words, *hint;
    } rows[] = {
        {"smp-file", {.port = "/dev/x"}, SIGNET_E_USAGE, "needs the path of the packet", "/lfs1"},
        {"smp-file", {.packet_path = "/p"}, SIGNET_E_USAGE, "which board?", "list of boards"},
        {"smp-fil", {.port = "/dev/x"}, SIGNET_E_USAGE, "unknown recipe 'smp-fil'", "'smp-file'"},
        {"anjay-zephyr", {.serial = "a b"}, SIGNET_E_USAGE, "1 to 63 letters and digits", ""},
        {"anjay-zephyr",
         {.port = "/dev/x", .smp_version = 3},
         SIGNET_E_USAGE,
         "the SMP version is 1 or 2",
         ""},
        {"anjay-zephyr",
         {.port = "/dev/x", .smp_version = -1},
         SIGNET_E_USAGE,
         "the SMP version is 1 or 2",
         ""},
        {"smp-file",
         {.port = "/dev/x", .smp_line_length = 15},
         SIGNET_E_USAGE,
         "a line of SMP has 16 to 127 characters",
         ""},
        {"smp-file", {.port = "/dev/x", .smp_line_length = 128}, SIGNET_E_USAGE, "16 to 127", ""},
        {"smp-file",
         {.port = "/dev/x", .smp_packet_size = 63},
         SIGNET_E_USAGE,
         "a packet of SMP has 64 to 16384 bytes",
         ""},
        {"smp-file", {.port = "/dev/x", .smp_packet_size = 16385}, SIGNET_E_USAGE, "16384", ""},
        {"smp-file",
         {.port = "serial:/dev/x?dtr=of"},
         SIGNET_E_USAGE,
         "'dtr=of' is no option of a port",
         "dtr=off"},
        {"smp-file",
         {.port = "/dev/x", .port_options = "flow=rtscts&rts=off"},
         SIGNET_E_USAGE,
         "the driver itself moves RTS",
         ""},
        {"smp-file",
         {.port = "/dev/x", .port_options = long_options},
         SIGNET_E_USAGE,
         "the options of a port are too long",
         ""},
        {"anjay-zephyr",
         {.port = "/dev/x", .initial = b->initial},
         SIGNET_E_NOT_FOUND,
         "neither nrfutil nor nrfjprog is installed",
         "nrfutil install device"},
        {"anjay-zephyr",
         {.port = "/dev/x", .final = b->final, .flasher = "nrfjprog", .flash = {.tool = b->tool}},
         SIGNET_E_USAGE,
         "anjay-zephyr needs an initial image",
         "a folder of images"},
    };
    char *path = strdup(getenv("PATH"));
    struct signet_error err = {0};

    for (int i = 0; i < 20; i++)
        strcat(long_options, "dtr=off&");
    setenv("PATH", "/nowhere", 1);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_int_equal(
            signet_board_open(&b->board, rows[i].recipe, &rows[i].options, NULL, NULL, &err),
            rows[i].code);
        if (!strstr(err.msg, rows[i].words) || !strstr(err.hint, rows[i].hint))
            fail_msg("%zu: %s (%s)", i, err.msg, err.hint);
        assert_null(b->board);
    }
    setenv("PATH", path, 1);
    free(path);
}

static struct bench *starved;

static int board_once(struct signet_error *err)
{
    const struct signet_board_options options = running(starved);
    int stage, rc = signet_board_open(&starved->board, "smp-file", &options, NULL, NULL, err);

    if (rc == SIGNET_OK)
        rc = bench_run(starved, &stage, err);
    signet_board_close(&starved->board);
    return rc;
}

static void without_memory_nothing_is_loaded(void **state)
{
    struct signet_bytes file = {0};

    starved = *state;
    bench_sim(starved, 0, (struct sim_board_options){.firmware = SIM_FIRMWARE_SMP_FILE});
    starve_each(board_once);
    assert_int_equal(sim_board_file(starved->sims[0], "/lfs1/provision.cbor", &file, NULL),
                     SIGNET_OK);
    assert_int_equal(file.len, starved->packet.len);
    signet_bytes_free(&file);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, bench_setup, bench_teardown)

int main(int argc, char **argv)
{
    bench_flasher(argc, argv);
    const struct CMUnitTest tests[] = {
        TEST(without_memory_nothing_is_loaded), TEST(a_packet_is_a_file),
        TEST(files_that_are_too_long),          TEST(a_board_that_is_flashed_first),
        TEST(options_that_do_not_do),
    };
    return cmocka_run_group_tests_name("board/smp_file", tests, NULL, NULL);
}
