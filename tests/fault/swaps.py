#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A board goes to another place, or another one comes to its place, while its device is half made: a finished board stays as it
is, and no device's credentials go to another's board.
usage: swaps.py [PART]"""
from _line import Line
from _parts import main, part
from _signet import SIGNET, need


def two_boards(l, point):
    """The first one is done; the second one's device is interrupted there."""
    l.boards(1, keep=True)
    l.programmer()
    l.order(2)
    l.run()
    l.states(n_001='done')
    l.tell('next')
    l.run(point=point)
    l.exits(-9)


@part
def a_finished_board_in_the_place_of_an_interrupted_one(l):
    """After a kill the board in the slot is taken for the interrupted one only while its port stayed."""
    two_boards(l, 'before-verified:1')
    l.tell('insert 00100001')
    before = l.ask(1)
    l.run()
    l.exits(1, 'made-before')
    need(l.ask(1) == before, f'{before}, then {l.ask(1)}')
    l.tell('insert 00100002')
    l.run()
    l.exits(1, 'made-before')  # nobody can tell any more that it is not finished
    l.tell('program initial chip')
    l.tell('reset')
    l.run()
    l.exits(0)
    l.states(n_001='done', n_002='done')


@part
def an_interrupted_board_that_stayed(l):
    """It is erased and gets its credentials again, also when all of them were on it."""
    two_boards(l, 'before-verified:1')
    before = l.rows()['urn:dev:os:n-002']['psk_sha256']
    l.run()
    l.exits(0)
    l.states(n_001='done', n_002='done')
    need(l.rows()['urn:dev:os:n-002']['psk_sha256'] == before, 'it has other credentials')


@part
def an_interrupted_board_whose_slot_has_another_name(l):
    """The new name has no last board: it is left as it is."""
    two_boards(l, 'before-verified:1')
    l.write('order.yaml', l.text('order.yaml').replace('serial: SER1', 'serial: SER1, name: left'))
    l.run()
    l.exits(1, 'made-before')


def swapped(l, request):
    """At the end of the first attempt the board is pulled and another one is there."""
    l.boards(1, keep=True)
    l.programmer()
    l.order(2, retries=3)
    l.run()
    l.states(n_001='done')
    l.tell('next')
    script = f"'{SIGNET}' sim tell rack/1.control '{request}'; while [ ! -e rack/1 ]; do sleep 0.05; done"
    l.run(point='before-result:1', script=script)
    l.exits(1)
    states = l.states()
    need(states == {'urn:dev:os:n-001': 'done', 'urn:dev:os:n-002': 'failed'}, f'{states}: {l.said}')
    need(l.rows()['urn:dev:os:n-002']['hw_id'] == '00100002', l.rows())


@part
def a_finished_board_between_two_attempts(l):
    """Before the second attempt the board is looked at: it stays as it is."""
    swapped(l, 'insert 00100001')
    l.exits(1, 'the port went away')
    need('provisioned=1' in l.ask(1) and 'board=00100001' in l.ask(1), l.ask(1))


@part
def a_board_that_came_while_another_was_begun(l):
    """Another board is in the slot by the time of the erase: it is made, and what became of it is counted once."""
    l.boards(1, hold=600000, keep=True)
    l.programmer()
    l.order(3)
    script = f"'{SIGNET}' sim tell rack/1.control next; while [ ! -e rack/1 ]; do sleep 0.05; done"
    l.run(point='before-flash:1', script=script)
    need('board=00100002' in l.ask(1), l.ask(1))
    need(l.report['passed'] == 1 and l.report['made_before'] == 0 and not l.lamps('1', 'made-before'), l.said)


@part
def another_blank_board_between_two_attempts(l):
    """It does not get what was begun for the first one."""
    swapped(l, 'next')
    l.exits(1, 'the board is called urn:dev:os:signet-rack-00100003, not urn:dev:os:signet-rack-00100002')
    need('provisioned=0' in l.ask(1), l.ask(1))


main(Line)
