/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_SIM_SERVER_H
#define CLI_SIM_SERVER_H

int sim_server(int argc, char **argv); /* signet sim server */

#endif
