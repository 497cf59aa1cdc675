/* SPDX-License-Identifier: Apache-2.0 */
/* Codes of labels that are scanned back. */
#include "label/private.h"
#include "scan/scan.h"

#include <stdio.h>
#include <stdlib.h>

/* A code as a scanner gives it. False: it could not be told from codes of other things. */
static bool as_read(const struct label *label, const char *text, size_t len, struct scan_code *out)
{
    return scan_read(&label->order->scan, text, len, out, NULL) == SIGNET_OK &&
           out->kind == SCAN_DEVICE;
}

/* The code that a board of this device is scanned by; it is no proof of a label. "": none. */
static int own_code(const struct label *label, const char *endpoint, int64_t index, struct buf *out,
                    struct signet_error *err)
{
    const struct signet_scan *scan = &label->order->scan;
    struct placeholder_values values = {0};
    struct manifest_row row = {0};
    const bool *secret;
    const struct placeholder_names names = source_placeholders(label->source, &secret);
    const char *scanned = scan->endpoint ? strstr(scan->endpoint, "{scan}") : NULL;
    int rc = SIGNET_OK;

    buf_reset(out);
    if (scan->used && scan->prefix)
        buf_text(out, scan->prefix);
    if (scanned) {
        size_t head = (size_t)(scanned - scan->endpoint), tail = strlen(scanned) - strlen("{scan}");

        if (strlen(endpoint) > head + tail)
            buf_append(out, endpoint + head, strlen(endpoint) - head - tail);
    } else if (scan->column) {
        rc = source_values(label->source, endpoint, index, &row, &values, err);
        for (size_t i = 0; rc == SIGNET_OK && i < names.count; i++)
            if (strcmp(names.columns[i], scan->column) == 0) {
                size_t len = 0;
                const uint8_t *field = manifest_field(&row, i, &len);

                buf_append(out, field, len);
            }
        manifest_row_free(&row);
    }
    buf_byte(out, '\0');
    return rc == SIGNET_OK ? buf_check(out, err) : rc;
}

struct survey {
    struct label *label;
    int64_t device;
    struct buf own;
    struct label_texts codes, names;
};

static int note_seen(void *ctx, size_t part, const char *text, size_t len, struct signet_error *err)
{
    struct survey *s = ctx;
    struct scan_code code;

    if (!as_read(s->label, text, len, &code)) {
        s->label->template->parts[part].counts = false;
        return SIGNET_OK;
    }
    if (strcmp(code.text, (const char *)s->own.data) == 0)
        s->label->template->parts[part].counts = false;
    return label_texts_add(&s->codes, code.text, s->device, part, err);
}

/* A code that two devices have tells neither, in whichever fields it is. */
static void leave_out_shared(struct survey *s)
{
    const struct label_text *codes = s->codes.list;

    label_texts_sort(&s->codes);
    for (size_t first = 0, end; first < s->codes.count; first = end) {
        bool shared = false;

        for (end = first; end < s->codes.count && codes[end].hash == codes[first].hash; end++)
            shared = shared || codes[end].device != codes[first].device;
        for (size_t i = first; shared && i < end; i++)
            s->label->template->parts[codes[i].part].counts = false;
    }
}

/* Names that boards give are not known before: one stands for them. */
static int survey_device(struct survey *s, int64_t i, bool named, struct signet_error *err)
{
    const char *const values[][2] = {{"{scan}", "0"}, {NULL, NULL}};
    const char *pattern = s->label->order->scan.endpoint;
    const struct label_visitor visitor = {.code = note_seen, .ctx = s};
    char endpoint[SIGNET_ENDPOINT_SIZE] = "urn:dev:os:0", board[32];
    struct buf sample = {0};
    int rc = named ? source_name(s->label->source, i, endpoint, err) : SIGNET_OK;

    if (!named && pattern) {
        text_expand(&sample, pattern, strlen(pattern), values);
        snprintf(endpoint, sizeof(endpoint), "%.*s", (int)sample.len, (const char *)sample.data);
    }
    buf_free(&sample);
    snprintf(board, sizeof(board), "board-%lld", (long long)i);
    const struct signet_label_device device = {endpoint, named ? i : -1, board};
    s->device = i;
    if (rc == SIGNET_OK && named)
        rc = label_texts_add(&s->names, endpoint, i, 0, err);
    if (rc == SIGNET_OK)
        rc = own_code(s->label, endpoint, device.index, &s->own, err);
    return rc == SIGNET_OK ? label_look(s->label, &device, &visitor, err) : rc;
}

int label_check_codes(struct label *label, int64_t count, struct signet_error *err)
{
    struct survey s = {.label = label};
    struct label_template *t = label->template;
    int rc = SIGNET_OK;
    bool any = false;

    for (int64_t i = 0; rc == SIGNET_OK && i < (count ? count : 1); i++)
        rc = survey_device(&s, i, count > 0, err);
    leave_out_shared(&s);
    for (size_t i = 0; i < t->count; i++)
        any = any || t->parts[i].counts;
    label_texts_sort(&s.names);
    label->numbers = s.names;
    free(s.codes.list);
    buf_free(&s.own);
    if (rc != SIGNET_OK || any)
        return rc;
    return error_set_hint(
        err, SIGNET_E_MEANING,
        "a QR code, a Data Matrix or a Code 128 with {endpoint}, {serial} or "
        "{hw_id}, that is not the code of the bare board, and of at most 128 bytes",
        "%s: scan_back: no code on the label tells its device from others", t->path);
}

struct search {
    const struct label *label;
    const char *code;
    bool found;
};

static int compare_code(void *ctx, size_t part, const char *text, size_t len,
                        struct signet_error *err)
{
    struct search *s = ctx;
    struct scan_code code;

    (void)err;
    s->found = s->found || (s->label->template->parts[part].counts &&
                            as_read(s->label, text, len, &code) && strcmp(code.text, s->code) == 0);
    return SIGNET_OK;
}

int label_has_code(const struct label *label, const struct signet_label_device *device,
                   const char *code, bool *has, struct signet_error *err)
{
    struct search s = {.label = label, .code = code};
    const struct label_visitor visitor = {.code = compare_code, .ctx = &s};
    int rc = label_look(label, device, &visitor, err);

    if (rc == SIGNET_OK)
        *has = s.found;
    return rc;
}
