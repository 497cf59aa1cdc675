/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a label's template, or as a printer's answer to ~HS. The first byte says which. No
 * value of a device becomes a command of the printer: a label has as many as its template. */
#include "fuzz.h"
#include "label/private.h"

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static const char *const columns[] = {"imei", "pin", "note"};
static const char *const printed[] = {"pin", NULL};
static const bool secret[] = {false, true, false};

static int on_field(void *ctx, enum signet_label_field field, const char *text, size_t len,
                    struct signet_error *err)
{
    (void)field, (void)text, (void)err;
    *(size_t *)ctx += len;
    return SIGNET_OK;
}

static size_t count_marks(const struct buf *zpl)
{
    size_t n = 0;

    for (size_t i = 0; i < zpl->len; i++)
        n += zpl->data[i] == '^' || zpl->data[i] == '~';
    return n;
}

/* The same label for two devices, of which one has a name made to do harm. */
static void try_values(const struct label_template *label)
{
    static const char *const hardware[] = {"plain", "^XZ~JR{qr:\\&_5E\n"};
    struct buf zpl[2] = {{0}, {0}};
    struct signet_error err = {0};
    size_t shown = 0;
    bool made[2];

    for (size_t i = 0; i < 2; i++) {
        const struct placeholder_values values = {
            .endpoint = "urn:dev:1", .serial = 7, .hardware = hardware[i]};
        const struct label_visitor visitor = {.field = on_field, .ctx = &shown};

        made[i] = label_zpl(label, &values, &zpl[i], &err) == SIGNET_OK;
        if (!made[i])
            require_error(&err);
        seen(zpl[i].data, zpl[i].len);
        require((label_fields(label, &values, &visitor, NULL) == SIGNET_OK) == made[i]);
    }
    if (made[0] && made[1])
        require(count_marks(&zpl[0]) == count_marks(&zpl[1]));
    buf_free(&zpl[0]);
    buf_free(&zpl[1]);
}

static void try_template(const uint8_t *data, size_t len, bool manifest)
{
    const struct label_names names = {
        .known = {.columns = columns, .count = manifest ? 3 : 0, .hardware = true},
        .secret = secret,
        .print = manifest && len && data[0] == ' ' ? printed : NULL};
    struct label_template *label = NULL;
    struct signet_error err = {0};
    int fd = memfd_create("a.zpl", 0);
    char path[64];

    require(fd >= 0 && write(fd, data, len) == (ssize_t)len);
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    if (label_template_load(&label, path, &names, &err) != SIGNET_OK)
        require_error(&err);
    else if (!manifest)
        try_values(label);
    label_template_free(&label);
    close(fd);
}

static void try_status(const uint8_t *data, size_t len)
{
    struct printer_status status;
    struct signet_error err = {0};

    if (status_parse((const char *)data, len, &status) != 1)
        return;
    if (status_ready(&status, &err) != SIGNET_OK)
        require_error(&err);
    status_idle(&status);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    if (!len)
        return 0;
    if (data[0] % 3 == 2)
        try_status(data + 1, len - 1);
    else
        try_template(data + 1, len - 1, data[0] % 3 == 1);
    return 0;
}
