# SPDX-License-Identifier: Apache-2.0
"""signet ledger import: two sites that work without a network, on agreed ranges of names, are brought together."""
import json, os, random, shutil, signal, sqlite3, subprocess, time
import _parts
from _mint import House
from _parts import part
from _postgres import Server, binaries
from _signet import SIGNET, TORTURE, need, with_failpoint



class Place:
    """Two sites. Site a may keep its ledger in PostgreSQL, or site b."""
    def __init__(self, folder, postgres=''):
        self.sites = {}
        self.server = Server(binaries()).__enter__() if postgres else None
        for site in 'ab':
            os.mkdir(os.path.join(folder, site))
            self.sites[site] = House(os.path.join(folder, site))
            if site in postgres:
                self.sites[site].database = (self.server, site, self.server.create(site))
        self.a, self.b = self.sites['a'], self.sites['b']

    def close(self):
        if self.server:
            self.server.__exit__()

    def where(self, site):
        h = self.sites[site]
        return h.database[2] if h.database else h.at('ledger.db')

    def make(self, site, name, quota, first=0, station=None, pattern='urn:dev:os:x-{serial:06}', code=0, **more):
        h = self.sites[site]
        more = {'packets': f'{name}.ndjson', **more}
        order = h.order(name, quota, station=station or f'line-{site}', pattern=pattern,
                        names=[f'  pattern: "{pattern}"', f'  first: {first}'], **more)
        rc, said = h.run(order)
        need(rc == code, f'{name}: exit {rc}: {said}')
        return said

    def call(self, *args, code=0):
        p = subprocess.run([SIGNET, 'ledger', *args], capture_output=True, text=True)
        need(p.returncode == code, f'{args}: exit {p.returncode}: {p.stdout}{p.stderr}')
        return p.stdout + p.stderr

    def bring(self, code=0, to='a', source='b', site='b'):
        return self.call('import', '--site', site, self.where(to), self.where(source), code=code)

    def export(self, site, order):
        return self.call('export', self.where(site), '-f', 'csv', '--order', order).replace('@b', '')

    def report(self, site, by):
        out = subprocess.run([SIGNET, 'report', '--by', by, '--json', self.where(site)], capture_output=True, text=True)
        need(out.returncode == 0, out.stderr)
        return [json.loads(line) for line in out.stdout.splitlines()]


def sums(rows):
    return {k: sum(r.get(k, 0) for r in rows) for k in ('passed', 'failed', 'done')}


@part
def older_part_put_back(p):
    """What came with the first import is put back after the second one: each chain is whole and signed, and one has fewer events than were brought."""
    p.make('a', 'oa', 2)
    p.make('b', 'ob', 2, 100)
    p.bring()
    p.call('backup', p.where('a'), p.a.at('early.db'))
    p.make('b', 'oc', 2, 200)
    p.bring()
    p.call('verify', p.where('a'))
    db = sqlite3.connect(p.where('a'))
    db.execute('ATTACH ? AS early', (p.a.at('early.db'),))
    trigger, = db.execute("SELECT sql FROM main.sqlite_schema WHERE name = 'events_delete'").fetchone()
    db.execute('DROP TRIGGER main.events_delete')
    for table, key in ('deliveries', 'device'), ('devices', 'id'), ('orders', 'id'), ('events', 'station'), ('stations', 'id'):
        db.execute(f'DELETE FROM main.{table} WHERE {key} >= 1 << 40')
        db.execute(f'INSERT INTO main.{table} SELECT * FROM early.{table} WHERE {key} >= 1 << 40')
    db.execute(trigger)
    db.commit()
    db.close()
    need('site @b is not what its last import left' in p.call('verify', p.where('a'), code=1), 'verify')
    with sqlite3.connect(p.where('a')) as db:
        db.execute("UPDATE stations SET name = replace(name, '@b', '@c') WHERE id >= 1 << 40")
    db.close()
    need('site @c was never imported' in p.call('verify', p.where('a'), code=1), 'another site')


@part
@part(name='into_postgres', postgres='a')
@part(name='from_postgres', postgres='b')
def together(p):
    """Made at both, brought together, looked at, gone on with, and brought together again."""
    p.make('a', 'oa', 5)
    p.make('b', 'ob', 7, 100)
    head = p.call('verify', p.where('b')).split()[-1]
    said = p.bring()
    need('site b: 7 devices of 1 order and 1 station' in said and head in said, said)
    p.call('verify', p.where('a'))
    for by in 'order', 'station', 'day':
        here, there = p.report('a', by), p.report('b', by)
        need(sums(here) == {'passed': 12, 'failed': 0, 'done': 12} and sums(there)['done'] == 7, (by, here, there))
    said = p.call('stats', p.where('a'))
    need('ob@b' in said and 'line-b@b' in said and 'line-a' in said, said)
    need(p.export('a', 'ob@b') == p.export('b', 'ob'), 'export')
    need("another site's ledger" in p.call('show', p.where('a'), 'urn:dev:os:x-000101'), 'show')
    need('nothing is new' in p.bring(), 'the second time')

    said = p.make('a', 'oc', 3, 99, code=3)  # too many by mistake: the other site's names are not given out
    need("a device's of order 'ob@b': it is passed over" in said, said)
    need(set(p.a.devices('oc')) == {'urn:dev:os:x-000099'}, p.a.devices('oc'))
    p.make('b', 'od', 4, 200, station='second')
    p.call('rework', p.where('b'), 'urn:dev:os:x-000101', '--yes')
    p.call('void', p.where('b'), 'urn:dev:os:x-000102', '--yes', '-r', 'lost')
    p.make('b', 'ob', 7, 100)
    said = p.bring()
    need('11 devices of 2 orders and 3 stations' in said, said)
    p.call('verify', p.where('a'))
    need('edition        2' in p.call('show', p.where('a'), 'urn:dev:os:x-000101'), 'its new edition')
    need('x-000102' in p.call('list', p.where('a'), '--order', 'ob@b', '--state', 'void'), 'its void device')
    need(p.export('a', 'ob@b') == p.export('b', 'ob'), 'export')
    p.call('backup', p.where('a'), p.a.at('copy.db'))
    need(p.call('verify', p.where('a')) == p.call('verify', p.a.at('copy.db')), 'a backup with what was imported')
    # and the other way; what came here by an import is passed over
    said = p.call('import', p.where('b'), p.where('a'))
    need('6 devices of 2 orders and 2 stations' in said and '3 stations were passed over' in said, said)
    p.call('verify', p.where('b'))
    p.make('b', 'oe', 2, 6)
    p.call('verify', p.where('b'))
    need('2 devices' not in p.bring(), 'what is new')
    p.call('verify', p.where('a'))


@part
def read_only(p):
    """What was imported is changed where it came from."""
    p.make('a', 'oa', 2)
    p.make('b', 'ob', 2, 10)
    p.bring()
    name, elsewhere = 'urn:dev:os:x-000010', 'came here with an import, and is not changed here'
    before = p.call('export', p.where('a'), '-f', 'events')
    for verb in ('rework',), ('void', '-r', 'x'):
        said = p.call(verb[0], p.where('a'), name, '--yes', *verb[1:], code=1)
        need(elsewhere in said and 'station line-b@b' in said, said)
        said = p.call(verb[0], p.where('a'), '--order', 'ob@b', '--yes', *verb[1:], code=1)
        need(said.count(elsewhere) == 2 and '0 devices changed, 2 devices left' in said, said)
    need('is one of a ledger that was imported' in p.make('a', 'oz', 1, 50, station='line-b@b', code=1), 'a station')
    need('order ob is one of another site' in p.make('a', 'ob', 2, 10, code=1), 'an order')
    p.make('a', 'oz', 1, 50, station='line-b')
    p.call('verify', p.where('a'))
    after = p.call('export', p.where('a'), '-f', 'events')
    need(after.count('"line-b@b"') == before.count('"line-b@b"'), 'events of what was imported')
    shutil.copytree(p.b.at('work'), p.a.at('work-b'))
    said = p.make('a', 'ob', 2, 10, station='line-b', work='work-b', code=1)
    need('another ledger' in said, said)


@part
def refused(p):
    """Nothing is imported when something is in both."""
    p.make('a', 'oa', 5)
    p.make('b', 'ob', 5, 4)
    before = p.call('verify', p.where('a'))
    said = p.bring(1)
    need('both ledgers have a device urn:dev:os:x-000004: of station line-b there, of station line-a here' in said, said)
    os.rename(p.where('b'), p.b.at('1.db'))
    shutil.rmtree(p.b.at('work'))
    p.make('b', 'oa', 1, 10, station='line-a', packets='oa.ndjson')  # names of orders and stations may be the same
    need('site b: 1 device' in p.bring(), 'the same names')
    before = p.call('verify', p.where('a'))
    need('imported before as site b' in p.bring(2, site='c'), 'another name')
    need('at most 32 letters' in p.bring(2, site='x@y'), 'no name')
    os.rename(p.where('b'), p.b.at('2.db'))
    shutil.rmtree(p.b.at('work'))
    p.make('b', 'oa', 1, 20, packets='oa2.ndjson')
    need('there is an order oa@b already' in p.bring(1), 'a third site of the same name')
    need('a copy of this ledger' in p.bring(1, source='a'), 'itself')
    p.call('backup', p.where('a'), p.b.at('copy.db'))
    need('a copy of this ledger' in p.call('import', p.where('a'), p.b.at('copy.db'), code=1), 'a copy')
    need('no such ledger' in p.call('import', p.where('a'), p.b.at('none.db'), code=1), 'none')
    need('no such ledger' in p.call('import', p.a.at('none.db'), p.where('b'), code=1), 'none to import into')
    need(': 1 device of 1 order' in p.call('import', '--new', p.a.at('new.db'), p.where('b')), 'a new one')
    with sqlite3.connect(p.where('b')) as db:
        db.execute("UPDATE devices SET slot = 'x'")
    need('does not verify' in p.bring(1), 'a ledger that was changed')
    need(before == p.call('verify', p.where('a')), 'something was imported')


@part
def old_copies(p):
    """A newer copy continues what was imported; an older or a forked one does not."""
    p.make('a', 'oa', 2)
    p.make('b', 'ob', 2, 10)
    p.call('backup', p.where('b'), p.b.at('old.db'))
    p.make('b', 'oc', 2, 20)
    p.call('void', p.where('b'), 'urn:dev:os:x-000011', '--yes', '-r', 'lost')  # by a station of its own
    p.bring()
    before = p.call('verify', p.where('a'))
    need('an older copy' in p.call('import', p.where('a'), p.b.at('old.db'), code=1), 'old')
    shutil.copy(p.b.at('old.db'), p.where('b'))
    for end in '-wal', '-shm':
        if os.path.exists(p.where('b') + end):
            os.remove(p.where('b') + end)
    shutil.rmtree(p.b.at('work'))
    p.make('b', 'od', 9, 30)
    need('took another course' in p.bring(1), 'forked')
    need(before == p.call('verify', p.where('a')), 'something was imported')


@part
def one_board_twice(p):
    """A board that was made at both sites."""
    p.make('a', 'oa', 1)
    p.make('b', 'ob', 1, 10)
    with sqlite3.connect(p.where('b')) as db:
        key, = db.execute('SELECT psk_sha256 FROM devices').fetchone()
    p.call('verify', p.where('b'))
    with sqlite3.connect(p.where('a')) as db:
        db.execute('UPDATE devices SET psk_sha256 = ?', (key,))
    said = p.bring(1)
    need('urn:dev:os:x-000010 (station line-b, there) and urn:dev:os:x-000000 (station line-a, here) have one '
         'psk_sha256' in said, said)


@part
def killed(p):
    """At any moment: the ledger is as it was, or has all."""
    p.make('a', 'oa', 2)
    p.make('b', 'ob', 3000, 10)
    for place in 'import-events:1', 'import-rows:1':
        before = p.call('verify', p.where('a'))
        k = subprocess.run([TORTURE, 'ledger', 'import', p.where('a'), p.where('b')], capture_output=True,
                           env=with_failpoint(place))
        need(k.returncode not in (0, 1), f'{place}: exit {k.returncode}')
        need(p.call('verify', p.where('a')) == before, f'{place}: something was imported')
    k = subprocess.Popen([SIGNET, 'ledger', 'import', '--site', 'b', p.where('a'), p.where('b')], stderr=subprocess.PIPE, text=True)
    time.sleep(random.uniform(0, 0.5))
    k.send_signal(signal.SIGINT)
    said = k.communicate(timeout=60)[1]
    need(k.returncode == 0 or 'stopped' in said or k.returncode == -signal.SIGINT, f'{k.returncode}: {said}')
    need(k.returncode == 0 or p.call('verify', p.where('a')) == before, 'something was imported')
    p.bring()
    p.call('verify', p.where('a'))
    need(sums(p.report('a', 'order'))['done'] == 3002, 'the sum')


if not binaries():
    del _parts.PARTS['into_postgres'], _parts.PARTS['from_postgres']
_parts.main(Place)
