#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Codes of scanners: which device a board becomes, which codes are refused, and that these change nothing."""
import json, os, pty, subprocess, tempfile, time
from _line import Line
from _signet import SIGNET, TORTURE, need, with_failpoint

CODES = {'a': '490154203237518', 'b': '356938035643809', 'c': '352099001761481'}  # IMEIs


class Scanned(Line):
    def begin(self, quota=3, scan='column: imei, check: luhn', names='names: {manifest: devices.csv}', slots=2, empty=0, misbehave=(), more='', wait=2, **start):
        self.write('devices.csv', 'endpoint,imei\n' + ''.join(f'urn:dev:os:{n},{c}\n' for n, c in CODES.items()))
        self.boards(slots, each=3, misbehave=misbehave)
        self.slots += empty
        self.order(quota, names=names, more=f'scan: {{{scan}}}\n' + more)
        self.start(wait=wait, **start)

    def scan(self, *words):
        p = subprocess.run([SIGNET, 'line', 'scan', 'order.yaml', *words], capture_output=True, text=True, cwd=self.folder, timeout=60)
        return p.returncode, p.stderr

    def takes(self, *words):
        code, said = self.scan(*words)
        need(code == 0, f'{words}: {said}')

    def refuses(self, why, *words):
        code, said = self.scan(*words)
        need(code == 1 and why in said, f'{words}: exit {code}: {said}')

    def change(self, verb, *words):
        subprocess.run([SIGNET, 'line', verb, 'order.yaml', *words], cwd=self.folder, check=True, capture_output=True, timeout=60)

    def waits(self, *slots, stage='waiting'):
        """In whatever order they say it."""
        left = set(map(str, slots))
        while left:
            e = self.until('slot', stage=stage)
            left.discard(e['board'])


def a_manifest(line):
    """Each board becomes the device of its code, in whatever order; what is refused is told, and changes nothing."""
    line.begin(scan='column: imei, check: luhn, slot_prefix: SLOT-, operator_prefix: OP-, carrier_prefix: C-',
               more='on_refused_scan: [/bin/sh, -c, "echo \\"$0\\" >>refused", "{slot}: {message}"]\n'.replace('>>refused', f'>>{line.at("refused")}'))
    line.waits(1, 2)
    line.refuses("the check digit (luhn) of '490154203237519' is wrong", '1', '490154203237519')
    line.refuses("no device of devices.csv has the imei '000000000000000'", '1', '000000000000000')
    line.refuses('2 slots wait for a code', CODES['c'])
    line.refuses("unknown slot '3'", '3', CODES['c'])
    line.refuses("unknown slot '9'", 'SLOT-9')
    line.refuses('129 bytes', '1', 129 * '1')
    line.refuses('the scanner has the American one, the computer the German one',
                 "SIGNETSETUPzyqwam0123456789ß?.Ö-ö,!\"§$%/()=;:_'#")
    set_up = subprocess.run([SIGNET, 'line', 'set-up-code'], capture_output=True, text=True, timeout=60).stdout
    line.takes(set_up.strip())
    need(not line.rows(), 'a refused code reserved a device')
    line.takes('OP-Anna'), line.takes('C-tray 7'), line.takes('SLOT-2'), line.takes(CODES['c'])
    line.until('slot', board='2', stage='pass')
    line.refuses('urn:dev:os:c was made before: order o, slot 2', '1', CODES['c'])
    line.takes('1', CODES['a'])
    line.until('slot', board='1', stage='pass')
    line.until('slot', board='1', stage='waiting')  # the next board of the slot
    line.takes('1', CODES['b'])
    need(line.finish() == 0 and line.report['passed'] == 3 and line.report['refused_scans'] == 8, line.said)
    rows = line.rows()
    need([rows[f'urn:dev:os:{n}']['slot'] for n in 'abc'] == ['1', '1', '2'], rows)
    events = [json.loads(x) for x in line.ledger('export', '-f', 'events', 'ledger.db').splitlines()]
    need([e['detail'] for e in events if e['kind'] == 'scanned'] == [f'{CODES[n]}, carrier tray 7' for n in 'cab'], events)
    need([e['detail'] for e in events if e['kind'] == 'operator'] == ['Anna'], 'the operator')
    refused = line.text('refused').splitlines()
    need(len(refused) == 8 and refused[0].startswith('1: the check digit') and refused[2].startswith(': 2 slots'), refused)


def one_code_at_a_time(line):
    """A slot has one code, and a code one slot; taken out, the slot gives its code back."""
    line.begin(scan='column: imei', empty=1, wait=60)
    line.waits(1, 2)
    line.takes('3', CODES['a'])
    said = line.until('slot', board='3', stage='waiting')
    need(said['endpoint'] == 'urn:dev:os:a' and f"the code '{CODES['a']}' waits for its board" in said['message'], said)
    line.change('slot', '3', 'off'), line.change('slot', '3', 'on')
    line.until('slot', board='3', stage='empty')
    line.change('pause')
    line.takes('1', CODES['a'])
    line.refuses("slot 1 has the code '490154203237518' already", '1', CODES['b'])
    line.refuses("'490154203237518' was scanned already, for slot 1", '2', CODES['a'])
    line.change('slot', '1', 'off'), line.change('slot', '1', 'on')
    line.takes('2', CODES['a'])
    line.change('stop')
    need(line.finish() == 4 and not line.rows(), line.said)
    line.order(3, names='names: {manifest: devices.csv}', more='scan: {column: imei, when: before}\n')
    line.start()
    line.waits(1, 2)
    line.refuses('the board in slot 1 came before its code', '1', CODES['a'])
    line.change('stop')
    need(line.finish() == 4 and not line.rows(), line.said)


def names_of_codes(line):
    """Without a manifest the code makes the name; with `after`, no code comes before its board."""
    line.begin(quota=2, names='', scan='endpoint: "urn:dev:os:{scan}", pattern: "X-##", when: after', slots=1, empty=1)
    line.waits(1)
    line.refuses('no board waits for a code in slot 2', '2', 'X-19')
    line.refuses("'X-1' does not fit the pattern X-##", 'X-1')
    line.takes('X-17')
    line.until('slot', board='1', stage='pass')
    line.waits(1)
    line.refuses('urn:dev:os:X-17 was made before', 'X-17')
    line.takes('X-18')
    need(line.finish() == 0, line.said)
    line.states(X_17='done', X_18='done')


def after_a_kill(line):
    """The code of a device whose credentials may be on a board is taken again, for that board; that of a void one is not."""
    line.write('devices.csv', 'endpoint,imei\n' + ''.join(f'urn:dev:os:{n},{c}\n' for n, c in CODES.items()))
    line.boards(1, each=3, keep=True)
    line.programmer()
    line.order(3, names='names: {manifest: devices.csv}', more='scan: {column: imei}\n')
    line.start(program=TORTURE, env=with_failpoint('after-load:1'))
    line.waits(1)
    line.takes('1', CODES['b'])
    line.process.communicate(timeout=60)
    line.states(b='writing')
    line.start()
    line.waits(1)
    line.takes('1', CODES['b'])
    line.until('slot', board='1', stage='pass')
    line.waits(1)
    line.ledger('void', '--reason', 'lost', 'ledger.db', 'urn:dev:os:b')
    line.refuses('urn:dev:os:b is void', '1', CODES['b'])
    line.takes('1', CODES['a'])
    line.until('slot', board='1', stage='pass')
    line.change('stop')
    need(line.finish() == 4, line.said)
    need(line.states()['urn:dev:os:b'] == 'void', 'a void device was made')


def after_a_rework(line):
    """The code of a device that was set aside is refused until a rework."""
    line.begin(scan='column: imei', misbehave=('2=result',))
    line.waits(1, 2)
    line.takes('2', CODES['a'])
    line.until('slot', board='2', stage='fail')
    line.refuses('urn:dev:os:a was set aside: order o', '1', CODES['a'])
    line.ledger('rework', 'ledger.db', 'urn:dev:os:a')
    line.takes('1', CODES['a'])
    line.change('stop')
    need(line.finish() == 4, line.said)


def of_another_board(line):
    """The board that a rework is for gets no other code's device: it is left as it is, and so is that device."""
    line.write('devices.csv', 'endpoint,imei\n' + ''.join(f'urn:dev:os:{n},{c}\n' for n, c in CODES.items()))
    line.boards(1, keep=True)
    line.programmer()
    line.order(2, names='names: {manifest: devices.csv}', more='scan: {column: imei}\n')
    for code, stage in (('b', 'pass'), ('a', 'fail'), ('b', 'pass')):
        before = line.ask(1)
        line.start()
        line.waits(1)
        line.takes('1', CODES[code])
        said = line.until('slot', stage=stage)
        if stage == 'fail':
            need(said['code'] == 'wrong-board' and "the board is urn:dev:os:b, and its code is that of urn:dev:os:a" in said['message'], said)
            need(line.ask(1) == before, 'the board was touched')
        line.finish()
        need(list(line.rows()) == ['urn:dev:os:b'], 'a refused code reserved a device')
        if code == 'b':
            line.ledger('rework', '--board', 'slot:A/1', 'ledger.db', 'urn:dev:os:b')


class Scanner:
    def __init__(self, line, misbehave):
        self.process = subprocess.Popen([SIGNET, 'sim', 'scanner', '--link', line.at('scanner'), '-m', misbehave], text=True,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        need(self.process.stdout.readline(), 'no scanner')

    def reads(self, code):
        self.process.stdin.write(code + '\n')
        self.process.stdin.flush()

    def close(self):
        self.process.stdin.close()
        need(self.process.wait(timeout=60) == 0, 'the scanner')


def on_a_port(line):
    """A scanner on a serial port, as it should be and otherwise; unplugged, and plugged in again."""
    def refused(why):
        said = line.until('warning', stage='scan')
        need(why in said['message'], f'not {why}: {said}')

    set_up = subprocess.run([SIGNET, 'line', 'set-up-code'], capture_output=True, text=True, timeout=60).stdout.strip()
    scanner = Scanner(line, 'garbage,long,no-end,cut,german,double')
    line.begin(quota=2, scan='column: imei, check: luhn, scanners: [{port: scanner, slot: "1"}]', slots=1)
    line.waits(1)
    p = subprocess.run([SIGNET, 'station', 'check', 'order.yaml', '--json'], capture_output=True, text=True, cwd=line.folder, timeout=60)
    need('"scanner"' in p.stdout, f'the check says nothing of the scanner: {p.stdout} {p.stderr}')
    for code, why in ((CODES['a'], 'slot 1: the code'), (CODES['a'], 'a code is too long'), (CODES['a'], 'a code came without its end'),
                      (CODES['a'], 'a code came without its end'), (set_up, 'the computer the German one')):
        scanner.reads(code)
        refused(why)
    need(not line.rows(), 'a refused code reserved a device')
    scanner.reads(CODES['a'])  # twice, which is once
    line.until('slot', stage='pass', endpoint='urn:dev:os:a')
    line.waits(1)
    scanner.reads('000000000000000')
    refused("has the imei '000000000000000'")
    scanner.reads(CODES['a'])
    refused('urn:dev:os:a was made before')
    scanner.close()
    refused('scanner')
    scanner = Scanner(line, 'ok')
    time.sleep(1.5)  # until the port is open again
    scanner.reads(CODES['b'])
    need(line.finish() == 0 and line.report['refused_scans'] == 8, line.said)
    scanner.close()
    p = subprocess.run([SIGNET, 'sim', 'scanner', '--link', line.at('x'), '-m', 'klingon'], input='1\n', capture_output=True, text=True, timeout=60)
    need(p.returncode and "does not read as 'klingon'" in p.stderr, p.stderr)


def orders(line):
    """What does not fit together is told before a board is touched."""
    line.write('devices.csv', f'endpoint,imei\nurn:dev:os:a,{CODES["a"]}\nurn:dev:os:b,{CODES["a"]}\n')
    line.slots = 1
    os.mkdir(line.at('rack'))
    _, port = pty.openpty()
    os.symlink(os.ttyname(port), line.at('rack/1'))
    os.symlink('rack/1', line.at('link'))
    for scan, names, why in (
            ('column: imei', 'names: {manifest: devices.csv}', f"devices.csv:3:1: the code to scan '{CODES['a']}' is that of line 2 too"),
            ('column: imai', 'names: {manifest: devices.csv}', "did you mean 'imei'?"),
            ('column: imei', '', "a 'column' needs a manifest"),
            ('endpoint: "urn:dev:os:{scan}"', 'names: {manifest: devices.csv}', "makes the names, and so does 'names'"),
            ('endpoint: "urn:dev:os:{scan}{serial}"', '', '{scan} in it once'),
            ('endpoint: "urn:dev:os:x"', '', '{scan} in it once'),
            ('check: luhn', '', "a 'column' or an 'endpoint'"),
            ('column: imei, check: crc', 'names: {manifest: devices.csv}', "no check digit 'crc'"),
            ('column: imei, when: later', 'names: {manifest: devices.csv}', "before or after, not 'later'"),
            ('column: imei', 'names: {manifest: devices.csv, from_board: true}', 'one of the two says'),
            ('column: imei, scanners: [{slot: "1"}]', 'names: {manifest: devices.csv}', "a scanner has a 'port'"),
            ('column: imei, scanners: [{port: s, slot: "4"}]', 'names: {manifest: devices.csv}', "'4' is no slot"),
            ('column: imei, scanners: [{port: s}, {port: s}]', 'names: {manifest: devices.csv}', 'two scanners are at'),
            ('column: imei, scanners: [{port: s}, {port: "serial:./s?parity=even"}]', 'names: {manifest: devices.csv}', 'two scanners are at'),
            ('column: imei, scanners: [{port: link}]', 'names: {manifest: devices.csv}', 'link is the port of slot 1')):
        line.order(3, names=names, more=f'scan: {{{scan}}}\n')
        p = subprocess.run([SIGNET, 'run', '--dry-run', 'order.yaml'], capture_output=True, text=True, cwd=line.folder, timeout=60)
        need(p.returncode == 1 and why in p.stderr, f'{scan}: {p.returncode} {p.stderr}')
    line.order(3, names='', more='scan: {endpoint: "urn:dev:os:{scan}", scanners: [{port: s, slot: "1"}]}\nnotify: [{file: news}]\n')
    p = subprocess.run([SIGNET, 'run', '--dry-run', 'order.yaml'], capture_output=True, text=True, cwd=line.folder, timeout=60)
    need(p.returncode == 0 and all(row in p.stdout for row in (
        'names     urn:dev:os:{scan}, as scanned\n', 'scanner   s, slot 1\n', 'notify    file: news\n')), p.stdout + p.stderr)
    line.write('order.yaml', 'name: o\nquota: 1\ntemplate: template\nledger: ledger.db\nnames: {manifest: devices.csv}\nscan: {column: imei}\noutput: {packets: x.ndjson}\n')
    p = subprocess.run([SIGNET, 'run', '--dry-run', 'order.yaml'], capture_output=True, text=True, cwd=line.folder, timeout=60)
    need(p.returncode == 1 and "'scan' needs a 'board'" in p.stderr, p.stderr)
    line.order(3, names='', more='on_refused_scan: ["true"]\n')
    p = subprocess.run([SIGNET, 'run', '--dry-run', 'order.yaml'], capture_output=True, text=True, cwd=line.folder, timeout=60)
    need("'on_refused_scan' needs 'scan'" in p.stderr, p.stderr)


for part in a_manifest, one_code_at_a_time, names_of_codes, after_a_kill, after_a_rework, of_another_board, on_a_port, orders:
    with tempfile.TemporaryDirectory() as folder:
        line = Scanned(folder)
        try:
            part(line)
        finally:
            if getattr(line, 'process', None) and line.process.poll() is None:
                line.process.kill()
                line.process.wait()
            if line.rack:
                line.rack.stdin.close()
                line.rack.wait(timeout=60)
