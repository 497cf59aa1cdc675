/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_SIGNET_H
#define SIGNET_SIGNET_H

/* Signet: factory provisioning for LwM2M devices. This header gathers the public ones. */

#include <signet/board.h>
#include <signet/bytes.h>
#include <signet/cancel.h>
#include <signet/cert.h>
#include <signet/config.h>
#include <signet/error.h>
#include <signet/event.h>
#include <signet/factory.h>
#include <signet/flasher.h>
#include <signet/ledger.h>
#include <signet/link.h>
#include <signet/order.h>
#include <signet/packet.h>
#include <signet/prove.h>
#include <signet/provision.h>
#include <signet/run.h>
#include <signet/server.h>
#include <signet/smp.h>
#include <signet/status.h>
#include <signet/text.h>
#include <signet/tree.h>
#include <signet/version.h>

#endif
