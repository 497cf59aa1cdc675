# SPDX-License-Identifier: Apache-2.0
"""A TPM 2.0 of swtpm, whose state is a folder."""
import os, subprocess, time


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
                                        stderr=subprocess.DEVNULL)
        end = time.monotonic() + 20
        while not os.path.exists(f'{self.folder}/s') and time.monotonic() < end:
            time.sleep(0.02)

    def stop(self):
        self.program.terminate()
        self.program.wait()
