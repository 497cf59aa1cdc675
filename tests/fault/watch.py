#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Boards that come and go: `signet run --watch` waits for boards in empty slots, takes each once, and ends with
its order; slots named by a programmer's serial number; a slot whose board always fails is set aside after its
retries and the others go on."""
import json, os, subprocess, tempfile
from _place import BOARDS, DEADLINE, Place, checks, expect
from _signet import SIGNET, rest

RACK = [SIGNET, 'sim', 'rack', '--slots', str(BOARDS), '-u', '--control']


def rack(place, *more):
    p = subprocess.Popen([*RACK, place.at('rack'), '--save', place.at('applied/'), *more], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    p.stdout.readline()
    return p


def stop(p):
    p.stdin.close()
    p.wait(DEADLINE)


def start(place, *args):
    return subprocess.Popen([SIGNET, 'run', place.at('order.yaml'), '--json', *args], stdin=subprocess.DEVNULL,
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def events(text, kind):
    return [e for e in map(json.loads, text.splitlines()) if e['event'] == kind]


def order(place, quota, slots=None, retries=0):
    place.order([])
    place.write('keys.json', json.dumps({'kind': 'export', 'file': place.at('keys.csv')}))
    with open(place.at('order.yaml')) as f:
        text = f.read().replace('servers:\n', 'servers: [{file: keys.json}]\n').replace(f'quota: {BOARDS}', f'quota: {quota}').replace('retries: 0', f'retries: {retries}')
    if slots:
        text = text[:text.index('slots:')] + 'servers: [{file: keys.json}]\nslots:\n' + ''.join(f'  - {s}\n' for s in slots)
    place.write('order.yaml', text)


def boards_come_and_go(place):
    stop(place.rack)  # the slots are empty
    order(place, 2 * BOARDS)
    p = start(place, '--watch')
    first = ''
    while len(events(first, 'slot')) < BOARDS:
        line = p.stdout.readline()
        expect('it waits for boards', line, first)
        first += line
    place.rack = rack(place, '-N', '3', '-H', '300')  # one more than is wanted
    out, err = rest(p, DEADLINE)
    expect('watch: exit', p.returncode == 0, (p.returncode, err))
    lamps = [e['state'] if 'state' in e else e['stage'] for e in events(first + out, 'slot')]
    expect('slots were empty first', lamps[:BOARDS] == ['empty'] * BOARDS, lamps)
    expect('every board is told', lamps.count('pass') == 2 * BOARDS, lamps)
    expect('each board once', len(os.listdir(place.at('applied'))) == 2 * BOARDS, os.listdir(place.at('applied')))
    report = events(first + out, 'report')[0]
    expect('done', report['states']['done'] == 2 * BOARDS and report['failed'] == 0, report)


def slots_by_serial(place):
    order(place, BOARDS, [f'{{serial: SER{i + 1}}}' for i in range(BOARDS)])
    p = start(place, '--wait', '2')
    out, err = p.communicate(timeout=DEADLINE)
    expect('by serial number: exit', p.returncode == 0, (p.returncode, err, out[-600:]))
    expect('by serial number: done', place.states() == ['done'] * BOARDS, place.states())
    rows = {r['slot']: r['endpoint'] for r in place.rows()}
    expect('each in its own slot', rows['1'].endswith('-00100001') and rows['2'].endswith('-00200001'), rows)


def a_bad_board_is_set_aside(place):
    stop(place.rack)
    place.rack = rack(place, '-m', '1=result=-1', '-N', '2', '-H', '1500')
    order(place, BOARDS + 1, retries=2)
    p = start(place, '--wait', '3')
    out, err = p.communicate(timeout=DEADLINE)
    expect('a bad board: exit', p.returncode == 3, (p.returncode, err))
    report = events(out, 'report')[0]
    slot = {s['slot']: s for s in report['slots']}
    expect('the other slot went on', slot['2']['passed'] == 2 and slot['2']['failed'] == 0, report)
    expect('set aside after its retries', slot['1']['passed'] == 0 and slot['1']['failed'] >= 1 and report['retries'] >= 2, report)
    failed = [r for r in place.rows() if r['state'] == 'failed']
    expect('why', failed and failed[0]['error_code'] == 'board', failed)
    p = place.call('ledger', 'show', place.at('ledger.db'), failed[0]['endpoint'], '--json')
    kinds = [e['kind'] for e in events(p.stdout, 'history')]
    expect('each retry is on record', kinds.count('retry') == 2 and kinds[-1] == 'failed', kinds)
    good = next(r for r in place.rows() if r['state'] == 'done')
    p = place.call('ledger', 'show', place.at('ledger.db'), good['endpoint'], '--json')
    notes = [e['detail'] for e in events(p.stdout, 'history') if e['kind'] == 'verified']
    expect('the times of each stage are on record', 'flash ' in notes[0] and 'load ' in notes[0] and ' s' in notes[0], notes)


for case, flash in ((boards_come_and_go, False), (slots_by_serial, True), (a_bad_board_is_set_aside, True)):
    with tempfile.TemporaryDirectory(prefix='signet-watch-') as folder:
        place = Place(folder, flash=flash)
        try:
            case(place)
        finally:
            place.close()
print(f'{checks[0]} checks passed')
