# SPDX-License-Identifier: Apache-2.0
"""What is told when an order begins: a clock that is behind, another work folder, a server that may lose commits."""
import json, os, re, sqlite3, subprocess, time
import _parts
from _mint import House
from _parts import part
from _postgres import Server, binaries
from _signet import SIGNET, need


class Place(House):
    """A house; with settings, its ledger is in a server that has them."""
    def __init__(self, folder, **settings):
        super().__init__(folder)
        self.postgres = Server(binaries(), **settings) if settings else None
        if self.postgres:
            self.postgres.__enter__()
            self.database = (self.postgres, 'l', self.postgres.create('l'))
        self.receiver = None

    def close(self):
        if self.receiver:
            self.receiver.terminate()
            self.receiver.wait()
        if self.postgres:
            self.postgres.__exit__()

    def warnings(self, order, *args):
        """Of a run, which succeeds, or a dry run."""
        p = subprocess.run([SIGNET, 'run', order, '--json', *args], capture_output=True, text=True, stdin=subprocess.DEVNULL)
        need(p.returncode == 0, f'exit {p.returncode}: {p.stdout}{p.stderr}')
        events = [json.loads(line) for line in p.stdout.splitlines()]
        return [e for e in events if e['event'] == 'warning']

    def quiet(self, order, *args):
        need(self.warnings(order, *args) == [], 'a warning')

    def warns(self, order, pattern, *args):
        """In a dry run and in a run: once each, with something to do."""
        for more in ['--dry-run'], []:
            said = self.warnings(order, *args, *more)
            need(len(said) == 1 and re.search(pattern, said[0]['message']) and said[0]['hint'], f'{more}: {said}')

    def change(self, sql):
        if self.postgres:
            return self.postgres.sql(sql, 'l')
        with sqlite3.connect(self.at('ledger.db')) as db:
            return db.execute(sql).fetchall()


def clock_behind(p):
    p.quiet(p.order('o', 3))
    p.change(f'UPDATE stations SET time = {int(time.time()) + 3}')  # a clock that is set by a second or two
    p.quiet(p.order('o', 3))
    ahead = int(p.change('SELECT time FROM stations')[0][0]) + 86400
    p.change(f'UPDATE stations SET time = {ahead}')
    there = time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime(ahead))
    whose = 'database server' if p.postgres else 'station'
    p.warns(p.order('o', 6), f"the {whose}'s clock is behind the ledger: it is 20..-.*Z, and the last event of station A is of {there}")
    p.quiet(p.order('b', 3, station='B', work='work-b', packets='b.ndjson'))  # its own events are in time


@part
def clock(p):
    clock_behind(p)


@part
def two_folders(p):
    """With one station name: each run is told that the other folder began the order."""
    one, two = p.order('o', 3), p.order('o', 6, work='work-2', packets='2.ndjson', file='2.yaml')
    p.quiet(one)
    p.quiet(one)
    pattern = "station A began order o in another work folder than '.*work-2', at 20"
    p.warns(two, pattern)
    p.quiet(two)
    p.warns(p.order('o', 9), r"in another work folder than '.*work', at")
    p.quiet(p.order('o', 12, station='B', work='work-b', packets='b.ndjson', file='b.yaml'))
    p.quiet(p.order('x', 2, work='work-2', packets='x.ndjson'))  # another order of A
    p.quiet(p.order('o', 12))
    rows = map(json.loads, subprocess.run([SIGNET, 'ledger', 'export', '-f', 'events', p.at('ledger.db')],
                                          capture_output=True, text=True, check=True).stdout.splitlines())
    begins = [(r['station'], r['detail']) for r in rows if r['kind'] == 'begin']
    need(len(begins) == 8 and len({b for b in begins if b[0] == 'A'}) == 3, begins)  # one for each order and folder
    p.verify()


if binaries():
    part(clock_behind, 'clock_of_a_server', fsync='on')

    @part(fsync='off')
    def fsync_off(p):
        p.warns(p.order('o', 3), 'does not write through to its disk')
        p.postgres.sql("ALTER SYSTEM SET fsync = 'on'")
        p.postgres.sql('SELECT pg_reload_conf()')
        until(lambda: p.postgres.sql('SHOW fsync') == [['on']])
        p.quiet(p.order('o', 6))

    @part(fsync='on', wal_level='replica')
    def standby(p):
        """Whoever receives the log is one: it is waited for only when it is named."""
        p.quiet(p.order('o', 3))
        folder = os.path.join(p.postgres.top, 'received')
        subprocess.run(p.postgres.as_user('mkdir', folder), check=True, cwd='/')
        p.receiver = subprocess.Popen(
            p.postgres.as_user(os.path.join(p.postgres.bin, 'pg_receivewal'), '-D', folder, '-h', p.postgres.top, '-U', p.postgres.user,
                             '--synchronous', '-n'), cwd='/', stderr=subprocess.DEVNULL)
        until(lambda: p.postgres.sql("SELECT state FROM pg_stat_replication") == [['streaming']])
        p.warns(p.order('o', 6), 'does not wait for its standby')
        p.postgres.sql("ALTER SYSTEM SET synchronous_standby_names = 'pg_receivewal'")
        p.postgres.sql('SELECT pg_reload_conf()')
        until(lambda: p.postgres.sql("SELECT sync_state FROM pg_stat_replication") == [['sync']])
        p.quiet(p.order('o', 9))


def until(condition):
    end = time.monotonic() + 60
    while not condition():
        need(time.monotonic() < end, 'it does not come')
        time.sleep(0.05)


_parts.main(Place)
