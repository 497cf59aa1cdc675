/* SPDX-License-Identifier: Apache-2.0 */
/* signet cert make | sign | show | fetch */
#include "cli.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#define FILE_MAX (64 * 1024)

/* "1A:2B:..", as other tools write fingerprints, so that a person can compare. */
static const char *fingerprint_text(const uint8_t hash[static 32], char out[static 96])
{
    for (int i = 0; i < 32; i++)
        snprintf(out + 3 * i, 4, "%02X%s", hash[i], i < 31 ? ":" : "");
    return out;
}
#define FINGERPRINT(hash) fingerprint_text(hash, (char[96]){0})

static void cert_json(const struct signet_cert_view *v, const char *file)
{
    json_line("certificate", M_GIVEN("file", file), M_TEXT("subject", v->subject),
              M_TEXT("issuer", v->issuer), M_BOOL("self_issued", v->self_issued),
              M_TEXT("serial", v->serial), M_TEXT("not_before", TIME(v->not_before)),
              M_TEXT("not_after", TIME(v->not_after)), M_TEXT("key", v->key),
              M_TEXT("signature", v->signature), M_TEXT("sha256", FINGERPRINT(v->sha256)),
              M_TEXT("key_sha256", FINGERPRINT(v->key_sha256)), M_TEXT("pin", v->pin));
}

static void cert_text(FILE *to, const struct signet_cert_view *v)
{
    fprintf(to, "certificate\n  subject      %s\n  issuer       %s\n  serial       %s\n",
            v->subject, v->self_issued ? "(the same)" : v->issuer, v->serial);
    fprintf(to, "  valid from   %s\n  valid until  %s\n", TIME(v->not_before), TIME(v->not_after));
    fprintf(to, "  key          %s\n  signature    %s\n", v->key, v->signature);
    fprintf(to, "  SHA-256      %s\n  key SHA-256  %s\n  pin          %s\n", FINGERPRINT(v->sha256),
            FINGERPRINT(v->key_sha256), v->pin);
}

static int show_cert(const struct cli *cli, FILE *to, const struct signet_cert *cert,
                     const char *file, struct signet_error *err)
{
    struct signet_observer observer = cli_observer(cli);
    struct signet_error warning = {0};
    struct signet_cert_view view;
    int rc = signet_cert_describe(cert, &view, err);

    if (rc)
        return rc;
    if (cli->json)
        cert_json(&view, file);
    else
        cert_text(to, &view);
    if (signet_cert_check_dates(cert, &observer, &warning)) {
        struct signet_event event = {.kind = SIGNET_EVENT_WARNING, .error = &warning};

        observer.on_event(observer.ctx, &event);
    }
    return SIGNET_OK;
}

static int show_key(const struct cli *cli, const struct signet_key *key, struct signet_error *err)
{
    char type[64];
    uint8_t sha[32];
    int rc = signet_key_describe(key, type, sha, err);

    if (rc != SIGNET_OK)
        return rc;
    if (!cli->json) {
        printf("private key (not shown)\n  key          %s\n  key SHA-256  %s\n", type,
               FINGERPRINT(sha));
        return SIGNET_OK;
    }
    json_line("private_key", M_TEXT("key", type), M_TEXT("key_sha256", FINGERPRINT(sha)));
    return SIGNET_OK;
}

static int show_chain(const struct cli *cli, struct signet_cert *const *certs, size_t count,
                      struct signet_error *err)
{
    int rc = SIGNET_OK;

    for (size_t i = 0; i < count; i++) {
        struct signet_cert *cert = certs[i];

        if (rc == SIGNET_OK)
            rc = show_cert(cli, stdout, cert, NULL, err);
        signet_cert_free(&cert);
    }
    return rc;
}

/* Does a file that is neither a good certificate nor a good key look like a key? By the label in
 * PEM; in DER all keys start with a version number, which certificates do not. Encrypted ones
 * start as certificates do, but only the key's reader has advice for them. */
static bool looks_like_key(const struct signet_bytes *data, const struct signet_error *as_key)
{
    size_t head;

    if (data->len && memmem(data->data, data->len, "-----BEGIN ", 11))
        return !memmem(data->data, data->len, "BEGIN CERTIFICATE", 17) &&
               memmem(data->data, data->len, "PRIVATE KEY", 11);
    if (data->len < 8 || data->data[0] != 0x30)
        return false;
    head = data->data[1] & 0x80 ? 2 + (data->data[1] & 3u) : 2;
    return data->data[head] == 0x02 || strstr(as_key->msg, "encrypted");
}

/* Certificates or a private key. */
static int show_any(const struct cli *cli, const struct signet_bytes *data,
                    struct signet_error *err)
{
    struct signet_error as_cert = {0}, as_key = {0};
    struct signet_cert *certs[SIGNET_CHAIN_MAX];
    struct signet_key *key = NULL;
    size_t count = 0;
    int rc = SIGNET_E_CERT;

    if (signet_cert_load_chain(certs, &count, data->data, data->len, &as_cert) == SIGNET_OK)
        rc = show_chain(cli, certs, count, err);
    else if (signet_key_load(&key, data->data, data->len, &as_key) == SIGNET_OK)
        rc = show_key(cli, key, err);
    else
        *err = looks_like_key(data, &as_key) ? as_key : as_cert;
    signet_key_free(&key);
    return rc;
}

static int cert_show(int argc, char **argv)
{
    struct signet_bytes data = {0};
    struct cli cli = {0};

    if (!cli_parse(
            &cli, argc, argv, NULL, "FILE",
            "Shows a certificate, a chain of them, or a private key, DER or PEM. The secret of "
            "a key is never shown.",
            1, 1))
        return EXIT_USAGE;
    int rc = cli_read(cli.args[0], FILE_MAX, &data, &cli.err);
    if (rc == SIGNET_OK)
        rc = show_any(&cli, &data, &cli.err);
    rc = signet_file_explain(rc, SIGNET_FILE_CERT, cli.args[0], &cli.err);
    signet_bytes_free(&data);
    return cli_end(&cli, rc);
}

struct make {
    const char *endpoint, *folder, *info_file, *authority_file;
    struct signet_authority_info issuer; /* chain and key */
    struct signet_cert_info info;
    struct signet_authority *authority;
    struct signet_key *key;
    struct signet_cert *cert;
};

static bool is_signed(const struct make *m)
{
    return m->authority_file || m->issuer.chain;
}

static int open_authority(const struct cli *cli, struct make *m, struct signet_error *err)
{
    return cli_authority(cli, m->authority_file, m->authority_file ? NULL : &m->issuer,
                         &m->authority, err);
}

/* One certificate: what servers would refuse is found before it is written. */
static int make_signed(struct make *m, struct signet_error *err)
{
    const struct signet_authority_subject subject = {
        .size = sizeof(subject), .endpoint = m->endpoint, .info = &m->info};
    int rc = signet_authority_check(m->authority, &subject, err);

    return rc == SIGNET_OK ? signet_authority_sign_key(m->authority, m->key, &subject,
                                                       process_cancel(), &m->cert, NULL, err)
                           : rc;
}

/* What is wrong may be what these files say. */
static int blame_inputs(int rc, const struct make *m, struct signet_error *err)
{
    signet_file_blame(rc, m->authority_file, err);
    return signet_file_blame(rc, m->info_file, err);
}

/* Any text can be a common name, a name that no device can have is hardly meant. */
static void doubt_endpoint(const struct make *m, const struct signet_observer *observer)
{
    struct signet_error why = {0};
    const struct signet_event event = {.kind = SIGNET_EVENT_WARNING, .error = &why};

    if (m->endpoint && signet_endpoint_check(m->endpoint, observer, &why) != SIGNET_OK)
        observer->on_event(observer->ctx, &event);
}

static int make_key_and_cert(const struct cli *cli, struct make *m, struct signet_error *err)
{
    struct signet_observer observer = cli_observer(cli);
    char path[4096];
    int rc = SIGNET_OK;

    if (m->info_file)
        rc = signet_cert_info_load(m->info_file, &m->info, err);
    if (rc == SIGNET_OK)
        doubt_endpoint(m, &observer);
    if (rc == SIGNET_OK && is_signed(m))
        rc = open_authority(cli, m, err);
    if (rc == SIGNET_OK)
        rc = signet_key_generate(&m->key, &m->info, &observer, err);
    if (rc == SIGNET_OK && m->authority)
        rc = make_signed(m, err);
    else if (rc == SIGNET_OK)
        rc = signet_cert_make(&m->cert, m->key, &m->info, m->endpoint, &observer, err);
    if (rc == SIGNET_OK)
        rc = signet_cert_save(m->cert, m->key, m->folder, &observer, err);
    snprintf(path, sizeof(path), "%s/client_cert.der", m->folder);
    if (rc == SIGNET_OK)
        rc = show_cert(cli, stdout, m->cert, path, err);
    if (rc == SIGNET_OK && !cli->json)
        printf("written: %s/client_cert.crt, client_cert.der, client_key.der\n", m->folder);
    return blame_inputs(rc, m, err);
}

static int cert_make(int argc, char **argv)
{
    struct make m = {.folder = "cert"};
    const struct option_row rows[] = {
        TEXT('e', "endpoint", "NAME", "Endpoint name: the common name", &m.endpoint),
        TEXT('C', "cert-info", "FILE", "JSON with names, curve, digest, validity", &m.info_file),
        TEXT('o', "output", "FOLDER", "Folder for the three files (./cert)", &m.folder),
        TEXT(0, "authority", "FILE", "Sign with this authority: YAML with chain, key, profile",
             &m.authority_file),
        TEXT(0, "issuer", "FILE", "Sign with this authority's certificate", &m.issuer.chain),
        TEXT(0, "issuer-key", "FILE", "and its private key (mode 0600)", &m.issuer.key),
        {0},
    };
    struct cli cli = {0};

    if (!cli_parse(
            &cli, argc, argv, rows, "",
            "Makes a private key and its certificate, self-signed unless an authority is given, "
            "and writes client_cert.crt (PEM), client_cert.der and client_key.der.",
            0, 0))
        return EXIT_USAGE;
    if (!m.endpoint && !m.info_file)
        return cli_usage(&cli, "an endpoint name is missing: -e NAME, or -C FILE");
    if (!m.issuer.chain != !m.issuer.key)
        return cli_usage(&cli, "--issuer and --issuer-key have to be given together");
    if (m.issuer.chain && m.authority_file)
        return cli_usage(&cli, "--authority and --issuer are both given");
    int rc = make_key_and_cert(&cli, &m, &cli.err);
    signet_cert_info_free(&m.info);
    signet_cert_free(&m.cert);
    signet_key_free(&m.key);
    signet_authority_close(&m.authority);
    return cli_end(&cli, rc);
}

/* Certificate, and maybe the authority's chain, in PEM. */
static int put_signed(const struct make *m, const struct signet_bytes *chain, const char *output,
                      struct signet_error *err)
{
    struct signet_bytes pem = {0};
    int rc = signet_cert_pem(m->cert, &pem, err);
    size_t len = pem.len + chain->len;
    char *text = rc == SIGNET_OK ? malloc(len + 1) : NULL;

    if (rc == SIGNET_OK && !text)
        rc = cli_error(err, SIGNET_E_NOMEM, "", "out of memory");
    if (rc == SIGNET_OK && text) {
        memcpy(text, pem.data, pem.len);
        if (chain->len)
            memcpy(text + pem.len, chain->data, chain->len);
        rc = cli_write(output, text, len, err);
    }
    free(text);
    signet_bytes_free(&pem);
    return rc;
}

static int sign_request(const struct cli *cli, struct make *m, const char *serial, bool with_chain,
                        const char *output, struct signet_error *err)
{
    const struct signet_authority_subject subject = {
        .size = sizeof(subject), .endpoint = m->endpoint, .serial = serial, .info = &m->info};
    const struct signet_observer observer = cli_observer(cli);
    struct signet_bytes csr = {0}, chain = {0};
    int rc = cli_read(cli->args[0], FILE_MAX, &csr, err);

    if (rc == SIGNET_OK && m->info_file)
        rc = signet_cert_info_load(m->info_file, &m->info, err);
    if (rc == SIGNET_OK)
        doubt_endpoint(m, &observer);
    if (rc == SIGNET_OK)
        rc = open_authority(cli, m, err);
    if (rc == SIGNET_OK)
        rc = signet_authority_check(m->authority, &subject, err);
    if (rc == SIGNET_OK)
        rc = signet_authority_sign_request(m->authority, csr.data, csr.len, &subject,
                                           process_cancel(), &m->cert, with_chain ? &chain : NULL,
                                           err);
    if (rc == SIGNET_OK)
        rc = put_signed(m, &chain, output, err);
    if (rc == SIGNET_OK && strcmp(output, "-") != 0)
        rc = show_cert(cli, stdout, m->cert, output, err);
    signet_bytes_free(&csr);
    signet_bytes_free(&chain);
    if (rc != SIGNET_OK && strncmp(err->msg, "the certificate request", 23) == 0)
        signet_file_explain(rc, SIGNET_FILE_UNKNOWN, cli->args[0], err);
    return blame_inputs(rc, m, err);
}

static int cert_sign(int argc, char **argv)
{
    struct make m = {0};
    const char *output = "-", *serial = NULL;
    bool with_chain = false;
    const struct option_row rows[] = {
        TEXT('e', "endpoint", "NAME", "Endpoint name: the common name (required)", &m.endpoint),
        TEXT('C', "cert-info", "FILE", "JSON with other names, digest, validity", &m.info_file),
        TEXT('o', "output", "FILE", "Write the certificate (PEM) here (standard output)", &output),
        TEXT(0, "authority", "FILE", "The authority: YAML with chain, key, profile (required)",
             &m.authority_file),
        TEXT(0, "serial-number", "TEXT", "Of the hardware, for a profile that has it", &serial),
        FLAG(0, "chain", "And the authority's certificates behind it", &with_chain),
        {0},
    };
    struct cli cli = {0};

    if (!cli_parse(&cli, argc, argv, rows, "REQUEST",
                   "Has an authority sign a certificate request (PKCS#10, PEM or DER). Its key is "
                   "taken out of the request, and nothing else.",
                   1, 1))
        return EXIT_USAGE;
    int rc = sign_request(&cli, &m, serial, with_chain, output, &cli.err);
    signet_cert_info_free(&m.info);
    signet_cert_free(&m.cert);
    signet_authority_close(&m.authority);
    return cli_end(&cli, rc);
}

/* "HOST:PORT" or "[V6]:PORT" */
static bool split_host_port(const char *text, char host[static 256], uint16_t *port)
{
    const char *colon = strrchr(text, ':');
    size_t len = colon ? (size_t)(colon - text) : 0;
    char *end;
    unsigned long n;

    if (!len || len > 255 || !isdigit((unsigned char)colon[1]))
        return false;
    if (text[0] == '[' && text[len - 1] == ']') {
        text++;
        len -= 2;
    } else if (memchr(text, ':', len)) {
        return false;
    }
    n = strtoul(colon + 1, &end, 10);
    if (!len || *end || !n || n > 65535)
        return false;
    memcpy(host, text, len);
    host[len] = '\0';
    *port = (uint16_t)n;
    return true;
}

/* Where the DER goes: a file, or standard output when that is no terminal. */
static int put_der(const struct cli *cli, const struct signet_cert *cert, const char *output,
                   struct signet_error *err)
{
    struct signet_bytes der = {0};
    bool piped = output && !strcmp(output, "-");
    int rc = signet_cert_der(cert, &der, err);

    if (rc == SIGNET_OK && output)
        rc = cli_write(output, der.data, der.len, err);
    signet_bytes_free(&der);
    if (rc != SIGNET_OK || (piped && cli->json))
        return rc;
    rc = show_cert(cli, piped ? stderr : stdout, cert, piped ? NULL : output, err);
    if (rc == SIGNET_OK && output && !piped && !cli->json)
        printf("written: %s\n", output);
    return rc;
}

/* How a word that is not HOST:PORT is written. */
static const char *address_hint(const char *word, char hint[static 120])
{
    const char *scheme = strstr(word, "://"), *host = scheme ? scheme + 3 : word;
    int len = (int)strcspn(host, "/?#");
    bool coaps = scheme && !strncasecmp(word, "coaps:", 6), port = memchr(host, ':', (size_t)len);

    if (access(word, F_OK) == 0)
        return "it is a file, and `signet cert show FILE` shows it; a server is HOST:PORT";
    if (!len || (!scheme && port))
        return "write the server's name and port, such as HOST:5684; ports are 1 to 65535";
    snprintf(hint, 120, "did you mean %s%.*s%s?", coaps ? "--dtls " : "", len < 80 ? len : 80, host,
             port    ? ""
             : coaps ? ":5684"
                     : ":443");
    return scheme ? hint : "the port is missing: such as HOST:5684";
}

/* It may listen with the other transport. */
static void hint_transport(unsigned flags, struct signet_error *err)
{
    if (err->code == SIGNET_E_NET && err->sys == ECONNREFUSED)
        signet_text_plain(flags & SIGNET_FETCH_DTLS
                              ? "does the server run, and is that its UDP port? One over TCP is "
                                "asked without --dtls"
                              : "does the server run, and is that its TCP port? One over UDP, as "
                                "LwM2M servers are, is asked with --dtls",
                          err->hint, sizeof(err->hint));
}

static int fetch_cert(struct cli *cli, unsigned flags, unsigned seconds, const char *output)
{
    struct signet_cert *cert = NULL;
    char host[256], hint[120];
    uint16_t port;

    if (!split_host_port(cli->args[0], host, &port))
        return cli_refuse(cli, address_hint(cli->args[0], hint), "'%s' is not HOST:PORT",
                          PLAIN(cli->args[0]));
    if (!output && !cli->json && !isatty(STDOUT_FILENO))
        output = "-";
    int rc = signet_cert_fetch(&cert, host, port, flags, seconds * 1000, NULL, &cli->err);
    hint_transport(flags, &cli->err);
    if (rc == SIGNET_OK)
        rc = put_der(cli, cert, output, &cli->err);
    signet_cert_free(&cert);
    return cli_end(cli, rc);
}

static int cert_fetch(int argc, char **argv)
{
    const char *output = NULL;
    bool dtls = false;
    unsigned seconds = 10;
    struct cli cli = {0};
    const struct option_row rows[] = {
        FLAG('d', "dtls", "DTLS over UDP, as LwM2M servers speak", &dtls),
        TEXT('o', "output", "FILE", "Write the DER here; - is standard output", &output),
        NUMBER(0, "timeout", "SECONDS", "Give up after this time (10)", &seconds, 1, 600),
        {0},
    };

    if (!cli_parse(&cli, argc, argv, rows, "HOST:PORT",
                   "Gets the certificate that a server shows, and writes it as DER. Nothing is "
                   "verified: compare the fingerprint with one from the server's owner. Without -o "
                   "the DER goes to standard output, unless that is a terminal.",
                   1, 1))
        return EXIT_USAGE;
    return fetch_cert(&cli, dtls ? SIGNET_FETCH_DTLS : 0, seconds, output);
}

const struct verb cert_verbs[] = {
    {"make", "make a key and a self-signed certificate", cert_make},
    {"sign", "have an authority sign a certificate request", cert_sign},
    {"show", "show a certificate or a private key", cert_show},
    {"fetch", "get a server's certificate", cert_fetch},
    {0},
};
