/* SPDX-License-Identifier: Apache-2.0 */
/* A profile of one's own: a YAML file that says what differs from a built-in one. */
#include "profile/private.h"
#include "yaml/yaml.h"

#include <errno.h>
#include <stdlib.h>

enum { PROFILE_MAX = 64 * 1024, LIST_MAX = 64 };
_Static_assert((int)READER_WORDS_MAX <= (int)LIST_MAX, "there is room for a list");

/* The file as it stands there. Lists that are not there are NULL. */
struct file {
    struct signet_profile profile; /* texts, flags */
    const char *base;
    const char **modes, **matching_types, **objects, **usages, **suites, **curves, **digests;
    int psk, identity, chain, rsa_least, rsa_most;
    struct profile_resource resources[LIST_MAX]; /* each goes before those of the base */
    size_t resource_count;
};

/* The profile, with the rows that are its own. */
struct own {
    struct signet_profile profile;
    void *texts;
    struct profile_object objects[LIST_MAX + 1];
    struct profile_resource resources[2 * LIST_MAX + 1];
    uint16_t suites[LIST_MAX + 1];
};

#define KEY(key, type, member, least, most) ENTRY_WITHIN(key, type, file, member, least, most)
#define FLAG(key, member)                   KEY(key, ENTRY_FLAG, profile.member, 0, 0)

static const struct entry tls_keys[] = {
    KEY("stack", ENTRY_TEXT, profile.tls.stack, 0, 0),
    KEY("psk_bytes", ENTRY_INT, psk, 0, 65535),
    KEY("identity_bytes", ENTRY_INT, identity, 0, 65535),
    KEY("chain", ENTRY_INT, chain, 0, 100),
    KEY("rsa_least", ENTRY_INT, rsa_least, 0, 16384),
    KEY("rsa_most", ENTRY_INT, rsa_most, 0, 16384),
    KEY("usages", ENTRY_WORDS, usages, 0, 0),
    KEY("suites", ENTRY_WORDS, suites, 0, 0),
    KEY("curves", ENTRY_WORDS, curves, 0, 0),
    KEY("digests", ENTRY_WORDS, digests, 0, 0),
    FLAG("checks_pinned_name", tls.checks_pinned_name),
    FLAG("checks_pinned_dates", tls.checks_pinned_dates),
    FLAG("checks_dates", tls.checks_dates),
    FLAG("sni", tls.sni),
    FLAG("by_resource_16", tls.by_resource_16),
    FLAG("ec_keys", tls.ec_keys),
};

static int read_tls(struct reader *r, yaml_node_t *node)
{
    return reader_map(r, node, tls_keys, COUNT_OF(tls_keys), r->root);
}

struct limits {
    int64_t least, most, length;
    bool absent;
};
static const struct entry limit_keys[] = {
    ENTRY_WITHIN("least", ENTRY_NUMBER, limits, least, INT64_MIN, INT64_MAX),
    ENTRY_WITHIN("most", ENTRY_NUMBER, limits, most, INT64_MIN, INT64_MAX),
    ENTRY_WITHIN("length", ENTRY_NUMBER, limits, length, 1, INT32_MAX),
    ENTRY_WITHIN("absent", ENTRY_FLAG, limits, absent, 0, 0),
};

/* A whole number up to most: false when it is none. */
static bool take_whole(const char *text, unsigned long most, char end, unsigned long *out,
                       const char **rest)
{
    char *behind = NULL;

    errno = 0;
    *out = strtoul(text, &behind, 0);
    *rest = behind + (*behind != '\0');
    return *text >= '0' && *text <= '9' && !errno && *out <= most && *behind == end;
}

/* "/1/22": {absent: true} */
static int read_resource(struct reader *r, const yaml_node_t *key, yaml_node_t *value)
{
    struct file *file = r->root;
    const char *path = key->type == YAML_SCALAR_NODE ? (const char *)key->data.scalar.value : "",
               *rest = path;
    struct limits limits = {0};
    unsigned long oid = 0, rid = 0;
    int rc = reader_map(r, value, limit_keys, COUNT_OF(limit_keys), &limits);

    if (rc != SIGNET_OK)
        return rc;
    if (path[0] != '/' || !take_whole(path + 1, 65534, '/', &oid, &rest) ||
        !take_whole(rest, 65534, '\0', &rid, &rest))
        return reader_fail_hint(r, key, "such as \"/1/22\": {absent: true}",
                                "a resource is written \"/OBJECT/RESOURCE\"");
    if (file->resource_count == LIST_MAX)
        return reader_fail(r, key, SIGNET_E_LIMIT, "more than %d resources", LIST_MAX);
    if (limits.least > limits.most)
        return reader_fail_hint(r, key, "give both: what is left out is 0",
                                "'least' is greater than 'most'");
    file->resources[file->resource_count++] = (struct profile_resource){(uint16_t)oid,
                                                                        (uint16_t)rid,
                                                                        limits.least,
                                                                        limits.most,
                                                                        (size_t)limits.length,
                                                                        limits.absent,
                                                                        0};
    return SIGNET_OK;
}

static int read_file_resources(struct reader *r, yaml_node_t *node)
{
    int rc = SIGNET_OK;

    if (node->type != YAML_MAPPING_NODE)
        return reader_fail(r, node, SIGNET_E_MEANING, "'resources' takes paths and their limits");
    for (const yaml_node_pair_t *pair = node->data.mapping.pairs.start;
         rc == SIGNET_OK && pair < node->data.mapping.pairs.top; pair++)
        rc = read_resource(r, yaml_document_get_node(&r->document, pair->key),
                           yaml_document_get_node(&r->document, pair->value));
    return rc;
}

static const struct entry keys[] = {
    KEY("name", ENTRY_TEXT, profile.name, 0, 0),
    KEY("base", ENTRY_TEXT, base, 0, 0),
    KEY("bindings", ENTRY_TEXT, profile.bindings, 0, 0),
    KEY("modes", ENTRY_WORDS, modes, 0, 0),
    KEY("matching_types", ENTRY_WORDS, matching_types, 0, 0),
    KEY("objects", ENTRY_WORDS, objects, 0, 0),
    FLAG("strict_forms", strict_forms),
    FLAG("access_control", access_control),
    ENTRY_READ("resources", ENTRY_MAP, 0, read_file_resources),
    ENTRY_READ("tls", ENTRY_MAP, 0, read_tls),
};

static int refuse_word(const struct reader *r, const char *key, const char *word, const char *hint)
{
    return error_set_hint(r->err, SIGNET_E_MEANING, hint, "%s: '%s' cannot have '%s'", r->path, key,
                          text_shown(word, strlen(word), 40));
}

/* Words to bits, by their place in names. */
static int take_bits(const struct reader *r, const char *key, const char **words,
                     const char *const *names, const char *hint, unsigned *out)
{
    if (words)
        *out = 0;
    for (; words && *words; words++) {
        unsigned i = 0;

        while (names[i] && strcmp(*words, names[i]) != 0)
            i++;
        if (!names[i])
            return refuse_word(r, key, *words, hint);
        *out |= 1u << i;
    }
    return SIGNET_OK;
}

/* Whole numbers, in order, and `end` behind them. */
static int take_numbers(const struct reader *r, const char *key, const char **words, uint16_t end,
                        uint16_t out[LIST_MAX + 1])
{
    size_t n = 0;

    for (; *words; words++) {
        unsigned long number = 0;
        const char *rest;

        if (!take_whole(*words, 65534, '\0', &number, &rest))
            return refuse_word(r, key, *words,
                               strcmp(key, "suites") ? "it takes whole numbers, such as 3"
                                                     : "it takes IANA's numbers: 0xc0a8 is "
                                                       "TLS_PSK_WITH_AES_128_CCM_8, 0xc0ae "
                                                       "TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8");
        out[n++] = (uint16_t)number;
    }
    out[n] = end;
    return SIGNET_OK;
}

/* An object that the base has, too, is as there. */
static int take_objects(const struct reader *r, const struct file *file, struct own *own)
{
    uint16_t numbers[LIST_MAX + 1];
    size_t n = 0;
    int rc = take_numbers(r, "objects", file->objects, SIGNET_NO_ID, numbers);

    for (; rc == SIGNET_OK && numbers[n] != SIGNET_NO_ID; n++) {
        const struct profile_object *known = profile_object(&own->profile, numbers[n]);

        own->objects[n] = known ? *known : (struct profile_object){numbers[n], false, NULL};
    }
    own->objects[n].oid = SIGNET_NO_ID;
    own->profile.objects = own->objects;
    return rc;
}

static void take_limits(const struct file *file, struct own *own)
{
    const struct profile_resource *base = own->profile.resources;
    size_t n = file->resource_count;

    memcpy(own->resources, file->resources, n * sizeof(file->resources[0]));
    while (base && base->oid != SIGNET_NO_ID && n < COUNT_OF(own->resources) - 1)
        own->resources[n++] = *base++;
    own->resources[n].oid = SIGNET_NO_ID;
    own->profile.resources = own->resources;
}

static int take_lists(const struct reader *r, const struct file *file, struct own *own)
{
    static const char *const modes[] = {"psk", "rpk", "cert", "nosec", "est", NULL};
    static const char *const numbers[] = {"0", "1", "2", "3", NULL};
    static const char *const digests[] = {"sha1", "sha224", "sha256", "sha384", "sha512", NULL};
    static const char *const curves[] = {
        "secp256r1", "secp384r1",       "secp521r1",       "secp192r1",       "secp224r1",
        "secp256k1", "brainpoolP256r1", "brainpoolP384r1", "brainpoolP512r1", NULL};
    static const char four[] = "there are 0, 1, 2, 3", letters[] = "UMHTSNQ";
    _Static_assert(COUNT_OF(modes) == SIGNET_MODES + 1, "each mode has its word");
    struct signet_profile *out = &own->profile;
    unsigned known = 0; /* which ones does not matter */
    int rc = take_bits(r, "modes", file->modes, modes, "there are psk, rpk, cert, nosec, est",
                       &out->modes);

    if (rc == SIGNET_OK)
        rc = take_bits(r, "matching_types", file->matching_types, numbers, four,
                       &out->matching_types);
    if (rc == SIGNET_OK)
        rc = take_bits(r, "usages", file->usages, numbers, four, &out->tls.usages);
    if (rc == SIGNET_OK && out->bindings && out->bindings[strspn(out->bindings, letters)])
        rc = refuse_word(r, "bindings", out->bindings, "letters of UMHTSNQ, such as UT");
    if (rc == SIGNET_OK)
        rc = take_bits(r, "curves", file->curves, curves,
                       "by their names in TLS, such as secp256r1, secp384r1, brainpoolP256r1",
                       &known);
    if (rc == SIGNET_OK)
        rc = take_bits(r, "digests", file->digests, digests,
                       "there are sha1, sha224, sha256, sha384, sha512", &known);
    if (rc == SIGNET_OK && file->objects)
        rc = take_objects(r, file, own);
    if (rc == SIGNET_OK && file->suites) {
        rc = take_numbers(r, "suites", file->suites, 0, own->suites);
        out->tls.suites = own->suites;
    }
    if (file->curves)
        out->tls.curves = file->curves;
    if (file->digests)
        out->tls.digests = file->digests;
    return rc;
}

static int load_keys(struct reader *r, struct file *file)
{
    r->root = file;
    int rc = reader_load(r, PROFILE_MAX, keys, COUNT_OF(keys));

    r->root = NULL;
    return rc;
}

/* What the file leaves out is as in its base. */
static int file_fill(struct reader *r, const struct signet_profile *base, struct own *own)
{
    const struct profile_tls *tls = &base->tls;
    struct file file = {.profile = *base,
                        .psk = (int)tls->psk_most,
                        .identity = (int)tls->identity_most,
                        .chain = (int)tls->chain_most,
                        .rsa_least = (int)tls->rsa_least,
                        .rsa_most = (int)tls->rsa_most};
    int rc = load_keys(r, &file);

    if (rc != SIGNET_OK)
        return rc;
    own->profile = file.profile;
    own->profile.warns = NULL;
    own->profile.owned = own;
    own->profile.tls.psk_most = (size_t)file.psk;
    own->profile.tls.identity_most = (size_t)file.identity;
    own->profile.tls.chain_most = (unsigned)file.chain;
    own->profile.tls.rsa_least = (size_t)file.rsa_least;
    own->profile.tls.rsa_most = (size_t)file.rsa_most;
    take_limits(&file, own);
    return take_lists(r, &file, own);
}

/* Any is possible; a slip in the name of a known one would be another. */
static int known_stack(struct reader *r, const char *stack)
{
    static const char *const known[] = {"mbedtls", "tinydtls", "openssl", "wolfssl"};
    const char *near = stack ? signet_word_nearest(stack, known, COUNT_OF(known)) : NULL;

    if (!near || strcmp(near, stack) == 0)
        return SIGNET_OK;
    error_set(r->err, SIGNET_E_MEANING, "%s: 'stack' is called '%.40s'", r->path, stack);
    error_hint(r->err, "did you mean '%s'?", near);
    return SIGNET_E_MEANING;
}

/* The built-in profile that the file names, with its own name for messages. */
static int file_base(struct reader *r, const struct signet_profile **out)
{
    struct file file = {.base = "any"};
    struct signet_error why = {0};
    int rc = load_keys(r, &file);

    if (rc == SIGNET_OK && !file.profile.name)
        rc = error_set_hint(r->err, SIGNET_E_MEANING, "such as 'name: our-client'",
                            "%s: the profile has no 'name'", r->path);
    if (rc != SIGNET_OK)
        return rc;
    rc = known_stack(r, file.profile.tls.stack);
    if (rc != SIGNET_OK)
        return rc;
    *out = profile_builtin(file.base, &why);
    return *out ? SIGNET_OK
                : error_set_hint(r->err, SIGNET_E_MEANING, why.hint, "%s: 'base': %s", r->path,
                                 why.msg);
}

int profile_load(const struct signet_profile **out, const char *path, struct signet_error *err)
{
    struct own *own = calloc(1, sizeof(*own));
    const struct signet_profile *base = NULL;
    struct reader r = {.kind = SIGNET_FILE_PROFILE, .path = path, .err = err};

    if (!own)
        return error_nomem(err);
    r.owned = &own->texts;
    int rc = file_base(&r, &base);
    if (rc == SIGNET_OK)
        rc = file_fill(&r, base, own);
    if (rc == SIGNET_OK)
        *out = &own->profile;
    else
        profile_free(own);
    return signet_file_blame(rc, path, err);
}

void profile_free(void *owned)
{
    struct own *own = owned;

    if (own)
        reader_free_owned(&own->texts);
    free(own);
}
