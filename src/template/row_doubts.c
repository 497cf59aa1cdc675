/* SPDX-License-Identifier: Apache-2.0 */
/* What is legal in a row of a manifest, and hardly meant: its name, its key, its other values. The
 * first ones are told, and what many rows have in common once. */
#include "lwm2m/lwm2m.h"
#include "template/private.h"

void row_doubts_tell(struct row_doubts *d, struct signet_error *note)
{
    if (d->count++ >= REPORTED_MAX)
        return;
    manifest_excerpt(d->s->names.manifest, note);
    event_warn(d->observer, note);
}

static unsigned long long row_line(const struct row_doubts *d)
{
    return d->values->row->line;
}

/* Is it new? */
static bool take_told(const void **told, const void *what)
{
    size_t i = 0;

    while (i < TOLD_MAX && told[i] && told[i] != what)
        i++;
    if (i == TOLD_MAX || told[i])
        return false;
    told[i] = what;
    return true;
}

/* The key */

static const char *doubt_of_key(const struct row_doubts *d, const uint8_t *key, size_t len)
{
    const char *doubt = psk_doubt(key, len), *name = d->values->endpoint;

    if (doubt)
        return doubt;
    if (len == strlen(name) && !memcmp(key, name, len))
        return "is the endpoint name";
    return len == d->key_len && psk_counts_up(key, d->key, len)
               ? "is that of the row before but for two bytes: does it count up?"
               : NULL;
}

static void tell_of_key(struct row_doubts *d, const char *doubt)
{
    struct signet_error note = {0};

    error_set_hint(&note, SIGNET_OK,
                   "without the column each device gets a random key; other rows are not told of",
                   "%s:%llu: %s: the key %s", d->s->template.manifest, row_line(d),
                   d->values->endpoint, doubt);
    manifest_excerpt(d->s->names.manifest, &note);
    event_warn(d->observer, &note);
}

/* Of the first account whose key the manifest brings: 16 to 64 bytes. */
void row_doubts_key(struct row_doubts *d, const struct signet_tree *tree)
{
    const struct template *template = &d->s->template;

    for (size_t i = 0; d->values->row && i < template->account_count; i++) {
        const struct template_account *a = &template->accounts[i];
        const struct signet_value *key = tree_value(tree, 0, a->iid, RID_SECRET_KEY);

        if (a->mode != SIGNET_MODE_PSK || !a->key || !key)
            continue;
        const char *doubt = doubt_of_key(d, key->as.bytes.data, key->as.bytes.len);
        if (doubt && take_told(d->of_keys, doubt) &&
            !(d->first && doubt == psk_doubt(key->as.bytes.data, key->as.bytes.len)))
            tell_of_key(d, doubt);
        d->key_len = key->as.bytes.len;
        memcpy(d->key, key->as.bytes.data, d->key_len);
        return;
    }
}

/* Other values: what the check of the device says of a place that a column fills. */

static bool is_key_of_account(const struct template *template, const struct pieces *pieces)
{
    for (size_t i = 0; i < template->account_count; i++)
        if (template->accounts[i].key && pieces == &template->accounts[i].key->pieces)
            return true;
    return false;
}

void row_doubts_take(void *ctx, const struct signet_event *event)
{
    struct row_doubts *d = ctx;
    struct signet_error note = *event->error;
    const struct template *template = &d->s->template;
    const struct pieces *pieces = template_pieces_of(template, note.msg);

    if (!pieces ||
        (is_key_of_account(template, pieces) ? !d->first : !take_told(d->of_values, pieces)))
        return;
    template_blame_row(template, d->values, &note);
    error_hint(&note, "%s%sother rows are not told of", event->error->hint,
               *event->error->hint ? "; " : "");
    row_doubts_tell(d, &note);
}

/* The name */

/* Digits that are fewer than those of a value with a zero in front: spreadsheets take it away. */
static bool lacks_zeros(struct widths *w, const uint8_t *cell, size_t len)
{
    size_t digits = 0;

    while (digits < len && cell[digits] >= '0' && cell[digits] <= '9')
        digits++;
    if (!len || digits < len || w->told)
        return false;
    if (*cell == '0' && len > w->with_zero)
        w->with_zero = len;
    if (!w->least || len < w->least)
        w->least = len;
    w->told = w->with_zero > w->least;
    return w->told;
}

static void doubt_cell(struct row_doubts *d, const struct manifest_row *row, size_t piece)
{
    size_t column = d->s->names.pattern.list[piece].column, len;
    const uint8_t *cell = manifest_field(row, column, &len);
    const char *doubt = cell_doubt((const char *)cell);
    struct signet_error note = {0};

    if (!doubt && piece < TOLD_MAX && lacks_zeros(&d->widths[piece], cell, len))
        doubt = "has another number of digits than one with a zero in front: a spreadsheet takes "
                "such zeros away";
    if (!doubt)
        return;
    error_set_hint(&note, SIGNET_OK, "give its column the format text, and save the table again",
                   "%s:%llu: %s '%s' %s", d->s->template.manifest, (unsigned long long)row->line,
                   d->s->template.columns[column], text_shown(cell, len, 60), doubt);
    row_doubts_tell(d, &note);
}

void row_doubts_name(struct row_doubts *d, const struct manifest_row *row, const char *endpoint)
{
    const struct pieces *pattern = &d->s->names.pattern;
    struct signet_error note = {0};
    const char *doubt = NULL;

    if (endpoint_check(endpoint, &doubt, NULL) != SIGNET_OK)
        return;
    if (doubt) {
        error_set_hint(&note, SIGNET_OK, "take the row out if it is no device", "%s:%llu: %s %s",
                       d->s->template.manifest, (unsigned long long)row->line, endpoint, doubt);
        row_doubts_tell(d, &note);
    }
    for (size_t i = 0; !doubt && i < pattern->count; i++)
        if (pattern->list[i].kind == PIECE_COLUMN)
            doubt_cell(d, row, i);
}
