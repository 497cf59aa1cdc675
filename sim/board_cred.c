/* SPDX-License-Identifier: Apache-2.0 */
/* The shell of a Zephyr board with `cred`, `hwinfo` and Nordic's `nrf_cloud_cred`: it repeats what
 * is typed, says what the real one says, and keeps what is given to it. */
#include "board.h"
#include "pki/pki.h"

#include <stdio.h>
#include <stdlib.h>

enum { WORDS = 8, COMMAND_MAX = 256 };

struct command {
    char line[COMMAND_MAX];
    char *words[WORDS];
    size_t count;
    struct buf *out;
};

static const char prompt[] = "\x1b[1;32muart:~$ \x1b[m";

/* What is typed for it, and what it calls the type. */
static const char *const types[][3] = {{"CA", "CA", "CA_CERT"},
                                       {"CLIENT", "SERV", "SERVER_CERT"},
                                       {"PK", "PK", "PRIVATE_KEY"},
                                       {"PSK", "PSK", "PRE_SHARED_KEY"},
                                       {"PSK_ID", "PSK_ID", "PRE_SHARED_KEY_ID"}};
enum { TYPES = COUNT_OF(types) };

static size_t find_type(const struct command *c, const char *word)
{
    size_t i = 0;

    while (i < TYPES && strcmp(types[i][0], word) != 0)
        i++;
    if (i == TYPES)
        buf_printf(c->out, "%s is not a valid credential type.\r\n", word);
    return i;
}

static bool take_tag(const struct command *c, const char *word, unsigned *tag)
{
    char *end;

    *tag = (unsigned)strtoul(word, &end, 10);
    if (*word && !*end)
        return true;
    buf_printf(c->out, "%s is not a valid sectag.\r\n", word);
    return false;
}

static void clear_buffer(struct sim_store *store, const struct command *c, bool always)
{
    if (store->buffered || always)
        buf_text(c->out, "Credential buffer cleared.\r\n");
    wipe(store->buffer, sizeof(store->buffer));
    store->buffered = 0;
}

static bool store_text(struct sim_store *store, const struct command *c, const char *text)
{
    size_t len = strlen(text);

    if (store->buffered + len >= SIM_BUFFER_MAX) {
        buf_text(c->out, "Not enough room in credential buffer for provided data. Increase "
                         "CONFIG_TLS_CREDENTIALS_SHELL_CRED_BUF_SIZE.\r\n");
        clear_buffer(store, c, false);
        return false;
    }
    memcpy(store->buffer + store->buffered, text, len);
    store->buffered += len;
    buf_printf(c->out, "Stored %zu bytes.\r\n", len);
    return true;
}

static void cred_buf(struct sim_board *board, const struct command *c)
{
    if (c->count < 3)
        buf_text(c->out, "buf: wrong parameter count\r\n");
    else if (strcmp(c->words[2], "clear") == 0)
        clear_buffer(&board->store, c, true);
    else
        store_text(&board->store, c, c->words[2]);
}

static bool decode_buffer(struct sim_store *store, const struct command *c, const char *format,
                          struct buf *out)
{
    uint8_t plain[SIM_BUFFER_MAX];
    ssize_t len = (ssize_t)store->buffered;

    if (strncmp(format, "BIN", 3) == 0)
        len = base64_decode(store->buffer, store->buffered, plain, sizeof(plain));
    else
        memcpy(plain, store->buffer, store->buffered);
    if (len < 0) {
        buf_text(c->out, "Could not decode input from base64, error: -22\r\n");
        return false;
    }
    buf_append(out, plain, (size_t)len);
    if (text_ends_with(format, "T"))
        buf_byte(out, 0);
    wipe(plain, sizeof(plain));
    return true;
}

static void add_decoded(struct sim_board *board, const struct command *c, unsigned tag, size_t type,
                        const struct buf *data)
{
    if (board->wire.faults.no_heap > 0 ||
        (board->wire.faults.forgets <= 0 &&
         !store_add(&board->store, tag, types[type][0], data->data, data->len))) {
        buf_printf(c->out,
                   "Failed to add TLS credential with sectag %u and type %s. Error: -12\r\n", tag,
                   types[type][2]);
        return;
    }
    store_changed(board, "credential");
    buf_printf(c->out, "Added TLS credential of type %s, sectag %u, and length %zu bytes.\r\n",
               types[type][2], tag, data->len);
}

static void cred_add(struct sim_board *board, const struct command *c)
{
    struct sim_store *store = &board->store;
    struct buf data = {0};
    unsigned tag;

    if (c->count < 6 || !take_tag(c, c->words[2], &tag))
        return;
    size_t type = find_type(c, c->words[3]);
    if (type == TYPES)
        return;
    if (c->count > 6) {
        clear_buffer(store, c, false);
        if (!store_text(store, c, c->words[6]))
            return;
    }
    if (!store->buffered)
        buf_text(c->out, "Please provide a credential to add.\r\n");
    else if (store_find(store, tag, types[type][0]))
        buf_printf(c->out, "TLS credential with sectag %u and type %s already exists.\r\n", tag,
                   types[type][2]);
    else if (decode_buffer(store, c, c->words[5], &data))
        add_decoded(board, c, tag, type, &data);
    clear_buffer(store, c, false);
    buf_free(&data);
}

static void cred_del(struct sim_board *board, const struct command *c)
{
    unsigned tag;

    if (c->count < 4 || !take_tag(c, c->words[2], &tag))
        return;
    size_t type = find_type(c, c->words[3]);
    struct sim_credential *found =
        type < TYPES ? store_find(&board->store, tag, types[type][0]) : NULL;
    if (type < TYPES && !found)
        buf_printf(c->out, "There is no TLS credential with sectag %u and type %s.\r\n", tag,
                   types[type][2]);
    if (!found)
        return;
    store_drop(found);
    store_changed(board, "deleted");
    buf_printf(c->out, "Deleted TLS credential with sectag %u and type %s.\r\n", tag,
               types[type][2]);
}

static void cred_list(struct sim_board *board, const struct command *c)
{
    unsigned tag = 0, count = 0;

    if (c->count > 2 && !take_tag(c, c->words[2], &tag))
        return;
    if (c->count > 3 && find_type(c, c->words[3]) == TYPES)
        return;
    for (size_t i = 0; i < SIM_STORE_MAX; i++) {
        const struct sim_credential *one = &board->store.list[i];
        size_t type = 0;
        uint8_t sha[32];
        char text[48];

        while (type < TYPES && strcmp(types[type][0], one->type) != 0)
            type++;
        if (type == TYPES || (c->count > 2 && one->tag != tag) ||
            (c->count > 3 && strcmp(c->words[3], one->type) != 0))
            continue;
        sha256(one->data.data, one->data.len, sha, NULL);
        base64_encode(sha, sizeof(sha), text);
        if (board->wire.faults.wrong_type > 0)
            type = (type + 1) % TYPES;
        buf_printf(c->out, "%u,%s,%s,0\r\n", one->tag, types[type][1], text);
        count++;
    }
    buf_printf(c->out, "%u credentials found.\r\n", count);
}

/* nrf_cloud_cred */

static void key_make(struct sim_board *board, const struct command *c, unsigned tag)
{
    if (store_find(&board->store, tag, "key")) {
        buf_printf(c->out, "Key already exists in sec tag %u. Use 'delete' to remove it first.\r\n",
                   tag);
    } else if (board->wire.faults.no_heap > 0 || !store_make_key(&board->store, tag)) {
        buf_text(c->out, "Key generation failed: -12\r\n");
    } else {
        board->count.keys++;
        store_changed(board, "key");
        buf_printf(c->out, "Generated device key in sec tag %u\r\n", tag);
    }
}

static void key_request(struct sim_board *board, const struct command *c, unsigned tag)
{
    const char *subject = c->count > 3 ? c->words[3] : "CN=nrf";
    struct signet_bytes csr = {0};

    if (strncmp(subject, "CN=", 3) != 0 || !store_request(&board->store, tag, subject + 3, &csr)) {
        buf_text(c->out, "CSR generation failed: -2\r\n");
        return;
    }
    if (board->wire.faults.wrong_key > 0)
        csr.data[csr.len - 1] ^= 1;
    buf_text(c->out, "CSR: ");
    buf_base64(c->out, csr.data, csr.len);
    buf_text(c->out, "\r\nCSR generation complete\r\n");
    signet_bytes_free(&csr);
}

static void key_delete(struct sim_board *board, const struct command *c, unsigned tag)
{
    struct sim_credential *key = store_find(&board->store, tag, "key");

    if (!key || board->wire.faults.keeps_key > 0) {
        buf_text(c->out, "Key deletion failed: -2\r\n");
        return;
    }
    store_drop(key);
    store_changed(board, "key-deleted");
    buf_printf(c->out, "Deleted device key in sec tag %u\r\n", tag);
}

static void run_command(struct sim_board *board, const struct command *c)
{
    static const struct {
        const char *first, *second;
        void (*run)(struct sim_board *board, const struct command *c);
        void (*key)(struct sim_board *board, const struct command *c, unsigned tag);
    } rows[] = {
        {"cred", "buf", cred_buf, NULL},
        {"cred", "add", cred_add, NULL},
        {"cred", "del", cred_del, NULL},
        {"cred", "list", cred_list, NULL},
        {"nrf_cloud_cred", "keygen", NULL, key_make},
        {"nrf_cloud_cred", "csr", NULL, key_request},
        {"nrf_cloud_cred", "delete", NULL, key_delete},
    };
    char id[17];

    for (size_t i = 0; c->count > 1 && i < COUNT_OF(rows); i++)
        if (strcmp(rows[i].first, c->words[0]) == 0 && strcmp(rows[i].second, c->words[1]) == 0) {
            if (rows[i].run)
                rows[i].run(board, c);
            else
                rows[i].key(board, c, c->count > 2 ? (unsigned)strtoul(c->words[2], NULL, 10) : 0);
            return;
        }
    if (c->count > 1 && strcmp(c->words[0], "hwinfo") == 0 && strcmp(c->words[1], "devid") == 0) {
        cred_hardware_id(board, id);
        buf_printf(c->out, "Length: 8\r\nID: 0x%s\r\n", id);
    } else if (c->count) {
        buf_printf(c->out, "%s: command not found\r\n", c->words[0]);
    }
}

static void split_words(struct command *c)
{
    char *save = NULL;

    for (char *word = strtok_r(c->line, " ", &save); word && c->count < WORDS;
         word = strtok_r(NULL, " ", &save))
        c->words[c->count++] = word;
}

void cred_line(struct sim_board *board, const uint8_t *data, size_t len)
{
    struct buf out = {0};
    struct command c = {.out = &out};
    size_t n = 0;

    for (size_t i = 0; i < len && n + 1 < sizeof(c.line); i++)
        if (data[i] >= ' ' && data[i] < 0x7f)
            c.line[n++] = (char)data[i];
    if (!n || console_starts_again(board))
        return;
    board->count.commands++;
    board->answers++;
    buf_printf(&out, "%s\r\n", c.line);
    split_words(&c);
    run_command(board, &c);
    if (board->wire.faults.log_noise > 0)
        buf_text(&out, "[00:00:07.251,000] <inf> net: \x1b[1;33mnoise\x1b[0m\r\n");
    buf_text(&out, prompt);
    if (!out.failed)
        wire_send(&board->wire, out.data, out.len, answer_delay_ms(board));
    buf_free(&out);
    wipe(c.line, sizeof(c.line));
}
