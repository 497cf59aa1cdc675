#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""signet station check: a row for each thing that an order needs; nothing is made and no board is touched."""
import fcntl, json, os, shutil, subprocess, sys, tempfile, termios
from _hall import Hall
from _signet import SIGNET, Broken, need


def check(order, code):
    p = subprocess.run([SIGNET, 'station', 'check', order, '--json'], capture_output=True, text=True, timeout=60)
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

    fcntl.ioctl(held, termios.TIOCEXCL)
    fcntl.flock(held, fcntl.LOCK_EX)
    rows = changed(('order-1', 'other'))
    os.close(held)
    need(said(rows, 'port', '1')[0][0] == 'fail' and 'python3' in said(rows, 'port', '1')[0][1], rows)


for test in (station, faults):
    folder = tempfile.mkdtemp()
    hall = Hall(folder, slots=2, rack=('-N', '9', '-H', '3600000'))
    try:
        test(hall)
    except Broken as e:
        sys.exit(f'{test.__name__}: {e}')
    finally:
        hall.close()
        shutil.rmtree(folder, ignore_errors=True)
