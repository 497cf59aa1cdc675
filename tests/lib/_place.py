# SPDX-License-Identifier: Apache-2.0
"""A small line for tests: a rack of boards, an order, and simulated servers of any kind."""
import json, os, subprocess
from _signet import IMAGE, SIGNET, TEMPLATE, Folder

TOKEN, BOARDS, DEADLINE = 'T0kenCanary7d1f', 2, 90
checks = [0]


def expect(what, good, detail=''):
    if not good:
        raise AssertionError(f'{what}: {detail}')
    checks[0] += 1


class Place(Folder):
    """A rack, an order, and any number of servers."""
    def __init__(self, folder, order_more='', flash=False):
        super().__init__(folder)
        self.sims, self.more, self.flash = {}, order_more, flash
        os.mkdir(self.at('rack'))
        os.mkdir(self.at('applied'))
        self.rack = subprocess.Popen([SIGNET, 'sim', 'rack', self.at('rack'), '--slots', str(BOARDS), '-u', '--control', '--save', self.at('applied/')],
                                     stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.rack.stdout.readline()
        if flash:  # a board that was half written can be begun anew
            boards = [f'SER{i}={self.at(f"rack/{i}.control")},{self.at(f"rack/{i}")}' for i in range(1, BOARDS + 1)]
            subprocess.run([SIGNET, 'sim', 'flasher', '--as', 'nrfjprog', '--install', folder]
                           + [x for b in boards for x in ('--board', b)], check=True)
            for image in ('initial.hex', 'final.hex'):
                self.write(image, IMAGE)
        self.write('template', TEMPLATE % 0)
        self.write('token', TOKEN)
        self.write('wrong', 'wr0ng')

    def server(self, kind, fault='', port=None, lwm2m=(), silent=False):
        """Starts a simulated one; with port, its file names that port instead, where nobody is."""
        if kind in self.sims:
            self.stop(kind)
        args = [SIGNET, 'sim', 'server', '--json', '-u', '--kind', kind, '-t', TOKEN, '--ca-file', self.at(kind + '.pem')]
        args += (['-m', fault] if fault else []) + (['-q'] if silent else []) + [x for x in lwm2m]
        p = subprocess.Popen(args, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        said = json.loads(p.stdout.readline())
        self.sims[kind] = p
        self.point(kind, port or said['port'])
        return said

    def point(self, kind, port):
        info = {'kind': kind, 'url': 'https://127.0.0.1', 'port': port, 'ca_file': self.at(kind + '.pem')}
        if kind == 'coiote':
            info['domain'] = '/acme/'
        self.write(kind + '.json', json.dumps(info))

    def stop(self, kind):
        p = self.sims.pop(kind)
        p.stdin.close()
        state = json.loads(p.stdout.readline())
        p.wait(DEADLINE)
        return state

    def order(self, kinds, token='token'):
        lines = ['name: o', f'quota: {BOARDS}', 'template: template', 'ledger: ledger.db', 'station: A', 'retries: 0',
                 'board: {recipe: anjay-zephyr%s}' % (', flasher: nrfjprog, flasher_tool: nrfjprog, initial: initial.hex, '
                                                      'final: final.hex' if self.flash else ''), 'slots:']
        lines += [f'  - {{port: rack/{i + 1}{f", serial: SER{i + 1}" if self.flash else ""}}}' for i in range(BOARDS)]
        lines += ['servers:'] + [f'  - {{name: the-{k}, file: {k}.json, token_file: {token if k == "coiote" else "token"}}}' for k in kinds]
        self.write('order.yaml', '\n'.join(lines) + '\n' + self.more)

    def call(self, *args):
        p = subprocess.run([SIGNET, *args], capture_output=True, text=True, timeout=DEADLINE, stdin=subprocess.DEVNULL)
        expect('no token is shown', TOKEN not in p.stdout + p.stderr, p.stderr)
        return p

    def run(self, sync=1):
        p = self.call('run', self.at('order.yaml'), '--json', '--wait', '1', '--sync', str(sync))
        self.report = next((json.loads(l) for l in p.stdout.splitlines() if '"report"' in l), None)
        expect('every run ends with a report', self.report is not None, p.stderr)
        return p

    def sync(self):
        p = self.call('ledger', 'sync', self.at('order.yaml'), '--json')
        self.synced = next((json.loads(l) for l in p.stdout.splitlines() if '"synced"' in l), None)
        return p

    def rows(self):
        p = self.call('ledger', 'list', self.at('ledger.db'), '--json')
        return [json.loads(l) for l in p.stdout.splitlines() if '"device"' in l]

    def states(self):
        return sorted(r['state'] for r in self.rows())

    def sealed(self):
        return [f for f in os.listdir(self.at('work')) if f.endswith('.sealed')]

    def close(self):
        for kind in list(self.sims):
            self.stop(kind)
        self.rack.stdin.close()
        self.rack.wait(DEADLINE)


