/* SPDX-License-Identifier: Apache-2.0 */
/* No value leaves the data of its field; and what there is no memory for.
 * wrap: malloc calloc realloc reallocarray strdup strndup vasprintf locked_alloc */
#include "unit/label/room.h"
#include "unit/starve.h"

static void becomes(const char *template, const char *imei, const char *note, const char *want)
{
    struct bench b;
    struct buf zpl = {0};

    assert_int_equal(bench_load(&b, template, NULL), SIGNET_OK);
    bench_values(&b, imei, note);
    assert_int_equal(label_zpl(b.t, &b.values, &zpl, &b.err), SIGNET_OK);
    assert_string_equal(zpl.data, want);
    buf_free(&zpl);
    bench_end(&b);
}

static void values_are_data_and_never_commands(void **state)
{
    (void)state;
    becomes("^XA^FO1,1^FD{imei}^FS^XZ", "35^XZ~JA_\"", "",
            "^XA^CI28^FO1,1^FH_^FD35_5EXZ_7EJA_5F_22^FS^XZ");
    becomes("^XA^FD{note}^FS^XZ", "", "\xc3\xa4\xe2\x82\xac",
            "^XA^CI28^FH_^FD_C3_A4_E2_82_AC^FS^XZ");
    becomes("^XA^ci28^FD{note}^FS^XZ", "", "\xc3\xa4", "^XA^ci28^FH_^FD_C3_A4^FS^XZ");
    becomes("^XA^FO5,5{qr:https://x/?e={endpoint}}^XZ", "", "",
            "^XA^CI28^FO5,5^BQN,2,5^FH_^FDQA,https://x/_3Fe=urn:dev:os:1^FS^XZ");
    becomes("^XA^FD{serial:04} {hw_id}^FS^XZ", "", "", "^XA^CI28^FH_^FD0007 683339521^FS^XZ");
}

static void the_template_stays_as_it_is_written(void **state)
{
    (void)state;
    becomes("^XA^CI28^FDa_b {{x}}^FS^XZ", "", "", "^XA^CI28^FDa_b {x}^FS^XZ");
    becomes("^XA^FDa_b {imei}^FS^FDc_d^FS^XZ", "1", "", "^XA^CI28^FH_^FDa_5Fb 1^FS^FDc_d^FS^XZ");
    becomes("^XA^FH\\^FDa_b\\5E{imei}^FS^XZ", "1\\", "", "^XA^CI28^FH\\^FDa_b\\5E1\\5C^FS^XZ");
    becomes("^XA^FH^FD_5E{imei}^FS^XZ", "_", "", "^XA^CI28^FH^FD_5E_5F^FS^XZ");
    becomes("^XA^FH1^FD{imei}^FS^XZ", "213", "", "^XA^CI28^FH1^FD21313^FS^XZ");
}

static void a_backslash_ends_no_line_of_a_block(void **state)
{
    (void)state;
    becomes("^XA^FB200,2^FD{note}^FS^FD{note}^FS^XZ", "", "\\&",
            "^XA^CI28^FB200,2^FH_^FD_5C_5C_26^FS^FH_^FD_5C_26^FS^XZ");
}

static void refused(const char *template, const char *note, int code, const char *part)
{
    struct bench b;
    struct buf zpl = {0};

    assert_int_equal(bench_load(&b, template, NULL), SIGNET_OK);
    bench_values(&b, "1", note);
    assert_int_equal(label_zpl(b.t, &b.values, &zpl, &b.err), code);
    assert_non_null(strstr(b.err.msg, part));
    buf_free(&zpl);
    bench_end(&b);
}

static void what_cannot_be_printed_is_refused(void **state)
{
    char text[1700] = "";

    (void)state;
    refused("^XA^FD{note}^FS^XZ", "a\nb", SIGNET_E_MEANING, "control characters");
    refused("^XA^FD{note}^FS^XZ", "\xff", SIGNET_E_MEANING, "not UTF-8");
    refused("^XA^BCN,100^FD{note}^FS^XZ", ">:1", SIGNET_E_MEANING, "a bar code may take");
    refused("^XA^CI0^FD{note}^FS^XZ", "\xc3\xa4", SIGNET_E_MEANING, "not ASCII");
    memset(text, 'x', 1664);
    refused("^XA{qr:{note}}^XZ", text, SIGNET_E_LIMIT, "1664 bytes");
    text[1663] = '\0';
    becomes("^XA^BY3^BQN,2,3^FDQA,{imei}^FS^XZ", "a", text,
            "^XA^CI28^BY3^BQN,2,3^FH_^FDQA,a^FS^XZ");
}

struct seen {
    char text[400];
    const struct label_template *t;
};

static int see(void *ctx, enum signet_label_field field, const char *text, size_t len,
               struct signet_error *err)
{
    struct seen *seen = ctx;
    size_t used = strlen(seen->text);

    (void)err;
    snprintf(seen->text + used, sizeof(seen->text) - used, "%d:%.*s|", (int)field, (int)len, text);
    return SIGNET_OK;
}

static void people_and_scanners_read_what_was_asked_for(void **state)
{
    struct bench b;
    struct seen seen = {.text = ""};
    const struct label_visitor visitor = {.field = see, .ctx = &seen};

    (void)state;
    assert_int_equal(bench_load(&b,
                                "^XA^FDName: {note}^FS{qr:{note},{imei}}^FS^BCN,9^FD{imei}^FS"
                                "^BQN,2,4^FDMA,{note}^FS^FDa_5Eb^FS^FH^FDa_5Eb^FS^XZ",
                                NULL),
                     SIGNET_OK);
    bench_values(&b, "12", "a^_\\~{}");
    assert_int_equal(label_fields(b.t, &b.values, &visitor, &b.err), SIGNET_OK);
    assert_string_equal(seen.text, "0:Name: a^_\\~{}|1:a^_\\~{},12|2:12|1:a^_\\~{}|0:a_5Eb|0:a^b|");
    bench_end(&b);
}

static int see_code(void *ctx, size_t part, const char *text, size_t len, struct signet_error *err)
{
    const struct seen *seen = ctx;

    return seen->t->parts[part].counts ? see(ctx, SIGNET_LABEL_QR, text, len, err) : SIGNET_OK;
}

static void scanned_back(const char *zpl, const char *codes)
{
    struct bench b;
    struct seen seen = {.text = ""};
    const struct label_visitor visitor = {.code = see_code, .ctx = &seen};

    assert_int_equal(bench_load(&b, zpl, NULL), SIGNET_OK);
    bench_values(&b, "12", "a+b");
    seen.t = b.t;
    assert_int_equal(label_fields(b.t, &b.values, &visitor, &b.err), SIGNET_OK);
    if (strcmp(seen.text, codes) != 0)
        fail_msg("%s: %s", zpl, seen.text);
    bench_end(&b);
}

static void codes_that_a_scanner_gives_as_they_are_can_be_scanned_back(void **state)
{
    (void)state;
    scanned_back("^XA{qr:x{imei}}^FO9,9{qr:{note}}^XZ", "1:x12|1:a+b|");
    scanned_back("^XA^BQN,2,4^FDQA,{imei}^FS^BXN,4,200^FDX{imei}^FS^XZ", "1:12|1:X12|");
    scanned_back("^XA^BCN,90,Y,N,N^FD{imei}^FS^bcn^FD{imei}^FS^XZ", "1:12|1:12|");
    scanned_back("^XA^BCN,90,Y,N,Y^FD{imei}^FS^BCN,90,Y,N,N,U^FD{imei}^FS^XZ", "");
    scanned_back("^XA^BCN,90,Y,N,N,D^FD{imei}^FS^BCN^FD>:{imei}^FS^XZ", "");
    scanned_back("^XA^BEN^FD{imei}^FS^B3N^FD{imei}^FS^FD{imei}^FS^XZ", ""); /* digits, a text */
    scanned_back("^XA^BQN,2,4^FDQM,N{imei}^FS^BXN^FD_1{imei}^FS^XZ", "");
    scanned_back("^XA{qr:SAME}^FO9,9^BCN^FDSAME^FS^XZ", "");
    scanned_back("^XA^BXN^FDSAME^FS^FD{imei}^FS^XZ", "");
}

static const char *template_path;

static int label_of_a_device(struct signet_error *err)
{
    static const char *const print[] = {"imei", NULL};
    const struct label_names names = {
        .known = {.columns = columns, .count = 4, .manifest = "devices.csv", .hardware = true},
        .secret = secret_columns,
        .print = print};
    struct bench b = {0};
    struct seen seen = {.text = ""};
    const struct label_visitor visitor = {.field = see, .ctx = &seen};
    struct buf zpl = {0};
    const long at = starve.at;

    starve.at = 0;
    bench_values(&b, "1", "a note");
    starve.at = at;
    int rc = label_template_load(&b.t, template_path, &names, err);
    if (rc == SIGNET_OK)
        rc = label_zpl(b.t, &b.values, &zpl, err);
    if (rc == SIGNET_OK)
        rc = label_fields(b.t, &b.values, &visitor, err);
    buf_free(&zpl);
    bench_end(&b);
    return rc;
}

static void without_memory_there_is_no_label(void **state)
{
    struct bench b;

    (void)state;
    assert_int_equal(
        bench_load(&b, "^XA^FD{imei} {note}^FS^FO5,5{qr:https://x/?e={endpoint}}^XZ", NULL),
        SIGNET_OK);
    template_path = b.path;
    starve_each(label_of_a_device);
    bench_end(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_are_data_and_never_commands),
        cmocka_unit_test(the_template_stays_as_it_is_written),
        cmocka_unit_test(a_backslash_ends_no_line_of_a_block),
        cmocka_unit_test(what_cannot_be_printed_is_refused),
        cmocka_unit_test(people_and_scanners_read_what_was_asked_for),
        cmocka_unit_test(codes_that_a_scanner_gives_as_they_are_can_be_scanned_back),
        cmocka_unit_test(without_memory_there_is_no_label),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
