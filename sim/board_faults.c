/* SPDX-License-Identifier: Apache-2.0 */
#include "board.h"

#include <stdlib.h>
#include <string.h>

static const struct fault {
    const char *name, *summary;
    size_t offset;
    double usual; /* when no value is given */
    double max;
} faults[] = {
#define FAULT(name, field, usual, max, summary)                                                    \
    {                                                                                              \
        name, summary, offsetof(struct sim_faults, field), usual, max                              \
    }
    FAULT("drop-tx", drop_tx, 40, 1e9, "every Nth line from the board is lost"),
    FAULT("drop-rx", drop_rx, 40, 1e9, "every Nth line to the board is lost"),
    FAULT("dup", dup, 7, 1e9, "every Nth line comes twice, either way"),
    FAULT("lose", lose, 0.025, 1, "a line is lost, either way, at this rate"),
    FAULT("repeat", repeat, 0.01, 1, "a line comes twice, either way, at this rate"),
    FAULT("lag", lag, 50, 1e5, "now and then the line stands for up to this many milliseconds"),
    FAULT("flip", flip, 1e-4, 1, "a bit of a byte flips, at this rate"),
    FAULT("insert", insert, 1e-4, 1, "a stray byte comes in, at this rate"),
    FAULT("delete", delete, 1e-4, 1, "a byte is lost, at this rate"),
    FAULT("delay", delay, 50, 1e5, "each answer takes this many milliseconds more"),
    FAULT("late", late, 2500, 1e5, "every fifth answer takes this many milliseconds more"),
    FAULT("stall", stall, 14, 1e3, "stands still for this many seconds at the third chunk"),
    FAULT("log-noise", log_noise, 1, 1, "log text between and inside the lines of answers"),
    FAULT("split", split, 1, 1, "answers come a few bytes at a time"),
    FAULT("wrong-seq", wrong_seq, 3, 1e9, "every Nth answer has another sequence number"),
    FAULT("oversize", oversize, 3, 1e9, "an endless frame comes before every Nth answer"),
    FAULT("garbage", garbage, 1, 1e9, "random bytes come before every Nth answer"),
    FAULT("assert", assert_dies, 2, 1e9, "dies at the Nth chunk"),
    FAULT("restart", restart, 2, 1e9,
          "starts again at the Nth chunk, or command at its console, once"),
    FAULT("takes-empty", takes_empty, 1, 1, "an empty packet is a good one to it"),
    FAULT("unplug-after", unplug_after, 4096, 1e12, "the port goes away after this many bytes"),
    FAULT("never-ready", never_ready, 1, 1, "never says that it is ready"),
    FAULT("result", result, -1, -1, "result=-1: refuses whatever packet it gets"),
    FAULT("hang-on-full-ring", hang_on_full_ring, 1, 1, "hangs once 512 bytes have come in"),
    FAULT("no-heap", no_heap, 1, 1, "has no room for keys and credentials"),
    FAULT("forgets", forgets, 1, 1, "says that it has a credential, and keeps none"),
    FAULT("keeps-key", keeps_key, 1, 1, "a shell that deletes no key"),
    FAULT("wrong-key", wrong_key, 1, 1, "the signature of its certificate request is another one"),
    FAULT("wrong-attest", wrong_attest, 1, 3,
          "attests another request than it sent; 2: another security tag; 3: for another chip"),
    FAULT("wrong-type", wrong_type, 1, 1, "lists a credential under another type"),
    FAULT("wrong-nonce", wrong_nonce, 1, 1, "attests its identity with another nonce"),
    FAULT("online", online, 1, 1, "a modem that does not go offline"),
    FAULT("power-warning", power_warning, 2, 1e9, "every Nth credential is refused with a warning"),
    FAULT("echo", echo, 1, 1, "repeats AT commands"),
    FAULT("slow-boot", slow_boot, 800, 1e5, "silent for this many milliseconds after a reset"),
    FAULT("heals", heals, 2, 1e9, "from its Nth reset on, all of this is over"),
};
#define COUNT COUNT_OF(faults)

const char *sim_board_fault_name(size_t i)
{
    return i < COUNT ? faults[i].name : NULL;
}

const char *sim_board_fault_summary(size_t i)
{
    return i < COUNT ? faults[i].summary : NULL;
}

static const struct fault *find(const char *name, size_t len)
{
    for (size_t i = 0; i < COUNT; i++)
        if (strlen(faults[i].name) == len && memcmp(faults[i].name, name, len) == 0)
            return &faults[i];
    return NULL;
}

static int unknown(const char *word, size_t len, struct signet_error *err)
{
    const char *names[COUNT], *near;
    char copy[64];

    for (size_t i = 0; i < COUNT; i++)
        names[i] = faults[i].name;
    memcpy(copy, word, len < sizeof(copy) - 1 ? len : sizeof(copy) - 1);
    copy[len < sizeof(copy) - 1 ? len : sizeof(copy) - 1] = '\0';
    error_set(err, SIGNET_E_USAGE, "no such misbehaviour: %s", copy);
    near = signet_word_nearest(copy, names, COUNT);
    if (near)
        error_hint(err, "did you mean %s?", near);
    else
        error_hint(err, "`signet sim board --misbehaviours` lists them");
    return SIGNET_E_USAGE;
}

int faults_parse(struct sim_faults *out, const char *text, struct signet_error *err)
{
    *out = (struct sim_faults){0};
    while (text && *text) {
        size_t len = strcspn(text, ","), name = strcspn(text, ",=");
        const struct fault *fault = find(text, name);
        double value;
        char *end;

        if (!fault)
            return unknown(text, name, err);
        value = fault->usual;
        if (name < len) {
            value = strtod(text + name + 1, &end);
            if (name + 1 == len || end != text + len ||
                (fault->max < 0 ? value != fault->max : !(value >= 0 && value <= fault->max)))
                return error_set_hint(err, SIGNET_E_USAGE,
                                      "a number, as `signet sim board --misbehaviours` says",
                                      "misbehaviour %s: '%.*s' is no value for it", fault->name,
                                      (int)(len - name - 1), text + name + 1);
        }
        memcpy((char *)out + fault->offset, &value, sizeof(value));
        text += len + (text[len] == ',');
    }
    return SIGNET_OK;
}
