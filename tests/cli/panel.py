#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The panel of a run on a terminal: what it shows, and its keys, which do what `signet line` does."""
import fcntl, json, os, pty, re, select, shutil, signal, struct, subprocess, sys, tempfile, termios, time
from _hall import Hall
from _signet import SIGNET, Broken, need

SECONDS = 60


class Terminal:
    """A run on a terminal of its own; all that it wrote is kept."""
    def __init__(self, hall, order, *args, width=100, height=30, **env):
        self.hall, self.order, self.seen = hall, order, b''
        self.master, self.slave = pty.openpty()
        self.size(width, height)
        self.before, self.begun = termios.tcgetattr(self.slave), time.monotonic()
        self.process = subprocess.Popen([SIGNET, 'run', order, '--watch', *args], stdin=self.slave, stdout=self.slave, stderr=self.slave,
                                        env={**os.environ, 'TERM': 'xterm', 'LANG': 'C.UTF-8', **env}, start_new_session=True,
                                        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0))

    def size(self, width, height):
        fcntl.ioctl(self.slave, termios.TIOCSWINSZ, struct.pack('HHHH', height, width, 0, 0))

    def read(self, seconds=0.1):
        if select.select([self.master], [], [], seconds)[0]:
            self.seen += os.read(self.master, 65536)

    def shows(self, *texts):
        """from now on"""
        begin, end = len(self.seen), time.monotonic() + SECONDS
        while not all(t.encode() in self.seen[begin:] for t in texts):
            need(time.monotonic() < end, f'not shown: {texts}: {self.seen[-3000:].decode(errors="replace")}')
            self.read()

    def press(self, text):
        os.write(self.master, text.encode())

    def status(self):
        p = subprocess.run([SIGNET, 'line', 'status', self.order, '--json'], capture_output=True, text=True, timeout=SECONDS)
        need(p.returncode == 0, p.stderr)
        return json.loads(p.stdout)

    def until(self, what, condition):
        end = time.monotonic() + SECONDS
        while not condition(self.status()):
            need(time.monotonic() < end, f'{what}: {self.status()}')
            self.read()

    def ends(self, code):
        end = time.monotonic() + SECONDS
        while self.process.poll() is None:
            need(time.monotonic() < end, 'it does not end')
            self.read()
        need(self.process.returncode == code, f'exit {self.process.returncode}')
        need(termios.tcgetattr(self.slave)[3] == self.before[3], 'the terminal is not as before')
        frames, most = self.seen.count(b'\x1b[J'), 50 + 10 * (time.monotonic() - self.begun)  # five a second, and one for each event
        need(frames < most, f'{frames} frames: it draws without a rest')
        os.close(self.slave), os.close(self.master)


def keys(hall):
    t = Terminal(hall, hall.order(9, 'notify: [{name: mes, url: "mqtt://127.0.0.1:9", allow_mqtt: true}]\n'), '--operator', 'Jürgen', '--shift', 'night')
    t.shows('order-1', 'operator Jürgen', 'shift night', 'p pause', '2/9 made')
    t.shows('events are not told')
    t.press('p')
    t.until('a pause', lambda s: s['paused'])
    t.shows('PAUSED')
    t.press('r')
    t.until('no pause', lambda s: not s['paused'])
    t.press('s2\r')
    t.until('a slot out', lambda s: s['slots'][1]['off'] and not s['slots'][0]['off'])
    t.shows('(off)')
    t.press('s2\r')
    t.until('the slot is in again', lambda s: not s['slots'][1]['off'])
    t.press('s77\r')
    t.shows("unknown slot '77'")
    t.press('oZoëx\x7f\x7fë\r')  # a character is deleted as a whole
    t.until('another operator', lambda s: s['operator'] == 'Zoë')
    t.press('oNobody\x1b')
    t.shows('p pause')
    t.press('o\x1b[A')  # an arrow is no Escape
    t.press('Anna\r')
    t.until('Anna', lambda s: s['operator'] == 'Anna')
    t.press('hday\r')
    t.until('another shift', lambda s: s['shift'] == 'day')
    t.press('qn\r')
    t.shows('q end')
    need(not t.status()['stopping'], 'n ended the run')
    t.press('qy\r')
    t.ends(4)


def sizes(hall):
    """Whole frames at any size; no colour where none is wanted; large letters where there is room."""
    t = Terminal(hall, hall.order(2), '--plain', width=80, height=24)
    t.ends(0)
    need(b'\x1b' not in t.seen, 'an escape without the panel')
    hall.operator()
    t = Terminal(hall, hall.order(9), width=120, height=40, NO_COLOR='1')
    t.shows('██  ██', '2/9 made')
    need(b'\x1b[1;30;42m' not in t.seen and b'\x1b[7m' in t.seen, 'colours with NO_COLOR')
    frame = t.seen.decode(errors='replace').split('/9 made')[-2]
    lines = [line for line in frame.split('\n') if re.search(r'\d\.\d s', line)]
    need(len(lines) == 2, f'a time is not there once a slot: {lines}')
    for width, height, text in ((80, 12, '▀▀▀'), (60, 20, '2/9'), (30, 8, 'PASS'), (14, 7, '2/9'), (5, 3, ''), (300, 90, '██')):
        t.size(width, height)
        t.shows(text, '\x1b[J')
    t.press('qy\r')
    t.ends(4)
    hall.operator()
    t = Terminal(hall, hall.order(9), width=120, height=40, LANG='C', LC_ALL='C')
    t.shows('\x1b[1;30;42m', '2/9 made')
    need('█'.encode() not in t.seen, 'blocks without UTF-8')
    t.process.send_signal(2)
    t.ends(4)


def work_of(pid):
    """Seconds of all its threads."""
    return sum(int(open(f'/proc/{pid}/task/{t}/schedstat').read().split()[0]) for t in os.listdir(f'/proc/{pid}/task')) / 1e9


def a_terminal_goes(hall):
    """Under nohup a run goes on without it, and waits for keys without work."""
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    t = Terminal(hall, hall.order(9))
    signal.signal(signal.SIGHUP, before)
    t.shows('2/9 made')
    os.close(t.master), os.close(t.slave)
    time.sleep(0.2)
    begin = work_of(t.process.pid)
    time.sleep(1)
    work = work_of(t.process.pid) - begin
    need(t.process.poll() is None and work < 0.08, f'{work} s of work in a second')
    t.process.send_signal(signal.SIGINT)
    need(t.process.wait(SECONDS) == 1, t.process.returncode)  # nobody got its report


def a_terminal_stands_still(hall):
    """As after Ctrl-S, or behind a connection that hangs: boards go on, and what was said is there when it moves again."""
    t = Terminal(hall, hall.order(9))
    t.shows('2/9 made')
    while select.select([], [t.slave], [], 0)[1]:  # nobody reads; the panel fills it
        time.sleep(0.1)
    end = time.monotonic() + SECONDS
    for made in 4, 6:
        hall.change(1), hall.change(2)
        while t.status()['made'] < made:
            need(time.monotonic() < end, f'boards stand still with the terminal: {t.status()}')
            time.sleep(0.1)
    t.shows('6/9 made')
    t.press('qy\r')
    t.ends(4)


def what_a_tool_says(hall):
    """It cannot write on the terminal: neither in the row of its slot nor in a line of its own."""
    hall.write('nrfjprog', '#!/bin/sh\nprintf "ERROR: no \\033[2J\\233Jpower\\n" >&2\nexit 33\n')
    t = Terminal(hall, hall.order(9))
    t.shows('FAIL', 'slot 1: FAIL', 'power')
    t.press('qy\r')
    t.ends(4)
    need(b'\x1b[2J' not in t.seen and b'\x9bJ' not in t.seen, 'an escape')


def codes(hall):
    """A scanner that acts as a keyboard needs no key; nor does it press any."""
    t = Terminal(hall, hall.order(9, 'scan: {endpoint: "urn:dev:os:{scan}", slot_prefix: SLOT-, pattern: "pq##"}\n'))
    t.shows('waits for its code', 'c code')
    t.press('pq12\r')
    t.shows('2 slots wait for a code')
    t.press('SLOT-2\rpq12\t')
    t.until('a board', lambda s: s['slots'][1]['state'] == 'pass' and s['slots'][1]['endpoint'] == 'urn:dev:os:pq12' and s['scans'])
    t.press('SLOT-1\rpq12\r')
    t.shows('made before')
    t.press('pq')
    t.shows('came without its end')
    need(not t.status()['paused'], 'a code pressed a key')
    t.press('SLOT-1\rp')  # behind a code, one key is a key
    t.until('a pause', lambda s: s['paused'])
    t.press('r')
    t.until('no pause', lambda s: not s['paused'])
    t.press('c')
    t.shows('code: _')
    for key in 'pq13\r':  # by hand
        time.sleep(0.1)
        t.press(key)
    t.until('another board', lambda s: s['slots'][0]['state'] == 'pass')
    t.press('q')
    t.shows('end the run?')
    t.press('y\r')
    t.ends(4)


def once_more(hall):
    """Keys for what a board may have, and only then; a rework is of the board that was there when its slot was named."""
    tool = open(hall.at('nrfjprog')).read()
    hall.write('nrfjprog', '#!/bin/sh\nexit 9\n')
    t = Terminal(hall, hall.order(9))
    t.shows('FAIL')
    t.until('two fail', lambda s: [x.get('may') for x in s['slots']] == 2 * ['retry'])
    t.shows('t retry  p pause')
    t.press('wp')  # w is no key now
    t.until('a pause', lambda s: s['paused'])
    t.press('r')
    t.until('no pause', lambda s: not s['paused'])
    hall.write('nrfjprog', tool)
    t.press('t1\r')
    t.until('slot 1 passes', lambda s: s['slots'][0].get('may') == 'rework')
    t.shows('t retry  w rework  p pause')
    t.press('t2\r')
    t.until('slot 2 passes', lambda s: s['slots'][1].get('may') == 'rework' and (s['made'], s['waiting']) == (2, 0))
    t.press('tp')  # nor is t
    t.until('a pause', lambda s: s['paused'])
    t.press('r')
    for slot in '77', '':
        t.press(f'w{slot}\r')
        t.shows('no board in that slot can be reworked' if slot else 'w rework  p pause')
    t.press('w1\r')
    t.shows('the board is erased: why: _')
    t.press('\r')
    t.shows('a rework needs a reason')
    t.press('w1\rx\x1b')
    t.shows('w rework  p pause')
    t.press('w2\r')
    t.shows('the board is erased: why: _')
    hall.change(2)
    t.until('another board', lambda s: s['passed'] == 3)
    t.press('x\r')
    t.shows('that board is no longer in the slot, or in work')
    name = t.status()['slots'][0]['endpoint']
    t.press('w1\rantenna changed\r')
    t.until('made again', lambda s: s['passed'] == 4)
    need(t.status()['slots'][0]['endpoint'] == name, t.status())
    t.press('qy\r')
    t.ends(4)
    p = subprocess.run([SIGNET, 'ledger', 'show', hall.at('ledger.db'), name], capture_output=True, text=True, timeout=SECONDS)
    need('edition 2 follows: antenna changed' in p.stdout, p.stdout + p.stderr)


def more_slots_than_lines(hall):
    """Those without a line are counted by what they do."""
    t = Terminal(hall, hall.order(9), width=40, height=6)
    t.shows('... 4 more slots:  4 PASS')
    t.press('qy\r')
    t.ends(4)


for test, slots in ((keys, 2), (sizes, 2), (a_terminal_goes, 2), (a_terminal_stands_still, 2), (what_a_tool_says, 2), (codes, 2), (once_more, 2), (more_slots_than_lines, 5)):
    folder = tempfile.mkdtemp()
    hall = Hall(folder, slots=slots, rack=('-N', '9', '-H', '3600000'))
    try:
        test(hall)
    except Broken as e:
        sys.exit(f'{test.__name__}: {e}')
    finally:
        hall.close()
        shutil.rmtree(folder, ignore_errors=True)
