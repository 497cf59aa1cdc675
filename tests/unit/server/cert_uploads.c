/* SPDX-License-Identifier: Apache-2.0 */
/* Certificates: to Coiote by hand, to ThingsBoard in the request, into exports as a cell. */
#include "server/server.h"
#include "sim.h"

#include <setjmp.h>
#include <signet/cert.h>
#include <signet/config.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "unit/folder.h"
#include "unit/server/certificate.h"

enum { DEVICES = 5 };

struct hall {
    char folder[FOLDER_SIZE], ca[96], uploads[96], list[128];
    struct sim_server *sim;
    struct signet_server *server;
    struct signet_tree *trees[DEVICES];
    struct signet_device devices[DEVICES];
    char names[DEVICES][160];
};

/* A device in mode cert, as the line has it when it comes to the server. */
static struct signet_tree *make_device(const char *name)
{
    static const char text[] =
        "{OID.Security: {1: {RID.Security.ServerURI: 'coaps://h:5684', RID.Security.Bootstrap: "
        "False, RID.Security.Mode: 2, RID.Security.ShortServerID: 1}}, OID.Server: {1: "
        "{RID.Server.ShortServerID: 1, RID.Server.Lifetime: 300, RID.Server.NotificationStoring: "
        "False, RID.Server.Binding: 'U'}}}";

    return certificate_tree(text, 1, name);
}

static void start(struct hall *h, const char *kind)
{
    char kind_text[16], url[] = "https://127.0.0.1";
    struct signet_server_info info = {.kind = kind_text, .url = url, .uploads = h->uploads};
    struct signet_server_options how = {.retry_ms = 1};
    struct sim_server_options options = {.kind = kind};

    *h = (struct hall){0};
    assert_true(folder_make(h->folder));
    snprintf(kind_text, sizeof kind_text, "%s", kind);
    snprintf(h->ca, sizeof h->ca, "%s/ca.pem", h->folder);
    snprintf(h->uploads, sizeof h->uploads, "%s/uploads", h->folder);
    snprintf(h->list, sizeof h->list, "%s/to-upload.tsv", h->uploads);
    how.ca_file = options.ca_file = h->ca;
    assert_int_equal(sim_server_start(&h->sim, &options, NULL), SIGNET_OK);
    info.port = sim_server_port(h->sim);
    info.options[0] =
        (struct signet_option){"domain", strcmp(kind, "coiote") == 0 ? "/acme/" : NULL};
    assert_int_equal(signet_server_open(&h->server, &info, &how, "token", 5, NULL, NULL, NULL),
                     SIGNET_OK);
    for (int i = 0; i < DEVICES; i++) {
        snprintf(h->names[i], sizeof h->names[i], "urn:dev:os:a/b-%d", i);
        if (i == DEVICES - 1) /* the longest, of characters that a file's name does not have */
            for (int k = 0; k < 60; k++)
                memcpy(h->names[i] + 2 * (size_t)k, "\xc3\xa9", 3);
        h->trees[i] = make_device(h->names[i]);
        h->devices[i] = (struct signet_device){
            .endpoint = h->names[i], .mode = SIGNET_MODE_CERT, .tree = h->trees[i]};
    }
}

static void stop(struct hall *h)
{
    signet_server_close(&h->server);
    sim_server_stop(&h->sim);
    for (int i = 0; i < DEVICES; i++)
        signet_tree_free(&h->trees[i]);
}

static size_t lines(const char *path, struct buf *text)
{
    size_t count = 0;

    buf_reset(text);
    if (file_read(path, 1 << 20, text, NULL) != SIGNET_OK)
        return 0;
    for (size_t i = 0; i < text->len; i++)
        count += text->data[i] == '\n';
    buf_byte(text, 0);
    return count;
}

/* The file that a line of the list names holds the device's certificate. */
static void expect_certificate(const struct hall *h, const char *list, int i)
{
    const char *line = strstr(list, h->names[i]);
    struct signet_cert *cert = NULL;
    struct signet_account account;
    struct signet_bytes der = {0};
    struct buf pem = {0};
    char file[256], path[400];

    assert_non_null(line);
    assert_int_equal(sscanf(line + strlen(h->names[i]), "\t%255[^\t]", file), 1);
    assert_null(strchr(file, '/'));
    snprintf(path, sizeof path, "%s/%s", h->uploads, file);
    assert_int_equal(file_read(path, 1 << 16, &pem, NULL), SIGNET_OK);
    assert_int_equal(signet_cert_load(&cert, pem.data, pem.len, NULL), SIGNET_OK);
    assert_int_equal(signet_cert_der(cert, &der, NULL), SIGNET_OK);
    assert_true(signet_tree_account(h->trees[i], 0, &account));
    assert_int_equal(der.len, account.identity->as.bytes.len);
    assert_memory_equal(der.data, account.identity->as.bytes.data, der.len);
    signet_bytes_free(&der);
    signet_cert_free(&cert);
    buf_free(&pem);
}

static void test_coiote_lists_what_to_upload(void **state)
{
    struct signet_server_result results[DEVICES];
    struct signet_server_capabilities can;
    struct buf text = {0}, whole = {0};
    struct hall h;
    char path[200];

    (void)state;
    start(&h, "coiote");
    signet_server_capabilities(h.server, &can);
    assert_true(can.uploads);
    assert_int_equal(signet_server_add(h.server, &h.devices[0], NULL, NULL), SIGNET_OK);
    assert_int_equal(lines(h.list, &text), 1);
    assert_int_equal(signet_server_add_batch(h.server, h.devices, DEVICES, results, NULL),
                     SIGNET_OK);
    assert_int_equal(lines(h.list, &text), DEVICES); /* none twice */
    for (int i = 0; i < DEVICES; i++)
        expect_certificate(&h, (const char *)text.data, i);
    snprintf(path, sizeof(path), "%s/urn:dev:os:a%%2Fb-0.pem", h.uploads); /* with more behind it */
    assert_int_equal(file_read(path, 1 << 16, &whole, NULL), SIGNET_OK);
    size_t len = whole.len;
    buf_text(&whole, "more\n");
    assert_int_equal(file_write(path, whole.data, whole.len, 0600, NULL), SIGNET_OK);
    assert_int_equal(signet_server_add(h.server, &h.devices[0], NULL, NULL), SIGNET_OK);
    assert_int_equal(file_read(path, 1 << 16, &whole, NULL), SIGNET_OK);
    assert_int_equal(whole.len, len);
    whole.data[len / 2] ^= 1; /* nor is one of that length the same */
    assert_int_equal(file_write(path, whole.data, whole.len, 0600, NULL), SIGNET_OK);
    assert_int_equal(signet_server_add(h.server, &h.devices[0], NULL, NULL), SIGNET_OK);
    expect_certificate(&h, (const char *)text.data, 0);
    buf_free(&whole);
    buf_free(&text);
    stop(&h);
}

/* The server has the device, the disk does not: an error, and the next try mends it. */
static void test_folder_that_cannot_be_written(void **state)
{
    struct signet_error err = {0};
    struct buf text = {0};
    struct hall h;
    bool existed = false;

    (void)state;
    start(&h, "coiote");
    assert_int_equal(file_write(h.uploads, "", 0, 0600, NULL), SIGNET_OK); /* a file in its place */
    assert_int_equal(signet_server_add(h.server, &h.devices[0], NULL, &err), SIGNET_E_IO);
    assert_non_null(strstr(err.msg, "the server has the device"));
    assert_int_equal(unlink(h.uploads), 0);
    assert_int_equal(mkdir(h.uploads, 0700), 0);
    assert_int_equal(chmod(h.uploads, 0777), 0);
    assert_int_equal(signet_server_add(h.server, &h.devices[0], NULL, &err), SIGNET_E_IO);
    assert_non_null(strstr(err.msg, "others may change what is in the folder"));
    assert_int_equal(rmdir(h.uploads), 0);
    assert_int_equal(signet_server_add(h.server, &h.devices[0], &existed, &err), SIGNET_OK);
    assert_true(existed);
    assert_int_equal(sim_server_devices(h.sim), 1);
    assert_int_equal(lines(h.list, &text), 1);
    buf_free(&text);
    stop(&h);
}

static void test_thingsboard_gets_it(void **state)
{
    struct hall h;
    bool existed = false;

    (void)state;
    start(&h, "thingsboard");
    assert_int_equal(signet_server_add(h.server, &h.devices[0], &existed, NULL), SIGNET_OK);
    assert_false(existed);
    assert_int_equal(signet_server_add(h.server, &h.devices[0], &existed, NULL), SIGNET_OK);
    assert_true(existed);
    signet_tree_free(&h.trees[1]); /* another certificate of the same name */
    h.devices[0].tree = h.trees[1] = make_device(h.names[0]);
    assert_int_equal(signet_server_add(h.server, &h.devices[0], &existed, NULL), SIGNET_E_EXISTS);
    assert_int_not_equal(access(h.uploads, F_OK), 0); /* nothing is left to do by hand */
    stop(&h);
}

/* The server has the device; what a person has to bring there could not be listed. */
static void a_list_that_cannot_be_written(void **state)
{
    struct signet_error err = {0};
    struct hall h;

    (void)state;
    start(&h, "coiote");
    assert_int_equal(mkdir(h.uploads, 0700), 0);
    assert_int_equal(mkdir(h.list, 0700), 0);
    assert_int_equal(signet_server_add(h.server, &h.devices[0], NULL, &err), SIGNET_E_IO);
    assert_non_null(strstr(err.msg, "to-upload.tsv"));
    assert_int_equal(rmdir(h.list), 0);
    assert_int_equal(mkfifo(h.list, 0600), 0); /* that nobody reads */
    assert_int_equal(signet_server_add(h.server, &h.devices[0], NULL, &err), SIGNET_E_IO);
    assert_non_null(strstr(err.msg, "to-upload.tsv"));
    stop(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_coiote_lists_what_to_upload),
        cmocka_unit_test(test_folder_that_cannot_be_written),
        cmocka_unit_test(a_list_that_cannot_be_written),
        cmocka_unit_test(test_thingsboard_gets_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
