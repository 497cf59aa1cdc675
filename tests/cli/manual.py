#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""signet(1) has every option of every verb, under the name that --help prints, and no other; signet-order(5) every key."""
import os, re, subprocess, sys

BUILD, SOURCE = os.environ['SIGNET_BUILD'], os.environ['SIGNET_SOURCE']
COMMON = {'json', 'help', 'usage'}

def read(path):
    with open(os.path.join(SOURCE, path), encoding='utf-8') as f:
        return f.read()

def helps(*words):
    p = subprocess.run([f'{BUILD}/signet', *words, '--help'], capture_output=True, text=True, timeout=60)
    if p.returncode:
        sys.exit(f'{words} --help: {p.returncode} {p.stderr}')
    return p.stdout

bad = []
part = read('docs/man/signet.1').split('.Sh OPTIONS OF EACH VERB\n')[1].split('.Sh ')[0]
pages = {title: body for title, body in re.findall(r'^\.Ss (.*)\n((?:(?!\.Ss ).*\n)*)', part, re.M)}
verbs = re.findall(r'^  (\S+(?: \S+)?) {2,}\S', helps(), re.M)
if len(verbs) < 25:
    sys.exit(f'only these verbs were found: {verbs}')
for verb in verbs:
    has = set(re.findall(r'^  (?:-., |    )--([\w-]+)', helps(*verb.split()), re.M)) - COMMON
    page = set(re.findall(r'^\.It .*Fl -([\w-]+)', pages.pop(verb, ''), re.M))
    bad += [f'signet {verb} --{option}: not in signet(1)' for option in sorted(has - page)]
    bad += [f'signet {verb} --{option}: in signet(1) only' for option in sorted(page - has)]
bad += [f'signet(1) has a verb of its own: {verb}' for verb in pages]

source = read('src/config/order.c')
keys = set(re.findall(r'\b(?:BOARD|ORDER)\("(\w+)"', source)) | set(re.findall(r'^    \{"(\w+)", ENTRY', source, re.M))
manual = set(re.findall(r'\w+', read('docs/man/signet-order.5')))
if len(keys) < 40:
    sys.exit(f'only these keys were found: {keys}')
bad += [f'key of an order: {key}: not in signet-order(5)' for key in sorted(keys - manual)]
if bad:
    sys.exit('\n'.join(bad))
