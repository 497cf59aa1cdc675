/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_LINK_H
#define SIGNET_LINK_H

/* Byte links to boards: serial ports and TCP, and the list of USB serial ports.
 *
 * Units: baud, bytes. Ownership: signet_link_close() frees a link; cancel must outlive it. Errors:
 * SIGNET_E_LINK when the other side is gone (sys is errno), SIGNET_E_NOT_FOUND, SIGNET_E_BUSY.
 *
 * Threads: one handle is for one thread at a time; the functions for ports may be called on any
 * thread. */

#include <signet/cancel.h>
#include <signet/error.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct signet_link;

/* address is a serial port (ptys and udev links too), "tcp:HOST:PORT" or "udp:HOST:PORT" (a packet
 * of SMP a datagram). A serial port is opened for this process alone (flock, and TIOCEXCL unless it
 * is a pty), 8N1, raw, no flow control; baud 0 means 115200, and
 * any rate that the driver takes is fine. tcp and udp ignore baud.
 *
 * "serial:PATH?OPTION&OPTION" is a port with options: dtr=on|off and rts=on|off (the lines after
 * the port is open; the driver raises both when it opens it), hupcl=on|off (whether they fall when
 * it is closed; with off, the next opening raises nothing), flow=none|rtscts|xonxoff. cancel may be
 * NULL; it must outlive the link and ends every wait on it with SIGNET_E_CANCELLED.
 * SIGNET_E_NOT_FOUND: no such port; SIGNET_E_BUSY: in use by another process; SIGNET_E_USAGE: not a
 * serial port; SIGNET_E_LINK: anything else. */
int signet_link_open(struct signet_link **out, const char *address, unsigned baud,
                     const struct signet_cancel *cancel, struct signet_error *err);
void signet_link_close(struct signet_link **link); /* sets *link to NULL */

/* The path of the serial port in an address. False: it is none, or longer than size. */
bool signet_link_device(const char *address, char *path, size_t size);

/* The address that it was opened with. */
const char *signet_link_address(const struct signet_link *link);

/* A USB serial port. Texts come from the device: show them through an escape only. Unknown texts
 * are empty. */
struct signet_port {
    char path[128];     /* "/dev/ttyACM0" */
    char by_id[256];    /* "/dev/serial/by-id/..." */
    char serial[128];   /* of the USB device */
    char product[128];  /* of the USB device */
    char vendor[128];   /* manufacturer's text */
    char usb_path[128]; /* bus and hub ports, "1-4.2": stays with the socket, not with the board */
    uint16_t vid, pid;
    int interface; /* USB interface number, -1 when unknown */
};

/* All USB serial ports, sorted by path. Free *ports with signet_port_list_free(). */
int signet_port_list(struct signet_port **ports, size_t *count, struct signet_error *err);
void signet_port_list_free(struct signet_port **ports); /* sets *ports to NULL */

struct signet_port_filter {
    const char *serial;   /* without leading zeros on both sides; NULL: any */
    const char *usb_path; /* NULL: any */
    bool by_interface;
    int interface; /* taken when by_interface */
    int nth;       /* among what is left, by interface, from 0; -1: there must be exactly one */
};

/* The one port that fits. SIGNET_E_NOT_FOUND: none; SIGNET_E_CONFLICT: more than one, or two
 * devices with the same serial number. */
int signet_port_find(struct signet_port *out, const struct signet_port_filter *filter,
                     struct signet_error *err);

/* What is known of one port by its path or a link to it; SIGNET_E_NOT_FOUND when it is not a USB
 * serial port (a pty, a board UART). */
int signet_port_info(struct signet_port *out, const char *path, struct signet_error *err);

#ifdef __cplusplus
}
#endif
#endif
