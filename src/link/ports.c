/* SPDX-License-Identifier: Apache-2.0 */
/* USB serial ports, as udev knows them. */
#include "link/link.h"

#include <libudev.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#define PORTS_MAX 256

static void copy_text(char *out, size_t cap, const char *text)
{
    snprintf(out, cap, "%s", text ? text : "");
}

static void find_by_id(struct signet_port *port, struct udev_device *tty)
{
    struct udev_list_entry *entry;

    udev_list_entry_foreach(entry, udev_device_get_devlinks_list_entry(tty))
    {
        const char *name = udev_list_entry_get_name(entry);

        if (name && strncmp(name, "/dev/serial/by-id/", 18) == 0)
            copy_text(port->by_id, sizeof(port->by_id), name);
    }
}

static uint16_t hex16(const char *text)
{
    return text ? (uint16_t)strtoul(text, NULL, 16) : 0;
}

/* False when the tty is not on USB. */
static bool describe(struct signet_port *port, struct udev_device *tty)
{
    struct udev_device *usb, *interface;
    const char *number;

    usb = udev_device_get_parent_with_subsystem_devtype(tty, "usb", "usb_device");
    if (!usb || !udev_device_get_devnode(tty))
        return false;
    interface = udev_device_get_parent_with_subsystem_devtype(tty, "usb", "usb_interface");
    number = interface ? udev_device_get_sysattr_value(interface, "bInterfaceNumber") : NULL;
    *port = (struct signet_port){.interface = number ? (int)strtol(number, NULL, 16) : -1};
    copy_text(port->path, sizeof(port->path), udev_device_get_devnode(tty));
    copy_text(port->serial, sizeof(port->serial), udev_device_get_sysattr_value(usb, "serial"));
    copy_text(port->product, sizeof(port->product), udev_device_get_sysattr_value(usb, "product"));
    copy_text(port->vendor, sizeof(port->vendor),
              udev_device_get_sysattr_value(usb, "manufacturer"));
    copy_text(port->usb_path, sizeof(port->usb_path), udev_device_get_sysname(usb));
    port->vid = hex16(udev_device_get_sysattr_value(usb, "idVendor"));
    port->pid = hex16(udev_device_get_sysattr_value(usb, "idProduct"));
    find_by_id(port, tty);
    return true;
}

static int by_path(const void *a, const void *b)
{
    return strcmp(((const struct signet_port *)a)->path, ((const struct signet_port *)b)->path);
}

static size_t describe_all(struct signet_port *ports, struct udev *udev,
                           struct udev_enumerate *list)
{
    struct udev_list_entry *entry;
    size_t n = 0;

    udev_list_entry_foreach(entry, udev_enumerate_get_list_entry(list))
    {
        struct udev_device *tty =
            udev_device_new_from_syspath(udev, udev_list_entry_get_name(entry));

        if (tty && n < PORTS_MAX && describe(&ports[n], tty))
            n++;
        udev_device_unref(tty);
    }
    qsort(ports, n, sizeof(*ports), by_path);
    return n;
}

int signet_port_list(struct signet_port **ports, size_t *count, struct signet_error *err)
{
    struct udev *udev = udev_new();
    struct udev_enumerate *list = udev ? udev_enumerate_new(udev) : NULL;
    struct signet_port *found = calloc(PORTS_MAX, sizeof(*found));
    int rc = SIGNET_OK;

    if (!list || !found) {
        rc = error_nomem(err);
    } else if (udev_enumerate_add_match_subsystem(list, "tty") < 0 ||
               udev_enumerate_scan_devices(list) < 0) {
        rc = error_set(err, SIGNET_E_IO, "cannot list the serial ports");
    } else {
        *count = describe_all(found, udev, list);
        *ports = found;
        found = NULL;
    }
    free(found);
    udev_enumerate_unref(list);
    udev_unref(udev);
    return rc;
}

void signet_port_list_free(struct signet_port **ports)
{
    if (!ports)
        return;
    free(*ports);
    *ports = NULL;
}

static bool fits(const struct signet_port *port, const struct signet_port_filter *filter)
{
    return (!filter->serial ||
            (port->serial[0] && text_same_serial(port->serial, filter->serial))) &&
           (!filter->usb_path || strcmp(port->usb_path, filter->usb_path) == 0) &&
           (!filter->by_interface || port->interface == filter->interface);
}

static int by_interface(const void *a, const void *b)
{
    const struct signet_port *left = a, *right = b;

    if (left->interface != right->interface)
        return left->interface < right->interface ? -1 : 1;
    return by_path(a, b);
}

/* Keeps what fits in front. Two devices with one serial number: nobody can say which is meant. */
static int narrow(struct signet_port *ports, size_t *count, const struct signet_port_filter *filter,
                  struct signet_error *err)
{
    size_t n = 0;

    for (size_t i = 0; i < *count; i++)
        if (fits(&ports[i], filter))
            ports[n++] = ports[i];
    *count = n;
    for (size_t i = 1; i < n; i++)
        if (filter->serial && strcmp(ports[i].usb_path, ports[0].usb_path) != 0)
            return error_set_hint(err, SIGNET_E_CONFLICT, "unplug one of them, or name the port",
                                  "two boards have the same serial number: %s and %s",
                                  ports[0].path, ports[i].path);
    qsort(ports, n, sizeof(*ports), by_interface);
    return SIGNET_OK;
}

int signet_port_find(struct signet_port *out, const struct signet_port_filter *filter,
                     struct signet_error *err)
{
    struct signet_port *ports = NULL;
    size_t count = 0, nth = filter->nth < 0 ? 0 : (size_t)filter->nth;
    int rc = signet_port_list(&ports, &count, err);

    if (!rc)
        rc = narrow(ports, &count, filter, err);
    if (!rc && nth >= count)
        rc = error_set_hint(err, SIGNET_E_NOT_FOUND,
                            "the list of boards shows the ports that are there",
                            "no such USB serial port");
    else if (!rc && filter->nth < 0 && count > 1)
        rc = error_set_hint(err, SIGNET_E_CONFLICT,
                            "name the port, or the board's serial number and interface",
                            "%zu USB serial ports fit, %s the first", count, ports[0].path);
    else if (!rc)
        *out = ports[nth];
    signet_port_list_free(&ports);
    return rc;
}

int signet_port_info(struct signet_port *out, const char *path, struct signet_error *err)
{
    struct udev *udev = udev_new();
    struct udev_device *tty = NULL;
    struct stat st;
    int rc = SIGNET_OK;

    if (!udev)
        return error_nomem(err);
    if (stat(path, &st) == 0 && S_ISCHR(st.st_mode))
        tty = udev_device_new_from_devnum(udev, 'c', st.st_rdev);
    if (!tty || !describe(out, tty))
        rc = error_set(err, SIGNET_E_NOT_FOUND, "%s is not a USB serial port", path);
    udev_device_unref(tty);
    udev_unref(udev);
    return rc;
}
