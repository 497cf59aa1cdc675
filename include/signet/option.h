/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_OPTION_H
#define SIGNET_OPTION_H

/* Options that one kind of server or of flasher has and others have not.
 *
 * Units: none. Ownership: as the struct that holds them says. Errors: an option that the kind has
 * not is SIGNET_E_USAGE, from the call that opens it. Threads: these are plain data. Standard:
 * none. */

#ifdef __cplusplus
extern "C" {
#endif

/* An option that is given. value NULL: not given. */
struct signet_option {
    const char *name, *value;
};

/* As many as one kind may have. */
enum { SIGNET_OPTIONS_MAX = 8 };

/* An option as its kind declares it; a table ends with a row without a name. Texts are constant. */
struct signet_option_info {
    const char *name, *help;
};

#ifdef __cplusplus
}
#endif
#endif
