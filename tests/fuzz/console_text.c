/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as what a board with a console says: its first byte chooses shell or AT commands and
 * the question, each 0xff ends what comes after one command. An answer that is taken is in bounds;
 * a refusal is printable, and repeats no secret.
 * wrap: random_bytes
 */
#include "board/recipe.h"
#include "fuzz.h"

#include <string.h>

int __wrap_random_bytes(void *data, size_t len, struct signet_error *err);

int __wrap_random_bytes(void *data, size_t len, struct signet_error *err)
{
    (void)err;
    memset(data, 0, len);
    return SIGNET_OK;
}

struct line {
    const uint8_t *at, *end;
    bool asked;
};

static int line_read(void *self, void *data, size_t cap, int64_t deadline, size_t *got,
                     struct signet_error *err)
{
    struct line *l = self;

    (void)deadline;
    for (*got = 0; l->asked && *got < cap && l->at < l->end; ++*got) {
        if (*l->at == 0xff) {
            l->at++;
            l->asked = false;
            break;
        }
        ((uint8_t *)data)[*got] = *l->at++;
    }
    return *got ? SIGNET_OK : error_set(err, SIGNET_E_TIMEOUT, "nothing came");
}

static int line_write(void *self, const void *data, size_t len, int64_t deadline,
                      struct signet_error *err)
{
    (void)deadline, (void)err;
    seen(data, len);
    ((struct line *)self)->asked = true;
    return SIGNET_OK;
}

static int ask(struct signet_board *b, unsigned which, struct signet_error *err)
{
    static const uint8_t secret[] = "cAnArYpSk0123456";
    const struct console_stages *ops = b->recipe->console;
    struct credential c = {.tag = 7, .kind = (enum credential_kind)((which / 8 + 3) % 5)};
    struct signet_bytes csr = {0};
    char id[80] = "";
    uint8_t sha[32];
    int rc;

    switch (which % 7) {
    case 0:
        return ops->ping(b, 1, err);
    case 1:
        rc = ops->id(b, id, err);
        require(rc != SIGNET_OK || (strlen(id) >= 8 && strlen(id) < sizeof id));
        return rc;
    case 2:
        rc = ops->request(b, 7, "urn:dev:1", &csr, err);
        require(rc == SIGNET_OK ? csr.len > 0 : !csr.data);
        signet_bytes_free(&csr);
        return rc;
    case 3:
        return ops->look(b, &c, sha, err);
    case 4:
        return ops->remove(b, &c, err);
    case 5:
        return which < 8 || !ops->make_key ? ops->delete_key(b, 7, err) : ops->make_key(b, 7, err);
    default:
        rc = ops->form(&c, secret, sizeof secret - 1, err);
        rc = rc == SIGNET_OK ? ops->write(b, &c, err) : rc;
        signet_bytes_free(&c.text);
        require(!strstr(err->msg, "cAnArY") && !strstr(err->msg, "Y0FuQXJZ"));
        return rc;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct link_ops ops = {.read = line_read, .write = line_write};
    struct line line = {.at = data + (size > 0), .end = data + size};
    struct signet_board b = {.port = "port"};
    struct signet_error err = {0};

    if (size == 0)
        return 0;
    b.recipe = data[0] & 0x80 ? &nrf91_recipe : &zephyr_credentials_recipe;
    b.options.smp_timeout_ms = 60000; /* silence has no time here */
    if (data[0] & 0x40)
        b.options.recipe[0] = (struct signet_option){"attest", "true"};
    require(link_new(&b.link, &ops, &line, "port", NULL) == SIGNET_OK);
    if (ask(&b, data[0] & 0x3f, &err) != SIGNET_OK)
        require_error(&err);
    signet_link_close(&b.link);
    return 0;
}
