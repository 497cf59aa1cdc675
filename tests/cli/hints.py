#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The library's hints name things, no options and no commands; the programs add their own words to them."""
import glob, os, re, subprocess, sys, tempfile

BUILD, SOURCE = os.environ['SIGNET_BUILD'], os.environ['SIGNET_SOURCE']

def library():
    bad = []
    for path in sorted(glob.glob(os.path.join(SOURCE, 'src/*/*.c'))):
        text = open(path, encoding='utf-8').read()
        for call in re.findall(r'error_hint\((.*?)\);', text, re.S):
            words = ''.join(re.findall(r'"((?:[^"\\]|\\.)*)"', call))
            if re.search(r'(^|[ (])--?[a-z][a-z-]*( |$|[,;:])|`?(signet|ptool) [a-z]', words):
                bad.append(f'{os.path.relpath(path, SOURCE)}: {words}')
    if bad:
        sys.exit('hints with words of a command line:\n' + '\n'.join(bad))

def says(folder, args, words):
    p = subprocess.run(args, cwd=folder, capture_output=True, text=True, timeout=60)
    if p.returncode == 0 or words not in p.stderr:
        sys.exit(f'{args}: {words!r} is missing in {p.stderr!r}')

library()
signet, ptool, configs = f'{BUILD}/signet', f'{BUILD}/ptool', f'{SOURCE}/examples/configs'
with tempfile.TemporaryDirectory() as folder:
    says(folder, [ptool, '-c', f'{configs}/endpoint_cfg_cert', '-C', f'{configs}/cert_info.json', '-e', 'x'],
         "hint: name the file of the server's certificate, or fetch it from the server (-p FILE; ")
    says(folder, [signet, 'provision', '-c', f'{configs}/endpoint_cfg', '--recipe', 'smp-file', '--port', '/dev/ttyNONE'],
         '(--packet-path PATH)')
    says(folder, [signet, 'provision', '-c', f'{configs}/endpoint_cfg', '--recipe', 'anjay-zephyr'],
         '(`signet board list`)')
print('hints: ok')
