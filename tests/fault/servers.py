#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every kind of simulated server with every fault: one device is registered by `signet register`.
Each case has a deadline in seconds, at which the command is killed and the test fails (they are as long as a slow
machine needs: nearly all cases end within one second), an exit code, and what the server has at the end; a second try
always ends with exactly one registration. Token, password and key are nowhere in what was printed."""
import concurrent.futures, json, os, shutil, subprocess, sys, tempfile

SIGNET = os.path.join(os.environ['SIGNET_BUILD'], 'signet')
TOKEN, PSK = 'T0kenCanary7d1f', b'PskCanary_012345'
ACCOUNT = ("RID.Security.ServerURI: 'coaps://h:5684', RID.Security.Mode: 0, RID.Security.SecretKey: %r,"
           " RID.Security.PKOrIdentity: b'identity-1', RID.Security.Bootstrap: " % PSK)
CONFIG = ("{OID.Security: {%s1: {" + ACCOUNT + "False, RID.Security.ShortServerID: 1}},"
          " OID.Server: {1: {RID.Server.ShortServerID: 1,"
          " RID.Server.Lifetime: 300, RID.Server.NotificationStoring: False, RID.Server.Binding: 'U'}}}")
KINDS = ('coiote', 'thingsboard', 'leshan', 'leshan-bootstrap')
# fault, exit code, a word of the message, devices after the first try, deadline
FAULTS = [
    ('', 0, 'registered', 1, 20),
    ('401', 1, '401', 0, 20),
    ('403', 1, '403', 0, 20),
    ('409', 1, '409', 0, 20),
    ('500', 1, '500', 0, 20),
    ('html', 1, '502', 0, 20),
    ('page=400', 1, 'not an answer of its API', 0, 20),
    ('page=409', 1, 'not an answer of its API', 0, 20),
    ('404', 1, '404', 0, 20),
    ('407', 1, '407', 0, 20),
    ('413', 1, '413', 0, 20),
    ('425', 1, '425', 0, 20),
    ('426', 1, '426', 0, 20),
    ('451', 1, '451', 0, 20),
    ('huge*9', 1, 'larger than', 0, 20),
    ('redirect', 1, '307', 0, 20),
    ('429=0', 0, 'registered', 1, 20),
    ('503=0*3', 0, 'registered', 1, 40),
    ('429=0*9', 1, '429', 0, 40),
    ('truncate', 0, 'registered', 1, 40),
    ('drop', 0, 'registered', 1, 40),
    ('commit-then-drop', 0, 'registered', 1, 40),
    ('commit-then-drop,503=0', 0, 'registered', 1, 40),
    ('portal', 0, 'registered', 1, 40),
    ('portal*9', 1, 'web page', 0, 40),
    ('429=0,commit-then-drop', 0, 'registered', 1, 40),
    ('401,503=0', 1, '401', 0, 20),
    ('slow', 0, 'registered', 1, 20),
    ('latency=300', 0, 'registered', 1, 20),
    ('latency=2600', 1, 'no answer in time', None, 40),
    ('bad-tls=expired', 1, 'has expired', 0, 20),
    ('bad-tls=not-yet-valid', 1, 'not valid yet', 0, 20),
    ('bad-tls=wrong-host', 1, 'another host name', 0, 20),
    ('bad-tls=untrusted', 1, 'no authority in', 0, 20),
]
passed = 0


def expect(what, good, detail=''):
    global passed
    if not good:
        sys.exit(f'FAIL {what}: {detail}')
    passed += 1


class Sim:
    def __init__(self, folder, kind, fault):
        self.ca = os.path.join(folder, 'ca.pem')
        self.process = subprocess.Popen(
            [SIGNET, 'sim', 'server', '--json', '--until-eof', '--kind', kind, '-t', TOKEN, '--ca-file', self.ca]
            + (['-m', fault] if fault else []), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.port = json.loads(self.process.stdout.readline())['port']

    def end(self):
        self.process.stdin.close()
        state = json.loads(self.process.stdout.readline())
        self.process.wait(40)
        return state


def register(folder, sim, kind, *more, auth=None, deadline=40):
    info = {'kind': kind, 'url': 'https://127.0.0.1', 'port': sim.port, 'ca_file': sim.ca}
    if kind == 'coiote':
        info['domain'] = '/acme/'
    if auth:
        info.update(auth=auth, user='anna')
        if kind == 'coiote':
            info.update(realm='acme')
    paths = {name: os.path.join(folder, name) for name in ('server.json', 'cfg', 'token')}
    config = CONFIG % ('0: {' + ACCOUNT + 'True}, ' if kind == 'leshan-bootstrap' else '')
    for name, text in (('server.json', json.dumps(info)), ('cfg', config), ('token', TOKEN)):
        with open(os.open(paths[name], os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), 'w') as f:
            f.write(text)
    p = subprocess.run([SIGNET, 'register', '-s', paths['server.json'], '-e', 'urn:dev:os:1', '-c', paths['cfg'],
                        '--token-file', paths['token'], '--timeout', '2', *([] if '--attempts' in more else ['--attempts', '4']), *more],
                       capture_output=True, text=True, timeout=deadline, stdin=subprocess.DEVNULL,
                       env={k: v for k, v in os.environ.items() if k != 'SIGNET_TOKEN'})
    for secret in (TOKEN, PSK.decode(), PSK.hex()):
        expect('no secret is shown', secret not in p.stdout + p.stderr, p.stderr)
    return p


def one(kind, fault, code, words, devices, deadline):
    name = f'{kind} with {fault or "no fault"}'
    with tempfile.TemporaryDirectory() as folder:
        sim = Sim(folder, kind, fault)
        more = ['--attempts', '1'] if fault == 'latency=2600' else []
        p = register(folder, sim, kind, *more, deadline=deadline)
        text = p.stdout + p.stderr
        expect(name, p.returncode == code, f'exit {p.returncode}: {text}')
        expect(name, words in text, f'wanted {words!r} in {text}')
        again = not fault.startswith(('bad-tls', 'latency=26', '429=0*9', 'portal*9', 'huge*9'))
        if again:
            p = register(folder, sim, kind, deadline=deadline)
            expect(name, p.returncode == 0, 'the second try: ' + p.stderr)
        state = sim.end()
        if again:
            expect(name, state['devices'] == 1, f'{state} at the end')
        elif devices is not None:
            expect(name, state['devices'] == devices, f'{state} at the end')
        if fault.startswith('bad-tls'):
            expect(name, state['requests'] == 0, f'{state}: something was sent')


# what the look-up after "exists already" meets, and the code of the error: the device is there, and waits
LOOKUPS = [
    ('look-500', 'net'), ('look-503=0*4', 'net'), ('look-429=0*4', 'net'), ('look-drop*5', 'net'),
    ('look-truncate*4', 'net'), ('look-html', 'net'), ('look-portal', 'net'), ('look-page=400', 'net'),
    ('look-huge', 'net'), ('look-401', 'auth'),
]


def lookup(kind, fault, code):
    with tempfile.TemporaryDirectory() as folder:
        sim = Sim(folder, kind, fault)
        expect(f'{kind}: made', register(folder, sim, kind).returncode == 0)
        p = register(folder, sim, kind, '--json')
        error = [json.loads(line) for line in p.stdout.splitlines()][-1]
        expect(f'{kind}, {fault}', p.returncode == 1 and error.get('code') == code, error)
        p = register(folder, sim, kind)
        expect(f'{kind}, {fault}, again', p.returncode == 0 and 'before' in p.stdout, p.stdout + p.stderr)
        expect(f'{kind}, {fault}, devices', sim.end()['devices'] == 1)


# what a removal meets; exit code, a word, and how many devices are left
REMOVALS = [
    ('', 0, 'removed', 0), ('remove-drop', 0, 'removed', 0), ('remove-commit-then-drop', 0, '', 0),
    ('remove-503=0*3', 0, 'removed', 0), ('remove-truncate', 0, 'removed', 0), ('remove-slow', 0, 'removed', 0),
    ('remove-503=0*9', 1, '503', 1), ('remove-500', 1, '500', 1), ('remove-403', 1, '403', 1), ('remove-400', 1, '400', 1),
    ('remove-page=400', 1, 'not an answer of its API', 1), ('remove-page=404', 1, 'not an answer of its API', 1),
    ('remove-portal', 1, 'web page', 1), ('remove-redirect', 1, '307', 1), ('remove-huge', 1, 'larger than', 1),
    ('remove-404', 0, '', 1),
]


def removal(kind, fault, code, word, left):
    with tempfile.TemporaryDirectory() as folder:
        sim = Sim(folder, kind, fault)
        expect(f'{kind}: made', register(folder, sim, kind).returncode == 0)
        p = register(folder, sim, kind, '--remove')
        expect(f'{kind}, {fault}', p.returncode == code and word in p.stdout + p.stderr, p.stdout + p.stderr)
        if not code and not left:
            p = register(folder, sim, kind, '--remove', '--json')
            expect(f'{kind}, {fault}, again', p.returncode == 0 and '"was not there"' in p.stdout, p.stdout + p.stderr)
        expect(f'{kind}, {fault}', sim.end()['devices'] == left)


def logins():
    for kind, auth in (('coiote', 'password'), ('coiote', 'client-credentials'), ('thingsboard', 'password')):
        with tempfile.TemporaryDirectory() as folder:
            sim = Sim(folder, kind, '')
            p = register(folder, sim, kind, auth=auth)
            expect(f'{kind} {auth}', p.returncode == 0, p.stderr)
            state = sim.end()
            expect(f'{kind} {auth}', (state['devices'], state['logins']) == (1, 1), state)
    with tempfile.TemporaryDirectory() as folder:
        sim = Sim(folder, 'thingsboard', '')
        p = register(folder, sim, 'thingsboard', auth='client-credentials')
        expect('an auth that this kind has not', p.returncode != 0 and "'auth' has a word" in p.stderr, p.stderr)
        expect('nothing was sent', sim.end()['requests'] == 0)


def system_authorities():
    """A server whose authority the system trusts, in libcurl's own folder and file: taken without a ca_file, refused
    with one that names another authority. The folder is another one for these programs only."""
    def trusting(system, *command):
        return ['unshare', '-rm', 'sh', '-c', 'mount --bind "$0" /etc/ssl/certs && exec "$@"', system, *command]
    if subprocess.run(trusting('/tmp', 'true'), capture_output=True).returncode != 0:
        print('system_authorities: this machine gives no mount namespace: skipped')
        return
    for place in ('folder', 'file'):
        with tempfile.TemporaryDirectory() as folder:
            system, other = os.path.join(folder, 'system'), os.path.join(folder, 'other.pem')
            os.makedirs(system)
            sim = Sim(folder, 'coiote', '')
            subprocess.run(['openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes',
                            '-subj', '/CN=other', '-keyout', '/dev/null', '-out', other], check=True, capture_output=True)
            shutil.copy(sim.ca if place == 'file' else other, os.path.join(system, 'ca-certificates.crt'))
            if place == 'folder':
                shutil.copy(sim.ca, system)
                subprocess.run(['openssl', 'rehash', system], check=True, capture_output=True)
            files = {}
            for who, ca in (('trusted', None), ('exclusive', other)):
                files[who] = os.path.join(folder, who + '.json')
                info = {'kind': 'coiote', 'url': 'https://127.0.0.1', 'port': sim.port, 'domain': '/acme/'}
                with open(files[who], 'w') as f:
                    json.dump({**info, **({'ca_file': ca} if ca else {})}, f)
            token = os.path.join(folder, 'token')
            with open(os.open(token, os.O_WRONLY | os.O_CREAT, 0o600), 'w') as f:
                f.write(TOKEN)
            p = {who: subprocess.run(trusting(system, SIGNET, 'server', 'check', '--token-file', token, files[who]),
                                     capture_output=True, text=True, timeout=60) for who in files}
            expect(f'the system trusts it ({place})', p['trusted'].returncode == 0, p['trusted'].stderr)
            expect(f'ca_file is exclusive ({place})',
                   p['exclusive'].returncode == 1 and 'no authority in' in p['exclusive'].stderr, p['exclusive'])
            expect('only the first was sent', sim.end()['requests'] == 1)


with concurrent.futures.ThreadPoolExecutor(4 * len(KINDS)) as pool:  # mostly they wait
    for future in ([pool.submit(one, kind, *case) for case in FAULTS for kind in KINDS] +
                   [pool.submit(lookup, kind, *case) for case in LOOKUPS for kind in ('coiote', 'thingsboard')] +
                   [pool.submit(removal, kind, *case) for case in REMOVALS for kind in KINDS]):
        future.result()
logins()
system_authorities()
print(f'{len(KINDS) * len(FAULTS) + 2 * len(LOOKUPS) + len(KINDS) * len(REMOVALS) + 4} cases, {passed} checks passed')
