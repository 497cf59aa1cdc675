#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Kill -9 at every place before and after an effect, at random moments, and while recovering; after each,
the invariants hold, and the order comes to its end. Three halls: boards with PSKs, two servers and a proof;
names from a pattern, so that any identity could go to any board; certificates, with a server that is away at
first. SIGNET_TORTURE=N: N random kills and every failpoint in every hall (scripts/torture), shared by
SIGNET_JOBS processes with halls of their own; else a short form."""
import os, random, re, shutil, subprocess, sys, tempfile, time
from _coiote import Coiote
from _hall import Hall
from _signet import Broken, need

LONG = int(os.environ.get('SIGNET_TORTURE') or 0)
PART, PARTS = (int(n) for n in os.environ.get('SIGNET_PART', '0/1').split('/'))
SHORT_SECONDS = 25
counted = {'failpoints': 0, 'random': 0, 'compound': 0, 'killed': 0}


def open_halls(folder):
    def make(name):
        os.makedirs(os.path.join(folder, name))
        return os.path.join(folder, name)
    psk, named, certs = make('psk'), make('named'), make('certs')
    return [Hall(psk, server=Coiote(psk), prove=True), Hall(named, pattern=True),
            Hall(certs, server=Coiote(certs), certs=True)]


def failpoints(hall):
    """Every place that a run without faults passes, in order."""
    listing, order = hall.at('failpoints'), hall.order(hall.slots)
    need(hall.run(order, listing=listing) == 0, 'a run without faults fails')
    hall.check()
    with open(listing) as f:
        return list(dict.fromkeys(f.read().split()))


def kill_once(hall, kind, failpoint=None, after=None, again=None):
    """One order with a kill in it, or two: again kills the recovery."""
    hall.operator()
    order = hall.order(hall.slots)
    if hall.server:
        hall.server.down = random.random() < (0.7 if hall.certs else 0.2)
    killed = hall.run(order, failpoint=failpoint, after=after) == -9
    hall.check()
    if again is not None:
        hall.operator()
        killed = hall.run(order, after=again) == -9 or killed
        hall.check()
    if hall.server:
        hall.server.down = False
    hall.finish(order)
    counted[kind] += 1
    counted['killed'] += killed


def one_run_seconds(hall):
    hall.operator()
    begin = time.monotonic()
    need(hall.run(hall.order(hall.slots)) == 0, 'a run without faults fails')
    return time.monotonic() - begin


def torture(halls, seed):
    begin = time.monotonic()
    places = [(h, p) for h in halls for p in failpoints(h)]
    places = places[PART::PARTS]
    if not LONG:  # each place once, in one of the halls, as far as the time goes
        random.shuffle(places)
        places = list({p: (h, p) for h, p in places}.values())
    for hall, place in places:
        if not LONG and time.monotonic() - begin > SHORT_SECONDS:
            break
        kill_once(hall, 'failpoints', failpoint=f'{place}:{random.randint(1, 2)}')
    usual = {id(h): one_run_seconds(h) for h in halls}
    for i in range(LONG // PARTS or 3):
        hall = random.choice(halls)
        kill_once(hall, 'random', after=random.uniform(0, usual[id(hall)]))
    for i in range(LONG // 5 // PARTS or 3):
        hall = random.choice(halls)
        kill_once(hall, 'compound', after=random.uniform(0, usual[id(hall)]),
                  again=random.uniform(0, usual[id(hall)] / 2))
    print(f'torture: seed {seed}: ' + ', '.join(f'{v} {k}' for k, v in counted.items()))
    need(counted['killed'] > 0, 'nothing was ever killed')


def in_parts(jobs):
    """Mostly a hall waits: several of them find work for all processors."""
    parts = [subprocess.Popen([sys.executable, __file__], env=dict(os.environ, SIGNET_PART=f'{i}/{jobs}'),
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) for i in range(jobs)]
    said = [p.communicate()[0] for p in parts]
    print(''.join(said))
    sum_of = {k: sum(int(n) for text in said for n in re.findall(rf'(\d+) {k}\b', text.splitlines()[-1])) for k in counted}
    print(f'torture, all {jobs} parts: ' + ', '.join(f'{v} {k}' for k, v in sum_of.items()))
    sys.exit(any(p.returncode for p in parts))


def main():
    jobs = int(os.environ.get('SIGNET_JOBS') or 4)
    if LONG and jobs > 1 and 'SIGNET_PART' not in os.environ:
        in_parts(jobs)
    seed = int(os.environ.get('SIGNET_SEED') or random.SystemRandom().randrange(1 << 32))
    random.seed(seed)
    folder, halls = tempfile.mkdtemp(prefix='signet-torture-'), []
    try:
        halls = open_halls(folder)
        torture(halls, seed)
    except (Broken, subprocess.SubprocessError) as e:
        for hall in halls:
            if os.path.exists(hall.at('log')):
                with open(hall.at('log'), errors='replace') as f:
                    print(f'--- {hall.folder}\n' + ''.join(f.readlines()[-25:]))
        folder = None  # kept for whoever looks into it
        sys.exit(f'torture: FAILED, seed {seed}, after {counted}: {e}')
    finally:
        for hall in halls:
            hall.close()
            if hall.server:
                hall.server.__exit__()
        if folder:
            shutil.rmtree(folder)


main()
