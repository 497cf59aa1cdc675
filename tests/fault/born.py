#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Keys that are born on boards, and kill -9 at every place and at random moments: each board has one key and one
certificate in the end, the ledger has that key's fingerprint, an identity is on one board, and no private key of a
board was ever in a file of the station, in its output or in its memory. The authority's key is in SoftHSM where that
is installed. SIGNET_TORTURE=N: 32 boards and N kills; else a short form."""
import base64, hashlib, json, os, random, re, shutil, sqlite3, subprocess, sys, tempfile, time
import _softhsm
from _signet import DONE, SIGNET, STATES, TORTURE, Broken, Folder, ended, need, with_failpoint

LONG = int(os.environ.get('SIGNET_TORTURE') or 0)
SLOTS = 32 if LONG else 4
SECONDS = 300
P256 = bytes.fromhex('3059301306072a8648ce3d020106082a8648ce3d030107034200')  # of a SubjectPublicKeyInfo, before its point
TEMPLATE = """{OID.Security: {1: {RID.Security.ServerURI: 'coaps://127.0.0.1:5684', RID.Security.Bootstrap: False,
 RID.Security.Mode: 2, RID.Security.ShortServerID: 1}}, OID.Server: {1: {RID.Server.ShortServerID: 1,
 RID.Server.Lifetime: 60, RID.Server.NotificationStoring: False, RID.Server.Binding: 'U'}}}"""


class Board:
    """What a simulated board keeps in its flash."""
    def __init__(self, path):
        with open(path) as f:
            kept = json.load(f)
        self.hw_id = kept['serial'].zfill(15 if kept['firmware'] == 'nrf91' else 16)
        self.slot = kept['slot']
        self.store = {k.split(' ')[1]: bytes.fromhex(v) for k, v in kept['store'].items()}
        self.keys = [bytes.fromhex(v) for k, v in kept['store'].items() if k.endswith(' key') or k.endswith(' PK')]

    def public(self):
        return P256 + self.keys[0][-65:]

    def secret(self):
        """the number that is the private key"""
        key = self.keys[0]
        return key[key.index(b'\x02\x01\x01\x04\x20') + 5:][:32]

    def certified(self):
        return P256 + self.certificate().split(P256)[1][:65]

    def certificate(self):
        text = self.store['CLIENT']
        return base64.b64decode(b''.join(text.splitlines()[1:-1])) if text.startswith(b'-----') else text


def spellings(secret):
    yield secret
    yield secret[::-1]
    yield secret.hex().encode()
    yield secret.hex().upper().encode()
    yield ':'.join(f'{b:02x}' for b in secret).encode()
    for shift in range(3):
        text = base64.b64encode(b'\0' * shift + secret)
        yield text[4 if shift else 0:-4]
        yield base64.urlsafe_b64encode(b'\0' * shift + secret)[4 if shift else 0:-4]


class Hall(Folder):
    def __init__(self, folder, recipe):
        os.makedirs(folder)
        super().__init__(folder)
        self.recipe = recipe
        self.secrets, self.certified = set(), {}  # of all keys ever; of boards with a certificate, their own
        self.count, self.killed, self.memory = 0, 0, 0
        self.read = {}  # boards as they were read last, by file: thousands are in the box and do not change
        for name in ('rack', 'boards'):
            os.makedirs(self.at(name))
        self.rack = subprocess.Popen([SIGNET, 'sim', 'rack', self.at('rack'), '--slots', str(SLOTS), '--control', '-u', '--firmware', self.recipe,
                                      '--keep', self.at('boards'), '-j', self.at('journal')], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        need(self.rack.stdout.readline(), 'the rack did not start')
        self.write('template', TEMPLATE)
        self.server_certificate()
        os.unlink(self.at('server/client_key.der'))  # the server's own is not what is hunted
        self.write('keys.json', json.dumps({'kind': 'export', 'file': self.at('keys.csv'), 'columns': 'endpoint=endpoint, cert=cert_pem'}))
        self.authority()

    def authority(self):
        if _softhsm.there():
            token = _softhsm.Token(self.folder)
            token.authority('ca')
            shutil.copytree(self.at('tokens'), self.at('tokens.whole'))
            self.signer = f'{{chain: ca.pem, key: "{token.uri("ca")}"}}'
            return
        _softhsm.run('openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-subj', '/CN=ca', '-days', '4000',
                     '-keyout', self.at('ca.key'), '-out', self.at('ca.pem'), '-addext', 'keyUsage=critical,keyCertSign')
        os.chmod(self.at('ca.key'), 0o600)
        self.signer = '{chain: ca.pem, key: ca.key}'

    def close(self):
        self.rack.stdin.close()
        self.rack.wait(timeout=60)

    def order(self):
        self.count += 1
        text = [f'name: order-{self.count}', f'quota: {SLOTS}', 'template: template', 'ledger: ledger.db', 'station: A', 'retries: 2',
                'credentials: {server_cert: server/client_cert.crt}', f'authority: {self.signer}',
                'servers: [{name: keys, file: keys.json}]',
                f'board: {{recipe: {self.recipe}, recipe_keygen: true, ready_timeout_ms: 20000}}', 'slots:']
        text += [f'  - port: rack/{i}' for i in range(1, SLOTS + 1)]
        if self.count % 2:  # names of the order: any could go to any board
            text += ['names:', '  pattern: "urn:dev:os:named-{serial:07}"', f'  first: {self.count * 1000}']
        self.write(f'order-{self.count}.yaml', '\n'.join(text) + '\n')
        return self.at(f'order-{self.count}.yaml')

    def mend_token(self):
        """SoftHSM writes its token anew at each login: a kill in between leaves none."""
        for folder, _, names in os.walk(self.at('tokens')):
            if 'token.object' in names and os.path.getsize(os.path.join(folder, 'token.object')) == 0:
                shutil.rmtree(self.at('tokens'))
                shutil.copytree(self.at('tokens.whole'), self.at('tokens'))
                return

    def run(self, order, failpoint=None, after=None, listing=None, looks=False):
        self.mend_token()
        with open(self.at('log'), 'ab') as log:
            p = subprocess.Popen([TORTURE, 'run', order, '--sync', '1', '--wait', '2'], stdout=log, stderr=log, stdin=subprocess.DEVNULL,
                                 env=with_failpoint(failpoint, listing))
            if looks:
                self.look_into(p)
            ended(p, order, after, SECONDS)
        return p.returncode

    def look_into(self, process):
        """The memory of the run, while boards are made."""
        seen = b''
        while process.poll() is None:
            try:
                with open(f'/proc/{process.pid}/maps') as maps, open(f'/proc/{process.pid}/mem', 'rb', 0) as mem:
                    for line in maps:
                        start, end, mode = re.match(r'(\w+)-(\w+) (\S+)', line).groups()
                        if mode.startswith('rw') and int(end, 16) - int(start, 16) < 1 << 26 and '[v' not in line:
                            mem.seek(int(start, 16))
                            seen = mem.read(int(end, 16) - int(start, 16))
                            for board in self.boards():
                                if board.keys:
                                    need(not any(form in seen for form in spellings(board.secret())), 'the key of a board is in memory')
                                    self.memory += 1
            except (OSError, ValueError):
                pass
            time.sleep(0.05)

    def boards(self):
        with os.scandir(self.at('boards')) as found:
            for entry in found:
                if entry.name.endswith('.board'):
                    now = entry.stat()
                    mark = now.st_ino, now.st_mtime_ns, now.st_size
                    if self.read.get(entry.name, (None,))[0] != mark:
                        self.read[entry.name] = mark, Board(entry.path)
        return [board for _, board in self.read.values()]

    def rows(self, query):
        with sqlite3.connect(f'file:{self.at("ledger.db")}?mode=ro', uri=True, timeout=60) as db:
            db.row_factory = sqlite3.Row
            return db.execute(query).fetchall()

    def devices(self):
        if not os.path.exists(self.at('ledger.db')):
            return []
        return self.rows('SELECT * FROM devices')

    def change(self):
        """What is made goes into the box."""
        made = {d['hw_id'] for d in self.devices() if d['state'] == DONE}
        for board in self.boards():
            if board.slot and board.hw_id in made:
                subprocess.run([SIGNET, 'sim', 'tell', self.at('rack', f'{board.slot}.control'), 'next'], check=True, capture_output=True)
        end = time.monotonic() + 60
        while sum(os.path.lexists(self.at('rack', str(i))) for i in range(1, SLOTS + 1)) < SLOTS:
            need(time.monotonic() < end, 'a board does not come back')
            time.sleep(0.02)

    def check(self):
        devices, names, keys = {d['hw_id']: d for d in self.devices() if d['hw_id']}, {}, {}
        for board in self.boards():
            need(len(board.keys) <= 1, f'{board.hw_id} has {len(board.keys)} keys')
            if not board.keys:
                continue
            self.secrets.add(board.secret())
            fingerprint = hashlib.sha256(board.public()).hexdigest()
            need(keys.setdefault(fingerprint, board.hw_id) == board.hw_id, 'a key is on two boards')
            if 'CLIENT' not in board.store:
                continue
            need(self.certified.setdefault(board.hw_id, fingerprint) == fingerprint, f'{board.hw_id} has another key than it had')
            need(board.certified() == board.public(), f'{board.hw_id}: the certificate is for another key')
            d = devices.get(board.hw_id)
            need(d is not None and d['spki_sha256'] == fingerprint, f'{board.hw_id}: the ledger has another fingerprint')
            need(d['endpoint'].encode() in board.certificate(), f'{board.hw_id}: the certificate has another name')
            need(names.setdefault(d['endpoint'], board.hw_id) == board.hw_id, f'{d["endpoint"]} is on two boards')
        for d in self.devices():
            if d['state'] >= 4 and d['state'] <= DONE:
                need(names.get(d['endpoint']) == d['hw_id'], f'{d["endpoint"]} is {STATES[d["state"]]}, and on no board')
        if not LONG or self.count % 10 == 0:  # it reads all events of the ledger each time
            self.verify()

    def verify(self):
        p = subprocess.run([SIGNET, 'ledger', 'verify', self.at('ledger.db')], capture_output=True, text=True)
        need(p.returncode == 0, f'the ledger: {p.stderr}')

    def finish(self, order):
        for _ in range(8):
            self.change()
            code = self.run(order)
            self.check()
            if code == 0:
                return
        raise Broken(f'{order} does not come to its end: exit {code}')

    def once(self, failpoint=None, after=None, again=None):
        self.change()
        order = self.order()
        for a in [after, again] if again else [after]:
            self.killed += self.run(order, failpoint=failpoint, after=a) == -9
            if os.path.exists(self.at('ledger.db')):
                self.check()
            failpoint = None
        self.finish(order)

    def hunt(self):
        """Files of the station: all but the boards' own flash."""
        forms = [form for secret in random.sample(sorted(self.secrets), min(200, len(self.secrets))) for form in spellings(secret)]
        flash = b''.join(open(self.at('boards', name), 'rb').read() for name in os.listdir(self.at('boards')))
        need(any(form in flash for form in forms), 'the hunt would find none')
        files = 0
        for folder, folders, names in os.walk(self.folder):
            folders[:] = [f for f in folders if f not in ('boards', 'tokens', 'tokens.whole')]
            for name in names:
                if name.endswith(('.control', '.sock')) or not os.path.isfile(os.path.join(folder, name)):
                    continue
                with open(os.path.join(folder, name), 'rb') as f:
                    data = f.read()
                need(not any(form in data for form in forms), f'{name} has the private key of a board')
                files += 1
        sealed = [n for n in os.listdir(self.at('work')) if n.endswith('.sealed')]
        need(not sealed and files > 5, f'{sealed} are left, {files} files')

    def one_key_each(self):
        """A modem makes its key again while nobody has certified it."""
        made = {}
        with open(self.at('journal')) as f:
            for line in f:
                event = json.loads(line)
                if event['event'] == 'key':
                    made[event['board']] = made.get(event['board'], 0) + 1
        need(made and (set(made.values()) == {1} or self.recipe == 'nrf91'), f'keys that boards made: {made}')
        return len(made)


def refusals(hall):
    """Orders that cannot be, before a board makes a key."""
    if hall.recipe == 'nrf91':
        return
    with open(hall.order()) as f:
        good = f.read()
    signer = f'authority: {hall.signer}\n'
    for change, words in (((signer, ''), 'the board makes its key, but the order has no authority'),
                          ((signer, signer + 'prove: true\n'), 'nobody else can be proved with it'),
                          (('recipe_keygen: true', 'recipe_keygen: maybe'), "'keygen' is true or false"),
                          (('recipe_keygen: true', 'recipe_keygens: true'), "unknown option 'keygens'"),
                          (('recipe: zephyr-credentials', 'recipe: anjay-zephyr, flasher: none'), "anjay-zephyr: unknown option 'keygen'")):
        need(change[0] in good, change)
        hall.write('bad.yaml', good.replace(*change))
        p = subprocess.run([SIGNET, 'run', hall.at('bad.yaml')], capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL)
        need(p.returncode != 0 and words in p.stderr, f'{words}: exit {p.returncode} {p.stderr}')
    hall.write('psk', TEMPLATE.replace('Mode: 2', 'Mode: 0'))
    hall.write('bad.yaml', good.replace('template: template', 'template: psk').replace('file: keys.json', 'file: psks.json'))
    hall.write('psks.json', json.dumps({'kind': 'export', 'file': hall.at('psks.csv')}))
    p = subprocess.run([SIGNET, 'run', hall.at('bad.yaml'), '--wait', '1'], capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL)
    need(p.returncode != 0 and 'no account in mode cert' in p.stdout + p.stderr, p.stderr)
    need(not any(b.keys for b in hall.boards()), 'a board made a key for nothing')


def bound(hall):
    """The request binds an identity to its board, before anybody signs."""
    hall.change()
    order = hall.order()
    if hall.count % 2 == 0:
        order = hall.order()  # with names of the order
    need(hall.run(order, failpoint='before-sign:1') == -9, 'before-sign was not reached')
    hall.killed += 1
    held = [d for d in hall.devices() if d['spki_sha256'] and d['state'] < 4]
    need(held and all(d['hw_id'] for d in held), f'a key without its board: {[d["endpoint"] for d in held]}')
    hall.finish(order)


def torture(hall, seed):
    refusals(hall)
    begin = time.monotonic()
    order = hall.order()
    need(hall.run(order, listing=hall.at('places'), looks=True) == 0, 'a run without faults fails')
    hall.check()
    usual = time.monotonic() - begin
    with open(hall.at('places')) as f:
        places = list(dict.fromkeys(f.read().split()))
    need({'after-request', 'before-sign', 'after-sign'} <= set(places), places)
    bound(hall)
    about = [p for p in places if any(w in p for w in ('request', 'sign', 'seal', 'reserved', 'keyed', 'writing', 'load', 'written'))]
    for place in (places if LONG >= 2 * len(places) else random.sample(about, min(LONG // 2, len(about)) or 2)):
        hall.once(failpoint=f'{place}:{random.randint(1, SLOTS if LONG else 2)}')
    while hall.killed < (LONG or 3):
        again = random.uniform(0, usual / 2) if random.random() < 0.3 else None
        hall.once(after=random.uniform(0, usual), again=again)
        if LONG:
            print(f'born: {hall.recipe}: {hall.killed} kills after {time.monotonic() - begin:.0f} s', flush=True)
    hall.verify()
    hall.hunt()
    boards = hall.one_key_each()
    print(f'born: {hall.recipe}, seed {seed}: {hall.killed} kills, {boards} boards, {hall.memory} looks into memory, {usual:.1f} s a run of {SLOTS}, {time.monotonic() - begin:.0f} s')


def main():
    seed = int(os.environ.get('SIGNET_SEED') or random.SystemRandom().randrange(1 << 32))
    random.seed(seed)
    folder, halls = tempfile.mkdtemp(prefix='signet-born-'), []
    try:
        for recipe in sys.argv[1:] or ('zephyr-credentials', 'nrf91'):
            halls.append(Hall(os.path.join(folder, recipe), recipe))
            torture(halls[-1], seed)
    except (Broken, subprocess.SubprocessError, RuntimeError) as e:
        if halls and os.path.exists(halls[-1].at('log')):
            with open(halls[-1].at('log'), errors='replace') as f:
                print(''.join(f.readlines()[-25:]))
        kept, folder = folder, None
        sys.exit(f'born: FAILED, seed {seed}, {kept}: {e}')
    finally:
        for hall in halls:
            hall.close()
        if folder:
            shutil.rmtree(folder)


main()
