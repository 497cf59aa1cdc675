/* SPDX-License-Identifier: Apache-2.0 */
/* Plots of a report, as SVG: bars with their figures in words, so that colour says nothing alone.
 */
#include "base/base.h"

#include <signet/page.h>
#include <stdio.h>
#include <stdlib.h>

/* In units of the picture. */
enum { WIDTH = 760, HEIGHT = 320, LEFT = 60, RIGHT = 20, TOP = 40, BOTTOM = 90, GROUPS_MAX = 60 };
enum { PLOT_HEIGHT = HEIGHT - TOP - BOTTOM, PLOT_WIDTH = WIDTH - LEFT - RIGHT };
enum { NAME_SIZE = 48, LABEL_CHARS = 22 };

struct plot_group {
    char name[NAME_SIZE];
    double bar, mark; /* mark below 0: none */
};

struct plot {
    enum signet_plot kind;
    struct plot_group groups[GROUPS_MAX]; /* the last ones */
    size_t count;
};

static struct plot_group *next_group(struct plot *p)
{
    if (p->count == GROUPS_MAX)
        memmove(p->groups, p->groups + 1, (size_t)(--p->count) * sizeof(p->groups[0]));
    return &p->groups[p->count++];
}

static int add_group(void *ctx, const struct signet_report_row *row, struct signet_error *err)
{
    struct plot *p = ctx;
    double judged = (double)(row->passed + row->failed);
    struct plot_group group = {.mark = -1};

    (void)err;
    snprintf(group.name, sizeof(group.name), "%s", row->name[0] ? row->name : "(none)");
    switch (p->kind) {
    case SIGNET_PLOT_YIELD:
        group.bar = judged > 0 ? 100 * (double)row->passed / judged : 0;
        group.mark = judged > 0 ? 100 * (double)row->first_pass / judged : -1;
        break;
    case SIGNET_PLOT_CYCLE:
        group.bar = row->median;
        group.mark = row->median > 0 ? row->p95 : -1;
        break;
    case SIGNET_PLOT_ERRORS:
        group.bar = (double)(row->failed + row->refused);
    }
    if (p->kind == SIGNET_PLOT_ERRORS || group.bar > 0 || judged > 0)
        *next_group(p) = group;
    return SIGNET_OK;
}

/* The end of the axis, which has four steps: units are whole. */
static double axis_end(const struct plot *p)
{
    static const double steps[] = {1, 2, 4, 8};
    double most = 0, power = p->kind == SIGNET_PLOT_ERRORS ? 4 : 1;

    if (p->kind == SIGNET_PLOT_YIELD)
        return 100;
    for (size_t i = 0; i < p->count; i++) {
        most = p->groups[i].bar > most ? p->groups[i].bar : most;
        most = p->groups[i].mark > most ? p->groups[i].mark : most;
    }
    while (power * 10 < most)
        power *= 10;
    for (size_t i = 0; i < 4; i++)
        if (power * steps[i] >= most)
            return power * steps[i];
    return power * 10;
}

static int height_of(double value, double end)
{
    return (int)(value / end * PLOT_HEIGHT + 0.5);
}

/* Text of an element or an attribute. */
static void put_xml(struct buf *out, const char *text)
{
    struct buf plain = {0};

    text_plain(&plain, (const uint8_t *)text, strlen(text));
    for (size_t i = 0; i < plain.len; i++)
        if (char_in(plain.data[i], "<>&\""))
            buf_printf(out, "&#%d;", plain.data[i]);
        else
            buf_byte(out, plain.data[i]);
    buf_fail_with(out, &plain);
    buf_free(&plain);
}

/* With two digits behind the point, as far as they say something; no program's decimal comma
 * matters. */
static void put_figure(struct buf *out, double value)
{
    long hundredths = (long)(value * 100 + 0.5);

    if (hundredths >= 10000)
        buf_printf(out, "%ld", (hundredths + 50) / 100);
    else if (hundredths % 100 == 0)
        buf_printf(out, "%ld", hundredths / 100);
    else if (hundredths % 10 == 0 || hundredths >= 1000)
        buf_printf(out, "%ld.%ld", hundredths / 100, hundredths / 10 % 10);
    else
        buf_printf(out, "%ld.%02ld", hundredths / 100, hundredths % 100);
}

static void put_axis(struct buf *out, double end)
{
    for (int i = 0; i <= 4; i++) {
        int y = TOP + PLOT_HEIGHT - i * PLOT_HEIGHT / 4;
        buf_printf(out,
                   "<path d=\"M%d %dH%d\" stroke=\"#c4ccd4\"/><text x=\"%d\" y=\"%d\" "
                   "text-anchor=\"end\">",
                   LEFT, y, WIDTH - RIGHT, LEFT - 6, y + 4);
        put_figure(out, end * i / 4);
        buf_text(out, "</text>\n");
    }
}

/* The name below the bar, so far as there is room. */
static void put_bar_name(struct buf *out, const char *name, int x)
{
    char cut[NAME_SIZE];
    size_t len = strnlen(name, LABEL_CHARS);

    while (len > 0 && ((unsigned char)name[len] & 0xc0) == 0x80) /* letters stay whole */
        len--;
    snprintf(cut, sizeof(cut), "%.*s", (int)len, name);
    buf_printf(out, "<text text-anchor=\"end\" transform=\"translate(%d %d) rotate(-35)\">", x + 4,
               TOP + PLOT_HEIGHT + 16);
    put_xml(out, cut);
    buf_text(out, "</text>\n");
}

static void put_group(struct buf *out, const struct plot *p, size_t i, double end)
{
    const struct plot_group *g = &p->groups[i];
    int slot = PLOT_WIDTH / (int)p->count, width = slot * 6 / 10 > 60 ? 60 : slot * 6 / 10 + 1;
    int middle = LEFT + slot * (int)i + slot / 2, bar = height_of(g->bar, end);
    int base = TOP + PLOT_HEIGHT, mark = base - height_of(g->mark, end);

    buf_printf(out, "<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" fill=\"#12436d\"/>",
               middle - width / 2, base - bar, width, bar);
    if (g->mark >= 0 && p->kind == SIGNET_PLOT_YIELD)
        buf_printf(out, "<path d=\"M%d %dl5 5-5 5-5-5z\" fill=\"#f46a25\" stroke=\"#000\"/>",
                   middle, mark - 5);
    else if (g->mark >= 0)
        buf_printf(out,
                   "<path d=\"M%d %dh12m-6 0V%d\" stroke=\"#000\" stroke-width=\"2\" "
                   "fill=\"none\"/>",
                   middle - 6, mark, base - bar);
    if (p->count <= 24 && (g->bar > 0 || p->kind != SIGNET_PLOT_CYCLE)) {
        int top = g->mark >= 0 && mark < base - bar ? mark : base - bar;
        buf_printf(out, "<text x=\"%d\" y=\"%d\" text-anchor=\"middle\">", middle, top - 7);
        put_figure(out, g->bar);
        buf_text(out, "</text>");
    }
    if (p->count <= 24 || i % (p->count / 12) == 0)
        put_bar_name(out, g->name, middle);
}

static void put_plot(struct buf *out, const struct plot *p)
{
    static const char *const titles[] = {
        [SIGNET_PLOT_YIELD] = "Yield in percent (bar); first-pass yield (diamond)",
        [SIGNET_PLOT_CYCLE] = "Cycle time in seconds: median (bar), 95th percentile (line above)",
        [SIGNET_PLOT_ERRORS] = "Units that failed or were refused, by error",
    };
    double end = axis_end(p);

    buf_printf(out,
               "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" width=\"%d\" "
               "height=\"%d\" role=\"img\" font-family=\"sans-serif\" font-size=\"12\">\n"
               "<title>%s</title>\n<rect width=\"%d\" height=\"%d\" fill=\"#fff\"/>\n"
               "<text x=\"%d\" y=\"20\" font-size=\"15\" font-weight=\"bold\">%s</text>\n",
               WIDTH, HEIGHT, WIDTH, HEIGHT, titles[p->kind], WIDTH, HEIGHT, LEFT, titles[p->kind]);
    put_axis(out, end);
    for (size_t i = 0; i < p->count; i++)
        put_group(out, p, i, end);
    if (p->count == 0)
        buf_printf(out,
                   "<text x=\"%d\" y=\"%d\" text-anchor=\"middle\">nothing in that time</text>",
                   WIDTH / 2, HEIGHT / 2);
    buf_text(out, "</svg>\n");
}

int signet_report_plot(struct signet_ledger *ledger, const struct signet_report_options *given,
                       enum signet_plot kind, struct signet_bytes *out, struct signet_error *err)
{
    struct signet_report_options options;
    struct buf text = {0};

    if ((unsigned)kind > SIGNET_PLOT_ERRORS)
        return error_set(err, SIGNET_E_USAGE, "there is no such plot");
    struct plot *p = calloc(1, sizeof(*p));
    if (!p)
        return error_nomem(err);
    p->kind = kind;
    options_take(&options, given);
    if (kind == SIGNET_PLOT_ERRORS)
        options.by = SIGNET_REPORT_BY_ERROR;
    else if (options.by == SIGNET_REPORT_BY_ERROR)
        options.by = SIGNET_REPORT_BY_DAY;
    int rc = signet_ledger_report(ledger, &options, add_group, p, err);
    if (rc == SIGNET_OK) {
        put_plot(&text, p);
        rc = buf_take(&text, out, err);
    }
    free(p);
    return rc;
}
