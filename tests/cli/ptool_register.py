#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""ptool registers a device: what goes over the wire, where the token comes from, what is refused."""
import json, os, subprocess, sys, tempfile

from _coiote import Coiote

PTOOL = os.path.join(os.environ['SIGNET_BUILD'], 'ptool')
CONFIG = os.path.join(os.environ['SIGNET_SOURCE'], 'examples/configs/endpoint_cfg')
TOKEN = 'cAnArY.tOkEn-1'
failures = []

def expect(name, ok, seen=''):
    if not ok:
        failures.append(f'{name}: {seen}')

def ptool(*args, cwd, env=None, stdin='', want=0):
    full = {k: v for k, v in os.environ.items() if k != 'SIGNET_TOKEN' and not k.lower().endswith('_proxy')}
    full.update(env or {})
    p = subprocess.run([PTOOL, '-c', CONFIG, *args], cwd=cwd, env=full, input=stdin, capture_output=True, text=True, timeout=100)
    expect(f'{args}', p.returncode == want, (p.returncode, p.stdout, p.stderr))
    expect(f'{args} keeps the token', TOKEN not in p.stdout + p.stderr, p.stderr)
    return p.stderr

def certificate(cwd, server, token):
    """Coiote's API takes no certificates: they are put where a person finds them, and sent nowhere."""
    with open(f'{cwd}/x509', 'w') as f:
        f.write("{0: {0: {0: 'coaps://h:5684', 1: False, 2: 2, 10: 1}}, 1: {0: {0: 1, 1: 300, 6: True, 7: 'U'}}}")
    with open(f'{cwd}/info.json', 'w') as f:
        f.write('{"organizationName": "ACME"}')
    subprocess.run([os.path.join(os.path.dirname(PTOOL), 'signet'), 'cert', 'make', '-e', 'server', '-o', 'srv'], cwd=cwd, check=True,
                   capture_output=True)
    args = ['-c', 'x509', '-e', 'cert-1', '-C', 'info.json', '-p', 'srv/client_cert.der', '-s', server.info(cwd), '--ca-file', server.ca,
            '--token-file', token]
    for _ in range(2):
        p = subprocess.run([PTOOL, *args], cwd=cwd, capture_output=True, text=True, timeout=100)
        expect('a certificate device is registered', p.returncode == 0, p.stderr)
    expect('in mode cert', json.loads(server.posts()[-1][3])['securityMode'] == 'cert' and
           json.loads(server.posts()[-1][3])['dtlsPsk'] is None, server.posts()[-1])
    with open(f'{cwd}/uploads/to-upload.tsv') as f:
        lines = [line.split('\t') for line in f.read().splitlines()]
    expect('both are listed', [line[:2] for line in lines] == 2 * [['cert-1', 'cert-1.pem']], lines)
    with open(f'{cwd}/uploads/cert-1.pem') as a, open(f'{cwd}/cert/client_cert.crt') as b:
        expect('the certificate to upload', a.read() == b.read())

def main(cwd):
    server = Coiote(cwd, token=None)
    name = 'urn:dev:os:1'
    register = ['-s', server.info(cwd), '-e', name, '--ca-file', server.ca]
    with open(os.path.join(cwd, 'token'), 'w') as f:
        f.write(TOKEN + '\n')
    os.chmod(f.name, 0o600)

    server.faults = [lambda h, _: h.answer(429, {'error': 'slow down'}, headers=[('Retry-After', '0')])]
    err = ptool(*register, '-t', TOKEN, cwd=cwd)
    expect('a token in argv is warned of', 'can be seen by others' in err, err)
    expect('another attempt is told', 'ptool: trying again after: the server answered 429' in err, err)
    _, path, headers, body = server.posts()[-1]
    expect('path', path == '/api/coiotedm/v3/devices', path)
    expect('token', headers.get('Authorization') == f'Bearer {TOKEN}', headers)
    expect('body', json.loads(body) == {
        'properties': {'endpointName': name}, 'connectorType': 'management', 'domain': '/acme/', 'securityMode': 'psk',
        'dtlsIdentity': 'urn:dev:os:signet-sample-0001', 'dtlsPsk': {'HexadecimalPsk': '8f1c6a52d07b43e99a2e5d40c7b8136f'}}, body)
    expect('the packet is there too', os.path.exists(f'{cwd}/SenMLCBOR'))
    for way, args, more in (('file', ['--token-file', 'token'], {}), ('environment', [], {'env': {'SIGNET_TOKEN': TOKEN}}),
                            ('standard input', ['-t', '-'], {'stdin': TOKEN + '\n'})):
        count = len(server.posts())
        err = ptool(*register, *args, cwd=cwd, **more)
        expect(f'token from {way}', len(server.posts()) == count + 1 and
               server.posts()[-1][2].get('Authorization') == f'Bearer {TOKEN}', server.posts()[-1])
        expect(f'no warning with a token from {way}', err == '', err)

    count = len(server.requests)
    os.chmod(f'{cwd}/token', 0o644)
    err = ptool(*register, '--token-file', 'token', cwd=cwd, want=1)
    expect('a token file that others can read', 'chmod 600' in err, err)
    os.chmod(f'{cwd}/token', 0o600)
    err = ptool('-s', server.info(cwd), '-e', name, '--token-file', 'token', cwd=cwd, want=1)
    expect('an unknown authority is refused', 'ertificate' in err, err)
    err = ptool(*register[:3], 'x' * 151, *register[4:], '--token-file', 'token', cwd=cwd, want=1)
    expect('a name that Coiote does not take', '150' in err, err)
    expect('and none of these reached the server', len(server.requests) == count, server.requests[count:])

    server.devices.clear()  # a device that is there already would not be refused
    for status, body, words in ((403, {'error': 'no such right'}, ['403', 'no such right']), (401, {}, ['401']),
                                (400, {'error': 'bad \x1b[31m domain'}, ['400', 'domain']), (404, b'<html>', ['404']),
                                (302, {}, ['302'])):
        server.answer = (status, body)
        err = ptool(*register, '--token-file', 'token', cwd=cwd, want=1)
        expect(f'{status} is told', all(w in err for w in words) and '\x1b' not in err, err)
    server.answer = (201, {'id': 'x'})
    certificate(cwd, server, f'{cwd}/token')
    server.close()

    plain = Coiote(cwd, plain=True, token=None)
    register = ['-s', plain.info(cwd), '-e', name, '--token-file', 'token']
    err = ptool(*register, cwd=cwd, want=1)
    expect('http is refused', 'http' in err and not plain.requests, err)
    ptool(*register, '--allow-http', cwd=cwd)
    expect('http where it is allowed', len(plain.posts()) == 1, plain.requests)
    plain.close()

with tempfile.TemporaryDirectory() as folder:
    main(folder)
print('\n'.join(failures) or 'ptool register: ok')
sys.exit(1 if failures else 0)
