/* SPDX-License-Identifier: Apache-2.0 */
#include "flasher/ops.h"
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct nrfutil_line line;

    nrfutil_line_parse(&line, (const char *)data, size);
    seen(&line.percent, sizeof(line.percent));
    seen(&line.count, sizeof(line.count));
    seen(line.message, strlen(line.message));
    if (line.percent > 100 || line.count > 64 || !memchr(line.message, 0, sizeof line.message))
        abort();
    for (const char *p = line.message; *p; p++)
        if ((unsigned char)*p < 0x20)
            abort();
    for (size_t i = 0; i < line.count; i++) {
        if (!flasher_serial_valid(line.devices[i].about.serial) || line.devices[i].port_count > 8)
            abort();
        for (size_t k = 0; k < line.devices[i].port_count; k++)
            if (strlen(line.devices[i].ports[k].path) > 127)
                abort();
    }
    return 0;
}
