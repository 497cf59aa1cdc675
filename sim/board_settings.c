/* SPDX-License-Identifier: Apache-2.0 */
/* Group settings of a simulated board: what is written counts at once, and after a restart when it
 * was saved. */
#include "board.h"

#include <string.h>

enum { VALUE = 0, DELETE = 1, COMMIT = 2, LOAD_SAVE = 3 };
enum { TOO_LONG = 2, NOT_FOUND = 3, ROOT_NOT_FOUND = 5 };
enum { NAME_MAX = 32, VALUE_MAX = 256 };
#define RC_INVALID  3
#define RC_NOT_SUPP 8

int settings_plain_rc(int rc)
{
    return rc == TOO_LONG ? 3 : rc == NOT_FOUND ? 5 : 1;
}

static struct sim_setting *find_setting(struct sim_setting *list, const struct smp_item *name)
{
    for (size_t i = 0; i < SIM_SETTINGS_MAX; i++)
        if (list[i].name[0] && item_is(name, list[i].name))
            return &list[i];
    return NULL;
}

static int read_setting(struct sim_setting *list, const struct smp_item *name,
                        const struct smp_answer *request, struct buf *body)
{
    const struct smp_item *most = smp_answer_want(request, "max_size", CBOR_UNSIGNED);
    const struct sim_setting *s = find_setting(list, name);
    size_t n = s ? s->len : 0;

    if (!s)
        return NOT_FOUND;
    if (most && most->value < n)
        n = (size_t)most->value;
    cbor_put_text(body, "val");
    cbor_put_bytes(body, s->value, n);
    if (most && most->value > VALUE_MAX)
        put_uint(body, "max_size", VALUE_MAX);
    return 0;
}

static int write_setting(struct sim_setting *list, const struct smp_item *name,
                         const struct smp_answer *request)
{
    const struct smp_item *value = smp_answer_want(request, "val", CBOR_BYTES);
    struct sim_setting *s = find_setting(list, name);

    for (size_t i = 0; !s && i < SIM_SETTINGS_MAX; i++)
        if (!list[i].name[0])
            s = &list[i];
    if (!s || !value || value->len > VALUE_MAX || !memchr(name->data, '/', name->len))
        return ROOT_NOT_FOUND;
    memcpy(s->name, name->data, name->len);
    s->name[name->len] = '\0';
    memcpy(s->value, value->data, value->len);
    s->len = value->len;
    return 0;
}

/* From memory and storage. */
static int delete_setting(struct sim_settings *settings, const struct smp_item *name)
{
    struct sim_setting *now = find_setting(settings->now, name);
    struct sim_setting *saved = find_setting(settings->saved, name);

    if (!now && !saved)
        return NOT_FOUND;
    if (now)
        now->name[0] = '\0';
    if (saved)
        saved->name[0] = '\0';
    return 0;
}

void settings_boot(struct sim_settings *settings)
{
    memcpy(settings->now, settings->saved, sizeof(settings->now));
}

static int load_or_save(struct sim_settings *settings, bool save)
{
    if (save)
        memcpy(settings->saved, settings->now, sizeof(settings->saved));
    else
        settings_boot(settings);
    return 0;
}

static int named_command(struct sim_settings *settings, const struct smp_header *header,
                         const struct smp_answer *request, struct buf *body)
{
    const struct smp_item *name = smp_answer_want(request, "name", CBOR_TEXT);

    if (name->len >= NAME_MAX)
        return TOO_LONG;
    if (header->id == DELETE)
        return delete_setting(settings, name);
    return header->op == SMP_READ ? read_setting(settings->now, name, request, body)
                                  : write_setting(settings->now, name, request);
}

int settings_command(struct sim_board *board, const struct smp_header *header,
                     const struct smp_answer *request, struct fs_reply *reply)
{
    const struct smp_item *name = smp_answer_want(request, "name", CBOR_TEXT);
    bool write = header->op == SMP_WRITE;
    int rc;

    if (!later_server(board) || header->id > LOAD_SAVE)
        return RC_NOT_SUPP;
    if (header->id == LOAD_SAVE)
        return load_or_save(&board->settings, write);
    if (header->id == COMMIT || (header->id == DELETE && !write))
        return write ? 0 : RC_NOT_SUPP;
    if (!name || !name->len)
        return RC_INVALID;
    rc = named_command(&board->settings, header, request, reply->body);
    reply->group = rc ? SMP_GROUP_SETTINGS : -1;
    return rc;
}
