/* SPDX-License-Identifier: Apache-2.0 */
/* Which key a board that makes its own may have, and what is certified, recorded and sealed for it.
 * wrap: signet_board_request cert_request_read signet_ledger_devices signet_ledger_note
 * wrap: work_judged work_erases work_record work_seal work_failpoint vault_find signet_cert_der
 * wrap: source_makes_certs source_restore source_cert_info source_authority device_free
 * wrap: source_make_certified signet_authority_sign_request
 */
#include "line/work.h"

#include "pki/pki.h"

#include <setjmp.h>
#include <signet/authority.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#define KEY   "1111111111111111111111111111111111111111111111111111111111111111"
#define OTHER "2222222222222222222222222222222222222222222222222222222222222222"

/* What happens to one board. */
static const struct row {
    int asked;                      /* of the request: SIGNET_E_EXISTS: it has a certificate */
    int read;                       /* of what is in it, whose key is KEY */
    const char *known;              /* that the ledger has for the device */
    enum signet_device_state state; /* of the device with that key */
    bool erases, writing;           /* the order; the board may hold a certificate */
    int sealed;                     /* of the vault */
    const char *restored;           /* the key of what was sealed */
    int expected;
    const char *says;
    const char *does; /* N notes, K records its key, C certifies, S seals, R records KEYED */
} rows[] = {
    /* a board that nobody knows */
    {.known = "", .sealed = SIGNET_E_NOT_FOUND, .does = "KCSR"},
    {.asked = SIGNET_E_LINK, .known = "", .expected = SIGNET_E_LINK, .does = ""},
    {.read = SIGNET_E_CERT, .known = "", .expected = SIGNET_E_CERT, .does = ""},
    /* its key is the one that the ledger has */
    {.known = KEY, .sealed = SIGNET_E_NOT_FOUND, .does = "CSR"},
    {.known = KEY, .restored = KEY, .does = "R"},
    {.known = KEY, .writing = true, .restored = KEY, .does = "R"},
    {.known = KEY, .restored = OTHER, .does = "CSR"},
    {.known = KEY, .sealed = SIGNET_E_SEAL, .does = "CSR"},
    {.known = KEY, .sealed = SIGNET_E_IO, .expected = SIGNET_E_IO, .says = "so it is", .does = ""},
    /* another key, which it may have as long as no certificate is on a board, or was erased */
    {.known = OTHER, .sealed = SIGNET_E_NOT_FOUND, .does = "NKCSR"},
    {.known = OTHER, .restored = OTHER, .does = "NKCSR"},
    {.known = OTHER,
     .writing = true,
     .restored = OTHER,
     .expected = SIGNET_E_CONFLICT,
     .says = "another key than the one that was certified",
     .does = ""},
    {.known = OTHER, .writing = true, .erases = true, .restored = OTHER, .does = "NKCSR"},
    {.known = OTHER,
     .state = SIGNET_DEVICE_RETIRED,
     .writing = true,
     .restored = OTHER,
     .does = "KCSR"},
    /* it has its certificate already */
    {.asked = SIGNET_E_EXISTS, .known = KEY, .restored = KEY, .does = "R"},
    {.asked = SIGNET_E_EXISTS,
     .known = KEY,
     .sealed = SIGNET_E_NOT_FOUND,
     .expected = SIGNET_E_CONFLICT,
     .says = "is not here any more",
     .does = ""},
    {.asked = SIGNET_E_EXISTS,
     .known = KEY,
     .restored = OTHER,
     .expected = SIGNET_E_CONFLICT,
     .says = "is not here any more",
     .does = ""},
    {.asked = SIGNET_E_EXISTS,
     .known = "",
     .sealed = SIGNET_E_NOT_FOUND,
     .expected = SIGNET_E_CONFLICT,
     .says = "is not here any more",
     .does = ""},
};
static const struct row *row;
static char did[16];
static bool makes_certs;

static int does(char what, int rc, struct signet_error *err)
{
    if (what)
        snprintf(did + strlen(did), 2, "%c", what);
    return rc == SIGNET_OK ? rc : error_set(err, (enum signet_code)rc, "so it is");
}

int __wrap_signet_board_request(struct signet_board *board, const char *endpoint,
                                struct signet_bytes *csr, struct signet_error *err);
int __wrap_signet_board_request(struct signet_board *board, const char *endpoint,
                                struct signet_bytes *csr, struct signet_error *err)
{
    struct buf b = {0};

    (void)board;
    (void)endpoint;
    if (row->asked != SIGNET_OK)
        return does('\0', row->asked, err);
    buf_text(&b, "csr");
    return buf_take(&b, csr, err);
}

int __wrap_cert_request_read(struct cert_request *out, const void *der, size_t len,
                             struct signet_error *err);
int __wrap_cert_request_read(struct cert_request *out, const void *der, size_t len,
                             struct signet_error *err)
{
    (void)der;
    (void)len;
    memset(out->key_sha256, 0x11, sizeof(out->key_sha256));
    return does('\0', row->read, err);
}

int __wrap_signet_ledger_devices(struct signet_ledger *l, const struct signet_ledger_filter *filter,
                                 signet_ledger_device_each *each, void *ctx,
                                 struct signet_error *err);
int __wrap_signet_ledger_devices(struct signet_ledger *l, const struct signet_ledger_filter *filter,
                                 signet_ledger_device_each *each, void *ctx,
                                 struct signet_error *err)
{
    const struct signet_ledger_device device = {.state = row->state, .spki_sha256 = row->known};

    (void)l;
    assert_string_equal(filter->endpoint, "dev");
    return *row->known ? each(ctx, &device, err) : SIGNET_OK;
}

int __wrap_signet_ledger_note(struct signet_ledger *l, const struct signet_lease *lease,
                              const char *kind, const char *detail, struct signet_error *err);
int __wrap_signet_ledger_note(struct signet_ledger *l, const struct signet_lease *lease,
                              const char *kind, const char *detail, struct signet_error *err)
{
    (void)l;
    (void)lease;
    assert_string_equal(kind, "key");
    assert_string_equal(detail, "the key 2222222222222222 is gone, the board made another");
    return does('N', SIGNET_OK, err);
}

int __wrap_work_judged(struct work *w, int rc);
int __wrap_work_judged(struct work *w, int rc)
{
    (void)w;
    return rc;
}

bool __wrap_work_erases(const struct signet_order *order);
bool __wrap_work_erases(const struct signet_order *order)
{
    (void)order;
    return row->erases;
}

int __wrap_work_record(struct work *w, enum signet_device_state state,
                       const struct signet_device_facts *facts, struct signet_error *err);
int __wrap_work_record(struct work *w, enum signet_device_state state,
                       const struct signet_device_facts *facts, struct signet_error *err)
{
    (void)w;
    if (state == SIGNET_DEVICE_KEYED)
        return does('R', SIGNET_OK, err);
    assert_int_equal(state, SIGNET_DEVICE_RESERVED);
    assert_string_equal(facts->spki_sha256, KEY);
    return does('K', SIGNET_OK, err);
}

int __wrap_work_seal(struct work *w, struct signet_error *err);
int __wrap_work_seal(struct work *w, struct signet_error *err)
{
    (void)w;
    return does('S', SIGNET_OK, err);
}

void __wrap_work_failpoint(const char *when, const char *what);
void __wrap_work_failpoint(const char *when, const char *what)
{
    (void)when;
    (void)what;
}

int __wrap_vault_find(struct vault *v, const char *endpoint, int64_t index, struct secret *packet,
                      struct signet_error *err);
int __wrap_vault_find(struct vault *v, const char *endpoint, int64_t index, struct secret *packet,
                      struct signet_error *err)
{
    (void)v;
    (void)endpoint;
    (void)index;
    (void)packet;
    return does('\0', row->sealed, err);
}

bool __wrap_source_makes_certs(const struct source *source);
bool __wrap_source_makes_certs(const struct source *source)
{
    (void)source;
    return makes_certs;
}

static int put_device(struct device *out, const char *key, char what, struct signet_error *err)
{
    struct buf b = {0};

    buf_text(&b, "packet");
    assert_int_equal(buf_take(&b, &out->packet, err), SIGNET_OK);
    out->facts.spki_sha256 = key;
    return does(what, SIGNET_OK, err);
}

int __wrap_source_restore(struct source *source, const struct secret *packet, const char *endpoint,
                          struct device *out, struct signet_error *err);
int __wrap_source_restore(struct source *source, const struct secret *packet, const char *endpoint,
                          struct device *out, struct signet_error *err)
{
    (void)source;
    (void)packet;
    (void)endpoint;
    return put_device(out, row->restored, '\0', err);
}

const struct signet_cert_info *__wrap_source_cert_info(const struct source *source);
const struct signet_cert_info *__wrap_source_cert_info(const struct source *source)
{
    (void)source;
    return NULL;
}

struct signet_authority *__wrap_source_authority(const struct source *source);
struct signet_authority *__wrap_source_authority(const struct source *source)
{
    (void)source;
    return NULL;
}

int __wrap_signet_authority_sign_request(struct signet_authority *authority, const void *csr,
                                         size_t len, const struct signet_authority_subject *subject,
                                         const struct signet_cancel *cancel,
                                         struct signet_cert **out, struct signet_bytes *chain,
                                         struct signet_error *err);
int __wrap_signet_authority_sign_request(struct signet_authority *authority, const void *csr,
                                         size_t len, const struct signet_authority_subject *subject,
                                         const struct signet_cancel *cancel,
                                         struct signet_cert **out, struct signet_bytes *chain,
                                         struct signet_error *err)
{
    (void)authority;
    (void)cancel;
    (void)out;
    (void)chain;
    assert_int_equal(len, 3);
    assert_memory_equal(csr, "csr", 3);
    assert_string_equal(subject->endpoint, "dev");
    return does('C', SIGNET_OK, err);
}

int __wrap_signet_cert_der(const struct signet_cert *cert, struct signet_bytes *out,
                           struct signet_error *err);
int __wrap_signet_cert_der(const struct signet_cert *cert, struct signet_bytes *out,
                           struct signet_error *err)
{
    (void)cert;
    (void)out;
    (void)err;
    return SIGNET_OK;
}

int __wrap_source_make_certified(struct source *source, const char *endpoint, int64_t index,
                                 const struct signet_bytes *cert, struct device *out,
                                 struct signet_error *err);
int __wrap_source_make_certified(struct source *source, const char *endpoint, int64_t index,
                                 const struct signet_bytes *cert, struct device *out,
                                 struct signet_error *err)
{
    (void)source;
    (void)endpoint;
    (void)index;
    (void)cert;
    return put_device(out, KEY, '\0', err);
}

void __wrap_device_free(struct device *device);
void __wrap_device_free(struct device *device)
{
    signet_bytes_free(&device->packet);
    *device = (struct device){0};
}

static struct signet_lease lease = {.device = 1, .endpoint = "dev"};

static int born(struct work *w, struct signet_error *err)
{
    did[0] = '\0';
    lease.state = row->writing ? SIGNET_DEVICE_WRITING : SIGNET_DEVICE_RESERVED;
    return born_credentials(w, err);
}

static void one_key(void **state)
{
    const struct line_setup line = {0};
    struct job job = {0};
    (void)state;
    makes_certs = true;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct work w = {.lease = &lease, .setup = &line, .job = &job};
        struct signet_error err = {0};

        row = &rows[i];
        int rc = born(&w, &err);
        if (rc != row->expected || (row->says && !strstr(err.msg, row->says)) ||
            strcmp(did, row->does) != 0)
            fail_msg("row %zu: %d '%s', %s", i, rc, err.msg, did);
        assert_int_equal(w.device.packet.data != NULL, rc == SIGNET_OK);
        __wrap_device_free(&w.device);
    }
}

/* Another attempt of the run has what the first one made, unless the board has another key by then.
 */
static void another_attempt(void **state)
{
    static const struct row again = {.known = KEY, .sealed = SIGNET_E_IO},
                            lost = {.known = KEY, .sealed = SIGNET_E_NOT_FOUND};
    const struct line_setup line = {0};
    struct job job = {0};
    struct work w = {.lease = &lease, .setup = &line, .job = &job};
    struct signet_error err = {0};
    (void)state;
    makes_certs = true;
    row = &again;
    put_device(&w.device, KEY, '\0', &err);
    assert_int_equal(born(&w, &err), SIGNET_OK);
    assert_string_equal(did, "");
    w.device.facts.spki_sha256 = OTHER;
    row = &lost;
    assert_int_equal(born(&w, &err), SIGNET_OK);
    assert_string_equal(did, "CSR");
    __wrap_device_free(&w.device);
}

/* A template that makes no certificates is refused before the board makes a key. */
static void no_certificates(void **state)
{
    const struct line_setup line = {0};
    struct work w = {.lease = &lease, .setup = &line};
    struct signet_error err = {0};
    (void)state;
    makes_certs = false;
    row = &rows[0];
    assert_int_equal(born(&w, &err), SIGNET_E_MEANING);
    assert_string_equal(did, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(one_key), cmocka_unit_test(another_attempt),
                                       cmocka_unit_test(no_certificates)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
