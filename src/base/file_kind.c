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

/* What it is called, and what to do with it; FILE is its path, LEDGER what the order names. */
static const struct {
    enum file_form form;
    enum signet_file_kind kind;
    const char *name, *hint;
} forms[] = {
    {FORM_ORDER, SIGNET_FILE_ORDER, "a work order", "it is for a run; its ledger is LEDGER"},
    {FORM_CONFIG, SIGNET_FILE_CONFIG, "a configuration",
     "a packet is made from it, and an order names it: 'template: FILE'"},
    {FORM_PACKET, SIGNET_FILE_PACKET, "a packet (SenML CBOR)", "look at what is in the packet"},
    {FORM_LEDGER, SIGNET_FILE_LEDGER, "a ledger",
     "name the work order: it has a line 'ledger: FILE'"},
    {FORM_DATABASE, SIGNET_FILE_OTHER, "another program's SQLite database",
     "name the file that is meant"},
    {FORM_WAL, SIGNET_FILE_OTHER, "SQLite's log beside a ledger",
     "name the ledger itself, without -wal or -shm"},
    {FORM_MANIFEST, SIGNET_FILE_MANIFEST, "a table (CSV)",
     "an order names it: 'names: {manifest: FILE}'"},
    {FORM_SERVER, SIGNET_FILE_JSON, "the JSON file of a server",
     "an order names it: 'servers: [{file: FILE}]'"},
    {FORM_CERT_INFO, SIGNET_FILE_JSON, "the JSON file of a certificate's names",
     "an order names it: 'credentials: {cert_info: FILE}'"},
    {FORM_JSON, SIGNET_FILE_JSON, "JSON", "name the file that is meant"},
    {FORM_CERT, SIGNET_FILE_CERT, "a certificate", "look at what the certificate says"},
    {FORM_KEY, SIGNET_FILE_KEY, "a private key", "name the file that is meant"},
    {FORM_DEFINITION, SIGNET_FILE_DEFINITION, "a definition of objects (XML)",
     "an order names it: 'objects: FILE'"},
    {FORM_PROFILE, SIGNET_FILE_PROFILE, "a device profile", "an order names it: 'device: FILE'"},
    {FORM_LABEL, SIGNET_FILE_LABEL, "a label in ZPL",
     "an order names it: 'label: {template: FILE}'"},
    {FORM_EMPTY, SIGNET_FILE_OTHER, "empty", "was the file copied whole? Save it again"},
    {FORM_BLANK, SIGNET_FILE_OTHER, "filled with zeros",
     "the disk was full or the machine went off while it was written: copy it again"},
    {FORM_UTF16, SIGNET_FILE_OTHER, "text in UTF-16, as Windows writes it",
     "save it as UTF-8, or: iconv -f UTF-16 -t UTF-8 FILE > FILE.utf8"},
    {FORM_UTF32, SIGNET_FILE_OTHER, "text in UTF-32",
     "save it as UTF-8, or: iconv -f UTF-32 -t UTF-8 FILE > FILE.utf8"},
    {FORM_GZIP, SIGNET_FILE_OTHER, "compressed (gzip)", "unpack it: zcat FILE > NEW"},
    {FORM_BZIP2, SIGNET_FILE_OTHER, "compressed (bzip2)", "unpack it: bzcat FILE > NEW"},
    {FORM_XZ, SIGNET_FILE_OTHER, "compressed (xz)", "unpack it: xzcat FILE > NEW"},
    {FORM_ZSTD, SIGNET_FILE_OTHER, "compressed (zstd)", "unpack it: zstdcat FILE > NEW"},
    {FORM_7Z, SIGNET_FILE_OTHER, "an archive (7z)", "unpack it, and name the file that was in it"},
    {FORM_TAR, SIGNET_FILE_OTHER, "an archive (tar)",
     "unpack it (tar xf FILE), and name the file that was in it"},
    {FORM_XLSX, SIGNET_FILE_OTHER, "a spreadsheet (.xlsx or .ods)",
     "in the spreadsheet, save it as CSV UTF-8"},
    {FORM_DOCX, SIGNET_FILE_OTHER, "a document of a word processor (.docx or .odt)",
     "save it as plain text in UTF-8"},
    {FORM_ZIP, SIGNET_FILE_OTHER, "an archive (zip)",
     "unpack it (unzip FILE), and name the file that was in it"},
    {FORM_OLE, SIGNET_FILE_OTHER, "a spreadsheet or document of an old Office (.xls, .doc)",
     "in its program, save it as CSV UTF-8, or as plain text in UTF-8"},
    {FORM_RTF, SIGNET_FILE_OTHER, "a document (RTF)", "save it as plain text in UTF-8"},
    {FORM_PDF, SIGNET_FILE_OTHER, "a document (PDF)", "name the file that it was made from"},
    {FORM_PICTURE, SIGNET_FILE_OTHER, "a picture", "name the file that is meant"},
    {FORM_LNK, SIGNET_FILE_OTHER, "a Windows shortcut (.lnk)",
     "copy the file that it points to, and name that"},
    {FORM_URL, SIGNET_FILE_OTHER, "an Internet shortcut (.url)",
     "download the file that it points to, and name that"},
    {FORM_PROGRAM, SIGNET_FILE_OTHER, "a program", "name the file that is meant"},
    {FORM_SCRIPT, SIGNET_FILE_OTHER, "a script", "name the file that is meant"},
    {FORM_FIRMWARE, SIGNET_FILE_IMAGE, "a firmware image",
     "an order names it: 'board: {initial: FILE}' or 'final: FILE'"},
    {FORM_HTML, SIGNET_FILE_OTHER, "a web page (HTML)",
     "download the file itself, not the page that shows it"},
    {FORM_XML, SIGNET_FILE_OTHER, "XML", "name the file that is meant"},
    {FORM_LFS, SIGNET_FILE_OTHER, "a pointer of Git LFS, not the file",
     "fetch the file itself: git lfs pull"},
    {FORM_PKCS12, SIGNET_FILE_OTHER, "a PKCS#12 container (.p12, .pfx)",
     "take it apart: openssl pkcs12 -in FILE -clcerts -nokeys -out cert.pem, and with -nocerts "
     "-nodes -out key.pem"},
    {FORM_PKCS7, SIGNET_FILE_OTHER, "a PKCS#7 container (.p7b, .p7c)",
     "take the certificates out: openssl pkcs7 -print_certs -in FILE -out chain.pem (DER: -inform "
     "der), and keep the device's own"},
    {FORM_OPENSSH, SIGNET_FILE_OTHER, "a private key in OpenSSH's own form",
     "convert a copy of it: ssh-keygen -p -m PKCS8 -f COPY; a key of SSH is seldom a device's"},
    {FORM_OPENSSH_PUBLIC, SIGNET_FILE_OTHER, "a public key of SSH",
     "name a certificate or a private key of the device"},
    {FORM_PUTTY, SIGNET_FILE_OTHER, "a private key of PuTTY (.ppk)",
     "convert it: puttygen FILE -O private-openssh-new -o key, then ssh-keygen -p -m PKCS8 -f key"},
    {FORM_JKS, SIGNET_FILE_OTHER, "a Java key store (.jks)",
     "convert it: keytool -importkeystore -srckeystore FILE -destkeystore NEW.p12, then openssl "
     "pkcs12 -in NEW.p12"},
    {FORM_SEALED_KEY, SIGNET_FILE_OTHER, "an encrypted private key",
     "take the passphrase off: openssl pkey -in FILE -out key.pem"},
    {FORM_TRUSTED, SIGNET_FILE_OTHER, "a certificate with OpenSSL's trust settings",
     "write it plainly: openssl x509 -in FILE -out cert.pem"},
    {FORM_CSR, SIGNET_FILE_OTHER, "a certificate request",
     "an authority signs it (signet cert sign): name the certificate that comes of it"},
    {FORM_PUBLIC_KEY, SIGNET_FILE_OTHER, "a public key",
     "name the certificate, or the private key that it belongs to"},
    {FORM_CRL, SIGNET_FILE_OTHER, "a list of revoked certificates", "name the certificate"},
    {FORM_PGP, SIGNET_FILE_OTHER, "data of PGP", "decrypt it: gpg -d FILE > NEW"},
    {FORM_C_ARRAY, SIGNET_FILE_OTHER, "an array of C source",
     "write its bytes: grep -o '0x[0-9a-fA-F]*' FILE | xxd -r -p > FILE.der"},
    {FORM_HEX, SIGNET_FILE_OTHER, "hex digits in text",
     "write its bytes: xxd -r -p FILE > FILE.bin"},
    {FORM_BASE64, SIGNET_FILE_OTHER, "bytes in base64",
     "write its bytes: base64 -d FILE > FILE.bin"},
    {FORM_SIGNING_KEY, SIGNET_FILE_SIGNING_KEY, "a signing key",
     "a ledger signs its checkpoints with it, or an owner its orders"},
    {FORM_NOTE, SIGNET_FILE_NOTE, "a signed note",
     "it is a checkpoint, or the signature beside an order: name what it is about"},
    {FORM_TPM, SIGNET_FILE_TPM, "a file of a TPM's key", "name the file that is meant"},
    {FORM_BYTES, SIGNET_FILE_OTHER, "binary data", "name the file that is meant"},
};

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

static size_t form_row(enum file_form form)
{
    size_t i = 0;

    while (i < COUNT_OF(forms) && forms[i].form != form)
        i++;
    return i;
}

enum signet_file_kind signet_file_kind(const void *data, size_t len)
{
    size_t i = form_row(file_form(data, len));

    return i < COUNT_OF(forms) ? forms[i].kind : SIGNET_FILE_UNKNOWN;
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
    size_t i = form_row(old), k = form_row(new);
    enum signet_file_kind kind = k < COUNT_OF(forms) ? forms[k].kind : SIGNET_FILE_UNKNOWN;
    bool unnamed = kind == SIGNET_FILE_UNKNOWN || kind == SIGNET_FILE_OTHER;

    /* A label that was filled in looks like its template. */
    if (old == FORM_EMPTY || old == FORM_BLANK ||
        (i < COUNT_OF(forms) && old != FORM_LABEL &&
         (old == new || (!unnamed && forms[i].kind == kind))) ||
        (old == FORM_BYTES && unnamed) ||
        (old == FORM_UNKNOWN && (keeps || kind != SIGNET_FILE_PACKET)))
        return SIGNET_OK;
    return error_set_hint(err, SIGNET_E_EXISTS, "name another file, or remove this one",
                          "will not write over '%s': it is %s", path,
                          i < COUNT_OF(forms) ? forms[i].name : "no packet");
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
    bool either = wanted == SIGNET_FILE_CERT && found == SIGNET_FILE_KEY,
         bytes = wanted == SIGNET_FILE_PACKET || wanted == SIGNET_FILE_LEDGER ||
                 wanted == SIGNET_FILE_CERT || wanted == SIGNET_FILE_KEY ||
                 wanted == SIGNET_FILE_IMAGE;

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
    char head[HEAD + 1], ledger[120];
    struct buf hint = {0};
    ssize_t len = rc == SIGNET_OK || rc == SIGNET_E_NOMEM || !path ? -1 : read_start(path, head);
    enum file_form form = len < 0 ? FORM_UNKNOWN : file_form(head, (size_t)len);
    size_t i = form_row(form);

    if (i == COUNT_OF(forms) || fits_wanted(wanted, form, forms[i].kind))
        return name_file(rc, path, err);
    const char *const values[][2] = {
        {"FILE", path}, {"LEDGER", ledger_of(head, ledger)}, {NULL, NULL}};
    text_expand(&hint, forms[i].hint, strlen(forms[i].hint), values);
    error_set(err, (enum signet_code)rc, form == FORM_EMPTY ? "%s is %s" : "%s is %s, not %s", path,
              forms[i].name, wanted_names[wanted]);
    error_hint(err, "%s",
               wanted == SIGNET_FILE_SIGNING_KEY ? signing
               : hint.data                       ? (const char *)hint.data
                                                 : "");
    buf_free(&hint);
    return rc;
}
