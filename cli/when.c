/* SPDX-License-Identifier: Apache-2.0 */
#include "when.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* All of text in this form? What the form does not say stays. */
static bool has_form(const char *text, const char *form, struct tm *tm)
{
    struct tm read = *tm;
    const char *end = strptime(text, form, &read);
    struct tm real = read;

    real.tm_isdst = -1;
    if (!end || *end || mktime(&real) == -1 || real.tm_mday != read.tm_mday) /* February 30 */
        return false;
    *tm = read;
    return true;
}

/* The day, and whether a time of it was said. */
static bool read_when(const char *text, struct tm *tm, bool *is_day)
{
    static const char *const times[] = {"%H:%M", "%H:%M:%S", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S",
                                        "%Y-%m-%d %H:%M"};

    *is_day = true;
    tm->tm_hour = tm->tm_min = tm->tm_sec = 0;
    if (strcmp(text, "today") == 0 || has_form(text, "%Y-%m-%d", tm))
        return true;
    if (strcmp(text, "yesterday") == 0) {
        tm->tm_mday--;
        return true;
    }
    *is_day = false;
    for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++)
        if (has_form(text, times[i], tm))
            return true;
    return false;
}

bool when_parse(const struct cli *cli, const char *option, const char *text, bool end,
                int64_t *seconds)
{
    time_t now = time(NULL), at = -1;
    struct tm tm;
    bool is_day;

    if (!text)
        return true;
    if (localtime_r(&now, &tm) && read_when(text, &tm, &is_day)) {
        tm.tm_mday += is_day && end;
        tm.tm_isdst = -1;
        at = mktime(&tm);
    }
    if (at > 0) {
        *seconds = at;
        return true;
    }
    return cli_wrong(cli, "--%s: '%s' is no time such as %s", option, PLAIN(text), WHEN_HELP);
}

void when_check_zone(void)
{
    const char *zone = getenv("TZ");
    char path[512];

    if (!zone || !*zone)
        return;
    zone += *zone == ':';
    snprintf(path, sizeof(path), "%s%s", *zone == '/' ? "" : "/usr/share/zoneinfo/", zone);
    bool rule = !strchr(zone, '/') && strpbrk(zone, "0123456789"); /* CET-1CEST */
    if (rule || getenv("TZDIR") || !strcmp(zone, "UTC") || !strcmp(zone, "GMT") ||
        access(path, F_OK) == 0)
        return;
    fprintf(stderr,
            "signet: warning: there is no time zone '%s' (TZ): times are those of UTC\n"
            "hint: write one that is in /usr/share/zoneinfo, such as Europe/Berlin; the package "
            "tzdata brings them\n",
            PLAIN(zone));
}
