/* SPDX-License-Identifier: Apache-2.0 */
/* Packets a second on one core, from a tree that is parsed already: the demo_psk configuration. */
#include "packet/private.h"

#include "bench.h"

#include <string.h>

enum { RUNS = 15, PER_RUN = 20000 };

static struct signet_value text(enum signet_type type, const char *bytes)
{
    return (struct signet_value){.type = type, .as.bytes = {(const uint8_t *)bytes, strlen(bytes)}};
}

static struct signet_value integer(int64_t value)
{
    return (struct signet_value){.type = SIGNET_TYPE_INTEGER, .as.integer = value};
}

static void put(struct signet_tree *tree, uint16_t oid, uint16_t rid, struct signet_value value)
{
    struct signet_path path = {oid, 1, rid, SIGNET_NO_ID};
    bench_require(signet_tree_put(tree, path, &value, NULL) == SIGNET_OK, "cannot fill the tree");
}

static struct signet_tree *demo(void)
{
    struct signet_tree *tree = NULL;
    struct signet_value no = {.type = SIGNET_TYPE_BOOLEAN};
    bench_require(signet_tree_new(&tree, NULL) == SIGNET_OK, "no tree");
    put(tree, 0, 0, text(SIGNET_TYPE_STRING, "coaps://127.0.0.1:5784"));
    put(tree, 0, 1, no);
    put(tree, 0, 2, integer(0));
    put(tree, 0, 3, text(SIGNET_TYPE_OPAQUE, "reg-test-psk-identity"));
    put(tree, 0, 5, text(SIGNET_TYPE_OPAQUE, "3x@mpl3P5K53cr3tK3y"));
    put(tree, 0, 10, integer(1));
    put(tree, 1, 0, integer(1));
    put(tree, 1, 1, integer(86400));
    put(tree, 1, 6, no);
    put(tree, 1, 7, text(SIGNET_TYPE_STRING, "U"));
    return tree;
}

static double encode_rate(const struct signet_tree *tree)
{
    double samples[RUNS];
    for (int run = 0; run < RUNS; run++) {
        double start = clock_seconds();
        for (int i = 0; i < PER_RUN; i++) {
            struct signet_bytes out = {0};
            bench_require(signet_packet_encode(tree, &out, NULL) == SIGNET_OK, "no packet");
            signet_bytes_free(&out);
        }
        samples[run] = PER_RUN / (clock_seconds() - start);
    }
    return bench_median(samples, RUNS);
}

static double reuse_rate(const struct signet_tree *tree)
{
    double samples[RUNS];
    struct buf out = {0};
    for (int run = 0; run < RUNS; run++) {
        double start = clock_seconds();
        for (int i = 0; i < PER_RUN; i++) {
            buf_reset(&out);
            bench_require(packet_encode(tree, &out, NULL) == SIGNET_OK, "no packet");
        }
        samples[run] = PER_RUN / (clock_seconds() - start);
    }
    buf_free(&out);
    return bench_median(samples, RUNS);
}

static double decode_rate(const struct signet_tree *tree)
{
    double samples[RUNS];
    struct signet_bytes packet = {0};
    bench_require(signet_packet_encode(tree, &packet, NULL) == SIGNET_OK, "no packet");
    for (int run = 0; run < RUNS; run++) {
        double start = clock_seconds();
        for (int i = 0; i < PER_RUN / 4; i++) {
            struct signet_tree *back = NULL;
            bench_require(signet_packet_decode(packet.data, packet.len, &back, NULL) == SIGNET_OK,
                          "cannot decode");
            signet_tree_free(&back);
        }
        samples[run] = PER_RUN / 4 / (clock_seconds() - start);
    }
    signet_bytes_free(&packet);
    return bench_median(samples, RUNS);
}

void bench_packet(void)
{
    struct signet_tree *tree = demo();
    bench_figure("packets encoded, public call", encode_rate(tree), "/s", 200000, true);
    bench_figure("packets encoded, one buffer again", reuse_rate(tree), "/s", 200000, true);
    bench_figure("packets decoded", decode_rate(tree), "/s", 0, true);
    signet_tree_free(&tree);
}
