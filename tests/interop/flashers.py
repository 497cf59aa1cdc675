#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The real tools take the arguments that we send: without a board they fail for that, and never for an argument.
OpenOCD even flashes one that is made up. Debian's openocd and stlink-tools, Python's esptool (4 and 5) and pyocd."""
import os, re, shutil, subprocess, sys, tempfile
from concurrent.futures import ThreadPoolExecutor

from _signet import BUILD, SIGNET, SOURCE
from _sim_board import board
from _tools import program

CALLS = os.path.join(BUILD, 'tests/signet_flasher_calls')
HEX = ':0400000001020304F2\n:00000001FF\n'
# its flash and its target are in OpenOCD; only its memory cannot be read again
FAUX = """adapter driver dummy
transport select jtag
jtag newtap fx cpu -irlen 4 -expected-id 0
target create fx.cpu testee -chain-position fx.cpu
flash bank fx.flash faux 0x0 0x10000 0 0 fx.cpu
proc faux_recover {} { echo recovered }
"""
NO_PORT = 'Could not open /dev/nope'
ST = "Couldn't find any ST-Link devices"
OPENOCD = "doesn't support checksum_memory"
# tool, its package, flasher, serial number, port, image, options, what is said: chip, sectors, reset, list
TOOLS = [
    ('openocd', None, 'openocd', '', '', 'a.hex', ['target={folder}/faux.cfg', 'recover=faux_recover'], [OPENOCD, OPENOCD, '', None]),
    ('openocd', None, 'openocd', 'AB12', '', 'a.bin', ['target={folder}/faux.cfg', 'address=0x100'], [OPENOCD, OPENOCD, '', None]),
    ('openocd', None, 'openocd', 'AB12', '', 'a.hex', ['target=target/nrf52.cfg', 'config=interface/cmsis-dap.cfg', 'recover=nrf52_recover'],
     ['unable to find a matching CMSIS-DAP device'] * 3 + [None]),
    ('openocd', None, 'openocd', '', '', 'a.hex', ['target=target/nosuch.cfg'], ["Error: Can't find target/nosuch.cfg"] * 3 + [None]),
    ('st-flash', None, 'stm32', '', '', 'a.hex', ['connect=under-reset'], [ST, ST, ST, '']),
    ('st-flash', None, 'stm32', '066DFF485457725187052924', '', 'a.bin', ['address=0x08000000'], [ST, ST, ST, '']),
    ('esptool.py', 'esptool==4.8.1', 'esptool', '', '/dev/nope', 'a.bin', [], [NO_PORT] * 3 + [None]),
    ('esptool', 'esptool==5.6.0', 'esptool', '', '/dev/nope', 'a.bin', ['target=esp32c3', 'address=0x10000'], [NO_PORT] * 3 + [None]),
    ('pyocd', 'pyocd==0.46.0', 'pyocd', '0240AB', '', 'a.hex', ['target=nrf52840', 'recover=yes'],
     ["No connected debug probe matches unique ID '0240AB'"] * 3 + ['']),
    ('pyocd', 'pyocd==0.46.0', 'pyocd', '', '', 'a.bin', ['address=0x1000'], ['No connected debug probes'] * 3 + ['']),
]
# the same with an argument that is not theirs: a refusal of that would be seen
UNKNOWN = {
    'openocd': (['-c', 'no_such_command'], 'invalid command name'),
    'st-flash': (['--nosuch', 'erase'], 'invalid command line'),
    'esptool.py': (['--port', '/dev/nope', 'write_flash', '--nosuch', '0', '{folder}/a.bin'], 'unrecognized arguments|No such option'),
    'esptool': (['--port', '/dev/nope', 'write-flash', '--nosuch', '0', '{folder}/a.bin'], 'No such option'),
    'pyocd': (['flash', '--nosuch', '{folder}/a.hex'], 'unrecognized arguments'),
}
failures = []

def missing(what):
    print(f'{what} is not installed')
    sys.exit(1 if os.environ.get('CI') == 'true' else 77)

def path_of(tool, package):
    return program(package, tool) if package else shutil.which(tool, path='/usr/bin:/usr/local/bin') or missing(tool)

def check(folder, row):
    tool, package, name, serial, port, image, options, wanted = row
    path = path_of(tool, package)
    options = [o.format(folder=folder) for o in options]
    p = subprocess.run([CALLS, name, path, serial, port, f'{folder}/{image}', *options], capture_output=True, text=True, timeout=240)
    said = [line.split('\t') for line in p.stdout.splitlines()]
    if p.returncode or len(said) != 4:
        failures.append(f'{tool} {options}: {p.returncode} {p.stdout} {p.stderr}')
        return
    for (call, code, words), want in zip(said, wanted):
        ok = code == 'unsupported' if want is None else want in words and (code == 'ok') == (want == '')
        if not ok:
            failures.append(f'{tool} {options}: {call}: {code}: {words!r}, wanted {want!r}')

def check_port(folder, tool, package):
    """Signet, which holds the port, lets go of it: esptool gets an answer that is none, and not that it is busy."""
    config = os.path.join(SOURCE, 'examples/configs/endpoint_cfg')
    with board() as port:
        p = subprocess.run([SIGNET, 'provision', '--no-check', '-c', config, '-e', 'x', '--recipe', 'smp-file', '--packet-path', '/lfs1/p', '--port', port,
                            '--flasher', 'esptool', '--flasher-tool', path_of(tool, package), '--initial', f'{folder}/a.bin'],
                           capture_output=True, text=True, timeout=120, cwd=folder)
    if 'Failed to connect to Espressif device: No serial data received' not in p.stderr:
        failures.append(f'{tool}: a port that Signet had: {p.returncode} {p.stderr}')

def check_unknown(folder, tool, package):
    arguments, want = UNKNOWN[tool]
    p = subprocess.run([path_of(tool, package), *(a.format(folder=folder) for a in arguments)], capture_output=True, text=True, timeout=60)
    if p.returncode == 0 or not re.search(want, p.stdout + p.stderr):
        failures.append(f'{tool}: an argument that is unknown: {p.returncode} {p.stdout} {p.stderr}')

with tempfile.TemporaryDirectory() as folder:
    for name, text in (('a.hex', HEX), ('a.bin', 'raw image'), ('faux.cfg', FAUX)):
        with open(f'{folder}/{name}', 'w') as f:
            f.write(text)
    packages = {row[1]: row[0] for row in TOOLS if row[1]}
    with ThreadPoolExecutor(3) as pool:
        list(pool.map(lambda package: program(package, packages[package]), packages))
        list(pool.map(lambda row: check(folder, row), TOOLS))
        list(pool.map(lambda tool: check_port(folder, *tool), [('esptool.py', 'esptool==4.8.1'), ('esptool', 'esptool==5.6.0')]))
        list(pool.map(lambda tool: check_unknown(folder, *tool), sorted({row[:2] for row in TOOLS}, key=str)))
if failures:
    sys.exit('\n'.join(failures))
