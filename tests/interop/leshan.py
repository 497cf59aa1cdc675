#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The real Leshan: devices are onboarded at it and proved, and those that must not get in do not. Of its demo servers the
central repository of Maven has 2.0.0-M4 only; of the other versions it has the engine (LwM2M, DTLS, bootstrap), which
leshan/*.java puts behind the REST calls of the demos. Without Maven the test is skipped, and fails in CI.
LESHAN_VERSIONS="1.0.0 2.0.0-M5" tries other versions than the usual ones."""
import contextlib, ctypes, json, os, re, shutil, subprocess, sys, tempfile, threading, time, warnings

import _leshan_stacks, _stack_certs, _tools
from _port import free_port

BUILD = os.path.abspath(os.environ['SIGNET_BUILD'])
HERE = os.path.dirname(os.path.abspath(__file__))
SIGNET, PTOOL = os.path.join(BUILD, 'signet'), os.path.join(BUILD, 'ptool')
CONFIGS = os.path.join(os.environ['SIGNET_SOURCE'], 'examples/configs')
PLUGIN = 'org.apache.maven.plugins:maven-dependency-plugin:3.6.1'
VERSIONS = os.environ.get('LESHAN_VERSIONS', '1.5.0 2.0.0-M15').split()
DEMO = 'org.eclipse.leshan:leshan-server-demo:2.0.0-M4:jar:jar-with-dependencies'
JAVA = ['java', '-Xmx256m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-Xshare:auto']  # soon there, not fast for long
failures = []
warnings.simplefilter('ignore')

def expect(name, ok, seen=''):
    if not ok:
        failures.append(f'{name}: {seen}')

def cannot(why):
    print(why)
    sys.exit(1 if os.environ.get('CI') == 'true' else 77)

def fetch():
    """The jars: a folder for each version, and the demo's."""
    if not (shutil.which('mvn') and shutil.which('javac')):
        cannot('no Maven or no Java: scripts/setup test installs them')
    libs = {v: _tools.maven(f'leshan-{v}', '-f', f'{HERE}/leshan/pom.xml', f'-Dleshan={v}', f'{PLUGIN}:copy-dependencies', cwd=BUILD)
            for v in VERSIONS}
    demo = _tools.maven('leshan-demo-2.0.0-M4', f'{PLUGIN}:copy', f'-Dartifact={DEMO}', cwd=BUILD)
    return libs, next(os.path.join(demo, f) for f in os.listdir(demo) if f.endswith('.jar'))

def compiled(version, lib):
    """The class path of what leshan/*.java puts behind a version's engine, and the name of its class."""
    name = 'OldServers' if is_old(version) else 'Servers'
    source = f'{HERE}/leshan/{name}.java'
    with open(source, encoding='utf-8') as f:
        folder, why = _tools.once(_tools.with_hash(f'leshan-{version}-servers', f.read()),
                                  ['javac', '-nowarn', '-d', '{folder}', '-cp', f'{lib}/*', source])
    return [f'{folder}:{lib}/*', name] if folder else cannot(why)

def read_until(stream, pattern, seconds=120):
    """A line of the server's that fits; what comes after is read away."""
    found = []
    ready = threading.Event()
    def drain():
        for line in stream:
            m = re.search(pattern, line)
            if m and not found:
                found.append(m)
                ready.set()
        ready.set()
    threading.Thread(target=drain, daemon=True).start()
    ready.wait(seconds)
    return found[0] if found else None

def is_old(version):
    return version.startswith('1.') or version in ('2.0.0-M2', '2.0.0-M4', '2.0.0-M5')

CERTS = _stack_certs.Certs()

def server_cert(folder):
    os.makedirs(f'{folder}/server')
    shown = CERTS.issue(cn='127.0.0.1', by='Factory CA', ca=False)
    for name, data in (('client_key.der', _stack_certs.der_key(CERTS.key('p256'))), ('client_cert.der', shown.public_bytes(_stack_certs.DER))):
        with open(f'{folder}/server/{name}', 'wb') as f:
            f.write(data)

def stacks(ports, folder, where, label):
    """Two stacks, one table of verdicts: interop/stacks has those of other servers."""
    table = _leshan_stacks.rows(CERTS, CERTS.issue(cn='127.0.0.1', by='Factory CA', ca=False), CERTS.authority())
    for line in _leshan_stacks.compare(SIGNET, CERTS, table, ports, folder, ['-s', where, '--allow-http']):
        failures.append(f'{label}: {line}')

@contextlib.contextmanager
def engine(version, lib, folder):
    server_cert(folder)
    p = subprocess.Popen([*JAVA, '-cp', *compiled(version, lib), f'{folder}/server/client_key.der',
                          f'{folder}/server/client_cert.der'], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                         stderr=subprocess.DEVNULL, text=True, cwd=folder)
    try:
        m = read_until(p.stdout, r'^\{.*\}$')
        if not m:
            raise RuntimeError(f'Leshan ({version}) did not start')
        yield json.loads(m.group(0))
    finally:
        p.stdin.close()
        p.wait(60)

def has_mbedtls():
    try:
        return ctypes.CDLL('libmbedtls.so.14')
    except OSError:
        print('no Mbed TLS: its verdicts are not compared')
        return None

@contextlib.contextmanager
def demo(jar, folder):
    cwd = os.path.join(folder, 'demo')
    os.makedirs(cwd)
    for _ in range(3):
        web = free_port()
        opens = [f'--add-opens=java.base/{package}=ALL-UNNAMED' for package in ('java.lang', 'java.net', 'java.util', 'java.time')]
        p = subprocess.Popen([*JAVA, *opens, '-jar', jar, '-lh', '127.0.0.1', '-lp', '0', '-slh', '127.0.0.1', '-slp', '0',
                              '-wh', '127.0.0.1', '-wp', str(web)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=cwd)
        m = read_until(p.stdout, r'started at coap:///?/?127.0.0.1:(\d+) coaps:///?/?127.0.0.1:(\d+)')
        for _ in range(200):
            if m and subprocess.run([SIGNET, 'register', '-s', server(folder, 'demo', 'leshan', web), '-e', 'nobody', '--find',
                                     '--allow-http'], capture_output=True, text=True, timeout=60).stderr.find('has no device') >= 0:
                break
            if p.poll() is not None:
                m = None
                break
            time.sleep(0.1)
        if m:
            break
        p.kill()
    try:
        if not m:
            raise RuntimeError('the demo server (2.0.0-M4) did not start')
        yield {'web': web, 'coap': int(m.group(1)), 'coaps': int(m.group(2))}
    finally:
        p.terminate()
        p.wait(60)

def server(folder, name, kind, port, **more):
    path = os.path.join(folder, f'{name}.json')
    with open(path, 'w') as f:
        json.dump({'kind': kind, 'url': 'http://127.0.0.1', 'port': port, **more}, f)
    return path

def run(*args, cwd, want=0, tool=SIGNET):
    p = subprocess.run([tool, *args], cwd=cwd, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120)
    expect(' '.join(args), p.returncode == want, (p.returncode, p.stdout, p.stderr))
    return p.stdout + p.stderr

def config(folder, name, accounts):
    """accounts: (uri, bootstrap, mode, more, ssid)"""
    security = ', '.join(f'{i}: {{0: {uri!r}, 1: {bs}, 2: {mode}{more}' + (f', 10: {ssid}' if ssid else '') + '}'
                         for i, (uri, bs, mode, more, ssid) in enumerate(accounts))
    servers = ', '.join(f"{i}: {{0: {ssid}, 1: 300, 6: True, 7: 'U'}}" for i, (*_, ssid) in enumerate(accounts) if ssid)
    path = os.path.join(folder, name)
    with open(path, 'w') as f:
        f.write(f'{{0: {{{security}}}, 1: {{{servers}}}}}')
    return path

def psk(uri, identity, key):
    return (uri, False, 0, f", 3: b'{identity}', 5: b'{key}'", 1)

def modes(ports, folder, where, label, server_has_name=True):
    """PSK, X.509 and no security; and what must not get in."""
    secure, plain = f'coaps://127.0.0.1:{ports["coaps"]}', f'coap://127.0.0.1:{ports["coap"]}'
    api = ['-s', where, '--allow-http']
    ask = ['--ask', where, '--allow-http']
    name = 'urn:dev:os:psk-1'
    good = config(folder, 'psk', [psk(secure, 'id-1', 'secret-key-of-16')])
    out = run('prove', '-c', good, '-e', name, '--timeout', '4', cwd=folder, want=1)
    expect(f'{label}: unknown is refused', "handshake: " in out and "does not know the PSK identity 'id-1' yet" in out, out)
    out = run('prove', '-c', good, '-e', name, '--timeout', '3', *ask, cwd=folder, want=1)
    expect(f'{label}: unknown, by its own word', f"handshake: unknown PSK identity: the server does not know '{name}' yet" in out, out)
    run('register', '-e', name, '-c', good, *api, cwd=folder)
    run('register', '-e', name, '--find', *api, cwd=folder)
    out = run('prove', '-c', good, '-e', name, *ask, cwd=folder)
    expect(f'{label}: psk', out.startswith('in: 1 server') and 'CCM8' in out and '/rd/' in out, out)
    # a wrong key, another device's name, another device with the same identity
    bad = config(folder, 'bad', [psk(secure, 'id-1', 'secret-key-of-1X')])
    out = run('prove', '-c', bad, '-e', name, '--timeout', '3', cwd=folder, want=1)
    expect(f'{label}: wrong key', 'handshake: ' in out and "another PSK for it" in out, out)
    out = run('prove', '-c', bad, '-e', name, '--timeout', '3', *ask, cwd=folder, want=1)
    expect(f'{label}: wrong key, by its own word', f"handshake: wrong PSK: the server knows '{name}'" in out, out)
    out = run('prove', '-c', good, '-e', 'urn:dev:os:other', '--timeout', '10', cwd=folder, want=1)
    expect(f'{label}: wrong name', 'register: the server answered 4.03' in out and 'belong' in out, out)
    out = run('register', '-e', 'urn:dev:os:second', '-c', good, *api, cwd=folder, want=1)
    expect(f'{label}: same identity twice', 'already used' in out and 'its own' in out, out)
    # certificates: the server's is pinned, the device's names it
    run('cert', 'fetch', '--dtls', f'127.0.0.1:{ports["coaps"]}', '-o', 'server.der', cwd=folder)
    x509 = config(folder, 'x509', [(secure, False, 2, '', 1)])
    shutil.copy(f'{CONFIGS}/cert_info.json', folder)
    run('-c', x509, '-e', 'cert-1', '-C', 'cert_info.json', '-p', 'server.der', cwd=folder, tool=PTOOL)
    run('register', '-e', 'cert-1', '-P', 'SenMLCBOR', *api, cwd=folder)
    if server_has_name:
        out = run('prove', 'SenMLCBOR', '-e', 'cert-1', *ask, cwd=folder)
        expect(f'{label}: x509', 'ECDHE-ECDSA' in out, out)
    else:  # it is for 'Leshan Server Demo', which is no host's name: a device that looks at names stays out
        out = run('prove', 'SenMLCBOR', '-e', 'cert-1', *ask, cwd=folder, want=1)
        expect(f'{label}: x509', "it is for 'Leshan Server Demo', and not for 127.0.0.1" in out, out)
    out = run('register', '-e', 'cert-2', '-P', 'SenMLCBOR', *api, cwd=folder, want=1)
    expect(f'{label}: a certificate of another name', 'common name' in out, out)
    run('register', '-e', 'cert-2', '-c', x509, *api, cwd=folder)  # without a certificate, only its name is told
    if server_has_name:
        out = run('prove', 'SenMLCBOR', '-e', 'cert-2', '--timeout', '10', cwd=folder, want=1)
        expect(f'{label}: wrong CN', 'register: the server answered 4.03' in out, out)
    run('-c', x509, '-e', 'cert-1', '-C', 'cert_info.json', '-p', 'cert/client_cert.der', cwd=folder, tool=PTOOL)
    out = run('prove', 'SenMLCBOR', '-e', 'cert-1', '--timeout', '10', cwd=folder, want=1)
    expect(f'{label}: not the pinned server', 'another certificate' in out, out)
    # no security
    nosec = config(folder, 'nosec', [(plain, False, 3, '', 1)])
    run('register', '-e', 'plain-1', '-c', nosec, *api, cwd=folder)
    expect(f'{label}: nosec', 'no security' in run('prove', '-c', nosec, '-e', 'plain-1', *ask, cwd=folder))
    out = run('prove', '-c', nosec, '-e', name, '--timeout', '10', cwd=folder, want=1)
    expect(f'{label}: credentials are needed', 'register: the server answered 4.' in out, out)
    for word in ('removed', 'was not there'):
        out = run('register', '-e', name, '--remove', *api, cwd=folder)
        expect(f'{label}: {word}', out == f'{name}: {word}\n', out)
    out = run('prove', '-c', good, '-e', name, '--timeout', '3', cwd=folder, want=1)
    expect(f'{label}: removed, it does not get in', 'handshake: ' in out, out)
    out = run('register', '-e', name, '--find', *api, cwd=folder, want=1)
    expect(f'{label}: removed', 'has no device' in out, out)

def pair(ports, folder, label):
    """A device that knows its bootstrap server only: it gets its management account there, and gets in."""
    manager, boot = server(folder, 'm', 'leshan', ports['web']), server(folder, 'b', 'leshan-bootstrap', ports['bootstrapWeb'])
    for kind, bs_uri, bs_keys in (('psk', f'coaps://127.0.0.1:{ports["bootstrapCoaps"]}', ", 3: b'bs-id', 5: b'bootstrap-key-16'"),
                                  ('nosec', f'coap://127.0.0.1:{ports["bootstrapCoap"]}', '')):
        name = f'pair-{kind}'
        bootstrap = (bs_uri, True, 0 if bs_keys else 3, bs_keys, None)
        account = psk(f'coaps://127.0.0.1:{ports["coaps"]}', f'{name}-id', 'management-key-1')
        both = config(folder, f'both-{kind}', [bootstrap, account])
        only = config(folder, f'only-{kind}', [bootstrap])
        run('register', '-s', manager, '-e', name, '-c', both, '--allow-http', cwd=folder)
        out = run('prove', '-c', only, '-e', name, '--timeout', '3', cwd=folder, want=1)
        expect(f'{label}: {kind}: nothing to write yet', 'bootstrap' in out or 'handshake' in out, out)
        run('register', '-s', boot, '-e', name, '-c', both, '--allow-http', cwd=folder)
        run('register', '-s', boot, '-e', name, '--find', '--allow-http', cwd=folder)
        out = run('prove', '-c', only, '-e', name, '--json', '--server', manager, '--allow-http', cwd=folder)
        proof = [json.loads(line) for line in out.splitlines() if '"event": "proof"' in line or '"event":"proof"' in line]
        expect(f'{label}: {kind}: bootstrap to management', proof and proof[0]['in'] and proof[0]['bootstraps'] == 1 and
               proof[0]['accounts'] == 2, out)
        for word in ('removed', 'was not there'):
            out = run('register', '-s', boot, '-e', name, '--remove', '--allow-http', cwd=folder)
            expect(f'{label}: {kind}: {word}', out == f'{name}: {word}\n', out)
        out = run('prove', '-c', only, '-e', name, '--timeout', '3', cwd=folder, want=1)
        expect(f'{label}: {kind}: removed', 'bootstrap' in out or 'handshake' in out, out)
    # a certificate for the management server, which the bootstrap server writes with its key
    name, uri = 'pair-cert', f'coaps://127.0.0.1:{ports["bootstrapCoaps"]}'
    bootstrap = (uri, True, 0, ", 3: b'bs-cert', 5: b'bootstrap-key-17'", None)
    both = config(folder, 'both-cert', [bootstrap, (f'coaps://127.0.0.1:{ports["coaps"]}', False, 2, '', 1)])
    run('-c', both, '-e', name, '-C', 'cert_info.json', '-p', 'server.der', cwd=folder, tool=PTOOL)
    for server_file in (manager, boot):
        run('register', '-s', server_file, '-e', name, '-P', 'SenMLCBOR', '--allow-http', cwd=folder)
    out = run('prove', '-c', config(folder, 'only-cert', [bootstrap]), '-e', name, '--server', manager, '--allow-http', cwd=folder)
    expect(f'{label}: bootstrap to a certificate', 'ECDHE-ECDSA' in out and '1 of them for bootstrap' in out, out)
    out = run('register', '-s', boot, '-e', 'x', '-c', config(folder, 'alone', [account]), '--allow-http', cwd=folder, want=1)
    expect(f'{label}: a bootstrap server needs a pair', 'bootstrap account' in out, out)

def main():
    libs, jar = fetch()
    for version, lib in libs.items():
        with tempfile.TemporaryDirectory() as folder, engine(version, lib, folder) as ports:
            modes(ports, folder, server(folder, 'm', 'leshan', ports['web']), version)
            pair(ports, folder, version)
            if has_mbedtls() and not is_old(version):
                stacks(ports, folder, server(folder, 's', 'leshan', ports['web']), version)
    with tempfile.TemporaryDirectory() as folder, demo(jar, folder) as ports:
        modes(ports, folder, server(folder, 'm', 'leshan', ports['web']), 'demo 2.0.0-M4', server_has_name=False)
    print('\n'.join(failures) or 'ok')
    sys.exit(bool(failures))

main()
