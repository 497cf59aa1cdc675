/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIM_SIM_H
#define SIM_SIM_H

/* Boards and servers to rehearse with: the same parts that the tests use. */

const char *sim_version(void);

#endif
