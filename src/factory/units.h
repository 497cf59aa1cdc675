/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FACTORY_UNITS_H
#define FACTORY_UNITS_H

#include "factory/factory.h"

#include <signet/units.h>

struct signet_units {
    struct signet_tree *template;
    size_t psk_len;
    struct signet_cert_info cert;
    char *server_cert, *pattern, *work;
    int64_t first, count;
    int lock_fd;
    struct secret key;
    struct signet_line_units calls;
};

/* work.c: the sealed folder */
int work_open(struct signet_units *units, const char *folder, const char *key_file,
              struct signet_error *err);
int work_seal(struct signet_units *units, const char *endpoint, const struct signet_bytes *packet,
              struct signet_error *err);
/* SIGNET_E_NOT_FOUND: nothing was sealed for it */
int work_read(struct signet_units *units, const char *endpoint, struct secret *packet,
              struct signet_error *err);
int work_wipe(struct signet_units *units, const char *endpoint, struct signet_error *err);
/* Many devices in one file. tag: of the order. */
int work_batch_seal(struct signet_units *units, const char *tag, uint64_t number,
                    const struct buf *plain, struct signet_error *err);
int work_batch_read(struct signet_units *units, const char *tag, uint64_t number,
                    struct secret *plain, struct signet_error *err);
int work_batch_wipe(struct signet_units *units, const char *tag, uint64_t number,
                    struct signet_error *err);
/* Those that are there, ascending; the caller frees them. */
int work_batch_list(struct signet_units *units, const char *tag, uint64_t **numbers, size_t *count,
                    struct signet_error *err);
void work_close(struct signet_units *units);

/* unit.c: one device from its tree. The tree goes over to the unit, whatever comes. */
int unit_from_tree(struct signet_line_unit *out, struct signet_tree *tree, const char *endpoint,
                   struct signet_error *err);
void unit_free(struct signet_line_unit *unit);

/* pattern.c: "{serial:06}" and "{serial}" are replaced */
int pattern_expand(const char *pattern, int64_t serial, char out[152], struct signet_error *err);

#endif
