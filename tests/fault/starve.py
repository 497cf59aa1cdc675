#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Verbs without memory: of each path of calls that allocates, the first allocation fails, in a run of its own. The verb
says that it is out of memory, or does all of it: what it writes is then the same as ever. And it gives back the memory that it took, but for
what hears of Ctrl-C, which stays to the end of a program."""
import json, os, re, shutil, subprocess, tempfile
from concurrent.futures import ThreadPoolExecutor
from _signet import SIGNET, SOURCE, TEMPLATE, TORTURE, need

ORDER = '''name: o
quota: 2
template: endpoint_cfg_batch
ledger: ledger.db
station: A
work: work
names: {manifest: devices.csv}
credentials: {psk_bytes: 16, identity: "{batch}/{endpoint}"}
output: {packets: packets/, records: records.csv}
servers: [{file: export.json}]
notify: [{name: n, file: events.ndjson}]
'''
CERTS = '''name: c
quota: 1
template: certs
ledger: ledger.db
station: A
work: work-c
names: {pattern: "urn:dev:os:c-{serial:03}"}
credentials: {server_cert: cert/client_cert.crt}
authority: ca.yaml
output: {packets: packets.ndjson, records: certs.ndjson}
'''
LABEL = 'label: {template: label.zpl, printer: "tcp://127.0.0.1:9"}\n'
NAME = 'urn:dev:os:0023C7-000101'
PSK = (TEMPLATE % 0).replace('Mode: 0,', "Mode: 0, RID.Security.PKOrIdentity: b'me', RID.Security.SecretKey: b'a key of 16 byte',")
KINDS = 'coiote', 'thingsboard', 'leshan'
VERBS = (  # on what a run left, or on a new folder; a path that one has tried is not tried again
    (False, 'packet', 'make', '-c', 'endpoint_cfg', '-o', 'packet'),
    (False, 'run', '--json', 'order.yaml'),
    (False, 'run', '--json', 'certs.yaml'),
    (False, 'run', '--dry-run', 'certs.yaml'),
    (True, 'run', 'order.yaml'),
    (True, 'station', 'check', 'order.yaml'),
    (True, 'station', 'key', 'show', 'order.yaml'),
    (True, 'station', 'key', 'rotate', 'order.yaml'),
    (True, 'order', 'sign', '--sign', 'owner.sign', 'order.yaml'),
    (True, 'order', 'verify', '--vkey', '{vkey}', 'order.yaml'),
    (True, 'evidence', 'order.yaml'),
    (True, 'ledger', 'list', '--json', 'ledger.db'),
    (True, 'ledger', 'show', 'ledger.db', NAME),
    (True, 'ledger', 'stats', 'ledger.db'),
    (True, 'ledger', 'export', '-f', 'events', 'ledger.db'),
    (True, 'ledger', 'export', 'ledger.db'),
    (True, 'ledger', 'verify', 'ledger.db'),
    (True, 'ledger', 'checkpoint', 'ledger.db'),
    (True, 'ledger', 'proof', 'ledger.db', NAME),
    (True, 'ledger', 'backup', 'ledger.db', 'copy.db'),
    (True, 'ledger', 'archive', 'ledger.db', 'archive.db', 'o'),
    (True, 'ledger', 'import', '--new', '--site', 'B', 'office.db', 'ledger.db'),
    (True, 'ledger', 'recover', 'order.yaml'),
    (True, 'ledger', 'rework', '-r', 'x', 'ledger.db', NAME),
    (True, 'ledger', 'void', '--force', '-r', 'lost', 'ledger.db', NAME),
    (True, 'report', 'ledger.db'),
    (True, 'label', 'show', '--html', 'order.yaml', NAME),
    (True, 'packet', 'show', '--json', 'packet'),
    (True, 'packet', 'show', 'packet'),
    (True, 'packet', 'check', 'packet'),
    (True, 'packet', 'make', '-c', 'endpoint_cfg', '-o', 'sealed', '--seal-to', 'rsa.pem'),
    (True, 'open', '-k', 'rsa.key', '-o', 'opened', 'sealed.cms'),
    (True, 'cert', 'make', '-e', 'x', '-C', 'cert_info.json', '--authority', 'ca.yaml', '-o', 'more'),
    (True, 'cert', 'sign', '--authority', 'ca.yaml', '-e', 'x', '-C', 'cert_info.json', '-o', 'signed', 'x.csr'),
    (True, 'cert', 'show', 'cert/client_cert.crt'),
    (True, 'authority', 'check', 'ca.yaml'),
    (True, 'server', 'check', 'export.json'),
    (True, 'register', '-s', 'export.json', '-e', 'me', '-c', 'psk'),
    *((True, 'register', '-s', f'{{sim}}/{kind}.json', '-e', '{name}', '-c', 'own', '--token-file', f'{{sim}}/{kind}.token') for kind in KINDS),
    *((True, 'register', '--find', '-s', f'{{sim}}/{kind}.json', '-e', 'there', '--token-file', f'{{sim}}/{kind}.token') for kind in KINDS),
    (True, 'prove', '-c', 'psk', '-e', 'there', '--uri', '{uri}'),
    (True, 'object', 'import', 'vendor'),
)


def prepare(folder, ran):
    def call(*args):
        return subprocess.run(args, cwd=folder, check=True, capture_output=True, text=True).stdout.strip()

    def write(name, text):
        with open(os.open(os.path.join(folder, name), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), 'w') as f:
            f.write(text)

    for name in 'line', 'configs':
        shutil.copytree(os.path.join(SOURCE, 'examples', name), folder, dirs_exist_ok=True)
    write('order.yaml', ORDER)
    write('certs.yaml', CERTS)
    write('certs', TEMPLATE % 2)
    write('ca.yaml', 'chain: ca.pem\nkey: ca.key\n')
    call(SIGNET, 'cert', 'make', '-e', 'x', '-o', 'cert')
    for name, more in ('ca', ('-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-addext', 'keyUsage=critical,keyCertSign')), ('rsa', ('-newkey', 'rsa:2048')):
        call('openssl', 'req', '-x509', '-nodes', '-days', '4000', '-subj', '/CN=' + name, '-keyout', name + '.key', '-out', name + '.pem', *more)
    if ran:
        call(SIGNET, 'run', 'order.yaml')
        write('label.zpl', '^XA^FD{endpoint}^FS{qr:{endpoint}}^XZ')
        write('order.yaml', ORDER + LABEL)
        write('psk', PSK)
        call(SIGNET, 'packet', 'make', '-c', 'endpoint_cfg', '-o', 'packet')
        call(SIGNET, 'packet', 'make', '-c', 'endpoint_cfg', '-o', 'sealed.cms', '--seal-to', 'rsa.pem')
        call('openssl', 'req', '-new', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-subj', '/CN=x', '-keyout', 'x.key', '-out', 'x.csr')
        names['vkey'] = call(SIGNET, 'order', 'sign', '--sign', 'owner.sign', '--name', 'oem', 'order.yaml')
        os.mkdir(os.path.join(folder, 'vendor'))
        shutil.copy(os.path.join(SOURCE, 'tests/fuzz/corpus/object_xml/pump.xml'), os.path.join(folder, 'vendor'))


class Servers:
    """One of each kind, for all calls."""
    def __init__(self, folder):
        self.folder, self.uri, self.running = folder, '', []
        os.mkdir(folder)
        for kind in KINDS:
            p = subprocess.Popen([SIGNET, 'sim', 'server', '--json', '--kind', kind, '--lwm2m', '0', '--ca-file', kind + '.pem', '--server-file', kind + '.json',
                                  '--token-file', kind + '.token', '--until-eof'], cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
            self.running.append(p)
            self.uri = json.loads(p.stdout.readline())['lwm2m']  # of the last one, which knows the device that is proved

    def stop(self):
        for p in self.running:
            p.communicate(timeout=60)


servers, names = None, {}


def call(verb, begin, **env):
    """Exit code, what it wrote, files that it made, in a copy of its folder. What a run writes is never the same."""
    with tempfile.TemporaryDirectory(dir=os.path.dirname(begin)) as top:
        folder = shutil.copytree(begin, os.path.join(top, 'd'))
        name = 'e' + env.get('SIGNET_STARVE', '')
        with open(os.path.join(folder, 'own'), 'w') as f:
            f.write(PSK.replace("'me'", f"'{name}'"))
        verb = [a.format(sim=servers.folder, uri=servers.uri, name=name, **names) for a in verb]
        p = subprocess.run([TORTURE, *verb], cwd=folder, env={**os.environ, **env}, capture_output=True, text=True, stdin=subprocess.DEVNULL)
        made = sorted(f for _, _, files in os.walk(folder) for f in files)
    return p.returncode, p.stdout if verb[0] in ('ledger', 'report', 'packet', 'object', 'label') else '', made, p.stderr + p.stdout


def kept(said):
    told = re.search(r'(\d+) blocks of memory were not given back', said)
    return int(told[1]) if told else 0


def starve(verb, begin, tried):
    listed = os.path.join(os.path.dirname(begin), ' '.join(verb).replace('/', ''))
    *usual, said = call(verb, begin, SIGNET_STARVE_LIST=listed)
    may_keep = kept(said)
    need('out of memory' not in said and may_keep <= 1, said)
    need(usual[0] == 0 or verb[-1] == 'order.yaml', said)  # it was moved; and there is no printer
    with open(listed, 'a+') as f:
        f.seek(0)
        paths = [p for p in dict.fromkeys(f.read().split()) if p not in tried]
    tried.update(paths)
    wrong = []
    with ThreadPoolExecutor(2) as pool:
        for path, (*ended, said) in zip(paths, pool.map(lambda p: call(verb, begin, SIGNET_STARVE=p), paths)):
            told = re.search('out of memory|[Cc]annot allocate memory', said)
            if kept(said) > may_keep or ended != usual and not (told and ended[0] in (0, 1, 3)):
                wrong.append(f'{" ".join(verb)}: SIGNET_STARVE={path}: {ended[0]}: {said[-300:]}')
    print(f'{" ".join(verb)}: {len(paths)} paths of calls, {len(wrong)} wrong', flush=True)
    return wrong


with tempfile.TemporaryDirectory(prefix='signet-starve-', dir='/dev/shm' if os.access('/dev/shm', os.W_OK) and 'TMPDIR' not in os.environ else None) as folder:
    begins = [os.path.join(folder, name) for name in ('new', 'ran')]
    for ran, begin in enumerate(begins):
        prepare(begin, ran)
    servers, tried = Servers(os.path.join(folder, 'sim')), set()
    try:
        for kind in KINDS:
            need(call(['register', '-s', f'{{sim}}/{kind}.json', '-e', 'there', '-c', 'psk', '--token-file', f'{{sim}}/{kind}.token'], begins[1])[0] == 0, kind)
        wrong = [w for ran, *verb in VERBS for w in starve(verb, begins[ran], tried)]
    finally:
        servers.stop()
need(len(tried) > 500, f'{len(tried)} paths')
need(not wrong, '\n'.join(wrong))
