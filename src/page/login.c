/* SPDX-License-Identifier: Apache-2.0 */
#include "page/login.h"
#include "page/login_file.h"
#include "pki/pki.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { SESSIONS_MAX = 16, SESSION_MS = 12 * 3600 * 1000, TRIES_MAX = 4, HEX = 64 };

struct session {
    char id[HEX + 1], token[HEX + 1], name[LOGIN_NAME_MAX + 1];
    int64_t end;
};

struct logins {
    pthread_mutex_t lock; /* of sessions and basic */
    pthread_mutex_t try;  /* one password at a time */
    struct login_persons persons;
    struct session sessions[SESSIONS_MAX];
    unsigned tries;
    uint8_t basic[32]; /* SHA-256 of the last header Authorization that was right */
    bool has_basic;
};

int logins_open(struct logins **out, const char *file, struct signet_error *err)
{
    struct logins *l = calloc(1, sizeof(*l));

    if (!l)
        return error_nomem(err);
    int rc = logins_read(file, &l->persons, err);
    if (rc != SIGNET_OK && access(file, F_OK) != 0)
        error_hint(err, "add a person: that makes the file");
    if (rc == SIGNET_OK && l->persons.count == 0)
        rc = error_set_hint(err, SIGNET_E_USAGE, "add a person", "%s has no login", file);
    if (rc != SIGNET_OK) {
        free(l);
        return rc;
    }
    pthread_mutex_init(&l->lock, NULL);
    pthread_mutex_init(&l->try, NULL);
    *out = l;
    return SIGNET_OK;
}

void logins_close(struct logins **logins)
{
    struct logins *l = *logins;

    if (!l)
        return;
    pthread_mutex_destroy(&l->lock);
    pthread_mutex_destroy(&l->try);
    wipe(l, sizeof(*l));
    free(l);
    *logins = NULL;
}

/* passwords */

/* Somebody who is not there takes the same time. */
static bool is_right(const struct logins *l, const char *name, const char *password)
{
    const struct login_person *person = &l->persons.list[0];
    bool there = false;

    for (size_t i = 0; !there && i < l->persons.count; i++)
        if (strcmp(l->persons.list[i].name, name) == 0) {
            person = &l->persons.list[i];
            there = true;
        }
    return logins_match(person, password) && there;
}

/* A wrong one costs a second, in which nobody else is heard. */
static int try_password(struct logins *l, const char *name, const char *password,
                        struct signet_error *err)
{
    pthread_mutex_lock(&l->lock);
    bool room = l->tries < TRIES_MAX;
    l->tries += room;
    pthread_mutex_unlock(&l->lock);
    if (!room)
        return error_set_hint(err, SIGNET_E_BUSY, "try again", "too many log in at once");
    pthread_mutex_lock(&l->try);
    bool right = is_right(l, name, password);
    if (!right)
        sleep(1);
    pthread_mutex_unlock(&l->try);
    pthread_mutex_lock(&l->lock);
    l->tries--;
    pthread_mutex_unlock(&l->lock);
    return right ? SIGNET_OK
                 : error_set_hint(err, SIGNET_E_AUTH,
                                  "whoever set up the page can give a new password",
                                  "name or password is wrong");
}

/* sessions */

static int random_hex(char out[HEX + 1], struct signet_error *err)
{
    uint8_t bytes[HEX / 2];
    int rc = random_bytes(bytes, sizeof(bytes), err);

    if (rc == SIGNET_OK)
        hex_encode(bytes, sizeof(bytes), out);
    out[HEX] = '\0';
    return rc;
}

/* The place that is free, or of the session that ends first. */
static struct session *session_place(struct logins *l)
{
    struct session *oldest = &l->sessions[0];

    for (size_t i = 1; i < SESSIONS_MAX; i++)
        if (l->sessions[i].end < oldest->end)
            oldest = &l->sessions[i];
    return oldest;
}

int login_begin(struct logins *l, const char *name, const char *password, bool tls,
                char cookie[LOGIN_COOKIE_SIZE], char token[LOGIN_TOKEN_SIZE],
                struct signet_error *err)
{
    struct session made = {.end = clock_ms() + SESSION_MS};
    int rc = try_password(l, name, password, err);

    if (rc == SIGNET_OK)
        rc = random_hex(made.id, err);
    if (rc == SIGNET_OK)
        rc = random_hex(made.token, err);
    if (rc != SIGNET_OK)
        return rc;
    snprintf(made.name, sizeof(made.name), "%s", name);
    snprintf(cookie, LOGIN_COOKIE_SIZE, "signet=%s; Path=/; HttpOnly; SameSite=Strict%s", made.id,
             tls ? "; Secure" : "");
    memcpy(token, made.token, LOGIN_TOKEN_SIZE);
    pthread_mutex_lock(&l->lock);
    *session_place(l) = made;
    pthread_mutex_unlock(&l->lock);
    return SIGNET_OK;
}

/* The value of the cookie "signet", which has HEX digits; NULL: none. */
static const char *find_cookie(const char *cookies)
{
    for (const char *at = cookies; at; at = strchr(at, ';')) {
        at += strspn(at, "; ");
        if (strncmp(at, "signet=", 7) == 0 && strspn(at + 7, "0123456789abcdef") == HEX)
            return at + 7;
    }
    return NULL;
}

/* With the lock; NULL: there is none. */
static struct session *find_session(struct logins *l, const char *cookies)
{
    const char *id = cookies ? find_cookie(cookies) : NULL;

    for (size_t i = 0; id && i < SESSIONS_MAX; i++)
        if (l->sessions[i].end > clock_ms() && login_same(l->sessions[i].id, id, HEX))
            return &l->sessions[i];
    return NULL;
}

bool login_session(struct logins *l, const char *cookies, const char *token)
{
    pthread_mutex_lock(&l->lock);
    const struct session *s = find_session(l, cookies);
    bool right = s && (!token || (strlen(token) == HEX && login_same(s->token, token, HEX)));
    pthread_mutex_unlock(&l->lock);
    return right;
}

bool login_who(struct logins *l, const char *cookies, char name[static LOGIN_NAME_MAX + 1],
               char token[LOGIN_TOKEN_SIZE])
{
    pthread_mutex_lock(&l->lock);
    const struct session *s = find_session(l, cookies);
    bool found = s != NULL;
    if (found) {
        memcpy(name, s->name, sizeof(s->name));
        memcpy(token, s->token, sizeof(s->token));
    }
    pthread_mutex_unlock(&l->lock);
    return found;
}

void login_end(struct logins *l, const char *cookies)
{
    pthread_mutex_lock(&l->lock);
    struct session *s = find_session(l, cookies);
    if (s)
        wipe(s, sizeof(*s));
    pthread_mutex_unlock(&l->lock);
}

/* programs, which send their password with each request */

static bool basic_again(struct logins *l, const uint8_t sum[32])
{
    pthread_mutex_lock(&l->lock);
    bool again = l->has_basic && login_same(l->basic, sum, 32);
    pthread_mutex_unlock(&l->lock);
    return again;
}

static bool try_basic(struct logins *l, const char *encoded)
{
    uint8_t text[LOGIN_NAME_MAX + LOGIN_PASSWORD_MAX + 2];
    ssize_t len = base64_decode(encoded, strlen(encoded), text, sizeof(text) - 1);
    bool right = false;

    if (len < 0)
        return false;
    text[len] = '\0';
    char *colon = strchr((char *)text, ':');
    if (colon) {
        *colon = '\0';
        right = try_password(l, (char *)text, colon + 1, NULL) == SIGNET_OK;
    }
    wipe(text, sizeof(text));
    return right;
}

bool login_basic(struct logins *l, const char *header)
{
    uint8_t sum[32];

    if (!l || !header || strncasecmp(header, "Basic ", 6) != 0 ||
        sha256(header, strlen(header), sum, NULL) != SIGNET_OK)
        return false;
    if (basic_again(l, sum))
        return true;
    if (!try_basic(l, header + 6))
        return false;
    pthread_mutex_lock(&l->lock);
    memcpy(l->basic, sum, sizeof(l->basic));
    l->has_basic = true;
    pthread_mutex_unlock(&l->lock);
    return true;
}
