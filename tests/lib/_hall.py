# SPDX-License-Identifier: Apache-2.0
"""A factory hall for tests: a rack of simulated boards with a programmer, a server, orders, and what must
be true of all of them at any moment (the invariants I1 to I6 of docs/DESIGN.md, "Tests")."""
import hashlib, json, os, re, socket, sqlite3, ssl, subprocess, time, urllib.request
from _coiote import TOKEN
from _signet import (DONE, IMAGE, REGISTERED, SIGNET, STATES, TEMPLATE, TORTURE, VERIFIED, VOID, WRITING, Broken, Folder,
                     ended, need, with_failpoint)


class Leshan:
    """A simulated Leshan, with the LwM2M server that its devices go to."""
    def __init__(self, folder):
        self.ca = os.path.join(folder, 'leshan.pem')
        self.process = subprocess.Popen([SIGNET, 'sim', 'server', '--kind', 'leshan', '--lwm2m', '0', '--json', '-u', '--ca-file', self.ca],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        said = json.loads(self.process.stdout.readline())
        self.port, self.uri = said['port'], said['lwm2m']
        with open(os.path.join(folder, 'leshan.json'), 'w') as f:
            json.dump({'kind': 'leshan', 'url': 'https://127.0.0.1', 'port': self.port, 'ca_file': self.ca}, f)

    def devices(self):
        """name -> SHA-256 of the key"""
        trust = ssl.create_default_context(cafile=self.ca)
        with urllib.request.urlopen(f'https://127.0.0.1:{self.port}/api/security/clients', context=trust, timeout=60) as answer:
            found = json.load(answer)
        need(len({d['endpoint'] for d in found}) == len(found), 'a name is at Leshan twice')
        return {d['endpoint']: hashlib.sha256(bytes.fromhex(d['tls']['details']['key'])).hexdigest() for d in found}

    def close(self):
        self.process.stdin.close()
        self.process.wait(timeout=60)


class Hall(Folder):
    def __init__(self, folder, slots=3, server=None, certs=False, pattern=False, prove=False, rack=()):
        super().__init__(folder)
        self.slots, self.server, self.pattern = slots, server, pattern
        self.leshan = Leshan(folder) if prove else None
        self.bound = {}  # endpoint -> the board that its credentials may be on
        self.count = 0
        os.makedirs(self.at('rack'))
        os.makedirs(self.at('applied'))
        self.rack = subprocess.Popen([SIGNET, 'sim', 'rack', self.at('rack'), '--slots', str(slots), '--control', '-u',
                                      '--save', self.at('applied') + '/', *rack],
                                     stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        need(self.rack.stdout.readline(), 'the rack did not start')
        boards = []
        for i in range(1, slots + 1):
            boards += ['--board', f'SER{i}={self.at("rack", str(i))}.control,{self.at("rack", str(i))}']
        subprocess.run([SIGNET, 'sim', 'flasher', '--as', 'nrfjprog', '--install', folder, *boards], check=True)
        for image in ('initial.hex', 'final.hex'):
            self.write(image, IMAGE)
        self.write('template', TEMPLATE % (2 if certs else 0))
        if certs:
            self.server_certificate()
        self.certs = certs
        if server:
            server.info(folder)
            self.write('token', TOKEN)

    def close(self):
        self.rack.stdin.close()
        self.rack.wait(timeout=60)
        if self.leshan:
            self.leshan.close()

    def order(self, quota, more=''):
        """A new order; returns its file."""
        self.count += 1
        text = [f'name: order-{self.count}', f'quota: {quota}', 'template: template', 'ledger: ledger.db',
                'station: A', 'retries: 2', 'board:', '  recipe: anjay-zephyr', '  flasher: nrfjprog',
                '  flasher_tool: nrfjprog', '  initial: initial.hex', '  final: final.hex', 'slots:']
        text += [f'  - {{port: rack/{i}, serial: SER{i}}}' for i in range(1, self.slots + 1)]
        if self.pattern:
            text += ['names:', '  pattern: "urn:dev:os:named-{serial:07}"', f'  first: {self.count * 1000}']
        if self.certs:
            text += ['credentials:', '  server_cert: server/client_cert.crt']
        text += ['servers:']
        if not self.server and not self.leshan:
            self.write('keys.json', json.dumps({'kind': 'export', 'file': self.at('keys.csv')}))
            text += ['  - {name: keys, file: keys.json}']
        if self.server:
            text += [f'  - {{name: coiote, file: server.json, token_file: token, ca_file: {self.server.ca}}}']
        if self.leshan:
            text += ['  - {name: leshan, file: leshan.json}', 'prove:', f'  uri: {self.leshan.uri}', '  timeout_s: 10']
        name = f'order-{self.count}.yaml'
        self.write(name, '\n'.join(text) + '\n' + more)
        return self.at(name)

    def run(self, order, *args, failpoint=None, after=None, listing=None, timeout=300):
        """Runs the order; kills it at a failpoint, or after some seconds. Returns the exit code."""
        with open(self.at('log'), 'ab') as log:
            p = subprocess.Popen([TORTURE, 'run', order, '--sync', '1', '--wait', '2', *args], stdout=log, stderr=log,
                                 stdin=subprocess.DEVNULL, env=with_failpoint(failpoint, listing))
            ended(p, order, after, timeout)
        return p.returncode

    def tell(self, slot, request):
        """Asks a board; None while it is being changed."""
        with socket.socket(socket.AF_UNIX) as s:
            s.settimeout(60)
            s.connect(self.at('rack', f'{slot}.control'))
            s.sendall(request.encode() + b'\n')
            answer = s.makefile().readline().strip()
        return answer if answer.startswith('ok') else None

    def board(self, slot):
        """Name of the board in the slot, once it is there."""
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            answer = self.tell(slot, 'state')
            if answer and os.path.lexists(self.at('rack', str(slot))):
                return re.search(r'endpoint=(\S+)', answer)[1]
            time.sleep(0.02)
        raise Broken('a board does not come back')

    def change(self, slot):
        before = self.board(slot)
        self.tell(slot, 'next')
        need(self.board(slot) != before, 'the board did not change')

    def devices(self):
        with sqlite3.connect(f'file:{self.at("ledger.db")}?mode=ro', uri=True, timeout=60) as db:
            db.row_factory = sqlite3.Row
            return db.execute('SELECT d.*, o.name AS order_name FROM devices d JOIN orders o'
                              ' ON o.id = order_id').fetchall()

    def operator(self):
        """Whoever stands at the line: what is made goes into the box, another board comes."""
        made = {d['hw_id'] for d in self.devices() if VERIFIED <= d['state'] <= DONE}
        for slot in range(1, self.slots + 1):
            if self.board(slot).rsplit('-', 1)[1] in made:
                self.change(slot)

    def applied(self):
        """hw_id -> what that board took last"""
        out = {}
        for name in os.listdir(self.at('applied')):
            if '.' in name:  # a temporary file
                continue
            with open(self.at('applied', name), 'rb') as f:
                out[name.rsplit('-', 1)[1]] = f.read()
        return out

    def check(self):
        """What holds at any moment, also right after a kill."""
        devices, applied = self.devices(), self.applied()
        on = {}
        for hw, packet in applied.items():
            for name in set(re.findall(rb'urn:dev:os:(?:signet-rack-\d{8}|named-\d{7})', packet)):
                on.setdefault(name, set()).add(hw)
        for name, boards in on.items():
            need(len(boards) == 1, f'I1: {name} is on the boards {boards}')
        live = [d['hw_id'] for d in devices if d['hw_id'] and d['state'] != VOID]
        need(len(live) == len(set(live)), 'I2: a board has two live identities')
        known = {d['endpoint'].encode(): d for d in devices}
        for name, boards in on.items():
            need(name in known, f'{name} is on a board, and not in the ledger')
            need(known[name]['state'] >= WRITING or known[name]['attempt'] > 1,
                 f'{name} is on a board, and the ledger says {STATES[known[name]["state"]]}')
        for d in devices:
            if d['exposed']:
                first = self.bound.setdefault(d['endpoint'], d['hw_id'])
                need(first == d['hw_id'], f'I4: {d["endpoint"]} went from {first} to {d["hw_id"]}')
            if VERIFIED <= d['state'] <= DONE:
                packet = applied.get(d['hw_id'])
                need(packet is not None, f'I3: {d["endpoint"]} is {STATES[d["state"]]}, its board is blank')
                need(hashlib.sha256(packet).hexdigest() == d['packet_sha256'],
                     f'I3: {d["endpoint"]}: the board has another packet')
        if self.server:
            self.check_server(devices)
        if self.leshan:
            self.check_leshan(devices)
        self.check_notes()
        p = subprocess.run([SIGNET, 'ledger', 'verify', self.at('ledger.db')], capture_output=True, text=True)
        need(p.returncode == 0, f'I5: {p.stderr}')
        with sqlite3.connect(self.at('ledger.db'), timeout=60) as db:
            need(db.execute('PRAGMA integrity_check').fetchone()[0] == 'ok', 'I5: integrity')

    def check_server(self, devices):
        there = {}
        for d in list(self.server.devices.values()):
            name = d['properties']['endpointName']
            need(name not in there, f'I3: {name} is at the server twice')
            there[name] = d
        for d in devices:
            if d['state'] in (REGISTERED, DONE):
                need(d['endpoint'] in there, f'I3: {d["endpoint"]} is done, and the server does not know it')
        for name, d in there.items():
            psk = (d.get('dtlsPsk') or {}).get('HexadecimalPsk')
            row = next((x for x in devices if x['endpoint'] == name), None)
            need(row is not None and row['state'] >= VERIFIED, f'{name} is at the server too early')
            if psk:
                need(hashlib.sha256(bytes.fromhex(psk)).hexdigest() == row['psk_sha256'],
                     f'I3: {name}: the server has another key')

    def check_notes(self):
        """What a board that passed took, stage by stage: only of stages that it went through."""
        with sqlite3.connect(f'file:{self.at("ledger.db")}?mode=ro', uri=True, timeout=60) as db:
            notes = [x[0] for x in db.execute("SELECT detail FROM events WHERE kind = 'verified'")]
        for note in notes:
            need(re.fullmatch(r'[a-z]+ \d+\.\d\d s(, [a-z]+ \d+\.\d\d s)*', note), f'a note of a board: {note!r}')

    def check_leshan(self, devices):
        there, row = self.leshan.devices(), {d['endpoint']: d for d in devices}
        with sqlite3.connect(f'file:{self.at("ledger.db")}?mode=ro', uri=True, timeout=60) as db:
            proved = {x[0] for x in db.execute("SELECT device FROM events WHERE kind = 'proved'")}
        for d in devices:
            if d['state'] in (REGISTERED, DONE):
                need(d['endpoint'] in there, f'I3: {d["endpoint"]} is done, and Leshan does not know it')
            if d['state'] == DONE:
                need(d['id'] in proved, f'{d["endpoint"]} is done without a proof')
        for name, key in there.items():
            need(name in row and row[name]['state'] >= VERIFIED, f'{name} is at Leshan too early')
            need(row[name]['psk_sha256'] == key, f'I3: {name}: Leshan has another key')

    def finish(self, order, sync=False):
        """Starts the order again, as an operator does, until it is done. I6."""
        for _ in range(8):
            self.operator()
            code = self.run(order)
            self.check()
            if code == 0:
                break
        need(code == 0, f'I6: {order} does not come to its end: exit {code}')
        name = os.path.basename(order)[:-5]
        states = [d['state'] for d in self.devices() if d['order_name'] == name]
        need(set(states) == {DONE}, f'I6: {[STATES[s] for s in states]}')
        left = [f for f in os.listdir(self.at('work')) if f.endswith('.sealed')]
        need(not left, f'I6: sealed secrets are left over: {left}')
