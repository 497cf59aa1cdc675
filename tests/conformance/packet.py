#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""ptool against what the Python reference wrote: reference/cases/NAME.cfg and .cbor, one line of
reference/manifest.tsv each (name, class, arguments). The classes:
  equal, richer, pem  the packet has the bytes of NAME.cbor
  refuse              exit 1 or 2, no packet, and a message
  lenient             a packet, or refused as above
  constant            the bytes of NAME.cbor (where there is one), or refused
  unchecked           as constant; and with --no-check those bytes
"""
import concurrent.futures, os, shlex, shutil, subprocess, sys, tempfile

HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'reference')
PTOOL = os.path.abspath(os.path.join(os.environ['SIGNET_BUILD'], 'ptool'))


class Run:
    """One run of ptool in a folder of its own."""

    def __init__(self, name, arguments):
        with tempfile.TemporaryDirectory() as folder:
            os.symlink(os.path.join(HERE, 'files'), os.path.join(folder, 'files'))
            shutil.copy(os.path.join(HERE, 'cases', name + '.cfg'), folder)
            done = subprocess.run([PTOOL, '-c', name + '.cfg', *arguments], cwd=folder, timeout=120,
                                  stdin=subprocess.DEVNULL, capture_output=True)
            packet = os.path.join(folder, 'SenMLCBOR')
            self.packet = open(packet, 'rb').read() if os.path.exists(packet) else None
            self.left = sorted(set(os.listdir(folder)) - {'files', name + '.cfg', 'SenMLCBOR', 'cert'})
        self.code = done.returncode
        self.says = (done.stdout + done.stderr).decode('utf-8', 'replace').strip()

    def not_equal(self, want):
        if self.code != 0:
            return f'exit {self.code}: {self.says[-200:]}'
        if self.packet != want:
            return f'other bytes: {self.packet.hex() if self.packet else None}, not {want.hex()}'
        return f'left behind: {self.left}' if self.left else None

    def not_refused(self):
        if self.code not in (1, 2):
            return f'exit {self.code}, not a refusal'
        if self.packet is not None or self.left:
            return f'refused, but left behind: {self.left or "a packet"}'
        return None if self.says and 'nexpected error' not in self.says else 'refused without a word'


def judge(case):
    name, kind, arguments = case
    path = os.path.join(HERE, 'cases', name + '.cbor')
    want = open(path, 'rb').read() if os.path.exists(path) else None
    run = Run(name, shlex.split(arguments))
    if kind in ('equal', 'richer', 'pem'):
        return run.not_equal(want)
    if kind == 'refuse':
        return run.not_refused()
    if kind == 'lenient':
        return None if run.code == 0 and run.packet else run.not_refused()
    wrong = run.not_refused()
    if wrong and want is not None:
        wrong = run.not_equal(want)
    if not wrong and kind == 'unchecked':
        wrong = Run(name, shlex.split(arguments) + ['--no-check']).not_equal(want)
    return wrong


with open(os.path.join(HERE, 'manifest.tsv'), encoding='utf-8') as manifest:
    cases = [line.rstrip('\n').split('\t') for line in manifest if not line.startswith('#')]
with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
    verdicts = list(pool.map(judge, cases))
for case, wrong in zip(cases, verdicts):
    if wrong:
        print(f'{case[0]} ({case[1]}): {wrong}')
failed = sum(1 for wrong in verdicts if wrong)
print(f'{len(cases) - failed} cases hold, {failed} do not')
assert len(cases) > 200, 'the manifest is short'
sys.exit(bool(failed))
