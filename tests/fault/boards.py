#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A line of boards: who gets which credentials and which name, what is tried again, and what is set aside, when a board
fails, a run is stopped or killed, a seal is damaged, or somebody makes a device void.
usage: boards.py [PART]"""
import json, os, re, subprocess
from _line import DEADLINE, Line
from _parts import main, part
from _signet import SIGNET, TEMPLATE, need

KEY = '000102030405060708090a0b0c0d0e%02x'


def lamps(l):
    """What the slots showed, in order."""
    return [e['stage'] for e in l.events if e['event'] == 'slot']


@part
def a_board_that_refuses(l):
    """Its credentials may be on it: the device is set aside, and its name goes to no other board."""
    l.boards(1, misbehave=['1=result=-1'])
    l.order(2)
    l.run()
    l.exits(1)
    l.states(n_001='failed')
    row, = l.rows().values()
    need(row['exposed'] and row['error_code'] == 'board' and l.seals(), row)
    need(l.report['failed'] == 1 and l.report['passed'] == 0, l.report)
    l.run()  # that board is there yet; whatever becomes of it, its name is nobody else's
    need(l.states()['urn:dev:os:n-001'] == 'failed', l.said)
    l.close()
    l.rack = None
    os.rename(l.at('rack'), l.at('rack.old'))
    l.boards(2)  # that board, and another
    l.order(2)
    l.run()
    l.states(n_001='failed', n_002='done')


@part
def nothing_is_written_twice(l):
    """What was sent to a board that cannot be erased is not sent again, however many retries there are."""
    l.boards(1, misbehave=['1=result=-1'])
    l.order(1, retries=3)
    l.run()
    l.exits(1)
    need(l.report['retries'] == 0 and l.report['failed'] == 1, l.report)
    l.states(n_001='failed')


@part
def what_never_began_is_tried_again(l):
    """As often as the order says, and not once more."""
    l.boards(1, misbehave=['1=never-ready'])
    l.order(1, retries=2)
    l.run()
    l.exits(1)
    need(l.report['retries'] == 2 and l.report['failed'] == 1, l.report)
    need(not l.rows(), 'a device was taken for it')


@part
def a_board_that_can_be_erased(l):
    l.boards(1, misbehave=['1=result=-1'])
    l.programmer()
    l.order(1, retries=2)
    l.run()
    l.exits(1)
    need(l.report['retries'] == 2, l.report)
    l.states(n_001='failed')


@part
def the_order_s_names_count(l):
    """Where the order has names, the boards' own are not looked up: the second board's own name is the first one's device."""
    l.boards(1, each=2)
    l.order(2, names='names: {pattern: "urn:dev:os:signet-rack-{serial:08}", first: 100002}')
    l.run(wait=3)
    l.exits(0)
    need(set(l.states()) == {'urn:dev:os:signet-rack-00100002', 'urn:dev:os:signet-rack-00100003'}, l.states())
    need(l.report['passed'] == 2 and l.report['failed'] == 0, l.report)


@part
def names_that_others_have(l):
    """With the names used up a board is no failure."""
    l.boards(2)
    l.mint(1, 'names: {pattern: "urn:dev:os:n-{serial:03}", first: 2}')
    l.order(2)
    l.run()
    l.exits(3, "is a device's of order 'minted'")
    l.states(n_001='done')
    need(l.report['failed'] == 0 and l.report['passed'] == 1, l.report)
    need('empty' in lamps(l) and 'stopped' not in lamps(l), lamps(l))


@part
def a_key_that_another_has(l):
    """Nothing is written to the board. A device that is named by its board is set aside; a name of the order is there for
    another board."""
    l.write('template', TEMPLATE.replace('RID.Security.Mode: %d', "RID.Security.Mode: 0, RID.Security.SecretKey: b'{psk:hex}'"))
    l.write('first.csv', f'endpoint,psk\nurn:other,{KEY % 1}\n')
    l.mint(1, 'names: {manifest: first.csv}')
    l.boards(1)
    own = 'urn:dev:os:signet-rack-00100001'
    l.write('devices.csv', f'endpoint,psk\n{own},{KEY % 1}\n')
    l.order(1, names='names: {manifest: devices.csv, from_board: true}')
    l.run()
    l.exits(1)
    row = l.rows()[own]
    need(row['state'] == 'failed' and row['error_code'] == 'conflict' and not row['exposed'], row)
    need(l.applied() == 0, 'it was written')
    l.write('names.csv', f'endpoint,psk\nurn:dev:os:n-001,{KEY % 1}\n')
    l.order(1, names='names: {manifest: names.csv}', name='p')
    l.run()
    l.exits(1)
    row = l.rows('p')['urn:dev:os:n-001']
    need(row['state'] == 'reserved' and not row['exposed'] and l.applied() == 0, row)


@part
def credentials_of_before_a_kill(l):
    """What was sealed before a kill is what the board gets."""
    l.boards(1)
    l.order(1)
    for point in ('after-seal:1', 'after-keyed:1', 'before-load:1'):
        l.run(point=point)
        l.exits(-9)
        need(len(l.seals()) == 1, l.seals())
    before = l.rows()['urn:dev:os:n-001']
    l.run()
    l.exits(0)
    after = l.rows()['urn:dev:os:n-001']
    need(after['state'] == 'done' and after['psk_sha256'] == before['psk_sha256'], (before, after))
    need(not l.seals() and l.applied() == 1, l.seals())


@part
def a_damaged_seal_of_what_nobody_has(l):
    """Nothing of it left the host: the device gets new credentials."""
    l.boards(1)
    l.order(1)
    l.run(point='after-keyed:1')
    l.exits(-9)
    before = l.rows()['urn:dev:os:n-001']
    for path in l.seals():
        os.truncate(path, 30)
    l.run()
    l.exits(0)
    after = l.rows()['urn:dev:os:n-001']
    need(after['state'] == 'done' and after['psk_sha256'] != before['psk_sha256'], (before, after))
    need(not l.seals(), l.seals())


@part
def a_damaged_seal_of_what_may_be_on_a_board(l):
    """It is set aside with a word on what to do; after rework the board gets new credentials."""
    l.boards(1)
    l.order(1)
    l.run(point='before-load:1')
    l.exits(-9)
    before = l.rows()['urn:dev:os:n-001']
    need(before['state'] == 'writing' and before['exposed'], before)
    path, = l.seals()
    os.truncate(path, 30)
    l.run()
    l.exits(1, os.path.basename(path), 'rework')
    after = l.rows()['urn:dev:os:n-001']
    need(after['state'] == 'failed' and after['psk_sha256'] == before['psk_sha256'] and l.applied() == 0, after)


@part
def a_disk_in_trouble(l):
    """What is sealed cannot be read, though it is not damaged: no device is at fault, and the delivery ends with the reason."""
    with l.waiting() as server:
        server.down = False
        path, = l.seals()
        os.rename(path, path + '.away')
        os.mkdir(path)
        p = l.sync()
        need(p.returncode == 1 and os.path.basename(path) in p.stderr, f'{p.returncode} {p.stderr}')
        l.states(n_001='verified')
        os.rmdir(path)
        os.rename(path + '.away', path)
        l.ledger('sync', 'order.yaml')
        l.states(n_001='done')


@part
def without_its_servers(l):
    """An order whose servers were taken out makes nothing, since nobody would get the keys; what waits is finished."""
    with l.waiting():
        l.order(2)
        with open(l.at('order.yaml')) as f:
            text = f.read()
        l.write('order.yaml', re.sub('servers: .*', '', text))
        l.run()
        l.exits(1, 'nobody would get the new key')
        l.states(n_001='verified')
        p = l.sync()
        need(p.returncode == 0, p.stderr)
        l.states(n_001='done')
        need(not l.seals(), l.seals())


@part
def hooks(l):
    """Each outcome runs its command, with its words filled in; one that fails is told, and stops nobody."""
    l.boards(2, misbehave=['2=never-ready'])
    l.write('hook', '#!/bin/sh\necho "$@" >> said\n[ "$1" = pass ]\n')
    os.chmod(l.at('hook'), 0o700)
    words = '"{result}", "{slot}", "{endpoint}", "{error}", "slot {slot}: {result}{", ""'
    l.order(2, more=f'on_pass: [./hook, {words}]\non_fail: [./hook, {words}]\n')
    l.run()
    l.exits(3)
    with open(l.at('said')) as f:
        said = sorted(f.read().splitlines())
    need(said == ['fail 2  timeout slot 2: fail{ ', 'pass 1 urn:dev:os:n-001  slot 1: pass{ '], said)
    warnings = [e for e in l.events if e['event'] == 'warning' and e.get('stage') == 'hook']
    need(len(warnings) == 1 and "2: the hook '" in str(warnings) and 'exit status 1' in str(warnings), warnings)


@part
def slots_of_other_kinds(l):
    """An empty socket of a hub waits for a board in vain; behind an address there is always one, which may not answer."""
    l.boards(3)
    l.order(3)
    with open(l.at('order.yaml')) as f:
        text = f.read()
    l.write('order.yaml', text.replace('{port: rack/2}', '{hub: "1-4.2"}').replace('{port: rack/3}', '{port: "tcp:127.0.0.1:1"}'))
    l.run()
    l.exits(3)
    l.states(n_001='done')
    why = {(e['board'], e['stage']): e.get('code') for e in l.events if e['event'] == 'slot'}
    need(why['2', 'empty'] is None and ('2', 'working') not in why and why['2', 'closed'] == 'not-found', why)
    need(why['3', 'fail'] == 'link', why)


@part
def two_slots_are_one(l):
    """Of one name, or at one place."""
    l.boards(2)
    l.order(2)
    with open(l.at('order.yaml')) as f:
        text = f.read()
    for bad, why in (('{port: rack/1}', 'slots 1 and 2 are one place: rack/1'), ('{port: rack/2, name: "1"}', "two slots are called '1'")):
        l.write('order.yaml', text.replace('{port: rack/2}', bad))
        l.run()
        l.exits(1, why)
    need(l.applied() == 0 and not os.path.exists(l.at('ledger.db')), 'it began')


@part
def stopped_in_the_middle(l):
    """SIGTERM while a board is written: it is nobody's fault, and the next run goes on with it."""
    l.boards(1)
    l.programmer()
    l.order(1)
    l.run(point='before-load:1', script='kill -TERM $PPID; sleep 1')
    l.exits(4)
    l.states(n_001='writing')
    need(l.report['failed'] == 0, l.report)
    need(lamps(l) == ['working', 'stopped', 'closed'], lamps(l))
    l.run()
    l.exits(0)
    l.states(n_001='done')


@part
def void_in_the_middle(l):
    """Somebody makes the device void that is on its way to a board: the slot says so, the other slots go on."""
    l.boards(2)
    l.programmer()
    l.order(2)
    l.run(point='before-written:1', script=f"'{SIGNET}' ledger void --force ledger.db $('{SIGNET}' ledger list ledger.db --state writing"
                                           " | tail -n 1 | cut -d ' ' -f 1) --reason test")
    need(sorted(l.states().values()) == ['done', 'void'], (l.states(), l.said))
    l.exits(0)
    need(l.report['passed'] == 1 and l.report['failed'] == 1, l.report)
    need(not l.seals(), l.seals())


@part
def a_board_that_was_there_before(l):
    """A second run neither erases nor writes the board that the first one made."""
    l.boards(1)
    l.programmer()
    l.order(2)
    l.run()
    need(l.states() == {'urn:dev:os:n-001': 'done'} and l.applied() == 1, l.said)
    before = l.ask(1)
    need('provisioned=1' in before, before)
    l.run()
    need(l.report['passed'] == 0 and l.report['failed'] == 0, l.report)
    need(l.states() == {'urn:dev:os:n-001': 'done'}, l.said)
    need(l.ask(1) == before, f'{l.ask(1)}, before: {before}')


def left_as_it_was(l, before, words='holds credentials already'):
    """The run made nothing of the board: neither PASS nor FAIL, a verdict and a hook of its own."""
    need(l.ask(1) == before, f'{l.ask(1)}, before: {before}: {l.said}')
    need(l.report['passed'] == 0 and l.report['failed'] == 0 and l.report['made_before'] == 1, l.report)
    verdict = next(e for e in l.events if e['event'] == 'slot' and e['stage'] == 'made-before')
    need(words in json.dumps(verdict), verdict)
    with open(l.at('hook.log')) as f:
        need(f.read() == '1 made-before provisioned', 'the hook')
    os.unlink(l.at('hook.log'))


def hook(l):
    """A hook that leaves a trace."""
    l.write('hook', '#!/bin/sh\nprintf %s "$1 $2 $3" > hook.log\n')
    os.chmod(l.at('hook'), 0o755)
    return 'on_made_before: [./hook, "{slot}", "{result}", "{error}"]\n'


@part
def a_finished_board_of_somewhere(l):
    """It comes to an order that does not know it, in a ledger that does not, from another slot: it is not erased. Only an order
    that says so erases it."""
    l.boards(1)
    l.programmer()
    l.order(1)
    l.run()
    l.states(n_001='done')
    before = l.ask(1)
    need('provisioned=1' in before, before)
    more = hook(l)
    for name, ledger, slot in (('p', 'ledger.db', '1'), ('q', 'other.db', '1'), ('r', 'ledger.db', 'tray')):
        l.order(1, name=name, names='names: {pattern: "urn:dev:os:%s-{serial:03}"}' % name, more=more)
        with open(l.at('order.yaml')) as f:
            text = f.read().replace('ledger.db', ledger).replace('{port: ', f'{{name: {slot}, port: ')
        l.write('order.yaml', text + f'work: work-{name}\n')
        l.run()
        l.exits(1)
        if slot == '1':
            left_as_it_was(l, before)
        need(l.ask(1) == before, f'{l.ask(1)}: {l.said}')
    l.order(1, name='s', names='names: {pattern: "urn:dev:os:s-{serial:03}"}', more=more + 'erase_finished: true\nwork: work-s\n')
    with open(l.at('order.yaml')) as f:
        text = f.read()
    l.write('order.yaml', text.replace('ledger.db', 'new.db'))
    l.run()
    l.exits(0)
    need(l.report['passed'] == 1 and l.report['made_before'] == 0, l.report)
    need(l.ask(1) != before, 'it was not written')


@part
def a_finished_board_that_is_erased(l):
    """Since the order says so. That its device is on no board any more is in the device's history, and not silence."""
    l.boards(1)
    l.programmer()
    l.order(1)
    l.run()
    l.states(n_001='done')
    l.order(1, name='s', names='names: {pattern: "urn:dev:os:s-{serial:03}"}', more='erase_finished: true\nwork: work-s\n')
    l.run()
    l.exits(1, 'the board was erased')
    need(l.report['failed'] == 1, l.report)
    shown = subprocess.run([SIGNET, 'ledger', 'show', 'ledger.db', 'urn:dev:os:n-001'], cwd=l.folder, capture_output=True, text=True)
    need('erased' in shown.stdout and 'in slot 1' in shown.stdout, shown.stdout)


@part
def a_port_that_comes_back(l):
    """A board that is put in again, or whose port went away for a moment, is the same board: it keeps its credentials."""
    l.boards(1)
    l.programmer()
    l.order(2, more=hook(l))
    run = subprocess.Popen([SIGNET, 'run', 'order.yaml', '--json', '--wait', '2', '--sync', '1'], stdout=subprocess.PIPE, text=True,
                           stdin=subprocess.DEVNULL, cwd=l.folder)
    l.said, before = '', None
    for line in run.stdout:
        l.said += line
        e = json.loads(line)
        if e['event'] == 'slot' and e['stage'] == 'pass':
            before = l.ask(1)
            subprocess.run([SIGNET, 'sim', 'tell', l.at('rack/1.control'), 'replug'], check=True, capture_output=True)
    need(run.wait(DEADLINE) == 3, l.said)
    l.events = [json.loads(line) for line in l.said.splitlines()]
    l.report = next(e for e in l.events if e['event'] == 'report')
    need(l.ask(1) == before and l.report['passed'] == 1 and l.report['made_before'] == 1, l.said)
    l.states(n_001='done')


@part
def a_board_that_cannot_be_asked(l):
    """The dry run says so. What was there when a run ended well is not erased by the next one."""
    l.boards(1)
    l.programmer()
    l.order(2)
    with open(l.at('order.yaml')) as f:
        text = f.read().replace('recipe: anjay-zephyr', 'recipe: anjay-zephyr, restored_text: ""')
    l.write('order.yaml', text)
    dry = subprocess.run([SIGNET, 'run', 'order.yaml', '--dry-run'], cwd=l.folder, capture_output=True, text=True, timeout=DEADLINE)
    need(dry.returncode == 0 and 'erased without a look' in dry.stderr, dry.stderr)
    l.run()
    l.states(n_001='done')
    before = l.ask(1)
    l.write('order.yaml', text + hook(l))
    l.run()
    left_as_it_was(l, before, 'the last board may still be in the slot')


@part
def a_programmer_that_does_not_erase(l):
    """A board that holds credentials although it was programmed is not as it was: it is no board of before, but a failure."""
    l.boards(1)
    l.programmer()
    l.order(1)
    l.run()
    l.states(n_001='done')
    for name, request in (('load', '"program $(basename "$1" .hex) sectors"'), ('reset', 'reset')):
        l.write(name, f'#!/bin/sh\nexec {SIGNET} sim tell {l.at("rack/1.control")} {request}\n')
        os.chmod(l.at(name), 0o755)
    for more, failed in (('', 0), ('erase_finished: true\n', 1)):
        l.order(1, name='p' + str(failed), more=more)
        with open(l.at('order.yaml')) as f:
            text = f.read()
        l.write('order.yaml', text.replace('flasher: nrfjprog, flasher_tool: nrfjprog', f'flasher: exec, flasher_command: "{l.at("load")} {{image}} ; {l.at("reset")}"')
                .replace('n-{serial', 'p%d-{serial' % failed))
        l.run()
        need(l.report['failed'] == failed and l.report['made_before'] == 1 - failed and l.report['passed'] == 0, l.report)
    l.exits(1, 'holds credentials already')


@part
def an_interrupted_board_is_finished(l):
    """It says that it holds credentials: those of its own device, which it gets again."""
    l.boards(1)
    l.programmer()
    l.order(1)
    l.run(point='before-verified:1')
    l.exits(-9)
    before = l.rows()['urn:dev:os:n-001']
    need(before['state'] == 'written' and 'provisioned=1' in l.ask(1), before)
    l.run()
    l.exits(0)
    after = l.rows()['urn:dev:os:n-001']
    need(after['state'] == 'done' and after['psk_sha256'] == before['psk_sha256'], (before, after))


main(Line)
