#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Authorities that are elsewhere: EST against `signet sim server --kind est` with its faults, CMP against `openssl cmp`.
What comes is verified, lost answers are asked for again, and a dry run requests nothing."""
import json, os, socket, subprocess, sys, tempfile, time
from _mint import House
from _port import free_port
from _signet import SIGNET, Broken, need

PASSWORD = 'pw-271828'


def call(*args, code=0, word=''):
    p = subprocess.run([SIGNET, *args], capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL)
    need(p.returncode == code and word in p.stdout + p.stderr, f'{args}: exit {p.returncode}, wanted {code} and {word!r}: {p.stdout} {p.stderr}')
    need(PASSWORD not in p.stdout + p.stderr, f'{args}: a secret is told')
    return p.stdout


def openssl(*args):
    return subprocess.run(['openssl', *args], check=True, capture_output=True, text=True, timeout=60).stdout


class Est:
    """The simulated authority; summary after stop(): how many it signed for, and how often it was asked."""

    def __init__(self, h, misbehave='', more=''):
        self.process = subprocess.Popen([SIGNET, 'sim', 'server', '--json', '--kind', 'est', '--ca-file', 'est-ca.pem', '--token', f'me:{PASSWORD}',
                                         '--until-eof', '--misbehave', misbehave], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.url = json.loads(self.process.stdout.readline())['url']
        h.write('pw', PASSWORD)
        h.write('est.yaml', f'kind: est\nurl: {self.url}/.well-known/est/line\nca_file: est-ca.pem\nuser: me\npassphrase_file: pw\ntimeout_s: 6\n{more}')

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.stop()

    def stop(self):
        out, _ = self.process.communicate('', timeout=30)
        return json.loads(out.splitlines()[-1])


def est(h):
    with Est(h) as s:
        shown = json.loads(call('authority', 'show', '--json', 'est.yaml'))
        need((shown['kind'], shown['subject'], shown['certificates']) == ('est', 'CN=signet sim authority', 2), shown)
        call('authority', 'check', 'est.yaml', word='it was not asked to sign')
        call('cert', 'make', '--authority', 'est.yaml', '-e', 'd1', '-o', 'd1')
        need('issuer=CN = signet sim authority' in openssl('x509', '-in', 'd1/client_cert.crt', '-noout', '-issuer'), 'issuer')
        call('cert', 'make', '--authority', 'est.yaml', '-e', 'with-chain', '-o', 'd2')
        for name, word in (('wrong-key', 'is for another key'), ('wrong-name', "is for 'another', not for wrong-name")):
            call('cert', 'make', '--authority', 'est.yaml', '-e', name, '-o', 'd3', code=1, word=word)
            need(not os.path.exists('d3'), name)
        # renewed by who has it, in TLS; another name is a first certificate
        openssl('pkey', '-inform', 'DER', '-in', 'd1/client_key.der', '-out', 'd1.key')
        os.chmod('d1.key', 0o600)
        h.write('tls.yaml', f'kind: est\nurl: {s.url}\nca_file: est-ca.pem\nclient_cert: d1/client_cert.crt\nclient_key: d1.key\n')
        call('cert', 'make', '--authority', 'tls.yaml', '-e', 'd1', '-o', 'd1b')
        call('cert', 'make', '--authority', 'tls.yaml', '-e', 'd4', '-o', 'd4')
        with open('tls.yaml') as f:
            tls = f.read()
        h.write('sealed.yaml', tls.replace('d1.key', 'sealed.key'))
        for kind, word in (('pkcs8 -topk8', 'is encrypted'), ('ec -aes256', 'is encrypted')):
            h.write('sealed.key', openssl(*kind.split(), '-in', 'd1.key', '-passout', 'pass:abcd').replace('Proc-Type: 4', 'Proc-Type:4'))
            call('cert', 'make', '--authority', 'sealed.yaml', '-e', 'd4', '-o', 'd8', code=1, word=word)
        need(openssl('x509', '-in', 'd1/client_cert.crt', '-noout', '-pubkey') != openssl('x509', '-in', 'd1b/client_cert.crt', '-noout', '-pubkey'), 'keys')
        with open('est.yaml') as f:
            text = f.read()
        openssl('req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-subj', '/CN=signet sim authority', '-days', '99',
                '-keyout', 'other.key', '-out', 'other.pem', '-addext', 'keyUsage=critical,keyCertSign')
        h.write('nopw', 'wrong')
        pin = json.loads(call('cert', 'fetch', '--json', '-o', 'peer.pem', s.url[8:]).splitlines()[0])['pin']
        no_pin = f'sha256//{"A" * 43}='
        for change, code, word in [
                (('passphrase_file: pw', 'passphrase_file: nopw'), 1, 'does not let us in: HTTP status 401'),
                (('user: me\npassphrase_file: pw\n', ''), 1, 'does not let us in: HTTP status 401'),
                (('ca_file: est-ca.pem', 'ca_file: other.pem'), 1, 'of no authority in other.pem'),
                (('ca_file: est-ca.pem', f'pin: "{no_pin}"'), 1, 'its key is not the pinned one, but ' + pin),
                (('ca_file: est-ca.pem', f'pin: "{no_pin};{pin}"'), 0, 'written'),
                (('ca_file: est-ca.pem', 'pin: sha1'), 2, "'sha1' is no pin"),
                (('/.well-known/est/line', '/est'), 1, 'no EST there'),
                (('/.well-known/est/line', '/est?line'), 1, "the path of the authority's url is malformed"),
                (('https://', 'http://'), 1, 'EST goes over https only'),
                (('timeout_s', 'chain: other.pem\ntimeout_s'), 1, 'the certificate that came'),
                (('timeout_s', 'reference: x\ntimeout_s'), 1, "'reference' goes with kind: cmp"),
                (('timeout_s', 'key: x\ntimeout_s'), 1, "'key' and 'profile'"),
                (('kind: est', 'kind: scep'), 1, "unknown kind of authority 'scep'"),
                (('timeout_s', 'client_key: x\ntimeout_s'), 1, 'go together')]:
            h.write('bad.yaml', text.replace(*change))
            call('cert', 'make', '--authority', 'bad.yaml', '-e', 'd5', '-o', 'd5', code=code, word=word)
        openssl('req', '-new', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-subj', '/CN=d6', '-keyout', 'd6.key', '-out', 'd6.csr')
        call('cert', 'sign', '--authority', 'est.yaml', '-e', 'd6', '-o', 'd6.pem', 'd6.csr')
        call('cert', 'sign', '--authority', 'est.yaml', '-e', 'd7', 'd6.csr', code=1, word="is for 'd6', not for d7")
        end = s.stop()
        need(end['devices'] == 7, end)  # d1, with-chain, wrong-key, wrong-name, d4, d5, d6
    call('authority', 'check', 'est.yaml', code=1, word='the connection was refused')


def faults(h):
    for misbehave, word, code in [('202=1', '', 0), ('202=1*2', '', 0), ('202=60', 'has not signed in time', 1), ('429=1', '', 0), ('503=1', '', 0),
                                  ('drop', '', 0), ('commit-then-drop', '', 0), ('truncate', '', 0), ('portal*9', 'web page', 1),
                                  ('400', 'the authority refuses (HTTP status 400): so it was asked for', 1), ('look-500', 'cacerts', 1),
                                  ('look-html*9', 'cacerts', 1), ('redirect', 'HTTP status 307', 1)]:
        with Est(h, misbehave) as s:
            call('cert', 'make', '--authority', 'est.yaml', '-e', 'f', '-o', 'f', code=code, word=word)
            end = s.stop()
            need(end['devices'] == (code == 0), f'{misbehave}: {end}')
    begin = time.monotonic()
    with Est(h, '202=0*3'):  # come back at once, it says
        call('cert', 'make', '--authority', 'est.yaml', '-e', 'f', '-o', 'f')
    need(time.monotonic() - begin > 1.5, 'it is asked without a pause')


def order(h):
    """300 certificates through faults; the dry run and what is checked before ask for none."""
    with Est(h, 'commit-then-drop,202=1,503=0,drop', 'timeout_s: 20\n'.replace('timeout_s: 20\n', '')) as s:
        path = h.order('made', 60, more='authority: est.yaml\n')
        code, said = h.run(path, '--dry-run')
        need(code == 0, said)
        p = subprocess.run([SIGNET, 'station', 'check', '--json', path], capture_output=True, text=True, timeout=60)
        need('"which": "est", "verdict": "pass"' in p.stdout, p.stdout)
        code, said = h.run(path)
        need(code == 0 and '60 of 60' in said, said)
        h.check('made', ['packets.ndjson'], 60)
        need(all(d['cert_issuer'] == 'CN=signet sim authority' for d in h.devices('made').values()), 'issuers')
        end = s.stop()
        need(end['devices'] == 60, end)
    code, said = h.run(path, '--dry-run')
    need(code == 1 and 'refused' in said, said)
    with Est(h) as s:  # the same keys in the order itself, which need no chain
        with open('est.yaml') as f:
            path = h.order('within', 2, packets='within.ndjson', more=f'authority: {{{", ".join(f.read().splitlines())}}}\n')
        code, said = h.run(path)
        need(code == 0, said)
        need(all(d['cert_issuer'] == 'CN=signet sim authority' for d in h.devices('within').values()), 'issuers')
        p = subprocess.run([SIGNET, 'station', 'check', '--json', path], capture_output=True, text=True, timeout=60)
        need('"which": "est", "verdict": "pass"' in p.stdout, p.stdout)
        call('authority', 'show', '--order-file', path, word='CN=signet sim authority')
        need(s.stop()['devices'] == 2, 'requests')


def cmp(h):
    openssl('req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-subj', '/CN=root', '-days', '4000',
            '-keyout', 'root.key', '-out', 'root.pem', '-addext', 'keyUsage=critical,keyCertSign')
    openssl('req', '-new', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-subj', '/CN=c1', '-keyout', 'c1.key', '-out', 'c1.csr')
    openssl('req', '-new', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-subj', '/CN=c1', '-keyout', 'c2.key', '-out', 'c2.csr')
    os.chmod('root.key', 0o600)
    h.write('root.yaml', 'chain: root.pem\nkey: root.key\n')
    call('cert', 'sign', '--authority', 'root.yaml', '-e', 'c1', '-o', 'answer.pem', 'c1.csr')
    port = free_port()
    h.write('cmp.yaml', f'kind: cmp\nurl: http://127.0.0.1:{port}/pkix/\nchain: root.pem\nreference: line\npassphrase_file: pw\ntimeout_s: 8\n')
    with open('cmp.yaml') as f:
        text = f.read()
    peer = ['openssl', 'cmp', '-port', str(port), '-srv_ref', 'line', '-srv_secret', 'file:pw', '-rsp_cert', 'answer.pem']
    for more in ((), ('-poll_count', '1', '-check_after', '1'), ('-grant_implicitconf',)):
        with subprocess.Popen([*peer, *more], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as p:
            try:
                wait_for(port)
                call('cert', 'sign', '--authority', 'cmp.yaml', '-e', 'c1', '-o', 'got.pem', 'c1.csr')
                need(open('got.pem').read() == open('answer.pem').read(), 'another certificate')
                if more:
                    continue
                call('authority', 'check', 'cmp.yaml', word='it was not asked to sign')
                call('cert', 'sign', '--authority', 'cmp.yaml', '-e', 'c1', 'c2.csr', code=1, word='the authority')
                call('cert', 'sign', '--authority', 'cmp.yaml', '-e', 'x', 'c1.csr', code=1, word="is for 'c1', not for x")
                h.write('nopw', 'wrong')
                for change, word in [(('passphrase_file: pw', 'passphrase_file: nopw'), "must be the authority's, too"),
                                     (('/pkix/', '/none'), 'HTTP status 404'), (('chain: root.pem', 'chain: other.pem'), 'the certificate that came'),
                                     (('reference: line', 'user: line'), "'user' goes with kind: est")]:
                    h.write('bad.yaml', text.replace(*change))
                    call('cert', 'sign', '--authority', 'bad.yaml', '-e', 'c1', 'c1.csr', code=1, word=word)
            finally:
                p.kill()
    call('cert', 'sign', '--authority', 'cmp.yaml', '-e', 'c1', 'c1.csr', code=1, word='the connection was refused')


def wait_for(port):
    for _ in range(100):
        with socket.socket() as s:
            if s.connect_ex(('127.0.0.1', port)) == 0:
                return
        time.sleep(0.05)


def issue(name, by, days='99'):
    openssl('req', '-new', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-subj', f'/CN={name}', '-keyout', f'{name}.key',
            '-out', f'{name}.csr')
    openssl('x509', '-req', '-in', f'{name}.csr', '-CA', f'{by}.pem', '-CAkey', f'{by}.key', '-days', days, '-out', f'{name}.pem')
    os.chmod(f'{name}.key', 0o600)


def cmp_signed(h):
    """Messages that both sides sign: ours by client_cert, the authority's below its chain."""
    h.write('ca.ext', 'basicConstraints=critical,CA:true\nkeyUsage=critical,keyCertSign\n')
    for name in ('middle', 'srv', 'ra', 'foreign', 'old'):
        issue(name, {'foreign': 'other', 'ra': 'middle'}.get(name, 'root'), '-1' if name == 'old' else '99')
        if name == 'middle':
            openssl('x509', '-req', '-in', 'middle.csr', '-CA', 'root.pem', '-CAkey', 'root.key', '-days', '99', '-out', 'middle.pem',
                    '-extfile', 'ca.ext')
    with open('ra-chain.pem', 'w') as f:
        f.write(open('ra.pem').read() + open('middle.pem').read())
    port = free_port()
    text = f'kind: cmp\nurl: http://127.0.0.1:{port}/pkix/\nchain: root.pem\nclient_cert: ra-chain.pem\nclient_key: ra.key\ntimeout_s: 8\n'
    h.write('signed.yaml', text)
    with subprocess.Popen(['openssl', 'cmp', '-port', str(port), '-srv_cert', 'srv.pem', '-srv_key', 'srv.key', '-srv_trusted', 'root.pem',
                           '-rsp_cert', 'answer.pem'], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as p:
        try:
            wait_for(port)
            call('authority', 'check', 'signed.yaml', word='it was not asked to sign')
            call('cert', 'sign', '--authority', 'signed.yaml', '-e', 'c1', '-o', 'got2.pem', 'c1.csr')
            need(open('got2.pem').read() == open('answer.pem').read(), 'another certificate')
            for change, word in [
                    (('ra-chain.pem\nclient_key: ra.key', 'foreign.pem\nclient_key: foreign.key'), 'the authority'),
                    (('chain: root.pem', 'chain: middle.pem'), "who signs the authority's answers must be in chain"),
                    (('client_key: ra.key', 'client_key: srv.key'), "'ra-chain.pem', 'srv.key': the private key does not belong"),
                    (('ra-chain.pem\nclient_key: ra.key', 'old.pem\nclient_key: old.key'), "'old.pem', 'old.key': the certificate expired"),
                    (('client_cert: ra-chain.pem\nclient_key: ra.key\n', ''), "either a 'reference'"),
                    (('client_cert', 'reference: line\npassphrase_file: pw\nclient_cert'), "either a 'reference'"),
                    (('client_cert', 'passphrase_file: pw\nclient_cert'), "a 'client_key' is not encrypted"),
                    (('chain: root.pem\n', ''), "has a 'chain'"),
                    (('client_key: ra.key\n', ''), 'go together')]:
                h.write('bad.yaml', text.replace(*change))
                call('cert', 'sign', '--authority', 'bad.yaml', '-e', 'c1', 'c1.csr', code=1, word=word)
        finally:
            p.kill()


def main():
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        h = House(folder, certs=True)
        for part in (est, faults, order, cmp, cmp_signed):
            try:
                part(h)
            except Broken as e:
                print(f'{part.__name__}: {e}')
                return 1
    print('authority_elsewhere: ok')
    return 0


sys.exit(main())
