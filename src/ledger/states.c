/* SPDX-License-Identifier: Apache-2.0 */

/* The states of a device and the transitions between them: the only place that knows either. */

#include "ledger/store.h"

#define NAME(name, number, word) [number] = (word),
static const char *const names[] = {SIGNET_DEVICE_STATE_TABLE(NAME)};
_Static_assert(COUNT_OF(names) == SIGNET_DEVICE_STATES, "a state is not counted");

const char *signet_device_state_name(enum signet_device_state state)
{
    return (unsigned)state < SIGNET_DEVICE_STATES ? names[state] : "?";
}

int state_of_word(const char *word, size_t len)
{
    for (int i = 0; i < SIGNET_DEVICE_STATES; i++)
        if (text_is(word, len, names[i]))
            return i;
    return -1;
}

/* From verified and from writing to done: there are no servers to feed. From failed: rework. An
 * edition is retired once its credentials may have left the host. */
#define TO(name) (1U << SIGNET_DEVICE_##name)
#define ENDS     (TO(FAILED) | TO(VOID) | TO(RETIRED))
static const unsigned ways[SIGNET_DEVICE_STATES] = {
    [SIGNET_DEVICE_RESERVED] = TO(RESERVED) | TO(KEYED) | TO(WRITING) | TO(FAILED) | TO(VOID),
    [SIGNET_DEVICE_KEYED] = TO(KEYED) | TO(WRITING) | TO(FAILED) | TO(VOID),
    [SIGNET_DEVICE_WRITING] = TO(WRITING) | TO(WRITTEN) | TO(VERIFIED) | TO(DONE) | ENDS,
    [SIGNET_DEVICE_WRITTEN] = TO(WRITTEN) | TO(VERIFIED) | ENDS,
    [SIGNET_DEVICE_VERIFIED] = TO(VERIFIED) | TO(REGISTERED) | TO(DONE) | ENDS,
    [SIGNET_DEVICE_REGISTERED] = TO(REGISTERED) | TO(DONE) | ENDS,
    [SIGNET_DEVICE_DONE] = TO(VOID) | TO(RETIRED),
    [SIGNET_DEVICE_FAILED] = TO(RESERVED) | TO(VERIFIED) | TO(VOID) | TO(RETIRED),
    [SIGNET_DEVICE_VOID] = TO(RETIRED),
    [SIGNET_DEVICE_RETIRED] = 0,
};

bool state_may(enum signet_device_state from, enum signet_device_state to)
{
    return (unsigned)from < SIGNET_DEVICE_STATES && (unsigned)to < SIGNET_DEVICE_STATES &&
           (ways[from] >> to & 1U) != 0;
}
