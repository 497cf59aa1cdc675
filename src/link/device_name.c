/* SPDX-License-Identifier: Apache-2.0 */
/* What may be the name of a serial port, and what else a name is. */
#include "link/backend.h"

#include <sys/stat.h>
#include <sys/sysmacros.h>

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

int device_name_check(const char *path, struct signet_error *err)
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
    const char *glob = strpbrk(path, "*?[{");
    if (!there && glob && (*path == '/' || *glob == '*'))
        return error_set_hint(err, SIGNET_E_USAGE, "name each port by itself",
                              "'%s' has a %c in it, which a shell alone fills in", path, *glob);
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
    size_t speed = strcspn(path, ",:@") + 1;
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
