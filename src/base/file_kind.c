/* SPDX-License-Identifier: Apache-2.0 */
/* What a file is, by its first bytes. Whoever reads a file asks when it could not be read. */
#include "base/file_kind.h"
#include "base/base.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

enum { HEAD = 4096 };

static const struct {
    enum signet_file_kind kind;
    const char *name, *hint;
} forms[] = {[FORM_UNKNOWN] = {SIGNET_FILE_UNKNOWN, NULL, NULL},
#define FORM_ROW(form, kind, name, hint) [FORM_##form] = {SIGNET_FILE_##kind, name, hint},
             FILE_FORMS(FORM_ROW)};

static const char *const wanted_names[] = {
    [SIGNET_FILE_ORDER] = "a work order",
    [SIGNET_FILE_CONFIG] = "a configuration",
    [SIGNET_FILE_PACKET] = "a packet",
    [SIGNET_FILE_LEDGER] = "a ledger",
    [SIGNET_FILE_MANIFEST] = "a manifest in CSV",
    [SIGNET_FILE_JSON] = "a JSON file",
    [SIGNET_FILE_CERT] = "a certificate",
    [SIGNET_FILE_KEY] = "a private key",
    [SIGNET_FILE_DEFINITION] = "a definition of objects",
    [SIGNET_FILE_PROFILE] = "a device profile",
    [SIGNET_FILE_LABEL] = "a label in ZPL",
    [SIGNET_FILE_OTHER] = NULL,
    [SIGNET_FILE_IMAGE] = "a firmware image",
    [SIGNET_FILE_LOGINS] = "a file of logins",
    [SIGNET_FILE_SIGNING_KEY] = "a signing key",
    [SIGNET_FILE_NOTE] = "a signed note",
    [SIGNET_FILE_TPM] = "a file of a TPM's key",
    [SIGNET_FILE_AUTHORITY] = "the file of an authority",
};

/* What nobody has to hide. */
static const unsigned open_kinds = 1u << SIGNET_FILE_ORDER | 1u << SIGNET_FILE_LEDGER |
                                   1u << SIGNET_FILE_CERT | 1u << SIGNET_FILE_DEFINITION |
                                   1u << SIGNET_FILE_PROFILE | 1u << SIGNET_FILE_LABEL;

enum signet_file_kind signet_file_kind(const void *data, size_t len)
{
    return forms[file_form(data, len)].kind;
}

/* The first bytes of a plain file; no other kind of file is touched. */
static ssize_t read_start(const char *path, char head[HEAD + 1])
{
    struct stat st;
    ssize_t n;
    int fd = stat(path, &st) == 0 && S_ISREG(st.st_mode)
                 ? open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
                 : -1;

    head[0] = '\0';
    if (fd < 0)
        return -1;
    n = TEMP_FAILURE_RETRY(pread(fd, head, HEAD, 0));
    close(fd);
    head[n > 0 ? n : 0] = '\0';
    return n;
}

int file_spare(const char *path, const void *data, size_t len, bool keeps, struct signet_error *err)
{
    char head[HEAD + 1];
    ssize_t n = read_start(path, head);
    enum file_form old = n > 0 ? file_form(head, (size_t)n) : FORM_EMPTY,
                   new = file_form(data, len < HEAD ? len : HEAD);
    enum signet_file_kind kind = forms[new].kind;
    bool unnamed = kind == SIGNET_FILE_UNKNOWN || kind == SIGNET_FILE_OTHER;
    struct stat st;

    if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
        return error_set_hint(err, SIGNET_E_IO, "name another file, or move the folder away",
                              "cannot write '%s': it is a folder", path);
    /* A label that was filled in looks like its template. */
    if (old == FORM_EMPTY || old == FORM_BLANK ||
        (old != FORM_UNKNOWN && old != FORM_LABEL &&
         (old == new || (!unnamed && forms[old].kind == kind))) ||
        (old == FORM_BYTES && unnamed) ||
        (old == FORM_UNKNOWN && (keeps || kind != SIGNET_FILE_PACKET)))
        return SIGNET_OK;
    return error_set_hint(err, SIGNET_E_EXISTS, "name another file, or remove this one",
                          "will not write over '%s': it is %s", path,
                          old != FORM_UNKNOWN ? forms[old].name : "no packet");
}

bool file_has_no_secret(const char *path, struct signet_error *err)
{
    char head[HEAD + 1];
    ssize_t n = read_start(path, head);
    enum file_form form = n > 0 ? file_form(head, (size_t)n) : FORM_UNKNOWN;

    bool open_form = form == FORM_PUBLIC_KEY || form == FORM_CSR || form == FORM_CRL ||
                     open_kinds & 1u << forms[form].kind;
    if (form == FORM_UNKNOWN || !open_form ||
        memmem(head, (size_t)n, "PRIVATE KEY", 11)) /* behind a certificate */
        return false;
    error_set_hint(err, SIGNET_E_IO, "name the file that is meant", "'%s' is %s, and no secret",
                   path, forms[form].name);
    return true;
}

/* The ledger that an order names, for the hint; a word that says so when none is found. */
static const char *ledger_of(const char *text, char out[static 120])
{
    const char *at = strncmp(text, "ledger:", 7) == 0 ? text : strstr(text, "\nledger:");
    size_t n;

    if (!at)
        return "named in it";
    at += *at == '\n' ? 8 : 7;
    at += strspn(at, " \t\"'");
    n = strcspn(at, "\r\n\"'#");
    while (n && at[n - 1] == ' ')
        n--;
    snprintf(out, 120, "%s",
             strstr(at, "://") && strstr(at, "://") < at + n ? "the database named in it"
                                                             : text_shown(at, n, 100));
    return out;
}

static bool fits_wanted(enum signet_file_kind wanted, enum file_form form,
                        enum signet_file_kind found)
{
    /* A ledger whose changes are in its log yet looks like any database: SQLite knows. */
    bool either = (wanted == SIGNET_FILE_CERT && found == SIGNET_FILE_KEY) ||
                  (wanted == SIGNET_FILE_LEDGER && form == FORM_DATABASE),
         bytes = wanted == SIGNET_FILE_PACKET || wanted == SIGNET_FILE_LEDGER ||
                 wanted == SIGNET_FILE_CERT || wanted == SIGNET_FILE_KEY ||
                 wanted == SIGNET_FILE_IMAGE;

    either = either || (wanted == SIGNET_FILE_ORDER && form == FORM_JSON); /* JSON is YAML */
    return (size_t)wanted >= COUNT_OF(wanted_names) || !wanted_names[wanted] || found == wanted ||
           either || (bytes && form == FORM_BYTES);
}

/* "PATH: ...", "... 'PATH' ...", "... PATH:7:1 ..."; the words of a message are no path. */
static bool names_file(const char *msg, const char *path)
{
    size_t len = strlen(path);

    for (const char *at = msg; (at = strstr(at, path)); at++)
        if (at == msg || at[-1] == '\'' || at[len] == ':' || at[len] == '\0')
            return true;
    return false;
}

/* The path in front, unless the message has it: "PATH: ...", "PATH:7:1: ..." */
static int name_file(int rc, const char *path, struct signet_error *err)
{
    unsigned line = 0, column = 0;
    char *place;

    if (rc == SIGNET_OK || rc == SIGNET_E_NOMEM || !path || !err || names_file(err->msg, path))
        return rc;
    place = strstr(err->msg, " (line ");
    /* NOLINTNEXTLINE(cert-err34-c): we wrote it */
    if (place && sscanf(place, " (line %u, column %u)", &line, &column) == 2) {
        *place = '\0';
        error_prefix(err, "%.130s:%u:%u", path, line, column);
    } else {
        error_prefix(err, "%s", path);
    }
    return rc;
}

int signet_file_explain(int rc, enum signet_file_kind wanted, const char *path,
                        struct signet_error *err)
{
    static const char signing[] = "name a file that was made for signing, such as "
                                  "station.key.sign; one that is not there yet is made";
    static const char authority[] = "it is YAML, and names the certificate: chain: ca.pem, and "
                                    "key: ca.key";
    char head[HEAD + 1], ledger[120];
    struct buf hint = {0};
    ssize_t len = rc == SIGNET_OK || rc == SIGNET_E_NOMEM || !path ? -1 : read_start(path, head);
    enum file_form form = len < 0 ? FORM_UNKNOWN : file_form(head, (size_t)len);

    if (form == FORM_UNKNOWN || fits_wanted(wanted, form, forms[form].kind))
        return name_file(rc, path, err);
    const char *const values[][2] = {
        {"FILE", path}, {"LEDGER", ledger_of(head, ledger)}, {NULL, NULL}};
    text_expand(&hint, forms[form].hint, strlen(forms[form].hint), values);
    error_set(err, (enum signet_code)rc, form == FORM_EMPTY ? "%s is %s" : "%s is %s, not %s", path,
              forms[form].name, wanted_names[wanted]);
    error_hint(err, "%s",
               wanted == SIGNET_FILE_SIGNING_KEY ? signing
               : wanted == SIGNET_FILE_AUTHORITY &&
                       (forms[form].kind == SIGNET_FILE_CERT || forms[form].kind == SIGNET_FILE_KEY)
                   ? authority
               : hint.data ? (const char *)hint.data
                           : "");
    buf_free(&hint);
    return rc;
}
