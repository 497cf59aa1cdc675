/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RUN_RUN_H
#define RUN_RUN_H

/* A work order at work. The calls are <signet/run.h>'s. */

#include <signet/run.h>

#endif
