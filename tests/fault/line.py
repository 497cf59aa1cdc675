#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""An ordinary day at a line: what the ledger and the report say of each board, what slots wait for, when a line stops.
usage: line.py [PART]"""
import json, sqlite3, subprocess
from _line import DEADLINE, Line
from _parts import main, part
from _signet import SIGNET, need


class Day(Line):
    def of_boards(self):
        """What the ledger says of each board that ended."""
        rows = map(json.loads, self.ledger('export', '-f', 'events', 'ledger.db').splitlines())
        return [json.loads(r['detail']) for r in rows if r.get('kind') == 'board']


@part
def each_board_is_on_record(l):
    """Also one that failed before anybody knew its name."""
    l.boards(2, misbehave=['2=never-ready'])
    l.order(2, retries=1)
    l.run()
    l.exits(1)
    boards = {b['slot']: b for b in l.of_boards()}
    need(sorted(boards) == ['1', '2'], boards)
    good, bad = boards['1'], boards['2']
    need(good['verdict'] == 'pass' and good['endpoint'] in l.rows() and good['hw_id'] and good['first_pass'], good)
    need(good['stages']['load'] >= 0 and good['seconds'] >= sum(good['stages'].values()) * .99 and 'code' not in good, good)
    need(bad['verdict'] == 'fail' and bad['code'] == 'timeout' and bad['retries'] == 1 and not bad['first_pass'], bad)
    need('endpoint' not in bad and 'did not say' in bad['message'] and 'flash' in bad['stages'], bad)
    l.ledger('verify', 'ledger.db')


@part
def a_board_that_was_made_before_is_on_record(l):
    l.boards(1)
    l.programmer()
    l.order(2)
    l.run()
    l.run()
    good, before = l.of_boards()
    need(good['verdict'] == 'pass' and before['verdict'] == 'made-before' and before['code'] == 'provisioned', (good, before))


@part
def a_board_is_not_on_record_twice(l):
    """Killed before and after its end is written: the ledger has the device and its board, or neither."""
    l.boards(1)
    l.programmer()
    l.order(1)
    for point, wanted in (('before-verified:1', []), ('after-verified:1', ['pass'])):
        l.run(point=point)
        l.exits(-9)
        need([b['verdict'] for b in l.of_boards()] == wanted, l.of_boards())
    l.run()
    l.exits(0)
    need([b['verdict'] for b in l.of_boards()] == ['pass'], l.of_boards())


@part
def stopped_at_the_end_of_a_board(l):
    """A board that is finished when the run is stopped counts as what it is."""
    l.boards(1)
    l.programmer()
    l.order(2)
    l.run(point='before-verified:1', script='kill -TERM $PPID; sleep 1')
    l.states(n_001='verified')
    need(l.report['passed'] == 1 and [b['verdict'] for b in l.of_boards()] == ['pass'], (l.report, l.of_boards()))


def second_station(l, quota):
    """The order at station B, whose slot is the rack's second; order.yaml has the first one at A."""
    l.order(quota)
    l.write('export-b.json', json.dumps({'kind': 'export', 'file': l.at('export-b.csv')}))
    text = l.text('order.yaml')
    first, second = '  - {port: rack/1}\n', '  - {port: rack/2}\n'
    l.write('b.yaml', text.replace(first, '').replace('station: A', 'station: B\nwork: work-b').replace('export.json', 'export-b.json'))
    l.write('order.yaml', text.replace(second, ''))


def run_b(l, wait=1):
    return f"cd '{l.folder}'; '{SIGNET}' run b.yaml --wait {wait} --sync 1 > b.log 2>&1; echo $? > b.code"


@part
def a_station_that_ends_before_the_other(l):
    """What a live station has in hand is no half-made board: no advice to make it void, and exit 0. Once that station is dead it is
    told as what it is."""
    l.boards(2, hold=20000)
    second_station(l, 2)
    l.run(point='before-written:1', script=run_b(l))
    need(l.text('b.code') == '0\n', l.text('b.log'))
    need('1 device is in work at station A' in l.text('b.log') and 'void' not in l.text('b.log'), l.text('b.log'))
    need('still to be made' not in l.text('b.log'), l.text('b.log'))
    l.exits(0)
    need(l.report['finished'] and l.report['in_work'] == [], l.report)
    l.states(n_001='done', n_002='done')


@part
def a_station_that_was_killed(l):
    """Its lease has ended: its device is half made, and left to do."""
    l.boards(2, hold=20000)
    second_station(l, 2)
    l.run(point='before-written:1')
    l.exits(-9)
    with sqlite3.connect(l.at('ledger.db')) as db:
        db.execute('UPDATE devices SET lease_until = 1')
    subprocess.run(['sh', '-c', run_b(l)], check=True, timeout=DEADLINE)
    need(l.text('b.code') == '1\n' and '1 board may hold half of its credentials' in l.text('b.log'), l.text('b.log'))


@part
def a_void_device_ends_with_its_order(l):
    """A unit that was given up on purpose is no work that is left."""
    l.boards(1, misbehave=['1=result=-1'])
    l.order(1)
    l.run()
    l.exits(1)
    need(not l.report['finished'], l.report)
    l.ledger('void', 'ledger.db', 'urn:dev:os:n-001', '--reason', 'crushed')
    l.run()
    l.exits(0)
    need(l.report['finished'] and l.report['states']['void'] == 1, l.report)
    l.order(2)
    l.run()  # the quota was raised: there is one to make again
    need(not l.report['finished'] and l.code == 1, l.report)


main(Day)
