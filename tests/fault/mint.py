#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Minting under kill -9: at every place before and after an effect, at random moments, while recovering, with
several stations; and with disks that are full, read-only, or not there, and files that somebody changed. After
each, what holds at any moment holds, and the order comes to its end with each device exactly once.
SIGNET_TORTURE=N: N random kills (scripts/torture); else a short form."""
import json, os, random, shutil, subprocess, sys, tempfile, time
from _coiote import TOKEN, Coiote
from _mint import House
from _postgres import Server as Database, binaries
from _signet import DONE, REGISTERED, SIGNET, STATES, TORTURE, VERIFIED, VOID, WRITING, Broken, need

LONG = int(os.environ.get('SIGNET_TORTURE') or 0)
QUOTA = 150  # five batches or so
SHORT_SECONDS = 25
counted = {'failpoints': 0, 'random': 0, 'compound': 0, 'stations': 0, 'killed': 0}


class Yard:
    """Orders of one shape, one after another."""
    def __init__(self, folder, packets, records, certs=False, served=False):
        os.makedirs(folder)
        self.server = Coiote(folder) if served else None
        self.house = House(folder, certs=certs, server=self.server.ca if served else None, token=TOKEN)
        if served:
            self.server.info(folder)
        self.packets, self.records, self.count = packets, records, 0

    def order(self, quota=QUOTA, **more):
        self.count += 1
        self.name = f'o{self.count}'
        self.out = self.packets.replace('*', self.name)
        self.rec = self.records and self.records.replace('*', self.name)
        self.quota, self.more = quota, more
        self.file = self.house.order(self.name, quota, packets=self.out, records=self.rec, **more)

    def run(self, **how):
        code, out = self.house.run(self.file, program=TORTURE, **how)
        need(code in (0, 1, 3, -9), f'exit {code}: {out}')
        self.said = out
        if code == -9:
            counted['killed'] += 1
        self.house.check(self.name, [self.out])
        self.check_server()
        return code

    def check_server(self, whole=False):
        if not self.server:
            return
        devices = self.house.devices(self.name)
        there = set(self.server.names())
        for name, d in devices.items():
            need(d['state'] not in (REGISTERED, DONE) or name in there, f'{name} is done, and the server does not know it')
            need(name not in there or d['state'] >= VERIFIED, f'{name} is at the server too early')
        need(not whole or set(devices) <= there, 'the server has not all of them')

    def finish(self):
        for _ in range(3):
            if self.run() == 0:
                break
        self.house.check(self.name, [self.out], self.quota, [self.rec] if self.rec else None)
        self.check_server(whole=True)


def yards(folder):
    at = lambda name: os.path.join(folder, name)
    return [Yard(at('file'), '*.ndjson', '*.csv'), Yard(at('folder'), '*/', '*-records.ndjson', certs=True),
            Yard(at('served'), '*.ndjson', '*.csv', served=True)]


def kill_once(yard, kind, failpoint=None, after=None, again=None):
    yard.order()
    if yard.server:
        yard.server.down = random.random() < 0.5
    yard.run(failpoint=failpoint, after=after)
    if again is not None:  # the recovery is killed, too
        yard.run(**again)
    if yard.server:
        yard.server.down = False
    yard.finish()
    counted[kind] += 1


def places_of(yard):
    listing = yard.house.at('failpoints')
    yard.order()
    yard.run(listing=listing)
    yard.finish()
    with open(listing) as f:
        return list(dict.fromkeys(f.read().split()))


def kills(folder):
    all_yards = yards(folder)
    places = [(y, p) for y in all_yards for p in places_of(y)]
    need(len({p for _, p in places}) >= 20, places)
    begin = time.monotonic()
    if not LONG:  # each place once, in one of the yards, as far as the time goes
        random.shuffle(places)
        places = list({p: (y, p) for y, p in places}.values())
    for yard, place in places:
        if not LONG and time.monotonic() - begin > SHORT_SECONDS:
            break
        for n in (1, 2, 4) if LONG else (random.choice((1, 2, 3, 4)),):
            kill_once(yard, 'failpoints', failpoint=f'{place}:{n}')
        if LONG or random.random() < 0.4:
            kill_once(yard, 'compound', failpoint=f'{place}:2', again={'failpoint': f'{random.choice(places)[1]}:1'})
    usual = {}
    for yard in all_yards:
        begin = time.monotonic()
        yard.order()
        yard.finish()
        usual[id(yard)] = time.monotonic() - begin
    for _ in range(LONG or 3):
        yard = random.choice(all_yards)
        kill_once(yard, 'random', after=random.uniform(0, usual[id(yard)]))
        kill_once(yard, 'compound', after=random.uniform(0, usual[id(yard)]),
                  again={'after': random.uniform(0, usual[id(yard)])})
    for yard in all_yards:
        if yard.server:
            yard.server.__exit__()


def stations(folder, database=None, quota=3000):
    """Three at one ledger, killed again and again; the quota comes out to the device."""
    h = House(folder)
    h.database = database
    for turn in range(LONG // 10 or 2):
        name, names = f's{turn}', 'ABC'
        files = {s: h.order(name, quota, packets=f'{name}{s}.ndjson', station=s, file=f'{s}.yaml', work=f'work-{s}')
                 for s in names}
        running = {s: h.start(f, program=TORTURE) for s, f in files.items()}
        for _ in range(6):
            time.sleep(random.uniform(0.01, 0.1))
            s = random.choice(names)
            running[s].kill()
            counted['killed'] += running[s].wait() == -9
            running[s].stdout.close()
            running[s] = h.start(files[s], program=TORTURE)
        said = [p.communicate(timeout=120)[0] for p in running.values()]
        for _ in range(2):  # what a killed one had in hand comes back when that station starts
            said += [h.run(files[s])[1] for s in names]
        try:
            h.check(name, [f'{name}{s}.ndjson' for s in names], quota, works=[f'work-{s}' for s in names])
        except Broken as e:
            raise Broken(f'{e}; they said: ' + ' | '.join(said))
        counted['stations'] += 1


def postgres(folder):
    """The same with the ledger in PostgreSQL."""
    if not binaries():
        return 'skipped: PostgreSQL is not installed'
    with Database(binaries()) as server:
        stations(folder, (server, 'mint', server.create('mint')), 1500)


def full_disk(folder):
    """A disk of one MiB for the output; the ledger has another."""
    if os.geteuid() != 0:
        return 'skipped: mounting needs root'
    disk = os.path.join(folder, 'disk')
    os.makedirs(disk)
    p = subprocess.run(['mount', '-t', 'tmpfs', '-o', 'size=1m,mode=700', 'tmpfs', disk], capture_output=True, text=True)
    if p.returncode:
        return 'skipped: no tmpfs can be mounted here'
    try:
        for packets in ('disk/p.ndjson', 'disk/p/'):
            h = House(folder)
            order = h.order('full' + packets[-1].strip('/'), 4000, packets=packets)
            name = 'full' + packets[-1].strip('/')
            code, out = h.run(order)
            need(code == 1 and 'No space left' in out, f'exit {code}: {out}')
            h.check(name, [packets])
            code, out = h.run(order)  # still full
            need(code == 1 and 'No space left' in out, f'exit {code}: {out}')
            h.check(name, [packets])
            subprocess.run(['mount', '-o', 'remount,size=64m', disk], check=True)
            need(h.run(order)[0] == 0, 'not gone on with')
            h.check(name, [packets], 4000)
            subprocess.run(['mount', '-o', 'remount,ro', disk], check=True)
            code, out = h.run(h.order(name, 4100, packets=packets))
            need(code == 1 and 'Read-only' in out, f'exit {code}: {out}')
            subprocess.run(['mount', '-o', 'remount,rw', disk], check=True)
            need(h.run(h.order(name, 4100, packets=packets))[0] == 0, 'not gone on with')
            h.check(name, [packets], 4100)
            shutil.rmtree(os.path.join(folder, packets)) if packets[-1] == '/' else os.remove(h.at(packets))
            subprocess.run(['mount', '-o', 'remount,size=1m', disk], check=True)
    finally:
        subprocess.run(['umount', disk], check=True)
    return 'ok'


def changed(folder):
    """Killed with batches half written; then somebody changes the output. Batches come to the output and to the mark in
    the order of their numbers, so that it is known what is final at each place, on any disk: nothing yet; the first
    batch, while the second is in the output; the first two, and perhaps nothing more."""
    h = House(folder)
    everywhere = {'changed', 'end was changed', 'added'}
    for name, point, noticed in (('first', 'between-append:1', everywhere), ('half', 'before-mark:2', everywhere | {'shorter'}),
                                 ('whole', 'after-mark:2', everywhere | {'shorter'})):
        order = h.order(name, 400, packets=f'{name}.ndjson', records=f'{name}.csv')
        need(h.run(order, program=TORTURE, failpoint=point)[0] == -9, f'not killed at {point}')
        path = h.at(f'{name}.ndjson')
        whole = open(path, 'rb').read()
        need(len(whole) > 3000, len(whole))
        for what, data in (('shorter', whole[:40]), ('changed', whole.replace(b'"packet"', b'"pocket"', 1)),
                           ('end was changed', whole[:-9] + b'xxxxxxxxx'), ('added', whole + b'{"endpoint": "urn:x"}\n' * 900)):
            if what not in noticed:
                continue  # what is not final may be missing
            with open(path, 'wb') as f:
                f.write(data)
            code, out = h.run(order)
            need(code == 1 and f'{name}.ndjson' in out and 'not as the run before left it' in out, f'{point}, {what}: {code} {out}')
            need(open(path, 'rb').read() == data, f'{point}, {what}: a file that was changed was written')
        with open(path, 'wb') as f:
            f.write(whole)
        os.rename(path, path + '.away')
        code, out = h.run(order)
        need((code == 1 and 'is gone' in out) if name != 'first' else code == 0, f'{point}, gone: {code} {out}')
        if name != 'first':
            os.rename(path + '.away', path)
        if name == 'half':
            code, out = h.run(h.order(name, 400, packets='other.ndjson', records=f'{name}.csv'))
            need(code == 1 and 'cut off' in out, f'{point}, another file: {code} {out}')
            need(not os.path.exists(h.at('other.ndjson')), f'{point}: the other file was made')
            order = h.order(name, 400, packets=f'{name}.ndjson', records=f'{name}.csv')
        code, out = h.run(order)
        need(code == 0, out)
        h.check(name, [f'{name}.ndjson'], 400, [f'{name}.csv'])


def void(h, name):
    subprocess.run([SIGNET, 'ledger', 'void', '--force', h.at('ledger.db'), name, '--reason', 'a test'], check=True,
                   capture_output=True)


def marked(h, where):
    """The devices up to the mark of the state file: these lines are final, whatever the ledger says of them."""
    state = next(n for n in os.listdir(h.at('work')) if n.startswith('mint-') and n.endswith('.state'))
    with open(h.at('work', state)) as f:
        size = next(int(line.split()[1]) for line in f if line.startswith('packets '))
    with open(h.at(where), 'rb') as f:
        return {json.loads(line)['endpoint'] for line in f.read(size).splitlines()}


def voided(folder):
    """After a kill a device becomes void. It is left out if its line was not final, which a batch's lines are once they are
    marked; the ledger says so a moment later, so that a device that is writing may be on either side."""
    for name, point, final in (('a', 'after-append:2', False), ('b', 'after-mark:1', True)):
        os.mkdir(os.path.join(folder, name))
        h = House(os.path.join(folder, name))
        order = h.order('v', 200, records='v.csv')
        need(h.run(order, program=TORTURE, failpoint=point)[0] == -9, 'not killed')
        there = marked(h, 'packets.ndjson')
        victim = next((n for n, d in h.devices('v').items() if d['state'] == WRITING and (n in there) == final), None)
        need(victim, f'{point}: there is none that is writing and {"" if final else "not "}marked')
        void(h, victim)
        said = h.run(order)[1]
        need('1 device is void' in said, said)
        out, devices = h.packets('packets.ndjson'), h.devices('v')
        need((victim in out) == final, f'{victim} is void, and {"not " if final else ""}in the output')
        need(set(out) - {victim} == {n for n, d in devices.items() if d['state'] == DONE}, 'others are missing')
        need(len(out) == 199 + final and set(h.records('v.csv')) == set(out), len(out))
        h.verify()


def voided_meanwhile(folder):
    """The same while a run is at work: the other devices go on."""
    for point, state, served in (('before-writing:2', 0, False), ('before-done:2', WRITING, False),
                                 ('before-verified:2', WRITING, True)):
        yard = Yard(os.path.join(folder, point[:-2]), '*.ndjson', '*.csv', served=served)
        yard.order()
        h = yard.house
        h.write('void.sh', f"""set -e
name=$('{SIGNET}' ledger list '{h.at('ledger.db')}' --state {STATES[state]} | tail -n 1 | cut -d ' ' -f 1)
'{SIGNET}' ledger void --force '{h.at('ledger.db')}' "$name" --reason test
echo "$name" > '{h.at('victim')}'
""")
        os.environ['SIGNET_FAILPOINT_RUN'] = f"sh '{h.at('void.sh')}' >'{h.at('void.log')}' 2>&1"
        code, said = h.run(yard.file, program=TORTURE, failpoint=point)
        del os.environ['SIGNET_FAILPOINT_RUN']
        with open(h.at('victim')) as f:
            victim = f.read().strip()
        need('1 of a batch left out' in said and 'error:' not in said, said)
        devices, out = h.devices(yard.name), h.packets(yard.out)
        done = {n for n, d in devices.items() if d['state'] == DONE}
        # A name that never left the host is given out again; a line that is written is not taken back. A device that
        # was reserved when it was listed may be in the hands of the other lane, which writes it before it is void.
        gone = devices[victim]['state'] == VOID
        need(devices[victim]['exposed'] if gone else not state, f'{point}: {dict(devices[victim])}')
        need(len(done) == QUOTA - gone and code == 0, f'{point}: {len(done)}, exit {code}: {said}')
        need(set(out) - {victim} == done - {victim} and (victim in out or gone > bool(state)), f'{point}: {len(out)} in the output')
        need(not [n for n in os.listdir(h.at('work')) if n.endswith('.sealed')], f'{point}: something is sealed yet')
        h.verify()
        if yard.server:
            yard.server.__exit__()


def main():
    seed = int(os.environ.get('SIGNET_SEED') or random.SystemRandom().randrange(1 << 32))
    random.seed(seed)
    for test in (changed, voided, voided_meanwhile, full_disk, stations, postgres, kills):
        if len(sys.argv) > 1 and test.__name__ not in sys.argv:
            continue
        folder, begin = tempfile.mkdtemp(prefix='signet-mint-'), time.monotonic()
        try:
            if test is kills:
                os.rmdir(folder)
            said = test(folder) or 'ok'
        except (Broken, subprocess.SubprocessError) as e:
            sys.exit(f'mint: {test.__name__}: FAILED, seed {seed}, see {folder}: {e}')
        shutil.rmtree(folder)
        print(f'{test.__name__}: {said}, {time.monotonic() - begin:.1f} s', flush=True)
    need(counted['killed'] > 8 or len(sys.argv) > 1, f'too little was killed: {counted}')
    print(f'mint: seed {seed}: ' + ', '.join(f'{v} {k}' for k, v in counted.items()))


main()
