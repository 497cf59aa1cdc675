#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""479 configurations, each one change away from an accepted one, and the verdict of Anjay 3.14's factory provisioning on
each (tests/data/reader/configurations.tar.xz, with verdicts.tsv). Under the profile anjay-3 and under any: what Anjay
rejects is refused or warned of, for the change and not for something that was there before; what it takes is refused only
with the section of a standard."""
import collections, concurrent.futures, os, re, subprocess, sys, tarfile, tempfile

SIGNET = os.path.join(os.environ['SIGNET_BUILD'], 'signet')
DATA = os.path.join(os.environ['SIGNET_SOURCE'], 'tests/data/reader/configurations.tar.xz')
MATRIX = {('OK', 'refused'): 33, ('OK', 'passed'): 188, ('REJECTED', 'refused'): 210, ('REJECTED', 'warned'): 48}
RULE = re.compile(r'LwM2M (Core|Transport) 1\.\d, (Appendix|section)|RFC \d+')

def findings(folder, name, device):
    """refused or not, and what was said, without places"""
    p = subprocess.run([SIGNET, 'packet', 'check', '--device', device, f'{folder}/{name}.cfg'], capture_output=True,
                       text=True, timeout=60, stdin=subprocess.DEVNULL)
    said = [re.sub(r'line \d+: |^signet: \w+: |\S*\.cfg:[\d:]+', '', line) for line in p.stderr.splitlines()
            if re.match(r'signet: (warning|error): ', line)]
    if p.returncode not in (0, 1):
        sys.exit(f'{name}: exit {p.returncode}: {p.stderr}')
    return p.returncode == 1, said

def judge(verdict, refused, said, before):
    new = [line for line in said if line not in before]
    if verdict == 'OK':
        return ('OK', 'refused' if refused else 'passed'), refused and not any(map(RULE.search, said))
    return ('REJECTED', 'refused' if refused else 'warned' if new else 'silent'), not refused and not new

bad = []
with tempfile.TemporaryDirectory() as folder, concurrent.futures.ThreadPoolExecutor(4) as pool:
    with tarfile.open(DATA) as archive:
        archive.extractall(folder)
    with open(f'{folder}/verdicts.tsv', encoding='utf-8') as f:
        verdicts = dict(line.split()[:2] for line in f)
    assert len(verdicts) == 479
    for device, names in (('anjay-3', list(verdicts)), ('any', list(verdicts)[::5])):
        bases = {mode: findings(folder, f'{mode}_000', device)[1] for mode in ('nosec', 'psk', 'cert')}
        matrix = collections.Counter()
        for name, (refused, said) in zip(names, pool.map(lambda name: findings(folder, name, device), names)):
            cell, wrong = judge(verdicts[name], refused, said, bases[name.split('_')[0]])
            matrix[cell] += 1
            if wrong:
                bad.append(f'{device}: {name}: Anjay says {verdicts[name]}, Signet: {cell[1]}: {said}')
        if device == 'anjay-3' and matrix != MATRIX:
            bad.append(f'the matrix is {dict(matrix)}, not {MATRIX}')
if bad:
    sys.exit('\n'.join(bad))
