/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_OBJECTS_H
#define SIGNET_OBJECTS_H

/* Object definitions: what the OMA registry says of each object and its resources. The core table
 * is built in: objects 0 to 25 that a factory writes, and those of Anjay's demo.
 *
 * Ownership: definitions of the core table live for ever, others as long as their set. Standard:
 * LwM2M Core 1.2, Appendix D (definitions) and E (objects); the OMA LwM2M registry for all others.
 *
 * Threads: definitions do not change; any thread may read them. */

#include <signet/error.h>
#include <signet/event.h>
#include <signet/tree.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define SIGNET_NAME_MAX 63 /* characters of a name */

enum {
    SIGNET_DEFINED_READ = 1u,       /* operations of a server, */
    SIGNET_DEFINED_WRITE = 2u,      /* none of the two: for the bootstrap alone, or executable */
    SIGNET_DEFINED_MULTIPLE = 4u,   /* several instances */
    SIGNET_DEFINED_MANDATORY = 8u,  /* by its definition */
    SIGNET_DEFINED_SECRET = 16u,    /* must not be shown */
    SIGNET_DEFINED_NEEDED = 32u,    /* a device refuses an instance without it */
    SIGNET_DEFINED_TEXT_TOO = 64u,  /* opaque; an earlier version of the object has a string */
    SIGNET_DEFINED_FIRMWARE = 128u, /* object: what is read-only comes from the firmware alone */
};

struct signet_resource {
    uint16_t id;
    uint8_t type;  /* enum signet_type */
    uint8_t flags; /* SIGNET_DEFINED_... */
    uint8_t since; /* the LwM2M version that has it first: 10 is 1.0, 12 is 1.2 */
    /* "0..100", "16,32,48", "1..4,255": a number, or the bytes of a string or opaque value; "": any
     */
    const char *range;
    const char *name, *alias; /* "PKOrIdentity"; the alias is taken in configurations, or "" */
};

struct signet_object {
    uint16_t id;
    uint8_t flags, since;
    const char *name, *alias, *version;
    const struct signet_resource *resources; /* by id */
    size_t count;
};

/* Definitions that were imported, beside the core table. They do not change; each tree that has
 * them keeps them. */
struct signet_objects;
void signet_objects_free(struct signet_objects **objects); /* sets *objects to NULL */

/* Reads definitions in the XML of the OMA registry: files of at most 1 MiB, and the *.xml of
 * folders and of the folders in them. Of several versions of an object the newest stands. An object
 * of the core table keeps its names there, and gets what else the file says.
 *
 * What in a folder is XML of another kind is passed over. Warnings go to observer, which may be
 * NULL. SIGNET_E_SYNTAX, SIGNET_E_LIMIT: "FILE:LINE:COLUMN: what"; SIGNET_E_UNSUPPORTED: a file
 * without definitions; SIGNET_E_CONFLICT: two files differ about one version of an object;
 * SIGNET_E_IO. The caller frees *out. */
int signet_objects_load(struct signet_objects **out, const char *const *paths, size_t count,
                        const struct signet_observer *observer, struct signet_error *err);
/* Calls on_file with each file that signet_objects_load() would read of path, in order of names,
 * until it returns something else than SIGNET_OK, which is passed on. */
int signet_objects_files(const char *path, int (*on_file)(void *ctx, const char *file), void *ctx,
                         struct signet_error *err);
/* Imported object i by number, NULL past the end. */
const struct signet_object *signet_objects_at(const struct signet_objects *objects, size_t i);

/* The definitions by which the tree is checked and shown; a copy of the tree has the same. NULL:
 * the core table alone. */
void signet_tree_set_objects(struct signet_tree *tree, struct signet_objects *objects);
const struct signet_objects *signet_tree_objects(const struct signet_tree *tree);

/* NULL: it is not defined. objects may be NULL: the core table alone. */
const struct signet_object *signet_object_find(const struct signet_objects *objects, uint16_t oid);
const struct signet_resource *signet_resource_find(const struct signet_objects *objects,
                                                   uint16_t oid, uint16_t rid);
/* Object i of both by number, NULL past the end. */
const struct signet_object *signet_object_at(const struct signet_objects *objects, size_t i);

#ifdef __cplusplus
}
#endif
#endif
