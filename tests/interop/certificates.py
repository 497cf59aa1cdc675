#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Devices' certificates of each profile, from authorities in files and in a token, as OpenSSL, GnuTLS, Mbed TLS, Go's crypto/x509, Rust's
webpki, pyca/cryptography and pkilint take them. A tool that cannot be built or installed is named and left out; in CI Python's may not be missing."""
import os, subprocess, sys, tempfile
import _softhsm, _tools
from _cert_stacks import openssl, taken
from _signet import SIGNET, SOURCE, Broken, need

OWN = """base: idevid
subject_key_id: true
hardware_type: 1.3.6.1.4.1.99999.1
key_usage: [digitalSignature]
extended_key_usage: [clientAuth, 1.3.6.1.4.1.99999.2]
"""
PROFILES = 'tls-client', 'idevid', './own.yaml', 'reference'
NAMES = 'urn:dev:os:0001-0042', 'dev-7.example.com'
CA = 'keyUsage=critical,keyCertSign,cRLSign'


def put(name, text):
    with open(name, 'w') as f:
        f.write(text)


def authorities(token):
    """name -> (chain, key)"""
    openssl('req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-384', '-nodes', '-subj', '/O=Acme/CN=Root', '-days', '9000', '-keyout',
            'root.key', '-out', 'root.pem', '-addext', CA)
    openssl('req', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-subj', '/O=Acme/CN=Devices', '-keyout', 'ca.key', '-out', 'ca.csr')
    put('ext', f'basicConstraints=critical,CA:TRUE,pathlen:0\n{CA}\nsubjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n')
    openssl('x509', '-req', '-in', 'ca.csr', '-CA', 'root.pem', '-CAkey', 'root.key', '-days', '8000', '-extfile', 'ext', '-out', 'ca.pem')
    with open('ca.pem') as a, open('root.pem') as b:
        put('chain.pem', a.read() + b.read())
    os.chmod('ca.key', 0o600)
    found = {'file': ('chain.pem', 'ca.key')}
    if token:
        for name, kind in ('ec', 'EC'), ('rsa', 'RSA'):
            token.authority(name, key=kind, id={'EC': '01', 'RSA': '02'}[kind], extensions=[CA])
            found[name] = f'{name}.pem', token.uri(name)
    return found


def signet(*args):
    p = subprocess.run([SIGNET, *args], capture_output=True, text=True, timeout=60)
    need(p.returncode == 0, f'{args}: {p.stderr}')


def make(name, key):
    """What Signet makes of one authority: two names in each profile, and one for an RSA key of somebody else's."""
    for profile in PROFILES:
        put('a.yaml', f'chain: {name}\nkey: "{key}"\nprofile: {profile}\n')
        made = f'{name}.{profile.strip("./")}'
        for i, endpoint in enumerate(NAMES):
            signet('cert', 'make', '-e', endpoint, '--authority', 'a.yaml', '-o', f'{made}.{i}')
            yield profile, f'{made}.{i}/client_cert.crt'
        signet('cert', 'sign', '--authority', 'a.yaml', '-e', NAMES[0], '-o', made + '.rsa.pem', 'rsa.csr')
        yield profile, made + '.rsa.pem'


def judges():
    """Programs of others: arguments before CHAIN CERT..., and whether they take certificates without key identifiers."""
    python = os.path.join(os.path.dirname(_tools.program('pkilint==0.13.3', 'lint_pkix_cert')), 'python')
    found = [([python, os.path.join(SOURCE, 'tests/interop/certificates/judge.py')], False)]
    for path, why in _tools.go('certificates/go', 'x509-check'), _tools.rust('certificates/webpki', 'webpki-check'):
        if path:
            found.append(([path], True))
        else:
            print('left out:', why)
    return found


def refuses(tool, certs):
    """A judge that takes all would show nothing: another authority's certificate is refused."""
    p = subprocess.run([*tool, 'other.pem', certs[0]], capture_output=True, text=True, timeout=120)
    need(p.returncode != 0, f'{tool} takes everything')


def main():
    openssl('req', '-new', '-newkey', 'rsa:2048', '-nodes', '-subj', '/CN=x', '-keyout', 'rsa.key', '-out', 'rsa.csr')
    openssl('req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-subj', '/CN=other', '-keyout', 'other.key', '-out', 'other.pem')
    put('own.yaml', OWN)
    tools = judges()
    for chain, key in authorities(_softhsm.Token(os.getcwd()) if _softhsm.there() else None).values():
        made = list(make(chain, key))
        for profile, cert in made:
            taken(cert, chain, strict=profile != 'reference')
        for tool, lax in tools:
            certs = [cert for profile, cert in made if lax or profile != 'reference']
            p = subprocess.run([*tool, chain, *certs], capture_output=True, text=True, timeout=120)
            need(p.returncode == 0 and len(p.stdout.splitlines()) == len(certs), f'{tool}: {p.stdout} {p.stderr}')
            refuses(tool, certs)
    print(f'{len(tools) + 4} tools take them')


with tempfile.TemporaryDirectory(prefix='signet-certs-') as folder:
    os.chdir(folder)
    try:
        main()
    except Broken as e:
        sys.exit(str(e))
