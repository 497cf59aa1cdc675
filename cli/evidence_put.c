/* SPDX-License-Identifier: Apache-2.0 */
/* The text of signet evidence: Markdown, or the same as one JSON object. */
#include "evidence.h"
#include "run.h"

#include <inttypes.h>
#include <string.h>

enum { PROGRAM_MAX = 256 * 1024 * 1024, DIGEST_SIZE = 65 };

/* parts of the paper */

/* No character is Markdown's, and none steers a terminal. */
static void put_plain(const struct paper *p, const char *text)
{
    for (const char *at = PLAIN(text); *at; at++) {
        if (strchr("\\`*_|<>[]#~", *at))
            fputc('\\', p->md);
        fputc(*at, p->md);
    }
}

static void begin_part(struct paper *p, const char *key, char bracket, const char *title)
{
    if (p->md)
        fprintf(p->md, "\n## %s\n\n| | |\n|---|---|\n", title);
    else
        json_open(&p->j, key, bracket);
}

static void end_part(struct paper *p, char bracket)
{
    if (!p->md)
        json_close(&p->j, bracket);
}

static void put_text(struct paper *p, const char *key, const char *title, const char *text)
{
    if (!p->md) {
        json_put(&p->j, M_TEXT(key, text));
        return;
    }
    fprintf(p->md, "| %s | ", title);
    put_plain(p, text ? text : "none");
    fputs(" |\n", p->md);
}

static void put_count(struct paper *p, const char *key, const char *title, int64_t n)
{
    if (p->md)
        fprintf(p->md, "| %s | %" PRId64 " |\n", title, n);
    else
        json_put(&p->j, M_INT(key, n));
}

static void put_yes(struct paper *p, const char *key, const char *title, bool yes)
{
    if (p->md)
        fprintf(p->md, "| %s | %s |\n", title, yes ? "yes" : "no");
    else
        json_put(&p->j, M_BOOL(key, yes));
}

static bool has_share(const struct paper *p, const char *of)
{
    for (size_t i = 0; i < p->share_count; i++)
        if (!strcmp(p->shares[i].of, of))
            return true;
    return false;
}

static void put_shares(struct paper *p, const char *of, const char *key, const char *title)
{
    if (p->md && !has_share(p, of))
        return;
    begin_part(p, key, '[', title);
    for (size_t i = 0; i < p->share_count; i++) {
        const struct share *s = &p->shares[i];
        if (strcmp(s->of, of) != 0)
            continue;
        if (p->md) {
            fputs("| ", p->md);
            put_plain(p, s->name);
            fprintf(p->md, " | %" PRId64 " |\n", s->count);
        } else {
            json_open(&p->j, NULL, '{');
            json_put(&p->j, M_TEXT("name", s->name), M_INT("count", s->count));
            json_close(&p->j, '}');
        }
    }
    end_part(p, ']');
}

/* what the order says */

static int put_order_facts(struct paper *p, struct signet_error *err)
{
    const struct signet_order *o = p->order;
    char digest[DIGEST_SIZE];
    int rc = signet_bytes_sha256(o->text, o->text_len, digest, err);

    if (rc != SIGNET_OK)
        return rc;
    begin_part(p, "order", '{', "Order");
    put_text(p, "name", "Name", o->name);
    put_text(p, "file_sha256", "SHA-256 of the order file, as it is now", digest);
    put_text(p, "ledger_hash", "Hash in the ledger, of template, names and credentials",
             p->found.hash);
    put_count(p, "quota", "Quota", p->view.quota);
    put_text(p, "begun", "Begun", TIME(p->view.created));
    end_part(p, '}');
    return SIGNET_OK;
}

static int put_tool(struct paper *p, struct signet_error *err)
{
    struct signet_bytes program = {0};
    char digest[DIGEST_SIZE];
    int rc = signet_bytes_read("/proc/self/exe", PROGRAM_MAX, &program, err);

    if (rc == SIGNET_OK)
        rc = signet_bytes_sha256(program.data, program.len, digest, err);
    signet_bytes_free(&program);
    if (rc != SIGNET_OK)
        return rc;
    begin_part(p, "tool", '{', "Program that wrote this");
    put_text(p, "version", "Signet", signet_version());
    put_text(p, "program_sha256", "SHA-256 of the program", digest);
    end_part(p, '}');
    put_shares(p, "tool", "tools", "Programs that made the devices, and their events");
    return SIGNET_OK;
}

static void put_board_process(struct paper *p)
{
    const struct signet_order *o = p->order;
    const struct signet_board_options *b = &o->board;

    if (!o->recipe) {
        put_text(p, "packets", "Packets, without boards", o->packets);
        return;
    }
    put_text(p, "recipe", "Recipe", o->recipe);
    put_text(p, "flasher", "Programmer", b->flasher ? b->flasher : "the recipe's own");
    put_text(p, "initial_sha256", "Initial image must have SHA-256", b->initial_sha256);
    put_text(p, "final_sha256", "Final image must have SHA-256", b->final_sha256);
    put_yes(p, "erase_finished", "Boards that hold credentials are erased", o->erase_finished);
    put_yes(p, "lock", "The debug port is locked, and a read must be refused", o->lock);
    put_count(p, "stop_slot", "Failures in a row that stop a slot; 0: none",
              o->stop_after_failures.slot);
    put_count(p, "stop_line", "Failures in a row that stop the line; 0: none",
              o->stop_after_failures.line);
    put_count(p, "min_yield_line", "Least yield of the line, percent; 0: none", o->min_yield.line);
    put_text(p, "golden", "Golden board", o->golden.board);
}

static void put_process(struct paper *p)
{
    const struct signet_order *o = p->order;

    begin_part(p, "process", '{', "Process and its checks, as the order has them");
    put_board_process(p);
    put_count(p, "retries", "Retries", o->retries);
    put_yes(p, "prove", "Each device must get in at its server", o->prove);
    if (o->label.printer)
        put_yes(p, "scan_back", "Each label must be read back at its slot", o->label.scan_back);
    put_count(p, "servers", "Servers that get its public part or key", (int64_t)o->server_count);
    put_count(p, "seal_to", "Certificates that outputs are sealed to", (int64_t)o->seal_to_count);
    put_yes(p, "clear_text", "Files with secrets in clear are allowed", !o->no_clear_text);
    end_part(p, '}');
    put_shares(p, "event", "events", "Steps that were recorded, and how often");
}

/* keys */

static bool born_on_board(const struct signet_order *o)
{
    for (size_t i = 0; i < SIGNET_OPTIONS_MAX && o->board.recipe[i].name; i++)
        if (!strcmp(o->board.recipe[i].name, "keygen"))
            return o->board.recipe[i].value && !strcmp(o->board.recipe[i].value, "true");
    return false;
}

/* What a key is, and what made it; "" where the order makes none for this account. */
struct key_facts {
    char kind[80];
    const char *generator;
};

static int key_facts_of(const struct signet_order *o, const struct signet_account *a,
                        struct key_facts *facts, struct signet_error *err)
{
    struct signet_cert_info info = {0};

    *facts = (struct key_facts){.generator = ""};
    if (a->secret_key ||
        (a->mode != SIGNET_MODE_PSK && a->mode != SIGNET_MODE_CERT && a->mode != SIGNET_MODE_EST))
        return SIGNET_OK;
    if (a->mode == SIGNET_MODE_PSK) {
        snprintf(facts->kind, sizeof(facts->kind), "PSK, %" PRId64 " random bits",
                 o->psk_len * (o->psk_hex ? 4 : 8));
        facts->generator = "the kernel, getentropy()";
        return SIGNET_OK;
    }
    facts->generator = "OpenSSL's DRBG";
    if (born_on_board(o)) {
        facts->generator = "the board; its private key never leaves it";
        snprintf(facts->kind, sizeof(facts->kind), "as the board makes it");
        return SIGNET_OK;
    }
    int rc = o->cert_info ? signet_cert_info_load(o->cert_info, &info, err) : SIGNET_OK;
    if (rc == SIGNET_OK && info.rsa_key_len)
        snprintf(facts->kind, sizeof(facts->kind), "RSA, %u bits", info.rsa_key_len);
    else if (rc == SIGNET_OK)
        snprintf(facts->kind, sizeof(facts->kind), "EC, %.60s",
                 info.elliptic_curve ? info.elliptic_curve : "secp256r1");
    signet_cert_info_free(&info);
    return rc;
}

static void put_account(struct paper *p, const struct signet_account *a,
                        const struct key_facts *key)
{
    char uri[PLAN_URI_SIZE], what[PLAN_TEXT_SIZE];

    plan_credentials(p->order, a, what);
    if (!p->md) {
        json_open(&p->j, NULL, '{');
        json_put(&p->j, M_TEXT("uri", plan_uri(a, uri)), M_TEXT("mode", signet_mode_name(a->mode)),
                 M_TEXT("credentials", what), M_GIVEN("key", key->kind),
                 M_GIVEN("generator", key->generator));
        json_close(&p->j, '}');
        return;
    }
    fputs("| ", p->md);
    put_plain(p, plan_uri(a, uri));
    fprintf(p->md, " | %s: ", signet_mode_name(a->mode));
    put_plain(p, what);
    if (key->kind[0])
        fprintf(p->md, "; %s, made by %s", PLAIN(key->kind), key->generator);
    fputs(" |\n", p->md);
}

static int put_keys(struct paper *p, struct signet_error *err)
{
    struct signet_account account;
    struct key_facts key;
    int rc = SIGNET_OK;

    begin_part(p, "keys", '[', "Keys");
    for (size_t i = 0; rc == SIGNET_OK && signet_tree_account(p->tree, i, &account); i++)
        if ((rc = key_facts_of(p->order, &account, &key, err)) == SIGNET_OK)
            put_account(p, &account, &key);
    end_part(p, ']');
    return rc;
}

static void put_unique(struct paper *p, const char *key, const char *title,
                       const struct signet_ledger_unique *u)
{
    if (p->md) {
        fprintf(p->md, "| %s | %" PRId64 ", %" PRId64 " different |\n", title, u->count,
                u->different);
        return;
    }
    json_open(&p->j, key, '{');
    json_put(&p->j, M_INT("count", u->count), M_INT("different", u->different));
    json_close(&p->j, '}');
}

static void put_uniques(struct paper *p)
{
    begin_part(p, "unique", '{', "Uniqueness, which the ledger's unique indexes enforce");
    put_yes(p, "shared_secret", "The order lets devices share a secret", p->order->shared_secret);
    put_unique(p, "names", "Names", &p->found.names);
    put_unique(p, "psk_identities", "PSK identities", &p->found.identities);
    put_unique(p, "psk_sha256", "SHA-256 of PSKs", &p->found.psks);
    put_unique(p, "spki_sha256", "SHA-256 of public keys", &p->found.public_keys);
    put_unique(p, "boards", "Boards", &p->found.boards);
    end_part(p, '}');
}

/* what was made */

static void put_devices(struct paper *p)
{
    begin_part(p, "devices", '{', "Devices");
    put_count(p, "all", "All, with void and retired ones", p->found.devices);
    for (int i = 0; i < SIGNET_DEVICE_STATES; i++) {
        const char *word = signet_device_state_name((enum signet_device_state)i);
        put_count(p, word, word, p->view.states[i]);
    }
    put_count(p, "made", "Verified, registered or done", p->found.made);
    put_count(p, "locked", "Of those, with a locked debug port", p->found.locked);
    put_text(p, "first_event", "First event", p->found.events ? TIME(p->found.first) : NULL);
    put_text(p, "last_event", "Last event", p->found.events ? TIME(p->found.last) : NULL);
    end_part(p, '}');
    put_shares(p, "image", "images", "Images (SHA-256), and devices that have them");
}

/* Of a station that does not sign, none. */
static int put_checkpoint(struct paper *p, const char *station, struct signet_error *err)
{
    struct signet_bytes text = {0};
    int rc = signet_ledger_checkpoint(p->ledger, station, NULL, &text, err);

    if (rc != SIGNET_OK && rc != SIGNET_E_NOT_FOUND)
        return rc;
    if (!p->md) {
        json_open(&p->j, NULL, '{');
        json_put(&p->j, M_TEXT("station", station), M_TEXT("checkpoint", (const char *)text.data));
        json_close(&p->j, '}');
    } else {
        fputs("\nStation ", p->md);
        put_plain(p, station);
        fputs(text.data ? " signed last:\n\n```\n" : " does not sign what it records.\n", p->md);
        if (text.data)
            fprintf(p->md, "%s```\n", (const char *)text.data);
    }
    signet_bytes_free(&text);
    return SIGNET_OK;
}

static int put_record(struct paper *p, struct signet_error *err)
{
    int rc = SIGNET_OK;

    begin_part(p, "record", '{', "Record");
    put_count(p, "order_events", "Events of the order", p->found.events);
    put_count(p, "events", "Events of the ledger, verified as an unbroken chain", p->events);
    put_text(p, "head", "Head of the chain", p->head);
    end_part(p, '}');
    if (p->md)
        fputs("\nThe record is checked with `signet ledger verify --vkey VKEY --since-checkpoint "
              "CHECKPOINT "
              "LEDGER`.\n",
              p->md);
    else
        json_open(&p->j, "checkpoints", '[');
    for (size_t i = 0; rc == SIGNET_OK && i < p->share_count; i++)
        if (!strcmp(p->shares[i].of, "station"))
            rc = put_checkpoint(p, p->shares[i].name, err);
    end_part(p, ']');
    return rc;
}

int evidence_put(struct paper *p, struct signet_error *err)
{
    if (p->md) {
        fputs("# Evidence of order ", p->md);
        put_plain(p, p->order->name);
        fputc('\n', p->md);
    } else {
        json_event(&p->j, "evidence");
    }
    int rc = put_order_facts(p, err);
    if (rc == SIGNET_OK)
        rc = put_tool(p, err);
    if (rc == SIGNET_OK)
        put_process(p);
    if (rc == SIGNET_OK)
        rc = put_keys(p, err);
    if (rc == SIGNET_OK) {
        put_uniques(p);
        put_devices(p);
        rc = put_record(p, err);
    }
    if (!p->md)
        json_end(&p->j);
    return rc;
}
