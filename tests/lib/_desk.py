# SPDX-License-Identifier: Apache-2.0
"""Orders with labels for tests."""
import json, subprocess, time
from _line import Line
from _printer import Printer
from _signet import SIGNET, need

ZPL = '^XA^FO30,30^A0N,30,30^FD{endpoint}^FS\n^FO30,80{qr:https://x.example/?d={endpoint}&n={note}}^XZ\n'
NAMES = [f'urn:dev:os:m-{i}' for i in (1, 2, 3)]


class Desk(Line):
    """Three devices of a manifest, as packets, each with a label."""
    def __init__(self, folder, misbehave=''):
        super().__init__(folder)
        self.printer = Printer(folder, misbehave)
        self.write('label.zpl', ZPL)
        self.write('devices.csv', 'endpoint,note,api_token\n' + ''.join(f'{n},"^XZ~{n[-1]}é",s3cr3t{n[-1]}\n' for n in NAMES))
        self.minted()

    def minted(self, label=None, more=''):
        label = label or f'{{template: label.zpl, printer: "{self.printer.url}"}}'
        self.write('m.yaml', f'name: m\nquota: 3\ntemplate: template\nledger: ledger.db\nstation: A\n'
                             f'names: {{manifest: devices.csv}}\noutput: {{packets: m.ndjson}}\nlabel: {label}\n{more}')

    def signet(self, *args, program=SIGNET, env=None):
        return subprocess.run([program, *args], cwd=self.folder, capture_output=True, text=True, timeout=90, env=env,
                              stdin=subprocess.DEVNULL)

    def make(self, code, *words, args=('run', '--plain', '--sync', '1', 'm.yaml'), **how):
        p = self.signet(*args, **how)
        need(p.returncode == code, f'exit {p.returncode}: {p.stdout}{p.stderr}')
        for word in words:
            need(word in p.stdout + p.stderr, f'no {word!r} in: {p.stdout}{p.stderr}')

    def history(self, name):
        """what happened to a label: (kind, who, detail)"""
        rows = map(json.loads, self.ledger('show', 'ledger.db', name, '--json').splitlines())
        return [(e['kind'], e.get('operator'), e['detail']) for e in rows if e['event'] == 'history' and e['kind'].startswith('label')]

    def until_true(self, what):
        end = time.monotonic() + 60
        while not what():
            need(time.monotonic() < end, 'it did not come')
            time.sleep(0.05)

    def kinds(self, name):
        return [kind for kind, _, _ in self.history(name)]

    def close(self):
        super().close()
        self.printer.close()
