#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""prove: {follow: HOSTS} of an order: whether the proof goes where a bootstrap server sends the device; and what the dry run shows."""
import json, os, socket, subprocess, tempfile, threading
from _signet import SIGNET, need

POST, PUT, DELETE, CREATED, DELETED, CHANGED = 2, 3, 4, 0x41, 0x42, 0x44
PATH, FORMAT, LOCATION = 11, 12, 8
ACCOUNT = ('/0/1', b'\xc1\x01\x00\xc1\x02\x03\xc1\x0a\x01'), ('/1/1', b'\xc1\x00\x01\xc1\x01\x3c\xc1\x06\x00\xc1\x07U')


def option(number, before, value):
    need(number - before < 13 and len(value) < 13, 'a long option')
    return bytes([(number - before) << 4 | len(value)]) + value


def paths(message):
    """The Uri-Path of a request, as far as its options are short."""
    at, number, found = 4 + (message[0] & 15), 0, []
    while at < len(message) and message[at] != 0xff:
        delta, length, at = message[at] >> 4, message[at] & 15, at + 1
        if delta == 13:
            delta, at = 13 + message[at], at + 1
        if length == 13:
            length, at = 13 + message[at], at + 1
        number += delta
        if number == PATH:
            found.append(message[at:at + length].decode())
        at += length
    return found


class Bootstrap(threading.Thread):
    """Writes an account of the server 127.0.0.1, which it is itself, into whoever asks."""
    def __init__(self):
        super().__init__(daemon=True)
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(('127.0.0.1', 0))
        self.port, self.registered = self.socket.getsockname()[1], 0
        self.start()

    def answer(self, message, who, code, options=b''):
        self.socket.sendto(bytes([0x60 | message[0] & 15, code]) + message[2:4 + (message[0] & 15)] + options, who)

    def ask(self, who, code, path, payload=b''):
        self.sent = getattr(self, 'sent', 100) + 1
        out, before = bytes([0x40, code]) + self.sent.to_bytes(2, 'big'), 0
        for name in path[1:].split('/'):
            out, before = out + option(PATH, before, name.encode()), PATH
        self.socket.sendto(out + (option(FORMAT, PATH, b'\x2d\x16') + b'\xff' + payload if payload else b''), who)

    def run(self):
        uri = f'coap://127.0.0.1:{self.port}'.encode()
        writes = [(PUT, path, (b'\xc8\x00' + bytes([len(uri)]) + uri if path == '/0/1' else b'') + tlv) for path, tlv in ACCOUNT]
        left = []
        while True:
            message, who = self.socket.recvfrom(2000)
            if message[1] == POST and paths(message) == ['bs']:
                self.answer(message, who, CHANGED)
                left = [*writes, (POST, '/bs')]
            elif message[1] == POST:
                self.registered += 1
                self.answer(message, who, CREATED, option(LOCATION, 0, b'rd') + option(LOCATION, LOCATION, b'5'))
            elif message[1] == DELETE:
                self.answer(message, who, DELETED)
            if left and message[1] in (POST, CHANGED):
                self.ask(who, *left.pop(0))


def write(name, text):
    with open(name, 'w') as f:
        f.write(text)


def order(prove):
    write('o.yaml', 'name: o\nquota: 1\ntemplate: t.cfg\nledger: o.db\nnames: {pattern: "urn:dev:os:{serial}"}\n'
                    f'output: {{packets: p.ndjson}}\nprove: {prove}\n')


def run(*args):
    p = subprocess.run([SIGNET, *args], capture_output=True, text=True, timeout=60)
    return p.returncode, p.stdout + p.stderr


with tempfile.TemporaryDirectory() as folder:
    os.chdir(folder)
    server = Bootstrap()
    write('t.cfg', f"{{0: {{0: {{0: 'coap://127.1:{server.port}', 1: True, 2: 3}}}}}}")
    order('true')
    code, out = run('run', 'o.yaml')
    need(code == 3 and "sent the device to another host, '127.0.0.1'; hint: " in out and 'in an order, prove: {follow: HOST}' in out, out)
    need(server.registered == 0, 'it went there')
    order('{follow: "h.example,127.0.0.1"}')
    code, out = run('run', '--dry-run', 'o.yaml')
    need('may be sent to h.example,127.0.0.1' in out, out)
    run('ledger', 'rework', 'o.db', 'urn:dev:os:1', '--yes')
    code, out = run('run', 'o.yaml')
    need(code == 0 and server.registered == 1, out)
    print('order_follow: ok')
