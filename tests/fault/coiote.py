#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Registration at a faithful Coiote with faults: exit code, what the server has afterwards, and
that token and key are never shown or sent elsewhere."""
import json, os, subprocess, sys, tempfile, time
from _coiote import API, TOKEN, Coiote, commit_then_drop, drop, stall, status, truncated

SIGNET = os.path.join(os.environ['SIGNET_BUILD'], 'signet')
PSK = b'PskCanary_0123456789'
CONFIG = ("{OID.Security: {1: {RID.Security.ServerURI: 'coaps://h:5684', RID.Security.Bootstrap: False,"
          " RID.Security.Mode: 0, RID.Security.PKOrIdentity: b'identity-1', RID.Security.SecretKey: %r,"
          " RID.Security.ShortServerID: 1}}, OID.Server: {1: {RID.Server.ShortServerID: 1,"
          " RID.Server.Lifetime: 300, RID.Server.NotificationStoring: False, RID.Server.Binding: 'U'}}}")
passed = 0


def expect(what, condition, detail=''):
    global passed
    if not condition:
        sys.exit(f'FAIL {what}: {detail}')
    passed += 1


def run(folder, server, *more, endpoint='urn:dev:os:1', token=TOKEN, ca=True, key=PSK):
    cfg, tok = os.path.join(folder, 'cfg'), os.path.join(folder, 'token')
    with open(cfg, 'w') as f:
        f.write(CONFIG % key)
    with open(os.open(tok, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), 'w') as f:
        f.write(token + '\n')
    args = [SIGNET, 'register', '-s', server.info(folder), '-e', endpoint, '-c', cfg, '--token-file', tok,
            '--timeout', '2', *more]
    if ca and not server.plain:
        args += ['--ca-file', server.ca]
    p = subprocess.run(args, capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL)
    for secret in (TOKEN, PSK.decode(), PSK.hex()):
        expect('no secret is shown', secret not in p.stdout + p.stderr, p.stderr)
    return p


def simple_faults(folder):
    """fault, attempts, exit code, word of the message, devices at the server afterwards"""
    html = b'<html>bad gateway</html>'
    cases = [
        ('400', [status(400, 'bad')], 1, 'Coiote server error: 400 bad', 0),
        ('401', [status(401, 'expired')], 1, '401 expired', 0),
        ('403', [status(403, 'no permission')], 1, '403 no permission', 0),
        ('404', [status(404, 'nothing here')], 1, '404', 0),
        ('409 without the device', [status(409, 'conflict')], 1, '409 conflict', 0),
        ('500', [status(500, 'oops')], 1, '500 oops', 0),
        ('502 page', [status(502, raw=html)], 1, 'not an answer of its API', 0),
        ('300', [status(300, 'choices')], 1, '300', 0),
        ('302', [status(302, 'moved', [('Location', '/elsewhere')])], 1, 'redirect is not followed', 0),
        ('307', [status(307, 'moved', [('Location', 'https://127.0.0.1:1/')])], 1, '307', 0),
        ('429 once', [status(429, 'slow down', [('Retry-After', '0')])], 0, 'signet: again after: the server answered 429', 1),
        ('503 once', [status(503, 'busy', [('Retry-After', '0')])], 0, 'registered', 1),
        ('503 twice, no Retry-After', [status(503, 'busy')] * 2, 0, 'registered', 1),
        ('503 with a date that is past',
         [status(503, 'busy', [('Retry-After', 'Wed, 21 Oct 2015 07:28:00 GMT')])], 0, 'registered', 1),
        ('503 with nonsense in Retry-After', [status(503, 'x', [('Retry-After', '-5 soon')])], 0, 'registered', 1),
        ('429 for ever', [status(429, 'slow down', [('Retry-After', '0')])] * 9, 1, '429 slow down', 0),
        ('503 for ever', [status(503, 'busy', [('Retry-After', '0')])] * 9, 1, '503 busy', 0),
        ('dropped before the answer', [drop], 0, 'registered', 1),
        ('dropped twice', [drop, drop], 0, 'registered', 1),
        ('truncated answer', [truncated], 0, 'registered', 1),
        ('stalled', [stall(3)], 0, 'registered', 1),
        ('empty 200', [lambda h, b: h.answer(200, raw=b'')], 0, 'registered', 1),
        ('empty 204 for ever', [lambda h, b: h.answer(204, raw=b'')] * 9, 1, 'not by what the server says', 0),
        ('huge error', [status(400, 'x' * 5000)], 1, '400 xxx', 0),
        ('body over 1 MiB', [status(400, raw=b'y' * (2 << 20))] * 3, 1, 'larger than', 0),
        ('control characters in the error', [status(400, 'a\x1b[31mb\n')], 1, '\\x1b', 0),
        ('the key in the error', [status(400, 'bad key ' + PSK.hex())], 1, 'bad key ' + 2 * len(PSK) * '*', 0),
        ('the key in the error, upper case', [status(400, PSK.hex().upper())], 1, 2 * len(PSK) * '*', 0),
        ('error is no string', [status(400, {'a': 1})], 1, '400', 0),
        ('an array as answer', [status(400, raw=b'[1]')], 1, '400', 0),
        ('deep JSON', [status(400, raw=b'[' * 100000)], 1, '400', 0),
    ]
    for name, faults, code, words, devices in cases:
        with Coiote(folder, faults=faults) as server:
            p = run(folder, server)
            text = p.stdout + p.stderr
            expect(name, p.returncode == code, f'exit {p.returncode}: {text}')
            expect(name, words in text, f'wanted {words!r} in {text}')
            expect(name, len(server.devices) == devices, f'{len(server.devices)} devices')


def lost_answers(folder):
    server = Coiote(folder)
    server.faults = [commit_then_drop(lambda: server)]
    with server:
        p = run(folder, server)
        expect('commit, then drop', p.returncode == 0 and server.posts_done == 1, p.stderr)
        expect('one POST only', [r[0] for r in server.requests].count('POST') == 1, server.requests)
        p = run(folder, server)
        expect('the same again', p.returncode == 0 and 'before' in p.stdout, p.stdout + p.stderr)
        p = run(folder, server, key=b'another key of 20 by')
        expect('another key', p.returncode == 1 and 'its PSK is not the same' in p.stderr, p.stderr)
        p = run(folder, server, endpoint='urn:dev:os:2')
        expect('identity taken', p.returncode == 1 and 'already taken' in p.stderr, p.stderr)
        expect('one device', len(server.devices) == 1)
        p = run(folder, server, '--find')
        expect('find', p.returncode == 0, p.stderr)
        p = run(folder, server, '--remove')
        expect('remove', p.returncode == 0 and not server.devices, p.stderr)
        p = run(folder, server, '--find')
        expect('find nothing', p.returncode == 1 and 'no device' in p.stderr, p.stderr)
    with Coiote(folder, get_faults=[status(403, 'no search')]) as server:
        run(folder, server)
        server.get_faults = [status(403, 'no search')]
        p = run(folder, server)
        expect('the other search', p.returncode == 0, p.stderr)


def request_is_the_references(folder):
    with Coiote(folder) as server:
        run(folder, server)
        method, path, headers, body = server.requests[0]
        expect('call', (method, path) == ('POST', API + '/devices'))
        expect('headers', headers['Accept'] == 'application/json'
               and headers['Content-Type'] == 'application/json')
        want = {'properties': {'endpointName': 'urn:dev:os:1'}, 'connectorType': 'management',
                'domain': '/acme/', 'securityMode': 'psk', 'dtlsIdentity': 'identity-1',
                'dtlsPsk': {'HexadecimalPsk': PSK.hex()}}
        expect('body', body.decode() == json.dumps(want), body)


def bad_tls(folder):
    with Coiote(folder) as server:
        p = run(folder, server, ca=False)
        expect('unknown authority', p.returncode == 1 and 'TLS' in p.stderr, p.stderr)
        expect('nothing was sent', not server.requests, server.requests)
    with Coiote(folder, name='elsewhere.example') as server:
        p = run(folder, server)
        expect('wrong host name', p.returncode == 1 and not server.requests, p.stderr)
    with Coiote(folder, plain=True) as server:
        p = run(folder, server)
        expect('plain http is refused', p.returncode != 0 and not server.requests, p.stderr)
        expect('and says how', 'allow-http' in p.stderr, p.stderr)
        p = run(folder, server, '--allow-http')
        expect('plain http when asked for', p.returncode == 0, p.stderr)


def no_server(folder):
    server = Coiote(folder)
    server.__exit__()
    started = time.monotonic()
    p = run(folder, server, '--attempts', '2')
    expect('nobody listens', p.returncode == 1 and 'refused' in p.stderr, p.stderr)
    expect('and it ends', time.monotonic() - started < 50)
    with Coiote(folder) as server:
        p = run(folder, server, token='wrong token')
        expect('blank in the token', p.returncode != 0 and not server.requests, p.stderr)
        p = run(folder, server, token='')
        expect('empty token', p.returncode != 0 and not server.requests, p.stderr)
        os.chmod(os.path.join(folder, 'token'), 0o644)
        p = subprocess.run([SIGNET, 'register', '-s', server.info(folder), '-e', 'x', '-c',
                            os.path.join(folder, 'cfg'), '--token-file', os.path.join(folder, 'token')],
                           capture_output=True, text=True)
        expect('open token file', p.returncode == 1 and 'chmod 600' in p.stderr, p.stderr)
        expect('nothing was sent', not server.requests)


with tempfile.TemporaryDirectory() as folder:
    request_is_the_references(folder)
    simple_faults(folder)
    lost_answers(folder)
    bad_tls(folder)
    no_server(folder)
print(f'{passed} checks passed')
