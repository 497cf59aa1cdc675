#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""ptool's command line as a user types it, wrong input first. The oracle for what is accepted is
Python's own argparse with the reference's options; values never come back in a message."""
import argparse, contextlib, io, itertools, os, subprocess, sys, tempfile

PTOOL = os.path.join(os.environ['SIGNET_BUILD'], 'ptool')
CANARY = 'cAnArY-5ecret'
failures = []

def ptool(*args, token=None):
    env = {k: v for k, v in os.environ.items() if k != 'SIGNET_TOKEN'}
    if token is not None:
        env['SIGNET_TOKEN'] = token
    with tempfile.TemporaryDirectory() as cwd:
        p = subprocess.run([PTOOL, *args], cwd=cwd, env=env, stdin=subprocess.DEVNULL,
                           capture_output=True, text=True, timeout=60)
        left = os.listdir(cwd)
    if left:
        failures.append(f'{args}: left {left}')
    return p.returncode, p.stdout, p.stderr

def expect(name, ok, seen):
    if not ok:
        failures.append(f'{name}: {seen}')

def usage_error(args, *words, token=None):
    rc, out, err = ptool(*args, token=token)
    expect(args, rc == 2 and not out and err.startswith('usage: ptool')
           and all(w in err for w in words), (rc, out, err))
    expect(f'{args} keeps secrets', CANARY not in out + err, err)

usage_error([], '-c/--endpoint_cfg is required')
usage_error(['-c'], '--endpoint_cfg needs a value')
usage_error(['-c', '-e', 'x'], '--endpoint_cfg needs a value')
usage_error(['-c', 'x', '--s', 'y'], 'ambiguous', '--server', '--scert')
usage_error(['-c', 'x', '--p=' + CANARY], 'ambiguous', '--pkey', '--pcert')
usage_error(['-c', 'x', '-k', 'key'], '-k/--pkey is given without -r/--pcert')
usage_error(['-c', 'x', '-r', 'crt'], '-r/--pcert is given without -k/--pkey')
usage_error(['-c', 'x', '-s', 's.json'], 'missing: -t/--token -e/--URN')
usage_error(['-c', 'x', '-s', 's.json', '-e', 'n'], 'missing: -t/--token')
usage_error(['-c', 'x', '-t', CANARY], 'missing: -s/--server -e/--URN')
usage_error(['-c', 'x', '-s', 's.json', '-t', CANARY], 'missing: -e/--URN')
usage_error(['-c', 'x', '-s', 's.json'], 'missing: -e/--URN', token=CANARY)
usage_error(['-c', 'x', '-t', CANARY, '--token-file', 'f'], 'both given')
usage_error(['-c', 'x', CANARY], 'word 3')
usage_error(['-c', 'x', '--', CANARY], 'word 4')
usage_error(['-c', 'x', '--tokne=' + CANARY], 'unrecognized option: --tokne')
usage_error(['-c', 'x', '-T' + CANARY], 'unrecognized option: -T')
usage_error(['-c', 'x', '--no-check=1'], '--no-check takes no value')
usage_error(['-c', 'x', '--\x1b[31m'], '--?[31m')
rc, out, err = ptool('-h')
expect('-h', rc == 0 and out.startswith('usage: ptool') and not err, (rc, out, err))
for letter in 'cestCkrp':
    expect(f'-h names -{letter}', f'  -{letter}, --' in out, out)

# Every combination (but letters glued to -h) of up to three awkward words is taken or refused as argparse does it.
oracle = argparse.ArgumentParser(prog='ptool')
for letter, name in (('c', 'endpoint_cfg'), ('e', 'URN'), ('s', 'server'), ('t', 'token'), ('C', 'cert'),
                     ('k', 'pkey'), ('r', 'pcert'), ('p', 'scert')):
    oracle.add_argument('-' + letter, '--' + name, required=letter == 'c')
WORDS = ['-c', '-cF', '-c=F', '--end', '--endpoint_cfg=F', '--e=', '--', '-', '-1', '-.5', '-1x5', 'x', '',
         '-h', '--help=x', '--U', '--ce=1', '--cert', '--tok', '--c', '-z', '-z q', '-c q', '--s']

def argparse_says(args):
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        try:
            oracle.parse_args(args)
            return True
        except SystemExit as e:
            return e.code == 0

# Of the three thousand lines of three words every seventh, in which each word has each place; SIGNET_TORTURE: all
STEP = 1 if os.environ.get('SIGNET_TORTURE') else 7
tried = taken = third = 0
for n in (1, 2, 3):
    for words in itertools.product(WORDS, repeat=n):
        if n == 3 and (not words[0].startswith(('-c', '--e')) or (third := third + 1) % STEP):
            continue # keeps the run to a few seconds
        args = list(words)
        want = argparse_says(args)
        p = subprocess.run([PTOOL, *args], stdin=subprocess.DEVNULL, capture_output=True, text=True)
        tried, taken = tried + 1, taken + want
        # That all of -s, -t and -e belong together is Signet's rule, not argparse's.
        got = p.returncode != 2 or 'registration is incomplete' in p.stderr
        if got != want:
            failures.append(f'{args}: argparse {"takes" if want else "refuses"} it, ptool: {p.stderr}')
expect('the oracle both takes and refuses', 0 < taken < tried, (taken, tried))

print(f'{tried} command lines as argparse has them, {taken} of them taken')
print('\n'.join(failures[:20]) or 'ptool: ok')
sys.exit(1 if failures else 0)
