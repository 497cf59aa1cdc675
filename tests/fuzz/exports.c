/* SPDX-License-Identifier: Apache-2.0 */
/* A file that is there under the name of an export, and the words of its columns. The first line is
 * FORMAT, COLUMNS and SERVER_URI with tabs between, behind a '!' when the rows are sealed, and a
 * '/' when there is no folder for it. Devices are added twice: the second time the file has them,
 * and nothing changes. wrap: fsync
 */
#include "fuzz.h"
#include "server/ops.h"

#include <dirent.h>
#include <signet/cert.h>
#include <signet/config.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const char config[] =
    "{0: {0: {0: 'coaps://b:5684', 1: True, 2: 0, 3: b'boot', 5: b'0123456789abcdef'},"
    " 1: {0: 'coaps://m:5684', 1: False, 2: 0, 3: b'id-1', 5: b'fedcba9876543210', 10: 1}},"
    " 1: {0: {0: 1, 1: 60, 6: False, 7: 'U'}}}";
static char folder[PATH_MAX], here[PATH_MAX];
static const char file[] = "rows", known[] = "rows.sealed", cert[] = "to.pem", sign[] = "sign";

int __real_fsync(int fd);
int __wrap_fsync(int fd);

int __wrap_fsync(int fd)
{
    (void)fd;
    return 0;
}

/* What is sealed, and all else when the last input was read. */
static void remove_files(bool all)
{
    DIR *dir = opendir(folder);
    struct dirent *entry;
    char path[PATH_MAX + 300];

    while (dir && (entry = readdir(dir)))
        if (all || (strcmp(entry->d_name, "to.pem") != 0 && strcmp(entry->d_name, "sign") != 0)) {
            snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
            unlink(path);
        }
    if (dir)
        closedir(dir);
}

static void remove_folder(void)
{
    remove_files(true);
    rmdir(folder);
}

static void make_folder(void)
{
    const char *above = getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp";
    struct signet_key *key = NULL;
    struct signet_cert *made = NULL;
    struct signet_bytes pem = {0};

    snprintf(folder, sizeof(folder), "%s/signet-fuzz-XXXXXX", above);
    require(mkdtemp(folder));
    require(getcwd(here, sizeof(here)) && chdir(folder) == 0);
    require(signet_key_generate(&key, NULL, NULL, NULL) == SIGNET_OK);
    require(signet_cert_make(&made, key, NULL, "r", NULL, NULL) == SIGNET_OK);
    require(signet_cert_pem(made, &pem, NULL) == SIGNET_OK);
    require(file_create(cert, pem.data, pem.len, NULL) == SIGNET_OK);
    signet_bytes_free(&pem);
    signet_cert_free(&made);
    signet_key_free(&key);
    atexit(remove_folder);
}

static void add_all(struct signet_server *server, struct signet_tree *tree, bool again)
{
    static const uint8_t identity[] = "=id:2", psk[] = "secret;text",
                         der[] = "\x30\x03\x02\x01\x05";
    const struct signet_device devices[] = {
        {.endpoint = "both", .tree = tree},
        {.endpoint = "plain",
         .mode = SIGNET_MODE_PSK,
         .identity = (const uint8_t *)"i2",
         .identity_len = 2,
         .psk = psk,
         .psk_len = sizeof(psk) - 1},
        {.endpoint = "plain",
         .replaces = true,
         .mode = SIGNET_MODE_PSK,
         .identity = (const uint8_t *)"i2",
         .identity_len = 2,
         .psk = psk,
         .psk_len = 8},
        {.endpoint = "twin", /* with the identity of another one, whose row may be on its way yet */
         .mode = SIGNET_MODE_PSK,
         .identity = (const uint8_t *)"i2",
         .identity_len = 2,
         .psk = psk,
         .psk_len = 9},
        {.endpoint = "odd",
         .mode = SIGNET_MODE_PSK,
         .identity = identity,
         .identity_len = sizeof(identity) - 1,
         .psk = psk,
         .psk_len = 11},
        {.endpoint = "has-cert",
         .mode = SIGNET_MODE_CERT,
         .cert = der,
         .cert_len = sizeof(der) - 1},
        {.endpoint = "no-cert", .mode = SIGNET_MODE_CERT},
        {.endpoint = "none", .mode = SIGNET_MODE_NOSEC},
    };
    struct signet_server_result results[COUNT_OF(devices)] = {0};

    if (!again)
        signet_server_add_batch(server, devices + 1, 3, results, NULL);
    for (size_t i = 0; i < COUNT_OF(devices); i++) {
        struct signet_error err = {0};
        bool existed = false;

        if (signet_server_validate(server, &devices[i], &err) != SIGNET_OK) {
            require_error(&err);
            continue;
        }
        if (signet_server_add(server, &devices[i], &existed, &err) != SIGNET_OK)
            require_error(&err);
        else
            require(existed || !again);
    }
    signet_server_add_batch(server, devices, COUNT_OF(devices), results, NULL);
}

/* Each account beside each that is chosen, with a key and with a certificate. */
static void look_for_accounts(struct signet_server *server, const struct signet_tree *tree)
{
    struct signet_account chosen, beside;

    for (size_t i = 0; signet_tree_account(tree, i, &chosen); i++)
        for (size_t k = 0; signet_tree_account(tree, k, &beside); k++)
            for (int kind = 0; kind < 2; kind++) {
                beside.mode = kind ? SIGNET_MODE_CERT : SIGNET_MODE_PSK;
                const bool serves = server->ops->serves(server, &chosen, &beside);
                seen(&serves, sizeof(serves));
            }
}

static void look(struct signet_server *server)
{
    static const char *const names[] = {"both", "nobody", "a\"b"};
    struct signet_error err = {0};

    if (signet_server_check(server, &err) != SIGNET_OK)
        require_error(&err);
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        bool existed = false;

        if (signet_server_find(server, names[i], &err) != SIGNET_OK)
            require_error(&err);
        require(signet_server_remove(server, names[i], &existed, &err) != SIGNET_OK);
        require_error(&err);
    }
}

static void read_file(const char *path, struct buf *out)
{
    *out = (struct buf){0};
    if (file_read(path, 1 << 20, out, NULL) != SIGNET_OK)
        buf_free(out);
}

static void try_export(struct signet_server *server, bool sealed)
{
    const char *const to[] = {cert};
    const struct server_seal how = {
        .to = to, .to_count = 1, .order = "o", .station = "s", .sign_file = sign};
    struct signet_tree *tree = NULL;
    struct buf once, twice;

    require(signet_config_parse(config, strlen(config), "cfg", &tree, NULL) == SIGNET_OK);
    if (sealed)
        require(server_seal(server, &how, NULL) == SIGNET_OK);
    look(server);
    look_for_accounts(server, tree);
    add_all(server, tree, false);
    read_file(sealed ? known : file, &once);
    add_all(server, tree, true);
    read_file(sealed ? known : file, &twice);
    require(once.len == twice.len && (!once.len || memcmp(once.data, twice.data, once.len) == 0));
    if (!sealed)
        seen(once.data, once.len);
    look(server);
    buf_free(&once);
    buf_free(&twice);
    signet_tree_free(&tree);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *end = size ? memchr(data, '\n', size) : NULL;
    struct signet_server *server = NULL;
    struct signet_error err = {0};
    char line[1024];

    if (!end || (size_t)(end - data) >= sizeof(line) || memchr(data, 0, (size_t)(end - data)))
        return 0;
    snprintf(line, sizeof(line), "%.*s", (int)(end - data), (const char *)data);
    if (!folder[0])
        make_folder();
    require(chdir(folder) == 0); /* so that messages have no path */
    remove_files(false);
    char *at = line, kind[] = "export";
    bool sealed = *at == '!', nowhere = *at == '/';
    at += sealed || nowhere;
    char *format = strsep(&at, "\t"), *columns = strsep(&at, "\t"), *uri = at;
    if ((size_t)(end + 1 - data) < size)
        require(file_create(sealed ? known : file, end + 1, size - (size_t)(end + 1 - data),
                            NULL) == SIGNET_OK);
    const struct signet_server_info info = {
        .kind = kind,
        .options = {{"file", nowhere ? "no/rows" : file},
                    {"format", *format ? format : NULL},
                    {"columns", columns && *columns ? columns : NULL},
                    {"server_uri", uri && *uri ? uri : NULL}}};
    if (signet_server_open(&server, &info, NULL, NULL, 0, NULL, NULL, &err) != SIGNET_OK)
        require_error(&err);
    else
        try_export(server, sealed);
    signet_server_close(&server);
    require(chdir(here) == 0);
    return 0;
}
