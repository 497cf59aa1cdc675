/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SERVER_SERVER_H
#define SERVER_SERVER_H

/* Servers, for the story; the door adds nothing to the public header. */

#include "base/base.h"

#include <signet/server.h>

#endif
