#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""signet station check: a row for each thing that an order needs; nothing is made and no board is touched."""
import fcntl, json, os, re, shutil, sqlite3, subprocess, sys, tempfile, termios, time
from _hall import Hall
from _signet import DONE, SIGNET, VOID, Broken, need


def signet(*args):
    p = subprocess.run([SIGNET, *args], capture_output=True, text=True, timeout=60)
    need(p.returncode == 0, f'{args}: {p.stderr}')
    return p.stdout


def events(hall, kind):
    return [e for e in map(json.loads, signet('ledger', 'export', '-f', 'events', hall.at('ledger.db')).splitlines()) if e['kind'] == kind]


def check(order, code, *args):
    p = subprocess.run([SIGNET, 'station', 'check', order, '--json', *args], capture_output=True, text=True, timeout=60)
    need(p.returncode == code, f'exit {p.returncode}: {p.stdout} {p.stderr}')
    rows = [json.loads(l) for l in p.stdout.splitlines()]
    need(rows[-1] == {'event': 'checked', 'ready': code == 0}, rows[-1])
    return rows[:-1]


def said(rows, what, which=None):
    return [(r['verdict'], r['message']) for r in rows if r['what'] == what and which in (None, r['which'])]


def station(hall):
    order = hall.order(2)
    rows = check(order, 0)
    need([v for v, _ in said(rows, 'order')][-1] == 'pass', rows)
    need([v for v, _ in said(rows, 'programmer')] == ['pass'] * 2 and [v for v, _ in said(rows, 'port')] == ['pass'] * 2, rows)
    need(said(rows, 'server', 'keys')[0][0] == 'pass' and said(rows, 'disk', 'work')[0][1].endswith('MiB free'), rows)
    need(said(rows, 'ledger') == [('warn', 'there is none yet: the first run makes it')], rows)
    need(not os.path.exists(hall.at('ledger.db')), 'a ledger was made')
    need(hall.run(order) == 0, 'the run')
    boards = hall.applied()
    rows = check(order, 0)
    need(said(rows, 'ledger')[0][0] == 'pass' and ' events, head ' in said(rows, 'ledger')[0][1], rows)
    need(hall.applied() == boards and hall.board(1), 'a board was changed')
    text = subprocess.run([SIGNET, 'station', 'check', order], capture_output=True, text=True, timeout=60).stdout
    need(text.count('PASS') == len(rows) and 'programmer' in text, text)


def faults(hall):
    with open(hall.order(2)) as f:
        text = f.read()

    def changed(*pairs, code=1):
        new = text
        for a, b in pairs:
            need(a in new, a)
            new = new.replace(a, b)
        hall.write('changed.yaml', new)
        return check(hall.at('changed.yaml'), code)
    rows = changed(('rack/2', 'rack/9'), code=0)
    need(said(rows, 'port', '2')[0][0] == 'warn', rows)
    rows = changed(('SER2', 'SER9'))
    need(said(rows, 'programmer', '2')[0][0] == 'fail' and 'SER9' in said(rows, 'programmer', '2')[0][1] and
         said(rows, 'programmer', '1')[0][0] == 'pass', rows)
    rows = changed(('initial.hex', 'none.hex'))
    need(said(rows, 'order')[-1][0] == 'fail' and 'none.hex' in said(rows, 'order')[-1][1], rows)
    rows = changed(('keys.json', 'away.json'))
    need(said(rows, 'server')[0][0] == 'fail', rows)
    hall.write('away.json', json.dumps({'kind': 'leshan', 'url': 'https://127.0.0.1', 'port': 1}))
    rows = changed(('keys.json', 'away.json'))
    need(said(rows, 'server')[0][0] == 'fail' and said(rows, 'order')[-1][0] == 'pass', rows)
    hall.write('ledger.db', 'this is no database, and longer than the first page of one' * 100)
    rows = changed(('order-1', 'other'))
    need(said(rows, 'ledger')[0][0] == 'fail', rows)
    os.unlink(hall.at('ledger.db'))
    held = os.open(hall.at('rack', '1'), os.O_RDWR | os.O_NOCTTY)
    fcntl.flock(held, fcntl.LOCK_EX)
    rows = changed(('order-1', 'other'))
    os.close(held)
    need(said(rows, 'port', '1')[0][0] == 'fail' and 'python3' in said(rows, 'port', '1')[0][1], rows)


def text_of(path):
    with open(path) as f:
        return f.read()


def golden(hall):
    """A board that is kept for checking goes the whole way under a name of its own, and no count has it."""
    board = hall.board(2).rsplit('-', 1)[1]
    name = 'urn:dev:os:golden-1'
    order = hall.order(2, more=f'golden: {{slot: "2", board: "{board}", endpoint: "{name}"}}\n')
    need(said(check(order, 0), 'golden') == [('warn', f'not asked for: board {board} in slot 2')], 'it was asked for')
    before = hall.applied()
    for _ in range(2):
        rows = check(order, 0, '--golden')
        need(said(rows, 'golden')[0][0] == 'pass' and f'board {board}' in said(rows, 'golden')[0][1] and
             '1 server had it; it got in' in said(rows, 'golden')[0][1], rows)
        packet = hall.applied()[board]
        need(packet != before.get(board) and name.encode() in packet, 'the board got nothing')
        before = hall.applied()
        need(set(before) == {board} and not hall.leshan.devices(), 'another board; or the server has it yet')
    kept, = hall.devices()
    need((kept['order_name'], kept['endpoint'], kept['state'], kept['exposed']) == ('golden', name, VOID, 1), dict(kept))

    # it is no product, though it stands in a slot: neither with its credentials nor blank
    counts = [signet('report', hall.at('ledger.db'), '--by', 'slot'), signet('ledger', 'stats', hall.at('ledger.db'))]
    need(hall.run(order) == 3 and hall.applied()[board] == before[board], 'the golden board became a product')
    hall.tell(2, 'program initial chip'), hall.tell(2, 'reset')
    need(hall.run(order) == 1 and hall.board(2).endswith(board), 'the golden board became a product')
    made = [d for d in hall.devices() if d['order_name'] == 'order-1']
    need([d['slot'] for d in made] == ['1'] and made[0]['state'] == DONE, [dict(d) for d in made])
    verdicts = [json.loads(e['detail']) for e in events(hall, 'board')]
    need([v['verdict'] for v in verdicts if v['slot'] == '2'] and {v['verdict'] for v in verdicts if v['slot'] == '2'} == {'made-before'}, verdicts)
    need(any('golden board' in v.get('message', '') for v in verdicts), verdicts)
    rows = check(order, 0, '--golden')
    need(said(rows, 'golden')[0][0] == 'pass', rows)
    for text in counts + [signet('report', hall.at('ledger.db'), '--by', 'slot')]:
        need(name not in text, text)
    told = [json.loads(e['detail']) for e in events(hall, 'golden')]
    need([(t['verdict'], t['slot'], t['hw_id'], t['order']) for t in told] == 3 * [('pass', '2', board, 'order-1')], told)
    stats = [json.loads(l) for l in signet('ledger', 'stats', hall.at('ledger.db'), '--json').splitlines()]
    need([r['name'] for r in stats if r.get('by') == 'slot'] == ['A/1'], stats)

    # it gets what devices get, in that form
    hall.write('hex.yaml', text_of(order).replace('order-1', 'hex') + 'credentials: {psk_hex: true, psk_bytes: 32}\n')
    check(hall.at('hex.yaml'), 0, '--golden')
    need(re.search(rb'[0-9a-fA-F]{32}', hall.applied()[board]), hall.applied()[board])

    # a name of the manifest is refused; another is kept before anything is made; one that a product has is told
    hall.write('m.csv', 'endpoint\n' + ''.join(f'urn:dev:os:n-{i}\n' for i in range(1, 6)))
    hall.write('named.yaml', text_of(order).replace('order-1', 'named').replace(name, 'urn:dev:os:n-1').replace('slots:', 'names: {manifest: m.csv}\nslots:'))
    need(hall.run(hall.at('named.yaml')) == 1, 'a golden board with the name of a product')
    hall.write('named.yaml', text_of(hall.at('named.yaml')).replace('urn:dev:os:n-1', 'urn:dev:os:g-1'))
    hall.change(1)
    hall.run(hall.at('named.yaml'))
    states = {d['endpoint']: (d['order_name'], d['state']) for d in hall.devices()}
    need(states['urn:dev:os:g-1'] == ('golden', VOID) and states['urn:dev:os:n-1'] == ('named', DONE), states)
    hall.write('told.yaml', text_of(order).replace('order-1', 'told').replace(name, made[0]['endpoint']))
    p = subprocess.run([SIGNET, 'run', hall.at('told.yaml'), '--wait', '1'], capture_output=True, text=True, timeout=60)
    need("golden: " in p.stderr and "is a device of order 'order-1'" in p.stderr, p.stderr)

    # a name that is a product's; another board in the slot; a server that is away
    text = text_of(order)
    hall.write('taken.yaml', text.replace(name, made[0]['endpoint']))
    rows = check(hall.at('taken.yaml'), 1, '--golden')
    need("is a device of order 'order-1'" in said(rows, 'golden')[0][1], rows)
    hall.change(2)
    other = hall.board(2).rsplit('-', 1)[1]
    rows = check(order, 1, '--golden')
    need(f'it is not the golden board {board}, but {other}, which was erased' in said(rows, 'golden')[0][1], rows)
    need(other not in hall.applied(), 'it got credentials')
    hall.write('wrong.yaml', text.replace('slot: "2"', 'slot: "7"'))
    p = subprocess.run([SIGNET, 'station', 'check', hall.at('wrong.yaml')], capture_output=True, text=True)
    need(p.returncode == 1 and "golden: '7' is no slot of the order" in p.stderr, p.stderr)
    hall.write('short.yaml', text.replace(f', endpoint: "{name}"', ''))
    p = subprocess.run([SIGNET, 'station', 'check', hall.at('short.yaml')], capture_output=True, text=True)
    need(p.returncode == 1 and "a golden board has 'slot', 'board' and 'endpoint'" in p.stderr, p.stderr)
    hall.write('bad.yaml', text.replace(f'endpoint: "{name}"', 'endpoint: "a b"'))
    p = subprocess.run([SIGNET, 'station', 'check', hall.at('bad.yaml')], capture_output=True, text=True)
    need(p.returncode == 1 and "'a b' is no endpoint name" in p.stderr, p.stderr)
    hall.write('none.yaml', text.replace('golden:', '#golden:'))
    need(said(check(hall.at('none.yaml'), 1, '--golden'), 'golden') == [('fail', 'the order has none')], 'no golden board')
    hall.check()


def rows_of_their_own(hall):
    """Hooks, the key, and clocks."""
    hall.write('lamp', '#!/bin/sh\n')
    os.chmod(hall.at('lamp'), 0o700)
    with open(hall.order(2)) as f:
        text = f.read()
    server = subprocess.Popen([SIGNET, 'sim', 'server', '--kind', 'leshan', '-u', '--ca-file', hall.at('away.pem'), '--server-file', hall.at('late.json'), '-m', 'date=-4000'],
                              stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        server.stdout.readline()
        late = text.replace('servers:\n', f'servers:\n  - {{name: late, file: late.json}}\n')
        hall.write('hooks.yaml', late + f'on_pass: [true]\non_fail: [{hall.at("lamp")}]\n')
        rows = check(hall.at('hooks.yaml'), 0)
        need([r['which'] for r in rows if r['what'] == 'hook' and r['verdict'] == 'pass'] == ['on_pass', 'on_fail'], rows)
        need(said(rows, 'key')[0][0] == 'pass', rows)
        need(said(rows, 'clock', 'late')[0][0] == 'warn' and ' s behind this' in said(rows, 'clock', 'late')[0][1], rows)
    finally:
        server.stdin.close()
        server.wait()
    os.chmod(hall.at('lamp'), 0o600)
    hall.write('hooks.yaml', text + f'on_made_before: [nobody-has-this]\non_fail: [{hall.at("lamp")}]\n')
    rows = check(hall.at('hooks.yaml'), 1)
    need([(r['which'], r['verdict']) for r in rows if r['what'] == 'hook'] == [('on_fail', 'fail'), ('on_made_before', 'fail')], rows)
    hall.write('plain.yaml', text)
    need(hall.run(hall.at('plain.yaml'), failpoint='after-seal:1') == -9, 'not killed')
    with open(hall.at('station.key'), 'wb') as f:
        f.write(os.urandom(32))
    rows = check(hall.at('plain.yaml'), 1)
    need(said(rows, 'key')[0][0] == 'fail' and 'is not the key' in said(rows, 'key')[0][1], rows)
    for ahead, verdict in (3, 'pass'), (1000, 'fail'):
        with sqlite3.connect(hall.at('ledger.db')) as db:
            db.execute('UPDATE stations SET time = ?', (int(time.time()) + ahead,))
        clock, = said(check(hall.at('plain.yaml'), 1), 'clock', 'station')
        need(clock[0] == verdict and (ahead < 5 or 900 < int(clock[1].split(' s behind')[0]) <= 1000), clock)


for test in (station, faults, golden, rows_of_their_own):
    folder = tempfile.mkdtemp()
    hall = Hall(folder, slots=2, rack=('-N', '9', '-H', '3600000'), prove=test is golden)
    try:
        test(hall)
    except Broken as e:
        sys.exit(f'{test.__name__}: {e}')
    finally:
        hall.close()
        shutil.rmtree(folder, ignore_errors=True)
