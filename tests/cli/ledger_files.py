# SPDX-License-Identifier: Apache-2.0
"""signet ledger backup: a copy of a ledger that is in use is a ledger."""
import os, shutil, signal, sqlite3, subprocess, threading, time
import _parts
from _mint import House
from _parts import part
from _postgres import Server, binaries
from _signet import SIGNET, need


class Place:
    def __init__(self, folder, postgres=False):
        self.house = House(folder)
        self.at = self.house.at
        self.server = Server(binaries()) if postgres else None
        if self.server:
            self.server.__enter__()
            self.house.database = (self.server, 'l', self.server.create('l'))

    def close(self):
        if self.server:
            self.server.__exit__()

    def where(self):
        return self.house.database[2] if self.server else self.at('ledger.db')

    def call(self, *args, code=0):
        p = subprocess.run([SIGNET, 'ledger', *args], capture_output=True, text=True)
        need(p.returncode == code, f'{args}: exit {p.returncode}: {p.stdout}{p.stderr}')
        return p.stdout + p.stderr


@part
@part(name='from_postgres', postgres=True)
def backup(p):
    """The same head, the same devices and history; and a run goes on while it is made."""
    h = p.house
    need(h.run(h.order('o', 700, records='r.csv'))[0] == 0, 'a run')
    said = p.call('backup', p.where(), p.at('copy.db'))
    need(said == p.call('verify', p.where()) == p.call('verify', p.at('copy.db')), said)
    need(os.stat(p.at('copy.db')).st_mode & 0o777 == 0o600, 'others may read it')
    for verb in ('export', '-f', 'csv'), ('export', '-f', 'events'), ('stats',):
        need(p.call(verb[0], p.where(), *verb[1:]) == p.call(verb[0], p.at('copy.db'), *verb[1:]), verb)
    need(sorted(f for f in os.listdir(p.at('.')) if f.startswith('copy')) == ['copy.db'], os.listdir(p.at('.')))
    with open(p.at('copy.db'), 'rb') as f:
        before = f.read()
    need('will not overwrite' in p.call('backup', p.where(), p.at('copy.db'), code=1), 'it was overwritten')
    with open(p.at('copy.db'), 'rb') as f:
        need(f.read() == before, 'it was changed')
    run = h.start(h.order('o', 1500, records='r.csv'))
    n = 0
    while run.poll() is None:
        p.call('backup', p.where(), p.at(f'live-{n}.db'))
        n += 1
    need(run.wait() == 0 and n > 0, 'the run')
    h.check('o', ['packets.ndjson'], 1500, ['r.csv'])


@part
def refused(p):
    h = p.house
    need(h.run(h.order('o', 5))[0] == 0, 'a run')
    need('no such ledger' in p.call('backup', p.at('none.db'), p.at('c.db'), code=1), 'no ledger')
    need('a backup is a file' in p.call('backup', p.where(), 'postgresql:///x', code=2), 'an address')
    p.call('backup', p.where(), p.at('none/c.db'), code=1)
    need('is too long' in p.call('backup', p.where(), 2046 * 'x/', code=1), 'a long path')
    shutil.copy(os.path.join(os.environ['SIGNET_SOURCE'], 'tests/data/ledger-schema-3/ledger.db'), p.at('old.db'))
    for args in ('backup', p.at('old.db'), p.at('c.db')), ('import', p.where(), p.at('old.db'), '--site', 'b'):
        need('the ledger has schema 3, and this program copies schema ' in p.call(*args, code=1), args)
    with sqlite3.connect(p.at('old.db')) as db:  # each rule is of the schema that brought its columns
        db.execute('UPDATE devices SET delivered = delivered + 1 WHERE id = 1')
    need('the number of deliveries of device urn:dev:os:000000 was changed' in p.call('verify', p.at('old.db'), code=1), 'a ledger of before')
    h.write('c.db.part', 'x')
    need("c.db.part'" in p.call('backup', p.where(), p.at('c.db'), code=1), 'another backup')
    os.remove(p.at('c.db.part'))
    with sqlite3.connect(p.where()) as db:
        db.execute("UPDATE devices SET endpoint = 'x' WHERE id = 1")
    need('does not verify' in p.call('backup', p.where(), p.at('c.db'), code=1), 'a ledger that was changed')
    need(not [f for f in os.listdir(p.at('.')) if f.startswith('c.db')], os.listdir(p.at('.')))


@part
def stopped(p):
    """Ctrl-C leaves nothing behind."""
    h = p.house
    need(h.run(h.order('o', 20000))[0] == 0, 'a run')
    b = subprocess.Popen([SIGNET, 'ledger', 'backup', p.where(), p.at('c.db')], stderr=subprocess.PIPE, text=True)
    while not os.path.exists(p.at('c.db.part')):
        need(b.poll() is None, 'it ended')
        time.sleep(0.001)
    b.send_signal(signal.SIGINT)
    said = b.communicate(timeout=60)[1]
    need(b.returncode != 0, f'it was faster: {said}')
    need(not [f for f in os.listdir(p.at('.')) if f.startswith('c.db')], os.listdir(p.at('.')))


@part
@part(name='archive_from_postgres', postgres=True)
def archive(p):
    """Finished orders in a ledger of their own; the ledger keeps them."""
    h = p.house
    need(h.run(h.order('a', 5))[0] == 0 and h.run(h.order('b', 3, packets='b.ndjson'))[0] == 0, 'two runs')
    p.call('rework', p.where(), 'urn:dev:os:a-0000001', '--yes')
    p.call('void', p.where(), 'urn:dev:os:b-0000001', '--yes', '-r', 'lost')
    said = p.call('archive', p.where(), p.at('old.db'), 'a', code=2)
    need('order a is not finished: 1 reserved' in said, said)
    need(h.run(h.at('a.yaml'))[0] == 0 and h.run(h.order('c', 2, packets='c.ndjson'))[0] == 0, 'the new edition')
    before = p.call('export', p.where(), '-f', 'csv', '--order', 'a'), p.call('show', p.where(), 'urn:dev:os:a-0000001')
    said = p.call('archive', p.where(), p.at('old.db'), 'b', 'a')
    need(said == p.call('verify', p.at('old.db')), said)
    need(os.stat(p.at('old.db')).st_mode & 0o777 == 0o600, 'others may read it')
    need(before == (p.call('export', p.at('old.db'), '-f', 'csv', '--order', 'a'), p.call('show', p.at('old.db'), 'urn:dev:os:a-0000001')), 'what is in it')
    need('order c' not in p.call('stats', p.at('old.db')), 'another order')
    need('archived' in p.call('export', p.where(), '-f', 'events') and
         said.split()[-1] in p.call('export', p.where(), '-f', 'events'), 'its head is on record')
    h.verify()
    need(h.run(h.at('a.yaml'))[0] == 0, 'the finished order, again')
    for args, words, code in ((('none',), 'no order none', 1), (('a', 'a'), 'named twice', 2), (('b',), 'will not overwrite', 1)):
        to = p.at('old.db') if 'overwrite' in words else p.at('new.db')
        need(words in p.call('archive', p.where(), to, *args, code=code), words)
    need(not [f for f in os.listdir(p.at('.')) if f.startswith('new.db')], 'something is left')
    if not p.server:
        with sqlite3.connect(p.where()) as db:
            db.execute("UPDATE devices SET slot = 'x' WHERE id = 1")
        need('does not verify' in p.call('archive', p.where(), p.at('new.db'), 'b', code=1), 'a ledger that was changed')


@part
def planted(p):
    """A ledger that began as a file of another user would be his, to change or to replace."""
    if os.geteuid() != 0:
        return
    h, where = p.house, p.at('planted.db')
    open(where, 'w').close()
    os.chown(where, 65534, 65534)
    code, said = h.run(h.order('o', 2, ledger=where))
    need(code == 1 and "planted.db' is another user's" in said and os.path.getsize(where) == 0, said)


@part
def told(p):
    """A ledger that everyone may change, and one that another program locks for long: a warning each, and the answer."""
    h = p.house
    need(h.run(h.order('o', 2))[0] == 0, 'a run')
    where = p.where()
    need('may change' not in p.call('list', where), 'a warning of mode 600')
    os.chmod(where, 0o666)
    need('everyone may change the ledger (mode 666)' in p.call('list', where), 'no word of mode 666')
    os.chmod(where, 0o600)
    db = sqlite3.connect(where, check_same_thread=False)
    db.executescript('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE;')
    db.execute('SELECT count(*) FROM devices').fetchall()
    timer = threading.Timer(4.5, db.close)
    timer.start()
    said = p.call('list', where)
    timer.join()
    need('another program has locked the ledger' in said and 'o-' in said, said)


if not binaries():
    del _parts.PARTS['archive_from_postgres']
    del _parts.PARTS['from_postgres']
_parts.main(Place)
