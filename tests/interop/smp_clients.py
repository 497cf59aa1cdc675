#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The simulated board, driven by smpmgr (Python) and mcumgr-toolkit (Rust): files, images and settings, over a serial port
and UDP; what one client writes the other reads, Signet among them."""
import hashlib, os, subprocess, sys, tempfile
from concurrent.futures import ThreadPoolExecutor

from _tools import require
require('smpclient[serial]==7.3.0', 'smpmgr==0.19.1', 'mcumgr-toolkit==0.20.0')

from mcumgr_toolkit import MCUmgrClient

from _signet import SIGNET
from _sim_board import board, image

SMPMGR = os.path.join(os.path.dirname(sys.executable), 'smpmgr')
DATA = bytes(i * 7 & 0xff for i in range(3000))
failures = []

def expect(name, ok, seen=''):
    if not ok:
        failures.append(f'{name}: {seen}')

def run(*words):
    return subprocess.run([str(w) for w in words], capture_output=True, text=True, timeout=120, env={**os.environ, 'COLUMNS': '200'})

def smpmgr(name, port, *words, good=True):
    p = run(SMPMGR, '--port', port, '--timeout', 20, *words)
    expect(f'{name}: smpmgr {" ".join(map(str, words))}', (p.returncode == 0) == good, p.stdout + p.stderr)
    return p.stdout

def signet(name, *words):
    p = run(SIGNET, 'smp', *words)
    expect(f'{name}: signet smp {" ".join(map(str, words))}', p.returncode == 0, p.stderr)
    return p.stdout

def refused(name, call):
    try:
        call()
    except Exception as error:
        return str(error)
    expect(name, False, 'not refused')
    return ''

def toolkit_files(name, c):
    expect(f'{name}: echo', c.os_echo('hello') == 'hello')
    expect(f'{name}: parameters', c.os_mcumgr_parameters().buf_size == 384)
    c.fs_file_upload('/lfs/a', DATA)
    expect(f'{name}: status', c.fs_file_status('/lfs/a').length == len(DATA))
    expect(f'{name}: sha256', c.fs_file_checksum('/lfs/a', 'sha256').output == hashlib.sha256(DATA).digest())
    expect(f'{name}: download', c.fs_file_download('/lfs/a') == DATA)
    expect(f'{name}: types', 'sha256' in c.fs_supported_checksum_types())
    expect(f'{name}: none', refused(f'{name}: none', lambda: c.fs_file_status('/lfs/none')))
    expect(f'{name}: task statistics', refused(f'{name}: task statistics', c.os_task_statistics))

def toolkit_images(name, c, new):
    c.image_upload(new)
    slots = c.image_get_state()
    expect(f'{name}: slots', [s.version for s in slots] == ['1.0.0', '2.1.0'], slots)
    c.image_set_state(slots[1].hash)
    c.os_system_reset()

def toolkit_settings(name, c):
    c.settings_write('app/key', b'value')
    c.settings_save()
    expect(f'{name}: setting', c.settings_read('app/key') == b'value')
    c.settings_delete('app/key')
    expect(f'{name}: deleted', refused(f'{name}: deleted', lambda: c.settings_read('app/key')))

def with_toolkit(generation):
    later, new = generation not in ('3.2', '3.3'), image(2, 1)
    with board('--udp', '--firmware', 'smp-file', '--generation', generation) as (port, udp), tempfile.TemporaryDirectory() as folder:
        host, number = udp.split(':')[1:]
        with MCUmgrClient.udp(host, int(number), 5000) as c:
            toolkit_files(f'{generation} udp', c)
            if later:
                toolkit_settings(f'{generation} udp', c)
        with MCUmgrClient.serial(port, 115200, 5000) as c:
            toolkit_files(f'{generation} serial', c)
            toolkit_images(f'{generation} serial', c, new)
        out = signet(generation, 'image', 'list', '-p', udp, '--smp-timeout-ms', 5000)
        expect(f'{generation}: swapped', 'slot 0: 2.1.0' in out and 'slot 1: 1.0.0' in out, out)
        signet(generation, 'download', '/lfs/a', '-o', f'{folder}/a', '-p', port, '--smp-timeout-ms', 5000)
        expect(f'{generation}: what the toolkit wrote', open(f'{folder}/a', 'rb').read() == DATA)

def with_smpmgr(generation):
    with board('--udp', '--firmware', 'smp-file', '--generation', generation) as (port, udp), tempfile.TemporaryDirectory() as folder:
        with open(f'{folder}/new', 'wb') as f:
            f.write(DATA)
        with open(f'{folder}/image', 'wb') as f:
            f.write(image(2, 1))
        smpmgr(generation, port, 'file', 'upload', f'{folder}/new', '/lfs/b')
        signet(generation, 'download', '/lfs/b', '-o', f'{folder}/b', '-p', udp, '--smp-timeout-ms', 5000)
        expect(f'{generation}: what smpmgr wrote', open(f'{folder}/b', 'rb').read() == DATA)
        signet(generation, 'image', 'upload', f'{folder}/image', '-p', udp, '--smp-timeout-ms', 5000)
        out = smpmgr(generation, port, 'image', 'state-read')
        expect(f'{generation}: what Signet wrote', '2.1.0' in out, out)

def main():
    jobs = [(with_toolkit, g) for g in ('3.2', '3.3', '3.6', '4.4')] + [(with_smpmgr, g) for g in ('3.3', '4.4')]
    with ThreadPoolExecutor(3) as pool:
        list(pool.map(lambda job: job[0](job[1]), jobs))
    print('\n'.join(failures) or 'ok')
    sys.exit(bool(failures))

main()
