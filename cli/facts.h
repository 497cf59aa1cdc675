/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_FACTS_H
#define CLI_FACTS_H

/* What a board tells about itself, for `smp info` and `board info` (facts.c). */

#include "cli.h"

struct facts {
    struct signet_smp_parameters parameters;
    struct signet_smp_hash_type types[16];
    struct signet_bytes system;
    size_t type_count;
    bool has_parameters, has_types;
};

/* Each board knows some of this; only a board that does not answer is an error. */
int facts_ask(struct facts *facts, struct signet_smp *smp, struct signet_error *err);
void facts_free(struct facts *facts);
void facts_print(const struct facts *facts);
void facts_json(const struct facts *facts, struct json *j);

/* Text from a board, with a line end: nothing in it may steer a terminal. */
void facts_put(const char *title, const uint8_t *text, size_t len);

/* One verb's talk with a board. */
struct session {
    struct cli cli;
    const char *port;
    unsigned baud, version, timeout, line_length, packet_size;
    bool quick; /* only two retries, and nobody is told of them */
    struct signet_observer observer;
    struct signet_link *link;
    struct signet_smp *smp;
};
#define SESSION_ROWS(s)                                                                            \
    NUMBER('b', "baud", "N", "Serial speed (115200)", &(s)->baud, 50, 20000000),                   \
        NUMBER(0, "smp-version", "N", "Version of SMP to speak (2 where the board knows it)",      \
               &(s)->version, 1, 2),                                                               \
        NUMBER(0, "smp-timeout-ms", "MS", "Wait for one answer (2000)", &(s)->timeout, 1, 600000), \
        NUMBER(0, "smp-line-length", "N",                                                          \
               "Longest line to the board, marker and line end counted (127)", &(s)->line_length,  \
               SIGNET_SMP_LINE_LEAST, SIGNET_SMP_LINE_MOST),                                       \
        NUMBER(0, "smp-packet-size", "N", "Largest packet, header and CBOR (what the board says)", \
               &(s)->packet_size, SIGNET_SMP_PACKET_LEAST, SIGNET_SMP_PACKET_MOST)
#define SMP_PORT_ROWS(s)                                                                           \
    TEXT('p', "port", "PORT", "Serial port, tcp:HOST:PORT or udp:HOST:PORT (required)",            \
         &(s)->port),                                                                              \
        SESSION_ROWS(s)
int session_connect(struct session *s);
int smp_image(int argc, char **argv); /* smp_groups.c */
int smp_settings(int argc, char **argv);
int session_end(struct session *s, int rc); /* rc, or the error is told; returns the exit code */

#endif
