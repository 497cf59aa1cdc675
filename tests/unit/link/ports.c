/* SPDX-License-Identifier: Apache-2.0 */
/* The machine of a test has no USB boards: what udev would tell of some is told here.
 * wrap: udev_new udev_unref udev_enumerate_new udev_enumerate_unref
 * wrap: udev_enumerate_add_match_subsystem udev_enumerate_scan_devices
 * wrap: udev_enumerate_get_list_entry udev_list_entry_get_next udev_list_entry_get_name
 * wrap: udev_device_new_from_syspath udev_device_new_from_devnum udev_device_unref
 * wrap: udev_device_get_parent_with_subsystem_devtype udev_device_get_devnode
 * wrap: udev_device_get_sysname udev_device_get_sysattr_value udev_device_get_devlinks_list_entry
 */
#include "link/link.h"

#include <libudev.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* A tty, its USB interface and its USB device. */
struct row {
    const char *node, *interface, *serial, *usb_path;
    bool not_usb;
};

static const struct row *rows;
static size_t row_count;
static bool scan_fails;

/* Handles of udev are addresses: of a row for a tty, one and two bytes behind it for its parents.
 */
static char machine, all;
#define HANDLE(type, at) ((struct type *)(void *)(uintptr_t)(at))

struct udev *__wrap_udev_new(void);
struct udev *__wrap_udev_unref(struct udev *udev);
struct udev_enumerate *__wrap_udev_enumerate_new(struct udev *udev);
struct udev_enumerate *__wrap_udev_enumerate_unref(struct udev_enumerate *list);
int __wrap_udev_enumerate_add_match_subsystem(struct udev_enumerate *list, const char *subsystem);
int __wrap_udev_enumerate_scan_devices(struct udev_enumerate *list);
struct udev_list_entry *__wrap_udev_enumerate_get_list_entry(struct udev_enumerate *list);
struct udev_list_entry *__wrap_udev_list_entry_get_next(struct udev_list_entry *entry);
const char *__wrap_udev_list_entry_get_name(struct udev_list_entry *entry);
struct udev_device *__wrap_udev_device_new_from_syspath(struct udev *udev, const char *path);
struct udev_device *__wrap_udev_device_new_from_devnum(struct udev *udev, char type, dev_t number);
struct udev_device *__wrap_udev_device_unref(struct udev_device *device);
struct udev_device *__wrap_udev_device_get_parent_with_subsystem_devtype(struct udev_device *device,
                                                                         const char *subsystem,
                                                                         const char *type);
const char *__wrap_udev_device_get_devnode(struct udev_device *device);
const char *__wrap_udev_device_get_sysname(struct udev_device *device);
const char *__wrap_udev_device_get_sysattr_value(struct udev_device *device, const char *name);
struct udev_list_entry *__wrap_udev_device_get_devlinks_list_entry(struct udev_device *device);

struct udev *__wrap_udev_new(void)
{
    return HANDLE(udev, &machine);
}

struct udev *__wrap_udev_unref(struct udev *udev)
{
    (void)udev;
    return NULL;
}

struct udev_enumerate *__wrap_udev_enumerate_new(struct udev *udev)
{
    (void)udev;
    return HANDLE(udev_enumerate, &all);
}

struct udev_enumerate *__wrap_udev_enumerate_unref(struct udev_enumerate *list)
{
    (void)list;
    return NULL;
}

int __wrap_udev_enumerate_add_match_subsystem(struct udev_enumerate *list, const char *subsystem)
{
    (void)list;
    assert_string_equal(subsystem, "tty");
    return 0;
}

int __wrap_udev_enumerate_scan_devices(struct udev_enumerate *list)
{
    (void)list;
    return scan_fails ? -1 : 0;
}

struct udev_list_entry *__wrap_udev_enumerate_get_list_entry(struct udev_enumerate *list)
{
    (void)list;
    return row_count ? HANDLE(udev_list_entry, rows) : NULL;
}

struct udev_list_entry *__wrap_udev_list_entry_get_next(struct udev_list_entry *entry)
{
    const struct row *row = (const struct row *)(const void *)entry;

    return row + 1 < rows + row_count ? HANDLE(udev_list_entry, row + 1) : NULL;
}

const char *__wrap_udev_list_entry_get_name(struct udev_list_entry *entry)
{
    return ((const struct row *)(const void *)entry)->node;
}

struct udev_device *__wrap_udev_device_new_from_syspath(struct udev *udev, const char *path)
{
    (void)udev;
    for (size_t i = 0; i < row_count; i++)
        if (strcmp(rows[i].node, path) == 0)
            return HANDLE(udev_device, &rows[i]);
    return NULL;
}

struct udev_device *__wrap_udev_device_new_from_devnum(struct udev *udev, char type, dev_t number)
{
    (void)udev;
    (void)type;
    (void)number;
    return row_count ? HANDLE(udev_device, rows) : NULL;
}

struct udev_device *__wrap_udev_device_unref(struct udev_device *device)
{
    (void)device;
    return NULL;
}

struct udev_device *__wrap_udev_device_get_parent_with_subsystem_devtype(struct udev_device *device,
                                                                         const char *subsystem,
                                                                         const char *type)
{
    const struct row *row = (const struct row *)(const void *)device;
    bool interface = strcmp(type, "usb_interface") == 0;

    assert_string_equal(subsystem, "usb");
    if (row->not_usb || (interface && !row->interface))
        return NULL;
    return HANDLE(udev_device, (const char *)row + (interface ? 1 : 2));
}

const char *__wrap_udev_device_get_devnode(struct udev_device *device)
{
    return ((const struct row *)(const void *)device)->node;
}

static const struct row *row_of(struct udev_device *parent, size_t *which)
{
    for (size_t i = 0; i < row_count; i++)
        for (*which = 1; *which <= 2; ++*which)
            if ((const char *)parent == (const char *)&rows[i] + *which)
                return &rows[i];
    fail_msg("a device that nobody made");
    return NULL;
}

const char *__wrap_udev_device_get_sysname(struct udev_device *device)
{
    size_t which;

    return row_of(device, &which)->usb_path;
}

const char *__wrap_udev_device_get_sysattr_value(struct udev_device *device, const char *name)
{
    size_t which;
    const struct row *row = row_of(device, &which);

    if (which == 1)
        return strcmp(name, "bInterfaceNumber") == 0 ? row->interface : NULL;
    return strcmp(name, "serial") == 0     ? row->serial
           : strcmp(name, "idVendor") == 0 ? "1366"
           : strcmp(name, "product") == 0  ? "J-Link"
                                           : NULL;
}

struct udev_list_entry *__wrap_udev_device_get_devlinks_list_entry(struct udev_device *device)
{
    (void)device;
    return NULL;
}

static const struct row desk[] = {
    {"/dev/ttyS0", NULL, NULL, NULL, true},
    {"/dev/ttyACM3", "00", "000683000002", "1-2", false},
    {"/dev/ttyACM1", "02", "000683000001", "1-1", false},
    {"/dev/ttyACM2", "0a", "000683000001", "1-1", false},
    {"/dev/ttyUSB0", NULL, NULL, "1-3", false},
};

static void set(const struct row *of, size_t count)
{
    rows = of;
    row_count = count;
}

static void only_usb_sorted_by_path(void **state)
{
    static const char *const want[] = {"/dev/ttyACM1", "/dev/ttyACM2", "/dev/ttyACM3",
                                       "/dev/ttyUSB0"};
    struct signet_port *ports = NULL;
    struct signet_error err;
    size_t count = 0;

    (void)state;
    set(desk, 5);
    assert_int_equal(signet_port_list(&ports, &count, &err), SIGNET_OK);
    assert_int_equal(count, 4);
    for (size_t i = 0; i < 4; i++)
        assert_string_equal(ports[i].path, want[i]);
    assert_int_equal(ports[1].interface, 10);
    assert_int_equal(ports[3].interface, -1);
    assert_string_equal(ports[3].serial, "");
    assert_string_equal(ports[0].usb_path, "1-1");
    assert_int_equal(ports[0].vid, 0x1366);
    assert_int_equal(ports[0].pid, 0);
    signet_port_list_free(&ports);
    assert_null(ports);
    signet_port_list_free(NULL);
    scan_fails = true;
    assert_int_equal(signet_port_list(&ports, &count, &err), SIGNET_E_IO);
    assert_int_equal(signet_port_find(NULL, &(struct signet_port_filter){0}, &err), SIGNET_E_IO);
    scan_fails = false;
}

static void the_one_that_fits(void **state)
{
    static const struct {
        struct signet_port_filter filter;
        int rc;
        const char *path;
    } cases[] = {
        {{.serial = "683000001", .nth = 0}, SIGNET_OK, "/dev/ttyACM1"}, /* less zeros in front */
        {{.serial = "0000000683000001", .nth = 1}, SIGNET_OK, "/dev/ttyACM2"},
        {{.serial = "683000001", .nth = 2}, SIGNET_E_NOT_FOUND, NULL},
        {{.serial = "683000001", .nth = -1}, SIGNET_E_CONFLICT, NULL},
        {{.serial = "683000002", .nth = -1}, SIGNET_OK, "/dev/ttyACM3"},
        {{.serial = "68300000", .nth = 0}, SIGNET_E_NOT_FOUND, NULL},
        {{.serial = "0", .nth = 0}, SIGNET_E_NOT_FOUND, NULL}, /* not the one without a number */
        {{.serial = "683000001", .by_interface = true, .interface = 10, .nth = -1},
         SIGNET_OK,
         "/dev/ttyACM2"},
        {{.by_interface = true, .interface = 7, .nth = -1}, SIGNET_E_NOT_FOUND, NULL},
        {{.usb_path = "1-3", .nth = -1}, SIGNET_OK, "/dev/ttyUSB0"},
        {{.usb_path = "1-1", .nth = -1}, SIGNET_E_CONFLICT, NULL},
        {{.nth = 0}, SIGNET_OK, "/dev/ttyUSB0"}, /* by interface: -1 comes first */
    };

    (void)state;
    set(desk, 5);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct signet_port port = {0};
        struct signet_error err = {0};
        int rc = signet_port_find(&port, &cases[i].filter, &err);

        if (rc != cases[i].rc)
            fail_msg("case %zu: %d instead of %d: %s", i, rc, cases[i].rc, err.msg);
        assert_string_equal(port.path, cases[i].path ? cases[i].path : "");
    }
}

/* Nobody can say which of them is meant, not even the nth. */
static void two_boards_with_one_number(void **state)
{
    static const struct row twins[] = {{"/dev/ttyACM0", "00", "1234", "1-1", false},
                                       {"/dev/ttyACM1", "00", "01234", "1-2", false}};
    const struct signet_port_filter first = {.serial = "1234", .nth = 0}, any = {.nth = 1};
    struct signet_port port;
    struct signet_error err;

    (void)state;
    set(twins, 2);
    assert_int_equal(signet_port_find(&port, &first, &err), SIGNET_E_CONFLICT);
    assert_non_null(strstr(err.msg, "/dev/ttyACM0 and /dev/ttyACM1"));
    assert_int_equal(signet_port_find(&port, &any, &err), SIGNET_OK);
    assert_string_equal(port.path, "/dev/ttyACM1");
}

static void of_one_path(void **state)
{
    struct signet_port port = {0};
    struct signet_error err;

    (void)state;
    set(desk + 1, 1);
    assert_int_equal(signet_port_info(&port, "/dev/null", &err), SIGNET_OK); /* any device node */
    assert_string_equal(port.serial, "000683000002");
    assert_int_equal(signet_port_info(&port, "/dev", &err), SIGNET_E_NOT_FOUND);
    assert_int_equal(signet_port_info(&port, "/no/such", &err), SIGNET_E_NOT_FOUND);
    set(desk, 1);
    assert_int_equal(signet_port_info(&port, "/dev/null", &err), SIGNET_E_NOT_FOUND);
    assert_non_null(strstr(err.msg, "is not a USB serial port"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_usb_sorted_by_path),
        cmocka_unit_test(the_one_that_fits),
        cmocka_unit_test(two_boards_with_one_number),
        cmocka_unit_test(of_one_path),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
