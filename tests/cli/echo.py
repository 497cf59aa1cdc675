#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A server repeats each device's key, and the token, in its refusals, in every spelling: none of it is in the
ledger, in an export, on the terminal, in JSON, or in any other file."""
import base64, http.server, json, os, re, subprocess, sys, tempfile, threading, urllib.parse
from _signet import SIGNET, TEMPLATE, Folder, need

TOKEN = 'cAnArY.t0ken_98765-abcdef'


def around(text, separator):
    return separator.join(f'{b:02x}' for b in text)


SPELLINGS = {
    'raw': lambda s: s, 'hex': lambda s: s.hex().encode(), 'HEX': lambda s: s.hex().upper().encode(),
    'colons': lambda s: around(s, ':').encode(), 'blanks': lambda s: around(s, ' ').encode(), 'commas': lambda s: around(s, ', 0x').encode(),
    'base64': base64.b64encode, 'base64url': base64.urlsafe_b64encode, 'one off': lambda s: base64.b64encode(b'x' + s),
    'two off': lambda s: base64.b64encode(b'xy' + s), 'base32': base64.b32encode, 'url': lambda s: ''.join(f'%{b:02X}' for b in s).encode(),
    'base64 in a URL': lambda s: urllib.parse.quote(base64.b64encode(s), safe='').encode(), 'numbers': lambda s: str(list(s)).encode(),
    'backwards': lambda s: s[::-1].hex().encode(), 'digits backwards': lambda s: s.hex()[::-1].encode(),
    'base64 backwards': lambda s: base64.b64encode(s)[::-1], 'base64 of hex': lambda s: base64.b64encode(s.hex().encode()),
    'half': lambda s: s[:len(s) // 2].hex().encode(), 'JSON': lambda s: ''.join(f'\\u{b:04x}' for b in s).encode(),
}
NAMES = list(SPELLINGS)
seen = {}


class Echo(http.server.BaseHTTPRequestHandler):
    def log_message(self, *args):
        pass

    def do_PUT(self):
        body = self.rfile.read(int(self.headers['Content-Length']))
        key = max(re.findall(rb'"([0-9a-fA-F]{32,})"', body), key=len)
        number = int(re.search(rb'echo-(\d+)', body).group(1)) - 1
        secret = bytes.fromhex(key.decode())
        seen[number] = secret
        spell = SPELLINGS[NAMES[number % len(NAMES)]]
        words = b'refused %d: ' % number + spell(secret) + b' and ' + spell(TOKEN.encode()) + b' end'
        self.send_response(400)
        self.send_header('Content-Length', str(len(words)))
        self.end_headers()
        self.wfile.write(words)

    def do_GET(self):
        self.send_response(200)
        self.send_header('Content-Length', '2')
        self.end_headers()
        self.wfile.write(b'[]')


def forms(secret):
    for name in NAMES:
        if name != 'half':
            yield name, SPELLINGS[name](secret)
    yield 'half', secret[:8]
    yield 'half, hex', secret[:8].hex().encode()


def hunt(where, data, secrets):
    for secret in secrets:
        for name, form in forms(secret):
            need(form not in data, f'{where} has a secret: {name}: {data[max(0, data.find(form) - 80):][:200]}')


def main():
    with tempfile.TemporaryDirectory() as folder:
        f = Folder(folder)
        server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Echo)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        f.write('endpoint_cfg', TEMPLATE % 0)
        f.write('token', TOKEN)
        f.write('leshan.json', json.dumps({'kind': 'leshan', 'url': 'http://127.0.0.1', 'port': server.server_address[1]}))
        f.write('order.yaml', f'name: echo\nwork: work\nstation: A\ntemplate: endpoint_cfg\nledger: ledger.db\nquota: {len(NAMES)}\n'
                'names: {pattern: "echo-{serial}"}\noutput: {packets: out/}\nstop_after_refusals: 0\n'
                'servers: [{file: leshan.json, token_file: token, allow_http: true}]\n')
        said = b''
        for args in (['run', 'order.yaml'], ['run', '--json', 'order.yaml'], ['ledger', 'list', 'ledger.db'],
                     ['ledger', 'list', '--json', 'ledger.db'], ['ledger', 'export', '-f', 'csv', 'ledger.db'],
                     ['ledger', 'export', 'ledger.db'], ['ledger', 'show', 'ledger.db', 'echo-1'], ['ledger', 'show', '--json', 'ledger.db', 'echo-2']):
            p = subprocess.run([SIGNET, *args], cwd=folder, capture_output=True, timeout=120, stdin=subprocess.DEVNULL)
            said += p.stdout + p.stderr
        server.shutdown()
        need(len(seen) == len(NAMES), f'{len(seen)} devices were refused')
        need(said.count(b'refused 1') > 1, 'the server\'s words are shown')
        secrets = [*seen.values(), TOKEN.encode()]
        hunt('what was said', said, secrets)
        for path, _, files in os.walk(folder):
            for name in files:
                if name != 'token' and os.path.basename(path) != 'out' and not name.endswith('.senml'):
                    with open(os.path.join(path, name), 'rb') as file:
                        hunt(os.path.join(path, name), file.read(), secrets)
    print('echo: ok')


main()
