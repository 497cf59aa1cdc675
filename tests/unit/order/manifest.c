/* SPDX-License-Identifier: Apache-2.0 */
/* CSV as factories write it, placeholders, and any row from anywhere. */
#include "order/order.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "unit/folder.h"

struct csv {
    char path[96];
    struct manifest *m;
    struct signet_error err;
    int64_t rows, bad;
    uint64_t lines[64]; /* of the first rows */
    char bad_msg[384];
};

static void write_file(struct csv *c, const void *data, size_t len)
{
    char folder[FOLDER_SIZE];

    *c = (struct csv){0};
    assert_true(folder_make(folder));
    snprintf(c->path, sizeof(c->path), "%s/devices.csv", folder);
    int fd = open(c->path, O_WRONLY | O_CREAT | O_EXCL, 0600);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, data, len), len);
    close(fd);
}

static int on_row(void *ctx, const struct manifest_row *row, const struct signet_error *bad,
                  struct signet_error *err)
{
    struct csv *c = ctx;

    (void)err;
    assert_int_equal(row->index, c->rows);
    if (c->rows < 64)
        c->lines[c->rows] = row->line;
    c->rows++;
    if (bad && c->bad++ == 0)
        snprintf(c->bad_msg, sizeof(c->bad_msg), "%s", bad->msg);
    return SIGNET_OK;
}

static int scan(struct csv *c)
{
    const struct manifest_visitor visitor = {.on_row = on_row, .ctx = c};

    return manifest_scan(c->m, &visitor, &c->err);
}

static int open_text(struct csv *c, const void *data, size_t len, char delimiter)
{
    write_file(c, data, len);
    int rc = manifest_open(&c->m, c->path, delimiter, &c->err);
    return rc == SIGNET_OK ? scan(c) : rc;
}
#define OPEN(c, text, delimiter) open_text(c, text, sizeof(text) - 1, delimiter)

static void end(struct csv *c)
{
    manifest_close(&c->m);
    unlink(c->path);
}

static void expect(struct csv *c, int64_t index, size_t column, const char *text)
{
    struct manifest_row row = {0};
    size_t len;

    assert_int_equal(manifest_row(c->m, index, &row, &c->err), SIGNET_OK);
    const uint8_t *field = manifest_field(&row, column, &len);
    assert_int_equal(len, strlen(text));
    assert_memory_equal(field, text, len);
    assert_int_equal(row.line, c->lines[index]);
    manifest_row_free(&row);
}

static void test_forms(void **state)
{
    struct csv c;
    size_t count;

    (void)state;
    assert_int_equal(OPEN(&c, "endpoint,note\na,1\nb,2", ','), SIGNET_OK);
    assert_int_equal(manifest_count(c.m), 2);
    assert_string_equal(manifest_columns(c.m, &count)[1], "note");
    assert_int_equal(count, 2);
    expect(&c, 1, 0, "b");
    expect(&c, 0, 1, "1");
    end(&c);
    /* BOM, semicolons, CRLF, blank lines, blanks that belong to a field */
    assert_int_equal(OPEN(&c,
                          "\xef\xbb\xbf"
                          "endpoint;note\r\n\r\na; 1 \r\n\r\nb;2\r\n",
                          ';'),
                     SIGNET_OK);
    assert_int_equal(manifest_count(c.m), 2);
    assert_string_equal(manifest_columns(c.m, &count)[0], "endpoint");
    assert_int_equal(c.lines[0], 3);
    assert_int_equal(c.lines[1], 5);
    expect(&c, 0, 1, " 1 ");
    end(&c);
    /* quotes, quotes in quotes, line ends in fields, tabs */
    assert_int_equal(OPEN(&c, "e\tn\n\"a\tb\"\t\"x\r\ny\nz\"\nq\t\"\"\"\"\n", '\t'), SIGNET_OK);
    expect(&c, 0, 0, "a\tb");
    expect(&c, 0, 1, "x\r\ny\nz");
    expect(&c, 1, 1, "\"");
    assert_int_equal(c.lines[0], 2);
    assert_int_equal(c.lines[1], 5);
    end(&c);
    assert_int_equal(OPEN(&c, "e\ra\rb\r", ','), SIGNET_OK); /* of an old Mac */
    assert_int_equal(manifest_count(c.m), 2);
    assert_int_equal(c.lines[1], 3);
    end(&c);
}

static void refused(const void *data, size_t len, enum signet_code code, const char *words)
{
    struct csv c;

    assert_int_equal(open_text(&c, data, len, ','), code);
    if (!strstr(c.err.msg, words))
        fail_msg("'%s' is not in '%s'", words, c.err.msg);
    end(&c);
}
#define REFUSED(text, code, words) refused(text, sizeof(text) - 1, code, words)

static void test_refusals(void **state)
{
    static char many[MANIFEST_COLUMNS_MAX * 8], deep[MANIFEST_ROW_MAX + 100];
    size_t len = 0;

    (void)state;
    REFUSED("", SIGNET_E_SYNTAX, "is empty");
    REFUSED("\r\n\n", SIGNET_E_SYNTAX, "is empty");
    REFUSED("\xff\xfe"
            "e\0n\0",
            SIGNET_E_SYNTAX, "UTF-16");
    REFUSED("a,,b\n", SIGNET_E_SYNTAX, "column 2 has no name");
    REFUSED("a,b,a\n", SIGNET_E_SYNTAX, "column 3 has the name of another");
    REFUSED("a,b\x1b[2J\n", SIGNET_E_SYNTAX, "control characters");
    REFUSED("a,{b}\n", SIGNET_E_SYNTAX, "braces");
    REFUSED("a,\xff\n", SIGNET_E_SYNTAX, "not UTF-8");
    REFUSED("a,b\n1,2\n3,\"4\n5,6\n", SIGNET_E_SYNTAX, ":3: a quote is opened");
    REFUSED("a,b\n1,2\n3,x\"4\"\n", SIGNET_E_SYNTAX, ":3: a quote stands where none can be");
    REFUSED("a,b\n1,\"2\"x\n", SIGNET_E_SYNTAX, ":2: a quote stands where none can be");
    for (int i = 0; i <= MANIFEST_COLUMNS_MAX; i++)
        len += (size_t)snprintf(many + len, sizeof(many) - len, "%sc%d", i ? "," : "", i);
    refused(many, len, SIGNET_E_LIMIT, "257 columns, at most 256 are taken");
    memset(deep, 'x', sizeof(deep));
    memcpy(deep, "a\n", 2);
    refused(deep, sizeof(deep), SIGNET_E_LIMIT, ":2: the row has more than");
    deep[2] = '"';
    refused(deep, sizeof(deep), SIGNET_E_SYNTAX, ":2: a quote is opened");
}

static void hinted(const void *data, size_t len, char delimiter, const char *words,
                   const char *hint)
{
    struct csv c;

    assert_int_equal(open_text(&c, data, len, delimiter), SIGNET_E_SYNTAX);
    if (!strstr(c.err.msg, words) || !strstr(c.err.hint, hint))
        fail_msg("%s (%s): not '%s' ('%s')", c.err.msg, c.err.hint, words, hint);
    end(&c);
}
#define HINTED(text, delimiter, words, hint) hinted(text, sizeof(text) - 1, delimiter, words, hint)

/* What comes out of a spreadsheet instead. */
static void test_no_csv(void **state)
{
    (void)state;
    HINTED("PK\x03\x04\x14", ',', "is an archive (zip), not a manifest", "unpack it");
    HINTED("PK\x03\x04\x14 xl/workbook.xml", ',', "is a spreadsheet (.xlsx or .ods)", "CSV UTF-8");
    HINTED("\xd0\xcf\x11\xe0\xa1", ',', "is a spreadsheet or document of an old Office",
           "CSV UTF-8");
    HINTED("\xff\xfe"
           "e\0n\0",
           ',', "is text in UTF-16", "UTF-8");
    HINTED("\xfe\xff\0e\0n", ',', "is text in UTF-16", "UTF-8");
    HINTED("e\0n\0", ',', "is text in UTF-16", "UTF-8");
    HINTED("\0e\0n", ',', "is text in UTF-16", "UTF-8");
    HINTED("\n\na;b\n1;2\n", ',', ":3:1: the fields end with ';', not with ','",
           "delimiter: \";\"");
    HINTED("a,b\n1,2\n", ';', ":1:1: the fields end with ',', not with ';'", "delimiter: \",\"");
    HINTED("a\tb\n1\t2\n", ',', ":1:1: the fields end with tabs, not with ','", "delimiter: tab");
    HINTED("a|b\n1|2\n", '\t', ":1:1: the fields end with '|', not with tabs", "delimiter: \"|\"");
    HINTED("sep=;\na;b\n1;2\n", ',', ":1:1: the fields end with ';', not with ','",
           "delimiter: \";\"");
    HINTED("\xef\xbb\xbfSEP=\t\r\na\tb\r\n", ',', ":1:1: the fields end with tabs", "tab");
    HINTED("sep=,\na,,b\n", ',', ":2:3: column 2 has no name", "endpoint,psk");
    HINTED("a,\xe4\n1,2\n", ',', "column 2 has a name that is not UTF-8", "CSV UTF-8");
    HINTED("a,b\n=\"1\",2\n", ',', "a quote stands where none can be", "a formula");
}

static void test_passed_over(void **state)
{
    static const char *const with_sep[] = {"sep=,\na,b\nx,1\n", "Sep=,\r\na,b\r\nx,1\r\n",
                                           "\xef\xbb\xbfsep=,\ra,b\rx,1\r"};
    struct csv c;
    size_t count;

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(open_text(&c, with_sep[i], strlen(with_sep[i]), ','), SIGNET_OK);
        assert_int_equal(c.rows, 1);
        assert_int_equal(c.lines[0], 3);
        expect(&c, 0, 0, "x");
        end(&c);
    }
    assert_int_equal(OPEN(&c, "sep=,x\nb,1\n", ','), SIGNET_OK); /* names of columns */
    assert_string_equal(manifest_columns(c.m, &count)[0], "sep=");
    end(&c);
    /* empty columns and rows at the end */
    assert_int_equal(OPEN(&c, ",,,\na,b,,\nx,1,,\n,,,\ny,2\nz,,,,,\n,,,\n,\n", ','), SIGNET_OK);
    manifest_columns(c.m, &count);
    assert_int_equal(count, 2);
    assert_int_equal(c.rows, 3);
    assert_int_equal(c.bad, 0);
    assert_int_equal(c.lines[1], 5);
    expect(&c, 1, 0, "y");
    expect(&c, 2, 1, "");
    end(&c);
    assert_int_equal(OPEN(&c, "a\n\"\"\nx\n", ','), SIGNET_OK); /* an empty value is a row */
    assert_int_equal(c.rows, 2);
    end(&c);
}

static void bad_row(const void *data, size_t len, const char *words)
{
    struct csv c;

    assert_int_equal(open_text(&c, data, len, ','), SIGNET_OK);
    assert_int_equal(c.rows, 3); /* the others are there */
    assert_int_equal(c.bad, 1);
    if (!strstr(c.bad_msg, words))
        fail_msg("'%s' is not in '%s'", words, c.bad_msg);
    expect(&c, 2, 0, "z");
    end(&c);
}
#define BAD_ROW(text, words) bad_row(text, sizeof(text) - 1, words)

static void test_bad_rows(void **state)
{
    static char fat[MANIFEST_FIELD_MAX + 64];
    size_t len;

    (void)state;
    BAD_ROW("a,b\nx,1\ny\nz,2\n", ":3: 1 fields, the header has 2");
    BAD_ROW("a,b\nx,1\nA,B\nz,2\n", ":3: the header stands here again");
    BAD_ROW("a,b\nx,1\ny,2,3\nz,2\n", ":3: 3 fields, the header has 2");
    BAD_ROW("a,b,,\nx,1,,\ny,2,,4\nz,2,,\n", ":3: 4 fields, the header has 2");
    BAD_ROW("a,b,,\nx,1,,\ny,2,3,\nz,2,,\n", ":3: 3 fields, the header has 2");
    BAD_ROW("a,b\nx,1\ny,\xc3\x28\nz,2\n", ":3: b: the value is not UTF-8");
    BAD_ROW("a,b\nx,1\ny,2\xe2\x80\x8b\nz,2\n", ":3: b: a character that no editor shows");
    BAD_ROW("a,b\nx,1\ny,1\0"
            "2\nz,2\n",
            ":3: b: the value holds a zero byte");
    len = (size_t)snprintf(fat, sizeof(fat), "a,b\nx,1\ny,");
    memset(fat + len, 'f', MANIFEST_FIELD_MAX + 1);
    len += MANIFEST_FIELD_MAX + 1;
    memcpy(fat + len, "\nz,2\n", 5);
    bad_row(fat, len + 5, ":3: b: the value has more than 16384 bytes");
}

/* Rows that lie across the pieces in which a file is read, and any of them again. */
static void test_any_row(void **state)
{
    enum { ROWS = 700000 };
    struct csv c;
    struct buf text = {0};
    uint32_t random = 1;

    (void)state;
    buf_text(&text, "n,v\r\n");
    for (int i = 0; i < ROWS; i++)
        buf_printf(&text, i % 1000 == 7 ? "%d,\"%d\n\"\r\n" : "%d,%d\r\n", i, i * 3);
    assert_int_equal(open_text(&c, text.data, text.len, ','), SIGNET_OK);
    buf_free(&text);
    assert_int_equal(manifest_count(c.m), ROWS);
    for (int i = 0; i < 300; i++) {
        struct manifest_row row = {0};
        char number[16];
        size_t len;

        random = random * 1664525u + 1013904223u;
        int64_t index =
            i % 3 ? (int)(random % ROWS) : (i * 2000) % ROWS; /* here and there, and rising */
        assert_int_equal(manifest_row(c.m, index, &row, &c.err), SIGNET_OK);
        snprintf(number, sizeof(number), "%d", (int)index);
        assert_string_equal((const char *)manifest_field(&row, 0, &len), number);
        assert_int_equal(row.index, index);
        /* each thousand rows have one with a line end in it */
        assert_int_equal(row.line, index + 2 + (index + 992) / 1000);
        manifest_row_free(&row);
    }
    struct manifest_row row = {0};
    assert_int_equal(manifest_row(c.m, ROWS, &row, &c.err), SIGNET_E_NOT_FOUND);
    assert_int_equal(manifest_row(c.m, -1, &row, &c.err), SIGNET_E_NOT_FOUND);
    end(&c);
}

/* What is just as long as it may be is taken. */
static void test_longest(void **state)
{
    static char text[MANIFEST_ROW_MAX + 200];
    size_t count, len;
    struct csv c;

    (void)state;
    len = (size_t)snprintf(text, sizeof(text), "%0*d,b\n", MANIFEST_NAME_MAX, 0);
    assert_int_equal(open_text(&c, text, len, ','), SIGNET_OK);
    assert_int_equal(strlen(manifest_columns(c.m, &count)[0]), MANIFEST_NAME_MAX);
    end(&c);
    len = (size_t)snprintf(text, sizeof(text), "%0*d,b\n", MANIFEST_NAME_MAX + 1, 0);
    refused(text, len, SIGNET_E_SYNTAX, "column 1 has a name of more than 64 bytes");
    len = 0;
    for (int i = 0; i < MANIFEST_COLUMNS_MAX; i++)
        len += (size_t)snprintf(text + len, sizeof(text) - len, "%sc%d", i ? "," : "", i);
    assert_int_equal(open_text(&c, text, len, ','), SIGNET_OK);
    manifest_columns(c.m, &count);
    assert_int_equal(count, MANIFEST_COLUMNS_MAX);
    end(&c);
    len = (size_t)snprintf(text, sizeof(text), "a,b,c,d\n");
    memset(text + len, 'x', MANIFEST_ROW_MAX);
    for (int i = 1; i < 4; i++)
        text[len + (size_t)i * MANIFEST_FIELD_MAX] = ',';
    text[len + MANIFEST_ROW_MAX - 1] = '\n';
    assert_int_equal(open_text(&c, text, len + MANIFEST_ROW_MAX, ','), SIGNET_OK);
    assert_int_equal(c.rows, 1);
    assert_int_equal(c.bad, 0); /* the first value has just as many bytes as it may have */
    end(&c);
    text[len + MANIFEST_ROW_MAX - 1] = 'x';
    text[len + MANIFEST_ROW_MAX] = '\n';
    refused(text, len + MANIFEST_ROW_MAX + 1, SIGNET_E_LIMIT, "more than 65536 bytes");
}

static void test_no_file(void **state)
{
    char folder[FOLDER_SIZE], path[FOLDER_SIZE + 8];
    struct signet_error err = {0};
    struct manifest *m = NULL;

    (void)state;
    assert_true(folder_make(folder));
    assert_int_equal(manifest_open(&m, folder, ',', &err), SIGNET_E_IO);
    assert_non_null(strstr(err.msg, "is no file"));
    snprintf(path, sizeof(path), "%s/fifo", folder);
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_int_equal(manifest_open(&m, path, ',', &err), SIGNET_E_IO); /* and does not wait */
    assert_non_null(strstr(err.msg, "is no file"));
    unlink(path);
    assert_int_equal(manifest_open(&m, path, ',', &err), SIGNET_E_IO);
    assert_int_equal(err.sys, ENOENT);
}

/* Another file in its place: of the same length, or of the same time. */
static void overwrite(const struct csv *c, const char *text, const struct timespec *at)
{
    const struct timespec times[2] = {*at, *at};
    FILE *to = fopen(c->path, "r+");

    assert_non_null(to);
    fputs(text, to);
    fclose(to);
    assert_int_equal(utimensat(AT_FDCWD, c->path, times, 0), 0);
}

static void test_overwritten(void **state)
{
    struct manifest_row row = {0};
    struct timespec later;
    struct stat st;
    struct csv c;

    (void)state;
    assert_int_equal(OPEN(&c, "n\na\nb\n", ','), SIGNET_OK);
    assert_int_equal(stat(c.path, &st), 0);
    later = st.st_mtim;
    later.tv_sec++;
    overwrite(&c, "n\na\nc\n", &later);
    assert_int_equal(manifest_row(c.m, 1, &row, &c.err), SIGNET_E_CONFLICT);
    assert_non_null(strstr(c.err.msg, "was changed while it was in use"));
    later.tv_sec--;
    later.tv_nsec ^= 1;
    overwrite(&c, "n\na\nc\n", &later);
    assert_int_equal(manifest_row(c.m, 1, &row, &c.err), SIGNET_E_CONFLICT);
    overwrite(&c, "n\nab\n\n", &st.st_mtim); /* nothing shows it but a row that is missing */
    assert_int_equal(manifest_row(c.m, 1, &row, &c.err), SIGNET_E_CONFLICT);
    overwrite(&c, "n\na\nb\n", &st.st_mtim); /* the same again */
    assert_int_equal(manifest_row(c.m, 1, &row, &c.err), SIGNET_OK);
    manifest_close(&c.m);
    assert_int_equal(manifest_open(&c.m, c.path, ',', &c.err), SIGNET_OK);
    overwrite(&c, "n\na\nb\nc\n", &st.st_mtim); /* before the scan */
    assert_int_equal(scan(&c), SIGNET_E_CONFLICT);
    manifest_row_free(&row);
    end(&c);
}

static void test_changed(void **state)
{
    struct csv c;
    struct manifest_row row = {0};

    (void)state;
    assert_int_equal(OPEN(&c, "n\na\nb\n", ','), SIGNET_OK);
    FILE *to = fopen(c.path, "a");
    assert_non_null(to);
    fputs("c\n", to);
    fclose(to);
    assert_int_equal(manifest_row(c.m, 1, &row, &c.err), SIGNET_E_CONFLICT);
    manifest_row_free(&row);
    end(&c);
}

static int count_bytes(void *ctx, const void *data, size_t len, struct signet_error *err)
{
    (void)data;
    (void)err;
    *(size_t *)ctx += len;
    return SIGNET_OK;
}

/* Rows are looked up while the scan goes on; the visitor sees each byte of the file once. */
static int look_back(void *ctx, const struct manifest_row *row, const struct signet_error *bad,
                     struct signet_error *err)
{
    struct csv *c = ctx;
    struct manifest_row earlier = {0};
    char number[16];
    size_t len;

    assert_null(bad);
    assert_int_equal(manifest_row(c->m, row->index / 2, &earlier, err), SIGNET_OK);
    snprintf(number, sizeof(number), "%d", (int)(row->index / 2));
    assert_string_equal((const char *)manifest_field(&earlier, 0, &len), number);
    assert_int_equal(manifest_row(c->m, row->index + 1, &earlier, NULL), SIGNET_E_NOT_FOUND);
    manifest_row_free(&earlier);
    return ++c->rows == 20000 ? SIGNET_E_CANCELLED : SIGNET_OK;
}

static void test_during_the_scan(void **state)
{
    struct csv c;
    struct buf text = {0};
    size_t bytes = 0;

    (void)state;
    buf_text(&text, "\xef\xbb\xbfsep=,\r\nn,v\r\n");
    for (int i = 0; i < 30000; i++)
        buf_printf(&text, "%d,%d\r\n", i, i * 3);
    write_file(&c, text.data, text.len);
    assert_int_equal(manifest_open(&c.m, c.path, ',', &c.err), SIGNET_OK);
    const struct manifest_visitor counts = {.on_bytes = count_bytes, .ctx = &bytes};
    assert_int_equal(manifest_scan(c.m, &counts, &c.err), SIGNET_OK);
    assert_int_equal(bytes, text.len);
    manifest_close(&c.m);
    assert_int_equal(manifest_open(&c.m, c.path, ',', &c.err), SIGNET_OK);
    const struct manifest_visitor looks = {.on_row = look_back, .ctx = &c};
    assert_int_equal(manifest_scan(c.m, &looks, &c.err), SIGNET_E_CANCELLED); /* ends the walk */
    assert_int_equal(c.rows, 20000);
    buf_free(&text);
    end(&c);
}

/* placeholders */

static const char *const columns[] = {"psk", "lot", "serial number", " imei", "iccid "};
static const struct placeholder_names names = {
    .columns = columns, .count = 5, .manifest = "devices.csv"};

static struct manifest_row the_row(void)
{
    struct manifest_row row = {.count = 3, .line = 7};
    const char *const values[] = {"00ff", "L\xc3\xa4", "AP8="};

    for (size_t i = 0; i < 3; i++) {
        buf_text(&row.text, values[i]);
        row.ends[i] = (uint32_t)row.text.len;
        buf_byte(&row.text, 0);
    }
    return row;
}

static void gives(const char *text, size_t len, bool bytes, const char *want, size_t want_len)
{
    struct manifest_row row = the_row();
    const struct placeholder_values values = {.row = &row, .endpoint = "urn:1", .serial = 42};
    struct signet_error err = {0};
    struct pieces p = {0};
    struct buf out = {0};

    if (pieces_compile(&p, text, len, bytes, &names, &err) ||
        pieces_expand(&p, &values, &out, NULL, &err))
        fail_msg("%s: %s", text, err.msg);
    assert_int_equal(out.len, want_len);
    if (want_len)
        assert_memory_equal(out.data, want, want_len);
    buf_free(&out);
    pieces_free(&p);
    manifest_row_free(&row);
}
#define GIVES(text, bytes, want) gives(text, sizeof(text) - 1, bytes, want, sizeof(want) - 1)

static void test_placeholders(void **state)
{
    (void)state;
    GIVES("", false, "");
    GIVES("plain", false, "plain");
    GIVES("{lot}-{serial:06}/{endpoint}", false, "L\xc3\xa4-000042/urn:1");
    GIVES("{{{serial}}} {{}}", false, "{42} {}");
    GIVES("{psk:hex}", true, "\x00\xff");
    GIVES("x{serial number:base64}{psk:text}", true,
          "x\x00\xff"
          "00ff");
    GIVES("{serial:18}{serial:1}", false, "00000000000000004242");
    GIVES("{endpoint:text}{serial:04:text}", true, "urn:10042");
    /* a certificate may hold braces */
    GIVES("\x30{\x82}{", true, "\x30{\x82}{");
    GIVES("\x01{psk:hex}\x02", true, "\x01\x00\xff\x02");
    GIVES("{{psk}}", true, "{psk}");
}

static void no(const char *text, bool bytes, const char *words, const char *hint)
{
    struct signet_error err = {0};
    struct pieces p = {0};

    assert_int_not_equal(pieces_compile(&p, text, strlen(text), bytes, &names, &err), SIGNET_OK);
    assert_null(p.list);
    if (!strstr(err.msg, words) || !strstr(err.hint, hint))
        fail_msg("%s: %s (%s)", text, err.msg, err.hint);
}

static void test_bad_placeholders(void **state)
{
    struct manifest_row row = the_row();
    const struct placeholder_values values = {.row = &row};
    struct signet_error err = {0};
    struct pieces p = {0};
    struct buf out = {0};
    int column = 9;

    (void)state;
    no("{lott}", false, "{lott} names no column of devices.csv", "{lot}");
    no("{imei}", false, "{imei} names no column", "column ' imei' has a blank in its name");
    no("{iccid:hex}", true, "{iccid} names no column", "write {iccid }");
    no("{pks:hex}", true, "{pks} names no column", "{psk}");
    no("{psk}", true, "bytes need an encoding", "{column:hex}");
    no("{psk:hex}", false, "takes no encoding", "{column}");
    no("{psk:hax}", true, "behind the colon", "{column:hex}");
    no("{lot:06}", false, "behind the colon", "{serial:06}");
    no("{serial:99}", false, "behind the colon", "{serial:06}");
    no("a { b", false, "a lone {", "{{ and }}");
    no("a } b", false, "a lone }", "{{ and }}");
    no("{", true, "a lone {", "{{ and }}");
    no("{}", false, "{} names no column", "{{ and }}");
    no("{lot:}", false, "behind the colon", "{serial:06}");
    no("{serial:}", false, "behind the colon", "{serial:06}");
    no("{serial:0}", false, "behind the colon", "{serial:06}");
    no("{serial:19}", false, "behind the colon", "{serial:06}");
    no("{serial:+6}", false, "behind the colon", "{serial:06}");
    no("{serial:6x}", false, "behind the colon", "{serial:06}");
    no("{psk:hex:hex}", true, "behind the colon", "{column:hex}");
    no("{\x1b[2J}", false, "\\x1b", "{{ and }}");
    assert_int_equal(pieces_compile(&p, "{lot:hex}", 9, true, &names, &err), SIGNET_OK);
    assert_int_equal(pieces_expand(&p, &values, &out, &column, &err), SIGNET_E_SYNTAX);
    assert_int_equal(column, 1);
    assert_null(strstr(err.msg, "L")); /* the value is not told here */
    buf_free(&out);
    pieces_free(&p);
    manifest_row_free(&row);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_forms),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_no_csv),
        cmocka_unit_test(test_passed_over),
        cmocka_unit_test(test_bad_rows),
        cmocka_unit_test(test_any_row),
        cmocka_unit_test(test_longest),
        cmocka_unit_test(test_no_file),
        cmocka_unit_test(test_overwritten),
        cmocka_unit_test(test_changed),
        cmocka_unit_test(test_during_the_scan),
        cmocka_unit_test(test_placeholders),
        cmocka_unit_test(test_bad_placeholders),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
