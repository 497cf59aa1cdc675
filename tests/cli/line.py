#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""signet line: a run that is under way is asked, paused and stopped from elsewhere; who works is in the ledger."""
import glob, hashlib, json, os, shutil, signal, socket, stat, subprocess, sys, tempfile, time
from _hall import Hall
from _signet import DONE, SIGNET, TORTURE, Broken, need, with_failpoint

SECONDS = 60


def call(*args):
    return subprocess.run([SIGNET, *args], capture_output=True, text=True, timeout=SECONDS, stdin=subprocess.DEVNULL)


def until(what, condition):
    end = time.monotonic() + SECONDS
    while not condition():
        need(time.monotonic() < end, f'{what}: not within {SECONDS} s')
        time.sleep(0.05)


class Line:
    """A run with --watch, and what is said to it."""
    def __init__(self, hall, order, *args, failpoint=None, watch=True):
        self.hall, self.order = hall, order
        self.where = hall.at('work') if any(a.endswith('.yaml') for a in args) else order  # one of several orders in a row
        self.process = subprocess.Popen([TORTURE, 'run', order, '--json', *args] + watch * ['--watch'], stdin=subprocess.DEVNULL,
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=with_failpoint(failpoint))
        until('the socket', lambda: os.path.exists(self.socket()) and call('line', 'status', self.where).returncode == 0)

    def socket(self):
        found = glob.glob(self.hall.at('work', 'control-*.sock'))
        return found[0] if found else self.hall.at('work', f'control-{16 * "0"}.sock')

    def say(self, *words):
        """signet line WORD ORDER WORDS: the status after it"""
        p = call('line', words[0], self.where, *words[1:], '--json')
        need(p.returncode == 0, f'{words}: {p.stderr}')
        return json.loads(p.stdout)

    def order_now(self):
        """name of the order, boards that passed; between two orders there is none for a moment"""
        p = call('line', 'status', self.where, '--json')
        return tuple(json.loads(p.stdout)[k] for k in ('order', 'passed')) if p.returncode == 0 else ('', 0)

    def bad(self, *words):
        p = call('line', words[0], self.where, *words[1:])
        need(p.returncode != 0, f'{words}: {p.stdout}')
        return p.stderr

    def slot(self, i):
        return self.say('status')['slots'][i - 1]

    def passes(self, i):
        until(f'slot {i} passes', lambda: self.slot(i)['state'] == 'pass')

    def ends(self, code):
        out, err = self.process.communicate(timeout=SECONDS)
        need(self.process.returncode == code, f'exit {self.process.returncode}: {out} {err}')
        return [json.loads(l) for l in out.splitlines()], err

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.communicate(timeout=SECONDS)


def events(hall, kind):
    p = call('ledger', 'export', '-f', 'events', hall.at('ledger.db'))
    need(p.returncode == 0, p.stderr)
    return [e for e in map(json.loads, p.stdout.splitlines()) if e['kind'] == kind]


def a_shift(hall):
    """Status, pause, a slot out, another operator, the end."""
    order = hall.order(9)
    line = Line(hall, order, '--operator', 'Jürgen Müller', '--shift', 'night')
    line.passes(1), line.passes(2)
    now = line.say('status')
    need((now['order'], now['operator'], now['shift'], now['quota'], now['paused']) ==
         ('order-1', 'Jürgen Müller', 'night', 9, False), now)
    need(now['slots'][0]['endpoint'].startswith('urn:dev:os:'), now)
    need(stat.S_IMODE(os.lstat(line.socket()).st_mode) == 0o600, 'the mode of the socket')

    need(line.say('pause')['paused'], 'no pause')
    hall.change(1)
    time.sleep(0.7)  # long enough for a line that does not wait
    need(line.slot(1)['state'] in ('pass', 'empty'), f'a board is begun in a pause: {line.slot(1)}')
    need(not line.say('resume')['paused'], 'the pause does not end')
    until('three boards', lambda: line.say('status')['passed'] == 3)

    need(line.say('slot', '2', 'off')['slots'][1]['off'], 'slot 2 is not off')
    hall.change(2), hall.change(1)
    until('four boards', lambda: line.say('status')['passed'] == 4)
    time.sleep(0.5)
    now = line.say('status')
    need(now['passed'] == 4, f'a board is begun in a slot that is off: {now["slots"]}')

    line.say('operator', 'Anna'), line.say('shift', 'day')
    need(not line.say('slot', '2', 'on')['slots'][1]['off'], 'slot 2 is off')
    until('five boards', lambda: line.say('status')['passed'] == 5)
    need("unknown slot '22'" in line.bad('slot', '22', 'off'), 'a slot that is not there')
    need('off or on' in line.bad('slot', '2', 'of'), 'neither on nor off')
    need('at most 120 bytes' in line.bad('operator', 121 * 'x'), 'a long name')
    need('control characters' in line.bad('shift', 'a\x1b[31m'), 'an escape')
    for word in 'operator', 'shift':
        need(f'{word}: the name is empty' in line.bad(word, '  '), f'an empty {word}')
        need('NAME is empty' in line.bad(word, ''), f'no {word}')
    need(line.say('operator', 120 * 'y')['operator'] == 120 * 'y', 'a name of 120 bytes')
    text = call('line', 'status', order).stdout
    need('order-1: at work; 5 of 9 devices made' in text and 'shift     day' in text and 'PASS' in text, text)
    need('warning' not in text, text)
    line.say('stop')
    told, _ = line.ends(4)
    said = [(e['stage'], e.get('board'), e.get('name')) for e in told if e['event'] == 'line']
    need(said == [('paused', None, None), ('resumed', None, None), ('off', '2', None), ('operator', None, 'Anna'),
                  ('shift', None, 'day'), ('on', '2', None), ('operator', None, 120 * 'y'), ('stopping', None, None)], said)
    need(told[-1]['event'] == 'report' and told[-1]['passed'] == 5, told[-1])
    need(not os.path.exists(line.socket()), 'the socket is left behind')
    need('is at work in the folder' in line.bad('status'), 'after the end')

    need([(e['detail'], e['operator']) for e in events(hall, 'operator')] == [('Anna', 'Jürgen Müller'), (120 * 'y', 'Anna')], 'operators')
    need([e['detail'] for e in events(hall, 'shift')] == ['night', 'day'], 'shifts')
    need([json.loads(e['detail'])['shift'] for e in events(hall, 'board')] == 4 * ['night'] + ['day'], 'shifts of boards')
    need([e['operator'] for e in events(hall, 'verified')] == 4 * ['Jürgen Müller'] + ['Anna'], 'whose boards')
    hall.check()


def the_last_slot_is_off(hall):
    """Without --watch a slot that is off does not keep the run from its end."""
    line = Line(hall, hall.order(9), '--wait', '1', watch=False)
    line.passes(2)
    line.say('slot', '2', 'off')
    told, _ = line.ends(3)
    need([e['message'] for e in told if e['event'] == 'slot' and e['stage'] == 'closed' and e['board'] == '2'] ==
         ['the slot is off'], told)


def an_end_in_a_pause(hall):
    """Stop and Ctrl-C end a line that is paused; whole folder or order may be named."""
    order = hall.order(2)
    for stop in (lambda line: call('line', 'stop', hall.at('work')), lambda line: line.process.send_signal(signal.SIGINT)):
        line = Line(hall, order, failpoint='before-keyed:99')
        line.say('pause')
        stop(line)
        told, _ = line.ends(4)
        need(told[-1]['event'] == 'report', told[-1])


def hostile(hall):
    """What no run sends does no harm, and the next caller is answered."""
    line = Line(hall, hall.order(9))

    def send(data, end=True):
        with socket.socket(socket.AF_UNIX) as s:
            s.settimeout(SECONDS)
            s.connect(line.socket())
            try:
                s.sendall(data)
                if end:
                    s.shutdown(socket.SHUT_WR)
                return s.makefile('rb').read()
            except (BrokenPipeError, ConnectionResetError):
                return b''
    for data in (b'', b'\n', b'x' * 5000 + b'\n', b'status', b'sta\0tus\n', b'operator ' + 505 * b'x' + b'\n'):
        answer = send(data)
        need(not answer.startswith(b'ok'), f'{data[:20]}: {answer[:80]}')
    need(send(b'x' * 600, end=False) == b'', 'a line without an end')
    need(send(b'operator \xff\xfe\n').startswith(b'error '), 'no UTF-8')
    need(send(b'\x1b[31m\n').find(b'\x1b') < 0, 'an escape comes back')
    need(send(b'status x\n').startswith(b'error ') and send(b'pause x\n').startswith(b'error '), 'an argument too many')
    need(send(b'off\n').startswith(b'error '), 'an argument too few')
    for data in (b'scan 1\n', b'scan ' + 64 * b'1' + b'|x\n', b'rework 1\n', b'rework ' + 64 * b'1' + b'|x\n'):
        need(b' takes a slot, ' in send(data), data)
    idle = [socket.socket(socket.AF_UNIX) for _ in range(20)]
    for s in idle:
        s.connect(line.socket())
    until('callers that say nothing are sent away', lambda: call('line', 'status', line.order).returncode == 0)
    for s in idle:
        s.close()
    if os.geteuid() == 0:
        os.chmod(hall.folder, 0o755), os.chmod(hall.at('work'), 0o755), os.chmod(line.socket(), 0o666)
        code = (f'import os, socket\nos.setuid(65534)\ns = socket.socket(socket.AF_UNIX)\ns.connect({line.socket()!r})\n'
                'try:\n s.sendall(b"status\\n")\n print(s.recv(100))\nexcept OSError:\n print(b"")')
        p = subprocess.run([sys.executable, '-c', code], capture_output=True, text=True, timeout=SECONDS)
        need(p.stdout in ("b''\n",), f'another user: {p.stdout} {p.stderr}')
        os.chmod(hall.at('work'), 0o700)
    with open(line.order) as f:
        hall.write('file.yaml', f.read().replace('name: ', 'work: file.yaml\nname: ', 1))
    p = call('line', 'status', hall.at('file.yaml'))
    need(p.returncode == 1 and 'Not a directory' in p.stderr, p.stderr)
    p = call('run', line.order)
    need(p.returncode == 1 and 'another run is at work' in p.stderr, p.stderr)
    need(call('line', 'status', line.order).returncode == 0, 'a second run took the socket')

    line.kill()
    need(os.path.exists(line.socket()), 'a killed run leaves its socket')
    need('is at work in the folder' in line.bad('status'), 'a dead socket')
    line = Line(hall, line.order)
    line.say('stop')
    line.ends(4)

    name = f'control-{hashlib.sha256(b"order-1").hexdigest()[:16]}.sock'
    hall.write('work/' + name, 'mine')
    p = call('run', line.order, '--wait', '1')
    need('cannot reach this run' in p.stderr, p.stderr)
    with open(hall.at('work', name)) as f:
        need(f.read() == 'mine', 'a file was overwritten')


def answers_that_are_none(hall):
    """The side that asks: a socket of somebody else's."""
    for said, words in ((b'', 'closed the connection'), (b'hello\n', 'none of a run'), (b'ok \npaused 1\n', 'cut short'),
                        (b'error 99999\nmessage x\n', 'none of a run'),
                        (b'error 5\nmessage \x1b[31mred\n', 'control characters'), (b'ok \norder o\n' + b'slot x\n' * 200000, '')):
        folder = tempfile.mkdtemp(dir=hall.folder)
        with socket.socket(socket.AF_UNIX) as s:
            s.bind(os.path.join(folder, 'control-0123456789abcdef.sock'))
            s.listen()
            p = subprocess.Popen([SIGNET, 'line', 'status', folder], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            c, _ = s.accept()
            try:
                c.recv(100), c.sendall(said)
            except (BrokenPipeError, ConnectionResetError):
                pass
            c.close()
            out, err = p.communicate(timeout=SECONDS)
        need(p.returncode == 1 and words in err and '\x1b' not in err, f'{said[:20]}: {p.returncode} {out[:200]} {err}')


def orders_in_a_row(hall):
    """The next begins when the one before is used up; who works and what is off goes on; a board that stands in its slot is
    made once, and is no board of the next order."""
    first, second, third = hall.order(2), hall.order(3), hall.order(1)
    line = Line(hall, first, second, third, '--operator', 'Anna')
    until('the second order', lambda: line.order_now()[0] == 'order-2')
    time.sleep(0.5)
    now = line.say('status')
    need(now['passed'] == 0 and now['operator'] == 'Anna' and now['made'] == 0, now)
    line.say('operator', 'Zoë'), line.say('slot', '2', 'off')
    for n in (1, 2, 3):
        hall.change(1), hall.change(2)
        until('the next board', lambda: line.order_now() == ('order-2', n) or line.order_now()[0] == 'order-3')
    until('the third order', lambda: line.order_now()[0] == 'order-3')
    now = line.say('status')
    need(now['operator'] == 'Zoë' and now['slots'][1]['off'] and not now['slots'][0]['off'], now)
    hall.change(1)
    told, err = line.ends(0)
    need([e['passed'] for e in told if e['event'] == 'report'] == [2, 3, 1], told)
    need([e['made_before'] for e in told if e['event'] == 'report'] == [0, 0, 0], 'a board of the order before')
    need([e['operator'] for e in events(hall, 'verified')] == 2 * ['Anna'] + 4 * ['Zoë'], 'whose boards')
    hall.check()

    # one that is not used up: the next does not begin; a mistake in the last is found before the first board
    fourth, fifth = hall.order(9), hall.order(1)
    p = call('run', fourth, fifth, '--wait', '1')
    need(p.returncode == 3 and 'order-5 was not begun' in p.stdout, p.stdout + p.stderr)
    before = len(events(hall, 'board'))
    hall.write('bad.yaml', open(fifth).read().replace('initial.hex', 'none.hex').replace('order-5', 'bad'))
    p = call('run', fourth, hall.at('bad.yaml'), '--wait', '1')
    need(p.returncode == 1 and 'none.hex' in p.stderr and len(events(hall, 'board')) == before, p.stderr)
    p = call('run', fourth, fourth)
    need(p.returncode == 2 and "two orders are called 'order-4'" in p.stderr, p.stderr)


for test in (orders_in_a_row, a_shift, the_last_slot_is_off, an_end_in_a_pause, hostile, answers_that_are_none):
    folder = tempfile.mkdtemp()
    hall = Hall(folder, slots=2, rack=('-N', '9', '-H', '3600000'))  # boards stay until they are changed
    try:
        test(hall)
    except Broken as e:
        sys.exit(f'{test.__name__}: {e}')
    finally:
        hall.close()
        shutil.rmtree(folder, ignore_errors=True)
