#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""signet ledger as the operator, the engineer and the auditor use it: list, show, stats, export, verify, void,
rework, and what it says to their mistakes."""
import contextlib, csv, io, json, os, shutil, sqlite3, subprocess, sys, tempfile

SIGNET = os.path.join(os.environ['SIGNET_BUILD'], 'signet')
EXAMPLE = os.path.join(os.environ['SIGNET_SOURCE'], 'examples', 'line', 'endpoint_cfg')
failures = []


def expect(name, ok, seen=''):
    if not ok:
        failures.append(f'{name}: {seen}')


def run(*args, code=0):
    p = subprocess.run([SIGNET, *args], capture_output=True, text=True, timeout=120)
    expect(' '.join(args), p.returncode == code, f'exit {p.returncode}: {p.stdout[-300:]}{p.stderr}')
    return p.stdout if code == 0 else p.stderr


def lines(text):
    return [json.loads(line) for line in text.splitlines()]


def make(folder, name, first, quota, ledger='l.db'):
    """An order of devices without boards."""
    order = os.path.join(folder, f'{name}.yaml')
    with open(order, 'w') as f:
        f.write(f'name: {name}\nquota: {quota}\ntemplate: {EXAMPLE}\nledger: {ledger}\nstation: st\noperator: anna\n'
                f'work: work-{name}\nnames: {{pattern: "urn:dev:os:{name}-{{serial:03}}", first: {first}}}\n'
                f'output: {{packets: {name}.ndjson}}\n')
    run('run', order)
    return order


def looking(ledger):
    expect('list', run('ledger', 'list', ledger).count('\n') == 31, 'a title and 30 devices')
    of_b = lines(run('ledger', 'list', '--order', 'b', '--json', ledger))
    expect('list of an order', len(of_b) == 10 and all(d['order'] == 'b' for d in of_b), of_b)
    expect('list of a state', 'no such devices' in run('ledger', 'list', '--state', 'failed', ledger))
    rows = list(csv.DictReader(io.StringIO(run('ledger', 'export', ledger))))
    expect('export', len(rows) == 30 and all(r['state'] == 'done' and len(r['psk_sha256']) == 64 for r in rows), rows[:1])
    expect('every key once', len({r['psk_sha256'] for r in rows}) == 30)
    events = lines(run('ledger', 'export', '-f', 'events', ledger))
    expect('events', [e['seq'] for e in events] == list(range(1, len(events) + 1)), events[:2])
    expect('who', all(e['operator'] == 'anna' and e['station'] == 'st' and e['tool'] for e in events), events[:1])
    shown = run('ledger', 'show', ledger, 'urn:dev:os:a-007')
    for word in ('done', 'reserved', 'writing', 'psk_sha256', 'anna', 'order'):
        expect(f'show has {word}', word in shown, shown)
    stats = lines(run('ledger', 'stats', '--json', ledger))
    orders = {s['order']: s for s in stats if s['event'] == 'order'}
    expect('stats', orders['a']['states']['done'] == 20 and orders['b']['quota'] == 10, stats)
    expect('yield', any(s['event'] == 'group' and s['by'] == 'slot' and s['first_pass'] == 30 for s in stats), stats)


def reporting(ledger):
    (day,) = lines(run('report', '--json', ledger))
    expect('report', (day['passed'], day['first_pass'], day['done'], day['failed']) == (30, 30, 30, 0), day)
    text = run('report', '--by', 'order', ledger)
    expect('report as text', [line.split()[:5] for line in text.splitlines()[1:]] == [
        ['a', '20', '0', '100.0%', '100.0%'], ['b', '10', '0', '100.0%', '100.0%'], ['total', '30', '0', '100.0%', '100.0%']], text)
    rows = list(csv.DictReader(io.StringIO(run('report', '-f', 'csv', '--by', 'operator', '--order', 'b', ledger))))
    expect('report as CSV', [(r['operator'], r['passed']) for r in rows] == [('anna', '10')], rows)
    expect('report of tomorrow', 'nothing was made' in run('report', '--since', '2999-01-01', ledger))
    expect('report until yesterday', run('report', '--until', 'yesterday', '--json', ledger) == '')
    expect('a day is included', lines(run('report', '--since', 'today', '--until', 'today', '--json', ledger)) == [day])
    expect('report of errors', 'no unit failed in that time' in run('report', '--by', 'error', ledger))
    runs = lines(run('report', '--runs', '--json', ledger))
    expect('reports of runs', [(r['order'], json.loads(r['report'])['done']) for r in runs] == [('b', 10), ('a', 20)], runs)
    expect('runs as text', [line.split()[1:] for line in run('report', '--runs', '--order', 'a', ledger).splitlines()][1][:-1] ==
           ['a', 'st', 'anna', '20', '0', '0', '20', 'of', '20'], run('report', '--runs', '--order', 'a', ledger))
    expect('no runs', 'no run ended' in run('report', '--runs', '--since', '2099-01-01', ledger))
    for wrong, word in ((('--by', 'dya'), "did you mean day?"), (('--since', '25:00'), "--since: '25:00' is no time"),
                        (('--until', 'today x'), "--until: 'today x' is no time"), (('--since', '2026-02-31T00:00:00Z'), 'is no time'),
                        (('--since', '2026-11-02', '--until', '2026-11-01'), 'not after'), (('-f', 'xml'), "not written as 'xml'"),
                        (('-f', 'csv', '--runs'), 'runs as text or --json'), (('-f', 'csv', '--json'), "not written as 'csv'")):
        expect(f'report {wrong}', word in run('report', *wrong, ledger, code=2), 'another message')


def deciding(ledger):
    run('ledger', 'void', ledger, 'urn:dev:os:a-003', code=2)
    said = run('ledger', 'void', '-r', 'crushed by a press', ledger, 'urn:dev:os:a-003')
    expect('it is at no server', 'is void now' in said and len(said.splitlines()) == 1, said)
    expect('void twice', 'void already' in run('ledger', 'void', '-r', 'x', ledger, 'urn:dev:os:a-003', code=1))
    shown = run('ledger', 'show', ledger, 'urn:dev:os:a-003')
    expect('the reason is kept', 'crushed by a press' in shown and 'office@' in shown, shown)
    expect('rework of what is not', 'no device' in run('ledger', 'rework', ledger, 'nobody', code=1))


def many(folder):
    """Void and rework of all that are selected: listed first, done with --yes."""
    ledger, order = os.path.join(folder, 'm.db'), make(folder, 'm', 1, 9, 'm.db')
    names = [f'urn:dev:os:m-{i:03}' for i in range(1, 10)]
    head = run('ledger', 'verify', ledger)
    said = run('ledger', 'void', '-r', 'a bad lot', '--order', 'm', '--state', 'done', ledger)
    expect('a preview', said.count(' is done, would be void\n') == 9 and '--yes does it' in said, said)
    expect('a preview changes nothing', run('ledger', 'verify', ledger) == head)
    with open(os.path.join(folder, 'names'), 'w') as f:
        f.write('\r\n'.join([names[1], '', names[3], 'nobody']) + '\n')
    said = run('ledger', 'rework', '--names', f.name, ledger)
    expect('what would become of them', said.count(' is done, would be made again as edition 2\n') == 2, said)
    run('ledger', 'rework', '--names', f.name, '--yes', ledger, code=3)
    run('ledger', 'rework', '--names', f.name, ledger)
    expect('devices are left', lines(run('ledger', 'list', '--json', '--state', 'reserved', ledger)).__len__() == 2)
    said = run('ledger', 'void', '-r', 'x', '--slot', 'nix', ledger, code=1)  # beside devices that are in no slot
    expect('a slot that is none', 'the ledger has no slot nix' in said, said)
    rows = lines(run('ledger', 'rework', '--json', '--names', f.name, ledger))
    expect('what stands in the way', [r.get('code') for r in rows] == ['usage', 'usage', 'not-found', None] or
           [r.get('code') for r in rows][:2] == ['usage', 'usage'], rows)
    expect('the sum', rows[-1] == {'event': 'preview', 'changed': 0, 'left': 3}, rows)
    run('run', order)
    with open(os.path.join(folder, 'm.ndjson')) as f:
        packets = [json.loads(l) for l in f]
    expect('further packets', [p['endpoint'] for p in packets] == names + [names[1], names[3]], packets)
    shown = run('ledger', 'show', ledger, names[1])
    expect('both editions', shown.count('edition        ') == 2 and 'retired' in shown and 'edition 2\n' in shown, shown)
    said = run('ledger', 'void', '-r', 'a bad lot', '--since', 'today', '--slot', 'mint', '-y', ledger)
    expect('done', said.endswith('9 devices changed\n') or said.endswith('11 devices changed\n'), said)
    expect('all void', len(lines(run('ledger', 'list', '--json', '--state', 'void', ledger))) == 9)
    expect('stats', '9 void' in run('ledger', 'stats', ledger), run('ledger', 'stats', ledger))
    run('ledger', 'verify', ledger)
    for args, says in ((['void', '-r', 'x', ledger], 'which devices?'), (['rework', ledger], 'which devices?'),
                       (['rework', '--state', 'done', ledger, names[0]], 'not both'), (['void', ledger, names[0]], '--reason TEXT is missing'),
                       (['rework', '--state', 'doen', ledger], 'done'), (['rework', '--since', 'soon', ledger], '--since'),
                       (['rework', '--error', 'bored', ledger], "no error 'bored'"),
                       (['rework', '--board', 'x', '--order', 'm', '-y', ledger], 'which ENDPOINT gets that board?')):
        expect(f'{args}', says in run('ledger', *args, code=2), '')
    with open(os.path.join(folder, 'names'), 'wb') as f:
        f.write(b'a\0b\n')
    expect('no text', 'this is no text' in run('ledger', 'rework', '--names', f.name, ledger, code=1), '')
    expect('no file', 'nowhere' in run('ledger', 'rework', '--names', os.path.join(folder, 'nowhere'), ledger, code=1), '')


def full_disk(ledger):
    """What was written before the end counts, too."""
    for args in (['list'], ['list', '--json'], ['export'], ['export', '-f', 'events']):
        with open('/dev/full', 'w') as full:
            p = subprocess.run([SIGNET, 'ledger', *args, ledger], stdout=full, stderr=subprocess.PIPE, text=True, timeout=60)
        expect(f'{args} to a full disk', p.returncode == 1 and 'standard output' in p.stderr, (p.returncode, p.stderr))


def mistakes(folder, ledger):
    full_disk(ledger)
    expect('no ledger', 'no such ledger' in run('ledger', 'list', ledger + 'x', code=1))
    expect('none was made', not os.path.exists(ledger + 'x'))
    expect('no ledger at all', 'not a ledger' in
           run('ledger', 'list', os.path.join(folder, 'a.ndjson'), code=1))
    expect('a state', 'done' in run('ledger', 'list', '--state', 'doen', ledger, code=2))
    expect('a format', 'csv, ndjson, events' in run('ledger', 'export', '-f', 'xml', ledger, code=2))
    expect('no device', 'no device' in run('ledger', 'show', ledger, 'urn:dev:os:a-999', code=1))
    expect('no order', 'no order' in run('ledger', 'stats', '--order', 'c', ledger, code=1))
    said = run('ledger', 'list', 'postgresql://anna:sesame@127.0.0.1/x', code=2)
    expect('a password', 'holds a password' in said and 'sesame' not in said, said)


def hostile(folder, ledger):
    """Bytes of another's database reach neither a terminal nor a spreadsheet."""
    other = os.path.join(folder, 'hostile.db')
    shutil.copy(ledger, other)
    with sqlite3.connect(other) as db:
        db.execute("UPDATE devices SET slot = ?, psk_identity = ?, error = ? WHERE endpoint = 'urn:dev:os:b-105'",
                   ('\x1b[31ms', '=cmd()', 'a\x1b]0;x\x07\r\n\x9b2J'))
    for args in (['list'], ['stats'], ['export'], ['show']):
        said = run('ledger', *args, other, *(['urn:dev:os:b-105'] if args == ['show'] else []))
        expect(f'{args}: no control character', not any(c in said for c in '\x1b\x07\x9b') and '\\x1b[31ms' in said, said)
    for formula in ('=cmd()', '+1', '-1+cmd()', '@SUM(A1)', '\t=1', '\r=1'):
        with sqlite3.connect(other) as db:
            db.execute("UPDATE devices SET psk_identity = ? WHERE endpoint = 'urn:dev:os:b-105'", (formula,))
        shown = formula.replace('\t', '\\x09').replace('\r', '\\x0d')
        expect(f'no formula: {formula!r}', f",'{shown}," in run('ledger', 'export', other), formula)


def no_file(folder, ledger):
    """Neither a pipe, whose writer never comes, nor a folder: every door says so."""
    pipe = os.path.join(folder, 'pipe')
    os.mkfifo(pipe, 0o600)
    os.symlink(pipe, os.path.join(folder, 'link'))
    made = os.path.join(folder, 'made')
    for place in (pipe, os.path.join(folder, 'link'), folder):
        for args in (['ledger', 'list'], ['ledger', 'verify'], ['ledger', 'stats'], ['ledger', 'export'], ['ledger', 'checkpoint'], ['report'], ['page']):
            expect(f'{args}', 'not a plain file' in run(*args, place, code=1))
        for args in (['ledger', 'show', place, 'd'], ['ledger', 'vkey', place, place], ['ledger', 'import', ledger, place], ['ledger', 'import', place, ledger],
                     ['ledger', 'backup', place, made], ['ledger', 'archive', place, made, 'o']):
            expect(f'{args}', 'not a plain file' in run(*args, code=1), '')
    shutil.copy(os.path.join(folder, 'b.yaml'), os.path.join(folder, 'piped.yaml'))
    with open(os.path.join(folder, 'piped.yaml'), 'r+') as f:
        text = f.read().replace('ledger: l.db', 'ledger: pipe')
        f.seek(0)
        f.write(text)
    expect('run', 'not a plain file' in run('run', '--plain', f.name, code=1))
    expect('nothing was made', not os.path.exists(made))


def archived(folder, ledger):
    """An auditor who may only read, and a folder in which nothing can be made."""
    archive = os.path.join(folder, 'archive')
    os.mkdir(archive)
    os.chmod(folder, 0o755)
    copy = os.path.join(archive, 'l.db')
    shutil.copy(ledger, copy)
    os.chmod(copy, 0o444)
    os.chmod(archive, 0o555)
    auditor = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'] if os.geteuid() == 0 else []
    shown = {}
    for args in (['verify', copy], ['list', copy], ['stats', copy], ['export', copy], ['show', copy, 'urn:dev:os:a-007']):
        p = subprocess.run([*auditor, SIGNET, 'ledger', *args], capture_output=True, text=True, timeout=120)
        expect(f'{args[0]} of an archive', p.returncode == 0 and p.stdout, f'exit {p.returncode}: {p.stderr}')
        shown[args[0]] = p.stdout
    expect('the same head', shown['verify'] == run('ledger', 'verify', ledger), shown['verify'])
    expect('nothing was made beside it', os.listdir(archive) == ['l.db'], os.listdir(archive))
    p = subprocess.run([*auditor, SIGNET, 'ledger', 'void', '-r', 'x', copy, 'urn:dev:os:a-008'], capture_output=True, text=True)
    expect('no change of an archive', p.returncode == 1 and 'also to write it and its folder' in p.stderr and p.stderr.count(copy) == 1, p.stderr)
    os.chmod(archive, 0o755)
    with open(copy + '-wal', 'wb') as f:  # changes that cannot be seen from here are no matter to pass over
        f.write(b'x' * 4096)
    os.chmod(copy + '-wal', 0o600 if auditor else 0o000)
    os.chmod(archive, 0o555)
    p = subprocess.run([*auditor, SIGNET, 'ledger', 'verify', copy], capture_output=True, text=True)
    expect('a log that cannot be read', p.returncode == 1 and '-wal' in p.stderr and 'copy both' in p.stderr, p.stderr)
    os.chmod(archive, 0o755)


def files(folder):
    return {name: open(os.path.join(folder, name), 'rb').read() for name in os.listdir(folder)}


def unchanged(folder, ledger):
    """Files that nobody may write, with and without a log that has the newest changes, in folders of both kinds."""
    auditor = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'] if os.geteuid() == 0 else []
    for log, mode in (False, 0o555), (False, 0o777), (True, 0o555), (True, 0o777):
        where = os.path.join(folder, f'kept-{log}-{mode:o}')
        os.mkdir(where)
        copy = os.path.join(where, 'l 100%.db')
        source = os.path.join(where, 'source.db')
        shutil.copy(ledger, source)
        with contextlib.closing(sqlite3.connect(source)) as db:
            db.execute('PRAGMA wal_autocheckpoint = 0')
            db.execute("UPDATE devices SET hw_id = 'in-the-log' WHERE endpoint = 'urn:dev:os:a-007'")
            db.commit()
            for end in ('', '-wal') if log else ():
                shutil.copy(source + end, copy + end)
        if not log:
            shutil.copy(source, copy)
        for name in os.listdir(where):
            path = os.path.join(where, name)
            os.remove(path) if name.startswith('source') else os.chmod(path, 0o444)
        os.chmod(where, mode)
        before = files(where)
        expect('a log', len(before) == 1 + log, sorted(before))
        for args in (['list', '-o', 'a'], ['show', 'urn:dev:os:a-007'], ['stats'], ['export'], ['export', '-f', 'events'], ['verify']):
            p = subprocess.run([*auditor, SIGNET, 'ledger', args[0], copy, *args[1:]], capture_output=True, text=True, timeout=120)
            bad = args == ['verify']  # the change above has no event
            word = {'show': 'in-the-log', 'verify': 'a-007'}.get(args[0], '')
            expect(f'{where} {args}', p.returncode == bad and word in (p.stderr if bad else p.stdout), f'exit {p.returncode}: {p.stdout}{p.stderr}')
        p = subprocess.run([*auditor, SIGNET, 'report', copy], capture_output=True, text=True, timeout=120)
        expect(f'{where} report', p.returncode == 0 and p.stdout, p.stderr)
        expect(f'{where}: as it was', files(where) == before, sorted(os.listdir(where)))
        os.chmod(where, 0o755)


def looks_only(ledger):
    """Who looks does not write."""
    before = open(ledger, 'rb').read()
    for args in (['verify'], ['list'], ['stats'], ['export']):
        run('ledger', *args, ledger)
    expect('the file is as it was', open(ledger, 'rb').read() == before)
    expect('first pass', '100.0%' in run('ledger', 'stats', ledger), '')


def tampering(ledger):
    before = run('ledger', 'verify', ledger)
    expect('verify', 'unbroken\nhead ' in before, before)
    with sqlite3.connect(ledger) as db:
        db.execute("UPDATE devices SET state = 7 WHERE endpoint = 'urn:dev:os:b-105'")
    expect('a device', 'urn:dev:os:b-105' in run('ledger', 'verify', ledger, code=1))
    with sqlite3.connect(ledger) as db:
        db.execute("UPDATE devices SET state = 6 WHERE endpoint = 'urn:dev:os:b-105'")
    expect('as before', run('ledger', 'verify', ledger) == before)
    with sqlite3.connect(ledger) as db:
        db.execute('DROP TRIGGER events_delete')
        db.execute('DELETE FROM events WHERE seq = 17')
    expect('an event', 'event 17 ' in run('ledger', 'verify', ledger, code=1))


def main():
    with tempfile.TemporaryDirectory(prefix='signet-ledger-') as folder:
        ledger = os.path.join(folder, 'l.db')
        make(folder, 'a', 1, 20)
        make(folder, 'b', 101, 10)
        looking(ledger)
        reporting(ledger)
        deciding(ledger)
        many(folder)
        looks_only(ledger)
        archived(folder, ledger)
        unchanged(folder, ledger)
        mistakes(folder, ledger)
        hostile(folder, ledger)
        no_file(folder, ledger)
        tampering(ledger)
    print('\n'.join(failures))
    sys.exit(bool(failures))


main()
