/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_PACKET_H
#define SIGNET_PACKET_H

/* The packet: a tree as SenML CBOR, which is what anjay_factory_provision() takes.
 *
 * Units: bytes. Ownership: the caller frees what a call fills in; a packet holds the device's
 * secret. Errors: SIGNET_E_SYNTAX and SIGNET_E_LIMIT with record and byte. Standards: RFC 8428,
 * section 6 (SenML CBOR); LwM2M Core 1.2, section 7.5.7; RFC 8949 (CBOR).
 *
 * Threads: the functions may be called on any thread; one tree is for one thread at a time. */

#include <signet/bytes.h>
#include <signet/error.h>
#include <signet/objects.h>
#include <signet/tree.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The packet of a tree, records in the tree's order, full paths, preferred serialization
 * (RFC 8949 section 4.1). Checks no meaning: that is signet_tree_check(). The caller frees out
 * with signet_bytes_free(). */
int signet_packet_encode(const struct signet_tree *tree, struct signet_bytes *out,
                         struct signet_error *err);

/* Any SenML CBOR packet as a tree: base names, base values, indefinite lengths, any float width,
 * decimal fractions (tag 4), times (tags 0 and 1). A path that comes twice keeps its last value.
 * data may be hostile: nothing is allocated from a length that it declares, at most 65,536
 * records. Errors (SIGNET_E_SYNTAX, SIGNET_E_LIMIT) name the record, counted from 1, and the byte
 * offset, counted from 0. The caller frees *out with signet_tree_free(). */
int signet_packet_decode(const uint8_t *data, size_t len, struct signet_tree **out,
                         struct signet_error *err);

enum signet_packet_format {
    SIGNET_PACKET_TABLE, /* for people: path, name, type, value */
    SIGNET_PACKET_JSON,  /* one JSON document: SenML JSON (RFC 8428) with LwM2M names added */
    SIGNET_PACKET_CFG,   /* a configuration that encodes to the same values */
    SIGNET_PACKET_LINES, /* one JSON object a line: a record as in the document, and its "event" */
};

/* Secrets are masked unless this is given: the output is then a secret itself. A masked
 * configuration is refused by signet_config_parse(): it holds None where a secret was. So does one
 * with an infinity or a NaN, for which the language has no word. */
enum { SIGNET_PACKET_REVEAL = 1u };

int signet_packet_print(const struct signet_tree *tree, enum signet_packet_format format,
                        unsigned flags, struct signet_bytes *out, struct signet_error *err);

/* The bytes as they are, in diagnostic notation (RFC 8949 section 8), one record a line. Takes
 * any well-formed CBOR item; where it is not a packet, all strings but names are masked. objects
 * may be NULL. */
int signet_packet_diagnose(const uint8_t *data, size_t len, const struct signet_objects *objects,
                           unsigned flags, struct signet_bytes *out, struct signet_error *err);

#ifdef __cplusplus
}
#endif
#endif
