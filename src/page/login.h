/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PAGE_LOGIN_H
#define PAGE_LOGIN_H

/* Who may change something: a file with a line for each person, "NAME:scrypt:LN:SALT:HASH", and
 * the sessions of those who said their password. Sessions are in memory, and end with the page. */

#include "base/base.h"

enum { LOGIN_COOKIE_SIZE = 160, LOGIN_TOKEN_SIZE = 65 };

struct logins;
int logins_open(struct logins **out, const char *file, struct signet_error *err);
void logins_close(struct logins **logins);

/* SIGNET_E_AUTH: wrong, which takes a second; SIGNET_E_BUSY: too many try at once. cookie: value of
 * Set-Cookie; token: what each change has to send in a header. */
int login_begin(struct logins *logins, const char *name, const char *password, bool tls,
                char cookie[LOGIN_COOKIE_SIZE], char token[LOGIN_TOKEN_SIZE],
                struct signet_error *err);
/* Is there such a session? cookies: the header, or NULL; token: NULL: reading needs none. */
bool login_session(struct logins *logins, const char *cookies, const char *token);
/* Of that session: its name and token, for a page that is loaded anew. */
bool login_who(struct logins *logins, const char *cookies, char name[static 41],
               char token[LOGIN_TOKEN_SIZE]);
void login_end(struct logins *logins, const char *cookies);
/* A header Authorization of a program that has a password; logins and header may be NULL. */
bool login_basic(struct logins *logins, const char *header);

#endif
