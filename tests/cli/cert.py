#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""`signet cert` as a user runs it: openssl accepts what it makes, TLS and DTLS servers too; what
cannot be used is refused with the reason; servers that misbehave end in an error in time."""
import base64
import json
import os
import shutil
import socket
import stat
import struct
import subprocess
import sys
import tempfile
import threading
import time

from _port import free_port

signet = os.path.join(os.environ['SIGNET_BUILD'], 'signet')
if not shutil.which('openssl'):
    sys.exit(77)
work = tempfile.mkdtemp(prefix='signet-cert-')
started = []


def run(*args, code=0, data=None, timeout=60):
    p = subprocess.run([signet, *args], cwd=work, input=data, capture_output=True, timeout=timeout)
    err = p.stderr.decode()
    assert p.returncode == code, (args, p.returncode, err, p.stdout)
    return p.stdout, err


def openssl(*args, data=None):
    p = subprocess.run(['openssl', *args], cwd=work, input=data, capture_output=True, timeout=60)
    assert p.returncode == 0, (args, p.stderr.decode())
    return p.stdout


def path(name):
    return os.path.join(work, name)


def put(name, data):
    with open(path(name), 'wb') as f:
        f.write(data)
    return name


def get(name):
    with open(path(name), 'rb') as f:
        return f.read()


def server(*args, dtls=False):
    port = free_port()
    p = subprocess.Popen(['openssl', 's_server', '-accept', f'127.0.0.1:{port}', *args, *(['-dtls'] if dtls else [])], cwd=work,
                         stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    started.append(p)
    line = b''
    while b'ACCEPT' not in line:
        line = p.stdout.readline()
        assert line, 'no openssl s_server'
    return p, port


def stop(p):
    p.kill()
    p.communicate()


def test_make():
    run('cert', 'make', code=2)
    os.umask(0)
    out, _ = run('cert', 'make', '-e', 'urn:dev:os:1')
    assert b'CN=urn:dev:os:1' in out
    for name in ('client_cert.crt', 'client_cert.der', 'client_key.der'):
        assert stat.S_IMODE(os.stat(path('cert/' + name)).st_mode) == 0o600, name
    assert stat.S_IMODE(os.stat(path('cert')).st_mode) == 0o700
    assert len(get('cert/client_key.der')) == 138
    openssl('verify', '-CAfile', 'cert/client_cert.crt', 'cert/client_cert.crt')
    assert openssl('x509', '-in', 'cert/client_cert.crt', '-outform', 'DER') == \
        get('cert/client_cert.der')
    # another device's key is never lost
    first = get('cert/client_key.der')
    _, err = run('cert', 'make', '-e', 'urn:dev:os:2')
    assert 'kept' in err
    kept = [n for n in os.listdir(path('cert')) if n.startswith('client_key.') and len(n) > 14]
    assert len(kept) == 1 and get('cert/' + kept[0]) == first
    _, err = run('cert', 'make', '-e', 'n' * 65, '-o', 'other', code=1)
    assert '64' in err and not os.path.exists(path('other'))
    out, _ = run('cert', 'make', '--json', '-e', 'x', '-o', 'json')
    assert json.loads(out)['subject'] == 'CN=x'


def test_info():
    info = {'countryName': 'PL', 'stateOrProvinceName': 'Małopolskie', 'localityName': 'Kraków',
            'organizationName': 'AVS', 'organizationUnitName': 'IoT', 'emailAddress': 'a@b.example',
            'commonName': 'cn', 'ellipticCurve': 'secp384r1', 'digest': 'sha512',
            'serialNumber': 4711, 'validityOffsetInSeconds': 86400}
    put('info.json', json.dumps(info).encode())
    out, err = run('cert', 'make', '--json', '-C', 'info.json', '-e', 'e', '-o', 'info')
    steps = [json.loads(line) for line in out.splitlines()]
    made = steps[-1] if steps[-1]['event'] == 'certificate' else steps[-2]
    assert made['key'] == 'EC secp384r1' and made['signature'] == 'ecdsa-with-SHA512', made
    assert int(made['serial'], 16) == 4711
    assert 'expires soon' in err or any('expires soon' in s.get('message', '') for s in steps)
    text = openssl('x509', '-in', 'info/client_cert.crt', '-noout', '-subject', '-nameopt',
                   'utf8,sep_comma_plus').decode().strip()
    assert text == ('subject=C=PL,ST=Małopolskie,L=Kraków,O=AVS,OU=IoT,emailAddress=a@b.example,'
                    'CN=cn'), text
    for change, words in [({'RSAKeyLen': 2048}, 'both'), ({'countryName': 'POL'}, 'countryName'),
                          ({'ellipticCurve': 'secp256rl'}, 'secp256r1'),
                          ({'digest': 'sha-256'}, 'sha256'), ({'digest': 'md5'}, 'md5'),
                          ({'serialNumber': 0}, 'serialNumber'),
                          ({'serialNumber': 2 ** 159}, 'serialNumber'),
                          ({'commonName': 'x' * 65}, 'commonName')]:
        put('bad.json', json.dumps({**info, **change}).encode())
        _, err = run('cert', 'make', '-C', 'bad.json', '-e', 'e', '-o', 'bad', code=1)
        assert words.lower() in err.lower() and not os.path.exists(path('bad')), (change, err)
    run('cert', 'make', '-C', 'nosuch.json', '-e', 'e', '-o', 'bad', code=1)


def test_issuer():
    openssl('req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes',
            '-subj', '/CN=factory', '-days', '4000', '-keyout', 'ca.key', '-out', 'ca.pem', '-addext',
            'keyUsage=critical,keyCertSign')
    ca = ('--issuer', 'ca.pem', '--issuer-key', 'ca.key')
    for mode in (0o644, 0o640, 0o604, 0o620, 0o601):
        os.chmod(path('ca.key'), mode)
        _, err = run('cert', 'make', '-e', 'd1', '-o', 'signed', *ca, code=1)
        assert 'others may open' in err, oct(mode)
    os.chmod(path('ca.key'), 0o600)
    run('cert', 'make', '-e', 'd1', '-o', 'signed', *ca)
    openssl('verify', '-x509_strict', '-purpose', 'sslclient', '-CAfile', 'ca.pem',
            'signed/client_cert.crt')
    run('cert', 'make', '-e', 'd1', '--issuer', 'ca.pem', code=2)
    _, err = run('cert', 'make', '-e', 'd1', '-o', 'bad', '--issuer', 'ca.pem', '--issuer-key',
                 'signed/client_key.der', code=1)
    assert 'does not belong' in err
    for usage in ('critical,cRLSign', 'digitalSignature'):
        openssl('req', '-x509', '-key', 'ca.key', '-subj', '/CN=factory', '-days', '4000', '-out', 'other.pem', '-addext', 'keyUsage=' + usage)
        _, err = run('cert', 'make', '-e', 'd1', '-o', 'bad', '--issuer', 'other.pem', '--issuer-key', 'ca.key', code=1)
        assert 'it is not the certificate of an authority' in err and 'keyCertSign' in err, err


def authority(name, key='ca.key', begin='20200101000000Z', end='20900101000000Z', **extensions):
    """Of ca.key's names and dates; OpenSSL 3.0 makes no certificate of the past, its test authority does."""
    lines = {'basicConstraints': 'critical,CA:TRUE', 'keyUsage': 'critical,keyCertSign', **extensions}
    for file, text in (('ca.cnf', '[ca]\ndefault_ca=c\n[c]\ndatabase=index\nserial=serial\nnew_certs_dir=.\ndefault_md=sha256\npolicy=p\n'
                        '[p]\ncommonName=supplied\n'), ('index', ''), ('serial', '01\n'),
                       ('ca.ext', ''.join(f'{k.replace("_", ".")}={v}\n' for k, v in lines.items()))):
        put(file, text.encode())
    openssl('req', '-new', '-key', key, '-subj', '/CN=factory', '-out', 'ca.csr')
    openssl('ca', '-batch', '-config', 'ca.cnf', '-selfsign', '-keyfile', key, '-in', 'ca.csr', '-startdate', begin, '-enddate', end,
            '-extfile', 'ca.ext', '-notext', '-out', name)
    return '--issuer', name, '--issuer-key', key


def test_issuer_refusals():
    """What no server would take, or only for a while, is not signed."""
    own = '1_3_6_1_4_1_32473_1'
    for words, extensions, dates in [
            ('its name constraints do not allow', {'nameConstraints': 'critical,permitted;URI:example.com'}, {}),
            ('its name constraints do not allow', {'nameConstraints': 'critical,excluded;URI:.example'}, {}),
            ('its extended key usage does not allow certificates of clients', {'extendedKeyUsage': 'serverAuth'}, {}),
            ('it has a critical extension that TLS stacks do not know', {own: 'critical,ASN1:NULL'}, {}),
            ('the certificate expired 2021-01-01T00:00:00Z', {}, {'end': '20210101000000Z'}),
            ('the certificate is not valid before 2080-01-01', {}, {'begin': '20800101000000Z'}),
            ('it expires 2030-01-01T00:00:00Z, before the device', {}, {'end': '20300101000000Z'}),
            ("it is not the certificate of an authority", {'basicConstraints': 'critical,CA:FALSE'}, {})]:
        ca = authority('strict.pem', **extensions, **dates)
        _, err = run('cert', 'make', '-e', 'coap://d1.example/', '-o', 'unsigned', *ca, code=1)
        assert "the issuer's certificate: " in err and words in err and not os.path.exists(path('unsigned')), (words, err)
    for extensions in ({'basicConstraints': 'critical,CA:TRUE,pathlen:0'}, {'nameConstraints': 'critical,permitted;URI:d1.example'},
                       {'extendedKeyUsage': 'clientAuth'}, {own: 'ASN1:NULL'}):
        authority('strict.pem', **extensions)
        run('cert', 'make', '-e', 'coap://d1.example/', '-o', 'allowed', '--issuer', 'strict.pem', '--issuer-key', 'ca.key')


def test_show():
    der, key = get('cert/client_cert.der'), get('cert/client_key.der')
    put('key.pem', openssl('pkey', '-inform', 'DER', '-in', 'cert/client_key.der'))
    put('sec1.pem', openssl('ec', '-inform', 'DER', '-in', 'cert/client_key.der'))
    put('sec1.der', openssl('ec', '-in', 'key.pem', '-outform', 'DER'))
    put('explicit.pem', openssl('ec', '-in', 'key.pem', '-param_enc', 'explicit'))
    put('params.pem', openssl('ecparam', '-name', 'secp256r1', '-genkey'))
    put('rsa.pem', openssl('genrsa', '-traditional', '1024'))
    cert = get('cert/client_cert.crt')
    shown = json.loads(run('cert', 'show', '--json', 'cert/client_cert.der')[0])
    want = openssl('x509', '-in', 'cert/client_cert.crt', '-noout', '-fingerprint', '-sha256')
    assert shown['sha256'] == want.decode().strip().split('=')[1]
    assert json.loads(run('cert', 'show', '--json', 'cert/client_cert.crt')[0]) == shown
    assert json.loads(run('cert', 'show', '--json', '-', data=der)[0]) == shown
    secret = key[36:68]  # the private number of the P-256 key
    for name in ('key.pem', 'sec1.pem', 'sec1.der', 'explicit.pem', 'cert/client_key.der'):
        out, err = run('cert', 'show', '--json', name)
        assert json.loads(out)['key_sha256'] == shown['key_sha256'], name
        text, _ = run('cert', 'show', name)
        for form in (secret, secret.hex().encode(), base64.b64encode(secret)[:40],
                     base64.b64encode(key)[48:88]):
            assert form not in out + text + err.encode(), name
    assert b'RSA 1024' in run('cert', 'show', 'rsa.pem')[0]
    run('cert', 'show', 'params.pem')

    put('zero', b'0 s:CN = x\r\n' + cert.replace(b'\n', b'\r\n'))
    assert json.loads(run('cert', 'show', '--json', 'zero')[0]) == shown

    put('two', cert + get('cert/client_cert.crt'))  # as `cert sign --chain -o` writes
    assert [json.loads(line) for line in run('cert', 'show', '--json', 'two')[0].splitlines()] == [shown, shown]

    put('encrypted.pem', openssl('pkey', '-in', 'key.pem', '-aes128', '-passout', 'pass:x'))
    put('encrypted.der', openssl('pkcs8', '-topk8', '-in', 'key.pem', '-outform', 'DER', '-passout',
                                 'pass:x'))
    put('old.pem', openssl('ec', '-in', 'key.pem', '-aes128', '-passout', 'pass:x'))
    put('ed.pem', openssl('genpkey', '-algorithm', 'ED25519'))
    put('pub.pem', openssl('pkey', '-in', 'key.pem', '-pubout'))
    other = bytearray(get('cert/client_key.der'))
    other[40] ^= 1
    for name, data, words in [
            ('empty', b'', 'empty'), ('text', b'hello there\n', 'neither DER nor PEM'),
            ('cut', der[:-1], 'cut short'), ('trailing', der + b'\0', '1 bytes follow'),
            ('keytrailing', key + b'xx', '2 bytes follow'), ('chain', cert * 9, 'more than 8'),
            ('keys', get('key.pem') * 2, 'more than one'),
            ('mixed', cert + get('key.pem'), 'private key'),
            ('noend', cert[:-30], 'END'), ('nobase64', cert.replace(b'MII', b'M*I'), 'base64'),
            ('damaged', der[:60] + b'\xff' * 30 + der[90:], 'not an X.509'),
            ('halves', bytes(other), 'do not match'), ('huge', der * 500, 'larger'),
            ('encrypted.pem', None, 'encrypted'), ('encrypted.der', None, 'encrypted'),
            ('old.pem', None, 'encrypted'), ('ed.pem', None, 'ED25519'),
            
            ('pub.pem', None, 'public key')]:
        if data is not None:
            put(name, data)
        _, err = run('cert', 'show', name, code=1)
        assert words in err, (name, err)
        assert secret.hex() not in err
    run('cert', 'show', 'nosuch', code=1)
    run('cert', 'show', 'cert', code=1)


def fetch(port, *args, code=0):
    return run('cert', 'fetch', f'127.0.0.1:{port}', *args, code=code)


def test_fetch():
    der = get('cert/client_cert.der')
    mine = ('-cert', 'cert/client_cert.crt', '-key', 'key.pem')
    for dtls in (False, True):
        flag = ('--dtls',) if dtls else ()
        for more in ((), ('-Verify', '1'), ('-cipher', 'ECDHE-ECDSA-AES128-CCM8:@SECLEVEL=0')):
            p, port = server(*mine, *more, dtls=dtls)
            out, _ = fetch(port, *flag, '-o', 'server.der')
            assert get('server.der') == der and b'SHA-256' in out, (dtls, more)
            stop(p)
        p, port = server(*mine, dtls=dtls)
        out, err = fetch(port, *flag)
        assert out == der and 'SHA-256' in err
        assert fetch(port, *flag, '-o', '-', '--json') == (der, '')
        out, err = fetch(port, *flag, '-o', 'nowhere/c.der', code=1)
        assert out == b'' and 'nowhere' in err
        stop(p)
        for curve in ('brainpoolP256r1', 'secp256k1', 'secp521r1'):
            put('c.pem', openssl('req', '-x509', '-newkey', 'ec', '-pkeyopt',
                                 'ec_paramgen_curve:' + curve, '-nodes', '-subj', '/CN=c',
                                 '-keyout', 'c.key'))
            p, port = server('-cert', 'c.pem', '-key', 'c.key', '-cipher', 'ALL:@SECLEVEL=0',
                             *(() if dtls else ('-tls1_2',)), dtls=dtls)
            fetch(port, *flag, '-o', 'c.der')
            assert get('c.der') == openssl('x509', '-in', 'c.pem', '-outform', 'DER'), curve
            stop(p)
        p, port = server('-nocert', '-psk', '00' * 16, '-cipher', 'PSK', *(
            () if dtls else ('-tls1_2',)), dtls=dtls)
        _, err = fetch(port, *flag, '-o', 'none.der', code=1)
        assert 'alert 40' in err and 'pre-shared keys alone' in err and not os.path.exists(path('none.der')), err
        stop(p)


def test_client_auth():
    """Log in with the certificate, as a device does."""
    p, port = server('-cert', 'cert/client_cert.crt', '-key', 'key.pem', '-CAfile',
                     'cert/client_cert.crt', '-Verify', '1', '-verify_return_error', dtls=True)
    client = subprocess.Popen(['openssl', 's_client', '-dtls', '-connect', f'127.0.0.1:{port}',
                               '-cert', 'cert/client_cert.crt', '-key', 'key.pem', '-CAfile',
                               'cert/client_cert.crt', '-verify_return_error', '-quiet'], cwd=work,
                              stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL)
    started.append(client)
    seen, line = b'', b''
    while b'CIPHER is' not in line:
        line = p.stdout.readline()
        seen += line
        assert line and b'ERROR' not in line, seen
    assert b'CN = urn:dev:os:2' in seen and b'verify return:1' in seen, seen
    stop(client)
    stop(p)


def hostile(answer):
    """A TCP server that treats each connection with `answer`."""
    s = socket.create_server(('127.0.0.1', 0))

    def serve():
        try:
            while True:
                c, _ = s.accept()
                with c:
                    answer(c)
        except OSError:
            pass
    threading.Thread(target=serve, daemon=True).start()
    return s, s.getsockname()[1]


def slow(c):
    c.recv(4096)
    c.send(b'\x16\x03\x03\x40\x00')
    for _ in range(100):
        time.sleep(0.05)
        c.send(b'\x02')


def reset(c):
    c.recv(4096)
    c.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))


def test_no_connection():
    _, err = run('cert', 'fetch', '255.255.255.255:1', code=1)
    assert 'cannot connect to 255.255.255.255:1: ' in err, err
    with socket.socket() as full, socket.socket() as one, socket.socket() as two:
        full.bind(('127.0.0.1', 0))
        full.listen(0)  # takes one connection more than none, and no other
        for s in (one, two):
            s.setblocking(False)
            s.connect_ex(full.getsockname())
        began = time.monotonic()
        _, err = fetch(full.getsockname()[1], '--timeout', '1', code=1)
        assert 'no answer from 127.0.0.1' in err and 'in time' in err, err
        assert 0.9 < time.monotonic() - began < 20


def test_hostile():
    dead = free_port()
    _, err = fetch(dead, code=1)
    assert 'refused' in err, err
    _, err = fetch(free_port(), '--dtls', code=1)
    assert 'nobody listens' in err, err
    for answer, words in [(lambda c: c.send(b'220 mail ready\r\n'), 'does it speak TLS on this port?'),
                          (lambda c: c.send(os.urandom(4000)), 'TLS'),
                          (lambda c: c.recv(4096), 'closed the connection after ClientHello|does it speak TLS on this port?'),
                          (reset, 'closed the connection after ClientHello'),
                          (lambda c: c.recv(4096) and time.sleep(3), 'no answer'),
                          (slow, 'no answer'),
                          (lambda c: c.send(b'\x15\x03\x03\0\x02\x02\x28'), 'alert 40')]:
        s, port = hostile(answer)
        began = time.monotonic()
        _, err = fetch(port, '--timeout', '1', '-o', 'none.der', code=1)
        assert all(w in err for w in words.split('|')) and not os.path.exists(path('none.der')), err
        assert time.monotonic() - began < 30
        s.close()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as u:
        u.bind(('127.0.0.1', 0))
        port = u.getsockname()[1]
        _, err = fetch(port, '--dtls', '--timeout', '2', code=1)
        assert 'no answer' in err, err
        u.setblocking(False)
        first, peer = u.recvfrom(4096)
        assert first[:1] == b'\x16' and u.recvfrom(4096)[0][:1] == b'\x16', 'not sent again'
    for text in ('127.0.0.1', 'h:0', 'h:65536', 'h:x', ':1', '::1:5684', 'h:1 2'):
        _, err = run('cert', 'fetch', text, code=2)
        assert 'HOST:PORT' in err
    _, err = run('cert', 'fetch', 'no-such-host.invalid:1', code=1)
    assert 'host' in err


try:
    for name, test in list(globals().items()):
        if name.startswith('test_'):
            test()
            print(name, 'ok', flush=True)
finally:
    for p in started:
        if p.poll() is None:
            stop(p)
    shutil.rmtree(work)
