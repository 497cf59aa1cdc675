#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A line with two servers that fail in every way, and with proofs. Each case has a deadline, an exit code, and
states in the ledger; whatever fails, the boards are made and the other server has them; at the end each server
has each device once. Tokens and keys are nowhere in what was printed."""
import functools, json, signal, socket, subprocess, time
from _parts import main, part
from _place import BOARDS, DEADLINE, Place, expect
from _port import free_port
from _signet import SIGNET, rest


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
        expect(name, p.returncode == 3, f'exit {p.returncode}')
        expect(name, p.stderr.count('devices wait') + p.stdout.count('devices wait') == 1, 'it is told once: ' + p.stdout)
        expect(name, place.states() == ['verified'] * BOARDS, place.states())
        expect(name, place.report['passed'] == BOARDS and place.report['failed'] == 0, place.report)
        server = {s['server']: s for s in place.report['servers']}
        expect(name, server[f'the-{other}']['registered'] == BOARDS and server[f'the-{other}']['waiting'] == 0, server)
        expect(name, server[f'the-{kind}']['waiting'] == BOARDS and 'away' in server[f'the-{kind}'], server)
        p = place.sync()
        expect(name, p.returncode == 1, f'sync while it is down: exit {p.returncode}')
        expect(name, place.synced and place.synced['waiting'] == BOARDS, place.synced)
        place.order([other])  # who takes a server out learns what waits for it
        p = place.call('run', '--dry-run', place.at('order.yaml'))
        expect(name, f"{BOARDS} devices wait for server 'the-{kind}', which the order does not name any more" in p.stderr, p.stderr)
        expect(name, f"'the-{other}', which" not in p.stderr, p.stderr)
        place.order([kind, other])
        place.point(kind, port)
        p = place.call('run', '--dry-run', place.at('order.yaml'))
        expect(name, p.returncode == 0 and 'does not name any more' not in p.stderr, p.stderr)
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
    expect(name, p.returncode == 3 and place.states() == ['verified'] * BOARDS, (p.returncode, place.states()))
    place.order(['coiote', 'thingsboard'])
    done(place, name, place.sync())
    counted(place, name, ('coiote', 'thingsboard'))


def rework(place, name, row):
    p = place.call('ledger', 'rework', place.at('ledger.db'), row['endpoint'])
    expect(name, p.returncode == 0, p.stderr)


def refused(place, name):
    """The server refuses one device in its own words: it is set aside, the others go on; a person mends it."""
    place.server('coiote')
    place.server('thingsboard', '400')  # it has no batches, in which the fault might be lost
    place.order(['coiote', 'thingsboard'])
    p = place.run()
    expect(name, p.returncode == 3, f'exit {p.returncode}')
    expect(name, place.states() == ['done', 'failed'], place.states())
    row = next(r for r in place.rows() if r['state'] == 'failed')
    expect(name, 'the-thingsboard refuses it' in row['error'] and '400' in row['error'], row)
    expect(name, place.report['passed'] == BOARDS and place.report['refused'] == 1 and place.report['failed'] == 0, place.report)
    expect(name, len(place.sealed()) == 1, 'what is not done keeps its secret sealed')
    rework(place, name, row)
    done(place, name, place.sync())
    counted(place, name, ('coiote', 'thingsboard'))


def stopped(wait, sign):
    """Ctrl-C while a server is away, which would be tried for ten minutes more: it ends, and nothing is lost."""
    def case(place, name):
        port = place.server('coiote', port=free_port())['port']
        place.server('thingsboard')
        place.order(['coiote', 'thingsboard'])
        p = subprocess.Popen([SIGNET, 'run', place.at('order.yaml'), '--json', '--wait', str(wait), '--sync', '600'],
                             stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL, text=True)
        left = BOARDS
        while left:
            line = p.stdout.readline()
            expect(name, line, 'it ended by itself')
            left -= sign(json.loads(line))
        p.send_signal(signal.SIGINT)
        out, _ = rest(p, DEADLINE)
        expect(name, p.returncode == 4 and '"report"' in out, (p.returncode, out))
        expect(name, place.states() == ['verified'] * BOARDS, place.states())
        place.point('coiote', port)
        done(place, name, place.sync())
        counted(place, name, ('coiote', 'thingsboard'))
    return case


def hangs(latency):
    """Ctrl-C while a server has taken the request, or the connection alone, and says nothing: at once (0.1 s)."""
    def case(place, name):
        place.server('coiote', fault='latency=6000')
        listener = socket.socket()
        listener.bind(('127.0.0.1', 0))
        listener.listen(16)
        if not latency:
            place.point('coiote', listener.getsockname()[1])
        place.order(['coiote'])
        for _ in range(2):
            p = subprocess.Popen([SIGNET, 'run', place.at('order.yaml'), '--json', '--wait', '600', '--sync', '600'],
                                 stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL, text=True)
            while '"stage": "servers"' not in (line := p.stdout.readline()) or json.loads(line)['total'] != BOARDS:
                expect(name, line, 'it ended by itself')
            time.sleep(0.3)  # the request is under way
            begin = time.monotonic()
            p.send_signal(signal.SIGINT)
            p.communicate(timeout=DEADLINE)
            took = time.monotonic() - begin
            if took < 5:
                break  # else once more: the machine may have been busy
        expect(name, p.returncode == 4 and took < 5, f'{took:.1f} s, exit {p.returncode}')
        expect(name, place.states() == ['verified'] * BOARDS, place.states())
        listener.close()
    return case


def lamp(word):
    return lambda event: event['event'] == 'slot' and event['stage'] == word


def proof(place, name):
    uri = place.server('leshan', lwm2m=('--lwm2m', '0'))['lwm2m']
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
    uri = place.server('leshan', lwm2m=('--lwm2m', '0'))['lwm2m']
    place.server('coiote')
    place.more = f'prove: {{uri: "{uri}", timeout_s: 5}}\n'
    place.order(['coiote'])
    p = place.run(8)
    expect(name, p.returncode == 3 and place.states() == ['failed'] * BOARDS, (p.returncode, place.states()))
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
    uri = place.server('leshan', lwm2m=('--lwm2m', '0'), silent=True)['lwm2m']
    place.more = f'prove: {{uri: "{uri}", timeout_s: 1}}\n'
    place.order(['leshan'])
    p = place.run()
    expect(name, p.returncode == 3 and place.states() == ['registered'] * BOARDS, (p.returncode, place.states()))
    expect(name, place.report['refused'] == 0, place.report)
    state = place.stop('leshan')
    uri = place.server('leshan', lwm2m=('--lwm2m', '0'))['lwm2m']  # another one, which knows nobody
    place.more = f'prove: {{uri: "{uri}", timeout_s: 5}}\n'
    place.order(['leshan'])
    p = place.sync()
    expect(name, p.returncode == 1 and place.states() == ['failed'] * BOARDS, (p.returncode, place.states(), state))


CASES = {'no fault': passes('', 'coiote'), 'silent proof': silent_proof, 'proof': proof, 'no proof': no_proof,
         'coiote is down': down('coiote'), 'thingsboard is down': down('thingsboard'), 'wrong token': wrong_token,
         'refused': refused,
         'Ctrl-C at a server that is silent': hangs(6000), 'Ctrl-C at a server without TLS': hangs(0),
         'Ctrl-C at the boards': stopped(600, lamp('pass')), 'Ctrl-C at the servers': stopped(1, lamp('closed'))}
for fault in ('401', '403', '500*2', 'html', '429=1', '429=1*3', '503=1*3', 'truncate*2', 'drop*3', 'commit-then-drop*2',
              'commit-then-drop,503=1*2', 'slow', 'redirect', 'latency=300'):
    for kind in ('coiote', 'thingsboard'):
        CASES[f'{kind}: {fault}'] = passes(fault, kind)


for name, case in CASES.items():
    part(functools.partial(case, name=name), name=name)
main(Place)
