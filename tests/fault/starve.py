#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Verbs without memory: of each path of calls that allocates, the first allocation fails, in a run of its own. The verb
says that it is out of memory, or does all of it: what it writes is then the same as ever."""
import os, re, shutil, subprocess, tempfile
from concurrent.futures import ThreadPoolExecutor
from _signet import SIGNET, SOURCE, TORTURE, need

ORDER = '''name: o
quota: 2
template: endpoint_cfg_batch
ledger: ledger.db
station: A
work: work
names: {manifest: devices.csv}
credentials: {psk_bytes: 16, identity: "{batch}/{endpoint}"}
output: {packets: packets/, records: records.csv}
servers: [{name: x, file: export.json}]
'''
NAME = 'urn:dev:os:0023C7-000101'
VERBS = (  # on what a run left, or on a new folder
    (False, 'packet', 'make', '-c', 'endpoint_cfg', '-o', 'packet'),
    (False, 'run', '--json', 'order.yaml'),
    (True, 'run', 'order.yaml'),
    (True, 'station', 'check', 'order.yaml'),
    (True, 'ledger', 'list', 'ledger.db'),
    (True, 'ledger', 'show', 'ledger.db', NAME),
    (True, 'ledger', 'stats', 'ledger.db'),
    (True, 'ledger', 'export', '-f', 'events', 'ledger.db'),
    (True, 'ledger', 'verify', 'ledger.db'),
    (True, 'ledger', 'void', '--force', '-r', 'lost', 'ledger.db', NAME),
    (True, 'report', 'ledger.db'),
)


def prepare(folder, ran):
    for name in 'line', 'configs':
        shutil.copytree(os.path.join(SOURCE, 'examples', name), folder, dirs_exist_ok=True)
    with open(os.path.join(folder, 'order.yaml'), 'w') as f:
        f.write(ORDER)
    if ran:
        subprocess.run([SIGNET, 'run', 'order.yaml'], cwd=folder, check=True, capture_output=True)


def call(verb, begin, **env):
    """Exit code, what it wrote, files that it made, in a copy of its folder. What a run writes is never the same."""
    with tempfile.TemporaryDirectory(dir=os.path.dirname(begin)) as top:
        folder = shutil.copytree(begin, os.path.join(top, 'd'))
        p = subprocess.run([TORTURE, *verb], cwd=folder, env={**os.environ, **env}, capture_output=True, text=True, stdin=subprocess.DEVNULL)
        made = sorted(f for _, _, files in os.walk(folder) for f in files)
    return p.returncode, '' if verb[0] in ('run', 'station') else p.stdout, made, p.stderr + p.stdout


def starve(verb, begin):
    listed = os.path.join(os.path.dirname(begin), ' '.join(verb).replace('/', ''))
    *usual, said = call(verb, begin, SIGNET_STARVE_LIST=listed)
    need('out of memory' not in said, said)
    with open(listed) as f:
        paths = f.read().split()
    need(len(paths) > 5, f'{verb}: {paths}')
    wrong = []
    with ThreadPoolExecutor(2) as pool:
        for path, (*ended, said) in zip(paths, pool.map(lambda p: call(verb, begin, SIGNET_STARVE=p), paths)):
            told = re.search('out of memory|[Cc]annot allocate memory', said)
            if ended != usual and not (told and ended[0] in (0, 1, 3)):
                wrong.append(f'{" ".join(verb)}: SIGNET_STARVE={path}: {ended[0]}: {said[-300:]}')
    print(f'{" ".join(verb)}: {len(paths)} paths of calls, {len(wrong)} wrong', flush=True)
    return wrong


with tempfile.TemporaryDirectory(prefix='signet-starve-', dir='/dev/shm' if os.access('/dev/shm', os.W_OK) and 'TMPDIR' not in os.environ else None) as folder:
    begins = [os.path.join(folder, name) for name in ('new', 'ran')]
    for ran, begin in enumerate(begins):
        prepare(begin, ran)
    wrong = [w for ran, *verb in VERBS for w in starve(verb, begins[ran])]
need(not wrong, '\n'.join(wrong))
