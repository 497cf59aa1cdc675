/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LABEL_PRIVATE_H
#define LABEL_PRIVATE_H

#include "label/label.h"

/* A template is a list of parts. */
enum part_kind {
    PART_ZPL,    /* as it is */
    PART_VALUES, /* texts with placeholders: escaped */
    PART_BEGIN,  /* the data of a field begin, */
    PART_END     /* and end */
};
struct part {
    enum part_kind kind;
    size_t from, len; /* PART_ZPL: in zpl */
    struct pieces pieces;
    enum signet_label_field field; /* from here on: of PART_BEGIN and PART_VALUES */
    char hex;                      /* of the field: the mark of its hex digits; 0: it has none */
    char code;   /* PART_END: of a code of which it is known what a scanner makes of it: Q a QR
                    code, C Code 128, X Data Matrix; 0: it is none */
    bool counts; /* PART_END: such a code, which tells a device from others */
    bool wraps;  /* ^FB: a backslash is no plain letter */
    size_t at;   /* in the file */
};
struct label_template {
    char *path;
    struct buf zpl; /* literals */
    struct part *parts;
    size_t count;
    bool ascii; /* the template has another ^CI than 28 */
};

/* texts.c: texts of devices, once sorted by their hashes; {0}: none. list is the caller's to free.
 */
struct label_text {
    uint64_t hash;
    int64_t device;
    size_t part; /* of the template, that the text is in */
};
struct label_texts {
    struct label_text *list;
    size_t count;
};
int label_texts_add(struct label_texts *texts, const char *text, int64_t device, size_t part,
                    struct signet_error *err);
void label_texts_sort(struct label_texts *texts);
/* The first with the text's hash; texts->count, or another one's: none has it. */
size_t label_texts_find(const struct label_texts *texts, const char *text, uint64_t *hash);

struct label {
    struct label_template *template;
    const struct signet_order *order;
    struct source *source;
    struct label_texts numbers; /* of the names; empty: not known */
};

/* status_answer.c: the answer to ~HS, three strings between STX and ETX */
struct printer_status {
    bool paper_out, paused, buffer_full, partial, corrupt, cold, hot; /* first string */
    bool head_up, ribbon_out, taking; /* second; taking: a label waits to be taken off */
    unsigned formats, labels;         /* in its buffer; of the batch that it prints */
};
enum { STATUS_MAX = 512 };
/* 1: complete; 0: more has to come; -1: it is no such answer. */
int status_parse(const char *text, size_t len, struct printer_status *out);
/* SIGNET_E_BUSY: why it does not print. */
int status_ready(const struct printer_status *status, struct signet_error *err);
/* Nothing is left to print. */
bool status_idle(const struct printer_status *status);

#endif
