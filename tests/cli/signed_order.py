# SPDX-License-Identifier: Apache-2.0
"""Orders that their owner signs: a station that knows the owner makes what was signed, and no unit twice with another ledger."""
import base64, os, shutil, subprocess, time
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
import _parts
from _day import CLOCK, HAS_CLOCK
from _mint import House
from _parts import part
from _signet import SIGNET, TORTURE, need


class Place:
    def __init__(self, folder):
        self.house = House(folder)
        self.at = self.house.at
        self.order = self.house.order('o', 10)
        self.key = self.call('order', 'sign', '--sign', 'owner.sign', '--name', 'oem').strip()
        self.call('order', 'owner', 'o.yaml', self.key)

    def close(self):
        pass

    def call(self, *args, code=0, **env):
        p = subprocess.run([SIGNET, *args], capture_output=True, text=True, cwd=self.at('.'), env={**os.environ, **env})
        need(p.returncode == code, f'{args}: exit {p.returncode}: {p.stdout}{p.stderr}')
        return p.stdout + p.stderr

    def sign(self, *more):
        self.call('order', 'sign', '--sign', 'owner.sign', 'o.yaml', *more)

    def note(self, text):
        """Signed with the owner's key (C2SP signed-note)."""
        name, number, key = open(self.at('owner.sign')).read().strip().removeprefix('PRIVATE+KEY+').split('+', 2)
        signs = Ed25519PrivateKey.from_private_bytes(base64.b64decode(key)[1:])
        return f'{text}\n\u2014 {name} {base64.b64encode(bytes.fromhex(number) + signs.sign(text.encode())).decode()}\n'

    def make(self, says=None, order='o', **more):
        code, out = self.house.run(self.at(f'{order}.yaml'), **more)
        need((code != 0) == bool(says) and (says or '') in out, f'{order}: exit {code}: {out}')
        return out

    def edit(self, file, old, new):
        with open(self.at(file)) as f:
            text = f.read()
        need(old in text, text)
        self.house.write(file, text.replace(old, new))


@part
def signed(p):
    need(p.call('order', 'owner', 'o.yaml').strip() == p.key, 'its owner')
    p.make('is not signed by its owner')
    need('is not signed' in p.call('run', '--dry-run', 'o.yaml', code=1), 'a dry run')
    p.sign()
    need('10 devices' in p.call('order', 'verify', 'o.yaml', '--vkey', p.key), 'verify')
    os.mkdir(p.at('station.key.orders.lock'))
    p.make("station.key.orders.lock'")
    os.rmdir(p.at('station.key.orders.lock'))
    p.make()
    need(len(p.house.devices('o')) == 10, 'devices')


@part
def edited(p):
    """The order, its template, its signature: each is looked at."""
    p.sign()
    for file, old, new, says in (('o.yaml', 'quota: 10', 'quota: 11', "'quota' is not what was signed"),
                                 ('o.yaml', 'urn:dev:os', 'urn:dev:ox', "o.yaml' is not what was signed"),
                                 ('o.yaml', 'work: work', 'work: work2', "o.yaml' is not what was signed"),
                                 ('template', '60', '61', "'template' is not what was signed"),
                                 ('o.yaml.sig', 'quota 10', 'quota 11', 'signature of oem is wrong'),
                                 ('o.yaml.sig', 'oem', 'eve', 'signed by nobody who is known')):
        with open(p.at(file)) as f:
            before = f.read()
        if old not in before:
            need(file == 'template', before)
            old, new = ' ', '  '
        p.edit(file, old, new)
        p.make(says)
        p.house.write(file, before)
    p.house.write('o.yaml.sig', 'x')
    p.make('o.yaml.sig: this is no signature of an owner')
    for text in 'order o\nfrom 0\n', 'order o\nuntil 0\n', 'hello\n':  # by the owner, but of no order
        p.house.write('o.yaml.sig', p.note(text))
        p.make('what the owner signed is no order')
    need(not os.path.exists(p.at('ledger.db')), 'a ledger was begun')
    other = p.call('order', 'sign', '--sign', 'other.sign').strip()
    p.call('order', 'sign', '--sign', 'other.sign', 'o.yaml')
    need('signed by nobody who is known' in p.call('order', 'verify', 'o.yaml', '--vkey', p.key, code=1), 'another owner')
    p.call('order', 'owner', 'o.yaml', other)
    p.make()


@part
def period(p):
    over = ('order', 'sign', '--sign', 'owner.sign', 'o.yaml', '--until', '2026-01-01')
    need('is over: no station would make it' in p.call(*over, code=2), 'a period that is over')
    if HAS_CLOCK:
        p.call(*over, LD_PRELOAD=CLOCK, SIGNET_CLOCK_AHEAD=str(int(1.7e9 - time.time())))  # in 2023
        p.make('order o might be worked on until 2026-01-0')
    p.sign('--from', '2099-01-01')
    p.make('order o may not be worked on before ')
    need('ends after it begins' in p.call('order', 'sign', '--sign', 'owner.sign', 'o.yaml', '--from', '2027-01-01', '--until', '2026-01-01', code=2), 'no period')
    p.sign('--from', '2020-01-01', '--until', '2099-01-01')
    p.make()


@part
def other_ledgers(p):
    """Units that were made with one ledger are not there for another, nor for a copy of it."""
    p.house.order('o', 10, packets='a.ndjson', pattern='urn:dev:os:a-{serial}', file='o.yaml')
    p.sign()
    p.make()
    text = open(p.at('o.yaml')).read()
    p.house.write('o.yaml', text.replace('ledger.db', 'second.db').replace('work: work', 'work: work2').replace('a.ndjson', 'b.ndjson'))
    p.sign()
    p.make('the units of the signed order o are used up: 10 of 10 in other ledgers')
    p.edit('o.yaml', 'quota: 10', 'quota: 14')
    p.sign()
    p.make('10 of 14 devices are still to be made')
    need(len(p.house.devices('o', 'second.db')) == 4, 'devices of the second ledger')
    p.house.write('o.yaml', text)
    p.sign()
    p.make()  # it is finished there
    p.edit('o.yaml', 'quota: 10', 'quota: 14')
    p.sign()
    p.make('the units of the signed order o are used up: 4 of 14 in other ledgers')
    need(len(p.house.devices('o')) == 10, 'devices of the first ledger')


@part
def killed_as_a_guest(p):
    """A station that recorded nothing yet in another's ledger, and is killed, keeps what it was given there."""
    text = open(p.at('o.yaml')).read()
    p.house.write('o.yaml', text.replace('station: A', 'station: B\nstation_key: b.key'))
    p.make()
    p.house.write('o.yaml', text.replace('work: work', 'work: work2').replace('packets.ndjson', 'p2.ndjson'))
    p.sign()
    need(p.house.run(p.at('o.yaml'), program=TORTURE, failpoint='after-memory:1')[0] == -9, 'not killed')
    p.house.write('o.yaml', text.replace('ledger.db', 'second.db').replace('work: work', 'work: work3').replace('packets.ndjson', 'p3.ndjson'))
    p.sign()
    p.make('the units of the signed order o are used up: 10 of 10 in other ledgers')


@part
def files_of_devices(p):
    """What a device's values are, what its label has, and what is flashed."""
    p.house.write('d.xml', '<LWM2M>\n<Object ObjectType="MODefinition"><Name>Pump</Name><ObjectID>33700</ObjectID><MultipleInstances>Single</MultipleInstances>'
                  '<Mandatory>Optional</Mandatory><Resources><Item ID="0"><Name>Speed</Name><Operations>RW</Operations><MultipleInstances>Single</MultipleInstances>'
                  '<Mandatory>Optional</Mandatory><Type>Integer</Type></Item></Resources></Object></LWM2M>\n')
    for name, text in (('label.zpl', '^XA^FD{endpoint}^FS^XZ\n'), ('own.yaml', 'name: own-1\n'), ('m.csv', 'endpoint\nurn:a\n'), ('info.json', '{\n}\n'),
                       ('server.pem', '\n'), ('s.json', '{\n"kind": "export", "file": "x.csv"}\n'), ('ca.pem', '\n')):
        p.house.write(name, text)
    servers = 'servers: [{file: s.json, ca_file: ca.pem}]\n'
    for word, more, file in (('objects', 'objects: d.xml\n', 'd.xml'), ('label', 'label: {template: label.zpl, printer: labels/}\n', 'label.zpl'),
                             ('device', 'device: own.yaml\n', 'own.yaml'), ('manifest', '', 'm.csv'),
                             ('cert_info', 'credentials: {cert_info: info.json}\n', 'info.json'),
                             ('server_cert', 'credentials: {server_cert: server.pem}\n', 'server.pem'),
                             ('server', servers, 's.json'), ('server', servers, 'ca.pem')):
        p.house.order('o', 10, file='o.yaml', more=more, names=['  manifest: m.csv'] if word == 'manifest' else None)
        p.sign()
        p.call('order', 'verify', 'o.yaml', '--vkey', p.key)
        with open(p.at(file)) as f:
            before = f.read()
        p.house.write(file, before.replace('\n', '\n\n', 1))
        p.make(f"'{word}' is not what was signed")
        p.house.write(file, before)
    with open(p.at('o.yaml')) as f:
        text = f.read()
    p.house.write('o.yaml', text.split('output:')[0] + 'board: {recipe: anjay-zephyr, initial: a.hex}\nslots: [{name: a, port: /dev/null}]\n')
    need("'board' has no 'initial_sha256'" in p.call('order', 'sign', '--sign', 'owner.sign', 'o.yaml', code=1), 'an image that anybody may change')


@part
def files_of_receivers(p):
    """Who reads the output, and who signs for the devices, are the owner's choice, too."""
    for name in 'programmer', 'other':
        subprocess.run(['openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '9', '-subj', f'/CN={name}',
                        '-addext', 'keyUsage=critical,keyCertSign,cRLSign,keyAgreement', '-keyout', p.at(f'{name}.key'), '-out', p.at(f'{name}.pem')],
                       check=True, capture_output=True)
        os.chmod(p.at(f'{name}.key'), 0o600)
    for more, file, word in (('seal_to: [mine.pem]\n', 'mine.pem', 'seal_to'),
                             ('authority: {chain: mine.pem, key: programmer.key}\n', 'mine.pem', 'authority'),
                             ('authority: mine.yaml\n', 'mine.yaml', 'authority')):
        shutil.copy(p.at('programmer.pem'), p.at('mine.pem'))
        p.house.write('mine.yaml', 'chain: programmer.pem\nkey: programmer.key\n')
        p.house.order('o', 10, more=more)
        p.sign()
        p.call('order', 'verify', 'o.yaml', '--vkey', p.key)
        if file == 'mine.yaml':
            p.house.write('mine.yaml', 'chain: other.pem\nkey: other.key\n')
        else:
            shutil.copy(p.at('other.pem'), p.at('mine.pem'))
        p.make(f"'{word}' is not what was signed")


@part
def older_copy(p):
    """A ledger as it was before, with a work folder that knows nothing of it."""
    p.sign()
    p.make()
    shutil.copy(p.at('ledger.db'), p.at('old.db'))
    p.edit('o.yaml', 'quota: 10', 'quota: 12')
    p.sign()
    p.make()
    p.edit('o.yaml', 'quota: 12', 'quota: 14')
    p.edit('o.yaml', 'ledger.db', 'old.db')
    p.edit('o.yaml', 'work: work', 'work: work2')
    p.edit('o.yaml', 'packets.ndjson', 'p2.ndjson')
    p.sign()
    p.make('this is an older copy of a ledger')


@part
def owners_of_others(p):
    """Who may write the list could be anybody's owner."""
    p.sign()
    os.chmod(p.at('station.key.owners'), 0o666)
    p.make('may be changed by others')
    os.chmod(p.at('station.key.owners'), 0o600)
    for text, says in (bytes(9) + p.key.encode(), 'has a zero byte'), (65 * f'{p.key}\n'.encode(), 'more than 64 owners'):
        with open(p.at('station.key.owners'), 'wb') as f:
            f.write(text)
        p.make(says)
    p.house.write('station.key.owners', f'# of ours\n{p.key}\n')
    p.make()
    p.house.write('station.key.owners', '')
    p.make()
    need('no Ed25519 key' in p.call('order', 'owner', 'o.yaml', 'x', code=1), 'no key')
    other = p.call('order', 'sign', '--sign', 'other.sign', '--name', 'another').strip()
    p.house.write('station.key.owners', p.key)  # without a line's end: the next owner has a line of its own
    p.call('order', 'owner', 'o.yaml', other)
    with open(p.at('station.key.owners')) as f:
        need(f.read() == f'{p.key}\n{other}\n', 'two owners')


_parts.main(Place)
