# SPDX-License-Identifier: Apache-2.0
"""Rules against stacks at a Leshan server that runs: `prove` by OpenSSL under the rules of Mbed TLS, and by Mbed TLS itself, as
a whole (handshake, Register, Deregister). The verdicts are those of a client on Anjay 3.14 and Mbed TLS 2.28 at Leshan."""
import concurrent.futures, os, subprocess

from cryptography.hazmat.primitives import hashes

from _stack_certs import DER, der_key

KEY = b'k' * 16


class Row:
    """own: the account's credentials where they are not those that the server knows; verdict: "in" or words of the reason."""

    def __init__(self, label, verdict, mode='psk', key=KEY, own=None, more='', client='p256', mine=None, data=None, uri='coaps', name=None):
        self.__dict__.update(locals())


def rows(c, server, authority):
    def pinned(label, verdict, **more):
        return Row(label, verdict, mode='cert', **{'data': server.public_bytes(DER), **more})
    table = [Row(f'psk of {n} bytes', 'in' if n <= 32 else 'takes 32', key=b'k' * n) for n in (1, 16, 32, 33)]
    table += [Row('psk with another key', 'psk', own=b'l' * 16), Row('psk with another name', '4.03', name='other'),
              Row('psk without DTLS', '4.0', uri='coap'), Row('psk, another name in 14', 'in', more=", 14: 'a.example'")]
    for suite, verdict in ((0xC0A8, 'in'), (0xC0A9, 'in'), (0xC0A4, 'in'), (0xA8, 'in'), (0xAE, 'refused'), (0xC037, 'refused'), (0xA9, 'in'),
                           (0xC0AE, 'none of the cipher suites'), (0xC0A5, 'in')):
        table.append(Row(f'psk, {suite:#x} in 16', verdict, more=f', 16: {{0: {suite}}}'))
    for suite, verdict in ((0xC0AE, 'in'), (0xC023, 'refused'), (0xC02B, 'in'), (0xC0AC, 'in'), (0xC0A8, 'none of the cipher suites')):
        table.append(pinned(f'cert, {suite:#x} in 16', verdict, more=f', 16: {{0: {suite}}}'))
    table += [
        pinned('pinned', 'in'), pinned('pinned, another name in 14', 'not for a.example', more=", 14: 'a.example'"),
        pinned('another certificate', 'another certificate', data=c.issue('p384').public_bytes(DER)),
        pinned('a SHA-256', 'in', data=server.fingerprint(hashes.SHA256()), more=', 13: 1'),
        pinned('a SHA-512', 'in', data=server.fingerprint(hashes.SHA512()), more=', 13: 3'),
        pinned('a SHA-256 of another', 'another certificate', data=authority.fingerprint(hashes.SHA256()), more=', 13: 1'),
        pinned('usage 0', 'trust store', data=authority.public_bytes(DER), more=', 15: 0'),
        pinned('usage 1', 'trust store', more=', 15: 1'),
        pinned('usage 2', 'in', data=authority.public_bytes(DER), more=', 15: 2'),
        pinned('usage 2, another authority', 'does not come from', data=c.authority('Other CA').public_bytes(DER), more=', 15: 2'),
        pinned('usage 2, a hash of an authority that is not sent', 'does not come from', data=authority.fingerprint(hashes.SHA256()),
               more=', 13: 1, 15: 2'),
        pinned('the certificate of another device', '4.03', mine=dict(cn='other')),
        pinned('an expired certificate of the device', 'certificate expired', mine=dict(days=(-100, -1))),
        pinned('a key on secp384r1', 'in', client='p384'), pinned('a key on secp521r1', 'in', client='p521'),
        pinned('an RSA key', 'in', client='rsa'),
        pinned('mode est', 'in'),
        Row('nosec, unknown there', 'in', mode='nosec', uri='coap'),
    ]
    return table


def account(c, row, name, ports):
    uri = f"{row.uri}://127.0.0.1:{ports[row.uri]}"
    if row.mode == 'psk' and row.uri == 'coaps':
        return f"0: {uri!r}, 2: 0, 3: {name.encode()!r}, 5: {(row.own or row.key)!r}{row.more}"
    if row.mode == 'cert':
        mine = c.issue(row.client, **{'cn': name, **(row.mine or {})}).public_bytes(DER)
        mode = 4 if row.label == 'mode est' else 2
        return f"0: {uri!r}, 2: {mode}, 3: {mine!r}, 4: {row.data!r}, 5: {der_key(c.key(row.client))!r}{row.more}"
    return f"0: {uri!r}, 2: 3"


def configuration(text):
    return f"{{0: {{1: {{1: False, 10: 1, {text}}}}}, 1: {{1: {{0: 1, 1: 60, 6: False, 7: 'U'}}}}}}"


def written(folder, name, text):
    with open(os.path.join(folder, name), 'w') as f:
        f.write(text)
    return name


def known_as(row, name, ports):
    """What the server is told of the device; a certificate's name is enough there."""
    uri = f"coaps://127.0.0.1:{ports['coaps']}"
    if row.mode == 'nosec':
        return None
    keys = f", 2: 0, 3: {name.encode()!r}, 5: {row.key!r}" if row.mode == 'psk' else ', 2: 2'
    return configuration(f'0: {uri!r}{keys}')


def try_row(signet, c, row, i, ports, folder, api):
    name, bad = f'stack-{i}', []
    told = known_as(row, name, ports)
    if told:
        p = subprocess.run([signet, 'register', *api, '-e', name, '-c', written(folder, f'{name}.known', told)], cwd=folder,
                           capture_output=True, text=True, timeout=60)
        if p.returncode:
            return [f'{row.label}: {p.stderr}']
    own = written(folder, f'{name}.cfg', configuration(account(c, row, name, ports)))
    for stack in ('openssl', 'mbedtls'):
        p = subprocess.run([signet, 'prove', '-c', own, '-e', row.name or name, '--device', 'anjay-3', '--stack', stack, '--timeout', '30' if row.verdict == 'in' else '3'],
                           cwd=folder, capture_output=True, text=True, timeout=60)
        said = p.stdout + p.stderr
        if (p.returncode == 0) != (row.verdict == 'in'):
            bad.append(f'{row.label}: {stack}: {"out" if p.returncode else "in"}, wanted {row.verdict}: {said[-300:]}')
        elif stack == 'openssl' and row.verdict != 'in' and row.verdict not in said.lower() + said:
            bad.append(f'{row.label}: not for "{row.verdict}": {said[-300:]}')
    return bad


def compare(signet, c, table, ports, folder, api):
    for row in table:  # what several would make at once
        c.key(row.client)
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        parts = pool.map(lambda x: try_row(signet, c, x[1], x[0], ports, folder, api), enumerate(table))
    return [line for part in parts for line in part]
