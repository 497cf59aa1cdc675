# SPDX-License-Identifier: Apache-2.0
"""A station whose key a TPM opens is put back, as a whole or in pieces: its TPM has counted further, and nothing is made until a person accepts that, with a reason."""
import glob, json, os, shutil, sqlite3, subprocess, sys
import _parts, _postgres
from _day import CLOCK, HAS_CLOCK
from _mint import House
from _parts import part
from _signet import SIGNET, TORTURE, need, with_failpoint
from _tpm import Tpm

COUNT = '0x01800040'
PIECES = ('ledger.db*', 'work', 'packets.ndjson', 'station.key*')


class Station:
    """An order of ten; what lies here without the TPM is its image."""
    def __init__(self, folder, signed=False):
        self.house = House(folder)
        self.at = self.house.at
        self.tpm = Tpm(self.at('tpm'))
        try:
            self.order(5)
            self.key('--drop-old')
            if signed:
                self.call('order', 'owner', 'o.yaml', self.call('order', 'sign', '--sign', 'owner.sign', '--name', 'oem').strip())
        except BaseException:
            self.close()
            raise

    def close(self):
        self.tpm.stop()

    def call(self, *args, code=0, word='', program=SIGNET, env=None):
        p = subprocess.run([program, *args], capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL, cwd=self.at('.'), env=env)
        need(p.returncode == code and word in p.stdout + p.stderr, f'{args}: exit {p.returncode}, wanted {code} and {word!r}: {p.stdout} {p.stderr}')
        return p.stdout

    def tool(self, *args):
        return self.call(*args[1:], program=args[0], env={**os.environ, 'TPM2TOOLS_TCTI': self.tpm.tcti})

    def key(self, *more):
        self.call('station', 'key', 'rotate', 'o.yaml', '--to', f'tpm:{self.tpm.tcti}', *more)

    def order(self, quota, sign=False, name='o', **more):
        self.house.order(name, quota, **more)
        if sign:
            self.call('order', 'sign', '--sign', 'owner.sign', f'{name}.yaml')

    def run(self, *more, **want):
        return self.call('run', 'o.yaml', '--sync', '1', *more, **want)

    def killed(self, place):
        self.call('run', 'o.yaml', code=-9, program=TORTURE, env=with_failpoint(place))

    def copy(self, path, to):
        if os.path.isdir(path):
            shutil.copytree(path, to, ignore=shutil.ignore_patterns('*.sock'))
        else:
            shutil.copy2(path, to)

    def image(self, name):
        os.mkdir(self.at(name))
        for path in (p for piece in PIECES for p in glob.glob(self.at(piece))):
            self.copy(path, os.path.join(self.at(name), os.path.basename(path)))

    def put_back(self, name, *pieces):
        for piece in pieces or PIECES:
            for path in glob.glob(self.at(piece)):
                shutil.rmtree(path) if os.path.isdir(path) else os.unlink(path)
            for path in glob.glob(self.at(name, piece)):
                self.copy(path, self.at(os.path.basename(path)))

    def line(self, new=None):
        """The number that the station has; or it gets another one ('': no line)."""
        lines = open(self.at('station.key.orders')).read().splitlines()
        if new is not None:
            self.house.write('station.key.orders', ''.join(f'{l}\n' for l in lines if not l.startswith('count')) + (f'count {COUNT} {new}\n' if new else ''))
        return next((int(l.split()[2]) for l in lines if l.startswith('count')), 0)

    def counted(self):
        return int.from_bytes(subprocess.run(['tpm2_nvread', '-C', 'o', COUNT], check=True, capture_output=True,
                                             env={**os.environ, 'TPM2TOOLS_TCTI': self.tpm.tcti}).stdout, 'big')

    def refused(self, *words, recovers=True):
        before = self.house.packets('packets.ndjson')
        for args in ('run', 'o.yaml'), ('run', '--dry-run', 'o.yaml'), ('ledger', 'sync', 'o.yaml'), *([('ledger', 'recover', 'o.yaml', '--yes')] if recovers else []):
            said = subprocess.run([SIGNET, *args], capture_output=True, text=True, timeout=60, cwd=self.at('.'))
            need(said.returncode == 1 and all(w in said.stderr for w in (*words, 'signet ledger recover ORDER.yaml --yes --reason TEXT')), f'{args}: {said}')
        need(self.house.packets('packets.ndjson') == before, 'something was made')

    def accept(self, reason='the disk failed'):
        shown = self.call('ledger', 'recover', 'o.yaml', '--reason', reason, word='not accepted yet')
        need(json.loads(self.call('ledger', 'recover', 'o.yaml', '--json', '--yes', '--reason', reason))['accepted'], shown)
        events = self.events()
        need(any(kind == 'recovered' and detail.endswith(f': {reason}') and who for kind, detail, who in events), events)

    def events(self):
        with sqlite3.connect(f'file:{self.at("ledger.db")}?mode=ro', uri=True) as db:
            return db.execute('SELECT kind, detail, operator FROM events').fetchall()


@part
def whole(s):
    """The image of a disk: nothing on it says that it is old."""
    s.run()
    s.order(10)
    s.image('old')
    s.run()
    need(s.line() == s.counted(), 'the numbers')
    s.put_back('old')
    s.refused('the station was put back: ', "station.key.orders' is of count ", ', and the TPM has counted ')
    s.accept()
    s.run()
    s.house.check('o', ['packets.ndjson'], 10)


@part
def pieces(s):
    """What of it is not put back knows the rest."""
    s.run()
    s.order(10)
    s.image('old')
    s.run()
    for old, word in (('ledger.db*',), 'an old copy of the ledger was put back'), (('ledger.db*', 'work', 'packets.ndjson'), 'this is an older copy of a ledger in which devices of order o were made'):
        s.image(f'new{len(old)}')
        s.put_back('old', *old)
        s.run(code=1, word=word)
        s.put_back(f'new{len(old)}', *old)
        s.run()  # it is finished
    s.put_back('old', 'ledger.db*', 'work', 'packets.ndjson')
    s.refused('this is an older copy of a ledger')
    s.accept()
    s.run()
    s.house.check('o', ['packets.ndjson'], 10)


@part
def memory(s):
    """What the station remembers is removed, or has another number."""
    s.run()
    for far in -1, 2, -s.line() + 1, 2 ** 64 - 100, None:
        now = s.counted()
        s.line(new='' if far is None else str(now + far))
        s.refused('the station was put back: ')
        s.line(new=str(now))
        s.run()
    os.unlink(s.at('station.key.orders'))
    s.refused('the station was put back: ')
    s.accept()
    s.run()


@part
def index(s):
    """The TPM's count goes, comes again, or another index stands there."""
    s.run()
    old = s.line()
    s.tool('tpm2_nvundefine', '-C', 'o', COUNT)
    s.run(code=1, word='it is not in this TPM')
    s.tool('tpm2_nvdefine', COUNT, '-C', 'o', '-s', '8', '-a', 'ownerwrite|ownerread|no_da')
    with open(s.at('number'), 'wb') as f:
        f.write(old.to_bytes(8, 'big'))
    s.tool('tpm2_nvwrite', '-C', 'o', COUNT, '-i', s.at('number'))
    s.run(code=1, word='is not the count that was made there')
    s.tool('tpm2_nvundefine', '-C', 'o', COUNT)
    s.tool('tpm2_nvdefine', COUNT, '-C', 'o', '-s', '8', '-a', 'nt=counter|ownerwrite|ownerread|no_da')
    s.run(code=1, word='is not the count that was made there')  # it was never written
    s.tool('tpm2_nvincrement', '-C', 'o', COUNT)
    need(s.counted() > old, 'a TPM begins above all that was')
    s.refused('the station was put back: ')
    s.tool('tpm2_nvundefine', '-C', 'o', COUNT)
    s.key()  # a person makes a new count
    s.refused('does not count with the key')
    s.accept()
    s.run()


@part
def another_key(s):
    """All that counts is taken away, and the ledger knows it."""
    s.run()
    s.order(10)
    s.image('old')
    s.run()
    s.put_back('old', 'ledger.db*')
    shutil.rmtree(s.at('work'))
    for name in 'station.key', 'station.key.orders', 'packets.ndjson':
        os.unlink(s.at(name))
    s.refused('a TPM counted the runs of station A in order o (index 0x01800040), and does not count with the key', recovers=False)
    s.accept('a new computer')
    s.run()
    need('count' not in [detail for kind, detail, _ in s.events() if kind == 'begin'][-1], s.events())


@part
def killed(s):
    """At any moment: the station is one ahead at the most, and goes on. Who copied it then has an old one, too."""
    s.run()
    s.order(10)
    for i, place in enumerate(['before-count:1', 'after-count:1', 'before-count:2', 'after-count:2']):
        s.killed(place)
        s.image(f'then{i}')
        need(s.line() - s.counted() == place.startswith('before'), f'{place}: {s.line()}, {s.counted()}')
        s.call('ledger', 'sync', 'o.yaml')
        s.order(11 + i)
        s.run()
    for i in range(4):
        s.put_back(f'then{i}')
        s.refused('the station was put back: ')


@part
def long_run(s):
    """An image of a run that goes on: the TPM counts in it, too."""
    env = {**os.environ, 'LD_PRELOAD': CLOCK, 'SIGNET_BOOT_STEP': '700'}
    s.run()
    s.order(1500)
    before = s.counted()
    if HAS_CLOCK:
        s.run(env=env)
        need(s.counted() > before + 6, f'{before}, {s.counted()}')
    s.order(1501)
    before = s.counted()
    s.run()
    need(s.counted() == before + 2 == s.line(), 'once at the begin, once at the end')


@part(signed=True)
def of_an_owner(s):
    """Accepted or not, no unit of the owner's quota is made twice: the owner signs for more."""
    s.order(5, sign=True)
    s.run()
    s.order(10, sign=True)
    s.image('old')
    s.run()
    s.put_back('old')
    s.refused('the station was put back: ')
    s.accept()
    s.run(code=1, word='the units of the signed order o are used up: 5 of 10 in other ledgers')
    s.order(12, sign=True)
    s.run(code=3, word='7 of 12')
    need(len(s.house.devices('o')) == 7, 'devices')


@part
def other_orders(s):
    """Each order of the station is accepted by itself."""
    s.order(4, name='p', packets='p.ndjson', work='work2')
    s.run()
    s.call('run', 'p.yaml')
    s.order(10)
    s.image('old')
    shutil.copytree(s.at('work2'), s.at('old2'))
    s.run()
    s.put_back('old')
    s.accept()
    s.run()
    s.call('run', 'p.yaml', code=1, word='this is an older copy of a ledger in which devices of order p were made')
    s.call('ledger', 'recover', 'p.yaml', '--yes', '--reason', 'looked at it')
    s.call('run', 'p.yaml')


@part
def stations(s):
    """Two stations with a TPM each share a ledger: each is told of its own state alone."""
    other = Tpm(s.at('tpm2'))
    try:
        s.order(20)
        s.order(20, name='o', file='b.yaml', station='B', work='workb', packets='b.ndjson', more='station_key: b.key\n')
        s.call('station', 'key', 'rotate', 'b.yaml', '--to', f'tpm:{other.tcti}', '--drop-old')
        s.run()
        s.call('run', 'b.yaml')
        s.order(30)
        s.order(30, name='o', file='b.yaml', station='B', work='workb', packets='b.ndjson', more='station_key: b.key\n')
        shutil.copytree(s.at('workb'), s.at('oldb'))
        shutil.copy(s.at('b.key.orders'), s.at('old.orders'))
        s.call('run', 'b.yaml')
        shutil.copy(s.at('old.orders'), s.at('b.key.orders'))
        s.call('run', 'b.yaml', code=1, word='the station was put back')
        s.run()
        s.call('ledger', 'recover', 'b.yaml', '--yes', '--reason', 'looked at it')
        s.call('run', 'b.yaml')
        s.house.verify()
    finally:
        other.stop()


@part
def stations_on_postgres(s):
    """The same where the ledger is a server's, which is not of their images."""
    binaries = _postgres.binaries()
    if binaries:
        with _postgres.Server(binaries, fsync='off') as server:
            s.house.database = server, 'line', server.create('line')
            stations(s)


if not shutil.which('swtpm') or not shutil.which('tpm2_nvdefine'):
    print('no swtpm or tpm2-tools: scripts/setup test installs them')
    sys.exit(1 if os.environ.get('CI') == 'true' else 77)
_parts.main(Station)
