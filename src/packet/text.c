/* SPDX-License-Identifier: Apache-2.0 */
/* What all texts of a packet share. */
#include "lwm2m/lwm2m.h"
#include "packet/print.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool record_hidden(const struct signet_record *record, bool reveal)
{
    return !reveal && signet_resource_is_secret(record->path.oid, record->path.rid);
}

void number_text(double value, char out[static 40])
{
    if (!isfinite(value)) {
        strcpy(out, isnan(value) ? "nan" : value > 0 ? "inf" : "-inf");
        return;
    }
    for (int digits = 1; digits <= 17; digits++) {
        snprintf(out, 40, "%.*g", digits, value);
        if (strtod(out, NULL) == value)
            break;
    }
    bool whole = true;
    for (char *c = out; *c; c++) {
        if (!strchr("0123456789+-e", *c))
            *c = '.'; /* the point of a locale that has another */
        if (*c == '.' || *c == 'e')
            whole = false;
    }
    if (whole)
        strcat(out, ".0");
}
