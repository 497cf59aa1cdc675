#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""An ordinary day at a line: what the ledger and the report say of each board, what slots wait for, when a line stops.
usage: line.py [PART]"""
import json
from _line import Line
from _parts import main, part
from _signet import need


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


main(Day)
