#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Labels that are scanned back: a device is done when the label that was printed for it is read at its slot."""
import json, os, signal, subprocess, sys, tempfile
from _desk import NAMES, Desk
from _signet import SIGNET, TORTURE, Broken, need, with_failpoint

BOARDS = ['urn:dev:os:n-001', 'urn:dev:os:n-002', 'urn:dev:os:n-003']
SET_UP = r'''SIGNETSETUPyzqwam0123456789-_.:/;,!@#$%&*()<>?|\"'=+[]{}~^`'''
REFUSED = 'on_refused_scan: [/bin/sh, -c, "echo \\"$0\\" >>{}", "{{slot}}: {{message}}"]\n'


def code(name):
    return f'https://x.example/?d={name}'


class Back(Desk):
    def files(self, scan_back='true', more=''):
        self.write('label.zpl', '^XA^FD{endpoint}^FS{qr:https://x.example/?d={endpoint}}^XZ')
        self.minted(f'{{template: label.zpl, printer: "{self.printer.url}", scan_back: {scan_back}}}', more)

    def line(self, quota, slots=1, scan='slot_prefix: SLOT-', more='', each=3, **how):
        self.boards(slots, each=each, **how)
        self.write('board.zpl', '^XA{qr:https://x.example/?d={endpoint}}^BCN,90^FDBOARD^FS^XZ')
        self.order(quota, more=f'label: {{template: board.zpl, printer: "{self.printer.url}", scan_back: true}}\n'
                               f'scan: {{{scan}}}\n' + more)

    def begin(self, order='order.yaml', program=SIGNET, env=None, args=('--watch',)):
        self.said = ''
        self.process = subprocess.Popen([program, 'run', order, '--json', *args], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                        stdin=subprocess.DEVNULL, text=True, cwd=self.folder, env=env)

    def kinds(self, name):
        return [k for k in super().kinds(name) if k != 'labelled' and k != 'label-sent']

    def read(self, *words, order='order.yaml'):
        p = self.signet('line', 'scan', order, *words)
        need(p.returncode == 0, f'{words}: {p.stderr} {self.said}')

    def refused(self, why, *words, order='order.yaml'):
        p = self.signet('line', 'scan', order, *words)
        need(p.returncode == 1 and why in p.stderr, f'{words}: exit {p.returncode}, no {why!r} in: {p.stderr}')

    def asks(self, name, slot='1'):
        e = self.until('slot', board=slot, stage='waiting')
        need(e['message'] == f'scan the label of {name}', e)


def without_boards(d):
    """The run waits, says for which, and ends when all are read; what is wrong changes nothing."""
    d.files()
    d.make(0, 'label     label.zpl at tcp://', 'scanned back', args=('run', '--dry-run', 'm.yaml'))
    d.begin('m.yaml')
    e = d.until('warning')
    need(f'devices wait until their labels are read: scan the label of {NAMES[0]}' in e['message'], e)
    d.until_true(lambda: len(d.printer.labels()) == 3)
    d.read(code(NAMES[1]), order='m.yaml')
    d.refused(f'the label of {NAMES[1]} was read already', code(NAMES[1]), order='m.yaml')
    d.refused('what was read is on no label of the order', 'https://x.example/?d=nobody', order='m.yaml')
    d.refused('what was read is on no label of the order', NAMES[0], order='m.yaml')  # a text, and no code
    d.until_true(lambda: d.rows('m')[NAMES[1]]['state'] == 'done')
    need([d.rows('m')[n]['state'] for n in NAMES] == ['verified', 'done', 'verified'], d.rows('m'))
    shown = json.loads(d.signet('line', 'status', 'm.yaml', '--json').stdout)
    need(shown['scans'] and shown['servers'] == ['label printer', 'label scanner'], shown)
    d.signet('line', 'stop', 'm.yaml')
    need(d.finish() == 4 and d.report['refused_scans'] == 3, d.said)
    # the next run goes on; without --watch it ends when nobody reads
    d.make(1, f'scan the label of {NAMES[0]}', 'label scanner          0        0        2')
    need('label scanner: waits' in d.ledger('show', 'ledger.db', NAMES[2]), d.ledger('show', 'ledger.db', NAMES[2]))
    d.make(0, 'label read', args=('label', 'read', 'm.yaml', code(NAMES[0])))
    d.make(3, f'scan the label of {NAMES[2]}', args=('ledger', 'sync', 'm.yaml'))
    d.begin('m.yaml', args=('--sync', '60'))
    d.until('warning', stage='label')
    d.read(code(NAMES[2]) + ' ', order='m.yaml')
    need(d.finish() == 0 and {r['state'] for r in d.rows('m').values()} == {'done'}, d.said)
    need([d.kinds(n) for n in NAMES] == 3 * [['label-read']], d.history(NAMES[0]))
    need(d.history(NAMES[0])[-1][2] == 'by hand', d.history(NAMES[0]))
    shown = d.signet('evidence', 'm.yaml', '--json').stdout
    need(json.loads(shown)['process']['scan_back'] is True and '"label-read", "count": 3' in shown, shown)
    need('label scanner' in d.ledger('show', 'ledger.db', NAMES[0]), 'show')
    need('unbroken' in d.ledger('verify', 'ledger.db'), 'verify')


def at_their_slots(d):
    """The wrong label is refused aloud, with both names; a board that is taken out, and one in another slot."""
    d.line(2, slots=2, hold=600000, more=REFUSED.format(d.at('refused')))
    d.begin()
    names = {}
    while len(names) < 2:
        e = d.until('slot', stage='waiting')
        names[e['board']] = e['endpoint']
    one, two = names['1'], names['2']
    d.refused('2 slots wait for a code', code(one))
    shown = d.signet('line', 'status', 'order.yaml').stdout
    need(f'scan the label of {one}' in shown and f'scan the label of {two}' in shown, shown)
    d.refused(f'the label of {two} was read, and the board in slot 1 is {one}', '1', code(two))
    d.refused(f'slot 1 waits for the label of {one}: what was read is on no label', '1', 'BOARD')
    need(d.kinds(one) == 2 * ['label-refused'] and d.kinds(two) == [], d.history(one))
    need(d.history(one)[-2][2] == f'slot 1: the label of {two}', d.history(one))
    need(set(d.states().values()) == {'verified'}, d.rows())
    d.read('SLOT-1'), d.read(code(one))
    d.until('slot', board='1', stage='pass')
    d.signet('sim', 'tell', 'rack/2.control', 'pull')
    e = d.until('slot', board='2', stage='pass')
    need(e['message'] == f'the label of {two} was not read', e)
    d.refused(f'the label of {two} was read at slot 1: its board was made in slot 2 of station A', '1', code(two))
    d.read('2', code(two))
    need(d.finish() == 0, d.said)
    need(set(d.states().values()) == {'done'} and 'unbroken' in d.ledger('verify', 'ledger.db'), d.rows())
    need(len(d.text('refused').splitlines()) == 4 and d.report['refused_scans'] == 4, d.text('refused'))
    need(d.history(one)[-1][2] == 'slot 1' and d.kinds(two) == ['label-read'], d.history(one))


def after_a_kill(d):
    """kill -9 with the label on the board and nobody there to read it; a scanner on a port reads it in the next run."""
    d.line(2, hold=600000)
    d.begin()
    d.asks(BOARDS[0])
    d.process.send_signal(signal.SIGKILL)
    d.process.wait()
    need(d.states()[BOARDS[0]] == 'verified' and d.kinds(BOARDS[0]) == [], d.rows())
    scanner = subprocess.Popen([SIGNET, 'sim', 'scanner', '--link', d.at('scanner')], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    need(scanner.stdout.readline(), 'no scanner')
    d.write('order.yaml', d.text('order.yaml').replace('scan: {', 'scan: {scanners: [{port: scanner, slot: "1"}], '))
    d.begin()
    d.asks(BOARDS[0])
    for say, event, how in ((BOARDS[1], 'warning', {'stage': 'scan'}), (BOARDS[0], 'slot', {'board': '1', 'stage': 'made-before'})):
        scanner.stdin.write(code(say) + '\n')
        scanner.stdin.flush()
        e = d.until(event, **how)
    need('was made before' in e['message'], e)
    d.until_true(lambda: d.states()[BOARDS[0]] == 'done')
    d.signet('sim', 'tell', 'rack/1.control', 'next')
    d.asks(BOARDS[1])
    scanner.stdin.write(''.join(f'x{i}\n' for i in range(40)) + code(BOARDS[1]) + '\n')  # as one that does not stop
    scanner.stdin.flush()
    need(d.finish() == 0, d.said)
    told = d.said.count(f'slot 1 waits for the label of {BOARDS[1]}')
    need(d.kinds(BOARDS[1]) == told * ['label-refused'] + ['label-read'] and d.report['refused_scans'] == 41, (told, d.said))
    scanner.stdin.close()
    need(scanner.wait(timeout=60) == 0 and d.said.count('"stage": "label-read"') == 2, d.said)
    need(set(d.states().values()) == {'done'} and 'unbroken' in d.ledger('verify', 'ledger.db'), d.rows())


def by_hand(d):
    """A board that is in no slot; a label that was printed again; another edition; a void device."""
    d.line(2, hold=300)
    d.begin(args=('--sync', '1'))
    need(d.finish() == 3, d.said)
    need('scan the label of urn:dev:os:n-001 at slot 1' in d.said, d.said)
    d.make(2, 'by hand it needs a reason', args=('label', 'read', 'order.yaml', code(BOARDS[0])))
    d.make(1, 'on no label', args=('label', 'read', '-r', 'x', 'order.yaml', code('nobody')))
    d.make(0, 'label printed', args=('label', 'print', '-r', 'torn', 'order.yaml', BOARDS[0]))
    d.make(0, f'{BOARDS[0]}: label read', args=('label', 'read', '-r', 'jig 3 is broken', 'order.yaml', code(BOARDS[0])))
    need(d.history(BOARDS[0])[-1][2] == 'by hand: jig 3 is broken', d.history(BOARDS[0]))
    d.make(1, 'was read already', args=('label', 'read', '-r', 'x', 'order.yaml', code(BOARDS[0])))
    d.ledger('void', '--reason', 'lost', 'ledger.db', BOARDS[1])
    d.make(1, f'{BOARDS[1]} is not made', args=('label', 'read', '-r', 'x', 'order.yaml', code(BOARDS[1])))
    d.make(0, args=('ledger', 'sync', 'order.yaml'))
    need(d.states() == {BOARDS[0]: 'done', BOARDS[1]: 'void'}, d.rows())
    d.make(0, 'label printed', args=('label', 'print', '-r', 'dirty', 'order.yaml', BOARDS[0]))  # it may be read, and need not
    d.make(0, 'label read', args=('label', 'read', '-r', 'it was at hand', 'order.yaml', code(BOARDS[0])))
    d.ledger('rework', 'ledger.db', BOARDS[0], '-r', 'lost')
    shown = d.ledger('show', 'ledger.db', BOARDS[0], '--json')
    need('"retired"' in shown and '"remove", "detail": "label' not in shown, shown)  # a scanner has nothing to lose
    d.make(1, f'{BOARDS[0]} is not made', args=('label', 'read', '-r', 'x', 'order.yaml', code(BOARDS[0])))
    need('unbroken' in d.ledger('verify', 'ledger.db'), 'verify')


def nobody_knows(d):
    """A label that may have been printed, and one that was not, are not read."""
    d.files()
    p = d.signet('run', '--plain', 'm.yaml', program=TORTURE, env=with_failpoint('before-label-printed:1'))
    need(p.returncode == -9, p.stderr)
    d.make(1, f'nobody knows whether the label of {NAMES[0]} was printed', args=('label', 'read', 'm.yaml', code(NAMES[0])))
    d.make(1, f'the label of {NAMES[1]} is not printed yet', args=('label', 'read', 'm.yaml', code(NAMES[1])))
    d.files(more='scan: {operator_prefix: OP-}\n')
    for other in ('OP-' + code(NAMES[0]), SET_UP):
        d.make(1, 'what was read is the code of a slot, a person', args=('label', 'read', 'm.yaml', other))
    reason = 'x' + 150 * 'é'  # a reason is recorded whole, whatever bytes it has
    d.make(1, 'the reason is not UTF-8', args=('label', 'confirm', '-r', '\udcff', 'm.yaml', NAMES[0]))
    for what, *words in (('confirm', NAMES[0]), ('print', NAMES[0]), ('read', code(NAMES[0]))):
        d.make(0, f'{NAMES[0]}: label', args=('label', what, '-r', reason, 'm.yaml', *words))
        need(d.history(NAMES[0])[-1][2].endswith(f'by hand: {reason}'), d.history(NAMES[0]))
    d.files('false')
    d.make(1, 'does not ask that labels are read', args=('label', 'read', 'm.yaml', code(NAMES[1])))


def with_codes_of_boards(d):
    """The code of the bare board is no proof of its label; a slot whose board waits for its label takes nothing else."""
    d.write('imei.csv', 'endpoint,imei,batch\n' + ''.join(f'{n},4901542032375{i}8,B7\n' for i, n in enumerate(BOARDS)))
    d.boards(1, each=3, hold=600000)
    head = f'label: {{template: board.zpl, printer: "{d.printer.url}", scan_back: true}}\nscan: {{column: imei}}\n'
    d.order(2, names='names: {manifest: imei.csv}', more=head)
    d.write('board.zpl', '^XA{qr:{imei}}^FO1,1{qr:{batch}}^FO1,1^BCN,90,Y,N,Y^FD{serial}^FS^BEN^FD{serial}^FS{qr:SAME}^XZ')
    d.make(1, 'board.zpl: scan_back: no code on the label tells its device from others', args=('run', '--dry-run', 'order.yaml'))
    d.write('board.zpl', '^XA^BEN^FD{batch}^FS^XZ')  # what is wrong with a device's label is said before
    d.write('imei.csv', d.text('imei.csv').replace('B7', 'B>7'))
    d.make(1, 'has a character that a bar code may take as a command', args=('label', 'show', 'order.yaml', BOARDS[0]))
    d.write('imei.csv', d.text('imei.csv').replace('B>7', 'B7'))
    d.write('board.zpl', '^XA{qr:L{imei}}^FO1,1^BCN^FDL{imei}^FS^BCN^FDL490154203237508^FS^XZ')  # the first one's, on each label
    d.make(1, 'no code on the label tells', args=('run', '--dry-run', 'order.yaml'))
    d.write('imei.csv', d.text('imei.csv').replace('B7', 'L490154203237508'))  # the first one's, as everybody's batch
    for field in ('{batch}', '{imei}'):
        d.write('board.zpl', f'^XA{{qr:L{{imei}}}}^FO1,1^BCN^FDL{{imei}}^FS^BCN^FD{field}^FS^XZ')
        d.make(field == '{batch}', args=('run', '--dry-run', 'order.yaml'))
    d.write('board.zpl', '^XA{qr:{imei}}^FO1,1^BXN,4,200^FDL{imei}^FS^XZ')
    d.begin()
    d.until('slot', stage='waiting')
    d.read('1', '4901542032375' + '18')
    e = d.until('slot', stage='waiting', endpoint=BOARDS[1])
    d.refused(f'slot 1 waits for the label of {BOARDS[1]}', '490154203237518')
    d.read('L490154203237518')
    d.until('slot', board='1', stage='pass')
    d.refused('was made before', '1', '490154203237518')
    d.signet('line', 'stop', 'order.yaml')
    need(d.finish() == 4, d.said)


def with_secrets(d):
    """A code with a password that is read where no label is waited for is not told."""
    d.write('imei.csv', 'endpoint,imei,wifi_password\n' + ''.join(f'{n},4901542032375{i}8,s3cr3t-{i}\n' for i, n in enumerate(BOARDS)))
    d.boards(1, each=3, hold=600000)
    d.order(2, names='names: {manifest: imei.csv}', more=f'label: {{template: board.zpl, printer: "{d.printer.url}", scan_back: true, '
            f'print_secrets: [wifi_password]}}\nscan: {{column: imei}}\n' + REFUSED.format(d.at('refused')))
    d.write('board.zpl', '^XA{qr:WIFI:P:{wifi_password}}^XZ')
    d.begin()
    d.until('slot', stage='waiting')
    d.refused('what was read is the code of no board of the order', '1', 'WIFI:P:s3cr3t-0')
    d.signet('line', 'stop', 'order.yaml')
    d.finish()
    need('s3cr3t' not in d.said + d.text('refused') and d.report['refused_scans'] == 1, d.said)


def rehearsed(d):
    """The simulated scanner reads what the simulated printer printed."""
    scanner = subprocess.Popen([SIGNET, 'sim', 'scanner', '--link', d.at('scanner'), '--labels', d.at('printed'), '--delay', '700', '-m', 'cut'],
                               stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    need(scanner.stdout.readline(), 'no scanner')
    d.files(more='scan: {scanners: [{port: scanner}]}\n')
    d.begin('m.yaml')
    need('a code came without its end' in d.until('warning', stage='scan')['message'], d.said)
    d.read(code(NAMES[0]), order='m.yaml')
    need(d.finish() == 0 and d.report['refused_scans'] == 1, d.said)
    scanner.stdin.close()
    need(scanner.wait(timeout=60) == 0 and [d.kinds(n) for n in NAMES] == 3 * [['label-read']], d.said)


def wrong_orders(d):
    servers = 'servers: [' + ', '.join(f'{{name: s{i}, file: export.json}}' for i in range(7)) + ']\n'
    d.files(more=servers)
    d.make(1, 'with a label that is scanned back, an order has at most 6 servers', args=('run', '--dry-run', 'm.yaml'))
    d.files(more='servers: [{name: label scanner, file: export.json}]\n')
    d.make(1, "a server is called 'label scanner', as the scanner is in the ledger", args=('run', '--dry-run', 'm.yaml'))
    for more, why in (('scan: {check: luhn}', "has a 'column' or an 'endpoint'"), ('scan: {when: after}', "has a 'column' or an 'endpoint'"),
                      ('scan: {scanners: [{port: x, slot: "1"}]}', "'1' is no slot of the order"), ('scan: {column: imei}', "'scan' needs a 'board'")):
        d.files(more=more + '\n')
        d.make(1, why, args=('run', '--dry-run', 'm.yaml'))
    d.files(more='scan: {operator_prefix: "https:"}\n')
    d.make(1, 'no code on the label tells its device', args=('run', '--dry-run', 'm.yaml'))
    d.files('maybe')
    d.make(1, 'scan_back', args=('run', '--dry-run', 'm.yaml'))


for test in sys.argv[1:] and [globals()[n] for n in sys.argv[1:]] or (without_boards, at_their_slots, after_a_kill, by_hand,
                                                                         nobody_knows, with_codes_of_boards, with_secrets, rehearsed, wrong_orders):
    with tempfile.TemporaryDirectory() as folder:
        desk = Back(folder)
        try:
            test(desk)
        except Broken as e:
            sys.exit(f'{test.__name__}: {e}')
        finally:
            if getattr(desk, 'process', None) and desk.process.poll() is None:
                desk.process.kill()
                desk.process.wait()
            desk.close()
print('read_back: ok')
