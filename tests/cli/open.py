#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Batches and packets that are sealed to certificates: opened by plain OpenSSL and by signet open, and never half."""
import csv, hashlib, json, os, shutil, subprocess, tempfile
from _signet import BUILD, SIGNET, need

TEMPLATE = """{OID.Security: {1: {RID.Security.ServerURI: 'coaps://127.0.0.1:5684', RID.Security.Bootstrap: False,
 RID.Security.Mode: 0, RID.Security.ShortServerID: 1}},
 OID.Server: {1: {RID.Server.ShortServerID: 1, RID.Server.Lifetime: 86400, RID.Server.NotificationStoring: False, RID.Server.Binding: 'U'}}}"""
ORDER = """name: lot
quota: {quota}
template: t.cfg
ledger: lot.db
names: {{pattern: "s{{serial:05}}"}}
output: {{packets: out/packets.ndjson, records: out/records.csv}}
seal_to: [ec.pem, rsa.pem]
clear_text: forbidden
"""


def write(name, text, mode=0o600):
    with open(os.open(name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), 'w' if isinstance(text, str) else 'wb') as f:
        f.write(text)


def read(*path):
    with open(os.path.join(*path), 'rb') as f:
        return f.read()


def run(*args, code=0, say=None, **more):
    p = subprocess.run(args, capture_output=True, timeout=60, **more)
    text = (p.stdout + p.stderr).decode(errors='replace')
    need(p.returncode == code and (say is None or say in text), f'{args}: exit {p.returncode}: {text[-800:]}')
    return p.stdout


def certs():
    for name, kind in (('ec', ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-addext', 'keyUsage=keyAgreement']),
                       ('p384', ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-384']), ('rsa', ['-newkey', 'rsa:2048']),
                       ('signs', ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-addext', 'keyUsage=digitalSignature']),
                       ('ed', ['-newkey', 'ed25519'])):
        run('openssl', 'req', '-x509', *kind, '-nodes', '-keyout', f'{name}.key', '-out', f'{name}.pem', '-subj', f'/CN={name}', '-days', '400')
        os.chmod(f'{name}.key', 0o600)
    write('words', 'a long passphrase\n')
    run('openssl', 'pkcs8', '-topk8', '-in', 'ec.key', '-out', 'ec.enc', '-passout', 'file:words', '-v2', 'aes-256-cbc')
    os.chmod('ec.enc', 0o600)


def batches():
    return sorted(int(f.split('.')[2]) for f in os.listdir('out') if f.startswith('packets.ndjson.') and f.endswith('.cms'))


def manifest(number):
    """its lines, and the SHA-256 of its text, behind which a signature stands"""
    text, signature = read('out', f'packets.ndjson.{number:08}.manifest').decode().split('\n\n')
    lines = (text + '\n').splitlines()
    need(lines[0] == 'signet sealed batch 1' and lines[-1] == 'end' and signature.startswith('\u2014 '), text)
    return lines, hashlib.sha256(text.encode() + b'\n').hexdigest()


def whole(quota):
    """each device is in exactly one batch, the manifests are a chain, and each file is what its manifest says"""
    seen, previous, numbers = [], '-', batches()
    for n in numbers:
        text, digest = manifest(n)
        lines = dict(l.split(' ', 1) for l in text[1:6])
        need(lines['previous'] == previous and lines['batch'] == str(n) and lines['order'] == 'lot', text)
        previous = digest
        for word, name, size, digest in (l.split() for l in text[6:-1]):
            data = read('out', name)
            need(word == 'file' and len(data) == int(size) and hashlib.sha256(data).hexdigest() == digest, f'{name} is not as its manifest says')
        plain = run('openssl', 'cms', '-decrypt', '-binary', '-inform', 'DER', '-in', f'out/packets.ndjson.{n:08}.cms', '-inkey', 'rsa.key', '-recip', 'rsa.pem')
        rows = [json.loads(l) for l in plain.splitlines()]
        need(len(rows) == int(lines['devices']), 'devices')
        seen += [r['endpoint'] for r in rows]
    need(sorted(seen) == [f's{i:05}' for i in range(1, quota + 1)], f'{len(seen)} devices, {len(set(seen))} different, of {quota}')
    need(all(not f.startswith('.') for f in os.listdir('out')), os.listdir('out'))
    return numbers


def sealed():
    write('t.cfg', TEMPLATE)
    os.mkdir('out', 0o700)
    write('lot.yaml', ORDER.format(quota=500))
    run(SIGNET, 'run', 'lot.yaml')
    numbers = whole(500)
    need(len(numbers) >= 2, numbers)
    first = f'out/packets.ndjson.{numbers[0]:08}'
    asn1 = run('openssl', 'asn1parse', '-inform', 'DER', '-in', f'{first}.cms').decode()
    for word in ('id-smime-ct-authEnvelopedData', 'aes-256-gcm', 'dhSinglePass-stdDH-sha256kdf-scheme', 'rsaesOaep', 'sha256'):
        need(word in asn1, f'{word} is not in it')
    need('sha1' not in asn1.lower(), asn1)
    by_ec = run('openssl', 'cms', '-decrypt', '-binary', '-inform', 'DER', '-in', f'{first}.cms', '-inkey', 'ec.key', '-recip', 'ec.pem')
    for key, more in (('ec.key', []), ('rsa.key', []), ('ec.enc', ['--passphrase-file', 'words'])):
        to = f'got-{key}'
        out = json.loads(run(SIGNET, 'open', '-k', key, *more, '-o', to, '--json', f'{first}.manifest'))
        need(out['files'] == 2 and out['devices'] == len(by_ec.splitlines()) and out['previous'] == '-', out)
        need(read(to, os.path.basename(first)) == by_ec and os.stat(f'{to}/{os.path.basename(first)}').st_mode & 0o777 == 0o600, 'the packets')
        need(read(to, f'records.csv.{numbers[0]:08}').startswith(b'endpoint,mode,identity,psk,'), 'the records')
    run(SIGNET, 'open', '-k', 'ec.key', '-o', 'got-ec.key', f'{first}.manifest')  # the same once more
    secrets = {r.split(b',')[3] for r in read('got-ec.key', f'records.csv.{numbers[0]:08}').splitlines()[1:]}
    need(len(secrets) == len(by_ec.splitlines()) and all(len(s) == 64 for s in secrets), 'keys')
    for folder, _, files in os.walk('.'):
        if not folder.startswith('./got-'):
            for f in files:
                data = read(folder, f)
                need(not any(s in data.lower() or bytes.fromhex(s.decode()) in data for s in secrets), f'{folder}/{f} has a key in clear')


def changed():
    n = batches()[0]
    name, other = f'packets.ndjson.{n:08}', f'records.csv.{n:08}'
    good = read('out', f'{other}.cms')
    os.mkdir('copy', 0o700)
    for f in os.listdir('out'):
        write(f'copy/{f}', read('out', f))

    def nothing(code, say, *args, key='ec.key'):
        run(SIGNET, 'open', '-k', key, '-o', 'none', *args, code=code, say=say)
        need(not os.path.exists('none') or not os.listdir('none'), os.listdir('none'))
    for at in (10, len(good) // 2, len(good) - 3):  # the last file of the batch: the first is not written either
        write(f'copy/{other}.cms', good[:at] + bytes([good[at] ^ 1]) + good[at + 1:])
        nothing(1, 'is not the file that the manifest names', f'copy/{name}.manifest')
        nothing(1, '', f'copy/{other}.cms')
    write(f'copy/{other}.cms', good)
    nothing(1, 'does not open with this key', f'copy/{name}.manifest', key='p384.key')
    text = read('out', f'{name}.manifest')
    for a, b in ((b'devices', b'devicez'), (b'file packets', b'file ../out/packets'), (b'batch 1\norder', b'batch 2\norder'), (b'\nend\n', b'\n')):
        write(f'copy/{name}.manifest', text.replace(a, b))
        nothing(1, 'no manifest of a sealed batch', f'copy/{name}.manifest')
    run('openssl', 'cms', '-encrypt', '-binary', '-in', 't.cfg', '-aes256', '-outform', 'DER', '-out', 'old.cms', 'rsa.pem')
    nothing(1, 'no AuthEnvelopedData', 'old.cms', key='rsa.key')
    write('text.cms', TEMPLATE)
    nothing(1, 'no CMS in DER', 'text.cms')
    nothing(2, 'no FILE.manifest and no FILE.cms', 't.cfg')
    os.chmod('ec.key', 0o644)
    nothing(1, 'others may open it', f'out/{name}.manifest')
    os.chmod('ec.key', 0o600)
    os.mkdir('there', 0o700)
    write(f'there/{other}', 'mine')
    run(SIGNET, 'open', '-k', 'ec.key', '-o', 'there', f'out/{name}.manifest', code=1, say='will not overwrite')
    need(read('there', other) == b'mine', 'it was overwritten')


def signed():
    n = batches()[1]
    name = f'packets.ndjson.{n:08}.manifest'
    mine = run(SIGNET, 'ledger', 'vkey', 'lot.db', 'station.key.sign').decode().strip()
    out = json.loads(run(SIGNET, 'open', '-k', 'ec.key', '-o', 'signed', '--json', '--vkey', mine, f'out/{name}'))
    need(out['signed'] and out['previous'] == manifest(batches()[0])[1] and out['sha256'] == manifest(n)[1], out)
    run(SIGNET, 'open', '-k', 'ec.key', '-o', 'signed', f'out/{name}', say='whoever has the certificate can have made it')
    run(SIGNET, 'open', '-k', 'ec.key', '-o', 'unsigned', '--vkey', mine, f'out/{name}'.replace('.manifest', '.cms'), code=2, say='which a station signs')
    text = read('out', name)
    for f in os.listdir('out'):
        write(f'copy/{f}', read('out', f))

    def forged(content, say, vkey=mine, code=1):
        write(f'copy/{name}', content)
        run(SIGNET, 'open', '-k', 'ec.key', '-o', 'unsigned', '--vkey', vkey, f'copy/{name}', code=code, say=say)
        need(not os.path.exists('unsigned') or not os.listdir('unsigned'), 'something was written')
    forged(text.replace(b'order lot', b'order lox'), 'not signed with this key')
    forged(text.split(b'\n\n')[0] + b'\n', 'not signed with this key')
    forged(text.replace(b'batch %d\ndevices' % n, b'batch %d\ndevices' % (n + 1)), 'not signed with this key')
    other = ORDER.format(quota=5).replace('lot', 'other') + 'station_key: other.key\nwork: other\n'
    write('other.yaml', other)
    run(SIGNET, 'run', '--dry-run', 'other.yaml', code=1, say='is there already, and this order did not write it')
    run(SIGNET, 'run', 'other.yaml', code=1, say='is there already, and this order did not write it')
    write('other.yaml', other.replace('packets.nd', 'other.nd').replace('records.csv', 'other.csv'))
    run(SIGNET, 'run', 'other.yaml')
    theirs = run(SIGNET, 'ledger', 'vkey', 'other.db', 'other.key.sign').decode().strip()
    forged(text, 'not signed with this key', theirs)
    forged(text, '', 'no key')


def refused():
    def order(say, *pairs, code=1):
        text = ORDER.format(quota=5).replace('lot', 'other')
        for a, b in pairs:
            need(a in text, a)
            text = text.replace(a, b)
        write('other.yaml', text)
        run(SIGNET, 'run', 'other.yaml', code=code, say=say)
    order("'clear_text' is forbidden", ('seal_to: [ec.pem, rsa.pem]\n', ''))
    order("'packets' is FILE.ndjson", ('out/packets.ndjson', 'out/packets/'))
    order('are in one folder', ('out/records.csv', 'records.csv'))
    order("'clear_text' is allowed or forbidden", ('forbidden', 'never'))
    order('name has at most 100 bytes', ('packets.ndjson', 95 * 'p' + '.ndjson'))
    order('more than 16 certificates', ('[ec.pem, rsa.pem]', '[' + 16 * 'ec.pem, ' + 'rsa.pem]'))
    order('names no certificate', ('[ec.pem, rsa.pem]', '[]'))
    order('key usage does not allow', ('ec.pem', 'signs.pem'))
    order('can open nothing', ('ec.pem', 'ed.pem'))
    order('cannot seal to', ('ec.pem', 't.cfg'))
    write('export.json', json.dumps({'kind': 'export', 'file': 'rows.csv'}))
    order('an export is a file in clear', ('seal_to: [ec.pem, rsa.pem]\nclear_text', 'servers: [{file: export.json}]\nclear_text'),
          ('output: {packets: out/packets.ndjson, records: out/records.csv}', 'board: {recipe: anjay-zephyr}\nslots: [{port: /dev/none}]'))
    for more in ('', 'servers: [{file: export.json}]\n'):
        order("'seal_to' goes with an 'output' or an export", ('output: {packets: out/packets.ndjson, records: out/records.csv}',
              more + 'board: {recipe: anjay-zephyr}\nslots: [{port: /dev/none}]'), ('forbidden', 'allowed'))
    for more in ('', 'servers: [{file: export.json}]\n'):  # the order names it, not the server's file
        order("error: other.yaml:7:10: cannot seal to 'no.pem': cannot open 'no.pem'", ('[ec.pem, rsa.pem]\n', 'no.pem\n' + more))
    order("'print_secrets'", ('clear_text', 'label: {template: t.cfg, printer: ./x, print_secrets: [psk]}\nclear_text'))
    order("has 'allow_http'", ('clear_text', 'servers: [{file: export.json, allow_http: true}]\nclear_text'))
    need(not os.path.exists('rows.csv'), 'a file in clear')
    os.mkdir('out2', 0o700)
    order('5 of 5 devices', ('out/', 'out2/'), ('other', 'third'), code=0)
    write('out2/packets.ndjson.00000002.cms', 'of somebody else')
    order('is there already, and this order did not write it', ('out/', 'out2/'), ('other', 'third'), ('quota: 5', 'quota: 6'))
    need(read('out2', 'packets.ndjson.00000002.cms') == b'of somebody else', 'it is his no more')


def kills():
    """ended at each place: what was seen of a batch stays as it was, and no device is lost or there twice"""
    torture = os.path.join(BUILD, 'tests/signet_torture')
    places = ('before-append', 'after-append', 'after-output', 'before-mark', 'after-mark', 'before-publish', 'between-publish', 'after-publish',
              'before-done', 'after-done', 'before-wipe', 'after-wipe')
    for i, place in enumerate(places):
        folder = f'kill{i}'
        os.mkdir(folder, 0o700)
        for f in ('t.cfg', 'ec.pem', 'rsa.pem', 'rsa.key'):
            os.link(f, f'{folder}/{f}')
        os.chdir(folder)
        os.mkdir('out', 0o700)
        write('lot.yaml', ORDER.format(quota=300))
        for count in (1, 2):
            p = subprocess.run([torture, 'run', 'lot.yaml'], env=dict(os.environ, SIGNET_FAILPOINT=f'{place}:{count}'), capture_output=True, timeout=60)
            need(p.returncode != 0 or count == 2, f'{place} was not reached: {p.stderr}')
            seen = {f: read('out', f) for f in os.listdir('out') if not f.startswith('.')} if os.path.isdir('out') else {}
        run(SIGNET, 'run', 'lot.yaml')
        whole(300)
        for f, data in seen.items():
            need(read('out', f) == data, f'{place}: {f} was seen, and is another now')
        os.chdir('..')


def exported(folder, quota):
    """each device is in exactly one batch; the manifests are a chain and signed; nothing is there in clear"""
    key = run(SIGNET, 'ledger', 'vkey', 'lot.db', 'station.key.sign').decode().strip()
    shutil.rmtree('rows', ignore_errors=True)
    previous, rows = '-', []
    names = sorted(f for f in os.listdir('.') if f.startswith('rows.csv.') and f.endswith('.manifest'))
    for f in names:
        out = json.loads(run(SIGNET, 'open', '-k', f'{folder}/rsa.key', '-o', 'rows', '--vkey', key, '--json', f))
        need(out['previous'] == previous and out['files'] == 1 and out['signed'] and out['order'] == 'lot', out)
        previous = out['sha256']
        with open(f'rows/{f[:-len(".manifest")]}') as opened:
            batch = list(csv.DictReader(opened))
        need(len(batch) == out['devices'] and all(len(r['psk']) == 64 for r in batch), batch)
        rows += batch
    need(sorted(r['endpoint'] for r in rows) == [f's{i:05}' for i in range(1, quota + 1)], f'{len(rows)} rows of {quota} devices')
    shutil.rmtree('rows')
    for r in rows:
        for folder, _, files in os.walk('.'):
            for f in files if rows.index(r) % 50 == 0 else ():
                data = read(folder, f)
                need(r['psk'].encode() not in data and bytes.fromhex(r['psk']) not in data, f'{folder}/{f} has a key in clear')
    need(not os.path.exists('rows.csv') and not [f for f in os.listdir('.') if f.startswith('.rows')], os.listdir('.'))
    return {f: read(f) for f in os.listdir('.') if f.startswith('rows.csv.')}


def exports():
    """an export is sealed as well: what was seen of a batch stays, whenever the run is ended"""
    torture = os.path.join(BUILD, 'tests/signet_torture')
    config = {'kind': 'export', 'file': 'rows.csv', 'columns': 'endpoint=endpoint, psk=key_hex'}
    for i, place in enumerate((None, 'before-export', 'after-export', 'before-publish', 'between-publish', 'after-publish', 'before-delivered')):
        os.mkdir(f'export{i}', 0o700)
        for f in ('t.cfg', 'ec.pem', 'rsa.pem'):
            os.link(f, f'export{i}/{f}')
        os.chdir(f'export{i}')
        os.mkdir('out', 0o700)
        write('export.json', json.dumps(config))
        write('lot.yaml', ORDER.format(quota=300).replace(', records: out/records.csv', '') + 'servers: [{file: export.json}]\n')
        run(SIGNET, 'run', '--dry-run', 'lot.yaml')
        need(os.listdir('out') == [] and not [f for f in os.listdir('.') if 'rows' in f], os.listdir('.'))
        seen = {}
        for count in (1, 2, 3) if place else ():
            subprocess.run([torture, 'run', 'lot.yaml'], env=dict(os.environ, SIGNET_FAILPOINT=f'{place}:{count}'), capture_output=True, timeout=60)
            for f, data in seen.items():
                need(read(f) == data, f'{place}: {f} was seen, and is another now')
            seen = {f: read(f) for f in os.listdir('.') if f.startswith('rows.csv.') and f != 'rows.csv.sealed'}
        run(SIGNET, 'run', 'lot.yaml')
        files = exported('..', 300)
        need(all(files[f] == data for f, data in seen.items()), f'{place}: what was seen is another now')
        os.chdir('..')
    os.chdir('export0')
    need(read('rows.csv.sealed').startswith(b'signet sealed export 1\n'), 'what is known of the rows')
    write('lot.yaml', read('lot.yaml').decode().replace('quota: 300', 'quota: 301'))
    known = read('rows.csv.sealed')
    for wrong in (b'', b'x' + known, known[:200] + known[201:], known.replace(b'batch 1 ', b'batch 2 ')):
        write('rows.csv.sealed', wrong)
        said = subprocess.run([SIGNET, 'run', '--sync', '1', 'lot.yaml'], capture_output=True, timeout=60)
        need(said.returncode != 0 and (b'is not what this export wrote' in said.stdout + said.stderr or b'is there already' in said.stdout + said.stderr),
             f'{wrong[:40]}: {said}')
    write('rows.csv.sealed', known + b'0' * 64 + b' half a row')
    run(SIGNET, 'run', 'lot.yaml')
    exported('..', 301)
    os.chdir('..')


def packets():
    config = os.path.join(os.environ['SIGNET_SOURCE'], 'examples/configs/endpoint_cfg')
    run(SIGNET, 'packet', 'make', '-c', config, '-o', 'clear')
    run(SIGNET, 'packet', 'make', '-c', config, '-o', 'packet.cms', '--seal-to', 'ec.pem', '--seal-to', 'p384.pem')
    for key in ('ec', 'p384'):
        run(SIGNET, 'open', '-k', f'{key}.key', '-o', f'packet-{key}', 'packet.cms')
        need(read(f'packet-{key}', 'packet') == read('clear'), 'the packet')
    run(SIGNET, 'packet', 'make', '-c', config, '-o', 'never.cms', '--seal-to', 'signs.pem', code=1, say='key usage')
    need(not os.path.exists('never.cms'), 'a packet in spite of it')


with tempfile.TemporaryDirectory() as folder:
    os.chdir(folder)
    certs()
    for part in (sealed, changed, signed, refused, packets, exports, kills):
        part()
print('open: ok')
