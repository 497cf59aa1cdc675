#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Help and version in every form, completions in real shells, and signet init: a folder that makes devices at once."""
import os, re, shutil, subprocess, sys, tempfile

SIGNET = os.path.join(os.environ['SIGNET_BUILD'], 'signet')
PTOOL = os.path.join(os.environ['SIGNET_BUILD'], 'ptool')
bad = []

def need(what, ok, seen=''):
    if not ok:
        bad.append(f'{what}: {str(seen)[-500:]}')

def run(*args, code=0, cwd=None):
    p = subprocess.run(args, capture_output=True, text=True, timeout=120, cwd=cwd, stdin=subprocess.DEVNULL)
    need(' '.join(args)[:100], p.returncode == code, f'exit {p.returncode}: {p.stdout}{p.stderr}')
    return p.stdout

def help_and_version():
    version = run(SIGNET, '--version')
    need('version', re.fullmatch(r'signet \d+\.\d+\.\d+\S*\n', version), version)
    for words in (('version',), ('-V',), ('run', '--version'), ('ledger', 'list', '--version'), ('ledger', '--version')):
        need(words, run(SIGNET, *words) == version)
    need('ptool', run(PTOOL, '--version') == version.replace('signet', 'ptool'))
    for words in (('run',), ('ledger',), ('ledger', 'list'), ('cert', 'make'), ('register',)):
        need(words, run(SIGNET, 'help', *words) == run(SIGNET, *words, '--help'))
    need('help', run(SIGNET, 'help') == run(SIGNET, '--help'))
    run(SIGNET, 'help', 'runn', code=2)

def head_is_quiet():
    """What a reader no longer wants is no error to be told; the exit code says that it did not get all."""
    read, write = os.pipe()
    os.close(read)
    packet = os.path.join(os.environ['SIGNET_SOURCE'], 'tests', 'fuzz', 'corpus', 'packet', 'demo_psk.cbor')
    for words in ('object', 'list'), ('packet', 'show', packet):
        p = subprocess.run([SIGNET, *words], stdout=write, stderr=subprocess.PIPE, timeout=60)
        need(f'{words} | head', p.returncode == 1 and b'error' not in p.stderr, (p.returncode, p.stderr))
    os.close(write)

def completed(*words):
    script = 'source <("$0" completion bash); COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _signet; printf "%s\\n" "${COMPREPLY[@]}"'
    return run('bash', '-c', script, SIGNET, 'signet', *words).split()

def completions():
    need('nouns', {'ledger', 'line'} <= set(completed('l')) and 'run' not in completed('l'), completed('l'))
    need('verbs', set(completed('ledger', 'st')) == {'stats'}, completed('ledger', 'st'))
    need('options', completed('run', '--dr') == ['--dry-run'], completed('run', '--dr'))
    need('options of a verb', completed('ledger', 'list', '--stat') == ['--state=', '--station='], completed('ledger', 'list', '--stat'))
    need('files', completed('run', 'ord') == [], completed('run', 'ord'))
    need('help', completed('help', 'led') == ['ledger'] and completed('help', 'ledger', 'li') == ['list'], completed('help', 'ledger', 'li'))
    verbs = re.findall(r'^  (\S+(?: \S+)?) {2,}\S', run(SIGNET, '--help'), re.M)
    for verb in verbs:
        has = set(re.findall(r'^  (?:-., |    )--([\w-]+)', run(SIGNET, *verb.split(), '--help'), re.M)) - {'usage', 'version'}
        offered = {w.strip('-=') for w in completed(*verb.split(), '--')}
        need(f'all of {verb}', has == offered, has ^ offered)
    for shell, check in (('zsh', ('-n',)), ('fish', ('--no-execute',))):
        text = run(SIGNET, 'completion', shell)
        if shutil.which(shell):
            with tempfile.NamedTemporaryFile('w') as f:
                f.write(text)
                f.flush()
                run(shell, *check, f.name)
    run(SIGNET, 'completion', 'tcsh', code=2)

def first_hour(folder):
    run(SIGNET, 'init', 'line', cwd=folder)
    line = os.path.join(folder, 'line')
    need('five lines', open(os.path.join(line, 'README'), encoding='utf-8').read().count('\n') == 5)
    out = run(os.path.join(line, 'rehearse'), cwd=folder)
    need('all are made', '8 of 8 devices done' in out, out)
    need('the ledger', run(SIGNET, 'ledger', 'list', 'ledger.db', cwd=line).count(' done ') == 8)
    need('once more', '8 of 8 devices done' in run('./rehearse', cwd=line))
    before = open(os.path.join(line, 'order.yaml'), encoding='utf-8').read()
    run(SIGNET, 'init', 'line', code=1, cwd=folder)
    need('nothing is overwritten', before == open(os.path.join(line, 'order.yaml'), encoding='utf-8').read())
    os.mkdir(os.path.join(folder, 'other'))
    open(os.path.join(folder, 'other', 'README'), 'w').close()
    run(SIGNET, 'init', 'other', code=1, cwd=folder)
    need('nothing is half made', os.listdir(os.path.join(folder, 'other')) == ['README'])

help_and_version()
head_is_quiet()
completions()
with tempfile.TemporaryDirectory() as folder:
    first_hour(folder)
sys.exit('\n'.join(bad) if bad else print('words: ok'))
