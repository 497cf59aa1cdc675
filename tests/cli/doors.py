#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""One verdict on one device at every door: packet check, packet make, register (configuration and packet), provision,
ptool, a work order's dry run and the Python binding refuse the same devices, with the words of the same rule, under each
device profile; and one verdict on a name at every door that takes one."""
import concurrent.futures, os, subprocess, sys, tempfile
import _bad_certs

BUILD, SOURCE = os.environ['SIGNET_BUILD'], os.environ['SIGNET_SOURCE']
SIGNET, PTOOL = f'{BUILD}/signet', f'{BUILD}/ptool'

PSK = {'uri': "'coaps://127.0.0.1:5684'", 'bootstrap': 'False', 'mode': 0, 'identity': "b'me'",
       'secret': "b'0123456789abcdef'", 'ssid': 1, 'server_ssid': 1, 'lifetime': 60, 'binding': "'U'", 'storing': 'False'}
NAMES = {'uri': 'ServerURI', 'bootstrap': 'Bootstrap', 'mode': 'Mode', 'identity': 'PKOrIdentity', 'secret': 'SecretKey',
         'server': 'ServerPKOrIdentity', 'ssid': 'ShortServerID', 'matching': 'MatchingType', 'sni': 'SNI',
         'usage': 'CertificateUsage'}
SERVER = {'server_ssid': 'ShortServerID', 'lifetime': 'Lifetime', 'binding': 'Binding', 'storing': 'NotificationStoring'}


def config(**change):
    """The accepted device with changes; None takes a resource away; `more` stands behind the two instances."""
    v = {**PSK, **change}
    more = v.pop('more', '')
    security = ', '.join(f'RID.Security.{NAMES[k]}: {v[k]}' for k in NAMES if v.get(k) is not None)
    server = ', '.join(f'RID.Server.{SERVER[k]}: {v[k]}' for k in SERVER if v.get(k) is not None)
    server = ',\n OID.Server: {1: {%s}}' % server if server else ''
    return '{OID.Security: {1: {%s}}%s%s}\n' % (security, server, more)


def openssl(folder, *args):
    subprocess.run(['openssl', *args], cwd=folder, check=True, capture_output=True, timeout=60)


def python(path):
    with open(path, 'rb') as f:
        return repr(f.read())


def make_certs(folder):
    """name: the Python literal of its bytes"""
    for name in ('server', 'device', 'other'):
        openssl(folder, 'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '3650',
                '-subj', '/CN=127.0.0.1' if name == 'server' else '/CN=me', '-keyout', f'{name}.key', '-out', f'{name}.pem')
        openssl(folder, 'x509', '-in', f'{name}.pem', '-outform', 'der', '-out', f'{name}.der')
        openssl(folder, 'pkcs8', '-topk8', '-nocrypt', '-in', f'{name}.key', '-outform', 'der', '-out', f'{name}.p8')
    # OpenSSL 3.0 makes no certificate of the past; its test authority does
    openssl(folder, 'req', '-new', '-key', 'device.key', '-subj', '/CN=me', '-out', 'old.csr')
    with open(f'{folder}/ca.cnf', 'w') as f:
        f.write('[ca]\ndefault_ca=c\n[c]\ndatabase=index\nserial=serial\nnew_certs_dir=.\ndefault_md=sha256\npolicy=p\n'
                '[p]\ncommonName=supplied\n')
    open(f'{folder}/index', 'w').close()
    with open(f'{folder}/serial', 'w') as f:
        f.write('01\n')
    for name, begin, end in (('old', '20200101000000Z', '20210101000000Z'), ('future', '20900101000000Z', '20910101000000Z')):
        open(f'{folder}/index', 'w').close()
        openssl(folder, 'ca', '-batch', '-config', 'ca.cnf', '-cert', 'device.pem', '-keyfile', 'device.key', '-in', 'old.csr',
                '-startdate', begin, '-enddate', end, '-out', f'{name}.pem', '-notext')
        openssl(folder, 'x509', '-in', f'{name}.pem', '-outform', 'der', '-out', f'{name}.der')
    # what OpenSSL makes may issue others; this is a server's own certificate and no more
    subprocess.run([SIGNET, 'cert', 'make', '--endpoint', '127.0.0.1', '--output', f'{folder}/own'], check=True,
                   capture_output=True, timeout=60)
    os.rename(f'{folder}/own/client_cert.der', f'{folder}/own.der')
    own = {f: python(os.path.join(folder, f)) for f in
           ('own.der', 'server.der', 'server.pem', 'device.der', 'device.pem', 'device.p8', 'other.p8', 'old.der', 'future.der')}
    return {**_bad_certs.make(), **own, 'device.keypem': python(os.path.join(folder, 'device.key'))}


def bad_devices(c):
    """name: (configuration, words of the rule); `late`: certificates that are missing may still come when a device is
    registered by its configuration; `made`: an order makes what is missing"""
    def cert(**change):
        return config(**{'mode': 2, 'server': c['server.der'], 'identity': c['device.der'], 'secret': c['device.p8'], **change})
    def foreign(what, **change):
        return cert(**{'identity': c[f'{what}.cert'], 'secret': c[f'{what}.key'], **change})
    return {
        'no lifetime': (config(lifetime=None), '/1/1'),
        'no binding': (config(binding=None), '/1/1'),
        'no uri': (config(uri=None), '/0/1'),
        'no secret': (config(secret=None), '/0/1', 'made'),
        'an unknown mode': (config(mode=9), '/0/1/2'),
        'a mode that is text': (config(mode="'psk'"), '/0/1/2'),
        'a uri that is bytes': (config(uri="b'coaps://h'"), '/0/1/0'),
        'a scheme that is none': (config(uri="'http://h'"), '/0/1/0'),
        'a port that is none': (config(uri="'coaps://h:99999'"), 'ports are 1 to 65535'),
        'an IPv6 address without brackets': (config(uri="'coaps://fd00::1:5684'"), 'several colons'),
        'a bracket that is not closed': (config(uri="'coaps://[::1:5684'"), 'a bracket that is not closed'),
        'a placeholder': (config(uri="'coaps://<server>'"), "the placeholder '<server>'"),
        'two uris': (config(uri="'coaps://h,coaps://g'"), 'holds 2 URIs'),
        'user information': (config(uri="'coaps://u@h'"), 'user information'),
        'a binding of no version': (config(binding="'UQT'"), 'is not a binding'),
        'a lifetime that is text': (config(lifetime="'60'"), '/1/1/1'),
        'a lifetime below 0': (config(lifetime=-1), '/1/1/1'),
        'a binding that is none': (config(binding="'X'"), '/1/1/7'),
        'a Short Server ID of 0': (config(ssid=0, server_ssid=0), '/0/1/10'),
        'a Short Server ID above 65534': (config(ssid=70000, server_ssid=70000), '/0/1/10'),
        'a key that is text': (config(secret="'0123456789abcdef'"), '/0/1/5'),
        'an identity that is a number': (config(identity=5), '/0/1/3'),
        'a flag that is a number': (config(storing=1), '/1/1/6'),
        'no server certificate': (cert(server=None), 'there is no certificate of the server', 'late'),
        'no certificate': (cert(identity=None), 'the device has no certificate', 'late'),
        'no private key': (cert(secret=None), 'the device has no private key', 'late'),
        'an empty server certificate': (cert(server="b''"), '/0/1/4 is empty'),
        'an empty certificate': (cert(identity="b''"), '/0/1/3 is empty'),
        'an empty key': (cert(secret="b''"), '/0/1/5 is empty'),
        'garbage for a server certificate': (cert(server="b'garbage'"), '/0/1/4'),
        'garbage for a certificate': (cert(identity="b'garbage'"), '/0/1/3 and /0/1/5'),
        'garbage for a key': (cert(secret="b'garbage'"), '/0/1/3 and /0/1/5'),
        'certificate of the server and key swapped': (cert(server=c['device.p8'], secret=c['server.der']), '/0/1/4'),
        'the key of another certificate': (cert(secret=c['other.p8']), '/0/1/3 and /0/1/5'),
        'an expired server certificate': (cert(server=c['old.der']), '/0/1/4'),
        'a server certificate of the future': (cert(server=c['future.der']), '/0/1/4'),
        'an expired certificate': (cert(identity=c['old.der']), '/0/1/3 and /0/1/5'),
        'half a certificate in PEM': (cert(server=repr(b'-----BEGIN CERTIFICATE-----\nMIIB\n')), '/0/1/4: malformed PEM'),
        'the certificates of device and server swapped': (cert(server=c['device.der'], identity=c['server.der']),
                                                          'are 3 and 4 swapped?'),
        'no authority for usage 2': (cert(usage=2, server=c['own.der']), "/0/1/4: it is no authority's certificate"),
        'no authority for usage 0': (cert(usage=0, server=c['own.der']), "/0/1/4: it is no authority's certificate"),
        'a certificate where a hash must be': (cert(matching=1), 'means a hash of 32'),
        'a hash that is too short': (cert(matching=3, server="b'" + 'h' * 32 + "'"), 'means a hash of 64'),
        'a damaged RSA key': (foreign('rsa', secret=c['rsa.damaged']), 'halves of the key do not match'),
        'a key whose curve has no name': (foreign('agreement', secret=c['agreement.explicit']), 'its curve has no name'),
        **{f'a certificate: {what}': (foreign(what), f'/0/1/3 and /0/1/5: {words}') for what, words in UNREADABLE.items()},
        **{f'a server certificate: {what}': (cert(server=c[f'{what}.cert']), f'/0/1/4: {words}')
           for what, words in UNREADABLE.items()},
    }


UNREADABLE = {  # by the TLS stack of a device
    'extension twice': 'the TLS stack of a device cannot read it: it has the extension basicConstraints twice',
    'unknown critical': 'the TLS stack of a device cannot read it: the extension 1.3.6.1.4.1.32473.1 is critical',
    'name constraints': 'the TLS stack of a device cannot read it: the extension nameConstraints is critical',
    'malformed extension': 'the TLS stack of a device cannot read it: the extension basicConstraints is malformed',
    'edwards signature': 'the TLS stack of a device cannot read it: it is signed with ED25519',
    'pss': 'the TLS stack of a device cannot read it: it is signed with rsassaPss',
    'sha3': 'the TLS stack of a device cannot read it: it is signed with ecdsa_with_SHA3-256',
}


def good_devices(c):
    return {
        'psk': config(),
        'nosec': config(mode=3, identity=None, secret=None, uri="'coap://127.0.0.1:5683'"),
        'cert': config(mode=2, server=c['own.der'], identity=c['device.der'], secret=c['device.p8']),
        'a hash of the certificate': config(mode=2, server="b'" + 'h' * 32 + "'", matching=1, identity=c['device.der'],
                                            secret=c['device.p8']),
        'a bootstrap account alone': config(bootstrap='True', ssid=None, server_ssid=None, lifetime=None, binding=None,
                                            storing=None),
    }


def suspicious_devices(c):
    """Accepted at every door, with a warning in these words."""
    def cert(**change):
        return config(**{'mode': 2, 'server': c['own.der'], 'identity': c['device.der'], 'secret': c['device.p8'], **change})
    return {
        'a long identity': (config(identity=f"b'{'i' * 129}'"), '/0/1/3) has 129 bytes'),
        'no Server of this number': (config(ssid=2), '(/0/1/10) is 2 in a Security instance'),
        'a Server of another number': (config(server_ssid=2), '(/1/1/0) is 2 in a Server instance'),
        'an authority for the server': (cert(server=c['server.der']), "/0/1/4 is an authority's certificate"),
        'a server of another name': (cert(server=c['another name.cert']), OTHER % 'server.example'),
        'a server whose certificate for usage 1 has another name': (cert(server=c['another name.cert'], usage=1), OTHER % 'server.example'),
        'a server of another address': (cert(uri="'coaps://127.0.0.2'"), "it is for '127.0.0.1', and not for 127.0.0.2"),
        'the address of the server as SNI': (cert(uri="'coaps://10.0.0.1'", sni="'127.0.0.1'"), '(/0/1/14) is an address'),
        'another name as SNI': (cert(sni="'server.example'"), "it is for '127.0.0.1', and not for server.example"),
        'an authority for usage 1': (cert(server=c['server.der'], usage=1), "/0/1/4 is an authority's certificate"),
        'a server certificate in PEM': (cert(server=c['server.pem']), '/0/1/4 is PEM: it goes into the packet as DER'),
        'a server certificate in PEM behind the text of openssl -text': (cert(server="b'Certificate:\\n' " + c['server.pem']),
                                                                         '/0/1/4 is PEM: it goes into the packet as DER'),
        'certificate and key in PEM': (cert(identity=c['device.pem'], secret=c['device.keypem']), '/0/1/5 is PEM'),
        **{f'a certificate: {what}': (cert(identity=c[f'{what}.cert'], secret=c[f'{what}.key']), f'/0/1/3: {words}')
           for what, words in WEAK.items()},
    }


OTHER = "/0/1/4: anjay-3 would refuse a server with this certificate: it is for '%s', and not for 127.0.0.1"
WEAK = {
    'sha1': 'it is signed with sha1, which TLS stacks refuse',
    'wrong signature': 'it says that it signed itself',
    'rsa 1024': 'its RSA key has 1024 bits',
    'agreement': 'its key usage lacks digitalSignature',
    'code signing': 'its extended key usage lacks clientAuth',
}


def run(folder, *args):
    p = subprocess.run(args, cwd=folder, capture_output=True, text=True, timeout=60)
    return p.returncode, p.stdout + p.stderr


def profile_refuses(c):
    """what a profile's client does not take: name: (configuration, words of the rule; None: it takes it; profile)"""
    return {
        'a text that is too long for anjay-3': (config(more=",\n 3: {0: {14: '+01:00 or so: CET'}}"),
                                                'has 17 bytes, and anjay-3 takes 15', 'anjay-3'),
        'a mode that wakaama lacks': (config(mode=2, server=c['own.der'], identity=c['device.der'], secret=c['device.p8']),
                                      'is 2 (cert), which wakaama does not take', 'wakaama'),
        'a binding that zephyr lacks': (config(binding="'T'"), "has 'T', which zephyr does not take", 'zephyr'),
        'a limit of a profile of its own': (config(), 'is 60, and own-1 takes 61 to 100', 'own.yaml'),
        'a raw public key where the client takes them': (config(mode=1, server=c['own.der'], identity=c['device.der'], secret=c['device.p8']),
                                                         None, 'rpk.yaml'),
    }


OWN = 'name: own-1\nresources: {"/1/1": {least: 61, most: 100}}\n'

BINDING = '''import sys
sys.path.insert(0, sys.argv[1])
from factory_prov import factory_prov as fp
f = fp.FactoryProvisioning(sys.argv[2], sys.argv[3], None, None, None, **({'device': sys.argv[4]} if sys.argv[4:] else {}))
f.provision_device()
'''


def doors(folder, name, text, profile=None):
    """door: what it answers for the configuration"""
    device = ['--device', profile] if profile else []
    work = os.path.join(folder, name.replace(' ', '-'))
    os.mkdir(work)
    with open(f'{work}/config', 'w') as f:
        f.write(text)
    with open(f'{work}/server.json', 'w') as f:
        f.write('{"kind": "export", "file": "list.csv"}')
    with open(f'{work}/order.yaml', 'w') as f:
        f.write('name: o\nquota: 1\ntemplate: config\nledger: ledger.db\nnames: {pattern: "me-{serial}"}\n'
                + ('credentials: {shared_secret: true}\n' if 'SecretKey' in text else '')
                + (f'device: {profile}\n' if profile else '')
                + 'output: {packets: out.ndjson}\n')
    with open(f'{work}/own.yaml', 'w') as f:
        f.write(OWN)
    with open(f'{work}/rpk.yaml', 'w') as f:
        f.write('name: rpk\nbase: anjay-3\nmodes: [rpk]\n')
    out = {'packet check': run(work, SIGNET, 'packet', 'check', *device, 'config'),
           'packet make': run(work, SIGNET, 'packet', 'make', *device, '-c', 'config', '-o', 'made.cbor'),
           'register -c': run(work, SIGNET, 'register', *device, '-s', 'server.json', '-e', 'me', '-c', 'config'),
           'provision': run(work, SIGNET, 'provision', *device, '-c', 'config'),
           'ptool': run(work, PTOOL, *device, '-c', 'config'),
           'run --dry-run': run(work, SIGNET, 'run', '--dry-run', 'order.yaml'),
           'python': run(work, '/usr/bin/python3', '-c', BINDING, f'{SOURCE}/bindings/python', 'config', 'me', *device[1:])}
    made, _ = run(work, SIGNET, 'packet', 'make', '--no-check', '-c', 'config', '-o', 'bad.cbor')
    if made == 0:  # the packet of somebody else
        if os.path.exists(f'{work}/list.csv'):
            os.remove(f'{work}/list.csv')
        out['packet show'] = run(work, SIGNET, 'packet', 'show', *device, 'bad.cbor')
        out['packet check of the packet'] = run(work, SIGNET, 'packet', 'check', *device, 'bad.cbor')
        out['register -P'] = run(work, SIGNET, 'register', *device, '-s', 'server.json', '-e', 'me', '-P', 'bad.cbor')
    return out


NAMES_OF_DEVICES = {  # the words that are said, and whether it is refused
    'urn:imei:490154203237518': ('', False),
    'urn:imei:490154203237519': ('whose check digit is wrong', False),
    'urn:imei:NULL': ('behind urn:imei: stand 15 digits', True),
    'urn:dev:os:NULL': ('ends in what a table has for no value', False),
}


def name_doors(folder, name):
    """door: what it answers for a good device of this name"""
    work = os.path.join(folder, name.replace(':', '-'))
    os.mkdir(work)
    for file, text in (('config', config(uri="'coaps://127.0.0.1:1'")), ('server.json', '{"kind": "export", "file": "list.csv"}'),
                       ('rows.csv', f'name\n{name}\n'),
                       ('order.yaml', 'name: o\nquota: 1\ntemplate: config\nledger: ledger.db\n'
                        'names: {manifest: rows.csv, pattern: "{name}"}\ncredentials: {shared_secret: true}\noutput: {packets: out.ndjson}\n')):
        with open(f'{work}/{file}', 'w') as f:
            f.write(text)
    return {'register': run(work, SIGNET, 'register', '-s', 'server.json', '-e', name, '-c', 'config'),
            'prove': run(work, SIGNET, 'prove', '-e', name, '-c', 'config'),  # nobody listens there
            'provision': run(work, SIGNET, 'provision', '-e', name, '-c', 'config'),
            'ptool': run(work, PTOOL, '-e', name, '-c', 'config'),
            'run --dry-run': run(work, SIGNET, 'run', '--dry-run', 'order.yaml'),
            'python': run(work, '/usr/bin/python3', '-c', BINDING, f'{SOURCE}/bindings/python', 'config', name)}


def check_names(folder, pool, sanitized):
    """what is wrong with the answers"""
    bad = []
    for name, answers in zip(NAMES_OF_DEVICES, pool.map(lambda name: name_doors(folder, name), NAMES_OF_DEVICES)):
        words, refused = NAMES_OF_DEVICES[name]
        for door, (code, said) in answers.items():
            if door == 'python' and (sanitized or not refused):  # its warnings go to logging
                continue
            if (door != 'prove' and (code != 0) != refused) or words not in said or (not words and 'warning' in said):
                bad.append(f'{name}: {door}: exit {code}, wanted "{words}": {said.strip()[-300:]}')
    return bad


def main():
    with open(f'{BUILD}/CMakeCache.txt', encoding='utf-8') as f:  # a sanitizer's library must come first in a process
        sanitized = any(line.startswith('SIGNET_SANITIZE:') and line.strip()[-1] != '=' for line in f)
    bad = []
    with tempfile.TemporaryDirectory(prefix='signet-doors-') as folder, concurrent.futures.ThreadPoolExecutor(4) as pool:
        certs = make_certs(folder)
        wanted = {n: (*row, '')[:3] for n, row in bad_devices(certs).items()}
        wanted |= {n: (text, None, '') for n, text in good_devices(certs).items()}
        wanted |= {n: (*row, 'suspicious') for n, row in suspicious_devices(certs).items()}
        profiles = {n: profile for n, (_, _, profile) in profile_refuses(certs).items()}
        wanted |= {n: (text, words, '' if words else 'taken') for n, (text, words, _) in profile_refuses(certs).items()}
        answers = dict(zip(wanted, pool.map(lambda n: doors(folder, n, wanted[n][0], profiles.get(n)), wanted)))
        bad += check_names(folder, pool, sanitized)
        for name, (_, words, late) in wanted.items():
            for door, (code, said) in answers[name].items():
                if door == 'python' and sanitized:
                    continue
                refused = code != 0
                if late == 'suspicious':
                    if 'is PEM' in words and door in ('packet show', 'packet check of the packet'):
                        continue  # it was made DER before
                    if refused or (words not in said and door not in ('python', 'register -P')):
                        bad.append(f'{name}: {door}: exit {code}, wanted a warning "{words}": {said.strip()[-300:]}')
                    continue
                if (door, late) in (('register -c', 'late'), ('run --dry-run', 'made'), ('register -c', 'taken'), ('register -P', 'taken')):
                    continue
                if door == 'packet show':  # it shows what there is, and says what is wrong with it
                    if code or ('error' in said or 'warning' in said) != bool(words) or (words or '') not in said:
                        bad.append(f'{name}: {door}: exit {code}: {said.strip()[-300:]}')
                    continue
                if refused != bool(words):
                    bad.append(f'{name}: {door}: exit {code}: {said.strip()[-300:]}')
                elif words and words not in said:
                    bad.append(f'{name}: {door}: not for "{words}": {said.strip()[-300:]}')
    if bad:
        sys.exit('\n'.join(bad))
    print(f'doors: {len(wanted)} devices, {len(answers["psk"])} doors: ok')


main()
