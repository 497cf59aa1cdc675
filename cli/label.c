/* SPDX-License-Identifier: Apache-2.0 */
/* signet label: labels of an order's devices, to look at, to print again, to confirm. */
#include "cli.h"
#include "ledger.h"

#include <stdlib.h>
#include <string.h>

/* A device of an order, as far as the ledger knows it. */
struct labelled {
    struct signet_order *order;
    struct signet_label *label;
    struct signet_label_device device;
    char hw_id[SIGNET_ENDPOINT_SIZE];
};

static int take_hw_id(void *ctx, const struct signet_ledger_device *device,
                      struct signet_error *err)
{
    (void)err;
    if (!device->freed)
        snprintf(ctx, SIGNET_ENDPOINT_SIZE, "%s", device->hw_id);
    return SIGNET_OK;
}

/* A device that is not made yet has a label, too. */
static int find_board(struct labelled *l, struct signet_error *err)
{
    const struct signet_ledger_filter filter = {.endpoint = l->device.endpoint, .state = -1};
    struct signet_ledger *ledger = NULL;
    int rc = ledger_open(&ledger, l->order->ledger, LEDGER_READ, NULL, err);

    if (rc == SIGNET_E_NOT_FOUND)
        return SIGNET_OK;
    if (rc == SIGNET_OK)
        rc = signet_ledger_devices(ledger, &filter, take_hw_id, l->hw_id, err);
    signet_ledger_close(&ledger);
    return rc;
}

static int open_labelled(struct cli *cli, struct labelled *l)
{
    l->device = (struct signet_label_device){cli->args[1], -1, l->hw_id};
    int rc = cli_order(cli, cli->args[0], &l->order);
    if (rc == SIGNET_OK)
        rc = signet_label_open(&l->label, l->order, &cli->err);
    return rc == SIGNET_OK ? find_board(l, &cli->err) : rc;
}

static void close_labelled(struct labelled *l)
{
    signet_label_close(&l->label);
    signet_order_free(&l->order);
}

/* A page with what stands on the label, for any printer. */
struct sheet {
    FILE *to;
    char *text;
    size_t len;
};

static void put_html(FILE *to, const char *text, size_t len)
{
    static const char marks[] = "<>&\"'";

    for (size_t i = 0; i < len; i++)
        if (text[i] && strchr(marks, text[i]))
            fprintf(to, "&#%d;", text[i]);
        else
            fputc(text[i], to);
}

static int put_label_field(void *ctx, enum signet_label_field field, const char *text, size_t len,
                           struct signet_error *err)
{
    struct sheet *sheet = ctx;
    struct signet_bytes svg = {0};
    int rc = SIGNET_OK;

    if (field == SIGNET_LABEL_QR)
        rc = signet_qr_svg(text, len, &svg, err);
    if (rc == SIGNET_OK && svg.data) {
        fprintf(sheet->to, "<div>%s</div>\n", (const char *)svg.data);
    } else if (rc == SIGNET_OK) {
        fputs("<p>", sheet->to);
        put_html(sheet->to, text, len);
        fputs("</p>\n", sheet->to);
    }
    signet_bytes_free(&svg);
    return rc;
}

static int make_html(struct labelled *l, struct signet_bytes *out, struct signet_error *err)
{
    struct sheet sheet = {0};
    size_t name = strlen(l->device.endpoint);

    sheet.to = open_memstream(&sheet.text, &sheet.len);
    if (!sheet.to)
        return cli_error(err, SIGNET_E_NOMEM, "", "out of memory");
    fputs("<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>", sheet.to);
    put_html(sheet.to, l->device.endpoint, name);
    fputs("</title>\n<style>body{font:12pt sans-serif;margin:5mm}p{margin:1mm 0}svg{width:30mm;"
          "height:30mm}</style></head>\n<body>\n",
          sheet.to);
    int rc = signet_label_fields(l->label, &l->device, put_label_field, &sheet, err);
    fputs("</body></html>\n", sheet.to);
    bool written = fclose(sheet.to) == 0;
    if (rc == SIGNET_OK && !written)
        rc = cli_error(err, SIGNET_E_NOMEM, "", "out of memory");
    *out = (struct signet_bytes){(uint8_t *)sheet.text, sheet.len};
    return rc;
}

/* The first QR code of the label. */
struct first_qr {
    bool png;
    struct signet_bytes *out;
};

static int put_qr(void *ctx, enum signet_label_field field, const char *text, size_t len,
                  struct signet_error *err)
{
    struct first_qr *qr = ctx;

    if (field != SIGNET_LABEL_QR || qr->out->data)
        return SIGNET_OK;
    return (qr->png ? signet_qr_png : signet_qr_svg)(text, len, qr->out, err);
}

static int make_picture(struct labelled *l, bool png, struct signet_bytes *out,
                        struct signet_error *err)
{
    struct first_qr qr = {png, out};
    int rc = signet_label_fields(l->label, &l->device, put_qr, &qr, err);

    return rc == SIGNET_OK && !out->data
               ? cli_error(err, SIGNET_E_MEANING, "such as ^FO50,50{qr:{endpoint}}",
                           "%s has no QR code", l->order->label.template_file)
               : rc;
}

/* {"event": "label", "endpoint", "fields": [{"field": "text", "text"}...]} */
static int put_json_field(void *ctx, enum signet_label_field field, const char *text, size_t len,
                          struct signet_error *err)
{
    static const char *const words[] = {"text", "qr", "bar"};
    struct json *j = ctx;

    (void)err;
    json_open(j, NULL, '{');
    json_put(j, M_TEXT("field", words[field]));
    json_bytes(j, "text", (const uint8_t *)text, len);
    json_close(j, '}');
    return SIGNET_OK;
}

static int label_show_json(struct labelled *l, struct signet_error *err)
{
    struct signet_bytes zpl = {0};
    struct json j;
    int rc = signet_label_zpl(l->label, &l->device, &zpl, err); /* nothing is shown of a bad one */

    if (rc != SIGNET_OK)
        return rc;
    json_event(&j, "label");
    json_put(&j, M_TEXT("endpoint", l->device.endpoint));
    json_bytes(&j, "zpl", zpl.data, zpl.len);
    json_open(&j, "fields", '[');
    rc = signet_label_fields(l->label, &l->device, put_json_field, &j, err);
    json_close(&j, ']');
    json_end(&j);
    signet_bytes_free(&zpl);
    return rc;
}

static int show_label(struct labelled *l, bool html, bool svg, bool png, const char *output,
                      struct signet_error *err)
{
    struct signet_bytes out = {0};
    int rc = html         ? make_html(l, &out, err)
             : svg || png ? make_picture(l, png, &out, err)
                          : signet_label_zpl(l->label, &l->device, &out, err);

    if (rc == SIGNET_OK)
        rc = cli_write(output, out.data, out.len, err);
    if (html)
        free(out.data);
    else
        signet_bytes_free(&out);
    return rc;
}

/* -o label.png is a picture, also without --png. */
static bool by_ending(const struct cli *cli, const char *output, bool *html, bool *svg, bool *png)
{
    static const char *const others[] = {".jpg", ".jpeg", ".gif", ".bmp", ".pdf"};
    const char *dot = strrchr(output, '.');

    if (!dot || *html || *svg || *png || cli->json)
        return true;
    *html = !strcasecmp(dot, ".html");
    *svg = !strcasecmp(dot, ".svg");
    *png = !strcasecmp(dot, ".png");
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
        if (!strcasecmp(dot, others[i]))
            return cli_wrong(cli, "a label is no '%s': name FILE.zpl, .html, .svg or .png", dot);
    return true;
}

static int label_show(int argc, char **argv)
{
    struct cli cli = {0};
    struct labelled l = {0};
    const char *output = "-";
    bool zpl = false, svg = false, png = false, html = false;
    const struct option_row rows[] = {
        FLAG(0, "zpl", "What is sent to the printer (this one without another)", &zpl),
        FLAG(0, "html", "A page with texts and QR codes, for any printer", &html),
        FLAG(0, "svg", "The label's first QR code as a picture", &svg),
        FLAG(0, "png", "The same, of pixels", &png),
        TEXT('o', "output", "FILE", "Write it there", &output),
        {0}};

    if (!cli_parse(&cli, argc, argv, rows, "ORDER.yaml ENDPOINT",
                   "Shows the label of a device of the order; nothing is printed or recorded.", 2,
                   2))
        return EXIT_USAGE;
    if (zpl + svg + png + html + cli.json > 1)
        return cli_usage(&cli, "one of --zpl, --html, --svg, --png and --json");
    if (!zpl && !by_ending(&cli, output, &html, &svg, &png))
        return EXIT_USAGE;
    int rc = open_labelled(&cli, &l);
    if (rc == SIGNET_OK)
        rc = cli.json ? label_show_json(&l, &cli.err)
                      : show_label(&l, html, svg, png, output, &cli.err);
    close_labelled(&l);
    return cli_end(&cli, rc);
}

static void tell_label(const struct cli *cli, const char *event, const char *endpoint)
{
    if (cli->json)
        json_line(event, M_TEXT("endpoint", endpoint));
    else
        printf("%s: label %s\n", PLAIN(endpoint), event);
}

static int confirm_label(struct signet_ledger *ledger, const char *endpoint, const char *reason,
                         struct signet_error *err)
{
    char *detail = NULL;

    if (asprintf(&detail, "confirmed by hand%s%s", reason[0] ? ": " : "", reason) < 0)
        return cli_error(err, SIGNET_E_NOMEM, "", "out of memory");
    int rc = signet_ledger_label(ledger, endpoint, SIGNET_LABEL_PRINTED, detail, err);
    free(detail);
    return rc;
}

/* The events are in the order's ledger. */
static int change_labelled(struct cli *cli, struct labelled *l, const char *reason, bool confirm)
{
    const struct signet_observer observer = cli_observer(cli);
    struct signet_ledger *ledger = NULL;
    int rc = ledger_open(&ledger, l->order->ledger, LEDGER_CHANGE, cli->sign_file, &cli->err);

    if (rc == SIGNET_OK)
        rc = confirm ? confirm_label(ledger, l->device.endpoint, reason, &cli->err)
                     : signet_label_print(l->label, ledger, &l->device, reason, &observer,
                                          process_cancel(), &cli->err);
    signet_ledger_close(&ledger);
    if (rc == SIGNET_OK)
        tell_label(cli, confirm ? "confirmed" : "printed", l->device.endpoint);
    return rc;
}

static int label_print_verb(int argc, char **argv)
{
    struct cli cli = {0};
    struct labelled l = {0};
    const char *reason = NULL;
    const struct option_row rows[] = {
        TEXT('r', "reason", "TEXT", "The reason, for the record (required)", &reason),
        SIGN_ROW(cli),
        {0}};

    if (!cli_parse(
            &cli, argc, argv, rows, "ORDER.yaml ENDPOINT",
            "Prints the label of a device that was made, also once more. Who did it, when and "
            "why are events of the device.",
            2, 2))
        return EXIT_USAGE;
    int rc = open_labelled(&cli, &l);
    if (rc == SIGNET_OK)
        rc = change_labelled(&cli, &l, reason, false);
    close_labelled(&l);
    return cli_end(&cli, rc);
}

static int label_confirm(int argc, char **argv)
{
    struct cli cli = {0};
    struct labelled l = {0};
    const char *reason = "";
    const struct option_row rows[] = {
        TEXT('r', "reason", "TEXT", "The reason, for the record", &reason), SIGN_ROW(cli), {0}};

    if (!cli_parse(&cli, argc, argv, rows, "ORDER.yaml ENDPOINT",
                   "A person has found the label of a device of which nobody knew whether it was "
                   "printed: an event of the device. The next run, or `signet ledger sync`, takes "
                   "it as printed.",
                   2, 2))
        return EXIT_USAGE;
    int rc = open_labelled(&cli, &l);
    if (rc == SIGNET_OK)
        rc = change_labelled(&cli, &l, reason, true);
    close_labelled(&l);
    return cli_end(&cli, rc);
}

static int record_read(struct cli *cli, const char *reason, char endpoint[SIGNET_ENDPOINT_SIZE])
{
    struct labelled l = {0};
    struct signet_ledger *ledger = NULL;
    const char *code = cli->args[1];
    int rc = cli_order(cli, cli->args[0], &l.order);

    if (rc == SIGNET_OK)
        rc = signet_label_open(&l.label, l.order, &cli->err);
    if (rc == SIGNET_OK)
        rc = ledger_open(&ledger, l.order->ledger, LEDGER_CHANGE, cli->sign_file, &cli->err);
    cli->begun = false; /* the reason is of the command line */
    if (rc == SIGNET_OK)
        rc = signet_label_read(l.label, ledger, code, strlen(code), reason, endpoint, &cli->err);
    signet_ledger_close(&ledger);
    close_labelled(&l);
    return rc;
}

static int label_read_verb(int argc, char **argv)
{
    struct cli cli = {0};
    char endpoint[SIGNET_ENDPOINT_SIZE];
    const char *reason = "";
    const struct option_row rows[] = {
        TEXT('r', "reason", "TEXT", "Why by hand; it is recorded (required for boards)", &reason),
        SIGN_ROW(cli),
        {0}};

    if (!cli_parse(&cli, argc, argv, rows, "ORDER.yaml CODE",
                   "The code of a label was read, in an order with `scan_back`: its device waits "
                   "for it no more. Labels of boards are read at their slots while the order runs; "
                   "this is for a board that is in none.",
                   2, 2))
        return EXIT_USAGE;
    int rc = record_read(&cli, reason, endpoint);
    if (rc == SIGNET_OK)
        tell_label(&cli, "read", endpoint);
    return cli_end(&cli, rc);
}

const struct verb label_verbs[] = {
    {"show", "the label of a device: ZPL, a page, its QR code", label_show},
    {"print", "print the label of a device, also once more", label_print_verb},
    {"confirm", "a label that may have been printed is there", label_confirm},
    {"read", "the code of a label was read", label_read_verb},
    {0},
};
