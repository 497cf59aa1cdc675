/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_SIGNET_H
#define SIGNET_SIGNET_H

/* Signet: factory provisioning for LwM2M devices. This header includes all public headers.
 *
 * Begin with one of the examples:
 *
 *     examples/packet.c    A configuration, with the name and key of a device, becomes a packet:
 *                          config.h (read a file), tree.h (change values), packet.h (encode).
 *     examples/board.c     One board is provisioned over its serial port: provision.h (the whole
 *                          way), factory.h (who the device is), board.h, event.h (progress).
 *     examples/thousand.c  A work order is made and registered, and resumed after interruptions:
 *                          order.h (the file), run.h (the run and its report), ledger.h (states).
 *
 * To build one: cc packet.c $(pkg-config --cflags --libs signet)
 * With CMake: find_package(Signet), target Signet::signet.
 *
 * Other headers: cert.h (keys and certificates), authority.h (who signs them), server.h
 * (registration), prove.h (acting as the device), smp.h and link.h (boards over serial and TCP),
 * flasher.h (programmers), status.h (a panel for a run), control.h (a run that is under way in
 * another process), page.h (it in a browser), label.h (labels and their printer), text.h (JSON,
 * CSV, text for a terminal), bytes.h, ledger_read.h (what was made, and reports), ledger_copy.h
 * (backups, archives, imports), witness.h (proofs of a ledger), seal.h (files for holders of a
 * certificate), signed_order.h, tpm_quota.h (a key that counts), station_key.h, objects.h and
 * profile.h (what a device knows and takes), file_kind.h, cancel.h, error.h, option.h, version.h.
 *
 * In all of them:
 *
 * - Errors: a function that can fail returns SIGNET_OK or an enum signet_code, and fills in its
 *   last argument, a struct signet_error of the caller, which may be NULL. Outputs are written on
 *   success only, unless a header says otherwise.
 *
 * - Ownership: a handle is made into the first argument and freed by ..._free or ..._close, which
 *   set it to NULL and take one that is NULL. Bytes are freed with signet_bytes_free(). A packet, a
 *   private key and a PSK are secrets.
 *
 * - Options: a struct of options begins with its size. Set it to sizeof; what stays zero has its
 *   default.
 *
 * - Pointers are NULL where a header says that they may be, and nowhere else.
 *
 * - Units: texts are UTF-8. Waiting times are milliseconds (..._ms) or seconds; dates are seconds
 *   since 1970.
 *
 * - Threads: one handle is for one thread at a time; different handles may be used on different
 *   threads. Exceptions: a ledger may be used, a cancel fired and a status read on any thread. The
 *   library has no mutable globals, never prints and never exits. */

#include <signet/authority.h>
#include <signet/board.h>
#include <signet/bytes.h>
#include <signet/cancel.h>
#include <signet/cert.h>
#include <signet/config.h>
#include <signet/control.h>
#include <signet/error.h>
#include <signet/event.h>
#include <signet/factory.h>
#include <signet/file_kind.h>
#include <signet/flasher.h>
#include <signet/label.h>
#include <signet/ledger.h>
#include <signet/ledger_copy.h>
#include <signet/ledger_read.h>
#include <signet/link.h>
#include <signet/objects.h>
#include <signet/order.h>
#include <signet/packet.h>
#include <signet/page.h>
#include <signet/profile.h>
#include <signet/prove.h>
#include <signet/provision.h>
#include <signet/run.h>
#include <signet/seal.h>
#include <signet/server.h>
#include <signet/signed_order.h>
#include <signet/smp.h>
#include <signet/station_key.h>
#include <signet/status.h>
#include <signet/text.h>
#include <signet/tpm_quota.h>
#include <signet/tree.h>
#include <signet/version.h>
#include <signet/witness.h>

#endif
