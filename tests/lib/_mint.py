# SPDX-License-Identifier: Apache-2.0
"""A house that mints packets: its orders, its output, and what must be true of both at any moment."""
import base64, csv, hashlib, json, os, re, sqlite3, subprocess
from _signet import DONE, SIGNET, STATES, TEMPLATE, VERIFIED, WRITING, Folder, ended, need, with_failpoint


class House(Folder):
    def __init__(self, folder, certs=False, server=None, token=None):
        super().__init__(folder)
        self.certs, self.server = certs, server
        self.write('template', TEMPLATE % (2 if certs else 0))
        if certs:
            self.server_certificate()
        if token:
            self.write('token', token)

    def order(self, name, quota, packets='packets.ndjson', records=None, station='A', file=None, work='work',
              ledger='ledger.db', pattern='urn:dev:os:%s-{serial:07}', names=None, more=''):
        ledger = self.database[2] if self.database else ledger
        text = [f'name: {name}', f'quota: {quota}', 'template: template', f'ledger: "{ledger}"', f'station: {station}',
                f'work: {work}', 'names:',
                *(names or [f'  pattern: "{pattern % name if "%s" in pattern else pattern}"']),
                'output:', f'  packets: {packets}']
        if records:
            text.append(f'  records: {records}')
        if self.certs:
            text += ['credentials:', '  server_cert: server/client_cert.crt']
        if self.server:
            text += ['servers:', f'  - {{name: main, file: server.json, token_file: token, ca_file: {self.server}}}']
        file = file or f'{name}.yaml'
        self.write(file, '\n'.join(text) + '\n' + more)
        return self.at(file)

    def start(self, order, *args, program=SIGNET, failpoint=None, listing=None, **more):
        return subprocess.Popen([program, 'run', order, '--sync', '1', *args], stdout=subprocess.PIPE,
                                stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
                                env=with_failpoint(failpoint, listing), text=True, **more)

    def run(self, order, *args, after=None, **more):
        """Runs the order, and kills it after some seconds. Returns exit code and what was said."""
        p = self.start(order, *args, **more)
        out = ended(p, order, after)
        return p.returncode, out

    database = None  # (server, its name, its address): the ledger is there

    def devices(self, order, ledger='ledger.db'):
        if self.database:
            server, name, _ = self.database
            rows = [json.loads(r[0]) for r in server.sql(
                "SELECT row_to_json(d) FROM devices d JOIN orders o ON o.id = order_id WHERE freed = 0"
                f" AND o.name = '{order}'", name)]
            need(len({r['endpoint'] for r in rows}) == len(rows), 'an endpoint is there twice')
            return {r['endpoint']: r for r in rows}
        if not os.path.exists(self.at(ledger)):
            return {}
        with sqlite3.connect(f'file:{self.at(ledger)}?mode=ro', uri=True, timeout=60) as db:
            db.row_factory = sqlite3.Row
            rows = db.execute('SELECT d.* FROM devices d JOIN orders o ON o.id = order_id WHERE o.name = ? AND freed = 0',
                              (order,)).fetchall()
        need(len({r['endpoint'] for r in rows}) == len(rows), 'an endpoint is there twice')
        return {r['endpoint']: r for r in rows}

    def packets(self, where, whole=True):
        """endpoint -> packet; of a file, whole lines only unless it must be whole."""
        path, out = self.at(where), {}
        if where.endswith('/'):
            for name in os.listdir(path) if os.path.isdir(path) else ():
                need(re.fullmatch(r'_?[A-Za-z0-9._:-]+\.cbor', name), f'a file of the name {name}')
                need(os.stat(os.path.join(path, name)).st_mode & 0o777 == 0o600, f'{name} is not 0600')
                with open(os.path.join(path, name), 'rb') as f:
                    out[name[:-5].removeprefix('_')] = f.read()
            return out
        if not os.path.exists(path):
            return out
        need(os.stat(path).st_mode & 0o777 == 0o600, f'{where} is not 0600')
        with open(path, 'rb') as f:
            lines = f.read().split(b'\n')
        need(not whole or lines[-1] == b'', f'{where}: the last line is torn')
        for line in lines[:-1]:
            if not whole and line.count(b'\0'):
                continue
            d = json.loads(line)
            need(d['endpoint'] not in out, f'{d["endpoint"]} is in {where} twice')
            out[d['endpoint']] = packet = base64.b64decode(d['packet'], validate=True)
            need(d['packet_sha256'] == hashlib.sha256(packet).hexdigest(), f'{d["endpoint"]}: packet_sha256')
        return out

    def records(self, where):
        with open(self.at(where), newline='') as f:
            rows = list(csv.DictReader(f)) if where.endswith('.csv') else [json.loads(line) for line in f]
        need(len({r['endpoint'] for r in rows}) == len(rows), f'a device is in {where} twice')
        return {r['endpoint']: r for r in rows}

    def verify(self, ledger='ledger.db'):
        where = self.database[2] if self.database else self.at(ledger)
        p = subprocess.run([SIGNET, 'ledger', 'verify', where], capture_output=True, text=True)
        need(p.returncode == 0, f'ledger verify: {p.stderr}')

    def check(self, order, places, quota=None, records=None, ledger='ledger.db', works=('work',)):
        """At any moment; with quota at the end. places: the outputs of all stations."""
        devices, out = self.devices(order, ledger), {}
        for place in places:
            part = self.packets(place, whole=quota is not None)
            if quota is not None:
                need(not set(part) & set(out), 'a device is in two outputs')
            out.update(part)
        for name, d in devices.items():
            if VERIFIED <= d['state'] <= DONE:
                need(name in out, f'{name} is {STATES[d["state"]]}, and not in the output')
                need(hashlib.sha256(out[name]).hexdigest() == d['packet_sha256'], f'{name}: another packet')
        for name, packet in out.items():
            need(name in devices, f'{name} is in the output, and not in the ledger')
            d = devices[name]
            need(d['state'] >= WRITING and d['exposed'], f'{name} is in the output, and {STATES[d["state"]]}')
            need(name.encode() in packet or packet == b'' or self.certs, f'{name}: the packet of another')
        self.verify(ledger)
        if quota is None:
            return
        need(len(devices) == quota, f'{len(devices)} devices of {quota}')
        need({d['state'] for d in devices.values()} == {DONE}, 'not all are done')
        need(set(out) == set(devices), 'output and ledger differ')
        for place in records or ():
            for name, row in self.records(place).items():
                d = devices.pop(name)
                if row['mode'] == 'psk':
                    psk = bytes.fromhex(row['psk'])
                    need(psk in out[name], f'{name}: the records have another key')
                    need(hashlib.sha256(psk).hexdigest() == d['psk_sha256'], f'{name}: psk_sha256')
                    need(row['identity'] == d['psk_identity'], f'{name}: identity')
                else:
                    need(base64.b64decode(row['certificate'], validate=True) in out[name], f'{name}: certificate')
        need(not records or not devices, f'{len(devices)} devices have no record')
        for work in works:
            left = [f for f in os.listdir(self.at(work)) if f not in ('lock', 'key-check') and not f.endswith(('.state', '.head', '.checkpoint'))]
            need(not left, f'left over in the work folder: {left}')
