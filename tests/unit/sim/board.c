/* SPDX-License-Identifier: Apache-2.0 */
/* Each misbehaviour of the simulated board, and what the SMP client makes of it. */
#include "sim.h"
#include "smp/smp.h"
#include <setjmp.h>
#include <signet/packet.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "unit/folder.h"
#include "unit/parallel.h"
#include "unit/smp/bench.h"

static void put(struct signet_tree *tree, uint16_t oid, uint16_t rid, struct signet_value value)
{
    const struct signet_path path = {oid, 0, rid, SIGNET_NO_ID};

    assert_int_equal(signet_tree_put(tree, path, &value, NULL), SIGNET_OK);
}

static struct signet_value text(const char *text)
{
    struct signet_value value = {.type = SIGNET_TYPE_STRING};

    value.as.bytes.data = (const uint8_t *)text;
    value.as.bytes.len = strlen(text);
    return value;
}

static struct signet_value number(int64_t n)
{
    struct signet_value value = {.type = SIGNET_TYPE_INTEGER};

    value.as.integer = n;
    return value;
}

/* A packet that the board takes, padded to len with a long URI. */
static void make_packet(struct signet_bytes *out, size_t len)
{
    struct signet_tree *tree = NULL;
    struct signet_value no = {.type = SIGNET_TYPE_BOOLEAN};
    char key[2048];
    struct signet_error err = {0};

    assert_true(len < 200 || len - 200 < sizeof key);
    memset(key, 'k', sizeof key);
    assert_int_equal(signet_tree_new(&tree, NULL), SIGNET_OK);
    put(tree, 0, 0, text("coaps://example.com:5684"));
    put(tree, 0, 1, no);
    put(tree, 0, 2, number(0));
    struct signet_value opaque = {.type = SIGNET_TYPE_OPAQUE};
    opaque.as.bytes.data = (const uint8_t *)key;
    opaque.as.bytes.len = 16;
    put(tree, 0, 3, opaque);
    opaque.as.bytes.len = len < 200 ? 16 : len - 200;
    put(tree, 0, 5, opaque);
    put(tree, 0, 10, number(1));
    put(tree, 1, 0, number(1));
    put(tree, 1, 1, number(86400));
    put(tree, 1, 6, no);
    put(tree, 1, 7, text("U"));
    if (signet_packet_encode(tree, out, &err) || signet_tree_check(tree, 0, NULL, &err))
        fail_msg("%s", err.msg);
    signet_tree_free(&tree);
}

/* Waits for the mount: the ready text comes just before it. */
static int mounted(struct bench *b)
{
    int64_t deadline = clock_ms() + 20000;
    int rc;

    do {
        struct signet_bytes name = {0};

        rc = signet_smp_download(b->smp, "/factory/endpoint.txt", 200, &name, &b->err);
        signet_bytes_free(&name);
    } while ((rc == SIGNET_E_NOT_FOUND || rc == SIGNET_E_TIMEOUT) && clock_ms() < deadline);
    return rc;
}

static void provisions(void **state)
{
    static const enum sim_generation generations[] = {SIM_ZEPHYR_32, SIM_ZEPHYR_33, SIM_ZEPHYR_36};

    (void)state;
    for (size_t g = 0; g < 3; g++)
        for (size_t size = 0; size < 1400; size += 350) {
            const struct sim_board_options board = {.firmware = SIM_FIRMWARE_INITIAL,
                                                    .generation = generations[g]};
            const struct signet_smp_options options = {.version = g == 2 ? 2 : 1};
            struct signet_bytes packet = {0}, result = {0};
            struct sim_board_state seen;
            struct bench b;

            make_packet(&packet, size);
            set_up(&b, &board, &options);
            OK(&b, mounted(&b));
            OK(&b, signet_smp_upload(b.smp, "/factory/provision.cbor", packet.data, packet.len,
                                     NULL, &b.err));
            OK(&b, signet_smp_download(b.smp, "/factory/result.txt", 10, &result, &b.err));
            assert_string_equal((char *)result.data, "0");
            signet_bytes_free(&result);
            OK(&b, sim_board_applied(b.board, &result, &b.err));
            assert_int_equal(result.len, packet.len);
            assert_memory_equal(result.data, packet.data, packet.len);
            sim_board_state(b.board, &seen);
            assert_true(seen.provisioned);
            assert_int_equal(seen.repeated, 0);
            assert_int_equal(seen.uploads, 1);
            signet_bytes_free(&result);
            signet_bytes_free(&packet);
            tear_down(&b);
        }
}

static void waits_for(struct bench *b, const char *words)
{
    const char *const texts[] = {words};
    size_t which;

    OK(b, signet_smp_wait_text(b->smp, texts, 1, 20000, &which, &b->err));
}

/* A flasher's view: chip erase makes it blank, sector erase keeps the credentials. */
static void flashing(void **state)
{
    char folder[FOLDER_SIZE], socket[96], link[96], answer[256];
    struct sim_board_options board = {.firmware = SIM_FIRMWARE_NONE};
    struct signet_bytes packet = {0}, result = {0};
    struct sim_board_state seen;
    struct stat st;
    struct bench b;

    (void)state;
    assert_true(folder_make(folder));
    snprintf(socket, sizeof socket, "%s/control", folder);
    snprintf(link, sizeof link, "%s/tty", folder);
    board.control = socket;
    board.link = link;
    set_up(&b, &board, NULL);
    assert_int_equal(stat(link, &st), 0);
    make_packet(&packet, 500);
    OK(&b, sim_control(socket, "program initial chip", NULL, 0, &b.err));
    sim_board_state(b.board, &seen);
    assert_true(seen.halted);
    OK(&b, sim_control(socket, "name board-9", NULL, 0, &b.err));
    OK(&b, sim_control(socket, "reset", NULL, 0, &b.err));
    waits_for(&b, "Device ready for provisioning.");
    waits_for(&b, "uart:~$ ");
    OK(&b, mounted(&b));
    OK(&b,
       signet_smp_upload(b.smp, "/factory/provision.cbor", packet.data, packet.len, NULL, &b.err));
    OK(&b, signet_smp_download(b.smp, "/factory/result.txt", 10, &result, &b.err));
    assert_string_equal((char *)result.data, "0");
    signet_bytes_free(&result);
    OK(&b, sim_board_reset(b.board, &b.err)); /* the initial image again: it halts */
    waits_for(&b, "already present. Please flash production firmware. Halting.");
    assert_int_equal(signet_smp_status(b.smp, "/factory/endpoint.txt", NULL, &b.err),
                     SIGNET_E_NOT_FOUND);
    OK(&b, sim_control(socket, "program final sectors", NULL, 0, &b.err));
    OK(&b, sim_control(socket, "reset", NULL, 0, &b.err));
    waits_for(&b, "persistence: Anjay restored from");
    waits_for(&b, "uart:~$ ");
    OK(&b, sim_control(socket, "state", answer, sizeof answer, &b.err));
    assert_non_null(strstr(answer, "provisioned=1"));
    assert_non_null(strstr(answer, "endpoint=board-9"));
    OK(&b, sim_control(socket, "program final chip", NULL, 0, &b.err));
    OK(&b, sim_control(socket, "reset", NULL, 0, &b.err));
    waits_for(&b, "nothing to restore");
    assert_int_equal(sim_control(socket, "program initial", NULL, 0, &b.err), SIGNET_E_FLASH);
    assert_int_equal(sim_control(socket, "dance", NULL, 0, &b.err), SIGNET_E_FLASH);
    signet_bytes_free(&packet);
    tear_down(&b);
    assert_int_not_equal(lstat(link, &st), 0);
    assert_int_equal(sim_control(socket, "state", NULL, 0, &b.err), SIGNET_E_NOT_FOUND);
    assert_int_equal(rmdir(folder), 0);
}

/* Reading the result before the upload spoils the board; so does a second chunk 0. */
static void spoilt_boards(void **state)
{
    static const char first[] = "\xa4\x63off\x00\x64name\x77/factory/provision.cbor\x63len\x19\x01"
                                "\x00\x64"
                                "data\x44"
                                "aaaa";

    (void)state;
    for (int twice = 0; twice < 2; twice++)
        for (int g = SIM_ZEPHYR_32; g <= SIM_ZEPHYR_33; g++) {
            const struct sim_board_options board = {.firmware = SIM_FIRMWARE_INITIAL,
                                                    .generation = (enum sim_generation)g};
            const struct signet_smp_options options = {.timeout_ms = 200, .retries = 3};
            struct signet_bytes result = {0};
            struct sim_board_state seen;
            struct bench b;

            set_up(&b, &board, &options);
            OK(&b, mounted(&b));
            if (!twice) {
                OK(&b, signet_smp_download(b.smp, "/factory/result.txt", 10, &result, &b.err));
                assert_string_equal((char *)result.data, "-1");
                assert_int_equal(
                    signet_smp_upload(b.smp, "/factory/provision.cbor", "x", 1, NULL, &b.err),
                    SIGNET_E_SMP);
            } else {
                struct buf packet = {0}, wire = {0};
                const struct smp_header header = {
                    .op = SMP_WRITE, .group = SMP_GROUP_FS, .length = (uint16_t)(sizeof first - 1)};

                smp_header_encode(&header, buf_extend(&packet, SMP_HEADER_SIZE));
                buf_append(&packet, first, sizeof first - 1);
                smp_frame_encode(&wire, packet.data, packet.len, 93);
                OK(&b, link_write(b.link, wire.data, wire.len, clock_ms() + 5000, &b.err));
                OK(&b, link_write(b.link, wire.data, wire.len, clock_ms() + 5000, &b.err));
                if (g == SIM_ZEPHYR_32) {
                    waits_for(&b, "ASSERTION FAIL");
                    assert_int_equal(signet_smp_status(b.smp, "/x", NULL, &b.err),
                                     SIGNET_E_TIMEOUT);
                } else {
                    OK(&b, signet_smp_download(b.smp, "/factory/result.txt", 9, &result, &b.err));
                    assert_string_equal((char *)result.data, "-1");
                }
                sim_board_state(b.board, &seen);
                assert_int_equal(seen.repeated, 1);
                buf_free(&packet);
                buf_free(&wire);
            }
            signet_bytes_free(&result);
            tear_down(&b);
        }
}

/* Uploads and reads back; a success must be one. */
static int try_upload(const char *misbehave, enum sim_generation generation, int timeout_ms,
                      struct signet_error *err)
{
    static uint8_t data[3000];
    const struct sim_board_options board = {.firmware = SIM_FIRMWARE_SMP_FILE,
                                            .generation = generation,
                                            .misbehave = misbehave,
                                            .seed = 5};
    const struct signet_smp_options options = {.timeout_ms = timeout_ms, .retries = 20};
    struct signet_bytes file = {0}, back = {0};
    struct sim_board_state seen;
    struct bench b;
    int rc;

    for (size_t i = 0; i < sizeof data; i++)
        data[i] = (uint8_t)(i * 11 + i / 256);
    set_up(&b, &board, &options);
    bool confirmed;
    rc = signet_smp_upload(b.smp, "/lfs/file", data, sizeof data, &confirmed, &b.err);
    if (!rc)
        rc = signet_smp_compare(b.smp, "/lfs/file", data, sizeof data, NULL, NULL, &b.err);
    if (!rc)
        rc = signet_smp_download(b.smp, "/lfs/file", sizeof data, &back, &b.err);
    if (!rc) {
        OK(&b, sim_board_file(b.board, "/lfs/file", &file, &b.err));
        if (file.len != sizeof data || memcmp(file.data, data, sizeof data) != 0 ||
            back.len != sizeof data || memcmp(back.data, data, sizeof data) != 0)
            fail_msg("%s: false success", misbehave);
    }
    sim_board_state(b.board, &seen);
    assert_int_equal(seen.repeated, 0);
    signet_bytes_free(&file);
    signet_bytes_free(&back);
    *err = b.err;
    tear_down(&b);
    return rc;
}

static const char *const bearable[] = {
    "drop-tx=40",
    "drop-rx=40",
    "dup=7",
    "flip=1e-4",
    "insert=1e-4",
    "delete=1e-4",
    "delay=3",
    "late=150",
    "log-noise",
    "split",
    "wrong-seq=3",
    "oversize=3",
    "garbage",
    "stall=0.5",
    "drop-tx=11,drop-rx=13",
    "flip=1e-3,log-noise,garbage=2,oversize=7,wrong-seq=9",
};

static void bear(size_t i)
{
    enum sim_generation generation = i % 2 ? SIM_ZEPHYR_33 : SIM_ZEPHYR_32;
    struct signet_error err = {0};

    if (try_upload(bearable[i / 2], generation, 100, &err) != SIGNET_OK)
        fail_msg("%s: %s", bearable[i / 2], err.msg);
}

static void survives(void **state)
{
    (void)state;
    parallel(2 * sizeof bearable / sizeof *bearable, 8, bear);
}

static void ends_with_an_error(void **state)
{
    static const struct {
        const char *faults;
        int rc;
    } cases[] = {
        {"assert=2", SIGNET_E_TIMEOUT},    {"unplug-after=2000", SIGNET_E_LINK},
        {"drop-tx=1", SIGNET_E_TIMEOUT},   {"drop-rx=1", SIGNET_E_TIMEOUT},
        {"wrong-seq=1", SIGNET_E_TIMEOUT}, {"flip=0.2", SIGNET_E_TIMEOUT},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct signet_error err = {0};
        int64_t start = clock_ms();
        int rc = try_upload(cases[i].faults, SIM_ZEPHYR_33, 20, &err);

        if (rc != cases[i].rc)
            fail_msg("%s: %d instead of %d: %s", cases[i].faults, rc, cases[i].rc, err.msg);
        assert_true(clock_ms() - start < 60000);
        assert_true(strlen(err.msg) > 10);
    }
}

static void factory_misbehaviours(void **state)
{
    static const char *const ready[] = {"Device ready"};
    struct sim_board_options board = {.firmware = SIM_FIRMWARE_INITIAL, .misbehave = "never-ready"};
    const struct signet_smp_options options = {.timeout_ms = 100, .retries = 2};
    struct signet_bytes packet = {0}, result = {0};
    struct bench b;
    size_t which;

    (void)state;
    set_up(&b, &board, &options);
    assert_int_equal(signet_smp_wait_text(b.smp, ready, 1, 300, &which, &b.err), SIGNET_E_TIMEOUT);
    tear_down(&b);
    make_packet(&packet, 1500);
    board.misbehave = "result=-1";
    set_up(&b, &board, &options);
    OK(&b, mounted(&b));
    OK(&b,
       signet_smp_upload(b.smp, "/factory/provision.cbor", packet.data, packet.len, NULL, &b.err));
    OK(&b, signet_smp_download(b.smp, "/factory/result.txt", 10, &result, &b.err));
    assert_string_equal((char *)result.data, "-1");
    assert_int_equal(sim_board_applied(b.board, &result, &b.err), SIGNET_E_NOT_FOUND);
    signet_bytes_free(&result);
    tear_down(&b);
    board.misbehave = "hang-on-full-ring";
    set_up(&b, &board, &options);
    OK(&b, mounted(&b));
    assert_int_equal(
        signet_smp_upload(b.smp, "/factory/provision.cbor", packet.data, packet.len, NULL, &b.err),
        SIGNET_E_TIMEOUT);
    signet_bytes_free(&packet);
    tear_down(&b);
}

static void bad_options(void **state)
{
    static const char *const bad[] = {
        "flp", "flip=2", "flip=x", "drop-tx=", "result=0", "=3", ",,"};
    struct sim_board *board = NULL;
    struct signet_error err;

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        const struct sim_board_options options = {.misbehave = bad[i]};

        assert_int_equal(sim_board_start(&board, &options, &err), SIGNET_E_USAGE);
        assert_null(board);
    }
    for (size_t i = 0; sim_board_fault_name(i); i++) {
        const struct sim_board_options options = {.misbehave = sim_board_fault_name(i)};

        assert_int_equal(sim_board_start(&board, &options, &err), SIGNET_OK);
        sim_board_stop(&board);
        assert_true(strlen(sim_board_fault_summary(i)) > 10);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(provisions),         cmocka_unit_test(flashing),
        cmocka_unit_test(spoilt_boards),      cmocka_unit_test(survives),
        cmocka_unit_test(ends_with_an_error), cmocka_unit_test(factory_misbehaviours),
        cmocka_unit_test(bad_options),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
