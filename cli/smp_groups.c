/* SPDX-License-Identifier: Apache-2.0 */
/* signet smp image ..., signet smp settings ... */
#include "facts.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { IMAGE_MAX = 64 * 1024 * 1024, VALUE_MAX = 4096, SLOTS = 32 };
#define NO_SLOT UINT32_MAX

struct groups {
    struct session s;
    unsigned image, slot;
    bool newer;
    const char *output;
    struct signet_bytes data;      /* of the file that is sent */
    struct signet_smp_image named; /* the image that is meant */
};

static void image_json(struct json *j, const struct signet_smp_image *m, const char *hash)
{
    json_open(j, NULL, '{');
    json_put(j, M_INT("image", m->image), M_INT("slot", m->slot), M_TEXT("version", m->version),
             M_TEXT("hash", hash), M_BOOL("active", m->active), M_BOOL("confirmed", m->confirmed),
             M_BOOL("pending", m->pending), M_BOOL("permanent", m->permanent),
             M_BOOL("bootable", m->bootable));
    json_close(j, '}');
}

static void print_image(struct json *j, const struct signet_smp_image *m)
{
    char hash[2 * sizeof(m->hash) + 1] = "";
    for (size_t n = 0; n < m->hash_len; n++)
        snprintf(hash + 2 * n, 3, "%02x", m->hash[n]);
    if (j)
        image_json(j, m, hash);
    else
        printf("image %u, slot %u: %s %s%s%s%s%s%s\n", m->image, m->slot, PLAIN(m->version), hash,
               m->active ? ", active" : "", m->confirmed ? ", confirmed" : "",
               m->pending ? ", pending" : "", m->permanent ? ", permanent" : "",
               m->bootable ? "" : ", not bootable");
}

static void print_images(const struct cli *cli, const struct signet_smp_image *images, size_t count)
{
    struct json j;
    if (cli->json) {
        json_event(&j, "images");
        json_open(&j, "images", '[');
    }
    for (size_t i = 0; i < count; i++)
        print_image(cli->json ? &j : NULL, &images[i]);
    if (cli->json) {
        json_close(&j, ']');
        json_end(&j);
    }
}

static int list_images(struct groups *g)
{
    struct signet_smp_image images[SLOTS];
    size_t count = 0;
    int rc = signet_smp_image_list(g->s.smp, images, SLOTS, &count, &g->s.cli.err);
    if (rc == SIGNET_OK)
        print_images(&g->s.cli, images, count);
    return rc;
}

static int read_image_file(struct groups *g)
{
    const char *file = g->s.cli.args[1];
    int rc = cli_read(file, IMAGE_MAX, &g->data, &g->s.cli.err);
    if (rc == SIGNET_OK)
        rc = signet_file_explain(
            signet_smp_image_read(g->data.data, g->data.len, &g->named, &g->s.cli.err),
            SIGNET_FILE_IMAGE, file, &g->s.cli.err);
    return rc;
}

static int upload_image(struct groups *g)
{
    const struct signet_smp_image_options options = {.image = g->image, .newer_only = g->newer};
    int rc = signet_smp_image_upload(g->s.smp, g->data.data, g->data.len, &options, &g->s.cli.err);
    return rc == SIGNET_OK ? list_images(g) : rc;
}

/* A hash in hex, or the file of the image. */
static int read_image_hash(struct groups *g)
{
    const char *text = g->s.cli.arg_count > 1 ? g->s.cli.args[1] : "";
    size_t digits = strspn(text, "0123456789abcdefABCDEF");
    struct signet_smp_image *out = &g->named;
    bool whole = digits == 0 || digits == 64 || digits == 96 || digits == 128;
    if (strncasecmp(text, "0x", 2) == 0 && access(text, F_OK) != 0)
        return cli_error(&g->s.cli.err, SIGNET_E_USAGE, "take 0x out",
                         "'%.40s' is a hash with 0x in front, or a file that is not there",
                         PLAIN(text));
    if (*text && access(text, F_OK) != 0 && text[digits])
        return cli_error(
            &g->s.cli.err, SIGNET_E_USAGE, "`signet smp image --port PORT list` shows the hashes",
            "'%.150s' is neither a hash, in hex, nor a file that is there", PLAIN(text));
    if (text[digits] || (!whole && access(text, F_OK) == 0))
        return read_image_file(g);
    if (!whole)
        return cli_error(&g->s.cli.err, SIGNET_E_USAGE,
                         "`signet smp image --port PORT list` shows them whole; or name the file",
                         "the hash '%s' has %zu digits: 64, 96 or 128 are whole", PLAIN(text),
                         digits);
    for (out->hash_len = 0; out->hash_len < digits / 2; out->hash_len++) {
        const char byte[3] = {text[2 * out->hash_len], text[2 * out->hash_len + 1], '\0'};
        out->hash[out->hash_len] = (uint8_t)strtoul(byte, NULL, 16);
    }
    return SIGNET_OK;
}

static int choose_image(struct groups *g, bool confirm)
{
    const uint8_t *hash = g->named.hash_len ? g->named.hash : NULL;
    int rc = signet_smp_image_choose(g->s.smp, hash, g->named.hash_len, confirm, &g->s.cli.err);
    return rc == SIGNET_OK ? list_images(g) : rc;
}

static int test_image(struct groups *g)
{
    return choose_image(g, false);
}

static int confirm_image(struct groups *g)
{
    return choose_image(g, true);
}

static int erase_image(struct groups *g)
{
    int slot = g->slot == NO_SLOT ? -1 : (int)g->slot;
    return signet_smp_image_erase(g->s.smp, slot, &g->s.cli.err);
}

static int read_setting(struct groups *g)
{
    struct signet_bytes value = {0};
    int rc = signet_smp_setting_read(g->s.smp, g->s.cli.args[1], &value, &g->s.cli.err);
    if (rc == SIGNET_OK)
        rc = cli_write(g->output ? g->output : "-", value.data, value.len, &g->s.cli.err);
    signet_bytes_free(&value);
    return rc;
}

static int read_setting_value(struct groups *g)
{
    return cli_read(g->s.cli.args[2], VALUE_MAX, &g->data, &g->s.cli.err);
}

static int write_setting(struct groups *g)
{
    return signet_smp_setting_write(g->s.smp, g->s.cli.args[1], g->data.data, g->data.len,
                                    &g->s.cli.err);
}

static int delete_setting_of(struct groups *g)
{
    return signet_smp_setting_delete(g->s.smp, g->s.cli.args[1], &g->s.cli.err);
}

static int save_settings(struct groups *g)
{
    return signet_smp_settings(g->s.smp, SIGNET_SMP_SETTINGS_SAVE, &g->s.cli.err);
}

static int load_settings(struct groups *g)
{
    return signet_smp_settings(g->s.smp, SIGNET_SMP_SETTINGS_LOAD, &g->s.cli.err);
}

static int commit_settings(struct groups *g)
{
    return signet_smp_settings(g->s.smp, SIGNET_SMP_SETTINGS_COMMIT, &g->s.cli.err);
}

struct action {
    const char *name;
    int min, max; /* words behind it */
    int (*run)(struct groups *g);
    int (*read)(struct groups *g); /* what is named, before the board is asked; NULL: nothing */
};

static const struct action image_actions[] = {
    {"list", 0, 0, list_images, NULL},           {"upload", 1, 1, upload_image, read_image_file},
    {"test", 1, 1, test_image, read_image_hash}, {"confirm", 0, 1, confirm_image, read_image_hash},
    {"erase", 0, 0, erase_image, NULL},          {0},
};

static const struct action settings_actions[] = {
    {"read", 1, 1, read_setting, NULL},
    {"write", 2, 2, write_setting, read_setting_value},
    {"delete", 1, 1, delete_setting_of, NULL},
    {"save", 0, 0, save_settings, NULL},
    {"load", 0, 0, load_settings, NULL},
    {"commit", 0, 0, commit_settings, NULL},
    {0},
};

static void tell_actions(const struct cli *cli, const struct action *actions)
{
    const char *names[8], *near;
    size_t count = 0;
    for (; actions[count].name; count++)
        names[count] = actions[count].name;
    near = cli_action_meant(cli->name, cli->args[0]);
    if (!near)
        near = signet_word_nearest(cli->args[0], names, count);
    cli_usage(cli, "%s has no '%s'%s%s%s", cli->name, PLAIN(cli->args[0]),
              near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
}

static const struct action *find_action(const struct cli *cli, const struct action *actions)
{
    const struct action *a = actions;
    while (a->name && strcmp(a->name, cli->args[0]) != 0)
        a++;
    if (!a->name)
        tell_actions(cli, actions);
    else if (cli->arg_count - 1 < a->min)
        cli_usage(cli, "a word is missing behind '%s'", a->name);
    else if (cli->arg_count - 1 > a->max)
        cli_usage(cli, "'%s' is one word too many behind '%s'%s", PLAIN(cli->args[a->max + 1]),
                  a->name, a->max ? "" : ": the port is --port PORT");
    else
        return a;
    return NULL;
}

static int run_action(struct groups *g, const struct action *actions)
{
    const struct action *action = find_action(&g->s.cli, actions);
    if (!action)
        return EXIT_USAGE;
    if (!g->s.port)
        return cli_usage(&g->s.cli, "a port is missing: -p PORT");
    int rc = action->read ? action->read(g) : SIGNET_OK;
    if (rc == SIGNET_OK)
        rc = session_connect(&g->s);
    if (rc == SIGNET_OK)
        rc = action->run(g);
    signet_bytes_free(&g->data);
    return session_end(&g->s, rc);
}

int smp_image(int argc, char **argv)
{
    struct groups g = {.slot = NO_SLOT};
    const struct option_row rows[] = {
        SMP_PORT_ROWS(&g.s),
        NUMBER(0, "image", "N", "Which image of a board with several, from 0", &g.image, 0, 15),
        NUMBER(0, "image-slot", "N", "erase: which slot, from 0 (the one that does not run)",
               &g.slot, 0, 31),
        FLAG(0, "upgrade", "upload: only a newer version than the one that runs", &g.newer),
        {0}};
    if (!cli_parse(
            &g.s.cli, argc, argv, rows,
            "list | upload FILE | test HASH|FILE | confirm [HASH|FILE] | erase",
            "The images of MCUboot on the board: list them, write one into the slot that does "
            "not run, try it at the next restart, keep the one that runs, erase.",
            1, 2))
        return EXIT_USAGE;
    return run_action(&g, image_actions);
}

int smp_settings(int argc, char **argv)
{
    struct groups g = {0};
    const struct option_row rows[] = {
        SMP_PORT_ROWS(&g.s),
        TEXT('o', "output", "FILE", "read: where the value goes; - (default) is standard output",
             &g.output),
        {0}};
    if (!cli_parse(&g.s.cli, argc, argv, rows,
                   "read NAME | write NAME FILE | delete NAME | save | load | commit",
                   "The settings of the board's firmware. A value comes from FILE, which may be - "
                   "for standard input.",
                   1, 3))
        return EXIT_USAGE;
    return run_action(&g, settings_actions);
}
