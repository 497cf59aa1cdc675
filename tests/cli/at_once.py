#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Two orders at once at one station: each run has slots of its own, and nothing that is said to one reaches the other."""
import fcntl, json, os, pty, select, signal, struct, subprocess, tempfile, termios, time
from _hall import Hall
from _signet import DONE, SIGNET, need

SECONDS = 60
RUNS = []  # none outlives the test


def call(*args, code=0):
    p = subprocess.run([SIGNET, *args], capture_output=True, text=True, timeout=SECONDS, stdin=subprocess.DEVNULL)
    need(p.returncode == code, f'{args}: exit {p.returncode}: {p.stdout}{p.stderr}')
    return p.stdout + p.stderr


def until(what, condition):
    end = time.monotonic() + SECONDS
    while not condition():
        need(time.monotonic() < end, f'{what}: not within {SECONDS} s')
        time.sleep(0.05)


def order_of(hall, slots, quota=4):
    """slots: number -> what is said of it beside its port and programmer."""
    path = hall.order(quota)
    with open(path) as f:
        text = f.read()
    head, tail = text.split('slots:\n')
    lines = [f'  - {{{slots[i]}}}\n' for i in slots]
    with open(path, 'w') as f:
        f.write(head + 'slots:\n' + ''.join(lines) + tail[tail.index('servers:'):])
    return path


def slot(i, port=None, serial=None, name=None):
    return f'port: rack/{port or i}, serial: SER{serial or i}, name: "{name or i}"'


def start(order):
    p = subprocess.Popen([SIGNET, 'run', order, '--json', '--watch'], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                         text=True)
    RUNS.append(p)
    until(f'{order} runs', lambda: subprocess.run([SIGNET, 'line', 'status', order], capture_output=True).returncode == 0)
    return p


def status(where):
    return json.loads(call('line', 'status', where, '--json'))


def ends(p, code):
    out = p.communicate(timeout=SECONDS)[0]
    need(p.returncode == code, f'exit {p.returncode}: {out}')
    return [json.loads(l) for l in out.splitlines()]


def two(hall):
    one, other = order_of(hall, {i: slot(i) for i in (1, 2)}), order_of(hall, {i: slot(i) for i in (3, 4)})
    a, b = start(one), start(other)
    for order in one, other:
        until(f'{order}: two boards', lambda: status(order)['passed'] == 2)
    for order, name, slots in (one, 'order-1', ['1', '2']), (other, 'order-2', ['3', '4']):
        now = status(order)
        need((now['order'], [s['slot'] for s in now['slots']]) == (name, slots), now)
    need('2 runs are at work' in call('line', 'status', hall.at('work'), code=2), 'which of them?')

    # what another order may not have
    for wrong, words in (slot(5, port=2), "has the port 'rack/2'"), (slot(5, serial=3), "has the serial number 'SER3'"), (slot(1, port=5, serial=5), "has the name '1'"):
        third = order_of(hall, {5: wrong})
        for args in (), ('--dry-run',):
            said = call('run', third, *args, '--wait', '1', code=1)
            need(words.replace('rack', hall.at('rack')) in said and 'slots of their own' in said, said)
    need('another run is at work on this order' in call('run', one, code=1), 'an order twice')
    with open(hall.at('lock-of-another'), 'w') as f:  # a run of a version that wants the folder for itself
        os.makedirs(hall.at('elsewhere'))
        os.rename(f.name, hall.at('elsewhere/lock'))
        fcntl.flock(f, fcntl.LOCK_EX)
        with open(one) as text:
            hall.write('old.yaml', text.read() + 'work: elsewhere\n')
        need('another run is at work in' in call('run', hall.at('old.yaml'), code=1), 'the folder is taken')

    # one is paused, the other goes on
    call('line', 'pause', one)
    need(status(one)['paused'] and not status(other)['paused'], 'who is paused')
    call('line', 'operator', one, 'Anna'), call('line', 'operator', other, 'Bert')
    for i in (1, 3, 4):
        hall.change(i)
    b = ends(b, 0)
    need(status(one)['passed'] == 2 and status(hall.at('work'))['order'] == 'order-1', status(one))
    need("no run of order 'order-2'" in call('line', 'status', other, code=1), 'it has ended')
    need({e['board'] for e in b if e['event'] == 'slot'} == {'3', '4'}, b)
    need(b[-1]['event'] == 'report' and b[-1]['passed'] == 4 and [s['slot'] for s in b[-1]['slots']] == ['3', '4'], b[-1])

    # a run that was killed has no slots any more
    a.send_signal(signal.SIGKILL)
    a.communicate()
    third = order_of(hall, {1: slot(1), 3: slot(3)}, quota=1)
    call('run', third, '--wait', '5')
    hall.change(1)
    a = start(one)
    hall.change(2)
    a = ends(a, 0)

    devices = hall.devices()
    need(all(d['state'] == DONE for d in devices) and len(devices) == 9, [dict(d) for d in devices])
    at = {'order-1': {'1', '2'}, 'order-2': {'3', '4'}, third[-12:-5]: {'1', '3'}}
    need(all(d['slot'] in at[d['order_name']] for d in devices), [(d['order_name'], d['slot']) for d in devices])
    rows = [json.loads(l) for l in call('report', hall.at('ledger.db'), '--by', 'order', '--json').splitlines()]
    made = {r['name']: r['passed'] for r in rows if r.get('by') == 'order'}
    need(made == {'order-1': 4, 'order-2': 4, third[-12:-5]: 1}, rows)
    hall.check()


class Panel:
    """A run on a terminal of its own."""
    def __init__(self, order):
        self.master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack('HHHH', 40, 120, 0, 0))
        self.process = subprocess.Popen([SIGNET, 'run', order, '--watch'], stdin=slave, stdout=slave, stderr=slave, env={**os.environ, 'TERM': 'xterm'})
        RUNS.append(self.process)
        os.close(slave)
        self.seen = b''

    def shows(self, text):
        end = time.monotonic() + SECONDS
        while text not in self.seen:
            need(time.monotonic() < end, f'no {text} on the panel: {self.seen[-2000:]}')
            if select.select([self.master], [], [], 0.2)[0]:
                self.seen += os.read(self.master, 65536)

    def end(self):
        self.process.send_signal(signal.SIGINT)
        end = time.monotonic() + SECONDS
        while self.process.poll() is None:
            need(time.monotonic() < end, 'it does not end')
            try:
                if select.select([self.master], [], [], 0.1)[0]:
                    self.seen += os.read(self.master, 65536)
            except OSError:  # the other side is closed
                self.process.wait(SECONDS)
        os.close(self.master)


def panels(hall):
    orders = [order_of(hall, {i: slot(i, name=f'bench-{i}')}, quota=9) for i in (1, 2)]
    both = [Panel(order) for order in orders]
    for i, panel in enumerate(both):
        panel.shows(f'order-{i + 1}'.encode()), panel.shows(f'bench-{i + 1}'.encode())
    call('line', 'operator', orders[1], 'Bert')
    both[1].shows(b'Bert')
    for i, panel in enumerate(both):
        panel.end()
        for other in f'order-{2 - i}', f'bench-{2 - i}', 'Bert' if i == 0 else 'nobody':
            need(other.encode() not in panel.seen, f'{other} on the panel of order-{i + 1}')


def main():
    for test in two, panels:
        with tempfile.TemporaryDirectory(prefix='signet-at-once-') as folder:
            hall = Hall(folder, slots=5)
            try:
                test(hall)
            finally:
                for p in RUNS:
                    p.kill()
                hall.close()


main()
