#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Ledgers that 0.1.0 left with work half done (tests/data/ledger-0.1.0), of its schema and of schema 3, on SQLite and on PostgreSQL: they are read
as they are; killed at any place of the migration they are whole; stations that open one at the same time migrate it
once; and all orders come to their end, each device with the credentials that it had."""
import json, os, shutil, sqlite3, subprocess, sys, tempfile
from _coiote import TOKEN, Coiote
from _hall import Hall
from _postgres import Server, binaries
from _signet import BUILD, DONE, SIGNET, SOURCE, STATES, TORTURE, VERIFIED, need, with_failpoint

DATA = os.path.join(SOURCE, 'tests', 'data', 'ledger-0.1.0')
DATA_3 = os.path.join(SOURCE, 'tests', 'data', 'ledger-schema-3')
STATION = os.path.join(BUILD, 'tests', 'signet_station')
NEW, SCRATCH = 5, tempfile.gettempdir()
PLACES = ('before-migration', 'after-migration')
FACTS = 'hw_id, psk_identity, psk_sha256, packet_sha256'


class File:
    """A copy of the SQLite ledger."""
    kind = 'sqlite'

    def __init__(self, folder):
        self.url = os.path.join(folder, 'ledger.db')

    def sql(self, text):
        with sqlite3.connect(f'file:{self.url}?mode=ro', uri=True, timeout=60) as db:
            return [['' if v is None else str(v) for v in row] for row in db.execute(text)]

    def version(self):
        return int(self.sql('PRAGMA user_version')[0][0])


class Database:
    """A copy of the PostgreSQL one."""
    kind, count = 'postgresql', 0

    def __init__(self, server, folder):
        Database.count += 1
        self.server, self.name = server, f'copy{Database.count}'
        self.url = server.create(self.name)
        p = subprocess.run([os.path.join(server.bin, 'psql'), '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-d', self.url, '-f',
                            os.path.join(folder, 'ledger.sql')], capture_output=True, text=True)
        need(p.returncode == 0, p.stderr)

    def sql(self, text):
        return self.server.sql(text, self.name)

    def version(self):
        return int(self.sql('SELECT version FROM signet_schema')[0][0])


def copy(kind, server=None, schema=2):
    """A folder with all that 0.1.0 left, at its new place."""
    folder = os.path.join(tempfile.mkdtemp(prefix='signet-migrate-', dir=SCRATCH), 'copy')
    shutil.copytree(os.path.join(DATA, kind), folder)
    if schema == 3:
        shutil.copy(os.path.join(DATA_3, 'ledger.sql' if server else 'ledger.db'), folder)
    ledger = Database(server, folder) if server else File(folder)
    for top, _, files in os.walk(folder):
        os.chmod(top, 0o700)
        for name in files:
            path = os.path.join(top, name)
            os.chmod(path, 0o600)
            if name.endswith(('.yaml', '.state')):
                with open(path) as f:
                    text = f.read().replace('@LEDGER@', ledger.url).replace('@FOLDER@', os.path.realpath(folder))
                with open(path, 'w') as f:
                    f.write(text)
    ledger.folder, ledger.old = folder, schema
    return ledger


def gone(ledger):
    shutil.rmtree(os.path.dirname(ledger.folder))


def call(*args, program=SIGNET, code=0, env=None):
    p = subprocess.run([program, *args], capture_output=True, text=True, timeout=120, stdin=subprocess.DEVNULL, env=env)
    need(p.returncode == code, f'{args}: exit {p.returncode}, not {code}: {p.stdout[-500:]}{p.stderr[-1500:]}')
    return p.stdout + p.stderr


def verified(ledger):
    """events and head"""
    words = call('ledger', 'verify', ledger.url).split()
    return int(words[0]), words[-1]


def facts(ledger):
    """What is on boards and in files already."""
    return {r[0]: r[1:] for r in ledger.sql(f'SELECT endpoint, {FACTS} FROM devices WHERE exposed = 1')}


def migrate(ledger, code=0, **env):
    """The first program that may write migrates: here one whose own work is refused."""
    said = call('ledger', 'rework', ledger.url, 'nobody', program=TORTURE, code=code, env={**with_failpoint(), **env})
    need(code != 1 or 'no device nobody' in said, said)


def as_it_is(make):
    """Who only looks changes nothing."""
    ledger = make()
    events, head = verified(ledger)
    with open(os.path.join(ledger.folder, 'head')) as f:
        need(ledger.old != 2 or f.read().split() == [str(events), head], f'head {head}, {events} events')
    for args in (['list'], ['stats'], ['export']):
        call('ledger', args[0], ledger.url)
    need('urn:dev:os:000009' in call('ledger', 'show', ledger.url, 'urn:dev:os:000009'), 'show')
    need(ledger.version() == ledger.old, 'to look at a ledger migrated it')
    migrate(ledger, code=1)
    need(ledger.version() == NEW, 'it was not migrated')
    need(verified(ledger)[0] == events + 1, 'a migration is one event')
    last = ledger.sql("SELECT kind, detail FROM events WHERE device = 0 ORDER BY n")[-1]
    need(last == ['migrated', f'schema {ledger.old} to 5'], last)
    migrate(ledger, code=1)
    need(verified(ledger)[0] == events + 1, 'it was migrated twice')
    gone(ledger)


def killed(make):
    for place in PLACES:
        ledger = make()
        events, head = verified(ledger)
        migrate(ledger, code=-9, SIGNET_FAILPOINT=f'{place}:1')
        need(ledger.version() == ledger.old and verified(ledger) == (events, head), f'killed at {place}: it is not as it was')
        migrate(ledger, code=1)
        need(ledger.version() == NEW and verified(ledger)[0] == events + 1, f'killed at {place}: it is not migrated')
        gone(ledger)


def ended(make):
    """The connection is ended by the server in the middle: the program connects and migrates again."""
    for place in PLACES:
        ledger = make()
        events, _ = verified(ledger)
        end = ("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'signet'"
               f" AND datname = '{ledger.name}'")
        command = f'{ledger.server.bin}/psql -X -q -d "{ledger.server.url("postgres")}" -c "{end}" >/dev/null'
        migrate(ledger, code=1, SIGNET_FAILPOINT=f'{place}:1', SIGNET_FAILPOINT_RUN=command)
        need(ledger.version() == NEW and verified(ledger)[0] == events + 1, f'ended at {place}: it is not migrated')
        gone(ledger)


def at_once(make):
    ledger = make()
    events, _ = verified(ledger)
    many = [subprocess.Popen([SIGNET, 'ledger', 'rework', ledger.url, 'nobody'], stderr=subprocess.PIPE, text=True)
            for _ in range(8)]
    for p in many:
        said = p.communicate(timeout=120)[1]
        need(p.returncode == 1 and 'no device nobody' in said, said)
    need(verified(ledger)[0] == events + 1, 'it was migrated more than once')
    gone(ledger)


def finish_stations(ledger):
    """The order "o" of the library's client, at the two stations that had it."""
    for name in ledger.sql("SELECT endpoint FROM devices d JOIN orders o ON o.id = order_id WHERE o.name = 'o'"
                           " AND state = 7"):
        call('ledger', 'rework', ledger.url, name[0])
    many = [subprocess.Popen([STATION, ledger.url, s, '60', '29', '/dev/null', 'clean'], stderr=subprocess.PIPE, text=True)
            for s in ('S1', 'S2')]
    try:
        for p in many:
            said = p.communicate(timeout=60)[1]
            need(p.returncode == 0, said)
    finally:
        for p in many:
            p.kill()
            p.wait()


def finish_orders(ledger):
    """The orders "line" and "batch", by the programs that an operator would start."""
    server = Coiote(ledger.folder)
    hall = Hall(ledger.folder, slots=3, server=server)
    things = subprocess.Popen([SIGNET, 'sim', 'server', '--json', '-u', '--kind', 'thingsboard', '-t', TOKEN, '--ca-file',
                               hall.at('things.pem')], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        port = json.loads(things.stdout.readline())['port']
        hall.write('things.json', json.dumps({'kind': 'thingsboard', 'url': 'https://127.0.0.1', 'port': port,
                                              'ca_file': hall.at('things.pem')}))
        waited = {(s, n) for s, n in ledger.sql(
            "SELECT v.server, d.endpoint FROM deliveries v JOIN devices d ON d.id = v.device WHERE v.state = 1")}
        for endpoint, in ledger.sql("SELECT endpoint FROM devices WHERE state = 7"):
            call('ledger', 'rework', ledger.url, endpoint)
        for _ in range(8):
            made = {r[0] for r in ledger.sql(f'SELECT hw_id FROM devices WHERE state BETWEEN {VERIFIED} AND {DONE}')}
            for slot in (1, 2, 3):
                if hall.board(slot).rsplit('-', 1)[1] in made:
                    hall.change(slot)
            code = hall.run(hall.at('line.yaml'))
            if code == 0:
                break
        need(code == 0, 'the line does not come to its end')
        for _ in range(3):
            for station in 'ab':
                hall.run(hall.at(f'batch-{station}.yaml'))  # one device of the order is void
            states = ledger.sql("SELECT DISTINCT state FROM devices d JOIN orders o ON o.id = order_id"
                                " WHERE o.name = 'batch' ORDER BY 1")
            if states == [['6'], ['8']]:
                break
        need(states == [['6'], ['8']], f'the batch does not come to its end: {states}')
        need({n for s, n in waited if s == 'coiote'}.isdisjoint(server.names()), 'delivered twice')
        left = [f for w in ('work-line', 'work-a', 'work-b') for f in os.listdir(hall.at(w)) if f.endswith('.sealed')]
        need(not left, f'sealed secrets are left over: {left}')
    except BaseException:
        with open(hall.at('log'), errors='replace') as f:
            print(f.read()[-4000:])
        raise
    finally:
        things.kill()
        things.wait()
        hall.close()
        server.close()


def finished(make):
    ledger = make()
    before = facts(ledger)
    finish_orders(ledger)  # its first program migrates
    finish_stations(ledger)
    verified(ledger)
    states = {STATES[int(s)] for s, in ledger.sql('SELECT DISTINCT state FROM devices WHERE freed = 0')}
    need(states == {'done', 'void'}, states)
    quotas = {n: (int(q), int(i)) for n, q, i in ledger.sql('SELECT name, quota, issued FROM orders')}
    need(all(q == i for q, i in quotas.values()), quotas)
    after = facts(ledger)
    for name, (hw, identity, psk, packet) in before.items():
        need(not hw or after[name][0] == hw, f'{name} went to another board')
        need(not psk or after[name][1:3] == [identity, psk] or packet == '', f'{name} got another key')
    gone(ledger)


def refused(make, newer):
    """A ledger of a version to come."""
    ledger = make()
    newer(ledger)
    for args in (['verify', ledger.url], ['rework', ledger.url, 'nobody']):
        said = call('ledger', *args, code=1)
        need('schema 99, which is newer than this program' in said and 'use the version of Signet' in said, said)
    gone(ledger)


def newer_file(ledger):
    with sqlite3.connect(ledger.url) as db:
        db.execute('PRAGMA user_version = 99')


def main():
    global SCRATCH
    with tempfile.TemporaryDirectory(prefix='signet-migrate-') as SCRATCH:
        make, make_3 = lambda: copy('sqlite'), lambda: copy('sqlite', schema=3)
        for part in (as_it_is, killed, at_once, finished):
            part(make)
        for part in (as_it_is, killed, finished):
            part(make_3)
        refused(make, newer_file)
        folder = binaries()
        if folder is None:
            sys.exit('migrate: PostgreSQL is not installed' if os.environ.get('CI') == 'true' else 0)
        with Server(folder) as server:
            make, make_3 = lambda: copy('postgresql', server), lambda: copy('postgresql', server, 3)
            for part in (as_it_is, killed, ended, at_once, finished):
                part(make)
            for part in (as_it_is, finished):
                part(make_3)
            refused(make, lambda ledger: ledger.sql('UPDATE signet_schema SET version = 99'))


main()
