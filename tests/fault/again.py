#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A person has the board in a slot tried again (`signet line retry`), or its device made again on it (`signet line rework`), where it
stands: what is offered, what becomes of it, and that nothing changes for a board that left.
usage: again.py [PART]"""
import hashlib, json, os, subprocess, time
from _coiote import Coiote
from _line import DEADLINE, Line
from _parts import main, part
from _signet import SIGNET, TORTURE, need, with_failpoint

ONE, TWO = 'urn:dev:os:n-001', 'urn:dev:os:n-002'
NAMES = 'names: {pattern: "urn:dev:os:n-{serial:03}"}'


class Again(Line):
    def begin(self, quota=2, slots=1, each=2, misbehave=(), names=NAMES, more='', erases=True, operator=True, keep=False):
        self.boards(slots, each=each, misbehave=misbehave, hold=3600000, keep=keep)
        if erases:
            self.programmer()
        self.order(quota, names=names, more=more + operator * 'operator: Anna\n')

    def say(self, verb, *args, code=0, says=''):
        """signet line VERB: the status after it, or what it says"""
        p = subprocess.run([SIGNET, 'line', verb, 'order.yaml', '--json', *args], cwd=self.folder, capture_output=True, text=True,
                           timeout=DEADLINE)
        said = p.stdout + p.stderr
        need(p.returncode == code and says in said, f'{verb} {args}: exit {p.returncode}, wanted {code} and {says!r}: {said}')
        return json.loads(p.stdout) if code == 0 else said

    def slot(self, i=1):
        return self.say('status')['slots'][i - 1]

    def lamp(self, stage, slot=1, may=None):
        e = self.until('slot', board=str(slot), stage=stage)
        need(e.get('may') == may, f'{e}, not {may}')
        return e

    def is_state(self, name, state):
        end = time.monotonic() + DEADLINE
        while self.rows().get(name, {}).get('state') != state:
            need(time.monotonic() < end, f'{name} is not {state}: {self.rows()}')
            time.sleep(0.05)

    def history(self, name):
        rows = [json.loads(x) for x in self.ledger('export', '-f', 'events', 'ledger.db').splitlines()]
        return [(e['kind'], e.get('detail') or '', e.get('operator') or '') for e in rows if e.get('endpoint') == name]

    def editions(self, name):
        rows = map(json.loads, self.ledger('list', 'ledger.db', '--json').splitlines())
        return [(r['state'], r.get('psk_sha256'), r.get('hw_id')) for r in rows if r['event'] == 'device' and r['endpoint'] == name]

    def insert(self, slot=1):
        """Another board"""
        self.tell('next', slot)

    def stop(self, code=4):
        self.say('stop')
        self.finish()
        self.exits(code)
        self.ledger('verify', 'ledger.db')


@part
def a_retry(l):
    """A board that failed before it got anything ends with the name that it would have had."""
    l.begin(quota=1, each=1)
    tool = l.text('nrfjprog')
    l.write('nrfjprog', '#!/bin/sh\necho no >&2\nexit 9\n')
    l.start(wait=60)
    l.lamp('fail', may='retry')
    l.write('nrfjprog', tool)
    need(l.slot()['may'] == 'retry', l.slot())
    l.say('rework', '1', '-r', 'x', code=1, says='the board in slot 1 has no device that was set aside')
    need('may' not in l.say('retry', '1')['slots'][0], 'it was asked for')
    l.lamp('working')
    l.lamp('pass', may='rework')
    l.finish()
    l.exits(0)
    l.states(n_001='done')
    said = [(e['stage'], e['board']) for e in l.events if e['event'] == 'line']
    need(said == [('retry', '1')] and (l.report['passed'], l.report['failed']) == (1, 1), l.said)


@part
def a_failed_device(l):
    """One that was set aside with credentials on its board gets them again there."""
    l.begin(misbehave=['1=result,heals=3'])
    l.start(wait=60)
    l.lamp('fail', may='rework')
    l.states(n_001='failed')
    before = l.editions(ONE)
    l.say('retry', '1', code=1, says=f'{ONE} was set aside')
    l.say('rework', '1', '--reason', 'reseated: the cable was loose')
    l.lamp('pass', may='rework')
    l.is_state(ONE, 'done')
    need(l.editions(ONE) == [('done', *before[0][1:])], (before, l.editions(ONE)))
    need(('rework', 'reseated: the cable was loose', 'Anna') in l.history(ONE), l.history(ONE))
    l.stop()


@part
def a_board_in_place_of_another(l):
    """It came in the middle: the device is set aside, and what stands there is begun as a board of its own."""
    l.begin(misbehave=['1=result'])
    l.write('order.yaml', l.text('order.yaml').replace('retries: 0', 'retries: 1'))
    tool = l.text('nrfjprog')
    l.write('real', tool)
    os.chmod(l.at('real'), 0o755)
    l.write('nrfjprog', f'#!/bin/sh\ncase "$*" in *--program*initial*) echo x >> calls; [ $(wc -l < calls) = 2 ] && {SIGNET} sim tell rack/1.control next && sleep 1;; esac\n'
                        'exec ./real "$@"\n')
    l.start(wait=60)
    e = l.lamp('fail', may='retry')
    need('wrong-board' in json.dumps(e) or 'is called' in json.dumps(e), e)
    l.states(n_001='failed')
    l.lamp('fail', may='rework')  # the next device's, with the fault of these boards
    l.states(n_001='failed', n_002='failed')
    l.finish()


@part
def a_finished_device(l):
    """New credentials on the same board; the server loses the old ones before it gets them; the ledger has who and why."""
    os.mkdir(l.at('coiote'))
    with Coiote(l.at('coiote'), token=None) as server:
        server.info(l.at('coiote'))
        l.write('token', 'x')
        l.begin()
        text = l.text('order.yaml')
        entry = f'{{name: main, file: coiote/server.json, token_file: token, ca_file: {server.ca}}}'
        l.write('order.yaml', text.replace('servers: [', f'servers: [{entry}, '))
        server.down = True
        l.start(wait=60)
        l.lamp('pass', may='rework')
        l.say('rework', '1', '-r', 'x', code=1, says=f'{ONE} is verified, and not at its end')
        server.down = False
        l.is_state(ONE, 'done')
        first = l.ask(1)
        l.say('retry', '1', code=1, says='the board in slot 1 did not fail')
        l.say('rework', '1', '-r', 'antenna changed')
        l.lamp('working')
        l.lamp('pass', may='rework')
        l.is_state(ONE, 'done')
        (was, old, board), (now, new, same) = l.editions(ONE)
        need((was, now) == ('retired', 'done') and old != new and board == same, l.editions(ONE))
        need(l.ask(1) != first and 'provisioned=1' in l.ask(1), l.ask(1))
        there = [hashlib.sha256(bytes.fromhex(d['dtlsPsk']['HexadecimalPsk'])).hexdigest() for d in server.devices.values()]
        need(there == [new] and [r[0] for r in server.requests if r[0] in ('POST', 'DELETE')][-2:] == ['DELETE', 'POST'], server.requests)
        history = l.history(ONE)
        need(('retired', 'edition 2 follows: antenna changed', 'Anna') in history and ('removed', 'main', 'Anna') in history, history)
        l.insert()
        l.lamp('pass', may='rework')  # the next board is the next device
        l.finish()
        l.exits(0)
        need(('rework', '1', 'antenna changed') in [(e['stage'], e.get('board'), e.get('name')) for e in l.events if e['event'] == 'line'], l.said)
        l.states(n_001='done', n_002='done')
        l.ledger('verify', 'ledger.db')


@part
def refused(l):
    l.begin(slots=2, misbehave=['2=slow-boot=2500'])
    l.start(wait=60)
    l.until('stage_begin', board='2')
    l.say('retry', '2', code=1, says='no board that came to its end stands in slot 2')
    for verb, *more in ('retry',), ('rework', '-r', 'x'):
        l.say(verb, '3', *more, code=1, says="unknown slot '3'")
    l.lamp('pass', may='rework')
    for reason, says in (('', '--reason is empty'), ('  ', '--reason is empty'), (256 * 'x', 'at most 255 bytes'),
                         ('a\x1b[31m', 'control characters'), (600 * 'x', 'too long')):
        l.say('rework', '1', '-r', reason, code=1 if '\x1b' in reason else 2, says=says)
    l.say('rework', '1', code=2, says='--reason TEXT is missing')
    l.say('rework', '1|1', '-r', 'x', code=2, says='the name of the slot is too long')
    l.say('retry', code=2)
    need(len(l.editions(ONE)) == 1, l.editions(ONE))
    l.finish()
    l.exits(0)
    l.say('retry', '1', code=1, says='is at work in the folder')


@part
def the_board_left(l):
    """Asked for while the line is paused, then it was taken out: the ledger is as it was, and the next board is the next device."""
    l.begin(quota=3, each=3)
    l.start(wait=60)
    l.lamp('pass', may='rework')
    l.is_state(ONE, 'done')
    l.say('pause')
    need('may' not in l.say('rework', '1', '-r', 'first')['slots'][0], 'it was asked for')
    l.say('rework', '1', '-r', 'second', code=1, says='that was asked for already')
    need(len(l.editions(ONE)) == 1, 'the ledger changed before the slot began the board')
    l.insert()
    time.sleep(1)
    l.say('rework', '1', '-r', 'third', code=1, says='no board that came to its end stands in slot 1')
    l.say('resume')
    l.until('line', stage='resumed')
    l.lamp('pass', may='rework')
    need(l.slot()['endpoint'] == TWO, l.slot())
    need([e[0] for e in l.editions(ONE)] == ['done'], l.editions(ONE))
    subprocess.run([SIGNET, 'sim', 'tell', l.at('rack/1.control'), 'pull'], check=True, capture_output=True)
    l.lamp('empty')
    l.say('rework', '1', '-r', 'x', code=1, says='no board that came to its end stands in slot 1')
    need('may' not in l.slot(), l.slot())
    l.stop()


@part
def the_ledger_changed_meanwhile(l):
    """Nothing is done to the board; no board has failed."""
    l.begin()
    l.start(wait=60)
    l.lamp('pass', may='rework')
    l.is_state(ONE, 'done')
    before = l.ask(1)
    l.say('pause')
    l.say('rework', '1', '-r', 'here')
    l.ledger('rework', '--board', 'slot:B/1', 'ledger.db', ONE)
    l.say('resume')
    e = l.lamp('made-before', may='rework')
    need('the next run of its order makes it' in e['message'] and e['endpoint'] == ONE and l.ask(1) == before, e)
    l.say('rework', '1', '-r', 'x', code=1, says='the next run of its order makes it')
    l.stop()
    need(l.report['failed'] == 0, l.report)


@part
def void_meanwhile(l):
    """What was ended for ever stays so."""
    l.begin()
    l.start(wait=60)
    l.lamp('pass', may='rework')
    l.is_state(ONE, 'done')
    l.say('pause')
    l.say('rework', '1', '-r', 'here')
    l.ledger('void', '-r', 'stolen', 'ledger.db', ONE)
    l.say('resume')
    e = l.lamp('made-before', may='rework')
    need('is void: its board is not what has to be made again' in e['message'], e)
    l.say('rework', '1', '-r', 'x', code=1, says='is void: its board')
    need([e[0] for e in l.editions(ONE)] == ['void'], l.editions(ONE))
    l.stop()


@part
def made_elsewhere_meanwhile(l):
    """Another board has the newest edition by then."""
    l.begin(quota=3, slots=2)
    l.start(wait=60)
    l.until('slot', stage='pass'), l.until('slot', stage='pass')
    one = l.slot(1)['endpoint']
    l.is_state(ONE, 'done'), l.is_state(TWO, 'done')
    l.say('slot', '1', 'off')
    before = l.ask(1)
    l.say('rework', '1', '-r', 'here')
    l.ledger('rework', '--board', 'slot:A/2', 'ledger.db', one)
    l.insert(2)
    l.lamp('pass', slot=2, may='rework')
    while [e[0] for e in l.editions(one)] != ['retired', 'done']:
        time.sleep(0.05)
    l.say('slot', '1', 'on')
    e = l.lamp('made-before', may='rework')
    need(f'{one} got another edition meanwhile' in e['message'] and l.ask(1) == before, e)
    need([e[0] for e in l.editions(one)] == ['retired', 'done'], l.editions(one))
    l.stop()


@part
def asked_before(l):
    """A no of the order's command changes nothing in the ledger; a retry asks again, and is the rework then."""
    l.write('ask', '#!/bin/sh\n! [ -e ' + l.at('no') + ' ]\n')
    os.chmod(l.at('ask'), 0o755)
    l.begin(more='ask_before: [./ask]\n')
    l.start(wait=60)
    l.lamp('pass', may='rework')
    l.is_state(ONE, 'done')
    l.write('no', '')
    before = l.ask(1)
    l.say('rework', '1', '-r', 'cracked')
    l.lamp('fail', may='retry')
    need(l.ask(1) == before and [e[0] for e in l.editions(ONE)] == ['done'], l.editions(ONE))
    os.unlink(l.at('no'))
    l.say('retry', '1')
    l.lamp('pass', may='rework')
    l.is_state(ONE, 'done')
    need([e[0] for e in l.editions(ONE)] == ['retired', 'done'], l.editions(ONE))
    need(('retired', 'edition 2 follows: cracked', 'Anna') in l.history(ONE), l.history(ONE))
    l.stop()


@part
def the_rework_fails(l):
    """Its edition waits for that board, which a retry gives it."""
    l.begin()
    l.start(wait=60)
    l.lamp('pass', may='rework')
    l.is_state(ONE, 'done')
    tool = l.text('nrfjprog')
    l.write('nrfjprog', '#!/bin/sh\necho no >&2\nexit 9\n')
    l.say('rework', '1', '-r', 'x')
    l.lamp('fail', may='retry')
    need([e[0] for e in l.editions(ONE)] == ['retired', 'reserved'], l.editions(ONE))
    l.write('nrfjprog', tool)
    l.say('retry', '1')
    l.lamp('pass', may='rework')
    l.is_state(ONE, 'done')
    need([e[0] for e in l.editions(ONE)] == ['retired', 'done'], l.editions(ONE))
    l.stop()


@part
def a_board_that_nobody_knows(l):
    """Made by another run, it gives no name before it is erased. Without an erase it cannot be made again."""
    l.begin(operator=False)
    l.start(wait=60)
    l.lamp('pass', may='rework')
    l.stop()
    l.start(wait=60)
    l.lamp('made-before')
    l.say('rework', '1', '-r', 'x', code=1, says='nobody knows which device the board in slot 1 is')
    l.stop()


@part
def an_order_that_does_not_erase(l):
    l.begin(erases=False)
    l.start(wait=60)
    l.lamp('pass')
    l.say('rework', '1', '-r', 'x', code=1, says='the order erases no boards')
    l.say('retry', '1', code=1, says='did not fail')
    l.stop()


@part
def of_another_order(l):
    """The board brings its name, which an order before made."""
    l.begin(quota=1, names='', each=1)
    l.run()
    l.exits(0)
    l.order(1, name='p', names='', more='erase_finished: true\n')
    l.start(wait=60)
    l.lamp('fail', may='rework')
    l.say('rework', '1', '-r', 'x', code=1, says='is of order o')
    l.stop()


@part
def a_slot_that_a_rule_stopped(l):
    """Turned on again it offers its board, if that still stands there."""
    l.begin(quota=1, more='stop_after_failures: {slot: 1}\n')
    tool = l.text('nrfjprog')
    l.write('nrfjprog', '#!/bin/sh\necho no >&2\nexit 9\n')
    l.start(more=['--watch'])
    l.lamp('fail')
    l.lamp('halted')
    l.say('retry', '1', code=1, says='no board that came to its end stands in slot 1')
    l.say('slot', '1', 'on')
    told = l.lamp('waiting', may='retry')
    need('its last board still stands there' in told['message'] and l.slot()['may'] == 'retry', (told, l.slot()))
    l.say('retry', '1')
    l.lamp('fail'), l.lamp('halted')
    l.write('nrfjprog', tool)
    l.insert()
    time.sleep(1)  # the slot sees that its board left
    l.say('slot', '1', 'on')
    l.lamp('working')
    l.lamp('pass', may='rework')
    l.finish()
    l.exits(0)
    need(len([e for e in l.events if e['event'] == 'slot' and e['stage'] == 'waiting']) == 1, l.said)


@part
def the_last_units(l):
    """The unit of a device that was set aside is there for its rework, also when the others are in work."""
    l.begin(slots=2, misbehave=['1=result,heals=3', '2=slow-boot=2500'])
    l.start(wait=60)
    l.lamp('fail', may='rework')
    l.say('rework', '1', '-r', 'x')
    l.finish()
    l.exits(0)
    l.states(n_001='done', n_002='done')


@part
def another_name(l):
    """Erased, the board says that it is another device: it becomes that one, and the edition waits for its own."""
    l.begin(names='')
    l.start(wait=60)
    first = l.lamp('pass', may='rework')['endpoint']
    l.is_state(first, 'done')
    l.say('pause')
    l.say('rework', '1', '-r', 'x')
    l.tell('name urn:dev:os:other')
    l.say('resume')
    need(l.lamp('pass', may='rework')['endpoint'] == 'urn:dev:os:other', l.slot())
    need([e[0] for e in l.editions(first)] == ['retired', 'reserved'], l.rows())
    l.stop()


@part
def with_codes(l):
    """The board keeps the code that it was begun with; one that was scanned for the next board is not for this one."""
    l.write('devices.csv', f'endpoint,serial\n{ONE},S-1\n{TWO},S-2\nurn:dev:os:n-003,S-3\n')
    l.begin(quota=3, names='names: {manifest: devices.csv}', more='scan: {column: serial}\n')
    tool = l.text('nrfjprog')
    l.write('nrfjprog', '#!/bin/sh\necho no >&2\nexit 9\n')
    l.start(more=['--watch'])  # else the only slot that is off ends the run
    l.lamp('waiting')
    l.say('scan', '1', 'S-2')
    l.lamp('fail', may='retry')
    l.write('nrfjprog', tool)
    l.say('retry', '1')
    l.lamp('pass', may='rework')
    l.is_state(TWO, 'done')
    l.say('scan', '1', 'S-1')
    l.say('rework', '1', '-r', 'x', code=1, says='the code of the next board was scanned for slot 1')
    l.say('slot', '1', 'off'), l.say('slot', '1', 'on')
    l.say('pause')
    l.say('rework', '1', '-r', 'y')
    l.say('scan', '1', 'S-1')
    l.say('resume')
    l.until('line', stage='resumed')
    time.sleep(0.5)
    need(l.slot()['endpoint'] == TWO and l.slot()['state'] == 'pass' and len(l.editions(TWO)) == 1, l.slot())
    l.say('slot', '1', 'off'), l.say('slot', '1', 'on')
    l.lamp('pass', may='rework')
    l.is_state(TWO, 'done')
    need([e[0] for e in l.editions(TWO)] == ['retired', 'done'] and not l.editions(ONE), l.rows())
    l.stop()


@part
def killed(l):
    """At any place behind the decision: the ledger is whole, the board is the old device or the new one, and a run that is told
    the slot ends it."""
    points = 'after-rework:1', 'before-flash:2', 'after-flash:2', 'after-seal:2', 'before-writing:2', 'before-load:2'
    l.begin(quota=len(points) + 1, each=len(points) + 1)
    for n, point in enumerate(points, 1):
        name = f'urn:dev:os:n-{n:03}'
        l.start(program=TORTURE, wait=60, env=with_failpoint(point))
        l.lamp('pass', may='rework')
        l.is_state(name, 'done')
        before = l.ask(1)
        l.say('rework', '1', '-r', point)
        l.finish()
        l.exits(-9)
        l.ledger('verify', 'ledger.db')
        need([e[0] for e in l.editions(name)][:-1] == ['retired'], (point, l.editions(name)))
        need(('retired', f'edition 2 follows: {point}', 'Anna') in l.history(name), (point, l.history(name)))
        if n <= 2:
            l.run()
            need(l.ask(1) == before and l.report['reworked'] == [name], (point, before, l.ask(1), l.report))
            l.ledger('rework', '--board', 'slot:A/1', 'ledger.db', name)
        l.run()
        (was, old, _), (now, new, _) = l.editions(name)
        need((was, now) == ('retired', 'done') and old != new and 'provisioned=1' in l.ask(1), (point, l.editions(name), l.ask(1)))
        need([r['state'] for r in l.rows().values()].count('done') == n, l.rows())
        l.ledger('verify', 'ledger.db')
        l.insert()
    l.exits(3)


main(Again)
