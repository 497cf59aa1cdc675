# SPDX-License-Identifier: Apache-2.0
"""A line for tests: a rack of simulated boards, an order, and what its runs say."""
import contextlib, glob, json, os, re, subprocess, time
from _coiote import Coiote
from _signet import IMAGE, SIGNET, TEMPLATE, TORTURE, Broken, Folder, need, rest, with_failpoint

DEADLINE = 90


class Line(Folder):
    def __init__(self, folder):
        super().__init__(folder)
        self.rack, self.process, self.slots, self.flash, self.said = None, None, 0, False, ''
        self.write('template', TEMPLATE % 0)
        self.write('export.json', json.dumps({'kind': 'export', 'file': self.at('export.csv')}))  # whose the keys are
        os.mkdir(self.at('applied'))

    def boards(self, slots=1, each=1, misbehave=(), baud=0, hold=300, keep=False, journal=False):
        os.mkdir(self.at('rack'))
        args = [SIGNET, 'sim', 'rack', self.at('rack'), '--slots', str(slots), '-N', str(each), '-H', str(hold), '-b', str(baud),
                '-u', '--control', '--save', self.at('applied/')]
        if journal:
            args += ['-j', self.at('journal')]
        if keep:
            args += ['--keep', self.at('kept')]
        for m in misbehave:
            args += ['-m', m]
        self.rack = subprocess.Popen(args, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        need(self.rack.stdout.readline(), 'the rack did not start')
        self.slots = slots

    def programmer(self):
        """Boards can be erased, so that one that is half written can be begun anew."""
        boards = [x for i in range(1, self.slots + 1) for x in
                  ('--board', f'SER{i}={self.at(f"rack/{i}.control")},{self.at(f"rack/{i}")}')]
        subprocess.run([SIGNET, 'sim', 'flasher', '--as', 'nrfjprog', '--install', self.folder, *boards], check=True)
        for image in ('initial.hex', 'final.hex'):
            self.write(image, IMAGE)
        self.flash = True

    def order(self, quota, names='names: {pattern: "urn:dev:os:n-{serial:03}"}', retries=0, name='o', file='order.yaml', more=''):
        flash = ', flasher: nrfjprog, flasher_tool: nrfjprog, initial: initial.hex, final: final.hex' if self.flash else ''
        text = [f'name: {name}', f'quota: {quota}', 'template: template', 'ledger: ledger.db', 'station: A', f'retries: {retries}',
                names, f'board: {{recipe: anjay-zephyr, ready_timeout_ms: 3000{flash}}}', 'slots:']
        text += [f'  - {{port: rack/{i + 1}{f", serial: SER{i + 1}" if self.flash else ""}}}' for i in range(self.slots)]
        self.write(file, '\n'.join([*text, 'servers: [{name: export, file: export.json}]']) + '\n' + more)

    def mint(self, quota, names, name='minted'):
        """An order without boards in the same ledger, to the end."""
        self.write('minted.yaml', '\n'.join([f'name: {name}', f'quota: {quota}', 'template: template', 'ledger: ledger.db', 'station: A',
                                             names, 'output: {packets: minted.ndjson}']) + '\n')
        p = subprocess.run([SIGNET, 'run', 'minted.yaml'], cwd=self.folder, capture_output=True, text=True, timeout=DEADLINE)
        need(p.returncode == 0, p.stdout + p.stderr)

    def run(self, point=None, script=None, wait=1, under=()):
        env = with_failpoint(point)
        if script:
            env['SIGNET_FAILPOINT_RUN'] = f"({script}) >'{self.at('script.log')}' 2>&1"
        p = subprocess.run([*under, TORTURE if point else SIGNET, 'run', 'order.yaml', '--json', '--wait', str(wait), '--sync', '1'],
                           stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, text=True,
                           cwd=self.folder, timeout=DEADLINE, env=env)
        return self.ended(p.returncode, p.stdout)

    def ended(self, code, said):
        self.code, self.said = code, said
        self.events = [json.loads(l) for l in said.splitlines() if l.startswith('{')]
        self.report = next((e for e in self.events if e['event'] == 'report'), None)
        return code

    def start(self, program=SIGNET, wait=1, env=None, more=()):
        """A run that goes on while the test does something; until() and finish() follow."""
        self.said = ''
        self.process = subprocess.Popen([program, 'run', 'order.yaml', '--json', '--wait', str(wait), '--sync', '1', *more],
                                        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, text=True,
                                        cwd=self.folder, env=env)

    def until(self, event, **members):
        """The next event of that kind."""
        for line in self.process.stdout:
            self.said += line
            e = json.loads(line) if line.startswith('{') else {}
            if e.get('event') == event and all(e.get(k) == v for k, v in members.items()):
                return e
        raise Broken(f'no {event} {members} in: {self.said}')

    def finish(self):
        out, _ = rest(self.process, DEADLINE)
        return self.ended(self.process.returncode, self.said + out)

    def lamps(self, slot, stage):
        return [e for e in self.events if e['event'] == 'slot' and e['board'] == slot and e['stage'] == stage]

    @contextlib.contextmanager
    def waiting(self):
        """A board is made, and its device waits for a server that is down."""
        os.mkdir(self.at('coiote'))
        with Coiote(self.at('coiote'), token=None) as server:
            server.info(self.at('coiote'))
            server.down = True
            self.write('token', 'x')
            self.boards(1)
            self.order(1)
            with open(self.at('order.yaml')) as f:
                text = f.read()
            entry = f'{{name: main, file: coiote/server.json, token_file: token, ca_file: {server.ca}}}'
            self.write('order.yaml', text.replace('servers: [', f'servers: [{entry}, '))
            self.run()
            self.states(n_001='verified')
            yield server

    def sync(self):
        return subprocess.run([SIGNET, 'ledger', 'sync', 'order.yaml'], cwd=self.folder, capture_output=True, text=True, timeout=DEADLINE)

    def ledger(self, *args):
        p = subprocess.run([SIGNET, 'ledger', *args], cwd=self.folder, capture_output=True, text=True, timeout=DEADLINE)
        need(p.returncode == 0, p.stderr)
        return p.stdout

    def rows(self, order='o'):
        rows = map(json.loads, self.ledger('list', 'ledger.db', '--json').splitlines())
        return {r['endpoint']: r for r in rows if r['event'] == 'device' and r['order'] == order}

    def states(self, **wanted):
        """n_001='done' and on; a name alone is no state"""
        found = {n: r['state'] for n, r in self.rows().items()}
        if wanted:
            wanted = {'urn:dev:os:' + n.replace('_', '-'): s for n, s in wanted.items()}
            need(found == wanted, f'{found}, not {wanted}: {self.said}')
        return found

    def exits(self, code, *words):
        need(self.code == code, f'exit {self.code}, not {code}: {self.said}')
        for word in words:
            need(re.search(word, self.said), f'no {word!r} in: {self.said}')

    def text(self, name):
        with open(self.at(name)) as f:
            return f.read()

    def seals(self):
        return glob.glob(self.at('work', '*.sealed'))

    def applied(self):
        return len(os.listdir(self.at('applied')))

    def tell(self, request, slot=1):
        """To the board, and until one is there."""
        control = self.at(f'rack/{slot}.control')
        p = subprocess.run([SIGNET, 'sim', 'tell', control, request], capture_output=True, text=True, timeout=DEADLINE)
        need(p.returncode == 0, p.stderr)
        while not os.path.exists(self.at(f'rack/{slot}')):
            time.sleep(0.05)

    def ask(self, slot=1):
        """The board itself: what it holds, and how often it was written. To look at it may take a reset."""
        p = subprocess.run([SIGNET, 'sim', 'tell', self.at(f'rack/{slot}.control'), 'state'], capture_output=True, text=True,
                           timeout=DEADLINE)
        return re.sub(r'resets=\d+ ', '', p.stdout)

    def close(self):
        if self.process and self.process.poll() is None:  # a check failed in its middle
            self.process.kill()
            self.process.communicate()
        if self.rack:
            self.rack.stdin.close()
            self.rack.wait(DEADLINE)
