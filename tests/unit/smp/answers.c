/* SPDX-License-Identifier: Apache-2.0 */
/* What a hostile or broken board can answer. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "device.h"

struct bench {
    struct device device;
    struct signet_link *link;
    struct signet_smp *smp;
    struct signet_error err;
};

static void set_up(struct bench *b, const struct signet_smp_options *options)
{
    device_open(&b->device, &b->link);
    assert_int_equal(signet_smp_new(&b->smp, b->link, options, NULL, &b->err), SIGNET_OK);
}

static void tear_down(struct bench *b)
{
    signet_smp_free(&b->smp);
    device_close(&b->device, &b->link);
}

static bool echo(struct device *device, const struct smp_header *header,
                 const struct smp_answer *request, struct buf *body)
{
    const struct smp_item *text = smp_answer_want(request, "d", CBOR_TEXT);

    (void)device;
    (void)header;
    cbor_put_text(body, "r");
    cbor_put_text_n(body, text->data, text->len);
    return true;
}

/* Each frame differs from the right one in one thing: it is stale, and the right one behind it is
 * the answer. */
static void stale_first(struct device *device, struct smp_header *header, const struct buf *body)
{
    struct buf wrong = {0};
    struct smp_header other;

    buf_append(&wrong, "\xbf\x61r\x65wrong\xff", 10);
    other = *header;
    other.sequence++;
    device_frame(device, &other, &wrong);
    other = *header;
    other.group++;
    device_frame(device, &other, &wrong);
    other = *header;
    other.id++;
    device_frame(device, &other, &wrong);
    other = *header;
    other.op ^= 1;
    device_frame(device, &other, &wrong);
    wrong.data[0] = 0x9f; /* not a map */
    device_frame(device, header, &wrong);
    buf_text(&device->out, "\x06\x09!!!!\n\x06\x09"
                           "AAAA\nlog text\r\n\x1b[1;32muart:~$ ");
    device_frame(device, header, body);
    buf_free(&wrong);
}

static void stale_ones_are_dropped(void **state)
{
    struct bench b = {.device = {.handle = echo, .frame = stale_first}};
    struct signet_bytes reply = {0};

    (void)state;
    set_up(&b, NULL);
    for (int i = 0; i < 600; i++) { /* the sequence number wraps */
        assert_int_equal(signet_smp_echo(b.smp, "right", &reply, &b.err), SIGNET_OK);
        assert_string_equal((char *)reply.data, "right");
        signet_bytes_free(&reply);
    }
    assert_int_equal(b.device.requests, 600);
    tear_down(&b);
}

/* The body of each answer, raw. */
struct raw {
    const char *body;
    size_t len;
};

static bool raw_answer(struct device *device, const struct smp_header *header,
                       const struct smp_answer *request, struct buf *body)
{
    const struct raw *raw = device->ctx;

    (void)header;
    (void)request;
    (void)body;
    buf_reset(body);
    buf_append(body, raw->body, raw->len);
    return true;
}

static void raw_frame(struct device *device, struct smp_header *header, const struct buf *body)
{
    struct buf cut = {0};

    buf_append(&cut, body->data, body->len - 1); /* without the break that was added */
    device_frame(device, header, &cut);
    buf_free(&cut);
}

static int ask(const struct raw *raw, const char *what, struct signet_error *err)
{
    struct bench b = {.device = {.handle = raw_answer, .frame = raw_frame, .ctx = (void *)raw}};
    const struct signet_smp_options options = {.retries = 1};
    struct signet_smp_hash hash;
    struct signet_smp_parameters parameters;
    struct signet_smp_hash_type types[2];
    struct signet_bytes out = {0};
    const char *const words[] = {"x"};
    uint64_t len;
    size_t count;
    int rc, status;

    set_up(&b, &options);
    if (strcmp(what, "echo") == 0)
        rc = signet_smp_echo(b.smp, "x", &out, err);
    else if (strcmp(what, "download") == 0)
        rc = signet_smp_download(b.smp, "/f", 100, &out, err);
    else if (strcmp(what, "hash") == 0)
        rc = signet_smp_hash(b.smp, "/f", NULL, &hash, err);
    else if (strcmp(what, "status") == 0)
        rc = signet_smp_status(b.smp, "/f", &len, err);
    else if (strcmp(what, "types") == 0)
        rc = signet_smp_hash_types(b.smp, types, 2, &count, err);
    else if (strcmp(what, "shell") == 0)
        rc = signet_smp_shell(b.smp, words, 1, &out, &status, err);
    else
        rc = signet_smp_parameters(b.smp, &parameters, err);
    signet_bytes_free(&out);
    tear_down(&b);
    return rc;
}

static void answers_are_judged(void **state)
{
    static const struct {
        const char *what, *body;
        size_t len;
        int rc;
    } cases[] = {
#define CASE(what, body, rc) {what, body, sizeof(body) - 1, rc}
        CASE("echo", "\xa1\x61r\x61x", SIGNET_OK),
        CASE("echo", "\xbf\x61r\x61x\xff", SIGNET_OK),
        CASE("echo", "\xa1\x61r\x41x", SIGNET_OK), /* bytes for text */
        CASE("echo", "\xa2\x61r\x61x\x62rc\x00", SIGNET_OK),
        CASE("echo", "\xa1\x62rc\x03", SIGNET_E_SMP),
        CASE("echo", "\xa1\x62rc\x08", SIGNET_E_UNSUPPORTED),
        CASE("echo", "\xa1\x62rc\x20", SIGNET_E_SMP), /* -1 */
        CASE("echo",
             "\xa1\x63"
             "err\xa2\x65group\x00\x62rc\x02",
             SIGNET_E_SMP),
        CASE("echo",
             "\xa1\x63"
             "err\xa0",
             SIGNET_E_SMP),
        CASE("echo", "\xa0", SIGNET_E_SYNTAX),
        CASE("echo", "", SIGNET_E_SYNTAX),
        CASE("echo", "\xa1\x61r\x61x\x00", SIGNET_E_SYNTAX),     /* something behind the map */
        CASE("echo", "\xa1\x61r\x62x", SIGNET_E_SYNTAX),         /* cut off */
        CASE("echo", "\xbf\x61r\x61x", SIGNET_E_SYNTAX),         /* no end */
        CASE("echo", "\xbf\x61r\xff", SIGNET_E_SYNTAX),          /* a key without a value */
        CASE("echo", "\xa1\x01\x61x", SIGNET_E_SYNTAX),          /* a number for a key */
        CASE("echo", "\xa1\x61r\x7f\x61x\xff", SIGNET_E_SYNTAX), /* text in pieces */
        CASE("echo", "\xa1\x61r\xc0\x61x", SIGNET_E_SYNTAX),     /* a tag */
        CASE("echo", "\xa1\x61r\x7b\xff\xff\xff\xff\xff\xff\xff\xff", SIGNET_E_SYNTAX),
        CASE("echo", "\xbb\xff\xff\xff\xff\xff\xff\xff\xff\x61r", SIGNET_E_SYNTAX),
        CASE("echo", "\xa1\x61r\x9f\x9f\x9f\x9f\x9f\x9f\x9f\xff\xff\xff\xff\xff\xff\xff",
             SIGNET_E_SYNTAX), /* deep */
        CASE("echo", "\xff", SIGNET_E_SYNTAX),
        CASE("echo", "\x80", SIGNET_E_SYNTAX),
        CASE("download",
             "\xa3\x63off\x00\x64"
             "data\x42hi\x63len\x02",
             SIGNET_OK),
        CASE("download",
             "\xa3\x63off\x00\x64"
             "data\x40\x63len\x00",
             SIGNET_OK),
        CASE("download",
             "\xa2\x63off\x00\x64"
             "data\x40",
             SIGNET_OK),
        CASE("download",
             "\xa3\x63off\x00\x64"
             "data\x42hi\x63len\x01",
             SIGNET_E_BOARD), /* more than the file has */
        CASE("download",
             "\xa3\x63off\x00\x64"
             "data\x40\x63len\x02",
             SIGNET_E_BOARD), /* ends early */
        CASE("download",
             "\xa3\x63off\x00\x64"
             "data\x42hi\x63len\x1b\x00\x00\x00\x01\x00\x00\x00\x00",
             SIGNET_E_LIMIT), /* 4 GiB */
        CASE("download",
             "\xa3\x63off\x01\x64"
             "data\x42hi\x63len\x02",
             SIGNET_E_BOARD), /* another offset */
        CASE("download",
             "\xa3\x63off\x00\x64"
             "data\x42hi\x63len\x04",
             SIGNET_E_BOARD), /* the same piece for ever */
        CASE("download",
             "\xa2\x63off\x00\x64"
             "data\x62hi",
             SIGNET_E_SYNTAX),
        CASE("download", "\xa1\x62rc\x05", SIGNET_E_NOT_FOUND),
        CASE("download",
             "\xa1\x63"
             "err\xa2\x65group\x08\x62rc\x03",
             SIGNET_E_NOT_FOUND),
        CASE("hash", "\xa2\x63len\x02\x66output\x1a\x12\x34\x56\x78", SIGNET_OK),
        CASE("hash", "\xa2\x63len\x02\x66output\x42hi", SIGNET_OK),
        CASE("hash",
             "\xa2\x63len\x02\x66output\x58\x41"
             "01234567890123456789012345678901234567890123456789012345678901234",
             SIGNET_E_SYNTAX), /* 65 bytes */
        CASE("hash", "\xa2\x63len\x02\x66output\x1b\x00\x00\x00\x01\x00\x00\x00\x00",
             SIGNET_E_SYNTAX),
        CASE("hash", "\xa1\x66output\x01", SIGNET_E_SYNTAX),
        CASE("status", "\xa1\x63len\x18\x2a", SIGNET_OK),
        CASE("status", "\xa1\x63len\x20", SIGNET_E_SYNTAX), /* -1 */
        CASE("types",
             "\xa1\x65types\xa1\x65"
             "crc32\xa2\x66"
             "format\x00\x64size\x04",
             SIGNET_OK),
        CASE("types", "\xa1\x65types\x01", SIGNET_E_SYNTAX),
        CASE("shell", "\xa2\x61o\x62ok\x63ret\x00", SIGNET_OK),
        CASE("shell", "\xa2\x61o\x62ok\x62rc\x03", SIGNET_OK), /* older servers */
        CASE("shell", "\xa1\x62rc\x08", SIGNET_E_UNSUPPORTED),
        CASE("shell", "\xa1\x61o\x62ok", SIGNET_OK), /* rc 0 is left out */
        CASE("shell", "\xa0", SIGNET_E_SYNTAX),
        CASE("parameters",
             "\xa2\x68"
             "buf_size\x19\x01\x80\x69"
             "buf_count\x04",
             SIGNET_OK),
        CASE("parameters",
             "\xa1\x68"
             "buf_size\x1b\xff\xff\xff\xff\xff\xff\xff\xff",
             SIGNET_E_SYNTAX),
        CASE("parameters",
             "\xa1\x68"
             "buf_size\x63one",
             SIGNET_E_SYNTAX),
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct raw raw = {cases[i].body, cases[i].len};
        struct signet_error err = {0};
        int rc = ask(&raw, cases[i].what, &err);

        if (rc != cases[i].rc)
            fail_msg("case %zu (%s): %d instead of %d: %s", i, cases[i].what, rc, cases[i].rc,
                     err.msg);
    }
}

static int endless_read(void *self, void *data, size_t cap, int64_t deadline, size_t *got,
                        struct signet_error *err)
{
    const char *text = self;

    (void)deadline;
    (void)err;
    for (size_t i = 0; i < cap; i++)
        ((char *)data)[i] = text[i % strlen(text)];
    *got = cap;
    return SIGNET_OK;
}

static int blind_write(void *self, const void *data, size_t len, int64_t deadline,
                       struct signet_error *err)
{
    (void)self;
    (void)data;
    (void)len;
    (void)deadline;
    (void)err;
    return SIGNET_OK;
}

/* A board that never stops talking cannot hold a request past its deadline. */
static void endless_talk(void **state)
{
    static char talks[][24] = {"noise", "noise\r\n", "\x06\x09QUJD\n",   "\x06\x09",
                               "\x1b[", "\x1b]x",    "\x06\x09QUJDREVG", "\x04\x14QUJD\n"};
    static const struct link_ops ops = {endless_read, blind_write, NULL, NULL};
    static const char *const texts[] = {"never said"};

    (void)state;
    for (size_t i = 0; i < sizeof talks / sizeof *talks; i++) {
        const struct signet_smp_options options = {.timeout_ms = 20, .retries = -1};
        struct signet_link *link = NULL;
        struct signet_smp *smp = NULL;
        struct signet_error err = {0};
        int64_t start = clock_ms();
        size_t which;

        assert_int_equal(link_new(&link, &ops, talks[i], "talker", &err), SIGNET_OK);
        assert_int_equal(signet_smp_new(&smp, link, &options, NULL, &err), SIGNET_OK);
        assert_int_equal(signet_smp_echo(smp, "x", NULL, &err), SIGNET_E_TIMEOUT);
        assert_int_equal(signet_smp_wait_text(smp, texts, 1, 20, &which, &err), SIGNET_E_TIMEOUT);
        assert_true(clock_ms() - start >= 40);
        signet_smp_free(&smp);
        signet_link_close(&link);
    }
}

static void misuse_is_refused(void **state)
{
    struct bench b = {.device = {.handle = echo}};
    const struct signet_smp_options bad[] = {{.version = 3},
                                             {.line_limit = 94},
                                             {.line_limit = 2},
                                             {.timeout_ms = -1},
                                             {.packet_limit = SMP_PACKET_MAX + 1}};
    static const char *const words[33] = {"x", "x", "x", "x", "x", "x", "x", "x", "x", "x", "x",
                                          "x", "x", "x", "x", "x", "x", "x", "x", "x", "x", "x",
                                          "x", "x", "x", "x", "x", "x", "x", "x", "x", "x", "x"};
    static char text[SMP_PACKET_MAX];
    struct signet_smp *smp = NULL;
    char path[80];

    (void)state;
    set_up(&b, NULL);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(signet_smp_new(&smp, b.link, &bad[i], NULL, &b.err), SIGNET_E_USAGE);
    assert_null(smp);
    memset(path, 'a', sizeof path);
    path[65] = '\0';
    assert_int_equal(signet_smp_upload(b.smp, path, "x", 1, NULL, &b.err), SIGNET_E_USAGE);
    assert_int_equal(signet_smp_download(b.smp, "", 1, NULL, &b.err), SIGNET_E_USAGE);
    assert_int_equal(signet_smp_status(b.smp, "\xff", NULL, &b.err), SIGNET_E_USAGE);
    assert_int_equal(signet_smp_shell(b.smp, NULL, 0, NULL, NULL, &b.err), SIGNET_E_USAGE);
    assert_int_equal(signet_smp_shell(b.smp, words, 33, NULL, NULL, &b.err), SIGNET_E_USAGE);
    memset(text, 'a', sizeof(text) - 1);
    assert_int_equal(signet_smp_echo(b.smp, text, NULL, &b.err), SIGNET_E_LIMIT);
    assert_string_equal(b.err.msg, "echo: the request is too large");
    assert_int_equal(b.device.requests, 0);
    tear_down(&b);
}

static bool silent(struct device *device, const struct smp_header *header,
                   const struct smp_answer *request, struct buf *body)
{
    (void)device;
    (void)header;
    (void)request;
    (void)body;
    return false;
}

/* As often as was asked, and not once more. */
static void retries_are_counted(void **state)
{
    (void)state;
    for (int retries = -1; retries <= 3; retries++) {
        const struct signet_smp_options options = {.retries = retries};
        struct bench b = {.device = {.handle = silent}};
        size_t sent = retries < 0 ? 1 : retries == 0 ? 9 : (size_t)retries + 1; /* 0: 8 */

        set_up(&b, &options);
        assert_int_equal(signet_smp_echo(b.smp, "x", NULL, &b.err), SIGNET_E_TIMEOUT);
        assert_int_equal(b.device.requests, sent);
        assert_non_null(strstr(b.err.hint, "SMP port"));
        assert_int_equal(signet_smp_reset(b.smp, &b.err), SIGNET_OK); /* its answer may be lost */
        assert_int_equal(b.device.requests, sent + 1);
        tear_down(&b);
    }
}

static void says(struct bench *b, const char *text)
{
    struct signet_bytes reply = {0};

    assert_int_equal(signet_smp_echo(b->smp, text, &reply, &b->err), SIGNET_OK);
    assert_string_equal((char *)reply.data, text);
    signet_bytes_free(&reply);
}

/* Whatever its number: no answer comes before its request. */
static void what_came_before_is_no_answer(void **state)
{
    struct bench b = {.device = {.handle = echo}};
    struct buf wrong = {0};

    (void)state;
    set_up(&b, NULL);
    says(&b, "one");
    buf_append(&wrong, "\xbf\x61r\x65wrong\xff", 10);
    for (unsigned i = 0; i < 256; i++)
        device_frame(&b.device, &(struct smp_header){.op = 3, .version = 1, .sequence = (uint8_t)i},
                     &wrong);
    says(&b, "two");
    buf_free(&wrong);
    tear_down(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stale_ones_are_dropped), cmocka_unit_test(answers_are_judged),
        cmocka_unit_test(endless_talk),           cmocka_unit_test(misuse_is_refused),
        cmocka_unit_test(retries_are_counted),    cmocka_unit_test(what_came_before_is_no_answer),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
