#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Both forms of an order, with boards and with files, answer the same events with the same states, exit codes and
words. Each row is one event, told the same way for both forms: a device that becomes void, a server that is silent or
away, a seal that is damaged or gone, a refusal, a look-up that is cancelled.
usage: forms.py [WORDS OF A ROW]"""
import concurrent.futures, glob, json, os, re, signal, socket, subprocess, sys, tempfile, threading, time
from _coiote import TOKEN, Coiote
from _signet import SIGNET, TEMPLATE, Folder

# Rows that fail today, and why. Whoever mends one takes it out of this list: a row that passes and stands here fails.
BOARDS, FILES = 3, 40  # files: two batches, each with a seal
DEADLINE = 90
FORMS = ('boards', 'files')
ROWS = {}


class Wrong(Exception):
    pass


def need(what, good, detail=''):
    if not good:
        raise Wrong(f'{what}: {detail}')


class Server(Coiote):
    """refused: names that get a 400. on_post: called with each name before it is answered. slow_look: seconds that a
    look-up takes. When: of each POST that was answered with 201."""
    def __init__(self, folder):
        os.makedirs(folder)
        self.refused, self.on_post, self.slow_look, self.when = set(), None, 0, []
        self.looks = 0
        super().__init__(folder)

    def judge(self, h, body):
        if h.command == 'GET' and not self.down:
            self.looks += 1
            time.sleep(self.slow_look)
        name = json.loads(body)['properties']['endpointName'] if h.command == 'POST' else None
        if name and self.on_post:
            self.on_post(name)
        if name in self.refused and not self.down:
            return h.error(400, 'no room for it')
        super().judge(h, body)

    def create(self, h, body, silent=False):
        super().create(h, body, silent)
        self.when.append(time.monotonic())


class Works(Folder):
    """One order, two servers called `first` and `second`, in one of the forms."""
    def __init__(self, folder, form):
        super().__init__(folder)
        self.form, self.quota = form, BOARDS if form == 'boards' else FILES
        self.servers = {name: Server(self.at(name)) for name in ('first', 'second')}
        self.rack, self.deaf = None, []
        self.write('template', TEMPLATE % 0)
        self.write('token', TOKEN)
        for name in self.servers:
            self.point(name)
        if form == 'boards':
            os.mkdir(self.at('rack'))
            self.rack = subprocess.Popen([SIGNET, 'sim', 'rack', self.at('rack'), '--slots', str(BOARDS), '-b', '0', '-u'],
                                         stdin=subprocess.PIPE, stdout=subprocess.PIPE)
            need('the rack starts', self.rack.stdout.readline())
        self.order()

    def close(self):
        for server in self.servers.values():
            server.close()
        for deaf in self.deaf:
            deaf.close()
        if self.rack:
            self.rack.stdin.close()
            self.rack.wait(DEADLINE)

    def point(self, name, port=None):
        """The server's file, with its port or another."""
        self.write(f'{name}.json', json.dumps({'kind': 'coiote', 'url': 'https://127.0.0.1', 'domain': '/acme/',
                                               'port': port or self.servers[name].port}))

    def order(self, station='A', work='work', file='order.yaml'):
        text = ['name: o', 'stop_after_refusals: 2', f'quota: {self.quota}', 'template: template', 'ledger: ledger.db', f'station: {station}',
                f'work: {work}', 'names: {pattern: "urn:dev:os:n-{serial:04}"}', 'servers:']
        text += [f'  - {{name: {n}, file: {n}.json, token_file: token, ca_file: {s.ca}}}' for n, s in self.servers.items()]
        if self.form == 'boards':
            text += ['retries: 0', 'board: {recipe: anjay-zephyr}', 'slots:']
            text += [f'  - {{port: rack/{i + 1}}}' for i in range(BOARDS)]
        else:
            text += ['output: {packets: packets.ndjson}']
        self.write(file, '\n'.join(text) + '\n')

    def start(self, *args):
        return subprocess.Popen([SIGNET, *args], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                stdin=subprocess.DEVNULL, text=True, cwd=self.folder)

    def end(self, p, seconds=DEADLINE):
        try:
            self.said = p.communicate(timeout=seconds)[0]
        except subprocess.TimeoutExpired:
            p.kill()
            raise Wrong(f'{p.args[1:3]} does not end within {seconds} s: {p.communicate()[0]}')
        self.code = p.returncode
        return self.code

    def call(self, *args):
        return self.end(self.start(*args))

    def run(self, seconds=DEADLINE):
        return self.end(self.start('run', 'order.yaml', '--plain', '--wait', '1', '--sync', '1'), seconds)

    def sync(self, file='order.yaml'):
        return self.call('ledger', 'sync', file)

    def away(self, is_away=True):
        for server in self.servers.values():
            server.down = is_away

    def made(self):
        """All are made, and wait for both servers."""
        self.away()
        need('a run without servers', self.run() == 3, self.said)
        need('they wait', set(self.states().values()) == {'verified'} and len(self.states()) == self.quota, self.said)
        self.away(False)

    def rows(self):
        p = subprocess.run([SIGNET, 'ledger', 'list', 'ledger.db', '--json'], cwd=self.folder, capture_output=True,
                           text=True, timeout=DEADLINE)
        return {r['endpoint']: r for r in map(json.loads, p.stdout.splitlines()) if r['event'] == 'device'}

    def states(self):
        return {name: r['state'] for name, r in self.rows().items()}

    def void(self, name):
        p = subprocess.run([SIGNET, 'ledger', 'void', 'ledger.db', name, '--force', '--reason', 'a test'], cwd=self.folder,
                           capture_output=True, text=True, timeout=DEADLINE)
        need(f'void of {name}', p.returncode == 0, p.stderr)

    def seals(self):
        return sorted(glob.glob(self.at('work', '*.sealed')))

    def silent(self):
        """A port where connections are taken, and nobody ever answers."""
        s = socket.create_server(('127.0.0.1', 0))
        self.deaf.append(s)
        return s.getsockname()[1]

    # what must be true

    def all_are(self, wanted, but=()):
        wrong = {n: s for n, s in self.states().items() if s != wanted and n not in but}
        need(f'all {"others " if but else ""}are {wanted}', not wrong, f'{wrong}; it said: {self.said}')

    def exits(self, code):
        need(f'exit {code}', self.code == code, f'exit {self.code}: {self.said}')

    def says(self, *words):
        for word in words:
            need(f'it says {word!r}', re.search(word, self.said), self.said)

    def nothing_sealed(self):
        need('nothing is sealed any more', not self.seals(), self.seals())

    def goes_on(self):
        """Everything is mended: the rest is done, and nothing is left over."""
        self.sync()
        self.exits(0)
        self.all_are('done')
        self.nothing_sealed()


def row(what):
    """A row of the table. It returns the words about a device or server that both forms must share."""
    def note(check):
        ROWS[what] = check
        return check
    return note


@row('void while it waits')
def void_waits(w):
    w.made()
    victim = sorted(w.states())[1]
    w.void(victim)
    w.sync()
    w.exits(0)
    w.all_are('done', but=[victim])
    need('it stays void', w.states()[victim] == 'void', w.states())
    for name, server in w.servers.items():
        need(f'{name} never hears of it', victim not in server.names() and len(server.devices) == w.quota - 1, server.names())
    w.nothing_sealed()
    return w.said


@row('void while a server is asked')
def void_asked(w):
    """The one that the server has in hand, and one that is still to come."""
    w.made()
    victims = []

    lock = threading.Lock()

    def on_post(name):
        with lock:  # several devices may be posted at once: the others wait until it is done
            if not victims:
                victims.extend([name, next(n for n in sorted(w.states()) if n != name)])
                for victim in victims:
                    w.void(victim)
    w.servers['first'].on_post = on_post
    w.sync()
    w.exits(0)
    w.all_are('done', but=victims)
    need('they stay void', {w.states()[v] for v in victims} == {'void'}, w.states())
    w.nothing_sealed()


@row('void, and nothing else is left')
def void_all(w):
    w.made()
    for name in w.states():
        if w.form == 'boards' or name > 'urn:dev:os:n-0003':  # a batch of which some are void was there before
            w.void(name)
    w.sync()
    w.exits(0)
    w.nothing_sealed()


@row('a silent server')
def silent_server(w):
    """It holds up neither the other server, nor the devices to come."""
    w.point('first', w.silent())
    begin = time.monotonic()
    w.run(32)  # two tries of 10 seconds each, for all devices together
    w.exits(3)
    w.all_are('verified')
    second = w.servers['second']
    need('the other server has all', len(second.devices) == w.quota, len(second.devices))
    # libcurl gives up a connection after 10 seconds
    need('and had them meanwhile', second.when[-1] - begin < 9, f'{second.when[-1] - begin:.1f} s')
    w.says(r'first\b.*(in time|timed out|timeout)')
    need('it is told once', len(re.findall('devices wait for their registration', w.said)) == 1, w.said)
    said = next(l for l in w.said.splitlines() if 'devices wait for their registration' in l)
    w.point('first')
    w.goes_on()
    return re.sub(r'\d+', 'N', said)


@row('a server that is away')
def away_server(w):
    with socket.socket() as s:
        s.bind(('127.0.0.1', 0))
        w.point('first', s.getsockname()[1])  # bound, so that nobody else listens there
        w.run()
        w.exits(3)
        w.all_are('verified')
        need('the other server has all', len(w.servers['second'].devices) == w.quota)
        w.says(r'first\b.*(refused|connect)')
        need('it is told once', len(re.findall('devices wait for their registration', w.said)) == 1, w.said)
        said = next(l for l in w.said.splitlines() if 'devices wait for their registration' in l)
        w.sync()
        w.exits(1)
        w.says(r'first\b.*(refused|connect)')
        w.all_are('verified')
    w.point('first')
    w.goes_on()
    return re.sub(r'\d+', 'N', said)


def bad_seal(w, path):
    """A file of the work folder was harmed: only devices that are in it are set aside, with a word on what to do."""
    w.sync()
    w.exits(3)
    rows = w.rows()
    hit = [n for n, r in rows.items() if r['state'] == 'failed']
    need('some are set aside', 0 < len(hit) < w.quota, w.said)
    need('one alone, or those of its batch', w.form == 'files' or len(hit) == 1, hit)
    w.all_are('done', but=hit)
    for name, server in w.servers.items():
        need(f'{name} has the others', set(server.names()) == set(rows) - set(hit), server.names())
    file = os.path.basename(path)
    for name in hit:
        need('the ledger says which file', file in rows[name]['error'], rows[name])
    w.call('ledger', 'show', 'ledger.db', hit[0])
    need('it says what to do', 'rework' in w.said, w.said)
    w.call('ledger', 'rework', 'ledger.db', hit[0])
    w.exits(0)
    need('rework makes new credentials', w.states()[hit[0]] == 'reserved', w.states()[hit[0]])
    if w.form == 'files':  # a board would have to come again
        for name in hit[1:]:
            w.call('ledger', 'rework', 'ledger.db', name)
        w.run()
        w.exits(0)
        w.all_are('done')
        need('nothing else is sealed', set(w.seals()) <= {path}, w.seals())  # nobody knows what the damaged one holds
    return rows[hit[0]]['error'].replace(file, 'FILE').replace(hit[0], 'NAME')


@row('an unreadable seal')
def unreadable_seal(w):
    w.made()
    path = w.seals()[-1]
    with open(path, 'r+b') as f:
        f.seek(30)
        byte = f.read(1)
        f.seek(30)
        f.write(bytes([byte[0] ^ 1]))
    return bad_seal(w, path)


@row('a seal that is cut short')
def short_seal(w):
    w.made()
    path = w.seals()[-1]
    os.truncate(path, 20)
    return bad_seal(w, path)


@row('a lost seal')
def lost_seal(w):
    """It may be in another work folder: its devices wait, the others go on, and a word says what is missing."""
    w.made()
    path = w.seals()[-1]
    os.rename(path, w.at('away'))
    w.sync()
    w.exits(3)
    rows = w.rows()
    hit = [n for n, r in rows.items() if r['state'] == 'verified']
    need('some wait', 0 < len(hit) < w.quota, w.said)
    w.all_are('done', but=hit)
    w.says('nothing is sealed in .*work for')
    said = next(l for l in w.said.splitlines() if 'nothing is sealed' in l)
    os.rename(w.at('away'), path)
    w.goes_on()
    return re.sub(r'(urn:\S*-)?[0-9]+', 'N', said).replace('first', 'second')


@row("another station's devices")
def another_station(w):
    """Their seals are elsewhere: they wait, and nobody is asked."""
    w.made()
    w.order(station='B', work='work-b', file='b.yaml')
    seals = w.seals()
    w.sync('b.yaml')
    w.exits(1)
    w.all_are('verified')
    w.says(f'{w.quota} still wait')
    need('nobody is asked', not any(s.devices for s in w.servers.values()))
    need('the seals stay', w.seals() == seals)
    w.goes_on()


@row('one of two servers refuses')
def one_refuses(w):
    victim = 'urn:dev:os:n-0002'
    w.servers['first'].refused = {victim}
    w.run()
    w.exits(3)
    w.all_are('done', but=[victim])
    r = w.rows()[victim]
    need('it is set aside', r['state'] == 'failed', r)
    need("with the server's words", 'first' in r['error'] and 'no room for it' in r['error'], r)
    need('and the server', victim not in w.servers['first'].names())
    need('its secret stays', len(w.seals()) == 1, w.seals())
    w.says('set aside|failed|refuse')
    w.servers['first'].refused = set()
    w.call('ledger', 'rework', 'ledger.db', victim)
    w.goes_on()
    need('both have it', all(victim in s.names() for s in w.servers.values()))
    return r['error'].replace(victim, 'NAME')


@row('a server that refuses every device')
def all_refused(w):
    """Two are set aside, the others wait, and the other server has them."""
    w.made()
    first = w.servers['first']
    first.refused = set(w.states())
    w.run()
    w.exits(3)
    states = list(w.states().values())
    need('two are set aside, the others wait', sorted(states) == ['failed'] * 2 + ['verified'] * (w.quota - 2), states)
    need('the other server has the others', len(w.servers['second'].devices) >= w.quota - 2)
    need('nobody is asked a second time', len(first.posts()) <= 3 * w.quota, len(first.posts()))
    said = [l for l in w.said.splitlines() if 'refuses every device' in l and 'warning' in l]
    need('it is told once', len(said) == 1 and 'first refuses every device' in said[0] and 'no room for it' in said[0] and
         'the others wait' in said[0], w.said)
    w.run()  # the run before is not forgotten: one device is tried
    states = list(w.states().values())
    need('one more is set aside', sorted(states) == ['failed'] * 3 + ['verified'] * (w.quota - 3), states)
    first.refused = set()
    for name, state in w.states().items():
        if state == 'failed':
            w.call('ledger', 'rework', 'ledger.db', name)
    w.goes_on()
    return said[0]


@row('one that the server answers in no clear way')
def unclear_one(w):
    """It holds up no other, although it is the first; it waits. So does one that has a name which is not to be found."""
    w.made()
    victims = sorted(w.states())[:2]
    first, judge = w.servers['first'], w.servers['first'].judge

    def proxy(h, body):
        name = json.loads(body)['properties']['endpointName'] if h.command == 'POST' else None
        if name == victims[0]:
            return h.answer(451, raw=b'<html>not for legal reasons</html>')
        if name == victims[1]:
            return h.error(409, 'device already exists')
        return judge(h, body)
    first.judge = proxy
    w.sync()
    w.exits(3)
    w.all_are('done', but=victims)
    need('they wait', {w.states()[v] for v in victims} == {'verified'}, w.states())
    w.says('2 still wait')
    first.judge = judge
    w.goes_on()


@row('SIGTERM while a server is asked')
def cancelled(w):
    """The server has the device and says so; the look-up whether it is ours is cut off. It is nobody's fault."""
    w.made()
    first = w.servers['first']
    for name in [f'urn:dev:os:n-{i:04}' for i in range(1, w.quota + 1)]:
        first.faults.append(lambda h, body: first.create(h, body, silent=True) or h.error(409, 'device already exists'))
    first.slow_look = 20
    p = w.start('ledger', 'sync', 'order.yaml')
    end = time.monotonic() + 15
    while not first.looks and time.monotonic() < end and p.poll() is None:
        time.sleep(0.02)
    need('a look-up is under way', first.looks and p.poll() is None)
    p.send_signal(signal.SIGTERM)
    begin = time.monotonic()
    w.end(p, 15)
    need('it ends at once', time.monotonic() - begin < 8, f'{time.monotonic() - begin:.1f} s')
    w.exits(4)
    w.all_are('verified')
    first.faults, first.slow_look = [], 0
    w.goes_on()
    need('the server has each once', len(first.devices) == w.quota)


def one(what, form):
    with tempfile.TemporaryDirectory(prefix='signet-forms-') as folder:
        w = Works(folder, form)
        try:
            return ROWS[what](w), None
        except Wrong as e:
            return None, str(e)
        finally:
            w.close()


def main():
    wanted = [r for r in ROWS if len(sys.argv) < 2 or sys.argv[1] in r]
    bad, begin = [], time.monotonic()
    with concurrent.futures.ThreadPoolExecutor(6) as pool:  # mostly they wait
        todo = sorted(((r, f) for r in wanted for f in FORMS), key=lambda c: 'silent' not in c[0])
        found = {c: pool.submit(one, *c) for c in todo}
        found = {c: f.result() for c, f in found.items()}
    bad += [f'{what}, {form}: {why}' for (what, form), (_, why) in found.items() if why]
    for what in wanted:
        # the forms differ in size, and each ledger has its own root
        words = [re.sub(r' *\d+', ' N', re.sub(r'root \S+\n +of \S+', 'root', found[what, f][0] or '')) for f in FORMS]
        if all(found[what, f][1] is None for f in FORMS) and words[0] != words[1]:
            bad.append(f'{what}: two ways to say it: {words[0]!r} and {words[1]!r}')
    if bad:
        sys.exit('\n'.join(bad))
    print(f'{len(found)} cases in {time.monotonic() - begin:.0f} s')


main()
