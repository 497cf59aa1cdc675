#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Authorities, as a user has them: keys in files, encrypted ones, in SoftHSM; on the command line and in orders. What
comes out is taken by OpenSSL, GnuTLS and Mbed TLS."""
import json, os, pty, re, shutil, subprocess, sys, tempfile
import _softhsm
from _cert_stacks import openssl, taken
from _hall import Hall
from _mint import House
from _signet import SIGNET, Broken, need

SECRET = 'correct horse'


def call(*args, code=0, word='', **more):
    p = subprocess.run([SIGNET, *args], capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL, **more)
    need(p.returncode == code and word in p.stdout + p.stderr, f'{args}: exit {p.returncode}, wanted {code} and {word!r}: {p.stdout} {p.stderr}')
    need(SECRET not in p.stdout + p.stderr and _softhsm.PIN not in p.stdout + p.stderr, f'{args}: a secret is told')
    return p.stdout


def file_authorities(h):
    openssl('req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-384', '-passout', 'pass:' + SECRET, '-subj', '/CN=sealed',
            '-days', '4000', '-keyout', 'sealed.key', '-out', 'sealed.pem', '-addext', 'keyUsage=critical,keyCertSign')
    os.chmod('sealed.key', 0o600)
    h.write('secret', SECRET + '\n')
    h.write('a.yaml', 'chain: sealed.pem\nkey: sealed.key\npassphrase_file: secret\n')
    shown = json.loads(call('authority', 'show', '--json', 'a.yaml'))
    need((shown['kind'], shown['subject'], shown['key_type'], shown['profile']) == ('file', 'CN=sealed', 'EC secp384r1', 'tls-client'), shown)
    call('authority', 'check', 'a.yaml', word='servers take it')
    call('cert', 'make', '-e', 'd1', '--authority', 'a.yaml', '-o', 'd1')
    taken('d1/client_cert.crt', 'sealed.pem')
    h.write('secret', 'another\n')
    call('authority', 'check', 'a.yaml', code=1, word='the passphrase does not open the private key')
    h.write('b.yaml', 'chain: sealed.pem\nkey: sealed.key\n')
    call('authority', 'check', 'b.yaml', code=1, word='passphrase_file', start_new_session=True)
    for text, word in (('chain: sealed.pem\n', "has a 'chain' and a 'key'"), ('chain: x\nkey: y\npath: z\n', "unknown key 'path'"),
                       ('chain: sealed.pem\nkey: sealed.key\nprofile: tls\n', "'tls'")):
        h.write('b.yaml', text)
        call('authority', 'show', 'b.yaml', code=1, word=word)
    call('authority', 'show', code=2, word='--order-file')
    h.write('born.yaml', 'name: born\nquota: 2\ntemplate: template\nledger: born.db\nstation: A\nboard: {recipe: zephyr-credentials, recipe_keygen: "true"}\n'
            'slots: [{name: "1", port: rack/1}]\nauthority: {chain: sealed.pem, key: sealed.key, passphrase_file: right}\n'
            'credentials: {server_cert: server/client_cert.der}\nservers: [{file: born.json}]\n'
            'golden: {slot: "1", board: "1234", endpoint: gold}\n')
    h.write('right', SECRET + '\n')
    h.write('born.json', '{"kind": "export", "file": "born.csv", "columns": "e=endpoint, c=cert_base64"}')
    call('run', '--dry-run', 'born.yaml', code=1, word='an order with a golden board cannot')


def what_servers_refuse(h):
    for name, subject, curve, code, word, more in (
            ('weak', '/CN=weak', 'P-224', 0, 'certificate 1 of the authority: its key is on the curve secp224r1', ()),
            ('nameless', '/', 'P-256', 1, 'its subject is empty, and an authority has a name (RFC 5280, section 4.1.2.6)', ()),
            ('asks', '/CN=asks', 'P-256', 0, 'the extension policyConstraints is critical, and they do not know it', ('policyConstraints=critical,requireExplicitPolicy:0',)),
            ('bounds', '/CN=bounds', 'P-256', 0, 'the extension nameConstraints is critical', ('nameConstraints=critical,permitted;DNS:example.com',))):
        openssl('req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:' + curve, '-nodes', '-keyout', name + '.key', '-subj', subject,
                '-days', '4000', '-out', name + '.pem', *(x for e in ('keyUsage=critical,keyCertSign', *more) for x in ('-addext', e)))
        os.chmod(name + '.key', 0o600)
        h.write(name + '.yaml', f'chain: {name}.pem\nkey: {name}.key\n')
        p = subprocess.run([SIGNET, 'authority', 'check', name + '.yaml'], capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL)
        need(p.returncode == code and word in p.stderr, (name, p.returncode, p.stderr))
    for least, word in ((1, 'its policy constraints ask for a certificate policy'), (2, None)):  # below a root: of a root nobody looks at them
        h.write('sub.ext', f'basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign\npolicyConstraints=requireExplicitPolicy:{least}\n')
        openssl('req', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', 'sub.key', '-subj', '/CN=sub', '-out', 'sub.csr')
        os.chmod('sub.key', 0o600)
        openssl('x509', '-req', '-in', 'sub.csr', '-CA', 'bounds.pem', '-CAkey', 'bounds.key', '-days', '3000', '-extfile', 'sub.ext', '-out', 'sub.pem')
        h.write('chain.pem', open('sub.pem').read() + open('bounds.pem').read())
        h.write('sub.yaml', 'chain: chain.pem\nkey: sub.key\n')
        call('authority', 'check', 'sub.yaml', code=1 if word else 0, **({'word': word} if word else {}))


def without_key_identifier(h):
    """The authority's certificate has none: its certificates name its key by the hash that OpenSSL takes."""
    for name, made in (('bare', 'none'), ('named', 'hash')):
        openssl('req', '-x509', *(('-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout') if name == 'bare' else ('-key',)), 'bare.key',
                '-subj', '/CN=bare', '-days', '4000', '-out', name + '.pem', '-addext', 'keyUsage=critical,keyCertSign', '-addext', 'subjectKeyIdentifier=' + made)
    os.chmod('bare.key', 0o600)
    h.write('bare.yaml', 'chain: bare.pem\nkey: bare.key\n')
    call('cert', 'make', '-e', 'd5', '--authority', 'bare.yaml', '-o', 'd5')
    key = openssl('x509', '-in', 'named.pem', '-noout', '-ext', 'subjectKeyIdentifier').split()[-1]
    need('Subject Key' not in openssl('x509', '-in', 'bare.pem', '-noout', '-text'), 'bare.pem')
    need(key in openssl('x509', '-in', 'd5/client_cert.crt', '-noout', '-ext', 'authorityKeyIdentifier'), key)
    taken('d5/client_cert.crt', 'bare.pem', strict=False)  # OpenSSL's strict mode wants one in the authority


def typed_passphrases(h):
    """At a terminal, which does not show it."""
    h.write('b.yaml', 'chain: sealed.pem\nkey: sealed.key\n')
    pid, fd = pty.fork()
    if pid == 0:
        os.execv(SIGNET, [SIGNET, 'authority', 'check', 'b.yaml'])
    said = b''
    while b"the passphrase of 'sealed.key': " not in said:
        said += os.read(fd, 1000)
    os.write(fd, SECRET.encode() + b'\n')
    try:
        while more := os.read(fd, 1000):
            said += more
    except OSError:
        pass
    _, status = os.waitpid(pid, 0)
    need(os.waitstatus_to_exitcode(status) == 0 and b'servers take it' in said and SECRET.encode() not in said, said)


def tokens(h):
    t = h.token
    t.authority('ca')
    t.authority('rsa', key='RSA', id='02')
    t.authority('p521', key='P-521', id='05')
    for name in ('ca', 'rsa', 'p521'):
        h.write('a.yaml', f'chain: {name}.pem\nkey: "{t.uri(name)}"\n')
        call('cert', 'make', '-e', f'urn:dev:os:{name}', '--authority', 'a.yaml', '-o', name)
        taken(f'{name}/client_cert.crt', f'{name}.pem')
    h.write('a.yaml', f'chain: ca.pem\nkey: "{t.uri("ca")}"\n')
    openssl('req', '-new', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-subj', '/CN=other', '-keyout', 'd.key', '-out', 'd.csr')
    call('cert', 'sign', '--authority', 'a.yaml', '-e', 'd2', '-o', 'd2.pem', 'd.csr')
    taken('d2.pem', 'ca.pem')
    need(openssl('x509', '-in', 'd2.pem', '-noout', '-subject', '-pubkey') == 'subject=CN = d2\n' + openssl('pkey', '-in', 'd.key', '-pubout'), 'd2.pem')
    need(call('cert', 'sign', '--authority', 'a.yaml', '-e', 'd2', '--chain', 'd.csr').count('BEGIN CERTIFICATE') == 2, 'chain')
    with open('d.csr') as f:
        h.write('bad.csr', f.read().replace('MI', 'MJ', 1))
    call('cert', 'sign', '--authority', 'a.yaml', '-e', 'd2', 'bad.csr', code=1, word='the certificate request')
    call('cert', 'sign', '-e', 'd2', 'd.csr', code=2, word='--authority FILE is missing')
    call('cert', 'sign', '--authority', 'a.yaml', 'd.csr', code=2, word='--endpoint NAME is missing')


def token_refusals(h):
    t = h.token
    h.write('wrong', '000000')
    t.authority('again', id='03', object='twin')
    t.authority('again', id='04', object='twin')
    t.add('second')
    for uri, word in [
            (t.uri('ca', 'pin-source=file:wrong'), 'the PIN is wrong'),
            (t.uri('ca', 'pin-source=file:none'), 'the PIN of the token'),
            (t.uri('ca', 'pin-value=' + _softhsm.PIN), 'the PIN itself in it'),
            (t.uri('rsa'), 'does not belong to the certificate'),
            (t.uri('p521'), 'does not belong to the certificate'),
            (t.uri('twin'), "more than one private key of the token 'factory' fits the URI: object 'twin'"),
            (t.uri('none'), "no private key of the token 'factory' fits the URI: object 'none'"),
            (t.uri('ca', token='gone'), "no token fits the URI: token 'gone'"),
            (t.uri('ca').replace('token=factory;', ''), 'more than one token fits the URI'),
            (t.uri('ca').replace(_softhsm.MODULE, '/nonexistent.so'), "cannot find the PKCS#11 module '/nonexistent.so'"),
            (t.uri('ca').replace(_softhsm.MODULE, os.path.abspath('ca.pem')), 'cannot load the PKCS#11 module'),
            (t.uri('ca').replace(_softhsm.MODULE, 'softhsm.so'), 'module-path that is not absolute')]:
        h.write('b.yaml', f'chain: ca.pem\nkey: "{uri}"\n')
        call('authority', 'check', 'b.yaml', code=1, word=word)
    h.write('b.yaml', f'chain: again.pem\nkey: "{t.uri("twin").replace("object", "id=%04;object")}"\n')
    call('authority', 'check', 'b.yaml')
    os.makedirs('open', exist_ok=True)
    shutil.copy(_softhsm.MODULE, 'open/m.so')
    os.chmod('open', 0o777)
    h.write('b.yaml', f'chain: ca.pem\nkey: "{t.uri("ca").replace(_softhsm.MODULE, os.path.abspath("open/m.so"))}"\n')
    call('authority', 'check', 'b.yaml', code=1, word='could have been changed by others')
    if os.geteuid() == 0:  # nor what a group of users can change
        os.chmod('open', 0o755)
        call('authority', 'check', 'b.yaml')
        os.chown('open/m.so', 0, 65534)
        os.chmod('open/m.so', 0o775)
        call('authority', 'check', 'b.yaml', code=1, word='could have been changed by others')
    need(not any(f.endswith('.key') and 'PRIVATE' in open(f).read() for f in os.listdir('.') if f in ('ca.key', 'rsa.key')), 'the key is in a file')


def orders(h):
    """Packets by the hundred, signed in the token by several lanes; constraints before the first device."""
    t = h.token
    more = f'authority:\n  chain: ca.pem\n  key: "{t.uri("ca")}"\n  profile: idevid\n'
    order = h.order('made', 300, records='records.csv', more=more)
    code, said = h.run(order, '--dry-run')
    need(code == 0 and not os.path.exists('packets.ndjson'), said)
    code, said = h.run(order)
    need(code == 0 and '300 of 300' in said, said)
    h.check('made', ['packets.ndjson'], 300, ['records.csv'])
    need(all(d['cert_issuer'] == 'CN=ca' for d in h.devices('made').values()), 'issuers')
    for name, packet in list(h.packets('packets.ndjson').items())[::100]:
        cert_of(packet, name)
        need(f'serialNumber = {name}' in openssl('x509', '-in', 'one.pem', '-noout', '-subject'), name)
        need('Dec 31 23:59:59 9999' in openssl('x509', '-in', 'one.pem', '-noout', '-enddate'), name)
        taken('one.pem', 'ca.pem')
    rows = [json.loads(l) for l in subprocess.run([SIGNET, 'station', 'check', '--json', order], capture_output=True, text=True, timeout=60).stdout.splitlines()]
    need([(r['verdict'], r['which']) for r in rows if r.get('what') == 'authority'] == [('pass', 'pkcs11')], rows)
    call('authority', 'check', '--order-file', order)
    with open(order) as f:
        text = f.read()
    h.write('other.yaml', text.replace('idevid', 'tls-client'))
    need('another template' in h.run('other.yaml')[1] or h.run('other.yaml')[0] != 0, 'a profile was changed under an order')

    t.authority('strict', id='06', extensions=('keyUsage=critical,keyCertSign', 'nameConstraints=critical,permitted;DNS:example'))
    h.write('list.csv', 'endpoint\na.example\nb.elsewhere\n')
    order = h.order('strict', 2, packets='strict.ndjson', names=['  manifest: list.csv'],
                    more=f'authority:\n  chain: strict.pem\n  key: "{t.uri("strict")}"\n')
    code, said = h.run(order)
    need(code == 1 and 'list.csv:3' in said and 'name constraints' in said and not os.path.exists('strict.ndjson'), said)


def provisioned(h):
    h.write('a.yaml', f'chain: ca.pem\nkey: "{h.token.uri("ca")}"\n')
    with open('template') as f:
        h.write('config', f.read())
    call('provision', '-c', 'config', '-e', 'urn:dev:os:1', '--server-cert', 'server/client_cert.crt', '--authority', 'a.yaml', '-o', 'packet')
    taken('cert/client_cert.crt', 'ca.pem')
    call('provision', '-c', 'config', '-e', 'd', '-k', 'x', '--device-cert', 'y', '--authority', 'a.yaml', code=2, word='choose one')
    call('cert', 'make', '-e', 'd', '--issuer', 'x', '--issuer-key', 'y', '--authority', 'z', code=2, word='both given')


def cert_of(packet, name):
    """The device's certificate out of a packet, as PEM in one.pem: what begins like one there may be something else."""
    for start in [m.start() for m in re.finditer(b'\x30\x82', packet)]:
        der = packet[start:start + 4 + int.from_bytes(packet[start + 2:start + 4], 'big')]
        if name.encode() in der and b'\x02ca' in der:
            p = subprocess.run(['openssl', 'x509', '-inform', 'DER', '-out', 'one.pem'], input=der, capture_output=True, timeout=60)
            if p.returncode == 0:
                return
    raise Broken(f'{name}: no certificate in its packet')


def boards(h):
    """In a line: the certificate has the board's serial number."""
    folder = os.path.abspath('hall')
    os.mkdir(folder)
    hall = Hall(folder, slots=2, certs=True, pattern=True)
    try:
        uri = h.token.uri('ca', f'pin-source=file:{h.at("pin")}')
        order = hall.order(2, f'authority:\n  chain: ../ca.pem\n  key: "{uri}"\n  profile: idevid\n')
        need(hall.run(order) == 0, open(hall.at('log')).read())
        devices = {d['endpoint']: d['hw_id'] for d in hall.devices()}
        need(len(devices) == 2 and len(set(devices.values())) == 2, devices)
        for name in os.listdir(hall.at('applied')):
            with open(hall.at('applied', name), 'rb') as f:
                packet = f.read()
            name = next(n for n in devices if n.encode() in packet)
            cert_of(packet, name)
            need(f'serialNumber = {devices[name]}' in openssl('x509', '-in', 'one.pem', '-noout', '-subject'), name)
            taken('one.pem', 'ca.pem')
    finally:
        hall.close()


def main():
    if not _softhsm.there():
        print('no SoftHSM: scripts/setup test installs it')
        return 1 if os.environ.get('CI') == 'true' else 77
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        h = House(folder, certs=True)
        h.token = _softhsm.Token(folder)
        for part in (file_authorities, what_servers_refuse, without_key_identifier, typed_passphrases, tokens, token_refusals, orders, boards, provisioned):
            try:
                part(h)
            except Broken as e:
                print(f'{part.__name__}: {e}')
                return 1
    print('authority: ok')
    return 0


sys.exit(main())
