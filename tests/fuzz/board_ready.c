/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as what a board says from its start until it is ready. The first byte says what the
 * board and its programmer are; 0xff ends what comes at a time, and the byte behind it says whether
 * the port goes. Each look at the clock takes a tenth of a second.
 * wrap: clock_ms cancel_sleep_until port_reopen reset_when_free flasher_uses_port flasher_has_reset
 */
#include "board/recipe.h"
#include "clock.h"
#include "fuzz.h"

#include <string.h>

int __wrap_port_reopen(struct signet_board *b, int64_t deadline, struct signet_error *err);
int __wrap_reset_when_free(struct signet_board *b, struct signet_error *err);
bool __wrap_flasher_uses_port(const struct signet_flasher *flasher);
bool __wrap_flasher_has_reset(const struct signet_flasher *flasher);

static struct line {
    const uint8_t *at, *end;
    bool gone;
} line;
static uint8_t kind;

int __wrap_port_reopen(struct signet_board *b, int64_t deadline, struct signet_error *err)
{
    (void)b, (void)deadline;
    line.gone = false;
    return kind & 0x20 ? error_set(err, SIGNET_E_LINK, "the port is gone") : SIGNET_OK;
}

int __wrap_reset_when_free(struct signet_board *b, struct signet_error *err)
{
    (void)b;
    return kind & 0x20 ? error_set(err, SIGNET_E_FLASH, "no reset") : SIGNET_OK;
}

bool __wrap_flasher_uses_port(const struct signet_flasher *flasher)
{
    (void)flasher;
    return kind & 1;
}

bool __wrap_flasher_has_reset(const struct signet_flasher *flasher)
{
    (void)flasher;
    return kind & 2;
}

static int read_line(void *self, void *data, size_t cap, int64_t deadline, size_t *got,
                     struct signet_error *err)
{
    struct line *l = self;

    for (*got = 0; *got < cap && l->at < l->end && *l->at != 0xff; ++*got)
        ((uint8_t *)data)[*got] = *l->at++;
    if (*got)
        return SIGNET_OK;
    now = deadline > now ? deadline : now;
    if (l->at < l->end)
        l->at++;
    l->gone = l->at < l->end && *l->at == 'x';
    return l->gone ? error_set(err, SIGNET_E_LINK, "the port is gone")
                   : error_set(err, SIGNET_E_TIMEOUT, "nothing came");
}

static int write_line(void *self, const void *data, size_t len, int64_t deadline,
                      struct signet_error *err)
{
    (void)self, (void)data, (void)len, (void)deadline, (void)err;
    return SIGNET_OK;
}

static void set_options(struct signet_board_options *o)
{
    *o = (struct signet_board_options){.ready_timeout_ms = 20000,
                                       .restored_timeout_ms = 20000,
                                       .smp_timeout_ms = 100,
                                       .smp_version = 2,
                                       .ready_text = kind & 4 ? "" : "ready for provisioning",
                                       .provisioned_text = "already provisioned",
                                       .prompt = kind & 8 ? "" : "uart:~$ ",
                                       .endpoint_path = kind & 16 ? "" : "/lfs/name",
                                       .restored_text = kind & 64 ? "" : "restored"};
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct link_ops ops = {.read = read_line, .write = write_line};
    struct signet_board b = {.port = "port", .recipe = &anjay_zephyr_recipe};
    struct signet_error err = {0};

    if (size == 0)
        return 0;
    kind = data[0];
    now = 0;
    line = (struct line){.at = data + 1, .end = data + size};
    set_options(&b.options);
    require(link_new(&b.link, &ops, &line, "port", NULL) == SIGNET_OK);
    require(port_smp_new(&b, 100, 0, NULL, &b.smp, NULL) == SIGNET_OK);
    int rc = kind & 128 ? ready_wait_restored(&b, &err) : ready_wait(&b, kind & 1, &err);
    if (rc != SIGNET_OK)
        require_error(&err);
    require(!b.provisioned_seen || rc != SIGNET_OK || kind & 128);
    signet_smp_free(&b.smp);
    signet_link_close(&b.link);
    return 0;
}
