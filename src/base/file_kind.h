/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_FILE_KIND_H
#define BASE_FILE_KIND_H

#include <signet/file_kind.h>

/* What the first bytes of a file show: of which kind it is, what it is called, and what to do with
 * it. FILE is its path, LEDGER what the order names. */
/* clang-format off */
#define FILE_FORMS(ROW)                                                                            \
    ROW(ORDER, ORDER, "a work order", "it is for a run; its ledger is LEDGER")                     \
    ROW(CONFIG, CONFIG, "a configuration",                                                         \
        "a packet is made from it, and an order names it: 'template: FILE'")                       \
    ROW(PACKET, PACKET, "a packet (SenML CBOR)", "look at what is in the packet")                  \
    ROW(LEDGER, LEDGER, "a ledger", "name the work order: it has a line 'ledger: FILE'")           \
    ROW(DATABASE, OTHER, "another program's SQLite database", "name the file that is meant")       \
    ROW(WAL, OTHER, "SQLite's log beside a ledger",                                                \
        "name the ledger itself, without -wal or -shm")                                            \
    ROW(MANIFEST, MANIFEST, "a table (CSV)", "an order names it: 'names: {manifest: FILE}'")       \
    ROW(SERVER, JSON, "the JSON file of a server", "an order names it: 'servers: [{file: FILE}]'") \
    ROW(CERT_INFO, JSON, "the JSON file of a certificate's names",                                 \
        "an order names it: 'credentials: {cert_info: FILE}'")                                     \
    ROW(PACKETS, OTHER, "the packets of an order, one a line",                                     \
        "take one out: jq -r 'select(.endpoint == \"NAME\").packet' FILE | base64 -d > NEW")       \
    ROW(RECORDS, OTHER, "the records of an order, which servers take",                             \
        "the packets of its devices are in the file that the order names as output: packets")      \
    ROW(SENML_JSON, OTHER, "SenML in JSON",                                                        \
        "name the packet in CBOR; a device's factory provisioning takes no other")                 \
    ROW(JSON, JSON, "JSON", "name the file that is meant")                                         \
    ROW(CERT, CERT, "a certificate", "look at what the certificate says")                          \
    ROW(KEY, KEY, "a private key", "name the file that is meant")                                  \
    ROW(DEFINITION, DEFINITION, "a definition of objects (XML)",                                   \
        "an order names it: 'objects: FILE'")                                                      \
    ROW(PROFILE, PROFILE, "a device profile", "an order names it: 'device: FILE'")                 \
    ROW(AUTHORITY, AUTHORITY, "the file of an authority",                                          \
        "an order names it: 'authority: FILE'")                                                    \
    ROW(LABEL, LABEL, "a label in ZPL", "an order names it: 'label: {template: FILE}'")            \
    ROW(EMPTY, OTHER, "empty", "was the file copied whole? Save it again")                         \
    ROW(BLANK, OTHER, "filled with zeros",                                                         \
        "the disk was full or the machine went off while it was written: copy it again")           \
    ROW(UTF16, OTHER, "text in UTF-16, as Windows writes it",                                      \
        "save it as UTF-8, or: iconv -f UTF-16 -t UTF-8 FILE > FILE.utf8")                         \
    ROW(UTF32, OTHER, "text in UTF-32",                                                            \
        "save it as UTF-8, or: iconv -f UTF-32 -t UTF-8 FILE > FILE.utf8")                         \
    ROW(GZIP, OTHER, "compressed (gzip)", "unpack it: zcat FILE > NEW")                            \
    ROW(BZIP2, OTHER, "compressed (bzip2)", "unpack it: bzcat FILE > NEW")                         \
    ROW(XZ, OTHER, "compressed (xz)", "unpack it: xzcat FILE > NEW")                               \
    ROW(ZSTD, OTHER, "compressed (zstd)", "unpack it: zstdcat FILE > NEW")                         \
    ROW(7Z, OTHER, "an archive (7z)", "unpack it, and name the file that was in it")               \
    ROW(TAR, OTHER, "an archive (tar)",                                                            \
        "unpack it (tar xf FILE), and name the file that was in it")                               \
    ROW(XLSX, OTHER, "a spreadsheet (.xlsx or .ods)", "in the spreadsheet, save it as CSV UTF-8")  \
    ROW(DOCX, OTHER, "a document of a word processor (.docx or .odt)",                             \
        "save it as plain text in UTF-8")                                                          \
    ROW(ZIP, OTHER, "an archive (zip)",                                                            \
        "unpack it (unzip FILE), and name the file that was in it")                                \
    ROW(OLE, OTHER, "a spreadsheet or document of an old Office (.xls, .doc)",                     \
        "in its program, save it as CSV UTF-8, or as plain text in UTF-8")                         \
    ROW(RTF, OTHER, "a document (RTF)", "save it as plain text in UTF-8")                          \
    ROW(PDF, OTHER, "a document (PDF)", "name the file that it was made from")                     \
    ROW(PICTURE, OTHER, "a picture", "name the file that is meant")                                \
    ROW(LNK, OTHER, "a Windows shortcut (.lnk)", "copy the file that it points to, and name that") \
    ROW(URL, OTHER, "an Internet shortcut (.url)",                                                 \
        "download the file that it points to, and name that")                                      \
    ROW(PROGRAM, OTHER, "a program", "name the file that is meant")                                \
    ROW(SCRIPT, OTHER, "a script", "name the file that is meant")                                  \
    ROW(FIRMWARE, IMAGE, "a firmware image",                                                       \
        "an order names it: 'board: {initial: FILE}' or 'final: FILE'")                            \
    ROW(HTML, OTHER, "a web page (HTML)", "download the file itself, not the page that shows it")  \
    ROW(XML, OTHER, "XML", "name the file that is meant")                                          \
    ROW(LFS, OTHER, "a pointer of Git LFS, not the file", "fetch the file itself: git lfs pull")   \
    ROW(PKCS12, OTHER, "a PKCS#12 container (.p12, .pfx)",                                         \
        "take it apart: openssl pkcs12 -in FILE -clcerts -nokeys -out cert.pem, and with "         \
        "-nocerts -nodes -out key.pem")                                                            \
    ROW(PKCS7, OTHER, "a PKCS#7 container (.p7b, .p7c)",                                           \
        "take the certificates out: openssl pkcs7 -print_certs -in FILE -out chain.pem (DER: "     \
        "-inform der), and keep the device's own")                                                 \
    ROW(SEALED, OTHER, "sealed to a certificate (CMS)",                                            \
        "open it with the private key of that certificate: signet open -k KEY FILE")               \
    ROW(OPENSSH, OTHER, "a private key in OpenSSH's own form",                                     \
        "convert a copy of it: ssh-keygen -p -m PKCS8 -f COPY; a key of SSH is seldom a device's") \
    ROW(OPENSSH_PUBLIC, OTHER, "a public key of SSH",                                              \
        "name a certificate or a private key of the device")                                       \
    ROW(PUTTY, OTHER, "a private key of PuTTY (.ppk)",                                             \
        "convert it: puttygen FILE -O private-openssh-new -o key, then ssh-keygen -p -m PKCS8 "    \
        "-f key")                                                                                  \
    ROW(JKS, OTHER, "a Java key store (.jks)",                                                     \
        "convert it: keytool -importkeystore -srckeystore FILE -destkeystore NEW.p12, then "       \
        "openssl pkcs12 -in NEW.p12")                                                              \
    ROW(SEALED_KEY, OTHER, "an encrypted private key",                                             \
        "take the passphrase off: openssl pkey -in FILE -out key.pem")                             \
    ROW(TRUSTED, OTHER, "a certificate with OpenSSL's trust settings",                             \
        "write it plainly: openssl x509 -in FILE -out cert.pem")                                   \
    ROW(CSR, OTHER, "a certificate request",                                                       \
        "an authority signs it (signet cert sign): name the certificate that comes of it")         \
    ROW(PUBLIC_KEY, OTHER, "a public key",                                                         \
        "name the certificate, or the private key that it belongs to")                             \
    ROW(CRL, OTHER, "a list of revoked certificates", "name the certificate")                      \
    ROW(PGP, OTHER, "data of PGP", "decrypt it: gpg -d FILE > NEW")                                \
    ROW(C_ARRAY, OTHER, "an array of C source",                                                    \
        "write its bytes: grep -o '0x[0-9a-fA-F]*' FILE | xxd -r -p > FILE.der")                   \
    ROW(DUMP, OTHER, "the dump of a file, with places and hex digits",                             \
        "name the file itself; what xxd wrote is read by: xxd -r FILE > NEW")                      \
    ROW(HEX, OTHER, "hex digits in text", "write its bytes: xxd -r -p FILE > FILE.bin")            \
    ROW(BASE64, OTHER, "bytes in base64", "write its bytes: base64 -d FILE > FILE.bin")            \
    ROW(SIGNING_KEY, SIGNING_KEY, "a signing key",                                                 \
        "a ledger signs its checkpoints with it, or an owner its orders")                          \
    ROW(NOTE, NOTE, "a signed note",                                                               \
        "it is a checkpoint, or the signature beside an order: name what it is about")             \
    ROW(STATION_KEY, OTHER, "the key of a station", "its runs open with it what they sealed")      \
    ROW(STATION_SEALED, OTHER, "sealed with the key of a station",                                 \
        "its run opens it: the same order, with the same work folder")                             \
    ROW(BATCH, OTHER, "the manifest of a sealed batch", "open the batch: signet open -k KEY FILE") \
    ROW(STATE, OTHER, "what a run keeps in its work folder", "leave it there: the run reads it")   \
    ROW(TPM, TPM, "a file of a TPM's key", "name the file that is meant")                          \
    ROW(BYTES, OTHER, "binary data", "name the file that is meant")                                \
    ROW(JWK, OTHER, "a JSON Web Key", "write it as PEM (PKCS#8) with the tool that made it")
/* clang-format on */

#define FILE_FORM(form, kind, name, hint) FORM_##form,
enum file_form { FORM_UNKNOWN, FILE_FORMS(FILE_FORM) };
/* file_form.c */
enum file_form file_form(const void *data, size_t len);

#endif
