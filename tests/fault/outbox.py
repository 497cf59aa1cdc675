#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A line with two servers that fail in every way, and with proofs. Each case has a deadline, an exit code, and
states in the ledger; whatever fails, the boards are made and the other server has them; at the end each server
has each device once. Tokens and keys are nowhere in what was printed."""
import concurrent.futures, json, os, re, signal, socket, subprocess, sys, tempfile

BUILD = os.environ['SIGNET_BUILD']
SIGNET = os.path.join(BUILD, 'signet')
TOKEN, BOARDS, DEADLINE = 'T0kenCanary7d1f', 2, 90
TEMPLATE = """{OID.Security: {1: {RID.Security.ServerURI: 'coaps://127.0.0.1:5684', RID.Security.Bootstrap: False,
 RID.Security.Mode: 0, RID.Security.ShortServerID: 1}}, OID.Server: {1: {RID.Server.ShortServerID: 1,
 RID.Server.Lifetime: 60, RID.Server.NotificationStoring: False, RID.Server.Binding: 'U'}}}"""
checks = 0


def expect(what, good, detail=''):
    global checks
    if not good:
        raise AssertionError(f'{what}: {detail}')
    checks += 1


def free_port():
    with socket.socket() as s:
        s.bind(('127.0.0.1', 0))
        return s.getsockname()[1]


class Place:
    """A rack, an order, and any number of servers."""
    def __init__(self, folder, order_more=''):
        self.folder, self.sims, self.more = folder, {}, order_more
        os.mkdir(self.at('rack'))
        os.mkdir(self.at('applied'))
        self.rack = subprocess.Popen([SIGNET, 'sim', 'rack', self.at('rack'), '-n', str(BOARDS), '-u', '-s', self.at('applied/')],
                                     stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.rack.stdout.readline()
        self.write('template', TEMPLATE)
        self.write('token', TOKEN)
        self.write('wrong', 'wr0ng')

    def at(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, text):
        with open(os.open(self.at(name), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), 'w') as f:
            f.write(text)

    def server(self, kind, fault='', port=None, lwm2m=(), silent=False):
        """Starts a simulated one; with port, its file names that port instead, where nobody is."""
        if kind in self.sims:
            self.stop(kind)
        args = [SIGNET, 'sim', 'server', '--json', '-u', '-k', kind, '-t', TOKEN, '-C', self.at(kind + '.pem')]
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
                 'board: {recipe: anjay-zephyr}', 'slots:']
        lines += [f'  - {{port: rack/{i + 1}}}' for i in range(BOARDS)]
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


def done(place, name, p):
    expect(name, p.returncode == 0, f'exit {p.returncode}: {p.stderr[-600:]}')
    expect(name, place.states() == ['done'] * BOARDS, place.states())
    expect(name, place.sealed() == [], place.sealed())
    p = place.call('ledger', 'verify', place.at('ledger.db'))
    expect(name, p.returncode == 0, p.stderr)


def counted(place, name, kinds):
    for kind in kinds:
        state = place.stop(kind)
        expect(name, state['devices'] == BOARDS, f'{kind} at the end: {state}')


def passes(fault, kind, sync=8):
    """Whatever the fault is, it is over with a second try, or with a look at what is there."""
    def case(place, name):
        other = 'thingsboard' if kind == 'coiote' else 'coiote'
        place.server(kind, fault)
        place.server(other)
        place.order([kind, other])
        done(place, name, place.run(sync))
        expect(name, place.report['refused'] == 0 and place.report['failed'] == 0, place.report)
        counted(place, name, (kind, other))
    return case


def down(kind):
    def case(place, name):
        other = 'thingsboard' if kind == 'coiote' else 'coiote'
        port = place.server(kind, port=free_port())['port']
        place.server(other)
        place.order([kind, other])
        p = place.run()
        expect(name, p.returncode == 1, f'exit {p.returncode}')
        expect(name, p.stderr.count('devices wait') + p.stdout.count('devices wait') == 1, 'it is told once: ' + p.stdout)
        expect(name, place.states() == ['verified'] * BOARDS, place.states())
        expect(name, place.report['passed'] == BOARDS and place.report['failed'] == 0, place.report)
        server = {s['server']: s for s in place.report['servers']}
        expect(name, server[f'the-{other}']['registered'] == BOARDS and server[f'the-{other}']['waiting'] == 0, server)
        expect(name, server[f'the-{kind}']['waiting'] == BOARDS and 'away' in server[f'the-{kind}'], server)
        p = place.sync()
        expect(name, p.returncode == 1, f'sync while it is down: exit {p.returncode}')
        expect(name, place.synced and place.synced['waiting'] == BOARDS, place.synced)
        place.point(kind, port)
        p = place.sync()
        expect(name, {s['server']: s['registered'] for s in place.synced['servers']} == {f'the-{kind}': BOARDS, f'the-{other}': 0},
               place.synced)
        done(place, name, p)
        expect(name, place.sync().returncode == 0, 'a second sync has nothing to do')
        counted(place, name, (kind, other))
    return case


def wrong_token(place, name):
    place.server('coiote')
    place.server('thingsboard')
    place.order(['coiote', 'thingsboard'], token='wrong')
    p = place.run()
    expect(name, p.returncode == 1 and place.states() == ['verified'] * BOARDS, (p.returncode, place.states()))
    place.order(['coiote', 'thingsboard'])
    done(place, name, place.sync())
    counted(place, name, ('coiote', 'thingsboard'))


def rework(place, name, row):
    p = place.call('ledger', 'rework', place.at('ledger.db'), row['endpoint'])
    expect(name, p.returncode == 0, p.stderr)


def refused(place, name):
    """One device is somebody else's at the server: it is set aside, the others go on; a person mends it."""
    place.server('coiote')
    place.server('thingsboard', '409')  # it has no batches, in which the fault might be lost
    place.order(['coiote', 'thingsboard'])
    p = place.run()
    expect(name, p.returncode == 1, f'exit {p.returncode}')
    expect(name, place.states() == ['done', 'failed'], place.states())
    row = next(r for r in place.rows() if r['state'] == 'failed')
    expect(name, 'the-thingsboard refuses it' in row['error'] and '409' in row['error'], row)
    expect(name, place.report['passed'] == BOARDS and place.report['refused'] == 1 and place.report['failed'] == 0, place.report)
    expect(name, len(place.sealed()) == 1, 'what is not done keeps its secret sealed')
    rework(place, name, row)
    done(place, name, place.sync())
    counted(place, name, ('coiote', 'thingsboard'))


def killed(place, name):
    """Ctrl-C while a server is away: nothing is lost."""
    port = place.server('coiote', port=free_port())['port']
    place.server('thingsboard')
    place.order(['coiote', 'thingsboard'])
    p = subprocess.Popen([SIGNET, 'run', place.at('order.yaml'), '--json', '--wait', '60', '--sync', '60'], stdout=subprocess.PIPE,
                         stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL, text=True)
    for line in p.stdout:
        if '"totals"' in line and '"done":2' in line.replace(' ', ''):
            break
    p.send_signal(signal.SIGINT)
    p.stdout.read()
    expect(name, p.wait(DEADLINE) == 1, p.returncode)
    expect(name, place.states() == ['verified'] * BOARDS, place.states())
    place.point('coiote', port)
    done(place, name, place.sync())
    counted(place, name, ('coiote', 'thingsboard'))


def proof(place, name):
    uri = place.server('leshan', lwm2m=('-l', '0'))['lwm2m']
    place.server('coiote')
    place.more = f'prove: {{uri: "{uri}", timeout_s: 5}}\n'
    place.order(['coiote', 'leshan'])
    p = place.run(8)
    done(place, name, p)
    expect(name, place.report['proved'] == BOARDS, place.report)
    expect(name, 'prove' in [s['stage'] for s in place.report['stages']], place.report)
    for row in place.rows():
        p = place.call('ledger', 'show', place.at('ledger.db'), row['endpoint'], '--json')
        kinds = [json.loads(l)['kind'] for l in p.stdout.splitlines() if '"history"' in l]
        expect(name, 'proved' in kinds and kinds.index('proved') < kinds.index('done'), kinds)
        expect(name, kinds.index('registered') < kinds.index('proved'), kinds)
    state = place.stop('leshan')
    expect(name, state['registrations'] == BOARDS and state['devices'] == BOARDS, state)


def no_proof(place, name):
    """The server that the devices go to does not know them: none is done, and the ledger says why."""
    uri = place.server('leshan', lwm2m=('-l', '0'))['lwm2m']
    place.server('coiote')
    place.more = f'prove: {{uri: "{uri}", timeout_s: 5}}\n'
    place.order(['coiote'])
    p = place.run(8)
    expect(name, p.returncode == 1 and place.states() == ['failed'] * BOARDS, (p.returncode, place.states()))
    row = place.rows()[0]
    expect(name, 'does not get in: handshake:' in row['error'] and row['error_code'] == 'proof', row)
    expect(name, place.report['refused'] == BOARDS and place.report['errors'] == {'proof': BOARDS}, place.report)
    place.order(['coiote', 'leshan'])  # what was forgotten
    for row in place.rows():
        rework(place, name, row)
    done(place, name, place.sync())
    counted(place, name, ('coiote', 'leshan'))


def silent_proof(place, name):
    """A server that is away is no failed proof: the devices wait."""
    uri = place.server('leshan', lwm2m=('-l', '0'), silent=True)['lwm2m']
    place.more = f'prove: {{uri: "{uri}", timeout_s: 1}}\n'
    place.order(['leshan'])
    p = place.run()
    expect(name, p.returncode == 1 and place.states() == ['registered'] * BOARDS, (p.returncode, place.states()))
    expect(name, place.report['refused'] == 0, place.report)
    state = place.stop('leshan')
    uri = place.server('leshan', lwm2m=('-l', '0'))['lwm2m']  # another one, which knows nobody
    place.more = f'prove: {{uri: "{uri}", timeout_s: 5}}\n'
    place.order(['leshan'])
    p = place.sync()
    expect(name, p.returncode == 1 and place.states() == ['failed'] * BOARDS, (p.returncode, place.states(), state))


CASES = {'no fault': passes('', 'coiote'), 'silent proof': silent_proof, 'proof': proof, 'no proof': no_proof,
         'coiote is down': down('coiote'), 'thingsboard is down': down('thingsboard'), 'wrong token': wrong_token,
         'refused': refused, 'Ctrl-C': killed}
for fault in ('401', '403', '500*2', 'html', '429=1', '429=1*3', '503=1*3', 'truncate*2', 'drop*3', 'commit-then-drop*2',
              'commit-then-drop,503=1*2', 'slow', 'redirect', 'latency=300'):
    for kind in ('coiote', 'thingsboard'):
        CASES[f'{kind}: {fault}'] = passes(fault, kind)


def one(name):
    with tempfile.TemporaryDirectory(prefix='signet-outbox-') as folder:
        place = Place(folder)
        try:
            CASES[name](place, name)
        finally:
            place.close()


wanted = [n for n in CASES if len(sys.argv) < 2 or sys.argv[1] in n]
failed = []
with concurrent.futures.ThreadPoolExecutor(6) as pool:  # mostly they wait
    for name, future in [(n, pool.submit(one, n)) for n in wanted]:
        try:
            future.result()
        except Exception as e:
            failed.append(f'{name}: {type(e).__name__} {e}')
print('\n'.join(failed) or f'{len(wanted)} cases, {checks} checks passed')
sys.exit(1 if failed else 0)
