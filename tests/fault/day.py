#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Days at a line, out of seeds (_day.py): boards that come back, wrong trays, ports that go for a moment, orders that are started
again, kills, servers that are away, rework (also where a board stands). After each nobody's finished board was harmed, and all that was counted agrees.
Fifty days, the same each time. SIGNET_SEED=N: that day alone, and its log; SIGNET_TORTURE=N: that many others; SIGNET_JOBS=N: so many at a time.
Days with an odd number have their ledger on PostgreSQL, where that is installed."""
import concurrent.futures, os, random, shutil, sys, tempfile, time
import _postgres
from _day import counted, live

DAYS = int(os.environ.get('SIGNET_TORTURE') or 50)
JOBS = int(os.environ.get('SIGNET_JOBS') or 16)


def one(seed, server):
    folder = tempfile.mkdtemp(prefix='signet-day-')
    name = f'day{seed}' if server and seed % 2 and not os.environ.get("NOPG") else None
    wrong = live(seed, folder, server.create(name) if name else None)
    if name:
        server.sql(f'DROP DATABASE {name} WITH (FORCE)')
    if wrong:
        return f'{wrong}\n{folder} has what is left of it; SIGNET_SEED={seed} repeats it'
    shutil.rmtree(folder)
    return None


def twice(seed, server):
    """When what happens is not all in the seed, a day may end otherwise: in the short form it is lived once more, and told."""
    wrong = one(seed, server)
    if not wrong or 'SIGNET_TORTURE' in os.environ or 'SIGNET_SEED' in os.environ:
        return wrong
    print(f'{wrong}\nonce more:')
    return one(seed, server)


def main(server):
    begin, seed = time.monotonic(), os.environ.get('SIGNET_SEED')
    first = int(seed or 1) if seed or 'SIGNET_TORTURE' not in os.environ else random.SystemRandom().randrange(1 << 30)
    failed = []
    with concurrent.futures.ThreadPoolExecutor(JOBS) as pool:
        for n, wrong in enumerate(pool.map(lambda i: twice(first + i, server), range(1 if seed else DAYS)), 1):
            failed += [wrong] if wrong else []
            if n % 100 == 0 or wrong:  # a long run that is ended early has said what it found
                print(f'{n} days from {first}, {len(failed)} failed, {time.monotonic() - begin:.0f} s', wrong or '', flush=True)
    print(f'{1 if seed else DAYS} days from {first}, {len(failed)} failed, {time.monotonic() - begin:.1f} s')
    print(', '.join(f'{n} {what}' for what, n in counted.most_common()))
    if failed:
        sys.exit('\n\n'.join(failed[:5]))


binaries = _postgres.binaries()
if binaries:
    with _postgres.Server(binaries, fsync='off', max_connections='200') as server:
        main(server)
else:
    main(None)
