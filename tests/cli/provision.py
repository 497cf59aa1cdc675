#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""signet provision as a user runs it: wrong words first, then boards that behave and boards that do not."""
import json, os, signal, subprocess, sys, tempfile, time

import _sim_board
from _coiote import Coiote
from _signet import SIGNET, SOURCE, rest

CONFIGS = os.path.join(SOURCE, 'examples/configs')
NAME = 'anjay-zephyr-demo-351358811124772' # what the simulated board calls itself
failures = []

def expect(name, ok, seen=''):
    if not ok:
        failures.append(f'{name}: {seen}')

def provision(*args, cwd, want=0, env=None):
    p = subprocess.run([SIGNET, 'provision', *args], cwd=cwd, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                       timeout=120, env={**os.environ, **(env or {})})
    expect(' '.join(args), p.returncode == want, (p.returncode, p.stdout, p.stderr))
    return p.stdout, p.stderr

def board(cwd, *args):
    """At cwd/tty; what it applies is at cwd/applied."""
    return _sim_board.board('--link', f'{cwd}/tty', '--save', f'{cwd}/applied', *args)

def steps(out):
    return [json.loads(line) for line in out.splitlines()]

PSK = ['-c', f'{CONFIGS}/endpoint_cfg']
BOARD = ['--recipe', 'anjay-zephyr', '--port', 'tty']

def words(cwd):
    for args, word in (([], '-c FILE'), ([*PSK, '-k', 'x'], '--device-cert'), ([*PSK, '-t', 'secret-token'], '-s FILE'),
                       ([*PSK, '--port', 'x'], '--recipe'), ([*PSK, '--recipe', 'anjay-zephyr', 'stray'], 'stray'),
                       ([*PSK, '-C', 'x', '-k', 'x', '--device-cert', 'x'], 'choose one'), ([*PSK, '-s', 'x'], '-e NAME')):
        _, err = provision(*args, cwd=cwd, want=2)
        expect(f'{args} is told', word in err and 'hint' in err and 'secret-token' not in err, err)
    for args, word in ((['-c', 'nosuch'], 'nosuch'), ([*PSK, '--recipe', 'nosuch'], 'nosuch'),
                       ([*PSK, *BOARD], 'tty'), (['-c', f'{CONFIGS}/endpoint_cfg_cert'], '--server-cert'),
                       ([*PSK, *BOARD, '--initial', 'nosuch.hex', '--flasher', 'exec', '--flasher-command', '/bin/true {image}'],
                        'nosuch.hex')):
        p = subprocess.run([SIGNET, 'provision', *args], cwd=cwd, capture_output=True, text=True, timeout=60)
        expect(f'{args} is refused', p.returncode in (1, 2) and word in p.stderr, (p.returncode, p.stderr))
    expect('nothing was written', os.listdir(cwd) == [], os.listdir(cwd))

def without_board(cwd):
    out, _ = provision(*PSK, '-o', 'packet', '--json', cwd=cwd)
    seen = [(s['event'], s.get('stage')) for s in steps(out)]
    expect('stages', seen == [('stage_begin', 'check'), ('stage_end', 'check'), ('stage_begin', 'packet'),
                              ('stage_end', 'packet'), ('done', None)], seen)
    expect('the packet alone', os.listdir(cwd) == ['packet'], os.listdir(cwd))

def good_board(cwd):
    server = Coiote(cwd, token=None)
    with open(f'{cwd}/token', 'w') as f:
        f.write('tOkEn')
    os.chmod(f'{cwd}/token', 0o600)
    with board(cwd):
        out, err = provision(*PSK, *BOARD, '--json', '-s', server.info(cwd), '--token-file', 'token', '--ca-file', server.ca, cwd=cwd)
    done = steps(out)
    expect('the stages in order', [s['stage'] for s in done if s['event'] == 'stage_end'] ==
           ['check', 'flash', 'name', 'packet', 'load', 'result', 'register'], out)
    expect('each end has a time', all(s['seconds'] >= 0 for s in done if s['event'] == 'stage_end'))
    loads = [s for s in done if s['event'] == 'progress' and s['stage'] == 'load']
    expect('progress of the upload', loads and loads[-1]['done'] == loads[-1]['total'], loads)
    expect('events name the device', all(s.get('endpoint') == NAME for s in loads), loads)
    expect('the end', done[-1]['event'] == 'done' and done[-1]['endpoint'] == NAME and done[-1]['applied']
           and done[-1]['registered'], done[-1])
    expect('the server has the board\'s own name', server.names() == [NAME], server.names())
    with open(f'{cwd}/applied', 'rb') as f:
        applied = f.read()
    expect('no secret is left on the host', 'SenMLCBOR' not in os.listdir(cwd), os.listdir(cwd))
    provision(*PSK, cwd=cwd)
    with open(f'{cwd}/SenMLCBOR', 'rb') as f:
        expect('the board has the same packet', f.read() == applied)
    server.close()

def cert_board(cwd):
    """The board's name goes into its certificate, and the key is nowhere but on the board."""
    subprocess.run(['openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout',
                    'server.key', '-out', 'server.pem', '-subj', '/CN=server'], cwd=cwd, check=True, capture_output=True)
    before = set(os.listdir(cwd))
    with board(cwd):
        out, _ = provision('-c', f'{CONFIGS}/endpoint_cfg_cert', '-C', f'{CONFIGS}/cert_info.json', '--server-cert', 'server.pem', *BOARD,
                           '--json', cwd=cwd)
    expect('credentials come after the name', [s['stage'] for s in steps(out) if s['event'] == 'stage_begin'] ==
           ['check', 'flash', 'name', 'credentials', 'packet', 'load', 'result'], out)
    expect('only the board has the key', set(os.listdir(cwd)) - before <= {'applied'}, os.listdir(cwd))
    p = subprocess.run([SIGNET, 'packet', 'show', '--format', 'json', 'applied'], cwd=cwd, capture_output=True)
    with open(f'{cwd}/applied', 'rb') as f:
        expect('the name is in the certificate', NAME.encode() in f.read(), p.stdout)

def refusals(cwd):
    with board(cwd):
        _, err = provision(*PSK, *BOARD, '-e', 'urn:another', cwd=cwd, want=1)
        expect('another name than the board\'s', NAME in err, err)
        expect('nothing was applied', not os.path.exists(f'{cwd}/applied'))
    with board(cwd, '--provisioned'):
        out, err = provision(*PSK, *BOARD, '--json', cwd=cwd, want=1)
        error = [s for s in steps(out) if s['event'] == 'error']
        expect('a provisioned board', len(error) == 1 and error[0]['code'] == 'provisioned' and error[0]['hint'], out)
        expect('the stage that failed', [s for s in steps(out) if s['event'] == 'stage_end'][-1].get('code') == 'provisioned', out)
    with board(cwd, '--misbehave', 'result=-1'):
        _, err = provision(*PSK, *BOARD, cwd=cwd, want=1)
        expect('a board that refuses', 'result' in err and 'failed' in err, err)
    server = Coiote(cwd, token=None)
    server.answer = (403, {'error': 'no such right'})
    with board(cwd):
        _, err = provision(*PSK, *BOARD, '-s', server.info(cwd), '--ca-file', server.ca, cwd=cwd, want=1, env={'SIGNET_TOKEN': 'tOkEn'})
        expect('a server that refuses', 'no such right' in err and 'tOkEn' not in err, err)
    with board(cwd, '--firmware', 'smp-file'): # without a file that has its name
        own = ['--recipe', 'smp-file', '--port', 'tty', '--packet-path', '/lfs1/p', '--endpoint-path', '']
        _, err = provision(*PSK, *own, '-s', server.info(cwd), '--ca-file', server.ca, cwd=cwd, want=2, env={'SIGNET_TOKEN': 'tOkEn'})
        expect('a board without a name', 'the board gives no endpoint name, and none was given' in err and 'name the endpoint' in err, err)
        expect('nobody was told', not server.names(), server.names())
    server.close()
    expect('no packet was left behind', 'SenMLCBOR' not in os.listdir(cwd), os.listdir(cwd))

def ctrl_c(cwd):
    """The first Ctrl-C ends the wait, says in what state the board is, and leaves the port free."""
    with board(cwd, '--misbehave', 'never-ready'):
        p = subprocess.Popen([SIGNET, 'provision', *PSK, *BOARD, '--json'], cwd=cwd, stdout=subprocess.PIPE,
                             stderr=subprocess.PIPE, text=True)
        for line in p.stdout:
            if json.loads(line) == {'event': 'stage_begin', 'stage': 'flash'} or '"stage": "flash"' in line:
                break
        p.send_signal(signal.SIGINT)
        out, err = rest(p, 60)
        error = [s for s in steps(out) if s['event'] == 'error']
        expect('Ctrl-C', p.returncode == 4 and error and error[0]['code'] == 'cancelled', (p.returncode, out, err))
    with board(cwd):
        provision(*PSK, *BOARD, cwd=cwd)

def lost_lines(cwd):
    with board(cwd, '--misbehave', 'drop-tx=40'):
        provision(*PSK, *BOARD, cwd=cwd)

def demo(cwd):
    p = subprocess.run([f'{SOURCE}/scripts/demo'], cwd=cwd, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120)
    expect('the demo', p.returncode == 0 and 'warning' not in p.stderr and 'byte for byte' in p.stdout, (p.stdout, p.stderr))
    expect('the demo: a board dies once', 'slot 3: once more after: load: ' in p.stderr and
           '8 of 8 devices done; this run: 8 boards passed, 0 failed' in p.stdout and '1 retry' in p.stdout, p.stdout)
    expect('the demo shows the packet without its key', '/0/1/5' in p.stdout and '8f1c6a52' not in p.stdout, p.stdout)

for test in (words, without_board, good_board, cert_board, refusals, ctrl_c, lost_lines, demo):
    with tempfile.TemporaryDirectory() as folder:
        begin = time.monotonic()
        try:
            test(folder)
        except OSError as e: # a file that should be there
            failures.append(f'{test.__name__}: {e}')
        print(f'{test.__name__}: {time.monotonic() - begin:.1f} s')
print('\n'.join(failures) or 'provision: ok')
sys.exit(1 if failures else 0)
