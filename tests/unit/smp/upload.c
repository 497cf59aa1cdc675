/* SPDX-License-Identifier: Apache-2.0 */
/* Each way in which answers and requests can be lost, against a board that dies of a second
 * chunk 0. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "device.h"
#include "smp/client.h"

/* FORGETS: after the last byte the board has no upload any more, as Zephyr's fs group does it.
 * VERSION_2 and TRANSLATED: Zephyr 3.4 and later, which go by the length of the file; asked in
 * version 1 they say rc 1 for each wrong offset. */
enum form { PLAIN, NAMES_OFFSET, VERSION_2, FORGETS, TRANSLATED, FORMS };

/* What happens to request i: 'A' answered, 'L' taken but the answer is lost, 'R' lost itself, 'D'
 * answered twice, 'E' taken and answered, but as {"rc": 1}. 'A' past the end. */
struct board {
    const char *script;
    enum form form;
    struct buf file;
    size_t older; /* bytes of another file that is there before */
    bool started, died;
    size_t len; /* that chunk 0 declared */
};

static void put_rc(const struct board *board, struct buf *body, unsigned rc, unsigned fs_rc)
{
    if (board->form == VERSION_2) {
        cbor_put_text(body, "err");
        cbor_put_map(body, 2);
        cbor_put_text(body, "group");
        cbor_put_uint(body, 8);
    }
    cbor_put_text(body, "rc");
    cbor_put_uint(body, board->form == VERSION_2 ? fs_rc : rc);
}

static void put_offset(const struct board *board, struct buf *body)
{
    cbor_put_text(body, board->form == VERSION_2 ? "len" : "off");
    cbor_put_uint(body, board->file.len);
}

static void take_chunk(struct board *board, const struct smp_answer *request, struct buf *body)
{
    const struct smp_item *off = smp_answer_want(request, "off", CBOR_UNSIGNED);
    const struct smp_item *data = smp_answer_want(request, "data", CBOR_BYTES);

    assert_non_null(off);
    assert_non_null(data);
    assert_non_null(smp_answer_want(request, "name", CBOR_TEXT));
    assert_int_equal(!off->value, !!smp_answer_want(request, "len", CBOR_UNSIGNED));
    if (!off->value && board->started) {
        board->died = true;
        return;
    }
    if (!off->value) {
        board->len = smp_answer_want(request, "len", CBOR_UNSIGNED)->value;
        buf_reset(&board->file);
    }
    if (off->value && board->form != VERSION_2 && board->form != TRANSLATED &&
        (!board->started || (board->form == FORGETS && board->file.len == board->len))) {
        put_rc(board, body, 3, 3);
    } else if (off->value != board->file.len) {
        if (board->form == NAMES_OFFSET || board->form == VERSION_2)
            put_offset(board, body);
        put_rc(board, body, 1, 11);
    } else {
        board->started = true;
        buf_append(&board->file, data->data, data->len);
        cbor_put_text(body, "off");
        cbor_put_uint(body, board->file.len);
        cbor_put_text(body, "rc");
        cbor_put_uint(body, 0);
    }
}

static bool handle(struct device *device, const struct smp_header *header,
                   const struct smp_answer *request, struct buf *body)
{
    struct board *board = device->ctx;
    bool status = header->group == SMP_GROUP_FS && header->id == 1;
    bool close = header->group == SMP_GROUP_FS && header->id == 4;
    char fate;

    if (header->group == SMP_GROUP_OS) { /* parameters */
        cbor_put_text(body, "buf_size");
        cbor_put_uint(body, 128);
        return true;
    }
    fate = *board->script ? *board->script++ : 'A';
    if (fate == 'R')
        return false;
    if (status && board->form == TRANSLATED) {
        cbor_put_text(body, "len");
        cbor_put_uint(body, board->file.len);
    } else if (status) {
        put_rc(board, body, 5, 3);
    } else if (close) {
        cbor_put_text(body, "rc");
        cbor_put_uint(body, 8);
    } else {
        take_chunk(board, request, body);
    }
    if (board->died || fate == 'L')
        return false;
    if (fate == 'D') {
        buf_byte(body, 0xff);
        device_frame(device, header, body);
        body->len--;
    }
    return true;
}

/* Returns what the upload returned; checks that nothing was told that is not so. */
static int play(const char *script, enum form form, size_t len, int retries, size_t older)
{
    static const uint8_t zeros[600];
    static uint8_t data[600];
    struct board board = {.script = script, .form = form, .older = older};
    struct device device = {.handle = handle, .ctx = &board};
    const struct signet_smp_options options = {.retries = retries,
                                               .version = form == VERSION_2 ? 2 : 1};
    struct signet_link *link = NULL;
    struct signet_smp *smp = NULL;
    struct signet_error err = {0};
    bool confirmed = false;
    int rc;

    for (size_t i = 0; i < sizeof data; i++)
        data[i] = (uint8_t)(i * 7 + 1);
    buf_append(&board.file, zeros, older);
    device_open(&device, &link);
    assert_int_equal(signet_smp_new(&smp, link, &options, NULL, &err), SIGNET_OK);
    rc = signet_smp_upload(smp, "/factory/provision.cbor", data, len, &confirmed, &err);
    if (board.died)
        fail_msg("script %s, form %d, %zu bytes: chunk 0 came twice", script, form, len);
    if (!rc && (confirmed || len > 2) &&
        (board.file.len != len || (len && memcmp(board.file.data, data, len) != 0)))
        fail_msg("script %s, form %d, %zu bytes after %zu: false success", script, form, len,
                 older);
    if (!rc && !confirmed)
        rc = -1;
    signet_smp_free(&smp);
    device_close(&device, &link);
    buf_free(&board.file);
    return rc;
}

/* All scripts of eight steps: with enough retries each one ends well. */
static void each_loss(void **state)
{
    static const size_t lens[] = {2, 3, 40, 90, 200};
    char script[9] = {0};

    (void)state;
    for (unsigned n = 0; n < 6561; n++) {
        unsigned rest = n;

        for (size_t i = 0; i < 8; i++, rest /= 3)
            script[i] = "ALR"[rest % 3];
        for (int form = PLAIN; form < FORMS; form++)
            for (size_t i = 0; i < sizeof lens / sizeof *lens; i++) {
                int rc = play(script, (enum form)form, lens[i], 9, 0);

                /* A board that names neither offset nor length leaves the last bytes in doubt, and
                 * with two bytes the probe is the last chunk. Both are told. */
                bool mute = form == PLAIN || form == FORGETS;
                if (rc != SIGNET_OK && !((mute || lens[i] == 2) && rc == -1))
                    fail_msg("script %s, form %d, %zu bytes: %d", script, form, lens[i], rc);
            }
    }
}

/* What is there from an earlier day is not taken for chunk 0, whatever its length. (A file that
 * ends where chunk 1 begins or ends is: then the hash tells.) */
static void older_files(void **state)
{
    static const size_t len = 200;
    static const char *const scripts[] = {"", "R", "RR", "L", "LL", "RL", "RRL", "LRL", "RRRL"};

    (void)state;
    for (size_t older = 0; older <= 300; older++)
        for (size_t i = 0; i < sizeof scripts / sizeof *scripts; i++)
            for (int form = VERSION_2; form < FORMS; form++) {
                if (form == FORGETS || older == 68 || older == 141)
                    continue;
                int rc = play(scripts[i], (enum form)form, len, 9, older);
                if (rc)
                    fail_msg("script %s, form %d, older file of %zu bytes: %d", scripts[i], form,
                             older, rc);
            }
}

static void named_cases(void **state)
{
    static const struct {
        const char *script;
        size_t len;
        int retries, rc;
    } cases[] = {
        {"", 0, 2, SIGNET_E_NOT_FOUND}, /* it answers, and has no such file */
        {"AARRR", 0, 2, -1},            /* its length is not told */
        {"", 1, 2, SIGNET_OK},
        {"L", 2, 2, SIGNET_OK},  /* chunk 1 is taken: chunk 0 was there */
        {"RA", 2, 2, SIGNET_OK}, /* rc 3: it was not */
        {"LL", 2, 2, SIGNET_OK}, /* chunk 1 again: rc 1, it was there */
        {"L", 1, 2, -1},         /* nothing to probe with: not confirmed */
        {"R", 1, 2, -1},         /* and never sent twice */
        {"RRRRRRRR", 40, 2, SIGNET_E_TIMEOUT},
        {"AALLL", 200, 2, SIGNET_E_TIMEOUT}, /* the last word is missing */
        {"AALLA", 200, 2, -1},               /* rc 1: it is there, or it cannot be written */
        {"DDDDDD", 200, 2, SIGNET_OK},       /* the second answer is stale */
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int rc = play(cases[i].script, PLAIN, cases[i].len, cases[i].retries, 0);

        if (rc != cases[i].rc)
            fail_msg("case %zu (%s): %d instead of %d", i, cases[i].script, rc, cases[i].rc);
    }
}

static bool always(struct device *device, const struct smp_header *header,
                   const struct smp_answer *request, struct buf *body)
{
    const char *kind = device->ctx;
    const struct smp_item *off = smp_answer_want(request, "off", CBOR_UNSIGNED);

    (void)header;
    if (!off) {
        cbor_put_text(body, "rc");
        cbor_put_uint(body, 8);
        return true;
    }
    if (strcmp(kind, "rc 1") == 0) {
        if (off->value) {
            cbor_put_text(body, "rc");
            cbor_put_uint(body, 1);
            return true;
        }
        cbor_put_text(body, "off");
        cbor_put_uint(body, 100);
        return true;
    }
    cbor_put_text(body, "off");
    if (strcmp(kind, "back") == 0)
        cbor_put_uint(body, off->value ? off->value - 1 : 100);
    else if (strcmp(kind, "ahead") == 0)
        cbor_put_uint(body, 1000000);
    else if (strcmp(kind, "same") == 0)
        cbor_put_uint(body, off->value);
    else if (strcmp(kind, "huge") == 0)
        cbor_put_uint(body, UINT64_MAX);
    else
        cbor_put_text(body, "text");
    return true;
}

/* A board that tells nonsense gets an error, never a success. */
static void senseless_offsets(void **state)
{
    static char kinds[][8] = {"rc 1", "back", "ahead", "same", "huge", "text"};
    static uint8_t data[2000];

    (void)state;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        struct device device = {.handle = always, .ctx = kinds[i]};
        struct signet_link *link = NULL;
        struct signet_smp *smp = NULL;
        struct signet_error err = {0};
        bool confirmed = false;

        device_open(&device, &link);
        assert_int_equal(signet_smp_new(&smp, link, NULL, NULL, &err), SIGNET_OK);
        assert_int_not_equal(signet_smp_upload(smp, "/f", data, sizeof data, &confirmed, &err),
                             SIGNET_OK);
        assert_true(err.msg[0]);
        assert_in_range(device.requests, 2, 40);
        signet_smp_free(&smp);
        device_close(&device, &link);
    }
}

/* A board that takes all, with the limits that it tells; each rewind of `back` goes one byte back.
 */
struct simple {
    uint64_t buf_size;
    unsigned back;
    size_t takes; /* a larger chunk gets no answer; 0: any */
    size_t len, chunks, largest;
};

static bool simple_handle(struct device *device, const struct smp_header *header,
                          const struct smp_answer *request, struct buf *body)
{
    struct simple *s = device->ctx;
    const struct smp_item *off = smp_answer_want(request, "off", CBOR_UNSIGNED);
    const struct smp_item *data = smp_answer_want(request, "data", CBOR_BYTES);

    if (header->group == SMP_GROUP_OS) {
        cbor_put_text(body, "buf_size");
        cbor_put_uint(body, s->buf_size);
        return true;
    }
    if (!off || !data) {
        cbor_put_text(body, "rc");
        cbor_put_uint(body, 8);
        return true;
    }
    s->chunks++;
    if (s->takes && data->len > s->takes)
        return false;
    if (s->takes && off->value && !s->len) { /* there is no chunk 0 */
        cbor_put_text(body, "rc");
        cbor_put_uint(body, 3);
        return true;
    }
    s->largest = data->len > s->largest ? data->len : s->largest;
    if (off->value > 1 && s->back) { /* an earlier offset, and an error */
        s->back--;
        cbor_put_text(body, "rc");
        cbor_put_uint(body, 1);
        s->len = off->value - 1;
    } else {
        s->len = off->value + data->len;
    }
    cbor_put_text(body, "off");
    cbor_put_uint(body, s->len);
    return true;
}

static int simple_upload(struct simple *s, const struct signet_smp_options *options,
                         const void *data, size_t len, struct signet_error *err)
{
    struct device device = {.handle = simple_handle, .ctx = s};
    struct signet_link *link = NULL;
    struct signet_smp *smp = NULL;

    device_open(&device, &link);
    assert_int_equal(signet_smp_new(&smp, link, options, NULL, err), SIGNET_OK);
    int rc = signet_smp_upload(smp, "/f", data, len, NULL, err);
    /* what was sent may be a secret */
    assert_int_equal(smp->packet.len + smp->wire.len, 0);
    for (size_t i = 0; i + 16 < smp->packet.cap; i++)
        assert_memory_not_equal(smp->packet.data + i, "ssssssssssssssss", 16);
    for (size_t i = 0; i + 20 < smp->wire.cap; i++)
        assert_memory_not_equal(smp->wire.data + i, "c3Nzc3Nzc3Nzc3Nzc3Nz", 20);
    signet_smp_free(&smp);
    device_close(&device, &link);
    return rc;
}

/* What a board tells of its buffer is believed when it can be. */
static void limits_of_a_board(void **state)
{
    static const struct {
        uint64_t told;
        size_t packet; /* that comes of it, header included */
    } rows[] = {{1, 380}, {127, 380}, {128, 124}, {512, 508}, {100000, SMP_PACKET_MAX}};
    static char data[40000];

    (void)state;
    memset(data, 's', sizeof(data));
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct simple s = {.buf_size = rows[i].told};
        struct signet_error err;

        assert_int_equal(simple_upload(&s, NULL, data, sizeof(data), &err), SIGNET_OK);
        assert_int_equal(s.len, sizeof(data));
        assert_in_range(s.largest, rows[i].packet - 48, rows[i].packet - 30);
    }
}

/* It tells of more than it takes: the first chunk comes again, as large as any board takes it. */
static void a_board_that_tells_too_much(void **state)
{
    static char data[2000];
    struct simple s = {.buf_size = 1000, .takes = 380};
    struct signet_error err;

    (void)state;
    memset(data, 's', sizeof(data));
    assert_int_equal(simple_upload(&s, NULL, data, sizeof(data), &err), SIGNET_OK);
    assert_int_equal(s.len, sizeof(data));
    assert_in_range(s.largest, 380 - 48, 380 - 30);
}

static void what_no_upload_takes(void **state)
{
    const struct signet_smp_options small = {.packet_limit = 34}, just = {.packet_limit = 40};
    struct simple s = {0};
    struct signet_error err;
    char data[64];

    (void)state;
    memset(data, 's', sizeof(data));
    assert_int_equal(simple_upload(&s, NULL, data, (size_t)UINT32_MAX + 1, &err), SIGNET_E_LIMIT);
    assert_non_null(strstr(err.msg, "larger than SMP takes"));
    assert_int_equal(simple_upload(&s, &small, data, sizeof(data), &err), SIGNET_E_LIMIT);
    assert_non_null(strstr(err.msg, "have no room for data"));
    assert_int_equal(s.chunks, 0);
    assert_int_equal(simple_upload(&s, &just, data, sizeof(data), &err), SIGNET_OK);
}

/* A board may want an earlier chunk, but not for ever. */
static void rewinds_are_counted(void **state)
{
    char data[400];

    (void)state;
    memset(data, 's', sizeof(data));
    for (unsigned back = 0; back <= 5; back++) {
        struct simple s = {.buf_size = 128, .back = back};
        struct signet_error err;
        int rc = simple_upload(&s, NULL, data, sizeof(data), &err);

        assert_int_equal(rc, back <= 3 ? SIGNET_OK : SIGNET_E_SMP);
    }
}

/* Who does not ask whether it is confirmed gets an error when it is not. */
static bool silent_end(struct device *device, const struct smp_header *header,
                       const struct smp_answer *request, struct buf *body)
{
    (void)device;
    (void)request;
    if (header->group != SMP_GROUP_OS)
        return false;
    cbor_put_text(body, "buf_size");
    cbor_put_uint(body, 128);
    return true;
}

static void doubts_are_told(void **state)
{
    struct device device = {.handle = silent_end};
    struct signet_link *link = NULL;
    struct signet_smp *smp = NULL;
    struct signet_error err;
    bool confirmed = true;

    (void)state;
    device_open(&device, &link);
    assert_int_equal(signet_smp_new(&smp, link, NULL, NULL, &err), SIGNET_OK);
    assert_int_equal(signet_smp_upload(smp, "/f", "x", 1, NULL, &err), SIGNET_E_TIMEOUT);
    assert_non_null(strstr(err.msg, "did not confirm the last bytes"));
    assert_int_equal(signet_smp_upload(smp, "/f", "x", 1, &confirmed, &err), SIGNET_OK);
    assert_false(confirmed);
    signet_smp_free(&smp);
    device_close(&device, &link);
}

/* No answer to the one chunk, and then the length of the file that is there. */
static bool length_told(struct device *device, const struct smp_header *header,
                        const struct smp_answer *request, struct buf *body)
{
    const uint64_t *len = device->ctx;

    if (header->group == SMP_GROUP_OS)
        return silent_end(device, header, request, body);
    if (header->id != 1)
        return false;
    cbor_put_text(body, "len");
    cbor_put_uint(body, *len);
    return true;
}

static void a_length_settles_it(void **state)
{
    (void)state;
    for (uint64_t len = 0; len <= 2; len++) {
        struct device device = {.handle = length_told, .ctx = &len};
        struct signet_link *link = NULL;
        struct signet_smp *smp = NULL;
        struct signet_error err = {0};
        int rc;

        device_open(&device, &link);
        assert_int_equal(signet_smp_new(&smp, link, NULL, NULL, &err), SIGNET_OK);
        rc = signet_smp_upload(smp, "/f", "x", 1, NULL, &err);
        if (rc != (len == 1 ? SIGNET_OK : SIGNET_E_BOARD) ||
            (rc && !strstr(err.msg, "the board does not have what it was sent")))
            fail_msg("%llu: %d: %s", (unsigned long long)len, rc, err.msg);
        signet_smp_free(&smp);
        device_close(&device, &link);
    }
}

/* A file of two chunks: no answer to chunk 0, none to chunk 1, then "I have that already", and no
 * answer to a question for its length. Nobody has said that the last chunk is the right one. */
static bool silent_length(struct device *device, const struct smp_header *header,
                          const struct smp_answer *request, struct buf *body)
{
    const struct smp_item *off = smp_answer_want(request, "off", CBOR_UNSIGNED);
    int *probes = device->ctx;

    if (header->group == SMP_GROUP_OS)
        return silent_end(device, header, request, body);
    if (!off || !off->value || ++*probes == 1)
        return false;
    cbor_put_text(body, "rc");
    cbor_put_uint(body, 1);
    return true;
}

static void a_length_that_is_not_told(void **state)
{
    const struct signet_smp_options options = {.timeout_ms = 20, .retries = 2};
    int probes = 0;
    struct device device = {.handle = silent_length, .ctx = &probes};
    struct signet_link *link = NULL;
    struct signet_smp *smp = NULL;
    struct signet_error err;
    bool confirmed = true;

    (void)state;
    device_open(&device, &link);
    assert_int_equal(signet_smp_new(&smp, link, &options, NULL, &err), SIGNET_OK);
    assert_int_equal(signet_smp_upload(smp, "/f", "xy", 2, &confirmed, &err), SIGNET_OK);
    assert_int_equal(probes, 2);
    assert_false(confirmed);
    signet_smp_free(&smp);
    device_close(&device, &link);
}

/* The board says that there is no chunk 0: of the last chunk, sent once, and of one in the middle,
 * sent twice. Neither can mean that the file is complete. */
struct restart {
    size_t at;   /* this chunk, counted from 0, and all behind it */
    bool silent; /* the first time there is no answer */
    size_t chunks;
};

static bool restarts(struct device *device, const struct smp_header *header,
                     const struct smp_answer *request, struct buf *body)
{
    struct restart *r = device->ctx;
    const struct smp_item *off = smp_answer_want(request, "off", CBOR_UNSIGNED);
    const struct smp_item *data = smp_answer_want(request, "data", CBOR_BYTES);

    if (header->group == SMP_GROUP_OS)
        return silent_end(device, header, request, body);
    if (!data)
        return false;
    if (r->chunks++ < r->at) {
        cbor_put_text(body, "off");
        cbor_put_uint(body, off->value + data->len);
        return true;
    }
    if (r->silent) {
        r->silent = false;
        return false;
    }
    cbor_put_text(body, "rc");
    cbor_put_uint(body, 3);
    return true;
}

static void a_board_that_starts_again(void **state)
{
    static const struct {
        size_t len;
        struct restart how;
    } rows[] = {{150, {.at = 1}}, {600, {.at = 1, .silent = true}}};
    static char data[600];

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct restart how = rows[i].how;
        struct device device = {.handle = restarts, .ctx = &how};
        struct signet_link *link = NULL;
        struct signet_smp *smp = NULL;
        struct signet_error err;
        bool confirmed = true;

        device_open(&device, &link);
        assert_int_equal(signet_smp_new(&smp, link, NULL, NULL, &err), SIGNET_OK);
        assert_int_equal(signet_smp_upload(smp, "/f", data, rows[i].len, &confirmed, &err),
                         SIGNET_E_SMP);
        assert_non_null(strstr(err.hint, "started again"));
        /* and chunk 0 of another try, which it refuses as well */
        assert_int_equal(how.chunks, rows[i].how.at + (rows[i].how.silent ? 3 : 2));
        signet_smp_free(&smp);
        device_close(&device, &link);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_loss),
        cmocka_unit_test(older_files),
        cmocka_unit_test(named_cases),
        cmocka_unit_test(senseless_offsets),
        cmocka_unit_test(limits_of_a_board),
        cmocka_unit_test(what_no_upload_takes),
        cmocka_unit_test(rewinds_are_counted),
        cmocka_unit_test(doubts_are_told),
        cmocka_unit_test(a_length_settles_it),
        cmocka_unit_test(a_length_that_is_not_told),
        cmocka_unit_test(a_board_that_tells_too_much),
        cmocka_unit_test(a_board_that_starts_again),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
