/* SPDX-License-Identifier: Apache-2.0 */
/* The forms of files, by what stands at their beginning. */
#include "base/base.h"
#include "base/file_kind.h"

#include <ctype.h>

#define BYTES(text) text, sizeof(text) - 1

/* Bytes at a fixed place, the first that fits. */
static const struct {
    size_t at;
    const char *bytes;
    size_t len;
    enum file_form form;
} marks[] = {
    {0, BYTES("SQLite format 3\0"), FORM_DATABASE},
    {0, BYTES("\x37\x7f\x06\x82"), FORM_WAL},
    {0, BYTES("\x37\x7f\x06\x83"), FORM_WAL},
    {0, BYTES("\x1f\x8b"), FORM_GZIP},
    {0, BYTES("BZh"), FORM_BZIP2},
    {0, BYTES("\xfd\x37zXZ\0"), FORM_XZ},
    {0, BYTES("\x28\xb5\x2f\xfd"), FORM_ZSTD},
    {0, BYTES("7z\xbc\xaf\x27\x1c"), FORM_7Z},
    {257, BYTES("ustar"), FORM_TAR},
    {0, BYTES("PK\3\4"), FORM_ZIP},
    {0, BYTES("\xd0\xcf\x11\xe0"), FORM_OLE},
    {0, BYTES("{\\rtf"), FORM_RTF},
    {0, BYTES("%PDF-"), FORM_PDF},
    {0, BYTES("\x89PNG"), FORM_PICTURE},
    {0, BYTES("\xff\xd8\xff"), FORM_PICTURE},
    {0, BYTES("GIF8"), FORM_PICTURE},
    {0, BYTES("L\0\0\0\1\x14\2\0"), FORM_LNK},
    {0, BYTES("[InternetShortcut]"), FORM_URL},
    {0,
     BYTES("\x7f"
           "ELF"),
     FORM_PROGRAM},
    {0, BYTES("MZ\x90\0"), FORM_PROGRAM},
    {0, BYTES("#!"), FORM_SCRIPT},
    {0, BYTES("UF2\n"), FORM_FIRMWARE},
    {0, BYTES("\x3d\xb8\xf3\x96"), FORM_FIRMWARE},
    {0, BYTES("\xfe\xed\xfe\xed"), FORM_JKS},
    {0, BYTES("\xff\xfe\0\0"), FORM_UTF32},
    {0, BYTES("\0\0\xfe\xff"), FORM_UTF32},
    {0, BYTES("\xff\xfe"), FORM_UTF16},
    {0, BYTES("\xfe\xff"), FORM_UTF16},
    {0, BYTES("PuTTY-User-Key-File"), FORM_PUTTY},
    {0, BYTES("ssh-rsa "), FORM_OPENSSH_PUBLIC},
    {0, BYTES("ssh-ed25519 "), FORM_OPENSSH_PUBLIC},
    {0, BYTES("ecdsa-sha2-"), FORM_OPENSSH_PUBLIC},
    {0, BYTES("version https://git-lfs"), FORM_LFS},
    {0, BYTES("PRIVATE+KEY+"), FORM_SIGNING_KEY},
    {0, BYTES("signet-tpm-"), FORM_TPM},
    {0, BYTES("signet station key "), FORM_STATION_KEY},
    {0, BYTES("signet sealed batch "), FORM_BATCH},
    {0, BYTES("signet sealed export "), FORM_STATE},
    {0, BYTES("signet mint "), FORM_STATE},
    {0, BYTES("SGN1"), FORM_STATION_SEALED},
    {0, BYTES("endpoint,mode,identity,psk,"), FORM_RECORDS},
};

static bool has_word(const char *data, size_t len, const char *word)
{
    return memmem(data, len, word, strlen(word)) != NULL;
}

static enum file_form zip_form(const char *data, size_t len)
{
    if (has_word(data, len, "xl/") || has_word(data, len, "opendocument.spreadsheet"))
        return FORM_XLSX;
    return has_word(data, len, "word/") || has_word(data, len, "opendocument.text") ? FORM_DOCX
                                                                                    : FORM_ZIP;
}

static enum file_form marked(const char *data, size_t len)
{
    for (size_t i = 0; i < COUNT_OF(marks); i++) {
        if (len < marks[i].at + marks[i].len ||
            memcmp(data + marks[i].at, marks[i].bytes, marks[i].len) != 0)
            continue;
        if (marks[i].form == FORM_ZIP)
            return zip_form(data, len);
        if (marks[i].form == FORM_DATABASE) /* application_id, see ledger/sqlite.c */
            return len >= 72 && memcmp(data + 68, "Sign", 4) == 0 ? FORM_LEDGER : FORM_DATABASE;
        return marks[i].form;
    }
    return FORM_UNKNOWN;
}

/* PEM, by the label of its first block that says something */
static enum file_form pem_form(const char *data, size_t len)
{
    static const struct {
        const char *label;
        enum file_form form;
    } labels[] = {
        {"OPENSSH PRIVATE KEY-", FORM_OPENSSH},
        {"ENCRYPTED PRIVATE KEY-", FORM_SEALED_KEY},
        {"PRIVATE KEY-", FORM_KEY},
        {"EC PRIVATE KEY-", FORM_KEY},
        {"RSA PRIVATE KEY-", FORM_KEY},
        {"EC PARAMETERS-", FORM_KEY},
        {"CERTIFICATE-", FORM_CERT},
        {"X509 CERTIFICATE-", FORM_CERT},
        {"TRUSTED CERTIFICATE-", FORM_TRUSTED},
        {"CERTIFICATE REQUEST-", FORM_CSR},
        {"NEW CERTIFICATE REQUEST-", FORM_CSR},
        {"PUBLIC KEY-", FORM_PUBLIC_KEY},
        {"PKCS7-", FORM_PKCS7},
        {"X509 CRL-", FORM_CRL},
        {"PGP ", FORM_PGP},
    };
    const char *begin = memmem(data, len, "-----BEGIN ", 11);
    size_t left = begin ? len - (size_t)(begin + 11 - data) : 0;

    for (size_t i = 0; begin && i < COUNT_OF(labels); i++)
        if (left >= strlen(labels[i].label) &&
            memcmp(begin + 11, labels[i].label, strlen(labels[i].label)) == 0)
            return labels[i].form == FORM_KEY &&
                           has_word(begin + 11, left, "Proc-Type: 4,ENCRYPTED")
                       ? FORM_SEALED_KEY
                       : labels[i].form;
    return FORM_UNKNOWN;
}

/* The bytes behind the tags and lengths of `levels` nested elements, or 0. */
static size_t der_inside(const uint8_t *at, size_t len, unsigned levels)
{
    size_t used = 0;

    for (; levels > 0; levels--) {
        if (used + 2 > len || at[used] != 0x30)
            return 0;
        size_t more = at[used + 1] & 0x80 ? at[used + 1] & 0x7f : 0;
        used += 2 + (more <= 4 ? more : 0);
    }
    return used < len ? used : 0;
}

/* DER, by what its first elements are. */
static enum file_form der_form(const uint8_t *data, size_t len)
{
    static const uint8_t signed_data[] = {6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 13, 1, 7, 2},
                         pbes2[] = {6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 13, 1, 5, 13};
    static const uint8_t sealed[] = {6, 11, 0x2a, 0x86, 0x48, 0x86, 0xf7, 13, 1, 9, 16, 1, 23};
    size_t one = der_inside(data, len, 1), two = der_inside(data, len, 2);

    if (one && len - one >= sizeof(signed_data) &&
        memcmp(data + one, signed_data, sizeof(signed_data)) == 0)
        return FORM_PKCS7;
    if (one && len - one >= sizeof(sealed) && memcmp(data + one, sealed, sizeof(sealed)) == 0)
        return FORM_SEALED;
    if (two && len - two >= sizeof(pbes2) && memcmp(data + two, pbes2, sizeof(pbes2)) == 0)
        return FORM_SEALED_KEY;
    if (one && len - one >= 4 && data[one] == 2 && data[one + 1] == 1)
        return data[one + 2] == 3 ? FORM_PKCS12 : data[one + 2] <= 1 ? FORM_KEY : FORM_UNKNOWN;
    if (two && data[two] == 6) /* behind the algorithm: a string of bytes, or the public bits */
        return one + 2 + data[one + 1] < len && data[one + 2 + data[one + 1]] == 4
                   ? FORM_SEALED_KEY
                   : FORM_PUBLIC_KEY;
    if (two && len - two >= 4 && data[two] == 2 && data[two + 1] == 1 && data[two + 2] == 0)
        return FORM_CSR;
    return two && data[two] == 0xa0 ? FORM_CERT : FORM_UNKNOWN;
}

/* The first entry of a SenML record (RFC 8428, section 6), as far as it is there: keys are random
 * bytes, and one of 60 begins as an array of maps does. */
static bool is_senml_entry(const uint8_t *at, size_t len)
{
    static const uint8_t of_text[] = {0x00, 0x01, 0x03, 0x21, 0x23}; /* n, u, vs, bn, bu */
    uint8_t value = len > 1 ? at[1] : 0x60;

    if (memchr(of_text, at[0], sizeof(of_text)))
        return value >= 0x60 && value <= 0x7f;
    return at[0] <= 0x08 || (at[0] >= 0x20 && at[0] <= 0x25) || (at[0] >= 0x61 && at[0] <= 0x77);
}

/* The tag of self-described CBOR, or an array of maps, maybe behind another tag. */
static bool is_cbor(const uint8_t *data, size_t len)
{
    if (len >= 3 && !memcmp(data, "\xd9\xd9\xf7", 3))
        return true;
    size_t tag = !len || data[0] < 0xc0 || data[0] > 0xdb ? 0
                 : data[0] < 0xd8                         ? 1
                                                          : 1 + ((size_t)1 << (data[0] - 0xd8)),
           head = tag + (len <= tag          ? 1
                         : data[tag] == 0x98 ? 2
                         : data[tag] == 0x99 ? 3
                                             : 1);

    return len >= head + 2 && data[tag] >= 0x81 && data[tag] <= 0x9f && data[head] >= 0xa1 &&
           data[head] <= 0xbf && is_senml_entry(data + head + 1, len - head - 1);
}

/* How many of the words begin a line and have a colon behind them. */
static unsigned keys_of(const char *text, size_t len, const char *const *words)
{
    unsigned found = 0;

    for (; *words; words++) {
        size_t n = strlen(*words);
        const char *at = text, *end = text + len;

        while (at && (size_t)(end - at) > n) {
            if (memcmp(at, *words, n) == 0 && at[n] == ':') {
                found++;
                break;
            }
            at = memchr(at, '\n', (size_t)(end - at));
            at = at ? at + 1 : NULL;
        }
    }
    return found;
}

static enum file_form yaml_form(const char *text, size_t len)
{
    static const char *const order[] = {"name",  "quota",   "template", "ledger",  "names", "board",
                                        "slots", "servers", "output",   "station", "work",  NULL},
                             *const profile[] = {"base", "objects",   "modes",          "bindings",
                                                 "tls",  "resources", "matching_types", NULL};
    static const char *const authority[] = {"chain", "key", NULL};
    unsigned orders = keys_of(text, len, order), profiles = keys_of(text, len, profile);

    if (!orders && keys_of(text, len, authority) >= 2)
        return FORM_AUTHORITY;
    if (profiles >= 1 && profiles >= orders)
        return FORM_PROFILE;
    return orders >= 2 ? FORM_ORDER : FORM_UNKNOWN;
}

static size_t all_of(const char *text, size_t len, const char *more)
{
    size_t n = 0;

    while (n < len && (isalnum((unsigned char)text[n]) || char_in(text[n], more)))
        n++;
    return n;
}

/* Digits that are a file of bytes: hex, base64, C, Intel's HEX, Motorola's. */
static enum file_form digits_form(const char *text, size_t len)
{
    size_t line = 0, hex = 0;
    uint8_t start[3];

    while (hex < len && (isxdigit((unsigned char)text[hex]) || char_in(text[hex], " :\r\n\t")))
        hex++;
    while (line < len && text[line] != '\n')
        line++;
    if ((text[0] == ':' && line >= 11 && hex + 1 >= line) ||
        (text[0] == 'S' && line >= 10 && isdigit((unsigned char)text[1]) &&
         all_of(text, line, "\r") == line))
        return FORM_FIRMWARE;
    if (len > 16 && memcmp(text, "0000000", 7) == 0 && hex >= 10 &&
        (memcmp(text + 8, "  ", 2) == 0 || memcmp(text + 8, ": ", 2) == 0) && hex < len)
        return FORM_DUMP;
    if (hex == len && len >= 32)
        return FORM_HEX;
    if (len >= 40 && all_of(text, len, "+/=\r\n") == len && base64_decode(text, 4, start, 3) > 1 &&
        (start[0] == 0x30 || memcmp(start, "---", 3) == 0 || is_cbor(start, 3)))
        return FORM_BASE64;
    if (has_word(text, len, "unsigned char") || has_word(text, len, "uint8_t") ||
        (memcmp(text, "0x", 2) == 0 && has_word(text, len, ", 0x")))
        return has_word(text, len, "0x") || has_word(text, len, "0X") ? FORM_C_ARRAY : FORM_UNKNOWN;
    return FORM_UNKNOWN;
}

static bool head_is(const char *text, size_t len, const char *word)
{
    return len >= strlen(word) && strncasecmp(text, word, strlen(word)) == 0;
}

static enum file_form xml_form(const char *text, size_t len)
{
    if (head_is(text, len, "<!doctype html") || head_is(text, len, "<html"))
        return FORM_HTML;
    if (has_word(text, len, "<html") ||
        has_word(text, len, "<table")) /* what some programs call .xls */
        return FORM_HTML;
    return has_word(text, len, "<LWM2M") ? FORM_DEFINITION : FORM_XML;
}

static enum file_form json_form(const char *text, size_t len)
{
    size_t next = 1;

    while (next < len && isspace((unsigned char)text[next]))
        next++;
    if (next < len && isdigit((unsigned char)text[next]) && text[0] == '{')
        return FORM_CONFIG;
    if (next < len && !char_in(text[next], "\"{[]}"))
        return FORM_UNKNOWN;
    if (has_word(text, len, "\"quota\"") && has_word(text, len, "\"template\""))
        return FORM_ORDER;
    if (has_word(text, len, "\"kty\""))
        return FORM_JWK;
    if (has_word(text, len, "\"packet\"") && has_word(text, len, "\"endpoint\""))
        return FORM_PACKETS;
    if (has_word(text, len, "\"account\"") && has_word(text, len, "\"endpoint\""))
        return FORM_RECORDS;
    if (text[0] == '[' && (has_word(text, len, "\"bn\"") || has_word(text, len, "\"n\"")))
        return FORM_SENML_JSON;
    if (has_word(text, len, "\"url\"") || has_word(text, len, "\"kind\""))
        return FORM_SERVER;
    return has_word(text, len, "\"commonName\"") || has_word(text, len, "\"countryName\"")
               ? FORM_CERT_INFO
               : FORM_JSON;
}

/* Two lines or more with the same delimiter as often, or a header that names the column. */
static bool is_table(const char *text, size_t len)
{
    const char *end = memchr(text, '\n', len);
    size_t line = end ? (size_t)(end - text) : len;

    for (const char *mark = ",;\t"; *mark; mark++) {
        size_t first = 0, second = 0;

        for (size_t i = 0; i < line; i++)
            first += text[i] == *mark;
        for (size_t i = line + 1; i < len && text[i] != '\n'; i++)
            second += text[i] == *mark;
        if (first && first == second)
            return true;
    }
    return head_is(text, len, "endpoint") && (line == 8 || !isalnum((unsigned char)text[8]));
}

static enum file_form text_form(const char *text, size_t len)
{
    enum file_form form;

    if (text[0] == '<' && !head_is(text, len, "<<<<<<< "))
        return xml_form(text, len);
    if (has_word(text, len, "^XA"))
        return FORM_LABEL;
    if (yaml_form(text, len) == FORM_ORDER)
        return FORM_ORDER;
    if (has_word(text, len, "OID.") || has_word(text, len, "RID."))
        return FORM_CONFIG;
    if (text[0] == '{' || text[0] == '[')
        return json_form(text, len);
    form = digits_form(text, len);
    if (form == FORM_UNKNOWN)
        form = yaml_form(text, len);
    return form == FORM_UNKNOWN && is_table(text, len) ? FORM_MANIFEST : form;
}

/* As UTF-16 looks without a byte order mark: every other byte of the beginning is zero. */
static bool is_utf16(const uint8_t *data, size_t len)
{
    size_t odd = 0, even = 0, pairs = len / 2 < 32 ? len / 2 : 32;

    for (size_t i = 0; i < pairs; i++) {
        even += data[2 * i] == 0;
        odd += data[2 * i + 1] == 0;
    }
    return pairs >= 2 && ((odd == pairs && !even) || (even == pairs && !odd));
}

/* A configuration may have PEM in its values. */
static bool is_dictionary(const char *text, size_t len)
{
    size_t at = utf8_mark(text, len);

    while (at < len && isspace((unsigned char)text[at]))
        at++;
    return at < len && (text[at] == '{' || text[at] == '#') &&
           (has_word(text, len, "OID.") || has_word(text, len, "RID."));
}

/* Neither text nor anything that is known: not UTF-8, and with characters that no text has; a
 * symmetric key, which is short, may have none of them (one in 40 of 32 bytes). */
static bool is_binary(const uint8_t *data, size_t len)
{
    bool control = len == 16 || len == 32, utf8 = true;
    uint32_t code;

    for (size_t i = 0, n; i < len; i += n ? n : 1) {
        n = utf8_decode(data + i, len - i, &code);
        utf8 = utf8 && (n || len - i < 4); /* the last one may be cut */
        control = control || data[i] == 0x7f ||
                  (data[i] < ' ' && !char_in((char)data[i], "\t\n\r\f\x1a"));
    }
    return control && !utf8;
}

enum file_form file_form(const void *data, size_t len)
{
    const uint8_t *bytes = data;
    const char *text = data;
    enum file_form form = marked(text, len);
    size_t zeros = 0;

    if (form != FORM_UNKNOWN)
        return form;
    while (zeros < len && !bytes[zeros])
        zeros++;
    if (zeros == len)
        return len ? FORM_BLANK : FORM_EMPTY;
    if (is_utf16(bytes, len))
        return FORM_UTF16;
    if (len > 4 && bytes[0] == 0x30 && (form = der_form(bytes, len)) != FORM_UNKNOWN)
        return form;
    if (is_cbor(bytes, len))
        return FORM_PACKET;
    if (!is_dictionary(text, len) && (form = pem_form(text, len)) != FORM_UNKNOWN)
        return form;
    if (has_word(text, len, "\n\n\xe2\x80\x94 "))
        return FORM_NOTE;
    if (is_binary(bytes, len))
        return FORM_BYTES;
    text += utf8_mark(bytes, len);
    len -= utf8_mark(bytes, len);
    while (len && isspace((unsigned char)*text))
        text++, len--;
    return len > 1 ? text_form(text, len) : FORM_EMPTY;
}
