/* SPDX-License-Identifier: Apache-2.0 */
#include "ops.h"

#include <jansson.h>
#include <stdio.h>

static void copy_string(char *out, size_t cap, const json_t *text)
{
    const char *s = json_string_value(text);
    snprintf(out, cap, "%s", s ? s : "");
}

static void take_ports(struct nrfutil_line *out, size_t i, const json_t *ports)
{
    size_t k;
    const json_t *port;
    struct signet_programmer *about = &out->devices[i].about;
    json_array_foreach(ports, k, port)
    {
        size_t n = out->devices[i].port_count;
        if (n == 8)
            return;
        const json_t *path = json_object_get(port, "path");
        if (!json_is_string(path))
            path = json_object_get(port, "comName");
        const json_t *vcom = json_object_get(port, "vcom");
        json_int_t number = json_is_integer(vcom) ? json_integer_value(vcom) : (json_int_t)k;
        if (!json_is_string(path) || json_string_length(path) >= 128 || number < 0 || number > 255)
            continue;
        out->devices[i].ports[n].vcom = (unsigned)number;
        copy_string(out->devices[i].ports[n].path, 128, path);
        out->devices[i].port_count++;
        size_t used = strlen(about->ports);
        snprintf(about->ports + used, sizeof(about->ports) - used, "%s%s", used ? " " : "",
                 json_string_value(path));
    }
}

static void take_devices(struct nrfutil_line *out, const json_t *devices)
{
    size_t i;
    const json_t *device;
    out->kind = NRFUTIL_DEVICES;
    out->count = 0;
    json_array_foreach(devices, i, device)
    {
        const json_t *serial = json_object_get(device, "serialNumber");
        const char *text = json_string_value(serial);
        if (out->count == 64)
            return;
        if (!text || !flasher_serial_valid(text))
            continue;
        memset(&out->devices[out->count], 0, sizeof(out->devices[0]));
        copy_string(out->devices[out->count].about.serial, 64, serial);
        const json_t *product = json_object_get(json_object_get(device, "devkit"), "boardVersion");
        if (!json_is_string(product))
            product = json_object_get(json_object_get(device, "usb"), "product");
        copy_string(out->devices[out->count].about.product, 96, product);
        take_ports(out, out->count, json_object_get(device, "serialPorts"));
        out->count++;
    }
}

static void take_failure(struct nrfutil_line *out, const json_t *data)
{
    const json_t *error = json_object_get(data, "error");
    const json_t *const texts[] = {json_object_get(data, "message"), error,
                                   json_object_get(error, "message"),
                                   json_object_get(error, "description")};
    const char *text = NULL;
    for (size_t i = 0; i < 4 && !(text && text[0]); i++)
        text = json_string_value(texts[i]);
    if (!text || !text[0])
        text = "the task failed";
    const char *code = json_string_value(json_object_get(error, "code"));
    char words[180];
    snprintf(words, sizeof(words), "%.120s%s%.50s%s", text, code ? " (" : "", code ? code : "",
             code ? ")" : "");
    out->kind = NRFUTIL_FAILED;
    text_show(out->message, sizeof(out->message), words, strlen(words), sizeof(out->message));
}

static void take_progress(struct nrfutil_line *out, const json_t *progress)
{
    const json_t *percent = json_object_get(progress, "totalProgressPercentage");
    if (!json_is_number(percent))
        percent = json_object_get(progress, "progressPercentage");
    double value = json_number_value(percent);
    if (!json_is_number(percent) || !(value >= 0 && value <= 100))
        return;
    out->kind = NRFUTIL_PROGRESS;
    out->percent = (unsigned)value;
}

void nrfutil_line_parse(struct nrfutil_line *out, const char *text, size_t len)
{
    out->kind = NRFUTIL_OTHER;
    json_t *line = json_loadb(text, len, 0, NULL);
    const char *type = json_string_value(json_object_get(line, "type"));
    const json_t *data = json_object_get(line, "data");
    if (type && data) {
        const char *result = json_string_value(json_object_get(data, "result"));
        const json_t *devices = json_object_get(data, "devices");
        if (!json_is_array(devices))
            devices = json_object_get(json_object_get(data, "data"), "devices");
        if (strcmp(type, "task_end") == 0 && result && strcmp(result, "success") != 0)
            take_failure(out, data);
        else if (json_is_array(devices))
            take_devices(out, devices);
        else if (strcmp(type, "task_progress") == 0)
            take_progress(out, json_object_get(data, "progress"));
    }
    json_decref(line);
}
