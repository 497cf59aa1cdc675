#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A server that is known by its key: `pin` in its file and in an order, which comes first. Another key is refused, and told."""
import json, os, re, subprocess, sys, tempfile
from _mint import House
from _signet import SIGNET, Broken, need

OTHER = f'sha256//{"A" * 43}='


def call(*args, code=0, word=''):
    p = subprocess.run([SIGNET, *args], capture_output=True, text=True, timeout=60)
    need(p.returncode == code and word in p.stdout + p.stderr, f'{args}: exit {p.returncode}, wanted {code} and {word!r}: {p.stdout} {p.stderr}')
    return p.stdout + p.stderr


def main(folder):
    h = House(folder)
    sim = subprocess.Popen([SIGNET, 'sim', 'server', '--ca-file', 'ca.pem'], stdout=subprocess.PIPE, text=True)
    try:
        url = sim.stdout.readline().split()[0]

        def server(**more):
            h.write('server.json', json.dumps({'url': url, 'domain': '/acme/', **more}))
            os.chmod('token', 0o600)

        h.write('token', 'token')
        server(pin=OTHER)
        said = call('server', 'check', '--token-file', 'token', 'server.json', code=1, word='its key is not the pinned one, but sha256//')
        pin = re.search(r'sha256//\S{44}', said.split('but ')[1]).group()
        need(json.loads(call('cert', 'fetch', '--json', '-o', 'peer.pem', url[8:]).splitlines()[0])['pin'] == pin, 'cert fetch')
        server(pin=pin)
        call('server', 'check', '--token-file', 'token', 'server.json', word='ok')
        call('server', 'check', '--token-file', 'token', '--ca-file', 'ca.pem', 'server.json', word='ok')
        for said, code, word in (pin, 0, ''), (OTHER, 3, 'its key is not the pinned one'):
            server(pin=OTHER if said == pin else pin)
            h.write('order.yaml', f'name: o{code}\nquota: 1\ntemplate: template\nledger: ledger.db\nnames: {{pattern: "o{code}-{{serial:3}}"}}\noutput: {{packets: p{code}.ndjson}}\n'
                    f'servers: [{{file: server.json, token_file: token, pin: "{said}"}}]\n')
            call('run', 'order.yaml', code=code, word=word or '1 of 1')
    finally:
        sim.terminate()
        sim.wait()
    print('pin: ok')


with tempfile.TemporaryDirectory(prefix='signet-pin-') as folder:
    os.chdir(folder)
    try:
        main(folder)
    except Broken as e:
        sys.exit(str(e))
