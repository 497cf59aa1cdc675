/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as what other logs and witnesses send: a checkpoint, a proof, a witness's request, a
 * public key, the nodes of a tree. The first byte says which. What was read is written again the
 * same. */
#include "tlog/tlog.h"
#include "fuzz.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

static const char vkey[] =
    "signet/A/92f2e00931c59895+2b0976b6+ARLCSi7n3y07sIxFk0OXnMs5C0KqEf2huYcQmy5UrTFI";
static const char witness[] = "oem+902d17b6+BJ8YkObhOEdUy7cuwcPYTdsAHhZGFqdo9uhPXnVy6pig";

static void try_checkpoint(const struct tlog_note *note)
{
    struct tlog_checkpoint c, again;
    struct tlog_note printed = {0};
    struct buf text = {0};
    struct signet_error err = {0};

    if (tlog_checkpoint_parse(note, &c, &err) != SIGNET_OK) {
        require_error(&err);
        return;
    }
    tlog_checkpoint_print(&c, &text);
    require(buf_check(&text, NULL) == SIGNET_OK);
    printed.text = (const char *)text.data;
    printed.len = text.len;
    require(tlog_checkpoint_parse(&printed, &again, NULL) == SIGNET_OK && again.size == c.size &&
            memcmp(again.root, c.root, TLOG_HASH) == 0 && strcmp(again.origin, c.origin) == 0);
    buf_free(&text);
}

static void try_signer(const struct tlog_note *note, const struct tlog_vkey *key)
{
    struct signet_error err = {0};
    int64_t time = 0;

    if (tlog_note_verify(note, key, &time, &err) != SIGNET_OK)
        require_error(&err);
    seen(&time, sizeof(time));
}

static void try_note(const uint8_t *data, size_t len)
{
    struct tlog_note note = {0};
    struct tlog_vkey key;
    struct signet_error err = {0};

    if (tlog_note_parse(data, len, &note, &err) != SIGNET_OK) {
        require_error(&err);
        return;
    }
    require(note.text >= (const char *)data && note.text[note.len - 1] == '\n' &&
            note.signatures + note.signatures_len <= (const char *)data + len);
    if (tlog_vkey_parse(vkey, &key, NULL) == SIGNET_OK) {
        uint8_t id[TLOG_KEY_ID] = {0};
        tlog_note_signer(&note, key.name, id);
        seen(id, sizeof(id));
        try_signer(&note, &key);
    }
    if (tlog_vkey_parse(witness, &key, NULL) == SIGNET_OK)
        try_signer(&note, &key);
    try_checkpoint(&note);
}

static void try_proof(const uint8_t *data, size_t len, bool request)
{
    static struct tlog_proof p;
    struct signet_error err = {0};
    uint8_t leaf[TLOG_HASH] = {0};
    int rc =
        request ? tlog_request_parse(data, len, &p, &err) : tlog_proof_parse(data, len, &p, &err);

    if (rc != SIGNET_OK) {
        require_error(&err);
        return;
    }
    require(p.hashes.count <= TLOG_HASHES);
    if (tlog_check_inclusion(&p.hashes, p.number, p.checkpoint.size, leaf, p.checkpoint.root, &err))
        require_error(&err);
    if (tlog_check_consistency(&p.hashes, p.number, leaf, p.checkpoint.size, p.checkpoint.root,
                               &err))
        require_error(&err);
}

static void try_text(const uint8_t *data, size_t len, bool tree)
{
    char text[4000], again[TLOG_VKEY_SIZE];
    struct tlog_vkey key;
    struct tlog_tree t;
    struct buf out = {0};

    snprintf(text, sizeof(text), "%.*s", (int)(len > 3999 ? 3999 : len), (const char *)data);
    if (!tree && tlog_vkey_parse(text, &key, NULL) == SIGNET_OK) {
        tlog_vkey_print(&key, again);
        require(strcasecmp(text, again) == 0); /* hex in capitals is taken */
    }
    if (tree && len && tlog_tree_parse(text + 1, data[0], &t, NULL) == SIGNET_OK && t.size) {
        tlog_tree_print(&out, &t);
        require(out.len == strlen(text + 1) &&
                strncasecmp((char *)out.data, text + 1, out.len) == 0);
    }
    buf_free(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    if (!len)
        return 0;
    switch (data[0] % 5) {
    case 0:
        try_note(data + 1, len - 1);
        break;
    case 1:
    case 2:
        try_proof(data + 1, len - 1, data[0] % 5 == 2);
        break;
    case 3:
    case 4:
        try_text(data + 1, len - 1, data[0] % 5 == 4);
        break;
    }
    return 0;
}
