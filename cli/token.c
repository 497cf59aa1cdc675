/* SPDX-License-Identifier: Apache-2.0 */
/* Where the access token of a server comes from. */
#include "cli.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { TOKEN_MAX = 64 * 1024 };

/* One line of visible characters; blanks and line ends around it are an editor's. */
static int trim(struct signet_bytes *token, struct signet_error *err)
{
    char *text = (char *)token->data;
    size_t begin = 0, end = token->len;
    if (end >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) /* Windows marks UTF-8 */
        begin = 3;
    while (begin < end && isspace((unsigned char)text[begin]))
        begin++;
    while (end > begin && isspace((unsigned char)text[end - 1]))
        end--;
    for (size_t i = begin; i < end; i++)
        if (!isgraph((unsigned char)text[i]))
            return cli_error(
                err, SIGNET_E_SYNTAX,
                "a token is one word, without 'Bearer' in front; was another file given?",
                "the access token holds blanks or control characters");
    if (begin == end)
        return cli_error(err, SIGNET_E_SYNTAX, "get a new one from the server's user interface",
                         "the access token is empty");
    memmove(text, text + begin, end - begin);
    explicit_bzero(text + (end - begin), token->len - (end - begin));
    token->len = end - begin;
    return SIGNET_OK;
}

static int from_memory(struct signet_bytes *out, const char *text, struct signet_error *err)
{
    out->data = (uint8_t *)strdup(text);
    if (!out->data)
        return cli_error(err, SIGNET_E_NOMEM, "", "out of memory");
    out->len = strlen(text);
    return SIGNET_OK;
}

static int from_file(struct signet_bytes *out, const char *path, struct signet_error *err)
{
    if (strcmp(path, "-") == 0)
        return cli_read(path, TOKEN_MAX, out, err);
    int rc = signet_bytes_read_secret(path, TOKEN_MAX, out, err);
    if (rc == SIGNET_OK || strpbrk(path, "./") || access(path, F_OK) == 0 ||
        strstr(err->hint, "did you mean"))
        return rc;
    return cli_error(err, SIGNET_E_USAGE, /* what was given may be the token: it is not shown */
                     "the token stands in a file of its own (chmod 600), and the option names it",
                     "--token-file names no file that is there");
}

int cli_token(const char *said, const char *file, struct signet_bytes *out,
              struct signet_error *err)
{
    const char *environment = getenv("SIGNET_TOKEN");
    struct signet_bytes token = {0};
    int rc = SIGNET_OK;
    if (said && strcmp(said, "-") != 0) {
        rc = from_memory(&token, said, err);
        memset((char *)said, 'x', strlen(said)); /* it is in argv, where ps shows it */
    } else if (said || file) {
        rc = from_file(&token, said ? "-" : file, err);
        if (rc == SIGNET_E_USAGE)
            return rc;
    } else if (environment && *environment) {
        rc = from_memory(&token, environment, err);
    } else {
        return SIGNET_OK;
    }
    if (rc == SIGNET_OK)
        rc = trim(&token, err);
    rc = signet_file_explain(rc, SIGNET_FILE_UNKNOWN,
                             said   ? NULL
                             : file ? file
                                    : "SIGNET_TOKEN",
                             err);
    if (rc == SIGNET_OK)
        *out = token;
    else
        signet_bytes_free(&token);
    return rc;
}
