/* SPDX-License-Identifier: Apache-2.0 */
/* What an address of a link means: tcp:HOST:PORT, udp:HOST:PORT, a path, or
 * serial:PATH?KEY=VALUE&... */
#include "link/backend.h"

static const char serial_prefix[] = "serial:";

static bool begins(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

static int bad_option(const char *text, size_t len, struct signet_error *err)
{
    return error_set_hint(err, SIGNET_E_USAGE,
                          "write serial:PATH?dtr=off&rts=off&hupcl=off&flow=none|rtscts|xonxoff",
                          "'%s' is no option of a port", text_shown(text, len, 40));
}

static bool take_switch(enum port_switch *out, const char *value, size_t len)
{
    *out = len == 2 && memcmp(value, "on", 2) == 0 ? PORT_ON : PORT_OFF;
    return *out == PORT_ON || (len == 3 && memcmp(value, "off", 3) == 0);
}

static bool take_flow(enum port_flow *out, const char *value, size_t len)
{
    static const char *const names[] = {"none", "rtscts", "xonxoff"};

    for (size_t i = 0; i < COUNT_OF(names); i++)
        if (strlen(names[i]) == len && memcmp(names[i], value, len) == 0) {
            *out = (enum port_flow)i;
            return true;
        }
    return false;
}

/* KEY=VALUE of so many bytes. */
static bool take_port_option(struct port_options *out, const char *text, size_t len)
{
    const char *equals = memchr(text, '=', len);
    size_t key = equals ? (size_t)(equals - text) : 0, value = len - key - 1;

    if (key == 3 && memcmp(text, "dtr", 3) == 0)
        return take_switch(&out->dtr, equals + 1, value);
    if (key == 3 && memcmp(text, "rts", 3) == 0)
        return take_switch(&out->rts, equals + 1, value);
    if (key == 5 && memcmp(text, "hupcl", 5) == 0)
        return take_switch(&out->hupcl, equals + 1, value);
    return key == 4 && memcmp(text, "flow", 4) == 0 && take_flow(&out->flow, equals + 1, value);
}

static int take_port_options(struct port_options *out, const char *text, struct signet_error *err)
{
    while (*text) {
        size_t len = strcspn(text, "&");

        if (!take_port_option(out, text, len))
            return bad_option(text, len, err);
        text += len + (text[len] == '&');
    }
    if (out->flow == FLOW_RTSCTS && out->rts)
        return error_set(err, SIGNET_E_USAGE, "with flow=rtscts the driver itself moves RTS");
    return SIGNET_OK;
}

bool signet_link_device(const char *address, char *path, size_t size)
{
    const char *from = begins(address, serial_prefix) ? address + strlen(serial_prefix) : address;
    size_t len = from == address ? strlen(from) : strcspn(from, "?");

    if (begins(address, "tcp:") || begins(address, "udp:") || len >= size)
        return false;
    memcpy(path, from, len);
    path[len] = '\0';
    return true;
}

int address_parse(struct link_address *out, const char *address, struct signet_error *err)
{
    const char *question;

    *out = (struct link_address){.kind = begins(address, "tcp:")   ? LINK_TCP
                                         : begins(address, "udp:") ? LINK_UDP
                                                                   : LINK_SERIAL};
    if (out->kind != LINK_SERIAL) {
        out->rest = address + 4;
        return SIGNET_OK;
    }
    if (!signet_link_device(address, out->device, sizeof(out->device)) || !out->device[0])
        return error_set(err, SIGNET_E_USAGE, "no port given");
    question = begins(address, serial_prefix) ? strchr(address, '?') : NULL;
    return question ? take_port_options(&out->options, question + 1, err) : SIGNET_OK;
}

static int check_address(const char *address, struct signet_error *err)
{
    struct link_address parsed;
    char host[256], port[16];
    int rc = address_parse(&parsed, address, err);

    if (rc != SIGNET_OK)
        return rc;
    return parsed.kind == LINK_SERIAL ? device_name_check(parsed.device, err)
                                      : tcp_split(parsed.rest, host, port, err);
}

int link_check(const char *address, const char *options, struct signet_error *err)
{
    int rc = address ? check_address(address, err) : SIGNET_OK;

    if (!rc && options && strlen(options) > LINK_OPTIONS_MAX)
        rc = error_set(err, SIGNET_E_USAGE, "the options of a port are too long");
    if (!rc && options)
        rc = take_port_options(&(struct port_options){0}, options, err);
    return rc;
}
