/* SPDX-License-Identifier: Apache-2.0 */
/* What an address of a link means: tcp:HOST:PORT, udp:HOST:PORT, a path, or
 * serial:PATH?KEY=VALUE&... */
#include "link/backend.h"

#include <sys/stat.h>
#include <sys/sysmacros.h>

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

/* What a device is that is no port: null, zero and random; terminals of people (tty, tty1, ptmx).
 * NULL: it may be one. */
static const char *no_port(dev_t device)
{
    if (major(device) == 1)
        return "device for bytes";
    return major(device) == 5 || (major(device) == 4 && minor(device) < 64) ? "terminal of a person"
                                                                            : NULL;
}

/* "10.0.0.7:1337", "localhost:1337" */
static bool is_host_port(const char *name)
{
    const char *colon = strrchr(name, ':'), *dot = strchr(name, '.');

    return colon && colon[1] && colon[1 + strspn(colon + 1, "0123456789")] == '\0' &&
           ((dot && dot < colon) || strncmp(name, "localhost:", 10) == 0);
}

int address_check_device(const char *path, struct signet_error *err)
{
    struct stat st;
    const char *slash = strrchr(path, '/'), *base = slash ? slash + 1 : path;
    bool there = stat(path, &st) == 0, device = there && S_ISCHR(st.st_mode);
    const char *other = device ? no_port(st.st_rdev) : S_ISDIR(st.st_mode) ? "folder" : "file";

    if (there && other)
        return error_set_hint(err, SIGNET_E_USAGE,
                              "the list of boards shows the ports that are there",
                              "'%s' is a %s, not a serial port", path, other);
    if (!there && strncmp(base, "tty", 3) == 0 && base[3] >= 'A' && base[3] <= 'Z' &&
        strncmp(path, "/dev/", 5) != 0)
        return error_set_hint(
            err, SIGNET_E_USAGE,
            "a port is a path, such as /dev/ttyACM0; the list of boards shows those that are there",
            "'%s' is not there: ports are in /dev, such as /dev/%.40s", path, base);
    size_t word = strspn(path, "abcdefghijklmnopqrstuvwxyz");
    if (!there && word > 1 && path[word] == ':')
        return error_set_hint(err, SIGNET_E_USAGE,
                              "tcp:HOST:PORT, udp:HOST:PORT and serial:PATH are possible",
                              "'%s' is no port: there is no '%.*s:'", path, (int)word, path);
    if (!there && strchr(path, '*'))
        return error_set_hint(err, SIGNET_E_USAGE, "name each port by itself",
                              "'%s' has a * in it, which a shell alone fills in", path);
    if (!there && is_host_port(base))
        return error_set_hint(err, SIGNET_E_USAGE,
                              "tcp:HOST:PORT, udp:HOST:PORT and serial:PATH are possible",
                              "'%s' is an address without tcp: or udp: in front", base);
    if (!there && strlen(base) > 5 && base[strspn(base, "0123456789")] == '\0')
        return error_set_hint(
            err, SIGNET_E_USAGE,
            "a port is a path, such as /dev/ttyACM0; a serial number has a key of "
            "its own: serial",
            "'%s' is a number, not a port", base);
    size_t speed = strcspn(path, ",:") + 1;
    if (!there && *path == '/' && speed < strlen(path) && strlen(path + speed) > 3 &&
        path[speed + strspn(path + speed, "0123456789")] == '\0')
        return error_set_hint(err, SIGNET_E_USAGE, "a speed is no part of the port's name",
                              "'%s' has a speed behind its path", path);
    if (!there && strncasecmp(path, "COM", 3) == 0 && path[3] &&
        strspn(path + 3, "0123456789") == strlen(path + 3))
        return error_set_hint(err, SIGNET_E_USAGE,
                              "here ports are called /dev/ttyACM0 or /dev/ttyUSB0; the list of "
                              "boards shows those that are there",
                              "'%s' is a name of Windows", path);
    return SIGNET_OK;
}

static int check_address(const char *address, struct signet_error *err)
{
    struct link_address parsed;
    char host[256], port[16];
    int rc = address_parse(&parsed, address, err);

    if (rc != SIGNET_OK)
        return rc;
    return parsed.kind == LINK_SERIAL ? address_check_device(parsed.device, err)
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
