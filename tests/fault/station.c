/* SPDX-License-Identifier: Apache-2.0 */
/* A station without boards, for tests/fault/postgres.py: drains an order with the public API only,
 * and stops when nothing is left to do. What the ledger said OK to goes into a journal, so that the
 * test can ask whether it is still there.
 * usage: signet_station LEDGER STATION NAMES QUOTA JOURNAL [clean] */
#include <errno.h>
#include <fcntl.h>
#include <signet/ledger.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

enum { BATCH = 24, ROUNDS = 20000 };

struct station {
    struct signet_ledger *ledger;
    int64_t order, names;
    int journal;
    bool clean; /* no failures, nothing void */
    unsigned seed;
};

static bool chance(struct station *s, unsigned of_thousand)
{
    return !s->clean && (unsigned)rand_r(&s->seed) % 1000 < of_thousand;
}

static void end(const struct signet_error *err, const char *what)
{
    fprintf(stderr, "station: %s: %s %s\n", what, signet_code_name(err->code), err->msg);
    exit(3);
}

/* Whether it was done; a lease that was lost is no error. */
static bool did(int rc, const struct signet_error *err, const char *what)
{
    if (rc != SIGNET_OK && rc != SIGNET_E_BUSY)
        end(err, what);
    return rc == SIGNET_OK;
}

static void note(const struct station *s, const char *endpoint, const char *what)
{
    char line[256];
    int n = snprintf(line, sizeof(line), "%s %s\n", endpoint, what);

    if (write(s->journal, line, (size_t)n) != n)
        abort();
}

static int name(void *ctx, int64_t index, char endpoint[152], struct signet_error *err)
{
    const struct station *s = ctx;

    if (index >= s->names) {
        err->code = SIGNET_E_NOT_FOUND;
        return SIGNET_E_NOT_FOUND;
    }
    snprintf(endpoint, 152, "urn:dev:os:%06lld", (long long)index);
    return SIGNET_OK;
}

/* Fingerprints as of keys that nobody has. */
static void make_up(char out[65])
{
    unsigned char bytes[32];

    if (getrandom(bytes, sizeof(bytes), 0) != (ssize_t)sizeof(bytes))
        abort();
    for (int i = 0; i < 32; i++)
        snprintf(out + (size_t)i * 2, 3, "%02x", bytes[i]);
}

static bool advance(const struct station *s, struct signet_lease *leases, size_t count,
                    enum signet_device_state to)
{
    struct signet_device_facts facts[BATCH] = {0};
    char psk[BATCH][65], hw[BATCH][160];
    struct signet_error err = {0};

    for (size_t i = 0; i < count; i++) {
        make_up(psk[i]);
        snprintf(hw[i], sizeof(hw[i]), "hw-%s", leases[i].endpoint);
        if (to == SIGNET_DEVICE_KEYED) {
            facts[i].psk_sha256 = psk[i];
            facts[i].psk_identity = leases[i].endpoint;
        }
        if (to == SIGNET_DEVICE_WRITING)
            facts[i].hw_id = hw[i];
    }
    bool with = to == SIGNET_DEVICE_KEYED || to == SIGNET_DEVICE_WRITING;
    if (!did(signet_ledger_advance_many(s->ledger, leases, count, to, with ? facts : NULL, &err),
             &err, "advance"))
        return false;
    for (size_t i = 0; i < count; i++)
        note(s, leases[i].endpoint, signet_device_state_name(to));
    return true;
}

/* Now and then something goes wrong with a device. True: it is out of this station's hands. */
static bool mishap(struct station *s, struct signet_lease *lease)
{
    const struct signet_error why = {.code = SIGNET_E_BOARD, .msg = "the board is broken"};
    struct signet_error err = {0};

    if (chance(s, 4)) {
        if (did(signet_ledger_void(s->ledger, lease->endpoint, "drawn by lot", &err), &err, "void"))
            note(s, lease->endpoint, "void");
        return true;
    }
    if (!chance(s, 10))
        return false;
    if (!did(signet_ledger_fail(s->ledger, lease, &why, &err), &err, "fail"))
        return true;
    note(s, lease->endpoint, "failed");
    if (chance(s, 700) &&
        did(signet_ledger_rework(s->ledger, lease->endpoint, &err), &err, "rework"))
        note(s, lease->endpoint, "rework");
    return true;
}

/* From wherever it is to verified, in the ways that are legal. */
static void make(struct station *s, struct signet_lease *lease)
{
    struct signet_error err = {0};

    while (lease->state < SIGNET_DEVICE_VERIFIED) {
        enum signet_device_state to = (enum signet_device_state)(lease->state + 1);
        if (mishap(s, lease))
            return;
        if (to == SIGNET_DEVICE_WRITTEN && chance(s, 500))
            to = SIGNET_DEVICE_VERIFIED;
        if (!advance(s, lease, 1, to))
            return;
    }
    did(signet_ledger_release(s->ledger, lease, &err), &err, "release");
}

static void make_batch(struct station *s, struct signet_lease *leases, size_t count)
{
    struct signet_error err = {0};
    struct signet_lease good[BATCH];
    size_t n = 0;

    for (size_t i = 0; i < count; i++)
        if (!mishap(s, &leases[i]))
            good[n++] = leases[i];
    for (int to = SIGNET_DEVICE_KEYED; n > 0 && to <= SIGNET_DEVICE_VERIFIED; to++)
        if (!advance(s, good, n, (enum signet_device_state)to))
            return;
    for (size_t i = 0; i < n; i++)
        did(signet_ledger_release(s->ledger, &good[i], &err), &err, "release");
}

/* Whether there was something to do. */
static bool take(struct station *s)
{
    const struct signet_ledger_names names = {.name = name, .ctx = s};
    struct signet_error err = {0};
    struct signet_lease leases[BATCH];
    size_t count = 0, max = s->clean || chance(s, 900) ? BATCH : 1;

    if (!did(signet_ledger_resume(s->ledger, s->order, "1", leases, BATCH, &count, &err), &err,
             "resume"))
        return true;
    for (size_t i = 0; i < count; i++)
        make(s, &leases[i]);
    if (count)
        return true;
    int rc =
        signet_ledger_reserve_next(s->ledger, s->order, "1", &names, leases, max, &count, &err);
    if (rc == SIGNET_E_QUOTA || rc == SIGNET_E_NOT_FOUND)
        return false;
    if (!did(rc, &err, "reserve"))
        return true;
    for (size_t i = 0; i < count; i++)
        note(s, leases[i].endpoint, "reserved");
    if (count == 1)
        make(s, &leases[0]);
    else
        make_batch(s, leases, count);
    return true;
}

static bool deliver(struct station *s, const char *server)
{
    struct signet_error err = {0}, outcomes[BATCH] = {0};
    struct signet_lease leases[BATCH];
    char what[64];
    size_t count = 0;
    int64_t after = 0;

    if (!did(
            signet_ledger_waiting(s->ledger, s->order, server, &after, leases, BATCH, &count, &err),
            &err, "waiting") ||
        !count)
        return false;
    snprintf(what, sizeof(what), "sent:%s", server);
    for (size_t i = 0; i < count; i++) {
        if (chance(s, 20)) {
            outcomes[i].code = SIGNET_E_BUSY;
        } else if (chance(s, 3)) {
            outcomes[i].code = SIGNET_E_SERVER;
            snprintf(outcomes[i].msg, sizeof(outcomes[i].msg), "no room");
        } else {
            note(s, leases[i].endpoint, what);
        }
    }
    did(signet_ledger_delivered(s->ledger, server, leases, count, outcomes, &err), &err,
        "delivered");
    return true;
}

static bool settle(struct station *s)
{
    static const char *const servers[] = {"coiote", "leshan"};
    struct signet_error err = {0};
    struct signet_lease leases[BATCH];
    size_t count = 0;

    if (!did(signet_ledger_settled(s->ledger, s->order, servers, 2, leases, BATCH, &count, &err),
             &err, "settled") ||
        !count)
        return false;
    advance(s, leases, count, SIGNET_DEVICE_DONE);
    return true;
}

/* All devices are done, failed or void. */
static bool is_over(const struct station *s)
{
    struct signet_error err = {0};
    int64_t states[SIGNET_DEVICE_STATES], open = 0;

    if (signet_ledger_states(s->ledger, s->order, states, &err) != SIGNET_OK)
        end(&err, "states");
    for (int i = 0; i < SIGNET_DEVICE_DONE; i++)
        open += states[i];
    return open == 0;
}

static void pause_a_moment(void)
{
    const struct timespec moment = {.tv_nsec = 50 * 1000 * 1000};

    nanosleep(&moment, NULL);
}

/* It does not answer, or went in the middle of the first words with it. */
static bool is_away(int rc, const struct signet_error *err)
{
    return rc == SIGNET_E_NET ||
           (rc == SIGNET_E_LEDGER && strstr(err->msg, "database server is away"));
}

int main(int argc, char **argv)
{
    struct signet_error err = {0};

    if (argc < 6)
        return 2;
    const struct signet_ledger_options options = {.station = argv[2], .operator_name = "lot"};
    struct station s = {.names = strtoll(argv[3], NULL, 10),
                        .clean = argc > 6,
                        .journal = open(argv[5], O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600)};
    if (s.journal < 0 || getrandom(&s.seed, sizeof(s.seed), 0) < 0)
        return 2;
    int rc = signet_ledger_open(&s.ledger, argv[1], &options, &err);
    for (int i = 0; is_away(rc, &err) && i < 600; i++) { /* as whoever restarts a station would */
        pause_a_moment();
        rc = signet_ledger_open(&s.ledger, argv[1], &options, &err);
    }
    if (rc != SIGNET_OK)
        end(&err, "open");
    if (signet_ledger_order(s.ledger, "o", "h", strtoll(argv[4], NULL, 10), &s.order, &err) ||
        signet_ledger_recover(s.ledger, s.order, &err))
        end(&err, "order");
    for (int round = 0; round < ROUNDS; round++) {
        bool more = take(&s);
        more = deliver(&s, "coiote") || more;
        more = deliver(&s, "leshan") || more;
        more = settle(&s) || more;
        if (!more && is_over(&s)) {
            signet_ledger_close(&s.ledger);
            return 0;
        }
        if (!more)
            pause_a_moment();
    }
    fprintf(stderr, "station: never came to an end\n");
    return 4;
}
