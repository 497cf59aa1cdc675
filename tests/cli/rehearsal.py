#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Boards and servers to rehearse with: what outlives them, what they write for an order, what they are told, and that the day
in signet(1) works as it stands there."""
import os, re, signal, subprocess
from _parts import main, part
from _port import free_port
from _signet import SIGNET, SOURCE, Folder, need

DEADLINE = 120


class Rehearsal(Folder):
    def __init__(self, folder):
        super().__init__(folder)
        self.running = []

    def call(self, *args, code=0):
        p = subprocess.run([SIGNET, *args], cwd=self.folder, capture_output=True, text=True, timeout=DEADLINE, stdin=subprocess.DEVNULL)
        need(p.returncode == code, f'{args}: exit {p.returncode}: {p.stdout}{p.stderr}')
        return p.stdout + p.stderr

    def start(self, *args):
        p = subprocess.Popen([SIGNET, 'sim', *args, '-u'], cwd=self.folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.running.append(p)
        need(p.stdout.readline(), f'{args} did not start')
        return p

    def end(self, p):
        p.stdin.close()
        p.wait(DEADLINE)
        self.running.remove(p)

    def read(self, name):
        with open(self.at(name)) as f:
            return f.read()

    def close(self):
        for p in list(self.running):
            self.end(p)


@part
def a_server_outlives_itself(r):
    """Its port, its devices and its certificate; an order's files are there, and the token's is nobody else's."""
    port = str(free_port())
    args = ('server', '-p', port, '--server-file', 'c.json', '--token-file', 'token', '--keep', 'devices', '--control', 'control', '--ca-file', 'ca.pem', '-t', 'Word7')
    p = r.start(*args)
    r.write('cfg', "{OID.Security: {1: {RID.Security.ServerURI: 'coaps://a.b:5684', RID.Security.Bootstrap: False, RID.Security.Mode: 0,"
                   " RID.Security.PKOrIdentity: b'i', RID.Security.SecretKey: b'0123456789abcdef', RID.Security.ShortServerID: 1}},"
                   " OID.Server: {1: {RID.Server.ShortServerID: 1, RID.Server.Lifetime: 60, RID.Server.NotificationStoring: False,"
                   " RID.Server.Binding: 'U'}}}")
    for name in ('token', 'devices', 'devices.pem', 'c.json'):
        need(os.stat(r.at(name)).st_mode & 0o777 == 0o600, f'{name}: {os.stat(r.at(name)).st_mode:o}')
    need(r.read('token') == 'Word7', r.read('token'))
    register = ('register', '-s', 'c.json', '-e', 'urn:dev:os:1', '-c', 'cfg', '--token-file', 'token')
    need('registered' in r.call(*register), 'it is new')
    trust = r.read('ca.pem')
    r.end(p)
    with open(r.at('devices'), 'a') as f:
        f.write('{"do": "put", "endp')  # cut off by a kill
    r.start(*args)
    need(r.read('ca.pem') == trust, 'another certificate')
    need('devices=1' in r.call('sim', 'tell', 'control', 'state'), 'the device is gone')
    need('registered before' in r.call(*register), 'it is there')
    need('"endpoint":"urn:dev:os:1"' in r.read('devices') and r.read('devices').endswith('\n'), r.read('devices'))
    said = r.call('sim', 'server', '-p', port, '--ca-file', 'other.pem', code=1)
    need('Address already in use' in said, said)
    r.write('damaged', 'no object\n')
    said = r.call('sim', 'server', '--keep', 'damaged', '--ca-file', 'other.pem', code=1)
    need("damaged:1: not a line of a simulated server's state" in said, said)


@part
def a_server_is_told(r):
    """It goes away and comes back, misbehaves when it is told to, and stops."""
    p = r.start('server', '--server-file', 'c.json', '--token-file', 'token', '--control', 'control', '--ca-file', 'ca.pem')
    ask = ('sim', 'tell', 'control', 'state')
    need('ok away=0 devices=0' in r.call(*ask), 'it is there')
    r.call('sim', 'tell', 'control', 'away')
    need('away=1' in r.call(*ask), 'it is away')
    r.call('sim', 'tell', 'control', 'back')
    need('away=0' in r.call(*ask), 'it is back')
    r.call('sim', 'tell', 'control', 'misbehave 503,look-drop*3')
    need("no fault 'hang'" in r.call('sim', 'tell', 'control', 'misbehave hang', code=1), 'there is none')
    need('no such request' in r.call('sim', 'tell', 'control', 'dance', code=1), 'there is none')
    r.call('sim', 'tell', 'control', 'revoke')
    r.call('sim', 'tell', 'control', 'stop')
    p.wait(DEADLINE)
    need('nothing simulated is at control' in r.call(*ask, code=1), 'it has ended')


def day():
    """The commands of the day in signet(1), indented as man(1) shows them."""
    with open(os.path.join(SOURCE, 'docs/man/signet.1'), encoding='utf-8') as f:
        text = re.search(r'^A day at a line.*?\n\.Bd -literal.*?\n(.*?)\n\.Ed', f.read(), re.S | re.M)[1]
    text = text.replace('\\e', '\\').replace('\\-', '-').replace('\\(aq', "'").replace('\\&', '')
    return re.sub('^', ' ' * 11, text, flags=re.M) + '\n'


@part
def the_day_in_the_manual(r):
    """Pasted into a shell, line by line, with one port that is free."""
    r.write('day.sh', 'set -e\ntrap \'kill $(jobs -p) 2>/dev/null || true\' EXIT\n' + day().replace('8443', str(free_port())))
    env = dict(os.environ, PATH=os.path.dirname(SIGNET) + ':' + os.environ['PATH'])
    p = subprocess.Popen(['bash', 'day.sh'], cwd=r.folder, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                         stderr=subprocess.STDOUT, text=True, start_new_session=True)
    try:
        said = p.communicate(timeout=DEADLINE)[0]
    except subprocess.TimeoutExpired:
        os.killpg(p.pid, signal.SIGKILL)
        said = p.communicate()[0]
    need(p.returncode == 0, f'exit {p.returncode}: {said}')
    need('40 of 40 devices done' in said and 'unbroken' in said, said)
    need('boards were made before' in said, said)
    need(re.search(r'^PASS +golden', said, re.M) and re.search(r'^Bert\b', said, re.M) and re.search(r'^early\b', said, re.M), said)
    need('urn:dev:os:signet-b-01004' in r.call('ledger', 'list', 'ledger.db'), 'the other site is not there')
    need('edition 2' in r.call('ledger', 'show', 'ledger.db', 'urn:dev:os:signet-rack-00100001'), 'it was not made again')


main(Rehearsal)
