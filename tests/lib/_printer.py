# SPDX-License-Identifier: Apache-2.0
"""A simulated label printer for tests."""
import glob, os, subprocess
from _signet import SIGNET, need


class Printer:
    def __init__(self, folder, misbehave=''):
        self.folder, self.control = os.path.join(folder, 'printed'), os.path.join(folder, 'printer.control')
        self.process = subprocess.Popen([SIGNET, 'sim', 'printer', self.folder, '-m', misbehave, '--control', self.control, '-u'],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.url = self.process.stdout.readline().strip()
        need(self.url.startswith('tcp://127.0.0.1:'), 'the printer did not start')

    def tell(self, request):
        p = subprocess.run([SIGNET, 'sim', 'tell', self.control, request], capture_output=True, text=True, timeout=60)
        need(p.returncode == 0, p.stderr)
        return p.stdout

    def labels(self):
        out = []
        for path in sorted(glob.glob(os.path.join(self.folder, '*.zpl'))):
            with open(path, encoding='utf-8') as f:
                out.append(f.read())
        return out

    def close(self):
        self.process.stdin.close()
        self.process.wait(timeout=60)
