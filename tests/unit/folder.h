/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_UNIT_FOLDER_H
#define TESTS_UNIT_FOLDER_H

/* Where a test puts its files: below TMPDIR, or in memory when that is not set. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#define FOLDER_SIZE 80 /* a socket in it has room for 28 characters more */
#define FOLDER_NAME 7  /* "/XXXXXX" */

/* A fresh folder, which is removed with all that is in it when the program ends. False: there is
 * none, and errno says why. */
bool folder_make(char out[static FOLDER_SIZE]);

#endif
