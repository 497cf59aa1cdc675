/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SMP_SMP_H
#define SMP_SMP_H

#include "base/base.h"
#include "cbor/cbor.h"
#include "link/link.h"

#include <signet/smp.h>

/* Framing and answers are shared with the simulator, which is the other end of the line. */

#define SMP_HEADER_SIZE 8
#define SMP_LINE_RAW    93                     /* raw bytes in a line of 127 */
#define SMP_PACKET_MAX  SIGNET_SMP_PACKET_MOST /* larger packets are never taken */

enum smp_op { SMP_READ = 0, SMP_READ_RESPONSE = 1, SMP_WRITE = 2, SMP_WRITE_RESPONSE = 3 };
enum smp_group {
    SMP_GROUP_OS = 0,
    SMP_GROUP_IMAGE = 1,
    SMP_GROUP_SETTINGS = 3,
    SMP_GROUP_FS = 8,
    SMP_GROUP_SHELL = 9,
};

struct smp_header {
    uint8_t version; /* as on the wire: 0 is SMP v1 */
    uint8_t op, flags;
    uint16_t length; /* of the CBOR */
    uint16_t group;
    uint8_t sequence, id;
};

void smp_header_encode(const struct smp_header *header, uint8_t out[static SMP_HEADER_SIZE]);
void smp_header_decode(struct smp_header *header, const uint8_t in[static SMP_HEADER_SIZE]);

/* CRC-16/XMODEM */
uint16_t smp_crc16(const void *data, size_t len);
/* CRC-32 of IEEE 802.3, as zlib has it: of files */
uint32_t smp_crc32(const uint8_t *data, size_t len);

/* Appends the lines of one packet, line_raw raw bytes each (a multiple of 3). */
void smp_frame_encode(struct buf *out, const uint8_t *packet, size_t len, size_t line_raw);

/* Finds packets in a stream of text and frames; initialise to {0}. */
struct smp_frames {
    uint8_t packet[SMP_PACKET_MAX + 4]; /* with the bytes of length and CRC */
    size_t len, want;
    char line[256]; /* base64 text behind a marker */
    size_t line_len;
    int state;
    uint8_t held; /* first marker byte, not yet known to be one */
    uint64_t bad; /* frames given up */
    bool served;  /* these are requests: what the header says of the length is judged by who serves
                     them */
};

void smp_frames_reset(struct smp_frames *frames);

/* Takes bytes until a packet is complete or all are taken; *used says how many. Returns the
 * packet's length (header and CBOR, in frames->packet, valid until the next call) or 0. Bytes that
 * belong to no frame go to text (may be NULL). */
size_t smp_frames_feed(struct smp_frames *frames, const uint8_t *data, size_t len, size_t *used,
                       struct buf *text);

/* answers (answer.c): a CBOR map */
#define SMP_ITEMS_MAX 192 /* an image in a list has 10 */
#define SMP_DEPTH_MAX 6

struct smp_item {
    const uint8_t *key; /* into the packet, like data; NULL in an array */
    size_t key_len;
    int parent;          /* item whose value this is in, -1 at the top */
    enum cbor_kind kind; /* of arrays and maps never CBOR_ARRAY_START or CBOR_MAP_START */
    uint64_t value;      /* NEGATIVE: -1 - value */
    const uint8_t *data;
    size_t len;
};
struct smp_answer {
    struct smp_item items[SMP_ITEMS_MAX];
    size_t count;
};

/* One map, definite or not, nothing behind it. False: malformed, too deep or too many items. */
bool smp_answer_decode(struct smp_answer *answer, const uint8_t *data, size_t len);
/* The first such key under parent (-1: top), or NULL. */
const struct smp_item *smp_answer_get(const struct smp_answer *answer, int parent, const char *key);
/* Only of that kind, else NULL. */
const struct smp_item *smp_answer_want(const struct smp_answer *answer, const char *key,
                                       enum cbor_kind kind);
/* False: item is not there, or not a number. What is out of range becomes INT32_MIN or INT32_MAX.
 */
bool smp_answer_number(const struct smp_item *item, int *out);

#endif
