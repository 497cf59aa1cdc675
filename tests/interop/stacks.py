#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Rules against stacks: `prove` by OpenSSL under the rules of Mbed TLS, and by Mbed TLS itself, give one verdict at the
same server, and it is the one that a row of the table says. The servers are OpenSSL's s_server and GnuTLS's gnutls-serv; Leshan's
are in interop/leshan, where they run anyway (lib/_leshan_stacks.py).
Skipped where one of them or Mbed TLS is missing, and fails in CI."""
import concurrent.futures, contextlib, ctypes, os, subprocess, sys, tempfile, time, warnings

from cryptography.hazmat.primitives import hashes, serialization

from _port import free_port
from _stack_certs import DER, HOST, Certs, der_key, pem_key

warnings.simplefilter('ignore')
BUILD = os.environ['SIGNET_BUILD']
SIGNET = os.path.join(BUILD, 'signet')


def cannot(why):
    print(why)
    sys.exit(1 if os.environ.get('CI') == 'true' else 77)


def need():
    for tool in ('openssl', 'gnutls-serv'):
        if not any(os.access(os.path.join(p, tool), os.X_OK) for p in os.environ['PATH'].split(':')):
            cannot(f'no {tool}: scripts/setup test installs it')
    try:
        ctypes.CDLL('libmbedtls.so.14')
    except OSError:
        cannot('no Mbed TLS: scripts/setup test installs libmbedtls14')


# name: server's arguments (wants: of s_server), what the account has, "in" or words of the reason
class Row:
    def __init__(self, label, verdict, server='openssl', suite=None, psk=None, own_psk=None, identity=b'me', shown=None, kind='p256',
                 chain=(), data=None, more='', client='p256', uri_host=HOST, mine=None, mode=2, wants=(), device='anjay-3'):
        self.__dict__.update(locals())


def rows(c):
    own = c.issue()
    ca = c.authority()
    leaf = c.issue(by='Factory CA', ca=False)
    def digest(cert, algorithm):
        return cert.fingerprint(algorithm())
    def pinned(label, verdict, cert, **more):
        return Row(label, verdict, shown=cert, data=cert.public_bytes(DER), **more)
    table = []
    for n in (1, 15, 16, 20, 31, 32, 33, 48, 64):
        table.append(Row(f'psk of {n} bytes', 'in' if n <= 32 else 'takes 32', psk=b'k' * n))
    for n in (1, 64, 128):
        table.append(Row(f'psk identity of {n} bytes', 'in', psk=b'k' * 16, identity=b'i' * n))
    table.append(Row('another psk', 'out', psk=b'k' * 16, own_psk=b'l' * 16))
    for suite, number in (('PSK-AES128-CCM8', 0xC0A8), ('PSK-AES128-CBC-SHA256', 0xAE), ('PSK-AES128-GCM-SHA256', 0xA8),
                          ('PSK-AES256-CCM8', 0xC0A9), ('ECDHE-PSK-AES128-CBC-SHA256', 0xC037), ('PSK-AES128-CCM', 0xC0A4),
                          ('DHE-PSK-AES128-CCM', 0xC0A6)):
        psk = dict(psk=b'k' * 16, suite=suite)
        if not suite.startswith('DHE'):
            table += [Row(f'psk {suite}', 'in', **psk), Row(f'psk {suite} in 16', 'in', more=f', 16: {{0: {number}}}', **psk)]
        table.append(Row(f'psk {suite}, another in 16', 'out', more=f', 16: {{0: {0xA9 if number != 0xA9 else 0xA8}}}', **psk))
    table += [Row('psk, suites of certificates in 16', 'none of the cipher suites', psk=b'k' * 16, more=', 16: {0: 49326}'),
              Row('psk, two suites in 16', 'in', psk=b'k' * 16, suite='PSK-AES128-CCM8', more=', 16: {0: 168, 1: 49320}'),
              Row('psk, an unknown suite in 16', 'none of the cipher suites', psk=b'k' * 16, more=', 16: {0: 65000}')]
    for suite, number in (('ECDHE-ECDSA-AES128-CCM8', 0xC0AE), ('ECDHE-ECDSA-AES128-SHA256', 0xC023),
                          ('ECDHE-ECDSA-AES128-GCM-SHA256', 0xC02B), ('ECDHE-ECDSA-AES256-GCM-SHA384', 0xC02C)):
        table += [pinned(f'cert {suite}', 'in', own, suite=suite),
                  pinned(f'cert {suite} in 16', 'in', own, suite=suite, more=f', 16: {{0: {number}}}'),
                  pinned(f'cert {suite}, another in 16', 'out', own, suite=suite, more=', 16: {0: 49325}')]
    table += [pinned(f'pinned, {kind}', 'in', c.issue(kind), kind=kind) for kind in ('p384', 'p521', 'rsa', 'brainpool')]
    table.append(pinned('pinned, k256', 'out', c.issue('k256'), kind='k256'))
    table += [pinned(f'pinned, {kind}, where the client has P-256 and P-384 alone', verdict, c.issue(kind), kind=kind, device='zephyr')
              for kind, verdict in (('p384', 'in'), ('p521', 'on the curve secp521r1'), ('rsa', 'out'))]
    table.append(pinned('pinned, SHA-512, where the client has SHA-256 and SHA-384 alone', 'signed with sha512',
                        c.issue(by='Factory CA', digest='SHA512'), device='zephyr'))
    table += [pinned(f'pinned, {kind} at the device', 'in', own, client=kind) for kind in ('p384', 'p521', 'rsa')]
    table += [
        pinned('pinned, another name', f'not for {HOST}', c.issue(cn='server.example')),
        pinned('pinned, the name of 14', 'in', c.issue(cn='server.example'), more=", 14: 'server.example'"),
        pinned('pinned, the host and not 14', 'not for server.example', own, more=", 14: 'server.example'"),
        pinned('pinned, a wildcard', 'in', c.issue(cn='*.example'), more=", 14: 'server.example'"),
        pinned('pinned, a wildcard of two labels', 'not for a.b.example', c.issue(cn='*.example'), more=", 14: 'a.b.example'"),
        pinned('pinned, capitals', 'in', c.issue(cn='LocalHost')),
        pinned('pinned, a name in the alternatives', 'in', c.issue(cn='x', san=HOST)),
        pinned('pinned, the common name beside alternatives', f'not for {HOST}', c.issue(san='server.example')),
        pinned('pinned, an address in the common name', 'in', c.issue(cn='127.0.0.1'), uri_host='127.0.0.1'),
        pinned('pinned, an address in the alternatives', 'not for 127.0.0.1', c.issue(cn='x', san='127.0.0.1'), uri_host='127.0.0.1'),
        pinned('pinned, of 16 KB', 'in', c.issue(padding=16000)),
        pinned('pinned, longer than a message can be', 'Mbed TLS takes 16384', c.issue(padding=16384)),
        pinned('pinned, expired', 'expired', c.issue(days=(-100, -1))),
        pinned('pinned, of the future', 'not valid before', c.issue(days=(1, 100))),
        pinned('pinned, SHA-384', 'in', c.issue(digest='SHA384')),
        pinned('pinned, SHA-1', 'signed with sha1', c.issue(by='Factory CA', digest='SHA1')),
        pinned('pinned, RSA of 1024 bits', 'too short', c.issue('rsa1024'), kind='rsa1024'),
        pinned('pinned, for signatures', 'in', c.issue(usage='digital_signature')),
        pinned('pinned, for agreement only', 'digitalSignature', c.issue(usage='key_agreement')),
        pinned('pinned, for servers', 'in', c.issue(purpose='SERVER_AUTH')),
        pinned('pinned, for any purpose', 'in', c.issue(purpose='ANY_EXTENDED_KEY_USAGE')),
        pinned('pinned, for clients', 'serverAuth', c.issue(purpose='CLIENT_AUTH')),
        pinned('pinned, with an unknown critical extension', 'cannot read it', c.issue(critical=True)),
        pinned('pinned, of an authority', 'in', leaf),
        pinned('pinned, an authority itself', 'in', c.issue(ca=True)),
        Row('another certificate', 'another certificate', shown=own, data=c.issue('p384').public_bytes(DER)),
        Row('a SHA-256', 'in', shown=own, data=digest(own, hashes.SHA256), more=', 13: 1'),
        Row('a SHA-512', 'in', shown=own, data=digest(own, hashes.SHA512), more=', 13: 3'),
        Row('a SHA-256 of another', 'another certificate', shown=own, data=digest(leaf, hashes.SHA256), more=', 13: 1'),
        Row('usage 0', 'trust store', shown=leaf, chain=(ca,), data=ca.public_bytes(DER), more=', 15: 0'),
        pinned('usage 1', 'trust store', own, more=', 15: 1'),
        Row('usage 2', 'in', shown=leaf, data=ca.public_bytes(DER), more=', 15: 2'),
        Row('usage 2, the chain is sent', 'in', shown=leaf, chain=(ca,), data=ca.public_bytes(DER), more=', 15: 2'),
        pinned('usage 2, self-signed', 'does not come from the authority', c.issue(ca=True), more=', 15: 2'),
        pinned('usage 2, a leaf', 'does not come from the authority', own, more=', 15: 2'),
        Row('usage 2, another authority', 'does not come from', shown=leaf, data=c.authority('Other CA').public_bytes(DER), more=', 15: 2'),
        Row('usage 2, another name', f'not for {HOST}', shown=c.issue(cn='x', by='Factory CA'), data=ca.public_bytes(DER), more=', 15: 2'),
        Row('usage 2, expired', 'expired', shown=c.issue(by='Factory CA', days=(-100, -1)), data=ca.public_bytes(DER), more=', 15: 2'),
        Row('usage 2, an expired authority', 'expired', shown=c.issue(by='Old CA'), data=c.authority('Old CA', days=(-100, -1)).public_bytes(DER),
            more=', 15: 2'),
        Row('usage 2, a hash of the authority', 'in', shown=leaf, chain=(ca,), data=digest(ca, hashes.SHA256), more=', 13: 1, 15: 2'),
        Row('usage 2, a hash, and the chain is not sent', 'does not come from', shown=leaf, data=digest(ca, hashes.SHA256),
            more=', 13: 1, 15: 2'),
        Row('no certificate of the server', 'in', shown=own, data=b''),
        Row('no certificate of the server, which is expired and of another name', 'in', shown=c.issue(cn='x', days=(-100, -1)), data=b''),
        Row('no certificate of the server, usage 0', 'trust store', shown=own, data=b'', more=', 15: 0'),
        Row('usage 3, an authority', 'another certificate', shown=leaf, chain=(ca,), data=ca.public_bytes(DER)),
    ]
    sub, under = c.authority('Sub CA', by='Factory CA'), c.issue(by='Sub CA')
    def usage2(label, verdict, data, *chain, shown=under):
        return Row(f'usage 2, {label}', verdict, shown=shown, chain=chain, data=data.public_bytes(DER), more=', 15: 2')
    table += [
        usage2('two authorities', 'in', ca, sub),
        usage2('two authorities and the root are sent', 'in', ca, sub, ca),
        usage2('the one between is not sent', 'does not come from', ca),
        usage2('the one between is in the packet', 'in', sub),
        usage2('a root without room', 'does not come from', c.authority('Full CA', room=0), c.authority('Low CA', by='Full CA'),
               shown=c.issue(by='Low CA')),
        usage2('an expired one between', 'expired', ca, c.authority('Late CA', by='Factory CA', days=(-9, -1)), shown=c.issue(by='Late CA')),
        usage2('SHA-1 between', 'signed with sha1', ca, c.authority('Sha CA', by='Factory CA', digest='SHA1'), shown=c.issue(by='Sha CA')),
        usage2('one between that may not issue', 'does not come from', ca, c.authority('No CA', by='Factory CA', ca=False),
               shown=c.issue(by='No CA')),
        Row('pinned, an expired authority is sent', 'expired', shown=c.issue(by='Late CA'), data=c.issue(by='Late CA').public_bytes(DER),
            chain=(c.authority('Late CA', by='Factory CA', days=(-9, -1)),)),
        Row('pinned, its authority is sent', 'in', shown=under, data=under.public_bytes(DER), chain=(sub, ca)),
        Row('an expired certificate of the device', 'in', shown=own, data=own.public_bytes(DER), mine=dict(days=(-100, -1))),
        Row('a certificate of the device for servers', 'in', shown=own, data=own.public_bytes(DER), mine=dict(purpose='SERVER_AUTH')),
        Row('a certificate of the device that no stack reads', 'cannot read it', shown=own, data=own.public_bytes(DER),
            mine=dict(critical=True)),
        Row('matching type 2', 'is 2, which anjay-3 does not take', shown=own, data=digest(own, hashes.SHA384), more=', 13: 2'),
        Row('mode est', 'in', shown=own, data=own.public_bytes(DER), mode=4),
    ]
    twin = Certs()
    twin.keys.update(p256=c.key('p256'))
    table += [
        Row('usage 2, beside it one that no stack reads', 'of those that the server sends: the TLS stack', shown=leaf,
            chain=(c.issue(critical=True),), data=ca.public_bytes(DER), more=', 15: 2'),
        Row('usage 2, an authority of the same name', 'does not come from', shown=twin.issue(by='Factory CA'), data=ca.public_bytes(DER), more=', 15: 2'),
        # Anjay forgives "not trusted" where the authority stands in the chain, whoever signed
        Row('usage 2, an authority of the same name, and ours is sent', 'in', shown=twin.issue(by='Factory CA'), chain=(ca,),
            data=ca.public_bytes(DER), more=', 15: 2'),
    ]
    def named(name):
        return ('-servername', name, '-servername_fatal', '-cert2', 'cert.pem', '-key2', 'key.pem')
    for wants, client, verdict in (('ECDSA+SHA256', 'p256', 'in'), ('ECDSA+SHA384', 'p256', 'signs with ECDSA and SHA-256'),
                                   ('ECDSA+SHA512:ECDSA+SHA256', 'p256', 'in'), ('ECDSA+SHA1', 'p256', 'signs with ECDSA'),
                                   ('RSA+SHA256', 'rsa', 'in'), ('rsa_pss_rsae_sha256', 'rsa', 'signs with RSA and SHA-256')):
        table.append(pinned(f'a server that takes {wants}', verdict, own, client=client, wants=('-client_sigalgs', wants)))
    table += [
        pinned('a server that takes ECDSA+SHA384 in its suite', 'in', own, suite='ECDHE-ECDSA-AES256-GCM-SHA384',
               wants=('-client_sigalgs', 'ECDSA+SHA384')),
        pinned('a server that takes ECDSA+SHA256 beside its suite', 'signs with ECDSA and SHA-384', own,
               suite='ECDHE-ECDSA-AES256-GCM-SHA384', wants=('-client_sigalgs', 'ECDSA+SHA256')),
        pinned('RSA alone, for signatures', 'lacks keyEncipherment', c.issue('rsa', usage='digital_signature'), kind='rsa',
               suite='AES128-GCM-SHA256'),
        pinned('RSA alone, for keys', 'in', c.issue('rsa', usage='key_encipherment'), kind='rsa', suite='AES128-GCM-SHA256'),
        pinned('RSA with ECDHE, for keys', 'lacks digitalSignature', c.issue('rsa', usage='key_encipherment'), kind='rsa',
               suite='ECDHE-RSA-AES128-GCM-SHA256'),
        Row('psk with ARIA', 'out', psk=b'k' * 16, suite='PSK-ARIA128-GCM-SHA256'),
        Row('psk with ARIA in 16', 'none of the cipher suites', psk=b'k' * 16, suite='PSK-ARIA128-GCM-SHA256', more=', 16: {0: 49258}'),
        pinned('cert with ARIA', 'out', own, suite='ECDHE-ECDSA-ARIA128-GCM-SHA256'),
        pinned('a server of another name', 'out', own, wants=named('server.example')),
        pinned('a server of another address', 'out', c.issue(cn='127.0.0.1'), uri_host='127.0.0.1', wants=named('192.0.2.1')),
        pinned('a server of the name in 14', 'in', c.issue(cn='server.example'), more=", 14: 'server.example'", wants=named('server.example')),
        Row('psk, a name of 256 bytes in 14', 'names have 255', psk=b'k' * 16, more=f", 14: '{256 * 'a'}'"),
    ]
    line = [c.authority('Line 0')] + [c.authority(f'Line {i}', by=f'Line {i - 1}') for i in range(1, 11)]
    for n, verdict in ((8, 'in'), (9, 'more than')):
        table.append(Row(f'usage 2, {n} authorities below it', verdict, shown=c.issue(by=f'Line {n}'), chain=line[n:0:-1],
                         data=line[0].public_bytes(DER), more=', 15: 2'))
    for n, verdict in ((9, 'in'), (10, 'more than')):
        shown = c.issue(by=f'Line {n}')
        table.append(pinned(f'pinned, {n} authorities are sent', verdict, shown, chain=line[n:n - 8 if n == 9 else 0:-1]))
    table.append(Row('usage 2, authorities in the wrong order', 'does not come from', shown=c.issue(by='Line 2'), chain=line[1:3],
                     data=line[0].public_bytes(DER), more=', 15: 2'))
    for row in [r for r in table if r.label in ('psk of 16 bytes', 'psk of 33 bytes', 'another psk', 'pinned, rsa', 'pinned, another name',
                                                'usage 2', 'usage 2, another authority', 'pinned, expired')]:
        gnutls = Row(**{k: v for k, v in row.__dict__.items() if k != 'self'})
        gnutls.label, gnutls.server = 'GnuTLS: ' + row.label, 'gnutls'
        table.append(gnutls)
    return table


def listens(port):
    with open('/proc/net/udp') as f:
        return any(line.split()[1].endswith(f':{port:04X}') for line in f.readlines()[1:])


@contextlib.contextmanager
def serve(c, row, folder):
    port = free_port()
    if row.shown:
        with open(f'{folder}/cert.pem', 'wb') as f:
            f.write(row.shown.public_bytes(serialization.Encoding.PEM))
        with open(f'{folder}/chain.pem', 'wb') as f:
            f.write(b''.join(x.public_bytes(serialization.Encoding.PEM) for x in (row.shown, *row.chain)))
        with open(f'{folder}/key.pem', 'wb') as f:
            f.write(pem_key(c.key(row.kind)))
    if row.server == 'openssl':
        args = ['openssl', 's_server', '-dtls1_2', '-port', str(port), '-4', '-quiet', '-cipher', f'{row.suite or "ALL"}:@SECLEVEL=0']
        args += ['-nocert', '-psk', row.psk.hex(), '-psk_identity', row.identity.decode()] if row.psk else \
            ['-cert', f'{folder}/cert.pem', '-key', f'{folder}/key.pem', '-Verify', '1']
        if row.chain:
            args += ['-cert_chain', f'{folder}/chain.pem']
        args += row.wants
    else:
        with open(f'{folder}/psk', 'w') as f:
            f.write(f'{row.identity.decode()}:{(row.psk or b"x").hex()}\n')
        args = ['gnutls-serv', '--udp', '--echo', '-p', str(port), '-q']
        args += ['--pskpasswd', f'{folder}/psk', '--priority', 'NORMAL:-KX-ALL:+PSK:+ECDHE-PSK'] if row.psk else \
            ['--x509certfile', f'{folder}/chain.pem', '--x509keyfile', f'{folder}/key.pem', '--disable-client-cert']
    p = subprocess.Popen(args, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=folder)
    try:
        for _ in range(6000):
            if listens(port) or p.poll() is not None:
                break
            time.sleep(0.01)
        yield port
    finally:
        p.kill()
        p.wait(20)


def configuration(c, row, port):
    if row.psk:
        account = f'2: 0, 3: {row.identity!r}, 5: {(row.own_psk or row.psk)!r}'
    else:
        mine = c.issue(row.client, cn='me', **(row.mine or {}))
        secret = der_key(c.key(row.client))
        account = f'2: {row.mode}, 3: {mine.public_bytes(DER)!r}, 4: {row.data!r}, 5: {secret!r}'
    return (f"{{0: {{1: {{0: 'coaps://{row.uri_host}:{port}', 1: False, 10: 1, {account}{row.more}}}}},"
            " 1: {0: {0: 1, 1: 60, 6: False, 7: 'U'}}}\n")


def prove(folder, stack, device, config):
    with open(f'{folder}/{stack}.cfg', 'w') as f:
        f.write(config)
    p = subprocess.run([SIGNET, 'prove', '-c', f'{stack}.cfg', '-e', 'me', '--device', device, '--stack', stack, '--handshake', '--timeout', '4'],
                       cwd=folder, capture_output=True, text=True, timeout=60)
    return p.returncode == 0, (p.stdout + p.stderr)


def try_row(c, row, top):
    folder = tempfile.mkdtemp(dir=top)
    bad = []
    for stack in ('openssl', 'mbedtls'):
        with serve(c, row, folder) as port:
            came_in, said = prove(folder, stack, row.device, configuration(c, row, port))
        if came_in != (row.verdict == 'in'):
            bad.append(f'{row.label}: {stack}: {"in" if came_in else "out"}, wanted {row.verdict}: {said[-300:]}')
        elif stack == 'openssl' and row.verdict not in ('in', 'out') and row.verdict not in said:
            bad.append(f'{row.label}: not for "{row.verdict}": {said[-300:]}')
        if ("did not sign the server's certificate" in said) != row.label.endswith('and ours is sent'):
            bad.append(f'{row.label}: {stack}: who signed: {said[-300:]}')
    return bad


def main():
    need()
    c = Certs()
    table = rows(c)
    for row in table:  # what several would make at once
        c.issue(row.client, cn='me', **(row.mine or {}))
    with tempfile.TemporaryDirectory(prefix='signet-stacks-') as top, concurrent.futures.ThreadPoolExecutor(4) as pool:
        bad = [line for lines in pool.map(lambda row: try_row(c, row, top), table) for line in lines]
    if bad:
        sys.exit('\n'.join(bad))
    assert len(table) >= 60
    print(f'stacks: {len(table)} combinations, two stacks, two servers: ok')


main()
