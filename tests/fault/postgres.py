#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Eight stations drain one order in one ledger, PostgreSQL of our own or an SQLite file, while they are
killed, their connections ended and the database server thrown over: every name once, nothing that was
said to be recorded is lost, nothing twice. Then the doors of a server: away, full, not ours, too old.
SIGNET_TORTURE=N (scripts/torture): ten times as many, and a server that stays away for longer than patience
lasts. SIGNET_STATIONS_DEVICES=N: another size than 600."""
import os, random, shutil, signal, sqlite3, subprocess, tempfile, time
from _postgres import Between, Server, binaries_or_skip
from _signet import BUILD, DONE, FAILED, SIGNET, STATES, VOID, need

STATION = os.path.join(BUILD, 'tests', 'signet_station')
LONG = bool(os.environ.get('SIGNET_TORTURE'))
DEVICES = int(os.environ.get('SIGNET_STATIONS_DEVICES') or (100000 if LONG else 600))
SERVERS = ('coiote', 'leshan')


class File:
    """An SQLite ledger, with the calls of _postgres.Server."""
    def __init__(self, path):
        self.path = path

    def sql(self, text, name=None):
        db = sqlite3.connect(self.path, timeout=60)
        try:
            return [['' if v is None else str(v) for v in row] for row in db.execute(text)]
        finally:
            db.close()


class Stations:
    """Eight processes, each brought back as long as it dies of our hands."""
    def __init__(self, folder, ledger, names, quota, count=8, extra=()):
        self.folder, self.ledger, self.deaths = folder, ledger, 0
        self.tail = [str(names), str(quota)]
        self.extra = list(extra)
        self.running = {}
        for i in range(1, count + 1):
            self.start(f'S{i}')

    def start(self, name):
        with open(os.path.join(self.folder, name + '.err'), 'a') as err:
            self.running[name] = subprocess.Popen(
                [STATION, self.ledger, name, *self.tail, os.path.join(self.folder, name), *self.extra], stderr=err)

    def kill_one(self):
        name, p = random.choice(list(self.running.items()))
        p.send_signal(signal.SIGKILL)
        if p.wait() == -signal.SIGKILL:
            self.deaths += 1
            self.start(name)

    def poll(self):
        """Whether some are still at work."""
        for name, p in list(self.running.items()):
            if p.poll() is not None:
                with open(os.path.join(self.folder, name + '.err')) as f:
                    need(p.returncode == 0, f'station {name} ended with {p.returncode}: {f.read()}')
                del self.running[name]
        return bool(self.running)

    def end(self):
        for p in self.running.values():
            p.kill()
            p.wait()

    def journal(self):
        """What the ledger said OK to: how often for each endpoint and word."""
        said = {}
        for name in os.listdir(self.folder):
            if name.endswith('.err'):
                continue
            with open(os.path.join(self.folder, name)) as f:
                for line in f:
                    endpoint, word = line.split()
                    said[endpoint, word] = said.get((endpoint, word), 0) + 1
        return said


def verify(ledger):
    p = subprocess.run([SIGNET, 'ledger', 'verify', ledger], capture_output=True, text=True)
    need(p.returncode == 0 and 'unbroken' in p.stdout, f'verify: {p.stdout}{p.stderr}')


def check_history(endpoint, words):
    """Each state once and in order, within an attempt."""
    at, attempt = -1, 1
    for word in words:
        if word in STATES[:DONE + 1]:
            state = STATES.index(word)
            ways = {-1: (0,), 0: (1, 2), 1: (2,), 2: (3, 4), 3: (4,), 4: (5,), 5: (6,)}
            need(state in ways.get(at, ()), f'{endpoint}: {words}')
            at = state
        elif word == 'failed':
            need(at < DONE, f'{endpoint}: {words}')
            before, at = at, FAILED
        elif word == 'rework':
            need(at == FAILED, f'{endpoint}: {words}')
            at, attempt = (4 if before >= 4 else 0), attempt + 1
        elif word == 'void':
            at = VOID
        else:
            need(word in ('resumed', 'delivered', 'refused'), f'{endpoint}: {words}')
    return at, attempt


def check_order(db, name, ledger, count, quota, said):
    """What must be true of an order that was worked off."""
    rows = db.sql('SELECT id, endpoint, number, state, freed, attempt FROM devices ORDER BY id', name)
    live = [r for r in rows if r[4] == '0']
    need(len(live) == quota, f'{len(live)} devices, not {quota}')
    need(len({r[1] for r in live}) == quota and len({r[2] for r in live}) == quota, 'a name is there twice')
    if count == quota:
        need({int(r[2]) for r in live} == set(range(count)), 'a number is missing')
    need(all(r[3] in ('6', '7', '8') for r in live), 'a device is open')
    (issued, top), = db.sql('SELECT issued, quota FROM orders', name)
    need(int(issued) == quota == int(top), f'{issued} issued')
    history, endpoint_of = {}, {r[0]: r[1] for r in rows}
    for device, kind, detail in db.sql(
            'SELECT device, kind, detail FROM events WHERE device > 0 ORDER BY device, n', name):
        history.setdefault(device, []).append((kind, detail))
    counted = {}
    for r in rows:
        events = history.pop(r[0])
        at, attempt = check_history(r[1], [k for k, _ in events])
        need(at == int(r[3]) and attempt == int(r[5]), f'{r[1]}: {r} after {events}')
        sent = [d for k, d in events if k == 'delivered']
        need(len(sent) == len(set(sent)), f'{r[1]} was delivered twice: {events}')
        need(at != DONE or sorted(sent) == sorted(SERVERS), f'{r[1]}: done, but delivered to {sent}')
        for kind, detail in events:
            word = 'sent:' + detail if kind == 'delivered' else kind
            counted[r[1], word] = counted.get((r[1], word), 0) + 1
    need(not history, f'events of nobody: {history}')
    for (endpoint, word), times in said.items():
        has = counted.get((endpoint, word), 0)  # what was sent may not have been reported any more
        need(has >= times or word.startswith('sent:'),
             f'{endpoint}: {word} was reported {times} times, recorded {has} times')
    keys = db.sql("SELECT count(*), count(DISTINCT psk_sha256) FROM devices WHERE psk_sha256 IS NOT NULL", name)
    need(keys[0][0] == keys[0][1], 'a key is there twice')
    verify(ledger)
    return {s: sum(r[3] == str(i) for r in live) for i, s in ((6, 'done'), (7, 'failed'), (8, 'void'))}


def drain(title, db, name, ledger, disturb, devices):
    folder, begin = tempfile.mkdtemp(prefix='signet-stations-'), time.monotonic()
    stations = Stations(folder, ledger, devices, devices)
    try:
        while stations.poll():
            need(time.monotonic() - begin < 400 + devices / 25, f'{title}: it does not come to an end')
            disturb(stations, time.monotonic() - begin)
        took = time.monotonic() - begin
        result = check_order(db, name, ledger, devices, devices, stations.journal())
        print(f'stations: {title}: {devices} devices in {took:.1f} s, {stations.deaths} kills, {result}')
        return stations
    finally:
        stations.end()
        shutil.rmtree(folder)


def race(db, name, ledger, quota, names):
    """Eight for the last units of a quota, with none to spare: exactly that many."""
    folder = tempfile.mkdtemp(prefix='signet-stations-')
    stations = Stations(folder, ledger, names, quota, extra=['clean'])
    try:
        begin = time.monotonic()
        while stations.poll():
            time.sleep(0.05)
            need(time.monotonic() - begin < 120, 'the race does not come to an end')
        said = stations.journal()
        result = check_order(db, name, ledger, names, quota, said)
        need(result['done'] == quota, f'{result}')
        for server in SERVERS:  # nobody died: no server heard of a device twice
            sent = {k: v for k, v in said.items() if k[1] == 'sent:' + server}
            need(len(sent) == quota and set(sent.values()) == {1}, f'{server} heard of a device twice')
    finally:
        stations.end()
        shutil.rmtree(folder)


class Trouble:
    """Kills, ended connections, and once the whole server."""
    def __init__(self, server, name):
        self.server, self.name, self.ended, self.thrown = server, name, 0, False

    def __call__(self, stations, seconds):
        time.sleep(random.uniform(0.05, 0.25))
        dice = random.random()
        if dice < 0.35 and self.ended > 5:
            stations.kill_one()
        elif dice < 0.8:
            self.ended += len(self.server.sql(
                f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{self.name}'"
                f" AND application_name = 'signet' ORDER BY random() LIMIT {random.choice((1, 1, 3, 8))}"))
        if seconds > 1 and not self.thrown:
            self.thrown = True
            self.server.stop('immediate')
            time.sleep(random.uniform(0, 1))
            self.server.start()
            stations.kill_one()


def postgres(server):
    ledger = server.create('line')
    trouble = Trouble(server, 'line')
    drain('PostgreSQL', server, 'line', ledger, trouble, DEVICES)
    need(trouble.ended > 5 and trouble.thrown, f'too little trouble: {trouble.ended} connections ended')
    print(f'stations: {trouble.ended} connections ended, the server thrown over once')
    race(server, 'race', server.create('race'), 500, 600)
    with open(server.log) as f:
        log = f.read()
    print(f"stations: {log.count('deadlock detected')} deadlocks")


def lost_commits(server):
    """Connections that end at COMMIT. Nobody dies, so that every OK is one event and every event one OK: a
    commit that took place is not made again, and one that did not is."""
    server.create('doubt')
    folder, begin = tempfile.mkdtemp(prefix='signet-stations-'), time.monotonic()
    between = Between(server, 0.15)
    stations = Stations(folder, between.url('doubt'), 200, 200, count=4, extra=['clean'])
    try:
        while stations.poll():
            time.sleep(0.05)
            need(time.monotonic() - begin < 300, 'the stations do not come to an end')
        said = stations.journal()
        check_order(server, 'doubt', server.url('doubt'), 200, 200, said)
        for kind in ('reserved', 'keyed', 'writing', 'written', 'verified', 'done'):
            recorded, = server.sql(f"SELECT count(*), count(DISTINCT device) FROM events WHERE kind = '{kind}'",
                                   'doubt')
            need(recorded == ['200', '200'], f'{kind} was recorded {recorded} times')
            need(sum(n for (_, w), n in said.items() if w == kind) == 200, f'{kind} was not reported 200 times')
        need(min(between.lost.values()) > 0, f'too little was lost: {between.lost}')
        print(f'stations: lost commits: {between.lost}')
    finally:
        stations.end()
        between.close()
        shutil.rmtree(folder)


def stays_away(server):
    """Longer than a minute: an error, and all that was reported is there when the server is back."""
    url, journal = server.create('away'), os.path.join(server.top, 'journal')
    p = subprocess.Popen([STATION, url, 'S1', '50000', '50000', journal, 'clean'], stderr=subprocess.PIPE, text=True)
    time.sleep(3)
    server.stop('immediate')
    said = p.communicate(timeout=180)[1]
    need(p.returncode == 3 and 'ledger' in said, f'{p.returncode}: {said}')
    server.start()
    verify(url)
    with open(journal) as f:
        reported = [tuple(line.split()) for line in f]
    recorded = {tuple(r) for r in server.sql(
        'SELECT d.endpoint, e.kind FROM events e JOIN devices d ON d.id = e.device', 'away')}
    need(reported and all(r in recorded for r in reported if not r[1].startswith('sent:')), 'an event is lost')


def unit_tests(server):
    """The ledger's own tests, on this server."""
    for test in ('claim', 'decide', 'device', 'edition', 'lease', 'listing', 'mend', 'migrate', 'new_events', 'outbox', 'reserve', 'stats', 'store'):
        url = server.create('unit_' + test)
        p = subprocess.run([os.path.join(BUILD, 'tests', 'test_ledger_' + test)], capture_output=True, text=True,
                           env={**os.environ, 'SIGNET_TEST_LEDGER': url}, cwd=tempfile.gettempdir())
        need(p.returncode == 0, f'{test}: {p.stdout}{p.stderr}')


def signet(*args, code, says, hint='', env=None):
    p = subprocess.run([SIGNET, *args], capture_output=True, text=True, env={**os.environ, **(env or {})})
    need(p.returncode == code and says in p.stderr and hint in p.stderr and (not hint or 'hint:' in p.stderr),
         f'signet {args}: {p.returncode}, not {code} with {says!r} and {hint!r}: {p.stderr}')
    return p.stderr


def doors(server):
    """What a person is told when the database is not what it should be."""
    verb = ('ledger', 'verify')
    signet(*verb, server.url('nowhere'), code=1, says='does not exist', hint='')
    signet(*verb, server.create('bare'), code=1, says='there is no ledger in this database', hint='work order')
    signet(*verb, 'postgresql:///x?host=/nonexistent', code=1, says='cannot reach', hint='is it running')
    for address in ('postgresql://eve:hunter2@/x', 'postgresql:///x?password=hunter2',
                    'postgresql://eve:hunter2@[bad', 'postgres:///x?sslpassword=hunter2'):
        said = signet(*verb, address, code=2, says='')
        need('hunter2' not in said and said, f'the password is in {said!r}')
    # somebody else's tables, and a schema of another day
    server.sql('CREATE TABLE orders(id int)', 'bare')
    for name, sql, says in (
            ('bare', None, 'already exists'),
            ('old', 'CREATE TABLE signet_schema(version int); INSERT INTO signet_schema VALUES (1)', 'schema 1'),
            ('new', 'CREATE TABLE signet_schema(version int); INSERT INTO signet_schema VALUES (99)', 'schema 99')):
        url = server.url(name)
        if sql:
            server.create(name)
            server.sql(sql, name)
        p = subprocess.run([STATION, url, 'S1', '1', '1', '/dev/null'], capture_output=True, text=True)
        need(p.returncode == 3 and says in p.stderr, f'{name}: {p.stderr}')
    # no right to make tables; no right to change events
    server.sql('CREATE ROLE auditor LOGIN; CREATE ROLE maker LOGIN')
    server.create('mine')
    url = server.url('mine', 'maker')
    p = subprocess.run([STATION, url, 'S1', '1', '1', '/dev/null'], capture_output=True, text=True)
    need(p.returncode == 3 and 'permission denied' in p.stderr, p.stderr)
    server.sql('GRANT ALL ON SCHEMA public TO maker', 'mine')
    p = subprocess.run([STATION, url, 'S1', '5', '5', '/dev/null', 'clean'], capture_output=True, text=True)
    need(p.returncode == 0, p.stderr)
    for sql in ('UPDATE events SET detail = detail', 'DELETE FROM events', 'TRUNCATE events'):
        try:
            server.sql(sql, 'mine')
            need(False, f'{sql}: it was done')
        except RuntimeError as e:
            need('append-only' in str(e), str(e))
    # who may only read may verify
    server.sql('GRANT SELECT ON ALL TABLES IN SCHEMA public TO auditor', 'mine')
    verify(server.url('mine', 'auditor'))
    # whoever may do all: it is found
    server.sql("ALTER TABLE events DISABLE TRIGGER events_stay;"
               "UPDATE events SET detail = 'x' WHERE seq = 3", 'mine')
    signet(*verb, server.url('mine'), code=1, says='event 3 of station S1 was changed')


def full(folder):
    """No connection left."""
    with Server(folder, max_connections=4, superuser_reserved_connections=3) as server:
        url = server.create('one')
        server.sql('CREATE ROLE few LOGIN; GRANT ALL ON DATABASE one TO few')
        server.sql('GRANT ALL ON SCHEMA public TO few', 'one')
        for _ in range(100):  # the server ends connections a moment after their clients
            held = subprocess.Popen([os.path.join(folder, 'psql'), '-X', '-d', url.replace('user=signet', 'user=few')],
                                    stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
            held.stdin.write(b'\\echo ready\n')
            try:
                held.stdin.flush()
            except BrokenPipeError:
                pass
            if held.stdout.readline() == b'ready\n':
                break
            held.communicate()
            time.sleep(0.1)
        else:
            need(False, 'psql did not connect')
        signet('ledger', 'verify', url.replace('user=signet', 'user=few'), code=1, says='remaining connection',
               hint='max_connections')
        held.stdin.close()
        held.wait()


def sqlite(folder):
    path = os.path.join(folder, 'line.db')

    def disturb(stations, _):
        time.sleep(random.uniform(0.1, 0.5))
        stations.kill_one()
    drain('SQLite', File(path), None, path, disturb, DEVICES // 3)
    race(File(path + '2'), None, path + '2', 300, 300)


def main():
    seed = int(os.environ.get('SIGNET_SEED') or random.SystemRandom().randrange(1 << 32))
    random.seed(seed)
    folder = tempfile.mkdtemp(prefix='signet-ledger-')
    try:
        sqlite(folder)
        binaries = binaries_or_skip('postgres')
        full(binaries)
        with Server(binaries, fsync='off') as server:  # it is thrown over, its machine is not
            try:
                doors(server)
                unit_tests(server)
                lost_commits(server)
                if LONG:
                    stays_away(server)
                postgres(server)
            except BaseException:
                with open(server.log) as f:
                    print(''.join(f.readlines()[-40:]))
                raise
    except BaseException:
        print(f'seed {seed}')
        raise
    finally:
        shutil.rmtree(folder)


main()
