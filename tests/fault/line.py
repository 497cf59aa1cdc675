#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""An ordinary day at a line: what the ledger and the report say of each board, what slots wait for, when a line stops.
usage: line.py [PART]"""
import fcntl, json, os, pty, re, signal, sqlite3, subprocess, time
from _line import DEADLINE, Line
from _parts import main, part
from _signet import IMAGE, SIGNET, TORTURE, need, with_failpoint


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
    l.exits(3)
    boards = {b['slot']: b for b in l.of_boards()}
    need(sorted(boards) == ['1', '2'], boards)
    good, bad = boards['1'], boards['2']
    need(good['verdict'] == 'pass' and good['endpoint'] in l.rows() and good['hw_id'] and good['first_pass'], good)
    need(good['stages']['load'] >= 0 and good['seconds'] >= sum(good['stages'].values()) * .99 and 'code' not in good, good)
    need(bad['verdict'] == 'fail' and bad['code'] == 'timeout' and bad['retries'] == 1 and not bad['first_pass'], bad)
    need('endpoint' not in bad and 'has no /factory/endpoint.txt' in bad['message'] and 'flash' in bad['stages'], bad)
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


def last_unit(l, names):
    """While station A has it in hand, station B erases no board for nothing, and has its device after that one is void."""
    l.boards(2, hold=600000, journal=True)
    l.programmer()
    l.order(1, names=names)
    l.write('export-b.json', json.dumps({'kind': 'export', 'file': l.at('export-b.csv')}))
    text = l.text('order.yaml')
    first, second = ('  - {port: rack/%d, serial: SER%d}\n' % (i, i) for i in (1, 2))
    l.write('b.yaml', text.replace(first, '').replace('station: A', 'station: B\nwork: work-b').replace('export.json', 'export-b.json'))
    l.write('order.yaml', text.replace(second, ''))
    l.run(point='after-reserved:1', script=run_b(l))
    with open(l.at('journal')) as f:
        touched = [e for e in map(json.loads, f) if e['slot'] == 2 and e['event'] in ('erase', 'program')]
    need(not touched, f'{touched}: {l.text("b.log")}')
    l.exits(0)
    subprocess.run([SIGNET, 'ledger', 'void', '--force', '-r', 'lost', 'ledger.db', next(iter(l.rows()))], cwd=l.folder, check=True, capture_output=True)
    for name in 'order.yaml', 'b.yaml':
        l.write(name, l.text(name).replace('quota: 1', 'quota: 2'))
    subprocess.run(['sh', '-c', run_b(l)], check=True, timeout=DEADLINE)
    need(sorted(r['state'] for r in l.rows().values()) == ['done', 'void'], l.text('b.log'))
    need('"erase"' in l.text('journal'), 'the journal has no erase')


@part
def the_last_unit_of_names(l):
    last_unit(l, 'names: {pattern: "urn:dev:os:n-{serial:03}"}')


@part
def the_last_unit_of_boards(l):
    last_unit(l, '')


@part
def a_board_that_waits_for_its_turn(l):
    """One unit is left, and other slots have boards in work that fail: the slot that waits for it is not closed meanwhile."""
    l.boards(3, misbehave=['1=never-ready', '2=never-ready'], hold=600000)
    l.order(1)
    l.run(wait=1)
    l.exits(0)
    l.states(n_001='done')
    need(not [e for e in l.lamps('3', 'closed') if 'code' in e], l.lamps('3', 'closed'))


@part
def a_spare_device_waits_for_the_next_board(l):
    """It was reserved before an erase that came to nothing, or killed the run."""
    l.boards(1, hold=600000)
    l.programmer()
    l.order(1)
    l.run(point='before-flash:1')
    l.exits(-9)
    l.states(n_001='reserved')
    l.run()
    l.exits(0)
    l.states(n_001='done')


@part
def a_name_that_was_given_back(l):
    """Its device was void before its credentials left the host; what is sealed under the name is not the next one's."""
    l.boards(1, hold=600000)
    l.programmer()
    l.order(1)
    l.run(point='after-keyed:1')
    l.states(n_001='keyed')
    need(len(l.seals()) == 1, l.seals())
    l.ledger('void', '-f', '-r', 'lost', 'ledger.db', 'urn:dev:os:n-001')
    l.order(2, names='names: {pattern: "urn:dev:os:n-{serial:03}"}')
    l.run()
    rows = [r for r in map(json.loads, l.ledger('list', 'ledger.db', '--json').splitlines()) if r['event'] == 'device']
    need([(r['endpoint'], r['state']) for r in rows] == [('urn:dev:os:n-001', 'void'), ('urn:dev:os:n-001', 'done')], rows)


@part
def a_look_that_loses_its_line(l):
    """What the board holds is not known: it is not erased, and told."""
    master, slave = pty.openpty()
    os.symlink(os.ttyname(slave), l.at('port'))
    for name, does in ('flashes', f'touch {l.at("flashed")}'), ('resets', f'touch {l.at("reset")}; sleep 0.2'):
        l.write(name, f'#!/bin/sh\n{does}\n')
        os.chmod(l.at(name), 0o755)
    for image in ('initial.hex', 'final.hex'):
        l.write(image, IMAGE)
    l.write('order.yaml', '\n'.join([
        'name: o', 'quota: 1', 'template: template', 'ledger: ledger.db', 'station: A', 'retries: 1',
        f'board: {{recipe: anjay-zephyr, flasher: exec, flasher_command: "{l.at("flashes")} {{image}} ; {l.at("resets")}",',
        '        initial: initial.hex, final: final.hex}', 'slots: [{port: port}]', 'servers: [{name: export, file: export.json}]']) + '\n')
    l.start()
    while not os.path.exists(l.at('reset')):
        need(l.process.poll() is None, 'it ended')
        time.sleep(0.02)
    os.unlink(l.at('port'))  # its number may soon be another's
    os.close(slave), os.close(master)
    l.finish()
    failed, = l.lamps('1', 'fail')
    need(failed['code'] == 'link' and 'what the board holds cannot be seen, and it was not erased' in failed['message'], failed)
    need([e['error'] if 'error' in e else e['code'] for e in l.events if e['event'] == 'retry'] == ['link'], l.said)
    need(not os.path.exists(l.at('flashed')) and l.rows() == {}, 'it was erased')


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
    need(l.text('b.code') == '3\n' and '1 board may hold half of its credentials' in l.text('b.log'), l.text('b.log'))


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


def held(l, slot=1):
    """The port, held by this program."""
    f = os.open(l.at(f'rack/{slot}'), os.O_RDWR | os.O_NOCTTY)
    fcntl.flock(f, fcntl.LOCK_EX)
    return f


@part
def a_port_that_is_held_for_a_moment(l):
    """The slot waits, and its lamp says for whom."""
    l.boards(1)
    l.programmer()
    l.order(1)
    port = held(l)
    l.start()
    lamp = l.until('slot', stage='waiting')
    need(f'(process {os.getpid()})' in lamp['message'] and lamp['code'] == 'busy', lamp)
    os.close(port)
    l.until('slot', stage='working')
    l.finish()
    l.exits(0)
    need(l.report['passed'] == 1 and l.report['failed'] == 0 and l.report['retries'] == 0, l.report)


@part
def a_port_that_stays_held(l):
    """The board fails, with the name of who has it; nothing was done to it."""
    l.boards(1)
    l.programmer()
    l.order(1)
    before = l.ask(1)
    port = held(l)
    l.run()
    os.close(port)
    fail, = l.lamps('1', 'fail')
    need(f'(process {os.getpid()})' in fail['message'] and fail['code'] == 'busy', fail)
    need(len(l.lamps('1', 'waiting')) == 1 and l.ask(1) == before and not l.rows(), l.said)


@part
def stopped_while_a_port_is_held(l):
    l.boards(1)
    l.order(1)
    port = held(l)
    l.start()
    l.until('slot', stage='waiting')
    l.process.send_signal(signal.SIGTERM)
    l.finish()
    os.close(port)
    l.exits(4)
    need(l.report['failed'] == 0 and l.report['seconds'] < 14, l.report)


@part
def a_programmer_that_outlived_its_run(l):
    """It is known by what it carries, and ended before a board is touched; one of a run that lives is left alone."""
    l.boards(2)
    l.programmer()
    l.order(1)
    text = l.text('order.yaml').replace('  - {port: rack/2, serial: SER2}\n', '')
    l.write('sleeps', f'#!/bin/sh\necho $$ > {l.at("pid")}\nexec sleep 600\n')
    os.chmod(l.at('sleeps'), 0o755)
    l.write('order.yaml', text.replace('flasher: nrfjprog, flasher_tool: nrfjprog', f'flasher: exec, flasher_command: "{l.at("sleeps")} {{image}}"'))
    l.start()
    while not os.path.exists(l.at('pid')) or not l.text('pid').strip():
        time.sleep(0.02)
    pid = int(l.text('pid'))
    l.write('b.yaml', text.replace('rack/1', 'rack/2').replace('SER1', 'SER2').replace('name: o\n', 'name: p\nwork: work-b\n')
            .replace('os:n-', 'os:p-').replace('station: A', 'station: B'))
    subprocess.run(['sh', '-c', run_b(l)], check=True, timeout=DEADLINE)
    need(l.text('b.code') == '0\n', l.text('b.log'))
    need(os.path.exists(f'/proc/{pid}'), 'it was ended, though its run lives')
    l.process.kill()
    l.finish()
    need(os.path.exists(f'/proc/{pid}'), 'it did not outlive its run')
    l.write('order.yaml', text)
    l.run()
    l.exits(0)
    told = [e['message'] for e in l.events if e['event'] == 'warning' and e.get('stage') == 'orphan']
    need(all('sleep (process ' in t for t in told), told)  # a line of another test may have been faster, and its own be among ours
    deadline = time.monotonic() + 30  # whoever became its parent has to wait for it
    while os.path.exists(f'/proc/{pid}') and time.monotonic() < deadline:
        with open(f'/proc/{pid}/stat') as f:
            if f.read().rsplit(')', 1)[1].split()[0] == 'Z':
                break
        time.sleep(0.02)


@part
def a_tool_of_another_place(l):
    """In a container numbers of processes mean others: a tool whose Signet lives there is left alone."""
    child = 0
    other = subprocess.Popen(['unshare', '--pid', '--fork', 'env', 'SIGNET_PARENT=2.1', 'sleep', '60'], stderr=subprocess.PIPE)
    try:
        time.sleep(0.2)
        if other.poll() is not None:  # not allowed here
            return
        with open(f'/proc/{other.pid}/task/{other.pid}/children') as f:
            child = int(f.read())
        l.boards(1)
        l.programmer()
        l.order(1)
        l.run()
        l.exits(0)
        need(other.poll() is None and os.path.exists(f'/proc/{child}'), 'it was ended')
    finally:
        other.kill()
        if child:
            os.kill(child, signal.SIGKILL)
        other.communicate()


@part
def a_programmer_that_is_held_for_a_moment(l):
    """Its tool says so in words."""
    l.boards(1)
    l.programmer()
    l.order(1)
    os.rename(l.at('nrfjprog'), l.at('real'))
    l.write('nrfjprog', f"""#!/bin/sh
[ "$1" = --ids ] || [ -e {l.at('twice')} ] || {{
  [ -e {l.at('once')} ] && touch {l.at('twice')}
  touch {l.at('once')}; echo 'ERROR: the debug probe is already in use'; exit 33; }}
exec {l.at('real')} "$@"
""")
    os.chmod(l.at('nrfjprog'), 0o755)
    l.run()
    l.exits(0)
    need('already in use' in l.lamps('1', 'waiting')[0]['message'], l.said)
    need(l.report['passed'] == 1 and l.report['failed'] == 0 and l.report['retries'] == 0, l.report)


@part
def a_programmer_that_is_not_there(l):
    """It is no board that failed: the slot says which one it waits for, and the others go on."""
    l.boards(2)
    l.programmer()
    l.order(2)
    l.write('order.yaml', l.text('order.yaml').replace('serial: SER2', 'serial: SER9'))
    l.run(wait=2)
    l.exits(3, '')
    need(l.report['passed'] == 1 and l.report['failed'] == 0 and [b['slot'] for b in l.of_boards()] == ['1'], l.report)
    waiting, = l.lamps('2', 'waiting')
    closed, = l.lamps('2', 'closed')
    need('the programmer SER9 is not plugged in' in waiting['message'] and waiting['message'] == closed['message'], (waiting, closed))


@part
def a_programmer_that_comes_late(l):
    """The slot goes on by itself. Its tool may be what is missing, too."""
    l.boards(1)
    l.programmer()
    l.order(1)
    tool, away = l.at('nrfjprog'), l.at('nrfjprog.away')
    l.start(program=TORTURE, wait=60, env={**with_failpoint('before-flash:1'), 'SIGNET_FAILPOINT_RUN': f"mv '{tool}' '{away}'"})
    lamp = l.until('slot', stage='waiting')
    need('nrfjprog' in lamp['message'] and lamp['code'] == 'not-found', lamp)
    os.rename(away, tool)
    l.finish()
    l.exits(0)
    need(l.report['passed'] == 1 and l.report['failed'] == 0, l.report)


@part
def a_port_that_is_not_there(l):
    l.boards(1)
    l.order(2)
    l.write('order.yaml', l.text('order.yaml') .replace('slots:', 'slots:\n  - {port: rack/9, name: nine}'))
    l.run()
    l.exits(3)
    need(l.report['passed'] == 1 and l.report['failed'] == 0, l.report)
    closed, = l.lamps('nine', 'closed')
    need('rack/9' in closed['message'] and 'nothing is at the port' in closed['message'], closed)


@part
def a_terminal_that_is_closed(l):
    """As a request to stop: nothing is left half written, and what is said to nobody ends nothing."""
    l.boards(1)
    l.programmer()
    l.order(1)
    env = {**with_failpoint('before-load:1'), 'SIGNET_FAILPOINT_RUN': f"trap '' HUP; touch '{l.at('mark')}'; sleep 2", 'TERM': 'xterm'}
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(l.folder)
        os.execve(TORTURE, [TORTURE, 'run', 'order.yaml', '--wait', '30'], env)
    while not os.path.exists(l.at('mark')):
        need(os.waitpid(pid, os.WNOHANG)[0] == 0, 'it has ended')
        time.sleep(0.02)
    os.close(terminal)
    _, status = os.waitpid(pid, 0)
    need(os.WIFEXITED(status), f'it was ended by a signal: {status}')
    l.states(n_001='writing')
    l.run()
    l.exits(0)


@part
def hung_up_twice(l):
    """A shell passes on what the terminal sent already. With HUP ignored (nohup) the run goes on."""
    l.boards(1)
    l.programmer()
    l.order(1)
    l.run(point='before-load:1', script="kill -HUP $PPID; kill -HUP $PPID; sleep 1")
    l.exits(4)
    l.states(n_001='writing')
    l.run(point='before-load:1', script="kill -HUP $PPID; sleep 1", under=['nohup'])
    l.exits(0)


@part
def what_a_hook_gets(l):
    """As words and as JSON on its standard input."""
    l.boards(2, misbehave=['2=never-ready'])
    names = ['result', 'order', 'station', 'operator', 'slot', 'endpoint', 'edition', 'hw_id', 'stage', 'error', 'message']
    l.write('hook', '#!/bin/sh\ncat > "json-$1"\nprintf "%s\\n" "$@" > "words-$1"\n')
    os.chmod(l.at('hook'), 0o700)
    words = ', '.join('"{%s}"' % n for n in names)
    l.order(2, more=f'operator: "Anna \\"A\\""\non_pass: [./hook, {words}]\non_fail: [./hook, {words}]\n')
    l.run()
    for result, slot in (('pass', '1'), ('fail', '2')):
        got = dict(zip(names, l.text(f'words-{result}').split('\n')))
        told = json.loads(l.text(f'json-{result}'))
        need(told.pop('seconds') > 0 and told.pop('retries') == 0, told)
        need({k: str(v) for k, v in told.items()} == {k: v for k, v in got.items() if v}, (told, got))
        need((got['result'], got['slot'], got['order'], got['station'], got['operator']) == (result, slot, 'o', 'A', 'Anna "A"'), got)
        if result == 'pass':
            need(got['endpoint'] in l.rows() and told['edition'] == 1 and got['hw_id'] == l.rows()[got['endpoint']]['hw_id'], got)
            need(got['stage'] == 'result' and not got['error'] and not got['message'], got)
        else:
            need(got['stage'] == 'flash' and got['error'] == 'timeout' and 'has no /factory/endpoint.txt' in got['message'] and not got['endpoint'], got)


@part
def who_is_asked_before_a_board(l):
    """No stops a board before anything touches it, and so does a command that fails, hangs or never comes to an answer; later is asked again."""
    l.boards(5, journal=True)
    l.programmer()
    l.write('mes', """#!/bin/sh
cat > "asked-$1"
case $1 in
1) printf '\\n  LOT 7 IS BLOCKED\\033[2J: %s\\n more' "$(printf %400s | tr ' ' x)"; exit 1;;
2) [ -e later ] || { touch later; exit 75; };;
3) exec sleep 600;;
4) echo no database >&2; exit 3;;
esac
""")
    os.chmod(l.at('mes'), 0o700)
    l.write('fail', '#!/bin/sh\ncat >> failed\n')
    os.chmod(l.at('fail'), 0o700)
    l.order(5, more='operator: Anna\nask_before: [./mes, "{slot}"]\non_fail: [./fail]\nstop_after_failures: 1\n')
    l.run()
    l.exits(3)
    boards = {b['slot']: b for b in l.of_boards()}
    need([boards[str(i)]['verdict'] for i in range(1, 6)] == ['fail', 'pass', 'fail', 'fail', 'pass'], boards)
    no, hangs, broken = boards['1'], boards['3'], boards['4']
    need(no['code'] == 'refused' and re.fullmatch(r'ask_before said no: LOT 7 IS BLOCKED\\x1b\[2J: x{100,200}', no['message']), no)
    need(hangs['code'] == 'timeout' and 'mes' in hangs['message'], hangs)
    need(broken['code'] == 'flash' and broken['message'] == 'ask_before: exit status 3: no database', broken)
    need('stages' not in no and not no.get('endpoint'), no)
    rules = [json.loads(r['detail'])['slot'] for r in map(json.loads, l.ledger('export', '-f', 'events', 'ledger.db').splitlines()) if r.get('kind') == 'stop']
    need(sorted(rules) == ['3', '4'], rules)  # a no is nobody's fault
    with open(l.at('journal')) as f:
        touched = [e for e in map(json.loads, f) if e['slot'] not in (2, 5) and e['event'] != 'in']
    need(not touched, touched)
    asked = json.loads(l.text('asked-1'))
    need(asked == {'order': 'o', 'station': 'A', 'operator': 'Anna', 'slot': '1', 'hw_id': 'SER1', 'stage': 'ask'}, asked)
    need(sorted(json.loads(f)['error'] for f in l.text('failed').splitlines()) == ['flash', 'refused', 'timeout'], l.text('failed'))
    need(any('LOT 7' in w for w in [l.said]), l.said)


@part
def who_is_asked_before_packets(l):
    """Nobody: the order is refused."""
    l.mint(1, 'names: {pattern: "n-{serial:03}"}')
    l.write('minted.yaml', l.text('minted.yaml') + 'ask_before: [/bin/false]\n')
    said = subprocess.run([SIGNET, 'run', l.at('minted.yaml')], cwd=l.folder, capture_output=True, text=True)
    need(said.returncode == 1 and "'ask_before' needs a 'board'" in said.stderr, said)


@part
def a_name_that_a_hook_would_take_for_an_option(l):
    """What comes from outside, a name from the boards or from whoever works there, does not become one."""
    l.boards(1, each=2)
    l.write('hook', '#!/bin/sh\necho "$@" > ran\n')
    os.chmod(l.at('hook'), 0o700)
    l.order(1, more='operator: "--delete-all"\non_pass: [./hook, "{operator}"]\n')
    l.run()
    l.exits(0, 'not run: .*would become .--delete-all., an option', 'write --name=')
    need(not os.path.exists(l.at('ran')), 'it ran')
    l.order(2, more='operator: "--delete-all"\non_pass: [./hook, "-o{operator}", "--by={operator}", -x]\n')
    l.run()
    need(l.text('ran') == '-o--delete-all --by=--delete-all -x\n', l.text('ran'))


@part
def a_hook_that_does_not_listen(l):
    """Nor ends: its board is as good as any, and the next one comes."""
    l.boards(1, each=2, hold=300)
    l.write('hook', f'#!/bin/sh\nexec 0<&-\necho $$ >> {l.at("pids")}\nexec sleep 600\n')
    os.chmod(l.at('hook'), 0o700)
    l.order(2, more='on_pass: [./hook]\n')
    l.start(wait=5)
    for _ in range(2):
        l.until('slot', stage='pass')
    l.process.send_signal(signal.SIGTERM)
    l.finish()
    need(l.report['passed'] == 2, l.report)
    for pid in l.text('pids').split():
        need(not os.path.exists(f'/proc/{pid}'), 'it goes on')


@part
def a_board_that_passes_when_the_run_is_stopped(l):
    """Its label is printed."""
    l.boards(1)
    l.programmer()
    l.write('hook', '#!/bin/sh\necho "$1" > label\n')
    os.chmod(l.at('hook'), 0o700)
    l.order(2, more='on_pass: [./hook, "{endpoint}"]\n')
    l.run(point='before-verified:1', script='kill -TERM $PPID; sleep 1')
    need(l.text('label').strip() in l.rows(), l.said)


@part
def a_placeholder_that_is_none(l):
    l.boards(1)
    for key in ('on_pass', 'on_fail', 'on_made_before'):
        l.order(1, more=f'{key}: [/bin/true, "{{slot}} {{", "x{{endpiont}}"]\n')
        l.run()
        l.exits(1, key + r" has an unknown placeholder '.endpiont.'", r'did you mean .{endpoint}.')
    need(not os.path.exists(l.at('ledger.db')), 'it began')


@part
def made_before_and_where(l):
    """A board whose device is finished is told with order, slot and time, and under that device's name."""
    l.boards(1)
    l.order(2, names='')
    l.run()
    name, = l.rows()
    l.close()
    os.rename(l.at('rack'), l.at('rack.old'))
    l.boards(1)  # the same board, though somebody erased it
    before = l.applied()
    l.run()
    verdict, = l.lamps('1', 'made-before')
    need(verdict['endpoint'] == name and re.search(r'was made before: order o, slot 1 of station A, 20..-..-..T..:..:..Z', verdict['message']), verdict)
    need(l.applied() == before and l.report['failed'] == 0, l.report)


def order_of_rules(l, quota, rule):
    """A board that fails is taken out at once, and another comes."""
    l.order(quota, more=f'{rule}\non_fail: [{SIGNET}, sim, tell, "rack/{{slot}}.control", next]\n')
    l.write('order.yaml', l.text('order.yaml').replace('ready_timeout_ms: 3000', 'ready_timeout_ms: 200'))


def stops(l):
    rows = map(json.loads, l.ledger('export', '-f', 'events', 'ledger.db').splitlines())
    return [json.loads(r['detail']) for r in rows if r.get('kind') == 'stop']


@part
def a_slot_that_is_put_in_again(l):
    """What a rule stopped goes on when a person says so, and counts anew; nobody else has to stop the line."""
    l.boards(1, each=5, misbehave=['1=never-ready'])
    order_of_rules(l, 4, 'stop_after_failures: {slot: 2}')
    run = subprocess.Popen([SIGNET, 'run', 'order.yaml', '--json', '--watch'], stdout=subprocess.PIPE, text=True, cwd=l.folder,
                           stdin=subprocess.DEVNULL)
    seen = []
    try:
        for line in run.stdout:
            e = json.loads(line)
            seen += [e['stage']] if e['event'] == 'slot' and e['stage'] in ('fail', 'halted') else []
            if e.get('stage') == 'halted':
                words = ['slot', 'order.yaml', '1', 'on'] if seen.count('halted') == 1 else ['stop', 'order.yaml']
                subprocess.run([SIGNET, 'line', *words], cwd=l.folder, check=True, capture_output=True, timeout=DEADLINE)
    finally:
        run.kill()
    run.wait()
    need(seen == ['fail', 'fail', 'halted'] * 2, seen)


@part
def a_slot_that_fails_again_and_again(l):
    """It stops and says why; the other goes on. A run anew counts anew."""
    l.boards(2, each=4, misbehave=['1=never-ready'])
    order_of_rules(l, 4, 'stop_after_failures: 2')
    l.run(wait=8)
    l.exits(0)  # the other slot made them all
    need(len(l.lamps('1', 'fail')) == 2 and len(l.lamps('2', 'pass')) == 4, l.report)
    halted, = l.lamps('1', 'halted')
    need(halted['code'] == 'rule' and '2 boards failed in a row' in halted['message'], halted)
    stop, = stops(l)
    need((stop['what'], stop['slot'], stop['rule']) == ('slot', '1', 'stop_after_failures') and stop['message'] == halted['message'], stop)
    l.ledger('verify', 'ledger.db')


@part
def a_line_that_fails_again_and_again(l):
    """It ends with the rule as its error; one that is made in between is no failure in a row."""
    l.boards(2, each=3, misbehave=['1=never-ready', '2=never-ready'])
    order_of_rules(l, 6, 'stop_after_failures: {line: 3}')
    l.run(wait=8)
    l.exits(1, r'3 boards failed in a row \(stop_after_failures\)')
    need(3 <= l.report['failed'] <= 4, l.report)  # a board in work is finished
    error, = [e for e in l.events if e['event'] == 'error']
    need(error['code'] == 'rule' and [s['what'] for s in stops(l)] == ['line'], (error, stops(l)))


@part
def too_many_boards_fail(l):
    """One of two, and two of three have to pass; what fails in a row has no rule here."""
    l.boards(1, each=3, misbehave=['1=never-ready'])
    order_of_rules(l, 3, 'min_yield: {line: 60, boards: 2}')
    l.run(wait=8)
    l.exits(1, '0 % of the last 2 boards passed, and min_yield is 60 %')
    need(l.report['failed'] == 2 and stops(l)[0]['rule'] == 'min_yield', l.report)


@part
def the_last_slot_that_stops(l):
    """Nobody is left at work: the run ends, and the slot's rule is its error."""
    l.boards(1, each=3, misbehave=['1=never-ready'])
    order_of_rules(l, 3, 'stop_after_failures: {slot: 1}')
    l.run(wait=30)
    l.exits(1, 'slot 1 stops: 1 board')
    need(l.report['failed'] == 1 and l.report['seconds'] < 29, l.report)


@part
def rules_that_are_none(l):
    l.boards(1)
    for more, words in (('stop_after_failures: 0', 'from 1 to'), ('stop_after_failures: {slots: 1}', "unknown key 'slots'"),
                        ('min_yield: 101', 'from 1 to 100'), ('min_yield: {boards: 5}', "'min_yield' has no percentage"),
                        ('min_yield: {line: 80, boards: 257}', 'from 2 to 256'), ('min_yield: []', 'keys and values')):
        l.order(1, more=more + '\n')
        l.run()
        l.exits(1, words)


main(Day)
