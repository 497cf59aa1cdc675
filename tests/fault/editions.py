#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A name gets new credentials: the old ones are removed at every server before the new ones come, whatever is away or
is killed in between; void devices are taken away; what no program can remove is left to a person, and said.
usage: editions.py [CASE]"""
import json, os, subprocess, sys, tempfile
from _postgres import Server as Postgres, binaries
from _signet import SIGNET, TEMPLATE, TORTURE, Folder, need, with_failpoint

DEADLINE = 90
DEVICES = 3
NAMES = [f'urn:dev:os:n-{i:03}' for i in range(1, DEVICES + 1)]


class Works(Folder):
    """An order without boards, and two simulated servers that keep their devices over a restart."""
    def __init__(self, folder, ledger='ledger.db', servers=('leshan', 'thingsboard')):
        super().__init__(folder)
        self.ledger, self.processes, self.ports = ledger, {}, {}
        self.write('template', TEMPLATE % 0)
        self.write('export.json', json.dumps({'kind': 'export', 'file': self.at('export.csv')}))
        for kind in servers:
            self.start(kind)
        entries = [f'{{name: {k}, file: {k}.json, token_file: {k}.token}}' if k == 'thingsboard' else
                   f'{{name: {k}, file: {k}.json}}' for k in servers] + ['{name: export, file: export.json}']
        self.write('order.yaml', '\n'.join([
            'name: o', f'quota: {DEVICES}', 'template: template', f'ledger: {ledger}', 'station: A', 'operator: anna',
            'names: {pattern: "urn:dev:os:n-{serial:03}"}', 'output: {packets: packets.ndjson, records: records.csv}',
            f'servers: [{", ".join(entries)}]']) + '\n')

    def start(self, kind):
        p = subprocess.Popen([SIGNET, 'sim', 'server', '--json', '-u', '--kind', kind, '-t', 'w0rd', '--keep', self.at(kind + '.state'),
                              '--server-file', self.at(kind + '.json'), '--token-file', self.at(kind + '.token'), '--ca-file', self.at(kind + '.pem'),
                              *(['-p', str(self.ports[kind])] if kind in self.ports else [])],
                             stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        line = p.stdout.readline()
        need('"port"' in line, line)
        self.ports[kind], self.processes[kind] = json.loads(line)['port'], p

    def stop(self, kind):
        p = self.processes.pop(kind)
        p.stdin.close()
        p.wait(DEADLINE)

    def close(self):
        for kind in list(self.processes):
            self.stop(kind)

    def call(self, *args, code=0, says='', point=None):
        p = subprocess.run([TORTURE if point else SIGNET, *args], cwd=self.folder, capture_output=True, text=True,
                           timeout=DEADLINE, stdin=subprocess.DEVNULL, env=with_failpoint(point))
        self.said = p.stdout + p.stderr
        need(code is None or p.returncode == code, f'{args}: exit {p.returncode}, not {code}: {self.said}')
        need(says in self.said, f'{args}: no {says!r} in {self.said}')
        return self.said

    def run(self, code=0, says='', point=None):
        return self.call('run', 'order.yaml', '--sync', '1', code=code, says=says, point=point)

    def decide(self, verb, *args, code=0, says=''):
        return self.call('ledger', verb, *args[:-1], self.ledger, *args[-1:], code=code, says=says)

    def rows(self):
        said = self.call('ledger', 'list', '--json', self.ledger)
        return [r for r in map(json.loads, said.splitlines()) if r['event'] == 'device']

    def deliveries(self, name):
        said = self.call('ledger', 'show', '--json', self.ledger, name)
        rows = [r for r in map(json.loads, said.splitlines()) if r['event'] == 'delivery']
        return {(r['server'], r['edition']): r['state'] for r in rows}

    def keys(self):
        """of each name, as they are in the records, in their order"""
        keys = {}
        with open(self.at('records.csv')) as f:
            head = f.readline().strip().split(',')
            for line in f:
                row = dict(zip(head, line.strip().split(',')))
                keys.setdefault(row['endpoint'], []).append(row[next(c for c in head if 'psk' in c and 'id' not in c)])
        return keys

    def has(self, kind, text):
        """Whether the server has it now, by its journal; nothing is put over what is there."""
        there = {}
        with open(self.at(kind + '.state')) as f:
            for line in f:
                row = json.loads(line)
                need(row['do'] != 'put' or row['endpoint'] not in there, f'{kind}: {row["endpoint"]} was overwritten')
                there.update({row['endpoint']: line.lower()} if row['do'] == 'put' else {})
                if row['do'] == 'drop':
                    there.pop(row['endpoint'])
        return any(text.lower() in line for line in there.values())

    def right(self, lost=()):
        """Each server has the newest key of each name, and no other; nothing waits; the ledger verifies."""
        self.call('ledger', 'verify', self.ledger)
        keys = self.keys()
        for name, all_keys in keys.items():
            for kind in self.processes:
                for key in all_keys[:-1]:
                    need(not self.has(kind, key), f'{kind} has an old key of {name}')
                need(self.has(kind, all_keys[-1]) == (name not in lost), f'{kind}, {name}: {self.said}')
        live = [r for r in self.rows() if r['state'] != 'retired']
        need(len(live) == DEVICES, live)
        packets = [r['psk_sha256'] for r in self.rows()]
        need(len(set(packets)) == len(packets), 'a key was given twice')


def made(folder, **more):
    works = Works(folder, **more)
    works.run()
    works.right()
    return works


def one_server_is_away(works):
    works.stop('thingsboard')
    works.decide('rework', '-r', 'came back', NAMES[1], says='edition 2')
    need('to be removed at export, leshan, thingsboard' in works.said, works.said)
    works.run(code=3, says='still to be removed')
    need('leshan: 1 device removed' in works.said and 'thingsboard: 1 device removed' not in works.said, works.said)
    need(works.deliveries(NAMES[1]) == {
        ('leshan', 1): 'removed', ('thingsboard', 1): 'removing', ('export', 1): 'removed', ('leshan', 2): 'delivered',
        ('export', 2): 'delivered', **({('thingsboard', 2): 'waiting'} if ('thingsboard', 2) in works.deliveries(NAMES[1])
                                       else {})}, works.deliveries(NAMES[1]))
    old, new = works.keys()[NAMES[1]]
    need(works.has('leshan', new) and not works.has('leshan', old), 'leshan has the old key')
    need(works.has('thingsboard', old), 'the one that is away has not changed')
    works.start('thingsboard')
    works.call('ledger', 'sync', 'order.yaml')
    works.right()
    works.run()
    shown = works.call('ledger', 'show', works.ledger, NAMES[1])
    for word in ('edition        1', 'edition        2', 'came back', 'has it no more', 'by hand'):
        need(word in shown, f'{word}: {shown}')


def killed(works):
    """At each place around a removal and the delivery after it, for each server."""
    places = [f'{p}:{n}' for p in ('before-remove', 'after-remove', 'before-removed', 'after-removed', 'before-seal',
                                   'before-register', 'after-register', 'before-delivered') for n in (1, 2)]
    for place in places:
        works.decide('rework', NAMES[0], says='edition')
        works.run(code=None, point=place)
        works.run()
        works.right()


def the_server_lost_it(works):
    works.call('register', '-s', 'leshan.json', '--remove', '-e', NAMES[2])
    works.decide('rework', NAMES[2])
    works.run()
    works.right()


def void_and_removed(works):
    works.decide('void', '-r', 'stolen', NAMES[0], says='still at export, leshan, thingsboard')
    works.decide('void', '-r', 'stolen', '--remove', NAMES[0], says='to be removed at')
    works.decide('void', '-r', 'stolen', '--remove', NAMES[0], code=1, says='at no server')
    works.stop('leshan')
    works.call('ledger', 'sync', 'order.yaml', code=3)
    works.start('leshan')
    with open(works.at('order.yaml')) as f:
        works.write('renamed.yaml', f.read().replace('name: leshan,', 'name: other,'))
    works.call('run', '--dry-run', 'renamed.yaml', says="1 device is to be removed at server 'leshan', which the order does not name any more")
    works.call('ledger', 'sync', 'order.yaml', says='1 device removed')
    works.right(lost=NAMES[:1])
    works.decide('rework', NAMES[0])  # found again
    works.run()
    works.right()


def a_person_does_it(works):
    works.decide('rework', NAMES[1])
    works.run(says=f"take that of '{NAMES[1]}' out by hand")
    with open(works.at('export.csv')) as f:
        rows = [l for l in f if NAMES[1] in l]
    need(len(rows) == 2 and works.keys()[NAMES[1]][-1].lower() in rows[-1].lower(), rows)
    works.run()
    need('by hand' not in works.said, works.said)
    works.right()


def what_was_sealed_before(works):
    """Ended between the seal and its output, void, and made again: with other credentials."""
    works.decide('rework', NAMES[0])
    works.run(code=None, point='after-writing:1')
    works.decide('void', '--force', '-r', 'a test', NAMES[0])
    works.decide('rework', NAMES[0], says='edition 3')
    works.run()
    works.right()


CASES = [one_server_is_away, killed, the_server_lost_it, void_and_removed, a_person_does_it, what_was_sealed_before]


def main():
    for case in CASES:
        if sys.argv[1:] in ([], [case.__name__]):
            with tempfile.TemporaryDirectory(prefix='signet-editions-') as folder:
                works = made(folder)
                try:
                    case(works)
                finally:
                    works.close()
    folder = binaries()
    if folder is None or sys.argv[1:] not in ([], ['postgres']):
        return
    with Postgres(folder) as server, tempfile.TemporaryDirectory(prefix='signet-editions-') as folder:
        works = made(folder, ledger=server.create('editions'))
        try:
            one_server_is_away(works)
            void_and_removed(works)
        finally:
            works.close()


main()
