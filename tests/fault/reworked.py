#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Boards that come back to the line: the one that was reworked is erased and gets its name again with new credentials; every
other finished board stays as it is.
usage: reworked.py [PART]"""
import json, subprocess
from _line import DEADLINE, Line
from _parts import main, part
from _signet import SIGNET, need

ONE, TWO = 'urn:dev:os:n-001', 'urn:dev:os:n-002'


def two_finished(l, names='names: {pattern: "urn:dev:os:n-{serial:03}"}'):
    l.boards(1, keep=True)
    l.programmer()
    l.order(2, names=names)
    l.run()
    l.tell('next')
    l.run()
    l.exits(0)


def editions(l, name):
    """(state, PSK, hardware id) of each, the oldest first"""
    rows = map(json.loads, l.ledger('list', 'ledger.db', '--json').splitlines())
    return [(r['state'], r.get('psk_sha256'), r.get('hw_id')) for r in rows if r['event'] == 'device' and r['endpoint'] == name]


def again(l, name, board):
    """It was made once more, on the same board, with another key."""
    (was, old, board_before), (now, new, board_now) = editions(l, name)
    need((was, now) == ('retired', 'done') and old != new, editions(l, name))
    need(board_before == board_now and board_now, editions(l, name))
    need('provisioned=1' in l.ask(1), l.ask(1))
    l.ledger('verify', 'ledger.db')


@part
def the_slot_is_named(l):
    """A board that tells nothing before it is erased. The other one, which nobody named, stays as it is."""
    two_finished(l)
    second = l.ask(1)
    l.run()
    l.exits(0)
    said = l.ledger('rework', 'ledger.db', ONE)
    need(said.splitlines()[0].endswith(' was done, waits to be made again as edition 2'), said)
    l.run()
    l.exits(1, 'made-before')
    need(l.ask(1) == second, f'{second}, then {l.ask(1)}')
    need(l.report['reworked'] == [ONE], l.report)
    p = subprocess.run([SIGNET, 'run', 'order.yaml', '--wait', '1'], cwd=l.folder, capture_output=True, text=True, timeout=DEADLINE)
    need(f'1 device waits to be made again: {ONE}\n' in p.stdout and 'slot:A/SLOT' in p.stdout, p.stdout)
    l.tell('insert 00100001')
    first = l.ask(1)
    l.run()
    l.exits(1, 'made-before')  # nobody said which board it is
    need(l.ask(1) == first, f'{first}, then {l.ask(1)}')
    for slot, known in ('A/99', False), ('A/1', True):
        p = subprocess.run([SIGNET, 'ledger', 'rework', '--board', f'slot:{slot}', 'ledger.db', ONE], cwd=l.folder, capture_output=True,
                           text=True, timeout=DEADLINE)
        need(p.returncode == 0 and (f'no board was made in {slot} yet' not in p.stderr) == known, p.stderr)
        need(f'{ONE} ' in p.stdout and 'was reserved, waits to be made on the board that was chosen' in p.stdout, p.stdout)
        if not known:
            l.run()
            need('reworked' not in l.report and l.report['made_before'], l.report)
    l.run()
    l.exits(0)
    need(l.report['passed'] == 1 and 'reworked' not in l.report, l.report)
    again(l, ONE, '00100001')
    before = l.ask(1)
    l.run()  # once
    l.exits(0)
    need(l.ask(1) == before, f'{before}, then {l.ask(1)}')
    l.tell('insert 00100002')
    l.run()
    l.exits(0)
    need('provisioned=1' in l.ask(1) and len(editions(l, TWO)) == 1, l.ask(1))


@part
def the_slot_of_another_station(l):
    two_finished(l)
    before = l.ask(1)
    l.ledger('rework', '--board', 'slot:B/1', 'ledger.db', TWO)
    l.run()
    l.exits(1, 'made-before')
    need(l.ask(1) == before, f'{before}, then {l.ask(1)}')


@part
def boards_that_bring_their_names(l):
    """The wrong board in the slot that was named: it was erased, which a person asked for; its device is not harmed further, and the
    one that was meant waits for its board."""
    two_finished(l, names='')
    first, second = sorted(l.rows())
    l.ledger('rework', '--board', 'slot:A/1', 'ledger.db', second)
    l.run()
    l.exits(0)
    again(l, second, '00100002')
    l.ledger('rework', '--board', 'slot:A/1', 'ledger.db', first)  # but the second is still in it
    l.run()
    l.exits(1, 'erased')
    need([e[0] for e in editions(l, second)] == ['retired', 'done'], editions(l, second))
    l.tell('insert 00100001')
    l.ledger('rework', '--board', 'slot:A/1', 'ledger.db', first)
    l.run()
    need([e[0] for e in editions(l, first)] == ['retired', 'done'], (editions(l, first), l.said))


@part
def a_quota_that_was_lowered(l):
    """The unit of the device that is to be made again is no other board's, also where the ledger has room for more."""
    l.boards(1, keep=True)
    l.programmer()
    l.order(5, names='')
    l.run()
    l.tell('next')
    l.run()
    first, second = sorted(l.rows())
    l.write('order.yaml', l.text('order.yaml').replace('quota: 5', 'quota: 2'))
    l.ledger('rework', '--board', 'any', 'ledger.db', first)
    l.tell('next')
    l.run()
    need(sorted(l.rows()) == [first, second], l.rows())
    need(l.report['done'] == 1 and not l.report['finished'], l.report)
    l.exits(1, 'quota')
    l.tell('insert 00100001')
    l.ledger('rework', '--board', 'slot:A/1', 'ledger.db', first)
    l.run()
    l.exits(0)
    need([e[0] for e in editions(l, first)] == ['retired', 'done'], editions(l, first))
    l.ledger('archive', 'ledger.db', 'finished.db', 'o')
    l.ledger('verify', 'finished.db')


@part
def killed_on_its_way(l):
    """At any place of the second time: one name, one board, one key that counts."""
    two_finished(l)
    for point in ('before-flash:1', 'after-flash:1', 'before-seal:1', 'after-seal:1', 'before-writing:1', 'before-load:1', 'before-remove:1'):
        n = len(editions(l, TWO))
        l.ledger('rework', '--board', 'slot:A/1', 'ledger.db', TWO)
        l.run(point=point)
        l.exits(-9)
        for _ in range(3):
            if l.run() == 0:
                break
        l.exits(0)
        found = editions(l, TWO)
        need([s for s, _, _ in found] == ['retired'] * n + ['done'], (point, found, l.said))
        need(len({k for _, k, _ in found}) == n + 1, (point, found))
        l.ledger('verify', 'ledger.db')


@part
def another_order_came_first(l):
    """The board of the slot that was named was erased, and the run killed; then another order made its device on it, which is finished."""
    two_finished(l)
    news = 'notify: [{name: n, file: news, events: [any-board]}]\n'
    l.order(2, more=news)
    l.ledger('rework', '--board', 'slot:A/1', 'ledger.db', TWO)
    l.run(point='after-flash:1')
    l.exits(-9)
    l.order(1, names='names: {pattern: "urn:dev:os:p-{serial}"}', name='p')
    l.run()
    l.exits(0)
    before = l.ask(1)
    l.order(2, more=news)
    l.run()
    l.exits(1, 'made-before')
    need('provisioned=1' in before and l.ask(1) == before, f'{before}, then {l.ask(1)}')
    l.tell('next')
    l.run()
    l.exits(0)
    need([s for s, _, _ in editions(l, TWO)] == ['retired', 'done'], editions(l, TWO))
    told = [json.loads(line) for line in l.text('news').splitlines()]
    need([(e['event'], e['endpoint']) for e in told] == [('any-board', TWO)], told)
    l.ledger('verify', 'ledger.db')


@part
def a_slot_with_a_new_name(l):
    """Erased for the slot that was named, killed, and finished by another order in that slot, which has another name by now: with its old
    name the slot is not asked for any more."""
    two_finished(l)
    l.order(2)
    l.ledger('rework', '--board', 'slot:A/1', 'ledger.db', TWO)
    l.run(point='before-seal:1')
    l.exits(-9)
    l.order(1, names='names: {pattern: "urn:dev:os:p-{serial}"}', name='p')
    l.write('order.yaml', l.text('order.yaml').replace('{port: rack/1', '{name: left, port: rack/1'))
    l.run()
    l.exits(0)
    before = l.ask(1)
    need('provisioned=1' in before, before)
    l.order(2)
    l.run()
    l.exits(1, 'made-before')
    need(l.ask(1) == before, f'{before}, then {l.ask(1)}')
    l.tell('next')
    l.run()
    l.exits(0)
    need([s for s, _, _ in editions(l, TWO)] == ['retired', 'done'], editions(l, TWO))
    l.ledger('verify', 'ledger.db')


def begun_before(l, blind):
    """The newest device of a slot, which a kill interrupted, is not the one that was made there last."""
    def order(*args, **more):
        l.order(1, *args, more='work: w\n', **more)
        if blind:
            with open(l.at('order.yaml')) as f:
                text = f.read()
            l.write('order.yaml', text.replace('recipe: anjay-zephyr', 'recipe: anjay-zephyr, restored_text: ""'))

    older = {'names': 'names: {pattern: "urn:dev:os:p-{serial}"}', 'name': 'p'}
    l.boards(1, keep=True)
    l.programmer()
    order(**older)
    l.run(point='after-reserved:1')
    l.exits(-9)
    order()
    l.run(point='after-writing:1')
    l.exits(-9)
    l.tell('next')
    order(**older)
    l.run(point='after-done:1')
    l.exits(-9)
    before = l.ask(1)
    order()
    l.run()
    l.exits(1, 'the last board may still be in the slot' if blind else 'the board holds credentials already')
    need('provisioned=1' in before and l.ask(1) == before, f'{before}, then {l.ask(1)}')
    l.tell('insert 00100001')
    l.run()
    l.exits(0)
    need({r['state'] for r in l.rows().values()} == {'done'}, l.rows())


@part
def a_device_that_was_begun_before(l):
    begun_before(l, False)


@part
def on_a_board_that_cannot_be_asked(l):
    begun_before(l, True)


main(Line)
