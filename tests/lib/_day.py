# SPDX-License-Identifier: Apache-2.0
"""A day at a line, out of a seed: racks of simulated boards, servers, a ledger, and what people and machines do to them. At
its end the rack's journal, the servers' devices and the ledger must agree (check()): nobody's finished board was harmed."""
import base64, collections, contextlib, glob, hashlib, json, os, random, re, resource, shutil, signal, socket, sqlite3, subprocess, time
from _printer import Printer
from _signet import BUILD, SIGNET, TEMPLATE, Broken, Folder, need

TOKEN = 'T0kenOfTheDay_51c7'
DEADLINE = 120
FINISHED = ('verified', 'registered', 'done')
FAULTS = ('drop-tx=60', 'assert=2,heals=3', 'result=-1,heals=4', 'never-ready,heals=3', 'log-noise,split', 'flip=2e-4', 'delay=20')
EDITIONS = '--new-edition' in subprocess.run([SIGNET, 'ledger', 'rework', '--help'], capture_output=True, text=True).stdout
CLOCK = os.path.join(BUILD, 'tests', 'libclock_ahead.so')  # for LD_PRELOAD; AddressSanitizer wants to be first itself
HAS_CLOCK = b'__asan_init' not in open(SIGNET, 'rb').read()
FORCE = ['--force'] if EDITIONS else []  # no run is under way when somebody decides
counted = collections.Counter()  # what happened, in all days
IN_HAND = ('keyed', 'writing', 'written')


def call(*args, code=(0,), folder=None):
    p = subprocess.run([SIGNET, *args], cwd=folder, capture_output=True, text=True, timeout=DEADLINE, stdin=subprocess.DEVNULL)
    need(p.returncode in code, f'{" ".join(args)}: exit {p.returncode}: {p.stdout[-300:]}{p.stderr}')
    return p


def ask(path, request):
    """One request to a control socket; the answer, or the error's text."""
    with socket.socket(socket.AF_UNIX) as s:
        s.settimeout(DEADLINE)
        s.connect(path)
        s.sendall(request.encode() + b'\n')
        return s.makefile().readline().strip()


def lines(path):
    if not os.path.exists(path):
        return []
    with open(path) as f:
        return [json.loads(l) for l in f.read().split('\n')[:-1]]


def asks(events):
    """What was done because a person asked for it where a board stands: the event, and the ask's number."""
    for e in events:
        said = re.search(r'\bask (\d+)$', e.get('detail') or '')
        if said and e['kind'] in ('rework', 'retired'):
            yield e, int(said[1])


class Server:
    """A simulated server that keeps its devices in a file."""
    def __init__(self, day, kind):
        self.day, self.kind, self.process = day, kind, None
        self.port = None
        self.start()

    def at(self, name):
        return self.day.at('servers', f'{self.kind}.{name}')

    def start(self):
        args = [SIGNET, 'sim', 'server', '--kind', self.kind, '-t', TOKEN, '--ca-file', self.at('pem'), '--server-file', self.at('json'), '--token-file', self.at('token'),
                '--keep', self.at('state'), '--control', self.at('control'), '-u']
        args += ['-p', str(self.port)] if self.port else []
        for _ in range(200):  # somebody's connection may have the port for a moment
            p = subprocess.Popen(args, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
            if p.stdout.readline():
                self.process = p
                break
            p.wait()
            time.sleep(0.1)
        need(self.process, f'{self.kind} does not start')
        with open(self.at('json')) as f:
            self.port = json.load(f)['port']

    def kill(self):
        if self.process:
            self.process.kill()
            self.process.wait()
            self.process.stdin.close()
            self.process.stdout.close()
            self.process = None

    def tell(self, request):
        if self.process:
            ask(self.at('control'), request)

    def devices(self):
        """endpoint -> SHA-256 of its key"""
        there = {}
        for line in lines(self.at('state')):
            if line['do'] == 'put':
                need(line['endpoint'] not in there, f'{self.kind} has {line["endpoint"]} twice')
                there[line['endpoint']] = hashlib.sha256(bytes.fromhex(line.get('key') or '')).hexdigest()
            else:
                there.pop(line['endpoint'])
        return there


class Day(Folder):
    def __init__(self, folder, seed, ledger=None):
        super().__init__(folder)
        self.seed, self.rng, self.begin, self.log = seed, random.Random(seed), time.monotonic(), []
        self.url = ledger
        self.reworked, self.by_hand, self.outputs, self.rack = {}, [], 0, None
        self.killed, self.removed, self.asked_for = False, set(), []
        self.clock_was_wrong = False
        self.at_slots = []  # (when, station, slot) of each rework that was asked for where the board stood
        self.running, self.latest = [], 0  # runs that are under way; the latest time that an event may have
        self.copied, self.lost_at = None, 0  # rows of the copy of the ledger; when that was put back and the newest was lost
        self.stations = ['A', 'B'] if ledger and self.rng.random() < 0.6 else ['A']
        self.slots = self.rng.choice((2, 3, 4)) if len(self.stations) == 1 else 4
        self.slots = 2 * self.slots if self.rng.random() < 0.15 else self.slots
        self.slot_names = {i: str(i) for i in range(1, self.slots + 1)}
        self.own_names = self.rng.random() < 0.5
        for name in ('servers', 'out', 'work-A', 'work-B'):
            os.mkdir(self.at(name), 0o700)
        self.write('template', TEMPLATE % 0)
        kinds = self.rng.sample(('coiote', 'leshan', 'thingsboard'), self.rng.choice((1, 1, 2)))
        self.servers = [Server(self, k) for k in kinds]
        self.printer = Printer(folder) if self.rng.random() < 0.4 else None
        self.write('label.zpl', '^XA^FD{endpoint}^FS^FO9,9{qr:{endpoint}/{hw_id}}^XZ')
        self.faults = [f'{slot}={self.rng.choice(FAULTS)}' for slot in range(1, self.slots + 1) if self.rng.random() < 0.1]
        self.start_rack()
        self.quota = {f'o{i}': self.rng.randint(2, 4) for i in range(self.rng.choice((1, 2, 2)))}
        for order in self.quota:
            self.write_orders(order)
        self.note(f'{self.slots} slots, {"names of the boards" if self.own_names else "names of the order"}, '
                  f'servers {kinds}{" and a label printer" if self.printer else ""}, quotas {self.quota}, stations {self.stations}, faults {self.faults}')

    # what is there

    def note(self, text, kind=None):
        if kind:
            counted[kind] += 1
        self.log.append(f'{time.monotonic() - self.begin:6.2f} {time.time():.2f} {text}')

    def ledger(self):
        return self.url or self.at('ledger.db')

    def start_rack(self):
        args = [SIGNET, 'sim', 'rack', 'rack', '--slots', str(self.slots), '-b', '0', '--keep', 'boards', '-j', 'journal', '--programmer', '.', '-u']
        args += [x for f in self.faults for x in ('-m', f)]
        self.rack = subprocess.Popen(args, cwd=self.folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        need(self.rack.stdout.readline(), 'the rack does not start')

    def stop_rack(self):
        if self.rack:
            self.rack.stdin.close()
            self.rack.wait(DEADLINE)
            self.rack.stdout.close()
            self.rack = None

    def close(self):
        self.stop_rack()
        for s in self.servers:
            s.kill()
        if self.printer:
            self.printer.close()

    def slots_of(self, station):
        every = range(1, self.slots + 1)
        return [i for i in every if len(self.stations) == 1 or i % 2 == (station == 'A')]

    def write_orders(self, order):
        """A file for each station, and one for each after a change."""
        for station in self.stations:
            names = [] if self.own_names else [f'names: {{pattern: "urn:dev:os:{order}-{{serial:04}}"}}']
            text = [f'name: {order}', f'quota: {self.quota[order]}', 'template: template', f'ledger: "{self.ledger()}"', f'station: {station}',
                    f'work: work-{station}', f'station_key: {station}.key', f'retries: {1}', *names,
                    'board: {recipe: anjay-zephyr, flasher: nrfjprog, flasher_tool: nrfjprog, initial: initial.hex, final: final.hex,'
                    ' ready_timeout_ms: 20000, smp_timeout_ms: 600}', 'slots:']
            text[8:8] = [f'notify: [{{name: news, file: {self.news(order, station)}}}]']
            if self.printer:
                text[8:8] = [f'label: {{template: label.zpl, printer: "{self.printer.url}"}}']
            slots = {i: f'  - {{port: rack/{i}, serial: S{i}, name: "{self.slot_names[i]}"}}' for i in self.slots_of(station)}
            servers = ['servers:'] + [f'  - {{name: {s.kind}, file: servers/{s.kind}.json, token_file: servers/{s.kind}.token}}' for s in self.servers]
            self.write(f'{order}-{station}.yaml', '\n'.join([*text, *slots.values(), *servers]) + '\n')
            half = [slots[i] for i in slots if i % 2 == (order == 'o0')]  # beside the other order
            self.write(f'{order}-{station}-half.yaml', '\n'.join([*text, *half, *servers]) + '\n')

    def news(self, order, station):
        return f'out/news-{order}-{station}'

    def boards(self):
        """serial number -> what the rack keeps of it"""
        found = {}
        for path in glob.glob(self.at('boards', '*.board')):
            with open(path) as f:
                board = json.load(f)
            found[board['serial']] = board
        return found

    def pile(self):
        return sorted(s for s, b in self.boards().items() if b['slot'] == 0)

    def tell(self, slot, request):
        return ask(self.at('rack', f'{slot}.control'), request)

    def rows(self):
        if not self.url and not os.path.exists(self.at('ledger.db')):
            return []
        p = subprocess.run([SIGNET, 'ledger', 'list', self.ledger(), '--json'], capture_output=True, text=True, timeout=DEADLINE)
        if p.returncode and (self.url or 'there is no ledger in this file' in p.stderr or '-journal\' is to be undone first' in p.stderr):
            return []  # nothing was ever made in it: a kill came before it was whole
        need(p.returncode == 0, p.stderr)
        return [json.loads(l) for l in p.stdout.splitlines() if '"event": "device"' in l]

    def events(self):
        out = call('ledger', 'export', '-f', 'events', self.ledger()).stdout
        return [json.loads(l) for l in out.splitlines()]

    # runs

    def start(self, order, station, limit=0, ahead=0, half=False):
        """half: with every other slot. limit: bytes that a file may grow to, as on a full disk. ahead: seconds, of the station's clock."""
        self.outputs += 1
        env = dict(os.environ, LD_PRELOAD=CLOCK, SIGNET_CLOCK_AHEAD=str(ahead)) if ahead else None

        def full():
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

        with open(self.at('out', f'{self.outputs:03}'), 'wb') as out:
            p = subprocess.Popen([SIGNET, 'run', f'{order}-{station}{"-half" if half else ""}.yaml', '--json', '--wait', '1', '--sync', '1'], cwd=self.folder,
                                 stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT, preexec_fn=full if limit else None, env=env)
        p.output, p.order, p.station = self.at('out', f'{self.outputs:03}'), order, station
        return p

    def said(self, p):
        with open(p.output, errors='replace') as f:
            return f.read()

    def wait(self, p, seconds=DEADLINE):
        try:
            p.wait(seconds)
        except subprocess.TimeoutExpired:
            p.kill()
            p.wait()
            raise Broken(f'{p.order} at {p.station} does not end: {self.said(p)[-600:]}') from None
        if p.returncode >= 0:
            report = [l for l in self.said(p).splitlines() if l.startswith('{"event": "report"')]
            need(p.returncode != 0 or report, f'exit 0 without a report: {self.said(p)[-600:]}')
        self.note(f'  {p.order} at {p.station} ends with {p.returncode}')

    def run(self):
        """One start of an order, at all stations, and what happens meanwhile."""
        order = self.rng.choice(list(self.quota))
        limit = self.rng.choice((20, 60, 100)) * 1024 if not self.url and self.rng.random() < 0.06 else 0
        how = self.rng.choice(('end', 'end', 'end', 'end', 'KILL', 'KILL', 'KILL', 'TERM', 'HUP', 'INT'))
        ahead = self.rng.choice((0,) * 8 + (-3600, 40, 7200)) if not self.url and HAS_CLOCK else 0
        self.note(f'run {order}, {how}{f", files of at most {limit}" if limit else ""}', 'full disk' if limit else how if how != 'end' else 'run')
        both = len(self.stations) == 1 and len(self.quota) == 2 and self.rng.random() < 0.3
        if ahead:
            self.clock_was_wrong = True
            self.note(f'  with a clock that is {ahead} s ahead', 'wrong clock')
        if both:
            self.note('  both orders at once', 'orders at once')
            running = [self.start(o, 'A', limit, ahead, half=True) for o in self.quota]
        else:
            running = [self.start(order, s, limit, ahead) for s in self.stations if len(self.stations) == 1 or self.rng.random() < 0.8]
        self.running = running
        for _ in range(self.rng.choice((0, 0, 1, 1, 2, 3))):
            time.sleep(self.rng.uniform(0, 0.8))
            self.meanwhile()
        if how != 'end':
            time.sleep(self.rng.uniform(0.05, 1.1))
            for p in running:
                if self.rng.random() < 0.7:
                    p.send_signal(getattr(signal, 'SIG' + how))
        self.killed = self.killed or how == 'KILL' or bool(limit)
        for p in running:
            self.wait(p)
            self.check_clock_told(p, ahead)
        self.running = []

    def check_clock_told(self, p, ahead):
        """Events have times of a clock that was ahead (unless the disk was full): whoever comes after that hears of it."""
        now = time.time() + ahead
        begun = '"event": "totals"' in self.said(p)
        behind = begun and now < self.latest - 60 and any(e['time'] > time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime(now + 60)) for e in self.events())
        need(not behind or 'clock is behind the ledger' in self.said(p), f'{p.order}: the clock is {self.latest - now} s behind, and nobody is told')
        self.latest = max(self.latest, now) if begun else self.latest

    def meanwhile(self):
        self.rng.choice((self.replug, self.replug, self.swap, self.swap, self.trouble, self.paper, self.calm, self.put_back, self.control,
                         *[self.at_slot] * 3))()

    def control(self):
        """Over the control socket: a pause, a slot that is out for a moment, another operator."""
        p = self.rng.choice(self.running) if self.running else None
        if not p:
            return
        order, slot = f'{p.order}-{p.station}.yaml', self.slot_names[self.rng.choice(self.slots_of(p.station))]
        what = self.rng.choice((('pause',), ('slot', slot, 'off'), ('operator', 'Zoë'), ('shift', 'night')))
        said = [call('line', what[0], order, *what[1:], folder=self.folder, code=(0, 1)).returncode]
        if what[0] in ('pause', 'slot'):
            time.sleep(self.rng.uniform(0, 0.4))
            back = ('resume',) if what[0] == 'pause' else ('slot', slot, 'on')
            said.append(call('line', back[0], order, *back[1:], folder=self.folder, code=(0, 1)).returncode)
        self.note(f'{order}: {" ".join(what)}: {said}', f'line {what[0]}' if said[0] == 0 else None)

    def offer(self, p):
        """A slot that offers something, soon."""
        for _ in range(12):
            status = call('line', 'status', '--json', f'{p.order}-{p.station}.yaml', folder=self.folder, code=(0, 1))
            offers = [s for s in json.loads(status.stdout)['slots'] if s.get('may')] if status.returncode == 0 else []
            if offers or p.poll() is not None:
                break
            time.sleep(0.1)
        return self.rng.choice(offers) if offers else None

    def at_slot(self):
        """A person has a board tried once more, or its device made again, where it stands."""
        p = self.rng.choice(self.running) if self.running else None
        slot = self.offer(p) if p else None
        if not slot:
            return
        order, name = f'{p.order}-{p.station}.yaml', slot['slot']
        number = next(i for i, n in self.slot_names.items() if n == name)
        if slot['may'] == 'retry':
            code = call('line', 'retry', order, name, folder=self.folder, code=(0, 1)).returncode
        else:
            self.at_slots.append((time.time(), p.station, number))
            code = call('line', 'rework', '-r', f'ask {len(self.at_slots)}', order, name, folder=self.folder, code=(0, 1)).returncode
        self.note(f'{order}: {slot["may"]} at slot {name}, {slot.get("endpoint")}: {code}', f'{slot["may"]} at its slot' if code == 0 else None)

    # what people do

    def any_slot(self):
        return self.rng.randint(1, self.slots)

    def replug(self):
        slot = self.any_slot()
        self.note(f'slot {slot}: the port goes for a moment: {self.tell(slot, "replug")}', 're-enumeration')

    def swap(self):
        slot = self.any_slot()
        self.note(f'slot {slot}: a new board: {self.tell(slot, "next")}')

    def put_back(self, serial=None):
        """A board of before, of this order or another, into any slot."""
        pile, slot = self.pile(), self.any_slot()
        serial = serial or (self.rng.choice(pile) if pile else None)
        if serial:
            self.note(f'slot {slot}: board {serial} is put in: {self.tell(slot, "insert " + serial)}', 'board of before')

    def tray(self):
        """The next boards, most of them new ones."""
        for slot in range(1, self.slots + 1):
            if self.rng.random() < 0.6:
                self.note(f'slot {slot}: a new board: {self.tell(slot, "next")}')

    def restart_rack(self):
        self.note('the rack is restarted', 'restart of the rack')
        self.stop_rack()
        self.start_rack()

    def rename(self):
        i = self.any_slot()
        self.slot_names[i] = self.rng.choice((str(i), f'left-{i}', f'bench{self.rng.randint(1, 9)}-{i}'))
        self.note(f'slot {i} is called {self.slot_names[i]}', 'slot renamed')
        for order in self.quota:
            self.write_orders(order)

    def raise_quota(self):
        order = self.rng.choice(list(self.quota))
        if self.quota[order] < 5:
            self.quota[order] += 1
            self.note(f'{order}: quota {self.quota[order]}')
            self.write_orders(order)

    def trouble(self):
        """A server goes away, refuses, or a proxy answers in its place."""
        server = self.rng.choice(self.servers)
        what = self.rng.choice(('away', 'kill', 'misbehave 503*3', 'misbehave page=400*2', 'misbehave drop*2', 'misbehave commit-then-drop',
                                'misbehave look-503*2', 'misbehave html*3', 'misbehave 400', 'misbehave page=407*3', 'misbehave portal*2'))
        self.note(f'{server.kind}: {what}', 'server in trouble')
        if what == 'kill':
            server.kill()
        else:
            server.tell(what)

    def paper(self):
        """The printer stands, is silent, or prints a label and loses the connection."""
        what = self.rng.choice(('paper=0', 'pause=1', 'head=0', 'silent', 'garbage', 'full', 'slow=300', 'drop=1', 'lose=1', 'lose=2', ''))
        if self.printer:
            self.printer.tell(f'misbehave {what}'.strip())
            self.note(f'label printer: {what or "is well"}', 'printer in trouble' if what else None)

    def find_labels(self):
        """Of labels that nobody knows of: a person looks."""
        self.printer.tell('misbehave')
        printed = ''.join(self.printer.labels())
        for row in self.rows():
            if row['state'] in FINISHED and self.label_events(row)[-1:] == ['label-sent']:
                verb, last = ('confirm', []) if f'{row["endpoint"]}/{row["hw_id"]}' in printed else ('print', ['-r', 'not found'])
                order = f'{row["order"]}-{self.stations[0]}.yaml'
                p = call('label', verb, *last, order, row['endpoint'], folder=self.folder, code=(0, 1))
                self.note(f'label {verb} {row["endpoint"]}: {p.returncode} {p.stderr.strip()[:150]}', f'label {verb}')

    def label_events(self, row):
        shown = [json.loads(l) for l in call('ledger', 'show', '--json', self.ledger(), row['endpoint']).stdout.splitlines()]
        return [e['kind'] for e in shown if e['event'] == 'history' and e['kind'].startswith('label') and e.get('edition', 1) == row.get('edition', 1)]

    def calm(self):
        if self.printer:
            self.printer.tell('misbehave')
        for server in self.servers:
            if not server.process:
                server.start()
            server.tell('back')
        self.note('the servers are back')

    def rework(self):
        """Of devices that were set aside; one that is done, when it comes back."""
        rows = [r for r in self.rows() if r['state'] == 'failed']
        if rows:
            self.rework_of(self.rng.choice(rows))

    def give_back(self):
        """A device that is done comes back: its board is put into a slot that is named for it, and it gets new credentials."""
        boards = self.boards()
        rows = [r for r in self.rows() if r['state'] == 'done' and boards.get(r['hw_id'], {}).get('slot') == 0]
        if not rows or not EDITIONS:
            return
        row, slot = self.rng.choice(rows), self.any_slot()
        said = self.tell(slot, 'insert ' + row['hw_id'])
        self.note(f'slot {slot}: board {row["hw_id"]} is given back: {said}')
        if said == 'ok':
            station = next(s for s in self.stations if slot in self.slots_of(s))
            self.asked_for.append((slot, time.time()))
            self.rework_of(row, '--board', f'slot:{station}/{self.slot_names[slot]}')

    def rework_of(self, row, *more):
        self.reworked.setdefault(row['endpoint'], []).append(time.time())
        p = call('ledger', 'rework', *more, *FORCE, self.ledger(), row['endpoint'], code=(0, 1))
        self.note(f'rework of {row["endpoint"]}, {row["state"]}: {p.returncode} {p.stderr.strip()[:150]}', f'rework of {row["state"]}')

    def void(self):
        rows = [r for r in self.rows() if r['state'] != 'void']
        if rows and self.rng.random() < 0.5:
            row = self.rng.choice(rows)
            remove = self.rng.choice(([], ['--remove'] if EDITIONS else []))
            p = call('ledger', 'void', *remove, *FORCE, '-r', 'it fell down', self.ledger(), row['endpoint'], code=(0, 1))
            if p.returncode == 0:  # of the device that has the name now
                (self.removed.add if remove else self.removed.discard)(row['endpoint'])
            self.note(f'void {row["endpoint"]}, {row["state"]}: {p.returncode} {p.stderr.strip()[:150]}', 'void')

    def bring_in(self):
        """What is in the ledger goes to an office, which has it from before or not."""
        if self.rows():
            p = call('ledger', 'import', '--new', '--site', 'hall', self.at('office.db'), self.ledger(), code=(0, 1))
            need(p.returncode == 0 or self.lost_at, f'the office does not get the ledger: {p.stderr}')
            self.note(f'import: {p.stdout.strip()[-150:]}', 'import')

    # an old ledger

    def copy_ledger(self):
        if self.url or not os.path.exists(self.at('ledger.db')):
            return
        self.copied = self.rows()
        if self.copied:
            self.copy('ledger.db', 'ledger.old')
            self.note('the ledger is copied')

    def copy(self, name, to):
        with contextlib.closing(sqlite3.connect(self.at(name))) as old, contextlib.closing(sqlite3.connect(self.at(to))) as new:
            old.backup(new)

    def replace_ledger(self, name):
        self.latest = 0
        for end in ('', '-wal', '-shm'):
            if os.path.exists(self.at('ledger.db' + end)):
                os.remove(self.at('ledger.db' + end))
        self.copy(name, 'ledger.db')

    def put_ledger_back(self):
        """An old copy: the next run notices, and touches nothing. Then the newest is found, or what it knew is made void."""
        before, rows = {r['endpoint'] for r in self.copied or () if r['exposed']}, self.rows()
        got = {e.get('name') for e in lines(self.at('journal'))}  # a kill may come after "writing" is recorded, and before a byte leaves the host
        moved = sorted({r['order'] for r in rows if r['endpoint'] not in before and r['exposed'] and (r['state'] != 'writing' or r['endpoint'] in got)})
        if self.url or self.lost_at or not self.copied or not moved:
            return
        events = self.events()
        self.copy('ledger.db', 'ledger.newest')
        self.replace_ledger('ledger.old')
        order, touched = self.rng.choice(moved), self.touched()
        self.note(f'an old ledger is put back, without what became of {moved}', 'old ledger')
        p = self.start(order, 'A')
        self.wait(p)
        need(p.returncode == 1 and 'old copy of the ledger' in self.said(p), f'{order}: an old ledger is not noticed: {self.said(p)[-500:]}')
        need(self.touched() == touched, f'{order}: boards are touched with an old ledger')
        if self.rng.random() < 0.4:
            self.replace_ledger('ledger.newest')
            self.note('the newest ledger is found')
            return
        self.lost_at = time.time()
        for e, number in asks(events):  # they were done, and nothing tells of it any more
            self.reworked.setdefault(e['endpoint'], []).append(self.at_slots[number - 1][0])
        for order in self.quota:
            p = call('ledger', 'recover', '-y', f'{order}-A.yaml', folder=self.folder, code=(0, 1))
            if 'no run of order' in p.stderr:
                continue
            self.note(f'recover {order}: {p.returncode} {p.stdout.strip()[-200:]} {p.stderr.strip()[-200:]}')
            if p.returncode:  # there must be room for the names that it makes void
                self.quota[order] += 3
                self.write_orders(order)
                call('ledger', 'recover', '-y', f'{order}-A.yaml', folder=self.folder)

    def touched(self):
        return [e for e in lines(self.at('journal')) if e['event'] not in ('in', 'out')]

    def live(self):
        copied = self.rng.choice((None, None, 1, 2, 3))
        acts = (self.tray, self.tray, self.tray, self.put_back, self.put_back, self.rename, self.trouble, self.paper, self.paper, self.calm, self.calm, self.rework, self.give_back,
                self.raise_quota, self.void, self.restart_rack, self.bring_in)
        for i in range(self.rng.randint(4, 6)):
            if i == copied:
                self.copy_ledger()
            self.run()
            if copied and i >= copied:
                self.put_ledger_back()
            for _ in range(self.rng.choice((0, 1, 1, 2, 2, 3))):
                self.rng.choice(acts)()
        self.finish()

    # the end of the day

    def finished(self, rows, order):
        mine = [r for r in rows if r['order'] == order and r['state'] != 'retired']
        ended = [r for r in mine if r['state'] == 'done' or r['state'] == 'void' and r['exposed']]
        return len(ended) >= self.quota[order] and all(r['state'] in ('done', 'void') for r in mine)

    def finish(self):
        """What was begun is brought to its end: whose board is missing gets it back, what was set aside is made again."""
        self.note('the end of the day')
        for server in self.servers:
            server.kill()  # what it was told to misbehave is forgotten
            server.start()
        for round in range(14):
            if self.printer:
                self.find_labels()
            rows = self.rows()
            open_orders = [o for o in self.quota if not self.finished(rows, o)]
            if not open_orders:
                break
            order = open_orders[round % len(open_orders)]
            if self.lost_at and round > 5:
                self.give_up(order)  # before what a server refused is tried again
                rows = self.rows()
            self.set_up(rows, order, round)
            for p in [self.start(order, s) for s in self.stations]:
                self.wait(p)
        rows = self.rows()
        for order in self.quota:
            need(self.finished(rows, order),
                 f'{order} does not come to its end: {[(r["endpoint"], r["state"], r.get("error")) for r in rows if r["order"] == order]}')
        for order in self.quota:
            for station in self.stations:
                call('ledger', 'sync', f'{order}-{station}.yaml', folder=self.folder, code=(0, 1))
        self.once_more()

    def give_up(self, order):
        """Devices of a ledger that was lost, which a server has with another key: somebody has to look at them."""
        for row in self.rows():
            if row['order'] == order and row['state'] in ('failed', 'reserved', 'keyed', 'writing', 'written'):
                p = call('ledger', 'void', *FORCE, '-r', 'lost', self.ledger(), row['endpoint'], code=(0, 1))
                self.note(f'given up: {row["endpoint"]}, {row["state"]}: {p.returncode} {p.stderr.strip()[:150]}')

    def set_up(self, rows, order, round):
        """Boards that are wanted go into the slots, and new ones in place of finished ones."""
        for row in rows:
            if row['state'] == 'failed' and row['order'] == order:
                self.rework_of(row)
        rows, boards = self.rows(), self.boards()
        for row in rows:
            if (row.get('hw_id') or '').startswith('slot:'):
                self.give_again(row, rows, boards)
        boards = self.boards()
        at = {r.get('hw_id') or r['endpoint'].split('-')[-1]: r for r in rows if r.get('hw_id') or self.own_names}
        wanted = [s for s, b in sorted(boards.items()) if b['slot'] == 0 and s in at and at[s]['order'] == order
                  and at[s]['state'] in IN_HAND + ('reserved',)]
        for slot in range(1, self.slots + 1):
            serial = next((s for s, b in boards.items() if b['slot'] == slot), None)
            row = at.get(serial)
            if any((r.get('hw_id') or '').startswith('slot:') and r['hw_id'].endswith('/' + self.slot_names[slot]) for r in rows):
                continue
            if row and row['order'] == order and row['state'] in IN_HAND + ('reserved',):
                if boards[serial]['provisioned'] and round > 2:
                    self.erase(slot, serial)
                continue
            if wanted:
                serial = wanted.pop()
                said = self.tell(slot, 'insert ' + serial)
                self.note(f'slot {slot}: board {serial} is put in: {said}')
                if said == 'ok' and boards[serial]['provisioned']:
                    self.erase(slot, serial)
            elif not serial or boards[serial]['provisioned']:
                self.note(f'slot {slot}: a new board: {self.tell(slot, "next")}')

    def give_again(self, row, rows, boards):
        """The board of a new edition, into the slot that was named for it."""
        hw_id = next(r['hw_id'] for r in rows if r['endpoint'] == row['endpoint'] and r['state'] == 'retired')
        name = row['hw_id'].split('/', 1)[1]
        slot = int(name.split('-')[-1])
        if boards[hw_id]['slot'] == 0:
            self.note(f'slot {slot}: board {hw_id} is given back once more: {self.tell(slot, "insert " + hw_id)}')
        if self.slot_names[slot] != name:
            self.slot_names[slot] = name
            for order in self.quota:
                self.write_orders(order)

    def erase(self, slot, serial):
        """By hand, as the hint says: the look finds that a board was provisioned, and not that it was never finished."""
        while 'there=1' not in self.tell(slot, 'state'):
            time.sleep(0.05)
        if f'board={serial} ' not in self.tell(slot, 'state'):
            return
        begin = time.time()
        self.tell(slot, 'program initial chip')
        self.tell(slot, 'reset')
        self.by_hand.append((serial, begin, time.time()))
        self.note(f'slot {slot}: board {serial} is erased by hand')

    def once_more(self):
        """With nothing to make no board is touched."""
        for slot in range(1, self.slots + 1):
            if self.rng.random() < 0.5:
                self.put_back()
        time.sleep(0.6)
        before = self.touched()
        order = self.rng.choice(list(self.quota))
        self.note(f'{order} is started once more', 'second start')
        p = self.start(order, 'A')
        self.wait(p)
        after = self.touched()[len(before):]
        need(not after, f'{order} has nothing to make, and touches board {after and after[0]}')
        if all(r['state'] == 'done' for r in self.rows() if r['order'] == order):
            need(p.returncode == 0, f'{order} is done, and its run exits with {p.returncode}: {self.said(p)[-400:]}')

    # what must be true

    def check(self):
        self.stop_rack()
        self.journal = lines(self.at('journal'))
        self.all_rows, self.all_events = self.rows(), self.events()
        self.by_key = {r['psk_sha256']: r for r in self.all_rows if r.get('psk_sha256')}
        self.check_asked_at_slots()
        self.check_boards()
        self.check_servers()
        self.check_labels()
        self.check_news()
        self.check_office()
        self.check_ledger()
        self.check_secrets()

    def stood(self, slot, since, until):
        """The boards that stood in a slot in a time."""
        there, moves = set(), [e for e in self.journal if e['event'] in ('in', 'out') and e['slot'] == slot]
        for e, after in zip(moves, moves[1:] + [{'at': float('inf')}]):
            if e['event'] == 'in' and e['at'] <= until and after['at'] >= since:
                there.add(e['board'])
        return there

    def check_asked_at_slots(self):
        """Each was done once at most, by its station, with a board that stood there; then that is a rework that somebody asked for."""
        done = collections.Counter()
        boards = {(r['endpoint'], r.get('edition', 1)): r['hw_id'] for r in self.all_rows if r.get('hw_id')}
        for e, number in asks(self.all_events):
            at, station, slot = self.at_slots[number - 1]
            done[number] += 1
            need(done[number] == 1 and e['station'] == station, f'ask {number} of slot {slot} at {station} is there {done[number]} times: {e}')
            new = re.match(r'edition (\d+) follows', e['detail'])  # a device that had failed may have done so with another board than its own
            need(not new or boards[e['endpoint'], int(new[1]) - 1] in self.stood(slot, at - 1, at + 1), f'ask {number} of slot {slot}: {e["endpoint"]} is made again, whose board was not there')
            self.reworked.setdefault(e['endpoint'], []).append(at)

    def lost(self, key):
        """Was it made with a ledger that was lost?"""
        return any(e.get('key') == key and e['at'] < self.lost_at for e in self.journal if e['event'] == 'load')

    def verified_at(self, endpoint):
        return [e['time'] for e in self.all_events if e.get('endpoint') == endpoint and e['kind'] == 'verified']

    def harmed(self, i, key):
        """Was the board finished with this key before line i of the journal, and nobody asked for another?"""
        row, line = self.by_key.get(key), self.journal[i]
        if not row:
            return False  # the device got other credentials; those of before must be nowhere (below)
        if any(line['slot'] == slot and at <= line['at'] for slot, at in self.asked_for):
            self.excused.add(row['endpoint'])  # whatever was in it: so a person said
            return False
        if any(t <= line['at'] for t in self.reworked.get(row['endpoint'], ())):
            return False
        if any(b == line['board'] and begin - 0.01 < line['at'] < end + 0.01 for b, begin, end in self.by_hand):
            return False
        loads = [e['at'] for e in self.journal[:i] if e['event'] == 'load' and e.get('key') == key]
        again = any(e['event'] == 'load' and e.get('key') == key for e in self.journal[i + 1:])
        verified = self.verified_at(row['endpoint'])
        before = time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime(line['at']))
        if verified and not again:
            return True
        if self.clock_was_wrong:  # then the times of events are not those of the journal
            return False
        return any(time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime(loads[0])) <= v < before for v in verified)

    def check_boards(self):
        """(a) no finished board was erased or renamed unless somebody asked, (b) no credential is on two boards."""
        holds, on, named, self.excused = {}, {}, {}, set()
        for i, line in enumerate(self.journal):
            board = line['board']
            if line['event'] == 'load':
                other = on.setdefault(line['key'], board)
                need(other == board, f'the credentials of {line["name"]} are on the boards {other} and {board}')
                other = named.setdefault(line['name'], board)
                need(other == board or line['name'] in self.reworked, f'the name {line["name"]} went from board {other} to {board}')
                held = holds.get(board)
                need(not held or held == line['key'] or not self.harmed(i, held),
                     f'board {board}, {self.by_key[held]["endpoint"] if held in self.by_key else "?"}, was given the name {line["name"]}')
                holds[board] = line['key']
            elif line['event'] == 'erase':
                held = line.get('key')
                need(not held or not self.harmed(i, held),
                     f'board {board} was erased at {line["at"]} in slot {line["slot"]}: it was {line.get("name")}, finished, and nobody asked')
                holds.pop(board, None)
        for board, key in holds.items():
            need(key in self.by_key or self.lost(key), f'board {board} holds a key that the ledger does not know')
        for row in self.all_rows:
            if row['state'] in FINISHED and row['endpoint'] not in self.excused and not (self.lost_at and row['endpoint'] in self.reworked):
                need(row.get('hw_id') and holds.get(row['hw_id']) == row['psk_sha256'],
                     f'{row["endpoint"]} is {row["state"]}, and board {row.get("hw_id")} does not hold its key')

    def check_servers(self):
        """(c) every done device is at each server with the key that its board holds, and nobody else is."""
        for server in self.servers:
            there, rows = server.devices(), {}
            for r in self.all_rows:
                rows.setdefault(r['endpoint'], []).append(r)
            for r in self.all_rows:
                if r['state'] in ('registered', 'done') and not (self.lost_at and r['endpoint'] in {*self.reworked, *self.removed}):
                    need(there.get(r['endpoint']) == r['psk_sha256'],
                         f'{r["endpoint"]} is {r["state"]}, and {server.kind} has ' + ('another key' if r['endpoint'] in there else 'it not'))
            for endpoint, key in there.items():
                states = {r.get('psk_sha256'): r['state'] for r in rows.get(endpoint, ())}
                if self.lost_at and (self.lost(key) or key not in states and endpoint in self.reworked):
                    continue
                need(key in states, f'{server.kind} has {endpoint} with a key that the ledger does not know')
                need(not (states[key] == 'void' and endpoint in self.removed), f'{server.kind} still lets in {endpoint}, which was to be removed')
                need(states[key] != 'retired', f'{server.kind} still lets in {endpoint} with the key of an edition that is retired')

    def check_labels(self):
        """Whoever is done has a label, and none was printed that nobody recorded first."""
        if not self.printer or self.lost_at:
            return
        printed = collections.Counter(re.search(r'FD(urn:[^\^]+)', l)[1] for l in self.printer.labels())
        told = collections.Counter((e['endpoint'], e['kind']) for e in self.all_events if e['kind'].startswith('label'))
        for endpoint, count in printed.items():
            need(count <= told[endpoint, 'label-sent'], f'{endpoint} has {count} labels, and {told[endpoint, "label-sent"]} were to be printed')
        for row in self.all_rows:
            need(row['state'] != 'done' or 'labelled' in self.label_events(row), f'{row["endpoint"]} is done, and has no label')
            need(row['state'] != 'done' or printed[row['endpoint']], f'{row["endpoint"]} is done, and no label was printed')

    def check_news(self):
        """Each board that passed was told of by its station; the order of events is kept, whatever was told again."""
        for station in () if self.lost_at else self.stations:
            told = {}
            for order in self.quota:
                mine = {e['id']: e for e in lines(self.at(self.news(order, station)))}
                seqs = [e['seq'] for e in mine.values()]
                need(seqs == sorted(seqs), f'{order} at {station}: events are told in another order: {seqs}')
                told |= mine
            passed = {e['id'] for e in told.values() if e['event'] == 'pass'}
            boards = {e['hash'] for e in self.all_events if e['kind'] == 'board' and e['station'] == station and json.loads(e['detail'])['verdict'] == 'pass'}
            need(passed == boards, f'{station} told of the boards {passed}, those that passed are {boards}')

    def check_office(self):
        """An office that had a part of it has all of it, and its own chain holds."""
        if self.lost_at or not os.path.exists(self.at('office.db')):
            return
        self.bring_in()
        call('ledger', 'verify', self.at('office.db'))
        there = call('ledger', 'list', self.at('office.db'), '--json').stdout.splitlines()
        there = [json.loads(l) for l in there if '"event": "device"' in l]
        keys = ('endpoint', 'edition', 'state', 'psk_sha256', 'hw_id', 'attempt', 'error', 'changed')
        office, here = ([tuple(r.get(k) for k in keys) for r in rows] for rows in (there, self.all_rows))
        need(sorted(map(str, office)) == sorted(map(str, here)), f'the office has {office}, and the ledger {here}')

    def check_ledger(self):
        """(d) the chain holds, and the counts are what the rack saw."""
        call('ledger', 'verify', self.ledger())
        stats = [json.loads(l) for l in call('ledger', 'stats', self.ledger(), '--json').stdout.splitlines()]
        made = {}
        for r in self.all_rows:
            if r['state'] in FINISHED:
                load = [e for e in self.journal if e['event'] == 'load' and e['key'] == r['psk_sha256']][-1]
                need(r['slot'].split('-')[-1] == str(load['slot']), f'{r["endpoint"]} was made in slot {load["slot"]}, the ledger says {r["slot"]}')
                name = f'{r["station"]}/{r["slot"]}'
                made[name] = made.get(name, 0) + 1
        told = {g['name']: g['made'] for g in stats if g['event'] == 'group' and g['by'] == 'slot' and g['made']}
        need(told == made, f'stats say {told}, the rack saw {made}')
        self.check_verdicts()
        asked = sum(e['kind'] == 'rework' for e in self.all_events)
        need(asked <= sum(map(len, self.reworked.values())), 'a rework that nobody asked for')

    def check_verdicts(self):
        """What slots showed is what their order's events say; of a run that was killed the last words may be missing."""
        told, shown = collections.Counter(), collections.Counter()
        for e in self.all_events:
            if e['kind'] == 'board':
                board = json.loads(e['detail'])
                told[board['slot'], board['verdict']] += 1
        for path in glob.glob(self.at('out', '*')):
            with open(path) as f:
                for e in map(json.loads, (l for l in f if l.startswith('{"event": "slot"') and l.endswith('}\n'))):
                    if e['stage'] in ('pass', 'fail', 'made-before'):
                        shown[e['board'], e['stage']] += 1
        wrong = told - shown if not self.killed else shown - told
        need(self.lost_at or not wrong and not shown - told, f'slots showed {dict(shown)}, the ledger says {dict(told)}')
        self.check_report(told)
        passed = sum(e['kind'] == 'verified' for e in self.all_events)
        need(passed == sum(n for (_, verdict), n in told.items() if verdict == 'pass'), f'{passed} boards were verified, the ledger says {dict(told)}')

    def check_report(self, told):
        """The sums of `signet report` are those of the boards that the slots showed, however they are grouped."""
        keys = {'pass': 'passed', 'fail': 'failed', 'made-before': 'made_before'}
        for by in ('slot', 'order', 'shift', 'operator', 'day'):
            rows = [json.loads(l) for l in call('report', self.ledger(), '--by', by, '--json').stdout.splitlines()]
            rows = [r for r in rows if r.get('by') == by]
            for verdict, key in keys.items():
                said, boards = sum(r[key] for r in rows), sum(n for (_, v), n in told.items() if v == verdict)
                need(said == boards, f'report --by {by}: {said} {key}, the boards were {boards}: {rows}')
        made = sum(r['state'] == 'done' for r in self.all_rows)
        done = sum(r['done'] for r in rows)
        need(done >= made, f'{made} devices are done, report says {done}')

    def check_secrets(self):
        """(e) no secret is in ledger, logs or outputs."""
        secrets = {TOKEN.encode()}
        for server in self.servers:
            for line in lines(server.at('state')):
                key = bytes.fromhex(line.get('key') or '')
                if key:
                    secrets |= {key, key.hex().encode(), base64.b64encode(key)}
        files = glob.glob(self.at('out', '*')) + glob.glob(self.at('ledger.db*')) + glob.glob(self.at('work-*', '*')) + [self.at('journal')]
        texts = [(f, open(f, 'rb').read()) for f in files if os.path.isfile(f)]
        if self.url:
            texts.append(('the ledger', json.dumps([self.all_rows, self.all_events]).encode()))
        for name, text in texts:
            for secret in secrets:
                need(secret not in text, f'{name} holds a secret')


def keep_ledger(day):
    """Beside what is left of a day, since a database server goes."""
    for what in ('rows', 'events'):
        try:
            day.write(what, '\n'.join(map(json.dumps, getattr(day, what)())))
        except Broken:
            pass


def live(seed, folder, ledger=None):
    """One day. None, or what went wrong, with the day's log."""
    day, begin = None, time.monotonic()
    try:
        day = Day(folder, seed, ledger)
        day.live()
        day.check()
    except (Broken, OSError, subprocess.SubprocessError, ValueError, KeyError, IndexError) as e:
        import traceback
        if day:
            keep_ledger(day)
        where = '' if isinstance(e, Broken) else traceback.format_exc()
        return f'day {seed}{" on PostgreSQL" if ledger else ""}: {e}\n{where}' + '\n'.join(day.log if day else ())
    finally:
        if day:
            day.close()
    return None
