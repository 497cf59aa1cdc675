#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What signet says to a wrong command line, how its help looks on a terminal, and one device beside several in what it counts."""
import json, os, re, socket, subprocess, sys, tempfile

SIGNET = os.path.join(os.environ['SIGNET_BUILD'], 'signet')
EXAMPLE = os.path.join(os.environ['SIGNET_SOURCE'], 'examples', 'line', 'endpoint_cfg')
failures = []

def expect(name, ok, seen):
    if not ok:
        failures.append(f'{name}: {seen}')

def run(*args, code=0, stdin=''):
    p = subprocess.run([SIGNET, *args], capture_output=True, text=True, timeout=120, input=stdin)
    expect(' '.join(args)[:200], p.returncode == code, f'exit {p.returncode}: {p.stdout[-300:]}{p.stderr}')
    return p.stdout + p.stderr

# command line: what is said; each ends with exit code 2 and, but for a wrong command, with where help is
WRONG = {
    'frobnicate': "there is no command 'frobnicate'\nhint: there are init, provision, run, order, ",
    'runn': "there is no command 'runn'\nhint: did you mean 'run'?",
    'void x': "there is no command 'void'\nhint: did you mean 'ledger void'?",
    'ledger lst x': "there is no verb of 'ledger' called 'lst'\nhint: did you mean 'ledger list'?",
    'ledger list': 'error: LEDGER is missing',
    'ledger show': 'error: LEDGER is missing',
    'ledger show x': "error: 'x' is no LEDGER that is there",
    'smp upload -p x': 'error: FILE is missing',
    'smp upload -p x y': 'error: PATH is missing',
    'run': 'error: ORDER.yaml is missing',
    'ledger verify a b': "'b' is one argument too many",
    'run --wait soon x': "--wait: 'soon' is not a number",
    'run --wait 5s x': "--wait: '5s' is not a number",
    'run --wait 0 x': '--wait: 0 is not between 1 and 86400',
    'run --wait 86401 x': '--wait: 86401 is not between 1 and 86400',
    'run --wait -1 x': '--wait: -1 is not between 1 and 86400',
    'run --wait 99999999999999999999 x': "--wait: '99999999999999999999' is not a number",
    'sim flasher --as exec' + ' --board x' * 65: '--board comes too often',
    'sim flasher': '--as TOOL is missing',
    'sim board --firmware hot': "there is no firmware 'hot': blank, initial, final, smp-file, zephyr-credentials, nrf91",
    'sim board --generation 4': "there is no generation '4': 3.2, 3.3, 3.6",
    'sim rack --slots 2 -m 3=drop-tx r': "--misbehave '3=drop-tx': there are slots 1 to 2",
    'sim rack --slots 2 -m 0=drop-tx r': "--misbehave '0=drop-tx': there are slots 1 to 2",
    'sim rack -m drop-tx r': "--misbehave 'drop-tx' is not SLOT=LIST",
    'sim rack --fresh r': '--fresh is about boards that --keep keeps',
    'sim rack --control ' + 'd' * 81: "the folder's name is too long for sockets",
    'ledger list --st x': '--st could be several options',
    'ledger list --st=x': '--st could be several options',
    'ledger list --json=x y': '--json takes no value',
    'ledger list --order': '--order needs a value: --order=NAME',
    'ledger void x y': '--reason TEXT is missing',
    'ledger list --state doen x': "there is no state 'doen'; did you mean done?",
    'ledger list --state 12 x': "there is no state '12': reserved, keyed",
    'ledger list --state don x': "there is no state 'don'; did you mean done?",
    'ledger export -f xml x': "there is no format 'xml': csv, ndjson, events",
    'packet show -f xml x': "--format: 'xml' is not one of table, json, cfg, cbor-diag",
    'packet make': '--config FILE is missing',
    'packet make -c x -o - --json': '--json and the packet cannot both go to standard output',
    'smp echo': '--port PORT is missing',
    'smp download -p x --json y': 'with --json the bytes need a file of their own: -o FILE',
    'cert make': 'an endpoint name is missing: -e NAME, or -C FILE',
    'cert make -e x --issuer y': '--issuer and --issuer-key have to be given together',
    'cert make -e x --issuer-key y': '--issuer and --issuer-key have to be given together',
    'cert fetch x': "'x' is not HOST:PORT",
    'cert fetch x:': "'x:' is not HOST:PORT",
    'cert fetch :1': "':1' is not HOST:PORT",
    'cert fetch x:0': "'x:0' is not HOST:PORT",
    'cert fetch x:65536': "'x:65536' is not HOST:PORT",
    'cert fetch x:1y': "'x:1y' is not HOST:PORT",
    'cert fetch []:1': "'[]:1' is not HOST:PORT",
    'cert fetch a:b:1': "'a:b:1' is not HOST:PORT",
    'completion bash --json': 'a completion is a script: leave out --json',
    'label show x y --zpl --svg': 'one of --zpl, --html, --svg, --png and --json',
    'label show x y --png --json': 'one of --zpl, --html, --svg, --png and --json',
    'ledger witness x': '--sign FILE is missing',
    'ledger witness --sign x --vkey y': 'CHECKPOINT is missing',
    'line scan ./x ' + 600 * 'y': 'the code or the name of the slot is too long',
    'line scan x a|b c': 'the code or the name of the slot is too long',
    'open x': '--key FILE is missing',
    'order sign x': '--sign FILE is missing',
    'order verify x': '--vkey VKEY is missing',
    'prove': 'FILE is missing',
    'register -e x': 'a server is missing: -s FILE',
    'register -s x': 'an endpoint name is missing: -e NAME',
    'register -s x -e y': "the device's data is missing: -c CONFIGURATION or -P PACKET",
    'register -s x -e y -c z -P z': '-c and -P are both given: one is enough',
    'register -s x -e y -c z -t a --token-file b': '--token and --token-file: one is enough',
    'provision': 'a configuration is missing: -c FILE',
    'provision -c x -k y': '--key and --device-cert have to be given together',
    'provision -c x --device-cert y': '--key and --device-cert have to be given together',
    'provision -c x -k y --device-cert y -C y': '--cert-info makes a key and certificate, --key and --device-cert give them: choose one',
    'provision -c x -t y': 'a token is given, but no server: -s FILE',
    'provision -c x --token-file y': 'a token is given, but no server: -s FILE',
    'provision -c x -s y -t y --token-file y': '--token and --token-file are both given',
    'provision -c x -s y': 'the server needs the endpoint name: -e NAME',
    **{f'provision -c x {option}': 'options of a board are given, but no board: --recipe RECIPE'
       for option in ('--port y', '-S y', '-i y', '--final y', '-I y', '-F none')},
}

def wrong_lines(folder):
    os.chdir(folder)
    for line, words in WRONG.items():
        said = run(*line.split(), code=2)
        helps = line.split()[0] in ('frobnicate', 'runn') or 'hint: did you mean' in said or "--help' lists the options" in said or 'such as HOST:5684' in said or 'at a time' in said or 'name the kind of board' in said or '; it is: signet ' in said
        expect(f'signet {line[:100]}', words in said and helps and 'signet: error: ' in said, said)
    for seconds in ('1', '86400'):
        says('a limit is within', run('run', '--wait', seconds, 'x', code=1), "cannot open 'x'")
    for line in ('lo\x1b[31m',), ('-\x1b[31m', 'list'), ('ledger', 'x\x1b[31m'), ('ledger', '-\x1b[31m'), ('--helpp\x1b',):
        expect('an escape', '\x1b' not in run(*line, code=2), line)
    expect('nothing is made', os.listdir(folder) == [], os.listdir(folder))
    said = json.loads(run('ledger', 'show', '--json', 'x', code=2).splitlines()[0])
    expect('as JSON', (said['event'], said['code'], said['message']) == ('error', 'usage', "'x' is no LEDGER that is there"), said)

def helps():
    """Every line of every help fits a terminal of 80 columns."""
    texts = [run('--help')]
    for noun, verb in re.findall(r'^  (\w+)(?: (\w+))? {2,}', texts[0], re.M):
        texts += [run(noun, verb, '--help') if verb else run(noun, '--help'), run(noun, '--help')]
    expect('verbs', len(texts) > 60, len(texts))
    for text in texts:
        wide = [line for line in text.splitlines() if len(line) > 80]
        expect('too wide', not wide, wide)
        expect('note', 'Mandatory or optional' not in text, text[:60])

ORDER = '''name: {name}
quota: {quota}
template: {template}
ledger: {name}.db
station: st
work: work-{name}
names: {{pattern: "urn:dev:os:{name}-{{serial:03}}", first: 1}}
output: {{packets: {name}.ndjson}}
'''

def order(name, quota, more=''):
    with open(f'{name}.yaml', 'w', encoding='utf-8') as f:
        f.write(ORDER.format(name=name, quota=quota, template=EXAMPLE) + more)
    return f'{name}.yaml'

def says(what, text, *words):
    for word in words:
        expect(what, re.search(rf'(^|[^\w]){re.escape(word)}($|[^\w])', text, re.M), f'{word!r} is not in {text[:500]}')

def counts():
    for quota, noun in ((1, '1 device'), (2, '2 devices')):
        path = order(f'n{quota}', quota)
        says('plan', run('run', '--dry-run', path), f'n{quota}: {noun} from ')
        report = run('run', path)
        says('report', report, f'{quota} of {noun} done; this run: {quota} made')
        expect('nothing is left', 'still to be made' not in report, report)
    with open('one.cfg', 'w', encoding='utf-8') as f:
        f.write('{OID.Server: {1: {RID.Server.Lifetime: 60}}}')
    says('packet check', run('packet', 'check', 'one.cfg', code=1), 'refused: 1 record, 3 that a device would refuse')
    says('rack', run('sim', 'rack', '--slots', '1', '--until-eof', 'r'), '1 board in r')
    says('rack', run('sim', 'rack', '--slots', '2', '--until-eof', 'r'), '2 boards in r')
    says('server', run('sim', 'server', '--until-eof'), '0 devices, 0 requests, 0 connections, 0 logins')

def waiting():
    """A server that is away: its devices wait; one that is void is gone."""
    with socket.socket() as s:
        s.bind(('127.0.0.1', 0))
        with open('away.json', 'w', encoding='utf-8') as f:
            json.dump({'kind': 'leshan', 'url': 'http://127.0.0.1', 'port': s.getsockname()[1]}, f)
    servers = 'servers:\n  - {file: away.json, allow_http: true}\n'
    for name, quota, wait, still, register in (
            ('w1', 1, '1 device waits for its servers', '1 still waits', 'registers it'),
            ('w2', 2, '2 devices wait for their servers', '2 still wait', 'registers them')):
        path = order(name, quota, servers)
        says('report', run('run', '--sync', '1', path, code=3), f'{wait}: `signet ledger sync ORDER.yaml` {register}')
        says('sync', run('ledger', 'sync', path, code=1), '0 devices registered now, 0 refused', still)
        says('stats', run('ledger', 'stats', f'{name}.db'), wait.replace(' device ', ' ').replace(' devices ', ' '))
        for i in range(quota):
            run('ledger', 'void', '-r', 'crushed', f'{name}.db', f'urn:dev:os:{name}-00{i + 1}')
            events = run('ledger', 'verify', f'{name}.db')
            says('verify', events, 'events, unbroken')
    says('void', run('run', '--sync', '1', 'w1.yaml'), '1 device is void, and its unit of the quota is used', 'The order is finished.')
    says('void', run('run', '--sync', '1', 'w2.yaml'), '2 devices are void, and their units of the quota are used')

with tempfile.TemporaryDirectory() as folder:
    wrong_lines(folder)
    helps()
    counts()
    waiting()
if failures:
    sys.exit('\n'.join(failures))
print('messages: ok')
