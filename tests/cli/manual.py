#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""signet(1) has every option of every verb, under the name that --help prints, and no other; signet-order(5) every key;
SPEC.md every option of a server."""
import json, os, re, subprocess, sys, tempfile

BUILD, SOURCE = os.environ['SIGNET_BUILD'], os.environ['SIGNET_SOURCE']
COMMON = {'json', 'help', 'usage', 'version'}

def read(path):
    with open(os.path.join(SOURCE, path), encoding='utf-8') as f:
        return f.read()

def helps(*words):
    p = subprocess.run([f'{BUILD}/signet', *words, '--help'], capture_output=True, text=True, timeout=60)
    if p.returncode:
        sys.exit(f'{words} --help: {p.returncode} {p.stderr}')
    return p.stdout

bad = []
told, part = read('docs/man/signet.1').split('.Sh OPTIONS OF EACH VERB\n')
part = part.split('.Sh ')[0]
told = [re.sub(r' +', ' ', re.sub(r'\b(?:Cm|Ns|Ar|Op|Fl|Oo|Oc)\b', '', item)) for item in re.findall(r'^\.It (Cm .*)$', told, re.M)]
pages = {title: body for title, body in re.findall(r'^\.Ss (.*)\n((?:(?!\.Ss ).*\n)*)', part, re.M)}
verbs = re.findall(r'^  (\S+(?: \S+)?) {2,}\S', helps(), re.M)
if len(verbs) < 25:
    sys.exit(f'only these verbs were found: {verbs}')
for verb in verbs:
    has = set(re.findall(r'^  (?:-., |    )--([\w-]+)', helps(*verb.split()), re.M)) - COMMON
    page = set(re.findall(r'^\.It .*Fl -([\w-]+)', pages.pop(verb, ''), re.M))
    bad += [f'signet {verb} --{option}: not in signet(1)' for option in sorted(has - page)]
    bad += [f'signet {verb} --{option}: in signet(1) only' for option in sorted(page - has)]
    if not any(verb in item for item in told):
        bad.append(f'signet {verb}: not in signet(1)')
bad += [f'signet(1) has a verb of its own: {verb}' for verb in pages]

source = read('src/order/order.c')
keys = set(re.findall(r'\b(?:BOARD|ORDER|ENTRY\w*)\("(\w+)"', source)) | set(re.findall(r'^    \{"(\w+)", ENTRY', source, re.M))
keys |= set(re.findall(r'\b(?:KEY|OWN|ENTRY\w*)\("(\w+)"', read('src/authority/settings.c') + read('src/authority/cert_profile.c')))
keys -= {'flasher_', 'recipe_'}  # stand for all that begin with them
keys |= {option.replace('-', '_') for option in re.findall(r'--(flasher-\w+)', helps('provision')) if option != 'flasher-timeout'}
keys |= {f'recipe_{option}' for option in re.findall(r'^    \{"(\w+)", "', read('src/board/recipe.h'), re.M)}
if not re.search(r'openocd, [\w, -]+: where a', helps('provision')):
    bad.append('signet provision: flashers with the same words are not named together')
manual = set(re.findall(r'\w+', read('docs/man/signet-order.5')))
if len(keys) < 40:
    sys.exit(f'only these keys were found: {keys}')
bad += [f'key of an order: {key}: not in signet-order(5)' for key in sorted(keys - manual)]

section = read('docs/SPEC.md').split("### The server's JSON file\n")[1].split('\n#')[0]
rows = [(re.findall(r'`(\w+)`', cells[1]), cells[2]) for cells in (l.split('|') for l in section.splitlines() if l.startswith('| `'))]
kinds = re.findall(r'^    row\((\w+)_ops\)', read('src/server/kinds.c'), re.M)
own = {'coiote': '"domain": "/a/"', 'export': '"file": "f"'}
found = 0
for kind in (k.replace('_', '-') for k in kinds):
    with tempfile.NamedTemporaryFile('w', suffix='.json') as f:
        f.write('{"kind": "%s", "url": "https://h", %s}' % (kind, own.get(kind, '"port": 1')))
        f.flush()
        p = subprocess.run([f'{BUILD}/signet', 'server', 'capabilities', '--json', f.name], capture_output=True, text=True, timeout=60)
    if p.returncode:
        sys.exit(f'server capabilities of {kind}: {p.returncode} {p.stderr}')
    shown = json.loads(p.stdout)
    if (shown['common_name'], shown['ec_keys']) != (kind != 'export', kind == 'thingsboard'):
        bad.append(f'server capabilities of {kind}: {p.stdout}')
    for option in shown['options']:
        found += 1
        if not any(option in names and kind in who for names, who in rows):
            bad.append(f'SPEC.md: the JSON file of a server has no row for {option} of {kind}')
if found < 7:
    sys.exit(f'only {found} options of servers were found')
if bad:
    sys.exit('\n'.join(bad))
