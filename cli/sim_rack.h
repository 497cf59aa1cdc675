/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_SIM_RACK_H
#define CLI_SIM_RACK_H

#include "sim.h"

bool sim_firmware_named(const char *name, enum sim_firmware *out);
int sim_rack(int argc, char **argv);
int sim_tell(int argc, char **argv);

#endif
