/* SPDX-License-Identifier: Apache-2.0 */
#include "page/login_file.h"
#include "pki/pki.h"

#include <signet/page.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* 2^14 * 8 * 128 bytes: 16 MiB and some 40 ms for each try */
enum { LOG_N = 14, FILE_LIMIT = 64 * 1024, LINE_LIMIT = 256 };

static bool is_login_name(const char *name)
{
    size_t len = strlen(name);

    for (size_t i = 0; i < len; i++)
        if (!char_in(name[i], "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-"))
            return false;
    return len > 0 && len <= LOGIN_NAME_MAX;
}

bool login_same(const void *a, const void *b, size_t len)
{
    const uint8_t *x = a, *y = b;
    uint8_t other = 0;

    for (size_t i = 0; i < len; i++)
        other |= x[i] ^ y[i];
    return other == 0;
}

static bool read_login(char *line, struct login_person *out)
{
    const char *part[5] = {0};
    char *rest = line, *end;

    for (int i = 0; i < 5; i++)
        part[i] = strsep(&rest, ":");
    if (!part[4] || rest || !is_login_name(part[0]) || strcmp(part[1], "scrypt") != 0)
        return false;
    snprintf(out->name, sizeof(out->name), "%s", part[0]);
    out->log_n = (unsigned)strtoul(part[2], &end, 10);
    return !*end && out->log_n >= 10 && out->log_n <= 20 &&
           hex_decode(part[3], strlen(part[3]), out->salt, LOGIN_SALT) == LOGIN_SALT &&
           hex_decode(part[4], strlen(part[4]), out->hash, LOGIN_HASH) == LOGIN_HASH;
}

/* It may hold a password: no letter of it is shown. */
static int refuse_line(const char *file, int number, const char *line, struct signet_error *err)
{
    const struct text_source source = {file, line, strlen(line), text_hide_all, NULL};

    error_set_hint(err, SIGNET_E_SYNTAX, "remove the line, and add the person anew",
                   "%s:%d:1: this is no login", file, number);
    error_excerpt(err, &source, 0);
    return SIGNET_E_SYNTAX;
}

static int read_logins(const char *file, char *text, struct login_persons *out,
                       struct signet_error *err)
{
    char *line, copy[LINE_LIMIT];

    for (int number = 1; (line = strsep(&text, "\n")); number++) {
        if (!*line || *line == '#')
            continue;
        if (out->count == LOGIN_PERSONS_MAX)
            return error_set(err, SIGNET_E_LIMIT, "%s: more than %d logins", file,
                             LOGIN_PERSONS_MAX);
        snprintf(copy, sizeof(copy), "%s", line);
        bool good = strlen(line) < sizeof(copy) && read_login(copy, &out->list[out->count]);
        wipe(copy, sizeof(copy));
        if (!good)
            return refuse_line(file, number, line, err);
        out->count++;
    }
    return SIGNET_OK;
}

int logins_read(const char *file, struct login_persons *out, struct signet_error *err)
{
    struct secret text = {0};

    *out = (struct login_persons){0};
    int rc = file_read_secret(file, FILE_LIMIT, &text, err);
    if (rc == SIGNET_OK)
        rc = read_logins(file, (char *)text.data, out, err);
    secret_wipe(&text);
    return signet_file_explain(rc, SIGNET_FILE_LOGINS, file, err);
}

bool logins_match(const struct login_person *person, const char *password)
{
    uint8_t hash[LOGIN_HASH];

    return pki_scrypt(password, strlen(password), person->salt, LOGIN_SALT, person->log_n, hash,
                      NULL) == SIGNET_OK &&
           login_same(hash, person->hash, LOGIN_HASH);
}

static void put_login(struct buf *out, const struct login_person *person)
{
    buf_printf(out, "%s:scrypt:%u:", person->name, person->log_n);
    buf_hex(out, person->salt, LOGIN_SALT);
    buf_byte(out, ':');
    buf_hex(out, person->hash, LOGIN_HASH);
    buf_byte(out, '\n');
}

static int make_login(const char *name, const char *password, struct login_person *out,
                      struct signet_error *err)
{
    size_t len = strlen(password);

    if (!is_login_name(name))
        return error_set_hint(err, SIGNET_E_USAGE, "such as: anna",
                              "the name of a login has 1 to %d letters, digits and . _ -",
                              LOGIN_NAME_MAX);
    if (len < LOGIN_PASSWORD_MIN || len > LOGIN_PASSWORD_MAX)
        return error_set_hint(err, SIGNET_E_USAGE, "give it again, as the first line",
                              "a password has %d to %d bytes", LOGIN_PASSWORD_MIN,
                              LOGIN_PASSWORD_MAX);
    snprintf(out->name, sizeof(out->name), "%s", name);
    out->log_n = LOG_N;
    int rc = random_bytes(out->salt, LOGIN_SALT, err);
    if (rc == SIGNET_OK)
        rc = pki_scrypt(password, len, out->salt, LOGIN_SALT, LOG_N, out->hash, err);
    return rc;
}

int signet_page_login(const char *file, const char *name, const char *password,
                      struct signet_error *err)
{
    struct login_persons persons = {0};
    struct login_person made = {0};
    struct buf text = {0};
    int rc = make_login(name, password, &made, err);

    if (rc == SIGNET_OK && access(file, F_OK) == 0)
        rc = logins_read(file, &persons, err);
    if (rc != SIGNET_OK)
        return rc;
    for (size_t i = 0; i < persons.count; i++)
        if (strcmp(persons.list[i].name, name) != 0)
            put_login(&text, &persons.list[i]);
    put_login(&text, &made);
    return file_save(file, &text, SIGNET_OK, err);
}
