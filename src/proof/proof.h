/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROOF_PROOF_H
#define PROOF_PROOF_H

/* Proof of delivery; the door adds nothing to the public header. */

#include "base/base.h"

#include <signet/prove.h>

#endif
