# SPDX-License-Identifier: Apache-2.0
"""What a station signs: who has its key and an old checkpoint finds every other history, however well it was made."""
import base64, glob, os, re, shutil, sqlite3, subprocess
import _parts
from _chain import DEVICE, Forger, row_hash
from _mint import House
from _parts import part
from _signet import SIGNET, need


class Place:
    """Two orders, one after the other, and what somebody kept: the key, and a checkpoint after each."""

    def __init__(self, folder):
        self.house = House(folder)
        self.at = self.house.at
        self.make('o', 6)
        shutil.copy(self.at('ledger.db'), self.at('old.db'))
        self.keep('first')
        self.make('p', 5)
        self.keep('second')
        self.key = self.call('vkey', 'ledger.db', 'station.key.sign').strip()

    def close(self):
        pass

    def forget(self):
        """Who changes the ledger may have removed what the work folder remembers, too."""
        for path in glob.glob(os.path.join(self.at("."), "work", "ledger-*.head")):
            os.remove(path)

    def make(self, name, quota, code=0):
        got, out = self.house.run(self.house.order(name, quota, packets=f'{name}.ndjson'))
        need(got == code, f'{name}: exit {got}: {out}')
        return out

    def keep(self, name):
        self.house.write(name, self.call('checkpoint', 'ledger.db'))

    def call(self, *args, code=0):
        p = subprocess.run([SIGNET, 'ledger', *args], capture_output=True, text=True, cwd=self.at('.'))
        need(p.returncode == code, f'{args}: exit {p.returncode}: {p.stdout}{p.stderr}')
        return p.stdout + p.stderr

    def verify(self, says=None, *more, since='second', ledger='ledger.db'):
        args = ['--vkey', self.key, *(['--since-checkpoint', since] if since else []), *more]
        said = self.call('verify', ledger, *args, code=1 if says else 0)
        need(not says or says in said, f'{says!r} is not in {said!r}')

    def sql(self, *statements, ledger='ledger.db'):
        with sqlite3.connect(self.at(ledger)) as db:
            for s in statements:
                db.execute(s)
        db.close()


@part
def whole(p):
    """The ledger as it is, an archive's head, a backup, and one that may only be read."""
    p.verify()
    p.verify(since='first')
    need('"signed": true' in p.call('verify', 'ledger.db', '--json', '--vkey', p.key), 'as JSON')
    p.call('backup', 'ledger.db', 'copy.db')
    p.verify(ledger='copy.db')
    os.chmod(p.at('copy.db'), 0o444)
    p.verify(ledger='copy.db')
    for name in os.listdir(p.at('work')):
        if name.endswith('.checkpoint'):
            p.verify(since='work/' + name)
    p.call('import', 'all.db', 'ledger.db', '--new', '--site', 's', '--sign', 'office.sign')
    office = p.call('vkey', 'all.db', 'office.sign').strip()
    p.verify(None, '--vkey', office, ledger='all.db')
    p.verify('none of the given keys stands for the 1 events of station office', ledger='all.db')


@part
def head_at_the_end(p):
    out = p.make('q', 1)
    size, root = p.call('checkpoint', 'ledger.db').split('\n')[1:3]
    need(f'head {size}, root {root}' in out, out)


@part
def written_anew(p):
    """A device is taken out, another gets another board, and every hash is right: the chain alone does not tell."""
    with Forger(p.at('ledger.db')) as db:
        db.execute("UPDATE devices SET hw_id = 'forged' WHERE id = 2")
    p.call('verify', 'ledger.db')
    p.verify('are not signed by the key', since=None)
    said = p.call('verify', 'ledger.db', '--since-checkpoint', 'first', code=1)
    need('are not those of the old checkpoint' in said and 'no signature was verified' not in said, said)
    p.verify('are not those of the old checkpoint')


@part
def signed_by_another(p):
    """The forger has a key of his own, and Signet sign with it."""
    with Forger(p.at('ledger.db')) as db:
        db.execute("UPDATE devices SET hw_id = 'forged' WHERE id = 2")
    os.unlink(p.at('station.key.sign'))
    os.unlink(p.at('station.key.sign.logs'))
    for name in os.listdir(p.at('work')):
        if name.endswith('.head'):
            os.unlink(p.at('work/' + name))
    p.make('q', 2)
    p.call('verify', 'ledger.db')
    p.verify('not signed by the key that was given', since=None)
    p.verify('are not those of the old checkpoint')
    other = p.call('vkey', 'ledger.db', 'station.key.sign').strip()
    need('signed by none of the given keys' in p.call('verify', 'ledger.db', '--vkey', other, '--since-checkpoint', 'first', code=1), other)


@part
def no_signature_for_another_history(p):
    """The station itself does not sign what was put in behind its back."""
    with Forger(p.at('ledger.db')) as db:
        db.execute("UPDATE events SET detail = 'forged' WHERE kind = 'begin'")
    need('is another one than the work folder' in p.make('p', 6, code=1), 'the memory of the order')
    need('is not in it' in p.make('q', 2, code=1), 'the memory of another one')
    p.forget()
    need('its checkpoint is gone' in p.make('q', 2, code=1), 'another order of the station')


@part
def tree_of_another(p):
    p.sql("UPDATE stations SET tree = substr(tree, 1, 10) || CASE substr(tree, 11, 2) WHEN 'aa' THEN 'bb' ELSE 'aa' END || substr(tree, 13)")
    need('is not what the ledger has' in p.call('verify', 'ledger.db', code=1), 'verify')
    need('the ledger has others' in p.make('q', 2, code=1), 'a run')


@part
def rolled_back(p):
    """An old copy is whole, and has the old checkpoint only; worked on, it is another history."""
    p.verify('has not all of the', ledger='old.db')
    p.verify(since=None, ledger='old.db')  # the key alone does not tell
    p.verify(since='first', ledger='old.db')
    shutil.copy(p.at('old.db'), p.at('ledger.db'))
    for end in '-wal', '-shm':
        if os.path.exists(p.at('ledger.db' + end)):
            os.unlink(p.at('ledger.db' + end))
    need('an old copy of the ledger was put back' in p.make('r', 7, code=1), 'what another order remembers')
    p.forget()
    p.make('r', 7)
    p.verify(since='first')
    p.verify('are not those of the old checkpoint')


@part
def cut_off(p):
    """The last events go, with what they made."""
    with Forger(p.at('ledger.db')) as db:
        last, = db.execute('SELECT max(id) FROM devices').fetchone()
        db.execute('DELETE FROM events WHERE device = ?', (last,))
        db.execute('DELETE FROM devices WHERE id = ?', (last,))
        db.execute('UPDATE orders SET issued = issued - 1, cursor = cursor - 1 WHERE name = ?', ('p',))
        db.execute('UPDATE events SET seq = (SELECT count(*) FROM events e WHERE e.seq <= events.seq)')
    p.call('verify', 'ledger.db')
    p.verify('are not signed by the key')
    need('has not all of the' in p.call('verify', 'ledger.db', '--since-checkpoint', 'second', code=1), 'since alone')


@part
def last_event_taken_out(p):
    """The head is the event before; the tree and the checkpoint are still of all: the station does not go on from there."""
    p.sql('DROP TRIGGER events_delete', 'DELETE FROM events WHERE seq = (SELECT seq FROM stations)',
          'UPDATE stations SET (seq, hash, time) = (SELECT seq, hash, time FROM events ORDER BY seq DESC LIMIT 1)',
          "CREATE TRIGGER events_delete BEFORE DELETE ON events BEGIN SELECT RAISE(ABORT, 'events are append-only'); END")
    p.forget()
    need('events, and the ledger has others or' in p.make('q', 2, code=1), 'a run')


@part
def checkpoint_that_is_newer(p):
    need('has not all of the' in p.call('checkpoint', 'old.db', '--since-checkpoint', 'second', code=1), 'a proof of nothing')


@part
def key_of_a_witness(p):
    key = p.call('witness', '--sign', 'w.sign').strip()
    need("is a witness's, not a station's" in p.call('verify', 'ledger.db', '--vkey', key, code=2), 'a key of a witness')


@part
def device_with_too_many_events(p):
    p.sql('WITH RECURSIVE r(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM r WHERE i < 1001) INSERT INTO events(station, seq, device, n, time, kind, detail, operator,'
          " tool, row_sha256, hash) SELECT station, 9000 + i, device, 9000 + i, time, kind, detail, operator, tool, row_sha256, hex(9000 + i) FROM r,"
          ' (SELECT * FROM events WHERE device = 2 LIMIT 1)')
    with sqlite3.connect(p.at('ledger.db')) as db:
        (name, count), = db.execute('SELECT d.endpoint, count(*) FROM devices d JOIN events e ON e.device = d.id WHERE d.id = 2')
    out = p.call('proof', 'ledger.db', name, code=1)
    need('more than 1000 events' in out, f'{name}, {count}: {out}')


@part
def folder_of_a_long_path(p):
    """The names of an event and its proof would be cut to one."""
    folder = os.path.join(*(['.'] + ['f' * 90] * 11))
    os.makedirs(p.at(folder))
    need('is too long a path' in p.call('proof', 'ledger.db', 'urn:dev:os:p-0000002', '-o', folder, code=1), 'a folder')
    need(not os.listdir(p.at(folder)), 'an event alone')


@part
def states_that_were_skipped(p):
    with Forger(p.at('ledger.db')) as db:
        db.execute("UPDATE events SET kind = 'reworked' WHERE kind = 'writing' AND device = 3")
    need('states were skipped' in p.call('verify', 'ledger.db', code=1), 'verify')


@part
def what_no_hash_covers(p):
    """Columns that the events' hashes leave out follow from the events: each statement is one change of a copy."""
    p.make('q', 1)
    p.call('void', 'ledger.db', '--reason', 'x', 'urn:dev:os:q-0000001')
    p.call('import', 'ledger.db', 'old.db', '--site', 'elsewhere', code=1)  # the same chain
    for deed, says in (
            ("UPDATE orders SET cursor = 0 WHERE name = 'o'", 'the names of order o would be looked through again'),
            ("UPDATE orders SET cursor = cursor - 1 WHERE name = 'p'", 'the names of order p would be looked through again'),
            ("UPDATE orders SET cursor = cursor + 1 WHERE name = 'p'", 'names of order p were passed over'),
            ("UPDATE orders SET issued = issued - 1 WHERE name = 'o'", 'another number of devices'),
            ("UPDATE orders SET quota = 900 WHERE name = 'o'", 'order o was changed'),
            ("UPDATE orders SET hash = hash || 'x' WHERE name = 'o'", 'order o was changed'),
            ('UPDATE devices SET token = 1 WHERE state = 8', 'the token of device urn:dev:os:q-0000001 was set back'),
            ('UPDATE devices SET token = (1 << 62) WHERE id = 1', 'the token of device number 1 is none'),
            ('UPDATE devices SET lease_until = 1 << 40 WHERE id = 1', 'the lease of device urn:dev:os:o-0000001'),
            ('UPDATE devices SET state = 0, exposed = 0 WHERE id = 1', 'device urn:dev:os:o-0000001 was changed'),
            ('UPDATE devices SET freed = 1 WHERE id = 1', 'device urn:dev:os:o-0000001 was changed'),
            ("INSERT INTO deliveries(device, server, state, station, changed, lease_until) VALUES(1, 'x', 1, 'A', 0, 0)", 'the delivery of device'),
            ("CREATE TRIGGER sqliteXstat AFTER UPDATE ON devices BEGIN SELECT 1; END", 'was dropped, added or changed')):
        p.sql(deed, ledger=shutil.copy(p.at('ledger.db'), p.at('changed.db')))
        need(says in p.call('verify', 'changed.db', code=1), deed)


@part
def below_the_first_number(p):
    """What a walk in the order of the keys does not see: an event that changes a device, an order with a device."""
    lowest = -(1 << 63)
    shutil.copy(p.at('ledger.db'), p.at('changed.db'))
    with sqlite3.connect(p.at('changed.db')) as db:
        db.execute("UPDATE devices SET slot = 'x', events = events + 1 WHERE id = 5")
        row = db.execute(f'SELECT {", ".join(DEVICE)} FROM devices WHERE id = 5').fetchone()
        db.execute("INSERT INTO events VALUES(1, ?, 5, ?, 0, 'note', '', '', '', ?, 'x')", (lowest, row[-1], row_hash(row)))
    db.close()
    p.verify('a number of an event of station number 1 is below 1', ledger='changed.db')
    for deeds, says in (((f"INSERT INTO orders(id, name, hash, quota, issued, cursor, created, events) VALUES({lowest}, 'ghost', 'h', 1, 0, 1, 0, 0)",),
                         'a number of order ghost is below 1'),
                        ((f"INSERT INTO devices(id, order_id, number, endpoint, station, slot, created, changed, lease_until) VALUES({lowest}, 1, -1, 'spirit', 'A', '1', 0, 0, 0)",),
                         'a number of device spirit is below 1')):
        p.sql(*deeds, ledger=shutil.copy(p.at('ledger.db'), p.at('changed.db')))
        p.verify(says, ledger='changed.db')


@part
def text_behind_a_schema(p):
    """A zero byte in the text of a trigger, a table under the name of what ANALYZE leaves, another table's name, another type."""
    for deed in ("UPDATE sqlite_schema SET sql = sql || char(0) || 'x' WHERE name = 'events_delete'",
                 "UPDATE sqlite_schema SET sql = 'CREATE TABLE sqlite_stat1(tbl,idx,stat,more)' WHERE name = 'sqlite_stat1'",
                 "UPDATE sqlite_schema SET tbl_name = 'Devices' WHERE name = 'u_psk'", "UPDATE sqlite_schema SET type = CAST(type AS BLOB) WHERE name = 'u_psk'",
                 "UPDATE sqlite_schema SET rootpage = 1 WHERE name = 'events_delete'"):
        p.sql('ANALYZE', 'PRAGMA writable_schema = ON', deed, ledger=shutil.copy(p.at('old.db'), p.at('changed.db')))
        need('was dropped, added or changed' in p.call('verify', 'changed.db', code=1), deed)
    p.sql('ANALYZE', ledger='old.db')
    p.call('verify', 'old.db')


@part
def sites_that_were_taken_out_or_changed(p):
    """What was imported is there under the name of its site, though no own hash covers it."""
    for site in 'bc':
        os.mkdir(p.at(site))
        house = House(p.at(site))
        code, out = house.run(house.order(f'of-{site}', 2, station=f'line-{site}', packets='x.ndjson'))
        need(code == 0, out)
        p.call('import', '--site', site, 'ledger.db', f'{site}/ledger.db')
    p.call('verify', 'ledger.db')
    swap = "UPDATE {0} SET name = substr(name, 1, length(name) - 1) || CASE WHEN name LIKE '%@b' THEN 'c' ELSE 'b' END WHERE id > 1 << 39"
    p.sql(swap.format('stations'), swap.format('orders'), ledger=shutil.copy(p.at('ledger.db'), p.at('changed.db')))
    need('is not what its last import left' in p.call('verify', 'changed.db', code=1), 'swapped')
    shutil.copy(p.at('ledger.db'), p.at('changed.db'))
    with sqlite3.connect(p.at('changed.db')) as db:
        (trigger,), = db.execute("SELECT sql FROM sqlite_schema WHERE name = 'events_delete'")
        db.execute('DROP TRIGGER events_delete')
        for table, column in (('events', 'station'), ('devices', 'id'), ('orders', 'id'), ('stations', 'id')):
            db.execute(f'DELETE FROM {table} WHERE {column} > 2 * (1 << 40)')
        db.execute(trigger)
    db.close()
    said = p.call('verify', 'changed.db', code=1)
    need('the imported site c: ' in said and 'is missing: it has an event' in said, said)


@part
def signed_no_more(p):
    """An old checkpoint alone: the station still signs, with the same key, as it always wrote it."""
    with sqlite3.connect(p.at('ledger.db')) as db:
        (text,), = db.execute('SELECT checkpoint FROM stations').fetchall()
    db.close()
    body, line = text.split('\n\n')
    name, code = line.rsplit(' ', 1)
    other = base64.b64encode(bytes(4) + base64.b64decode(code)[4:]).decode()
    for tree, changed, says in (("''", '', 'are not signed, as they were at the old checkpoint'),
                                ('tree', f'{body}\n\n{name} {other}\n', 'are not signed by the same key'),
                                ('tree', f'{body}\n\n{name}x {code}', 'the checkpoint of station A was changed'),
                                ('tree', f'{body}\nmore\n\n{line}', 'the checkpoint of station A was changed'),
                                ('tree', text + line, 'the checkpoint of station A was changed')):
        shutil.copy(p.at('ledger.db'), p.at('changed.db'))
        with sqlite3.connect(p.at('changed.db')) as db:
            db.execute(f'UPDATE stations SET tree = {tree}, checkpoint = ?', (changed,))
        db.close()
        need(says in p.call('verify', 'changed.db', '--since-checkpoint', 'first', code=1), (says, changed))
    p.sql("UPDATE stations SET checkpoint = '', tree = ''", 'ALTER TABLE stations DROP COLUMN checkpoint', 'ALTER TABLE stations DROP COLUMN tree',
          'PRAGMA user_version = 4')
    p.call('verify', 'ledger.db')  # a ledger of before there were signatures
    need('are not signed' in p.call('verify', 'ledger.db', '--since-checkpoint', 'first', code=1), 'another schema')


@part
def written_on_by_somebody(p):
    """Behind the old checkpoint: without the key nobody can tell, and that is said."""
    body = p.call('checkpoint', 'ledger.db').split('\n\n')[0]
    with sqlite3.connect(p.at('ledger.db')) as db:
        db.execute("UPDATE stations SET checkpoint = replace(checkpoint, substr(checkpoint, -20, 18), 'AAAAAAAAAAAAAAAAAA')")
    db.close()
    need(p.call('checkpoint', 'ledger.db').startswith(body), 'the signature alone is another')
    said = p.call('verify', 'ledger.db', '--since-checkpoint', 'first')
    need('no signature was verified' in said and '--vkey VKEY' in said, said)
    need('"signed": false' in p.call('verify', 'ledger.db', '--json', '--since-checkpoint', 'first'), 'as JSON')
    p.verify('are not signed by the key', since='first')
    need('warning' not in p.call('verify', 'ledger.db'), 'nothing is warned of where nothing was asked')


@part
def renumbered(p):
    """Each number is higher, and so is the base that is taken off again."""
    p.sql('DROP TRIGGER events_update', *(f'UPDATE {table} SET {column} = {column} + 4000 WHERE {column} > 0' for table, column in (
        ('devices', 'id'), ('devices', 'order_id'), ('orders', 'id'), ('stations', 'id'), ('events', 'station'), ('events', 'device'), ('deliveries', 'device'))),
          'UPDATE events SET device = device - 4000 WHERE device < 0', 'UPDATE stations SET base = 4000',
          "CREATE TRIGGER events_update BEFORE UPDATE ON events BEGIN SELECT RAISE(ABORT, 'events are append-only'); END")
    p.verify('the number of station A is none that an import gives')


@part
def time_that_runs_back(p):
    with Forger(p.at('ledger.db')) as db:
        db.execute('UPDATE events SET time = 5 WHERE seq = 9')
    need('event 9 of station A is older than the one before it' in p.call('verify', 'ledger.db', code=1), 'verify')


@part
def two_ledgers_of_one_site(p):
    """The first one is written anew here: the office, whose event says what is here, has signed."""
    for name in 'bc':
        os.mkdir(p.at(name))
        house = House(p.at(name))
        code, out = house.run(house.order(f'of-{name}', 2, station=f'line-{name}', packets='x.ndjson'))
        need(code == 0, out)
        p.call('import', '--site', 'z', '--sign', 'office.sign', 'ledger.db', f'{name}/ledger.db')
    office = p.call('vkey', 'ledger.db', 'office.sign').split('+')[0].split('/')[1]
    p.house.write('office', p.call('checkpoint', 'ledger.db', '--station', office))
    need('' != p.call('verify', 'ledger.db', '--since-checkpoint', 'office'), 'as it was')
    with Forger(p.at('b/ledger.db')) as db:
        db.execute("UPDATE devices SET hw_id = 'forged' WHERE id = 2")
    with sqlite3.connect(p.at('ledger.db')) as db:
        base, = db.execute("SELECT base FROM stations WHERE name = 'line-b@z'").fetchone()
        trigger, = db.execute("SELECT sql FROM sqlite_schema WHERE name = 'events_update'").fetchone()
        db.execute('DROP TRIGGER events_update')
        db.execute('ATTACH ? AS b', (p.at('b/ledger.db'),))
        db.execute(f"UPDATE devices SET hw_id = 'forged' WHERE id = {base} + 2")
        db.execute(f'UPDATE events SET (row_sha256, hash) = (SELECT row_sha256, hash FROM b.events b WHERE b.seq = events.seq) WHERE station > {base} AND station < 2 * {base}')
        db.execute(f"UPDATE stations SET (hash, tree, checkpoint) = (SELECT hash, '', '' FROM b.stations) WHERE base = {base}")
        db.execute(trigger)
    db.close()
    need('site @z is not what its last import left' in p.call('verify', 'ledger.db', '--since-checkpoint', 'office', code=1), 'written anew')


@part
def zero_byte_in_a_checkpoint(p):
    p.house.write('zero', p.call('checkpoint', 'ledger.db') + '\0')
    p.verify('has a zero byte', since='zero')


@part
def changes_beside_the_file(p):
    """What a writer would see is what is verified: by a link, too; no pipe is waited for."""
    with open(p.at('ledger.db'), 'rb') as f:
        before = f.read()
    db = sqlite3.connect(p.at('ledger.db'), isolation_level=None)
    db.execute('PRAGMA wal_autocheckpoint = 0')
    db.execute('DELETE FROM devices WHERE id = 1')
    with open(p.at('ledger.db-wal'), 'rb') as f:
        log = f.read()
    db.close()
    os.mkdir(p.at('d'))
    for name, data in (('ledger.db', before), ('ledger.db-wal', log)):
        with open(p.at('d', name), 'wb') as f:
            f.write(data)
    os.chmod(p.at('d/ledger.db'), 0o444)
    os.symlink('d/ledger.db', p.at('link.db'))
    p.verify('device number 1 is missing', ledger='link.db')
    os.unlink(p.at('d/ledger.db-wal'))
    p.verify(ledger='link.db')
    with open(p.at('d/ledger.db-journal'), 'wb') as f:  # which a writer undoes first
        f.write(bytes.fromhex('d9d505f920a163d7') + bytes(505))
    p.verify('is to be undone first', ledger='link.db')
    os.unlink(p.at('d/ledger.db-journal'))
    for end in '-journal', '-wal', '-shm':
        os.mkfifo(p.at('d/ledger.db' + end))
        p.verify('is no plain file', ledger='d/ledger.db')
        os.unlink(p.at('d/ledger.db' + end))
    with open(p.at('theirs'), 'wb') as f:  # what is written there would go into another file
        f.write(bytes(600))
    for end in '-journal', '-wal', '-shm':
        for put in os.link, os.symlink, lambda _, name: (open(name, 'wb').close(), os.chown(name, 65534, 65534)):
            if put not in (os.link, os.symlink) and os.geteuid() != 0:
                continue
            put(p.at('theirs'), p.at('d/ledger.db' + end))
            p.verify("another user's, or has a second name", ledger='d/ledger.db')
            os.unlink(p.at('d/ledger.db' + end))


@part
def another_station(p):
    """What nobody signed counts only where it was said that it may."""
    p.call('void', 'ledger.db', '--reason', 'x', 'urn:dev:os:p-0000002')
    p.call('verify', 'ledger.db')
    p.verify('none of the given keys stands for the 1 events of station office@')
    with sqlite3.connect(p.at('ledger.db')) as db:
        office, = db.execute("SELECT name FROM stations WHERE name LIKE 'office@%'").fetchone()
    db.close()
    p.verify(None, '--unsigned', office)


@part
def replayed_checkpoint(p):
    with open(p.at('first')) as f:
        p.sql(f"UPDATE stations SET checkpoint = '{f.read()}'")
    need('is not what the ledger has' in p.call('verify', 'ledger.db', code=1), 'verify')


@part
def station_without_its_key(p):
    os.unlink(p.at('station.key.sign'))
    need('was not signed with the key' in p.make('q', 2, code=1), 'another key')


@part
def what_is_no_checkpoint(p):
    p.house.write('none', 'x')
    p.verify('is no signed note', since='none')
    need('no Ed25519 key' in p.call('verify', 'ledger.db', '--vkey', 'x', code=1), 'a key')
    with open(p.at('first')) as f:
        p.house.write('other', f.read().replace('\n6', '\n7', 1).replace('/A/', '/B/'))
    p.verify('was signed by none of the given keys', since='other')
    need('has no station B that signs' in p.call('checkpoint', 'ledger.db', '--station', 'B', code=1), 'a station')


@part
def text_behind_a_zero(p):
    """Whose hash is that of nothing, as a program takes it that stops there."""
    with Forger(p.at('ledger.db')) as db:
        db.execute("UPDATE events SET detail = '' WHERE device = 2 AND n = 1")
    p.call('verify', 'ledger.db')
    db = sqlite3.connect(p.at('ledger.db'))
    db.execute('DROP TRIGGER events_update')
    db.execute("UPDATE events SET detail = char(0) || 'hidden' WHERE device = 2 AND n = 1")
    db.execute("CREATE TRIGGER events_update BEFORE UPDATE ON events BEGIN SELECT RAISE(ABORT, 'events are append-only'); END")
    db.commit()
    db.close()
    need('a text in the ledger has a zero byte' in p.call('verify', 'ledger.db', code=1), 'verify')


@part
def another_schema(p):
    """A view in place of a table, without an end: nothing is read of it."""
    for n, deed in enumerate(('ALTER TABLE events RENAME TO e; CREATE VIEW events AS WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r)'
                              ' SELECT e.* FROM e, r', 'DROP INDEX u_endpoint', 'DROP TRIGGER events_delete',
                              "CREATE TRIGGER t AFTER UPDATE ON devices BEGIN SELECT 1; END")):
        shutil.copy(p.at('old.db'), p.at(f'{n}.db'))
        db = sqlite3.connect(p.at(f'{n}.db'))
        db.executescript(deed)
        db.close()
        words = "another program's database" if n == 0 else 'was dropped, added or changed'
        need(words in p.call('verify', f'{n}.db', code=1), deed)
    need("another program's database" in p.call('list', '0.db', code=1), 'list')


@part
def proofs_of_names_that_are_paths(p):
    """A foreign ledger may have any name: no file is made outside the folder."""
    shutil.copy(p.at('ledger.db'), p.at('foreign.db'))
    for name in '../outside', f'{p.at("outside")}', '--output=x', 'a\x1b[2Jb':
        with sqlite3.connect(p.at('foreign.db')) as db:
            db.execute('UPDATE devices SET endpoint = ? WHERE id = 1', (name,))
        said = p.call('proof', 'foreign.db', '-o', 'work', '--', name, code=1 if '/' in name else 0)
        need('\x1b' not in said and ('cannot be the name of files' in said) == ('/' in name), said)
    need(not os.path.exists(p.at('outside.1.event')) and os.path.exists(p.at('work', '--output=x.1.event')), 'files')


@part
def proofs(p):
    """Each event of a device, without the ledger; a changed event, proof or key is refused."""
    name = 'urn:dev:os:o-0000003'
    said = p.call('proof', 'ledger.db', name)
    need([l.split()[0] for l in said.splitlines()] == ['reserved', 'writing', 'done'], said)
    for n in 1, 2, 3:
        event, proof = (p.at(f'{name}.{n}.{end}') for end in ('event', 'tlog-proof'))
        need('is in the ledger' in p.call('proof', '--vkey', p.key, event, proof), n)
        with open(event, 'rb') as f:
            text = f.read()
        need(name.encode() in text or n > 1, text)
        p.house.write('changed', text.decode().replace('1.', '2.').replace('reserved', 'reservee') + 'x')
        need('does not show that the entry' in p.call('proof', '--vkey', p.key, 'changed', proof, code=1), 'a changed event')
        need('does not show that the entry' in p.call('proof', '--vkey', p.key, event, p.at(f'{name}.{n % 3 + 1}.tlog-proof'), code=1), n)
    with open(p.at(f'{name}.1.tlog-proof')) as f:
        text = f.read()
    head, rest = text.split('\n\n', 1)
    for changed in (re.sub('(?m)^index (.*)$', r'index 1\1', text), head + '\n\n' + rest.replace('A', 'B', 1),
                    text.replace(rest.split('\n')[2], 'A' * 43 + '='), head.rsplit('\n', 1)[0] + '\n\n' + rest):
        p.house.write('changed', changed)
        p.call('proof', '--vkey', p.key, p.at(f'{name}.1.event'), 'changed', code=1)
    need('no device none' in p.call('proof', 'ledger.db', 'none', code=1), 'a device')
    p.call('void', 'ledger.db', '--reason', 'x', '--sign', 'office.sign', name)
    p.call('void', 'ledger.db', '--reason', 'x', '--sign', 'office.sign', 'urn:dev:os:p-0000001')
    p.call('proof', 'ledger.db', name)
    office = p.call('vkey', 'ledger.db', 'office.sign').strip()
    need('is in the ledger' in p.call('proof', '--vkey', office, p.at(f'{name}.4.event'), p.at(f'{name}.4.tlog-proof')), 'of the office')
    p.verify(None, '--vkey', office)


@part
def unproved(p):
    p.call('void', 'ledger.db', '--reason', 'x', 'urn:dev:os:o-0000003')
    said = p.call('proof', 'ledger.db', 'urn:dev:os:o-0000003', code=3)
    need('no proof: its station does not sign' in said, said)


@part
def witnessed(p):
    """It signs what only grew, remembers it, and refuses what is older or another history."""
    witness = ('witness', '--sign', 'w.sign', '--vkey', p.key)
    need(p.call('witness', '--sign', 'w.sign', '--name', 'oem').startswith('oem+'), 'its key')
    need('nothing was witnessed' in p.call(*witness, '--seen', code=1), 'seen before')
    first = p.call(*witness, 'first')
    need(first.count('\u2014 ') == 2 and '\u2014 oem ' in first, first)
    p.house.write('seen', p.call(*witness, '--seen'))
    p.verify(since='seen')
    need('no proof that it only grew' in p.call(*witness, 'second', code=1), 'without a proof')
    request = p.call('checkpoint', 'ledger.db', '--since-checkpoint', 'seen')
    hashes = request.split('\n\n')[0].split('\n')[1:]
    for changed in (request.replace(hashes[0], 'A' * 43 + '='), request.replace(hashes[-1] + '\n', '', 1),
                    request.replace('old ', 'old 1', 1)):
        p.house.write('changed', changed)
        p.call(*witness, 'changed', code=1)
    p.house.write('request', request)
    need(p.call(*witness, 'request').count('\u2014 ') == 2, 'the second')
    need(p.call(*witness, 'request').count('\u2014 ') == 2, 'the same once more')
    need('older than the one' in p.call(*witness, 'first', code=1), 'an old one')
    shutil.copy(p.at('old.db'), p.at('ledger.db'))
    for end in '-wal', '-shm':
        if os.path.exists(p.at('ledger.db' + end)):
            os.unlink(p.at('ledger.db' + end))
    p.forget()
    for n in range(3):
        p.make(f'r{n}', 9)
    need('are not those of the old checkpoint' in p.call('checkpoint', 'ledger.db', '--since-checkpoint', 'second', code=1), 'a proof')
    p.house.write('fork', p.call('checkpoint', 'ledger.db', '--since-checkpoint', 'first'))
    need('no proof that it only grew' in p.call(*witness, 'fork', code=1), 'a fork')
    with open(p.at('fork')) as f:
        p.house.write('fork', re.sub('^old .*', 'old ' + p.call(*witness, '--seen').split('\n')[1], f.read()))
    need('another history' in p.call(*witness, 'fork', code=1), 'a fork')


_parts.main(Place)
