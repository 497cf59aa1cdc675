/* SPDX-License-Identifier: Apache-2.0 */
/* Groups os and shell. */
#include "smp/client.h"

enum { ECHO = 0, RESET = 5, PARAMETERS = 6, INFO = 7 };
enum { EXEC = 0 };
#define PARAMETERS_TRIES 2
#define DATAGRAM_MAX     1400 /* in one frame of an Ethernet; servers take 1500 */
#define ARGV_MAX         32

/* A text or byte string of the answer. */
static int os_answer_text(const struct signet_smp *smp, const char *key, struct signet_bytes *out,
                          struct signet_error *err)
{
    const struct smp_item *item = smp_answer_get(&smp->answer, -1, key);
    struct buf b = {0};

    if (!item || (item->kind != CBOR_TEXT && item->kind != CBOR_BYTES))
        return error_set(err, SIGNET_E_SYNTAX, "the answer has no \"%s\"", key);
    buf_append(&b, item->data, item->len);
    return buf_take(&b, out, err);
}

int signet_smp_echo(struct signet_smp *smp, const char *text, struct signet_bytes *reply,
                    struct signet_error *err)
{
    int rc;

    smp_put_text(smp_begin(smp, 1), "d", text);
    rc = smp_request(smp, (struct smp_command){SMP_WRITE, SMP_GROUP_OS, ECHO}, smp->options.retries,
                     err);
    if (!rc)
        rc = os_answer_text(smp, "r", reply, err);
    return error_pass(rc, err, "echo");
}

int signet_smp_reset(struct signet_smp *smp, struct signet_error *err)
{
    struct signet_error own;
    int rc;

    if (!err)
        err = &own;
    smp_begin(smp, 0);
    smp->packet_limit = smp->options.packet_limit; /* another firmware may come up */
    rc = smp_request(smp, (struct smp_command){SMP_WRITE, SMP_GROUP_OS, RESET}, 0, err);
    if (smp_lost(rc)) {
        *err = (struct signet_error){0};
        rc = link_drain(smp->link, clock_ms() + smp->options.timeout_ms, err);
    }
    return error_pass(rc, err, "reset");
}

static int ask_parameters(struct signet_smp *smp, int tries, struct signet_smp_parameters *out,
                          struct signet_error *err)
{
    const struct smp_item *size, *count;
    int rc;

    smp_begin(smp, 0);
    rc = smp_request(smp, (struct smp_command){SMP_READ, SMP_GROUP_OS, PARAMETERS}, tries, err);
    if (rc)
        return rc;
    size = smp_answer_want(&smp->answer, "buf_size", CBOR_UNSIGNED);
    count = smp_answer_want(&smp->answer, "buf_count", CBOR_UNSIGNED);
    if (!size || size->value > UINT32_MAX || (count && count->value > UINT32_MAX))
        return error_set(err, SIGNET_E_SYNTAX, "the answer has no usable \"buf_size\"");
    *out =
        (struct signet_smp_parameters){(uint32_t)size->value, count ? (uint32_t)count->value : 0};
    return SIGNET_OK;
}

int signet_smp_parameters(struct signet_smp *smp, struct signet_smp_parameters *out,
                          struct signet_error *err)
{
    return error_pass(ask_parameters(smp, smp->options.retries, out, err), err, "parameters");
}

/* A board that knows version 2 answers in it, and its errors say more; an older one answers in
 * version 1, and one that is older still may say nothing. */
static int find_smp_version(struct signet_smp *smp, int tries, struct signet_smp_parameters *out,
                            struct signet_error *err)
{
    int rc;

    smp->options.version = 2;
    rc = ask_parameters(smp, tries, out, err);
    if (smp_lost(rc)) {
        smp->options.version = 1;
        rc = ask_parameters(smp, 1, out, err);
    } else {
        smp->options.version = smp->answered >= 1 ? 2 : 1;
    }
    smp->any_version = smp_lost(rc);
    return rc;
}

int smp_ask_packet_limit(struct signet_smp *smp, struct signet_error *err)
{
    struct signet_smp_parameters parameters = {0};
    int tries = smp->options.retries < PARAMETERS_TRIES ? smp->options.retries : PARAMETERS_TRIES;
    int rc = SIGNET_OK;

    if (smp->packet_limit && !smp->any_version)
        return SIGNET_OK;
    rc = smp->any_version ? find_smp_version(smp, tries, &parameters, err)
                          : ask_parameters(smp, tries, &parameters, err);
    if (smp_gone(rc))
        return rc;
    if (smp->options.packet_limit) {
        smp->packet_limit = smp->options.packet_limit;
        return SIGNET_OK;
    }
    smp->packet_limit = CHUNK_LIMIT_DEFAULT; /* not known, silent, or not credible */
    if (!rc && parameters.buf_size >= 128)
        smp->packet_limit = parameters.buf_size - 4;
    size_t most = link_by_packets(smp->link) ? DATAGRAM_MAX : SMP_PACKET_MAX;
    if (smp->packet_limit > most)
        smp->packet_limit = most;
    return SIGNET_OK;
}

size_t smp_lines_limit(const struct signet_smp *smp, size_t lines)
{
    return lines * smp->options.line_limit - 4; /* less length and CRC */
}

void smp_shrink(struct signet_smp *smp, size_t least)
{
    if (smp->options.packet_limit)
        return;
    if (smp->packet_limit > CHUNK_LIMIT_DEFAULT)
        smp->packet_limit = CHUNK_LIMIT_DEFAULT;
    else if (smp->packet_limit > least && !link_by_packets(smp->link))
        smp->packet_limit = least;
}

int signet_smp_info(struct signet_smp *smp, const char *format, struct signet_bytes *out,
                    struct signet_error *err)
{
    struct buf *packet = smp_begin(smp, format ? 1 : 0);
    int rc;

    if (format)
        smp_put_text(packet, "format", format);
    rc = smp_request(smp, (struct smp_command){SMP_READ, SMP_GROUP_OS, INFO}, smp->options.retries,
                     err);
    if (!rc)
        rc = os_answer_text(smp, "output", out, err);
    return error_pass(rc, err, "info");
}

/* Older servers put the command's own result in "rc", newer ones in "ret". */
static int take_status(struct signet_smp *smp, int *status, struct signet_error *err)
{
    if (smp_answer_number(smp_answer_get(&smp->answer, -1, "ret"), status))
        return SIGNET_OK;
    if (smp_answer_get(&smp->answer, -1, "o") && smp->last.group < 0) {
        *status = smp->last.rc;
        return SIGNET_OK;
    }
    if (smp->last.rc)
        return smp_answer_error(smp, err);
    return error_set(err, SIGNET_E_SYNTAX, "the answer has no \"ret\"");
}

int signet_smp_shell(struct signet_smp *smp, const char *const *argv, size_t argc,
                     struct signet_bytes *output, int *status, struct signet_error *err)
{
    struct buf *packet;
    int rc;

    if (!argc || argc > ARGV_MAX)
        return error_set(err, SIGNET_E_USAGE, "a shell command has 1 to %d words", ARGV_MAX);
    packet = smp_begin(smp, 1);
    cbor_put_text(packet, "argv");
    cbor_put_array(packet, argc);
    for (size_t i = 0; i < argc; i++)
        cbor_put_text(packet, argv[i]);
    rc = smp_attempt(smp, (struct smp_command){SMP_WRITE, SMP_GROUP_SHELL, EXEC}, false, err);
    if (!rc)
        rc = take_status(smp, status, err);
    if (!rc && smp_answer_get(&smp->answer, -1, "o"))
        rc = os_answer_text(smp, "o", output, err);
    return error_pass(rc, err, "shell");
}
