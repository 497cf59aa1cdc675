/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_CLI_H
#define CLI_CLI_H

/* One row per verb: `signet NOUN VERB`. The usage, --help and the dispatcher read the same table.
 */
struct verb {
    const char *name;                  /* "packet show" */
    const char *summary;               /* one line for the list */
    int (*run)(int argc, char **argv); /* argv[0] is "signet packet show"; returns the exit code */
};

extern const struct verb verbs[]; /* ends with a NULL name */

#endif
