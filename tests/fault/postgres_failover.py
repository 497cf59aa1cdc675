#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The ledger's database server is lost in the middle of an order of 16 slots, and its standby takes over: docs/SPEC.md, "A
primary and its standby", sets them up as this test does. A standby that was waited for has everything; one that was not, and
lacks the last seconds, is an old ledger: nothing goes on with it, neither the run that is under way nor the next one."""
import glob, hashlib, os, re, signal, subprocess, threading, time
from urllib.parse import quote
import _parts
from _line import Line
from _mint import House
from _parts import part
from _postgres import Server, Standby, binaries_or_skip
from _signet import DONE, SIGNET, need

BIN = binaries_or_skip('postgres_failover')
SLOTS, EACH = 16, 2


class Pair:
    """Two servers, and an address that names both."""
    def __init__(self, folder, synchronous):
        self.folder, self.line, self.two = folder, None, None
        self.one = Server(BIN)
        self.one.__enter__()
        self.one.create('l')
        self.two = Standby(self.one, 'two')
        self.two.__enter__()
        if synchronous:
            self.one.sql("ALTER SYSTEM SET synchronous_standby_names = 'two'")
            self.one.sql('SELECT pg_reload_conf()')
        self.wait('SELECT sync_state FROM pg_stat_replication', 'sync' if synchronous else 'async')
        self.url = f'postgresql://signet@{quote(self.one.top, "")},{quote(self.two.top, "")}/l?target_session_attrs=read-write'

    def wait(self, sql, answer):
        end = time.monotonic() + 60
        while self.one.sql(sql) != [[answer]]:
            need(time.monotonic() < end, f'{sql} does not come to {answer}')
            time.sleep(0.05)

    def lose_primary(self):
        """With all that it had not sent yet."""
        os.kill(self.one.process.pid, signal.SIGQUIT)
        self.one.process.wait()
        self.one.process = None

    def cut(self):
        """The standby gets nothing more, as when the network between the two is broken."""
        self.two.sql("ALTER SYSTEM SET primary_conninfo = ''")
        self.two.sql('SELECT pg_reload_conf()')
        self.wait('SELECT count(*) FROM pg_stat_replication', '0')

    def call(self, *args, code=0):
        p = subprocess.run([SIGNET, *args], capture_output=True, text=True, cwd=self.folder)
        need(p.returncode == code, f'{args}: exit {p.returncode}: {p.stdout}{p.stderr}')
        return p.stdout + p.stderr

    def close(self):
        if self.line:
            self.line.close()
        if self.two:
            self.two.__exit__()
        self.one.__exit__()


@part(synchronous=True)
def boards(p):
    """Every board comes right, and no name is given twice."""
    l = p.line = Line(p.folder)
    l.boards(SLOTS, EACH, hold=600000)  # boards are changed here, since one that is not finished stays in its slot
    l.programmer()
    l.order(SLOTS * EACH)
    l.write('order.yaml', l.text('order.yaml').replace('ledger: ledger.db', f'ledger: "{p.url}"'))
    l.start(wait=60)
    for n in range(SLOTS * EACH):
        passed = l.until('slot', stage='pass')
        if n < SLOTS * (EACH - 1):
            threading.Thread(target=l.tell, args=('next', passed['board'])).start()
        if n == SLOTS // 2:
            p.lose_primary()
            p.two.promote()
    l.finish()
    l.exits(0)
    need(l.report['passed'] == SLOTS * EACH and not l.report['failed'], l.report)
    rows = p.two.sql('SELECT endpoint, state, packet_sha256, hw_id FROM devices', 'l')
    need(sorted(r[0] for r in rows) == [f'urn:dev:os:n-{i:03}' for i in range(1, SLOTS * EACH + 1)], rows)
    need({int(r[1]) for r in rows} == {DONE}, rows)
    for endpoint, _, sha256, hw_id in rows:
        name, = glob.glob(l.at('applied', f'*-{hw_id}'))
        with open(name, 'rb') as f:
            packet = f.read()
        need(hashlib.sha256(packet).hexdigest() == sha256 and endpoint.encode() in packet, f'{endpoint}: board {hw_id} holds another packet')
    for kind in 'verified', 'done':
        need(p.two.sql(f"SELECT count(*), count(DISTINCT device) FROM events WHERE kind = '{kind}'", 'l') == [['32', '32']], kind)
    need('unbroken' in p.call('ledger', 'verify', p.url), 'verify')


@part(synchronous=False)
def lagging(p):
    """The names that the standby does not know were given: neither this run nor another gives them a second time."""
    h = House(p.folder)
    h.database = (p.one, 'l', p.url)
    order = h.order('o', 20)
    code, said = h.run(order)
    need(code == 0 and 'does not wait for its standby' in said, said)
    p.cut()
    before = h.packets('packets.ndjson')
    run = h.start(h.order('o', 20000))
    while len(h.packets('packets.ndjson', whole=False)) < 1000:
        need(run.poll() is None, 'it ended')
        time.sleep(0.05)
    p.lose_primary()
    p.two.promote()
    said = run.communicate(timeout=120)[0]
    need(run.returncode == 1 and 'the ledger went back' in said, f'{run.returncode}: {said}')
    out = h.packets('packets.ndjson', whole=False)  # a name twice would be found there
    h.database = (p.two, 'l', p.url)
    need(set(before) <= set(out) and len(h.devices('o')) == 20, f'{len(h.devices("o"))} devices')
    for args in ('run', order), ('ledger', 'sync', order):
        said = p.call(*args, code=1)
        need('an old copy of the ledger was put back' in said and 'signet ledger recover' in said, said)
    need(h.packets('packets.ndjson', whole=False) == out, 'a line was written')
    lost = int(re.search(r'(\d+) names that the ledger does not know', p.call('ledger', 'recover', '-y', order))[1])
    need(lost >= len(out) - 20, f'{lost} of {len(out)}')
    p.call('ledger', 'verify', p.url)


_parts.main(Pair)
