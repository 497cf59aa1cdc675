/* SPDX-License-Identifier: Apache-2.0 */
#include "facts.h"

void facts_put(const char *title, const uint8_t *text, size_t len)
{
    fputs(title, stdout);
    for (size_t i = 0; i < len; i++)
        if ((text[i] >= ' ' && text[i] < 0x7f) || text[i] == '\n' || text[i] == '\t')
            putchar(text[i]);
        else if (text[i] != '\r')
            printf("\\x%02x", text[i]);
    if (len && text[len - 1] != '\n')
        putchar('\n');
}

/* What a board does not know is left out. */
static bool goes_on(int code)
{
    return code == SIGNET_OK || code == SIGNET_E_UNSUPPORTED || code == SIGNET_E_SMP;
}

int facts_ask(struct facts *facts, struct signet_smp *smp, struct signet_error *err)
{
    struct signet_bytes reply = {0};
    int code = signet_smp_echo(smp, "signet", &reply, err); /* is there a board at all? */
    signet_bytes_free(&reply);
    if (code)
        return code;
    code = signet_smp_parameters(smp, &facts->parameters, err);
    facts->has_parameters = !code;
    if (goes_on(code))
        code = signet_smp_info(smp, "a", &facts->system, err);
    if (goes_on(code)) {
        code = signet_smp_hash_types(smp, facts->types, 16, &facts->type_count, err);
        facts->has_types = !code;
    }
    return goes_on(code) ? SIGNET_OK : code;
}

void facts_free(struct facts *facts)
{
    signet_bytes_free(&facts->system);
}

void facts_json(const struct facts *facts, struct json *j)
{
    if (facts->has_parameters) {
        json_put(j, M_INT("buf_size", facts->parameters.buf_size),
                 M_INT("buf_count", facts->parameters.buf_count));
    }
    if (facts->system.len)
        json_bytes(j, "system", facts->system.data, facts->system.len);
    if (facts->has_types) {
        json_open(j, "hashes", '[');
        for (size_t i = 0; i < facts->type_count; i++)
            json_put(j, M_TEXT(NULL, facts->types[i].name));
        json_close(j, ']');
    }
}

void facts_print(const struct facts *facts)
{
    if (facts->has_parameters)
        printf("buffers: %u of %u bytes\n", facts->parameters.buf_count,
               facts->parameters.buf_size);
    if (facts->system.len)
        facts_put("system: ", facts->system.data, facts->system.len);
    for (size_t i = 0; i < facts->type_count; i++)
        printf("hash: %s\n", PLAIN(facts->types[i].name));
    if (!facts->has_parameters && !facts->system.len && !facts->has_types)
        puts("the board answers, and says nothing about itself");
}

int session_connect(struct session *s)
{
    const struct signet_smp_options options = {
        .version = (int)s->version,
        .timeout_ms = (int)s->timeout,
        .packet_limit = s->packet_size,
        .line_limit = s->line_length ? SIGNET_SMP_LINE_RAW(s->line_length) : 0,
        .retries = s->quick ? 2 : 0};
    s->observer = cli_observer(&s->cli);
    int rc = signet_link_open(&s->link, s->port, s->baud, process_cancel(), &s->cli.err);
    if (rc == SIGNET_OK)
        rc =
            signet_smp_new(&s->smp, s->link, &options, s->quick ? NULL : &s->observer, &s->cli.err);
    return rc;
}

int session_end(struct session *s, int rc)
{
    signet_smp_free(&s->smp);
    signet_link_close(&s->link);
    return cli_end(&s->cli, rc);
}
