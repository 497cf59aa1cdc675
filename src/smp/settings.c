/* SPDX-License-Identifier: Apache-2.0 */
/* Group settings. A value may be a secret: what was sent and received is wiped. */
#include "smp/client.h"

enum { VALUE = 0, DELETE = 1, COMMIT = 2, LOAD_SAVE = 3 };
enum { VALUE_MOST = 4096 };

static int check_setting_name(const char *name, struct signet_error *err)
{
    size_t len = name ? strnlen(name, 257) : 0;

    if (!len || len > 256 || !utf8_valid((const uint8_t *)name, len))
        return error_set(err, SIGNET_E_USAGE, "the name of a setting has 1 to 256 bytes of UTF-8");
    return SIGNET_OK;
}

static void forget(struct signet_smp *smp)
{
    buf_reset(&smp->packet);
    buf_reset(&smp->wire);
    wipe(smp->frames.packet, sizeof(smp->frames.packet));
}

static int ask_value(struct signet_smp *smp, const char *name, struct signet_bytes *value,
                     struct signet_error *err)
{
    const struct smp_command command = {SMP_READ, SMP_GROUP_SETTINGS, VALUE};
    const struct smp_item *item;
    struct buf b = {0};
    int rc;

    smp_put_text(smp_begin(smp, 1), "name", name);
    rc = smp_request(smp, command, smp->options.retries, err);
    if (rc)
        return rc;
    item = smp_answer_want(&smp->answer, "val", CBOR_BYTES);
    if (!item)
        return error_set(err, SIGNET_E_SYNTAX, "the answer has no \"val\"");
    buf_append(&b, item->data, item->len);
    return buf_take(&b, value, err);
}

int signet_smp_setting_read(struct signet_smp *smp, const char *name, struct signet_bytes *value,
                            struct signet_error *err)
{
    int rc = check_setting_name(name, err);

    if (!rc)
        rc = smp_ask_packet_limit(smp, err);
    if (!rc)
        rc = ask_value(smp, name, value, err);
    forget(smp);
    return error_pass(rc, err, "setting %s", name ? name : "");
}

int signet_smp_setting_write(struct signet_smp *smp, const char *name, const void *value,
                             size_t len, struct signet_error *err)
{
    const struct smp_command command = {SMP_WRITE, SMP_GROUP_SETTINGS, VALUE};
    int rc = check_setting_name(name, err);

    if (!rc)
        rc = smp_ask_packet_limit(smp, err);
    if (!rc && len > VALUE_MOST)
        rc = error_set(err, SIGNET_E_LIMIT, "a value has at most %d bytes", VALUE_MOST);
    if (!rc) {
        struct buf *packet = smp_begin(smp, 2);

        smp_put_text(packet, "name", name);
        cbor_put_text(packet, "val");
        cbor_put_bytes(packet, value, len);
        if (packet->len > smp->packet_limit)
            rc = error_set(err, SIGNET_E_LIMIT, "the value does not fit a packet of %zu bytes",
                           smp->packet_limit);
    }
    if (!rc)
        rc = smp_request(smp, command, smp->options.retries, err);
    forget(smp);
    return error_pass(rc, err, "setting %s", name ? name : "");
}

/* After a lost answer the setting may be gone already. */
static int delete_setting(struct signet_smp *smp, const char *name, struct signet_error *err)
{
    const struct smp_command command = {SMP_WRITE, SMP_GROUP_SETTINGS, DELETE};

    smp_put_text(smp_begin(smp, 1), "name", name);
    for (int again = 0;; again++) {
        int rc = smp_attempt(smp, command, again > 0, err);

        if (!rc)
            rc = smp_answer_error(smp, err);
        if (again && rc == SIGNET_E_NOT_FOUND)
            return SIGNET_OK;
        if (!smp_lost(rc) || again >= smp->options.retries)
            return rc;
        smp_report_retry(smp, "smp", err);
    }
}

int signet_smp_setting_delete(struct signet_smp *smp, const char *name, struct signet_error *err)
{
    struct signet_error own;
    int rc = check_setting_name(name, err);

    if (!rc)
        rc = smp_ask_packet_limit(smp, err);
    if (!rc)
        rc = delete_setting(smp, name, err ? err : &own);
    return error_pass(rc, err, "setting %s", name ? name : "");
}

int signet_smp_settings(struct signet_smp *smp, enum signet_smp_settings what,
                        struct signet_error *err)
{
    static const struct {
        const char *name;
        struct smp_command command;
    } rows[] = {
        [SIGNET_SMP_SETTINGS_SAVE] = {"save", {SMP_WRITE, SMP_GROUP_SETTINGS, LOAD_SAVE}},
        [SIGNET_SMP_SETTINGS_LOAD] = {"load", {SMP_READ, SMP_GROUP_SETTINGS, LOAD_SAVE}},
        [SIGNET_SMP_SETTINGS_COMMIT] = {"commit", {SMP_WRITE, SMP_GROUP_SETTINGS, COMMIT}},
    };
    int rc;

    if ((unsigned)what >= COUNT_OF(rows))
        return error_set(err, SIGNET_E_USAGE, "save, load or commit?");
    rc = smp_ask_packet_limit(smp, err);
    if (!rc) {
        smp_begin(smp, 0);
        rc = smp_request(smp, rows[what].command, smp->options.retries, err);
    }
    return error_pass(rc, err, "settings %s", rows[what].name);
}
