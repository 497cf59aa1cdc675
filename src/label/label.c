/* SPDX-License-Identifier: Apache-2.0 */
/* The labels of an order: its template, and the values of its devices. */
#include "label/private.h"

#include <stdlib.h>

int label_open(struct label **out, const struct signet_order *order, struct source *source,
               struct signet_error *err)
{
    struct label *label = calloc(1, sizeof(*label));
    struct label_names names = {.print = order->label.print_secrets};

    if (!label)
        return error_nomem(err);
    label->order = order;
    label->source = source;
    names.known = source_placeholders(source, &names.secret);
    names.known.hardware = true;
    int rc = label_template_load(&label->template, order->label.template_file, &names, err);
    if (rc != SIGNET_OK)
        label_close(&label);
    else
        *out = label;
    return rc;
}

void label_close(struct label **label)
{
    if (*label) {
        label_template_free(&(*label)->template);
        free((*label)->numbers.list);
    }
    free(*label);
    *label = NULL;
}

static int try_number(const struct label *label, int64_t i, const char *endpoint, int64_t *number,
                      struct signet_error *err)
{
    char name[SIGNET_ENDPOINT_SIZE];
    int rc = source_name(label->source, i, name, err);

    if (rc == SIGNET_OK && strcmp(name, endpoint) == 0)
        *number = i;
    return rc;
}

/* The number of a name; -1: the order has no such name. */
static int find_number(const struct label *label, const char *endpoint, int64_t *number,
                       struct signet_error *err)
{
    const struct label_texts *numbers = &label->numbers;
    int64_t count = numbers->count == 0 ? source_count(label->source) : 0;
    uint64_t hash;
    int rc = SIGNET_OK;

    for (int64_t i = 0; rc == SIGNET_OK && *number < 0 && i < count; i++)
        rc = try_number(label, i, endpoint, number, err);
    for (size_t i = label_texts_find(numbers, endpoint, &hash);
         rc == SIGNET_OK && *number < 0 && i < numbers->count && numbers->list[i].hash == hash; i++)
        rc = try_number(label, numbers->list[i].device, endpoint, number, err);
    return rc;
}

/* zpl, or the visitor */
static int with_values(const struct label *label, const struct signet_label_device *device,
                       struct buf *zpl, const struct label_visitor *visitor,
                       struct signet_error *err)
{
    struct placeholder_values values = {.hardware = device->hw_id};
    struct manifest_row row = {0};
    int64_t number = device->index;
    int rc = number >= 0 ? SIGNET_OK : find_number(label, device->endpoint, &number, err);

    if (rc == SIGNET_OK)
        rc = source_values(label->source, device->endpoint, number, &row, &values, err);
    if (rc == SIGNET_OK)
        rc = zpl ? label_zpl(label->template, &values, zpl, err)
                 : label_fields(label->template, &values, visitor, err);
    manifest_row_free(&row);
    return error_pass(rc, err, "the label of %s", device->endpoint);
}

int label_make(const struct label *label, const struct signet_label_device *device, struct buf *zpl,
               struct signet_error *err)
{
    return with_values(label, device, zpl, NULL, err);
}

int label_look(const struct label *label, const struct signet_label_device *device,
               const struct label_visitor *visitor, struct signet_error *err)
{
    return with_values(label, device, NULL, visitor, err);
}

int label_try_all(const struct label *label, int64_t count, struct signet_error *err)
{
    char endpoint[SIGNET_ENDPOINT_SIZE];
    struct buf zpl = {0};
    int rc = SIGNET_OK;

    for (int64_t i = 0; rc == SIGNET_OK && i < count; i++) {
        const struct signet_label_device device = {.endpoint = endpoint, .index = i};

        buf_reset(&zpl);
        rc = source_name(label->source, i, endpoint, err);
        if (rc == SIGNET_OK)
            rc = label_make(label, &device, &zpl, err);
    }
    buf_free(&zpl);
    return rc;
}
