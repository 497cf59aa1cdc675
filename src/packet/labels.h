/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PACKET_LABELS_H
#define PACKET_LABELS_H

/* SenML CBOR labels, RFC 8428 table 4. LwM2M's object link has a text label only. */
enum label {
    LABEL_BASE_VERSION = -1,
    LABEL_BASE_NAME = -2,
    LABEL_BASE_TIME = -3,
    LABEL_BASE_UNIT = -4,
    LABEL_BASE_VALUE = -5,
    LABEL_BASE_SUM = -6,
    LABEL_NAME = 0,
    LABEL_UNIT = 1,
    LABEL_VALUE = 2,
    LABEL_STRING = 3,
    LABEL_BOOLEAN = 4,
    LABEL_SUM = 5,
    LABEL_TIME = 6,
    LABEL_UPDATE_TIME = 7,
    LABEL_DATA = 8,
};
#define LABEL_OBJLINK "vlo"

#endif
