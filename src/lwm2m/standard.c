/* SPDX-License-Identifier: Apache-2.0 */
/* Which section of a standard decides, where a message does not name it itself. */
#include "lwm2m/lwm2m.h"

#include <stdio.h>

/* Who writes an object's definition into a standard of its own gives its resources by the rules of
 * section 7.1 all the same. */
const char *section_of_object(uint16_t oid)
{
    static const struct {
        uint16_t oid;
        const char *section;
    } appendices[] = {
        {0, "LwM2M Core 1.2, Appendix E.1"},   {1, "LwM2M Core 1.2, Appendix E.2"},
        {2, "LwM2M Core 1.2, Appendix E.3"},   {3, "LwM2M Core 1.2, Appendix E.4"},
        {4, "LwM2M Core 1.2, Appendix E.5"},   {5, "LwM2M Core 1.2, Appendix E.6"},
        {6, "LwM2M Core 1.2, Appendix E.7"},   {7, "LwM2M Core 1.2, Appendix E.8"},
        {21, "LwM2M Core 1.2, Appendix E.9"},  {23, "LwM2M Core 1.2, Appendix E.10"},
        {24, "LwM2M Core 1.2, Appendix E.11"},
    };

    for (size_t i = 0; i < COUNT_OF(appendices); i++)
        if (appendices[i].oid == oid)
            return appendices[i].section;
    return "LwM2M Core 1.2, section 7.1";
}

const char *section_of_mode(enum signet_mode mode)
{
    switch (mode) {
    case SIGNET_MODE_PSK:
        return "LwM2M Transport 1.2, section 5.2.9.1";
    case SIGNET_MODE_RPK:
        return "LwM2M Transport 1.2, section 5.2.9.2";
    case SIGNET_MODE_CERT:
        return "LwM2M Transport 1.2, section 5.2.9.3";
    case SIGNET_MODE_NOSEC:
        return "LwM2M Transport 1.2, section 5.2.9.4";
    case SIGNET_MODE_EST:
        return "LwM2M Transport 1.2, section 5.2.9.5";
    case SIGNET_MODE_NONE:
        break;
    }
    return section_of_object(0);
}

void error_cite(struct signet_error *err, const char *section)
{
    size_t len = err ? strlen(err->msg) : 0;

    if (len && !strstr(err->msg, "RFC ") && !strstr(err->msg, "(LwM2M "))
        snprintf(err->msg + len, sizeof(err->msg) - len, " (%s)", section);
}
