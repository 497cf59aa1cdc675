# SPDX-License-Identifier: Apache-2.0
"""Checkpoints, proofs and cosignatures of a ledger, as Go's note and tlog, transparency-dev's merkle and formats, and torchwood
read them; skipped where there is no Go, or no registry for its modules (tests/interop/tlog/go.mod)."""
import subprocess, sys, tempfile
import _tools
from _mint import House
from _signet import SIGNET, need

def main():
    program, why = _tools.go('tlog', 'tlog-check')
    if not program:
        print(why)
        sys.exit(77)
    with tempfile.TemporaryDirectory(prefix='signet-tlog-') as folder:
        h = House(folder)

        def call(*args):
            p = subprocess.run([SIGNET, 'ledger', *args], capture_output=True, text=True, cwd=folder)
            need(p.returncode == 0, p.stderr)
            return p.stdout

        def tool(*args, code=0):
            p = subprocess.run([program, *args], capture_output=True, text=True, cwd=folder)
            need(p.returncode == code, f'{args}: {p.returncode} {p.stdout}{p.stderr}')
            return p.stdout

        need(h.run(h.order('o', 333, packets='o.ndjson'))[0] == 0, 'a run')
        key = call('vkey', 'ledger.db', 'station.key.sign').strip()
        h.write('old', call('checkpoint', 'ledger.db'))
        tool('checkpoint', key, 'old')
        need(h.run(h.order('p', 66, packets='p.ndjson'))[0] == 0, 'another run')
        h.write('request', call('checkpoint', 'ledger.db', '--since-checkpoint', 'old'))
        tool('consistency', key, 'old', 'request')
        for serial in 1, 77, 333:
            name = f'urn:dev:os:o-{serial:07}'
            call('proof', 'ledger.db', name)
            for n in 1, 2, 3:
                tool('inclusion', key, f'{name}.{n}.event', f'{name}.{n}.tlog-proof')
            need('verification failed' in tool('inclusion', key, f'{name}.1.event', f'{name}.2.tlog-proof', code=1)
                 or 'calculated root' in tool('inclusion', key, f'{name}.1.event', f'{name}.2.tlog-proof', code=1), 'another event')
        witness = call('witness', '--sign', 'w.sign', '--name', 'oem').strip()
        h.write('cosigned', call('witness', '--sign', 'w.sign', '--vkey', key, 'old'))
        tool('witness', key, witness, 'cosigned')
        with open(h.at('cosigned')) as f:
            text = f.read()
        h.write('changed', text.replace('\n1', '\n2', 1))
        tool('witness', key, witness, 'changed', code=1)


main()
