/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PAGE_LOGIN_FILE_H
#define PAGE_LOGIN_FILE_H

/* The file of logins: a line for each person, "NAME:scrypt:LN:SALT:HASH" (R 8, P 1). */

#include "base/base.h"

enum {
    LOGIN_NAME_MAX = 40,
    LOGIN_PASSWORD_MIN = 8,
    LOGIN_PASSWORD_MAX = 200,
    LOGIN_PERSONS_MAX = 64,
    LOGIN_SALT = 16,
    LOGIN_HASH = 32,
};

struct login_person {
    char name[LOGIN_NAME_MAX + 1];
    unsigned log_n;
    uint8_t salt[LOGIN_SALT], hash[LOGIN_HASH];
};
struct login_persons {
    struct login_person list[LOGIN_PERSONS_MAX];
    size_t count;
};

int logins_read(const char *file, struct login_persons *out, struct signet_error *err);
/* Does person have that password? It takes its time. */
bool logins_match(const struct login_person *person, const char *password);
bool login_same(const void *a, const void *b, size_t len); /* takes the same time for all */

#endif
