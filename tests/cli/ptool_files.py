#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What ptool makes, looked at with other people's tools, and what it leaves alone."""
import os, stat, subprocess, sys, tempfile

PTOOL, SIGNET = (os.path.join(os.environ['SIGNET_BUILD'], name) for name in ('ptool', 'signet'))
CONFIGS = os.path.join(os.environ['SIGNET_SOURCE'], 'examples/configs')
failures = []

def expect(name, ok, seen=''):
    if not ok:
        failures.append(f'{name}: {seen}')

def run(*args, cwd, want=0):
    p = subprocess.run(args, cwd=cwd, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)
    expect(' '.join(args), p.returncode == want, (p.returncode, p.stdout, p.stderr))
    return p.stdout, p.stderr

def read(*parts):
    with open(os.path.join(*parts), 'rb') as f:
        return f.read()

def write(text, *parts):
    with open(os.path.join(*parts), 'w') as f:
        f.write(text)
    return os.path.join(*parts)

def config(mode, extra='', uri='coaps://a:5684'):
    return (f"{{OID.Security: {{1: {{0: '{uri}', 1: False, 2: {mode}, 10: 1{extra}}}}},"
            " OID.Server: {1: {0: 1, 1: 86400, 6: False, 7: 'U'}}}")

def all_private(cwd):
    for folder, _, files in os.walk(cwd):
        for name in files:
            path = os.path.join(folder, name)
            if 'SenMLCBOR' in name or 'client_' in name:
                mode = stat.S_IMODE(os.stat(path).st_mode)
                expect(f'{name} is 0600', mode == 0o600, oct(mode))
                expect(f'{name} is no leftover', not name.startswith('.') and '.tmp' not in name)

def server_cert(cwd):
    run('openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout',
        'server.key', '-out', 'server.pem', '-subj', '/CN=server', '-days', '365', cwd=cwd)

def sample(cwd):
    out, err = run(PTOOL, '-c', f'{CONFIGS}/endpoint_cfg', cwd=cwd)
    expect('the sample gives no warning', err == '', err)
    expect('the packet holds the sample key',
           bytes.fromhex('8f1c6a52d07b43e99a2e5d40c7b8136f') in read(cwd, 'SenMLCBOR'))
    all_private(cwd)

def other_psk_device(cwd):
    device = lambda n, key: config(0, f", 3: b'device-{n}', 5: b'{key * 16}'")
    run(PTOOL, '-c', write(device(1, 'a'), cwd, 'one'), cwd=cwd)
    first = read(cwd, 'SenMLCBOR')
    run(PTOOL, '-c', write(device(1, 'b'), cwd, 'again'), cwd=cwd)
    expect('the same device replaces its packet', len(os.listdir(cwd)) == 3, os.listdir(cwd))
    first = read(cwd, 'SenMLCBOR')
    _, err = run(PTOOL, '-c', write(device(2, 'c'), cwd, 'two'), cwd=cwd)
    kept = [n for n in os.listdir(cwd) if n.startswith('SenMLCBOR.')]
    expect('another device\'s packet is kept', len(kept) == 1 and read(cwd, kept[0]) == first, kept)
    second = read(cwd, 'SenMLCBOR')
    with open(f'{cwd}/SenMLCBOR', 'wb') as f:
        f.write(first)
    run(PTOOL, '-c', 'two', cwd=cwd)
    expect('what is kept already is replaced', [n for n in os.listdir(cwd) if n.startswith('SenMLCBOR.')] == kept
           and read(cwd, 'SenMLCBOR') == second, os.listdir(cwd))
    expect('and that is said', kept and kept[0] in err, err)
    expect('the new packet is the new device\'s', b'device-2' in read(cwd, 'SenMLCBOR'))
    write('not a packet', cwd, 'SenMLCBOR')
    run(PTOOL, '-c', 'two', cwd=cwd)
    expect('a stranger\'s file is kept too', len([n for n in os.listdir(cwd) if n.startswith('SenMLCBOR.')]) == 2,
           os.listdir(cwd))
    write(config(3, uri='coap://a'), cwd, 'nosec')
    run(PTOOL, '-c', 'nosec', cwd=cwd)
    run(PTOOL, '-c', 'nosec', cwd=cwd)
    expect('what holds no secret is replaced', len([n for n in os.listdir(cwd) if n.startswith('SenMLCBOR.')]) == 3,
           os.listdir(cwd))
    all_private(cwd)

def self_signed(cwd):
    server_cert(cwd)
    write('{"organizationName": "Example", "countryName": "PL"}', cwd, 'info.json')
    make = lambda name: run(PTOOL, '-c', f'{CONFIGS}/endpoint_cfg_cert', '-e', name, '-C', 'info.json', '-p', 'server.pem', cwd=cwd)
    make('urn:dev:1')
    text, _ = run('openssl', 'x509', '-in', 'cert/client_cert.crt', '-noout', '-subject', '-nameopt', 'RFC2253', cwd=cwd)
    expect('subject', text.strip() == 'subject=CN=urn:dev:1,O=Example,C=PL', text)
    run('openssl', 'verify', '-CAfile', 'cert/client_cert.crt', 'cert/client_cert.crt', cwd=cwd)
    key, _ = run('openssl', 'pkey', '-inform', 'DER', '-in', 'cert/client_key.der', '-pubout', cwd=cwd)
    public, _ = run('openssl', 'x509', '-in', 'cert/client_cert.crt', '-noout', '-pubkey', cwd=cwd)
    expect('key and certificate belong together', key == public, (key, public))
    packet, der, secret = read(cwd, 'SenMLCBOR'), read(cwd, 'cert/client_cert.der'), read(cwd, 'cert/client_key.der')
    run('openssl', 'x509', '-in', 'server.pem', '-outform', 'DER', '-out', 'server.der', cwd=cwd)
    places = [packet.find(x) for x in (read(cwd, 'server.der'), der, secret)]
    expect('server, certificate, key are in the packet in this order', -1 not in places and places == sorted(places), places)
    all_private(cwd)
    make('urn:dev:2')
    keys = [read(cwd, 'cert', n) for n in os.listdir(f'{cwd}/cert') if n.startswith('client_key')]
    expect('the key of the other device is still there', len(keys) == 2 and secret in keys, os.listdir(f'{cwd}/cert'))
    all_private(cwd)
    # The files go back in as -k and -r.
    run(PTOOL, '-c', f'{CONFIGS}/endpoint_cfg_cert', '-k', 'cert/client_key.der', '-r', 'cert/client_cert.crt', '-p', 'server.der', cwd=cwd)

def refusals(cwd):
    server_cert(cwd)
    openssl = lambda *args: run('openssl', *args, cwd=cwd)
    openssl('req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', 'other.key', '-out',
            'other.pem', '-subj', '/CN=other')
    openssl('x509', '-in', 'other.pem', '-signkey', 'other.key', '-days', '-1', '-out', 'old.pem')
    write('', cwd, 'empty')
    write('{"commonName": "x", "ellipticCurve": "secp256r1", "RSAKeyLen": 2048}', cwd, 'both.json')
    write('{"commonName": "x", "ellipticCurve": "P-9"}', cwd, 'curve.json')
    write('{"commonName": "x"}', cwd, 'good.json')
    cfg = ['-c', f'{CONFIGS}/endpoint_cfg_cert']
    cases = [
        ([], '-p'),
        (['-p', 'server.pem'], '-C'),
        (['-p', 'empty', '-k', 'other.key', '-r', 'other.pem'], 'empty'),
        (['-p', 'nosuch', '-C', 'good.json'], 'nosuch'),
        (['-p', 'other.key', '-C', 'good.json'], 'other.key'),
        (['-p', 'server.pem', '-k', 'server.key', '-r', 'other.pem'], 'other.pem'),
        (['-p', 'server.pem', '-k', 'other.key', '-r', 'old.pem'], 'expired'),
        (['-p', 'server.pem', '-C', 'both.json'], 'RSAKeyLen'),
        (['-p', 'server.pem', '-C', 'curve.json'], 'P-9'),
        (['-p', 'server.pem', '-C', 'nosuch.json'], 'nosuch.json'),
        (['-p', 'server.pem', '-C', 'curve.json', '-c', 'nosuch.cfg'], 'nosuch.cfg'),
        (['-C', 'good.json'], '-p'),
        (['-p', 'server.pem', '-C', 'good.json', '-c', write(config(2, uri='coap://a'), cwd, 'uri.cfg')], 'coaps'),
    ]
    for args, word in cases:
        _, err = run(PTOOL, *cfg, *args, cwd=cwd, want=1)
        expect(f'{args} is told', word in err and err.startswith('ptool: ') and 'nexpected' not in err, err)
        expect(f'{args} leaves nothing', not os.path.exists(f'{cwd}/SenMLCBOR') and not os.path.exists(f'{cwd}/cert'),
               os.listdir(cwd))
    _, err = run(PTOOL, *cfg, '--no-check', '-p', 'server.pem', '-k', 'other.key', '-r', 'old.pem', cwd=cwd)
    expect('--no-check warns of the expired one', 'warning' in err and 'expired' in err, err)

def two_servers(cwd):
    """A bootstrap server with PSK and a management server with certificates."""
    server_cert(cwd)
    write("{OID.Security: {1: {0: 'coaps://bs', 1: True, 2: 0, 3: b'bs-id', 5: b'bs-key-0123456789'},"
          " 2: {0: 'coaps://dm', 1: False, 2: 2, 10: 7}}, OID.Server: {1: {0: 7, 1: 300, 6: False, 7: 'U'}}}", cwd, 'cfg')
    write('{}', cwd, 'info.json')
    run(PTOOL, '-c', 'cfg', '-e', 'urn:x', '-C', 'info.json', '-p', 'server.pem', cwd=cwd)
    packet = read(cwd, 'SenMLCBOR')
    for path, there in (('/0/1/3', 1), ('/0/1/4', 0), ('/0/1/5', 1), ('/0/2/3', 1), ('/0/2/4', 1), ('/0/2/5', 1)):
        expect(f'{path} of two servers', packet.count(path.encode()) == there, packet.count(path.encode()))
    expect('the PSK stays', b'bs-key-0123456789' in packet)

def other_certificate_device(cwd):
    """A device in mode cert is known by the subject of its certificate, however often that is made."""
    server_cert(cwd)
    write('{}', cwd, 'info.json')
    write(config(2, uri='coaps://a'), cwd, 'cfg')
    def made(name):
        run(PTOOL, '-c', 'cfg', '-e', name, '-C', 'info.json', '-p', 'server.pem', cwd=cwd)
        return read(cwd, 'SenMLCBOR')
    kept = lambda: [read(cwd, n) for n in os.listdir(cwd) if n.startswith('SenMLCBOR.')]
    first, second = made('urn:1'), made('urn:1')
    expect('the same device replaces its packet', first != second and kept() == [], len(kept()))
    third = made('urn:2')
    expect('the packet of another device is kept', third != second and kept() == [second], len(kept()))

def a_pair_of_its_own(cwd):
    """Of two accounts with certificates one has its own: it keeps it, the other takes the one that is made."""
    server_cert(cwd)
    write('{}', cwd, 'info.json')
    make = lambda cfg: run(PTOOL, '-c', cfg, '-e', 'urn:x', '-C', 'info.json', '-p', 'server.pem', cwd=cwd)
    write(config(2, uri='coaps://a'), cwd, 'one')
    make('one')
    own = read(cwd, 'cert/client_cert.der'), read(cwd, 'cert/client_key.der')
    values = f', 3: {own[0]!r}, 5: {own[1]!r}'
    write("{OID.Security: {1: {0: 'coaps://bs', 1: True, 2: 2%s}, 2: {0: 'coaps://dm', 1: False, 2: 2, 10: 7}},"
          " OID.Server: {1: {0: 7, 1: 300, 6: False, 7: 'U'}}}" % values, cwd, 'two')
    make('two')
    made = read(cwd, 'cert/client_cert.der'), read(cwd, 'cert/client_key.der')
    counts = [read(cwd, 'SenMLCBOR').count(x) for x in own + made]
    expect('one pair each', counts == [1, 1, 1, 1] and own[0] != made[0], counts)
    write(config(2, values, uri='coaps://a'), cwd, 'alone')
    make('alone')
    made = read(cwd, 'cert/client_cert.der'), read(cwd, 'cert/client_key.der')
    counts = [read(cwd, 'SenMLCBOR').count(x) for x in own + made]
    expect('alone, it takes what is made', counts == [0, 0, 1, 1], counts)
    run('openssl', 'x509', '-in', 'server.pem', '-outform', 'DER', '-out', 'server.der', cwd=cwd)
    write(config(2, f', 4: {read(cwd, "server.der")!r}', uri='coaps://a'), cwd, 'server')
    run(PTOOL, '-c', 'server', '-e', 'urn:x', '-C', 'info.json', cwd=cwd) # it needs no -p

def another_common_name(cwd):
    """Servers look for the endpoint name in the certificate: told by whatever makes a packet of both, or proves it."""
    server_cert(cwd)
    run(SIGNET, 'cert', 'make', '-e', 'urn:y', '-o', 'own', cwd=cwd)
    write(config(2, uri='coaps://127.0.0.1:9'), cwd, 'one')
    write('{"commonName": "urn:z"}', cwd, 'info.json')
    pair = '-k', 'own/client_key.der', '-r', 'own/client_cert.der'
    words = "/0/1/3: the common name of the certificate is '%s' and not the endpoint name"
    for tool, server, device in (([PTOOL], '-p', '-r'), ([SIGNET, 'provision'], '--server-cert', '--device-cert')):
        for name, args, common in (('urn:x', pair, 'urn:y'), ('urn:y', pair, None), ('urn:x', ('-C', 'info.json'), 'urn:z')):
            _, err = run(*tool, '-c', 'one', '-e', name, server, 'server.pem', *[device if a == '-r' else a for a in args], cwd=cwd)
            expect(f'{tool[-1]} {name}', err.count('common name') == bool(common) and (not common or words % common in err), err)
    run(PTOOL, '-c', 'one', '-e', 'urn:y', '-p', 'server.pem', *pair, cwd=cwd)
    for name in ('urn:x', 'urn:y'): # nobody listens there
        _, err = run(SIGNET, 'prove', '-e', name, '--timeout', '1', 'SenMLCBOR', cwd=cwd, want=1)
        expect(f'prove -e {name}', (words % 'urn:y' in err) == (name == 'urn:x'), err)

for test in (sample, other_psk_device, other_certificate_device, self_signed, refusals, two_servers, a_pair_of_its_own,
             another_common_name):
    with tempfile.TemporaryDirectory() as folder:
        test(folder)
print('\n'.join(failures) or 'ptool files: ok')
sys.exit(1 if failures else 0)
