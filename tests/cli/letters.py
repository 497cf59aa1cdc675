#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Options of all verbs: a letter has one meaning, a name one kind of value, a thing one name, also in orders. What versions
before 0.2 called otherwise works as before, with a note, and no help shows it."""
import collections, os, re, subprocess, sys

SIGNET, SOURCE = os.path.join(os.environ['SIGNET_BUILD'], 'signet'), os.environ['SIGNET_SOURCE']
# one thing, said in several forms
FORMS = {'output': {'FILE', 'FOLDER'}, 'save': {'FILE', 'FOLDER/'}, 'keep': {'FILE', 'FOLDER'}, 'misbehave': {'LIST', 'SLOT=LIST'},
         'board': {'ID', 'SERIAL=CONTROL,PORT[,VCOM'}, 'port': {'PORT', 'N'}, 'token': {'TOKEN', 'WORD'}, 'control': {'PATH', ''}}
# what no option may be called, since the thing has another name
SAME = {'baudrate': 'baud', 'speed': 'baud', 'out': 'output', 'dir': 'FOLDER', 'cert': 'cert-info', 'info': 'cert-info', 'ask': 'server',
        'signer': 'vkey', 'public-key': 'vkey', 'line-length': 'smp-line-length', 'packet-size': 'smp-packet-size', 'config-file': 'config'}
ORDERS_ONLY = re.compile(r'_text$|_sha256$|^(prompt|smp_timeout_ms|result_timeout_ms|restored_timeout_ms|recipe_|flasher_)$')
bad = []


def run(*words):
    return subprocess.run([SIGNET, *words], capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL)


def tables():
    verbs = re.findall(r'^  (\S+(?: \S+)?) {2,}\S', run('--help').stdout, re.M)
    rows = {v: re.findall(r'^  (?:-(.), |    )--([\w-]+)(?:\[?=([^ \]]+))?', run(*v.split(), '--help').stdout, re.M) for v in verbs}
    return {v: {name: (letter, value) for letter, name, value in r if name not in ('json', 'help', 'usage', 'version')} for v, r in rows.items()}


def one_meaning(verbs):
    letters, values = collections.defaultdict(set), collections.defaultdict(set)
    for verb, rows in verbs.items():
        for name, (letter, value) in rows.items():
            values[name].add(value)
            if letter:
                letters[letter].add(name)
            if name in SAME:
                bad.append(f'signet {verb} --{name}: the thing is called --{SAME[name]}')
            if value in ('DIR', 'SECS', 'ADDRESS'):
                bad.append(f'signet {verb} --{name}={value}: the value is called FOLDER, SECONDS, PORT')
    for letter, names in sorted(letters.items()):
        if len(names) > 1:
            bad.append(f'-{letter} means {sorted(names)}')
        if letter in 'hV?':
            bad.append(f'-{letter} is of every program')
    for name, forms in sorted(values.items()):
        if len(forms) > 1 and forms != FORMS.get(name):
            bad.append(f'--{name} takes {sorted(forms)}')
    if len(letters) < 20 or len(values) < 100:
        bad.append(f'only {len(letters)} letters and {len(values)} names were found')


def of_orders(options):
    """The keys of a board are the options of provision."""
    with open(os.path.join(SOURCE, 'src/order/order.c'), encoding='utf-8') as f:
        keys = re.findall(r'\bBOARD\("(\w+)"', f.read()) + ['recipe']
    wrong = [k for k in keys if k.replace('_', '-') not in options and not ORDERS_ONLY.search(k)]
    if wrong or len(keys) < 20:
        bad.append(f'keys of orders that provision calls otherwise: {wrong} of {len(keys)}')


def old_spellings(verbs):
    with open(os.path.join(SOURCE, 'cli/old_options.c'), encoding='utf-8') as f:
        table = re.findall(r'\{"([\w ]+)", (?:\'(.)\'|0), (?:"([\w-]+)"|NULL), "([\w-]+)"\}', f.read())
    tried = 0
    for of, letter, old, now in table:
        mine = [v for v in verbs if (v == of or v.startswith(of + ' ')) and now in verbs[v]]
        if not mine:
            bad.append(f'old option of {of}: there is no --{now}')
        for verb in mine[:2]:
            if letter and letter in {l for l, _ in verbs[verb].values()}:
                bad.append(f'signet {verb} -{letter} meant --{now}, and means something else now')
            for word in ([f'-{letter}'] if letter else []) + ([f'--{old}'] if old else []):
                value = ['100' if now in ('baud', 'smp-line-length', 'smp-packet-size') else '200' if now == 'buf-size' else '1'] if verbs[verb][now][1] else []
                p = run(*verb.split(), word, *value, '--help')
                tried += 1
                if p.returncode or f'--{now} now' not in p.stderr or word not in p.stderr:
                    bad.append(f'signet {verb} {word}: exit {p.returncode}: {p.stderr}')
    if len(table) < 60 or tried < 60:
        bad.append(f'only {len(table)} old options, {tried} tried')
    for word, now in (('--ready-timeout', '--ready-timeout-ms'), ('--flasher-timeout', '--flasher-timeout-ms')):
        p = run('provision', word, '60', '--help')
        if p.returncode or f'{now} now' not in p.stderr:
            bad.append(f'provision {word}: {p.stderr}')
    p = run('provision', '--baudrat', '1')
    if 'did you mean --baud?' not in p.stderr:
        bad.append(f'an old name is offered: {p.stderr}')


found = tables()
one_meaning(found)
of_orders(found['provision'])
old_spellings(found)
sys.exit('\n'.join(bad) if bad else print('letters: ok'))
