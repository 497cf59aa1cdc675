# SPDX-License-Identifier: Apache-2.0
"""A TPM 2.0 of swtpm, whose state is a folder."""
import os, socket, subprocess, time


class Tpm:
    def __init__(self, folder):
        self.folder = folder
        os.mkdir(folder)
        self.tcti = f'swtpm:path={os.path.abspath(folder)}/s'
        self.start()

    def start(self):
        for name in ('s', 's.ctrl'):
            if os.path.exists(f'{self.folder}/{name}'):
                os.unlink(f'{self.folder}/{name}')
        self.program = subprocess.Popen(['swtpm', 'socket', '--tpm2', '--tpmstate', f'dir={self.folder}', '--server', f'type=unixio,path={self.folder}/s',
                                         '--ctrl', f'type=unixio,path={self.folder}/s.ctrl', '--flags', 'not-need-init,startup-clear'],
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        end = time.monotonic() + 20
        while not self.listens() and time.monotonic() < end:
            time.sleep(0.02)

    def listens(self):
        """Its socket has a name before it listens."""
        with socket.socket(socket.AF_UNIX) as s:
            return s.connect_ex(f'{self.folder}/s') == 0

    def stop(self):
        self.program.terminate()
        self.program.wait()
